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
pub mod host;
pub mod links;
pub mod nesting;
pub mod out;
pub mod parse;
pub mod person;
pub mod program;
pub mod render;
pub mod surely;
pub mod syntax;
pub mod tree;
pub mod untyped;

pub use render::{Manner, OUTPUT_BYTES_MAX, Refused};

use crate::condition::Expr;
use crate::value::{Currency, Text, Value};
use serde::{Deserialize, Serialize};

/// A compiled template. Most are only texts and values; one with tags, or with filters beyond the common few, is a program.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Template {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pieces: Vec<Piece>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub program: Option<Box<host::Hosted>>,
}

impl From<Vec<Piece>> for Template {
    fn from(pieces: Vec<Piece>) -> Template {
        Template { pieces, program: None }
    }
}

impl Template {
    /// What the author wrote, without any value; of a program, all its texts, also those of which only one will be shown.
    pub fn written(&self) -> impl Iterator<Item = &str> {
        let pieces = self.pieces.iter().filter_map(|piece| match piece {
            Piece::Text(text) => Some(text.as_str()),
            Piece::Value { .. } => None,
        });
        pieces.chain(self.program.iter().flat_map(|program| program.program.texts()))
    }

    /// The values that it shows or asks for.
    pub fn values(&self) -> impl Iterator<Item = &Expr> {
        let pieces = self.pieces.iter().filter_map(|piece| match piece {
            Piece::Text(_) => None,
            Piece::Value { value, .. } => Some(value),
        });
        pieces.chain(self.program.iter().flat_map(|program| program.values.iter().map(|value| &value.expr)))
    }
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
