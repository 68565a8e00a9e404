//! The store: bytes that are still there after power was lost.
//!
//! In: a folder; batches, snapshots, sealed files. Out: the same bytes, or a refusal that names file, byte and reason. **Invariant:** what
//! was acknowledged is read back whole, or nothing is opened; nothing torn, foreign or newer is ever taken for data; a store is created
//! only in an empty folder, and never where one was. It knows no customer, no plan and no encoding of rows.
//!
//! | file | what |
//! |---|---|
//! | `STORE` | whose files these are; written last when a store is created |
//! | `owner` | [`epoch`]: lock, epoch, and the mark up to which the log was durable |
//! | `log/` | [`log`]: batches |
//! | `snapshots/` | [`snapshot`]: the state of each part as of a batch |
//! | `archive/` | [`archive`]: sealed records |
//! | `keys/` | [`keyring`]: one key per customer; in no backup |

pub mod archive;
pub mod backup;
pub mod check;
pub mod epoch;
pub mod error;
pub mod files;
pub mod header;
pub mod keyring;
pub mod log;
pub mod look;
pub mod snapshot;
pub mod table;

pub use archive::Archive;
pub use epoch::Hold;
pub use error::StoreError;
pub use files::{Disk, Files, MemFiles, RealFiles, Untouched};
pub use header::StoreId;
pub use keyring::Keyring;
pub use log::{BatchNumber, Log, Reader};
pub use look::Looked;
pub use snapshot::Snapshots;

use epoch::Owner;
use files::{Named, Place};
use header::{Header, Kind};
use log::recover::Witness;
use std::ops::Range;

/// The file by which a store is known. It is written last, so a store exists whole or not at all.
pub const MARKER: &str = "STORE";
const CREATING: &str = "STORE.creating";
const KIND: Kind = Kind { magic: *b"ONWSTORE", version: 1, name: "store" };
/// The most parts that the state may be divided into.
pub const MOST_SHARDS: u32 = 4096;

/// What is decided once, when a store is created.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// Into how many parts customers are divided. The number belongs to the store.
    pub shards: u32,
    /// Bytes of a segment of the log.
    pub segment_size: u64,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings { shards: 256, segment_size: log::SEGMENT_SIZE }
    }
}

/// An open store. The log is written through it; [`Store::snapshots`], [`Store::archive`] and [`Store::keyring`] are for other threads.
pub struct Store {
    files: Disk,
    id: StoreId,
    settings: Settings,
    owner: Owner,
    log: Log,
}

/// Reads the marker of a store, without taking it.
pub fn identify(files: &Disk) -> Result<(StoreId, Settings), StoreError> {
    if !files.has("", MARKER)? {
        // Something of a store without its marker is no place for a new one either.
        let entries = files.entries("")?;
        let left = entries.iter().find(|name| ["log/", epoch::NAME].contains(&name.as_str()));
        return Err(match left {
            Some(name) if !entries.iter().any(|name| name == CREATING) => StoreError::Missing {
                place: files.place(MARKER),
                found: format!("`{name}` is there, but not the file that names the store"),
            },
            _ => StoreError::NoStore { folder: files.place("") },
        });
    }
    read_marker(files, MARKER)
}

fn read_marker(files: &Disk, name: &str) -> Result<(StoreId, Settings), StoreError> {
    let file = Named::open(files, name)?;
    let head = Header::read(KIND, &file, None)?;
    Ok((head.store, Settings { shards: head.small, segment_size: head.numbers[0] }))
}

impl Store {
    /// Creates a store in an empty folder, and its keyring in `keys` (the same folder, or one on another disk). It is not opened.
    pub fn create(files: &Disk, keys: &Disk, settings: Settings) -> Result<StoreId, StoreError> {
        let limits = [
            ("the number of shards", u64::from(settings.shards), u64::from(MOST_SHARDS)),
            ("a segment of the log", settings.segment_size, log::LARGEST_SEGMENT),
        ];
        if let Some((what, length, limit)) = limits.into_iter().find(|(_, given, limit)| given > limit || *given == 0) {
            return Err(StoreError::TooLarge { what, length, limit });
        }
        let settings = Settings { segment_size: settings.segment_size.max(log::SMALLEST_SEGMENT), ..settings };
        let id = begin_creation(files, None, settings)?;
        Keyring::create(keys, id)?;
        finish_creation(files, id, settings, Witness { mark: 0, crc: 0, epoch: 0 }, false)?;
        Ok(id)
    }

    /// Opens the store of a folder for this process alone: takes the lock, finds the end of the log, takes the next epoch.
    pub fn open(files: Disk) -> Result<Store, StoreError> {
        let (id, settings) = identify(&files)?;
        let mut owner = Owner::acquire(&files, id, MARKER)?;
        // What is seen shall be durable before anything rests on it: the last owner may have failed while it synced a folder.
        for folder in ["", snapshot::SHAPE.folder, archive::SHAPE.folder] {
            files.settle(folder)?;
        }
        let log = Log::open(files.clone(), id, settings.segment_size, owner.witness(), owner.epoch() + 1)?;
        owner.begin(log.witness())?;
        Ok(Store { files, id, settings, owner, log })
    }

    pub fn id(&self) -> StoreId {
        self.id
    }

    pub fn settings(&self) -> Settings {
        self.settings
    }

    pub fn files(&self) -> &Disk {
        &self.files
    }

    /// Grows by one with every opening; stands in every batch.
    pub fn epoch(&self) -> u64 {
        self.owner.epoch()
    }

    /// Why nothing may be sent yet, if so. Taking in and writing are allowed.
    pub fn hold(&self) -> Option<Hold> {
        self.owner.hold()
    }

    /// Ends the hold: an operator has seen what is planned, and that the original does not run.
    pub fn release(&mut self) -> Result<(), StoreError> {
        self.owner.release()
    }

    /// Appends one batch; durable when it returns.
    pub fn append(&mut self, payload: &[u8]) -> Result<BatchNumber, StoreError> {
        self.log.append(payload)
    }

    /// Appends several batches with one sync; durable when it returns.
    pub fn append_all(&mut self, payloads: &[&[u8]]) -> Result<Range<BatchNumber>, StoreError> {
        self.log.append_all(payloads)
    }

    /// All durable batches from a number on.
    pub fn read(&self, from: BatchNumber) -> Result<Reader, StoreError> {
        self.log.read(from)
    }

    /// Gives batches before a number up.
    pub fn cut(&mut self, before: BatchNumber) -> Result<BatchNumber, StoreError> {
        self.log.cut(before)
    }

    /// The last durable batch.
    pub fn mark(&self) -> BatchNumber {
        self.log.mark()
    }

    /// Bytes of the log on the disk.
    pub fn size(&self) -> u64 {
        self.log.size()
    }

    pub fn log(&self) -> &Log {
        &self.log
    }

    /// Writes the mark to the owner's file. To be called within 100 ms after an append: what was appended after the last call and is
    /// damaged before the next one looks as if it had never been.
    pub fn note_mark(&mut self) -> Result<(), StoreError> {
        self.owner.note(self.log.witness())
    }

    pub fn snapshots(&self) -> Snapshots {
        Snapshots::new(self.files.clone(), self.id)
    }

    pub fn archive(&self) -> Archive {
        Archive::new(self.files.clone(), self.id)
    }

    /// The keys of the store's customers, from the folder that was given for them.
    pub fn keyring(&self, keys: &Disk) -> Result<Keyring, StoreError> {
        Keyring::open(keys.clone(), self.id)
    }

    fn witness(&self) -> Witness {
        Witness { epoch: self.epoch(), ..self.log.witness() }
    }

    /// Removes what interrupted writes left, and cuts the log behind the oldest snapshot of `parts`, if each of them has one. Answers the
    /// removed files and the oldest batch that is still there.
    pub fn compact(&mut self, parts: &[String]) -> Result<(Vec<String>, BatchNumber), StoreError> {
        let mut removed = Vec::new();
        for folder in [snapshot::SHAPE.folder, archive::SHAPE.folder] {
            for name in self.files.entries(folder)?.into_iter().filter(|name| name.ends_with(".new")) {
                let name = format!("{folder}/{name}");
                self.files.drop_file(&name)?;
                removed.push(name);
            }
            self.files.settle(folder)?;
        }
        let mut oldest = None;
        for part in parts {
            let Some(snapshot) = self.snapshots().open(part)? else { return Ok((removed, self.log.first())) };
            oldest = Some(oldest.unwrap_or(BatchNumber::MAX).min(snapshot.as_of()));
        }
        let first = oldest.map_or(Ok(self.log.first()), |oldest| self.log.cut(oldest + 1))?;
        Ok((removed, first))
    }

    /// Notes the exact end of the log and gives the store free. A log that failed is not vouched for.
    pub fn close(self) -> Result<(), StoreError> {
        if self.log.is_poisoned() {
            return Err(StoreError::Poisoned);
        }
        self.owner.close(self.log.witness())
    }
}

/// Takes an empty folder for a store. What a creation that was interrupted left is removed; its id is used again.
fn begin_creation(files: &Disk, id: Option<StoreId>, settings: Settings) -> Result<StoreId, StoreError> {
    files.folder("")?;
    let entries = files.entries("")?;
    let ours = entries.iter().any(|name| name == CREATING) && !entries.iter().any(|name| name == MARKER);
    let fine = |name: &str| ["lost+found/", "keys/"].contains(&name) || ours && is_ours(name);
    if let Some(found) = entries.iter().find(|name| !fine(name)) {
        return Err(StoreError::NotEmpty { folder: files.place(""), found: found.clone() });
    }
    let earlier = if ours { read_marker(files, CREATING).ok().map(|(id, _)| id) } else { None };
    if ours {
        remove_all(files)?;
    }
    let id = match id.or(earlier) {
        Some(id) => id,
        None => {
            let mut drawn = [0; 16];
            files.random(&mut drawn).map_err(|error| StoreError::io("drawing a number for", files.place(""), error))?;
            StoreId(drawn)
        }
    };
    let mut head = Header::new(KIND, id);
    head.small = settings.shards;
    head.numbers = [settings.segment_size, 0, 0];
    let file = Named::create(files, CREATING)?;
    file.write_at(0, &head.encode(KIND))?;
    file.sync()?;
    files.settle("")?;
    Ok(id)
}

/// Makes everything else, and the marker last.
fn finish_creation(files: &Disk, id: StoreId, settings: Settings, witness: Witness, restored: bool) -> Result<(), StoreError> {
    for folder in [snapshot::SHAPE.folder, archive::SHAPE.folder] {
        files.folder(folder)?;
    }
    if files.entries(log::segment::FOLDER)?.is_empty() {
        Log::create(files, id, settings.segment_size)?;
    }
    Owner::create(files, id, CREATING, witness, restored)?;
    files.settle("")?;
    files.put(CREATING, MARKER)?;
    files.settle("")
}

fn is_ours(name: &str) -> bool {
    [CREATING, epoch::NAME, "log/", "snapshots/", "archive/"].contains(&name)
}

/// Removes what an interrupted creation left.
fn remove_all(files: &Disk) -> Result<(), StoreError> {
    for folder in ["log", "snapshots", "archive"] {
        for name in files.entries(folder)? {
            files.drop_file(&format!("{folder}/{name}"))?;
        }
    }
    for name in [epoch::NAME, CREATING] {
        if files.has("", name)? {
            files.drop_file(name)?;
        }
    }
    // Gone for good before anything new has one of these names.
    for folder in ["log", "snapshots", "archive", ""] {
        if folder.is_empty() || files.has("", &format!("{folder}/"))? {
            files.settle(folder)?;
        }
    }
    Ok(())
}
