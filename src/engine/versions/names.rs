//! What is the customer's own, by its name: taken down under one plan and put up under another.
//!
//! In: a row under a plan, and another plan. Out: the row under that one; what has no place there stays in the row by its name. **Invariant:**
//! a withdrawal, a suppression or an entry is never forgotten because a plan left something out for a while; beyond [`parked::MAX`] the oldest
//! goes.

use crate::calendar::Instant;
use crate::engine::calls::fits;
use crate::engine::row::{Consent, ConsentState, Customer, Entered, Moved, Parked, Points, parked};
use crate::plan::Plan;
use crate::schema::{FieldId, ListId, StageId};
use crate::value::{Decimal, Text, Value};

/// Keeps by name everything that is the customer's own.
pub(super) fn park(row: &mut Customer, from: &Plan, active: &Plan, stage_now: impl Fn(StageId) -> StageId) {
    let schema = &from.schema;
    let mut taken: Vec<Parked> = Vec::new();
    let mut take = |kind, name: Option<&Text>, value, at| {
        if let Some(name) = name {
            taken.push(Parked { kind, name: name.clone(), value, at });
        }
    };
    for (at, (value, time)) in row.attributes.drain(..).zip(row.attribute_times.drain(..)).enumerate() {
        let field = schema.customer.get(at);
        // A default is what the newest plan says.
        if time != Instant::FIRST || field.is_some_and(|field| field.default != value) {
            take(parked::FIELD, field.map(|field| &field.name), value, time);
        }
    }
    for consent in row.consents.drain(..) {
        let state = match consent.state {
            ConsentState::Subscribed => 0,
            ConsentState::Unsubscribed => 1,
            ConsentState::Pending => 2,
        };
        let name = schema.topics.get(consent.topic.index()).map(|topic| &topic.name);
        take(parked::TOPIC, name, Value::Number(Decimal::from(state)), consent.at);
    }
    for channel in row.suppressions.drain(..) {
        take(parked::CHANNEL, schema.channels.get(channel.index()).map(|channel| &channel.name), Value::Missing, Instant::FIRST);
    }
    for list in row.lists.drain(..) {
        take(parked::LIST, schema.lists.get(list.index()).map(|list| &list.name), Value::Missing, Instant::FIRST);
    }
    for entered in row.entered.drain(..) {
        let name = from.journeys.get(entered.journey.index()).map(|journey| &journey.name);
        let rest = Value::List([Value::Number(Decimal::from(entered.key)), Value::Instant(entered.end)].into());
        take(parked::JOURNEY, name, rest, entered.begin);
    }
    for (at, points) in row.scores.drain(..).enumerate().filter(|(_, points)| points.origin != Instant::NEVER) {
        let rest = Value::List([Value::Number(Decimal::from(points.step)), Value::Number(points.value)].into());
        take(parked::SCORE, schema.scores.get(at).map(|score| &score.name), rest, points.origin);
    }
    row.parked.retain(|old| !taken.iter().any(|new| new.kind == old.kind && new.name == old.name && new.kind != parked::JOURNEY));
    row.parked.append(&mut taken);
    let stage = |id: StageId| Some(stage_now(id)).filter(|id| id.index() < active.schema.stages.len());
    row.moved = row.moved.and_then(|moved| Some(Moved { to: stage(moved.to)?, over: moved.over.and_then(stage) }));
}

/// Puts up what has a place under the active plan; the rest stays where it is.
pub(super) fn unpark(row: &mut Customer, active: &Plan) {
    let schema = &active.schema;
    row.attributes = schema.customer.iter().map(|field| field.default.clone()).collect();
    row.attribute_times = vec![Instant::FIRST; schema.customer.len()];
    let mut waiting = Vec::new();
    for thing in std::mem::take(&mut row.parked) {
        if !put_up(row, &thing, active) {
            waiting.push(thing);
        }
    }
    let too_many = waiting.len().saturating_sub(parked::MAX);
    waiting.drain(..too_many);
    row.parked = waiting;
    row.consents.sort_by_key(|consent| consent.topic);
    row.lists.sort_unstable();
}

fn put_up(row: &mut Customer, thing: &Parked, active: &Plan) -> bool {
    let schema = &active.schema;
    let numbers = || match &thing.value {
        Value::List(values) => Some((values.first().cloned().unwrap_or_default(), values.get(1).cloned().unwrap_or_default())),
        _ => None,
    };
    match thing.kind {
        parked::FIELD => {
            let Some(FieldId(at)) = schema.field(&thing.name) else { return false };
            let fits = schema.customer.get(usize::from(at)).is_some_and(|field| fits(&thing.value, &field.ty));
            if fits {
                (row.attributes[usize::from(at)], row.attribute_times[usize::from(at)]) = (thing.value.clone(), thing.at);
            }
            fits
        }
        parked::TOPIC => {
            let Some(topic) = schema.topic(&thing.name) else { return false };
            let state = match &thing.value {
                Value::Number(state) if state.is_zero() => ConsentState::Subscribed,
                Value::Number(state) if *state == Decimal::TWO => ConsentState::Pending,
                _ => ConsentState::Unsubscribed,
            };
            row.consents.push(Consent { topic, state, at: thing.at });
            true
        }
        parked::CHANNEL => {
            let Some(channel) = schema.channel(&thing.name) else { return false };
            row.suppressions.push(channel);
            true
        }
        parked::LIST => {
            let Some(list) = schema.lists.iter().position(|list| list.name == thing.name) else { return false };
            row.lists.push(ListId(list as u16));
            true
        }
        parked::JOURNEY => {
            let (Some(journey), Some((Value::Number(key), Value::Instant(end)))) = (active.journey(&thing.name), numbers()) else {
                return false;
            };
            let Ok(key) = u64::try_from(key) else { return false };
            // A run that outlived its journey has told nobody when it ended.
            let live = row.runs.iter().any(|run| run.journey == journey && run.key == key);
            let end = if end == Instant::NEVER && !live { row.clock } else { end };
            row.entered.push(Entered { journey, key, begin: thing.at, end });
            true
        }
        parked::SCORE => {
            let at = schema.scores.iter().position(|score| score.name == thing.name);
            let (Some(at), Some((Value::Number(step), Value::Number(value)))) = (at, numbers()) else { return false };
            let Ok(step) = i64::try_from(step) else { return false };
            if row.scores.len() <= at {
                row.scores.resize(at + 1, Points { origin: Instant::NEVER, step: 0, value: Decimal::ZERO });
            }
            row.scores[at] = Points { origin: thing.at, step, value };
            true
        }
        _ => false,
    }
}
