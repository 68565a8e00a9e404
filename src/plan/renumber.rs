//! The same thing under other numbers: every id in it is exchanged, by its kind.
//!
//! In: any part of a plan, and for each id another one. Out: that part again. **Invariant:** nothing else changes; what a plan can be written
//! as is what is looked at, so an id that is added to a plan anywhere is exchanged as well. Knows no plan's content.

use serde::de::DeserializeOwned;
use serde::ser::{self, Serialize, Serializer};

/// For an id of a kind (`FieldId`), the new one.
pub type Map<'m> = &'m dyn Fn(&'static str, u16) -> u16;

/// The kinds of ids that are a journey's own.
const OWN: [&str; 3] = ["StepIx", "SendId", "LocalId"];
/// The kinds of ids that are a plan's.
const KINDS: [&str; 17] = [
    "FieldId",
    "EventId",
    "TopicId",
    "ChannelId",
    "TeamId",
    "ListId",
    "AudienceId",
    "StageId",
    "HookId",
    "PoolId",
    "ScoreId",
    "SegmentId",
    "CatalogId",
    "RouteId",
    "MessageId",
    "JourneyId",
    "TrackerId",
];

/// Exchanges every id but those that are a journey's own. Fails only for what cannot be written as JSON and read again, which no plan contains.
pub fn renumber<T: Serialize + DeserializeOwned>(thing: &T, map: Map<'_>) -> Result<T, serde_json::Error> {
    renumber_all(thing, &|kind, id| if OWN.contains(&kind) { id } else { map(kind, id) })
}

/// Exchanges every id, also of steps, sends and locals. Fails as [`renumber`].
pub fn renumber_all<T: Serialize + DeserializeOwned>(thing: &T, map: Map<'_>) -> Result<T, serde_json::Error> {
    let written = With { thing, map }.serialize(serde_json::value::Serializer)?;
    serde_json::from_value(written)
}

/// A part that is written with its ids exchanged.
struct With<'m, T: ?Sized> {
    thing: &'m T,
    map: Map<'m>,
}

impl<T: Serialize + ?Sized> Serialize for With<'_, T> {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        self.thing.serialize(Exchange { out, map: self.map })
    }
}

/// A serializer that looks for ids and hands everything else on.
struct Exchange<'m, S> {
    out: S,
    map: Map<'m>,
}

/// Hands plain values on as they are.
macro_rules! plain {
    ($($name:ident($type:ty))*) => {$(
        fn $name(self, value: $type) -> Result<S::Ok, S::Error> {
            self.out.$name(value)
        }
    )*};
}

/// Begins something that has parts.
macro_rules! compound {
    ($($name:ident($($arg:ident: $type:ty),*) -> $kind:ident)*) => {$(
        fn $name(self, $($arg: $type),*) -> Result<Exchange<'m, S::$kind>, S::Error> {
            Ok(Exchange { out: self.out.$name($($arg),*)?, map: self.map })
        }
    )*};
}

impl<'m, S: Serializer> Serializer for Exchange<'m, S> {
    type Ok = S::Ok;
    type Error = S::Error;
    type SerializeSeq = Exchange<'m, S::SerializeSeq>;
    type SerializeTuple = Exchange<'m, S::SerializeTuple>;
    type SerializeTupleStruct = Exchange<'m, S::SerializeTupleStruct>;
    type SerializeTupleVariant = Exchange<'m, S::SerializeTupleVariant>;
    type SerializeMap = Exchange<'m, S::SerializeMap>;
    type SerializeStruct = Exchange<'m, S::SerializeStruct>;
    type SerializeStructVariant = Exchange<'m, S::SerializeStructVariant>;

    plain! {
        serialize_bool(bool) serialize_i8(i8) serialize_i16(i16) serialize_i32(i32) serialize_i64(i64) serialize_i128(i128)
        serialize_u8(u8) serialize_u16(u16) serialize_u32(u32) serialize_u64(u64) serialize_u128(u128)
        serialize_f32(f32) serialize_f64(f64) serialize_char(char) serialize_str(&str) serialize_bytes(&[u8]) serialize_unit_struct(&'static str)
    }

    fn serialize_none(self) -> Result<S::Ok, S::Error> {
        self.out.serialize_none()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<S::Ok, S::Error> {
        self.out.serialize_some(&With { thing: value, map: self.map })
    }

    fn serialize_unit(self) -> Result<S::Ok, S::Error> {
        self.out.serialize_unit()
    }

    fn serialize_unit_variant(self, name: &'static str, index: u32, variant: &'static str) -> Result<S::Ok, S::Error> {
        self.out.serialize_unit_variant(name, index, variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, name: &'static str, value: &T) -> Result<S::Ok, S::Error> {
        if KINDS.contains(&name) || OWN.contains(&name) {
            let id = serde_json::to_value(value).ok().and_then(|id| id.as_u64()).and_then(|id| u16::try_from(id).ok());
            let id = id.ok_or_else(|| ser::Error::custom("an id that is no number"))?;
            return self.out.serialize_newtype_struct(name, &(self.map)(name, id));
        }
        self.out.serialize_newtype_struct(name, &With { thing: value, map: self.map })
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<S::Ok, S::Error> {
        self.out.serialize_newtype_variant(name, index, variant, &With { thing: value, map: self.map })
    }

    compound! {
        serialize_seq(len: Option<usize>) -> SerializeSeq
        serialize_tuple(len: usize) -> SerializeTuple
        serialize_tuple_struct(name: &'static str, len: usize) -> SerializeTupleStruct
        serialize_tuple_variant(name: &'static str, index: u32, variant: &'static str, len: usize) -> SerializeTupleVariant
        serialize_map(len: Option<usize>) -> SerializeMap
        serialize_struct(name: &'static str, len: usize) -> SerializeStruct
        serialize_struct_variant(name: &'static str, index: u32, variant: &'static str, len: usize) -> SerializeStructVariant
    }

    fn is_human_readable(&self) -> bool {
        self.out.is_human_readable()
    }
}

/// Parts in a row.
macro_rules! elements {
    ($($trait:ident $method:ident)*) => {$(
        impl<S: ser::$trait> ser::$trait for Exchange<'_, S> {
            type Ok = S::Ok;
            type Error = S::Error;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), S::Error> {
                self.out.$method(&With { thing: value, map: self.map })
            }

            fn end(self) -> Result<S::Ok, S::Error> {
                self.out.end()
            }
        }
    )*};
}

elements! {
    SerializeSeq serialize_element
    SerializeTuple serialize_element
    SerializeTupleStruct serialize_field
    SerializeTupleVariant serialize_field
}

/// Parts with names.
macro_rules! fields {
    ($($trait:ident)*) => {$(
        impl<S: ser::$trait> ser::$trait for Exchange<'_, S> {
            type Ok = S::Ok;
            type Error = S::Error;

            fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<(), S::Error> {
                self.out.serialize_field(key, &With { thing: value, map: self.map })
            }

            fn end(self) -> Result<S::Ok, S::Error> {
                self.out.end()
            }
        }
    )*};
}

fields! { SerializeStruct SerializeStructVariant }

impl<S: ser::SerializeMap> ser::SerializeMap for Exchange<'_, S> {
    type Ok = S::Ok;
    type Error = S::Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), S::Error> {
        self.out.serialize_key(key)
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), S::Error> {
        self.out.serialize_value(&With { thing: value, map: self.map })
    }

    fn end(self) -> Result<S::Ok, S::Error> {
        self.out.end()
    }
}
