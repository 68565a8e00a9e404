//! The layout of a file, as `onward fmt` makes it.
//!
//! In: an open file, or a range of it. Out: one edit, or none where all is well. **Invariant:** broken declarations stay as they are, and so
//! does everything where the formatter cannot prove that it changes the layout alone.

use super::requests::Asked;
use super::text::Shift;
use super::{Answer, Refused, Server};
use crate::format;
use lsp_types::{DocumentFormattingParams, DocumentRangeFormattingParams};
use serde_json::{Value, json};

impl Server {
    pub(super) fn format(&mut self, params: &DocumentFormattingParams) -> Answer {
        let Some(Asked { name, document, encoding, .. }) = self.asked(params.text_document.uri.as_str()) else { return Ok(Value::Null) };
        if !name.ends_with(".journey") {
            return Ok(Value::Null);
        }
        let lines = document.lines().clone();
        let text = lines.text();
        let formatted = format::format_text(text).map_err(|why| Refused::new(why.to_string()))?.text;
        if formatted == **text {
            return Ok(json!([]));
        }
        // Only what differs, so that the cursor stays where it is.
        let (old, new) = Shift::between(text, &formatted).changed();
        Ok(json!([{ "range": lines.range(old, encoding), "newText": &formatted[new.range()] }]))
    }

    pub(super) fn format_range(&mut self, params: &DocumentRangeFormattingParams) -> Answer {
        let Some(Asked { name, document, encoding, .. }) = self.asked(params.text_document.uri.as_str()) else { return Ok(Value::Null) };
        if !name.ends_with(".journey") {
            return Ok(Value::Null);
        }
        let lines = document.lines().clone();
        let wanted = lines.span(params.range, encoding).range();
        let edit = format::format_range(lines.text(), wanted).map_err(|why| Refused::new(why.to_string()))?;
        let edits = edit.map(|(range, text)| {
            let span = crate::source::Span::new(range.start as u32, range.end as u32);
            json!({ "range": lines.range(span, encoding), "newText": text })
        });
        Ok(json!(edits.into_iter().collect::<Vec<_>>()))
    }
}
