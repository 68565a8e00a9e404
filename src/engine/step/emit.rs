//! `emit`: an event of this very instant, taken in after the steps that are being done.

use super::Next;
use crate::condition::{Expr, Happening};
use crate::engine::row::SeenWhat;
use crate::engine::turn::{Event, Turn, Wave};
use crate::engine::{Loaded, RecordKind};
use crate::schema::{EventId, StepIx};
use crate::value::Value;

pub(super) fn perform(turn: &mut Turn<'_>, at: usize, loaded: &Loaded, event: EventId, fields: &[Option<Expr>], next: StepIx) -> Next {
    let run = &turn.row.runs[at];
    let (journey, number, step) = (run.journey, run.number, run.step);
    let context = turn.context_in(&loaded.plan, run);
    let declared = loaded.plan.schema.events.get(event.index()).map_or(&[][..], |event| &event.fields);
    let values = declared.iter().enumerate().map(|(at, field)| match fields.get(at) {
        Some(Some(expr)) => context.value(expr),
        _ => field.default.clone(),
    });
    let values: Vec<Value> = values.collect();
    turn.record_run(journey, number, step, RecordKind::Emitted(event));
    let event = Event { what: SeenWhat::Happened(Happening::Event(event)), at: turn.now, fields: values.into() };
    let event = loaded.laid_back(event);
    turn.cause(Wave { event: Some(event), ..Wave::default() });
    Next::Go(next)
}
