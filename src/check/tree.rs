//! Walking through conditions as written.
//!
//! **Invariant:** visits every sub-expression once, the outer one first. Knows no meaning.

use crate::ast::{Expr, ExprKind};

/// Calls `visit` for an expression and everything inside it.
pub(crate) fn walk<'a>(expr: &'a Expr, visit: &mut dyn FnMut(&'a Expr)) {
    visit(expr);
    match &expr.kind {
        ExprKind::List(items) | ExprKind::Joined { tests: items, .. } => items.iter().for_each(|item| walk(item, visit)),
        ExprKind::Record(fields) => fields.iter().filter_map(|(_, value)| value.as_ref()).for_each(|value| walk(value, visit)),
        ExprKind::Call(_, args) => args.iter().filter_map(|arg| arg.value.as_ref()).for_each(|value| walk(value, visit)),
        ExprKind::Field(inner, _)
        | ExprKind::Paren(inner)
        | ExprKind::Not(inner)
        | ExprKind::Negate(inner)
        | ExprKind::IsMissing(inner)
        | ExprKind::IsSet { value: inner, .. }
        | ExprKind::State { send: inner, .. } => walk(inner, visit),
        ExprKind::Binary { left, right, .. } => {
            walk(left, visit);
            walk(right, visit);
        }
        ExprKind::Top(top) => {
            if let Some(condition) = &top.condition {
                walk(condition, visit);
            }
        }
        ExprKind::Has(has) => {
            if let Some(condition) = &has.condition {
                walk(condition, visit);
            }
        }
        ExprKind::Aggregate(aggregate) => {
            for part in [&aggregate.operand, &aggregate.condition].into_iter().flatten() {
                walk(part, visit);
            }
        }
        ExprKind::Text(_)
        | ExprKind::Number(_)
        | ExprKind::Percent(_)
        | ExprKind::Money(..)
        | ExprKind::Duration(_)
        | ExprKind::Date(_)
        | ExprKind::Time(_)
        | ExprKind::DateTime(_)
        | ExprKind::Boolean(_)
        | ExprKind::Name(_)
        | ExprKind::InSegment(_)
        | ExprKind::InJourney(..)
        | ExprKind::InList(_)
        | ExprKind::InStage(_)
        | ExprKind::SubscribedTo(_)
        | ExprKind::ReachableBy(_)
        | ExprKind::Broken => {}
    }
}
