//! The keys of the tokens: a file in the store's folder.
//!
//! In: the file, the time. Out: the ring of keys, and the file again. **Invariant:** only the owner can read the file; it is replaced as a whole,
//! synced before it takes the place of the old one; a file that cannot be understood is never replaced. Knows no token.
#![allow(clippy::disallowed_methods, reason = "the file of the keys is read and written here only")]

use crate::calendar::{DAY_MS, Instant};
use ring::rand::{SecureRandom, SystemRandom};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::Path;

/// The file's name in the folder of a store.
pub(super) const FILE: &str = "token-keys";
/// Bytes of a key.
pub(super) const ROOT_BYTES: usize = 32;
/// A new key is made when the newest is so old.
pub const ROTATE_MS: i64 = 90 * DAY_MS;
/// A key opens tokens for so long after it was replaced. Laws ask for 30 days; people keep mails for longer.
pub const KEEP_MS: i64 = 2 * 365 * DAY_MS;
/// Keys in one file.
pub const KEYS_MAX: usize = 64;
/// A file that is larger is no file of keys.
const FILE_BYTES_MAX: u64 = 64 * 1024;
const HEAD: &str = "onward token keys 1";

#[derive(Clone)]
pub(super) struct Key {
    pub id: u32,
    pub since: Instant,
    pub root: [u8; ROOT_BYTES],
}

/// The oldest first.
#[derive(Clone, Default)]
pub(super) struct Ring(Vec<Key>);

impl Ring {
    pub(super) fn newest(&self) -> Option<&Key> {
        self.0.last()
    }

    pub(super) fn by_id(&self, id: u32) -> Option<&Key> {
        self.0.iter().find(|key| key.id == id)
    }

    /// What the ring has to be at this time; `None` where it is that already.
    pub(super) fn kept_fresh(&self, now: Instant) -> io::Result<Option<Ring>> {
        let mut next = self.clone();
        if self.newest().is_none_or(|newest| now.since_ms(newest.since) >= ROTATE_MS) {
            let mut root = [0; ROOT_BYTES];
            SystemRandom::new().fill(&mut root).map_err(|_| io::Error::other("the system gives no random bytes for a token key"))?;
            next.0.push(Key { id: self.newest().map_or(1, |newest| newest.id.wrapping_add(1)), since: now, root });
        }
        // A key was replaced when the one behind it began.
        let replaced: Vec<Option<Instant>> = (1..=next.0.len()).map(|behind| next.0.get(behind).map(|key| key.since)).collect();
        let mut replaced = replaced.into_iter();
        next.0.retain(|_| replaced.next().flatten().is_none_or(|at| now.since_ms(at) < KEEP_MS));
        let surplus = next.0.len().saturating_sub(KEYS_MAX);
        next.0.drain(..surplus);
        let same = self.0.len() == next.0.len() && self.newest().map(|key| key.id) == next.newest().map(|key| key.id);
        Ok((!same).then_some(next))
    }
}

/// `None` where there is no file.
pub(super) fn read(path: &Path) -> io::Result<Option<Ring>> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    private(&file)?;
    let mut text = String::new();
    file.take(FILE_BYTES_MAX).read_to_string(&mut text)?;
    parse(&text).map(Some).ok_or_else(|| broken("it does not hold what a file of token keys holds"))
}

fn broken(why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("`{FILE}` in the store is not usable: {why}; take it from a backup"))
}

fn parse(text: &str) -> Option<Ring> {
    let mut lines = text.lines();
    (lines.next()? == HEAD && text.ends_with('\n')).then_some(())?;
    let mut ring = Ring::default();
    for line in lines {
        let [id, since, root] = line.split(' ').collect::<Vec<_>>().try_into().ok()?;
        let key = Key { id: id.parse().ok()?, since: Instant(since.parse().ok()?), root: unhex(root)? };
        (ring.by_id(key.id).is_none() && ring.0.len() < KEYS_MAX).then_some(())?;
        ring.0.push(key);
    }
    ring.newest().is_some().then_some(ring)
}

fn unhex(text: &str) -> Option<[u8; ROOT_BYTES]> {
    (text.len() == ROOT_BYTES * 2 && text.bytes().all(|byte| byte.is_ascii_hexdigit())).then_some(())?;
    let mut bytes = [0; ROOT_BYTES];
    for (at, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[at * 2..at * 2 + 2], 16).ok()?;
    }
    Some(bytes)
}

pub(super) fn write(path: &Path, ring: &Ring) -> io::Result<()> {
    let mut text = format!("{HEAD}\n");
    for key in &ring.0 {
        let root: String = key.root.iter().map(|byte| format!("{byte:02x}")).collect();
        text.push_str(&format!("{} {} {root}\n", key.id, key.since.0));
    }
    let next = path.with_extension("next");
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&next)?;
    private(&file)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&next, path)?;
    match path.parent() {
        Some(folder) => File::open(folder)?.sync_all(),
        None => Ok(()),
    }
}

/// Refuses a file that others than its owner can read.
fn private(file: &File) -> io::Result<()> {
    #[cfg(unix)]
    if std::os::unix::fs::PermissionsExt::mode(&file.metadata()?.permissions()) & 0o077 != 0 {
        return Err(broken("others than its owner may read it; `chmod 600` it if nobody else could have had it"));
    }
    Ok(())
}
