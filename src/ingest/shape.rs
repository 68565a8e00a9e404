//! Files that come without settings, and Segment's export shape.
//!
//! In: the columns of a file and its first row. Out: settings as somebody could have written them, and what was understood, in words.
//! **Invariant:** a guess is only made where names leave no choice, and it is always said.

use super::config::{self, EventFrom, Source, TimeFrom, Written};
use super::mapping::{Item, ItemKind, bad_time, decode, find_event, message_id, unknown_event};
use super::refusal::{Reason, Refusal};
use super::rows::{Cell, Column, Object, Row};
use crate::calendar::Zone;
use crate::schema::{FieldId, Schema};
use crate::source::Place;
use crate::value::Value;
use crate::value::moment::{self, TimeFormat};
use crate::value::parse::Reading;

const CUSTOMERS: &[&str] = &["user_id", "customer_id", "userId", "customerId", "customer", "user"];
const EVENTS: &[&str] = &["event", "event_name", "eventName", "event_type"];
const TIMES: &[&str] = &["timestamp", "time", "at", "occurred_at", "created_at", "date"];
const IDS: &[&str] = &["message_id", "messageId", "event_id"];

/// Whether this first row of a JSON file is a call of Segment's.
pub fn is_segment(first: Row<'_>) -> bool {
    let Row::Json(object) = first else { return false };
    let call = object.get("type").and_then(serde_json::Value::as_str);
    let calls = ["track", "identify", "page", "screen", "group", "alias"];
    call.is_some_and(|call| calls.contains(&call)) && (object.contains_key("userId") || object.contains_key("anonymousId"))
}

/// Settings for a file whose columns have the usual names, and a sentence that says so; or the first thing that has no column.
pub fn guess(header: Option<&[String]>, first: Row<'_>, schema: &Schema, place: Place) -> Result<(config::Columns, String), &'static str> {
    let has = |name: &str| match (header, first) {
        (Some(header), _) => header.iter().any(|column| column == name),
        (None, Row::Json(object)) => object.contains_key(name),
        (None, Row::Csv(_)) => false,
    };
    let find = |names: &[&str]| names.iter().find(|name| has(name)).map(|name| Written { text: (*name).to_owned(), place });
    let customer = find(CUSTOMERS).ok_or("the customer")?;
    let time = find(TIMES).ok_or("the time")?;
    let event = match (find(EVENTS), schema.events.as_slice()) {
        (Some(column), _) => EventFrom::Column(column),
        (None, [only]) => EventFrom::Constant(Written { text: only.name.to_string(), place }),
        (None, _) => return Err("the event"),
    };
    let index = header.and_then(|header| header.iter().position(|column| *column == time.text)).unwrap_or(0);
    let sample = first.cell(&Column { name: time.text.clone(), index }).map(|cell| cell.text().into_owned()).unwrap_or_default();
    let digits = sample.bytes().all(|byte| byte.is_ascii_digit());
    let format = match sample.len() {
        10 if digits => TimeFormat::EpochSeconds,
        13 if digits => TimeFormat::EpochMillis,
        _ => TimeFormat::Rfc3339,
    };
    let said_format = match format {
        TimeFormat::EpochSeconds => "seconds since 1970",
        TimeFormat::EpochMillis => "milliseconds since 1970",
        _ => "as 2026-03-01T09:00:00",
    };
    let said_event = match &event {
        EventFrom::Column(column) => format!("event from `{}`", column.text),
        EventFrom::Constant(name) => format!("every row is `{}`", name.text),
    };
    let said = format!("customer from `{}`, {said_event}, time from `{}` ({said_format})", customer.text, time.text);
    let time = TimeFrom { column: time, format, zone: None };
    Ok((config::Columns { event, customer: Source::Column(customer), time, id: find(IDS), properties: Vec::new() }, said))
}

/// A call of Segment's: `track` is an event, `identify` changes fields; `page`, `screen` and `group` are events of these names where the
/// project declares them, and counted otherwise.
pub fn read_segment(schema: &Schema, object: &Object, zone: Zone, item: &mut Item) -> Result<(), Box<Refusal>> {
    let text = |name: &str| object.get(name).and_then(serde_json::Value::as_str).filter(|text| !text.is_empty());
    let call = text("type").unwrap_or("");
    let other = matches!(call, "page" | "screen" | "group") && find_event(schema, call).is_some();
    if !matches!(call, "track" | "identify") && !other {
        return Err(Refusal::new(Reason::OtherCall, "type", call, "track or identify"));
    }
    let Some(customer) = text("userId").or_else(|| text("anonymousId")) else {
        return Err(Refusal::new(Reason::NoCustomer, "userId", "", "who did it"));
    };
    item.customer.clear();
    item.customer.push_str(customer);
    let times = ["timestamp", "originalTimestamp", "receivedAt"];
    let Some((column, time)) = times.iter().find_map(|name| text(name).map(|time| (*name, time))) else {
        return Err(Refusal::new(Reason::NoTime, "timestamp", "", "when it happened"));
    };
    item.at = moment::read(time, &TimeFormat::Rfc3339, zone).map_err(|error| bad_time(column, time, &error))?;
    item.id = message_id(text("messageId").unwrap_or(""));
    let reading = Reading { zone, ..Reading::default() };
    match call {
        "identify" => read_identify(schema, object, &reading, item),
        "track" => read_track(schema, object, &reading, item),
        _ => read_track(schema, &as_track(call, object), &reading, item),
    }
}

/// `page` and `screen` with their name and category, `group` with its traits and its id, as the `track` that they are.
fn as_track(call: &str, object: &Object) -> Object {
    let mut properties = match object.get(if call == "group" { "traits" } else { "properties" }) {
        Some(serde_json::Value::Object(properties)) => properties.clone(),
        _ => Object::new(),
    };
    let beside: &[&str] = if call == "group" { &["groupId"] } else { &["name", "category"] };
    for member in beside {
        if let Some(value) = object.get(*member).filter(|value| !value.is_null() && !properties.contains_key(*member)) {
            properties.insert((*member).to_owned(), value.clone());
        }
    }
    let mut track = Object::new();
    track.insert("event".to_owned(), call.into());
    track.insert("properties".to_owned(), properties.into());
    track
}

fn read_track(schema: &Schema, object: &Object, reading: &Reading, item: &mut Item) -> Result<(), Box<Refusal>> {
    let name = object.get("event").and_then(serde_json::Value::as_str).unwrap_or("");
    if name.is_empty() {
        return Err(Refusal::new(Reason::NoEvent, "event", "", "the name of an event"));
    }
    let event = find_event(schema, name).ok_or_else(|| unknown_event(schema, "event", name))?;
    let properties = object.get("properties").and_then(serde_json::Value::as_object);
    item.kind = ItemKind::Event(event);
    item.values.clear();
    for field in &schema.events[event.index()].fields {
        let value = properties.and_then(|all| all.get(field.wire.as_str()).or_else(|| all.get(field.name.as_str())));
        item.values.push(decode(field, &format!("properties.{}", field.wire), value.map_or(Cell::Missing, Cell::of), reading)?);
    }
    Ok(())
}

fn read_identify(schema: &Schema, object: &Object, reading: &Reading, item: &mut Item) -> Result<(), Box<Refusal>> {
    let traits = object.get("traits").and_then(serde_json::Value::as_object);
    item.kind = ItemKind::Attributes;
    item.values.clear();
    item.fields.clear();
    for (at, field) in schema.customer.iter().enumerate() {
        let found = traits.and_then(|all| all.get(field.wire.as_str()).or_else(|| all.get(field.name.as_str())));
        let Some(found) = found else { continue };
        let value = match Cell::of(found) {
            // Told to be empty: as if nobody had ever said it.
            Cell::Missing => field.default.clone(),
            cell => decode(field, &format!("traits.{}", field.wire), cell, reading)?,
        };
        item.fields.push(FieldId(at as u16));
        item.values.push(value);
    }
    Ok(())
}

/// Whether anything was said at all.
pub fn says_nothing(item: &Item) -> bool {
    item.kind == ItemKind::Attributes && item.values.iter().all(Value::is_missing) && item.fields.is_empty()
}
