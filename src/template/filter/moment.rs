//! Texts and numbers as moments, as Ruby's `Time.parse` reads them.
//!
//! In: a value, what `now` is, a time zone for what names none. Out: a local date and time, or nothing. **Invariant:** total and linear;
//! what is only half a date is completed from `now`.

use crate::calendar::{Instant, Zone};
use crate::template::data::{Moment, Value};
use chrono::{Datelike, Duration, NaiveDate, NaiveDateTime, NaiveTime};

/// The longest text that can be a date, bytes.
const TEXT_BYTES_MAX: usize = 128;

/// A value as a moment.
pub fn of(value: &Value, now: Option<Instant>, zone: Zone) -> Option<Moment> {
    match value {
        Value::Moment(moment) => Some((**moment).clone()),
        Value::Integer(seconds) => at(*seconds, zone),
        Value::Text(text) | Value::Html(text) => {
            let text = text.trim();
            if text.is_empty() || text.len() > TEXT_BYTES_MAX {
                return None;
            }
            let text = text.to_lowercase();
            if text == "now" || text == "today" {
                return now.map(|now| local(now, zone));
            }
            if text.bytes().all(|byte| byte.is_ascii_digit()) {
                return at(text.parse().ok()?, zone);
            }
            read(&text, now, zone)
        }
        _ => None,
    }
}

/// A moment in a zone.
pub fn local(instant: Instant, zone: Zone) -> Moment {
    let local = zone.local(instant);
    let utc = Zone::UTC.local(instant);
    let ahead = (local - utc).num_seconds() as i32;
    Moment { local, ahead_seconds: ahead, zone: (ahead == 0).then(|| "UTC".into()), is_date: false }
}

fn at(seconds: i64, zone: Zone) -> Option<Moment> {
    // Within what a calendar of five digits shows.
    (-100_000_000_000..=2_000_000_000_000).contains(&seconds).then_some(())?;
    Some(local(Instant(seconds.checked_mul(1000)?), zone))
}

/// What has been found in a text so far.
#[derive(Default)]
struct Found {
    year: Option<i32>,
    month: Option<u32>,
    day: Option<u32>,
    time: Option<NaiveTime>,
    pm: Option<bool>,
    ahead: Option<i32>,
    utc: bool,
    weekday: bool,
}

const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

fn read(text: &str, now: Option<Instant>, zone: Zone) -> Option<Moment> {
    let mut found = Found::default();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = if first.is_ascii_digit() {
            numbers(rest, &mut found)?
        } else if first.is_alphabetic() {
            let length = rest.find(|c: char| !c.is_alphabetic()).unwrap_or(rest.len());
            word(&rest[..length], &mut found)?;
            length
        } else if matches!(first, '+' | '-') && found.time.is_some() && rest[1..].starts_with(|c: char| c.is_ascii_digit()) {
            let digits = rest[1..].find(|c: char| !(c.is_ascii_digit() || c == ':')).map_or(rest.len(), |end| end + 1);
            found.ahead = Some(distance(&rest[..digits])?);
            digits
        } else {
            first.len_utf8()
        };
        rest = &rest[length..];
    }
    complete(found, now, zone)
}

/// The day and the time of what was found; what is missing is that of now, or the first.
fn complete(found: Found, now: Option<Instant>, zone: Zone) -> Option<Moment> {
    if found.year.is_none() && found.month.is_none() && found.day.is_none() && found.time.is_none() && !found.weekday {
        return None;
    }
    let today = now.map(|now| zone.local(now).date());
    let date = match (found.year, found.month, found.day) {
        (Some(year), month, day) => NaiveDate::from_ymd_opt(year, month.unwrap_or(1), day.unwrap_or(1))?,
        (None, Some(month), day) => NaiveDate::from_ymd_opt(today?.year(), month, day.unwrap_or(1))?,
        (None, None, Some(day)) => today?.with_day(day)?,
        (None, None, None) => today?,
    };
    let mut time = found.time.unwrap_or_default();
    if let Some(pm) = found.pm {
        let hour = chrono::Timelike::hour(&time) % 12 + if pm { 12 } else { 0 };
        time = chrono::Timelike::with_hour(&time, hour)?;
    }
    let local: NaiveDateTime = date.and_time(time);
    let ahead = match (found.ahead, found.utc) {
        (Some(ahead), _) => ahead,
        (None, true) => 0,
        (None, false) => {
            // How far the zone is ahead then: close enough around a change of the clocks.
            let as_utc = Instant(local.and_utc().timestamp_millis());
            (zone.local(as_utc) - Zone::UTC.local(as_utc)).num_seconds() as i32
        }
    };
    local.checked_sub_signed(Duration::seconds(i64::from(ahead)))?;
    let utc = found.utc || (found.ahead.is_none() && ahead == 0);
    Some(Moment { local, ahead_seconds: ahead, zone: utc.then(|| "UTC".into()), is_date: false })
}

/// `2020-06-15`, `15/06/2020`, `14:30:05.25`, `2020`, `15`, `1st`: gives the length.
fn numbers(text: &str, found: &mut Found) -> Option<usize> {
    let length = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let number: i64 = text[..length].parse().ok()?;
    let after = text.as_bytes().get(length).copied();
    let next_is_digit = text.as_bytes().get(length + 1).is_some_and(u8::is_ascii_digit);
    match after {
        Some(b':') if next_is_digit => return clock(text, found),
        Some(sign @ (b'-' | b'/' | b'.')) if next_is_digit && found.year.is_none() && found.month.is_none() => {
            if let Some(length) = date(text, sign as char, found) {
                return Some(length);
            }
        }
        // `15-Jun-2020`
        Some(b'-') if found.day.is_none() && length <= 2 => {
            found.day = u32::try_from(number).ok();
            return Some(length + 1);
        }
        _ => {}
    }
    match length {
        8 if found.year.is_none() => {
            found.year = text[..4].parse().ok();
            found.month = text[4..6].parse().ok();
            found.day = text[6..8].parse().ok();
        }
        14 if found.year.is_none() => {
            found.year = text[..4].parse().ok();
            found.month = text[4..6].parse().ok();
            found.day = text[6..8].parse().ok();
            found.time = NaiveTime::from_hms_opt(text[8..10].parse().ok()?, text[10..12].parse().ok()?, text[12..14].parse().ok()?);
        }
        1 | 2 => {
            let rest = text[length..].trim_start();
            if rest.starts_with("am") || rest.starts_with("pm") || rest.starts_with("a.m") || rest.starts_with("p.m") {
                found.time = Some(NaiveTime::from_hms_opt(u32::try_from(number).ok()? % 24, 0, 0)?);
            } else if found.day.is_none() {
                found.day = Some(u32::try_from(number).ok()?);
                let suffix = ["st", "nd", "rd", "th"].iter().any(|suffix| text[length..].starts_with(suffix));
                return Some(length + if suffix { 2 } else { 0 });
            } else if found.year.is_none() {
                found.year = Some(century(i32::try_from(number).ok()?));
            }
        }
        3..=5 if found.year.is_none() => found.year = i32::try_from(number).ok(),
        _ => {}
    }
    Some(length)
}

fn century(year: i32) -> i32 {
    if year >= 69 { year + 1900 } else { year + 2000 }
}

/// Three numbers with the same sign between them, or a year and a month.
fn date(text: &str, sign: char, found: &mut Found) -> Option<usize> {
    let length = text.find(|c: char| !(c.is_ascii_digit() || c == sign)).unwrap_or(text.len());
    let parts: Vec<&str> = text[..length].split(sign).collect();
    let number = |at: usize| parts.get(at).and_then(|part| part.parse::<u32>().ok());
    let (first, second) = (number(0)?, number(1)?);
    let (year, month, day) = match parts.get(2) {
        None if parts[0].len() == 4 => (Some(first as i32), second, None),
        // `6/15`: a month and a day.
        None if sign == '/' => (None, first, Some(second)),
        None => return None,
        Some(third) if third.len() > 2 => (Some(number(2)? as i32), second, Some(first)),
        Some(_) if parts[0].len() > 2 => (Some(first as i32), second, number(2)),
        Some(_) => (Some(century(first as i32)), second, number(2)),
    };
    (found.year, found.month, found.day) = (year, Some(month), day);
    Some(length)
}

/// `14:30`, `14:30:05`, `14:30:05.123`
fn clock(text: &str, found: &mut Found) -> Option<usize> {
    let length = text.find(|c: char| !(c.is_ascii_digit() || c == ':' || c == '.')).unwrap_or(text.len());
    let (whole, fraction) = text[..length].split_once('.').unwrap_or((&text[..length], ""));
    let parts: Vec<u32> = whole.split(':').filter_map(|part| part.parse().ok()).collect();
    let nanoseconds: u32 = format!("{:0<9}", fraction.chars().take(9).collect::<String>()).parse().unwrap_or(0);
    let (hour, minute) = (*parts.first()?, *parts.get(1)?);
    let second = parts.get(2).copied().unwrap_or(0).min(59);
    let hour = if hour == 24 { 0 } else { hour };
    found.time = Some(NaiveTime::from_hms_nano_opt(hour, minute, second, nanoseconds)?);
    Some(length)
}

fn word(word: &str, found: &mut Found) -> Option<()> {
    let starts = |names: &[&str]| word.len() >= 3 && names.iter().any(|name| word.starts_with(name));
    match word {
        "am" | "a" => found.pm = Some(false),
        "pm" | "p" => found.pm = Some(true),
        "utc" | "gmt" | "z" => found.utc = true,
        "t" | "m" | "at" | "of" | "st" | "nd" | "rd" | "th" => {}
        "est" => found.ahead = Some(-5 * 3600),
        "edt" => found.ahead = Some(-4 * 3600),
        "cst" => found.ahead = Some(-6 * 3600),
        "cdt" | "mst" => found.ahead = Some(if word == "cdt" { -5 * 3600 } else { -7 * 3600 }),
        "pst" => found.ahead = Some(-8 * 3600),
        "pdt" => found.ahead = Some(-7 * 3600),
        _ if starts(&MONTHS) => found.month = MONTHS.iter().position(|name| word.starts_with(name)).map(|at| at as u32 + 1),
        _ if starts(&DAYS) => found.weekday = true,
        // Words that mean nothing are passed over, as long as something else is a date.
        _ => {}
    }
    Some(())
}

/// `+0700`, `-04:00`, `+7`: seconds ahead of UTC.
fn distance(text: &str) -> Option<i32> {
    let sign = if text.starts_with('-') { -1 } else { 1 };
    let digits: String = text[1..].chars().filter(char::is_ascii_digit).collect();
    let (hours, minutes): (i32, i32) = match digits.len() {
        1 | 2 => (digits.parse().ok()?, 0),
        _ => (digits[..digits.len() - 2].parse().ok()?, digits[digits.len() - 2..].parse().ok()?),
    };
    (hours < 24 && minutes < 60).then_some(sign * (hours * 3600 + minutes * 60))
}
