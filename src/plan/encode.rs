//! The encoding of plans and their content hash.
//!
//! In: a plan. Out: versioned JSON, and back. The hash is over the JSON without what does not decide anything: file names, lines, labels.
//! **Invariant:** a plan that decodes equals the one encoded; a newer format is refused.

use super::{Journey, Line, Plan};
use crate::value::Text;
use serde::Serialize;
use sha2::{Digest, Sha256};

/// Why a text is not a plan that this version can run.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    #[error("this plan has format {found}, and this version of onward reads up to {}; use a newer onward", super::FORMAT)]
    NewerFormat { found: u64 },
    #[error("this is not a plan: {0}")]
    NotAPlan(#[from] serde_json::Error),
}

/// The plan as JSON for people and tools, keys in a fixed order.
pub fn to_json(plan: &Plan) -> Result<String, serde_json::Error> {
    serde_json::to_string_pretty(plan)
}

/// Reads what [`to_json`] wrote, in this or any older version.
pub fn from_json(text: &str) -> Result<Plan, DecodeError> {
    let value: serde_json::Value = serde_json::from_str(text)?;
    let format = value.get("format").and_then(serde_json::Value::as_u64).unwrap_or(0);
    if format > u64::from(super::FORMAT) {
        return Err(DecodeError::NewerFormat { found: format });
    }
    Ok(serde_json::from_value(value)?)
}

/// First 16 bytes of SHA-256 over the JSON of a value, as 32 hexadecimal digits.
pub fn hash_of(value: &impl Serialize) -> Text {
    // A plan's parts have no maps with keys other than texts, so this cannot fail; an empty text would still hash stably.
    let json = serde_json::to_vec(value).unwrap_or_default();
    let mut text = Text::default();
    for byte in Sha256::digest(&json).iter().take(16) {
        text.push_str(&format!("{byte:02x}"));
    }
    text
}

/// The content hash of a journey: what it does, not where it is written.
pub fn hash_of_journey(journey: &Journey) -> Text {
    let mut journey = journey.clone();
    forget_places(&mut journey);
    hash_of(&journey)
}

/// The content hash of a plan.
pub fn hash(plan: &Plan) -> Text {
    let mut plan = plan.clone();
    plan.hash = Text::default();
    plan.files.clear();
    plan.journeys.iter_mut().for_each(forget_places);
    let nowhere = Line::default();
    plan.segments.iter_mut().for_each(|segment| segment.line = nowhere);
    plan.messages.iter_mut().for_each(|message| message.line = nowhere);
    plan.policy.quiet_hours.iter_mut().for_each(|hours| hours.line = nowhere);
    plan.policy.caps.iter_mut().for_each(|cap| cap.line = nowhere);
    hash_of(&plan)
}

/// Leaves out of a journey where it is written.
pub(crate) fn forget_places(journey: &mut Journey) {
    let nowhere = Line::default();
    journey.hash = Text::default();
    journey.line = nowhere;
    journey.entries.iter_mut().for_each(|entry| entry.line = nowhere);
    journey.goals.iter_mut().for_each(|goal| goal.line = nowhere);
    journey.exit_on.iter_mut().for_each(|exit| exit.line = nowhere);
    journey.exit_when.iter_mut().chain(&mut journey.only_while).for_each(|guard| guard.line = nowhere);
    journey.quiet_hours.iter_mut().for_each(|hours| hours.line = nowhere);
    journey.caps.iter_mut().for_each(|cap| cap.line = nowhere);
    journey.entry_caps.iter_mut().for_each(|cap| cap.line = nowhere);
    for step in &mut journey.steps {
        step.line = nowhere;
        step.label = String::new();
        if let super::StepKind::Await { arms, .. } = &mut step.kind {
            for arm in arms {
                arm.line = nowhere;
                arm.label = String::new();
            }
        }
    }
}
