//! What stands between the lines: dates in words, how many a segment holds.
//!
//! In: a range. Out: hints. **Invariant:** a number of customers is that of a simulation that was run, with its day; without one there is none.

use super::requests::Asked;
use super::{Answer, Server, write};
use crate::ast::DeclKind;
use crate::syntax::Kind;
use lsp_types::InlayHintParams;
use serde_json::{Value, json};

impl Server {
    pub(super) fn hints(&mut self, params: &InlayHintParams) -> Answer {
        let Some(Asked { document, desk, encoding, .. }) = self.asked(params.text_document.uri.as_str()) else { return Ok(Value::Null) };
        let lines = document.lines().clone();
        let within = lines.span(params.range, encoding);
        let mut hints = Vec::new();
        let mut hint = |offset: u32, label: String, tooltip: &str| {
            hints.push(json!({ "position": lines.position(offset, encoding), "label": label, "paddingLeft": true, "tooltip": tooltip }));
        };
        for piece in document.pieces().iter() {
            if piece.span.end < within.start || within.end < piece.span.start {
                continue;
            }
            for id in piece.tree.tokens() {
                let span = piece.span_of(id);
                if !matches!(piece.tree.kind(id), Kind::Date | Kind::Datetime) || span.end < within.start || within.end < span.start {
                    continue;
                }
                let written = lines.text().get(span.range()).and_then(|text| text.get(..10));
                if let Some(date) = written.and_then(|text| text.parse::<chrono::NaiveDate>().ok()) {
                    hint(span.end, date.format("%a").to_string(), "the day of the week");
                }
            }
            for decl in &piece.shape.decls {
                let DeclKind::Segment { name: Some(name), .. } = &decl.kind else { continue };
                if let Some(size) = desk.sizes.get(name.text.as_str()) {
                    let at = piece.span_in(name.place.span).end;
                    let said = if *size == 1 { "1 customer".to_owned() } else { format!("{size} customers") };
                    hint(at, said, &format!("in the last simulation, at its end ({})", desk.sizes_until));
                }
            }
        }
        write(hints)
    }
}
