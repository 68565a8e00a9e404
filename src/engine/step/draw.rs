//! `draw code`: asks for a code of a pool, and holds the run until it comes or its time is over.

use super::Next;
use crate::engine::row::RunState;
use crate::engine::row::calls::OpenDraw;
use crate::engine::turn::Turn;
use crate::engine::{CodeDraw, Effect, RecordKind};
use crate::schema::{PoolId, StepIx};

/// Open draws of one customer; more are not made.
const DRAWS_MAX: usize = 1_000;
/// How long a code is waited for, ms: as long as a hook where nothing is said.
const TIMEOUT_MS: i64 = 10_000;

pub(super) fn perform(turn: &mut Turn<'_>, at: usize, pool: PoolId, otherwise: StepIx) -> Next {
    let run = &turn.row.runs[at];
    let (journey, number, step) = (run.journey, run.number, run.step);
    if run.held_out || turn.row.calls.draws.len() >= DRAWS_MAX {
        // No code is spent on her; a held-out run takes the way of one that got none.
        if !run.held_out {
            turn.record(RecordKind::LimitMet("draws"));
        }
        turn.record_run(journey, number, step, RecordKind::Took { arm: None });
        return Next::Go(otherwise);
    }
    turn.row.calls.made += 1;
    let call = turn.row.calls.made;
    turn.row.calls.draws.push(OpenDraw { number: call, run: number, pool });
    let now = turn.now;
    let deadline = now.plus_ms(TIMEOUT_MS);
    let run = &mut turn.row.runs[at];
    run.state = RunState::Waiting;
    run.anchor = now;
    run.due = deadline;
    turn.record_run(journey, number, step, RecordKind::AskedForCode(pool));
    turn.effect(Effect::DrawCode(CodeDraw { call, journey, pool, deadline }));
    Next::Stay
}
