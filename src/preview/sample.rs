//! Values for a message when nobody says any: such as a customer of the house might have.
//!
//! In: names and types. Out: values that fit. **Invariant:** the same names and types give the same values.

use crate::calendar::Instant;
use crate::schema::Field;
use crate::value::{Decimal, Text, Type, Value};
use chrono::{NaiveDate, NaiveTime};
use std::sync::Arc;

/// Lists and records inside each other.
const DEPTH_MAX: usize = 8;

/// What a customer's field has by default, or a sample.
pub fn field(field: &Field, now: Instant) -> Value {
    if field.default.is_missing() { value(&field.name, &field.ty, now, 0) } else { field.default.clone() }
}

pub fn value(name: &str, ty: &Type, now: Instant, depth: usize) -> Value {
    let day = NaiveDate::from_ymd_opt(2026, 3, 1).unwrap_or_default();
    match ty.required() {
        Type::Text => Value::Text(text(name)),
        Type::Number => Value::Number(Decimal::from(3)),
        Type::Money(_) => Value::Number(Decimal::from(1290)),
        Type::Boolean => Value::Boolean(true),
        Type::Date => Value::Date(day),
        Type::Time => Value::Time(NaiveTime::from_hms_opt(9, 0, 0).unwrap_or_default()),
        Type::DateTime => Value::Instant(now),
        Type::Duration => Value::Duration(crate::calendar::Span { months: 0, days: 2, ms: 0 }),
        Type::Email => Value::text("nok@example.com"),
        Type::Phone => Value::text("+66812345678"),
        Type::Url => Value::text("https://example.com/"),
        Type::Country => Value::text("TH"),
        Type::Language => Value::text("en"),
        Type::Timezone => Value::text("Asia/Bangkok"),
        Type::OneOf(texts) => texts.first().map_or(Value::Missing, |text| Value::Text(text.clone())),
        Type::List(inner) if depth < DEPTH_MAX => Value::List(Arc::new([value(name, inner, now, depth + 1)])),
        Type::Record(fields) if depth < DEPTH_MAX => {
            Value::Record(fields.iter().map(|(name, ty)| value(name, ty, now, depth + 1)).collect())
        }
        _ => Value::Missing,
    }
}

/// By what the name says, else the name itself.
fn text(name: &str) -> Text {
    let lower = name.to_lowercase();
    let known = [
        ("first_name", "Nok"),
        ("last_name", "Jaidee"),
        ("full_name", "Nok Jaidee"),
        ("city", "Bangkok"),
        ("address", "1 Sukhumvit Road, Bangkok"),
        ("sku", "A1"),
    ];
    match known.iter().find(|(word, _)| lower.ends_with(word)) {
        Some((_, text)) => Text::const_new(text),
        None if lower.ends_with("id") => Text::const_new("1042"),
        None => Text::from(name.replace('_', " ")),
    }
}
