//! Messages between customers: what one customer's run sends to another one.
//!
//! In: a send with another recipient; on the other side an input. Out: an effect that the driver turns into that input; there a message that is
//! planned like any other, with the arguments it came with. **Invariant:** the two rows share nothing else; the run that sends goes on at
//! once; what holds for the receiver (consent, contact, caps, quiet hours, language) decides about the message.

use super::index::{Loaded, PlanId};
use super::row::{Guest, Pending};
use super::turn::Turn;
use super::{Effect, RecordKind, SendKey, Told};
use crate::plan::{Send, StepKind};
use crate::value::Value;

/// Messages of others that are under way to one customer; more are not taken.
pub(super) const GUESTS_MAX: usize = 100;

impl Turn<'_> {
    /// Passes a message on. Nothing holds the run.
    pub(super) fn tell_other(&mut self, number: u32, send: &Send, loaded: &Loaded) {
        let (Some(other), Some(run)) = (&send.other, self.row.run(number)) else { return };
        let context = self.context_in(&loaded.plan, run);
        let Value::Text(to) = context.value(other) else { return };
        let args = send.args.iter().map(|arg| context.value(arg)).collect();
        let (journey, step, held_out) = (run.journey, run.step, run.held_out);
        let (from, plan) = (self.row.uid.clone(), loaded.id);
        self.record_run(journey, number, step, RecordKind::Told(send.message));
        self.effect(Effect::Tell(Box::new(Told { to, from, run: number, plan, journey, step, args, held_out })));
    }

    pub(super) fn take_told(&mut self, told: Told) {
        if self.row.guests.len() >= GUESTS_MAX {
            self.record(RecordKind::LimitMet("messages of others"));
            return;
        }
        let Some(loaded) = self.world.pinned(told.plan) else { return };
        let step = loaded.plan.journeys.get(told.journey.index()).and_then(|journey| journey.steps.get(told.step.index()));
        let Some(StepKind::Send(send)) = step.map(|step| &step.kind) else { return };
        let plan = if loaded.id == self.loaded.id { self.pin() } else { self.note_plan(told.plan) };
        let number = self.row.next_run;
        self.row.next_run += 1;
        self.row.guests.push(Guest { number, plan, args: told.args, held_out: told.held_out });
        self.record_run(told.journey, number, told.step, RecordKind::TakenFrom { run: told.run });
        for channel in self.ways(loaded, send) {
            let key = SendKey { run: number, send: send.id, visit: 0, channel };
            self.plan_message(key, told.journey, send, told.step);
        }
        self.forget_guest(number);
    }

    pub(super) fn note_plan(&mut self, plan: PlanId) -> u16 {
        let known = self.row.plans.iter().position(|known| *known == plan);
        known.unwrap_or_else(|| {
            self.row.plans.push(plan);
            self.row.plans.len() - 1
        }) as u16
    }

    /// Another one's message is over once none of its channels is open any more.
    pub(super) fn forget_guest(&mut self, number: u32) {
        if !self.row.guests.is_empty() && !self.row.pending.iter().any(|pending| pending.key.run == number) {
            self.row.guests.retain(|guest| guest.number != number);
        }
    }

    pub(super) fn guest(&self, pending: &Pending) -> Option<&Guest> {
        self.row.guests.iter().find(|guest| guest.number == pending.key.run)
    }
}
