//! What a simulation found out, for people and programs.
//!
//! In: a [`Tally`], the plan, what was read of the files. Out: a [`Report`]: sorted, named, without positions of a plan. **Invariant:**
//! the shape of its JSON is `format` 1 and documented in `docs/data.md`; it holds nothing that differs between two runs of the same
//! (no speed, no clock). Planned = sent + skipped + held out + failed + unknown + cancelled + pending, for every message.

use super::driver::Done;
use super::tally::{JourneyTally, MessageTally, Pair, Tally, quarter};
use crate::calendar::{Instant, Zone};
use crate::engine::NotEntered;
use crate::ingest::merge::FileReport;
use crate::ingest::refusal::{Example, Refusals};
use crate::plan::{Journey, Plan, StepKind};
use crate::schema::{JourneyId, MessageId, SegmentRole};
use serde::Serialize;
use std::collections::BTreeMap;

pub mod experiments;
pub mod names;

/// Version of the JSON.
pub const FORMAT: u16 = 1;

#[derive(Debug, Clone, Serialize)]
pub struct Report {
    pub format: u16,
    pub project: String,
    /// Content hash.
    pub plan: String,
    pub period: Option<Period>,
    pub customers: u64,
    /// Of the log, inside the period.
    pub events: u64,
    pub events_outside_period: u64,
    pub files: Vec<FileSummary>,
    pub journeys: Vec<JourneyReport>,
    pub messages: Vec<MessageReport>,
    pub caps: Vec<CapReport>,
    pub channels: Vec<ChannelReport>,
    pub segments: Vec<SegmentReport>,
    /// Rows whose message id had been seen: the same content, and another one.
    pub duplicates: u64,
    pub conflicts: u64,
    /// What is to be known before the numbers are believed.
    pub notes: Vec<String>,
    pub rows: Rows,
}

/// Local times of the project's zone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Period {
    pub from: String,
    pub to: String,
    pub zone: String,
}

/// State per customer, encoded, bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Rows {
    pub bytes_average: u64,
    pub bytes_max: u64,
}

#[derive(Debug, Clone, Serialize)]
pub struct FileSummary {
    pub file: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub understood: Option<String>,
    pub rows: u64,
    pub used: u64,
    pub refused: Vec<Refused>,
    pub out_of_order: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub broken_after_line: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub broken: Option<String>,
}

#[derive(Debug, Clone, Serialize)]
pub struct Refused {
    pub reason: &'static str,
    pub count: u64,
    pub examples: Vec<Example>,
}

/// A share of runs that reached something.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Conversion {
    pub entered: u64,
    pub reached: u64,
    /// Of `entered`, rounded to four digits; `null` where nobody entered.
    pub rate: Option<f64>,
}

#[derive(Debug, Clone, Serialize)]
pub struct JourneyReport {
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    pub place: String,
    /// Runs that began, without those that are held out.
    pub entered: u64,
    pub held_out: u64,
    /// Live at the end, both kinds.
    pub active: u64,
    /// Customers who wait for a place at the end: a cap on entries is full.
    #[serde(skip_serializing_if = "is_none")]
    pub at_the_door: u64,
    pub ended: Vec<Count>,
    pub not_entered: Vec<Count>,
    pub goals: Vec<GoalReport>,
    pub steps: Vec<StepReport>,
    pub splits: Vec<SplitReport>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub experiments: Vec<experiments::ExperimentReport>,
}

/// Something by name, how often, and where it is written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Count {
    pub what: String,
    pub count: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
}

#[derive(Debug, Clone, Serialize)]
pub struct GoalReport {
    pub goal: String,
    pub place: String,
    pub treated: Conversion,
    pub held_out: Conversion,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StepReport {
    pub id: String,
    pub label: String,
    pub depth: u8,
    pub place: String,
    /// Times that it was begun.
    pub reached: u64,
    /// Runs that stand there at the end.
    pub now: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SplitReport {
    pub place: String,
    pub paths: Vec<Count>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MessageReport {
    pub message: String,
    pub channel: String,
    pub planned: u64,
    pub sent: u64,
    pub held_out: u64,
    pub failed: u64,
    pub unknown: u64,
    pub cancelled: u64,
    /// Not settled at the end.
    pub pending: u64,
    pub skipped: Vec<Count>,
    /// A message may be deferred several times.
    pub deferred: Vec<Count>,
    pub reported: Vec<Count>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CapReport {
    pub cap: String,
    pub place: String,
    pub skipped: u64,
    pub deferred: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ChannelReport {
    pub channel: String,
    pub sent: u64,
    /// Local days of the project's zone on which anything was sent.
    pub days: Vec<Count>,
    pub busiest_day: Option<Count>,
    pub busiest_hour: Option<Count>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SegmentReport {
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Customers in it at the end.
    pub size: u64,
}

impl Report {
    /// `only`: one journey, with the messages that it sends.
    pub fn new(project: &str, plan: &Plan, done: &Done, files: &[FileReport], only: Option<JourneyId>) -> Report {
        let tally = &done.tally;
        let zone = plan.policy.zone;
        let shown = |at: usize| only.is_none_or(|id| id.index() == at);
        let journeys = plan.journeys.iter().zip(&tally.journeys).enumerate();
        Report {
            format: FORMAT,
            project: project.to_owned(),
            plan: plan.hash.to_string(),
            period: done.period.map(|(from, to)| Period {
                from: local(zone, from, "%Y-%m-%d %H:%M:%S"),
                to: local(zone, to, "%Y-%m-%d %H:%M:%S"),
                zone: zone.name().to_owned(),
            }),
            customers: tally.customers,
            events: tally.events,
            events_outside_period: tally.outside,
            files: files.iter().map(FileSummary::new).collect(),
            journeys: journeys
                .filter(|(at, _)| shown(*at))
                .map(|(at, (journey, counts))| journey_report(plan, at, journey, counts, done))
                .collect(),
            messages: message_reports(plan, tally, only),
            caps: cap_reports(plan, tally, only),
            channels: channel_reports(plan, tally, zone),
            segments: segment_reports(plan, tally),
            duplicates: tally.duplicates,
            conflicts: tally.conflicts,
            notes: notes(plan, done, files),
            rows: Rows { bytes_average: tally.row_bytes.checked_div(tally.measured).unwrap_or(0), bytes_max: tally.row_bytes_max },
        }
    }
}

fn is_none(count: &u64) -> bool {
    *count == 0
}

/// A local time as people write it.
pub fn local(zone: Zone, at: Instant, format: &str) -> String {
    zone.local(at).format(format).to_string()
}

fn notes(plan: &Plan, done: &Done, files: &[FileReport]) -> Vec<String> {
    let tally = &done.tally;
    let mut notes = Vec::new();
    for file in files {
        if let Some((line, why)) = &file.broken {
            notes.push(format!("{}: {why} after line {line}; what came before is used", file.file));
        }
        if file.rows == 0 {
            notes.push(format!("{}: there is no row in it", file.file));
        }
        if let Some(line) = file.first_out_of_order {
            notes.push(match file.out_of_order {
                1 => {
                    format!("{}: 1 row is earlier than a row before it, in line {line}; it counts as an event that arrived late", file.file)
                }
                count => format!(
                    "{}: {count} rows are earlier than a row before them, the first in line {line}; they count as events that arrived late",
                    file.file
                ),
            });
        }
    }
    if tally.strangers > 0 {
        notes.push(match tally.strangers {
            1 => "1 customer is known only because somebody sent her a message".to_owned(),
            count => format!("{count} customers are known only because somebody sent them a message"),
        });
    }
    let draws = |journey: &Journey| journey.steps.iter().any(|step| matches!(step.kind, StepKind::Draw { .. }));
    for journey in plan.journeys.iter().filter(|journey| draws(journey)) {
        notes.push(format!("{}: no real codes were drawn; in a simulation they are made up, and no pool runs out", journey.name));
    }
    if tally.late > 0 {
        notes.push(format!("{} events came later than something their customer had already done", tally.late));
    }
    if tally.chains_cut > 0 {
        notes.push(format!("{} chains of more than {} steps that cause each other were cut", tally.chains_cut, crate::engine::CHAIN_MAX));
    }
    for (limit, count) in &tally.limits_met {
        notes.push(format!("a limit was met {count} times: {limit}"));
    }
    for ((reason, field), count) in &done.unfit {
        notes.push(format!("[customers.everyone]: `{field}` does not fit {count} customers ({})", reason.title()));
    }
    if done.lost > 0 {
        notes.push(format!("{} customers or events could not be read back: please report this", done.lost));
    }
    notes
}

impl FileSummary {
    fn new(report: &FileReport) -> FileSummary {
        FileSummary {
            file: report.file.clone(),
            understood: report.understood.clone(),
            rows: report.rows,
            used: report.used,
            refused: refused(&report.refusals),
            out_of_order: report.out_of_order,
            broken_after_line: report.broken.as_ref().map(|(line, _)| *line),
            broken: report.broken.as_ref().map(|(_, why)| why.clone()),
        }
    }
}

fn refused(refusals: &Refusals) -> Vec<Refused> {
    refusals.iter().map(|(reason, count, examples)| Refused { reason: reason.title(), count, examples: examples.to_vec() }).collect()
}

fn conversion(entered: u64, reached: u64) -> Conversion {
    let rate = (entered > 0).then(|| (reached as f64 / entered as f64 * 10_000.0).round() / 10_000.0);
    Conversion { entered, reached, rate }
}

fn counts(map: impl IntoIterator<Item = (String, u64)>) -> Vec<Count> {
    let mut counts: Vec<Count> = map.into_iter().map(|(what, count)| Count { what, count, place: None }).collect();
    counts.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.what.cmp(&b.what)));
    counts
}

fn journey_report(plan: &Plan, at: usize, journey: &Journey, tally: &JourneyTally, done: &Done) -> JourneyReport {
    let mut ended: Vec<Count> = tally
        .ended
        .iter()
        .map(|((ending, step), count)| {
            let (what, line) = names::ending(plan, journey, ending, *step);
            Count { what, count: *count, place: line.map(|line| plan.locate(line)) }
        })
        .collect();
    ended.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.what.cmp(&b.what)).then_with(|| a.place.cmp(&b.place)));
    let goals = journey.goals.iter().enumerate().map(|(at, goal)| {
        let reached = tally.goals.get(&(at as u16)).copied().unwrap_or_default();
        GoalReport {
            goal: names::what(plan, journey, goal.what),
            place: plan.locate(goal.line),
            treated: conversion(tally.entered.treated, reached.treated),
            held_out: conversion(tally.entered.held_out, reached.held_out),
        }
    });
    let steps = journey.steps.iter().zip(tally.reached.iter().zip(&tally.standing));
    // Jumps and counters are of the machine, not of the author.
    let written = |kind: &StepKind| !matches!(kind, StepKind::Jump | StepKind::ResetCounter { .. } | StepKind::Exit { written: false, .. });
    JourneyReport {
        name: journey.name.to_string(),
        title: journey.title.clone(),
        place: plan.locate(journey.line),
        entered: tally.entered.treated,
        held_out: tally.entered.held_out,
        active: total(tally.active),
        at_the_door: tally.at_the_door,
        ended,
        not_entered: counts(tally.not_entered.iter().map(|(why, count)| (names::not_entered(*why).to_owned(), *count))),
        goals: goals.collect(),
        steps: steps
            .filter(|(step, _)| written(&step.kind))
            .map(|(step, (reached, now))| StepReport {
                id: step.id.to_string(),
                label: step.label.clone(),
                depth: step.depth,
                place: plan.locate(step.line),
                reached: *reached,
                now: *now,
            })
            .collect(),
        splits: split_reports(plan, journey, tally),
        experiments: experiments::reports(plan, at, journey, &done.tally.experiments, &done.facts),
    }
}

fn split_reports(plan: &Plan, journey: &Journey, tally: &JourneyTally) -> Vec<SplitReport> {
    let mut splits = Vec::new();
    for (at, step) in journey.steps.iter().enumerate() {
        let StepKind::Split { paths, experiment: None, .. } = &step.kind else { continue };
        let paths = paths.iter().enumerate().map(|(path, declared)| Count {
            what: declared.name.to_string(),
            count: tally.drew.get(&(at as u16, path as u16)).copied().unwrap_or(0),
            place: None,
        });
        splits.push(SplitReport { place: plan.locate(step.line), paths: paths.collect() });
    }
    splits
}

fn total(pair: Pair) -> u64 {
    pair.treated + pair.held_out
}

fn message_reports(plan: &Plan, tally: &Tally, only: Option<JourneyId>) -> Vec<MessageReport> {
    let sends = |message: MessageId| {
        only.is_none_or(|id| plan.journeys.get(id.index()).is_some_and(|journey| journey.sends.iter().any(|send| send.message == message)))
    };
    let mut reports: Vec<MessageReport> = tally
        .messages()
        .iter()
        .filter(|((message, _), _)| sends(*message))
        .map(|((message, channel), counts)| message_report(plan, *message, *channel, counts))
        .collect();
    reports.sort_by(|a, b| (&a.message, &a.channel).cmp(&(&b.message, &b.channel)));
    reports
}

fn message_report(plan: &Plan, message: MessageId, channel: u16, tally: &MessageTally) -> MessageReport {
    let skipped: u64 = tally.skipped.values().sum();
    let settled = tally.sent + tally.held_out + tally.failed + tally.unknown + tally.cancelled + skipped;
    // Two caps are one reason; which cap it was is said apart.
    let mut by_reason: BTreeMap<String, u64> = BTreeMap::new();
    for (why, count) in &tally.skipped {
        *by_reason.entry(names::skip(*why).to_owned()).or_default() += count;
    }
    let mut by_deferral: BTreeMap<String, u64> = BTreeMap::new();
    for (why, count) in &tally.deferred {
        *by_deferral.entry(names::deferral(*why).to_owned()).or_default() += count;
    }
    MessageReport {
        message: plan.messages.get(message.index()).map_or_else(String::new, |message| message.name.to_string()),
        channel: channel_name(plan, channel),
        planned: tally.planned,
        sent: tally.sent,
        held_out: tally.held_out,
        failed: tally.failed,
        unknown: tally.unknown,
        cancelled: tally.cancelled,
        pending: tally.planned.saturating_sub(settled),
        skipped: counts(by_reason),
        deferred: counts(by_deferral),
        reported: counts(tally.reported.iter().map(|(verb, count)| (names::verb(*verb).to_owned(), *count))),
    }
}

fn channel_name(plan: &Plan, channel: u16) -> String {
    plan.schema.channels.get(usize::from(channel)).map_or_else(String::new, |channel| channel.name.to_string())
}

/// The caps on a journey's entries are one: who comes needs a place under each of them.
fn entry_caps(plan: &Plan, tally: &Tally, only: Option<JourneyId>) -> Vec<CapReport> {
    let limited = plan.journeys.iter().zip(&tally.journeys).enumerate();
    let limited = limited.filter(|(at, _)| only.is_none_or(|only| only.index() == *at));
    limited
        .filter_map(|(_, (journey, counts))| {
            let first = journey.entry_caps.first()?;
            let caps: Vec<String> = journey.entry_caps.iter().map(names::entry_cap).collect();
            Some(CapReport {
                cap: format!("{} ({})", caps.join(" and "), journey.name),
                place: plan.locate(first.line),
                skipped: counts.not_entered.get(&NotEntered::Capped).copied().unwrap_or(0),
                deferred: counts.sent_to_the_door,
            })
        })
        .collect()
}

fn cap_reports(plan: &Plan, tally: &Tally, only: Option<JourneyId>) -> Vec<CapReport> {
    let mut reports = entry_caps(plan, tally, only);
    for ((journey, cap), (skipped, deferred)) in &tally.caps {
        if journey.is_some() && only.is_some() && *journey != only.map(|id| id.0) {
            continue;
        }
        let owner = journey.and_then(|at| plan.journeys.get(usize::from(at)));
        let caps = owner.map_or(&plan.policy.caps, |journey| &journey.caps);
        let Some(declared) = caps.get(usize::from(*cap)) else { continue };
        let name = names::cap(plan, declared);
        let cap = owner.map_or_else(|| name.clone(), |journey| format!("{name} ({})", journey.name));
        reports.push(CapReport { cap, place: plan.locate(declared.line), skipped: *skipped, deferred: *deferred });
    }
    reports
}

/// By one channel.
#[derive(Default)]
struct Sent {
    all: u64,
    days: BTreeMap<String, u64>,
    hours: BTreeMap<String, u64>,
}

fn channel_reports(plan: &Plan, tally: &Tally, zone: Zone) -> Vec<ChannelReport> {
    let mut channels: BTreeMap<String, Sent> = BTreeMap::new();
    tally.sends.each(|channel, number, count| {
        let at = quarter(number);
        let sent = channels.entry(channel_name(plan, channel)).or_default();
        sent.all += count;
        *sent.days.entry(local(zone, at, "%Y-%m-%d")).or_default() += count;
        *sent.hours.entry(local(zone, at, "%Y-%m-%d %H:00")).or_default() += count;
    });
    let busiest = |counts: &BTreeMap<String, u64>| {
        // The earliest of several.
        let best = counts.iter().rev().max_by_key(|(_, count)| **count);
        best.map(|(what, count)| Count { what: what.clone(), count: *count, place: None })
    };
    let report = |(channel, sent): (String, Sent)| ChannelReport {
        channel,
        sent: sent.all,
        busiest_day: busiest(&sent.days),
        busiest_hour: busiest(&sent.hours),
        days: sent.days.into_iter().map(|(what, count)| Count { what, count, place: None }).collect(),
    };
    channels.into_iter().map(report).collect()
}

fn segment_reports(plan: &Plan, tally: &Tally) -> Vec<SegmentReport> {
    let mut reports: Vec<SegmentReport> = plan
        .segments
        .iter()
        .zip(&tally.segments)
        // For whom a stage's condition holds is nobody's business: who is in it counts.
        .filter(|(segment, _)| !matches!(segment.role, SegmentRole::StageTest(_)))
        .map(|(segment, size)| SegmentReport { name: names::segment(segment), title: segment.title.clone(), size: *size })
        .collect();
    reports.sort_by(|a, b| a.name.cmp(&b.name));
    reports
}
