//! What each kind of step does, one file each.
//!
//! In: a run that stands at a step. Out: where it goes on, that it stays, or how it ends. **Invariant:** a step does not walk on by itself
//! (a wait that is over does, through [`Turn::go_on`](super::turn::Turn)); what a step changes holds at once, the news of it follow.

mod await_step;
mod branch;
mod call;
mod change;
pub(super) mod collect;
mod consent;
mod draw;
mod emit;
mod experiment;
mod let_step;
mod members;
mod repeat;
mod send;
mod split;
mod start;
mod wait;

use super::Ending;
use super::index::Loaded;
use super::turn::Turn;
use crate::plan::{Journey, Step, StepKind};
use crate::schema::StepIx;

/// What comes after a step.
pub(super) enum Next {
    Go(StepIx),
    /// The run waits, holds, or went on (or ended) already.
    Stay,
    End(Ending),
    /// The last step was done; messages may still have to settle.
    Finish,
}

/// Does the step that the run at position `at` stands at.
pub(super) fn perform(turn: &mut Turn<'_>, at: usize, loaded: &Loaded, journey: &Journey, step: &Step) -> Next {
    let plan = &*loaded.plan;
    match &step.kind {
        StepKind::Wait { until, if_past, if_missing, skip_to } => {
            wait::perform(turn, at, plan, until, (*if_past, *if_missing), step.next, *skip_to)
        }
        StepKind::Await { .. } => await_step::perform(turn, at),
        StepKind::Branch { arms, otherwise } => branch::perform(turn, at, plan, arms, *otherwise),
        StepKind::Let { local, value } => let_step::perform(turn, at, plan, *local, value, step.next),
        StepKind::LetOrExit { local, value } => let_step::perform_or_exit(turn, at, plan, *local, value, step.next),
        StepKind::Split { identity, unit, paths, experiment: None } => {
            split::perform(turn, at, plan, identity, unit.as_ref(), paths, step.next)
        }
        StepKind::Split { identity, unit, paths, experiment: Some(number) } => {
            experiment::perform(turn, at, plan, (identity, unit.as_ref(), paths), *number, step.next)
        }
        StepKind::Call { hook, args, otherwise, .. } => call::perform(turn, at, plan, *hook, args, *otherwise),
        StepKind::Draw { pool, otherwise, .. } => draw::perform(turn, at, *pool, *otherwise),
        StepKind::Send(send) => send::perform(turn, at, send, step.next),
        StepKind::Set { .. } | StepKind::Clear(_) | StepKind::AddTo { .. } | StepKind::RemoveFrom { .. } | StepKind::Increase { .. } => {
            change::perform(turn, at, plan, &step.kind, step.next)
        }
        StepKind::OnList { .. } | StepKind::InAudience { .. } | StepKind::MoveToStage(_) | StepKind::Suppress { .. } => {
            members::perform(turn, at, &step.kind, step.next)
        }
        StepKind::Subscribe(_) | StepKind::Unsubscribe(_) | StepKind::UnsubscribeFromEverything | StepKind::Confirm(_) => {
            consent::perform(turn, &step.kind, step.next)
        }
        StepKind::Emit { event, fields } => emit::perform(turn, at, loaded, *event, fields, step.next),
        StepKind::Start { journey, args } => start::perform(turn, at, plan, *journey, args, step.next),
        StepKind::Repeat { counter, times, body, each } => repeat::perform(turn, at, *counter, *times, (*body, *each), step.next),
        StepKind::ResetCounter { counter, take } => repeat::reset(turn, at, plan, *counter, take.as_ref(), step.next),
        StepKind::Collect { until, first, list, count, .. } => {
            collect::perform(turn, at, plan, until, first.as_ref(), (*list, *count), step.next)
        }
        StepKind::Jump => Next::Go(step.next),
        StepKind::Exit { .. } => {
            let _ = journey;
            Next::Finish
        }
    }
}
