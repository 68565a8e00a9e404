//! `set`, `clear`, `add … to`, `remove … from`, `increase`: the customer's attributes. The value holds at once.

use super::Next;
use crate::condition::Expr;
use crate::engine::turn::Turn;
use crate::plan::{Plan, StepKind};
use crate::schema::{FieldId, StepIx};
use crate::value::{Decimal, Value};

pub(super) fn perform(turn: &mut Turn<'_>, at: usize, plan: &Plan, kind: &StepKind, next: StepIx) -> Next {
    if let Some((field, value)) = changed(turn, at, plan, kind) {
        turn.cause_attribute(field, value);
    }
    Next::Go(next)
}

/// The field and its new value; `None` where the value cannot be computed, so that nothing changes.
fn changed(turn: &Turn<'_>, at: usize, plan: &Plan, kind: &StepKind) -> Option<(FieldId, Value)> {
    let context = turn.context_in(plan, &turn.row.runs[at]);
    let value = |expr: &Expr| context.value(expr);
    Some(match kind {
        StepKind::Set { field, value: to } => (*field, value(to)),
        StepKind::Clear(field) => (*field, Value::Missing),
        StepKind::AddTo { field, value: added } => (*field, with(turn.row.attribute(*field), value(added))?),
        StepKind::RemoveFrom { field, value: removed } => (*field, without(turn.row.attribute(*field), &value(removed))?),
        // What is missing counts as nothing.
        StepKind::Increase { field, by } => (*field, sum(turn.row.attribute(*field), &value(by))?),
        _ => return None,
    })
}

/// A set: what is in it already is not added again.
fn with(list: &Value, added: Value) -> Option<Value> {
    match list {
        _ if added.is_missing() => None,
        Value::List(items) if items.contains(&added) => None,
        Value::List(items) => Some(Value::List(items.iter().cloned().chain([added]).collect())),
        _ => Some(Value::List([added].into())),
    }
}

fn without(list: &Value, removed: &Value) -> Option<Value> {
    match list {
        Value::List(items) if items.contains(removed) => Some(Value::List(items.iter().filter(|item| *item != removed).cloned().collect())),
        _ => None,
    }
}

fn sum(value: &Value, by: &Value) -> Option<Value> {
    let Value::Number(by) = by else { return None };
    let before = match value {
        Value::Number(number) => *number,
        _ => Decimal::ZERO,
    };
    before.checked_add(*by).map(Value::Number)
}
