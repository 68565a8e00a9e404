//! Connections that wait for the next request.
//!
//! In: lines with nothing under way. Out: the same, while they are fresh. **Invariant:** bounded in number and in time. The time is short on
//! purpose: a line that the other side is just closing makes a hand-over unknown, and servers keep idle lines for 5 seconds and more.

use super::connect::Line;
use super::target::{Host, Target};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// So long a line may wait.
pub const IDLE_MAX: Duration = Duration::from_secs(4);
/// So many may wait for one destination, and for all.
pub const IDLE_LINES_MAX: usize = 16;
pub const ALL_IDLE_LINES_MAX: usize = 128;

type Key = (bool, String, u16);

#[derive(Default)]
pub(super) struct Pool(Mutex<BTreeMap<Key, Vec<Line>>>);

fn key(target: &Target) -> Key {
    let host = match &target.host {
        Host::Name(name) => name.clone(),
        Host::Ip(address) => address.to_string(),
    };
    (target.https, host, target.port)
}

impl Pool {
    /// The line that was used last: the others may grow old and be closed.
    pub(super) fn take(&self, target: &Target) -> Option<Line> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        sweep(&mut all);
        let lines = all.get_mut(&key(target))?;
        while let Some(line) = lines.pop() {
            if !line.sender.is_closed() && line.sender.is_ready() {
                return Some(line);
            }
        }
        None
    }

    pub(super) fn give(&self, target: &Target, mut line: Line) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        sweep(&mut all);
        let waiting: usize = all.values().map(Vec::len).sum();
        let lines = all.entry(key(target)).or_default();
        if lines.len() < IDLE_LINES_MAX && waiting < ALL_IDLE_LINES_MAX && !line.sender.is_closed() {
            line.idle_since = Instant::now();
            line.used = true;
            lines.push(line);
        }
    }
}

fn sweep(all: &mut BTreeMap<Key, Vec<Line>>) {
    let now = Instant::now();
    all.retain(|_, lines| {
        lines.retain(|line| now.duration_since(line.idle_since) < IDLE_MAX && !line.sender.is_closed());
        !lines.is_empty()
    });
}
