//! Quick fixes: what the checker itself would change.
//!
//! In: a range. Out: the fixes of the findings that touch it. **Invariant:** a fix is offered only where all of its edits lie in text that
//! has not changed since it was found.

use super::diagnostics::{Now, diagnostic, touch};
use super::{Answer, Server};
use lsp_types::CodeActionParams;
use serde_json::{Map, Value, json};

impl Server {
    pub(super) fn code_actions(&self, params: &CodeActionParams) -> Answer {
        let uri = params.text_document.uri.as_str();
        let wanted = |kind: &str| {
            let only = params.context.only.as_deref().unwrap_or_default();
            only.is_empty() || only.iter().any(|one| kind == one.as_str() || kind.starts_with(&format!("{}.", one.as_str())))
        };
        let Some((_, root)) = self.documents.get(uri).filter(|_| wanted("quickfix")) else { return Ok(json!([])) };
        let Some(snapshot) = self.desks.get(root).and_then(|desk| desk.snapshot.clone()) else { return Ok(json!([])) };
        let now = Now::new(self, root, &snapshot);
        let mut actions = Vec::new();
        for finding in &snapshot.findings {
            if finding.fixes.is_empty() || now.range(finding.place).is_none_or(|(at, range)| at != uri || !touch(range, params.range)) {
                continue;
            }
            let Some((_, shown)) = diagnostic(&now, finding) else { continue };
            for (count, fix) in finding.fixes.iter().enumerate() {
                let mut changes: Map<String, Value> = Map::new();
                let mut whole = true;
                for edit in &fix.edits {
                    let Some((uri, range)) = now.range(edit.place) else {
                        whole = false;
                        break;
                    };
                    let edits = changes.entry(uri).or_insert_with(|| json!([]));
                    if let Some(edits) = edits.as_array_mut() {
                        edits.push(json!({ "range": range, "newText": edit.text }));
                    }
                }
                if whole {
                    actions.push(json!({
                        "title": fix.title,
                        "kind": "quickfix",
                        "diagnostics": [shown],
                        "isPreferred": count == 0 && finding.fixes.len() == 1,
                        "edit": { "changes": changes },
                    }));
                }
            }
        }
        Ok(json!(actions))
    }
}
