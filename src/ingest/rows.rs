//! Files of rows: CSV with a header, or JSON Lines; plain, gzip or zstd, told apart by their first bytes.
//!
//! In: a reader over a file's bytes. Out: rows, one after another, whose cells are asked for by position ([`Row`]). **Invariant:** a row
//! is whole or refused; memory is bounded by one line, whatever the file holds. A file that ends too early gives the rows before its
//! end and then says so ([`Next::Broken`]). What a column means is not known here.

use super::refusal::{Reason, Refusal};
use std::io::{self, BufRead, BufReader, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Bytes of one cell.
pub const CELL_BYTES_MAX: usize = 64 * 1024;
/// Bytes of one row.
pub const ROW_BYTES_MAX: u64 = 1024 * 1024;

/// Bytes of the file that were read, for progress.
pub type Meter = Arc<AtomicU64>;

/// What is wrong with a file before its first row.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("{0}")]
    Io(#[from] io::Error),
    #[error("it is UTF-16")]
    Utf16,
    #[error("its columns seem to be separated by {0}")]
    Separator(&'static str),
    #[error("its header names `{0}` twice")]
    TwiceInHeader(String),
    #[error("its header has a column without a name (column {0})")]
    NoName(usize),
    #[error("its header is not UTF-8")]
    HeaderNotUtf8,
    #[error("it is one JSON list, not one object per line")]
    JsonList,
    #[error("it is empty")]
    Empty,
}

pub enum Rows {
    Csv(CsvRows),
    Json(JsonRows),
}

/// What comes next in a file.
pub enum Next {
    Row,
    /// A row that is none.
    Refused(Box<Refusal>),
    End,
    /// The file ends here against its will; what came before is good.
    Broken(String),
}

impl Rows {
    /// Opens a file of rows. `separator` is a comma where nobody says otherwise.
    pub fn open(file: impl Read + Send + 'static, separator: Option<u8>, meter: Meter) -> Result<Rows, OpenError> {
        let mut plain = BufReader::with_capacity(64 * 1024, decompress(Metered { inner: file, meter })?);
        let head = fill(&mut plain)?;
        if head.starts_with(&[0xff, 0xfe]) || head.starts_with(&[0xfe, 0xff]) {
            return Err(OpenError::Utf16);
        }
        if head.starts_with(&[0xef, 0xbb, 0xbf]) {
            plain.consume(3);
        }
        match fill(&mut plain)?.iter().find(|byte| !byte.is_ascii_whitespace()) {
            None => Err(OpenError::Empty),
            Some(b'{') => Ok(Rows::Json(JsonRows::new(plain))),
            Some(b'[') => Err(OpenError::JsonList),
            Some(_) => Ok(Rows::Csv(CsvRows::open(plain, separator)?)),
        }
    }

    /// The columns of a CSV file; `None` for JSON, where every row has its own.
    pub fn header(&self) -> Option<&[String]> {
        match self {
            Rows::Csv(rows) => Some(&rows.header),
            Rows::Json(_) => None,
        }
    }

    pub fn advance(&mut self) -> Next {
        match self {
            Rows::Csv(rows) => rows.advance(),
            Rows::Json(rows) => rows.advance(),
        }
    }

    /// The line on which the current row begins, from 1.
    pub fn line(&self) -> u64 {
        match self {
            Rows::Csv(rows) => rows.line,
            Rows::Json(rows) => rows.line,
        }
    }

    pub fn row(&self) -> Row<'_> {
        match self {
            Rows::Csv(rows) => Row::Csv(&rows.record),
            Rows::Json(rows) => Row::Json(&rows.object),
        }
    }
}

/// A cell of a CSV file.
pub fn quoted(cell: &str) -> String {
    if cell.contains([',', '"', '\n', '\r']) { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell.to_owned() }
}

/// The first bytes: reads on until there are at least four or the file ends.
fn fill<R: Read>(reader: &mut BufReader<R>) -> io::Result<&[u8]> {
    // A decoder may hand out its first bytes one by one; `fill_buf` only reads where the buffer is empty, so one read must do. Every
    // decoder here fills what it can.
    reader.fill_buf()
}

fn decompress(file: impl Read + Send + 'static) -> Result<Box<dyn Read + Send>, OpenError> {
    let mut file = BufReader::with_capacity(64 * 1024, file);
    let head = file.fill_buf()?;
    if head.starts_with(&[0x1f, 0x8b]) {
        return Ok(Box::new(flate2::bufread::MultiGzDecoder::new(file)));
    }
    if head.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) {
        return Ok(Box::new(Frames { decoder: Some(frame(file)?) }));
    }
    Ok(Box::new(file))
}

type Frame<R> = ruzstd::decoding::StreamingDecoder<R, ruzstd::decoding::FrameDecoder>;

fn frame<R: Read>(file: R) -> io::Result<Frame<R>> {
    ruzstd::decoding::StreamingDecoder::new(file).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error.to_string()))
}

/// A zstd file: frames one after the other, as it is where files were put together.
struct Frames<R: BufRead> {
    /// `None` after the last one.
    decoder: Option<Frame<R>>,
}

impl<R: BufRead> Read for Frames<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while let Some(decoder) = &mut self.decoder {
            let read = decoder.read(buffer)?;
            if read > 0 || buffer.is_empty() {
                return Ok(read);
            }
            let mut file = self.decoder.take().map(Frame::into_inner).ok_or(io::ErrorKind::UnexpectedEof)?;
            if !file.fill_buf()?.is_empty() {
                self.decoder = Some(frame(file)?);
            }
        }
        Ok(0)
    }
}

struct Metered<R> {
    inner: R,
    meter: Meter,
}

impl<R: Read> Read for Metered<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.meter.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

/// Why a file broke off, for people.
fn broken(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => "the file is cut off".to_owned(),
        io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput => "the compressed data is damaged".to_owned(),
        _ => error.to_string(),
    }
}

// ---------------------------------------------------------------- CSV

pub struct CsvRows {
    reader: csv::Reader<Bounded<BufReader<Box<dyn Read + Send>>>>,
    header: Vec<String>,
    record: csv::ByteRecord,
    since_row: Meter,
    line: u64,
    ended: bool,
}

/// Gives up where a single row does not end: an open quote would otherwise swallow the rest of the file.
struct Bounded<R> {
    inner: R,
    since_row: Meter,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.since_row.load(Ordering::Relaxed) > ROW_BYTES_MAX {
            return Err(io::Error::other("a row does not end within 1 MiB: is a quote left open?"));
        }
        let read = self.inner.read(buffer)?;
        self.since_row.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

impl CsvRows {
    fn open(mut plain: BufReader<Box<dyn Read + Send>>, separator: Option<u8>) -> Result<CsvRows, OpenError> {
        if separator.is_none() {
            let head = plain.fill_buf()?;
            let line = head.split(|byte| *byte == b'\n').next().unwrap_or_default();
            let count = |wanted: u8| line.iter().filter(|byte| **byte == wanted).count();
            let commas = count(b',');
            if count(b';') > commas {
                return Err(OpenError::Separator("semicolons"));
            }
            if count(b'\t') > commas {
                return Err(OpenError::Separator("tabs"));
            }
        }
        let since_row = Meter::default();
        let bounded = Bounded { inner: plain, since_row: since_row.clone() };
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(separator.unwrap_or(b','))
            .has_headers(false)
            .flexible(true)
            .buffer_capacity(64 * 1024)
            .from_reader(bounded);
        let mut record = csv::ByteRecord::new();
        match reader.read_byte_record(&mut record) {
            Ok(true) => {}
            Ok(false) => return Err(OpenError::Empty),
            Err(error) => return Err(OpenError::Io(io_error(error))),
        }
        let mut header = Vec::new();
        for (at, cell) in record.iter().enumerate() {
            let name = std::str::from_utf8(cell).map_err(|_| OpenError::HeaderNotUtf8)?.trim().to_owned();
            if name.is_empty() {
                return Err(OpenError::NoName(at + 1));
            }
            if header.contains(&name) {
                return Err(OpenError::TwiceInHeader(name));
            }
            header.push(name);
        }
        Ok(CsvRows { reader, header, record, since_row, line: 1, ended: false })
    }

    fn advance(&mut self) -> Next {
        if self.ended {
            return Next::End;
        }
        self.since_row.store(0, Ordering::Relaxed);
        match self.reader.read_byte_record(&mut self.record) {
            Ok(true) => {}
            Ok(false) => {
                self.ended = true;
                return Next::End;
            }
            Err(error) => {
                self.ended = true;
                return Next::Broken(broken(&io_error(error)));
            }
        }
        self.line = self.record.position().map_or(self.line + 1, csv::Position::line);
        if self.record.len() != self.header.len() {
            let expected = format!("{} columns, as the header", self.header.len());
            return Next::Refused(Refusal::new(Reason::Ragged, "", &format!("{} columns", self.record.len()), expected));
        }
        if self.record.as_slice().len() > CELL_BYTES_MAX
            && let Some(at) = self.record.iter().position(|cell| cell.len() > CELL_BYTES_MAX)
        {
            let found = format!("{} bytes", self.record.get(at).map_or(0, <[u8]>::len));
            return Next::Refused(Refusal::new(Reason::TooLong, &self.header[at], &found, format!("at most {CELL_BYTES_MAX} bytes")));
        }
        Next::Row
    }
}

fn io_error(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    }
}

// ---------------------------------------------------------------- JSON Lines

pub type Object = serde_json::Map<String, serde_json::Value>;

pub struct JsonRows {
    reader: BufReader<Box<dyn Read + Send>>,
    buffer: Vec<u8>,
    object: Object,
    line: u64,
    ended: bool,
}

impl JsonRows {
    fn new(reader: BufReader<Box<dyn Read + Send>>) -> JsonRows {
        JsonRows { reader, buffer: Vec::new(), object: Object::new(), line: 0, ended: false }
    }

    /// One line into the buffer; `Ok(false)` where it is too long (it is passed over).
    fn read_line(&mut self) -> io::Result<Option<bool>> {
        self.buffer.clear();
        let read = (&mut self.reader).take(ROW_BYTES_MAX).read_until(b'\n', &mut self.buffer)?;
        if read == 0 {
            return Ok(None);
        }
        self.line += 1;
        if self.buffer.last() == Some(&b'\n') || (read as u64) < ROW_BYTES_MAX {
            return Ok(Some(true));
        }
        loop {
            let rest = self.reader.fill_buf()?;
            let end = rest.iter().position(|byte| *byte == b'\n');
            let (used, done) = (end.map_or(rest.len(), |end| end + 1), end.is_some() || rest.is_empty());
            self.reader.consume(used);
            if done {
                return Ok(Some(false));
            }
        }
    }

    fn advance(&mut self) -> Next {
        loop {
            if self.ended {
                return Next::End;
            }
            match self.read_line() {
                Ok(Some(true)) => {}
                Ok(Some(false)) => {
                    let found = format!("more than {ROW_BYTES_MAX} bytes");
                    return Next::Refused(Refusal::new(Reason::TooLong, "", &found, "one object on a line of at most 1 MiB"));
                }
                Ok(None) => {
                    self.ended = true;
                    return Next::End;
                }
                Err(error) => {
                    self.ended = true;
                    return Next::Broken(broken(&error));
                }
            }
            let text = self.buffer.trim_ascii();
            if text.is_empty() {
                continue;
            }
            let Ok(text) = std::str::from_utf8(text) else {
                return Next::Refused(Refusal::new(Reason::NotUtf8, "", &String::from_utf8_lossy(text), "text in UTF-8"));
            };
            match serde_json::from_str(text) {
                Ok(object) => self.object = object,
                Err(error) => {
                    let expected = format!("one JSON object on a line ({error})");
                    return Next::Refused(Refusal::new(Reason::NotJson, "", text, expected));
                }
            }
            return Next::Row;
        }
    }
}

// ---------------------------------------------------------------- cells

/// The current row of a file.
#[derive(Clone, Copy)]
pub enum Row<'a> {
    Csv(&'a csv::ByteRecord),
    Json(&'a Object),
}

/// One value of a row.
#[derive(Debug, Clone, Copy)]
pub enum Cell<'a> {
    /// No such member, `null`. (An empty cell is an empty text.)
    Missing,
    Text(&'a str),
    Json(&'a serde_json::Value),
}

/// A column of one file: its position in a CSV header, or its name (`properties.total` goes inside) in JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    pub name: String,
    pub index: usize,
}

impl<'a> Row<'a> {
    /// The whole row as text, to be shown and told apart: cells between commas, or JSON.
    pub fn text(self) -> String {
        match self {
            Row::Csv(record) => {
                let cells: Vec<String> = record.iter().map(|cell| quoted(&String::from_utf8_lossy(cell))).collect();
                cells.join(",")
            }
            Row::Json(object) => serde_json::Value::Object(object.clone()).to_string(),
        }
    }

    pub fn cell(self, column: &Column) -> Result<Cell<'a>, Box<Refusal>> {
        match self {
            Row::Csv(record) => {
                let bytes = record.get(column.index).unwrap_or_default();
                match std::str::from_utf8(bytes) {
                    Ok(text) => Ok(Cell::Text(text)),
                    Err(_) => Err(Refusal::new(Reason::NotUtf8, &column.name, &String::from_utf8_lossy(bytes), "text in UTF-8")),
                }
            }
            Row::Json(object) => Ok(find(object, &column.name).map_or(Cell::Missing, Cell::of)),
        }
    }
}

/// A member of the row, or of its `properties`.
fn find<'a>(object: &'a Object, name: &str) -> Option<&'a serde_json::Value> {
    lookup(object, name).or_else(|| lookup(object.get("properties")?.as_object()?, name))
}

/// A member by its name, or by a path of names with dots.
fn lookup<'a>(object: &'a Object, name: &str) -> Option<&'a serde_json::Value> {
    if let Some(value) = object.get(name) {
        return Some(value);
    }
    let (first, rest) = name.split_once('.')?;
    lookup(object.get(first)?.as_object()?, rest)
}

impl<'a> Cell<'a> {
    pub fn of(value: &'a serde_json::Value) -> Cell<'a> {
        match value {
            serde_json::Value::Null => Cell::Missing,
            serde_json::Value::String(text) => Cell::Text(text),
            other => Cell::Json(other),
        }
    }

    /// As text: numbers and truths of JSON as they are written.
    pub fn text(self) -> std::borrow::Cow<'a, str> {
        match self {
            Cell::Missing => "".into(),
            Cell::Text(text) => text.into(),
            Cell::Json(value) => value.to_string().into(),
        }
    }
}
