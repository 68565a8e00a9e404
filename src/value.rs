//! What journeys compute with: values and their types, shared by template, checker, plan and engine.
//!
//! **Invariant:** numbers and money are exact decimals; a value carries no currency and no enumeration, its [`Type`] does.
//! Knows nothing of syntax, plans or customers.

pub mod compute;
pub mod json;
pub mod moment;
pub mod normal;
pub mod number;
pub mod parse;
pub mod show;
pub mod types;

pub use compute::{compare, same};
pub use moment::TimeFormat;
pub use parse::{ParseError, Reading};
pub use show::display;
pub use types::{Currency, Outside, Record, Type};

use crate::calendar::{Instant, Span};
use chrono::{NaiveDate, NaiveTime};
use std::sync::Arc;

/// A short text: up to 24 bytes without allocation.
pub type Text = compact_str::CompactString;
/// An exact decimal number.
pub type Decimal = rust_decimal::Decimal;

/// A value at run time. Texts with a normal form (e-mail, phone, country …) are held in it.
#[derive(Debug, Clone, PartialEq, Default, serde::Serialize, serde::Deserialize)]
pub enum Value {
    /// Not there. A comparison with it is false.
    #[default]
    Missing,
    Boolean(bool),
    /// A number, or an amount of money whose currency the type knows.
    Number(Decimal),
    Text(Text),
    Date(NaiveDate),
    /// A clock time.
    Time(NaiveTime),
    /// A moment.
    Instant(Instant),
    Duration(Span),
    List(Arc<[Value]>),
    /// Fields in the order of the type.
    Record(Arc<[Value]>),
}

impl Value {
    pub fn text(text: &str) -> Value {
        Value::Text(Text::new(text))
    }

    pub fn is_missing(&self) -> bool {
        matches!(self, Value::Missing)
    }

    pub fn truth(&self) -> bool {
        matches!(self, Value::Boolean(true))
    }
}

impl From<bool> for Value {
    fn from(truth: bool) -> Value {
        Value::Boolean(truth)
    }
}
