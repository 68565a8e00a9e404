//! `collect` and `for each`: many of a kind, taken together and one by one.
//!
//! In: such a step as written. Out: the checked step. **Invariant:** what is collected is events of one kind; a `for each` has a written limit
//! and walks a list that is there.

use super::amount;
use super::checked::{Block, Collect, Journey, RunKey, Step, StepKind};
use super::expr::a;
use super::flow::each_block;
use super::journey::Cx;
use super::problem::problems;
use super::waits::{self, BindsReport, BindsSeveral};
use crate::ast::{self, CollectFor};
use crate::condition::{Expr, Happening, Until, What};
use crate::diagnostic::{Code, Diagnostics, Fix};
use crate::schema::EventId;
use crate::source::Place;
use crate::value::{Decimal, Type};

/// Most rounds of a `for each`.
const EACH_MAX: u32 = 1_000;

problems! {
    /// `for each x in customer.plan up to 5 { … }`
    NotAListToWalk { is: String } = Code::new("E0867", "nothing-to-walk-through");
        "there is nothing to walk through here", "this is {is}, not a list", "name a list, for example `customer.interests`";

    /// `collect viewed since entry for …`
    CollectSince {} = Code::new("E0868", "collects-from-here-on");
        "`collect` counts from here on", "it cannot take what came before", "take `since …` out; `with the first` takes what began the run";

    /// `collect … with the first` where something else begins the run.
    FirstIsAnother { event: String } = Code::new("E0869", "first-is-another");
        "not every run of this journey begins with `{event}`", "so there is no first one to take along",
        "write `without the first`, or let only `{event}` begin the journey";

    /// `collect viewed for entry.plan up to 1 hour`
    NotALength { is: String } = Code::new("E0870", "not-a-length-of-time");
        "this is {is}, and a length of time is needed", "how long should be collected?", "write for example `for 10 minutes`, or declare the property as `duration`";

    /// Steps behind a `collect` of a keyed journey.
    LostBehindCollect { event: String, fix: Option<Fix> } = Code::new("W0871", "lost-behind-collect");
        "what comes with the same key while the steps after this are under way is lost", "it is not collected any more, and finds the run still alive",
        "write `one run per event` in the header: what a `collect` takes begins no run of its own";
}

pub(super) fn for_each(
    cx: &mut Cx,
    name: Option<&ast::Name>,
    list: Option<&ast::Expr>,
    most: Option<&ast::Spanned<Decimal>>,
    block: &ast::Block,
) -> Option<StepKind> {
    let most = most.and_then(|most| amount::count(most, "the number of rounds", EACH_MAX, cx.found));
    let walked = list.map(|written| {
        let (list, ty) = cx.infer(written);
        let element = match ty.required() {
            Type::List(element) if ty.is_optional() => {
                let needed = ty.required().clone();
                cx.typer().expect_type(written, &ty, &needed);
                element.as_ref().clone()
            }
            Type::List(element) => element.as_ref().clone(),
            Type::Error => Type::Error,
            other => {
                cx.found.push(NotAListToWalk { place: written.place, is: a(other) });
                Type::Error
            }
        };
        (list, element)
    });
    cx.scope.open();
    let element = walked.as_ref().map_or(Type::Error, |(_, element)| element.clone());
    let item = name.map(|name| cx.bind(name, element));
    cx.repeats += 1;
    let block = cx.steps(block);
    cx.repeats -= 1;
    cx.scope.close();
    Some(StepKind::ForEach { item: item?, list: walked?.0, most: most?, block })
}

pub(super) fn collect(
    cx: &mut Cx,
    written: Option<&ast::Trigger>,
    length: Option<&CollectFor>,
    with_first: Option<bool>,
    bind: Option<&ast::Name>,
    place: Place,
) -> Option<StepKind> {
    let mut trigger = written.and_then(|trigger| waits::trigger(cx, trigger));
    let event = trigger.as_ref().and_then(|trigger| {
        let first = trigger.targets.first().map(|(what, _)| *what)?;
        let name = bind.map_or_else(String::new, |bind| bind.text.to_string());
        if trigger.targets.iter().any(|(what, _)| *what != first) {
            cx.found.push(BindsSeveral { place, name });
            return None;
        }
        match first {
            What::Happened(Happening::Event(event)) => Some(event),
            _ => {
                cx.found.push(BindsReport { place, name });
                None
            }
        }
    });
    if let Some(trigger) = trigger.as_mut().filter(|trigger| trigger.since.is_some()) {
        cx.found.push(CollectSince { place });
        trigger.since = None;
    }
    let until = length.and_then(|length| self::length(cx, length));
    let first = match (with_first, event) {
        (Some(true), Some(event)) => Some(self::first(cx, event, place)?),
        _ => None,
    };
    let element = match event.and_then(|event| cx.project.schema.events.get(event.index())) {
        Some(event) => Type::Event(event.name.clone()),
        None => Type::Error,
    };
    // How many came is counted beside, for the list keeps only the first ones.
    let count = crate::schema::LocalId(u16::try_from(cx.scope.locals.len()).unwrap_or(u16::MAX));
    let counted = bind.map_or_else(Default::default, |bind| crate::value::Text::from(format!("count of {}", bind.text)));
    cx.scope.locals.push((counted, Type::Number));
    let list = cx.bind(bind?, Type::List(std::sync::Arc::new(element)));
    cx.scope.collected.push((list, count));
    event?;
    Some(StepKind::Collect(Collect { trigger: trigger?, until: until?, first, list, count }))
}

fn length(cx: &mut Cx, length: &CollectFor) -> Option<Until> {
    match length {
        CollectFor::Fixed(duration) => amount::ahead(duration, "a collect", cx.found).map(Until::After),
        CollectFor::UpTo { path, most } => {
            let most = most.as_ref().and_then(|most| amount::ahead(most, "a collect", cx.found));
            let (value, ty) = cx.path(path)?;
            if !matches!(ty.required(), Type::Duration | Type::Error) {
                cx.found.push(NotALength { place: path.place, is: a(&ty) });
                return None;
            }
            Some(Until::Lasting { value: Box::new(value), most: most? })
        }
    }
}

/// What began the run, as the record that the others are.
fn first(cx: &mut Cx, event: EventId, place: Place) -> Option<Expr> {
    let source = super::header_values::Source::Event(event);
    let only = cx.values.borrow().sources.iter().all(|other| *other == source);
    let declared = &cx.project.schema.events[event.index()];
    if !only {
        cx.found.push(FirstIsAnother { place, event: declared.name.to_string() });
        return None;
    }
    let read = |field: &crate::schema::Field| {
        let (at, _) = cx.values.borrow_mut().read(&cx.project.schema, &field.name).ok()?;
        Some(Expr::Entry(at))
    };
    declared.fields.iter().map(read).collect::<Option<Vec<Expr>>>().map(Expr::Record)
}

/// A keyed journey in which something follows a `collect` loses what comes meanwhile.
pub(super) fn warn(journey: &Journey, found: &mut Diagnostics) {
    if matches!(journey.key, RunKey::Value(_)) {
        behind(&journey.steps, false, found);
    }
}

fn behind(block: &Block, mut more: bool, found: &mut Diagnostics) {
    for step in block.iter().rev() {
        if let (StepKind::Collect(_), true) = (&step.kind, more) {
            found.push(LostBehindCollect { place: step.head, event: String::new(), fix: None });
        }
        inner(step, more, found);
        more = true;
    }
}

fn inner(step: &Step, more: bool, found: &mut Diagnostics) {
    let mut blocks = Vec::new();
    each_block(&step.kind, &mut |block| blocks.push(block));
    blocks.into_iter().for_each(|block| behind(block, more, found));
}
