//! `onward import`: history and what happens now from files; interrupted and run again, nothing counts twice.

use super::daemon::harness::{at, differing, plan_of};
use onward::calendar::{Instant, Zone};
use onward::daemon::core::Core;
use onward::daemon::core::recovery::OTHERS;
use onward::daemon::import::{self, Effects, ImportError};
use onward::daemon::keeper::Keeper;
use onward::diagnostic::Diagnostics;
use onward::engine::Limits;
use onward::ingest::Config;
use onward::ingest::import::ImportFile;
use onward::plan::Plan;
use onward::source::{FileId, Place, Span};
use onward::store::files::memory::image::Image;
use onward::store::{Disk, MemFiles, Settings, Store};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;

const SHOP: &str = r#"
customer { ชื่อ text?, email email?, tier text = "basic" }
event ordered { order text, total number }
topic promo "Promotions" opt in
message thanks about promo { email { subject "Thanks", text "Thank you" } }
message welcome about promo { email { subject "Welcome", text "Hello" } }
segment regulars { has at least 2 ordered in the last 30 days }
journey after_order "After an order" {
  enter on ordered
  enter again always
  one run per order
  send thanks by email
}
journey loyal "Regulars" {
  enter when joins segment regulars
  enter again never
  send welcome by email
}
"#;

const TOML: &str = r#"
[project]
name = "shop"
timezone = "Asia/Bangkok"
[[log]]
file = "orders.csv"
event = "ordered"
customer = "ลูกค้า"
time = "เวลา"
[log.columns]
order = "เลขที่"
total = "ยอด"
[[customers]]
file = "people.csv"
id = "รหัส"
[customers.columns]
email = "อีเมล"
[customers.consent]
promo = "ยินยอม"
"#;

struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("onward-import-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Folder(path)
    }

    fn with(self, name: &str, text: &str) -> Folder {
        fs::write(self.0.join(name), text).unwrap();
        self
    }

    fn import(&self, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_onward"))
            .arg("import")
            .args(arguments)
            .args(["--project", "."])
            .current_dir(&self.0)
            .output()
            .unwrap()
    }

    fn says(&self, arguments: &[&str]) -> String {
        let output = self.import(arguments);
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
        text
    }

    /// What the store holds now.
    fn core(&self) -> (Keeper, Core) {
        let plan = plan_of(SHOP);
        let files: Disk = Arc::new(onward::store::RealFiles::new(self.0.join(".onward/store")));
        Keeper::open(files, &plan, Limits::default()).unwrap()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn now_local(minutes_ago: i64) -> String {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis() as i64;
    Zone::UTC.local(Instant(now - minutes_ago * 60_000)).format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

fn project(name: &str) -> Folder {
    Folder::new(name).with("shop.journey", SHOP).with("onward.toml", TOML)
}

#[test]
fn thai_columns_bad_rows_and_history_that_starts_nothing() {
    let recent = now_local(30);
    let folder = project("thai")
        .with("people.csv", "รหัส,ชื่อ,อีเมล,ยินยอม\nน1,นก,nok@example.com,yes\nน2,เล็ก,,no\nน3,ดาว,ไม่ใช่อีเมล,yes\n,ว่าง,x@example.com,yes\nน4,\"ก,ข\",dao@example.com,maybe\n")
        .with("orders.csv", &format!("ลูกค้า,เวลา,เลขที่,ยอด\nน1,{recent},o1,100\nน1,{recent},o2,สิบ\nน1,{recent},o3,50\nน2,เมื่อวาน,o4,50\n"));
    let said = folder.says(&["customers", "people.csv", "--yes"]);
    assert!(said.contains("people.csv: 5 rows"), "{said}");
    assert!(said.contains("line 4, `อีเมล`: `ไม่ใช่อีเมล`"), "{said}");
    assert!(said.contains("2 rows are taken; 2 customers are new\n3 rows could not be used"), "{said}");
    let rejected = fs::read_to_string(folder.0.join("people.csv.rejected.csv")).unwrap();
    let lines: Vec<&str> = rejected.lines().collect();
    assert_eq!(lines.len(), 4, "{rejected}");
    assert!(
        lines[1].starts_with("4,value of the wrong type,อีเมล,ไม่ใช่อีเมล,") && lines[1].ends_with("\"น3,ดาว,ไม่ใช่อีเมล,yes\""),
        "{rejected}"
    );
    assert!(lines[2].starts_with("5,no customer,") && lines[3].starts_with("6,value of the wrong type,ยินยอม,maybe,"), "{rejected}");
    let said = folder.says(&["events", "orders.csv", "--yes"]);
    assert!(said.contains("2 rows are taken; 0 customers are new\n2 rows could not be used"), "{said}");
    let (keeper, core) = folder.core();
    let number = core.find_user("น1").unwrap();
    let row = core.shard(number).unwrap().row(number).unwrap().unwrap();
    let plan = core.world.plan();
    assert_eq!(row.attribute(plan.schema.field("ชื่อ").unwrap()), &onward::value::Value::text("นก"));
    assert!(row.is_subscribed(plan, plan.schema.topic("promo").unwrap()));
    assert!(row.segments[0].member, "both orders count for the segment");
    assert!(row.runs.is_empty() && row.facts.is_empty() && row.pending.is_empty(), "and nothing began: {:?}", row.runs);
    keeper.close().unwrap();
    // Again: nothing is left. And then somebody adds a row.
    let said = folder.says(&["events", "orders.csv", "--yes"]);
    assert!(said.contains("the first 4 of them imported before") && said.contains("nothing is left to do"), "{said}");
    let orders = fs::read_to_string(folder.0.join("orders.csv")).unwrap();
    fs::write(folder.0.join("later.csv"), format!("{orders}น2,{recent},o5,10\n")).unwrap();
    let said = folder.says(&["events", "later.csv", "--yes"]);
    assert!(said.contains("later.csv: 5 rows, the first 4 of them imported before") && said.contains("1 row is taken"), "{said}");
}

/// `N × journey NAME` and `N × message NAME` behind a line.
fn counts(said: &str, behind: &str) -> BTreeMap<String, u64> {
    let (_, rest) = said.split_once(behind).unwrap_or_else(|| panic!("{said}"));
    let line = |line: &str| Some((line.split_once(" × ")?.1.to_owned(), line.trim().split(' ').next()?.parse().ok()?));
    rest.lines().take_while(|text| text.starts_with("  ")).filter_map(line).collect()
}

#[test]
fn the_forecast_is_what_then_starts() {
    let mut people = String::from("รหัส,ชื่อ,อีเมล,ยินยอม\n");
    let mut orders = String::from("ลูกค้า,เวลา,เลขที่,ยอด\n");
    for customer in 0..40 {
        let _ = writeln!(people, "n{customer},ก{customer},n{customer}@example.com,{}", if customer % 4 == 0 { "no" } else { "yes" });
        // Some are too old to begin anything, and still count for the segment.
        let _ = writeln!(orders, "n{customer},{},a{customer},10", now_local(20));
        let _ = writeln!(orders, "n{customer},{},b{customer},10", now_local(if customer % 3 == 0 { 60 * 24 * 5 } else { 10 }));
    }
    let folder = project("forecast").with("people.csv", &people).with("orders.csv", &orders);
    folder.says(&["customers", "people.csv", "--yes"]);
    // Nobody says yes: nothing is taken.
    let refused = folder.import(&["events", "orders.csv", "--start-journeys"]);
    assert_eq!(refused.status.code(), Some(2));
    let foreseen = counts(&String::from_utf8_lossy(&refused.stdout), "it would start:\n");
    assert_eq!(foreseen["journey after_order"], 40 + 26);
    assert_eq!(foreseen["journey loyal"], 40);
    let said = folder.says(&["events", "orders.csv", "--start-journeys", "--yes"]);
    assert!(said.contains("80 rows are taken"), "{said}");
    assert_eq!(counts(&said, "it would start:\n"), foreseen);
    assert_eq!(counts(&said, "\nstarted:\n"), foreseen);
    let (keeper, core) = folder.core();
    let planned: usize = core.shards().iter().map(|shard| shard.parcels().count()).sum();
    assert!(planned > 0, "messages wait for the daemon");
    keeper.close().unwrap();
}

#[test]
fn a_store_that_a_daemon_has_and_a_file_that_is_none_are_refused_in_words() {
    let folder = project("refused").with("people.csv", "รหัส,อีเมล,ยินยอม\nน1,,\n");
    let said = |output: Output| (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned());
    let (code, text) = said(folder.import(&["customers", "nobody.csv", "--yes"]));
    assert_eq!(code, Some(1));
    assert!(text.contains("there is no such file"), "{text}");
    let (code, text) = said(folder.import(&["events", "people.csv", "--yes"]));
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("ลูกค้า") || text.contains("E0606"), "{text}");
    folder.says(&["customers", "people.csv", "--yes"]);
    let (keeper, _core) = folder.core();
    let (code, text) = said(folder.import(&["customers", "people.csv", "--yes"]));
    assert_eq!(code, Some(3));
    assert!(text.contains("stop the daemon"), "{text}");
    keeper.close().unwrap();
}

// ---------------------------------------------------------------- interrupted

struct Life {
    plan: Arc<Plan>,
    memory: MemFiles,
    core: Option<(Keeper, Core)>,
}

impl Life {
    fn new() -> Life {
        let plan = plan_of(SHOP);
        let memory = MemFiles::new(7);
        let files: Disk = Arc::new(memory.clone());
        Store::create(&files, &files, Settings { segment_size: 1 << 20, ..Settings::default() }).unwrap();
        let core = Some(Keeper::open(files, &plan, Limits::default()).unwrap());
        Life { plan, memory, core }
    }

    /// The process is killed.
    fn kill(&mut self) {
        self.core = None;
        self.memory = self.memory.after_crash(Image::Nothing);
        let files: Disk = Arc::new(self.memory.clone());
        self.core = Some(Keeper::open(files, &self.plan, Limits::default()).unwrap());
    }

    fn import(&mut self, path: &Path, past: bool, stop_after: u64) -> Result<Effects, ImportError> {
        let open = || {
            let mut found = Diagnostics::default();
            let place = Place { file: FileId(0), span: Span::default() };
            let file = ImportFile::events(path, place, &Config::default(), &self.plan.schema, Zone::UTC, &mut found);
            file.unwrap_or_else(|| panic!("{found:?}"))
        };
        let (keeper, core) = self.core.as_mut().unwrap();
        let looked = import::look(open(), core);
        let now = at("2026-03-02 10:00");
        import::import(open(), &looked, core, keeper, past, now, &mut |_, _| {}, &mut |rows| rows < stop_after)
    }
}

#[test]
fn an_import_that_is_killed_goes_on_and_nothing_counts_twice() {
    let folder = Folder::new("killed");
    let path = folder.0.join("orders.jsonl");
    let mut text = String::new();
    for order in 0..5_500 {
        let customer = order * 7 % 300;
        if order % 500 == 499 {
            text.push_str("{ broken\n");
        }
        let _ = writeln!(
            text,
            "{{\"user_id\":\"n{customer}\",\"event\":\"ordered\",\"timestamp\":\"2026-03-02T0{}:00:00Z\",\"order\":\"o{order}\",\"total\":{order}}}",
            order % 9
        );
    }
    fs::write(&path, &text).unwrap();
    for past in [true, false] {
        let mut whole = Life::new();
        let all = whole.import(&path, past, u64::MAX).unwrap();
        assert_eq!((all.rows, all.refused, all.new_customers), (5_511, 11, 300));
        assert_eq!(all.runs.get("after_order").copied(), (!past).then_some(5_500));
        let mut pieces = Life::new();
        let mut runs = 0;
        let mut attempts = 0;
        loop {
            attempts += 1;
            match pieces.import(&path, past, 1_000) {
                Ok(done) => {
                    runs += done.runs.get("after_order").copied().unwrap_or(0);
                    break;
                }
                Err(ImportError::Stopped) => {}
                Err(other) => panic!("{other}"),
            }
            // Something was decided and never became durable.
            let (_, core) = pieces.core.as_mut().unwrap();
            core.take_row("n1", 0, Vec::new(), past);
            pieces.kill();
        }
        assert!(attempts >= 5, "{attempts}");
        assert!(past || runs < 5_500);
        let memory = |life: &Life| {
            let core = &life.core.as_ref().unwrap().1;
            (0..=OTHERS).map(|shard| (shard, core.snapshot(shard))).collect()
        };
        assert_eq!(differing(&memory(&whole), &memory(&pieces)), [""; 0], "interrupted or not, the store holds the same");
        let again = pieces.import(&path, past, u64::MAX).unwrap();
        assert_eq!(again, Effects::default());
    }
}

#[test]
fn one_row_is_one_row_and_a_bad_time_says_how_it_is_written() {
    let folder = project("one").with("orders.csv", &format!("ลูกค้า,เวลา,เลขที่,ยอด\nน1,{},o1,100\nน1,เมื่อวาน,o2,5\n", now_local(30)));
    let said = folder.says(&["events", "orders.csv", "--yes"]);
    assert!(said.contains("1 row is taken; 1 customer is new\n1 row could not be used\n"), "{said}");
    assert!(said.contains("`เมื่อวาน`; expected 2026-03-01 09:00 or 2026-03-01T09:00:00Z, or"), "{said}");
}

/// The real command is killed without warning, again and again, and run again.
#[test]
fn the_command_may_be_killed_at_any_time_and_goes_on() {
    use std::io::{BufRead as _, BufReader};
    use std::process::Stdio;
    const ROWS: u64 = 9_000;
    let mut text = String::new();
    for order in 0..ROWS {
        let _ = writeln!(
            text,
            "{{\"user_id\":\"n{}\",\"event\":\"ordered\",\"timestamp\":\"{}\",\"order\":\"o{order}\",\"total\":1}}",
            order % 40,
            now_local(90)
        );
    }
    let folder = project("kill9").with("orders.jsonl", &text);
    let arguments = ["import", "events", "orders.jsonl", "--start-journeys", "--yes", "--project", "."];
    let (mut kills, mut went_on) = (0, 0);
    for attempt in 1.. {
        assert!(attempt < 50, "it does not come to an end");
        let mut child = Command::new(env!("CARGO_BIN_EXE_onward"))
            .args(arguments)
            .current_dir(&folder.0)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // Once it says what it would start it is about to take rows.
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let mut said: Vec<String> = Vec::new();
        for line in lines.by_ref() {
            said.push(line);
            if said.last().is_some_and(|line| line.starts_with("it would start")) {
                break;
            }
        }
        let end = std::time::Instant::now() + std::time::Duration::from_millis(8 * attempt + attempt * attempt);
        let status = loop {
            match child.try_wait().unwrap() {
                Some(status) => break Some(status),
                None if std::time::Instant::now() > end => break None,
                None => std::thread::yield_now(),
            }
        };
        kills += u64::from(status.is_none());
        let _gone = child.kill().is_ok();
        let _waited = child.wait().is_ok();
        said.extend(lines);
        let said = said.join("\n");
        went_on += u64::from(said.contains("of them imported before") && !said.contains("nothing is left to do"));
        if let Some(status) = status {
            assert!(status.success(), "{said}");
            break;
        }
    }
    assert!(kills > 0 && went_on > 0, "{kills} kills, went on {went_on} times");
    let (keeper, core) = folder.core();
    let mut runs = 0;
    for customer in 0..40 {
        let number = core.find_user(&format!("n{customer}")).unwrap();
        let history = keeper.history(number).unwrap();
        let entered = history.iter().filter_map(|one| match &one.what {
            onward::daemon::keeper::What::Records(records) => Some(records),
            _ => None,
        });
        let of_orders = |record: &&onward::engine::Record| {
            matches!(record.kind, onward::engine::RecordKind::Entered { .. }) && record.journey.is_some_and(|journey| journey.0 == 0)
        };
        runs += entered.flatten().filter(of_orders).count() as u64;
    }
    assert_eq!(runs, ROWS, "every row began its run once");
    keeper.close().unwrap();
}
