//! Findings that only one version has.
//!
//! **Invariant:** a finding is the same where its kind, its words and the text of its line are, wherever that line stands; of two alike, two
//! must be on the other side.

use super::Side;
use crate::diagnostic::{Diagnostic, Severity};
use serde::Serialize;
use std::collections::BTreeMap;

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    pub code: &'static str,
    pub slug: &'static str,
    /// `error` or `warning`.
    pub severity: &'static str,
    pub message: String,
    /// `file:line:column`
    pub place: String,
}

pub(super) fn only_in(side: &Side, other: &Side) -> Vec<Finding> {
    let mut known: BTreeMap<(&str, String, String), usize> = BTreeMap::new();
    for one in &other.findings {
        *known.entry(key(one, other)).or_default() += 1;
    }
    let mut only = Vec::new();
    for one in &side.findings {
        match known.get_mut(&key(one, side)) {
            Some(left) if *left > 0 => *left -= 1,
            _ => only.push(shown(one, side)),
        }
    }
    only
}

fn key(one: &Diagnostic, side: &Side) -> (&'static str, String, String) {
    let file = side.compiled.as_ref().and_then(|compiled| compiled.sources().get(one.place.file));
    let line = file.map_or("", |file| file.line(file.line_index(one.place.span.start)).trim());
    (one.code.number, one.message(), line.to_owned())
}

fn shown(one: &Diagnostic, side: &Side) -> Finding {
    Finding {
        code: one.code.number,
        slug: one.code.slug,
        severity: if one.severity() == Severity::Error { "error" } else { "warning" },
        message: one.message(),
        place: side.compiled.as_ref().map_or_else(String::new, |compiled| compiled.sources().locate(one.place)),
    }
}
