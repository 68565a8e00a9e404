//! When something happened, by the sender's clock and by ours.
//!
//! In: times as they were sent, and our arrival. Out: an own time. **Invariant:** never later than the arrival, and never before 1973: seconds
//! that are read as milliseconds land in 1970, and nobody has older events.

use crate::calendar::{Instant, Zone};
use crate::value::moment::{self, TimeFormat};
use serde_json::Value;

/// 1973-03-03: what is older was counted in another unit.
pub const EARLIEST: Instant = Instant(100_000_000_000);
/// An event cannot happen after it was sent; clocks of one device agree better than this, ms.
const TOLERANCE_MS: i64 = 5 * 60_000;

/// A time as it is written: ISO 8601, or seconds or milliseconds since 1970. Nothing there is `None`.
pub fn read(name: &str, value: Option<&Value>, zone: Zone) -> Result<Option<Instant>, String> {
    let text = match value {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::String(text)) if text.is_empty() => return Ok(None),
        Some(Value::String(text)) => text.clone(),
        Some(Value::Number(number)) => number.to_string(),
        Some(other) => return Err(format!("`{name}` is `{}`, which is no time", super::json::short(&other.to_string()))),
    };
    match moment::read(&text, &TimeFormat::Auto, zone) {
        Ok(at) if at >= EARLIEST => Ok(Some(at)),
        Ok(_) => Err(format!("`{name}` is `{text}`, before 1973: is it counted in another unit?")),
        Err(error) => Err(format!("`{name}`: {error}")),
    }
}

/// As [`read`], but of any age, and nothing where it cannot be read: for a clock that is compared with ours.
pub fn lenient(value: Option<&Value>, zone: Zone) -> Option<Instant> {
    match value? {
        Value::String(text) => moment::read(text, &TimeFormat::Rfc3339, zone).or_else(|_| moment::read(text, &TimeFormat::Auto, zone)).ok(),
        Value::Number(number) => moment::read(&number.to_string(), &TimeFormat::Auto, zone).ok(),
        _ => None,
    }
}

/// The own time of an item: `at` by the sender's clock, which showed `sent` when it left and ours `received` when it came.
pub fn corrected(at: Instant, sent: Option<Instant>, received: Instant) -> Result<Instant, String> {
    let moved = match sent {
        // Made elsewhere, on another clock: what the sender's clock shows says nothing about it.
        Some(sent) if at.since_ms(sent) <= TOLERANCE_MS => received.plus_ms(-sent.since_ms(at)),
        _ => at,
    };
    let at = moved.min(received);
    if at < EARLIEST { Err("it would have happened before 1973".to_owned()) } else { Ok(at) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use serde_json::json;

    const NOW: Instant = Instant(1_790_000_000_000);
    const HOUR: i64 = 3_600_000;

    #[test]
    fn the_clock_of_the_sender_is_corrected_and_clamped() {
        let at =
            |at: i64, sent: Option<i64>| corrected(NOW.plus_ms(at), sent.map(|sent| NOW.plus_ms(sent)), NOW).map(|at| at.since_ms(NOW));
        assert_eq!(at(-HOUR, None), Ok(-HOUR));
        assert_eq!(at(26 * HOUR, None), Ok(0), "from the future: now");
        // The device is two hours ahead, and the event was a minute before it was sent.
        assert_eq!(at(2 * HOUR - 60_000, Some(2 * HOUR)), Ok(-60_000));
        assert_eq!(at(-2 * HOUR, Some(-2 * HOUR + 60_000)), Ok(-60_000));
        // Sent before it happened: two clocks, nothing can be said.
        assert_eq!(at(-HOUR, Some(-9_999 * HOUR)), Ok(-HOUR));
        // A device that woke up in 1970 knows how long ago it was.
        assert_eq!(corrected(Instant(5_000), Some(Instant(65_000)), NOW), Ok(NOW.plus_ms(-60_000)));
        assert!(corrected(Instant(5_000), None, NOW).is_err());
        assert!(corrected(Instant(5_000), Some(NOW), NOW).is_err());
    }

    #[test]
    fn seconds_milliseconds_and_texts_are_told_apart() {
        let read = |value| read("time", Some(&value), Zone::UTC);
        assert_eq!(read(json!(1_790_000_000)), Ok(Some(NOW)));
        assert_eq!(read(json!(1_790_000_000_000_i64)), Ok(Some(NOW)));
        assert_eq!(read(json!("1790000000")), Ok(Some(NOW)));
        assert_eq!(read(json!("2026-09-21T14:13:20Z")), Ok(Some(NOW)));
        assert_eq!(read(json!("2026-09-21T21:13:20.000+07:00")), Ok(Some(NOW)));
        assert_eq!(read(json!(null)), Ok(None));
        assert_eq!(read(json!("")), Ok(None));
        for bad in [json!(0), json!(1), json!("1970-01-01T00:00:00Z"), json!("yesterday"), json!(true), json!(99_999_999_999_999_i64)] {
            assert!(read(bad.clone()).is_err(), "{bad}");
        }
    }
}
