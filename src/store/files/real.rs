//! The disk.
#![allow(clippy::disallowed_methods, reason = "the edge of the store: the only place of it that touches the file system")]
//!
//! In: a folder. Out: its files, through the operating system. **Invariant:** `sync` reaches the device (`fdatasync`), `sync_folder` the
//! entries of a folder; nothing is cached here. It does not know what is in a file.

use super::{Files, Handle, Held, Identity, Room};
use sha2::{Digest, Sha256};
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

/// Zeros are written in pieces of this size when room is taken.
const PIECE: usize = 1 << 20;

/// A folder of the file system.
#[derive(Debug, Clone)]
pub struct RealFiles {
    root: PathBuf,
}

struct RealHandle {
    file: File,
}

struct RealLock {
    _file: File,
}

impl Held for RealLock {}

impl RealFiles {
    pub fn new(root: impl Into<PathBuf>) -> RealFiles {
        RealFiles { root: root.into() }
    }

    fn path(&self, name: &str) -> PathBuf {
        if name.is_empty() { self.root.clone() } else { self.root.join(name) }
    }
}

/// Opens for reading and writing, or only for reading where more is not allowed: a backup can be checked where it lies.
fn open(path: &Path) -> io::Result<File> {
    match OpenOptions::new().read(true).write(true).open(path) {
        Err(error) if matches!(error.kind(), io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem) => File::open(path),
        other => other,
    }
}

#[cfg(unix)]
fn sync_path(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

/// Windows has no such thing; its journal keeps the order of renames.
#[cfg(not(unix))]
fn sync_path(_path: &Path) -> io::Result<()> {
    Ok(())
}

impl Files for RealFiles {
    fn place(&self, name: &str) -> String {
        self.path(name).display().to_string()
    }

    fn make_folder(&self, name: &str) -> io::Result<()> {
        let path = self.path(name);
        fs::create_dir_all(&path)?;
        match path.parent() {
            // Its entry in the folder above; that of the store's own folder is nobody else's business.
            Some(above) if name.is_empty() && !above.as_os_str().is_empty() => sync_path(above),
            _ => Ok(()),
        }
    }

    fn create(&self, name: &str) -> io::Result<Box<dyn Handle>> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        Ok(Box::new(RealHandle { file: options.open(self.path(name))? }))
    }

    fn open(&self, name: &str) -> io::Result<Box<dyn Handle>> {
        Ok(Box::new(RealHandle { file: open(&self.path(name))? }))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        fs::rename(self.path(from), self.path(to))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        fs::remove_file(self.path(name))
    }

    fn list(&self, folder: &str) -> io::Result<Vec<String>> {
        let entries = match fs::read_dir(self.path(folder)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            other => other?,
        };
        let mut names = Vec::new();
        for entry in entries {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            names.push(if entry.file_type()?.is_dir() { name + "/" } else { name });
        }
        names.sort();
        Ok(names)
    }

    fn sync_folder(&self, folder: &str) -> io::Result<()> {
        sync_path(&self.path(folder))
    }

    fn lock(&self, name: &str) -> io::Result<Option<Box<dyn Held>>> {
        let file = open(&self.path(name))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Box::new(RealLock { _file: file }))),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    fn identity(&self, name: &str) -> io::Result<Identity> {
        let mut machine = [0; 16];
        if let Ok(id) = fs::read(Path::new("/etc/machine-id")) {
            let hash = Sha256::digest([b"onward store ", id.trim_ascii()].concat());
            machine.copy_from_slice(&hash[..16]);
        }
        let data = fs::metadata(self.path(name))?;
        #[cfg(unix)]
        let inode = std::os::unix::fs::MetadataExt::ino(&data);
        #[cfg(not(unix))]
        let inode = data.len().min(0);
        Ok(Identity { machine, inode })
    }

    fn random(&self, bytes: &mut [u8]) -> io::Result<()> {
        use ring::rand::SecureRandom;
        ring::rand::SystemRandom::new().fill(bytes).map_err(|_| io::Error::other("the system gives no random bytes"))
    }

    #[cfg(unix)]
    fn room(&self) -> io::Result<Option<Room>> {
        let found = rustix::fs::statvfs(&self.root)?;
        // What is kept for the administrator is not ours.
        Ok(Some(Room { free: found.f_bavail.saturating_mul(found.f_frsize), total: found.f_blocks.saturating_mul(found.f_frsize) }))
    }

    #[cfg(not(unix))]
    fn room(&self) -> io::Result<Option<Room>> {
        Ok(None)
    }
}

impl Handle for RealHandle {
    #[cfg(unix)]
    fn read_at(&self, offset: u64, into: &mut [u8]) -> io::Result<usize> {
        use std::os::unix::fs::FileExt;
        let mut done = 0;
        while done < into.len() {
            match self.file.read_at(&mut into[done..], offset + done as u64) {
                Ok(0) => break,
                Ok(more) => done += more,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(done)
    }

    #[cfg(windows)]
    fn read_at(&self, offset: u64, into: &mut [u8]) -> io::Result<usize> {
        use std::os::windows::fs::FileExt;
        let mut done = 0;
        while done < into.len() {
            match self.file.seek_read(&mut into[done..], offset + done as u64) {
                Ok(0) => break,
                Ok(more) => done += more,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(done)
    }

    #[cfg(unix)]
    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        std::os::unix::fs::FileExt::write_all_at(&self.file, bytes, offset)
    }

    #[cfg(windows)]
    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        use std::os::windows::fs::FileExt;
        let mut done = 0;
        while done < bytes.len() {
            match self.file.seek_write(&bytes[done..], offset + done as u64) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(more) => done += more,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        self.file.sync_data()
    }

    fn length(&self) -> io::Result<u64> {
        Ok(self.file.metadata()?.len())
    }

    fn allocate(&self, length: u64) -> io::Result<()> {
        // Written, not only reserved: a later write changes no metadata, and half as many operations reach the device (7,100 instead of
        // 3,600 synced appends per second were measured).
        let zeros = vec![0; PIECE];
        let mut at = self.length()?;
        while at < length {
            let piece = (length - at).min(PIECE as u64);
            self.write_at(at, &zeros[..piece as usize])?;
            at += piece;
        }
        Ok(())
    }
}
