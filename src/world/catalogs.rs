//! Catalogs whose changes are known: every item with all its versions, each from an instant on.
//!
//! In: items and what becomes of them, in the order of time. Out: the view that the engine asks for ([`engine::catalogs::Catalogs`]).
//! **Invariant:** an item's versions ascend in time, and each is whole; a change holds from its instant on. Knows no customer.

pub mod stored;

use crate::calendar::Instant;
use crate::engine::catalogs;
use crate::schema::CatalogId;
use crate::value::{Text, Value};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Every catalog of a project.
#[derive(Debug, Clone, Default)]
pub struct Catalogs {
    /// By number of the catalog.
    catalogs: Vec<Items>,
}

#[derive(Debug, Clone, Default)]
struct Items {
    items: BTreeMap<Text, Vec<Version>>,
    /// Every instant at which something changes, ascending, each once.
    changes: Vec<Instant>,
}

#[derive(Debug, Clone)]
struct Version {
    from: Instant,
    /// By position; `None`: the item is gone.
    fields: Option<Arc<[Value]>>,
}

/// A change that does not fit what is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Misfit {
    /// It is earlier than one that is known already.
    TooEarly,
    /// There is no such item to be gone.
    NotThere,
}

impl Catalogs {
    /// The fields of an item as of an instant.
    pub fn fields(&self, catalog: CatalogId, key: &str, at: Instant) -> Option<&Arc<[Value]>> {
        self.version(catalog, key, at)?.fields.as_ref()
    }

    /// How many items a catalog has known.
    pub fn len(&self, catalog: CatalogId) -> usize {
        self.catalogs.get(catalog.index()).map_or(0, |items| items.items.len())
    }

    pub fn is_empty(&self) -> bool {
        self.catalogs.iter().all(|items| items.items.is_empty())
    }

    /// An item is this from an instant on.
    pub fn put(&mut self, catalog: CatalogId, key: &str, at: Instant, fields: Arc<[Value]>) -> Result<(), Misfit> {
        self.add(catalog, key, at, Some(fields))
    }

    /// An item is gone from an instant on.
    pub fn remove(&mut self, catalog: CatalogId, key: &str, at: Instant) -> Result<(), Misfit> {
        match self.fields(catalog, key, at) {
            Some(_) => self.add(catalog, key, at, None),
            None => Err(Misfit::NotThere),
        }
    }

    fn add(&mut self, catalog: CatalogId, key: &str, at: Instant, fields: Option<Arc<[Value]>>) -> Result<(), Misfit> {
        if self.catalogs.len() <= catalog.index() {
            self.catalogs.resize(catalog.index() + 1, Items::default());
        }
        let Some(items) = self.catalogs.get_mut(catalog.index()) else { return Ok(()) };
        let versions = match items.items.get_mut(key) {
            Some(versions) => versions,
            None => items.items.entry(Text::new(key)).or_default(),
        };
        match versions.last_mut() {
            Some(last) if last.from > at => return Err(Misfit::TooEarly),
            // What is said twice of one instant: the later word holds.
            Some(last) if last.from == at => last.fields = fields,
            Some(last) if last.fields == fields => {}
            _ => {
                versions.push(Version { from: at, fields });
                if let Err(place) = items.changes.binary_search(&at) {
                    items.changes.insert(place, at);
                }
            }
        }
        Ok(())
    }

    fn version(&self, catalog: CatalogId, key: &str, at: Instant) -> Option<&Version> {
        let versions = self.catalogs.get(catalog.index())?.items.get(key)?;
        let behind = versions.partition_point(|version| version.from <= at);
        versions.get(behind.checked_sub(1)?)
    }
}

impl catalogs::Catalogs for Catalogs {
    fn item(&self, catalog: CatalogId, key: &str, at: Instant) -> Option<&[Value]> {
        self.fields(catalog, key, at).map(|fields| &**fields)
    }

    fn next_change(&self, catalog: CatalogId, key: &str, after: Instant) -> Instant {
        let versions = self.catalogs.get(catalog.index()).and_then(|items| items.items.get(key));
        let Some(versions) = versions else { return Instant::NEVER };
        let behind = versions.partition_point(|version| version.from <= after);
        versions.get(behind).map_or(Instant::NEVER, |version| version.from)
    }

    fn each(&self, catalog: CatalogId, at: Instant, go_on: &mut dyn FnMut(&Text, &[Value]) -> bool) {
        let Some(items) = self.catalogs.get(catalog.index()) else { return };
        for (key, versions) in &items.items {
            let behind = versions.partition_point(|version| version.from <= at);
            let version = behind.checked_sub(1).and_then(|last| versions.get(last));
            if let Some(fields) = version.and_then(|version| version.fields.as_deref())
                && !go_on(key, fields)
            {
                return;
            }
        }
    }

    fn next_change_of_any(&self, catalog: CatalogId, after: Instant) -> Instant {
        let Some(items) = self.catalogs.get(catalog.index()) else { return Instant::NEVER };
        let behind = items.changes.partition_point(|at| *at <= after);
        items.changes.get(behind).copied().unwrap_or(Instant::NEVER)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::engine::catalogs::Catalogs as _;

    const PRODUCT: CatalogId = CatalogId(0);

    fn at(ms: i64) -> Instant {
        Instant(ms)
    }

    #[test]
    fn an_item_is_what_it_was_at_each_instant() {
        let mut catalogs = Catalogs::default();
        let stock = |number: i64| -> Arc<[Value]> { [Value::Number(number.into())].into() };
        catalogs.put(PRODUCT, "A1", at(10), stock(0)).unwrap();
        catalogs.put(PRODUCT, "A1", at(20), stock(5)).unwrap();
        catalogs.remove(PRODUCT, "A1", at(30)).unwrap();
        let read = |ms: i64| catalogs.item(PRODUCT, "A1", at(ms)).map(|fields| fields[0].clone());
        assert_eq!(read(9), None);
        assert_eq!(read(19), Some(Value::Number(0.into())));
        assert_eq!(read(20), Some(Value::Number(5.into())));
        assert_eq!(read(30), None);
        assert_eq!(catalogs.next_change(PRODUCT, "A1", at(10)), at(20));
        assert_eq!(catalogs.next_change(PRODUCT, "A1", at(30)), Instant::NEVER);
    }

    #[test]
    fn what_does_not_fit_is_said_and_changes_nothing() {
        let mut catalogs = Catalogs::default();
        let fields: Arc<[Value]> = [Value::Boolean(true)].into();
        assert_eq!(catalogs.remove(PRODUCT, "A1", at(5)), Err(Misfit::NotThere));
        catalogs.put(PRODUCT, "A1", at(10), Arc::clone(&fields)).unwrap();
        assert_eq!(catalogs.put(PRODUCT, "A1", at(9), Arc::clone(&fields)), Err(Misfit::TooEarly));
        // The same again is no change.
        catalogs.put(PRODUCT, "A1", at(20), fields).unwrap();
        assert_eq!(catalogs.next_change(PRODUCT, "A1", at(10)), Instant::NEVER);
    }
}
