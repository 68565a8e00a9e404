//! Which journeys a story is about: the scenario's own, and those that it starts.
//!
//! In: a plan and a journey. Out: a set of journeys. **Invariant:** contains the journey itself; a journey belongs to it if a step of one
//! that belongs starts it, or emits an event that it is entered on.

use crate::condition::{Happening, What};
use crate::plan::{EntryKind, Journey, Plan, StepKind};
use crate::schema::JourneyId;

#[derive(Debug)]
pub(super) struct Cast {
    members: Vec<bool>,
}

impl Cast {
    pub(super) fn of(plan: &Plan, journey: JourneyId) -> Cast {
        let mut members = vec![false; plan.journeys.len()];
        let mut open = vec![journey.index()];
        while let Some(at) = open.pop() {
            let Some(journey) = plan.journeys.get(at) else { continue };
            if std::mem::replace(&mut members[at], true) {
                continue;
            }
            for step in &journey.steps {
                match &step.kind {
                    StepKind::Start { journey, .. } => open.push(journey.index()),
                    StepKind::Emit { event, .. } => {
                        let entered = |journey: &Journey| {
                            let on = EntryKind::On(What::Happened(Happening::Event(*event)));
                            journey.entries.iter().any(|entry| entry.kind == on)
                        };
                        open.extend(plan.journeys.iter().enumerate().filter(|(_, journey)| entered(journey)).map(|(at, _)| at));
                    }
                    _ => {}
                }
            }
        }
        Cast { members }
    }

    pub(super) fn has(&self, journey: JourneyId) -> bool {
        self.members.get(journey.index()).copied().unwrap_or(false)
    }

    pub(super) fn journeys(&self) -> impl Iterator<Item = JourneyId> + '_ {
        self.members.iter().enumerate().filter(|(_, member)| **member).map(|(at, _)| JourneyId(at as u16))
    }
}
