//! What all customers share, as far as it needs no daemon: the active plan, plans that runs are pinned to, the limits of the deployment.
//!
//! In: plans and settings. Out: the view that the engine asks for ([`crate::engine::World`]). **Invariant:** the policy, topics and
//! channels that hold are those of the newest plan; a world never changes under a customer, a change makes a new number. What is decided
//! over all customers ([`facts`]) stands beside it: a [`View`] is a world under the facts that are known.

pub mod catalogs;
pub mod chance;
pub mod directory;
pub mod doors;
pub mod facts;
pub mod hours;

use crate::calendar::Instant;
use crate::engine::answers::Hours;
use crate::engine::{Limits, Loaded, PlanId, Room, Weights, World};
use crate::plan::Plan;
use crate::schema::{ChannelId, JourneyId};
use facts::Facts;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A world of plans and settings only.
#[derive(Debug, Clone)]
pub struct SmallWorld {
    active: Loaded,
    /// Older plans, for the runs that are pinned to them.
    pinned: BTreeMap<PlanId, Loaded>,
    limits: Limits,
    number: u64,
    catalogs: catalogs::Catalogs,
}

impl SmallWorld {
    pub fn new(plan: Plan, limits: Limits) -> SmallWorld {
        SmallWorld { active: Loaded::new(plan), pinned: BTreeMap::new(), limits, number: 1, catalogs: catalogs::Catalogs::default() }
    }

    /// Another plan becomes active; runs of the one before go on under it.
    pub fn activate(&mut self, plan: Plan) {
        let before = std::mem::replace(&mut self.active, Loaded::new(plan));
        self.pinned.insert(before.id, before);
        self.number += 1;
    }

    /// What the catalogs hold from now on.
    pub fn stock(&mut self, catalogs: catalogs::Catalogs) {
        self.catalogs = catalogs;
        self.number += 1;
    }

    pub fn plan(&self) -> &Plan {
        &self.active.plan
    }
}

impl World for SmallWorld {
    fn active(&self) -> &Loaded {
        &self.active
    }

    fn pinned(&self, id: PlanId) -> Option<&Loaded> {
        if self.active.id == id { Some(&self.active) } else { self.pinned.get(&id) }
    }

    fn catalogs(&self) -> &dyn crate::engine::catalogs::Catalogs {
        &self.catalogs
    }

    fn number(&self) -> u64 {
        self.number
    }

    fn limits(&self) -> &Limits {
        &self.limits
    }
}

/// A world under what was decided over all customers so far.
#[derive(Debug, Clone)]
pub struct View<'w> {
    pub world: &'w SmallWorld,
    pub facts: Arc<Facts>,
    /// Where entries are counted over all customers.
    pub doors: Option<doors::Doors>,
    /// When everybody answers.
    pub hours: Arc<hours::BestHours>,
}

impl<'w> View<'w> {
    pub fn new(world: &'w SmallWorld) -> View<'w> {
        View { world, facts: Arc::default(), doors: None, hours: Arc::default() }
    }

    pub fn plan(&self) -> &'w Plan {
        self.world.plan()
    }
}

impl World for View<'_> {
    fn active(&self) -> &Loaded {
        self.world.active()
    }

    fn pinned(&self, id: PlanId) -> Option<&Loaded> {
        self.world.pinned(id)
    }

    fn number(&self) -> u64 {
        self.world.number() + self.facts.number()
    }

    fn limits(&self) -> &Limits {
        self.world.limits()
    }

    fn catalogs(&self) -> &dyn crate::engine::catalogs::Catalogs {
        self.world.catalogs()
    }

    fn answers_by_hour(&self, channels: &[ChannelId], _: Instant) -> Option<&Hours> {
        self.hours.of(channels)
    }

    fn entry_room(&self, journey: JourneyId, at: Instant, taken: usize) -> Room {
        self.doors.as_ref().map_or(Room::Free, |doors| doors.room(journey, at, taken))
    }

    fn weights(&self, identity: &str, at: Instant) -> Option<&Weights> {
        self.facts.weights(identity, at)
    }
}
