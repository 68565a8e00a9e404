//! Writing: single values as bytes.
//!
//! In: values. Out: their bytes, in a buffer that can be used again. **Invariant:** every value has one encoding. Knows no rows.

use super::*;
use crate::calendar::{Instant, Span, Zone, days_of_date};
use crate::value::{Decimal, Value};
use chrono::{NaiveDate, NaiveTime, Timelike};

/// Collects bytes, or only counts them.
#[derive(Debug, Clone, Default)]
pub struct Writer {
    bytes: Vec<u8>,
    counts: bool,
    counted: usize,
}

impl Writer {
    /// Writes on behind what `bytes` hold; for a buffer that is used again.
    pub fn onto(bytes: Vec<u8>) -> Writer {
        Writer { bytes, ..Writer::default() }
    }

    /// Keeps nothing and knows only [how many bytes](Writer::len) there would be.
    pub fn counting() -> Writer {
        Writer { counts: true, ..Writer::default() }
    }

    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub fn len(&self) -> usize {
        self.bytes.len() + self.counted
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Forgets what was written and keeps the memory.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.counted = 0;
    }

    /// Forgets what was written behind a length.
    pub fn truncate(&mut self, length: usize) {
        self.bytes.truncate(length);
    }

    #[inline]
    pub fn byte(&mut self, byte: u8) {
        if self.counts {
            self.counted += 1;
        } else {
            self.bytes.push(byte);
        }
    }

    #[inline]
    pub fn boolean(&mut self, truth: bool) {
        self.byte(u8::from(truth));
    }

    #[inline]
    pub fn varint(&mut self, mut number: u64) {
        if self.counts {
            self.counted += varint_bytes(number);
            return;
        }
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
        self.raw(&number.to_le_bytes());
    }

    /// As they are, without a length.
    #[inline]
    pub fn raw(&mut self, bytes: &[u8]) {
        if self.counts {
            self.counted += bytes.len();
        } else {
            self.bytes.extend_from_slice(bytes);
        }
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
        let begin = self.len();
        if self.counts {
            write(self);
            self.counted += varint_bytes((self.counted - begin) as u64);
            return;
        }
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

/// Bytes of a varint: seven bits in each.
#[inline]
fn varint_bytes(number: u64) -> usize {
    ((70 - (number | 1).leading_zeros()) / 7) as usize
}
