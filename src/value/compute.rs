//! Comparing values and computing with them.
//!
//! In: values whose types the checker has found to fit, a zone for civil steps. Out: an order, or a value. **Invariant:** nothing panics. What is
//! missing, does not fit together or leaves the range of its type is [`Value::Missing`] (or no order), so that a comparison with it is false.

use super::{Decimal, Value, number};
use crate::calendar::{DAY_MS, Instant, Span, Zone, civil};
use std::cmp::Ordering;

/// How two values stand to each other; `None` when one is missing or they are unlike. Texts go by code point, `false` is before `true`,
/// durations by their exact length (a day is 24 hours, a month 30 days). Lists and records have no order.
pub fn compare(left: &Value, right: &Value) -> Option<Ordering> {
    Some(match (left, right) {
        (Value::Number(left), Value::Number(right)) => left.cmp(right),
        (Value::Text(left), Value::Text(right)) => left.as_str().cmp(right.as_str()),
        (Value::Boolean(left), Value::Boolean(right)) => left.cmp(right),
        (Value::Date(left), Value::Date(right)) => left.cmp(right),
        (Value::Time(left), Value::Time(right)) => left.cmp(right),
        (Value::Instant(left), Value::Instant(right)) => left.cmp(right),
        (Value::Duration(left), Value::Duration(right)) => left.exact_ms().cmp(&right.exact_ms()),
        _ => return None,
    })
}

/// `left is right`: false when one is missing. Lists and records are the same item by item; there, missing is the same as missing.
pub fn same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Missing, _) | (_, Value::Missing) => false,
        (Value::List(left), Value::List(right)) | (Value::Record(left), Value::Record(right)) => {
            let pair = |(left, right): (&Value, &Value)| (left.is_missing() && right.is_missing()) || same(left, right);
            left.len() == right.len() && left.iter().zip(right.iter()).all(pair)
        }
        _ => compare(left, right) == Some(Ordering::Equal),
    }
}

/// `left + right`: numbers, durations, a date or moment and a duration. A moment goes by civil steps in `zone`.
pub fn plus(left: &Value, right: &Value, zone: Zone) -> Value {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => of_number(number::plus(*left, *right)),
        (Value::Duration(left), Value::Duration(right)) => Value::Duration(left.plus(*right)),
        (Value::Date(date), Value::Duration(span)) | (Value::Duration(span), Value::Date(date)) => {
            civil::add_to_date(*date, *span).map_or(Value::Missing, Value::Date)
        }
        (Value::Instant(moment), Value::Duration(span)) | (Value::Duration(span), Value::Instant(moment)) => {
            of_moment(civil::add(*moment, *span, zone))
        }
        _ => Value::Missing,
    }
}

/// `left - right`: also the days between two dates, and the elapsed time between two moments.
pub fn minus(left: &Value, right: &Value, zone: Zone) -> Value {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => of_number(number::minus(*left, *right)),
        (Value::Duration(left), Value::Duration(right)) => Value::Duration(left.plus(right.negated())),
        (Value::Date(left), Value::Date(right)) => {
            i32::try_from(civil::days_between(*right, *left)).map_or(Value::Missing, |days| Value::Duration(Span::of_days(days)))
        }
        (Value::Instant(left), Value::Instant(right)) => Value::Duration(Span::of_ms(left.since_ms(*right))),
        (Value::Date(_) | Value::Instant(_), Value::Duration(span)) => plus(left, &Value::Duration(span.negated()), zone),
        _ => Value::Missing,
    }
}

/// `left * right`: numbers, or a whole number and a duration.
pub fn times(left: &Value, right: &Value) -> Value {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => of_number(number::times(*left, *right)),
        (Value::Duration(span), Value::Number(number)) | (Value::Number(number), Value::Duration(span)) => {
            let count = number.normalize();
            let whole = (count.scale() == 0).then(|| i32::try_from(count.mantissa()).ok()).flatten();
            whole.map_or(Value::Missing, |count| Value::Duration(span.times(count)))
        }
        _ => Value::Missing,
    }
}

/// `left / right`: numbers; two durations, by their exact lengths. Missing where `right` is 0.
pub fn divided(left: &Value, right: &Value) -> Value {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => of_number(number::divided(*left, *right)),
        (Value::Duration(left), Value::Duration(right)) => of_number(number::divided(left.exact_ms().into(), right.exact_ms().into())),
        _ => Value::Missing,
    }
}

/// `-value`.
pub fn negated(value: &Value) -> Value {
    match value {
        Value::Number(number) if number.is_zero() => Value::Number(Decimal::ZERO),
        Value::Number(number) => Value::Number(-*number),
        Value::Duration(span) => Value::Duration(span.negated()),
        _ => Value::Missing,
    }
}

fn of_number(number: Option<Decimal>) -> Value {
    number.map_or(Value::Missing, Value::Number)
}

fn of_moment(moment: Instant) -> Value {
    let out = moment == Instant::NEVER || moment == Instant::FIRST || moment.0.unsigned_abs() > (4_000_000 * DAY_MS) as u64;
    if out { Value::Missing } else { Value::Instant(moment) }
}
