//! The door for operators: how it goes, what happened to somebody and why, and the switches.
//!
//! In: HTTP under `/admin/v1/`, and `/healthz`, `/readyz`, `/metrics`. Out: JSON (metrics: the text of Prometheus). **Invariant:** a read key sees
//! and changes nothing, an admin key changes; every change and every look at a customer is durable in the audit log before it is
//! answered. Decides nothing: answers come from what was recorded when it was decided.

mod aside;
mod catalogs;
mod customer;
mod deploy;
mod export;
mod figures;
pub mod story;

use super::Busy;
use super::core::operate::words;
use super::core::world::Paused;
use super::keeper::{self, What};
use super::keys::{Caller, Guard, Need, guard};
use super::runner::{Handle, answer};
use super::told::json::moment;
use crate::diagnostic::suggest;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Extension, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use axum::{Router, middleware};
use serde::Deserialize;
use serde_json::{Value as Json, json};
use std::time::Duration;

/// Bytes of what an operator sends.
pub const BODY_MAX: usize = 16 << 10;
/// Dead letters and audit entries in one answer, the newest.
pub const LISTED_MAX: usize = 500;
/// What machines are told of all calls; a test holds it against the answers.
pub const OPENAPI: &str = include_str!("../../docs/openapi.json");
/// A daemon whose core does not answer within this time is not ready.
const READY_WITHIN: Duration = Duration::from_secs(2);

/// Everything under `/admin/v1/`, and what machines that watch ask.
pub fn router(handle: Handle, keys: Guard) -> Router {
    let applier = keys.clone();
    let reading = Router::new()
        .route("/admin/v1/status", get(figures::status))
        .route("/admin/v1/catalogs/{catalog}/{key}", get(catalogs::look))
        .route("/admin/v1/customers/{id}", get(customer::profile))
        .route("/admin/v1/customers/{id}/timeline", get(customer::timeline))
        .route("/admin/v1/customers/{id}/why", get(customer::why))
        .route("/admin/v1/dead-letters", get(dead_letters))
        .route("/admin/v1/audit", get(audit))
        .route("/admin/v1/set-aside", get(aside::list))
        .route("/metrics", get(figures::metrics))
        .route_layer(middleware::from_fn_with_state((keys.clone(), Need::Read), guard));
    let comparing = Router::new()
        .route("/admin/v1/plan/compare", post(deploy::compare))
        .route_layer(middleware::from_fn_with_state((keys.clone(), Need::Read), guard))
        .layer(DefaultBodyLimit::max(deploy::PLAN_BYTES_MAX));
    let changing = Router::new()
        .route("/admin/v1/catalogs/{catalog}/{key}", put(catalogs::put).patch(catalogs::patch).delete(catalogs::delete))
        .route("/admin/v1/pause", post(pause))
        .route("/admin/v1/resume", post(resume))
        .route("/admin/v1/release", post(release))
        .route("/admin/v1/bring-back", post(aside::bring_back))
        .route("/admin/v1/customers/{id}/erase", post(customer::erase))
        .route("/admin/v1/customers/{id}/export", get(export::export))
        .layer(Extension(export::Pace::default()))
        .route_layer(middleware::from_fn_with_state((keys, Need::Administer), guard));
    let applying = Router::new()
        .route("/admin/v1/plan/apply", post(deploy::apply))
        .route_layer(middleware::from_fn_with_state((applier, Need::Administer), guard))
        .layer(DefaultBodyLimit::max(deploy::PLAN_BYTES_MAX));
    let open = Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .route("/v1/openapi.json", get(|| async { ([(header::CONTENT_TYPE, "application/json")], OPENAPI) }));
    reading.merge(changing).merge(open).layer(DefaultBodyLimit::max(BODY_MAX)).merge(comparing).merge(applying).with_state(handle)
}

/// Why there is no answer, as one.
struct Refused(StatusCode, String);

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        say(self.0, &json!({ "error": self.1 }))
    }
}

impl From<Busy> for Refused {
    fn from(_: Busy) -> Refused {
        Refused(StatusCode::SERVICE_UNAVAILABLE, "too much is going on, or the daemon ends; try again".to_owned())
    }
}

type Answer = Result<Response, Refused>;

fn say(status: StatusCode, body: &Json) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json")], format!("{body}\n")).into_response()
}

fn fine(body: &Json) -> Answer {
    Ok(say(StatusCode::OK, body))
}

async fn ready(State(handle): State<Handle>) -> Response {
    let core = tokio::time::timeout(READY_WITHIN, handle.ask(|core, _| core.damaged.is_none())).await;
    match core {
        Ok(Ok(true)) if handle.is_out_of_room() => {
            (StatusCode::SERVICE_UNAVAILABLE, "the disk is nearly full: events are not taken\n").into_response()
        }
        Ok(Ok(true)) => "ready\n".into_response(),
        _ => (StatusCode::SERVICE_UNAVAILABLE, "the core does not answer\n").into_response(),
    }
}

async fn dead_letters(State(handle): State<Handle>, Extension(caller): Extension<Caller>) -> Answer {
    let found = handle.ask(move |core, now| {
        // What somebody sent may say something of a customer.
        core.note(now, &caller.name, "read dead letters");
        (core.others.dead_total, core.others.dead().take(LISTED_MAX).cloned().collect::<Vec<_>>())
    });
    let (total, dead) = found.await?;
    let listed: Vec<Json> = dead
        .into_iter()
        .map(|dead| json!({ "at": moment(dead.at), "source": dead.source, "reason": dead.reason, "item": dead.item }))
        .collect();
    fine(&json!({ "total": total, "dead_letters": listed }))
}

async fn audit(State(handle): State<Handle>) -> Answer {
    let (reply, answered) = answer();
    handle.ask(move |core, _| core.past(reply)).await?;
    let past = read(answered.await)?;
    let reading = tokio::task::spawn_blocking(move || past.read(&[keeper::AUDIT]).map_err(|error| error.to_string()));
    let entries = read(reading.await)?;
    let (total, mut listed) = (entries.len(), Vec::new());
    for (_, one) in entries.into_iter().rev().take(LISTED_MAX) {
        let What::Audit(entry) = one.what else { continue };
        let hash: String = entry.hash.iter().map(|byte| format!("{byte:02x}")).collect();
        listed.push(json!({ "number": entry.number, "at": moment(entry.at), "who": entry.who, "what": entry.what, "hash": hash }));
    }
    fine(&json!({ "total": total, "entries": listed }))
}

/// What another thread gave, if it is still there.
fn read<T, E>(answered: Result<Result<T, String>, E>) -> Result<T, Refused> {
    match answered {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(why)) => Err(Refused(StatusCode::INTERNAL_SERVER_ERROR, format!("the log cannot be read: {why}"))),
        Err(_) => Err(super::core::busy().into()),
    }
}

/// `{"everything": true}`, `{"journey": "welcome"}` or `{"channel": "email"}`
#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Switch {
    Everything(bool),
    Journey(String),
    Channel(String),
}

async fn pause(handle: State<Handle>, caller: Extension<Caller>, body: Bytes) -> Answer {
    switch(handle, caller, &body, true).await
}

async fn resume(handle: State<Handle>, caller: Extension<Caller>, body: Bytes) -> Answer {
    switch(handle, caller, &body, false).await
}

async fn switch(State(handle): State<Handle>, Extension(caller): Extension<Caller>, body: &[u8], paused: bool) -> Answer {
    const SAY: &str = "say what: {\"everything\": true}, {\"journey\": \"NAME\"} or {\"channel\": \"NAME\"}";
    let switch = serde_json::from_slice(body).map_err(|_| Refused(StatusCode::BAD_REQUEST, SAY.to_owned()))?;
    let plan = handle.plan();
    let what = match switch {
        Switch::Everything(true) => Paused::Everything,
        Switch::Everything(false) => return Err(Refused(StatusCode::BAD_REQUEST, SAY.to_owned())),
        Switch::Journey(name) => Paused::Journey(name),
        Switch::Channel(name) => Paused::Channel(name),
    };
    // What is no longer in the plan may still be resumed.
    if paused {
        match &what {
            Paused::Everything => {}
            Paused::Journey(name) => known("journey", name, plan.journeys.iter().map(|journey| journey.name.as_str()))?,
            Paused::Channel(name) => known("channel", name, plan.schema.channels.iter().map(|channel| channel.name.as_str()))?,
        }
    }
    let now_paused = handle
        .ask(move |core, now| {
            core.set_paused(now, &caller.name, &what, paused);
            core.world.pauses()
        })
        .await?;
    fine(&json!({ "paused": now_paused.iter().map(words).collect::<Vec<_>>() }))
}

/// Ends the hold of a store that was restored, copied or moved, and believes a clock that leapt.
async fn release(State(handle): State<Handle>, Extension(caller): Extension<Caller>) -> Answer {
    let (reply, durable) = answer();
    let is_clock_doubted = handle.clock().doubt().is_some();
    if is_clock_doubted {
        let who = caller.name.clone();
        handle.ask(move |core, now| core.note(now, &who, "believe the clock")).await?;
        handle.clock().believe();
    }
    let was_on_hold = handle.ask(move |core, now| core.release(now, &caller.name, reply)).await?;
    if !was_on_hold && is_clock_doubted {
        return fine(&json!({ "released": true, "paused": [] }));
    }
    if !was_on_hold {
        return Err(Refused(StatusCode::CONFLICT, "nothing holds the store: it sends what is due".to_owned()));
    }
    durable.await.map_err(|_| super::core::busy())?;
    let paused = handle.ask(|core, _| {
        core.released();
        core.world.pauses()
    });
    fine(&json!({ "released": true, "paused": paused.await?.iter().map(words).collect::<Vec<_>>() }))
}

/// Refuses a name that is none, with the nearest that is.
fn known<'a>(kind: &str, name: &str, names: impl Iterator<Item = &'a str> + Clone) -> Result<(), Refused> {
    if names.clone().any(|known| known == name) {
        return Ok(());
    }
    let near = suggest::best(name, names).map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
    let shown: String = name.chars().take(100).collect();
    Err(Refused(StatusCode::NOT_FOUND, format!("no {kind} is called `{shown}`{near}")))
}
