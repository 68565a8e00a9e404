//! `let x be …`: a copy, made once.

use super::Next;
use crate::condition::Expr;
use crate::engine::Ending;
use crate::engine::runs::bind;
use crate::engine::turn::Turn;
use crate::plan::Plan;
use crate::schema::{LocalId, StepIx};

pub(super) fn perform(turn: &mut Turn<'_>, at: usize, plan: &Plan, local: LocalId, value: &Expr, next: StepIx) -> Next {
    let value = turn.context_in(plan, &turn.row.runs[at]).value(value);
    bind(&mut turn.row.runs[at], local, value);
    Next::Go(next)
}

pub(super) fn perform_or_exit(turn: &mut Turn<'_>, at: usize, plan: &Plan, local: LocalId, value: &Expr, next: StepIx) -> Next {
    let value = turn.context_in(plan, &turn.row.runs[at]).value(value);
    if value.is_missing() {
        return Next::End(Ending::OrExit);
    }
    bind(&mut turn.row.runs[at], local, value);
    Next::Go(next)
}
