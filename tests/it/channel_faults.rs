//! A provider that we did not get: it takes requests, answers as told, and hangs up after any byte.
//!
//! What it took is the truth that verdicts are held against.

use onward::calendar::Instant;
use onward::channel::clock::Clock;
use onward::channel::http::{Client, Egress, Limits, SystemResolver};
use onward::channel::{Adapter, Closed, Envelope, Gate, Links, Task, Verdict};
use onward::schema::ChannelKind;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// 2026-03-01 10:00 in Bangkok.
pub const NOW: Instant = Instant(1_772_334_000_000);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    Never,
    /// Hangs up when it has read so many bytes of the request.
    Request(usize),
    /// Takes the request, and hangs up when it has written so many bytes of the answer.
    Answer(usize),
}

#[derive(Debug, Clone)]
pub struct Script {
    pub cut: Cut,
    /// Head and body.
    pub answer: Vec<u8>,
    /// Whether this answer means that the message was taken.
    pub takes: bool,
    /// Before the first byte of the answer.
    pub delay: Duration,
}

/// A request that came whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    pub head: String,
    pub body: Vec<u8>,
}

impl Seen {
    pub fn header(&self, name: &str) -> Option<&str> {
        let line = self.head.lines().skip(1).find(|line| line.split(':').next().is_some_and(|has| has.eq_ignore_ascii_case(name)))?;
        Some(line.split_once(':')?.1.trim())
    }

    pub fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub fn path(&self) -> &str {
        self.head.split(' ').nth(1).unwrap()
    }
}

#[derive(Debug, Default)]
pub struct Book {
    /// Requests that came whole.
    pub seen: Mutex<Vec<Seen>>,
    /// Messages that were taken.
    pub taken: AtomicUsize,
    pub connections: AtomicUsize,
    pub open: AtomicUsize,
    pub bytes: AtomicUsize,
}

#[derive(Debug, Clone)]
pub struct Server {
    pub address: std::net::SocketAddr,
    pub book: Arc<Book>,
    script: Arc<Mutex<Script>>,
}

pub fn answer(status: u16, headers: &str, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status} X\r\n{headers}content-length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

impl Server {
    pub async fn start(answer: Vec<u8>) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let script = Script { cut: Cut::Never, answer, takes: true, delay: Duration::ZERO };
        let server = Server { address, book: Arc::default(), script: Arc::new(Mutex::new(script)) };
        let each = server.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let server = each.clone();
                server.book.connections.fetch_add(1, SeqCst);
                server.book.open.fetch_add(1, SeqCst);
                tokio::spawn(async move {
                    server.serve(stream).await;
                    server.book.open.fetch_sub(1, SeqCst);
                });
            }
        });
        server
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn set(&self, change: impl FnOnce(&mut Script)) {
        change(&mut self.script.lock().unwrap());
    }

    /// A definite answer that takes nothing.
    pub fn says(&self, status: u16, headers: &str, body: &str) {
        self.set(|script| {
            script.cut = Cut::Never;
            script.takes = (200..300).contains(&status);
            script.answer = answer(status, headers, body);
        });
    }

    pub fn last(&self) -> Seen {
        self.book.seen.lock().unwrap().last().unwrap().clone()
    }

    pub fn taken(&self) -> usize {
        self.book.taken.load(SeqCst)
    }

    async fn serve(&self, mut stream: TcpStream) {
        let mut read = Vec::new();
        loop {
            let script = self.script.lock().unwrap().clone();
            let most = if let Cut::Request(most) = script.cut { most } else { usize::MAX };
            while whole(&read).is_none() {
                if read.len() >= most {
                    return;
                }
                let mut buffer = vec![0; 4096.min(most - read.len())];
                match stream.read(&mut buffer).await {
                    Ok(0) | Err(_) => return,
                    Ok(length) => {
                        self.book.bytes.fetch_add(length, SeqCst);
                        read.extend_from_slice(&buffer[..length]);
                    }
                }
            }
            let script = self.script.lock().unwrap().clone();
            let (head, body) = whole(&read).unwrap();
            let seen = Seen { head: String::from_utf8(read[..head].to_vec()).unwrap(), body: read[head..head + body].to_vec() };
            read.drain(..head + body);
            self.book.seen.lock().unwrap().push(seen);
            if script.takes {
                self.book.taken.fetch_add(1, SeqCst);
            }
            tokio::time::sleep(script.delay).await;
            let length = if let Cut::Answer(length) = script.cut { length } else { script.answer.len() };
            if stream.write_all(&script.answer[..length.min(script.answer.len())]).await.is_err() || matches!(script.cut, Cut::Answer(_)) {
                return;
            }
        }
    }
}

/// The lengths of head and body, where both are there.
fn whole(read: &[u8]) -> Option<(usize, usize)> {
    let head = read.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let text = String::from_utf8_lossy(&read[..head]).to_ascii_lowercase();
    let length =
        text.lines().find_map(|line| line.strip_prefix("content-length: ")).map_or(0, |text| text.trim().parse::<usize>().unwrap());
    (read.len() >= head + length).then_some((head, length))
}

/// A gate that lets pass, or not, and counts.
#[derive(Debug, Default)]
pub struct Counter {
    pub opened: AtomicUsize,
    pub closed: bool,
    /// What had arrived when it was asked: connections and bytes.
    pub before: Mutex<Option<(usize, usize)>>,
    pub watches: Option<Arc<Book>>,
}

impl Gate for Counter {
    fn open(&self) -> Task<'_, Result<(), Closed>> {
        Box::pin(async move {
            self.opened.fetch_add(1, SeqCst);
            if let Some(book) = &self.watches {
                // Whatever was written too early has the time to arrive.
                let _ = tokio::time::timeout(Duration::from_millis(300), async {
                    while book.bytes.load(SeqCst) == 0 {
                        tokio::time::sleep(Duration::from_millis(5)).await;
                    }
                })
                .await;
                *self.before.lock().unwrap() = Some((book.connections.load(SeqCst), book.bytes.load(SeqCst)));
            }
            if self.closed { Err(Closed) } else { Ok(()) }
        })
    }
}

pub fn limits() -> Limits {
    Limits { connect: Duration::from_secs(1), head: Duration::from_secs(2), body: Duration::from_millis(300) }
}

/// Reaches this server only.
pub fn client(server: &Server) -> Client {
    let egress = Egress { allow: vec![server.address.to_string()], ports: Vec::new() };
    let clock = Clock::by(|| NOW);
    Client::with(&egress, clock, Arc::new(SystemResolver), rustls::RootCertStore::empty()).unwrap().limited(limits())
}

pub fn envelope(kind: ChannelKind, address: &str, parts: &[(&str, &str)]) -> Envelope {
    Envelope {
        id: "0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9".to_owned(),
        channel: "shop".to_owned(),
        kind,
        address: address.to_owned(),
        language: "th".to_owned(),
        parts: parts.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect(),
        topic: "news".to_owned(),
        message: "hello".to_owned(),
        journey: "welcome".to_owned(),
        transactional: false,
        links: Links {
            unsubscribe: Some("https://shop.example/u/abc".to_owned()),
            view: None,
            open: None,
            report: Some("https://shop.example/callbacks/x".to_owned()),
        },
        attempt: 1,
    }
}

/// A file with a secret in it, as the settings name it.
pub fn secret_file(folder: &Path, name: &str, text: &str) -> onward::channel::secret::SecretRef {
    std::fs::create_dir_all(folder).unwrap();
    let path = folder.join(name);
    let _ = std::fs::remove_file(&path);
    std::fs::write(&path, text).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    }
    onward::channel::secret::SecretRef::File(name.into())
}

/// A folder of this test's own.
pub fn folder(name: &str) -> std::path::PathBuf {
    std::env::temp_dir().join(format!("onward-channel-{}-{name}", std::process::id()))
}

pub fn run<F: Future>(test: F) -> F::Output {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(test)
}

pub async fn hand_over(adapter: &dyn Adapter, envelope: &Envelope) -> Verdict {
    adapter.hand_over(envelope, &Counter::default()).await
}

/// Hangs up after every byte of the request and of the answer. What is said must never be wrong: nothing that was taken is called not sent
/// or refused, nothing that was not taken is called accepted; and all attempts carry the same bytes.
pub async fn cut_at_every_byte(server: &Server, adapter: &dyn Adapter, envelope: &Envelope) {
    let answer_length = {
        server.set(|script| (script.cut, script.takes) = (Cut::Never, true));
        let verdict = hand_over(adapter, envelope).await;
        assert!(matches!(verdict, Verdict::Accepted { .. }), "{verdict:?}");
        server.script.lock().unwrap().answer.len()
    };
    let first = server.last();
    let request_length = first.head.len() + first.body.len();
    let cuts = (0..request_length).map(Cut::Request).chain((0..=answer_length).map(Cut::Answer));
    let mut unknown = 0;
    for cut in cuts {
        server.set(|script| script.cut = cut);
        let before = server.taken();
        let gate = Counter::default();
        let verdict = adapter.hand_over(envelope, &gate).await;
        let taken = server.taken() - before;
        assert!(taken <= 1, "{cut:?}: handed over {taken} times");
        let right = match &verdict {
            Verdict::Accepted { .. } => taken == 1,
            Verdict::NotSent { .. } => taken == 0,
            Verdict::Unknown { .. } => true,
            Verdict::Refused { .. } | Verdict::Withdrawn => false,
        };
        assert!(right, "{cut:?}: taken {taken}, said {verdict:?}");
        assert_eq!(gate.opened.load(SeqCst), usize::from(adapter.remembers().is_none()), "{cut:?}");
        if cut == Cut::Answer(answer_length) {
            assert!(matches!(verdict, Verdict::Accepted { .. }), "{verdict:?}");
            assert_eq!(server.last().body, first.body, "another body in another attempt");
        }
        unknown += usize::from(matches!(verdict, Verdict::Unknown { .. }));
    }
    // A test that hangs up and never leaves a doubt tests nothing.
    assert!(unknown > request_length / 2, "{unknown} of {request_length}");
    server.set(|script| script.cut = Cut::Never);
}

/// Answers that no provider should give, and no wrong verdict for any: garbage, halves, floods, silence.
pub async fn strange_answers(server: &Server, adapter: &dyn Adapter, envelope: &Envelope) {
    let flood = [b"HTTP/1.1 200 X\r\ncontent-length: 1073741824\r\n\r\n".to_vec(), vec![b'x'; 1 << 20]].concat();
    let long_head = format!("HTTP/1.1 200 X\r\nx: {}\r\n\r\n", "y".repeat(1 << 20)).into_bytes();
    for (name, bytes) in [
        ("garbage", b"\x00\xff\x16\x03 not http at all\r\n\r\n".to_vec()),
        ("another protocol", b"220 mail.example ESMTP\r\n\r\n".to_vec()),
        ("half a head", b"HTTP/1.1 200 OK\r\ncontent-le".to_vec()),
        ("a head without end", long_head),
        ("no status", b"HTTP/1.1 \r\n\r\n".to_vec()),
        ("a flood", flood),
        ("a broken body", b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzzz\r\n".to_vec()),
        (
            "a body of bytes",
            [b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 4\r\n\r\n".to_vec(), vec![0x1f, 0x8b, 0, 255]].concat(),
        ),
    ] {
        server.set(|script| (script.cut, script.takes, script.answer) = (Cut::Answer(bytes.len()), true, bytes));
        let verdict = hand_over(adapter, envelope).await;
        assert!(matches!(verdict, Verdict::Accepted { .. } | Verdict::Unknown { .. }), "{name}: {verdict:?}");
    }
    // It takes the message and never says so.
    server.set(|script| (script.answer, script.delay) = (answer(200, "", ""), Duration::from_secs(20)));
    let begun = tokio::time::Instant::now();
    let verdict = hand_over(adapter, envelope).await;
    assert!(matches!(verdict, Verdict::Unknown { .. }), "{verdict:?}");
    assert!(begun.elapsed() < Duration::from_secs(10));
    server.set(|script| script.delay = Duration::ZERO);
}
