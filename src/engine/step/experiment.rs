//! `experiment`: a split whose shares may change, and whose customers are counted.

use super::Next;
use super::split::path_of;
use crate::condition::Expr;
use crate::engine::RecordKind;
use crate::engine::draw::{bucket, unit_of};
use crate::engine::turn::Turn;
use crate::plan::{Plan, SplitPath};
use crate::schema::StepIx;

pub(super) fn perform(
    turn: &mut Turn<'_>,
    at: usize,
    plan: &Plan,
    (identity, unit, paths): (&str, Option<&Expr>, &[SplitPath]),
    number: u16,
    next: StepIx,
) -> Next {
    let own = unit.and_then(|unit| unit_of(&turn.context_in(plan, &turn.row.runs[at]).value(unit)));
    let weights = turn.world.weights(identity, turn.now);
    let drawn = weights.map_or(0, |weights| weights.number);
    let path = match turn.world.pinned_draw(identity) {
        Some(pinned) => Some(usize::from(pinned)),
        None => {
            let bucket = bucket(identity, own.as_deref().unwrap_or(&turn.row.uid), &turn.limits.salt);
            match weights {
                Some(weights) => path_of(bucket, weights.shares.iter().copied()),
                None => path_of(bucket, paths.iter().map(|path| path.share)),
            }
        }
    };
    let Some((arm, to)) = path.and_then(|arm| paths.get(arm).map(|path| (arm as u16, path.to))) else { return Next::Go(next) };
    let run = &turn.row.runs[at];
    let (journey, run, step) = (run.journey, run.number, run.step);
    turn.record_run(journey, run, step, RecordKind::Drew { path: arm });
    let declared = plan.journeys.get(journey.index()).and_then(|journey| journey.experiments.get(usize::from(number)));
    if let Some(experiment) = declared {
        turn.expose(at, (number, experiment), arm, drawn, own.as_deref());
    }
    Next::Go(to)
}
