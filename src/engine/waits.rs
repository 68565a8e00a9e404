//! Runs that wait: what ends a wait, and which branch it takes.
//!
//! In: events, changes, instants. Out: runs that go on. **Invariant:** the first to come decides, of one event the first branch in source
//! order; an event beats the deadline of its instant; a step never takes the same event twice. Where a wait stands is in the row as
//! written (the step) and as an instant (`due`), which is derived again when a zone or a value changes.

use super::answers::best_time;
use super::arms::{bound, is_about_own_send, names};
use super::evaluate::{Context, Due, due};
use super::row::{Run, RunState, Seen};
use super::turn::{Event, Turn};
use super::{Ending, NoAnswer, RecordKind};
use crate::calendar::Instant;
use crate::condition::{Expr, Since, Trigger, Until};
use crate::plan::{Arm, ArmKind, Journey, PastBehaviour, Plan, StepKind};
use crate::schema::StepIx;
use crate::value::Value;
use std::sync::Arc;

/// Events that a run remembers for later waits; more are not remembered.
pub(super) const SEEN_MAX: usize = 100;

/// What a run does where its wait has no future.
pub(super) enum Arrival {
    Wait(Instant),
    /// The wait is over already.
    Over,
    Skip,
    Exit,
}

/// When a wait that begins (or is computed again) ends.
pub(super) fn arrival(when: Due, now: Instant, if_past: PastBehaviour, if_missing: PastBehaviour) -> Arrival {
    let rule = match when {
        Due::At(at) if at > now => return Arrival::Wait(at),
        Due::At(_) => return Arrival::Over,
        Due::Past(_) => if_past,
        Due::Missing => if_missing,
    };
    match rule {
        PastBehaviour::Continue => Arrival::Over,
        PastBehaviour::Skip => Arrival::Skip,
        PastBehaviour::Exit => Arrival::Exit,
    }
}

/// Until when the end of a wait stands that `context` has just computed: what it is counted from may change by itself, as an item of a
/// catalog does.
pub(super) fn stands_until(until: &Until, context: &Context<'_>) -> Instant {
    if matches!(until, Until::Around { .. }) { context.until.get() } else { Instant::NEVER }
}

impl Turn<'_> {
    /// Shows a run an event: it remembers it where a later wait may ask, and takes the branch that waits for it.
    pub(super) fn show_event(&mut self, number: u32, event: &Event, remember: bool) {
        let Some((at, loaded, journey)) = self.run_and_journey(number) else { return };
        if event.at < self.row.runs[at].begin {
            return;
        }
        let event = &*loaded.laid_out(event);
        let run = &self.row.runs[at];
        let step = run.step;
        let met = match journey.steps.get(step.index()).map(|step| &step.kind) {
            Some(StepKind::Await { arms, full, .. }) if run.state == RunState::Awaiting => {
                first_met(arms, |trigger| self.is_met(&loaded.plan, journey, trigger, event, run)).map(|arm| (arm, *full))
            }
            _ => None,
        };
        if remember && self.row.runs[at].seen.len() < SEEN_MAX && may_be_asked(journey, event, &self.row.runs[at]) {
            let taken = if met.is_some() { vec![step] } else { Vec::new() };
            self.row.runs[at].seen.push(Seen { what: event.what, at: event.at, fields: Arc::clone(&event.fields), taken });
        }
        match met {
            Some((arm, true)) if arm != 0 => self.note_met(number, arm, bound(event)),
            Some((arm, _)) => self.take_arm(number, arm, Some(bound(event))),
            None => {}
        }
    }

    /// Asks the `when` branches of the wait that a run stands at.
    pub(super) fn ask_arms(&mut self, number: u32) {
        let Some((at, loaded, journey)) = self.run_and_journey(number) else { return };
        let run = &self.row.runs[at];
        if run.state != RunState::Awaiting {
            return;
        }
        let Some(StepKind::Await { deadline, arms, full, .. }) = journey.steps.get(run.step.index()).map(|step| &step.kind) else { return };
        let (arm, until) = self.true_arm(&loaded.plan, arms, *full, run);
        let context = self.context_in(&loaded.plan, run);
        let stands = if matches!(deadline, Until::Around { .. }) {
            due(deadline, run.anchor, &context);
            stands_until(deadline, &context)
        } else {
            Instant::NEVER
        };
        self.row.runs[at].horizon = until.min(stands);
        if let Some(arm) = arm {
            self.take_arm(number, arm, None);
        }
    }

    /// The first `when` branch that holds and may be taken now, and until when none does by itself.
    fn true_arm(&self, plan: &Plan, arms: &[Arm], full: bool, run: &Run) -> (Option<u16>, Instant) {
        let mut asked = false;
        let context = self.context_in(plan, run);
        // A full wait goes at once only when its first branch is met.
        for (at, arm) in arms.iter().enumerate().take(if full { 1 } else { usize::MAX }) {
            if let ArmKind::When { condition, .. } = &arm.kind {
                asked = true;
                if context.truth(condition) {
                    return (Some(at as u16), Instant::NEVER);
                }
            }
        }
        let until = context.until.get();
        (None, if asked { until.max(self.now.plus_ms(1)) } else { Instant::NEVER })
    }

    /// The run came to a wait with branches. `true` if it stays there.
    pub(super) fn begin_await(&mut self, number: u32) -> bool {
        let Some((at, loaded, journey)) = self.run_and_journey(number) else { return true };
        let step = self.row.runs[at].step;
        let Some(StepKind::Await { deadline, if_past, if_missing, full, arms, otherwise }) =
            journey.steps.get(step.index()).map(|step| &step.kind)
        else {
            return true;
        };
        let when = due(deadline, self.now, &self.context_in(&loaded.plan, &self.row.runs[at]));
        let arrived = arrival(when, self.now, *if_past, *if_missing);
        if matches!(arrived, Arrival::Exit) {
            self.end(number, Ending::OrExit);
            return true;
        }
        let now = self.now;
        let run = &mut self.row.runs[at];
        run.state = RunState::Awaiting;
        run.anchor = now;
        run.horizon = Instant::NEVER;
        run.due = Instant::NEVER;
        run.met.clear();
        if self.take_what_was_seen(number, journey, &loaded.plan, arms, *full) {
            return true;
        }
        self.ask_arms(number);
        let Some(at) = self.position(number).filter(|at| self.row.runs[*at].step == step && self.row.runs[*at].state == RunState::Awaiting)
        else {
            return true;
        };
        match arrived {
            Arrival::Wait(until) => {
                self.row.runs[at].due = until;
                if self.attention.detail {
                    let journey = self.row.runs[at].journey;
                    self.record_run(journey, number, step, RecordKind::Waiting { until });
                }
            }
            _ => self.take_otherwise(number, *full, arms, *otherwise),
        }
        true
    }

    /// Looks through what the run saw before the wait began. `true` if a branch was taken.
    fn take_what_was_seen(&mut self, number: u32, journey: &Journey, plan: &Plan, arms: &[Arm], full: bool) -> bool {
        let Some(at) = self.position(number) else { return true };
        let mut seen_at = 0;
        while seen_at < self.row.runs[at].seen.len() {
            let run = &self.row.runs[at];
            let seen = &run.seen[seen_at];
            let met = if seen.taken.contains(&run.step) {
                None
            } else {
                let event = Event { what: seen.what, at: seen.at, fields: Arc::clone(&seen.fields) };
                first_met(arms, |trigger| {
                    self.reaches_back(plan, journey, trigger, &event, run) && self.is_met(plan, journey, trigger, &event, run)
                })
                .map(|arm| (arm, bound(&event)))
            };
            if let Some((arm, value)) = met {
                let run = &mut self.row.runs[at];
                let step = run.step;
                run.seen[seen_at].taken.push(step);
                if !full || arm == 0 {
                    self.take_arm(number, arm, Some(value));
                    return true;
                }
                self.note_met(number, arm, value);
            }
            seen_at += 1;
        }
        false
    }

    /// Whether a trigger counts what came before the wait began.
    fn reaches_back(&self, plan: &Plan, journey: &Journey, trigger: &Trigger, event: &Event, run: &Run) -> bool {
        match &trigger.since {
            Some(Since::Entry) => true,
            Some(Since::Moment(moment)) => match self.context_in(plan, run).value(moment) {
                Value::Instant(at) => event.at >= at,
                Value::Date(date) => event.at >= self.zone.instant(date.and_time(chrono::NaiveTime::MIN)),
                _ => false,
            },
            None => trigger.targets.iter().any(|(what, _)| is_about_own_send(*what, journey)) && event.is_of_run(run.number),
        }
    }

    /// A full wait met a branch that is not its first: that is kept for the end.
    fn note_met(&mut self, number: u32, arm: u16, value: Value) {
        let Some(at) = self.position(number) else { return };
        let met = &mut self.row.runs[at].met;
        if let Err(place) = met.binary_search_by_key(&arm, |(arm, _)| *arm) {
            met.insert(place, (arm, value));
        }
    }

    fn take_arm(&mut self, number: u32, arm: u16, value: Option<Value>) {
        let Some((at, _, journey)) = self.run_and_journey(number) else { return };
        let (id, step) = (self.row.runs[at].journey, self.row.runs[at].step);
        let Some(StepKind::Await { arms, .. }) = journey.steps.get(step.index()).map(|step| &step.kind) else { return };
        let Some(taken) = arms.get(usize::from(arm)) else { return };
        self.record_run(id, number, step, RecordKind::Took { arm: Some(arm) });
        if let (ArmKind::On { bind: Some(local), .. }, Some(value)) = (&taken.kind, value) {
            super::runs::bind(&mut self.row.runs[at], *local, value);
        }
        self.go_on(at, taken.to);
    }

    fn take_otherwise(&mut self, number: u32, full: bool, arms: &[Arm], otherwise: StepIx) {
        let Some((at, loaded, _)) = self.run_and_journey(number) else { return };
        if full {
            let run = &self.row.runs[at];
            let context = self.context_in(&loaded.plan, run);
            let first = arms.iter().enumerate().find(|(at, arm)| match &arm.kind {
                ArmKind::On { .. } => run.met.iter().any(|(met, _)| usize::from(*met) == *at),
                ArmKind::When { condition, .. } => context.truth(condition),
            });
            if let Some((arm, _)) = first {
                let value = run.met.iter().find(|(met, _)| usize::from(*met) == arm).map(|(_, value)| value.clone());
                self.take_arm(number, arm as u16, value);
                return;
            }
        }
        let (id, step) = (self.row.runs[at].journey, self.row.runs[at].step);
        self.record_run(id, number, step, RecordKind::Took { arm: None });
        self.go_on(at, otherwise);
    }

    /// Leaves the wait that a run stands at and does the steps from `to` on.
    pub(super) fn go_on(&mut self, at: usize, to: StepIx) {
        let run = &mut self.row.runs[at];
        run.state = RunState::Moving;
        run.step = to;
        run.due = Instant::NEVER;
        run.horizon = Instant::NEVER;
        run.met.clear();
        let number = run.number;
        self.walk(number);
    }

    /// The wait of a run ends if its deadline has come.
    pub(super) fn end_wait_if_due(&mut self, number: u32) {
        let Some((at, _, journey)) = self.run_and_journey(number) else { return };
        let run = &self.row.runs[at];
        if run.due > self.on_time {
            return;
        }
        if run.state == RunState::AtTheDoor {
            return self.let_in_from_the_door(number);
        }
        let Some(step) = journey.steps.get(run.step.index()) else { return };
        match (&step.kind, run.state) {
            (StepKind::Wait { .. } | StepKind::Collect { .. }, RunState::Waiting) => self.go_on(at, step.next),
            (StepKind::Await { arms, otherwise, full, .. }, RunState::Awaiting) => self.take_otherwise(number, *full, arms, *otherwise),
            (StepKind::Draw { .. }, RunState::Waiting) => self.settle_draw(number, Err(NoAnswer::TimedOut)),
            (StepKind::Call { .. }, RunState::Waiting) => self.settle_call(number, Err(NoAnswer::TimedOut)),
            _ => self.row.runs[at].due = Instant::NEVER,
        }
    }

    /// Whether a run's wait is counted from an item of a catalog, and its end is still to come.
    pub(super) fn waits_for_an_item(&self, run: &Run) -> bool {
        if !matches!(run.state, RunState::Waiting | RunState::Awaiting) || run.due <= self.now.max(self.row.clock) {
            return false;
        }
        let journey = self.loaded_of(run.plan).and_then(|loaded| loaded.plan.journeys.get(run.journey.index()));
        let step = journey.and_then(|journey| journey.steps.get(run.step.index()));
        let Some(StepKind::Wait { until, .. } | StepKind::Await { deadline: until, .. }) = step.map(|step| &step.kind) else {
            return false;
        };
        let Until::Around { value, .. } = until else { return false };
        let mut reads = false;
        value.walk(&mut |part| reads |= matches!(part, Expr::Item { .. } | Expr::ItemField { .. } | Expr::Top { .. }));
        reads
    }

    /// Whether what a run's wait is counted from changes at this moment, before the wait is over.
    pub(super) fn is_retimed(&self, run: &Run) -> bool {
        matches!(run.state, RunState::Waiting | RunState::Awaiting) && run.horizon <= self.on_time && run.due > self.on_time
    }

    /// Computes the end of a run's wait again: the zone, a value that it reads, an item of a catalog, or its entry changed.
    pub(super) fn retime(&mut self, number: u32) {
        let Some((at, loaded, journey)) = self.run_and_journey(number) else { return };
        let run = &self.row.runs[at];
        let Some(step) = journey.steps.get(run.step.index()) else { return };
        let (until, if_past, if_missing, awaiting) = match (&step.kind, run.state) {
            (StepKind::Wait { until, if_past, if_missing, .. }, RunState::Waiting) => (until, *if_past, *if_missing, None),
            (StepKind::Collect { until, .. }, RunState::Waiting) => (until, PastBehaviour::Continue, PastBehaviour::Continue, None),
            (StepKind::Await { deadline, if_past, if_missing, full, arms, otherwise }, RunState::Awaiting) => {
                (deadline, *if_past, *if_missing, Some((*full, arms, *otherwise)))
            }
            _ => return,
        };
        let context = self.context_in(&loaded.plan, run);
        let when = match until {
            Until::BestTime { within, channels } => {
                let everybody = self.world.answers_by_hour(channels, self.now);
                Due::At(best_time(&context, run.anchor, *within, channels, everybody))
            }
            until => due(until, run.anchor, &context),
        };
        let stands = stands_until(until, &context);
        // What lies behind now, though not behind the begin of the wait, is past as well where a moment is written or read.
        let when = match when {
            Due::At(moment) if moment < self.now && matches!(until, Until::Around { .. } | Until::Moment(_)) => Due::Past(moment),
            other => other,
        };
        match (arrival(when, self.now, if_past, if_missing), awaiting) {
            (Arrival::Wait(until), awaiting) => {
                let run = &mut self.row.runs[at];
                run.due = until;
                // The branches of a wait have a horizon of their own, which may come first.
                run.horizon = if awaiting.is_some() { run.horizon.min(stands) } else { stands };
            }
            (Arrival::Exit, _) => self.end(number, Ending::OrExit),
            (_, Some((full, arms, otherwise))) => self.take_otherwise(number, full, arms, otherwise),
            (Arrival::Skip, None) => {
                if let StepKind::Wait { skip_to, .. } = step.kind {
                    self.go_on(at, skip_to);
                }
            }
            (Arrival::Over, None) => self.go_on(at, step.next),
        }
    }
}

/// Whether some branch of the journey counts such an event although it came before its wait.
fn may_be_asked(journey: &Journey, event: &Event, run: &Run) -> bool {
    journey.steps.iter().any(|step| {
        let StepKind::Await { arms, .. } = &step.kind else { return false };
        arms.iter().any(|arm| {
            let ArmKind::On { trigger, .. } = &arm.kind else { return false };
            trigger.targets.iter().any(|(what, _)| {
                names(*what, event, Some((run, journey))) && (trigger.since.is_some() || is_about_own_send(*what, journey))
            })
        })
    })
}

fn first_met(arms: &[Arm], mut is_met: impl FnMut(&Trigger) -> bool) -> Option<u16> {
    arms.iter()
        .position(|arm| match &arm.kind {
            ArmKind::On { trigger, .. } => is_met(trigger),
            ArmKind::When { .. } => false,
        })
        .map(|at| at as u16)
}
