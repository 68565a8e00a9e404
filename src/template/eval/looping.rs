//! Loops: `for` and `tablerow`.
//!
//! In: a list, a range, a record or a text. Out: its body once for each part. **Invariant:** a range is never made into a list; every round
//! is charged before it begins.

use super::body::Ends;
use super::{Flow, Loop, Machine};
use crate::template::data::{Value, number};
use crate::template::filter::{Failure, fail};
use crate::template::out::Out;
use crate::template::program::{Expr, For, Offset};
use std::sync::Arc;

/// What a loop goes through, from one place to another.
struct Segment {
    items: Items,
    from: usize,
    to: usize,
}

/// The parts of a value, without making a list of a range.
pub(super) enum Items {
    List(Arc<Vec<Value>>),
    Range(i64, i64),
    Record(Arc<crate::template::data::Record>),
    One(Value),
    None,
}

impl Items {
    pub(super) fn of(value: &Value) -> Items {
        match value {
            Value::List(items) => Items::List(items.clone()),
            Value::Range(first, last) => Items::Range(*first, *last),
            Value::Record(record) => Items::Record(record.clone()),
            Value::Text(text) | Value::Html(text) if !text.is_empty() => Items::One(value.clone()),
            _ => Items::None,
        }
    }

    pub(super) fn len(&self) -> usize {
        match self {
            Items::List(items) => items.len(),
            Items::Range(first, last) => usize::try_from(i128::from(*last) - i128::from(*first) + 1).unwrap_or(0),
            Items::Record(record) => record.fields().len(),
            Items::One(_) => 1,
            Items::None => 0,
        }
    }

    pub(super) fn get(&self, at: usize) -> Value {
        match self {
            Items::List(items) => items.get(at).cloned().unwrap_or_default(),
            Items::Range(first, _) => Value::Integer(first.saturating_add(i64::try_from(at).unwrap_or(i64::MAX))),
            Items::Record(record) => match record.fields().get(at) {
                Some((name, value)) => Value::list(vec![Value::Text(name.to_shared()), value.clone()]),
                None => Value::Nil,
            },
            Items::One(value) => value.clone(),
            Items::None => Value::Nil,
        }
    }
}

impl Segment {
    fn len(&self) -> usize {
        self.to - self.from
    }

    fn item(&self, at: usize) -> Value {
        self.items.get(self.from + at)
    }
}

impl<'p> Machine<'p> {
    pub(super) fn begin_loop(&mut self, name: Arc<str>, length: usize, parent: Option<u32>, columns: Option<usize>) -> u32 {
        let number = self.loops.len() as u32;
        self.loops.push(Loop { name, at: 0, length, parent, columns });
        number
    }

    /// A whole number of an attribute; nothing if there is none.
    fn whole(&self, expr: Option<&'p Expr>) -> Result<Option<i64>, Failure> {
        let Some(expr) = expr else { return Ok(None) };
        let value = self.eval(expr)?;
        if value.is_nil() {
            return Ok(None);
        }
        number::integer(&value).map_or_else(|| fail("invalid integer"), |whole| Ok(Some(whole)))
    }

    fn segment(&self, head: &'p For, from: i64) -> Result<Segment, Failure> {
        let items = Items::of(&*self.eval(&head.list)?);
        let length = items.len();
        let to = match self.whole(head.limit.as_ref())? {
            Some(limit) => usize::try_from(from.saturating_add(limit)).unwrap_or(0).min(length),
            // A table without a limit that is asked for has none of its items.
            None if head.table.is_some() && head.limit.is_some() => 0,
            None => length,
        };
        let from = usize::try_from(from).unwrap_or(0).min(to);
        Ok(Segment { items, from, to })
    }

    pub(super) fn each(&mut self, head: &'p For, out: &mut Out) -> Result<Flow, Ends> {
        let from = match &head.offset {
            None => 0,
            Some(Offset::Continue) => i64::try_from(self.scope.states[head.state as usize]).unwrap_or(i64::MAX),
            Some(Offset::At(expr)) => self.whole(Some(expr))?.unwrap_or(0),
        };
        let segment = self.segment(head, from)?;
        let length = segment.len();
        self.scope.states[head.state as usize] = usize::try_from(from).unwrap_or(0).saturating_add(length);
        if length == 0 {
            return Ok(self.body(&head.otherwise, out)?);
        }
        let parent = self.scope.running;
        let number = self.begin_loop(head.name.clone(), length, parent, None);
        self.scope.running = Some(number);
        let variable = head.variable as usize;
        let saved = (self.scope.inner[variable].take(), self.forloop.and_then(|name| self.scope.inner[name].take()));
        if let Some(name) = self.forloop {
            self.scope.inner[name] = Some(Value::Loop(number));
        }
        let result = self.rounds(head, &segment, number, out);
        if let Some(name) = self.forloop {
            self.scope.inner[name] = saved.1;
        }
        self.scope.inner[variable] = saved.0;
        self.scope.running = parent;
        result?;
        Ok(Flow::Goes)
    }

    fn rounds(&mut self, head: &'p For, segment: &Segment, number: u32, out: &mut Out) -> Result<(), Ends> {
        let length = segment.len();
        for at in 0..length {
            self.budget.round()?;
            let item = segment.item(if head.reversed { length - 1 - at } else { at });
            self.scope.inner[head.variable as usize] = Some(item);
            self.loops[number as usize].at = at;
            if self.body(&head.body, out)? == Flow::Break {
                break;
            }
        }
        Ok(())
    }

    pub(super) fn table(&mut self, head: &'p For, out: &mut Out) -> Result<Flow, Ends> {
        if !self.eval(&head.list)?.truth() {
            return Ok(Flow::Goes);
        }
        let from = match &head.offset {
            Some(Offset::At(expr)) => self.whole(Some(expr))?.unwrap_or(0),
            _ => 0,
        };
        let segment = self.segment(head, from)?;
        let length = segment.len();
        let columns = match self.whole(head.table.as_ref().and_then(Option::as_ref))? {
            Some(columns) => usize::try_from(columns).unwrap_or(0),
            None => length,
        };
        let number = self.begin_loop(head.name.clone(), length, None, Some(columns));
        let variable = head.variable as usize;
        let saved = (self.scope.inner[variable].take(), self.tablerowloop.and_then(|name| self.scope.inner[name].take()));
        if let Some(name) = self.tablerowloop {
            self.scope.inner[name] = Some(Value::Loop(number));
        }
        out.literal("<tr class=\"row1\">\n")?;
        let result = self.cells(head, &segment, number, columns.max(1), out);
        if let Some(name) = self.tablerowloop {
            self.scope.inner[name] = saved.1;
        }
        self.scope.inner[variable] = saved.0;
        result?;
        out.literal("</tr>\n")?;
        Ok(Flow::Goes)
    }

    fn cells(&mut self, head: &'p For, segment: &Segment, number: u32, columns: usize, out: &mut Out) -> Result<(), Ends> {
        let length = segment.len();
        for at in 0..length {
            self.budget.round()?;
            self.scope.inner[head.variable as usize] = Some(segment.item(at));
            self.loops[number as usize].at = at;
            out.literal(&format!("<td class=\"col{}\">", at % columns + 1))?;
            let flow = self.body(&head.body, out)?;
            out.literal("</td>")?;
            if flow == Flow::Break {
                break;
            }
            if at % columns + 1 == columns && at + 1 < length {
                out.literal(&format!("</tr>\n<tr class=\"row{}\">", at / columns + 2))?;
            }
        }
        Ok(())
    }
}
