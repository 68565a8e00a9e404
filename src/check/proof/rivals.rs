//! More messages than a cap lets through: of one journey alone, or of two that the same event begins.
//!
//! In: checked journeys and the policy. Out: findings only. **Invariant:** counts only messages that everybody gets who goes the straight
//! way: not in a branch, at a time that is written. Journeys of different priority do not compete, for it is said who comes first.

use super::Proof;
use super::facts::Facts;
use super::judge::{Judge, Types};
use super::problems;
use super::time::least_ms;
use super::written::Written;
use crate::ast;
use crate::calendar::DAY_MS;
use crate::check::checked::{Cap, CapThen, CapWindow, EntryKind, How, Journey, Recipient, StepKind};
use crate::condition::{Until, What};
use crate::diagnostic::Code;
use crate::source::Place;
use std::collections::BTreeMap;

/// Most pairs of journeys that one event begins and that are compared.
const PAIRS_MAX: usize = 64;

problems! {
    /// Two journeys whose messages do not fit under one cap.
    Rivals { one: String, two: String, count: String, cap: String, proof: Vec<(Place, &'static str)> } = Code::new("W0915", "compete-for-one-cap");
        "`{one}` and `{two}` compete for one cap", "together they send {count} messages where {cap} are let through, and chance decides which",
        "give one of them `priority high`, let it wait longer, or raise the cap";

    /// A journey that sends more than a cap lets through.
    OverTheCap { journey: String, count: String, cap: String, proof: Vec<(Place, &'static str)> } = Code::new("W0916", "more-than-the-cap");
        "this message never gets through: it is more than the cap allows", "`{journey}` has sent {count} before it in that time, and {cap} are let through",
        "wait longer before it, or raise the cap";
}

/// A message that everybody gets, with its time after the entry.
#[derive(Clone, Copy)]
struct Sure {
    at: i64,
    place: Place,
    /// One for each channel.
    count: u32,
    /// The journey, by its place among those compared.
    of: usize,
}

pub(super) fn check(proof: &mut Proof, written: &Written) {
    let checked = proof.checked;
    let mut begun: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (at, journey) in checked.journeys.iter().enumerate() {
        for entry in &journey.entries {
            // What two journeys have in common is the event itself; a customer is in no two of them by chance.
            if let EntryKind::On(What::Happened(happening)) = entry.kind {
                begun.entry(format!("{happening:?}")).or_default().push(at);
            }
        }
    }
    for cap in checked.policy.caps.iter().filter(|cap| !matches!(cap.then, CapThen::Wait { .. })) {
        for journey in &checked.journeys {
            let sends = sure(proof, journey, cap, 0);
            if let Some((over, before)) = over(&sends, cap) {
                let proof_of = vec![(cap.place, "the cap")];
                let (journey, cap) = (journey.name.to_string(), cap.count.to_string());
                proof.found.push(OverTheCap { place: over.place, journey, count: before.to_string(), cap, proof: proof_of });
            }
        }
        for journeys in begun.values() {
            let mut pairs = 0;
            for (at, one) in journeys.iter().enumerate() {
                for two in &journeys[at + 1..] {
                    pairs += 1;
                    if pairs <= PAIRS_MAX && one != two {
                        pair(proof, written, &checked.journeys[*one], &checked.journeys[*two], cap);
                    }
                }
            }
        }
    }
}

fn pair(proof: &mut Proof, written: &Written, one: &Journey, two: &Journey, cap: &Cap) {
    if one.priority != two.priority {
        return;
    }
    let (a, b) = (sure(proof, one, cap, 0), sure(proof, two, cap, 1));
    if a.is_empty() || b.is_empty() || over(&a, cap).is_some() || over(&b, cap).is_some() {
        return;
    }
    let mut all: Vec<Sure> = a.iter().chain(&b).copied().collect();
    all.sort_by_key(|send| send.at);
    let Some((last, before)) = over(&all, cap) else { return };
    if !together(proof, written, one, two) {
        return;
    }
    let other = all.iter().rev().find(|send| send.of != last.of && send.at <= last.at);
    let mut places = vec![(cap.place, "the cap")];
    places.extend(other.map(|other| (other.place, "the other one")));
    let (one, two, cap) = (one.name.to_string(), two.name.to_string(), cap.count.to_string());
    proof.found.push(Rivals { place: last.place, one, two, count: (before + last.count).to_string(), cap, proof: places });
}

/// The first message that does not fit under the cap, and how many came before it within its window.
fn over(sends: &[Sure], cap: &Cap) -> Option<(Sure, u32)> {
    let window = match cap.window {
        CapWindow::Rolling { ms } => ms,
        // Within some hours it may be the same day; to be sure, only what is sent at once counts.
        CapWindow::CalendarDay => DAY_MS / 24,
    };
    let (mut from, mut count) = (0, 0u32);
    for send in sends {
        while from < sends.len() && sends[from].at <= send.at - window {
            count -= sends[from].count;
            from += 1;
        }
        if count + send.count > cap.count && count > 0 {
            return Some((*send, count));
        }
        count += send.count;
    }
    None
}

/// The messages of a journey that everybody gets and that the cap counts, in order.
fn sure(proof: &Proof, journey: &Journey, cap: &Cap, of: usize) -> Vec<Sure> {
    let checked = proof.checked;
    let mut at = 0i64;
    let mut sends = Vec::new();
    for step in &journey.steps {
        match &step.kind {
            StepKind::Wait(wait) => match wait.until {
                Until::After(span) => at += least_ms(span),
                // When that is depends on the day.
                _ => break,
            },
            StepKind::Send(send) => {
                let Some(message) = checked.messages.get(send.message.index()) else { break };
                let transactional = checked.schema.topics.get(message.topic.index()).is_none_or(|topic| topic.is_transactional());
                let Recipient::Customer { how, .. } = &send.to else { continue };
                let (channels, count) = match how {
                    How::Each(channels) => (channels, channels.len() as u32),
                    How::FirstReachable(channels) => (channels, 1),
                    // Which channel, and whether one at all, is hers to say.
                    How::Preferred(_) | How::ThoseOf { .. } => continue,
                };
                let counted = cap.about.is_none_or(|about| about == message.topic)
                    && (cap.by.is_empty() || channels.iter().all(|channel| cap.by.contains(channel)));
                if !transactional && counted && message.skip_when.is_empty() {
                    sends.push(Sure { at, place: step.head, count, of });
                }
            }
            // Whether anybody comes past is not sure.
            StepKind::If { .. }
            | StepKind::Split { .. }
            | StepKind::Await(_)
            | StepKind::Repeat { .. }
            | StepKind::ForEach { .. }
            | StepKind::Collect(_)
            | StepKind::LetOrExit { .. }
            | StepKind::Exit { .. }
            | StepKind::Break => break,
            _ => {}
        }
    }
    sends
}

/// Whether one event may begin both.
fn together(proof: &mut Proof, written: &Written, one: &Journey, two: &Journey) -> bool {
    let silent = std::mem::replace(&mut proof.silent, true);
    let mut any = false;
    for first in &one.entries {
        for second in &two.entries {
            let (EntryKind::On(a), EntryKind::On(b)) = (&first.kind, &second.kind) else { continue };
            any |= a == b && both(proof, written, first, second);
        }
    }
    proof.silent = silent;
    any
}

fn both(proof: &mut Proof, written: &Written, first: &crate::check::checked::Entry, second: &crate::check::checked::Entry) -> bool {
    let mut facts = Some(Facts::default());
    for entry in [first, second] {
        let (Some(condition), Some(ast::ClauseKind::Enter(enter))) = (&entry.condition, written.clause(entry.place)) else { continue };
        let (Some(asked), Some(known)) = (&enter.condition, &facts) else { continue };
        let checked = proof.checked;
        let types = Types { schema: &checked.schema, entry: &[], locals: &[], entry_changes: false, zone: checked.policy.zone };
        let subject = super::walk::subject_of(checked, &entry.kind);
        facts = Judge { types, proof, subjects: Vec::new() }.over(subject, asked, condition, known).yes;
    }
    facts.is_some()
}
