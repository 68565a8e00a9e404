//! Arithmetic on values. Never fails: what cannot be (a division by zero, an overflow, a missing operand) is missing.

use super::compare::elapsed;
use crate::calendar::{Instant, Span, Zone, civil};
use crate::condition::Arithmetic;
use crate::value::{Decimal, Value};

pub(super) fn negate(value: &Value) -> Value {
    match value {
        Value::Number(number) => Value::Number(-number),
        Value::Duration(span) => Value::Duration(negated(*span)),
        _ => Value::Missing,
    }
}

fn negated(span: Span) -> Span {
    Span { months: span.months.saturating_neg(), days: span.days.saturating_neg(), ms: span.ms.saturating_neg() }
}

/// What the operator means for these operands. Dates and moments move by civil steps in the customer's zone.
pub(super) fn apply(op: Arithmetic, left: &Value, right: &Value, zone: Zone) -> Value {
    match (op, left, right) {
        (_, Value::Number(a), Value::Number(b)) => numbers(op, *a, *b).map_or(Value::Missing, Value::Number),
        (Arithmetic::Plus, Value::Instant(at), Value::Duration(span)) | (Arithmetic::Plus, Value::Duration(span), Value::Instant(at)) => {
            Value::Instant(shifted(*at, *span, zone))
        }
        (Arithmetic::Minus, Value::Instant(at), Value::Duration(span)) => Value::Instant(shifted(*at, negated(*span), zone)),
        (Arithmetic::Minus, Value::Instant(a), Value::Instant(b)) => elapsed(a.since_ms(*b)),
        (Arithmetic::Plus, Value::Date(date), Value::Duration(span)) | (Arithmetic::Plus, Value::Duration(span), Value::Date(date)) => {
            civil::add_to_date(*date, *span).map_or(Value::Missing, Value::Date)
        }
        (Arithmetic::Minus, Value::Date(date), Value::Duration(span)) => {
            civil::subtract_from_date(*date, *span).map_or(Value::Missing, Value::Date)
        }
        (Arithmetic::Minus, Value::Date(a), Value::Date(b)) => {
            Value::Duration(Span::of_days(i32::try_from(civil::days_between(*b, *a)).unwrap_or(i32::MAX)))
        }
        (Arithmetic::Plus, Value::Duration(a), Value::Duration(b)) => Value::Duration(sum(*a, *b)),
        (Arithmetic::Minus, Value::Duration(a), Value::Duration(b)) => Value::Duration(sum(*a, negated(*b))),
        (Arithmetic::Times, Value::Duration(span), Value::Number(by)) | (Arithmetic::Times, Value::Number(by), Value::Duration(span)) => {
            scaled(*span, *by).map_or(Value::Missing, Value::Duration)
        }
        (Arithmetic::Divide, Value::Duration(span), Value::Number(by)) => {
            Decimal::ONE.checked_div(*by).and_then(|by| scaled(*span, by)).map_or(Value::Missing, Value::Duration)
        }
        (Arithmetic::Divide, Value::Duration(a), Value::Duration(b)) => {
            Decimal::from(a.exact_ms()).checked_div(Decimal::from(b.exact_ms())).map_or(Value::Missing, Value::Number)
        }
        (Arithmetic::Plus, Value::Text(a), Value::Text(b)) => Value::Text(format!("{a}{b}").into()),
        _ => Value::Missing,
    }
}

fn numbers(op: Arithmetic, a: Decimal, b: Decimal) -> Option<Decimal> {
    match op {
        Arithmetic::Plus => a.checked_add(b),
        Arithmetic::Minus => a.checked_sub(b),
        Arithmetic::Times => a.checked_mul(b),
        Arithmetic::Divide => a.checked_div(b),
    }
}

fn sum(a: Span, b: Span) -> Span {
    Span { months: a.months.saturating_add(b.months), days: a.days.saturating_add(b.days), ms: a.ms.saturating_add(b.ms) }
}

/// Whole months and days stay calendar steps; anything else becomes elapsed time.
fn scaled(span: Span, by: Decimal) -> Option<Span> {
    use rust_decimal::prelude::ToPrimitive;
    if by.fract().is_zero() {
        let by = by.to_i32()?;
        let (months, days) = (span.months.checked_mul(by)?, span.days.checked_mul(by)?);
        return Some(Span { months, days, ms: span.ms.checked_mul(i64::from(by))? });
    }
    Some(Span::of_ms(Decimal::from(span.exact_ms()).checked_mul(by)?.round().to_i64()?))
}

fn shifted(at: Instant, span: Span, zone: Zone) -> Instant {
    if span.months < 0 || span.days < 0 || span.ms < 0 { civil::subtract(at, negated(span), zone) } else { civil::add(at, span, zone) }
}
