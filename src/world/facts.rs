//! Facts: what is decided over all customers, from counters that each partition keeps, at whole ticks.
//!
//! In: records of single customers ([`Counters`]), and the counters of all partitions at a tick. Out: [`Facts`], which say the shares of
//! every experiment at any instant. **Invariant:** counters only add up, so it does not matter who kept them; a fact holds from its tick
//! on and never changes what was before; what is decided at a tick depends on nothing but the counters.
//!
//! A customer counts for a decision when her window is over: who did not do it yet may still, and who came a minute ago says nothing.

mod stored;

use super::chance::{self, Arm};
use crate::calendar::Instant;
use crate::engine::{Record, RecordKind, Weights};
use crate::plan::{BasisPoints, Experiment, ExperimentRule, Journey, Plan, StepKind};
use crate::value::Text;
use std::collections::BTreeMap;

/// Facts change at multiples of that: ten minutes.
pub const TICK_MS: i64 = 600_000;

/// Customers measured in each variant before an adaptive experiment moves its shares.
pub const ADAPTIVE_AFTER: u64 = 100;

/// For how many customers in each arm intervals are made as narrow as can be, where no rule says.
const EACH: u32 = 500;

/// The tick that an instant lies in.
pub fn tick_of(at: Instant) -> i64 {
    at.0.div_euclid(TICK_MS)
}

/// When a tick begins.
pub fn begin_of(tick: i64) -> Instant {
    Instant(tick.saturating_mul(TICK_MS))
}

/// Whether something in a plan is decided over all customers, so that they are not independent.
pub fn are_in(plan: &Plan) -> bool {
    plan.journeys.iter().flat_map(|journey| &journey.experiments).any(|experiment| experiment.rule != ExperimentRule::Fixed)
}

/// What was counted of one arm.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ArmCount {
    /// Customers whose window is over, and those of them who did it.
    pub over: Arm,
    /// The same of those whose window ends before a tick that is still to come, by that tick.
    pub open: BTreeMap<i64, Arm>,
}

impl ArmCount {
    /// Everybody who came to it.
    pub fn entered(&self) -> u64 {
        self.over.complete + self.open.values().map(|arm| arm.complete).sum::<u64>()
    }

    fn merge(&mut self, other: ArmCount) {
        add(&mut self.over, other.over);
        for (tick, arm) in other.open {
            add(self.open.entry(tick).or_default(), arm);
        }
    }

    fn close(&mut self, until: i64) {
        while let Some(first) = self.open.first_entry().filter(|first| *first.key() <= until) {
            add(&mut self.over, first.remove());
        }
    }
}

fn add(to: &mut Arm, more: Arm) {
    to.complete += more.complete;
    to.measured += more.measured;
}

/// One experiment: by arm, those drawn with the shares that are written, and those drawn later.
pub type ExperimentCount = Vec<[ArmCount; 2]>;

/// What one partition counted, by journey and experiment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counters {
    experiments: BTreeMap<(u16, u16), ExperimentCount>,
    /// Windows that end before that tick are over.
    closed: i64,
    /// Something was counted that may change a fact, since it was last asked.
    changed: bool,
}

impl Counters {
    pub fn record(&mut self, record: &Record) {
        let Some(journey) = record.journey else { return };
        match record.kind {
            RecordKind::Exposed { experiment, arm, weights, until } => {
                self.count((journey.0, experiment), arm, weights, until, Arm { complete: 1, measured: 0 });
            }
            RecordKind::Measured { experiment, arm, weights, until, .. } => {
                self.count((journey.0, experiment), arm, weights, until, Arm { complete: 0, measured: 1 });
            }
            _ => {}
        }
    }

    fn count(&mut self, experiment: (u16, u16), arm: u16, weights: u32, until: Instant, more: Arm) {
        let arms = self.experiments.entry(experiment).or_default();
        if arms.len() <= usize::from(arm) {
            arms.resize_with(usize::from(arm) + 1, Default::default);
        }
        let count = &mut arms[usize::from(arm)][usize::from(weights > 0)];
        let tick = tick_of(until) + 1;
        if tick <= self.closed {
            // What arrived late.
            add(&mut count.over, more);
            self.changed = true;
        } else {
            add(count.open.entry(tick).or_default(), more);
        }
    }

    /// The next tick before which a window ends.
    pub fn next_tick(&self) -> Option<i64> {
        self.experiments.values().flatten().flatten().filter_map(|count| count.open.first_key_value().map(|(tick, _)| *tick)).min()
    }

    /// Time came to this tick. Whether something may be decided anew.
    pub fn close(&mut self, tick: i64) -> bool {
        self.closed = self.closed.max(tick);
        let over = self.next_tick().is_some_and(|next| next <= tick);
        if over {
            self.experiments.values_mut().flatten().flatten().for_each(|count| count.close(tick));
        }
        std::mem::take(&mut self.changed) | over
    }

    pub fn merge(&mut self, other: Counters) {
        self.closed = self.closed.max(other.closed);
        self.changed |= other.changed;
        for (key, arms) in other.experiments {
            let mine = self.experiments.entry(key).or_default();
            if mine.len() < arms.len() {
                mine.resize_with(arms.len(), Default::default);
            }
            for (mine, theirs) in mine.iter_mut().zip(arms) {
                mine.iter_mut().zip(theirs).for_each(|(mine, theirs)| mine.merge(theirs));
            }
        }
    }

    /// Of one experiment, as many as it has arms.
    pub fn experiment(&self, journey: usize, experiment: usize, arms: usize) -> ExperimentCount {
        let mut counts = self.experiments.get(&(journey as u16, experiment as u16)).cloned().unwrap_or_default();
        counts.resize_with(arms, Default::default);
        counts
    }
}

/// From a tick on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    pub from: Instant,
    pub weights: Weights,
    pub winner: Option<u16>,
}

/// Everything that was decided so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// By the identity of the experiment; older changes first.
    experiments: BTreeMap<Text, Vec<Change>>,
    number: u64,
}

impl Facts {
    /// How many changes there were.
    pub fn number(&self) -> u64 {
        self.number
    }

    pub fn weights(&self, identity: &str, at: Instant) -> Option<&Weights> {
        let changes = self.experiments.get(identity)?;
        let known = changes.partition_point(|change| change.from <= at);
        changes.get(known.checked_sub(1)?).map(|change| &change.weights)
    }

    pub fn changes(&self, identity: &str) -> &[Change] {
        self.experiments.get(identity).map_or(&[], Vec::as_slice)
    }

    /// A tick: decides from the counters of all partitions. Whether anything changed.
    pub fn decide(&mut self, plan: &Plan, partitions: &[&Counters], tick: i64) -> bool {
        let before = self.number;
        for (at, journey) in plan.journeys.iter().enumerate() {
            for (number, experiment) in journey.experiments.iter().enumerate() {
                if experiment.rule == ExperimentRule::Fixed {
                    continue;
                }
                let written = shares_of(journey, experiment);
                let arms = sum(partitions, (at as u16, number as u16), written.len());
                let changes = self.experiments.entry(experiment.identity.clone()).or_default();
                if let Some((shares, winner)) = decision(experiment, &written, &arms, changes.last()) {
                    let weights = Weights { number: changes.len() as u32 + 1, shares };
                    changes.push(Change { from: begin_of(tick), weights, winner });
                    self.number += 1;
                }
            }
        }
        self.number != before
    }
}

fn sum(partitions: &[&Counters], experiment: (u16, u16), count: usize) -> Vec<Arm> {
    let mut arms = vec![Arm::default(); count];
    for counts in partitions.iter().filter_map(|partition| partition.experiments.get(&experiment)) {
        for (arm, [first, later]) in arms.iter_mut().zip(counts) {
            add(arm, first.over);
            add(arm, later.over);
        }
    }
    arms
}

/// The shares of an experiment as they are written.
pub fn shares_of(journey: &Journey, experiment: &Experiment) -> Vec<BasisPoints> {
    match journey.steps.get(experiment.step.index()).map(|step| &step.kind) {
        Some(StepKind::Split { paths, .. }) => paths.iter().map(|path| path.share).collect(),
        _ => Vec::new(),
    }
}

fn decision(
    experiment: &Experiment,
    written: &[BasisPoints],
    arms: &[Arm],
    last: Option<&Change>,
) -> Option<(Vec<BasisPoints>, Option<u16>)> {
    match experiment.rule {
        ExperimentRule::Fixed => None,
        ExperimentRule::Winner { sure, each } => {
            if last.is_some() || arms.iter().any(|arm| arm.complete < u64::from(each)) {
                return None;
            }
            let winner = chance::winner(arms, error_of(sure), each)?;
            let shares = (0..arms.len()).map(|at| if at == winner { 10_000 } else { 0 }).collect();
            Some((shares, Some(winner as u16)))
        }
        ExperimentRule::Adaptive => {
            let control = experiment.control.map(usize::from);
            let free: Vec<usize> = (0..arms.len()).filter(|at| Some(*at) != control).collect();
            if free.iter().any(|at| arms[*at].complete < ADAPTIVE_AFTER) {
                return None;
            }
            let counts: Vec<Arm> = free.iter().map(|at| arms[*at]).collect();
            let mut shares = written.to_vec();
            let all = 10_000 - control.and_then(|at| written.get(at)).copied().unwrap_or(0);
            for (at, share) in free.iter().zip(chance::shares(&chance::best(&counts), all)) {
                shares[*at] = share;
            }
            let now = last.map_or(written, |change| &change.weights.shares);
            (shares != now).then_some((shares, None))
        }
    }
}

fn error_of(sure: BasisPoints) -> f64 {
    f64::from(10_000 - sure) / 10_000.0
}

/// How an arm compares with another one: the difference of their rates, and how far it may be off, as the experiment's rule asks.
pub fn difference(experiment: &Experiment, arm: Arm, base: Arm, rivals: usize) -> Option<(f64, f64)> {
    let (error, each) = match experiment.rule {
        ExperimentRule::Winner { sure, each } => (error_of(sure), each),
        ExperimentRule::Fixed | ExperimentRule::Adaptive => (0.05, EACH),
    };
    let width = chance::half_width(arm, base, error / rivals.max(1) as f64, each)?;
    Some((arm.rate()? - base.rate()?, width))
}
