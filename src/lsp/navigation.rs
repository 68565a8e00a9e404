//! From a name to where it is declared, and to everything that means it.
//!
//! In: what the checker resolved. Out: places. **Invariant:** several definitions where a name means several things (`entry.total`, which
//! two events bring); a place in a part that has changed since is left out, never guessed.

use super::desk::{Desk, Found, is_live};
use super::snapshot::{Root, find};
use super::text::{Lines, Shift};
use super::{Answer, Server, chunks, write};
use crate::check::Symbol;
use crate::source::{Place, Span};
use lsp_types::{Location, Range, ReferenceParams, TextDocumentPositionParams, Uri};
use serde_json::{Value, json};
use std::str::FromStr as _;

/// Of names that touch a position, those of the smallest place.
pub(super) fn nearest(found: Vec<Found>) -> Vec<Found> {
    let Some(least) = found.iter().map(|one| one.span.end - one.span.start).min() else { return found };
    found.into_iter().filter(|one| one.span.end - one.span.start == least).collect()
}

impl Server {
    /// Where a place of the resolved names is now.
    pub(super) fn location(&self, root: &Root, place: Place) -> Option<Location> {
        let desk = self.desks.get(root)?;
        let snapshot = desk.snapshot.as_ref()?;
        let file = snapshot.resolved_sources.get(place.file)?;
        let (uri, lines, shift) = match self.open(root, &file.name) {
            Some((uri, document)) => (uri.to_owned(), document.lines().clone(), Shift::between(&file.text, document.text())),
            None => (Desk::uri_of(root, &file.name)?, Lines::new(file.text.clone()), Shift::between(&file.text, &file.text)),
        };
        let span = shift.span_to_new(place.span)?;
        Some(Location::new(Uri::from_str(&uri).ok()?, lines.range(span, self.encoding)))
    }

    pub(super) fn definition_of(&self, root: &Root, uri: &str, found: &Found) -> Option<Location> {
        if let Symbol::Local(place) = &found.symbol
            && is_live(*place)
        {
            // In the declaration that is being typed.
            let (document, _) = self.documents.get(uri)?;
            let start = chunks::around(document.text(), found.span.start).start;
            let span = Span::new(place.span.start + start, place.span.end + start);
            return Some(Location::new(Uri::from_str(uri).ok()?, document.lines().range(span, self.encoding)));
        }
        let definition = self.desks.get(root)?.definition(&found.symbol)?;
        self.location(root, definition.place)
    }

    pub(super) fn references(&mut self, params: &ReferenceParams) -> Answer {
        let at = &params.text_document_position;
        let Some((root, found)) = self.stands_at(at) else { return Ok(Value::Null) };
        let mut locations = Vec::new();
        for one in &found {
            let Some(snapshot) = self.desks.get(&root).and_then(|desk| desk.snapshot.clone()) else { continue };
            let definition = snapshot.resolved.definitions.get(&one.symbol).map(|definition| definition.place);
            for place in snapshot.resolved.places(&one.symbol) {
                if Some(place) == definition && !params.context.include_declaration {
                    continue;
                }
                if let Some(location) = self.location(&root, place)
                    && !locations.contains(&location)
                {
                    locations.push(location);
                }
            }
        }
        write(locations)
    }

    pub(super) fn highlights(&mut self, params: &TextDocumentPositionParams) -> Answer {
        let uri = params.text_document.uri.as_str().to_owned();
        let Some((root, found)) = self.stands_at(params) else { return Ok(Value::Null) };
        let mut ranges: Vec<Range> = Vec::new();
        let Some(snapshot) = self.desks.get(&root).and_then(|desk| desk.snapshot.clone()) else { return Ok(Value::Null) };
        let name = super::name_in(&root, &uri);
        let Some((id, _)) = find(&snapshot.resolved_sources, &name) else { return Ok(Value::Null) };
        for one in &found {
            for place in snapshot.resolved.places(&one.symbol).into_iter().filter(|place| place.file == id) {
                if let Some(location) = self.location(&root, place)
                    && !ranges.contains(&location.range)
                {
                    ranges.push(location.range);
                }
            }
        }
        write(ranges.into_iter().map(|range| json!({ "range": range, "kind": 1 })).collect::<Vec<_>>())
    }
}
