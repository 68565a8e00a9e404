//! `send`: plans its messages; the run is held with them unless `without waiting`.

use super::Next;
use crate::engine::row::RunState;
use crate::engine::turn::Turn;
use crate::plan::Send;
use crate::schema::StepIx;

pub(super) fn perform(turn: &mut Turn<'_>, at: usize, send: &Send, next: StepIx) -> Next {
    let number = turn.row.runs[at].number;
    if turn.plan_messages(number, send) {
        turn.row.runs[at].state = RunState::Sending;
        Next::Stay
    } else {
        Next::Go(next)
    }
}
