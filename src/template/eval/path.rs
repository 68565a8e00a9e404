//! Values of expressions: names, paths, ranges, filters, tests.
//!
//! In: an expression. Out: its value, borrowed where that can be. **Invariant:** what is not there is nothing, never a failure.

use super::{Loop, Machine, Scope};
use crate::template::data::{Value, compare, number};
use crate::template::filter::{self, Args, Failure, Filter, list_end, list_size};
use crate::template::program::{Call, Expr, Pipe, Step, Test};
use crate::template::tree::{Junction, Operator};
use std::borrow::Cow;
use std::cmp::Ordering;
use std::sync::Arc;

impl<'p> Machine<'p> {
    pub(super) fn eval<'s>(&'s self, expr: &'s Expr) -> Result<Cow<'s, Value>, Failure> {
        self.budget.step()?;
        match expr {
            Expr::Const(value) => Ok(Cow::Borrowed(value)),
            Expr::Name(number, steps) => self.steps(self.named(*number), steps),
            Expr::Host(number, steps) => self.steps(self.source.host(*number), steps),
            Expr::Computed(name, steps) => {
                let name = self.eval(name)?;
                let name = name.to_text();
                let value = match self.program.names.iter().position(|known| **known == *name) {
                    Some(number) => self.named(number as u32),
                    None => self.source.name(&name).map_or(Cow::Owned(Value::Nil), |value| Cow::Owned(value.into_owned())),
                };
                self.steps(value, steps)
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

    fn named(&self, number: u32) -> Cow<'_, Value> {
        let at = number as usize;
        let Scope { inner, outer, .. } = &self.scope;
        if let Some(value) = inner.get(at).and_then(Option::as_ref).or_else(|| outer.get(at).and_then(Option::as_ref)) {
            return Cow::Borrowed(value);
        }
        if let Some(count) = self.scope.counters.get(&number) {
            return Cow::Owned(Value::Integer(*count));
        }
        self.source.name(&self.program.names[at]).unwrap_or(Cow::Owned(Value::Nil))
    }

    fn steps<'s>(&'s self, mut value: Cow<'s, Value>, steps: &'s [Step]) -> Result<Cow<'s, Value>, Failure> {
        for step in steps {
            value = match step {
                Step::Field(name) => match value {
                    Cow::Borrowed(value) => self.field(value, name),
                    Cow::Owned(value) => Cow::Owned(self.field(&value, name).into_owned()),
                },
                Step::Index(index) => {
                    let index = self.eval(index)?;
                    match value {
                        Cow::Borrowed(value) => at_index(value, &index).map_or(Cow::Owned(Value::Nil), Cow::Borrowed),
                        Cow::Owned(value) => Cow::Owned(at_index(&value, &index).cloned().unwrap_or_default()),
                    }
                }
            };
        }
        Ok(value)
    }

    fn field<'s>(&self, value: &'s Value, name: &Arc<str>) -> Cow<'s, Value> {
        if let Value::Record(record) = value
            && let Some(found) = record.get(name)
        {
            return Cow::Borrowed(found);
        }
        Cow::Owned(match (&**name, value) {
            (_, Value::Loop(number)) => self.loops.get(*number as usize).map_or(Value::Nil, |state| loop_field(state, name)),
            ("size", value) => list_size(value).map_or(Value::Nil, Value::Integer),
            ("first", value) => list_end(value, true),
            ("last", value) => list_end(value, false),
            _ => Value::Nil,
        })
    }

    /// A value with its filters applied from left to right.
    pub(super) fn pipe<'s>(&'s self, pipe: &'s Pipe, html: bool) -> Result<Cow<'s, Value>, Failure> {
        let mut value = self.eval(&pipe.value)?;
        for call in &pipe.filters {
            if call.filter == Filter::Default
                && value.truth()
                && !compare::is_empty(&value)
                && !matches!(*value, Value::Empty | Value::Blank)
            {
                // What is there stays, without being copied.
                self.budget.step()?;
                continue;
            }
            value = Cow::Owned(self.call(call, &value, html)?);
        }
        Ok(value)
    }

    fn call(&self, call: &Call, value: &Value, html: bool) -> Result<Value, Failure> {
        let workshop = self.workshop(html);
        let mut named = Vec::new();
        for (name, arg) in &call.named {
            named.push((name.clone(), self.eval(arg)?.into_owned()));
        }
        let named = named.as_slice();
        // Most filters take one or two arguments: they need no list of their own.
        match call.args.as_slice() {
            [] => filter::apply(&call.filter, value, &Args { plain: &[], named }, &workshop),
            [one] => filter::apply(&call.filter, value, &Args { plain: &[self.eval(one)?], named }, &workshop),
            [one, two] => filter::apply(&call.filter, value, &Args { plain: &[self.eval(one)?, self.eval(two)?], named }, &workshop),
            args => {
                let plain = args.iter().map(|arg| self.eval(arg)).collect::<Result<Vec<_>, _>>()?;
                filter::apply(&call.filter, value, &Args { plain: &plain, named }, &workshop)
            }
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
