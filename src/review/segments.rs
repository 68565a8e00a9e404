//! Segments that change, and the journeys that ask them.

use super::Side;
use super::journeys::{Pair, one_line};
use crate::plan::Plan;
use crate::plan::changes::{Change, Changed};
use crate::plan::renumber::renumber_all;
use crate::plan::table::role_word;
use serde::Serialize;
use std::cell::RefCell;

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SegmentReview {
    /// `segment`, `list`, `stage`
    pub kind: String,
    pub name: String,
    pub change: Change,
    /// As it is written.
    pub before: Option<String>,
    pub after: Option<String>,
    /// Customers in it at the end of the sample log.
    pub size_before: Option<u64>,
    pub size_after: Option<u64>,
    /// Journeys that ask whether somebody is in it, directly.
    pub asked_by: Vec<String>,
}

pub(super) fn review(pair: &Pair<'_>, changes: &[Changed]) -> Vec<SegmentReview> {
    changes
        .iter()
        .map(|one| SegmentReview {
            kind: one.kind.clone(),
            name: one.name.clone(),
            change: one.change,
            before: written(pair.before.1, one),
            after: written(pair.after.1, one),
            size_before: size(pair.before.1, &one.name),
            size_after: size(pair.after.1, &one.name),
            asked_by: asked_by(if one.change == Change::Removed { pair.before.0 } else { pair.after.0 }, one),
        })
        .collect()
}

fn written(side: &Side, one: &Changed) -> Option<String> {
    let compiled = side.compiled.as_ref()?;
    let segment = compiled.checked.segments.iter().find(|segment| segment.name == one.name && role_word(segment.role) == one.kind)?;
    Some(one_line(compiled.sources().text(segment.place)))
}

fn size(side: &Side, name: &str) -> Option<u64> {
    Some(side.report.as_ref()?.segments.iter().find(|segment| segment.name == name)?.size)
}

/// Whatever refers to the segment has its number in it.
fn asked_by(plan: &Plan, one: &Changed) -> Vec<String> {
    let is_it =
        |id: u16| plan.segments.get(usize::from(id)).is_some_and(|segment| segment.name == one.name && role_word(segment.role) == one.kind);
    let asks = |journey: &crate::plan::Journey| {
        let found = RefCell::new(false);
        // Only the numbers are looked at; the same journey comes out.
        let _ = renumber_all(journey, &|kind, id| {
            if kind == "SegmentId" && is_it(id) {
                *found.borrow_mut() = true;
            }
            id
        });
        found.into_inner()
    };
    plan.journeys.iter().filter(|journey| asks(journey)).map(|journey| journey.name.to_string()).collect()
}
