//! What can be written next.
//!
//! In: a position. Out: names from the checker, which is asked what could stand there ([`crate::check::offers`]), and words of the language
//! from the place in the tree. **Invariant:** an answer never waits for a check of the project: one declaration is parsed, with a name put
//! where the cursor is; what is offered replaces the word at the cursor and nothing else.

mod words;

use super::chunks;
use super::desk::Desk;
use super::hover::signature;
use super::requests::Asked;
use super::text::Lines;
use super::{Answer, Server};
use crate::check::{Kind as Named, Offer, Symbol};
use crate::source::{FileId, Span};
use crate::syntax;
use lsp_types::TextDocumentPositionParams;
use serde_json::{Value, json};
use words::Words;

/// Stands where the cursor is while the checker looks; nobody calls anything so.
const HERE: &str = "zq_here";

/// Most entries of one list.
const OFFERS_MAX: usize = 1_000;

impl Server {
    pub(super) fn completion(&mut self, params: &TextDocumentPositionParams) -> Answer {
        let snippets = self.client.snippets;
        let Some(asked) = self.asked(params.text_document.uri.as_str()) else { return Ok(Value::Null) };
        let Asked { name, document, desk, encoding, .. } = asked;
        let lines = document.lines().clone();
        let offset = lines.offset(params.position, encoding);
        if !name.ends_with(".journey") {
            return Ok(json!({ "isIncomplete": false, "items": in_asset(desk, &name, &lines, offset, encoding) }));
        }
        let text = lines.text().clone();
        let word = word_at(&text, offset);
        let chunk = chunks::around(&text, offset);
        // What is there of the word is taken out, so that half a word is never taken for another one.
        let mut written = String::with_capacity(chunk.range().len() + HERE.len());
        written.push_str(&text[chunk.start as usize..word.start as usize]);
        written.push_str(HERE);
        written.push_str(&text[word.end.max(word.start) as usize..chunk.end as usize]);
        let cursor = Span::new(word.start - chunk.start, word.start - chunk.start + HERE.len() as u32);
        let (offers, _) = desk.look(&name, &text, chunk, &written, Some(cursor));
        let line_start = lines.start(lines.line_of(offset));
        let before = &text[line_start as usize..word.start as usize];
        let tree = syntax::parse(FileId(0), &written);
        let words = Words::at(&tree, &written, cursor.start, before);
        let range = lines.range(word, encoding);
        let mut items: Vec<Value> = Vec::new();
        for (at, offer) in offers.iter().enumerate() {
            items.push(named(desk, offer, at, range, &words));
        }
        for (at, phrase) in words.phrases().into_iter().enumerate() {
            items.push(phrase.item(at, range, snippets));
        }
        items.truncate(OFFERS_MAX);
        Ok(json!({ "isIncomplete": false, "items": items }))
    }
}

/// The word that the cursor is in or behind.
fn word_at(text: &str, offset: u32) -> Span {
    let is_word = |c: char| c.is_alphanumeric() || c == '_' || (!c.is_ascii() && !c.is_whitespace());
    let at = offset as usize;
    let start = text[..at].rfind(|c| !is_word(c)).map_or(0, |before| before + text[before..].chars().next().map_or(1, char::len_utf8));
    let end = text[at..].find(|c| !is_word(c)).map_or(text.len(), |after| at + after);
    Span::new(start as u32, end as u32)
}

fn named(desk: &Desk, offer: &Offer, at: usize, range: lsp_types::Range, words: &Words) -> Value {
    let definition = desk.definition(&offer.symbol);
    let ty = offer.ty.as_ref().or(definition.and_then(|definition| definition.ty.as_ref()));
    let label = offer.name.as_str();
    let mut inserted = crate::check::as_written(label).to_string();
    if words.wants_colon(&offer.symbol) {
        inserted.push_str(": ");
    }
    let mut item = json!({
        "label": label,
        "kind": kind(&offer.symbol),
        "detail": signature(desk, &offer.symbol, ty, definition),
        "sortText": format!("0{at:04}"),
        "filterText": label,
        "textEdit": { "range": range, "newText": inserted },
    });
    if let Some(docs) = definition.and_then(|definition| definition.docs.clone().or_else(|| definition.title.clone())) {
        item["documentation"] = json!({ "kind": "markdown", "value": docs });
    }
    item
}

/// The icon.
pub(super) fn kind(symbol: &Symbol) -> u8 {
    match symbol {
        Symbol::Declared(Named::Event, _) => 23,
        Symbol::Declared(Named::Message | Named::Block, _) => 3,
        Symbol::Declared(Named::Journey, _) => 9,
        Symbol::Declared(Named::Const, _) => 21,
        Symbol::Declared(Named::Catalog, _) => 7,
        Symbol::Declared(_, _) => 18,
        Symbol::Field(..) => 5,
        Symbol::Param(..) | Symbol::Local(_) => 6,
        Symbol::Word("filter", _) => 3,
        Symbol::Word("type", _) => 25,
        Symbol::Word("channel", _) => 20,
        Symbol::Word(..) => 6,
    }
}

/// In a file that a message names: what its template could say.
fn in_asset(desk: &mut Desk, name: &str, lines: &Lines, offset: u32, encoding: super::text::Encoding) -> Vec<Value> {
    let text = lines.text().clone();
    let inside = inside_template(&text, offset);
    if !inside {
        return Vec::new();
    }
    let word = word_at(&text, offset);
    let mut written = String::with_capacity(text.len() + HERE.len());
    written.push_str(&text[..word.start as usize]);
    written.push_str(HERE);
    written.push_str(&text[word.end as usize..]);
    let offers = desk.look_into_asset(name, &written, Span::new(word.start, word.start + HERE.len() as u32));
    let range = lines.range(word, encoding);
    let words = Words::default();
    let mut items: Vec<Value> = offers.iter().enumerate().map(|(at, offer)| named(desk, offer, at, range, &words)).collect();
    if text[..word.start as usize].trim_end().ends_with("{%") {
        items.extend(words::tags(range));
    }
    items
}

/// Between `{{` or `{%` and its end.
pub(super) fn inside_template(text: &str, offset: u32) -> bool {
    let before = &text[..offset as usize];
    let opened = before.rfind("{{").max(before.rfind("{%"));
    let closed = before.rfind("}}").max(before.rfind("%}"));
    opened.is_some_and(|opened| closed.is_none_or(|closed| closed < opened))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_word_at_the_cursor_is_taken_whole() {
        let at = |text: &str, offset: u32| text[word_at(text, offset).range()].to_owned();
        assert_eq!(at("send rem by x", 7), "rem");
        assert_eq!(at("customer.", 9), "");
        assert_eq!(at("in segment กลุ่มล", "in segment กลุ่มล".len() as u32), "กลุ่มล");
    }
}
