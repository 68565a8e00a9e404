//! The tolerant reading: what Shopify's Liquid makes of a markup that its grammar does not take.
//!
//! In: a markup. Out: the same as the strict reading, and the place of what had to be skipped. **Invariant:** linear; nothing nests except
//! brackets, to a limit. Follows the patterns of Liquid's lax mode: a fragment is a quoted text or a run without blanks, commas and bars.

use super::TERM_DEPTH_MAX;
use super::markup::{Markup, Read, empty_for, number, operator_of, set_attribute, word};
use crate::template::tree::{At, Condition, FilterCall, For, Junction, Name, Operator, Piped, Render, Root, Step, Term, TermKind, Test};
use std::ops::Range;
use unicode_normalization::UnicodeNormalization;

/// A fragment from `from` on: where the next quoted text or run begins and ends.
fn fragment(text: &str, from: usize) -> Option<Range<usize>> {
    let bytes = text.as_bytes();
    let mut start = from;
    while start < bytes.len() {
        let end = fragment_end(bytes, start);
        if end > start {
            return Some(start..end);
        }
        start += 1;
    }
    None
}

fn is_break(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | b'\x0B' | b'\x0C' | b',' | b'|')
}

/// Where a fragment that begins here ends; `start` itself if none does.
fn fragment_end(bytes: &[u8], start: usize) -> usize {
    let mut at = start;
    while at < bytes.len() && !is_break(bytes[at]) {
        if matches!(bytes[at], b'\'' | b'"') {
            match bytes[at + 1..].iter().position(|byte| *byte == bytes[at]) {
                Some(length) => {
                    at += length + 2;
                    // A quoted text at the beginning is a fragment alone.
                    if start == at - length - 2 {
                        return at;
                    }
                    continue;
                }
                None => return at,
            }
        }
        at += 1;
    }
    at
}

/// The first fragment of a markup as a value, and where it ends.
fn first(markup: Markup, from: usize) -> Option<(Term, usize)> {
    let at = fragment(markup.text, from)?;
    Some((term(markup.sub(at.clone()), 0), at.end))
}

/// A whole fragment as a value, as `Expression.parse` reads it.
fn term(markup: Markup, depth: usize) -> Term {
    let at = markup.at();
    let written = markup.text.trim();
    let base = at.start;
    let quoted = |quote: char| written.len() > 1 && written.starts_with(quote) && written.ends_with(quote);
    let kind = if quoted('"') || quoted('\'') {
        TermKind::Text(written[1..written.len() - 1].to_owned())
    } else if written.is_empty() {
        TermKind::Nil
    } else if let Some(word) = word(written) {
        word
    } else if let Some(range) = range(written, base, depth) {
        range
    } else if let Some(number) = loose_number(written) {
        number
    } else {
        path(written, base, depth)
    };
    Term { at, kind }
}

/// `(1..x)`; `(1...5)` too.
fn range(written: &str, base: usize, depth: usize) -> Option<TermKind> {
    let inner = written.strip_prefix('(')?.strip_suffix(')')?;
    if depth > TERM_DEPTH_MAX {
        return None;
    }
    let dots = inner.find("..")?;
    let from = Markup { text: inner[..dots].trim_end_matches('.'), base: base + 1 };
    let rest = inner[dots..].trim_start_matches('.');
    let to = Markup { text: rest, base: base + 1 + inner.len() - rest.len() };
    Some(TermKind::Range(Box::new(term(from, depth + 1)), Box::new(term(to, depth + 1))))
}

/// `12`, `1.5`, `1.`, `1.2.3` (which is 1.2).
fn loose_number(written: &str) -> Option<TermKind> {
    let digits = written.strip_prefix('-').unwrap_or(written);
    if !digits.starts_with(|c: char| c.is_ascii_digit()) || !digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
        return None;
    }
    let second_dot = written.match_indices('.').nth(1).map_or(written.len(), |(at, _)| at);
    Some(number(written[..second_dot].trim_end_matches('.')))
}

/// The names and brackets of a path; what is neither is passed over.
fn path(written: &str, base: usize, depth: usize) -> TermKind {
    let mut root = None;
    let mut steps = Vec::new();
    let mut at = 0;
    while at < written.len() {
        let rest = &written[at..];
        let (found, length) = if rest.starts_with('[') && depth < TERM_DEPTH_MAX {
            match closing(rest) {
                Some(close) => {
                    let inner = term(Markup { text: &rest[1..close], base: base + at + 1 }, depth + 1);
                    (Some(Step::Index(inner)), close + 1)
                }
                None => (None, 1),
            }
        } else {
            let length = rest.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '-' || is_mark(c))).unwrap_or(rest.len());
            if length == 0 {
                (None, rest.chars().next().map_or(1, char::len_utf8))
            } else {
                let length = length + usize::from(rest[length..].starts_with('?'));
                let name = Name { text: rest[..length].nfc().collect(), at: base + at..base + at + length };
                (Some(Step::Field(name)), length)
            }
        };
        at += length;
        match (found, &root) {
            (Some(Step::Field(name)), None) => root = Some(Root::Name(name)),
            (Some(Step::Index(term)), None) => root = Some(Root::Computed(Box::new(term))),
            (Some(step), Some(_)) => steps.push(step),
            (None, _) => {}
        }
    }
    match root {
        Some(root) => TermKind::Path { root, steps },
        None => TermKind::Nil,
    }
}

/// Thai vowel and tone marks stand inside names.
fn is_mark(c: char) -> bool {
    unicode_normalization::char::is_combining_mark(c) || ('\u{0E30}'..='\u{0E4E}').contains(&c)
}

/// Where the bracket closes that opens the text.
fn closing(text: &str) -> Option<usize> {
    let mut depth = 0;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'[' => depth += 1,
            b']' => {
                depth -= 1;
                if depth == 0 {
                    return Some(at);
                }
            }
            _ => {}
        }
    }
    None
}

/// The whole markup counts as skipped: what is odd in it cannot be told apart.
fn all(markup: Markup) -> Option<At> {
    Some(markup.at())
}

pub(super) fn piped(markup: Markup) -> Read<Piped> {
    let at = markup.at();
    let Some((value, end)) = first(markup, 0) else {
        let piped = Piped { at: at.clone(), value: Term { at, kind: TermKind::Nil }, filters: Vec::new() };
        return (piped, all(markup));
    };
    let mut filters = Vec::new();
    if let Some(bar) = markup.text[end..].find('|') {
        let mut from = end + bar + 1;
        while from < markup.text.len() {
            let until = filter_end(markup.text, from);
            filters.extend(filter(markup.sub(from..until)));
            // A bar, or a quote that does not end, parts two filters.
            from = until + 1;
        }
    }
    (Piped { at, value, filters }, all(markup))
}

/// Where a run of fragments, blanks and commas ends.
fn filter_end(text: &str, from: usize) -> usize {
    let bytes = text.as_bytes();
    let mut at = from;
    while at < bytes.len() && bytes[at] != b'|' {
        at = match bytes[at] {
            quote @ (b'\'' | b'"') => match bytes[at + 1..].iter().position(|byte| *byte == quote) {
                Some(length) => at + length + 2,
                None => return at,
            },
            _ => at + 1,
        };
    }
    at
}

/// `name: argument, named: argument`, whatever stands between.
fn filter(markup: Markup) -> Option<FilterCall> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_' || is_mark(c);
    let start = markup.text.find(is_word)?;
    let length = markup.text[start..].find(|c: char| !is_word(c)).unwrap_or(markup.text.len() - start);
    let name = Name { text: markup.text[start..start + length].nfc().collect(), at: markup.base + start..markup.base + start + length };
    let mut call = FilterCall { name, args: Vec::new(), named: Vec::new() };
    let mut at = start + length;
    while let Some(sign) = markup.text[at..].find([':', ',']) {
        let lead = at + sign + 1;
        let from = lead + markup.text[lead..].len() - markup.text[lead..].trim_start().len();
        if let Some((name, value_from)) = attribute_name(markup, from)
            && let Some(found) = fragment(markup.text, value_from).filter(|found| found.start == value_from)
        {
            call.named.push((name, term(markup.sub(found.clone()), 0)));
            at = found.end;
            continue;
        }
        match fragment(markup.text, from).filter(|found| found.start == from) {
            Some(found) => {
                call.args.push(term(markup.sub(found.clone()), 0));
                at = found.end;
            }
            None => at = lead,
        }
    }
    Some(call)
}

/// `name:` at a place: the name, and where its value begins.
fn attribute_name(markup: Markup, from: usize) -> Option<(Name, usize)> {
    let rest = &markup.text[from..];
    let length = rest.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '-')).filter(|length| *length > 0)?;
    let after = rest[length..].trim_start();
    let value = after.strip_prefix(':')?.trim_start();
    let name = Name { text: rest[..length].nfc().collect(), at: markup.base + from..markup.base + from + length };
    Some((name, markup.text.len() - value.len()))
}

/// All `name: value` from a place on.
fn attributes(markup: Markup, from: usize) -> Vec<(Name, Term)> {
    let mut found = Vec::new();
    let mut at = from;
    while at < markup.text.len() {
        let rest = &markup.text[at..];
        let Some(begin) = rest.find(|c: char| c.is_alphanumeric() || c == '_') else { break };
        let begin = at + begin;
        if let Some((name, value_from)) = attribute_name(markup, begin)
            && let Some(value) = fragment(markup.text, value_from).filter(|value| value.start == value_from)
        {
            found.push((name, term(markup.sub(value.clone()), 0)));
            at = value.end;
        } else {
            let rest = &markup.text[begin..];
            at = begin + rest.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '-')).unwrap_or(rest.len()).max(1);
        }
    }
    found
}

/// A name on the left of `=` or behind `capture`: letters, digits, `-`, `.`, brackets.
fn target(markup: Markup, from: usize) -> Option<(Name, usize)> {
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '[' | ']' | '(' | ')') || is_mark(c);
    let start = from + markup.text[from..].find(is_part)?;
    let length = markup.text[start..].find(|c: char| !is_part(c)).unwrap_or(markup.text.len() - start);
    let at = markup.base + start..markup.base + start + length;
    Some((Name { text: markup.text[start..start + length].nfc().collect(), at }, start + length))
}

pub(super) fn assign(markup: Markup) -> Option<Read<(Name, Piped)>> {
    let (name, end) = target(markup, 0)?;
    let rest = markup.text[end..].trim_start();
    let value = rest.strip_prefix('=')?;
    let from = markup.text.len() - value.len();
    let (value, _) = super::markup::piped(markup.sub(from..markup.text.len()));
    Some(((name, value), all(markup)))
}

pub(super) fn one_name(markup: Markup) -> Option<Read<Name>> {
    target(markup, 0).map(|(name, _)| (name, all(markup)))
}

pub(super) fn single(markup: Markup) -> Option<Read<Term>> {
    first(markup, 0).map(|(term, _)| (term, all(markup)))
}

pub(super) fn when(markup: Markup) -> Option<Read<Vec<Term>>> {
    let mut values = Vec::new();
    let mut from = 0;
    loop {
        let (value, end) = first(markup, from)?;
        values.push(value);
        let rest = markup.text[end..].trim_start();
        let next = rest.strip_prefix(',').or_else(|| rest.strip_prefix("or").filter(|rest| rest.starts_with(char::is_whitespace)));
        match next {
            Some(next) if !next.trim().is_empty() => from = markup.text.len() - next.len(),
            _ => return Some((values, all(markup))),
        }
    }
}

pub(super) fn cycle(markup: Markup) -> Option<Read<(Option<Term>, Vec<Term>)>> {
    let (head, end) = first(markup, 0)?;
    let rest = markup.text[end..].trim_start();
    let (group, mut from) = match rest.strip_prefix(':') {
        Some(values) => (Some(head), markup.text.len() - values.len()),
        None => (None, 0),
    };
    let mut values = Vec::new();
    while from < markup.text.len() {
        let until = markup.text[from..].find(',').map_or(markup.text.len(), |comma| from + comma);
        values.extend(first(markup.sub(from..until), 0).map(|(term, _)| term));
        from = until + 1;
    }
    (!values.is_empty()).then(|| ((group, values), all(markup)))
}

pub(super) fn for_head(markup: Markup, table: bool) -> Option<Read<For>> {
    let (variable, end) = target(markup, 0)?;
    let rest = markup.text[end..].trim_start().strip_prefix("in").filter(|rest| rest.starts_with(char::is_whitespace))?;
    let from = markup.text.len() - rest.len();
    let list = fragment(markup.text, from)?;
    let written = markup.text[list.clone()].to_owned();
    let mut head = empty_for(variable, term(markup.sub(list.clone()), 0), written, table);
    head.reversed = !table && markup.text[list.end..].trim_start().starts_with("reversed");
    for (name, value) in attributes(markup, list.end) {
        set_attribute(&mut head, &name.text, value);
    }
    Some((head, all(markup)))
}

pub(super) fn render(markup: Markup) -> Option<Read<Render>> {
    let (template, mut end) = first(markup, 0)?;
    let mut render = Render { template, shared: false, with: None, alias: None, args: Vec::new() };
    let rest = markup.text[end..].trim_start();
    for (keyword, each) in [("with", false), ("for", true)] {
        if let Some(after) = rest.strip_prefix(keyword).filter(|after| after.starts_with(char::is_whitespace))
            && let Some((value, value_end)) = first(markup, markup.text.len() - after.len())
        {
            render.with = Some((value, each));
            end = value_end;
        }
    }
    let rest = markup.text[end..].trim_start();
    if let Some(after) = rest.strip_prefix("as").filter(|after| after.starts_with(char::is_whitespace)) {
        render.alias = target(markup, markup.text.len() - after.len()).map(|(name, _)| name);
    }
    render.args = attributes(markup, end);
    Some((render, all(markup)))
}

pub(super) fn condition(markup: Markup) -> Option<Read<Condition>> {
    let mut tests = Vec::new();
    let mut junction = Junction::And;
    let mut from = 0;
    for (until, next, resume) in junctions(markup.text) {
        let part = markup.sub(from..until);
        tests.push((junction, test(part)?));
        junction = next;
        from = resume;
    }
    tests.push((junction, test(markup.sub(from..markup.text.len()))?));
    Some((Condition { at: markup.at(), tests }, all(markup)))
}

/// Where `and` and `or` stand as words outside of quotes: where the part before ends, which, and where the next begins.
fn junctions(text: &str) -> Vec<(usize, Junction, usize)> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            quote @ (b'\'' | b'"') => {
                at += bytes[at + 1..].iter().position(|byte| *byte == quote).map_or(1, |length| length + 2);
                continue;
            }
            b'a' | b'o' if at == 0 || is_break(bytes[at - 1]) => {
                for (keyword, junction) in [("and", Junction::And), ("or", Junction::Or)] {
                    let end = at + keyword.len();
                    if bytes[at..].starts_with(keyword.as_bytes()) && bytes.get(end).is_none_or(|byte| is_break(*byte)) {
                        found.push((at, junction, end));
                        at = end - 1;
                        break;
                    }
                }
            }
            _ => {}
        }
        at += 1;
    }
    found
}

/// `left operator right`, and nothing of what follows.
fn test(markup: Markup) -> Option<Test> {
    let start = fragment(markup.text, 0)?;
    // An operator may stand close: `a==b`.
    let is_sign = |byte: &u8| matches!(byte, b'=' | b'!' | b'<' | b'>');
    let sign = markup.text.as_bytes()[start.clone()].iter().position(is_sign).filter(|at| *at > 0);
    let end = sign.map_or(start.end, |at| start.start + at);
    let left = term(markup.sub(start.start..end), 0);
    let rest = markup.text[end..].trim_start();
    let length = rest.find(|c: char| !matches!(c, '=' | '!' | '<' | '>' | 'a'..='z' | '_')).unwrap_or(rest.len());
    if length == 0 {
        return Some(Test { left, right: None });
    }
    let from = markup.text.len() - rest.len() + length;
    let Some(operator) = operator_of(&rest[..length]) else {
        let written = Term { at: markup.base + from - length..markup.base + from, kind: TermKind::Text(rest[..length].to_owned()) };
        return Some(Test { left, right: Some((Operator::Unknown, written)) });
    };
    let right = match first(markup, from) {
        Some((right, _)) => right,
        None => Term { at: markup.base + from..markup.base + from, kind: TermKind::Nil },
    };
    Some(Test { left, right: Some((operator, right)) })
}
