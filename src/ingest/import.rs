//! Files of customers and of events, row by row, for an import.
//!
//! In: an opened file, its settings, the schema. Out: every row with its line: what it says of whom, or why it cannot be used. **Invariant:** no row
//! vanishes; a cell that is empty says nothing, so it takes nothing away that is known; rows come in the order of the file.

use super::config::{self, Config, Shape};
use super::customers::{expect_field, expect_topic};
use super::mapping::{Bound, Columns, Item, ItemKind, read_customer, read_value};
use super::merge::{FileReport, LogFile, Origin, open_rows};
use super::refusal::{Reason, Refusal};
use super::rows::{Cell, Column, Meter, Next, Row, Rows};
use crate::calendar::{Instant, Zone};
use crate::diagnostic::Diagnostics;
use crate::engine::InputKind;
use crate::schema::{FieldId, Schema, TopicId};
use crate::source::Place;
use crate::value::parse::Reading;
use crate::value::{Text, Value};
use std::path::Path;

/// Columns that usually hold the customer.
const CUSTOMER: [&str; 8] = ["id", "customer", "customer_id", "user_id", "customerId", "userId", "user", "external_id"];
/// Bytes of a customer's id.
const ID_BYTES_MAX: usize = 256;

/// One row.
#[derive(Debug)]
pub struct Line {
    pub number: u64,
    /// As it was read.
    pub text: String,
    pub said: Result<Said, Box<Refusal>>,
}

/// What a row says.
#[derive(Debug, Clone, PartialEq)]
pub struct Said {
    pub customer: Text,
    /// Hash of its message id; 0 for none.
    pub id: u128,
    pub inputs: Vec<InputKind>,
}

/// A file that is read.
pub struct ImportFile<'s> {
    schema: &'s Schema,
    rows: Source,
    pub meter: Meter,
    pub size: u64,
}

enum Source {
    Events(Box<LogFile>),
    Customers(Box<CustomerRows>),
}

/// Rows of customers.
struct CustomerRows {
    rows: Option<Rows>,
    id: Bound,
    fields: Vec<(FieldId, Bound)>,
    consent: Vec<(TopicId, Column)>,
    reading: Reading,
    /// Own time of what the file says of fields.
    now: Instant,
    broken: Option<(u64, String)>,
}

impl<'s> ImportFile<'s> {
    /// A file of events: mapped by the `[[log]]` of the same file name, else by what its columns are called, else by the only `[[log]]`.
    pub fn events(
        path: &Path,
        place: Place,
        config: &Config,
        schema: &'s Schema,
        zone: Zone,
        found: &mut Diagnostics,
    ) -> Option<ImportFile<'s>> {
        let same_name = |log: &&config::Log| Path::new(&log.file.text).file_name() == path.file_name();
        let open = |shape: Option<&Shape>, separator: Option<u8>, found: &mut Diagnostics| {
            let origin = Origin { name: path.display().to_string(), place, separator };
            LogFile::open(path, origin, shape, schema, zone, found)
        };
        let file = match config.logs.iter().find(same_name) {
            Some(log) => open(Some(&log.shape), log.separator, found),
            None => {
                let mut unclear = Diagnostics::default();
                match (open(None, None, &mut unclear), config.logs.as_slice()) {
                    (Some(file), _) => Some(file),
                    (None, [only]) => open(Some(&only.shape), only.separator, found),
                    (None, _) => {
                        found.extend(unclear);
                        None
                    }
                }
            }
        }?;
        Some(ImportFile { schema, meter: file.meter.clone(), size: file.size, rows: Source::Events(Box::new(file)) })
    }

    /// A file of customers: mapped by the `[[customers]]` of the same file name, else by the names of its columns.
    pub fn customers(
        path: &Path,
        place: Place,
        config: &Config,
        schema: &'s Schema,
        (zone, now): (Zone, Instant),
        found: &mut Diagnostics,
    ) -> Option<ImportFile<'s>> {
        let named = |customers: &&config::Customers| {
            customers.file.as_ref().is_some_and(|(file, _)| Path::new(&file.text).file_name() == path.file_name())
        };
        let settings = config.customers.iter().find(named);
        let origin = Origin { name: path.display().to_string(), place, separator: settings.and_then(|settings| settings.separator) };
        let meter = Meter::default();
        let (rows, size) = open_rows(path, &origin, &meter, found)?;
        let header = rows.as_ref().and_then(|rows| rows.header().map(<[String]>::to_vec));
        let columns = Columns { file: &origin.name, header: header.as_deref() };
        let id = match settings.and_then(|settings| settings.file.as_ref()) {
            Some((_, id)) => columns.bind(id, " for the customer", found)?,
            None => Bound::Column(usual_id(&columns, place, found)?),
        };
        let mut fields = Vec::new();
        let mut consent = Vec::new();
        for (name, source) in settings.into_iter().flat_map(|settings| &settings.fields) {
            let Some(field) = expect_field(schema, name, found) else { continue };
            let purpose = format!(" for the customer field `{}`", name.text);
            fields.extend(columns.bind(source, &purpose, found).map(|source| (field, source)));
        }
        for (topic, column) in settings.into_iter().flat_map(|settings| &settings.consent) {
            let column = columns.expect(&column.text, " for the consent", column.place, found);
            consent.extend(expect_topic(schema, topic, found).zip(column));
        }
        for (at, field) in schema.customer.iter().enumerate() {
            let id = FieldId(at as u16);
            let name = if columns.has(&field.wire) { &field.wire } else { &field.name };
            if !fields.iter().any(|(known, _)| *known == id) {
                fields.extend(columns.column(name).map(|column| (id, Bound::Column(column))));
            }
        }
        if found.has_errors() {
            return None;
        }
        let reading = Reading { zone, ..Reading::default() };
        let rows = CustomerRows { rows, id, fields, consent, reading, now, broken: None };
        Some(ImportFile { schema, meter, size, rows: Source::Customers(Box::new(rows)) })
    }

    pub fn is_of_events(&self) -> bool {
        matches!(self.rows, Source::Events(_))
    }

    /// The next row; `None` at the end.
    pub fn next_line(&mut self) -> Option<Line> {
        match &mut self.rows {
            Source::Events(file) => {
                let mut item = Item::default();
                let read = file.next_row(self.schema, &mut item)?;
                Some(Line { number: file.line(), text: file.text(), said: read.and_then(|()| said(item)) })
            }
            Source::Customers(file) => file.next_line(self.schema),
        }
    }

    /// The line behind which the file could not be read on, and why.
    pub fn broken(&self) -> Option<&(u64, String)> {
        match &self.rows {
            Source::Events(file) => file.report.broken.as_ref(),
            Source::Customers(file) => file.broken.as_ref(),
        }
    }

    /// How the file was understood where nobody had said so; what was refused while it was looked at.
    pub fn report(&self) -> Option<&FileReport> {
        match &self.rows {
            Source::Events(file) => Some(&file.report),
            Source::Customers(_) => None,
        }
    }
}

fn usual_id(columns: &Columns<'_>, place: Place, found: &mut Diagnostics) -> Option<Column> {
    match CUSTOMER.iter().find(|name| columns.has(name)) {
        Some(name) => columns.column(name),
        None => columns.expect(CUSTOMER[0], " for the customer", place, found),
    }
}

fn check_id(customer: &Text) -> Result<(), Box<Refusal>> {
    if customer.len() > ID_BYTES_MAX || customer.chars().any(char::is_control) {
        return Err(Refusal::new(Reason::NoCustomer, "", customer, format!("an id of at most {ID_BYTES_MAX} bytes on one line")));
    }
    Ok(())
}

fn said(item: Item) -> Result<Said, Box<Refusal>> {
    check_id(&item.customer)?;
    let input = match item.kind {
        ItemKind::Event(event) => InputKind::Event { event, at: item.at, fields: item.values.into() },
        ItemKind::Attributes => InputKind::Attributes { at: item.at, changes: item.fields.into_iter().zip(item.values).collect() },
    };
    Ok(Said { customer: item.customer, id: item.id, inputs: vec![input] })
}

impl CustomerRows {
    fn next_line(&mut self, schema: &Schema) -> Option<Line> {
        let said = match self.rows.as_mut()?.advance() {
            Next::End => return None,
            Next::Broken(why) => {
                self.broken = self.rows.as_ref().map(|rows| (rows.line(), why));
                return None;
            }
            Next::Refused(refusal) => Err(refusal),
            Next::Row => {
                self.rows.as_ref().map_or_else(|| Err(Refusal::new(Reason::Ragged, "", "", "a row")), |rows| self.read(schema, rows.row()))
            }
        };
        let rows = self.rows.as_ref()?;
        Some(Line { number: rows.line(), text: rows.row().text(), said })
    }

    fn read(&self, schema: &Schema, row: Row<'_>) -> Result<Said, Box<Refusal>> {
        let mut customer = Text::default();
        read_customer(&self.id, row, &mut customer)?;
        check_id(&customer)?;
        let mut changes: Vec<(FieldId, Value)> = Vec::new();
        for (field, source) in &self.fields {
            if let Bound::Column(column) = source
                && matches!(row.cell(column)?, Cell::Missing | Cell::Text(""))
            {
                continue;
            }
            let value = read_value(&schema.customer[field.index()], Some(source), row, &self.reading)?;
            if !value.is_missing() {
                changes.push((*field, value));
            }
        }
        let mut inputs = vec![InputKind::Attributes { at: self.now, changes }];
        for (topic, column) in &self.consent {
            let text = row.cell(column)?.text().trim().to_ascii_lowercase();
            match text.as_str() {
                // Whatever she said herself is later than what a file knows.
                "true" | "yes" | "y" | "1" => inputs.push(InputKind::Consent { at: Instant::FIRST, topic: *topic, subscribed: true }),
                "" | "false" | "no" | "n" | "0" => {}
                _ => return Err(Refusal::new(Reason::WrongType, &column.name, &text, "yes or no")),
            }
        }
        Ok(Said { customer, id: 0, inputs })
    }
}
