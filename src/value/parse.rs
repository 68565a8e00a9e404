//! Data from outside (a CSV cell, a JSON value) as a value of a declared type.
//!
//! In: text or JSON, the declared [`Type`], how the source writes times and phone numbers. Out: a [`Value`] that fits the type exactly, in its
//! normal form, or a [`ParseError`] in words for whoever sent it. **Invariant:** nothing is converted silently and no digit is lost; a value
//! that is accepted fits the type. Knows no events and no customers.

use super::moment::{self, TimeFormat};
use super::{Currency, Decimal, Text, Type, Value, normal, number};
use crate::calendar::Zone;
use serde_json::Value as Json;
use std::sync::Arc;

/// A text is at most 32 KiB.
pub const TEXT_MAX: usize = 32 * 1024;
/// Lists and records nest at most so deep.
pub const DEPTH_MAX: usize = 32;
/// A list has at most so many items.
pub const LIST_MAX: usize = 1_000;
/// Of what was found, this many characters are said back.
const SHOWN_MAX: usize = 40;

/// How a source writes what can be written in several ways.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// Of times that say no zone.
    pub zone: Zone,
    pub times: TimeFormat,
    /// The country of phone numbers that say none, as its calling code (66); without one they are refused.
    pub calling_code: Option<u16>,
}

impl Default for Reading {
    fn default() -> Reading {
        Reading { zone: Zone::UTC, times: TimeFormat::Auto, calling_code: None }
    }
}

/// Why something from outside is not a value of its type. Its text is a sentence without capital and stop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ParseError {
    /// `12,5` is not a number.
    NotA {
        expected: String,
        found: String,
        hint: Option<String>,
    },
    /// Required, and nothing is there.
    Missing {
        expected: String,
    },
    WrongCurrency {
        expected: Currency,
        found: String,
    },
    NotListed {
        found: String,
        allowed: Arc<[Text]>,
    },
    TooLong {
        bytes: usize,
    },
    TooMany {
        items: usize,
    },
    TooDeep,
    InField {
        field: Text,
        error: Box<ParseError>,
    },
    /// Counted from 1.
    InItem {
        item: usize,
        error: Box<ParseError>,
    },
}

impl ParseError {
    /// `found` is cut to what a person can read.
    pub fn not_a(expected: &str, found: &str, hint: Option<String>) -> ParseError {
        ParseError::NotA { expected: expected.to_owned(), found: shown(found), hint }
    }
}

fn shown(found: &str) -> String {
    match found.char_indices().nth(SHOWN_MAX) {
        Some((end, _)) => format!("{}…", &found[..end]),
        None => found.to_owned(),
    }
}

/// With its article where it takes one.
fn with_article(noun: &str) -> String {
    let plain = noun == "money" || noun.starts_with("money ") || noun == "text" || noun.starts_with("one of");
    let vowel = noun.starts_with(['a', 'e', 'i', 'o']);
    if plain { noun.to_owned() } else { format!("{} {noun}", if vowel { "an" } else { "a" }) }
}

impl std::fmt::Display for ParseError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            ParseError::NotA { expected, found, hint } => {
                write!(f, "`{found}` is not {}", with_article(expected))?;
                hint.iter().try_for_each(|hint| write!(f, "; {hint}"))
            }
            ParseError::Missing { expected } => write!(f, "{} is missing", with_article(expected)),
            ParseError::WrongCurrency { expected, found } => {
                write!(f, "`{found}` is the wrong currency; amounts here are in {}", expected.code())
            }
            ParseError::NotListed { found, allowed } => {
                let allowed: Vec<String> = allowed.iter().map(|text| format!("\"{text}\"")).collect();
                write!(f, "`{found}` is none of {}", allowed.join(", "))
            }
            ParseError::TooLong { bytes } => write!(f, "a text of {bytes} bytes is too long; at most {TEXT_MAX} are taken"),
            ParseError::TooMany { items } => write!(f, "a list of {items} items is too long; at most {LIST_MAX} are taken"),
            ParseError::TooDeep => write!(f, "lists and records nest more than {DEPTH_MAX} deep"),
            ParseError::InField { field, error } => write!(f, "{field}: {error}"),
            ParseError::InItem { item, error } => write!(f, "item {item}: {error}"),
        }
    }
}

impl std::error::Error for ParseError {}

/// What a type is called in a sentence.
fn noun(ty: &Type) -> String {
    match ty {
        Type::Boolean => "true or false".into(),
        Type::Time => "clock time".into(),
        Type::DateTime => "moment".into(),
        Type::Email => "e-mail address".into(),
        Type::Phone => "phone number".into(),
        Type::Url => "web address".into(),
        Type::Country => "country code".into(),
        Type::Language => "language code".into(),
        Type::Timezone => "time zone".into(),
        Type::Record(_) => "record".into(),
        Type::List(_) => "list".into(),
        Type::Customer => "customer".into(),
        Type::Optional(inner) => noun(inner),
        other => other.to_string(),
    }
}

/// A CSV cell or another plain text. An empty one is missing where the type allows that, and an empty text where the type is text.
pub fn from_text(text: &str, ty: &Type, how: &Reading) -> Result<Value, ParseError> {
    if text.len() > TEXT_MAX {
        return Err(ParseError::TooLong { bytes: text.len() });
    }
    match ty {
        Type::Optional(_) if text.trim_ascii().is_empty() => Ok(Value::Missing),
        Type::Optional(inner) => from_text(text, inner, how),
        Type::Text => Ok(Value::text(text)),
        _ if text.trim_ascii().is_empty() => match ty {
            Type::List(_) => Ok(Value::List(Arc::new([]))),
            _ => Err(ParseError::Missing { expected: noun(ty) }),
        },
        Type::Boolean => match text.trim_ascii().to_ascii_lowercase().as_str() {
            "true" | "yes" | "1" => Ok(Value::Boolean(true)),
            "false" | "no" | "0" => Ok(Value::Boolean(false)),
            _ => Err(ParseError::not_a("true or false", text, Some("write true or false, yes or no, 1 or 0".into()))),
        },
        Type::List(_) | Type::Record(_) if text.trim_ascii_start().starts_with(['[', '{']) => match serde_json::from_str::<Json>(text) {
            Ok(json) => from_json(&json, ty, how),
            Err(_) => Err(ParseError::not_a(&noun(ty), text, Some("write JSON, or parts with ; between them".into()))),
        },
        Type::List(inner) => {
            let items = text.split(';').map(str::trim_ascii);
            list(items.clone().count(), items.map(|item| from_text(item, inner, how)))
        }
        _ => scalar(text, ty, how),
    }
}

/// A JSON value. `null` is missing. Fields that the type does not have are ignored: they are kept elsewhere and cannot be named.
pub fn from_json(json: &Json, ty: &Type, how: &Reading) -> Result<Value, ParseError> {
    json_at(json, ty, how, 0)
}

fn json_at(json: &Json, ty: &Type, how: &Reading, depth: usize) -> Result<Value, ParseError> {
    if depth > DEPTH_MAX {
        return Err(ParseError::TooDeep);
    }
    match (ty, json) {
        (Type::Optional(_), Json::Null) => Ok(Value::Missing),
        (Type::Optional(inner), json) => json_at(json, inner, how, depth),
        (_, Json::Null) => Err(ParseError::Missing { expected: noun(ty) }),
        (_, Json::String(text)) if text.len() > TEXT_MAX => Err(ParseError::TooLong { bytes: text.len() }),
        (Type::Boolean, Json::Bool(truth)) => Ok(Value::Boolean(*truth)),
        (Type::Number, Json::Number(_)) => json_number(json, "number").map(Value::Number),
        (Type::Number, Json::String(text)) => decimal(text, "number").map(Value::Number),
        (Type::Money(_), Json::Number(_)) => json_number(json, "money").map(Value::Number),
        (Type::Money(currency), Json::Object(fields)) => {
            match fields.get("currency") {
                Some(Json::String(code)) if code == currency.code() => {}
                Some(Json::String(code)) => return Err(ParseError::WrongCurrency { expected: *currency, found: shown(code) }),
                _ => {
                    return Err(ParseError::InField {
                        field: "currency".into(),
                        error: Box::new(ParseError::Missing { expected: "currency".into() }),
                    });
                }
            }
            let amount = match fields.get("amount") {
                Some(Json::String(text)) => decimal(text, "amount"),
                Some(number @ Json::Number(_)) => json_number(number, "amount"),
                _ => Err(ParseError::Missing { expected: "amount".into() }),
            };
            amount.map(Value::Number).map_err(|error| ParseError::InField { field: "amount".into(), error: Box::new(error) })
        }
        (Type::DateTime, Json::Number(number)) => moment::read(&number.to_string(), &how.times, how.zone).map(Value::Instant),
        (Type::List(inner), Json::Array(items)) => list(items.len(), items.iter().map(|item| json_at(item, inner, how, depth + 1))),
        (Type::Record(fields), Json::Object(found)) => {
            let mut values = Vec::with_capacity(fields.len());
            for (at, (name, field)) in fields.iter().enumerate() {
                let said = found.get(fields.wire(at)).filter(|said| !said.is_null());
                let default = if said.is_none() { fields.default(at) } else { None };
                let value = json_at(said.or(default.as_ref()).unwrap_or(&Json::Null), field, how, depth + 1);
                values.push(value.map_err(|error| ParseError::InField { field: name.clone(), error: Box::new(error) })?);
            }
            Ok(Value::Record(values.into()))
        }
        (Type::Boolean | Type::List(_) | Type::Record(_) | Type::Event(_) | Type::Catalog(_) | Type::Error, _) => {
            Err(ParseError::not_a(&noun(ty), &json.to_string(), None))
        }
        (_, Json::String(text)) => scalar(text, ty, how),
        (Type::Text | Type::OneOf(_) | Type::Phone | Type::Customer, Json::Number(number)) => {
            Err(ParseError::not_a(&noun(ty), &number.to_string(), Some(format!("write \"{number}\" in quotes"))))
        }
        _ => Err(ParseError::not_a(&noun(ty), &json.to_string(), None)),
    }
}

/// What is one text, also in JSON.
fn scalar(text: &str, ty: &Type, how: &Reading) -> Result<Value, ParseError> {
    let normal = |result: Result<Text, normal::Reason>| match result {
        Ok(text) => Ok(Value::Text(text)),
        Err(reason) => Err(ParseError::not_a(&noun(ty), text, Some(reason.to_owned()))),
    };
    match ty {
        Type::Text => Ok(Value::text(text)),
        Type::Customer if text.is_empty() => Err(ParseError::Missing { expected: noun(ty) }),
        Type::Customer => Ok(Value::text(text)),
        Type::Number => decimal(text, "number").map(Value::Number),
        Type::Money(currency) => money(text, *currency),
        Type::Date => moment::read_date(text).map(Value::Date),
        Type::Time => moment::read_time(text).map(Value::Time),
        Type::DateTime => moment::read(text, &how.times, how.zone).map(Value::Instant),
        Type::Duration => moment::read_span(text).map(Value::Duration),
        Type::Email => normal(normal::email(text)),
        Type::Phone => normal(normal::phone(text, how.calling_code)),
        Type::Url => normal(normal::url(text)),
        Type::Country => normal(normal::country(text)),
        Type::Language => normal(normal::language(text)),
        Type::Timezone => normal(normal::timezone(text)),
        Type::OneOf(allowed) => match allowed.iter().find(|one| one.as_str() == text) {
            Some(one) => Ok(Value::Text(one.clone())),
            None => Err(ParseError::NotListed { found: shown(text), allowed: allowed.clone() }),
        },
        Type::Optional(inner) => scalar(text, inner, how),
        Type::Boolean | Type::List(_) | Type::Record(_) | Type::Event(_) | Type::Catalog(_) | Type::Error => {
            Err(ParseError::not_a(&noun(ty), text, None))
        }
    }
}

fn list(count: usize, items: impl Iterator<Item = Result<Value, ParseError>>) -> Result<Value, ParseError> {
    if count > LIST_MAX {
        return Err(ParseError::TooMany { items: count });
    }
    let in_item =
        |(at, item): (usize, Result<Value, ParseError>)| item.map_err(|error| ParseError::InItem { item: at + 1, error: Box::new(error) });
    items.enumerate().map(in_item).collect::<Result<Vec<_>, _>>().map(|items| Value::List(items.into()))
}

/// The JSON text of a number is kept as it was written (serde_json's `arbitrary_precision`), so no digit is lost on the way here.
fn json_number(json: &Json, expected: &str) -> Result<Decimal, ParseError> {
    let text = json.to_string();
    number::read(&text, true)
        .ok_or_else(|| ParseError::not_a(expected, &text, Some("it has more digits than can be held exactly (28)".into())))
}

fn decimal(text: &str, expected: &str) -> Result<Decimal, ParseError> {
    let text = text.trim_ascii();
    number::read(text, false).ok_or_else(|| ParseError::not_a(expected, text, decimal_hint(text)))
}

fn decimal_hint(text: &str) -> Option<String> {
    // `12,5` and `1.290,00` have a decimal comma, `1,290.00` and `1,290` have commas between thousands.
    let comma_last = text.rfind(',') > text.rfind('.');
    let decimals = text.rsplit([',', '.']).next().map_or(0, str::len);
    let commas = text.matches(',').count();
    let mended = match commas {
        0 => text.replace(['_', ' ', '\u{a0}'], ""),
        1 if comma_last && decimals != 3 => text.replace('.', "").replace(',', "."),
        _ => text.replace(',', ""),
    };
    if number::read(&mended, false).is_some() {
        return Some(format!("write {mended}"));
    }
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') && text.matches('.').count() < 2 {
        return Some("it has more digits than can be held exactly (28)".into());
    }
    number::read(text, true).map(|exact| format!("write {}", exact.normalize()))
}

/// `500`, `500 THB`, `THB 500`.
fn money(text: &str, currency: Currency) -> Result<Value, ParseError> {
    let text = text.trim_ascii();
    let is_code = |part: &str| Currency::parse(part).is_some();
    let (amount, code) = match (text.get(..3), text.len().checked_sub(3).and_then(|at| text.split_at_checked(at))) {
        (_, Some((amount, code))) if is_code(code) => (amount, Some(code)),
        (Some(code), _) if is_code(code) => (&text[3..], Some(code)),
        _ => (text, None),
    };
    if let Some(code) = code.filter(|code| *code != currency.code()) {
        return Err(ParseError::WrongCurrency { expected: currency, found: code.to_owned() });
    }
    match number::read(amount.trim_ascii(), false) {
        Some(amount) => Ok(Value::Number(amount)),
        None => {
            let hint = decimal_hint(amount.trim_ascii()).unwrap_or_else(|| format!("write 500 {}", currency.code()));
            Err(ParseError::not_a(&Type::Money(currency).to_string(), text, Some(hint)))
        }
    }
}
