//! What lets customers into a journey, one `enter` line at a time.
//!
//! In: the `enter` clauses. Out: checked entries in source order. **Invariant:** every entry that is written has its place in
//! `Journey::entries`, so that the columns of `entry_fields` fit. Does not lay out `entry`: see [`super::header_values`].

use super::amount;
use super::checked::{Entry, EntryKind, PastEntry};
use super::expr::Typer;
use super::header_every as every;
use super::header_values::Source;
use super::journey::Cx;
use super::problem::{after, problems};
use super::scope::Scope;
use crate::ast;
use crate::condition::{Happening, What};
use crate::diagnostic::{Code, Fix};
use crate::source::Place;
use crate::value::Type;

problems! {
    /// `enter 3 days before customer.trial_ends at 09:00` without `if past`.
    EntryPastUnsaid { fix: Vec<Fix> } = Code::new("E0323", "entry-may-be-past");
        "this date may already be past when it becomes known", "what if it is too late for that?",
        "end the line with `if past skip` or `if past enter now`";

    /// `if past` on an entry that cannot be past.
    EntryNeverPast { fix: Option<Fix> } = Code::new("E0324", "entry-is-never-past");
        "this entry cannot be past", "`if past` goes with a date of the customer that comes once", "take `if past …` out";

    /// `enter 3 days before entry.at`, `enter 3 days before customer.plan`
    NotACustomersDate { path: String } = Code::new("E0325", "not-a-customers-date");
        "`{path}` is not a date of the customer", "entries by date follow a date or moment that is known of the customer",
        "name a field of the customer with the type date or datetime, for example `customer.birthday`";

    /// `enter 3 days before customer.birthday`
    ClockTimeMissing { path: String, fix: Option<Fix> } = Code::new("E0326", "clock-time-missing");
        "the time of day is missing", "`{path}` is a date, which has no time of day", "add it, for example ` at 09:00`";

    /// `wait until 3 hours before customer.birthday at 09:00`
    HoursAndClockTime {} = Code::new("E0327", "hours-and-clock-time");
        "hours and a time of day contradict each other here", "`at` says the time of day already", "count in days, or leave `at` out";
}

pub(super) fn check(cx: &mut Cx, written: &[(Place, &ast::Enter)]) {
    let mut checked = Vec::new();
    for (place, enter) in written {
        let kind = enter.entry.as_ref().and_then(|entry| kind(cx, entry, enter, *place));
        cx.values.borrow_mut().sources.push(source(kind.as_ref()));
        let mistakes = super::journey::errors(cx.found);
        // Entries are judged before there is an `entry` to speak of.
        let condition = enter.condition.as_ref().map(|condition| {
            let mut scope = Scope::of_customer();
            let mut typer = Typer { project: cx.project, scope: &mut scope, found: cx.found };
            match &kind {
                Some(EntryKind::On(what)) => typer.condition_over(Some(*what), condition),
                Some(EntryKind::Changes { catalog, .. }) => typer.condition_over_item(*catalog, condition),
                Some(_) => typer.condition(condition),
                None => typer.condition_over(None, condition),
            }
        });
        if let Some(EntryKind::Changes { catalog, .. }) = &kind
            && super::journey::errors(cx.found) == mistakes
        {
            super::header_changes::names_customers(cx, *catalog, enter, condition.as_ref(), *place);
        }
        let asks_past = matches!(kind, Some(EntryKind::Around { yearly: false, .. }) | None);
        if enter.if_past.is_some() && !asks_past {
            cx.found.push(EntryNeverPast { place: *place, fix: None });
        }
        if let Some(name) = &enter.bind {
            cx.entry_names.push((name.clone(), source(kind.as_ref())));
        }
        checked.push((kind, condition, *place));
    }
    cx.values.borrow_mut().begin(&cx.project.schema);
    // An entry with a mistake keeps its column; the journey will not be planned.
    cx.journey.entries = checked
        .into_iter()
        .map(|(kind, condition, place)| Entry { kind: kind.unwrap_or(EntryKind::Requested), condition, place })
        .collect();
}

fn source(kind: Option<&EntryKind>) -> Source {
    match kind {
        Some(EntryKind::On(What::Happened(Happening::Event(event)))) => Source::Event(*event),
        Some(EntryKind::Changes { catalog, .. }) => Source::Item(*catalog),
        Some(EntryKind::Requested) => Source::Request,
        Some(EntryKind::Moment(_) | EntryKind::Every(_) | EntryKind::Around { .. }) => Source::Date,
        Some(_) => Source::Nothing,
        None => Source::Unknown,
    }
}

fn kind(cx: &mut Cx, entry: &ast::Entry, enter: &ast::Enter, place: Place) -> Option<EntryKind> {
    match entry {
        ast::Entry::On(target) => cx.what(target).map(EntryKind::On),
        ast::Entry::OnMoment(moment) => Some(EntryKind::Moment(moment.value)),
        ast::Entry::JoinsSegment { segment, including } => {
            let segment = cx.project.segment(segment.as_ref()?, cx.found)?;
            Some(EntryKind::Joins { segment, including: *including })
        }
        ast::Entry::LeavesSegment { segment, including } => {
            let segment = cx.project.segment(segment.as_ref()?, cx.found)?;
            Some(EntryKind::Leaves { segment, including: *including })
        }
        ast::Entry::List { list, joins, including } => {
            let (segment, including) = (cx.project.list_segment(list.as_ref()?, cx.found)?, *including);
            Some(if *joins { EntryKind::Joins { segment, including } } else { EntryKind::Leaves { segment, including } })
        }
        ast::Entry::ReachesStage(stage) => {
            let segment = cx.project.stage_segment(stage.as_ref()?, cx.found)?;
            Some(EntryKind::Joins { segment, including: false })
        }
        ast::Entry::Every(rule) => {
            let anchor = cx.journey.runs_from.map(|from| from.date());
            every::rule(rule, anchor, cx.found).map(EntryKind::Every)
        }
        ast::Entry::Around { .. } => around(cx, entry, enter, place),
        ast::Entry::WhenRequested => Some(EntryKind::Requested),
        ast::Entry::Changes { path, test, than } => super::header_changes::check(cx, path.as_ref()?, *test, than.as_ref()),
    }
}

fn around(cx: &mut Cx, entry: &ast::Entry, enter: &ast::Enter, place: Place) -> Option<EntryKind> {
    let ast::Entry::Around { yearly, offset, before, path, at } = entry else { return None };
    let path = path.as_ref()?;
    let dotted = dotted(path);
    if path.parts.len() != 2 || path.parts[0].text != "customer" || path.parts[1].text == "id" {
        cx.found.push(NotACustomersDate { place: path.place, path: dotted });
        return None;
    }
    let (field, ty) = cx.typer().customer_field(path)?;
    let ty = ty.required().clone();
    match ty {
        Type::Date | Type::DateTime | Type::Error => {}
        _ => {
            cx.found.push(NotACustomersDate { place: path.place, path: dotted });
            return None;
        }
    }
    // `yearly on customer.birthday` has no offset.
    let span = match offset {
        Some(offset) => amount::ahead(offset, "the time around a date", cx.found)?,
        None if *yearly => crate::calendar::Span::default(),
        None => return None,
    };
    let clock = at.as_ref().map(|at| at.value);
    clock_time(cx, &ty, clock.is_some(), span, path)?;
    if !yearly && enter.if_past.is_none() {
        let end = at.as_ref().map_or(path.place, |at| at.place);
        let add = |text: &str| Fix::replace(format!("add `{text}`"), after(end), format!(" {text}"));
        cx.found.push(EntryPastUnsaid { place, fix: vec![add("if past skip"), add("if past enter now")] });
    }
    let past = match enter.if_past {
        Some(ast::IfPast::EnterNow) => PastEntry::EnterNow,
        _ => PastEntry::Skip,
    };
    Some(EntryKind::Around { yearly: *yearly, field, offset: span, before: *before, at: clock, past })
}

/// A date needs a time of day; a time of day leaves no room for hours.
pub(super) fn clock_time(cx: &mut Cx, ty: &Type, has_clock: bool, offset: crate::calendar::Span, path: &ast::PathRef) -> Option<()> {
    if *ty == Type::Date && !has_clock {
        let fix = Some(Fix::replace("add ` at 09:00`", after(path.place), " at 09:00"));
        cx.found.push(ClockTimeMissing { place: path.place, path: dotted(path), fix });
        return None;
    }
    if has_clock && offset.ms != 0 {
        cx.found.push(HoursAndClockTime { place: path.place });
        return None;
    }
    Some(())
}

/// A path as written.
pub(super) fn dotted(path: &ast::PathRef) -> String {
    path.parts.iter().map(|part| part.text.as_str()).collect::<Vec<_>>().join(".")
}
