//! Exits: at once, whatever the run waits for.
//!
//! In: an event, or a change that `exit when` or `only while` asks about. Out: runs that end. **Invariant:** of several reasons the first
//! in source order counts, `exit on` before `exit when` before `only while`.

use super::Ending;
use super::row::Run;
use super::turn::{Event, Turn};
use crate::calendar::Instant;
use crate::plan::{Journey, Plan};

impl Turn<'_> {
    pub(super) fn judge_exits(&mut self, number: u32, event: &Event) {
        let Some((at, loaded, journey)) = self.run_and_journey(number) else { return };
        let event = &*loaded.laid_out(event);
        if let Some(exit) = self.exit_by(&loaded.plan, journey, &self.row.runs[at], event) {
            self.end(number, Ending::ExitOn(exit));
        }
    }

    pub(super) fn judge_guards(&mut self, number: u32) {
        let Some((at, loaded, journey)) = self.run_and_journey(number) else { return };
        match self.guards(&loaded.plan, journey, &self.row.runs[at]) {
            (Some(ending), _) => self.end(number, ending),
            (None, until) => self.row.runs[at].guarded_until = until,
        }
    }

    /// Which `exit on` an event meets.
    pub(super) fn exit_by(&self, plan: &Plan, journey: &Journey, run: &Run, event: &Event) -> Option<u16> {
        journey.exit_on.iter().position(|exit| self.is_met(plan, journey, &exit.trigger, event, run)).map(|at| at as u16)
    }

    /// Why the run is not for this customer any more, or until when it is without further news.
    pub(super) fn guards(&self, plan: &Plan, journey: &Journey, run: &Run) -> (Option<Ending>, Instant) {
        if journey.exit_when.is_empty() && journey.only_while.is_empty() {
            return (None, Instant::NEVER);
        }
        let context = self.context_in(plan, run);
        if let Some(at) = journey.exit_when.iter().position(|guard| context.truth(&guard.condition)) {
            return (Some(Ending::ExitWhen(at as u16)), Instant::NEVER);
        }
        if let Some(at) = journey.only_while.iter().position(|guard| !context.truth(&guard.condition)) {
            return (Some(Ending::OnlyWhile(at as u16)), Instant::NEVER);
        }
        (None, context.until.get().max(self.now.plus_ms(1)))
    }

    /// Whether an event that ends such a run is known already, later than its begin: both came in reverse.
    pub(super) fn is_over_already(&self, plan: &Plan, journey: &Journey, run: &Run) -> bool {
        self.row.recent.iter().any(|recent| {
            if recent.at <= run.begin {
                return false;
            }
            let event =
                Event { what: super::row::SeenWhat::Happened(recent.what), at: recent.at, fields: std::sync::Arc::clone(&recent.fields) };
            self.exit_by(plan, journey, run, &event).is_some() || self.ends_by_goal(plan, journey, run, &event)
        })
    }

    fn ends_by_goal(&self, plan: &Plan, journey: &Journey, run: &Run, event: &Event) -> bool {
        let reached = self.reached_goals(plan, journey, run, event);
        journey.goals.iter().enumerate().take(32).any(|(at, goal)| goal.then_exit && reached & (1 << at) != 0)
    }
}
