//! Sockets: accepting, limits, TLS, the end.
//!
//! In: an address, a router, a sign to stop. Out: connections served. **Invariant:** nobody can hold more than a fixed number of connections,
//! and none for longer than its limits without saying something; without TLS and keys only this machine itself is heard.

use super::body::{Timed, after};
use super::wire::{HEAD_MAX, Heads, Wire};
use super::{Limits, RequestId, harden, nothing_here, tls};
use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use ring::rand::{SecureRandom, SystemRandom};
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::future::Future;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;

/// Bytes that are read ahead on an HTTP/1 connection.
const BUFFER_MAX: usize = 64 * 1024;
/// Bytes of all headers of an h2 request.
const H2_HEADERS_MAX: u32 = 16 * 1024;
/// Requests at one time on one h2 connection.
const H2_STREAMS_MAX: u32 = 100;
/// Streams that a client opened and took back before they were looked at; beyond it the connection ends.
const H2_RESETS_MAX: usize = 20;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// PEM: the certificate and those that lead to its root.
    pub certificate: PathBuf,
    /// PEM
    pub key: PathBuf,
}

/// Where to listen.
#[derive(Debug, Clone)]
pub struct Listener {
    pub address: SocketAddr,
    pub tls: Option<TlsFiles>,
    /// The operator says that TLS ends before us, in a proxy: plain HTTP is then heard from other machines too.
    pub behind_proxy: bool,
    pub limits: Limits,
}

impl Default for Listener {
    fn default() -> Listener {
        Listener { address: SocketAddr::from(([127, 0, 0, 1], 8_085)), tls: None, behind_proxy: false, limits: Limits::default() }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    #[error(
        "{0} is heard by other machines, and without TLS everybody on the way reads along; name a certificate and its key, say that a proxy ends TLS, or listen on 127.0.0.1"
    )]
    NeedsTls(SocketAddr),
    #[error("{0} is heard by other machines, and no key was made yet; make one first, or listen on 127.0.0.1")]
    NeedsKeys(SocketAddr),
    #[error("cannot listen on {0}: {1}")]
    Io(SocketAddr, std::io::Error),
    #[error("{0}: {1}")]
    Tls(PathBuf, String),
    #[error("this machine gives no random bytes")]
    NoRandomness,
}

/// A socket that listens.
pub struct Bound {
    socket: TcpListener,
    address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    limits: Limits,
    tls: Option<TlsAcceptor>,
    open: Mutex<Open>,
    /// Of this start, so that ids of requests are unique over restarts.
    boot: u64,
    requests: AtomicU64,
}

#[derive(Default)]
struct Open {
    all: usize,
    by_address: BTreeMap<IpAddr, usize>,
}

impl Listener {
    /// Opens the socket. `has_keys`: whether a key was ever made.
    pub async fn bind(self, has_keys: bool) -> Result<Bound, ListenError> {
        if !self.address.ip().is_loopback() {
            if self.tls.is_none() && !self.behind_proxy {
                return Err(ListenError::NeedsTls(self.address));
            }
            if !has_keys {
                return Err(ListenError::NeedsKeys(self.address));
            }
        }
        let tls = self.tls.as_ref().map(tls::acceptor).transpose()?;
        let mut boot = [0; 8];
        SystemRandom::new().fill(&mut boot).map_err(|_| ListenError::NoRandomness)?;
        let io = |error| ListenError::Io(self.address, error);
        let socket = TcpListener::bind(self.address).await.map_err(io)?;
        let address = socket.local_addr().map_err(io)?;
        let (boot, requests) = (u64::from_le_bytes(boot), AtomicU64::new(0));
        Ok(Bound { socket, address, shared: Arc::new(Shared { limits: self.limits, tls, open: Mutex::default(), boot, requests }) })
    }
}

impl Bound {
    /// Where it really listens, also if port 0 was asked for.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `stop` is ready; then what is under way may end, and new connections are refused.
    pub async fn serve(self, router: Router, stop: impl Future<Output = ()>) {
        let router = router.fallback(nothing_here);
        let (tell, told) = watch::channel(false);
        let mut stop = pin!(stop);
        loop {
            let accepted = tokio::select! {
                accepted = self.socket.accept() => accepted,
                () = &mut stop => break,
            };
            match accepted {
                Ok((stream, peer)) => {
                    if let Some(place) = Place::take(&self.shared, peer.ip()) {
                        let _ = stream.set_nodelay(true);
                        tokio::spawn(connection(self.shared.clone(), router.clone(), stream, peer, told.clone(), place));
                    }
                }
                // No more file handles: waiting is all that helps. Others are of the one connection.
                Err(error) if error.raw_os_error().is_some_and(|code| code == 23 || code == 24) => {
                    after(std::time::Duration::from_millis(50)).await
                }
                Err(_) => {}
            }
        }
        drop(self.socket);
        let _ = tell.send(true);
        drop(told);
        // Every connection holds a receiver.
        let _ = tokio::time::timeout(self.shared.limits.drain, tell.closed()).await;
    }
}

/// A connection's share of the limits, given back when it ends.
struct Place {
    shared: Arc<Shared>,
    address: IpAddr,
}

impl Place {
    fn take(shared: &Arc<Shared>, address: IpAddr) -> Option<Place> {
        let address = match address {
            // Who has one IPv6 address has 2^64 of them.
            IpAddr::V6(v6) => v6.to_ipv4_mapped().map_or_else(
                || {
                    let [a, b, c, d, ..] = v6.segments();
                    IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
                },
                IpAddr::V4,
            ),
            v4 => v4,
        };
        let mut open = shared.open.lock().unwrap_or_else(PoisonError::into_inner);
        let of_address = open.by_address.get(&address).copied().unwrap_or(0);
        if open.all >= shared.limits.connections || of_address >= shared.limits.connections_per_address {
            return None;
        }
        open.all += 1;
        open.by_address.insert(address, of_address + 1);
        drop(open);
        Some(Place { shared: shared.clone(), address })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.shared.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.all -= 1;
        if let Some(count) = open.by_address.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                open.by_address.remove(&self.address);
            }
        }
    }
}

async fn connection(shared: Arc<Shared>, router: Router, stream: TcpStream, peer: SocketAddr, stop: watch::Receiver<bool>, place: Place) {
    let _place = place;
    let Some(acceptor) = shared.tls.clone() else {
        return http1(shared, router, stream, peer, stop).await;
    };
    let Ok(Ok(stream)) = tokio::time::timeout(shared.limits.head, acceptor.accept(stream)).await else { return };
    if stream.get_ref().1.alpn_protocol() == Some(b"h2") {
        http2(shared, router, stream, peer, stop).await;
    } else {
        http1(shared, router, stream, peer, stop).await;
    }
}

async fn http1<S>(shared: Arc<Shared>, router: Router, stream: S, peer: SocketAddr, mut stop: watch::Receiver<bool>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let heads = Heads::default();
    let wire = Wire::new(stream, Some(heads.clone()), shared.limits.write_pause);
    let of_request = shared.clone();
    let service = service_fn(move |request| {
        let (shared, router, heads) = (of_request.clone(), router.clone(), heads.clone());
        async move {
            let unclear = request.headers().contains_key(header::TRANSFER_ENCODING) && heads.are_unclear(request.method().as_str());
            let response = if unclear { shared.unclear() } else { shared.respond(router, request, peer).await };
            heads.forget();
            Ok::<_, Infallible>(response)
        }
    });
    let mut builder = hyper::server::conn::http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(shared.limits.head).max_buf_size(BUFFER_MAX).max_header_size(HEAD_MAX);
    // At most 100 headers: hyper's own limit.
    let mut serving = pin!(builder.serve_connection(TokioIo::new(wire), service));
    tokio::select! {
        _ = serving.as_mut() => return,
        _ = stop.wait_for(|stop| *stop) => serving.as_mut().graceful_shutdown(),
    }
    let _ = serving.await;
}

async fn http2<S>(shared: Arc<Shared>, router: Router, stream: S, peer: SocketAddr, mut stop: watch::Receiver<bool>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let wire = Wire::new(stream, None, shared.limits.write_pause);
    let of_request = shared.clone();
    let service = service_fn(move |request| {
        let (shared, router) = (of_request.clone(), router.clone());
        async move { Ok::<_, Infallible>(shared.respond(router, request, peer).await) }
    });
    let mut builder = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
    builder
        .timer(TokioTimer::new())
        .max_concurrent_streams(H2_STREAMS_MAX)
        .max_header_list_size(H2_HEADERS_MAX)
        .max_pending_accept_reset_streams(H2_RESETS_MAX)
        .keep_alive_interval(shared.limits.head)
        .keep_alive_timeout(shared.limits.head);
    let mut serving: Pin<&mut _> = pin!(builder.serve_connection(TokioIo::new(wire), service));
    tokio::select! {
        _ = serving.as_mut() => return,
        _ = stop.wait_for(|stop| *stop) => serving.as_mut().graceful_shutdown(),
    }
    let _ = serving.await;
}

impl Shared {
    fn next_id(&self) -> RequestId {
        RequestId(format!("{:016x}{:08x}", self.boot, self.requests.fetch_add(1, Ordering::Relaxed)))
    }

    async fn respond(&self, router: Router, request: hyper::Request<Incoming>, peer: SocketAddr) -> Response {
        let id = self.next_id();
        let mut request = request.map(|body| Body::new(Timed::new(body, &self.limits)));
        request.extensions_mut().insert(ConnectInfo(peer));
        request.extensions_mut().insert(id.clone());
        let served = hyper::service::Service::call(&TowerToHyperService::new(router), request).await;
        let mut response = match served {
            Ok(response) => response,
            Err(never) => match never {},
        };
        harden(&mut response, &id, self.tls.is_some());
        response
    }

    /// Two lengths: a proxy before us may have seen another request than we.
    fn unclear(&self) -> Response {
        let mut response = StatusCode::BAD_REQUEST.into_response();
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        harden(&mut response, &self.next_id(), self.tls.is_some());
        response
    }
}
