//! Lines above journeys and scenarios: run them, see them.
//!
//! In: the shape of the text as it is now, and what was run. Out: lenses with commands of [`super::commands`]. **Invariant:** a result is
//! shown only as the last run of that very scenario gave it.

use super::requests::Asked;
use super::{Answer, Server, write};
use crate::ast::{DeclKind, Scenario};
use lsp_types::CodeLensParams;
use serde_json::{Value, json};

impl Server {
    pub(super) fn lenses(&mut self, params: &CodeLensParams) -> Answer {
        let uri = params.text_document.uri.as_str().to_owned();
        let Some(Asked { document, desk, encoding, .. }) = self.asked(&uri) else { return Ok(Value::Null) };
        let lines = document.lines().clone();
        let pieces = document.pieces();
        let here = pieces.iter().flat_map(|piece| piece.shape.decls.iter().map(move |decl| (piece, decl)));
        let mut lenses = Vec::new();
        for (piece, decl) in here {
            let line = lines.range(piece.span_in(decl.keyword.span), encoding);
            let mut lens = |title: String, command: &str, argument: Value| {
                lenses.push(json!({ "range": line, "command": { "title": title, "command": command, "arguments": [argument] } }));
            };
            match &decl.kind {
                DeclKind::Journey(journey) => {
                    let Some(name) = &journey.name else { continue };
                    let count = desk.files.iter().flat_map(|file| &file.decls).filter(|decl| is_for(&decl.kind, &name.text)).count();
                    if count > 0 {
                        let title = if count == 1 { "run 1 scenario".to_owned() } else { format!("run {count} scenarios") };
                        lens(title, "onward.runScenarios", json!({ "uri": uri, "journey": name.text.as_str() }));
                    }
                    lens("show picture".to_owned(), "onward.showPicture", json!({ "uri": uri, "journey": name.text.as_str() }));
                }
                DeclKind::Message(message) => {
                    let Some(name) = &message.name else { continue };
                    lens("show preview".to_owned(), "onward.showPreview", json!({ "uri": uri, "message": name.text.as_str() }));
                }
                DeclKind::Scenario(Scenario { title: Some(title), journey: Some(journey), .. }) => {
                    let argument = json!({ "uri": uri, "journey": journey.text.as_str(), "title": title.text });
                    lens("run".to_owned(), "onward.runScenarios", argument.clone());
                    if let Some(result) = desk.results.get(&(journey.text.to_string(), title.text.clone())) {
                        let said = match result {
                            None => "came true".to_owned(),
                            Some(why) => format!("failed: {}", why.lines().next().unwrap_or("")),
                        };
                        lens(said, "onward.runScenarios", argument);
                    }
                }
                _ => {}
            }
        }
        write(lenses)
    }
}

fn is_for(kind: &DeclKind, journey: &str) -> bool {
    matches!(kind, DeclKind::Scenario(Scenario { journey: Some(name), .. }) if name.text == journey)
}
