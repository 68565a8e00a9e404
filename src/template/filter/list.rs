//! Filters of lists.
//!
//! In: a value as list, arguments. Out: a value. **Invariant:** every part that is looked at is a step; lists in lists are flattened as
//! Liquid does; sorting keeps the order of what is equal.

use super::{Args, Budget, Failure, Filter, Outcome, fail};
use crate::template::data::{DEPTH_MAX, Value, compare, number};
use std::borrow::Cow;
use std::cell::Cell;
use std::cmp::Ordering;
use std::collections::BTreeSet;

pub(super) fn apply(filter: &Filter, value: &Value, args: &Args, budget: &Budget) -> Outcome {
    match filter {
        Filter::Size => return Ok(Value::Integer(size(value))),
        Filter::First => return Ok(end(value, true)),
        Filter::Last => return Ok(end(value, false)),
        _ => {}
    }
    let items = items(value, budget)?;
    let property = Some(args.get(0)).filter(|property| !property.is_nil());
    match filter {
        Filter::Join => return join(&items, args, budget),
        Filter::Map => {
            let property = args.get(0);
            let mut found = Vec::with_capacity(items.len());
            for item in &*items {
                found.push(field(item, property)?.unwrap_or(Value::Nil));
            }
            return Ok(Value::list(found));
        }
        Filter::Sum => return sum(&items, property),
        _ => {}
    }
    let mut items = items.into_owned();
    Ok(match filter {
        Filter::Concat => {
            if !matches!(args.get(0), Value::List(_) | Value::Range(..)) {
                return fail("concat filter requires an array argument");
            }
            items.extend(self::items_flat(args.get(0), budget)?);
            Value::list(items)
        }
        Filter::Reverse => {
            items.reverse();
            Value::list(items)
        }
        Filter::Sort => return sort(items, property, budget, kind, |a, b| compare::sorting(a, b).unwrap_or(Ordering::Equal)),
        Filter::SortNatural => return sort(items, property, budget, |_| Some(0), natural),
        Filter::Uniq => return uniq(items, property),
        Filter::Compact => match property {
            None => {
                items.retain(|item| !item.is_nil());
                Value::list(items)
            }
            Some(property) => return select(items, property, |found| !found.is_nil()).map(or_nil(Value::list)),
        },
        _ => return test(filter, items, args),
    })
}

fn sum(items: &[Value], property: Option<&Value>) -> Outcome {
    let mut sum = number::Number::Integer(0);
    for item in items {
        sum = sum.plus(match property {
            None => number::of(item),
            Some(property) => number::of(&field(item, property)?.unwrap_or(Value::Nil)),
        });
    }
    Ok(sum.into())
}

/// `where`, `reject`, `find`, `find_index`, `has`: by a property that is true, or that is a value.
fn test(filter: &Filter, items: Vec<Value>, args: &Args) -> Outcome {
    let property = args.get(0);
    let target = Some(args.get(1)).filter(|target| !target.is_nil());
    let holds = |found: &Value| match target {
        Some(target) => compare::equal(found, target),
        None => found.truth(),
    };
    if items.is_empty() {
        return Ok(match filter {
            Filter::Where | Filter::Reject => Value::list(items),
            Filter::Has => Value::Boolean(false),
            _ => Value::Nil,
        });
    }
    match filter {
        Filter::Where => return select(items, property, holds).map(or_nil(Value::list)),
        Filter::Reject => return select(items, property, |found| !holds(found)).map(or_nil(Value::list)),
        _ => {}
    }
    for (at, item) in items.iter().enumerate() {
        let Some(found) = field(item, property)? else { return Ok(Value::Nil) };
        if holds(&found) {
            return Ok(match filter {
                Filter::Has => Value::Boolean(true),
                Filter::Find => item.clone(),
                _ => Value::Integer(i64::try_from(at).unwrap_or(i64::MAX)),
            });
        }
    }
    Ok(if *filter == Filter::Has { Value::Boolean(false) } else { Value::Nil })
}

fn or_nil(make: fn(Vec<Value>) -> Value) -> impl Fn(Option<Vec<Value>>) -> Value {
    move |items| items.map_or(Value::Nil, make)
}

/// The items whose property passes; nothing if one of them can have no properties.
fn select(items: Vec<Value>, property: &Value, passes: impl Fn(&Value) -> bool) -> Result<Option<Vec<Value>>, Failure> {
    let mut kept = Vec::new();
    for item in items {
        let Some(found) = field(&item, property)? else { return Ok(None) };
        if passes(&found) {
            kept.push(item);
        }
    }
    Ok(Some(kept))
}

/// A property of an item: nothing if an item of its kind has none at all.
fn field(item: &Value, property: &Value) -> Result<Option<Value>, Failure> {
    Ok(Some(match item {
        Value::Record(record) => record.get(&property.to_text()).cloned().unwrap_or_default(),
        Value::Text(text) | Value::Html(text) => match property.as_text() {
            // Ruby looks for the property in the text.
            Some(property) if text.contains(property) => Value::text(property),
            _ => Value::Nil,
        },
        Value::Integer(_) => return fail(format!("cannot select the property '{}'", property.to_text())),
        _ => return Ok(None),
    }))
}

/// What a filter of lists takes a value for: a list of lists is one list, a record or a text is its only item.
fn items<'v>(value: &'v Value, budget: &Budget) -> Result<Cow<'v, [Value]>, Failure> {
    let mut found = Vec::new();
    match value {
        // A list that is flat already is only looked at.
        Value::List(items) if !items.iter().any(|item| matches!(item, Value::List(_))) => {
            budget.steps(items.len())?;
            budget.bytes(size_of_val(items.as_slice()))?;
            return Ok(Cow::Borrowed(items));
        }
        Value::Nil | Value::Empty | Value::Blank => {}
        Value::List(items) => flatten(items, &mut found, budget, 0)?,
        Value::Range(..) => found = items_flat(value, budget)?,
        other => found.push(other.clone()),
    }
    Ok(Cow::Owned(found))
}

fn items_flat(value: &Value, budget: &Budget) -> Result<Vec<Value>, Failure> {
    match value {
        Value::Range(from, to) => {
            let count = usize::try_from(i128::from(*to) - i128::from(*from) + 1).unwrap_or(0);
            budget.steps(count)?;
            budget.bytes(count.saturating_mul(size_of::<Value>()))?;
            Ok((*from..=*to).map(Value::Integer).collect())
        }
        Value::List(items) => {
            budget.steps(items.len())?;
            budget.bytes(items.len().saturating_mul(size_of::<Value>()))?;
            Ok(items.to_vec())
        }
        _ => Ok(Vec::new()),
    }
}

fn flatten(items: &[Value], found: &mut Vec<Value>, budget: &Budget, depth: usize) -> Result<(), Failure> {
    budget.steps(items.len())?;
    budget.bytes(size_of_val(items))?;
    for item in items {
        match item {
            Value::List(items) if depth < DEPTH_MAX => flatten(items, found, budget, depth + 1)?,
            item => found.push(item.clone()),
        }
    }
    Ok(())
}

fn size(value: &Value) -> i64 {
    let count = match value {
        Value::Text(text) | Value::Html(text) => text.chars().count(),
        Value::List(items) => items.len(),
        Value::Record(record) => record.fields().len(),
        Value::Range(from, to) => usize::try_from(i128::from(*to) - i128::from(*from) + 1).unwrap_or(0),
        // The bytes of a whole number: what Ruby answers.
        Value::Integer(_) => 8,
        _ => 0,
    };
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// The first or last part of a value; `size` of a path and these are the only words that a value understands.
pub(crate) fn end(value: &Value, first: bool) -> Value {
    match value {
        Value::List(items) => if first { items.first() } else { items.last() }.cloned().unwrap_or_default(),
        Value::Record(record) if first => match record.fields().first() {
            Some((name, value)) => Value::list(vec![Value::Text(name.to_shared()), value.clone()]),
            None => Value::Nil,
        },
        Value::Text(text) | Value::Html(text) => {
            let found = if first { text.chars().next() } else { text.chars().next_back() };
            Value::text(found.map_or(String::new(), String::from).as_str())
        }
        Value::Range(from, to) if from <= to => Value::Integer(if first { *from } else { *to }),
        _ => Value::Nil,
    }
}

pub(crate) fn size_of_value(value: &Value) -> Option<i64> {
    let has_size =
        matches!(value, Value::Text(_) | Value::Html(_) | Value::List(_) | Value::Record(_) | Value::Range(..) | Value::Integer(_));
    has_size.then(|| size(value))
}

fn join(items: &[Value], args: &Args, budget: &Budget) -> Outcome {
    let glue = if args.has(0) { args.text(0) } else { " ".into() };
    let between = items.len().saturating_sub(1).saturating_mul(glue.len());
    let bytes = items.iter().map(Value::text_bytes).sum::<usize>().saturating_add(between);
    budget.bytes(bytes)?;
    let mut text = String::with_capacity(bytes);
    for (at, item) in items.iter().enumerate() {
        if at > 0 {
            text.push_str(&glue);
        }
        text.push_str(&item.to_text());
    }
    Ok(Value::Text(text.into()))
}

/// What can be put in an order with its like.
fn kind(value: &Value) -> Option<u8> {
    match value {
        Value::Integer(_) | Value::Decimal(_) => Some(1),
        Value::Float(float) if !float.is_nan() => Some(1),
        Value::Text(_) | Value::Html(_) => Some(2),
        Value::Moment(_) => Some(3),
        _ => None,
    }
}

/// Without regard to capitals of the Latin script.
fn natural(a: &Value, b: &Value) -> Ordering {
    match (a.is_nil(), b.is_nil()) {
        (true, true) => Ordering::Equal,
        (true, false) => Ordering::Greater,
        (false, true) => Ordering::Less,
        (false, false) => a.to_text().to_ascii_lowercase().cmp(&b.to_text().to_ascii_lowercase()),
    }
}

fn sort(
    items: Vec<Value>,
    property: Option<&Value>,
    budget: &Budget,
    kind: fn(&Value) -> Option<u8>,
    order: fn(&Value, &Value) -> Ordering,
) -> Outcome {
    if items.is_empty() {
        return Ok(Value::list(items));
    }
    let mut keyed = Vec::with_capacity(items.len());
    for item in items {
        let key = match property {
            None => item.clone(),
            Some(property) => match field(&item, property)? {
                Some(key) => key,
                None => return Ok(Value::Nil),
            },
        };
        keyed.push((key, item));
    }
    // A comparison of every two would have to make sense; one kind, nothings aside, is what does.
    let mut kinds = keyed.iter().filter(|(key, _)| !key.is_nil()).map(|(key, _)| kind(key));
    let first = kinds.next().flatten();
    let one_kind = first.is_some() && kinds.all(|kind| kind == first);
    let all_equal = keyed.iter().all(|(key, _)| key.is_nil()) || keyed.windows(2).all(|two| compare::equal(&two[0].0, &two[1].0));
    if !one_kind && !all_equal {
        return fail("cannot sort values of incompatible types");
    }
    // Comparing costs what the texts are long: charged by the work that sorting can be.
    let bytes: usize = keyed.iter().map(|(key, _)| key.text_bytes()).sum();
    budget.bytes(bytes)?;
    if one_kind {
        let spent = Cell::new(false);
        keyed.sort_by(|(a, _), (b, _)| {
            if budget.step().is_err() {
                spent.set(true);
            }
            order(a, b)
        });
        if spent.get() {
            budget.step()?;
        }
    }
    Ok(Value::list(keyed.into_iter().map(|(_, item)| item).collect()))
}

fn uniq(items: Vec<Value>, property: Option<&Value>) -> Outcome {
    let mut seen = BTreeSet::new();
    let mut kept = Vec::new();
    for item in items {
        let key = match property {
            None => compare::key(&item),
            Some(property) => match field(&item, property)? {
                Some(found) => compare::key(&found),
                None => return Ok(Value::Nil),
            },
        };
        if seen.insert(key) {
            kept.push(item);
        }
    }
    Ok(Value::list(kept))
}
