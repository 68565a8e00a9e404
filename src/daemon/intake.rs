//! What other systems say, in their own protocols, as [`Arrival`]s.
//!
//! In: a [`Call`]: path, headers, body, the time of its arrival. Out: [`Item`]s, one or more for each thing that was said, or that the body as
//! a whole cannot be read. **Invariant:** pure: no clock, no socket, no store; one bad item spoils no other; nothing is dropped silently:
//! what is not taken comes out as [`Refused`], with the text that was sent and a reason in words. Knows no schema and no plan.

pub mod clock;
pub mod cloudevents;
pub mod customerio;
pub mod identifier;
pub mod json;
pub mod plain;
pub mod segment;
pub mod unpack;

use super::arrival::{Arrival, Identifier, What};
use crate::calendar::{Instant, Zone};
use serde_json::{Map, Value};

/// Bytes of one item, as text (Segment's limit).
pub const EVENT_BYTES_MAX: usize = 32 * 1024;
/// Bytes of a body on the wire (Segment's limit).
pub const BATCH_BYTES_MAX: usize = 500 * 1024;
/// Bytes of a body when it is unpacked.
pub const DECODED_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Items of one body.
pub const ITEMS_MAX: usize = 5_000;
/// Characters of the name of an event, a property, an attribute, a topic, a list, a journey.
pub const NAME_CHARS_MAX: usize = 200;
/// Bytes of a sender's id of an item.
pub const ID_BYTES_MAX: usize = 256;
/// Bytes of an address for pushes.
pub const TOKEN_BYTES_MAX: usize = 4_096;

/// A request, as far as it says anything.
#[derive(Debug, Clone, Copy)]
pub struct Call<'a> {
    pub method: &'a str,
    /// As on the wire, still percent-encoded, without the query.
    pub path: &'a str,
    /// Names in lower case.
    pub headers: &'a [(String, String)],
    /// Unpacked.
    pub body: &'a str,
    pub received: Instant,
    /// The name of the key that it came with.
    pub source: &'a str,
    /// Whether it came with the key of a server, which may say everything; a browser's key may only say what happened.
    pub trusted: bool,
    /// Of times that say none.
    pub zone: Zone,
    /// Unique: ids are made with it where an endpoint promises one.
    pub request: &'a str,
}

impl Call<'_> {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(header, _)| header == name).map(|(_, value)| value.as_str())
    }
}

/// Something that was said, by its place in the body.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    /// From 0.
    pub at: usize,
    pub said: Result<Arrival, Refused>,
}

/// What is not taken, for the dead-letter list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// As it was sent, at most [`EVENT_BYTES_MAX`].
    pub text: String,
    pub reason: String,
    /// Only a part of the item: the rest of it counts, and its sender is told that all went well.
    pub partly: bool,
}

/// The body as a whole says nothing: the sender is told, nobody else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// Of HTTP.
    pub status: u16,
    pub reason: String,
}

impl Unreadable {
    pub fn new(status: u16, reason: impl Into<String>) -> Unreadable {
        Unreadable { status, reason: reason.into() }
    }
}

impl From<json::Wrong> for Unreadable {
    fn from(wrong: json::Wrong) -> Unreadable {
        Unreadable::new(400, format!("the body is not usable JSON: {wrong}"))
    }
}

/// How the readers of items speak: what is said, in order, or why nothing is.
type Said = Result<Vec<Arrival>, String>;

/// Collects the items of one body.
struct Batch {
    items: Vec<Item>,
}

impl Batch {
    fn new() -> Batch {
        Batch { items: Vec::new() }
    }

    fn refuse(&mut self, at: usize, text: &str, reason: impl Into<String>, partly: bool) {
        self.items.push(Item { at, said: Err(Refused { text: cut(text).to_owned(), reason: reason.into(), partly }) });
    }

    /// An item as an object, or nothing after it was refused.
    fn object(&mut self, at: usize, text: &str) -> Option<Map<String, Value>> {
        if text.len() > EVENT_BYTES_MAX {
            self.refuse(at, text, format!("it has {} bytes; at most {EVENT_BYTES_MAX} are taken", text.len()), false);
            return None;
        }
        match json::parse_object(text) {
            Ok(object) => Some(object),
            Err(wrong) => {
                self.refuse(at, text, wrong.to_string(), false);
                None
            }
        }
    }

    fn add(&mut self, at: usize, text: &str, said: Said) {
        match said {
            Ok(arrivals) => self.items.extend(arrivals.into_iter().map(|arrival| Item { at, said: Ok(arrival) })),
            Err(reason) => self.refuse(at, text, reason, false),
        }
    }
}

/// The raw items of a list.
fn items_of(text: &str) -> Result<Vec<&str>, Unreadable> {
    json::elements(text, ITEMS_MAX).map_err(|wrong| match wrong.too_many {
        true => Unreadable::new(413, wrong.what),
        false => wrong.into(),
    })
}

/// At most [`EVENT_BYTES_MAX`], at the edge of a character.
fn cut(text: &str) -> &str {
    let mut end = text.len().min(EVENT_BYTES_MAX);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// Traits and attributes that nobody sets by saying so: they would change consent or who somebody is. Lower case.
const RESERVED: &[&str] = &[
    "unsubscribed",
    "consent",
    "suppressed",
    "cio_subscription_preferences",
    "cio_id",
    "id",
    "user_id",
    "userid",
    "anonymous_id",
    "anonymousid",
    "held_out",
];

/// Takes reserved attributes out. Gives their names, but for those that only repeat the id that the item has anyway.
fn take_reserved(attributes: &mut Map<String, Value>, who: &[Identifier]) -> Vec<String> {
    let reserved: Vec<String> = attributes.keys().filter(|name| RESERVED.contains(&name.to_lowercase().as_str())).cloned().collect();
    let repeats = |value: &Value| value.as_str().is_some_and(|text| who.iter().any(|known| known.value == text));
    reserved.into_iter().filter(|name| attributes.remove(name).is_some_and(|value| !repeats(&value))).collect()
}

/// The reason for the dead-letter list.
fn reserved_reason(names: &[String]) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    format!("{} cannot be set as an attribute, and was left out; the rest counts", names.join(", "))
}

/// Names of properties and attributes, at every depth.
fn check_names(members: &Map<String, Value>) -> Result<(), String> {
    for (name, value) in members {
        check_name("name", name)?;
        check_names_in(value)?;
    }
    Ok(())
}

fn check_names_in(value: &Value) -> Result<(), String> {
    match value {
        Value::Object(members) => check_names(members),
        Value::Array(items) => items.iter().try_for_each(check_names_in),
        _ => Ok(()),
    }
}

/// `what`: of whom the name is, for the reason.
fn check_name(what: &str, name: &str) -> Result<(), String> {
    let characters = name.chars().count();
    if characters > NAME_CHARS_MAX {
        return Err(format!("the {what} `{}` has {characters} characters; at most {NAME_CHARS_MAX} are taken", json::short(name)));
    }
    Ok(())
}

/// The sender's id: a text or a whole number. Nothing there is `None`.
fn read_id(name: &str, value: Option<&Value>) -> Result<Option<String>, String> {
    let text = match value {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::String(text)) => text.clone(),
        Some(Value::Number(number)) => number.to_string(),
        Some(other) => return Err(format!("`{name}` is `{}`, which is no id", json::short(&other.to_string()))),
    };
    if text.len() > ID_BYTES_MAX {
        return Err(format!("`{name}` has {} bytes; at most {ID_BYTES_MAX} are taken", text.len()));
    }
    Ok(Some(text).filter(|text| !text.is_empty()))
}

/// An object that may be absent or `null`.
fn read_object(name: &str, value: Option<Value>) -> Result<Map<String, Value>, String> {
    match value {
        None | Some(Value::Null) => Ok(Map::new()),
        Some(Value::Object(members)) => check_names(&members).map(|()| members),
        // PHP writes an empty map like this.
        Some(Value::Array(items)) if items.is_empty() => Ok(Map::new()),
        Some(other) => Err(format!("`{name}` is `{}`; write an object", json::short(&other.to_string()))),
    }
}

/// A text that must be there and say something.
fn read_text(name: &str, value: Option<&Value>) -> Result<String, String> {
    match value {
        Some(Value::String(text)) if !text.trim().is_empty() => check_name(&format!("`{name}`"), text).map(|()| text.clone()),
        None | Some(Value::Null) => Err(format!("`{name}` is missing")),
        Some(other) => Err(format!("`{name}` is `{}`; write a text that is not empty", json::short(&other.to_string()))),
    }
}

/// An address for pushes.
fn read_token(value: Option<&Value>) -> Result<String, String> {
    match value {
        Some(Value::String(token)) if token.len() > TOKEN_BYTES_MAX => {
            Err(format!("the token has {} bytes; at most {TOKEN_BYTES_MAX} are taken", token.len()))
        }
        Some(Value::String(token)) if !token.trim().is_empty() && !token.chars().any(char::is_control) => Ok(token.clone()),
        _ => Err("the token is missing: write the address of the device as a text".to_owned()),
    }
}

/// Ids of the several things that one item says: the first has the item's own.
fn numbered(id: Option<&str>, number: usize) -> Option<String> {
    id.map(|id| if number == 0 { id.to_owned() } else { format!("{id}#{number}") })
}

/// Arrivals of one item: the same in all but what they say.
fn say(call: &Call<'_>, who: &[Identifier], id: Option<&str>, at: Option<Instant>, said: Vec<What>) -> Vec<Arrival> {
    let arrival = |(number, what)| Arrival {
        who: who.to_vec(),
        source: call.source.to_owned(),
        id: numbered(id, number),
        at: Some(at.unwrap_or(call.received)),
        what,
    };
    said.into_iter().enumerate().map(arrival).collect()
}
