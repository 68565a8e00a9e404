//! Keys: who may ask what.
//!
//! In: secrets that come with requests, a file in the store's folder. Out: the name of the caller and what it may, or a refusal.
//! **Invariant:** a secret is shown once, when it is made; what is kept is its hash, and comparing takes the same time for every wrong one.
//! Nothing is allowed by default, with one exception: while no key was ever made, requests from this machine itself may do everything.

mod file;
mod guard;

pub use guard::{Guard, bearer, guard};

use crate::calendar::Instant;
use ring::rand::{SecureRandom, SystemRandom};
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Keys of one store, also expired and revoked ones.
pub const KEYS_MAX: usize = 1_000;
/// Characters of a key's name.
pub const NAME_MAX: usize = 64;
/// How often the file is looked at for changes that another process made, ms.
pub const REFRESH_MS: i64 = 1_000;
/// Bytes of a secret that are looked at; ours have 53.
const SECRET_MAX: usize = 256;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// For browsers and apps, where everybody can read it: says what happened, and can never ask anything.
    Write,
    /// For our own servers: events, imports, consent, erasure.
    Server,
    /// Asks, and changes nothing.
    Read,
    /// Everything.
    Admin,
}

/// What a route asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    Send,
    Serve,
    Read,
    Administer,
}

impl Kind {
    pub const ALL: [Kind; 4] = [Kind::Write, Kind::Server, Kind::Read, Kind::Admin];

    pub fn word(self) -> &'static str {
        match self {
            Kind::Write => "write",
            Kind::Server => "server",
            Kind::Read => "read",
            Kind::Admin => "admin",
        }
    }

    pub fn parse(word: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.word() == word)
    }

    pub fn may(self, need: Need) -> bool {
        match need {
            Need::Send => matches!(self, Kind::Write | Kind::Server | Kind::Admin),
            Need::Serve => matches!(self, Kind::Server | Kind::Admin),
            Need::Read => matches!(self, Kind::Read | Kind::Admin),
            Need::Administer => self == Kind::Admin,
        }
    }
}

/// A key as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Key {
    /// What a person knows it by; the same before and after a rotation. Events that come with it have this as their source.
    pub name: String,
    pub kind: Kind,
    /// How its secret begins: tells keys apart, and opens nothing.
    pub prefix: String,
    /// SHA-256 of the secret, in hexadecimal. The secret is 256 random bits, so no slow hash is needed.
    pub hash: String,
    pub created: Instant,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<Instant>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked: Option<Instant>,
}

impl Key {
    pub fn is_live(&self, now: Instant) -> bool {
        self.revoked.is_none() && self.expires.is_none_or(|expires| now < expires)
    }
}

/// A new key, with what is never shown again.
#[derive(Clone, PartialEq, Eq)]
pub struct Made {
    pub key: Key,
    pub secret: String,
}

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    pub name: String,
    pub kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Denied {
    /// No key, or one that is unknown, expired or revoked: `401`.
    Unknown,
    /// A key of another kind: `403`.
    NotAllowed,
}

#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    #[error("the keys in {0} could not be read or written: {1}")]
    Io(PathBuf, std::io::Error),
    #[error("{0} is damaged: {1}")]
    Damaged(PathBuf, String),
    #[error("{0} is written by a newer version (format {1})")]
    Newer(PathBuf, u32),
    #[error("{0} can be read by others on this machine; run `chmod 600` on it")]
    TooOpen(PathBuf),
    #[error("there is a live key named `{0}` already; rotate it, revoke it or take another name")]
    NameTaken(String),
    #[error("there is no live key `{0}`")]
    NoSuchKey(String),
    #[error("`{0}` is no name for a key: 1 to {NAME_MAX} letters, digits, `-`, `_` or `.`")]
    BadName(String),
    #[error("there are {KEYS_MAX} keys already")]
    TooMany,
    #[error("this machine gives no random bytes")]
    NoRandomness,
}

/// The keys of one store.
#[derive(Debug)]
pub struct Keys {
    path: PathBuf,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    keys: Vec<Key>,
    seen: file::Stamp,
    looked: Instant,
}

impl Keys {
    /// The keys of the store in this folder; none were made where there is no file.
    pub fn open(folder: &Path) -> Result<Keys, KeysError> {
        let path = folder.join(file::NAME);
        let (keys, seen) = file::read(&path)?;
        Ok(Keys { path, state: Mutex::new(State { keys, seen, looked: Instant::FIRST }) })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks at the file once a second, so that a key that was revoked by a command opens nothing any more. If it cannot be read then,
    /// what was known holds.
    pub fn refresh(&self, now: Instant) {
        let mut state = self.lock();
        if now.since_ms(state.looked) < REFRESH_MS && now >= state.looked {
            return;
        }
        state.looked = now;
        if file::stamp(&self.path) != state.seen
            && let Ok((keys, seen)) = file::read(&self.path)
        {
            (state.keys, state.seen) = (keys, seen);
        }
    }

    /// Whether no key was ever made.
    pub fn is_empty(&self) -> bool {
        self.lock().keys.is_empty()
    }

    /// All keys, in the order in which they were made.
    pub fn list(&self) -> Vec<Key> {
        self.lock().keys.clone()
    }

    /// Makes a key. `expires`: from then on it opens nothing.
    pub fn make(&self, name: &str, kind: Kind, expires: Option<Instant>, now: Instant) -> Result<Made, KeysError> {
        let usable = |letter: char| letter.is_alphanumeric() || matches!(letter, '-' | '_' | '.' | '\u{e31}'..='\u{e4e}');
        if name.is_empty() || name.chars().count() > NAME_MAX || !name.chars().all(usable) {
            return Err(KeysError::BadName(name.to_owned()));
        }
        self.change(|keys| {
            if keys.iter().any(|key| key.name == name && key.is_live(now)) {
                return Err(KeysError::NameTaken(name.to_owned()));
            }
            add(keys, name, kind, expires, now)
        })
    }

    /// A new secret for a name; the old one still opens until `overlap_ms` from now.
    pub fn rotate(&self, name: &str, overlap_ms: i64, now: Instant) -> Result<Made, KeysError> {
        self.change(|keys| {
            let mut kind = None;
            for key in keys.iter_mut().filter(|key| key.name == name && key.is_live(now)) {
                let end = now.plus_ms(overlap_ms.max(0));
                key.expires = Some(key.expires.map_or(end, |expires| expires.min(end)));
                kind = Some(key.kind);
            }
            let kind = kind.ok_or_else(|| KeysError::NoSuchKey(name.to_owned()))?;
            add(keys, name, kind, None, now)
        })
    }

    /// All live keys of that name, or the one whose secret begins so, open nothing any more. Gives how many.
    pub fn revoke(&self, name_or_prefix: &str, now: Instant) -> Result<usize, KeysError> {
        self.change(|keys| {
            let mut count = 0;
            for key in keys.iter_mut().filter(|key| key.is_live(now) && (key.name == name_or_prefix || key.prefix == name_or_prefix)) {
                key.revoked = Some(now);
                count += 1;
            }
            if count == 0 { Err(KeysError::NoSuchKey(name_or_prefix.to_owned())) } else { Ok(count) }
        })
    }

    /// Reads again, changes, writes: another process may have changed the file meanwhile.
    fn change<T>(&self, change: impl FnOnce(&mut Vec<Key>) -> Result<T, KeysError>) -> Result<T, KeysError> {
        let mut state = self.lock();
        let (mut keys, _) = file::read(&self.path)?;
        let done = change(&mut keys)?;
        state.seen = file::write(&self.path, &keys)?;
        state.keys = keys;
        Ok(done)
    }

    /// Who comes with this secret, if it may do what is needed.
    pub fn caller(&self, secret: &str, need: Need, now: Instant) -> Result<Caller, Denied> {
        self.refresh(now);
        let state = self.lock();
        if secret.len() > SECRET_MAX {
            return Err(Denied::Unknown);
        }
        let hash = hash(secret);
        let mut found = None;
        for key in state.keys.iter().filter(|key| key.is_live(now)) {
            // Every key is compared with every byte, whatever was found before.
            if same(key.hash.as_bytes(), hash.as_bytes()) {
                found = Some(key);
            }
        }
        match found {
            None => Err(Denied::Unknown),
            Some(key) if !key.kind.may(need) => Err(Denied::NotAllowed),
            Some(key) => Ok(Caller { name: key.name.clone(), kind: key.kind }),
        }
    }
}

fn add(keys: &mut Vec<Key>, name: &str, kind: Kind, expires: Option<Instant>, now: Instant) -> Result<Made, KeysError> {
    if keys.len() >= KEYS_MAX {
        return Err(KeysError::TooMany);
    }
    let mut bytes = [0_u8; 32];
    SystemRandom::new().fill(&mut bytes).map_err(|_| KeysError::NoRandomness)?;
    let secret = format!("ow_{}_{}", kind.word(), letters(&bytes));
    let prefix = secret[..secret.len() - 37].to_owned();
    let key = Key { name: name.to_owned(), kind, prefix, hash: hash(&secret), created: now, expires, revoked: None };
    keys.push(key.clone());
    Ok(Made { key, secret })
}

/// 256 bits as 43 letters and digits of base64 for addresses.
fn letters(bytes: &[u8; 32]) -> String {
    use base64::Engine;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)
}

fn hash(secret: &str) -> String {
    Sha256::digest(secret.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Takes the same time wherever they differ.
fn same(left: &[u8], right: &[u8]) -> bool {
    left.len() == right.len() && left.iter().zip(right).fold(0, |differ, (left, right)| differ | (left ^ right)) == 0
}
