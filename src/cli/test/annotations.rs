//! Failed expectations, one line each: for editors, and as annotations of a GitHub workflow.

use crate::diagnostic::render::{Annotation, annotation};
use crate::scenario::{Failed, Failure, Played, Report};
use crate::source::Sources;
use std::fmt::Write as _;

fn failures(report: &Report) -> impl Iterator<Item = (&Played, &Failed, &Failure)> {
    report
        .scenarios
        .iter()
        .filter_map(|played| Some((played, played.failed.as_ref()?)))
        .flat_map(|(played, failed)| failed.failures.iter().map(move |failure| (played, failed, failure)))
}

fn choices(failed: &Failed) -> String {
    failed.choices.iter().map(|(split, path)| format!(" (when `{split}` takes \"{path}\")")).collect()
}

/// `shop.journey:101:3: failed: buys within the hour: expected …; happened: …`
pub(super) fn short(report: &Report, sources: &Sources) -> String {
    let mut out = String::new();
    for (played, failed, failure) in failures(report) {
        let (at, when) = (sources.locate(failure.place), choices(failed));
        let expected = failure.expected.trim_start_matches("expect ");
        let _ = writeln!(out, "{at}: failed: {}{when}: expected {expected}; happened: {}", played.title, failure.happened);
    }
    let _ = writeln!(
        out,
        "{} played, {} failed, {} of {} steps unreached",
        report.scenarios.len(),
        report.failed(),
        report.coverage.unreached.len(),
        report.coverage.steps
    );
    out
}

pub(super) fn github(report: &Report, sources: &Sources) -> String {
    let mut out = String::new();
    for (played, failed, failure) in failures(report) {
        let message =
            format!("expected {}{}\nhappened: {}", failure.expected.trim_start_matches("expect "), choices(failed), failure.happened);
        out.push_str(&annotation(
            Annotation { level: "error", place: Some(failure.place), title: &played.title, message: &message },
            sources,
        ));
    }
    out
}
