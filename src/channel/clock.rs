//! The time, for adapters: the machine's, or what a test says.
//!
//! In: nothing. Out: instants. **Invariant:** adapters ask this and nothing else for the time of day, so a test can decide it. Limits on how
//! long a network may take are tokio's business and not this one's.
#![allow(clippy::disallowed_methods, reason = "the one place of this room that asks the machine for the time of day")]

use crate::calendar::Instant;
use std::fmt;
use std::sync::Arc;

#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> Instant + Send + Sync>);

impl Clock {
    /// The machine's.
    pub fn system() -> Clock {
        Clock::by(|| {
            let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
            Instant(i64::try_from(since.as_millis()).unwrap_or(0))
        })
    }

    /// What somebody else says.
    pub fn by(ask: impl Fn() -> Instant + Send + Sync + 'static) -> Clock {
        Clock(Arc::new(ask))
    }

    pub fn now(&self) -> Instant {
        (self.0)()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock")
    }
}
