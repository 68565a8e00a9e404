//! The preference centre: topics, channels, language, and leaving all.
//!
//! In: the token of a message, a form. Out: what differs from what holds, to the desk. **Invariant:** only what the form showed is changed, so a
//! page that stood open for a month does not undo what is newer than it; a form of another site changes nothing.

use super::texts::own_name;
use super::{Setup, Texts, busy, elsewhere, gone, machine, page, reading};
use crate::daemon::tokens::Sealed;
use crate::daemon::{CustomerNo, Reader, Said};
use askama::Template;
use axum::extract::rejection::FormRejection;
use axum::extract::{Form, Path, RawQuery, State};
use axum::http::header::LOCATION;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};

/// Fields of one form; what stands behind them is not looked at.
const FIELDS_MAX: usize = 2_000;

#[derive(Template)]
#[template(path = "preferences.html")]
struct Preferences<'a> {
    t: &'static Texts,
    project: &'a str,
    reader: &'a Reader,
    /// Her languages: code, name, whether it is the one.
    languages: Vec<(&'a str, &'a str, bool)>,
    said: &'a str,
}

pub(super) async fn show(State(setup): State<Setup>, Path(token): Path<String>, RawQuery(query): RawQuery, headers: HeaderMap) -> Response {
    let Some(customer) = whose(&setup, &token) else { return gone(&headers) };
    let (reader, t) = reading(&setup, customer, &headers).await;
    let Some(reader) = reader else { return gone(&headers) };
    let said = match query.as_deref() {
        Some("saved") => t.prefs_saved,
        Some("left") => t.prefs_none_done,
        _ => "",
    };
    let current = reader.language.as_deref();
    let languages = reader.languages.iter().map(|code| (code.as_str(), own_name(code), Some(code.as_str()) == current)).collect();
    page(StatusCode::OK, &Preferences { t, project: &reader.project, reader: &reader, languages, said })
}

pub(super) async fn save(
    State(setup): State<Setup>,
    Path(token): Path<String>,
    headers: HeaderMap,
    form: Result<Form<Vec<(String, String)>>, FormRejection>,
) -> Response {
    let Some(customer) = whose(&setup, &token) else { return gone(&headers) };
    let (reader, t) = reading(&setup, customer, &headers).await;
    let Some(reader) = reader else { return gone(&headers) };
    if !machine::same_site(&headers) {
        return elsewhere(t);
    }
    let Ok(Form(mut fields)) = form else { return StatusCode::BAD_REQUEST.into_response() };
    fields.truncate(FIELDS_MAX);
    let all = fields.iter().any(|(name, _)| name == "leave-all");
    let said = if all { vec![Said::LeaveAll] } else { changes(&reader, &fields) };
    if !said.is_empty()
        && let Err(full) = setup.desk.tell(customer, said).await
    {
        return busy(t, full);
    }
    // A reload of what follows does not send the form again.
    let to = format!("/p/{token}?{}", if all { "left" } else { "saved" });
    (StatusCode::SEE_OTHER, [(LOCATION, to)]).into_response()
}

/// What the form says differently from what holds.
fn changes(reader: &Reader, fields: &[(String, String)]) -> Vec<Said> {
    let has = |name: &str, value: &str| fields.iter().any(|(field, with)| field == name && with == value);
    let mut said = Vec::new();
    for topic in &reader.topics {
        let yes = has("topic", &topic.name);
        if has("topic-shown", &topic.name) && yes != topic.subscribed {
            said.push(Said::Subscribe { topic: topic.name.clone(), yes });
        }
    }
    for channel in &reader.channels {
        let yes = !has("channel", &channel.name);
        if has("channel-shown", &channel.name) && yes != channel.suppressed {
            said.push(Said::Suppress { channel: channel.name.clone(), yes });
        }
    }
    let chosen = fields.iter().find(|(name, _)| name == "language").map(|(_, value)| value);
    if let Some(language) = chosen.filter(|language| reader.languages.contains(language) && reader.language.as_ref() != Some(language)) {
        said.push(Said::Language(language.clone()));
    }
    said
}

fn whose(setup: &Setup, token: &str) -> Option<CustomerNo> {
    match setup.tokens.unseal(token) {
        Some(Sealed::Leave { customer, .. }) => Some(customer),
        _ => None,
    }
}
