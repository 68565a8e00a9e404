//! Which key seals what, so that destroying one key erases one customer from log, snapshots, archive and every backup.
//!
//! In: plain batches, entries of snapshots, records. Out: the same sealed, and back. **Invariant:** nothing that is personal reaches the store plain; what
//! cannot be opened because its key is destroyed reads as "gone", and what cannot be opened for another reason is refused; a key is durable before
//! anything that it sealed is. It does not know what the bytes say.
//!
//! | numbers of the keyring | whose |
//! |---|---|
//! | 0 | the deployment's: plans, pauses, digests of addresses; never destroyed |
//! | 1 to 16,384 | dead letters, going round: a slot that is taken again destroys the letter before |
//! | from 20,480 | customers, in rows of one for each shard |

use super::core::others;
use crate::record::{DecodeError, Reader};
use crate::shard::commit::Change;
use crate::shard::sealed::{self, Piece, Whose};
use crate::shard::{Number, SHARDS};
use crate::store::keyring::{self, Key, Keyring, Sealer};
use crate::store::{Disk, StoreError};
use std::sync::{Mutex, PoisonError};

const HOUSE: u64 = 0;
const LETTERS: u64 = 1 << 14;
const CUSTOMERS: u64 = 20_480;
/// Rows of keys that are drawn together: one sync of the keyring for some 4,000 new customers.
const ROWS: u64 = 16;
/// Keys that lie beside each other in memory.
const BLOCK: usize = 4_096;
/// Blocks of keys that are kept in memory: those of 16 million customers, at 32 bytes each. The others are read from the ring each time.
const BLOCKS_MAX: usize = 4_096;
// A letter that is still in memory has its key.
const _: () = assert!(others::DEAD_MAX < LETTERS as usize && LETTERS < CUSTOMERS);

/// Why sealed bytes cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum Unsealed {
    #[error("{0}")]
    Store(#[from] StoreError),
    #[error("{0}")]
    Bytes(#[from] DecodeError),
}

/// Where sealed bytes lie: what was sealed for one place does not open in another.
#[derive(Debug, Clone, Copy)]
pub enum Place {
    Log,
    Snapshot,
    Archive,
}

/// Key and value of a snapshot.
pub type Pair = (Vec<u8>, Vec<u8>);

/// The keys of a store, and how to use them.
pub struct Seals {
    ring: Keyring,
    sealer: Sealer,
    used: Mutex<Used>,
}

/// Keys that were used, by their number in the ring: every event of a customer needs hers, and reading it costs more than sealing with it.
#[derive(Default)]
struct Used {
    blocks: Vec<Option<Box<[Option<Key>; BLOCK]>>>,
}

impl Used {
    fn place(number: u64) -> Option<(usize, usize)> {
        let block = usize::try_from(number / BLOCK as u64).ok().filter(|block| *block < BLOCKS_MAX)?;
        Some((block, (number % BLOCK as u64) as usize))
    }

    fn get(&self, number: u64) -> Option<&Key> {
        let (block, at) = Used::place(number)?;
        self.blocks.get(block)?.as_ref()?[at].as_ref()
    }

    /// Where the block of a key begins that nothing was kept of so far: its neighbours are read with it, so that a start reads the ring once.
    fn untouched(&self, number: u64) -> Option<u64> {
        let (block, _) = Used::place(number)?;
        let is_there = self.blocks.get(block).is_some_and(Option::is_some);
        (!is_there).then_some((block * BLOCK) as u64)
    }

    fn keep(&mut self, number: u64, key: Key) {
        let Some((block, at)) = Used::place(number) else { return };
        if self.blocks.len() <= block {
            self.blocks.resize_with(block + 1, || None);
        }
        self.blocks[block].get_or_insert_with(|| Box::new([const { None }; BLOCK]))[at] = Some(key);
    }

    fn forget(&mut self, number: u64) {
        if let Some((block, at)) = Used::place(number)
            && let Some(Some(keys)) = self.blocks.get_mut(block)
        {
            keys[at] = None;
        }
    }
}

/// A batch for the log, and what is to be destroyed once it is durable.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct SealedBatch {
    pub bytes: Vec<u8>,
    /// The newest dead letter in it.
    pub letter: Option<u64>,
    pub gone: Vec<Number>,
    pub letters_gone: Vec<u64>,
}

fn number_of(whose: Whose) -> u64 {
    match whose {
        Whose::Plain | Whose::House => HOUSE,
        Whose::Letter(number) => 1 + number % LETTERS,
        Whose::Customer(number) => CUSTOMERS + u64::from(number.slot()) * u64::from(SHARDS) + number.shard() as u64,
    }
}

fn customer_of(key: u64) -> Option<Number> {
    let place = key.checked_sub(CUSTOMERS)?;
    let (slot, shard) = (place / u64::from(SHARDS), place % u64::from(SHARDS));
    Some(Number::new(shard as u16, u32::try_from(slot).ok()?))
}

fn about(place: Place, whose: Whose) -> [u8; 10] {
    let mut about = [0; 10];
    about[0] = match place {
        Place::Log => b'l',
        Place::Snapshot => b's',
        Place::Archive => b'a',
    };
    let (kind, number) = match whose {
        Whose::Plain => (b'-', 0),
        Whose::House => (b'h', 0),
        Whose::Letter(number) => (b'd', number),
        Whose::Customer(number) => (b'c', number.0),
    };
    about[1] = kind;
    about[2..].copy_from_slice(&number.to_be_bytes());
    about
}

impl Seals {
    pub fn new(ring: Keyring, files: Disk) -> Seals {
        Seals { ring, sealer: Sealer::new(files), used: Mutex::default() }
    }

    /// A key that is there, from memory or from the ring.
    fn known(&self, number: u64) -> Result<Key, StoreError> {
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(key) = used.get(number) {
            return Ok(key.clone());
        }
        if let Some(first) = used.untouched(number) {
            for (number, key) in (first..).zip(self.ring.there(first, first + BLOCK as u64)?) {
                key.into_iter().for_each(|key| used.keep(number, key));
            }
            if let Some(key) = used.get(number) {
                return Ok(key.clone());
            }
        }
        let key = self.ring.key(number)?;
        used.keep(number, key.clone());
        Ok(key)
    }

    fn forget_used(&self, numbers: &[u64]) {
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        for number in numbers {
            used.forget(*number);
        }
    }

    /// The key of somebody, drawn with its neighbours if need be; `None` for who was erased.
    fn key(&self, whose: Whose) -> Result<Option<Key>, StoreError> {
        let number = number_of(whose);
        match self.known(number) {
            Ok(key) => Ok(Some(key)),
            Err(StoreError::KeyDestroyed { .. }) => Ok(None),
            Err(StoreError::NoKey { .. }) => {
                let (first, end) = if number < CUSTOMERS {
                    (number, number + 1)
                } else {
                    let block = ROWS * u64::from(SHARDS);
                    let first = CUSTOMERS + (number - CUSTOMERS) / block * block;
                    (first, first + block)
                };
                self.ring.fill(first, end)?;
                self.known(number).map(Some)
            }
            Err(error) => Err(error),
        }
    }

    /// Whether her key was destroyed.
    pub fn is_destroyed(&self, number: Number) -> Result<bool, StoreError> {
        match self.known(number_of(Whose::Customer(number))) {
            Ok(_) | Err(StoreError::NoKey { .. }) => Ok(false),
            Err(StoreError::KeyDestroyed { .. }) => Ok(true),
            Err(error) => Err(error),
        }
    }

    /// Sealed bytes of somebody; `None` for who was erased.
    pub fn seal(&self, place: Place, whose: Whose, plain: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let Some(key) = self.key(whose)? else { return Ok(None) };
        self.sealer.seal(&key, &about(place, whose), plain).map(Some)
    }

    /// What was sealed; `None` where the key is destroyed.
    pub fn open(&self, place: Place, whose: Whose, sealed: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let key = match self.known(number_of(whose)) {
            Ok(key) => key,
            Err(StoreError::KeyDestroyed { .. }) => return Ok(None),
            Err(error) => return Err(error),
        };
        match keyring::open(&key, &about(place, whose), sealed) {
            Ok(plain) => Ok(Some(plain)),
            // A later letter has taken the key's place.
            Err(_) if matches!(whose, Whose::Letter(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// A batch as it goes into the log.
    pub fn seal_batch(&self, plain: &[u8]) -> Result<SealedBatch, StoreError> {
        let unread = |_| StoreError::NotOpened { found: "a batch that was just made cannot be read" };
        let divided = sealed::divide(plain, others::letter_number).map_err(unread)?;
        let letters: Vec<u64> = divided.pieces.iter().filter_map(|piece| letter(piece.whose)).collect();
        // Of more letters than there are keys only the last can stay.
        let letters = &letters[letters.len().saturating_sub(LETTERS as usize)..];
        if !letters.is_empty() {
            let keys: Vec<u64> = letters.iter().map(|number| number_of(Whose::Letter(*number))).collect();
            self.ring.renew(&keys)?;
            self.forget_used(&keys);
        }
        let mut out = sealed::begin(divided.head);
        let mut letters_gone = Vec::new();
        for piece in &divided.pieces {
            match piece.whose {
                Whose::Plain => sealed::push(&mut out, piece.whose, piece.bytes),
                Whose::Letter(number) if !letters.contains(&number) => {}
                whose => match self.seal(Place::Log, whose, piece.bytes)? {
                    Some(sealed) => sealed::push(&mut out, whose, &sealed),
                    // What still comes for who was erased is not kept. Somebody new never gets a number whose key is gone.
                    None => refuse_new(piece)?,
                },
            }
            if piece.whose == Whose::House {
                letters_gone.extend(others::letters_gone(piece.bytes).map_err(unread)?);
            }
        }
        Ok(SealedBatch { bytes: out.into_bytes(), letter: letters.last().copied(), gone: divided.gone, letters_gone })
    }

    /// A batch of the log as it was made. Where somebody's key is destroyed it says that she is gone, and nothing else of her.
    pub fn open_batch(&self, bytes: Vec<u8>) -> Result<Vec<u8>, Unsealed> {
        if !sealed::is_sealed(&bytes) {
            return Ok(bytes);
        }
        sealed::join(&bytes, |piece, out| {
            match (self.open(Place::Log, piece.whose, piece.bytes)?, piece.whose) {
                (Some(plain), _) => out.raw(&plain),
                (None, Whose::Customer(number)) => Change::Gone { number }.write(out),
                (None, Whose::Letter(number)) => others::write_letters_gone(&[number], out),
                (None, whose) => return Err(StoreError::KeyDestroyed { number: number_of(whose) }.into()),
            }
            Ok(())
        })
    }

    /// An entry of a snapshot as it is written; `None` for what is left of who was erased. What is sealed has a capital letter.
    pub fn seal_entry(&self, shard: u16, key: Vec<u8>, value: Vec<u8>) -> Result<Option<Pair>, StoreError> {
        let whose = whose_entry(shard, &key);
        if whose == Whose::Plain {
            return Ok(Some((key, value)));
        }
        let Some(value) = self.seal(Place::Snapshot, whose, &value)? else { return Ok(None) };
        let mut key = key;
        key[0] = key[0].to_ascii_uppercase();
        Ok(Some((key, value)))
    }

    /// The entry as it was made; `None` where its key is destroyed.
    pub fn open_entry(&self, shard: u16, mut key: Vec<u8>, value: Vec<u8>) -> Result<Option<Pair>, StoreError> {
        if !key.first().is_some_and(u8::is_ascii_uppercase) {
            return Ok(Some((key, value)));
        }
        key[0] = key[0].to_ascii_lowercase();
        let whose = whose_entry(shard, &key);
        let opened = self.open(Place::Snapshot, whose, &value)?;
        match opened {
            None if whose == Whose::House => Err(StoreError::KeyDestroyed { number: HOUSE }),
            opened => Ok(opened.map(|value| (key, value))),
        }
    }

    /// Keys of who is gone; they are destroyed when it returns. Letters whose place a later one has taken (`letters` is the newest) are left.
    pub fn destroy(&self, gone: &[Number], letters_gone: &[u64], letters: u64) -> Result<(), StoreError> {
        let customers = gone.iter().map(|number| number_of(Whose::Customer(*number)));
        let letters = letters_gone.iter().filter(|number| **number + LETTERS > letters).map(|number| number_of(Whose::Letter(*number)));
        let mut keys = Vec::new();
        for key in customers.chain(letters) {
            if !matches!(self.ring.key(key), Err(StoreError::KeyDestroyed { .. })) {
                keys.push(key);
            }
        }
        let destroyed = self.ring.destroy(&keys);
        // Only now: whoever reads meanwhile must not keep what is gone a moment later.
        self.forget_used(&keys);
        destroyed
    }

    /// Customers with a slot from `slot` on whose keys are destroyed.
    pub fn destroyed_from(&self, slot: u32) -> Result<Vec<Number>, StoreError> {
        let first = CUSTOMERS + u64::from(slot) * u64::from(SHARDS);
        Ok(self.ring.destroyed(first)?.into_iter().filter_map(customer_of).collect())
    }
}

fn letter(whose: Whose) -> Option<u64> {
    match whose {
        Whose::Letter(number) => Some(number),
        _ => None,
    }
}

/// Entries of customers and parcels are hers; dead letters have their own keys; how many places there are is nobody's secret.
fn whose_entry(shard: u16, key: &[u8]) -> Whose {
    let mut from = Reader::new(key.get(1..).unwrap_or_default());
    let mut slot = || from.raw(4).ok().and_then(|bytes| bytes.try_into().ok()).map(u32::from_be_bytes);
    match key.first() {
        Some(b'a' | b'e' | b'p') => slot().map_or(Whose::House, |slot| Whose::Customer(Number::new(shard, slot))),
        Some(b'n') => Whose::Plain,
        Some(b'd') => {
            key.get(1..9).and_then(|bytes| bytes.try_into().ok()).map_or(Whose::House, |bytes| Whose::Letter(u64::from_be_bytes(bytes)))
        }
        _ => Whose::House,
    }
}

fn refuse_new(piece: &Piece<'_>) -> Result<(), StoreError> {
    let mut changes = crate::shard::commit::Batch::of_changes(Reader::new(piece.bytes));
    while let Ok(Some(change)) = changes.read_next() {
        if let Change::Entry { number, .. } = change {
            return Err(StoreError::KeyDestroyed { number: number.0 });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{Place, Seals, customer_of, number_of};
    use crate::shard::Number;
    use crate::shard::sealed::Whose;
    use crate::store::{Disk, Keyring, MemFiles, StoreError, StoreId};
    use std::sync::Arc;

    fn seals() -> Seals {
        let files: Disk = Arc::new(MemFiles::new(3));
        let id = StoreId([7; 16]);
        Keyring::create(&files, id).unwrap();
        Seals::new(Keyring::open(files.clone(), id).unwrap(), files)
    }

    #[test]
    fn every_customer_has_her_own_place_in_the_ring() {
        for number in [Number::new(0, 0), Number::new(255, 0), Number::new(0, 1), Number::new(17, 123_456)] {
            assert_eq!(customer_of(number_of(Whose::Customer(number))), Some(number));
        }
        assert_eq!(customer_of(number_of(Whose::Letter(u64::MAX))), None);
    }

    #[test]
    fn bytes_open_for_their_owner_and_place_until_the_key_is_destroyed() {
        let seals = seals();
        let (nok, lek) = (Number::new(1, 0), Number::new(2, 0));
        let her = Whose::Customer(nok);
        let sealed = seals.seal(Place::Log, her, "นก".as_bytes()).unwrap().unwrap();
        assert_eq!(seals.open(Place::Log, her, &sealed).unwrap().as_deref(), Some("นก".as_bytes()));
        assert!(seals.open(Place::Snapshot, her, &sealed).is_err());
        assert!(seals.open(Place::Log, Whose::Customer(lek), &sealed).is_err());
        seals.destroy(&[nok], &[], 0).unwrap();
        assert_eq!(seals.open(Place::Log, her, &sealed).unwrap(), None);
        assert_eq!(seals.seal(Place::Log, her, b"again").unwrap(), None);
        assert_eq!(seals.destroyed_from(0).unwrap(), [nok]);
        assert!(matches!(seals.open(Place::Log, Whose::Customer(Number::new(0, 900)), &sealed), Err(StoreError::NoKey { .. })));
    }
}
