//! What happened to customers: from the log to the archive, and back for who asks.
//!
//! In: batches of the log. Out: sealed files of the archive; everything that happened to one customer, in order. **Invariant:** what goes to the archive is
//! sealed under the key of whom it is about; of who was erased nothing goes there any more, and nothing that is there can be read. It decides nothing.

use super::super::core::others;
use super::super::sealing::{Place, Seals};
use super::{Keeper, unsealed};
use crate::calendar::Instant;
use crate::record::{DecodeError, Reader, Writer};
use crate::shard::Number;
use crate::shard::commit::{Batch, Change};
use crate::shard::sealed::Whose;
use crate::store::log::Pin;
use crate::store::table::Entry;
use crate::store::{Archive, BatchNumber, Store, StoreError};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Bytes of log that go into one file of the archive.
const ARCHIVE_BYTES: usize = 64 << 20;
/// How the key of sealed records in the archive ends, where each has its place in the log beside it; 2 where it has not.
const ARCHIVE_SEALED: u8 = 3;
const ARCHIVE_SEALED_BEFORE: u8 = 2;
/// Bytes of one customer's records that are sealed together.
const SEALED_BYTES: usize = 256 << 10;
/// The number under which the archive keeps the audit log; no customer has it.
pub const AUDIT: Number = Number(u64::MAX);
/// The number under which it keeps the versions of the plan, where they became active.
pub const PLANS: Number = Number(u64::MAX - 1);
/// A place in the log is the number of a batch, shifted by this, and a place in the batch.
pub const BATCH_SHIFT: u32 = 20;

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
                collect(number, &payload, &mut records)?;
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

    /// The archive and the log as they are now, to be read by another thread: nothing of it is cut meanwhile.
    pub fn past(&self) -> Result<Past, StoreError> {
        let from = (self.archived + 1).max(self.store.log().first());
        let pin = self.store.log().pin(from);
        let archive = self.store.archive();
        let parts = archive.parts()?;
        Ok(Past { archive, parts, log: self.store.read(from)?, seals: Arc::clone(&self.seals), _pin: Some(pin) })
    }

    /// Everything that happened to a customer, in order.
    pub fn history(&self, number: Number) -> Result<Vec<Happened>, StoreError> {
        let all = self.past()?.read(&[number])?;
        Ok(all.into_iter().map(|(_, happened)| happened).collect())
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

/// Whether somebody was erased: what a log from before there was sealing still says of her is not told.
fn is_gone(seals: &Seals, number: Number) -> Result<bool, StoreError> {
    Ok(number < PLANS && seals.is_destroyed(number)?)
}

/// What lies in archive and log, as it was at one moment.
pub struct Past {
    pub(super) archive: Archive,
    pub(super) parts: Vec<String>,
    pub(super) log: crate::store::Reader,
    pub(super) seals: Arc<Seals>,
    pub(super) _pin: Option<Pin>,
}

impl Past {
    /// Everything that happened to these customers, in order. Reads the whole log: for another thread than those that work with it.
    pub fn read(self, wanted: &[Number]) -> Result<Vec<(Number, Happened)>, StoreError> {
        let (mut all, mut there) = (Vec::new(), Vec::new());
        for number in wanted {
            if !self.is_gone(*number)? {
                there.push(*number);
            }
        }
        let wanted = there;
        for part in &self.parts {
            // A file of which nothing stays is removed when somebody is erased.
            let Some(file) = self.archive.open(part)? else { continue };
            let from = all.len();
            for number in &wanted {
                for entry in file.prefix(&number.0.to_be_bytes()) {
                    self.entry(entry?, &mut |number, happened| {
                        all.push((number, happened));
                        Ok::<(), StoreError>(())
                    })?;
                }
            }
            all[from..].sort_by_key(|(_, happened)| happened.order);
        }
        self.newest(&mut |number, happened| {
            if wanted.contains(&number) {
                all.push((number, happened));
            }
            Ok::<(), StoreError>(())
        })?;
        Ok(all)
    }

    /// Everything about everybody who is there: of each customer in order.
    pub fn everything<E: From<StoreError>>(self, mut each: impl FnMut(Number, Happened) -> Result<(), E>) -> Result<(), E> {
        let seals = Arc::clone(&self.seals);
        let mut known: BTreeMap<Number, bool> = BTreeMap::new();
        let mut each = |number: Number, happened: Happened| {
            let gone = match known.get(&number) {
                Some(gone) => *gone,
                None => *known.entry(number).or_insert(is_gone(&seals, number)?),
            };
            if gone { Ok(()) } else { each(number, happened) }
        };
        for part in &self.parts {
            let Some(file) = self.archive.open(part)? else { continue };
            for entry in file.entries() {
                self.entry(entry?, &mut each)?;
            }
        }
        self.newest(&mut each)
    }

    fn is_gone(&self, number: Number) -> Result<bool, StoreError> {
        is_gone(&self.seals, number)
    }

    /// One entry of the archive: several things that happened to one customer.
    pub(super) fn entry<E: From<StoreError>>(
        &self,
        entry: Entry,
        each: &mut impl FnMut(Number, Happened) -> Result<(), E>,
    ) -> Result<(), E> {
        let Some(number) = entry.key.first_chunk::<8>().map(|bytes| Number(u64::from_be_bytes(*bytes))) else { return Ok(()) };
        let kind = entry.key.get(8).copied();
        if kind.is_none() {
            return Happened::read(entry.order, &entry.value)?.map_or(Ok(()), |happened| each(number, happened));
        }
        let Some(plain) = self.seals.open(Place::Archive, whose(number), &entry.value)? else { return Ok(()) };
        let mut from = Reader::new(&plain);
        while from.remaining() > 0 {
            let order = if kind == Some(ARCHIVE_SEALED_BEFORE) { Ok(entry.order) } else { from.varint() };
            let (order, value) = order.and_then(|order| Ok((order, from.bytes()?))).map_err(|fault| unread("the archive", &fault))?;
            if let Some(happened) = Happened::read(order, value)? {
                each(number, happened)?;
            }
        }
        Ok(())
    }

    /// What the log has that the archive has not.
    fn newest<E: From<StoreError>>(self, each: &mut impl FnMut(Number, Happened) -> Result<(), E>) -> Result<(), E> {
        let Past { log, seals, .. } = self;
        for batch in log {
            let (number, payload) = batch?;
            let payload = seals.open_batch(payload).map_err(unsealed)?;
            let mut records = Vec::new();
            collect(number, &payload, &mut records)?;
            for record in records {
                if let Some(happened) = Happened::read(record.order, &record.value)? {
                    each(record.number, happened)?;
                }
            }
        }
        Ok(())
    }
}

fn whose(number: Number) -> Whose {
    if number == AUDIT || number == PLANS { Whose::House } else { Whose::Customer(number) }
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

/// Records of one customer, sealed with one seal: number, first order, each with its order and length.
fn together(records: &[Archived]) -> Vec<(Number, u64, Vec<u8>)> {
    let mut all: Vec<(Number, u64, Writer)> = Vec::new();
    for record in records {
        match all.last_mut() {
            Some((number, _, out)) if *number == record.number && out.len() < SEALED_BYTES => {
                out.varint(record.order);
                out.bytes(&record.value);
            }
            _ => {
                let mut out = Writer::default();
                out.varint(record.order);
                out.bytes(&record.value);
                all.push((record.number, record.order, out));
            }
        }
    }
    all.into_iter().map(|(number, order, out)| (number, order, out.into_bytes())).collect()
}

pub(super) fn last_archived(archive: &Archive) -> Result<BatchNumber, StoreError> {
    let parts = archive.parts()?;
    Ok(parts.iter().filter_map(|part| part.rsplit('-').next()?.parse().ok()).max().unwrap_or(0))
}

pub(super) struct Archived {
    pub(super) number: Number,
    pub(super) order: u64,
    pub(super) value: Vec<u8>,
}

/// What a batch says of customers: what came in, what was decided, what was handed to the dispatcher.
///
/// # Errors
/// [`StoreError::Damaged`] for bytes that say nothing: what cannot be read is not left out silently.
pub(super) fn collect(number: BatchNumber, payload: &[u8], records: &mut Vec<Archived>) -> Result<(), StoreError> {
    let wrong = |fault: DecodeError| unread(&format!("batch {number} of the log"), &fault);
    let mut batch = Batch::read(payload).map_err(wrong)?;
    let at = batch.head.at;
    let mut place = 0;
    while let Some(change) = batch.read_next().map_err(wrong)? {
        let of = match &change {
            Change::Input { number, .. } | Change::Records { number, .. } | Change::Parcel { number, .. } => *number,
            Change::Other { kind: others::AUDIT, .. } => AUDIT,
            Change::Other { kind: others::PLAN | others::BUILD_BEGUN, .. } => PLANS,
            _ => continue,
        };
        let mut out = Writer::default();
        out.instant(at);
        change.write(&mut out);
        records.push(Archived { number: of, order: number << BATCH_SHIFT | place, value: out.into_bytes() });
        place += 1;
    }
    Ok(())
}

fn unread(place: &str, fault: &DecodeError) -> StoreError {
    StoreError::Damaged { place: place.to_owned(), offset: fault.at as u64, found: fault.to_string() }
}

/// One thing that happened to a customer.
#[derive(Debug, Clone, PartialEq)]
pub struct Happened {
    /// Where in the log: the number of the batch, shifted by [`BATCH_SHIFT`], and the place in it.
    pub order: u64,
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
    /// Of nobody: a version of the plan became active. Its text.
    Plan(String),
    /// Of nobody: since then what a plan asks for is read back; what happens from here on counts as it happens.
    Build(Instant),
}

impl Happened {
    /// `None` for what is nothing that happened to anybody.
    ///
    /// # Errors
    /// [`StoreError::Damaged`]
    pub(super) fn read(order: u64, value: &[u8]) -> Result<Option<Happened>, StoreError> {
        let read = || -> Result<Option<Happened>, DecodeError> {
            let mut from = Reader::new(value);
            let at = from.instant()?;
            let what = match Batch::of_changes(from).read_next()? {
                Some(Change::Input { bytes, .. }) => What::Input(Box::new(crate::record::from_bytes(bytes)?)),
                Some(Change::Records { bytes, .. }) => What::Records(crate::record::from_bytes(bytes)?),
                Some(Change::Parcel { parcel, .. }) => What::Parcel(Box::new(parcel.into_owned())),
                Some(Change::Other { kind: others::AUDIT, bytes }) => What::Audit(crate::record::from_bytes(bytes)?),
                Some(Change::Other { kind: others::PLAN, bytes }) => What::Plan(String::from_utf8_lossy(bytes).into_owned()),
                Some(Change::Other { kind: others::BUILD_BEGUN, bytes }) => What::Build(super::super::core::backfill::begun_of(bytes)?),
                _ => return Ok(None),
            };
            Ok(Some(Happened { order, at, what }))
        };
        read().map_err(|fault| unread(&format!("what batch {} of the log says", order >> BATCH_SHIFT), &fault))
    }
}

#[cfg(test)]
mod tests {
    use super::{Happened, StoreError, collect};

    #[test]
    fn what_cannot_be_read_is_an_error_and_not_left_out() {
        let mut records = Vec::new();
        let broken = collect(7, &[255; 9], &mut records).map_err(|error| error.to_string());
        assert!(broken.as_ref().is_err_and(|words| words.contains("batch 7 of the log")), "{broken:?}");
        assert!(records.is_empty());
        assert!(matches!(Happened::read(7 << super::BATCH_SHIFT, &[1, 255, 255]), Err(StoreError::Damaged { .. })));
    }
}
