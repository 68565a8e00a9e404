//! Codes that pools gave, and draws that got none.
//!
//! In: a code, that none is left, or the end of the time. Out: the run goes on, with the code or with `otherwise`. **Invariant:** a draw is
//! settled once: what comes later, or to a run that is over, changes nothing. That no code is given twice is the driver's: it holds the
//! pools of all customers.

use super::turn::Turn;
use super::{Answer, NoAnswer, RecordKind};
use crate::plan::StepKind;
use crate::value::{Text, Value};

/// Most bytes of a code: four for each of 256 characters.
const CODE_BYTES_MAX: usize = 1_024;

impl Turn<'_> {
    pub(super) fn take_code(&mut self, number: u32, answer: Answer) {
        let Some(open) = self.row.calls.draws.iter().find(|open| open.number == number).copied() else { return };
        self.row.turn += 1;
        let code = match answer {
            Answer::Code(code) if !code.trim().is_empty() && code.len() <= CODE_BYTES_MAX => Ok(code),
            Answer::NoneLeft => Err(NoAnswer::NoneLeft),
            Answer::Failed => Err(NoAnswer::Failed),
            Answer::Code(_) | Answer::Fields(_) | Answer::Unfit => Err(NoAnswer::Unfit),
        };
        self.settle_draw(open.run, code);
    }

    /// The run that stands at a draw goes on.
    pub(super) fn settle_draw(&mut self, run: u32, code: Result<Text, NoAnswer>) {
        let Some((at, _, journey)) = self.run_and_journey(run) else { return };
        let (id, ix) = (self.row.runs[at].journey, self.row.runs[at].step);
        let Some(step) = journey.steps.get(ix.index()) else { return };
        let StepKind::Draw { pool, bind, otherwise } = &step.kind else { return };
        self.row.calls.draws.retain(|open| open.run != run);
        let to = match code {
            Ok(code) => {
                self.record_run(id, run, ix, RecordKind::GotCode(*pool, code.clone()));
                if let Some(bind) = bind {
                    super::runs::bind(&mut self.row.runs[at], *bind, Value::Text(code));
                }
                step.next
            }
            Err(why) => {
                self.record_run(id, run, ix, RecordKind::GotNoCode(*pool, why));
                *otherwise
            }
        };
        self.go_on(at, to);
    }
}
