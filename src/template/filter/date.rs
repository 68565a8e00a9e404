//! `date` and `money`: Liquid's `date` with Ruby's patterns, and the message's own, with the names of its language.
//!
//! In: a value, a pattern. Out: a text. **Invariant:** a pattern cannot make a text longer than its widths say, and widths are limited; what
//! is no date passes as it is. Time comes in with the workshop, never from a clock.

use super::{Args, Budget, Failure, Filter, Outcome, Workshop, moment};
use crate::template::data::{Moment, Value, number};
use crate::value::show;
use chrono::{Datelike, Timelike};

/// The widest that a part of a pattern may be made: `%10d`.
const WIDTH_MAX: usize = 1024;

pub(super) fn apply(filter: &Filter, value: &Value, args: &Args, workshop: &Workshop) -> Outcome {
    match filter {
        Filter::Money(currency) => {
            let amount = match value {
                Value::Nil => return Ok(Value::Nil),
                other => number::of(other).decimal().unwrap_or_default(),
            };
            Ok(Value::text(&show::money(amount, *currency)))
        }
        Filter::LocalDate => {
            let Value::Moment(moment) = value else { return Ok(value.clone()) };
            let pattern = args.has(0).then(|| args.text(0));
            if let Some(pattern) = &pattern {
                workshop.budget.bytes(pattern.len().saturating_mul(16))?;
            }
            Ok(Value::text(&show::date(moment.local, pattern.as_deref(), workshop.manner.language)))
        }
        _ => {
            let pattern = args.text(0);
            if pattern.is_empty() {
                return Ok(value.clone());
            }
            match moment::of(value, workshop.now, workshop.manner.zone) {
                Some(moment) => strftime(&moment, &pattern, workshop.budget).map(|text| Value::text(&text)),
                None => Ok(value.clone()),
            }
        }
    }
}

/// The signs between `%` and the letter: `-` no padding, `_` blanks, `0` zeros, `^` capitals, `#` the other case, `:` marks, and a width.
#[derive(Default, Clone, Copy)]
struct Flags {
    pad: Option<char>,
    upper: bool,
    swap: bool,
    colons: usize,
    width: usize,
}

/// Ruby's `strftime`.
fn strftime(moment: &Moment, pattern: &str, budget: &Budget) -> Result<String, Failure> {
    let mut out = String::new();
    let mut rest = pattern;
    while let Some(at) = rest.find('%') {
        out.push_str(&rest[..at]);
        let (flags, letter, length) = part(&rest[at..]);
        let text = letter.and_then(|letter| written(moment, letter, flags));
        match text {
            Some(text) => {
                budget.bytes(text.len().max(flags.width.min(WIDTH_MAX)))?;
                push_padded(&mut out, &text, letter.unwrap_or('%'), flags);
            }
            // A part that is not known stays as it is.
            None => out.push_str(&rest[at..at + length]),
        }
        rest = &rest[at + length..];
    }
    budget.bytes(pattern.len())?;
    Ok(out + rest)
}

/// The flags and the letter of a part, and its length.
fn part(text: &str) -> (Flags, Option<char>, usize) {
    let mut flags = Flags::default();
    for (at, c) in text.char_indices().skip(1) {
        match c {
            '-' | '_' => flags.pad = Some(c),
            '0' if flags.width == 0 => flags.pad = Some(c),
            '^' => flags.upper = true,
            '#' => flags.swap = true,
            ':' => flags.colons += 1,
            'E' | 'O' => {}
            '0'..='9' => flags.width = flags.width.saturating_mul(10).saturating_add(c as usize - '0' as usize),
            c => return (flags, Some(c), at + c.len_utf8()),
        }
    }
    (flags, None, text.len())
}

/// Letters whose text is a number, with how wide and with what it is padded.
fn numeric(letter: char) -> Option<(usize, char)> {
    Some(match letter {
        'd' | 'm' | 'y' | 'C' | 'H' | 'I' | 'M' | 'S' | 'U' | 'W' | 'V' | 'g' => (2, '0'),
        'e' | 'k' | 'l' => (2, ' '),
        'j' => (3, '0'),
        'Y' | 'G' | 's' | 'u' | 'w' => (1, '0'),
        _ => return None,
    })
}

fn push_padded(out: &mut String, text: &str, letter: char, flags: Flags) {
    let (width, pad) = numeric(letter).unwrap_or((0, ' '));
    let (width, pad) = match flags.pad {
        Some('-') if flags.width == 0 => (0, pad),
        Some('_') => (width.max(flags.width), ' '),
        Some('0') => (width.max(flags.width), '0'),
        _ => (width.max(flags.width), pad),
    };
    let missing = width.min(WIDTH_MAX).saturating_sub(text.chars().count());
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) if pad == '0' && missing > 0 => ("-", digits),
        _ => ("", text),
    };
    out.push_str(sign);
    out.extend(std::iter::repeat_n(pad, missing));
    match (flags.upper, flags.swap, letter) {
        (_, true, 'p') => out.push_str(&digits.to_lowercase()),
        (true, ..) | (_, true, 'A' | 'a' | 'B' | 'b' | 'h') => out.push_str(&digits.to_uppercase()),
        _ => out.push_str(digits),
    }
}

/// The text of a part before it is padded.
fn written(moment: &Moment, letter: char, flags: Flags) -> Option<String> {
    let local = moment.local;
    let (afternoon, hour12) = local.hour12();
    let week = |first: u32| (local.ordinal() + 6 - (local.weekday().num_days_from_sunday() + 7 - first) % 7) / 7;
    let ahead = moment.ahead_seconds;
    Some(match letter {
        'Y' => local.year().to_string(),
        'C' => local.year().div_euclid(100).to_string(),
        'y' => local.year().rem_euclid(100).to_string(),
        'm' => local.month().to_string(),
        'B' => local.format("%B").to_string(),
        'b' | 'h' => local.format("%b").to_string(),
        'd' | 'e' => local.day().to_string(),
        'j' => local.ordinal().to_string(),
        'H' | 'k' => local.hour().to_string(),
        'I' | 'l' => hour12.to_string(),
        'M' => local.minute().to_string(),
        'S' => local.second().to_string(),
        'L' => fraction(local.nanosecond(), if flags.width == 0 { 3 } else { flags.width }),
        'N' => fraction(local.nanosecond(), if flags.width == 0 { 9 } else { flags.width }),
        'p' => (if afternoon { "PM" } else { "AM" }).to_owned(),
        'P' => (if afternoon { "pm" } else { "am" }).to_owned(),
        'A' => local.format("%A").to_string(),
        'a' => local.format("%a").to_string(),
        'u' => local.weekday().number_from_monday().to_string(),
        'w' => local.weekday().num_days_from_sunday().to_string(),
        'G' => local.iso_week().year().to_string(),
        'g' => local.iso_week().year().rem_euclid(100).to_string(),
        'V' => local.iso_week().week().to_string(),
        'U' => week(0).to_string(),
        'W' => week(1).to_string(),
        's' => moment.seconds().to_string(),
        'z' => match flags.colons {
            0 => number::distance(ahead, ""),
            1 => number::distance(ahead, ":"),
            _ => format!("{}:{:02}", number::distance(ahead, ":"), ahead.unsigned_abs() % 60),
        },
        'Z' => moment.zone.as_deref().unwrap_or("").to_owned(),
        'c' => local.format("%a %b %e %H:%M:%S %Y").to_string(),
        'D' | 'x' => local.format("%m/%d/%y").to_string(),
        'F' => local.format("%Y-%m-%d").to_string(),
        'T' | 'X' => local.format("%H:%M:%S").to_string(),
        'R' => local.format("%H:%M").to_string(),
        'r' => local.format("%I:%M:%S %p").to_string(),
        'v' => local.format("%e-%b-%Y").to_string().to_uppercase(),
        '+' => format!("{} {} {}", local.format("%a %b %e %H:%M:%S"), moment.zone.as_deref().unwrap_or(""), local.year()),
        'n' => "\n".to_owned(),
        't' => "\t".to_owned(),
        '%' => "%".to_owned(),
        _ => return None,
    })
}

fn fraction(nanoseconds: u32, digits: usize) -> String {
    let all = format!("{:09}", nanoseconds % 1_000_000_000);
    format!("{all:0<digits$}", digits = digits.min(WIDTH_MAX))[..digits.min(WIDTH_MAX)].to_owned()
}
