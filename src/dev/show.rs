//! Findings, scenarios and contents as the page takes them.
//!
//! In: what the stages of the language say. Out: JSON. **Invariant:** places are `file:line` or `file:line:column`, both from 1; HTML is never in
//! it, only the address where the page finds it.

use super::touched::Key;
use crate::check::Checked;
use crate::diagnostic::{Diagnostic, Severity, render};
use crate::plan::{Plan, Variant};
use crate::preview::Content;
use crate::scenario::{Coverage, Played, Report};
use crate::schema::ChannelKind;
use crate::source::{Place, Sources};
use serde_json::{Value as Json, json};

/// Lines of a timeline that are shown.
const MOMENTS_MAX: usize = 500;

pub(super) fn finding(one: &Diagnostic, sources: &Sources) -> Json {
    json!({
        "code": one.code.number,
        "slug": one.code.slug,
        "severity": if one.severity() == Severity::Error { "error" } else { "warning" },
        "message": one.message(),
        "help": one.help(),
        "place": sources.locate(one.place),
        "shown": render::render(std::slice::from_ref(one), sources, render::Style::default()),
    })
}

/// `file:line`
pub(super) fn line_of(place: Place, sources: &Sources) -> String {
    let line = sources.get(place.file).map_or(0, |file| file.position(place.span.start).line);
    format!("{}:{line}", sources.shown_name(place.file))
}

/// The scenarios by name, in their order.
pub(super) fn keys(checked: &Checked) -> Vec<Key> {
    let mut keys: Vec<Key> = Vec::new();
    for scenario in &checked.scenarios {
        let journey = checked.journeys.get(scenario.journey.index()).map(|journey| journey.name.to_string()).unwrap_or_default();
        let same = keys.iter().filter(|(title, of, _)| *title == scenario.title && *of == journey).count();
        keys.push((scenario.title.clone(), journey, same));
    }
    keys
}

/// What came of a scenario.
#[derive(Debug, Clone)]
pub(super) struct Outcome {
    json: Json,
    passed: bool,
}

impl Outcome {
    pub(super) fn of(played: &Played, sources: &Sources, why: String) -> Outcome {
        let failed = played.failed.as_ref().map(|failed| {
            let failures: Vec<Json> = failed
                .failures
                .iter()
                .map(|one| json!({ "expected": one.expected, "happened": one.happened, "hint": one.hint, "place": line_of(one.place, sources) }))
                .collect();
            let timeline: Vec<Json> = failed
                .timeline
                .iter()
                .take(MOMENTS_MAX)
                .map(|one| json!({ "at": one.at, "told": one.told, "journey": one.journey, "text": one.text, "place": one.place }))
                .collect();
            json!({ "choices": failed.choices, "failures": failures, "timeline": timeline, "more": failed.timeline.len().saturating_sub(MOMENTS_MAX) })
        });
        let json = json!({
            "title": played.title,
            "journey": played.journey,
            "place": line_of(played.place, sources),
            "variants": played.variants,
            "passed": played.failed.is_none(),
            "why": why,
            "failed": failed,
        });
        Outcome { json, passed: played.failed.is_none() }
    }

    pub(super) fn passed(&self) -> bool {
        self.passed
    }

    /// Not played this time.
    pub(super) fn kept(&self) -> Outcome {
        let mut kept = self.clone();
        kept.json["why"] = Json::Null;
        kept
    }

    /// At another line than before.
    pub(super) fn at(mut self, place: String) -> Outcome {
        self.json["place"] = place.into();
        self
    }

    pub(super) fn json(&self) -> Json {
        self.json.clone()
    }
}

/// One failed scenario as `onward test` writes it, without the line that sums up.
pub(super) fn failure_text(played: &Played, sources: &Sources) -> String {
    let alone = Played { title: played.title.clone(), journey: played.journey.clone(), failed: None, ..*played };
    let failed = played.failed.as_ref().map(|failed| crate::scenario::Failed {
        choices: failed.choices.clone(),
        failures: failed
            .failures
            .iter()
            .map(|one| crate::scenario::Failure {
                place: one.place,
                expected: one.expected.clone(),
                happened: one.happened.clone(),
                hint: one.hint.clone(),
            })
            .collect(),
        timeline: Vec::new(),
    });
    let report = Report { scenarios: vec![Played { failed, ..alone }], coverage: Coverage::default() };
    let text = crate::scenario::text(&report, sources, false);
    text.split("\n  the story").next().unwrap_or_default().trim_end().to_owned()
}

/// One content of a message for a sample customer.
pub(super) fn content(
    plan: &Plan,
    content: Content,
    variant: &Variant,
    customer: &str,
    keep: &mut dyn FnMut(String) -> Option<String>,
) -> Json {
    let kind = plan.schema.channels.get(variant.channel.index()).map_or("text", |channel| look(channel.kind));
    let (parts, wrong) = match content.parts {
        Ok(parts) => (parts, None),
        Err((part, why)) => (Vec::new(), Some(format!("{part}: {why}"))),
    };
    let parts: Vec<Json> = parts
        .into_iter()
        .map(|part| match part.is_html {
            true => json!({ "name": part.name, "html": keep(part.text) }),
            false => json!({ "name": part.name, "text": part.text }),
        })
        .collect();
    json!({
        "channel": content.channel, "look": kind, "language": content.language, "customer": customer,
        "kept_back": content.kept_back, "parts": parts, "wrong": wrong,
    })
}

/// How the page draws what goes by a channel.
fn look(kind: ChannelKind) -> &'static str {
    match kind {
        ChannelKind::Email => "mail",
        ChannelKind::Sms => "sms",
        ChannelKind::Line => "line",
        ChannelKind::Whatsapp => "whatsapp",
        ChannelKind::Push => "push",
        _ => "card",
    }
}
