//! Annotations of a GitHub workflow: `::error file=…,line=…,col=…,title=…::message`, with GitHub's escapes.
//!
//! Rule: "Workflow commands", GitHub Actions documentation. `%`, line ends, and in properties also `:` and `,` are escaped.

use super::{seat, severity_word};
use crate::diagnostic::Diagnostic;
use crate::source::{Place, Sources};
use std::fmt::Write as _;

/// What one annotation says. A title is one line; a message may be several.
#[derive(Debug, Clone, Copy)]
pub struct Annotation<'a> {
    /// `error`, `warning` or `notice`.
    pub level: &'a str,
    pub place: Option<Place>,
    pub title: &'a str,
    pub message: &'a str,
}

pub(super) fn render(found: &[Diagnostic], sources: &Sources) -> String {
    let mut out = String::new();
    for one in found {
        let mut message = one.message();
        if let Some(help) = one.help() {
            let _ = write!(message, "\n{help}");
        }
        let title = one.code.to_string();
        out.push_str(&annotation(
            Annotation { level: severity_word(one), place: Some(one.place), title: &title, message: &message },
            sources,
        ));
    }
    out
}

/// One annotation, with its line end.
pub fn annotation(one: Annotation<'_>, sources: &Sources) -> String {
    let mut out = format!("::{} ", one.level);
    if let Some((place, (file, span))) = one.place.and_then(|place| Some((place, seat(sources, place)?))) {
        let (start, end) = (file.position(span.start), file.position(span.end));
        let _ = write!(out, "file={},line={},", escape_property(&sources.shown_name(place.file)), start.line);
        // The runner drops columns where a place goes over several lines, and says so in its log.
        let _ = if start.line == end.line {
            write!(out, "col={},endLine={},endColumn={},", start.column, end.line, end.column.max(start.column))
        } else {
            write!(out, "endLine={},", end.line)
        };
    }
    let _ = writeln!(out, "title={}::{}", escape_property(one.title), escape_data(one.message));
    out
}

/// A message as a workflow command takes it.
fn escape_data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// The value of a workflow command's property.
fn escape_property(text: &str) -> String {
    escape_data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_end_a_command_is_escaped() {
        assert_eq!(escape_data("5% off:\r\nyes, now"), "5%25 off:%0D%0Ayes, now");
        assert_eq!(escape_property("a:b,c%"), "a%3Ab%2Cc%25");
    }
}
