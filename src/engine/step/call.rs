//! `call`: asks a service of the house, and holds the run until it answers or its time is over.

use super::Next;
use crate::condition::Expr;
use crate::engine::row::RunState;
use crate::engine::row::calls::OpenCall;
use crate::engine::turn::Turn;
use crate::engine::{Effect, HookCall, RecordKind};
use crate::plan::Plan;
use crate::schema::{HookId, StepIx};

/// Open calls of one customer; more are not made.
const CALLS_MAX: usize = 1_000;

pub(super) fn perform(turn: &mut Turn<'_>, at: usize, plan: &Plan, hook: HookId, args: &[Expr], otherwise: StepIx) -> Next {
    let run = &turn.row.runs[at];
    let (journey, number, step) = (run.journey, run.number, run.step);
    let Some(declared) = plan.schema.hooks.get(hook.index()) else { return Next::Go(otherwise) };
    if run.held_out || turn.row.calls.open.len() >= CALLS_MAX {
        // Nothing leaves the house for her; a held-out run takes the way of one that got no answer.
        if !run.held_out {
            turn.record(RecordKind::LimitMet("calls"));
        }
        turn.record_run(journey, number, step, RecordKind::Took { arm: None });
        return Next::Go(otherwise);
    }
    let context = turn.context_in(plan, run);
    let args = args.iter().map(|arg| context.value(arg)).collect();
    turn.row.calls.made += 1;
    let call = turn.row.calls.made;
    turn.row.calls.open.push(OpenCall { number: call, run: number, hook });
    let now = turn.now;
    let run = &mut turn.row.runs[at];
    run.state = RunState::Waiting;
    run.anchor = now;
    run.due = now.plus_ms(declared.timeout_ms);
    turn.record_run(journey, number, step, RecordKind::Called(hook));
    turn.effect(Effect::CallHook(HookCall { call, journey, hook, args, deadline: now.plus_ms(declared.timeout_ms) }));
    Next::Stay
}
