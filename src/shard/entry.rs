//! What a store keeps of one customer: who she is, and her row.
//!
//! In: identifiers, an encoded row. Out: bytes, and back. **Invariant:** at least one byte long, so that nothing means "gone"; the row's bytes
//! stand as they are, so that nobody has to decode them to move an entry.

use crate::record::{DecodeError, Reader, Writer};

/// Identifiers of one customer.
pub const IDENTIFIERS_MAX: usize = 64;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry<'e> {
    /// Kind and value; the first is what she was first known by.
    pub identifiers: Vec<(u8, &'e str)>,
    /// Encoded.
    pub row: &'e [u8],
}

impl<'e> Entry<'e> {
    pub fn read(bytes: &'e [u8]) -> Result<Entry<'e>, DecodeError> {
        let mut from = Reader::new(bytes);
        let count = from.varint()?;
        let mut identifiers = Vec::with_capacity(count.min(IDENTIFIERS_MAX as u64) as usize);
        for _ in 0..count {
            let kind = from.byte()?;
            identifiers.push((kind, from.text()?));
        }
        let row = from.raw(from.remaining())?;
        Ok(Entry { identifiers, row })
    }

    pub fn to_bytes(&self) -> Vec<u8> {
        let identifiers: usize = self.identifiers.iter().map(|(_, value)| value.len() + 4).sum();
        let mut out = Writer::onto(Vec::with_capacity(identifiers + self.row.len() + 2));
        out.varint(self.identifiers.len() as u64);
        for (kind, value) in &self.identifiers {
            out.byte(*kind);
            out.text(value);
        }
        let mut bytes = out.into_bytes();
        bytes.extend_from_slice(self.row);
        bytes
    }
}
