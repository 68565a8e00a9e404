//! The world as it would be if another plan were active.
//!
//! In: the world, and a plan. Out: a view that rows can follow to without anything being changed. **Invariant:** what is not the plan's
//! (catalogs, facts, pauses) is the world's own.

use super::{DaemonWorld, Versions};
use crate::calendar::Instant;
use crate::engine::versions::Migration;
use crate::engine::{Limits, Loaded, PlanId, Weights, World};
use crate::shard::Ways;

/// A view for one slice of work.
#[derive(Debug, Clone, Copy)]
pub struct Trial<'w> {
    pub world: &'w DaemonWorld,
    pub versions: &'w Versions,
    /// When the other plan would be active.
    pub at: Instant,
}

impl World for Trial<'_> {
    fn active(&self) -> &Loaded {
        &self.versions.active
    }

    fn pinned(&self, id: PlanId) -> Option<&Loaded> {
        self.versions.loaded(id)
    }

    fn number(&self) -> u64 {
        self.world.number().wrapping_add(1)
    }

    fn catalogs(&self) -> &dyn crate::engine::catalogs::Catalogs {
        self.world.catalogs()
    }

    fn limits(&self) -> &Limits {
        self.world.limits()
    }

    fn loses_time(&self) -> bool {
        self.world.loses_time()
    }

    fn weights(&self, identity: &str, at: Instant) -> Option<&Weights> {
        self.world.weights(identity, at)
    }

    fn answers_by_hour(&self, channels: &[crate::schema::ChannelId], at: Instant) -> Option<&crate::engine::answers::Hours> {
        self.world.answers_by_hour(channels, at)
    }

    fn entry_room(&self, journey: crate::schema::JourneyId, at: Instant, taken: usize) -> crate::engine::Room {
        self.world.entry_room(journey, at, taken)
    }

    fn paused(&self, journey: &str, channel: Option<&str>) -> bool {
        self.world.paused(journey, channel)
    }

    fn on_hold(&self) -> bool {
        self.world.on_hold()
    }
}

impl Ways for Trial<'_> {
    fn way_from(&self, plan: PlanId) -> Option<(&Migration, Instant)> {
        self.versions.ways.get(&plan).map(|way| (way, self.at))
    }
}
