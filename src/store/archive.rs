//! The archive: sealed files of records, sorted by key and order, compressed.
//!
//! In: records of a part (a shard and a day), ascending. Out: those of a key, those of a prefix, or all. **Invariant:** a sealed file
//! never changes but by [`Archive::rewrite`], which leaves keys out and replaces it at once. It does not know what a record says.

use super::error::StoreError;
use super::files::{Disk, Place};
use super::header::{Kind, StoreId};
use super::snapshot::parts;
use super::table::{Entries, Entry, Shape, Table, Writer};

pub const SHAPE: Shape = Shape {
    head: Kind { magic: *b"ONWARCH\0", version: 1, name: "file of the archive" },
    foot: Kind { magic: *b"ONWAREND", version: 1, name: "end of a file of the archive" },
    folder: "archive",
    ending: "archive",
    packed: true,
};

/// The archive of a store.
#[derive(Clone)]
pub struct Archive {
    files: Disk,
    store: StoreId,
}

/// A file of the archive that is being written. Dropped unfinished, it leaves nothing.
pub struct ArchiveWriter {
    writer: Writer,
}

/// A sealed file; clones share it.
#[derive(Clone)]
pub struct Sealed {
    table: Table,
}

impl Archive {
    pub fn new(files: Disk, store: StoreId) -> Archive {
        Archive { files, store }
    }

    /// Begins the file of a part (`2026-11-24-shard-042`). One that is there stays until the new one is durable.
    pub fn write(&self, part: &str) -> Result<ArchiveWriter, StoreError> {
        Ok(ArchiveWriter { writer: Writer::new(self.files.clone(), self.store, SHAPE, part, 0)? })
    }

    pub fn open(&self, part: &str) -> Result<Option<Sealed>, StoreError> {
        match Table::open(&self.files, self.store, SHAPE, part) {
            Ok(table) => Ok(Some(Sealed { table })),
            Err(StoreError::Missing { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The parts that there are, in the order of their names.
    pub fn parts(&self) -> Result<Vec<String>, StoreError> {
        parts(&self.files, SHAPE)
    }

    pub fn remove(&self, part: &str) -> Result<(), StoreError> {
        self.files.drop_file(&SHAPE.name(part))?;
        self.files.settle(SHAPE.folder)
    }

    /// Writes a file again without the keys that are not to be kept; answers how many records were left out. A file of which nothing
    /// stays is removed; one of which everything stays is not touched.
    pub fn rewrite(&self, part: &str, mut keep: impl FnMut(&[u8]) -> bool) -> Result<u64, StoreError> {
        let Some(sealed) = self.open(part)? else { return Ok(0) };
        let mut out = self.write(part)?;
        let mut left_out = 0;
        for entry in sealed.entries() {
            let entry = entry?;
            if keep(&entry.key) {
                out.push(&entry.key, entry.order, &entry.value)?;
            } else {
                left_out += 1;
            }
        }
        if left_out == 0 {
            return Ok(0);
        }
        if out.writer.is_empty() {
            drop(out);
            self.remove(part)?;
        } else {
            out.seal()?;
        }
        Ok(left_out)
    }
}

impl ArchiveWriter {
    /// Adds the next record; (key, order) ascends.
    pub fn push(&mut self, key: &[u8], order: u64, value: &[u8]) -> Result<(), StoreError> {
        self.writer.push(key, order, value)
    }

    pub fn len(&self) -> u64 {
        self.writer.len()
    }

    pub fn is_empty(&self) -> bool {
        self.writer.is_empty()
    }

    /// Makes it durable.
    pub fn seal(self) -> Result<Sealed, StoreError> {
        Ok(Sealed { table: self.writer.finish()? })
    }
}

impl Sealed {
    pub fn part(&self) -> &str {
        self.table.part()
    }

    pub fn len(&self) -> u64 {
        self.table.len()
    }

    pub fn is_empty(&self) -> bool {
        self.table.is_empty()
    }

    /// Bytes on the disk, about.
    pub fn size(&self) -> u64 {
        self.table.size()
    }

    /// The table below.
    pub fn table(&self) -> &Table {
        &self.table
    }

    /// The records of a key, in order: reads the blocks that hold it.
    pub fn find(&self, key: &[u8]) -> Entries {
        self.table.find(key)
    }

    /// The records whose key begins with a prefix, in order.
    pub fn prefix(&self, prefix: &[u8]) -> Entries {
        self.table.prefix(prefix)
    }

    /// All records in order.
    pub fn entries(&self) -> impl Iterator<Item = Result<Entry, StoreError>> + Send + 'static + use<> {
        self.table.entries()
    }
}
