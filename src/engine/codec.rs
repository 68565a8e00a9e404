//! The engine's words as bytes: what the log and the archive hold of inputs, records and effects.
//!
//! In: an input, a record, an effect, or bytes. Out: bytes, or the same thing. **Invariant:** what is decoded equals what was encoded;
//! garbage gives a [`DecodeError`], never a panic. A byte for a variant never changes its meaning: what a variant holds changes only with
//! a new byte, and what opens with a version is read in every old one and refused in a newer. Knows no row: that is `row::encode`.

mod effects;
mod inputs;
mod records;

use super::PlanId;
use crate::calendar::Instant;
use crate::record::{Decode, DecodeError, Encode, Fault, Reader, Writer};
use crate::schema::{
    AudienceId, CatalogId, ChannelId, EventId, FieldId, HookId, JourneyId, ListId, LocalId, MessageId, PoolId, SegmentId, SendId, StageId,
    StepIx, TopicId,
};

/// What stands on its own in the log or the archive opens with its version. The numbers stand for the sections of [`Fault::Newer`].
mod versioned {
    pub const INPUT: u8 = 64;
    pub const RECORD: u8 = 65;
    pub const DELIVERY: u8 = 66;
    pub const HOOK_CALL: u8 = 67;
    pub const CODE_DRAW: u8 = 68;
    pub const TOLD: u8 = 69;
}

/// The version that this binary writes of each.
const VERSION: u8 = 1;

fn open(out: &mut Writer) {
    out.byte(VERSION);
}

/// Reads the version of a thing; a newer one is refused.
fn require(from: &mut Reader<'_>, thing: u8) -> Result<u8, DecodeError> {
    match from.byte()? {
        0 => Err(kind(from, 0)),
        version @ 1..=VERSION => Ok(version),
        version => Err(DecodeError { fault: Fault::Newer { section: thing, version, known: VERSION }, ..kind(from, version) }),
    }
}

/// An instant that is often one of the ends of time.
pub(in crate::engine) fn when(out: &mut Writer, at: Instant) {
    when_from(out, Instant(0), at);
}

pub(in crate::engine) fn read_when(from: &mut Reader<'_>) -> Result<Instant, DecodeError> {
    read_when_from(from, Instant(0))
}

/// The same by its distance from another one, which is mostly near.
pub(in crate::engine) fn when_from(out: &mut Writer, base: Instant, at: Instant) {
    match at {
        Instant::NEVER => out.byte(0),
        Instant::FIRST => out.byte(1),
        other => {
            out.byte(2);
            out.instant_from(base, other);
        }
    }
}

pub(in crate::engine) fn read_when_from(from: &mut Reader<'_>, base: Instant) -> Result<Instant, DecodeError> {
    match from.byte()? {
        0 => Ok(Instant::NEVER),
        1 => Ok(Instant::FIRST),
        2 => from.instant_from(base),
        other => Err(kind(from, other)),
    }
}

/// Not a kind of thing that there is. Its place is that of the section's rest.
pub(in crate::engine) fn kind(from: &Reader<'_>, found: u8) -> DecodeError {
    // A reader knows its place only when it fails: let it fail on what is behind its end.
    let at = from.clone().raw(usize::MAX).err().map_or(0, |error| error.at);
    DecodeError { at, fault: Fault::Kind(found) }
}

macro_rules! ids {
    ($($id:ident)*) => {$(
        impl Encode for $id {
            fn encode(&self, out: &mut Writer) {
                self.0.encode(out);
            }
        }

        impl Decode for $id {
            fn decode(from: &mut Reader<'_>) -> Result<$id, DecodeError> {
                u16::decode(from).map($id)
            }
        }
    )*};
}

impl Encode for PlanId {
    fn encode(&self, out: &mut Writer) {
        out.fixed(self.0 as u64);
        out.fixed((self.0 >> 64) as u64);
    }
}

impl Decode for PlanId {
    fn decode(from: &mut Reader<'_>) -> Result<PlanId, DecodeError> {
        Ok(PlanId(u128::from(from.fixed()?) | (u128::from(from.fixed()?) << 64)))
    }
}

ids! {
    AudienceId CatalogId ListId StageId FieldId TopicId ChannelId EventId JourneyId SegmentId MessageId SendId StepIx LocalId HookId PoolId
}

/// Plain enumerations: a byte for each, which never changes its meaning.
macro_rules! words {
    ($($type:ident { $($byte:literal $word:ident)* })*) => {$(
        impl Encode for $type {
            fn encode(&self, out: &mut Writer) {
                out.byte(match self { $($type::$word => $byte,)* });
            }
        }

        impl Decode for $type {
            fn decode(from: &mut Reader<'_>) -> Result<$type, DecodeError> {
                match from.byte()? {
                    $($byte => Ok($type::$word),)*
                    other => Err(kind(from, other)),
                }
            }
        }
    )*};
}

/// Structures, field by field; `when` fields are often one of the ends of time, and counted from `base`.
macro_rules! fields {
    (@write $out:ident $base:ident $it:ident when $field:ident) => { $crate::engine::codec::when_from($out, $base, $it.$field) };
    (@write $out:ident $base:ident $it:ident is $field:ident) => { $it.$field.encode($out) };
    (@write $out:ident $base:ident $it:ident base $field:ident) => { $it.$field.encode($out); $base = $it.$field; };
    (@read $from:ident $base:ident when) => { $crate::engine::codec::read_when_from($from, $base)? };
    (@read $from:ident $base:ident is) => { Decode::decode($from)? };
    (@read $from:ident $base:ident base) => {{ let at = Instant::decode($from)?; $base = at; at }};
    ($($type:ident { $($how:ident $field:ident)* })*) => {$(
        impl Encode for $type {
            #[allow(unused)]
            fn encode(&self, out: &mut Writer) {
                let mut base = Instant(0);
                $(fields!(@write out base self $how $field);)*
            }
        }

        impl Decode for $type {
            #[allow(unused)]
            fn decode(from: &mut Reader<'_>) -> Result<$type, DecodeError> {
                let mut base = Instant(0);
                $(let $field = fields!(@read from base $how);)*
                Ok($type { $($field),* })
            }
        }
    )*};
}

/// Enumerations whose variants hold something: a byte for each, then what it holds, in this order.
macro_rules! variants {
    ($($type:ident { $($byte:literal $name:ident $(( $($item:ident),* ))? $({ $($field:ident),* })?;)* })*) => {$(
        impl Encode for $type {
            fn encode(&self, out: &mut Writer) {
                match self {$(
                    $type::$name $(( $($item),* ))? $({ $($field),* })? => {
                        out.byte($byte);
                        $($($item.encode(out);)*)?
                        $($($field.encode(out);)*)?
                    }
                )*}
            }
        }

        impl Decode for $type {
            fn decode(from: &mut Reader<'_>) -> Result<$type, DecodeError> {
                Ok(match from.byte()? {
                    $($byte => $type::$name $(( $({ let $item = Decode::decode(from)?; $item }),* ))? $({ $($field: Decode::decode(from)?),* })?,)*
                    other => return Err(kind(from, other)),
                })
            }
        }
    )*};
}

/// Structures that open with their version.
macro_rules! standing_alone {
    ($($type:ident $thing:ident { $($field:ident)* })*) => {$(
        impl Encode for $type {
            fn encode(&self, out: &mut Writer) {
                open(out);
                $(self.$field.encode(out);)*
            }
        }

        impl Decode for $type {
            fn decode(from: &mut Reader<'_>) -> Result<$type, DecodeError> {
                require(from, versioned::$thing)?;
                $(let $field = Decode::decode(from)?;)*
                Ok($type { $($field),* })
            }
        }
    )*};
}

pub(in crate::engine) use {fields, words};
use {standing_alone, variants};
