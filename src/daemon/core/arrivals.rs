//! Arrivals become inputs.
//!
//! In: items in the order of the request. Out: one answer each. **Invariant:** items of one request are taken by own time, attributes before
//! events of the same time, then as listed; an item that means nothing goes to the dead letters with its reason and uses up no id.

use super::others::Dead;
use super::{Core, Item};
use crate::calendar::Instant;
use crate::daemon::Taken;
use crate::daemon::arrival::What;
use crate::engine::{Input, InputKind};

impl Core {
    pub(super) fn take_items(&mut self, now: Instant, items: Vec<Item>) -> Vec<Taken> {
        let mut order: Vec<usize> = (0..items.len()).collect();
        order.sort_by_key(|at| {
            let arrival = &items[*at].arrival;
            (arrival.at.unwrap_or(now).min(now), matches!(arrival.what, What::Event { .. } | What::Request { .. }))
        });
        let mut taken: Vec<Taken> = vec![Taken::Accepted; items.len()];
        let mut items: Vec<Option<Item>> = items.into_iter().map(Some).collect();
        for at in order {
            if let Some(item) = items[at].take() {
                taken[at] = self.take_item(now, item);
            }
        }
        taken
    }

    fn take_item(&mut self, now: Instant, item: Item) -> Taken {
        self.counts.inputs += 1;
        let kinds = match item.bound {
            Ok(kinds) => kinds,
            Err(reason) => {
                self.counts.refused += 1;
                let raw = item.raw.unwrap_or_else(|| format!("{:?}", item.arrival.what));
                self.bury(Dead::new(now, &item.arrival.source, raw, reason.clone()));
                return Taken::Refused(reason);
            }
        };
        let Some(number) = self.resolve(&item.arrival.who, now) else {
            return Taken::Refused("it says of nobody".to_owned());
        };
        if let What::SameAs(other) = &item.arrival.what {
            self.same_as(number, other, now);
            return Taken::Accepted;
        }
        let mut known = false;
        for (at, kind) in kinds.into_iter().enumerate() {
            // What one item says in several inputs counts once each.
            let id = if item.id == 0 { 0 } else { item.id.wrapping_add(at as u128).max(1) };
            known |= self.input(number, Input { now, id, kind });
        }
        if matches!(item.arrival.what, What::Erase) {
            self.erase(number, now);
        }
        if known { Taken::Duplicate } else { Taken::Accepted }
    }

    fn same_as(&mut self, number: crate::shard::Number, other: &crate::daemon::arrival::Identifier, now: Instant) {
        match self.find(std::slice::from_ref(other)) {
            Some(found) if found == number => {}
            Some(found) => self.unite(number, found, now),
            None => self.attach_identifier(number, other),
        }
    }

    /// The moment at which an event of an arrival counts as having happened.
    pub fn own_time(at: Option<Instant>, now: Instant) -> Instant {
        at.unwrap_or(now).min(now)
    }
}

/// Whether an input changes nothing but what is known (and so may be taken while a customer is set aside).
pub fn is_vital(kind: &InputKind) -> bool {
    matches!(kind, InputKind::Consent { .. } | InputKind::Suppress { .. } | InputKind::Outcome { .. } | InputKind::Report { .. })
}
