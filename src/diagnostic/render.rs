//! Findings as text: for people, for one line each, for programs, for GitHub.
//!
//! In: findings and the files they point into. Out: one text. **Invariant:** every place is moved onto a real character of its file
//! first, so no format can point past the end; lines and columns count from 1, columns count characters unless a name says otherwise.
//! Decides nothing about colours or terminals: the caller says what it wants.

mod github;
mod human;
mod json;
mod short;

pub use github::{Annotation, annotation};
pub use human::SHOWN_MAX;

use crate::diagnostic::{Diagnostic, Severity};
use crate::locale::Locale;
use crate::source::{Place, SourceFile, Sources, Span};

/// How findings are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// The text with the place marked, a reason and a way out.
    #[default]
    Human,
    /// `file:line:column: error[E0203] message`
    Short,
    /// One JSON object.
    Json,
    /// Annotations of a GitHub workflow.
    Github,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Style {
    pub format: Format,
    /// Colours, in the human format only.
    pub color: bool,
    /// The language of everything that is ours. A format for programs keeps its own words (`error`, names of fields).
    pub locale: Locale,
    /// How many cells wide the terminal is, where there is one: Thai, which has no blanks, is broken between its words.
    pub width: Option<usize>,
}

/// Writes findings, in the order given. Ends in a line end unless empty.
pub fn render(found: &[Diagnostic], sources: &Sources, style: Style) -> String {
    let translated: Vec<Diagnostic>;
    let found = if style.locale == Locale::English {
        found
    } else {
        translated = found.iter().map(|one| one.translated(style.locale)).collect();
        &translated
    };
    match style.format {
        Format::Human => human::render(found, sources, style),
        Format::Short => short::render(found, sources),
        Format::Json => json::render(found, sources),
        Format::Github => github::render(found, sources),
    }
}

/// `2 errors, 1 warning`; nothing where nothing was found.
pub fn summary(found: &[Diagnostic]) -> Option<String> {
    let errors = found.iter().filter(|one| one.severity() == Severity::Error).count();
    let warnings = found.len() - errors;
    let counted = |count: usize, one: &str, many: &str| match count {
        0 => None,
        1 => Some(one.to_owned()),
        _ => Some(format!("{count} {many}")),
    };
    let parts: Vec<String> =
        [counted(errors, "1 error", "errors"), counted(warnings, "1 warning", "warnings")].into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

fn severity_word(found: &Diagnostic) -> &'static str {
    match found.severity() {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

/// The span moved onto characters that can be seen: a place at or behind the end of the text is its last character, both ends lie on
/// character boundaries, and a line end is never marked.
fn clamp(file: &SourceFile, span: Span) -> Span {
    let text: &str = &file.text;
    let seen = text.trim_end().len();
    if span.start as usize >= seen {
        let last = text[..seen].char_indices().next_back().map_or(0, |(at, _)| at);
        return Span::new(last as u32, seen as u32);
    }
    let mut start = span.start as usize;
    while !text.is_char_boundary(start) {
        start -= 1;
    }
    let mut end = (span.end as usize).clamp(start, seen);
    while !text.is_char_boundary(end) {
        end += 1;
    }
    let marked = text[start..end].trim_end_matches(['\n', '\r']);
    Span::new(start as u32, (start + marked.len()) as u32)
}

/// The file of a place and the place moved onto characters of it that can be seen.
pub fn seat(sources: &Sources, place: Place) -> Option<(&SourceFile, Span)> {
    let file = sources.get(place.file)?;
    Some((file, clamp(file, place.span)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clamped(text: &str, start: u32, end: u32) -> (u32, u32) {
        let span = clamp(&SourceFile::new("x", text), Span::new(start, end));
        (span.start, span.end)
    }

    #[test]
    fn a_place_behind_the_end_becomes_the_last_character() {
        assert_eq!(clamped("wait\n", 5, 5), (3, 4));
        assert_eq!(clamped("รอ\n\n", 900, 901), (3, 6));
        assert_eq!(clamped("", 0, 0), (0, 0));
        assert_eq!(clamped("\n\n", 1, 2), (0, 0));
    }

    #[test]
    fn a_place_never_cuts_a_character_or_marks_a_line_end() {
        assert_eq!(clamped("รอ x", 1, 4), (0, 6));
        assert_eq!(clamped("wait\nnow", 0, 5), (0, 4));
        assert_eq!(clamped("wait now", 2, 2), (2, 2));
    }
}
