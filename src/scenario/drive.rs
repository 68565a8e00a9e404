//! Plays a story: hands the engine what happens, lets virtual time pass, and is its provider.
//!
//! In: what happens, in order. Out: the records of the engine, the messages that were accepted, and the runs. **Invariant:** every input of
//! an instant comes before what is due at that instant; a message is accepted at once unless the story refuses it.

use super::Stage;
use super::others::Others;
use super::pools::Pools;
use super::script::Script;
use super::variants::Variants;
use crate::calendar::{DAY_MS, Instant, Zone};
use crate::check::checked::Happens;
use crate::engine::catalogs::Catalogs;
use crate::engine::row::{Customer, Run};
use crate::engine::{
    self, Attention, Delivery, Effect, Ending, Input, InputKind, Limits, Loaded, Outcome, Output, Record, RecordKind, SendKey, World,
};
use crate::schema::{ChannelId, EventId, JourneyId, MessageId, MessageVerb, StepIx};
use crate::source::Place;
use crate::value::{Text, Value};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Longest time that a story plays on behind its last moment, until its runs are over: the longest wait and a year.
const TAIL_MS: i64 = 11 * 366 * DAY_MS;
/// Most instants at which something is due in one story.
const INSTANTS_MAX: u32 = 100_000;

pub(super) struct Story<'a> {
    pub(super) stage: &'a Stage<'a>,
    pub(super) script: Script<'a>,
    world: Backdrop<'a>,
    pub(super) row: Customer,
    /// Everybody else who is told something, by uid.
    others: Others,
    pools: Pools,
    pub(super) now: Instant,
    out: Output,
    pub(super) records: Vec<Record>,
    /// The value that a changed field has after the input, by the position of its record.
    pub(super) changed: BTreeMap<usize, Value>,
    /// What the story tells, each before the record at that position.
    pub(super) told: Vec<Told>,
    pub(super) sent: Vec<Sent>,
    /// By number.
    pub(super) runs: BTreeMap<u32, Seen>,
    refusals: Vec<(MessageId, ChannelId)>,
    instants: u32,
}

pub(super) struct Told {
    pub(super) before: usize,
    pub(super) at: Instant,
    pub(super) place: Place,
}

/// A message that the provider accepted.
pub(super) struct Sent {
    pub(super) at: Instant,
    /// Of another customer's message the number is that of the run that sent it.
    pub(super) delivery: Delivery,
    /// Another customer, and the key that she knows it by.
    to: Option<(Text, SendKey)>,
}

/// A run, also when it is over.
pub(super) struct Seen {
    pub(super) journey: JourneyId,
    pub(super) begin: Instant,
    /// As it was last seen alive.
    pub(super) run: Run,
    pub(super) ended: Option<Ended>,
}

pub(super) struct Ended {
    pub(super) at: Instant,
    pub(super) how: Ending,
    pub(super) step: Option<StepIx>,
}

/// The world of a story: one plan, and draws that the scenario decides.
pub(super) struct Backdrop<'a> {
    loaded: &'a Loaded,
    limits: Limits,
    variants: &'a Variants,
    catalogs: crate::world::catalogs::Catalogs,
}

impl World for Backdrop<'_> {
    fn active(&self) -> &Loaded {
        self.loaded
    }

    fn limits(&self) -> &Limits {
        &self.limits
    }

    fn catalogs(&self) -> &dyn Catalogs {
        &self.catalogs
    }

    fn pinned_draw(&self, identity: &str) -> Option<u16> {
        self.variants.draw(identity)
    }
}

impl<'a> Story<'a> {
    pub(super) fn new(stage: &'a Stage<'a>, variants: &'a Variants) -> Story<'a> {
        let script = Script::of(&stage.scenario.lines, stage.plan.policy.zone);
        let world = Backdrop { loaded: stage.loaded, limits: Limits::default(), variants, catalogs: super::items::of(stage, &script) };
        let mut row = Customer::new("customer");
        engine::given::begin(&world, &mut row, script.begin, &super::given::facts(stage, &script));
        let others = Others::new(&world, stage, &script);
        let pools = Pools::of(&script);
        Story {
            stage,
            now: script.begin,
            script,
            world,
            row,
            others,
            pools,
            out: Output::default(),
            records: Vec::new(),
            changed: BTreeMap::new(),
            told: Vec::new(),
            sent: Vec::new(),
            runs: BTreeMap::new(),
            refusals: Vec::new(),
            instants: 0,
        }
    }

    pub(super) fn catalogs(&self) -> &dyn Catalogs {
        self.world.catalogs()
    }

    /// The customer's zone.
    pub(super) fn zone(&self) -> Zone {
        engine::zone_of(self.stage.plan, &self.row)
    }

    /// Lets time pass: everything due before `until`, and at it where `inclusive`.
    pub(super) fn advance(&mut self, until: Instant, inclusive: bool) {
        while self.instants < INSTANTS_MAX {
            let (other, first) = self.others.first_due();
            let due = self.row.wake.min(first);
            if due == Instant::NEVER || due > until || (due == until && !inclusive) {
                break;
            }
            self.instants += 1;
            let due = due.max(self.now);
            match other.filter(|_| first < self.row.wake) {
                Some(other) => self.input_of_other(&other, due, InputKind::Touch),
                None => self.input(due, InputKind::Touch),
            }
        }
        self.now = self.now.max(until);
    }

    /// Plays on until the story's runs are over that began by `until`.
    pub(super) fn play_out(&mut self, until: Instant) {
        self.advance(until, true);
        let end = until.plus_ms(TAIL_MS);
        while self.row.wake.min(self.others.first_due().1) <= end && self.instants < INSTANTS_MAX {
            let cast = &self.stage.cast;
            if !self.others.are_told() && !self.row.runs.iter().any(|run| run.is_live() && run.begin <= until && cast.has(run.journey)) {
                return;
            }
            let due = self.row.wake.min(self.others.first_due().1);
            self.advance(due, true);
        }
    }

    /// One thing that happens. What the story cannot do comes back as the reason.
    pub(super) fn happen(&mut self, at: Instant, happens: &Happens, place: Place) -> Result<(), String> {
        self.advance(at, false);
        self.told.push(Told { before: self.records.len(), at, place });
        let plan = self.stage.plan;
        let kind = match happens {
            Happens::Event { event, fields } => InputKind::Event { event: *event, at, fields: with_defaults(plan, *event, fields) },
            Happens::SubscribedTo(topic) => InputKind::Consent { at, topic: *topic, subscribed: true },
            Happens::UnsubscribedFrom(topic) => InputKind::Consent { at, topic: *topic, subscribed: false },
            Happens::List { list, joins } => InputKind::List { list: *list, on: *joins },
            Happens::Customer(changes) => InputKind::Attributes { at, changes: changes.clone() },
            Happens::Requested(args) => InputKind::Requested { journey: self.stage.scenario.journey, at, args: args.clone() },
            Happens::Report { verb, message, by_machine } => {
                let (other, send) = self.last_send(*message)?;
                let report = InputKind::Report { send, verb: *verb, at, by_machine: *by_machine, hard: false };
                if let Some(other) = other {
                    self.input_of_other(&other, at, report);
                    return Ok(());
                }
                report
            }
            Happens::HardBounce(message) => {
                let (other, send) = self.last_send(*message)?;
                let report = InputKind::Report { send, verb: MessageVerb::Bounced, at, by_machine: false, hard: true };
                if let Some(other) = other {
                    self.input_of_other(&other, at, report);
                    return Ok(());
                }
                report
            }
            Happens::Answers { hook, fields } => {
                let call = self.open_call(*hook)?;
                InputKind::Answer { call, answer: engine::Answer::Fields(fields.iter().cloned().collect()) }
            }
            // The catalogs of the story know it already; whom it concerns is woken by it.
            Happens::Item(_) => return Ok(()),
            Happens::Refuse { message, by } => {
                self.refusals.push((*message, *by));
                return Ok(());
            }
        };
        self.input(at, kind);
        Ok(())
    }

    /// The oldest call of a hook that waits for its answer.
    fn open_call(&self, hook: crate::schema::HookId) -> Result<u32, String> {
        let open = self.row.calls.open.iter().find(|open| open.hook == hook);
        open.map(|open| open.number).ok_or_else(|| {
            let name = self.stage.plan.schema.hooks.get(hook.index()).map_or("?", |hook| hook.name.as_str());
            format!("nobody was waiting for `{name}` then")
        })
    }

    fn last_send(&self, message: MessageId) -> Result<(Option<Text>, SendKey), String> {
        let last = self.sent.iter().rev().find(|sent| sent.delivery.message == message);
        let key = |sent: &Sent| match &sent.to {
            Some((other, key)) => (Some(other.clone()), *key),
            None => (None, sent.delivery.key),
        };
        last.map(key).ok_or_else(|| {
            let name = self.stage.plan.messages.get(message.index()).map_or("?", |message| message.name.as_str());
            format!("`{name}` had not been sent by then")
        })
    }

    /// Hands one input over and carries out what it leads to, until nothing more comes of it at this instant.
    fn input(&mut self, now: Instant, kind: InputKind) {
        self.now = now;
        let fields = match &kind {
            InputKind::Event { fields, .. } => Some(Arc::clone(fields)),
            _ => None,
        };
        let attention = Attention { render: true, detail: true, ..Attention::default() };
        let mut inputs = vec![kind];
        while let Some(kind) = inputs.pop() {
            self.out.clear();
            engine::handle(&self.world, attention, &mut self.row, Input { now, id: 0, kind }, &mut self.out);
            let records = std::mem::take(&mut self.out.records);
            let effects = std::mem::take(&mut self.out.effects);
            self.follow(&records, fields.as_deref());
            self.records.extend(records);
            // The first message is answered first.
            inputs.extend(effects.into_iter().rev().filter_map(|effect| self.carry_out(effect)));
        }
    }

    /// Hands a message over, as a provider that accepts at once.
    fn carry_out(&mut self, effect: Effect) -> Option<InputKind> {
        let delivery = match effect {
            Effect::Deliver(delivery) => delivery,
            Effect::DrawCode(draw) => {
                let answer = self.pools.draw(self.stage.plan, draw.pool)?;
                return Some(InputKind::Answer { call: draw.call, answer });
            }
            Effect::Tell(told) if told.to == self.row.uid => return Some(InputKind::Told(told)),
            Effect::Tell(told) => {
                let to = told.to.clone();
                self.input_of_other(&to, self.now, InputKind::Told(told));
                return None;
            }
            _ => return None,
        };
        let send = delivery.key;
        let result = self.answer(delivery, None);
        Some(InputKind::Outcome { send, result })
    }

    /// One thing that happens to another customer; her messages are the story's.
    fn input_of_other(&mut self, uid: &Text, now: Instant, kind: InputKind) {
        self.now = now;
        let mut inputs = vec![kind];
        while let Some(kind) = inputs.pop() {
            let (records, effects) = self.others.handle(&self.world, uid, now, kind);
            self.records.extend(records);
            for effect in effects.into_iter().rev() {
                if let Effect::Deliver(mut delivery) = effect {
                    let send = delivery.key;
                    // What her own journeys send is another story.
                    let Some(sender) = self.others.sender(uid, send.run) else {
                        inputs.push(InputKind::Outcome { send, result: Outcome::Accepted });
                        continue;
                    };
                    delivery.key.run = sender;
                    let result = self.answer(delivery, Some((uid.clone(), send)));
                    inputs.push(InputKind::Outcome { send, result });
                }
            }
        }
    }

    /// What the provider says.
    fn answer(&mut self, delivery: Delivery, to: Option<(Text, SendKey)>) -> Outcome {
        let refused = self.refusals.iter().position(|(message, by)| *message == delivery.message && *by == delivery.channel);
        match refused {
            Some(at) => {
                self.refusals.remove(at);
                Outcome::Refused
            }
            None => {
                self.sent.push(Sent { at: self.now, delivery, to });
                Outcome::Accepted
            }
        }
    }

    /// Keeps sight of runs, also of those that begin and end in one go.
    fn follow(&mut self, records: &[Record], fields: Option<&[Value]>) {
        for (at, record) in records.iter().enumerate() {
            if let RecordKind::Changed(field) = record.kind {
                self.changed.insert(self.records.len() + at, self.row.attribute(field).clone());
            }
            let Some(journey) = record.journey else { continue };
            match &record.kind {
                RecordKind::Entered { entry, .. } => {
                    let mut run = Run::new(record.run, journey, record.at);
                    run.entry = self.entry_values(journey, *entry, fields.unwrap_or(&[]));
                    self.runs.insert(record.run, Seen { journey, begin: record.at, run, ended: None });
                }
                RecordKind::Ended(how) => {
                    if let Some(seen) = self.runs.get_mut(&record.run) {
                        seen.ended = Some(Ended { at: record.at, how: how.clone(), step: record.step });
                    }
                }
                _ => {}
            }
        }
        for run in self.row.runs.iter().chain(&self.row.ended) {
            if let Some(seen) = self.runs.get_mut(&run.number) {
                seen.begin = run.begin;
                seen.run.clone_from(run);
            }
        }
    }

    fn entry_values(&self, journey: JourneyId, entry: u16, fields: &[Value]) -> Vec<Value> {
        let Some(journey) = self.stage.plan.journeys.get(journey.index()) else { return Vec::new() };
        let value = |field: &crate::plan::EntryField| {
            let property = field.from.get(usize::from(entry)).copied().flatten()?;
            fields.get(usize::from(property)).cloned()
        };
        journey.entry_fields.iter().map(|field| value(field).unwrap_or_default()).collect()
    }
}

/// What an event comes without takes its default.
pub(super) fn with_defaults(plan: &crate::plan::Plan, event: EventId, fields: &[Value]) -> Arc<[Value]> {
    let declared = plan.schema.events.get(event.index()).map_or(&[][..], |event| &event.fields);
    let filled = declared.iter().enumerate().map(|(at, field)| match fields.get(at) {
        Some(value) if !value.is_missing() => value.clone(),
        _ => field.default.clone(),
    });
    filled.collect()
}
