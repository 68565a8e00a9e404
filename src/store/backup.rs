//! Copying a store as of one batch, and making a store of the copy.
//!
//! In: a store, closed or at work; an empty folder. Out: the same bytes up to one batch, each file with its length and checksum.
//! **Invariant:** a backup exists when its list is there, written last; what is copied was checked; a store that comes from a backup
//! starts on hold. Keys are not in it. It does not know what it copies.
//!
//! ```text
//! BACKUP: header (shards; mark, epoch, size of a segment; checksum of the batch at the mark)
//!         · per file: length of the name 4, name, bytes 8, CRC32C 4 · CRC32C of the whole list 4
//! ```

use super::epoch;
use super::error::StoreError;
use super::files::{Disk, Held, Named, Place};
use super::header::{self, Header, Kind, StoreId, u32_at, u64_at};
use super::keyring;
use super::log::reader::Reader;
use super::log::recover::{self, Witness};
use super::log::{BatchNumber, Pin, segment};
use super::snapshot::{self, Snapshot, Snapshots};
use super::{Settings, Store, archive, begin_creation, finish_creation, identify};

pub const LIST: &str = "BACKUP";
const KIND: Kind = Kind { magic: *b"ONWBACKU", version: 1, name: "list of a backup" };
const PIECE: usize = 1 << 20;

/// Everything that a backup needs, taken at one moment; while it lives, the log is not cut behind it. Copying is for another thread.
pub struct Source {
    files: Disk,
    store: StoreId,
    settings: Settings,
    witness: Witness,
    segments: Vec<u64>,
    /// Where the last segment ends.
    at: u64,
    snapshots: Vec<Snapshot>,
    archive: Vec<String>,
    _pin: Option<Pin>,
    _lock: Option<Box<dyn Held>>,
}

/// One file of a backup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copied {
    pub name: String,
    pub bytes: u64,
    pub crc: u32,
}

/// What a backup holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct List {
    pub store: StoreId,
    pub settings: Settings,
    pub witness: Witness,
    pub files: Vec<Copied>,
}

impl List {
    pub fn mark(&self) -> BatchNumber {
        self.witness.mark
    }

    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.bytes).sum()
    }

    fn encode(&self) -> Vec<u8> {
        let mut head = Header::new(KIND, self.store);
        head.small = self.settings.shards;
        head.numbers = [self.witness.mark, self.witness.epoch, self.settings.segment_size];
        head.check = self.witness.crc;
        let mut bytes = head.encode(KIND).to_vec();
        for file in &self.files {
            bytes.extend_from_slice(&(file.name.len() as u32).to_le_bytes());
            bytes.extend_from_slice(file.name.as_bytes());
            bytes.extend_from_slice(&file.bytes.to_le_bytes());
            bytes.extend_from_slice(&file.crc.to_le_bytes());
        }
        let crc = crc32c::crc32c(&bytes);
        bytes.extend_from_slice(&crc.to_le_bytes());
        bytes
    }

    /// The list of a backup.
    pub fn read(backup: &Disk) -> Result<List, StoreError> {
        if !backup.has("", LIST)? {
            let found = "there is no whole backup here: its list is written last".to_owned();
            return Err(StoreError::Missing { place: backup.place(LIST), found });
        }
        let file = Named::open(backup, LIST)?;
        let head = Header::read(KIND, &file, None)?;
        let bytes = file.read_exact(0, file.length()? as usize)?;
        let end = bytes.len() - 4;
        if end < header::LENGTH || crc32c::crc32c(&bytes[..end]) != u32_at(&bytes, end) {
            return Err(file.damaged(end as u64, "the checksum of the list is wrong"));
        }
        let files = lines(&bytes[header::LENGTH..end]).ok_or_else(|| file.damaged(header::LENGTH as u64, "the list is not whole"))?;
        let settings = Settings { shards: head.small, segment_size: head.numbers[2] };
        let witness = Witness { mark: head.numbers[0], crc: head.check, epoch: head.numbers[1] };
        Ok(List { store: head.store, settings, witness, files })
    }
}

fn lines(bytes: &[u8]) -> Option<Vec<Copied>> {
    let (mut files, mut at) = (Vec::new(), 0);
    while at < bytes.len() {
        let length = u32_at(bytes, at) as usize;
        let name = std::str::from_utf8(bytes.get(at + 4..)?.get(..length)?).ok()?.to_owned();
        at += 4 + length;
        // Only names that a backup can have: a list never leads out of its folder.
        let (folder, file) = name.split_once('/')?;
        if !["log", "snapshots", "archive"].contains(&folder) || file.contains('/') || file.starts_with('.') || bytes.len() < at + 12 {
            return None;
        }
        files.push(Copied { name, bytes: u64_at(bytes, at), crc: u32_at(bytes, at + 8) });
        at += 12;
    }
    Some(files)
}

impl Source {
    /// A store that nobody works with; it stays locked while this lives.
    pub fn closed(files: &Disk) -> Result<Source, StoreError> {
        let (store, settings) = identify(files)?;
        let lock = files.lock(epoch::NAME).map_err(|error| StoreError::io("locking", files.place(epoch::NAME), error))?;
        let Some(lock) = lock else { return Err(StoreError::Taken { place: files.place(epoch::NAME) }) };
        let witness = epoch::peek(files, store)?.witness;
        let end = recover::find(files, store, witness, false)?;
        let witness = Witness { mark: end.chain.last, crc: end.chain.crc, epoch: witness.epoch };
        Source::new(files, store, settings, witness, end.segments, end.at, (None, Some(lock)))
    }

    fn new(
        files: &Disk,
        store: StoreId,
        settings: Settings,
        witness: Witness,
        segments: Vec<u64>,
        at: u64,
        held: (Option<Pin>, Option<Box<dyn Held>>),
    ) -> Result<Source, StoreError> {
        let all = Snapshots::new(files.clone(), store);
        let mut snapshots = Vec::new();
        for part in all.parts()? {
            snapshots.extend(all.open(&part)?);
        }
        let archive = snapshot::parts(files, archive::SHAPE)?;
        Ok(Source { files: files.clone(), store, settings, witness, segments, at, snapshots, archive, _pin: held.0, _lock: held.1 })
    }

    pub fn mark(&self) -> BatchNumber {
        self.witness.mark
    }

    /// Copies everything into an empty folder.
    pub fn copy(&self, to: &Disk) -> Result<List, StoreError> {
        to.folder("")?;
        if let Some(found) = to.entries("")?.into_iter().find(|name| name != "lost+found/") {
            return Err(StoreError::NotEmpty { folder: to.place(""), found });
        }
        let mut files = Vec::new();
        for folder in [segment::FOLDER, snapshot::SHAPE.folder, archive::SHAPE.folder] {
            to.folder(folder)?;
        }
        // Every batch is read and checked before its bytes are copied.
        if let Some(&first) = self.segments.first() {
            for batch in Reader::new(self.files.clone(), self.store, &self.segments, first, self.witness.mark) {
                batch?;
            }
        }
        for &first in &self.segments {
            let (segment, file) = segment::open(&self.files, self.store, first)?;
            // The last segment ends where its batches do: zeros, or what the owner writes meanwhile, are no part of the backup.
            let end = if Some(&first) == self.segments.last() { self.at } else { segment.size };
            files.push(copy_file(&file, end, to, &segment::name(first))?);
        }
        for snapshot in &self.snapshots {
            snapshot.entries().try_for_each(|entry| entry.map(|_| ()))?;
            files.push(copy_file(snapshot.table().file(), snapshot.table().size(), to, &snapshot::SHAPE.name(snapshot.part()))?);
        }
        for part in &self.archive {
            // One that was removed meanwhile is no loss: its time was over.
            let Some(sealed) = archive::Archive::new(self.files.clone(), self.store).open(part)? else { continue };
            sealed.entries().try_for_each(|entry| entry.map(|_| ()))?;
            files.push(copy_file(sealed.table().file(), sealed.table().size(), to, &archive::SHAPE.name(part))?);
        }
        for folder in [segment::FOLDER, snapshot::SHAPE.folder, archive::SHAPE.folder, ""] {
            to.settle(folder)?;
        }
        let list = List { store: self.store, settings: self.settings, witness: self.witness, files };
        let aside = format!("{LIST}.new");
        let file = Named::create(to, &aside)?;
        file.write_at(0, &list.encode())?;
        file.sync()?;
        to.put(&aside, LIST)?;
        to.settle("")?;
        Ok(list)
    }
}

impl Store {
    /// Everything that a backup of this moment needs. Cheap; the copying is done by another thread while the store works on.
    pub fn backup(&self) -> Result<Source, StoreError> {
        let pin = self.log.pin(self.log.first());
        let (segments, at) = self.log.extent();
        Source::new(&self.files, self.id, self.settings, self.witness(), segments, at, (Some(pin), None))
    }
}

/// Copies the first `end` bytes of a file, durably.
fn copy_file(from: &Named, end: u64, to: &Disk, name: &str) -> Result<Copied, StoreError> {
    let out = Named::create(to, name)?;
    let (mut at, mut crc) = (0, 0);
    while at < end {
        let bytes = from.read_exact(at, (end - at).min(PIECE as u64) as usize)?;
        out.write_at(at, &bytes)?;
        crc = crc32c::crc32c_append(crc, &bytes);
        at += bytes.len() as u64;
    }
    out.sync()?;
    Ok(Copied { name: name.to_owned(), bytes: end, crc })
}

/// Reads a file of a backup and compares it with the list.
fn verify(backup: &Disk, copied: &Copied) -> Result<Named, StoreError> {
    let file = Named::open(backup, &copied.name)?;
    let length = file.length()?;
    if length != copied.bytes {
        return Err(file.damaged(length.min(copied.bytes), format!("it has {length} bytes, {} were copied", copied.bytes)));
    }
    let (mut at, mut crc) = (0, 0);
    while at < length {
        let bytes = file.read_exact(at, (length - at).min(PIECE as u64) as usize)?;
        crc = crc32c::crc32c_append(crc, &bytes);
        at += bytes.len() as u64;
    }
    if crc != copied.crc {
        return Err(file.damaged(0, "its checksum is not the one of what was copied"));
    }
    Ok(file)
}

/// Compares every file of a backup with its list.
pub fn check(backup: &Disk) -> Result<(List, Vec<StoreError>), StoreError> {
    let list = List::read(backup)?;
    let wrong = list.files.iter().filter_map(|file| verify(backup, file).err()).collect();
    Ok((list, wrong))
}

/// Makes a store of a backup, in an empty folder. It is not opened, and starts on hold. Its keyring is the one of the store, or a copy.
pub fn restore(backup: &Disk, to: &Disk) -> Result<List, StoreError> {
    let (list, wrong) = check(backup)?;
    if let Some(wrong) = wrong.into_iter().next() {
        return Err(wrong);
    }
    begin_creation(to, Some(list.store), list.settings)?;
    for folder in [segment::FOLDER, snapshot::SHAPE.folder, archive::SHAPE.folder] {
        to.folder(folder)?;
    }
    for copied in &list.files {
        let from = verify(backup, copied)?;
        copy_file(&from, copied.bytes, to, &copied.name)?;
        if copied.name.starts_with(segment::FOLDER) {
            // Each segment gets back the zeros behind its batches.
            let file = Named::open(to, &copied.name)?;
            let head = Header::read(segment::KIND, &file, Some(list.store))?;
            file.allocate(head.numbers[1])?;
            file.sync()?;
        }
    }
    for folder in [segment::FOLDER, snapshot::SHAPE.folder, archive::SHAPE.folder] {
        to.settle(folder)?;
    }
    finish_creation(to, list.store, list.settings, list.witness, true)?;
    Ok(list)
}

/// Copies a keyring to another folder, in the place of an older copy. Only the newest copy may be kept: an older one still has the keys
/// of customers who were erased since.
pub fn copy_keys(from: &Disk, store: StoreId, to: &Disk) -> Result<u64, StoreError> {
    keyring::Keyring::look(from.clone(), store)?;
    to.folder("")?;
    to.folder(keyring::FOLDER)?;
    to.settle("")?;
    let aside = format!("{}.new", keyring::NAME);
    if to.has(keyring::FOLDER, "ring.new")? {
        to.drop_file(&aside)?;
    }
    if to.has(keyring::FOLDER, "ring")? {
        // Never in the place of another store's keys.
        keyring::Keyring::look(to.clone(), store)?;
    }
    let file = Named::open(from, keyring::NAME)?;
    let copied = copy_file(&file, file.length()?, to, &aside)?;
    to.put(&aside, keyring::NAME)?;
    to.settle(keyring::FOLDER)?;
    Ok(copied.bytes)
}
