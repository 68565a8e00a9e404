//! `repeat up to N times`: a counter of its own, set back whenever the loop is entered from before.

use super::Next;
use crate::engine::runs::bind;
use crate::engine::turn::Turn;
use crate::schema::{LocalId, StepIx};
use crate::value::{Decimal, Value};

pub(super) fn perform(turn: &mut Turn<'_>, at: usize, counter: LocalId, times: u32, body: StepIx, next: StepIx) -> Next {
    let done = match turn.row.runs[at].locals.get(counter.index()) {
        Some(Value::Number(number)) => *number,
        _ => Decimal::ZERO,
    };
    if done >= Decimal::from(times) {
        return Next::Go(next);
    }
    bind(&mut turn.row.runs[at], counter, Value::Number(done + Decimal::ONE));
    Next::Go(body)
}

pub(super) fn reset(turn: &mut Turn<'_>, at: usize, counter: LocalId, next: StepIx) -> Next {
    bind(&mut turn.row.runs[at], counter, Value::Number(Decimal::ZERO));
    Next::Go(next)
}
