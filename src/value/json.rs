//! Values as JSON, for whoever reads them outside.
//!
//! In: a value with its type. Out: JSON that [`parse::from_json`](super::parse::from_json) reads back as the same value. **Invariant:** numbers keep
//! their digits; what is missing is `null`.

use super::show;
use super::{Type, Value};
use crate::calendar::Zone;
use serde_json::{Map, Value as Json};

pub fn to_json(value: &Value, ty: &Type) -> Json {
    match (value, ty.required()) {
        (Value::Missing, _) => Json::Null,
        (Value::Boolean(truth), _) => Json::Bool(*truth),
        (Value::Number(number), _) => number.normalize().to_string().parse().map_or(Json::Null, Json::Number),
        (Value::Text(text), _) => Json::String(text.to_string()),
        (Value::Date(date), _) => Json::String(date.to_string()),
        (Value::Time(time), _) => Json::String(show::clock(*time)),
        (Value::Instant(at), _) => Json::String(Zone::UTC.local(*at).format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()),
        (Value::Duration(span), _) => Json::String(show::duration(*span)),
        (Value::List(items), Type::List(item)) => items.iter().map(|one| to_json(one, item)).collect(),
        (Value::Record(values), Type::Record(fields)) => {
            let mut all = Map::new();
            for (at, ((_, ty), value)) in fields.iter().zip(values.iter()).enumerate() {
                all.insert(fields.wire(at).to_owned(), to_json(value, ty));
            }
            Json::Object(all)
        }
        (Value::List(items), _) => items.iter().map(|one| to_json(one, &Type::Text)).collect(),
        (Value::Record(items), _) => items.iter().map(|one| to_json(one, &Type::Text)).collect(),
    }
}
