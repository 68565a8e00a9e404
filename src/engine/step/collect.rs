//! `collect`: waits, and takes every event of its kind meanwhile. What it takes begins no run of its journey.

use super::Next;
use crate::condition::{Expr, Until};
use crate::engine::evaluate::due;
use crate::engine::row::RunState;
use crate::engine::runs::bind;
use crate::engine::turn::{Event, Turn};
use crate::engine::waits::{Arrival, arrival};
use crate::engine::{RecordKind, arms};
use crate::plan::{PastBehaviour, Plan, StepKind};
use crate::schema::{LocalId, StepIx};
use crate::value::{Decimal, Value};

/// Events that are kept; more are counted only.
pub(crate) const COLLECTED_MAX: usize = 100;

pub(super) fn perform(
    turn: &mut Turn<'_>,
    at: usize,
    plan: &Plan,
    until: &Until,
    first: Option<&Expr>,
    (list, count): (LocalId, LocalId),
    next: StepIx,
) -> Next {
    let context = turn.context_in(plan, &turn.row.runs[at]);
    let first: Vec<Value> = first.map(|first| context.value(first)).into_iter().collect();
    let when = due(until, turn.now, &context);
    let now = turn.now;
    let run = &mut turn.row.runs[at];
    bind(run, count, Value::Number(Decimal::from(first.len())));
    bind(run, list, Value::List(first.into()));
    match arrival(when, now, PastBehaviour::Continue, PastBehaviour::Continue) {
        Arrival::Wait(until) => {
            run.state = RunState::Waiting;
            run.anchor = now;
            run.due = until;
            if turn.attention.detail {
                let (journey, number, step) = (run.journey, run.number, run.step);
                turn.record_run(journey, number, step, RecordKind::Waiting { until });
            }
            Next::Stay
        }
        _ => Next::Go(next),
    }
}

impl Turn<'_> {
    /// A run that collects takes an event: it is not considered as an entry of its journey any more.
    pub(in crate::engine) fn collect_event(&mut self, number: u32, event: &Event) {
        let Some((at, loaded, journey)) = self.run_and_journey(number) else { return };
        let event = &*loaded.laid_out(event);
        let run = &self.row.runs[at];
        if run.state != RunState::Waiting || run.turn == self.row.turn {
            return;
        }
        let Some(StepKind::Collect { trigger, list, count, .. }) = journey.steps.get(run.step.index()).map(|step| &step.kind) else {
            return;
        };
        if !self.is_met(&loaded.plan, journey, trigger, event, run) {
            return;
        }
        let (id, step) = (run.journey, run.step);
        let run = &mut self.row.runs[at];
        let counted = match run.locals.get(count.index()) {
            Some(Value::Number(number)) => *number,
            _ => Decimal::ZERO,
        };
        bind(run, *count, Value::Number(counted + Decimal::ONE));
        if let Some(Value::List(items)) = run.locals.get(list.index()).filter(|items| length(items) < COLLECTED_MAX) {
            let items = items.iter().cloned().chain([arms::bound(event)]).collect();
            bind(run, *list, Value::List(items));
        }
        self.record_run(id, number, step, RecordKind::Collected);
        self.out.scratch.entered.push(id);
    }
}

fn length(list: &Value) -> usize {
    if let Value::List(items) = list { items.len() } else { 0 }
}
