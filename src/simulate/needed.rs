//! Which properties of events a plan looks at: the others need not be held while a log runs.
//!
//! In: a plan. Out: [`Needed`]. **Invariant:** what the plan could read is needed; more may be. Leaving out the rest changes no decision.
//! A condition inside `has …` reads what its tracker keeps, so that the trackers cover it.

use crate::condition::{Expr, Happening, KeyMatch, Trigger, Until, What};
use crate::plan::{ArmKind, EntryKind, Journey, Plan, StepKind};
use crate::schema::{EventId, LocalId};
use crate::value::{Text, Type};

/// By event and position in it.
#[derive(Debug, Clone, Default)]
pub struct Needed {
    positions: Vec<Vec<bool>>,
    /// Of the events.
    names: Vec<Text>,
    /// The events that what is read now is about.
    subject: Vec<EventId>,
    /// An event is read as a whole somewhere.
    all: bool,
}

/// Whether values of a type can be whole events.
fn holds_events(ty: &Type) -> bool {
    match ty.required() {
        Type::Event(_) | Type::Record(_) => true,
        Type::List(of) => holds_events(of),
        _ => false,
    }
}

impl Needed {
    /// Every property, for those who show them.
    pub fn all() -> Needed {
        Needed { all: true, ..Needed::default() }
    }

    pub fn of(plan: &Plan) -> Needed {
        let names = plan.schema.events.iter().map(|event| event.name.clone()).collect();
        let mut needed = Needed { names, ..Needed::default() };
        for tracker in &plan.trackers {
            needed.about([What::Happened(tracker.of)]);
            tracker.totals.iter().chain(&tracker.keeps).for_each(|property| needed.add(*property));
            tracker.condition.iter().for_each(|condition| needed.read(condition, None));
        }
        needed.about([]);
        plan.segments.iter().for_each(|segment| needed.read(&segment.condition, None));
        plan.messages.iter().flat_map(|message| &message.skip_when).for_each(|(condition, _)| needed.read(condition, None));
        let rules = plan.scores.iter().flat_map(|score| &score.rules);
        rules.filter_map(|rule| rule.condition.as_ref()).for_each(|condition| needed.read(condition, None));
        plan.journeys.iter().for_each(|journey| needed.read_journey(journey));
        needed
    }

    pub fn has(&self, event: EventId, position: usize) -> bool {
        self.all || self.positions.get(event.index()).and_then(|positions| positions.get(position)).copied().unwrap_or(false)
    }

    /// What is read from now on is about these.
    fn about(&mut self, whats: impl IntoIterator<Item = What>) {
        self.subject.clear();
        self.subject.extend(whats.into_iter().filter_map(|what| match what {
            What::Happened(Happening::Event(event)) => Some(event),
            _ => None,
        }));
    }

    fn add(&mut self, property: u16) {
        for event in std::mem::take(&mut self.subject) {
            self.add_of(event, property);
            self.subject.push(event);
        }
    }

    fn add_of(&mut self, event: EventId, property: u16) {
        if self.positions.len() <= event.index() {
            self.positions.resize_with(event.index() + 1, Vec::new);
        }
        let positions = &mut self.positions[event.index()];
        let at = usize::from(property);
        if positions.len() <= at {
            positions.resize(at + 1, false);
        }
        positions[at] = true;
    }

    fn read(&mut self, expr: &Expr, journey: Option<&Journey>) {
        let (mut fields, mut of_locals, mut locals, mut inside) = (Vec::new(), Vec::new(), Vec::new(), 0);
        expr.walk(&mut |part| match part {
            Expr::Subject { field, .. } => fields.push(*field),
            Expr::Field(of, field) => {
                if let Expr::Local(local) = **of {
                    of_locals.push((local, *field));
                    inside += 1;
                }
            }
            Expr::Local(local) => locals.push(*local),
            _ => {}
        });
        fields.into_iter().for_each(|field| self.add(field));
        let type_of = |local: LocalId| journey.and_then(|journey| journey.locals.get(local.index())).map(|(_, ty)| ty.required());
        for (local, field) in of_locals {
            match type_of(local) {
                Some(Type::Event(name)) => {
                    let event = self.names.iter().position(|known| known == name);
                    event.into_iter().for_each(|at| self.add_of(EventId(at as u16), field));
                }
                Some(Type::Record(_)) | None => self.all = true,
                Some(_) => {}
            }
        }
        // A bound event that is not only asked for its fields.
        let is_event = |local: &LocalId| type_of(*local).is_none_or(holds_events);
        if locals.len() > inside && locals.iter().any(is_event) {
            self.all = true;
        }
    }

    fn read_journey(&mut self, journey: &Journey) {
        let here = Some(journey);
        for (at, entry) in journey.entries.iter().enumerate() {
            match entry.kind {
                EntryKind::On(what) => self.about([what]),
                _ => self.about([]),
            }
            let from = journey.entry_fields.iter().filter_map(|field| field.from.get(at).copied().flatten());
            from.for_each(|property| self.add(property));
            entry.condition.iter().for_each(|condition| self.read(condition, here));
        }
        for goal in &journey.goals {
            self.about([goal.what]);
            self.key(goal.key);
            goal.condition.iter().for_each(|condition| self.read(condition, here));
        }
        self.about([]);
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
        self.about(trigger.targets.iter().map(|(what, _)| *what));
        trigger.targets.iter().for_each(|(_, key)| self.key(*key));
        trigger.conditions.iter().flatten().for_each(|condition| self.read(condition, Some(journey)));
        self.about([]);
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
            StepKind::Send(send) => send.args.iter().chain(&send.other).for_each(|argument| self.read(argument, here)),
            StepKind::Emit { fields, .. } => fields.iter().flatten().for_each(|field| self.read(field, here)),
            StepKind::Start { args, .. } | StepKind::Call { args, .. } => args.iter().for_each(|argument| self.read(argument, here)),
            StepKind::Clear(_)
            | StepKind::Draw { .. }
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
