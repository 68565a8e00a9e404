//! `if … else if … else`: the truth of the moment.

use super::Next;
use crate::condition::Expr;
use crate::engine::RecordKind;
use crate::engine::turn::Turn;
use crate::plan::Plan;
use crate::schema::StepIx;

pub(super) fn perform(turn: &mut Turn<'_>, at: usize, plan: &Plan, arms: &[(Expr, StepIx)], otherwise: StepIx) -> Next {
    let context = turn.context_in(plan, &turn.row.runs[at]);
    let taken = arms.iter().position(|(condition, _)| context.truth(condition));
    let run = &turn.row.runs[at];
    let (journey, number, step) = (run.journey, run.number, run.step);
    turn.record_run(journey, number, step, RecordKind::Took { arm: taken.map(|arm| arm as u16) });
    Next::Go(taken.and_then(|arm| arms.get(arm)).map_or(otherwise, |(_, to)| *to))
}
