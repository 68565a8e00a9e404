//! The store: bytes that are still there after power was lost, and refusals where they are not what was written.

mod backup;
mod crash;
mod damage;
mod keys;
mod log;
mod tables;

use onward::store::{Disk, MemFiles, Settings, Store, StoreError};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A disk in memory, and the same as the store sees it.
pub fn memory() -> (MemFiles, Disk) {
    let files = MemFiles::new(1);
    (files.clone(), Arc::new(files))
}

pub fn disk(files: &MemFiles) -> Disk {
    Arc::new(files.clone())
}

/// An empty folder of the real disk.
pub fn fresh(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    if folder.exists() {
        fs::remove_dir_all(&folder).unwrap();
    }
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// Small segments, so that a few batches fill some.
pub const SMALL: Settings = Settings { shards: 4, segment_size: 4096 + 8192 };

pub fn created(disk: &Disk) -> Result<Store, StoreError> {
    Store::create(disk, disk, SMALL)?;
    Store::open(disk.clone())
}

/// A payload that says which batch it is, of 1 to about 700 bytes.
pub fn payload(number: u64) -> Vec<u8> {
    let length = 8 + (number * 97 % 700) as usize;
    number.to_le_bytes().iter().copied().cycle().take(length).collect()
}

/// Everything in the log from a batch on.
pub fn all(store: &Store, from: u64) -> Result<Vec<(u64, Vec<u8>)>, StoreError> {
    store.read(from)?.collect()
}
