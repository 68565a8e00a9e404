//! Waiting: for a time, for a date, for something that happens.
//!
//! In: `wait …` in all its forms, and triggers. Out: [`Wait`], [`Await`], [`Trigger`]. **Invariant:** every wait has an end, and where a
//! date may be missing or past the file says what happens then. Reads no clock: whether a written moment is past is not known here.

use super::amount;
use super::checked::{Arm, ArmKind, Await, PastBehaviour, StepKind, Wait};
use super::header_entry::{clock_time, dotted};
use super::header_every::weekdays;
use super::header_key as keys;
use super::journey::Cx;
use super::problem::{after, problems};
use crate::ast;
use crate::ast::{BranchKind, DayWord};
use crate::calendar::Span;
use crate::condition::{Happening, Since, Trigger, Until, What};
use crate::diagnostic::{Code, Fix};
use crate::schema::{MessageVerb, PastRule};
use crate::source::Place;
use crate::value::Type;

problems! {
    /// `wait until customer.trial_ends` without a word about the past.
    PastUnsaid { path: String, also: &'static str, fix: Vec<Fix> } = Code::new("E0360", "wait-may-be-past");
        "`{path}` may be past already{also} when a customer comes here", "what if it is too late?",
        "end the line with `or exit if past` or `or continue if past` (the same with `missing`), or put what depends on it in a block: `or skip if past {{ }}`";

    /// `wait until customer.birthday` where the birthday may be missing.
    MissingUnsaid { path: String, fix: Vec<Fix> } = Code::new("E0361", "wait-may-be-missing");
        "`{path}` may be missing", "then there is no time to wait for",
        "add `or exit if missing` or `or continue if missing`";

    /// `wait until 09:00 or exit if past`
    NeverPast { word: &'static str, why: &'static str } = Code::new("E0362", "wait-is-never-so");
        "this can never be {word}", "{why}", "take `if {word}` and what belongs to it out";

    /// `or exit if past or skip if past { }`
    RuleTwice { word: &'static str } = Code::new("E0363", "two-rules-for-one-case");
        "it is said twice what happens if this is {word}", "only one can hold", "take one of the two out";

    /// `wait until customer.plan`
    NotADate { path: String, ty: String } = Code::new("E0364", "not-a-date");
        "`{path}` is no date or moment", "its type is {ty}", "wait for a date, for example `wait until 3 days before customer.trial_ends at 10:00 or exit if past`";

    /// A wait for something, without `otherwise`.
    OtherwiseMissing { fix: Option<Fix> } = Code::new("E0365", "otherwise-missing");
        "this wait does not say what happens when time is up", "none of its branches may ever be met",
        "add a branch `otherwise {{ }}` as the last one; an empty block just goes on";

    /// Two `otherwise`, or one that is not the last.
    OtherwiseNotLast { why: &'static str } = Code::new("E0366", "otherwise-is-last");
        "`otherwise` stands last, and only once", "{why}", "move it to the end of the block";

    /// `on a or b as x`
    BindsSeveral { name: String } = Code::new("E0367", "one-of-several-events");
        "`{name}` would be one of several events, which have different properties", "it cannot be said what `{name}` has",
        "write a branch for each event: `on order_completed as order {{ }}`";

    /// `on clicked reminder as x`
    BindsReport { name: String } = Code::new("E0368", "nothing-to-name");
        "`{name}` would have no properties", "what happens to a message or a consent brings none along", "take `as {name}` out";

    /// `on opened reminder`
    OpenedCounts {} = Code::new("W0370", "opens-are-uncertain");
        "mail programs open messages that nobody has read", "so this is met more often, and less often, than somebody reads",
        "wait for `clicked`, or for what the message is meant to lead to";

    /// `on order_completed since 2026-01-01`
    SinceWhat {} = Code::new("E0369", "since-entry-only");
        "a wait looks back to the begin of the run at most", "what came before it does not belong to this run",
        "write `since entry`, or ask for the past with `if has order_completed since 2026-01-01 {{ }}`";
}

/// `wait 2 days`, `wait 2 days, until 10:00`
pub(super) fn plain(
    cx: &mut Cx,
    duration: Option<&ast::Spanned<Span>>,
    until: Option<&ast::Spanned<chrono::NaiveTime>>,
) -> Option<StepKind> {
    let span = amount::ahead(duration?, "a wait", cx.found)?;
    let until = match until {
        Some(time) => Until::AfterUntil(span, time.value),
        None => Until::After(span),
    };
    Some(StepKind::Wait(Wait { until, if_past: PastBehaviour::Continue, if_missing: PastBehaviour::Continue, skipped: Vec::new() }))
}

/// `wait until …` in all its forms.
pub(super) fn until(cx: &mut Cx, wait: &ast::WaitUntil, place: Place) -> Option<StepKind> {
    let moment = wait.until.as_ref().and_then(|until| moment(cx, until, place));
    let rules = rules(cx, wait, moment.as_ref(), place);
    if let Some(branches) = &wait.branches {
        let (arms, otherwise) = branches_of(cx, branches, place);
        let (until, _) = moment?;
        return Some(StepKind::Await(Await {
            deadline: until,
            if_past: rules.past,
            if_missing: rules.missing,
            full: false,
            arms,
            otherwise,
        }));
    }
    let skipped = wait.skip.as_ref().map(|skip| cx.block(&skip.block)).unwrap_or_default();
    let (until, _) = moment?;
    Some(StepKind::Wait(Wait { until, if_past: rules.past, if_missing: rules.missing, skipped }))
}

/// What can go wrong with a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Doubt {
    path: String,
    past: Certainty,
    missing: Certainty,
    /// Where a rule is added.
    end: Place,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Certainty {
    /// It must be said.
    Possible,
    /// It may be said.
    Unknown,
    /// It must not be said.
    Impossible,
}

fn moment(cx: &mut Cx, until: &ast::Until, place: Place) -> Option<(Until, Doubt)> {
    let sure =
        |until| Some((until, Doubt { path: String::new(), past: Certainty::Impossible, missing: Certainty::Impossible, end: place }));
    match until {
        ast::Until::Time(time) => sure(Until::Time(time.value)),
        ast::Until::Day { day, at } => {
            let days = day_of(cx, day)?;
            sure(Until::Weekday { days, at: at.as_ref()?.value })
        }
        ast::Until::Window { from, to, days } => {
            let (from, to) = (from.as_ref()?, to.as_ref()?);
            if from.value == to.value {
                cx.found.push(super::header_caps::NoEnd { place: from.place.to(to.place) });
                return None;
            }
            let days = if days.is_empty() { crate::calendar::Weekdays::ALL } else { weekdays(days, cx.found)? };
            sure(Until::Window { from: from.value, to: to.value, days: days.bits() })
        }
        ast::Until::Moment(moment) => {
            let doubt = Doubt { path: String::new(), past: Certainty::Unknown, missing: Certainty::Impossible, end: moment.place };
            Some((Until::Moment(moment.value), doubt))
        }
        ast::Until::Around { offset, before, path, at } => {
            let span = amount::ahead(offset, "the time around a date", cx.found);
            around(cx, path.as_ref()?, span?, *before, at.as_ref())
        }
        ast::Until::Path { path, at } => around(cx, path, Span::default(), false, at.as_ref()),
        ast::Until::BestTime(within) => {
            let within = amount::ahead(within.as_ref()?, "a wait", cx.found)?;
            sure(Until::BestTime { within, channels: Vec::new() })
        }
    }
}

fn day_of(cx: &mut Cx, day: &ast::Spanned<DayWord>) -> Option<u8> {
    weekdays(std::slice::from_ref(day), cx.found).map(|days| days.bits())
}

fn around(
    cx: &mut Cx,
    path: &ast::PathRef,
    offset: Span,
    before: bool,
    at: Option<&ast::Spanned<chrono::NaiveTime>>,
) -> Option<(Until, Doubt)> {
    let (value, ty) = cx.path(path)?;
    match ty.required() {
        Type::Date | Type::DateTime => clock_time(cx, ty.required(), at.is_some(), offset, path)?,
        Type::Error => return None,
        other => {
            cx.found.push(NotADate { place: path.place, path: dotted(path), ty: other.to_string() });
            return None;
        }
    }
    let missing = if ty.is_optional() { Certainty::Possible } else { Certainty::Impossible };
    let end = at.map_or(path.place, |at| at.place);
    let doubt = Doubt { path: dotted(path), past: Certainty::Possible, missing, end };
    Some((Until::Around { value: Box::new(value), offset, before, at: at.map(|at| at.value) }, doubt))
}

#[derive(Debug, Clone, Copy, Default)]
struct Rules {
    past: PastBehaviour,
    missing: PastBehaviour,
}

fn rules(cx: &mut Cx, wait: &ast::WaitUntil, moment: Option<&(Until, Doubt)>, place: Place) -> Rules {
    let skip = wait.skip.as_ref();
    let one = |rule: Option<PastRule>, skipped: bool| {
        if skipped { PastBehaviour::Skip } else { rule.map(PastBehaviour::from).unwrap_or_default() }
    };
    let skips_past = skip.is_some_and(|skip| skip.past);
    let skips_missing = skip.is_some_and(|skip| skip.missing);
    let rules = Rules { past: one(wait.if_past, skips_past), missing: one(wait.if_missing, skips_missing) };
    if wait.if_past.is_some() && skips_past {
        cx.found.push(RuleTwice { place, word: "past" });
    }
    if wait.if_missing.is_some() && skips_missing {
        cx.found.push(RuleTwice { place, word: "missing" });
    }
    // What the moment is made of had a mistake: nothing more is known of it.
    let Some((_, doubt)) = moment else { return rules };
    let past = unsaid(cx, place, "past", doubt.past, wait.if_past.is_some() || skips_past);
    let missing = unsaid(cx, place, "missing", doubt.missing, wait.if_missing.is_some() || skips_missing);
    let add = |text: &str| Fix::replace(format!("add `{text}`"), after(doubt.end), format!(" {text}"));
    let path = doubt.path.clone();
    match (past, missing) {
        (true, true) => {
            let fix = vec![add("or exit if past or exit if missing"), add("or continue if past or continue if missing")];
            cx.found.push(PastUnsaid { place, path, also: ", or missing,", fix });
        }
        (true, false) => {
            let fix = vec![add("or exit if past"), add("or continue if past")];
            cx.found.push(PastUnsaid { place, path, also: "", fix });
        }
        (false, true) => {
            let fix = vec![add("or exit if missing"), add("or continue if missing")];
            cx.found.push(MissingUnsaid { place, path, fix });
        }
        (false, false) => {}
    }
    rules
}

/// Whether a rule must be written and is not; one that must not be written is reported.
fn unsaid(cx: &mut Cx, place: Place, word: &'static str, can: Certainty, is_said: bool) -> bool {
    if can == Certainty::Impossible && is_said {
        let why = if word == "past" { "the next such time always lies ahead" } else { "it is always there" };
        cx.found.push(NeverPast { place, word, why });
    }
    can == Certainty::Possible && !is_said
}

/// `wait up to D for TRIGGER as x otherwise STEP`, `wait up to D until COND otherwise STEP`
pub(super) fn short(cx: &mut Cx, step: &ast::Step) -> Option<StepKind> {
    let ast::StepKind::WaitUpToShort { duration, what, otherwise } = &step.kind else { return None };
    let deadline = duration.as_ref().and_then(|duration| amount::ahead(duration, "a wait", cx.found));
    // What happens otherwise does not know the event, and is read first for it.
    let otherwise = match otherwise {
        Some(step) => cx.block([&**step]),
        None => Vec::new(),
    };
    let kind = match what.as_ref()? {
        ast::ShortWait::For { trigger: written, bind } => {
            let trigger = trigger(cx, written);
            let mut bind = bind.as_ref().and_then(|name| event_type(cx, trigger.as_ref(), name).map(|ty| (name, ty)));
            if let Some((_, ty)) = &mut bind
                && super::flow::goes_on(&otherwise)
            {
                // Who comes past without it goes on, too.
                *ty = ty.clone().optional();
            }
            let bind = bind.map(|(name, ty)| cx.bind(name, ty));
            ArmKind::On { trigger: trigger?, bind }
        }
        ast::ShortWait::Until(condition) => ArmKind::When(cx.condition(condition)),
    };
    let arms = vec![Arm { kind, block: Vec::new(), place: step.head }];
    let deadline = Until::After(deadline?);
    Some(StepKind::Await(Await {
        deadline,
        if_past: PastBehaviour::Continue,
        if_missing: PastBehaviour::Continue,
        full: false,
        arms,
        otherwise,
    }))
}

/// `wait up to D { … }`, `wait the full D, then first listed of { … }`
pub(super) fn long(
    cx: &mut Cx,
    duration: Option<&ast::Spanned<Span>>,
    branches: &[ast::Branch],
    full: bool,
    place: Place,
) -> Option<StepKind> {
    let deadline = duration.and_then(|duration| amount::ahead(duration, "a wait", cx.found));
    let (arms, otherwise) = branches_of(cx, branches, place);
    let deadline = Until::After(deadline?);
    Some(StepKind::Await(Await { deadline, if_past: PastBehaviour::Continue, if_missing: PastBehaviour::Continue, full, arms, otherwise }))
}

fn branches_of(cx: &mut Cx, branches: &[ast::Branch], place: Place) -> (Vec<Arm>, Vec<super::checked::Step>) {
    let mut arms = Vec::new();
    let mut otherwise = None;
    for (at, branch) in branches.iter().enumerate() {
        match &branch.kind {
            BranchKind::Otherwise => {
                let block = cx.block(&branch.block);
                if otherwise.is_some() {
                    cx.found.push(OtherwiseNotLast { place: branch.head, why: "there is one above already" });
                } else if at + 1 < branches.len() && !branches[at + 1..].iter().any(|later| matches!(later.kind, BranchKind::Otherwise)) {
                    cx.found.push(OtherwiseNotLast { place: branch.head, why: "what follows looks as if it came after the time is up" });
                }
                otherwise.get_or_insert(block);
            }
            kind => {
                if let Some(arm) = arm(cx, kind, branch) {
                    arms.push(arm);
                }
            }
        }
    }
    if otherwise.is_none() {
        // Inside the block, behind its last branch.
        let fix = branches.last().map(|last| Fix::replace("add `otherwise { }`", after(last.place), "\notherwise { }"));
        cx.found.push(OtherwiseMissing { place, fix });
    }
    (arms, otherwise.unwrap_or_default())
}

fn arm(cx: &mut Cx, kind: &BranchKind, branch: &ast::Branch) -> Option<Arm> {
    let mut held = Vec::new();
    cx.scope.open();
    let kind = match kind {
        BranchKind::On { trigger: Some(written), bind } => {
            let trigger = trigger(cx, written);
            let bind = bind.as_ref().and_then(|name| {
                let ty = event_type(cx, trigger.as_ref(), name)?;
                Some(cx.bind(name, ty))
            });
            trigger.map(|trigger| ArmKind::On { trigger, bind })
        }
        BranchKind::When(Some(condition)) => {
            let (condition, hold) = cx.condition_binding(condition);
            held = hold;
            Some(ArmKind::When(condition))
        }
        _ => None,
    };
    let mut block = held;
    block.extend(cx.steps(&branch.block));
    cx.scope.close();
    Some(Arm { kind: kind?, block, place: branch.head })
}

/// The type of what a trigger brings along; an unknown event gives a type that fits everything.
fn event_type(cx: &mut Cx, trigger: Option<&Trigger>, name: &ast::Name) -> Option<Type> {
    let Some(trigger) = trigger else { return Some(Type::Error) };
    let first = trigger.targets.first().map(|(what, _)| *what)?;
    if trigger.targets.iter().any(|(what, _)| *what != first) {
        cx.found.push(BindsSeveral { place: name.place, name: name.text.to_string() });
        return Some(Type::Error);
    }
    match first {
        What::Happened(Happening::Event(event)) => cx.project.schema.events.get(event.index()).map(|event| Type::Event(event.name.clone())),
        _ => {
            cx.found.push(BindsReport { place: name.place, name: name.text.to_string() });
            Some(Type::Error)
        }
    }
}

/// What is waited for, in goals, exits and branches.
pub(super) fn trigger(cx: &mut Cx, written: &ast::Trigger) -> Option<Trigger> {
    let mut targets = Vec::new();
    let mut conditions = Vec::new();
    let mut whole = true;
    for (target, key) in &written.targets {
        let what = cx.what(target);
        if let Some(What::Message { verb: MessageVerb::Opened, .. }) = what {
            cx.found.push(OpenedCounts { place: target.place });
        }
        let condition = written.condition.as_ref().map(|condition| cx.condition_over(what, condition));
        let key = what.and_then(|what| keys::key_match(cx, what, target.place, key.as_ref()));
        match (what, key) {
            (Some(what), Some(key)) => {
                targets.push((what, key));
                conditions.push(condition);
            }
            _ => whole = false,
        }
    }
    let since = match &written.since {
        None => None,
        Some(ast::Since::Path(path)) if path.parts.len() == 1 && path.parts[0].text == "entry" => Some(Since::Entry),
        Some(ast::Since::Moment(moment)) => {
            cx.found.push(SinceWhat { place: moment.place });
            None
        }
        Some(ast::Since::Path(path)) => {
            cx.found.push(SinceWhat { place: path.place });
            None
        }
    };
    (whole && !targets.is_empty()).then_some(Trigger { targets, since, conditions })
}
