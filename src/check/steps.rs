//! The steps of a journey: what each of them needs, and what it leaves behind for the steps after it.
//!
//! In: blocks as written. Out: checked blocks, in the same order. **Invariant:** a step with a mistake is left out, its inner blocks are
//! checked all the same; names bound by it are known afterwards, so that one mistake gives one message. Waits and sends have files of
//! their own.

use super::amount;
use super::checked::{Block, SplitPath, Step, StepKind};
use super::expr::fits;
use super::header_entry::dotted;
use super::journey::Cx;
use super::problem::problems;
use super::{collect, members, sends, waits};
use crate::ast;
use crate::ast::LetValue;
use crate::condition::Expr;
use crate::diagnostic::{Code, Edit, Fix};
use crate::schema::{FieldId, Topic, TopicId};
use crate::source::Place;
use crate::value::{Decimal, Text, Type};

/// Most rounds of a repeat.
const ROUNDS_MAX: u32 = 1_000;

problems! {
    /// Shares of a split that do not make 100 %.
    SplitSum { of: &'static str, sum: String, what: String, fix: Option<Fix> } = Code::new("E0380", "split-is-not-100");
        "the {of} make {sum}%, not 100%", "{what}", "change the percentages so that they add up to 100%";

    /// Two paths with one name.
    PathTwice { of: &'static str, name: String, other: Option<(Place, &'static str)> } = Code::new("E0381", "path-twice");
        "two {of} are called \"{name}\"", "reports and scenarios could not tell them apart", "give one of them another name";

    /// `break` outside a repeat.
    BreakOutside { fix: Option<Fix> } = Code::new("E0382", "break-outside-repeat");
        "there is no repeat here to leave", "`break` leaves a `repeat` or `for each` block", "write `exit` to end the journey for this customer";

    /// `let x be customer.plan or exit if missing` where the plan is never missing.
    NeverMissing { name: String, fix: Option<Fix> } = Code::new("E0383", "always-there");
        "this value is never missing", "there is always one for `{name}`", "take `or exit if missing` out";

    /// The choices of a `let` are of different types.
    ChoicesDiffer { name: String, first: String, this: String } = Code::new("E0384", "choices-differ");
        "`{name}` would be sometimes {first} and sometimes {this}", "the choices above are {first}", "give all choices the same type";

    /// `set entry.total to 3`, `set customer.id to "x"`
    NotSettable { path: String, why: &'static str } = Code::new("E0385", "cannot-be-changed");
        "`{path}` cannot be changed", "{why}", "change a field of the customer, for example `set customer.plan to \"pro\"`";

    /// `clear customer.plan` where the plan is required.
    NotClearable { path: String, ty: String } = Code::new("E0386", "cannot-be-cleared");
        "`{path}` must always have a value", "its type is {ty}, without `?`", "set it to another value, or declare it as `{ty}?` where the customer is described";

    /// `add "x" to customer.plan`
    NotAList { path: String, ty: String, verb: &'static str, fix: Option<Fix> } = Code::new("E0387", "not-a-list");
        "`{path}` is no list", "its type is {ty}", "use `{verb}` for it";

    /// `increase customer.plan by 1`
    NotANumber { path: String, ty: String } = Code::new("E0388", "not-a-number");
        "`{path}` is no number and no amount of money", "its type is {ty}", "use `set {path} to …`";

    /// `increase customer.points by 1` where the points may be missing.
    NoStart { path: String, ty: String } = Code::new("E0389", "nothing-to-increase");
        "`{path}` may be missing, and nothing can be added to what is not there", "its type is {ty}?",
        "give it a value to start with where the customer is described: `{ty} = 0`";

    /// `subscribe to orders` where orders is transactional.
    NoSubscription { topic: String, verb: &'static str } = Code::new("E0390", "no-subscription-needed");
        "nobody can {verb} `{topic}`", "a transactional topic needs no consent", "take this line out";

    /// Split by something that is no identity.
    NotAUnit { of: &'static str, path: String, ty: String } = Code::new("E0391", "cannot-split-by");
        "{of} cannot go by `{path}`", "its type is {ty}", "split by a text or a number that stays the same, for example `split by entry.order_id`";
}

/// Checks a block whose scope is open already.
pub(super) fn steps<'s>(cx: &mut Cx, block: impl IntoIterator<Item = &'s ast::Step>) -> Block {
    let mut checked = Vec::new();
    for step in block {
        if let Some(kind) = kind(cx, step) {
            checked.push(Step { place: step.place, head: step.head, docs: step.docs.text.clone(), kind });
        }
    }
    super::route::best_times(&mut checked);
    checked
}

/// A topic that customers can subscribe to.
pub(super) fn consent(cx: &mut Cx, name: &ast::Name, verb: &'static str) -> Option<TopicId> {
    let topic = cx.project.topic(name, cx.found)?;
    if cx.project.schema.topics.get(topic.index()).is_some_and(Topic::is_transactional) {
        cx.found.push(NoSubscription { place: name.place, topic: name.text.to_string(), verb });
        return None;
    }
    Some(topic)
}

fn kind(cx: &mut Cx, step: &ast::Step) -> Option<StepKind> {
    let place = step.head;
    match &step.kind {
        ast::StepKind::Wait { duration, until } => waits::plain(cx, duration.as_ref(), until.as_ref()),
        ast::StepKind::WaitUntil(wait) => waits::until(cx, wait, place),
        ast::StepKind::WaitUpToShort { .. } => waits::short(cx, step),
        ast::StepKind::WaitUpTo { duration, branches } => waits::long(cx, duration.as_ref(), branches, false, place),
        ast::StepKind::WaitFull { duration, branches } => waits::long(cx, duration.as_ref(), branches, true, place),
        ast::StepKind::If { arms, otherwise } => Some(branch(cx, arms, otherwise.as_ref())),
        ast::StepKind::Let { name, value } => binding(cx, name.as_ref()?, value.as_ref()),
        ast::StepKind::Split { by, paths } => split(cx, by.as_ref(), paths, place),
        ast::StepKind::Draw(draw) => super::codes::draw(cx, draw),
        ast::StepKind::Call(call) => super::hook::call(cx, call),
        ast::StepKind::Experiment(experiment) => super::experiment::check(cx, experiment, place),
        ast::StepKind::Send(send) => sends::send(cx, send, place),
        ast::StepKind::Subscribe(topic) => consent(cx, topic.as_ref()?, "subscribe to").map(StepKind::Subscribe),
        ast::StepKind::Unsubscribe(Some(ast::UnsubscribeFrom::Topic(topic))) => {
            consent(cx, topic, "unsubscribe from").map(StepKind::Unsubscribe)
        }
        ast::StepKind::Unsubscribe(Some(ast::UnsubscribeFrom::Everything(_))) => Some(StepKind::UnsubscribeFromEverything),
        ast::StepKind::Unsubscribe(None) => None,
        ast::StepKind::Emit { event, fields } => sends::emit(cx, event.as_ref()?, fields.as_ref()),
        ast::StepKind::StartJourney { journey, args, args_place } => sends::start(cx, journey.as_ref()?, args, *args_place),
        ast::StepKind::Repeat { times, block } => repeat(cx, times.as_ref(), block),
        ast::StepKind::ForEach { name, list, most, block } => collect::for_each(cx, name.as_ref(), list.as_ref(), most.as_ref(), block),
        ast::StepKind::Collect { trigger, length, with_first, bind } => {
            collect::collect(cx, trigger.as_ref(), length.as_ref(), *with_first, bind.as_ref(), place)
        }
        ast::StepKind::Break => {
            if cx.repeats == 0 {
                cx.found.push(BreakOutside { place, fix: Some(Fix::replace("change to `exit`", place, "exit")) });
                return None;
            }
            Some(StepKind::Break)
        }
        ast::StepKind::Exit(reason) => Some(StepKind::Exit { reason: reason.as_ref().map(|reason| reason.text.clone()) }),
        ast::StepKind::Membership { of, add, name } => members::membership(cx, *of, *add, name.as_ref()?),
        ast::StepKind::MoveToStage(stage) => cx.project.stage(stage.as_ref()?, cx.found).map(StepKind::MoveToStage),
        ast::StepKind::Confirm(topic) => members::confirm(cx, topic.as_ref()?),
        ast::StepKind::Suppress { channel, reason } => members::suppress(cx, channel.as_ref()?, reason.as_ref()?),
        ast::StepKind::Broken { block } => {
            if let Some(block) = block {
                cx.block(block);
            }
            None
        }
        profile => change(cx, profile),
    }
}

fn branch(cx: &mut Cx, written: &[(Option<ast::Expr>, ast::Block)], otherwise: Option<&ast::Block>) -> StepKind {
    let mut arms = Vec::with_capacity(written.len());
    for (condition, block) in written {
        cx.scope.open();
        let condition = condition.as_ref().map(|condition| cx.condition_binding(condition));
        let steps = cx.steps(block);
        cx.scope.close();
        if let Some((condition, mut held)) = condition {
            held.extend(steps);
            arms.push((condition, held));
        }
    }
    StepKind::If { arms, otherwise: otherwise.map(|block| cx.block(block)).unwrap_or_default() }
}

fn binding(cx: &mut Cx, name: &ast::Name, value: Option<&LetValue>) -> Option<StepKind> {
    let (value, ty, or_exit) = match value {
        Some(LetValue::Plain(value)) => {
            let (value, ty) = cx.infer(value);
            (Some(value), ty, false)
        }
        Some(LetValue::OrExit(written)) => {
            let (value, ty) = cx.infer(written);
            if !ty.is_optional() && ty != Type::Error {
                cx.found.push(NeverMissing { place: written.place, name: name.text.to_string(), fix: None });
            }
            (Some(value), ty.required().clone(), true)
        }
        Some(LetValue::Choice { choices, otherwise }) => {
            let (value, ty) = choice(cx, name, choices, otherwise.as_ref());
            (value, ty, false)
        }
        None => (None, Type::Error, false),
    };
    let local = cx.bind(name, ty);
    let value = value?;
    Some(if or_exit { StepKind::LetOrExit { local, value } } else { StepKind::Let { local, value } })
}

/// `500 if C, 200 if D, otherwise 100`: one type for all, missing where any may be.
fn choice(
    cx: &mut Cx,
    name: &ast::Name,
    choices: &[(ast::Expr, Option<ast::Expr>)],
    otherwise: Option<&ast::Expr>,
) -> (Option<Expr>, Type) {
    let mut ty: Option<Type> = None;
    let mut optional = false;
    let mut whole = true;
    let mut one = |cx: &mut Cx, written: &ast::Expr| {
        let (value, found) = cx.infer(written);
        optional |= found.is_optional();
        let found = found.required().clone();
        match &ty {
            Some(first) if fits(first, &found) => ty = Some(found),
            Some(first) if !fits(&found, first) => {
                let (first, this) = (first.to_string(), found.to_string());
                cx.found.push(ChoicesDiffer { place: written.place, name: name.text.to_string(), first, this });
                whole = false;
            }
            None => ty = Some(found),
            Some(_) => {}
        }
        value
    };
    let mut checked = Vec::with_capacity(choices.len());
    for (value, condition) in choices {
        let value = one(cx, value);
        if let Some(condition) = condition {
            checked.push((value, cx.condition(condition)));
        }
    }
    let otherwise = otherwise.map(|otherwise| one(cx, otherwise));
    let ty = ty.unwrap_or(Type::Error);
    let ty = if optional { ty.optional() } else { ty };
    let value = otherwise.filter(|_| whole).map(|otherwise| Expr::Choice { choices: checked, otherwise: Box::new(otherwise) });
    (value, ty)
}

/// How the ways of a choice by chance are called.
#[derive(Clone, Copy)]
pub(super) struct Choice {
    pub(super) all: &'static str,
    pub(super) one: &'static str,
    pub(super) whole: &'static str,
}

fn split(cx: &mut Cx, by: Option<&ast::PathRef>, written: &[ast::SplitPath], place: Place) -> Option<StepKind> {
    const SPLIT: Choice = Choice { all: "paths of this split", one: "a path", whole: "a split" };
    let unit = unit(cx, by, SPLIT);
    let paths = shares(cx, written, place, SPLIT);
    Some(StepKind::Split { unit, paths, experiment: None })
}

/// What is drawn for, where it is not the customer.
pub(super) fn unit(cx: &mut Cx, by: Option<&ast::PathRef>, choice: Choice) -> Option<Expr> {
    let path = by?;
    let (value, ty) = cx.path(path)?;
    let fits = ty.is_textual() || matches!(ty, Type::Number | Type::Date | Type::Error);
    if !fits || ty.is_optional() {
        cx.found.push(NotAUnit { place: path.place, of: choice.whole, path: dotted(path), ty: ty.to_string() });
        return None;
    }
    Some(value)
}

/// The ways, whose shares make 100 %.
pub(super) fn shares(cx: &mut Cx, written: &[ast::SplitPath], place: Place, choice: Choice) -> Vec<SplitPath> {
    let mut paths: Vec<SplitPath> = Vec::with_capacity(written.len());
    let mut sum = Decimal::ZERO;
    let mut sums = true;
    for path in written {
        let block = cx.block(&path.block);
        let share = path.percent.as_ref().and_then(|percent| {
            sum = sum.saturating_add(percent.value);
            amount::share(percent, choice.one, cx.found)
        });
        sums &= share.is_some();
        let Some(name) = &path.name else {
            continue;
        };
        if let Some(first) = paths.iter().find(|first| first.name == name.text.as_str()) {
            cx.found.push(PathTwice {
                place: name.place,
                of: choice.all,
                name: name.text.clone(),
                other: Some((first.place, "the first one")),
            });
        }
        cx.paths.push(Text::new(&name.text));
        paths.push(SplitPath { name: Text::new(&name.text), share: share.unwrap_or_default(), block, place: path.head });
    }
    if sums && sum != Decimal::ONE_HUNDRED {
        let (what, fix) = missing_share(written, sum, choice);
        cx.found.push(SplitSum { place, of: choice.all, sum: sum.normalize().to_string(), what, fix });
    }
    paths
}

/// What is too much or too little, and the last path mended where that is possible.
fn missing_share(paths: &[ast::SplitPath], sum: Decimal, choice: Choice) -> (String, Option<Fix>) {
    let lacks = Decimal::ONE_HUNDRED - sum;
    let what = if lacks > Decimal::ZERO {
        format!("{}% of the customers have no {}", lacks.normalize(), choice.one.trim_start_matches("a "))
    } else {
        format!("{}% too much", (-lacks).normalize())
    };
    let last = paths.last().and_then(|path| path.percent.as_ref());
    let fix = last.and_then(|last| {
        let mended = last.value + lacks;
        (mended > Decimal::ZERO).then(|| {
            let text = format!("{}%", mended.normalize());
            Fix {
                title: format!("change the last {} to {text}", choice.one.trim_start_matches("a ")),
                edits: vec![Edit { place: last.place, text }],
            }
        })
    });
    (what, fix)
}

fn repeat(cx: &mut Cx, times: Option<&ast::Spanned<Decimal>>, block: &ast::Block) -> Option<StepKind> {
    let times = times.and_then(|times| amount::count(times, "the number of rounds", ROUNDS_MAX, cx.found));
    cx.repeats += 1;
    let block = cx.block(block);
    cx.repeats -= 1;
    Some(StepKind::Repeat { times: times?, block })
}

// ---------------------------------------------------------------- changes of the customer's profile

fn change(cx: &mut Cx, kind: &ast::StepKind) -> Option<StepKind> {
    match kind {
        ast::StepKind::Set { path, value } => {
            let target = path.as_ref().and_then(|path| settable(cx, path));
            let value = value.as_ref()?;
            match target {
                Some((field, ty)) => Some(StepKind::Set { field, value: cx.value(value, &ty) }),
                None => {
                    cx.infer(value);
                    None
                }
            }
        }
        ast::StepKind::Clear(path) => {
            let path = path.as_ref()?;
            let (field, ty) = settable(cx, path)?;
            if !ty.is_optional() && ty != Type::Error {
                cx.found.push(NotClearable { place: path.place, path: dotted(path), ty: ty.to_string() });
                return None;
            }
            Some(StepKind::Clear(field))
        }
        ast::StepKind::Add { value, path } => {
            let (field, value) = element(cx, path.as_ref()?, value.as_ref()?, "increase … by …")?;
            Some(StepKind::AddTo { field, value })
        }
        ast::StepKind::Remove { value, path } => {
            let (field, value) = element(cx, path.as_ref()?, value.as_ref()?, "decrease … by …")?;
            Some(StepKind::RemoveFrom { field, value })
        }
        ast::StepKind::Increase { path, by } => {
            let (field, by) = step_by(cx, path.as_ref()?, by.as_ref()?)?;
            Some(StepKind::Increase { field, by })
        }
        ast::StepKind::Decrease { path, by } => {
            let (field, by) = step_by(cx, path.as_ref()?, by.as_ref()?)?;
            Some(StepKind::Increase { field, by: Expr::Negate(Box::new(by)) })
        }
        _ => None,
    }
}

/// A field of the customer that steps may change, with its type.
fn settable(cx: &mut Cx, path: &ast::PathRef) -> Option<(FieldId, Type)> {
    let head = path.parts.first()?;
    let not = |why| NotSettable { place: path.place, path: dotted(path), why };
    if head.text != "customer" || path.parts.len() != 2 {
        cx.found.push(not("only what is known of the customer can"));
        return None;
    }
    if path.parts[1].text == "id" {
        cx.found.push(not("it is who the customer is"));
        return None;
    }
    if cx.project.names.get(super::names::Kind::Score, &path.parts[1].text).is_some()
        && !cx.project.fields.contains_key(&path.parts[1].text)
    {
        cx.found.push(not("it is a score, which only its own lines change"));
        return None;
    }
    cx.typer().customer_field(path)
}

/// A list of the customer and an element for it; `instead` is the verb that numbers take.
fn element(cx: &mut Cx, path: &ast::PathRef, value: &ast::Expr, instead: &'static str) -> Option<(FieldId, Expr)> {
    let Some((field, ty)) = settable(cx, path) else {
        cx.infer(value);
        return None;
    };
    match ty.required() {
        Type::List(element) => Some((field, cx.value(value, element))),
        Type::Error => None,
        other => {
            cx.infer(value);
            let verb = if matches!(other, Type::Number | Type::Money(_)) { instead } else { "set … to …" };
            cx.found.push(NotAList { place: path.place, path: dotted(path), ty: other.to_string(), verb, fix: None });
            None
        }
    }
}

fn step_by(cx: &mut Cx, path: &ast::PathRef, by: &ast::Expr) -> Option<(FieldId, Expr)> {
    let Some((field, ty)) = settable(cx, path) else {
        cx.infer(by);
        return None;
    };
    match ty.required() {
        Type::Number | Type::Money(_) if ty.is_optional() => {
            cx.infer(by);
            cx.found.push(NoStart { place: path.place, path: dotted(path), ty: ty.required().to_string() });
            None
        }
        Type::Number | Type::Money(_) => Some((field, cx.value(by, ty.required()))),
        Type::Error => None,
        other => {
            cx.infer(by);
            cx.found.push(NotANumber { place: path.place, path: dotted(path), ty: other.to_string() });
            None
        }
    }
}
