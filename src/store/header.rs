//! The first 64 bytes that every file of a store begins with.
//!
//! In: what kind of file it is, whose, and a few numbers. Out: checked bytes, and back. **Invariant:** magic, version and checksum keep
//! their places in every version, so that damage and a newer version are told apart for ever. It does not know what follows.

use super::error::StoreError;
use super::files::Named;

pub const LENGTH: usize = 64;

/// Which store a file belongs to: drawn when the store is created.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoreId(pub [u8; 16]);

impl std::fmt::Display for StoreId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// A kind of file and the newest version of it that is read.
#[derive(Debug, Clone, Copy)]
pub struct Kind {
    pub magic: [u8; 8],
    pub version: u32,
    pub name: &'static str,
}

/// Little-endian numbers whose meaning is the kind's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    pub version: u32,
    pub small: u32,
    pub store: StoreId,
    pub numbers: [u64; 3],
    pub check: u32,
}

impl Header {
    pub fn new(kind: Kind, store: StoreId) -> Header {
        Header { version: kind.version, small: 0, store, numbers: [0; 3], check: 0 }
    }

    pub fn encode(&self, kind: Kind) -> [u8; LENGTH] {
        let mut bytes = [0; LENGTH];
        bytes[..8].copy_from_slice(&kind.magic);
        bytes[8..12].copy_from_slice(&self.version.to_le_bytes());
        bytes[12..16].copy_from_slice(&self.small.to_le_bytes());
        bytes[16..32].copy_from_slice(&self.store.0);
        for (at, number) in self.numbers.iter().enumerate() {
            bytes[32 + 8 * at..40 + 8 * at].copy_from_slice(&number.to_le_bytes());
        }
        bytes[56..60].copy_from_slice(&self.check.to_le_bytes());
        let crc = crc32c::crc32c(&bytes[..60]);
        bytes[60..].copy_from_slice(&crc.to_le_bytes());
        bytes
    }

    /// What the bytes say, or what is wrong with them in words.
    pub fn decode(kind: Kind, bytes: &[u8]) -> Result<Header, String> {
        if bytes.len() < LENGTH {
            return Err(format!("a header of {LENGTH} bytes belongs here, there are {}", bytes.len()));
        }
        if crc32c::crc32c(&bytes[..60]) != u32_at(bytes, 60) {
            return Err("the checksum of the header is wrong".to_owned());
        }
        if bytes[..8] != kind.magic {
            return Err(format!("this is no {}", kind.name));
        }
        let mut store = [0; 16];
        store.copy_from_slice(&bytes[16..32]);
        Ok(Header {
            version: u32_at(bytes, 8),
            small: u32_at(bytes, 12),
            store: StoreId(store),
            numbers: [u64_at(bytes, 32), u64_at(bytes, 40), u64_at(bytes, 48)],
            check: u32_at(bytes, 56),
        })
    }

    /// The header of an open file, whose version is known and which belongs to `store` if one is named.
    pub fn read(kind: Kind, file: &Named, store: Option<StoreId>) -> Result<Header, StoreError> {
        let mut bytes = [0; LENGTH];
        let got = file.read_at(0, &mut bytes)?;
        let header = Header::decode(kind, &bytes[..got]).map_err(|found| file.damaged(0, found))?;
        header.known(kind, &file.place, store)?;
        Ok(header)
    }

    pub fn known(&self, kind: Kind, place: &str, store: Option<StoreId>) -> Result<(), StoreError> {
        if self.version > kind.version {
            return Err(StoreError::Newer { place: place.to_owned(), version: self.version, known: kind.version });
        }
        match store {
            Some(store) if store != self.store => Err(StoreError::Foreign {
                place: place.to_owned(),
                found: format!("it is a {} of store {}, this is store {store}", kind.name, self.store),
            }),
            _ => Ok(()),
        }
    }
}

/// The number at a place; zero-filled where the bytes end, which no checksum lets pass.
pub fn u32_at(bytes: &[u8], at: usize) -> u32 {
    let mut number = [0; 4];
    for (into, from) in number.iter_mut().zip(bytes.iter().skip(at)) {
        *into = *from;
    }
    u32::from_le_bytes(number)
}

/// As [`u32_at`].
pub fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from(u32_at(bytes, at)) | u64::from(u32_at(bytes, at + 4)) << 32
}
