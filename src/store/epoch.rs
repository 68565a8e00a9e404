//! Who owns the store, and how far its log was known to be durable: a file with two slots that are written in turn.
//!
//! In: the store's folder. Out: a lock of the system, an epoch higher than any before, the mark. **Invariant:** of the two slots one is
//! always whole; an owner that finds another epoch than its own stops; a store that was copied or restored says so until somebody
//! releases it. It does not know what the log holds.
//!
//! ```text
//! slots at bytes 0 and 4096: header (flags; counter, epoch, mark; checksum of the batch at the mark) · machine 16 · inode 8 · CRC32C 4
//! ```

use super::error::StoreError;
use super::files::{Disk, Held, Identity, Named, Place};
use super::header::{self, Header, Kind, StoreId, u32_at, u64_at};
use super::log::recover::Witness;

pub const NAME: &str = "owner";
const KIND: Kind = Kind { magic: *b"ONWOWNER", version: 1, name: "owner's file" };
/// Each slot has a page of its own: a torn write of one never touches the other.
const SLOT: u64 = 4096;
const LENGTH: usize = header::LENGTH + 28;

const CLEAN: u32 = 1;
const RESTORED: u32 = 2;

/// Why a store may not send anything until somebody releases it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hold {
    /// It was restored from a backup: what was sent after the backup is not known here.
    Restored,
    /// Its files lie on another machine, or are copies: the original may still be at work.
    Moved { was: Identity, is: Identity },
}

/// What one slot says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slot {
    pub counter: u64,
    pub witness: Witness,
    /// Written when the store was closed: the mark is exact.
    pub clean: bool,
    pub restored: bool,
    /// Where the store belongs.
    pub home: Identity,
}

impl Slot {
    fn encode(&self, store: StoreId) -> [u8; LENGTH] {
        let mut head = Header::new(KIND, store);
        head.small = if self.clean { CLEAN } else { 0 } | if self.restored { RESTORED } else { 0 };
        head.numbers = [self.counter, self.witness.epoch, self.witness.mark];
        head.check = self.witness.crc;
        let mut bytes = [0; LENGTH];
        bytes[..64].copy_from_slice(&head.encode(KIND));
        bytes[64..80].copy_from_slice(&self.home.machine);
        bytes[80..88].copy_from_slice(&self.home.inode.to_le_bytes());
        let crc = crc32c::crc32c(&bytes[..88]);
        bytes[88..].copy_from_slice(&crc.to_le_bytes());
        bytes
    }

    fn decode(bytes: &[u8]) -> Result<(Header, Slot), String> {
        let head = Header::decode(KIND, bytes)?;
        // A newer version may say more behind the header; its owner tells by the version.
        if head.version <= KIND.version && (bytes.len() < LENGTH || crc32c::crc32c(&bytes[..88]) != u32_at(bytes, 88)) {
            return Err("the checksum of the slot is wrong".to_owned());
        }
        let mut machine = [0; 16];
        machine.copy_from_slice(&bytes[64..80]);
        let slot = Slot {
            counter: head.numbers[0],
            witness: Witness { mark: head.numbers[2], crc: head.check, epoch: head.numbers[1] },
            clean: head.small & CLEAN != 0,
            restored: head.small & RESTORED != 0,
            home: Identity { machine, inode: u64_at(bytes, 80) },
        };
        Ok((head, slot))
    }
}

/// The newest whole slot of an owner's file, without taking it.
pub fn peek(files: &Disk, store: StoreId) -> Result<Slot, StoreError> {
    newest(&Named::open(files, NAME)?, store)
}

fn newest(file: &Named, store: StoreId) -> Result<Slot, StoreError> {
    let mut found: Option<Slot> = None;
    let mut wrong = String::new();
    for slot in 0..2 {
        let mut bytes = [0; LENGTH];
        file.read_at(slot * SLOT, &mut bytes)?;
        match Slot::decode(&bytes) {
            Ok((head, slot)) => {
                head.known(KIND, &file.place, Some(store))?;
                if found.is_none_or(|found| found.counter < slot.counter) {
                    found = Some(slot);
                }
            }
            Err(why) => wrong = why,
        }
    }
    found.ok_or_else(|| file.damaged(0, format!("neither of the two slots is whole ({wrong})")))
}

/// The process that may write.
pub struct Owner {
    file: Named,
    store: StoreId,
    slot: Slot,
    hold: Option<Hold>,
    here: Identity,
    _lock: Box<dyn Held>,
}

impl Owner {
    /// Makes the owner's file of a new or restored store.
    pub fn create(files: &Disk, store: StoreId, marker: &str, witness: Witness, restored: bool) -> Result<(), StoreError> {
        let home = files.identity(marker).map_err(|error| StoreError::io("looking at", files.place(marker), error))?;
        let file = Named::create(files, NAME)?;
        file.allocate(2 * SLOT)?;
        for counter in 0..2 {
            let slot = Slot { counter, witness, clean: true, restored, home };
            file.write_at(counter * SLOT, &slot.encode(store))?;
        }
        file.sync()?;
        files.settle("")
    }

    /// Takes the lock and reads what the last owner left. The epoch is taken by [`Owner::begin`].
    pub fn acquire(files: &Disk, store: StoreId, marker: &str) -> Result<Owner, StoreError> {
        let file = Named::open(files, NAME)?;
        let lock = files.lock(NAME).map_err(|error| StoreError::io("locking", file.place.clone(), error))?;
        let Some(lock) = lock else { return Err(StoreError::Taken { place: file.place }) };
        let slot = newest(&file, store)?;
        let here = files.identity(marker).map_err(|error| StoreError::io("looking at", files.place(marker), error))?;
        let hold = match slot {
            Slot { restored: true, .. } => Some(Hold::Restored),
            Slot { home, .. } if home != here => Some(Hold::Moved { was: home, is: here }),
            _ => None,
        };
        Ok(Owner { file, store, slot, hold, here, _lock: lock })
    }

    pub fn witness(&self) -> Witness {
        self.slot.witness
    }

    /// Whether the last owner closed the store.
    pub fn was_closed(&self) -> bool {
        self.slot.clean
    }

    pub fn epoch(&self) -> u64 {
        self.slot.witness.epoch
    }

    pub fn hold(&self) -> Option<Hold> {
        self.hold
    }

    /// Takes the next epoch, with the log's end as found.
    pub fn begin(&mut self, end: Witness) -> Result<(), StoreError> {
        self.slot.clean = false;
        let next = Witness { epoch: self.slot.witness.epoch + 1, ..end };
        self.write(next)?;
        self.write(next)
    }

    /// Notes how far the log is durable. Costs one sync; nothing if nothing was appended since.
    pub fn note(&mut self, end: Witness) -> Result<(), StoreError> {
        if (end.mark, end.crc) == (self.slot.witness.mark, self.slot.witness.crc) {
            return Ok(());
        }
        self.write(Witness { epoch: self.epoch(), ..end })
    }

    /// Notes the exact end in both slots.
    pub fn close(mut self, end: Witness) -> Result<(), StoreError> {
        self.slot.clean = true;
        let end = Witness { epoch: self.epoch(), ..end };
        self.write(end)?;
        self.write(end)
    }

    /// From now on the store belongs here, and sends.
    pub fn release(&mut self) -> Result<(), StoreError> {
        self.slot.restored = false;
        self.slot.home = self.here;
        let witness = self.slot.witness;
        self.write(witness)?;
        self.write(witness)?;
        self.hold = None;
        Ok(())
    }

    /// Writes the older slot, after a look at whether the newest one is still ours.
    fn write(&mut self, witness: Witness) -> Result<(), StoreError> {
        let found = newest(&self.file, self.store)?;
        if found.counter != self.slot.counter || found.witness.epoch != self.slot.witness.epoch {
            let (found, ours) = (found.witness.epoch, self.slot.witness.epoch);
            return Err(StoreError::Overtaken { place: self.file.place.clone(), found, ours });
        }
        let next = Slot { counter: self.slot.counter + 1, witness, ..self.slot };
        self.file.write_at(next.counter % 2 * SLOT, &next.encode(self.store))?;
        self.file.sync()?;
        self.slot = next;
        Ok(())
    }
}
