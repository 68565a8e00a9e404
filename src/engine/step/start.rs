//! `start journey`: a request of this very instant. The run that it starts inherits the hold-out.

use super::Next;
use crate::condition::Expr;
use crate::engine::RecordKind;
use crate::engine::turn::{News, Turn};
use crate::plan::Plan;
use crate::schema::{JourneyId, StepIx};
use crate::value::Value;

pub(super) fn perform(turn: &mut Turn<'_>, at: usize, plan: &Plan, journey: JourneyId, args: &[Expr], next: StepIx) -> Next {
    let run = &turn.row.runs[at];
    let (own, number, step, held_out) = (run.journey, run.number, run.step, run.held_out);
    let context = turn.context_in(plan, run);
    let args: Vec<Value> = args.iter().map(|arg| context.value(arg)).collect();
    turn.record_run(own, number, step, RecordKind::Started(journey));
    turn.out.scratch.news.push_back(News::Start { journey, args, held_out });
    Next::Go(next)
}
