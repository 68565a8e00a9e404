//! The filters: which there are, what they take, and which function does the work.
//!
//! In: a value, arguments, the workshop (budget, clock, manner). Out: a value, or what is wrong in Liquid's words. **Invariant:** the result
//! is charged before it is made; the work is linear in what was charged. Knows no tags.

pub mod date;
mod encode;
mod list;
mod math;
pub mod moment;
mod text;

pub(crate) use list::{end as list_end, size_of_value as list_size};

use super::budget::{Budget, Spent};
use super::data::Value;
use super::render::Manner;
use crate::calendar::Instant;
use crate::value::Currency;
use std::borrow::Cow;
use std::sync::Arc;

/// Why a filter or a tag gives nothing.
#[derive(Debug, Clone, PartialEq)]
pub enum Failure {
    /// Shown in the text where it happens, as Liquid does.
    Message(Cow<'static, str>),
    /// A limit was met: nothing is shown at all.
    Spent(Spent),
}

impl From<Spent> for Failure {
    fn from(spent: Spent) -> Failure {
        Failure::Spent(spent)
    }
}

pub type Outcome = Result<Value, Failure>;

pub(crate) fn fail<T>(message: impl Into<Cow<'static, str>>) -> Result<T, Failure> {
    Err(Failure::Message(message.into()))
}

/// What filters need besides their values.
#[derive(Clone, Copy)]
pub struct Workshop<'a> {
    pub budget: &'a Budget,
    pub manner: &'a Manner<'a>,
    /// What `now` means; nothing where time does not exist.
    pub now: Option<Instant>,
    /// The texts become HTML: what a filter makes of them is escaped.
    pub html: bool,
}

/// The arguments of a call.
pub struct Args<'a> {
    pub plain: &'a [Cow<'a, Value>],
    pub named: &'a [(Arc<str>, Value)],
}

impl Args<'_> {
    pub fn get(&self, at: usize) -> &Value {
        self.plain.get(at).map_or(&Value::Nil, |value| value)
    }

    pub fn has(&self, at: usize) -> bool {
        self.plain.len() > at
    }

    pub fn text(&self, at: usize) -> Cow<'_, str> {
        self.get(at).to_text()
    }

    pub fn named(&self, name: &str) -> Option<&Value> {
        self.named.iter().find(|(given, _)| &**given == name).map(|(_, value)| value)
    }
}

/// Declares the filters: name in templates, variant, fewest and most arguments.
macro_rules! filters {
    ($($name:literal $variant:ident $fewest:literal $most:literal;)*) => {
        /// A filter, by what it does.
        #[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Filter {
            $($variant,)*
            /// `money`, with the currency that the checker found.
            Money(Currency),
            /// `date` of a customer's date: with the names of the message's language.
            LocalDate,
            /// There is none of this name: the value passes.
            Unknown,
            /// Called with too few or too many arguments: given, fewest, most.
            Miscalled(u8, u8, u8),
        }

        /// All names, in the order of the reference.
        pub const NAMES: &[&str] = &[$($name),*];

        /// The filter of a name that is called with so many arguments.
        pub fn by_name(name: &str, given: usize) -> Filter {
            match name {
                $($name if !($fewest..=$most).contains(&given) => {
                    Filter::Miscalled(given.saturating_add(1).min(255) as u8, $fewest + 1, $most + 1)
                })*
                $($name => Filter::$variant,)*
                _ => Filter::Unknown,
            }
        }

        /// Fewest and most arguments of a filter, and the filter itself.
        pub fn signature(name: &str) -> Option<(usize, usize, Filter)> {
            Some(match name {
                $($name => ($fewest, $most, Filter::$variant),)*
                _ => return None,
            })
        }
    };
}

filters! {
    "append" Append 1 1;
    "prepend" Prepend 1 1;
    "capitalize" Capitalize 0 0;
    "downcase" Downcase 0 0;
    "upcase" Upcase 0 0;
    "strip" Strip 0 0;
    "lstrip" Lstrip 0 0;
    "rstrip" Rstrip 0 0;
    "strip_html" StripHtml 0 0;
    "strip_newlines" StripNewlines 0 0;
    "squish" Squish 0 0;
    "newline_to_br" NewlineToBr 0 0;
    "replace" Replace 1 2;
    "replace_first" ReplaceFirst 1 2;
    "replace_last" ReplaceLast 2 2;
    "remove" Remove 1 1;
    "remove_first" RemoveFirst 1 1;
    "remove_last" RemoveLast 1 1;
    "slice" Slice 1 2;
    "split" Split 1 1;
    "truncate" Truncate 0 2;
    "truncatewords" TruncateWords 0 2;
    "escape" Escape 0 0;
    "h" EscapeShort 0 0;
    "escape_once" EscapeOnce 0 0;
    "url_encode" UrlEncode 0 0;
    "url_decode" UrlDecode 0 0;
    "base64_encode" Base64Encode 0 0;
    "base64_decode" Base64Decode 0 0;
    "base64_url_safe_encode" Base64UrlEncode 0 0;
    "base64_url_safe_decode" Base64UrlDecode 0 0;
    "size" Size 0 0;
    "first" First 0 0;
    "last" Last 0 0;
    "join" Join 0 1;
    "concat" Concat 1 1;
    "reverse" Reverse 0 0;
    "sort" Sort 0 1;
    "sort_natural" SortNatural 0 1;
    "uniq" Uniq 0 1;
    "compact" Compact 0 1;
    "map" Map 1 1;
    "where" Where 1 2;
    "reject" Reject 1 2;
    "find" Find 1 2;
    "find_index" FindIndex 1 2;
    "has" Has 1 2;
    "sum" Sum 0 1;
    "plus" Plus 1 1;
    "minus" Minus 1 1;
    "times" Times 1 1;
    "divided_by" DividedBy 1 1;
    "modulo" Modulo 1 1;
    "abs" Abs 0 0;
    "round" Round 0 1;
    "ceil" Ceil 0 0;
    "floor" Floor 0 0;
    "at_least" AtLeast 1 1;
    "at_most" AtMost 1 1;
    "date" Date 1 1;
    "default" Default 0 2;
}

impl Filter {
    /// Makes a text of a text, or leaves nothing as nothing: see [`write`].
    pub fn writes(&self) -> bool {
        matches!(
            self,
            Filter::Append
                | Filter::Prepend
                | Filter::Capitalize
                | Filter::Downcase
                | Filter::Upcase
                | Filter::Strip
                | Filter::Lstrip
                | Filter::Rstrip
                | Filter::StripNewlines
                | Filter::Squish
                | Filter::Replace
                | Filter::Remove
                | Filter::Truncate
                | Filter::TruncateWords
                | Filter::Escape
                | Filter::EscapeShort
                | Filter::UrlEncode
        )
    }

    /// Of those: what they take nothing for is nothing, not an empty text.
    fn passes_nothing(&self) -> bool {
        matches!(self, Filter::Truncate | Filter::TruncateWords | Filter::Escape | Filter::EscapeShort | Filter::UrlEncode)
    }

    /// What it gives is HTML where HTML is written.
    pub fn makes_html(&self) -> bool {
        matches!(self, Filter::Escape | Filter::EscapeShort | Filter::EscapeOnce | Filter::NewlineToBr)
    }
}

/// Writes what a filter that [writes](Filter::writes) makes of a value; `false` if it is nothing and stays nothing.
pub fn write(filter: &Filter, value: &Value, args: &Args, budget: &Budget, out: &mut String) -> Result<bool, Failure> {
    if value.is_nil() && filter.passes_nothing() {
        return Ok(false);
    }
    budget.bytes(value.text_bytes())?;
    write_text(filter, &value.to_text(), args, budget, out)?;
    Ok(true)
}

/// The same of a text that is charged already.
pub fn write_text(filter: &Filter, text: &str, args: &Args, budget: &Budget, out: &mut String) -> Result<(), Failure> {
    match filter {
        Filter::Escape | Filter::EscapeShort | Filter::UrlEncode => encode::write(filter, text, budget, out),
        _ => text::write(filter, text, args, budget, out),
    }
}

/// Applies a filter.
pub fn apply(filter: &Filter, value: &Value, args: &Args, workshop: &Workshop) -> Outcome {
    workshop.budget.step()?;
    match filter {
        filter if filter.writes() => {
            let mut text = String::new();
            if !write(filter, value, args, workshop.budget, &mut text)? {
                return Ok(Value::Nil);
            }
            Ok(if workshop.html && filter.makes_html() { Value::Html(text.into()) } else { Value::Text(text.into()) })
        }
        Filter::Unknown => Ok(value.clone()),
        Filter::Miscalled(given, fewest, most) => {
            let expected = if fewest == most { fewest.to_string() } else { format!("{fewest}..{most}") };
            fail(format!("wrong number of arguments (given {given}, expected {expected})"))
        }
        Filter::Default => default(value, args),
        Filter::Money(_) | Filter::LocalDate | Filter::Date => date::apply(filter, value, args, workshop),
        Filter::Plus
        | Filter::Minus
        | Filter::Times
        | Filter::DividedBy
        | Filter::Modulo
        | Filter::Abs
        | Filter::Round
        | Filter::Ceil
        | Filter::Floor
        | Filter::AtLeast
        | Filter::AtMost => math::apply(filter, value, args),
        Filter::Size
        | Filter::First
        | Filter::Last
        | Filter::Join
        | Filter::Concat
        | Filter::Reverse
        | Filter::Sort
        | Filter::SortNatural
        | Filter::Uniq
        | Filter::Compact
        | Filter::Map
        | Filter::Where
        | Filter::Reject
        | Filter::Find
        | Filter::FindIndex
        | Filter::Has
        | Filter::Sum => list::apply(filter, value, args, workshop.budget),
        Filter::EscapeOnce
        | Filter::UrlDecode
        | Filter::Base64Encode
        | Filter::Base64Decode
        | Filter::Base64UrlEncode
        | Filter::Base64UrlDecode
        | Filter::StripHtml
        | Filter::NewlineToBr => encode::apply(filter, value, workshop),
        _ => text::apply(filter, value, args, workshop.budget),
    }
}

/// `default`: instead of nothing, `false` and what is empty; `allow_false: true` lets `false` pass.
fn default(value: &Value, args: &Args) -> Outcome {
    let allow_false = args.named("allow_false").is_some_and(Value::truth);
    let is_absent = match value {
        Value::Boolean(false) => !allow_false,
        Value::Nil => true,
        other => super::data::compare::is_empty(other) || matches!(other, Value::Empty | Value::Blank),
    };
    Ok(match (is_absent, args.has(0)) {
        (false, _) => value.clone(),
        (true, true) => args.get(0).clone(),
        (true, false) => Value::text(""),
    })
}
