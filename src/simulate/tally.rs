//! Counting what the engine records: sums that do not depend on the order in which customers are taken.
//!
//! In: records of single customers. Out: a [`Tally`], which adds up with others. **Invariant:** addition only, so the tallies of any
//! partition of the customers add up to the same.

use super::sends::Sends;
use crate::calendar::{Instant, MINUTE_MS};
use crate::engine::{Decision, Deferral, Ending, NotEntered, Record, RecordKind, Skip};
use crate::plan::Plan;
use crate::schema::{MessageId, MessageVerb};
use crate::world::facts::Counters;
use crate::world::hours::Answers;
use std::collections::BTreeMap;

/// Zones differ from UTC by multiples of it, so a quarter of an hour lies in one local hour.
pub const QUARTER_MS: i64 = 15 * MINUTE_MS;

/// Two counts side by side: customers who are treated, and those who are held out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pair {
    pub treated: u64,
    pub held_out: u64,
}

impl Pair {
    pub fn add(&mut self, held_out: bool) {
        *(if held_out { &mut self.held_out } else { &mut self.treated }) += 1;
    }

    fn merge(&mut self, other: Pair) {
        self.treated += other.treated;
        self.held_out += other.held_out;
    }
}

#[derive(Debug, Clone, Default)]
pub struct JourneyTally {
    pub entered: Pair,
    pub not_entered: BTreeMap<NotEntered, u64>,
    /// With the step for `exit` steps.
    pub ended: BTreeMap<(Ending, Option<u16>), u64>,
    pub goals: BTreeMap<u16, Pair>,
    /// Runs that are live at the end.
    pub active: Pair,
    /// How often somebody had to wait for a place, and customers who do at the end.
    pub sent_to_the_door: u64,
    pub at_the_door: u64,
    /// By step: how often it was begun, and runs that stand there at the end.
    pub reached: Vec<u64>,
    pub standing: Vec<u64>,
    /// By step and position of the path.
    pub drew: BTreeMap<(u16, u16), u64>,
    /// By step and arm; `None` for otherwise.
    pub took: BTreeMap<(u16, Option<u16>), u64>,
}

/// What became of one message by one channel.
#[derive(Debug, Clone, Default)]
pub struct MessageTally {
    pub planned: u64,
    pub sent: u64,
    pub held_out: u64,
    pub failed: u64,
    pub unknown: u64,
    pub cancelled: u64,
    pub skipped: BTreeMap<Skip, u64>,
    pub deferred: BTreeMap<Deferral, u64>,
    pub reported: BTreeMap<MessageVerb, u64>,
}

#[derive(Debug, Clone, Default)]
pub struct Tally {
    pub customers: u64,
    pub events: u64,
    /// Events before or after the period.
    pub outside: u64,
    pub journeys: Vec<JourneyTally>,
    /// By message; of each by channel, in no order. [`Tally::messages`] has one.
    messages: Vec<Vec<(u16, MessageTally)>>,
    /// By journey and its cap or the policy's: as in [`Skip::Capped`], with the journey for the journey's own.
    pub caps: BTreeMap<(Option<u16>, u16), (u64, u64)>,
    /// Accepted messages by channel and quarter of an hour since 1970.
    pub sends: Sends,
    /// Customers in each segment at the end.
    pub segments: Vec<u64>,
    pub duplicates: u64,
    pub conflicts: u64,
    pub late: u64,
    pub chains_cut: u64,
    /// Customers of whom nothing was known when somebody sent them a message.
    pub strangers: u64,
    pub limits_met: BTreeMap<&'static str, u64>,
    /// Experiments, in the plan that the tally is of.
    pub experiments: Counters,
    /// When customers answered, where the plan asks for everybody's hours.
    pub answers: Answers,
    /// Encoded rows: their sum and the largest, bytes.
    pub row_bytes: u64,
    /// Customers whose rows were measured.
    pub measured: u64,
    pub row_bytes_max: u64,
}

impl Tally {
    pub fn new(plan: &Plan) -> Tally {
        let journeys = plan.journeys.iter().map(|journey| JourneyTally {
            reached: vec![0; journey.steps.len()],
            standing: vec![0; journey.steps.len()],
            ..JourneyTally::default()
        });
        Tally { journeys: journeys.collect(), segments: vec![0; plan.segments.len()], ..Tally::default() }
    }

    /// Counts one record.
    pub fn record(&mut self, record: &Record) {
        match &record.kind {
            RecordKind::Duplicate => self.duplicates += 1,
            RecordKind::Conflict => self.conflicts += 1,
            RecordKind::ChainCut => self.chains_cut += 1,
            RecordKind::LimitMet(what) => *self.limits_met.entry(what).or_default() += 1,
            RecordKind::Message { key, message, decision } => {
                self.message(record, *message, key.channel.0, decision);
            }
            RecordKind::Exposed { .. } | RecordKind::Measured { .. } => self.experiments.record(record),
            RecordKind::Reported { key, message, verb, .. } => {
                *self.of_message(*message, key.channel.0).reported.entry(*verb).or_default() += 1;
            }
            _ => self.run(record),
        }
    }

    fn run(&mut self, record: &Record) {
        let Some(journey) = record.journey.and_then(|id| self.journeys.get_mut(id.index())) else { return };
        let step = record.step.map(|step| step.0);
        match &record.kind {
            RecordKind::Entered { held_out, .. } => {
                journey.entered.add(*held_out);
            }
            RecordKind::AtTheDoor { .. } => journey.sent_to_the_door += 1,
            RecordKind::NotEntered(why) => *journey.not_entered.entry(*why).or_default() += 1,
            RecordKind::Ended(ending) => {
                let at = (*ending == Ending::ExitStep).then_some(step).flatten();
                *journey.ended.entry((ending.clone(), at)).or_default() += 1;
            }
            RecordKind::GoalReached { goal, held_out, .. } => journey.goals.entry(*goal).or_default().add(*held_out),
            RecordKind::Reached => {
                if let Some(count) = step.and_then(|step| journey.reached.get_mut(usize::from(step))) {
                    *count += 1;
                }
            }
            RecordKind::Drew { path } => *journey.drew.entry((step.unwrap_or(0), *path)).or_default() += 1,
            RecordKind::Took { arm } => *journey.took.entry((step.unwrap_or(0), *arm)).or_default() += 1,
            _ => {}
        }
    }

    fn message(&mut self, record: &Record, message: MessageId, channel: u16, decision: &Decision) {
        if *decision == Decision::Sent {
            self.sends.add(channel, record.at.0.div_euclid(QUARTER_MS), 1);
        }
        let counts = self.of_message(message, channel);
        match decision {
            Decision::Planned => counts.planned += 1,
            Decision::Sent => counts.sent += 1,
            Decision::Skipped(why) => {
                *counts.skipped.entry(*why).or_default() += 1;
                if let Skip::Capped(cap) = why {
                    self.caps.entry(cap_key(record, *cap)).or_default().0 += 1;
                }
            }
            Decision::Deferred { because, .. } => {
                *counts.deferred.entry(*because).or_default() += 1;
                if let Deferral::Capped(cap) = because {
                    self.caps.entry(cap_key(record, *cap)).or_default().1 += 1;
                }
            }
            Decision::Failed => counts.failed += 1,
            Decision::Unknown => counts.unknown += 1,
            Decision::HeldOut => counts.held_out += 1,
            Decision::Cancelled => counts.cancelled += 1,
        }
    }

    fn of_message(&mut self, message: MessageId, channel: u16) -> &mut MessageTally {
        if self.messages.len() <= message.index() {
            self.messages.resize_with(message.index() + 1, Vec::new);
        }
        let channels = &mut self.messages[message.index()];
        let at = channels.iter().position(|(known, _)| *known == channel).unwrap_or_else(|| {
            channels.push((channel, MessageTally::default()));
            channels.len() - 1
        });
        &mut channels[at].1
    }

    /// What became of every message by every channel, in their order.
    pub fn messages(&self) -> BTreeMap<(MessageId, u16), &MessageTally> {
        let mut found = BTreeMap::new();
        for (at, channels) in self.messages.iter().enumerate() {
            found.extend(channels.iter().map(|(channel, counts)| ((MessageId(at as u16), *channel), counts)));
        }
        found
    }

    pub fn merge(&mut self, other: Tally) {
        self.customers += other.customers;
        self.events += other.events;
        self.outside += other.outside;
        self.duplicates += other.duplicates;
        self.conflicts += other.conflicts;
        self.late += other.late;
        self.chains_cut += other.chains_cut;
        self.strangers += other.strangers;
        self.row_bytes += other.row_bytes;
        self.measured += other.measured;
        self.row_bytes_max = self.row_bytes_max.max(other.row_bytes_max);
        add(&mut self.limits_met, other.limits_met);
        self.sends.merge(&other.sends);
        self.experiments.merge(other.experiments);
        for (key, (skipped, deferred)) in other.caps {
            let counts = self.caps.entry(key).or_default();
            *counts = (counts.0 + skipped, counts.1 + deferred);
        }
        for (mine, theirs) in self.segments.iter_mut().zip(other.segments) {
            *mine += theirs;
        }
        for (at, channels) in other.messages.into_iter().enumerate() {
            for (channel, theirs) in channels {
                self.of_message(MessageId(at as u16), channel).merge(theirs);
            }
        }
        for (mine, theirs) in self.journeys.iter_mut().zip(other.journeys) {
            mine.merge(theirs);
        }
    }
}

/// A journey's caps are counted from 1,000 on, and are its own.
fn cap_key(record: &Record, cap: u16) -> (Option<u16>, u16) {
    if cap >= 1_000 { (record.journey.map(|journey| journey.0), cap - 1_000) } else { (None, cap) }
}

fn add<K: Ord>(mine: &mut BTreeMap<K, u64>, theirs: BTreeMap<K, u64>) {
    for (key, count) in theirs {
        *mine.entry(key).or_default() += count;
    }
}

impl JourneyTally {
    fn merge(&mut self, other: JourneyTally) {
        self.entered.merge(other.entered);
        self.active.merge(other.active);
        self.sent_to_the_door += other.sent_to_the_door;
        self.at_the_door += other.at_the_door;
        add(&mut self.not_entered, other.not_entered);
        add(&mut self.ended, other.ended);
        add(&mut self.drew, other.drew);
        add(&mut self.took, other.took);
        for (goal, pair) in other.goals {
            self.goals.entry(goal).or_default().merge(pair);
        }
        for (mine, theirs) in self.reached.iter_mut().zip(other.reached) {
            *mine += theirs;
        }
        for (mine, theirs) in self.standing.iter_mut().zip(other.standing) {
            *mine += theirs;
        }
    }
}

impl MessageTally {
    fn merge(&mut self, other: MessageTally) {
        self.planned += other.planned;
        self.sent += other.sent;
        self.held_out += other.held_out;
        self.failed += other.failed;
        self.unknown += other.unknown;
        self.cancelled += other.cancelled;
        add(&mut self.skipped, other.skipped);
        add(&mut self.deferred, other.deferred);
        add(&mut self.reported, other.reported);
    }
}

/// Start of a quarter of an hour.
pub fn quarter(number: i64) -> Instant {
    Instant(number.saturating_mul(QUARTER_MS))
}
