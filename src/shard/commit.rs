//! What one batch of the log says: the changes of memory, and what led to them.
//!
//! In: changes. Out: bytes, the same in log and cluster, and back. **Invariant:** a [`Batch`] is all or nothing; its changes stand in the order in
//! which they were made; recovery applies them and never decides anything again. What a kind of change that is not a customer's says is
//! known to its own room only ([`Change::Other`]).

use crate::calendar::Instant;
use crate::engine::{CodeDraw, Delivery, HookCall, SendKey};
use crate::record::{Decode, DecodeError, Encode, Fault, Reader, Writer};
use crate::schema::AudienceId;
use crate::shard::Number;
use std::borrow::Cow;

/// The version of batches that this binary writes.
pub const VERSION: u8 = 1;

/// The head of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// Handling time of what it holds.
    pub at: Instant,
    /// Number of the world it was made under.
    pub world: u64,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Change<'c> {
    /// Somebody new, or her identifiers changed: the whole [`Entry`](super::entry::Entry).
    Entry {
        number: Number,
        bytes: &'c [u8],
    },
    /// Sections of a row, as [`delta`](crate::engine::row::delta) has them.
    Row {
        number: Number,
        delta: &'c [u8],
    },
    Gone {
        number: Number,
    },
    /// She went into somebody else; her parcels stay.
    Closed {
        number: Number,
    },
    Parcel {
        number: Number,
        parcel: Cow<'c, Parcel>,
    },
    Settled {
        number: Number,
        key: ParcelKey,
    },
    /// Nothing of hers is handled any more: an encoded [`Aside`](super::aside::Aside).
    Aside {
        number: Number,
        bytes: &'c [u8],
    },
    /// What came for her while she is set aside.
    Waiting {
        number: Number,
        bytes: &'c [u8],
    },
    /// She goes on.
    Back {
        number: Number,
    },
    /// For the archive: an encoded [`Input`](crate::engine::Input).
    Input {
        number: Number,
        bytes: &'c [u8],
    },
    /// For the archive: encoded [`Record`](crate::engine::Record)s.
    Records {
        number: Number,
        bytes: &'c [u8],
    },
    /// What is nobody's: kind, and what its room wrote.
    Other {
        kind: u8,
        bytes: &'c [u8],
    },
}

/// Something on its way out of the house, until it is settled.
#[derive(Debug, Clone, PartialEq)]
pub enum Parcel {
    Message(Delivery),
    Hook(HookCall),
    Code(CodeDraw),
    /// `number` makes it one of many.
    Audience {
        number: u32,
        audience: AudienceId,
        add: bool,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ParcelKey {
    Message(SendKey),
    /// A hook or a draw, by the number of the call.
    Call(u32),
    Audience(u32),
}

impl ParcelKey {
    /// Not above any other.
    pub const FIRST: ParcelKey =
        ParcelKey::Message(SendKey { run: 0, send: crate::schema::SendId(0), visit: 0, channel: crate::schema::ChannelId(0) });
}

impl Parcel {
    pub fn key(&self) -> ParcelKey {
        match self {
            Parcel::Message(delivery) => ParcelKey::Message(delivery.key),
            Parcel::Hook(call) => ParcelKey::Call(call.call),
            Parcel::Code(draw) => ParcelKey::Call(draw.call),
            Parcel::Audience { number, .. } => ParcelKey::Audience(*number),
        }
    }
}

impl Encode for Parcel {
    fn encode(&self, out: &mut Writer) {
        match self {
            Parcel::Message(delivery) => {
                out.byte(1);
                delivery.encode(out);
            }
            Parcel::Hook(call) => {
                out.byte(2);
                call.encode(out);
            }
            Parcel::Code(draw) => {
                out.byte(3);
                draw.encode(out);
            }
            Parcel::Audience { number, audience, add } => {
                out.byte(4);
                number.encode(out);
                out.varint(u64::from(audience.0));
                out.boolean(*add);
            }
        }
    }
}

impl Decode for Parcel {
    fn decode(from: &mut Reader<'_>) -> Result<Parcel, DecodeError> {
        Ok(match from.byte()? {
            1 => Parcel::Message(Delivery::decode(from)?),
            2 => Parcel::Hook(HookCall::decode(from)?),
            3 => Parcel::Code(CodeDraw::decode(from)?),
            4 => Parcel::Audience { number: from.narrow()?, audience: AudienceId(from.narrow()?), add: from.boolean()? },
            other => return Err(from.fault(Fault::Kind(other))),
        })
    }
}

impl Encode for ParcelKey {
    fn encode(&self, out: &mut Writer) {
        match self {
            ParcelKey::Message(key) => {
                out.byte(1);
                key.encode(out);
            }
            ParcelKey::Call(call) => {
                out.byte(2);
                call.encode(out);
            }
            ParcelKey::Audience(number) => {
                out.byte(3);
                number.encode(out);
            }
        }
    }
}

impl Decode for ParcelKey {
    fn decode(from: &mut Reader<'_>) -> Result<ParcelKey, DecodeError> {
        Ok(match from.byte()? {
            1 => ParcelKey::Message(SendKey::decode(from)?),
            2 => ParcelKey::Call(from.narrow()?),
            3 => ParcelKey::Audience(from.narrow()?),
            other => return Err(from.fault(Fault::Kind(other))),
        })
    }
}

impl Head {
    pub fn write(self, out: &mut Writer) {
        out.byte(VERSION);
        out.instant(self.at);
        out.varint(self.world);
    }
}

impl Change<'_> {
    pub fn write(&self, out: &mut Writer) {
        match self {
            Change::Entry { number, bytes } => of_customer(out, 1, *number, bytes),
            Change::Row { number, delta } => of_customer(out, 2, *number, delta),
            Change::Gone { number } => of_customer(out, 3, *number, &[]),
            Change::Closed { number } => of_customer(out, 9, *number, &[]),
            Change::Aside { number, bytes } => of_customer(out, 10, *number, bytes),
            Change::Waiting { number, bytes } => of_customer(out, 11, *number, bytes),
            Change::Back { number } => of_customer(out, 12, *number, &[]),
            Change::Parcel { number, parcel } => {
                out.byte(4);
                out.varint(number.0);
                parcel.encode(out);
            }
            Change::Settled { number, key } => {
                out.byte(5);
                out.varint(number.0);
                key.encode(out);
            }
            Change::Input { number, bytes } => of_customer(out, 6, *number, bytes),
            Change::Records { number, bytes } => of_customer(out, 7, *number, bytes),
            Change::Other { kind, bytes } => {
                out.byte(8);
                out.byte(*kind);
                out.bytes(bytes);
            }
        }
    }
}

fn of_customer(out: &mut Writer, tag: u8, number: Number, bytes: &[u8]) {
    out.byte(tag);
    out.varint(number.0);
    out.bytes(bytes);
}

/// A batch as it is read.
#[derive(Debug)]
pub struct Batch<'b> {
    pub head: Head,
    from: Reader<'b>,
}

impl<'b> Batch<'b> {
    pub fn read(bytes: &'b [u8]) -> Result<Batch<'b>, DecodeError> {
        let mut from = Reader::new(bytes);
        let version = from.byte()?;
        if version != VERSION {
            return Err(from.fault(Fault::Newer { section: 0, version, known: VERSION }));
        }
        let head = Head { at: from.instant()?, world: from.varint()? };
        Ok(Batch { head, from })
    }

    /// Bytes that are not read yet.
    pub fn remaining(&self) -> usize {
        self.from.remaining()
    }

    /// Changes without a head.
    pub fn of_changes(from: Reader<'b>) -> Batch<'b> {
        Batch { head: Head { at: Instant::FIRST, world: 0 }, from }
    }

    /// The next change; `None` at the end.
    pub fn read_next(&mut self) -> Result<Option<Change<'b>>, DecodeError> {
        let from = &mut self.from;
        if from.is_at_end() {
            return Ok(None);
        }
        let tag = from.byte()?;
        if tag == 8 {
            return Ok(Some(Change::Other { kind: from.byte()?, bytes: from.bytes()? }));
        }
        let number = Number(from.varint()?);
        Ok(Some(match tag {
            1 => Change::Entry { number, bytes: from.bytes()? },
            2 => Change::Row { number, delta: from.bytes()? },
            3 => {
                from.bytes()?;
                Change::Gone { number }
            }
            9 => {
                from.bytes()?;
                Change::Closed { number }
            }
            10 => Change::Aside { number, bytes: from.bytes()? },
            11 => Change::Waiting { number, bytes: from.bytes()? },
            12 => {
                from.bytes()?;
                Change::Back { number }
            }
            4 => Change::Parcel { number, parcel: Cow::Owned(Parcel::decode(from)?) },
            5 => Change::Settled { number, key: ParcelKey::decode(from)? },
            6 => Change::Input { number, bytes: from.bytes()? },
            7 => Change::Records { number, bytes: from.bytes()? },
            other => return Err(from.fault(Fault::Kind(other))),
        }))
    }
}
