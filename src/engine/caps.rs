//! Caps: how many messages a customer gets in a window.
//!
//! In: a message that is ready, and what was claimed before. Out: whether a slot is free, and if not, when. **Invariant:** windows are
//! rolling and exact, `(now - D, now]`, or the customer's local day; what was claimed counts until it is refused or surely not sent;
//! transactional messages and those to teams neither take nor need a slot.

use super::index::rank;
use super::row::{MessageFact, Pending};
use super::turn::Turn;
use crate::calendar::{Instant, civil};
use crate::plan::{Cap, CapThen, CapWindow, Journey};
use crate::schema::{JourneyId, TopicId};

/// The cap that is full, and from when on it is not, if nothing else is claimed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Full {
    /// Position in the policy, or (a journey's) [`JOURNEY_CAPS`] + position.
    pub(super) cap: u16,
    pub(super) then: CapThen,
    pub(super) free_at: Instant,
}

pub(super) const JOURNEY_CAPS: u16 = 1_000;

impl Turn<'_> {
    /// The first cap that is full for this message: the policy's, then the journey's.
    pub(super) fn full_cap(&self, pending: &Pending, topic: TopicId, journey: &Journey) -> Option<Full> {
        let policy = self.loaded.plan.policy.caps.iter().enumerate().map(|(at, cap)| (at as u16, cap, None));
        let own = journey.caps.iter().enumerate().map(|(at, cap)| (JOURNEY_CAPS + at as u16, cap, Some(pending.journey)));
        policy.chain(own).find_map(|(number, cap, of)| {
            if !applies(cap, pending.key.channel, topic) {
                return None;
            }
            let free_at = self.taken(cap, rank(journey.priority), of, pending)?;
            Some(Full { cap: number, then: cap.then, free_at })
        })
    }

    /// When a slot of a full cap becomes free; `None` where one is.
    fn taken(&self, cap: &Cap, own_rank: u8, of: Option<JourneyId>, pending: &Pending) -> Option<Instant> {
        let kept_back = cap.keep.filter(|(_, priority)| own_rank > rank(*priority)).map_or(0, |(count, _)| count);
        let slots = cap.count.saturating_sub(kept_back) as usize;
        if self.row.facts.len() < slots {
            return None;
        }
        let today = (cap.window == CapWindow::CalendarDay).then(|| civil::date(self.now, self.zone));
        let within = |fact: &MessageFact| match cap.window {
            CapWindow::Rolling { ms } => fact.claimed_at > self.now.plus_ms(-ms),
            CapWindow::CalendarDay => Some(civil::date(fact.claimed_at, self.zone)) == today,
        };
        let counted = |fact: &&MessageFact| {
            // The slot that it has taken itself, at its claim, is its own.
            fact.counts
                && fact.key != pending.key
                && of.is_none_or(|journey| journey == fact.journey)
                && applies(cap, fact.channel, fact.topic)
                && within(fact)
        };
        let used = self.row.facts.iter().filter(counted).count();
        if used < slots {
            return None;
        }
        Some(match cap.window {
            CapWindow::CalendarDay if slots > 0 => self.zone.next_midnight(self.now),
            CapWindow::Rolling { ms } if slots > 0 => {
                let leaver = self.row.facts.iter().filter(counted).nth(used - slots);
                leaver.map_or(Instant::NEVER, |fact| fact.claimed_at.plus_ms(ms))
            }
            _ => Instant::NEVER,
        })
    }
}

fn applies(cap: &Cap, channel: crate::schema::ChannelId, topic: TopicId) -> bool {
    (cap.by.is_empty() || cap.by.contains(&channel)) && cap.about.is_none_or(|about| about == topic)
}
