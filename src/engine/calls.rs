//! Answers of hooks, and calls that got none.
//!
//! In: an answer, or the end of its time. Out: the run goes on, with the answer or with `otherwise`. **Invariant:** a call is settled
//! once: what comes later, or to a run that is over, changes nothing; an answer that does not have the declared types is none.

use super::turn::Turn;
use super::{Answer, NoAnswer, RecordKind};
use crate::plan::StepKind;
use crate::schema::Field;
use crate::value::{Type, Value};
use std::sync::Arc;

impl Turn<'_> {
    pub(super) fn take_answer(&mut self, number: u32, answer: Answer) {
        let Some(open) = self.row.calls.open.iter().find(|open| open.number == number).copied() else {
            self.take_code(number, answer);
            return;
        };
        self.row.turn += 1;
        match answer {
            Answer::Fields(fields) => self.settle_call(open.run, Ok(fields)),
            Answer::Failed => self.settle_call(open.run, Err(NoAnswer::Failed)),
            // A code answers no call.
            Answer::Unfit | Answer::Code(_) | Answer::NoneLeft => self.settle_call(open.run, Err(NoAnswer::Unfit)),
        }
    }

    /// The run that stands at a call goes on.
    pub(super) fn settle_call(&mut self, run: u32, answer: Result<Arc<[Value]>, NoAnswer>) {
        let Some((at, loaded, journey)) = self.run_and_journey(run) else { return };
        let (id, ix) = (self.row.runs[at].journey, self.row.runs[at].step);
        let Some(step) = journey.steps.get(ix.index()) else { return };
        let StepKind::Call { hook, bind, otherwise, .. } = &step.kind else { return };
        let declared = loaded.plan.schema.hooks.get(hook.index()).map_or(&[][..], |hook| &hook.answers);
        let answer = answer.and_then(|fields| if do_fit(&fields, declared) { Ok(fields) } else { Err(NoAnswer::Unfit) });
        self.row.calls.open.retain(|open| open.run != run);
        let to = match answer {
            Ok(fields) => {
                self.record_run(id, run, ix, RecordKind::Answered(*hook));
                if let Some(bind) = bind {
                    super::runs::bind(&mut self.row.runs[at], *bind, Value::Record(fields));
                }
                step.next
            }
            Err(why) => {
                self.record_run(id, run, ix, RecordKind::NotAnswered(*hook, why));
                *otherwise
            }
        };
        self.go_on(at, to);
    }
}

/// Whether what came are values of the declared types: a driver that reads them has seen to it, and is not trusted.
fn do_fit(fields: &[Value], declared: &[Field]) -> bool {
    fields.len() == declared.len() && fields.iter().zip(declared).all(|(value, field)| fits(value, &field.ty))
}

pub(crate) fn fits(value: &Value, ty: &Type) -> bool {
    match (value, ty.required()) {
        (Value::Missing, _) => ty.is_optional(),
        (Value::Boolean(_), Type::Boolean)
        | (Value::Number(_), Type::Number | Type::Money(_))
        | (Value::Date(_), Type::Date)
        | (Value::Time(_), Type::Time)
        | (Value::Instant(_), Type::DateTime)
        | (Value::Duration(_), Type::Duration) => true,
        (Value::Text(text), Type::OneOf(choices)) => choices.contains(text),
        (Value::Text(_), ty) => ty.is_textual(),
        (Value::List(items), Type::List(of)) => items.iter().all(|item| fits(item, of)),
        (Value::Record(values), Type::Record(fields)) => {
            values.len() == fields.len() && values.iter().zip(fields.iter()).all(|(value, (_, ty))| fits(value, ty))
        }
        (Value::Record(_), Type::Event(_)) => true,
        _ => false,
    }
}
