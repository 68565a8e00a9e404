//! The web channel: what is to be shown on a website for its visitor, and what became of it.
//!
//! In: JSON from a website (with our script or its own), with a write key. Out: the banners and pop-ups of now, and reports to the desk.
//! **Invariant:** what is shown can be personal, so nobody is shown what is for a customer whose id anybody could type: a user id counts only with
//! a signature of the company's server over it; an anonymous id is as good as a secret and must be as long as one. What is reported goes by a
//! token that only showing gives. Websites that are not on the list get nothing.

pub mod secret;

use super::{Setup, click};
use crate::channel::{About, Envelope, Report, Reported};
use crate::daemon::arrival::{Identifier, IdentifierKind};
use crate::daemon::tokens::{Sealed, Tokens};
use axum::body::Bytes;
use axum::extract::State;
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_MAX_AGE, AUTHORIZATION,
    CACHE_CONTROL, CONTENT_TYPE, HOST, ORIGIN, VARY,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use ring::hmac;
use serde_json::{Value as Json, json};
use std::fmt;
use std::sync::Arc;

pub const SHOW_PATH: &str = "/web/v1/show";
pub const REPORT_PATH: &str = "/web/v1/report";
pub const SCRIPT_PATH: &str = "/web/onward.js";
/// Messages in one answer.
pub const SHOWN_MAX: usize = 10;
/// Websites that may ask.
pub const ORIGINS_MAX: usize = 100;
/// An anonymous id has at least so many characters: shorter ones can be guessed.
pub const ANONYMOUS_MIN: usize = 16;
/// Bytes of an id.
const ID_MAX: usize = 256;
/// Bytes of the secret that ids are signed with.
pub const SECRET_MIN: usize = 16;

const SCRIPT: &str = include_str!("html/onward.js");

/// Who may ask, and how they show it.
#[derive(Clone)]
pub struct Web {
    /// Whether this key may send from a browser.
    pub key: Arc<dyn Fn(&str) -> bool + Send + Sync>,
    origins: Arc<[String]>,
    signing: Option<Arc<hmac::Key>>,
}

impl Web {
    /// `origins` as browsers write them: `https://shop.example`, without a path. `secret` is what the company's server signs user ids with.
    /// The error says which value is wrong.
    pub fn new(key: Arc<dyn Fn(&str) -> bool + Send + Sync>, origins: Vec<String>, secret: Option<&[u8]>) -> Result<Web, String> {
        if origins.len() > ORIGINS_MAX {
            return Err(format!("at most {ORIGINS_MAX} websites can ask what to show; these are {}", origins.len()));
        }
        for origin in &origins {
            let host = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
            if host.is_none_or(|host| host.is_empty() || host.contains(['/', '?', '#', '*', ' '])) || *origin != origin.to_lowercase() {
                return Err(format!("`{origin}` is not the address of a website as browsers say it; write it like https://shop.example"));
            }
        }
        if secret.is_some_and(|secret| secret.len() < SECRET_MIN) {
            return Err(format!("the secret that user ids are signed with has less than {SECRET_MIN} bytes"));
        }
        let signing = secret.map(|secret| Arc::new(hmac::Key::new(hmac::HMAC_SHA256, secret)));
        Ok(Web { key, origins: origins.into(), signing })
    }

    /// What the company's server makes of a user id, in hexadecimal; `None` where no secret is set.
    pub fn sign(&self, user: &str) -> Option<String> {
        let signature = hmac::sign(self.signing.as_ref()?, user.as_bytes());
        Some(signature.as_ref().iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// The website that asks, if it may. Ourselves we may always; who says no website is no browser, and CORS is not about it.
    fn origin(&self, headers: &HeaderMap) -> Result<Option<HeaderValue>, ()> {
        let Some(origin) = headers.get(ORIGIN) else { return Ok(None) };
        let text = origin.to_str().map_err(|_| ())?;
        let host = headers.get(HOST).and_then(|host| host.to_str().ok());
        let ours = text.split_once("://").is_some_and(|(_, name)| Some(name) == host);
        (ours || self.origins.iter().any(|known| known == text)).then(|| Some(origin.clone())).ok_or(())
    }
}

impl fmt::Debug for Web {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Web").field("origins", &self.origins).finish_non_exhaustive()
    }
}

/// The script that websites embed.
pub(super) async fn script() -> Response {
    let headers: [(HeaderName, &str); 3] = [
        (CONTENT_TYPE, "text/javascript; charset=utf-8"),
        (CACHE_CONTROL, "public, max-age=3600"),
        (HeaderName::from_static("cross-origin-resource-policy"), "cross-origin"),
    ];
    (headers, SCRIPT).into_response()
}

/// What browsers ask before they send JSON to another site.
pub(super) async fn preflight(State(setup): State<Setup>, headers: HeaderMap) -> Response {
    let Some(web) = &setup.web else { return refused(StatusCode::NOT_FOUND, "there is no web channel here") };
    let Ok(origin) = web.origin(&headers) else { return refused(StatusCode::FORBIDDEN, "this website is not on the list") };
    let allow: [(HeaderName, &str); 3] = [
        (ACCESS_CONTROL_ALLOW_METHODS, "POST"),
        (ACCESS_CONTROL_ALLOW_HEADERS, "authorization, content-type"),
        (ACCESS_CONTROL_MAX_AGE, "600"),
    ];
    allowed((StatusCode::NO_CONTENT, allow).into_response(), origin)
}

pub(super) async fn show(
    State(setup): State<Setup>,
    headers: HeaderMap,
    body: Result<Bytes, axum::extract::rejection::BytesRejection>,
) -> Response {
    let (web, said, origin) = match opened(&setup, &headers, body) {
        Ok(opened) => opened,
        Err(answer) => return *answer,
    };
    let answer = match visitor(web, &said) {
        Ok(visitor) => {
            let shown = setup.desk.showing(visitor).await;
            let shown: Vec<Json> = shown.iter().take(SHOWN_MAX).filter_map(|envelope| one(&setup.tokens, envelope)).collect();
            ([(CONTENT_TYPE, "application/json")], json!({ "show": shown }).to_string()).into_response()
        }
        Err(reason) => refused(StatusCode::FORBIDDEN, reason),
    };
    allowed(answer, origin)
}

pub(super) async fn report(
    State(setup): State<Setup>,
    headers: HeaderMap,
    body: Result<Bytes, axum::extract::rejection::BytesRejection>,
) -> Response {
    let (_, said, origin) = match opened(&setup, &headers, body) {
        Ok(opened) => opened,
        Err(answer) => return *answer,
    };
    allowed(reported(&setup, &said).await, origin)
}

async fn reported(setup: &Setup, said: &Json) -> Response {
    let Some(Sealed::Shown { message }) = said["token"].as_str().and_then(|token| setup.tokens.unseal(token)) else {
        return refused(StatusCode::NOT_FOUND, "the token is none that showing gave");
    };
    let url = || said["url"].as_str().filter(|url| click::target(url).is_some()).map(str::to_owned);
    let what = match said["what"].as_str() {
        Some("seen") => Reported::Seen,
        Some("clicked") => Reported::Clicked { url: url(), by_machine: false },
        Some("dismissed") => Reported::Dismissed,
        _ => return refused(StatusCode::BAD_REQUEST, "`what` is one of seen, clicked, dismissed"),
    };
    match setup.desk.report(vec![Report { id: None, about: About::Message(message), what, at: None }]).await {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(full) => super::busy(&super::texts::ENGLISH, full),
    }
}

/// What both requests have in common: a website that may ask, a key, JSON. Also as `text/plain`, which browsers send without asking first.
#[allow(clippy::type_complexity, reason = "the three things that every request has")]
fn opened<'a>(
    setup: &'a Setup,
    headers: &HeaderMap,
    body: Result<Bytes, axum::extract::rejection::BytesRejection>,
) -> Result<(&'a Web, Json, Option<HeaderValue>), Box<Response>> {
    let no = |status, why| Err(Box::new(refused(status, why)));
    let Some(web) = &setup.web else { return no(StatusCode::NOT_FOUND, "there is no web channel here") };
    let Ok(origin) = web.origin(headers) else { return no(StatusCode::FORBIDDEN, "this website is not on the list") };
    let no = |status, why| Err(Box::new(allowed(refused(status, why), origin.clone())));
    let Ok(body) = body else { return no(StatusCode::PAYLOAD_TOO_LARGE, "the request is too large") };
    let Ok(said) = serde_json::from_slice::<Json>(&body) else { return no(StatusCode::BAD_REQUEST, "the request is not JSON") };
    let bearer = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()).and_then(|value| value.strip_prefix("Bearer "));
    // Where no key was ever made none is needed: who decides is asked in any case.
    match (web.key)(bearer.or_else(|| said["key"].as_str()).unwrap_or_default()) {
        true => Ok((web, said, origin)),
        false => no(StatusCode::UNAUTHORIZED, "the key is missing or not valid"),
    }
}

/// Who visits. The user id counts only with its signature.
fn visitor(web: &Web, said: &Json) -> Result<Vec<Identifier>, &'static str> {
    let text = |name: &str| said[name].as_str().filter(|id| !id.is_empty());
    let mut visitor = Vec::new();
    if let Some(user) = text("userId") {
        let signing = web.signing.as_ref().ok_or("user ids are not taken here: no secret is set to sign them with")?;
        let signature = text("signature").and_then(unhex).ok_or("a user id needs the `signature` that your server makes of it")?;
        hmac::verify(signing, user.as_bytes(), &signature).map_err(|_| "the `signature` does not fit the user id")?;
        visitor.push(Identifier { kind: IdentifierKind::User, value: user.to_owned() });
    }
    if let Some(anonymous) = text("anonymousId") {
        if anonymous.chars().count() < ANONYMOUS_MIN {
            return Err("an `anonymousId` has at least 16 characters");
        }
        visitor.push(Identifier { kind: IdentifierKind::Anonymous, value: anonymous.to_owned() });
    }
    match visitor.iter().any(|id| id.value.len() > ID_MAX) {
        true => Err("an id is longer than 256 bytes"),
        false if visitor.is_empty() => Err("say who visits: `anonymousId`, or `userId` with its `signature`"),
        false => Ok(visitor),
    }
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let bytes = text.as_bytes().chunks(2);
    bytes.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok().filter(|pair| pair.len() == 2)?, 16).ok()).collect()
}

/// One message as JSON. A link that is none of the web is left out.
fn one(tokens: &Tokens, envelope: &Envelope) -> Option<Json> {
    let token = tokens.seal(&Sealed::Shown { message: envelope.id.clone() })?;
    let link = Some(envelope.part("link")).filter(|link| click::target(link).is_some());
    let form = if envelope.part("form") == "pop-up" { "pop-up" } else { "banner" };
    let (headline, body) = (envelope.part("headline"), envelope.part("body"));
    let (channel, language) = (&envelope.channel, &envelope.language);
    Some(
        json!({ "token": token, "channel": channel, "form": form, "headline": headline, "body": body, "link": link, "language": language }),
    )
}

fn refused(status: StatusCode, why: &str) -> Response {
    (status, [(CONTENT_TYPE, "application/json")], json!({ "error": why }).to_string()).into_response()
}

/// Says to the browser that this website may read the answer.
fn allowed(mut answer: Response, origin: Option<HeaderValue>) -> Response {
    let headers = answer.headers_mut();
    headers.insert(VARY, HeaderValue::from_static("origin"));
    headers.insert(HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("cross-origin"));
    if let Some(origin) = origin {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    }
    answer
}
