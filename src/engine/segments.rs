//! Who is in which segment, and the news of it.
//!
//! In: what changed, or an instant at which an answer may change by itself. Out: the row's standing, which is the truth of the moment, and
//! flips: leaves, then joins. **Invariant:** a segment is asked only where something it reads changed or its horizon has come; segments
//! are judged in the plan's order, in which each reads only earlier ones.

use super::RecordKind;
use super::row::Standing;
use super::turn::Turn;
use crate::calendar::Instant;
use crate::schema::{SegmentId, SegmentRole};

/// Leaves come before joins; of each kind in the plan's order.
pub(super) type Flips = Vec<(SegmentId, bool)>;

impl Turn<'_> {
    /// Judges these segments again (ascending) and adds what flipped.
    pub(super) fn refresh_segments(&mut self, segments: &[SegmentId], flips: &mut Flips) {
        if self.row.segments.is_empty() {
            return;
        }
        for id in segments {
            self.judge(*id, flips);
        }
        flips.sort_by_key(|(_, joined)| *joined);
    }

    /// Judges every segment whose horizon has come.
    pub(super) fn refresh_due_segments(&mut self, due: Instant, flips: &mut Flips) {
        let loaded = self.loaded;
        for at in 0..self.row.segments.len() {
            if self.row.segments[at].until > due {
                continue;
            }
            let before = flips.len();
            self.judge(SegmentId(at as u16), flips);
            if flips.len() > before
                && let Some(over) = loaded.index.segments_over.get(at)
            {
                over.iter().skip(1).for_each(|id| self.judge(*id, flips));
            }
        }
        flips.sort_by_key(|(_, joined)| *joined);
    }

    /// All of them: for somebody new, or when the zone changed.
    pub(super) fn refresh_all_segments(&mut self, flips: &mut Flips) {
        for at in 0..self.row.segments.len() {
            self.judge(SegmentId(at as u16), flips);
        }
        flips.sort_by_key(|(_, joined)| *joined);
    }

    fn judge(&mut self, id: SegmentId, flips: &mut Flips) {
        let loaded = self.loaded;
        let Some(segment) = loaded.plan.segments.get(id.index()) else { return };
        let context = self.context(&loaded.plan);
        let member = context.truth(&segment.condition);
        // A horizon that does not move on would ask for ever.
        let until = context.until.get().max(self.now.plus_ms(1));
        let Some(standing) = self.row.segments.get_mut(id.index()) else { return };
        let was = std::mem::replace(standing, Standing { member, until }).member;
        if was != member {
            if matches!(segment.role, SegmentRole::StageTest(_)) {
                self.forget_move();
            }
            self.wake_dates(id);
            // It may have flipped twice within one input.
            match flips.iter().position(|(flipped, _)| *flipped == id) {
                Some(at) => {
                    flips.remove(at);
                }
                None => flips.push((id, member)),
            }
            if self.attention.detail {
                self.record(if member { RecordKind::Joined(id) } else { RecordKind::Left(id) });
            }
        }
    }
}
