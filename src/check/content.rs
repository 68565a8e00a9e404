//! What a message says, channel by channel and language by language.
//!
//! In: the contents of a message. Out: [`Variant`]s with compiled templates. **Invariant:** a variant has every part that its channel
//! cannot do without, no part twice, and what everybody else gets is there for every channel. Does not know who sends the message.

mod file;
pub(super) mod markup;
pub(super) mod mjml;
mod part;
mod parts;
mod payload;

use super::checked::Variant;
use super::message::Cx;
use super::problem::{after, problems};
use crate::ast;
use crate::ast::ContentBody;
use crate::diagnostic::{Code, Edit, Fix, suggest};
use crate::schema::{ChannelId, ChannelKind};
use crate::source::{Place, Span};
use crate::template::Template;
use crate::value::Text;
pub(super) use mjml::html as html_of_mjml;
use parts::{BODIES, Holds, PartShape, Parts, parts};

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

    /// `email "…"` where parts are needed.
    NeedsParts { channel: String, example: &'static str } = Code::new("E0405", "needs-parts");
        "{channel} is made of parts", "this is one text", "write for example `{example}`";

    /// `email in "english"`
    NotALanguage { written: String } = Code::new("E0407", "not-a-language");
        "\"{written}\" is no language", "a language is written as its code", "write for example `in \"en\"` or `in \"th\"`";

    /// `in "en"` where customers have no language.
    NobodyHasALanguage {} = Code::new("W0408", "nobody-has-a-language");
        "nobody will ever get this", "the customer has no field of the type language", "add `language language = \"th\"` to the customer";

    /// `email in "en"`, and no `sms in "en"`.
    LanguageMissing { channel: String, language: String, other: Option<(Place, &'static str)> } = Code::new("W0434", "language-missing");
        "{channel} does not speak \"{language}\", and another channel of this message does", "customers with this language get this content",
        "add `{channel} in \"{language}\"`, or say why not: `## allow W0434: …`";

    /// `mjml` beside `html`.
    TwoBodies { other: Option<(Place, &'static str)>, fix: Option<Fix> } = Code::new("E0425", "two-bodies");
        "this email has an `mjml` and an `html`", "only one of them can be shown", "take one of the two out; `text` may stay for programs that show no HTML";

    /// Nothing to send.
    NoContent { message: String } = Code::new("E0409", "no-content");
        "`{message}` says nothing", "it has no content for any channel", "add content, for example `sms \"…\"`";
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
            ast::Content::Survey(..) => {}
        }
    }
    if !any && let Some(name) = &message.name {
        cx.found.push(NoContent { place: name.place, message: name.text.to_string() });
    }
    defaults(cx, message, &variants);
    languages(cx, &variants);
    surveys(cx, message, &mut variants);
    variants
}

/// The surveys of a message become a part of every content that a customer sees.
fn surveys(cx: &mut Cx, message: &ast::Message, variants: &mut [Variant]) {
    for name in super::survey::carried(cx, message) {
        let mut seen = false;
        for variant in variants.iter_mut() {
            let kind = cx.project.channel_kind(variant.channel);
            if kind.is_none_or(|kind| matches!(kind, ChannelKind::Task | ChannelKind::Print | ChannelKind::Webhook)) {
                continue;
            }
            seen = true;
            let text = ast::TextLit {
                text: name.text.to_string(),
                place: name.place,
                content: name.place,
                long: false,
                map: vec![(0, name.place.span.start)],
            };
            let template = cx.template(&text);
            variant.parts.push((Text::const_new("survey"), template));
        }
        if !seen {
            let channels: Vec<String> = variants.iter().map(|variant| cx.project.channel_name(variant.channel).to_owned()).collect();
            super::survey::nobody(cx, &name, &channels);
        }
    }
}

/// Points out a channel that lacks a language which another channel of the message has.
fn languages(cx: &mut Cx, variants: &[Variant]) {
    let mut told: Vec<(ChannelId, &Text)> = Vec::new();
    let named: Vec<&Variant> = variants.iter().filter(|variant| variant.language.is_some()).collect();
    for everybody in variants.iter().filter(|variant| variant.language.is_none()) {
        for other in &named {
            let Some(language) = &other.language else { continue };
            let has = named.iter().any(|own| own.channel == everybody.channel && own.language.as_ref() == Some(language));
            let is_ours = cx.project.channel_kind(everybody.channel) == Some(ChannelKind::Task);
            if has || is_ours || told.contains(&(everybody.channel, language)) {
                continue;
            }
            told.push((everybody.channel, language));
            let channel = cx.project.channel_name(everybody.channel).to_owned();
            cx.found.push(LanguageMissing {
                place: Place {
                    span: Span::new(everybody.place.span.start, everybody.place.span.start + channel.len() as u32),
                    ..everybody.place
                },
                channel,
                language: language.to_string(),
                other: Some((other.place, "this channel speaks it")),
            });
        }
    }
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
            for one in written {
                if let Some(value) = one.value.as_ref().filter(|_| !one.file) {
                    part::value(cx, value);
                }
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
    if kind == ChannelKind::Custom {
        let fields = cx.project.payload(&content.channel.text).to_vec();
        return payload::check(cx, &content.channel, written, &fields);
    }
    let shape = parts(kind);
    let channel = content.channel.text.to_string();
    let mut seen: Vec<(Text, Place)> = Vec::new();
    let mut checked = Vec::with_capacity(written.len());
    for one in written {
        let name = one.name.text.as_str();
        let Some(known) = shape.find(name).or(shape.open.then_some(PartShape { name: "", holds: Holds::Text, required: false })) else {
            part_unknown(cx, &channel, one, &shape);
            if let Some(value) = one.value.as_ref().filter(|_| !one.file) {
                part::value(cx, value);
            }
            continue;
        };
        if let Some((_, first)) = seen.iter().find(|(earlier, _)| *earlier == one.name.text) {
            let fix = Some(Fix::replace("take this one out", one.place, ""));
            cx.found.push(PartTwice { place: one.name.place, part: name.to_owned(), other: Some((*first, "the first one")), fix });
            continue;
        }
        seen.push((one.name.text.clone(), one.name.place));
        let may_be_file = BODIES.contains(&name) || kind == ChannelKind::Print;
        if let Some(template) = part::check(cx, one, known.holds, may_be_file) {
            checked.push((one.name.text.clone(), template));
        }
    }
    complete(cx, content, kind, &shape, &seen);
    checked
}

/// Everything that must be there is there, and one body only.
fn complete(cx: &mut Cx, content: &ast::ChannelContent, kind: ChannelKind, shape: &Parts, seen: &[(Text, Place)]) {
    let place_of = |name: &str| seen.iter().find(|(part, _)| part == name).map(|(_, place)| *place);
    let mut missing: Vec<&'static str> =
        shape.parts.iter().filter(|part| part.required && place_of(part.name).is_none()).map(|part| part.name).collect();
    if kind == ChannelKind::Email {
        if BODIES.iter().all(|body| place_of(body).is_none()) {
            missing.push("text");
        }
        if let (Some(mjml), Some(html)) = (place_of("mjml"), place_of("html")) {
            let (first, second) = if mjml < html { (mjml, html) } else { (html, mjml) };
            cx.found.push(TwoBodies { place: second, other: Some((first, "the first one")), fix: None });
        }
    }
    for part in missing {
        let fix = insert_part(content, part);
        cx.found.push(PartMissing { place: content.channel.place, channel: content.channel.text.to_string(), part, fix });
    }
}

fn part_unknown(cx: &mut Cx, channel: &str, part: &ast::Part, shape: &Parts) {
    let name = part.name.text.as_str();
    let legal = || shape.names();
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
