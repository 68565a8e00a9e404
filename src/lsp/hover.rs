//! What a name, a word or a value means.
//!
//! In: a position. Out: what it is, its type, what its author says of it, and for values what they mean in practice. **Invariant:** types and
//! meanings come from the checker and the language's own grammar; an editor without Markdown gets plain text.

use super::desk::{Desk, Found};
use super::requests::Asked;
use super::{Answer, Server, navigation};
use crate::check::{Definition, Owner, Symbol};
use crate::source::Span;
use crate::syntax::{Kind, NodeId, SyntaxTree};
use crate::value::Type;
use lsp_types::TextDocumentPositionParams;
use serde_json::{Value, json};

impl Server {
    pub(super) fn hover(&mut self, params: &TextDocumentPositionParams) -> Answer {
        let markdown = self.client.markdown;
        let Some(asked) = self.asked(params.text_document.uri.as_str()) else { return Ok(Value::Null) };
        let Asked { name, document, desk, encoding, .. } = asked;
        let lines = document.lines().clone();
        let offset = lines.offset(params.position, encoding);
        let found = navigation::nearest(desk.at(&name, lines.text(), offset));
        let (span, text) = match found.first() {
            Some(first) => (first.span, found.iter().map(|one| of_name(desk, one)).collect::<Vec<_>>().join("\n\n---\n\n")),
            None => match of_token(document, offset) {
                Some(said) => said,
                None => return Ok(Value::Null),
            },
        };
        let (kind, text) = if markdown { ("markdown", text) } else { ("plaintext", plain(&text)) };
        Ok(json!({ "contents": { "kind": kind, "value": text }, "range": lines.range(span, encoding) }))
    }
}

/// Without the marks of Markdown.
fn plain(text: &str) -> String {
    text.lines().filter(|line| !line.starts_with("```")).map(|line| line.replace(['`', '*'], "")).collect::<Vec<_>>().join("\n")
}

fn of_name(desk: &Desk, found: &Found) -> String {
    let definition = desk.definition(&found.symbol);
    let ty = found.ty.as_ref().or(definition.and_then(|definition| definition.ty.as_ref()));
    let mut text = format!("```journey\n{}\n```", signature(desk, &found.symbol, ty, definition));
    if let Some(ty) = ty
        && ty.is_optional()
    {
        text.push_str("\n\nIt may be missing.");
    }
    if let Some(definition) = definition {
        let title = definition.title.as_ref().map(|title| match &definition.wire {
            Some(_) => format!("Called \"{title}\" outside."),
            None => title.clone(),
        });
        for more in [title, definition.docs.clone()].into_iter().flatten() {
            text.push_str("\n\n");
            text.push_str(&more);
        }
    }
    text
}

/// One line that says what it is, much as it is declared.
pub(super) fn signature(desk: &Desk, symbol: &Symbol, ty: Option<&Type>, definition: Option<&Definition>) -> String {
    let typed = |name: &str| ty.map_or_else(|| name.to_owned(), |ty| format!("{name} {ty}"));
    match symbol {
        Symbol::Declared(kind, name) => {
            let first_line = definition.and_then(|definition| declared_as(desk, definition));
            match (first_line, ty) {
                (Some(line), Some(ty)) => format!("{line}  # {ty}"),
                (Some(line), None) => line,
                (None, _) => format!("{} {}", kind.word(), typed(name)),
            }
        }
        Symbol::Field(owner, name) => match owner {
            Owner::Customer => format!("customer.{}", typed(name)),
            Owner::Event(event) => format!("event {event}: {}", typed(name)),
            Owner::Catalog(catalog) => format!("catalog {catalog}: {}", typed(name)),
            Owner::Answers(hook) => format!("answer of {hook}: {}", typed(name)),
            Owner::Survey(survey) => format!("survey {survey}: {}", typed(name)),
            Owner::Channel(channel) => format!("channel {channel}: {}", typed(name)),
        },
        Symbol::Param(kind, owner, name) => format!("{} {owner}({})", kind.word(), typed(name)),
        Symbol::Local(_) => {
            let name = definition.map_or_else(|| "value".to_owned(), |definition| text_of(desk, definition));
            match ty {
                Some(_) => format!("let {}", typed(&name)),
                None => format!("send … as {name}"),
            }
        }
        Symbol::Word(what, name) => match *what {
            "value" => word(name).map_or_else(|| typed(name), |about| format!("{}  # {about}", typed(name))),
            "filter" => format!("| {name}"),
            "channel" => format!("channel {name}"),
            _ => typed(name),
        },
    }
}

fn word(name: &str) -> Option<&'static str> {
    Some(match name {
        "customer" => "the customer that this is about",
        "entry" => "what let the customer in",
        "now" => "this moment",
        "today" => "this day, where the customer is",
        "id" => "the customer's id",
        "at" => "the moment",
        "unsubscribe_url" => "filled in when the message is sent",
        "view_url" => "the message as a page",
        "postal_address" => "as the brand says it",
        _ => return None,
    })
}

fn text_of(desk: &Desk, definition: &Definition) -> String {
    let snapshot = desk.snapshot.as_ref();
    snapshot.map_or_else(String::new, |snapshot| snapshot.resolved_sources.text(definition.place).to_owned())
}

/// The first line of a declaration, without what opens its block.
fn declared_as(desk: &Desk, definition: &Definition) -> Option<String> {
    let snapshot = desk.snapshot.as_ref()?;
    let text = snapshot.resolved_sources.text(definition.whole);
    let line = text.lines().next()?.trim_end().trim_end_matches('{').trim_end();
    (!line.is_empty()).then(|| line.to_owned())
}

/// What a literal or a keyword means.
fn of_token(document: &mut super::Document, offset: u32) -> Option<(Span, String)> {
    let lines = document.lines().clone();
    let pieces = document.pieces();
    let piece = pieces.iter().rev().find(|piece| piece.span.start <= offset)?;
    let touches = |id: &NodeId| {
        let span = piece.span_of(*id);
        span.start <= offset && offset < span.end.max(span.start + 1)
    };
    let token = piece.tree.tokens().find(touches)?;
    let span = piece.span_of(token);
    let text = lines.text().get(span.range())?;
    let kind = piece.tree.kind(token);
    if let Some(said) = meaning(kind, text, &piece.tree, token) {
        return Some((span, said));
    }
    let phrase = kind.phrase()?;
    let parent = parent(&piece.tree, token)?;
    let example = piece.tree.kind(parent).example()?;
    Some((span, format!("**{phrase}**\n\n```journey\n{example}\n```")))
}

fn parent(tree: &SyntaxTree, id: NodeId) -> Option<NodeId> {
    (0..id.0).rev().map(NodeId).find(|above| tree.node(*above).end > id.0)
}

/// The same in words, as the calendar of the language has it.
fn meaning(kind: Kind, text: &str, tree: &SyntaxTree, token: NodeId) -> Option<String> {
    Some(match kind {
        Kind::Duration => duration(text, is_backwards(tree, token)),
        Kind::Date => format!("**{text}**: {}. That day begins when it begins where the customer is.", day(text)?),
        Kind::Datetime => format!("**{text}**: {}, in the project's time zone: one moment for everybody.", day(text.get(..10)?)?),
        Kind::Time => format!("**{text}** where the customer is."),
        Kind::Percent => format!("**{text}**: a share of customers."),
        Kind::Money => format!("**{text}**: an exact amount; amounts in other currencies never mix with it."),
        _ => return None,
    })
}

/// The day of the week, in words.
fn day(text: &str) -> Option<String> {
    let date: chrono::NaiveDate = text.parse().ok()?;
    Some(date.format("%A, %-d %B %Y").to_string())
}

/// Windows that look back count exactly.
fn is_backwards(tree: &SyntaxTree, token: NodeId) -> bool {
    parent(tree, token)
        .is_some_and(|above| matches!(tree.kind(above), Kind::InTheLast | Kind::InTheBefore | Kind::AtMost | Kind::EnterAgain))
}

/// `2 days`: the same local time, two days later.
pub(super) fn duration(text: &str, backwards: bool) -> String {
    let calendar = ["day", "week", "month", "year"].iter().any(|unit| text.contains(unit));
    let exact = ["hour", "minute", "second"].iter().any(|unit| text.contains(unit));
    let meaning = match (backwards, calendar, exact) {
        (true, true, _) => "counted back exactly: a day is 24 hours",
        (true, false, _) => "counted back exactly",
        (false, true, false) => "the same local time, that many days, weeks or months later",
        (false, true, true) => "first the days at the same local time, then the hours and minutes that pass",
        (false, false, _) => "time that passes, whatever the clock does",
    };
    let meaning = match (backwards, text.split_whitespace().collect::<Vec<_>>().as_slice()) {
        (false, [count, unit]) if calendar => format!("same local time, {} {unit} later", counted(count)),
        _ => meaning.to_owned(),
    };
    format!("**{text}**: {meaning}")
}

fn counted(count: &str) -> &str {
    let words = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"];
    count.parse::<usize>().ok().and_then(|count| words.get(count.wrapping_sub(1)).copied()).unwrap_or(count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_say_what_they_mean() {
        assert_eq!(duration("2 days", false), "**2 days**: same local time, two days later");
        assert_eq!(duration("3 hours", false), "**3 hours**: time that passes, whatever the clock does");
        assert_eq!(duration("30 days", true), "**30 days**: counted back exactly: a day is 24 hours");
    }
}
