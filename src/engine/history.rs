//! What a customer did, as far as conditions ask: one [`Tracked`] per tracker of the plan.
//!
//! In: every event of this customer, in handling order, with its own time. Out: totals, and the entries that some window still reaches,
//! ordered by own time (equal times: as they were handled). **Invariant:** the answer to a question does not depend on when old entries
//! are dropped: what is kept reaches at least as far back as any window that may be asked.

use crate::calendar::{HOUR_MS, Instant};
use crate::plan::{Plan, Tracker};
use crate::schema::TrackerId;
use crate::value::{Decimal, Text, Value};

/// Entries of one tracker kept one by one; beyond, the oldest are kept as hourly counts and the customer is marked.
pub const ENTRIES_MAX: usize = 10_000;
/// Up to so many entries are looked through one by one.
const SHORT: usize = 16;

/// All histories of one customer, by [`TrackerId`].
#[derive(Debug, Clone, Default)]
pub struct History {
    pub(super) tracked: Vec<Tracked>,
    /// Of trackers that only plans have which runs are pinned to, by the name that the plan gives them.
    pub(super) kept: Vec<(Text, Tracked)>,
    /// Memory of a customer before, all of it cleared.
    pub(super) spare: Vec<Tracked>,
}

impl PartialEq for History {
    fn eq(&self, other: &History) -> bool {
        self.tracked == other.tracked && self.kept == other.kept
    }
}

/// The history of one tracker.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Tracked {
    /// Of all events ever.
    pub(super) count: u64,
    /// Earliest and latest own time; meaningful where `count > 0`.
    pub(super) first: Instant,
    pub(super) last: Instant,
    /// By position in `Tracker::totals`.
    pub(super) totals: Vec<Total>,
    /// Own times and arrival numbers, ascending.
    pub(super) entries: Vec<Entry>,
    /// `Tracker::keeps` values for each entry, one after the other.
    pub(super) values: Vec<Value>,
    /// Whole hours (since 1970) and how many entries were folded into them, ascending.
    pub(super) folded: Vec<(i64, u32)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    pub at: Instant,
    /// Number of the input that brought it: later arrivals are greater.
    pub seq: u64,
}

/// Running totals of one property.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Total {
    /// Events in which it was there.
    pub count: u64,
    pub sum: Decimal,
    pub smallest: Value,
    pub largest: Value,
    /// In the earliest and the latest event, by own time.
    pub first: Value,
    pub last: Value,
}

/// One event as a tracker takes it in.
#[derive(Debug, Clone, Copy)]
pub struct Happened<'a> {
    /// Own time.
    pub at: Instant,
    pub seq: u64,
    /// By position in the event; empty for changes of consent.
    pub fields: &'a [Value],
}

impl History {
    /// Takes an event into one tracker. The caller has asked the tracker's condition.
    ///
    /// `keep_from` is the begin of the oldest live run, for `since entry`; `NEVER` where none is live.
    pub fn record(&mut self, plan: &Plan, id: TrackerId, event: Happened<'_>, now: Instant, keep_from: Instant) {
        let Some(tracker) = plan.trackers.get(id.index()) else { return };
        if self.tracked.len() < plan.trackers.len() {
            let spare = &mut self.spare;
            self.tracked.resize_with(plan.trackers.len(), || spare.pop().unwrap_or_default());
        }
        if let Some(tracked) = self.tracked.get_mut(id.index()) {
            tracked.record(tracker, event, now, keep_from);
        }
    }

    /// Forgets everything and keeps the memory.
    pub(super) fn clear(&mut self) {
        self.kept.clear();
        for mut tracked in self.tracked.drain(..) {
            tracked.count = 0;
            tracked.first = Instant::default();
            tracked.last = Instant::default();
            tracked.totals.clear();
            tracked.entries.clear();
            tracked.values.clear();
            tracked.folded.clear();
            self.spare.push(tracked);
        }
    }

    /// Lets go of all entries that no window can reach any more.
    pub(super) fn forget_old(&mut self, plan: &Plan, now: Instant, keep_from: Instant) {
        for (tracked, tracker) in self.tracked.iter_mut().zip(&plan.trackers) {
            tracked.drop_old(tracker, now, keep_from);
        }
    }

    /// Another one's history of the same plan goes into this one; the arrival numbers of that one move.
    pub(super) fn unite(&mut self, plan: &Plan, other: History, shift: u64) {
        if self.tracked.len() < other.tracked.len() {
            self.tracked.resize_with(other.tracked.len(), Tracked::default);
        }
        for (name, theirs) in other.kept {
            match self.kept.iter_mut().find(|(known, _)| *known == name) {
                Some((_, ours)) => ours.unite_alike(theirs, shift),
                None => self.kept.push((name, theirs)),
            }
        }
        for ((ours, theirs), tracker) in self.tracked.iter_mut().zip(other.tracked).zip(&plan.trackers) {
            ours.unite(theirs, tracker.keeps.len(), shift);
        }
    }

    pub(super) fn of_parts(tracked: Vec<Tracked>, kept: Vec<(Text, Tracked)>) -> History {
        History { tracked, kept, spare: Vec::new() }
    }

    /// Takes an event into a tracker that only a pinned plan has.
    pub(super) fn keep(&mut self, tracker: &Tracker, event: Happened<'_>, now: Instant, keep_from: Instant) {
        let at = self.kept.iter().position(|(name, _)| *name == tracker.hash).unwrap_or_else(|| {
            self.kept.push((tracker.hash.clone(), Tracked::default()));
            self.kept.len() - 1
        });
        self.kept[at].1.record(tracker, event, now, keep_from);
    }

    pub(super) fn kept(&self, name: &str) -> Option<&Tracked> {
        self.kept.iter().find(|(known, tracked)| known == name && tracked.count > 0).map(|(_, tracked)| tracked)
    }

    /// What was read back for a history before its plan became active; the latest.
    pub(super) fn read_back(&self, history: &str) -> Option<&Tracked> {
        let all = self.kept.iter().filter(|(name, tracked)| super::backfill::is_of(name, history) && tracked.count > 0);
        all.max_by(|(one, _), (other, _)| one.cmp(other)).map(|(_, tracked)| tracked)
    }

    pub(super) fn keeps_none(&self) -> bool {
        self.kept.is_empty()
    }

    pub fn of(&self, id: TrackerId) -> Option<&Tracked> {
        self.tracked.get(id.index()).filter(|tracked| tracked.count > 0)
    }

    /// Whether some history was too long to be kept one by one.
    pub fn is_folded(&self) -> bool {
        self.tracked.iter().any(|tracked| !tracked.folded.is_empty())
    }
}

impl Tracked {
    /// The values of one kept property, in the order of the entries; `kept` properties are kept with each, this one at `at` among them.
    pub(super) fn kept(&self, kept: usize, at: usize) -> impl Iterator<Item = &Value> {
        self.values.chunks_exact(kept.max(1)).filter_map(move |values| values.get(at))
    }

    fn record(&mut self, tracker: &Tracker, event: Happened<'_>, now: Instant, keep_from: Instant) {
        let earliest = self.count == 0 || event.at < self.first;
        let latest = self.count == 0 || event.at >= self.last;
        self.count += 1;
        if earliest {
            self.first = event.at;
        }
        if latest {
            self.last = event.at;
        }
        if !tracker.totals.is_empty() {
            self.totals.resize_with(tracker.totals.len(), Total::default);
            for (total, property) in self.totals.iter_mut().zip(&tracker.totals) {
                total.add(event.fields.get(usize::from(*property)).unwrap_or(&Value::Missing), earliest, latest);
            }
        }
        if tracker.window_ms == 0 && !tracker.since_entry {
            return;
        }
        self.insert(tracker, event);
        self.drop_old(tracker, now, keep_from);
        self.fold(tracker.keeps.len());
    }

    fn insert(&mut self, tracker: &Tracker, event: Happened<'_>) {
        let entry = Entry { at: event.at, seq: event.seq };
        let kept = tracker.keeps.iter().map(|property| event.fields.get(usize::from(*property)).cloned().unwrap_or_default());
        if self.entries.last().is_none_or(|last| *last <= entry) {
            self.entries.push(entry);
            self.values.extend(kept);
        } else {
            let at = self.entries.partition_point(|known| *known <= entry);
            self.entries.insert(at, entry);
            let width = tracker.keeps.len();
            self.values.splice(at * width..at * width, kept);
        }
    }

    /// Lets go of entries that no window can reach any more; not one by one, so that a long history does not cost a shift per event.
    fn drop_old(&mut self, tracker: &Tracker, now: Instant, keep_from: Instant) {
        if tracker.window_ms == i64::MAX {
            return;
        }
        let mut cut = now.plus_ms(-tracker.window_ms);
        if tracker.since_entry {
            // A run may begin with this very event: what lies at `now` stays.
            cut = cut.min(keep_from.plus_ms(-tracker.window_ms)).min(now);
        }
        let old = self.entries.partition_point(|entry| entry.at < cut);
        if old > 8 && old * 2 > self.entries.len() || old == self.entries.len() {
            self.drop_front(old, tracker.keeps.len());
        }
        let hour = cut.0.div_euclid(HOUR_MS);
        self.folded.retain(|(at, _)| *at >= hour);
    }

    /// Both were kept by the same tracker.
    fn unite_alike(&mut self, other: Tracked, shift: u64) {
        let width = self.values.len().checked_div(self.entries.len()).or(other.values.len().checked_div(other.entries.len()));
        self.unite(other, width.unwrap_or(0), shift);
    }

    fn unite(&mut self, mut other: Tracked, width: usize, shift: u64) {
        other.entries.iter_mut().for_each(|entry| entry.seq = entry.seq.saturating_add(shift));
        if self.count == 0 || other.count == 0 {
            if self.count == 0 {
                *self = other;
            }
            return;
        }
        if self.totals.len() < other.totals.len() {
            self.totals.resize_with(other.totals.len(), Total::default);
        }
        for (ours, theirs) in self.totals.iter_mut().zip(other.totals) {
            ours.unite(theirs, other.first < self.first, other.last >= self.last);
        }
        self.count = self.count.saturating_add(other.count);
        (self.first, self.last) = (self.first.min(other.first), self.last.max(other.last));
        for (at, entry) in other.entries.iter().enumerate() {
            let place = self.entries.partition_point(|known| known <= entry);
            self.entries.insert(place, *entry);
            self.values.splice(place * width..place * width, other.values.iter().skip(at * width).take(width).cloned());
        }
        for (hour, count) in other.folded {
            match self.folded.binary_search_by_key(&hour, |(at, _)| *at) {
                Ok(found) => self.folded[found].1 = self.folded[found].1.saturating_add(count),
                Err(place) => self.folded.insert(place, (hour, count)),
            }
        }
        while self.entries.len() > ENTRIES_MAX {
            self.fold(width);
        }
    }

    fn drop_front(&mut self, count: usize, width: usize) {
        self.entries.drain(..count);
        self.values.drain(..count * width);
    }

    fn fold(&mut self, width: usize) {
        if self.entries.len() <= ENTRIES_MAX {
            return;
        }
        // A tenth at a time, so that folding costs little per event.
        let count = ENTRIES_MAX / 10;
        for entry in &self.entries[..count] {
            let hour = entry.at.0.div_euclid(HOUR_MS);
            match self.folded.binary_search_by_key(&hour, |(at, _)| *at) {
                Ok(found) => self.folded[found].1 += 1,
                Err(place) => self.folded.insert(place, (hour, 1)),
            }
        }
        self.drop_front(count, width);
    }

    /// Entries with own time in `(after, until]`, as a range of positions.
    pub(super) fn between(&self, after: Instant, until: Instant) -> std::ops::Range<usize> {
        // Most people did it a few times only: then the latest first is less work than halving.
        let start = if self.entries.len() <= SHORT {
            self.entries.iter().rposition(|entry| entry.at <= after).map_or(0, |at| at + 1)
        } else {
            self.entries.partition_point(|entry| entry.at <= after)
        };
        let end = if self.entries.last().is_none_or(|last| last.at <= until) {
            self.entries.len()
        } else {
            self.entries.partition_point(|entry| entry.at <= until)
        };
        start..end.max(start)
    }

    /// Folded entries in whole hours that began after a moment.
    pub(super) fn folded_after(&self, after: Instant) -> u64 {
        let hour = after.0.div_euclid(HOUR_MS);
        self.folded.iter().filter(|(at, _)| *at > hour || after == Instant::FIRST).map(|(_, count)| u64::from(*count)).sum()
    }

    pub(super) fn values_of(&self, entry: usize, width: usize) -> &[Value] {
        self.values.get(entry * width..(entry + 1) * width).unwrap_or(&[])
    }
}

impl Total {
    /// `earliest`, `latest`: the other one's first event is earlier, its last one later.
    fn unite(&mut self, other: Total, earliest: bool, latest: bool) {
        use super::evaluate::order;
        use std::cmp::Ordering;
        self.count = self.count.saturating_add(other.count);
        self.sum = self.sum.checked_add(other.sum).unwrap_or(self.sum);
        if earliest {
            self.first = other.first;
        }
        if latest {
            self.last = other.last;
        }
        if self.smallest.is_missing() || order(&other.smallest, &self.smallest) == Some(Ordering::Less) {
            self.smallest = other.smallest;
        }
        if self.largest.is_missing() || order(&other.largest, &self.largest) == Some(Ordering::Greater) {
            self.largest = other.largest;
        }
    }

    fn add(&mut self, value: &Value, earliest: bool, latest: bool) {
        if earliest {
            self.first = value.clone();
        }
        if latest {
            self.last = value.clone();
        }
        if value.is_missing() {
            return;
        }
        self.count += 1;
        if let Value::Number(number) = value {
            self.sum = self.sum.checked_add(*number).unwrap_or(self.sum);
        }
        if self.smallest.is_missing() || super::evaluate::order(value, &self.smallest) == Some(std::cmp::Ordering::Less) {
            self.smallest = value.clone();
        }
        if self.largest.is_missing() || super::evaluate::order(value, &self.largest) == Some(std::cmp::Ordering::Greater) {
            self.largest = value.clone();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::condition::Happening;
    use crate::schema::EventId;

    /// One event a minute, more than are kept one by one: the oldest become hourly counts, and no event is lost or counted twice.
    #[test]
    fn beyond_ten_thousand_the_oldest_are_kept_as_hourly_counts() {
        let tracker = Tracker {
            hash: Default::default(),
            of: Happening::Event(EventId(0)),
            condition: None,
            totals: Vec::new(),
            keeps: vec![0],
            window_ms: i64::MAX,
            since_entry: false,
        };
        let mut tracked = Tracked::default();
        let fields = [Value::Boolean(true)];
        let count = ENTRIES_MAX as i64 + 500;
        for minute in 0..count {
            let at = Instant(minute * 60_000);
            tracked.record(&tracker, Happened { at, seq: minute as u64, fields: &fields }, at, Instant::NEVER);
            assert!(tracked.entries.len() <= ENTRIES_MAX && tracked.values.len() == tracked.entries.len());
        }
        assert!(!tracked.folded.is_empty());
        let now = Instant(count * 60_000);
        let within = |after: Instant| tracked.between(after, now).len() as u64 + tracked.folded_after(after);
        assert_eq!(within(Instant::FIRST), count as u64);
        // Of what was folded, whole hours count.
        assert_eq!(within(Instant(5 * HOUR_MS - 1)), count as u64 - 5 * 60);
        // Of what is still there, every instant does.
        assert_eq!(within(Instant(100 * HOUR_MS)), count as u64 - 100 * 60 - 1);
    }
}
