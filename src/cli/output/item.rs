//! One thing to be said about a line, whichever command found it: what SARIF and JUnit are written from.
//!
//! In: findings of a check, scenarios that failed, files that are not formatted. Out: [`Item`]s. **Invariant:** an item's place lies on
//! characters of its file; an item that names a page has the rule of that page.

use crate::diagnostic::{Diagnostic, Fix, Severity, explain, render};
use crate::scenario::{Failed, Played, Report};
use crate::source::{Place, Sources};
use std::fmt::Write as _;

/// What kind of thing it is; several items have the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::cli) struct Rule {
    pub id: &'static str,
    pub name: &'static str,
    pub severity: Severity,
    /// Markdown; opens with a heading.
    pub page: &'static str,
}

#[derive(Debug, Clone)]
pub(in crate::cli) struct Item {
    pub rule: Rule,
    pub message: String,
    pub help: Option<String>,
    pub place: Option<Place>,
    pub related: Vec<(Place, String)>,
    pub fixes: Vec<Fix>,
}

/// A scenario whose expectation did not come true.
const SCENARIO: Rule = Rule {
    id: "scenario",
    name: "scenario-fails",
    severity: Severity::Error,
    page: "# scenario scenario-fails\n\nA scenario expects something that does not happen. `onward test` shows what happened instead, moment by moment.\n",
};

/// A file that is not laid out as `onward fmt` writes it.
pub(in crate::cli) const FORMAT: Rule = Rule {
    id: "format",
    name: "not-formatted",
    severity: Severity::Error,
    page: "# format not-formatted\n\nThe file is not laid out as `onward fmt` writes it. `onward fmt` mends it and changes nothing but blanks and line ends.\n",
};

/// The findings of a check.
pub(in crate::cli) fn of_findings(found: &[Diagnostic], sources: &Sources) -> Vec<Item> {
    found.iter().map(|one| of_finding(one, sources)).collect()
}

fn of_finding(one: &Diagnostic, sources: &Sources) -> Item {
    let code = one.code;
    let page = explain::page(code.number).map_or("", |page| page.text);
    let on_characters = |place| render::seat(sources, place).map(|(_, span)| span.at(place.file));
    let labels = one.report.labels().into_iter().flatten().filter(|label| !label.primary()).filter_map(|label| {
        let start = label.offset() as u32;
        let place = crate::source::Span::new(start, start + label.len() as u32).at(one.place.file);
        Some((on_characters(place)?, label.label()?.to_owned()))
    });
    let elsewhere = one.elsewhere.iter().filter_map(|(place, text)| Some((on_characters(*place)?, text.clone())));
    Item {
        rule: Rule { id: code.number, name: code.slug, severity: code.severity(), page },
        message: one.message(),
        help: one.help(),
        place: on_characters(one.place),
        related: labels.chain(elsewhere).collect(),
        fixes: one.fixes.clone(),
    }
}

/// The expectations that did not come true.
pub(in crate::cli) fn of_scenarios(report: &Report, sources: &Sources) -> Vec<Item> {
    let failed = report.scenarios.iter().filter_map(|played| Some((played, played.failed.as_ref()?)));
    let mut items = Vec::new();
    for (played, failed) in failed {
        for failure in &failed.failures {
            let mut message = format!("{}: expected {}", played.title, failure.expected.trim_start_matches("expect "));
            let _ = write!(message, "\nhappened: {}", failure.happened);
            for (split, path) in &failed.choices {
                let _ = write!(message, "\nwhen `{split}` takes \"{path}\"");
            }
            let place = render::seat(sources, failure.place).map(|(_, span)| span.at(failure.place.file));
            let scenario = (played.place != failure.place).then(|| (head(played, sources), "the scenario".to_owned()));
            items.push(Item {
                rule: SCENARIO,
                message,
                help: failure.hint.clone(),
                place,
                related: scenario.into_iter().collect(),
                fixes: Vec::new(),
            });
        }
    }
    items
}

/// The first line of a scenario.
fn head(played: &Played, sources: &Sources) -> Place {
    let Some((file, span)) = render::seat(sources, played.place) else { return played.place };
    let first = file.slice(span).lines().next().unwrap_or_default();
    crate::source::Span::new(span.start, span.start + first.len() as u32).at(played.place.file)
}

/// What happened instead, moment by moment, for a reader of plain text.
pub(in crate::cli) fn story(failed: &Failed, sources: &Sources) -> String {
    let mut out = String::new();
    for failure in &failed.failures {
        let _ = writeln!(out, "{}: expected {}", sources.locate(failure.place), failure.expected.trim_start_matches("expect "));
        let _ = writeln!(out, "happened: {}", failure.happened);
        if let Some(hint) = &failure.hint {
            let _ = writeln!(out, "{hint}");
        }
    }
    for (split, path) in &failed.choices {
        let _ = writeln!(out, "when `{split}` takes \"{path}\"");
    }
    for moment in &failed.timeline {
        let told = if moment.told { "told      " } else { "          " };
        let of = moment.journey.as_ref().map(|journey| format!("{journey}: ")).unwrap_or_default();
        let place = moment.place.as_ref().map(|place| format!("  ({place})")).unwrap_or_default();
        let _ = writeln!(out, "{}  {told}{of}{}{place}", moment.at, moment.text);
    }
    out
}
