//! Annotations of a GitHub workflow: `::error file=…,line=…,col=…,title=…::message`, with GitHub's escapes.
//!
//! Rule: "Workflow commands", GitHub Actions documentation. `%`, line ends, and in properties also `:` and `,` are escaped.

use super::{seat, severity_word};
use crate::diagnostic::Diagnostic;
use crate::source::Sources;
use std::fmt::Write as _;

pub(super) fn render(found: &[Diagnostic], sources: &Sources) -> String {
    let mut out = String::new();
    for one in found {
        let _ = write!(out, "::{} ", severity_word(one));
        if let Some((file, span)) = seat(sources, one.place) {
            let (start, end) = (file.position(span.start), file.position(span.end));
            let _ = write!(
                out,
                "file={},line={},col={},endLine={},endColumn={},",
                escape_property(&sources.shown_name(one.place.file)),
                start.line,
                start.column,
                end.line,
                end.column.max(start.column)
            );
        }
        let mut message = one.message();
        if let Some(help) = one.help() {
            let _ = write!(message, "\n{help}");
        }
        let _ = writeln!(out, "title={}::{}", escape_property(&one.code.to_string()), escape_data(&message));
    }
    out
}

/// A message as a workflow command takes it.
pub fn escape_data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// The value of a workflow command's property.
pub fn escape_property(text: &str) -> String {
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
