//! Findings, as an editor shows them: the words of `onward check`, at their places in the text of now.
//!
//! In: the findings of a snapshot. Out: `textDocument/publishDiagnostics`, one for each file. **Invariant:** a file of which nothing is said
//! any more is told so; a finding in a part that has changed since waits for the next check.

use super::desk::Desk;
use super::snapshot::{Root, Snapshot};
use super::text::{Lines, Shift};
use super::{Document, Server};
use crate::diagnostic::{Diagnostic, Severity};
use crate::source::{FileId, Place, Span};
use lsp_server::{Message, Notification};
use lsp_types::Range;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// By file: its address, its lines as they are now, and how they moved since.
type Known = BTreeMap<u32, Option<(String, Lines, Shift)>>;

/// Places of a snapshot, in the texts that the editor has now.
pub(super) struct Now<'a> {
    pub server: &'a Server,
    pub root: &'a Root,
    pub snapshot: &'a Snapshot,
    known: std::cell::RefCell<Known>,
}

impl<'a> Now<'a> {
    pub fn new(server: &'a Server, root: &'a Root, snapshot: &'a Snapshot) -> Now<'a> {
        Now { server, root, snapshot, known: std::cell::RefCell::default() }
    }

    /// The address and range of a place; `None` in what has changed.
    pub fn range(&self, place: Place) -> Option<(String, Range)> {
        let mut known = self.known.borrow_mut();
        let (uri, lines, shift) = known.entry(place.file.0).or_insert_with(|| self.file(place.file)).as_ref()?;
        let span = shift.span_to_new(place.span)?;
        Some((uri.clone(), lines.range(span, self.server.encoding)))
    }

    fn file(&self, id: FileId) -> Option<(String, Lines, Shift)> {
        let file = self.snapshot.sources().get(id)?;
        Some(match self.server.open(self.root, &file.name) {
            Some((uri, document)) => (uri.to_owned(), document.lines().clone(), Shift::between(&file.text, document.text())),
            None => (Desk::uri_of(self.root, &file.name)?, Lines::new(file.text.clone()), Shift::between(&file.text, &file.text)),
        })
    }
}

impl Server {
    /// Says what a snapshot has found.
    pub(super) fn publish(&mut self, root: &Root) -> Vec<Message> {
        let Some(snapshot) = self.desks.get(root).and_then(|desk| desk.snapshot.clone()) else { return Vec::new() };
        let mut said: BTreeMap<String, Vec<Value>> = BTreeMap::new();
        {
            let now = Now::new(self, root, &snapshot);
            for finding in &snapshot.findings {
                if let Some((uri, one)) = diagnostic(&now, finding) {
                    said.entry(uri).or_default().push(one);
                }
            }
            if let Some(why) = &snapshot.unreadable
                && let Some(uri) = self.documents.iter().find(|(_, (_, of))| of == root).map(|(uri, _)| uri.clone())
            {
                let start = Range::default();
                said.entry(uri).or_default().push(json!({ "range": start, "severity": 2, "source": "onward", "message": why }));
            }
            for (uri, (_, of)) in &self.documents {
                if of == root {
                    said.entry(uri.clone()).or_default();
                }
            }
        }
        let told = self.desks.get(root).map(|desk| desk.told.clone()).unwrap_or_default();
        for uri in told {
            said.entry(uri).or_default();
        }
        if let Some(desk) = self.desks.get_mut(root) {
            desk.told = said.iter().filter(|(_, found)| !found.is_empty()).map(|(uri, _)| uri.clone()).collect();
        }
        let version = |uri: &str| self.documents.get(uri).map(|(document, _): &(Document, Root)| document.version);
        said.into_iter()
            .map(|(uri, diagnostics)| {
                let mut params = json!({ "uri": uri, "diagnostics": diagnostics });
                if let Some(version) = version(&uri) {
                    params["version"] = json!(version);
                }
                Notification::new("textDocument/publishDiagnostics".to_owned(), params).into()
            })
            .collect()
    }
}

/// One finding: where, and what is said of it.
pub(super) fn diagnostic(now: &Now, finding: &Diagnostic) -> Option<(String, Value)> {
    let (uri, range) = now.range(finding.place)?;
    let severity = match finding.severity() {
        Severity::Error => 1,
        Severity::Warning => 2,
    };
    let mut related: Vec<Value> = Vec::new();
    let home = now.snapshot.sources().get(finding.place.file);
    let labels: Vec<miette::LabeledSpan> = finding.report.labels().into_iter().flatten().collect();
    let mut why = None;
    for label in labels {
        let Some(text) = label.label().filter(|text| !text.is_empty()) else { continue };
        let span = Span::new(label.offset() as u32, (label.offset() + label.len()) as u32);
        if label.primary() || span == finding.place.span {
            why = Some(text.to_owned());
        } else if home.is_some()
            && let Some((uri, range)) = now.range(span.at(finding.place.file))
        {
            related.push(json!({ "location": { "uri": uri, "range": range }, "message": text }));
        }
    }
    for (place, text) in &finding.elsewhere {
        if let Some((uri, range)) = now.range(*place) {
            related.push(json!({ "location": { "uri": uri, "range": range }, "message": text }));
        }
    }
    let mut message = finding.message();
    for more in [why, finding.help().map(|help| format!("help: {help}"))].into_iter().flatten() {
        message.push('\n');
        message.push_str(&more);
    }
    let mut one = json!({
        "range": range,
        "severity": severity,
        "code": finding.code.number,
        "source": "onward",
        "message": message,
        "data": { "slug": finding.code.slug },
    });
    if let Some(href) = now.server.page_of(finding.code.number) {
        one["codeDescription"] = json!({ "href": href });
    }
    if !related.is_empty() {
        one["relatedInformation"] = json!(related);
    }
    if finding.code.slug.starts_with("unused") || finding.code.slug.contains("never-used") {
        one["tags"] = json!([1]);
    }
    Some((uri, one))
}

/// Whether two ranges touch.
pub(super) fn touch(a: Range, b: Range) -> bool {
    a.start <= b.end && b.start <= a.end
}
