//! What happened to somebody as JSON, by name and whole.
//!
//! In: [`Told`]. Out: JSON for people and their tools. **Invariant:** nothing is shortened: what was recorded comes out, by the names of the version that it was
//! recorded under.

use super::{Of, Told};
use crate::calendar::{Instant, Zone};
use crate::engine::{Answer, Input, InputKind, Outcome, Past, SendKey};
use crate::plan::Plan;
use crate::schema::ChannelId;
use crate::shard::commit::Parcel;
use crate::simulate::report::names;
use crate::value::json::to_json;
use crate::value::{Type, Value};
use serde_json::{Map, Value as Json, json};

/// `2026-03-01T10:01:00.000Z`; `null` for never.
pub fn moment(at: Instant) -> Json {
    match at {
        Instant::NEVER | Instant::FIRST => Json::Null,
        at => Json::String(Zone::UTC.local(at).format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()),
    }
}

/// One thing, with when it was handled.
pub fn happened(one: &Told) -> Json {
    let mut json = match &one.of {
        Of::Input(input) => said(&one.plan, input),
        Of::Record(_) => json!({ "what": "decided" }),
        Of::Message { message, parcel } => sent(&one.plan, message, parcel),
        Of::Errand(parcel) => errand(&one.plan, parcel),
    };
    json["at"] = moment(one.at);
    if let (Of::Record(said), Some(line)) = (&one.of, &one.line) {
        json["journey"] = said.journey.clone().into();
        json["run"] = said.run.into();
        json["message"] = said.message.clone().into();
        json["line"] = json!(line);
    }
    json
}

fn fields<'f>(fields: impl Iterator<Item = (&'f str, &'f Type)>, values: &[Value]) -> Json {
    let present = fields.zip(values).filter(|(_, value)| !value.is_missing());
    Json::Object(present.map(|((name, ty), value)| (name.to_owned(), to_json(value, ty))).collect::<Map<_, _>>())
}

/// What came in about her.
pub fn said(plan: &Plan, input: &Input) -> Json {
    let schema = &plan.schema;
    let channel = |id: ChannelId| schema.channels.get(id.index()).map(|one| one.name.to_string());
    let message = |key: &SendKey| json!({ "run": key.run, "channel": channel(key.channel) });
    match &input.kind {
        InputKind::Event { event, at, fields: values } => {
            let event = schema.events.get(event.index());
            let declared = event.into_iter().flat_map(|event| &event.fields).map(|field| (field.name.as_str(), &field.ty));
            json!({ "what": "event", "event": event.map(|event| event.name.to_string()), "time": moment(*at), "properties": fields(declared, values) })
        }
        InputKind::Attributes { at, changes } => {
            let named = changes.iter().filter_map(|(id, value)| Some((schema.customer.get(id.index())?, value)));
            let changes: Map<String, Json> = named.map(|(field, value)| (field.name.to_string(), to_json(value, &field.ty))).collect();
            json!({ "what": "attributes", "time": moment(*at), "attributes": changes })
        }
        InputKind::Consent { at, topic, subscribed } => {
            let topic = schema.topics.get(topic.index()).map(|topic| topic.name.to_string());
            json!({ "what": "consent", "time": moment(*at), "topic": topic, "subscribed": subscribed })
        }
        InputKind::Suppress { channel: id, suppressed } => json!({ "what": "suppress", "channel": channel(*id), "suppressed": suppressed }),
        InputKind::List { list, on } => {
            json!({ "what": "list", "list": schema.lists.get(list.index()).map(|list| list.name.to_string()), "on": on })
        }
        InputKind::Told(told) => json!({ "what": "told", "from": told.from.to_string() }),
        InputKind::Requested { journey, at, args } => {
            let journey = plan.journeys.get(journey.index());
            let params = journey.into_iter().flat_map(|journey| &journey.entry_fields).map(|field| (field.name.as_str(), &field.ty));
            json!({ "what": "request", "time": moment(*at), "journey": journey.map(|journey| journey.name.to_string()), "arguments": fields(params, args) })
        }
        InputKind::Touch => json!({ "what": "due" }),
        InputKind::Ready { send, attempt, .. } => json!({ "what": "handing over", "message": message(send), "attempt": attempt }),
        InputKind::Outcome { send, result } => json!({ "what": "outcome", "message": message(send), "outcome": outcome(*result) }),
        InputKind::Answer { call, answer } => {
            let answer = match answer {
                Answer::Fields(values) => json!(values.iter().map(|value| to_json(value, &Type::Text)).collect::<Vec<_>>()),
                Answer::Code(code) => json!(code.to_string()),
                Answer::NoneLeft | Answer::Failed | Answer::Unfit => Json::Null,
            };
            json!({ "what": "answer", "call": call, "answer": answer })
        }
        InputKind::ItemChanged { catalog, key, at } => {
            let catalog = schema.catalogs.get(catalog.index()).map(|catalog| catalog.name.to_string());
            json!({ "what": "item changed", "time": moment(*at), "catalog": catalog, "item": key.to_string() })
        }
        // The same, but that it started nothing.
        InputKind::Past(past) => {
            let kind = match past.clone() {
                Past::Event { event, at, fields } => InputKind::Event { event, at, fields },
                Past::Attributes { at, changes } => InputKind::Attributes { at, changes },
                Past::Consent { at, topic, subscribed } => InputKind::Consent { at, topic, subscribed },
            };
            let mut before = said(plan, &Input { kind, ..input.clone() });
            before["imported"] = true.into();
            before
        }
        InputKind::Erase => json!({ "what": "erase" }),
        InputKind::Report { send, verb, at, by_machine, .. } => {
            json!({ "what": "report", "time": moment(*at), "message": message(send), "report": names::verb(*verb), "by_machine": by_machine })
        }
    }
}

fn outcome(result: Outcome) -> &'static str {
    match result {
        Outcome::Accepted => "accepted",
        Outcome::Refused => "refused",
        Outcome::NotSent => "not sent",
        Outcome::Unknown => "unknown",
    }
}

/// What was written to her, as it left.
pub fn sent(plan: &Plan, message: &str, parcel: &Parcel) -> Json {
    let Parcel::Message(delivery) = parcel else { return json!({ "what": "message" }) };
    let parts: Map<String, Json> = delivery.parts.iter().map(|(name, text)| (name.to_string(), text.clone().into())).collect();
    let channel = plan.schema.channels.get(delivery.channel.index()).map(|channel| channel.name.to_string());
    json!({
        "what": "message",
        "message": message,
        "channel": channel,
        "address": delivery.address.to_string(),
        "language": delivery.language.to_string(),
        "parts": parts,
    })
}

fn errand(plan: &Plan, parcel: &Parcel) -> Json {
    match parcel {
        Parcel::Hook(call) => {
            let hook = plan.schema.hooks.get(call.hook.index());
            let params = hook.into_iter().flat_map(|hook| &hook.params).map(|(name, ty)| (name.as_str(), ty));
            json!({ "what": "hook", "hook": hook.map(|hook| hook.name.to_string()), "call": call.call, "arguments": fields(params, &call.args) })
        }
        Parcel::Code(draw) => json!({ "what": "code", "call": draw.call }),
        Parcel::Audience { audience, add, .. } => {
            let audience = plan.schema.audiences.get(audience.index()).map(|audience| audience.name.to_string());
            json!({ "what": "audience", "audience": audience, "added": add })
        }
        Parcel::Message(_) => json!({ "what": "message" }),
    }
}
