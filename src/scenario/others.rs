//! Other customers of a story: whom messages of the customer's journeys go to.
//!
//! In: what is given of them, messages that are passed on, time. Out: their messages and what is decided about them, under the run that sent
//! them. **Invariant:** each has a machine of her own; what else she does is not part of the story.

use super::Stage;
use super::drive::Backdrop;
use super::script::Script;
use crate::calendar::Instant;
use crate::check::checked::SceneKind;
use crate::engine::given::{self, Given};
use crate::engine::row::Customer;
use crate::engine::{self, Attention, Effect, Input, InputKind, Output, Record, RecordKind};
use crate::value::Text;
use std::collections::BTreeMap;

struct Other {
    row: Customer,
    /// Numbers of messages that others sent her, with the runs that sent them.
    senders: BTreeMap<u32, u32>,
}

#[derive(Default)]
pub(super) struct Others {
    by_uid: BTreeMap<Text, Other>,
}

impl Others {
    pub(super) fn new(world: &Backdrop<'_>, stage: &Stage<'_>, script: &Script<'_>) -> Others {
        let mut facts: BTreeMap<Text, Vec<Given>> = BTreeMap::new();
        for line in &script.given {
            if let SceneKind::GivenOther { who, fields, topic } = &line.kind {
                let facts = facts.entry(who.clone()).or_default();
                facts.push(Given::Attributes(fields.clone()));
                facts.extend(topic.map(|topic| Given::Consent { topic, subscribed: true }));
            }
        }
        let _ = stage;
        let mut others = Others::default();
        for (uid, facts) in facts {
            let mut row = Customer::new(uid.clone());
            given::begin(world, &mut row, script.begin, &facts);
            others.by_uid.insert(uid, Other { row, senders: BTreeMap::new() });
        }
        others
    }

    /// Whose turn it is next, and when.
    pub(super) fn first_due(&self) -> (Option<Text>, Instant) {
        let first = self.by_uid.iter().min_by_key(|(_, other)| other.row.wake).filter(|(_, other)| other.row.wake != Instant::NEVER);
        first.map_or((None, Instant::NEVER), |(uid, other)| (Some(uid.clone()), other.row.wake))
    }

    /// Something is under way to somebody.
    pub(super) fn are_told(&self) -> bool {
        self.by_uid.values().any(|other| !other.row.guests.is_empty())
    }

    /// The run that sent a message to her.
    pub(super) fn sender(&self, uid: &Text, number: u32) -> Option<u32> {
        self.by_uid.get(uid).and_then(|other| other.senders.get(&number)).copied()
    }

    /// One input; what is decided about messages to her comes back under the run that sent them.
    pub(super) fn handle(&mut self, world: &Backdrop<'_>, uid: &Text, now: Instant, kind: InputKind) -> (Vec<Record>, Vec<Effect>) {
        let other = self.by_uid.entry(uid.clone()).or_insert_with(|| Other { row: Customer::new(uid.clone()), senders: BTreeMap::new() });
        let mut out = Output::default();
        let attention = Attention { render: true, detail: true, ..Attention::default() };
        engine::handle(world, attention, &mut other.row, Input { now, id: 0, kind }, &mut out);
        let mut records = std::mem::take(&mut out.records);
        for record in &records {
            if let RecordKind::TakenFrom { run } = record.kind {
                other.senders.insert(record.run, run);
            }
        }
        records.retain_mut(|record| {
            let RecordKind::Message { key, .. } = &mut record.kind else { return false };
            let Some(sender) = other.senders.get(&key.run) else { return false };
            key.run = *sender;
            record.run = *sender;
            true
        });
        (records, std::mem::take(&mut out.effects))
    }
}
