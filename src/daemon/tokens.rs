//! Tokens: what the addresses of our pages carry instead of anything that could be read or made up.
//!
//! In: what a page is for ([`Sealed`]). Out: a token, and back. **Invariant:** only a token that this store made, unchanged, is ever opened;
//! nothing about a customer can be read from one without the keys; the same content under the same key is the same token, so a message that
//! is made twice has the same bytes. Whether a token matches is found out by the tag of the sealing alone, in constant time. Knows no page.
//!
//! A token is base64url without padding of `key id (4) ‖ nonce (12) ‖ sealed content ‖ tag (16)`, sealed with AES-256-GCM. The nonce is the
//! begin of an HMAC of the content under a second key: two contents share one with a chance of 2⁻⁹⁶ per pair, and a key is replaced
//! after 90 days.

mod keys;

pub use keys::{KEEP_MS, KEYS_MAX, ROTATE_MS};

use crate::calendar::Instant;
use crate::daemon::CustomerNo;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use keys::Ring;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use ring::hmac;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{PoisonError, RwLock};

/// Characters of a token; a longer one is not looked at.
pub const TOKEN_MAX: usize = 4 * 1024;
/// Bytes of one text inside a token; a target that is longer is not sealed.
pub const TEXT_MAX: usize = 2 * 1024;

const ID_BYTES: usize = 4;
const NONCE_BYTES: usize = 12;
const TAG_BYTES: usize = 16;
/// Binds a token to its form: another form gets another word.
const FORM: &[u8] = b"onward token 1";

/// What a token says. The kind is sealed with it: no token of one kind is taken for another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sealed {
    /// Unsubscribing and the preference centre.
    Leave {
        customer: CustomerNo,
        message: String,
        topic: String,
    },
    /// A link in a message, and where it leads.
    Click {
        message: String,
        url: String,
    },
    /// A message that was opened.
    Open {
        message: String,
    },
    /// A message in the browser.
    View {
        message: String,
    },
    Survey {
        customer: CustomerNo,
        message: String,
        survey: String,
    },
    /// A double opt-in.
    Confirm {
        customer: CustomerNo,
        topic: String,
    },
    /// What the web channel shows, for what it reports back.
    Shown {
        message: String,
    },
}

impl Sealed {
    fn encode(&self) -> Option<Vec<u8>> {
        let (kind, customer, texts): (u8, Option<CustomerNo>, [&str; 2]) = match self {
            Sealed::Leave { customer, message, topic } => (b'l', Some(*customer), [message, topic]),
            Sealed::Click { message, url } => (b'c', None, [message, url]),
            Sealed::Open { message } => (b'o', None, [message, ""]),
            Sealed::View { message } => (b'v', None, [message, ""]),
            Sealed::Survey { customer, message, survey } => (b's', Some(*customer), [message, survey]),
            Sealed::Confirm { customer, topic } => (b'd', Some(*customer), [topic, ""]),
            Sealed::Shown { message } => (b'w', None, [message, ""]),
        };
        let mut bytes = vec![kind];
        bytes.extend(customer.iter().flat_map(|customer| customer.0.to_be_bytes()));
        // The second text goes to the end, so only the first one says its length.
        let first = u16::try_from(texts[0].len()).ok()?;
        bytes.extend(first.to_be_bytes());
        for text in texts {
            if text.len() > TEXT_MAX {
                return None;
            }
            bytes.extend(text.as_bytes());
        }
        Some(bytes)
    }

    fn decode(bytes: &[u8]) -> Option<Sealed> {
        let (&kind, mut rest) = bytes.split_first()?;
        let mut customer = CustomerNo(0);
        if matches!(kind, b'l' | b's' | b'd') {
            let (number, behind) = rest.split_first_chunk::<8>()?;
            (customer, rest) = (CustomerNo(u64::from_be_bytes(*number)), behind);
        }
        let (length, rest) = rest.split_first_chunk::<2>()?;
        let (first, second) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
        let first = String::from_utf8(first.to_vec()).ok()?;
        let second = String::from_utf8(second.to_vec()).ok()?;
        Some(match kind {
            b'l' => Sealed::Leave { customer, message: first, topic: second },
            b'c' => Sealed::Click { message: first, url: second },
            b'o' => Sealed::Open { message: first },
            b'v' => Sealed::View { message: first },
            b's' => Sealed::Survey { customer, message: first, survey: second },
            b'd' => Sealed::Confirm { customer, topic: first },
            b'w' => Sealed::Shown { message: first },
            _ => return None,
        })
    }
}

/// The keys of one store, and what is done with them.
pub struct Tokens {
    ring: RwLock<Ring>,
    /// The file of the keys; `None` for keys that live as long as the process.
    file: Option<PathBuf>,
}

impl Tokens {
    /// Reads the keys of a store's folder, or makes the first one. A file that is there and cannot be read is an error and stays as it is:
    /// links in mails that have left depend on it.
    pub fn open(folder: &Path, now: Instant) -> io::Result<Tokens> {
        let file = folder.join(keys::FILE);
        let ring = keys::read(&file)?.unwrap_or_default();
        let tokens = Tokens { ring: RwLock::new(ring), file: Some(file) };
        tokens.keep_fresh(now)?;
        Ok(tokens)
    }

    /// Keys that are nowhere on disk: for tests, and where nothing is to outlive the process.
    pub fn passing(now: Instant) -> io::Result<Tokens> {
        let tokens = Tokens { ring: RwLock::new(Ring::default()), file: None };
        tokens.keep_fresh(now)?;
        Ok(tokens)
    }

    /// Adds a key where the newest is older than [`ROTATE_MS`], and drops those replaced longer than [`KEEP_MS`] ago. Says whether anything
    /// changed; on disk before it is used. To be called daily.
    pub fn keep_fresh(&self, now: Instant) -> io::Result<bool> {
        let mut ring = self.ring.write().unwrap_or_else(PoisonError::into_inner);
        let Some(next) = ring.kept_fresh(now)? else { return Ok(false) };
        if let Some(file) = &self.file {
            keys::write(file, &next)?;
        }
        *ring = next;
        Ok(true)
    }

    /// `None` where a text is longer than [`TEXT_MAX`].
    pub fn seal(&self, content: &Sealed) -> Option<String> {
        let content = content.encode()?;
        let ring = self.ring.read().unwrap_or_else(PoisonError::into_inner);
        let key = ring.newest()?;
        let (seal, nonces) = derived(&key.root)?;
        let tag = hmac::sign(&nonces, &content);
        let nonce: [u8; NONCE_BYTES] = *tag.as_ref().first_chunk()?;
        let mut sealed = content;
        seal.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(aad(key.id)), &mut sealed).ok()?;
        let mut token = key.id.to_be_bytes().to_vec();
        token.extend(nonce);
        token.extend(sealed);
        Some(URL_SAFE_NO_PAD.encode(token))
    }

    /// `None` for everything that was not sealed here, or with a key that is no longer kept.
    pub fn unseal(&self, token: &str) -> Option<Sealed> {
        if token.len() > TOKEN_MAX {
            return None;
        }
        let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
        if bytes.len() < ID_BYTES + NONCE_BYTES + TAG_BYTES {
            return None;
        }
        let (id, rest) = bytes.split_first_chunk::<ID_BYTES>()?;
        let (nonce, sealed) = rest.split_first_chunk::<NONCE_BYTES>()?;
        let ring = self.ring.read().unwrap_or_else(PoisonError::into_inner);
        let key = ring.by_id(u32::from_be_bytes(*id))?;
        let (seal, _) = derived(&key.root)?;
        let mut sealed = sealed.to_vec();
        let content = seal.open_in_place(Nonce::assume_unique_for_key(*nonce), Aad::from(aad(key.id)), &mut sealed).ok()?;
        Sealed::decode(content)
    }
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tokens")
    }
}

/// The key that seals and the one that makes nonces, both from the one that is kept.
fn derived(root: &[u8; keys::ROOT_BYTES]) -> Option<(LessSafeKey, hmac::Key)> {
    let root = hmac::Key::new(hmac::HMAC_SHA256, root);
    let seal = hmac::sign(&root, b"seal");
    let nonces = hmac::sign(&root, b"nonce");
    let seal = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, seal.as_ref()).ok()?);
    Some((seal, hmac::Key::new(hmac::HMAC_SHA256, nonces.as_ref())))
}

fn aad(id: u32) -> Vec<u8> {
    [FORM, &id.to_be_bytes()].concat()
}
