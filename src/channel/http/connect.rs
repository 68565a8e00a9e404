//! From a target to an open connection: resolve, check, connect, encrypt.
//!
//! In: a [`Target`]. Out: a [`Line`]. **Invariant:** what is connected to is exactly an address that was checked; between check and
//! connection no name is resolved again. No request byte is written here.

use super::Guard;
use super::address::not_public;
use super::counted::{Counted, Wrote};
use super::target::{Host, Target};
use crate::channel::Task;
use bytes::Bytes;
use http_body_util::Full;
use hyper::client::conn::http1::{Builder, SendRequest};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use std::fmt::Debug;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};

/// Of the addresses of a name, so many are tried.
pub const ADDRESSES_MAX: usize = 4;
/// One of several addresses has so long to take the connection.
const ONE_ADDRESS: Duration = Duration::from_secs(4);
/// The longest header of an answer, and the most headers.
const HEAD_BYTES_MAX: usize = 64 * 1024;
const HEADERS_MAX: usize = 100;

/// Who says which addresses a name has.
pub trait Resolve: Send + Sync + Debug {
    fn resolve<'a>(&'a self, name: &'a str) -> Task<'a, io::Result<Vec<IpAddr>>>;
}

/// The operating system's.
#[derive(Debug, Clone, Copy)]
pub struct SystemResolver;

impl Resolve for SystemResolver {
    fn resolve<'a>(&'a self, name: &'a str) -> Task<'a, io::Result<Vec<IpAddr>>> {
        Box::pin(async move { Ok(tokio::net::lookup_host((name, 0)).await?.map(|found| found.ip()).collect()) })
    }
}

/// An open connection, with nothing under way.
pub(super) struct Line {
    pub(super) sender: SendRequest<Full<Bytes>>,
    pub(super) wrote: Wrote,
    pub(super) idle_since: Instant,
    /// It has carried a request before.
    pub(super) used: bool,
    task: JoinHandle<()>,
}

impl Drop for Line {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Why there is no connection. Nothing left.
pub(super) type NoLine = String;

pub(super) async fn open(guard: &Guard, target: &Target) -> Result<Line, NoLine> {
    let addresses = addresses(guard, target).await?;
    let stream = connect(&addresses).await?;
    if target.https {
        let name = match &target.host {
            Host::Name(name) => ServerName::try_from(name.clone()).map_err(|_| "the host is no name for a certificate".to_owned())?,
            Host::Ip(address) => ServerName::IpAddress((*address).into()),
        };
        let connector = tokio_rustls::TlsConnector::from(Arc::clone(&guard.tls));
        let encrypted = connector.connect(name, stream).await.map_err(|error| format!("no encrypted connection: {error}"))?;
        shake_hands(encrypted).await
    } else {
        shake_hands(stream).await
    }
}

/// The addresses of the target; all of them were checked.
async fn addresses(guard: &Guard, target: &Target) -> Result<Vec<SocketAddr>, NoLine> {
    guard.check(target)?;
    let found = match &target.host {
        Host::Ip(address) => vec![*address],
        Host::Name(name) => guard.resolver.resolve(name).await.map_err(|error| format!("the name `{name}` was not resolved: {error}"))?,
    };
    if found.is_empty() {
        return Err(format!("the name `{}` has no address", target.host));
    }
    if !guard.allowed(target) {
        for address in &found {
            if let Some(why) = not_public(*address) {
                return Err(format!("`{}` leads to {address}, which is not public: {why}", target.host));
            }
        }
    }
    Ok(found.into_iter().take(ADDRESSES_MAX).map(|address| SocketAddr::new(address, target.port)).collect())
}

async fn connect(addresses: &[SocketAddr]) -> Result<TcpStream, NoLine> {
    let mut last = String::new();
    for address in addresses {
        match timeout(ONE_ADDRESS, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => {
                // Small requests are not to wait for more.
                let _ = stream.set_nodelay(true);
                return Ok(stream);
            }
            Ok(Err(error)) => last = format!("no connection: {error}"),
            Err(_) => last = "no connection in 4 seconds".to_owned(),
        }
    }
    Err(last)
}

async fn shake_hands<T: AsyncRead + AsyncWrite + Unpin + Send + 'static>(stream: T) -> Result<Line, NoLine> {
    let wrote = Wrote::default();
    let counted = TokioIo::new(Counted::new(stream, wrote.clone()));
    let mut builder = Builder::new();
    builder.max_buf_size(HEAD_BYTES_MAX).max_headers(HEADERS_MAX);
    let (sender, connection) = builder.handshake(counted).await.map_err(|error| format!("no connection: {error}"))?;
    // Ends with the line; its error is told to the request that was under way.
    let task = tokio::spawn(async move {
        let _ = connection.await;
    });
    Ok(Line { sender, wrote, idle_since: Instant::now(), used: false, task })
}
