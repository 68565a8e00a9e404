//! A message in the browser.
//!
//! In: the token of a message. Out: a page with the message as it left. **Invariant:** a mail is in a frame of its own, without scripts and forms;
//! a page of ours surrounds it, never the other way round. Knows no customer.

use super::links::tags;
use super::texts::{Texts, spoken};
use super::{Setup, gone, page, sandbox};
use crate::channel::Envelope;
use crate::daemon::tokens::Sealed;
use askama::Template;
use axum::extract::{Path, State};
use axum::http::header::CONTENT_SECURITY_POLICY;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::Response;

const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; frame-src 'self'; form-action 'none'; base-uri 'none'; \
                      frame-ancestors 'none'";

#[derive(Template)]
#[template(path = "view.html")]
struct View<'a> {
    t: &'static Texts,
    lang: &'a str,
    title: &'a str,
    frame: Option<String>,
    text: &'a str,
}

pub(super) async fn show(State(setup): State<Setup>, Path(token): Path<String>, headers: HeaderMap) -> Response {
    let Some(envelope) = kept(&setup, &token).await else { return gone(&headers) };
    let t = spoken(Some(envelope.language.as_str()).filter(|language| !language.is_empty()), &headers);
    let title = ["subject", "title", "headline"].iter().map(|name| envelope.part(name)).find(|text| !text.is_empty()).unwrap_or_default();
    let text = ["text", "body"].iter().map(|name| envelope.part(name)).find(|text| !text.is_empty()).unwrap_or_default();
    let frame = (!envelope.part("html").is_empty()).then(|| format!("/v/{token}/mail"));
    let lang = if envelope.language.is_empty() { t.lang } else { &envelope.language };
    let mut answer = page(StatusCode::OK, &View { t, lang, title, frame, text });
    answer.headers_mut().insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    answer
}

/// The mail itself, for the frame.
pub(super) async fn mail(State(setup): State<Setup>, Path(token): Path<String>, headers: HeaderMap) -> Response {
    match kept(&setup, &token).await {
        Some(envelope) => sandbox::framed(envelope.part("html")),
        None => gone(&headers),
    }
}

async fn kept(setup: &Setup, token: &str) -> Option<Envelope> {
    let Some(Sealed::View { message }) = setup.tokens.unseal(token) else { return None };
    setup.desk.message(&message).await.map(|(_, envelope)| envelope)
}

/// Makes the links of a mail open in a tab of their own: in the frame, most sites refuse to be shown.
pub(super) fn opening_beside(html: &str) -> String {
    const BASE: &str = "<base target=\"_blank\">";
    let opens = |name: &str| tags::tags(html).find(|tag| !tag.closes && tag.is(name)).map(|tag| tag.place.end);
    let doctype = || {
        let start = html.len() - html.trim_start().len();
        let is_doctype = html[start..].get(..9).is_some_and(|head| head.eq_ignore_ascii_case("<!doctype"));
        is_doctype.then(|| html[start..].find('>').map_or(html.len(), |end| start + end + 1))
    };
    let at = opens("head").or_else(|| opens("html")).or_else(doctype).unwrap_or(0);
    format!("{}{BASE}{}", &html[..at], &html[at..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_base_stands_where_it_counts_and_the_doctype_stays_first() {
        for (html, expected) in [
            ("<!DOCTYPE html><html><head lang=th><title>x", "<!DOCTYPE html><html><head lang=th><base target=\"_blank\"><title>x"),
            ("<html><header>x", "<html><base target=\"_blank\"><header>x"),
            (" <!doctype html><p>x", " <!doctype html><base target=\"_blank\"><p>x"),
            ("<p>ก", "<base target=\"_blank\"><p>ก"),
            ("<!-- <head> --><p>", "<base target=\"_blank\"><!-- <head> --><p>"),
            ("", "<base target=\"_blank\">"),
        ] {
            assert_eq!(opening_beside(html), expected, "{html}");
        }
    }
}
