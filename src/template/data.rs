//! What templates compute with: Liquid's values.
//!
//! In: JSON, or a customer's values. Out: a [`Value`] and its text. **Invariant:** cloning is cheap (texts, lists and records are shared);
//! a value's text is that of Shopify's Liquid; nothing here recurses deeper than [`DEPTH_MAX`]. Knows no tags and no filters.

pub mod compare;
mod name;
pub mod number;

pub use name::Name;

use crate::value::Decimal;
use chrono::NaiveDateTime;
use std::borrow::Cow;
use std::fmt::Write as _;
use std::sync::Arc;

/// Lists and records inside each other; what lies deeper counts as nothing.
pub const DEPTH_MAX: usize = 64;

/// A value while a template is rendered.
#[derive(Debug, Clone, PartialEq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Value {
    #[default]
    Nil,
    Boolean(bool),
    Integer(i64),
    Float(f64),
    /// An exact number with places: an amount.
    Decimal(Decimal),
    Text(Arc<str>),
    /// Text that is HTML already.
    Html(Arc<str>),
    List(Arc<Vec<Value>>),
    Record(Arc<Record>),
    /// Both ends belong to it.
    Range(i64, i64),
    /// Apart, because it is large and rare: a value is three words.
    Moment(Arc<Moment>),
    /// `empty`
    Empty,
    /// `blank`
    Blank,
    /// The state of a loop that is running: which one.
    Loop(u32),
}

/// A local date and time, seconds ahead of UTC, and what it shows without a pattern.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Moment {
    pub local: NaiveDateTime,
    pub ahead_seconds: i32,
    /// `UTC`, or nothing if only the distance is known.
    pub zone: Option<Arc<str>>,
    /// Only the day counts.
    pub is_date: bool,
}

/// Named values in their order.
#[derive(Debug, Clone, PartialEq, Default, serde::Serialize, serde::Deserialize)]
pub struct Record {
    fields: Vec<(Name, Value)>,
    /// Places of the names in their order, where there are many.
    order: Vec<u32>,
}

/// Fewer names than this are looked up one by one.
const FEW: usize = 8;

impl Record {
    /// The last of two fields of one name counts.
    pub fn new(fields: impl IntoIterator<Item = (Arc<str>, Value)>) -> Record {
        let mut record = Record { fields: fields.into_iter().map(|(name, value)| (Name::new(name), value)).collect(), order: Vec::new() };
        if record.fields.len() >= FEW {
            let mut order: Vec<u32> = (0..record.fields.len() as u32).collect();
            order.sort_by(|a, b| record.fields[*a as usize].0.as_str().cmp(record.fields[*b as usize].0.as_str()));
            record.order = order;
        }
        record
    }

    pub fn get(&self, name: &str) -> Option<&Value> {
        if self.order.is_empty() {
            let key = name::key_of(name);
            return self.fields.iter().rev().find(|(field, _)| field.is_text(key, name)).map(|(_, value)| value);
        }
        self.among_many(name)
    }

    /// The same for a name that was made beforehand.
    pub fn get_named(&self, name: &Name) -> Option<&Value> {
        if self.order.is_empty() {
            return self.fields.iter().rev().find(|(field, _)| field.is(name)).map(|(_, value)| value);
        }
        self.among_many(name)
    }

    fn among_many(&self, name: &str) -> Option<&Value> {
        let at = self.order.partition_point(|at| *self.fields[*at as usize].0 <= *name);
        let field = &self.fields[self.order[at.checked_sub(1)?] as usize];
        (&*field.0 == name).then_some(&field.1)
    }

    pub fn fields(&self) -> &[(Name, Value)] {
        &self.fields
    }
}

impl Value {
    pub fn text(text: &str) -> Value {
        Value::Text(text.into())
    }

    pub fn moment(moment: Moment) -> Value {
        Value::Moment(Arc::new(moment))
    }

    pub fn list(items: Vec<Value>) -> Value {
        Value::List(Arc::new(items))
    }

    pub fn record(fields: impl IntoIterator<Item = (Arc<str>, Value)>) -> Value {
        Value::Record(Arc::new(Record::new(fields)))
    }

    pub fn is_nil(&self) -> bool {
        matches!(self, Value::Nil)
    }

    /// Only nothing and `false` are not true.
    pub fn truth(&self) -> bool {
        !matches!(self, Value::Nil | Value::Boolean(false))
    }

    /// The text, if it is one.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Value::Text(text) | Value::Html(text) => Some(text),
            _ => None,
        }
    }

    /// As it is shown.
    pub fn to_text(&self) -> Cow<'_, str> {
        match self {
            Value::Text(text) | Value::Html(text) => Cow::Borrowed(text),
            Value::Nil | Value::Empty | Value::Blank => Cow::Borrowed(""),
            other => {
                let mut text = String::new();
                other.write(&mut text, 0);
                Cow::Owned(text)
            }
        }
    }

    /// Writes it as it is shown: the parts of a list one after the other.
    fn write(&self, out: &mut String, depth: usize) {
        if depth > DEPTH_MAX {
            return;
        }
        match self {
            Value::Nil | Value::Empty | Value::Blank => {}
            Value::Boolean(truth) => out.push_str(if *truth { "true" } else { "false" }),
            Value::Integer(whole) => _ = write!(out, "{whole}"),
            Value::Float(float) => out.push_str(&number::float_text(*float)),
            Value::Decimal(decimal) => out.push_str(&crate::value::show::plain_number(*decimal)),
            Value::Text(text) | Value::Html(text) => out.push_str(text),
            Value::List(items) => items.iter().for_each(|item| item.write(out, depth + 1)),
            Value::Record(_) => self.inspect(out, depth),
            Value::Range(from, to) => _ = write!(out, "{from}..{to}"),
            Value::Moment(moment) => out.push_str(&moment.text()),
            Value::Loop(_) => out.push_str("Liquid::ForloopDrop"),
        }
    }

    /// Writes it as it stands inside of a record: texts in quotes, nothing as `nil`.
    fn inspect(&self, out: &mut String, depth: usize) {
        if depth > DEPTH_MAX {
            return;
        }
        match self {
            Value::Nil => out.push_str("nil"),
            Value::Text(text) | Value::Html(text) => inspect_text(text, out),
            Value::List(items) => {
                out.push('[');
                for (at, item) in items.iter().enumerate() {
                    out.push_str(if at > 0 { ", " } else { "" });
                    item.inspect(out, depth + 1);
                }
                out.push(']');
            }
            Value::Record(record) => {
                out.push('{');
                for (at, (name, value)) in record.fields.iter().enumerate() {
                    out.push_str(if at > 0 { ", " } else { "" });
                    inspect_text(name, out);
                    out.push_str("=>");
                    value.inspect(out, depth + 1);
                }
                out.push('}');
            }
            other => other.write(out, depth),
        }
    }

    /// What it is called in Liquid's messages.
    pub fn class(&self) -> &'static str {
        match self {
            Value::Nil => "NilClass",
            Value::Boolean(true) => "TrueClass",
            Value::Boolean(false) => "FalseClass",
            Value::Integer(_) => "Integer",
            Value::Float(_) | Value::Decimal(_) => "Float",
            Value::Text(_) | Value::Html(_) => "String",
            Value::List(_) => "Array",
            Value::Record(_) => "Hash",
            Value::Range(..) => "Range",
            Value::Moment(_) => "Time",
            Value::Empty | Value::Blank => "Liquid::Expression::MethodLiteral",
            Value::Loop(_) => "Liquid::ForloopDrop",
        }
    }

    /// Bytes that its text can have at most, to charge it before it is made.
    pub fn text_bytes(&self) -> usize {
        self.bytes(0)
    }

    fn bytes(&self, depth: usize) -> usize {
        match self {
            Value::Text(text) | Value::Html(text) => text.len(),
            _ if depth > DEPTH_MAX => 0,
            Value::List(items) => items.iter().map(|item| item.bytes(depth + 1) + 4).sum(),
            Value::Record(record) => record.fields.iter().map(|(name, value)| name.len() * 2 + value.bytes(depth + 1) + 8).sum(),
            _ => 40,
        }
    }
}

fn inspect_text(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            c => out.push(c),
        }
    }
    out.push('"');
}

impl Moment {
    /// `2026-03-01`, `2026-03-01 09:05:00 +0700`
    pub fn text(&self) -> String {
        if self.is_date {
            return self.local.date().to_string();
        }
        let zone = match self.zone.as_deref() {
            Some("UTC") => "UTC".to_owned(),
            _ => number::distance(self.ahead_seconds, ""),
        };
        format!("{} {zone}", self.local.format("%Y-%m-%d %H:%M:%S"))
    }
}

impl From<&serde_json::Value> for Value {
    fn from(json: &serde_json::Value) -> Value {
        from_json(json, 0)
    }
}

fn from_json(json: &serde_json::Value, depth: usize) -> Value {
    match json {
        serde_json::Value::Bool(truth) => Value::Boolean(*truth),
        serde_json::Value::Number(number) => match number.as_i64() {
            Some(whole) => Value::Integer(whole),
            None => number.as_f64().map_or(Value::Nil, Value::Float),
        },
        serde_json::Value::String(text) => Value::text(text),
        serde_json::Value::Array(items) if depth < DEPTH_MAX => Value::list(items.iter().map(|item| from_json(item, depth + 1)).collect()),
        serde_json::Value::Object(fields) if depth < DEPTH_MAX => {
            Value::record(fields.iter().map(|(name, value)| (name.as_str().into(), from_json(value, depth + 1))))
        }
        _ => Value::Nil,
    }
}
