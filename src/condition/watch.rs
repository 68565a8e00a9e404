//! Which items matter to a customer: the list, field or event that a condition over an item names.
//!
//! In: the condition of an entry on a catalog's changes. Out: where the keys of the items are found that it can hold for. **Invariant:**
//! for an item whose key is not among them the condition is false; so a change finds its customers without asking everybody.

use super::{Comparison, CountTest, Expr, History, HistoryFn};
use crate::schema::FieldId;

/// Where the keys are.
#[derive(Debug, Clone, PartialEq)]
pub enum Watch<'e> {
    /// A field of the customer: a key, or a list of keys.
    Field(FieldId),
    /// A property, a key or a list of keys, of the events of a history.
    Events(&'e History, u16),
}

/// The keys that a condition over an item (subject 0) can hold for; `None` where it may hold for any.
pub fn watch_of(condition: &Expr) -> Option<Watch<'_>> {
    match condition {
        Expr::And(tests) => tests.iter().find_map(watch_of),
        Expr::History(history) if matches!(history.function, HistoryFn::Has(CountTest::AtLeast(1..) | CountTest::Exactly(1..))) => {
            let property = history.condition.as_ref().and_then(property_of)?;
            Some(Watch::Events(history, property))
        }
        other => match equal_to_key(other, 0)? {
            Expr::Customer(field) => Some(Watch::Field(*field)),
            _ => None,
        },
    }
}

/// The property of the event that must be, or hold, the key of the item around it.
fn property_of(condition: &Expr) -> Option<u16> {
    match condition {
        Expr::And(tests) => tests.iter().find_map(property_of),
        other => match equal_to_key(other, 1)? {
            Expr::Subject { depth: 0, field } => Some(*field),
            _ => None,
        },
    }
}

/// What the key of the item at `depth` is, or is in.
fn equal_to_key(test: &Expr, depth: u8) -> Option<&Expr> {
    let is_key = |expr: &Expr| matches!(expr, Expr::It { depth: at } if *at == depth);
    match test {
        Expr::Compare { op: Comparison::Is, left, right, ignoring_case: false } => match (is_key(left), is_key(right)) {
            (true, _) => Some(right),
            (_, true) => Some(left),
            _ => None,
        },
        Expr::In { item, list, ignoring_case: false } if is_key(item) => Some(list),
        _ => None,
    }
}
