//! `split`: the same customer takes the same path, in this run and every later one.

use super::Next;
use crate::condition::Expr;
use crate::engine::RecordKind;
use crate::engine::draw::{bucket, unit_of};
use crate::engine::turn::Turn;
use crate::plan::{BasisPoints, Plan, SplitPath};
use crate::schema::StepIx;

pub(super) fn perform(
    turn: &mut Turn<'_>,
    at: usize,
    plan: &Plan,
    identity: &str,
    unit: Option<&Expr>,
    paths: &[SplitPath],
    next: StepIx,
) -> Next {
    let path = match turn.world.pinned_draw(identity) {
        Some(pinned) => Some(usize::from(pinned)),
        None => {
            let own = unit.and_then(|unit| unit_of(&turn.context_in(plan, &turn.row.runs[at]).value(unit)));
            let bucket = bucket(identity, own.as_deref().unwrap_or(&turn.row.uid), &turn.limits.salt);
            path_of(bucket, paths.iter().map(|path| path.share))
        }
    };
    let Some((number, path)) = path.and_then(|path| paths.get(path).map(|found| (path, found))) else { return Next::Go(next) };
    let run = &turn.row.runs[at];
    let (journey, run, step) = (run.journey, run.number, run.step);
    turn.record_run(journey, run, step, RecordKind::Drew { path: number as u16 });
    Next::Go(path.to)
}

/// Ranges of buckets in source order.
pub(super) fn path_of(bucket: u16, shares: impl IntoIterator<Item = BasisPoints>) -> Option<usize> {
    let mut end = 0u32;
    shares.into_iter().position(|share| {
        end += u32::from(share);
        u32::from(bucket) < end
    })
}
