//! Entries on what happens to an item of a catalog: `enter when product.stock rises above 0 where product.sku in customer.wishlist`.
//!
//! In: the keys that a customer's row says matter to her. Out: when the first of these items changes, and an entry for each that changed
//! as the entry asks. **Invariant:** a customer is reached once for a change, with the catalog as it is then; whose item it is not is not
//! woken. An item that comes or goes has not changed. At most [`WATCHED_MAX`] items of one customer are looked at.

use super::dates::never;
use super::entries::Cause;
use super::evaluate::{Subject, Values, order};
use super::index::{DateEntry, Watching};
use super::row::Occurrence;
use super::turn::Turn;
use crate::calendar::Instant;
use crate::plan::EntryKind;
use crate::schema::ChangeTest;
use crate::value::{Decimal, Text, Value};
use std::cmp::Ordering;

/// Items that one customer watches for one entry, the last named ones.
pub const WATCHED_MAX: usize = 1_000;

impl Turn<'_> {
    /// When the first of the items changes that matter to her. What is due already stays due.
    pub(super) fn watch(&mut self, at: usize, entry: &DateEntry, watch: Watching, after: Instant) {
        let Some(known) = self.row.occurrences.get(at) else { return };
        let after = if known.next <= self.now { self.now.plus_ms(-1) } else { after.max(self.now) };
        let next = match self.entry_kind(entry) {
            Some(EntryKind::Changes { catalog, .. }) => {
                let (catalog, catalogs) = (*catalog, self.world.catalogs());
                self.watched_keys(watch).iter().map(|key| catalogs.next_change(catalog, key, after)).min()
            }
            _ => None,
        };
        if let Some(known) = self.row.occurrences.get_mut(at) {
            *known = Occurrence { next: next.unwrap_or(Instant::NEVER), ..never(None) };
        }
    }

    /// An event came that makes items matter.
    pub(super) fn watch_by_events(&mut self) {
        let loaded = self.loaded;
        for (at, entry) in loaded.index.dates.iter().enumerate() {
            if let Some(watch @ Watching::Events { .. }) = entry.watch {
                self.watch(at, entry, watch, self.now);
            }
        }
    }

    /// Items changed at `when`: an entry for each that changed as it is asked.
    pub(super) fn enter_by_change(&mut self, at: usize, entry: &DateEntry, when: Instant) {
        let Some(watch) = entry.watch else { return };
        if let Some(known) = self.row.occurrences.get_mut(at) {
            *known = never(None);
        }
        if let Some(EntryKind::Changes { catalog, .. }) = self.entry_kind(entry) {
            let (catalog, catalogs) = (*catalog, self.world.catalogs());
            for key in self.watched_keys(watch) {
                if catalogs.next_change(catalog, &key, when.plus_ms(-1)) != when {
                    continue;
                }
                let key = Value::Text(key);
                if self.changed_as_asked(entry, &key, when) {
                    // Each item stands for itself: a second one does not count as the same input.
                    self.out.scratch.entered.retain(|journey| *journey != entry.at.journey);
                    self.occur(entry.at, Cause { item: Some(&key), ..Cause::at(when) });
                }
            }
        }
        self.watch(at, entry, watch, when.max(self.now));
    }

    pub(super) fn entry_kind(&self, entry: &DateEntry) -> Option<&EntryKind> {
        let loaded = self.loaded;
        let journey = loaded.plan.journeys.get(entry.at.journey.index())?;
        journey.entries.get(usize::from(entry.at.entry)).map(|entry| &entry.kind)
    }

    /// Keys of the items that matter to her, each once.
    pub(super) fn watched_keys(&self, watch: Watching) -> Vec<Text> {
        let mut keys: Vec<Text> = Vec::new();
        let mut add = |value: &Value| match value {
            Value::Text(key) => keys.push(key.clone()),
            Value::List(items) => keys.extend(items.iter().filter_map(super::catalogs::key_of).cloned()),
            _ => {}
        };
        match watch {
            Watching::Field(field) => add(self.row.attribute(field)),
            Watching::Events { tracker, property } => {
                let declared = self.loaded.plan.trackers.get(tracker.index());
                let at = declared.and_then(|declared| declared.keeps.binary_search(&property).ok());
                if let (Some(at), Some(declared), Some(tracked)) = (at, declared, self.row.history.of(tracker)) {
                    tracked.kept(declared.keeps.len(), at).for_each(add);
                }
            }
        }
        let too_many = keys.len().saturating_sub(WATCHED_MAX);
        keys.drain(..too_many);
        keys.sort_unstable();
        keys.dedup();
        keys
    }

    fn changed_as_asked(&self, entry: &DateEntry, key: &Value, when: Instant) -> bool {
        let (Some(EntryKind::Changes { catalog, field, test, than }), Value::Text(name)) = (self.entry_kind(entry), key) else {
            return false;
        };
        let read = |at: Instant| {
            let fields = self.world.catalogs().item(*catalog, name, at)?;
            fields.get(usize::from(*field)).cloned()
        };
        let (Some(before), Some(after)) = (read(when.plus_ms(-1)), read(when)) else { return false };
        let context = self.context(&self.loaded.plan);
        let subject = Subject { values: Values::Item(key), outer: None };
        let than = than.as_ref().map(|than| context.eval(than, Some(&subject)).into_owned()).unwrap_or_default();
        has_changed(*test, &before, &after, &than)
    }
}

fn has_changed(test: ChangeTest, before: &Value, after: &Value, than: &Value) -> bool {
    let is = |left: &Value, wanted: Ordering, right: &Value| order(left, right) == Some(wanted);
    let by = |from: &Value, to: &Value| match (from, to, than) {
        (Value::Number(from), Value::Number(to), Value::Number(than)) => {
            to.checked_sub(*from).is_some_and(|step| step >= *than && step > Decimal::ZERO)
        }
        _ => false,
    };
    // Of nothing, and of less than nothing, there is no share.
    let share = |from: &Value, step: Option<Decimal>| match (from, step, than) {
        (Value::Number(from), Some(step), Value::Number(than)) => {
            let least = from.checked_mul(*than).and_then(|part| part.checked_div(Decimal::ONE_HUNDRED));
            *from > Decimal::ZERO && step > Decimal::ZERO && least.is_some_and(|least| step >= least)
        }
        _ => false,
    };
    let step = |from: &Value, to: &Value| match (from, to) {
        (Value::Number(from), Value::Number(to)) => to.checked_sub(*from),
        _ => None,
    };
    match test {
        ChangeTest::Rises => is(after, Ordering::Greater, before),
        ChangeTest::Drops => is(after, Ordering::Less, before),
        ChangeTest::RisesByShare => share(before, step(before, after)),
        ChangeTest::DropsByShare => share(before, step(after, before)),
        ChangeTest::Changes => before != after,
        ChangeTest::RisesAbove => is(after, Ordering::Greater, than) && order(before, than).is_some_and(|order| order != Ordering::Greater),
        ChangeTest::DropsBelow => is(after, Ordering::Less, than) && order(before, than).is_some_and(|order| order != Ordering::Less),
        ChangeTest::RisesBy => by(before, after),
        ChangeTest::DropsBy => by(after, before),
    }
}
