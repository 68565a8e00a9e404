//! Every text that is written for customers, and what of it they see.
//!
//! In: files as written, and the files that parts come from. Out: [`Said`], each with its stretches that count ([`Shown`]). **Invariant:**
//! what does not count is blanked out byte by byte, so that a place in one is the same place in the other. Knows no rule of the brand.

use crate::ast::{self, Content, ContentBody, DeclKind, ExprKind, JourneyItem, TextLit};
use crate::check::project::Project;
use crate::schema::ChannelKind;
use crate::source::{Asset, Place, Span, asset_name};
use crate::value::Value;
use std::borrow::Cow;
use std::ops::Range;

/// What stands where something was blanked out.
const BLANK: char = '\u{1}';
/// Parts that name something for a machine.
const NAMES: [&str; 6] = ["link", "from", "reply to", "template", "form", "language"];

/// One text.
pub(super) struct Said<'a> {
    pub(super) text: Cow<'a, TextLit>,
    pub(super) is_html: bool,
    /// Somebody reads it: not an address.
    pub(super) is_read: bool,
    /// The first part of the language's code: `th`. Nothing where the project has no languages.
    pub(super) language: Option<String>,
    /// The name of the block whose text this is.
    pub(super) block: Option<Place>,
}

/// What of a text is written and not filled in.
pub(super) struct Shown {
    /// Without tags and addresses too.
    pub(super) words: String,
    /// With them.
    pub(super) source: String,
}

impl Shown {
    pub(super) fn of(said: &Said) -> Shown {
        let source = without_templates(&said.text.text);
        let mut words = source.clone();
        if said.is_html {
            words = blanked(&words, &tags(&words));
        }
        let addresses: Vec<Range<usize>> = addresses(&words).collect();
        Shown { words: blanked(&words, &addresses), source }
    }
}

/// The language of what is written without naming one: that of a customer of whom no other is known.
fn usual(project: &Project) -> Option<String> {
    match &project.schema.customer.get(project.schema.language?.index())?.default {
        Value::Text(language) => Some(primary(language)),
        _ => None,
    }
}

/// `en` of `en-GB`.
fn primary(language: &str) -> String {
    language.split(['-', '_']).next().unwrap_or_default().to_lowercase()
}

/// Everything that a customer may be shown.
pub(super) fn all<'a>(project: &Project, files: &'a [ast::File]) -> Vec<Said<'a>> {
    let mut said = Vec::new();
    let usual = usual(project);
    let read = |text: &'a TextLit| Said { text: Cow::Borrowed(text), is_html: false, is_read: true, language: usual.clone(), block: None };
    for decl in files.iter().flat_map(|file| &file.decls) {
        match &decl.kind {
            DeclKind::Message(message) => contents(project, &message.contents, usual.as_deref(), &mut said),
            DeclKind::Block { name: Some(name), contents, .. } => {
                for content in contents {
                    let Content::Channel(content) = content else { continue };
                    let ContentBody::Text(text) = &content.body else { continue };
                    let is_html = is_markup(&content.channel.text);
                    said.push(Said { is_html, block: Some(name.place), ..read(text) });
                }
            }
            DeclKind::Journey(journey) => {
                for item in &journey.items {
                    if let JourneyItem::Message(message) = item {
                        contents(project, &message.contents, usual.as_deref(), &mut said);
                    }
                }
            }
            DeclKind::Const { value: Some(ast::Expr { kind: ExprKind::Text(text), .. }), .. } => {
                said.push(read(text));
            }
            DeclKind::Survey { questions, .. } => {
                let texts = questions.iter().filter_map(|question| question.text.as_ref());
                said.extend(texts.map(read));
            }
            _ => {}
        }
    }
    said
}

fn is_markup(part: &str) -> bool {
    matches!(part, "html" | "mjml")
}

fn contents<'a>(project: &Project, contents: &'a [Content], usual: Option<&str>, said: &mut Vec<Said<'a>>) {
    for content in contents {
        let Content::Channel(content) = content else { continue };
        let kind = project.channel_id(&content.channel.text).and_then(|channel| project.channel_kind(channel));
        // Colleagues and machines.
        if matches!(kind, Some(ChannelKind::Task | ChannelKind::Webhook)) {
            continue;
        }
        let language = content.language.as_ref().map(|language| primary(&language.text)).or_else(|| usual.map(str::to_owned));
        match &content.body {
            ContentBody::Text(text) => {
                said.push(Said { text: Cow::Borrowed(text), is_html: false, is_read: true, language, block: None });
            }
            ContentBody::Parts(parts) => said.extend(parts.iter().filter_map(|part| one(project, part, language.clone()))),
            ContentBody::Missing => {}
        }
    }
}

fn one<'a>(project: &Project, part: &'a ast::Part, language: Option<String>) -> Option<Said<'a>> {
    let ExprKind::Text(text) = &part.value.as_ref()?.kind else { return None };
    let name = part.name.text.as_str();
    let text = if part.file { Cow::Owned(of_file(project, text)?) } else { Cow::Borrowed(text) };
    Some(Said { text, is_html: is_markup(name), is_read: !NAMES.contains(&name), language, block: None })
}

fn of_file(project: &Project, path: &TextLit) -> Option<TextLit> {
    let Asset::Read(id) = project.sources.asset(&asset_name(&path.text)?)? else { return None };
    let text = project.sources.get(*id)?.text.to_string();
    let place = Place { file: *id, span: Span::new(0, text.len() as u32) };
    Some(TextLit { text, place, content: place, long: true, map: vec![(0, 0)] })
}

/// Blanks out stretches, ascending.
fn blanked(text: &str, stretches: &[Range<usize>]) -> String {
    let (mut out, mut done) = (String::with_capacity(text.len()), 0);
    for stretch in stretches {
        out.push_str(&text[done..stretch.start]);
        out.extend(std::iter::repeat_n(BLANK, stretch.len()));
        done = stretch.end;
    }
    out.push_str(&text[done..]);
    out
}

/// Blanks out `{{ … }}` and `{% … %}`.
fn without_templates(text: &str) -> String {
    let (mut stretches, mut at) = (Vec::new(), 0);
    while let Some(open) = text[at..].find('{').map(|open| at + open) {
        let close = match text[open + 1..].chars().next() {
            Some('{') => "}}",
            Some('%') => "%}",
            _ => {
                at = open + 1;
                continue;
            }
        };
        let end = end_of(&text[open + 2..], close).map_or(text.len(), |end| open + 2 + end);
        stretches.push(open..end);
        at = end;
    }
    blanked(text, &stretches)
}

/// Behind the braces that close, which do not count between quotes.
fn end_of(text: &str, close: &str) -> Option<usize> {
    let mut quote = None;
    for (at, letter) in text.char_indices() {
        match quote {
            Some(open) if letter == open => quote = None,
            Some(_) => {}
            None if letter == '"' || letter == '\'' => quote = Some(letter),
            None if text[at..].starts_with(close) => return Some(at + close.len()),
            None => {}
        }
    }
    // A quote that is not closed hides nothing.
    text.find(close).map(|at| at + close.len())
}

/// `<…>`, comments and styles with what is in them.
fn tags(text: &str) -> Vec<Range<usize>> {
    let (mut stretches, mut at) = (Vec::new(), 0);
    while let Some(open) = text[at..].find('<').map(|open| at + open) {
        let rest = &text[open..];
        let close = [("<!--", "-->"), ("<style", "</style>"), ("<mj-style", "</mj-style>")]
            .into_iter()
            .find(|(begin, _)| rest.starts_with(begin))
            .map_or(">", |(_, close)| close);
        let end = rest.find(close).map_or(text.len(), |end| open + end + close.len());
        stretches.push(open..end);
        at = end;
    }
    stretches
}

/// `https://…` up to the next blank, quote or bracket.
fn addresses(text: &str) -> impl Iterator<Item = Range<usize>> {
    let stops = |letter: char| letter.is_whitespace() || matches!(letter, '"' | '\'' | '<' | '>' | '`' | '”' | '“' | '’');
    text.match_indices("://").filter_map(move |(at, _)| {
        let scheme = ["https", "http"].into_iter().find(|scheme| {
            let start = at.checked_sub(scheme.len());
            start.and_then(|start| text.get(start..at)).is_some_and(|written| written.eq_ignore_ascii_case(scheme))
        })?;
        let end = text[at..].find(stops).map_or(text.len(), |end| at + end);
        Some(at - scheme.len()..end)
    })
}

/// The domain that an address without its scheme leads to, in small letters.
pub(super) fn host(rest: &str) -> String {
    let end = rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len());
    let authority = rest[..end].rsplit('@').next().unwrap_or_default();
    let host = authority.split(':').next().unwrap_or_default();
    host.trim_end_matches(|letter: char| !letter.is_alphanumeric()).to_lowercase()
}

/// Where a text leads, with each domain that is written in full. In HTML, where a click leads: pictures and names of schemas are not.
pub(super) fn links(said: &Said, shown: &Shown) -> Vec<(Range<usize>, String)> {
    let text = shown.source.as_str();
    addresses(text)
        .filter(|at| !said.is_html || is_href(&text[..at.start]))
        .filter_map(|at| {
            let rest = text[at.clone()].split_once("://")?.1;
            let domain_end = rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len());
            // Only a part of the domain is written.
            if rest[..domain_end].contains(BLANK) {
                return None;
            }
            let domain = host(rest);
            let written_end = at.end - rest.len() + rest[..domain_end].trim_end_matches(|letter: char| !letter.is_alphanumeric()).len();
            (!domain.is_empty()).then_some((at.start..written_end, domain))
        })
        .collect()
}

/// Whether `href="` stands right before.
fn is_href(before: &str) -> bool {
    let before = before.trim_end().trim_end_matches(['"', '\'']).trim_end();
    let Some(before) = before.strip_suffix('=') else { return false };
    let before = before.trim_end().as_bytes();
    before.len() >= 4 && before[before.len() - 4..].eq_ignore_ascii_case(b"href")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn domains(text: &str, is_html: bool) -> Vec<String> {
        let text = TextLit { text: text.to_owned(), place: Place::default(), content: Place::default(), long: false, map: vec![(0, 0)] };
        let said = Said { text: Cow::Owned(text), is_html, is_read: true, language: None, block: None };
        let shown = Shown::of(&said);
        assert_eq!(shown.words.len(), said.text.text.len());
        assert_eq!(shown.source.len(), said.text.text.len());
        links(&said, &shown).into_iter().map(|(_, domain)| domain).collect()
    }

    #[test]
    fn a_link_leads_where_a_browser_would_go() {
        assert_eq!(domains("See HTTPS://Shop.Example/a?b, http://b.example.", false), ["shop.example", "b.example"]);
        assert_eq!(domains("https://shop.example@evil.example/ https://a.example:8443/", false), ["evil.example", "a.example"]);
        assert_eq!(domains("https://a.example\\@shop.example/", false), ["a.example"]);
        assert_eq!(
            domains("https://{{ x }}/a https://a.{{ x }} https://a.example/{{ x }} {{ 'https://no.example' }}", false),
            ["a.example"]
        );
        assert_eq!(domains("ดูที่https://ร้าน.ไทย/สินค้า", false), ["ร้าน.ไทย"]);
        let html =
            "<html xmlns='http://www.w3.org/1999/xhtml'><img src=\"https://cdn.example/a.png\"><a href = \"https://b.example\">x</a>";
        assert_eq!(domains(html, true), ["b.example"]);
    }
}
