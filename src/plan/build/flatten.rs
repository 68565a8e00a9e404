//! From a tree of steps to flat ones.
//!
//! In: the steps of one journey as written. Out: steps in source order, each knowing where the flow goes on; branches rejoin where their
//! block ends. **Invariant:** no label is left open: what ends a block goes on behind it, and the end of the journey is an `Exit`.

use super::{Builder, Identities, depends};
use crate::check::checked::{self, Checked};
use crate::condition::Expr;
use crate::plan::{Arm, ArmKind, Each, Experiment, Send, SendInfo, SplitPath, Step, StepKind};
use crate::schema::{LocalId, SendId, StepIx};
use crate::value::{Text, Type};

pub(super) struct Flat {
    pub(super) steps: Vec<Step>,
    pub(super) sends: Vec<SendInfo>,
    pub(super) experiments: Vec<Experiment>,
    pub(super) locals: Vec<(Text, Type)>,
}

/// A place in the flow that a step may go to; known once the step there is written.
type Label = usize;

struct Flattener<'a, 'b> {
    builder: &'a mut Builder<'b>,
    project: &'a Checked,
    journey: &'a checked::Journey,
    identities: Identities,
    /// Step positions hold labels until [`Flattener::resolve`].
    steps: Vec<Step>,
    labels: Vec<StepIx>,
    locals: Vec<(Text, Type)>,
    send_steps: Vec<StepIx>,
    experiments: Vec<Experiment>,
}

/// Where a block stands: the path of its identity, its nesting, and where `break` goes.
#[derive(Clone, Copy)]
struct Around<'a> {
    path: &'a str,
    depth: u8,
    break_to: Option<Label>,
}

pub(super) fn flatten(builder: &mut Builder<'_>, journey: &checked::Journey, project: &Checked) -> Flat {
    let mut flattener = Flattener {
        builder,
        project,
        journey,
        identities: Identities::default(),
        steps: Vec::new(),
        labels: Vec::new(),
        locals: journey.locals.clone(),
        send_steps: vec![StepIx(0); journey.sends.len()],
        experiments: Vec::new(),
    };
    let end = flattener.label();
    flattener.block(&journey.steps, end, Around { path: "", depth: 0, break_to: None });
    flattener.place(end);
    let line = flattener.builder.line(journey.place);
    flattener.steps.push(Step {
        id: "end".into(),
        label: "end of the journey".to_owned(),
        line,
        kind: StepKind::Exit { reason: None, written: false },
        next: StepIx(end as u16),
        depth: 0,
    });
    flattener.resolve();
    let sends = journey
        .sends
        .iter()
        .zip(&flattener.send_steps)
        .map(|(send, step)| SendInfo { name: send.name.clone(), message: send.message, step: *step })
        .collect();
    Flat { steps: flattener.steps, sends, experiments: flattener.experiments, locals: flattener.locals }
}

impl Flattener<'_, '_> {
    fn label(&mut self) -> Label {
        self.labels.push(StepIx(0));
        self.labels.len() - 1
    }

    fn place(&mut self, label: Label) {
        self.labels[label] = StepIx(self.steps.len() as u16);
    }

    /// Writes a block and returns the label of its first step, or `after` where it is empty.
    fn block(&mut self, block: &[checked::Step], after: Label, around: Around<'_>) -> Label {
        let starts: Vec<Label> = block.iter().map(|_| self.label()).collect();
        for (at, step) in block.iter().enumerate() {
            self.place(starts[at]);
            self.step(step, starts.get(at + 1).copied().unwrap_or(after), around);
        }
        starts.first().copied().unwrap_or(after)
    }

    fn push(&mut self, step: &checked::Step, id: &str, kind: StepKind, next: Label, depth: u8) -> usize {
        let label = self.builder.label(step.head);
        self.steps.push(Step { id: id.into(), label, line: self.builder.line(step.head), kind, next: StepIx(next as u16), depth });
        self.steps.len() - 1
    }

    fn compile(&mut self, expr: &Expr) -> Expr {
        self.builder.compile(expr)
    }

    fn step(&mut self, step: &checked::Step, next: Label, around: Around<'_>) {
        let id = self.identities.name(around.path, &self.own_name(&step.kind));
        let inner = Around { path: &id, depth: around.depth + 1, ..around };
        let to = |label: Label| StepIx(label as u16);
        match &step.kind {
            checked::StepKind::Wait(wait) => {
                let until = self.until(&wait.until);
                let kind = StepKind::Wait { until, if_past: wait.if_past, if_missing: wait.if_missing, skip_to: to(next) };
                let at = self.push(step, &id, kind, next, around.depth);
                let first = self.block(&wait.skipped, next, inner);
                self.steps[at].next = to(first);
            }
            checked::StepKind::Await(wait) => self.await_step(step, wait, next, &id, around),
            checked::StepKind::If { arms, otherwise } => {
                let at = self.push(step, &id, StepKind::Jump, next, around.depth);
                let mut compiled = Vec::new();
                for (number, (condition, block)) in arms.iter().enumerate() {
                    let condition = self.compile(condition);
                    let path = format!("{id}/{}", if number == 0 { "then".to_owned() } else { format!("else if {number}") });
                    let first = self.block(block, next, Around { path: &path, ..inner });
                    compiled.push((condition, to(first)));
                }
                let path = format!("{id}/else");
                let otherwise = self.block(otherwise, next, Around { path: &path, ..inner });
                self.steps[at].kind = StepKind::Branch { arms: compiled, otherwise: to(otherwise) };
            }
            checked::StepKind::Split { unit, paths, experiment } => {
                let unit = unit.as_ref().map(|unit| self.compile(unit));
                let at = self.push(step, &id, StepKind::Jump, next, around.depth);
                let mut compiled = Vec::new();
                for path in paths {
                    let inside = format!("{id}/{}", path.name);
                    let first = self.block(&path.block, next, Around { path: &inside, ..inner });
                    compiled.push(SplitPath { name: path.name.clone(), share: path.share, to: to(first) });
                }
                let experiment = experiment.as_deref().map(|experiment| self.experiment(experiment, at));
                let identity = match experiment {
                    Some(number) => self.experiments[usize::from(number)].identity.clone(),
                    None => Text::from(format!("{}/{id}", self.journey.name)),
                };
                self.steps[at].kind = StepKind::Split { identity, unit, paths: compiled, experiment };
            }
            checked::StepKind::Repeat { times, block } => {
                let counter = LocalId(self.locals.len() as u16);
                self.locals.push((Text::from(format!("rounds of {id}")), Type::Number));
                let head = self.label();
                self.push(step, &format!("{id}/start"), StepKind::ResetCounter { counter, take: None }, head, around.depth);
                self.place(head);
                let at = self.push(step, &id, StepKind::Jump, next, around.depth);
                let body = self.block(block, head, Around { break_to: Some(next), ..inner });
                self.steps[at].kind = StepKind::Repeat { counter, times: *times, body: to(body), each: None };
            }
            checked::StepKind::ForEach { item, list, most, block } => self.for_each(step, (*item, list, *most), block, next, &id, around),
            checked::StepKind::Collect(collect) => {
                let kind = StepKind::Collect {
                    trigger: self.builder.compile_trigger(&collect.trigger),
                    until: self.until(&collect.until),
                    first: collect.first.as_ref().map(|first| self.compile(first)),
                    list: collect.list,
                    count: collect.count,
                };
                self.push(step, &id, kind, next, around.depth);
            }
            checked::StepKind::Call { hook, args, bind, otherwise } => {
                let args = args.iter().map(|arg| self.compile(arg)).collect();
                let at = self.push(step, &id, StepKind::Jump, next, around.depth);
                let path = format!("{id}/otherwise");
                let first = self.block(otherwise, next, Around { path: &path, ..inner });
                self.steps[at].kind = StepKind::Call { hook: *hook, args, bind: *bind, otherwise: to(first) };
            }
            checked::StepKind::Draw { pool, bind, otherwise } => {
                let at = self.push(step, &id, StepKind::Jump, next, around.depth);
                let path = format!("{id}/otherwise");
                let first = self.block(otherwise, next, Around { path: &path, ..inner });
                self.steps[at].kind = StepKind::Draw { pool: *pool, bind: *bind, otherwise: to(first) };
            }
            checked::StepKind::Break => {
                self.push(step, &id, StepKind::Jump, around.break_to.unwrap_or(next), around.depth);
            }
            checked::StepKind::Send(send) => {
                let args = send.args.iter().map(|arg| self.compile(arg)).collect();
                let kind = StepKind::Send(Send {
                    id: send.id,
                    message: send.message,
                    args,
                    to: send.to.clone(),
                    other: send.other.as_ref().map(|other| self.compile(other)),
                    without_waiting: send.without_waiting,
                    ignoring_quiet_hours: send.ignoring_quiet_hours,
                    or_exit_if_not_sent: send.or_exit_if_not_sent,
                });
                let at = self.push(step, &id, kind, next, around.depth);
                self.note_send(send.id, at);
            }
            simple => {
                let kind = self.simple(simple);
                self.push(step, &id, kind, next, around.depth);
            }
        }
    }

    /// An experiment is known by its name, wherever in its journey it stands: moved, it draws as before.
    fn experiment(&mut self, experiment: &checked::Experiment, at: usize) -> u16 {
        let number = self.experiments.len() as u16;
        self.experiments.push(Experiment {
            name: experiment.name.clone(),
            identity: Text::from(format!("{}/experiment {}", self.journey.name, experiment.name)),
            step: StepIx(at as u16),
            measure: self.builder.compile_trigger(&experiment.measure),
            within: experiment.within,
            control: experiment.control,
            rule: experiment.rule,
        });
        number
    }

    fn for_each(
        &mut self,
        step: &checked::Step,
        (item, list, most): (LocalId, &Expr, u32),
        block: &[checked::Step],
        next: Label,
        id: &str,
        around: Around<'_>,
    ) {
        let counter = LocalId(self.locals.len() as u16);
        self.locals.push((Text::from(format!("rounds of {id}")), Type::Number));
        let walked = LocalId(self.locals.len() as u16);
        self.locals.push((Text::from(format!("list of {id}")), Type::List(std::sync::Arc::new(Type::Error))));
        let head = self.label();
        let take = Some((walked, self.compile(list)));
        self.push(step, &format!("{id}/start"), StepKind::ResetCounter { counter, take }, head, around.depth);
        self.place(head);
        let at = self.push(step, id, StepKind::Jump, next, around.depth);
        let body = self.block(block, head, Around { path: id, depth: around.depth + 1, break_to: Some(next) });
        let each = Some(Each { list: walked, item });
        self.steps[at].kind = StepKind::Repeat { counter, times: most, body: StepIx(body as u16), each };
    }

    fn note_send(&mut self, send: SendId, at: usize) {
        if let Some(step) = self.send_steps.get_mut(send.index()) {
            *step = StepIx(at as u16);
        }
    }

    fn await_step(&mut self, step: &checked::Step, wait: &checked::Await, next: Label, id: &str, around: Around<'_>) {
        let deadline = self.until(&wait.deadline);
        let at = self.push(step, id, StepKind::Jump, next, around.depth);
        let mut arms = Vec::new();
        for arm in &wait.arms {
            let written = self.builder.label(arm.place);
            // The short form has one arm and no line of its own for it.
            let label = if written == self.steps[at].label { "in time".to_owned() } else { written };
            let path = self.identities.name(id, &arm_name(&label));
            let kind = match &arm.kind {
                checked::ArmKind::On { trigger, bind } => ArmKind::On { trigger: self.builder.compile_trigger(trigger), bind: *bind },
                checked::ArmKind::When(condition) => {
                    let condition = self.compile(condition);
                    ArmKind::When { depends: depends(&condition), condition }
                }
            };
            let line = self.builder.line(arm.place);
            let first = self.block(&arm.block, next, Around { path: &path, depth: around.depth + 1, ..around });
            arms.push(Arm { kind, to: StepIx(first as u16), line, label });
        }
        let path = format!("{id}/otherwise");
        let otherwise = self.block(&wait.otherwise, next, Around { path: &path, depth: around.depth + 1, ..around });
        self.steps[at].kind = StepKind::Await {
            deadline,
            if_past: wait.if_past,
            if_missing: wait.if_missing,
            full: wait.full,
            arms,
            otherwise: StepIx(otherwise as u16),
        };
    }

    fn simple(&mut self, kind: &checked::StepKind) -> StepKind {
        match kind {
            checked::StepKind::Let { local, value } => StepKind::Let { local: *local, value: self.compile(value) },
            checked::StepKind::LetOrExit { local, value } => StepKind::LetOrExit { local: *local, value: self.compile(value) },
            checked::StepKind::Set { field, value } => StepKind::Set { field: *field, value: self.compile(value) },
            checked::StepKind::Clear(field) => StepKind::Clear(*field),
            checked::StepKind::AddTo { field, value } => StepKind::AddTo { field: *field, value: self.compile(value) },
            checked::StepKind::RemoveFrom { field, value } => StepKind::RemoveFrom { field: *field, value: self.compile(value) },
            checked::StepKind::Increase { field, by } => StepKind::Increase { field: *field, by: self.compile(by) },
            checked::StepKind::Subscribe(topic) => StepKind::Subscribe(*topic),
            checked::StepKind::Unsubscribe(topic) => StepKind::Unsubscribe(*topic),
            checked::StepKind::UnsubscribeFromEverything => StepKind::UnsubscribeFromEverything,
            checked::StepKind::Confirm(topic) => StepKind::Confirm(*topic),
            checked::StepKind::Suppress { channel, reason } => StepKind::Suppress { channel: *channel, reason: reason.clone() },
            checked::StepKind::OnList { list, add } => StepKind::OnList { list: *list, add: *add },
            checked::StepKind::InAudience { audience, add } => StepKind::InAudience { audience: *audience, add: *add },
            checked::StepKind::MoveToStage(stage) => StepKind::MoveToStage(*stage),
            checked::StepKind::Emit { event, fields } => StepKind::Emit {
                event: *event,
                fields: fields.iter().map(|field| field.as_ref().map(|value| self.compile(value))).collect(),
            },
            checked::StepKind::Start { journey, args } => {
                StepKind::Start { journey: *journey, args: args.iter().map(|arg| self.compile(arg)).collect() }
            }
            checked::StepKind::Exit { reason } => StepKind::Exit { reason: reason.clone(), written: true },
            // Everything with a block of its own is written by `step`.
            _ => StepKind::Jump,
        }
    }

    fn until(&mut self, until: &crate::condition::Until) -> crate::condition::Until {
        use crate::condition::Until;
        match until {
            Until::Around { value, offset, before, at } => {
                Until::Around { value: Box::new(self.compile(value)), offset: *offset, before: *before, at: *at }
            }
            Until::Lasting { value, most } => Until::Lasting { value: Box::new(self.compile(value)), most: *most },
            other => other.clone(),
        }
    }

    /// What a step is, without what may be edited in it (how long, how many).
    fn own_name(&self, kind: &checked::StepKind) -> String {
        let event = |id: crate::schema::EventId| self.project.schema.events.get(id.index()).map_or("?", |event| event.name.as_str());
        let field = |id: crate::schema::FieldId| self.project.schema.customer.get(id.index()).map_or("?", |field| field.name.as_str());
        let topic = |id: crate::schema::TopicId| self.project.schema.topics.get(id.index()).map_or("?", |topic| topic.name.as_str());
        let local = |id: LocalId| self.journey.locals.get(id.index()).map_or("?", |(name, _)| name.as_str());
        match kind {
            checked::StepKind::Wait(_) => "wait".to_owned(),
            checked::StepKind::Await(_) => "wait for".to_owned(),
            checked::StepKind::If { .. } => "if".to_owned(),
            checked::StepKind::Let { local: id, .. } | checked::StepKind::LetOrExit { local: id, .. } => format!("let {}", local(*id)),
            checked::StepKind::Split { experiment: Some(experiment), .. } => format!("experiment {}", experiment.name),
            checked::StepKind::Split { .. } => "split".to_owned(),
            checked::StepKind::Send(send) => {
                format!("send {}", self.project.messages.get(send.message.index()).map_or("?", |message| message.name.as_str()))
            }
            checked::StepKind::Set { field: id, .. } => format!("set {}", field(*id)),
            checked::StepKind::Clear(id) => format!("clear {}", field(*id)),
            checked::StepKind::AddTo { field: id, .. } => format!("add to {}", field(*id)),
            checked::StepKind::RemoveFrom { field: id, .. } => format!("remove from {}", field(*id)),
            checked::StepKind::Increase { field: id, .. } => format!("increase {}", field(*id)),
            checked::StepKind::Subscribe(id) => format!("subscribe to {}", topic(*id)),
            checked::StepKind::Unsubscribe(id) => format!("unsubscribe from {}", topic(*id)),
            checked::StepKind::UnsubscribeFromEverything => "unsubscribe from everything".to_owned(),
            checked::StepKind::Confirm(id) => format!("confirm {}", topic(*id)),
            checked::StepKind::Suppress { channel, .. } => {
                let channel = self.project.schema.channels.get(channel.index());
                format!("suppress {}", channel.map_or("?", |channel| channel.name.as_str()))
            }
            checked::StepKind::OnList { list, add } => {
                let list = self.project.schema.lists.get(list.index()).map_or("?", |list| list.name.as_str());
                format!("{} list {list}", if *add { "add to" } else { "remove from" })
            }
            checked::StepKind::InAudience { audience, add } => {
                let audience = self.project.schema.audiences.get(audience.index()).map_or("?", |audience| audience.name.as_str());
                format!("{} audience {audience}", if *add { "add to" } else { "remove from" })
            }
            checked::StepKind::MoveToStage(stage) => {
                format!("move to stage {}", self.project.schema.stages.get(stage.index()).map_or("?", |stage| stage.name.as_str()))
            }
            checked::StepKind::Emit { event: id, .. } => format!("emit {}", event(*id)),
            checked::StepKind::Start { journey, .. } => {
                format!("start {}", self.project.journeys.get(journey.index()).map_or("?", |journey| journey.name.as_str()))
            }
            checked::StepKind::Call { hook, .. } => {
                format!("call {}", self.project.schema.hooks.get(hook.index()).map_or("?", |hook| hook.name.as_str()))
            }
            checked::StepKind::Draw { pool, .. } => {
                format!("draw code from {}", self.project.schema.pools.get(pool.index()).map_or("?", |pool| pool.name.as_str()))
            }
            checked::StepKind::Repeat { .. } => "repeat".to_owned(),
            checked::StepKind::ForEach { item, .. } => format!("for each {}", local(*item)),
            checked::StepKind::Collect(collect) => format!("collect {}", local(collect.list)),
            checked::StepKind::Break => "break".to_owned(),
            checked::StepKind::Exit { .. } => "exit".to_owned(),
        }
    }

    /// Replaces every label by the position that it stands for.
    fn resolve(&mut self) {
        let labels = std::mem::take(&mut self.labels);
        let resolve = |at: &mut StepIx| *at = labels.get(at.index()).copied().unwrap_or_default();
        for step in &mut self.steps {
            resolve(&mut step.next);
            match &mut step.kind {
                StepKind::Wait { skip_to, .. } => resolve(skip_to),
                StepKind::Await { arms, otherwise, .. } => {
                    arms.iter_mut().for_each(|arm| resolve(&mut arm.to));
                    resolve(otherwise);
                }
                StepKind::Branch { arms, otherwise } => {
                    arms.iter_mut().for_each(|(_, to)| resolve(to));
                    resolve(otherwise);
                }
                StepKind::Split { paths, .. } => paths.iter_mut().for_each(|path| resolve(&mut path.to)),
                StepKind::Call { otherwise, .. } | StepKind::Draw { otherwise, .. } => resolve(otherwise),
                StepKind::Repeat { body, .. } => resolve(body),
                _ => {}
            }
        }
    }
}

/// An arm's name within its wait: its line up to what may be edited in it.
fn arm_name(label: &str) -> String {
    let end = label.find(" where ").or_else(|| label.find(" as ")).unwrap_or(label.len());
    label[..end].to_owned()
}
