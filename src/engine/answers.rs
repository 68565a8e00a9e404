//! When and where a customer answers: her best hour, the channel that she prefers.
//!
//! In: the reports on her messages of the last 90 days. Out: a moment, an order of channels. **Invariant:** fewer than [`ANSWERS_MIN`] answers say
//! nothing; then everybody's hours count where the world knows them, and without those the first moment that quiet hours permit, or the order
//! as written. What a machine did is no answer.

use super::evaluate::Context;
use super::row::{Customer, MessageFact};
use super::turn::Turn;
use crate::calendar::window::Window;
use crate::calendar::{DAY_MS, Instant, Span, civil};
use crate::condition::Until;
use crate::plan::{How, Plan, StepKind};
use crate::schema::{ChannelId, FieldId, MessageVerb};
use crate::value::Value;
use chrono::{NaiveTime, Timelike as _};

/// How far back answers count.
pub(super) const BACK_MS: i64 = 90 * DAY_MS;
/// Fewer answers say nothing about a customer.
const ANSWERS_MIN: u32 = 5;

/// Answers by local hour.
pub type Hours = [u32; 24];

/// Own times of her answers on these channels (all where none is named) in the 90 days before `now`.
fn answers<'c>(customer: &'c Customer, channels: &'c [ChannelId], now: Instant) -> impl Iterator<Item = Instant> + 'c {
    let counts = move |fact: &&MessageFact| channels.is_empty() || channels.contains(&fact.channel);
    customer.facts.iter().filter(counts).flat_map(|fact| &fact.reports).filter_map(move |report| {
        let answer = matches!(report.verb, MessageVerb::Opened | MessageVerb::Clicked | MessageVerb::RepliedTo);
        let recent = report.at <= now && now.since_ms(report.at) < BACK_MS;
        (answer && recent && !report.by_machine).then_some(report.at)
    })
}

/// The moment within a time at which she, or else everybody, answers most. An hour that has begun already counts from now on.
pub(super) fn best_time(context: &Context<'_>, now: Instant, within: Span, channels: &[ChannelId], everybody: Option<&Hours>) -> Instant {
    let zone = context.zone;
    let end = civil::add(now, within, zone);
    let mut hours: Hours = [0; 24];
    answers(context.customer, channels, now).for_each(|at| hours[zone.local(at).hour() as usize] += 1);
    if hours.iter().sum::<u32>() < ANSWERS_MIN {
        hours = everybody.copied().unwrap_or_default();
    }
    let mut moments = vec![(now, zone.local(now).hour())];
    for hour in 0..24 {
        if let Some(time) = NaiveTime::from_hms_opt(hour, 0, 0) {
            moments.push((civil::next_clock(now.plus_ms(1), time, zone), hour));
        }
    }
    moments.retain(|(at, _)| *at <= end && is_permitted(context, *at, channels));
    // The earliest of those that are alike.
    moments.sort_unstable();
    let best = moments.iter().rev().max_by_key(|(_, hour)| hours[*hour as usize % 24]);
    best.map_or(now, |(at, _)| *at)
}

/// Whether the policy's quiet hours let something go out at a moment.
fn is_permitted(context: &Context<'_>, at: Instant, channels: &[ChannelId]) -> bool {
    let applies = |named: &[ChannelId]| named.is_empty() || channels.is_empty() || channels.iter().any(|channel| named.contains(channel));
    let mut rules = context.plan.policy.quiet_hours.iter().filter(|rule| applies(&rule.channels));
    !rules.any(|rule| Window::daily(rule.from, rule.to).contains(at, context.zone))
}

impl Turn<'_> {
    /// Channels in the order in which they are tried: she prefers those on which she answers most.
    pub(super) fn ranked(&self, how: &How) -> Option<Vec<ChannelId>> {
        match how {
            How::FirstReachable(channels) => Some(channels.clone()),
            How::Preferred(channels) => {
                let mut ranked: Vec<(u32, ChannelId)> = channels
                    .iter()
                    .map(|channel| {
                        let count = answers(self.row, std::slice::from_ref(channel), self.now).count() as u32;
                        (if count >= ANSWERS_MIN { count } else { 0 }, *channel)
                    })
                    .collect();
                ranked.sort_by_key(|(count, _)| std::cmp::Reverse(*count));
                Some(ranked.into_iter().map(|(_, channel)| channel).collect())
            }
            How::Each(_) | How::ThoseOf { .. } => None,
        }
    }

    /// Whether her list names a channel.
    pub(super) fn wants(&self, plan: &Plan, field: FieldId, channel: ChannelId) -> bool {
        let Some(channel) = plan.schema.channels.get(channel.index()) else { return false };
        match self.row.attribute(field) {
            Value::List(names) => names.iter().any(|name| matches!(name, Value::Text(name) if *name == channel.name)),
            _ => false,
        }
    }
}

/// The sets of channels, empty for all of them, whose best hour a plan asks for.
pub fn asked_hours(plan: &Plan) -> Vec<Vec<ChannelId>> {
    let mut sets: Vec<Vec<ChannelId>> = Vec::new();
    for step in plan.journeys.iter().flat_map(|journey| &journey.steps) {
        if let StepKind::Wait { until: Until::BestTime { channels, .. }, .. } = &step.kind
            && !sets.contains(channels)
        {
            sets.push(channels.clone());
        }
    }
    sets
}

/// Whether a plan asks when and where customers answer, so that reports are to be remembered.
pub(super) fn is_asked(plan: &Plan) -> bool {
    plan.journeys.iter().flat_map(|journey| &journey.steps).any(|step| match &step.kind {
        StepKind::Wait { until, .. } | StepKind::Await { deadline: until, .. } => matches!(until, Until::BestTime { .. }),
        StepKind::Send(send) => matches!(send.to, crate::plan::Recipient::Customer { how: How::Preferred(_), .. }),
        _ => false,
    })
}
