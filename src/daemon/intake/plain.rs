//! Our own endpoint, for who has no client of anybody's: `POST /v1/events`, one object or a list of them.
//!
//! In: `{"customer": "u1", "event": "order placed", "properties": {…}, "id": "o-1", "time": "2026-11-24T09:00:00Z"}`, or instead of the event
//! `attributes`, `consent`, `list`, `request`, `suppress`, `device`, `same_as` or `erase`. Out: items. **Invariant:** a member that is not
//! known is refused, with the nearest one that is; an item says one kind of thing; without an `id` it gets one, which is told.

use super::identifier::from_json;
use super::{
    Batch, Call, Item, Said, Unreadable, clock, items_of, json, read_id, read_object, read_text, read_token, reserved_reason, say,
    take_reserved,
};
use crate::daemon::arrival::{Identifier, IdentifierKind, What};
use crate::diagnostic::suggest;
use serde_json::{Map, Value};

/// Who it is about.
const WHO: [(&str, IdentifierKind); 3] =
    [("customer", IdentifierKind::User), ("email", IdentifierKind::Email), ("anonymous", IdentifierKind::Anonymous)];
/// What is said: exactly one of these. Behind `true`: a browser may say it.
const KINDS: [(&str, bool); 9] = [
    ("event", true),
    ("attributes", true),
    ("same_as", true),
    ("device", true),
    ("consent", false),
    ("list", false),
    ("request", false),
    ("suppress", false),
    ("erase", false),
];
/// What may stand beside it.
const BESIDE: [&str; 5] = ["properties", "arguments", "there", "id", "time"];

/// What a body says.
pub fn read(call: &Call<'_>) -> Result<Vec<Item>, Unreadable> {
    let mut batch = Batch::new();
    if !json::is_list(call.body) {
        json::members(call.body)?;
        read_item(call, &mut batch, 0, call.body);
        return Ok(batch.items);
    }
    let items = items_of(call.body)?;
    for (at, text) in items.into_iter().enumerate() {
        read_item(call, &mut batch, at, text);
    }
    Ok(batch.items)
}

/// The id that an item without one gets.
pub fn made_id(request: &str, at: usize) -> String {
    format!("{request}-{at}")
}

fn read_item(call: &Call<'_>, batch: &mut Batch, at: usize, text: &str) {
    let Some(object) = batch.object(at, text) else { return };
    let mut reserved = Vec::new();
    let said = read_said(call, at, object, &mut reserved);
    let taken = said.is_ok();
    batch.add(at, text, said);
    if taken && !reserved.is_empty() {
        batch.refuse(at, text, reserved_reason(&reserved), true);
    }
}

fn read_said(call: &Call<'_>, at: usize, mut object: Map<String, Value>, reserved: &mut Vec<String>) -> Said {
    let kind = read_kind(call, &object)?;
    let who = read_who(&object)?;
    let id = read_id("id", object.get("id"))?.unwrap_or_else(|| made_id(call.request, at));
    let time = clock::read("time", object.get("time"), call.zone)?;
    let time = time.map(|time| clock::corrected(time, None, call.received)).transpose()?;
    let value = object.remove(kind).unwrap_or_default();
    let said = match kind {
        "event" => {
            let name = read_text("event", Some(&value))?;
            vec![What::Event { name, properties: read_object("properties", object.remove("properties"))? }]
        }
        "attributes" => {
            let mut attributes = read_object("attributes", Some(value))?;
            *reserved = take_reserved(&mut attributes, &who);
            vec![What::Attributes(attributes)]
        }
        "consent" => switches("consent", "topic", value, |topic, subscribed| What::Consent { topic, subscribed })?,
        "list" => switches("list", "list", value, |list, on| What::List { list, on })?,
        "suppress" => match value {
            Value::Bool(suppressed) => vec![What::Suppress { channel: None, suppressed }],
            value => switches("suppress", "channel", value, |channel, suppressed| What::Suppress { channel: Some(channel), suppressed })?,
        },
        "request" => {
            let journey = read_text("request", Some(&value))?;
            vec![What::Request { journey, arguments: read_object("arguments", object.remove("arguments"))? }]
        }
        "device" => {
            let there = match object.get("there") {
                None => true,
                Some(Value::Bool(there)) => *there,
                Some(_) => return Err("`there` is true or false".to_owned()),
            };
            vec![What::Device { token: read_token(Some(&value))?, there }]
        }
        "same_as" => {
            let other = match value {
                Value::Object(other) => read_who(&other)?,
                _ => return Err("write `\"same_as\": {\"anonymous\": \"…\"}`".to_owned()),
            };
            other.into_iter().map(What::SameAs).collect()
        }
        _ => match value {
            Value::Bool(true) => vec![What::Erase],
            _ => return Err("write `\"erase\": true`".to_owned()),
        },
    };
    Ok(say(call, &who, Some(&id), time, said))
}

/// The one kind of thing that is said; all members are known.
fn read_kind(call: &Call<'_>, object: &Map<String, Value>) -> Result<&'static str, String> {
    let known = || WHO.iter().map(|(name, _)| *name).chain(KINDS.iter().map(|(name, _)| *name)).chain(BESIDE);
    if let Some(unknown) = object.keys().find(|name| !known().any(|known| known == *name)) {
        let near = suggest::best(unknown, known()).map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
        return Err(format!("`{}` is not known here{near}", json::short(unknown)));
    }
    let mut said = KINDS.iter().filter(|(name, _)| object.contains_key(*name));
    let all = || KINDS.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
    let (kind, everybody) = said.next().ok_or_else(|| format!("nothing is said; write one of {}", all()))?;
    if let Some((second, _)) = said.next() {
        return Err(format!("`{kind}` and `{second}` are two things; send an item for each"));
    }
    if !everybody && !call.trusted {
        return Err(format!("`{kind}` needs the key of a server; a write key says what happened, and nothing else"));
    }
    let belongs = [("properties", "event"), ("arguments", "request"), ("there", "device")];
    match belongs.iter().find(|(beside, owner)| object.contains_key(*beside) && *owner != *kind) {
        Some((beside, owner)) => Err(format!("`{beside}` belongs to `{owner}`, not to `{kind}`")),
        None => Ok(kind),
    }
}

fn read_who(object: &Map<String, Value>) -> Result<Vec<Identifier>, String> {
    let mut who = Vec::new();
    for (name, kind) in WHO {
        who.extend(from_json(kind, object.get(name))?);
    }
    if who.is_empty() { Err("nobody is named: `customer`, `anonymous` or `email` is missing".to_owned()) } else { Ok(who) }
}

/// `{"news": true, "offers": false}`
fn switches(member: &str, what: &str, value: Value, say: impl Fn(String, bool) -> What) -> Result<Vec<What>, String> {
    let switches = read_object(member, Some(value))?;
    if switches.is_empty() {
        return Err(format!("`{member}` names no {what}: write `\"{member}\": {{\"{what}\": true}}`"));
    }
    let switch = |(name, on): (String, Value)| match on {
        Value::Bool(on) => Ok(say(name, on)),
        other => Err(format!("`{member}.{name}` is `{}`; write true or false", json::short(&other.to_string()))),
    };
    switches.into_iter().map(switch).collect()
}
