//! The shape of a file: declarations, clauses, steps and conditions with their places, nothing resolved.
//!
//! In: a lossless tree ([`crate::syntax`]). Out: [`File`]. **Invariant:** lowering never fails and says nothing; a part that is missing
//! or broken is `None` (or [`ExprKind::Broken`]), and somebody has already reported it. Names are NFC.

mod brand;
mod codes;
mod condition;
mod declaration;
mod experiment;
mod hook;
mod journey;
mod lower;
mod scenario;
mod step;

pub use brand::*;
pub use codes::*;
pub use condition::*;
pub use declaration::*;
pub use experiment::*;
pub use hook::*;
pub use journey::*;
pub use lower::lower;
pub use scenario::*;
pub use step::*;

use crate::calendar::Span as Duration;
pub use crate::schema::{ChangeTest, MessageVerb, PastRule, Priority, WaitOrSkip, WhenInDoubt, WhileRunning};
use crate::source::{FileId, Place};
use crate::value::{Currency, Decimal, Text};
use chrono::{NaiveDate, NaiveDateTime, NaiveTime};

/// A name as written, without backticks, in NFC.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Name {
    pub text: Text,
    pub place: Place,
    /// Written in backticks: never a taken word.
    pub quoted: bool,
}

/// Something with the place it was written at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spanned<T> {
    pub value: T,
    pub place: Place,
}

/// A text literal, escapes resolved, with its place (quotes included). `content` is the place between the quotes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextLit {
    pub text: String,
    pub place: Place,
    pub content: Place,
    /// `"""…"""`: common indent removed.
    pub long: bool,
    /// For each removed or shortened stretch: (offset in `text`, offset in the file) pairs, ascending, so that a place in the text can
    /// be found in the file. Starts with (0, start of content).
    pub map: Vec<(u32, u32)>,
}

/// `## …` lines above something.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Docs {
    pub text: Option<String>,
    pub allow: Vec<Allow>,
}

/// `## allow CODE: why`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allow {
    pub code: Text,
    pub why: Option<String>,
    pub place: Place,
}

#[derive(Debug, Clone, Default)]
pub struct File {
    pub file: FileId,
    pub decls: Vec<Decl>,
}
