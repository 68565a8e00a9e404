//! Values as people read them: in templates, timelines and reports.
//!
//! In: values, currencies, patterns, a language. Out: text. **Invariant:** the same value gives the same text everywhere; a pattern that
//! [`check_pattern`] takes never fails. Does not know templates.

use super::{Currency, Decimal, Value, number};
use crate::calendar::{HOUR_MS, MINUTE_MS, SECOND_MS, Span, Zone};
use chrono::{Datelike, NaiveDateTime, NaiveTime, Timelike};

/// A value in plain words; moments in `zone`. Nothing for a missing one.
pub fn display(value: &Value, zone: Zone) -> String {
    match value {
        Value::Missing => String::new(),
        Value::Boolean(truth) => truth.to_string(),
        Value::Number(number) => plain_number(*number),
        Value::Text(text) => text.to_string(),
        Value::Date(date) => date.to_string(),
        Value::Time(time) => clock(*time),
        Value::Instant(instant) => {
            let local = zone.local(*instant);
            format!("{} {}", local.date(), clock(local.time()))
        }
        Value::Duration(span) => duration(*span),
        Value::List(items) | Value::Record(items) => items.iter().map(|item| display(item, zone)).collect::<Vec<_>>().join(", "),
    }
}

/// Without trailing zeros: `1.5`, `20000`.
pub fn plain_number(number: Decimal) -> String {
    let number = number.normalize();
    if number.is_zero() { "0".into() } else { number.to_string() }
}

/// `09:00`, with seconds where it has some.
pub fn clock(time: NaiveTime) -> String {
    if time.second() == 0 { time.format("%H:%M").to_string() } else { time.format("%H:%M:%S").to_string() }
}

/// `2 days`, `1 hour 30 minutes`, as the language writes it.
pub fn duration(span: Span) -> String {
    let mut parts: Vec<String> = Vec::new();
    let mut part = |count: i64, unit: &str| {
        if count != 0 {
            parts.push(format!("{count} {unit}{}", if count == 1 { "" } else { "s" }));
        }
    };
    part(i64::from(span.months / 12), "year");
    part(i64::from(span.months % 12), "month");
    part(i64::from(span.days), "day");
    part(span.ms / HOUR_MS, "hour");
    part(span.ms % HOUR_MS / MINUTE_MS, "minute");
    part(span.ms % MINUTE_MS / SECOND_MS, "second");
    if parts.is_empty() { "0 seconds".into() } else { parts.join(" ") }
}

/// Symbol before the amount, and the places of its smallest coin. Currencies that are not here have two places and their code behind.
const CURRENCIES: &[(&str, &str, u32)] = &[
    ("THB", "฿", 2),
    ("USD", "$", 2),
    ("EUR", "€", 2),
    ("GBP", "£", 2),
    ("JPY", "¥", 0),
    ("KRW", "₩", 0),
    ("INR", "₹", 2),
    ("VND", "₫", 0),
    ("SGD", "S$", 2),
    ("HKD", "HK$", 2),
    ("AUD", "A$", 2),
    ("CAD", "C$", 2),
    ("PHP", "₱", 2),
    ("IDR", "Rp", 0),
    ("MYR", "RM", 2),
    ("CNY", "CN¥", 2),
    ("TWD", "NT$", 0),
    ("BRL", "R$", 2),
    ("LAK", "₭", 0),
    ("CLP", "", 0),
    ("ISK", "", 0),
    ("KWD", "", 3),
    ("BHD", "", 3),
    ("OMR", "", 3),
    ("JOD", "", 3),
    ("TND", "", 3),
];

/// `฿1,290`, `฿1,290.50`, `1,290 CHF`: whole amounts without places, others with all of their currency's, rounded half away from zero.
pub fn money(amount: Decimal, currency: Currency) -> String {
    let known = CURRENCIES.iter().find(|row| row.0 == currency.code());
    let (symbol, places) = known.map_or(("", 2), |row| (row.1, row.2));
    let mut amount = number::at_places(amount, places);
    if amount.is_integer() {
        amount = amount.trunc();
    } else {
        amount.rescale(places);
    }
    let text = amount.abs().to_string();
    let (whole, rest) = text.split_at(text.find('.').unwrap_or(text.len()));
    let mut grouped = String::with_capacity(text.len() * 4 / 3);
    for (at, digit) in whole.char_indices() {
        if at > 0 && (whole.len() - at) % 3 == 0 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    let sign = if amount.is_sign_negative() && !amount.is_zero() { "-" } else { "" };
    if symbol.is_empty() { format!("{sign}{grouped}{rest} {}", currency.code()) } else { format!("{sign}{symbol}{grouped}{rest}") }
}

/// The long form of a date: `1 March 2026`, `1 มีนาคม 2026`.
pub const LONG_DATE: &str = "%-d %B %Y";

const MONTHS_EN: [&str; 12] =
    ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];
const MONTHS_TH: [&str; 12] =
    ["มกราคม", "กุมภาพันธ์", "มีนาคม", "เมษายน", "พฤษภาคม", "มิถุนายน", "กรกฎาคม", "สิงหาคม", "กันยายน", "ตุลาคม", "พฤศจิกายน", "ธันวาคม"];
const SHORT_MONTHS_TH: [&str; 12] = ["ม.ค.", "ก.พ.", "มี.ค.", "เม.ย.", "พ.ค.", "มิ.ย.", "ก.ค.", "ส.ค.", "ก.ย.", "ต.ค.", "พ.ย.", "ธ.ค."];
const DAYS_EN: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
const DAYS_TH: [&str; 7] = ["วันจันทร์", "วันอังคาร", "วันพุธ", "วันพฤหัสบดี", "วันศุกร์", "วันเสาร์", "วันอาทิตย์"];
const SHORT_DAYS_TH: [&str; 7] = ["จ.", "อ.", "พ.", "พฤ.", "ศ.", "ส.", "อา."];
/// Years of the Buddhist calendar are ahead by so many.
const BUDDHIST_AHEAD: i32 = 543;

/// What may follow `%` in a date pattern, and what it writes on 1 March 2026 at 09:05.
pub const PATTERNS: &[(&str, &str)] = &[
    ("d", "01"),
    ("-d", "1"),
    ("e", " 1"),
    ("m", "03"),
    ("-m", "3"),
    ("B", "March"),
    ("b", "Mar"),
    ("Y", "2026"),
    ("y", "26"),
    ("EY", "2569"),
    ("A", "Sunday"),
    ("a", "Sun"),
    ("H", "09"),
    ("-H", "9"),
    ("I", "09"),
    ("-I", "9"),
    ("M", "05"),
    ("S", "00"),
    ("p", "AM"),
    ("F", "2026-03-01"),
    ("R", "09:05"),
    ("T", "09:05:00"),
    ("%", "%"),
];

/// The first part of a pattern that is not one of [`PATTERNS`].
pub fn check_pattern(pattern: &str) -> Result<(), String> {
    let mut rest = pattern;
    while let Some(at) = rest.find('%') {
        let (part, after) = take_part(&rest[at + 1..]);
        if !PATTERNS.iter().any(|(known, _)| *known == part) {
            return Err(format!("%{part}"));
        }
        rest = after;
    }
    Ok(())
}

/// A local date and time by a strftime pattern; without one, [`LONG_DATE`]. Names of months and days are Thai for `th` and English otherwise.
/// Years are those of the common era; `%EY` writes the Buddhist year (2569). A part that is not known stays as it is written.
pub fn date(local: NaiveDateTime, pattern: Option<&str>, language: &str) -> String {
    let pattern = pattern.unwrap_or(LONG_DATE);
    let thai = language == "th" || language.starts_with("th-");
    let mut text = String::with_capacity(pattern.len() + 16);
    let mut rest = pattern;
    while let Some(at) = rest.find('%') {
        text.push_str(&rest[..at]);
        let (part, after) = take_part(&rest[at + 1..]);
        match date_part(local, part, thai) {
            Some(written) => text.push_str(&written),
            None => {
                text.push('%');
                text.push_str(part);
            }
        }
        rest = after;
    }
    text.push_str(rest);
    text
}

/// What follows a `%`, and the rest: one character, two after `-` and `E`.
fn take_part(text: &str) -> (&str, &str) {
    let length = if text.starts_with(['-', 'E']) { 2 } else { 1 };
    let end = text.char_indices().nth(length).map_or(text.len(), |(end, _)| end);
    text.split_at(end)
}

fn date_part(local: NaiveDateTime, part: &str, thai: bool) -> Option<String> {
    let month = local.month0() as usize;
    let weekday = local.weekday().num_days_from_monday() as usize;
    let (afternoon, hour) = local.hour12();
    Some(match part {
        "d" => format!("{:02}", local.day()),
        "-d" => local.day().to_string(),
        "e" => format!("{:2}", local.day()),
        "m" => format!("{:02}", local.month()),
        "-m" => local.month().to_string(),
        "B" => (if thai { MONTHS_TH } else { MONTHS_EN })[month].to_owned(),
        "b" => (if thai { SHORT_MONTHS_TH[month] } else { &MONTHS_EN[month][..3] }).to_owned(),
        "Y" => local.year().to_string(),
        "y" => format!("{:02}", local.year().rem_euclid(100)),
        "EY" => (local.year() + BUDDHIST_AHEAD).to_string(),
        "A" => (if thai { DAYS_TH } else { DAYS_EN })[weekday].to_owned(),
        "a" => (if thai { SHORT_DAYS_TH[weekday] } else { &DAYS_EN[weekday][..3] }).to_owned(),
        "H" => format!("{:02}", local.hour()),
        "-H" => local.hour().to_string(),
        "I" => format!("{hour:02}"),
        "-I" => hour.to_string(),
        "M" => format!("{:02}", local.minute()),
        "S" => format!("{:02}", local.second()),
        "p" => (if afternoon { "PM" } else { "AM" }).to_owned(),
        "F" => local.date().to_string(),
        "R" => local.format("%H:%M").to_string(),
        "T" => local.format("%H:%M:%S").to_string(),
        "%" => "%".to_owned(),
        _ => return None,
    })
}
