//! The bytes of one connection, watched.
//!
//! In: a stream. Out: the same stream. **Invariant:** a client that takes nothing of what it is sent is cut off; the head of every request is
//! seen as it was on the wire, because hyper settles a quarrel between `Content-Length` and `Transfer-Encoding` without telling.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

/// Bytes of the head of a request.
pub(super) const HEAD_MAX: usize = 32 * 1024;

/// What was read since the last answer, until its head is complete.
#[derive(Clone, Default)]
pub(super) struct Heads(Arc<Mutex<Vec<u8>>>);

impl Heads {
    fn add(&self, bytes: &[u8]) {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.len() < HEAD_MAX {
            let room = HEAD_MAX - seen.len();
            seen.extend_from_slice(&bytes[..bytes.len().min(room)]);
        }
    }

    /// Whether the request that was just read says both lengths, or cannot be seen whole (it was sent before the answer to the last one).
    /// To be asked of requests with `Transfer-Encoding` only.
    pub(super) fn are_unclear(&self, method: &str) -> bool {
        let seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(end) = seen.windows(4).position(|four| four == b"\r\n\r\n") else { return true };
        let head = &seen[..end];
        let begins = head.strip_prefix(method.as_bytes()).is_some_and(|rest| rest.first() == Some(&b' '));
        let says = |name: &[u8]| {
            head.split(|byte| *byte == b'\n')
                .filter(|line| line.len() > name.len() && line[..name.len()].eq_ignore_ascii_case(name))
                .count()
        };
        !begins || says(b"content-length") > 0 || says(b"transfer-encoding") != 1
    }

    /// The answer is ready: what comes now is the next request.
    pub(super) fn forget(&self) {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.clear();
        seen.shrink_to(4096);
    }
}

/// A stream with a limit for writes that do not get on.
pub(super) struct Wire<S> {
    inner: S,
    /// Of HTTP/1; none where frames say their length.
    heads: Option<Heads>,
    pause: Duration,
    stuck: Option<Pin<Box<Sleep>>>,
}

impl<S> Wire<S> {
    pub(super) fn new(inner: S, heads: Option<Heads>, pause: Duration) -> Wire<S> {
        Wire { inner, heads, pause, stuck: None }
    }

    fn judge<T>(&mut self, context: &mut Context<'_>, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.stuck = None;
            return written;
        }
        let pause = self.pause;
        let stuck = self.stuck.get_or_insert_with(|| Box::pin(sleep(pause)));
        match stuck.as_mut().poll(context) {
            Poll::Ready(()) => Poll::Ready(Err(io::ErrorKind::TimedOut.into())),
            Poll::Pending => Poll::Pending,
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Wire<S> {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = into.filled().len();
        let read = Pin::new(&mut self.inner).poll_read(context, into);
        if let (Some(heads), Poll::Ready(Ok(()))) = (&self.heads, &read) {
            heads.add(&into.filled()[before..]);
        }
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Wire<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.inner).poll_write(context, bytes);
        self.judge(context, written)
    }

    fn poll_write_vectored(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[io::IoSlice<'_>]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.inner).poll_write_vectored(context, bytes);
        self.judge(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.inner).poll_flush(context);
        self.judge(context, flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let down = Pin::new(&mut self.inner).poll_shutdown(context);
        self.judge(context, down)
    }
}
