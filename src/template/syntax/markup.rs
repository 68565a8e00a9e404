//! From what the grammar found to the tree's values.
//!
//! In: pairs of a markup and where the markup begins in the text. Out: terms, filters, conditions. **Invariant:** places count from the
//! beginning of the whole text; names are in NFC and without backticks. What does not fit the grammar goes to the tolerant reading.

use super::{Rule, by_rule, lax};
use crate::template::tree::{
    At, Condition, FilterCall, For, Junction, Name, Offset, Operator, Piped, Render, Root, Step, Term, TermKind, Test,
};
use pest::iterators::Pair;
use unicode_normalization::UnicodeNormalization;

/// A markup and where it begins in the text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Markup<'a> {
    pub text: &'a str,
    pub base: usize,
}

impl<'a> Markup<'a> {
    pub(super) fn at(self) -> At {
        let lead = self.text.len() - self.text.trim_start().len();
        let end = self.text.trim_end().len().max(lead);
        self.base + lead..self.base + end
    }

    pub(super) fn sub(self, at: At) -> Markup<'a> {
        Markup { text: &self.text[at.clone()], base: self.base + at.start }
    }
}

/// What was read, and whether it had to be read tolerantly: the part that was skipped.
pub(super) type Read<T> = (T, Option<At>);

pub(super) fn piped(markup: Markup) -> Read<Piped> {
    match by_rule(Rule::output, markup.text).and_then(|pair| pair.into_inner().next()) {
        Some(pair) => (piped_of(pair, markup.base), None),
        None => lax::piped(markup),
    }
}

pub(super) fn assign(markup: Markup) -> Option<Read<(Name, Piped)>> {
    if let Some(pair) = by_rule(Rule::assign, markup.text) {
        let mut parts = pair.into_inner();
        if let (Some(name), Some(value)) = (parts.next(), parts.next()) {
            return Some(((name_of(&name, markup.base), piped_of(value, markup.base)), None));
        }
    }
    lax::assign(markup)
}

pub(super) fn condition(markup: Markup) -> Option<Read<Condition>> {
    let Some(pair) = by_rule(Rule::condition, markup.text) else { return lax::condition(markup) };
    let mut tests = Vec::new();
    let mut junction = Junction::And;
    for part in pair.into_inner() {
        match part.as_rule() {
            Rule::junction => junction = if part.as_str() == "and" { Junction::And } else { Junction::Or },
            Rule::test => {
                let mut inner = part.into_inner();
                let Some(left) = inner.next() else { continue };
                let left = term_of(left, markup.base);
                let right = match (inner.next(), inner.next()) {
                    (Some(operator), Some(right)) => operator_of(operator.as_str()).map(|operator| (operator, term_of(right, markup.base))),
                    _ => None,
                };
                tests.push((junction, Test { left, right }));
            }
            _ => {}
        }
    }
    Some((Condition { at: markup.at(), tests }, None))
}

pub(super) fn operator_of(written: &str) -> Option<Operator> {
    Some(match written {
        "==" => Operator::Equal,
        "!=" | "<>" => Operator::NotEqual,
        "<" => Operator::Less,
        ">" => Operator::Greater,
        "<=" => Operator::LessOrEqual,
        ">=" => Operator::GreaterOrEqual,
        "contains" => Operator::Contains,
        _ => return None,
    })
}

/// The values of `when`.
pub(super) fn when(markup: Markup) -> Option<Read<Vec<Term>>> {
    match by_rule(Rule::when, markup.text) {
        Some(pair) => Some((
            pair.into_inner()
                .filter(|part| !matches!(part.as_rule(), Rule::or_word | Rule::EOI))
                .map(|part| term_of(part, markup.base))
                .collect(),
            None,
        )),
        None => lax::when(markup),
    }
}

pub(super) fn single(markup: Markup) -> Option<Read<Term>> {
    match by_rule(Rule::single, markup.text).and_then(|pair| pair.into_inner().next()) {
        Some(pair) => Some((term_of(pair, markup.base), None)),
        None => lax::single(markup),
    }
}

pub(super) fn one_name(markup: Markup) -> Option<Read<Name>> {
    match by_rule(Rule::one_name, markup.text).and_then(|pair| pair.into_inner().next()) {
        Some(pair) if pair.as_rule() == Rule::text => {
            let at = markup.base + pair.as_span().start()..markup.base + pair.as_span().end();
            let written = pair.as_str();
            Some((Name { text: written[1..written.len() - 1].to_owned(), at }, None))
        }
        Some(pair) => Some((name_of(&pair, markup.base), None)),
        None => lax::one_name(markup),
    }
}

pub(super) fn cycle(markup: Markup) -> Option<Read<(Option<Term>, Vec<Term>)>> {
    let Some(pair) = by_rule(Rule::cycle, markup.text) else { return lax::cycle(markup) };
    let mut group = None;
    let mut values = Vec::new();
    for part in pair.into_inner() {
        match part.as_rule() {
            Rule::group => group = part.into_inner().next().map(|part| term_of(part, markup.base)),
            Rule::EOI => {}
            _ => values.push(term_of(part, markup.base)),
        }
    }
    Some(((group, values), None))
}

/// The head of `for`, and of `tablerow`, which has `cols` besides.
pub(super) fn for_head(markup: Markup, table: bool) -> Option<Read<For>> {
    let Some(pair) = by_rule(Rule::for_head, markup.text) else { return lax::for_head(markup, table) };
    let mut parts = pair.into_inner();
    let variable = name_of(&parts.next()?, markup.base);
    parts.next();
    let list = parts.next()?;
    let written = list.as_str().trim().to_owned();
    let mut head = empty_for(variable, term_of(list, markup.base), written, table);
    for part in parts {
        match part.as_rule() {
            Rule::reversed => head.reversed = true,
            Rule::named => {
                let (name, value) = named_of(part, markup.base)?;
                // What is neither is for the tolerant reading, which says so.
                if !set_attribute(&mut head, &name.text, value) {
                    return lax::for_head(markup, table);
                }
            }
            _ => {}
        }
    }
    Some((head, None))
}

pub(super) fn empty_for(variable: Name, list: Term, written: String, table: bool) -> For {
    let table = table.then_some(None);
    For { variable, list, written, reversed: false, limit: None, offset: None, table, body: Vec::new(), otherwise: None }
}

/// False if a loop has no such attribute.
pub(super) fn set_attribute(head: &mut For, name: &str, value: Term) -> bool {
    match name {
        "limit" => head.limit = Some(value),
        "offset" => {
            let goes_on =
                matches!(&value.kind, TermKind::Path { root: Root::Name(name), steps } if name.text == "continue" && steps.is_empty());
            head.offset = Some(if goes_on { Offset::Continue } else { Offset::At(value) });
        }
        "cols" if head.table.is_some() => head.table = Some(Some(value)),
        "range" if head.table.is_some() => {}
        _ => return false,
    }
    true
}

pub(super) fn render(markup: Markup) -> Option<Read<Render>> {
    let Some(pair) = by_rule(Rule::render, markup.text) else { return lax::render(markup) };
    let mut parts = pair.into_inner();
    let template = term_of(parts.next()?, markup.base);
    let mut render = Render { template, shared: false, with: None, alias: None, args: Vec::new() };
    let mut each = false;
    let mut alias = false;
    for part in parts {
        match part.as_rule() {
            Rule::with_word => each = false,
            Rule::for_word => each = true,
            Rule::as_word => alias = true,
            Rule::name if alias => render.alias = Some(name_of(&part, markup.base)),
            Rule::named => render.args.extend(named_of(part, markup.base)),
            Rule::EOI => {}
            _ => render.with = Some((term_of(part, markup.base), each)),
        }
    }
    Some((render, None))
}

fn named_of(pair: Pair<Rule>, base: usize) -> Option<(Name, Term)> {
    let mut parts = pair.into_inner();
    let name = parts.next()?;
    let value = parts.next()?;
    Some((name_of(&name, base), term_of(value, base)))
}

fn piped_of(pair: Pair<Rule>, base: usize) -> Piped {
    let span = pair.as_span();
    let at = base + span.start()..base + span.start() + span.as_str().trim_end().len();
    let mut parts = pair.into_inner();
    let value = match parts.next() {
        Some(pair) => term_of(pair, base),
        None => Term { at: at.clone(), kind: TermKind::Nil },
    };
    let filters = parts.map(|pair| filter_of(pair, base)).collect();
    Piped { at, value, filters }
}

fn filter_of(pair: Pair<Rule>, base: usize) -> FilterCall {
    let start = base + pair.as_span().start();
    let mut call = FilterCall { name: Name { text: String::new(), at: start..start }, args: Vec::new(), named: Vec::new() };
    for (at, part) in pair.into_inner().enumerate() {
        match part.as_rule() {
            Rule::name if at == 0 => call.name = name_of(&part, base),
            Rule::named => call.named.extend(named_of(part, base)),
            _ => call.args.push(term_of(part, base)),
        }
    }
    call
}

fn name_of(pair: &Pair<Rule>, base: usize) -> Name {
    let span = pair.as_span();
    Name { text: pair.as_str().trim_matches('`').nfc().collect(), at: base + span.start()..base + span.end() }
}

fn term_of(pair: Pair<Rule>, base: usize) -> Term {
    let span = pair.as_span();
    let at = base + span.start()..base + span.start() + span.as_str().trim_end().len();
    let written = pair.as_str();
    let kind = match pair.as_rule() {
        Rule::text => TermKind::Text(written[1..written.len() - 1].to_owned()),
        Rule::number => number(written),
        Rule::range => {
            let mut ends = pair.into_inner();
            match (ends.next(), ends.next()) {
                (Some(from), Some(to)) => TermKind::Range(Box::new(term_of(from, base)), Box::new(term_of(to, base))),
                _ => TermKind::Nil,
            }
        }
        _ => path_of(pair, base),
    };
    Term { at, kind }
}

/// A whole number, or one with places; what is too large for the first is the second.
pub(super) fn number(written: &str) -> TermKind {
    match written.parse() {
        Ok(whole) => TermKind::Integer(whole),
        Err(_) => written.parse().map_or(TermKind::Nil, TermKind::Float),
    }
}

/// What a single word means that is no name.
pub(super) fn word(written: &str) -> Option<TermKind> {
    Some(match written {
        "nil" | "null" => TermKind::Nil,
        "true" => TermKind::Boolean(true),
        "false" => TermKind::Boolean(false),
        "empty" => TermKind::Empty,
        "blank" => TermKind::Blank,
        _ => return None,
    })
}

fn path_of(pair: Pair<Rule>, base: usize) -> TermKind {
    let mut parts = pair.into_inner();
    let Some(first) = parts.next() else { return TermKind::Nil };
    let root = match first.as_rule() {
        Rule::index => match first.into_inner().next() {
            Some(inner) => Root::Computed(Box::new(term_of(inner, base))),
            None => return TermKind::Nil,
        },
        _ => Root::Name(name_of(&first, base)),
    };
    let steps: Vec<Step> = parts
        .filter_map(|part| {
            let is_field = part.as_rule() == Rule::field;
            let inner = part.into_inner().next()?;
            Some(if is_field { Step::Field(name_of(&inner, base)) } else { Step::Index(term_of(inner, base)) })
        })
        .collect();
    if steps.is_empty()
        && let Root::Name(name) = &root
        && let Some(word) = word(&name.text)
    {
        return word;
    }
    TermKind::Path { root, steps }
}
