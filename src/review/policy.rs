//! What a review may be told to refuse: `--fail-on removed-steps,more-messages`.
//!
//! In: names of policies and a review. Out: a reason for each that it breaks. **Invariant:** a review without changes breaks none; the list here is
//! all there is, and the page `docs/ci.md` says the same.

use super::{JourneyReview, Review, State};
use crate::plan::changes::{Change, StepWhat};
use crate::simulate::text::{counted, number};
use serde::Serialize;

/// Things that are named in one reason.
const NAMED_MAX: usize = 3;

#[derive(Debug)]
pub struct Policy {
    pub name: &'static str,
    /// What it refuses, in words.
    pub refuses: &'static str,
    look: fn(&Review) -> Vec<String>,
}

/// A policy that is broken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Broken {
    pub policy: &'static str,
    pub reason: String,
}

pub static POLICIES: [Policy; 10] = [
    Policy { name: "removed-steps", refuses: "a step is gone: whoever stands there must be decided about", look: removed_steps },
    Policy { name: "removed-journeys", refuses: "a journey is gone; one with a new name is not", look: removed_journeys },
    Policy { name: "retimed-steps", refuses: "a step waits for another time", look: retimed_steps },
    Policy { name: "changed-texts", refuses: "a customer reads something else", look: changed_texts },
    Policy {
        name: "more-messages",
        refuses: "more messages are sent on the sample log, in all or by one channel; without a log: more are possible",
        look: more_messages,
    },
    Policy {
        name: "wider-audience",
        refuses: "more customers come into a journey on the sample log; without a log: a journey is new, has one entry more, or an entry loses its condition",
        look: wider_audience,
    },
    Policy { name: "higher-bounds", refuses: "a bound of `check --bounds` is higher", look: higher_bounds },
    Policy { name: "new-warnings", refuses: "a warning is there that was not", look: new_warnings },
    Policy {
        name: "changed-policy",
        refuses: "what holds for everybody changed: quiet hours, caps, who is held out, the zone",
        look: changed_policy,
    },
    Policy { name: "any-change", refuses: "anything differs", look: any_change },
];

/// The policies of these names.
///
/// # Errors
/// The first name that is none.
pub fn named<'n>(names: impl Iterator<Item = &'n str>) -> Result<Vec<&'static Policy>, String> {
    names.map(|name| POLICIES.iter().find(|policy| policy.name == name).ok_or_else(|| name.to_owned())).collect()
}

/// What of the review these policies refuse.
pub fn broken(review: &Review, policies: &[&'static Policy]) -> Vec<Broken> {
    let reason = |policy: &&'static Policy| {
        let found = (policy.look)(review);
        (!found.is_empty()).then(|| Broken { policy: policy.name, reason: listed(&found) })
    };
    policies.iter().filter_map(reason).collect()
}

fn listed(found: &[String]) -> String {
    let shown = found.iter().take(NAMED_MAX).cloned().collect::<Vec<_>>().join("; ");
    match found.len().saturating_sub(NAMED_MAX) {
        0 => shown,
        more => format!("{shown}; and {more} more"),
    }
}

fn steps(review: &Review, what: StepWhat) -> Vec<String> {
    let of = |journey: &JourneyReview| -> Vec<String> {
        let steps = journey.steps.iter().filter(|one| one.step.what == what);
        steps.map(|one| format!("`{}` in {} ({})", one.step.label, journey.name, one.step.place)).collect()
    };
    review.journeys.iter().flat_map(of).collect()
}

fn removed_steps(review: &Review) -> Vec<String> {
    steps(review, StepWhat::Removed)
}

fn removed_journeys(review: &Review) -> Vec<String> {
    review.journeys.iter().filter(|one| one.change == Change::Removed).map(|one| one.name.clone()).collect()
}

fn retimed_steps(review: &Review) -> Vec<String> {
    steps(review, StepWhat::Retimed)
}

fn changed_texts(review: &Review) -> Vec<String> {
    let changed = review.messages.iter().filter(|one| one.change != Change::Added);
    changed
        .map(|one| match &one.language {
            Some(language) => format!("{} by {} in {language}", one.message, one.channel),
            None => format!("{} by {}", one.message, one.channel),
        })
        .collect()
}

fn more_messages(review: &Review) -> Vec<String> {
    let Some(volume) = &review.volume else {
        return review.bounds.iter().filter(|one| one.is_higher && one.what.contains("messages")).map(bound).collect();
    };
    let more = |what: &str, before: u64, after: u64| {
        (after > before).then(|| format!("{} {what}, {} before", counted(after, "message"), number(before)))
    };
    let channels = volume.channels.iter().filter_map(|line| more(&format!("by {}", line.channel), line.before, line.after));
    more("in all", volume.sent_before, volume.sent_after).into_iter().chain(channels).collect()
}

fn wider_audience(review: &Review) -> Vec<String> {
    let wider = |one: &JourneyReview| {
        if review.volume.is_some() {
            let (before, after) = (one.entered_before.unwrap_or(0), one.entered_after.unwrap_or(0));
            return (after > before).then(|| format!("{} is entered {}, {} before", one.name, counted(after, "time"), number(before)));
        }
        let is_wider = match one.change {
            Change::Removed => false,
            Change::Added => true,
            Change::Changed => one.enters_after.len() > one.enters_before.len() || loses_condition(&one.enters_before, &one.enters_after),
        };
        is_wider.then(|| format!("{} may be entered by more", one.name))
    };
    // Also a journey whose own lines stay may be entered more often: by a segment that it asks.
    let mut all: Vec<String> = review.journeys.iter().filter_map(wider).collect();
    for line in review.volume.iter().flat_map(|volume| &volume.numbers) {
        let grows = line.kind == "journey" && line.what == "entered" && line.this > line.other;
        if grows && !review.journeys.iter().any(|one| one.name == line.name) {
            let (this, other) = (line.this.unwrap_or(0.0) as u64, line.other.unwrap_or(0.0) as u64);
            all.push(format!("{} is entered {}, {} before", line.name, counted(this, "time"), number(other)));
        }
    }
    all
}

/// An entry that was asked something and is asked nothing now.
fn loses_condition(before: &[String], after: &[String]) -> bool {
    let bare = |line: &str| line.split(" where ").next().unwrap_or_default().to_owned();
    before.iter().any(|line| bare(line) != *line && after.contains(&bare(line)))
        || before.iter().any(|line| line.starts_with("only while") && !after.contains(line))
}

fn bound(one: &super::BoundChange) -> String {
    let of = one.journey.as_deref().unwrap_or("all journeys");
    let (before, after) = (one.before.as_deref().unwrap_or("none"), one.after.as_deref().unwrap_or("none"));
    format!("{of}: {}: {after}, {before} before", one.what)
}

fn higher_bounds(review: &Review) -> Vec<String> {
    review.bounds.iter().filter(|one| one.is_higher).map(bound).collect()
}

fn new_warnings(review: &Review) -> Vec<String> {
    let warnings = review.new_findings.iter().filter(|one| one.severity == "warning");
    warnings.map(|one| format!("{} {} ({})", one.code, one.message, one.place)).collect()
}

fn changed_policy(review: &Review) -> Vec<String> {
    review.policy.clone()
}

fn any_change(review: &Review) -> Vec<String> {
    if review.is_empty() {
        return Vec::new();
    }
    let state = |state: State| match state {
        State::Absent => "no project",
        State::Broken => "a project that does not check",
        State::Fine => "a project",
    };
    if review.before.state != review.after.state {
        return vec![format!("{} becomes {}", state(review.before.state), state(review.after.state))];
    }
    let named: Vec<String> = review.journeys.iter().map(|one| format!("journey {}", one.name)).collect();
    if named.is_empty() { vec!["something differs".to_owned()] } else { named }
}
