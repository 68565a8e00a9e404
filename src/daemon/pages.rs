//! Pages: what customers see in a browser, and the sandbox's inbox.
//!
//! In: requests with a token of ours. Out: pages, redirects, and what people said, to the [`Desk`]. **Invariant:** what only looks (`GET`,
//! `HEAD`) changes nothing about a customer; everything shown is escaped by its template, and no page of ours runs a script or a style that it
//! carries itself; an answer tells nobody whether somebody is known. Knows no store and no plan.

pub mod assets;
pub mod click;
mod leave;
pub mod links;
pub mod machine;
mod preferences;
mod recorder;
pub mod sandbox;
pub mod survey;
pub mod texts;
mod view;
pub mod web;

pub use recorder::Recorder;

use crate::channel::Task;
use crate::daemon::tokens::Tokens;
use crate::daemon::{Busy, CustomerNo, Desk, Reader};
use crate::value::Reading;
use askama::Template;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName, HeaderValue, REFERRER_POLICY, RETRY_AFTER, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use std::sync::Arc;
use texts::{Texts, spoken};

/// Bytes of a request to a page.
pub const BODY_MAX: usize = 64 * 1024;

/// Of every page that says nothing else: our own style sheet and pictures, forms to ourselves, in nobody's frame.
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// What the pages need.
#[derive(Clone)]
pub struct Setup {
    pub desk: Arc<dyn Desk>,
    pub tokens: Arc<Tokens>,
    pub recorder: Recorder,
    /// The surveys of the plan that runs, by name.
    pub surveys: Surveys,
    /// How people write times and numbers in the answers to surveys.
    pub reading: Reading,
    /// `None`: nothing is shown on websites.
    pub web: Option<web::Web>,
}

/// A survey by its name; `None` where the project has none of it (any more).
pub type Surveys = Arc<dyn Fn(&str) -> Option<survey::Asked> + Send + Sync>;

/// All pages that customers come to by links in their messages. The sandbox is apart: [`sandbox::router`].
pub fn router(setup: Setup) -> Router {
    Router::new()
        .route("/u/{token}", get(leave::ask).post(leave::leave))
        .route("/leave", get(leave::form).post(leave::by_address))
        .route("/confirm/{token}", get(leave::ask_confirm).post(leave::confirm))
        .route("/p/{token}", get(preferences::show).post(preferences::save))
        .route("/c/{token}", get(click::follow))
        .route("/o/{token}", get(click::opened))
        .route("/v/{token}", get(view::show))
        .route("/v/{token}/mail", get(view::mail))
        .route("/s/{token}", get(survey::ask).post(survey::answer))
        .route(web::SHOW_PATH, post(web::show).options(web::preflight))
        .route(web::REPORT_PATH, post(web::report).options(web::preflight))
        .route(web::SCRIPT_PATH, get(web::script))
        .merge(assets::router())
        .layer(DefaultBodyLimit::max(BODY_MAX))
        .layer(axum::middleware::map_response(guarded))
        .with_state(setup)
}

/// The headers that every answer has.
async fn guarded(mut answer: Response) -> Response {
    const ALWAYS: [(HeaderName, &str); 7] = [
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "no-referrer"),
        (X_FRAME_OPTIONS, "DENY"),
        (CONTENT_SECURITY_POLICY, POLICY),
        (CACHE_CONTROL, "no-store"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (HeaderName::from_static("x-robots-tag"), "noindex"),
    ];
    for (name, value) in ALWAYS {
        answer.headers_mut().entry(name).or_insert(HeaderValue::from_static(value));
    }
    answer
}

/// A page from its template.
fn page(status: StatusCode, template: &impl Template) -> Response {
    match template.render() {
        Ok(text) => (status, Html(text)).into_response(),
        Err(error) => {
            tracing::error!(%error, "a page could not be made");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// A page that only says something.
#[derive(Template)]
#[template(path = "notice.html")]
struct Notice<'a> {
    t: &'static Texts,
    project: &'a str,
    title: &'a str,
    lead: &'a str,
    /// An address of ours and its text.
    link: Option<(&'a str, &'a str)>,
    good: bool,
}

fn notice(status: StatusCode, t: &'static Texts, title: &str, lead: &str) -> Response {
    page(status, &Notice { t, project: "", title, lead, link: None, good: false })
}

/// The link is none of ours, or what it led to is gone.
fn gone(headers: &HeaderMap) -> Response {
    let t = spoken(None, headers);
    notice(StatusCode::NOT_FOUND, t, t.gone_title, t.gone_lead)
}

/// A form that another site sent.
fn elsewhere(t: &'static Texts) -> Response {
    notice(StatusCode::FORBIDDEN, t, t.elsewhere_title, t.elsewhere_lead)
}

/// Nothing was taken: people are asked to try again, programs are told when.
fn busy(t: &'static Texts, busy: Busy) -> Response {
    let status = if busy.out_of_room { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::TOO_MANY_REQUESTS };
    let mut answer = notice(status, t, t.busy_title, t.busy_lead);
    let seconds = busy.retry_after.as_secs().max(1);
    answer.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    answer
}

/// Who reads, and the texts in her language. Somebody who is not there any more gets pages, too: they tell nobody that she is not.
async fn reading(setup: &Setup, customer: CustomerNo, headers: &HeaderMap) -> (Option<Reader>, &'static Texts) {
    let asking: Task<'_, Option<Reader>> = setup.desk.reader(customer);
    let reader = asking.await;
    let t = spoken(reader.as_ref().and_then(|reader| reader.language.as_deref()), headers);
    (reader, t)
}

/// The project's name, for the head of a page.
fn project(reader: Option<&Reader>) -> &str {
    reader.map_or("", |reader| reader.project.as_str())
}

/// A topic as people read it.
fn titled(reader: Option<&Reader>, topic: &str) -> String {
    let known = reader.and_then(|reader| reader.topics.iter().find(|one| one.name == topic));
    known.map_or(topic, |one| one.title.as_str()).to_owned()
}
