//! What the daemon keeps in its store, and how it comes back.
//!
//! In: batches, snapshots of shards. Out: a core as it was when the last durable batch was made. **Invariant:** a snapshot is written after the batch
//! that it is as of; the log is cut only behind the oldest snapshot, and only what the archive has; a store holds everything it needs, its
//! plans among it, so that a copy of its folder is a copy of all.

use super::core::recovery::{OTHERS, Recovery, Unreadable, plans_of};
use super::core::world::DaemonWorld;
use super::core::{Core, others};
use crate::calendar::Instant;
use crate::engine::Limits;
use crate::plan::{Plan, encode};
use crate::record::Writer;
use crate::shard::Number;
use crate::shard::commit::{Batch, Change};
use crate::store::{BatchNumber, Disk, Store, StoreError};
use std::sync::Arc;

/// Below this part of the disk nothing new is taken, so that outcomes and unsubscribes still find room.
const ROOM_PERCENT_MIN: u64 = 5;
/// At least so much stays free, bytes.
const RESERVE: u64 = 256 << 20;
/// Bytes of log that go into one file of the archive.
const ARCHIVE_BYTES: usize = 64 << 20;
/// The number under which the archive keeps the audit log; no customer has it.
pub const AUDIT: Number = Number(u64::MAX);
/// Log that may lie behind the oldest snapshot before it is cut, bytes.
const CUT_AT: u64 = 256 << 20;

/// The store, while the daemon works.
pub struct Keeper {
    store: Store,
    files: Disk,
    /// By shard: the batch that its snapshot is as of.
    as_of: Vec<BatchNumber>,
    /// Up to which batch the archive has everything.
    archived: BatchNumber,
    noted: BatchNumber,
    room_checked: u32,
    out_of_room: bool,
}

/// Why the daemon cannot begin.
#[derive(Debug, thiserror::Error)]
pub enum CannotOpen {
    #[error("{0}")]
    Store(#[from] StoreError),
    #[error("{0}")]
    Unreadable(#[from] Unreadable),
    #[error("a plan in the store cannot be read: {0}")]
    Plan(String),
}

impl CannotOpen {
    /// What to do.
    pub fn help(&self) -> String {
        match self {
            CannotOpen::Store(error) => error.help().to_owned(),
            CannotOpen::Unreadable(_) => {
                "nothing was changed; restore a backup (`onward store restore`), or ask with the output of `onward store check`".to_owned()
            }
            CannotOpen::Plan(_) => "the store was written by a newer Onward: use that version".to_owned(),
        }
    }
}

impl Keeper {
    /// Opens a store and reads it into memory. A store in which nothing was ever done gets `plan` as its first.
    pub fn open(files: Disk, plan: &Arc<Plan>, limits: Limits) -> Result<(Keeper, Core), CannotOpen> {
        let store = Store::open(files.clone())?;
        let snapshots = store.snapshots();
        let mut as_of = vec![0; usize::from(OTHERS) + 1];
        let others = snapshots.open(&part(OTHERS))?;
        let plans = match &others {
            Some(snapshot) => {
                plans_of(&snapshot.get(b"o")?.unwrap_or_default()).map_err(|fault| Unreadable::Bytes { what: "a snapshot", fault })?
            }
            None => first_plan(&store)?.into_iter().collect(),
        };
        let mut read = Vec::new();
        for text in &plans {
            read.push(Arc::new(encode::from_json(text).map_err(|error| CannotOpen::Plan(error.to_string()))?));
        }
        let is_new = read.is_empty();
        let active = read.pop().unwrap_or_else(|| Arc::clone(plan));
        // From the oldest to the newest, as they came.
        let mut plans = read.into_iter().chain([active]);
        let first = plans.next().unwrap_or_else(|| Arc::clone(plan));
        let mut world = DaemonWorld::new(first, limits);
        for plan in plans {
            world.activate(plan, Instant::FIRST).map_err(|error| CannotOpen::Plan(error.to_string()))?;
        }
        let mut core = Core::new(world);
        for shard in 0..=OTHERS {
            let Some(snapshot) = snapshots.open(&part(shard))? else { continue };
            as_of[usize::from(shard)] = snapshot.as_of();
            for entry in snapshot.entries() {
                let (key, value) = entry?;
                core.restore(shard, &key, &value)?;
            }
        }
        let mut recovery = Recovery::new(as_of.clone());
        let from = as_of.iter().copied().min().unwrap_or(0) + 1;
        for batch in store.read(from.max(store.log().first()))? {
            let (number, payload) = batch?;
            core.apply(&mut recovery, number, &payload)?;
        }
        core.recovered(&recovery)?;
        if store.hold().is_some() {
            core.world.set_hold(true);
        }
        if is_new {
            core.begin_with_plan(plan)?;
        }
        let archived = last_archived(&store)?;
        let noted = store.mark();
        Ok((Keeper { store, files, as_of, archived, noted, room_checked: 0, out_of_room: false }, core))
    }

    /// Number of the last durable batch.
    pub fn last(&self) -> BatchNumber {
        self.store.mark()
    }

    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Ends the hold of a restored or copied store.
    pub fn release(&mut self) -> Result<(), StoreError> {
        self.store.release()
    }

    /// Durable when it returns: the number of the last of them.
    pub fn append(&mut self, payloads: &[&[u8]]) -> Result<BatchNumber, StoreError> {
        let numbers = self.store.append_all(payloads)?;
        Ok(numbers.end.saturating_sub(1))
    }

    /// To be called every 100 ms.
    pub fn note_mark(&mut self) -> Result<(), StoreError> {
        if self.noted != self.store.mark() {
            self.store.note_mark()?;
            self.noted = self.store.mark();
        }
        self.room_checked += 1;
        if self.room_checked >= 10 {
            self.room_checked = 0;
            let room = self.files.room().ok().flatten();
            self.out_of_room = room
                .is_some_and(|room| room.free < (room.total / 100 * ROOM_PERCENT_MIN).min(RESERVE * 4).max(RESERVE.min(room.total / 10)));
        }
        Ok(())
    }

    pub fn is_out_of_room(&self) -> bool {
        self.out_of_room
    }

    /// One shard's state as of a durable batch. Cuts the log when enough of it is in every snapshot.
    pub fn snapshot(&mut self, shard: u16, as_of: BatchNumber, entries: Vec<(Vec<u8>, Vec<u8>)>) -> Result<(), StoreError> {
        let mut writer = self.store.snapshots().write(&part(shard), as_of)?;
        for (key, value) in &entries {
            writer.push(key, value)?;
        }
        writer.finish()?;
        self.as_of[usize::from(shard)] = as_of;
        let oldest = self.as_of.iter().copied().min().unwrap_or(0);
        if shard == OTHERS && oldest > self.store.log().first() && self.store.size() > CUT_AT {
            self.archive_until(oldest)?;
            self.store.cut(oldest + 1)?;
        }
        Ok(())
    }

    /// What the log says of customers goes to the archive, up to a batch.
    fn archive_until(&mut self, until: BatchNumber) -> Result<(), StoreError> {
        while self.archived < until {
            let from = (self.archived + 1).max(self.store.log().first());
            let (mut records, mut bytes, mut last) = (Vec::new(), 0, self.archived);
            for batch in self.store.read(from)? {
                let (number, payload) = batch?;
                if number > until || (bytes > ARCHIVE_BYTES && last >= from) {
                    break;
                }
                bytes += payload.len();
                last = number;
                collect(number, &payload, &mut records);
            }
            if last < from {
                return Ok(());
            }
            records.sort_unstable_by_key(|one: &Archived| (one.number, one.order));
            let mut writer = self.store.archive().write(&format!("{from:020}-{last:020}"))?;
            for record in &records {
                writer.push(&record.number.0.to_be_bytes(), record.order, &record.value)?;
            }
            writer.seal()?;
            self.archived = last;
        }
        Ok(())
    }

    /// Everything that happened to a customer, in order: from the archive, then from the log.
    pub fn history(&self, number: Number) -> Result<Vec<Happened>, StoreError> {
        let mut all = Vec::new();
        let archive = self.store.archive();
        for part in archive.parts()? {
            let Some(sealed) = archive.open(&part)? else { continue };
            for entry in sealed.find(&number.0.to_be_bytes()) {
                all.extend(Happened::read(&entry?.value));
            }
        }
        for batch in self.store.read((self.archived + 1).max(self.store.log().first()))? {
            let (order, payload) = batch?;
            let mut records = Vec::new();
            collect(order, &payload, &mut records);
            all.extend(records.iter().filter(|record| record.number == number).filter_map(|record| Happened::read(&record.value)));
        }
        Ok(all)
    }

    /// The exact end of the log is noted, and the store is free.
    pub fn close(self) -> Result<(), StoreError> {
        self.store.close()
    }
}

/// The name of a shard's snapshot.
fn part(shard: u16) -> String {
    if shard == OTHERS { "others".to_owned() } else { format!("shard-{shard:03}") }
}

/// The plan that a store without snapshots began with.
fn first_plan(store: &Store) -> Result<Option<String>, CannotOpen> {
    let wrong = |fault| Unreadable::Bytes { what: "the log", fault };
    let Some(first) = store.read(store.log().first())?.next() else { return Ok(None) };
    let (_, payload) = first?;
    let mut batch = Batch::read(&payload).map_err(wrong)?;
    while let Some(change) = batch.read_next().map_err(wrong)? {
        if let Change::Other { kind: others::PLAN, bytes } = change {
            return Ok(Some(String::from_utf8_lossy(bytes).into_owned()));
        }
    }
    Ok(None)
}

fn last_archived(store: &Store) -> Result<BatchNumber, StoreError> {
    let parts = store.archive().parts()?;
    Ok(parts.iter().filter_map(|part| part.rsplit('-').next()?.parse().ok()).max().unwrap_or(0))
}

struct Archived {
    number: Number,
    order: u64,
    value: Vec<u8>,
}

/// What a batch says of customers: what came in, what was decided, what was handed to the dispatcher.
fn collect(number: BatchNumber, payload: &[u8], records: &mut Vec<Archived>) {
    let Ok(mut batch) = Batch::read(payload) else { return };
    let at = batch.head.at;
    let mut place = 0;
    // What could not be read would have stopped the recovery.
    while let Ok(Some(change)) = batch.read_next() {
        let of = match &change {
            Change::Input { number, .. } | Change::Records { number, .. } | Change::Parcel { number, .. } => *number,
            Change::Other { kind: others::AUDIT, .. } => AUDIT,
            _ => continue,
        };
        let mut out = Writer::default();
        out.instant(at);
        change.write(&mut out);
        records.push(Archived { number: of, order: number << 20 | place, value: out.into_bytes() });
        place += 1;
    }
}

/// One thing that happened to a customer.
#[derive(Debug, Clone, PartialEq)]
pub struct Happened {
    /// Handling time of its batch.
    pub at: Instant,
    pub what: What,
}

#[derive(Debug, Clone, PartialEq)]
pub enum What {
    Input(Box<crate::engine::Input>),
    Records(Vec<crate::engine::Record>),
    Parcel(Box<crate::shard::commit::Parcel>),
    /// Of nobody: an entry of the audit log.
    Audit(super::audit::Entry),
}

impl Happened {
    fn read(value: &[u8]) -> Option<Happened> {
        let mut from = crate::record::Reader::new(value);
        let at = from.instant().ok()?;
        let mut change = Batch::of_changes(from);
        let what = match change.read_next().ok()?? {
            Change::Input { bytes, .. } => What::Input(Box::new(crate::record::from_bytes(bytes).ok()?)),
            Change::Records { bytes, .. } => What::Records(crate::record::from_bytes(bytes).ok()?),
            Change::Parcel { parcel, .. } => What::Parcel(Box::new(parcel.into_owned())),
            Change::Other { kind: others::AUDIT, bytes } => What::Audit(crate::record::from_bytes(bytes).ok()?),
            _ => return None,
        };
        Some(Happened { at, what })
    }
}
