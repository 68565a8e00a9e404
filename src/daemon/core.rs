//! The core: what arrives becomes inputs of customers, one batch after another.
//!
//! In: [`Request`]s and the time. Out: batches for the log, and what is to happen once a batch is durable ([`After`]). **Invariant:** sequential
//! and deterministic: the same requests at the same times give the same batches; it reads no clock, disk, network or thread itself, so
//! that a harness drives it as the daemon does; what it promises (an answer, a message) it hands out beside the batch that decided it, and
//! never before. Decides nothing about journeys: that is the engine's.

pub mod arrivals;
pub mod backfill;
pub mod catalogs;
pub mod clock_guard;
pub mod codes;
pub mod deploy;
pub mod effects;
pub mod erasure;
pub mod imports;
pub mod merges;
pub mod message_id;
pub mod operate;
pub mod others;
pub mod people;
pub mod quarantine;
pub mod recovery;
mod ticks;
mod watchers;
pub mod works;
pub mod world;

use super::arrival::Arrival;
use super::bind::{Bound, Refusal};
use super::keeper::Past;
use super::{Busy, Taken};
use crate::calendar::Instant;
use crate::engine::{Attention, Input, InputKind, Outcome, PlanId, Record, RecordKind, SendKey, World as _};
use crate::plan::Plan;
use crate::record::{Encode as _, Writer};
use crate::shard::commit::{Change, Head, Parcel, ParcelKey};
use crate::shard::{Bench, Damaged, Number, SHARDS, Shard};
use crate::world::directory::Directory;
use others::{Counts, Dead, Others};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;
use world::DaemonWorld;

/// Parcels under way at which nothing that is due begins any more, until some are settled. What arrives goes on.
pub const UNDER_WAY_MAX: usize = 20_000;
/// Bytes of a batch at which it is closed.
pub const BATCH_BYTES_MAX: usize = 4 << 20;
/// Inputs that one input may cause at other customers, one after another.
const CAUSED_MAX: u32 = 1_000;

/// Answers what was asked, once that is allowed.
pub type Reply<T> = Box<dyn FnOnce(T) + Send>;

/// Looks at the core, or changes it, on its own thread.
pub type Question = Box<dyn FnOnce(&mut Core, Instant) + Send>;

/// What is asked of the core.
pub enum Request {
    Take {
        items: Vec<Item>,
        reply: Reply<Vec<Taken>>,
    },
    /// An item that nobody could read.
    Bury {
        dead: Dead,
        reply: Reply<()>,
    },
    /// Inputs of somebody by her number: what she said on a page, what a provider reports. The reply says whether she is there.
    Inputs {
        number: Number,
        inputs: Vec<InputKind>,
        id: u128,
        reply: Reply<bool>,
    },
    /// A worker is connected; the bytes come next. The reply says whether they may.
    Ready {
        number: Number,
        send: SendKey,
        attempt: u32,
        /// An earlier try may have left.
        doubtful: bool,
        reply: Reply<bool>,
    },
    /// What became of a hand-over.
    Outcome {
        number: Number,
        send: SendKey,
        outcome: Outcome,
        provider_id: Option<String>,
        suppress: bool,
        reply: Reply<()>,
    },
    /// Something that left the house and has no outcome for a journey (an audience) is settled; or a hook answered.
    Settled {
        number: Number,
        key: ParcelKey,
        input: Option<InputKind>,
        reply: Reply<()>,
    },
    /// An address on channels of a kind.
    Address {
        kind: crate::schema::ChannelKind,
        address: String,
        suppressed: bool,
        reply: Reply<()>,
    },
    /// Looks at, or changes, what is there: admin, queries.
    Ask(Question),
    /// A request with the numbers of a plan that may not be active any more when it is taken.
    Under(PlanId, Box<Request>),
}

impl Request {
    /// Says whose numbers it has.
    pub fn under(self, plan: &Plan) -> Request {
        Request::Under(PlanId::of(plan), Box::new(self))
    }
}

/// An arrival with what it means under the plan that was active when it came, or why it means nothing.
#[derive(Debug)]
pub struct Item {
    pub arrival: Arrival,
    pub bound: Result<Bound, Refusal>,
    /// Hash of source and id; 0 for none.
    pub id: u128,
    /// As it came, for the dead-letter list.
    pub raw: Option<String>,
}

/// What happens once the batch is durable.
pub enum After {
    Reply(Box<dyn FnOnce() + Send>),
    /// Something is to leave the house.
    Dispatch(Number, Parcel),
    /// It must not leave any more: nobody has opened its gate.
    Withdraw(Number, ParcelKey),
    /// Somebody asks what happened: who has the log says where it lies.
    Past(Reply<Result<Past, String>>),
    /// The store's hold ends; answered once that is durable.
    Release(Reply<()>),
}

/// A batch, ready for the log.
#[derive(Default)]
pub struct Batch {
    pub bytes: Vec<u8>,
    pub after: Vec<After>,
    /// Inputs of customers in it.
    pub inputs: u32,
    /// Another plan became active: what comes after, from this place on, has its numbers.
    pub activated: Option<(usize, Arc<Plan>)>,
}

/// Everything that the daemon knows, in memory.
pub struct Core {
    pub world: DaemonWorld,
    pub(super) shards: Vec<Shard>,
    pub directory: Directory,
    pub others: Others,
    pub counts: Counts,
    pub forecast: deploy::forecast::Forecast,
    pub(super) attention: Attention,
    bench: Bench,
    writer: Writer,
    scratch: Writer,
    pub(super) after: Vec<After>,
    inputs: u32,
    /// Earliest wake by shard.
    wakes: Vec<Instant>,
    under_way: usize,
    /// The hand-over that the engine has just allowed.
    opened: Option<SendKey>,
    next_audience: u32,
    /// Up to whom rows have followed to the active plan.
    following: Option<Number>,
    /// In the batch that is being made, with the place in `after` from which on it counts.
    activated: Option<(usize, Arc<Plan>)>,
    /// The plans as texts, the active one last: a store needs no project.
    pub(super) plan_texts: Vec<String>,
    /// Inputs that effects caused at other customers, still to be handled.
    caused: VecDeque<(Number, Input)>,
    works: works::Works,
    /// Never goes back.
    now: Instant,
    /// Somebody's entry could not be read: the process must end, for memory may not be what the log says.
    pub damaged: Option<Damaged>,
    trip: Option<quarantine::Trip>,
    /// The next input stands in the log already: it waited for somebody who was set aside.
    is_told: bool,
}

impl Core {
    pub fn new(world: DaemonWorld) -> Core {
        Core {
            world,
            shards: (0..SHARDS).map(Shard::new).collect(),
            directory: Directory::default(),
            others: Others::default(),
            counts: Counts::default(),
            forecast: deploy::forecast::Forecast::default(),
            attention: Attention { render: true, detail: true, two_steps: true, ..Attention::default() },
            bench: Bench::default(),
            writer: Writer::default(),
            scratch: Writer::default(),
            after: Vec::new(),
            inputs: 0,
            wakes: vec![Instant::NEVER; usize::from(SHARDS)],
            under_way: 0,
            opened: None,
            next_audience: 0,
            following: None,
            activated: None,
            plan_texts: Vec::new(),
            caused: VecDeque::new(),
            works: works::Works::default(),
            now: Instant::FIRST,
            damaged: None,
            trip: None,
            is_told: false,
        }
    }

    pub fn shard(&self, number: Number) -> Option<&Shard> {
        self.shards.get(number.shard())
    }

    pub fn shards(&self) -> &[Shard] {
        &self.shards
    }

    /// Customers that are there.
    pub fn living(&self) -> u64 {
        self.shards.iter().map(|shard| u64::from(shard.living())).sum()
    }

    pub fn under_way(&self) -> usize {
        self.under_way
    }

    /// Handling time: as the clock says, and never back.
    pub fn advance(&mut self, now: Instant) -> Instant {
        self.now = self.now.max(now);
        self.tick();
        self.now
    }

    pub fn now(&self) -> Instant {
        self.now
    }

    /// When anything is due next.
    pub fn wake(&self) -> Instant {
        if self.following.is_some() || self.works_wait() {
            return Instant::FIRST;
        }
        self.wakes.iter().copied().min().unwrap_or(Instant::NEVER).min(self.next_tick())
    }

    /// Whether the batch that is being made should be closed.
    pub fn is_full(&self) -> bool {
        self.writer.len() >= BATCH_BYTES_MAX
    }

    /// One request. What it promises comes with the next [`Core::take_batch`].
    pub fn request(&mut self, now: Instant, request: Request) {
        let now = self.advance(now);
        match request {
            Request::Take { items, reply } => {
                let taken = self.take_items(now, items);
                self.reply(reply, taken);
            }
            Request::Bury { dead, reply } => {
                self.bury(dead);
                self.reply(reply, ());
            }
            Request::Inputs { number, inputs, id, reply } => {
                let number = self.home(number);
                let there = self.entry_is_there(number);
                for (at, kind) in inputs.into_iter().enumerate() {
                    if let InputKind::Suppress { channel, suppressed } = kind {
                        self.suppress_her_address(number, channel, suppressed);
                    }
                    let id = if id == 0 { 0 } else { id.wrapping_add(at as u128) };
                    self.input(number, Input { now, id, kind });
                }
                self.reply(reply, there);
            }
            Request::Ready { number, send, attempt, doubtful, reply } => {
                let go = self.ready(number, send, attempt, doubtful);
                self.reply(reply, go);
            }
            Request::Outcome { number, send, outcome, provider_id, suppress, reply } => {
                self.outcome(number, send, outcome, provider_id, suppress);
                self.reply(reply, ());
            }
            Request::Settled { number, key, input, reply } => {
                self.settle(number, key);
                match input {
                    Some(InputKind::Answer { call, answer }) => {
                        let (number, call) = self.home_of_call(number, call);
                        self.input(number, Input { now, id: 0, kind: InputKind::Answer { call, answer } });
                    }
                    Some(kind) => {
                        self.input(self.home(number), Input { now, id: 0, kind });
                    }
                    None => {}
                }
                self.reply(reply, ());
            }
            Request::Address { kind, address, suppressed, reply } => {
                self.suppress_address(kind, &address, suppressed);
                self.reply(reply, ());
            }
            Request::Ask(ask) => ask(self, now),
            Request::Under(plan, request) => {
                let request = self.renumbered(plan, *request, now);
                self.request(now, request);
            }
        }
    }

    /// What is due until now, at most so many customers. How many it were.
    pub fn due(&mut self, now: Instant, max: usize) -> usize {
        let now = self.advance(now);
        let mut done = 0;
        while done < max && self.under_way < UNDER_WAY_MAX && !self.is_full() && self.damaged.is_none() {
            let Some(shard) = self.first_shard(now) else { break };
            let Some((at, number)) = self.shards[shard].first_due(now) else { break };
            self.counts.late(now.since_ms(at));
            self.input(number, Input { now, id: 0, kind: InputKind::Touch });
            done += 1;
            if self.shards[shard].first_due(at).is_some_and(|(_, again)| again == number) && !self.moved_on(number, at) {
                // A row that does not move on would hold everybody up.
                break;
            }
        }
        done
    }

    fn moved_on(&self, number: Number, before: Instant) -> bool {
        self.shards[number.shard()].first_due(before).is_none_or(|(_, first)| first != number)
    }

    fn first_shard(&self, now: Instant) -> Option<usize> {
        let (at, wake) = self.wakes.iter().enumerate().min_by_key(|(_, wake)| **wake)?;
        (*wake <= now).then_some(at)
    }

    /// The batch of everything since the last one; `None` where nothing happened.
    pub fn take_batch(&mut self) -> Option<Batch> {
        if self.writer.is_empty() && self.after.is_empty() {
            return None;
        }
        let mut head = Writer::default();
        if !self.writer.is_empty() {
            Head { at: self.now, world: self.world.number() }.write(&mut head);
            head.raw(self.writer.as_bytes());
        }
        self.writer.clear();
        Some(Batch {
            bytes: head.into_bytes(),
            after: std::mem::take(&mut self.after),
            inputs: std::mem::take(&mut self.inputs),
            activated: self.activated.take(),
        })
    }

    /// Answers once the batch is durable.
    pub fn reply<T: Send + 'static>(&mut self, reply: Reply<T>, with: T) {
        self.after.push(After::Reply(Box::new(move || reply(with))));
    }

    fn entry_is_there(&self, number: Number) -> bool {
        self.shard(number).is_some_and(|shard| shard.entry(number).is_some())
    }

    /// One input of one customer, and whatever it causes at others. `true` if it was known already.
    pub(super) fn input(&mut self, number: Number, input: Input) -> bool {
        if self.open_works() > 0 {
            self.reach_early(number);
        }
        let known = self.one_input(number, input);
        self.handle_caused();
        known
    }

    fn handle_caused(&mut self) {
        for _ in 0..CAUSED_MAX {
            let Some((number, input)) = self.caused.pop_front() else { return };
            self.one_input(number, input);
        }
        self.counts.cut_chains += self.caused.len() as u64;
        self.caused.clear();
    }

    fn write_records(&mut self, number: Number, records: &[Record]) {
        if records.is_empty() {
            return;
        }
        self.scratch.clear();
        records.encode(&mut self.scratch);
        Change::Records { number, bytes: self.scratch.as_bytes() }.write(&mut self.writer);
        self.counts.add(records);
        self.world.count(records);
        self.watch(records);
    }

    fn one_input(&mut self, number: Number, input: Input) -> bool {
        if self.damaged.is_some() || number.shard() >= self.shards.len() {
            return false;
        }
        if !matches!(input.kind, InputKind::Touch) {
            self.scratch.clear();
            input.encode(&mut self.scratch);
            if !std::mem::take(&mut self.is_told) {
                Change::Input { number, bytes: self.scratch.as_bytes() }.write(&mut self.writer);
            }
            self.inputs += 1;
        }
        if self.shards[number.shard()].is_aside(number) {
            self.keep_waiting(number, &input.kind);
            return false;
        }
        if !self.handle_safely(number, input) {
            return false;
        }
        self.wakes[number.shard()] = self.shards[number.shard()].wake();
        self.note_watching(number);
        let records = &self.bench.out.records;
        let known = records.iter().any(|record| matches!(record.kind, RecordKind::Duplicate | RecordKind::Conflict));
        let records = std::mem::take(&mut self.bench.out.records);
        self.write_records(number, &records);
        self.note_answers(&records);
        self.settle_decided(number, &records);
        self.bench.out.records = records;
        let mut effects = std::mem::take(&mut self.bench.out.effects);
        for effect in effects.drain(..) {
            self.effect(number, effect);
        }
        self.bench.out.effects = effects;
        known
    }

    fn bury(&mut self, dead: Dead) {
        self.scratch.clear();
        self.scratch.varint(self.others.dead_total + 1);
        dead.encode(&mut self.scratch);
        Change::Other { kind: others::LETTER, bytes: self.scratch.as_bytes() }.write(&mut self.writer);
        self.others.bury(dead);
    }

    pub(super) fn suppress_address(&mut self, kind: crate::schema::ChannelKind, address: &str, suppressed: bool) {
        let digest = people::address_digest(kind, address);
        if self.directory.suppress(digest, suppressed) {
            self.scratch.clear();
            self.scratch.raw(&digest.0.to_be_bytes());
            self.scratch.boolean(suppressed);
            Change::Other { kind: others::ADDRESS, bytes: self.scratch.as_bytes() }.write(&mut self.writer);
        }
    }

    /// Writes what is nobody's into the batch.
    pub(super) fn write_other(&mut self, kind: u8, bytes: &[u8]) {
        Change::Other { kind, bytes }.write(&mut self.writer);
    }
}

/// What is told when too much is under way.
pub fn busy() -> Busy {
    Busy { retry_after: Duration::from_secs(1), out_of_room: false }
}
