//! Limits on messages and entries: caps and quiet hours, in the policy and in the header of a journey.
//!
//! In: `at most …`, `quiet hours …`. Out: checked limits. **Invariant:** a cap of a journey says `from this journey`, one of the policy
//! does not: so it can be read alone. Does not know whether the messages it limits are ever sent.

use super::amount;
use super::checked::{Cap, CapThen, CapWindow, EntryCap, QuietHours};
use super::problem::{after, problems};
use super::project::Project;
use crate::ast;
use crate::ast::CapOf;
use crate::diagnostic::{Code, Diagnostics, Fix};
use crate::schema::WaitOrSkip;

/// The most that a cap may count.
const COUNT_MAX: u32 = 1_000_000;

problems! {
    /// A cap in a header without `from this journey`.
    CapOfWhat { fix: Option<Fix> } = Code::new("E0340", "cap-of-which-journey");
        "a cap in a journey counts the messages of this journey", "read alone, this line would count all messages",
        "say so: `at most 2 messages in 7 days from this journey then skip`; a cap for all messages belongs in `policy {{ }}`";

    /// `from this journey` in the policy.
    CapOutsideJourney { fix: Option<Fix> } = Code::new("E0341", "cap-without-a-journey");
        "the policy has no journey that `from this journey` could mean", "the policy holds for all messages",
        "take `from this journey` out, or move the line into a journey";

    /// `at most 500 entries … then exit`
    CapThenWrong { what: &'static str, can: &'static str } = Code::new("E0342", "cap-does-what");
        "a cap of {what} cannot do this when it is full", "what happens to the one that is too many?", "write {can}";

    /// `at most 500 entries` in the policy.
    EntriesInPolicy {} = Code::new("E0343", "entries-of-which-journey");
        "entries are counted journey by journey", "the policy has no entries", "move this line into the journey that it limits";

    /// `at most 2 messages …, keep 3 for high priority`
    KeepsTooMuch {} = Code::new("E0344", "keeps-more-than-there-is");
        "this cap keeps back as many messages as it allows, or more", "nothing would be left for the others", "keep fewer, for example `keep 1 for high priority`";

    /// `quiet hours 21:00 to 21:00`, `wait until it is 09:00 to 09:00`
    NoEnd {} = Code::new("E0345", "hours-without-an-end");
        "these hours begin and end at the same time", "is this the whole day, or no time at all?", "write another end, for example `21:00 to 08:00`";
}

/// Whose cap it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Where {
    Policy,
    Journey,
}

/// What a cap limits.
#[derive(Debug, Clone)]
pub(crate) enum Limit {
    Messages(Cap),
    Entries(EntryCap),
}

pub(crate) fn at_most(project: &Project, cap: &ast::AtMost, place: Where, found: &mut Diagnostics) -> Option<Limit> {
    let count = amount::count(cap.count.as_ref()?, "a cap", COUNT_MAX, found)?;
    let window = match cap.window.as_ref()? {
        ast::CapWindow::CalendarDay => CapWindow::CalendarDay,
        ast::CapWindow::Rolling(length) => CapWindow::Rolling { ms: amount::exact(length, "a cap", found)? },
    };
    match cap.of {
        CapOf::Entries => entries(cap, count, window, place, found).map(Limit::Entries),
        CapOf::Messages => messages(project, cap, count, window, place, found).map(Limit::Messages),
    }
}

fn entries(cap: &ast::AtMost, count: u32, window: CapWindow, place: Where, found: &mut Diagnostics) -> Option<EntryCap> {
    if place == Where::Policy {
        found.push(EntriesInPolicy { place: cap.place });
        return None;
    }
    let then = match cap.then.as_ref()? {
        ast::CapThen::Skip => WaitOrSkip::Skip,
        ast::CapThen::Wait(None) => WaitOrSkip::Wait,
        ast::CapThen::Wait(Some(_)) | ast::CapThen::Exit => {
            found.push(CapThenWrong { place: cap.place, what: "entries", can: "`then skip` or `then wait`" });
            return None;
        }
    };
    if cap.about.is_some() || !cap.by.is_empty() || cap.keep.is_some() {
        found.push(CapThenWrong { place: cap.place, what: "entries", can: "only a count, a time and `then skip` or `then wait`" });
        return None;
    }
    Some(EntryCap { count, window, then, place: cap.place })
}

fn messages(project: &Project, cap: &ast::AtMost, count: u32, window: CapWindow, place: Where, found: &mut Diagnostics) -> Option<Cap> {
    scope(cap, place, found);
    let then = match cap.then.as_ref()? {
        ast::CapThen::Skip => CapThen::Skip,
        ast::CapThen::Wait(up_to) => {
            let up_to_ms = match up_to {
                Some(up_to) => Some(amount::exact(up_to, "a cap's wait", found)?),
                None => None,
            };
            CapThen::Wait { up_to_ms }
        }
        ast::CapThen::Exit => CapThen::Exit,
    };
    let keep = match &cap.keep {
        Some((number, Some(priority))) => {
            let keep = amount::count(number, "what a cap keeps", COUNT_MAX, found)?;
            if keep >= count {
                found.push(KeepsTooMuch { place: number.place });
            }
            Some((keep, *priority))
        }
        _ => None,
    };
    let about = match &cap.about {
        Some(topic) => Some(project.topic(topic, found)?),
        None => None,
    };
    let by = project.channels(&cap.by, found);
    Some(Cap { count, window, about, by, then, keep, place: cap.place })
}

fn scope(cap: &ast::AtMost, place: Where, found: &mut Diagnostics) {
    match (place, cap.from_this_journey) {
        (Where::Journey, false) => {
            let end = match cap.window.as_ref() {
                Some(ast::CapWindow::Rolling(length)) => Some(after(length.place)),
                _ => None,
            };
            let fix = end.map(|end| Fix::replace("add `from this journey`", end, " from this journey"));
            found.push(CapOfWhat { place: cap.place, fix });
        }
        (Where::Policy, true) => found.push(CapOutsideJourney { place: cap.place, fix: None }),
        _ => {}
    }
}

pub(crate) fn quiet_hours(project: &Project, hours: &ast::QuietHours, found: &mut Diagnostics) -> Option<QuietHours> {
    let channels = project.channels(&hours.channels, found);
    let (from, to) = (hours.from.as_ref()?.value, hours.to.as_ref()?.value);
    if from == to {
        found.push(NoEnd { place: hours.place });
        return None;
    }
    Some(QuietHours { from, to, channels, then: hours.then?, place: hours.place })
}
