//! The types of the language.

mod record;

pub use record::{Outside, Record};

use super::Text;
use std::sync::Arc;

/// An ISO 4217 code: three capital letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub struct Currency(pub [u8; 3]);

impl Currency {
    pub fn parse(code: &str) -> Option<Currency> {
        match code.as_bytes() {
            [a, b, c] if [a, b, c].iter().all(|byte| byte.is_ascii_uppercase()) => Some(Currency([*a, *b, *c])),
            _ => None,
        }
    }

    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("???")
    }
}

/// A type. `Optional` is only ever outermost, or inside a field of a record.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub enum Type {
    Text,
    Number,
    Boolean,
    Money(Currency),
    Date,
    /// A clock time.
    Time,
    DateTime,
    Duration,
    Email,
    Phone,
    Url,
    Country,
    Language,
    Timezone,
    Customer,
    /// One of the listed texts.
    OneOf(Arc<[Text]>),
    List(Arc<Type>),
    /// Named fields, in order.
    Record(Record),
    /// An event by name: its properties can be read.
    Event(Text),
    /// An item of a catalog, by the catalog's name: held as the item's key, read at each use.
    Catalog(Text),
    Optional(Arc<Type>),
    /// A type that could not be found out because of a mistake that is already reported: fits everything, silently.
    Error,
}

impl Type {
    pub fn optional(self) -> Type {
        match self {
            Type::Optional(_) | Type::Error => self,
            other => Type::Optional(Arc::new(other)),
        }
    }

    pub fn is_optional(&self) -> bool {
        matches!(self, Type::Optional(_))
    }

    /// Without the `?`.
    pub fn required(&self) -> &Type {
        match self {
            Type::Optional(inner) => inner,
            other => other,
        }
    }

    /// Held as text at run time.
    pub fn is_textual(&self) -> bool {
        matches!(
            self.required(),
            Type::Text | Type::Email | Type::Phone | Type::Url | Type::Country | Type::Language | Type::Timezone | Type::OneOf(_)
        )
    }
}

impl std::fmt::Display for Type {
    /// As people write it.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Type::Text => f.write_str("text"),
            Type::Number => f.write_str("number"),
            Type::Boolean => f.write_str("boolean"),
            Type::Money(currency) => write!(f, "money {}", currency.code()),
            Type::Date => f.write_str("date"),
            Type::Time => f.write_str("time"),
            Type::DateTime => f.write_str("datetime"),
            Type::Duration => f.write_str("duration"),
            Type::Email => f.write_str("email"),
            Type::Phone => f.write_str("phone"),
            Type::Url => f.write_str("url"),
            Type::Country => f.write_str("country"),
            Type::Language => f.write_str("language"),
            Type::Timezone => f.write_str("timezone"),
            Type::Customer => f.write_str("customer"),
            Type::OneOf(texts) => {
                f.write_str("one of ")?;
                for (at, text) in texts.iter().enumerate() {
                    write!(f, "{}\"{text}\"", if at > 0 { ", " } else { "" })?;
                }
                Ok(())
            }
            Type::List(inner) => write!(f, "list of {inner}"),
            Type::Record(fields) => {
                f.write_str("{ ")?;
                for (at, (name, field)) in fields.iter().enumerate() {
                    write!(f, "{}{name} {field}", if at > 0 { ", " } else { "" })?;
                }
                f.write_str(" }")
            }
            Type::Event(name) => write!(f, "event {name}"),
            Type::Catalog(name) => f.write_str(name),
            Type::Optional(inner) => write!(f, "{inner}?"),
            Type::Error => f.write_str("unknown"),
        }
    }
}
