//! Writing a table: aside, synced, renamed, the folder synced.
//!
//! In: entries in order. Out: a durable table. **Invariant:** until [`Writer::finish`] returns, the table that had the name before is
//! untouched. It does not know what keys and values mean.

use super::read::{Table, pack};
use super::{BLOCK, ENTRY, LONGEST_KEY, LONGEST_VALUE, Shape, is_name};
use crate::store::error::StoreError;
use crate::store::files::{Disk, Named, Place};
use crate::store::header::{self, Header, StoreId};

/// A table that is being written. Dropped unfinished, it leaves nothing.
pub struct Writer {
    files: Disk,
    shape: Shape,
    store: StoreId,
    part: String,
    file: Named,
    at: u64,
    block: Vec<u8>,
    /// First key and order of the block that is gathered.
    first: Option<(Vec<u8>, u64)>,
    last: Option<(Vec<u8>, u64)>,
    index: Vec<u8>,
    blocks: u32,
    entries: u64,
    done: bool,
}

impl Writer {
    /// Begins a table; `number` stands in its header.
    pub fn new(files: Disk, store: StoreId, shape: Shape, part: &str, number: u64) -> Result<Writer, StoreError> {
        if !is_name(part) {
            let found = "a name has 1 to 100 small letters, digits and `-`".to_owned();
            return Err(StoreError::Foreign { place: files.place(&shape.name(part)), found });
        }
        let aside = shape.aside(part);
        let leftover = aside.strip_prefix(shape.folder).unwrap_or(&aside).trim_start_matches('/');
        if files.has(shape.folder, leftover)? {
            files.drop_file(&aside)?;
        }
        let file = Named::create(&files, &aside)?;
        let mut head = Header::new(shape.head, store);
        head.numbers = [number, 0, u64::from(shape.packed)];
        // The name stands in the file too: one that was put in the place of another is noticed.
        head.check = crc32c::crc32c(part.as_bytes());
        let writer = Writer {
            files,
            shape,
            store,
            part: part.to_owned(),
            file,
            at: header::LENGTH as u64,
            block: Vec::with_capacity(BLOCK),
            first: None,
            last: None,
            index: Vec::new(),
            blocks: 0,
            entries: 0,
            done: false,
        };
        writer.file.write_at(0, &head.encode(shape.head))?;
        Ok(writer)
    }

    /// Adds the next entry, whose (key, order) is greater than that of the one before.
    pub fn push(&mut self, key: &[u8], order: u64, value: &[u8]) -> Result<(), StoreError> {
        let sizes = [("a key", key.len(), LONGEST_KEY), ("a value", value.len(), LONGEST_VALUE)];
        if let Some((what, length, limit)) = sizes.into_iter().find(|(_, length, limit)| length > limit) {
            return Err(StoreError::TooLarge { what, length: length as u64, limit: limit as u64 });
        }
        if self.last.as_ref().is_some_and(|(last, before)| (last.as_slice(), *before) >= (key, order)) {
            return Err(StoreError::Unordered { what: "keys", place: self.file.place.clone() });
        }
        if !self.block.is_empty() && self.block.len() + ENTRY + key.len() + value.len() > BLOCK {
            self.flush()?;
        }
        if self.first.is_none() {
            self.first = Some((key.to_vec(), order));
        }
        self.block.extend_from_slice(&(key.len() as u32).to_le_bytes());
        self.block.extend_from_slice(&(value.len() as u32).to_le_bytes());
        self.block.extend_from_slice(&order.to_le_bytes());
        self.block.extend_from_slice(key);
        self.block.extend_from_slice(value);
        self.entries += 1;
        let (last, before) = self.last.get_or_insert_default();
        last.clear();
        last.extend_from_slice(key);
        *before = order;
        Ok(())
    }

    fn flush(&mut self) -> Result<(), StoreError> {
        let Some((key, order)) = self.first.take() else { return Ok(()) };
        let packed;
        let bytes = if self.shape.packed {
            packed = pack(&self.block);
            &packed
        } else {
            &self.block
        };
        self.index.extend_from_slice(&self.at.to_le_bytes());
        self.index.extend_from_slice(&(bytes.len() as u32).to_le_bytes());
        self.index.extend_from_slice(&crc32c::crc32c(bytes).to_le_bytes());
        self.index.extend_from_slice(&(self.block.len() as u32).to_le_bytes());
        self.index.extend_from_slice(&(key.len() as u32).to_le_bytes());
        self.index.extend_from_slice(&order.to_le_bytes());
        self.index.extend_from_slice(&key);
        self.file.write_at(self.at, bytes)?;
        self.at += bytes.len() as u64;
        self.blocks += 1;
        self.block.clear();
        Ok(())
    }

    /// Entries so far.
    pub fn len(&self) -> u64 {
        self.entries
    }

    pub fn is_empty(&self) -> bool {
        self.entries == 0
    }

    /// Makes the table durable under its name and opens it.
    pub fn finish(mut self) -> Result<Table, StoreError> {
        self.flush()?;
        let mut foot = Header::new(self.shape.foot, self.store);
        foot.small = self.blocks;
        foot.numbers = [self.at, self.index.len() as u64, self.entries];
        foot.check = crc32c::crc32c(&self.index);
        self.index.extend_from_slice(&foot.encode(self.shape.foot));
        self.file.write_at(self.at, &self.index)?;
        self.file.sync()?;
        self.files.put(&self.shape.aside(&self.part), &self.shape.name(&self.part))?;
        self.done = true;
        self.files.settle(self.shape.folder)?;
        Table::open(&self.files, self.store, self.shape, &self.part)
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        if !self.done {
            // What stays after a failure here is found and removed as a leftover.
            drop(self.files.remove(&self.shape.aside(&self.part)));
        }
    }
}
