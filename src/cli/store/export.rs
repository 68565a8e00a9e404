//! `onward store export`: what a store holds, for people's own tools.
//!
//! In: the folder of a store, an empty folder. Out: `onward.sqlite`, and the same tables as CSV. **Invariant:** nothing is written over anything; the database
//! has its name only when it is whole; text in CSV that a spreadsheet would take for a formula is not one.

use super::{Exit, disk, refused};
use crate::cli::output::Output;
use crate::daemon::tables::{self, CannotTell, Cell, Sink, TABLES, Table};
use crate::diagnostic::render::Format;
use crate::simulate::text::counted;
use rusqlite::Connection;
use rusqlite::types::{ToSqlOutput, Value};
use serde_json::{Map, Value as Json, json};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::File;
use std::path::Path;

const DATABASE: &str = "onward.sqlite";
/// Columns that hold whole numbers; all others hold text.
const WHOLE: [&str; 6] = ["customer", "number", "run", "live", "held_out", "since_batch"];

/// Writes every row twice.
struct Both {
    connection: Connection,
    inserts: BTreeMap<&'static str, String>,
    csv: BTreeMap<&'static str, csv::Writer<File>>,
    rows: BTreeMap<&'static str, u64>,
}

pub(super) fn run(folder: &Path, keys: &Path, to: &Path, output: &Output) -> Exit {
    // The store first: where it cannot be read, no folder with half an export is left behind.
    let done = tables::look(&disk(folder), &disk(keys)).and_then(|shelf| {
        let mut both = prepare(to).and_then(|()| Both::begin(to)).map_err(CannotTell::Write)?;
        tables::tell(&shelf, &mut both)?;
        both.finish(to).map_err(CannotTell::Write)
    });
    match done {
        Ok(rows) => {
            told(to, &rows, output);
            Exit::Fine
        }
        Err(CannotTell::Store(error)) => refused(&error, output),
        Err(error) => output.fail(Exit::InputOutput, &format!("{error}\n  help: {}", error.help())),
    }
}

/// An empty folder that only its owner can read: what comes into it is personal.
fn prepare(to: &Path) -> Result<(), String> {
    if to.read_dir().is_ok_and(|mut entries| entries.next().is_some()) {
        return Err(format!("`{}` is not empty, and nothing is written over", to.display()));
    }
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(to).map_err(|error| format!("the folder `{}` cannot be made: {error}", to.display()))
}

impl Both {
    fn begin(to: &Path) -> Result<Both, String> {
        let wrong = |error: rusqlite::Error| format!("the database cannot be written: {error}");
        let connection = Connection::open(to.join(format!("{DATABASE}.new"))).map_err(wrong)?;
        let (mut csv, mut inserts) = (BTreeMap::new(), BTreeMap::new());
        let mut schema = "BEGIN;\n".to_owned();
        for table in TABLES {
            let columns: Vec<String> = table
                .columns
                .iter()
                .map(|column| format!("\"{column}\" {}", if WHOLE.contains(column) { "INTEGER" } else { "TEXT" }))
                .collect();
            let _infallible = writeln!(schema, "CREATE TABLE {} ({});", table.name, columns.join(", "));
            let places = vec!["?"; table.columns.len()].join(", ");
            inserts.insert(table.name, format!("INSERT INTO {} VALUES ({places})", table.name));
            let file = to.join(format!("{}.csv", table.name));
            let mut writer = csv::Writer::from_path(&file).map_err(|error| format!("`{}` cannot be written: {error}", file.display()))?;
            writer.write_record(table.columns).map_err(|error| error.to_string())?;
            csv.insert(table.name, writer);
        }
        connection.execute_batch(&schema).map_err(wrong)?;
        connection.set_prepared_statement_cache_capacity(TABLES.len());
        Ok(Both { connection, inserts, csv, rows: TABLES.iter().map(|table| (table.name, 0)).collect() })
    }

    fn finish(mut self, to: &Path) -> Result<BTreeMap<&'static str, u64>, String> {
        let wrong = |error: rusqlite::Error| format!("the database cannot be written: {error}");
        let mut end = String::new();
        for table in TABLES.iter().filter(|table| table.columns.first() == Some(&"customer")) {
            let _infallible = writeln!(end, "CREATE INDEX {0}_customer ON {0} (customer);", table.name);
        }
        end.push_str("COMMIT;");
        self.connection.execute_batch(&end).map_err(wrong)?;
        for (name, writer) in &mut self.csv {
            writer.flush().map_err(|error| format!("`{name}.csv` cannot be written: {error}"))?;
        }
        self.connection.close().map_err(|(_, error)| wrong(error))?;
        let renamed = std::fs::rename(to.join(format!("{DATABASE}.new")), to.join(DATABASE));
        renamed.map_err(|error| format!("`{DATABASE}` cannot get its name: {error}"))?;
        Ok(self.rows)
    }
}

impl Sink for Both {
    fn row(&mut self, table: Table, cells: Vec<Cell>) -> Result<(), String> {
        let (Some(insert), Some(csv), Some(rows)) =
            (self.inserts.get(table.name), self.csv.get_mut(table.name), self.rows.get_mut(table.name))
        else {
            return Err(format!("no table is called `{}`", table.name));
        };
        *rows += 1;
        csv.write_record(cells.iter().map(shown)).map_err(|error| format!("`{}.csv` cannot be written: {error}", table.name))?;
        let values = cells.into_iter().map(|cell| {
            ToSqlOutput::Owned(match cell {
                Cell::Nothing => Value::Null,
                Cell::Whole(number) => Value::Integer(number),
                Cell::Text(text) => Value::Text(text),
            })
        });
        let done = self.connection.prepare_cached(insert).and_then(|mut insert| insert.execute(rusqlite::params_from_iter(values)));
        done.map(drop).map_err(|error| format!("the database cannot be written: {error}"))
    }
}

/// A cell of CSV. What a spreadsheet would run is text in it: an apostrophe stands before.
fn shown(cell: &Cell) -> String {
    match cell {
        Cell::Nothing => String::new(),
        Cell::Whole(number) => number.to_string(),
        Cell::Text(text) if text.starts_with(['=', '+', '-', '@', '\t', '\r']) && text.parse::<f64>().is_err() => format!("'{text}"),
        Cell::Text(text) => text.clone(),
    }
}

fn told(to: &Path, rows: &BTreeMap<&'static str, u64>, output: &Output) {
    if output.format() == Format::Json {
        let tables: Map<String, Json> = rows.iter().map(|(name, rows)| ((*name).to_owned(), (*rows).into())).collect();
        return output.print(&format!("{}\n", json!({ "database": to.join(DATABASE), "tables": tables })));
    }
    let mut text = String::new();
    for table in TABLES {
        let count = rows.get(table.name).copied().unwrap_or_default();
        let _infallible = writeln!(text, "{:<14}{}", table.name, counted(count, "row"));
    }
    let _infallible = writeln!(
        text,
        "written to `{}` and CSV beside it; what stands there is readable by everybody who has it",
        to.join(DATABASE).display()
    );
    output.print(&text);
}

#[cfg(test)]
mod tests {
    use super::{Cell, shown};

    #[test]
    fn no_cell_of_csv_is_a_formula() {
        for (text, expected) in [
            ("=cmd|'/c calc'!A1", "'=cmd|'/c calc'!A1"),
            ("+66812345678", "+66812345678"),
            ("-5", "-5"),
            ("-5+cmd", "'-5+cmd"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("นก", "นก"),
        ] {
            assert_eq!(shown(&Cell::Text(text.to_owned())), expected);
        }
        assert_eq!((shown(&Cell::Nothing), shown(&Cell::Whole(-5))), (String::new(), "-5".to_owned()));
    }
}
