//! The world of a running daemon: the plans, what the catalogs hold, what was decided over all customers, pauses and the hold.
//!
//! In: changes, each recorded in the log by who makes it. Out: the view that the engine asks for. **Invariant:** every change makes a new
//! number; time that is lost here is really lost.

use crate::calendar::Instant;
use crate::engine::answers::{Hours, asked_hours};
use crate::engine::backfill::Building;
use crate::engine::versions::{Decision, Migration};
use crate::engine::{Limits, Loaded, PlanId, Record, Room, Weights, World, door};
use crate::plan::Plan;
use crate::record::{DecodeError, Fault, Reader, Writer};
use crate::schema::{ChannelId, JourneyId};
use crate::shard::Ways;
use crate::world::catalogs::Catalogs;
use crate::world::doors::{self, Doors};
use crate::world::facts::{Counters, Facts};
use crate::world::hours::{Answers, BestHours};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

pub mod trial;

/// The plan that is active, and the older ones that rows and runs still have.
#[derive(Debug)]
pub struct Versions {
    active: Loaded,
    /// Under the active one's numbers.
    pinned: BTreeMap<PlanId, Loaded>,
    /// For rows that were last handled under an older plan: the way to the active one.
    ways: BTreeMap<PlanId, Migration>,
}

impl Versions {
    pub fn active(&self) -> &Loaded {
        &self.active
    }

    pub fn loaded(&self, id: PlanId) -> Option<&Loaded> {
        if self.active.id == id { Some(&self.active) } else { self.pinned.get(&id) }
    }

    /// From the plan that rows have now.
    pub fn way(&self, from: PlanId) -> Option<&Migration> {
        self.ways.get(&from)
    }

    /// What becomes of who stands at a step that is gone.
    pub fn decide(&mut self, decisions: &[Decision]) {
        self.ways.values_mut().for_each(|way| way.decide(decisions));
    }
}

#[derive(Debug)]
pub struct DaemonWorld {
    versions: Versions,
    /// What was decided when the active plan became active.
    decisions: Vec<Decision>,
    /// When the active plan became active.
    since: Instant,
    limits: Limits,
    number: u64,
    pub(super) catalogs: Catalogs,
    pub(super) facts: Facts,
    pub(super) counters: Counters,
    /// When customers answered, and what that says about everybody since the last tick.
    pub(super) answers: Answers,
    pub(super) hours: BestHours,
    /// Who entered journeys that limit their entries.
    pub(super) doors: Doors,
    /// Names of journeys that are paused.
    paused: BTreeSet<String>,
    paused_channels: BTreeSet<String>,
    everything_paused: bool,
    /// After a restore or a copy: nothing is sent until an operator says so.
    hold: bool,
    /// What is read back for a plan that is to become active.
    building: Option<Arc<Building>>,
    /// The wall clock leapt; of this process alone.
    clock_doubt: bool,
}

impl DaemonWorld {
    pub fn new(plan: Arc<Plan>, limits: Limits) -> DaemonWorld {
        DaemonWorld {
            doors: Doors::new(&plan),
            versions: Versions { active: Loaded::new(plan), pinned: BTreeMap::new(), ways: BTreeMap::new() },
            decisions: Vec::new(),
            since: Instant::FIRST,
            limits,
            number: 1,
            catalogs: Catalogs::default(),
            facts: Facts::default(),
            counters: Counters::default(),
            answers: Answers::default(),
            hours: BestHours::default(),
            paused: BTreeSet::new(),
            paused_channels: BTreeSet::new(),
            everything_paused: false,
            hold: false,
            building: None,
            clock_doubt: false,
        }
    }

    pub fn plan(&self) -> &Arc<Plan> {
        &self.versions.active.plan
    }

    pub fn loaded(&self, id: PlanId) -> Option<&Loaded> {
        self.versions.loaded(id)
    }

    /// The versions as they are once another plan is active.
    ///
    /// # Errors
    /// If a plan cannot be put under the new one's numbers.
    pub fn versions_with(&self, plan: Arc<Plan>) -> Result<Versions, serde_json::Error> {
        let active = Loaded::new(plan);
        let known = &self.versions;
        let older: Vec<&Loaded> = known.pinned.values().chain([&known.active]).filter(|plan| plan.id != active.id).collect();
        let mut ways = BTreeMap::new();
        let mut pinned = BTreeMap::new();
        for plan in &older {
            let others: Vec<&Loaded> = older.iter().copied().filter(|other| other.id != plan.id).collect();
            ways.insert(plan.id, Migration::new(plan, &active, &others)?);
            pinned.insert(plan.id, Loaded::pinned(Arc::clone(plan.original()), &active)?);
        }
        Ok(Versions { active, pinned, ways })
    }

    /// Another plan becomes active. The ones before stay for their runs, and rows follow from each of them.
    ///
    /// # Errors
    /// As [`DaemonWorld::versions_with`]; then nothing has changed.
    pub fn activate(&mut self, plan: Arc<Plan>, at: Instant) -> Result<(), serde_json::Error> {
        let versions = self.versions_with(plan)?;
        if versions.active.id == self.versions.active.id {
            return Ok(());
        }
        self.counters.renumber(&self.versions.active.plan, &versions.active.plan);
        self.doors.renumber(&self.versions.active.plan, &versions.active.plan);
        self.answers.renumber(&self.versions.active.plan.schema, &versions.active.plan.schema);
        self.hours.renumber(&self.versions.active.plan.schema, &versions.active.plan.schema);
        self.catalogs.renumber(&self.versions.active.plan.schema, &versions.active.plan.schema);
        (self.versions, self.decisions, self.since) = (versions, Vec::new(), at);
        self.building = None;
        self.number += 1;
        Ok(())
    }

    /// What becomes of who stands at a step that is gone in the active plan.
    pub fn decide(&mut self, decisions: Vec<Decision>) {
        self.versions.decide(&decisions);
        self.decisions = decisions;
    }

    pub fn decisions(&self) -> &[Decision] {
        &self.decisions
    }

    /// The active plan, and those that runs may be pinned to.
    pub(super) fn all_loaded(&self) -> impl Iterator<Item = &Loaded> {
        self.versions.pinned.values().chain([&self.versions.active])
    }

    /// Whether anything is due for somebody when an item of a catalog changes.
    pub(super) fn follows_catalogs(&self) -> bool {
        self.all_loaded().any(Loaded::follows_catalogs)
    }

    pub(super) fn concerns_everyone(&self, catalog: crate::schema::CatalogId) -> bool {
        self.all_loaded().any(|plan| plan.concerns_everyone(catalog))
    }

    /// What the catalogs hold.
    pub fn items(&self) -> &Catalogs {
        &self.catalogs
    }

    pub fn since(&self) -> Instant {
        self.since
    }

    pub fn restore_since(&mut self, since: Instant) {
        self.since = since;
    }

    pub fn set_limits(&mut self, limits: Limits) {
        self.limits = limits;
        self.number += 1;
    }

    /// What is shared is another one now.
    pub(super) fn changed(&mut self) {
        self.number += 1;
    }

    pub fn restore_number(&mut self, number: u64) {
        self.number = number;
    }

    /// What was decided over all customers.
    pub fn facts(&self) -> &Facts {
        &self.facts
    }

    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    /// Whether something is measured at all.
    pub fn has_experiments(&self) -> bool {
        self.versions.active.plan.journeys.iter().any(|journey| !journey.experiments.is_empty())
    }

    /// The sets of channels whose best hour some version asks for.
    pub(super) fn asked_hours(&self) -> Vec<Vec<ChannelId>> {
        let mut asked: Vec<Vec<ChannelId>> = self.all_loaded().flat_map(|loaded| asked_hours(&loaded.plan)).collect();
        asked.sort();
        asked.dedup();
        asked
    }

    /// Whether anything is counted over all customers.
    pub(super) fn counts(&self) -> bool {
        self.has_experiments() || doors::are_in(self.plan())
    }

    pub fn count(&mut self, records: &[Record]) {
        for record in records {
            self.counters.record(record);
        }
        for (journey, at) in door::places(records) {
            self.doors.take(journey, at);
        }
    }

    /// `None` for everything.
    pub fn pause(&mut self, what: &Paused, paused: bool) {
        match what {
            Paused::Everything => self.everything_paused = paused,
            Paused::Journey(name) if paused => drop(self.paused.insert(name.clone())),
            Paused::Journey(name) => drop(self.paused.remove(name)),
            Paused::Channel(name) if paused => drop(self.paused_channels.insert(name.clone())),
            Paused::Channel(name) => drop(self.paused_channels.remove(name)),
        }
        self.number += 1;
    }

    pub(super) fn set_building(&mut self, building: Option<Building>) {
        self.building = building.map(Arc::new);
    }

    pub(super) fn building_now(&self) -> Option<&Arc<Building>> {
        self.building.as_ref()
    }

    pub fn set_hold(&mut self, hold: bool) {
        self.hold = hold;
        self.number += 1;
    }

    /// Nothing is sent while it is uncertain what time it is.
    pub fn set_clock_doubt(&mut self, doubt: bool) {
        self.clock_doubt = doubt;
    }

    pub fn is_clock_doubted(&self) -> bool {
        self.clock_doubt
    }

    pub fn is_on_hold(&self) -> bool {
        self.hold
    }

    /// Everything that is paused, in words.
    pub fn pauses(&self) -> Vec<Paused> {
        let everything = self.everything_paused.then_some(Paused::Everything);
        let journeys = self.paused.iter().cloned().map(Paused::Journey);
        let channels = self.paused_channels.iter().cloned().map(Paused::Channel);
        everything.into_iter().chain(journeys).chain(channels).collect()
    }
}

/// What can be paused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Paused {
    Everything,
    Journey(String),
    Channel(String),
}

impl World for DaemonWorld {
    fn active(&self) -> &Loaded {
        &self.versions.active
    }

    fn pinned(&self, id: PlanId) -> Option<&Loaded> {
        self.loaded(id)
    }

    fn number(&self) -> u64 {
        self.number
    }

    fn catalogs(&self) -> &dyn crate::engine::catalogs::Catalogs {
        &self.catalogs
    }

    fn limits(&self) -> &Limits {
        &self.limits
    }

    fn loses_time(&self) -> bool {
        true
    }

    fn weights(&self, identity: &str, at: Instant) -> Option<&Weights> {
        self.facts.weights(identity, at)
    }

    fn answers_by_hour(&self, channels: &[ChannelId], _: Instant) -> Option<&Hours> {
        self.hours.of(channels)
    }

    fn entry_room(&self, journey: JourneyId, at: Instant, taken: usize) -> Room {
        self.doors.room(journey, at, taken)
    }

    fn building(&self) -> Option<&Building> {
        self.building.as_deref()
    }

    fn paused(&self, journey: &str, channel: Option<&str>) -> bool {
        self.everything_paused || self.paused.contains(journey) || channel.is_some_and(|channel| self.paused_channels.contains(channel))
    }

    fn on_hold(&self) -> bool {
        self.hold || self.clock_doubt
    }
}

impl Ways for DaemonWorld {
    fn way_from(&self, plan: PlanId) -> Option<(&Migration, Instant)> {
        self.versions.ways.get(&plan).map(|way| (way, self.since))
    }
}

pub fn write_paused(out: &mut Writer, paused: &Paused) {
    let (kind, name) = match paused {
        Paused::Everything => (0, ""),
        Paused::Journey(name) => (1, name.as_str()),
        Paused::Channel(name) => (2, name.as_str()),
    };
    out.byte(kind);
    out.text(name);
}

pub fn read_paused(from: &mut Reader<'_>) -> Result<Paused, DecodeError> {
    let kind = from.byte()?;
    let name = from.text()?.to_owned();
    match kind {
        0 => Ok(Paused::Everything),
        1 => Ok(Paused::Journey(name)),
        2 => Ok(Paused::Channel(name)),
        other => Err(from.fault(Fault::Kind(other))),
    }
}
