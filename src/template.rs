//! The message template language: text with `{{ value | filter }}` in it.
//!
//! In: a text literal and the names that it may use. Out: a compiled [`Template`], type-checked, and its rendering with a budget.
//! **Invariant:** data is never parsed; output is charged before it is allocated; a value that may be missing has a `default`.

pub mod budget;
pub mod compile;
pub mod data;
pub mod escape;
pub mod eval;
pub mod filter;
pub mod out;
pub mod parse;
pub mod program;
pub mod render;
pub mod syntax;
pub mod tree;
pub mod untyped;

pub use render::{Manner, OUTPUT_BYTES_MAX, TooLarge};

use crate::condition::Expr;
use crate::value::{Currency, Text, Value};
use serde::{Deserialize, Serialize};

/// A compiled template.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Template {
    pub pieces: Vec<Piece>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Piece {
    Text(String),
    Value { value: Expr, filters: Vec<Filter>, show: Show },
}

/// How a value is written when no filter has made a text of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Show {
    Plain,
    Money(Currency),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Filter {
    Default(Value),
    Money(Currency),
    /// With a strftime pattern, or the plain long form of the message's language.
    Date(Option<Text>),
    Upcase,
    Downcase,
}
