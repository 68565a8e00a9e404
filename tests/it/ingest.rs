//! Event logs: what is read, what is refused, and what is said about it.

use onward::diagnostic::Diagnostics;
use onward::ingest::config::Config;
use onward::ingest::mapping::Item;
use onward::ingest::merge::{FileReport, LogFile, Merge, Origin, judge, origin_of};
use onward::ingest::refusal::Reason;
use onward::schema::{Event, Field, Schema};
use onward::source::{FileId, SourceFile};
use onward::value::{Currency, Text, Type, Value};
use std::io::Write;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

/// A folder of its own, gone when the test is over.
pub struct Folder(pub PathBuf);

impl Folder {
    pub fn new() -> Folder {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("onward-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).unwrap();
        Folder(path)
    }

    pub fn with(self, name: &str, content: impl AsRef<[u8]>) -> Folder {
        let path = self.0.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
        self
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn field(name: &str, ty: Type, default: Value) -> Field {
    Field { name: Text::new(name), wire: Text::new(name), ty, default }
}

fn schema() -> Schema {
    let thb = Type::Money(Currency::parse("THB").unwrap());
    let order = vec![
        field("order_id", Type::Text, Value::Missing),
        field("total", thb, Value::Missing),
        field("coupon", Type::Text.optional(), Value::Missing),
        field("items", Type::Number, Value::Number(1.into())),
    ];
    let viewed = vec![field("sku", Type::Text, Value::Missing)];
    Schema {
        customer: vec![field("email", Type::Email.optional(), Value::Missing)],
        events: vec![
            Event { name: "order_completed".into(), wire: "Order Completed".into(), fields: order },
            Event { name: "viewed".into(), wire: "viewed".into(), fields: viewed },
        ],
        ..Schema::default()
    }
}

struct Read {
    items: Vec<Item>,
    reports: Vec<FileReport>,
    codes: Vec<String>,
    messages: String,
}

fn text_of(found: Diagnostics) -> (Vec<String>, String) {
    let found = found.into_sorted();
    let messages: Vec<String> =
        found.iter().map(|one| format!("{}: {} ({})", one.code, one.message(), one.help().unwrap_or_default())).collect();
    (found.iter().map(|one| one.code.number.to_owned()).collect(), messages.join("\n"))
}

fn read(folder: &Folder, toml: &str) -> Read {
    let source = SourceFile::new("onward.toml", toml);
    let (config, mut found) = Config::read(&source, FileId(0));
    let schema = schema();
    let mut files = Vec::new();
    for log in &config.logs {
        let path = folder.0.join(&log.file.text);
        files.extend(LogFile::open(&path, origin_of(log), Some(&log.shape), &schema, config.zone.unwrap_or_default(), &mut found));
    }
    drain(&schema, files, found)
}

fn drain(schema: &Schema, files: Vec<LogFile>, mut found: Diagnostics) -> Read {
    let mut merge = Merge::new(schema, files);
    let mut items = Vec::new();
    while let Some(item) = merge.next() {
        items.push(item.clone());
    }
    let reports = merge.into_reports();
    judge(&reports, &mut found);
    let (codes, messages) = text_of(found);
    Read { items, reports, codes, messages }
}

const ORDERS: &str = r#"
[[log]]
file = "orders.csv"
event = "order_completed"
customer = "user"
time = "at"
"#;

/// One log of orders with this content.
fn orders(content: impl AsRef<[u8]>) -> Read {
    read(&Folder::new().with("orders.csv", content), ORDERS)
}

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn a_row_becomes_an_event_of_the_declared_types() {
    let read = orders("user,at,order_id,total,coupon,note\nn1,2026-03-01 10:00,o1,900.50,,\"two\nlines, quoted\"\n");
    assert_eq!(read.messages, "");
    let item = &read.items[0];
    assert_eq!((item.customer.as_str(), item.at.0), ("n1", 1_772_359_200_000));
    let total: onward::value::Decimal = "900.50".parse().unwrap();
    assert_eq!(item.values, [Value::text("o1"), Value::Number(total), Value::Missing, Value::Number(1.into())]);
}

/// One bad row after a good one: the good one is used, the bad one counted with its line and column.
#[test]
fn every_kind_of_bad_row_is_counted_with_its_place() {
    let head = "user,at,order_id,total\nn1,2026-03-01,o1,1\n";
    let cases: [(&[u8], Reason, &str); 9] = [
        (b"n2,2026-03-01,o2", Reason::Ragged, ""),
        (b"n2,2026-03-01,o2,5,6", Reason::Ragged, ""),
        (b"n2,2026-03-01,\xe0\xb8,5", Reason::NotUtf8, "order_id"),
        (b",2026-03-01,o2,5", Reason::NoCustomer, "user"),
        (b"n2,,o2,5", Reason::NoTime, "at"),
        (b"n2,01/03/2026,o2,5", Reason::BadTime, "at"),
        (b"n2,1772359200,o2,5", Reason::BadTime, "at"),
        (b"n2,2026-03-01,o2,", Reason::MissingValue, "total"),
        (b"n2,2026-03-01,o2,\"12,5\"", Reason::WrongType, "total"),
    ];
    for (row, reason, column) in cases {
        let content = [head.as_bytes(), row, b"\n"].concat();
        let read = orders(content);
        let shown = String::from_utf8_lossy(row).into_owned();
        assert_eq!((read.codes.len(), read.items.len()), (0, 1), "{shown}: {}", read.messages);
        let refused: Vec<_> = read.reports[0].refusals.iter().collect();
        let [(found, 1, [example])] = refused.as_slice() else { panic!("{shown}: {refused:?}") };
        assert_eq!((*found, example.column.as_str(), example.line), (reason, column, 3), "{shown}");
        assert!(!example.expected.is_empty(), "{shown}");
        assert_eq!(read.reports[0].rows, read.reports[0].used + 1);
    }
}

#[test]
fn a_byte_order_mark_and_compression_change_nothing() {
    let content = b"user,at,order_id,total\nn1,2026-03-01,o1,1\nn2,2026-03-02,o2,2\n";
    let plain = orders(content);
    assert_eq!(plain.items.len(), 2);
    let marked = orders([b"\xef\xbb\xbf".as_slice(), content].concat());
    let zipped = orders(gzip(content));
    let members = orders([gzip(&content[..30]), gzip(&content[30..])].concat());
    let zstd = |content: &[u8]| ruzstd::encoding::compress_to_vec(content, ruzstd::encoding::CompressionLevel::Fastest);
    let compressed = orders(zstd(content));
    let frames = orders([zstd(&content[..30]), zstd(&content[30..])].concat());
    for other in [marked, zipped, members, compressed, frames] {
        let ids = |read: &Read| read.items.iter().map(|item| (item.customer.clone(), item.at, item.values.clone())).collect::<Vec<_>>();
        assert_eq!(ids(&other), ids(&plain), "{}", other.messages);
    }
}

#[test]
fn a_zstd_file_that_is_cut_off_or_damaged_says_so() {
    let content: String = (0..2_000).map(|at| format!("n{at},2026-03-01,o{at},{at}\n")).collect();
    let content = format!("user,at,order_id,total\n{content}");
    let whole = ruzstd::encoding::compress_to_vec(content.as_bytes(), ruzstd::encoding::CompressionLevel::Fastest);
    for damaged in [whole[..whole.len() - 20].to_vec(), [whole.as_slice(), b"\x28\xb5\x2f\xfdxx"].concat()] {
        let read = orders(damaged);
        assert!(read.reports.first().is_none_or(|report| report.broken.is_some()), "{}", read.messages);
        assert!(!read.reports.is_empty() || !read.codes.is_empty());
    }
}

#[test]
fn a_truncated_gzip_is_used_up_to_its_end_and_says_so() {
    let mut content = String::from("user,at,order_id,total\n");
    for at in 0..20_000 {
        content.push_str(&format!("n{},2026-03-01,o{at},{}\n", at * 7919 % 1000, at * 31 % 997));
    }
    let whole = gzip(content.as_bytes());
    let read = orders(&whole[..whole.len() / 2]);
    let used = read.items.len();
    assert!((5_000..15_000).contains(&used), "{used}");
    let (line, why) = read.reports[0].broken.clone().unwrap();
    assert_eq!((line, why.as_str()), (used as u64 + 1, "the file is cut off"));
    assert_eq!(read.codes, Vec::<String>::new());
}

#[test]
fn a_file_that_can_be_read_in_two_ways_is_asked_about() {
    let semicolons = orders("user;at;order_id;total\nn1;2026-03-01;o1;1\n");
    assert_eq!(semicolons.codes, ["E0608"], "{}", semicolons.messages);
    assert!(semicolons.messages.contains("separator = \";\""), "{}", semicolons.messages);
    let told =
        read(&Folder::new().with("orders.csv", "user;at;order_id;total\nn1;2026-03-01;o1;1\n"), &format!("{ORDERS}separator = \";\"\n"));
    assert_eq!((told.items.len(), told.messages.as_str()), (1, ""));
    for (content, code) in [
        ("user,at,order_id,total,total\n".as_bytes(), "E0608"),
        ("user,at,order_id\nn1,2026-03-01,o1\n".as_bytes(), "E0606"),
        (b"\xff\xfeu\0s\0".as_slice(), "E0608"),
        (b"[{\"user\":1}]".as_slice(), "E0608"),
        (b"user,at,order_id,total\nn1,yesterday,o1,1\n".as_slice(), "E0609"),
    ] {
        let read = orders(content);
        assert_eq!(read.codes, [code], "{}", String::from_utf8_lossy(content));
        assert!(read.items.is_empty());
    }
    let none = read(&Folder::new(), ORDERS);
    assert_eq!(none.codes, ["E0607"], "{}", none.messages);
}

#[test]
fn an_empty_log_is_no_error_and_no_rows() {
    for content in ["", "user,at,order_id,total\n"] {
        let read = orders(content);
        assert_eq!((read.codes.len(), read.reports[0].rows), (0, 0));
    }
}

#[test]
fn an_open_quote_does_not_swallow_the_rest_of_a_large_file() {
    let mut content = String::from("user,at,order_id,total\nn1,2026-03-01,o1,1\nn2,2026-03-01,\"o2,2\n");
    for at in 0..100_000 {
        content.push_str(&format!("n{at},2026-03-01,o{at},1\n"));
    }
    let read = orders(content);
    assert_eq!(read.items.len(), 1);
    assert!(read.reports[0].broken.as_ref().unwrap().1.contains("quote"), "{:?}", read.reports[0].broken);
}

#[test]
fn files_are_merged_by_time_then_by_their_order_and_disorder_is_counted() {
    let toml = r#"
[[log]]
file = "a.csv"
event = "viewed"
customer = "user"
time = { column = "at", zone = "Asia/Bangkok" }
[[log]]
file = "b.jsonl"
event = { column = "type" }
customer = "user"
time = "at"
id = "message"
"#;
    let folder = Folder::new()
        .with("a.csv", "user,at,sku\nn1,2026-03-01 17:00,a1\nn2,2026-03-01 19:00,a2\nn1,2026-03-01 18:00,a3\n")
        .with(
            "b.jsonl",
            "{\"type\":\"viewed\",\"user\":\"n1\",\"at\":\"2026-03-01T10:00:00Z\",\"sku\":\"b1\",\"message\":\"m1\"}\n\n\
             {\"type\":\"Order Completed\",\"user\":\"n1\",\"at\":\"2026-03-01T11:30:00Z\",\"properties\":{\"order_id\":\"b2\",\"total\":5}}\n\
             {\"type\":\"order_complete\",\"user\":\"n1\",\"at\":\"2026-03-01T11:30:00Z\"}\n{\"type\":\n",
        );
    let read = read(&folder, toml);
    assert_eq!(read.messages, "");
    let order: Vec<String> = read.items.iter().map(|item| format!("{:?}", item.values[0])).collect();
    assert_eq!(order, ["a1", "b1", "b2", "a2", "a3"].map(|sku| format!("{:?}", Value::text(sku))));
    assert_eq!((read.reports[0].out_of_order, read.reports[0].first_out_of_order), (1, Some(4)));
    let reasons: Vec<Reason> = read.reports[1].refusals.iter().map(|(reason, _, _)| reason).collect();
    assert_eq!(reasons, [Reason::NotJson, Reason::UnknownEvent]);
    assert_ne!(read.items[1].id, 0);
}

#[test]
fn segments_export_is_known_by_its_content() {
    let folder = Folder::new().with(
        "s.jsonl",
        r#"{"type":"identify","userId":"n1","timestamp":"2026-03-01T09:00:00.000Z","traits":{"email":"Nok@Example.com","other":1},"messageId":"a"}
{"type":"track","anonymousId":"n1","event":"Order Completed","timestamp":"2026-03-01T10:00:00.000Z","properties":{"order_id":"o1","total":900.5},"messageId":"b"}
{"type":"page","userId":"n1","timestamp":"2026-03-01T10:00:00.000Z"}
{"type":"track","userId":"n1","event":"Order Completed","timestamp":"2026-03-01T10:00:00.000Z","properties":{"order_id":"o1","total":"many"}}
"#,
    );
    let schema = schema();
    let mut found = Diagnostics::default();
    let origin = Origin { name: "s.jsonl".into(), place: Default::default(), separator: None };
    let file = LogFile::open(&folder.0.join("s.jsonl"), origin, None, &schema, Default::default(), &mut found).unwrap();
    let read = drain(&schema, vec![file], found);
    assert_eq!(read.reports[0].understood.as_deref(), Some("Segment's export shape"));
    assert_eq!((read.items.len(), read.messages.as_str()), (2, ""));
    assert!(matches!(&read.items[0].values[..], [Value::Text(email)] if email.contains('@')), "{:?}", read.items[0]);
    let reasons: Vec<Reason> = read.reports[0].refusals.iter().map(|(reason, _, _)| reason).collect();
    assert_eq!(reasons, [Reason::WrongType, Reason::OtherCall]);
}

#[test]
fn settings_that_nobody_knows_are_errors_with_the_nearest_name() {
    let cases = [
        ("[project]\nnmae = \"x\"\n", "E0602", "name"),
        ("[projct]\n", "E0602", "project"),
        ("[[log]]\nfile = \"a.csv\"\nevent = \"viewed\"\ncustomer = \"u\"\ntime = \"t\"\ncolums = {}\n", "E0602", "columns"),
        ("[project]\ntimezone = \"Asia/Bankok\"\n", "E0603", "Asia/Bangkok"),
        ("[limits]\nmax_event_age = \"2\"\n", "E0603", "48 hours"),
        ("[[log]]\nfile = \"a.csv\"\nevent = \"viewed\"\ntime = \"t\"\n", "E0604", "customer"),
        ("[project\n", "E0601", "["),
        ("[[log]]\nfile = \"orders.csv\"\nevent = \"order_complete\"\ncustomer = \"user\"\ntime = \"at\"\n", "E0605", "order_completed"),
        (&format!("{ORDERS}[log.columns]\ntotl = \"total\"\n"), "E0605", "total"),
        (&format!("{ORDERS}[log.columns]\ntotal = \"totl\"\n"), "E0606", "total"),
    ];
    let folder = Folder::new().with("orders.csv", "user,at,order_id,total\nn1,2026-03-01,o1,1\n").with("a.csv", "u,t,sku\n");
    for (toml, code, help) in cases {
        let read = read(&folder, toml);
        assert_eq!(read.codes, [code], "{toml}: {}", read.messages);
        assert!(read.messages.contains(help), "{toml}: {}", read.messages);
    }
}

/// The settings and the file of a section of a page.
fn example(page: &str, section: &str) -> (String, Folder) {
    let text = page.split(&format!("\n## {section}\n")).nth(1).unwrap().split("\n## ").next().unwrap();
    let toml = text.split("```toml\n").nth(1).unwrap().split("```").next().unwrap();
    let folder = match text.split("```csv ").nth(1) {
        Some(csv) => {
            let (name, content) = csv.split("```").next().unwrap().split_once('\n').unwrap();
            Folder::new().with(name, content)
        }
        None => Folder::new(),
    };
    (toml.to_owned(), folder)
}

#[test]
fn what_a_page_about_logs_says_fails_fails_with_its_code_and_the_other_passes() {
    let pages: Vec<_> = onward::diagnostic::explain::pages().filter(|page| page.text.contains("```toml\n")).collect();
    assert!(pages.len() >= 9);
    for page in pages {
        let (toml, folder) = example(page.text, "Fails");
        let fails = read(&folder, &toml);
        assert_eq!(fails.codes, [page.code], "{}", fails.messages);
        let (toml, folder) = example(page.text, "Works");
        let works = read(&folder, &toml);
        assert_eq!(works.messages, "", "{}", page.code);
    }
}
