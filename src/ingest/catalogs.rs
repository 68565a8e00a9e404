//! Catalogs from files: items that are there since always, and what becomes of them in time.
//!
//! In: `[[catalog]]` blocks, the schema, files of rows. Out: every item's versions in the order of time ([`Stock`]), and a report for each
//! file. **Invariant:** a version is whole and of the declared types; a row that does not fit is refused with its line, and the item stays
//! as it was. Files without a time are taken first, then changes by time, equal ones in the order of files and lines.

use super::config::{Source, TimeFrom, Written, columns as read_columns, read_time as read_time_setting, separator};
use super::mapping::{Bound, Columns, read_time, read_value, unknown};
use super::merge::{FileReport, Origin, open_rows};
use super::problem::UnclearFile;
use super::refusal::{Reason, Refusal};
use super::rows::{Cell, Column, Meter, Next, Row, Rows};
use super::toml_walk::Table;
use crate::calendar::{Instant, Zone};
use crate::diagnostic::{Diagnostics, suggest};
use crate::schema::{Catalog, CatalogId, Field, Schema};
use crate::source::Place;
use crate::value::moment::TimeFormat;
use crate::value::parse::Reading;
use crate::value::{Text, Type, Value};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// Rows of all files of catalogs.
pub const ROWS_MAX: usize = 1_000_000;
/// Characters of an item's key.
const KEY_CHARS_MAX: usize = 256;

/// `[[catalog]]`
#[derive(Debug, Clone)]
pub struct Settings {
    pub name: Written,
    pub file: Written,
    pub separator: Option<u8>,
    /// The column with the key; its own name where none is said.
    pub key: Option<Written>,
    /// With it the rows are changes.
    pub time: Option<TimeFrom>,
    /// The column that says that an item is gone.
    pub gone: Option<Written>,
    pub fields: Vec<(Written, Source)>,
    pub place: Place,
}

/// An item from an instant on.
#[derive(Debug, Clone, PartialEq)]
pub struct Version {
    pub catalog: CatalogId,
    pub key: Text,
    pub at: Instant,
    /// By position; `None`: it is gone.
    pub fields: Option<Arc<[Value]>>,
}

/// What the files say.
#[derive(Debug, Default)]
pub struct Stock {
    /// By time.
    pub versions: Vec<Version>,
    pub reports: Vec<FileReport>,
}

/// One row, before it is known what is there.
struct Said {
    file: usize,
    line: u64,
    at: Instant,
    catalog: CatalogId,
    key: Text,
    /// By position; `None` stays as it is.
    values: Vec<Option<Value>>,
    gone: bool,
}

/// How the rows of one file are read.
struct Reader<'s> {
    catalog: CatalogId,
    declared: &'s Catalog,
    key: Column,
    time: Option<(Column, TimeFormat, Zone)>,
    gone: Option<Column>,
    fields: Vec<Option<Bound>>,
    reading: Reading,
}

impl Settings {
    pub(super) fn read(mut table: Table<'_, '_>, found: &mut Diagnostics) -> Option<Settings> {
        let name = table.presumed_text("name", "which catalog it fills", "write `name = \"product\"`", found);
        let file = table.presumed_text("file", "which file it reads", "write `file = \"data/products.csv\"`", found);
        let place = file.as_ref().map_or(table.place, |file| file.place);
        let separator = separator(&mut table, found);
        let key = table.text("key", "write `key = \"sku\"`: the column with the key of the item", found);
        let time = if table.get("time").is_some() { read_time_setting(&mut table, found) } else { None };
        let gone = table.text("gone", "write `gone = \"deleted\"`: a column with yes or no", found);
        let fields = read_columns(&mut table, "columns", "`[catalog.columns]`", found);
        table.finish(found);
        Some(Settings { name: name?, file: file?, separator, key, time, gone, fields, place })
    }
}

impl Stock {
    /// Reads all `[[catalog]]`; `folder` is the project's.
    pub fn read(settings: &[Settings], schema: &Schema, folder: &Path, zone: Zone, found: &mut Diagnostics) -> Stock {
        let mut stock = Stock::default();
        let mut said = Vec::new();
        for one in settings {
            let Some(catalog) = schema.catalog(&one.name.text) else {
                let nearest = suggest::best(&one.name.text, schema.catalogs.iter().map(|catalog| catalog.name.as_str()));
                found.push(unknown("catalog", &one.name, nearest, "declare it: `catalog product by sku { … }`"));
                continue;
            };
            let origin = Origin { name: one.file.text.clone(), place: one.file.place, separator: one.separator };
            let Some((rows, _)) = open_rows(&folder.join(&one.file.text), &origin, &Meter::default(), found) else { continue };
            let mut report = FileReport { file: origin.name.clone(), place: origin.place, ..FileReport::default() };
            if let Some(mut rows) = rows {
                let columns = Columns { file: &origin.name, header: rows.header() };
                if let Some(reader) = Reader::bind(one, catalog, schema, &columns, zone, found) {
                    reader.read_all(&mut rows, stock.reports.len(), &mut report, &mut said);
                }
            }
            stock.reports.push(report);
            if said.len() > ROWS_MAX {
                found.push(UnclearFile {
                    file: origin.name,
                    what: format!("the files of catalogs have more than {ROWS_MAX} rows"),
                    place: one.place,
                    help: "leave out items and changes that no journey asks for".to_owned(),
                });
                return stock;
            }
        }
        // The order of files and lines stays among equal times.
        said.sort_by_key(|said| said.at);
        stock.apply(said, schema);
        stock
    }

    fn apply(&mut self, said: Vec<Said>, schema: &Schema) {
        let mut now: BTreeMap<(CatalogId, Text), Arc<[Value]>> = BTreeMap::new();
        for row in said {
            let Some(declared) = schema.catalogs.get(row.catalog.index()) else { continue };
            let Some(report) = self.reports.get_mut(row.file) else { continue };
            let there = (row.catalog, row.key.clone());
            let fields = if row.gone {
                if now.remove(&there).is_none() {
                    let refusal = Refusal::new(Reason::WrongType, &declared.key, &row.key, "an item that is there, to be gone");
                    report.refusals.add(row.line, *refusal);
                    continue;
                }
                None
            } else {
                match whole(declared, now.get(&there), row.values) {
                    Ok(fields) => {
                        now.insert(there, Arc::clone(&fields));
                        Some(fields)
                    }
                    Err(refusal) => {
                        report.refusals.add(row.line, *refusal);
                        continue;
                    }
                }
            };
            report.used += 1;
            self.versions.push(Version { catalog: row.catalog, key: row.key, at: row.at, fields });
        }
    }
}

/// All fields of an item: what a row says over what was there.
fn whole(declared: &Catalog, before: Option<&Arc<[Value]>>, said: Vec<Option<Value>>) -> Result<Arc<[Value]>, Box<Refusal>> {
    let mut fields = Vec::with_capacity(declared.fields.len());
    for (at, (field, value)) in declared.fields.iter().zip(said).enumerate() {
        let value = match (value, before) {
            (Some(value), _) => value,
            (None, Some(before)) => before.get(at).cloned().unwrap_or_default(),
            (None, None) if !field.default.is_missing() || field.ty.is_optional() => field.default.clone(),
            (None, None) => {
                let expected = format!("{} for `{}`, for the item is new here", field.ty, field.name);
                return Err(Refusal::new(Reason::MissingValue, &field.wire, "", expected));
            }
        };
        fields.push(value);
    }
    Ok(fields.into())
}

impl<'s> Reader<'s> {
    fn bind(
        settings: &Settings,
        catalog: CatalogId,
        schema: &'s Schema,
        columns: &Columns<'_>,
        zone: Zone,
        found: &mut Diagnostics,
    ) -> Option<Reader<'s>> {
        let declared = schema.catalogs.get(catalog.index())?;
        let before = found.len();
        let (key, key_place) = settings.key.as_ref().map_or((declared.key.as_str(), settings.place), |key| (key.text.as_str(), key.place));
        let key = columns.expect(key, " for the key", key_place, found);
        let time = settings.time.as_ref().map(|time| {
            let column = columns.expect(&time.column.text, " for the time", time.column.place, found);
            (column, time.format.clone(), time.zone.unwrap_or(zone))
        });
        let gone = settings.gone.as_ref().map(|gone| columns.expect(&gone.text, " for `gone`", gone.place, found));
        for (name, _) in &settings.fields {
            if declared.field(&name.text).is_none() {
                let nearest = suggest::best(&name.text, declared.fields.iter().map(|field| field.name.as_str()));
                found.push(unknown(
                    &format!("field of `{}`", declared.name),
                    name,
                    nearest,
                    "declare it in the catalog, or leave it out here",
                ));
            }
        }
        let fields = declared.fields.iter().map(|field| bind_field(settings, field, columns, found)).collect();
        if found.len() > before {
            return None;
        }
        let time = match time {
            Some((column, format, zone)) => Some((column?, format, zone)),
            None => None,
        };
        let reading = Reading { zone, ..Reading::default() };
        Some(Reader { catalog, declared, key: key?, time, gone: gone.flatten(), fields, reading })
    }

    fn read_all(&self, rows: &mut Rows, file: usize, report: &mut FileReport, said: &mut Vec<Said>) {
        loop {
            match rows.advance() {
                Next::End => return,
                Next::Broken(why) => {
                    report.broken = Some((rows.line(), why));
                    return;
                }
                Next::Refused(refusal) => {
                    report.rows += 1;
                    report.refusals.add(rows.line(), *refusal);
                }
                Next::Row => {
                    report.rows += 1;
                    match self.read(rows.row(), file, rows.line()) {
                        Ok(row) => said.push(row),
                        Err(refusal) => report.refusals.add(rows.line(), *refusal),
                    }
                    if said.len() > ROWS_MAX {
                        return;
                    }
                }
            }
        }
    }

    fn read(&self, row: Row<'_>, file: usize, line: u64) -> Result<Said, Box<Refusal>> {
        let key = row.cell(&self.key)?.text().trim().to_owned();
        if key.is_empty() || key.chars().count() > KEY_CHARS_MAX {
            return Err(Refusal::new(Reason::MissingValue, &self.key.name, &key, "the key of an item, of at most 256 characters"));
        }
        let at = match &self.time {
            Some((column, format, zone)) => read_time(column, format, *zone, row)?,
            None => Instant::FIRST,
        };
        let gone = match &self.gone {
            Some(column) => is_yes(column, row)?,
            None => false,
        };
        let mut values = Vec::with_capacity(self.fields.len());
        for (field, source) in self.declared.fields.iter().zip(&self.fields) {
            values.push(if gone { None } else { self.value(field, source.as_ref(), row)? });
        }
        Ok(Said { file, line, at, catalog: self.catalog, key: Text::from(key), values, gone })
    }

    /// What a row says of a field; `None` where it says nothing.
    fn value(&self, field: &Field, source: Option<&Bound>, row: Row<'_>) -> Result<Option<Value>, Box<Refusal>> {
        let Some(source) = source else { return Ok(None) };
        if let Bound::Column(column) = source {
            match row.cell(column)? {
                Cell::Missing => return Ok(None),
                // In a row of changes an empty cell is none.
                Cell::Text("") if self.time.is_some() || *field.ty.required() != Type::Text => return Ok(None),
                _ => {}
            }
        }
        read_value(field, Some(source), row, &self.reading).map(Some)
    }
}

fn bind_field(settings: &Settings, field: &Field, columns: &Columns<'_>, found: &mut Diagnostics) -> Option<Bound> {
    let purpose = format!(" for the field `{}`", field.name);
    if let Some((_, source)) = settings.fields.iter().find(|(name, _)| name.text == field.name.as_str()) {
        return columns.bind(source, &purpose, found);
    }
    let name = if columns.has(&field.wire) { &field.wire } else { &field.name };
    columns.column(name).map(Bound::Column)
}

fn is_yes(column: &Column, row: Row<'_>) -> Result<bool, Box<Refusal>> {
    let text = row.cell(column)?.text().trim().to_ascii_lowercase();
    match text.as_str() {
        "true" | "yes" | "y" | "1" => Ok(true),
        "" | "false" | "no" | "n" | "0" => Ok(false),
        _ => Err(Refusal::new(Reason::WrongType, &column.name, &text, "yes or no")),
    }
}
