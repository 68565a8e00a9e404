//! `repeat up to N times`, `for each`: a counter of its own, set back whenever the loop is entered from before.

use super::Next;
use crate::condition::Expr;
use crate::engine::runs::bind;
use crate::engine::turn::Turn;
use crate::plan::{Each, Plan};
use crate::schema::{LocalId, StepIx};
use crate::value::{Decimal, Value};
use rust_decimal::prelude::ToPrimitive;

pub(super) fn perform(
    turn: &mut Turn<'_>,
    at: usize,
    counter: LocalId,
    times: u32,
    (body, each): (StepIx, Option<Each>),
    next: StepIx,
) -> Next {
    let run = &mut turn.row.runs[at];
    let done = match run.locals.get(counter.index()) {
        Some(Value::Number(number)) => *number,
        _ => Decimal::ZERO,
    };
    if done >= Decimal::from(times) {
        return Next::Go(next);
    }
    if let Some(each) = each {
        let item = match (run.locals.get(each.list.index()), done.to_usize()) {
            (Some(Value::List(items)), Some(at)) => items.get(at).cloned(),
            _ => None,
        };
        let Some(item) = item else { return Next::Go(next) };
        bind(run, each.item, item);
    }
    bind(run, counter, Value::Number(done + Decimal::ONE));
    Next::Go(body)
}

pub(super) fn reset(turn: &mut Turn<'_>, at: usize, plan: &Plan, counter: LocalId, take: Option<&(LocalId, Expr)>, next: StepIx) -> Next {
    bind(&mut turn.row.runs[at], counter, Value::Number(Decimal::ZERO));
    if let Some((local, list)) = take {
        let list = turn.context_in(plan, &turn.row.runs[at]).value(list);
        bind(&mut turn.row.runs[at], *local, list);
    }
    Next::Go(next)
}
