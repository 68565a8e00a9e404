//! What changed between two states of a row, as bytes: for the log, which would grow by a whole row with every input otherwise.
//!
//! In: two encoded rows; or one of them and what [`delta`] gave. Out: the difference; or the other row, byte for byte. **Invariant:**
//! `apply(old, delta(old, new)) == new`, whatever the bytes are; a damaged difference gives a [`DecodeError`] or other bytes, never a
//! panic, and never more than both together hold. Knows sections, and not what they mean.
//!
//! A difference is a list of orders: keep so many sections of the old row, drop so many, put one, patch the next one. What is left of the
//! old row at the end is gone. In a section that is patched, only the pieces that changed are written.

use crate::engine::codec::kind;
use crate::record::{DecodeError, Fault, Reader, Writer};

/// The new row as it is: one of the two cannot be taken apart.
const WHOLE: u8 = 0;
const ORDERS: u8 = 1;

// The lower two bits of an order; above them is its count.
const KEEP: u64 = 0;
const DROP: u64 = 1;
const PUT: u64 = 2;
const PATCH: u64 = 3;

/// Pieces of one section that are patched one by one; what is behind them is written as one piece.
const PIECES_MAX: usize = 32;
/// How far an insertion or a removal may shift the bytes behind it and still be seen, in bytes.
const SHIFT_MAX: usize = 12;
/// So many equal bytes behind a change mean that it is over.
const SURE: usize = 12;

struct Part<'a> {
    id: u8,
    version: u8,
    body: &'a [u8],
    /// With its head.
    whole: &'a [u8],
}

/// A change within a section: `keep` bytes stay, `drop` bytes go, `put` comes.
struct Piece<'a> {
    keep: usize,
    drop: usize,
    put: &'a [u8],
}

/// Writes what makes `new` out of `old`. Both are encoded rows (no bytes for a row that is not there yet, or not any more).
pub fn delta(old: &[u8], new: &[u8], out: &mut Writer) {
    let (Ok(before), Ok(after)) = (parts(old), parts(new)) else {
        out.byte(WHOLE);
        out.raw(new);
        return;
    };
    out.byte(ORDERS);
    let (mut at, mut kept) = (0, 0);
    for part in &after {
        let found = before.iter().skip(at).position(|old| old.id == part.id && old.version == part.version).map(|ahead| at + ahead);
        let Some(found) = found else {
            order(out, KEEP, &mut kept);
            out.varint(1 << 2 | PUT);
            out.raw(part.whole);
            continue;
        };
        if found > at {
            order(out, KEEP, &mut kept);
            order(out, DROP, &mut (found - at));
        }
        at = found + 1;
        let Some(old) = before.get(found) else { continue };
        if old.whole == part.whole {
            kept += 1;
            continue;
        }
        order(out, KEEP, &mut kept);
        let pieces = pieces(old.body, part.body);
        out.varint((pieces.len() as u64) << 2 | PATCH);
        for piece in &pieces {
            out.varint(piece.keep as u64);
            out.varint(piece.drop as u64);
            out.bytes(piece.put);
        }
    }
    order(out, KEEP, &mut kept);
}

/// The row that `delta` was made for, from the one that it was made from.
pub fn apply(old: &[u8], delta: &[u8]) -> Result<Vec<u8>, DecodeError> {
    let mut from = Reader::new(delta);
    match from.byte()? {
        WHOLE => return Ok(from.raw(from.remaining())?.to_vec()),
        ORDERS => {}
        other => return Err(kind(&from, other)),
    }
    let before = parts(old)?;
    let mut before = before.iter();
    let mut new = Writer::onto(Vec::with_capacity(old.len() + delta.len()));
    while !from.is_at_end() {
        let order = from.varint()?;
        match (order & 3, order >> 2) {
            (KEEP, count) => {
                for _ in 0..count {
                    new.raw(before.next().ok_or_else(|| out_of_range(&from))?.whole);
                }
            }
            (DROP, count) => {
                for _ in 0..count {
                    before.next().ok_or_else(|| out_of_range(&from))?;
                }
            }
            (PUT, 1) => {
                let mut section = from.section()?.ok_or_else(|| out_of_range(&from))?;
                let body = section.body.raw(section.body.remaining())?;
                new.section(section.id, section.version, |new| new.raw(body));
            }
            (PATCH, count) => {
                let old = before.next().ok_or_else(|| out_of_range(&from))?;
                let body = patched(old.body, count, &mut from)?;
                new.section(old.id, old.version, |new| new.raw(&body));
            }
            _ => return Err(out_of_range(&from)),
        }
    }
    Ok(new.into_bytes())
}

fn order(out: &mut Writer, what: u64, count: &mut usize) {
    if *count > 0 {
        out.varint((*count as u64) << 2 | what);
        *count = 0;
    }
}

fn out_of_range(from: &Reader<'_>) -> DecodeError {
    DecodeError { fault: Fault::Range, ..kind(from, 0) }
}

fn parts(bytes: &[u8]) -> Result<Vec<Part<'_>>, DecodeError> {
    let mut from = Reader::new(bytes);
    let mut found = Vec::with_capacity(16);
    loop {
        let begin = bytes.len() - from.remaining();
        let Some(mut section) = from.section()? else { return Ok(found) };
        let whole = bytes.get(begin..bytes.len() - from.remaining()).unwrap_or_default();
        let body = section.body.raw(section.body.remaining())?;
        found.push(Part { id: section.id, version: section.version, body, whole });
    }
}

fn patched(old: &[u8], pieces: u64, from: &mut Reader<'_>) -> Result<Vec<u8>, DecodeError> {
    let mut old = Reader::new(old);
    let mut body = Vec::with_capacity(old.remaining());
    for _ in 0..pieces {
        body.extend_from_slice(old.raw(from.narrow()?)?);
        old.raw(from.narrow()?)?;
        body.extend_from_slice(from.bytes()?);
    }
    body.extend_from_slice(old.raw(old.remaining())?);
    Ok(body)
}

/// The pieces in which two bodies differ, each found by the equal bytes around it.
fn pieces<'a>(mut old: &[u8], mut new: &'a [u8]) -> Vec<Piece<'a>> {
    let mut found = Vec::new();
    loop {
        let keep = old.iter().zip(new).take_while(|(old, new)| old == new).count();
        (old, new) = (&old[keep..], &new[keep..]);
        if old.is_empty() && new.is_empty() {
            return found;
        }
        let near = if found.len() + 1 < PIECES_MAX { shift(old, new) } else { None };
        let (drop, put) = near.unwrap_or_else(|| {
            let same = old.iter().rev().zip(new.iter().rev()).take_while(|(old, new)| old == new).count();
            (old.len() - same, new.len() - same)
        });
        found.push(Piece { keep, drop, put: &new[..put] });
        if near.is_none() {
            return found;
        }
        (old, new) = (&old[drop..], &new[put..]);
    }
}

/// How much went and came where two texts of bytes begin to differ, if they are soon equal again.
fn shift(old: &[u8], new: &[u8]) -> Option<(usize, usize)> {
    (1..=2 * SHIFT_MAX)
        .flat_map(|both| (both.saturating_sub(SHIFT_MAX)..=both.min(SHIFT_MAX)).map(move |drop| (drop, both - drop)))
        .find(|(drop, put)| old.get(*drop..*drop + SURE).is_some_and(|old| new.get(*put..*put + SURE) == Some(old)))
}
