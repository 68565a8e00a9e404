//! Snapshots: everything of one part of the state as of one batch.
//!
//! In: keys and values of a part, ascending. Out: the same, all in order, or one by its key (how a row that left memory comes back).
//! **Invariant:** a part has one snapshot, whole and durable; a new one replaces it at once or not at all, and who reads the old one
//! reads on. It does not know what a part is: shards, directories and the world are names to it.

use super::error::StoreError;
use super::files::{Disk, Place};
use super::header::{Kind, StoreId};
use super::log::BatchNumber;
use super::table::{Shape, Table, Writer};

pub const SHAPE: Shape = Shape {
    head: Kind { magic: *b"ONWSNAP\0", version: 1, name: "snapshot" },
    foot: Kind { magic: *b"ONWSNEND", version: 1, name: "end of a snapshot" },
    folder: "snapshots",
    ending: "snapshot",
    packed: false,
};

/// The snapshots of a store.
#[derive(Clone)]
pub struct Snapshots {
    files: Disk,
    store: StoreId,
}

/// A snapshot that is being written. Dropped unfinished, it leaves nothing and the one before stays.
pub struct SnapshotWriter {
    writer: Writer,
}

/// One snapshot; clones share the file.
#[derive(Clone)]
pub struct Snapshot {
    table: Table,
}

impl Snapshots {
    pub fn new(files: Disk, store: StoreId) -> Snapshots {
        Snapshots { files, store }
    }

    /// Begins a snapshot of a part (`shard-042`) as of a batch: everything up to and including it.
    pub fn write(&self, part: &str, as_of: BatchNumber) -> Result<SnapshotWriter, StoreError> {
        Ok(SnapshotWriter { writer: Writer::new(self.files.clone(), self.store, SHAPE, part, as_of)? })
    }

    /// The snapshot of a part, if it has one.
    pub fn open(&self, part: &str) -> Result<Option<Snapshot>, StoreError> {
        match Table::open(&self.files, self.store, SHAPE, part) {
            Ok(table) => Ok(Some(Snapshot { table })),
            Err(StoreError::Missing { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The parts that have a snapshot, in the order of their names.
    pub fn parts(&self) -> Result<Vec<String>, StoreError> {
        parts(&self.files, SHAPE)
    }

    pub fn remove(&self, part: &str) -> Result<(), StoreError> {
        self.files.drop_file(&SHAPE.name(part))?;
        self.files.settle(SHAPE.folder)
    }
}

/// The parts of a folder of tables. What a crash left unfinished is no part; a file of another name is refused.
pub(super) fn parts(files: &Disk, shape: Shape) -> Result<Vec<String>, StoreError> {
    let mut found = Vec::new();
    for entry in files.entries(shape.folder)? {
        if entry.ends_with(".new") {
            continue;
        }
        match entry.strip_suffix(shape.ending).and_then(|part| part.strip_suffix('.')) {
            Some(part) => found.push(part.to_owned()),
            None => {
                let place = files.place(&format!("{}/{entry}", shape.folder));
                return Err(StoreError::Foreign { place, found: "no file of this name is the store's".to_owned() });
            }
        }
    }
    Ok(found)
}

impl SnapshotWriter {
    /// Adds the next key; keys ascend.
    pub fn push(&mut self, key: &[u8], value: &[u8]) -> Result<(), StoreError> {
        self.writer.push(key, 0, value)
    }

    /// Makes it durable in the place of the one before. Only then may the log behind it be cut.
    pub fn finish(self) -> Result<Snapshot, StoreError> {
        Ok(Snapshot { table: self.writer.finish()? })
    }
}

impl Snapshot {
    pub fn part(&self) -> &str {
        self.table.part()
    }

    /// The batch up to which it holds everything.
    pub fn as_of(&self) -> BatchNumber {
        self.table.number()
    }

    pub fn len(&self) -> u64 {
        self.table.len()
    }

    pub fn is_empty(&self) -> bool {
        self.table.is_empty()
    }

    /// All keys and values, in order.
    pub fn entries(&self) -> impl Iterator<Item = Result<(Vec<u8>, Vec<u8>), StoreError>> + Send + 'static {
        self.table.entries().map(|entry| entry.map(|entry| (entry.key, entry.value)))
    }

    /// One value by its key: reads one block.
    pub fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.table.get(key)?.map(|entry| entry.value))
    }

    /// The table below, for who wants to read block by block.
    pub fn table(&self) -> &Table {
        &self.table
    }
}
