//! What an arrival means in a project: words on the wire become inputs of the engine.
//!
//! In: an [`Arrival`] and the active plan. Out: inputs with values of the declared types, defaults applied; or a refusal in words, for the
//! dead-letter list. **Invariant:** the same item means the same here and in a simulation: both read values with
//! [`crate::ingest::mapping::decode`]. Knows no customer: who it is about, merging and erasing are found out elsewhere.

use super::arrival::{Arrival, What};
use crate::calendar::{Instant, Zone};
use crate::diagnostic::suggest;
use crate::engine::InputKind;
use crate::ingest::mapping::{decode, find_event, unknown_event};
use crate::ingest::refusal::{self, Reason};
use crate::ingest::rows::Cell;
use crate::plan::{EntryKind, Plan};
use crate::schema::{ChannelId, ChannelKind, Field, FieldId, JourneyId, ListId, Schema};
use crate::value::Value;
use crate::value::parse::Reading;
use serde_json::{Map, Value as Json};

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Bound {
    /// In order. Empty for what is not the engine's: [`What::SameAs`] and [`What::Erase`].
    pub inputs: Vec<InputKind>,
    /// Parts that count for nothing, in words; the rest counts. To be told once for each, not for every customer.
    pub ignored: Vec<String>,
    /// The inputs hold only where this is what stands there: a device that was given up takes no newer one with it.
    pub if_still: Option<(FieldId, Value)>,
}

/// Why nothing is done. For people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// The project does not declare what is named; it will come again and again, so it is better counted than kept.
    Undeclared(String),
    /// It is declared, and this does not fit.
    Unfit(String),
}

impl Refusal {
    pub fn words(&self) -> &str {
        match self {
            Refusal::Undeclared(words) | Refusal::Unfit(words) => words,
        }
    }
}

/// `zone`: the project's, of times that say none. `now`: of an arrival that says no time.
pub fn bind(plan: &Plan, zone: Zone, arrival: &Arrival, now: Instant) -> Result<Bound, Refusal> {
    let schema = &plan.schema;
    let reading = Reading { zone, ..Reading::default() };
    let at = arrival.at.unwrap_or(now);
    match &arrival.what {
        What::Event { name, properties } => event(schema, &reading, at, name, properties).map(one),
        What::Attributes(attributes) => self::attributes(schema, &reading, at, attributes),
        What::Device { token, there } => device(schema, &reading, at, token, *there),
        What::Consent { topic, subscribed } => consent(schema, at, topic, *subscribed).map(one),
        What::Suppress { channel, suppressed } => suppress(schema, channel.as_deref(), *suppressed),
        What::List { list, on } => {
            let found = schema.lists.iter().position(|declared| declared.name == *list);
            let found = found.ok_or_else(|| undeclared("list", list, schema.lists.iter().map(|list| list.name.as_str())))?;
            Ok(one(InputKind::List { list: ListId(found as u16), on: *on }))
        }
        What::Request { journey, arguments } => request(plan, &reading, at, journey, arguments).map(one),
        What::SameAs(_) | What::Erase => Ok(Bound::default()),
    }
}

fn one(input: InputKind) -> Bound {
    Bound { inputs: vec![input], ..Bound::default() }
}

fn event(schema: &Schema, reading: &Reading, at: Instant, name: &str, properties: &Map<String, Json>) -> Result<InputKind, Refusal> {
    let event = find_event(schema, name).ok_or_else(|| {
        let near = unknown_event(schema, "event", name).expected;
        Refusal::Undeclared(format!("no event is called `{}` on the wire: expected {near}", refusal::shown(name)))
    })?;
    let mut fields = Vec::with_capacity(schema.events[event.index()].fields.len());
    for field in &schema.events[event.index()].fields {
        let cell = member(properties, field).map_or(Cell::Missing, Cell::of);
        fields.push(decode(field, &format!("properties.{}", field.wire), cell, reading).map_err(unfit)?);
    }
    Ok(InputKind::Event { event, at, fields: fields.into() })
}

/// By its name on the wire, else by its own.
fn member<'a>(members: &'a Map<String, Json>, field: &Field) -> Option<&'a Json> {
    members.get(field.wire.as_str()).or_else(|| members.get(field.name.as_str()))
}

fn attributes(schema: &Schema, reading: &Reading, at: Instant, attributes: &Map<String, Json>) -> Result<Bound, Refusal> {
    let mut changes = Vec::new();
    for (number, field) in schema.customer.iter().enumerate() {
        let Some(found) = member(attributes, field) else { continue };
        let value = match Cell::of(found) {
            // Told to be empty: as if nobody had ever said it.
            Cell::Missing => field.default.clone(),
            cell => decode(field, &format!("traits.{}", field.wire), cell, reading).map_err(unfit)?,
        };
        changes.push((FieldId(number as u16), value));
    }
    let known = |name: &str| schema.customer.iter().any(|field| field.wire == name || field.name == name);
    let names = || schema.customer.iter().map(|field| field.wire.as_str());
    let ignored = attributes.keys().filter(|name| !known(name)).map(|name| undeclared("customer field", name, names()).words().to_owned());
    let ignored = ignored.collect();
    Ok(Bound { inputs: vec![InputKind::Attributes { at, changes }], ignored, if_still: None })
}

/// The contact field of pushes.
fn device(schema: &Schema, reading: &Reading, at: Instant, token: &str, there: bool) -> Result<Bound, Refusal> {
    let push = schema.channels.iter().find(|channel| channel.kind == ChannelKind::Push).and_then(|channel| channel.contact);
    let Some(field) = push else {
        return Err(Refusal::Undeclared("this project sends no pushes, so a device is of no use to it".to_owned()));
    };
    let declared = &schema.customer[field.index()];
    let token = decode(declared, "token", Cell::Text(token), reading).map_err(unfit)?;
    let (value, if_still) = if there { (token, None) } else { (declared.default.clone(), Some((field, token))) };
    Ok(Bound { inputs: vec![InputKind::Attributes { at, changes: vec![(field, value)] }], ignored: Vec::new(), if_still })
}

fn consent(schema: &Schema, at: Instant, topic: &str, subscribed: bool) -> Result<InputKind, Refusal> {
    let found = schema.topic(topic).ok_or_else(|| undeclared("topic", topic, schema.topics.iter().map(|topic| topic.name.as_str())))?;
    if schema.topics[found.index()].is_transactional() {
        return Err(Refusal::Unfit(format!("`{topic}` is transactional: it needs no consent, and nobody can leave it")));
    }
    Ok(InputKind::Consent { at, topic: found, subscribed })
}

fn suppress(schema: &Schema, channel: Option<&str>, suppressed: bool) -> Result<Bound, Refusal> {
    let channels: Vec<ChannelId> = match channel {
        Some(name) => {
            let names = || schema.channels.iter().map(|channel| channel.name.as_str());
            vec![schema.channel(name).ok_or_else(|| undeclared("channel", name, names()))?]
        }
        // A team of ours is written to, not she.
        None => {
            let hers = |(_, channel): &(usize, &crate::schema::Channel)| channel.kind != ChannelKind::Task;
            schema.channels.iter().enumerate().filter(hers).map(|(number, _)| ChannelId(number as u16)).collect()
        }
    };
    let inputs = channels.into_iter().map(|channel| InputKind::Suppress { channel, suppressed }).collect();
    Ok(Bound { inputs, ..Bound::default() })
}

fn request(plan: &Plan, reading: &Reading, at: Instant, name: &str, arguments: &Map<String, Json>) -> Result<InputKind, Refusal> {
    let on_request = |journey: &&crate::plan::Journey| journey.entries.iter().any(|entry| matches!(entry.kind, EntryKind::Requested));
    let names = || plan.journeys.iter().filter(on_request).map(|journey| journey.name.as_str());
    let found = plan.journeys.iter().position(|journey| journey.name == name);
    let found = found.ok_or_else(|| undeclared("journey", name, names()))?;
    let journey = &plan.journeys[found];
    if !on_request(&journey) {
        return Err(Refusal::Unfit(format!("the journey `{name}` does not say `enter when requested`")));
    }
    let params = &journey.entry_fields[..usize::from(journey.params).min(journey.entry_fields.len())];
    if let Some(unknown) = arguments.keys().find(|argument| !params.iter().any(|param| param.name == argument.as_str())) {
        return Err(undeclared(&format!("parameter of `{name}`"), unknown, params.iter().map(|param| param.name.as_str())));
    }
    let mut args = Vec::with_capacity(params.len());
    for param in params {
        let field = Field { name: param.name.clone(), wire: param.name.clone(), ty: param.ty.clone(), default: Value::Missing };
        let cell = arguments.get(param.name.as_str()).map_or(Cell::Missing, Cell::of);
        args.push(decode(&field, &format!("arguments.{}", param.name), cell, reading).map_err(unfit)?);
    }
    Ok(InputKind::Requested { journey: JourneyId(found as u16), at, args })
}

fn undeclared<'a>(kind: &str, name: &str, names: impl Iterator<Item = &'a str>) -> Refusal {
    let near = suggest::best(name, names).map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
    Refusal::Undeclared(format!("no {kind} is called `{}`{near}", refusal::shown(name)))
}

#[expect(clippy::boxed_local, reason = "refusals of rows come in boxes")]
fn unfit(refusal: Box<refusal::Refusal>) -> Refusal {
    Refusal::Unfit(match refusal.reason {
        Reason::MissingValue => format!("`{}` is missing: expected {}", refusal.column, refusal.expected),
        _ => format!("`{}`: {}", refusal.column, refusal.expected),
    })
}
