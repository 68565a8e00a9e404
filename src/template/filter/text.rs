//! Filters that change texts.
//!
//! In: a value as text, arguments. Out: a new text, or a list of its parts. **Invariant:** its bytes are charged before it is made; the work is linear.

use super::{Args, Budget, Failure, Filter, Outcome, fail};
use crate::template::data::{Value, number};
use crate::template::syntax::block::is_space;
use std::borrow::Cow;

pub(super) fn apply(filter: &Filter, value: &Value, args: &Args, budget: &Budget) -> Outcome {
    if let (Filter::Slice, Value::List(items)) = (filter, value) {
        let Some((from, to)) = slice(args, items.len())? else { return Ok(Value::list(Vec::new())) };
        budget.steps(to - from)?;
        return Ok(Value::list(items[from..to].to_vec()));
    }
    budget.bytes(value.text_bytes())?;
    let text = value.to_text();
    let text: &str = &text;
    Ok(match filter {
        Filter::ReplaceFirst | Filter::RemoveFirst => {
            let (what, by) = (argument(args, 0, budget)?, argument(args, 1, budget)?);
            replace_one(text, text.find(&*what), &what, if *filter == Filter::RemoveFirst { "" } else { &by }, budget)?
        }
        Filter::ReplaceLast | Filter::RemoveLast => {
            let (what, by) = (argument(args, 0, budget)?, argument(args, 1, budget)?);
            replace_one(text, text.rfind(&*what), &what, if *filter == Filter::RemoveLast { "" } else { &by }, budget)?
        }
        Filter::Slice => {
            let Some((from, to)) = slice(args, text.chars().count())? else { return Ok(Value::text("")) };
            Value::text(chars(text, from, to))
        }
        Filter::Split => split(text, &args.text(0), budget)?,
        _ => value.clone(),
    })
}

/// The filters that make one text of another: written where it is wanted. `text` is charged already.
pub(super) fn write(filter: &Filter, text: &str, args: &Args, budget: &Budget, out: &mut String) -> Result<(), Failure> {
    let trim_start = || text.trim_start_matches(is_space);
    let trim_end = |text: &str| text.trim_end_matches(is_space).len();
    match filter {
        Filter::Append => join(text, &argument(args, 0, budget)?, budget, out)?,
        Filter::Prepend => join(&argument(args, 0, budget)?, text, budget, out)?,
        Filter::Capitalize => {
            let mut chars = text.chars();
            out.extend(chars.next().into_iter().flat_map(char::to_uppercase));
            push_lower(chars.as_str(), out);
        }
        Filter::Downcase => push_lower(text, out),
        // Latin letters alone are changed in place.
        Filter::Upcase if text.is_ascii() => {
            out.push_str(text);
            out.make_ascii_uppercase();
        }
        Filter::Upcase => out.push_str(&text.to_uppercase()),
        Filter::Strip => out.push_str(&trim_start()[..trim_end(trim_start())]),
        Filter::Lstrip => out.push_str(trim_start()),
        Filter::Rstrip => out.push_str(&text[..trim_end(text)]),
        Filter::StripNewlines => out.push_str(&text.replace("\r\n", "").replace('\n', "")),
        Filter::Squish => {
            for (at, word) in text.split_whitespace().enumerate() {
                out.push_str(if at > 0 { " " } else { "" });
                out.push_str(word);
            }
        }
        Filter::Replace => replace(text, &argument(args, 0, budget)?, &argument(args, 1, budget)?, budget, out)?,
        Filter::Remove => replace(text, &argument(args, 0, budget)?, "", budget, out)?,
        Filter::Truncate => truncate(text, args, budget, out)?,
        _ => truncate_words(text, args, budget, out)?,
    }
    Ok(())
}

/// In small letters. A sigma at the end of a word has its own form, so that other scripts are changed as a whole.
fn push_lower(text: &str, out: &mut String) {
    if !text.is_ascii() {
        return out.push_str(&text.to_lowercase());
    }
    let from = out.len();
    out.push_str(text);
    if let Some(added) = out.get_mut(from..) {
        added.make_ascii_lowercase();
    }
}

/// An argument as text, charged.
fn argument<'a>(args: &'a Args, at: usize, budget: &Budget) -> Result<Cow<'a, str>, Failure> {
    budget.bytes(args.get(at).text_bytes())?;
    Ok(args.text(at))
}

fn join(first: &str, second: &str, budget: &Budget, out: &mut String) -> Result<(), Failure> {
    budget.bytes(first.len() + second.len())?;
    out.reserve(first.len() + second.len());
    out.push_str(first);
    out.push_str(second);
    Ok(())
}

/// Charges what comes out before it is made: every place grows by the difference.
fn replace(text: &str, what: &str, by: &str, budget: &Budget, out: &mut String) -> Result<(), Failure> {
    let count = text.matches(what).count();
    budget.bytes(text.len().saturating_add(count.saturating_mul(by.len())))?;
    out.push_str(&text.replace(what, by));
    Ok(())
}

fn replace_one(text: &str, at: Option<usize>, what: &str, by: &str, budget: &Budget) -> Outcome {
    let Some(at) = at else { return Ok(Value::text(text)) };
    budget.bytes(text.len() + by.len())?;
    Ok(Value::text(&[&text[..at], by, &text[at + what.len()..]].concat()))
}

/// A whole number, or Liquid's words that it is none.
pub(super) fn whole(value: &Value) -> Result<i64, Failure> {
    number::integer(value).map_or_else(|| fail("invalid integer"), Ok)
}

/// Which parts `slice` takes of so many: Ruby's rules. Nothing if it begins outside.
fn slice(args: &Args, length: usize) -> Result<Option<(usize, usize)>, Failure> {
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

fn truncate(text: &str, args: &Args, budget: &Budget, out: &mut String) -> Result<(), Failure> {
    let length = if args.has(0) { whole(args.get(0))? } else { 50 };
    let count = |text: &str| i64::try_from(text.chars().count()).unwrap_or(i64::MAX);
    // A text has no more characters than bytes.
    if i64::try_from(text.len()).is_ok_and(|bytes| bytes <= length) || count(text) <= length {
        out.push_str(text);
        return Ok(());
    }
    let end = if args.has(1) { args.text(1) } else { "...".into() };
    let kept = (length - count(&end)).max(0);
    join(chars(text, 0, kept as usize), &end, budget, out)
}

fn truncate_words(text: &str, args: &Args, budget: &Budget, out: &mut String) -> Result<(), Failure> {
    let words = if args.has(0) { whole(args.get(0))?.max(1) } else { 15 };
    let end = if args.has(1) { argument(args, 1, budget)? } else { "...".into() };
    let mut found = text.split(is_space).filter(|part| !part.is_empty());
    let kept: Vec<&str> = found.by_ref().take(usize::try_from(words).unwrap_or(usize::MAX)).collect();
    if found.next().is_none() {
        out.push_str(text);
        return Ok(());
    }
    join(&kept.join(" "), &end, budget, out)
}
