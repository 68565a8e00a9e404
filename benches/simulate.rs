//! Events per second through ten live journeys of the grocery kind, from a loaded log, and rows per second from CSV.
//!
//! `cargo bench --bench simulate` measures a million events; with `-- --full` (or `-- --full 1000000`) the big log of ten
//! million events and one million customers runs once instead, and the memory of a customer is printed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods)]

use criterion::{Criterion, Throughput};
use onward::Project;
use onward::calendar::Instant;
use onward::diagnostic::Diagnostics;
use onward::ingest::config::Config;
use onward::ingest::customers::Population;
use onward::ingest::mapping::{Item, ItemKind};
use onward::ingest::merge::{LogFile, Merge, origin_of};
use onward::plan::Plan;
use onward::schema::Schema;
use onward::simulate::driver::{Log, Options, Simulation, Stream};
use onward::source::{FileId, SourceFile};
use onward::value::{Decimal, Text, Value};
use onward::world::SmallWorld;
use std::fmt::Write as _;
use std::path::Path;

/// One more, so that ten are live.
const MORE: &str = r#"
message produce_tip about club {
  email {
    subject "Fresh this week"
    text "The best of the season is in your store."
  }
}

journey store_regulars "Regulars of a store" {
  enter on purchase where has at least 5 purchase in the last 30 days
  enter again 90 days after entry
  goal purchase within 7 days of entry
  only while subscribed to club

  wait until 18:00
  send produce_tip
  wait 3 days
}
"#;

const TOML: &str = r#"
[project]
name = "bench"
timezone = "America/New_York"
[customers.everyone]
email = { template = "household-{id}@example.com" }
"#;

fn plan() -> Plan {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("journeys/grocery");
    let mut files = vec![("zz_more.journey".to_owned(), MORE.to_owned())];
    for entry in std::fs::read_dir(&folder).unwrap().flatten() {
        if entry.path().extension().is_some_and(|extension| extension == "journey") {
            files.push((entry.file_name().to_string_lossy().into_owned(), std::fs::read_to_string(entry.path()).unwrap()));
        }
    }
    let project = Project::from_texts(files.iter().map(|(name, text)| (name.as_str(), text.as_str())));
    let (compiled, found) = onward::check_project(project);
    assert!(!found.has_errors(), "{:?}", found.into_sorted());
    compiled.plan.unwrap()
}

fn population(schema: &Schema) -> Population {
    let mut found = Diagnostics::default();
    let toml = TOML.replace("[customers.everyone]", "[[customers]]\n[customers.everyone]");
    let (config, wrong) = Config::read(&SourceFile::new("onward.toml", toml.as_str()), FileId(0));
    assert!(wrong.is_empty(), "{:?}", wrong.into_sorted());
    let population = Population::read(&config, schema, Path::new("."), Default::default(), &mut found);
    assert!(found.is_empty());
    population
}

/// Events of a year in the order of their times: mostly purchases, some campaigns and coupons.
struct Generated<'s> {
    schema: &'s Schema,
    left: u64,
    count: u64,
    customers: u64,
    random: u64,
    item: Item,
}

const YEAR_MS: i64 = 365 * 86_400_000;
const START_MS: i64 = 1_483_228_800_000;

impl<'s> Generated<'s> {
    fn new(schema: &'s Schema, count: u64, customers: u64) -> Generated<'s> {
        Generated { schema, left: count, count, customers, random: 0x9e37_79b9_7f4a_7c15, item: Item::default() }
    }

    /// Xorshift.
    fn draw(&mut self, below: u64) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        (self.random >> 11) % below
    }
}

impl Stream for Generated<'_> {
    fn next(&mut self) -> Option<&mut Item> {
        self.left = self.left.checked_sub(1)?;
        let number = self.count - self.left - 1;
        let at = START_MS + (number as i128 * YEAR_MS as i128 / self.count as i128) as i64;
        let customer = self.draw(self.customers);
        let name = match self.draw(100) {
            // As in the log of the grocery: 94.7 %, 4 %, 1.3 %.
            0..95 => "purchase",
            95..99 => "campaign_received",
            _ => "coupon_redeemed",
        };
        let event = self.schema.event(name).unwrap();
        // 30 USD in the middle; a basket in fifty is worth 150 USD and more.
        let cents = match self.draw(50) {
            0 => 15_000 + self.draw(15_000),
            _ => self.draw(3_000) + self.draw(3_000),
        };
        let department = ["GROCERY", "DRUG GM", "MEAT", "DELI", "PASTRY", "PRODUCE"][(self.draw(26) / 5) as usize];
        self.item.customer.clear();
        let _ = write!(self.item.customer, "{customer}");
        self.item.at = Instant(at);
        self.item.kind = ItemKind::Event(event);
        self.item.values.clear();
        for field in &self.schema.events[event.index()].fields {
            self.item.values.push(match field.name.as_str() {
                "basket_id" => Value::Text(Text::new(format!("{}", 31_000_000_000 + number))),
                "store_id" => Value::Text(Text::new(format!("{}", 300 + customer % 90))),
                "campaign_id" => Value::Text(Text::new(format!("{}", customer % 27))),
                "campaign_type" => Value::text("Type A"),
                "coupon_upc" => Value::text("10000085207"),
                "top_department" => Value::text(department),
                "end_date" => Value::Date(onward::calendar::civil::date(Instant(at + 30 * 86_400_000), Default::default())),
                "items" | "lines" => Value::Number(Decimal::from(1 + cents % 20)),
                _ => Value::Number(Decimal::new(cents as i64, 2)),
            });
        }
        Some(&mut self.item)
    }
}

fn threads() -> u32 {
    std::thread::available_parallelism().map_or(1, |cores| cores.get() as u32).min(2)
}

/// CPU time of this process so far, in seconds: what a busy machine does not change much. 0 where the system does not tell.
fn cpu_seconds() -> f64 {
    let text = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<f64> = text.rsplit(')').next().unwrap_or_default().split_whitespace().map(|word| word.parse().unwrap_or(0.0)).collect();
    fields.get(11..13).map_or(0.0, |ticks| ticks.iter().sum::<f64>() / 100.0)
}

fn full(world: &SmallWorld, population: &Population, events: u64) {
    let schema = world.plan().schema.clone();
    let simulation = Simulation::new(world, population, Options { threads: threads(), ..Options::default() });
    let log = Log::load(&mut Generated::new(&schema, events, events / 10), &simulation);
    println!("loaded log: {} MB", log.bytes() / 1_000_000);
    let (begun, before) = (std::time::Instant::now(), cpu_seconds());
    let done = simulation.run_log(&log);
    let (seconds, cpu) = (begun.elapsed().as_secs_f64(), cpu_seconds() - before);
    let entered: u64 = done.tally.journeys.iter().map(|journey| journey.entered.treated + journey.entered.held_out).sum();
    let sent: u64 = done.tally.messages().values().map(|message| message.sent).sum();
    println!(
        "{events} events, {} customers, {} journeys, {} threads: {seconds:.2} s, {cpu:.2} CPU-seconds, {:.2} M events/s; {entered} runs, {sent} messages; {} bytes per customer, the largest {}",
        events / 10,
        world.plan().journeys.len(),
        threads(),
        events as f64 / 1e6 / seconds,
        done.tally.row_bytes / done.tally.measured,
        done.tally.row_bytes_max,
    );
}

/// A million purchases as CSV, in a folder that goes with the process.
fn csv(schema: &Schema, count: u64) -> std::path::PathBuf {
    let mut text = String::from(
        "user_id,timestamp,basket_id,store_id,items,lines,sales_value,retail_disc,coupon_disc,coupon_match_disc,top_department\n",
    );
    let mut stream = Generated::new(schema, count, count / 10);
    let mut number = 0;
    while let Some(item) = stream.next() {
        number += 1;
        let at = Default::default();
        let at: onward::calendar::Zone = at;
        let local = at.local(item.at).format("%Y-%m-%d %H:%M:%S");
        let _ = writeln!(text, "{},{local},{number},330,5,4,{}.{:02},1.20,0,0,GROCERY", item.customer, number % 230, number % 100);
    }
    let path = std::env::temp_dir().join(format!("onward-bench-{}.csv", std::process::id()));
    std::fs::write(&path, text).unwrap();
    path
}

const LOG: &str = r#"
[[log]]
file = "purchases.csv"
event = "purchase"
customer = "user_id"
time = "timestamp"
"#;

fn main() {
    let world = SmallWorld::new(plan(), Default::default());
    let population = population(&world.plan().schema);
    let arguments: Vec<String> = std::env::args().collect();
    if let Some(at) = arguments.iter().position(|argument| argument == "--full") {
        let events = arguments.get(at + 1).and_then(|count| count.parse().ok());
        full(&world, &population, events.unwrap_or(10_000_000));
        return;
    }
    let mut criterion = Criterion::default().sample_size(10).configure_from_args();
    let schema = world.plan().schema.clone();
    let count = 1_000_000;
    let options = Options { threads: threads(), ..Options::default() };
    let simulation = Simulation::new(&world, &population, options);

    let mut group = criterion.benchmark_group("simulate");
    group.throughput(Throughput::Elements(count));
    let log = Log::load(&mut Generated::new(&schema, count, count / 10), &simulation);
    group.bench_function("loaded log", |bencher| bencher.iter(|| simulation.run_log(&log)));

    let path = csv(&schema, count);
    let (config, _) = Config::read(&SourceFile::new("onward.toml", LOG), FileId(0));
    let open = || {
        let mut found = Diagnostics::default();
        let log = &config.logs[0];
        let file = LogFile::open(&path, origin_of(log), Some(&log.shape), &schema, Default::default(), &mut found);
        Merge::new(&schema, file.into_iter().collect())
    };
    group.bench_function("csv, read only", |bencher| {
        bencher.iter(|| {
            let mut merge = open();
            let mut rows = 0u64;
            while merge.next().is_some() {
                rows += 1;
            }
            assert_eq!(rows, count);
        });
    });
    group.bench_function("csv", |bencher| bencher.iter(|| simulation.run(&mut open(), &mut |_| {})));
    group.finish();
    let _ = std::fs::remove_file(path);
    criterion.final_summary();
}
