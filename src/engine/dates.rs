//! Entries at moments: recurring, once for everybody, and around a customer's own dates.
//!
//! In: the plan's date entries, the customer's zone and fields. Out: for each its next occurrence in the row, and entries when it comes.
//! **Invariant:** an occurrence is named by its local date and happens once for a customer, whatever her zone does; what was missed because
//! time was lost happens once, the latest; an occurrence lies later than the last handled instant, so that nobody is touched backwards.

use super::entries::Cause;
use super::evaluate::due;
use super::index::DateEntry;
use super::row::Occurrence;
use super::turn::Turn;
use crate::calendar::recurrence::{Every, Rule, Yearly};
use crate::calendar::{Instant, Zone, civil};
use crate::plan::{EntryKind, PastEntry};
use crate::schema::{FieldId, SegmentId};
use crate::value::Value;
use chrono::{NaiveDate, NaiveTime};

/// Nothing to come; its date means nothing.
pub(super) fn never(last: Option<NaiveDate>) -> Occurrence {
    Occurrence { next: Instant::NEVER, date: NaiveDate::default(), last }
}
/// Occurrences passed over because their date was used up; a zone change uses up one at most.
const PASSED_OVER_MAX: usize = 4;

impl Turn<'_> {
    /// Computes every date entry's next occurrence: the customer is new, or her zone changed. `after` is left out.
    pub(super) fn schedule_all(&mut self, after: Instant) {
        let loaded = self.loaded;
        let known = self.row.occurrences.len();
        self.row.occurrences.resize(loaded.index.dates.len(), never(None));
        for (at, entry) in loaded.index.dates.iter().enumerate() {
            if at >= known && entry.watch.is_some() {
                // What changes at this very instant is still to come, as for the others.
                self.row.occurrences[at].next = self.now;
            }
            self.schedule(at, after, true);
        }
    }

    /// Computes those again that hang on a field.
    pub(super) fn schedule_field(&mut self, field: FieldId) {
        let loaded = self.loaded;
        for (at, entry) in loaded.index.dates.iter().enumerate() {
            if entry.field == Some(field) {
                self.schedule(at, self.now.plus_ms(-1), true);
            }
        }
    }

    /// `changed`: the moment may have moved, so that one which is past takes its `if past`.
    pub(super) fn schedule(&mut self, at: usize, after: Instant, changed: bool) {
        let loaded = self.loaded;
        let (Some(entry), Some(known)) = (loaded.index.dates.get(at), self.row.occurrences.get(at)) else { return };
        let last = known.last;
        let Some(period) = loaded.index.journeys.get(entry.at.journey.index()) else { return };
        if let Some(watch) = entry.watch {
            self.watch(at, entry, watch, after);
            return;
        }
        if self.sleeps(entry) {
            if let Some(known) = self.row.occurrences.get_mut(at) {
                *known = never(last);
            }
            return;
        }
        let after = after.max(period.from.plus_ms(-1));
        let found = self.next_occurrence(entry, after, last, changed).filter(|(_, at)| *at < period.to);
        if let Some(known) = self.row.occurrences.get_mut(at) {
            *known = found.map_or(never(last), |(date, next)| Occurrence { next, date, last });
        }
    }

    /// A recurring entry that demands a segment she is not in: nothing could come of its occurrences, so she is not woken for them, unless
    /// somebody wants to read that nothing came of them.
    fn sleeps(&self, entry: &DateEntry) -> bool {
        !self.attention.detail && entry.driver.is_some_and(|segment| self.row.standing(segment).is_some_and(|standing| !standing.member))
    }

    /// She joined or left a segment: what it drives wakes up or falls asleep.
    pub(super) fn wake_dates(&mut self, segment: SegmentId) {
        if self.row.occurrences.is_empty() {
            return;
        }
        let loaded = self.loaded;
        for (at, entry) in loaded.index.dates.iter().enumerate() {
            if entry.driver == Some(segment) {
                self.schedule(at, self.now.plus_ms(-1), false);
            }
        }
    }

    /// The zone is about to change: what went by in the old one while an entry slept has happened, under its date.
    pub(super) fn note_slept(&mut self) {
        let loaded = self.loaded;
        for (at, entry) in loaded.index.dates.iter().enumerate() {
            let journey = loaded.plan.journeys.get(entry.at.journey.index());
            let kind = journey.and_then(|journey| journey.entries.get(usize::from(entry.at.entry))).map(|entry| &entry.kind);
            let Some(EntryKind::Every(rule)) = kind.filter(|_| self.sleeps(entry)) else { continue };
            let passed = rule.latest_at_or_before(self.now.plus_ms(-1), self.zone).filter(|(_, at)| *at >= self.row.known_since);
            if let (Some((date, _)), Some(known)) = (passed, self.row.occurrences.get_mut(at)) {
                known.last = known.last.max(Some(date));
            }
        }
    }

    fn next_occurrence(
        &mut self,
        entry: &DateEntry,
        after: Instant,
        last: Option<NaiveDate>,
        changed: bool,
    ) -> Option<(NaiveDate, Instant)> {
        let journey = self.loaded.plan.journeys.get(entry.at.journey.index())?;
        match &journey.entries.get(usize::from(entry.at.entry))?.kind {
            EntryKind::Every(rule) => self.next_of_rule(rule, after, last),
            EntryKind::Moment(local) => {
                let at = self.zone.instant(*local);
                (at > after && last.is_none()).then_some((local.date(), at))
            }
            EntryKind::Around { yearly: true, field, offset, before, at, .. } => {
                let date = match self.row.attribute(*field) {
                    Value::Date(date) => *date,
                    Value::Instant(at) => civil::date(*at, self.zone),
                    _ => return None,
                };
                let offset = if *before { offset.negated() } else { *offset };
                let rule = Yearly { offset, at: at.unwrap_or(NaiveTime::MIN) };
                first_unused(last, after, |after| rule.next_after(date, after, self.zone))
            }
            EntryKind::Around { past, .. } => {
                let until = entry.until.as_ref()?;
                let moment = due(until, after, &self.context(&self.loaded.plan)).instant()?;
                let date = civil::date(moment, self.zone);
                if last == Some(date) {
                    return None;
                }
                if moment > after {
                    return Some((date, moment));
                }
                (changed && *past == PastEntry::EnterNow).then_some((date, self.now))
            }
            _ => None,
        }
    }

    fn next_of_rule(&mut self, rule: &Rule, after: Instant, last: Option<NaiveDate>) -> Option<(NaiveDate, Instant)> {
        let zone = self.zone;
        if matches!(rule.every, Every::Elapsed { .. }) {
            // Several a day: they are told apart by their moments.
            return rule.next_after(after, zone);
        }
        let known = &mut self.out.scratch.upcoming;
        let at = known.iter().position(|known| known.rule == *rule && known.zone == zone).unwrap_or_else(|| {
            known.push(Upcoming { rule: rule.clone(), zone, from: after, list: Vec::new(), is_complete: false });
            known.len() - 1
        });
        let upcoming = &mut known[at];
        first_unused(last, after, |after| upcoming.next_after(after))
    }

    /// Every occurrence that has come, in the order of the plan's date entries.
    pub(super) fn enter_by_date(&mut self) {
        let loaded = self.loaded;
        for (at, entry) in loaded.index.dates.iter().enumerate() {
            let Some(known) = self.row.occurrences.get(at).copied() else { continue };
            if known.next > self.on_time {
                continue;
            }
            if entry.watch.is_some() {
                self.enter_by_change(at, entry, known.next);
                continue;
            }
            let (date, begin) = self.latest_missed(entry, known);
            if let Some(known) = self.row.occurrences.get_mut(at) {
                known.last = Some(date);
                known.next = Instant::NEVER;
            }
            self.occur(entry.at, Cause { date: Some(date), ..Cause::at(begin) });
            self.schedule(at, begin.max(self.now), false);
        }
    }

    /// Of several that were missed only the latest happens.
    fn latest_missed(&self, entry: &DateEntry, known: Occurrence) -> (NaiveDate, Instant) {
        let first = (known.date, known.next);
        if self.now <= known.next {
            return first;
        }
        let journey = self.loaded.plan.journeys.get(entry.at.journey.index());
        match journey.and_then(|journey| journey.entries.get(usize::from(entry.at.entry))).map(|entry| &entry.kind) {
            Some(EntryKind::Every(rule)) => {
                rule.latest_at_or_before(self.now, self.zone).filter(|(_, at)| *at > known.next).unwrap_or(first)
            }
            _ => first,
        }
    }
}

/// The occurrences of a rule in a zone from `from` on, as far as anybody asked: the same for every customer, so a driver's output keeps
/// them. They follow from the rule alone and change no result.
#[derive(Debug)]
pub(super) struct Upcoming {
    rule: Rule,
    zone: Zone,
    from: Instant,
    list: Vec<(NaiveDate, Instant)>,
    is_complete: bool,
}

/// Occurrences kept of one rule, and how far apart two questions may be before the list begins anew.
const UPCOMING_MAX: usize = 2_048;
const UPCOMING_GAP_MS: i64 = 400 * crate::calendar::DAY_MS;

impl Upcoming {
    fn next_after(&mut self, after: Instant) -> Option<(NaiveDate, Instant)> {
        loop {
            let end = self.list.last().map_or(self.from, |(_, at)| *at);
            if after < self.from || after.since_ms(end) > UPCOMING_GAP_MS || self.list.len() > UPCOMING_MAX {
                // A little earlier, for customers who became known before this one.
                self.from = after.plus_ms(-UPCOMING_GAP_MS / 4);
                self.list.clear();
                self.is_complete = false;
                continue;
            }
            if let Some(found) = self.list.get(self.list.partition_point(|(_, at)| *at <= after)) {
                return Some(*found);
            }
            if self.is_complete {
                return None;
            }
            match self.rule.next_after(end, self.zone) {
                Some(next) => self.list.push(next),
                None => self.is_complete = true,
            }
        }
    }
}

/// The next occurrence whose date was not used before.
fn first_unused(
    last: Option<NaiveDate>,
    mut after: Instant,
    mut next: impl FnMut(Instant) -> Option<(NaiveDate, Instant)>,
) -> Option<(NaiveDate, Instant)> {
    for _ in 0..PASSED_OVER_MAX {
        let (date, at) = next(after)?;
        if last.is_none_or(|last| date > last) {
            return Some((date, at));
        }
        after = at;
    }
    None
}
