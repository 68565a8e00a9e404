//! All files of a log as one stream, by time.
//!
//! In: opened files in the order of `onward.toml`. Out: one [`Item`] after another: the file whose next row is earliest goes first; at
//! equal times the earlier file, then the earlier row. **Invariant:** the rows of one file keep their order, also where their times do
//! not; such rows are counted. One row per file is held, nothing more.

use super::config::{self, Shape};
use super::mapping::{Columns, Item, Mapping};
use super::problem::{NothingUsable, UnclearFile, UnreadableFile};
use super::refusal::{Reason, Refusal, Refusals};
use super::rows::{Meter, Next, OpenError, Row, Rows};
use super::shape;
use crate::calendar::{Instant, Zone};
use crate::diagnostic::Diagnostics;
use crate::schema::Schema;
use crate::source::Place;
use std::io;
use std::path::Path;

/// What was read of one file.
#[derive(Debug, Clone, Default)]
pub struct FileReport {
    /// As people know it.
    pub file: String,
    /// How it was read, where nobody had said so.
    pub understood: Option<String>,
    pub rows: u64,
    pub used: u64,
    pub refusals: Refusals,
    /// Rows with a time before that of an earlier row, and the line of the first one.
    pub out_of_order: u64,
    pub first_out_of_order: Option<u64>,
    /// The line after which the file could not be read on, and why.
    pub broken: Option<(u64, String)>,
    pub place: Place,
}

/// What is known about a file before it is opened.
#[derive(Debug, Clone)]
pub struct Origin {
    /// As people know it.
    pub name: String,
    /// Where it is named.
    pub place: Place,
    pub separator: Option<u8>,
}

enum How {
    Columns(Box<Mapping>),
    Segment(Zone),
}

pub struct LogFile {
    rows: Option<Rows>,
    how: How,
    /// A row that was read to look at it.
    pending: Option<Next>,
    latest: Instant,
    pub report: FileReport,
    pub meter: Meter,
    pub size: u64,
}

/// Opens a file; the only place that touches the file system.
#[allow(clippy::disallowed_methods)]
pub fn open_rows(path: &Path, origin: &Origin, meter: &Meter, found: &mut Diagnostics) -> Option<(Option<Rows>, u64)> {
    let opened = std::fs::File::open(path).map_err(OpenError::Io).and_then(|file| {
        let size = file.metadata().map_or(0, |data| data.len());
        Rows::open(file, origin.separator, meter.clone()).map(|rows| (Some(rows), size))
    });
    match opened {
        Ok(opened) => Some(opened),
        Err(OpenError::Empty) => Some((None, 0)),
        Err(OpenError::Io(error)) => {
            let what = match error.kind() {
                io::ErrorKind::NotFound => "there is no such file".to_owned(),
                io::ErrorKind::IsADirectory => "it is a folder".to_owned(),
                io::ErrorKind::UnexpectedEof => "it is cut off before its first row".to_owned(),
                io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput => "its compressed data is damaged".to_owned(),
                _ => error.to_string(),
            };
            let help = "files are found from the project's folder on, as `file = \"data/orders.csv\"`".to_owned();
            found.push(UnreadableFile { file: origin.name.clone(), what, place: origin.place, help });
            None
        }
        Err(error) => {
            let help = match error {
                OpenError::Utf16 => "save it as UTF-8, and read it again".to_owned(),
                OpenError::Separator("tabs") => "if that is so, write `separator = \"\\t\"` beside its `file = …`".to_owned(),
                OpenError::Separator(_) => "if that is so, write `separator = \";\"` beside its `file = …`".to_owned(),
                OpenError::JsonList => "write one object per line: `jq -c '.[]' FILE`".to_owned(),
                _ => "give every column a name of its own in the first line".to_owned(),
            };
            found.push(UnclearFile { file: origin.name.clone(), what: error.to_string(), place: origin.place, help });
            None
        }
    }
}

impl LogFile {
    /// Opens a file of a log and binds its columns. `settings`: as `onward.toml` says; without them the shape is taken from the file.
    pub fn open(
        path: &Path,
        origin: Origin,
        settings: Option<&Shape>,
        schema: &Schema,
        zone: Zone,
        found: &mut Diagnostics,
    ) -> Option<LogFile> {
        let meter = Meter::default();
        let (mut rows, size) = open_rows(path, &origin, &meter, found)?;
        let mut report = FileReport { file: origin.name.clone(), place: origin.place, ..FileReport::default() };
        let mut pending = None;
        let how = match (settings, &mut rows) {
            (_, None) => How::Segment(zone),
            (Some(Shape::Segment), Some(rows)) => {
                if rows.header().is_some() {
                    let help = "leave out `format = \"segment\"`, and say which columns it has".to_owned();
                    found.push(UnclearFile {
                        file: origin.name,
                        what: "Segment's exports are JSON, and this is CSV".to_owned(),
                        place: origin.place,
                        help,
                    });
                    return None;
                }
                How::Segment(zone)
            }
            (Some(Shape::Columns(settings)), Some(rows)) => {
                let columns = Columns { file: &origin.name, header: rows.header() };
                How::Columns(Box::new(Mapping::bind(settings, schema, &columns, zone, found)?))
            }
            (None, Some(rows)) => {
                let first = first_row(rows, &mut report);
                let how = guess(rows, &origin, schema, zone, &mut report, found)?;
                pending = Some(first);
                how
            }
        };
        Some(LogFile { rows, how, pending, latest: Instant::FIRST, report, meter, size })
    }

    /// The next usable row into `item`; `false` at the end.
    pub fn next(&mut self, schema: &Schema, item: &mut Item) -> bool {
        loop {
            match self.next_row(schema, item) {
                None => return false,
                Some(Ok(())) => break,
                Some(Err(refusal)) => self.report.refusals.add(self.line(), *refusal),
            }
        }
        self.report.used += 1;
        let line = self.line();
        if item.at < self.latest {
            self.report.out_of_order += 1;
            self.report.first_out_of_order.get_or_insert(line);
        } else {
            self.latest = item.at;
        }
        true
    }

    /// The next row, usable or not; `None` at the end. Of these only the number of rows is counted.
    pub fn next_row(&mut self, schema: &Schema, item: &mut Item) -> Option<Result<(), Box<Refusal>>> {
        let rows = self.rows.as_mut()?;
        match self.pending.take().unwrap_or_else(|| rows.advance()) {
            Next::End => return None,
            Next::Broken(why) => {
                self.report.broken = Some((rows.line(), why));
                return None;
            }
            Next::Refused(refusal) => {
                self.report.rows += 1;
                return Some(Err(refusal));
            }
            Next::Row => {}
        }
        self.report.rows += 1;
        Some(match (&self.how, rows.row()) {
            (How::Columns(mapping), row) => mapping.read(schema, row, item),
            (How::Segment(zone), Row::Json(object)) => shape::read_segment(schema, object, *zone, item),
            (How::Segment(_), Row::Csv(_)) => Err(Refusal::new(Reason::NotJson, "", "", "one JSON object on a line")),
        })
    }

    /// The line on which the row at hand begins.
    pub fn line(&self) -> u64 {
        self.rows.as_ref().map_or(0, Rows::line)
    }

    /// The row at hand as it was read.
    pub fn text(&self) -> String {
        self.rows.as_ref().map_or_else(String::new, |rows| rows.row().text())
    }
}

/// Reads on to the first whole row, so that its values can be looked at.
fn first_row(rows: &mut Rows, report: &mut FileReport) -> Next {
    loop {
        match rows.advance() {
            Next::Refused(refusal) => {
                report.rows += 1;
                report.refusals.add(rows.line(), *refusal);
            }
            other => return other,
        }
    }
}

fn guess(rows: &Rows, origin: &Origin, schema: &Schema, zone: Zone, report: &mut FileReport, found: &mut Diagnostics) -> Option<How> {
    if shape::is_segment(rows.row()) {
        report.understood = Some("Segment's export shape".to_owned());
        return Some(How::Segment(zone));
    }
    match shape::guess(rows.header(), rows.row(), schema, origin.place) {
        Ok((settings, said)) => {
            report.understood = Some(said);
            let columns = Columns { file: &origin.name, header: rows.header() };
            Mapping::bind(&settings, schema, &columns, zone, found).map(|mapping| How::Columns(Box::new(mapping)))
        }
        Err(what) => {
            let columns = rows.header().map_or_else(String::new, |header| format!(" (its columns are: {})", header.join(", ")));
            found.push(UnclearFile {
                file: origin.name.clone(),
                what: format!("no column has a usual name for {what}"),
                place: origin.place,
                help: format!("say it in `onward.toml`: `[[log]]` with `file`, `event`, `customer` and `time`{columns}"),
            });
            None
        }
    }
}

/// The stream.
pub struct Merge<'s> {
    schema: &'s Schema,
    files: Vec<LogFile>,
    heads: Vec<Item>,
    live: Vec<bool>,
    /// Whose head was given out last.
    taken: Option<usize>,
}

impl<'s> Merge<'s> {
    pub fn new(schema: &'s Schema, mut files: Vec<LogFile>) -> Merge<'s> {
        let mut heads: Vec<Item> = files.iter().map(|_| Item::default()).collect();
        let live = files.iter_mut().zip(&mut heads).map(|(file, head)| file.next(schema, head)).collect();
        Merge { schema, files, heads, live, taken: None }
    }

    /// The earliest row of all files; `None` at the end of all.
    #[allow(clippy::should_implement_trait)]
    pub fn next(&mut self) -> Option<&mut Item> {
        if let Some(at) = self.taken.take() {
            self.live[at] = self.files[at].next(self.schema, &mut self.heads[at]);
        }
        let mut best: Option<usize> = None;
        for at in 0..self.heads.len() {
            if self.live[at] && best.is_none_or(|best| self.heads[at].at < self.heads[best].at) {
                best = Some(at);
            }
        }
        self.taken = best;
        best.map(|at| &mut self.heads[at])
    }

    pub fn files(&self) -> &[LogFile] {
        &self.files
    }

    pub fn into_reports(self) -> Vec<FileReport> {
        self.files.into_iter().map(|file| file.report).collect()
    }
}

/// Findings about whole files, once they were read: nothing may be built on a log of which no row could be used.
pub fn judge(reports: &[FileReport], found: &mut Diagnostics) {
    for report in reports.iter().filter(|report| report.rows > 0 && report.used == 0) {
        let help = report.refusals.main().map_or_else(String::new, |(reason, example)| {
            let column = if example.column.is_empty() { String::new() } else { format!(" in `{}`", example.column) };
            let has = if example.found.is_empty() { "is empty".to_owned() } else { format!("has `{}`", example.found) };
            format!("mostly {}: line {}{column} {has}, expected {}", reason.title(), example.line, example.expected)
        });
        found.push(NothingUsable { file: report.file.clone(), rows: report.rows, place: report.place, help });
    }
}

/// The separator that settings name.
pub fn origin_of(log: &config::Log) -> Origin {
    Origin { name: log.file.text.clone(), place: log.file.place, separator: log.separator }
}
