//! One customer: what is known of her, what happened, why, and that she is forgotten.
//!
//! In: an identifier of hers. Out: JSON with names, never numbers of the plan. **Invariant:** every look is in the audit log, by her number; she is
//! not told apart from nobody for who may not look.

use super::story::{self, About, LINES_MAX, Live};
use super::{Answer, Refused, fine, known, moment};
use crate::calendar::{Instant, Zone};
use crate::daemon::core::Core;
use crate::daemon::keeper::Happened;
use crate::daemon::keys::Caller;
use crate::daemon::runner::{Handle, answer};
use crate::engine::row::{ConsentState, Customer, PendingState};
use crate::plan::Plan;
use crate::schema::{JourneyId, MessageId, SegmentRole};
use crate::shard::Number;
use crate::simulate::report::local;
use crate::simulate::timeline::Line;
use crate::value::json::to_json;
use axum::extract::{Extension, Path, Query, State};
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Map, Value as Json, json};
use std::sync::Arc;

fn nobody(id: &str) -> Refused {
    let shown: String = id.chars().take(100).collect();
    Refused(StatusCode::NOT_FOUND, format!("nobody is known as `{shown}` (any more)"))
}

/// Her row, with the plan whose numbers it has.
fn row(core: &Core, number: Number) -> Option<(Arc<Plan>, Customer)> {
    let row = core.shard(number)?.row(number).ok().flatten()?;
    let loaded = row.plan.and_then(|id| core.world.loaded(id));
    let plan = loaded.map_or_else(|| Arc::clone(core.world.plan()), |loaded| Arc::clone(&loaded.plan));
    Some((plan, row))
}

pub(super) async fn profile(State(handle): State<Handle>, Extension(caller): Extension<Caller>, Path(id): Path<String>) -> Answer {
    let wanted = id.clone();
    let found = handle.ask(move |core, now| {
        let number = core.find_by(&wanted)?;
        let (plan, row) = row(core, number)?;
        core.note(now, &caller.name, &format!("read profile {}", number.0));
        Some(described(core, number, &plan, &row))
    });
    fine(&found.await?.ok_or_else(|| nobody(&id))?)
}

fn described(core: &Core, number: Number, plan: &Plan, row: &Customer) -> Json {
    let schema = &plan.schema;
    let kinds = ["user", "anonymous", "email"];
    let identifiers: Vec<Json> = core
        .identifiers(number)
        .into_iter()
        .map(|(kind, value)| json!({ "kind": kinds.get(usize::from(kind)).copied().unwrap_or("other"), "value": value }))
        .collect();
    let profile: Map<String, Json> = schema
        .customer
        .iter()
        .zip(&row.attributes)
        .filter(|(_, value)| !value.is_missing())
        .map(|(field, value)| (field.name.to_string(), to_json(value, &field.ty)))
        .collect();
    let consents = row.consents.iter().filter_map(|consent| {
        let state = match consent.state {
            ConsentState::Subscribed => "subscribed",
            ConsentState::Unsubscribed => "unsubscribed",
            ConsentState::Pending => "to be confirmed",
        };
        Some(json!({ "topic": schema.topics.get(consent.topic.index())?.name, "state": state, "at": moment(consent.at) }))
    });
    let consents: Vec<Json> = consents.collect();
    let channel = |id: crate::schema::ChannelId| schema.channels.get(id.index()).map(|channel| channel.name.to_string());
    let suppressed: Vec<String> = row.suppressions.iter().filter_map(|id| channel(*id)).collect();
    let segments: Vec<String> = plan
        .segments
        .iter()
        .zip(&row.segments)
        .filter(|(segment, standing)| standing.member && !matches!(segment.role, SegmentRole::StageTest(_)))
        .map(|(segment, _)| segment.name.to_string())
        .collect();
    let pending = row.pending.iter().map(|pending| {
        let (state, until) = match pending.state {
            PendingState::Ready => ("ready", Instant::NEVER),
            PendingState::Held { until } => ("held", until),
            PendingState::Claimed => ("claimed", Instant::NEVER),
            PendingState::HandedOver { .. } => ("handed over", Instant::NEVER),
            PendingState::InDoubt { until } => ("in doubt", until),
            PendingState::Paused { until } => ("paused", until),
        };
        let message = plan.messages.get(pending.message.index()).map(|message| message.name.to_string());
        json!({ "message": message, "channel": channel(pending.key.channel), "planned": moment(pending.planned_at), "state": state, "until": moment(until) })
    });
    let pending: Vec<Json> = pending.collect();
    json!({
        "number": number.0,
        "id": row.uid.to_string(),
        "identifiers": identifiers,
        "known_since": moment(row.known_since),
        "profile": profile,
        "consents": consents,
        "suppressed": suppressed,
        "segments": segments,
        "runs": live(core, plan.policy.zone, row),
        "pending": pending,
    })
}

/// Where her runs stand, each by the plan that it is pinned to.
fn live(core: &Core, zone: Zone, row: &Customer) -> Vec<Live> {
    let mut all = Vec::new();
    for run in &row.runs {
        let loaded = row.plans.get(usize::from(run.plan)).and_then(|id| core.world.loaded(*id));
        let Some(plan) = loaded.map(|loaded| &loaded.plan) else { continue };
        let Some(journey) = plan.journeys.get(run.journey.index()) else { continue };
        let step = journey.steps.get(run.step.index());
        let until = (run.due != Instant::NEVER).then(|| local(zone, run.due, "%Y-%m-%d %H:%M:%S"));
        let (label, line) = step.map_or_else(|| (String::new(), journey.line), |step| (step.label.clone(), step.line));
        all.push(Live { journey: journey.name.to_string(), run: run.number, step: label, line: plan.locate(line), until });
    }
    all
}

/// What the store has of her, after everything that was decided until now.
struct Past {
    uid: String,
    plan: Arc<Plan>,
    live: Vec<Live>,
    history: Vec<Happened>,
}

async fn past(handle: &Handle, caller: Caller, id: &str, what: &'static str) -> Result<Past, Refused> {
    let (reply, answered) = answer();
    let wanted = id.to_owned();
    let found = handle.ask(move |core, now| {
        let number = core.find_by(&wanted)?;
        let (_, row) = row(core, number)?;
        core.note(now, &caller.name, &format!("{what} {}", number.0));
        core.history(number, reply);
        let plan = Arc::clone(core.world.plan());
        Some((row.uid.to_string(), live(core, plan.policy.zone, &row), plan))
    });
    let (uid, live, plan) = found.await?.ok_or_else(|| nobody(id))?;
    Ok(Past { uid, plan, live, history: super::read(answered.await)? })
}

fn told(past: &Past, answer: Option<String>, lines: Vec<Line>) -> Answer {
    let (lines, left_off) = story::newest(lines, LINES_MAX);
    let zone = past.plan.policy.zone.to_string();
    let mut body = json!({ "customer": past.uid, "zone": zone, "lines": lines, "left_off": left_off });
    if let Some(answer) = answer {
        body["answer"] = answer.into();
    }
    fine(&body)
}

pub(super) async fn timeline(State(handle): State<Handle>, Extension(caller): Extension<Caller>, Path(id): Path<String>) -> Answer {
    let past = past(&handle, caller, &id, "read timeline").await?;
    let lines = story::all(&past.plan, &past.history);
    told(&past, None, lines)
}

#[derive(Debug, Deserialize)]
pub(super) struct Asked {
    message: Option<String>,
    journey: Option<String>,
}

pub(super) async fn why(
    State(handle): State<Handle>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Answer {
    let plan = handle.plan();
    let about = match (&asked.message, &asked.journey) {
        (Some(name), None) => {
            known("message", name, plan.messages.iter().map(|message| message.name.as_str()))?;
            plan.messages.iter().position(|message| message.name == name.as_str()).map(|at| About::Message(MessageId(at as u16)))
        }
        (None, Some(name)) => {
            known("journey", name, plan.journeys.iter().map(|journey| journey.name.as_str()))?;
            plan.journeys.iter().position(|journey| journey.name == name.as_str()).map(|at| About::Journey(JourneyId(at as u16)))
        }
        _ => None,
    };
    let about = about.ok_or_else(|| Refused(StatusCode::BAD_REQUEST, "say either `message=NAME` or `journey=NAME`".to_owned()))?;
    let past = past(&handle, caller, &id, "read why").await?;
    let (answer, lines) = story::why(&past.plan, &past.uid, &past.history, &past.live, about);
    told(&past, Some(answer), lines)
}

pub(super) async fn erase(State(handle): State<Handle>, Extension(caller): Extension<Caller>, Path(id): Path<String>) -> Answer {
    let wanted = id.clone();
    let found = handle.ask(move |core, now| {
        let number = core.find_by(&wanted)?;
        core.erase_for(now, &caller.name, number);
        Some(number)
    });
    let number = found.await?.ok_or_else(|| nobody(&id))?;
    fine(&json!({ "erased": number.0 }))
}
