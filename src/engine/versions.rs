//! Plans that live runs are pinned to, beside the newest one.
//!
//! In: an older plan, and the one that is active. Out: the older one under the active one's numbers ([`Loaded::pinned`]), so that a row, which
//! keeps everything by those, means the same to both; and rows that follow when another plan becomes active ([`migrate`]).
//! **Invariant:** what has the same name has the same number; a segment or tracker is shared only where it asks the same; what the active
//! plan does not have gets numbers behind its last, and is neither reached nor written by anything but the older plan's own runs. Topics,
//! channels, fields and the policy are the newest; journeys, messages and events are as the older plan has them.

mod decisions;
mod migrate;
mod moving;
mod names;
mod rebase;

pub use decisions::{Decision, Fate, TYPE_OF};
pub use migrate::{Migration, migrate};

use super::index::{Index, Loaded};
use super::turn::Event;
use crate::plan::Plan;
use crate::value::Value;
use rebase::{Maps, rebase};
use std::borrow::Cow;
use std::sync::Arc;

/// What is known of a plan that is not active.
#[derive(Debug, Clone)]
pub(super) struct Older {
    /// Under its own numbers.
    pub(super) original: Arc<Plan>,
    /// From its own numbers to those of the active plan and behind.
    pub(super) maps: Maps,
    /// By the number that an event has now: how it is laid out here, where that differs.
    pub(super) layouts: Vec<Option<Layout>>,
    /// By journey: the active plan has the very same, with everything that it uses.
    pub(super) same: Vec<bool>,
    /// Trackers of the active plan; those behind them are this plan's own.
    pub(super) shared_trackers: usize,
}

/// An event's properties: here by position in the active plan, and the other way round with what stands there otherwise.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Layout {
    pub(super) here: Vec<Option<u16>>,
    pub(super) there: Vec<(Option<u16>, Value)>,
}

impl Loaded {
    /// A plan that live runs are pinned to, as it is to be handed out by [`World::pinned`](super::World::pinned) while `active` is active.
    /// Made again when another plan becomes active.
    ///
    /// # Errors
    /// If the plan cannot be written as JSON and read again: it was put together by hand.
    pub fn pinned(plan: impl Into<Arc<Plan>>, active: &Loaded) -> Result<Loaded, serde_json::Error> {
        let original = plan.into();
        let rebased = rebase(&original, &active.plan)?;
        let layouts = layouts(&rebased.plan, &active.plan);
        let index = Index::of(&rebased.plan);
        let same = if layouts.iter().all(Option::is_none) { rebased.same } else { vec![false; rebased.plan.journeys.len()] };
        let older = Older { original, maps: rebased.maps, layouts, same, shared_trackers: active.plan.trackers.len() };
        let id = super::PlanId::of(&older.original);
        Ok(Loaded { id, plan: Arc::new(rebased.plan), index, older: Some(Arc::new(older)) })
    }

    /// The number that something of this plan, by its own number, has under the active one; `u16::MAX` for what this plan does not have.
    pub fn number_now(&self, kind: &'static str, own: u16) -> u16 {
        self.older.as_ref().map_or(own, |older| older.maps.get(kind, own))
    }

    /// The plan under its own numbers.
    pub fn original(&self) -> &Arc<Plan> {
        self.older.as_ref().map_or(&self.plan, |older| &older.original)
    }

    fn layout(&self, event: &Event) -> Option<&Layout> {
        let older = self.older.as_ref()?;
        let super::row::SeenWhat::Happened(crate::condition::Happening::Event(id)) = event.what else { return None };
        older.layouts.get(id.index())?.as_ref()
    }

    /// An event as this plan lays it out.
    pub(super) fn laid_out<'e>(&self, event: &'e Event) -> Cow<'e, Event> {
        let Some(layout) = self.layout(event) else { return Cow::Borrowed(event) };
        let value = |at: &Option<u16>| at.and_then(|at| event.fields.get(usize::from(at))).cloned().unwrap_or_default();
        Cow::Owned(Event { fields: layout.here.iter().map(value).collect(), ..*event })
    }

    /// An event of this plan as the active one lays it out.
    pub(super) fn laid_back(&self, event: Event) -> Event {
        let Some(layout) = self.layout(&event) else { return event };
        let value = |(at, otherwise): &(Option<u16>, Value)| match at {
            Some(at) => event.fields.get(usize::from(*at)).cloned().unwrap_or_default(),
            None => otherwise.clone(),
        };
        Event { fields: layout.there.iter().map(value).collect(), ..event }
    }
}

/// Where events are laid out otherwise than in the active plan. Properties that were added behind do not matter.
fn layouts(plan: &Plan, active: &Plan) -> Vec<Option<Layout>> {
    let differs = |(own, newest): (&crate::schema::Event, &crate::schema::Event)| {
        let begins =
            own.fields.len() <= newest.fields.len() && own.fields.iter().zip(&newest.fields).all(|(own, now)| own.name == now.name);
        (!begins).then(|| Layout {
            here: own.fields.iter().map(|field| newest.field(&field.name)).collect(),
            there: newest.fields.iter().map(|field| (own.field(&field.name), field.default.clone())).collect(),
        })
    };
    plan.schema.events.iter().zip(&active.schema.events).map(differs).collect()
}
