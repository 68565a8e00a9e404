//! The loop over a log: chunks of events, grouped by customer, each customer's inputs in order on her row.
//!
//! In: a stream of items, what is known beforehand. Out: the tally of everybody, and the period. **Invariant:** as the module above says:
//! threads and chunks decide nothing. While the workers handle one chunk the next is read. A customer belongs to one worker for ever, so
//! no row is ever shared.

use super::chunk::{BYTES_MAX, Chunk, Scratch};
use super::customer::{Player, Responses, Watch};
use super::in_order;
use super::needed::Needed;
use super::tally::Tally;
use crate::calendar::Instant;
use crate::ingest::customers::{Population, Unfit};
use crate::ingest::mapping::{Item, ItemKind};
use crate::ingest::merge::Merge;
use crate::value::Text;
use crate::world::SmallWorld;
use crate::world::facts::{self, Facts};
use crate::world::hours;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, DefaultHasher};

/// Events that are held at a time.
pub const CHUNK: usize = 1 << 20;

#[derive(Debug, Clone)]
pub struct Options {
    /// At least 1.
    pub threads: u32,
    /// Events per chunk, at least 1.
    pub chunk: usize,
    /// Entries, messages and goals count from here on; what came before is only history.
    pub from: Option<Instant>,
    /// The last instant of the period; the time of the last event where nothing is said.
    pub to: Option<Instant>,
    pub responses: Responses,
}

impl Default for Options {
    fn default() -> Options {
        Options { threads: 1, chunk: CHUNK, from: None, to: None, responses: Responses::default() }
    }
}

/// Where events come from, in the order in which they are handled.
pub trait Stream: Send {
    fn next(&mut self) -> Option<&mut Item>;
}

impl Stream for Merge<'_> {
    fn next(&mut self) -> Option<&mut Item> {
        Merge::next(self)
    }
}

/// What came out.
#[derive(Debug)]
pub struct Done {
    pub tally: Tally,
    /// First and last instant; `None` where there was no event and nobody.
    pub period: Option<(Instant, Instant)>,
    /// Fields for everybody that did not fit.
    pub unfit: Unfit,
    /// Rows that could not be stored and read back: ours to mend.
    pub lost: u64,
    /// What was decided over all customers.
    pub facts: Facts,
}

pub(super) type Names = HashMap<Text, u32, BuildHasherDefault<DefaultHasher>>;

/// A simulation that is set up.
pub struct Simulation<'w> {
    pub(super) world: &'w SmallWorld,
    pub(super) population: &'w Population,
    pub(super) options: Options,
    pub(super) needed: Needed,
}

/// Parts of a loaded log for each thread: whoever is ready first takes the next one.
const PARTS_PER_THREAD: u32 = 8;

/// A log in memory, grouped by customer.
pub struct Log {
    chunk: Chunk,
    threads: u32,
    /// By part, sorted.
    groups: Vec<Vec<u64>>,
    names: Vec<Text>,
    first: Instant,
    latest: Instant,
}

impl Log {
    /// Reads a whole stream, for one simulation's plan and threads. Its values may take 4 GiB.
    pub fn load(stream: &mut dyn Stream, simulation: &Simulation<'_>) -> Log {
        let threads = simulation.options.threads.max(1);
        let population = simulation.population;
        let mut numbers = Names::default();
        let mut names: Vec<Text> = population.known.keys().cloned().collect();
        numbers.extend(names.iter().cloned().zip(0..));
        let mut chunk = Chunk::default();
        let (mut first, mut latest) = (None, Instant::FIRST);
        while let Some(item) = stream.next() {
            first.get_or_insert(item.at);
            latest = latest.max(item.at);
            let number = *numbers.entry(item.customer.clone()).or_insert_with(|| {
                names.push(item.customer.clone());
                names.len() as u32 - 1
            });
            chunk.push(number, item, &simulation.needed);
        }
        let groups = chunk.regroup(threads.saturating_mul(PARTS_PER_THREAD));
        Log { chunk, threads, groups, names, first: first.unwrap_or_default(), latest }
    }

    /// Bytes of the items, packed.
    pub fn bytes(&self) -> usize {
        self.chunk.bytes() + self.chunk.len() * (size_of::<super::chunk::Head>() + size_of::<u64>())
    }
}

/// What is kept of one customer between chunks.
pub(super) enum Slot {
    /// Not seen yet.
    Fresh(Text),
    Row(Box<[u8]>),
    Finished,
}

/// The customers of one part: number `c` is at `c / parts`.
pub(super) struct Part<'w> {
    pub(super) slots: Vec<Slot>,
    pub(super) player: Player<'w>,
    scratch: Scratch,
    unfit: Unfit,
    lost: u64,
}

/// What all workers know.
#[derive(Clone, Copy)]
pub(super) struct Course<'w> {
    pub(super) population: &'w Population,
    pub(super) parts: u32,
    /// When those begin who are known beforehand.
    pub(super) start: Instant,
    pub(super) from: Option<Instant>,
    /// Later events are left out.
    pub(super) to: Instant,
}

/// A chunk with those who appear in it first.
#[derive(Default)]
struct Filled {
    chunk: Chunk,
    fresh: Vec<Text>,
    /// The stream ended with it.
    is_last: bool,
    /// Own time of the latest event so far.
    latest: Instant,
}

impl<'w> Simulation<'w> {
    pub fn new(world: &'w SmallWorld, population: &'w Population, options: Options) -> Simulation<'w> {
        let needed = Needed::of(world.plan());
        Simulation { world, population, options, needed }
    }

    /// Also what the plan never looks at is kept; it changes nothing but the memory.
    #[must_use]
    pub fn keep_everything(mut self) -> Simulation<'w> {
        self.needed = Needed::all();
        self
    }

    fn has_facts(&self) -> bool {
        facts::are_in(self.world.plan()) || hours::are_in(self.world.plan())
    }

    /// Everybody. `progress` is told the number of events read so far.
    pub fn run(&self, stream: &mut dyn Stream, progress: &mut (dyn FnMut(u64) + Send)) -> Done {
        if in_order::is_needed(self.world.plan()) {
            return self.run_in_order(stream, progress, None).0;
        }
        if self.has_facts() {
            return self.run_by_ticks(stream, progress, None).0;
        }
        let threads = self.options.threads.max(1);
        let mut names = Names::default();
        let mut parts: Vec<Part<'_>> = (0..threads).map(|_| Part::new(Player::new(self.world, &self.options.responses))).collect();
        for (number, name) in self.population.known.keys().enumerate() {
            names.insert(name.clone(), number as u32);
            parts[number % threads as usize].slots.push(Slot::Fresh(name.clone()));
        }
        let mut first = None;
        let mut read = 0;
        let mut filled = self.fill(stream, &mut names, &mut first, Instant::FIRST);
        let start = self.options.from.or(first);
        let course = Course {
            population: self.population,
            parts: threads,
            start: start.unwrap_or_default(),
            from: self.options.from,
            to: self.options.to.unwrap_or(Instant::NEVER),
        };
        loop {
            read += filled.chunk.len() as u64;
            progress(read);
            let end = filled.is_last.then(|| self.options.to.unwrap_or(filled.latest.max(course.start)));
            hand_out(parts.iter_mut().map(|part| &mut part.slots), filled.fresh.drain(..));
            parts.iter_mut().for_each(|part| part.player.expect_customers(names.len()));
            let mut groups: Vec<Vec<u64>> = (0..threads as usize).map(|part| filled.chunk.take_group(part)).collect();
            let chunk = &filled.chunk;
            let next = std::thread::scope(|scope| {
                for (part, group) in parts.iter_mut().zip(&mut groups) {
                    scope.spawn(move || {
                        group.sort_unstable();
                        part.work(chunk, group, course, end);
                    });
                }
                end.is_none().then(|| self.fill(stream, &mut names, &mut first, filled.latest))
            });
            match next {
                Some(next) => filled = next,
                None => break,
            }
        }
        let end = self.options.to.unwrap_or(filled.latest.max(course.start));
        let nobody = names.is_empty();
        self.sum(parts, start.filter(|_| !nobody).map(|start| (start, end)))
    }

    /// A log that was loaded before, as often as one likes.
    pub fn run_log(&self, log: &Log) -> Done {
        let count = log.groups.len() as u32;
        let mut parts: Vec<Part<'_>> = (0..count).map(|_| Part::new(Player::new(self.world, &self.options.responses))).collect();
        for (number, name) in log.names.iter().enumerate() {
            parts[number % count as usize].slots.push(Slot::Fresh(name.clone()));
        }
        parts.iter_mut().for_each(|part| part.player.expect_customers(log.names.len()));
        let start = self.options.from.unwrap_or(log.first);
        let end = self.options.to.unwrap_or(log.latest.max(start));
        let to = self.options.to.unwrap_or(Instant::NEVER);
        let course = Course { population: self.population, parts: count, start, from: self.options.from, to };
        let waiting = std::sync::Mutex::new(parts.iter_mut().zip(&log.groups));
        let next = || waiting.lock().unwrap_or_else(std::sync::PoisonError::into_inner).next();
        std::thread::scope(|scope| {
            for _ in 0..log.threads {
                scope.spawn(|| {
                    while let Some((part, group)) = next() {
                        part.work(&log.chunk, group, course, Some(end));
                    }
                });
            }
        });
        self.sum(parts, Some((start, end)))
    }

    fn sum(&self, parts: Vec<Part<'_>>, period: Option<(Instant, Instant)>) -> Done {
        let mut done = Done { tally: Tally::new(self.world.plan()), period, unfit: Unfit::new(), lost: 0, facts: Facts::default() };
        parts.into_iter().for_each(|part| done.add(part));
        if let Some((_, end)) = period {
            done.tally.experiments.close(facts::tick_of(end));
        }
        done
    }

    /// One customer only, looked at. The stream is read to its end, for the period is everybody's.
    pub fn run_one(&self, uid: &str, stream: &mut dyn Stream, watch: Box<dyn Watch + 'w>) -> (Done, bool)
    where
        'w: 'w,
    {
        if in_order::is_needed(self.world.plan()) {
            return self.run_in_order(stream, &mut |_| {}, Some((uid, watch)));
        }
        if self.has_facts() {
            // What she gets hangs on everybody.
            return self.run_by_ticks(stream, &mut |_| {}, Some((uid, watch)));
        }
        let mut part = Part::new(Player::new(self.world, &self.options.responses));
        part.player.watch(watch);
        part.slots.push(Slot::Fresh(Text::new(uid)));
        let mut chunk = Chunk::default();
        let (mut first, mut latest) = (None, Instant::FIRST);
        while let Some(item) = stream.next() {
            first.get_or_insert(item.at);
            latest = latest.max(item.at);
            if item.customer == uid {
                chunk.push(0, item, &Needed::all());
            }
        }
        let known = !chunk.is_empty() || self.population.known.contains_key(uid);
        let start = self.options.from.or(first).unwrap_or_default();
        let to = self.options.to.unwrap_or(Instant::NEVER);
        let course = Course { population: self.population, parts: 1, start, from: self.options.from, to };
        chunk.group(1);
        let group = chunk.take_group(0);
        let end = self.options.to.unwrap_or(latest.max(start));
        part.work(&chunk, &group, course, Some(end));
        (self.sum(vec![part], Some((start, end))), known)
    }

    fn fill(&self, stream: &mut dyn Stream, names: &mut Names, first: &mut Option<Instant>, latest: Instant) -> Filled {
        let mut filled = Filled { latest, ..Filled::default() };
        while filled.chunk.len() < self.options.chunk.max(1) && filled.chunk.bytes() < BYTES_MAX {
            let Some(item) = stream.next() else {
                filled.is_last = true;
                break;
            };
            first.get_or_insert(item.at);
            filled.latest = filled.latest.max(item.at);
            let next = names.len() as u32;
            let number = match names.get(&item.customer) {
                Some(number) => *number,
                None => {
                    names.insert(item.customer.clone(), next);
                    filled.fresh.push(item.customer.clone());
                    next
                }
            };
            filled.chunk.push(number, item, &self.needed);
        }
        filled.chunk.group(self.options.threads.max(1));
        filled
    }
}

/// Gives newcomers their slots.
pub(super) fn hand_out<'p>(parts: impl Iterator<Item = &'p mut Vec<Slot>>, fresh: impl IntoIterator<Item = Text>) {
    let mut parts: Vec<&mut Vec<Slot>> = parts.collect();
    let threads = parts.len();
    let known: usize = parts.iter().map(|slots| slots.len()).sum();
    for (number, name) in (known..).zip(fresh) {
        parts[number % threads].push(Slot::Fresh(name));
    }
}

impl Done {
    pub(super) fn add(&mut self, part: Part<'_>) {
        self.tally.merge(part.player.tally);
        for (key, count) in part.unfit {
            *self.unfit.entry(key).or_default() += count;
        }
        self.lost += part.lost;
    }
}

impl<'w> Part<'w> {
    pub(super) fn new(player: Player<'w>) -> Part<'w> {
        Part { slots: Vec::new(), player, scratch: Scratch::default(), unfit: Unfit::new(), lost: 0 }
    }

    /// All items of a chunk that belong to this part, by customer. `end`: of the period, where the chunk is the last one.
    fn work(&mut self, chunk: &Chunk, group: &[u64], course: Course<'_>, end: Option<Instant>) {
        for keys in group.chunk_by(|a, b| a >> 32 == b >> 32) {
            let at = ((keys[0] >> 32) as u32 / course.parts) as usize;
            if !self.load(at, course) {
                continue;
            }
            self.inputs(chunk, keys, course);
            self.slots[at] = match end {
                Some(end) => {
                    course.from.into_iter().for_each(|from| self.player.start(from));
                    self.player.finish(end);
                    Slot::Finished
                }
                None => Slot::Row(self.player.store()),
            };
        }
        if let Some(end) = end {
            for at in 0..self.slots.len() {
                if !matches!(self.slots[at], Slot::Finished) && self.load(at, course) {
                    course.from.into_iter().for_each(|from| self.player.start(from));
                    self.player.finish(end);
                    self.slots[at] = Slot::Finished;
                }
            }
        }
    }

    /// Items of whom the player holds, in their order.
    pub(super) fn inputs(&mut self, chunk: &Chunk, keys: &[u64], course: Course<'_>) {
        for key in keys {
            let head = chunk.head(*key);
            if head.at > course.to {
                self.player.tally.outside += 1;
                continue;
            }
            match chunk.input(head, &mut self.scratch) {
                Ok(input) if course.from.is_some_and(|from| head.at < from) => {
                    self.player.tally.outside += 1;
                    self.player.remember(input);
                }
                Ok(input) => {
                    course.from.into_iter().for_each(|from| self.player.start(from));
                    self.player.tally.events += 1;
                    self.player.input(input);
                }
                Err(_) => self.lost += 1,
            }
        }
    }

    /// A customer's row into the player.
    pub(super) fn load(&mut self, at: usize, course: Course<'_>) -> bool {
        match &self.slots[at] {
            Slot::Finished => false,
            Slot::Row(bytes) => {
                let restored = self.player.restore(bytes).is_ok();
                self.lost += u64::from(!restored);
                restored
            }
            Slot::Fresh(uid) => {
                let population = course.population;
                let known = population.known.get(uid);
                self.player.begin(uid);
                let mut fields = population.everyone.fields(uid, &mut self.unfit);
                let mut consent = population.everyone.consent.clone();
                if let Some(known) = known {
                    fields.retain(|(field, _)| !known.fields.iter().any(|(other, _)| other == field));
                    fields.extend(known.fields.iter().cloned());
                    consent.extend(&known.consent);
                }
                match known {
                    Some(known) => self.player.know(course.start, fields, consent, &known.lists),
                    None => self.player.introduce(fields, consent),
                }
                true
            }
        }
    }
}

/// An item is an event of the log, not a change of fields.
pub fn is_event(item: &Item) -> bool {
    matches!(item.kind, ItemKind::Event(_))
}
