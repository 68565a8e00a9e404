//! What each kind of channel is made of.
//!
//! In: the kind. Out: its [`Parts`]. **Invariant:** the one list of parts, for checks, suggestions and help. Knows no message.

use crate::schema::ChannelKind;

/// What a part holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Holds {
    /// A text with values in it.
    Text,
    /// HTML or MJML: values in it are escaped.
    Markup,
    /// `Shop <hello@shop.example>`
    Address,
    /// A web address, or one that an app opens.
    Link,
    /// A date, a moment, or how long after the send.
    Moment,
    /// The name of a template that the provider has approved.
    TemplateName,
    /// A language code, as the provider writes it: `th`, `en_US`.
    Language,
    /// One of these words.
    OneOf(&'static [&'static str]),
}

#[derive(Debug, Clone, Copy)]
pub(super) struct PartShape {
    pub(super) name: &'static str,
    pub(super) holds: Holds,
    pub(super) required: bool,
}

/// What a kind of channel is made of.
pub(super) struct Parts {
    pub(super) parts: &'static [PartShape],
    /// Further parts may have any name.
    pub(super) open: bool,
    /// The part that `sms "…"` fills.
    pub(super) one_text: Option<&'static str>,
    pub(super) example: &'static str,
}

impl Parts {
    pub(super) fn find(&self, name: &str) -> Option<PartShape> {
        self.parts.iter().copied().find(|part| part.name == name)
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &'static str> {
        self.parts.iter().map(|part| part.name)
    }
}

const fn must(name: &'static str, holds: Holds) -> PartShape {
    PartShape { name, holds, required: true }
}

const fn may(name: &'static str, holds: Holds) -> PartShape {
    PartShape { name, holds, required: false }
}

/// Bodies of a mail: one of `mjml` and `html`, and a `text` for programs that show none.
pub(super) const BODIES: [&str; 3] = ["text", "mjml", "html"];

const EMAIL: [PartShape; 7] = [
    must("subject", Holds::Text),
    may("preheader", Holds::Text),
    may("mjml", Holds::Markup),
    may("html", Holds::Markup),
    may("text", Holds::Text),
    may("from", Holds::Address),
    may("reply to", Holds::Address),
];
const ONE_TEXT: [PartShape; 1] = [must("text", Holds::Text)];
const PUSH: [PartShape; 3] = [must("title", Holds::Text), must("body", Holds::Text), may("link", Holds::Link)];
const INBOX: [PartShape; 4] = [must("title", Holds::Text), must("body", Holds::Text), may("link", Holds::Link), may("ends", Holds::Moment)];
const WEB: [PartShape; 5] = [
    must("headline", Holds::Text),
    must("body", Holds::Text),
    may("link", Holds::Link),
    may("ends", Holds::Moment),
    may("form", Holds::OneOf(&["banner", "pop-up"])),
];
const TASK: [PartShape; 3] = [must("title", Holds::Text), may("note", Holds::Text), may("due", Holds::Moment)];
const WHATSAPP: [PartShape; 2] = [must("template", Holds::TemplateName), may("language", Holds::Language)];

pub(super) fn parts(kind: ChannelKind) -> Parts {
    let of = |parts, example| Parts { parts, open: false, one_text: None, example };
    match kind {
        ChannelKind::Email => of(&EMAIL, "email { subject \"…\", text \"…\" }"),
        ChannelKind::Sms => Parts { one_text: Some("text"), ..of(&ONE_TEXT, "sms \"…\"") },
        ChannelKind::Line => Parts { one_text: Some("text"), ..of(&ONE_TEXT, "line \"…\"") },
        ChannelKind::Push => of(&PUSH, "push { title \"…\", body \"…\" }"),
        ChannelKind::Inbox => of(&INBOX, "inbox { title \"…\", body \"…\" }"),
        ChannelKind::Web => of(&WEB, "web { headline \"…\", body \"…\" }"),
        ChannelKind::Task => of(&TASK, "task { title \"…\" }"),
        ChannelKind::Whatsapp => Parts { open: true, ..of(&WHATSAPP, "whatsapp { template \"…\" }") },
        ChannelKind::Webhook => Parts { open: true, ..of(&[], "webhook { name \"…\" }") },
        ChannelKind::Print => Parts { open: true, ..of(&[], "print { name \"…\" }") },
        // Its parts are declared with it: see `payload`.
        ChannelKind::Custom => Parts { open: true, ..of(&[], "{ … }") },
    }
}
