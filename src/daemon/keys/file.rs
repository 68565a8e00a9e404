//! The file that keys are kept in.
//!
//! In, out: keys. **Invariant:** it is replaced whole or not at all, and only its owner reads it; one that is damaged, newer or open to others
//! is refused, never repaired. This is the edge: it touches the file system.
#![allow(clippy::disallowed_methods)]

use super::{Key, KeysError};
use std::io::Write;
use std::path::Path;

pub(super) const NAME: &str = "keys.json";
/// The format that is written.
const VERSION: u32 = 1;
/// A file of a thousand keys has 300 KB.
const BYTES_MAX: u64 = 4 * 1024 * 1024;

#[derive(serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Contents {
    version: u32,
    keys: Vec<Key>,
}

/// Tells one state of the file from another.
pub(super) type Stamp = Option<(std::time::SystemTime, u64, u64)>;

pub(super) fn stamp(path: &Path) -> Stamp {
    let data = std::fs::metadata(path).ok()?;
    Some((data.modified().ok()?, data.len(), inode(&data)))
}

#[cfg(unix)]
fn inode(data: &std::fs::Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::ino(data)
}

#[cfg(not(unix))]
fn inode(_: &std::fs::Metadata) -> u64 {
    0
}

#[cfg(unix)]
fn is_open_to_others(data: &std::fs::Metadata) -> bool {
    std::os::unix::fs::MetadataExt::mode(data) & 0o077 != 0
}

#[cfg(not(unix))]
fn is_open_to_others(_: &std::fs::Metadata) -> bool {
    false
}

pub(super) fn read(path: &Path) -> Result<(Vec<Key>, Stamp), KeysError> {
    let io = |error| KeysError::Io(path.to_owned(), error);
    let seen = stamp(path);
    let data = match std::fs::metadata(path) {
        Ok(data) => data,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok((Vec::new(), None)),
        Err(error) => return Err(io(error)),
    };
    if is_open_to_others(&data) {
        return Err(KeysError::TooOpen(path.to_owned()));
    }
    let damaged = |why: String| KeysError::Damaged(path.to_owned(), why);
    if data.len() > BYTES_MAX {
        return Err(damaged(format!("{} bytes", data.len())));
    }
    let text = std::fs::read_to_string(path).map_err(io)?;
    #[derive(serde::Deserialize)]
    struct Version {
        version: u32,
    }
    let version: Version = serde_json::from_str(&text).map_err(|error| damaged(error.to_string()))?;
    if version.version > VERSION {
        return Err(KeysError::Newer(path.to_owned(), version.version));
    }
    let contents: Contents = serde_json::from_str(&text).map_err(|error| damaged(error.to_string()))?;
    Ok((contents.keys, seen))
}

/// Written aside, synced, renamed.
pub(super) fn write(path: &Path, keys: &[Key]) -> Result<Stamp, KeysError> {
    let io = |error| KeysError::Io(path.to_owned(), error);
    let contents = Contents { version: VERSION, keys: keys.to_vec() };
    let text = serde_json::to_string_pretty(&contents).map_err(|error| KeysError::Damaged(path.to_owned(), error.to_string()))?;
    let aside = path.with_extension("json.new");
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let _ = std::fs::remove_file(&aside);
    let mut file = options.open(&aside).map_err(io)?;
    file.write_all(text.as_bytes()).and_then(|()| file.write_all(b"\n")).and_then(|()| file.sync_all()).map_err(io)?;
    drop(file);
    std::fs::rename(&aside, path).map_err(io)?;
    if let Some(folder) = path.parent() {
        std::fs::File::open(folder).and_then(|folder| folder.sync_all()).map_err(io)?;
    }
    Ok(stamp(path))
}
