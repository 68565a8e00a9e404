//! The header of a journey: what lets customers in, what ends their runs, and what holds for all of it.
//!
//! In: the clauses of a journey. Out: the header's part of a checked [`Journey`], with the entry's values laid out for the steps.
//! **Invariant:** clauses are read in a fixed order (entries, key, then everything that can speak of `entry`), whatever their order in
//! the file. Does not know what the steps do.

use super::amount;
use super::checked::{Again, Goal};
use super::header_caps as caps;
use super::header_entry as entries;
use super::header_key as keys;
use super::journey::Cx;
use super::problem::{before, problems};
use crate::ast;
use crate::ast::{ClauseKind, JourneyItem};
use crate::condition::KeyMatch;
use crate::diagnostic::{Code, Diagnostics, Edit, Fix};
use crate::source::Place;
use chrono::NaiveDateTime;

problems! {
    /// A journey that nobody can enter.
    NoEntry { name: String } = Code::new("E0300", "no-entry");
        "nobody can enter the journey `{name}`", "it has no line that begins with `enter`",
        "say what lets customers in, for example `enter when requested` or `enter when joins segment big_spenders`";

    /// `enter again` is not written.
    EnterAgainMissing { name: String, fix: Vec<Fix> } = Code::new("E0301", "enter-again-missing");
        "`{name}` does not say whether a customer may enter it again", "what if this happens to her a second time?",
        "write it below: `enter again never`, `enter again always` or `enter again 30 days after entry`";

    /// A clause behind the first step.
    ClauseAfterSteps { other: Option<(Place, &'static str)> } = Code::new("E0302", "header-after-steps");
        "this line belongs above the steps of the journey", "it holds for the whole journey, not from here on",
        "move it up, before the first step";

    /// `priority high` twice.
    ClauseTwice { what: &'static str, other: Option<(Place, &'static str)>, fix: Option<Fix> } = Code::new("E0303", "said-twice");
        "`{what}` is said twice", "only one can hold", "take one of the two lines out";

    /// `runs from 2026-03-01 to 2026-02-01`
    EndsBeforeItBegins { fix: Option<Fix> } = Code::new("E0304", "ends-before-it-begins");
        "this journey ends before it begins", "the second date must be later than the first", "swap the two dates, or write a later end";

    /// Parameters that nobody can fill.
    ParamsWithoutRequest { name: String, fix: Option<Fix> } = Code::new("E0305", "parameters-without-request");
        "`{name}` has parameters, and nothing can fill them", "only who is sent here with `start journey` brings parameters along",
        "add the line `enter when requested`";
}

/// The clauses of a header by kind, with the places of their lines.
#[derive(Default)]
struct Clauses<'a> {
    enter: Vec<(Place, &'a ast::Enter)>,
    again: Option<(Place, &'a Option<ast::EnterAgain>)>,
    per: Option<(Place, &'a Option<ast::OneRunPer>)>,
    running: Option<(Place, Option<ast::WhileRunning>)>,
    late: Option<Place>,
    hold_out: Option<(Place, &'a Option<ast::Spanned<crate::value::Decimal>>)>,
    runs: Option<(Place, Option<ast::MomentLit>, Option<ast::MomentLit>)>,
    priority: Option<(Place, Option<ast::Priority>)>,
    edited: Option<(Place, bool)>,
    /// Goals, exits, caps: as often as one likes, in source order.
    others: Vec<&'a ast::Clause>,
}

/// Checks the header and puts its results into the journey that `cx` builds.
pub(super) fn check(cx: &mut Cx, journey: &ast::Journey) {
    let clauses = collect(journey, cx.found);
    let runs = clauses.runs.and_then(|(place, from, to)| period(place, from, to, cx.found));
    cx.journey.runs_from = runs.and_then(|(from, _)| from);
    cx.journey.runs_to = runs.and_then(|(_, to)| to);

    entries::check(cx, &clauses.enter);
    if clauses.enter.is_empty() {
        let name = cx.journey.name.to_string();
        cx.found.push(NoEntry { place: head(journey), name });
    }
    let requested = clauses.enter.iter().any(|(_, enter)| matches!(enter.entry, Some(ast::Entry::WhenRequested)));
    if !requested && !clauses.enter.is_empty() && !journey.params.is_empty() {
        let first = clauses.enter.first().map(|(place, _)| *place);
        let fix = first.map(|place| Fix::replace("add `enter when requested`", before(place), "enter when requested\n  "));
        cx.found.push(ParamsWithoutRequest { place: head(journey), name: cx.journey.name.to_string(), fix });
    }
    if let Some((place, Some(per))) = clauses.per.map(|(place, per)| (place, per.as_ref())) {
        cx.journey.key = keys::run_key(cx, place, per);
        cx.keyed = true;
    }
    again(cx, &clauses);
    simple(cx, &clauses);
    for clause in &clauses.others {
        other(cx, clause);
    }
}

/// The line with the name: what a message about the whole journey underlines.
fn head(journey: &ast::Journey) -> Place {
    journey.name.as_ref().map_or(journey.place, |name| name.place)
}

fn collect<'a>(journey: &'a ast::Journey, found: &mut Diagnostics) -> Clauses<'a> {
    let mut all = Clauses::default();
    let mut first_step: Option<Place> = None;
    for item in &journey.items {
        let clause = match item {
            JourneyItem::Step(step) => {
                first_step.get_or_insert(step.head);
                continue;
            }
            JourneyItem::Message(_) => continue,
            JourneyItem::Clause(clause) => clause,
        };
        if let Some(step) = first_step {
            found.push(ClauseAfterSteps { place: clause.place, other: Some((step, "the first step")) });
        }
        sort_in(&mut all, clause, found);
    }
    all
}

fn sort_in<'a>(all: &mut Clauses<'a>, clause: &'a ast::Clause, found: &mut Diagnostics) {
    let place = clause.place;
    let earlier = match &clause.kind {
        ClauseKind::Enter(enter) => {
            all.enter.push((place, enter));
            None
        }
        ClauseKind::EnterAgain(again) => keep(&mut all.again, (place, again)).map(|before| ("enter again", before.0)),
        ClauseKind::OneRunPer(per) => keep(&mut all.per, (place, per)).map(|before| ("one run per", before.0)),
        ClauseKind::WhileRunning(what) => keep(&mut all.running, (place, *what)).map(|before| ("while running", before.0)),
        ClauseKind::AcceptLate => keep(&mut all.late, place).map(|before| ("accept late", before)),
        ClauseKind::HoldOut(percent) => keep(&mut all.hold_out, (place, percent)).map(|before| ("hold out", before.0)),
        ClauseKind::RunsFrom { from, to } => keep(&mut all.runs, (place, *from, *to)).map(|before| ("runs from", before.0)),
        ClauseKind::Priority(priority) => keep(&mut all.priority, (place, *priority)).map(|before| ("priority", before.0)),
        ClauseKind::WhenEdited { continue_in_new } => {
            keep(&mut all.edited, (place, *continue_in_new)).map(|before| ("when edited", before.0))
        }
        _ => {
            all.others.push(clause);
            None
        }
    };
    if let Some((what, first)) = earlier {
        let fix = Some(Fix { title: "take this line out".to_owned(), edits: vec![Edit { place, text: String::new() }] });
        found.push(ClauseTwice { place, what, other: Some((first, "said here first")), fix });
    }
}

/// Keeps the first; gives it back where there is one already.
fn keep<T: Copy>(slot: &mut Option<T>, value: T) -> Option<T> {
    if slot.is_none() {
        *slot = Some(value);
        return None;
    }
    *slot
}

type Period = (Option<NaiveDateTime>, Option<NaiveDateTime>);

fn period(place: Place, from: Option<ast::MomentLit>, to: Option<ast::MomentLit>, found: &mut Diagnostics) -> Option<Period> {
    if let (Some(from), Some(to)) = (from, to)
        && to.value <= from.value
    {
        found.push(EndsBeforeItBegins { place, fix: None });
        return None;
    }
    Some((from.map(|from| from.value), to.map(|to| to.value)))
}

fn again(cx: &mut Cx, clauses: &Clauses) {
    let what = "a pause before the next entry";
    cx.journey.again = match clauses.again {
        Some((_, None)) => Again::Never,
        Some((_, Some(ast::EnterAgain::Never))) => Again::Never,
        Some((_, Some(ast::EnterAgain::Always))) => Again::Always,
        Some((_, Some(ast::EnterAgain::AfterEntry(pause)))) => {
            amount::exact(pause, what, cx.found).map_or(Again::Never, |ms| Again::AfterEntry { ms })
        }
        Some((_, Some(ast::EnterAgain::AfterEnd(pause)))) => {
            amount::exact(pause, what, cx.found).map_or(Again::Never, |ms| Again::AfterEnd { ms })
        }
        None => {
            if let (false, Some((place, _))) = (cx.keyed, clauses.enter.last()) {
                let below = |line: &str| Fix::replace(format!("add `{line}`"), super::problem::after(*place), format!("\n  {line}"));
                let fix = vec![below("enter again never"), below("enter again always"), below("enter again 30 days after entry")];
                cx.found.push(EnterAgainMissing { place: *place, name: cx.journey.name.to_string(), fix });
            }
            Again::Never
        }
    };
}

fn simple(cx: &mut Cx, clauses: &Clauses) {
    cx.journey.while_running = clauses.running.and_then(|(_, what)| what).unwrap_or_default();
    cx.journey.accept_late = clauses.late.is_some();
    cx.journey.priority = clauses.priority.and_then(|(_, priority)| priority).unwrap_or_default();
    if let Some((_, Some(percent))) = clauses.hold_out {
        cx.journey.hold_out = amount::share(percent, "a hold-out", cx.found).unwrap_or_default();
    }
    cx.journey.continues = clauses.edited.is_some_and(|(_, continues)| continues);
}

fn other(cx: &mut Cx, clause: &ast::Clause) {
    let place = clause.place;
    match &clause.kind {
        ClauseKind::Goal(written) => {
            if let Some(goal) = goal(cx, written, place) {
                cx.journey.goals.push(goal);
            }
        }
        ClauseKind::ExitOn(Some(trigger)) => {
            if let Some(trigger) = super::waits::trigger(cx, trigger) {
                cx.journey.exit_on.push((trigger, place));
            }
        }
        ClauseKind::ExitWhen(Some(condition)) => {
            let condition = cx.condition(condition);
            cx.journey.exit_when.push((condition, place));
        }
        ClauseKind::OnlyWhile(Some(condition)) => {
            let condition = cx.condition(condition);
            cx.journey.only_while.push((condition, place));
        }
        ClauseKind::QuietHours(hours) => {
            if let Some(hours) = caps::quiet_hours(cx.project, hours, cx.found) {
                cx.journey.quiet_hours.push(hours);
            }
        }
        ClauseKind::AtMost(cap) => match caps::at_most(cx.project, cap, caps::Where::Journey, cx.found) {
            Some(caps::Limit::Messages(cap)) => cx.journey.caps.push(cap),
            Some(caps::Limit::Entries(cap)) => cx.journey.entry_cap.push(cap),
            None => {}
        },
        _ => {}
    }
}

fn goal(cx: &mut Cx, goal: &ast::Goal, place: Place) -> Option<Goal> {
    let target = goal.target.as_ref()?;
    let what = cx.what(target);
    let condition = goal.condition.as_ref().map(|condition| cx.condition_over(what, condition));
    let key = what.and_then(|what| keys::key_match(cx, what, target.place, goal.for_key.as_ref()));
    let within = amount::ahead(goal.within.as_ref()?, "a goal's time", cx.found)?;
    Some(Goal { what: what?, key: key.unwrap_or(KeyMatch::Any), condition, within, then_exit: goal.then_exit, place })
}
