//! Which properties of events a plan looks at: the others need not be held while a log runs.
//!
//! In: a plan. Out: [`Needed`]. **Invariant:** what the plan could read is needed; more may be (a property that one event needs by its
//! position is kept of all events). Leaving out the rest changes no decision.

use crate::condition::{Expr, KeyMatch, Trigger, Until};
use crate::plan::{ArmKind, Journey, Plan, StepKind};
use crate::value::Type;

/// By position in the event.
#[derive(Debug, Clone, Default)]
pub struct Needed {
    positions: Vec<bool>,
    /// An event is read as a whole somewhere.
    all: bool,
}

impl Needed {
    /// Every property, for those who show them.
    pub fn all() -> Needed {
        Needed { positions: Vec::new(), all: true }
    }

    pub fn of(plan: &Plan) -> Needed {
        let mut needed = Needed::default();
        for tracker in &plan.trackers {
            tracker.totals.iter().chain(&tracker.keeps).for_each(|property| needed.add(*property));
            tracker.condition.iter().for_each(|condition| needed.read(condition, None));
        }
        plan.segments.iter().for_each(|segment| needed.read(&segment.condition, None));
        plan.messages.iter().flat_map(|message| &message.skip_when).for_each(|(condition, _)| needed.read(condition, None));
        let rules = plan.scores.iter().flat_map(|score| &score.rules);
        rules.filter_map(|rule| rule.condition.as_ref()).for_each(|condition| needed.read(condition, None));
        plan.journeys.iter().for_each(|journey| needed.read_journey(journey));
        needed
    }

    pub fn has(&self, position: usize) -> bool {
        self.all || self.positions.get(position).copied().unwrap_or(false)
    }

    fn add(&mut self, property: u16) {
        let at = usize::from(property);
        if self.positions.len() <= at {
            self.positions.resize(at + 1, false);
        }
        self.positions[at] = true;
    }

    fn read(&mut self, expr: &Expr, journey: Option<&Journey>) {
        let (mut fields, mut locals, mut inside) = (Vec::new(), Vec::new(), 0);
        expr.walk(&mut |part| match part {
            Expr::Subject { field, .. } => fields.push(*field),
            Expr::Field(of, field) => {
                fields.push(*field);
                inside += usize::from(matches!(**of, Expr::Local(_)));
            }
            Expr::Local(local) => locals.push(*local),
            _ => {}
        });
        fields.into_iter().for_each(|field| self.add(field));
        let is_event = |local: &crate::schema::LocalId| {
            journey.is_none_or(|journey| {
                journey.locals.get(local.index()).is_none_or(|(_, ty)| matches!(ty.required(), Type::Event(_) | Type::Record(_)))
            })
        };
        // A bound event that is not only asked for its fields.
        if locals.len() > inside && locals.iter().any(is_event) {
            self.all = true;
        }
    }

    fn read_journey(&mut self, journey: &Journey) {
        let here = Some(journey);
        for field in &journey.entry_fields {
            field.from.iter().flatten().for_each(|property| self.add(*property));
        }
        journey.entries.iter().filter_map(|entry| entry.condition.as_ref()).for_each(|condition| self.read(condition, here));
        for goal in &journey.goals {
            self.key(goal.key);
            goal.condition.iter().for_each(|condition| self.read(condition, here));
        }
        journey.experiments.iter().for_each(|experiment| self.trigger(&experiment.measure, journey));
        journey.exit_on.iter().for_each(|exit| self.trigger(&exit.trigger, journey));
        journey.exit_when.iter().chain(&journey.only_while).for_each(|guard| self.read(&guard.condition, here));
        journey.steps.iter().for_each(|step| self.step(&step.kind, journey));
    }

    fn key(&mut self, key: KeyMatch) {
        if let KeyMatch::Same { property, .. } = key {
            self.add(property);
        }
    }

    fn trigger(&mut self, trigger: &Trigger, journey: &Journey) {
        trigger.targets.iter().for_each(|(_, key)| self.key(*key));
        trigger.conditions.iter().flatten().for_each(|condition| self.read(condition, Some(journey)));
        if let Some(crate::condition::Since::Moment(moment)) = &trigger.since {
            self.read(moment, Some(journey));
        }
    }

    fn until(&mut self, until: &Until, journey: &Journey) {
        if let Until::Around { value, .. } | Until::Lasting { value, .. } = until {
            self.read(value, Some(journey));
        }
    }

    fn step(&mut self, kind: &StepKind, journey: &Journey) {
        let here = Some(journey);
        match kind {
            StepKind::Wait { until, .. } => self.until(until, journey),
            StepKind::Await { deadline, arms, .. } => {
                self.until(deadline, journey);
                for arm in arms {
                    match &arm.kind {
                        ArmKind::On { trigger, .. } => self.trigger(trigger, journey),
                        ArmKind::When { condition, .. } => self.read(condition, here),
                    }
                }
            }
            StepKind::Branch { arms, .. } => arms.iter().for_each(|(condition, _)| self.read(condition, here)),
            StepKind::Let { value, .. }
            | StepKind::LetOrExit { value, .. }
            | StepKind::Set { value, .. }
            | StepKind::AddTo { value, .. }
            | StepKind::RemoveFrom { value, .. }
            | StepKind::Increase { by: value, .. } => self.read(value, here),
            StepKind::Collect { trigger, until, first, list, .. } => {
                self.trigger(trigger, journey);
                self.until(until, journey);
                first.iter().for_each(|first| self.read(first, here));
                // What is read of the events is read of the list.
                self.read(&Expr::Local(*list), None);
            }
            StepKind::ResetCounter { take: Some((_, list)), .. } => self.read(list, here),
            StepKind::Split { unit, .. } => unit.iter().for_each(|unit| self.read(unit, here)),
            StepKind::Send(send) => send.args.iter().for_each(|argument| self.read(argument, here)),
            StepKind::Emit { fields, .. } => fields.iter().flatten().for_each(|field| self.read(field, here)),
            StepKind::Start { args, .. } => args.iter().for_each(|argument| self.read(argument, here)),
            StepKind::Clear(_)
            | StepKind::Subscribe(_)
            | StepKind::Unsubscribe(_)
            | StepKind::UnsubscribeFromEverything
            | StepKind::Confirm(_)
            | StepKind::Suppress { .. }
            | StepKind::OnList { .. }
            | StepKind::InAudience { .. }
            | StepKind::MoveToStage(_)
            | StepKind::Repeat { .. }
            | StepKind::ResetCounter { .. }
            | StepKind::Jump
            | StepKind::Exit { .. } => {}
        }
    }
}
