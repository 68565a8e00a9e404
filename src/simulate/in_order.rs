//! The loop over a log where one customer's input may change what another one's next input does: everything in the order of time.
//!
//! In: as for the other loops, of a plan that limits its entries over all customers, or in which customers send each other messages. Out: the
//! same. **Invariant:** the order is that of the instants; at one instant the log's rows come first, by customer and then as in the log, then
//! what is due, by customer; what a customer tells another follows at once. It depends on nothing else, so neither threads nor chunks have a
//! say. One thread does it all: who is not at hand is an encoded row, and one queue knows who is due when.
//!
//! A row of the log belongs to the instant that the log has come to, as in `slices`; facts change at whole ticks as there.

use super::chunk::{BYTES_MAX, Chunk};
use super::customer::{Player, Watch};
use super::driver::{Course, Done, Names, Part, Simulation, Slot, Stream};
use super::needed::Needed;
use super::slices::{Ahead, decide};
use crate::calendar::Instant;
use crate::engine::{Input, InputKind, Told};
use crate::plan::{Plan, StepKind};
use crate::simulate::tally::Tally;
use crate::value::Text;
use crate::world::doors;
use crate::world::facts::{self, Facts};
use crate::world::hours::BestHours;
use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

/// Messages from one customer to another that one input may lead to; more are counted and not played.
const TOLD_MAX: usize = 1_000;

/// Whether a plan needs it.
pub(super) fn is_needed(plan: &Plan) -> bool {
    let tells = |kind: &StepKind| matches!(kind, StepKind::Send(send) if send.other.is_some());
    doors::are_in(plan) || plan.journeys.iter().flat_map(|journey| &journey.steps).any(|step| tells(&step.kind))
}

struct InOrder<'s> {
    simulation: &'s Simulation<'s>,
    part: Part<'s>,
    /// Who is looked at is played by another one, so that she is counted alone.
    watching: Option<(u32, Player<'s>)>,
    course: Course<'s>,
    names: Names,
    /// By number.
    uids: Vec<Text>,
    due: BTreeSet<(Instant, Text, u32)>,
    /// By number; [`Instant::NEVER`] for those who wait for nothing.
    wakes: Vec<Instant>,
    chunk: Chunk,
    facts: Arc<Facts>,
    hours: Arc<BestHours>,
    tick: i64,
}

impl<'w> Simulation<'w> {
    /// Everybody, in the order of time. `watch`: one customer, looked at; then what comes back counts her alone, with whether she is known.
    pub(super) fn run_in_order(
        &self,
        stream: &mut dyn Stream,
        progress: &mut (dyn FnMut(u64) + Send),
        watch: Option<(&str, Box<dyn Watch + 'w>)>,
    ) -> (Done, bool) {
        let mut ahead = Ahead::new(stream);
        let first = ahead.at();
        let start = self.options.from.or(first).unwrap_or_default();
        let course =
            Course { population: self.population, parts: 1, start, from: self.options.from, to: self.options.to.unwrap_or(Instant::NEVER) };
        let mut all = InOrder::new(self, course, watch);
        let nobody = first.is_none() && all.uids.is_empty() && self.options.from.is_none();
        while let Some(at) = ahead.at().filter(|at| course.from.is_some_and(|from| *at < from)) {
            all.take(&mut ahead, at);
        }
        all.wake_all();
        let behind = course.to.plus_ms(1);
        while let Some(at) = ahead.at() {
            progress(ahead.read);
            all.catch_up(at.min(behind));
            all.come_to(at.min(course.to));
            all.take(&mut ahead, at);
        }
        let end = self.end(ahead.latest, start);
        all.catch_up(end.plus_ms(1));
        all.come_to(end);
        all.finish(end);
        all.sum((!nobody).then_some((start, end)))
    }
}

impl<'s> InOrder<'s> {
    fn new(simulation: &'s Simulation<'s>, course: Course<'s>, watch: Option<(&str, Box<dyn Watch + 's>)>) -> InOrder<'s> {
        let player = || Player::new(simulation.world, &simulation.options.responses);
        let mut all = InOrder {
            simulation,
            part: Part::new(player()),
            watching: None,
            course,
            names: Names::default(),
            uids: Vec::new(),
            due: BTreeSet::new(),
            wakes: Vec::new(),
            chunk: Chunk::default(),
            facts: Arc::default(),
            hours: Arc::default(),
            tick: facts::tick_of(course.start),
        };
        all.part.player.count_entries();
        simulation.population.known.keys().for_each(|name| {
            all.number_of(name);
        });
        all.watching = watch.map(|(uid, watch)| {
            let mut own = player();
            own.watch(watch);
            (all.number_of(&uid.into()), own)
        });
        all
    }

    fn number_of(&mut self, uid: &Text) -> u32 {
        let next = self.uids.len() as u32;
        *self.names.entry(uid.clone()).or_insert_with(|| {
            self.uids.push(uid.clone());
            self.part.slots.push(Slot::Fresh(uid.clone()));
            self.wakes.push(Instant::NEVER);
            next
        })
    }

    /// The items of the log at its next instant.
    fn take(&mut self, ahead: &mut Ahead<'_>, at: Instant) {
        self.chunk.clear();
        let whole = Needed::all();
        while ahead.at() == Some(at) && self.chunk.bytes() < BYTES_MAX {
            let Some(item) = ahead.take() else { break };
            let number = self.number_of(&item.customer);
            let watched = self.watching.as_ref().is_some_and(|(watched, _)| *watched == number);
            self.chunk.push(number, &item, if watched { &whole } else { &self.simulation.needed });
        }
        self.chunk.group(1);
        let mut items = self.chunk.take_group(0);
        let uid = |key: &u64| &self.uids[(key >> 32) as usize];
        items.sort_by(|a, b| uid(a).cmp(uid(b)).then(a.cmp(b)));
        let (chunk, course) = (std::mem::take(&mut self.chunk), self.course);
        for key in items {
            self.play((key >> 32) as u32, Instant::FIRST, &mut |part| part.inputs(&chunk, &[key], course));
        }
        self.chunk = chunk;
    }

    /// Everything that is due before `limit`.
    fn catch_up(&mut self, limit: Instant) {
        while let Some((at, number)) = self.due.first().map(|(at, _, number)| (*at, *number)).filter(|(at, _)| *at < limit) {
            self.come_to(at);
            // What does not come to rest is not asked again at this instant.
            let next = at.plus_ms(1);
            self.play(number, next, &mut |part| part.player.run_until(next));
        }
    }

    /// Time comes to an instant: what is decided over all customers at the ticks up to it.
    fn come_to(&mut self, at: Instant) {
        let tick = facts::tick_of(at);
        if tick > self.tick {
            self.tick = tick;
            let plan = self.simulation.world.plan();
            let players = [Some(&mut self.part.player), self.watching.as_mut().map(|(_, player)| player)];
            decide(plan, (&mut self.facts, &mut self.hours), &mut players.into_iter().flatten().collect::<Vec<_>>(), tick);
        }
    }

    /// Lets a customer do something, and everybody whom she tells something; her wake is not before `earliest`.
    fn play(&mut self, number: u32, earliest: Instant, what: &mut dyn FnMut(&mut Part<'s>)) {
        let mut told: VecDeque<(Instant, Box<Told>)> = self.play_one(number, earliest, what).into();
        for played in 0.. {
            let Some((now, message)) = told.pop_front() else { return };
            if played >= TOLD_MAX {
                *self.part.player.tally.limits_met.entry("messages to others").or_default() += 1 + told.len() as u64;
                return;
            }
            let known = self.uids.len();
            let to = self.number_of(&message.to);
            self.part.player.tally.strangers += (self.uids.len() - known) as u64;
            let mut input = Some(Input { now, id: 0, kind: InputKind::Told(message) });
            told.extend(self.play_one(to, Instant::FIRST, &mut |part| input.take().into_iter().for_each(|input| part.player.input(input))));
        }
    }

    fn play_one(&mut self, number: u32, earliest: Instant, what: &mut dyn FnMut(&mut Part<'s>)) -> Vec<(Instant, Box<Told>)> {
        self.change_over(number);
        let loaded = self.part.load(number as usize, self.course);
        let mut told = Vec::new();
        let mut wake = Instant::NEVER;
        if loaded {
            let facts = &self.facts;
            self.part.player.know_facts(facts);
            what(&mut self.part);
            told = std::mem::take(&mut self.part.player.told);
            wake = self.part.player.wake().max(earliest);
            self.part.slots[number as usize] = Slot::Row(self.part.player.store());
        }
        self.change_over(number);
        self.wait(number, wake);
        told
    }

    /// Puts the player who is looked at in the place of the other, or back.
    fn change_over(&mut self, number: u32) {
        if let Some((watched, own)) = &mut self.watching
            && *watched == number
        {
            std::mem::swap(&mut self.part.player, own);
            own.pass_doors(&mut self.part.player);
        }
    }

    fn wait(&mut self, number: u32, wake: Instant) {
        let known = std::mem::replace(&mut self.wakes[number as usize], wake);
        if known != wake {
            let uid = &self.uids[number as usize];
            self.due.remove(&(known, uid.clone(), number));
            if wake != Instant::NEVER {
                self.due.insert((wake, uid.clone(), number));
            }
        }
    }

    /// Whether there is somebody behind a name, and not only who is looked at.
    fn is_somebody(&self, number: u32) -> bool {
        match &self.part.slots[number as usize] {
            Slot::Fresh(uid) => self.course.population.known.contains_key(uid),
            Slot::Row(_) => true,
            Slot::Finished => false,
        }
    }

    /// Everybody who is known when the period begins.
    fn wake_all(&mut self) {
        let from = self.course.from;
        for number in 0..self.uids.len() as u32 {
            if self.is_somebody(number) {
                self.play(number, Instant::FIRST, &mut |part| from.into_iter().for_each(|from| part.player.start(from)));
            }
        }
    }

    fn finish(&mut self, end: Instant) {
        let from = self.course.from;
        for number in 0..self.uids.len() as u32 {
            if self.is_somebody(number) {
                self.play(number, Instant::FIRST, &mut |part| {
                    from.into_iter().for_each(|from| part.player.start(from));
                    part.player.finish(end);
                });
            }
        }
    }

    fn sum(self, period: Option<(Instant, Instant)>) -> (Done, bool) {
        let mut done = Done {
            tally: Tally::new(self.simulation.world.plan()),
            period,
            unfit: Default::default(),
            lost: 0,
            facts: Arc::unwrap_or_clone(self.facts),
        };
        let mut part = self.part;
        let mut known = false;
        if let Some((_, own)) = self.watching {
            known = own.tally.customers > 0;
            part.player = own;
        }
        done.add(part);
        (done, known)
    }
}
