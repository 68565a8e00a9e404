//! At which hours everybody answers: what `wait until best time` asks where a customer's own answers say nothing.
//!
//! In: answers of single customers, each partition's own count ([`Answers`]), summed up at whole ticks. Out: [`BestHours`], by local hour,
//! for each set of channels that the plan asks about. **Invariant:** addition only, so it does not matter who counted; what a tick knows is
//! what came before it. Days are those of UTC: answers count for the day on which they came and the 89 after it.

use crate::calendar::{DAY_MS, Instant};
use crate::engine::answers::{Hours, asked_hours};
use crate::plan::Plan;
use crate::schema::ChannelId;
use std::collections::BTreeMap;

/// How many days an answer counts.
const DAYS: i64 = 90;

/// What one partition counted: by day and channel, answers by local hour.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Answers {
    days: BTreeMap<i64, BTreeMap<u16, Hours>>,
    changed: bool,
}

/// By set of channels, empty for all of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BestHours {
    sets: Vec<(Vec<ChannelId>, Hours)>,
    day: i64,
}

/// Whether a plan asks for everybody's hours, so that customers are not independent.
pub fn are_in(plan: &Plan) -> bool {
    !asked_hours(plan).is_empty()
}

impl Answers {
    /// Somebody answered by that channel, at that local hour of hers (0 to 23).
    pub fn add(&mut self, channel: ChannelId, at: Instant, hour: u32) {
        let day = at.0.div_euclid(DAY_MS);
        if let Some(count) = self.days.entry(day).or_default().entry(channel.0).or_default().get_mut(hour as usize) {
            *count += 1;
            self.changed = true;
        }
    }
}

impl BestHours {
    /// Time came to this instant: what holds from now on.
    pub fn count(&mut self, plan: &Plan, partitions: &mut [&mut Answers], now: Instant) {
        let day = now.0.div_euclid(DAY_MS);
        let mut changed = self.day != day;
        for answers in partitions.iter_mut() {
            changed |= std::mem::take(&mut answers.changed);
            answers.days = answers.days.split_off(&(day - DAYS + 1));
        }
        if !changed {
            return;
        }
        self.day = day;
        self.sets = asked_hours(plan).into_iter().map(|set| (set, [0; 24])).collect();
        for (channel, counts) in partitions.iter().flat_map(|answers| answers.days.values()).flatten() {
            for (_, hours) in self.sets.iter_mut().filter(|(set, _)| set.is_empty() || set.contains(&ChannelId(*channel))) {
                hours.iter_mut().zip(counts).for_each(|(sum, count)| *sum = sum.saturating_add(*count));
            }
        }
    }

    pub fn of(&self, channels: &[ChannelId]) -> Option<&Hours> {
        self.sets.iter().find(|(set, _)| set == channels).map(|(_, hours)| hours)
    }
}
