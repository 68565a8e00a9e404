//! Catalogs as one customer's machine sees them: read-only, and as of an instant.
//!
//! In: a catalog, a key, an instant. Out: the item's fields as they are then, and when it changes next. **Invariant:** the same question
//! has the same answer, whoever asks and in whatever order; nothing of an item is ever copied into a row but its key. A world that does
//! not know what will change says so ([`Instant::NEVER`]) and wakes those whom a change concerns.

use crate::calendar::Instant;
use crate::schema::CatalogId;
use crate::value::{Text, Value};

pub trait Catalogs {
    /// The fields of an item as of an instant, by position; `None` where there is no such item then.
    fn item(&self, catalog: CatalogId, key: &str, at: Instant) -> Option<&[Value]>;
    /// The first instant behind `after` at which this item comes, changes or goes.
    fn next_change(&self, catalog: CatalogId, key: &str, after: Instant) -> Instant;
    /// Every item as of an instant, by key, until `go_on` says no.
    fn each(&self, catalog: CatalogId, at: Instant, go_on: &mut dyn FnMut(&Text, &[Value]) -> bool);
    /// The first instant behind `after` at which anything of the catalog changes.
    fn next_change_of_any(&self, catalog: CatalogId, after: Instant) -> Instant;
}

/// No items at all.
#[derive(Debug, Clone, Copy, Default)]
pub struct Empty;

impl Catalogs for Empty {
    fn item(&self, _: CatalogId, _: &str, _: Instant) -> Option<&[Value]> {
        None
    }

    fn next_change(&self, _: CatalogId, _: &str, _: Instant) -> Instant {
        Instant::NEVER
    }

    fn each(&self, _: CatalogId, _: Instant, _: &mut dyn FnMut(&Text, &[Value]) -> bool) {}

    fn next_change_of_any(&self, _: CatalogId, _: Instant) -> Instant {
        Instant::NEVER
    }
}

/// An item by its key; for values that refer to one.
pub fn key_of(value: &Value) -> Option<&Text> {
    match value {
        Value::Text(key) => Some(key),
        _ => None,
    }
}
