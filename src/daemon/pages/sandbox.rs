//! The sandbox's inbox: what was caught, as a telephone or a mail program would show it, and buttons that do what a customer would.
//!
//! In: a [`Tray`], requests. Out: pages, and [`Report`]s to the desk. **Invariant:** a mail is shown in a frame of its own without scripts, and its
//! open picture is not fetched; a form of another site acts for nobody. For who runs the project: to be reached by them only. Knows no customer.

mod show;

use super::web::Web;
use super::{BODY_MAX, click, guarded, machine, notice, page, texts};
use crate::calendar::Zone;
use crate::channel::sandbox::{LOOK_MAX, Look, Note, Tray};
use crate::channel::{About, Report, Reported};
use crate::daemon::Desk;
use crate::daemon::tokens::Tokens;
use askama::Template;
use axum::Router;
use axum::extract::rejection::{FormRejection, QueryRejection};
use axum::extract::{DefaultBodyLimit, Form, Path, Query, State};
use axum::http::header::{CONTENT_SECURITY_POLICY, ETAG, HeaderName, HeaderValue, IF_NONE_MATCH, LOCATION, X_FRAME_OPTIONS};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Messages on one page.
const PAGE: usize = 50;
/// Characters of a reply.
const REPLY_MAX: usize = 2_000;
/// As [`super::POLICY`], with our own script that looks for new messages, and frames of ours.
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; connect-src 'self'; frame-src 'self'; \
                      form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
/// Of a mail in its frame: it may look as it wants and open links in a new tab, and do nothing else.
const MAIL_POLICY: &str = "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; img-src https: http: data:; \
                           style-src 'unsafe-inline' https:; font-src https: data:; form-action 'none'; frame-ancestors 'self'";

/// What the inbox needs.
#[derive(Clone)]
pub struct Inbox {
    pub desk: Arc<dyn Desk>,
    pub tray: Arc<dyn Tray>,
    /// To show where a click page of ours leads.
    pub tokens: Arc<Tokens>,
    /// In which times are shown.
    pub zone: Zone,
    /// To try out what websites show, also for a customer.
    pub web: Option<Web>,
}

pub fn router(inbox: Inbox) -> Router {
    Router::new()
        .route("/sandbox", get(list))
        .route("/sandbox/web", get(website))
        .route("/sandbox/{id}", get(one))
        .route("/sandbox/{id}/mail", get(mail))
        .route("/sandbox/{id}/act", post(act))
        .layer(DefaultBodyLimit::max(BODY_MAX))
        .layer(axum::middleware::map_response(guarded))
        .with_state(inbox)
}

/// What the list is asked for. Numbers that are none are not looked at.
#[derive(Debug, Default, serde::Deserialize)]
struct Asked {
    #[serde(default)]
    channel: String,
    #[serde(default)]
    contact: String,
    #[serde(default)]
    before: String,
}

struct Row {
    note: Note,
    /// `SMS`, for the badge.
    kind: &'static str,
    at: String,
}

#[derive(Template)]
#[template(path = "inbox.html")]
struct List<'a> {
    rows: Vec<Row>,
    channels: BTreeSet<String>,
    channel: &'a str,
    contact: &'a str,
    kept: usize,
    /// The address of the page with older ones.
    older: Option<String>,
    /// The first page looks for new messages by itself.
    live: bool,
}

async fn list(State(inbox): State<Inbox>, asked: Result<Query<Asked>, QueryRejection>, headers: HeaderMap) -> Response {
    let asked = asked.map(|Query(asked)| asked).unwrap_or_default();
    let some = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
    let before = asked.before.parse().ok();
    // One more than is shown tells whether there is an older page.
    let look = Look { channel: some(&asked.channel), address: some(&asked.contact), before, count: PAGE + 1 };
    let mut notes = inbox.tray.list(&look);
    let newest = inbox.tray.list(&Look { count: LOOK_MAX, ..Look::default() });
    let more = notes.len() > PAGE;
    notes.truncate(PAGE);
    let tag = format!("\"{}-{}\"", newest.first().map_or(0, |note| note.number), notes.len());
    if headers.get(IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == tag.as_bytes()) {
        return StatusCode::NOT_MODIFIED.into_response();
    }
    let older = notes.last().filter(|_| more).map(|last| {
        let query = [("channel", asked.channel.as_str()), ("contact", asked.contact.as_str()), ("before", &last.number.to_string())];
        let query: Vec<String> = query.iter().map(|(name, value)| format!("{name}={}", escaped(value))).collect();
        format!("/sandbox?{}", query.join("&"))
    });
    let mut channels: BTreeSet<String> = newest.into_iter().map(|note| note.channel).collect();
    channels.extend(some(&asked.channel));
    let rows = notes.into_iter().map(|note| Row { kind: show::kind(note.kind), at: show::time(inbox.zone, note.at), note }).collect();
    let template = List {
        rows,
        channels,
        channel: asked.channel.trim(),
        contact: asked.contact.trim(),
        kept: inbox.tray.kept(),
        older,
        live: before.is_none(),
    };
    let mut answer = with_policy(page(StatusCode::OK, &template), POLICY);
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        answer.headers_mut().insert(ETAG, tag);
    }
    answer
}

async fn one(State(inbox): State<Inbox>, Path(id): Path<String>, Query(query): Query<Vec<(String, String)>>) -> Response {
    let done = query.iter().find(|(name, _)| name == "done").map(|(_, what)| what.as_str());
    let caught = match inbox.tray.get(&id) {
        Ok(Some(caught)) => caught,
        Ok(None) => return not_there(),
        Err(error) => return unreadable(&error),
    };
    with_policy(page(StatusCode::OK, &show::Message::new(&inbox, &caught, done)), POLICY)
}

/// A website with the script of the web channel, to try it out.
#[derive(Template)]
#[template(path = "website.html")]
struct Website<'a> {
    known: bool,
    key: &'a str,
    user: &'a str,
    signature: String,
    anonymous: &'a str,
}

async fn website(State(inbox): State<Inbox>, query: Result<Query<Vec<(String, String)>>, QueryRejection>) -> Response {
    let query = query.map(|Query(query)| query).unwrap_or_default();
    let field = |name: &str| query.iter().find(|(field, _)| field == name).map_or("", |(_, value)| value.trim());
    let (user, anonymous) = (field("user"), field("anonymous"));
    let signature = inbox.web.as_ref().and_then(|web| web.sign(user)).unwrap_or_default();
    let template = Website { known: inbox.web.is_some(), key: field("key"), user, signature, anonymous };
    with_policy(page(StatusCode::OK, &template), POLICY)
}

/// The mail itself, for the frame.
async fn mail(State(inbox): State<Inbox>, Path(id): Path<String>) -> Response {
    match inbox.tray.get(&id) {
        Ok(Some(caught)) => {
            let mut html = caught.envelope.part("html").to_owned();
            // To look at a mail here is not to open it: there is a button for that.
            if let Some(picture) = &caught.envelope.links.open {
                html = html.replace(picture.as_str(), "data:,");
            }
            framed(&html)
        }
        Ok(None) => not_there(),
        Err(error) => unreadable(&error),
    }
}

/// A mail's HTML as a frame of ours shows it: its links open beside our page.
pub(super) fn framed(html: &str) -> Response {
    let mut answer = with_policy(Html(super::view::opening_beside(html)).into_response(), MAIL_POLICY);
    answer.headers_mut().insert(X_FRAME_OPTIONS, HeaderValue::from_static("SAMEORIGIN"));
    answer
}

/// Does what a customer, or her provider, would do.
async fn act(
    State(inbox): State<Inbox>,
    Path(id): Path<String>,
    headers: HeaderMap,
    form: Result<Form<Vec<(String, String)>>, FormRejection>,
) -> Response {
    if !machine::same_site(&headers) {
        return super::elsewhere(&texts::ENGLISH);
    }
    match inbox.tray.get(&id) {
        Ok(Some(_)) => {}
        Ok(None) => return not_there(),
        Err(error) => return unreadable(&error),
    }
    let fields = form.map(|Form(fields)| fields).unwrap_or_default();
    let field = |name: &str| fields.iter().find(|(field, _)| field == name).map_or("", |(_, value)| value.trim());
    let (what, done) = match field("what") {
        "delivered" => (Reported::Delivered, "delivered"),
        "opened" => (Reported::Opened { by_machine: false }, "opened"),
        "clicked" if click::target(field("url")).is_some() => {
            (Reported::Clicked { url: Some(field("url").to_owned()), by_machine: false }, "clicked")
        }
        "unsubscribed" => (Reported::Unsubscribed, "unsubscribed"),
        "replied" if !field("text").is_empty() => (Reported::Replied(field("text").chars().take(REPLY_MAX).collect()), "replied"),
        "bounced" => (Reported::Bounced { hard: true }, "bounced"),
        "complained" => (Reported::Complained, "complained"),
        _ => return notice(StatusCode::BAD_REQUEST, &texts::ENGLISH, "Nothing was done", "This is not something a customer can do here."),
    };
    match inbox.desk.report(vec![Report { id: None, about: About::Message(id.clone()), what, at: None }]).await {
        Ok(()) => (StatusCode::SEE_OTHER, [(LOCATION, format!("/sandbox/{}?done={done}", escaped(&id)))]).into_response(),
        Err(full) => super::busy(&texts::ENGLISH, full),
    }
}

fn not_there() -> Response {
    let t = &texts::ENGLISH;
    notice(StatusCode::NOT_FOUND, t, "This message is not here", "The sandbox keeps the newest messages only.")
}

fn unreadable(error: &std::io::Error) -> Response {
    tracing::error!(%error, "the sandbox cannot be read");
    let t = &texts::ENGLISH;
    notice(StatusCode::INTERNAL_SERVER_ERROR, t, "The sandbox cannot be read", "Its folder may be broken; the log says why.")
}

fn with_policy(mut answer: Response, policy: &'static str) -> Response {
    answer.headers_mut().insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    let opener = HeaderName::from_static("cross-origin-opener-policy");
    answer.headers_mut().insert(opener, HeaderValue::from_static("same-origin"));
    answer
}

/// Percent-encoded, for a place in an address.
fn escaped(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
            _ => format!("%{byte:02X}"),
        })
        .collect()
}
