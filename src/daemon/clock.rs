//! What time it is.
//!
//! In: the machine's clock. Out: instants. **Invariant:** the only place of the daemon that reads a clock for what is decided; a harness brings its
//! own, and a sample runs on one that hurries.

#![allow(clippy::disallowed_methods, reason = "this is the daemon's clock")]

use crate::calendar::Instant;
use std::fmt::Debug;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

pub trait Clock: Send + Sync + Debug {
    fn now(&self) -> Instant;
    /// How long to wait, really, until so many milliseconds are over.
    fn real(&self, ms: i64) -> Duration;
}

/// The machine's.
#[derive(Debug, Clone, Copy, Default)]
pub struct WallClock;

impl Clock for WallClock {
    fn now(&self) -> Instant {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Instant(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }

    fn real(&self, ms: i64) -> Duration {
        Duration::from_millis(ms.max(0) as u64)
    }
}

/// Begins at an instant and runs so many times as fast, for samples: a fortnight in some minutes.
#[derive(Debug, Clone)]
pub struct FastClock {
    begin: Instant,
    begun: std::time::Instant,
    speed: u32,
}

impl FastClock {
    /// `speed` is at least 1.
    pub fn new(begin: Instant, speed: u32) -> FastClock {
        FastClock { begin, begun: std::time::Instant::now(), speed: speed.max(1) }
    }
}

impl Clock for FastClock {
    fn now(&self) -> Instant {
        let passed = i64::try_from(self.begun.elapsed().as_millis()).unwrap_or(i64::MAX);
        self.begin.plus_ms(passed.saturating_mul(i64::from(self.speed)))
    }

    fn real(&self, ms: i64) -> Duration {
        Duration::from_micros((ms.max(0) as u64).saturating_mul(1_000) / u64::from(self.speed))
    }
}
