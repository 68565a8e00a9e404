//! What a customer belongs to because somebody put her there: lists, stages that she was moved to, audiences.
//!
//! In: a step, or an input. Out: the row changed, the hidden segments of lists and stages judged again, and the news of it; an effect where it
//! leaves the house. **Invariant:** being put where one is already is no news; where a step moved her holds until the stage that the conditions
//! give changes; what leaves the house is held back from who is held out.

use super::row::Moved;
use super::turn::{Turn, Wave};
use super::{Effect, RecordKind};
use crate::schema::{AudienceId, ListId, StageId};

impl Turn<'_> {
    /// On a list, or not any more. The wave is what is new; `None` if nothing is.
    pub(super) fn set_list(&mut self, list: ListId, on: bool) -> Option<Wave> {
        let segment = self.loaded.plan.schema.lists.get(list.index())?.segment;
        match (self.row.lists.binary_search(&list), on) {
            (Err(at), true) => self.row.lists.insert(at, list),
            (Ok(at), false) => {
                self.row.lists.remove(at);
            }
            _ => return None,
        }
        let mut wave = Wave::default();
        self.refresh_over(segment, &mut wave);
        Some(wave)
    }

    pub(super) fn cause_list(&mut self, list: ListId, on: bool) {
        if let Some(wave) = self.set_list(list, on) {
            self.cause(wave);
        }
    }

    /// `move to stage`: holds at once, the news follow.
    pub(super) fn cause_move(&mut self, to: StageId) {
        let loaded = self.loaded;
        let over = self.context(&loaded.plan).computed_stage();
        self.row.moved = (over != Some(to)).then_some(Moved { to, over });
        let mut wave = Wave::default();
        for stage in &loaded.plan.schema.stages {
            self.refresh_over(stage.segment, &mut wave);
        }
        if !wave.flips.is_empty() {
            self.cause(wave);
        }
    }

    /// The condition of some stage changed: a move is over once they give another stage than when she was moved.
    pub(super) fn forget_move(&mut self) {
        if let Some(moved) = self.row.moved
            && self.context(&self.loaded.plan).computed_stage() != moved.over
        {
            self.row.moved = None;
        }
    }

    /// A hidden segment and all that read it.
    fn refresh_over(&mut self, segment: crate::schema::SegmentId, wave: &mut Wave) {
        let loaded = self.loaded;
        let mut flips = std::mem::take(&mut wave.flips);
        if let Some(over) = loaded.index.segments_over.get(segment.index()) {
            self.refresh_segments(over, &mut flips);
        }
        wave.flips = flips;
    }

    /// Into an audience outside, or out of it.
    pub(super) fn tell_audience(&mut self, number: u32, audience: AudienceId, add: bool) {
        let Some(run) = self.row.run(number) else { return };
        let (journey, step, held_out) = (run.journey, run.step, run.held_out);
        let held_out = held_out || self.policy_holds_out();
        self.record_run(journey, number, step, RecordKind::Audience { audience, add, held_out });
        if !held_out {
            self.effect(Effect::Audience { audience, add });
        }
    }
}
