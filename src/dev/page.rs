//! The local page: the state as JSON, pictures, mails, and a line whenever something changed.
//!
//! In: what the loop puts on the [`Board`]. Out: answers on 127.0.0.1. **Invariant:** only a page of our own origin reads anything: another host name
//! or another site is refused (so neither a web page nor a name that somebody points at 127.0.0.1 learns of a project); nothing is loaded from
//! elsewhere; HTML of messages stands in a frame without scripts and without our origin.

use super::session::{Blob, Blobs};
use crate::daemon::http::{Bound, Limits, ListenError, Listener};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Path, Request, State};
use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE, HOST, HeaderName, ORIGIN, X_FRAME_OPTIONS};
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http_body_util::channel::Channel;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::watch;

/// Pages that are kept up to date at one time.
pub const LISTENERS_MAX: usize = 32;
/// Connections at one time.
const CONNECTIONS_MAX: usize = 128;
/// Between two signs of life.
const ALIVE: Duration = Duration::from_secs(10);

const PAGE: &str = include_str!("html/dev.html");
const STYLE: &str = include_str!("html/dev.css");
const SCRIPT: &str = include_str!("html/dev.js");

const PAGE_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; frame-src 'self'; \
                           base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
const MAIL_POLICY: &str = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'";
const PICTURE_POLICY: &str = "sandbox; default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'";

/// What the page shows now.
#[derive(Clone)]
pub struct Board {
    inner: Arc<Inner>,
}

struct Inner {
    shown: Mutex<(Arc<str>, Arc<Blobs>)>,
    revision: watch::Sender<u64>,
    listening: AtomicUsize,
}

impl Default for Board {
    fn default() -> Board {
        let shown = Mutex::new((Arc::from("{}"), Arc::default()));
        Board { inner: Arc::new(Inner { shown, revision: watch::Sender::new(0), listening: AtomicUsize::new(0) }) }
    }
}

impl Board {
    pub fn put(&self, revision: u64, state: String, blobs: Blobs) {
        *self.inner.shown.lock().unwrap_or_else(PoisonError::into_inner) = (state.into(), Arc::new(blobs));
        self.inner.revision.send_replace(revision);
    }

    fn shown(&self) -> (Arc<str>, Arc<Blobs>) {
        self.inner.shown.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Opens the page's socket; port 0 takes a free one.
///
/// # Errors
/// Where the port is taken, or sockets are not allowed.
pub async fn bind(port: u16) -> Result<Bound, ListenError> {
    let limits = Limits { connections: CONNECTIONS_MAX, connections_per_address: CONNECTIONS_MAX, ..Limits::default() };
    Listener { address: SocketAddr::from(([127, 0, 0, 1], port)), limits, ..Listener::default() }.bind(true).await
}

/// The page as it is served on `port`.
pub fn router(board: Board, port: u16) -> Router {
    let text = |kind: &'static str, text: &'static str| async move { ([(CONTENT_TYPE, kind)], text).into_response() };
    let page = || async { ([(CONTENT_TYPE, "text/html; charset=utf-8"), (CONTENT_SECURITY_POLICY, PAGE_POLICY)], PAGE).into_response() };
    Router::new()
        .route("/", get(page))
        .route("/assets/dev.css", get(move || text("text/css; charset=utf-8", STYLE)))
        .route("/assets/dev.js", get(move || text("text/javascript; charset=utf-8", SCRIPT)))
        .route("/state.json", get(state))
        .route("/events", get(events))
        .route("/blob/{id}", get(blob))
        .layer(axum::middleware::from_fn_with_state(port, guard))
        .with_state(board)
}

/// Only our own page, in a browser of this machine, or a program that says no site at all.
async fn guard(State(port): State<u16>, request: Request, next: Next) -> Response {
    if !is_ours(request.headers(), port) {
        let why = "onward dev answers only to its own page on this machine: open http://127.0.0.1 with the port it names\n";
        return (StatusCode::FORBIDDEN, [(CONTENT_TYPE, "text/plain; charset=utf-8")], why).into_response();
    }
    let mut answer = next.run(request).await;
    let same = axum::http::HeaderValue::from_static("same-origin");
    answer.headers_mut().insert(HeaderName::from_static("cross-origin-resource-policy"), same);
    answer
}

fn is_ours(headers: &HeaderMap, port: u16) -> bool {
    let names = [format!("127.0.0.1:{port}"), format!("localhost:{port}")];
    let is_name = |text: &str| names.iter().any(|name| name.eq_ignore_ascii_case(text));
    let mut hosts = headers.get_all(HOST).iter();
    let host = hosts.next().and_then(|host| host.to_str().ok()).is_some_and(is_name) && hosts.next().is_none();
    let origin = match headers.get(ORIGIN).map(|origin| origin.to_str()) {
        None => true,
        Some(Ok(origin)) => origin.strip_prefix("http://").is_some_and(is_name),
        Some(Err(_)) => false,
    };
    // A link may lead here from anywhere; nothing else of another site may.
    let said = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let navigates = said("sec-fetch-mode") == Some("navigate") && said("sec-fetch-dest") == Some("document");
    let site = said("sec-fetch-site").is_none_or(|site| matches!(site, "same-origin" | "none") || navigates);
    host && origin && site
}

async fn state(State(board): State<Board>) -> Response {
    ([(CONTENT_TYPE, "application/json")], board.shown().0.to_string()).into_response()
}

async fn blob(State(board): State<Board>, Path(id): Path<String>) -> Response {
    match board.shown().1.get(&id) {
        Some(Blob::Picture(svg)) => {
            ([(CONTENT_TYPE, "image/svg+xml"), (CONTENT_SECURITY_POLICY, PICTURE_POLICY)], svg.clone()).into_response()
        }
        Some(Blob::Html(html)) => {
            let headers =
                [(CONTENT_TYPE, "text/html; charset=utf-8"), (CONTENT_SECURITY_POLICY, MAIL_POLICY), (X_FRAME_OPTIONS, "SAMEORIGIN")];
            (headers, html.clone()).into_response()
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// A place among those who are kept up to date.
struct Seat(Board);

impl Seat {
    fn take(board: &Board) -> Option<Seat> {
        let before = board.inner.listening.fetch_add(1, Ordering::Relaxed);
        let seat = Seat(board.clone());
        (before < LISTENERS_MAX).then_some(seat)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.0.inner.listening.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Server-sent events: the number of the state, at once and whenever it changes.
async fn events(State(board): State<Board>) -> Response {
    let Some(seat) = Seat::take(&board) else {
        return (StatusCode::TOO_MANY_REQUESTS, "too many pages are open; close some\n").into_response();
    };
    let (mut sender, body) = Channel::<Bytes>::new(4);
    let mut changes = board.inner.revision.subscribe();
    tokio::spawn(async move {
        let _seat = seat;
        let mut revision = *changes.borrow_and_update();
        loop {
            let line = format!("event: state\ndata: {revision}\n\n");
            if sender.send_data(Bytes::from(line)).await.is_err() {
                return;
            }
            loop {
                match tokio::time::timeout(ALIVE, changes.changed()).await {
                    Ok(Ok(())) => break,
                    Ok(Err(_)) => return,
                    Err(_) => {
                        if sender.send_data(Bytes::from_static(b": alive\n\n")).await.is_err() {
                            return;
                        }
                    }
                }
            }
            revision = *changes.borrow_and_update();
        }
    });
    ([(CONTENT_TYPE, "text/event-stream")], Body::new(body)).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(headers: &[(&'static str, &str)]) -> bool {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, value.parse().unwrap());
        }
        is_ours(&map, 8090)
    }

    #[test]
    fn another_name_or_another_site_is_refused() {
        assert!(asked(&[("host", "127.0.0.1:8090")]));
        assert!(asked(&[("host", "localhost:8090"), ("origin", "http://localhost:8090"), ("sec-fetch-site", "same-origin")]));
        assert!(asked(&[
            ("host", "127.0.0.1:8090"),
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-mode", "navigate"),
            ("sec-fetch-dest", "document")
        ]));
        assert!(!asked(&[]));
        assert!(!asked(&[("host", "evil.example:8090")]));
        assert!(!asked(&[("host", "127.0.0.1")]));
        assert!(!asked(&[("host", "127.0.0.1:8090"), ("host", "evil.example")]));
        assert!(!asked(&[("host", "127.0.0.1:8090"), ("origin", "http://evil.example")]));
        assert!(!asked(&[("host", "127.0.0.1:8090"), ("origin", "null")]));
        assert!(!asked(&[("host", "127.0.0.1:8090"), ("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "cors")]));
        assert!(!asked(&[
            ("host", "127.0.0.1:8090"),
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-mode", "navigate"),
            ("sec-fetch-dest", "iframe")
        ]));
    }
}
