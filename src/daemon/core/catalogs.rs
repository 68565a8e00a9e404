//! Catalogs of a running deployment: what items are, and whom a change concerns.
//!
//! In: items from the project's files and from people. Out: the catalogs of the world, and a work for every change that may concern anybody.
//! **Invariant:** a change is in the log before it is answered and before anybody reads it; an item that is said to be what it is already is
//! no change. What a file said last is remembered, so that reading it again takes nothing back that was said since by another way.

use super::works::Work;
use super::{Core, others};
use crate::calendar::{Instant, MINUTE_MS};
use crate::record::{Decode as _, DecodeError, Encode as _, Reader, Writer};
use crate::schema::CatalogId;
use crate::shard::Number;
use crate::value::{Text, Value};
use crate::world::catalogs::stored;
use crate::world::directory::Digest;
use std::sync::Arc;

/// Items of all catalogs.
pub const ITEMS_MAX: usize = 5_000_000;
/// For so long what an item was before stays known, ms: what was due then may still be handled as of then.
const REMEMBER_MS: i64 = 10 * MINUTE_MS;
/// Namespace of what a file says of an item.
const SAID: u8 = 202;

/// The fields of an item by position; `None` for one that is gone.
pub type Fields = Option<Arc<[Value]>>;

impl Core {
    /// An item is this from now on, or gone. Whether that is a change.
    pub fn put_item(&mut self, catalog: CatalogId, key: &str, fields: Fields) -> bool {
        let at = match self.world.catalogs.latest(catalog, key) {
            Some(latest) => self.now.max(latest.plus_ms(1)),
            // Where nobody is yet, it was always there.
            None if self.living() == 0 => Instant::FIRST,
            None => self.now,
        };
        if self.world.catalogs.fields(catalog, key, at) == fields.as_ref() {
            return false;
        }
        let Some(declared) = self.world.plan().schema.catalogs.get(catalog.index()) else { return false };
        let mut out = Writer::default();
        declared.name.encode(&mut out);
        stored::names(declared).encode(&mut out);
        out.text(key);
        at.encode(&mut out);
        fields.encode(&mut out);
        self.write_other(others::ITEM, out.as_bytes());
        self.set_item(catalog, key, at, fields);
        self.open_work(catalog, key, at);
        true
    }

    /// The same, because a file says so: only where it said something else before. `None` forgets that it ever said anything.
    pub fn put_item_of_file(&mut self, catalog: CatalogId, key: &str, fields: Fields) -> bool {
        let Some(declared) = self.world.plan().schema.catalogs.get(catalog.index()) else { return false };
        let place = (declared.name.clone(), Text::new(key));
        let said = fields.as_ref().map(|fields| {
            let mut out = Writer::default();
            stored::names(declared).encode(&mut out);
            fields.encode(&mut out);
            let text: String = out.as_bytes().iter().map(|byte| char::from(*byte)).collect();
            (Digest::of(SAID, &text).0 >> 64) as u64
        });
        if self.works.said.get(&place).copied() == said {
            return false;
        }
        let mut out = Writer::default();
        place.0.encode(&mut out);
        place.1.encode(&mut out);
        out.option(said, Writer::fixed);
        self.write_other(others::ITEM_SAID, out.as_bytes());
        self.note_said(place, said);
        self.put_item(catalog, key, fields)
    }

    /// Keys of a catalog's items that files have said something of.
    pub fn items_of_files(&self, catalog: &str) -> Vec<Text> {
        let of = self.works.said.keys().filter(|(name, _)| name == catalog);
        of.map(|(_, key)| key.clone()).collect()
    }

    /// Whether another item has room.
    pub fn has_room_for_items(&self) -> bool {
        let catalogs = self.world.plan().schema.catalogs.len();
        (0..catalogs).map(|at| self.world.catalogs.len(CatalogId(at as u16))).sum::<usize>() < ITEMS_MAX
    }

    fn set_item(&mut self, catalog: CatalogId, key: &str, at: Instant, fields: Fields) {
        let open = self.works.open.iter().find(|work| work.catalog == catalog && *work.key == *key).map(|work| work.at.plus_ms(-1));
        let until = open.unwrap_or(Instant::NEVER).min(self.now.plus_ms(-REMEMBER_MS));
        self.world.catalogs.forget(catalog, key, until);
        // It is later than the one before, and there where it goes: nothing can misfit.
        let _ = match fields {
            Some(fields) => self.world.catalogs.put(catalog, key, at, fields),
            None => self.world.catalogs.remove(catalog, key, at),
        };
        self.world.changed();
    }

    fn note_said(&mut self, place: (Text, Text), said: Option<u64>) {
        match said {
            Some(said) => drop(self.works.said.insert(place, said)),
            None => drop(self.works.said.remove(&place)),
        }
    }

    /// Whoever is concerned is reached in her turn.
    fn open_work(&mut self, catalog: CatalogId, key: &str, at: Instant) {
        let everyone = self.world.concerns_everyone(catalog);
        if self.living() == 0 || !(everyone || self.works.watchers.has(key)) {
            return;
        }
        let number = self.works.next;
        let work = Work { number, catalog, key: Text::new(key), at, everyone, next: Number(0) };
        self.write_work(&work, false);
        self.works.next += 1;
        self.works.open.push_back(work);
    }

    pub(super) fn item_again(&mut self, from: &mut Reader<'_>) -> Result<(), DecodeError> {
        let (name, names, key) = (Text::decode(from)?, Vec::<Text>::decode(from)?, Text::decode(from)?);
        let (at, fields) = (Instant::decode(from)?, Fields::decode(from)?);
        let plan = Arc::clone(self.world.plan());
        let found = plan.schema.catalog(&name).and_then(|id| Some((id, plan.schema.catalogs.get(id.index())?)));
        if let Some((id, declared)) = found {
            self.set_item(id, &key, at, fields.map(|values| stored::arrange(declared, &names, &values)));
        }
        Ok(())
    }

    pub(super) fn said_again(&mut self, from: &mut Reader<'_>) -> Result<(), DecodeError> {
        let place = (Text::decode(from)?, Text::decode(from)?);
        let said = from.option(Reader::fixed)?;
        self.note_said(place, said);
        Ok(())
    }
}
