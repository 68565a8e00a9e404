//! A mail server that follows a script, and keeps the truth: which mails it really took.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio_rustls::TlsAcceptor;

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Cut {
    #[default]
    Never,
    /// The connection ends when so many bytes were read (and answered).
    AfterRead(usize),
    /// The connection ends when so many bytes were written.
    AfterWritten(usize),
}

#[derive(Clone, Default)]
pub struct Script {
    pub cut: Cut,
    /// What it says instead, by the verb; `CONNECT` for the greeting, `END` for the final dot, `TEXT` for 1,000 bytes into the text. Empty: nothing.
    pub says: BTreeMap<&'static str, &'static str>,
    pub starttls: Option<TlsAcceptor>,
    pub implicit: Option<TlsAcceptor>,
}

impl Script {
    pub fn says(verb: &'static str, what: &'static str) -> Script {
        Script { says: [(verb, what)].into(), ..Script::default() }
    }
}

#[derive(Debug, Default)]
pub struct Seen {
    /// Sender, recipient and text of what it took, dots unstuffed.
    pub taken: Vec<(String, String, Vec<u8>)>,
    /// Lines outside texts; `*` before those that came encrypted.
    pub commands: Vec<String>,
    pub connections: usize,
    pub at_once: usize,
    /// Over the last connection.
    pub read: usize,
    pub written: usize,
    /// Bytes read when the text began, and written up to there; whether its dot came.
    pub text_from: Option<(usize, usize)>,
}

pub struct Server {
    pub port: u16,
    pub seen: Arc<Mutex<Seen>>,
    script: Arc<Mutex<Script>>,
}

impl Server {
    /// Within a runtime.
    pub async fn start(script: Script) -> Server {
        Server::start_on(TcpListener::bind("127.0.0.1:0").await.unwrap(), script)
    }

    /// With little room for what it has not read yet.
    pub async fn start_narrow(script: Script) -> Server {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(4_096).unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        Server::start_on(socket.listen(16).unwrap(), script)
    }

    fn start_on(listener: TcpListener, script: Script) -> Server {
        let port = listener.local_addr().unwrap().port();
        let seen = Arc::new(Mutex::new(Seen::default()));
        let script = Arc::new(Mutex::new(script));
        let (see, follow) = (seen.clone(), script.clone());
        let open = Arc::new(AtomicUsize::new(0));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (see, script, open) = (see.clone(), follow.lock().unwrap().clone(), open.clone());
                let now = open.fetch_add(1, Ordering::SeqCst) + 1;
                {
                    let mut see = see.lock().unwrap();
                    see.connections += 1;
                    see.at_once = see.at_once.max(now);
                    (see.read, see.written, see.text_from) = (0, 0, None);
                }
                tokio::spawn(async move {
                    serve(stream, script, see).await;
                    open.fetch_sub(1, Ordering::SeqCst);
                });
            }
        });
        Server { port, seen, script }
    }

    /// For the connections to come.
    pub fn follow(&self, script: Script) {
        *self.script.lock().unwrap() = script;
    }

    pub fn taken(&self) -> usize {
        self.seen.lock().unwrap().taken.len()
    }

    pub fn commands(&self) -> Vec<String> {
        self.seen.lock().unwrap().commands.clone()
    }
}

trait Both: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Both for T {}

/// The connection is over, for whatever reason.
struct Over;

struct Talk {
    stream: Box<dyn Both>,
    script: Script,
    seen: Arc<Mutex<Seen>>,
    read: usize,
    written: usize,
    encrypted: bool,
}

async fn serve(stream: TcpStream, mut script: Script, seen: Arc<Mutex<Seen>>) {
    stream.set_nodelay(true).unwrap();
    let encrypted = script.implicit.is_some();
    let stream: Box<dyn Both> = match script.implicit.take() {
        Some(acceptor) => match acceptor.accept(stream).await {
            Ok(stream) => Box::new(stream),
            Err(_) => return,
        },
        None => Box::new(stream),
    };
    let _ = Talk { stream, script, seen, read: 0, written: 0, encrypted }.run().await;
}

impl Talk {
    async fn byte(&mut self) -> Result<u8, Over> {
        if self.script.cut == Cut::AfterRead(self.read) {
            return Err(Over);
        }
        let mut one = [0];
        match self.stream.read(&mut one).await {
            Ok(1) => {
                self.read += 1;
                self.seen.lock().unwrap().read = self.read;
                Ok(one[0])
            }
            _ => Err(Over),
        }
    }

    async fn say(&mut self, verb: &str, usual: &str) -> Result<(), Over> {
        let what = self.script.says.get(verb).copied().unwrap_or(usual).to_owned();
        let mut bytes = what.as_bytes();
        if let Cut::AfterWritten(most) = self.script.cut {
            bytes = &bytes[..bytes.len().min(most.saturating_sub(self.written))];
        }
        // Known before the other side can know it.
        self.written += bytes.len();
        self.seen.lock().unwrap().written = self.written;
        self.stream.write_all(bytes).await.map_err(|_| Over)?;
        self.stream.flush().await.map_err(|_| Over)?;
        if self.script.cut == Cut::AfterWritten(self.written) { Err(Over) } else { Ok(()) }
    }

    async fn line(&mut self) -> Result<Vec<u8>, Over> {
        let mut line = Vec::new();
        while !line.ends_with(b"\r\n") {
            line.push(self.byte().await?);
        }
        line.truncate(line.len() - 2);
        Ok(line)
    }

    async fn run(mut self) -> Result<(), Over> {
        self.say("CONNECT", "220 mail.test ESMTP\r\n").await?;
        let (mut sender, mut recipient) = (String::new(), String::new());
        loop {
            let line = String::from_utf8_lossy(&self.line().await?).into_owned();
            let mark = if self.encrypted { "*" } else { "" };
            self.seen.lock().unwrap().commands.push(format!("{mark}{line}"));
            let verb = line.split(' ').next().unwrap_or_default().to_ascii_uppercase();
            let inside = |text: &str| text.split(['<', '>']).nth(1).unwrap_or_default().to_owned();
            match verb.as_str() {
                "EHLO" => {
                    let tls = if self.script.starttls.is_some() && !self.encrypted { "250-STARTTLS\r\n" } else { "" };
                    self.say("EHLO", &format!("250-mail.test\r\n{tls}250-AUTH PLAIN LOGIN\r\n250 SIZE 20000000\r\n")).await?;
                }
                "STARTTLS" => {
                    self.say("STARTTLS", "220 go\r\n").await?;
                    let Some(acceptor) = self.script.starttls.clone() else { continue };
                    let plain = std::mem::replace(&mut self.stream, Box::new(tokio::io::empty()));
                    self.stream = Box::new(acceptor.accept(plain).await.map_err(|_| Over)?);
                    self.encrypted = true;
                }
                "AUTH" => self.say("AUTH", "235 2.7.0 ok\r\n").await?,
                "MAIL" => {
                    sender = inside(&line);
                    self.say("MAIL", "250 2.1.0 ok\r\n").await?;
                }
                "RCPT" => {
                    recipient = inside(&line);
                    self.say("RCPT", "250 2.1.5 ok\r\n").await?;
                }
                "DATA" => {
                    self.seen.lock().unwrap().text_from = Some((self.read, self.written + "354 go\r\n".len()));
                    let takes = self.script.says.get("DATA").is_none_or(|says| says.starts_with("354"));
                    self.say("DATA", "354 go\r\n").await?;
                    if takes {
                        self.text(&sender, &recipient).await?;
                    }
                }
                "QUIT" => {
                    self.say("QUIT", "221 bye\r\n").await?;
                    return Ok(());
                }
                "RSET" => self.say("RSET", "250 ok\r\n").await?,
                _ => self.say("?", "500 what\r\n").await?,
            }
        }
    }

    async fn text(&mut self, sender: &str, recipient: &str) -> Result<(), Over> {
        let mut text = Vec::new();
        loop {
            text.push(self.byte().await?);
            if text.len() == 1_000 && self.script.says.contains_key("TEXT") {
                self.say("TEXT", "").await?;
            }
            if text == b".\r\n" || text.ends_with(b"\r\n.\r\n") {
                break;
            }
        }
        text.truncate(text.len() - 3);
        let good = self.script.says.get("END").is_none_or(|says| says.is_empty() || says.starts_with('2'));
        if good {
            let text = String::from_utf8(text).unwrap().replace("\r\n.", "\r\n").into_bytes();
            self.seen.lock().unwrap().taken.push((sender.to_owned(), recipient.to_owned(), text));
        }
        self.say("END", "250 2.0.0 Ok: queued as 4F2A1\r\n").await
    }
}

/// Long enough that a loaded machine does not reach it, and far below what a test may take.
pub const LONG: Duration = Duration::from_secs(20);
