//! Journeys that change: what, for whom, and how they look before and after.
//!
//! **Invariant:** steps are those of `plan::changes`; a picture is there for each side that has the journey, with the steps marked that this
//! side shows: what is gone before, what is new after, what differs in both.

use super::Side;
use crate::check::checked;
use crate::plan::changes::{Change, Changes, StepChange, StepWhat};
use crate::plan::picture::mermaid::{Mark, Marks, marked};
use crate::plan::{Plan, outline};
use crate::simulate::report::JourneyReport;
use serde::Serialize;

/// A journey that goes on under another name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Renamed {
    pub was: String,
    pub is: String,
}

#[derive(Debug, Clone, Serialize)]
pub struct JourneyReview {
    pub name: String,
    pub title: Option<String>,
    /// The name that it had.
    pub was: Option<String>,
    pub change: Change,
    /// Runs go on in the new version.
    pub continues: bool,
    /// How customers come into it, as it is written: before and after.
    pub enters_before: Vec<String>,
    pub enters_after: Vec<String>,
    /// On the sample log.
    pub entered_before: Option<u64>,
    pub entered_after: Option<u64>,
    pub header: Vec<String>,
    pub steps: Vec<StepReview>,
    /// Mermaid.
    pub picture_before: Option<String>,
    pub picture_after: Option<String>,
}

#[derive(Debug, Clone, Serialize)]
pub struct StepReview {
    #[serde(flatten)]
    pub step: StepChange,
    /// Times that it was begun on the sample log.
    pub reached_before: Option<u64>,
    pub reached_after: Option<u64>,
}

/// Two plans under common names, and where they come from.
pub(super) struct Pair<'a> {
    pub before: (&'a Plan, &'a Side),
    pub after: (&'a Plan, &'a Side),
    pub renamed: &'a [Renamed],
}

impl Pair<'_> {
    /// What a journey was called before.
    pub fn was<'n>(&'n self, name: &'n str) -> &'n str {
        self.renamed.iter().find(|pair| pair.is == name).map_or(name, |pair| pair.was.as_str())
    }
}

pub(super) fn review(pair: &Pair<'_>, changes: &Changes) -> Vec<JourneyReview> {
    let mut all: Vec<JourneyReview> = changes
        .journeys
        .iter()
        .map(|change| {
            let mut one = of(pair, &change.name, change.change, &change.steps);
            one.continues = change.continues;
            // What is written before and after says more than that it differs.
            let is_said = |line: &&String| {
                one.enters_before != one.enters_after && (line.starts_with("it entered ") || line.starts_with("for whom it begins"))
            };
            let header: Vec<String> = change.header.iter().filter(|line| !is_said(line)).cloned().collect();
            one.header.extend(header);
            one
        })
        .collect();
    // A new name alone is a change, too.
    for renamed in pair.renamed {
        if !all.iter().any(|one| one.name == renamed.is) {
            all.push(of(pair, &renamed.is, Change::Changed, &[]));
        }
    }
    all
}

fn of(pair: &Pair<'_>, name: &str, change: Change, steps: &[StepChange]) -> JourneyReview {
    let was = pair.was(name);
    let (before, after) = (report(pair.before.1, was), report(pair.after.1, name));
    let reached = |report: Option<&JourneyReport>, step: &StepChange| {
        report.and_then(|report| report.steps.iter().find(|known| known.id == step.step)).map(|known| known.reached)
    };
    // Of a journey that is new or gone as a whole, nothing is marked.
    let marks = |elsewhere: StepWhat| -> Marks {
        let shown = steps.iter().filter(|step| change == Change::Changed && step.what != elsewhere);
        shown.map(|step| (step.step.clone(), mark(step.what))).collect()
    };
    let picture = |plan: &Plan, marks: &Marks| plan.journey(name).map(|_| marked(plan, name, marks));
    let plan = if pair.after.0.journey(name).is_some() { pair.after.0 } else { pair.before.0 };
    let mut header = Vec::new();
    if was != name {
        header.push(format!("it was called `{was}`: for who is in it and for `enter again`, it is another journey"));
    }
    JourneyReview {
        name: name.to_owned(),
        title: plan.journeys.iter().find(|journey| journey.name == name).and_then(|journey| journey.title.clone()),
        was: (was != name).then(|| was.to_owned()),
        change,
        continues: false,
        enters_before: enters(pair.before.1, was),
        enters_after: enters(pair.after.1, name),
        entered_before: before.map(|report| report.entered),
        entered_after: after.map(|report| report.entered),
        header,
        steps: steps
            .iter()
            .map(|step| StepReview { reached_before: reached(before, step), reached_after: reached(after, step), step: step.clone() })
            .collect(),
        picture_before: picture(pair.before.0, &marks(StepWhat::Added)),
        picture_after: picture(pair.after.0, &marks(StepWhat::Removed)),
    }
}

fn mark(what: StepWhat) -> Mark {
    match what {
        StepWhat::Added => Mark::Added,
        StepWhat::Removed => Mark::Removed,
        _ => Mark::Changed,
    }
}

fn report<'s>(side: &'s Side, name: &str) -> Option<&'s JourneyReport> {
    side.report.as_ref()?.journeys.iter().find(|report| report.name == name)
}

/// Its entries as they are written, each on one line, and what share is held out.
fn enters(side: &Side, name: &str) -> Vec<String> {
    let Some(compiled) = &side.compiled else { return Vec::new() };
    let journey = compiled.checked.journeys.iter().find(|journey| journey.name == name);
    let Some(journey) = journey else { return Vec::new() };
    let sources = compiled.sources();
    let line = |entry: &checked::Entry| one_line(sources.text(entry.place));
    let mut lines: Vec<String> = journey.entries.iter().map(line).collect();
    lines.extend(
        journey
            .only_while
            .iter()
            .map(|(_, place)| format!("only while {}", one_line(sources.text(*place)).trim_start_matches("only while "))),
    );
    if journey.hold_out > 0 {
        lines.push(format!("hold out {}", outline::percent(journey.hold_out)));
    }
    lines
}

pub(super) fn one_line(text: &str) -> String {
    text.lines().map(|line| line.split('#').next().unwrap_or_default().trim()).filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ")
}
