//! A folder that is looked at and never changed.
//!
//! In: other files. Out: the same, as if they could be written: what is written is kept in memory. **Invariant:** nothing below is created,
//! written, renamed or removed; only the lock is taken for real, so that nobody writes while somebody looks.

use super::{Disk, Files, Handle, Held, Identity, Room};
use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What became of a file: its content, or that it is gone.
type Written = BTreeMap<String, Option<Arc<Mutex<Vec<u8>>>>>;

/// Files behind glass.
pub struct Untouched {
    below: Disk,
    written: Arc<Mutex<Written>>,
}

impl Untouched {
    pub fn new(below: Disk) -> Untouched {
        Untouched { below, written: Arc::default() }
    }
}

fn hold<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}

fn not_there(name: &str) -> io::Error {
    io::Error::new(io::ErrorKind::NotFound, format!("there is no file {name}"))
}

/// A file that is in memory once it was written to.
struct Glass {
    name: String,
    below: Option<Box<dyn Handle>>,
    written: Arc<Mutex<Written>>,
}

impl Glass {
    fn kept(&self) -> Option<Arc<Mutex<Vec<u8>>>> {
        hold(&self.written).get(&self.name).cloned().flatten()
    }

    /// Its content in memory, taken over from below before it is changed.
    fn own(&self) -> io::Result<Arc<Mutex<Vec<u8>>>> {
        if let Some(kept) = self.kept() {
            return Ok(kept);
        }
        let below = self.below.as_ref().ok_or_else(|| not_there(&self.name))?;
        let mut bytes = vec![0; usize::try_from(below.length()?).map_err(io::Error::other)?];
        let mut at = 0;
        while at < bytes.len() {
            let read = below.read_at(at as u64, &mut bytes[at..])?;
            if read == 0 {
                break;
            }
            at += read;
        }
        let kept = Arc::new(Mutex::new(bytes));
        hold(&self.written).insert(self.name.clone(), Some(Arc::clone(&kept)));
        Ok(kept)
    }
}

impl Handle for Glass {
    fn read_at(&self, offset: u64, into: &mut [u8]) -> io::Result<usize> {
        let Some(kept) = self.kept() else {
            return self.below.as_ref().ok_or_else(|| not_there(&self.name))?.read_at(offset, into);
        };
        let bytes = hold(&kept);
        let from = usize::try_from(offset).unwrap_or(usize::MAX).min(bytes.len());
        let length = into.len().min(bytes.len() - from);
        into[..length].copy_from_slice(&bytes[from..from + length]);
        Ok(length)
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let kept = self.own()?;
        let mut all = hold(&kept);
        let from = usize::try_from(offset).map_err(io::Error::other)?;
        if all.len() < from + bytes.len() {
            all.resize(from + bytes.len(), 0);
        }
        all[from..from + bytes.len()].copy_from_slice(bytes);
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        Ok(())
    }

    fn length(&self) -> io::Result<u64> {
        match self.kept() {
            Some(kept) => Ok(hold(&kept).len() as u64),
            None => self.below.as_ref().ok_or_else(|| not_there(&self.name))?.length(),
        }
    }

    fn allocate(&self, length: u64) -> io::Result<()> {
        let kept = self.own()?;
        let mut all = hold(&kept);
        let length = usize::try_from(length).map_err(io::Error::other)?;
        if all.len() < length {
            all.resize(length, 0);
        }
        Ok(())
    }
}

impl Files for Untouched {
    fn place(&self, name: &str) -> String {
        self.below.place(name)
    }

    fn make_folder(&self, _name: &str) -> io::Result<()> {
        Ok(())
    }

    fn create(&self, name: &str) -> io::Result<Box<dyn Handle>> {
        if self.open(name).is_ok() {
            return Err(io::Error::new(io::ErrorKind::AlreadyExists, format!("{name} exists")));
        }
        hold(&self.written).insert(name.to_owned(), Some(Arc::default()));
        self.open(name)
    }

    fn open(&self, name: &str) -> io::Result<Box<dyn Handle>> {
        let known = hold(&self.written).get(name).cloned();
        let below = match known {
            Some(None) => return Err(not_there(name)),
            Some(Some(_)) => None,
            None => Some(self.below.open(name)?),
        };
        Ok(Box::new(Glass { name: name.to_owned(), below, written: Arc::clone(&self.written) }))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let below = match self.below.open(from) {
            Ok(below) => Some(below),
            // It may be in memory alone.
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        let file = Glass { name: from.to_owned(), below, written: Arc::clone(&self.written) };
        let content = file.own()?;
        let mut written = hold(&self.written);
        written.insert(to.to_owned(), Some(content));
        written.insert(from.to_owned(), None);
        Ok(())
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.open(name)?;
        hold(&self.written).insert(name.to_owned(), None);
        Ok(())
    }

    fn list(&self, folder: &str) -> io::Result<Vec<String>> {
        let mut names = self.below.list(folder)?;
        let prefix = if folder.is_empty() { String::new() } else { format!("{}/", folder.trim_end_matches('/')) };
        for (name, content) in hold(&self.written).iter() {
            let Some(own) = name.strip_prefix(&prefix).filter(|own| !own.contains('/')) else { continue };
            names.retain(|known| known != own);
            if content.is_some() {
                names.push(own.to_owned());
            }
        }
        names.sort();
        Ok(names)
    }

    fn sync_folder(&self, _folder: &str) -> io::Result<()> {
        Ok(())
    }

    fn lock(&self, name: &str) -> io::Result<Option<Box<dyn Held>>> {
        self.below.lock(name)
    }

    fn identity(&self, name: &str) -> io::Result<Identity> {
        self.below.identity(name)
    }

    fn random(&self, bytes: &mut [u8]) -> io::Result<()> {
        self.below.random(bytes)
    }

    fn room(&self) -> io::Result<Option<Room>> {
        self.below.room()
    }
}
