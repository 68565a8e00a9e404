//! Lines out, replies in, over a plain or an encrypted connection.
//!
//! In: bytes. Out: [`Reply`]s. **Invariant:** every wait has a limit; what a server says unasked is noticed and never taken for an answer to
//! what is said next.

use super::reply::{self, Reply};
use rustls::pki_types::ServerName;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// Why nothing can be said any more on a connection.
#[derive(Debug)]
pub enum Broken {
    /// Closed, reset, TLS failed.
    Lost(io::Error),
    TookTooLong,
    /// The server does not speak SMTP, or speaks out of turn.
    Nonsense(&'static str),
}

impl std::fmt::Display for Broken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Broken::Lost(error) => write!(f, "the connection was lost ({})", error.kind()),
            Broken::TookTooLong => f.write_str("the server did not answer in time"),
            Broken::Nonsense(what) => f.write_str(what),
        }
    }
}

enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
    /// While it changes from plain to encrypted; stays so where that fails.
    Gone,
}

pub struct Wire {
    stream: Stream,
    buffer: Vec<u8>,
    /// Longest wait for one reply, or for one piece to be written.
    patience: Duration,
}

const UNASKED: Broken = Broken::Nonsense("the server spoke out of turn");

impl Wire {
    pub fn new(stream: TcpStream, patience: Duration) -> Wire {
        Wire { stream: Stream::Plain(stream), buffer: Vec::new(), patience }
    }

    /// From here on encrypted. What the server said before counts for nothing: had somebody slipped it in, it would look like its word.
    pub async fn encrypt(&mut self, connector: &TlsConnector, name: ServerName<'static>) -> Result<(), Broken> {
        self.expect_silence()?;
        let Stream::Plain(plain) = std::mem::replace(&mut self.stream, Stream::Gone) else {
            return Err(Broken::Nonsense("the connection is already encrypted"));
        };
        let encrypted = limited(self.patience, connector.connect(name, plain)).await?;
        self.stream = Stream::Tls(Box::new(encrypted));
        Ok(())
    }

    /// One command and its reply.
    pub async fn ask(&mut self, line: &str) -> Result<Reply, Broken> {
        self.expect_silence()?;
        if line.bytes().any(|byte| matches!(byte, b'\r' | b'\n' | 0)) {
            return Err(Broken::Nonsense("a command of several lines was not sent"));
        }
        self.write(format!("{line}\r\n").as_bytes()).await?;
        self.reply().await
    }

    pub async fn write(&mut self, bytes: &[u8]) -> Result<(), Broken> {
        let patience = self.patience;
        let stream = &mut self.stream;
        limited(patience, async {
            stream.write_all(bytes).await?;
            stream.flush().await
        })
        .await
    }

    /// The next reply, whole.
    pub async fn reply(&mut self) -> Result<Reply, Broken> {
        timeout(self.patience, self.read_reply()).await.map_err(|_| Broken::TookTooLong)?
    }

    async fn read_reply(&mut self) -> Result<Reply, Broken> {
        let mut lines = Vec::new();
        loop {
            let line = self.line().await?;
            let last = reply::is_last(&line).ok_or(Broken::Nonsense("the server does not speak SMTP"))?;
            lines.push(line);
            if last {
                return Reply::read(&lines).map_err(|_| Broken::Nonsense("the server does not speak SMTP"));
            }
            if lines.len() >= reply::LINES_MAX {
                return Err(Broken::Nonsense("the server's reply does not end"));
            }
        }
    }

    async fn line(&mut self) -> Result<Vec<u8>, Broken> {
        loop {
            if let Some(end) = self.buffer.iter().position(|byte| *byte == b'\n') {
                let mut line: Vec<u8> = self.buffer.drain(..=end).collect();
                line.pop();
                if line.last() == Some(&b'\r') {
                    line.pop();
                }
                return Ok(line);
            }
            if self.buffer.len() > reply::LINE_BYTES_MAX {
                return Err(Broken::Nonsense("the server's line does not end"));
            }
            let mut piece = [0; 1024];
            let read = self.stream.read(&mut piece).await.map_err(Broken::Lost)?;
            if read == 0 {
                return Err(Broken::Lost(io::ErrorKind::UnexpectedEof.into()));
            }
            self.buffer.extend_from_slice(&piece[..read]);
        }
    }

    /// Nothing has been said since the last reply, and the connection stands, as far as that is known here.
    pub fn expect_silence(&mut self) -> Result<(), Broken> {
        if self.listen()? { Err(UNASKED) } else { Ok(()) }
    }

    /// Takes in what has come, without waiting; whether there is anything.
    pub fn listen(&mut self) -> Result<bool, Broken> {
        let mut piece = [0; 1024];
        let mut read = ReadBuf::new(&mut piece);
        let mut context = Context::from_waker(std::task::Waker::noop());
        match Pin::new(&mut self.stream).poll_read(&mut context, &mut read) {
            Poll::Ready(Ok(())) if read.filled().is_empty() => Err(Broken::Lost(io::ErrorKind::UnexpectedEof.into())),
            Poll::Ready(Ok(())) => {
                self.buffer.extend_from_slice(read.filled());
                Ok(true)
            }
            Poll::Ready(Err(error)) => Err(Broken::Lost(error)),
            Poll::Pending => Ok(!self.buffer.is_empty()),
        }
    }
}

async fn limited<T>(patience: Duration, task: impl Future<Output = io::Result<T>>) -> Result<T, Broken> {
    timeout(patience, task).await.map_err(|_| Broken::TookTooLong)?.map_err(Broken::Lost)
}

fn gone() -> io::Error {
    io::ErrorKind::NotConnected.into()
}

impl AsyncRead for Stream {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match &mut *self {
            Stream::Plain(stream) => Pin::new(stream).poll_read(context, into),
            Stream::Tls(stream) => Pin::new(stream).poll_read(context, into),
            Stream::Gone => Poll::Ready(Err(gone())),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match &mut *self {
            Stream::Plain(stream) => Pin::new(stream).poll_write(context, bytes),
            Stream::Tls(stream) => Pin::new(stream).poll_write(context, bytes),
            Stream::Gone => Poll::Ready(Err(gone())),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut *self {
            Stream::Plain(stream) => Pin::new(stream).poll_flush(context),
            Stream::Tls(stream) => Pin::new(stream).poll_flush(context),
            Stream::Gone => Poll::Ready(Err(gone())),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut *self {
            Stream::Plain(stream) => Pin::new(stream).poll_shutdown(context),
            Stream::Tls(stream) => Pin::new(stream).poll_shutdown(context),
            Stream::Gone => Poll::Ready(Err(gone())),
        }
    }
}
