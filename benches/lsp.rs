//! How long an editor waits: a recorded session over a file of two thousand lines in a project of a hundred files.
//!
//! Prints for each kind of message the median, the 99th percentile and the slowest, in milliseconds, and how long a whole check takes on the
//! other thread. Ends with 1 where the 99th percentile of all is ten milliseconds or more: that is the promise.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    reason = "a benchmark reads the clock and stops at our own mistakes"
)]

#[path = "../tests/it/lsp/session.rs"]
mod session;

use session::{FILES, LINES, Session, project};
use std::collections::BTreeSet;
use std::process::ExitCode;
use std::time::Instant;

/// The promise, microseconds.
const P99_MAX: u64 = 10_000;
const ROUNDS: usize = 5;

fn main() -> ExitCode {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("lsp-bench");
    let text = project(&folder);
    let begun = Instant::now();
    let clock = move || begun.elapsed().as_micros() as u64;
    let mut session = Session::begin(&folder, text, &clock);
    for _ in 0..ROUNDS {
        session.type_steps();
    }
    session.key(0, '\n');
    let check = Instant::now();
    session.check();
    let check = check.elapsed().as_secs_f64() * 1000.0;
    println!("{FILES} files, one of {LINES} lines; {} messages", session.took.len());
    let shown = |name: &str, method: Option<&str>| {
        let ms = |share: f64| session.percentile(method, share) as f64 / 1000.0;
        println!("{name:<36} p50 {:>7.3} ms   p99 {:>7.3} ms   max {:>7.3} ms", ms(0.5), ms(0.99), ms(1.0));
    };
    let kinds: BTreeSet<&str> = session.took.iter().map(|(of, _)| of.as_str()).collect();
    for kind in kinds {
        shown(kind, Some(kind));
    }
    shown("all", None);
    println!("a whole check, on the other thread: {check:.1} ms");
    if session.percentile(None, 0.99) < P99_MAX { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
