//! Moments, dates and clock times as other systems write them.
//!
//! In: text, a stated format, the zone of times that say none. Out: [`Instant`]s, dates, clock times. **Invariant:** only the stated format
//! is read, nothing is guessed: in `auto`, a bare number must be plainly seconds or plainly milliseconds. Does not know what the moment is of.

use super::parse::ParseError;
use crate::calendar::{DAY_MS, HOUR_MS, Instant, LOCAL_MS_MAX, LOCAL_MS_MIN, MINUTE_MS, SECOND_MS, Span, Zone, days_of_date, local_ms};
use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, NaiveTime};

/// How moments are written in a source.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TimeFormat {
    /// ISO 8601 with or without zone, a date, or seconds or milliseconds since 1970 of the years 1973 to 2099.
    #[default]
    Auto,
    /// ISO 8601, with or without zone: `2026-03-01T09:00:00+07:00`, `2026-03-01 09:00`.
    Rfc3339,
    /// `2026-03-01`: the begin of that day.
    Date,
    EpochSeconds,
    EpochMillis,
    /// A strftime pattern, such as `%d/%m/%Y %H:%M`.
    Custom(String),
}

impl TimeFormat {
    /// As `onward.toml` says it: `auto`, `iso`, `date`, `seconds`, `milliseconds`, or a strftime pattern. `None` for anything else.
    pub fn parse(text: &str) -> Option<TimeFormat> {
        Some(match text {
            "auto" => TimeFormat::Auto,
            "iso" | "rfc3339" => TimeFormat::Rfc3339,
            "date" => TimeFormat::Date,
            "seconds" => TimeFormat::EpochSeconds,
            "milliseconds" => TimeFormat::EpochMillis,
            pattern if pattern.contains('%') => {
                let known = chrono::format::StrftimeItems::new(pattern).all(|item| !matches!(item, chrono::format::Item::Error));
                return known.then(|| TimeFormat::Custom(pattern.to_owned()));
            }
            _ => return None,
        })
    }
}

/// In `auto`, seconds are of 1973-03-03 to 2099: an eight-digit number is a date that somebody wrote without hyphens.
const AUTO_SECONDS: std::ops::Range<i64> = 100_000_000..4_102_444_800;
const AUTO_MILLIS: std::ops::Range<i64> = 100_000_000_000..4_102_444_800_000;

/// Before the first year that [`gregorian`] doubts, in every zone.
const YEAR_2400_MS: i64 = 13_569_465_600_000 - DAY_MS;

/// A moment in the stated format; `zone` is that of times that say none.
pub fn read(text: &str, format: &TimeFormat, zone: Zone) -> Result<Instant, ParseError> {
    let text = text.trim_ascii();
    let found = match format {
        TimeFormat::Auto if text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') => auto_number(text),
        TimeFormat::Auto | TimeFormat::Rfc3339 => iso(text, zone),
        TimeFormat::Date => date(text).map(|date| zone.instant(date.and_time(NaiveTime::MIN))),
        TimeFormat::EpochSeconds => epoch_ms(text, SECOND_MS),
        TimeFormat::EpochMillis => epoch_ms(text, 1),
        TimeFormat::Custom(pattern) => custom(text, pattern, zone),
    };
    match found {
        Some(instant) if instant.0 < YEAR_2400_MS => Ok(instant),
        Some(instant) => gregorian(text, zone.local(instant).year()).map(|()| instant),
        None => Err(ParseError::not_a("moment", text, hint(text, format))),
    }
}

/// A date: `2026-03-01`. A midnight after it says nothing and is taken.
pub fn read_date(text: &str) -> Result<NaiveDate, ParseError> {
    let text = text.trim_ascii();
    let day = text.get(..10).filter(|_| {
        let rest = text.get(11..).unwrap_or("").trim_end_matches('Z');
        text.len() == 10 || (matches!(text.as_bytes()[10], b'T' | b' ') && matches!(rest, "00:00" | "00:00:00" | "00:00:00.000"))
    });
    match day.and_then(date) {
        Some(date) => gregorian(text, date.year()).map(|()| date),
        None => Err(ParseError::not_a("date", text, Some("write 2026-03-01".into()))),
    }
}

/// A clock time: `09:00`, `9:00` or `09:00:30`.
pub fn read_time(text: &str) -> Result<NaiveTime, ParseError> {
    let text = text.trim_ascii();
    let mut parts =
        text.split(':').map(|part| part.parse::<u32>().ok().filter(|_| (1..=2).contains(&part.len()) && part.as_bytes()[0] != b'+'));
    let found = match (parts.next().flatten(), parts.next().flatten(), parts.next(), parts.next()) {
        (Some(hour), Some(minute), None, None) => NaiveTime::from_hms_opt(hour, minute, 0),
        (Some(hour), Some(minute), Some(Some(second)), None) => NaiveTime::from_hms_opt(hour, minute, second),
        _ => None,
    };
    found.ok_or_else(|| ParseError::not_a("clock time", text, Some("write 09:00".into())))
}

/// A duration as the language writes it: `2 days`, `1 hour 30 minutes`.
pub fn read_span(text: &str) -> Result<Span, ParseError> {
    let wrong = || ParseError::not_a("duration", text, Some("write 2 days or 1 hour 30 minutes".into()));
    let mut words = text.split_whitespace();
    let mut span = Span::default();
    let mut any = false;
    while let Some(count) = words.next() {
        let count: i32 = Some(count)
            .filter(|count| count.bytes().all(|byte| byte.is_ascii_digit()))
            .and_then(|count| count.parse().ok())
            .ok_or_else(wrong)?;
        let unit = words.next().ok_or_else(wrong)?;
        let one = match unit.strip_suffix('s').unwrap_or(unit) {
            "second" => Span::of_ms(SECOND_MS),
            "minute" => Span::of_ms(MINUTE_MS),
            "hour" => Span::of_ms(HOUR_MS),
            "day" => Span::of_days(1),
            "week" => Span::of_days(7),
            "month" => Span { months: 1, ..Span::default() },
            "year" => Span { months: 12, ..Span::default() },
            _ => return Err(wrong()),
        };
        span = span.plus(one.times(count));
        any = true;
    }
    if any { Ok(span) } else { Err(wrong()) }
}

/// Years of the Buddhist calendar are ahead by 543: 2569 is 2026. Nobody means the year 2569 otherwise.
fn gregorian(text: &str, year: i32) -> Result<(), ParseError> {
    if (2400..=2699).contains(&year) {
        let hint = format!("years are counted in the common era, so {year} would be {}", year - 543);
        return Err(ParseError::not_a("date of this age", text, Some(hint)));
    }
    Ok(())
}

fn hint(text: &str, format: &TimeFormat) -> Option<String> {
    Some(match format {
        TimeFormat::Auto if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) => {
            "say whether the source counts seconds or milliseconds since 1970, or state the pattern".into()
        }
        TimeFormat::Auto | TimeFormat::Rfc3339 => {
            "write 2026-03-01 09:00 or 2026-03-01T09:00:00Z, or state the pattern of the source".into()
        }
        TimeFormat::Date => "write 2026-03-01".into(),
        TimeFormat::EpochSeconds => "this source counts seconds since 1970".into(),
        TimeFormat::EpochMillis => "this source counts milliseconds since 1970".into(),
        TimeFormat::Custom(pattern) => format!("this source says `{pattern}`"),
    })
}

fn in_range(ms: i64) -> Option<Instant> {
    (LOCAL_MS_MIN..=LOCAL_MS_MAX).contains(&ms).then_some(Instant(ms))
}

/// A number of seconds (with a fraction) or milliseconds since 1970.
fn epoch_ms(text: &str, unit: i64) -> Option<Instant> {
    if (1..=15).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return in_range(text.parse::<i64>().ok()?.checked_mul(unit)?);
    }
    let number = super::number::read(text, false)?.checked_mul(unit.into())?.floor();
    in_range(i64::try_from(number.mantissa()).ok()?)
}

fn auto_number(text: &str) -> Option<Instant> {
    let number = epoch_ms(text, 1)?.0;
    if AUTO_SECONDS.contains(&number) { epoch_ms(text, SECOND_MS) } else { AUTO_MILLIS.contains(&number).then_some(Instant(number)) }
}

fn custom(text: &str, pattern: &str, zone: Zone) -> Option<Instant> {
    if let Ok(moment) = DateTime::parse_from_str(text, pattern) {
        return in_range(moment.timestamp_millis());
    }
    let local = NaiveDateTime::parse_from_str(text, pattern)
        .ok()
        .or_else(|| NaiveDate::parse_from_str(text, pattern).ok().map(|date| date.and_time(NaiveTime::MIN)))?;
    in_range(local_ms(local)).map(|_| zone.instant(local))
}

/// `2026-03-01`, nothing else.
fn date(text: &str) -> Option<NaiveDate> {
    let bytes: &[u8; 10] = text.as_bytes().try_into().ok()?;
    if bytes[4] != b'-' || bytes[7] != b'-' {
        return None;
    }
    let year = two(bytes, 0)? * 100 + two(bytes, 2)?;
    NaiveDate::from_ymd_opt(year as i32, two(bytes, 5)?, two(bytes, 8)?).filter(|_| year > 0)
}

/// Two digits.
fn two(bytes: &[u8], at: usize) -> Option<u32> {
    match bytes.get(at..at + 2)? {
        [tens @ b'0'..=b'9', ones @ b'0'..=b'9'] => Some(u32::from(tens - b'0') * 10 + u32::from(ones - b'0')),
        _ => None,
    }
}

/// ISO 8601 by hand: a source of ten million rows is read at the speed of its slowest column.
fn iso(text: &str, zone: Zone) -> Option<Instant> {
    let bytes = text.as_bytes();
    let day_ms = days_of_date(date(text.get(..10)?)?) * DAY_MS;
    let Some(separator) = bytes.get(10) else { return Some(zone.instant_of_ms(day_ms)) };
    if !matches!(separator, b'T' | b't' | b' ') || bytes.get(13) != Some(&b':') {
        return None;
    }
    let (hour, minute) = (two(bytes, 11)?, two(bytes, 14)?);
    let (mut second, mut ms, mut at) = (0, 0, 16);
    if bytes.get(16) == Some(&b':') {
        (second, at) = (two(bytes, 17)?, 19);
        if let Some(b'.' | b',') = bytes.get(19) {
            let digits = bytes[20..].iter().take_while(|byte| byte.is_ascii_digit()).count();
            if digits == 0 || digits > 9 {
                return None;
            }
            // Below a millisecond is cut off: an event is never later than it was.
            let digit = |place: usize| if place < digits { i64::from(bytes[20 + place] - b'0') } else { 0 };
            (ms, at) = (digit(0) * 100 + digit(1) * 10 + digit(2), 20 + digits);
        }
    }
    // A leap second is the first of the next minute.
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let local = day_ms + i64::from(hour) * HOUR_MS + i64::from(minute) * MINUTE_MS + i64::from(second) * SECOND_MS + ms;
    match &bytes[at..] {
        [] => in_range(zone.instant_of_ms(local).0),
        b"Z" | b"z" | b" UTC" => in_range(local),
        rest => in_range(local - offset_ms(rest)?),
    }
}

/// `+07:00`, `+0700` or `+07`, perhaps after a space.
fn offset_ms(text: &[u8]) -> Option<i64> {
    let text = text.strip_prefix(b" ").unwrap_or(text);
    let sign = match text.first()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let minutes = match text.len() {
        3 => 0,
        5 => two(text, 3)?,
        6 if text[3] == b':' => two(text, 4)?,
        _ => return None,
    };
    let hours = two(text, 1)?;
    (hours <= 18 && minutes <= 59).then(|| sign * (i64::from(hours) * HOUR_MS + i64::from(minutes) * MINUTE_MS))
}
