//! Goals: judged before exits, by the event's own time, once per run, also after the run ended.
//!
//! In: an event and a run. Out: records, and runs that end where `then exit` is written. **Invariant:** a goal counts from the run's begin
//! (what began the run left out) to the end of its window, both included. An ended run is watched until its windows are over and nothing
//! can arrive late any more.

use super::arms::{carries, names};
use super::index::{reacts, span_bounds_ms};
use super::row::{Run, RunState};
use super::turn::{Event, Turn};
use super::{Ending, RecordKind};
use crate::calendar::{Instant, Span, Zone, civil};
use crate::plan::{Journey, Plan};

impl Turn<'_> {
    /// A live run.
    pub(super) fn judge_goals(&mut self, number: u32, event: &Event) {
        let Some((at, loaded, journey)) = self.run_and_journey(number) else { return };
        let event = &*loaded.laid_out(event);
        let reached = self.reached_goals(&loaded.plan, journey, &self.row.runs[at], event);
        if reached == 0 {
            return;
        }
        if self.row.runs[at].state == RunState::AtTheDoor {
            self.judge_goals_at_the_door(number, journey, reached);
            return;
        }
        self.row.runs[at].goals |= reached;
        let Run { journey: id, step, held_out, .. } = self.row.runs[at];
        for goal in 0..journey.goals.len().min(32) {
            if reached & (1 << goal) != 0 {
                self.record_run(id, number, step, RecordKind::GoalReached { goal: goal as u16, at: event.at, held_out });
            }
        }
        if let Some(goal) = exits_on(journey, reached) {
            self.end(number, Ending::Goal(goal));
        }
    }

    /// Runs that are over.
    pub(super) fn judge_ended_goals(&mut self, event: &Event) {
        let mut at = 0;
        while at < self.row.ended.len() {
            let run = &self.row.ended[at];
            let Some(loaded) = self.loaded_of(run.plan).filter(|loaded| loaded.index.bits(run.journey, event) & reacts::GOAL != 0) else {
                at += 1;
                continue;
            };
            let event = &*loaded.laid_out(event);
            let Some(journey) = loaded.plan.journeys.get(run.journey.index()) else {
                at += 1;
                continue;
            };
            let reached = self.reached_goals(&loaded.plan, journey, run, event);
            let Run { journey: id, number, step, held_out, .. } = *run;
            if reached != 0 {
                self.row.ended[at].goals |= reached;
                for goal in (0..journey.goals.len().min(32)).filter(|goal| reached & (1 << goal) != 0) {
                    self.record_run(id, number, step, RecordKind::GoalReached { goal: goal as u16, at: event.at, held_out });
                }
            }
            if self.is_watched(journey, &self.row.ended[at]) {
                at += 1;
            } else {
                self.row.ended.remove(at);
            }
        }
    }

    /// Some goal of an ended run may still be reached.
    pub(super) fn is_watched(&self, journey: &Journey, run: &Run) -> bool {
        self.is_measured(run.number)
            || journey.goals.iter().enumerate().take(32).any(|(goal, declared)| {
                run.goals & (1 << goal) == 0
                    && is_within(run.begin.plus_ms(self.limits.event_age_ms_max), declared.within, self.now, self.zone)
            })
    }

    pub(super) fn reached_goals(&self, plan: &Plan, journey: &Journey, run: &Run, event: &Event) -> u32 {
        if event.at < run.begin {
            return 0;
        }
        let mut reached = 0;
        for (at, goal) in journey.goals.iter().enumerate().take(32) {
            if run.goals & (1 << at) == 0
                && names(goal.what, event, Some((run, journey)))
                && carries(goal.key, event, run)
                && is_within(run.begin, goal.within, event.at, self.zone)
                && self.holds_for(plan, goal.condition.as_ref(), event, Some(run))
            {
                reached |= 1 << at;
            }
        }
        reached
    }
}

/// The first of these goals that ends the run.
pub(super) fn exits_on(journey: &Journey, reached: u32) -> Option<u16> {
    let mut goals = journey.goals.iter().enumerate().take(32);
    goals.find(|(goal, declared)| declared.then_exit && reached & (1 << goal) != 0).map(|(goal, _)| goal as u16)
}

/// Whether `at` is not later than `span` (civil) after `begin`.
fn is_within(begin: Instant, span: Span, at: Instant, zone: Zone) -> bool {
    let (surely, possibly) = span_bounds_ms(span);
    let elapsed = at.since_ms(begin);
    elapsed <= surely || (elapsed <= possibly && at <= civil::add(begin, span, zone))
}
