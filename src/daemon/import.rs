//! Importing a file of customers or of events into a store, while no daemon runs on it.
//!
//! In: a file that is read twice (to see what it is, then to take it), a core, its keeper. Out: rows as inputs of customers, batch by batch; what a forecast
//! says is counted from the same records as what then starts. **Invariant:** a row is durable together with the note that it was taken, so an
//! import that was interrupted and is run again goes on behind the last durable batch; a file that has grown is taken from where it ended
//! before; a row that cannot be used keeps no other out.
//!
//! It works on the store itself and not through a running daemon: a forecast holds only where nothing else happens between it and the import,
//! a batch is as large as the log likes it, and no half of an import is ever visible to a journey that runs. Events that should be taken
//! while the daemon runs have its own doors.

use super::core::Core;
use super::core::imports::Imported;
use super::keeper::Keeper;
use crate::calendar::Instant;
use crate::engine::{Decision, Record, RecordKind};
use crate::ingest::import::{ImportFile, Line};
use crate::ingest::refusal::{Refusal, Refusals};
use crate::shard::commit::{Batch, Change};
use crate::store::StoreError;
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;

/// Rows in one batch.
const ROWS_PER_BATCH: u64 = 1_000;

/// What a file is, before anything is taken from it.
#[derive(Debug, Default)]
pub struct Looked {
    pub rows: u64,
    /// Rows that were imported before.
    pub known: u64,
    /// Of all rows.
    pub refusals: Refusals,
    /// The number under which it is remembered.
    number: u64,
    /// Where reading stopped against its will.
    pub broken: Option<(u64, String)>,
}

impl Looked {
    /// Rows that are still to be taken, usable or not.
    pub fn left(&self) -> u64 {
        self.rows - self.known
    }
}

/// What an import led to, or would lead to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Effects {
    pub rows: u64,
    pub refused: u64,
    /// Rows about somebody who was erased not long ago.
    pub of_erased: u64,
    /// Rows whose id was known already.
    pub duplicates: u64,
    pub new_customers: u64,
    /// Runs by the name of their journey.
    pub runs: BTreeMap<String, u64>,
    /// Messages that these planned at once, by name.
    pub messages: BTreeMap<String, u64>,
}

/// Why an import ended.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    #[error("{0}")]
    Store(#[from] StoreError),
    #[error("{0}")]
    Damaged(String),
    /// Asked to; what was taken until then stays.
    #[error("the import was stopped")]
    Stopped,
}

fn fingerprint(before: u128, text: &str) -> u128 {
    let mut hash = Sha256::new();
    hash.update(before.to_be_bytes());
    hash.update(text.as_bytes());
    let mut first = [0; 16];
    first.copy_from_slice(&hash.finalize()[..16]);
    u128::from_be_bytes(first)
}

/// Reads a file to its end and takes nothing.
pub fn look(mut file: ImportFile<'_>, core: &Core) -> Looked {
    let mut looked = Looked { number: core.next_import(), ..Looked::default() };
    let known: Vec<&Imported> = core.imports().iter().filter(|import| import.of_events == file.is_of_events()).collect();
    let mut print = 0;
    while let Some(line) = file.next_line() {
        looked.rows += 1;
        print = fingerprint(print, &line.text);
        if let Some(import) = known.iter().find(|import| import.rows == looked.rows && import.fingerprint == print) {
            (looked.known, looked.number) = (looked.rows, import.number);
        }
        if let Err(refusal) = line.said {
            looked.refusals.add(line.number, *refusal);
        }
    }
    looked.broken = file.broken().cloned();
    looked
}

/// What taking the file would lead to: the core does it all, and is thrown away.
pub fn forecast(file: ImportFile<'_>, looked: &Looked, mut core: Core, past: bool, now: Instant) -> Result<Effects, ImportError> {
    let mut sink = |_: &mut Core, _: &[u8]| Ok(());
    take(file, looked, &mut core, past, now, &mut sink, &mut |_, _| {}, &mut |_| true)
}

/// Takes the file. `rejected` gets every row that cannot be used; `go_on` is told how many rows are durable, and may stop it.
#[allow(clippy::too_many_arguments, reason = "an import has that many parts, and one caller")]
pub fn import(
    file: ImportFile<'_>,
    looked: &Looked,
    core: &mut Core,
    keeper: &mut Keeper,
    past: bool,
    now: Instant,
    rejected: &mut dyn FnMut(&Line, &Refusal),
    go_on: &mut dyn FnMut(u64) -> bool,
) -> Result<Effects, ImportError> {
    let mut save = |_: &mut Core, bytes: &[u8]| keeper.append(&[bytes]).map(drop).map_err(ImportError::from);
    take(file, looked, core, past, now, &mut save, rejected, go_on)
}

type Save<'s> = &'s mut dyn FnMut(&mut Core, &[u8]) -> Result<(), ImportError>;

#[allow(clippy::too_many_arguments, reason = "the one loop behind the forecast and the import")]
fn take(
    mut file: ImportFile<'_>,
    looked: &Looked,
    core: &mut Core,
    past: bool,
    now: Instant,
    save: Save<'_>,
    rejected: &mut dyn FnMut(&Line, &Refusal),
    go_on: &mut dyn FnMut(u64) -> bool,
) -> Result<Effects, ImportError> {
    let mut effects = Effects::default();
    let (born, duplicates) = (core.counts.born, core.counts.duplicates);
    let of_events = file.is_of_events();
    let (mut rows, mut print, mut in_batch) = (0, 0, 0);
    core.advance(now);
    while let Some(line) = file.next_line() {
        rows += 1;
        print = fingerprint(print, &line.text);
        if rows <= looked.known {
            continue;
        }
        effects.rows += 1;
        match &line.said {
            Ok(said) => {
                if !core.take_row(&said.customer, said.id, said.inputs.clone(), past) {
                    effects.of_erased += 1;
                }
            }
            Err(refusal) => {
                effects.refused += 1;
                rejected(&line, refusal);
            }
        }
        in_batch += 1;
        if in_batch >= ROWS_PER_BATCH || core.is_full() {
            in_batch = 0;
            commit(core, Imported { number: looked.number, of_events, rows, fingerprint: print }, save, &mut effects)?;
            if !go_on(effects.rows) {
                return Err(ImportError::Stopped);
            }
        }
    }
    if in_batch > 0 {
        commit(core, Imported { number: looked.number, of_events, rows, fingerprint: print }, save, &mut effects)?;
        go_on(effects.rows);
    }
    effects.new_customers = core.counts.born - born;
    effects.duplicates = core.counts.duplicates - duplicates;
    Ok(effects)
}

fn commit(core: &mut Core, import: Imported, save: Save<'_>, effects: &mut Effects) -> Result<(), ImportError> {
    core.note_imported(import);
    // Otherwise an import that was interrupted would have counted less than one that was not.
    core.keep_forecast();
    if let Some(damaged) = &core.damaged {
        return Err(ImportError::Damaged(damaged.to_string()));
    }
    // Nobody waits for an answer, and what is to leave is found among the parcels by the daemon that starts next.
    let Some(batch) = core.take_batch() else { return Ok(()) };
    count(core, &batch.bytes, effects).map_err(|fault| ImportError::Damaged(fault.to_string()))?;
    save(core, &batch.bytes)
}

/// What a batch says that began.
fn count(core: &Core, bytes: &[u8], effects: &mut Effects) -> Result<(), crate::record::DecodeError> {
    let plan = core.world.plan();
    let mut batch = Batch::read(bytes)?;
    while let Some(change) = batch.read_next()? {
        let Change::Records { bytes, .. } = change else { continue };
        for record in crate::record::from_bytes::<Vec<Record>>(bytes)? {
            let (names, name) = match (&record.kind, record.journey) {
                (RecordKind::Entered { .. }, Some(journey)) => {
                    (&mut effects.runs, plan.journeys.get(journey.index()).map(|journey| &journey.name))
                }
                (RecordKind::Message { message, decision: Decision::Planned, .. }, _) => {
                    (&mut effects.messages, plan.messages.get(message.index()).map(|message| &message.name))
                }
                _ => continue,
            };
            *names.entry(name.map_or_else(String::new, ToString::to_string)).or_default() += 1;
        }
    }
    Ok(())
}
