//! Which values something can have: ranges of what has an order, lists of what has not, and whether it may be missing.
//!
//! In: values and comparisons. Out: [`Domain`]s, met, joined and turned round. **Invariant:** every operation gives at least the values
//! that are possible, so that an empty domain is a proof. Between two values of an ordered type there is always taken to be another one.

use crate::condition::Comparison;
use crate::value::{Decimal, Type, Value, compare};
use std::cmp::Ordering;

/// Most parts of a domain; one with more is taken for everything.
const PARTS_MAX: usize = 64;

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Values {
    All,
    /// Sorted and apart from each other.
    Ranges(Vec<Range>),
    Among(Vec<Value>),
    /// Everything but these.
    Except(Vec<Value>),
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Range {
    pub(super) low: Option<Edge>,
    pub(super) high: Option<Edge>,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Edge {
    pub(super) value: Value,
    /// The value itself belongs to it.
    pub(super) included: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Domain {
    pub(super) values: Values,
    pub(super) missing: bool,
}

fn edge(value: &Value, included: bool) -> Option<Edge> {
    Some(Edge { value: value.clone(), included })
}

fn ordered(value: &Value) -> bool {
    matches!(value, Value::Number(_) | Value::Date(_) | Value::Time(_) | Value::Instant(_) | Value::Duration(_))
}

impl Domain {
    pub(super) fn everything() -> Domain {
        Domain { values: Values::All, missing: true }
    }

    pub(super) fn missing() -> Domain {
        Domain { values: Values::Among(Vec::new()), missing: true }
    }

    /// Everything that is there.
    pub(super) fn set() -> Domain {
        Domain { values: Values::All, missing: false }
    }

    /// Exactly this; `None` for lists and records, which are not told apart here.
    pub(super) fn exactly(value: &Value) -> Option<Domain> {
        let values = match value {
            Value::Missing => return Some(Domain::missing()),
            Value::Text(_) | Value::Boolean(_) => Values::Among(vec![value.clone()]),
            _ if ordered(value) => Values::Ranges(vec![Range { low: edge(value, true), high: edge(value, true) }]),
            _ => return None,
        };
        Some(Domain { values, missing: false })
    }

    pub(super) fn truth(truth: bool) -> Domain {
        Domain { values: Values::Among(vec![Value::Boolean(truth)]), missing: false }
    }

    pub(super) fn either() -> Domain {
        Domain { values: Values::Among(vec![Value::Boolean(true), Value::Boolean(false)]), missing: false }
    }

    /// Numbers from `low` on.
    pub(super) fn from(low: u32) -> Domain {
        let low = Value::Number(Decimal::from(low));
        Domain { values: Values::Ranges(vec![Range { low: edge(&low, true), high: None }]), missing: false }
    }

    /// Where `x op value` holds; `None` where that is no set of single values.
    pub(super) fn of(op: Comparison, value: &Value) -> Option<Domain> {
        match op {
            Comparison::Is => Domain::exactly(value).filter(|_| !value.is_missing()),
            Comparison::IsNot => Some(Domain::of(Comparison::Is, value)?.complement()),
            _ if !ordered(value) => None,
            _ => {
                let (low, high) = match op {
                    Comparison::Less => (None, edge(value, false)),
                    Comparison::AtMost => (None, edge(value, true)),
                    Comparison::Greater => (edge(value, false), None),
                    _ => (edge(value, true), None),
                };
                Some(Domain { values: Values::Ranges(vec![Range { low, high }]), missing: false })
            }
        }
    }

    /// One of these; `None` where they cannot be told apart, or are too many.
    pub(super) fn one_of(values: &[Value]) -> Option<Domain> {
        if values.len() > PARTS_MAX {
            return None;
        }
        let mut all = Domain { values: Values::Among(Vec::new()), missing: false };
        for value in values.iter().filter(|value| !value.is_missing()) {
            all = all.union(&Domain::exactly(value)?);
        }
        Some(all)
    }

    /// What a value of this type can be.
    pub(super) fn of_type(ty: &Type) -> Domain {
        let values = match ty.required() {
            Type::OneOf(texts) if texts.len() <= PARTS_MAX => Values::Among(texts.iter().cloned().map(Value::Text).collect()),
            Type::Boolean => return Domain { missing: ty.is_optional(), ..Domain::either() },
            _ => Values::All,
        };
        Domain { values, missing: ty.is_optional() || *ty == Type::Error }
    }

    /// The whole numbers of it, which are not negative: how often something happened.
    #[must_use]
    pub(super) fn whole_numbers(&self) -> Domain {
        let Values::Ranges(ranges) = &self.values else { return self.clone() };
        let number = |edge: &Edge| match &edge.value {
            Value::Number(number) => Some(*number),
            _ => None,
        };
        let mut out = Vec::with_capacity(ranges.len());
        for range in ranges {
            let low = range.low.as_ref().and_then(|low| {
                let number = number(low)?;
                Some(if low.included { number.ceil() } else { number.floor().checked_add(Decimal::ONE)? })
            });
            let high = range.high.as_ref().and_then(|high| {
                let number = number(high)?;
                Some(if high.included { number.floor() } else { number.ceil().checked_sub(Decimal::ONE)? })
            });
            let low = edge(&Value::Number(low.unwrap_or_default().max(Decimal::ZERO)), true);
            let high = high.and_then(|high| edge(&Value::Number(high), true));
            if spans(low.as_ref(), high.as_ref()) {
                out.push(Range { low, high });
            }
        }
        Domain { values: Values::Ranges(out), missing: self.missing }
    }

    pub(super) fn is_empty(&self) -> bool {
        !self.missing
            && match &self.values {
                Values::Ranges(ranges) => ranges.is_empty(),
                Values::Among(values) => values.is_empty(),
                Values::All | Values::Except(_) => false,
            }
    }

    #[must_use]
    pub(super) fn complement(&self) -> Domain {
        let values = match &self.values {
            Values::All => Values::Among(Vec::new()),
            Values::Among(values) if values.is_empty() => Values::All,
            Values::Among(values) => Values::Except(values.clone()),
            Values::Except(values) => Values::Among(values.clone()),
            Values::Ranges(ranges) => gaps(ranges),
        };
        Domain { values, missing: !self.missing }
    }

    #[must_use]
    pub(super) fn intersect(&self, other: &Domain) -> Domain {
        let values = match (&self.values, &other.values) {
            (Values::All, values) | (values, Values::All) => values.clone(),
            (Values::Among(one), Values::Among(two)) => Values::Among(one.iter().filter(|value| two.contains(value)).cloned().collect()),
            (Values::Among(some), Values::Except(out)) | (Values::Except(out), Values::Among(some)) => {
                Values::Among(some.iter().filter(|value| !out.contains(value)).cloned().collect())
            }
            (Values::Except(one), Values::Except(two)) => {
                let mut out = one.clone();
                out.extend(two.iter().filter(|value| !one.contains(value)).cloned());
                Values::Except(out)
            }
            (Values::Ranges(one), Values::Ranges(two)) => Values::Ranges(overlaps(one, two)),
            // Nothing of one kind is anything of the other; an empty list is of every kind.
            (Values::Among(none), _) | (_, Values::Among(none)) if none.is_empty() => Values::Among(Vec::new()),
            (Values::Ranges(_), values) | (values, Values::Ranges(_)) => values.clone(),
        };
        Domain { values: bounded(values), missing: self.missing && other.missing }
    }

    #[must_use]
    pub(super) fn union(&self, other: &Domain) -> Domain {
        let values = match (&self.values, &other.values) {
            (Values::All, _) | (_, Values::All) => Values::All,
            (Values::Among(none), values) | (values, Values::Among(none)) if none.is_empty() => values.clone(),
            (Values::Among(one), Values::Among(two)) => {
                let mut all = one.clone();
                all.extend(two.iter().filter(|value| !one.contains(value)).cloned());
                Values::Among(all)
            }
            (Values::Among(some), Values::Except(out)) | (Values::Except(out), Values::Among(some)) => {
                except(out.iter().filter(|value| !some.contains(value)).cloned().collect())
            }
            (Values::Except(one), Values::Except(two)) => except(one.iter().filter(|value| two.contains(value)).cloned().collect()),
            (Values::Ranges(one), Values::Ranges(two)) => Values::Ranges(merged(one, two)),
            (Values::Ranges(_), _) | (_, Values::Ranges(_)) => Values::All,
        };
        Domain { values: bounded(values), missing: self.missing || other.missing }
    }
}

fn except(out: Vec<Value>) -> Values {
    if out.is_empty() { Values::All } else { Values::Except(out) }
}

/// Too many parts are taken for everything: that proves nothing, and costs nothing.
fn bounded(values: Values) -> Values {
    let parts = match &values {
        Values::All => 0,
        Values::Ranges(ranges) => ranges.len(),
        Values::Among(values) | Values::Except(values) => values.len(),
    };
    if parts > PARTS_MAX { Values::All } else { values }
}

fn order(one: &Value, two: &Value) -> Ordering {
    compare(one, two).unwrap_or(Ordering::Equal)
}

/// Of two lower edges, the one that begins earlier is less.
fn by_low(one: Option<&Edge>, two: Option<&Edge>) -> Ordering {
    match (one, two) {
        (None, None) => Ordering::Equal,
        (None, _) => Ordering::Less,
        (_, None) => Ordering::Greater,
        (Some(one), Some(two)) => order(&one.value, &two.value).then(two.included.cmp(&one.included)),
    }
}

/// Of two upper edges, the one that ends earlier is less.
fn by_high(one: Option<&Edge>, two: Option<&Edge>) -> Ordering {
    match (one, two) {
        (None, None) => Ordering::Equal,
        (None, _) => Ordering::Greater,
        (_, None) => Ordering::Less,
        (Some(one), Some(two)) => order(&one.value, &two.value).then(one.included.cmp(&two.included)),
    }
}

/// Whether there is anything from `low` to `high`.
fn spans(low: Option<&Edge>, high: Option<&Edge>) -> bool {
    match (low, high) {
        (Some(low), Some(high)) => match order(&low.value, &high.value) {
            Ordering::Less => true,
            Ordering::Equal => low.included && high.included,
            Ordering::Greater => false,
        },
        _ => true,
    }
}

fn overlaps(one: &[Range], two: &[Range]) -> Vec<Range> {
    let mut all = Vec::new();
    for a in one {
        for b in two {
            let low = if by_low(a.low.as_ref(), b.low.as_ref()).is_ge() { &a.low } else { &b.low };
            let high = if by_high(a.high.as_ref(), b.high.as_ref()).is_le() { &a.high } else { &b.high };
            if spans(low.as_ref(), high.as_ref()) {
                all.push(Range { low: low.clone(), high: high.clone() });
            }
        }
    }
    all
}

fn merged(one: &[Range], two: &[Range]) -> Vec<Range> {
    let mut all: Vec<Range> = one.iter().chain(two).cloned().collect();
    all.sort_by(|a, b| by_low(a.low.as_ref(), b.low.as_ref()));
    let mut out: Vec<Range> = Vec::with_capacity(all.len());
    for range in all {
        match out.last_mut() {
            Some(last) if touches(last.high.as_ref(), range.low.as_ref()) => {
                if by_high(last.high.as_ref(), range.high.as_ref()).is_lt() {
                    last.high = range.high;
                }
            }
            _ => out.push(range),
        }
    }
    out
}

/// Nothing lies between the end of one and the begin of the next.
fn touches(high: Option<&Edge>, low: Option<&Edge>) -> bool {
    match (high, low) {
        (Some(high), Some(low)) => match order(&high.value, &low.value) {
            Ordering::Greater => true,
            Ordering::Equal => high.included || low.included,
            Ordering::Less => false,
        },
        _ => true,
    }
}

fn gaps(ranges: &[Range]) -> Values {
    let turned = |edge: &Edge| Edge { value: edge.value.clone(), included: !edge.included };
    let mut out = Vec::with_capacity(ranges.len() + 1);
    let mut low: Option<Edge> = None;
    let mut open = true;
    for range in ranges {
        if let Some(begin) = &range.low {
            let high = Some(turned(begin));
            if open && spans(low.as_ref(), high.as_ref()) {
                out.push(Range { low: low.clone(), high });
            }
        }
        match &range.high {
            Some(end) => low = Some(turned(end)),
            None => open = false,
        }
    }
    if open {
        out.push(Range { low, high: None });
    }
    Values::Ranges(out)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test stops at our own mistakes")]
mod tests {
    use super::*;

    fn number(value: i64) -> Value {
        Value::Number(Decimal::from(value))
    }

    /// Whether a value belongs to a domain, by the plain definition.
    fn holds(domain: &Domain, value: &Value) -> bool {
        match &domain.values {
            _ if value.is_missing() => domain.missing,
            Values::All => true,
            Values::Among(values) => values.contains(value),
            Values::Except(values) => !values.contains(value),
            Values::Ranges(ranges) => ranges.iter().any(|range| {
                let above = range.low.as_ref().is_none_or(|low| match order(value, &low.value) {
                    Ordering::Equal => low.included,
                    order => order == Ordering::Greater,
                });
                let below = range.high.as_ref().is_none_or(|high| match order(value, &high.value) {
                    Ordering::Equal => high.included,
                    order => order == Ordering::Less,
                });
                above && below
            }),
        }
    }

    #[test]
    fn every_operation_agrees_with_its_definition_value_by_value() {
        let ops = [Comparison::Is, Comparison::IsNot, Comparison::Less, Comparison::AtMost, Comparison::Greater, Comparison::AtLeast];
        let mut domains = vec![Domain::missing(), Domain::set(), Domain::everything()];
        for op in ops {
            domains.extend([1, 3, 5].map(|value| Domain::of(op, &number(value)).unwrap()));
        }
        let pairs: Vec<Domain> = domains.iter().flat_map(|one| [one.complement(), one.union(&domains[7])]).collect();
        domains.extend(pairs);
        let values: Vec<Value> = (0..=6).map(number).chain([Value::Missing]).collect();
        for one in &domains {
            for two in &domains {
                for value in &values {
                    let (a, b) = (holds(one, value), holds(two, value));
                    assert_eq!(holds(&one.intersect(two), value), a && b, "{one:?} and {two:?} at {value:?}");
                    assert_eq!(holds(&one.union(two), value), a || b, "{one:?} or {two:?} at {value:?}");
                    assert_eq!(holds(&one.complement(), value), !a, "not {one:?} at {value:?}");
                }
            }
        }
    }

    #[test]
    fn texts_and_truths_are_told_apart_one_by_one() {
        let free = Domain::exactly(&Value::text("free")).unwrap();
        let plans = Domain::of_type(&Type::OneOf(["free".into(), "pro".into()].into()));
        let pro = plans.intersect(&free.complement());
        assert_eq!(pro.values, Values::Among(vec![Value::text("pro")]));
        assert!(pro.intersect(&free).is_empty());
        assert!(Domain::truth(true).intersect(&Domain::truth(false)).is_empty());
        assert!(!Domain::of_type(&Type::Text).intersect(&free.complement()).is_empty());
    }

    #[test]
    fn too_many_parts_are_everything() {
        let texts: Vec<Value> = (0..PARTS_MAX).map(|at| Value::text(&at.to_string())).collect();
        let most = Domain::one_of(&texts).unwrap();
        assert_eq!(most.values, Values::Among(texts.clone()));
        assert_eq!(most.union(&Domain::exactly(&Value::text("one more")).unwrap()).values, Values::All);
        assert_eq!(Domain::one_of(&[texts, vec![Value::text("x")]].concat()), None);
    }
}
