//! Reading a table: all of it in order, or one key.
//!
//! In: a table's file. Out: entries. **Invariant:** nothing is handed out before the checksum of its block was found right, and nothing is
//! unpacked to more bytes than the index says. It does not know what keys and values mean.

use super::{ENTRY, Entry, LINE, LONGEST_KEY, LONGEST_VALUE, Shape};
use crate::store::error::StoreError;
use crate::store::files::{Disk, Named};
use crate::store::header::{self, Header, StoreId, u32_at, u64_at};
use std::io::Read;
use std::sync::Arc;

/// The largest block that is believed.
const LARGEST_BLOCK: usize = LONGEST_KEY + LONGEST_VALUE + ENTRY;

/// Packs a block.
pub(super) fn pack(block: &[u8]) -> Vec<u8> {
    ruzstd::encoding::compress_to_vec(block, ruzstd::encoding::CompressionLevel::Fastest)
}

fn unpack(bytes: &[u8], length: usize) -> Result<Vec<u8>, String> {
    let decoder = ruzstd::decoding::StreamingDecoder::new(bytes).map_err(|error| format!("a block does not unpack: {error}"))?;
    let mut block = Vec::with_capacity(length);
    decoder.take(length as u64 + 1).read_to_end(&mut block).map_err(|error| format!("a block does not unpack: {error}"))?;
    Ok(block)
}

/// A line of the index.
struct Block {
    offset: u64,
    bytes: u32,
    crc: u32,
    unpacked: u32,
    first: (Vec<u8>, u64),
}

/// An open table; clones share the file.
#[derive(Clone)]
pub struct Table {
    inner: Arc<Inner>,
}

struct Inner {
    file: Named,
    part: String,
    number: u64,
    blocks: Vec<Block>,
    entries: u64,
    packed: bool,
    size: u64,
}

impl Table {
    pub fn open(files: &Disk, store: StoreId, shape: Shape, part: &str) -> Result<Table, StoreError> {
        let file = Named::open(files, &shape.name(part))?;
        let head = Header::read(shape.head, &file, Some(store))?;
        if head.check != crc32c::crc32c(part.as_bytes()) {
            return Err(StoreError::Foreign { place: file.place, found: "it was written under another name".to_owned() });
        }
        let size = file.length()?;
        let end = size.saturating_sub(header::LENGTH as u64);
        let bytes = file.read_exact(end, header::LENGTH)?;
        let foot = Header::decode(shape.foot, &bytes).map_err(|found| file.damaged(end, found))?;
        foot.known(shape.foot, &file.place, Some(store))?;
        let [offset, length, entries] = foot.numbers;
        if offset.checked_add(length) != Some(end) {
            return Err(file.damaged(end, format!("the footer speaks of {} bytes, there are {end}", offset.saturating_add(length))));
        }
        let index = file.read_exact(offset, length as usize)?;
        if crc32c::crc32c(&index) != foot.check {
            return Err(file.damaged(offset, "the checksum of the index is wrong"));
        }
        let blocks = lines(&index, foot.small).ok_or_else(|| file.damaged(offset, "the index is not whole"))?;
        let packed = head.numbers[2] & 1 == 1;
        let inner = Inner { file, part: part.to_owned(), number: head.numbers[0], blocks, entries, packed, size };
        Ok(Table { inner: Arc::new(inner) })
    }

    pub fn part(&self) -> &str {
        &self.inner.part
    }

    pub fn place(&self) -> &str {
        &self.inner.file.place
    }

    pub(in crate::store) fn file(&self) -> &Named {
        &self.inner.file
    }

    /// The number that the writer was given for the header.
    pub fn number(&self) -> u64 {
        self.inner.number
    }

    /// Entries, as the footer says.
    pub fn len(&self) -> u64 {
        self.inner.entries
    }

    pub fn is_empty(&self) -> bool {
        self.inner.entries == 0
    }

    pub fn blocks(&self) -> u32 {
        self.inner.blocks.len() as u32
    }

    /// Bytes on the disk.
    pub fn size(&self) -> u64 {
        self.inner.size
    }

    /// The block that holds a key if any does: what a row needs to remember to be found again.
    pub fn block_of(&self, key: &[u8]) -> Option<u32> {
        let after = self.inner.blocks.partition_point(|block| block.first.0.as_slice() <= key);
        after.checked_sub(1).map(|block| block as u32)
    }

    /// All entries of a block.
    pub fn block(&self, number: u32) -> Result<Vec<Entry>, StoreError> {
        let inner = &self.inner;
        let Some(block) = inner.blocks.get(number as usize) else { return Ok(Vec::new()) };
        let damaged = |found: String| inner.file.damaged(block.offset, found);
        if block.unpacked as usize > LARGEST_BLOCK || u64::from(block.bytes) > inner.size {
            return Err(damaged(format!("a block of {} bytes", block.unpacked.max(block.bytes))));
        }
        let bytes = inner.file.read_exact(block.offset, block.bytes as usize)?;
        if crc32c::crc32c(&bytes) != block.crc {
            return Err(damaged("the checksum of a block is wrong".to_owned()));
        }
        let bytes = if inner.packed { unpack(&bytes, block.unpacked as usize).map_err(damaged)? } else { bytes };
        if bytes.len() != block.unpacked as usize {
            return Err(damaged(format!("a block has {} bytes, {} belong there", bytes.len(), block.unpacked)));
        }
        entries(&bytes).ok_or_else(|| damaged("an entry of a block is not whole".to_owned()))
    }

    /// The first entry of a key.
    pub fn get(&self, key: &[u8]) -> Result<Option<Entry>, StoreError> {
        self.find(key).next().transpose()
    }

    /// All entries of a key, in order.
    pub fn find(&self, key: &[u8]) -> Entries {
        Entries { exact: true, ..self.prefix(key) }
    }

    /// All entries whose key begins with a prefix, in order; only the blocks that can hold one are read.
    pub fn prefix(&self, prefix: &[u8]) -> Entries {
        let before = self.inner.blocks.partition_point(|block| block.first.0.as_slice() < prefix);
        let block = before.saturating_sub(1) as u32;
        Entries { table: self.clone(), block, left: Vec::new(), prefix: prefix.to_vec(), exact: false, ended: false }
    }

    /// All entries in order.
    pub fn entries(&self) -> Entries {
        self.prefix(b"")
    }
}

fn lines(index: &[u8], count: u32) -> Option<Vec<Block>> {
    let mut blocks = Vec::new();
    let mut at = 0;
    while at < index.len() {
        let key = u32_at(index, at + 20) as usize;
        let first = index.get(at + LINE..)?.get(..key)?.to_vec();
        blocks.push(Block {
            offset: u64_at(index, at),
            bytes: u32_at(index, at + 8),
            crc: u32_at(index, at + 12),
            unpacked: u32_at(index, at + 16),
            first: (first, u64_at(index, at + 24)),
        });
        at += LINE + key;
    }
    (blocks.len() == count as usize).then_some(blocks)
}

fn entries(bytes: &[u8]) -> Option<Vec<Entry>> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let (key, value) = (u32_at(bytes, at) as usize, u32_at(bytes, at + 4) as usize);
        let rest = bytes.get(at + ENTRY..)?;
        found.push(Entry { key: rest.get(..key)?.to_vec(), order: u64_at(bytes, at + 8), value: rest.get(key..)?.get(..value)?.to_vec() });
        at += ENTRY + key + value;
    }
    Some(found)
}

/// Entries of a table, in order. After an error it ends.
pub struct Entries {
    table: Table,
    block: u32,
    /// What is left of the block that was read last, the next one last.
    left: Vec<Entry>,
    prefix: Vec<u8>,
    exact: bool,
    ended: bool,
}

impl Entries {
    fn advance(&mut self) -> Result<Option<Entry>, StoreError> {
        loop {
            while let Some(entry) = self.left.pop() {
                let begins = entry.key.starts_with(&self.prefix);
                if begins && (!self.exact || entry.key.len() == self.prefix.len()) {
                    return Ok(Some(entry));
                }
                if entry.key > self.prefix {
                    return Ok(None);
                }
            }
            if self.block >= self.table.blocks() {
                return Ok(None);
            }
            self.left = self.table.block(self.block)?;
            self.left.reverse();
            self.block += 1;
        }
    }
}

impl Iterator for Entries {
    type Item = Result<Entry, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let next = self.advance().transpose();
        self.ended = !matches!(next, Some(Ok(_)));
        next
    }
}
