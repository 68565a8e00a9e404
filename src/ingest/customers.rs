//! What is known of customers before the first event: files of fields, and fields and consents that everybody gets.
//!
//! In: `[[customers]]` and `[consent]`, the schema. Out: for each customer of a file what is said of her ([`Known`]), and a recipe for
//! everybody ([`Everyone`]). **Invariant:** of a customer that is named twice the last row holds, and it is counted.

use super::config::{self, Config, Source};
use super::mapping::{Bound, Columns, Piece, decode, read_customer, read_value, template_pieces, unknown};
use super::merge::{FileReport, Origin, open_rows};
use super::refusal::{Reason, Refusal};
use super::rows::{Cell, Meter, Next, Row};
use crate::calendar::Zone;
use crate::diagnostic::{Diagnostics, suggest};
use crate::schema::{Field, FieldId, ListId, Schema, TopicId};
use crate::value::parse::Reading;
use crate::value::{Text, Value};
use std::collections::BTreeMap;
use std::path::Path;

/// What the files say of one customer.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Known {
    pub fields: Vec<(FieldId, Value)>,
    pub consent: Vec<TopicId>,
    pub lists: Vec<ListId>,
}

/// Fields for everybody that did not fit, by reason and field: sums that add up in any order.
pub type Unfit = BTreeMap<(Reason, String), u64>;

/// What everybody gets.
#[derive(Debug, Clone, Default)]
pub struct Everyone {
    fields: Vec<(FieldId, Field, Vec<Piece>)>,
    pub consent: Vec<TopicId>,
    reading: Reading,
}

/// All that is known before the first event.
#[derive(Debug, Default)]
pub struct Population {
    pub known: BTreeMap<Text, Known>,
    pub everyone: Everyone,
    pub reports: Vec<FileReport>,
    /// Customers that more than one row named.
    pub named_twice: u64,
}

impl Population {
    /// Reads all `[[customers]]`; `folder` is the project's.
    pub fn read(config: &Config, schema: &Schema, folder: &Path, zone: Zone, found: &mut Diagnostics) -> Population {
        let mut population = Population::default();
        population.everyone.reading = Reading { zone, ..Reading::default() };
        population.everyone.consent = config.consent.iter().filter_map(|topic| expect_topic(schema, topic, found)).collect();
        for customers in &config.customers {
            population.everyone.bind(customers, schema, found);
            if let Some((file, id)) = &customers.file {
                let origin = Origin { name: file.text.clone(), place: file.place, separator: customers.separator };
                population.read_file(&folder.join(&file.text), origin, id, customers, schema, found);
            }
        }
        population
    }

    fn read_file(
        &mut self,
        path: &Path,
        origin: Origin,
        id: &Source,
        customers: &config::Customers,
        schema: &Schema,
        found: &mut Diagnostics,
    ) {
        let Some((rows, _)) = open_rows(path, &origin, &Meter::default(), found) else { return };
        let mut report = FileReport { file: origin.name.clone(), place: origin.place, ..FileReport::default() };
        let Some(mut rows) = rows else {
            self.reports.push(report);
            return;
        };
        let columns = Columns { file: &origin.name, header: rows.header() };
        let Some(id) = columns.bind(id, " for the customer", found) else { return };
        let fields = bind_fields(customers, schema, &columns, found);
        let mut consent = Vec::new();
        for (topic, column) in &customers.consent {
            let column = columns.expect(&column.text, " for the consent", column.place, found);
            consent.extend(expect_topic(schema, topic, found).zip(column.map(Bound::Column)));
        }
        let mut lists = Vec::new();
        for (list, column) in &customers.lists {
            let bound = column.as_ref().map(|column| columns.expect(&column.text, " for the list", column.place, found).map(Bound::Column));
            lists.extend(expect_list(schema, list, found).map(|list| (list, bound.flatten())));
        }
        loop {
            match rows.advance() {
                Next::End => break,
                Next::Broken(why) => {
                    report.broken = Some((rows.line(), why));
                    break;
                }
                Next::Refused(refusal) => {
                    report.rows += 1;
                    report.refusals.add(rows.line(), *refusal);
                }
                Next::Row => {
                    report.rows += 1;
                    match read_known(&id, &fields, &consent, schema, rows.row(), &self.everyone.reading) {
                        Ok((customer, mut known)) => {
                            if let Err(refusal) = read_lists(&lists, rows.row(), &mut known) {
                                report.refusals.add(rows.line(), *refusal);
                                continue;
                            }
                            report.used += 1;
                            self.add(customer, known);
                        }
                        Err(refusal) => report.refusals.add(rows.line(), *refusal),
                    }
                }
            }
        }
        self.reports.push(report);
    }

    fn add(&mut self, customer: Text, known: Known) {
        match self.known.entry(customer) {
            std::collections::btree_map::Entry::Vacant(entry) => {
                entry.insert(known);
            }
            std::collections::btree_map::Entry::Occupied(mut entry) => {
                self.named_twice += 1;
                let before = entry.get_mut();
                before.fields.retain(|(field, _)| !known.fields.iter().any(|(newer, _)| newer == field));
                before.fields.extend(known.fields);
                before.consent.extend(known.consent);
                before.lists.extend(known.lists);
            }
        }
    }
}

fn read_known(
    id: &Bound,
    fields: &[(FieldId, Bound)],
    consent: &[(TopicId, Bound)],
    schema: &Schema,
    row: Row<'_>,
    reading: &Reading,
) -> Result<(Text, Known), Box<Refusal>> {
    let mut customer = Text::default();
    read_customer(id, row, &mut customer)?;
    let mut known = Known::default();
    for (field, source) in fields {
        let value = read_value(&schema.customer[field.index()], Some(source), row, reading)?;
        if !value.is_missing() {
            known.fields.push((*field, value));
        }
    }
    for (topic, source) in consent {
        let Bound::Column(column) = source else { continue };
        if says_yes(column, row)? {
            known.consent.push(*topic);
        }
    }
    Ok((customer, known))
}

fn read_lists(lists: &[(ListId, Option<Bound>)], row: Row<'_>, known: &mut Known) -> Result<(), Box<Refusal>> {
    for (list, source) in lists {
        let on = match source {
            Some(Bound::Column(column)) => says_yes(column, row)?,
            _ => true,
        };
        if on {
            known.lists.push(*list);
        }
    }
    Ok(())
}

fn says_yes(column: &super::rows::Column, row: Row<'_>) -> Result<bool, Box<Refusal>> {
    let text = row.cell(column)?.text().trim().to_ascii_lowercase();
    match text.as_str() {
        "true" | "yes" | "y" | "1" => Ok(true),
        "" | "false" | "no" | "n" | "0" => Ok(false),
        _ => Err(Refusal::new(Reason::WrongType, &column.name, &text, "yes or no")),
    }
}

fn bind_fields(customers: &config::Customers, schema: &Schema, columns: &Columns<'_>, found: &mut Diagnostics) -> Vec<(FieldId, Bound)> {
    let mut bound = Vec::new();
    for (name, source) in &customers.fields {
        let Some(field) = expect_field(schema, name, found) else { continue };
        let purpose = format!(" for the customer field `{}`", name.text);
        bound.extend(columns.bind(source, &purpose, found).map(|source| (field, source)));
    }
    if let Some(header) = columns.header {
        for (at, field) in schema.customer.iter().enumerate() {
            let listed = customers.fields.iter().any(|(name, _)| name.text == field.name.as_str());
            if !listed && let Some(index) = header.iter().position(|column| *column == field.wire.as_str()) {
                let column = super::rows::Column { name: header[index].clone(), index };
                bound.push((FieldId(at as u16), Bound::Column(column)));
            }
        }
    }
    bound
}

pub(super) fn expect_field(schema: &Schema, name: &config::Written, found: &mut Diagnostics) -> Option<FieldId> {
    let field = schema.field(&name.text);
    if field.is_none() {
        let nearest = suggest::best(&name.text, schema.customer.iter().map(|field| field.name.as_str()));
        found.push(unknown("customer field", name, nearest, "declare it: `customer { … }`"));
    }
    field
}

pub(super) fn expect_topic(schema: &Schema, name: &config::Written, found: &mut Diagnostics) -> Option<TopicId> {
    let topic = schema.topic(&name.text);
    if topic.is_none() {
        let nearest = suggest::best(&name.text, schema.topics.iter().map(|topic| topic.name.as_str()));
        found.push(unknown("topic", name, nearest, "declare it: `topic NAME \"Title\" opt in`"));
    }
    topic
}

fn expect_list(schema: &Schema, name: &config::Written, found: &mut Diagnostics) -> Option<ListId> {
    let list = schema.lists.iter().position(|list| list.name == name.text.as_str()).map(|at| ListId(at as u16));
    if list.is_none() {
        let nearest = suggest::best(&name.text, schema.lists.iter().map(|list| list.name.as_str()));
        found.push(unknown("list", name, nearest, "declare it: `list NAME \"Title\"`"));
    }
    list
}

impl Everyone {
    fn bind(&mut self, customers: &config::Customers, schema: &Schema, found: &mut Diagnostics) {
        for (name, source) in &customers.everyone {
            let Some(id) = expect_field(schema, name, found) else { continue };
            // Only the customer's id is known of everybody, so every `{…}` is that.
            let pieces = match source {
                Source::Constant(written) => vec![Piece::Text(written.text.clone())],
                Source::Template(written) => template_pieces(&written.text)
                    .into_iter()
                    .flat_map(|(text, column)| {
                        let id = super::rows::Column { name: "id".to_owned(), index: 0 };
                        [Some(Piece::Text(text.to_owned())), column.map(|_| Piece::Column(id))]
                    })
                    .flatten()
                    .collect(),
                Source::Column(written) => {
                    found.push(super::problem::BadSetting {
                        setting: name.text.clone(),
                        expected: "a constant or a template".to_owned(),
                        found: format!("the column \"{}\"", written.text),
                        place: written.place,
                        help: format!(
                            "write `{} = {{ template = \"{{id}}@example.com\" }}`: everybody has an id, and no columns",
                            name.text
                        ),
                    });
                    continue;
                }
            };
            self.fields.push((id, schema.customer[id.index()].clone(), pieces));
        }
    }

    /// The fields of one customer; what does not fit its type is counted.
    pub fn fields(&self, customer: &str, unfit: &mut Unfit) -> Vec<(FieldId, Value)> {
        let mut fields = Vec::with_capacity(self.fields.len());
        for (id, field, pieces) in &self.fields {
            let mut text = String::new();
            for piece in pieces {
                text.push_str(match piece {
                    Piece::Text(fixed) => fixed,
                    Piece::Column(_) => customer,
                });
            }
            match decode(field, &field.name, Cell::Text(&text), &self.reading) {
                Ok(value) => fields.push((*id, value)),
                Err(refusal) => *unfit.entry((refusal.reason, refusal.column)).or_default() += 1,
            }
        }
        fields
    }
}
