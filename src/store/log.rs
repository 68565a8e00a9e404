//! The log: what is appended is durable when the call returns.
//!
//! In: payloads. Out: their numbers, 1 and up without a gap, and the payloads again in order. **Invariant:** an acknowledged batch is read
//! back whole after any crash, or the log refuses to open; a batch that was not acknowledged is there whole or not at all, and never
//! before one that is missing. After a failed write or sync it takes nothing more: the process ends, and recovery tells what is there. It
//! does not know what a payload means.

pub mod batch;
pub mod reader;
pub mod recover;
pub mod segment;

use super::error::StoreError;
use super::files::{Disk, Named, Place};
use super::header::StoreId;
use batch::FRAME;
pub use reader::Reader;
use recover::{End, Witness};
use segment::{START, Segment};
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

/// The number of a batch: 1 is the first of a store; 0 stands for "none yet".
pub type BatchNumber = u64;

/// Bytes of a segment unless told otherwise.
pub const SEGMENT_SIZE: u64 = 64 << 20;
/// No segment is smaller.
pub const SMALLEST_SEGMENT: u64 = START + 4096;
/// No segment is larger.
pub const LARGEST_SEGMENT: u64 = 1 << 30;

/// The log of one store, opened by its owner.
pub struct Log {
    files: Disk,
    store: StoreId,
    epoch: u64,
    segment_size: u64,
    /// First numbers of all segments, in order; the last one is written.
    segments: Vec<u64>,
    segment: Segment,
    file: Named,
    at: u64,
    last: BatchNumber,
    crc: u32,
    buffer: Vec<u8>,
    poisoned: bool,
    pins: Pins,
    torn: u64,
}

/// What readers hold back from being cut: number of the pin to first batch needed.
type Pins = Arc<Mutex<(u64, BTreeMap<u64, BatchNumber>)>>;

/// While it lives, no batch from its number on is cut.
pub struct Pin {
    pins: Pins,
    id: u64,
}

impl Drop for Pin {
    fn drop(&mut self) {
        self.pins.lock().unwrap_or_else(PoisonError::into_inner).1.remove(&self.id);
    }
}

impl Log {
    /// Makes the first segment of a new store.
    pub fn create(files: &Disk, store: StoreId, size: u64) -> Result<(), StoreError> {
        files.folder(segment::FOLDER)?;
        files.settle("")?;
        let segment = Segment { first: 1, size, before: 0, epoch: 0 };
        let file = segment::prepare(files, store, segment)?;
        segment::publish(files, segment, file)?;
        Ok(())
    }

    /// Opens the log for the owner of `epoch`, cutting a torn tail.
    pub fn open(files: Disk, store: StoreId, segment_size: u64, witness: Witness, epoch: u64) -> Result<Log, StoreError> {
        let End { segments, segment, file, at, chain, torn } = recover::find(&files, store, witness, true)?;
        let pins = Pins::default();
        let (last, crc, poisoned) = (chain.last, chain.crc, false);
        Ok(Log { files, store, epoch, segment_size, segments, segment, file, at, last, crc, buffer: Vec::new(), poisoned, pins, torn })
    }

    /// Appends one batch; durable when it returns.
    pub fn append(&mut self, payload: &[u8]) -> Result<BatchNumber, StoreError> {
        self.append_all(&[payload]).map(|numbers| numbers.start)
    }

    /// Appends several batches with one sync (one more where a segment ends between them); all are durable when it returns. After
    /// [`StoreError::Full`] none, or only the first of them, are there: [`Log::mark`] tells.
    pub fn append_all(&mut self, payloads: &[&[u8]]) -> Result<Range<BatchNumber>, StoreError> {
        if self.poisoned {
            return Err(StoreError::Poisoned);
        }
        let from = self.last + 1;
        let limit = (self.segment_size - START) as usize - FRAME;
        if let Some(long) = payloads.iter().find(|payload| payload.len() > limit) {
            return Err(StoreError::TooLarge { what: "a batch", length: long.len() as u64, limit: limit as u64 });
        }
        let mut left = payloads;
        while !left.is_empty() {
            let fit = self.fitting(left);
            if fit == 0 {
                self.roll()?;
                continue;
            }
            self.write(&left[..fit])?;
            left = &left[fit..];
        }
        Ok(from..self.last + 1)
    }

    /// How many of the payloads still fit into the segment.
    fn fitting(&self, payloads: &[&[u8]]) -> usize {
        let mut free = self.segment.size.saturating_sub(self.at) as usize;
        let fits = |payload: &&&[u8]| {
            let room = batch::room(payload.len());
            let fits = room <= free;
            free = free.saturating_sub(room);
            fits
        };
        payloads.iter().take_while(fits).count()
    }

    fn write(&mut self, payloads: &[&[u8]]) -> Result<(), StoreError> {
        self.buffer.clear();
        let (mut last, mut crc) = (self.last, self.crc);
        for (since, payload) in payloads.iter().enumerate() {
            last += 1;
            crc = batch::encode(&mut self.buffer, last, self.epoch, crc, since as u32, payload);
        }
        let written = self.file.write_at(self.at, &self.buffer).and_then(|()| self.file.sync());
        written.map_err(|error| self.poison(error))?;
        self.at += self.buffer.len() as u64;
        (self.last, self.crc) = (last, crc);
        Ok(())
    }

    /// Goes on in a new segment. A full disk leaves everything as it was.
    fn roll(&mut self) -> Result<(), StoreError> {
        let next = Segment { first: self.last + 1, size: self.segment_size, before: self.crc, epoch: self.epoch };
        let prepared = match segment::prepare(&self.files, self.store, next) {
            Ok(file) => file,
            Err(full @ StoreError::Full { .. }) => return Err(full),
            Err(error) => return Err(self.poison(error)),
        };
        let file = segment::publish(&self.files, next, prepared).map_err(|error| self.poison(error))?;
        self.segments.push(next.first);
        (self.segment, self.file, self.at) = (next, file, START);
        Ok(())
    }

    /// Nothing more is taken after this error, a full disk included.
    fn poison(&mut self, error: StoreError) -> StoreError {
        self.poisoned = true;
        match error {
            StoreError::Full { doing, place } => StoreError::Io { doing, place, source: std::io::ErrorKind::StorageFull.into() },
            other => other,
        }
    }

    /// All durable batches from a number on, in order.
    pub fn read(&self, from: BatchNumber) -> Result<Reader, StoreError> {
        let first = self.first();
        if from < first {
            return Err(StoreError::Cut { number: from, first });
        }
        Ok(Reader::new(self.files.clone(), self.store, &self.segments, from, self.last))
    }

    /// Gives batches before a number up. Whole segments are removed, oldest first; answers the first batch that is still there.
    pub fn cut(&mut self, before: BatchNumber) -> Result<BatchNumber, StoreError> {
        if self.poisoned {
            return Err(StoreError::Poisoned);
        }
        let pinned = self.pins.lock().unwrap_or_else(PoisonError::into_inner).1.values().min().copied();
        let before = before.min(pinned.unwrap_or(before));
        while self.segments.len() > 1 && self.segments[1] <= before {
            // Settled one by one: a crash must never leave an older segment without a younger one.
            let gone = self.files.drop_file(&segment::name(self.segments[0])).and_then(|()| self.files.settle(segment::FOLDER));
            gone.map_err(|error| self.poison(error))?;
            self.segments.remove(0);
        }
        Ok(self.first())
    }

    /// Holds everything from a batch on back from being cut.
    pub fn pin(&self, from: BatchNumber) -> Pin {
        let mut pins = self.pins.lock().unwrap_or_else(PoisonError::into_inner);
        pins.0 += 1;
        let id = pins.0;
        pins.1.insert(id, from);
        Pin { pins: self.pins.clone(), id }
    }

    /// The oldest batch that is still there, or the number that the first one will have.
    pub fn first(&self) -> BatchNumber {
        self.segments.first().copied().unwrap_or(self.segment.first)
    }

    /// The last durable batch; 0 if there is none.
    pub fn mark(&self) -> BatchNumber {
        self.last
    }

    /// The last durable batch as a witness for the owner's file.
    pub fn witness(&self) -> Witness {
        Witness { mark: self.last, crc: self.crc, epoch: self.epoch }
    }

    /// First numbers of all segments, and where the last one ends: what a backup copies.
    pub fn extent(&self) -> (Vec<BatchNumber>, u64) {
        (self.segments.clone(), self.at)
    }

    /// Bytes on the disk, zeros behind the end included.
    pub fn size(&self) -> u64 {
        self.segments.len() as u64 * self.segment_size
    }

    /// Bytes of a torn tail that were cut when the log was opened.
    pub fn torn(&self) -> u64 {
        self.torn
    }

    /// Whether an earlier write failed.
    pub fn is_poisoned(&self) -> bool {
        self.poisoned
    }
}
