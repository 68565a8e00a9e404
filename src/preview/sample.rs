//! Values for a message when nobody says any: such as a customer of the house might have.
//!
//! In: names and types, perhaps a language. Out: values that fit, a customer, the items of catalogs. **Invariant:** the same names, types and
//! language give the same values.

use crate::calendar::Instant;
use crate::engine::catalogs::Catalogs;
use crate::engine::row::Customer;
use crate::plan::{Message, Plan};
use crate::schema::{CatalogId, Field};
use crate::value::{Decimal, Text, Type, Value};
use chrono::{NaiveDate, NaiveTime};
use std::sync::Arc;

/// Lists and records inside each other.
const DEPTH_MAX: usize = 8;

/// What the key of every item is.
const KEY: &str = "A1";

/// Which customer a sample is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Who {
    /// Of whom everything is known.
    #[default]
    Known,
    /// Of whom nothing is known that may be missing: here texts show what they say instead.
    Sparse,
}

/// A customer, who speaks `language` where the project knows languages.
pub fn customer(plan: &Plan, who: Who, language: Option<&Text>, now: Instant) -> Customer {
    let mut row = Customer { uid: Text::const_new("1042"), clock: now, ..Customer::default() };
    let spoken = language.map_or("", Text::as_str);
    let attribute = |at: &Field| match who {
        Who::Sparse if at.ty.is_optional() => at.default.clone(),
        _ => field(at, spoken, now),
    };
    row.attributes = plan.schema.customer.iter().map(attribute).collect();
    if let Some(at) = plan.schema.language {
        let of_default = plan.schema.customer.get(at.index()).map(|field| field.default.clone()).unwrap_or_default();
        if let Some(attribute) = row.attributes.get_mut(at.index()) {
            *attribute = language.map_or(of_default, |language| Value::Text(language.clone()));
        }
    }
    row
}

/// Arguments for a message, by position.
pub fn params(message: &Message, now: Instant) -> Vec<Value> {
    message.params.iter().map(|(name, ty)| value(name, ty, now)).collect()
}

/// A value of a type; what it is called may say more.
fn value(name: &str, ty: &Type, now: Instant) -> Value {
    of_type(name, ty, "", now, 0)
}

/// What a customer's field has by default, or a sample.
fn field(field: &Field, language: &str, now: Instant) -> Value {
    if field.default.is_missing() { of_type(&field.name, &field.ty, language, now, 0) } else { field.default.clone() }
}

/// Catalogs in which every key is that of an item: samples, too.
#[derive(Debug, Clone)]
pub struct Items {
    /// By catalog, the fields of its item.
    fields: Vec<Vec<Value>>,
}

impl Items {
    pub fn of(plan: &Plan, now: Instant) -> Items {
        let of_catalog = |fields: &[Field]| fields.iter().map(|at| field(at, "", now)).collect();
        Items { fields: plan.schema.catalogs.iter().map(|catalog| of_catalog(&catalog.fields)).collect() }
    }
}

impl Catalogs for Items {
    fn item(&self, catalog: CatalogId, _: &str, _: Instant) -> Option<&[Value]> {
        self.fields.get(catalog.index()).map(Vec::as_slice)
    }

    fn next_change(&self, _: CatalogId, _: &str, _: Instant) -> Instant {
        Instant::NEVER
    }

    fn each(&self, catalog: CatalogId, at: Instant, go_on: &mut dyn FnMut(&Text, &[Value]) -> bool) {
        let key = Text::const_new(KEY);
        if let Some(fields) = self.item(catalog, &key, at) {
            go_on(&key, fields);
        }
    }

    fn next_change_of_any(&self, _: CatalogId, _: Instant) -> Instant {
        Instant::NEVER
    }
}

fn of_type(name: &str, ty: &Type, language: &str, now: Instant, depth: usize) -> Value {
    let day = NaiveDate::from_ymd_opt(2026, 3, 1).unwrap_or_default();
    match ty.required() {
        Type::Text => Value::Text(text(name, language)),
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
        Type::Catalog(_) => Value::Text(Text::const_new(KEY)),
        Type::OneOf(texts) => texts.first().map_or(Value::Missing, |text| Value::Text(text.clone())),
        Type::List(inner) if depth < DEPTH_MAX => Value::List(Arc::new([of_type(name, inner, language, now, depth + 1)])),
        Type::Record(fields) if depth < DEPTH_MAX => {
            Value::Record(fields.iter().map(|(name, ty)| of_type(name, ty, language, now, depth + 1)).collect())
        }
        _ => Value::Missing,
    }
}

/// By what the name says, else the name itself.
fn text(name: &str, language: &str) -> Text {
    let lower = name.to_lowercase();
    let thai = [("first_name", "นก"), ("last_name", "ใจดี"), ("full_name", "นก ใจดี"), ("city", "กรุงเทพฯ")];
    let of_language: &[(&str, &str)] = if language == "th" { &thai } else { &[] };
    let known = [
        ("first_name", "Nok"),
        ("last_name", "Jaidee"),
        ("full_name", "Nok Jaidee"),
        ("city", "Bangkok"),
        ("address", "1 Sukhumvit Road, Bangkok"),
        ("sku", "A1"),
    ];
    match of_language.iter().chain(&known).find(|(word, _)| lower.ends_with(word)) {
        Some((_, text)) => Text::const_new(text),
        None if lower.ends_with("id") => Text::const_new("1042"),
        None => Text::from(name.replace('_', " ")),
    }
}
