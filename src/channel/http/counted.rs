//! A connection that remembers whether anything was written to it.
//!
//! In: bytes. Out: the same, and a flag. **Invariant:** the flag is up before the first byte is handed on, so "nothing left" is never said
//! wrongly. On an encrypted connection it counts what is written into the encryption, so the handshake does not raise it.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

#[derive(Debug, Clone, Default)]
pub(super) struct Wrote(Arc<AtomicBool>);

impl Wrote {
    /// Before a new request.
    pub(super) fn forget(&self) {
        self.0.store(false, Ordering::SeqCst);
    }

    pub(super) fn anything(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}

pub(super) struct Counted<T> {
    inner: T,
    wrote: Wrote,
}

impl<T> Counted<T> {
    pub(super) fn new(inner: T, wrote: Wrote) -> Counted<T> {
        Counted { inner, wrote }
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Counted<T> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_read(cx, buf)
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Counted<T> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        if !buf.is_empty() {
            self.wrote.0.store(true, Ordering::SeqCst);
        }
        Pin::new(&mut self.inner).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}
