//! What literals mean: numbers, durations, dates, clock times, texts.
//!
//! In: the text of a literal token. Out: its value, or why it has none. **Invariant:** whatever is refused here is reported by
//! [`super::errors`] and left out by the lowering, which both ask this module.

use crate::calendar::{DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS, Span as Duration};
use crate::value::{Currency, Decimal};
use chrono::{NaiveDate, NaiveDateTime, NaiveTime};

/// A number: `20000`, `1.5`, `20_000`. None where it has more digits than an exact decimal holds.
pub fn number(text: &str) -> Option<Decimal> {
    if text.contains('_') { Decimal::from_str_exact(&text.replace('_', "")).ok() } else { Decimal::from_str_exact(text).ok() }
}

/// `5%`: as written, 5.
pub fn percent(text: &str) -> Option<Decimal> {
    number(text.trim_end_matches('%').trim_end())
}

/// `500 THB`
pub fn money(text: &str) -> Option<(Decimal, Currency)> {
    let (amount, code) = text.split_once([' ', '\t'])?;
    Some((number(amount)?, Currency::parse(code.trim())?))
}

/// Why a duration has no value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadDuration {
    /// A part of a month or a year, which has no fixed length.
    Fraction,
    TooLong,
}

/// `1 hour 30 minutes`
pub fn duration(text: &str) -> Result<Duration, BadDuration> {
    let mut total = Duration::default();
    let mut words = text.split([' ', '\t']).filter(|word| !word.is_empty());
    while let (Some(count), Some(unit)) = (words.next(), words.next()) {
        let count = number(count).ok_or(BadDuration::TooLong)?;
        add(&mut total, count, unit)?;
    }
    Ok(total)
}

/// Parts of a day and of a week are elapsed time: `1.5 days` is one day and 12 hours.
fn add(total: &mut Duration, count: Decimal, unit: &str) -> Result<(), BadDuration> {
    let too_long = BadDuration::TooLong;
    let months = |per: i32| -> Result<i32, BadDuration> {
        if !count.is_integer() {
            return Err(BadDuration::Fraction);
        }
        i32::try_from(count.trunc()).ok().and_then(|count| count.checked_mul(per)).ok_or(too_long)
    };
    let elapsed = |count: Decimal, unit_ms: i64| -> Result<i64, BadDuration> {
        let ms = count.checked_mul(Decimal::from(unit_ms)).ok_or(too_long)?;
        i64::try_from(ms.round()).map_err(|_| too_long)
    };
    let days = |per: i32| -> Result<(i32, i64), BadDuration> {
        let days = count.checked_mul(Decimal::from(per)).ok_or(too_long)?;
        let whole = i32::try_from(days.trunc()).map_err(|_| too_long)?;
        Ok((whole, elapsed(days.fract(), DAY_MS)?))
    };
    let (add_months, (add_days, add_ms)) = match unit.trim_end_matches('s') {
        "second" => (0, (0, elapsed(count, SECOND_MS)?)),
        "minute" => (0, (0, elapsed(count, MINUTE_MS)?)),
        "hour" => (0, (0, elapsed(count, HOUR_MS)?)),
        "day" => (0, days(1)?),
        "week" => (0, days(7)?),
        "month" => (months(1)?, (0, 0)),
        _ => (months(12)?, (0, 0)),
    };
    total.months = total.months.checked_add(add_months).ok_or(too_long)?;
    total.days = total.days.checked_add(add_days).ok_or(too_long)?;
    total.ms = total.ms.checked_add(add_ms).ok_or(too_long)?;
    Ok(())
}

/// `2026-03-01`; None where the calendar has no such day.
pub fn date(text: &str) -> Option<NaiveDate> {
    let year = text.get(0..4)?.parse().ok()?;
    let month = text.get(5..7)?.parse().ok()?;
    let day = text.get(8..10)?.parse().ok()?;
    // Year 0 is none that a customer was born in.
    if year == 0 { None } else { NaiveDate::from_ymd_opt(year, month, day) }
}

/// `09:00`; None where the clock has no such time.
pub fn time(text: &str) -> Option<NaiveTime> {
    NaiveTime::from_hms_opt(text.get(0..2)?.parse().ok()?, text.get(3..5)?.parse().ok()?, 0)
}

/// `2026-03-01 09:00`
pub fn datetime(text: &str) -> Option<NaiveDateTime> {
    Some(date(text.get(..10)?)?.and_time(time(text.get(10..)?.trim_start())?))
}

/// What stands between the quotes of a text, decoded.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Decoded {
    pub text: String,
    /// (offset in `text`, offset in the source), ascending.
    pub map: Vec<(u32, u32)>,
    /// Byte ranges in the source of escapes that mean nothing.
    pub bad_escapes: Vec<(u32, u32)>,
}

/// Decodes the content of a text of one line that begins at byte `start` of the source.
pub fn decode(content: &str, start: u32) -> Decoded {
    let mut decoded = Decoded { map: vec![(0, start)], ..Decoded::default() };
    decoded.text.reserve(content.len());
    decoded.push(content, start);
    decoded
}

/// Decodes a long text: the first line, if blank, and the blank end of the last one go, and so does the indent that all lines share.
pub fn decode_long(content: &str, start: u32) -> Decoded {
    let mut decoded = Decoded { map: vec![(0, start)], ..Decoded::default() };
    let mut lines: Vec<(u32, &str)> = Vec::new();
    let mut at = start;
    for line in content.split('\n') {
        lines.push((at, line.trim_end_matches('\r')));
        at += line.len() as u32 + 1;
    }
    if lines.len() > 1 && lines.last().is_some_and(|line| line.1.trim().is_empty()) {
        lines.pop();
    }
    let opened_blank = lines.len() > 1 && lines[0].1.trim().is_empty() || lines.len() == 1 && content.contains('\n');
    let body = if opened_blank { &lines[1..] } else { &lines[..] };
    // A text that begins right behind the quotes has no indent on its first line.
    let indented = if opened_blank { body } else { body.get(1..).unwrap_or(&[]) };
    let indent = indented
        .iter()
        .filter(|line| !line.1.trim().is_empty())
        .map(|line| line.1.len() - line.1.trim_start_matches([' ', '\t']).len())
        .min();
    for (index, (at, line)) in body.iter().enumerate() {
        if index > 0 {
            decoded.text.push('\n');
        }
        let cut =
            if opened_blank || index > 0 { indent.unwrap_or(0).min(line.len() - line.trim_start_matches([' ', '\t']).len()) } else { 0 };
        let from = at + cut as u32;
        decoded.note(from);
        decoded.push(&line[cut..], from);
    }
    decoded
}

impl Decoded {
    /// What comes next was written at byte `at`.
    fn note(&mut self, at: u32) {
        let here = self.text.len() as u32;
        match self.map.last_mut() {
            Some(last) if last.0 == here => last.1 = at,
            _ => self.map.push((here, at)),
        }
    }

    /// Resolves escapes; what stands between `{{` and `}}` belongs to the template and keeps its backslashes.
    fn push(&mut self, content: &str, start: u32) {
        let (mut done, mut from, mut holes) = (0, 0, true);
        while let Some(at) = content[from..].find(['\\', '{']).map(|at| from + at) {
            if content[at..].starts_with('{') {
                let hole = holes && content[at..].starts_with("{{");
                let close = if hole { content[at + 2..].find(['}', '{']).map(|next| at + 2 + next) } else { None };
                match close.filter(|close| content[*close..].starts_with("}}")) {
                    Some(close) => from = close + 2,
                    None => {
                        holes &= !hole;
                        from = at + 1;
                    }
                }
                continue;
            }
            self.text.push_str(&content[done..at]);
            let (length, meant) = escape_at(&content[at..]);
            match meant {
                Some(meant) => self.text.push(meant),
                None => {
                    self.text.push_str(&content[at..at + length]);
                    self.bad_escapes.push((start + at as u32, start + (at + length) as u32));
                }
            }
            from = at + length;
            done = from;
            self.note(start + done as u32);
        }
        self.text.push_str(&content[done..]);
    }
}

/// How many bytes an escape has, and what it means.
fn escape_at(escape: &str) -> (usize, Option<char>) {
    let Some(second) = escape.chars().nth(1) else { return (1, None) };
    let length = 1 + second.len_utf8();
    match second {
        '"' | '\\' => (length, Some(second)),
        'n' => (length, Some('\n')),
        't' => (length, Some('\t')),
        'u' if escape[2..].starts_with('{') => match escape.find('}') {
            Some(close) => {
                let meant = u32::from_str_radix(&escape[3..close], 16).ok().and_then(char::from_u32).filter(|_| close - 3 <= 6);
                (close + 1, meant)
            }
            None => (length, None),
        },
        _ => (length, None),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn durations_keep_calendar_and_clock_apart() {
        assert_eq!(duration("1 hour 30 minutes"), Ok(Duration { months: 0, days: 0, ms: 5_400_000 }));
        assert_eq!(duration("2 weeks 1 day"), Ok(Duration { months: 0, days: 15, ms: 0 }));
        assert_eq!(duration("1 year"), Ok(Duration { months: 12, days: 0, ms: 0 }));
        assert_eq!(duration("1.5 hours"), Ok(Duration { months: 0, days: 0, ms: 5_400_000 }));
        assert_eq!(duration("1.5 days"), Ok(Duration { months: 0, days: 1, ms: 12 * HOUR_MS }));
        assert_eq!(duration("1.5 months"), Err(BadDuration::Fraction));
        assert_eq!(duration("99999999999 days"), Err(BadDuration::TooLong));
    }

    #[test]
    fn days_and_times_that_do_not_exist_are_none() {
        assert!(date("2026-02-30").is_none() && date("2028-02-29").is_some() && date("0000-01-01").is_none());
        assert!(time("25:00").is_none() && time("23:59").is_some());
    }

    #[test]
    fn a_text_knows_where_its_parts_came_from() {
        let decoded = decode(r#"a\"b\u{0E01}c\q"#, 10);
        assert_eq!(decoded.text, "a\"bกc\\q");
        assert_eq!(decoded.map, [(0, 10), (2, 13), (6, 22), (9, 25)]);
        assert_eq!(decoded.bad_escapes, [(23, 25)]);
    }

    #[test]
    fn a_long_text_loses_its_common_indent() {
        let decoded = decode_long("\n    Hello,\n\n      you\n    ", 3);
        assert_eq!(decoded.text, "Hello,\n\n  you");
        assert_eq!(decoded.map[0], (0, 8));
        assert_eq!(decode_long("one", 0).text, "one");
        assert_eq!(decode_long("one\n  two\n", 0).text, "one\ntwo");
        assert_eq!(decode_long("\n", 0).text, "");
    }
}
