//! One batch of the log: a checked frame around bytes.
//!
//! In: a payload with its number, epoch and the checksum of the batch before. Out: a frame, and back. **Invariant:** a frame that decodes
//! is the one that was written, in this place of the chain. It does not know where it lies.
//!
//! ```text
//! 0 size (frame with payload)   8 number   16 epoch   24 checksum of the batch before   28 batches since the sync before   32 payload
//! 4 CRC32C of all other bytes                                                                       padded with zeros to 8 bytes
//! ```

use crate::store::header::{u32_at, u64_at};

/// Bytes before the payload.
pub const FRAME: usize = 32;
/// Frames begin at multiples of this.
const STEP: usize = 8;

/// What stands before a payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame {
    /// Frame and payload, without the padding.
    pub size: u32,
    pub crc: u32,
    pub number: u64,
    pub epoch: u64,
    pub before: u32,
    /// How many batches before this one were written in the same go: a batch whose `since` does not reach back to a hole proves that the
    /// hole was durable once.
    pub since: u32,
}

/// The room that a payload takes in a segment.
pub fn room(payload: usize) -> usize {
    (FRAME + payload).next_multiple_of(STEP)
}

impl Frame {
    /// The room it takes, padding included.
    pub fn room(&self) -> usize {
        (self.size as usize).next_multiple_of(STEP)
    }

    /// The frame at the beginning of `bytes`; `None` where zeros stand, as behind the last batch.
    pub fn peek(bytes: &[u8]) -> Option<Frame> {
        let size = u32_at(bytes, 0);
        if bytes.len() < FRAME || size == 0 {
            return None;
        }
        Some(Frame {
            size,
            crc: u32_at(bytes, 4),
            number: u64_at(bytes, 8),
            epoch: u64_at(bytes, 16),
            before: u32_at(bytes, 24),
            since: u32_at(bytes, 28),
        })
    }

    /// Whether `bytes`, which begin with this frame, are whole.
    pub fn holds(&self, bytes: &[u8]) -> bool {
        let size = self.size as usize;
        size >= FRAME && size <= bytes.len() && check(&bytes[..size]) == self.crc
    }
}

fn check(frame: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(&frame[..4]), &frame[8..])
}

/// Appends a batch to `into` and answers its checksum.
pub fn encode(into: &mut Vec<u8>, number: u64, epoch: u64, before: u32, since: u32, payload: &[u8]) -> u32 {
    let from = into.len();
    into.extend_from_slice(&((FRAME + payload.len()) as u32).to_le_bytes());
    into.extend_from_slice(&[0; 4]);
    into.extend_from_slice(&number.to_le_bytes());
    into.extend_from_slice(&epoch.to_le_bytes());
    into.extend_from_slice(&before.to_le_bytes());
    into.extend_from_slice(&since.to_le_bytes());
    into.extend_from_slice(payload);
    let crc = check(&into[from..]);
    into[from + 4..from + 8].copy_from_slice(&crc.to_le_bytes());
    into.resize(from + room(payload.len()), 0);
    crc
}
