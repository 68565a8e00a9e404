//! What can be said of a message before it is filled in: what an SMS costs at least and at most, how wide a subject is, how large a mail
//! becomes, in which script it is written.
//!
//! In: contents as written, and the files that they take a body from. Out: findings only. **Invariant:** counts only what is written and not
//! what is filled in, so that the truth is never less; a text with `{% … %}`, of which only a part may be sent, is not counted. Only the
//! dearest SMS is counted with the longest that can be filled in (see `longest`).

use super::written::Written;
use super::{Proof, longest, problems};
use crate::ast::{self, ContentBody, ExprKind};
use crate::check::checked::{Message, Variant};
use crate::check::content::html_of_mjml;
use crate::diagnostic::Code;
use crate::schema::ChannelKind;
use crate::source::{Asset, Place, Sources, asset_name};
use crate::value::Value;
use std::collections::BTreeSet;
use unicode_width::UnicodeWidthChar;

/// Characters that one SMS holds, and each part of a longer one (3GPP TS 23.038 and 23.040): seven bits each, or sixteen.
const GSM_ONE: usize = 160;
const GSM_PART: usize = 153;
const UNICODE_ONE: usize = 70;
const UNICODE_PART: usize = 67;
/// Parts of an SMS from which on it is pointed out what it costs.
const PARTS_MANY: usize = 4;
/// Different characters that make an SMS dear and can be replaced without a loss.
const STRAYS_MAX: usize = 4;
/// Cells of a subject that mail programs on a wide screen show.
const SUBJECT_CELLS: usize = 70;
/// Bytes from which on the most used mail program cuts a mail off.
const MAIL_BYTES: usize = 102 * 1024;
/// Letters from which on a text is long enough to tell its script.
const LETTERS_FEW: usize = 12;

/// Of the basic set, what is not ASCII; each takes one place (3GPP TS 23.038, 6.2.1).
const GSM_MORE: &str = "£¥èéùìòÇØøÅåΔΦΓΛΩΠΨΣΘΞÆæßÉ¤¡ÄÖÑÜ§¿äöñüà";
/// Each takes two places.
const GSM_DOUBLE: &str = "^{}\\[~]|€\u{c}";
/// Of ASCII, what is in neither.
const GSM_NOT: char = '`';

problems! {
    /// A text message that costs as much as several.
    SmsDear { parts: String, room: String } = Code::new("W0930", "sms-of-many-parts");
        "this text message is sent as {parts}, and each is paid for", "as long as it is without what is filled in; {room}", "say it shorter, or send a link to the rest";

    /// A text message that costs as much as several when it is filled in.
    SmsDearAtMost { parts: String, fewer: String, why: String } = Code::new("W0935", "sms-long-when-filled-in");
        "this text message is sent as up to {parts}, and each is paid for", "written it is {fewer}; {why}", "say it shorter, or cut what is filled in: `{{{{ name | truncate: 20 }}}}`";

    /// A few typographic characters that more than double what a text message costs.
    SmsStrays { strays: String, parts: String, fewer: String } = Code::new("W0931", "sms-dear-by-a-few-characters");
        "{strays} makes this text message cost {parts} instead of {fewer}", "a character that is not in the alphabet of text messages halves the room for all others",
        "write plain quotes, hyphens and dots instead";

    /// A subject that is cut off everywhere.
    SubjectWide { cells: String } = Code::new("W0932", "subject-too-wide");
        "this subject is {cells} characters wide, and mail programs show about 70", "its end is not seen", "say it shorter; the `preheader` has room for the rest";

    /// A mail that is cut off.
    MailLarge { kilobytes: String } = Code::new("W0933", "mail-too-large");
        "this mail has {kilobytes} KB, and what is behind 102 KB is cut off by Gmail", "its end, with the way to unsubscribe, is not shown", "make it shorter, and leave pictures on your server";

    /// `email in "en"` with a text in Thai.
    OtherScript { language: String, found: &'static str, script: &'static str } = Code::new("W0934", "text-in-another-script");
        "this is the content for \"{language}\", and it is written in {found}", "\"{language}\" is written in {script}", "write the text of this language, or change the `in \"…\"`";
}

pub(super) fn check(proof: &mut Proof, written: &Written) {
    for message in &proof.checked.messages {
        for variant in &message.variants {
            let kind = proof.checked.schema.channels.get(variant.channel.index()).map(|channel| channel.kind);
            if let (Some(kind), Some(content)) = (kind, written.content(variant.place)) {
                one(proof, message, variant, kind, content);
            }
        }
    }
}

/// The text of a part, with its name and place.
struct Said<'a> {
    part: &'a str,
    text: &'a str,
    place: Place,
}

fn said<'a>(sources: &'a Sources, content: &'a ast::ChannelContent) -> Vec<Said<'a>> {
    match &content.body {
        ContentBody::Text(text) => vec![Said { part: "text", text: &text.text, place: text.place }],
        ContentBody::Parts(parts) => parts
            .iter()
            .filter_map(|part| match &part.value.as_ref()?.kind {
                ExprKind::Text(path) if part.file => {
                    let Asset::Read(id) = sources.asset(&asset_name(&path.text)?)? else { return None };
                    Some(Said { part: &part.name.text, text: &sources.get(*id)?.text, place: path.place })
                }
                ExprKind::Text(text) => Some(Said { part: &part.name.text, text: &text.text, place: text.place }),
                _ => None,
            })
            .collect(),
        ContentBody::Missing => Vec::new(),
    }
}

fn one(proof: &mut Proof, message: &Message, variant: &Variant, kind: ChannelKind, content: &ast::ChannelContent) {
    let sources = proof.sources;
    let parts = said(sources, content);
    match kind {
        ChannelKind::Sms => parts.iter().for_each(|part| sms(proof, message, variant, part)),
        ChannelKind::Email => {
            for part in parts.iter().filter(|part| part.part == "subject") {
                subject(proof, part);
            }
            let bytes: usize = parts.iter().filter(|part| part.part != "subject").map(bytes).sum();
            if bytes > MAIL_BYTES {
                proof.found.push(MailLarge { place: content.channel.place, kilobytes: bytes.div_ceil(1024).to_string() });
            }
        }
        _ => {}
    }
    if let (Some(language), Some(at)) = (&variant.language, content.language.as_ref()) {
        script(proof, language, at.place, &parts);
    }
}

/// Bytes of a part as it is sent: MJML becomes much longer HTML.
fn bytes(part: &Said) -> usize {
    if part.part == "mjml" { html_of_mjml(part.text).map_or(part.text.len(), |html| html.len()) } else { part.text.len() }
}

/// What is written, without what is filled in; `None` where a part of it may be left out.
fn fixed(text: &str) -> Option<String> {
    if text.contains("{%") {
        return None;
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(open) = rest.find("{{") {
        out.push_str(&rest[..open]);
        let Some(close) = rest[open..].find("}}") else { return Some(out) };
        rest = &rest[open + close + 2..];
    }
    out.push_str(rest);
    Some(out)
}

fn in_gsm(letter: char) -> bool {
    (letter.is_ascii() && letter != GSM_NOT && (letter >= ' ' || letter == '\n' || letter == '\r'))
        || GSM_MORE.contains(letter)
        || GSM_DOUBLE.contains(letter)
}

/// How many parts a text is sent as, and whether it needs Unicode.
pub(in crate::check) fn sms_parts(text: &str) -> (usize, bool) {
    let parts = |length: usize, one: usize, part: usize| if length <= one { 1 } else { length.div_ceil(part) };
    if text.chars().all(in_gsm) {
        let length = text.chars().map(|letter| if GSM_DOUBLE.contains(letter) { 2 } else { 1 }).sum();
        (parts(length, GSM_ONE, GSM_PART), false)
    } else {
        (parts(text.encode_utf16().count(), UNICODE_ONE, UNICODE_PART), true)
    }
}

/// What text messages are replaced by without a loss.
fn plain(letter: char) -> Option<&'static str> {
    Some(match letter {
        '“' | '”' | '„' | '«' | '»' | '″' => "\"",
        '‘' | '’' | '‚' | '′' | '`' | '´' => "'",
        '–' | '—' | '‐' | '‑' | '−' => "-",
        '…' => "...",
        '•' | '·' => "-",
        '\u{a0}' | '\u{202f}' | '\u{2009}' | '\t' => " ",
        '\u{200b}' | '\u{200d}' | '\u{feff}' => "",
        _ => return None,
    })
}

fn sms(proof: &mut Proof, message: &Message, variant: &Variant, part: &Said) {
    let text = fixed(part.text);
    let least = text.as_deref().map_or(1, |text| sms_parts(text).0);
    sms_at_most(proof, message, variant, part, least);
    let Some(text) = text else { return };
    let (parts, unicode) = sms_parts(&text);
    let strays: BTreeSet<char> = text.chars().filter(|letter| !in_gsm(*letter)).collect();
    if unicode && strays.len() <= STRAYS_MAX && strays.iter().all(|letter| plain(*letter).is_some()) {
        let cleaned: String = text.chars().map(|letter| plain(letter).map_or_else(|| letter.to_string(), str::to_owned)).collect();
        let (fewer, _) = sms_parts(&cleaned);
        if fewer < parts {
            let strays = strays.iter().map(|letter| format!("`{letter}`")).collect::<Vec<_>>().join(" ");
            proof.found.push(SmsStrays { place: part.place, strays, parts: counted(parts), fewer: fewer.to_string() });
            return;
        }
    }
    if parts >= PARTS_MANY {
        let room = if unicode { "with Thai letters or symbols, one holds 67 characters" } else { "one holds 153 characters" };
        proof.found.push(SmsDear { place: part.place, parts: counted(parts), room: room.to_owned() });
    }
}

/// The same with the longest that can be filled in.
fn sms_at_most(proof: &mut Proof, message: &Message, variant: &Variant, part: &Said, least: usize) {
    let schema = &proof.checked.schema;
    let usual = schema.language.and_then(|field| match &schema.customer.get(field.index())?.default {
        Value::Text(language) => Some(language.as_str()),
        _ => None,
    });
    let language = variant.language.as_deref().or(usual).unwrap_or_default();
    let Some((_, template)) = variant.parts.iter().find(|(name, _)| name == part.part) else { return };
    let Some(longest) = longest::text(schema, message, template, language) else { return };
    let (most, unicode) = sms_parts(&longest);
    if least >= PARTS_MANY || most < PARTS_MANY {
        return;
    }
    let turns = unicode && part.text.chars().all(in_gsm);
    let why = if turns {
        "a Thai name or a symbol in what is filled in halves the room for all of it".to_owned()
    } else {
        format!("a text that is filled in counts as {} characters", longest::LETTERS)
    };
    let fewer = if least == 1 { "one".to_owned() } else { least.to_string() };
    proof.found.push(SmsDearAtMost { place: part.place, parts: counted(most), fewer, why });
}

fn counted(parts: usize) -> String {
    format!("{parts} messages")
}

/// Cells on a screen: marks above and below Thai letters take none.
fn cells(text: &str) -> usize {
    text.chars().map(|letter| letter.width().unwrap_or(0)).sum()
}

fn subject(proof: &mut Proof, part: &Said) {
    let Some(text) = fixed(part.text) else { return };
    let wide = cells(&text);
    // What is more than 255 characters is an error of its own.
    if wide > SUBJECT_CELLS && text.chars().count() <= 255 {
        proof.found.push(SubjectWide { place: part.place, cells: wide.to_string() });
    }
}

/// Scripts that tell languages apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Script {
    Latin,
    Thai,
    Lao,
    Khmer,
    Myanmar,
    Cyrillic,
    Greek,
    Arabic,
    Hebrew,
    Devanagari,
    Hangul,
    Kana,
    Han,
}

impl Script {
    fn of(letter: char) -> Option<Script> {
        Some(match letter as u32 {
            0x41..=0x5a | 0x61..=0x7a | 0xc0..=0x24f | 0x1e00..=0x1eff => Script::Latin,
            0xe01..=0xe4e => Script::Thai,
            0xe80..=0xeff => Script::Lao,
            0x1780..=0x17ff => Script::Khmer,
            0x1000..=0x109f => Script::Myanmar,
            0x400..=0x52f => Script::Cyrillic,
            0x370..=0x3ff => Script::Greek,
            0x600..=0x6ff | 0x750..=0x77f => Script::Arabic,
            0x590..=0x5ff => Script::Hebrew,
            0x900..=0x97f => Script::Devanagari,
            0x1100..=0x11ff | 0xac00..=0xd7af => Script::Hangul,
            0x3040..=0x30ff => Script::Kana,
            0x4e00..=0x9fff => Script::Han,
            _ => return None,
        })
    }

    /// The scripts that a language is written in; none where that is not told apart here.
    fn of_language(language: &str) -> &'static [Script] {
        match language.split(['-', '_']).next().unwrap_or_default() {
            "en" | "de" | "fr" | "es" | "it" | "pt" | "nl" | "sv" | "da" | "nb" | "no" | "fi" | "pl" | "cs" | "sk" | "hu" | "ro" | "tr"
            | "id" | "ms" | "vi" | "tl" | "fil" | "et" | "lv" | "lt" | "sl" | "hr" | "sq" | "ca" => &[Script::Latin],
            "th" => &[Script::Thai],
            "lo" => &[Script::Lao],
            "km" => &[Script::Khmer],
            "my" => &[Script::Myanmar],
            "ru" | "uk" | "bg" | "be" | "mk" => &[Script::Cyrillic],
            "el" => &[Script::Greek],
            "ar" | "fa" | "ur" => &[Script::Arabic],
            "he" => &[Script::Hebrew],
            "hi" | "mr" | "ne" => &[Script::Devanagari],
            "ko" => &[Script::Hangul, Script::Han],
            "ja" => &[Script::Kana, Script::Han],
            "zh" => &[Script::Han],
            _ => &[],
        }
    }

    fn words(self) -> &'static str {
        match self {
            Script::Latin => "Latin letters",
            Script::Thai => "Thai letters",
            Script::Lao => "Lao letters",
            Script::Khmer => "Khmer letters",
            Script::Myanmar => "Burmese letters",
            Script::Cyrillic => "Cyrillic letters",
            Script::Greek => "Greek letters",
            Script::Arabic => "Arabic letters",
            Script::Hebrew => "Hebrew letters",
            Script::Devanagari => "Devanagari",
            Script::Hangul => "Korean letters",
            Script::Kana => "Japanese kana",
            Script::Han => "Chinese characters",
        }
    }
}

/// Said where nearly everything is in one script, and the language is written in none such. Names of products are often in Latin letters,
/// so these prove nothing as long as there is something else.
fn script(proof: &mut Proof, language: &str, place: Place, parts: &[Said]) {
    let own = Script::of_language(language);
    let Some(script) = own.first() else { return };
    let mut counts: Vec<(Script, usize)> = Vec::new();
    for part in parts.iter().filter(|part| !matches!(part.part, "link" | "from" | "reply to" | "template" | "html" | "mjml")) {
        for letter in fixed(part.text).unwrap_or_default().chars() {
            let Some(found) = Script::of(letter) else { continue };
            match counts.iter_mut().find(|(known, _)| *known == found) {
                Some((_, count)) => *count += 1,
                None => counts.push((found, 1)),
            }
        }
    }
    let total: usize = counts.iter().map(|(_, count)| count).sum();
    let fits: usize = counts.iter().filter(|(found, _)| own.contains(found)).map(|(_, count)| count).sum();
    let Some((most, _)) = counts.iter().copied().max_by_key(|(_, count)| *count) else { return };
    if total >= LETTERS_FEW && fits * 20 < total && !own.contains(&most) {
        proof.found.push(OtherScript { place, language: language.to_owned(), found: most.words(), script: script.words() });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_sms_is_counted_as_the_standard_counts_it() {
        for (text, expected) in [
            ("a".repeat(160), (1, false)),
            ("a".repeat(161), (2, false)),
            ("a".repeat(306), (2, false)),
            ("a".repeat(307), (3, false)),
            // Two places each.
            ("€".repeat(80), (1, false)),
            ("€".repeat(81), (2, false)),
            ("ก".repeat(70), (1, true)),
            ("ก".repeat(71), (2, true)),
            ("ก".repeat(134), (2, true)),
            ("ก".repeat(135), (3, true)),
            // Outside of the basic plane: two units.
            ("😀".repeat(35), (1, true)),
            ("😀".repeat(36), (2, true)),
        ] {
            assert_eq!(sms_parts(&text), expected, "{} times {:?}", text.chars().count(), text.chars().next());
        }
    }

    #[test]
    fn marks_above_and_below_thai_letters_take_no_room() {
        assert_eq!(cells("ที่นี่"), 2);
        assert_eq!(cells("กำลัง"), 4);
        assert_eq!(fixed("a {{ x | default: '}' }} b {{ y }}").as_deref(), Some("a  b "));
        assert_eq!(fixed("{% if a %}b{% endif %}"), None);
    }
}
