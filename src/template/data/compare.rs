//! Equality, order and containment of values, as Liquid has them.
//!
//! In: two values. Out: an answer, or that they cannot be compared. **Invariant:** whole and floating numbers are one kind; everything else
//! is equal only to its own kind. Does not recurse deeper than values may nest.

use super::{DEPTH_MAX, Value, number};
use std::cmp::Ordering;

/// `==`, `empty` and `blank` included.
pub fn equal(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Empty, Value::Empty) | (Value::Blank, Value::Blank) => true,
        (Value::Empty, other) | (other, Value::Empty) => is_empty(other),
        (Value::Blank, other) | (other, Value::Blank) => is_blank(other),
        _ => same(left, right, 0),
    }
}

fn same(left: &Value, right: &Value, depth: usize) -> bool {
    if depth > DEPTH_MAX {
        return false;
    }
    match (left, right) {
        (Value::Text(a) | Value::Html(a), Value::Text(b) | Value::Html(b)) => a == b,
        (Value::Integer(a), Value::Integer(b)) => a == b,
        (a, b) if is_number(a) && is_number(b) => number::of(a).compare(number::of(b)) == Some(Ordering::Equal),
        (Value::List(a), Value::List(b)) => a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| same(a, b, depth + 1)),
        (Value::Record(a), Value::Record(b)) => {
            a.fields().len() == b.fields().len()
                && a.fields().iter().all(|(name, value)| b.get(name).is_some_and(|other| same(value, other, depth + 1)))
        }
        (Value::Moment(a), Value::Moment(b)) => a.seconds() == b.seconds(),
        (a, b) => a == b,
    }
}

pub fn is_number(value: &Value) -> bool {
    matches!(value, Value::Integer(_) | Value::Float(_) | Value::Decimal(_))
}

/// A text, list or record without anything in it.
pub fn is_empty(value: &Value) -> bool {
    match value {
        Value::Text(text) | Value::Html(text) => text.is_empty(),
        Value::List(items) => items.is_empty(),
        Value::Record(record) => record.fields().is_empty(),
        Value::Range(from, to) => from > to,
        _ => false,
    }
}

/// Empty, nothing, `false`, or only white space.
pub fn is_blank(value: &Value) -> bool {
    match value {
        Value::Nil | Value::Boolean(false) => true,
        Value::Text(text) | Value::Html(text) => text.trim().is_empty(),
        other => is_empty(other),
    }
}

/// `<`, `>` and their like: nothing if the question makes no sense, which is false; an error if Ruby would raise one.
pub fn order(left: &Value, right: &Value) -> Result<Option<Ordering>, String> {
    match (left, right) {
        (a, b) if is_number(a) && is_number(b) => Ok(number::of(a).compare(number::of(b))),
        (Value::Text(a) | Value::Html(a), Value::Text(b) | Value::Html(b)) => Ok(Some(a.as_bytes().cmp(b.as_bytes()))),
        (Value::Moment(a), Value::Moment(b)) => Ok(Some(a.seconds().cmp(&b.seconds()))),
        (a, b) if can_order(a) && can_order(b) => {
            let other = if is_number(b) { b.to_text().into_owned() } else { b.class().to_owned() };
            Err(format!("comparison of {} with {other} failed", a.class()))
        }
        _ => Ok(None),
    }
}

fn can_order(value: &Value) -> bool {
    is_number(value) || matches!(value, Value::Text(_) | Value::Html(_) | Value::Moment(_))
}

/// `contains`: a part of a text, an item of a list, a name of a record.
pub fn contains(left: &Value, right: &Value) -> bool {
    if !left.truth() || !right.truth() {
        return false;
    }
    match left {
        Value::Text(text) | Value::Html(text) => text.contains(&*right.to_text()),
        Value::List(items) => items.iter().any(|item| same(item, right, 0)),
        Value::Record(record) => right.as_text().is_some_and(|name| record.get(name).is_some()),
        Value::Range(from, to) => {
            is_number(right) && {
                let float = number::of(right).float();
                *from as f64 <= float && float <= *to as f64
            }
        }
        _ => false,
    }
}

/// The order of `sort`: nothing comes last. `None` if two values have no order.
pub fn sorting(left: &Value, right: &Value) -> Option<Ordering> {
    match (left, right) {
        (Value::Nil, Value::Nil) => Some(Ordering::Equal),
        (Value::Nil, _) => Some(Ordering::Greater),
        (_, Value::Nil) => Some(Ordering::Less),
        (Value::List(a), Value::List(b)) => {
            for (a, b) in a.iter().zip(b.iter()) {
                match sorting(a, b)? {
                    Ordering::Equal => {}
                    other => return Some(other),
                }
            }
            Some(a.len().cmp(&b.len()))
        }
        _ => match order(left, right) {
            Ok(Some(order)) => Some(order),
            _ => equal(left, right).then_some(Ordering::Equal),
        },
    }
}

/// Whether values that are equal have equal keys: for `uniq`, in time that grows with the text of a value.
pub fn key(value: &Value) -> String {
    match value {
        Value::Text(text) | Value::Html(text) => format!("t{text}"),
        // Ruby's `uniq` parts 1 and 1.0.
        Value::Integer(whole) => format!("i{whole}"),
        other => format!("{other:?}"),
    }
}

impl super::Moment {
    /// Seconds since 1970 in UTC.
    pub fn seconds(&self) -> i64 {
        self.local.and_utc().timestamp() - i64::from(self.ahead_seconds)
    }
}
