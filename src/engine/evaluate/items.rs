//! Reading catalogs: an item by its key, and its fields as they are now.
//!
//! In: a value that is a key. Out: the key where the item is there, or one of its fields. **Invariant:** an answer holds until the item
//! changes; a name that is bound to an item that is gone reads as missing, and [`Context::gone`] says so.

use super::{Context, MISSING};
use crate::engine::catalogs::key_of;
use crate::schema::CatalogId;
use crate::value::{Text, Value};

impl<'a> Context<'a> {
    /// The key of an item that is there.
    pub(super) fn item(&self, catalog: CatalogId, key: &Value) -> Value {
        match key_of(key) {
            Some(key) if self.has_item(catalog, key) => Value::Text(key.clone()),
            _ => Value::Missing,
        }
    }

    /// Whether there is such an item now; the answer holds until it changes.
    pub fn has_item(&self, catalog: CatalogId, key: &Text) -> bool {
        self.lower(self.catalogs.next_change(catalog, key, self.now));
        self.catalogs.item(catalog, key, self.now).is_some()
    }

    /// A field of an item, as it is now.
    pub(super) fn item_field(&self, catalog: CatalogId, item: &Value, field: u16) -> &'a Value {
        let Some(key) = key_of(item) else { return MISSING };
        self.lower(self.catalogs.next_change(catalog, key, self.now));
        match self.catalogs.item(catalog, key, self.now) {
            Some(fields) => fields.get(usize::from(field)).unwrap_or(MISSING),
            None => {
                self.gone.set(true);
                MISSING
            }
        }
    }
}
