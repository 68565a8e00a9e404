//! Values of expressions: names, paths, ranges, tests.
//!
//! In: an expression. Out: its value, borrowed where that can be. **Invariant:** what is not there is nothing, never a failure.

use super::{Loop, Machine, Scope};
use crate::template::data::{Name, Value, compare, number};
use crate::template::filter::{self, Failure, list_end, list_size};
use crate::template::program::{Expr, Step, Test};
use crate::template::tree::{Junction, Operator};
use std::borrow::Cow;
use std::cmp::Ordering;

impl<'p> Machine<'p> {
    pub(super) fn eval<'s>(&'s self, expr: &'s Expr) -> Result<Cow<'s, Value>, Failure> {
        self.budget.step()?;
        match expr {
            Expr::Const(value) => Ok(Cow::Borrowed(value)),
            Expr::Name(number, steps) => match self.named(*number) {
                Some(value) => self.steps(value, steps),
                None => self.made_steps(self.counted(*number), steps),
            },
            Expr::Host(number, steps) => self.steps(self.source.host(*number), steps),
            Expr::Computed(name, steps) => {
                let name = self.eval(name)?;
                let name = name.to_text();
                let known = self.program.names.iter().position(|known| **known == *name).map(|number| number as u32);
                let value = match known {
                    Some(number) => self.named(number),
                    None => self.source.name(&Name::new(&*name)),
                };
                match (value, known) {
                    (Some(value), _) => self.steps(value, steps),
                    (None, known) => self.made_steps(known.map_or(Value::Nil, |number| self.counted(number)), steps),
                }
            }
            Expr::Range(from, to) => {
                let end = |value: &Value| match value {
                    Value::Integer(whole) => Ok(*whole),
                    Value::Nil => Ok(0),
                    Value::Float(float) => Ok(*float as i64),
                    Value::Text(text) | Value::Html(text) => Ok(number::leading_integer(text)),
                    _ => filter::fail("invalid integer"),
                };
                Ok(Cow::Owned(Value::Range(end(&*self.eval(from)?)?, end(&*self.eval(to)?)?)))
            }
        }
    }

    /// What a name stands for, unless it is a counter.
    fn named(&self, number: u32) -> Option<&Value> {
        let at = number as usize;
        let Scope { inner, outer, rare, .. } = &self.scope;
        if let Some(Some(value)) = inner.get(at) {
            return Some(value);
        }
        if let Some(Some(value)) = outer.get(at) {
            return Some(value);
        }
        if rare.as_ref().is_some_and(|rare| rare.counters.contains_key(&number)) {
            return None;
        }
        self.source.name(&self.program.names[at])
    }

    fn counted(&self, number: u32) -> Value {
        let count = self.scope.rare.as_ref().and_then(|rare| rare.counters.get(&number));
        count.map_or(Value::Nil, |count| Value::Integer(*count))
    }

    /// Follows a path for as long as what it finds lies somewhere already.
    fn steps<'s>(&'s self, mut value: &'s Value, steps: &'s [Step]) -> Result<Cow<'s, Value>, Failure> {
        for (at, step) in steps.iter().enumerate() {
            value = match step {
                Step::Field(name) => match value {
                    Value::Record(record) if let Some(found) = record.get_named(name) => found,
                    value => return self.made_steps(self.made_field(value, name), &steps[at + 1..]),
                },
                Step::Index(index) => match at_index(value, &*self.eval(index)?) {
                    Some(found) => found,
                    None => return self.made_steps(Value::Nil, &steps[at + 1..]),
                },
            };
        }
        Ok(Cow::Borrowed(value))
    }

    /// Follows the rest of a path from a value that was made on the way.
    fn made_steps<'s>(&'s self, mut value: Value, steps: &'s [Step]) -> Result<Cow<'s, Value>, Failure> {
        for step in steps {
            value = match step {
                Step::Field(name) => match &value {
                    Value::Record(record) if let Some(found) = record.get_named(name) => found.clone(),
                    value => self.made_field(value, name),
                },
                Step::Index(index) => at_index(&value, &*self.eval(index)?).cloned().unwrap_or_default(),
            };
        }
        Ok(Cow::Owned(value))
    }

    /// What a value knows about itself.
    fn made_field(&self, value: &Value, name: &str) -> Value {
        match (name, value) {
            (_, Value::Loop(number)) => self.loops.get(*number as usize).map_or(Value::Nil, |state| loop_field(state, name)),
            ("size", value) => list_size(value).map_or(Value::Nil, Value::Integer),
            ("first", value) => list_end(value, true),
            ("last", value) => list_end(value, false),
            _ => Value::Nil,
        }
    }

    /// From left to right; what is behind `and` and `or` belongs together.
    pub(super) fn holds(&self, tests: &[(Junction, Test)]) -> Result<bool, Failure> {
        let mut truth = true;
        for (at, (_, test)) in tests.iter().enumerate() {
            truth = self.test(test)?;
            match tests.get(at + 1) {
                Some((Junction::And, _)) if !truth => return Ok(false),
                Some((Junction::Or, _)) if truth => return Ok(true),
                _ => {}
            }
        }
        Ok(truth)
    }

    fn test(&self, test: &Test) -> Result<bool, Failure> {
        let left = self.eval(&test.left)?;
        let Some((operator, right)) = &test.right else { return Ok(left.truth()) };
        let right = self.eval(right)?;
        let order = |wanted: fn(Ordering) -> bool| match compare::order(&left, &right) {
            Ok(order) => Ok(order.is_some_and(wanted)),
            Err(message) => filter::fail(message),
        };
        match operator {
            Operator::Unknown => filter::fail(format!("Unknown operator {}", right.to_text())),
            Operator::Equal => Ok(compare::equal(&left, &right)),
            Operator::NotEqual => Ok(!compare::equal(&left, &right)),
            Operator::Contains => Ok(compare::contains(&left, &right)),
            Operator::Less => order(Ordering::is_lt),
            Operator::Greater => order(Ordering::is_gt),
            Operator::LessOrEqual => order(Ordering::is_le),
            Operator::GreaterOrEqual => order(Ordering::is_ge),
        }
    }
}

/// `list[0]`, `list[-1]`, `record['name']`.
fn at_index<'v>(value: &'v Value, index: &Value) -> Option<&'v Value> {
    match (value, index) {
        (Value::List(items), Value::Integer(at)) => {
            let at = if *at < 0 { at.checked_add(i64::try_from(items.len()).ok()?)? } else { *at };
            items.get(usize::try_from(at).ok()?)
        }
        (Value::Record(record), Value::Text(name) | Value::Html(name)) => record.get(name),
        _ => None,
    }
}

fn loop_field(state: &Loop, name: &str) -> Value {
    let whole = |number: usize| Value::Integer(i64::try_from(number).unwrap_or(i64::MAX));
    let (at, length) = (state.at, state.length);
    match name {
        "index" => whole(at + 1),
        "index0" => whole(at),
        "rindex" => whole(length.saturating_sub(at)),
        "rindex0" => whole(length.saturating_sub(at + 1)),
        "first" => Value::Boolean(at == 0),
        "last" => Value::Boolean(at + 1 == length),
        "length" => whole(length),
        "name" if state.columns.is_none() => Value::Text(state.name.clone()),
        "parentloop" => state.parent.map_or(Value::Nil, Value::Loop),
        _ => {
            let Some(columns) = state.columns.map(|columns| columns.max(1)) else { return Value::Nil };
            match name {
                "col" => whole(at % columns + 1),
                "col0" => whole(at % columns),
                "col_first" => Value::Boolean(at % columns == 0),
                "col_last" => Value::Boolean(at % columns + 1 == columns),
                "row" => whole(at / columns + 1),
                _ => Value::Nil,
            }
        }
    }
}
