//! Evaluation of conditions, with the instant until which the answer holds.
//!
//! In: a typed condition and a [`Context`]: plan, customer, run, subject, `now`. Out: its value; and [`Context::until`] is lowered to the
//! first instant at which the answer could change without an input, so that nothing has to be asked again before.
//! **Invariant:** total and pure; a comparison with a missing value is false; a horizon may come too early (the answer is then asked once
//! in vain) but never too late.

mod arithmetic;
mod compare;
mod histories;
mod items;
mod lists;
mod moments;
mod shown;

pub(super) use compare::holds;
pub use compare::order;
pub use moments::{Due, due};

use super::catalogs::{Catalogs, Empty};
use super::row::{Customer, Run};
use crate::calendar::{Instant, Zone, civil};
use crate::condition::{Comparison, Expr, TextOp};
use crate::plan::Plan;
use crate::schema::{ChannelId, MessageVerb, SendId, StageId};
use crate::value::Value;
use std::borrow::Cow;
use std::cell::Cell;

/// What a condition is asked about, and how long the answers so far hold.
pub struct Context<'a> {
    pub plan: &'a Plan,
    pub customer: &'a Customer,
    pub now: Instant,
    pub zone: Zone,
    pub run: Option<&'a Run>,
    /// Parameters of the message that is rendered.
    pub params: &'a [Value],
    pub catalogs: &'a dyn Catalogs,
    /// First instant at which an answer given so far could change without an input.
    pub until: Cell<Instant>,
    /// Something was read of an item that is not there any more.
    pub gone: Cell<bool>,
}

/// The subject of a `where`, and the one around it.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'s> {
    pub values: Values<'s>,
    pub outer: Option<&'s Subject<'s>>,
}

#[derive(Debug, Clone, Copy)]
pub enum Values<'s> {
    /// All properties of an event.
    Event(&'s [Value]),
    /// Only some, with their positions in the event, ascending.
    Kept { values: &'s [Value], positions: &'s [u16] },
    /// An element of a list; its fields where it is a record.
    Item(&'s Value),
}

const MISSING: &Value = &Value::Missing;

impl<'s> Subject<'s> {
    pub fn event(fields: &'s [Value]) -> Subject<'s> {
        Subject { values: Values::Event(fields), outer: None }
    }

    fn at(&self, depth: u8) -> Option<&Subject<'s>> {
        let mut subject = self;
        for _ in 0..depth {
            subject = subject.outer?;
        }
        Some(subject)
    }

    fn field(&self, depth: u8, field: u16) -> &Value {
        let Some(subject) = self.at(depth) else { return MISSING };
        match subject.values {
            Values::Event(values) => values.get(usize::from(field)),
            Values::Kept { values, positions } => positions.binary_search(&field).ok().and_then(|at| values.get(at)),
            Values::Item(Value::Record(values)) => values.get(usize::from(field)),
            Values::Item(_) => None,
        }
        .unwrap_or(MISSING)
    }
}

/// Whether a tracker takes an event in: its condition asks nothing but the event.
pub fn event_meets(condition: &Expr, plan: &Plan, fields: &[Value]) -> bool {
    thread_local! {
        static NOBODY: Customer = Customer::default();
    }
    NOBODY.with(|nobody| Context::new(plan, nobody, Instant(0), Zone::UTC).holds(condition, Some(&Subject::event(fields))))
}

impl<'a> Context<'a> {
    pub fn new(plan: &'a Plan, customer: &'a Customer, now: Instant, zone: Zone) -> Context<'a> {
        let (until, gone) = (Cell::new(Instant::NEVER), Cell::new(false));
        Context { plan, customer, now, zone, run: None, params: &[], catalogs: &Empty, until, gone }
    }

    /// The same with catalogs to look into.
    #[must_use]
    pub fn reading(mut self, catalogs: &'a dyn Catalogs) -> Context<'a> {
        self.catalogs = catalogs;
        self
    }

    /// The same for a run of hers.
    #[must_use]
    pub fn in_run(mut self, run: &'a Run) -> Context<'a> {
        self.run = Some(run);
        self
    }

    /// Notes that an answer may change at `at`.
    pub fn lower(&self, at: Instant) {
        if at < self.until.get() {
            self.until.set(at);
        }
    }

    /// Whether a condition without a subject holds.
    pub fn truth(&self, condition: &Expr) -> bool {
        self.holds(condition, None)
    }

    /// The value of an expression without a subject.
    pub fn value(&self, expr: &Expr) -> Value {
        self.eval(expr, None).into_owned()
    }

    /// Whether a condition holds for a subject.
    pub fn holds(&self, condition: &Expr, subject: Option<&Subject<'_>>) -> bool {
        match condition {
            Expr::And(tests) => tests.iter().all(|test| self.holds(test, subject)),
            Expr::Or(tests) => tests.iter().any(|test| self.holds(test, subject)),
            Expr::Not(test) => !self.holds(test, subject),
            Expr::Compare { op, left, right, ignoring_case } => self.compare(*op, left, right, *ignoring_case, subject),
            Expr::IsMissing(value) => self.eval(value, subject).is_missing(),
            Expr::In { item, list, ignoring_case } => self.is_in(item, list, *ignoring_case, subject),
            Expr::Text { op, left, right, ignoring_case } => match (&*self.eval(left, subject), &*self.eval(right, subject)) {
                (Value::Text(text), Value::Text(part)) => text_test(*op, text, part, *ignoring_case),
                _ => false,
            },
            Expr::Matches { value, pattern } => match &*self.eval(value, subject) {
                Value::Text(text) => pattern.regex.is_match(text),
                _ => false,
            },
            Expr::InSegment(segment) => match self.customer.standing(*segment) {
                // The row's standing follows every change at once; what time has overtaken is asked again.
                Some(standing) if standing.until > self.now => {
                    self.lower(standing.until);
                    standing.member
                }
                _ => self.plan.segments.get(segment.index()).is_some_and(|segment| self.holds(&segment.condition, None)),
            },
            Expr::OnList(list) => self.customer.lists.binary_search(list).is_ok(),
            Expr::AtStage(stage) => self.stage() == Some(*stage),
            Expr::InJourney(journey) => self.customer.runs.iter().any(|run| run.journey == *journey && run.is_live()),
            Expr::InJourneyFor { journey, key } => match &*self.eval(key, subject) {
                Value::Missing => false,
                key => {
                    let key = super::entries::key_hash(key);
                    self.customer.runs.iter().any(|run| run.journey == *journey && run.key == key && run.is_live())
                }
            },
            Expr::SubscribedTo(topic) => self.customer.is_subscribed(self.plan, *topic),
            Expr::ReachableBy(channel) => self.customer.is_reachable(self.plan, *channel),
            Expr::SendState { send, verb, by } => self.send_is(*send, *verb, *by),
            Expr::Messages(messages) => self.messages(messages),
            Expr::History(history) => match self.count_of_all(history).or_else(|| self.count_lately(history)) {
                Some(holds) => holds,
                None => self.history(history, subject).truth(),
            },
            other => self.eval(other, subject).truth(),
        }
    }

    /// The value of an expression for a subject.
    pub fn eval<'e>(&'e self, expr: &'e Expr, subject: Option<&'e Subject<'e>>) -> Cow<'e, Value> {
        match expr {
            Expr::Const(value) => Cow::Borrowed(value),
            Expr::Customer(field) => Cow::Borrowed(self.customer.attribute(*field)),
            Expr::Score(score) => Cow::Owned(Value::Number(self.score(*score))),
            Expr::CustomerId => Cow::Owned(Value::Text(self.customer.uid.clone())),
            Expr::Entry(at) => Cow::Borrowed(self.run.and_then(|run| run.entry.get(usize::from(*at))).unwrap_or(MISSING)),
            Expr::Local(local) => Cow::Borrowed(self.run.and_then(|run| run.locals.get(local.index())).unwrap_or(MISSING)),
            Expr::Param(at) => Cow::Borrowed(self.params.get(usize::from(*at)).unwrap_or(MISSING)),
            Expr::EntryAt => Cow::Owned(self.run.map_or(Value::Missing, |run| Value::Instant(run.begin))),
            Expr::EntryDate => Cow::Owned(self.run.and_then(|run| run.entry_date).map_or(Value::Missing, Value::Date)),
            Expr::Subject { depth, field } => Cow::Borrowed(subject.map_or(MISSING, |subject| subject.field(*depth, *field))),
            Expr::It { depth } => Cow::Borrowed(match subject.and_then(|subject| subject.at(*depth)).map(|subject| subject.values) {
                Some(Values::Item(item)) => item,
                _ => MISSING,
            }),
            Expr::Now => {
                // Comparisons do not come here: they know exactly when they turn (see `compare`). Elsewhere a moving value is asked
                // again every hour.
                self.lower(self.now.plus_ms(crate::calendar::HOUR_MS));
                Cow::Owned(Value::Instant(self.now))
            }
            Expr::Today => {
                self.lower(self.zone.next_midnight(self.now));
                Cow::Owned(Value::Date(civil::date(self.now, self.zone)))
            }
            Expr::Field(of, at) => match self.eval(of, subject) {
                Cow::Borrowed(Value::Record(fields)) => Cow::Borrowed(fields.get(usize::from(*at)).unwrap_or(MISSING)),
                Cow::Owned(Value::Record(fields)) => Cow::Owned(fields.get(usize::from(*at)).cloned().unwrap_or_default()),
                _ => Cow::Borrowed(MISSING),
            },
            Expr::List(items) => Cow::Owned(Value::List(items.iter().map(|item| self.eval(item, subject).into_owned()).collect())),
            Expr::Record(items) => Cow::Owned(Value::Record(items.iter().map(|item| self.eval(item, subject).into_owned()).collect())),
            Expr::Arithmetic { op, left, right } => {
                Cow::Owned(arithmetic::apply(*op, &self.eval(left, subject), &self.eval(right, subject), self.zone))
            }
            Expr::Negate(value) => Cow::Owned(arithmetic::negate(&self.eval(value, subject))),
            Expr::ListFn { function, list, condition } => self.list_fn(*function, list, condition.as_deref(), subject),
            Expr::History(history) => Cow::Owned(self.history(history, subject)),
            Expr::Top { catalog, count, condition, by } => {
                Cow::Owned(self.top(*catalog, usize::from(*count), condition.as_deref(), *by, subject))
            }
            Expr::Item { catalog, key } => Cow::Owned(self.item(*catalog, &self.eval(key, subject))),
            Expr::ItemField { catalog, item, field } => Cow::Borrowed(self.item_field(*catalog, &self.eval(item, subject), *field)),
            Expr::Choice { choices, otherwise } => {
                for (value, condition) in choices {
                    if self.holds(condition, subject) {
                        return self.eval(value, subject);
                    }
                }
                self.eval(otherwise, subject)
            }
            Expr::And(_)
            | Expr::Or(_)
            | Expr::Not(_)
            | Expr::IsMissing(_)
            | Expr::Compare { .. }
            | Expr::In { .. }
            | Expr::Text { .. }
            | Expr::Matches { .. }
            | Expr::InSegment(_)
            | Expr::InJourney(_)
            | Expr::InJourneyFor { .. }
            | Expr::OnList(_)
            | Expr::AtStage(_)
            | Expr::SubscribedTo(_)
            | Expr::ReachableBy(_)
            | Expr::SendState { .. }
            | Expr::Messages(_) => Cow::Owned(Value::Boolean(self.holds(expr, subject))),
        }
    }

    /// The stage that she is in: where a step moved her, as long as the conditions say what they said then; else what they say.
    pub fn stage(&self) -> Option<StageId> {
        let computed = self.computed_stage();
        match self.customer.moved {
            Some(moved) if moved.over == computed => Some(moved.to),
            _ => computed,
        }
    }

    /// The last stage whose condition holds, else the one that is for everybody else.
    pub(super) fn computed_stage(&self) -> Option<StageId> {
        let stages = &self.plan.schema.stages;
        // All of them are asked: each has a horizon.
        let held = stages.iter().map(|stage| stage.test.map(|test| self.holds(&Expr::InSegment(test), None)));
        let held: Vec<Option<bool>> = held.collect();
        let last = held.iter().rposition(|held| *held == Some(true)).or_else(|| held.iter().position(Option::is_none));
        last.map(|at| StageId(at as u16))
    }

    /// A value that is there already: nothing to compute, and it does not move.
    #[inline]
    fn direct<'e>(&'e self, expr: &'e Expr, subject: Option<&'e Subject<'e>>) -> Option<&'e Value> {
        match expr {
            Expr::Const(value) => Some(value),
            Expr::Customer(field) => Some(self.customer.attribute(*field)),
            Expr::Subject { depth, field } => Some(subject.map_or(MISSING, |subject| subject.field(*depth, *field))),
            _ => None,
        }
    }

    fn compare(&self, op: Comparison, left: &Expr, right: &Expr, ignoring_case: bool, subject: Option<&Subject<'_>>) -> bool {
        if let (Some(left), Some(right)) = (self.direct(left, subject), self.direct(right, subject)) {
            return compare::holds(op, left, right, ignoring_case);
        }
        if let Some(truth) = self.compare_score(op, left, right) {
            return truth;
        }
        let slope = compare::slope(left) - compare::slope(right);
        if slope != 0 {
            return self.compare_moving(op, left, right, slope, subject);
        }
        compare::holds(op, &self.eval(left, subject), &self.eval(right, subject), ignoring_case)
    }

    fn is_in(&self, item: &Expr, list: &Expr, ignoring_case: bool, subject: Option<&Subject<'_>>) -> bool {
        let item = self.eval(item, subject);
        match &*self.eval(list, subject) {
            Value::List(items) => items.iter().any(|other| compare::holds(Comparison::Is, &item, other, ignoring_case)),
            _ => false,
        }
    }

    /// Whether a named send of this run is sent, seen, clicked …: some message of it, on that channel if one is named.
    fn send_is(&self, send: SendId, verb: MessageVerb, by: Option<ChannelId>) -> bool {
        let Some(run) = self.run else { return false };
        self.customer
            .facts
            .iter()
            .filter(|fact| fact.key.run == run.number && fact.key.send == send)
            .filter(|fact| by.is_none_or(|channel| fact.key.channel == channel))
            .any(|fact| fact.is(verb))
    }
}

fn text_test(op: TextOp, text: &str, part: &str, ignoring_case: bool) -> bool {
    if ignoring_case {
        return text_test(op, &text.to_lowercase(), &part.to_lowercase(), false);
    }
    match op {
        TextOp::Contains => text.contains(part),
        TextOp::StartsWith => text.starts_with(part),
        TextOp::EndsWith => text.ends_with(part),
    }
}
