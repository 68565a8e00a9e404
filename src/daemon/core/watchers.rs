//! Who is concerned by which item: found without asking everybody.
//!
//! In: a row, whenever it was handled. Out: the customers to whom a key matters. **Invariant:** derived from rows, never stored; it names
//! everybody who may be concerned, and some who are not; only asked by number, so that no order of a hash map reaches a result.

use super::Core;
use crate::engine::Loaded;
use crate::engine::row::Customer;
use crate::shard::Number;
use crate::value::Text;
use crate::world::directory::Digest;
use std::collections::{BTreeSet, HashMap};

/// Namespace of digests of keys.
const KEY: u8 = 203;

#[derive(Debug, Default)]
pub struct Watchers {
    of_key: HashMap<u64, BTreeSet<Number>>,
    of_customer: HashMap<Number, Box<[u64]>>,
    keys: Vec<Text>,
}

fn digest(key: &str) -> u64 {
    (Digest::of(KEY, key).0 >> 64) as u64
}

impl Watchers {
    /// Whether a key matters to anybody.
    pub fn has(&self, key: &str) -> bool {
        self.of_key.contains_key(&digest(key))
    }

    pub fn concerns(&self, key: &str, number: Number) -> bool {
        self.of_key.get(&digest(key)).is_some_and(|numbers| numbers.contains(&number))
    }

    /// The first customer from `from` on to whom a key matters.
    pub fn next(&self, key: &str, from: Number) -> Option<Number> {
        self.of_key.get(&digest(key))?.range(from..).next().copied()
    }

    /// What matters to her now.
    pub fn note<'l>(&mut self, number: Number, plans: impl Iterator<Item = &'l Loaded>, row: &Customer) {
        let mut keys = std::mem::take(&mut self.keys);
        keys.clear();
        plans.for_each(|plan| plan.keys_of_concern(row, &mut keys));
        let mut now: Vec<u64> = keys.iter().map(|key| digest(key)).collect();
        self.keys = keys;
        now.sort_unstable();
        now.dedup();
        let before = self.of_customer.get(&number).map_or(&[][..], |keys| keys);
        if before == now.as_slice() {
            return;
        }
        for gone in before.iter().filter(|key| now.binary_search(key).is_err()) {
            if let Some(numbers) = self.of_key.get_mut(gone) {
                numbers.remove(&number);
                if numbers.is_empty() {
                    self.of_key.remove(gone);
                }
            }
        }
        for key in &now {
            self.of_key.entry(*key).or_default().insert(number);
        }
        if now.is_empty() {
            self.of_customer.remove(&number);
        } else {
            self.of_customer.insert(number, now.into());
        }
    }
}

impl Core {
    /// The same for somebody whose row was put together anew.
    pub(super) fn watch_again(&mut self, number: Number) {
        if !self.world.follows_catalogs() {
            return;
        }
        match self.shards[number.shard()].row(number) {
            Ok(Some(row)) => self.works.watchers.note(number, self.world.all_loaded(), &row),
            Ok(None) => {}
            Err(damaged) => self.damaged = Some(damaged),
        }
    }

    /// Reads from all rows whom items matter to: after a restart, and under another plan.
    pub(super) fn watch_all(&mut self) {
        self.works.watchers = Watchers::default();
        if !self.world.follows_catalogs() {
            return;
        }
        for shard in &self.shards {
            for (number, ..) in shard.entries() {
                match shard.row(number) {
                    Ok(Some(row)) => self.works.watchers.note(number, self.world.all_loaded(), &row),
                    Ok(None) => {}
                    Err(damaged) => return self.damaged = Some(damaged),
                }
            }
        }
    }
}
