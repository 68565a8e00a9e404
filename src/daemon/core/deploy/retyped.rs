//! What a run of an older version reads and has another type in the newest one.
//!
//! In: a plan, one of its journeys, the newest plan. Out: fields of the customer and properties of events, with both types. **Invariant:** everything that
//! the journey, its messages and the segments that it asks may read is looked at; a list of words that only got longer or shorter is no
//! other type.

use crate::plan::renumber::renumber_all;
use crate::plan::{Journey, Plan};
use crate::schema::Field;
use crate::value::Type;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::cell::RefCell;
use std::collections::BTreeSet;

/// One thing that is read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Retyped {
    /// `customer.points`, `bought.total`
    pub what: String,
    pub was: String,
    pub is: String,
}

/// What a journey reads of `own`, its plan, that has another type in `now`.
pub fn retyped(own: &Plan, journey: &Journey, now: &Plan) -> Vec<Retyped> {
    let mut found = Vec::new();
    for (kind, id) in ids_of(own, journey) {
        let at = usize::from(id);
        match kind {
            "FieldId" => {
                let Some(was) = own.schema.customer.get(at) else { continue };
                let is = now.schema.customer.iter().find(|field| field.name == was.name);
                found.extend(is.and_then(|is| compared(format!("customer.{}", was.name), was, is)));
            }
            "EventId" => {
                let Some(event) = own.schema.events.get(at) else { continue };
                let Some(newest) = now.schema.events.iter().find(|other| other.name == event.name) else { continue };
                for was in &event.fields {
                    let is = newest.fields.iter().find(|field| field.name == was.name);
                    found.extend(is.and_then(|is| compared(format!("{}.{}", event.name, was.name), was, is)));
                }
            }
            _ => {}
        }
    }
    found.sort();
    found.dedup();
    found
}

fn compared(what: String, was: &Field, is: &Field) -> Option<Retyped> {
    let words = matches!((&was.ty, &is.ty), (Type::OneOf(_), Type::OneOf(_)));
    (was.ty != is.ty && !words).then(|| Retyped { what, was: was.ty.to_string(), is: is.ty.to_string() })
}

/// Everything that a journey names, and what that names.
fn ids_of(plan: &Plan, journey: &Journey) -> BTreeSet<(&'static str, u16)> {
    let mut all = BTreeSet::new();
    let mut open = named(journey);
    while let Some((kind, id)) = open.pop() {
        if !all.insert((kind, id)) {
            continue;
        }
        let at = usize::from(id);
        open.extend(
            match kind {
                "MessageId" => plan.messages.get(at).map(named),
                "SegmentId" => plan.segments.get(at).map(named),
                "TrackerId" => plan.trackers.get(at).map(named),
                "RouteId" => plan.routes.get(at).map(named),
                _ => None,
            }
            .unwrap_or_default(),
        );
    }
    all
}

fn named<T: Serialize + DeserializeOwned>(thing: &T) -> Vec<(&'static str, u16)> {
    let seen = RefCell::new(Vec::new());
    let note = |kind: &'static str, id: u16| {
        seen.borrow_mut().push((kind, id));
        id
    };
    // Only a plan that was put together by hand cannot be written.
    let _written = renumber_all(thing, &note).is_ok();
    seen.into_inner()
}
