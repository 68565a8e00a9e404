//! `add to list`, `remove from list`, `add to audience`, `move to stage`, `suppress`: holds at once, the news follow.

use super::Next;
use crate::engine::RecordKind;
use crate::engine::turn::Turn;
use crate::plan::StepKind;
use crate::schema::StepIx;

pub(super) fn perform(turn: &mut Turn<'_>, at: usize, kind: &StepKind, next: StepIx) -> Next {
    let run = &turn.row.runs[at];
    let (journey, number, step) = (run.journey, run.number, run.step);
    match kind {
        StepKind::OnList { list, add } => turn.cause_list(*list, *add),
        StepKind::MoveToStage(stage) => turn.cause_move(*stage),
        StepKind::InAudience { audience, add } => turn.tell_audience(number, *audience, *add),
        StepKind::Suppress { channel, .. } => {
            turn.record_run(journey, number, step, RecordKind::Suppressed(*channel));
            if let Some(wave) = turn.set_suppression(*channel, true) {
                turn.cause(wave);
            }
        }
        _ => {}
    }
    Next::Go(next)
}
