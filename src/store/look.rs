//! A store that is read and not changed.
//!
//! In: the folder of a store that no process works with. Out: its batches, snapshots, archive and keys. **Invariant:** nothing is written: no epoch is
//! taken, no torn tail is cut, no mark is noted; while it lives, no process can open the store. It does not know what the bytes mean.

use super::epoch;
use super::error::StoreError;
use super::files::{Disk, Held};
use super::header::StoreId;
use super::keyring::Keyring;
use super::log::recover;
use super::log::{BatchNumber, Reader};
use super::{Archive, Snapshots, identify};

/// An open store that stays as it is.
pub struct Looked {
    files: Disk,
    id: StoreId,
    /// First numbers of the segments of the log.
    segments: Vec<BatchNumber>,
    mark: BatchNumber,
    _lock: Box<dyn Held>,
}

impl Looked {
    /// # Errors
    /// As [`Store::open`](super::Store::open): another process works with it, it is damaged, or it is none.
    pub fn open(files: &Disk) -> Result<Looked, StoreError> {
        let (id, _) = identify(files)?;
        let lock = files.lock(epoch::NAME).map_err(|error| StoreError::io("locking", files.place(epoch::NAME), error))?;
        let Some(lock) = lock else { return Err(StoreError::Taken { place: files.place(epoch::NAME) }) };
        let end = recover::find(files, id, epoch::peek(files, id)?.witness, false)?;
        Ok(Looked { files: files.clone(), id, segments: end.segments, mark: end.chain.last, _lock: lock })
    }

    pub fn id(&self) -> StoreId {
        self.id
    }

    /// The last batch that is whole.
    pub fn mark(&self) -> BatchNumber {
        self.mark
    }

    /// The oldest batch that is still in the log.
    pub fn first(&self) -> BatchNumber {
        self.segments.first().copied().unwrap_or(1)
    }

    /// All batches from a number on, or from the oldest that is there.
    pub fn read(&self, from: BatchNumber) -> Reader {
        Reader::new(self.files.clone(), self.id, &self.segments, from.max(self.first()), self.mark)
    }

    pub fn snapshots(&self) -> Snapshots {
        Snapshots::new(self.files.clone(), self.id)
    }

    pub fn archive(&self) -> Archive {
        Archive::new(self.files.clone(), self.id)
    }

    /// The keys of the store's customers, from the folder that they are in; they cannot be written through it.
    pub fn keyring(&self, keys: &Disk) -> Result<Keyring, StoreError> {
        Keyring::look(keys.clone(), self.id)
    }
}
