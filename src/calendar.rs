//! Time: instants, civil steps, zones, windows and recurrences.
//!
//! In: instants, durations as written, zone names. Out: instants, exactly as `docs/language.md` ("Time") says: a local time that does
//! not exist is the first instant after the gap, one that happens twice is the first.
//! **Invariant:** reads no clock; zone rules come from the time zone database that is built in ([`zone`]), never from the machine.

pub mod civil;
pub mod recurrence;
pub mod window;
pub mod zone;

pub use zone::Zone;

/// A moment: milliseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, serde::Serialize, serde::Deserialize)]
pub struct Instant(pub i64);

impl Instant {
    /// Later than every real moment: "never".
    pub const NEVER: Instant = Instant(i64::MAX);
    /// Earlier than every real moment.
    pub const FIRST: Instant = Instant(i64::MIN);

    /// Elapsed milliseconds later; stops at the ends of time.
    #[must_use]
    pub fn plus_ms(self, ms: i64) -> Instant {
        Instant(self.0.saturating_add(ms))
    }

    /// Elapsed milliseconds from `earlier` to this.
    pub fn since_ms(self, earlier: Instant) -> i64 {
        self.0.saturating_sub(earlier.0)
    }
}

/// A duration as written: calendar months and days, and elapsed milliseconds. `2 days` and `48 hours` are different spans.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, serde::Serialize, serde::Deserialize)]
pub struct Span {
    /// Years count as 12.
    pub months: i32,
    /// Weeks count as 7.
    pub days: i32,
    pub ms: i64,
}

pub const SECOND_MS: i64 = 1_000;
pub const MINUTE_MS: i64 = 60 * SECOND_MS;
pub const HOUR_MS: i64 = 60 * MINUTE_MS;
pub const DAY_MS: i64 = 24 * HOUR_MS;

impl Span {
    pub const fn of_ms(ms: i64) -> Span {
        Span { months: 0, days: 0, ms }
    }

    pub const fn of_days(days: i32) -> Span {
        Span { months: 0, days, ms: 0 }
    }

    /// Elapsed length where a day is 24 hours: for backward windows, cool-downs and caps. A month, not allowed there, counts 30 days.
    pub fn exact_ms(self) -> i64 {
        (i64::from(self.months) * 30 + i64::from(self.days)).saturating_mul(DAY_MS).saturating_add(self.ms)
    }
}
