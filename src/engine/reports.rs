//! What becomes of a message after it was claimed: its outcome, and what providers report later.
//!
//! In: outcomes and reports. Out: the message's fact, its slot given back where nothing was sent, the run that goes on, and events for
//! everything that listens. **Invariant:** an outcome counts once; reports only move a message forward; hard bounces and complaints
//! suppress the address; what a machine may have done is marked and is no event.

use super::arms::may_be_a_machine;
use super::row::{Reported, SeenWhat};
use super::turn::{Event, Turn, Wave};
use super::{Decision, Outcome, RecordKind, SendKey};
use crate::calendar::Instant;
use crate::schema::MessageVerb;
use std::sync::Arc;

/// Reports kept for one message; later ones still count as events.
const REPORTS_MAX: usize = 32;

impl Turn<'_> {
    pub(super) fn take_outcome(&mut self, key: SendKey, outcome: Outcome) {
        let Some(at) = self.message_position(key).filter(|at| self.row.pending[*at].state.is_with_provider()) else { return };
        let outcome = match outcome {
            Outcome::Unknown if self.attention.two_steps => {
                self.begin_doubt(at);
                return;
            }
            Outcome::Unknown if self.is_repeated(at) && self.deliver_again(at) => return,
            // The first try may have left.
            Outcome::NotSent | Outcome::Refused if self.attention.two_steps && self.row.pending[at].doubts > 0 => Outcome::Unknown,
            other => other,
        };
        self.settle_outcome(at, outcome);
    }

    pub(super) fn settle_outcome(&mut self, at: usize, outcome: Outcome) {
        let pending = self.row.pending.remove(at);
        let key = pending.key;
        let decision = match outcome {
            Outcome::Accepted => Decision::Sent,
            Outcome::Unknown => Decision::Unknown,
            Outcome::Refused | Outcome::NotSent => Decision::Failed,
        };
        self.record_message(&pending, decision);
        match outcome {
            Outcome::Accepted => {
                let now = self.now;
                if let Some(fact) = self.row.facts.iter_mut().find(|fact| fact.key == key) {
                    fact.sent_at = now;
                }
                self.tell_of(key, MessageVerb::Sent, now);
                self.tell_of(key, MessageVerb::Received, now);
                self.settled(&pending, true);
            }
            // The slot stays taken: it may have been sent.
            Outcome::Unknown => self.settled(&pending, false),
            Outcome::Refused | Outcome::NotSent => {
                self.row.facts.retain(|fact| fact.key != key);
                if !self.fall_through(&pending) {
                    self.settled(&pending, false);
                }
            }
        }
    }

    pub(super) fn take_report(&mut self, key: SendKey, verb: MessageVerb, at: Instant, by_machine: bool, hard: bool) {
        self.report_ends_doubt(key, verb);
        let Some(fact) = self.row.facts.iter_mut().find(|fact| fact.key == key) else { return };
        let by_machine = by_machine && may_be_a_machine(verb);
        if fact.reports.len() < REPORTS_MAX {
            fact.reports.push(Reported { verb, at, by_machine });
        }
        let (journey, message) = (fact.journey, fact.message);
        let step = self.row.run(key.run).map(|run| run.step).unwrap_or_default();
        self.record_run(journey, key.run, step, RecordKind::Reported { key, message, verb, by_machine });
        if ((verb == MessageVerb::Bounced && hard) || verb == MessageVerb::Complained)
            && let Some(wave) = self.set_suppression(key.channel, true)
        {
            self.take_in(wave);
        }
        if !by_machine {
            self.tell_of(key, verb, at);
        }
    }

    /// Something happened to a message: who asks or waits for it is told, as part of this input.
    fn tell_of(&mut self, key: SendKey, verb: MessageVerb, at: Instant) {
        let loaded = self.loaded;
        let index = &loaded.index;
        if !self.any_index(|index| index.verbs & (1 << verb as u16) != 0 || index.messages_asked) {
            return;
        }
        let Some(fact) = self.row.facts.iter().find(|fact| fact.key == key) else { return };
        let what = SeenWhat::Message { key, message: fact.message, topic: fact.topic, verb };
        let event = Event { what, at, fields: Arc::default() };
        if !index.message_scores.is_empty() {
            self.add_points(&index.message_scores, &event);
        }
        let wave = self.messages_changed(Wave { event: Some(event), ..Wave::default() });
        self.take_in(wave);
    }
}
