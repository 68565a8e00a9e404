//! The smallest pieces of everything durable: numbers, texts, values, sections.
//!
//! In: single values, or bytes. Out: bytes, or single values with [`DecodeError`]s. **Invariant:** every value has one encoding, the shortest; a
//! reader never reads past its bytes, never panics, and allocates at most what the bytes can fill. Knows no rows.
//!
//! Whole numbers are LEB128, signed ones zigzag before it. A section is `id, version, length, body`.

mod reader;
mod writer;

pub use reader::{Reader, Section};
pub use writer::Writer;

/// Lists and records in a value nest at most so deep; what is taken from outside nests less.
const DEPTH_MAX: u32 = 64;

// The first byte of a value. Small whole numbers and short texts are in it.
const MISSING: u8 = 0;
const FALSE: u8 = 1;
const TRUE: u8 = 2;
const NUMBER: u8 = 3;
const TEXT: u8 = 4;
const DATE: u8 = 5;
const TIME: u8 = 6;
const INSTANT: u8 = 7;
const DURATION: u8 = 8;
const LIST: u8 = 9;
const RECORD: u8 = 10;
/// From here to below [`SHORT_TEXT`]: the whole numbers 0 to 63.
const SMALL_NUMBER: u8 = 0x40;
/// From here on: a text of 0 to 127 bytes.
const SHORT_TEXT: u8 = 0x80;

// The first byte of a decimal: its scale, and these.
const SCALE: u8 = 0x1f;
const NEGATIVE: u8 = 0x20;
/// Twelve bytes follow, little-endian, instead of a varint: the digits need more than 64 bits.
const WIDE: u8 = 0x40;
/// The digits of a decimal fit into 96 bits.
const DECIMAL_BITS: u32 = 96;

/// Why bytes are not what they should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    #[error("the bytes end too early")]
    Short,
    #[error("bytes are left over")]
    Long,
    #[error("a number is out of its range")]
    Range,
    #[error("a number is not in its shortest form")]
    Overlong,
    #[error("a text is not UTF-8")]
    Utf8,
    #[error("kind {0} is not known")]
    Kind(u8),
    #[error("values nest too deep")]
    Deep,
    #[error("section {section} has version {version}, and only {known} is known: a newer Onward wrote it")]
    Newer { section: u8, version: u8, known: u8 },
    #[error("there is no such time zone")]
    Zone,
}

/// Where decoding failed, in bytes from the begin of what the outermost [`Reader`] was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("at byte {at}: {fault}")]
pub struct DecodeError {
    pub at: usize,
    pub fault: Fault,
}
