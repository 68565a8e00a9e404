//! MJML: whether it can be made into a mail, and how large that mail becomes.
//!
//! In: the text of a part, with its templates. Out: findings at their places in it. **Invariant:** templates are blanked out byte by byte
//! first, so that a place stays the same place; of several branches only the first is looked at, for both together need not be one document.
//! Looks at no other file: `mj-include` is refused.

use crate::ast::TextLit;
use crate::check::message::Cx;
use crate::check::problem::problems;
use crate::check::template::place;
use crate::diagnostic::{Code, Fix, suggest};
use crate::template::nesting;
use mrml::prelude::parser::{Error, Span};
use std::ops::Range;

problems! {
    /// `<mj-texts>`
    NotMjml { why: String, help: String, fix: Option<Fix> } = Code::new("E0435", "not-mjml");
        "this MJML cannot be made into a mail", "{why}", "{help}";
}

/// Every tag of MJML that can be made into HTML here.
const TAGS: [&str; 33] = [
    "mj-accordion",
    "mj-accordion-element",
    "mj-accordion-text",
    "mj-accordion-title",
    "mj-all",
    "mj-attributes",
    "mj-body",
    "mj-breakpoint",
    "mj-button",
    "mj-carousel",
    "mj-carousel-image",
    "mj-class",
    "mj-column",
    "mj-divider",
    "mj-font",
    "mj-group",
    "mj-head",
    "mj-hero",
    "mj-image",
    "mj-include",
    "mj-navbar",
    "mj-navbar-link",
    "mj-preview",
    "mj-raw",
    "mj-section",
    "mj-social",
    "mj-social-element",
    "mj-spacer",
    "mj-style",
    "mj-table",
    "mj-text",
    "mj-title",
    "mj-wrapper",
];

/// Checks the MJML of a part.
pub(super) fn check(cx: &mut Cx, text: &TextLit) {
    let written = blanked(&text.text);
    if let Some(at) = unknown_tag(&written) {
        let name = written[at.clone()].to_owned();
        let place = place(text, &at);
        let near = suggest::best(&name, TAGS);
        let fix = near.as_deref().map(|near| Fix::replace(format!("change to `{near}`"), place, near));
        let help = near.map_or_else(|| "correct the name".to_owned(), |near| format!("did you mean `{near}`?"));
        cx.found.push(NotMjml { place, why: format!("there is no `{name}`"), help, fix });
        return;
    }
    // What reads it goes into each tag by recursion.
    if let Some(deep) = nesting::too_deep(&written) {
        let why = format!("more than {} tags stand inside each other", nesting::DEPTH_MAX);
        let help = "close each tag where it ends".to_owned();
        cx.found.push(NotMjml { place: place(text, &on_boundaries(&written, deep, deep + 1)), why, help, fix: None });
        return;
    }
    let Err(error) = mrml::parse(&written) else { return };
    let (at, why, help) = said(&error, &text.text);
    cx.found.push(NotMjml { place: place(text, &at), why, help, fix: None });
}

/// A tag that MJML does not have, and that would come out as it is.
fn unknown_tag(text: &str) -> Option<Range<usize>> {
    let mut at = 0;
    while let Some(open) = text[at..].find('<').map(|open| at + open) {
        let rest = &text[open..];
        if rest.starts_with("<!--") {
            at = rest.find("-->").map_or(text.len(), |end| open + end);
            continue;
        }
        let name = &rest[1..];
        let name = &name[..name.find(|c: char| !(c.is_ascii_alphanumeric() || c == '-')).unwrap_or(name.len())];
        if name.starts_with("mj-") && !TAGS.contains(&name) {
            return Some(open + 1..open + 1 + name.len());
        }
        at = open + 1;
    }
    None
}

/// The HTML that mail programs get of what is written; `None` where it cannot be made.
pub(in crate::check) fn html(mjml: &str) -> Option<String> {
    let written = blanked(mjml);
    if nesting::too_deep(&written).is_some() {
        return None;
    }
    mrml::parse(written).ok()?.element.render(&mrml::prelude::render::RenderOptions::default()).ok()
}

/// Where it is, what it is, and what to do.
fn said(error: &Error, text: &str) -> (Range<usize>, String, String) {
    let range = |span: &Span| on_boundaries(text, span.start, span.end);
    let whole = "a mail is `<mjml>` with `<mj-body>`, and in it `<mj-section>`, `<mj-column>` and then texts, pictures and buttons";
    match error {
        Error::UnexpectedElement { position, .. } => {
            let at = range(position);
            let name = text[at.clone()].trim_matches(['<', '/', '>', ' ']).to_owned();
            (at, format!("`{name}` cannot stand here"), format!("{whole}; correct the name, or move it to where it belongs"))
        }
        Error::UnexpectedToken { position, .. } => {
            (range(position), "this cannot stand here".to_owned(), format!("{whole}; text stands in `<mj-text>`"))
        }
        Error::MissingAttribute { name, position, .. } => (range(position), format!("this has no `{name}`"), format!("add `{name}=\"…\"`")),
        Error::InvalidAttribute { position, .. } => {
            (range(position), "this attribute has a value that it cannot have".to_owned(), "correct it, or take it out".to_owned())
        }
        Error::InvalidFormat { position, .. } => {
            (range(position), "this is not written as it must be".to_owned(), "correct it, or take it out".to_owned())
        }
        Error::IncludeLoaderError { position, .. } => {
            let help = "write its content here; what several mails share is a `block`, shown by `{% render 'name' %}`";
            (range(position), "other files cannot be included".to_owned(), help.to_owned())
        }
        Error::EndOfStream { .. } => {
            let at = text.trim_end().len();
            (
                on_boundaries(text, at.saturating_sub(1), at),
                "it ends too early".to_owned(),
                "close what is open, for example with `</mjml>`".to_owned(),
            )
        }
        Error::ParserError { source, .. } => {
            let at = offset(text, source.pos().row as usize, source.pos().col as usize);
            (on_boundaries(text, at, at + 1), "this is not written as it must be".to_owned(), "close every tag and every quote".to_owned())
        }
        Error::SizeLimit { .. } | Error::NoRootNode => (0..0, "there is no `<mjml>` in it".to_owned(), whole.to_owned()),
    }
}

/// The byte of a row and a column, from 1, as the reader of tags counts them.
fn offset(text: &str, row: usize, column: usize) -> usize {
    let start: usize = text.split_inclusive('\n').take(row.saturating_sub(1)).map(str::len).sum();
    let line = text[start..].split_inclusive('\n').next().unwrap_or_default();
    start + line.char_indices().nth(column.saturating_sub(1)).map_or(line.len(), |(at, _)| at)
}

/// A range that cuts no character and is not empty where there is anything to mark.
pub(super) fn on_boundaries(text: &str, start: usize, end: usize) -> Range<usize> {
    let floor = |at: usize| (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    let start = floor(start);
    let next = text[start..].chars().next().map_or(start, |letter| start + letter.len_utf8());
    start..floor(end).max(next)
}

/// Blanks out values, tags, and every branch but the first.
pub(super) fn blanked(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    // How deep the branch that is left out is open.
    let mut hidden: Option<usize> = None;
    let mut depth = 0;
    while let Some(open) = next_open(text, at) {
        push(&mut out, &text[at..open], hidden.is_some());
        let close = if text[open + 1..].starts_with('{') { "}}" } else { "%}" };
        let end = text[open + 2..].find(close).map_or(text.len(), |end| open + 2 + end + 2);
        if close == "%}" {
            let word = text[open + 2..end].trim_start_matches('-').split_whitespace().next().unwrap_or_default();
            match word {
                "if" | "unless" | "case" | "for" | "tablerow" => depth += 1,
                "endif" | "endunless" | "endcase" | "endfor" | "endtablerow" => {
                    if hidden == Some(depth) {
                        hidden = None;
                    }
                    depth = depth.saturating_sub(1);
                }
                "else" | "elsif" if hidden.is_none() => hidden = Some(depth),
                _ => {}
            }
        }
        push(&mut out, &text[open..end], true);
        at = end;
    }
    push(&mut out, &text[at..], hidden.is_some());
    out
}

fn next_open(text: &str, from: usize) -> Option<usize> {
    let rest = &text[from..];
    rest.match_indices('{').map(|(at, _)| from + at).find(|at| text[at + 1..].starts_with(['{', '%']))
}

fn push(out: &mut String, text: &str, blank: bool) {
    if !blank {
        out.push_str(text);
        return;
    }
    for letter in text.chars() {
        if letter == '\n' {
            out.push('\n');
        } else {
            out.extend(std::iter::repeat_n(' ', letter.len_utf8()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_are_blanked_out_and_of_branches_the_first_is_left() {
        let text = "<a>{{ 'ก' }}</a>{% if x %}<b/>{% if y %}<c/>{% else %}<d/>{% endif %}{% else %}<e/>{% endif %}<f/>\n";
        let out = blanked(text);
        assert_eq!(out.len(), text.len());
        assert_eq!(out.split_whitespace().collect::<String>(), "<a></a><b/><c/><f/>");
        assert_eq!(blanked("{% unless"), "         ");
    }
}
