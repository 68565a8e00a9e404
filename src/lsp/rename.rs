//! Another name for something, everywhere it is meant: in journeys, and in the templates of messages and of files that they name.
//!
//! In: a name and another one. Out: edits, or why not. **Invariant:** nothing is renamed unless the checker, looking at the project as it
//! would be, finds no error that was not there before and the same things still mean the same; what other systems call it stays what it
//! was, by being written beside the new name.

use super::desk::Found;
use super::snapshot::{self, Root, Snapshot};
use super::{Answer, Refused, Server};
use crate::check::{Kind as Named, Symbol, as_written};
use crate::diagnostic::Severity;
use crate::project::Unsaved;
use crate::source::{Place, Span};
use lsp_types::{RenameParams, TextDocumentPositionParams};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Findings about names that cannot be side by side.
const CLASHES: [&str; 9] = ["E0106", "E0110", "E0111", "E0113", "E0117", "E0118", "E0119", "E0120", "E0121"];

/// Longest name, bytes.
const NAME_BYTES_MAX: usize = 200;

impl Server {
    pub(super) fn prepare_rename(&mut self, params: &TextDocumentPositionParams) -> Answer {
        let (_, found, _) = self.what_is_meant(params)?;
        let Some(document) = self.documents.get(params.text_document.uri.as_str()) else { return Ok(Value::Null) };
        let (lines, span) = (document.0.lines(), found[0].span);
        let text = lines.text().get(span.range()).unwrap_or("").trim_matches('`');
        Ok(json!({ "range": lines.range(span, self.encoding), "placeholder": text }))
    }

    /// What would be renamed, in a project that is checked as it is now.
    fn what_is_meant(&mut self, params: &TextDocumentPositionParams) -> Result<(Root, Vec<Found>, Arc<Snapshot>), Refused> {
        let uri = params.text_document.uri.as_str();
        let Some((document, root)) = self.documents.get(uri) else { return Err(Refused::new("this file is not open")) };
        let (root, lines) = (root.clone(), document.lines().clone());
        let offset = lines.offset(params.position, self.encoding);
        let snapshot = self.fresh(&root);
        let name = super::name_in(&root, uri);
        if !snapshot.is_resolved {
            return Err(Refused::new("the project cannot be read as it is; mend its braces first"));
        }
        let Some((id, _)) = snapshot::find(&snapshot.resolved_sources, &name) else {
            return Err(Refused::new("nothing is known of this file yet; mend its braces first"));
        };
        let at = snapshot.resolved.at(Span::new(offset, offset).at(id));
        let found = at.into_iter().map(|(place, symbol, ty)| Found { span: place.span, symbol, ty }).collect();
        let found = super::navigation::nearest(found);
        let Some(first) = found.first() else {
            let is_wire = snapshot.resolved.definitions.values().any(|one| one.wire.is_some_and(|wire| holds(wire, id, offset)));
            return Err(Refused::new(if is_wire {
                "this is what other systems call it; change it by hand, together with them"
            } else {
                "there is no name here"
            }));
        };
        if let Symbol::Word(_, word) = &first.symbol {
            return Err(Refused::new(format!("`{word}` is a word of the language")));
        }
        Ok((root, found, snapshot))
    }

    /// The project checked as it is now.
    fn fresh(&mut self, root: &Root) -> Arc<Snapshot> {
        let unsaved = self.unsaved(root);
        let known = self.desks.get(root).and_then(|desk| desk.snapshot.clone());
        if let Some(known) = &known
            && self.desks.get(root).is_some_and(|desk| desk.wanted == known.revision)
        {
            return known.clone();
        }
        let revision = self.desks.get(root).map_or(0, |desk| desk.wanted);
        let (fresh, files) = snapshot::check(root, &unsaved, revision, known.as_deref());
        let fresh = Arc::new(fresh);
        if let Some(desk) = self.desks.get_mut(root) {
            desk.snapshot = Some(fresh.clone());
            desk.files = files;
        }
        fresh
    }

    pub(super) fn rename(&mut self, params: &RenameParams) -> Answer {
        let (root, found, snapshot) = self.what_is_meant(&params.text_document_position)?;
        let new = params.new_name.trim().trim_matches('`').to_owned();
        if new.is_empty() || new.len() > NAME_BYTES_MAX || new.contains(['`', '\n', '"']) {
            return Err(Refused::new(format!("`{new}` cannot be a name")));
        }
        let (symbols, places) = all_of(&snapshot, &found);
        let written = name_as_written(&new);
        let edits = edits(&snapshot, &symbols, &places, &written);
        let mut texts = self.unsaved(&root);
        for (file, edits) in &edits {
            let Some((_, source)) = snapshot::find(&snapshot.resolved_sources, file) else { continue };
            texts.insert(file.clone(), applied(&source.text, edits).into());
        }
        self.prove(&root, &snapshot, &texts, &new)?;
        let mut changes: Map<String, Value> = Map::new();
        for (file, edits) in &edits {
            let Some((_, source)) = snapshot::find(&snapshot.resolved_sources, file) else { continue };
            let lines = super::text::Lines::new(source.text.clone());
            let uri = match self.open(&root, file) {
                Some((uri, _)) => uri.to_owned(),
                None => super::desk::Desk::uri_of(&root, file).ok_or_else(|| Refused::new("a file has no address"))?,
            };
            let edits: Vec<Value> =
                edits.iter().map(|(span, text)| json!({ "range": lines.range(*span, self.encoding), "newText": text })).collect();
            changes.insert(uri, json!(edits));
        }
        Ok(json!({ "changes": changes }))
    }

    /// Refuses what would change more than a name.
    fn prove(&self, root: &Root, before: &Snapshot, texts: &Unsaved, new: &str) -> Result<(), Refused> {
        let (after, _) = snapshot::check(root, texts, before.revision, None);
        let errors = |snapshot: &Snapshot| -> BTreeMap<String, usize> {
            let mut counted = BTreeMap::new();
            for one in snapshot.findings.iter().filter(|one| one.severity() == Severity::Error) {
                *counted.entry(one.code.number.to_owned()).or_insert(0) += 1;
            }
            counted
        };
        let (old, found) = (errors(before), errors(&after));
        let is_new = |one: &&crate::diagnostic::Diagnostic| {
            let code = one.code.number;
            one.severity() == Severity::Error && found.get(code) > old.get(code)
        };
        // What is said of the name itself tells more than what comes of it.
        let about_names = |one: &&crate::diagnostic::Diagnostic| CLASHES.contains(&one.code.number);
        let first = after.findings.iter().filter(is_new).find(about_names);
        let first = first.or_else(|| after.findings.iter().filter(is_new).find(|one| one.message().contains(new)));
        if let Some(one) = first.or_else(|| after.findings.iter().find(is_new)) {
            return Err(Refused::new(format!("`{new}` cannot be its name: {} ({})", one.message(), one.code.number)));
        }
        let shape = |snapshot: &Snapshot| {
            let mut meant: BTreeMap<&Symbol, usize> = BTreeMap::new();
            for one in &snapshot.resolved.uses {
                *meant.entry(&one.symbol).or_insert(0) += 1;
            }
            let mut counts: Vec<usize> = meant.into_values().collect();
            counts.sort_unstable();
            counts
        };
        if shape(before) != shape(&after) {
            return Err(Refused::new(format!("`{new}` cannot be its name: something else would be meant in another place")));
        }
        Ok(())
    }
}

fn holds(place: Place, file: crate::source::FileId, offset: u32) -> bool {
    place.file == file && place.span.start <= offset && offset <= place.span.end
}

/// Everything that must be renamed with it: where one name means two things (`entry.total`), both are.
fn all_of(snapshot: &Snapshot, found: &[Found]) -> (BTreeSet<Symbol>, BTreeSet<Place>) {
    let mut symbols: BTreeSet<Symbol> = found.iter().map(|one| one.symbol.clone()).collect();
    let mut places: BTreeSet<Place> = BTreeSet::new();
    loop {
        let before = (symbols.len(), places.len());
        for symbol in &symbols {
            places.extend(snapshot.resolved.places(symbol));
        }
        let together = snapshot.resolved.uses.iter().filter(|one| places.contains(&one.place)).map(|one| one.symbol.clone());
        symbols.extend(together.filter(|symbol| !matches!(symbol, Symbol::Word(..))).collect::<Vec<_>>());
        if before == (symbols.len(), places.len()) {
            return (symbols, places);
        }
    }
}

/// A name as it is written: in backticks where it is no word of its own.
fn name_as_written(name: &str) -> String {
    let is_word =
        name.chars().enumerate().all(|(at, c)| c == '_' || if at == 0 { c.is_alphabetic() } else { c.is_alphanumeric() || !c.is_ascii() });
    if is_word { as_written(name).to_string() } else { format!("`{name}`") }
}

/// Edits by file, in order.
fn edits(
    snapshot: &Snapshot,
    symbols: &BTreeSet<Symbol>,
    places: &BTreeSet<Place>,
    written: &str,
) -> BTreeMap<String, Vec<(Span, String)>> {
    let mut edits: BTreeMap<String, Vec<(Span, String)>> = BTreeMap::new();
    let sources = &snapshot.resolved_sources;
    for place in places {
        let Some(file) = sources.get(place.file) else { continue };
        let mut text = written.to_owned();
        // What arrives keeps its name outside.
        let declares = symbols.iter().filter_map(|symbol| snapshot.resolved.definitions.get(symbol)).find(|one| one.place == *place);
        if let Some(definition) = declares
            && definition.wire.is_none()
            && matches!(definition.symbol, Symbol::Declared(Named::Event, _) | Symbol::Field(..))
            && !is_key(definition, sources.text(definition.whole))
        {
            text.push_str(&format!(" \"{}\"", sources.text(*place).trim_matches('`')));
        }
        edits.entry(file.name.to_string()).or_default().push((place.span, text));
    }
    edits
}

/// The key of a catalog, or a question of a survey, stands where no other name can.
fn is_key(definition: &crate::check::Definition, whole: &str) -> bool {
    let is_survey = matches!(&definition.symbol, Symbol::Field(crate::check::Owner::Survey(_), _));
    is_survey || definition.place == definition.whole && !whole.contains(' ')
}

fn applied(text: &str, edits: &[(Span, String)]) -> String {
    let mut out = String::with_capacity(text.len() + 64);
    let mut from = 0;
    for (span, new) in edits {
        out.push_str(&text[from..span.start as usize]);
        out.push_str(new);
        from = span.end as usize;
    }
    out.push_str(&text[from..]);
    out
}
