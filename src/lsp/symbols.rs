//! What a file, and a project, declares.
//!
//! In: the shape of the text as it is now; for the project, the last check. Out: symbols. **Invariant:** a broken declaration is left out,
//! never the others.

use super::document::Piece;
use super::requests::Asked;
use super::text::{Encoding, Lines};
use super::{Answer, Server, write};
use crate::ast::{Decl, DeclKind, Field, JourneyItem, Name};
use crate::check::{Kind as Named, Symbol};
use crate::source::Place;
use lsp_types::DocumentSymbolParams;
use serde_json::{Value, json};

/// Most symbols of one answer about a project.
const SYMBOLS_MAX: usize = 2_000;

struct Shown {
    name: String,
    detail: String,
    kind: u8,
    whole: Place,
    place: Place,
    inside: Vec<Shown>,
}

impl Server {
    pub(super) fn document_symbols(&mut self, params: &DocumentSymbolParams) -> Answer {
        let nested = self.client.nested_symbols;
        let uri = params.text_document.uri.as_str();
        let Some(Asked { document, encoding, .. }) = self.asked(uri) else { return Ok(Value::Null) };
        let lines = document.lines().clone();
        let mut symbols = Vec::new();
        for piece in document.pieces().iter() {
            for shown in piece.shape.decls.iter().filter_map(of_decl) {
                let at = Writer { piece, lines: &lines, encoding };
                if nested {
                    symbols.push(at.nested(&shown));
                } else {
                    at.flat(&shown, None, uri, &mut symbols);
                }
            }
        }
        write(symbols)
    }

    pub(super) fn workspace_symbols(&self, query: &str) -> Answer {
        let query = query.to_lowercase();
        let mut symbols: Vec<Value> = Vec::new();
        for (root, desk) in &self.desks {
            let Some(snapshot) = &desk.snapshot else { continue };
            for (symbol, definition) in &snapshot.resolved.definitions {
                let (name, container) = match symbol {
                    Symbol::Declared(kind, name) => (name.to_string(), kind.word().to_owned()),
                    Symbol::Field(owner, name) => (name.to_string(), container_of(owner)),
                    _ => continue,
                };
                let titled = definition.title.as_ref().is_some_and(|title| title.to_lowercase().contains(&query));
                if !(name.to_lowercase().contains(&query) || titled) || symbols.len() >= SYMBOLS_MAX {
                    continue;
                }
                if let Some(location) = self.location(root, definition.place) {
                    symbols.push(json!({ "name": name, "kind": kind_of(symbol), "location": location, "containerName": container }));
                }
            }
        }
        symbols.sort_by(|a, b| a["name"].as_str().cmp(&b["name"].as_str()));
        write(symbols)
    }
}

fn container_of(owner: &crate::check::Owner) -> String {
    use crate::check::Owner;
    match owner {
        Owner::Customer => "customer".to_owned(),
        Owner::Event(name) | Owner::Catalog(name) | Owner::Answers(name) | Owner::Survey(name) | Owner::Channel(name) => name.to_string(),
    }
}

fn kind_of(symbol: &Symbol) -> u8 {
    match symbol {
        Symbol::Declared(Named::Event, _) => 24,
        Symbol::Declared(Named::Journey, _) => 5,
        Symbol::Declared(Named::Message | Named::Block | Named::Hook, _) => 12,
        Symbol::Declared(Named::Const, _) => 14,
        Symbol::Declared(Named::Catalog, _) => 23,
        Symbol::Field(..) => 8,
        _ => 13,
    }
}

struct Writer<'a> {
    piece: &'a Piece,
    lines: &'a Lines,
    encoding: Encoding,
}

impl Writer<'_> {
    fn range(&self, place: Place) -> lsp_types::Range {
        self.lines.range(self.piece.span_in(place.span), self.encoding)
    }

    fn nested(&self, shown: &Shown) -> Value {
        let inside: Vec<Value> = shown.inside.iter().map(|one| self.nested(one)).collect();
        let whole = self.range(shown.whole.to(shown.place));
        json!({
            "name": shown.name, "detail": shown.detail, "kind": shown.kind,
            "range": whole, "selectionRange": self.range(shown.place), "children": inside,
        })
    }

    fn flat(&self, shown: &Shown, container: Option<&str>, uri: &str, into: &mut Vec<Value>) {
        let mut one = json!({ "name": shown.name, "kind": shown.kind, "location": { "uri": uri, "range": self.range(shown.whole) } });
        if let Some(container) = container {
            one["containerName"] = json!(container);
        }
        into.push(one);
        for inside in &shown.inside {
            self.flat(inside, Some(&shown.name), uri, into);
        }
    }
}

fn of_decl(decl: &Decl) -> Option<Shown> {
    let one = |name: &Option<Name>, detail: &str, kind: u8, inside: Vec<Shown>| {
        let name = name.as_ref().filter(|name| !name.text.is_empty())?;
        Some(Shown { name: name.text.to_string(), detail: detail.to_owned(), kind, whole: decl.place, place: name.place, inside })
    };
    let unnamed = |word: &str, inside: Vec<Shown>| {
        Some(Shown { name: word.to_owned(), detail: String::new(), kind: 2, whole: decl.place, place: decl.keyword, inside })
    };
    match &decl.kind {
        DeclKind::Customer { fields } => unnamed("customer", of_fields(fields)),
        DeclKind::Event { name, fields, .. } => one(name, "event", 24, of_fields(fields)),
        DeclKind::Catalog { name, fields, .. } => one(name, "catalog", 23, of_fields(fields)),
        DeclKind::Topic { name, .. } => one(name, "topic", 20, Vec::new()),
        DeclKind::Team { name, .. } => one(name, "team", 20, Vec::new()),
        DeclKind::Segment { name, .. } => one(name, "segment", 13, Vec::new()),
        DeclKind::Policy { .. } => unnamed("policy", Vec::new()),
        DeclKind::Route { name, .. } => one(name, "route", 20, Vec::new()),
        DeclKind::Channel { name, .. } => one(name, "channel", 20, Vec::new()),
        DeclKind::Block { name, .. } => one(name, "block", 12, Vec::new()),
        DeclKind::Survey { name, .. } => one(name, "survey", 10, Vec::new()),
        DeclKind::CustomChannel { name, fields, .. } => one(name, "custom channel", 20, of_fields(fields)),
        DeclKind::Const { name, .. } => one(name, "constant", 14, Vec::new()),
        DeclKind::List { name, .. } => one(name, "list", 18, Vec::new()),
        DeclKind::Audience { name, .. } => one(name, "audience", 18, Vec::new()),
        DeclKind::Score { name, .. } => one(name, "score", 16, Vec::new()),
        DeclKind::Stages { stages } => {
            let stage = |stage: &crate::ast::Stage| {
                let name = stage.name.as_ref()?;
                let (whole, place) = (stage.place, name.place);
                Some(Shown { name: name.text.to_string(), detail: "stage".to_owned(), kind: 22, whole, place, inside: Vec::new() })
            };
            unnamed("stages", stages.iter().filter_map(stage).collect())
        }
        DeclKind::Brand { .. } => unnamed("brand", Vec::new()),
        DeclKind::Message(message) => one(&message.name, "message", 12, Vec::new()),
        DeclKind::Hook(hook) => one(&hook.name, "hook", 12, Vec::new()),
        DeclKind::Codes { name, .. } => one(name, "codes", 20, Vec::new()),
        DeclKind::Journey(journey) => {
            let message = |item: &JourneyItem| {
                let JourneyItem::Message(message) = item else { return None };
                let name = message.name.as_ref()?;
                let (whole, place) = (message.place, name.place);
                Some(Shown { name: name.text.to_string(), detail: "message".to_owned(), kind: 12, whole, place, inside: Vec::new() })
            };
            let inside = journey.items.iter().filter_map(message).collect();
            let detail = journey.title.as_ref().map_or("journey", |title| title.text.as_str());
            one(&journey.name, detail, 5, inside)
        }
        DeclKind::Scenario(scenario) => {
            let title = scenario.title.as_ref()?;
            let (name, detail) = (title.text.clone(), "scenario".to_owned());
            let name = if name.trim().is_empty() { "scenario".to_owned() } else { name };
            Some(Shown { name, detail, kind: 24, whole: decl.place, place: title.place, inside: Vec::new() })
        }
    }
}

fn of_fields(fields: &[Field]) -> Vec<Shown> {
    let one = |field: &Field| {
        let (whole, place) = (field.place, field.name.place);
        Shown { name: field.name.text.to_string(), detail: String::new(), kind: 8, whole, place, inside: Vec::new() }
    };
    fields.iter().filter(|field| !field.name.text.is_empty()).map(one).collect()
}
