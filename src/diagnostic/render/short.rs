//! One line per finding: `file:line:column: error[E0203] message`. For editors without a language server, and for `grep`.

use super::{seat, severity_word};
use crate::diagnostic::Diagnostic;
use crate::source::Sources;
use std::fmt::Write as _;

pub(super) fn render(found: &[Diagnostic], sources: &Sources) -> String {
    let mut out = String::new();
    for one in found {
        let place = match seat(sources, one.place) {
            Some((file, span)) => {
                let at = file.position(span.start);
                format!("{}:{}:{}", sources.shown_name(one.place.file), at.line, at.column)
            }
            None => "project".to_owned(),
        };
        let message = one.message().replace(['\n', '\r'], " ");
        let _ = writeln!(out, "{place}: {}[{}] {message}", severity_word(one), one.code.number);
    }
    out
}
