//! What the columns of one file mean: names bound to the schema once, then every row becomes an [`Item`] or a refusal.
//!
//! In: a log's settings, the schema, the file's header. Out: a [`Mapping`]. **Invariant:** a row that is accepted fits the declared
//! types exactly; a column that the settings name exists (in CSV; in JSON every row is asked). Knows no file and no order.

use super::config::{self, EventFrom, Source, Written};
use super::problem::{MissingColumn, UnknownInLog};
use super::refusal::{Reason, Refusal};
use super::rows::{Cell, Column, Row};
use crate::calendar::{Instant, Zone};
use crate::diagnostic::{Diagnostics, suggest};
use crate::schema::{Event, EventId, Field, FieldId, Schema};
use crate::source::Place;
use crate::value::moment::{self, TimeFormat};
use crate::value::parse::{self, ParseError, Reading};
use crate::value::{Text, Type, Value};

/// What one row says. Reused from row to row.
#[derive(Debug, Clone, Default)]
pub struct Item {
    pub customer: Text,
    /// The event's own time.
    pub at: Instant,
    /// Hash of the message id; 0 for none.
    pub id: u128,
    pub kind: ItemKind,
    /// By position in the event, or in `fields`.
    pub values: Vec<Value>,
    /// Of attributes only.
    pub fields: Vec<FieldId>,
    /// An input as it was recorded, in place of what the rest says but the customer; its handling time stands in `at`.
    pub recorded: Option<Box<crate::engine::Input>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ItemKind {
    Event(EventId),
    #[default]
    Attributes,
}

/// A bound [`Source`].
#[derive(Debug, Clone)]
pub enum Bound {
    Column(Column),
    Constant(String),
    Template(Vec<Piece>),
}

#[derive(Debug, Clone)]
pub enum Piece {
    Text(String),
    Column(Column),
}

/// How the rows of one file are read.
#[derive(Debug, Clone)]
pub struct Mapping {
    event: BoundEvent,
    customer: Bound,
    time: Column,
    format: TimeFormat,
    zone: Zone,
    id: Option<Column>,
    /// By event; empty for events that this file cannot hold.
    events: Vec<Vec<Option<Bound>>>,
    reading: Reading,
}

#[derive(Debug, Clone)]
enum BoundEvent {
    Constant(EventId),
    Column(Column),
}

/// Finds columns by name in a header; in JSON any name will do.
pub struct Columns<'a> {
    pub file: &'a str,
    pub header: Option<&'a [String]>,
}

impl Columns<'_> {
    pub fn has(&self, name: &str) -> bool {
        self.header.is_none_or(|header| header.iter().any(|column| column == name))
    }

    pub(super) fn column(&self, name: &str) -> Option<Column> {
        match self.header {
            None => Some(Column { name: name.to_owned(), index: 0 }),
            Some(header) => header.iter().position(|column| column == name).map(|index| Column { name: name.to_owned(), index }),
        }
    }

    /// The column of that name, or a finding.
    pub fn expect(&self, name: &str, purpose: &str, place: Place, found: &mut Diagnostics) -> Option<Column> {
        let column = self.column(name);
        if column.is_none() {
            let header = self.header.unwrap_or_default();
            let help = match suggest::best(name, header.iter().map(String::as_str)) {
                Some(near) => format!("did you mean `{near}`? The columns are: {}", header.join(", ")),
                None => format!("the columns are: {}", header.join(", ")),
            };
            found.push(MissingColumn { file: self.file.to_owned(), column: name.to_owned(), purpose: purpose.to_owned(), place, help });
        }
        column
    }

    pub fn bind(&self, source: &Source, purpose: &str, found: &mut Diagnostics) -> Option<Bound> {
        match source {
            Source::Column(written) => self.expect(&written.text, purpose, written.place, found).map(Bound::Column),
            Source::Constant(written) => Some(Bound::Constant(written.text.clone())),
            Source::Template(written) => self.bind_template(written, purpose, found).map(Bound::Template),
        }
    }

    fn bind_template(&self, written: &Written, purpose: &str, found: &mut Diagnostics) -> Option<Vec<Piece>> {
        let mut pieces = Vec::new();
        for (text, column) in template_pieces(&written.text) {
            if !text.is_empty() {
                pieces.push(Piece::Text(text.to_owned()));
            }
            if let Some(name) = column {
                pieces.push(Piece::Column(self.expect(name, purpose, written.place, found)?));
            }
        }
        Some(pieces)
    }
}

/// Texts with the column that follows each: `a-{b}` is `("a-", Some("b"))`.
pub fn template_pieces(template: &str) -> Vec<(&str, Option<&str>)> {
    let mut pieces = Vec::new();
    let mut rest = template;
    while let Some((text, behind)) = rest.split_once('{') {
        let Some((column, after)) = behind.split_once('}') else { break };
        pieces.push((text, Some(column.trim())));
        rest = after;
    }
    pieces.push((rest, None));
    pieces
}

impl Mapping {
    /// Binds the settings of one `[[log]]` to the schema and to the columns of its file.
    pub fn bind(
        settings: &config::Columns,
        schema: &Schema,
        columns: &Columns<'_>,
        zone: Zone,
        found: &mut Diagnostics,
    ) -> Option<Mapping> {
        let before = found.len();
        let zone = settings.time.zone.unwrap_or(zone);
        let reading = Reading { zone, ..Reading::default() };
        let event = match &settings.event {
            EventFrom::Constant(written) => expect_event(schema, written, found).map(BoundEvent::Constant),
            EventFrom::Column(written) => columns.expect(&written.text, " for the event", written.place, found).map(BoundEvent::Column),
        };
        let customer = columns.bind(&settings.customer, " for the customer", found);
        let time = columns.expect(&settings.time.column.text, " for the time", settings.time.column.place, found);
        let id = settings.id.as_ref().map(|id| columns.expect(&id.text, " for the id", id.place, found));
        let event = event?;
        expect_properties(settings, schema, &event, found);
        let mut events = Vec::with_capacity(schema.events.len());
        for (at, declared) in schema.events.iter().enumerate() {
            let fixed = match (&event, &settings.event) {
                (BoundEvent::Constant(id), EventFrom::Constant(written)) if id.index() == at => Some(written.place),
                (BoundEvent::Column(_), _) => None,
                _ => {
                    events.push(Vec::new());
                    continue;
                }
            };
            events.push(bind_properties(&settings.properties, declared, columns, fixed, found));
        }
        // A file with a column less than the settings name is not read at all.
        if found.len() > before {
            return None;
        }
        Some(Mapping {
            event,
            customer: customer?,
            time: time?,
            format: settings.time.format.clone(),
            zone,
            id: id.flatten(),
            events,
            reading,
        })
    }

    /// What a row says.
    pub fn read(&self, schema: &Schema, row: Row<'_>, item: &mut Item) -> Result<(), Box<Refusal>> {
        let event = match &self.event {
            BoundEvent::Constant(event) => *event,
            BoundEvent::Column(column) => {
                let cell = row.cell(column)?;
                let name = cell.text();
                if name.is_empty() {
                    return Err(Refusal::new(Reason::NoEvent, &column.name, "", "the name of an event"));
                }
                find_event(schema, &name).ok_or_else(|| unknown_event(schema, &column.name, &name))?
            }
        };
        read_customer(&self.customer, row, &mut item.customer)?;
        item.at = read_time(&self.time, &self.format, self.zone, row)?;
        item.id = match &self.id {
            Some(column) => message_id(&row.cell(column)?.text()),
            None => 0,
        };
        item.kind = ItemKind::Event(event);
        item.values.clear();
        for (field, source) in schema.events[event.index()].fields.iter().zip(&self.events[event.index()]) {
            item.values.push(read_value(field, source.as_ref(), row, &self.reading)?);
        }
        Ok(())
    }
}

/// An event by its name on the wire, else by its own.
pub fn find_event(schema: &Schema, name: &str) -> Option<EventId> {
    schema.event_by_wire(name).or_else(|| schema.event(name))
}

pub fn unknown_event(schema: &Schema, column: &str, name: &str) -> Box<Refusal> {
    let expected = match suggest::best(name, schema.events.iter().map(|event| event.wire.as_str())) {
        Some(near) => format!("a declared event; did you mean `{near}`?"),
        None => "a declared event".to_owned(),
    };
    Refusal::new(Reason::UnknownEvent, column, name, expected)
}

fn expect_event(schema: &Schema, written: &Written, found: &mut Diagnostics) -> Option<EventId> {
    let event = schema.event(&written.text).or_else(|| schema.event_by_wire(&written.text));
    if event.is_none() {
        let nearest = suggest::best(&written.text, schema.events.iter().map(|event| event.name.as_str()));
        found.push(unknown("event", written, nearest, "declare it: `event NAME { … }`"));
    }
    event
}

pub(super) fn unknown(kind: &str, written: &Written, nearest: Option<String>, otherwise: &str) -> UnknownInLog {
    let help = nearest.as_ref().map_or_else(|| otherwise.to_owned(), |name| format!("did you mean `{name}`?"));
    UnknownInLog { kind: kind.to_owned(), written: written.text.clone(), place: written.place, help, nearest }
}

/// Every property that is mapped must exist, in the one event or in one of them.
fn expect_properties(settings: &config::Columns, schema: &Schema, event: &BoundEvent, found: &mut Diagnostics) {
    let possible: Vec<&Event> = match event {
        BoundEvent::Constant(id) => vec![&schema.events[id.index()]],
        BoundEvent::Column(_) => schema.events.iter().collect(),
    };
    for (property, _) in &settings.properties {
        if possible.iter().any(|event| event.field(&property.text).is_some()) {
            continue;
        }
        let names = possible.iter().flat_map(|event| event.fields.iter().map(|field| field.name.as_str()));
        let kind = match possible.as_slice() {
            [event] => format!("property of `{}`", event.name),
            _ => "property".to_owned(),
        };
        found.push(unknown(&kind, property, suggest::best(&property.text, names), "declare it in the event, or leave it out here"));
    }
}

/// The sources of an event's properties. `fixed`: every row is this event (named there), so a required property must have a column.
fn bind_properties(
    written: &[(Written, Source)],
    event: &Event,
    columns: &Columns<'_>,
    fixed: Option<Place>,
    found: &mut Diagnostics,
) -> Vec<Option<Bound>> {
    let mut sources = Vec::with_capacity(event.fields.len());
    for field in &event.fields {
        let purpose = format!(" for the property `{}` of `{}`", field.name, event.name);
        if let Some((_, source)) = written.iter().find(|(property, _)| property.text == field.name.as_str()) {
            sources.push(columns.bind(source, &purpose, found));
            continue;
        }
        let name = if columns.has(&field.wire) { &field.wire } else { &field.name };
        let column = columns.column(name);
        if column.is_none()
            && field.default.is_missing()
            && !field.ty.is_optional()
            && let Some(place) = fixed
        {
            columns.expect(&field.wire, &purpose, place, found);
        }
        sources.push(column.map(Bound::Column));
    }
    sources
}

pub(super) fn read_customer(source: &Bound, row: Row<'_>, customer: &mut Text) -> Result<(), Box<Refusal>> {
    customer.clear();
    match source {
        Bound::Column(column) => {
            let cell = row.cell(column)?;
            customer.push_str(cell.text().trim_ascii());
            if customer.is_empty() {
                return Err(Refusal::new(Reason::NoCustomer, &column.name, "", "who did it"));
            }
        }
        other => customer.push_str(&fill(other, row)?),
    }
    Ok(())
}

pub(super) fn read_time(column: &Column, format: &TimeFormat, zone: Zone, row: Row<'_>) -> Result<Instant, Box<Refusal>> {
    let cell = row.cell(column)?;
    let text = cell.text();
    if text.trim_ascii().is_empty() {
        return Err(Refusal::new(Reason::NoTime, &column.name, "", "when it happened"));
    }
    moment::read(&text, format, zone).map_err(|error| bad_time(&column.name, &text, &error))
}

pub(super) fn bad_time(column: &str, text: &str, error: &ParseError) -> Box<Refusal> {
    let expected = match error {
        // «expected …» stands before it.
        ParseError::NotA { hint: Some(hint), .. } => hint.strip_prefix("write ").unwrap_or(hint).to_owned(),
        other => other.to_string(),
    };
    Refusal::new(Reason::BadTime, column, text, expected)
}

/// The text of a constant or a template.
fn fill(source: &Bound, row: Row<'_>) -> Result<String, Box<Refusal>> {
    match source {
        Bound::Column(column) => Ok(row.cell(column)?.text().into_owned()),
        Bound::Constant(text) => Ok(text.clone()),
        Bound::Template(pieces) => {
            let mut text = String::new();
            for piece in pieces {
                match piece {
                    Piece::Text(fixed) => text.push_str(fixed),
                    Piece::Column(column) => text.push_str(&row.cell(column)?.text()),
                }
            }
            Ok(text)
        }
    }
}

/// The value of a field in this row: of its declared type, its default where nothing is there.
pub(super) fn read_value(field: &Field, source: Option<&Bound>, row: Row<'_>, reading: &Reading) -> Result<Value, Box<Refusal>> {
    let (column, cell, filled);
    match source {
        None => return missing_value(field, &field.wire),
        Some(Bound::Column(named)) => {
            column = named.name.as_str();
            cell = row.cell(named)?;
        }
        Some(other) => {
            column = field.name.as_str();
            filled = fill(other, row)?;
            cell = Cell::Text(&filled);
        }
    }
    decode(field, column, cell, reading)
}

fn missing_value(field: &Field, column: &str) -> Result<Value, Box<Refusal>> {
    if !field.default.is_missing() {
        return Ok(field.default.clone());
    }
    if field.ty.is_optional() {
        return Ok(Value::Missing);
    }
    Err(Refusal::new(Reason::MissingValue, column, "", format!("{} for `{}`", field.ty, field.name)))
}

/// A cell as a value of a field.
pub fn decode(field: &Field, column: &str, cell: Cell<'_>, reading: &Reading) -> Result<Value, Box<Refusal>> {
    let parsed = match cell {
        Cell::Missing => return missing_value(field, column),
        Cell::Text("") if field.ty != Type::Text => return missing_value(field, column),
        Cell::Text(text) => parse::from_text(text, &field.ty, reading),
        Cell::Json(json) => parse::from_json(json, &field.ty, reading),
    };
    match parsed {
        Ok(Value::Missing) => missing_value(field, column),
        Ok(value) => Ok(value),
        Err(ParseError::Missing { .. }) => missing_value(field, column),
        Err(error) => Err(Refusal::new(Reason::WrongType, column, &cell.text(), error.to_string())),
    }
}

/// Hash of a message id: FNV-1a, 128 bits, never 0.
pub(super) fn message_id(id: &str) -> u128 {
    if id.is_empty() {
        return 0;
    }
    let mut hash: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
    for byte in id.bytes() {
        hash ^= u128::from(byte);
        hash = hash.wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013b);
    }
    hash.max(1)
}
