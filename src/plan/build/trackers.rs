//! Which histories a plan keeps: one tracker for all conditions that look at the same events.
//!
//! In: every history that some condition asks for. Out: [`Tracker`]s with the union of what their users need. A condition that asks
//! nothing but the event itself becomes part of the tracker, so that other events take no room in anybody's row.

use crate::condition::{Expr, Happening, History, HistoryFn, Window};
use crate::plan::{Tracker, encode};
use crate::schema::TrackerId;
use crate::value::Text;

#[derive(Default)]
pub(super) struct Trackers {
    found: Vec<Tracker>,
}

impl Trackers {
    /// Gives a history its tracker and makes the tracker keep what it needs.
    pub(super) fn assign(&mut self, history: &mut History) {
        let own = match history.condition.take() {
            Some(condition) if asks_only_the_event(&condition) => Some(condition),
            other => {
                history.condition = other;
                None
            }
        };
        let at = self.find(history.of, own);
        history.tracker = TrackerId(at as u16);
        let Some(tracker) = self.found.get_mut(at) else { return };
        let property = match history.function {
            HistoryFn::Sum(of)
            | HistoryFn::Average(of)
            | HistoryFn::Smallest(of)
            | HistoryFn::Largest(of)
            | HistoryFn::MostFrequent(of)
            | HistoryFn::Earliest(of)
            | HistoryFn::Latest(of) => Some(of),
            _ => None,
        };
        let whole = matches!(history.window, Window::Ever) && history.condition.is_none();
        if whole && !matches!(history.function, HistoryFn::MostFrequent(_)) {
            add(&mut tracker.totals, property);
            return;
        }
        add(&mut tracker.keeps, property);
        if let Some(condition) = &history.condition {
            let mut read = Vec::new();
            subject_fields(condition, 0, &mut read);
            read.into_iter().for_each(|field| add(&mut tracker.keeps, Some(field)));
        }
        match &history.window {
            Window::Last { ms } => tracker.window_ms = tracker.window_ms.max(*ms),
            Window::SinceEntry => tracker.since_entry = true,
            Window::Before { ms, moment } if matches!(**moment, Expr::EntryAt) => {
                // Counted back from a run that may begin now: the window before it, and everything from there on while it lives.
                tracker.window_ms = tracker.window_ms.max(*ms);
                tracker.since_entry = true;
            }
            Window::Ever | Window::Since(_) | Window::Before { .. } => tracker.window_ms = i64::MAX,
        }
    }

    fn find(&mut self, of: Happening, condition: Option<Expr>) -> usize {
        if let Some(at) = self.found.iter().position(|tracker| tracker.of == of && tracker.condition == condition) {
            return at;
        }
        self.found.push(Tracker {
            hash: Text::default(),
            of,
            condition,
            totals: Vec::new(),
            keeps: Vec::new(),
            window_ms: 0,
            since_entry: false,
        });
        self.found.len() - 1
    }

    pub(super) fn finish(mut self) -> Vec<Tracker> {
        for tracker in &mut self.found {
            tracker.hash = encode::hash_of(&(&tracker.of, &tracker.condition));
        }
        self.found
    }
}

fn add(list: &mut Vec<u16>, property: Option<u16>) {
    if let Some(property) = property
        && let Err(at) = list.binary_search(&property)
    {
        list.insert(at, property);
    }
}

/// Whether a condition over an event reads only that event and constants.
fn asks_only_the_event(condition: &Expr) -> bool {
    if asks_around(condition, 0) {
        return false;
    }
    let mut only = true;
    condition.walk(&mut |part| {
        only &= !matches!(
            part,
            Expr::Now
                | Expr::Today
                | Expr::CustomerId
                | Expr::Customer(_)
                | Expr::Score(_)
                | Expr::EntryAt
                | Expr::EntryDate
                | Expr::Entry(_)
                | Expr::Local(_)
                | Expr::Param(_)
                | Expr::History(_)
                | Expr::Messages(_)
                | Expr::SendState { .. }
                | Expr::InSegment(_)
                | Expr::InJourney(_)
                | Expr::InJourneyFor { .. }
                | Expr::OnList(_)
                | Expr::AtStage(_)
                | Expr::SubscribedTo(_)
                | Expr::ReachableBy(_)
                | Expr::Item { .. }
                | Expr::ItemField { .. }
                | Expr::Top { .. }
        );
    });
    only
}

/// Whether a condition reads what stands around the event: the subject of an outer `where`.
fn asks_around(condition: &Expr, depth: u8) -> bool {
    let mut around = false;
    match condition {
        Expr::Subject { depth: at, .. } | Expr::It { depth: at } => around = *at > depth,
        Expr::ListFn { list, condition, .. } => {
            around = asks_around(list, depth) || condition.as_ref().is_some_and(|condition| asks_around(condition, depth + 1));
        }
        other => other.each_child(&mut |child| around |= asks_around(child, depth)),
    }
    around
}

/// Properties of the event that a condition reads. `depth` counts the `where`s inside it that have subjects of their own.
fn subject_fields(condition: &Expr, depth: u8, read: &mut Vec<u16>) {
    match condition {
        Expr::Subject { depth: at, field } if *at == depth => read.push(*field),
        Expr::ListFn { list, condition, .. } => {
            subject_fields(list, depth, read);
            if let Some(condition) = condition {
                subject_fields(condition, depth + 1, read);
            }
        }
        Expr::Top { condition, .. } => {
            if let Some(condition) = condition {
                subject_fields(condition, depth + 1, read);
            }
        }
        Expr::History(history) => {
            if let Window::Before { moment, .. } | Window::Since(moment) = &history.window {
                subject_fields(moment, depth, read);
            }
            if let Some(condition) = &history.condition {
                subject_fields(condition, depth + 1, read);
            }
        }
        other => other.each_child(&mut |child| subject_fields(child, depth, read)),
    }
}
