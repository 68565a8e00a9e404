//! Whether an event is the one that a trigger means.
//!
//! In: an event, a trigger or goal, a run. Out: yes or no. **Invariant:** an event from before the run's begin is none; with a key, the
//! event's property must be there and equal the entry's; message events match the run that sent the message wherever the journey sends
//! it. Changes nothing.

use super::evaluate::Subject;
use super::row::{Run, SeenWhat};
use super::turn::{Event, Turn};
use crate::condition::{Expr, KeyMatch, Trigger, What, WhichMessage};
use crate::plan::{Journey, Plan};
use crate::schema::MessageVerb;
use crate::value::Value;

impl Turn<'_> {
    pub(super) fn is_met(&self, plan: &Plan, journey: &Journey, trigger: &Trigger, event: &Event, run: &Run) -> bool {
        event.at >= run.begin
            && trigger.targets.iter().enumerate().any(|(at, (what, key))| {
                names(*what, event, Some((run, journey)))
                    && carries(*key, event, run)
                    && self.holds_for(plan, trigger.conditions.get(at).and_then(Option::as_ref), event, Some(run))
            })
    }

    /// A condition over an event as its subject.
    pub(super) fn holds_for(&self, plan: &Plan, condition: Option<&Expr>, event: &Event, run: Option<&Run>) -> bool {
        let Some(condition) = condition else { return true };
        let context = self.context(plan);
        let context = match run {
            Some(run) => context.in_run(run),
            None => context,
        };
        context.holds(condition, Some(&Subject::event(&event.fields)))
    }
}

/// Whether an event is of the kind that is named. Without a run, every run's messages count.
pub(super) fn names(what: What, event: &Event, run: Option<(&Run, &Journey)>) -> bool {
    match (what, event.what) {
        (What::Happened(named), SeenWhat::Happened(happened)) => named == happened,
        (What::Message { verb, which, by }, SeenWhat::Message { key, message, topic, verb: happened }) => {
            verb == happened
                && by.is_none_or(|channel| channel == key.channel)
                && match which {
                    WhichMessage::Any => true,
                    WhichMessage::About(about) => about == topic,
                    WhichMessage::Message(named) => {
                        named == message && run.is_none_or(|(run, journey)| !sends(journey, named) || key.run == run.number)
                    }
                    WhichMessage::Send(send) => run.is_some_and(|(run, _)| key.run == run.number && key.send == send),
                }
        }
        _ => false,
    }
}

/// Whether a message event of this kind is about a send of the run, so that it counts from that send on.
pub(super) fn is_about_own_send(what: What, journey: &Journey) -> bool {
    match what {
        What::Message { which: WhichMessage::Send(_), .. } => true,
        What::Message { which: WhichMessage::Message(message), .. } => sends(journey, message),
        _ => false,
    }
}

fn sends(journey: &Journey, message: crate::schema::MessageId) -> bool {
    journey.sends.iter().any(|send| send.message == message)
}

/// Whether an event belongs to the run by its key.
pub(super) fn carries(key: KeyMatch, event: &Event, run: &Run) -> bool {
    match key {
        KeyMatch::NotKeyed | KeyMatch::Any => true,
        KeyMatch::Same { property, entry } => match (event.fields.get(usize::from(property)), run.entry.get(usize::from(entry))) {
            (None | Some(Value::Missing), _) | (_, None) => false,
            (Some(carried), Some(own)) => carried == own,
        },
    }
}

/// The values of an event as a binding holds them.
pub(super) fn bound(event: &Event) -> Value {
    Value::Record(std::sync::Arc::clone(&event.fields))
}

/// A machine may have done it instead of her.
pub(super) fn may_be_a_machine(verb: MessageVerb) -> bool {
    matches!(verb, MessageVerb::Opened | MessageVerb::Clicked | MessageVerb::Seen)
}
