//! The guarded client: where it goes and where it never goes, when the gate is opened, and how long it waits.

use super::channel_faults::{Counter, Cut, NOW, Server, answer, client, limits, run};
use onward::channel::Task;
use onward::channel::clock::Clock;
use onward::channel::http::{Client, Egress, Failure, IDLE_LINES_MAX, Question, REQUEST_BYTES_MAX, Resolve, SystemResolver, Target};
use std::io;
use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::net::TcpListener;

/// Says what the test says, one answer after the other.
#[derive(Debug, Default)]
struct Names {
    answers: Mutex<Vec<Vec<IpAddr>>>,
    asked: AtomicUsize,
}

impl Resolve for Names {
    fn resolve<'a>(&'a self, _: &'a str) -> Task<'a, io::Result<Vec<IpAddr>>> {
        Box::pin(async move {
            self.asked.fetch_add(1, SeqCst);
            Ok(self.answers.lock().unwrap().remove(0))
        })
    }
}

/// Counts who comes; on IPv4 and, where the machine has it, IPv6.
async fn recording() -> (u16, Arc<AtomicUsize>) {
    let four = TcpListener::bind("0.0.0.0:0").await.unwrap();
    let port = four.local_addr().unwrap().port();
    let came = Arc::new(AtomicUsize::new(0));
    for listener in [Some(four), TcpListener::bind(("::1", port)).await.ok()].into_iter().flatten() {
        let came = Arc::clone(&came);
        tokio::spawn(async move {
            while listener.accept().await.is_ok() {
                came.fetch_add(1, SeqCst);
            }
        });
    }
    (port, came)
}

fn strict(port: u16, resolver: Arc<dyn Resolve>) -> Client {
    let egress = Egress { allow: Vec::new(), ports: vec![port] };
    Client::with(&egress, Clock::by(|| NOW), resolver, rustls::RootCertStore::empty()).unwrap().limited(limits())
}

fn post(url: &str) -> Question {
    Question::post(Target::parse(url).unwrap(), "text/plain", "hello")
}

#[test]
fn no_form_of_an_inner_address_is_connected_to() {
    run(async {
        let (port, came) = recording().await;
        let client = strict(port, Arc::new(SystemResolver));
        let hosts = [
            "127.0.0.1",
            "127.1",
            "2130706433",
            "0x7f.1",
            "0x7f000001",
            "0177.0.0.1",
            "017700000001",
            "127.0.0.1.",
            "①②⑦.⓪.⓪.①",
            "0.0.0.0",
            "0",
            "[::1]",
            "[::]",
            "[::ffff:127.0.0.1]",
            "[::ffff:7f00:1]",
            "[::127.0.0.1]",
            "[64:ff9b::7f00:1]",
            "[2002:7f00:1::]",
            "[fe80::1]",
            "[fd00:ec2::254]",
            "169.254.169.254",
            "100.64.0.1",
            "100.100.100.200",
            "10.0.0.1",
            "192.168.0.1",
            "172.16.0.1",
            "168.63.129.16",
            "localhost",
            "LOCALHOST",
            "localhost.",
        ];
        for scheme in ["http", "https"] {
            for host in hosts {
                let url = format!("{scheme}://{host}:{port}/");
                // An unusual form is no address at all; the others are refused before the gate.
                let Ok(target) = Target::parse(&url) else { continue };
                let gate = Counter::default();
                let failure = client.ask(&Question::post(target, "text/plain", ""), Some(&gate)).await.unwrap_err();
                assert!(matches!(failure, Failure::NotSent(_)), "{url}: {failure:?}");
                assert_eq!(gate.opened.load(SeqCst), 0, "{url}");
            }
        }
        assert_eq!(came.load(SeqCst), 0, "somebody was connected to");
    });
}

#[test]
fn a_name_is_judged_by_all_its_addresses_and_resolved_once() {
    run(async {
        let (port, came) = recording().await;
        for inner in [
            "127.0.0.1",
            "::1",
            "::ffff:127.0.0.1",
            "64:ff9b::7f00:1",
            "169.254.169.254",
            "100.64.0.1",
            "10.1.2.3",
            "fd00:ec2::254",
            "0.0.0.0",
        ] {
            let inner: IpAddr = inner.parse().unwrap();
            // Alone; behind a public one; and as a second opinion, which must never be asked for.
            let public: IpAddr = "9.9.9.9".parse().unwrap();
            for answers in [vec![inner], vec![public, inner], vec![inner, public]] {
                let names = Arc::new(Names { answers: Mutex::new(vec![answers]), asked: AtomicUsize::new(0) });
                let failure =
                    strict(port, Arc::clone(&names) as _).ask(&post(&format!("https://crm.example:{port}/")), None).await.unwrap_err();
                assert!(matches!(&failure, Failure::NotSent(why) if why.contains("not public")), "{failure:?}");
                assert_eq!(names.asked.load(SeqCst), 1);
            }
        }
        let names = Arc::new(Names { answers: Mutex::new(vec![vec![]]), asked: AtomicUsize::new(0) });
        let failure = strict(port, names).ask(&post(&format!("https://crm.example:{port}/")), None).await.unwrap_err();
        assert!(matches!(&failure, Failure::NotSent(why) if why.contains("no address")), "{failure:?}");
        assert_eq!(came.load(SeqCst), 0);
    });
}

#[test]
fn only_https_and_only_the_ports_of_the_settings() {
    let client = strict(8443, Arc::new(SystemResolver));
    for (url, right) in [
        ("https://crm.example/", true),
        ("https://crm.example:8443/", true),
        ("http://crm.example/", false),
        ("https://crm.example:25/", false),
        ("https://crm.example:22/", false),
        ("https://9.9.9.9/", true),
        ("https://10.0.0.1/", false),
    ] {
        assert_eq!(client.check(&Target::parse(url).unwrap()).is_ok(), right, "{url}");
    }
    let allowing = |entry: &str| {
        let egress = Egress { allow: vec![entry.to_owned()], ports: Vec::new() };
        Client::with(&egress, Clock::by(|| NOW), Arc::new(SystemResolver), rustls::RootCertStore::empty())
    };
    let reaches = |entry: &str, url: &str| allowing(entry).unwrap().check(&Target::parse(url).unwrap()).is_ok();
    assert!(reaches("crm.local:8080", "http://CRM.local:8080/x"));
    assert!(!reaches("crm.local:8080", "http://crm.local:8081/"));
    assert!(!reaches("crm.local", "http://x.crm.local/"));
    assert!(reaches("10.0.0.7", "http://10.0.0.7:99/"));
    assert!(!reaches("10.0.0.7", "http://10.0.0.8/"));
    for wrong in ["", "http://a", "a/b", "a:0", "a b", "*", "10.0.0.0/8"] {
        assert!(allowing(wrong).is_err(), "{wrong}");
    }
    assert!(toml::from_str::<Egress>("alow = []").is_err());
}

#[test]
fn the_gate_is_opened_on_an_open_connection_before_the_first_byte() {
    run(async {
        let server = Server::start(answer(200, "", "ok")).await;
        let client = client(&server);
        let gate = Counter { watches: Some(Arc::clone(&server.book)), ..Counter::default() };
        assert_eq!(client.ask(&post(&server.url()), Some(&gate)).await.unwrap().body, b"ok");
        assert_eq!(*gate.before.lock().unwrap(), Some((1, 0)), "one connection, no byte");
        let bytes = server.book.bytes.load(SeqCst);
        let gate = Counter { closed: true, ..Counter::default() };
        assert_eq!(client.ask(&post(&server.url()), Some(&gate)).await.unwrap_err(), Failure::Withdrawn);
        // The connection is still good for the next, and what was withdrawn never left.
        client.ask(&post(&server.url()), Some(&Counter::default())).await.unwrap();
        assert_eq!(server.book.bytes.load(SeqCst), bytes * 2);
        assert_eq!(server.book.connections.load(SeqCst), 1);
    });
}

#[test]
fn without_a_connection_nothing_left() {
    run(async {
        let server = Server::start(answer(200, "", "")).await;
        let client = client(&server);
        // Nobody listens any more.
        let gone = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
        let egress = Egress { allow: vec!["127.0.0.1".to_owned()], ports: Vec::new() };
        let wide =
            Client::with(&egress, Clock::by(|| NOW), Arc::new(SystemResolver), rustls::RootCertStore::empty()).unwrap().limited(limits());
        // A server that speaks no TLS.
        let plain = server.url().replace("http:", "https:");
        for (client, url) in [(&wide, format!("http://{gone}/")), (&wide, plain.clone()), (&client, plain)] {
            let gate = Counter::default();
            let failure = client.ask(&post(&url), Some(&gate)).await.unwrap_err();
            assert!(matches!(failure, Failure::NotSent(_)), "{url}: {failure:?}");
            assert_eq!(gate.opened.load(SeqCst), 0);
        }
        let unfit = post(&server.url()).with("x-name", "a\r\nx-evil: b");
        assert!(matches!(client.ask(&unfit, None).await.unwrap_err(), Failure::NotSent(_)));
        let mut long = post(&server.url());
        long.body = vec![b'x'; REQUEST_BYTES_MAX + 1].into();
        assert!(matches!(client.ask(&long, None).await.unwrap_err(), Failure::NotSent(_)));
        long.body = vec![b'x'; REQUEST_BYTES_MAX].into();
        assert_eq!(client.ask(&long, None).await.unwrap().status, 200);
    });
}

/// A TLS server with a certificate for `localhost` alone.
async fn encrypted() -> (std::net::SocketAddr, rustls::pki_types::CertificateDer<'static>) {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let certificate = made.cert.der().clone();
    let key = rustls::pki_types::PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let config = rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], key)
        .unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                use tokio::io::{AsyncReadExt, AsyncWriteExt};
                let Ok(mut stream) = acceptor.accept(stream).await else { return };
                let mut buffer = [0; 4096];
                while stream.read(&mut buffer).await.is_ok_and(|length| length > 0) {
                    if stream.write_all(&answer(200, "", "secret")).await.is_err() {
                        return;
                    }
                }
            });
        }
    });
    (address, certificate)
}

#[test]
fn a_certificate_that_does_not_fit_ends_before_the_gate() {
    run(async {
        let (address, certificate) = encrypted().await;
        let port = address.port();
        let loopback: IpAddr = "127.0.0.1".parse().unwrap();
        for (host, trusted, right) in [("localhost", true, true), ("localhost", false, false), ("crm.example", true, false)] {
            let mut roots = rustls::RootCertStore::empty();
            if trusted {
                roots.add(certificate.clone()).unwrap();
            }
            let names = Arc::new(Names { answers: Mutex::new(vec![vec![loopback]]), asked: AtomicUsize::new(0) });
            let egress = Egress { allow: vec![format!("{host}:{port}")], ports: Vec::new() };
            let client = Client::with(&egress, Clock::by(|| NOW), names, roots).unwrap().limited(limits());
            let gate = Counter::default();
            match client.ask(&post(&format!("https://{host}:{port}/")), Some(&gate)).await {
                Ok(answer) => assert!(right && answer.body == b"secret", "{host}"),
                Err(failure) => assert!(!right && matches!(failure, Failure::NotSent(_)), "{host}: {failure:?}"),
            }
            assert_eq!(gate.opened.load(SeqCst), usize::from(right));
        }
    });
}

#[test]
fn redirects_are_not_followed_and_floods_not_read() {
    run(async {
        let (port, came) = recording().await;
        let server = Server::start(answer(302, &format!("location: http://127.0.0.1:{port}/\r\n"), "")).await;
        let client = client(&server);
        assert_eq!(client.ask(&post(&server.url()), None).await.unwrap().status, 302);
        assert_eq!(came.load(SeqCst), 0);
        for length in [64 * 1024 - 1, 64 * 1024, 64 * 1024 + 1, 3 << 20] {
            server.says(200, "", &"x".repeat(length));
            assert_eq!(client.ask(&post(&server.url()), None).await.unwrap().body.len(), length.min(64 * 1024));
        }
        // One byte and then nothing: what was answered stands in the head.
        server.set(|script| {
            script.answer = b"HTTP/1.1 201 X\r\ncontent-length: 9\r\n\r\nx".to_vec();
        });
        let begun = tokio::time::Instant::now();
        let answer = client.ask(&post(&server.url()), None).await.unwrap();
        assert_eq!((answer.status, answer.body.as_slice()), (201, b"x".as_slice()));
        assert!(begun.elapsed() < Duration::from_secs(2));
    });
}

#[test]
fn connections_are_used_again_and_few_wait() {
    run(async {
        let server = Server::start(answer(200, "", "")).await;
        let client = client(&server);
        for _ in 0..5 {
            client.ask(&post(&server.url()), None).await.unwrap();
        }
        assert_eq!(server.book.connections.load(SeqCst), 1);
        // A line that the server closed while it waited costs nothing: no gate, no doubt.
        server.set(|script| script.cut = Cut::Answer(script.answer.len()));
        for _ in 0..20 {
            client.ask(&post(&server.url()), None).await.unwrap();
        }
        assert_eq!(server.book.seen.lock().unwrap().len(), 25);
        server.set(|script| (script.cut, script.delay) = (Cut::Never, Duration::from_millis(200)));
        let many: Vec<_> = (0..3 * IDLE_LINES_MAX)
            .map(|_| {
                let (client, question) = (client.clone(), post(&server.url()));
                tokio::spawn(async move { client.ask(&question, None).await.unwrap().status })
            })
            .collect();
        for one in many {
            assert_eq!(one.await.unwrap(), 200);
        }
        let few = async {
            while server.book.open.load(SeqCst) > IDLE_LINES_MAX {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(5), few).await.expect("more lines wait than may");
    });
}
