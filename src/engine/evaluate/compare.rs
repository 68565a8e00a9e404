//! Comparisons, also of values that move with time.

use super::{Context, Subject, arithmetic};
use crate::calendar::Span;
use crate::condition::{Arithmetic, Comparison, Expr, HistoryFn};
use crate::value::Value;
use std::cmp::Ordering;

/// The order of two values of one type; `None` where one is missing or they cannot be ordered.
pub fn order(left: &Value, right: &Value) -> Option<Ordering> {
    match (left, right) {
        (Value::Number(a), Value::Number(b)) => Some(a.cmp(b)),
        (Value::Text(a), Value::Text(b)) => Some(a.cmp(b)),
        (Value::Date(a), Value::Date(b)) => Some(a.cmp(b)),
        (Value::Time(a), Value::Time(b)) => Some(a.cmp(b)),
        (Value::Instant(a), Value::Instant(b)) => Some(a.cmp(b)),
        (Value::Duration(a), Value::Duration(b)) => Some(a.exact_ms().cmp(&b.exact_ms())),
        (Value::Boolean(a), Value::Boolean(b)) => Some(a.cmp(b)),
        _ => None,
    }
}

fn same(left: &Value, right: &Value, ignoring_case: bool) -> bool {
    match (left, right) {
        (Value::Missing, _) | (_, Value::Missing) => false,
        (Value::Text(a), Value::Text(b)) if ignoring_case => a.to_lowercase() == b.to_lowercase(),
        (Value::Duration(a), Value::Duration(b)) => a.exact_ms() == b.exact_ms(),
        (Value::List(a), Value::List(b)) | (Value::Record(a), Value::Record(b)) => {
            a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| same(a, b, ignoring_case) || (a.is_missing() && b.is_missing()))
        }
        (a, b) => a == b,
    }
}

/// Two-valued: with a missing value only `is not` holds.
pub(in crate::engine) fn holds(op: Comparison, left: &Value, right: &Value, ignoring_case: bool) -> bool {
    match op {
        Comparison::Is => same(left, right, ignoring_case),
        Comparison::IsNot => !same(left, right, ignoring_case),
        Comparison::Less => order(left, right) == Some(Ordering::Less),
        Comparison::AtMost => matches!(order(left, right), Some(Ordering::Less | Ordering::Equal)),
        Comparison::Greater => order(left, right) == Some(Ordering::Greater),
        Comparison::AtLeast => matches!(order(left, right), Some(Ordering::Greater | Ordering::Equal)),
    }
}

/// How a value moves with time: milliseconds per millisecond. `now` is 1, `customer.ends - now` is -1, everything fixed is 0.
pub(super) fn slope(expr: &Expr) -> i64 {
    match expr {
        Expr::Now => 1,
        Expr::History(history) if history.function == HistoryFn::TimeSinceLatest => 1,
        Expr::Negate(value) => -slope(value),
        Expr::Arithmetic { op: Arithmetic::Plus, left, right } => slope(left) + slope(right),
        Expr::Arithmetic { op: Arithmetic::Minus, left, right } => slope(left) - slope(right),
        _ => 0,
    }
}

/// A moment or a duration on one scale.
fn scale_ms(value: &Value) -> Option<i64> {
    match value {
        Value::Instant(at) => Some(at.0),
        Value::Duration(span) => Some(span.exact_ms()),
        _ => None,
    }
}

impl Context<'_> {
    /// A comparison in which something moves: knows the very instant at which it turns.
    pub(super) fn compare_moving(&self, op: Comparison, left: &Expr, right: &Expr, slope: i64, subject: Option<&Subject<'_>>) -> bool {
        let (left, right) = (self.moving(left, subject), self.moving(right, subject));
        let (Some(a), Some(b)) = (scale_ms(&left), scale_ms(&right)) else {
            return op == Comparison::IsNot;
        };
        let gap = a.saturating_sub(b);
        if let Some(wait) = turns_after(op, gap, slope) {
            self.lower(self.now.plus_ms(wait));
        }
        match op {
            Comparison::Is => gap == 0,
            Comparison::IsNot => gap != 0,
            Comparison::Less => gap < 0,
            Comparison::AtMost => gap <= 0,
            Comparison::Greater => gap > 0,
            Comparison::AtLeast => gap >= 0,
        }
    }

    /// The value of an expression whose movement the comparison accounts for: only its steady parts lower the horizon.
    fn moving(&self, expr: &Expr, subject: Option<&Subject<'_>>) -> Value {
        match expr {
            Expr::Now => Value::Instant(self.now),
            Expr::History(history) if history.function == HistoryFn::TimeSinceLatest => self.time_since_latest(history, subject),
            Expr::Negate(value) => arithmetic::negate(&self.moving(value, subject)),
            Expr::Arithmetic { op, left, right } => {
                arithmetic::apply(*op, &self.moving(left, subject), &self.moving(right, subject), self.zone)
            }
            steady => self.eval(steady, subject).into_owned(),
        }
    }
}

/// Milliseconds until a comparison of a gap (left - right) that moves by `slope` first changes its truth; `None` for never.
fn turns_after(op: Comparison, gap: i64, slope: i64) -> Option<i64> {
    let rate = slope.unsigned_abs().max(1) as i64;
    // As if the gap always grew: a shrinking one is the mirror image.
    let (gap, op) = if slope > 0 {
        (gap, op)
    } else {
        let mirrored = match op {
            Comparison::Less => Comparison::Greater,
            Comparison::AtMost => Comparison::AtLeast,
            Comparison::Greater => Comparison::Less,
            Comparison::AtLeast => Comparison::AtMost,
            same => same,
        };
        (gap.saturating_neg(), mirrored)
    };
    let to_zero = |gap: i64| (gap.saturating_neg() + rate - 1) / rate;
    let past_zero = |gap: i64| gap.saturating_neg() / rate + 1;
    match op {
        // Turns when the gap becomes 0.
        Comparison::Less | Comparison::AtLeast => (gap < 0).then(|| to_zero(gap)),
        // Turns when the gap becomes more than 0.
        Comparison::AtMost | Comparison::Greater => (gap <= 0).then(|| past_zero(gap)),
        Comparison::Is | Comparison::IsNot if gap < 0 => Some(to_zero(gap)),
        Comparison::Is | Comparison::IsNot => (gap == 0).then_some(1),
    }
}

/// A duration of elapsed milliseconds.
pub(super) fn elapsed(ms: i64) -> Value {
    Value::Duration(Span::of_ms(ms))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moving_comparison_knows_when_it_turns() {
        // `time since latest x >= 5` with 3 elapsed: true in 2.
        assert_eq!(turns_after(Comparison::AtLeast, -2, 1), Some(2));
        // `> 5` needs one more.
        assert_eq!(turns_after(Comparison::Greater, -2, 1), Some(3));
        // Already true for good.
        assert_eq!(turns_after(Comparison::AtLeast, 0, 1), None);
        // `ends - now > 0` with 4 left: false in 4.
        assert_eq!(turns_after(Comparison::Greater, 4, -1), Some(4));
        // `ends - now >= 0` with 4 left: still true at 4, false at 5.
        assert_eq!(turns_after(Comparison::AtLeast, 4, -1), Some(5));
        assert_eq!(turns_after(Comparison::Is, -2, 1), Some(2));
        assert_eq!(turns_after(Comparison::Is, 0, 1), Some(1));
        assert_eq!(turns_after(Comparison::Is, 1, 1), None);
    }
}
