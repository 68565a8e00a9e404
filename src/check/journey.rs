//! One journey after the other: the header first, then the steps.
//!
//! In: journeys as written, and what the project declares. Out: checked [`Journey`]s in the order of their numbers. **Invariant:** what a
//! journey's lines can see is what [`Cx`] says, so that each kind of line looks at one place only. Flow between steps and journeys is
//! [`super::flow`]'s.

use super::checked::{Again, Block, Checked, Journey, RunKey, Step, StepKind};
use super::expr::Typer;
use super::header;
use super::header_values::{Source, Values};
use super::project::Project;
use super::recorder::{Offer, Symbol};
use super::scenario::Shared;
use super::scope::{EntryValues, Scope};
use super::signature::Signatures;
use crate::ast;
use crate::ast::JourneyItem;
use crate::condition::{Expr, What};
use crate::diagnostic::Diagnostics;
use crate::schema::{JourneyId, LocalId, MessageId, Priority, SendId, WhileRunning};
use crate::source::Place;
use crate::value::{Text, Type, Value};
use std::cell::RefCell;

/// One journey while it is checked.
pub(crate) struct Cx<'a, 'p> {
    pub(crate) project: &'a Project<'p>,
    pub(crate) signatures: &'a Signatures,
    pub(crate) found: &'a mut Diagnostics,
    /// What is known of it so far.
    pub(crate) journey: Journey,
    pub(crate) values: &'a RefCell<Values>,
    pub(crate) scope: Scope<'a>,
    /// It says `one run per …`.
    pub(crate) keyed: bool,
    /// What an experiment is measured by, where no key need be said.
    pub(crate) measuring: bool,
    /// The property that it is keyed by.
    pub(crate) key_name: Option<Text>,
    /// `enter on … as x`: known to the steps.
    pub(crate) entry_names: Vec<(ast::Name, Source)>,
    /// Repeats around this step.
    pub(crate) repeats: u32,
    /// Names of the paths of its splits.
    pub(crate) paths: Vec<Text>,
    /// Its experiments so far, with where they are written.
    pub(crate) experiments: Vec<(Text, Place)>,
    /// Behind its first `enter` line: where fixes add a line to the header.
    pub(crate) header_end: Option<Place>,
}

/// A checked journey and what scenarios must know of it beside.
pub(crate) struct Done {
    pub(crate) journey: Journey,
    /// Scenarios may read further values of the entry.
    pub(crate) values: Values,
    pub(crate) paths: Vec<Text>,
    /// Nothing was wrong with it, so what is not there was not meant.
    pub(crate) whole: bool,
}

/// Checks all messages, journeys and scenarios of a project.
pub(super) fn all(project: &Project, files: &[ast::File], checked: &mut Checked, found: &mut Diagnostics) {
    let signatures = super::signature::collect(project, found);
    let messages = project.names.messages.iter().zip(&signatures.messages);
    checked.messages = messages.map(|(decl, signature)| super::message::check(project, decl.message, signature, found)).collect();

    let journeys = project.names.journeys.iter().enumerate();
    let mut done: Vec<Done> = journeys.map(|(at, journey)| check(project, &signatures, JourneyId(at as u16), journey, found)).collect();

    let mut sent = vec![false; checked.messages.len()];
    for send in done.iter().flat_map(|done| &done.journey.sends) {
        if let Some(sent) = sent.get_mut(send.message.index()) {
            *sent = true;
        }
    }
    // A step with a mistake may have been the one that sends it.
    if done.iter().any(|done| !done.whole) {
        sent.fill(true);
    }
    let shared = Shared { project, signatures: &signatures, holds_out: checked.policy.hold_out > 0, sent: &sent };
    let scenarios = files.iter().flat_map(|file| &file.decls).filter_map(|decl| match &decl.kind {
        ast::DeclKind::Scenario(scenario) => Some(scenario),
        _ => None,
    });
    checked.scenarios = scenarios.filter_map(|scenario| super::scenario::check(&shared, scenario, &mut done, found)).collect();
    checked.journeys = done.into_iter().map(|done| done.journey).collect();
}

/// Checks the messages, journeys and scenarios of one file alone, for what an editor asks about its places.
pub(super) fn some(project: &Project, file: &ast::File, found: &mut Diagnostics) {
    let signatures = super::signature::collect(project, found);
    let sent = vec![true; signatures.messages.len()];
    let here = |place: Place| place.file == file.file && file.decls.iter().any(|decl| decl.place.span.to(place.span) == decl.place.span);
    for (decl, signature) in project.names.messages.iter().zip(&signatures.messages).filter(|(decl, _)| here(decl.message.place)) {
        drop(super::message::check(project, decl.message, signature, found));
    }
    let scenarios: Vec<&ast::Scenario> = file
        .decls
        .iter()
        .filter_map(|decl| match &decl.kind {
            ast::DeclKind::Scenario(scenario) => Some(scenario),
            _ => None,
        })
        .collect();
    let told = |journey: &ast::Journey| {
        scenarios.iter().any(|scenario| match (&scenario.journey, &journey.name) {
            (Some(one), Some(other)) => one.text == other.text,
            _ => false,
        })
    };
    let shared = Shared { project, signatures: &signatures, holds_out: false, sent: &sent };
    let mut done: Vec<Done> = Vec::with_capacity(project.names.journeys.len());
    for (at, journey) in project.names.journeys.iter().enumerate() {
        let signature = &signatures.journeys[at];
        if here(journey.place) || told(journey) {
            done.push(check(project, &signatures, JourneyId(at as u16), journey, found));
        } else {
            done.push(Done { journey: empty(signature.name.clone(), journey), values: Values::default(), paths: Vec::new(), whole: false });
        }
    }
    for scenario in scenarios {
        super::scenario::check(&shared, scenario, &mut done, found);
    }
}

/// Checks one journey.
fn check(project: &Project, signatures: &Signatures, id: JourneyId, written: &ast::Journey, found: &mut Diagnostics) -> Done {
    let errors_before = errors(found);
    let signature = &signatures.journeys[id.index()];
    let values = RefCell::new(Values { params: signature.params.clone(), owner: signature.name.clone(), ..Values::default() });
    let (mut journey, locals, paths) = {
        let mut entry = &values;
        let mut cx = Cx {
            project,
            signatures,
            found: &mut *found,
            journey: empty(signature.name.clone(), written),
            values: &values,
            scope: Scope::of_run(&mut entry),
            keyed: false,
            measuring: false,
            key_name: None,
            entry_names: Vec::new(),
            repeats: 0,
            paths: Vec::new(),
            experiments: Vec::new(),
            header_end: header_end(written),
        };
        header::check(&mut cx, written);
        let steps = written.items.iter().filter_map(|item| match item {
            JourneyItem::Step(step) => Some(step),
            _ => None,
        });
        cx.scope.open();
        let mut block = entry_names(&mut cx);
        block.extend(cx.steps(steps));
        cx.scope.close();
        cx.journey.steps = block;
        (cx.journey, cx.scope.locals, cx.paths)
    };
    journey.locals = locals;
    journey.params = signature.params.len() as u16;
    let values = values.into_inner();
    journey.entry_fields = values.fields.clone();
    Done { journey, values, paths, whole: errors(found) == errors_before }
}

/// `enter on E as x`: the event as a record, held from the first step on. What other entries do not bring may be missing in it.
fn entry_names(cx: &mut Cx) -> Block {
    let mut steps = Block::new();
    for (name, source) in std::mem::take(&mut cx.entry_names) {
        let Source::Event(event) = source else {
            if source != Source::Unknown {
                cx.found.push(super::waits::BindsReport { place: name.place, name: name.text.to_string() });
            }
            cx.bind(&name, Type::Error);
            continue;
        };
        let fields: Vec<Text> = cx.project.schema.events[event.index()].fields.iter().map(|field| field.name.clone()).collect();
        let mut values = Vec::with_capacity(fields.len());
        let mut types = Vec::with_capacity(fields.len());
        for field in fields {
            let read = cx.values.borrow_mut().read(&cx.project.schema, &field);
            // Of another type in another entry: not to be read by this name, either.
            let (value, ty) = read.map_or((Expr::Const(Value::Missing), Type::Error), |(at, ty)| (Expr::Entry(at), ty));
            values.push(value);
            types.push((field, ty));
        }
        let local = cx.bind(&name, Type::Record(types.into()));
        let kind = StepKind::Let { local, value: Expr::Record(values) };
        steps.push(Step { place: name.place, head: name.place, docs: None, kind });
    }
    steps
}

/// How many findings are errors.
pub(super) fn errors(found: &Diagnostics) -> usize {
    found.iter().filter(|one| one.severity() == crate::diagnostic::Severity::Error).count()
}

fn header_end(journey: &ast::Journey) -> Option<Place> {
    journey.items.iter().find_map(|item| match item {
        JourneyItem::Clause(clause) if matches!(clause.kind, ast::ClauseKind::Enter(_)) => Some(super::problem::after(clause.place)),
        _ => None,
    })
}

/// What a journey's lines ask for.
impl<'a, 'p> Cx<'a, 'p> {
    pub(crate) fn typer<'t>(&'t mut self) -> Typer<'t, 'p, 'a> {
        Typer { project: self.project, scope: &mut self.scope, found: self.found }
    }

    pub(crate) fn condition(&mut self, written: &ast::Expr) -> Expr {
        self.typer().condition(written)
    }

    /// The condition of a branch, and the steps that hold what it names (`is set as x`). The scope of the block must be open.
    pub(crate) fn condition_binding(&mut self, written: &ast::Expr) -> (Expr, Block) {
        let condition = self.typer().condition_binding(written);
        let bound = self.scope.take_bound();
        let hold = |(local, value): (LocalId, Expr)| Step {
            place: written.place,
            head: written.place,
            docs: None,
            kind: StepKind::Let { local, value },
        };
        (condition, bound.into_iter().map(hold).collect())
    }

    /// A `where` over what happened; silent about bare names where that is not known.
    pub(crate) fn condition_over(&mut self, what: Option<What>, written: &ast::Expr) -> Expr {
        self.typer().condition_over(what, written)
    }

    pub(crate) fn what(&mut self, target: &ast::Target) -> Option<What> {
        self.typer().what(target)
    }

    pub(crate) fn infer(&mut self, written: &ast::Expr) -> (Expr, Type) {
        self.typer().infer(written)
    }

    pub(crate) fn value(&mut self, written: &ast::Expr, needed: &Type) -> Expr {
        self.typer().value(written, needed)
    }

    pub(crate) fn path(&mut self, path: &ast::PathRef) -> Option<(Expr, Type)> {
        self.typer().path(path)
    }

    pub(crate) fn bind(&mut self, name: &ast::Name, ty: Type) -> LocalId {
        self.project.recorder().note(name.place, || Symbol::Local(name.place), Some(&ty));
        self.scope.bind_local(name, ty, self.found)
    }

    pub(crate) fn bind_send(&mut self, name: &ast::Name, send: SendId, message: MessageId) {
        self.project.recorder().note(name.place, || Symbol::Local(name.place), None);
        self.scope.bind_send(name, send, message, self.found);
    }

    /// `entry.NAME`, silently `None` where there is none of this type.
    pub(crate) fn entry_value(&mut self, name: &str, needed: &Type) -> Option<Expr> {
        let (at, ty) = self.values.borrow_mut().read(&self.project.schema, name).ok()?;
        super::expr::fits(&ty, needed).then_some(Expr::Entry(at))
    }

    /// A block with a scope of its own.
    pub(crate) fn block<'s>(&mut self, block: impl IntoIterator<Item = &'s ast::Step>) -> Block {
        self.scope.open();
        let checked = self.steps(block);
        self.scope.close();
        checked
    }

    /// Steps in the scope that is open.
    pub(crate) fn steps<'s>(&mut self, block: impl IntoIterator<Item = &'s ast::Step>) -> Block {
        super::steps::steps(self, block)
    }
}

impl EntryValues for &RefCell<Values> {
    fn read(&mut self, schema: &crate::schema::Schema, name: &str) -> Result<(u16, Type), super::scope::NoValue> {
        self.borrow_mut().read(schema, name)
    }

    fn names(&self, schema: &crate::schema::Schema) -> Vec<String> {
        self.borrow().names(schema)
    }

    fn date(&self) -> Option<bool> {
        self.borrow().date()
    }

    fn origins(&self, project: &Project, name: &str) -> Vec<Symbol> {
        self.borrow().origins(project, name)
    }

    fn offers(&self, project: &Project) -> Vec<Offer> {
        self.borrow().offers(project)
    }
}

fn empty(name: Text, journey: &ast::Journey) -> Journey {
    Journey {
        name,
        title: journey.title.as_ref().map(|title| title.text.clone()),
        docs: journey.docs.text.clone(),
        place: journey.place,
        entries: Vec::new(),
        again: Again::Never,
        key: RunKey::Customer,
        while_running: WhileRunning::Ignore,
        accept_late: false,
        goals: Vec::new(),
        exit_on: Vec::new(),
        exit_when: Vec::new(),
        only_while: Vec::new(),
        hold_out: 0,
        runs_from: None,
        runs_to: None,
        priority: Priority::Normal,
        continues: false,
        quiet_hours: Vec::new(),
        caps: Vec::new(),
        entry_cap: Vec::new(),
        entry_fields: Vec::new(),
        params: 0,
        locals: Vec::new(),
        sends: Vec::new(),
        steps: Block::new(),
    }
}
