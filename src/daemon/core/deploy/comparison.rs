//! What a deploy would change, with the people whom it concerns.
//!
//! In: what differs between two plans, and who stands where. Out: JSON for programs, sentences for people. **Invariant:** the sentences
//! say nothing that the JSON does not have, so that a command may ask a daemon and tell what it answered.

use crate::plan::changes::{Change, Changed, Changes, JourneyChange, words};
use serde::{Deserialize, Serialize};
use std::fmt::Write as _;

/// Customers that are named at one place.
pub const NAMES_MAX: usize = 5;

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Comparison {
    /// The plan that is active.
    pub before: String,
    /// The one that would be.
    pub now: String,
    pub customers: u64,
    /// People in journeys that do not change.
    pub untouched: u64,
    pub changes: Changes,
    /// Who is in a journey that changes.
    pub journeys: Vec<JourneyPeople>,
    /// Steps that this edit removes while people stand on them; and what has another type now while people go on under a version that reads it
    /// (the step is then `type of customer.points`).
    pub removed: Vec<Removed>,
    pub segments: Vec<SegmentPeople>,
    /// Histories that were not kept until now, or not as much of them.
    pub begins: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JourneyPeople {
    pub name: String,
    pub people: u64,
    pub steps: Vec<StepPeople>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepPeople {
    pub step: String,
    pub label: String,
    pub people: u64,
    /// They finish under the version that they began with.
    pub stay: u64,
    /// They go on in the new version.
    pub go_on: u64,
    /// Their run ends.
    pub exit: u64,
    /// Of who goes on and waits for another time: the earliest and the latest, in the project's zone.
    pub retimed: Option<(String, String)>,
    /// Some of them.
    pub names: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Removed {
    pub journey: String,
    pub step: String,
    pub label: String,
    /// In the files before.
    pub place: String,
    pub people: u64,
    /// `stay`, `exit`, `move:wait#2`; `None` while nobody has decided.
    pub decided: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SegmentPeople {
    pub kind: String,
    pub name: String,
    pub members: u64,
    pub joins: u64,
    pub leaves: u64,
    pub joining: Vec<String>,
    pub leaving: Vec<String>,
}

impl Comparison {
    /// Nothing is to be done.
    pub fn is_same(&self) -> bool {
        self.before == self.now
    }

    /// Removed steps with people that nobody has decided about.
    pub fn undecided(&self) -> impl Iterator<Item = &Removed> {
        self.removed.iter().filter(|removed| removed.decided.is_none() && removed.people > 0)
    }

    /// For a person.
    pub fn text(&self) -> String {
        if self.is_same() {
            return "nothing changes: this is the plan that runs\n".to_owned();
        }
        let mut text = String::new();
        let _ =
            writeln!(text, "{} known; {} in journeys that do not change", people(self.customers, "customer"), is_or_are(self.untouched));
        for journey in &self.changes.journeys {
            self.tell_journey(journey, &mut text);
        }
        if !self.segments.is_empty() || self.changes.segments.iter().any(|changed| changed.change == Change::Removed) {
            text.push_str("\nsegments (nobody's journey begins because of an edit)\n");
        }
        for segment in &self.segments {
            let change = self.changes.segments.iter().find(|changed| changed.kind == segment.kind && changed.name == segment.name);
            let _ = writeln!(text, "  {}", tell_segment(segment, change.map(|changed| changed.change)));
        }
        for gone in self.changes.segments.iter().filter(|changed| changed.change == Change::Removed) {
            if !self.segments.iter().any(|known| known.kind == gone.kind && known.name == gone.name) {
                let _ = writeln!(text, "  {} {} is gone; nobody was in it", gone.kind, gone.name);
            }
        }
        tell_list("\nmessages\n", &self.changes.messages, &mut text);
        tell_list("\ndeclarations\n", &self.changes.declarations, &mut text);
        if !self.changes.policy.is_empty() {
            text.push_str("\npolicy (holds for everybody at once)\n");
            tell_lines(&self.changes.policy, &mut text);
        }
        if !self.begins.is_empty() {
            text.push_str("\nhistories that were not kept, or not as far back: they are read back from the archive before this counts\n");
            tell_lines(&self.begins, &mut text);
            if !self.segments.is_empty() {
                text.push_str("  who joins and leaves by them is not foreseen above\n");
            }
        }
        if self.changes.is_empty() {
            text.push_str("\nnothing that people see differs\n");
        }
        self.tell_undecided(&mut text);
        text
    }

    fn tell_journey(&self, journey: &JourneyChange, text: &mut String) {
        let people = self.journeys.iter().find(|known| known.name == journey.name);
        let count = people.map_or(0, |known| known.people);
        let change = words::change(journey.change);
        let _ = match journey.change {
            Change::Added => writeln!(text, "\njourney {}: {change}", journey.name),
            _ if count == 0 => writeln!(text, "\njourney {}: {change}; nobody is in it", journey.name),
            Change::Changed if journey.continues => {
                writeln!(text, "\njourney {}: {change}; {} in it and may move to the new version", journey.name, is_or_are(count))
            }
            _ => writeln!(text, "\njourney {}: {change}; {} in it", journey.name, is_or_are(count)),
        };
        tell_lines(&journey.header, text);
        let mut told: Vec<&str> = Vec::new();
        for step in &journey.steps {
            let stand = people.and_then(|known| known.steps.iter().find(|stand| stand.step == step.step));
            let _ = writeln!(text, "  {}{}", words::step(step), stand.map(tell_stand).unwrap_or_default());
            told.push(&step.step);
        }
        let rest = people.into_iter().flat_map(|known| &known.steps).filter(|stand| !told.contains(&stand.step.as_str()));
        for stand in rest {
            let _ = writeln!(text, "  as before  `{}`{}", stand.label, tell_stand(stand));
        }
    }

    /// Which decisions are missing, and how they are given.
    pub fn told_undecided(&self) -> String {
        let mut text = String::new();
        self.tell_undecided(&mut text);
        text.trim().to_owned()
    }

    fn tell_undecided(&self, text: &mut String) {
        let mut undecided = self.undecided().peekable();
        if undecided.peek().is_none() {
            return;
        }
        text.push_str("\nto be decided before this can be applied: what becomes of who stands at a step that is gone, or goes on\nunder the version before and reads what has another type now\n");
        for removed in undecided {
            let _ = writeln!(
                text,
                "  {}/{}: `{}` ({}), {}",
                removed.journey,
                removed.step,
                removed.label,
                removed.place,
                people(removed.people, "customer")
            );
        }
        text.push_str("  help: `--removed-steps stay` lets them finish as they began, `exit` ends their runs, `move:STEP` lets them go on at a step of the\n        new version; one step alone: `--removed-steps 'JOURNEY/STEP=exit'`\n");
    }
}

/// `1 customer`, `2 customers`
fn people(number: u64, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

/// `1 customer is`, `2 customers are`
fn is_or_are(number: u64) -> String {
    format!("{} {}", people(number, "customer"), if number == 1 { "is" } else { "are" })
}

fn tell_stand(stand: &StepPeople) -> String {
    let verb = if stand.people == 1 { "stands" } else { "stand" };
    let mut parts = Vec::new();
    let all = |number: u64| if number == stand.people { String::new() } else { format!("{number} ") };
    if stand.stay > 0 {
        parts.push(format!("{}stay on the version they began with", all(stand.stay)));
    }
    if stand.go_on > 0 {
        let times = match &stand.retimed {
            Some((first, last)) if first == last => format!(", waiting until {first}"),
            Some((first, last)) => format!(", waiting until {first} at the earliest and {last} at the latest"),
            None => String::new(),
        };
        parts.push(format!("{}go on in the new version{times}", all(stand.go_on)));
    }
    if stand.exit > 0 {
        parts.push(format!("{}leave the journey", all(stand.exit)));
    }
    format!("\n             {} {verb} there: {}{}", people(stand.people, "customer"), parts.join("; "), named(&stand.names, stand.people))
}

/// ` (nok, lek and 3 more)`
fn named(names: &[String], number: u64) -> String {
    if names.is_empty() {
        return String::new();
    }
    let more = number.saturating_sub(names.len() as u64);
    let more = if more == 0 { String::new() } else { format!(" and {more} more") };
    format!(" ({}{more})", names.join(", "))
}

fn tell_segment(segment: &SegmentPeople, change: Option<Change>) -> String {
    let what = match change {
        Some(Change::Added) => " is new",
        Some(Change::Removed) => " is gone",
        Some(Change::Changed) => " changed",
        None => " asks what changed",
    };
    let mut flows = Vec::new();
    if segment.joins > 0 {
        let verb = if segment.joins == 1 { "joins" } else { "join" };
        flows.push(format!("{} {verb}{}", people(segment.joins, "customer"), named(&segment.joining, segment.joins)));
    }
    if segment.leaves > 0 {
        let verb = if segment.leaves == 1 { "leaves" } else { "leave" };
        flows.push(format!("{} {verb}{}", people(segment.leaves, "customer"), named(&segment.leaving, segment.leaves)));
    }
    let flows = if flows.is_empty() { "nobody joins or leaves".to_owned() } else { flows.join("; ") };
    format!("{} {}{what}: {flows}; {} in it then", segment.kind, segment.name, is_or_are(segment.members))
}

fn tell_lines(lines: &[String], text: &mut String) {
    for line in lines {
        let _ = writeln!(text, "  {line}");
    }
}

fn tell_list(title: &str, list: &[Changed], text: &mut String) {
    if list.is_empty() {
        return;
    }
    text.push_str(title);
    for one in list {
        let details = if one.details.is_empty() { String::new() } else { format!(": {}", one.details.join("; ")) };
        let _ = writeln!(text, "  {} {}: {}{details}", one.kind, one.name, words::change(one.change));
    }
}
