//! The smallest pieces of everything durable: numbers, texts, values, sections.
//!
//! In: single values, or bytes. Out: bytes, or single values with [`DecodeError`]s. **Invariant:** every value has one encoding, the shortest; a
//! reader never reads past its bytes, never panics, and allocates at most what the bytes can fill. Knows no rows.
//!
//! Whole numbers are LEB128, signed ones zigzag before it. A section is `id, version, length, body`.

use crate::calendar::{Instant, Span, Zone, date_of_days, days_of_date};
use crate::value::{Decimal, Text, Value};
use chrono::{NaiveDate, NaiveTime, Timelike};

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

/// Collects bytes.
#[derive(Debug, Clone, Default)]
pub struct Writer {
    bytes: Vec<u8>,
}

impl Writer {
    /// Writes on behind what `bytes` hold; for a buffer that is used again.
    pub fn onto(bytes: Vec<u8>) -> Writer {
        Writer { bytes }
    }

    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Forgets what was written and keeps the memory.
    pub fn clear(&mut self) {
        self.bytes.clear();
    }

    #[inline]
    pub fn byte(&mut self, byte: u8) {
        self.bytes.push(byte);
    }

    #[inline]
    pub fn boolean(&mut self, truth: bool) {
        self.bytes.push(u8::from(truth));
    }

    #[inline]
    pub fn varint(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.bytes.push(number as u8 | 0x80);
            number >>= 7;
        }
        self.bytes.push(number as u8);
    }

    #[inline]
    pub fn zigzag(&mut self, number: i64) {
        self.varint(((number << 1) ^ (number >> 63)) as u64);
    }

    /// Always eight bytes, little-endian: for hashes, where a varint would only be longer.
    #[inline]
    pub fn fixed(&mut self, number: u64) {
        self.bytes.extend_from_slice(&number.to_le_bytes());
    }

    /// As they are, without a length.
    #[inline]
    pub fn raw(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    #[inline]
    pub fn bytes(&mut self, bytes: &[u8]) {
        self.varint(bytes.len() as u64);
        self.raw(bytes);
    }

    #[inline]
    pub fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    pub fn decimal(&mut self, number: Decimal) {
        let digits = number.mantissa().unsigned_abs();
        let sign = if number.mantissa() < 0 { NEGATIVE } else { 0 };
        let head = number.scale() as u8 | sign;
        match u64::try_from(digits) {
            Ok(digits) => {
                self.byte(head);
                self.varint(digits);
            }
            Err(_) => {
                self.byte(head | WIDE);
                self.raw(&digits.to_le_bytes()[..DECIMAL_BITS as usize / 8]);
            }
        }
    }

    pub fn date(&mut self, date: NaiveDate) {
        self.zigzag(days_of_date(date));
    }

    pub fn time(&mut self, time: NaiveTime) {
        let fraction = time.nanosecond();
        self.varint(u64::from(time.num_seconds_from_midnight()) << 1 | u64::from(fraction != 0));
        if fraction != 0 {
            self.varint(u64::from(fraction));
        }
    }

    pub fn span(&mut self, span: Span) {
        self.byte(u8::from(span.months != 0) | u8::from(span.days != 0) << 1 | u8::from(span.ms != 0) << 2);
        for part in [i64::from(span.months), i64::from(span.days), span.ms] {
            if part != 0 {
                self.zigzag(part);
            }
        }
    }

    #[inline]
    pub fn instant(&mut self, instant: Instant) {
        self.zigzag(instant.0);
    }

    /// By its distance from `base`, which the reader must be given again.
    #[inline]
    pub fn instant_from(&mut self, base: Instant, instant: Instant) {
        self.zigzag(instant.0.wrapping_sub(base.0));
    }

    /// By its name: numbers of zones change with the database.
    pub fn zone(&mut self, zone: Zone) {
        self.text(zone.name());
    }

    pub fn value(&mut self, value: &Value) {
        match value {
            Value::Missing => self.byte(MISSING),
            Value::Boolean(false) => self.byte(FALSE),
            Value::Boolean(true) => self.byte(TRUE),
            Value::Number(number) => match u8::try_from(number.mantissa()) {
                Ok(small) if small < SHORT_TEXT - SMALL_NUMBER && number.scale() == 0 => self.byte(SMALL_NUMBER | small),
                _ => {
                    self.byte(NUMBER);
                    self.decimal(*number);
                }
            },
            Value::Text(text) => {
                if text.len() < usize::from(SHORT_TEXT) {
                    self.byte(SHORT_TEXT | text.len() as u8);
                    self.raw(text.as_bytes());
                } else {
                    self.byte(TEXT);
                    self.text(text);
                }
            }
            Value::Date(date) => {
                self.byte(DATE);
                self.date(*date);
            }
            Value::Time(time) => {
                self.byte(TIME);
                self.time(*time);
            }
            Value::Instant(instant) => {
                self.byte(INSTANT);
                self.instant(*instant);
            }
            Value::Duration(span) => {
                self.byte(DURATION);
                self.span(*span);
            }
            Value::List(items) => {
                self.byte(LIST);
                self.slice(items, Writer::value);
            }
            Value::Record(items) => {
                self.byte(RECORD);
                self.slice(items, Writer::value);
            }
        }
    }

    #[inline]
    pub fn option<T>(&mut self, thing: Option<T>, write: impl FnOnce(&mut Writer, T)) {
        self.boolean(thing.is_some());
        if let Some(thing) = thing {
            write(self, thing);
        }
    }

    /// Their number and then each, which must write at least one byte.
    #[inline]
    pub fn slice<T>(&mut self, things: &[T], mut write: impl FnMut(&mut Writer, &T)) {
        self.varint(things.len() as u64);
        for thing in things {
            write(self, thing);
        }
    }

    /// A section: whoever does not know it can pass over it.
    pub fn section(&mut self, id: u8, version: u8, write: impl FnOnce(&mut Writer)) {
        self.byte(id);
        self.byte(version);
        let begin = self.bytes.len();
        // Nearly every section is shorter than 128 bytes; a longer one is moved by the byte or two that its length needs more.
        self.byte(0);
        write(self);
        let length = self.bytes.len() - begin - 1;
        if length < 0x80 {
            self.bytes[begin] = length as u8;
        } else {
            let mut head = Writer::default();
            head.varint(length as u64);
            self.bytes.splice(begin..=begin, head.bytes);
        }
    }
}

/// Takes bytes apart.
#[derive(Debug, Clone)]
pub struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    /// Where `bytes` begin, in what the outermost reader was given.
    base: usize,
}

/// A section as it stands.
#[derive(Debug, Clone)]
pub struct Section<'a> {
    pub id: u8,
    pub version: u8,
    pub body: Reader<'a>,
}

impl Section<'_> {
    /// Refuses a version that is newer than `known`: it may say things that would be lost.
    pub fn require(&self, known: u8) -> Result<(), DecodeError> {
        if self.version <= known {
            return Ok(());
        }
        Err(DecodeError { at: self.body.base, fault: Fault::Newer { section: self.id, version: self.version, known } })
    }
}

impl<'a> Reader<'a> {
    pub fn new(bytes: &'a [u8]) -> Reader<'a> {
        Reader { bytes, at: 0, base: 0 }
    }

    pub fn remaining(&self) -> usize {
        self.bytes.len() - self.at
    }

    pub fn is_at_end(&self) -> bool {
        self.at == self.bytes.len()
    }

    /// Nothing may be left.
    pub fn finish(&self) -> Result<(), DecodeError> {
        if self.is_at_end() { Ok(()) } else { Err(self.fault(Fault::Long)) }
    }

    #[cold]
    fn fault(&self, fault: Fault) -> DecodeError {
        DecodeError { at: self.base + self.at, fault }
    }

    #[inline]
    pub fn byte(&mut self) -> Result<u8, DecodeError> {
        match self.bytes.get(self.at) {
            Some(byte) => {
                self.at += 1;
                Ok(*byte)
            }
            None => Err(self.fault(Fault::Short)),
        }
    }

    #[inline]
    pub fn boolean(&mut self) -> Result<bool, DecodeError> {
        match self.byte()? {
            0 => Ok(false),
            1 => Ok(true),
            other => Err(self.fault(Fault::Kind(other))),
        }
    }

    #[inline]
    pub fn varint(&mut self) -> Result<u64, DecodeError> {
        let first = self.byte()?;
        if first < 0x80 {
            return Ok(u64::from(first));
        }
        let mut number = u64::from(first & 0x7f);
        for shift in (7..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                let fits = shift < 63 || byte <= 1;
                return match (fits, byte) {
                    (false, _) => Err(self.fault(Fault::Range)),
                    (_, 0) => Err(self.fault(Fault::Overlong)),
                    _ => Ok(number),
                };
            }
        }
        Err(self.fault(Fault::Range))
    }

    #[inline]
    pub fn zigzag(&mut self) -> Result<i64, DecodeError> {
        let number = self.varint()?;
        Ok((number >> 1) as i64 ^ -((number & 1) as i64))
    }

    /// A varint of a narrower type.
    #[inline]
    pub fn narrow<T: TryFrom<u64>>(&mut self) -> Result<T, DecodeError> {
        let number = self.varint()?;
        T::try_from(number).map_err(|_| self.fault(Fault::Range))
    }

    /// A zigzag of a narrower type.
    #[inline]
    pub fn narrow_signed<T: TryFrom<i64>>(&mut self) -> Result<T, DecodeError> {
        let number = self.zigzag()?;
        T::try_from(number).map_err(|_| self.fault(Fault::Range))
    }

    #[inline]
    pub fn fixed(&mut self) -> Result<u64, DecodeError> {
        let bytes = self.raw(8)?;
        <[u8; 8]>::try_from(bytes).map(u64::from_le_bytes).map_err(|_| self.fault(Fault::Short))
    }

    #[inline]
    pub fn raw(&mut self, length: usize) -> Result<&'a [u8], DecodeError> {
        match self.bytes[self.at..].get(..length) {
            Some(bytes) => {
                self.at += length;
                Ok(bytes)
            }
            None => Err(self.fault(Fault::Short)),
        }
    }

    #[inline]
    pub fn bytes(&mut self) -> Result<&'a [u8], DecodeError> {
        let length = self.narrow()?;
        self.raw(length)
    }

    #[inline]
    pub fn text(&mut self) -> Result<&'a str, DecodeError> {
        let bytes = self.bytes()?;
        std::str::from_utf8(bytes).map_err(|_| self.fault(Fault::Utf8))
    }

    pub fn decimal(&mut self) -> Result<Decimal, DecodeError> {
        let head = self.byte()?;
        if head & !(SCALE | NEGATIVE | WIDE) != 0 {
            return Err(self.fault(Fault::Kind(head)));
        }
        let (low, high) = if head & WIDE == 0 {
            (self.varint()?, 0)
        } else {
            let low = self.fixed()?;
            let high = self.raw(4)?.iter().rev().fold(0, |high, byte| high << 8 | u32::from(*byte));
            if high == 0 {
                return Err(self.fault(Fault::Overlong));
            }
            (low, high)
        };
        let (negative, scale) = (head & NEGATIVE != 0, u32::from(head & SCALE));
        if negative && low == 0 && high == 0 {
            return Err(self.fault(Fault::Overlong));
        }
        if scale > Decimal::MAX_SCALE {
            return Err(self.fault(Fault::Range));
        }
        Ok(Decimal::from_parts(low as u32, (low >> 32) as u32, high, negative, scale))
    }

    pub fn date(&mut self) -> Result<NaiveDate, DecodeError> {
        let days = self.zigzag()?;
        let date = date_of_days(days);
        if days_of_date(date) == days { Ok(date) } else { Err(self.fault(Fault::Range)) }
    }

    pub fn time(&mut self) -> Result<NaiveTime, DecodeError> {
        let head: u32 = self.narrow()?;
        let fraction = if head & 1 == 0 { 0 } else { self.narrow()? };
        if head & 1 == 1 && fraction == 0 {
            return Err(self.fault(Fault::Overlong));
        }
        NaiveTime::from_num_seconds_from_midnight_opt(head >> 1, fraction).ok_or_else(|| self.fault(Fault::Range))
    }

    pub fn span(&mut self) -> Result<Span, DecodeError> {
        let parts = self.byte()?;
        if parts > 7 {
            return Err(self.fault(Fault::Kind(parts)));
        }
        let mut span = Span::default();
        if parts & 1 != 0 {
            span.months = self.narrow_signed()?;
        }
        if parts & 2 != 0 {
            span.days = self.narrow_signed()?;
        }
        if parts & 4 != 0 {
            span.ms = self.zigzag()?;
        }
        Ok(span)
    }

    #[inline]
    pub fn instant(&mut self) -> Result<Instant, DecodeError> {
        self.zigzag().map(Instant)
    }

    /// As [`Writer::instant_from`] wrote it, with the same base.
    #[inline]
    pub fn instant_from(&mut self, base: Instant) -> Result<Instant, DecodeError> {
        self.zigzag().map(|distance| Instant(base.0.wrapping_add(distance)))
    }

    pub fn zone(&mut self) -> Result<Zone, DecodeError> {
        let name = self.text()?;
        Zone::parse(name).ok_or_else(|| self.fault(Fault::Zone))
    }

    pub fn value(&mut self) -> Result<Value, DecodeError> {
        self.value_at(0)
    }

    fn value_at(&mut self, depth: u32) -> Result<Value, DecodeError> {
        if depth > DEPTH_MAX {
            return Err(self.fault(Fault::Deep));
        }
        Ok(match self.byte()? {
            MISSING => Value::Missing,
            FALSE => Value::Boolean(false),
            TRUE => Value::Boolean(true),
            NUMBER => Value::Number(self.decimal()?),
            TEXT => Value::Text(Text::new(self.text()?)),
            DATE => Value::Date(self.date()?),
            TIME => Value::Time(self.time()?),
            INSTANT => Value::Instant(self.instant()?),
            DURATION => Value::Duration(self.span()?),
            LIST => Value::List(self.list(|from| from.value_at(depth + 1))?.into()),
            RECORD => Value::Record(self.list(|from| from.value_at(depth + 1))?.into()),
            head @ SHORT_TEXT.. => {
                let bytes = self.raw(usize::from(head & !SHORT_TEXT))?;
                Value::Text(Text::new(std::str::from_utf8(bytes).map_err(|_| self.fault(Fault::Utf8))?))
            }
            head @ SMALL_NUMBER.. => Value::Number(Decimal::from(head & !SMALL_NUMBER)),
            other => return Err(self.fault(Fault::Kind(other))),
        })
    }

    #[inline]
    pub fn option<T>(&mut self, read: impl FnOnce(&mut Reader<'a>) -> Result<T, DecodeError>) -> Result<Option<T>, DecodeError> {
        if self.boolean()? { read(self).map(Some) } else { Ok(None) }
    }

    /// How many things follow: never more than there are bytes.
    #[inline]
    pub fn count(&mut self) -> Result<usize, DecodeError> {
        let count: usize = self.narrow()?;
        if count <= self.remaining() { Ok(count) } else { Err(self.fault(Fault::Short)) }
    }

    #[inline]
    pub fn list<T>(&mut self, mut read: impl FnMut(&mut Reader<'a>) -> Result<T, DecodeError>) -> Result<Vec<T>, DecodeError> {
        let count = self.count()?;
        // A thing may be far larger in memory than in bytes: what is only claimed is not allocated at once.
        let mut things = Vec::with_capacity(count.min(1024));
        for _ in 0..count {
            things.push(read(self)?);
        }
        Ok(things)
    }

    /// The next section, or `None` at the end.
    pub fn section(&mut self) -> Result<Option<Section<'a>>, DecodeError> {
        if self.is_at_end() {
            return Ok(None);
        }
        let (id, version) = (self.byte()?, self.byte()?);
        let length = self.narrow()?;
        let base = self.base + self.at;
        let bytes = self.raw(length)?;
        Ok(Some(Section { id, version, body: Reader { bytes, at: 0, base } }))
    }
}
