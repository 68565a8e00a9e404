//! One customer: what is known of her, what happened, why, and that she is forgotten.
//!
//! In: an identifier of hers. Out: JSON with names, never numbers of the plan. **Invariant:** every look is in the audit log, by her number; she is
//! not told apart from nobody for who may not look.

use super::story::{self, About, Asked, LINES_MAX, Live};
use super::{Answer, Refused, fine, known, moment};
use crate::calendar::{Instant, Zone};
use crate::daemon::core::Core;
use crate::daemon::core::busy;
use crate::daemon::keeper::{Happened, PLANS, What};
use crate::daemon::keys::Caller;
use crate::daemon::runner::{Handle, answer};
use crate::daemon::told::{Told, Versions};
use crate::engine::row::{ConsentState, Customer};
use crate::plan::Plan;
use crate::schema::SegmentRole;
use crate::shard::Number;
use crate::simulate::report::local;
use crate::simulate::timeline::Line;
use crate::value::json::to_json;
use axum::extract::{Extension, Path, Query, State};
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Map, Value as Json, json};
use std::sync::Arc;

/// Histories that are read at one time; who asks beyond it waits.
static READINGS: tokio::sync::Semaphore = tokio::sync::Semaphore::const_new(2);

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
        let (state, until) = pending.state.described();
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
pub(super) struct Past {
    uid: String,
    pub(super) profile: Json,
    pub(super) zone: Zone,
    live: Vec<Live>,
    versions: Versions,
    pub(super) told: Vec<Told>,
}

/// Reads archive and log, on a thread of its own: neither the core nor the log waits for it.
pub(super) async fn past(handle: &Handle, caller: Caller, id: &str, what: &'static str) -> Result<Past, Refused> {
    let (reply, opened) = answer();
    let wanted = id.to_owned();
    let found = handle.ask(move |core, now| {
        let number = core.find_by(&wanted)?;
        let (plan, row) = row(core, number)?;
        core.note(now, &caller.name, &format!("{what} {}", number.0));
        core.past(reply);
        let (profile, active) = (described(core, number, &plan, &row), Arc::clone(core.world.plan()));
        Some((core.all_of(number), row.uid.to_string(), profile, live(core, active.policy.zone, &row), active, core.world.facts().clone()))
    });
    let (mut numbers, uid, profile, live, active, facts) = found.await?.ok_or_else(|| nobody(id))?;
    let past = super::read(opened.await)?;
    let zone = active.policy.zone;
    let _turn = READINGS.acquire().await.map_err(|_| busy())?;
    let reading = tokio::task::spawn_blocking(move || {
        numbers.push(PLANS);
        let mut history = past.read(&numbers).map_err(|error| error.to_string())?;
        history.sort_by_key(|(_, one)| one.order);
        let change = |one: &Happened| if let What::Plan(text) = &one.what { Some((one.order, text.clone())) } else { None };
        let mut versions =
            Versions::new(history.iter().filter_map(|(_, one)| change(one)), &active, facts).map_err(|error| error.to_string())?;
        let mut told = Vec::new();
        for (number, one) in history {
            versions.tell(number, one, zone, &mut told);
        }
        Ok((versions, told))
    });
    let (versions, told) = super::read(reading.await)?;
    Ok(Past { uid, profile, zone, live, versions, told })
}

impl Past {
    fn asked(&self) -> Asked<'_> {
        Asked { customer: &self.uid, told: &self.told, live: &self.live, versions: &self.versions }
    }

    fn answer(&self, answer: Option<String>, lines: Vec<Line>) -> Answer {
        let (lines, left_off) = story::newest(lines, LINES_MAX);
        let mut body = json!({ "customer": self.uid, "zone": self.zone.to_string(), "lines": lines, "left_off": left_off });
        if let Some(answer) = answer {
            body["answer"] = answer.into();
        }
        fine(&body)
    }
}

pub(super) async fn timeline(State(handle): State<Handle>, Extension(caller): Extension<Caller>, Path(id): Path<String>) -> Answer {
    let past = past(&handle, caller, &id, "read timeline").await?;
    past.answer(None, story::all(&past.told))
}

#[derive(Debug, Deserialize)]
pub(super) struct Asking {
    message: Option<String>,
    journey: Option<String>,
}

pub(super) async fn why(
    State(handle): State<Handle>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    Query(asking): Query<Asking>,
) -> Answer {
    let about = match (&asking.message, &asking.journey) {
        (Some(name), None) => Some(About::Message(name)),
        (None, Some(name)) => Some(About::Journey(name)),
        (None, None) => None,
        _ => return Err(Refused(StatusCode::BAD_REQUEST, "say `message=NAME`, or `journey=NAME`, or neither".to_owned())),
    };
    let past = past(&handle, caller, &id, "read why").await?;
    // A name may be one that only an older version has.
    match about {
        Some(About::Message(name)) => {
            let names: Vec<&str> = past.versions.all().flat_map(|plan| plan.messages.iter().map(|one| one.name.as_str())).collect();
            known("message", name, names.into_iter())?;
        }
        Some(About::Journey(name)) => {
            let names: Vec<&str> = past.versions.all().flat_map(|plan| plan.journeys.iter().map(|one| one.name.as_str())).collect();
            known("journey", name, names.into_iter())?;
        }
        None => return past.answer(Some(past.asked().why_all().join("\n")), Vec::new()),
    }
    let (answer, lines) = about.map(|about| past.asked().why(about)).unwrap_or_default();
    past.answer(Some(answer), lines)
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
