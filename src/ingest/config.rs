//! `onward.toml`: the project's name and zone, the limits of its deployment, and how the files of a log become events.
//!
//! In: the text of the file. Out: a [`Config`] whose names are still as written (what they mean is [`super::mapping`]'s), and findings.
//! **Invariant:** a setting that nobody knows is an error: a misspelt one never counts as absent. Reads no file.

use super::problem::{BadSetting, BrokenToml};
use super::toml_walk::{Table, describe, place_of};
use crate::calendar::{DAY_MS, HOUR_MS, Instant, MINUTE_MS, SECOND_MS, Zone};
use crate::diagnostic::{Diagnostics, suggest};
use crate::source::{FileId, Place, SourceFile};
use crate::value::Text;
use crate::value::moment::{self, TimeFormat};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

pub use super::toml_walk::Written;

/// The name of the file, in the project's folder.
pub const FILE_NAME: &str = "onward.toml";

#[derive(Debug, Clone, Default)]
pub struct Config {
    pub name: Option<Written>,
    /// Of moments in this file and of logs that name no zone.
    pub zone: Option<Zone>,
    pub limits: Limits,
    pub simulate: Simulate,
    pub logs: Vec<Log>,
    pub customers: Vec<Customers>,
    pub catalogs: Vec<super::catalogs::Settings>,
    pub codes: Vec<super::codes::Settings>,
    /// Topics that every customer of the log has agreed to.
    pub consent: Vec<Written>,
}

/// `[limits]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// An event older than that starts no journey unless it accepts late ones, ms.
    pub event_age_ms_max: i64,
    /// A message later than that through an outage or a pause is skipped, ms.
    pub late_ms_max: i64,
    /// Another salt draws everybody anew.
    pub salt: Text,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { event_age_ms_max: 48 * HOUR_MS, late_ms_max: 6 * HOUR_MS, salt: Text::default() }
    }
}

/// `[simulate]`
#[derive(Debug, Clone, Default)]
pub struct Simulate {
    pub from: Option<Instant>,
    pub to: Option<Instant>,
    /// Of the made-up responses.
    pub seed: u64,
    /// What share of the accepted messages is answered by this: `opened`, `clicked`; by channel, or for all of them.
    pub responses: Vec<Response>,
    /// What hooks are taken to answer.
    pub hooks: Vec<super::hooks::Settings>,
}

#[derive(Debug, Clone)]
pub struct Response {
    /// `None` for every channel.
    pub channel: Option<Written>,
    pub opened: Share,
    /// Of all messages, not of the opened ones.
    pub clicked: Share,
}

/// A part of 10,000.
pub type Share = u16;

/// `[[log]]`
#[derive(Debug, Clone)]
pub struct Log {
    /// As written, relative to the project's folder.
    pub file: Written,
    pub shape: Shape,
    /// Between the columns of a CSV file; a comma where none is said.
    pub separator: Option<u8>,
    /// Of the whole block, for what is missing.
    pub place: Place,
}

#[derive(Debug, Clone)]
pub enum Shape {
    /// Segment's own export: one call per line of JSON.
    Segment,
    Columns(Box<Columns>),
}

#[derive(Debug, Clone)]
pub struct Columns {
    pub event: EventFrom,
    pub customer: Source,
    pub time: TimeFrom,
    pub id: Option<Written>,
    /// Property by property; what is not listed comes from the column of its own name.
    pub properties: Vec<(Written, Source)>,
}

#[derive(Debug, Clone)]
pub enum EventFrom {
    /// Every row is this event.
    Constant(Written),
    /// The column holds the event's name on the wire.
    Column(Written),
}

#[derive(Debug, Clone)]
pub enum Source {
    Column(Written),
    Constant(Written),
    /// Text with `{column}` in it.
    Template(Written),
}

#[derive(Debug, Clone)]
pub struct TimeFrom {
    pub column: Written,
    pub format: TimeFormat,
    /// Of times that say none themselves; the project's where `None`.
    pub zone: Option<Zone>,
}

/// `[[customers]]`
#[derive(Debug, Clone)]
pub struct Customers {
    pub file: Option<(Written, Source)>,
    pub separator: Option<u8>,
    /// Field by field; what is not listed comes from the column of its own name.
    pub fields: Vec<(Written, Source)>,
    /// Topics and the column that says whether this customer agreed.
    pub consent: Vec<(Written, Written)>,
    /// Lists, and the column that says whether this customer is on it; all of the file's customers are where none is named.
    pub lists: Vec<(Written, Option<Written>)>,
    /// Fields that every customer of the log gets.
    pub everyone: Vec<(Written, Source)>,
    pub place: Place,
}

impl Config {
    /// Reads the text of an `onward.toml`.
    pub fn read(source: &SourceFile, file: FileId) -> (Config, Diagnostics) {
        let mut found = Diagnostics::default();
        let mut config = Config::default();
        let (document, errors) = DeTable::parse_recoverable(&source.text);
        // One broken line is one message; what follows from it is silent.
        if let Some(error) = errors.first() {
            let end = source.text.len();
            let range = error.span().unwrap_or(0..0);
            found.push(BrokenToml {
                what: error.message().lines().next().unwrap_or("it is not TOML").to_owned(),
                place: place_of(file, range.start.min(end)..range.end.min(end)),
                help: "a setting is `name = \"text\"`, `name = 5` or `name = true`; a block begins with `[name]`".to_owned(),
            });
        } else {
            config.fill(document.get_ref(), file, &mut found);
        }
        (config, found)
    }

    fn fill(&mut self, document: &DeTable<'_>, file: FileId, found: &mut Diagnostics) {
        let mut top = Table::new(document, file, "`onward.toml`", place_of(file, 0..0));
        if let Some(mut project) = top.table("project", "`[project]`", found) {
            self.name = project.text("name", "write `name = \"shop\"`", found);
            self.zone = project.text("timezone", ZONE_HELP, found).and_then(|written| zone(&written, "timezone", found));
            project.finish(found);
        }
        if let Some(mut limits) = top.table("limits", "`[limits]`", found) {
            if let Some(ms) = duration(&mut limits, "max_event_age", found) {
                self.limits.event_age_ms_max = ms;
            }
            if let Some(ms) = duration(&mut limits, "late_limit", found) {
                self.limits.late_ms_max = ms;
            }
            if let Some(salt) = limits.text("salt", "write `salt = \"2026\"`: another salt draws everybody anew", found) {
                self.limits.salt = Text::new(&salt.text);
            }
            limits.finish(found);
        }
        if let Some(simulate) = top.table("simulate", "`[simulate]`", found) {
            self.simulate = read_simulate(simulate, self.zone.unwrap_or_default(), found);
        }
        for log in top.tables("log", found) {
            self.logs.extend(read_log(log, found));
        }
        for catalog in top.tables("catalog", found) {
            self.catalogs.extend(super::catalogs::Settings::read(catalog, found));
        }
        for codes in top.tables("codes", found) {
            self.codes.extend(super::codes::Settings::read(codes, found));
        }
        for customers in top.tables("customers", found) {
            self.customers.extend(read_customers(customers, file, found));
        }
        if let Some(consent) = top.table("consent", "`[consent]`", found) {
            for (topic, value) in consent.entries() {
                match value.get_ref() {
                    DeValue::String(text) if text == "everyone" => self.consent.push(topic),
                    _ => found.push(consent.bad(
                        &topic.text,
                        value,
                        "\"everyone\"",
                        "write `promotions = \"everyone\"`; a column that says who agreed goes to `[customers.consent]`",
                    )),
                }
            }
        }
        // What the daemon alone reads: `daemon::settings`.
        for key in FOR_THE_DAEMON {
            top.get(key);
        }
        top.finish(found);
    }
}

/// Tables that say how a project is served, not what it means.
pub const FOR_THE_DAEMON: [&str; 5] = ["serve", "channels", "callbacks", "web", "egress"];

const ZONE_HELP: &str = "write `timezone = \"Asia/Bangkok\"`";

fn zone(written: &Written, setting: &str, found: &mut Diagnostics) -> Option<Zone> {
    let zone = Zone::parse(&written.text);
    if zone.is_none() {
        let help = match suggest::best(&written.text, crate::calendar::zone::names()) {
            Some(name) => format!("did you mean `{setting} = \"{name}\"`?"),
            None => format!("write a continent and a city: `{setting} = \"Asia/Bangkok\"`"),
        };
        found.push(BadSetting {
            setting: setting.to_owned(),
            expected: "the name of a time zone".to_owned(),
            found: format!("the text \"{}\"", written.text),
            place: written.place,
            help,
        });
    }
    zone
}

/// `"6 hours"`
fn duration(table: &mut Table<'_, '_>, key: &'static str, found: &mut Diagnostics) -> Option<i64> {
    let help = format!("write `{key} = \"48 hours\"`");
    let written = table.text(key, &help, found)?;
    let ms = parse_duration(&written.text);
    if ms.is_none() {
        found.push(BadSetting {
            setting: key.to_owned(),
            expected: "a duration".to_owned(),
            found: format!("the text \"{}\"", written.text),
            place: written.place,
            help,
        });
    }
    ms
}

fn parse_duration(text: &str) -> Option<i64> {
    let (number, unit) = text.trim().split_once(' ')?;
    let unit_ms = match unit.trim() {
        "second" | "seconds" => SECOND_MS,
        "minute" | "minutes" => MINUTE_MS,
        "hour" | "hours" => HOUR_MS,
        "day" | "days" => DAY_MS,
        "week" | "weeks" => 7 * DAY_MS,
        _ => return None,
    };
    let number: i64 = number.parse().ok()?;
    (number >= 0).then(|| number.checked_mul(unit_ms)).flatten()
}

/// A moment: a TOML date or date with a time, in the project's zone.
fn moment(table: &mut Table<'_, '_>, key: &'static str, zone: Zone, found: &mut Diagnostics) -> Option<Instant> {
    let value = table.get(key)?;
    let parsed = match value.get_ref() {
        DeValue::Datetime(written) => moment::read(&written.to_string(), &TimeFormat::Rfc3339, zone).ok(),
        DeValue::String(text) => moment::read(text, &TimeFormat::Rfc3339, zone).ok(),
        _ => None,
    };
    if parsed.is_none() {
        found.push(table.bad(key, value, "a date", &format!("write `{key} = 2026-03-01` or `{key} = 2026-03-01T10:00:00`")));
    }
    parsed
}

fn read_simulate(mut table: Table<'_, '_>, zone: Zone, found: &mut Diagnostics) -> Simulate {
    let mut simulate = Simulate {
        from: moment(&mut table, "from", zone, found),
        to: moment(&mut table, "to", zone, found),
        seed: table.whole("seed", "write `seed = 1`", found).unwrap_or(0),
        responses: Vec::new(),
        hooks: Vec::new(),
    };
    if let Some(hooks) = table.table("hooks", "`[simulate.hooks]`", found) {
        simulate.hooks = super::hooks::Settings::read(&hooks, found);
    }
    if let Some(mut responses) = table.table("responses", "`[simulate.responses]`", found) {
        let opened = share(&mut responses, "opened", found);
        let clicked = share(&mut responses, "clicked", found);
        if opened.is_some() || clicked.is_some() {
            simulate.responses.push(Response { channel: None, opened: opened.unwrap_or(0), clicked: clicked.unwrap_or(0) });
        }
        for (name, value) in responses.entries().collect::<Vec<_>>() {
            if matches!(name.text.as_str(), "opened" | "clicked") {
                continue;
            }
            let DeValue::Table(inner) = value.get_ref() else {
                found.push(responses.bad(&name.text, value, "a table", "write `email = { opened = \"30%\", clicked = \"4%\" }`"));
                continue;
            };
            let mut inner = Table::new(inner, name.place.file, format!("`[simulate.responses.{}]`", name.text), name.place);
            simulate.responses.push(Response {
                opened: share(&mut inner, "opened", found).unwrap_or(0),
                clicked: share(&mut inner, "clicked", found).unwrap_or(0),
                channel: Some(name),
            });
            inner.finish(found);
        }
    }
    table.finish(found);
    simulate
}

/// `"30%"`
pub(super) fn share(table: &mut Table<'_, '_>, key: &'static str, found: &mut Diagnostics) -> Option<Share> {
    let value = table.get(key)?;
    let parsed = match value.get_ref() {
        DeValue::String(text) => text.strip_suffix('%').and_then(|number| number.trim().parse::<f64>().ok()),
        _ => None,
    };
    match parsed {
        Some(percent) if (0.0..=100.0).contains(&percent) => Some((percent * 100.0).round() as Share),
        _ => {
            found.push(table.bad(key, value, "a percentage from 0% to 100%", &format!("write `{key} = \"30%\"`")));
            None
        }
    }
}

fn read_log(mut table: Table<'_, '_>, found: &mut Diagnostics) -> Option<Log> {
    let file = table.presumed_text("file", "which file it reads", "write `file = \"data/orders.csv\"`", found);
    let place = file.as_ref().map_or(table.place, |file| file.place);
    let separator = separator(&mut table, found);
    if let Some(format) = table.get("format") {
        match format.get_ref() {
            DeValue::String(text) if text == "segment" => {
                table.finish(found);
                return Some(Log { file: file?, shape: Shape::Segment, separator, place });
            }
            DeValue::String(text) if text == "columns" => {}
            _ => found.push(table.bad("format", format, "\"segment\" or \"columns\"", "leave it out for a file with columns")),
        }
    }
    let event = read_event(&mut table, found);
    let customer = source(&mut table, "customer", "which column names the customer", "write `customer = \"user_id\"`", found);
    let time = read_time(&mut table, found);
    let id = table.text("id", "write `id = \"message_id\"`: the column whose value is the same only for the same event", found);
    let properties = columns(&mut table, "columns", "`[log.columns]`", found);
    table.finish(found);
    let shape = Shape::Columns(Box::new(Columns { event: event?, customer: customer?, time: time?, id, properties }));
    Some(Log { file: file?, shape, separator, place })
}

pub(super) fn separator(table: &mut Table<'_, '_>, found: &mut Diagnostics) -> Option<u8> {
    let value = table.get("separator")?;
    match value.get_ref() {
        DeValue::String(text) if text.len() == 1 => text.bytes().next(),
        _ => {
            found.push(table.bad("separator", value, "one character", "write `separator = \";\"`"));
            None
        }
    }
}

fn read_event(table: &mut Table<'_, '_>, found: &mut Diagnostics) -> Option<EventFrom> {
    const HELP: &str = "write `event = \"purchase\"`, or `event = { column = \"type\" }` where a column holds the event's name";
    let Some(value) = table.get("event") else {
        found.push(table.missing("which event its rows are", HELP));
        return None;
    };
    match value.get_ref() {
        DeValue::String(text) => Some(EventFrom::Constant(Written { text: text.to_string(), place: table.place_of(value) })),
        DeValue::Table(inner) => {
            let mut inner = Table::new(inner, table.place.file, "`event`", table.place_of(value));
            let column = inner.presumed_text("column", "which column", HELP, found);
            inner.finish(found);
            column.map(EventFrom::Column)
        }
        _ => {
            found.push(table.bad("event", value, "the name of an event", HELP));
            None
        }
    }
}

pub(super) fn read_time(table: &mut Table<'_, '_>, found: &mut Diagnostics) -> Option<TimeFrom> {
    const HELP: &str = "write `time = \"timestamp\"`, or `time = { column = \"day\", format = \"%d/%m/%Y\", zone = \"Asia/Bangkok\" }`";
    let Some(value) = table.get("time") else {
        found.push(table.missing("which column holds the time", HELP));
        return None;
    };
    match value.get_ref() {
        DeValue::String(text) => {
            let column = Written { text: text.to_string(), place: table.place_of(value) };
            Some(TimeFrom { column, format: TimeFormat::Rfc3339, zone: None })
        }
        DeValue::Table(inner) => {
            let mut inner = Table::new(inner, table.place.file, "`time`", table.place_of(value));
            let column = inner.presumed_text("column", "which column", HELP, found);
            let written = inner.text("format", FORMAT_HELP, found);
            let format = written.and_then(|written| {
                let format = TimeFormat::parse(&written.text);
                if format.is_none() {
                    found.push(BadSetting {
                        setting: "format".to_owned(),
                        expected: "a format of times".to_owned(),
                        found: format!("the text \"{}\"", written.text),
                        place: written.place,
                        help: FORMAT_HELP.to_owned(),
                    });
                }
                format
            });
            let zone = inner.text("zone", "write `zone = \"UTC\"`", found).and_then(|written| zone(&written, "zone", found));
            inner.finish(found);
            Some(TimeFrom { column: column?, format: format.unwrap_or(TimeFormat::Rfc3339), zone })
        }
        _ => {
            found.push(table.bad("time", value, "the name of a column", HELP));
            None
        }
    }
}

const FORMAT_HELP: &str = "write \"iso\", \"seconds\" or \"milliseconds\" (since 1970), or a pattern such as \"%d/%m/%Y %H:%M\"";

/// Where one value comes from: `"column"`, `{ column = … }`, `{ constant = … }`, `{ template = … }`.
fn source_of(table: &Table<'_, '_>, key: &str, value: &Spanned<DeValue<'_>>, found: &mut Diagnostics) -> Option<Source> {
    let place = place_of(table.place.file, value.span());
    let bad = |found: &mut Diagnostics| {
        found.push(BadSetting {
            setting: key.to_owned(),
            expected: "the name of a column".to_owned(),
            found: describe(value.get_ref()),
            place,
            help: format!("write `{key} = \"column\"`, `{key} = {{ constant = \"…\" }}` or `{key} = {{ template = \"…{{column}}…\" }}`"),
        });
    };
    match value.get_ref() {
        DeValue::String(text) => Some(Source::Column(Written { text: text.to_string(), place })),
        DeValue::Table(inner) => {
            let mut inner = Table::new(inner, table.place.file, format!("`{key}`"), place);
            let column = inner.text("column", "write the name of a column in quotes", found);
            let template = inner.text("template", "write a text with `{column}` in it", found);
            let constant = inner.get("constant").and_then(|constant| {
                let place = place_of(inner.place.file, constant.span());
                let text = match constant.get_ref() {
                    DeValue::String(text) => text.to_string(),
                    DeValue::Integer(number) => number.to_string(),
                    DeValue::Float(number) => number.as_str().to_owned(),
                    DeValue::Boolean(truth) => truth.to_string(),
                    DeValue::Datetime(moment) => moment.to_string(),
                    DeValue::Array(_) | DeValue::Table(_) => return None,
                };
                Some(Written { text, place })
            });
            inner.finish(found);
            match (column, constant, template) {
                (Some(column), None, None) => Some(Source::Column(column)),
                (None, Some(constant), None) => Some(Source::Constant(constant)),
                (None, None, Some(template)) => Some(Source::Template(template)),
                _ => {
                    bad(found);
                    None
                }
            }
        }
        _ => {
            bad(found);
            None
        }
    }
}

fn source(table: &mut Table<'_, '_>, key: &'static str, what: &str, help: &str, found: &mut Diagnostics) -> Option<Source> {
    match table.get(key) {
        Some(value) => source_of(table, key, value, found),
        None => {
            found.push(table.missing(what, help));
            None
        }
    }
}

pub(super) fn columns(table: &mut Table<'_, '_>, key: &'static str, name: &str, found: &mut Diagnostics) -> Vec<(Written, Source)> {
    let Some(inner) = table.table(key, name, found) else { return Vec::new() };
    let entries: Vec<_> = inner.entries().collect();
    entries.into_iter().filter_map(|(name, value)| source_of(&inner, &name.text, value, found).map(|source| (name, source))).collect()
}

fn read_customers(mut table: Table<'_, '_>, file_id: FileId, found: &mut Diagnostics) -> Option<Customers> {
    let file = table.text("file", "write `file = \"data/customers.csv\"`", found);
    let place = file.as_ref().map_or(table.place, |file| file.place);
    let separator = separator(&mut table, found);
    let id = match (&file, table.get("id")) {
        (None, None) => None,
        (_, Some(value)) => source_of(&table, "id", value, found),
        (Some(_), None) => {
            found.push(table.missing("which column names the customer", "write `id = \"user_id\"`"));
            return None;
        }
    };
    let fields = columns(&mut table, "columns", "`[customers.columns]`", found);
    let everyone = columns(&mut table, "everyone", "`[customers.everyone]`", found);
    let mut consent = Vec::new();
    if let Some(inner) = table.table("consent", "`[customers.consent]`", found) {
        for (topic, value) in inner.entries() {
            match value.get_ref() {
                DeValue::String(column) => {
                    let place = place_of(file_id, value.span());
                    consent.push((topic, Written { text: column.to_string(), place }));
                }
                _ => found.push(inner.bad(
                    &topic.text,
                    value,
                    "the name of a column",
                    "write `promotions = \"agreed\"`: a column with yes or no",
                )),
            }
        }
    }
    let lists = read_lists(&mut table, found);
    if file.is_none() && everyone.is_empty() {
        found.push(table.missing("which file it reads", "write `file = \"data/customers.csv\"`, or give `[customers.everyone]` fields"));
    }
    table.finish(found);
    Some(Customers { file: file.zip(id), separator, fields, consent, lists, everyone, place })
}

fn read_lists(table: &mut Table<'_, '_>, found: &mut Diagnostics) -> Vec<(Written, Option<Written>)> {
    let mut lists = Vec::new();
    let Some(inner) = table.table("lists", "`[customers.lists]`", found) else { return lists };
    for (list, value) in inner.entries() {
        match value.get_ref() {
            DeValue::Boolean(true) => lists.push((list, None)),
            DeValue::String(column) => lists.push((list, Some(Written { text: column.to_string(), place: inner.place_of(value) }))),
            _ => found.push(inner.bad(
                &list.text,
                value,
                "the name of a column, or `true`",
                "write `vip = \"is_vip\"`: a column with yes or no; or `vip = true`: all customers of this file are on the list",
            )),
        }
    }
    lists
}
