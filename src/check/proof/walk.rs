//! Through a journey, from its entry to its end, with what is known at each step.
//!
//! In: one checked journey. Out: findings about its conditions. **Invariant:** whatever takes time, or lets others act, makes everything
//! forgotten that may have changed; what the header guards (`only while`) is known again after a wait, for the run would have ended.
//! Does not know how long anything takes.

use super::Proof;
use super::domain::Domain;
use super::facts::{Fact, Facts, Term, either};
use super::judge::{Judge, Types, Why, of_subject};
use super::written::{Written, branches};
use crate::ast;
use crate::check::checked::{
    ArmKind, Await, Block, Checked, EntryKind, How, Journey, PastBehaviour, Recipient, Segment, Send, Step, StepKind,
};
use crate::check::flow::each_step;
use crate::condition::{Expr, Happening, Trigger, What};
use crate::schema::{LocalId, TopicKind, WhileRunning};
use crate::source::Place;
use crate::value::Type;

/// A segment's condition stands alone.
pub(super) fn segment(proof: &mut Proof, written: &Written, segment: &Segment) {
    let Some(condition) = written.condition(segment.place) else { return };
    let checked = proof.checked;
    let types = Types { schema: &checked.schema, entry: &[], locals: &[], entry_changes: false, zone: checked.policy.zone };
    let mut judge = Judge { types, proof, subjects: Vec::new() };
    let outcome = judge.condition(condition, &segment.condition, &Facts::default());
    judge.proof.whole(condition.place, &outcome);
}

/// The header first, then the steps with what the header says.
pub(super) fn journey(proof: &mut Proof, written: &Written, journey: &Journey) {
    let checked = proof.checked;
    let entry: Vec<_> = journey.entry_fields.iter().map(|field| (field.name.clone(), field.ty.clone())).collect();
    let entry_changes = journey.while_running == WhileRunning::UpdateEntry;
    let types = Types { schema: &checked.schema, entry: &entry, locals: &journey.locals, entry_changes, zone: checked.policy.zone };
    let mut walk = Walk { written, journey, checked, types, proof, guards: Vec::new() };
    let facts = walk.header();
    walk.block(&journey.steps, Some(facts));
}

struct Walk<'a, 'w, 'p, 'f> {
    written: &'w Written<'a>,
    journey: &'w Journey,
    checked: &'w Checked,
    types: Types<'w>,
    proof: &'p mut Proof<'f>,
    /// What `only while` guards: known wherever the run still goes on.
    guards: Vec<(&'a ast::Expr, &'w Expr)>,
}

impl<'a, 'w, 'f> Walk<'a, 'w, '_, 'f> {
    fn judge(&mut self) -> Judge<'w, '_, 'f> {
        Judge { types: self.types, proof: self.proof, subjects: Vec::new() }
    }

    // ------------------------------------------------------------ header

    /// What is known when the first step begins.
    fn header(&mut self) -> Facts {
        let mut entered: Option<Facts> = None;
        for (at, entry) in self.journey.entries.iter().enumerate() {
            entered = either(entered, self.entry(at, entry));
        }
        // That nobody can enter is said already; the steps are judged all the same.
        let mut facts = entered.unwrap_or_default();
        for (condition, place) in &self.journey.only_while {
            let Some(ast::ClauseKind::OnlyWhile(Some(written))) = self.written.clause(*place) else { continue };
            let outcome = self.judge().condition(written, condition, &facts);
            self.proof.whole(written.place, &outcome);
            facts = outcome.yes.unwrap_or(facts);
            self.guards.push((written, condition));
        }
        // What the rest of the header asks is asked for as long as the run goes on.
        let mut lasting = facts.clone();
        lasting.forget_volatile();
        for (condition, place) in &self.journey.exit_when {
            let Some(ast::ClauseKind::ExitWhen(Some(written))) = self.written.clause(*place) else { continue };
            let outcome = self.judge().condition(written, condition, &lasting);
            self.proof.whole(written.place, &outcome);
        }
        for (trigger, place) in &self.journey.exit_on {
            if let Some(ast::ClauseKind::ExitOn(Some(written))) = self.written.clause(*place) {
                self.trigger(written, trigger, &lasting);
            }
        }
        for goal in &self.journey.goals {
            if let (Some(ast::ClauseKind::Goal(written)), Some(condition)) = (self.written.clause(goal.place), &goal.condition)
                && let Some(written) = &written.condition
            {
                let subject = self.subject(goal.what);
                self.judge().over(subject, written, condition, &lasting);
            }
        }
        facts
    }

    /// What one entry lets in.
    fn entry(&mut self, at: usize, entry: &crate::check::checked::Entry) -> Option<Facts> {
        let nothing = Some(Facts::default());
        let Some(condition) = &entry.condition else { return nothing };
        let Some(ast::ClauseKind::Enter(enter)) = self.written.clause(entry.place) else { return nothing };
        let Some(written) = &enter.condition else { return nothing };
        let subject = subject_of(self.checked, &entry.kind);
        let outcome = self.judge().over(subject, written, condition, &Facts::default());
        let fields = &self.journey.entry_fields;
        let volatile = self.types.entry_changes;
        let facts = of_subject(outcome.yes?, |field| {
            let position = fields.iter().position(|value| value.from.get(at) == Some(&Some(field)))?;
            Some((Term::Entry(position as u16), Vec::new(), volatile))
        });
        Some(facts)
    }

    fn subject(&self, what: What) -> Option<Vec<Type>> {
        properties(self.checked, what)
    }

    /// What is known of the event that a trigger takes, still as the subject; `None`: it takes none.
    fn trigger(&mut self, written: &ast::Trigger, trigger: &Trigger, facts: &Facts) -> Option<Facts> {
        let ([(what, _)], [Some(condition)], Some(written)) =
            (trigger.targets.as_slice(), trigger.conditions.as_slice(), &written.condition)
        else {
            return Some(facts.clone());
        };
        let subject = self.subject(*what);
        self.judge().over(subject, written, condition, facts).yes
    }

    // ------------------------------------------------------------ steps

    /// What is known behind a block; `None` where nobody comes past it.
    fn block(&mut self, block: &'w Block, mut facts: Option<Facts>) -> Option<Facts> {
        for step in block {
            facts = self.step(step, facts?);
        }
        facts
    }

    fn step(&mut self, step: &'w Step, mut facts: Facts) -> Option<Facts> {
        match &step.kind {
            StepKind::If { arms, otherwise } => return self.branch(step, arms, otherwise, facts),
            StepKind::Await(wait) => return self.wait(step, wait, facts),
            StepKind::Wait(wait) => {
                let mut later = self.later(facts);
                if !wait.skipped.is_empty() {
                    let through = self.block(&wait.skipped, Some(later.clone()));
                    later = either(through, Some(later)).unwrap_or_default();
                }
                return Some(later);
            }
            StepKind::Let { local, value } => self.bind(step, *local, value, &mut facts, false),
            StepKind::LetOrExit { local, value } => self.bind(step, *local, value, &mut facts, true),
            StepKind::Split { paths, .. } => {
                let mut behind = None;
                for path in paths {
                    behind = either(behind, self.block(&path.block, Some(facts.clone())));
                }
                return behind;
            }
            StepKind::Set { field, value } => {
                let value = self.judge().value(value, &facts);
                facts.forget_field(field.0);
                if let Some((domain, _)) = value {
                    facts.put(Fact { term: Term::Customer(field.0), domain, volatile: true, locals: Vec::new(), proof: vec![step.head] });
                }
            }
            StepKind::Clear(field) => {
                facts.forget_field(field.0);
                let term = Term::Customer(field.0);
                let domain = Domain::missing();
                facts.put(Fact { term, domain, volatile: true, locals: Vec::new(), proof: vec![step.head] });
            }
            StepKind::AddTo { field, .. } | StepKind::RemoveFrom { field, .. } | StepKind::Increase { field, .. } => {
                facts.forget_field(field.0);
            }
            StepKind::Repeat { block, .. } | StepKind::ForEach { block, .. } => {
                if let StepKind::ForEach { item, .. } = &step.kind {
                    facts.forget_local(*item);
                }
                let around = self.around(block, facts);
                self.block(block, Some(around.clone()));
                return Some(around);
            }
            StepKind::Break | StepKind::Exit { .. } => return None,
            // A message may be held for the night.
            StepKind::Send(send) => {
                self.send(step, send, &facts);
                return Some(self.later(facts));
            }
            StepKind::Unsubscribe(topic) => {
                facts.forget_volatile();
                let term = Term::asked(&Expr::SubscribedTo(*topic));
                let domain = Domain::truth(false);
                facts.put(Fact { term, domain, volatile: true, locals: Vec::new(), proof: vec![step.head] });
            }
            // Whatever listens to it may be set off.
            _ => facts.forget_volatile(),
        }
        Some(facts)
    }

    /// A message that consent or contact keeps from everybody who comes here.
    fn send(&mut self, step: &Step, send: &Send, facts: &Facts) {
        let Recipient::Customer { how: How::Each(channels) | How::FirstReachable(channels), .. } = &send.to else { return };
        let Some(message) = self.checked.messages.get(send.message.index()) else { return };
        let schema = &self.checked.schema;
        let consent = schema
            .topics
            .get(message.topic.index())
            .filter(|topic| matches!(topic.kind, TopicKind::OptIn | TopicKind::DoubleOptIn | TopicKind::OptOut));
        if let Some(topic) = consent
            && let Some(fact) = facts.get(&Term::asked(&Expr::SubscribedTo(message.topic)))
            && fact.domain == Domain::truth(false)
        {
            let why = format!("here nobody is subscribed to `{}`", topic.name);
            self.never_sent(step, message.name.to_string(), why, &fact.proof);
            return;
        }
        let mut blocked: Option<(String, Vec<Place>)> = None;
        for channel in channels {
            let Some(declared) = schema.channels.get(channel.index()) else { return };
            let asked = facts.get(&Term::asked(&Expr::ReachableBy(*channel))).filter(|fact| fact.domain == Domain::truth(false));
            let contact = declared.contact.and_then(|field| facts.get(&Term::Customer(field.0)));
            let missing = contact.filter(|fact| fact.domain.missing && fact.domain.intersect(&Domain::set()).is_empty());
            let Some(fact) = asked.or(missing) else { return };
            blocked.get_or_insert_with(|| (format!("here nobody can be reached by {}", declared.name), fact.proof.clone()));
        }
        if let Some((why, proof)) = blocked {
            self.never_sent(step, message.name.to_string(), why, &proof);
        }
    }

    fn never_sent(&mut self, step: &Step, message: String, why: String, proof: &[Place]) {
        let proof = proof.iter().map(|place| (*place, "this decides it")).collect();
        self.proof.found.push(super::NeverSent { place: step.head, message, why, proof });
    }

    /// Time has passed, and the run is still there.
    fn later(&mut self, mut facts: Facts) -> Facts {
        facts.forget_volatile();
        let silent = std::mem::replace(&mut self.proof.silent, true);
        for at in 0..self.guards.len() {
            let (written, condition) = self.guards[at];
            if let Some(guarded) = self.judge().condition(written, condition, &facts).yes {
                facts = guarded;
            }
        }
        self.proof.silent = silent;
        facts
    }

    /// What holds in every round of a repeat.
    fn around(&mut self, block: &Block, mut facts: Facts) -> Facts {
        facts.forget_volatile();
        each_step(block, &mut |step| match &step.kind {
            StepKind::Let { local, .. } | StepKind::LetOrExit { local, .. } => facts.forget_local(*local),
            StepKind::ForEach { item, .. } => facts.forget_local(*item),
            StepKind::Collect(collect) => {
                facts.forget_local(collect.list);
                facts.forget_local(collect.count);
            }
            StepKind::Await(wait) => {
                for arm in &wait.arms {
                    if let ArmKind::On { bind: Some(local), .. } = arm.kind {
                        facts.forget_local(local);
                    }
                }
            }
            _ => {}
        });
        facts
    }

    fn bind(&mut self, step: &Step, local: LocalId, value: &Expr, facts: &mut Facts, present: bool) {
        if let Some(written) = self.written.step(step.place) {
            self.choices(written, value, facts);
        }
        // A number that is written once, to be changed here, is no knowledge.
        let known = if matches!(value, Expr::Const(_)) { None } else { self.judge().value(value, facts) };
        facts.forget_local(local);
        let Some((mut domain, mut proof)) = known else { return };
        if present {
            domain.missing = false;
            if let Some(term) = Term::of(value)
                && let Some(fact) = facts.get(&term).cloned()
            {
                facts.put(Fact { domain: domain.clone(), ..fact });
            }
        }
        proof.insert(0, step.head);
        proof.truncate(2);
        facts.put(Fact { term: Term::Local(local), domain, volatile: false, locals: vec![local], proof });
    }

    /// `let x be A if C, B if D, otherwise E`: like the branches of an `if`.
    fn choices(&mut self, written: &'a ast::Step, value: &Expr, facts: &Facts) {
        let (ast::StepKind::Let { value: Some(ast::LetValue::Choice { choices: written, .. }), .. }, Expr::Choice { choices, .. }) =
            (&written.kind, value)
        else {
            return;
        };
        let pairs: Vec<(Option<&ast::Expr>, &Expr)> =
            written.iter().zip(choices).map(|((_, written), (_, condition))| (written.as_ref(), condition)).collect();
        self.arms(&pairs, facts.clone());
    }

    /// Judges the conditions of branches one after the other. Gives what is known in each, and where none of them held.
    fn arms(&mut self, arms: &[(Option<&'a ast::Expr>, &Expr)], facts: Facts) -> (Vec<Option<Facts>>, Option<Facts>, Option<Place>) {
        let mut inside = Vec::with_capacity(arms.len());
        let mut rest = Some(facts.clone());
        let mut all_taken: Option<Place> = None;
        for (at, (written, condition)) in arms.iter().enumerate() {
            let (Some(known), Some(written)) = (rest.clone(), written) else {
                inside.push(None);
                continue;
            };
            let outcome = self.judge().condition(written, condition, &known);
            let decided = outcome.yes.is_none() || outcome.no.is_none();
            if decided && !outcome.told {
                // Decided by the branches before it, or without them?
                let silent = std::mem::replace(&mut self.proof.silent, true);
                let alone = (at > 0).then(|| self.judge().condition(written, condition, &facts));
                self.proof.silent = silent;
                let before = alone.is_some_and(|alone| alone.yes.is_some() && alone.no.is_some());
                match (before, outcome.yes.is_none()) {
                    (true, true) => self.taken(written, outcome.why.as_ref(), &arms[..at]),
                    // The last of all cases may be written out.
                    (true, false) => {}
                    (false, _) => self.proof.whole(written.place, &outcome),
                }
            }
            if outcome.no.is_none() && outcome.yes.is_some() {
                all_taken = Some(written.place);
            }
            inside.push(outcome.yes);
            rest = outcome.no;
        }
        (inside, rest, all_taken)
    }

    fn taken(&mut self, written: &ast::Expr, why: Option<&Why>, before: &[(Option<&ast::Expr>, &Expr)]) {
        let (text, mut proof) = super::reason(why, written.place);
        for (place, says) in &mut proof {
            if before.iter().any(|(earlier, _)| earlier.is_some_and(|earlier| inside(earlier.place, *place))) {
                *says = "this branch takes them";
            }
        }
        self.proof.shadowed(written.place, text, proof);
    }

    fn branch(&mut self, step: &'w Step, arms: &'w [(Expr, Block)], otherwise: &'w Block, facts: Facts) -> Option<Facts> {
        let written: Vec<Option<&'a ast::Expr>> = match self.written.step(step.place).map(|step| &step.kind) {
            Some(ast::StepKind::If { arms: written, .. }) if written.len() == arms.len() => {
                written.iter().map(|(condition, _)| condition.as_ref()).collect()
            }
            // Not as written: everything may be.
            _ => vec![None; arms.len()],
        };
        let known = written.iter().all(Option::is_some);
        let pairs: Vec<_> = written.into_iter().zip(arms.iter().map(|(condition, _)| condition)).collect();
        let (inside, rest, all_taken) =
            if known { self.arms(&pairs, facts.clone()) } else { (vec![Some(facts.clone()); arms.len()], Some(facts.clone()), None) };
        let mut behind = None;
        for ((_, block), facts) in arms.iter().zip(inside) {
            if facts.is_some() {
                let through = self.block(block, facts);
                behind = either(behind, through);
            }
        }
        if let (None, Some(taken), Some(first)) = (&rest, all_taken, otherwise.first())
            && arms.len() > 1
        {
            let why = "the conditions above cover every case".to_owned();
            self.proof.shadowed(first.head, why, vec![(taken, "the last case that is left")]);
        }
        match rest {
            Some(rest) => either(behind, self.block(otherwise, Some(rest))),
            None => behind,
        }
    }

    fn wait(&mut self, step: &Step, wait: &'w Await, facts: Facts) -> Option<Facts> {
        let written = self.written.step(step.place);
        let short = written.and_then(|step| match &step.kind {
            ast::StepKind::WaitUpToShort { what, .. } => what.as_ref(),
            _ => None,
        });
        let branches = written.map(branches).unwrap_or_default();
        let later = self.later(facts);
        let mut behind = None;
        for (at, arm) in wait.arms.iter().enumerate() {
            let known = match (&arm.kind, branches.get(at), short) {
                (ArmKind::On { trigger, bind }, Some(ast::BranchKind::On { trigger: Some(written), .. }), _)
                | (ArmKind::On { trigger, bind }, _, Some(ast::ShortWait::For { trigger: written, .. })) => {
                    let taken = self.trigger(written, trigger, &later);
                    let bind = *bind;
                    taken.map(|facts| {
                        of_subject(facts, |field| {
                            let local = bind?;
                            Some((Term::Field(Box::new(Term::Local(local)), field), vec![local], false))
                        })
                    })
                }
                (ArmKind::When(condition), Some(ast::BranchKind::When(Some(written))), _)
                | (ArmKind::When(condition), _, Some(ast::ShortWait::Until(written))) => {
                    let outcome = self.judge().condition(written, condition, &later);
                    self.proof.whole(written.place, &outcome);
                    outcome.yes
                }
                _ => Some(later.clone()),
            };
            if let Some(known) = known {
                behind = either(behind, self.block(&arm.block, Some(known)));
            }
        }
        let otherwise = self.block(&wait.otherwise, Some(later.clone()));
        let passes = matches!(wait.if_past, PastBehaviour::Skip) || matches!(wait.if_missing, PastBehaviour::Skip);
        let behind = either(behind, otherwise);
        if passes { either(behind, Some(later)) } else { behind }
    }
}

/// Whether one place lies in another.
fn inside(around: Place, place: Place) -> bool {
    around.file == place.file && around.span.start <= place.span.start && place.span.end <= around.span.end
}

/// The types of what stands bare in the `where` of an entry.
pub(super) fn subject_of(checked: &Checked, kind: &EntryKind) -> Option<Vec<Type>> {
    match kind {
        EntryKind::On(what) => properties(checked, *what),
        _ => None,
    }
}

fn properties(checked: &Checked, what: What) -> Option<Vec<Type>> {
    let What::Happened(Happening::Event(event)) = what else { return None };
    Some(checked.schema.events.get(event.index())?.fields.iter().map(|field| field.ty.clone()).collect())
}
