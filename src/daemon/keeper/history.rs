//! What happened to customers: from the log to the archive, and back for who asks.
//!
//! In: batches of the log. Out: sealed files of the archive; everything that happened to one customer, in order. **Invariant:** what goes to the archive is
//! sealed under the key of whom it is about; of who was erased nothing goes there any more, and nothing that is there can be read. It decides nothing.

use super::super::core::others;
use super::super::sealing::Place;
use super::{Keeper, unsealed};
use crate::calendar::Instant;
use crate::record::{Reader, Writer};
use crate::shard::Number;
use crate::shard::commit::{Batch, Change};
use crate::shard::sealed::Whose;
use crate::store::{BatchNumber, Store, StoreError};

/// Bytes of log that go into one file of the archive.
const ARCHIVE_BYTES: usize = 64 << 20;
/// How the key of sealed records in the archive ends.
const ARCHIVE_SEALED: u8 = 2;
/// Bytes of one customer's records that are sealed together.
const SEALED_BYTES: usize = 256 << 10;
/// The number under which the archive keeps the audit log; no customer has it.
pub const AUDIT: Number = Number(u64::MAX);

impl Keeper {
    /// What the log says of customers goes to the archive, up to a batch.
    pub fn archive_until(&mut self, until: BatchNumber) -> Result<(), StoreError> {
        while self.archived < until {
            let from = (self.archived + 1).max(self.store.log().first());
            let (mut records, mut bytes, mut last) = (Vec::new(), 0, self.archived);
            for batch in self.store.read(from)? {
                let (number, payload) = batch?;
                let payload = self.seals.open_batch(payload).map_err(unsealed)?;
                if number > until || (bytes > ARCHIVE_BYTES && last >= from) {
                    break;
                }
                bytes += payload.len();
                last = number;
                collect(number, &payload, &mut records);
            }
            if last < from {
                return Ok(());
            }
            records.sort_unstable_by_key(|one: &Archived| (one.number, one.order));
            let mut writer = self.store.archive().write(&format!("{from:020}-{last:020}"))?;
            for (number, order, value) in together(&records) {
                // Who was erased since is left out.
                if let Some(sealed) = self.seals.seal(Place::Archive, whose(number), &value)? {
                    writer.push(&sealed_key(number), order, &sealed)?;
                }
            }
            writer.seal()?;
            self.archived = last;
        }
        Ok(())
    }

    /// Everything that happened to a customer, in order: from the archive, then from the log.
    pub fn history(&self, number: Number) -> Result<Vec<Happened>, StoreError> {
        if number != AUDIT && self.seals.is_destroyed(number)? {
            // What a log from before there was sealing still says of her is not told.
            return Ok(Vec::new());
        }
        let mut all = Vec::new();
        let archive = self.store.archive();
        for part in archive.parts()? {
            let Some(sealed) = archive.open(&part)? else { continue };
            for entry in sealed.find(&number.0.to_be_bytes()) {
                all.extend(Happened::read(&entry?.value));
            }
            for entry in sealed.find(&sealed_key(number)) {
                let Some(plain) = self.seals.open(Place::Archive, whose(number), &entry?.value)? else { continue };
                let mut from = Reader::new(&plain);
                while let Ok(value) = from.bytes() {
                    all.extend(Happened::read(value));
                }
            }
        }
        for batch in self.store.read((self.archived + 1).max(self.store.log().first()))? {
            let (order, payload) = batch?;
            let payload = self.seals.open_batch(payload).map_err(unsealed)?;
            let mut records = Vec::new();
            collect(order, &payload, &mut records);
            all.extend(records.iter().filter(|record| record.number == number).filter_map(|record| Happened::read(&record.value)));
        }
        Ok(all)
    }

    /// Archives that were written before there was sealing hold plain records: those of who is gone are left out from now on.
    pub(super) fn forget_plain(&mut self, gone: &[Number]) -> Result<(), StoreError> {
        let archive = self.store.archive();
        let keys: Vec<[u8; 8]> = gone.iter().map(|number| number.0.to_be_bytes()).collect();
        for part in self.plain_archives.clone() {
            let Some(sealed) = archive.open(&part)? else { continue };
            if keys.iter().any(|key| sealed.find(key).next().is_some()) {
                archive.rewrite(&part, |key| !keys.iter().any(|gone| key == gone))?;
            }
        }
        Ok(())
    }
}

fn whose(number: Number) -> Whose {
    if number == AUDIT { Whose::House } else { Whose::Customer(number) }
}

/// Files of the archive that hold plain records.
pub(super) fn plain_parts(store: &Store) -> Result<Vec<String>, StoreError> {
    let archive = store.archive();
    let mut plain = Vec::new();
    for part in archive.parts()? {
        let first = archive.open(&part)?.and_then(|sealed| sealed.entries().next()).transpose()?;
        if first.is_some_and(|entry| entry.key.len() == 8) {
            plain.push(part);
        }
    }
    Ok(plain)
}

/// The key of sealed records in the archive; plain ones, as they were written once, have the number alone.
fn sealed_key(number: Number) -> [u8; 9] {
    let mut key = [ARCHIVE_SEALED; 9];
    key[..8].copy_from_slice(&number.0.to_be_bytes());
    key
}

/// Records of one customer, sealed with one seal: number, first order, each with its length.
fn together(records: &[Archived]) -> Vec<(Number, u64, Vec<u8>)> {
    let mut all: Vec<(Number, u64, Writer)> = Vec::new();
    for record in records {
        match all.last_mut() {
            Some((number, _, out)) if *number == record.number && out.len() < SEALED_BYTES => out.bytes(&record.value),
            _ => {
                let mut out = Writer::default();
                out.bytes(&record.value);
                all.push((record.number, record.order, out));
            }
        }
    }
    all.into_iter().map(|(number, order, out)| (number, order, out.into_bytes())).collect()
}

pub(super) fn last_archived(store: &Store) -> Result<BatchNumber, StoreError> {
    let parts = store.archive().parts()?;
    Ok(parts.iter().filter_map(|part| part.rsplit('-').next()?.parse().ok()).max().unwrap_or(0))
}

struct Archived {
    number: Number,
    order: u64,
    value: Vec<u8>,
}

/// What a batch says of customers: what came in, what was decided, what was handed to the dispatcher.
fn collect(number: BatchNumber, payload: &[u8], records: &mut Vec<Archived>) {
    let Ok(mut batch) = Batch::read(payload) else { return };
    let at = batch.head.at;
    let mut place = 0;
    // What could not be read would have stopped the recovery.
    while let Ok(Some(change)) = batch.read_next() {
        let of = match &change {
            Change::Input { number, .. } | Change::Records { number, .. } | Change::Parcel { number, .. } => *number,
            Change::Other { kind: others::AUDIT, .. } => AUDIT,
            _ => continue,
        };
        let mut out = Writer::default();
        out.instant(at);
        change.write(&mut out);
        records.push(Archived { number: of, order: number << 20 | place, value: out.into_bytes() });
        place += 1;
    }
}

/// One thing that happened to a customer.
#[derive(Debug, Clone, PartialEq)]
pub struct Happened {
    /// Handling time of its batch.
    pub at: Instant,
    pub what: What,
}

#[derive(Debug, Clone, PartialEq)]
pub enum What {
    Input(Box<crate::engine::Input>),
    Records(Vec<crate::engine::Record>),
    Parcel(Box<crate::shard::commit::Parcel>),
    /// Of nobody: an entry of the audit log.
    Audit(crate::daemon::audit::Entry),
}

impl Happened {
    fn read(value: &[u8]) -> Option<Happened> {
        let mut from = Reader::new(value);
        let at = from.instant().ok()?;
        let mut change = Batch::of_changes(from);
        let what = match change.read_next().ok()?? {
            Change::Input { bytes, .. } => What::Input(Box::new(crate::record::from_bytes(bytes).ok()?)),
            Change::Records { bytes, .. } => What::Records(crate::record::from_bytes(bytes).ok()?),
            Change::Parcel { parcel, .. } => What::Parcel(Box::new(parcel.into_owned())),
            Change::Other { kind: others::AUDIT, bytes } => What::Audit(crate::record::from_bytes(bytes).ok()?),
            _ => return None,
        };
        Some(Happened { at, what })
    }
}
