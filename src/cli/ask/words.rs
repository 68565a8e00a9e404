//! The daemon's answers in sentences.
//!
//! In: JSON of the admin API. Out: text for a person. **Invariant:** what is not there is shown as `-`, never guessed.

use crate::simulate::{text, timeline};
use serde_json::Value as Json;
use std::fmt::Write as _;

/// Width of the names in front of values.
const NAMES: usize = 16;

fn plain(value: &Json) -> String {
    match value {
        Json::Null => "-".to_owned(),
        Json::String(text) => text.clone(),
        Json::Bool(true) => "yes".to_owned(),
        Json::Bool(false) => "no".to_owned(),
        other => other.to_string(),
    }
}

fn listed(value: &Json) -> Vec<&str> {
    value.as_array().into_iter().flatten().filter_map(Json::as_str).collect()
}

fn row(out: &mut String, name: &str, value: &str) {
    let room = NAMES.saturating_sub(unicode_width::UnicodeWidthStr::width(name)).max(1);
    let _infallible = writeln!(out, "{name}{}{value}", " ".repeat(room));
}

/// How far a version is whose histories are read back; `None` where none is on its way.
pub(in crate::cli) fn building(build: &Json, last: &Json) -> Option<String> {
    let plan = build["plan"].as_str()?;
    let (through, last) = (build["through_batch"].as_u64().unwrap_or_default(), last.as_u64().unwrap_or_default().max(1));
    let share = if build["done"] == Json::Bool(true) { 100 } else { (through * 100 / last).min(99) };
    let events = build["events"].as_u64().unwrap_or_default();
    let noun = if events == 1 { "event" } else { "events" };
    Some(format!("plan {plan}: {events} {noun} read back, {share} % of the log"))
}

pub(super) fn status(json: &Json) -> String {
    let mut out = String::new();
    for name in ["version", "plan", "customers", "under_way", "durable_batch", "next_due", "dead_letters", "out_of_room"] {
        row(&mut out, &name.replace('_', " "), &plain(&json[name]));
    }
    if let Some(line) = building(&json["building"], &json["durable_batch"]) {
        row(&mut out, "on its way", &line);
    }
    let paused = listed(&json["paused"]);
    row(&mut out, "paused", &if paused.is_empty() { "-".to_owned() } else { paused.join(", ") });
    for one in json["paused_themselves"].as_array().into_iter().flatten() {
        row(&mut out, "paused itself", &format!("journey {}: {}", plain(&one["journey"]), plain(&one["why"])));
    }
    let on_hold = json["on_hold"] == Json::Bool(true);
    row(&mut out, "on hold", if on_hold { "yes: nothing is sent until `onward release`" } else { "no" });
    if let Some(step) = json["clock_doubt"]["step_ms"].as_i64() {
        let alone = json["clock_doubt"]["ends_alone"] == Json::Bool(true);
        let end = if alone { "until it was steady for a while, or `onward release`" } else { "until it is right, or `onward release`" };
        row(&mut out, "clock", &format!("leapt by {} s: nothing is sent {end}", step / 1_000));
    }
    if json["set_aside"].as_u64().is_some_and(|count| count > 0) {
        row(&mut out, "set aside", &format!("{} (`onward set-aside` says why)", json["set_aside"]));
    }
    out.push_str("\nsince the daemon began\n");
    for (name, count) in json["counts"].as_object().into_iter().flatten() {
        let _infallible = writeln!(out, "  {:<25}{count}", name.replace('_', " "));
    }
    out
}

pub(super) fn customer(json: &Json) -> String {
    let (seen, mut out) = (&json["customer"], String::new());
    for one in seen["identifiers"].as_array().into_iter().flatten() {
        row(&mut out, &plain(&one["kind"]), &plain(&one["value"]));
    }
    row(&mut out, "known since", &plain(&seen["known_since"]));
    for (name, value) in seen["profile"].as_object().into_iter().flatten() {
        row(&mut out, &format!("customer.{name}"), &plain(value));
    }
    for consent in seen["consents"].as_array().into_iter().flatten() {
        row(&mut out, &format!("topic {}", plain(&consent["topic"])), &format!("{} ({})", plain(&consent["state"]), plain(&consent["at"])));
    }
    for (title, list) in [("suppressed", &seen["suppressed"]), ("segments", &seen["segments"])] {
        let names = listed(list);
        if !names.is_empty() {
            row(&mut out, title, &names.join(", "));
        }
    }
    for run in seen["runs"].as_array().into_iter().flatten() {
        let until = run["until"].as_str().map_or_else(String::new, |until| format!(" until {until}"));
        let (journey, step, line) = (plain(&run["journey"]), plain(&run["step"]), plain(&run["line"]));
        row(&mut out, "stands in", &format!("{journey} {} at `{step}` ({line}){until}", run["run"]));
    }
    for one in seen["pending"].as_array().into_iter().flatten() {
        let (message, channel, state) = (plain(&one["message"]), plain(&one["channel"]), plain(&one["state"]));
        let until = one["until"].as_str().map_or_else(String::new, |until| format!(" until {until}"));
        row(&mut out, "under way", &format!("{message} by {channel}: {state}{until}"));
    }
    format!("{out}\n{}", story(&json["timeline"]))
}

pub(super) fn why(json: &Json) -> String {
    let answer = plain(&json["answer"]);
    let has_lines = json["lines"].as_array().is_some_and(|lines| !lines.is_empty());
    if has_lines { format!("{answer}\n\n{}", story(json)) } else { format!("{answer}\n") }
}

pub(super) fn paused(json: &Json) -> String {
    let paused = listed(&json["paused"]);
    if paused.is_empty() { "nothing is paused\n".to_owned() } else { format!("paused: {}\n", paused.join(", ")) }
}

pub(super) fn released(json: &Json) -> String {
    let paused = listed(&json["paused"]);
    let but = if paused.is_empty() { String::new() } else { format!("; still paused: {}", paused.join(", ")) };
    format!("released: what is due is sent from now on{but}\n")
}

pub(super) fn set_aside(json: &Json) -> String {
    let mut out = String::new();
    for one in json["set_aside"].as_array().into_iter().flatten() {
        let waiting = text::counted(one["waiting"].as_u64().unwrap_or_default(), "input");
        let _infallible =
            writeln!(out, "customer {} since {}, {waiting} waiting: {}", one["customer"], plain(&one["since"]), plain(&one["reason"]));
    }
    if out.is_empty() { "nobody is set aside\n".to_owned() } else { out }
}

pub(super) fn brought_back(json: &Json) -> String {
    let count = |name: &str| json[name].as_u64().unwrap_or_default();
    let again = match count("set_aside_again") {
        0 => String::new(),
        again => format!("; {} failed again", text::counted(again, "customer")),
    };
    format!(
        "{} brought back, {} handled{again}\n",
        text::counted(count("brought_back"), "customer"),
        text::counted(count("inputs_handled"), "input")
    )
}

pub(super) fn erased(json: &Json) -> String {
    format!("erased; the audit log knows her as number {}\n", json["erased"])
}

fn story(json: &Json) -> String {
    let part = |line: &Json, name: &str| line[name].as_str().map(str::to_owned);
    let lines: Vec<timeline::Line> = json["lines"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|line| timeline::Line {
            at: plain(&line["at"]),
            run: part(line, "run").unwrap_or_default(),
            what: plain(&line["what"]),
            step: part(line, "step"),
            place: part(line, "place"),
        })
        .collect();
    let older = json["left_off"].as_u64().filter(|count| *count > 0);
    let older = older.map_or_else(String::new, |count| format!("{} are not shown\n", text::counted(count, "older line")));
    format!("{}{older}", timeline::render(&plain(&json["customer"]), &plain(&json["zone"]), &lines))
}
