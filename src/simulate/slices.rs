//! The loop over a log where customers are not independent: slice by slice, each a tick long, everybody to the end of one before anybody
//! begins the next.
//!
//! In: as for the other loop, of a plan in which something is decided over all customers. Out: the same, and the facts. **Invariant:** every
//! input is handled under the facts of its tick, and these depend on what came before the tick only; so threads and chunks decide nothing
//! here, either. Between slices a customer is her encoded row, and who has nothing to do in a slice costs nothing in it.
//!
//! A row of the log belongs to the tick that the log has come to: what stands too late in it is taken in then, and its customer has already
//! done what was due before. Decisions fall at ticks at which a window ended, also where nothing else happens at them.

use super::chunk::{BYTES_MAX, Chunk};
use super::customer::{Player, Watch};
use super::driver::{Course, Done, Names, Part, Simulation, Slot, Stream, hand_out};
use super::needed::Needed;
use crate::calendar::Instant;
use crate::engine::answers::asked_hours;
use crate::ingest::mapping::Item;
use crate::plan::Plan;
use crate::simulate::tally::Tally;
use crate::world::facts::{self, Counters, Facts};
use crate::world::hours::{self, Answers, BestHours};
use std::collections::BTreeSet;
use std::sync::Arc;

/// From so much work in a slice on it is worth starting threads.
const WORTH_THREADS: usize = 512;

/// The customers of one worker, and when each of them has something to do.
struct Slice<'w> {
    part: Part<'w>,
    due: BTreeSet<(Instant, u32)>,
    /// By slot; [`Instant::NEVER`] for those who wait for nothing.
    wakes: Vec<Instant>,
}

/// A stream with its next item at hand.
pub(super) struct Ahead<'s> {
    stream: &'s mut dyn Stream,
    next: Option<Item>,
    /// Own time of the latest item that was taken.
    pub(super) latest: Instant,
    pub(super) read: u64,
}

impl Ahead<'_> {
    pub(super) fn new(stream: &mut dyn Stream) -> Ahead<'_> {
        let next = stream.next().map(std::mem::take);
        Ahead { stream, next, latest: Instant::FIRST, read: 0 }
    }

    /// How far the log comes with its next item.
    pub(super) fn at(&self) -> Option<Instant> {
        self.next.as_ref().map(|item| item.at.max(self.latest))
    }

    pub(super) fn take(&mut self) -> Option<Item> {
        let item = self.next.take()?;
        self.latest = self.latest.max(item.at);
        self.read += 1;
        self.next = self.stream.next().map(std::mem::take);
        Some(item)
    }
}

struct Slices<'s> {
    simulation: &'s Simulation<'s>,
    slices: Vec<Slice<'s>>,
    course: Course<'s>,
    names: Names,
    facts: Arc<Facts>,
    hours: Arc<BestHours>,
    /// Number of the customer who is looked at; she is a part of her own, the last one.
    watched: Option<u32>,
    chunk: Chunk,
}

impl<'w> Simulation<'w> {
    /// Everybody, tick by tick. `watch`: one customer, looked at; then what comes back counts her alone, with whether she is known.
    pub(super) fn run_by_ticks(
        &self,
        stream: &mut dyn Stream,
        progress: &mut (dyn FnMut(u64) + Send),
        watch: Option<(&str, Box<dyn Watch + 'w>)>,
    ) -> (Done, bool) {
        let mut ahead = Ahead::new(stream);
        let first = ahead.at();
        let start = self.options.from.or(first).unwrap_or_default();
        let course = Course {
            population: self.population,
            parts: self.options.threads.max(1),
            start,
            from: self.options.from,
            to: self.options.to.unwrap_or(Instant::NEVER),
        };
        let watched = watch.is_some();
        let mut all = Slices::new(self, course, watch);
        let before = self.population.known.len();
        all.begin(&mut ahead);
        let mut tick = facts::tick_of(start);
        loop {
            progress(ahead.read);
            let end = ahead.next.is_none().then(|| self.end(ahead.latest, start));
            let due = all.slices.iter().filter_map(|slice| slice.due.first()).map(|(at, _)| *at).min();
            let due = due.filter(|at| *at <= course.to);
            let next = ahead.at().into_iter().chain(due).min();
            let Some(next) = next.filter(|next| end.is_none_or(|end| *next <= end)) else { break };
            tick = facts::tick_of(next).max(tick);
            // What comes behind the period is only counted.
            all.decide(tick.min(facts::tick_of(course.to)));
            all.work(&mut ahead, facts::begin_of(tick + 1));
        }
        let end = self.end(ahead.latest, start);
        all.each(&|slice, course| slice.finish(course, end));
        all.decide(facts::tick_of(end));
        let nobody = first.is_none() && before == 0 && self.options.from.is_none();
        all.sum((!nobody).then_some((start, end)), watched)
    }

    pub(super) fn end(&self, latest: Instant, start: Instant) -> Instant {
        self.options.to.unwrap_or(latest.max(start))
    }
}

impl<'s> Slices<'s> {
    fn new(simulation: &'s Simulation<'s>, course: Course<'s>, watch: Option<(&str, Box<dyn Watch + 's>)>) -> Slices<'s> {
        let player = || Player::new(simulation.world, &simulation.options.responses);
        let mut slices: Vec<Slice<'_>> = (0..course.parts).map(|_| Slice::new(Part::new(player()))).collect();
        let mut names = Names::default();
        for (number, name) in simulation.population.known.keys().enumerate() {
            names.insert(name.clone(), number as u32);
            slices[number % course.parts as usize].part.slots.push(Slot::Fresh(name.clone()));
        }
        let mut watched = None;
        if let Some((uid, watch)) = watch {
            let mut own = Slice::new(Part::new(player()));
            own.part.player.watch(watch);
            own.part.slots.push(Slot::Fresh(uid.into()));
            slices.push(own);
            let number = names.len() as u32;
            let number = *names.entry(uid.into()).or_insert(number);
            watched = Some(number);
            let (slot, home) = ((number / course.parts) as usize, (number % course.parts) as usize);
            // Where she would be counted otherwise.
            match slices[home].part.slots.get_mut(slot) {
                Some(slot) => *slot = Slot::Finished,
                None => slices[home].part.slots.push(Slot::Finished),
            }
        }
        Slices { simulation, slices, course, names, facts: Arc::default(), hours: Arc::default(), watched, chunk: Chunk::default() }
    }

    /// What is before the period, and everybody who is known when it begins.
    fn begin(&mut self, ahead: &mut Ahead<'_>) {
        if let Some(from) = self.course.from {
            while self.fill(ahead, from) {
                self.hand_over(None);
            }
        }
        self.each(&|slice, course| slice.wake_all(course));
    }

    /// One slice: the items of the log in it, and everything due in it.
    fn work(&mut self, ahead: &mut Ahead<'_>, limit: Instant) {
        loop {
            self.fill(ahead, limit);
            let is_whole = ahead.at().is_none_or(|at| at >= limit);
            // The last slice ends with the period.
            let end = ahead.next.is_none().then(|| self.simulation.end(ahead.latest, self.course.start));
            let limit = limit.min(end.unwrap_or(self.course.to).plus_ms(1));
            self.hand_over(is_whole.then_some(limit));
            if is_whole {
                return;
            }
        }
    }

    /// Reads what comes before `limit`, as much as is held at a time. Whether there was anything.
    fn fill(&mut self, ahead: &mut Ahead<'_>, limit: Instant) -> bool {
        self.chunk.clear();
        let (mut fresh, whole) = (Vec::new(), Needed::all());
        let most = self.simulation.options.chunk.max(1);
        while self.chunk.len() < most && self.chunk.bytes() < BYTES_MAX && ahead.at().is_some_and(|at| at < limit) {
            let Some(item) = ahead.take() else { break };
            let next = self.names.len() as u32;
            let number = *self.names.entry(item.customer.clone()).or_insert_with(|| {
                fresh.push(item.customer.clone());
                next
            });
            // Who is looked at is shown whole.
            let needed = if self.watched == Some(number) { &whole } else { &self.simulation.needed };
            self.chunk.push(number, &item, needed);
        }
        let threads = self.course.parts as usize;
        hand_out(self.slices.iter_mut().take(threads).map(|slice| &mut slice.part.slots), fresh);
        !self.chunk.is_empty()
    }

    /// The chunk at hand to those it is about; with `limit` also everything that is due before it.
    fn hand_over(&mut self, limit: Option<Instant>) {
        let threads = self.course.parts;
        self.chunk.group(threads);
        let mut groups: Vec<Vec<u64>> = (0..threads as usize).map(|part| self.chunk.take_group(part)).collect();
        if let Some(watched) = self.watched {
            let group = &mut groups[(watched % threads) as usize];
            let own = group.iter().copied().filter(|key| (key >> 32) as u32 == watched).collect();
            group.retain(|key| (key >> 32) as u32 != watched);
            groups.push(own);
        }
        for slice in &mut self.slices {
            slice.part.player.know_facts(&self.facts);
        }
        let chunk = &self.chunk;
        let waiting = |slice: &Slice<'_>| limit.map_or(0, |limit| slice.due.range(..(limit, 0)).take(WORTH_THREADS).count());
        let work = chunk.len() + self.slices.iter().map(waiting).sum::<usize>();
        let courses = courses(self.course, self.slices.len());
        let each = self.slices.iter_mut().zip(&mut groups).zip(courses);
        if threads == 1 || work < WORTH_THREADS {
            each.for_each(|((slice, group), course)| slice.work(chunk, group, course, limit));
        } else {
            std::thread::scope(|scope| {
                for ((slice, group), course) in each {
                    scope.spawn(move || slice.work(chunk, group, course, limit));
                }
            });
        }
    }

    /// The same for every part, side by side.
    fn each(&mut self, what: &(dyn Fn(&mut Slice<'s>, Course<'s>) + Sync)) {
        let courses = courses(self.course, self.slices.len());
        for slice in &mut self.slices {
            slice.part.player.know_facts(&self.facts);
        }
        std::thread::scope(|scope| {
            for (slice, course) in self.slices.iter_mut().zip(courses) {
                scope.spawn(move || what(slice, course));
            }
        });
    }

    fn decide(&mut self, tick: i64) {
        let mut players: Vec<&mut Player<'_>> = self.slices.iter_mut().map(|slice| &mut slice.part.player).collect();
        decide(self.simulation.world.plan(), (&mut self.facts, &mut self.hours), &mut players, tick);
    }

    fn sum(mut self, period: Option<(Instant, Instant)>, watched: bool) -> (Done, bool) {
        let known = watched && self.slices.last().is_some_and(|own| own.part.player.tally.customers > 0);
        if watched {
            self.slices.drain(..self.slices.len() - 1);
        }
        let mut done =
            Done { tally: Tally::new(self.simulation.world.plan()), period, unfit: Default::default(), lost: 0, facts: Facts::default() };
        for slice in self.slices {
            done.add(slice.part);
        }
        done.facts = Arc::unwrap_or_clone(self.facts);
        (done, known)
    }
}

/// Decides at every tick up to this one at which something can have changed.
pub(super) fn decide(plan: &Plan, (facts, hours): (&mut Arc<Facts>, &mut Arc<BestHours>), players: &mut [&mut Player<'_>], tick: i64) {
    let nothing = Arc::default();
    // Nobody else holds the facts while they change.
    players.iter_mut().for_each(|player| player.know_facts(&nothing));
    if hours::are_in(plan) {
        players.iter_mut().for_each(|player| player.know_hours(&Arc::default()));
        let mut answers: Vec<&mut Answers> = players.iter_mut().map(|player| &mut player.tally.answers).collect();
        Arc::make_mut(hours).count(&asked_hours(plan), &mut answers, facts::begin_of(tick));
        players.iter_mut().for_each(|player| player.know_hours(hours));
    }
    loop {
        let ticks = players.iter().filter_map(|player| player.tally.experiments.next_tick());
        let at = ticks.min().unwrap_or(i64::MAX).min(tick);
        let mut over = false;
        for player in players.iter_mut() {
            over |= player.tally.experiments.close(at);
        }
        if over {
            let counters: Vec<&Counters> = players.iter().map(|player| &player.tally.experiments).collect();
            Arc::make_mut(facts).decide(plan, &counters, at);
        }
        if at == tick {
            return;
        }
    }
}

/// What each part must know; one that is looked at has a single slot.
fn courses(course: Course<'_>, parts: usize) -> impl Iterator<Item = Course<'_>> {
    let threads = course.parts as usize;
    (0..parts).map(move |at| if at < threads { course } else { Course { parts: u32::MAX, ..course } })
}

impl<'w> Slice<'w> {
    fn new(part: Part<'w>) -> Slice<'w> {
        Slice { part, due: BTreeSet::new(), wakes: Vec::new() }
    }

    fn work(&mut self, chunk: &Chunk, group: &mut [u64], course: Course<'w>, limit: Option<Instant>) {
        group.sort_unstable();
        for keys in group.chunk_by(|a, b| a >> 32 == b >> 32) {
            let at = (keys[0] >> 32) as u32 / course.parts;
            if self.part.load(at as usize, course) {
                self.part.inputs(chunk, keys, course);
                self.sleep(at, limit);
            }
        }
        while let Some(limit) = limit
            && let Some((_, at)) = self.due.first().copied().filter(|(due, _)| *due < limit)
        {
            if self.part.load(at as usize, course) {
                self.sleep(at, Some(limit));
            } else {
                self.wait(at, Instant::NEVER);
            }
        }
    }

    /// Runs whom the player holds up to the limit, and stores her.
    fn sleep(&mut self, at: u32, limit: Option<Instant>) {
        let player = &mut self.part.player;
        limit.into_iter().for_each(|limit| player.run_until(limit));
        // What does not come to rest is not asked again in this slice.
        let wake = limit.map_or(player.wake(), |limit| player.wake().max(limit));
        self.part.slots[at as usize] = Slot::Row(player.store());
        self.wait(at, wake);
    }

    fn wait(&mut self, at: u32, wake: Instant) {
        if self.wakes.len() <= at as usize {
            self.wakes.resize(at as usize + 1, Instant::NEVER);
        }
        let known = std::mem::replace(&mut self.wakes[at as usize], wake);
        if known != wake {
            self.due.remove(&(known, at));
            if wake != Instant::NEVER {
                self.due.insert((wake, at));
            }
        }
    }

    /// Everybody who is known when the period begins.
    fn wake_all(&mut self, course: Course<'w>) {
        for at in 0..self.part.slots.len() as u32 {
            // She may also be somebody of whom only a name is known, because she is looked at.
            let is_known = match &self.part.slots[at as usize] {
                Slot::Fresh(uid) => course.population.known.contains_key(uid),
                Slot::Row(_) => true,
                Slot::Finished => false,
            };
            if is_known && self.part.load(at as usize, course) {
                course.from.into_iter().for_each(|from| self.part.player.start(from));
                self.sleep(at, None);
            }
        }
    }

    fn finish(&mut self, course: Course<'w>, end: Instant) {
        for at in 0..self.part.slots.len() {
            let is_known = match &self.part.slots[at] {
                Slot::Fresh(uid) => course.population.known.contains_key(uid),
                Slot::Row(_) => true,
                Slot::Finished => false,
            };
            if is_known && self.part.load(at, course) {
                course.from.into_iter().for_each(|from| self.part.player.start(from));
                self.part.player.finish(end);
                self.part.slots[at] = Slot::Finished;
            }
        }
    }
}
