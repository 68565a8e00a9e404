//! Bounds that differ: the longest stay in a journey and the most messages from it, and from all together.
//!
//! **Invariant:** every number that `check --bounds` states is looked at; of a journey that is new all are told, of one that is gone none.

use super::Side;
use super::journeys::Renamed;
use crate::calendar::{DAY_MS, Span};
use crate::check::bounds::{Bounds, JourneyBounds, bounds};
use crate::value::show;
use serde::Serialize;
use std::collections::BTreeMap;

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BoundChange {
    /// `None`: all journeys together.
    pub journey: Option<String>,
    /// `longest stay`, `messages by email in a day`
    pub what: String,
    /// In words; `None` where there was no such thing.
    pub before: Option<String>,
    pub after: Option<String>,
    /// More than before.
    pub is_higher: bool,
}

/// A bound that may be open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Bound {
    Messages(Option<u32>),
    Stay(Option<i64>),
}

type All = BTreeMap<(Option<String>, String), Bound>;

pub(super) fn review(before: &Side, after: &Side, renamed: &[Renamed]) -> Vec<BoundChange> {
    let of = |side: &Side, new_names: bool| -> All {
        let Some(compiled) = &side.compiled else { return All::new() };
        listed(&bounds(&compiled.checked, compiled.sources()), if new_names { renamed } else { &[] })
    };
    let (old, new) = (of(before, true), of(after, false));
    let is_gone = |journey: &Option<String>| journey.is_some() && !new.keys().any(|(known, _)| known == journey);
    let mut keys: Vec<&(Option<String>, String)> = old.keys().chain(new.keys().filter(|key| !old.contains_key(key))).collect();
    keys.sort();
    let mut changes = Vec::new();
    for key in keys {
        let (was, is) = (old.get(key), new.get(key));
        if was == is || is_gone(&key.0) {
            continue;
        }
        let is_higher = match (was, is) {
            (Some(was), Some(is)) => is.size() > was.size(),
            (None, Some(is)) => is.size() > 0,
            _ => false,
        };
        let (before, after) = (was.map(|one| one.words()), is.map(|one| one.words()));
        changes.push(BoundChange { journey: key.0.clone(), what: key.1.clone(), before, after, is_higher });
    }
    changes
}

fn listed(bounds: &Bounds, renamed: &[Renamed]) -> All {
    let mut all = All::new();
    for journey in &bounds.journeys {
        let name = renamed.iter().find(|pair| pair.was == journey.name).map_or(&journey.name, |pair| &pair.is);
        of_journey(name, journey, &mut all);
    }
    for one in &bounds.together {
        let by = one.channel.as_ref().map_or_else(|| "in all".to_owned(), |channel| format!("by {channel}"));
        all.insert((None, format!("messages {by} in a day")), Bound::Messages(one.day));
        all.insert((None, format!("messages {by} in a week")), Bound::Messages(one.week));
    }
    all
}

fn of_journey(name: &str, journey: &JourneyBounds, all: &mut All) {
    let key = |what: String| (Some(name.to_owned()), what);
    all.insert(key("longest stay".to_owned()), Bound::Stay(journey.stay.most_ms));
    for one in &journey.messages {
        let kind = if one.transactional { "transactional messages" } else { "messages" };
        for (number, time) in [(one.day, "a day"), (one.week, "a week"), (one.run, "a run")] {
            all.insert(key(format!("{kind} by {} in {time}", one.channel)), Bound::Messages(Some(number)));
        }
    }
}

impl Bound {
    /// Open is more than any number.
    fn size(self) -> i64 {
        match self {
            Bound::Messages(most) => most.map_or(i64::MAX, i64::from),
            Bound::Stay(most) => most.unwrap_or(i64::MAX),
        }
    }

    fn words(self) -> String {
        match self {
            Bound::Messages(Some(most)) => most.to_string(),
            Bound::Stay(Some(0)) => "none".to_owned(),
            Bound::Stay(Some(ms)) => {
                show::duration(Span { months: 0, days: i32::try_from(ms / DAY_MS).unwrap_or(i32::MAX), ms: ms % DAY_MS })
            }
            _ => "no limit".to_owned(),
        }
    }
}
