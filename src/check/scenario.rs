//! Scenarios: a story with exact values, and what must come of it.
//!
//! In: the lines of a scenario. Out: checked [`Scene`]s in the same order. **Invariant:** every value in a story is a constant of its
//! field's type; what a story expects can be expected of its journey. Runs nothing. What is expected: see [`super::scenario_expect`].

use super::amount;
use super::checked::{Journey, RunKey, Scenario, Scene, SceneKind, StepKind};
use super::expr::Typer;
use super::flow::each_step;
use super::header_values::Values;
use super::journey::Done;
use super::problem::problems;
use super::project::Project;
use super::scenario_expect as expect;
use super::scenario_happens::{customer, event_fields, happening};
use super::scope::Scope;
use super::signature::Signatures;
use crate::ast;
use crate::calendar::Span;
use crate::condition::{Expr, Happening, What, WhichMessage};
use crate::diagnostic::{Code, Diagnostics, Fix, suggest};
use crate::schema::{ChannelId, JourneyId, MessageId};
use crate::source::Place;
use crate::value::{Text, Type, Value};
use chrono::NaiveDateTime;
use std::cell::RefCell;

/// Most earlier events of one `given has` line.
const GIVEN_MAX: u32 = 10_000;

problems! {
    /// `expect` nothing at all.
    NothingExpected { title: String } = Code::new("W0500", "nothing-expected");
        "the scenario \"{title}\" expects nothing", "it can never fail", "add a line that begins with `expect`";

    /// `after 1 hour …` as the first line.
    AfterWhat {} = Code::new("E0501", "after-what");
        "nothing happened before this line", "`after` counts from the line above that happened",
        "begin with a moment: `at 2026-03-01 10:00 …`, or write `starting 2026-03-01 10:00` above";

    /// A moment before the one above.
    GoesBack { fix: Option<Fix> } = Code::new("E0502", "story-goes-back");
        "this is earlier than a line above it", "a story goes forward", "put the lines in the order in which they happen";

    /// `choosing "tenpercent"`
    PathUnknown { path: String, journey: String, has: String, fix: Option<Fix> } = Code::new("E0503", "no-such-path");
        "`{journey}` has no path \"{path}\"", "{has}", "write the name of one of its paths, or `choosing \"hold out\"`";

    /// `choosing "hold out"` where nobody is held out.
    NobodyHeldOut { journey: String } = Code::new("E0504", "nobody-is-held-out");
        "nobody is held out of `{journey}`", "neither it nor the policy has a line `hold out`", "take this line out, or add `hold out 10%` to the journey";

    /// `in the run of order_id "o1"` in a journey that has no such key.
    NotItsKey { journey: String, key: String, why: String, fix: Option<Fix> } = Code::new("E0505", "not-its-key");
        "the runs of `{journey}` are not told apart by `{key}`", "{why}", "name its key, or leave the block out";

    /// `given` after something happened.
    GivenLate {} = Code::new("E0506", "given-too-late");
        "what is given must stand before the story begins", "something happened above already", "move this line up";

    /// `given has clicked any message 3 days ago`
    NotGivable {} = Code::new("E0507", "cannot-be-given");
        "it is not said what happened before", "this cannot be given", "name one event or one message, for example `given has order_completed 3 days ago {{ total: 100 THB }}` or `given has clicked hello 3 days ago`";

    /// `starting` twice, or too late.
    StartsTwice {} = Code::new("E0511", "starts-once");
        "a story starts once, with its first line", "something stands before this", "make it the first line of the scenario";
}

/// How far the story has come.
#[derive(Debug, Clone, Copy, Default)]
struct Story {
    /// The moment of the line above that happened; `None` after an `after` whose length is not known.
    now: Option<NaiveDateTime>,
    begun: bool,
    lines: usize,
    expects: bool,
}

/// What all scenarios share.
pub(super) struct Shared<'a, 'p> {
    pub(super) project: &'a Project<'p>,
    pub(super) signatures: &'a Signatures,
    /// The policy holds customers out.
    pub(super) holds_out: bool,
    /// Messages that some journey sends.
    pub(super) sent: &'a [bool],
}

/// One scenario while it is checked.
pub(super) struct Cx<'a, 'p> {
    pub(super) project: &'a Project<'p>,
    pub(super) signatures: &'a Signatures,
    pub(super) found: &'a mut Diagnostics,
    shared: &'a Shared<'a, 'p>,
    scope: Scope<'a>,
    pub(super) journey: Option<JourneyId>,
    checked: Option<&'a Journey>,
    /// Its journey has no mistake: what is not there was not meant.
    pub(super) whole: bool,
    paths: &'a [Text],
    /// Something happened already.
    pub(super) happened: bool,
    /// Items that are there, as the story goes.
    pub(super) items: std::collections::BTreeSet<(crate::schema::CatalogId, Text)>,
    /// Codes that are given.
    pub(super) codes: std::collections::BTreeSet<(crate::schema::PoolId, Text)>,
}

impl<'a, 'p> Cx<'a, 'p> {
    fn typer<'t>(&'t mut self) -> Typer<'t, 'p, 'a> {
        Typer { project: self.project, scope: &mut self.scope, found: self.found }
    }

    pub(super) fn what(&mut self, target: &ast::Target) -> Option<What> {
        self.typer().what(target)
    }

    pub(super) fn condition(&mut self, written: &ast::Expr) -> Expr {
        self.typer().condition(written)
    }

    pub(super) fn message(&mut self, name: &ast::Name) -> Option<MessageId> {
        self.project.message(name, self.found)
    }

    pub(super) fn channel(&mut self, name: &ast::Name) -> Option<ChannelId> {
        self.project.channel(name, self.found)
    }

    /// A value that is known before anything runs.
    fn constant(&mut self, written: &ast::Expr, needed: &Type) -> Option<Value> {
        let mut scope = Scope::default();
        Typer { project: self.project, scope: &mut scope, found: self.found }.constant_of(written, needed)
    }

    pub(super) fn is_sent(&self, message: MessageId) -> bool {
        self.shared.sent.get(message.index()).copied().unwrap_or(true)
    }

    pub(super) fn journey_name(&self) -> String {
        self.checked.map_or(String::new(), |journey| journey.name.to_string())
    }

    /// Whether this ends a run: `exit on`, or a goal `then exit`.
    pub(super) fn exits_on(&self, what: What) -> bool {
        let Some(journey) = self.checked else { return true };
        let by_exit = journey.exit_on.iter().flat_map(|(trigger, _)| &trigger.targets).any(|(target, _)| *target == what);
        by_exit || journey.goals.iter().any(|goal| goal.then_exit && goal.what == what)
    }

    /// Whether a step of its journey calls this hook; a journey with a mistake may.
    pub(super) fn calls(&self, hook: crate::schema::HookId) -> bool {
        self.has_step(|kind| matches!(kind, StepKind::Call { hook: called, .. } if *called == hook))
    }

    /// Whether a step of its journey draws from this pool; a journey with a mistake may.
    pub(super) fn draws(&self, pool: crate::schema::PoolId) -> bool {
        self.has_step(|kind| matches!(kind, StepKind::Draw { pool: drawn, .. } if *drawn == pool))
    }

    fn has_step(&self, is: impl Fn(&StepKind) -> bool) -> bool {
        let mut any = !self.whole;
        if let Some(journey) = self.checked {
            // What it starts may do it, too.
            each_step(&journey.steps, &mut |step| {
                any |= is(&step.kind) || matches!(step.kind, StepKind::Start { .. } | StepKind::Emit { .. });
            });
        }
        any
    }

    /// Reasons of its `exit` steps.
    pub(super) fn exit_reasons(&self) -> Vec<String> {
        let mut reasons = Vec::new();
        if let Some(journey) = self.checked {
            each_step(&journey.steps, &mut |step| {
                if let StepKind::Exit { reason: Some(reason) } = &step.kind {
                    reasons.push(reason.clone());
                }
            });
        }
        reasons
    }
}

/// Checks one scenario. Values of the entry that only it reads are added to its journey.
pub(super) fn check(shared: &Shared, scenario: &ast::Scenario, journeys: &mut [Done], found: &mut Diagnostics) -> Option<Scenario> {
    let journey = scenario.journey.as_ref().and_then(|name| shared.project.journey(name, found));
    let mut done = journey.and_then(|id| journeys.get_mut(id.index()));
    let values = RefCell::new(done.as_mut().map_or_else(Values::default, |done| std::mem::take(&mut done.values)));
    if done.is_none() {
        values.borrow_mut().sources.push(super::header_values::Source::Unknown);
    }
    let mut entry = &values;
    let mut cx = Cx {
        project: shared.project,
        signatures: shared.signatures,
        found,
        shared,
        scope: Scope::of_run(&mut entry),
        journey,
        checked: done.as_deref().map(|done| &done.journey),
        whole: done.as_deref().is_some_and(|done| done.whole),
        paths: done.as_deref().map_or(&[], |done| &done.paths),
        happened: false,
        items: std::collections::BTreeSet::new(),
        codes: std::collections::BTreeSet::new(),
    };
    let checked = story(&mut cx, scenario);
    drop(cx);
    if let Some(done) = done {
        done.values = values.into_inner();
        done.journey.entry_fields.clone_from(&done.values.fields);
    }
    Some(Scenario { title: checked.0, journey: journey?, lines: checked.1, place: scenario.place })
}

fn story(cx: &mut Cx, scenario: &ast::Scenario) -> (String, Vec<Scene>) {
    let title = scenario.title.as_ref().map(|title| title.text.clone()).unwrap_or_default();
    let mut story = Story::default();
    let lines = lines(cx, &scenario.lines, &mut story);
    if !story.expects {
        let place = scenario.title.as_ref().map_or(scenario.place, |title| title.place);
        cx.found.push(NothingExpected { place, title: title.clone() });
    }
    (title, lines)
}

fn lines(cx: &mut Cx, written: &[ast::Scene], story: &mut Story) -> Vec<Scene> {
    let mut scenes = Vec::with_capacity(written.len());
    for line in written {
        if let Some(kind) = line_kind(cx, line, story) {
            scenes.push(Scene { place: line.place, kind });
        }
        story.lines += 1;
    }
    scenes
}

fn line_kind(cx: &mut Cx, line: &ast::Scene, story: &mut Story) -> Option<SceneKind> {
    let place = line.place;
    match &line.kind {
        ast::SceneKind::Starting(moment) => {
            if story.lines > 0 {
                cx.found.push(StartsTwice { place });
            }
            let moment = moment.as_ref()?;
            story.now = Some(moment.value);
            story.begun = true;
            Some(SceneKind::Starting(moment.value))
        }
        ast::SceneKind::GivenHas { count, target, ago, fields } => {
            given_before(cx, place);
            given_has(cx, count.as_ref(), target.as_ref()?, ago.as_ref(), fields.as_ref())
        }
        ast::SceneKind::GivenSubscribed(topic) => {
            given_before(cx, place);
            cx.project.topic(topic.as_ref()?, cx.found).map(SceneKind::GivenSubscribed)
        }
        ast::SceneKind::GivenOther { who, fields, topic } => {
            given_before(cx, place);
            let fields = match fields {
                Some(_) => customer(cx, fields.as_ref(), place)?,
                None => Vec::new(),
            };
            let topic = match topic {
                Some(topic) => Some(cx.project.topic(topic, cx.found)?),
                None => None,
            };
            Some(SceneKind::GivenOther { who: Text::new(&who.as_ref()?.text), fields, topic })
        }
        ast::SceneKind::GivenCustomer(fields) => {
            given_before(cx, place);
            customer(cx, fields.as_ref(), place).map(SceneKind::GivenCustomer)
        }
        ast::SceneKind::GivenItem(item) => {
            given_before(cx, place);
            if super::codes::is_pool(cx, item) {
                return super::codes::given(cx, item, place);
            }
            super::scenario_catalog::item(cx, item, place).map(SceneKind::GivenItem)
        }
        ast::SceneKind::At { moment, happens } => {
            let happens = happens.as_ref().and_then(|happens| happening(cx, happens));
            let moment = moment.as_ref()?;
            if story.now.is_some_and(|now| moment.value < now) {
                cx.found.push(GoesBack { place: moment.place, fix: None });
            }
            story.now = Some(moment.value);
            story.begun = true;
            happens.map(|happens| SceneKind::At { moment: moment.value, happens })
        }
        ast::SceneKind::After { delay, happens } => after(cx, delay.as_ref(), happens.as_ref(), story, place),
        ast::SceneKind::Choosing(path) => choosing(cx, path.as_ref()?).map(SceneKind::Choosing),
        ast::SceneKind::InTheRunOf { key, value, lines: inner } => in_the_run(cx, key.as_ref(), value.as_ref(), inner, story),
        ast::SceneKind::Expect(expect) => {
            story.expects = true;
            expect::check(cx, expect.as_ref()?).map(SceneKind::Expect)
        }
    }
}

fn given_before(cx: &mut Cx, place: Place) {
    if cx.happened {
        cx.found.push(GivenLate { place });
    }
}

fn after(
    cx: &mut Cx,
    delay: Option<&ast::Spanned<Span>>,
    happens: Option<&ast::Happens>,
    story: &mut Story,
    place: Place,
) -> Option<SceneKind> {
    if !story.begun {
        cx.found.push(AfterWhat { place });
    }
    let happens = happens.and_then(|happens| happening(cx, happens));
    let delay = amount::ahead(delay?, "a time between two lines", cx.found);
    story.begun = true;
    // Civil steps of days and months need no zone for an order by day; the clock time stays.
    story.now = match (story.now, delay) {
        (Some(now), Some(span)) => later(now, span),
        _ => None,
    };
    Some(SceneKind::After { delay: delay?, happens: happens? })
}

fn later(now: NaiveDateTime, span: Span) -> Option<NaiveDateTime> {
    now.checked_add_months(chrono::Months::new(u32::try_from(span.months).ok()?))?
        .checked_add_signed(chrono::TimeDelta::try_days(i64::from(span.days))?)?
        .checked_add_signed(chrono::TimeDelta::try_milliseconds(span.ms)?)
}

fn given_has(
    cx: &mut Cx,
    count: Option<&ast::Spanned<crate::value::Decimal>>,
    target: &ast::Target,
    ago: Option<&ast::Spanned<Span>>,
    fields: Option<&ast::Expr>,
) -> Option<SceneKind> {
    let what = cx.what(target);
    let count = match count {
        Some(count) => amount::count(count, "the number of earlier events", GIVEN_MAX, cx.found)?,
        None => 1,
    };
    let ago = ago.and_then(|ago| amount::ahead(ago, "how long ago it was", cx.found));
    match what? {
        What::Happened(Happening::Event(event)) => {
            let fields = event_fields(cx, event, fields, target.place)?;
            Some(SceneKind::GivenHas { count, what: what?, ago: ago?, fields })
        }
        What::Happened(_) => Some(SceneKind::GivenHas { count, what: what?, ago: ago?, fields: Vec::new() }),
        What::Message { verb, which: WhichMessage::Message(message), by } => {
            if let Some(fields) = fields {
                cx.found.push(NotGivable { place: fields.place });
            }
            let by = by.or_else(|| cx.signatures.messages.get(message.index())?.channels.first().copied());
            Some(SceneKind::GivenHas {
                count,
                what: What::Message { verb, which: WhichMessage::Message(message), by },
                ago: ago?,
                fields: Vec::new(),
            })
        }
        What::Message { .. } => {
            cx.found.push(NotGivable { place: target.place });
            None
        }
    }
}

fn choosing(cx: &mut Cx, path: &ast::TextLit) -> Option<Text> {
    if path.text == "hold out" {
        let held = cx.shared.holds_out || cx.checked.is_some_and(|journey| journey.hold_out > 0);
        if !held && cx.whole {
            let journey = cx.journey_name();
            cx.found.push(NobodyHeldOut { place: path.place, journey });
        }
        return Some(Text::new(&path.text));
    }
    let paths = cx.paths;
    if !cx.whole || paths.iter().any(|known| *known == path.text.as_str()) {
        return Some(Text::new(&path.text));
    }
    let has = match paths {
        [] => "it has no `split`".to_owned(),
        paths => format!("its paths are {}", paths.iter().map(|path| format!("\"{path}\"")).collect::<Vec<_>>().join(", ")),
    };
    let near = suggest::best(&path.text, paths.iter().map(Text::as_str));
    let fix = near.map(|near| Fix::replace(format!("change to \"{near}\""), path.content, near));
    let journey = cx.journey_name();
    cx.found.push(PathUnknown { place: path.place, path: path.text.clone(), journey, has, fix });
    None
}

fn in_the_run(
    cx: &mut Cx,
    key: Option<&ast::Name>,
    value: Option<&ast::Expr>,
    inner: &[ast::Scene],
    story: &mut Story,
) -> Option<SceneKind> {
    let ty = key.and_then(|key| key_type(cx, key));
    let value = match (&ty, value) {
        (Some(ty), Some(value)) => cx.constant(value, ty),
        _ => None,
    };
    let inner = lines(cx, inner, story);
    Some(SceneKind::InTheRunOf { key: value?, lines: inner })
}

/// The type of the journey's key, if this is it.
fn key_type(cx: &mut Cx, key: &ast::Name) -> Option<Type> {
    let checked = cx.checked?;
    let (name, ty) = match checked.key {
        RunKey::Value(at) => {
            let field = checked.entry_fields.get(usize::from(at))?;
            (field.name.clone(), field.ty.required().clone())
        }
        _ if !cx.whole => return None,
        other => {
            let why = match other {
                RunKey::Customer => "a customer is in it at most once at a time".to_owned(),
                _ => "every event has a run of its own there, without a name".to_owned(),
            };
            let journey = cx.journey_name();
            cx.found.push(NotItsKey { place: key.place, journey, key: key.text.to_string(), why, fix: None });
            return None;
        }
    };
    if name != key.text {
        let journey = cx.journey_name();
        let why = format!("they are told apart by `{name}`");
        let fix = Some(Fix::replace(format!("change to `{name}`"), key.place, name.to_string()));
        cx.found.push(NotItsKey { place: key.place, journey, key: key.text.to_string(), why, fix });
        return None;
    }
    Some(ty)
}
