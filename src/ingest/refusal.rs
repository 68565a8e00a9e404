//! Rows that could not be used: each counted by its reason, the first few kept as examples.
//!
//! **Invariant:** `used + refused = read`, for every file.

use std::collections::BTreeMap;

/// Examples that are kept per reason and file.
pub const EXAMPLES_MAX: usize = 3;
/// Characters of a cell that an example shows.
pub const SHOWN_MAX: usize = 60;

/// Why a row was refused. The order is that of the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// Fewer or more columns than the header.
    Ragged,
    NotUtf8,
    NotJson,
    /// A cell of more than [`super::rows::CELL_BYTES_MAX`].
    TooLong,
    NoCustomer,
    NoTime,
    BadTime,
    NoEvent,
    UnknownEvent,
    /// A property that must be there is not.
    MissingValue,
    /// A value that is not of the declared type.
    WrongType,
    /// A call of a kind that is not simulated (`page`, `screen`, `group`, `alias`).
    OtherCall,
}

impl Reason {
    /// For the report.
    pub fn title(self) -> &'static str {
        match self {
            Reason::Ragged => "other number of columns than the header",
            Reason::NotUtf8 => "not UTF-8",
            Reason::NotJson => "not JSON",
            Reason::TooLong => "cell or line too long",
            Reason::NoCustomer => "no customer",
            Reason::NoTime => "no time",
            Reason::BadTime => "time in another format",
            Reason::NoEvent => "no event name",
            Reason::UnknownEvent => "unknown event",
            Reason::MissingValue => "required value missing",
            Reason::WrongType => "value of the wrong type",
            Reason::OtherCall => "call that is not an event",
        }
    }
}

/// One refused row.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Example {
    /// The line of the file on which the row begins, from 1.
    pub line: u64,
    /// The column (or path) in question; empty for the whole row.
    pub column: String,
    pub found: String,
    pub expected: String,
}

/// What was refused of one file.
#[derive(Debug, Clone, Default)]
pub struct Refusals {
    reasons: BTreeMap<Reason, (u64, Vec<Example>)>,
}

/// A refusal on its way: what a row's reader says.
#[derive(Debug, Clone)]
pub struct Refusal {
    pub reason: Reason,
    pub column: String,
    pub found: String,
    pub expected: String,
}

impl Refusal {
    pub fn new(reason: Reason, column: &str, found: &str, expected: impl Into<String>) -> Box<Refusal> {
        Box::new(Refusal { reason, column: column.to_owned(), found: shown(found), expected: expected.into() })
    }
}

/// Whether what was expected is a sentence of its own, which names what was found.
pub fn says_both(found: &str, expected: &str) -> bool {
    expected.strip_prefix('`').and_then(|rest| rest.strip_prefix(found)).is_some_and(|rest| rest.starts_with('`'))
}

/// A cell, short enough to be shown and on one line.
pub fn shown(cell: &str) -> String {
    let mut text: String = cell.chars().take(SHOWN_MAX).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if cell.chars().nth(SHOWN_MAX).is_some() {
        text.push('…');
    }
    text
}

impl Refusals {
    pub fn add(&mut self, line: u64, refusal: Refusal) {
        let (count, examples) = self.reasons.entry(refusal.reason).or_default();
        *count += 1;
        if examples.len() < EXAMPLES_MAX {
            examples.push(Example { line, column: refusal.column, found: refusal.found, expected: refusal.expected });
        }
    }

    pub fn total(&self) -> u64 {
        self.reasons.values().map(|(count, _)| count).sum()
    }

    pub fn iter(&self) -> impl Iterator<Item = (Reason, u64, &[Example])> {
        self.reasons.iter().map(|(reason, (count, examples))| (*reason, *count, examples.as_slice()))
    }

    /// The reason of most rows.
    pub fn main(&self) -> Option<(Reason, &Example)> {
        let (reason, (_, examples)) = self.reasons.iter().max_by_key(|(reason, (count, _))| (*count, std::cmp::Reverse(**reason)))?;
        examples.first().map(|example| (*reason, example))
    }
}
