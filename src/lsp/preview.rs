//! What the cursor is in, to look at: the picture of a journey, the texts of a message.
//!
//! In: a position. Out: SVG and Mermaid; HTML and text, with sample values. **Invariant:** drawn and rendered by the room that the command line
//! uses, so both show the same; a project with errors shows what it last was without them, and says so.

use super::requests::Asked;
use super::snapshot::Root;
use super::{Answer, Refused, Server};
use crate::calendar::Instant;
use crate::plan;
use crate::preview::{self, Content, Subject, sample::Who};
use lsp_types::TextDocumentPositionParams;
use serde_json::{Value, json};

/// Samples are of this moment, so that a preview changes only with the text: a Monday morning, 2026-01-05 09:00 in Bangkok.
const SAMPLE_NOW: Instant = Instant(1_767_578_400_000);

impl Server {
    pub(super) fn picture(&mut self, params: &TextDocumentPositionParams) -> Answer {
        let Some((root, subject)) = self.subject(params) else { return Ok(Value::Null) };
        match subject {
            Subject::Journey(name) => self.picture_of(&root, &name),
            Subject::Message(_) => Ok(Value::Null),
        }
    }

    pub(super) fn preview(&mut self, params: &TextDocumentPositionParams) -> Answer {
        let Some((root, subject)) = self.subject(params) else { return Ok(Value::Null) };
        match subject {
            Subject::Message(name) => self.preview_of(&root, &name),
            Subject::Journey(name) => self.picture_of(&root, &name),
        }
    }

    fn subject(&mut self, params: &TextDocumentPositionParams) -> Option<(Root, Subject)> {
        let Asked { root, document, encoding, .. } = self.asked(params.text_document.uri.as_str())?;
        let offset = document.lines().offset(params.position, encoding);
        let pieces = document.pieces();
        let piece = pieces.iter().rev().find(|piece| piece.span.start <= offset)?;
        Some((root, preview::subject_at(&piece.shape, offset - piece.span.start)?))
    }

    pub(super) fn picture_of(&self, root: &Root, journey: &str) -> Answer {
        let plan = self.plan_of(root)?;
        let svg = preview::picture(&plan.0, journey).ok_or_else(|| Refused::new(format!("there is no picture of `{journey}`")))?;
        Ok(
            json!({ "kind": "journey", "name": journey, "svg": svg, "mermaid": plan::picture::mermaid(&plan.0, Some(journey)), "stale": plan.1 }),
        )
    }

    pub(super) fn preview_of(&self, root: &Root, name: &str) -> Answer {
        let plan = self.plan_of(root)?;
        let message = plan.0.messages.iter().find(|message| message.name == name);
        let message = message.ok_or_else(|| Refused::new(format!("there is no message `{name}` in the last version without errors")))?;
        let contents: Vec<Value> = preview::contents(&plan.0, message, Who::Known, SAMPLE_NOW).iter().map(of_content).collect();
        Ok(json!({ "kind": "message", "name": name, "contents": contents, "stale": plan.1 }))
    }

    /// The plan of now, or of the last version without errors; with whether it is the latter.
    fn plan_of(&self, root: &Root) -> Result<(std::sync::Arc<plan::Plan>, bool), Refused> {
        let desk = self.desks.get(root).ok_or_else(|| Refused::new("no project is open"))?;
        let plan = desk.plan.clone().ok_or_else(|| Refused::new("the project has errors; mend them first"))?;
        let stale = desk.snapshot.as_ref().is_none_or(|snapshot| snapshot.compiled.plan.is_none());
        Ok((plan, stale))
    }
}

/// One content: its parts, and what a pane shows of it as a page and as a text.
fn of_content(content: &Content) -> Value {
    let mut shown = json!({ "channel": content.channel.as_str(), "language": content.language.as_deref(), "heldBack": content.kept_back });
    match &content.parts {
        Err((part, why)) => shown["error"] = json!(format!("{part}: {why}")),
        Ok(parts) => {
            let list: Vec<Value> =
                parts.iter().map(|part| json!({ "name": part.name.as_str(), "text": part.text, "html": part.is_html })).collect();
            let text: Vec<String> = parts.iter().filter(|part| !part.is_html).map(|part| format!("{}: {}", part.name, part.text)).collect();
            shown["parts"] = json!(list);
            shown["html"] = json!(parts.iter().find(|part| part.is_html).map(|part| part.text.as_str()));
            shown["text"] = json!(text.join("\n"));
        }
    }
    shown
}
