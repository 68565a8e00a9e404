//! The order in which one input is worked off.
//!
//! In: a [`Wave`]: everything that is new. Out: goals (4), exits (5), restarts and updates (6), waiting steps (7), entries (8); then what the
//! steps themselves caused (9), and messages that are ready (10). **Invariant:** among runs: higher priority, then older; a run sees an
//! event once; a chain of more than [`CHAIN_MAX`] is cut and recorded. Profile, history and segments (2, 3) are up to date before.

use super::entries::Cause;
use super::index::reacts;
use super::row::{Recent, Run, RunState, SeenWhat};
use super::turn::{Event, Interest, News, Turn, Wave};
use super::{CHAIN_MAX, Outcome, RecordKind};
use crate::calendar::Instant;
use crate::condition::Happening;
use crate::plan::Depends;
use std::sync::Arc;

/// A run whose journey's `runs to` has come.
const OVER: u8 = 64;
/// A run whose wait ends, or whose `when` arms are to be asked again.
const DUE: u8 = 128;

impl Turn<'_> {
    /// Takes in what is new: history and segments first, then everything that reacts.
    pub(super) fn take_in(&mut self, mut wave: Wave) {
        self.row.turn += 1;
        let loaded = self.loaded;
        if let Some(Event { what: SeenWhat::Happened(what), at, fields }) = &wave.event {
            let Some(listeners) = loaded.index.listeners(*what) else { return };
            self.keep_history(*what, *at, fields);
            if !listeners.segments.is_empty() {
                let mut flips = std::mem::take(&mut wave.flips);
                self.refresh_segments(&listeners.segments, &mut flips);
                wave.flips = flips;
            }
        }
        self.react(&wave);
    }

    /// 2: history.
    pub(super) fn keep_history(&mut self, what: Happening, at: Instant, fields: &Arc<[crate::value::Value]>) {
        let loaded = self.loaded;
        self.keep_for_building(what, at, fields);
        let Some(listeners) = loaded.index.listeners(what) else { return };
        if !listeners.scores.is_empty() {
            self.add_points(&listeners.scores, &Event { what: SeenWhat::Happened(what), at, fields: Arc::clone(fields) });
        }
        if !listeners.trackers.is_empty() {
            let keep_from = self.row.runs.iter().map(|run| run.begin).min().unwrap_or(Instant::NEVER);
            for id in &listeners.trackers {
                let Some(tracker) = loaded.plan.trackers.get(id.index()) else { continue };
                if tracker.condition.as_ref().is_none_or(|condition| super::evaluate::event_meets(condition, &loaded.plan, fields)) {
                    let event = super::history::Happened { at, seq: self.row.turn, fields };
                    self.row.history.record(&loaded.plan, *id, event, self.now, keep_from);
                }
            }
        }
        if self.pinned {
            self.keep_for_pinned(what, at, fields);
        }
        if listeners.watched && self.row.occurrences.len() == loaded.index.dates.len() {
            self.watch_by_events();
        }
        if listeners.recent {
            let oldest = self.now.plus_ms(-self.limits.event_age_ms_max);
            self.row.recent.retain(|recent| recent.at >= oldest);
            if at >= oldest {
                self.row.recent.push(Recent { what, at, fields: Arc::clone(fields) });
            }
        }
    }

    /// Histories that only plans ask for which runs are pinned to.
    fn keep_for_pinned(&mut self, what: Happening, at: Instant, fields: &Arc<[crate::value::Value]>) {
        let keep_from = self.row.runs.iter().map(|run| run.begin).min().unwrap_or(Instant::NEVER);
        let plans: Vec<_> = self.older().collect();
        for loaded in plans {
            let Some((older, listeners)) = loaded.older.as_ref().zip(loaded.index.listeners(what)) else { continue };
            let event = Event { what: SeenWhat::Happened(what), at, fields: Arc::clone(fields) };
            let event = loaded.laid_out(&event);
            for id in listeners.trackers.iter().filter(|id| id.index() >= older.shared_trackers) {
                let Some(tracker) = loaded.plan.trackers.get(id.index()) else { continue };
                if tracker.condition.as_ref().is_none_or(|condition| super::evaluate::event_meets(condition, &loaded.plan, &event.fields)) {
                    let event = super::history::Happened { at, seq: self.row.turn, fields: &event.fields };
                    self.row.history.keep(tracker, event, self.now, keep_from);
                }
            }
        }
    }

    /// 4 to 8.
    pub(super) fn react(&mut self, wave: &Wave) {
        self.out.scratch.entered.clear();
        let mut interests = std::mem::take(&mut self.out.scratch.interests);
        interests.clear();
        self.find_interests(wave, &mut interests);
        interests.sort_unstable();
        if let Some(event) = &wave.event {
            if !self.row.experiments.measures.is_empty() {
                self.judge_measures(event);
            }
            for interest in interests.iter().filter(|interest| interest.bits & reacts::GOAL != 0) {
                self.judge_goals(interest.run, event);
            }
            if !self.row.ended.is_empty() {
                self.judge_ended_goals(event);
            }
        }
        for interest in &interests {
            if interest.bits & OVER != 0 {
                self.end(interest.run, super::Ending::Over);
            }
            if interest.bits & reacts::EXIT != 0
                && let Some(event) = &wave.event
            {
                self.judge_exits(interest.run, event);
            }
            if interest.bits & reacts::GUARD != 0 {
                self.judge_guards(interest.run);
            }
        }
        if let Some(event) = &wave.event {
            for interest in interests.iter().filter(|interest| interest.bits & reacts::WAIT != 0) {
                self.collect_event(interest.run, event);
            }
        }
        let entries = self.restart_and_update(wave);
        for interest in &interests {
            if interest.bits & (reacts::WAIT | reacts::SEEN | DUE) != 0 {
                self.wake_run(*interest, wave);
            }
        }
        self.out.scratch.interests = interests;
        if entries {
            self.enter(wave);
        }
        if wave.moment {
            self.enter_by_date();
        }
    }

    fn find_interests(&self, wave: &Wave, interests: &mut Vec<Interest>) {
        let index = &self.loaded.index;
        let listening: &[u8] = match &wave.event {
            Some(Event { what: SeenWhat::Happened(what), .. }) => {
                index.listeners(*what).filter(|listeners| listeners.any_run).map_or(&[], |listeners| &listeners.runs)
            }
            _ => &[],
        };
        let about_message = matches!(wave.event, Some(Event { what: SeenWhat::Message { .. }, .. }));
        if self.pinned {
            return self.find_interests_of_all(wave, interests);
        }
        let changed = wave.moment
            || wave.zone
            || wave.messages
            || wave.topic.is_some()
            || wave.journey.is_some()
            || !wave.flips.is_empty()
            || !wave.fields.is_empty();
        if listening.is_empty() && !about_message && !changed {
            return;
        }
        for run in &self.row.runs {
            let mut bits = listening.get(run.journey.index()).copied().unwrap_or(0);
            let Some(journey) = index.journeys.get(run.journey.index()) else { continue };
            if about_message {
                bits |= journey.messages;
            }
            if changed {
                bits |= self.concerns(wave, run, journey);
            }
            if bits != 0 {
                interests.push(Interest { rank: journey.rank, run: run.number, bits });
            }
        }
    }

    /// The same where runs are pinned to several plans: each listens as its own says.
    fn find_interests_of_all(&self, wave: &Wave, interests: &mut Vec<Interest>) {
        for run in &self.row.runs {
            let Some(loaded) = self.loaded_of(run.plan) else { continue };
            let Some(journey) = loaded.index.journeys.get(run.journey.index()) else { continue };
            let mut bits = wave.event.as_ref().map_or(0, |event| loaded.index.bits(run.journey, event));
            bits |= self.concerns(wave, run, journey);
            if bits != 0 {
                interests.push(Interest { rank: journey.rank, run: run.number, bits });
            }
        }
    }

    fn concerns(&self, wave: &Wave, run: &Run, journey: &super::index::JourneyIndex) -> u8 {
        let mut bits = 0;
        if wave.moment {
            let due = self.on_time;
            if journey.to <= self.now {
                bits |= OVER;
            }
            if run.guarded_until <= due {
                bits |= reacts::GUARD;
            }
            if run.due <= due || run.horizon <= due {
                bits |= DUE;
            }
        }
        if journey.has_guards && touches(&journey.guards, wave) {
            bits |= reacts::GUARD;
        }
        if run.state == RunState::Awaiting && touches(&journey.arms, wave) {
            bits |= reacts::WAIT;
        }
        if (wave.zone || !wave.fields.is_empty()) && matches!(run.state, RunState::Waiting | RunState::Awaiting) {
            bits |= DUE;
        }
        bits
    }

    /// 7: one run.
    fn wake_run(&mut self, interest: Interest, wave: &Wave) {
        let Some(at) = self.position(interest.run) else { return };
        if self.row.runs[at].turn == self.row.turn {
            // What began, restarted or updated it does not also satisfy its wait.
            return;
        }
        if let Some(event) = &wave.event
            && interest.bits & (reacts::WAIT | reacts::SEEN) != 0
        {
            self.show_event(interest.run, event, interest.bits & reacts::SEEN != 0);
        }
        let retimed = wave.moment && self.is_retimed(&self.row.runs[at]);
        if interest.bits & reacts::WAIT != 0 || (wave.moment && interest.bits & DUE != 0) {
            self.ask_arms(interest.run);
        }
        if interest.bits & DUE != 0 {
            if retimed || wave.zone || !wave.fields.is_empty() {
                self.retime(interest.run);
            }
            if wave.moment {
                self.end_wait_if_due(interest.run);
            }
        }
    }

    /// 9 and 10, until nothing is left.
    pub(super) fn settle(&mut self) {
        loop {
            while let Some(news) = self.out.scratch.news.pop_front() {
                self.chain += 1;
                if self.chain > CHAIN_MAX {
                    self.out.scratch.news.clear();
                    self.record(RecordKind::ChainCut);
                    break;
                }
                match news {
                    News::Wave(wave) => self.take_in(*wave),
                    News::Start { journey, args, held_out } => {
                        self.row.turn += 1;
                        self.out.scratch.entered.clear();
                        self.request(journey, Cause { args: &args, held_out, ..Cause::at(self.now) });
                    }
                }
            }
            if self.claim_ready() || !self.out.scratch.news.is_empty() {
                continue;
            }
            let Some(key) = self.out.scratch.accepted.pop_front() else { return };
            // As the input that it would be elsewhere.
            (self.in_moment, self.on_time, self.steps, self.chain) = (false, self.now, 0, 0);
            self.take_outcome(key, Outcome::Accepted);
        }
    }
}

/// Whether something that is new is something that a condition asks about. Events are looked up elsewhere.
fn touches(depends: &Depends, wave: &Wave) -> bool {
    (depends.messages && wave.messages)
        || wave.fields.iter().any(|field| depends.fields.contains(field))
        || wave.topic.is_some_and(|topic| depends.topics.contains(&topic))
        || wave.journey.is_some_and(|journey| depends.journeys.contains(&journey))
        || wave.flips.iter().any(|(segment, _)| depends.segments.contains(segment))
        || (wave.zone && depends.time)
}
