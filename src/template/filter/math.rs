//! Filters that count.
//!
//! In: a value as number, arguments. Out: a number. **Invariant:** never panics; what has no result is said in Liquid's words.

use super::{Args, Filter, Outcome, fail};
use crate::template::data::Value;
use crate::template::data::number::{self, Number};
use std::cmp::Ordering;

pub(super) fn apply(filter: &Filter, value: &Value, args: &Args) -> Outcome {
    // Most that is counted is whole and small.
    if let (Value::Integer(a), Value::Integer(b)) = (value, args.get(0)) {
        let whole = match filter {
            Filter::Plus => a.checked_add(*b),
            Filter::Minus => a.checked_sub(*b),
            Filter::Times => a.checked_mul(*b),
            _ => None,
        };
        if let Some(whole) = whole {
            return Ok(Value::Integer(whole));
        }
    }
    let input = number::of(value);
    let other = number::of(args.get(0));
    let result = match filter {
        Filter::Plus => Some(input.plus(other)),
        Filter::Minus => Some(input.minus(other)),
        Filter::Times => Some(input.times(other)),
        Filter::DividedBy => match input.divided_by(other) {
            None => return fail("divided by 0"),
            some => some,
        },
        Filter::Modulo => match input.modulo(other) {
            None => return fail("divided by 0"),
            some => some,
        },
        Filter::Abs => Some(input.abs()),
        Filter::Round => input.round(places(other)),
        Filter::Ceil => input.ceil(),
        Filter::Floor => input.floor(),
        Filter::AtLeast => Some(if other.compare(input) == Some(Ordering::Greater) { other } else { input }),
        _ => Some(if other.compare(input) == Some(Ordering::Less) { other } else { input }),
    };
    match result {
        Some(number) => Ok(number.into()),
        None => fail(if input.float() < 0.0 { "-Infinity" } else { "Infinity" }),
    }
}

fn places(number: Number) -> i64 {
    match number {
        Number::Integer(places) => places,
        other => other.float() as i64,
    }
}
