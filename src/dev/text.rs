//! What the terminal says of a save: a few lines, the same on a terminal as in a file.
//!
//! In: a [`Report`], the time that it took, a comparison. Out: text without control characters unless colours are asked for. **Invariant:** every
//! finding stands with its place on one line, so that a terminal or an editor can open it.

use super::session::Report;
use crate::simulate::compare::Comparison;
use crate::simulate::text::{counted, number};
use std::fmt::Write as _;

/// Findings that are shown; the page and `onward check` show more.
const FINDINGS_MAX: usize = 20;
/// Scenarios that are named with why they were played.
const PLAYED_MAX: usize = 8;
/// Lines of what the simulation says.
const NUMBERS_MAX: usize = 16;

/// Paints where the terminal can.
#[derive(Debug, Clone, Copy)]
pub struct Paint(pub bool);

impl Paint {
    fn with(self, code: &str, text: &str) -> String {
        if self.0 { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }
}

/// The summary of a save.
pub fn saved(report: &Report, ms: u64, paint: Paint) -> String {
    let mut out = String::from("\n");
    let what = match report.changed.as_slice() {
        [] => "the project".to_owned(),
        [one] => one.clone(),
        [one, two] => format!("{one}, {two}"),
        [one, more @ ..] => format!("{one} and {} more", more.len()),
    };
    if let Some(why) = &report.trouble {
        let _ = writeln!(out, "{} {why}", paint.with("31;1", "✗"));
        return out;
    }
    let found = match (report.errors, report.warnings) {
        (0, 0) => paint.with("32", "nothing to complain about"),
        (0, warnings) => paint.with("33", &counted(warnings as u64, "warning")),
        (errors, 0) => paint.with("31;1", &counted(errors as u64, "error")),
        (errors, warnings) => paint.with("31;1", &format!("{}, {}", counted(errors as u64, "error"), counted(warnings as u64, "warning"))),
    };
    let mark = if report.errors > 0 { paint.with("31;1", "✗") } else { paint.with("32", "✓") };
    let _ = writeln!(out, "{mark} {what}: {} in {ms} ms, {found}", counted(report.files as u64, "file"));
    for line in report.findings.iter().take(FINDINGS_MAX) {
        let _ = writeln!(out, "  {line}");
    }
    if report.findings.len() > FINDINGS_MAX {
        let _ = writeln!(out, "  … and {} more", report.findings.len() - FINDINGS_MAX);
    }
    if report.errors > 0 {
        out.push_str("  no scenario is played and nothing is simulated until the errors are gone; the page shows the last good state\n");
        return out;
    }
    scenarios(report, paint, &mut out);
    out
}

fn scenarios(report: &Report, paint: Paint, out: &mut String) {
    if report.scenarios == 0 {
        out.push_str("  no scenario to play; write one with `scenario \"…\" for JOURNEY { … }`\n");
        return;
    }
    let (played, failed) = (report.played.len(), report.failed.len());
    if played == 0 {
        let _ = writeln!(out, "  scenarios: none of {} is touched", report.scenarios);
        return;
    }
    let end = match failed {
        0 => paint.with("32", "all as expected"),
        _ => paint.with("31;1", &format!("{failed} not as expected")),
    };
    let left = if report.stopped { "; a newer save came" } else { "" };
    let _ = writeln!(out, "  scenarios: {played} of {} played, {end}{left}", report.scenarios);
    // At the start all are played, for no reason of their own.
    if !report.changed.is_empty() {
        for ((title, journey, _), why) in report.played.iter().take(PLAYED_MAX) {
            let _ = writeln!(out, "    \"{title}\" · {journey}, because of {why}");
        }
        if played > PLAYED_MAX {
            let _ = writeln!(out, "    … and {} more", played - PLAYED_MAX);
        }
    }
    for (_, told) in &report.failed {
        let _ = writeln!(
            out,
            "\n{}",
            told.lines().map(|line| format!("    {line}").trim_end().to_owned() + "\n").collect::<String>().trim_end()
        );
    }
}

/// What the simulation of a save says: what differs from the one before, or the entries and messages of the first.
pub fn simulated(comparison: &Comparison, events: u64, ms: u64, compared: bool, paint: Paint) -> String {
    let mut out = format!("  simulated {} in {ms} ms", counted(events, "event"));
    let wanted = |one: &&crate::simulate::compare::Number| match compared {
        true => one.this != one.other && !one.is_rate,
        false => (one.what == "entered" || one.what.starts_with("sent by")) && one.this != Some(0.0),
    };
    let numbers: Vec<_> = comparison.numbers.iter().filter(wanted).collect();
    if compared && numbers.is_empty() {
        out.push_str(", no number differs\n");
        return out;
    }
    out.push('\n');
    for one in numbers.iter().take(NUMBERS_MAX) {
        let shown = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), |value| number(value as u64));
        let change = match (one.this, one.other) {
            (Some(this), Some(other)) if this != other => {
                let change = format!("{:+}", this as i64 - other as i64);
                format!("  {} (was {})", paint.with("33", &change), shown(Some(other)))
            }
            (Some(_), Some(_)) => String::new(),
            (Some(_), None) => "  new".to_owned(),
            _ => "  gone".to_owned(),
        };
        let _ = writeln!(out, "    {} {}: {} {}{change}", one.kind, one.name, one.what, shown(one.this));
    }
    if numbers.len() > NUMBERS_MAX {
        let _ = writeln!(out, "    … and {} more on the page", numbers.len() - NUMBERS_MAX);
    }
    out
}
