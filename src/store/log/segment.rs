//! One file of the log: a header, batches one after the other, zeros.
//!
//! In: the number of its first batch and the checksum of the one before. Out: files whose name, header and content agree. **Invariant:** a
//! segment exists under its name only when it is whole and durable, and only when every batch of the one before is. It does not know what
//! the last batch of the log is.

use super::batch::Frame;
use crate::store::error::StoreError;
use crate::store::files::{Disk, Named, Place};
use crate::store::header::{Header, Kind, StoreId};

pub const FOLDER: &str = "log";
pub const KIND: Kind = Kind { magic: *b"ONWLOG\0\0", version: 1, name: "segment of a log" };
/// Batches begin here, so that the sector of the header is never written again.
pub const START: u64 = 4096;
const ASIDE: &str = ".new";

/// What the header of a segment says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Segment {
    /// Number of the first batch that it holds or will hold.
    pub first: u64,
    /// Bytes of the file.
    pub size: u64,
    /// Checksum of the batch before `first`; 0 before the first of all.
    pub before: u32,
    /// The epoch in which it was made.
    pub epoch: u64,
}

pub fn name(first: u64) -> String {
    format!("{FOLDER}/{first:020}.log")
}

/// Writes a segment aside, durably. A failure changes nothing: the room it took is given back at once.
pub fn prepare(files: &Disk, store: StoreId, segment: Segment) -> Result<Named, StoreError> {
    let aside = name(segment.first) + ASIDE;
    if files.has(FOLDER, aside.trim_start_matches("log/"))? {
        files.drop_file(&aside)?;
    }
    write_aside(files, store, segment, &aside).inspect_err(|_| drop(files.remove(&aside)))
}

/// Gives a prepared segment its name. After a failure nobody knows whether it has it.
pub fn publish(files: &Disk, segment: Segment, file: Named) -> Result<Named, StoreError> {
    let name = name(segment.first);
    files.put(&(name.clone() + ASIDE), &name)?;
    files.settle(FOLDER)?;
    Ok(Named { handle: file.handle, place: files.place(&name) })
}

fn write_aside(files: &Disk, store: StoreId, segment: Segment, aside: &str) -> Result<Named, StoreError> {
    let file = Named::create(files, aside)?;
    let mut header = Header::new(KIND, store);
    header.numbers = [segment.first, segment.size, segment.epoch];
    header.check = segment.before;
    file.write_at(0, &header.encode(KIND))?;
    file.allocate(segment.size)?;
    file.sync()?;
    Ok(file)
}

/// Opens a segment by the number in its name.
pub fn open(files: &Disk, store: StoreId, first: u64) -> Result<(Segment, Named), StoreError> {
    let file = Named::open(files, &name(first))?;
    let header = Header::read(KIND, &file, Some(store))?;
    let segment = Segment { first: header.numbers[0], size: header.numbers[1], before: header.check, epoch: header.numbers[2] };
    if segment.first != first {
        let found = format!("its header says that it begins with batch {}", segment.first);
        return Err(StoreError::Foreign { place: file.place, found });
    }
    let length = file.length()?;
    if length != segment.size {
        return Err(file.damaged(length, format!("the file has {length} bytes, it was made with {}", segment.size)));
    }
    Ok((segment, file))
}

/// The first numbers of all segments, in order; names that are nobody's are refused, leftovers are named apart.
pub fn list(files: &Disk) -> Result<(Vec<u64>, Vec<String>), StoreError> {
    let (mut found, mut leftovers) = (Vec::new(), Vec::new());
    for entry in files.entries(FOLDER)? {
        let whole = format!("{FOLDER}/{entry}");
        if entry.ends_with(ASIDE) {
            leftovers.push(whole);
            continue;
        }
        match entry.strip_suffix(".log").and_then(|number| number.parse().ok()) {
            Some(first) if name(first) == whole => found.push(first),
            _ => return Err(StoreError::Foreign { place: files.place(&whole), found: "no file of this name is the store's".to_owned() }),
        }
    }
    Ok((found, leftovers))
}

/// Bytes of a segment in pieces, so that one of 64 MiB needs no 64 MiB.
pub struct Window<'a> {
    file: &'a Named,
    size: u64,
    from: u64,
    bytes: Vec<u8>,
}

const PIECE: usize = 1 << 20;

impl<'a> Window<'a> {
    pub fn new(file: &'a Named, size: u64) -> Window<'a> {
        Window { file, size, from: 0, bytes: Vec::new() }
    }

    /// Goes on where another window of the same file was left.
    pub fn resume(file: &'a Named, size: u64, from: u64, bytes: Vec<u8>) -> Window<'a> {
        Window { file, size, from, bytes }
    }

    /// What it has read, for [`Window::resume`].
    pub fn leave(self) -> (u64, Vec<u8>) {
        (self.from, self.bytes)
    }

    /// `length` bytes from `at` on, or as many as the segment has.
    pub fn get(&mut self, at: u64, length: usize) -> Result<&[u8], StoreError> {
        let length = length.min(self.size.saturating_sub(at) as usize);
        let end = at + length as u64;
        if at < self.from || end > self.from + self.bytes.len() as u64 {
            let take = length.max(PIECE).min((self.size - at) as usize);
            self.bytes = self.file.read_exact(at, take)?;
            self.from = at;
        }
        let from = (at - self.from) as usize;
        Ok(&self.bytes[from..from + length])
    }

    /// The batch at a place, whole or not at all.
    pub fn batch(&mut self, at: u64) -> Result<Found<'_>, StoreError> {
        let Some(frame) = Frame::peek(self.get(at, super::batch::FRAME)?) else {
            return Ok(Found::Nothing);
        };
        if u64::from(frame.size) > self.size.saturating_sub(at) {
            return Ok(Found::Broken);
        }
        let bytes = self.get(at, frame.size as usize)?;
        Ok(if frame.holds(bytes) { Found::Whole(frame, &bytes[super::batch::FRAME..]) } else { Found::Broken })
    }
}

/// What stands at a place of a segment.
pub enum Found<'a> {
    Whole(Frame, &'a [u8]),
    /// Zeros, or the end of the segment.
    Nothing,
    /// Bytes that are no whole batch.
    Broken,
}
