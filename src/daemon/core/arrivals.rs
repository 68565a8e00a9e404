//! Arrivals become inputs.
//!
//! In: items in the order of the request. Out: one answer each. **Invariant:** items of one request are taken by own time, attributes before
//! events of the same time, then as listed; an item that means nothing goes to the dead letters with its reason and uses up no id.

use super::others::Dead;
use super::{Core, Item};
use crate::calendar::Instant;
use crate::daemon::Taken;
use crate::daemon::arrival::{Identifier, IdentifierKind, What};
use crate::engine::{Input, InputKind};

impl Core {
    pub(super) fn take_items(&mut self, now: Instant, items: Vec<Item>) -> Vec<Taken> {
        let turn = |item: &Item| {
            let arrival = &item.arrival;
            (arrival.at.unwrap_or(now).min(now), matches!(arrival.what, What::Event { .. } | What::Request { .. }))
        };
        // As most requests come.
        if items.is_sorted_by_key(turn) {
            return items.into_iter().map(|item| self.take_item(now, item)).collect();
        }
        let mut order: Vec<usize> = (0..items.len()).collect();
        order.sort_by_key(|at| turn(&items[*at]));
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
        let bound = match item.bound {
            Ok(bound) => bound,
            Err(_) if self.is_of_erased(&item.arrival.who, now) => return self.of_erased(),
            Err(refusal) => {
                self.counts.refused += 1;
                let reason = refusal.words().to_owned();
                let raw = item.raw.unwrap_or_else(|| format!("{:?}", item.arrival.what));
                self.bury(Dead::new(now, &item.arrival.source, raw, reason.clone()));
                return Taken::Refused(reason);
            }
        };
        let Some(number) = self.resolve(&item.arrival.who, now) else {
            return self.of_erased();
        };
        if let What::SameAs(other) = &item.arrival.what {
            self.same_as(number, other, now);
            return Taken::Accepted;
        }
        self.counts.ignored += bound.ignored.len() as u64;
        if let Some((field, value)) = &bound.if_still
            && self.attribute(number, *field).as_ref() != Some(value)
        {
            return Taken::Accepted;
        }
        let mut known = false;
        for (at, kind) in bound.inputs.into_iter().enumerate() {
            // What one item says in several inputs counts once each.
            let id = if item.id == 0 { 0 } else { item.id.wrapping_add(at as u128).max(1) };
            if let InputKind::Suppress { channel, suppressed } = kind {
                self.suppress_her_address(number, channel, suppressed);
            }
            known |= self.input(number, Input { now, id, kind });
        }
        if matches!(item.arrival.what, What::Erase) {
            self.erase(number, now);
        }
        if known { Taken::Duplicate } else { Taken::Accepted }
    }

    /// Her words are not kept, not even those that mean nothing: that is what she asked for.
    fn of_erased(&mut self) -> Taken {
        self.counts.of_erased += 1;
        Taken::Refused("it is about somebody who was erased less than 30 days ago".to_owned())
    }

    /// An item of a log that is played: as a simulation takes it. Somebody new has agreed to these topics.
    pub fn take_of_log(
        &mut self,
        customer: &str,
        consent: &[crate::schema::TopicId],
        id: u128,
        kind: crate::engine::InputKind,
        now: Instant,
    ) {
        let who = [Identifier { kind: IdentifierKind::User, value: customer.to_owned() }];
        let is_new = self.find(&who).is_none();
        let Some(number) = self.resolve(&who, now) else { return };
        if is_new {
            for topic in consent {
                let kind = crate::engine::InputKind::Consent { at: now, topic: *topic, subscribed: true };
                self.input(number, Input { now, id: 0, kind });
            }
        }
        self.input(number, Input { now, id, kind });
    }

    fn same_as(&mut self, number: crate::shard::Number, other: &Identifier, now: Instant) {
        match self.find(std::slice::from_ref(other)) {
            Some(found) if found == number => {}
            Some(found) => self.unite(number, found, now),
            None => self.attach_identifier(number, other),
        }
    }
}
