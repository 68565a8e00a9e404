//! Programs in messages: the customer's values as values of templates, each computed once and only if it is asked for.
//!
//! In: a program, the expressions behind its values with their types, who evaluates them. Out: the text. **Invariant:** a value is known to
//! the template only in the form of its type; nothing else of the customer can be reached from a template.

use super::budget::Limits;
use super::data::{Moment, Name, Value};
use super::escape::Medium;
use super::eval::{self, Mistakes, Setting, Source, Stopped};
use super::program::Program;
use super::render::Manner;
use crate::calendar::Zone;
use crate::condition::Expr;
use crate::value::{self, Type, show};
use chrono::NaiveTime;
use rust_decimal::prelude::ToPrimitive;
use std::cell::{OnceCell, RefCell};

/// A program of a message with its values.
#[derive(Debug, Clone, PartialEq, Default, serde::Serialize, serde::Deserialize)]
pub struct Hosted {
    pub program: Program,
    pub values: Vec<HostValue>,
}

#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct HostValue {
    pub expr: Expr,
    pub ty: Type,
}

impl Hosted {
    /// The text for one customer. `eval` gives the value of an expression for her.
    pub fn render(&self, eval: &mut dyn FnMut(&Expr) -> value::Value, manner: Manner) -> Result<String, Stopped> {
        let medium = match (manner.one_line, manner.markup) {
            (true, _) => Medium::Line,
            (false, true) => Medium::Html,
            (false, false) => Medium::Plain,
        };
        let limits = Limits { output_bytes: manner.bytes_max, ..Limits::MESSAGE };
        let values = Values {
            hosted: self,
            eval: RefCell::new(eval),
            cells: self.values.iter().map(|_| OnceCell::new()).collect(),
            zone: manner.zone,
        };
        // There is no `now` but that of the journey, which comes as a value.
        eval::run(&self.program, &values, &Setting { manner, medium, limits, now: None, mistakes: Mistakes::Stop })
    }
}

struct Values<'a> {
    hosted: &'a Hosted,
    eval: RefCell<&'a mut dyn FnMut(&Expr) -> value::Value>,
    cells: Vec<OnceCell<Value>>,
    zone: Zone,
}

impl Source for Values<'_> {
    fn name(&self, _: &Name) -> Option<&Value> {
        None
    }

    fn host(&self, number: u32) -> &Value {
        let at = number as usize;
        let (Some(cell), Some(value)) = (self.cells.get(at), self.hosted.values.get(at)) else { return &Value::Nil };
        cell.get_or_init(|| of(&(self.eval.borrow_mut())(&value.expr), &value.ty, self.zone, 0))
    }
}

/// A customer's value as a template sees it; the names of a record are in its type.
fn of(value: &value::Value, ty: &Type, zone: Zone, depth: usize) -> Value {
    if depth > super::data::DEPTH_MAX {
        return Value::Nil;
    }
    match value {
        value::Value::Missing => Value::Nil,
        value::Value::Boolean(truth) => Value::Boolean(*truth),
        // A part of an amount is exact; whole numbers divide as whole numbers.
        value::Value::Number(amount) if matches!(ty.required(), Type::Money(_)) => Value::Decimal(*amount),
        value::Value::Number(number) => match number.is_integer().then(|| number.to_i64()).flatten() {
            Some(whole) => Value::Integer(whole),
            None => Value::Decimal(*number),
        },
        value::Value::Text(text) => Value::text(text),
        value::Value::Date(date) => {
            Value::moment(Moment { local: date.and_time(NaiveTime::MIN), ahead_seconds: 0, zone: None, is_date: true })
        }
        value::Value::Instant(instant) => Value::moment(super::filter::moment::local(*instant, zone)),
        value::Value::Time(_) | value::Value::Duration(_) => Value::text(&show::display(value, zone)),
        value::Value::List(items) => {
            let inner = match ty.required() {
                Type::List(inner) => inner,
                other => other,
            };
            Value::list(items.iter().map(|item| of(item, inner, zone, depth + 1)).collect())
        }
        value::Value::Record(items) => match ty.required() {
            Type::Record(fields) => Value::record(
                fields.iter().zip(items.iter()).map(|((name, ty), item)| (name.as_str().into(), of(item, ty, zone, depth + 1))),
            ),
            _ => Value::Nil,
        },
    }
}
