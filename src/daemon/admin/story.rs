//! Why somebody got a message, or did not: from what was recorded when it was decided.
//!
//! In: what happened to a customer ([`Happened`]), the plan. Out: lines in the words of a simulation's timeline, and one sentence that answers.
//! **Invariant:** nothing is decided again here; a sentence says what a record says, with the line of the journey's file.

use crate::daemon::keeper::{Happened, What};
use crate::engine::{Record, RecordKind};
use crate::plan::{Journey, Plan, StepKind};
use crate::schema::{JourneyId, MessageId};
use crate::shard::commit::Parcel;
use crate::simulate::customer::Watch as _;
use crate::simulate::timeline::{Line, Timeline};
use serde::Serialize;
use std::collections::BTreeSet;

/// Lines of one answer, the newest.
pub const LINES_MAX: usize = 2_000;

/// What is asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum About {
    Message(MessageId),
    Journey(JourneyId),
}

/// Where a run of hers stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Live {
    pub journey: String,
    pub run: u32,
    pub step: String,
    /// `shop.journey:12`
    pub line: String,
    /// Local; nothing where the wait has no end.
    pub until: Option<String>,
}

/// Her whole story.
pub fn all(plan: &Plan, history: &[Happened]) -> Vec<Line> {
    let timeline = Timeline::new(plan);
    for one in history {
        put(&timeline, one, |_| true);
    }
    timeline.lines()
}

/// What is left of the lines, and how many older ones are not shown.
pub fn newest(mut lines: Vec<Line>, most: usize) -> (Vec<Line>, usize) {
    let left_off = lines.len().saturating_sub(most);
    lines.drain(..left_off);
    (lines, left_off)
}

fn put(timeline: &Timeline<'_>, one: &Happened, wanted: impl Fn(&Record) -> bool) {
    let mut timeline = timeline.clone();
    match &one.what {
        What::Input(input) => timeline.input(input),
        What::Records(records) => records.iter().filter(|record| wanted(record)).for_each(|record| timeline.record(record)),
        What::Parcel(parcel) => {
            if let Parcel::Message(delivery) = &**parcel {
                timeline.delivery(one.at, delivery);
            }
        }
        What::Audit(_) => {}
    }
}

/// The answer in a sentence, and the lines that it comes from.
pub fn why(plan: &Plan, customer: &str, history: &[Happened], live: &[Live], about: About) -> (String, Vec<Line>) {
    let records = || history.iter().filter_map(|one| if let What::Records(records) = &one.what { Some(records) } else { None }).flatten();
    let runs: BTreeSet<(Option<JourneyId>, u32)> = match about {
        About::Message(id) => records().filter(|record| speaks_of(record, id)).map(|record| (record.journey, record.run)).collect(),
        About::Journey(_) => BTreeSet::new(),
    };
    let senders: Vec<JourneyId> = match about {
        About::Message(id) => senders(plan, id),
        About::Journey(id) => vec![id],
    };
    let whole_run = |record: &Record| {
        matches!(
            record.kind,
            RecordKind::Entered { .. }
                | RecordKind::NotEntered(_)
                | RecordKind::AtTheDoor { .. }
                | RecordKind::Restarted
                | RecordKind::GoalReached { .. }
                | RecordKind::Ended(_)
        )
    };
    let wanted = |record: &Record| match about {
        About::Journey(id) => record.journey == Some(id),
        About::Message(id) if runs.is_empty() => {
            record.journey.is_some_and(|journey| senders.contains(&journey)) && !speaks_not(record, id)
        }
        About::Message(id) => speaks_of(record, id) || (whole_run(record) && runs.contains(&(record.journey, record.run))),
    };
    let timeline = Timeline::new(plan);
    let mut cause: Option<&Happened> = None;
    for one in history {
        match &one.what {
            What::Input(_) => cause = Some(one),
            What::Records(records) => {
                // What began a run, or did not, stands before it.
                let begins = |record: &Record| {
                    matches!(record.kind, RecordKind::Entered { .. } | RecordKind::NotEntered(_) | RecordKind::AtTheDoor { .. })
                };
                if records.iter().any(|record| begins(record) && wanted(record))
                    && let Some(cause) = cause.take()
                {
                    put(&timeline, cause, |_| true);
                }
                put(&timeline, one, wanted);
            }
            What::Parcel(parcel) => {
                if let (Parcel::Message(delivery), About::Message(id)) = (&**parcel, about)
                    && delivery.message == id
                {
                    put(&timeline, one, |_| true);
                }
            }
            What::Audit(_) => {}
        }
    }
    let lines = timeline.lines();
    let decided = match about {
        About::Message(id) => {
            let timeline = Timeline::new(plan);
            history.iter().for_each(|one| {
                if matches!(one.what, What::Records(_)) {
                    put(&timeline, one, |record| matches!(record.kind, RecordKind::Message { message, .. } if message == id));
                }
            });
            timeline.lines().pop()
        }
        About::Journey(_) => lines.iter().rev().find(|line| !line.run.is_empty()).cloned(),
    };
    let answer = match decided {
        Some(line) => sentence(customer, &line),
        None => nothing_decided(plan, customer, &lines, live, &senders, about),
    };
    (answer, lines)
}

fn speaks_of(record: &Record, id: MessageId) -> bool {
    match record.kind {
        RecordKind::Message { message, .. } | RecordKind::Reported { message, .. } => message == id,
        _ => false,
    }
}

/// About another message than this one.
fn speaks_not(record: &Record, id: MessageId) -> bool {
    match record.kind {
        RecordKind::Message { message, .. } | RecordKind::Reported { message, .. } => message != id,
        _ => false,
    }
}

fn senders(plan: &Plan, id: MessageId) -> Vec<JourneyId> {
    let sends = |journey: &Journey| journey.steps.iter().any(|step| matches!(&step.kind, StepKind::Send(send) if send.message == id));
    plan.journeys.iter().enumerate().filter(|(_, journey)| sends(journey)).map(|(at, _)| JourneyId(at as u16)).collect()
}

/// `nok, 2026-03-01 10:01:00: thanks by email: skipped, no consent (after_order 1, send thanks, shop.journey:9)`
fn sentence(customer: &str, line: &Line) -> String {
    let place: Vec<&str> = [Some(line.run.as_str()).filter(|run| !run.is_empty()), line.step.as_deref(), line.place.as_deref()]
        .into_iter()
        .flatten()
        .collect();
    let place = if place.is_empty() { String::new() } else { format!(" ({})", place.join(", ")) };
    format!("{customer}, {}: {}{place}", line.at, line.what)
}

fn nothing_decided(plan: &Plan, customer: &str, lines: &[Line], live: &[Live], senders: &[JourneyId], about: About) -> String {
    let journeys: Vec<&Journey> = senders.iter().filter_map(|id| plan.journeys.get(id.index())).collect();
    if let About::Journey(_) = about {
        let journey = journeys.first().map_or_else(String::new, |one| format!("`{}` ({})", one.name, plan.locate(one.line)));
        return format!("{customer} never came to {journey}: nothing that begins it happened to her");
    }
    let message = match about {
        About::Message(id) => plan.messages.get(id.index()).map_or("?", |message| message.name.as_str()),
        About::Journey(_) => "",
    };
    if let Some(run) = live.iter().find(|run| journeys.iter().any(|journey| journey.name == run.journey.as_str())) {
        let until = run.until.as_ref().map_or_else(String::new, |until| format!(" until {until}"));
        return format!(
            "`{message}` is still to come: {customer} stands in {} {} at `{}` ({}){until}",
            run.journey, run.run, run.step, run.line
        );
    }
    if let Some(line) = lines.iter().rev().find(|line| !line.run.is_empty()) {
        return format!("`{message}` was never planned: {}", sentence(customer, line));
    }
    if journeys.is_empty() {
        return format!("`{message}` was never planned: no journey sends it");
    }
    let named: Vec<String> = journeys.iter().map(|journey| format!("`{}` ({})", journey.name, plan.locate(journey.line))).collect();
    format!("`{message}` was never planned: {customer} never entered {}", named.join(" or "))
}

#[cfg(test)]
mod tests {
    use super::newest;
    use crate::simulate::timeline::Line;

    #[test]
    fn the_newest_lines_are_shown_and_the_rest_is_counted() {
        let line = |at: &str| Line { at: at.to_owned(), run: String::new(), what: "x".to_owned(), step: None, place: None };
        let all = vec![line("1"), line("2"), line("3")];
        assert_eq!(newest(all.clone(), 3), (all.clone(), 0));
        assert_eq!(newest(all.clone(), 2), (all[1..].to_vec(), 1));
    }
}
