//! Archive and log from their begin to a place, customer by customer in each file, to be gone on with from where it was interrupted.
//!
//! In: what lies there, a cursor. Out: what happened, some of one customer at a time, with the cursor behind it. **Invariant:** in the order of the log as
//! far as one customer is concerned; what lies before the cursor is not given again, also where the log went to the archive meanwhile.

use super::history::{BATCH_SHIFT, Happened, PLANS, Past, collect};
use super::unsealed;
use crate::calendar::Instant;
use crate::daemon::core::backfill::Cursor;
use crate::shard::Number;
use crate::store::StoreError;

/// Some of what happened to one customer.
#[derive(Debug)]
pub struct Found {
    pub number: Number,
    pub happened: Vec<Happened>,
    /// Behind it; where it may not be noted, before the batch in which it lies.
    pub cursor: Cursor,
    pub may_be_noted: bool,
    /// Nothing comes behind it.
    pub is_end: bool,
}

/// First and last batch of a file of the archive.
fn batches_of(part: &str) -> Option<(u64, u64)> {
    let (first, last) = part.rsplit_once('-')?;
    Some((first.parse().ok()?, last.parse().ok()?))
}

impl Past {
    /// The first batch from which on nothing is missing, given the store's first. (The log begins where the archive ends.)
    pub fn whole_from(&self, begin: u64) -> u64 {
        let (mut from, mut next) = (begin, begin);
        for (first, last) in self.parts.iter().filter_map(|part| batches_of(part)) {
            if first > next {
                from = first;
            }
            next = next.max(last.saturating_add(1));
        }
        from
    }

    /// When the earliest of what happened from a batch on was handled.
    ///
    /// # Errors
    /// If archive or log cannot be read.
    pub fn earliest_from(self, batch: u64) -> Result<Option<Instant>, StoreError> {
        let mut earliest: Option<Instant> = None;
        let before = Cursor { through: batch.saturating_sub(1), part: None };
        self.go_on(before, u64::MAX, |found| {
            let first = found.happened.iter().map(|one| one.at).min();
            earliest = earliest.into_iter().chain(first).min();
            Ok::<bool, StoreError>(true)
        })?;
        Ok(earliest)
    }

    /// Gives what lies behind a cursor and before a place in the log. `each` says whether to go on; the last one is empty, with the cursor at the end.
    ///
    /// # Errors
    /// If archive or log cannot be read; and those of `each`.
    pub fn go_on<E: From<StoreError>>(self, from: Cursor, until: u64, mut each: impl FnMut(Found) -> Result<bool, E>) -> Result<(), E> {
        let mut cursor = from;
        for part in &self.parts {
            let Some((first, last)) = batches_of(part) else { continue };
            if last <= cursor.through || first > until >> BATCH_SHIFT {
                continue;
            }
            let Some(file) = self.archive.open(part)? else { continue };
            for entry in file.entries() {
                let entry = entry?;
                let Some(number) = entry.key.first_chunk::<8>().map(|bytes| u64::from_be_bytes(*bytes)) else { continue };
                let place = (last, number, entry.order);
                if number >= PLANS.0 || cursor.part.is_some_and(|done| done.0 == last && done >= place) {
                    continue;
                }
                let mut happened = Vec::new();
                self.entry(entry, &mut |_, one| {
                    happened.push(one);
                    Ok::<(), StoreError>(())
                })?;
                happened.retain(|one| one.order >> BATCH_SHIFT > cursor.through && one.order < until);
                cursor.part = Some(place);
                if !each(Found { number: Number(number), happened, cursor, may_be_noted: true, is_end: false })? {
                    return Ok(());
                }
            }
            cursor = Cursor { through: last, part: None };
        }
        let Past { log, seals, .. } = self;
        for batch in log {
            let (batch, payload) = batch?;
            if batch <= cursor.through {
                continue;
            }
            if batch > until >> BATCH_SHIFT {
                break;
            }
            let payload = seals.open_batch(payload).map_err(unsealed)?;
            let mut records = Vec::new();
            collect(batch, &payload, &mut records)?;
            records.retain(|record| record.number < PLANS && record.order < until);
            records.sort_by_key(|record| (record.number, record.order));
            let before = cursor;
            for hers in records.chunk_by(|one, other| one.number == other.number) {
                let mut happened = Vec::new();
                for record in hers {
                    happened.extend(Happened::read(record.order, &record.value)?);
                }
                // A batch is taken whole.
                if !each(Found { number: hers[0].number, happened, cursor: before, may_be_noted: false, is_end: false })? {
                    return Ok(());
                }
            }
            cursor = Cursor { through: batch, part: None };
            if !each(Found { number: Number(0), happened: Vec::new(), cursor, may_be_noted: true, is_end: false })? {
                return Ok(());
            }
        }
        each(Found { number: Number(0), happened: Vec::new(), cursor, may_be_noted: true, is_end: true }).map(drop)
    }
}
