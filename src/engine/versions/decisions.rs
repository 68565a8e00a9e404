//! What becomes of runs whose step is gone in the version that becomes active.
//!
//! In: decisions of people, by journey and step. Out: runs that stay, end, or go on elsewhere. **Invariant:** a decision concerns who stands at
//! its step when her row follows, and nobody else; a run that goes on where it cannot keep its messages' identities ends, and a new one
//! begins there with what it knew.

use super::super::row::{Run, RunState};
use super::super::turn::Turn;
use super::super::{Ending, RecordKind};
use super::moving::moved_to;
use crate::calendar::Instant;
use crate::plan::Journey;
use crate::record::{Decode, DecodeError, Encode, Fault, Reader, Writer};
use crate::schema::StepIx;
use crate::value::Text;

/// What becomes of who stands at a step that is gone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// She finishes under the version that she began with.
    Stay,
    /// Her run ends.
    Exit,
    /// She goes on at this step of the newest version.
    Move(Text),
}

/// How the place of a decision begins that is about a changed type and no step: whose run reads it, and goes on under an older version.
pub const TYPE_OF: &str = "type of ";

/// One decision: whom it concerns, and what becomes of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    pub journey: Text,
    /// The identity of the step that is gone.
    pub step: Text,
    pub fate: Fate,
}

impl Encode for Decision {
    fn encode(&self, out: &mut Writer) {
        out.text(&self.journey);
        out.text(&self.step);
        match &self.fate {
            Fate::Stay => out.byte(0),
            Fate::Exit => out.byte(1),
            Fate::Move(to) => {
                out.byte(2);
                out.text(to);
            }
        }
    }
}

impl Decode for Decision {
    fn decode(from: &mut Reader<'_>) -> Result<Decision, DecodeError> {
        let (journey, step) = (from.text()?.into(), from.text()?.into());
        let fate = match from.byte()? {
            0 => Fate::Stay,
            1 => Fate::Exit,
            2 => Fate::Move(from.text()?.into()),
            other => return Err(from.fault(Fault::Kind(other))),
        };
        Ok(Decision { journey, step, fate })
    }
}

impl Turn<'_> {
    /// Does what was decided for a run that stands at a step which is gone. `false` where nothing was.
    pub(super) fn do_as_decided(&mut self, number: u32, decisions: &[Decision]) -> bool {
        let Some((at, loaded, journey)) = self.run_and_journey(number) else { return false };
        let run = &self.row.runs[at];
        if decisions.is_empty() || loaded.id == self.loaded.id || matches!(run.state, RunState::Done | RunState::Ended) {
            return false;
        }
        let step = journey.steps.get(run.step.index()).map(|step| &step.id);
        let decided = decisions.iter().find(|one| one.journey == journey.name && Some(&one.step) == step);
        match decided.map(|one| &one.fate) {
            None => return false,
            Some(Fate::Stay) => {}
            Some(Fate::Exit) => self.end(number, Ending::Removed),
            Some(Fate::Move(to)) => self.go_on_at(number, journey, to),
        }
        true
    }

    /// Ends a run that goes on under an older version, where people decided that none does which reads what has another type now.
    pub(super) fn end_for_types(&mut self, number: u32, decisions: &[Decision]) {
        if !decisions.iter().any(|one| one.step.starts_with(TYPE_OF)) {
            return;
        }
        let Some((at, loaded, journey)) = self.run_and_journey(number) else { return };
        if loaded.id == self.loaded.id || matches!(self.row.runs[at].state, RunState::Done | RunState::Ended) {
            return;
        }
        let ends = |one: &&Decision| one.journey == journey.name && one.step.starts_with(TYPE_OF) && one.fate == Fate::Exit;
        if decisions.iter().find(ends).is_some() {
            self.end(number, Ending::Removed);
        }
    }

    fn go_on_at(&mut self, number: u32, journey: &Journey, to: &str) {
        let (Some(at), loaded) = (self.position(number), self.loaded) else { return };
        let id = self.row.runs[at].journey;
        let newest = loaded.plan.journeys.get(id.index()).filter(|newest| newest.name == journey.name);
        let Some((newest, step)) = newest.and_then(|newest| Some((newest, newest.steps.iter().position(|step| step.id == to)?))) else {
            return;
        };
        let Some(moved) = moved_to(&self.row.runs[at], journey, newest, StepIx(step as u16)) else { return };
        let moved = Run {
            state: RunState::Moving,
            due: Instant::NEVER,
            horizon: Instant::NEVER,
            anchor: self.now,
            met: Vec::new(),
            delivered: false,
            ..moved
        };
        self.cancel_messages(number);
        if self.keeps_identities(number, journey, newest) {
            let plan = self.pin();
            if let Some(at) = self.position(number) {
                self.row.runs[at] = Run { plan, ..moved };
                self.record_run(id, number, StepIx(step as u16), RecordKind::Moved);
            }
            self.keep_measures(number, journey, newest);
            self.judge_guards(number);
            self.walk(number);
        } else {
            self.end(number, Ending::Removed);
            if !self.is_measured(number) {
                self.row.ended.retain(|run| run.number != number);
            }
            self.begin(Run { visits: Vec::new(), seen: Vec::new(), ..moved }, newest);
        }
    }
}
