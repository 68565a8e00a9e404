//! Reading catalogs: an item by its key, and its fields as they are now.
//!
//! In: a value that is a key. Out: the key where the item is there, or one of its fields. **Invariant:** an answer holds until the item
//! changes; a name that is bound to an item that is gone reads as missing, and [`Context::gone`] says so.

use super::{Context, MISSING, Subject, Values, order};
use crate::condition::Expr;
use crate::engine::catalogs::key_of;
use crate::schema::CatalogId;
use crate::value::{Text, Value};
use std::cmp::Ordering;

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

    /// The keys of the largest items that meet a condition. The answer holds until anything of the catalog changes.
    pub(super) fn top(
        &self,
        catalog: CatalogId,
        count: usize,
        condition: Option<&Expr>,
        by: Option<u16>,
        outer: Option<&Subject<'_>>,
    ) -> Value {
        self.lower(self.catalogs.next_change_of_any(catalog, self.now));
        let mut met: Vec<(Value, Text)> = Vec::new();
        self.catalogs.each(catalog, self.now, &mut |key, fields| {
            let item = Value::Text(key.clone());
            let meets = condition.is_none_or(|condition| {
                let subject = Subject { values: Values::Item(&item), outer };
                self.holds(condition, Some(&subject))
            });
            if meets {
                let rank = by.and_then(|field| fields.get(usize::from(field))).cloned().unwrap_or_default();
                met.push((rank, key.clone()));
            }
            by.is_some() || met.len() < count
        });
        // They come by key, and the order of equal ones stays. What has no rank comes last.
        met.sort_by(|(left, _), (right, _)| match (left.is_missing(), right.is_missing()) {
            (false, false) => order(right, left).unwrap_or(Ordering::Equal),
            (left, right) => left.cmp(&right),
        });
        met.truncate(count);
        Value::List(met.into_iter().map(|(_, key)| Value::Text(key)).collect())
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
