//! The report of the scenarios as JUnit writes it: one suite per journey, one case per scenario.

use crate::scenario::{Failed, Report};
use crate::source::Sources;
use quick_junit::{NonSuccessKind, TestCase, TestCaseStatus, TestSuite};
use std::collections::BTreeMap;
use std::fmt::Write as _;

pub(super) fn xml(report: &Report, sources: &Sources) -> Result<String, String> {
    let mut suites: BTreeMap<&str, Vec<TestCase>> = BTreeMap::new();
    for played in &report.scenarios {
        let status = match &played.failed {
            None => TestCaseStatus::success(),
            Some(failed) => {
                let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
                if let Some(first) = failed.failures.first() {
                    status.set_message(format!("expected {}", first.expected.trim_start_matches("expect ")));
                }
                status.set_description(description(failed, sources));
                status
            }
        };
        let mut case = TestCase::new(played.title.as_str(), status);
        case.set_classname(played.journey.as_str());
        suites.entry(&played.journey).or_default().push(case);
    }
    let mut whole = quick_junit::Report::new("onward test");
    for (journey, cases) in suites {
        let mut suite = TestSuite::new(journey);
        suite.add_test_cases(cases);
        whole.add_test_suite(suite);
    }
    whole.to_string().map_err(|error| error.to_string())
}

fn description(failed: &Failed, sources: &Sources) -> String {
    let mut out = String::new();
    for failure in &failed.failures {
        let _ = writeln!(out, "{}: expected {}", sources.locate(failure.place), failure.expected.trim_start_matches("expect "));
        let _ = writeln!(out, "happened: {}", failure.happened);
    }
    for (split, path) in &failed.choices {
        let _ = writeln!(out, "when `{split}` takes \"{path}\"");
    }
    for moment in &failed.timeline {
        let _ = writeln!(out, "{}  {}  {}", moment.at, moment.text, moment.place.as_deref().unwrap_or(""));
    }
    out
}
