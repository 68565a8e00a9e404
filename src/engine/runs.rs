//! The life of a run: it begins, does steps, and ends once.
//!
//! In: a candidate that may begin, a run that may go on, or a reason to end. Out: the run in the row, records. **Invariant:** every run
//! that entered is recorded as ended exactly once; a run is live until its last step is done and its last message is settled; at most
//! [`RUNS_MAX`] are live, at most [`STEPS_MAX`] steps are done for one input.

use super::handover::decision_on;
use super::index::stays;
use super::row::{Entered, PendingState, Run, RunState};
use super::step::{Next, perform};
use super::turn::{Turn, Wave};
use super::{Decision, Effect, Ending, RUNS_MAX, RecordKind, STEPS_MAX, SendKey, Skip};
use crate::calendar::Instant;
use crate::plan::{Again, Journey, RunKey, StepKind};
use crate::schema::LocalId;
use crate::value::Value;

/// Runs whose memory is kept for others.
const SPARE_MAX: usize = 16;

impl Turn<'_> {
    /// A candidate that passed every check begins and does its first steps.
    pub(super) fn begin(&mut self, mut run: Run, journey: &Journey) {
        self.number(&mut run, journey);
        let number = run.number;
        self.row.runs.push(run);
        self.enters(number, journey);
    }

    /// What a run gets when it comes to its customer.
    pub(super) fn number(&mut self, run: &mut Run, journey: &Journey) {
        run.number = self.row.next_run;
        self.row.next_run += 1;
        run.plan = self.pin();
        run.begin_seq = self.row.turn;
        run.turn = self.row.turn;
        if !journey.locals.is_empty() {
            run.locals.resize(journey.locals.len(), Value::Missing);
        }
    }

    /// A run enters its journey.
    pub(super) fn enters(&mut self, number: u32, journey: &Journey) {
        let Some(at) = self.position(number) else { return };
        let Run { journey: id, entry_number: entry, held_out, key, begin, step, .. } = self.row.runs[at];
        if remembers(journey) {
            match self.row.entered.iter_mut().find(|entered| entered.journey == id && entered.key == key) {
                Some(entered) => (entered.begin, entered.end) = (begin, Instant::NEVER),
                None => self.row.entered.push(Entered { journey: id, key, begin, end: Instant::NEVER }),
            }
        }
        self.record_run(id, number, step, RecordKind::Entered { entry, held_out });
        self.tell_journey(id);
        self.walk(number);
    }

    /// Does steps until the run waits, holds or ends.
    pub(super) fn walk(&mut self, number: u32) {
        loop {
            let Some((at, loaded, journey)) = self.run_and_journey(number) else { return };
            if self.row.runs[at].state != RunState::Moving {
                return;
            }
            let ix = self.row.runs[at].step;
            let Some(step) = journey.steps.get(ix.index()) else {
                self.end(number, Ending::Completed);
                return;
            };
            self.steps += 1;
            if self.steps > STEPS_MAX {
                self.record(RecordKind::LimitMet("steps"));
                self.end(number, Ending::Limit);
                return;
            }
            if !matches!(step.kind, StepKind::ResetCounter { .. } | StepKind::Exit { written: false, .. }) {
                let id = self.row.runs[at].journey;
                self.record_run(id, number, ix, RecordKind::Reached);
            }
            match perform(self, at, loaded, journey, step) {
                Next::Go(to) => {
                    // A step that reaches the customer (not the run) cannot end runs by itself: its news follow.
                    if let Some(at) = self.position(number) {
                        self.row.runs[at].step = to;
                    }
                }
                Next::Stay => return,
                Next::End(ending) => {
                    self.end(number, ending);
                    return;
                }
                Next::Finish => {
                    self.row.runs[at].state = RunState::Done;
                    self.finish_if_settled(number);
                    return;
                }
            }
        }
    }

    /// Ends a run whose last step is done, once its last message is settled.
    pub(super) fn finish_if_settled(&mut self, number: u32) {
        let Some((at, _, journey)) = self.run_and_journey(number) else { return };
        let run = &self.row.runs[at];
        if run.state != RunState::Done || self.row.pending.iter().any(|pending| pending.key.run == number) {
            return;
        }
        let written = matches!(journey.steps.get(run.step.index()).map(|step| &step.kind), Some(StepKind::Exit { written: true, .. }));
        self.end(number, if written { Ending::ExitStep } else { Ending::Completed });
    }

    /// Ends a run at once: waits end, messages that were not handed over are cancelled, banners are withdrawn.
    pub(super) fn end(&mut self, number: u32, ending: Ending) {
        let Some((at, _, journey)) = self.run_and_journey(number) else { return };
        self.cancel_messages(number);
        self.row.calls.open.retain(|open| open.run != number);
        self.row.calls.draws.retain(|open| open.run != number);
        if self.row.runs[at].state == RunState::AtTheDoor {
            self.leave_the_door(at, &ending);
            return;
        }
        let mut run = self.row.runs.remove(at);
        self.record_run(run.journey, number, run.step, RecordKind::Ended(ending));
        if remembers(journey)
            && let Some(entered) = self.row.entered.iter_mut().find(|entered| entered.journey == run.journey && entered.key == run.key)
        {
            entered.end = self.now;
        }
        let id = run.journey;
        let measured = self.is_measured(number);
        if measured || !journey.goals.is_empty() {
            run.state = RunState::Ended;
            (run.due, run.horizon, run.guarded_until) = (Instant::NEVER, Instant::NEVER, Instant::NEVER);
            if !measured {
                run.locals.clear();
            }
            run.seen.clear();
            run.visits.clear();
            self.forget_ended();
            if self.is_watched(journey, &run) && self.row.ended.len() < RUNS_MAX {
                self.row.ended.push(run);
            } else {
                self.keep_memory(run);
            }
        } else {
            self.keep_memory(run);
        }
        self.tell_journey(id);
    }

    /// A run that is over leaves its memory to the next one.
    pub(super) fn keep_memory(&mut self, run: Run) {
        if self.out.scratch.spare.len() < SPARE_MAX {
            self.out.scratch.spare.push(run);
        }
    }

    fn forget_ended(&mut self) {
        if self.row.ended.is_empty() {
            return;
        }
        let mut ended = std::mem::take(&mut self.row.ended);
        ended.retain(|run| {
            let journey = self.loaded_of(run.plan).and_then(|loaded| loaded.plan.journeys.get(run.journey.index()));
            journey.is_some_and(|journey| self.is_watched(journey, run))
        });
        self.row.ended = ended;
    }

    pub(super) fn cancel_messages(&mut self, number: u32) {
        let mut at = 0;
        while at < self.row.pending.len() {
            let pending = &self.row.pending[at];
            let left = match pending.state {
                PendingState::Claimed => !self.attention.two_steps,
                PendingState::HandedOver { .. } | PendingState::InDoubt { .. } => true,
                PendingState::Ready | PendingState::Held { .. } | PendingState::Paused { .. } => false,
            };
            if pending.key.run == number && !left {
                let pending = self.row.pending.remove(at);
                let mut decision = Decision::Skipped(Skip::RunEnded);
                if pending.state == PendingState::Claimed {
                    self.withdraw(&pending);
                    decision = Decision::Cancelled;
                }
                self.record_message(&pending, decision_on(&pending, decision));
            } else {
                at += 1;
            }
        }
        let loaded = self.loaded;
        let shown: Vec<SendKey> = self
            .row
            .facts
            .iter()
            .filter(|fact| fact.key.run == number && fact.is_sent())
            .filter(|fact| loaded.plan.schema.channels.get(fact.channel.index()).is_some_and(|channel| stays(channel.kind)))
            .map(|fact| fact.key)
            .collect();
        shown.into_iter().for_each(|key| self.effect(Effect::Cancel(key)));
    }

    /// `in journey J` changed: who asks is asked again.
    fn tell_journey(&mut self, journey: crate::schema::JourneyId) {
        let loaded = self.loaded;
        let watched = self.any_index(|index| index.journeys.get(journey.index()).is_some_and(|journey| journey.watched));
        if !watched {
            return;
        }
        let mut wave = Wave { journey: Some(journey), ..Wave::default() };
        if let Some(segments) = loaded.index.journey_segments.get(journey.index()) {
            self.refresh_segments(segments, &mut wave.flips);
        }
        self.cause(wave);
    }
}

/// Gives a binding its value.
pub(super) fn bind(run: &mut Run, local: LocalId, value: Value) {
    if run.locals.len() <= local.index() {
        run.locals.resize(local.index() + 1, Value::Missing);
    }
    run.locals[local.index()] = value;
}

/// Whether `enter again` has something to ask.
fn remembers(journey: &Journey) -> bool {
    !matches!(journey.key, RunKey::PerEvent | RunKey::PerRequest) && journey.again != Again::Always
}
