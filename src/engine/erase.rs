//! Erasure: nothing is left of a customer but that she cannot be mixed up with who comes later under her number.
//!
//! In: a row. Out: the same, emptied: runs ended as erased, what was not handed over called back, banners withdrawn. **Invariant:** nobody is
//! told: no journey reacts, no segment is left; numbers of runs and calls go on, so that an identity at a provider is never used twice.

use super::handover::decision_on;
use super::row::{Customer, PendingState};
use super::turn::Turn;
use super::{Decision, Effect, Ending, Skip};
use crate::calendar::Instant;

impl Turn<'_> {
    pub(super) fn erase(&mut self) {
        let numbers: Vec<u32> = self.row.runs.iter().map(|run| run.number).collect();
        for number in numbers {
            self.end(number, Ending::Erased);
        }
        for pending in std::mem::take(&mut self.row.pending) {
            // What is with a provider is not heard of again; what others sent her ends here.
            let decision = match pending.state {
                PendingState::Claimed if self.attention.two_steps => {
                    self.effect(Effect::Withdraw(pending.key));
                    Decision::Cancelled
                }
                PendingState::Claimed | PendingState::HandedOver { .. } | PendingState::InDoubt { .. } => Decision::Unknown,
                PendingState::Ready | PendingState::Held { .. } | PendingState::Paused { .. } => Decision::Skipped(Skip::RunEnded),
            };
            self.record_message(&pending, decision_on(&pending, decision));
        }
        // Nothing follows from it.
        self.out.scratch.news.clear();
        let Customer { uid, next_run, turn, .. } = &mut *self.row;
        let (uid, next_run, turn, made) = (std::mem::take(uid), *next_run, *turn, self.row.calls.made);
        self.row.reset(&uid);
        (self.row.clock, self.row.next_run, self.row.turn, self.row.calls.made) = (self.now, next_run, turn, made);
        self.row.wake = Instant::NEVER;
    }
}
