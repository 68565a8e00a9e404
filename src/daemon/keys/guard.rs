//! Stands before routes: who has no key of the right kind does not get through.
//!
//! In: a request. Out: the request with its [`Caller`], or `401` or `403`. **Invariant:** keys are taken from the header `Authorization`
//! only, never from the address; a refusal says nothing about which keys there are.

use super::{Caller, Denied, Keys, Kind, Need};
use crate::calendar::Instant;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use base64::Engine;
use std::net::SocketAddr;
use std::sync::Arc;

/// The keys, and the clock that they expire by.
#[derive(Clone)]
pub struct Guard {
    pub keys: Arc<Keys>,
    pub clock: Arc<dyn Fn() -> Instant + Send + Sync>,
}

impl Guard {
    /// Who comes with one of these secrets, or from this machine while there are no keys.
    pub fn admit(&self, secrets: &[String], need: Need, headers: &HeaderMap, peer: Option<SocketAddr>) -> Result<Caller, Denied> {
        let now = (self.clock)();
        self.keys.refresh(now);
        let mut denied = Denied::Unknown;
        for secret in secrets {
            match self.keys.caller(secret, need, now) {
                Ok(caller) => return Ok(caller),
                Err(Denied::NotAllowed) => denied = Denied::NotAllowed,
                Err(Denied::Unknown) => {}
            }
        }
        if self.keys.is_empty() && peer.is_some_and(|peer| peer.ip().is_loopback()) && is_local(headers) {
            return Ok(Caller { name: "local".to_owned(), kind: Kind::Admin });
        }
        Err(denied)
    }
}

/// Whether a request without a key is really meant for this machine: a page of somebody else that is open in a browser here could send it
/// too, but then its origin or the name of the host is another.
fn is_local(headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).map(|value: &header::HeaderValue| value.to_str().unwrap_or("?"));
    let local = |host: &str| {
        let name =
            host.rsplit_once(':').map_or(host, |(name, port)| if port.bytes().all(|byte| byte.is_ascii_digit()) { name } else { host });
        name == "localhost"
            || name.trim_start_matches('[').trim_end_matches(']').parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
    };
    let origin = text(header::ORIGIN).is_none_or(|origin| origin.split_once("://").is_some_and(|(_, host)| local(host)));
    let site = headers.get("sec-fetch-site").is_none_or(|site| site == "same-origin" || site == "none");
    text(header::HOST).is_none_or(local) && origin && site
}

/// Secrets in the header `Authorization`: a bearer's, or the name and the password of basic (Segment puts its key into the name,
/// Customer.io into the password).
pub fn bearer(headers: &HeaderMap) -> Vec<String> {
    let Some((scheme, rest)) =
        headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).and_then(|value| value.trim().split_once(' '))
    else {
        return Vec::new();
    };
    if scheme.eq_ignore_ascii_case("bearer") {
        return vec![rest.trim().to_owned()];
    }
    if !scheme.eq_ignore_ascii_case("basic") {
        return Vec::new();
    }
    let decoded = base64::engine::general_purpose::STANDARD.decode(rest.trim()).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let Some(decoded) = decoded else { return Vec::new() };
    let (name, password) = decoded.split_once(':').unwrap_or((decoded.as_str(), ""));
    [password, name].into_iter().filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

/// For `axum::middleware::from_fn_with_state`: lets through who may, and puts the [`Caller`] into the request.
pub async fn guard(State((guard, need)): State<(Guard, Need)>, mut request: Request, next: Next) -> Response {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0);
    match guard.admit(&bearer(request.headers()), need, request.headers(), peer) {
        Ok(caller) => {
            request.extensions_mut().insert(caller);
            next.run(request).await
        }
        Err(denied) => {
            let request = request.extensions().get::<crate::daemon::http::RequestId>().map_or("", |id| id.0.as_str());
            tracing::warn!(request, why = denied.words(), "denied");
            denied.into_response()
        }
    }
}

impl Denied {
    pub fn status(self) -> StatusCode {
        match self {
            Denied::Unknown => StatusCode::UNAUTHORIZED,
            Denied::NotAllowed => StatusCode::FORBIDDEN,
        }
    }

    pub fn words(self) -> &'static str {
        match self {
            Denied::Unknown => "no key, or one that is not valid (any more)",
            Denied::NotAllowed => "this key may not do that",
        }
    }
}

impl IntoResponse for Denied {
    fn into_response(self) -> Response {
        let body = format!("{{\"error\":\"{}\"}}", self.words());
        let mut response = (self.status(), [(header::CONTENT_TYPE, "application/json")], body).into_response();
        if self == Denied::Unknown {
            // Never `Basic`: a browser would ask its user for a password.
            response.headers_mut().insert(header::WWW_AUTHENTICATE, header::HeaderValue::from_static("Bearer"));
        }
        response
    }
}
