//! Filters that change texts.
//!
//! In: a value as text, arguments. Out: a new text. **Invariant:** its bytes are charged before it is made; the work is linear.

use super::{Args, Budget, Filter, Outcome, fail};
use crate::template::data::{Value, number};
use crate::template::syntax::block::is_space;
use std::sync::Arc;

pub(super) fn apply(filter: &Filter, value: &Value, args: &Args, budget: &Budget) -> Outcome {
    if let (Filter::Slice, Value::List(items)) = (filter, value) {
        let Some((from, to)) = slice(args, items.len())? else { return Ok(Value::list(Vec::new())) };
        budget.steps(to - from)?;
        return Ok(Value::list(items[from..to].to_vec()));
    }
    if let (true, Filter::Truncate | Filter::TruncateWords) = (value.is_nil(), filter) {
        return Ok(Value::Nil);
    }
    budget.bytes(value.text_bytes())?;
    let text = value.to_text();
    let text: &str = &text;
    let trim_start = || text.trim_start_matches(is_space);
    let trim_end = |text: &str| text.trim_end_matches(is_space).len();
    Ok(match filter {
        Filter::Append => joined(text, &argument(args, 0, budget)?, budget)?,
        Filter::Prepend => joined(&argument(args, 0, budget)?, text, budget)?,
        Filter::Capitalize => {
            let mut chars = text.chars();
            let first = chars.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
            Value::text(&(first + &chars.as_str().to_lowercase()))
        }
        Filter::Downcase => cased(text, str::make_ascii_lowercase, str::to_lowercase),
        Filter::Upcase => cased(text, str::make_ascii_uppercase, str::to_uppercase),
        Filter::Strip => Value::text(&trim_start()[..trim_end(trim_start())]),
        Filter::Lstrip => Value::text(trim_start()),
        Filter::Rstrip => Value::text(&text[..trim_end(text)]),
        Filter::StripNewlines => Value::text(&text.replace("\r\n", "").replace('\n', "")),
        Filter::Squish => Value::text(&text.split_whitespace().collect::<Vec<_>>().join(" ")),
        Filter::Replace => replace(text, &argument(args, 0, budget)?, &argument(args, 1, budget)?, budget)?,
        Filter::Remove => replace(text, &argument(args, 0, budget)?, "", budget)?,
        Filter::ReplaceFirst | Filter::RemoveFirst => {
            let (what, by) = (argument(args, 0, budget)?, argument(args, 1, budget)?);
            replace_one(text, text.find(&what), &what, if *filter == Filter::RemoveFirst { "" } else { &by }, budget)?
        }
        Filter::ReplaceLast | Filter::RemoveLast => {
            let (what, by) = (argument(args, 0, budget)?, argument(args, 1, budget)?);
            replace_one(text, text.rfind(&what), &what, if *filter == Filter::RemoveLast { "" } else { &by }, budget)?
        }
        Filter::Slice => {
            let Some((from, to)) = slice(args, text.chars().count())? else { return Ok(Value::text("")) };
            Value::text(chars(text, from, to))
        }
        Filter::Split => split(text, &args.text(0), budget)?,
        Filter::Truncate => truncate(text, args, budget)?,
        Filter::TruncateWords => truncate_words(text, args, budget)?,
        _ => value.clone(),
    })
}

/// Latin letters alone are changed in place.
fn cased(text: &str, latin: fn(&mut str), any: fn(&str) -> String) -> Value {
    if !text.is_ascii() {
        return Value::Text(any(text).into());
    }
    let mut shared: Arc<str> = text.into();
    if let Some(text) = Arc::get_mut(&mut shared) {
        latin(text);
    }
    Value::Text(shared)
}

/// An argument as text, charged.
fn argument(args: &Args, at: usize, budget: &Budget) -> Result<String, super::Failure> {
    budget.bytes(args.get(at).text_bytes())?;
    Ok(args.text(at).into_owned())
}

fn joined(first: &str, second: &str, budget: &Budget) -> Outcome {
    budget.bytes(first.len() + second.len())?;
    let mut text = String::with_capacity(first.len() + second.len());
    text.push_str(first);
    text.push_str(second);
    Ok(Value::Text(text.into()))
}

/// Charges what comes out before it is made: every place grows by the difference.
fn replace(text: &str, what: &str, by: &str, budget: &Budget) -> Outcome {
    let count = text.matches(what).count();
    budget.bytes(text.len().saturating_add(count.saturating_mul(by.len())))?;
    Ok(Value::text(&text.replace(what, by)))
}

fn replace_one(text: &str, at: Option<usize>, what: &str, by: &str, budget: &Budget) -> Outcome {
    let Some(at) = at else { return Ok(Value::text(text)) };
    budget.bytes(text.len() + by.len())?;
    Ok(Value::text(&[&text[..at], by, &text[at + what.len()..]].concat()))
}

/// A whole number, or Liquid's words that it is none.
pub(super) fn whole(value: &Value) -> Result<i64, super::Failure> {
    number::integer(value).map_or_else(|| fail("invalid integer"), Ok)
}

/// Which parts `slice` takes of so many: Ruby's rules. Nothing if it begins outside.
fn slice(args: &Args, length: usize) -> Result<Option<(usize, usize)>, super::Failure> {
    let length = i64::try_from(length).unwrap_or(i64::MAX);
    let from = whole(args.get(0))?;
    let count = if args.get(1).truth() { whole(args.get(1))? } else { 1 };
    let from = if from < 0 { from.saturating_add(length) } else { from };
    if from < 0 || from > length || count < 0 {
        return Ok(None);
    }
    Ok(Some((from as usize, from.saturating_add(count).min(length) as usize)))
}

/// Characters from one to another.
fn chars(text: &str, from: usize, to: usize) -> &str {
    if text.is_ascii() {
        return &text[from.min(text.len())..to.min(text.len())];
    }
    let place = |at: usize| text.char_indices().nth(at).map_or(text.len(), |(place, _)| place);
    &text[place(from)..place(to)]
}

/// Ruby's `split`: a blank means any white space; what is empty at the end goes.
fn split(text: &str, by: &str, budget: &Budget) -> Outcome {
    let mut parts: Vec<&str> = match by {
        " " => text.split(is_space).filter(|part| !part.is_empty()).collect(),
        "" => text.char_indices().map(|(at, c)| &text[at..at + c.len_utf8()]).collect(),
        by => text.split(by).collect(),
    };
    while parts.last().is_some_and(|part| part.is_empty()) {
        parts.pop();
    }
    budget.steps(parts.len())?;
    budget.bytes(parts.len() * size_of::<Value>())?;
    Ok(Value::list(parts.into_iter().map(Value::text).collect()))
}

fn truncate(text: &str, args: &Args, budget: &Budget) -> Outcome {
    let length = if args.has(0) { whole(args.get(0))? } else { 50 };
    let end = if args.has(1) { args.text(1) } else { "...".into() };
    let count = i64::try_from(text.chars().count()).unwrap_or(i64::MAX);
    if count <= length {
        return Ok(Value::text(text));
    }
    let kept = (length - end.chars().count() as i64).max(0);
    joined(chars(text, 0, kept as usize), &end, budget)
}

fn truncate_words(text: &str, args: &Args, budget: &Budget) -> Outcome {
    let words = if args.has(0) { whole(args.get(0))?.max(1) } else { 15 };
    let end = if args.has(1) { argument(args, 1, budget)? } else { "...".to_owned() };
    let mut found = text.split(is_space).filter(|part| !part.is_empty());
    let kept: Vec<&str> = found.by_ref().take(usize::try_from(words).unwrap_or(usize::MAX)).collect();
    if found.next().is_none() {
        return Ok(Value::text(text));
    }
    joined(&kept.join(" "), &end, budget)
}
