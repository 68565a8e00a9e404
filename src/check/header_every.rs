//! Recurring entries: `enter every 2 weeks on monday at 09:00`.
//!
//! In: the rule as written, and the date of `runs from`. Out: a [`Rule`], or a finding and `None`. **Invariant:** a rule that
//! counts has an anchor to count from, and every rule says its day. Knows nothing of journeys.

use super::problem::{after, problems};
use crate::ast::{DayWord, Every, EveryOn, EveryStep, Spanned, Unit};
use crate::calendar::recurrence::{Every as Step, MonthDay, Rule};
use crate::calendar::{HOUR_MS, MINUTE_MS, Weekdays};
use crate::diagnostic::{Code, Diagnostics, Fix};
use crate::source::Place;
use chrono::{Datelike, NaiveDate};

/// The most that a rule may count: `every 1,000 weeks`.
const COUNT_MAX: u32 = 1_000;

problems! {
    /// `every 2 weeks` without `runs from`.
    NoAnchor { unit: &'static str } = Code::new("E0320", "nothing-to-count-from");
        "this entry counts {unit}, and nothing says from when", "which {unit} are meant?",
        "say when counting begins, with a line `runs from 2026-01-05`";

    /// `every month at 09:00`, `every monday on day 3`, `every month on monday`.
    DayUnclear { why: &'static str, line: &'static str, fix: Option<Fix> } = Code::new("E0321", "which-day");
        "it is not clear on which day this entry happens", "{why}", "write for example `{line}`";

    /// `every 10 seconds`, `every 0 days`.
    TooOften { why: &'static str } = Code::new("E0322", "too-often");
        "an entry for all customers cannot happen like this", "{why}", "write at least a minute, for example `enter every 1 hour at 00:00`";
}

/// Builds the rule; `anchor` is the date of `runs from`.
pub(super) fn rule(every: &Every, anchor: Option<NaiveDate>, found: &mut Diagnostics) -> Option<Rule> {
    let at = every.at.as_ref()?.value;
    let step = match every.step.as_ref()? {
        EveryStep::Days(days) => on_days(every, days, found)?,
        EveryStep::Units { count, unit } => on_units(every, *count, *unit, anchor, found)?,
    };
    Some(Rule { every: step, at, anchor })
}

fn on_days(every: &Every, days: &[Spanned<DayWord>], found: &mut Diagnostics) -> Option<Step> {
    if every.on.is_some() {
        let why = "the weekday is said already";
        found.push(DayUnclear { place: every.place, why, line: "enter every monday at 09:00", fix: None });
        return None;
    }
    let on = weekdays(days, found)?;
    Some(Step::Weeks { count: 1, on })
}

fn on_units(every: &Every, count: u32, unit: Unit, anchor: Option<NaiveDate>, found: &mut Diagnostics) -> Option<Step> {
    if count == 0 || count > COUNT_MAX || unit == Unit::Second {
        let why = if unit == Unit::Second { "every few seconds is too often" } else { "count from 1 to 1,000" };
        found.push(TooOften { place: every.place, why });
        return None;
    }
    let place = every.place;
    let needs_no_day = matches!(unit, Unit::Minute | Unit::Hour | Unit::Day | Unit::Year);
    if needs_no_day && every.on.is_some() {
        let why = "a day goes with weeks and months only";
        found.push(DayUnclear { place, why, line: "enter every 2 weeks on monday at 09:00", fix: None });
        return None;
    }
    if (count > 1 || unit == Unit::Year) && anchor.is_none() {
        found.push(NoAnchor { place, unit: plural(unit) });
        return None;
    }
    let count_of = i64::from(count);
    Some(match unit {
        Unit::Second => return None,
        Unit::Minute => Step::Elapsed { ms: count_of * MINUTE_MS },
        Unit::Hour => Step::Elapsed { ms: count_of * HOUR_MS },
        Unit::Day => Step::Days { count },
        Unit::Week => Step::Weeks { count, on: week_day(every, found)? },
        Unit::Month => Step::Months { count, on: month_day(every, found)? },
        Unit::Year => {
            let from = anchor?;
            Step::Years { count, month: from.month() as u8, on: MonthDay::Day(from.day() as u8) }
        }
    })
}

fn week_day(every: &Every, found: &mut Diagnostics) -> Option<Weekdays> {
    match &every.on {
        Some(EveryOn::Days(days)) => weekdays(days, found),
        on => {
            let why = if on.is_some() { "a week has weekdays" } else { "a week has seven days" };
            let fix = on.is_none().then(|| insert_day(every, " on monday"));
            found.push(DayUnclear { place: every.place, why, line: "every week on monday at 09:00", fix: fix.flatten() });
            None
        }
    }
}

fn month_day(every: &Every, found: &mut Diagnostics) -> Option<MonthDay> {
    let unclear = |why, fix: Option<Fix>, found: &mut Diagnostics| {
        found.push(DayUnclear { place: every.place, why, line: "every month on day 1 at 09:00", fix });
        None
    };
    match &every.on {
        None => unclear("a month has many days", insert_day(every, " on day 1"), found),
        Some(EveryOn::Days(_)) => unclear("say which one of the month: `on first monday`, `on last friday`", None, found),
        Some(EveryOn::First(days)) => weekdays(days, found).map(MonthDay::First),
        Some(EveryOn::Last(days)) => weekdays(days, found).map(MonthDay::Last),
        Some(EveryOn::DayOfMonth(day)) => {
            let number = super::amount::count(day, "the day of a month", 31, found)?;
            Some(MonthDay::Day(number as u8))
        }
    }
}

/// Before ` at 09:00`.
fn insert_day(every: &Every, text: &str) -> Option<Fix> {
    let at = every.at.as_ref()?.place;
    // `at ` stands before the time, with one blank on each side in any formatted file.
    let start = at.span.start.checked_sub(4)?;
    let place = Place { span: crate::source::Span::new(start, start), ..at };
    Some(Fix::replace(format!("say the day:{text}"), after(place), text))
}

/// The weekdays of a list of day words.
pub(super) fn weekdays(days: &[Spanned<DayWord>], found: &mut Diagnostics) -> Option<Weekdays> {
    let mut set = Weekdays::NONE;
    for day in days {
        set = set.with(match day.value {
            DayWord::Day(number) => Weekdays::of_number(number),
            DayWord::Weekday => Weekdays::WEEKDAYS,
            DayWord::Weekend => Weekdays::WEEKENDS,
            DayWord::Unit(Unit::Day) => Weekdays::ALL,
            DayWord::Unit(_) => {
                let why = "this is no day of the week";
                found.push(DayUnclear { place: day.place, why, line: "enter every monday at 09:00", fix: None });
                return None;
            }
        });
    }
    (!set.is_empty()).then_some(set)
}

fn plural(unit: Unit) -> &'static str {
    match unit {
        Unit::Second => "seconds",
        Unit::Minute => "minutes",
        Unit::Hour => "hours",
        Unit::Day => "days",
        Unit::Week => "weeks",
        Unit::Month => "months",
        Unit::Year => "years",
    }
}
