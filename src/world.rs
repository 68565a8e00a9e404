//! What all customers share, as far as it needs no daemon: the active plan, plans that runs are pinned to, the limits of the deployment.
//!
//! In: plans and settings. Out: the view that the engine asks for ([`crate::engine::World`]). **Invariant:** the policy, topics and
//! channels that hold are those of the newest plan; a world never changes under a customer, a change makes a new number. Facts at ticks
//! and catalogs come with the shards; here there are none, so a simulation has one slice.

use crate::engine::{Limits, Loaded, PlanId, World};
use crate::plan::Plan;
use std::collections::BTreeMap;

/// A world of plans and settings only.
#[derive(Debug, Clone)]
pub struct SmallWorld {
    active: Loaded,
    /// Older plans, for the runs that are pinned to them.
    pinned: BTreeMap<PlanId, Loaded>,
    limits: Limits,
    number: u64,
}

impl SmallWorld {
    pub fn new(plan: Plan, limits: Limits) -> SmallWorld {
        SmallWorld { active: Loaded::new(plan), pinned: BTreeMap::new(), limits, number: 1 }
    }

    /// Another plan becomes active; runs of the one before go on under it.
    pub fn activate(&mut self, plan: Plan) {
        let before = std::mem::replace(&mut self.active, Loaded::new(plan));
        self.pinned.insert(before.id, before);
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

    fn number(&self) -> u64 {
        self.number
    }

    fn limits(&self) -> &Limits {
        &self.limits
    }
}
