//! The catalogs of a story: what is given, and what changes while it goes on.
//!
//! In: the lines of a scenario. Out: [`Catalogs`] with every item's versions. **Invariant:** what is given holds since always; a change
//! keeps the fields that it does not name, and holds from its line's instant on.

use super::Stage;
use super::script::{BeatKind, Script};
use crate::calendar::Instant;
use crate::check::checked::{Happens, ItemChange, SceneKind};
use crate::value::Value;
use crate::world::catalogs::Catalogs;

pub(super) fn of(stage: &Stage, script: &Script) -> Catalogs {
    let mut catalogs = Catalogs::default();
    for line in &script.given {
        if let SceneKind::GivenItem(change) = &line.kind {
            add(stage, &mut catalogs, change, Instant::FIRST);
        }
    }
    for beat in &script.beats {
        if let BeatKind::Happens(Happens::Item(change)) = beat.kind {
            add(stage, &mut catalogs, change, beat.at);
        }
    }
    catalogs
}

fn add(stage: &Stage, catalogs: &mut Catalogs, change: &ItemChange, at: Instant) {
    let Some(changed) = &change.fields else {
        // The checker knows that it is there, and that a story goes forward.
        let _ = catalogs.remove(change.catalog, &change.key, at);
        return;
    };
    let count = stage.plan.schema.catalogs.get(change.catalog.index()).map_or(0, |catalog| catalog.fields.len());
    let before = catalogs.fields(change.catalog, &change.key, at);
    let mut fields: Vec<Value> = before.map_or_else(|| vec![Value::Missing; count], |fields| fields.to_vec());
    for (field, value) in changed {
        if let Some(slot) = fields.get_mut(usize::from(*field)) {
            slot.clone_from(value);
        }
    }
    let _ = catalogs.put(change.catalog, &change.key, at, fields.into());
}
