//! Random choices that are none: the same customer always draws the same.
//!
//! In: what is drawn (an identity), for whom (a unit), and the project's salt. Out: a bucket from 0 to 9,999. **Invariant:** the bucket is
//! the first 8 bytes (big-endian) of SHA-256 over identity, unit and salt, each followed by a zero byte but the last, modulo 10,000.

use super::turn::Turn;
use crate::schema::JourneyId;
use crate::value::Value;
use sha2::{Digest, Sha256};

/// The identity that the policy's hold-out is drawn with.
pub(super) const HOLD_OUT: &str = "hold out";

pub(super) fn bucket(identity: &str, unit: &str, salt: &str) -> u16 {
    let mut hash = Sha256::new();
    hash.update(identity.as_bytes());
    hash.update([0]);
    hash.update(unit.as_bytes());
    hash.update([0]);
    hash.update(salt.as_bytes());
    let digest = hash.finalize();
    let mut first = [0; 8];
    first.iter_mut().zip(digest.iter()).for_each(|(to, from)| *to = *from);
    (u64::from_be_bytes(first) % 10_000) as u16
}

/// A value as the unit of a draw; `None` where it is missing.
pub(super) fn unit_of(value: &Value) -> Option<String> {
    match value {
        Value::Missing => None,
        Value::Text(text) => Some(text.to_string()),
        Value::Number(number) => Some(number.normalize().to_string()),
        Value::Boolean(truth) => Some(truth.to_string()),
        Value::Date(date) => Some(date.to_string()),
        Value::Time(time) => Some(time.to_string()),
        Value::Instant(at) => Some(at.0.to_string()),
        other => Some(format!("{:016x}", super::entries::stable_hash(other))),
    }
}

impl Turn<'_> {
    /// Whether the policy holds this customer out.
    pub(super) fn policy_holds_out(&mut self) -> bool {
        if let Some(pinned) = self.world.pinned_draw(HOLD_OUT) {
            return pinned != 0;
        }
        let share = self.loaded.plan.policy.hold_out;
        if share == 0 {
            return false;
        }
        let bucket = match self.row.hold_out_bucket {
            Some(bucket) => bucket,
            None => {
                let bucket = bucket(HOLD_OUT, &self.row.uid, &self.limits.salt);
                self.row.hold_out_bucket = Some(bucket);
                bucket
            }
        };
        bucket < share
    }

    /// Whether a journey holds this customer out.
    pub(super) fn journey_holds_out(&self, journey: JourneyId) -> bool {
        let Some(journey) = self.loaded.plan.journeys.get(journey.index()) else { return false };
        if journey.hold_out == 0 {
            return false;
        }
        if let Some(pinned) = self.world.pinned_draw(&journey.name) {
            return pinned != 0;
        }
        bucket(&journey.name, &self.row.uid, &self.limits.salt) < journey.hold_out
    }
}
