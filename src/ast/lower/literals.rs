//! Literals: texts with their escapes resolved, numbers, money, durations, dates and times.

use super::Lowerer;
use crate::ast::{DayWord, MomentLit, Spanned, TextLit, Unit};
use crate::calendar::{DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS, Span as Duration};
use crate::source::{Place, Span};
use crate::syntax::literal::{self, Decoded};
use crate::syntax::{Kind as K, NodeId};
use crate::value::{Currency, Decimal};
use chrono::{NaiveDate, NaiveDateTime, NaiveTime};
use rust_decimal::prelude::ToPrimitive;
use std::str::FromStr;

impl Lowerer<'_> {
    /// The first text among the pieces of a node, whatever its quotes.
    pub(super) fn text_in(&self, node: NodeId) -> Option<TextLit> {
        self.children(node).into_iter().find_map(|child| self.text_of(child))
    }

    pub(super) fn text_of(&self, node: NodeId) -> Option<TextLit> {
        let written = self.text(node);
        let start = self.tree.span(node).start;
        let (open, close) = match self.kind(node) {
            K::Text => (1, 1),
            K::OpenText => (1, 0),
            K::LongText => return Some(self.long_text(node, 3)),
            K::OpenLongText => return Some(self.long_text(node, 0)),
            K::ForeignText => {
                let first = written.chars().next().map_or(0, char::len_utf8);
                let last = if written.chars().count() > 1 { written.chars().next_back().map_or(0, char::len_utf8) } else { 0 };
                (first, last)
            }
            _ => return None,
        };
        let inner = written.get(open..written.len().saturating_sub(close).max(open)).unwrap_or("");
        let content = Span::new(start + open as u32, start + (open + inner.len()) as u32);
        let Decoded { text, map, .. } = literal::decode(inner, content.start);
        Some(TextLit { text, place: self.place(node), content: content.at(self.file), long: false, map })
    }

    /// `"""…"""`: a line end right after the opening quotes, the common indent, and the blanks before the closing quotes do not count.
    fn long_text(&self, node: NodeId, close: usize) -> TextLit {
        let written = self.text(node);
        let start = self.tree.span(node).start + 3;
        let inner = written.get(3..written.len().saturating_sub(close).max(3)).unwrap_or("");
        let content = Span::new(start, start + inner.len() as u32);
        let Decoded { text, map, .. } = literal::decode_long(inner, content.start);
        TextLit { text, place: self.place(node), content: content.at(self.file), long: true, map }
    }

    pub(super) fn number_in(&self, node: NodeId) -> Option<Spanned<Decimal>> {
        self.child(node, K::Number).and_then(|number| self.number_of(number))
    }

    pub(super) fn number_of(&self, node: NodeId) -> Option<Spanned<Decimal>> {
        decimal(self.text(node)).map(|value| Spanned { value, place: self.place(node) })
    }

    /// A percentage; a plain number where the sign was forgotten.
    pub(super) fn percent_in(&self, node: NodeId) -> Option<Spanned<Decimal>> {
        let found = self.child(node, K::Percent).or_else(|| self.child(node, K::Number))?;
        decimal(self.text(found).trim_end_matches('%')).map(|value| Spanned { value, place: self.place(found) })
    }

    pub(super) fn money_of(&self, node: NodeId) -> Option<(Decimal, Currency)> {
        let text = self.text(node).trim();
        let (number, code) = text.split_at(text.len().checked_sub(3)?);
        Some((decimal(number.trim())?, Currency::parse(code)?))
    }

    /// The first duration among the pieces of a node.
    pub(super) fn duration_in(&self, node: NodeId) -> Option<Spanned<Duration>> {
        self.children(node).into_iter().find_map(|child| self.duration_of(child))
    }

    pub(super) fn duration_of(&self, node: NodeId) -> Option<Spanned<Duration>> {
        if !matches!(self.kind(node), K::Duration | K::ForeignDuration | K::WordedDuration) {
            return None;
        }
        duration(self.text(node)).map(|value| Spanned { value, place: self.place(node) })
    }

    pub(super) fn time_of(&self, node: NodeId) -> Option<Spanned<NaiveTime>> {
        let value = match self.kind(node) {
            K::Time => NaiveTime::parse_from_str(self.text(node), "%H:%M").ok()?,
            K::ForeignTime => foreign_time(self.text(node))?,
            _ => return None,
        };
        Some(Spanned { value, place: self.place(node) })
    }

    /// Clock times among the pieces of a node, in order.
    pub(super) fn times_in(&self, node: NodeId) -> Vec<Spanned<NaiveTime>> {
        self.children(node).into_iter().filter_map(|child| self.time_of(child)).collect()
    }

    pub(super) fn time_in(&self, node: NodeId) -> Option<Spanned<NaiveTime>> {
        self.times_in(node).into_iter().next()
    }

    pub(super) fn date_of(&self, node: NodeId) -> Option<NaiveDate> {
        NaiveDate::parse_from_str(self.text(node), "%Y-%m-%d").ok()
    }

    pub(super) fn datetime_of(&self, node: NodeId) -> Option<NaiveDateTime> {
        let (date, time) = self.text(node).split_once([' ', '\t', 'T'])?;
        let date = NaiveDate::parse_from_str(date, "%Y-%m-%d").ok()?;
        let time = NaiveTime::parse_from_str(time.trim().get(..5)?, "%H:%M").ok()?;
        Some(date.and_time(time))
    }

    pub(super) fn moment_of(&self, node: NodeId) -> Option<MomentLit> {
        let place = self.place(node);
        match self.kind(node) {
            K::Datetime => Some(MomentLit { value: self.datetime_of(node)?, date_only: false, place }),
            K::Date => Some(MomentLit { value: self.date_of(node)?.and_time(NaiveTime::MIN), date_only: true, place }),
            K::ForeignDate => self.datetime_of(node).map(|value| MomentLit { value, date_only: false, place }),
            _ => None,
        }
    }

    pub(super) fn moments_in(&self, node: NodeId) -> Vec<MomentLit> {
        self.children(node).into_iter().filter_map(|child| self.moment_of(child)).collect()
    }

    pub(super) fn moment_in(&self, node: NodeId) -> Option<MomentLit> {
        self.moments_in(node).into_iter().next()
    }

    /// The days of the first `days` among the pieces of a node.
    pub(super) fn days_in(&self, node: NodeId) -> Vec<Spanned<DayWord>> {
        let Some(days) = self.child(node, K::Days) else { return Vec::new() };
        self.children(days).into_iter().filter(|day| self.kind(*day) == K::Day).filter_map(|day| self.day_of(day)).collect()
    }

    pub(super) fn day_of(&self, node: NodeId) -> Option<Spanned<DayWord>> {
        let value = match self.text(node) {
            "monday" => DayWord::Day(0),
            "tuesday" => DayWord::Day(1),
            "wednesday" => DayWord::Day(2),
            "thursday" => DayWord::Day(3),
            "friday" => DayWord::Day(4),
            "saturday" => DayWord::Day(5),
            "sunday" => DayWord::Day(6),
            "weekday" | "weekdays" => DayWord::Weekday,
            "weekend" | "weekends" => DayWord::Weekend,
            "day" => DayWord::Unit(Unit::Day),
            "week" => DayWord::Unit(Unit::Week),
            "month" => DayWord::Unit(Unit::Month),
            "year" => DayWord::Unit(Unit::Year),
            _ => return None,
        };
        Some(Spanned { value, place: self.place(node) })
    }

    /// The place right behind a node.
    pub(super) fn behind(&self, node: NodeId) -> Place {
        let end = self.place(node).span.end;
        Span::new(end, end).at(self.file)
    }
}

pub(super) fn decimal(text: &str) -> Option<Decimal> {
    let digits: String = text.trim().chars().filter(|letter| *letter != '_').collect();
    Decimal::from_str(&digits).ok()
}

fn unit_of(word: &str) -> Option<Unit> {
    Some(match word.to_ascii_lowercase().as_str() {
        "second" | "seconds" | "sec" | "secs" | "s" => Unit::Second,
        "minute" | "minutes" | "min" | "mins" | "m" => Unit::Minute,
        "hour" | "hours" | "hr" | "hrs" | "h" => Unit::Hour,
        "day" | "days" | "d" => Unit::Day,
        "week" | "weeks" | "wk" | "wks" | "w" => Unit::Week,
        "month" | "months" => Unit::Month,
        "year" | "years" | "yr" | "yrs" | "y" => Unit::Year,
        _ => return None,
    })
}

/// `1 hour 30 minutes`, and the spellings that the syntax understands only to correct them.
fn duration(text: &str) -> Option<Duration> {
    let mut span = Duration::default();
    let mut rest = text.trim();
    while !rest.is_empty() {
        let digits = rest.find(|letter: char| !(letter.is_ascii_digit() || letter == '_' || letter == '.')).unwrap_or(rest.len());
        let (count, after) = if digits > 0 {
            (decimal(&rest[..digits])?, &rest[digits..])
        } else {
            let end = rest.find([' ', '\t'])?;
            (worded(&rest[..end])?, &rest[end..])
        };
        let after = after.trim_start();
        let end = after.find(|letter: char| !letter.is_ascii_alphabetic()).unwrap_or(after.len());
        add(&mut span, count, unit_of(&after[..end])?)?;
        rest = after[end..].trim_start();
    }
    Some(span)
}

fn worded(word: &str) -> Option<Decimal> {
    let words = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"];
    if matches!(word, "a" | "an") {
        return Some(Decimal::ONE);
    }
    words.iter().position(|known| *known == word).map(|at| Decimal::from(at as u64 + 1))
}

/// Parts of a day are elapsed time: `1.5 days` is one day and 12 hours. Too large ones stop at the largest that can be held. A part of a
/// month has no length: it is reported where it is read, and is nothing here.
fn add(span: &mut Duration, count: Decimal, unit: Unit) -> Option<()> {
    if matches!(unit, Unit::Month | Unit::Year) && !count.is_integer() {
        return None;
    }
    let whole = |by: i64| (count * Decimal::from(by)).trunc().to_i64().unwrap_or(i64::MAX);
    let small = |value: i64| i32::try_from(value).unwrap_or(i32::MAX);
    let part = |ms: i64| (count.fract() * Decimal::from(ms)).trunc().to_i64().unwrap_or(0);
    match unit {
        Unit::Second => span.ms = span.ms.saturating_add(whole(SECOND_MS)),
        Unit::Minute => span.ms = span.ms.saturating_add(whole(MINUTE_MS)),
        Unit::Hour => span.ms = span.ms.saturating_add(whole(HOUR_MS)),
        Unit::Day => {
            span.days = span.days.saturating_add(small(whole(1)));
            span.ms = span.ms.saturating_add(part(DAY_MS));
        }
        Unit::Week => {
            span.days = span.days.saturating_add(small(whole(1).saturating_mul(7)));
            span.ms = span.ms.saturating_add(part(7 * DAY_MS));
        }
        Unit::Month => span.months = span.months.saturating_add(small(whole(1))),
        Unit::Year => span.months = span.months.saturating_add(small(whole(12))),
    }
    Some(())
}

/// `9:00`, `9am`, `09:00:00`
fn foreign_time(text: &str) -> Option<NaiveTime> {
    let lower = text.to_ascii_lowercase();
    let (clock, afternoon) = match (lower.strip_suffix("am"), lower.strip_suffix("pm")) {
        (Some(clock), _) => (clock, Some(false)),
        (_, Some(clock)) => (clock, Some(true)),
        _ => (lower.as_str(), None),
    };
    let mut numbers = clock.trim().split(':').map(|part| part.trim().parse::<u32>());
    let hour = numbers.next()?.ok()?;
    let minute = numbers.next().and_then(Result::ok).unwrap_or(0);
    let hour = match afternoon {
        Some(true) if hour < 12 => hour + 12,
        Some(false) if hour == 12 => 0,
        _ => hour,
    };
    NaiveTime::from_hms_opt(hour, minute, 0)
}
