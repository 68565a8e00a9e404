//! What was before a story begins: `given` lines of scenarios.
//!
//! In: facts about a customer. Out: the row as if they had happened, without anybody entering, joining or being told. **Invariant:** after
//! [`begin`] the row is that of a customer who was known before; nothing is recorded. Knows no scenario.

use super::row::{ConsentState, Customer, MessageFact, Reported, Standing};
use super::turn::Turn;
use super::{Attention, Output, SendKey, World};
use crate::calendar::Instant;
use crate::condition::Happening;
use crate::schema::{ChannelId, FieldId, JourneyId, ListId, MessageId, MessageVerb, SendId, TopicId};
use crate::value::Value;
use std::sync::Arc;

/// One fact.
#[derive(Debug, Clone, PartialEq)]
pub enum Given {
    Attributes(Vec<(FieldId, Value)>),
    Consent {
        topic: TopicId,
        subscribed: bool,
    },
    /// She is on it.
    List(ListId),
    /// By position in the event; empty for changes of consent.
    Happened {
        what: Happening,
        at: Instant,
        fields: Arc<[Value]>,
    },
    /// A message was accepted at that time, and (for other verbs than `sent` and `received`) this happened to it then.
    Message {
        message: MessageId,
        channel: ChannelId,
        verb: MessageVerb,
        at: Instant,
    },
}

/// Writes facts into a row, in any order, and makes her known at `start` (what is due at exactly that instant is still to come).
pub fn begin(world: &dyn World, row: &mut Customer, start: Instant, given: &[Given]) {
    let mut out = Output::default();
    let mut turn = Turn::new(world, Attention::default(), row, &mut out);
    turn.now = start;
    turn.on_time = start;
    turn.greet();
    let mut sorted: Vec<&Given> = given.iter().collect();
    sorted.sort_by_key(|given| match given {
        Given::Happened { at, .. } | Given::Message { at, .. } => *at,
        _ => Instant::FIRST,
    });
    for given in sorted {
        turn.row.turn += 1;
        match given {
            Given::Attributes(changes) => {
                for (field, value) in changes {
                    turn.write_attribute(*field, value.clone(), Instant::FIRST);
                }
                turn.row.zone = super::consent::read_zone(&turn);
                turn.zone = super::zone_of(&turn.loaded.plan, turn.row);
            }
            Given::Consent { topic, subscribed } => {
                let state = if *subscribed { ConsentState::Subscribed } else { ConsentState::Unsubscribed };
                turn.set_consent(*topic, state, start.plus_ms(-1));
            }
            Given::List(list) => {
                if let Err(at) = turn.row.lists.binary_search(list) {
                    turn.row.lists.insert(at, *list);
                }
            }
            Given::Happened { what, at, fields } => turn.keep_history(*what, (*at).min(start), fields),
            Given::Message { message, channel, verb, at } => given_message(&mut turn, *message, *channel, *verb, (*at).min(start)),
        }
    }
    let (segments, loaded) = (turn.loaded.plan.segments.len(), turn.loaded);
    turn.row.segments.clear();
    turn.row.segments.resize(segments, Standing { member: false, until: Instant::FIRST });
    turn.refresh_all_segments(&mut Vec::new());
    if !loaded.index.dates.is_empty() {
        turn.schedule_all(start.plus_ms(-1));
    }
    turn.finish(start);
}

/// A plan becomes active at `at` for a customer who is known: silently, but for those already in a segment where a journey asks for them.
pub fn activate(world: &dyn World, attention: Attention, row: &mut Customer, at: Instant, out: &mut Output) {
    let mut turn = Turn::new(world, attention, row, out);
    let now = at.max(turn.row.clock);
    turn.now = now;
    turn.on_time = now;
    turn.enter_those_already_in();
    turn.settle();
    turn.finish(now);
}

fn given_message(turn: &mut Turn<'_>, message: MessageId, channel: ChannelId, verb: MessageVerb, at: Instant) {
    let Some(topic) = turn.loaded.plan.messages.get(message.index()).map(|message| message.topic) else { return };
    let transactional = turn.loaded.plan.schema.topics.get(topic.index()).is_some_and(crate::schema::Topic::is_transactional);
    // Run 0 is nobody's: these were sent before the story.
    let visit = turn.row.facts.len() as u32;
    let key = SendKey { run: 0, send: SendId(0), visit, channel };
    let reports = match verb {
        MessageVerb::Sent | MessageVerb::Received => Vec::new(),
        _ => vec![Reported { verb, at, by_machine: false }],
    };
    let journey = JourneyId(u16::MAX);
    let fact = MessageFact {
        key,
        journey,
        message,
        topic,
        channel,
        claimed_at: at,
        sent_at: at,
        counts: !transactional,
        held_out: false,
        reports,
    };
    turn.row.facts.push(fact);
}
