//! The layout of a file, as `onward fmt` makes it.
//!
//! In: an open file. Out: one edit, or none where all is well. **Invariant:** what the formatter leaves alone stays as it is.

use super::requests::Asked;
use super::{Answer, Server};
use lsp_types::DocumentFormattingParams;
use serde_json::{Value, json};

impl Server {
    pub(super) fn format(&mut self, params: &DocumentFormattingParams) -> Answer {
        let Some(Asked { name, document, encoding, .. }) = self.asked(params.text_document.uri.as_str()) else { return Ok(Value::Null) };
        if !name.ends_with(".journey") {
            return Ok(Value::Null);
        }
        let lines = document.lines().clone();
        let text = lines.text();
        let formatted = crate::format::format(text);
        if *formatted == **text {
            return Ok(json!([]));
        }
        // Only what differs, so that the cursor stays where it is.
        let shift = super::text::Shift::between(text, &formatted);
        let (old, new) = shift.changed();
        let edit = json!({ "range": lines.range(old, encoding), "newText": &formatted[new.range()] });
        Ok(json!([edit]))
    }
}
