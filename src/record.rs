//! What is durable: how things become bytes and come back.
//!
//! In: rows, commits and their parts. Out: bytes, the same in log, snapshot, archive and cluster. **Invariant:** the same thing gives the same bytes
//! on every machine; garbage gives a [`DecodeError`] with its place, never a panic and never more memory than the bytes are long; every old
//! version of a section can be read, a newer one is refused. Knows neither files nor what the bytes mean.

pub mod codec;

pub use codec::{DecodeError, Fault, Reader, Section, Writer};

use crate::calendar::{Instant, Span, Zone};
use crate::value::{Decimal, Text, Value};
use chrono::{NaiveDate, NaiveTime};
use std::sync::Arc;

/// Becomes bytes. By hand, not by serde: a row is written and read about a million times a second.
pub trait Encode {
    fn encode(&self, out: &mut Writer);
}

/// Comes back from the bytes that [`Encode`] made, and at least one byte long (so that a count can be checked before anything is allocated).
pub trait Decode: Sized {
    fn decode(from: &mut Reader<'_>) -> Result<Self, DecodeError>;
}

/// The bytes of one thing.
pub fn to_bytes(thing: &impl Encode) -> Vec<u8> {
    let mut out = Writer::default();
    thing.encode(&mut out);
    out.into_bytes()
}

/// One thing, which the bytes hold to their end.
pub fn from_bytes<T: Decode>(bytes: &[u8]) -> Result<T, DecodeError> {
    let mut from = Reader::new(bytes);
    let thing = T::decode(&mut from)?;
    from.finish()?;
    Ok(thing)
}

/// For each type: how it is written, and how it is read.
macro_rules! coded {
    ($($type:ty: |$it:ident, $out:ident| $write:expr, |$from:ident| $read:expr;)*) => {$(
        impl Encode for $type {
            #[inline]
            fn encode(&self, $out: &mut Writer) {
                let $it = self;
                $write
            }
        }

        impl Decode for $type {
            #[inline]
            fn decode($from: &mut Reader<'_>) -> Result<$type, DecodeError> {
                $read
            }
        }
    )*};
}

coded! {
    bool: |it, out| out.boolean(*it), |from| from.boolean();
    u8: |it, out| out.byte(*it), |from| from.byte();
    u16: |it, out| out.varint(u64::from(*it)), |from| from.narrow();
    u32: |it, out| out.varint(u64::from(*it)), |from| from.narrow();
    u64: |it, out| out.varint(*it), |from| from.varint();
    i32: |it, out| out.zigzag(i64::from(*it)), |from| from.narrow_signed();
    i64: |it, out| out.zigzag(*it), |from| from.zigzag();
    Decimal: |it, out| out.decimal(*it), |from| from.decimal();
    NaiveDate: |it, out| out.date(*it), |from| from.date();
    NaiveTime: |it, out| out.time(*it), |from| from.time();
    Span: |it, out| out.span(*it), |from| from.span();
    Instant: |it, out| out.instant(*it), |from| from.instant();
    Zone: |it, out| out.zone(*it), |from| from.zone();
    Value: |it, out| out.value(it), |from| from.value();
    Text: |it, out| out.text(it), |from| from.text().map(Text::new);
    String: |it, out| out.text(it), |from| from.text().map(str::to_owned);
}

impl<T: Encode> Encode for Option<T> {
    fn encode(&self, out: &mut Writer) {
        out.option(self.as_ref(), |out, thing| thing.encode(out));
    }
}

impl<T: Decode> Decode for Option<T> {
    fn decode(from: &mut Reader<'_>) -> Result<Option<T>, DecodeError> {
        from.option(T::decode)
    }
}

impl<T: Encode> Encode for [T] {
    fn encode(&self, out: &mut Writer) {
        out.slice(self, |out, thing| thing.encode(out));
    }
}

impl<T: Encode> Encode for Vec<T> {
    fn encode(&self, out: &mut Writer) {
        self.as_slice().encode(out);
    }
}

impl<T: Decode> Decode for Vec<T> {
    fn decode(from: &mut Reader<'_>) -> Result<Vec<T>, DecodeError> {
        from.list(T::decode)
    }
}

impl<T: Encode> Encode for Arc<[T]> {
    fn encode(&self, out: &mut Writer) {
        self.as_ref().encode(out);
    }
}

impl<T: Decode> Decode for Arc<[T]> {
    fn decode(from: &mut Reader<'_>) -> Result<Arc<[T]>, DecodeError> {
        from.list(T::decode).map(Into::into)
    }
}

impl<T: Encode> Encode for Box<T> {
    fn encode(&self, out: &mut Writer) {
        self.as_ref().encode(out);
    }
}

impl<T: Decode> Decode for Box<T> {
    fn decode(from: &mut Reader<'_>) -> Result<Box<T>, DecodeError> {
        T::decode(from).map(Box::new)
    }
}

impl<A: Encode, B: Encode> Encode for (A, B) {
    fn encode(&self, out: &mut Writer) {
        self.0.encode(out);
        self.1.encode(out);
    }
}

impl<A: Decode, B: Decode> Decode for (A, B) {
    fn decode(from: &mut Reader<'_>) -> Result<(A, B), DecodeError> {
        Ok((A::decode(from)?, B::decode(from)?))
    }
}
