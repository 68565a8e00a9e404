//! What the daemon keeps in its store, and how it comes back.
//!
//! In: batches, snapshots of shards. Out: a core as it was when the last durable batch was made. **Invariant:** a snapshot is written after the batch
//! that it is as of; the log is cut only behind the oldest snapshot, and only what the archive has; a store holds everything it needs, its
//! plans among it, so that a copy of its folder is a copy of all.

pub mod history;
mod reading;
mod shelf;

use super::core::recovery::{OTHERS, Recovery, Unreadable, plans_of};
use super::core::world::DaemonWorld;
use super::core::{Core, others};
use super::sealing::{Seals, Unsealed};
use crate::calendar::Instant;
use crate::engine::Limits;
use crate::plan::{Plan, encode};
use crate::shard::Number;
use crate::shard::commit::{Batch, Change};
use crate::store::{BatchNumber, Disk, Reader, Snapshots, Store, StoreError};
use history::last_archived;
pub use history::{AUDIT, BATCH_SHIFT, Happened, PLANS, Past, What};
pub use reading::Found;
pub use shelf::Shelf;
use std::sync::Arc;

/// Below this part of the disk nothing new is taken, so that outcomes and unsubscribes still find room.
const ROOM_PERCENT_MIN: u64 = 5;
/// At least so much stays free, bytes.
const RESERVE: u64 = 256 << 20;
/// Log that may lie behind the oldest snapshot before it is cut, bytes.
const CUT_AT: u64 = 256 << 20;

/// The store, while the daemon works.
pub struct Keeper {
    store: Store,
    seals: Arc<Seals>,
    /// Files of the archive that were written before there was sealing.
    plain_archives: Vec<String>,
    /// The number of the newest dead letter.
    letters: u64,
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
    #[error("what is sealed in the store cannot be read: {0}")]
    Unsealed(#[from] Unsealed),
    #[error("a plan in the store cannot be read: {0}")]
    Plan(String),
}

impl CannotOpen {
    /// What to do.
    pub fn help(&self) -> String {
        match self {
            CannotOpen::Store(error) | CannotOpen::Unsealed(Unsealed::Store(error)) => error.help().to_owned(),
            CannotOpen::Unreadable(_) | CannotOpen::Unsealed(Unsealed::Bytes(_)) => {
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
        let seals = Arc::new(Seals::new(store.keyring(&files)?, files.clone()));
        let read = |from| store.read(from);
        let sources = Sources { snapshots: store.snapshots(), seals: &seals, first: store.log().first(), read: &read };
        let Some(remembered) = remembered(&sources, Some(plan), limits)? else { return Err(CannotOpen::Plan("there is none".to_owned())) };
        let Remembered { mut core, as_of, gone, letters_gone, is_new } = remembered;
        let letters = core.others.dead_total;
        // Power may have been lost between the erasure and the end of the key.
        seals.destroy(&gone, &letters_gone, letters)?;
        reserve_destroyed(&seals, &mut core)?;
        if store.hold().is_some() {
            core.world.set_hold(true);
        }
        if is_new {
            core.begin_with_plan(plan)?;
        }
        let archived = last_archived(&store.archive())?;
        let noted = store.mark();
        let plain_archives = history::plain_parts(&store)?;
        let mut keeper =
            Keeper { store, seals, plain_archives, letters, files, as_of, archived, noted, room_checked: 0, out_of_room: false };
        keeper.forget_plain(&gone)?;
        Ok((keeper, core))
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

    /// Seals and appends batches; durable when it returns: the number of the last of them. Keys of who was erased in them are destroyed then.
    pub fn append(&mut self, payloads: &[&[u8]]) -> Result<BatchNumber, StoreError> {
        let mut batches = Vec::with_capacity(payloads.len());
        for payload in payloads {
            batches.push(self.seals.seal_batch(payload)?);
        }
        let sealed: Vec<&[u8]> = batches.iter().map(|batch| batch.bytes.as_slice()).collect();
        let numbers = self.store.append_all(&sealed)?;
        self.letters = batches.iter().filter_map(|batch| batch.letter).fold(self.letters, u64::max);
        let gone: Vec<Number> = batches.iter().flat_map(|batch| batch.gone.iter().copied()).collect();
        let letters_gone: Vec<u64> = batches.iter().flat_map(|batch| batch.letters_gone.iter().copied()).collect();
        if !gone.is_empty() || !letters_gone.is_empty() {
            self.seals.destroy(&gone, &letters_gone, self.letters)?;
        }
        if !gone.is_empty() {
            self.forget_plain(&gone)?;
        }
        Ok(numbers.end.saturating_sub(1))
    }

    /// Batches of the log from a number on, as they were made. Of who was erased only that she is gone.
    pub fn batches(&self, from: BatchNumber) -> Result<impl Iterator<Item = Result<(BatchNumber, Vec<u8>), Unsealed>> + '_, StoreError> {
        Ok(self.store.read(from)?.map(|batch| {
            let (number, payload) = batch?;
            Ok((number, self.seals.open_batch(payload)?))
        }))
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
        let mut sealed = Vec::with_capacity(entries.len());
        for (key, value) in entries {
            sealed.extend(self.seals.seal_entry(shard, key, value)?);
        }
        sealed.sort();
        for (key, value) in &sealed {
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

    /// The exact end of the log is noted, and the store is free.
    pub fn close(self) -> Result<(), StoreError> {
        self.store.close()
    }
}

/// What is read when a store is opened: its snapshots, and the log behind them.
struct Sources<'s> {
    snapshots: Snapshots,
    seals: &'s Seals,
    /// The oldest batch of the log.
    first: BatchNumber,
    read: &'s dyn Fn(BatchNumber) -> Result<Reader, StoreError>,
}

/// A store in memory.
struct Remembered {
    core: Core,
    as_of: Vec<BatchNumber>,
    /// Who was erased in the log behind the snapshots.
    gone: Vec<Number>,
    letters_gone: Vec<u64>,
    /// Nothing was ever done in it.
    is_new: bool,
}

/// `plan`: what is active in a store in which nothing was ever done; without one there is nothing to remember then.
fn remembered(sources: &Sources<'_>, plan: Option<&Arc<Plan>>, limits: Limits) -> Result<Option<Remembered>, CannotOpen> {
    let Sources { snapshots, seals, first, read: log } = sources;
    let mut as_of = vec![0; usize::from(OTHERS) + 1];
    let others = snapshots.open(&part(OTHERS))?;
    let plans = match &others {
        Some(snapshot) => {
            let sealed = snapshot.get(b"O")?.map(|value| seals.open_entry(OTHERS, b"O".to_vec(), value)).transpose()?.flatten();
            let bytes = sealed.map(|(_, value)| value).or(snapshot.get(b"o")?).unwrap_or_default();
            plans_of(&bytes).map_err(|fault| Unreadable::Bytes { what: "a snapshot", fault })?
        }
        None => first_plan(sources)?.into_iter().collect(),
    };
    let mut read = Vec::new();
    for text in &plans {
        read.push(Arc::new(encode::from_json(text).map_err(|error| CannotOpen::Plan(error.to_string()))?));
    }
    let is_new = read.is_empty();
    // From the oldest to the newest, as they came.
    let mut plans = read.into_iter();
    let Some(oldest) = plans.next().or_else(|| plan.cloned()) else { return Ok(None) };
    let mut world = DaemonWorld::new(oldest, limits);
    for plan in plans {
        world.activate(plan, Instant::FIRST).map_err(|error| CannotOpen::Plan(error.to_string()))?;
    }
    let mut core = Core::new(world);
    for shard in 0..=OTHERS {
        let Some(snapshot) = snapshots.open(&part(shard))? else { continue };
        as_of[usize::from(shard)] = snapshot.as_of();
        for entry in snapshot.entries() {
            let (key, value) = entry?;
            if let Some((key, value)) = seals.open_entry(shard, key, value)? {
                core.restore(shard, &key, &value)?;
            }
        }
    }
    let mut recovery = Recovery::new(as_of.clone());
    let from = as_of.iter().copied().min().unwrap_or(0) + 1;
    let (mut gone, mut letters_gone) = (Vec::new(), Vec::new());
    for batch in log(from.max(*first))? {
        let (number, payload) = batch?;
        let payload = seals.open_batch(payload)?;
        whose_is_gone(&payload, &mut gone, &mut letters_gone)?;
        core.apply(&mut recovery, number, &payload)?;
    }
    core.recovered(&recovery)?;
    Ok(Some(Remembered { core, as_of, gone, letters_gone, is_new }))
}

/// The name of a shard's snapshot.
fn part(shard: u16) -> String {
    if shard == OTHERS { "others".to_owned() } else { format!("shard-{shard:03}") }
}

fn unsealed(error: Unsealed) -> StoreError {
    match error {
        Unsealed::Store(error) => error,
        Unsealed::Bytes(_) => StoreError::NotOpened { found: "a batch of the log cannot be read" },
    }
}

/// Who a batch says is gone, and which dead letters.
fn whose_is_gone(payload: &[u8], gone: &mut Vec<Number>, letters_gone: &mut Vec<u64>) -> Result<(), Unsealed> {
    let mut batch = Batch::read(payload)?;
    while let Some(change) = batch.read_next()? {
        match change {
            Change::Gone { number } => gone.push(number),
            Change::Other { kind: others::LETTERS_GONE, bytes } => {
                letters_gone.extend(crate::record::Reader::new(bytes).list(|from| from.varint())?);
            }
            _ => {}
        }
    }
    Ok(())
}

/// Nobody new gets a place whose key is destroyed: a store that was restored may know less than its keys.
fn reserve_destroyed(seals: &Seals, core: &mut Core) -> Result<(), StoreError> {
    let fewest = core.shards().iter().map(|shard| shard.places()).min().unwrap_or(0);
    for number in seals.destroyed_from(fewest)? {
        if number.slot() >= core.shards()[number.shard()].places() {
            core.reserve_places(number.shard(), number.slot() + 1);
        }
    }
    Ok(())
}

/// The plan that a store without snapshots began with.
fn first_plan(sources: &Sources<'_>) -> Result<Option<String>, CannotOpen> {
    let wrong = |fault| Unreadable::Bytes { what: "the log", fault };
    let Some(first) = (sources.read)(sources.first)?.next() else { return Ok(None) };
    let (_, payload) = first?;
    let payload = sources.seals.open_batch(payload)?;
    let mut batch = Batch::read(&payload).map_err(wrong)?;
    while let Some(change) = batch.read_next().map_err(wrong)? {
        if let Change::Other { kind: others::PLAN, bytes } = change {
            return Ok(Some(String::from_utf8_lossy(bytes).into_owned()));
        }
    }
    Ok(None)
}
