//! How it goes, for people and for machines that watch.
//!
//! In: the core's counters and gauges. Out: JSON, and the text that Prometheus reads. **Invariant:** figures only, nothing about anybody; names
//! of metrics are an interface: they are documented and not changed.

use super::{Answer, fine, moment};
use crate::calendar::Instant;
use crate::daemon::core::Core;
use crate::daemon::core::operate::words;
use crate::daemon::core::others::Counts;
use crate::daemon::runner::Handle;
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use serde_json::{Map, Value as Json, json};
use std::fmt::Write as _;

/// What is counted from the start of the process on: its name, and what it is.
fn counted(counts: &Counts) -> Vec<(&'static str, &'static str, u64)> {
    vec![
        ("items", "items that arrived", counts.inputs),
        ("customers_new", "customers who were seen for the first time", counts.born),
        ("duplicates", "items that were known already", counts.duplicates),
        ("dead_letters", "items that mean nothing under the plan", counts.refused),
        ("ignored_parts", "parts of items that count for nothing while the rest counts", counts.ignored),
        ("refused_identifiers", "identifiers beyond what one customer may have", counts.refused_identifiers),
        ("erased", "customers who were erased", counts.erased),
        ("merges", "customers who turned out to be somebody else", counts.merges),
        ("merges_refused", "merges of two known customers, which are not done", counts.merges_refused),
        ("runs_entered", "runs that began", counts.entered),
        ("runs_ended", "runs that ended", counts.ended),
        ("messages_planned", "messages that were planned", counts.planned),
        ("messages_sent", "messages that a provider accepted", counts.sent),
        ("messages_skipped", "messages that were not sent for a reason of consent, reach, caps or hours", counts.skipped),
        ("messages_failed", "messages that a provider refused", counts.failed),
        ("messages_unknown", "messages of which nobody knows whether they were sent", counts.unknown),
        ("messages_held_out", "messages that a hold-out kept back", counts.held_out),
        ("messages_cancelled", "messages that were called back", counts.cancelled),
        ("set_aside", "times that a customer was set aside", counts.set_aside),
        ("lost_aside", "inputs for customers who are set aside that were too many to be kept", counts.lost_aside),
        ("cut_chains", "chains of steps that caused each other too long", counts.cut_chains),
        ("told_nobody", "messages to another customer who is not known", counts.told_nobody),
        ("strange_reports", "reports about messages that nobody knows", counts.strange_reports),
        ("wakes", "times that something was due and handled", counts.touches),
        ("wakes_late_milliseconds", "how late what was due was handled, in all", counts.lateness_ms),
    ]
}

/// What is so at the moment.
struct Gauges {
    customers: u64,
    under_way: usize,
    on_hold: bool,
    clock_doubted: bool,
    set_aside: u64,
    pauses: Vec<String>,
    /// Journeys that paused themselves, with the reason.
    guarded: Vec<(String, String)>,
    counts: Counts,
    dead_total: u64,
    audit_entries: u64,
    plan: String,
    build: Option<Json>,
    next_due: Instant,
    now: Instant,
}

fn gauges(core: &Core, now: Instant) -> Gauges {
    Gauges {
        customers: core.living(),
        under_way: core.under_way(),
        on_hold: core.world.is_on_hold(),
        clock_doubted: core.world.is_clock_doubted(),
        set_aside: core.set_asides().count() as u64,
        pauses: core.world.pauses().iter().map(words).collect(),
        guarded: core.forecast.paused().map(|(journey, why)| (journey.to_owned(), why.to_owned())).collect(),
        counts: core.counts.clone(),
        dead_total: core.others.dead_total,
        audit_entries: core.others.audit.number,
        plan: core.world.plan().hash.to_string(),
        build: core.build().map(building),
        next_due: core.wake(),
        now,
    }
}

/// A version on its way.
fn building(build: &crate::daemon::core::backfill::Build) -> Json {
    json!({
        "plan": build.plan.hash.as_str(),
        "since": moment(build.begun),
        "events": build.events,
        // Of the log, as far as it is behind.
        "through_batch": build.cursor.through,
        "done": build.is_done,
        "complete_from": build.complete_from.map(moment),
    })
}

pub(super) async fn status(State(handle): State<Handle>) -> Answer {
    let seen = handle.ask(|core, now| gauges(core, now)).await?;
    let counts: Map<String, Json> = counted(&seen.counts).into_iter().map(|(name, _, value)| (name.to_owned(), value.into())).collect();
    fine(&json!({
        "version": env!("CARGO_PKG_VERSION"),
        "plan": seen.plan,
        "building": seen.build,
        "now": moment(seen.now),
        "customers": seen.customers,
        "under_way": seen.under_way,
        "on_hold": seen.on_hold,
        "clock_doubt": handle.clock().doubt().map(|doubt| json!({ "step_ms": doubt.step_ms, "ends_alone": doubt.ends_alone })),
        "set_aside": seen.set_aside,
        "paused": seen.pauses,
        "paused_themselves": seen.guarded.iter().map(|(journey, why)| json!({ "journey": journey, "why": why })).collect::<Vec<_>>(),
        "out_of_room": handle.is_out_of_room(),
        "durable_batch": handle.durable(),
        "next_due": moment(seen.next_due),
        "latest_wake_ms": seen.counts.latest_ms,
        "dead_letters": seen.dead_total,
        "audit_entries": seen.audit_entries,
        "counts": counts,
    }))
}

pub(super) async fn metrics(State(handle): State<Handle>) -> Answer {
    let seen = handle.ask(|core, now| gauges(core, now)).await?;
    let mut text = String::new();
    for (name, help, value) in counted(&seen.counts) {
        let _infallible =
            writeln!(text, "# HELP onward_{name}_total {help}\n# TYPE onward_{name}_total counter\nonward_{name}_total {value}");
    }
    let overdue = if seen.next_due == Instant::NEVER { 0 } else { seen.now.since_ms(seen.next_due).max(0) as u64 };
    let gauges = [
        ("customers", "customers who are there", seen.customers),
        ("under_way", "parcels between their decision and their outcome", seen.under_way as u64),
        ("on_hold", "1 while a restored or copied store sends nothing", u64::from(seen.on_hold)),
        ("clock_doubted", "1 while the clock is not believed and nothing is sent", u64::from(seen.clock_doubted)),
        ("set_aside", "customers who are set aside because handling them failed", seen.set_aside),
        ("paused", "pauses that hold", seen.pauses.len() as u64),
        ("paused_themselves", "journeys that paused themselves because they did more than was foreseen", seen.guarded.len() as u64),
        ("out_of_room", "1 while events are refused for lack of disk", u64::from(handle.is_out_of_room())),
        ("durable_batch", "number of the last durable batch", handle.durable()),
        ("dead_letters", "dead letters since the store began", seen.dead_total),
        ("overdue_milliseconds", "how long the first thing that is due has waited", overdue),
        ("latest_wake_milliseconds", "the latest that something was handled since the process began", seen.counts.latest_ms),
    ];
    for (name, help, value) in gauges {
        let _infallible = writeln!(text, "# HELP onward_{name} {help}\n# TYPE onward_{name} gauge\nonward_{name} {value}");
    }
    Ok(([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response())
}
