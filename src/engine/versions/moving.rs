//! Runs of a journey that says `when edited continue in the new version`.
//!
//! In: a run that is pinned to an older plan. Out: the run in the newest one, at the step of the same identity, its wait computed again; or where
//! it was. **Invariant:** a run moves as a whole or not at all: it stays with its plan where its step is gone, where a message of it would get
//! another identity, or where what it holds would mean something else.

use super::super::row::{Run, RunState};
use super::super::turn::Turn;
use super::super::{Ending, RecordKind};
use super::decisions::Decision;
use crate::plan::{Goal, Journey, Line, StepKind};
use crate::schema::{SendId, StepIx};
use crate::value::{Text, Value};

impl Turn<'_> {
    pub(super) fn move_run(&mut self, number: u32, decisions: &[Decision]) {
        if self.do_as_decided(number, decisions) {
            return;
        }
        let Some((at, loaded, journey)) = self.run_and_journey(number) else { return };
        let id = self.row.runs[at].journey;
        if loaded.id == self.loaded.id {
            return;
        }
        let Some(newest) = self.loaded.plan.journeys.get(id.index()).filter(|newest| newest.continues && newest.name == journey.name)
        else {
            return;
        };
        let relaid = loaded.older.as_ref().is_some_and(|older| older.layouts.iter().any(Option::is_some));
        if relaid || !self.keeps_identities(number, journey, newest) {
            return;
        }
        let Some(moved) = moved(&self.row.runs[at], journey, newest) else { return };
        let plan = self.pin();
        let again = matches!(moved.state, RunState::Waiting | RunState::Awaiting);
        self.row.runs[at] = Run { plan, ..moved };
        for pending in self.row.pending.iter_mut().filter(|pending| pending.key.run == number) {
            if let Some(step) = step_in(journey, pending.step, newest) {
                pending.step = step;
            }
        }
        self.keep_measures(number, journey, newest);
        let (journey, step) = (self.row.runs[at].journey, self.row.runs[at].step);
        self.record_run(journey, number, step, RecordKind::Moved);
        self.judge_guards(number);
        if again {
            self.retime(number);
            self.ask_arms(number);
        }
        if self.position(number).is_some() && self.row.runs.iter().any(|run| run.number == number && run.step.index() >= newest.steps.len())
        {
            self.end(number, Ending::Completed);
        }
    }

    /// What the run is measured by, as far as the newest version measures it.
    pub(super) fn keep_measures(&mut self, number: u32, journey: &Journey, newest: &Journey) {
        self.row.experiments.measures.retain_mut(|measure| {
            if measure.run != number {
                return true;
            }
            let identity = journey.experiments.get(usize::from(measure.experiment)).map(|experiment| &experiment.identity);
            let now = newest.experiments.iter().position(|experiment| Some(&experiment.identity) == identity);
            measure.experiment = now.unwrap_or(0) as u16;
            now.is_some()
        });
    }

    /// Whether every message that the run has sent or is to send has the same number as before.
    pub(super) fn keeps_identities(&self, number: u32, journey: &Journey, newest: &Journey) -> bool {
        let Some(run) = self.row.run(number) else { return false };
        let visited = run.visits.iter().map(|(send, _)| *send);
        let sent = self.row.facts.iter().filter(|fact| fact.key.run == number).map(|fact| fact.key.send);
        let pending = self.row.pending.iter().filter(|pending| pending.key.run == number).map(|pending| pending.key.send);
        visited.chain(sent).chain(pending).all(|send| {
            let step = journey.sends.get(send.index()).and_then(|send| step_in(journey, send.step, newest));
            let now = step.and_then(|step| newest.sends.iter().position(|send| send.step == step));
            now.map(|now| SendId(now as u16)) == Some(send)
        })
    }
}

/// The step of the same identity.
fn step_in(journey: &Journey, step: StepIx, newest: &Journey) -> Option<StepIx> {
    let id = &journey.steps.get(step.index())?.id;
    newest.steps.iter().position(|step| step.id == *id).map(|at| StepIx(at as u16))
}

fn moved(run: &Run, journey: &Journey, newest: &Journey) -> Option<Run> {
    let step = match run.state {
        // Behind its last step.
        RunState::Done => step_in(journey, run.step, newest).unwrap_or(StepIx(newest.steps.len().saturating_sub(1) as u16)),
        _ => step_in(journey, run.step, newest)?,
    };
    let (old, new) = (journey.steps.get(run.step.index())?, newest.steps.get(step.index())?);
    if std::mem::discriminant(&old.kind) != std::mem::discriminant(&new.kind) && run.state != RunState::Done {
        return None;
    }
    let mut moved = moved_to(run, journey, newest, step)?;
    if arms(&old.kind) != arms(&new.kind) {
        moved.met.clear();
    }
    Some(moved)
}

/// The run at a step of the newest version, with what it knows.
pub(super) fn moved_to(run: &Run, journey: &Journey, newest: &Journey, step: StepIx) -> Option<Run> {
    if std::mem::discriminant(&journey.key) != std::mem::discriminant(&newest.key) {
        return None;
    }
    let mut moved = Run { step, ..run.clone() };
    let names: Vec<(&Text, usize)> = nth(journey.locals.iter().map(|(name, _)| name));
    let local = |wanted: &(&Text, usize)| {
        let at = names.iter().position(|known| known == wanted)?;
        run.locals.get(at).cloned()
    };
    moved.locals = nth(newest.locals.iter().map(|(name, _)| name)).iter().map(|wanted| local(wanted).unwrap_or_default()).collect();
    let value = |name: &Text| {
        let at = journey.entry_fields.iter().position(|field| field.name == *name)?;
        run.entry.get(at).cloned()
    };
    moved.entry = newest.entry_fields.iter().map(|field| value(&field.name).unwrap_or(Value::Missing)).collect();
    let goal = |goal: &Goal| Goal { line: Line::default(), ..goal.clone() };
    moved.goals = 0;
    for (at, reached) in newest.goals.iter().enumerate().take(32) {
        let before = journey.goals.iter().take(32).position(|known| goal(known) == goal(reached));
        if before.is_some_and(|before| run.goals & (1 << before) != 0) {
            moved.goals |= 1 << at;
        }
    }
    for seen in &mut moved.seen {
        seen.taken = seen.taken.iter().filter_map(|step| step_in(journey, *step, newest)).collect();
    }
    Some(moved)
}

fn arms(kind: &StepKind) -> usize {
    if let StepKind::Await { arms, .. } = kind { arms.len() } else { 0 }
}

/// Names with how many alike came before.
fn nth<'n>(names: impl Iterator<Item = &'n Text>) -> Vec<(&'n Text, usize)> {
    let mut found: Vec<(&Text, usize)> = Vec::new();
    for name in names {
        let before = found.iter().filter(|(known, _)| *known == name).count();
        found.push((name, before));
    }
    found
}
