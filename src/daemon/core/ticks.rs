//! Facts: what is decided over all customers, at whole ticks.
//!
//! In: the time, and what was counted of every customer's records. Out: changes of experiments' shares, each in the log before anybody is drawn
//! with it. **Invariant:** the same code as a simulation decides, from the same counters; what was due before a tick is handled before
//! anything is decided at it; counters and facts come back after a restart as they were.

use super::{Core, others};
use crate::calendar::Instant;
use crate::engine::{Input, InputKind, Record};
use crate::record::{Decode as _, DecodeError, Encode as _, Reader, Writer};
use crate::value::Text;
use crate::world::facts::{self, Change};

/// Customers with something due before a tick that are handled before it; with more the tick does not wait, and they count at the next one.
const DUE_BEFORE_MAX: usize = 2_000;

impl Core {
    /// Time came: decides at every tick at which something can have changed.
    pub(super) fn tick(&mut self) {
        let tick = facts::tick_of(self.now);
        if tick <= self.works.ticked {
            return;
        }
        self.works.ticked = tick;
        if !self.world.has_experiments() {
            return;
        }
        self.finish_before(facts::begin_of(tick));
        loop {
            let at = self.world.counters.next_tick().unwrap_or(i64::MAX).min(tick);
            let known = self.world.facts.lengths();
            if self.world.counters.close(at) {
                let plan = std::sync::Arc::clone(self.world.plan());
                if self.world.facts.decide(&plan, &[&self.world.counters], at) {
                    self.world.changed();
                }
            }
            let changes = self.world.facts.since(&known);
            let mut out = Writer::default();
            out.zigzag(at);
            changes.encode(&mut out);
            self.write_other(others::FACTS, out.as_bytes());
            if at == tick {
                return;
            }
        }
    }

    /// What was due before a tick belongs to the one before.
    fn finish_before(&mut self, begin: Instant) {
        let now = self.now;
        for _ in 0..DUE_BEFORE_MAX {
            let Some(shard) = self.first_shard(begin.plus_ms(-1)) else { return };
            let Some((at, number)) = self.shards[shard].first_due(begin.plus_ms(-1)) else { return };
            if self.under_way >= super::UNDER_WAY_MAX || self.damaged.is_some() {
                return;
            }
            self.counts.late(now.since_ms(at));
            self.input(number, Input { now, id: 0, kind: InputKind::Touch });
            if !self.moved_on(number, at) {
                return;
            }
        }
    }

    /// When the next decision can fall, where nothing else happens.
    pub(super) fn next_tick(&self) -> Instant {
        self.world.counters.next_tick().map_or(Instant::NEVER, facts::begin_of)
    }

    /// What was counted in a batch of the log.
    pub(super) fn count_again(&mut self, bytes: &[u8]) -> Result<(), DecodeError> {
        if self.world.counts() {
            let records: Vec<Record> = Vec::decode(&mut Reader::new(bytes))?;
            self.world.count(&records);
        }
        Ok(())
    }

    /// What was decided at a tick.
    pub(super) fn decided_again(&mut self, from: &mut Reader<'_>) -> Result<(), DecodeError> {
        let tick = from.zigzag()?;
        let changes = Vec::<(Text, Change)>::decode(from)?;
        self.world.counters.close(tick);
        self.works.ticked = self.works.ticked.max(tick);
        for (identity, change) in changes {
            self.world.facts.learn(identity, change);
        }
        Ok(())
    }
}
