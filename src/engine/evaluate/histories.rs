//! Questions about what a customer did and what she was sent, and how long the answers hold.

use super::compare::{elapsed, order};
use super::{Context, Subject, Values};
use crate::calendar::Instant;
use crate::condition::{CountTest, History, HistoryFn, MessageHistory, WhichMessage, Window};
use crate::engine::history::Tracked;
use crate::schema::TrackerId;
use crate::value::{Decimal, Value};
use std::cmp::Ordering;

/// Which entries a window takes in: own times in `(after, until]`, and the arrival numbers that are too early at `after` itself.
struct Reach {
    after: Instant,
    until: Instant,
    /// Entries at exactly this moment that arrived later than this count too (`since entry`).
    begin: Option<(Instant, u64)>,
    /// Entries leave this many ms after their own time; `None` where the window does not move.
    leaves_ms: Option<i64>,
}

impl Context<'_> {
    /// `has E` over everything ever, for which a count is enough; `None` for other questions.
    #[inline]
    pub(super) fn count_of_all(&self, history: &History) -> Option<bool> {
        match (history.function, &history.window, &history.condition) {
            (HistoryFn::Has(test), Window::Ever, None) => {
                Some(test.holds(self.tracked(history.tracker).map_or(0, |tracked| tracked.count)))
            }
            _ => None,
        }
    }

    /// What is known of a tracker; of one that only an older plan has, what is kept for its runs.
    #[inline]
    fn tracked(&self, id: TrackerId) -> Option<&Tracked> {
        let history = &self.customer.history;
        history.of(id).or_else(|| if history.keeps_none() { None } else { history.kept(&self.plan.trackers.get(id.index())?.hash) })
    }

    /// `has E in the last …`, which only counts entries; `None` for other questions.
    #[inline]
    pub(super) fn count_lately(&self, history: &History) -> Option<bool> {
        let (HistoryFn::Has(test), Window::Last { ms }, None) = (history.function, &history.window, &history.condition) else {
            return None;
        };
        let Some(tracked) = self.tracked(history.tracker) else { return Some(test.holds(0)) };
        if !tracked.folded.is_empty() {
            return None;
        }
        let range = tracked.between(self.now.plus_ms(-ms), self.now);
        let count = range.len();
        if let Some(entry) = leaver(test, count).filter(|at| *at < count).and_then(|at| tracked.entries.get(range.start + at)) {
            self.lower(entry.at.plus_ms(*ms));
        }
        Some(test.holds(count as u64))
    }

    /// The answer to a question about events.
    pub(super) fn history(&self, history: &History, subject: Option<&Subject<'_>>) -> Value {
        if history.function == HistoryFn::TimeSinceLatest {
            // Outside a comparison nobody can say when a moving value matters: asked again every hour.
            self.lower(self.now.plus_ms(crate::calendar::HOUR_MS));
            return self.time_since_latest(history, subject);
        }
        let tracked = self.tracked(history.tracker);
        if matches!(history.window, Window::Ever)
            && history.condition.is_none()
            && let Some(answer) = self.answer_of_totals(history, tracked)
        {
            return answer;
        }
        let Some(reach) = self.reach(&history.window, subject) else { return nothing(history.function) };
        let Some(tracked) = tracked else { return nothing(history.function) };
        self.answer_of_entries(history, tracked, &reach, subject)
    }

    pub(super) fn time_since_latest(&self, history: &History, subject: Option<&Subject<'_>>) -> Value {
        let latest = History { function: HistoryFn::LatestAt, ..history.clone() };
        match self.history(&latest, subject) {
            Value::Instant(at) => elapsed(self.now.since_ms(at)),
            _ => Value::Missing,
        }
    }

    /// Answers that totals over everything give; `None` where entries are needed.
    fn answer_of_totals(&self, history: &History, tracked: Option<&Tracked>) -> Option<Value> {
        let Some(tracked) = tracked else { return Some(nothing(history.function)) };
        let total = |property: u16| {
            let tracker = self.plan.trackers.get(history.tracker.index())?;
            tracker.totals.binary_search(&property).ok().and_then(|at| tracked.totals.get(at))
        };
        Some(match history.function {
            HistoryFn::Has(test) => Value::Boolean(test.holds(tracked.count)),
            HistoryFn::Count => Value::Number(Decimal::from(tracked.count)),
            HistoryFn::EarliestAt => Value::Instant(tracked.first),
            HistoryFn::LatestAt => Value::Instant(tracked.last),
            HistoryFn::Sum(of) => Value::Number(total(of)?.sum),
            HistoryFn::Average(of) => average(total(of)?.sum, total(of)?.count),
            HistoryFn::Smallest(of) => total(of)?.smallest.clone(),
            HistoryFn::Largest(of) => total(of)?.largest.clone(),
            HistoryFn::Earliest(of) => total(of)?.first.clone(),
            HistoryFn::Latest(of) => total(of)?.last.clone(),
            HistoryFn::MostFrequent(_) | HistoryFn::TimeSinceLatest => return None,
        })
    }

    /// What a window takes in now; `None` where its moment is missing.
    fn reach(&self, window: &Window, subject: Option<&Subject<'_>>) -> Option<Reach> {
        let whole = Reach { after: Instant::FIRST, until: self.now, begin: None, leaves_ms: None };
        Some(match window {
            Window::Ever => whole,
            Window::Last { ms } => Reach { after: self.now.plus_ms(-ms), leaves_ms: Some(*ms), ..whole },
            Window::Before { ms, moment } => {
                let moment = self.moment(moment, subject)?;
                Reach { after: moment.plus_ms(-ms - 1), until: moment.plus_ms(-1).min(self.now), ..whole }
            }
            Window::Since(moment) => Reach { after: self.moment(moment, subject)?.plus_ms(-1), ..whole },
            Window::SinceEntry => {
                let run = self.run?;
                Reach { after: run.begin, begin: Some((run.begin, run.begin_seq)), ..whole }
            }
        })
    }

    /// A moment from a value: a date means its first instant in the customer's zone.
    fn moment(&self, expr: &crate::condition::Expr, subject: Option<&Subject<'_>>) -> Option<Instant> {
        match &*self.eval(expr, subject) {
            Value::Instant(at) => Some(*at),
            Value::Date(date) => Some(self.zone.instant(date.and_time(chrono::NaiveTime::MIN))),
            _ => None,
        }
    }

    fn answer_of_entries(&self, history: &History, tracked: &Tracked, reach: &Reach, subject: Option<&Subject<'_>>) -> Value {
        let mut range = tracked.between(reach.after, reach.until);
        if let Some((begin, seq)) = reach.begin {
            // Entries of the very instant of the begin that arrived after it.
            while range.start > 0 && tracked.entries.get(range.start - 1).is_some_and(|entry| entry.at == begin && entry.seq > seq) {
                range.start -= 1;
            }
        }
        let keeps: &[u16] = self.plan.trackers.get(history.tracker.index()).map_or(&[], |tracker| &tracker.keeps);
        let width = keeps.len();
        let Some(condition) = &history.condition else {
            let folded = if tracked.folded.is_empty() { 0 } else { tracked.folded_after(reach.after) };
            return self.answer(history.function, tracked, &Picked::Range(range, folded), keeps, reach);
        };
        let picked: Vec<usize> = range
            .filter(|at| {
                let values = Values::Kept { values: tracked.values_of(*at, width), positions: keeps };
                self.holds(condition, Some(&Subject { values, outer: subject }))
            })
            .collect();
        self.answer(history.function, tracked, &Picked::Some(picked), keeps, reach)
    }

    fn answer(&self, function: HistoryFn, tracked: &Tracked, picked: &Picked, keeps: &[u16], reach: &Reach) -> Value {
        let count = picked.len();
        let at = |position: usize| picked.get(position).and_then(|entry| tracked.entries.get(entry)).map(|entry| entry.at);
        if let Some(ms) = reach.leaves_ms {
            let leaver = match function {
                HistoryFn::Has(test) => leaver(test, count),
                _ => Some(0),
            };
            if let Some(at) = leaver.and_then(at) {
                self.lower(at.plus_ms(ms));
            }
        }
        let values = |property: u16| {
            let column = keeps.binary_search(&property).ok();
            (0..count).filter_map(move |position| {
                let entry = picked.get(position)?;
                tracked.values_of(entry, keeps.len()).get(column?)
            })
        };
        let total = count as u64 + picked.folded();
        match function {
            HistoryFn::Has(test) => Value::Boolean(test.holds(total)),
            HistoryFn::Count => Value::Number(Decimal::from(total)),
            HistoryFn::Sum(of) => sum(values(of)),
            HistoryFn::Average(of) => match sum(values(of)) {
                Value::Number(sum) => average(sum, values(of).filter(|value| !value.is_missing()).count() as u64),
                _ => Value::Missing,
            },
            HistoryFn::Smallest(of) => extreme(values(of), Ordering::Less),
            HistoryFn::Largest(of) => extreme(values(of), Ordering::Greater),
            HistoryFn::MostFrequent(of) => most_frequent(values(of)),
            HistoryFn::Earliest(of) => values(of).next().cloned().unwrap_or_default(),
            HistoryFn::Latest(of) => values(of).next_back().cloned().unwrap_or_default(),
            HistoryFn::EarliestAt => at(0).map_or(Value::Missing, Value::Instant),
            HistoryFn::LatestAt => count.checked_sub(1).and_then(at).map_or(Value::Missing, Value::Instant),
            HistoryFn::TimeSinceLatest => Value::Missing,
        }
    }

    /// Whether she was sent, saw, clicked … as many messages as asked.
    pub(super) fn messages(&self, question: &MessageHistory) -> bool {
        let Some(reach) = self.reach(&question.window, None) else { return question.count.holds(0) };
        let mut times: Vec<Instant> = self
            .customer
            .facts
            .iter()
            .filter(|fact| match question.which {
                WhichMessage::Any => true,
                WhichMessage::About(topic) => fact.topic == topic,
                WhichMessage::Message(message) => fact.message == message,
                WhichMessage::Send(send) => self.run.is_some_and(|run| fact.key.run == run.number) && fact.key.send == send,
            })
            .filter(|fact| question.by.is_none_or(|channel| fact.channel == channel))
            .filter_map(|fact| fact.when(question.verb))
            .filter(|at| *at > reach.after && *at <= reach.until)
            .collect();
        if let Some(ms) = reach.leaves_ms {
            times.sort_unstable();
            if let Some(at) = leaver(question.count, times.len()).and_then(|position| times.get(position)) {
                self.lower(at.plus_ms(ms));
            }
        }
        question.count.holds(times.len() as u64)
    }
}

/// Which of so many entries must leave for the answer to change: entries leave oldest first.
fn leaver(test: CountTest, count: usize) -> Option<usize> {
    match test {
        CountTest::AtLeast(n) => count.checked_sub(n as usize),
        CountTest::AtMost(n) => count.checked_sub(n as usize + 1),
        CountTest::Exactly(n) if count == n as usize => Some(0),
        CountTest::Exactly(n) => count.checked_sub(n as usize + 1),
    }
}

/// Positions of the entries that count, oldest first.
enum Picked {
    /// All of a range, and so many older ones that are only counted.
    Range(std::ops::Range<usize>, u64),
    Some(Vec<usize>),
}

impl Picked {
    fn len(&self) -> usize {
        match self {
            Picked::Range(range, _) => range.len(),
            Picked::Some(entries) => entries.len(),
        }
    }

    fn get(&self, position: usize) -> Option<usize> {
        match self {
            Picked::Range(range, _) => (position < range.len()).then(|| range.start + position),
            Picked::Some(entries) => entries.get(position).copied(),
        }
    }

    fn folded(&self) -> u64 {
        match self {
            Picked::Range(_, folded) => *folded,
            Picked::Some(_) => 0,
        }
    }
}

/// The answer where nothing happened.
fn nothing(function: HistoryFn) -> Value {
    match function {
        HistoryFn::Has(test) => Value::Boolean(test.holds(0)),
        HistoryFn::Count | HistoryFn::Sum(_) => Value::Number(Decimal::ZERO),
        _ => Value::Missing,
    }
}

fn average(sum: Decimal, count: u64) -> Value {
    sum.checked_div(Decimal::from(count)).map_or(Value::Missing, Value::Number)
}

pub(super) fn sum<'v>(values: impl Iterator<Item = &'v Value>) -> Value {
    let mut sum = Decimal::ZERO;
    for value in values {
        if let Value::Number(number) = value {
            match sum.checked_add(*number) {
                Some(more) => sum = more,
                None => return Value::Missing,
            }
        }
    }
    Value::Number(sum)
}

pub(super) fn extreme<'v>(values: impl Iterator<Item = &'v Value>, wanted: Ordering) -> Value {
    let mut found: Option<&Value> = None;
    for value in values.filter(|value| !value.is_missing()) {
        if found.is_none_or(|best| order(value, best) == Some(wanted)) {
            found = Some(value);
        }
    }
    found.cloned().unwrap_or_default()
}

/// The value that comes most often; of several the one that came first.
pub(super) fn most_frequent<'v>(values: impl Iterator<Item = &'v Value>) -> Value {
    let mut counts: Vec<(&Value, usize)> = Vec::new();
    for value in values.filter(|value| !value.is_missing()) {
        match counts.iter_mut().find(|(known, _)| *known == value) {
            Some((_, count)) => *count += 1,
            None => counts.push((value, 1)),
        }
    }
    let most = counts.iter().map(|(_, count)| *count).max().unwrap_or(0);
    counts.iter().find(|(_, count)| *count == most).map(|(value, _)| (*value).clone()).unwrap_or_default()
}
