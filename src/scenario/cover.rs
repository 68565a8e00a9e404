//! Which steps the scenarios reach.
//!
//! In: the records of every round. Out: the steps that appear in none. **Invariant:** only steps that somebody wrote count: what the plan
//! adds to lead the flow does not.

use super::cast::Cast;
use crate::engine::Record;
use crate::plan::{Plan, outline};
use crate::schema::JourneyId;
use crate::source::Sources;

#[derive(Debug, Default)]
pub struct Coverage {
    /// All steps of the project.
    pub steps: usize,
    /// In the order of the source.
    pub unreached: Vec<Unreached>,
}

/// A step that no scenario reaches.
#[derive(Debug)]
pub struct Unreached {
    pub journey: String,
    /// The step as written.
    pub step: String,
    /// `file:line`
    pub place: String,
}

pub(super) struct Reached<'a> {
    plan: &'a Plan,
    sources: &'a Sources,
    /// By journey and step.
    seen: Vec<Vec<bool>>,
}

impl<'a> Reached<'a> {
    pub(super) fn new(plan: &'a Plan, sources: &'a Sources) -> Reached<'a> {
        Reached { plan, sources, seen: plan.journeys.iter().map(|journey| vec![false; journey.steps.len()]).collect() }
    }

    /// Steps of journeys that merely ran beside the story do not count as tried.
    pub(super) fn note(&mut self, cast: &Cast, records: &[Record]) {
        for record in records {
            let (Some(journey), Some(step)) = (record.journey, record.step) else { continue };
            if cast.has(journey)
                && let Some(seen) = self.seen.get_mut(journey.index()).and_then(|steps| steps.get_mut(step.index()))
            {
                *seen = true;
            }
        }
    }

    pub(super) fn finish(self) -> Coverage {
        let mut coverage = Coverage::default();
        for (at, journey) in self.plan.journeys.iter().enumerate() {
            for (step, seen) in journey.steps.iter().zip(&self.seen[JourneyId(at as u16).index()]) {
                if outline::is_plumbing(step) {
                    continue;
                }
                coverage.steps += 1;
                if !seen {
                    let place = super::locate(self.sources, step.line);
                    coverage.unreached.push(Unreached { journey: journey.name.to_string(), step: step.label.clone(), place });
                }
            }
        }
        coverage
    }
}
