//! Findings for programs: one JSON object with `diagnostics` and `summary`.
//!
//! Every place carries line and column from 1 (`column` in characters, `column_utf16` as editors count) and byte offsets, because each
//! reader wants another one. The shape is versioned; fields are only ever added.

use super::{seat, severity_word};
use crate::diagnostic::{Diagnostic, Severity};
use crate::source::{Place, Sources};
use serde::Serialize;

/// Raised when a field changes its meaning or goes.
const VERSION: u32 = 1;

#[derive(Serialize)]
struct Report {
    version: u32,
    diagnostics: Vec<Finding>,
    summary: Summary,
}

#[derive(Serialize)]
struct Summary {
    errors: usize,
    warnings: usize,
}

#[derive(Serialize)]
struct Finding {
    code: &'static str,
    slug: &'static str,
    severity: &'static str,
    message: String,
    help: Option<String>,
    #[serde(flatten)]
    at: Option<Location>,
    labels: Vec<Label>,
    fixes: Vec<Fix>,
}

#[derive(Serialize)]
struct Location {
    file: String,
    start: Point,
    end: Point,
}

#[derive(Serialize)]
struct Point {
    line: u32,
    column: u32,
    column_utf16: u32,
    byte: u32,
}

#[derive(Serialize)]
struct Label {
    text: Option<String>,
    #[serde(flatten)]
    at: Option<Location>,
    primary: bool,
}

#[derive(Serialize)]
struct Fix {
    title: String,
    edits: Vec<Edit>,
}

#[derive(Serialize)]
struct Edit {
    #[serde(flatten)]
    at: Option<Location>,
    text: String,
}

pub(super) fn render(found: &[Diagnostic], sources: &Sources) -> String {
    let errors = found.iter().filter(|one| one.severity() == Severity::Error).count();
    let report = Report {
        version: VERSION,
        diagnostics: found.iter().map(|one| finding(one, sources)).collect(),
        summary: Summary { errors, warnings: found.len() - errors },
    };
    // Strings and numbers only: serde_json has nothing to refuse here.
    let mut out = serde_json::to_string_pretty(&report).unwrap_or_default();
    out.push('\n');
    out
}

fn finding(one: &Diagnostic, sources: &Sources) -> Finding {
    let here = one.report.labels().into_iter().flatten().map(|label| {
        let start = label.offset() as u32;
        let place = Place { file: one.place.file, span: crate::source::Span::new(start, start + label.len() as u32) };
        Label { text: label.label().map(str::to_owned), at: shown(sources, place), primary: label.primary() }
    });
    let elsewhere =
        one.elsewhere.iter().map(|(place, text)| Label { text: Some(text.clone()), at: shown(sources, *place), primary: false });
    let fixes = one.fixes.iter().map(|fix| Fix {
        title: fix.title.clone(),
        edits: fix.edits.iter().map(|edit| Edit { at: exact(sources, edit.place), text: edit.text.clone() }).collect(),
    });
    Finding {
        code: one.code.number,
        slug: one.code.slug,
        severity: severity_word(one),
        message: one.message(),
        help: one.help(),
        at: shown(sources, one.place),
        labels: here.chain(elsewhere).collect(),
        fixes: fixes.collect(),
    }
}

/// A place as shown: on characters that can be seen.
fn shown(sources: &Sources, place: Place) -> Option<Location> {
    let (_, span) = seat(sources, place)?;
    exact(sources, span.at(place.file))
}

/// A place as it is: an edit may well insert behind the last character.
fn exact(sources: &Sources, place: Place) -> Option<Location> {
    let file = sources.get(place.file)?;
    let point = |byte: u32| {
        let at = file.position(byte);
        Point { line: at.line, column: at.column, column_utf16: file.position_utf16(byte).column, byte }
    };
    Some(Location { file: sources.shown_name(place.file), start: point(place.span.start), end: point(place.span.end) })
}
