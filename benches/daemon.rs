//! The daemon's core and log at work on a disk: `cargo bench --bench daemon [-- CUSTOMERS [FOLDER]]`.
//!
//! In: how many customers (1,000,000 if nothing is said), a folder on the disk in question. Out: lines with what was measured: events that are
//! durable a second and the wait of a batch of 500 for its answer; memory per customer; how long it takes to start again; how long it takes
//! until as many waits as there are customers, all due at once, are handled and durable. Journeys of the grocery, no network, no workers.
//! Not a criterion bench: each is one long run.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::disallowed_methods)]

use onward::Project;
use onward::calendar::{Instant, Zone};
use onward::daemon::arrival::{Arrival, Identifier, IdentifierKind, What};
use onward::daemon::bind;
use onward::daemon::clock::Clock;
use onward::daemon::core::{Core, Item};
use onward::daemon::desk::item_id;
use onward::daemon::keeper::Keeper;
use onward::daemon::runner::{Handle, Runner};
use onward::engine::Limits;
use onward::plan::Plan;
use onward::store::{Disk, RealFiles, Settings, Store};
use serde_json::{Map, json};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

/// As the command has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Events in one request, as a client that sends batches does.
const BATCH: u64 = 500;
/// Requests that are under way at the same time.
const OPEN: usize = 16;

const REMINDER: &str = r#"
customer { email email? }
event basket { }
topic club "Club" opt in
message hello about club { email { subject "Hello", text "Hello" } }
journey reminder "Reminder" {
  enter on basket
  enter again never
  wait until 18:00
  if has at least 2 basket { exit "came again" }
}
"#;

/// A clock that the bench turns.
#[derive(Debug)]
struct Turned(AtomicI64);

impl Clock for Turned {
    fn now(&self) -> Instant {
        Instant(self.0.load(Ordering::Relaxed))
    }

    fn real(&self, ms: i64) -> Duration {
        // Nobody waits for it: it looks again soon.
        Duration::from_millis(ms.clamp(0, 5) as u64)
    }
}

fn grocery() -> Arc<Plan> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("journeys/grocery");
    let mut files = Vec::new();
    for entry in std::fs::read_dir(&folder).unwrap().flatten() {
        if entry.path().extension().is_some_and(|extension| extension == "journey") {
            files.push((entry.file_name().to_string_lossy().into_owned(), std::fs::read_to_string(entry.path()).unwrap()));
        }
    }
    plan_of(files.iter().map(|(name, text)| (name.as_str(), text.as_str())))
}

fn plan_of<'t>(files: impl IntoIterator<Item = (&'t str, &'t str)>) -> Arc<Plan> {
    let (compiled, found) = onward::check_project(Project::from_texts(files));
    assert!(!found.has_errors(), "{:?}", found.into_sorted());
    Arc::new(compiled.plan.unwrap())
}

/// From `/proc/self`: resident bytes, and CPU seconds; 0 where the system does not tell.
fn memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|kilobytes| kilobytes.parse::<u64>().ok()).unwrap_or(0) * 1024
}

fn cpu() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |at: usize| fields.get(at).and_then(|field| field.parse::<f64>().ok()).unwrap_or(0.0);
    (ticks(11) + ticks(12)) / 100.0
}

fn open(folder: &Path, plan: &Arc<Plan>, is_new: bool) -> (Keeper, Core) {
    let files: Disk = Arc::new(RealFiles::new(folder));
    if is_new {
        if folder.exists() {
            std::fs::remove_dir_all(folder).unwrap();
        }
        std::fs::create_dir_all(folder).unwrap();
        Store::create(&files, &files, Settings::default()).unwrap();
    }
    Keeper::open(files, plan, Limits::default()).unwrap()
}

fn item(plan: &Plan, customer: u64, id: Option<String>, at: Instant, what: What) -> Item {
    let who = vec![Identifier { kind: IdentifierKind::User, value: format!("household-{customer}") }];
    let arrival = Arrival { who, source: "bench".to_owned(), id, at: Some(at), what };
    let id = if arrival.id.is_some() { item_id("bench", arrival.id.as_deref()) } else { 0 };
    Item { bound: bind::bind(plan, Zone::UTC, &arrival, at), id, raw: None, arrival }
}

/// Numbers from 0 on that look like chance, the same every time.
fn scattered(number: u64, below: u64) -> u64 {
    (number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20) % below
}

/// Sends `count` items in batches, [`OPEN`] of them at a time; gives seconds, and the waits of batches in milliseconds, ascending.
async fn send(handle: &Handle, count: u64, make: impl Fn(u64) -> Item) -> (f64, Vec<f64>) {
    let begun = std::time::Instant::now();
    let mut open = tokio::task::JoinSet::new();
    let mut waits = Vec::new();
    let mut next = 0;
    while next < count {
        let items: Vec<Item> = (next..(next + BATCH).min(count)).map(&make).collect();
        next += items.len() as u64;
        if open.len() >= OPEN {
            waits.push(open.join_next().await.unwrap().unwrap());
        }
        let handle = handle.clone();
        open.spawn(async move {
            let asked = std::time::Instant::now();
            let taken = handle.take(items).await.unwrap();
            assert!(taken.iter().all(|one| *one == onward::daemon::Taken::Accepted), "{taken:?}");
            asked.elapsed().as_secs_f64() * 1e3
        });
    }
    while let Some(wait) = open.join_next().await {
        waits.push(wait.unwrap());
    }
    let seconds = begun.elapsed().as_secs_f64();
    waits.sort_by(f64::total_cmp);
    (seconds, waits)
}

fn told(what: &str, count: u64, seconds: f64, used: f64, waits: &[f64]) {
    let part = |share: f64| waits[(share * (waits.len() - 1) as f64) as usize];
    println!(
        "{what}: {count} in {seconds:.2} s, {:.0} a second, {:.2} µs of CPU each (with the making of the items); a batch of {BATCH} is answered after {:.1} ms (p50), {:.1} ms (p99)",
        count as f64 / seconds,
        used * 1e6 / count as f64,
        part(0.5),
        part(0.99)
    );
}

async fn shopping(folder: &Path, customers: u64) {
    let plan = grocery();
    let begin = Zone::UTC.instant(chrono::NaiveDate::from_ymd_opt(2017, 3, 1).unwrap().and_hms_opt(9, 0, 0).unwrap());
    let before = memory();
    let (keeper, core) = open(folder, &plan, true);
    let clock = Arc::new(Turned(AtomicI64::new(begin.0)));
    let (runner, handle, mut errands) = Runner::start(core, keeper, Arc::clone(&clock) as Arc<dyn Clock>);
    let drain = tokio::spawn(async move { while errands.recv().await.is_some() {} });

    let used = cpu();
    let (seconds, waits) = send(&handle, customers, |number| {
        let mut attributes = Map::new();
        attributes.insert("email".to_owned(), json!(format!("household-{number}@example.com")));
        item(&plan, number, None, begin, What::Attributes(attributes))
    })
    .await;
    told("customers", customers, seconds, cpu() - used, &waits);
    println!("memory: {} bytes per customer of whom nothing is known but the address", (memory() - before) / customers);

    let events = customers.max(100_000);
    let used = cpu();
    let (seconds, waits) = send(&handle, events, |number| {
        let at = begin.plus_ms((number / 200) as i64);
        let mut properties = Map::new();
        properties.insert("basket_id".to_owned(), json!(number.to_string()));
        properties.insert("sales_value".to_owned(), json!(5 + number % 90));
        properties.insert("store_id".to_owned(), json!("330"));
        item(&plan, scattered(number, customers), Some(format!("b{number}")), at, What::Event { name: "purchase".to_owned(), properties })
    })
    .await;
    told("purchases, each with an id", events, seconds, cpu() - used, &waits);
    println!("memory: {} bytes per customer after a basket each", (memory() - before) / customers);

    runner.stop().unwrap();
    drain.await.unwrap();
    let again = std::time::Instant::now();
    let (keeper, core) = open(folder, &plan, false);
    println!("start again after an orderly end, {customers} customers: {:.2} s", again.elapsed().as_secs_f64());
    drop((keeper, core));
}

async fn all_at_once(folder: &Path, customers: u64) {
    let plan = plan_of([("reminder.journey", REMINDER)]);
    let begin = Zone::UTC.instant(chrono::NaiveDate::from_ymd_opt(2017, 3, 1).unwrap().and_hms_opt(9, 0, 0).unwrap());
    let (keeper, core) = open(folder, &plan, true);
    let clock = Arc::new(Turned(AtomicI64::new(begin.0)));
    let (runner, handle, mut errands) = Runner::start(core, keeper, Arc::clone(&clock) as Arc<dyn Clock>);
    let drain = tokio::spawn(async move { while errands.recv().await.is_some() {} });
    send(&handle, customers, |number| item(&plan, number, None, begin, What::Event { name: "basket".to_owned(), properties: Map::new() }))
        .await;
    let used = cpu();
    let begun = std::time::Instant::now();
    clock.0.store(begin.plus_ms(9 * 3_600_000).0, Ordering::Relaxed);
    loop {
        let next = handle.ask(|core, _| core.wake()).await.unwrap();
        if next > clock.now() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    println!(
        "{customers} waits due at once: handled and durable in {:.2} s, {:.2} CPU-seconds",
        begun.elapsed().as_secs_f64(),
        cpu() - used
    );
    runner.stop().unwrap();
    drain.await.unwrap();
}

fn main() {
    let mut arguments = std::env::args().skip(1).filter(|argument| argument != "--bench");
    let customers = arguments.next().map_or(1_000_000, |count| count.parse().expect("a number of customers"));
    let folder = arguments.next().map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("target/bench-daemon"), PathBuf::from);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        shopping(&folder, customers).await;
        all_at_once(&folder, customers).await;
    });
    std::fs::remove_dir_all(&folder).unwrap();
}
