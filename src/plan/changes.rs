//! What differs between two plans, step by step, for people.
//!
//! In: the plan before and the plan now, each under its own numbers. Out: [`Changes`]: what was added, removed, re-timed or written anew, in
//! the users' own words. **Invariant:** a plan does not differ from itself, wherever its lines stand and however its parts are
//! numbered. Knows no customer: who stands where is the daemon's.

mod alike;
mod header;
mod journey;
mod rest;
pub mod words;

use super::Plan;
use alike::{Names, Side};
use serde::{Deserialize, Serialize};

/// What became of something with a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    Added,
    Removed,
    Changed,
}

/// Everything that differs.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Changes {
    pub journeys: Vec<JourneyChange>,
    pub messages: Vec<Changed>,
    pub segments: Vec<Changed>,
    /// Fields, events, topics, channels and whatever else is declared.
    pub declarations: Vec<Changed>,
    /// What holds for everybody from the moment it is deployed.
    pub policy: Vec<String>,
}

impl Changes {
    pub fn is_empty(&self) -> bool {
        *self == Changes::default()
    }
}

/// A declaration that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changed {
    /// `event`, `topic`, `segment`.
    pub kind: String,
    pub name: String,
    pub change: Change,
    /// In words, where there is more to say.
    pub details: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JourneyChange {
    pub name: String,
    pub change: Change,
    /// Whether its runs move: what the newer version says.
    pub continues: bool,
    /// Entry, goals, exits, limits.
    pub header: Vec<String>,
    pub steps: Vec<StepChange>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepWhat {
    Added,
    Removed,
    /// It waits for another time.
    Retimed,
    /// It asks something else.
    Condition,
    /// It sends the same message, which says something else.
    Text,
    /// It does something else.
    Changed,
    /// It stands elsewhere.
    Moved,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepChange {
    pub what: StepWhat,
    /// Its identity, by which it is named in a decision: `wait#2`.
    pub step: String,
    /// As it is written now, or was where it is gone.
    pub label: String,
    /// As it was written, where that differs.
    pub was: Option<String>,
    /// `shop.journey:12`, in the files now; of one that is gone, in the files before.
    pub place: String,
}

/// Compares two plans.
pub fn changes(before: &Plan, now: &Plan) -> Changes {
    let names = Names::default();
    let (before, now) = (Side { plan: before, names: &names }, Side { plan: now, names: &names });
    let messages = rest::messages(before, now);
    Changes {
        journeys: journey::journeys(before, now, &messages),
        messages,
        segments: rest::segments(before, now),
        declarations: rest::declarations(before, now),
        policy: rest::policy(before, now),
    }
}
