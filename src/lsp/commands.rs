//! Commands of lenses and menus: scenarios are really played, on another thread.
//!
//! In: `workspace/executeCommand`. Out: results as findings of their own, and an answer. **Invariant:** plays the project as it was last
//! checked; one with errors is not played, and says so; nobody who has cancelled gets an answer but that.

use super::desk::Results;
use super::jobs::{Cancel, Job, Outcome, Work};
use super::snapshot::{Root, Snapshot};
use super::{Refused, Server};
use crate::scenario;
use lsp_server::{ErrorCode, Message, Notification, RequestId, Response};
use lsp_types::ExecuteCommandParams;
use serde_json::{Value, json};
use std::sync::Arc;

/// Something to be run.
#[derive(Debug)]
pub enum Command {
    RunScenarios { journey: Option<String>, title: Option<String> },
}

impl Server {
    /// Runs a command; `None` where a job will answer.
    pub(super) fn execute(&mut self, id: RequestId, params: ExecuteCommandParams) -> Result<Option<Value>, Refused> {
        let argument = params.arguments.first().cloned().unwrap_or(Value::Null);
        let text = |name: &str| argument.get(name).and_then(Value::as_str).map(str::to_owned);
        let root = self.root_for(text("uri").as_deref())?;
        match params.command.as_str() {
            "onward.runScenarios" => {
                let snapshot = self.snapshot_of(&root)?;
                if snapshot.compiled.plan.is_none() {
                    return Err(Refused::new("the project has errors; mend them first"));
                }
                let cancel = Cancel::default();
                self.running.insert(id.clone(), cancel.clone());
                let command = Command::RunScenarios { journey: text("journey"), title: text("title") };
                self.jobs.push(Job { root, revision: snapshot.revision, work: Work::Command { id, cancel, snapshot, command } });
                Ok(None)
            }
            "onward.showPicture" => {
                let journey = text("journey").ok_or_else(|| Refused::new("which journey?"))?;
                self.picture_of(&root, &journey).map(Some)
            }
            "onward.showPreview" => {
                let message = text("message").ok_or_else(|| Refused::new("which message?"))?;
                self.preview_of(&root, &message).map(Some)
            }
            "onward.check" => {
                self.check(&root);
                Ok(Some(Value::Null))
            }
            other => Err(Refused { code: ErrorCode::InvalidParams as i32, message: format!("there is no command `{other}`") }),
        }
    }

    /// The project of a file, or the only one there is.
    fn root_for(&self, uri: Option<&str>) -> Result<Root, Refused> {
        let known = uri.and_then(|uri| self.documents.get(uri)).map(|(_, root)| root.clone());
        known.or_else(|| self.desks.keys().next().cloned()).ok_or_else(|| Refused::new("no project is open"))
    }

    pub(super) fn snapshot_of(&self, root: &Root) -> Result<Arc<Snapshot>, Refused> {
        let snapshot = self.desks.get(root).and_then(|desk| desk.snapshot.clone());
        snapshot.ok_or_else(|| Refused::new("the project is being checked; try again in a moment"))
    }
}

/// Runs a command, off the thread that answers.
pub(super) fn run(id: RequestId, root: Root, cancel: &Cancel, snapshot: &Snapshot, command: Command) -> Outcome {
    let Command::RunScenarios { journey, title } = command;
    let played = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| play(cancel, snapshot, journey.as_deref(), title.as_deref())));
    let (answer, results, messages) = match played {
        Ok(Some((answer, results, messages))) => (Response::new_ok(id.clone(), answer), results, messages),
        Ok(None) => {
            let (code, why) = (ErrorCode::RequestCanceled as i32, "cancelled".to_owned());
            (Response::new_err(id.clone(), code, why), Results::new(), Vec::new())
        }
        Err(_) => {
            let (code, why) = (ErrorCode::InternalError as i32, "onward made a mistake while it played the scenarios".to_owned());
            (Response::new_err(id.clone(), code, why), Results::new(), Vec::new())
        }
    };
    Outcome::Ran { id, root, answer, results, messages }
}

/// Plays; `None` where nobody waits any more.
fn play(cancel: &Cancel, snapshot: &Snapshot, journey: Option<&str>, title: Option<&str>) -> Option<(Value, Results, Vec<Message>)> {
    if cancel.is_cancelled() {
        return None;
    }
    let mut checked = snapshot.compiled.checked.clone();
    let is_asked = |scenario: &crate::check::checked::Scenario| {
        let name = checked.journeys.get(scenario.journey.index()).map(|journey| journey.name.as_str());
        journey.is_none_or(|asked| name == Some(asked)) && title.is_none_or(|asked| scenario.title == asked)
    };
    let asked: Vec<bool> = checked.scenarios.iter().map(is_asked).collect();
    let mut asked = asked.iter();
    checked.scenarios.retain(|_| asked.next().copied().unwrap_or(false));
    let report = scenario::run(&checked, snapshot.sources(), None);
    if cancel.is_cancelled() {
        return None;
    }
    let mut results = Results::new();
    let mut told = Vec::new();
    for played in &report.scenarios {
        let why = played.failed.as_ref().map(|failed| {
            let first = failed.failures.first();
            first.map_or_else(|| "it did not come true".to_owned(), |failure| format!("{}: {}", failure.expected, failure.happened))
        });
        let failures: Vec<Value> = played
            .failed
            .iter()
            .flat_map(|failed| &failed.failures)
            .map(|failure| {
                let line = snapshot.sources().get(failure.place.file).map_or(0, |file| file.line_index(failure.place.span.start));
                let file = snapshot.sources().get(failure.place.file).map_or_else(String::new, |file| file.name.to_string());
                json!({ "file": file, "line": line, "expected": failure.expected, "happened": failure.happened, "hint": failure.hint })
            })
            .collect();
        told.push(json!({ "title": played.title, "journey": played.journey, "passed": played.failed.is_none(), "variants": played.variants, "failures": failures }));
        results.insert((played.journey.clone(), played.title.clone()), why);
    }
    let text = scenario::text(&report, snapshot.sources(), false);
    let failed = report.failed();
    let message = match (report.scenarios.len(), failed) {
        (0, _) => "no scenario to run".to_owned(),
        (count, 0) => format!("{count} of {count} scenarios came true"),
        (count, failed) => format!("{failed} of {count} scenarios failed"),
    };
    let kind = if failed > 0 { 2 } else { 3 };
    let show = Notification::new("window/showMessage".to_owned(), json!({ "type": kind, "message": message }));
    let publish = Notification::new("onward/scenarios".to_owned(), json!({ "scenarios": told, "text": text }));
    let answer = json!({ "passed": report.scenarios.len() - failed, "failed": failed, "scenarios": told, "text": text });
    Some((answer, results, vec![publish.into(), show.into()]))
}
