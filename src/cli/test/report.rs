//! The report of the scenarios for programs: one JSON object. Fields are only ever added.

use crate::scenario::{Played, Report};
use crate::source::{Place, Sources};
use serde_json::{Value, json};

/// Raised when a field changes its meaning or goes.
const VERSION: u32 = 1;

pub(super) fn json(report: &Report, sources: &Sources) -> String {
    let unreached: Vec<Value> =
        report.coverage.unreached.iter().map(|step| json!({ "journey": step.journey, "step": step.step, "place": step.place })).collect();
    let whole = json!({
        "version": VERSION,
        "scenarios": report.scenarios.iter().map(|played| scenario(played, sources)).collect::<Vec<_>>(),
        "summary": { "scenarios": report.scenarios.len(), "failed": report.failed() },
        "coverage": { "steps": report.coverage.steps, "unreached": unreached },
    });
    format!("{whole:#}\n")
}

fn scenario(played: &Played, sources: &Sources) -> Value {
    let mut value = json!({
        "title": played.title,
        "journey": played.journey,
        "file": sources.shown_name(played.place.file),
        "line": line(played.place, sources),
        "variants": played.variants,
        "passed": played.failed.is_none(),
    });
    if let (Some(failed), Value::Object(fields)) = (&played.failed, &mut value) {
        let failures: Vec<Value> = failed
            .failures
            .iter()
            .map(|failure| {
                json!({
                    "file": sources.shown_name(failure.place.file),
                    "line": line(failure.place, sources),
                    "expected": failure.expected,
                    "happened": failure.happened,
                    "hint": failure.hint,
                })
            })
            .collect();
        let timeline: Vec<Value> = failed
            .timeline
            .iter()
            .map(|moment| json!({ "at": moment.at, "told": moment.told, "journey": moment.journey, "text": moment.text, "place": moment.place }))
            .collect();
        let choices: Vec<Value> = failed.choices.iter().map(|(split, path)| json!({ "split": split, "path": path })).collect();
        fields.insert("choices".to_owned(), choices.into());
        fields.insert("failures".to_owned(), failures.into());
        fields.insert("timeline".to_owned(), timeline.into());
    }
    value
}

fn line(place: Place, sources: &Sources) -> u32 {
    sources.get(place.file).map_or(0, |file| file.position(place.span.start).line)
}
