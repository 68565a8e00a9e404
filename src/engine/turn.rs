//! One call of `handle` at work: what all its parts share.
//!
//! In: the world, the row, the output. Out: the row changed, records and effects. **Invariant:** whatever happens to the row inside one
//! input goes through a [`Turn`]; `now` is the instant that counts, `on_time` the one at which it was due (they differ only where time
//! was lost). Knows no particular kind of input.

use super::evaluate::Context;
use super::index::Loaded;
use super::row::{Customer, Run, SeenWhat};
use super::{Attention, Effect, Limits, Output, Record, RecordKind, SendKey, World, zone_of};
use crate::calendar::{Instant, Zone};
use crate::plan::{Journey, Plan};
use crate::schema::{FieldId, JourneyId, SegmentId, StepIx, TopicId};
use crate::value::Value;
use std::collections::VecDeque;
use std::sync::Arc;

pub(super) struct Turn<'a> {
    pub(super) world: &'a dyn World,
    pub(super) loaded: &'a Loaded,
    pub(super) limits: &'a Limits,
    pub(super) attention: Attention,
    pub(super) row: &'a mut Customer,
    pub(super) out: &'a mut Output,
    /// What counts as the moment of everything that happens now.
    pub(super) now: Instant,
    /// When it was due.
    pub(super) on_time: Instant,
    /// Something is due at `now`, and no input comes before it any more.
    pub(super) in_moment: bool,
    pub(super) zone: Zone,
    /// Steps done for this input.
    pub(super) steps: u32,
    /// Inputs that steps caused for this input.
    pub(super) chain: u32,
    /// Position of the active plan in the row's plans, where it is known.
    plan_now: Option<u16>,
    /// Some run may be pinned to another plan than the active one.
    pub(super) pinned: bool,
}

/// Memory that is used again from input to input.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    pub(super) news: VecDeque<News>,
    pub(super) interests: Vec<Interest>,
    /// Runs that are over, for their memory.
    pub(super) spare: Vec<super::row::Run>,
    /// Messages that were handed over and count as accepted, where [`Attention::accepted_at_once`] says so.
    pub(super) accepted: VecDeque<SendKey>,
    /// Journeys that were entered, restarted or updated by the input at hand.
    pub(super) entered: Vec<JourneyId>,
    /// Occurrences of the plan's rules, for all customers.
    pub(super) upcoming: Vec<super::dates::Upcoming>,
}

/// A run that something concerns; sorted, this is the order in which runs are taken: higher priority, then older.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Interest {
    pub(super) rank: u8,
    pub(super) run: u32,
    /// `index::reacts` bits.
    pub(super) bits: u8,
}

/// What steps cause is taken in as an input of the same instant, first caused first.
#[derive(Debug)]
pub(super) enum News {
    Wave(Box<Wave>),
    Start { journey: JourneyId, args: Vec<Value>, held_out: bool },
}

/// An event as goals, exits, waits and entries see it.
#[derive(Debug, Clone)]
pub(super) struct Event {
    pub(super) what: SeenWhat,
    /// Own time.
    pub(super) at: Instant,
    pub(super) fields: Arc<[Value]>,
}

/// What is new, for everything that may react to it.
#[derive(Debug, Default)]
pub(super) struct Wave {
    pub(super) event: Option<Event>,
    /// Leaves, then joins (`true`).
    pub(super) flips: Vec<(SegmentId, bool)>,
    pub(super) fields: Vec<FieldId>,
    pub(super) topic: Option<TopicId>,
    pub(super) journey: Option<JourneyId>,
    /// Message history or what is reachable changed.
    pub(super) messages: bool,
    /// Everything civil is to be computed again.
    pub(super) zone: bool,
    /// Time came to an instant at which something is due.
    pub(super) moment: bool,
}

impl<'a> Turn<'a> {
    pub(super) fn new(world: &'a dyn World, attention: Attention, row: &'a mut Customer, out: &'a mut Output) -> Turn<'a> {
        let loaded = world.active();
        let plan_now = row.plans.iter().position(|id| *id == loaded.id).map(|at| at as u16);
        let pinned = row.plans.iter().any(|id| *id != loaded.id);
        let (zone, now) = (zone_of(&loaded.plan, row), row.clock);
        let limits = world.limits();
        Turn { world, loaded, limits, attention, row, out, now, on_time: now, in_moment: false, zone, steps: 0, chain: 0, plan_now, pinned }
    }

    /// Position of the active plan in the row, which notes it.
    pub(super) fn pin(&mut self) -> u16 {
        if let Some(at) = self.plan_now {
            return at;
        }
        self.row.plans.push(self.loaded.id);
        let at = (self.row.plans.len() - 1) as u16;
        self.plan_now = Some(at);
        at
    }

    /// The plan that a run is pinned to.
    pub(super) fn loaded_of(&self, plan: u16) -> Option<&'a Loaded> {
        if self.plan_now == Some(plan) {
            return Some(self.loaded);
        }
        self.row.plans.get(usize::from(plan)).and_then(|id| self.world.pinned(*id))
    }

    /// Whether the active plan, or one that some run is pinned to, has something.
    pub(super) fn any_index(&self, has: impl Fn(&super::index::Index) -> bool) -> bool {
        has(&self.loaded.index) || (self.pinned && self.older().any(|older| has(&older.index)))
    }

    /// The plans that runs may be pinned to, beside the active one.
    pub(super) fn older(&self) -> impl Iterator<Item = &'a Loaded> {
        let (world, active) = (self.world, self.loaded.id);
        self.row.plans.iter().filter(move |id| **id != active).filter_map(move |id| world.pinned(*id))
    }

    /// A live run's position.
    pub(super) fn position(&self, number: u32) -> Option<usize> {
        self.row.runs.binary_search_by_key(&number, |run| run.number).ok()
    }

    /// A live run's position, plan and journey.
    pub(super) fn run_and_journey(&self, number: u32) -> Option<(usize, &'a Loaded, &'a Journey)> {
        let at = self.position(number)?;
        let run = &self.row.runs[at];
        let loaded = self.loaded_of(run.plan)?;
        let journey = loaded.plan.journeys.get(run.journey.index())?;
        Some((at, loaded, journey))
    }

    /// For conditions about the customer alone.
    pub(super) fn context<'s>(&'s self, plan: &'s Plan) -> Context<'s> {
        Context::new(plan, self.row, self.now, self.zone).reading(self.world.catalogs())
    }

    /// For conditions about a run of hers.
    pub(super) fn context_in<'s>(&'s self, plan: &'s Plan, run: &'s Run) -> Context<'s> {
        self.context(plan).in_run(run)
    }

    pub(super) fn record(&mut self, kind: RecordKind) {
        self.out.records.push(Record { at: self.now, journey: None, run: 0, step: None, kind });
    }

    pub(super) fn record_journey(&mut self, journey: JourneyId, kind: RecordKind) {
        self.out.records.push(Record { at: self.now, journey: Some(journey), run: 0, step: None, kind });
    }

    pub(super) fn record_run(&mut self, journey: JourneyId, run: u32, step: StepIx, kind: RecordKind) {
        self.out.records.push(Record { at: self.now, journey: Some(journey), run, step: Some(step), kind });
    }

    pub(super) fn effect(&mut self, effect: Effect) {
        self.out.effects.push(effect);
    }

    /// Queues what a step caused.
    pub(super) fn cause(&mut self, wave: Wave) {
        self.out.scratch.news.push_back(News::Wave(Box::new(wave)));
    }

    pub(super) fn message_position(&self, key: SendKey) -> Option<usize> {
        self.row.pending.iter().position(|pending| pending.key == key)
    }
}

impl Event {
    pub(super) fn is_of_run(&self, run: u32) -> bool {
        matches!(self.what, SeenWhat::Message { key, .. } if key.run == run)
    }
}
