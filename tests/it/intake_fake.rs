//! A server with the real front and an intake that only remembers; and a client that sends bytes as they are.

use onward::calendar::{Instant, Zone};
use onward::channel::Task;
use onward::daemon::arrival::{Arrival, What};
use onward::daemon::http::{Front, Limits, Listener, TlsFiles, router};
use onward::daemon::keys::{Guard, Keys, Kind};
use onward::daemon::{Busy, Intake, Taken};
use std::collections::HashSet;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Milliseconds since 1970 at which every request of these tests arrives: 2026-11-24 12:00 UTC.
pub const NOW: Instant = Instant(1_795_521_600_000);

/// Remembers what it was given.
#[derive(Default)]
pub struct Recorder {
    pub taken: Mutex<Vec<Arrival>>,
    /// Source, text, reason.
    pub buried: Mutex<Vec<(String, String, String)>>,
    /// What it says instead of taking anything.
    pub busy: Mutex<Option<Busy>>,
    /// So many calls find it busy first.
    pub busy_first: Mutex<u32>,
    seen: Mutex<HashSet<(String, String)>>,
}

impl Recorder {
    pub fn whats(&self) -> Vec<What> {
        self.taken.lock().unwrap().iter().map(|arrival| arrival.what.clone()).collect()
    }

    pub fn reasons(&self) -> Vec<String> {
        self.buried.lock().unwrap().iter().map(|(_, _, reason)| reason.clone()).collect()
    }
}

impl Intake for Recorder {
    fn take(&self, arrivals: Vec<Arrival>) -> Task<'_, Result<Vec<Taken>, Busy>> {
        Box::pin(async move {
            if let Some(busy) = *self.busy.lock().unwrap() {
                return Err(busy);
            }
            {
                let mut left = self.busy_first.lock().unwrap();
                if *left > 0 {
                    *left -= 1;
                    return Err(Busy { retry_after: Duration::from_secs(1), out_of_room: false });
                }
            }
            let mut taken = Vec::new();
            for arrival in arrivals {
                assert!(!arrival.who.is_empty() && arrival.at.is_some_and(|at| at <= NOW));
                let known = arrival.id.as_ref().is_some_and(|id| !self.seen.lock().unwrap().insert((arrival.source.clone(), id.clone())));
                if known {
                    taken.push(Taken::Duplicate);
                    continue;
                }
                // As a schema would, of an event that nobody declared.
                let undeclared = matches!(&arrival.what, What::Event { name, .. } if name == "undeclared");
                taken.push(if undeclared { Taken::Refused("no such event".to_owned()) } else { Taken::Accepted });
                self.taken.lock().unwrap().push(arrival);
            }
            Ok(taken)
        })
    }

    fn bury(&self, source: &str, item: String, reason: String) -> Task<'_, Result<(), Busy>> {
        let source = source.to_owned();
        Box::pin(async move {
            if let Some(busy) = *self.busy.lock().unwrap() {
                return Err(busy);
            }
            self.buried.lock().unwrap().push((source, item, reason));
            Ok(())
        })
    }
}

/// A folder that is gone with its test.
pub struct Folder(pub PathBuf);

impl Folder {
    pub fn new(name: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("onward-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        Folder(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

pub struct Server {
    pub address: SocketAddr,
    pub recorder: Arc<Recorder>,
    /// By [`Kind::ALL`].
    pub secrets: [String; 4],
    pub stop: tokio::sync::oneshot::Sender<()>,
    pub done: tokio::task::JoinHandle<()>,
    _folder: Folder,
}

impl Server {
    /// Keys of every kind, named after their kind.
    pub async fn start(name: &str, limits: Limits, tls: Option<TlsFiles>) -> Server {
        let folder = Folder::new(name);
        let keys = Keys::open(&folder.0).unwrap();
        let secrets = Kind::ALL.map(|kind| keys.make(kind.word(), kind, None, NOW).unwrap().secret);
        Server::with(folder, keys, secrets, limits, tls).await
    }

    async fn with(folder: Folder, keys: Keys, secrets: [String; 4], limits: Limits, tls: Option<TlsFiles>) -> Server {
        let recorder = Arc::new(Recorder::default());
        let keys = Arc::new(keys);
        let guard = Guard { keys, clock: Arc::new(|| NOW) };
        let front = Front::new(recorder.clone(), guard, Zone::UTC);
        let listener = Listener { address: SocketAddr::from(([127, 0, 0, 1], 0)), tls, limits, ..Listener::default() };
        let bound = listener.bind(true).await.unwrap();
        let address = bound.address();
        let (stop, stopped) = tokio::sync::oneshot::channel();
        let done = tokio::spawn(bound.serve(router(front), async move {
            let _ = stopped.await;
        }));
        Server { address, recorder, secrets, stop, done, _folder: folder }
    }

    pub fn secret(&self, kind: Kind) -> &str {
        &self.secrets[Kind::ALL.iter().position(|one| *one == kind).unwrap()]
    }

    /// With the key of a kind, as a bearer's.
    pub async fn post(&self, kind: Kind, path: &str, body: impl AsRef<[u8]>) -> Answer {
        self.send("POST", path, &[("authorization", &format!("Bearer {}", self.secret(kind)))], body.as_ref()).await
    }

    pub async fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let mut head = format!("{method} {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n");
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        if !headers.iter().any(|(name, _)| *name == "transfer-encoding" || *name == "content-length") {
            head.push_str(&format!("content-length: {}\r\n", body.len()));
        }
        let bytes = [head.as_bytes(), b"\r\n", body].concat();
        Answer::read(&raw(self.address, &bytes).await)
    }
}

/// Sends bytes, and reads until the server closes; at most 20 seconds.
pub async fn raw(address: SocketAddr, bytes: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(address).await.unwrap();
    // A server that has heard enough closes before all is sent.
    let _ = stream.write_all(bytes).await;
    let mut answer = Vec::new();
    tokio::time::timeout(Duration::from_secs(20), async {
        let mut piece = [0; 4096];
        while let Ok(count @ 1..) = stream.read(&mut piece).await {
            answer.extend_from_slice(&piece[..count]);
        }
    })
    .await
    .expect("the server neither answers nor closes");
    answer
}

#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Answer {
    pub fn read(bytes: &[u8]) -> Answer {
        let text = String::from_utf8_lossy(bytes).into_owned();
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
        Answer { status, head: head.to_ascii_lowercase(), body: body.to_owned() }
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }
}

/// A runtime for one test: real sockets, real time.
pub fn run<T>(test: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(test)
}

/// A certificate for `localhost`, and that of the authority that signed it, as files.
pub fn certificate(folder: &std::path::Path) -> (TlsFiles, PathBuf) {
    use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(rcgen::DnType::CommonName, "Onward's test authority");
    params.key_usages = vec![rcgen::KeyUsagePurpose::KeyCertSign, rcgen::KeyUsagePurpose::DigitalSignature];
    let key = KeyPair::generate().unwrap();
    let authority = params.self_signed(&key).unwrap();
    let issuer = Issuer::new(params, key);
    let leaf_key = KeyPair::generate().unwrap();
    let mut leaf = CertificateParams::new(["localhost".to_owned(), "127.0.0.1".to_owned()]).unwrap();
    leaf.use_authority_key_identifier_extension = true;
    let leaf = leaf.signed_by(&leaf_key, &issuer).unwrap();
    let write = |name: &str, text: String| {
        let path = folder.join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let ca = write("ca.pem", authority.pem());
    (TlsFiles { certificate: write("cert.pem", leaf.pem()), key: write("key.pem", leaf_key.serialize_pem()) }, ca)
}
