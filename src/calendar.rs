//! Time: instants, civil steps, zones, windows and recurrences.
//!
//! In: instants, durations as written, zone names. Out: instants, exactly as `docs/language.md` ("Time") says: a local time that does
//! not exist is the first instant after the gap, one that happens twice is the first.
//! **Invariant:** reads no clock; zone rules come from the time zone database that is built in ([`zone`]), never from the machine.

pub mod civil;
pub mod recurrence;
pub mod window;
pub mod zone;

pub use window::Weekdays;
pub use zone::Zone;

use chrono::{Datelike, NaiveDate, NaiveDateTime, NaiveTime, Timelike};

/// The first and the last moment that has a calendar date here: years 1 to 9999, in milliseconds since 1970 and local time.
pub const LOCAL_MS_MIN: i64 = -62_135_596_800_000;
pub const LOCAL_MS_MAX: i64 = 253_402_300_799_999;

/// Days from 0001-01-01 (day 1) to 1970-01-01.
const EPOCH_FROM_CE: i32 = 719_163;

/// Milliseconds since 1970-01-01 00:00 of a local time, as if it were UTC.
pub fn local_ms(local: NaiveDateTime) -> i64 {
    date_ms(local.date()) + time_ms(local.time())
}

/// Milliseconds from 1970-01-01 to the begin of a date, as if it were UTC.
pub fn date_ms(date: NaiveDate) -> i64 {
    i64::from(date.num_days_from_ce() - EPOCH_FROM_CE) * DAY_MS
}

/// Milliseconds since midnight.
pub fn time_ms(time: NaiveTime) -> i64 {
    i64::from(time.num_seconds_from_midnight()) * SECOND_MS + i64::from(time.nanosecond() / 1_000_000)
}

/// The local time of [`local_ms`]; what lies outside the years 1 to 9999 becomes their end.
pub fn local_of_ms(ms: i64) -> NaiveDateTime {
    let ms = ms.clamp(LOCAL_MS_MIN, LOCAL_MS_MAX);
    let date = date_of_days(ms.div_euclid(DAY_MS));
    let in_day = ms.rem_euclid(DAY_MS);
    let time = NaiveTime::from_num_seconds_from_midnight_opt((in_day / 1000) as u32, (in_day % 1000) as u32 * 1_000_000);
    date.and_time(time.unwrap_or(NaiveTime::MIN))
}

/// The date that lies `days` after 1970-01-01, within the years 1 to 9999.
pub fn date_of_days(days: i64) -> NaiveDate {
    let days = days.clamp(LOCAL_MS_MIN / DAY_MS, LOCAL_MS_MAX / DAY_MS);
    NaiveDate::from_num_days_from_ce_opt(days as i32 + EPOCH_FROM_CE).unwrap_or(NaiveDate::MAX)
}

/// Days since 1970-01-01.
pub fn days_of_date(date: NaiveDate) -> i64 {
    i64::from(date.num_days_from_ce() - EPOCH_FROM_CE)
}

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

    /// Nothing at all.
    pub const fn is_zero(self) -> bool {
        self.months == 0 && self.days == 0 && self.ms == 0
    }

    /// Has a calendar part, so that its length depends on the day and the zone.
    pub const fn is_civil(self) -> bool {
        self.months != 0 || self.days != 0
    }

    /// The same way back. Stops at the ends of what a span can hold.
    #[must_use]
    pub fn negated(self) -> Span {
        Span { months: 0i32.saturating_sub(self.months), days: 0i32.saturating_sub(self.days), ms: 0i64.saturating_sub(self.ms) }
    }

    /// Both together, part by part; stops at the ends.
    #[must_use]
    pub fn plus(self, other: Span) -> Span {
        Span {
            months: self.months.saturating_add(other.months),
            days: self.days.saturating_add(other.days),
            ms: self.ms.saturating_add(other.ms),
        }
    }

    /// `n` times, part by part; stops at the ends.
    #[must_use]
    pub fn times(self, n: i32) -> Span {
        Span { months: self.months.saturating_mul(n), days: self.days.saturating_mul(n), ms: self.ms.saturating_mul(i64::from(n)) }
    }

    /// Elapsed length where a day is 24 hours: for backward windows, cool-downs and caps. A month, not allowed there, counts 30 days.
    pub fn exact_ms(self) -> i64 {
        (i64::from(self.months) * 30 + i64::from(self.days)).saturating_mul(DAY_MS).saturating_add(self.ms)
    }
}
