//! Reading: bytes as single values.
//!
//! In: bytes, from anywhere. Out: values, or a [`DecodeError`] with its place. **Invariant:** never reads past its bytes, never panics, and
//! allocates at most what the bytes can fill. Knows no rows.

use super::*;
use crate::calendar::{Instant, Span, Zone, date_of_days, days_of_date};
use crate::value::{Decimal, Text, Value};
use chrono::{NaiveDate, NaiveTime};

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
    /// What is wrong here.
    pub fn fault(&self, fault: Fault) -> DecodeError {
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
        let mut things = Vec::new();
        self.refill(&mut things, &mut read)?;
        Ok(things)
    }

    /// The same into a list that is there: what was in it goes, its memory is used.
    pub fn refill<T>(
        &mut self,
        things: &mut Vec<T>,
        mut read: impl FnMut(&mut Reader<'a>) -> Result<T, DecodeError>,
    ) -> Result<(), DecodeError> {
        let count = self.count()?;
        things.clear();
        // A thing may be far larger in memory than in bytes: what is only claimed is not allocated at once.
        things.reserve(count.min(1024));
        for _ in 0..count {
            things.push(read(self)?);
        }
        Ok(())
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
