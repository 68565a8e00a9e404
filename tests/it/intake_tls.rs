//! TLS, and what strangers do with frames of HTTP/2. Frames are written by hand: no client would send them.

use super::intake_fake::{Answer, Folder, Server, certificate, run};
use onward::daemon::http::Limits;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const GOAWAY: u8 = 7;
const CONTINUATION: u8 = 9;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

async fn connect(server: &Server, ca: &Path, protocol: &str) -> TlsStream<TcpStream> {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(ca).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let mut config = builder.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![protocol.as_bytes().to_vec()];
    let stream = TcpStream::connect(server.address).await.unwrap();
    TlsConnector::from(Arc::new(config)).connect(ServerName::try_from("localhost").unwrap(), stream).await.unwrap()
}

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = (payload.len() as u32).to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// `GET` or `POST` of a path, in the plainest HPACK.
fn head(post: bool, path: &str) -> Vec<u8> {
    let mut block = vec![if post { 0x83 } else { 0x82 }, 0x87, 0x04, path.len() as u8];
    block.extend_from_slice(path.as_bytes());
    block.extend_from_slice(b"\x01\x09localhost");
    block
}

async fn start(server: &Server, ca: &Path) -> TlsStream<TcpStream> {
    let mut stream = connect(server, ca, "h2").await;
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await.unwrap();
    stream.write_all(&frame(4, 0, 0, &[])).await.unwrap();
    stream
}

/// Kinds and payloads of frames until the server closes, or one of that kind is there.
async fn frames(stream: &mut TlsStream<TcpStream>, until: u8) -> Vec<(u8, Vec<u8>)> {
    let mut seen = Vec::new();
    let read = async {
        loop {
            let mut head = [0; 9];
            if stream.read_exact(&mut head).await.is_err() {
                return;
            }
            let length = u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize;
            let mut payload = vec![0; length];
            if stream.read_exact(&mut payload).await.is_err() {
                return;
            }
            seen.push((head[3], payload));
            if head[3] == until {
                return;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(30), read).await.expect("neither an answer nor the end");
    seen
}

async fn serves(server: &Server, ca: &Path) {
    let mut stream = start(server, ca).await;
    stream.write_all(&frame(HEADERS, END_HEADERS | END_STREAM, 1, &head(false, "/nothing"))).await.unwrap();
    let answer = frames(&mut stream, HEADERS).await;
    assert_eq!(answer.last().map(|(kind, block)| (*kind, block[0])), Some((HEADERS, 0x8d)), "404: {answer:?}");
}

#[test]
fn both_versions_of_http_are_spoken_over_tls() {
    run(async {
        let folder = Folder::new("tls");
        let (tls, ca) = certificate(&folder.0);
        let limits = Limits { head: Duration::from_secs(2), ..Limits::default() };
        let server = Server::start("tls-both", limits, Some(tls)).await;
        serves(&server, &ca).await;
        let mut stream = connect(&server, &ca, "http/1.1").await;
        stream.write_all(b"POST /v1/batch HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: 0\r\n\r\n").await.unwrap();
        let mut bytes = Vec::new();
        let _ = stream.read_to_end(&mut bytes).await;
        let answer = Answer::read(&bytes);
        assert_eq!((answer.status, answer.header("strict-transport-security").is_some()), (401, true), "{answer:?}");
        // Who speaks no TLS, or nothing, is closed.
        assert!(!super::intake_fake::raw(server.address, b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.starts_with(b"HTTP"));
        assert_eq!(super::intake_fake::raw(server.address, b"").await, b"");
    });
}

#[test]
fn floods_of_frames_end_the_connection_and_nothing_else() {
    run(async {
        let folder = Folder::new("floods");
        let (tls, ca) = certificate(&folder.0);
        let limits = Limits { body_pause: Duration::from_secs(2), body: Duration::from_secs(4), ..Limits::default() };
        let server = Server::start("tls-floods", limits, Some(tls)).await;

        // A head that never ends.
        let mut stream = start(&server, &ca).await;
        stream.write_all(&frame(HEADERS, END_STREAM, 1, &head(false, "/"))).await.unwrap();
        let field = [b"\x00\x7f\x81\x03".as_slice(), &[b'a'; 512], b"\x01b"].concat();
        let piece = frame(CONTINUATION, 0, 1, &field.repeat(16_000 / field.len()));
        let mut sent = 0;
        while sent < 64 << 20 && stream.write_all(&piece).await.is_ok() {
            sent += piece.len();
        }
        assert!(sent < 64 << 20, "64 MiB of headers were read");

        // Requests that are taken back at once.
        let mut stream = start(&server, &ca).await;
        let mut closed = false;
        for number in 0..20_000_u32 {
            let id = 2 * number + 1;
            let both =
                [frame(HEADERS, END_HEADERS | END_STREAM, id, &head(false, "/")), frame(RST_STREAM, 0, id, &8_u32.to_be_bytes())].concat();
            if stream.write_all(&both).await.is_err() {
                closed = true;
                break;
            }
        }
        let seen = if closed { Vec::new() } else { frames(&mut stream, GOAWAY).await };
        assert!(closed || seen.last().is_some_and(|(kind, _)| *kind == GOAWAY), "rapid resets: {}", seen.len());

        // Data that holds nothing, for ever.
        let mut stream = start(&server, &ca).await;
        stream.write_all(&frame(HEADERS, END_HEADERS, 1, &head(true, "/v1/batch"))).await.unwrap();
        let empty = frame(0, 0, 1, &[]).repeat(1_000);
        let begin = std::time::Instant::now();
        while begin.elapsed() < Duration::from_secs(20) && stream.write_all(&empty).await.is_ok() {}
        assert!(begin.elapsed() < Duration::from_secs(20), "empty frames were read for 20 seconds");

        serves(&server, &ca).await;
        assert!(server.recorder.taken.lock().unwrap().is_empty());
    });
}
