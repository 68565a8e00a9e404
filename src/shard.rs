//! Many customers: their entries in memory, what is due when, and what is under way.
//!
//! In: inputs of customers by their number. Out: changed entries as [`commit::Change`]s for the log, effects, what is due. **Invariant:** pure
//! (no clock, disk, network, threads); everything durable is an entry or a parcel, and every index here is derived from them and built
//! again by [`Shard::apply`], the way that recovery takes; a change is made to memory and written into the commit in one step, so the two
//! cannot differ. Knows no names, no files and no providers.

pub mod aside;
pub mod commit;
pub mod entry;
mod rows;
pub mod sealed;

use crate::calendar::Instant;
use crate::engine::row::{Customer, delta};
use crate::engine::versions::{Migration, migrate};
use crate::engine::{self, Attention, Input, Output, PlanId, World};
use crate::record::{Encode as _, Writer};
use commit::{Change, Parcel, ParcelKey};
use entry::Entry;
use rows::{Rows, Span};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

/// Shards of a store. The number belongs to the store: another one would need every customer moved.
pub const SHARDS: u16 = 256;

/// The shard and the place in it: number / 2^32 is the shard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Number(pub u64);

impl Number {
    pub fn new(shard: u16, slot: u32) -> Number {
        Number(u64::from(shard) << 32 | u64::from(slot))
    }

    pub fn shard(self) -> usize {
        (self.0 >> 32) as usize
    }

    pub fn slot(self) -> u32 {
        self.0 as u32
    }
}

/// One of the parts of a store.
#[derive(Debug, Default)]
pub struct Shard {
    number: u16,
    slots: Vec<Slot>,
    /// Every [`Entry`], encoded.
    rows: Rows,
    /// One per customer for whom anything is due at all.
    agenda: BTreeSet<(Instant, u32)>,
    parcels: BTreeMap<(u32, ParcelKey), Parcel>,
    aside: BTreeMap<u32, aside::Aside>,
    /// Customers that are there.
    living: u32,
    bytes: u64,
}

/// One customer. Places are never used again.
#[derive(Debug)]
struct Slot {
    wake: Instant,
    /// Her entry; empty for who is gone.
    entry: Span,
}

/// How rows follow when another plan becomes active.
pub trait Ways {
    /// For a row that was last handled under that plan: the way to the active one, and since when that is active.
    fn way_from(&self, plan: PlanId) -> Option<(&Migration, Instant)>;
}

/// Memory that handling uses again, and what one input led to.
#[derive(Debug, Default)]
pub struct Bench {
    row: Customer,
    row_bytes: Vec<u8>,
    writer: Writer,
    pub out: Output,
}

impl Bench {
    /// The row that was handled last.
    pub fn row(&self) -> &Customer {
        &self.row
    }
}

/// An entry that cannot be read: damage that the checks of the store did not see, or a mistake of ours.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the entry of customer {number:?} cannot be read: {fault}")]
pub struct Damaged {
    pub number: Number,
    pub fault: String,
}

impl Damaged {
    fn new(number: Number, fault: impl std::fmt::Display) -> Damaged {
        Damaged { number, fault: fault.to_string() }
    }
}

impl Shard {
    pub fn new(number: u16) -> Shard {
        Shard { number, ..Shard::default() }
    }

    pub fn living(&self) -> u32 {
        self.living
    }

    /// Of all entries.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The number that the next customer gets.
    pub fn next(&self) -> Number {
        Number::new(self.number, self.slots.len() as u32)
    }

    pub fn entry(&self, number: Number) -> Option<&[u8]> {
        let slot = self.slots.get(number.slot() as usize)?;
        (!slot.entry.is_empty()).then(|| self.rows.get(slot.entry))
    }

    /// Her row; `None` for who is not there.
    pub fn row(&self, number: Number) -> Result<Option<Customer>, Damaged> {
        let Some(bytes) = self.entry(number) else { return Ok(None) };
        let entry = Entry::read(bytes).map_err(|error| Damaged::new(number, error))?;
        crate::record::from_bytes(entry.row).map(Some).map_err(|error| Damaged::new(number, error))
    }

    /// The earliest instant at which anything is due for anybody here.
    pub fn wake(&self) -> Instant {
        self.agenda.first().map_or(Instant::NEVER, |(at, _)| *at)
    }

    /// Who is due first, if somebody is due until then.
    pub fn first_due(&self, until: Instant) -> Option<(Instant, Number)> {
        self.agenda.first().filter(|(at, _)| *at <= until).map(|(at, slot)| (*at, Number::new(self.number, *slot)))
    }

    pub fn parcels(&self) -> impl Iterator<Item = (Number, &ParcelKey, &Parcel)> {
        self.parcels.iter().map(|((slot, key), parcel)| (Number::new(self.number, *slot), key, parcel))
    }

    /// Hers, by key.
    pub fn parcels_of(&self, number: Number) -> impl Iterator<Item = (&ParcelKey, &Parcel)> {
        let slot = number.slot();
        self.parcels.range((slot, ParcelKey::FIRST)..).take_while(move |((at, _), _)| *at == slot).map(|((_, key), parcel)| (key, parcel))
    }

    pub fn parcel(&self, number: Number, key: &ParcelKey) -> Option<&Parcel> {
        self.parcels.get(&(number.slot(), *key))
    }

    /// Every entry that is there, by number.
    pub fn entries(&self) -> impl Iterator<Item = (Number, Instant, &[u8])> {
        let there = self.slots.iter().enumerate().filter(|(_, slot)| !slot.entry.is_empty());
        there.map(|(at, slot)| (Number::new(self.number, at as u32), slot.wake, self.rows.get(slot.entry)))
    }

    /// Places that were given out, also to who is gone.
    pub fn places(&self) -> u32 {
        self.slots.len() as u32
    }

    /// Somebody new, with her first identifiers.
    pub fn bear(&mut self, entry: Entry<'_>, writer: &mut Writer) -> Number {
        let number = self.next();
        let bytes = entry.to_bytes();
        Change::Entry { number, bytes: &bytes }.write(writer);
        self.put(number, Instant::NEVER, &bytes);
        number
    }

    /// Another identifier of hers.
    pub fn identify(&mut self, number: Number, kind: u8, value: &str, writer: &mut Writer) -> Result<(), Damaged> {
        let Some(bytes) = self.entry(number) else { return Ok(()) };
        let mut entry = Entry::read(bytes).map_err(|error| Damaged::new(number, error))?;
        if entry.identifiers.iter().any(|(known, text)| *known == kind && *text == value) {
            return Ok(());
        }
        entry.identifiers.push((kind, value));
        let bytes = entry.to_bytes();
        Change::Entry { number, bytes: &bytes }.write(writer);
        let wake = self.slots[number.slot() as usize].wake;
        self.put(number, wake, &bytes);
        Ok(())
    }

    /// Another entry stands for her.
    pub fn replace(&mut self, number: Number, entry: Entry<'_>, wake: Instant, writer: &mut Writer) {
        let bytes = entry.to_bytes();
        Change::Entry { number, bytes: &bytes }.write(writer);
        self.put(number, wake, &bytes);
    }

    /// She went into somebody else: what is on its way stays until it is settled.
    pub fn close(&mut self, number: Number, writer: &mut Writer) {
        Change::Closed { number }.write(writer);
        self.remove_entry(number);
    }

    /// She is not there any more: her parcels go with her.
    pub fn forget(&mut self, number: Number, writer: &mut Writer) {
        Change::Gone { number }.write(writer);
        self.remove(number);
    }

    /// One input of hers: her entry and the commit are changed alike. What it led to is in `bench.out`, which was cleared before.
    pub fn handle(
        &mut self,
        world: &(impl World + Ways),
        attention: Attention,
        number: Number,
        input: Input,
        bench: &mut Bench,
        writer: &mut Writer,
    ) -> Result<(), Damaged> {
        bench.out.clear();
        let Some(bytes) = self.entry(number) else { return Ok(()) };
        let entry = Entry::read(bytes).map_err(|error| Damaged::new(number, error))?;
        bench.row.read_again(entry.row).map_err(|error| Damaged::new(number, error))?;
        if let Some((way, since)) = bench.row.plan.and_then(|plan| world.way_from(plan)) {
            let since = since.max(bench.row.clock);
            if !migrate(world, attention, &mut bench.row, way, since, &mut bench.out) {
                return Err(Damaged::new(number, "it cannot follow to the plan that is active"));
            }
        }
        engine::handle(world, attention, &mut bench.row, input, &mut bench.out);
        bench.writer.clear();
        bench.row.encode(&mut bench.writer);
        bench.row_bytes.clear();
        bench.row_bytes.extend_from_slice(bench.writer.as_bytes());
        let changed = entry.row != bench.row_bytes.as_slice();
        if changed {
            bench.writer.clear();
            delta::delta(entry.row, &bench.row_bytes, &mut bench.writer);
            Change::Row { number, delta: bench.writer.as_bytes() }.write(writer);
        }
        // What stands before the row stays as it is.
        let before = bytes.len() - entry.row.len();
        if changed {
            self.put_row(number, before, &bench.row_bytes);
        }
        self.set_wake(number, bench.row.wake);
        Ok(())
    }

    /// What is under way follows to another plan's numbers.
    pub fn renumber(&mut self, number: Number, key: ParcelKey, parcel: Parcel, writer: &mut Writer) {
        self.settle(number, &key, writer);
        self.post(number, parcel, writer);
    }

    /// The plan that a row was last handled under.
    pub fn plan_of(&self, number: Number) -> Result<Option<PlanId>, Damaged> {
        Ok(self.row(number)?.and_then(|row| row.plan))
    }

    /// Puts a parcel up for dispatch.
    pub fn post(&mut self, number: Number, parcel: Parcel, writer: &mut Writer) -> ParcelKey {
        let key = parcel.key();
        Change::Parcel { number, parcel: Cow::Borrowed(&parcel) }.write(writer);
        self.parcels.insert((number.slot(), key), parcel);
        key
    }

    /// A parcel is settled. `false` if there was none.
    pub fn settle(&mut self, number: Number, key: &ParcelKey, writer: &mut Writer) -> bool {
        let there = self.parcels.remove(&(number.slot(), *key)).is_some();
        if there {
            Change::Settled { number, key: *key }.write(writer);
        }
        there
    }

    /// What recovery does with a change of the log: the same as was done when it was written.
    pub fn apply(&mut self, change: &Change<'_>) -> Result<(), Damaged> {
        match change {
            Change::Entry { number, bytes } => {
                let wake = entry_wake(*number, bytes)?;
                self.put(*number, wake, bytes);
            }
            Change::Row { number, delta } => {
                let Some(bytes) = self.entry(*number) else { return Err(Damaged::new(*number, "a change of somebody who is not there")) };
                let entry = Entry::read(bytes).map_err(|error| Damaged::new(*number, error))?;
                let row = delta::apply(entry.row, delta).map_err(|error| Damaged::new(*number, error))?;
                let before = bytes.len() - entry.row.len();
                self.put_row(*number, before, &row);
                // The wake is read once the log was read to its end: rows change more often than that.
                self.set_wake(*number, Instant::NEVER);
            }
            Change::Gone { number } => {
                // Her place was given out, also where nothing of her can be read any more.
                self.restore_places(number.slot() + 1);
                self.remove(*number);
            }
            Change::Closed { number } => self.remove_entry(*number),
            Change::Parcel { number, parcel } => {
                self.parcels.insert((number.slot(), parcel.key()), parcel.as_ref().clone());
            }
            Change::Settled { number, key } => {
                self.parcels.remove(&(number.slot(), *key));
            }
            Change::Aside { number, .. } | Change::Waiting { number, .. } | Change::Back { number } => {
                self.apply_aside(change).map_err(|error| Damaged::new(*number, error))?;
            }
            Change::Input { .. } | Change::Records { .. } | Change::Other { .. } => {}
        }
        Ok(())
    }

    /// A customer as a snapshot holds her.
    pub fn restore(&mut self, number: Number, wake: Instant, bytes: &[u8]) {
        self.put(number, wake, bytes);
    }

    pub fn restore_parcel(&mut self, number: Number, parcel: Parcel) {
        self.parcels.insert((number.slot(), parcel.key()), parcel);
    }

    /// Places up to here were given out before the snapshot.
    pub fn restore_places(&mut self, places: u32) {
        while self.slots.len() < places as usize {
            self.slots.push(Slot { wake: Instant::NEVER, entry: Span::default() });
        }
    }

    /// After the last change of the log: when these are due.
    pub fn read_wake(&mut self, number: Number) -> Result<(), Damaged> {
        let Some(bytes) = self.entry(number) else { return Ok(()) };
        let wake = entry_wake(number, bytes)?;
        self.set_wake(number, wake);
        Ok(())
    }

    fn put(&mut self, number: Number, wake: Instant, bytes: &[u8]) {
        self.restore_places(number.slot() + 1);
        self.living += u32::from(self.slots[number.slot() as usize].entry.is_empty());
        self.put_row(number, 0, bytes);
        self.set_wake(number, wake);
    }

    /// Another entry of hers: the first bytes of the one that is there, and these.
    fn put_row(&mut self, number: Number, before: usize, bytes: &[u8]) {
        let entry = &mut self.slots[number.slot() as usize].entry;
        self.bytes = self.bytes + (before + bytes.len()) as u64 - self.rows.get(*entry).len() as u64;
        *entry = self.rows.put(*entry, before, bytes);
        self.tidy();
    }

    fn tidy(&mut self) {
        if self.rows.is_wasteful() {
            self.rows.tidy(self.slots.iter_mut().map(|slot| &mut slot.entry));
        }
    }

    fn set_wake(&mut self, number: Number, wake: Instant) {
        let wake = if self.is_aside(number) { Instant::NEVER } else { wake };
        let slot = &mut self.slots[number.slot() as usize];
        if slot.wake == wake {
            return;
        }
        if slot.wake != Instant::NEVER {
            self.agenda.remove(&(slot.wake, number.slot()));
        }
        if wake != Instant::NEVER {
            self.agenda.insert((wake, number.slot()));
        }
        slot.wake = wake;
    }

    fn remove(&mut self, number: Number) {
        self.remove_entry(number);
        self.aside.remove(&number.slot());
        let under_way: Vec<ParcelKey> = self.parcels_of(number).map(|(key, _)| *key).collect();
        for key in under_way {
            self.parcels.remove(&(number.slot(), key));
        }
    }

    fn remove_entry(&mut self, number: Number) {
        let at = number.slot();
        if self.slots.get(at as usize).is_none_or(|slot| slot.entry.is_empty()) {
            return;
        }
        self.set_wake(number, Instant::NEVER);
        let entry = std::mem::take(&mut self.slots[at as usize].entry);
        self.bytes -= self.rows.get(entry).len() as u64;
        self.rows.remove(entry);
        self.tidy();
        self.living -= 1;
    }
}

fn entry_wake(number: Number, bytes: &[u8]) -> Result<Instant, Damaged> {
    let entry = Entry::read(bytes).map_err(|error| Damaged::new(number, error))?;
    let row: Customer = crate::record::from_bytes(entry.row).map_err(|error| Damaged::new(number, error))?;
    Ok(row.wake)
}
