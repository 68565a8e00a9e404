//! Reading the log from a batch on.
//!
//! In: the segments and the last durable number. Out: every batch up to it, in order, or the place where the chain is broken.
//! **Invariant:** nothing is skipped: number follows number and every batch names the checksum of the one before. It does not change
//! anything.

use super::segment::{self, Found, Segment, Window};
use crate::store::error::StoreError;
use crate::store::files::{Disk, Named};
use crate::store::header::StoreId;

/// Where a reader stands in the chain.
#[derive(Debug, Clone, Copy)]
pub struct Chain {
    /// Number and checksum of the batch before the next one.
    pub last: u64,
    pub crc: u32,
    pub epoch: u64,
}

impl Chain {
    pub fn before(segment: &Segment) -> Chain {
        Chain { last: segment.first - 1, crc: segment.before, epoch: 0 }
    }

    /// Takes the next batch, or says in words why it is not the next.
    pub fn take(&mut self, frame: &super::batch::Frame) -> Result<(), String> {
        if frame.number != self.last + 1 {
            return Err(format!("batch {} stands where batch {} belongs", frame.number, self.last + 1));
        }
        if frame.before != self.crc {
            return Err(format!("batch {} does not follow the one before it", frame.number));
        }
        if frame.epoch < self.epoch {
            return Err(format!("batch {} is of epoch {}, the one before of {}", frame.number, frame.epoch, self.epoch));
        }
        *self = Chain { last: frame.number, crc: frame.crc, epoch: frame.epoch };
        Ok(())
    }
}

/// Iterates over batches. After an error it ends.
pub struct Reader {
    files: Disk,
    store: StoreId,
    /// First numbers of the segments still to read, the next one last.
    left: Vec<u64>,
    from: u64,
    /// The last durable number: what stands behind it is none of the reader's business.
    until: u64,
    chain: Option<Chain>,
    /// The batches of the current segment that are still to be handed out.
    open: Option<Open>,
    ended: bool,
}

struct Open {
    segment: Segment,
    file: Named,
    at: u64,
    window: Vec<u8>,
    start: u64,
}

impl Reader {
    pub(in crate::store) fn new(files: Disk, store: StoreId, segments: &[u64], from: u64, until: u64) -> Reader {
        let mut left: Vec<u64> = segments.iter().rev().copied().collect();
        // Segments that end before `from` need not be read: the next one begins at or before it.
        while left.len() > 1 && left[left.len() - 2] <= from {
            left.pop();
        }
        Reader { files, store, left, from, until, chain: None, open: None, ended: from > until }
    }

    fn next_segment(&mut self) -> Result<bool, StoreError> {
        let Some(first) = self.left.pop() else { return Ok(false) };
        let (segment, file) = segment::open(&self.files, self.store, first)?;
        if let Some(chain) = self.chain
            && (chain.last + 1 != segment.first || chain.crc != segment.before)
        {
            let found = format!("it begins with batch {}, the log before it ends with {}", segment.first, chain.last);
            return Err(file.damaged(0, found));
        }
        let mut chain = Chain::before(&segment);
        chain.epoch = self.chain.map_or(0, |chain| chain.epoch);
        self.chain = Some(chain);
        self.open = Some(Open { segment, file, at: segment::START, window: Vec::new(), start: 0 });
        Ok(true)
    }

    fn advance(&mut self) -> Result<Option<(u64, Vec<u8>)>, StoreError> {
        loop {
            if self.chain.is_some_and(|chain| chain.last >= self.until) {
                return Ok(None);
            }
            let Some(open) = &mut self.open else {
                if self.next_segment()? {
                    continue;
                }
                let last = self.chain.map_or(0, |chain| chain.last);
                let found = format!("the log ends with batch {last}, batch {} was durable", self.until);
                return Err(StoreError::Missing { place: self.files.place(segment::FOLDER), found });
            };
            let mut window = Window::resume(&open.file, open.segment.size, open.start, std::mem::take(&mut open.window));
            let found = window.batch(open.at)?;
            let (frame, payload) = match found {
                Found::Whole(frame, payload) => {
                    (frame, (frame.number >= self.from && frame.number <= self.until).then(|| payload.to_vec()))
                }
                Found::Nothing if !self.left.is_empty() => {
                    self.open = None;
                    continue;
                }
                Found::Nothing => return Err(open.file.damaged(open.at, format!("the log ends, batch {} was durable", self.until))),
                Found::Broken => return Err(open.file.damaged(open.at, "a batch whose checksum is wrong")),
            };
            (open.start, open.window) = window.leave();
            if let Some(chain) = &mut self.chain {
                chain.take(&frame).map_err(|found| open.file.damaged(open.at, found))?;
            }
            open.at += frame.room() as u64;
            if let Some(payload) = payload {
                return Ok(Some((frame.number, payload)));
            }
        }
    }
}

impl Iterator for Reader {
    type Item = Result<(u64, Vec<u8>), StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let next = self.advance().transpose();
        self.ended = !matches!(next, Some(Ok(_)));
        next
    }
}
