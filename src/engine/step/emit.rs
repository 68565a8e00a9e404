//! `emit`: an event of this very instant, taken in after the steps that are being done.

use super::Next;
use crate::condition::{Expr, Happening};
use crate::engine::RecordKind;
use crate::engine::row::SeenWhat;
use crate::engine::turn::{Event, Turn, Wave};
use crate::plan::Plan;
use crate::schema::{EventId, StepIx};
use crate::value::Value;

pub(super) fn perform(turn: &mut Turn<'_>, at: usize, plan: &Plan, event: EventId, fields: &[Option<Expr>], next: StepIx) -> Next {
    let run = &turn.row.runs[at];
    let (journey, number, step) = (run.journey, run.number, run.step);
    let context = turn.context_in(plan, run);
    let declared = plan.schema.events.get(event.index()).map_or(&[][..], |event| &event.fields);
    let values = declared.iter().enumerate().map(|(at, field)| match fields.get(at) {
        Some(Some(expr)) => context.value(expr),
        _ => field.default.clone(),
    });
    let values: Vec<Value> = values.collect();
    turn.record_run(journey, number, step, RecordKind::Emitted(event));
    let event = Event { what: SeenWhat::Happened(Happening::Event(event)), at: turn.now, fields: values.into() };
    turn.cause(Wave { event: Some(event), ..Wave::default() });
    Next::Go(next)
}
