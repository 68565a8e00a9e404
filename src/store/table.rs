//! A sealed file of entries in ascending order: what snapshots and the archive are made of.
//!
//! In: entries (key, order, value), ascending by key and order. Out: the same, all in order, or those of one key by reading only the
//! blocks that hold it. **Invariant:** a table exists under its name only when it is whole and durable; what is read has passed its
//! checksum. It does not know what keys and values mean.
//!
//! ```text
//! header 64 · blocks · index (per block: offset 8, bytes 4, CRC32C 4, bytes unpacked 4, key length 4, order 8, first key) · footer 64
//! block: per entry: key length 4, value length 4, order 8, key, value; packed or not
//! footer: header (blocks; offset and bytes of the index, entries; CRC32C of the index)
//! ```

pub mod read;
pub mod write;

pub use read::{Entries, Table};
pub use write::Writer;

use super::header::Kind;

/// Entries are gathered into blocks of about this many bytes; a larger entry has a block for itself.
pub const BLOCK: usize = 64 << 10;
/// No key is longer.
pub const LONGEST_KEY: usize = 4 << 10;
/// No value is longer.
pub const LONGEST_VALUE: usize = 16 << 20;
/// The fixed part of an entry in a block.
pub const ENTRY: usize = 16;
/// The fixed part of a line of the index.
pub const LINE: usize = 32;

/// One entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub key: Vec<u8>,
    /// Tells entries of one key apart; 0 where a key has one.
    pub order: u64,
    pub value: Vec<u8>,
}

/// A kind of table.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    pub head: Kind,
    pub foot: Kind,
    pub folder: &'static str,
    pub ending: &'static str,
    /// Whether blocks are compressed.
    pub packed: bool,
}

impl Shape {
    pub fn name(&self, part: &str) -> String {
        format!("{}/{part}.{}", self.folder, self.ending)
    }

    /// Where a table is written before it has its name.
    pub fn aside(&self, part: &str) -> String {
        self.name(part) + ".new"
    }
}

/// A part's name is also the name of its file.
pub fn is_name(part: &str) -> bool {
    !part.is_empty() && part.len() <= 100 && part.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}
