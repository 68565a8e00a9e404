//! Histories that a plan asks for which is not active yet: read back from what was recorded, before it counts.
//!
//! In: the plan, as it would be pinned under the active one; events of before, in order. Out: the row with these histories beside its own, under
//! names that [`migrate`](super::versions::migrate) looks for. **Invariant:** nothing is decided, entered or told by it; what happens while it goes
//! on is taken in by [`Turn::keep_history`] at the same time, so that each event counts once: from the record, or as it happens.

use super::history::Happened;
use super::index::Loaded;
use super::row::Customer;
use super::turn::{Event, Turn};
use super::versions::Migration;
use crate::calendar::Instant;
use crate::condition::Happening;
use crate::plan::Plan;
use crate::schema::{EventId, TopicId};
use crate::value::{Text, Value};
use std::sync::Arc;

/// A plan whose histories are being read back.
#[derive(Debug, Clone)]
pub struct Building {
    /// Its own histories have names of this building, see [`name`].
    loaded: Loaded,
    /// By the number that a tracker has in `loaded`: it is to be read back.
    wanted: Vec<bool>,
}

/// An event of before.
#[derive(Debug, Clone, PartialEq)]
pub struct Before {
    /// Under the active plan's numbers.
    pub what: Happening,
    /// Own time.
    pub at: Instant,
    /// As the plan that is being built lays them out; empty for changes of consent.
    pub fields: Arc<[Value]>,
}

/// Under what name a row keeps a history while it is read back: of two the one that was begun later is greater.
fn name(begun: Instant, history: &str) -> Text {
    Text::from(format!("+{:016x}:{history}", begun.0.max(0)))
}

/// Whether a row keeps under this name what was read back for that history.
pub(super) fn is_of(name: &str, history: &str) -> bool {
    name.starts_with('+') && name.split_once(':').is_some_and(|(_, of)| of == history)
}

impl Building {
    /// `None` where everything that it asks for was kept already. `begun`: when it begins to be read back.
    ///
    /// # Errors
    /// As [`Loaded::pinned`].
    pub fn new(plan: &Arc<Plan>, active: &Loaded, begun: Instant) -> Result<Option<Building>, serde_json::Error> {
        let mut loaded = Loaded::pinned(Arc::clone(plan), active)?;
        let way = Migration::new(active, &Loaded::new(Arc::clone(plan)), &[])?;
        let mut own = (*loaded.plan).clone();
        let mut wanted = vec![false; own.trackers.len()];
        for at in way.begins() {
            let here = usize::from(loaded.number_now("TrackerId", at as u16));
            if let (Some(tracker), Some(wanted)) = (own.trackers.get_mut(here), wanted.get_mut(here)) {
                tracker.hash = name(begun, &tracker.hash);
                *wanted = true;
            }
        }
        if wanted.iter().all(|wanted| !wanted) {
            return Ok(None);
        }
        loaded.plan = Arc::new(own);
        Ok(Some(Building { loaded, wanted }))
    }

    /// The plan under its own numbers.
    pub fn plan(&self) -> &Arc<Plan> {
        self.loaded.original()
    }

    /// Whether anything that is read back asks for events of this name; the number that it has while this goes on.
    pub fn asks(&self, own: EventId) -> Option<Happening> {
        let what = Happening::Event(EventId(self.loaded.number_now("EventId", own.0)));
        self.takes(what).then_some(what)
    }

    /// The same of a change of consent to a topic of that name.
    pub fn asks_topic(&self, name: &str, subscribed: bool) -> Option<Happening> {
        let own = self.plan().schema.topics.iter().position(|topic| topic.name == name)?;
        let topic = TopicId(self.loaded.number_now("TopicId", own as u16));
        let what = if subscribed { Happening::SubscribedTo(topic) } else { Happening::UnsubscribedFrom(topic) };
        self.takes(what).then_some(what)
    }

    /// Whether anything that is read back takes this in.
    pub fn takes(&self, what: Happening) -> bool {
        self.loaded.plan.trackers.iter().zip(&self.wanted).any(|(tracker, wanted)| *wanted && tracker.of == what)
    }

    /// How far back it looks, at most; `None` for ever.
    pub fn reach_ms(&self) -> Option<i64> {
        let wanted = self.loaded.plan.trackers.iter().zip(&self.wanted).filter(|(_, wanted)| **wanted).map(|(tracker, _)| tracker);
        let reach = wanted.map(|tracker| if tracker.totals.is_empty() && tracker.window_ms > 0 { tracker.window_ms } else { i64::MAX });
        reach.max().filter(|reach| *reach < i64::MAX)
    }

    /// Events of before go into her row, in the order in which they came. Whether anything was asked for.
    pub fn fill(&self, row: &mut Customer, events: &[Before]) -> bool {
        let mut any = false;
        let now = row.clock;
        for event in events {
            // What came before everything that her runs have seen.
            any |= self.keep(row, event.what, Happened { at: event.at, seq: 0, fields: &event.fields }, now);
        }
        any
    }

    fn keep(&self, row: &mut Customer, what: Happening, event: Happened<'_>, now: Instant) -> bool {
        let mut any = false;
        let keep_from = row.runs.iter().map(|run| run.begin).min().unwrap_or(Instant::NEVER);
        for (tracker, _) in self.loaded.plan.trackers.iter().zip(&self.wanted).filter(|(tracker, wanted)| **wanted && tracker.of == what) {
            if tracker.condition.as_ref().is_none_or(|condition| super::evaluate::event_meets(condition, &self.loaded.plan, event.fields)) {
                row.history.keep(tracker, event, now, keep_from);
                any = true;
            }
        }
        any
    }
}

impl Turn<'_> {
    /// What happens while histories are read back.
    pub(super) fn keep_for_building(&mut self, what: Happening, at: Instant, fields: &Arc<[Value]>) {
        let Some(building) = self.world.building().filter(|building| building.takes(what)) else { return };
        let event = Event { what: super::row::SeenWhat::Happened(what), at, fields: Arc::clone(fields) };
        let event = building.loaded.laid_out(&event);
        let event = Happened { at, seq: self.row.turn, fields: &event.fields };
        let now = self.now;
        building.keep(self.row, what, event, now);
    }
}
