//! What the project's files say beside its journeys: items of catalogs, codes of pools.
//!
//! In: the settings and the files they name. Out: what is new of it, in the core, before anybody is listened to. **Invariant:** files are read at
//! every start, so what they said before changes nothing, and takes nothing back that was said since by another way; a row that cannot be
//! used is told with its line and keeps nothing else out.

use super::core::Core;
use crate::calendar::{Instant, Zone};
use crate::diagnostic::Diagnostics;
use crate::ingest::Config;
use crate::ingest::catalogs::Stock;
use crate::ingest::codes::Codes;
use crate::ingest::merge::{FileReport, judge};
use crate::plan::Plan;
use crate::schema::CatalogId;
use crate::value::{Text, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

/// Everything that was read.
#[derive(Debug, Default)]
pub struct Goods {
    stock: Stock,
    codes: Codes,
    /// Catalogs that files fill.
    filled: BTreeSet<String>,
}

/// What was done with it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Brought {
    pub items_changed: usize,
    pub codes: usize,
    /// Rows of changes whose time is still to come.
    pub later: usize,
}

/// Reads the files. An error is one of a whole file.
pub fn read(config: &Config, plan: &Plan, folder: &Path, zone: Zone, found: &mut Diagnostics) -> Goods {
    let codes = Codes::read(&config.codes, &plan.schema, folder, found);
    judge(&codes.reports, found);
    let stock = Stock::read(&config.catalogs, &plan.schema, folder, zone, found);
    judge(&stock.reports, found);
    let filled = config.catalogs.iter().map(|catalog| catalog.name.text.clone()).collect();
    Goods { stock, codes, filled }
}

impl Goods {
    /// What is new of it, into the core.
    pub fn bring(self, core: &mut Core, now: Instant) -> Brought {
        self.codes.reports.iter().chain(&self.stock.reports).for_each(tell);
        core.advance(now);
        let mut brought = Brought::default();
        for (pool, codes) in self.codes.pools {
            brought.codes += core.add_codes(&pool, codes);
        }
        let is_whole = self.stock.reports.iter().all(|report| report.broken.is_none());
        let mut items: BTreeMap<(CatalogId, Text), Arc<[Value]>> = BTreeMap::new();
        for version in self.stock.versions {
            let place = (version.catalog, version.key);
            match version.fields {
                _ if version.at > now => brought.later += 1,
                Some(fields) => drop(items.insert(place, fields)),
                None => drop(items.remove(&place)),
            }
        }
        let schema = core.world.plan().schema.clone();
        for name in self.filled.iter().filter(|_| is_whole) {
            let Some(catalog) = schema.catalog(name) else { continue };
            // What a file said once and says no more is gone.
            for key in core.items_of_files(name) {
                if !items.contains_key(&(catalog, key.clone())) {
                    brought.items_changed += usize::from(core.put_item_of_file(catalog, &key, None));
                }
            }
        }
        for ((catalog, key), fields) in items {
            brought.items_changed += usize::from(core.put_item_of_file(catalog, &key, Some(fields)));
        }
        if brought != Brought::default() {
            tracing::info!(
                items = brought.items_changed,
                codes = brought.codes,
                later = brought.later,
                "files of items and codes were read"
            );
        }
        brought
    }
}

/// What of a file could not be used.
fn tell(report: &FileReport) {
    for (reason, count, examples) in report.refusals.iter() {
        let example = examples.first().map(|one| format!("line {}: `{}`, expected {}", one.line, one.found, one.expected));
        tracing::warn!(file = report.file, rows = count, reason = reason.title(), example, "rows were left out");
    }
    if let Some((line, why)) = &report.broken {
        tracing::warn!(file = report.file, line, why, "a file could not be read to its end");
    }
}
