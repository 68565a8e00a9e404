//! A value and its filters, from left to right.
//!
//! In: a pipe. Out: its value, or its text in the output. **Invariant:** a filter is charged before it works; a text that the next filter
//! or the output takes is written into room that is used again, so that it costs no memory of its own.

use super::Machine;
use super::body::Ends;
use crate::template::data::{Value, compare};
use crate::template::escape::Medium;
use crate::template::filter::{self, Args, Failure, Filter};
use crate::template::out::Out;
use crate::template::program::{Call, Pipe};
use std::borrow::Cow;
use std::sync::Arc;

/// A value between two filters.
enum Held<'s> {
    Value(Cow<'s, Value>),
    /// A text that a filter wrote, in one of the machine's spare rooms; whether it is HTML already.
    Text(String, bool),
}

impl Held<'_> {
    /// Whether `default` would leave it as it is.
    fn is_there(&self) -> bool {
        match self {
            Held::Value(value) => value.truth() && !compare::is_empty(value) && !matches!(**value, Value::Empty | Value::Blank),
            Held::Text(text, _) => !text.is_empty(),
        }
    }
}

impl<'p> Machine<'p> {
    /// `{{ … }}`
    pub(super) fn output(&self, pipe: &'p Pipe, out: &mut Out) -> Result<(), Ends> {
        if pipe.filters.is_empty() {
            return Ok(out.value(&*self.eval(&pipe.value)?)?);
        }
        match self.held(pipe, out.medium() == Medium::Html)? {
            Held::Value(value) => out.value(&value)?,
            Held::Text(text, is_html) => {
                out.shown(&text, is_html)?;
                self.put_back(text);
            }
        }
        Ok(())
    }

    /// What a pipe comes to, to be kept.
    pub(super) fn pipe(&self, pipe: &'p Pipe, html: bool) -> Result<Value, Failure> {
        Ok(match self.held(pipe, html)? {
            Held::Value(value) => value.into_owned(),
            Held::Text(text, is_html) => self.keep(text, is_html),
        })
    }

    fn held(&self, pipe: &'p Pipe, html: bool) -> Result<Held<'_>, Failure> {
        let mut held = Held::Value(self.eval(&pipe.value)?);
        for call in &pipe.filters {
            if matches!(call.filter, Filter::Default) && held.is_there() {
                // What is there stays, without being copied.
                self.budget.step()?;
            } else if call.filter.writes() && call.named.is_empty() {
                held = self.written(call, held, html)?;
            } else {
                let value = match held {
                    Held::Value(value) => value,
                    Held::Text(text, is_html) => Cow::Owned(self.keep(text, is_html)),
                };
                held = Held::Value(Cow::Owned(self.call(call, &value, html)?));
            }
        }
        Ok(held)
    }

    /// A filter whose text goes into a spare room.
    fn written<'s>(&'s self, call: &'p Call, held: Held<'s>, html: bool) -> Result<Held<'s>, Failure> {
        let mut room = self.room();
        let filter = &call.filter;
        let mut write = |args: &Args| -> Result<bool, Failure> {
            self.budget.step()?;
            match &held {
                Held::Value(value) => filter::write(filter, value, args, &self.budget, &mut room),
                Held::Text(text, _) => {
                    self.budget.bytes(text.len())?;
                    filter::write_text(filter, text, args, &self.budget, &mut room).map(|()| true)
                }
            }
        };
        let named = &[];
        let is_text = match call.args.as_slice() {
            [] => write(&Args { plain: &[], named })?,
            [one] => write(&Args { plain: &[self.eval(one)?], named })?,
            args => {
                let plain = args.iter().map(|arg| self.eval(arg)).collect::<Result<Vec<_>, _>>()?;
                write(&Args { plain: &plain, named })?
            }
        };
        if let Held::Text(text, _) = held {
            self.put_back(text);
        }
        if is_text {
            return Ok(Held::Text(room, html && filter.makes_html()));
        }
        self.put_back(room);
        Ok(Held::Value(Cow::Borrowed(&Value::Nil)))
    }

    fn call(&self, call: &'p Call, value: &Value, html: bool) -> Result<Value, Failure> {
        let workshop = self.workshop(html);
        let mut given = Vec::new();
        for (name, arg) in &call.named {
            given.push((name.clone(), self.eval(arg)?.into_owned()));
        }
        let named = given.as_slice();
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

    /// A room to write in, empty.
    fn room(&self) -> String {
        let [first, second] = &self.spare;
        let mut room = first.take();
        if room.capacity() == 0 {
            room = second.take();
        }
        room.clear();
        room
    }

    fn put_back(&self, room: String) {
        let [first, second] = &self.spare;
        let other = first.replace(room);
        if other.capacity() > 0 {
            second.set(other);
        }
    }

    /// A text that stays: it gets memory of its own.
    fn keep(&self, text: String, is_html: bool) -> Value {
        let kept: Arc<str> = text.as_str().into();
        self.put_back(text);
        if is_html { Value::Html(kept) } else { Value::Text(kept) }
    }
}
