//! Leaving a topic, by a link in a message or by typing an address; and confirming one.
//!
//! In: tokens, addresses. Out: what she said, to the desk. **Invariant:** a `GET` asks and a `POST` acts, at once and without another question;
//! doing it twice is doing it once; an address that is typed gets the same answer whether it is known or not.

use super::texts::{fill, spoken};
use super::{Notice, Setup, Texts, busy, elsewhere, gone, machine, page, project, reading, titled};
use crate::channel::{About, Report, Reported};
use crate::daemon::tokens::Sealed;
use crate::daemon::{CustomerNo, Said};
use crate::schema::ChannelKind;
use crate::value::normal;
use askama::Template;
use axum::extract::rejection::FormRejection;
use axum::extract::{Form, Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;

/// Characters of an address that is typed.
const ADDRESS_MAX: usize = 320;

/// A question with one button.
#[derive(Template)]
#[template(path = "ask.html")]
struct Ask<'a> {
    t: &'static Texts,
    project: &'a str,
    title: &'a str,
    lead: &'a str,
    button: &'a str,
    after: &'a str,
    link: Option<(&'a str, &'a str)>,
}

#[derive(Template)]
#[template(path = "address.html")]
struct Address<'a> {
    t: &'static Texts,
    project: &'a str,
    title: &'a str,
    lead: &'a str,
    typed: &'a str,
    wrong: bool,
}

/// The page behind "unsubscribe". Scanners come here before people do, so nothing happens yet.
pub(super) async fn ask(State(setup): State<Setup>, Path(token): Path<String>, headers: HeaderMap) -> Response {
    let Some(Sealed::Leave { customer, topic, .. }) = setup.tokens.unseal(&token) else {
        return manual(StatusCode::NOT_FOUND, &headers);
    };
    let (reader, t) = reading(&setup, customer, &headers).await;
    let title = titled(reader.as_ref(), &topic);
    let with = [("topic", title.as_str())];
    let rather = format!("/p/{token}");
    let known = reader.as_ref().and_then(|reader| reader.topics.iter().find(|one| one.name == topic));
    if known.is_some_and(|topic| !topic.subscribed) {
        let lead = fill(t.already_lead, &with);
        let link = Some((rather.as_str(), t.left_back));
        return page(StatusCode::OK, &Notice { t, project: project(reader.as_ref()), title: t.left_title, lead: &lead, link, good: true });
    }
    let (title, lead) = (fill(t.leave_title, &with), fill(t.leave_lead, &with));
    let link = Some((rather.as_str(), t.leave_rather));
    let project = project(reader.as_ref());
    page(StatusCode::OK, &Ask { t, project, title: &title, lead: &lead, button: t.leave_button, after: "", link })
}

/// The button of that page, and one-click of mail programs (RFC 8058), which send `List-Unsubscribe=One-Click` from somewhere, without
/// cookies. What the body says does not matter.
pub(super) async fn leave(State(setup): State<Setup>, Path(token): Path<String>, headers: HeaderMap) -> Response {
    let Some(Sealed::Leave { customer, message, topic }) = setup.tokens.unseal(&token) else {
        return manual(StatusCode::NOT_FOUND, &headers);
    };
    let said = vec![Said::Subscribe { topic: topic.clone(), yes: false }];
    if let Err(full) = setup.desk.tell(customer, said).await {
        return busy(spoken(None, &headers), full);
    }
    // She is out. That it was this message is for its figures, and may take longer.
    let what = Reported::Unsubscribed;
    setup.recorder.note(Report { id: Some(format!("page-leave-{message}")), about: About::Message(message), what, at: None }).await;
    let (reader, t) = reading(&setup, customer, &headers).await;
    let lead = fill(t.left_lead, &[("topic", &titled(reader.as_ref(), &topic))]);
    let back = format!("/p/{token}");
    let link = Some((back.as_str(), t.left_back));
    page(StatusCode::OK, &Notice { t, project: project(reader.as_ref()), title: t.left_title, lead: &lead, link, good: true })
}

/// What a link that does not work leads to: everybody can still leave.
fn manual(status: StatusCode, headers: &HeaderMap) -> Response {
    let t = spoken(None, headers);
    page(status, &Address { t, project: "", title: t.manual_title, lead: t.manual_lead, typed: "", wrong: false })
}

pub(super) async fn form(headers: HeaderMap) -> Response {
    let t = spoken(None, &headers);
    page(StatusCode::OK, &Address { t, project: "", title: t.manual_own_title, lead: t.manual_own_lead, typed: "", wrong: false })
}

/// An address that somebody typed: nothing is sent to it any more.
pub(super) async fn by_address(
    State(setup): State<Setup>,
    headers: HeaderMap,
    form: Result<Form<Vec<(String, String)>>, FormRejection>,
) -> Response {
    let t = spoken(None, &headers);
    if !machine::same_site(&headers) {
        return elsewhere(t);
    }
    let fields = form.map(|Form(fields)| fields).unwrap_or_default();
    let typed = fields.iter().find(|(name, _)| name == "address").map_or("", |(_, value)| value.trim());
    let Some((kinds, address)) = contact(typed) else {
        let typed: String = typed.chars().take(ADDRESS_MAX).collect();
        let title = t.manual_own_title;
        return page(
            StatusCode::UNPROCESSABLE_ENTITY,
            &Address { t, project: "", title, lead: t.manual_own_lead, typed: &typed, wrong: true },
        );
    };
    let report =
        |kind: &ChannelKind| Report { id: None, about: About::Address(*kind, address.clone()), what: Reported::Suppressed(true), at: None };
    match setup.desk.report(kinds.iter().map(report).collect()).await {
        Ok(()) => super::notice(StatusCode::OK, t, t.manual_done_title, t.manual_done_lead),
        Err(full) => busy(t, full),
    }
}

/// An address in its normal form, and the channels on which it is one.
fn contact(typed: &str) -> Option<(&'static [ChannelKind], String)> {
    if typed.chars().count() > ADDRESS_MAX {
        return None;
    }
    if typed.contains('@') {
        return normal::email(typed).ok().map(|address| (&[ChannelKind::Email][..], address.to_string()));
    }
    let phone = normal::phone(typed, None).ok()?;
    Some((&[ChannelKind::Sms, ChannelKind::Whatsapp][..], phone.to_string()))
}

/// The page behind "confirm" in the mail that a double opt-in sends.
pub(super) async fn ask_confirm(State(setup): State<Setup>, Path(token): Path<String>, headers: HeaderMap) -> Response {
    let Some((customer, topic)) = asked_for(&setup, &token) else { return gone(&headers) };
    let (reader, t) = reading(&setup, customer, &headers).await;
    let title = titled(reader.as_ref(), &topic);
    let with = [("topic", title.as_str())];
    let (title, lead) = (fill(t.confirm_title, &with), fill(t.confirm_lead, &with));
    let project = project(reader.as_ref());
    page(StatusCode::OK, &Ask { t, project, title: &title, lead: &lead, button: t.confirm_button, after: t.confirm_not, link: None })
}

pub(super) async fn confirm(State(setup): State<Setup>, Path(token): Path<String>, headers: HeaderMap) -> Response {
    let Some((customer, topic)) = asked_for(&setup, &token) else { return gone(&headers) };
    let (reader, t) = reading(&setup, customer, &headers).await;
    if !machine::same_site(&headers) {
        return elsewhere(t);
    }
    let title = titled(reader.as_ref(), &topic);
    if let Err(full) = setup.desk.tell(customer, vec![Said::Confirm { topic }]).await {
        return busy(t, full);
    }
    let lead = fill(t.confirmed_lead, &[("topic", &title)]);
    let project = project(reader.as_ref());
    page(StatusCode::OK, &Notice { t, project, title: t.confirmed_title, lead: &lead, link: None, good: true })
}

fn asked_for(setup: &Setup, token: &str) -> Option<(CustomerNo, String)> {
    match setup.tokens.unseal(token) {
        Some(Sealed::Confirm { customer, topic }) => Some((customer, topic)),
        _ => None,
    }
}
