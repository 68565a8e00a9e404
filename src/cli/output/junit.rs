//! JUnit, which every build server shows: one suite per file or journey, one case per thing that was looked at.
//!
//! In: cases, in the order in which they are to stand. Out: one document. **Invariant:** nothing in it depends on how long anything took,
//! so the same project gives the same bytes; a document without cases is one, too.

use super::item::{self, Item};
use crate::diagnostic::Severity;
use crate::scenario::Report;
use crate::source::{FileId, Sources};
use quick_junit::{NonSuccessKind, TestCase, TestCaseStatus, TestSuite};
use std::fmt::Write as _;

/// One thing that was looked at.
#[derive(Debug)]
pub(super) struct Case {
    pub suite: String,
    pub name: String,
    pub file: String,
    /// From 1.
    pub line: u32,
    pub outcome: Outcome,
}

#[derive(Debug)]
pub(super) enum Outcome {
    Fine,
    /// It is told and fails nothing.
    Told(String),
    Failed {
        kind: &'static str,
        message: String,
        text: String,
    },
}

/// The document of all cases; suites stand in the order of their first case.
pub(super) fn document(title: &str, cases: Vec<Case>) -> Result<String, String> {
    let mut suites: Vec<(String, Vec<TestCase>)> = Vec::new();
    for case in cases {
        let mut status = TestCaseStatus::success();
        if let Outcome::Failed { kind, message, text } = &case.outcome {
            status = TestCaseStatus::non_success(NonSuccessKind::Failure);
            status.set_type(*kind).set_message(message.as_str()).set_description(text.as_str());
        }
        let mut written = TestCase::new(case.name.as_str(), status);
        written.set_classname(case.suite.as_str());
        written.extra.insert("file".into(), case.file.as_str().into());
        written.extra.insert("line".into(), case.line.to_string().into());
        if let Outcome::Told(text) = &case.outcome {
            written.set_system_out(text.as_str());
        }
        match suites.iter_mut().find(|(name, _)| *name == case.suite) {
            Some((_, cases)) => cases.push(written),
            None => suites.push((case.suite, vec![written])),
        }
    }
    let mut whole = quick_junit::Report::new(title);
    for (name, cases) in suites {
        let mut suite = TestSuite::new(name.as_str());
        suite.add_test_cases(cases);
        whole.add_test_suite(suite);
    }
    whole.to_string().map_err(|error| error.to_string())
}

/// One suite per file with one case per item, and one case for a file without any.
pub(super) fn of_items(items: &[Item], files: &[FileId], sources: &Sources, none: &str, deny_warnings: bool) -> Vec<Case> {
    let mut cases = Vec::new();
    let nowhere = items.iter().filter(|item| item.place.is_none_or(|place| !files.contains(&place.file)));
    for item in nowhere {
        cases.push(of_item(item, sources, deny_warnings));
    }
    for file in files {
        let here: Vec<&Item> = items.iter().filter(|item| item.place.is_some_and(|place| place.file == *file)).collect();
        let name = sources.shown_name(*file);
        if here.is_empty() {
            cases.push(Case { suite: name.clone(), name: none.to_owned(), file: name, line: 1, outcome: Outcome::Fine });
        }
        cases.extend(here.into_iter().map(|item| of_item(item, sources, deny_warnings)));
    }
    cases
}

fn of_item(item: &Item, sources: &Sources, deny_warnings: bool) -> Case {
    let file = item.place.map_or_else(|| "project".to_owned(), |place| sources.shown_name(place.file));
    let line = item.place.and_then(|place| Some(sources.get(place.file)?.position(place.span.start).line)).unwrap_or(1);
    let first = item.message.lines().next().unwrap_or_default();
    let mut text = item.place.map(|place| format!("{}: ", sources.locate(place))).unwrap_or_default();
    let _ = writeln!(text, "{}", item.message);
    if let Some(help) = &item.help {
        let _ = writeln!(text, "{help}");
    }
    for (place, why) in &item.related {
        let _ = writeln!(text, "{}: {why}", sources.locate(*place));
    }
    let fails = deny_warnings || item.rule.severity == Severity::Error;
    let outcome = if fails { Outcome::Failed { kind: item.rule.name, message: item.message.clone(), text } } else { Outcome::Told(text) };
    Case { suite: file.clone(), name: format!("{} line {line}: {first}", item.rule.id), file, line, outcome }
}

/// One suite per journey, one case per scenario.
pub(super) fn of_scenarios(report: &Report, sources: &Sources) -> Vec<Case> {
    let mut cases: Vec<Case> = report
        .scenarios
        .iter()
        .map(|played| {
            let place = played.failed.as_ref().and_then(|failed| failed.failures.first()).map_or(played.place, |first| first.place);
            let outcome = match &played.failed {
                None => Outcome::Fine,
                Some(failed) => {
                    let first = failed.failures.first().map(|first| first.expected.trim_start_matches("expect ")).unwrap_or_default();
                    Outcome::Failed { kind: "expectation", message: format!("expected {first}"), text: item::story(failed, sources) }
                }
            };
            Case {
                suite: played.journey.clone(),
                name: played.title.clone(),
                file: sources.shown_name(place.file),
                line: sources.get(place.file).map_or(1, |file| file.position(place.span.start).line),
                outcome,
            }
        })
        .collect();
    cases.sort_by(|a, b| a.suite.cmp(&b.suite));
    cases
}
