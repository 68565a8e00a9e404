//! CloudEvents 1.0 over HTTP: structured, batched and binary.
//!
//! In: `POST /v1/cloudevents`. Out: items. **Invariant:** `type` is the event's name on the wire, an object `data` its properties; who it is
//! about is an attribute `customer`, `anonymous` or `email`, else `subject`; `source` and `id` together make it count once.

use super::customerio::decode;
use super::identifier::{from_json, identifier};
use super::{Batch, Call, EVENT_BYTES_MAX, Item, Said, Unreadable, clock, items_of, json, read_id, read_object, read_text, say};
use crate::daemon::arrival::{Identifier, IdentifierKind, What};
use serde_json::{Map, Value};

/// What a body says.
pub fn read(call: &Call<'_>) -> Result<Vec<Item>, Unreadable> {
    let mut batch = Batch::new();
    if call.header("ce-specversion").is_some() {
        read_binary(call, &mut batch);
        return Ok(batch.items);
    }
    if !json::is_list(call.body) {
        json::members(call.body)?;
        read_structured(call, &mut batch, 0, call.body);
        return Ok(batch.items);
    }
    let items = items_of(call.body)?;
    for (at, text) in items.into_iter().enumerate() {
        read_structured(call, &mut batch, at, text);
    }
    Ok(batch.items)
}

fn read_structured(call: &Call<'_>, batch: &mut Batch, at: usize, text: &str) {
    let Some(object) = batch.object(at, text) else { return };
    let said = read_event(call, object);
    batch.add(at, text, said);
}

/// Attributes in headers, data in the body.
fn read_binary(call: &Call<'_>, batch: &mut Batch) {
    let mut event = Map::new();
    for (name, value) in call.headers.iter().filter_map(|(name, value)| Some((name.strip_prefix("ce-")?, value))) {
        match decode(value) {
            Some(decoded) if !decoded.contains('\0') => event.insert(name.to_owned(), Value::String(decoded)),
            _ => return batch.refuse(0, call.body, format!("the header `ce-{name}` is not percent-encoded UTF-8"), false),
        };
    }
    if call.body.len() > EVENT_BYTES_MAX {
        return batch.refuse(0, call.body, format!("it has {} bytes; at most {EVENT_BYTES_MAX} are taken", call.body.len()), false);
    }
    if !call.body.trim().is_empty() {
        match json::parse(call.body) {
            Ok(data) => event.insert("data".to_owned(), data),
            Err(wrong) => return batch.refuse(0, call.body, wrong.to_string(), false),
        };
    }
    let said = read_event(call, event);
    batch.add(0, call.body, said);
}

fn read_event(call: &Call<'_>, mut event: Map<String, Value>) -> Said {
    let version = read_text("specversion", event.get("specversion"))?;
    if version != "1.0" {
        return Err(format!("`specversion` is `{}`; 1.0 is spoken here", json::short(&version)));
    }
    let name = read_text("type", event.get("type"))?;
    let id = read_id("id", event.get("id"))?.ok_or("`id` is missing")?;
    let source = read_id("source", event.get("source"))?.ok_or("`source` is missing")?;
    if event.contains_key("data_base64") {
        return Err("`data_base64` holds bytes; write an object in `data`".to_owned());
    }
    let at = clock::read("time", event.get("time"), call.zone)?;
    let at = at.map(|at| clock::corrected(at, None, call.received)).transpose()?;
    let who = read_who(&event)?;
    let properties = read_object("data", event.remove("data"))?;
    // An id counts within its source.
    let id = format!("{source} {id}");
    Ok(say(call, &who, Some(&id), at, vec![What::Event { name, properties }]))
}

fn read_who(event: &Map<String, Value>) -> Result<Vec<Identifier>, String> {
    let mut who = Vec::new();
    for (name, kind) in [("customer", IdentifierKind::User), ("email", IdentifierKind::Email), ("anonymous", IdentifierKind::Anonymous)] {
        who.extend(from_json(kind, event.get(name))?);
    }
    match event.get("subject").and_then(Value::as_str) {
        _ if !who.is_empty() => Ok(who),
        Some(subject) => identifier(IdentifierKind::User, subject).map(|user| vec![user]),
        None => Err("nobody is named: `subject`, or an attribute `customer`, is missing".to_owned()),
    }
}
