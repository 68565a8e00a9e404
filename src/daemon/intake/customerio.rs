//! Customer.io's Track API: the calls of version 1, each with a path of its own, and the operations of version 2.
//!
//! In: `PUT /api/v1/customers/{id}` and its sisters, `POST /api/v2/entity` and `/api/v2/batch`. Out: items. **Invariant:** ids in paths are
//! percent-decoded; times are seconds since 1970 (milliseconds are known by their size). What has no meaning here (objects, relationships,
//! ids of Customer.io's own) is refused, not ignored.

use super::identifier::{from_json, identifier};
use super::{
    Batch, Call, Item, Said, Unreadable, clock, items_of, json, read_id, read_object, read_text, read_token, reserved_reason, say,
    take_reserved,
};
use crate::daemon::arrival::{Identifier, IdentifierKind, What};
use serde_json::{Map, Value};

/// What a call says.
pub fn read(call: &Call<'_>) -> Result<Vec<Item>, Unreadable> {
    let mut batch = Batch::new();
    match call.path {
        "/api/v2/batch" => {
            let members = json::members(call.body)?;
            let (_, text) = members.iter().find(|(name, _)| name == "batch").ok_or_else(|| Unreadable::new(400, "`batch` is missing"))?;
            let items = items_of(text)?;
            for (at, text) in items.into_iter().enumerate() {
                read_item(call, &mut batch, at, text, operation);
            }
        }
        "/api/v2/entity" => {
            json::members(call.body)?;
            read_item(call, &mut batch, 0, call.body, operation);
        }
        _ => {
            let path = path_of(call)?;
            let path: Vec<&str> = path.iter().map(String::as_str).collect();
            // Clients send nothing, or an empty object, where there is nothing to say.
            let body = if call.body.trim().is_empty() { "{}" } else { call.body };
            json::members(body)?;
            read_item(call, &mut batch, 0, body, |call, object, reserved| version_1(call, &path, object, reserved));
        }
    }
    Ok(batch.items)
}

/// The parts behind `/api/v1/`, decoded.
fn path_of(call: &Call<'_>) -> Result<Vec<String>, Unreadable> {
    let rest = call.path.strip_prefix("/api/v1/").ok_or_else(|| Unreadable::new(404, "no such call"))?;
    rest.split('/').map(|part| decode(part).ok_or_else(|| Unreadable::new(400, "the address is not percent-encoded UTF-8"))).collect()
}

/// Percent-decoded; `+` stays a plus.
pub(super) fn decode(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        if *byte == b'%' {
            let digits = text.get(at + 1..at + 3).filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()))?;
            decoded.push(u8::from_str_radix(digits, 16).ok()?);
            at += 3;
        } else {
            decoded.push(*byte);
            at += 1;
        }
    }
    String::from_utf8(decoded).ok()
}

/// Names that could not be set, in the last argument.
type Reader<'a> = dyn Fn(&Call<'_>, Map<String, Value>, &mut Vec<String>) -> Said + 'a;

fn read_item(
    call: &Call<'_>,
    batch: &mut Batch,
    at: usize,
    text: &str,
    read: impl Fn(&Call<'_>, Map<String, Value>, &mut Vec<String>) -> Said,
) {
    let read: &Reader<'_> = &read;
    let Some(object) = batch.object(at, text) else { return };
    let mut reserved = Vec::new();
    let said = read(call, object, &mut reserved);
    let taken = said.is_ok();
    // What is said in the address belongs to what was sent.
    let whole = || format!("{} {} {text}", call.method, call.path);
    match said {
        Err(reason) => batch.refuse(at, &whole(), reason, false),
        said => batch.add(at, text, said),
    }
    if taken && !reserved.is_empty() {
        batch.refuse(at, &whole(), reserved_reason(&reserved), true);
    }
}

fn version_1(call: &Call<'_>, path: &[&str], mut object: Map<String, Value>, reserved: &mut Vec<String>) -> Said {
    let user = |id: &str| identifier(IdentifierKind::User, id).map(|user| vec![user]);
    let one = |who: Vec<Identifier>, what: What| Ok(say(call, &who, None, None, vec![what]));
    match (call.method, path) {
        ("PUT", ["customers", id]) => identify(call, user(id)?, object, reserved),
        ("DELETE", ["customers", id]) => one(user(id)?, What::Erase),
        ("POST", ["customers", id, "events"]) => event(call, user(id)?, object, "data"),
        ("POST", ["customers", id, verb @ ("suppress" | "unsuppress")]) => {
            one(user(id)?, What::Suppress { channel: None, suppressed: *verb == "suppress" })
        }
        ("PUT", ["customers", id, "devices"]) => {
            let device = read_object("device", object.remove("device"))?;
            one(user(id)?, What::Device { token: read_token(device.get("id"))?, there: true })
        }
        ("DELETE", ["customers", id, "devices", token]) => {
            let token = read_token(Some(&Value::String((*token).to_owned())))?;
            one(user(id)?, What::Device { token, there: false })
        }
        ("POST", ["events"]) => {
            let who = from_json(IdentifierKind::Anonymous, object.get("anonymous_id"))?;
            let who = who.ok_or("nobody is named: `anonymous_id` is missing")?;
            event(call, vec![who], object, "data")
        }
        ("POST", ["merge_customers"]) => merge(call, &mut object),
        _ => Err("there is no such call".to_owned()),
    }
}

/// An operation of version 2.
fn operation(call: &Call<'_>, mut object: Map<String, Value>, reserved: &mut Vec<String>) -> Said {
    match object.get("type").and_then(Value::as_str) {
        None | Some("person") => {}
        Some(other) => return Err(format!("`{}`: only operations on a `person` mean anything here", json::short(other))),
    }
    let action = read_text("action", object.get("action"))?;
    if action == "merge" {
        return merge(call, &mut object);
    }
    let mut who = identifiers(&read_object("identifiers", object.remove("identifiers"))?)?;
    let one = |who: Vec<Identifier>, what: What| Ok(say(call, &who, None, None, vec![what]));
    match action.as_str() {
        "identify" => {
            who.extend(from_json(IdentifierKind::Anonymous, object.get("anonymous_id"))?);
            if object.contains_key("cio_relationships") {
                reserved.push("cio_relationships".to_owned());
            }
            identify(call, who, read_object("attributes", object.remove("attributes"))?, reserved)
        }
        "event" => event(call, who, object, "attributes"),
        "page" | "screen" => {
            object.insert("type".to_owned(), action.into());
            event(call, who, object, "attributes")
        }
        "delete" => one(who, What::Erase),
        "suppress" | "unsuppress" => one(who, What::Suppress { channel: None, suppressed: action == "suppress" }),
        "add_device" | "delete_device" => {
            let device = read_object("device", object.remove("device"))?;
            let token = read_token(device.get("token").or_else(|| device.get("id")))?;
            one(who, What::Device { token, there: action == "add_device" })
        }
        other => Err(format!(
            "`{}` means nothing here; write identify, event, page, screen, delete, suppress, unsuppress, add_device, delete_device or merge",
            json::short(other)
        )),
    }
}

fn identify(call: &Call<'_>, mut who: Vec<Identifier>, mut attributes: Map<String, Value>, reserved: &mut Vec<String>) -> Said {
    super::check_names(&attributes)?;
    if let Some(anonymous) = from_json(IdentifierKind::Anonymous, attributes.get("anonymous_id"))? {
        attributes.remove("anonymous_id");
        who.push(anonymous);
    }
    let mut said = Vec::new();
    // Their way to say that somebody wants nothing any more. The other way round it is no consent.
    if matches!(attributes.get("unsubscribed"), Some(Value::Bool(true))) {
        attributes.remove("unsubscribed");
        said.push(What::Suppress { channel: None, suppressed: true });
    }
    reserved.extend(take_reserved(&mut attributes, &who));
    if attributes.remove("_update").is_some() {
        reserved.push("_update".to_owned());
    }
    said.insert(0, What::Attributes(attributes));
    Ok(say(call, &who, None, None, said))
}

/// `members`: where its properties are.
fn event(call: &Call<'_>, who: Vec<Identifier>, mut object: Map<String, Value>, members: &str) -> Said {
    let name = read_text("name", object.get("name"))?;
    let id = read_id("id", object.get("id"))?;
    let at = clock::read("timestamp", object.get("timestamp"), call.zone)?;
    let at = at.map(|at| clock::corrected(at, None, call.received)).transpose()?;
    let mut properties = read_object(members, object.remove(members))?;
    let name = match object.get("type").and_then(Value::as_str) {
        Some(page @ ("page" | "screen")) => {
            properties.entry("name").or_insert(name.into());
            page.to_owned()
        }
        _ => name,
    };
    Ok(say(call, &who, id.as_deref(), at, vec![What::Event { name, properties }]))
}

fn merge(call: &Call<'_>, object: &mut Map<String, Value>) -> Said {
    let primary = identifiers(&read_object("primary", object.remove("primary"))?)?;
    let secondary = identifiers(&read_object("secondary", object.remove("secondary"))?)?;
    let second = secondary.into_iter().next().ok_or("`secondary` names nobody")?;
    Ok(say(call, &primary, None, None, vec![What::SameAs(second)]))
}

fn identifiers(named: &Map<String, Value>) -> Result<Vec<Identifier>, String> {
    let mut who = Vec::new();
    for (name, kind) in [("id", IdentifierKind::User), ("email", IdentifierKind::Email), ("anonymous_id", IdentifierKind::Anonymous)] {
        who.extend(from_json(kind, named.get(name))?);
    }
    match (who.is_empty(), named.contains_key("cio_id")) {
        (true, true) => Err("`cio_id` is an id of Customer.io's own; name her by `id` or `email`".to_owned()),
        (true, false) => Err("nobody is named: `id` or `email` is missing".to_owned()),
        (false, _) => Ok(who),
    }
}
