//! The guarded client: the only way in which an adapter speaks HTTP.
//!
//! In: a [`Question`]. Out: an [`Answer`], or a [`Failure`] that says whether anything may have left. **Invariants:** only `https`, and only
//! to public addresses, checked where the connection is made, except for hosts that the settings allow by name; no proxy, no redirects,
//! every wait and every size is bounded; the gate is opened on an open connection, right before the first byte of the request.
//! Knows no provider.
//!
//! Why not a client library: none separates "connected" from "being written", and the gate belongs between the two.

pub mod address;
pub mod answer;
mod connect;
mod counted;
mod pool;
pub mod target;

pub use answer::Answer;
pub use connect::{ADDRESSES_MAX, Resolve, SystemResolver};
pub use pool::{ALL_IDLE_LINES_MAX, IDLE_LINES_MAX, IDLE_MAX};
pub use target::{Host, Target};

use super::clock::Clock;
use super::{Gate, Verdict};
use answer::BODY_BYTES_MAX;
use bytes::Bytes;
use connect::Line;
use http_body_util::{BodyExt, Full};
use hyper::header::{HeaderName, HeaderValue};
use hyper::{Method, Request, Response};
use rustls::{ClientConfig, RootCertStore};
use serde::Deserialize;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::timeout;

/// Names, connection and encryption together.
pub const CONNECT_MAX: Duration = Duration::from_secs(10);
/// From the first byte of the request to the last of the answer's head.
pub const HEAD_MAX: Duration = Duration::from_secs(12);
/// For the answer's body.
pub const BODY_MAX: Duration = Duration::from_secs(5);
/// Requests under way at the same time, to all destinations.
pub const UNDER_WAY_MAX: usize = 256;
/// The longest request.
pub const REQUEST_BYTES_MAX: usize = 4 * 1024 * 1024;

/// How long the steps of a request may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    pub connect: Duration,
    pub head: Duration,
    pub body: Duration,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { connect: CONNECT_MAX, head: HEAD_MAX, body: BODY_MAX }
    }
}

/// The part `[egress]` of the settings: where requests may go.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Egress {
    /// Hosts (`crm.local`, `10.0.0.7:8080`) that are reached although they are not public, also without encryption.
    pub allow: Vec<String>,
    /// Ports beside 443.
    pub ports: Vec<u16>,
}

pub(crate) struct Guard {
    allow: Vec<(Host, Option<u16>)>,
    ports: Vec<u16>,
    resolver: Arc<dyn Resolve>,
    tls: Arc<ClientConfig>,
}

impl Guard {
    fn allowed(&self, target: &Target) -> bool {
        self.allow.iter().any(|(host, port)| *host == target.host && port.is_none_or(|port| port == target.port))
    }

    /// What can be said before a name is resolved.
    fn check(&self, target: &Target) -> Result<(), String> {
        if self.allowed(target) {
            return Ok(());
        }
        if !target.https {
            return Err(format!("`{}` is not reached by `https`", target.host));
        }
        if target.port != 443 && !self.ports.contains(&target.port) {
            return Err(format!("port {} is not one of `ports` under `[egress]`", target.port));
        }
        match &target.host {
            Host::Ip(ip) => address::not_public(*ip).map_or(Ok(()), |why| Err(format!("{ip} is not public: {why}"))),
            Host::Name(_) => Ok(()),
        }
    }
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// Not one byte of the request left.
    NotSent(String),
    Unknown(String),
    /// The gate was closed.
    Withdrawn,
}

impl From<Failure> for Verdict {
    fn from(failure: Failure) -> Verdict {
        match failure {
            Failure::NotSent(reason) => Verdict::NotSent { reason, retry_after: None },
            Failure::Unknown(reason) => Verdict::Unknown { reason },
            Failure::Withdrawn => Verdict::Withdrawn,
        }
    }
}

/// One request.
#[derive(Debug, Clone)]
pub struct Question {
    pub target: Target,
    pub method: Method,
    /// Beside `host` and `content-length`.
    pub headers: Vec<(&'static str, String)>,
    pub body: Bytes,
}

impl Question {
    pub fn post(target: Target, content_type: &str, body: impl Into<Bytes>) -> Question {
        Question { target, method: Method::POST, headers: vec![("content-type", content_type.to_owned())], body: body.into() }
    }

    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Question {
        self.headers.push((name, value.into()));
        self
    }

    fn request(&self) -> Result<Request<Full<Bytes>>, Failure> {
        if self.body.len() > REQUEST_BYTES_MAX {
            return Err(Failure::NotSent("the request is longer than 4 MiB".to_owned()));
        }
        let unfit = |_| Failure::NotSent("a header of the request holds what no header may hold".to_owned());
        let mut request = Request::new(Full::new(self.body.clone()));
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = self.target.path.parse().map_err(|_| Failure::NotSent("the path is no path".to_owned()))?;
        let headers = request.headers_mut();
        headers.insert("host", HeaderValue::from_str(&self.target.authority()).map_err(unfit)?);
        headers.insert("user-agent", HeaderValue::from_static(concat!("onward/", env!("CARGO_PKG_VERSION"))));
        for (name, value) in &self.headers {
            headers.insert(HeaderName::from_static(name), HeaderValue::from_str(value).map_err(unfit)?);
        }
        Ok(request)
    }
}

/// Cheap to clone: all clones share connections and limits.
#[derive(Clone)]
pub struct Client {
    guard: Arc<Guard>,
    pool: Arc<pool::Pool>,
    under_way: Arc<Semaphore>,
    clock: Clock,
    limits: Limits,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Client")
    }
}

/// The certificate authorities of this machine; empty where it has none (then nothing encrypted can be reached).
pub fn system_roots() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    roots
}

impl Client {
    /// With this machine's certificate authorities and resolver.
    pub fn new(egress: &Egress, clock: Clock) -> Result<Client, String> {
        Client::with(egress, clock, Arc::new(SystemResolver), system_roots())
    }

    pub fn with(egress: &Egress, clock: Clock, resolver: Arc<dyn Resolve>, roots: RootCertStore) -> Result<Client, String> {
        let allow = egress.allow.iter().map(|entry| read_allowed(entry)).collect::<Result<_, _>>()?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut tls = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| error.to_string())?
            .with_root_certificates(roots)
            .with_no_client_auth();
        tls.alpn_protocols = vec![b"http/1.1".to_vec()];
        let guard = Guard { allow, ports: egress.ports.clone(), resolver, tls: Arc::new(tls) };
        let under_way = Arc::new(Semaphore::new(UNDER_WAY_MAX));
        Ok(Client { guard: Arc::new(guard), pool: Arc::default(), under_way, clock, limits: Limits::default() })
    }

    #[must_use]
    pub fn limited(self, limits: Limits) -> Client {
        Client { limits, ..self }
    }

    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Whether an address in the settings could ever be reached; its name is not resolved.
    pub fn check(&self, target: &Target) -> Result<(), String> {
        self.guard.check(target)
    }

    /// `gate`: opened on an open connection, right before the first byte.
    pub async fn ask(&self, question: &Question, gate: Option<&dyn Gate>) -> Result<Answer, Failure> {
        let Ok(Ok(_permit)) = timeout(self.limits.connect, self.under_way.acquire()).await else {
            return Err(Failure::NotSent(format!("{UNDER_WAY_MAX} requests are under way")));
        };
        let request = question.request()?;
        let target = &question.target;
        let line = match self.pool.take(target) {
            Some(line) => line,
            None => self.connect(target).await?,
        };
        if let Some(gate) = gate
            && gate.open().await.is_err()
        {
            self.pool.give(target, line);
            return Err(Failure::Withdrawn);
        }
        let used = line.used;
        match self.exchange(target, line, request).await {
            // The other side had closed a line that waited; nothing was written, and no gate has to be passed again.
            Err(Failure::NotSent(_)) if used && gate.is_none() => {
                let line = self.connect(target).await?;
                self.exchange(target, line, question.request()?).await
            }
            result => result,
        }
    }

    async fn connect(&self, target: &Target) -> Result<Line, Failure> {
        match timeout(self.limits.connect, connect::open(&self.guard, target)).await {
            Ok(line) => line.map_err(Failure::NotSent),
            Err(_) => Err(Failure::NotSent(format!("no connection in {} seconds", self.limits.connect.as_secs()))),
        }
    }

    async fn exchange(&self, target: &Target, mut line: Line, request: Request<Full<Bytes>>) -> Result<Answer, Failure> {
        line.wrote.forget();
        let response = match timeout(self.limits.head, line.sender.send_request(request)).await {
            Ok(Ok(response)) => response,
            // The connection has ended, so nothing will be written any more.
            Ok(Err(_)) if !line.wrote.anything() => {
                return Err(Failure::NotSent("the connection was closed before the request".to_owned()));
            }
            Ok(Err(error)) => return Err(Failure::Unknown(format!("no answer: {error}"))),
            Err(_) => return Err(Failure::Unknown(format!("no answer in {} seconds", self.limits.head.as_secs()))),
        };
        let (head, body) = response.into_parts();
        let (body, whole) = read_body(Response::new(body), self.limits.body).await;
        if whole && line.sender.ready().await.is_ok() {
            self.pool.give(target, line);
        }
        Ok(Answer { status: head.status.as_u16(), headers: head.headers, body, at: self.clock.now() })
    }
}

/// As much of a body as is wanted, and whether it was all. What was answered stands in the head, so a body that breaks off is no failure.
async fn read_body(response: Response<hyper::body::Incoming>, most: Duration) -> (Vec<u8>, bool) {
    let mut body = response.into_body();
    let mut read = Vec::new();
    let reading = async {
        while let Some(frame) = body.frame().await {
            let Ok(frame) = frame else { return false };
            if let Some(data) = frame.data_ref() {
                let room = BODY_BYTES_MAX - read.len();
                read.extend_from_slice(&data[..data.len().min(room)]);
                if data.len() > room {
                    return false;
                }
            }
        }
        true
    };
    let whole = timeout(most, reading).await.unwrap_or(false);
    (read, whole)
}

fn read_allowed(entry: &str) -> Result<(Host, Option<u16>), String> {
    let wrong = |why: &str| format!("`{entry}` under `allow` of `[egress]` is no host: {why}");
    let url = Target::parse(&format!("http://{entry}")).map_err(wrong)?;
    if url.path != "/" || entry.ends_with('/') {
        return Err(wrong("write only the host, or host and port"));
    }
    let port = if entry.ends_with(&format!(":{}", url.port)) { Some(url.port) } else { None };
    Ok((url.host, port))
}
