//! Steps on the calendar: days, months and clock times as people count them.
//!
//! In: moments, dates, spans as written, a zone. Out: moments and dates. The calendar part of a span goes first and keeps the local time,
//! then the hours elapse. **Invariant:** months land on the last day where the day is missing, counted from the anchor; nothing panics, and
//! what leaves the years 1 to 9999 is [`Instant::NEVER`], [`Instant::FIRST`] or `None`. Knows no customer and no clock.

use super::{DAY_MS, Instant, LOCAL_MS_MAX, LOCAL_MS_MIN, Span, Weekdays, Zone, date_ms, days_of_date, local_of_ms, time_ms};
use chrono::{Datelike, Months, NaiveDate, NaiveTime};

/// The longest wait: 10 years. More is a mistake that the checker reports; it is never cut short.
pub const LONGEST_WAIT: Span = Span { months: 120, days: 0, ms: 0 };
/// Ten years in days, with the three leap days that they may have.
const LONGEST_WAIT_MS: i64 = 3_653 * DAY_MS;
/// A twelfth of a mean year of 365.2425 days.
const MEAN_MONTH_MS: i64 = 2_629_746_000;

/// Whether a span is above [`LONGEST_WAIT`], wherever it begins.
pub fn is_too_long(span: Span) -> bool {
    let days = i64::from(span.days).saturating_mul(DAY_MS);
    i64::from(span.months).saturating_mul(MEAN_MONTH_MS).saturating_add(days).saturating_add(span.ms) > LONGEST_WAIT_MS
}

/// `from` and then `span` (which may be negative): months and days at the same local time, then the elapsed part.
pub fn add(from: Instant, span: Span, zone: Zone) -> Instant {
    if !span.is_civil() || from.0 > LOCAL_MS_MAX || from.0 < LOCAL_MS_MIN {
        return if from == Instant::NEVER || from == Instant::FIRST { from } else { from.plus_ms(span.ms) };
    }
    let local = from.0 + zone.offset_ms_at(from);
    let (day, in_day) = (local.div_euclid(DAY_MS), local.rem_euclid(DAY_MS));
    let day = if span.months == 0 {
        day + i64::from(span.days)
    } else {
        match add_months(local_of_ms(local).date(), span.months) {
            Some(date) => days_of_date(date) + i64::from(span.days),
            None => {
                return if span.months > 0 { Instant::NEVER } else { Instant::FIRST };
            }
        }
    };
    match day * DAY_MS + in_day {
        ..LOCAL_MS_MIN => Instant::FIRST,
        local @ LOCAL_MS_MIN..=LOCAL_MS_MAX => zone.instant_of_ms(local).plus_ms(span.ms),
        _ => Instant::NEVER,
    }
}

/// `span` counted `times` times from the anchor: the third month after 31 January is 30 April, not what 28 February leads to.
pub fn add_repeated(anchor: Instant, span: Span, times: i32, zone: Zone) -> Instant {
    add(anchor, span.times(times), zone)
}

/// `span` before a moment, as `3 days before customer.trial_ends` means it.
pub fn subtract(from: Instant, span: Span, zone: Zone) -> Instant {
    add(from, span.negated(), zone)
}

/// A date and then a span; whole days of its elapsed part count. `None` outside the years 1 to 9999.
pub fn add_to_date(date: NaiveDate, span: Span) -> Option<NaiveDate> {
    let date = add_months(date, span.months)?;
    let days = days_of_date(date) + i64::from(span.days) + span.ms / DAY_MS;
    (LOCAL_MS_MIN / DAY_MS..=LOCAL_MS_MAX / DAY_MS).contains(&days).then(|| super::date_of_days(days))
}

/// `span` before a date. `None` outside the years 1 to 9999.
pub fn subtract_from_date(date: NaiveDate, span: Span) -> Option<NaiveDate> {
    add_to_date(date, span.negated())
}

/// Days from `earlier` to `later`; negative where they stand the other way.
pub fn days_between(earlier: NaiveDate, later: NaiveDate) -> i64 {
    days_of_date(later) - days_of_date(earlier)
}

/// The same day some months on (or back), the last of the month where it is missing. `None` outside the years 1 to 9999.
pub fn add_months(date: NaiveDate, months: i32) -> Option<NaiveDate> {
    let count = Months::new(months.unsigned_abs());
    let found = if months < 0 { date.checked_sub_months(count) } else { date.checked_add_months(count) };
    found.filter(|date| (1..=9999).contains(&date.year()))
}

/// Where a yearly date falls in `year`: 29 February falls on 28 February.
pub fn yearly_in(date: NaiveDate, year: i32) -> Option<NaiveDate> {
    date.with_year(year).or_else(|| NaiveDate::from_ymd_opt(year, 2, 28)).filter(|date| (1..=9999).contains(&date.year()))
}

/// The moment of a date and a clock time.
pub fn at(date: NaiveDate, time: NaiveTime, zone: Zone) -> Instant {
    zone.instant_of_ms(date_ms(date) + time_ms(time))
}

/// The local date at a moment.
pub fn date(at: Instant, zone: Zone) -> NaiveDate {
    zone.local(at).date()
}

/// Whether a local date exists: Apia had no 30 December 2011.
pub fn date_exists(date: NaiveDate, zone: Zone) -> bool {
    zone.local(zone.instant_of_ms(date_ms(date))).date() == date
}

/// The first moment from `from` on at which it is `time` (`wait until 09:00`): at exactly 09:00 it is now. Dates that do not exist are
/// passed over.
pub fn next_clock(from: Instant, time: NaiveTime, zone: Zone) -> Instant {
    next_clock_on(from, Weekdays::ALL, time, zone)
}

/// As [`next_clock`], on one of `days` (`wait until monday at 09:00`). Without days, [`Instant::NEVER`].
pub fn next_clock_on(from: Instant, days: Weekdays, time: NaiveTime, zone: Zone) -> Instant {
    if from.0 > LOCAL_MS_MAX {
        return Instant::NEVER;
    }
    if days == Weekdays::ALL
        && let Some(offset) = zone.steady_offset_ms(from)
    {
        // No transition is within two days: plain addition.
        let in_day = (from.0 + offset).rem_euclid(DAY_MS);
        let time = time_ms(time);
        return from.plus_ms(time - in_day + if time < in_day { DAY_MS } else { 0 });
    }
    let today = days_of_date(date(from, zone));
    // A week, and another for a date that does not exist.
    for day in today..=today + 15 {
        let date = super::date_of_days(day);
        if days.contains(date.weekday()) {
            let found = at(date, time, zone);
            if found >= from && (zone.local(found).date() == date || date_exists(date, zone)) {
                return found;
            }
        }
    }
    Instant::NEVER
}
