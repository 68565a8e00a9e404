//! Connections that are kept: so many at most, and the idle ones are used again.
//!
//! In: sessions that may be used again. Out: a place, with a session or without. **Invariant:** never more connections than places, idle ones
//! included (but for one that is saying goodbye): who has a place takes an idle session or opens a new one, and gives either back with the place.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::Instant;

/// An idle connection is not used again after this: servers close theirs after a minute or five.
pub const IDLE_MAX: Duration = Duration::from_secs(30);

#[derive(Debug)]
pub struct Pool<S> {
    places: Semaphore,
    idle: Mutex<Vec<(S, Instant)>>,
}

impl<S> Pool<S> {
    pub fn new(places: usize) -> Pool<S> {
        Pool { places: Semaphore::new(places), idle: Mutex::new(Vec::new()) }
    }

    /// Waits for a place. The session that was used last is there still, if any is.
    pub async fn place(&self) -> Option<(SemaphorePermit<'_>, Option<S>)> {
        let place = self.places.acquire().await.ok()?;
        Some((place, self.take(Instant::now())))
    }

    fn take(&self, now: Instant) -> Option<S> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.retain(|(_, since)| now.duration_since(*since) < IDLE_MAX);
        idle.pop().map(|(session, _)| session)
    }

    /// Before the place is given up.
    pub fn keep(&self, session: S) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push((session, Instant::now()));
    }
}
