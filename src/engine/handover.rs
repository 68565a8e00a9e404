//! Between a claim and what the provider says: the hand-over, doubt, and pauses.
//!
//! In: workers that are ready to send, outcomes that stay unknown, the world's pauses. Out: the word to send or to withdraw, and every
//! decision recorded. **Invariant:** a worker that is ready gets exactly one word, [`Effect::HandOver`] or [`Effect::Withdraw`]; between
//! the two everything that could still stop the message has been asked as of now; a slot of a cap is given back by whatever stops it, and
//! kept while it may have left.

use super::row::{Pending, PendingState};
use super::sending::Stage;
use super::turn::Turn;
use super::{Decision, Effect, Outcome, SendKey};
use crate::calendar::Instant;
use crate::plan::Journey;
use crate::schema::{ChannelId, MessageVerb};

/// A report has so long to settle a message whose outcome is unknown, ms.
const DOUBT_MS: i64 = 15 * 60_000;
/// A message of something that is paused is asked again after that, ms.
pub(super) const PAUSE_MS: i64 = 60_000;

impl Turn<'_> {
    /// A worker is connected and asks whether it may send. A retry has a higher number; `doubtful`: an earlier try may have left.
    pub(super) fn take_ready(&mut self, key: SendKey, attempt: u32, doubtful: bool) {
        let at = self.message_position(key).filter(|at| match self.row.pending[*at].state {
            PendingState::Claimed => true,
            PendingState::HandedOver { attempt: last } => attempt > last,
            PendingState::Ready | PendingState::Held { .. } | PendingState::Paused { .. } | PendingState::InDoubt { .. } => false,
        });
        match at {
            Some(at) => self.decide(at, Stage::HandOver { attempt, doubtful }),
            None => self.effect(Effect::Withdraw(key)),
        }
    }

    pub(super) fn hand_over(&mut self, at: usize, attempt: u32) {
        let pending = &mut self.row.pending[at];
        pending.state = PendingState::HandedOver { attempt };
        let key = pending.key;
        // A worker may have come late: the slot of its caps counts from now on, when it really leaves.
        if let Some(place) = self.row.facts.iter().position(|fact| fact.key == key && fact.sent_at == Instant::NEVER) {
            let mut fact = self.row.facts.remove(place);
            fact.claimed_at = self.now;
            self.row.facts.push(fact);
        }
        self.effect(Effect::HandOver(key));
    }

    /// It must not leave any more: the worker is told, and its slot is free again (unless an earlier try may have left).
    pub(super) fn withdraw(&mut self, pending: &Pending) {
        self.effect(Effect::Withdraw(pending.key));
        if pending.doubts == 0 {
            self.row.facts.retain(|fact| fact.key != pending.key);
        }
    }

    /// Its outcome is unknown: a report may still say more.
    pub(super) fn begin_doubt(&mut self, at: usize) {
        let until = self.now.plus_ms(DOUBT_MS);
        let state = &mut self.row.pending[at].state;
        if !matches!(state, PendingState::InDoubt { .. }) {
            *state = PendingState::InDoubt { until };
        }
    }

    /// No report came: what the message says about doubt decides.
    pub(super) fn end_doubt(&mut self, at: usize) {
        if self.is_repeated(at) {
            let pending = &mut self.row.pending[at];
            pending.doubts += 1;
            pending.state = PendingState::Ready;
            return;
        }
        self.settle_outcome(at, Outcome::Unknown);
    }

    /// What a provider reports of a message in doubt says that it was sent.
    pub(super) fn report_ends_doubt(&mut self, key: SendKey, verb: MessageVerb) {
        if verb == MessageVerb::Sent || verb == MessageVerb::Received {
            return;
        }
        let in_doubt = |at: &usize| matches!(self.row.pending[*at].state, PendingState::InDoubt { .. });
        if let Some(at) = self.message_position(key).filter(in_doubt) {
            self.settle_outcome(at, Outcome::Accepted);
        }
    }

    /// Whether the deployment holds back what this journey sends by this channel.
    pub(super) fn is_paused(&self, journey: &Journey, channel: ChannelId) -> bool {
        let channel = self.loaded.plan.schema.channels.get(channel.index()).map(|channel| channel.name.as_str());
        self.world.on_hold() || self.world.paused(&journey.name, channel)
    }

    /// Whether anything of hers is another one in another world.
    pub(super) fn has_what_follows_the_world(&self) -> bool {
        self.row.pending.iter().any(|pending| matches!(pending.state, PendingState::Paused { .. }))
            || self.row.runs.iter().any(|run| self.waits_for_an_item(run))
    }

    /// The world is another one than at the last input: what was paused is asked again, and waits that are counted from an item.
    pub(super) fn follow_world(&mut self) {
        for pending in &mut self.row.pending {
            if let PendingState::Paused { until } = &mut pending.state {
                *until = Instant::FIRST;
            }
        }
        let waiting: Vec<u32> = self.row.runs.iter().filter(|run| self.waits_for_an_item(run)).map(|run| run.number).collect();
        waiting.into_iter().for_each(|number| self.retime(number));
    }
}

/// A message whose first try may have left stays unknown, whatever is decided about the next.
pub(super) fn decision_on(pending: &Pending, decision: Decision) -> Decision {
    if pending.doubts > 0 { Decision::Unknown } else { decision }
}
