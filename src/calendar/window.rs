//! Daily windows of local time, such as `09:00 to 18:00 on weekdays` or quiet hours.
//!
//! In: a window as written, a moment, a zone. Out: whether it is open, when it opens, when it closes. **Invariant:** a window is
//! `[from, to)`, may cross midnight, and belongs to the weekday on which it starts; opening and closing are moments by the rules of
//! [`super::zone`], so a window that lies in a gap does not open on that day. `from` equal to `to` is a whole day.
//! Does not know what is done while a window is open.

use super::{DAY_MS, Instant, LOCAL_MS_MAX, Zone, date_of_days, days_of_date, time_ms};
use chrono::{Datelike, NaiveTime, Weekday};

/// A set of weekdays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, serde::Serialize, serde::Deserialize)]
pub struct Weekdays(u8);

impl Weekdays {
    pub const NONE: Weekdays = Weekdays(0);
    pub const ALL: Weekdays = Weekdays(0b111_1111);
    /// Monday to Friday.
    pub const WEEKDAYS: Weekdays = Weekdays(0b001_1111);
    pub const WEEKENDS: Weekdays = Weekdays(0b110_0000);

    pub fn of(day: Weekday) -> Weekdays {
        Weekdays(1 << day.num_days_from_monday())
    }

    /// 0 is Monday, 6 is Sunday; others give no day.
    pub fn of_number(day: u8) -> Weekdays {
        if day < 7 { Weekdays(1 << day) } else { Weekdays::NONE }
    }

    #[must_use]
    pub fn with(self, other: Weekdays) -> Weekdays {
        Weekdays(self.0 | other.0)
    }

    pub fn contains(self, day: Weekday) -> bool {
        self.0 & Weekdays::of(day).0 != 0
    }

    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Bit 0 is Monday.
    pub fn bits(self) -> u8 {
        self.0
    }

    pub fn of_bits(bits: u8) -> Weekdays {
        Weekdays(bits & Weekdays::ALL.0)
    }

    /// Monday first.
    pub fn iter(self) -> impl Iterator<Item = Weekday> {
        use Weekday::{Fri, Mon, Sat, Sun, Thu, Tue, Wed};
        [Mon, Tue, Wed, Thu, Fri, Sat, Sun].into_iter().filter(move |day| self.contains(*day))
    }
}

impl FromIterator<Weekday> for Weekdays {
    fn from_iter<I: IntoIterator<Item = Weekday>>(days: I) -> Weekdays {
        days.into_iter().fold(Weekdays::NONE, |set, day| set.with(Weekdays::of(day)))
    }
}

/// A window of local time that opens once on each of its days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct Window {
    pub from: NaiveTime,
    /// The first clock time that is out again; at or before `from` it is one of the next day.
    pub to: NaiveTime,
    /// The weekdays on which it starts.
    pub days: Weekdays,
}

impl Window {
    /// Every day.
    pub fn daily(from: NaiveTime, to: NaiveTime) -> Window {
        Window { from, to, days: Weekdays::ALL }
    }

    /// Whether it is open at a moment.
    pub fn contains(&self, at: Instant, zone: Zone) -> bool {
        let (from, to) = self.bounds_ms();
        if let Some(offset) = zone.steady_offset_ms(at) {
            let local = at.0.saturating_add(offset);
            let (day, in_day) = (local.div_euclid(DAY_MS), local.rem_euclid(DAY_MS));
            return (in_day >= from && in_day < to && self.starts_on(day)) || (in_day + DAY_MS < to && self.starts_on(day - 1));
        }
        self.opening_at(at, zone).is_some_and(|(opens, _)| opens <= at)
    }

    /// The first moment from `at` on at which it is open: `at` itself if it is. [`Instant::NEVER`] if it never is.
    pub fn next_open(&self, at: Instant, zone: Zone) -> Instant {
        self.opening_at(at, zone).map_or(Instant::NEVER, |(opens, _)| opens.max(at))
    }

    /// When the window that is open at `at`, or else the next one, closes. Windows that join without a gap count as one;
    /// [`Instant::NEVER`] if it never closes.
    pub fn close_after(&self, at: Instant, zone: Zone) -> Instant {
        let Some((_, mut closes)) = self.opening_at(at, zone) else {
            return Instant::NEVER;
        };
        for _ in 0..8 {
            match self.opening_at(closes, zone) {
                Some((opens, later)) if opens <= closes => closes = later,
                _ => return closes,
            }
        }
        Instant::NEVER
    }

    /// The first moment from `at` on at which it is closed: the end of quiet hours, `at` itself outside them.
    pub fn end_of(&self, at: Instant, zone: Zone) -> Instant {
        if self.contains(at, zone) { self.close_after(at, zone) } else { at }
    }

    /// The first opening that closes after `at`, as (opens, closes).
    fn opening_at(&self, at: Instant, zone: Zone) -> Option<(Instant, Instant)> {
        if self.days.is_empty() || at.0 > LOCAL_MS_MAX {
            return None;
        }
        let (from, to) = self.bounds_ms();
        if self.days == Weekdays::ALL
            && let Some(offset) = zone.steady_offset_ms(at)
        {
            // No transition is near, and the next close is within two days: plain addition.
            let local = at.0 + offset;
            let in_day = local.rem_euclid(DAY_MS);
            let away = if in_day + DAY_MS < to {
                -DAY_MS
            } else if in_day < to {
                0
            } else {
                DAY_MS
            };
            let begin = at.0 - in_day + away;
            return Some((Instant(begin + from), Instant(begin + to)));
        }
        let today = days_of_date(zone.local(at).date());
        // A week on, and a second one for the day whose window lies in a gap.
        for day in today - 1..=today + 15 {
            if self.starts_on(day) {
                let opens = zone.instant_of_ms(day * DAY_MS + from);
                let closes = zone.instant_of_ms(day * DAY_MS + to);
                if closes > at && closes > opens {
                    return Some((opens, closes));
                }
            }
        }
        None
    }

    /// Milliseconds from midnight of the day it starts on.
    fn bounds_ms(&self) -> (i64, i64) {
        let (from, to) = (time_ms(self.from), time_ms(self.to));
        (from, if to <= from { to + DAY_MS } else { to })
    }

    /// `day` counts from 1970-01-01, a Thursday.
    fn starts_on(&self, day: i64) -> bool {
        self.days == Weekdays::ALL || self.days.contains(date_of_days(day).weekday())
    }
}
