//! Facts: what is decided over all customers, at whole ticks.
//!
//! In: the time, and what was counted of every customer's records. Out: changes of experiments' shares, each in the log before anybody is drawn
//! with it. **Invariant:** the same code as a simulation decides, from the same counters; what was due before a tick is handled before
//! anything is decided at it; counters and facts come back after a restart as they were.

use super::{Core, others};
use crate::calendar::Instant;
use crate::engine::{Input, InputKind, Record, RecordKind, zone_of};
use crate::record::{Decode as _, DecodeError, Encode as _, Reader, Writer};
use crate::schema::{ChannelId, MessageVerb};
use crate::value::Text;
use crate::world::facts::{self, Change};
use chrono::Timelike as _;

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
        let asked = self.world.asked_hours();
        let has_experiments = self.world.has_experiments();
        if !has_experiments && asked.is_empty() {
            return;
        }
        self.finish_before(facts::begin_of(tick));
        if !asked.is_empty() && self.count_hours(&asked, tick) {
            let mut out = Writer::default();
            out.zigzag(tick);
            self.write_other(others::HOURS, out.as_bytes());
        }
        if has_experiments {
            self.decide(tick);
        }
    }

    fn count_hours(&mut self, asked: &[Vec<ChannelId>], tick: i64) -> bool {
        let world = &mut self.world;
        world.hours.count(asked, &mut [&mut world.answers], facts::begin_of(tick))
    }

    fn decide(&mut self, tick: i64) {
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

    /// Who answered, and at which hour of hers: of everybody that counts, whether or not some version asks for it yet.
    pub(super) fn note_answers(&mut self, records: &[Record]) {
        for record in records {
            if let RecordKind::Reported {
                key,
                verb: MessageVerb::Opened | MessageVerb::Clicked | MessageVerb::RepliedTo,
                by_machine: false,
                ..
            } = record.kind
            {
                let hour = zone_of(self.world.plan(), self.bench.row()).local(record.at).hour();
                let mut out = Writer::default();
                out.varint(u64::from(key.channel.0));
                record.at.encode(&mut out);
                out.varint(u64::from(hour));
                self.write_other(others::ANSWERED, out.as_bytes());
                self.world.answers.add(key.channel, record.at, hour);
            }
        }
    }

    pub(super) fn answered_again(&mut self, from: &mut Reader<'_>) -> Result<(), DecodeError> {
        let (channel, at, hour) = (ChannelId(from.narrow()?), Instant::decode(from)?, from.narrow()?);
        self.world.answers.add(channel, at, hour);
        Ok(())
    }

    /// Everybody's best hours were counted again at a tick.
    pub(super) fn counted_hours_again(&mut self, from: &mut Reader<'_>) -> Result<(), DecodeError> {
        let tick = from.zigzag()?;
        self.count_hours(&self.world.asked_hours(), tick);
        self.works.ticked = self.works.ticked.max(tick);
        Ok(())
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
