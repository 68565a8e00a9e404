//! What happens in a story: events, reports, changes of the customer, each with exact values.
//!
//! In: the part of a line behind `at MOMENT` or `after D`. Out: checked [`Happens`]. **Invariant:** every value is a constant of its field's
//! type, and nothing that is required is left out. Does not know when it happens.

use super::checked::Happens;
use super::expr::Typer;
use super::journey::errors;
use super::problem::problems;
use super::recorder::Owner;
use super::scenario::Cx;
use super::scope::Scope;
use super::sends;
use crate::ast;
use crate::ast::HappensKind;
use crate::condition::{Expr, Happening, What, WhichMessage};
use crate::diagnostic::{Code, Fix};
use crate::schema::{ChannelId, EventId, FieldId, HookId, MessageId, MessageVerb};
use crate::source::Place;
use crate::value::{Text, Type, Value};

problems! {
    /// `after 1 day sent reminder`
    NotAReport { verb: &'static str } = Code::new("E0508", "not-reported");
        "nobody reports that a message was {verb}", "that is what the journey itself does", "write `expect message …` for it, or report `delivered`, `opened` or `clicked`";

    /// `requested` for a journey that cannot be started.
    NotRequested { journey: String } = Code::new("E0509", "cannot-be-requested");
        "`{journey}` cannot be started by a request", "it has no line `enter when requested`", "begin the story with what lets customers in";

    /// A report about any message.
    WhichMessageReported {} = Code::new("E0510", "which-message");
        "it is not said which message this is about", "a story is exact", "name the message, for example `clicked reminder`";
}

pub(super) fn happening(cx: &mut Cx, happens: &ast::Happens) -> Option<Happens> {
    cx.happened = true;
    let place = happens.place;
    match &happens.kind {
        HappensKind::Target { target, fields } => match cx.what(target)? {
            What::Happened(Happening::Event(event)) => {
                let written = fields.as_ref().map_or(target.place, |fields| fields.place);
                let fields = event_fields(cx, event, fields.as_ref(), target.place)?;
                super::survey::answers(cx.project, event, &fields, written, cx.found);
                Some(Happens::Event { event, fields })
            }
            What::Happened(Happening::SubscribedTo(topic)) => Some(Happens::SubscribedTo(topic)),
            What::Happened(Happening::UnsubscribedFrom(topic)) => Some(Happens::UnsubscribedFrom(topic)),
            What::Message { verb, which, .. } => report(cx, verb, which, place, false),
        },
        HappensKind::List { joins, list } => cx.project.list(list.as_ref()?, cx.found).map(|list| Happens::List { list, joins: *joins }),
        HappensKind::Customer(fields) => customer(cx, fields.as_ref(), place).map(Happens::Customer),
        HappensKind::Item(item) => super::scenario_catalog::item(cx, item, place).map(Happens::Item),
        HappensKind::ItemGone(item) => super::scenario_catalog::gone(cx, item, place).map(Happens::Item),
        HappensKind::HardBounce(message) => cx.message(message.as_ref()?).map(Happens::HardBounce),
        HappensKind::Requested(fields) => requested(cx, fields.as_ref(), place),
        HappensKind::ByMachine { verb, message } => {
            let message = cx.message(message.as_ref()?)?;
            report(cx, *verb, WhichMessage::Message(message), place, true)
        }
        HappensKind::Refuse { message, by } => {
            let message = message.as_ref().and_then(|message| cx.message(message).map(|id| (message, id)));
            let by = by.as_ref().and_then(|by| cx.channel(by).map(|id| (by, id)));
            let (message, by) = (message?, by?);
            has_content(cx, message.0, message.1, by.0, by.1)?;
            Some(Happens::Refuse { message: message.1, by: by.1 })
        }
        HappensKind::Answers { hook, fields } => {
            let name = hook.as_ref()?;
            let hook = HookId(cx.project.names.find(super::names::Kind::Hook, name, cx.found)?);
            if !cx.calls(hook) {
                let journey = cx.journey_name();
                cx.found.push(super::hook::NotCalled { place: name.place, hook: name.text.to_string(), journey });
            }
            let project = cx.project;
            let declared = &project.schema.hooks.get(hook.index())?.answers;
            project.recorder().next_braces(|| Owner::Answers(name.text.clone()));
            let values = record(cx, &sends::shape(declared), fields.as_ref(), place)?;
            let fields = values.into_iter().zip(declared).map(|(value, field)| value.unwrap_or_else(|| field.default.clone()));
            Some(Happens::Answers { hook, fields: fields.collect() })
        }
    }
}

fn report(cx: &mut Cx, verb: MessageVerb, which: WhichMessage, place: Place, by_machine: bool) -> Option<Happens> {
    if matches!(verb, MessageVerb::Sent | MessageVerb::Received) {
        let verb = if verb == MessageVerb::Sent { "sent" } else { "received" };
        cx.found.push(NotAReport { place, verb });
        return None;
    }
    match which {
        WhichMessage::Message(message) => Some(Happens::Report { verb, message, by_machine }),
        _ => {
            cx.found.push(WhichMessageReported { place });
            None
        }
    }
}

/// A message that is asked about by a channel must have content for it.
pub(super) fn has_content(cx: &mut Cx, name: &ast::Name, id: MessageId, channel: &ast::Name, by: ChannelId) -> Option<()> {
    let message = &cx.signatures.messages[id.index()];
    if !message.whole || message.channels.contains(&by) {
        return Some(());
    }
    let names: Vec<String> = message.channels.iter().map(|channel| cx.project.channel_name(*channel).to_owned()).collect();
    let has = if names.is_empty() { "it has none at all".to_owned() } else { format!("it has content for {}", names.join(", ")) };
    let fix = names.iter().map(|other| Fix::replace(format!("change to `{other}`"), channel.place, other.clone())).collect();
    cx.found.push(super::sends::NoContentFor {
        place: channel.place,
        message: name.text.to_string(),
        channel: channel.text.to_string(),
        has,
        fix,
    });
    None
}

fn requested(cx: &mut Cx, fields: Option<&ast::Expr>, place: Place) -> Option<Happens> {
    let signatures = cx.signatures;
    let signature = cx.journey.and_then(|id| signatures.journeys.get(id.index()))?;
    if !signature.requested {
        let journey = cx.journey_name();
        cx.found.push(NotRequested { place, journey });
        return None;
    }
    let shape: Vec<(Text, Type, bool)> = signature.params.iter().map(|(name, ty)| (name.clone(), ty.clone(), false)).collect();
    record(cx, &shape, fields, place).map(|values| Happens::Requested(values.into_iter().map(Option::unwrap_or_default).collect()))
}

// ---------------------------------------------------------------- records of constants

pub(super) fn event_fields(cx: &mut Cx, event: EventId, fields: Option<&ast::Expr>, place: Place) -> Option<Vec<Value>> {
    let project = cx.project;
    let declared = &project.schema.events.get(event.index())?;
    project.recorder().next_braces(|| project.owner(event));
    let values = record(cx, &sends::shape(&declared.fields), fields, place)?;
    Some(values.into_iter().zip(&declared.fields).map(|(value, field)| value.unwrap_or_else(|| field.default.clone())).collect())
}

pub(super) fn customer(cx: &mut Cx, fields: Option<&ast::Expr>, place: Place) -> Option<Vec<(FieldId, Value)>> {
    // Whatever is not given is as it is by default, or not known.
    let project = cx.project;
    let shape: Vec<(Text, Type, bool)> = project.schema.customer.iter().map(|field| (field.name.clone(), field.ty.clone(), true)).collect();
    project.recorder().next_braces(|| Owner::Customer);
    let values = record(cx, &shape, fields, place)?;
    Some(values.into_iter().enumerate().filter_map(|(at, value)| value.map(|value| (FieldId(at as u16), value))).collect())
}

/// Constants by position; `None` where none is given.
pub(super) fn record(cx: &mut Cx, shape: &[(Text, Type, bool)], fields: Option<&ast::Expr>, place: Place) -> Option<Vec<Option<Value>>> {
    let written = sends::record(fields)?;
    let place = fields.map_or(place, |fields| fields.place);
    let mut scope = Scope::default();
    let mut typer = Typer { project: cx.project, scope: &mut scope, found: cx.found };
    let before = errors(typer.found);
    let values = typer.fields(place, written, shape);
    if errors(typer.found) > before {
        return None;
    }
    let constant = |(value, (name, _, _)): (Option<Expr>, &(Text, Type, bool))| {
        let value = value?;
        let (_, written) = written.iter().find(|(field, _)| field.text == *name)?;
        Some(typer.fold_or_report(written.as_ref()?, &value))
    };
    values.into_iter().zip(shape).map(constant).map(|value| value.map_or(Some(None), |value| value.map(Some))).collect()
}
