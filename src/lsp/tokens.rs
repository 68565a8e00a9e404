//! Colours by meaning: each token with what it is, and names with what they resolved to.
//!
//! In: the trees of the text as it is now; names from the last check. Out: tokens in the protocol's five numbers, whole, by range or as what
//! has changed. **Invariant:** in order, none over another, none over the end of a line.

use super::document::Document;
use super::requests::Asked;
use super::text::{Encoding, Lines};
use super::{Answer, Server};
use crate::check::{Kind as Named, Symbol};
use crate::source::Span;
use crate::syntax::{Kind, SyntaxTree};
use lsp_types::{SemanticTokensDeltaParams, SemanticTokensParams, SemanticTokensRangeParams};
use serde_json::{Value, json};
use std::collections::BTreeMap;

const TYPES: [&str; 13] = [
    "keyword",
    "string",
    "number",
    "comment",
    "operator",
    "variable",
    "parameter",
    "property",
    "function",
    "class",
    "event",
    "enumMember",
    "type",
];
const MODIFIERS: [&str; 3] = ["declaration", "documentation", "defaultLibrary"];

pub(super) fn legend() -> Value {
    json!({ "tokenTypes": TYPES, "tokenModifiers": MODIFIERS })
}

impl Server {
    pub(super) fn tokens(&mut self, params: &SemanticTokensParams) -> Answer {
        let uri = params.text_document.uri.as_str().to_owned();
        let Some(asked) = self.asked(&uri) else { return Ok(Value::Null) };
        let data = all(asked, None);
        let id = self.remember(&uri, data.clone());
        Ok(json!({ "resultId": id, "data": data }))
    }

    pub(super) fn tokens_range(&mut self, params: &SemanticTokensRangeParams) -> Answer {
        let Some(asked) = self.asked(params.text_document.uri.as_str()) else { return Ok(Value::Null) };
        let span = asked.document.lines().span(params.range, asked.encoding);
        Ok(json!({ "data": all(asked, Some(span)) }))
    }

    pub(super) fn tokens_delta(&mut self, params: &SemanticTokensDeltaParams) -> Answer {
        let uri = params.text_document.uri.as_str().to_owned();
        let Some(asked) = self.asked(&uri) else { return Ok(Value::Null) };
        let known = asked.desk.tokens.get(&uri).filter(|(id, _)| *id == params.previous_result_id).map(|(_, data)| data.clone());
        let data = all(asked, None);
        let id = self.remember(&uri, data.clone());
        let Some(known) = known else { return Ok(json!({ "resultId": id, "data": data })) };
        // Whole tokens: a common begin and end, and one edit between.
        let (old, new): (Vec<_>, Vec<_>) = (known.chunks(5).collect(), data.chunks(5).collect());
        let prefix = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
        let most = old.len().min(new.len()) - prefix;
        let suffix = old.iter().rev().zip(new.iter().rev()).take(most).take_while(|(a, b)| a == b).count();
        let mut edits = Vec::new();
        if old.len() != new.len() || prefix < new.len() {
            let inserted: Vec<u32> = new[prefix..new.len() - suffix].concat();
            edits.push(json!({ "start": prefix * 5, "deleteCount": (old.len() - suffix - prefix) * 5, "data": inserted }));
        }
        Ok(json!({ "resultId": id, "edits": edits }))
    }

    fn remember(&mut self, uri: &str, data: Vec<u32>) -> String {
        self.requests += 1;
        let id = self.requests.to_string();
        if let Some(asked) = self.asked(uri) {
            asked.desk.tokens.insert(uri.to_owned(), (id.clone(), data));
        }
        id
    }
}

fn all(asked: Asked, within: Option<Span>) -> Vec<u32> {
    let Asked { name, document, desk, encoding, .. } = asked;
    let lines = document.lines().clone();
    let mut names: BTreeMap<(u32, u32), (u32, u32)> = BTreeMap::new();
    if let Some((id, shift)) = desk.shift(&name, lines.text())
        && let Some(snapshot) = &desk.snapshot
    {
        let resolved = &snapshot.resolved;
        let from = resolved.uses.partition_point(|one| one.place.file < id);
        let uses = resolved.uses[from..].iter().take_while(|one| one.place.file == id).map(|one| (one.place.span, &one.symbol, 0));
        let own = resolved.definitions.values().filter(|one| one.place.file == id).map(|one| (one.place.span, &one.symbol, 1));
        for (span, symbol, modifiers) in uses.chain(own) {
            if let Some(span) = shift.span_to_new(span) {
                names.insert((span.start, span.end), (of_symbol(symbol), modifiers));
            }
        }
    }
    let mut out = Writer { lines: &lines, encoding, data: Vec::new(), line: 0, column: 0 };
    tokens(document, &names, within, &mut out);
    out.data
}

fn tokens(document: &mut Document, names: &BTreeMap<(u32, u32), (u32, u32)>, within: Option<Span>, out: &mut Writer) {
    for piece in document.pieces().iter() {
        let outside = |span: Span| within.is_some_and(|within| span.end < within.start || within.end < span.start);
        if outside(piece.span) {
            continue;
        }
        for id in piece.tree.tokens() {
            let span = piece.span_of(id);
            if span.is_empty() || outside(span) {
                continue;
            }
            let kind = piece.tree.kind(id);
            if let Some((what, modifiers)) = names.get(&(span.start, span.end)) {
                out.push(span, *what, *modifiers);
            } else if matches!(kind, Kind::Text | Kind::LongText | Kind::OpenText | Kind::OpenLongText) {
                out.text(span, names);
            } else if let Some((what, modifiers)) = of_kind(kind, &piece.tree) {
                out.push(span, what, modifiers);
            }
        }
    }
}

fn of_symbol(symbol: &Symbol) -> u32 {
    match symbol {
        Symbol::Declared(Named::Event, _) => 10,
        Symbol::Declared(Named::Message | Named::Block | Named::Hook, _) => 8,
        Symbol::Declared(Named::Const, _) => 5,
        Symbol::Declared(Named::Channel | Named::Route | Named::Topic | Named::Team | Named::Stage, _) => 11,
        Symbol::Declared(..) => 9,
        Symbol::Field(..) => 7,
        Symbol::Param(..) => 6,
        Symbol::Local(_) => 5,
        Symbol::Word("filter", _) => 8,
        Symbol::Word("channel", _) => 11,
        Symbol::Word("type", _) => 12,
        Symbol::Word("part", _) => 7,
        Symbol::Word(..) => 5,
    }
}

fn of_kind(kind: Kind, _tree: &SyntaxTree) -> Option<(u32, u32)> {
    if kind.phrase().is_some() {
        return Some((0, 0));
    }
    Some(match kind {
        Kind::Comment => (3, 0),
        Kind::Doc => (3, 2),
        Kind::Number | Kind::Percent | Kind::Money | Kind::Duration | Kind::Date | Kind::Datetime | Kind::Time => (2, 0),
        Kind::Boolean | Kind::Day | Kind::State => (0, 0),
        Kind::Currency => (12, 0),
        Kind::Less | Kind::LessEq | Kind::Greater | Kind::GreaterEq | Kind::Plus | Kind::Minus | Kind::Times | Kind::Divide => (4, 0),
        Kind::Name => (5, 0),
        _ => return None,
    })
}

struct Writer<'a> {
    lines: &'a Lines,
    encoding: Encoding,
    data: Vec<u32>,
    line: u32,
    column: u32,
}

impl Writer<'_> {
    /// A text, with the names in its templates.
    fn text(&mut self, span: Span, names: &BTreeMap<(u32, u32), (u32, u32)>) {
        let mut from = span.start;
        for ((start, end), (what, modifiers)) in names.range((span.start, 0)..(span.end, 0)) {
            if *start >= from && *end <= span.end {
                self.push(Span::new(from, *start), 1, 0);
                self.push(Span::new(*start, *end), *what, *modifiers);
                from = *end;
            }
        }
        self.push(Span::new(from, span.end), 1, 0);
    }

    /// One token, line by line.
    fn push(&mut self, span: Span, what: u32, modifiers: u32) {
        let text = self.lines.text().clone();
        let Some(written) = text.get(span.range()) else { return };
        let mut at = span.start;
        for line in written.split_inclusive('\n') {
            let content = line.trim_end_matches(['\n', '\r']);
            if !content.is_empty() {
                let start = self.lines.position(at, self.encoding);
                let same_line = start.line == self.line && !self.data.is_empty();
                let line_by = if self.data.is_empty() { start.line } else { start.line - self.line };
                let column_by = if same_line { start.character - self.column } else { start.character };
                self.data.extend([line_by, column_by, self.encoding.width(content), what, modifiers]);
                (self.line, self.column) = (start.line, start.character);
            }
            at += line.len() as u32;
        }
    }
}
