//! A row has a limit: beyond it nothing more is kept of what a customer does, so that one of them cannot fill a machine.
//!
//! In: a row, now and then. Out: whether it is full. **Invariant:** consent, suppression, outcomes and reports still apply to a full row;
//! events, attributes and requests are refused and recorded. The row is measured every [`LOOK_EVERY`] turns, so it may be larger than the
//! limit by what that many inputs bring; it takes inputs again once enough of its history is too old to be asked for.

use super::turn::Turn;
use super::{InputKind, ROW_BYTES_MAX, RecordKind};
use crate::calendar::Instant;
use crate::record::{Encode, Writer};

/// Turns between two measurements: encoding a row costs about as much as handling two inputs.
const LOOK_EVERY: u64 = 64;
/// The same for a full row, which may have room again.
const LOOK_AGAIN_EVERY: u64 = 8;

impl Turn<'_> {
    /// Whether there is no room for what this input brings.
    pub(super) fn has_no_room(&mut self, kind: &InputKind) -> bool {
        let brings =
            matches!(kind, InputKind::Event { .. } | InputKind::Attributes { .. } | InputKind::Requested { .. } | InputKind::Past(_));
        if !brings {
            return false;
        }
        let every = if self.row.full { LOOK_AGAIN_EVERY } else { LOOK_EVERY };
        if self.row.turn >= self.row.measured.saturating_add(every) {
            self.measure();
        }
        if self.row.full {
            self.row.turn += 1;
            self.record(RecordKind::LimitMet("row"));
        }
        self.row.full
    }

    fn measure(&mut self) {
        self.row.measured = self.row.turn;
        if self.row.full {
            let keep_from = self.row.runs.iter().map(|run| run.begin).min().unwrap_or(Instant::NEVER);
            let oldest = self.now.plus_ms(-self.limits.event_age_ms_max);
            self.row.history.forget_old(&self.loaded.plan, self.now, keep_from);
            self.row.recent.retain(|recent| recent.at >= oldest);
        }
        let mut out = Writer::counting();
        self.row.encode(&mut out);
        self.row.full = out.len() > ROW_BYTES_MAX;
    }
}
