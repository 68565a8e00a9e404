//! What time it is.
//!
//! In: the machine's clock. Out: instants. **Invariant:** the only place of the daemon that reads a clock for what is decided; a harness brings its
//! own, and a sample runs on one that hurries.

#![allow(clippy::disallowed_methods, reason = "this is the daemon's clock")]

use super::core::clock_guard::{ClockGuard, Doubt};
use crate::calendar::Instant;
use std::fmt::Debug;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

pub trait Clock: Send + Sync + Debug {
    fn now(&self) -> Instant;
    /// How long to wait, really, until so many milliseconds are over.
    fn real(&self, ms: i64) -> Duration;

    /// A clock that only counts, also while the machine sleeps, ms; `None` where time is made up.
    fn count(&self) -> Option<i64> {
        None
    }

    /// Why it is not believed, if so.
    fn doubt(&self) -> Option<Doubt> {
        None
    }

    /// A person says that it is right.
    fn believe(&self) {}
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

    fn count(&self) -> Option<i64> {
        Some(since_boot())
    }
}

#[cfg(target_os = "linux")]
fn since_boot() -> i64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
    time.tv_sec.saturating_mul(1_000).saturating_add(time.tv_nsec / 1_000_000)
}

/// Elsewhere a clock that may stand while the machine sleeps: waking up then looks like a leap.
#[cfg(not(target_os = "linux"))]
fn since_boot() -> i64 {
    static BEGUN: std::sync::LazyLock<std::time::Instant> = std::sync::LazyLock::new(std::time::Instant::now);
    i64::try_from(BEGUN.elapsed().as_millis()).unwrap_or(i64::MAX)
}

/// A clock under guard: what everybody in the daemon asks.
#[derive(Debug)]
pub struct GuardedClock {
    inner: Arc<dyn Clock>,
    guard: Mutex<ClockGuard>,
}

impl GuardedClock {
    /// `stored`: the latest time that the store knows. A clock that makes time up needs no guard.
    pub fn over(inner: Arc<dyn Clock>, stored: Instant) -> Arc<dyn Clock> {
        match inner.count() {
            Some(count) => {
                let guard = Mutex::new(ClockGuard::new(stored, inner.now(), count));
                Arc::new(GuardedClock { inner, guard })
            }
            None => inner,
        }
    }

    fn guard(&self) -> MutexGuard<'_, ClockGuard> {
        self.guard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Clock for GuardedClock {
    fn now(&self) -> Instant {
        let mut guard = self.guard();
        guard.observe(self.inner.now(), self.inner.count().unwrap_or_default())
    }

    fn real(&self, ms: i64) -> Duration {
        self.inner.real(ms)
    }

    fn count(&self) -> Option<i64> {
        self.inner.count()
    }

    fn doubt(&self) -> Option<Doubt> {
        self.guard().doubt()
    }

    fn believe(&self) {
        self.guard().believe();
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
