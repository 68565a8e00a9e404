//! What of a `where` an event answers by itself: asked first, so that most entries cost a comparison.
//!
//! In: the condition of an entry, once per plan; the values of an event and how often things happened. Out: whether the entry can be meant
//! at all. **Invariant:** an event that a gate keeps out does not meet the condition; where the gate is all of it, one that it lets in
//! does.

use super::evaluate::holds;
use super::history::History;
use crate::condition::{Comparison, CountTest, Expr, HistoryFn, Window};
use crate::schema::TrackerId;
use crate::value::Value;

/// Comparisons of an event's properties with fixed values, and counts over everything ever: all of them a condition asks for.
#[derive(Debug, Clone, Default)]
pub(super) struct Gate {
    tests: Vec<Test>,
    counts: Vec<(TrackerId, CountTest)>,
    /// The condition asks nothing else.
    is_all: bool,
}

/// What a gate says of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    /// It does not meet the condition.
    Out,
    /// It does.
    In,
    /// The condition is to be asked.
    Unsure,
}

#[derive(Debug, Clone)]
struct Test {
    field: u16,
    op: Comparison,
    value: Value,
    ignoring_case: bool,
}

impl Gate {
    pub(super) fn of(condition: Option<&Expr>) -> Gate {
        let mut gate = Gate { is_all: true, ..Gate::default() };
        condition.into_iter().for_each(|condition| gate.add(condition));
        gate
    }

    fn add(&mut self, condition: &Expr) {
        match condition {
            Expr::And(tests) => tests.iter().for_each(|test| self.add(test)),
            Expr::Compare { op, left, right, ignoring_case } => match (&**left, &**right) {
                (Expr::Subject { depth: 0, field }, Expr::Const(value)) => {
                    self.tests.push(Test { field: *field, op: *op, value: value.clone(), ignoring_case: *ignoring_case });
                }
                _ => self.is_all = false,
            },
            Expr::History(history) => match (history.function, &history.window, &history.condition) {
                (HistoryFn::Has(test), Window::Ever, None) => self.counts.push((history.tracker, test)),
                _ => self.is_all = false,
            },
            _ => self.is_all = false,
        }
    }

    /// What it says of an event with these values, for a customer with this history.
    #[inline]
    pub(super) fn ask(&self, fields: &[Value], history: &History) -> Answer {
        let fits = self.tests.iter().all(|test| {
            let value = fields.get(usize::from(test.field)).unwrap_or(&Value::Missing);
            holds(test.op, value, &test.value, test.ignoring_case)
        });
        if !fits {
            return Answer::Out;
        }
        // What an older plan counted is looked up by whoever asks the whole condition.
        let is_known = self.counts.is_empty() || history.keeps_none();
        if is_known && !self.counts.iter().all(|(id, test)| test.holds(history.of(*id).map_or(0, |tracked| tracked.count))) {
            return Answer::Out;
        }
        if is_known && self.is_all { Answer::In } else { Answer::Unsure }
    }
}
