//! Recurring entries: `every monday at 09:00`, `every 2 weeks`, `on the last friday`, and yearly dates.
//!
//! In: a rule as written, a moment, a zone. Out: occurrences as (local date that names it, moment). **Invariant:** an occurrence is named
//! by its local date, so it happens once for a customer whatever her zone does; occurrences ascend. A rule of days or weeks skips a local
//! date that does not exist; one of months or years takes the first instant after the gap. Does not know who enters.

use super::{DAY_MS, Instant, LOCAL_MS_MAX, LOCAL_MS_MIN, Span, Weekdays, Zone, civil, date_of_days, days_of_date, time_ms};
use chrono::{Datelike, NaiveDate, NaiveTime};

/// Which day of a month.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MonthDay {
    /// 1 to 31; the last day where the month is shorter.
    Day(u8),
    /// The first of these weekdays.
    First(Weekdays),
    Last(Weekdays),
}

/// How often. Every count is at least 1; 0 counts as 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Every {
    /// Elapsed time (minutes, hours), counted from the anchor's date, or from the begin of each date without one, at the clock time.
    Elapsed {
        ms: i64,
    },
    Days {
        count: u32,
    },
    /// On these weekdays of every so manieth week. Weeks begin on Monday.
    Weeks {
        count: u32,
        on: Weekdays,
    },
    Months {
        count: u32,
        on: MonthDay,
    },
    Years {
        count: u32,
        month: u8,
        on: MonthDay,
    },
}

/// A rule of `enter every …`. A rule that counts (`every 2 weeks`) counts from its first occurrence on or after the anchor.
#[derive(Debug, Clone, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct Rule {
    pub every: Every,
    /// The clock time, local.
    pub at: NaiveTime,
    /// The date of `runs from`: nothing occurs before it. A rule that counts and has none counts from Monday 1970-01-05.
    pub anchor: Option<NaiveDate>,
}

/// An occurrence: the local date that names it, and when it is.
pub type Occurrence = (NaiveDate, Instant);

/// Dates tried before a rule counts as one that never occurs: more than any rule's longest pause in occurrences.
const TRIES: u32 = 64;
/// Monday 1970-01-05.
const FIRST_MONDAY: i64 = 4;

impl Rule {
    /// The first occurrence later than `after`.
    pub fn next_after(&self, after: Instant, zone: Zone) -> Option<Occurrence> {
        if after.0 >= LOCAL_MS_MAX {
            return None;
        }
        if let Every::Elapsed { ms } = self.every {
            return self.elapsed_after(after, ms.max(1), zone);
        }
        let mut day = days_of_date(zone.local(after).date());
        for _ in 0..TRIES {
            let date = self.on_or_after(day)?;
            if let Some(at) = self.moment(date, zone)
                && at > after
            {
                return Some((date, at));
            }
            day = days_of_date(date) + 1;
        }
        None
    }

    /// The last occurrence at or before `until`.
    pub fn latest_at_or_before(&self, until: Instant, zone: Zone) -> Option<Occurrence> {
        if until.0 <= LOCAL_MS_MIN {
            return None;
        }
        if let Every::Elapsed { ms } = self.every {
            return self.elapsed_until(until, ms.max(1), zone);
        }
        // The date after, for a clock that was put back over midnight: it has begun already.
        let mut day = days_of_date(zone.local(until).date()) + 1;
        for _ in 0..TRIES {
            let date = self.on_or_before(day)?;
            if let Some(at) = self.moment(date, zone)
                && at <= until
            {
                return Some((date, at));
            }
            day = days_of_date(date) - 1;
        }
        None
    }

    /// When a date's occurrence is; `None` where a rule of days meets a date that does not exist.
    fn moment(&self, date: NaiveDate, zone: Zone) -> Option<Instant> {
        let at = civil::at(date, self.at, zone);
        let by_days = matches!(self.every, Every::Days { .. } | Every::Weeks { .. });
        let missing = by_days && zone.local(at).date() != date && !civil::date_exists(date, zone);
        (!missing).then_some(at)
    }

    fn elapsed_after(&self, after: Instant, ms: i64, zone: Zone) -> Option<Occurrence> {
        let next = |base: Instant| base.plus_ms(((after.since_ms(base).div_euclid(ms)).saturating_add(1).max(0)).saturating_mul(ms));
        let found = if let Some(anchor) = self.anchor {
            next(civil::at(anchor, self.at, zone))
        } else {
            let today = zone.local(after).date();
            let in_today = next(civil::at(today, self.at, zone));
            let tomorrow = civil::at(civil::add_to_date(today, Span::of_days(1))?, self.at, zone);
            if tomorrow > after { in_today.min(tomorrow) } else { in_today }
        };
        (found.0 <= LOCAL_MS_MAX).then(|| (zone.local(found).date(), found))
    }

    fn elapsed_until(&self, until: Instant, ms: i64, zone: Zone) -> Option<Occurrence> {
        let base = match self.anchor {
            Some(anchor) => civil::at(anchor, self.at, zone),
            None => {
                let today = zone.local(until).date();
                let begin = civil::at(today, self.at, zone);
                if begin <= until { begin } else { civil::at(civil::subtract_from_date(today, Span::of_days(1))?, self.at, zone) }
            }
        };
        let steps = until.since_ms(base).div_euclid(ms);
        let found = base.plus_ms(steps.saturating_mul(ms));
        (steps >= 0).then(|| (zone.local(found).date(), found))
    }

    /// The first date of the rule from `day` on (days since 1970-01-01).
    fn on_or_after(&self, day: i64) -> Option<NaiveDate> {
        let day = self.anchor.map_or(day, |anchor| day.max(days_of_date(anchor)));
        match self.every {
            Every::Elapsed { .. } => None,
            Every::Days { count } => in_range(step_up(day, self.day_zero(), i64::from(count.max(1)))),
            Every::Weeks { count, on } => {
                let (count, zero) = (i64::from(count.max(1)), self.week_zero(on)?);
                let week = step_up(week_of(day), zero, count);
                let here = (day.max(monday(week))..monday(week + 1)).find(|day| is_on(*day, on));
                here.or_else(|| (monday(week + count)..monday(week + count + 1)).find(|day| is_on(*day, on))).and_then(in_range)
            }
            Every::Months { count, on } => self.month_on_or_after(day, i64::from(count.max(1)), None, on),
            Every::Years { count, month, on } => self.month_on_or_after(day, 12 * i64::from(count.max(1)), Some(month), on),
        }
    }

    /// The last date of the rule until `day`.
    fn on_or_before(&self, day: i64) -> Option<NaiveDate> {
        let found = match self.every {
            Every::Elapsed { .. } => None,
            Every::Days { count } => in_range(step_down(day, self.day_zero(), i64::from(count.max(1)))),
            Every::Weeks { count, on } => {
                let (count, zero) = (i64::from(count.max(1)), self.week_zero(on)?);
                let week = step_down(week_of(day), zero, count);
                let here = (monday(week)..monday(week + 1).min(day + 1)).rev().find(|day| is_on(*day, on));
                here.or_else(|| (monday(week - count)..monday(week - count + 1)).rev().find(|day| is_on(*day, on))).and_then(in_range)
            }
            Every::Months { count, on } => self.month_on_or_before(day, i64::from(count.max(1)), None, on),
            Every::Years { count, month, on } => self.month_on_or_before(day, 12 * i64::from(count.max(1)), Some(month), on),
        };
        found.filter(|date| self.anchor.is_none_or(|anchor| *date >= anchor))
    }

    fn month_on_or_after(&self, day: i64, count: i64, month: Option<u8>, on: MonthDay) -> Option<NaiveDate> {
        let start = step_up(month_of(date_of_days(day)), self.month_zero(month, on)?, count);
        [start, start + count].into_iter().filter_map(|month| day_in_month(month, on)).find(|date| days_of_date(*date) >= day)
    }

    fn month_on_or_before(&self, day: i64, count: i64, month: Option<u8>, on: MonthDay) -> Option<NaiveDate> {
        let start = step_down(month_of(date_of_days(day)), self.month_zero(month, on)?, count);
        [start, start - count].into_iter().filter_map(|month| day_in_month(month, on)).find(|date| days_of_date(*date) <= day)
    }

    fn day_zero(&self) -> i64 {
        self.anchor.map_or(FIRST_MONDAY, days_of_date)
    }

    /// The week of the first occurrence on or after the anchor.
    fn week_zero(&self, on: Weekdays) -> Option<i64> {
        let begin = self.day_zero();
        (begin..begin + 7).find(|day| is_on(*day, on)).map(week_of)
    }

    /// The month of the first occurrence on or after the anchor, counted from year 0.
    fn month_zero(&self, month: Option<u8>, on: MonthDay) -> Option<i64> {
        let begin = date_of_days(self.anchor.map_or(0, days_of_date));
        let first = month_of(begin);
        let named = |at: &i64| month.is_none_or(|month| at.rem_euclid(12) + 1 == i64::from(month.clamp(1, 12)));
        (first..=first + 12).filter(named).find(|at| day_in_month(*at, on).is_some_and(|date| date >= begin))
    }
}

/// A yearly date with a distance: `yearly 3 days before customer.birthday at 09:00`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, serde::Serialize, serde::Deserialize)]
pub struct Yearly {
    /// From the yearly date; negative is before it.
    pub offset: Span,
    pub at: NaiveTime,
}

impl Yearly {
    /// The first occurrence of `date`'s anniversaries (the date itself counts) later than `after`, named by the local date it is on.
    pub fn next_after(&self, date: NaiveDate, after: Instant, zone: Zone) -> Option<Occurrence> {
        if after.0 >= LOCAL_MS_MAX {
            return None;
        }
        let from = (zone.local(after).year() - 1 - self.years_away()).max(date.year());
        (from..=from.saturating_add(2 * self.years_away() + 4))
            .find_map(|year| self.in_year(date, year, zone).filter(|found| found.1 > after))
    }

    /// The last occurrence at or before `until`.
    pub fn latest_at_or_before(&self, date: NaiveDate, until: Instant, zone: Zone) -> Option<Occurrence> {
        let to = zone.local(until).year() + 1 + self.years_away();
        let from = (to - 2 * self.years_away() - 4).max(date.year());
        (from..=to).rev().find_map(|year| self.in_year(date, year, zone).filter(|found| found.1 <= until))
    }

    fn in_year(&self, date: NaiveDate, year: i32, zone: Zone) -> Option<Occurrence> {
        let day = civil::add_to_date(civil::yearly_in(date, year)?, self.offset)?;
        Some((day, civil::at(day, self.at, zone)))
    }

    /// How many years the offset can lead away, rounded up.
    fn years_away(&self) -> i32 {
        let days = (self.offset.exact_ms() / DAY_MS).unsigned_abs().min(400_000);
        (days / 360) as i32 + 1
    }
}

/// When it is `offset` from a date at a clock time (`3 days before customer.trial_ends at 10:00`). `None` outside the years 1 to 9999.
pub fn around(date: NaiveDate, offset: Span, at: NaiveTime, zone: Zone) -> Option<Instant> {
    let day = civil::add_to_date(date, Span { ms: 0, ..offset })?;
    Some(Instant(zone.instant_of_ms(days_of_date(day) * DAY_MS + time_ms(at)).0.saturating_add(offset.ms)))
}

fn step_up(at: i64, zero: i64, count: i64) -> i64 {
    at + (zero - at).rem_euclid(count)
}

fn step_down(at: i64, zero: i64, count: i64) -> i64 {
    at - (at - zero).rem_euclid(count)
}

fn in_range(day: i64) -> Option<NaiveDate> {
    (LOCAL_MS_MIN / DAY_MS..=LOCAL_MS_MAX / DAY_MS).contains(&day).then(|| date_of_days(day))
}

/// Weeks begin on Monday; week 0 on 1970-01-05.
fn week_of(day: i64) -> i64 {
    (day - FIRST_MONDAY).div_euclid(7)
}

fn monday(week: i64) -> i64 {
    week * 7 + FIRST_MONDAY
}

fn is_on(day: i64, on: Weekdays) -> bool {
    Weekdays::of_number((day - FIRST_MONDAY).rem_euclid(7) as u8).bits() & on.bits() != 0
}

fn month_of(date: NaiveDate) -> i64 {
    i64::from(date.year()) * 12 + i64::from(date.month0())
}

fn day_in_month(month: i64, on: MonthDay) -> Option<NaiveDate> {
    let year = i32::try_from(month.div_euclid(12)).ok().filter(|year| (1..=9999).contains(year))?;
    let first = NaiveDate::from_ymd_opt(year, month.rem_euclid(12) as u32 + 1, 1)?;
    let (begin, length) = (days_of_date(first), i64::from(first.num_days_in_month()));
    let day = match on {
        MonthDay::Day(day) => i64::from(day.max(1)).min(length) - 1,
        MonthDay::First(days) => (0..length).find(|day| is_on(begin + day, days))?,
        MonthDay::Last(days) => (0..length).rev().find(|day| is_on(begin + day, days))?,
    };
    Some(date_of_days(begin + day))
}
