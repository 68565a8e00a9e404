//! Experiments in a report: what was measured of each variant, and what was decided.
//!
//! In: counters at the end of the period, and the facts. Out: [`ExperimentReport`]s in the order of the source. **Invariant:** rates and
//! differences are those of customers whose window is over, drawn with the shares that are written (of an adaptive experiment: of all),
//! so that a report says what a decision saw.

use super::{Conversion, conversion, local};
use crate::plan::outline::percent;
use crate::plan::{Experiment, ExperimentRule, Journey, Plan, StepKind};
use crate::world::chance::Arm;
use crate::world::facts::{Counters, Facts, difference, shares_of};
use serde::Serialize;

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ExperimentReport {
    pub name: String,
    pub place: String,
    /// As it is written.
    pub label: String,
    pub variants: Vec<VariantReport>,
    /// The one that won, and since when everybody gets it, in local time.
    pub winner: Option<Winner>,
    /// How often its shares were changed.
    pub changes: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Winner {
    pub variant: String,
    pub since: String,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct VariantReport {
    pub name: String,
    /// As written, and at the end of the period.
    pub share: String,
    pub share_at_end: String,
    /// Customers who came to it, each once.
    pub entered: u64,
    /// Those of them who came when something had been decided.
    pub entered_later: u64,
    /// Those of them whose time is not over yet.
    pub open: u64,
    /// Of the others: how many did what is measured.
    pub measured: Conversion,
    /// Against the control; without one, against the first variant.
    pub difference: Option<Difference>,
}

/// Of two rates: what was seen, and between what it surely lies.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Difference {
    pub seen: f64,
    pub from: f64,
    pub to: f64,
}

pub(super) fn reports(plan: &Plan, at: usize, journey: &Journey, counters: &Counters, facts: &Facts) -> Vec<ExperimentReport> {
    let experiments = journey.experiments.iter().enumerate();
    experiments.map(|(number, experiment)| report(plan, journey, experiment, (at, number), counters, facts)).collect()
}

fn report(
    plan: &Plan,
    journey: &Journey,
    experiment: &Experiment,
    (at, number): (usize, usize),
    counters: &Counters,
    facts: &Facts,
) -> ExperimentReport {
    let written = shares_of(journey, experiment);
    let counts = counters.experiment(at, number, written.len());
    let changes = facts.changes(&experiment.identity);
    let pooled = experiment.rule == ExperimentRule::Adaptive;
    let arms: Vec<Arm> = counts
        .iter()
        .map(|[first, later]| {
            let more = if pooled { later.over } else { Arm::default() };
            Arm { complete: first.over.complete + more.complete, measured: first.over.measured + more.measured }
        })
        .collect();
    let base = usize::from(experiment.control.unwrap_or(0));
    let step = journey.steps.get(experiment.step.index());
    let name = |arm: usize| match step.map(|step| &step.kind) {
        Some(StepKind::Split { paths, .. }) => paths.get(arm).map_or_else(String::new, |path| path.name.to_string()),
        _ => String::new(),
    };
    let variants = written.iter().enumerate().map(|(arm, share)| {
        let [first, later] = &counts[arm];
        let rivals = arms.len().saturating_sub(1);
        let known = (arm != base).then(|| difference(experiment, arms[arm], arms[base], rivals)).flatten();
        let entered = first.entered() + later.entered();
        let over = first.over.complete + later.over.complete;
        VariantReport {
            name: name(arm),
            share: percent(*share),
            share_at_end: percent(changes.last().and_then(|change| change.weights.shares.get(arm)).copied().unwrap_or(*share)),
            entered,
            entered_later: later.entered(),
            open: entered - over,
            measured: conversion(arms[arm].complete, arms[arm].measured),
            difference: known.map(|(seen, width)| Difference { seen: round(seen), from: round(seen - width), to: round(seen + width) }),
        }
    });
    let won = changes.iter().find_map(|change| change.winner.map(|arm| (arm, change.from)));
    ExperimentReport {
        name: experiment.name.to_string(),
        place: step.map_or_else(String::new, |step| plan.locate(step.line)),
        label: step.map_or_else(String::new, |step| step.label.clone()),
        variants: variants.collect(),
        winner: won.map(|(arm, from)| Winner { variant: name(usize::from(arm)), since: local(plan.policy.zone, from, "%Y-%m-%d %H:%M") }),
        changes: changes.len() as u64,
    }
}

fn round(share: f64) -> f64 {
    (share * 10_000.0).round() / 10_000.0
}
