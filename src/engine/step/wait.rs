//! `wait`: until a moment, in the customer's civil time.

use super::Next;
use crate::condition::Until;
use crate::engine::answers::best_time;
use crate::engine::evaluate::{Due, due};
use crate::engine::row::RunState;
use crate::engine::turn::Turn;
use crate::engine::waits::{Arrival, arrival, stands_until};
use crate::engine::{Ending, RecordKind};
use crate::plan::{PastBehaviour, Plan};
use crate::schema::StepIx;

pub(super) fn perform(
    turn: &mut Turn<'_>,
    at: usize,
    plan: &Plan,
    until: &Until,
    (if_past, if_missing): (PastBehaviour, PastBehaviour),
    next: StepIx,
    skip_to: StepIx,
) -> Next {
    let context = turn.context_in(plan, &turn.row.runs[at]);
    let when = match until {
        Until::BestTime { within, channels } => {
            let everybody = turn.world.answers_by_hour(channels, turn.now);
            Due::At(best_time(&context, turn.now, *within, channels, everybody))
        }
        until => due(until, turn.now, &context),
    };
    let stands = stands_until(until, &context);
    match arrival(when, turn.now, if_past, if_missing) {
        Arrival::Wait(until) => {
            let now = turn.now;
            let run = &mut turn.row.runs[at];
            run.state = RunState::Waiting;
            run.anchor = now;
            run.due = until;
            run.horizon = stands;
            if turn.attention.detail {
                let (journey, number, step) = (run.journey, run.number, run.step);
                turn.record_run(journey, number, step, RecordKind::Waiting { until });
            }
            Next::Stay
        }
        Arrival::Over => Next::Go(next),
        Arrival::Skip => Next::Go(skip_to),
        Arrival::Exit => Next::End(Ending::OrExit),
    }
}
