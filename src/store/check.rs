//! Looking at every byte of a store without changing one.
//!
//! In: the folder of a store. Out: what there is, and everything that is wrong with it. **Invariant:** nothing is written, and nobody opens
//! the store meanwhile (who has it open already is told: what it writes may look torn); one damaged file does not hide another. It does
//! not know what keys and batches mean.

use super::epoch::{self, Slot};
use super::error::StoreError;
use super::files::{Disk, Place};
use super::header::StoreId;
use super::keyring::Keyring;
use super::log::reader::Reader;
use super::log::{BatchNumber, recover, segment};
use super::table::{Shape, Table};
use super::{Settings, archive, identify, snapshot};

/// What was found.
#[derive(Debug, Default)]
pub struct Report {
    /// Oldest and last batch of the log; none in a log that is empty.
    pub batches: Option<(BatchNumber, BatchNumber)>,
    pub segments: usize,
    /// Bytes behind the last batch that an interrupted write left; the next opening cuts them.
    pub torn: u64,
    /// The last batch that is known to have been durable.
    pub mark: BatchNumber,
    pub epoch: u64,
    /// Whether the last owner closed the store.
    pub closed: bool,
    /// Whether a process has it open: what it is writing may look unfinished.
    pub at_work: bool,
    /// Whether it was restored and nobody released it.
    pub restored: bool,
    /// Name, batch and number of entries of every snapshot.
    pub snapshots: Vec<(String, BatchNumber, u64)>,
    /// Name and number of records of every file of the archive.
    pub archive: Vec<(String, u64)>,
    /// Live and destroyed keys, where the keys were looked at.
    pub keys: Option<(u64, u64)>,
    /// Files that an interrupted write left; `compact` removes them.
    pub leftovers: Vec<String>,
    pub wrong: Vec<StoreError>,
}

impl Report {
    fn note<T>(&mut self, result: Result<T, StoreError>) -> Option<T> {
        result.map_err(|error| self.wrong.push(error)).ok()
    }
}

/// Reads everything. An error only where there is no store to look at.
pub fn check(files: &Disk, keys: Option<&Disk>) -> Result<Report, StoreError> {
    let (store, settings) = identify(files)?;
    let mut report = Report::default();
    // Held to the end. A medium that cannot be locked has no writer either.
    let lock = files.lock(epoch::NAME);
    report.at_work = matches!(lock, Ok(None));
    let slot = epoch::peek(files, store);
    if let Some(slot) = report.note(slot) {
        (report.mark, report.epoch) = (slot.witness.mark, slot.witness.epoch);
        (report.closed, report.restored) = (slot.clean, slot.restored);
        log(files, store, settings, slot, &mut report);
    }
    for part in tables(files, snapshot::SHAPE, &mut report) {
        if let Some((table, entries)) = whole(files, store, snapshot::SHAPE, &part, &mut report) {
            report.snapshots.push((part, table.number(), entries));
        }
    }
    for part in tables(files, archive::SHAPE, &mut report) {
        if let Some((_, entries)) = whole(files, store, archive::SHAPE, &part, &mut report) {
            report.archive.push((part, entries));
        }
    }
    gap(files, &mut report);
    if let Some(keys) = keys {
        let found = Keyring::look(keys.clone(), store).and_then(|keyring| keyring.check());
        if let Some((live, destroyed, wrong)) = report.note(found) {
            report.keys = Some((live, destroyed));
            report.wrong.extend(wrong);
        }
    }
    Ok(report)
}

fn log(files: &Disk, store: StoreId, settings: Settings, slot: Slot, report: &mut Report) {
    let found = segment::list(files);
    let Some((segments, leftovers)) = report.note(found) else { return };
    report.segments = segments.len();
    report.leftovers.extend(leftovers);
    let end = recover::find(files, store, slot.witness, false);
    let until = match report.note(end) {
        Some(end) => {
            report.torn = end.torn;
            if end.segment.size > settings.segment_size {
                report.wrong.push(end.file.damaged(0, format!("a segment of {} bytes", end.segment.size)));
            }
            end.chain.last
        }
        None => slot.witness.mark,
    };
    let Some(&first) = segments.first() else { return };
    let mut last = None;
    for batch in Reader::new(files.clone(), store, &segments, first, until) {
        match batch {
            Ok((number, _)) => last = Some(number),
            Err(error) => report.wrong.push(error),
        }
    }
    report.batches = last.map(|last| (first, last));
}

fn tables(files: &Disk, shape: Shape, report: &mut Report) -> Vec<String> {
    let listed = files.entries(shape.folder);
    let names = report.note(listed).unwrap_or_default();
    report.leftovers.extend(names.iter().filter(|name| name.ends_with(".new")).map(|name| format!("{}/{name}", shape.folder)));
    let parts = snapshot::parts(files, shape);
    report.note(parts).unwrap_or_default()
}

/// Reads a table to its end: every block, the order of the keys, the number that the footer names.
fn whole(files: &Disk, store: StoreId, shape: Shape, part: &str, report: &mut Report) -> Option<(Table, u64)> {
    let table = Table::open(files, store, shape, part);
    let table = report.note(table)?;
    let (mut entries, mut last): (u64, Option<(Vec<u8>, u64)>) = (0, None);
    for entry in table.entries() {
        let entry = report.note(entry)?;
        let place = (entry.key, entry.order);
        if last.as_ref().is_some_and(|last| *last >= place) {
            report.wrong.push(StoreError::Unordered { what: "keys", place: table.place().to_owned() });
            return None;
        }
        last = Some(place);
        entries += 1;
    }
    if entries != table.len() {
        let found = format!("it has {entries} entries, {} were written", table.len());
        report.wrong.push(StoreError::Damaged { place: table.place().to_owned(), offset: 0, found });
        return None;
    }
    Some((table, entries))
}

/// The log must go on where the oldest snapshot ends.
fn gap(files: &Disk, report: &mut Report) {
    let Some((first, _)) = report.batches else { return };
    if let Some((part, as_of, _)) = report.snapshots.iter().min_by_key(|(_, as_of, _)| *as_of)
        && as_of + 1 < first
    {
        let found = format!("batches {} to {} are not there, and the snapshot of {part} ends with {as_of}", as_of + 1, first - 1);
        report.wrong.push(StoreError::Missing { place: files.place(segment::FOLDER), found });
    }
}
