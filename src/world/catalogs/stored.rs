//! Catalogs as bytes, and under another plan's numbers.
//!
//! In: catalogs and the schema that they were numbered by. Out: bytes and back; the same under another schema. **Invariant:** catalogs and fields are
//! kept by their names, so that an edited project finds them again: a field that is new gets its default, one whose type does not hold its
//! value any more, too.

use super::{Catalogs, Items, Version};
use crate::calendar::Instant;
use crate::engine::fits;
use crate::record::{Decode, DecodeError, Encode as _, Reader, Writer};
use crate::schema::{Catalog, CatalogId, Schema};
use crate::value::{Text, Value};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The names of a catalog's fields, by position.
pub fn names(declared: &Catalog) -> Vec<Text> {
    declared.fields.iter().map(|field| field.name.clone()).collect()
}

/// The fields of an item as a catalog declares them, from values under other names and types.
pub fn arrange(declared: &Catalog, names: &[Text], values: &[Value]) -> Arc<[Value]> {
    let of = |field: &crate::schema::Field| {
        let value = names.iter().position(|name| *name == field.name).and_then(|at| values.get(at));
        value.filter(|value| fits(value, &field.ty)).cloned().unwrap_or_else(|| field.default.clone())
    };
    declared.fields.iter().map(of).collect()
}

impl Catalogs {
    pub fn write(&self, schema: &Schema, out: &mut Writer) {
        let all: Vec<(&Catalog, &Items)> = schema.catalogs.iter().zip(&self.catalogs).collect();
        out.slice(&all, |out, (declared, items)| {
            declared.name.encode(out);
            names(declared).encode(out);
            let items: Vec<_> = items.items.iter().collect();
            out.slice(&items, |out, (key, versions)| {
                key.encode(out);
                out.slice(versions, |out, version| {
                    version.from.encode(out);
                    version.fields.encode(out);
                });
            });
        });
    }

    /// What [`Catalogs::write`] wrote, as this schema has it. A catalog that it does not declare is left out.
    pub fn read(schema: &Schema, from: &mut Reader<'_>) -> Result<Catalogs, DecodeError> {
        let mut catalogs = Catalogs::default();
        let all = from.list(|from| {
            let (name, fields) = (Text::decode(from)?, Vec::<Text>::decode(from)?);
            let items = from.list(|from| {
                let key = Text::decode(from)?;
                let versions = from.list(|from| Ok((Instant::decode(from)?, Option::<Arc<[Value]>>::decode(from)?)))?;
                Ok((key, versions))
            })?;
            Ok((name, fields, items))
        })?;
        for (name, fields, items) in all {
            let Some(id) = schema.catalog(&name) else { continue };
            let Some(declared) = schema.catalogs.get(id.index()) else { continue };
            let place = catalogs.items_mut(id);
            for (key, versions) in items {
                let versions = versions
                    .into_iter()
                    .map(|(from, values)| Version { from, fields: values.map(|values| arrange(declared, &fields, &values)) });
                place.items.insert(key, versions.collect());
            }
            place.note_changes();
        }
        Ok(catalogs)
    }

    /// The same under another schema's numbers. What that does not declare is gone.
    pub fn renumber(&mut self, before: &Schema, now: &Schema) {
        let mut renumbered = Catalogs::default();
        for (at, items) in std::mem::take(&mut self.catalogs).into_iter().enumerate() {
            let Some(was) = before.catalogs.get(at) else { continue };
            let Some(id) = now.catalog(&was.name) else { continue };
            let Some(declared) = now.catalogs.get(id.index()) else { continue };
            let place = renumbered.items_mut(id);
            *place = items;
            if was.fields == declared.fields {
                continue;
            }
            let names = names(was);
            for version in place.items.values_mut().flatten() {
                version.fields = version.fields.take().map(|values| arrange(declared, &names, &values));
            }
        }
        *self = renumbered;
    }

    /// Versions of an item that nobody asks for any more: those before the one that holds at `until`. An item that was gone by then is forgotten.
    pub fn forget(&mut self, catalog: CatalogId, key: &str, until: Instant) {
        let Some(items) = self.catalogs.get_mut(catalog.index()) else { return };
        let Some(versions) = items.items.get_mut(key) else { return };
        let holds = versions.partition_point(|version| version.from <= until);
        versions.drain(..holds.saturating_sub(1));
        if versions.len() == 1 && versions.iter().all(|version| version.from <= until && version.fields.is_none()) {
            items.items.remove(key);
        }
        let over = items.changes.partition_point(|at| *at <= until);
        items.changes.drain(..over);
    }

    /// When an item became what it is, or went; `None` for one that was never there.
    pub fn latest(&self, catalog: CatalogId, key: &str) -> Option<Instant> {
        self.catalogs.get(catalog.index())?.items.get(key)?.last().map(|version| version.from)
    }

    /// Every item as of an instant, by key.
    pub fn all(&self, catalog: CatalogId, at: Instant) -> BTreeMap<Text, Arc<[Value]>> {
        let items = self.catalogs.get(catalog.index());
        let of = |(key, _): (&Text, &Vec<Version>)| Some((key.clone(), Arc::clone(self.fields(catalog, key, at)?)));
        items.into_iter().flat_map(|items| &items.items).filter_map(of).collect()
    }

    fn items_mut(&mut self, catalog: CatalogId) -> &mut Items {
        if self.catalogs.len() <= catalog.index() {
            self.catalogs.resize(catalog.index() + 1, Items::default());
        }
        &mut self.catalogs[catalog.index()]
    }
}

impl Items {
    fn note_changes(&mut self) {
        self.changes = self.items.values().flatten().map(|version| version.from).collect();
        self.changes.sort_unstable();
        self.changes.dedup();
    }
}
