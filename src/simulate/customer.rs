//! One customer on virtual time: her inputs, everything due in between, and what the provider answers.
//!
//! In: her row (fresh or encoded), her inputs in order. Out: the row, and what the engine recorded, counted or watched. **Invariant:**
//! everything due before an input is handled before it, each at its own instant; a provider accepts at the instant of the hand-over;
//! made-up responses are drawn from the identity of the send, so they depend on nothing else.

use super::codes;
use super::hooks as samples;
use super::tally::Tally;
use crate::calendar::recurrence::Every;
use crate::calendar::{DAY_MS, Instant, MINUTE_MS};
use crate::condition::Happening;
use crate::engine::given::{self, Given};
use crate::engine::row::{Consent, ConsentState, Customer, RunState};
use crate::engine::{self, Attention, Delivery, Effect, Input, InputKind, Output, Record, RecordKind, SendKey, Told, door};
use crate::ingest::hooks::Sample;
use crate::plan::{Entry, EntryKind, Plan};
use crate::record::{Decode, DecodeError, Encode, Reader, Writer};
use crate::schema::{ChannelId, FieldId, ListId, MessageVerb, TopicId};
use crate::value::Value;
use crate::world::doors::Doors;
use crate::world::facts::{self, Facts};
use crate::world::hours::{self, BestHours};
use crate::world::{SmallWorld, View};
use chrono::Timelike as _;
use std::collections::VecDeque;
use std::sync::Arc;

/// Touches at one instant; more would be a machine that does not come to rest.
const TOUCHES_MAX: u32 = 10_000;

/// What became due within so long before an input is left to the engine, which does it in one call.
const AT_ONCE_MS: i64 = 366 * DAY_MS;

/// A provider accepts at the instant of the hand-over.
const ACCEPTING: Attention = Attention { render: false, detail: false, accepted_at_once: true, two_steps: false };

/// What became of a hand-over stands in the log, as the daemon asked for it.
const AS_RECORDED: Attention = Attention { accepted_at_once: false, two_steps: true, ..ACCEPTING };

/// Made-up answers to messages: a part of 10,000 of those that were accepted.
#[derive(Debug, Clone, Default)]
pub struct Responses {
    pub seed: u64,
    /// By channel: opened, clicked.
    pub shares: Vec<(u16, u16)>,
    /// By hook: what it answers.
    pub hooks: Vec<Option<Sample>>,
    /// The items are everything that a daemon took in ([`Item::recorded`](crate::ingest::mapping::Item)), with what became of hand-overs, what
    /// hooks answered, codes that were given and what customers told each other: nothing is made up.
    pub as_recorded: bool,
}

/// An answer that is still to come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Response {
    at: Instant,
    key: SendKey,
    verb: MessageVerb,
}

/// Up to so many customers, the row of each is measured; of more, that of one in [`MEASURED_OF`], chosen by her name: encoding a row only to know
/// its size costs as much as two events.
const MEASURED_ALL: usize = 100_000;
const MEASURED_OF: u64 = 8;

/// Somebody who looks at one customer.
pub trait Watch: Send {
    fn input(&mut self, input: &Input);
    fn record(&mut self, record: &Record);
    fn delivery(&mut self, at: Instant, delivery: &Delivery);
}

pub struct Player<'w> {
    world: View<'w>,
    responses: &'w Responses,
    attention: Attention,
    row: Customer,
    out: Output,
    coming: Vec<Response>,
    writer: Writer,
    /// The plan asks at which hours everybody answers.
    asks_hours: bool,
    /// What she has told other customers, and when; the driver takes it.
    pub(super) told: Vec<(Instant, Box<Told>)>,
    pub tally: Tally,
    pub watch: Option<Box<dyn Watch + 'w>>,
    measures_some: bool,
    /// See [`is_silent`]: what is due before an input needs no call of its own.
    is_silent: bool,
}

impl<'w> Player<'w> {
    pub fn new(world: &'w SmallWorld, responses: &'w Responses) -> Player<'w> {
        Player {
            world: View::new(world),
            responses,
            attention: if responses.as_recorded { AS_RECORDED } else { ACCEPTING },
            row: Customer::default(),
            out: Output::default(),
            coming: Vec::new(),
            writer: Writer::default(),
            told: Vec::new(),
            asks_hours: hours::are_in(world.plan()),
            tally: Tally::new(world.plan()),
            watch: None,
            measures_some: false,
            is_silent: is_silent(world.plan(), responses),
        }
    }

    /// Everything that is recorded for one customer's timeline, too.
    pub fn watch(&mut self, watch: Box<dyn Watch + 'w>) {
        self.attention = Attention { render: true, detail: true, ..self.attention };
        self.watch = Some(watch);
    }

    /// How many customers there are: of very many, rows are measured of some only.
    pub fn expect_customers(&mut self, count: usize) {
        self.measures_some = count > MEASURED_ALL;
    }

    /// What is decided over all customers from now on.
    pub fn know_facts(&mut self, facts: &Arc<Facts>) {
        self.world.facts = Arc::clone(facts);
    }

    /// When everybody answers, from now on.
    pub(super) fn know_hours(&mut self, hours: &Arc<BestHours>) {
        self.world.hours = Arc::clone(hours);
    }

    /// Entries are counted over all customers from now on.
    pub(super) fn count_entries(&mut self) {
        self.world.doors = Some(Doors::new(self.world.plan()));
    }

    /// Another player goes on, with what was counted so far.
    pub(super) fn pass_doors(&mut self, to: &mut Player<'w>) {
        std::mem::swap(&mut self.world.doors, &mut to.world.doors);
    }

    /// The next instant at which anything is due, or an answer comes.
    pub fn wake(&self) -> Instant {
        self.row.wake.min(self.coming.first().map_or(Instant::NEVER, |response| response.at))
    }

    /// A customer of whom nothing is known.
    pub fn begin(&mut self, uid: &str) {
        self.row.reset(uid);
        self.coming.clear();
    }

    /// What holds for her from her first input on, which is still to come: with it she is new.
    pub fn introduce(&mut self, fields: Vec<(FieldId, Value)>, mut consent: Vec<TopicId>) {
        let declared = self.world.plan().schema.customer.len();
        self.row.attributes.resize(declared, Value::Missing);
        self.row.attribute_times.resize(declared, Instant::FIRST);
        for (field, value) in fields {
            if let Some(attribute) = self.row.attributes.get_mut(field.index()) {
                *attribute = value;
            }
        }
        consent.sort_unstable();
        consent.dedup();
        let state = ConsentState::Subscribed;
        self.row.consents.extend(consent.into_iter().map(|topic| Consent { topic, state, at: Instant::FIRST }));
    }

    /// What is known of her at the start: nothing comes of it.
    pub fn know(&mut self, start: Instant, fields: Vec<(FieldId, Value)>, consent: Vec<TopicId>, lists: &[ListId]) {
        let mut given = vec![Given::Attributes(fields)];
        given.extend(lists.iter().map(|list| Given::List(*list)));
        given.extend(consent.into_iter().map(|topic| Given::Consent { topic, subscribed: true }));
        given::begin(&self.world, &mut self.row, start, &given);
    }

    /// An input from before the period: it is history, and nothing comes of it.
    pub fn remember(&mut self, input: Input) {
        let given = match input.kind {
            InputKind::Event { event, at, fields } => Given::Happened { what: Happening::Event(event), at, fields },
            InputKind::Attributes { changes, .. } => Given::Attributes(changes),
            _ => return,
        };
        let at = input.now.max(self.row.clock);
        given::begin(&self.world, &mut self.row, at, &[given]);
    }

    /// The period begins: for whom history is known, dates are looked for from now on.
    pub fn start(&mut self, from: Instant) {
        if self.row.known_since != Instant::NEVER && self.row.clock < from {
            given::begin(&self.world, &mut self.row, from, &[]);
        }
    }

    /// The row as it was stored.
    pub fn restore(&mut self, bytes: &[u8]) -> Result<(), DecodeError> {
        let mut from = Reader::new(bytes);
        let count = from.varint()?;
        self.coming.clear();
        for _ in 0..count {
            let at = Instant::decode(&mut from)?;
            let key = SendKey {
                run: from.narrow()?,
                send: crate::schema::SendId(from.narrow()?),
                visit: from.narrow()?,
                channel: ChannelId(from.narrow()?),
            };
            let verb = if from.boolean()? { MessageVerb::Clicked } else { MessageVerb::Opened };
            self.coming.push(Response { at, key, verb });
        }
        self.row = Customer::decode(&mut from)?;
        from.finish()
    }

    /// The row as it is kept between chunks.
    pub fn store(&mut self) -> Box<[u8]> {
        self.writer.clear();
        self.writer.varint(self.coming.len() as u64);
        for response in &self.coming {
            response.at.encode(&mut self.writer);
            self.writer.varint(u64::from(response.key.run));
            self.writer.varint(u64::from(response.key.send.0));
            self.writer.varint(u64::from(response.key.visit));
            self.writer.varint(u64::from(response.key.channel.0));
            self.writer.boolean(response.verb == MessageVerb::Clicked);
        }
        self.row.encode(&mut self.writer);
        self.writer.as_bytes().into()
    }

    /// One input, after everything that is due before it.
    pub fn input(&mut self, input: Input) {
        if !self.is_silent || self.watch.is_some() || self.row.wake < input.now.plus_ms(-AT_ONCE_MS) {
            self.run_until(input.now);
        }
        self.tally.late += u64::from(input.now < self.row.clock);
        self.handle(input);
    }

    /// Everything that is due before this instant.
    pub fn run_until(&mut self, limit: Instant) {
        let mut touches = 0;
        let mut last = Instant::FIRST;
        loop {
            let wake = self.row.wake;
            let response = self.coming.first().map_or(Instant::NEVER, |response| response.at);
            if wake.min(response) >= limit {
                return;
            }
            if response <= wake {
                let response = self.coming.remove(0);
                let kind = InputKind::Report { send: response.key, verb: response.verb, at: response.at, by_machine: false, hard: false };
                self.handle(Input { now: response.at, id: 0, kind });
                continue;
            }
            touches = if wake > last { 0 } else { touches + 1 };
            last = last.max(wake);
            if touches > TOUCHES_MAX {
                return;
            }
            self.handle(Input { now: wake, id: 0, kind: InputKind::Touch });
        }
    }

    /// The end of the period, that instant included: what is still there is counted.
    pub fn finish(&mut self, end: Instant) {
        self.run_until(end.plus_ms(1));
        self.tally.customers += 1;
        for run in self.row.runs.iter().filter(|run| run.state == RunState::AtTheDoor) {
            self.tally.journeys.get_mut(run.journey.index()).into_iter().for_each(|journey| journey.at_the_door += 1);
        }
        for run in self.row.runs.iter().filter(|run| run.is_live()) {
            // A pinned plan is the active one here: a simulation deploys nothing on its way.
            if let Some(journey) = self.tally.journeys.get_mut(run.journey.index()) {
                journey.active.add(run.held_out);
                if let Some(count) = journey.standing.get_mut(run.step.index()) {
                    *count += 1;
                }
            }
        }
        for (standing, counts) in self.row.segments.iter().zip(&mut self.tally.segments) {
            *counts += u64::from(standing.member);
        }
        if self.measures_some && !hash(&[], &[&self.row.uid]).is_multiple_of(MEASURED_OF) {
            return;
        }
        let mut measure = Writer::counting();
        self.row.encode(&mut measure);
        let bytes = measure.len() as u64;
        self.tally.measured += 1;
        self.tally.row_bytes += bytes;
        self.tally.row_bytes_max = self.tally.row_bytes_max.max(bytes);
    }

    pub fn row(&self) -> &Customer {
        &self.row
    }

    fn handle(&mut self, input: Input) {
        let now = input.now;
        let answers = self.handle_one(input);
        if answers.is_empty() {
            return;
        }
        let mut answers: VecDeque<InputKind> = answers.into();
        // What an answer leads to comes behind the answers that are there.
        for _ in 0..codes::DRAWS_MAX {
            let Some(kind) = answers.pop_front() else { return };
            answers.extend(self.handle_one(Input { now, id: 0, kind }));
        }
    }

    /// One input; answers to what was asked for come back: codes, hooks.
    fn handle_one(&mut self, input: Input) -> Vec<InputKind> {
        let mut answers = Vec::new();
        self.out.clear();
        if let Some(watch) = &mut self.watch {
            watch.input(&input);
        }
        let now = input.now;
        engine::handle(&self.world, self.attention, &mut self.row, input, &mut self.out);
        for record in &self.out.records {
            self.tally.record(record);
            if self.asks_hours
                && let RecordKind::Reported {
                    key,
                    verb: MessageVerb::Opened | MessageVerb::Clicked | MessageVerb::RepliedTo,
                    by_machine: false,
                    ..
                } = record.kind
            {
                let zone = engine::zone_of(self.world.plan(), &self.row);
                self.tally.answers.add(key.channel, record.at, zone.local(record.at).hour());
            }
            if let Some(watch) = &mut self.watch {
                watch.record(record);
            }
        }
        if let Some(doors) = &mut self.world.doors {
            door::places(&self.out.records).for_each(|(journey, at)| doors.take(journey, at));
        }
        let effects = std::mem::take(&mut self.out.effects);
        for effect in &effects {
            if let Effect::Deliver(delivery) = effect {
                self.respond(delivery.key, now);
                if let Some(watch) = &mut self.watch {
                    watch.delivery(now, delivery);
                }
            } else if self.responses.as_recorded {
                // What it led to is in the log.
            } else if let Effect::DrawCode(draw) = effect {
                answers.push(codes::answer(self.world.plan(), &self.row.uid, *draw));
            } else if let Effect::CallHook(call) = effect {
                answers.extend(samples::answer(&self.responses.hooks, self.responses.seed, &self.row.uid, call));
            } else if let Effect::Tell(told) = effect {
                self.told.push((now, told.clone()));
            }
        }
        self.out.effects = effects;
        answers
    }

    /// Draws whether and when this message is opened and clicked.
    fn respond(&mut self, key: SendKey, now: Instant) {
        let Some((opened, clicked)) = self.responses.shares.get(key.channel.index()).copied().filter(|shares| *shares != (0, 0)) else {
            return;
        };
        let draw = draw(self.responses.seed, &self.row.uid, key);
        let share = (draw % 10_000) as u16;
        if share >= opened.max(clicked) {
            return;
        }
        // Most answers come soon, some after most of a day.
        let unit = ((draw >> 32) & 0xffff) as i64;
        let at = now.plus_ms(MINUTE_MS + ((unit * unit * unit) >> 24) * (DAY_MS >> 16) / (1 << 8));
        self.expect(Response { at, key, verb: MessageVerb::Opened });
        if share < clicked {
            let minutes = 1 + ((draw >> 48) & 0xf) as i64;
            self.expect(Response { at: at.plus_ms(minutes * MINUTE_MS), key, verb: MessageVerb::Clicked });
        }
    }

    fn expect(&mut self, response: Response) {
        let at = self.coming.partition_point(|other| *other <= response);
        self.coming.insert(at, response);
    }
}

/// Whether nothing answers what a plan does, and nothing comes so often that the instants before an input could be too many for one call.
fn is_silent(plan: &Plan, responses: &Responses) -> bool {
    let often = |entry: &Entry| matches!(&entry.kind, EntryKind::Every(rule) if matches!(rule.every, Every::Elapsed { .. }));
    responses.shares.iter().all(|shares| *shares == (0, 0))
        && plan.schema.pools.is_empty()
        && responses.hooks.iter().all(Option::is_none)
        && !facts::are_in(plan)
        && !plan.journeys.iter().flat_map(|journey| &journey.entries).any(often)
}

fn draw(seed: u64, uid: &str, key: SendKey) -> u64 {
    let numbers = [seed, u64::from(key.run), u64::from(key.send.0), u64::from(key.visit), u64::from(key.channel.0)];
    hash(&numbers, &[uid])
}

/// FNV-1a with a finish that mixes all bits (the last steps of SplitMix64).
pub(super) fn hash(numbers: &[u64], texts: &[&str]) -> u64 {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for byte in numbers.iter().flat_map(|number| number.to_le_bytes()).chain(texts.iter().flat_map(|text| text.bytes())) {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    }
    hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    hash ^ (hash >> 31)
}
