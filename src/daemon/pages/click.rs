//! Clicks and opens: the link is followed, the picture is given, and what happened is recorded.
//!
//! In: tokens. Out: a redirect to the address that was sealed when the message was made, or a picture of one pixel. **Invariant:** there is no
//! way to say another target; who asks changes the record, never the answer.

use super::{Setup, gone, machine};
use crate::channel::{About, Report, Reported};
use crate::daemon::tokens::Sealed;
use axum::extract::{Path, State};
use axum::http::header::{CONTENT_TYPE, HeaderValue, LOCATION};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse, Response};

/// One transparent pixel.
const PIXEL: &[u8; 43] =
    b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff!\xf9\x04\x01\x00\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;";

pub(super) async fn follow(State(setup): State<Setup>, Path(token): Path<String>, method: Method, headers: HeaderMap) -> Response {
    let Some(Sealed::Click { message, url }) = setup.tokens.unseal(&token) else { return gone(&headers) };
    let Some(target) = target(&url) else { return gone(&headers) };
    let what = Reported::Clicked { url: Some(url), by_machine: machine::asks(&method, &headers) };
    setup.recorder.note(Report { id: None, about: About::Message(message), what, at: None }).await;
    (StatusCode::FOUND, [(LOCATION, target)]).into_response()
}

pub(super) async fn opened(State(setup): State<Setup>, Path(token): Path<String>, method: Method, headers: HeaderMap) -> Response {
    let token = token.strip_suffix(".gif").unwrap_or(&token);
    let status = match setup.tokens.unseal(token) {
        Some(Sealed::Open { message }) => {
            let what = Reported::Opened { by_machine: machine::asks(&method, &headers) };
            setup.recorder.note(Report { id: None, about: About::Message(message), what, at: None }).await;
            StatusCode::OK
        }
        // A picture all the same: a broken one would spoil the mail.
        _ => StatusCode::NOT_FOUND,
    };
    (status, [(CONTENT_TYPE, "image/gif")], PIXEL.as_slice()).into_response()
}

/// An address of the web, as a header can carry it: what is not ASCII is percent-encoded as UTF-8. `None` for everything that is not
/// `http` or `https` with a host.
pub fn target(url: &str) -> Option<HeaderValue> {
    let behind = ["http://", "https://"].iter().find_map(|scheme| {
        let head = url.get(..scheme.len())?;
        head.eq_ignore_ascii_case(scheme).then(|| &url[scheme.len()..])
    })?;
    let host = behind.split(['/', '?', '#', '\\']).next()?;
    let plain = |letter: char| letter.is_alphanumeric() || matches!(letter, '.' | '-' | ':' | '[' | ']' | '_' | '@' | '%' | '~' | '!');
    if host.is_empty() || !host.chars().all(plain) || !host.chars().any(char::is_alphanumeric) {
        return None;
    }
    let mut encoded = String::with_capacity(url.len());
    for byte in url.bytes() {
        match byte {
            b'!'..=b'~' if !matches!(byte, b'"' | b'<' | b'>' | b'\\' | b'^' | b'`' | b'{' | b'|' | b'}') => encoded.push(char::from(byte)),
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    HeaderValue::from_str(&encoded).ok()
}
