//! What stands above a journey's steps.
//!
//! **Invariant:** every part of a journey that decides something is looked at, but its steps and what belongs to them.

use super::alike::Side;
use crate::plan::outline::percent;
use crate::plan::table::{again_words, entry_words};
use crate::plan::{Cap, Entry, EntryCap, Exit, Goal, Guard, Journey, Line, QuietHours};
use serde::Serialize;
use serde::de::DeserializeOwned;

type Of<'a> = (Side<'a>, &'a Journey);

/// What differs, in sentences.
pub(super) fn header(before: Of<'_>, now: Of<'_>) -> Vec<String> {
    let mut said = Vec::new();
    let (old, new) = (before.1, now.1);
    entries(before, now, &mut said);
    let mut differs = |text: &str, differs: bool| {
        if differs {
            said.push(text.to_owned());
        }
    };
    if old.again != new.again {
        differs(&format!("`enter again` was {}, is now {}", again_words(old.again), again_words(new.again)), true);
    }
    differs("how many runs somebody may have side by side changed (`one run per …`)", keys(before) != keys(now));
    differs("what happens while a run is under way changed (`while running …`)", old.while_running != new.while_running);
    differs("`accept late` changed", old.accept_late != new.accept_late);
    differs("its goals changed", unlike(before, now, |one| one.goals.iter().map(goal).collect()));
    differs("`exit on` changed", unlike(before, now, |one| one.exit_on.iter().map(exit).collect()));
    differs("`exit when` changed", unlike(before, now, |one| one.exit_when.iter().map(guard).collect()));
    differs("`only while` changed", unlike(before, now, |one| one.only_while.iter().map(guard).collect()));
    if old.hold_out != new.hold_out {
        differs(&format!("held out were {}, are now {}", percent(old.hold_out), percent(new.hold_out)), true);
    }
    differs("the time during which it runs changed (`runs from … to …`)", (old.runs_from, old.runs_to) != (new.runs_from, new.runs_to));
    differs("its priority changed", old.priority != new.priority);
    if old.continues != new.continues {
        let words = |continues| if continues { "continue in the new version" } else { "finish as started" };
        differs(&format!("`when edited` was {}, is now {}", words(old.continues), words(new.continues)), true);
    }
    differs("its quiet hours changed", unlike(before, now, |one| one.quiet_hours.iter().map(quiet).collect()));
    differs("its limits on messages changed", unlike(before, now, |one| one.caps.iter().map(cap).collect()));
    differs("its limits on entries changed", unlike(before, now, |one| one.entry_caps.iter().map(entry_cap).collect()));
    differs("how its experiments are judged changed", unlike(before, now, |one| one.experiments.clone()));
    let fields = |one: &Journey| one.entry_fields.iter().map(|field| (field.name.clone(), field.ty.clone())).collect::<Vec<_>>();
    differs("what a run knows of its entry changed", fields(old) != fields(new));
    said
}

fn entries(before: Of<'_>, now: Of<'_>, said: &mut Vec<String>) {
    let entries = |one: &Journey| one.entries.iter().map(entry).collect::<Vec<Entry>>();
    if !unlike(before, now, entries) {
        return;
    }
    let words = |(side, journey): Of<'_>| {
        let all: Vec<String> = journey.entries.iter().map(|entry| format!("`{}`", entry_words(side.plan, &entry.kind))).collect();
        all.join(" or ")
    };
    let (was, is) = (words(before), words(now));
    said.push(if was == is { format!("for whom it begins changed (enters {is})") } else { format!("it entered {was}, enters now {is}") });
}

/// Whether a part differs, whatever its numbers and lines are.
fn unlike<T: Serialize + DeserializeOwned + PartialEq>(before: Of<'_>, now: Of<'_>, part: impl Fn(&Journey) -> Vec<T>) -> bool {
    before.0.of_journey(before.1, &part(before.1)) != now.0.of_journey(now.1, &part(now.1))
}

/// A key is named by the value that it is.
fn keys((_, journey): Of<'_>) -> String {
    match journey.key {
        crate::plan::RunKey::Value(at) => {
            journey.entry_fields.get(usize::from(at)).map_or_else(String::new, |field| field.name.to_string())
        }
        other => format!("{other:?}"),
    }
}

fn entry(entry: &Entry) -> Entry {
    Entry { line: Line::default(), ..entry.clone() }
}

fn goal(goal: &Goal) -> Goal {
    Goal { line: Line::default(), ..goal.clone() }
}

fn exit(exit: &Exit) -> Exit {
    Exit { line: Line::default(), ..exit.clone() }
}

fn guard(guard: &Guard) -> Guard {
    // What it depends on follows from what it asks.
    Guard { line: Line::default(), depends: crate::plan::Depends::default(), ..guard.clone() }
}

pub(super) fn quiet(hours: &QuietHours) -> QuietHours {
    QuietHours { line: Line::default(), ..hours.clone() }
}

pub(super) fn cap(cap: &Cap) -> Cap {
    Cap { line: Line::default(), ..cap.clone() }
}

fn entry_cap(cap: &EntryCap) -> EntryCap {
    EntryCap { line: Line::default(), ..cap.clone() }
}
