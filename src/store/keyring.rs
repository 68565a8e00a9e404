//! A key for every customer, so that destroying it erases her everywhere at once: log, snapshots, archive, backups.
//!
//! In: customers' numbers. Out: keys; sealed bytes, and back. **Invariant:** a key is durable before it is handed out, and gone when
//! [`Keyring::destroy`] returns; it lies in this one file and in no backup of the store. Numbers are places: they should be dense. It does
//! not know who a customer is.
//!
//! ```text
//! header 64 · at 512: lowest and highest number of the last change 8 + 8, CRC32C 4 · zeros up to 4096 · slots of 64: number 8, state 1, zeros 7, key 32, CRC32C 4, zeros 12
//! sealed: version 1, nonce 12, ChaCha20-Poly1305 of the plain bytes (their length + 16)
//! ```

use super::error::StoreError;
use super::files::{Disk, Named, Place};
use super::header::{Header, Kind, StoreId, u32_at, u64_at};
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

pub const FOLDER: &str = "keys";
pub const NAME: &str = "keys/ring";
pub(super) const KIND: Kind = Kind { magic: *b"ONWKEYS\0", version: 1, name: "keyring" };
const START: u64 = 4096;
/// Where the numbers of the last change stand.
const CHANGE: u64 = 512;
/// A slot never crosses a sector: it is written whole or not at all.
const SLOT: usize = 64;
/// The highest number of a customer: the file then has 8 TiB, most of it holes.
pub const HIGHEST: u64 = 1 << 37;
/// Keys that are drawn at once.
pub const FILL_MAX: u64 = 1 << 16;
const LIVE: u8 = 1;
const DESTROYED: u8 = 2;
const SEALED: u8 = 1;
/// Bytes that sealing adds.
pub const OVERHEAD: usize = 1 + 12 + 16;

/// The key of one customer.
#[derive(Clone, PartialEq, Eq)]
pub struct Key([u8; 32]);

/// What is let go of is overwritten: a key that was destroyed on the disk is not found in memory.
impl Drop for Key {
    fn drop(&mut self) {
        zeroize::Zeroize::zeroize(&mut self.0);
    }
}

/// What a slot holds.
enum Slot {
    Empty,
    Live(Key),
    Destroyed,
}

/// The keys of a store.
pub struct Keyring {
    files: Disk,
    file: Named,
    /// Serialises writers; true after a failed write.
    broken: Mutex<bool>,
}

impl Keyring {
    /// Makes the keyring of a new store; an empty one of the same store is fine.
    pub fn create(files: &Disk, store: StoreId) -> Result<(), StoreError> {
        files.folder(FOLDER)?;
        files.settle("")?;
        if files.has(FOLDER, "ring")? {
            Keyring::open(files.clone(), store)?;
            return Ok(());
        }
        let aside = format!("{NAME}.new");
        if files.has(FOLDER, "ring.new")? {
            files.drop_file(&aside)?;
        }
        let file = Named::create(files, &aside)?;
        file.write_at(0, &Header::new(KIND, store).encode(KIND))?;
        file.allocate(START)?;
        file.sync()?;
        files.put(&aside, NAME)?;
        files.settle(FOLDER)
    }

    /// Opens the keyring of a store, for its owner.
    pub fn open(files: Disk, store: StoreId) -> Result<Keyring, StoreError> {
        let keyring = Keyring::look(files, store)?;
        keyring.settle()?;
        Ok(keyring)
    }

    /// Opens it without writing anything.
    pub(super) fn look(files: Disk, store: StoreId) -> Result<Keyring, StoreError> {
        let file = Named::open(&files, NAME)?;
        Header::read(KIND, &file, Some(store))?;
        Ok(Keyring { files, file, broken: Mutex::new(false) })
    }

    /// Writes the last change once more: after a failed sync its slots may be seen without being on the disk.
    fn settle(&self) -> Result<(), StoreError> {
        let mut change = [0; 20];
        self.file.read_at(CHANGE, &mut change)?;
        if crc32c::crc32c(&change[..16]) != u32_at(&change, 16) {
            return Ok(());
        }
        let (mut at, end) = (Keyring::at(u64_at(&change, 0))?, Keyring::at(u64_at(&change, 8))? + SLOT as u64);
        let mut bytes = vec![0; 1 << 20];
        while at < end {
            let most = ((end - at) as usize).min(bytes.len());
            let got = self.file.read_at(at, &mut bytes[..most])?;
            if got == 0 {
                break;
            }
            self.file.write_at(at, &bytes[..got])?;
            at += got as u64;
        }
        self.files.sync_folder(FOLDER).map_err(|error| StoreError::io("syncing", self.files.place(FOLDER), error))?;
        self.file.sync()
    }

    fn at(number: u64) -> Result<u64, StoreError> {
        if number > HIGHEST {
            return Err(StoreError::TooLarge { what: "the number of a customer", length: number, limit: HIGHEST });
        }
        Ok(START + number * SLOT as u64)
    }

    fn slot(&self, number: u64) -> Result<Slot, StoreError> {
        let mut bytes = [0; SLOT];
        self.file.read_at(Keyring::at(number)?, &mut bytes)?;
        self.read(number, &bytes)
    }

    /// The places from `first` up to `end`, as far as the file goes.
    fn bytes(&self, first: u64, end: u64) -> Result<Vec<u8>, StoreError> {
        let at = Keyring::at(first)?;
        let there = self.file.length()?.saturating_sub(at).div_ceil(SLOT as u64).min(end.saturating_sub(first));
        let mut bytes = vec![0; there as usize * SLOT];
        if !bytes.is_empty() {
            self.file.read_at(at, &mut bytes)?;
        }
        Ok(bytes)
    }

    /// What stands at the places from `first` up to `end`, read together; behind the end of the file there is nothing.
    fn slots(&self, first: u64, end: u64) -> Result<Vec<Slot>, StoreError> {
        let bytes = self.bytes(first, end)?;
        let (places, _) = bytes.as_chunks::<SLOT>();
        (first..end).zip(places.iter().chain(std::iter::repeat(&[0; SLOT]))).map(|(number, bytes)| self.read(number, bytes)).collect()
    }

    fn read(&self, number: u64, bytes: &[u8; SLOT]) -> Result<Slot, StoreError> {
        let at = Keyring::at(number)?;
        if *bytes == [0; SLOT] {
            return Ok(Slot::Empty);
        }
        if crc32c::crc32c(&bytes[..48]) != u32_at(bytes, 48) || u64_at(bytes, 0) != number {
            return Err(self.file.damaged(at, format!("the key of customer {number} is not whole")));
        }
        let mut key = [0; 32];
        key.copy_from_slice(&bytes[16..48]);
        match bytes[8] {
            LIVE => Ok(Slot::Live(Key(key))),
            DESTROYED => Ok(Slot::Destroyed),
            other => Err(self.file.damaged(at + 8, format!("the key of customer {number} is in state {other}, which is unknown"))),
        }
    }

    fn encoded(number: u64, state: u8, key: &[u8; 32]) -> [u8; SLOT] {
        let mut bytes = [0; SLOT];
        bytes[..8].copy_from_slice(&number.to_le_bytes());
        bytes[8] = state;
        bytes[16..48].copy_from_slice(key);
        let crc = crc32c::crc32c(&bytes[..48]);
        bytes[48..52].copy_from_slice(&crc.to_le_bytes());
        bytes
    }

    /// Makes changes durable, with one sync. Writers come one after the other; after a failure there are no more.
    fn change(&self, plan: impl FnOnce() -> Result<Vec<(u64, u8, [u8; 32])>, StoreError>) -> Result<(), StoreError> {
        let mut broken = self.broken.lock().unwrap_or_else(PoisonError::into_inner);
        if *broken {
            return Err(StoreError::Poisoned);
        }
        let mut slots = plan()?;
        slots.sort_by_key(|slot| slot.0);
        let Some(lowest) = slots.iter().map(|slot| slot.0).min() else { return Ok(()) };
        let highest = slots.iter().map(|slot| slot.0).max().unwrap_or(lowest);
        *broken = true;
        let mut change = [0; 20];
        change[..8].copy_from_slice(&lowest.to_le_bytes());
        change[8..16].copy_from_slice(&highest.to_le_bytes());
        let crc = crc32c::crc32c(&change[..16]);
        change[16..].copy_from_slice(&crc.to_le_bytes());
        self.file.write_at(CHANGE, &change)?;
        // Neighbours go to the disk together.
        let mut run: (u64, Vec<u8>) = (lowest, Vec::new());
        for (number, state, key) in slots {
            if run.0 + (run.1.len() / SLOT) as u64 != number {
                self.file.write_at(Keyring::at(run.0)?, &run.1)?;
                run = (number, Vec::new());
            }
            run.1.extend_from_slice(&Keyring::encoded(number, state, &key));
        }
        self.file.write_at(Keyring::at(run.0)?, &run.1)?;
        self.file.sync()?;
        *broken = false;
        Ok(())
    }

    /// The keys of customers, drawn for those that have none; all durable when it returns, with one sync. A customer whose key was
    /// destroyed never gets another.
    pub fn keys(&self, numbers: &[u64]) -> Result<Vec<Key>, StoreError> {
        let mut keys = Vec::with_capacity(numbers.len());
        self.change(|| {
            let mut drawn: BTreeMap<u64, [u8; 32]> = BTreeMap::new();
            for number in numbers {
                keys.push(match self.slot(*number)? {
                    Slot::Live(key) => key,
                    Slot::Destroyed => return Err(StoreError::KeyDestroyed { number: *number }),
                    Slot::Empty if drawn.contains_key(number) => Key(drawn[number]),
                    Slot::Empty => {
                        let mut key = [0; 32];
                        self.files.random(&mut key).map_err(|error| StoreError::io("drawing a key for", self.file.place.clone(), error))?;
                        drawn.insert(*number, key);
                        Key(key)
                    }
                });
            }
            Ok(drawn.into_iter().map(|(number, key)| (number, LIVE, key)).collect())
        })?;
        Ok(keys)
    }

    /// Keys for every number from `first` up to `end` that has none yet: durable when it returns, with one write and one sync. Where all
    /// have one nothing is written. So who comes next has a key already, and the disk is not asked for each.
    pub fn fill(&self, first: u64, end: u64) -> Result<(), StoreError> {
        if end.saturating_sub(first) > FILL_MAX {
            return Err(StoreError::TooLarge { what: "keys drawn at once", length: end - first, limit: FILL_MAX });
        }
        let slots = self.slots(first, end)?;
        let empty: Vec<u64> = (first..).zip(slots).filter(|(_, slot)| matches!(slot, Slot::Empty)).map(|(number, _)| number).collect();
        self.draw(&empty)
    }

    /// New keys in the place of whatever was there: what the old ones sealed is unreadable from then on. For what goes round, not for customers.
    pub fn renew(&self, numbers: &[u64]) -> Result<(), StoreError> {
        self.draw(numbers)
    }

    fn draw(&self, numbers: &[u64]) -> Result<(), StoreError> {
        self.change(|| {
            let mut drawn = vec![0; numbers.len() * 32];
            self.files.random(&mut drawn).map_err(|error| StoreError::io("drawing keys for", self.file.place.clone(), error))?;
            let keys = drawn.as_chunks::<32>().0;
            Ok(numbers.iter().zip(keys).map(|(number, key)| (*number, LIVE, *key)).collect())
        })
    }

    /// The numbers from `first` on whose keys were destroyed.
    pub fn destroyed(&self, first: u64) -> Result<Vec<u64>, StoreError> {
        let slots = self.file.length()?.saturating_sub(START).div_ceil(SLOT as u64);
        let (mut found, mut at) = (Vec::new(), first);
        while at < slots {
            let end = slots.min(at + FILL_MAX);
            let read = self.slots(at, end)?;
            found.extend((at..).zip(read).filter(|(_, slot)| matches!(slot, Slot::Destroyed)).map(|(number, _)| number));
            at = end;
        }
        Ok(found)
    }

    /// The keys that are there from `first` up to `end`, read together; nothing where there is none, or one that cannot be read.
    pub fn there(&self, first: u64, end: u64) -> Result<Vec<Option<Key>>, StoreError> {
        let bytes = self.bytes(first, end)?;
        Ok((first..)
            .zip(bytes.as_chunks::<SLOT>().0)
            .map(|(number, bytes)| match self.read(number, bytes) {
                Ok(Slot::Live(key)) => Some(key),
                _ => None,
            })
            .collect())
    }

    /// The key of a customer who has one.
    pub fn key(&self, number: u64) -> Result<Key, StoreError> {
        match self.slot(number)? {
            Slot::Live(key) => Ok(key),
            Slot::Destroyed => Err(StoreError::KeyDestroyed { number }),
            Slot::Empty => Err(StoreError::NoKey { number }),
        }
    }

    /// Overwrites keys with zeros; they are gone when it returns. What they sealed is unreadable from then on, wherever it lies.
    pub fn destroy(&self, numbers: &[u64]) -> Result<(), StoreError> {
        self.change(|| {
            for number in numbers {
                Keyring::at(*number)?;
            }
            Ok(numbers.iter().map(|number| (*number, DESTROYED, [0; 32])).collect())
        })
    }

    /// Live keys, destroyed keys, and what is wrong: looks at every slot.
    pub fn check(&self) -> Result<(u64, u64, Vec<StoreError>), StoreError> {
        let slots = self.file.length()?.saturating_sub(START).div_ceil(SLOT as u64);
        let (mut live, mut destroyed, mut wrong) = (0, 0, Vec::new());
        for number in 0..slots {
            match self.slot(number) {
                Ok(Slot::Live(_)) => live += 1,
                Ok(Slot::Destroyed) => destroyed += 1,
                Ok(Slot::Empty) => {}
                Err(error) => wrong.push(error),
            }
        }
        Ok((live, destroyed, wrong))
    }
}

/// Seals bytes. No nonce is used twice: eight random bytes, drawn anew in every process and after every 2^32 seals, and a counter.
pub struct Sealer {
    files: Disk,
    next: Mutex<([u8; 8], Option<u32>)>,
}

impl Sealer {
    pub fn new(files: Disk) -> Sealer {
        Sealer { files, next: Mutex::new(([0; 8], None)) }
    }

    fn nonce(&self) -> Result<[u8; 12], StoreError> {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let counter = match next.1 {
            Some(counter) => counter,
            None => {
                let drawn = self.files.random(&mut next.0);
                drawn.map_err(|error| StoreError::io("drawing random bytes for", self.files.place(""), error))?;
                0
            }
        };
        next.1 = counter.checked_add(1);
        let mut nonce = [0; 12];
        nonce[..8].copy_from_slice(&next.0);
        nonce[8..].copy_from_slice(&counter.to_be_bytes());
        Ok(nonce)
    }

    /// Seals bytes under a customer's key. `about` (whose bytes, what for) is not hidden, but it must be the same when they are opened:
    /// what was sealed for one place does not open in another.
    pub fn seal(&self, key: &Key, about: &[u8], plain: &[u8]) -> Result<Vec<u8>, StoreError> {
        let failed = StoreError::NotOpened { found: "they are too long to be sealed" };
        let nonce = self.nonce()?;
        let mut sealed = Vec::with_capacity(plain.len() + OVERHEAD);
        sealed.push(SEALED);
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(plain);
        let Ok(unbound) = UnboundKey::new(&CHACHA20_POLY1305, &key.0) else { return Err(failed) };
        let body = &mut sealed[1 + nonce.len()..];
        let tag = LessSafeKey::new(unbound).seal_in_place_separate_tag(Nonce::assume_unique_for_key(nonce), Aad::from(about), body);
        let Ok(tag) = tag else { return Err(failed) };
        sealed.extend_from_slice(tag.as_ref());
        Ok(sealed)
    }
}

/// Opens what [`Sealer::seal`] sealed with the same key and the same `about`.
pub fn open(key: &Key, about: &[u8], sealed: &[u8]) -> Result<Vec<u8>, StoreError> {
    let Some((&version, rest)) = sealed.split_first() else { return Err(StoreError::NotOpened { found: "there are none" }) };
    if version != SEALED {
        return Err(StoreError::NotOpened { found: "they are of a version that is unknown here" });
    }
    let Some((nonce, body)) = rest.split_first_chunk::<12>() else { return Err(StoreError::NotOpened { found: "they are cut off" }) };
    let wrong = StoreError::NotOpened { found: "they are changed, or sealed with another key" };
    let Ok(unbound) = UnboundKey::new(&CHACHA20_POLY1305, &key.0) else { return Err(wrong) };
    let mut plain = body.to_vec();
    let opened = LessSafeKey::new(unbound).open_in_place(Nonce::assume_unique_for_key(*nonce), Aad::from(about), &mut plain);
    let length = match opened {
        Ok(opened) => opened.len(),
        Err(_) => return Err(wrong),
    };
    plain.truncate(length);
    Ok(plain)
}
