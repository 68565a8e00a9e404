//! `onward store export`, with the real binary: the tables are read back from the database and from CSV.

use super::ask::{Folder, NOK, Served, fine, onward};
use onward::store::{Disk, RealFiles, Settings, Store};
use rusqlite::Connection;
use rusqlite::types::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

const TABLES: usize = 15;

/// Every table of the database: names of columns, and rows as text.
type Tables = BTreeMap<String, (Vec<String>, Vec<Vec<String>>)>;

fn of_database(folder: &Path) -> Tables {
    let connection = Connection::open(folder.join("onward.sqlite")).unwrap();
    let mut listed = connection.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").unwrap();
    let names: Vec<String> = listed.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    let read = |name: String| {
        let mut all = connection.prepare(&format!("SELECT * FROM {name} ORDER BY rowid")).unwrap();
        let columns: Vec<String> = all.column_names().map(str::to_owned).collect();
        let count = columns.len();
        let text = |value| match value {
            Value::Null => String::new(),
            Value::Integer(number) => number.to_string(),
            Value::Text(text) => text,
            other => panic!("{other:?}"),
        };
        let rows = all.query_map([], |row| Ok((0..count).map(|at| text(row.get(at).unwrap())).collect())).unwrap().map(Result::unwrap);
        let rows: Vec<Vec<String>> = rows.collect();
        (name, (columns, rows))
    };
    names.into_iter().map(read).collect()
}

fn of_csv(folder: &Path) -> Tables {
    let files =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.extension().is_some_and(|end| end == "csv"));
    files
        .map(|path| {
            let mut reader = csv::Reader::from_path(&path).unwrap();
            let columns = reader.headers().unwrap().iter().map(str::to_owned).collect();
            let rows = reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect();
            (path.file_stem().unwrap().to_str().unwrap().to_owned(), (columns, rows))
        })
        .collect()
}

/// The rows of a table as `column=value` of some columns.
fn rows(tables: &Tables, table: &str, wanted: &[&str]) -> Vec<String> {
    let (columns, rows) = &tables[table];
    let place = |name: &&str| columns.iter().position(|column| column == name).unwrap_or_else(|| panic!("{table} has no {name}"));
    let places: Vec<usize> = wanted.iter().map(place).collect();
    rows.iter().map(|row| places.iter().map(|at| row[*at].as_str()).collect::<Vec<_>>().join(" | ")).collect()
}

/// Every file below a folder with its bytes.
fn bytes_of(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(bytes_of(&path));
        } else {
            found.insert(path.display().to_string(), fs::read(&path).unwrap());
        }
    }
    found
}

#[test]
fn everything_comes_out_twice_and_the_store_stays_as_it_is() {
    let folder = Folder::with_project("store-export");
    let served = Served::start(&folder.0, &[]);
    served.takes(NOK);
    served.takes(
        r#"[{"customer": "evil", "attributes": {"ชื่อ": "=cmd|'/c calc'!A1"}}, {"customer": "gone", "attributes": {"ชื่อ": "Forgotten"}}]"#,
    );
    assert_eq!(served.asked("POST /v1/events", None, r#"[{"customer": "nok", "event": "no such"}]"#).0, 207);
    super::ask::until(&folder.0, &["why", "nok", "--message", "offer", "--url", &served.url], "skipped, no consent");
    fine(&folder.0, &["erase", "gone", "--yes", "--url", &served.url]);
    let (code, _, error) = onward(&folder.0, &["store", "export", ".onward/store", "early"]);
    assert!(code == 3 && error.contains("another process works with the store") && error.contains("help: "), "{code} {error}");
    assert!(!folder.0.join("early").exists(), "nothing is left of what was refused");
    served.stop();
    let before = bytes_of(&folder.0.join(".onward/store"));
    let out = fine(&folder.0, &["store", "export", ".onward/store", "tables"]);
    assert!(out.contains("customers     2 rows") && out.contains("onward.sqlite"), "{out}");
    assert_eq!(bytes_of(&folder.0.join(".onward/store")), before, "a look changes nothing");

    let tables = of_database(&folder.0.join("tables"));
    assert_eq!(tables.len(), TABLES);
    let mut customers = rows(&tables, "customers", &["id"]);
    customers.sort();
    assert_eq!(customers, ["evil", "nok"]);
    assert!(rows(&tables, "identifiers", &["kind", "value"]).contains(&"email | nok@example.com".to_owned()));
    let attributes = rows(&tables, "attributes", &["name", "value"]);
    assert!(attributes.contains(&"ชื่อ | นก".to_owned()) && attributes.contains(&"ชื่อ | =cmd|'/c calc'!A1".to_owned()), "{attributes:?}");
    assert_eq!(rows(&tables, "inputs", &["what", "name", "content"]).iter().filter(|row| row.starts_with("event | bought | ")).count(), 1);
    let decided = rows(&tables, "decisions", &["journey", "run", "message", "what", "place"]);
    assert!(decided.contains(&"receipts | 1 | receipt | receipt by email: sent | shop.journey:11".to_owned()), "{decided:?}");
    assert!(decided.contains(&"receipts | 1 | offer | offer by email: skipped, no consent | shop.journey:12".to_owned()), "{decided:?}");
    assert_eq!(rows(&tables, "messages", &["message", "channel", "address"]), ["receipt | email | nok@example.com"]);
    assert_eq!(rows(&tables, "plans", &["number", "journeys"]), ["1 | receipts"]);
    assert_eq!(rows(&tables, "dead_letters", &["source"]), ["local"]);
    let audit = rows(&tables, "audit", &["who", "what"]);
    assert!(audit.iter().any(|row| row.starts_with("local | erase ")), "{audit:?}");
    assert!(!format!("{tables:?}").contains("Forgotten"), "of who was erased nothing comes out");

    // The same in CSV, but for what a spreadsheet would run.
    let csv = of_csv(&folder.0.join("tables"));
    for (name, (columns, rows)) in &tables {
        let safe = |cell: &String| if cell.starts_with('=') { format!("'{cell}") } else { cell.clone() };
        let safe: Vec<Vec<String>> = rows.iter().map(|row| row.iter().map(safe).collect()).collect();
        assert_eq!((&csv[name].0, &csv[name].1), (columns, &safe), "{name}");
    }
    assert!(csv["attributes"].1.iter().any(|row| row[2] == "'=cmd|'/c calc'!A1"));
    let (code, _, error) = onward(&folder.0, &["store", "export", ".onward/store", "tables"]);
    assert!(code == 3 && error.contains("`tables` is not empty"), "{code} {error}");
    #[cfg(unix)]
    assert_eq!(std::os::unix::fs::PermissionsExt::mode(&fs::metadata(folder.0.join("tables")).unwrap().permissions()) & 0o77, 0);
    // A daemon goes on with it.
    drop(Served::start(&folder.0, &[]));
}

#[test]
fn a_store_that_no_daemon_worked_with_has_empty_tables_and_none_has_none() {
    let folder = Folder::with_project("store-export-empty");
    let disk: Disk = Arc::new(RealFiles::new(folder.0.join("data")));
    Store::create(&disk, &disk, Settings::default()).unwrap();
    let out = fine(&folder.0, &["--format", "json", "store", "export", "data", "tables"]);
    let json: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!((&json["tables"]["customers"], &json["tables"]["about"]), (&0.into(), &3.into()), "{out}");
    let tables = of_database(&folder.0.join("tables"));
    assert_eq!(tables.len(), TABLES);
    assert!(tables.iter().all(|(name, (columns, rows))| !columns.is_empty() && (rows.is_empty() || name == "about")), "{tables:?}");
    let (code, _, error) = onward(&folder.0, &["store", "export", "nowhere", "other"]);
    assert!(code == 3 && error.contains("there is no store in `nowhere`"), "{code} {error}");
    assert!(!folder.0.join("nowhere").exists());
}
