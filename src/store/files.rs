//! Files as the store needs them, so that a disk that loses power at any moment is plain test code.
//!
//! In: names relative to one folder, with `/` between parts. Out: bytes, and promises about when they are durable. **Invariant:** what a
//! `sync` or `sync_folder` has returned for survives a crash; everything else may be there afterwards, or not, or in part. It does not
//! know what is in a file.

pub mod memory;
pub mod real;
pub mod untouched;

pub use memory::MemFiles;
pub use real::RealFiles;
pub use untouched::Untouched;

use super::error::StoreError;
use std::io;
use std::sync::Arc;

/// What every part of the store is given.
pub type Disk = Arc<dyn Files>;

/// Where a store lives; a copy of its files lives somewhere else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Identity {
    /// A hash of the machine's own number; zeros where the system gives none.
    pub machine: [u8; 16],
    /// The number of the file within its file system; 0 where the system gives none.
    pub inode: u64,
}

/// Room on a file system, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    pub free: u64,
    pub total: u64,
}

/// One folder and everything below it.
pub trait Files: Send + Sync {
    /// The name as a person finds it, for messages.
    fn place(&self, name: &str) -> String;
    /// Makes a folder; one that exists is fine. `""` is the folder itself.
    fn make_folder(&self, name: &str) -> io::Result<()>;
    /// A new, empty file; one that exists is an error.
    fn create(&self, name: &str) -> io::Result<Box<dyn Handle>>;
    /// A file that exists.
    fn open(&self, name: &str) -> io::Result<Box<dyn Handle>>;
    /// Gives a file another name in the same folder, replacing what had it.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;
    fn remove(&self, name: &str) -> io::Result<()>;
    /// The names in a folder, sorted; those of folders end with `/`. A folder that does not exist has none.
    fn list(&self, folder: &str) -> io::Result<Vec<String>>;
    /// Makes creations, renames and removals in a folder durable.
    fn sync_folder(&self, folder: &str) -> io::Result<()>;
    /// Takes a file for this process until the answer is dropped; `None` if somebody has it.
    fn lock(&self, name: &str) -> io::Result<Option<Box<dyn Held>>>;
    fn identity(&self, name: &str) -> io::Result<Identity>;
    /// Bytes that nobody can foresee.
    fn random(&self, bytes: &mut [u8]) -> io::Result<()>;
    /// Room left; `None` where the system does not tell.
    fn room(&self) -> io::Result<Option<Room>>;
}

/// An open file.
pub trait Handle: Send + Sync {
    /// Reads up to `into.len()` bytes; fewer only at the end of the file.
    fn read_at(&self, offset: u64, into: &mut [u8]) -> io::Result<usize>;
    /// Writes all of `bytes`; the file grows where needed.
    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()>;
    /// Makes everything written so far durable. After an error nobody knows what is.
    fn sync(&self) -> io::Result<()>;
    fn length(&self) -> io::Result<u64>;
    /// Takes room for a file up to a length, as zeros, so that later writes below it need none.
    fn allocate(&self, length: u64) -> io::Result<()>;
}

/// A lock; dropping it gives the file free.
pub trait Held: Send + Sync {}

/// An open file together with its name, whose errors name the place.
pub struct Named {
    pub handle: Box<dyn Handle>,
    pub place: String,
}

impl Named {
    pub fn open(files: &Disk, name: &str) -> Result<Named, StoreError> {
        let place = files.place(name);
        match files.open(name) {
            Ok(handle) => Ok(Named { handle, place }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                Err(StoreError::Missing { place, found: "there is no such file".to_owned() })
            }
            Err(error) => Err(StoreError::io("opening", place, error)),
        }
    }

    pub fn create(files: &Disk, name: &str) -> Result<Named, StoreError> {
        let place = files.place(name);
        let handle = files.create(name).map_err(|error| StoreError::io("creating", place.clone(), error))?;
        Ok(Named { handle, place })
    }

    fn failed(&self, doing: &'static str) -> impl FnOnce(io::Error) -> StoreError {
        let place = self.place.clone();
        move |error| StoreError::io(doing, place, error)
    }

    pub fn length(&self) -> Result<u64, StoreError> {
        self.handle.length().map_err(self.failed("reading the length of"))
    }

    pub fn read_at(&self, offset: u64, into: &mut [u8]) -> Result<usize, StoreError> {
        self.handle.read_at(offset, into).map_err(self.failed("reading"))
    }

    /// Reads exactly `length` bytes; a file that ends before is damaged.
    pub fn read_exact(&self, offset: u64, length: usize) -> Result<Vec<u8>, StoreError> {
        let mut bytes = vec![0; length];
        let got = self.read_at(offset, &mut bytes)?;
        if got < length {
            return Err(self.damaged(offset + got as u64, format!("the file ends where {} more bytes belong", length - got)));
        }
        Ok(bytes)
    }

    pub fn write_at(&self, offset: u64, bytes: &[u8]) -> Result<(), StoreError> {
        self.handle.write_at(offset, bytes).map_err(self.failed("writing"))
    }

    pub fn sync(&self) -> Result<(), StoreError> {
        self.handle.sync().map_err(self.failed("syncing"))
    }

    pub fn allocate(&self, length: u64) -> Result<(), StoreError> {
        self.handle.allocate(length).map_err(self.failed("taking room for"))
    }

    pub fn damaged(&self, offset: u64, found: impl Into<String>) -> StoreError {
        StoreError::Damaged { place: self.place.clone(), offset, found: found.into() }
    }
}

/// What the store asks of a folder, with errors that name the place.
pub trait Place {
    fn entries(&self, folder: &str) -> Result<Vec<String>, StoreError>;
    fn folder(&self, name: &str) -> Result<(), StoreError>;
    fn settle(&self, folder: &str) -> Result<(), StoreError>;
    fn put(&self, from: &str, to: &str) -> Result<(), StoreError>;
    fn drop_file(&self, name: &str) -> Result<(), StoreError>;
    fn has(&self, folder: &str, name: &str) -> Result<bool, StoreError>;
}

impl Place for Disk {
    fn entries(&self, folder: &str) -> Result<Vec<String>, StoreError> {
        self.list(folder).map_err(|error| StoreError::io("listing", self.place(folder), error))
    }

    fn folder(&self, name: &str) -> Result<(), StoreError> {
        self.make_folder(name).map_err(|error| StoreError::io("making", self.place(name), error))
    }

    fn settle(&self, folder: &str) -> Result<(), StoreError> {
        self.sync_folder(folder).map_err(|error| StoreError::io("syncing", self.place(folder), error))
    }

    fn put(&self, from: &str, to: &str) -> Result<(), StoreError> {
        self.rename(from, to).map_err(|error| StoreError::io("renaming", self.place(from), error))
    }

    fn drop_file(&self, name: &str) -> Result<(), StoreError> {
        self.remove(name).map_err(|error| StoreError::io("removing", self.place(name), error))
    }

    fn has(&self, folder: &str, name: &str) -> Result<bool, StoreError> {
        Ok(self.entries(folder)?.iter().any(|entry| entry == name))
    }
}
