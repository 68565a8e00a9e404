//! When something is due next.
//!
//! In: the row. Out: one instant per customer. **Invariant:** nothing can come due earlier than what is returned without an input; an instant
//! may be too early, then nothing happens at it.

use super::index::Index;
use super::row::{Customer, PendingState};
use crate::calendar::Instant;

/// The earliest instant at which anything is due: waits, horizons of conditions, ends of periods, flips of segments, held messages, dates.
pub(super) fn next_due(row: &Customer, index: &Index) -> Instant {
    let mut next = Instant::NEVER;
    for run in &row.runs {
        let over = index.journeys.get(run.journey.index()).map_or(Instant::NEVER, |journey| journey.to);
        next = next.min(run.due).min(run.horizon).min(run.guarded_until).min(over);
    }
    for standing in &row.segments {
        next = next.min(standing.until);
    }
    for occurrence in &row.occurrences {
        next = next.min(occurrence.next);
    }
    for pending in &row.pending {
        match pending.state {
            PendingState::Held { until } | PendingState::Paused { until } | PendingState::InDoubt { until } => next = next.min(until),
            PendingState::Ready | PendingState::Claimed | PendingState::HandedOver { .. } => {}
        }
    }
    next
}
