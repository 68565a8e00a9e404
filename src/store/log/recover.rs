//! Finding the end of a log that nobody closed.
//!
//! In: the segments, the mark, the owner's epoch. Out: the last whole batch, with everything behind it zeroed. **Invariant:** only what
//! cannot have been durable is cut: a log that ends before its mark is refused, and so is a hole behind which a batch of a later sync
//! stands. It does not know what the batches mean.

use super::batch::{FRAME, Frame};
use super::reader::Chain;
use super::segment::{self, Found, START, Segment, Window};
use crate::store::error::StoreError;
use crate::store::files::{Disk, Named, Place};
use crate::store::header::StoreId;

/// What the owner's file testifies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Witness {
    /// Number of the last batch that is known to have been durable.
    pub mark: u64,
    /// Its checksum.
    pub crc: u32,
    /// The newest epoch that was given.
    pub epoch: u64,
}

/// The end of a log.
pub struct End {
    pub segments: Vec<u64>,
    pub segment: Segment,
    pub file: Named,
    /// Where the next batch goes.
    pub at: u64,
    pub chain: Chain,
    /// Bytes of a torn tail that were zeroed.
    pub torn: u64,
}

/// Looks for the end; `mend` says whether a torn tail is cut, or only measured.
pub fn find(files: &Disk, store: StoreId, witness: Witness, mend: bool) -> Result<End, StoreError> {
    let (segments, leftovers) = segment::list(files)?;
    let Some(&first) = segments.last() else {
        let found = format!("the log has no segment, batch {} was durable", witness.mark);
        return Err(StoreError::Missing { place: files.place(segment::FOLDER), found });
    };
    if mend {
        for name in &leftovers {
            files.drop_file(name)?;
        }
        // Also when nothing was left over: a segment whose folder could not be synced is seen, but is not durable yet.
        files.settle(segment::FOLDER)?;
    }
    let (segment, file) = segment::open(files, store, first)?;
    let (vouched, at, chain) = walk(&segment, &file, witness)?;
    if chain.last < witness.mark {
        return Err(StoreError::EndsBeforeMark { place: file.place, offset: at, last: chain.last, mark: witness.mark });
    }
    let torn = tail(&segment, &file, at, chain.last)?;
    if mend && (torn > 0 || vouched < at) {
        // Written once more: after a failed sync, batches may be seen that never reached the disk, and that no later sync would bring
        // there. What is torn is zeroed: it must never look like the future of another batch.
        let mut bytes = file.read_exact(vouched, (at - vouched) as usize)?;
        bytes.resize(bytes.len() + torn as usize, 0);
        file.write_at(vouched, &bytes)?;
        file.sync()?;
    }
    Ok(End { segments, segment, file, at, chain, torn })
}

/// Follows the chain to the first place that does not continue it. Answers where the batch of the mark ends, where the last one ends,
/// and the last one.
fn walk(segment: &Segment, file: &Named, witness: Witness) -> Result<(u64, u64, Chain), StoreError> {
    let mut window = Window::new(file, segment.size);
    let mut chain = Chain::before(segment);
    let (mut vouched, mut at) = (START, START);
    let matches = |chain: &Chain| chain.last != witness.mark || chain.crc == witness.crc;
    if !matches(&chain) {
        return Err(file.damaged(0, format!("batch {} before it is not the one that was durable", witness.mark)));
    }
    while let Found::Whole(frame, _) = window.batch(at)? {
        // A whole batch that does not continue the chain is what an earlier crash left behind; the tail decides about it.
        if chain.take(&frame).is_err() {
            break;
        }
        if frame.epoch > witness.epoch {
            return Err(StoreError::Overtaken { place: file.place.clone(), found: frame.epoch, ours: witness.epoch });
        }
        if !matches(&chain) {
            return Err(file.damaged(at, format!("batch {} is not the one that was durable", frame.number)));
        }
        at += frame.room() as u64;
        if chain.last <= witness.mark {
            vouched = at;
        }
    }
    Ok((vouched, at, chain))
}

/// What stands behind the end of a log is looked at in pieces of this size.
const PIECE: usize = 1 << 16;
static ZEROS: [u8; PIECE] = [0; PIECE];

/// How many bytes behind the end are not zero, up to the last of them. A batch among them that was written after a later sync proves
/// that the one missing at the end was durable.
fn tail(segment: &Segment, file: &Named, at: u64, last: u64) -> Result<u64, StoreError> {
    let mut window = Window::new(file, segment.size);
    let (mut end, mut from) = (at, at);
    while from < segment.size {
        let piece = window.get(from, PIECE)?;
        let length = piece.len() as u64;
        if piece != &ZEROS[..piece.len()] {
            let used = piece.iter().rposition(|byte| *byte != 0).unwrap_or(0) as u64 + 1;
            end = from + used;
            let places: Vec<u64> = (0..length).step_by(8).map(|step| from + step).collect();
            for place in places {
                witness_at(&mut window, file, place, at, last)?;
            }
        }
        from += length;
    }
    Ok(end - at)
}

fn witness_at(window: &mut Window<'_>, file: &Named, place: u64, at: u64, last: u64) -> Result<(), StoreError> {
    let head = window.get(place, FRAME)?;
    let plausible = |frame: &Frame| {
        frame.size as usize >= FRAME
            && frame.number < last.saturating_add(1 << 32)
            && frame.number.checked_sub(u64::from(frame.since)).is_some_and(|go| go > last + 1)
    };
    let Some(frame) = Frame::peek(head).filter(plausible) else { return Ok(()) };
    if let Found::Whole(..) = window.batch(place)? {
        let found = format!(
            "no whole batch {} stands here, but batch {}, written after it was durable, stands at byte {place}",
            last + 1,
            frame.number
        );
        return Err(file.damaged(at, found));
    }
    Ok(())
}
