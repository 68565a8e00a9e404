//! One caught message, ready to be shown: what a person sees of it, its links, and everything that it carries.
//!
//! In: what was caught. Out: the values of a template. **Invariant:** texts stay texts; only addresses of the web become links.

use super::Inbox;
use crate::calendar::{Instant, Zone};
use crate::channel::Envelope;
use crate::channel::sandbox::Caught;
use crate::daemon::pages::click;
use crate::daemon::pages::links::text;
use crate::daemon::tokens::Sealed;
use crate::schema::ChannelKind;
use askama::Template;

/// Links with a button each.
const LINKS_MAX: usize = 50;

/// A piece of a text: words, or an address.
pub(super) struct Piece {
    pub text: String,
    pub link: bool,
}

pub(super) struct Link {
    /// Where it leads in the end.
    pub target: String,
    /// What it is called, for pages of ours; they count nothing, so there is no click to report.
    pub page: &'static str,
}

/// How a message is drawn.
#[derive(PartialEq)]
enum Look {
    Mail,
    Bubble,
    Push,
    Card,
    Banner,
}

#[derive(Template)]
#[template(path = "message.html")]
pub(super) struct Message<'a> {
    envelope: &'a Envelope,
    kind: &'static str,
    at: String,
    instead_of: &'a str,
    look: Look,
    title: &'a str,
    /// The text, in lines.
    lines: Vec<Vec<Piece>>,
    has_html: bool,
    links: Vec<Link>,
    /// Every part that is more than what is shown above.
    details: Vec<(&'a str, &'a str)>,
    done: &'static str,
}

impl<'a> Message<'a> {
    pub(super) fn new(inbox: &Inbox, caught: &'a Caught, done: Option<&str>) -> Message<'a> {
        let envelope = &caught.envelope;
        let first = |names: &[&str]| names.iter().map(|name| envelope.part(name)).find(|text| !text.trim().is_empty()).unwrap_or_default();
        let look = match envelope.kind {
            ChannelKind::Email => Look::Mail,
            ChannelKind::Sms | ChannelKind::Line | ChannelKind::Whatsapp => Look::Bubble,
            ChannelKind::Push => Look::Push,
            ChannelKind::Web => Look::Banner,
            _ => Look::Card,
        };
        let title = first(&["subject", "title", "headline", "template"]);
        let mut body = first(&["text", "body", "note", "message"]);
        if body.is_empty() && envelope.part("html").is_empty() && title.is_empty() {
            body = envelope.parts.first().map_or("", |(_, text)| text);
        }
        Message {
            envelope,
            kind: kind(envelope.kind),
            at: time(inbox.zone, caught.at),
            instead_of: caught.instead_of.as_deref().unwrap_or_default(),
            look,
            title,
            lines: body.lines().map(pieces).collect(),
            has_html: !envelope.part("html").trim().is_empty(),
            links: links(inbox, envelope),
            details: envelope.parts.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect(),
            done: done.map_or("", said),
        }
    }
}

/// What the page says after a button.
fn said(done: &str) -> &'static str {
    match done {
        "delivered" => "Reported as delivered.",
        "opened" => "Reported as opened.",
        "clicked" => "Reported as clicked.",
        "unsubscribed" => "Unsubscribed from the topic of this message.",
        "replied" => "The reply has arrived.",
        "bounced" => "Reported as a hard bounce: the address is suppressed.",
        "complained" => "Reported as a complaint.",
        _ => "",
    }
}

fn pieces(line: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut from = 0;
    let mut push = |text: &str, link: bool| {
        if !text.is_empty() {
            pieces.push(Piece { text: text.to_owned(), link });
        }
    };
    for found in text::addresses(line) {
        push(&line[from..found.start], false);
        push(&line[found.clone()], click::target(&line[found.clone()]).is_some());
        from = found.end;
    }
    push(&line[from..], false);
    pieces
}

/// Every address that the message leads to, each once, in their order.
fn links(inbox: &Inbox, envelope: &Envelope) -> Vec<Link> {
    let mut links: Vec<Link> = Vec::new();
    for url in crate::daemon::pages::links::found(envelope) {
        let token = url.rsplit('/').next().and_then(|token| inbox.tokens.unseal(token));
        let (target, page) = match token {
            Some(Sealed::Click { url, .. }) => (url, ""),
            Some(Sealed::Survey { .. }) => (url, "the survey"),
            Some(Sealed::Leave { .. }) => (url, "unsubscribe"),
            Some(Sealed::View { .. }) => (url, "in the browser"),
            Some(Sealed::Confirm { .. }) => (url, "confirm"),
            _ => (url, ""),
        };
        let seen = links.iter().any(|link| link.target == target);
        if !seen && click::target(&target).is_some() && links.len() < LINKS_MAX {
            links.push(Link { target, page });
        }
    }
    links
}

/// `SMS`: a kind of channel on a badge.
pub(super) fn kind(kind: ChannelKind) -> &'static str {
    match kind {
        ChannelKind::Email => "mail",
        ChannelKind::Sms => "SMS",
        ChannelKind::Push => "push",
        ChannelKind::Line => "LINE",
        ChannelKind::Whatsapp => "WhatsApp",
        ChannelKind::Web => "web",
        ChannelKind::Inbox => "inbox",
        ChannelKind::Webhook => "webhook",
        ChannelKind::Print => "print",
        ChannelKind::Task => "task",
        ChannelKind::Custom => "custom",
    }
}

pub(super) fn time(zone: Zone, at: Instant) -> String {
    zone.local(at).format("%Y-%m-%d %H:%M:%S").to_string()
}
