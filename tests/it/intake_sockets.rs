//! What strangers do with sockets: nothing, slowly, too much, or two things at once.

use super::intake_fake::{Answer, Server, raw, run};
use onward::daemon::http::{Limits, ListenError, Listener, TlsFiles};
use onward::daemon::keys::Kind;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

fn impatient() -> Limits {
    let short = Duration::from_millis(400);
    Limits {
        head: short,
        body_pause: short,
        body: 3 * short,
        write_pause: short,
        connections: 200,
        connections_per_address: 150,
        ..Limits::default()
    }
}

/// How long until the server closes, when `piece` is sent again and again.
async fn drip(server: &Server, begin: &str, piece: &[u8], every: Duration) -> (Duration, Answer) {
    let start = Instant::now();
    let (mut read, mut write) = TcpStream::connect(server.address).await.unwrap().into_split();
    write.write_all(begin.as_bytes()).await.unwrap();
    let piece = piece.to_vec();
    let writer = tokio::spawn(async move {
        while write.write_all(&piece).await.is_ok() {
            tokio::time::sleep(every).await;
        }
    });
    let mut answer = Vec::new();
    let _ = tokio::time::timeout(Duration::from_secs(10), read.read_to_end(&mut answer)).await.expect("never closed");
    writer.abort();
    (start.elapsed(), Answer::read(&answer))
}

#[test]
fn slow_heads_and_slow_bodies_end() {
    run(async {
        let server = Server::start("slow", impatient(), None).await;
        let fast = Duration::from_millis(100);
        let (after, _) = drip(&server, "POST /v1/batch HTTP/1.1\r\n", b"x-a: b\r\n", fast).await;
        assert!(after < Duration::from_secs(4), "a head that never ends was read for {after:?}");
        let key = server.secret(Kind::Write);
        let begin = format!("POST /v1/batch HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {key}\r\ncontent-length: 5000\r\n\r\n");
        let (after, answer) = drip(&server, &begin, b" ", Duration::from_millis(900)).await;
        assert!(after < Duration::from_secs(4) && answer.status == 408, "{after:?} {answer:?}");
        let (after, answer) = drip(&server, &begin, b" ", fast).await;
        assert!(after < Duration::from_secs(6) && answer.status == 408, "pieces come in time, but for ever: {after:?} {answer:?}");
        let gone = raw(server.address, b"").await;
        assert_eq!(gone, b"", "who says nothing is closed");
        assert!(server.recorder.taken.lock().unwrap().is_empty());
    });
}

#[test]
fn a_client_that_is_gone_in_the_middle_has_sent_nothing() {
    run(async {
        let server = Server::start("gone", Limits::default(), None).await;
        let body = r#"{"batch":[{"type":"track","userId":"u1","event":"x","messageId":"m1"}]}"#;
        let head = format!(
            "POST /v1/batch HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\ncontent-length: {}\r\n\r\n",
            server.secret(Kind::Write),
            body.len()
        );
        for cut in [0, 1, body.len() / 2, body.len() - 1] {
            let mut stream = TcpStream::connect(server.address).await.unwrap();
            stream.write_all(head.as_bytes()).await.unwrap();
            stream.write_all(&body.as_bytes()[..cut]).await.unwrap();
            stream.shutdown().await.unwrap();
            let mut answer = Vec::new();
            let _ = stream.read_to_end(&mut answer).await;
            assert_ne!(Answer::read(&answer).status, 200);
        }
        assert!(server.recorder.taken.lock().unwrap().is_empty());
        assert_eq!(server.post(Kind::Write, "/v1/batch", body).await.status, 200, "and trying again is safe");
    });
}

#[test]
fn a_thousand_idle_sockets_keep_nobody_out_for_long() {
    run(async {
        let server = Server::start("idle", impatient(), None).await;
        let start = Instant::now();
        let mut idle = Vec::new();
        for _ in 0..1_000 {
            idle.push(TcpStream::connect(server.address).await.unwrap());
        }
        for stream in &mut idle {
            let mut byte = [0];
            let closed = tokio::time::timeout(Duration::from_secs(10), stream.read(&mut byte)).await;
            assert!(matches!(closed, Ok(Ok(0) | Err(_))), "{closed:?}");
        }
        assert!(start.elapsed() < Duration::from_secs(10));
        assert_eq!(server.post(Kind::Write, "/v1/batch", "{\"batch\":[]}").await.status, 200);
    });
}

#[test]
fn one_address_cannot_take_all_connections() {
    run(async {
        let limits = Limits { connections_per_address: 3, ..Limits::default() };
        let server = Server::start("cap", limits, None).await;
        let mut held = Vec::new();
        for _ in 0..3 {
            let mut stream = TcpStream::connect(server.address).await.unwrap();
            // Answered, so it is surely counted.
            stream.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
            let mut piece = [0; 16];
            stream.read_exact(&mut piece).await.unwrap();
            held.push(stream);
        }
        assert_eq!(raw(server.address, b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await, b"", "the fourth is closed");
        held.clear();
        let deadline = Instant::now() + Duration::from_secs(5);
        while raw(server.address, b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await.is_empty() {
            assert!(Instant::now() < deadline, "places are not given back");
        }
    });
}

#[test]
fn two_lengths_are_refused_and_what_is_smuggled_is_not_heard() {
    run(async {
        let server = Server::start("smuggle", Limits::default(), None).await;
        let key = server.secret(Kind::Write);
        let event = |id: &str| format!(r#"{{"userId":"u1","event":"x","messageId":"{id}"}}"#);
        let hidden = event("hidden");
        let smuggled = format!(
            "POST /v1/track HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {key}\r\ncontent-length: {}\r\n\r\n{hidden}",
            hidden.len()
        );
        let head = format!("POST /v1/track HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {key}\r\n");
        let body = format!("0\r\n\r\n{smuggled}");
        let length = body.len();
        for lengths in [
            format!("content-length: {length}\r\ntransfer-encoding: chunked\r\n"),
            format!("transfer-encoding: chunked\r\ncontent-length: {length}\r\n"),
            format!("Transfer-Encoding: chunked\r\nContent-Length: {length}\r\n"),
            "transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n".to_owned(),
            format!("transfer-encoding: xchunked\r\ncontent-length: {length}\r\n"),
            "transfer-encoding: chunked, identity\r\n".to_owned(),
            "content-length: 3\r\ncontent-length: 4\r\n".to_owned(),
            "content-length: +3\r\n".to_owned(),
            "content-length : 3\r\n".to_owned(),
        ] {
            let bytes = raw(server.address, format!("{head}{lengths}\r\n{body}").as_bytes()).await;
            assert_eq!(Answer::read(&bytes).status, 400, "{lengths:?}");
            assert_eq!(String::from_utf8_lossy(&bytes).matches("HTTP/1.1 ").count(), 1, "{lengths:?}: one answer, then closed");
        }
        assert!(server.recorder.taken.lock().unwrap().is_empty());

        // Chunks alone are fine, one request after another on a connection.
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        for id in ["c1", "c2"] {
            let body = event(id);
            let request = format!("{head}transfer-encoding: chunked\r\n\r\n{:x}\r\n{body}\r\n0\r\n\r\n", body.len());
            stream.write_all(request.as_bytes()).await.unwrap();
            let mut answer = [0; 15];
            stream.read_exact(&mut answer).await.unwrap();
            assert_eq!(&answer, b"HTTP/1.1 200 OK");
            let mut rest = [0; 2048];
            let mut seen = Vec::new();
            while !seen.ends_with(b"}") {
                let count = stream.read(&mut rest).await.unwrap();
                assert!(count > 0);
                seen.extend_from_slice(&rest[..count]);
            }
        }
        assert_eq!(server.recorder.whats().len(), 2);
    });
}

#[test]
fn large_heads_are_refused() {
    run(async {
        let server = Server::start("heads", Limits::default(), None).await;
        let many = (0..200).map(|number| format!("x-{number}: y\r\n")).collect::<String>();
        let large = format!("x: {}\r\n", "y".repeat(33_000));
        for headers in [many, large] {
            let answer = raw(server.address, format!("POST /v1/batch HTTP/1.1\r\nhost: x\r\n{headers}\r\n").as_bytes()).await;
            assert_eq!(Answer::read(&answer).status, 431);
        }
    });
}

#[test]
fn what_is_under_way_ends_before_the_server_does() {
    run(async {
        let server = Server::start("drain", Limits::default(), None).await;
        let body = r#"{"userId":"u1","event":"x","messageId":"last"}"#;
        let head = format!(
            "POST /v1/track HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\ncontent-length: {}\r\n\r\n",
            server.secret(Kind::Write),
            body.len()
        );
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(&body.as_bytes()[..10]).await.unwrap();
        let mut idle = TcpStream::connect(server.address).await.unwrap();
        idle.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
        let mut piece = [0; 64];
        assert!(idle.read(&mut piece).await.unwrap() > 0);
        let Server { address, stop, done, recorder, .. } = server;
        stop.send(()).unwrap();
        let deadline = Instant::now() + Duration::from_secs(5);
        while TcpStream::connect(address).await.is_ok() {
            assert!(Instant::now() < deadline, "still accepting");
        }
        stream.write_all(&body.as_bytes()[10..]).await.unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        assert_eq!(Answer::read(&answer).status, 200);
        tokio::time::timeout(Duration::from_secs(5), done).await.expect("an idle connection holds the end up").unwrap();
        assert_eq!(recorder.whats().len(), 1);
    });
}

#[test]
fn other_machines_are_heard_with_tls_and_keys_only() {
    run(async {
        let open = |behind_proxy| Listener { address: ([0, 0, 0, 0], 0).into(), behind_proxy, ..Listener::default() };
        assert!(matches!(open(false).bind(true).await, Err(ListenError::NeedsTls(_))));
        assert!(matches!(open(true).bind(false).await, Err(ListenError::NeedsKeys(_))));
        assert!(open(true).bind(true).await.is_ok());
        assert!(Listener { address: ([127, 0, 0, 1], 0).into(), ..Listener::default() }.bind(false).await.is_ok());
        assert!(Listener::default().address.ip().is_loopback());
        let missing = TlsFiles { certificate: "no.pem".into(), key: "no.pem".into() };
        assert!(matches!(Listener { tls: Some(missing), ..open(false) }.bind(true).await, Err(ListenError::Tls(..))));
    });
}

#[test]
fn bodies_that_are_only_announced_take_room_and_give_it_back() {
    run(async {
        let limits = Limits { connections_per_address: 2_000, ..Limits::default() };
        let server = Server::start("room", limits, None).await;
        let key = server.secret(Kind::Write);
        let head = format!("POST /v1/batch HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {key}\r\ncontent-length: 512000\r\n\r\n");
        let (mut held, mut full) = (Vec::new(), false);
        // 256 MiB are 524 such bodies.
        for count in 0..700 {
            let mut stream = TcpStream::connect(server.address).await.unwrap();
            stream.write_all(head.as_bytes()).await.unwrap();
            held.push(stream);
            if count % 50 == 49 && server.post(Kind::Write, "/v1/batch", vec![b' '; 400_000]).await.status == 429 {
                full = true;
                break;
            }
        }
        assert!(full && held.len() > 500, "after {} announced bodies", held.len());
        assert_eq!(server.post(Kind::Write, "/v1/batch", vec![b' '; 400_000]).await.header("retry-after"), Some("1"));
        held.clear();
        let deadline = Instant::now() + Duration::from_secs(10);
        while server.post(Kind::Write, "/v1/batch", vec![b' '; 400_000]).await.status == 429 {
            assert!(Instant::now() < deadline, "room is not given back");
        }
    });
}
