//! What a message says, channel by channel and language by language.
//!
//! In: the contents of a message. Out: [`Variant`]s with compiled templates. **Invariant:** a variant has every part that its channel
//! cannot do without, no part twice, and what everybody else gets is there for every channel. Does not know who sends the message.

use super::checked::Variant;
use super::message::Cx;
use super::problem::{after, problems};
use crate::ast;
use crate::ast::ContentBody;
use crate::diagnostic::{Code, Edit, Fix, suggest};
use crate::schema::{ChannelId, ChannelKind};
use crate::source::{Place, Span};
use crate::template::{Piece, Template};
use crate::value::Text;

/// Most characters of a subject (RFC 5322 allows a line of 998 bytes; no program shows so much).
const SUBJECT_MAX: usize = 255;

problems! {
    /// `email { subjct "…" }`
    PartUnknown { channel: String, part: String, parts: String, fix: Option<Fix> } = Code::new("E0400", "unknown-part");
        "{channel} has no part `{part}`", "its parts are {parts}", "write one of them, or take this line out";

    /// `email { subject "…" }` without a text.
    PartMissing { channel: String, part: &'static str, fix: Option<Fix> } = Code::new("E0401", "part-missing");
        "this {channel} has no `{part}`", "nobody could read it like this", "add a line `{part} \"…\"`";

    /// `subject` twice.
    PartTwice { part: String, other: Option<(Place, &'static str)>, fix: Option<Fix> } = Code::new("E0402", "part-twice");
        "`{part}` is written twice", "only one can be shown", "take one of the two out";

    /// `email` twice in one language.
    VariantTwice { channel: String, language: String, other: Option<(Place, &'static str)> } = Code::new("E0403", "content-twice");
        "there is content for {channel}{language} twice", "which of the two would be sent?", "take one of the two out, or write one of them for another language: `{channel} in \"en\"`";

    /// `email in "en"` only.
    NoDefaultContent { channel: String, fix: Option<Fix> } = Code::new("E0404", "content-for-everybody-else");
        "there is no {channel} for customers with another language", "only the languages named here would get it",
        "write the content that everybody else gets without `in \"…\"`";

    /// A subject that no mail program shows.
    SubjectTooLong { count: String } = Code::new("E0406", "subject-too-long");
        "this subject has {count} characters, and 255 are the most", "nobody would see its end", "say it shorter; the `preheader` and the text have room for the rest";

    /// `email "…"` where parts are needed.
    NeedsParts { channel: String, example: &'static str } = Code::new("E0405", "needs-parts");
        "{channel} is made of parts", "this is one text", "write for example `{example}`";

    /// `email in "english"`
    NotALanguage { written: String } = Code::new("E0407", "not-a-language");
        "\"{written}\" is no language", "a language is written as its code", "write for example `in \"en\"` or `in \"th\"`";

    /// `in "en"` where customers have no language.
    NobodyHasALanguage {} = Code::new("W0408", "nobody-has-a-language");
        "nobody will ever get this", "the customer has no field of the type language", "add `language language = \"th\"` to the customer";

    /// Nothing to send.
    NoContent { message: String } = Code::new("E0409", "no-content");
        "`{message}` says nothing", "it has no content for any channel", "add content, for example `sms \"…\"`";
}

/// What a kind of channel is made of.
struct Parts {
    required: &'static [&'static str],
    optional: &'static [&'static str],
    /// Parts that this version cannot send yet.
    later: &'static [&'static str],
    /// Further parts may have any name.
    open: bool,
    /// The part that `sms "…"` fills.
    one_text: Option<&'static str>,
    example: &'static str,
}

fn parts(kind: ChannelKind) -> Parts {
    let none = Parts { required: &[], optional: &[], later: &[], open: false, one_text: None, example: "" };
    match kind {
        ChannelKind::Email => Parts {
            required: &["subject", "text"],
            optional: &["preheader", "from", "reply to"],
            later: &["mjml", "html"],
            example: "email { subject \"…\", text \"…\" }",
            ..none
        },
        ChannelKind::Sms => Parts { required: &["text"], one_text: Some("text"), example: "sms \"…\"", ..none },
        ChannelKind::Line => Parts { required: &["text"], one_text: Some("text"), example: "line \"…\"", ..none },
        ChannelKind::Push => {
            Parts { required: &["title", "body"], optional: &["link"], example: "push { title \"…\", body \"…\" }", ..none }
        }
        ChannelKind::Inbox => {
            Parts { required: &["title", "body"], optional: &["link"], example: "inbox { title \"…\", body \"…\" }", ..none }
        }
        ChannelKind::Web => {
            Parts {
                required: &["headline", "body"], optional: &["link", "ends"], example: "web { headline \"…\", body \"…\" }", ..none
            }
        }
        ChannelKind::Task => Parts { required: &["title"], optional: &["note", "due"], example: "task { title \"…\" }", ..none },
        ChannelKind::Whatsapp => Parts { required: &["template"], open: true, example: "whatsapp { template \"…\" }", ..none },
        ChannelKind::Webhook => Parts { open: true, example: "webhook { name \"…\" }", ..none },
        ChannelKind::Print => Parts { open: true, later: &["file"], example: "print { name \"…\" }", ..none },
    }
}

/// Checks all contents of a message.
pub(super) fn check(cx: &mut Cx, message: &ast::Message) -> Vec<Variant> {
    let mut variants: Vec<Variant> = Vec::new();
    let mut doubt = false;
    let mut any = false;
    for content in &message.contents {
        match content {
            ast::Content::Channel(content) => {
                any = true;
                if let Some(variant) = variant(cx, content, &variants) {
                    variants.push(variant);
                }
            }
            ast::Content::WhenInDoubt(_, place) => {
                if doubt {
                    cx.found.push(super::header::ClauseTwice { place: *place, what: "when in doubt", other: None, fix: None });
                }
                doubt = true;
            }
            // Not content: see `super::message`.
            ast::Content::SkipWhen { .. } => {}
            ast::Content::NotYet { what, place } => {
                any = true;
                cx.not_yet(what, *place);
            }
        }
    }
    if !any && let Some(name) = &message.name {
        cx.found.push(NoContent { place: name.place, message: name.text.to_string() });
    }
    defaults(cx, message, &variants);
    variants
}

fn variant(cx: &mut Cx, content: &ast::ChannelContent, before: &[Variant]) -> Option<Variant> {
    let channel = cx.channel(&content.channel);
    let language = content.language.as_ref().and_then(|written| language(cx, written));
    let kind = channel.and_then(|channel| cx.project.channel_kind(channel));
    let parts = match (&content.body, kind) {
        (ContentBody::Text(text), Some(kind)) => one_text(cx, content, text, kind),
        (ContentBody::Parts(written), Some(kind)) => many(cx, content, written, kind),
        // The channel is not known: its templates are checked all the same.
        (ContentBody::Text(text), None) => vec![(Text::const_new("text"), cx.template(text))],
        (ContentBody::Parts(written), None) => {
            for part in written {
                value(cx, part);
            }
            Vec::new()
        }
        (ContentBody::Missing, _) => Vec::new(),
    };
    let channel = channel?;
    if content.language.is_some() && language.is_none() {
        return None;
    }
    twice(cx, content, channel, language.as_ref(), before);
    Some(Variant { channel, language, parts, place: content.place })
}

fn twice(cx: &mut Cx, content: &ast::ChannelContent, channel: ChannelId, language: Option<&Text>, before: &[Variant]) {
    let Some(first) = before.iter().find(|first| first.channel == channel && first.language.as_ref() == language) else { return };
    let language = language.map(|language| format!(" in \"{language}\"")).unwrap_or_default();
    cx.found.push(VariantTwice {
        place: content.channel.place,
        channel: content.channel.text.to_string(),
        language,
        other: Some((first.place, "the first one")),
    });
}

fn language(cx: &mut Cx, written: &ast::TextLit) -> Option<Text> {
    let code = crate::value::normal::language(&written.text).ok();
    if code.is_none() {
        cx.found.push(NotALanguage { place: written.place, written: written.text.clone() });
    } else if cx.project.schema.language.is_none() {
        cx.found.push(NobodyHasALanguage { place: written.place });
    }
    code
}

fn one_text(cx: &mut Cx, content: &ast::ChannelContent, text: &ast::TextLit, kind: ChannelKind) -> Vec<(Text, Template)> {
    let template = cx.template(text);
    let shape = parts(kind);
    match shape.one_text {
        Some(part) => vec![(Text::const_new(part), template)],
        None => {
            let channel = content.channel.text.to_string();
            cx.found.push(NeedsParts { place: text.place, channel, example: shape.example });
            Vec::new()
        }
    }
}

fn many(cx: &mut Cx, content: &ast::ChannelContent, written: &[ast::Part], kind: ChannelKind) -> Vec<(Text, Template)> {
    let shape = parts(kind);
    let channel = content.channel.text.to_string();
    let mut seen: Vec<(Text, Place)> = Vec::new();
    let mut checked = Vec::with_capacity(written.len());
    let mut later = false;
    for part in written {
        let name = part.name.text.as_str();
        if shape.later.contains(&name) || part.file {
            later = true;
            cx.not_yet(later_word(part), part.place);
            seen.push((part.name.text.clone(), part.name.place));
            continue;
        }
        let template = value(cx, part);
        if !shape.open && !shape.required.contains(&name) && !shape.optional.contains(&name) {
            part_unknown(cx, &channel, part, &shape);
            continue;
        }
        if let Some((_, first)) = seen.iter().find(|(earlier, _)| *earlier == part.name.text) {
            let fix = Some(Fix::replace("take this one out", part.place, ""));
            cx.found.push(PartTwice { place: part.name.place, part: name.to_owned(), other: Some((*first, "the first one")), fix });
            continue;
        }
        seen.push((part.name.text.clone(), part.name.place));
        if name == "subject" {
            subject(cx, part, template.as_ref());
        }
        if let Some(template) = template {
            checked.push((part.name.text.clone(), template));
        }
    }
    for required in shape.required {
        // A body that comes later stands for the text.
        let stands_in = *required == "text" && later;
        if !stands_in && !seen.iter().any(|(part, _)| part == required) {
            let fix = insert_part(content, required);
            cx.found.push(PartMissing { place: content.channel.place, channel: channel.clone(), part: required, fix });
        }
    }
    checked
}

/// What is written in a subject must have room; what is filled in is cut when it is sent.
fn subject(cx: &mut Cx, part: &ast::Part, template: Option<&Template>) {
    let written = |piece: &Piece| match piece {
        Piece::Text(text) => text.chars().count(),
        Piece::Value { .. } => 0,
    };
    let count: usize = template.map_or(0, |template| template.pieces.iter().map(written).sum());
    if count > SUBJECT_MAX {
        cx.found.push(SubjectTooLong { place: part.name.place, count: count.to_string() });
    }
}

fn later_word(part: &ast::Part) -> &'static str {
    match (part.file, part.name.text.as_str()) {
        (true, _) => "content from a file",
        (_, "mjml") => "mjml",
        (_, "html") => "html",
        _ => "this part",
    }
}

fn part_unknown(cx: &mut Cx, channel: &str, part: &ast::Part, shape: &Parts) {
    let name = part.name.text.as_str();
    let legal = || shape.required.iter().chain(shape.optional).copied();
    let fix = suggest::best(name, legal()).map(|near| Fix::replace(format!("change to `{near}`"), part.name.place, near));
    let parts = legal().map(|part| format!("`{part}`")).collect::<Vec<_>>().join(", ");
    cx.found.push(PartUnknown { place: part.name.place, channel: channel.to_owned(), part: name.to_owned(), parts, fix });
}

/// A new last part of the block.
fn insert_part(content: &ast::ChannelContent, part: &str) -> Option<Fix> {
    let ContentBody::Parts(written) = &content.body else { return None };
    let last = written.last()?;
    Some(Fix { title: format!("add `{part}`"), edits: vec![Edit { place: after(last.place), text: format!("\n    {part} \"\"") }] })
}

/// A text is a template; anything else is one value in it.
fn value(cx: &mut Cx, part: &ast::Part) -> Option<Template> {
    let value = part.value.as_ref()?;
    match &value.kind {
        ast::ExprKind::Text(text) => Some(cx.template(text)),
        ast::ExprKind::Broken => None,
        _ => cx.value_as_template(value),
    }
}

/// What everybody else gets, for every channel that has a language.
fn defaults(cx: &mut Cx, message: &ast::Message, variants: &[Variant]) {
    let mut told: Vec<ChannelId> = Vec::new();
    for content in &message.contents {
        let ast::Content::Channel(content) = content else { continue };
        // Also where the content of the default had a mistake of its own.
        let has_default = message.contents.iter().any(
            |other| matches!(other, ast::Content::Channel(other) if other.channel.text == content.channel.text && other.language.is_none()),
        );
        let Some(variant) = variants.iter().find(|variant| variant.place == content.place) else { continue };
        if !has_default && !told.contains(&variant.channel) {
            told.push(variant.channel);
            let fix = content.language.as_ref().and_then(|language| {
                // From behind the channel's name to behind the language.
                let from = content.channel.place.span.end;
                let place = Place { span: Span::new(from, language.place.span.end), ..language.place };
                (from <= language.place.span.end).then(|| Fix::replace("make it the content for everybody", place, ""))
            });
            cx.found.push(NoDefaultContent { place: content.channel.place, channel: content.channel.text.to_string(), fix });
        }
    }
}
