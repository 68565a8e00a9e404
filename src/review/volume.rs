//! What would have been sent, before and after, over the same log.
//!
//! **Invariant:** numbers are those of `simulate --compare`; a journey that has another name now is one line.

use super::journeys::Renamed;
use crate::simulate::Report;
use crate::simulate::compare::{Comparison, Number};
use crate::simulate::report::Period;
use serde::Serialize;

#[derive(Debug, Clone, Serialize)]
pub struct Volume {
    pub period: Option<Period>,
    pub customers: u64,
    pub events: u64,
    /// Messages in all, by every channel.
    pub sent_before: u64,
    pub sent_after: u64,
    /// By channel.
    pub channels: Vec<VolumeLine>,
    /// Every number that differs: `this` is after, `other` before.
    pub numbers: Vec<Number>,
    pub is_same: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct VolumeLine {
    pub channel: String,
    pub before: u64,
    pub after: u64,
}

pub(super) fn review(before: &Report, after: &Report, renamed: &[Renamed]) -> Volume {
    let mut before = before.clone();
    for journey in &mut before.journeys {
        if let Some(pair) = renamed.iter().find(|pair| pair.was == journey.name) {
            journey.name.clone_from(&pair.is);
        }
    }
    let comparison = Comparison::new(after, &before);
    let sent = |report: &Report| report.channels.iter().map(|channel| channel.sent).sum();
    let mut names: Vec<&str> = before.channels.iter().chain(&after.channels).map(|channel| channel.channel.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    let by = |report: &Report, name: &str| report.channels.iter().find(|channel| channel.channel == name).map_or(0, |channel| channel.sent);
    Volume {
        period: after.period.clone(),
        customers: after.customers,
        events: after.events,
        sent_before: sent(&before),
        sent_after: sent(after),
        channels: names
            .iter()
            .map(|name| VolumeLine { channel: (*name).to_owned(), before: by(&before, name), after: by(after, name) })
            .collect(),
        is_same: comparison.is_equal(),
        numbers: comparison.numbers.into_iter().filter(differs).collect(),
    }
}

/// Of what only one side has, nothing is no number.
fn differs(number: &Number) -> bool {
    match (number.this, number.other) {
        (Some(only), None) | (None, Some(only)) => only != 0.0,
        (this, other) => this != other,
    }
}
