//! What arrives, in one shape whatever protocol it came by.
//!
//! In: what a protocol said. Out: an [`Arrival`]. **Invariant:** still in the sender's words: names of events and properties are as on the
//! wire, nothing is resolved, and JSON is at most 32 deep. Who it is about and what it means is found out by the core.

use crate::calendar::Instant;
use serde_json::{Map, Value};

/// One item.
#[derive(Debug, Clone, PartialEq)]
pub struct Arrival {
    /// Who it is about; at least one. Several are one person, the most certain first.
    pub who: Vec<Identifier>,
    /// Where it came from (the name of the key or of the file): with `id` what makes it count once.
    pub source: String,
    /// The sender's id of the item; `None` where it has none (then nothing is promised about repetitions).
    pub id: Option<String>,
    /// When it happened, corrected for the sender's clock; the arrival where nothing is said.
    pub at: Option<Instant>,
    pub what: What,
}

/// How somebody is known.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Identifier {
    pub kind: IdentifierKind,
    /// Not empty, at most 256 bytes, and not one of the words that broken clients send (`null`, `undefined`, `[object Object]`, …).
    pub value: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum IdentifierKind {
    /// The company's own id of a customer: `customer.id`.
    User,
    /// Of a browser or an app before somebody signs in.
    Anonymous,
    /// An address that identifies (Customer.io); in lower case.
    Email,
}

#[derive(Debug, Clone, PartialEq)]
pub enum What {
    /// Something happened; by its name on the wire.
    Event {
        name: String,
        properties: Map<String, Value>,
    },
    /// What holds of her from that time on.
    Attributes(Map<String, Value>),
    /// The identifiers of `who` and this one are the same person.
    SameAs(Identifier),
    /// An address for pushes.
    Device {
        token: String,
        there: bool,
    },
    Consent {
        topic: String,
        subscribed: bool,
    },
    /// Nothing on any channel (or on one) any more; or again.
    Suppress {
        channel: Option<String>,
        suppressed: bool,
    },
    /// On a list, or not any more.
    List {
        list: String,
        on: bool,
    },
    /// `enter when requested`, with the journey's parameters by name.
    Request {
        journey: String,
        arguments: Map<String, Value>,
    },
    /// Forget her.
    Erase,
}
