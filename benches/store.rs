//! How many events a second the log makes durable, and what that costs: `cargo bench --bench store [FOLDER]`.
//!
//! In: a folder on the disk in question (default: the target folder). Out: a table. One event is 440 bytes; a batch is one append with one
//! sync, so the column of 1 is what a single event waits for. Not a criterion bench: a sync is what it is, and an average over three
//! seconds says it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::disallowed_methods)]

use onward::store::{Disk, RealFiles, Settings, Store};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

const EVENT: usize = 440;
const TIME: Duration = Duration::from_secs(3);
/// The log is cut when it is longer than this, as snapshots would allow it.
const KEEP: u64 = 512 << 20;

fn fresh(folder: &Path, name: &str) -> Disk {
    let folder = folder.join(name);
    if folder.exists() {
        std::fs::remove_dir_all(&folder).unwrap();
    }
    Arc::new(RealFiles::new(folder))
}

/// CPU seconds of this process so far; 0 where the system does not tell.
fn cpu() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |at: usize| fields.get(at).and_then(|field| field.parse::<f64>().ok()).unwrap_or(0.0);
    (ticks(11) + ticks(12)) / 100.0
}

fn appends(folder: &Path) {
    println!("{:>8} {:>12} {:>12} {:>10} {:>10} {:>10}", "batch", "events/s", "batches/s", "p50 ms", "p99 ms", "CPU µs/ev");
    for batch in [1usize, 100, 1_000, 10_000] {
        let disk = fresh(folder, "append");
        Store::create(&disk, &disk, Settings::default()).unwrap();
        let mut store = Store::open(disk).unwrap();
        let payload = vec![7u8; EVENT * batch];
        let (mut waits, mut noted) = (Vec::new(), Instant::now());
        let (begin, used) = (Instant::now(), cpu());
        while begin.elapsed() < TIME {
            let at = Instant::now();
            store.append(&payload).unwrap();
            waits.push(at.elapsed().as_secs_f64() * 1e3);
            if noted.elapsed() > Duration::from_millis(100) {
                store.note_mark().unwrap();
                noted = Instant::now();
            }
            if store.size() > KEEP {
                store.cut(store.mark()).unwrap();
            }
        }
        let (seconds, used) = (begin.elapsed().as_secs_f64(), cpu() - used);
        let batches = waits.len() as f64;
        let events = batches * batch as f64;
        waits.sort_by(f64::total_cmp);
        let part = |share: f64| waits[(share * (batches - 1.0)) as usize];
        println!(
            "{batch:>8} {:>12.0} {:>12.0} {:>10.2} {:>10.2} {:>10.2}",
            events / seconds,
            batches / seconds,
            part(0.5),
            part(0.99),
            used * 1e6 / events
        );
        store.close().unwrap();
    }
}

fn recovery(folder: &Path) {
    let disk = fresh(folder, "recovery");
    Store::create(&disk, &disk, Settings::default()).unwrap();
    let mut store = Store::open(disk.clone()).unwrap();
    let payload = vec![7u8; EVENT * 1_000];
    while store.size() < 1 << 30 {
        store.append(&payload).unwrap();
    }
    drop(store);
    let begin = Instant::now();
    let store = Store::open(disk).unwrap();
    let opened = begin.elapsed();
    let bytes: usize = store.read(1).unwrap().map(|batch| batch.unwrap().1.len()).sum();
    println!("\nlog of {} MB after a crash: opened in {opened:.1?}, read in {:.1?}", bytes / 1_000_000, begin.elapsed() - opened);
}

fn tables(folder: &Path) {
    let disk = fresh(folder, "tables");
    Store::create(&disk, &disk, Settings::default()).unwrap();
    let store = Store::open(disk).unwrap();
    let row: Vec<u8> = (0..600u32).map(|at| (at * 31 % 97) as u8).collect();
    let begin = Instant::now();
    let mut writer = store.snapshots().write("shard", 1).unwrap();
    for number in 0..200_000u64 {
        writer.push(&number.to_be_bytes(), &row).unwrap();
    }
    let snapshot = writer.finish().unwrap();
    let written = begin.elapsed();
    let begin = Instant::now();
    let read = snapshot.entries().map(|entry| entry.unwrap().1.len()).sum::<usize>();
    println!("snapshot of 200,000 rows, {} MB: written in {written:.1?}, read in {:.1?}", read / 1_000_000, begin.elapsed());
    let begin = Instant::now();
    for number in 0..2_000u64 {
        assert!(snapshot.get(&(number * 97 % 200_000).to_be_bytes()).unwrap().is_some());
    }
    println!("one row by its key: {:.0?}", begin.elapsed() / 2_000);
    let begin = Instant::now();
    let mut writer = store.archive().write("day").unwrap();
    let mut plain = 0;
    for customer in 0..20_000u64 {
        for order in 0..20 {
            let text = format!(
                r#"{{"type":"track","event":"Order Completed","timestamp":"2026-11-{:02}T08:{:02}:00Z","order":"{}","total":"{}.00 THB"}}"#,
                1 + order,
                customer % 60,
                customer * 7919 + order,
                customer % 977
            );
            plain += text.len();
            writer.push(&customer.to_be_bytes(), order, text.as_bytes()).unwrap();
        }
    }
    let sealed = writer.seal().unwrap();
    let packed = begin.elapsed();
    let begin = Instant::now();
    assert_eq!(sealed.entries().count(), 400_000);
    println!(
        "archive of 400,000 records, {} MB: written in {packed:.1?} as {} MB, read in {:.1?}",
        plain / 1_000_000,
        sealed.size() / 1_000_000,
        begin.elapsed()
    );
    let begin = Instant::now();
    for customer in 0..500u64 {
        assert_eq!(sealed.find(&(customer * 31).to_be_bytes()).count(), 20);
    }
    println!("the records of one customer: {:.0?}", begin.elapsed() / 500);
}

fn main() {
    let given = std::env::args().nth(1).filter(|argument| !argument.starts_with("--")).map(PathBuf::from);
    let folder = given.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("target/bench-store"));
    appends(&folder);
    recovery(&folder);
    tables(&folder);
    std::fs::remove_dir_all(&folder).unwrap();
}
