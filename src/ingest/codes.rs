//! Codes of pools from files: `[[codes]]` of `onward.toml`.
//!
//! In: the blocks, the schema, files of rows with a column of codes. Out: for each pool its codes in the order of files and lines, and a report for
//! each file. **Invariant:** a code is trimmed, not empty and at most [`CODE_BYTES_MAX`] long; what is not is refused with its line. Which of
//! them were given already is not known here.

use super::config::{Written, separator};
use super::mapping::{Columns, unknown};
use super::merge::{FileReport, Origin, open_rows};
use super::problem::UnclearFile;
use super::refusal::{Reason, Refusal};
use super::rows::{Meter, Next};
use super::toml_walk::Table;
use crate::diagnostic::{Diagnostics, suggest};
use crate::schema::Schema;
use crate::source::Place;
use std::path::Path;

/// Bytes of a code.
pub const CODE_BYTES_MAX: usize = 1_024;
/// Rows of one file.
pub const ROWS_MAX: usize = 2_000_000;
/// The column that holds the codes where none is said.
const COLUMN: &str = "code";

/// `[[codes]]`
#[derive(Debug, Clone)]
pub struct Settings {
    pub pool: Written,
    pub file: Written,
    pub separator: Option<u8>,
    pub column: Option<Written>,
    pub place: Place,
}

/// What the files say.
#[derive(Debug, Default)]
pub struct Codes {
    /// In the order of the settings.
    pub pools: Vec<(String, Vec<String>)>,
    pub reports: Vec<FileReport>,
}

impl Settings {
    pub(super) fn read(mut table: Table<'_, '_>, found: &mut Diagnostics) -> Option<Settings> {
        let pool = table.presumed_text("pool", "which pool it fills", "write `pool = \"spring\"`", found);
        let file = table.presumed_text("file", "which file it reads", "write `file = \"data/spring.csv\"`", found);
        let place = file.as_ref().map_or(table.place, |file| file.place);
        let separator = separator(&mut table, found);
        let column = table.text("column", "write `column = \"code\"`: the column that holds the codes", found);
        table.finish(found);
        Some(Settings { pool: pool?, file: file?, separator, column, place })
    }
}

impl Codes {
    /// Reads all `[[codes]]`; `folder` is the project's.
    pub fn read(settings: &[Settings], schema: &Schema, folder: &Path, found: &mut Diagnostics) -> Codes {
        let mut codes = Codes::default();
        for one in settings {
            if !schema.pools.iter().any(|pool| pool.name == one.pool.text.as_str()) {
                let nearest = suggest::best(&one.pool.text, schema.pools.iter().map(|pool| pool.name.as_str()));
                found.push(unknown("pool of codes", &one.pool, nearest, "declare it: `codes spring \"Spring codes\"`"));
                continue;
            }
            codes.read_file(one, folder, found);
        }
        codes
    }

    fn read_file(&mut self, settings: &Settings, folder: &Path, found: &mut Diagnostics) {
        let origin = Origin { name: settings.file.text.clone(), place: settings.file.place, separator: settings.separator };
        let Some((rows, _)) = open_rows(&folder.join(&settings.file.text), &origin, &Meter::default(), found) else { return };
        let mut report = FileReport { file: origin.name.clone(), place: origin.place, ..FileReport::default() };
        let mut all = Vec::new();
        if let Some(mut rows) = rows {
            let columns = Columns { file: &origin.name, header: rows.header() };
            let (name, place) = settings.column.as_ref().map_or((COLUMN, settings.place), |column| (column.text.as_str(), column.place));
            let Some(column) = columns.expect(name, " for the codes", place, found) else { return };
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
                        let cell = rows.row().cell(&column).map(|cell| cell.text().trim().to_owned());
                        match cell.and_then(|code| fit(&column.name, code)) {
                            Ok(code) => {
                                report.used += 1;
                                all.push(code);
                            }
                            Err(refusal) => report.refusals.add(rows.line(), *refusal),
                        }
                    }
                }
                if all.len() > ROWS_MAX {
                    found.push(UnclearFile {
                        file: origin.name,
                        what: format!("it has more than {ROWS_MAX} codes"),
                        place: settings.place,
                        help: "give every two million codes a pool of their own".to_owned(),
                    });
                    return;
                }
            }
        }
        self.pools.push((settings.pool.text.clone(), all));
        self.reports.push(report);
    }
}

fn fit(column: &str, code: String) -> Result<String, Box<Refusal>> {
    if code.is_empty() {
        return Err(Refusal::new(Reason::MissingValue, column, "", "a code"));
    }
    if code.len() > CODE_BYTES_MAX || code.chars().any(char::is_control) {
        return Err(Refusal::new(Reason::WrongType, column, &code, format!("a code of at most {CODE_BYTES_MAX} bytes on one line")));
    }
    Ok(code)
}
