//! Segment's HTTP tracking API, which RudderStack's clients speak as well.
//!
//! In: `/v1/batch`, `/v1/track` and its sisters, and the short paths of browsers. Out: items. **Invariant:** an item's time is corrected by
//! the difference between the sender's clock and ours; `page`, `screen` and `group` are events of these names. Does not check the write key.

use super::identifier::from_json;
use super::{
    Batch, Call, Item, Said, Unreadable, clock, items_of, json, read_id, read_object, read_text, read_token, reserved_reason, say,
    take_reserved,
};
use crate::calendar::Instant;
use crate::daemon::arrival::{Identifier, IdentifierKind, What};
use serde_json::{Map, Value};

/// The path behind `/v1/`, and the call that it is; none for batches.
pub const PATHS: &[(&str, Option<&str>)] = &[
    ("batch", None),
    ("b", None),
    ("import", None),
    ("track", Some("track")),
    ("t", Some("track")),
    ("identify", Some("identify")),
    ("i", Some("identify")),
    ("page", Some("page")),
    ("p", Some("page")),
    ("screen", Some("screen")),
    ("s", Some("screen")),
    ("group", Some("group")),
    ("g", Some("group")),
    ("alias", Some("alias")),
    ("a", Some("alias")),
];

/// What a body says.
pub fn read(call: &Call<'_>) -> Result<Vec<Item>, Unreadable> {
    let name = call.path.strip_prefix("/v1/").unwrap_or_default();
    let Some((_, kind)) = PATHS.iter().find(|(path, _)| *path == name) else {
        return Err(Unreadable::new(404, "no such call"));
    };
    let mut batch = Batch::new();
    if let Some(kind) = kind {
        // Is it an object at all? That it is a bad one is about the item.
        json::members(call.body)?;
        read_item(call, &mut batch, 0, call.body, Some(kind), None);
        return Ok(batch.items);
    }
    let members = json::members(call.body)?;
    let member = |name: &str| members.iter().find(|(member, _)| member == name).map(|(_, text)| *text);
    let items = items_of(member("batch").ok_or_else(|| Unreadable::new(400, "`batch` is missing"))?)?;
    // A clock that cannot be read corrects nothing.
    let sent = member("sentAt").and_then(|text| json::parse(text).ok()).and_then(|sent| clock::lenient(Some(&sent), call.zone));
    for (at, text) in items.into_iter().enumerate() {
        read_item(call, &mut batch, at, text, None, sent);
    }
    Ok(batch.items)
}

/// The key in the body of a browser, which can set no header.
pub fn write_key(body: &str) -> Option<String> {
    let members = json::members(body).ok()?;
    let (_, text) = members.into_iter().find(|(name, _)| name == "writeKey")?;
    json::parse(text).ok()?.as_str().map(str::to_owned)
}

fn read_item(call: &Call<'_>, batch: &mut Batch, at: usize, text: &str, kind: Option<&str>, sent: Option<Instant>) {
    let Some(object) = batch.object(at, text) else { return };
    let mut reserved = Vec::new();
    let said = read_object_of(call, object, kind, sent, &mut reserved);
    let taken = said.is_ok();
    batch.add(at, text, said);
    if taken && !reserved.is_empty() {
        batch.refuse(at, text, reserved_reason(&reserved), true);
    }
}

fn read_object_of(
    call: &Call<'_>,
    mut object: Map<String, Value>,
    kind: Option<&str>,
    sent: Option<Instant>,
    reserved: &mut Vec<String>,
) -> Said {
    let written = object.get("type").and_then(Value::as_str).map(str::to_owned);
    let kind = kind.map(str::to_owned).or(written).ok_or("`type` is missing; write track, identify, page, screen, group or alias")?;
    let who = read_who(&object)?;
    let id = read_id("messageId", object.get("messageId"))?;
    let at = own_time(call, &object, sent)?;
    let said = match kind.as_str() {
        "track" => {
            let name = read_text("event", object.get("event"))?;
            vec![What::Event { name, properties: read_object("properties", object.remove("properties"))? }]
        }
        "page" | "screen" | "group" => {
            let (members, beside): (_, &[&str]) =
                if kind == "group" { ("traits", &["groupId"]) } else { ("properties", &["name", "category"]) };
            let mut properties = read_object(members, object.remove(members))?;
            for member in beside {
                if let Some(value) = object.remove(*member).filter(|value| !value.is_null()) {
                    properties.entry(*member).or_insert(value);
                }
            }
            vec![What::Event { name: kind, properties }]
        }
        "identify" => {
            let mut traits = read_object("traits", object.remove("traits").or_else(|| context(&object, "traits").cloned()))?;
            *reserved = take_reserved(&mut traits, &who);
            let mut said = vec![What::Attributes(traits)];
            said.extend(device_token(&object).map(|token| What::Device { token, there: true }));
            said
        }
        "alias" => {
            let previous = from_json(IdentifierKind::Anonymous, object.get("previousId"))?;
            let previous = previous.or(from_json(IdentifierKind::Anonymous, object.get("anonymousId"))?);
            let previous = previous.ok_or("`previousId` is missing")?;
            let user = from_json(IdentifierKind::User, object.get("userId"))?.ok_or("`userId` is missing")?;
            return Ok(say(call, &[user], id.as_deref(), Some(at), vec![What::SameAs(previous)]));
        }
        other => return Err(format!("`{}` is no call; write track, identify, page, screen, group or alias", json::short(other))),
    };
    Ok(say(call, &who, id.as_deref(), Some(at), said))
}

fn read_who(object: &Map<String, Value>) -> Result<Vec<Identifier>, String> {
    let user = from_json(IdentifierKind::User, object.get("userId"))?;
    let anonymous = from_json(IdentifierKind::Anonymous, object.get("anonymousId"))?;
    let who: Vec<Identifier> = user.into_iter().chain(anonymous).collect();
    if who.is_empty() { Err("nobody is named: `userId` or `anonymousId` is missing".to_owned()) } else { Ok(who) }
}

/// An item's own `sentAt` (RudderStack) goes before that of its batch.
fn own_time(call: &Call<'_>, object: &Map<String, Value>, batch_sent: Option<Instant>) -> Result<Instant, String> {
    let Some((name, written)) = ["timestamp", "originalTimestamp"]
        .iter()
        .find_map(|name| object.get(*name).filter(|value| !value.is_null()).map(|value| (*name, value)))
    else {
        return Ok(call.received);
    };
    // Whether it is plausible is judged once it is corrected: a clock may stand in 1970 and still go.
    let sent = clock::lenient(object.get("sentAt"), call.zone).or(batch_sent);
    match clock::lenient(Some(written), call.zone) {
        Some(at) => clock::corrected(at, sent, call.received),
        None => clock::read(name, Some(written), call.zone).map(|at| at.unwrap_or(call.received)),
    }
}

fn context<'a>(object: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    object.get("context")?.get(name)
}

/// Of an app: `context.device.token`.
fn device_token(object: &Map<String, Value>) -> Option<String> {
    let token = context(object, "device")?.get("token")?.as_str()?;
    read_token(Some(&Value::String(token.to_owned()))).ok()
}
