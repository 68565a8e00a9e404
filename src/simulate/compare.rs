//! Two versions of a project over the same log, side by side.
//!
//! In: two reports. Out: [`Comparison`]: what is the same name in both stands on one line, with the difference. **Invariant:** nothing is
//! compared by position; a journey that only one of them has is shown with the other side empty.

use super::report::experiments::ExperimentReport;
use super::report::{JourneyReport, MessageReport, Report};
use super::text::{number, rate, table};
use serde::Serialize;
use std::collections::BTreeSet;

#[derive(Debug, Clone, Serialize)]
pub struct Comparison {
    pub format: u16,
    /// This project, and the other one.
    pub projects: [String; 2],
    pub plans: [String; 2],
    pub numbers: Vec<Number>,
}

/// One number of both; `null` where one of them has no such thing.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Number {
    /// `journey`, `experiment`, `message`, `segment`
    pub kind: &'static str,
    pub name: String,
    /// `entered`, `sent by email`, `goal purchase`
    pub what: String,
    pub this: Option<f64>,
    pub other: Option<f64>,
    /// A share, not a count.
    pub is_rate: bool,
}

impl Comparison {
    pub fn new(this: &Report, other: &Report) -> Comparison {
        let mut numbers = Vec::new();
        let names: BTreeSet<&str> = both(this, other, |report| report.journeys.iter().map(|journey| journey.name.as_str()).collect());
        for name in names {
            let find = |report: &Report| report.journeys.iter().find(|journey| journey.name == name).map(journey_numbers);
            pair("journey", name, find(this), find(other), &mut numbers);
        }
        let names: BTreeSet<(&str, &str)> = experiments(this).chain(experiments(other)).collect();
        for (journey, name) in names {
            let find = |report: &Report| {
                let journey = report.journeys.iter().find(|one| one.name == journey)?;
                journey.experiments.iter().find(|experiment| experiment.name == name).map(experiment_numbers)
            };
            pair("experiment", &format!("{journey} \"{name}\""), find(this), find(other), &mut numbers);
        }
        let names: BTreeSet<&str> = both(this, other, |report| report.messages.iter().map(|message| message.message.as_str()).collect());
        for name in names {
            let find = |report: &Report| {
                let found: Vec<_> = report.messages.iter().filter(|message| message.message == name).flat_map(message_numbers).collect();
                (!found.is_empty()).then_some(found)
            };
            pair("message", name, find(this), find(other), &mut numbers);
        }
        let names: BTreeSet<&str> = both(this, other, |report| report.segments.iter().map(|segment| segment.name.as_str()).collect());
        for name in names {
            let find = |report: &Report| {
                let segment = report.segments.iter().find(|segment| segment.name == name)?;
                Some(vec![("at the end".to_owned(), segment.size as f64, false)])
            };
            pair("segment", name, find(this), find(other), &mut numbers);
        }
        Comparison {
            format: super::report::FORMAT,
            projects: [this.project.clone(), other.project.clone()],
            plans: [this.plan.clone(), other.plan.clone()],
            numbers,
        }
    }

    /// Whether every number is the same.
    pub fn is_equal(&self) -> bool {
        self.numbers.iter().all(|number| number.this == number.other)
    }

    pub fn render(&self) -> String {
        let shown = |value: Option<f64>, is_rate: bool| match (value, is_rate) {
            (None, _) => "-".to_owned(),
            (Some(value), true) => rate(Some(value)),
            (Some(value), false) => number(value as u64),
        };
        let difference = |line: &Number| match (line.this, line.other) {
            (Some(this), Some(other)) if this == other => String::new(),
            (Some(this), Some(other)) if line.is_rate => format!("{:+.1}", (this - other) * 100.0),
            (Some(this), Some(other)) => format!("{:+}", this as i64 - other as i64),
            _ => "only one".to_owned(),
        };
        let mut last = "";
        let mut rows = Vec::new();
        for line in &self.numbers {
            let name = if line.name == last { String::new() } else { format!("{} {}", line.kind, line.name) };
            last = &line.name;
            rows.push(vec![name, line.what.clone(), shown(line.this, line.is_rate), shown(line.other, line.is_rate), difference(line)]);
        }
        let [this, other] = &self.projects;
        let head = if self.is_equal() { "no number differs\n\n" } else { "" };
        format!("{head}{}", table(&["", "", &format!("this ({this})"), &format!("other ({other})"), "difference"], 2, rows))
    }
}

fn both<'r>(this: &'r Report, other: &'r Report, names: impl Fn(&'r Report) -> Vec<&'r str>) -> BTreeSet<&'r str> {
    names(this).into_iter().chain(names(other)).collect()
}

/// Every experiment with its journey.
fn experiments(report: &Report) -> impl Iterator<Item = (&str, &str)> {
    report
        .journeys
        .iter()
        .flat_map(|journey| journey.experiments.iter().map(|experiment| (journey.name.as_str(), experiment.name.as_str())))
}

type Named = (String, f64, bool);

fn pair(kind: &'static str, name: &str, this: Option<Vec<Named>>, other: Option<Vec<Named>>, numbers: &mut Vec<Number>) {
    let empty = Vec::new();
    let (left, right) = (this.as_ref().unwrap_or(&empty), other.as_ref().unwrap_or(&empty));
    let mut whats: Vec<(&String, bool)> = left.iter().map(|(what, _, is_rate)| (what, *is_rate)).collect();
    whats.extend(
        right.iter().filter(|(what, _, _)| !left.iter().any(|(known, _, _)| known == what)).map(|(what, _, is_rate)| (what, *is_rate)),
    );
    for (what, is_rate) in whats {
        // What one version does not count it has none of; unless the whole thing is not there.
        let find = |side: &Option<Vec<Named>>| {
            let side = side.as_ref()?;
            let found = side.iter().find(|(known, _, _)| known == what).map(|(_, value, _)| *value);
            found.or((!is_rate).then_some(0.0))
        };
        numbers.push(Number { kind, name: name.to_owned(), what: what.clone(), this: find(&this), other: find(&other), is_rate });
    }
}

fn journey_numbers(journey: &JourneyReport) -> Vec<Named> {
    let mut numbers = vec![
        ("entered".to_owned(), journey.entered as f64, false),
        ("held out".to_owned(), journey.held_out as f64, false),
        ("active at the end".to_owned(), journey.active as f64, false),
    ];
    let mut ended: Vec<(String, f64)> = Vec::new();
    for count in &journey.ended {
        let what = format!("ended: {}", count.what);
        match ended.iter_mut().find(|(known, _)| *known == what) {
            Some((_, total)) => *total += count.count as f64,
            None => ended.push((what, count.count as f64)),
        }
    }
    ended.sort_by(|a, b| a.0.cmp(&b.0));
    numbers.extend(ended.into_iter().map(|(what, count)| (what, count, false)));
    for goal in &journey.goals {
        numbers.push((format!("goal {}", goal.goal), goal.treated.reached as f64, false));
        if let Some(rate) = goal.treated.rate {
            numbers.push((format!("goal {}, rate", goal.goal), rate, true));
        }
    }
    numbers
}

fn experiment_numbers(experiment: &ExperimentReport) -> Vec<Named> {
    let mut numbers = Vec::new();
    for variant in &experiment.variants {
        numbers.push((format!("{}: entered", variant.name), variant.entered as f64, false));
        numbers.push((format!("{}: measured", variant.name), variant.measured.reached as f64, false));
        if let Some(rate) = variant.measured.rate {
            numbers.push((format!("{}: measured, rate", variant.name), rate, true));
        }
    }
    if let Some(winner) = &experiment.winner {
        numbers.push((format!("{}: has won", winner.variant), 1.0, false));
    }
    numbers
}

fn message_numbers(message: &MessageReport) -> Vec<Named> {
    let mut numbers = vec![(format!("sent by {}", message.channel), message.sent as f64, false)];
    let mut skipped: Vec<_> = message.skipped.iter().collect();
    skipped.sort_by(|a, b| a.what.cmp(&b.what));
    for count in skipped {
        numbers.push((format!("skipped by {}: {}", message.channel, count.what), count.count as f64, false));
    }
    numbers
}
