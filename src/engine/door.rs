//! The door of a journey that takes in only so many customers in a time (`at most 500 entries in 1 day then wait`).
//!
//! In: a candidate that passed every other check, and what the world says about the journey's caps. Out: a run that begins, one that waits at
//! the door, or a record of why not. **Invariant:** who stands at the door has not entered: nothing of the journey begins, counts or is sent
//! until she is let in; then the run begins at that instant. What would end her run takes her away from the door. Who is let in from the
//! door has her place and is not asked again. Counts nothing itself: the world does, from the records.

use super::goals::exits_on;
use super::row::{Run, RunState};
use super::turn::Turn;
use super::{Ending, NotEntered, Record, RecordKind, Room};
use crate::calendar::Instant;
use crate::plan::Journey;
use crate::schema::JourneyId;

impl Turn<'_> {
    /// Where a candidate goes on. `live`: the run of the same key that it would restart, by position.
    pub(super) fn room_for(&self, id: JourneyId, journey: &Journey, live: Option<usize>) -> Result<Option<Instant>, NotEntered> {
        if journey.entry_caps.is_empty() {
            return Ok(None);
        }
        if let Some(door) = live.map(|at| &self.row.runs[at]).filter(|run| run.state == RunState::AtTheDoor) {
            // She has a place already.
            return Ok(Some(door.due));
        }
        let taken = places(&self.out.records).filter(|(journey, _)| *journey == id).count();
        match self.world.entry_room(id, self.now, taken) {
            Room::Free => Ok(None),
            // A run that goes on is not sent back to the door.
            Room::From(until) if live.is_none() => Ok(Some(until)),
            Room::From(_) | Room::Full => Err(NotEntered::Capped),
        }
    }

    /// The run stands at the door. `again`: in the place of one that did.
    pub(super) fn wait_at_the_door(&mut self, mut run: Run, journey: &Journey, again: bool) {
        self.number(&mut run, journey);
        let (id, number, step, until) = (run.journey, run.number, run.step, run.due);
        self.row.runs.push(run);
        if !again {
            self.record_run(id, number, step, RecordKind::AtTheDoor { until });
        }
    }

    /// Its time at the door is over.
    pub(super) fn let_in_from_the_door(&mut self, number: u32) {
        let Some((at, _, journey)) = self.run_and_journey(number) else { return };
        let (now, turn) = (self.now, self.row.turn);
        let run = &mut self.row.runs[at];
        (run.begin, run.anchor, run.begin_seq, run.turn) = (now, now, turn, turn);
        (run.state, run.due) = (RunState::Moving, Instant::NEVER);
        run.seen.clear();
        let (id, step) = (run.journey, run.step);
        self.record_run(id, number, step, RecordKind::LetIn);
        self.enters(number, journey);
    }

    /// A run at the door is over before it began.
    pub(super) fn leave_the_door(&mut self, at: usize, ending: &Ending) {
        let run = self.row.runs.remove(at);
        let why = match ending {
            // Another one stands there now.
            Ending::Restarted => None,
            Ending::Goal(_) | Ending::ExitOn(_) => Some(NotEntered::AlreadyOver),
            Ending::Over => Some(NotEntered::OutsidePeriod),
            _ => Some(NotEntered::NotForHer),
        };
        if let Some(why) = why {
            self.record_run(run.journey, run.number, run.step, RecordKind::NotEntered(why));
        }
        self.keep_memory(run);
    }

    /// A goal that ends the run takes her away from the door; others count from the entry on.
    pub(super) fn judge_goals_at_the_door(&mut self, number: u32, journey: &Journey, reached: u32) {
        if let Some(goal) = exits_on(journey, reached) {
            self.end(number, Ending::Goal(goal));
        }
    }
}

/// The places that somebody took: of which journey, and for when. Who is let in from the door took hers when she came there.
pub fn places(records: &[Record]) -> impl Iterator<Item = (JourneyId, Instant)> {
    let before = [None].into_iter().chain(records.iter().map(Some));
    records.iter().zip(before).filter_map(|(record, before)| {
        let for_when = match record.kind {
            RecordKind::Entered { .. } if before.is_some_and(|before| before.kind == RecordKind::LetIn) => return None,
            RecordKind::Entered { .. } => record.at,
            RecordKind::AtTheDoor { until } => until,
            _ => return None,
        };
        Some((record.journey?, for_when))
    })
}
