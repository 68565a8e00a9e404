//! The files that our pages load: one style sheet and one script.
//!
//! In: nothing. Out: files that are built in. **Invariant:** their addresses carry the version, and browsers keep them for an hour.

use axum::Router;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

const STYLE: &str = include_str!("html/pages.css");
const INBOX: &str = include_str!("html/inbox.js");
/// A page of another version asks for other addresses.
pub const STYLE_PATH: &str = concat!("/assets/pages-", env!("CARGO_PKG_VERSION"), ".css");
pub const INBOX_PATH: &str = concat!("/assets/inbox-", env!("CARGO_PKG_VERSION"), ".js");

pub fn router<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new()
        .route(STYLE_PATH, get(async || file("text/css; charset=utf-8", STYLE)))
        .route(INBOX_PATH, get(async || file("text/javascript; charset=utf-8", INBOX)))
}

fn file(kind: &'static str, text: &'static str) -> Response {
    let headers: [(HeaderName, &str); 2] = [(CONTENT_TYPE, kind), (CACHE_CONTROL, "public, max-age=3600")];
    (headers, text).into_response()
}
