//! Two customers who are one: the loser's row goes into the winner's.
//!
//! In: two rows that were handled under the same active plan. Out: one, in which histories are united by own time, attributes are newest-wins,
//! withdrawals and suppressions of either hold, caps and entries count for both; of two live runs of the same journey and key the one that
//! entered first goes on, and what the united history would not have let in ends as merged. **Invariant:** identities stay unique: the
//! loser's runs and calls get numbers behind the winner's, and the row notes by how much; a segment that one of them was in is neither joined
//! nor, while it holds, left; everything else that follows is handled as of one input. Knows no directory: who merges whom is not decided here.

use super::row::{Customer, Entered, MERGED_MAX, Merged, Run};
use super::turn::{Turn, Wave};
use super::{Attention, Ending, Output, RUNS_MAX, RecordKind, SendKey, World};
use crate::calendar::Instant;
use crate::plan::{Again, RunKey};
use crate::schema::{FieldId, JourneyId, SegmentId};
use crate::value::Value;

/// How far the loser's numbers move.
#[derive(Debug, Clone, Copy)]
struct Shift {
    runs: u32,
    calls: u32,
    turns: u64,
}

impl Shift {
    fn key(self, key: SendKey) -> SendKey {
        // Run 0 is nobody's.
        SendKey { run: if key.run == 0 { 0 } else { key.run.saturating_add(self.runs) }, ..key }
    }
}

/// Takes `loser` into `winner` at `now`. The loser's due things are done before, by its own [`handle`](super::handle()); its row is closed
/// then, and everything that still comes for it is the winner's, with numbers that [`Customer::number_here`] translates.
pub fn merge(world: &dyn World, attention: Attention, winner: &mut Customer, loser: Customer, now: Instant, out: &mut Output) {
    let now = now.max(winner.clock).max(loser.clock);
    let mut turn = Turn::new(world, attention, winner, out);
    turn.catch_up(now);
    if loser.known_since != Instant::NEVER {
        turn.take_over(loser);
    }
    turn.settle();
    turn.finish(now);
}

impl Turn<'_> {
    fn take_over(&mut self, mut loser: Customer) {
        if self.row.known_since == Instant::NEVER {
            self.greet();
            let count = self.loaded.plan.segments.len();
            self.row.segments.resize(count, super::row::Standing { member: false, until: Instant::FIRST });
        }
        let shift = Shift { runs: self.row.next_run - 1, calls: self.row.calls.made, turns: self.row.turn };
        self.row.known_since = self.row.known_since.min(loser.known_since);
        self.row.turn = self.row.turn.saturating_add(loser.turn).saturating_add(1);
        self.row.next_run = self.row.next_run.saturating_add(loser.next_run - 1);
        self.row.calls.made = self.row.calls.made.saturating_add(loser.calls.made);
        self.note_merged(&mut loser, shift);
        let zone_before = self.row.zone;
        let mut wave = Wave { messages: true, fields: self.unite_attributes(&mut loser), ..Wave::default() };
        self.row.zone = super::consent::read_zone(self);
        self.zone = super::zone_of(&self.loaded.plan, self.row);
        wave.zone = self.row.zone != zone_before;
        self.unite_consents(&loser);
        self.unite_history(&mut loser, shift);
        self.unite_messages(&mut loser, shift);
        let entered = (self.row.entered.clone(), loser.entered.clone());
        self.unite_runs(&mut loser, shift);
        self.unite_standing(&loser, &mut wave);
        self.end_what_would_not_be_in(shift, &entered.0, &entered.1);
        self.react(&wave);
        let live: Vec<u32> = self.row.runs.iter().map(|run| run.number).collect();
        for number in live {
            self.judge_guards(number);
            self.ask_arms(number);
        }
    }

    fn note_merged(&mut self, loser: &mut Customer, shift: Shift) {
        let (uid, runs, calls) = (loser.uid.clone(), shift.runs, shift.calls);
        self.record(RecordKind::Merged { uid: uid.clone(), runs, calls });
        let merged = &mut self.row.merged;
        for before in std::mem::take(&mut loser.merged) {
            // Who was merged into the loser before is moved with it.
            merged.push(Merged { uid: before.uid, runs: before.runs + runs, count: before.count, calls: before.calls + calls });
        }
        merged.push(Merged { uid, runs, count: loser.next_run - 1, calls });
        let too_many = merged.len().saturating_sub(MERGED_MAX);
        merged.drain(..too_many);
    }

    fn unite_attributes(&mut self, loser: &mut Customer) -> Vec<FieldId> {
        let count = self.loaded.plan.schema.customer.len();
        self.row.attributes.resize(count, Value::Missing);
        self.row.attribute_times.resize(count, Instant::FIRST);
        let mut changed = Vec::new();
        for (at, (value, time)) in loser.attributes.drain(..).zip(&loser.attribute_times).enumerate().take(count) {
            if *time <= self.row.attribute_times[at] {
                continue;
            }
            self.row.attribute_times[at] = *time;
            if self.row.attributes[at] != value {
                self.row.attributes[at] = value;
                changed.push(FieldId(at as u16));
            }
        }
        changed
    }

    fn unite_consents(&mut self, loser: &Customer) {
        use super::row::ConsentState::Unsubscribed;
        for theirs in &loser.consents {
            match self.row.consents.binary_search_by_key(&theirs.topic, |consent| consent.topic) {
                Err(place) => self.row.consents.insert(place, *theirs),
                Ok(place) => {
                    let ours = &mut self.row.consents[place];
                    let (we_left, they_left) = (ours.state == Unsubscribed, theirs.state == Unsubscribed);
                    if (they_left && !we_left) || (they_left == we_left && theirs.at > ours.at) {
                        *ours = *theirs;
                    }
                }
            }
        }
        for channel in &loser.suppressions {
            if !self.row.suppressions.contains(channel) {
                self.row.suppressions.push(*channel);
            }
        }
        for list in &loser.lists {
            if let Err(at) = self.row.lists.binary_search(list) {
                self.row.lists.insert(at, *list);
            }
        }
    }

    fn unite_history(&mut self, loser: &mut Customer, shift: Shift) {
        let history = std::mem::take(&mut loser.history);
        self.row.history.unite(&self.loaded.plan, history, shift.turns);
        self.unite_scores(&loser.scores);
        self.row.recent.append(&mut loser.recent);
        self.row.recent.sort_by_key(|recent| recent.at);
        self.row.ids.append(&mut loser.ids);
        self.row.ids.sort_by_key(|known| known.day);
        let too_many = self.row.ids.len().saturating_sub(super::handle::IDS_MAX);
        self.row.ids.drain(..too_many);
    }

    fn unite_messages(&mut self, loser: &mut Customer, shift: Shift) {
        for mut fact in loser.facts.drain(..) {
            fact.key = shift.key(fact.key);
            self.row.facts.push(fact);
        }
        self.row.facts.sort_by_key(|fact| fact.claimed_at);
        for mut pending in loser.pending.drain(..) {
            pending.key = shift.key(pending.key);
            self.row.pending.push(pending);
        }
        for mut guest in std::mem::take(&mut loser.guests) {
            guest.number = guest.number.saturating_add(shift.runs);
            guest.plan = self.plan_position(loser, guest.plan);
            self.row.guests.push(guest);
        }
    }

    fn plan_position(&mut self, loser: &Customer, plan: u16) -> u16 {
        match loser.plans.get(usize::from(plan)) {
            Some(id) if *id == self.loaded.id => self.pin(),
            Some(id) => self.note_plan(*id),
            None => u16::MAX,
        }
    }

    fn unite_runs(&mut self, loser: &mut Customer, shift: Shift) {
        for mut run in std::mem::take(&mut loser.runs) {
            self.renumber_run(&mut run, loser, shift);
            self.row.runs.push(run);
        }
        for mut run in std::mem::take(&mut loser.ended) {
            self.renumber_run(&mut run, loser, shift);
            self.row.ended.push(run);
        }
        for mut measure in loser.experiments.measures.drain(..) {
            measure.run = measure.run.saturating_add(shift.runs);
            self.row.experiments.measures.push(measure);
        }
        for exposed in loser.experiments.exposed.drain(..) {
            if !self.row.experiments.exposed.contains(&exposed) {
                self.row.experiments.exposed.push(exposed);
            }
        }
        for mut open in loser.calls.open.drain(..) {
            (open.number, open.run) = (open.number.saturating_add(shift.calls), open.run.saturating_add(shift.runs));
            self.row.calls.open.push(open);
        }
        for mut open in loser.calls.draws.drain(..) {
            (open.number, open.run) = (open.number.saturating_add(shift.calls), open.run.saturating_add(shift.runs));
            self.row.calls.draws.push(open);
        }
        for theirs in std::mem::take(&mut loser.entered) {
            self.unite_entered(theirs);
        }
    }

    fn renumber_run(&mut self, run: &mut Run, loser: &Customer, shift: Shift) {
        run.number = run.number.saturating_add(shift.runs);
        run.plan = self.plan_position(loser, run.plan);
        run.begin_seq = run.begin_seq.saturating_add(shift.turns);
        run.turn = run.turn.saturating_add(shift.turns);
        for seen in &mut run.seen {
            if let super::row::SeenWhat::Message { key, .. } = &mut seen.what {
                *key = shift.key(*key);
            }
        }
    }

    /// The later entry counts; it is over when none of them is live.
    fn unite_entered(&mut self, theirs: Entered) {
        let known = self.row.entered.iter_mut().find(|ours| ours.journey == theirs.journey && ours.key == theirs.key);
        match known {
            None => self.row.entered.push(theirs),
            Some(ours) => {
                ours.begin = ours.begin.max(theirs.begin);
                ours.end = ours.end.max(theirs.end);
            }
        }
    }

    /// Segments as they are now, dates and moves.
    fn unite_standing(&mut self, loser: &Customer, wave: &mut Wave) {
        for (ours, theirs) in self.row.segments.iter_mut().zip(&loser.segments) {
            ours.member |= theirs.member;
        }
        self.row.moved = self.row.moved.or(loser.moved);
        if self.row.occurrences.len() != loser.occurrences.len() {
            self.row.occurrences = loser.occurrences.clone();
        }
        for (ours, theirs) in self.row.occurrences.iter_mut().zip(&loser.occurrences) {
            ours.last = ours.last.max(theirs.last);
        }
        let mut flips: Vec<(SegmentId, bool)> = Vec::new();
        self.refresh_all_segments(&mut flips);
        self.forget_move();
        wave.flips = flips;
        if !self.loaded.index.dates.is_empty() {
            self.schedule_all(self.now.plus_ms(-1));
        }
    }

    /// Runs that are there twice, and runs that what is known now of the other would have kept out.
    fn end_what_would_not_be_in(&mut self, shift: Shift, ours: &[Entered], theirs: &[Entered]) {
        let mut order: Vec<(Instant, u32)> = self.row.runs.iter().map(|run| (run.begin, run.number)).collect();
        order.sort_unstable();
        let mut let_in: Vec<(JourneyId, u64, Instant)> = Vec::new();
        for (begin, number) in order {
            let Some((at, loaded, journey)) = self.run_and_journey(number) else { continue };
            let run = &self.row.runs[at];
            let (id, key) = (run.journey, run.key);
            let keyed = !matches!(journey.key, RunKey::PerEvent | RunKey::PerRequest);
            let twice = keyed && let_in.iter().any(|(journey, known, _)| *journey == id && *known == key);
            let too_many = let_in.len() >= RUNS_MAX;
            let over = self.is_over_already(&loaded.plan, journey, run);
            let of_the_other = if number > shift.runs { ours } else { theirs };
            if twice || over || (keyed && is_kept_out(of_the_other, journey.again, (id, key), begin)) {
                self.end(number, Ending::Merged);
            } else if too_many {
                self.end(number, Ending::Limit);
            } else {
                let_in.push((id, key, begin));
            }
        }
        for entered in &mut self.row.entered {
            if let_in.iter().any(|(journey, key, _)| *journey == entered.journey && *key == entered.key) {
                entered.end = Instant::NEVER;
            }
        }
    }
}

/// Whether an ended run of the other one would have kept out a run that began at `begin`.
fn is_kept_out(entered: &[Entered], again: Again, (journey, key): (JourneyId, u64), begin: Instant) -> bool {
    let known = entered.iter().find(|entered| entered.journey == journey && entered.key == key);
    let Some(known) = known.filter(|known| known.begin < begin) else { return false };
    match again {
        Again::Always => false,
        Again::Never => true,
        Again::AfterEntry { ms } => begin.since_ms(known.begin) < ms,
        Again::AfterEnd { ms } => begin.since_ms(known.end) < ms,
    }
}
