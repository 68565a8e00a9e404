//! Whom a change of a catalog concerns, and what it does to her.
//!
//! In: a plan, a row; an item that came, changed or went. Out: the keys of items that something of hers may read while nobody asks (an entry on
//! changes, a segment, a wait, a guard); everything that reads them due at once. **Invariant:** who has none of the key is not
//! concerned by its change, unless the plan reads the catalog in a way of which no key is known: then everybody is. What is read where it
//! is used (a send, a branch, a step) needs no change.

use super::index::{DateEntry, Loaded, Watching};
use super::row::{Customer, RunState};
use super::turn::Turn;
use crate::calendar::Instant;
use crate::condition::{Expr, Until};
use crate::plan::{ArmKind, EntryKind, Plan, StepKind};
use crate::schema::{CatalogId, FieldId, SegmentId, TrackerId};
use crate::value::{Text, Value};

/// How a plan reads catalogs while nobody asks.
#[derive(Debug, Clone, Default)]
pub struct Concerns {
    /// Keys stand in these fields, …
    fields: Vec<FieldId>,
    /// … in these properties of what is kept of events, …
    kept: Vec<(TrackerId, u16)>,
    /// … and in what runs hold.
    runs: bool,
    /// Catalogs of which anything may be read.
    everyone: Vec<CatalogId>,
    segments: Vec<SegmentId>,
    /// By journey: its waits or guards read catalogs.
    journeys: Vec<bool>,
}

impl Concerns {
    pub(super) fn of(plan: &Plan, dates: &[DateEntry]) -> Concerns {
        let mut found = Concerns { journeys: vec![false; plan.journeys.len()], ..Concerns::default() };
        if plan.schema.catalogs.is_empty() {
            return found;
        }
        for watch in dates.iter().filter_map(|entry| entry.watch) {
            match watch {
                Watching::Field(field) => found.fields.push(field),
                Watching::Events { tracker, property } => found.kept.push((tracker, property)),
            }
        }
        for (at, segment) in plan.segments.iter().enumerate() {
            if found.read(&segment.condition) {
                found.segments.push(SegmentId(at as u16));
            }
        }
        for (at, journey) in plan.journeys.iter().enumerate() {
            let mut reads = false;
            for guard in journey.exit_when.iter().chain(&journey.only_while) {
                reads |= found.read(&guard.condition);
            }
            for step in &journey.steps {
                let (until, arms) = match &step.kind {
                    StepKind::Wait { until, .. } | StepKind::Collect { until, .. } => (until, &[][..]),
                    StepKind::Await { deadline, arms, .. } => (deadline, arms.as_slice()),
                    _ => continue,
                };
                if let Until::Around { value, .. } | Until::Lasting { value, .. } = until {
                    reads |= found.read(value);
                }
                for arm in arms {
                    if let ArmKind::When { condition, .. } = &arm.kind {
                        reads |= found.read(condition);
                    }
                }
            }
            found.journeys[at] = reads;
        }
        found.fields.sort_unstable();
        found.fields.dedup();
        found.everyone.sort_unstable();
        found.everyone.dedup();
        found
    }

    /// Notes where the keys of what a condition reads of catalogs come from; whether it reads any.
    fn read(&mut self, condition: &Expr) -> bool {
        let mut reads = false;
        condition.walk(&mut |part| match part {
            Expr::Item { catalog, key: of } | Expr::ItemField { catalog, item: of, .. } => {
                reads = true;
                self.read_key(*catalog, of);
            }
            Expr::Top { catalog, .. } => {
                reads = true;
                self.everyone.push(*catalog);
            }
            _ => {}
        });
        reads
    }

    fn read_key(&mut self, catalog: CatalogId, key: &Expr) {
        key.walk(&mut |part| {
            let mut has_parts = false;
            part.each_child(&mut |_| has_parts = true);
            match part {
                Expr::Customer(field) => self.fields.push(*field),
                Expr::Entry(_) | Expr::Local(_) => self.runs = true,
                Expr::Const(Value::Text(_) | Value::List(_) | Value::Record(_)) => self.everyone.push(catalog),
                // Its own key is read in its turn; a key in one of its fields is known by nobody.
                Expr::ItemField { .. } | Expr::Top { .. } | Expr::History(_) => self.everyone.push(catalog),
                Expr::Const(_) | Expr::Item { .. } => {}
                _ if has_parts => {}
                _ => self.everyone.push(catalog),
            }
        });
    }

    fn is_any(&self) -> bool {
        !self.fields.is_empty() || !self.kept.is_empty() || self.runs || !self.everyone.is_empty()
    }
}

impl Loaded {
    /// Whether anything of the plan reads catalogs while nobody asks.
    pub fn follows_catalogs(&self) -> bool {
        self.index.concerns.is_any()
    }

    /// Whether any change of a catalog may concern anybody.
    pub fn concerns_everyone(&self, catalog: CatalogId) -> bool {
        self.index.concerns.everyone.binary_search(&catalog).is_ok()
    }

    /// Keys of items whose change may concern her; some may be no keys at all, or stand there twice.
    pub fn keys_of_concern(&self, row: &Customer, keys: &mut Vec<Text>) {
        let concerns = &self.index.concerns;
        for field in &concerns.fields {
            collect(row.attribute(*field), keys);
        }
        for (tracker, property) in &concerns.kept {
            let declared = self.plan.trackers.get(tracker.index());
            let at = declared.and_then(|declared| declared.keeps.binary_search(property).ok());
            if let (Some(at), Some(declared), Some(tracked)) = (at, declared, row.history.of(*tracker)) {
                tracked.kept(declared.keeps.len(), at).for_each(|value| collect(value, keys));
            }
        }
        if concerns.runs {
            for run in &row.runs {
                run.entry.iter().chain(&run.locals).for_each(|value| collect(value, keys));
            }
        }
    }
}

fn collect(value: &Value, keys: &mut Vec<Text>) {
    match value {
        Value::Text(key) => keys.push(key.clone()),
        Value::List(parts) => parts.iter().for_each(|part| collect(part, keys)),
        Value::Record(parts) => parts.iter().for_each(|part| collect(part, keys)),
        _ => {}
    }
}

impl Turn<'_> {
    /// An item came, changed or went at `at`: what of hers reads it is due now. It is done with the next moment.
    pub(super) fn take_change(&mut self, catalog: CatalogId, key: &Text, at: Instant) {
        let loaded = self.loaded;
        // What changed before somebody was known is no news to her.
        if at >= self.row.known_since {
            for (number, entry) in loaded.index.dates.iter().enumerate() {
                let Some(watch) = entry.watch else { continue };
                let is_of = matches!(self.entry_kind(entry), Some(EntryKind::Changes { catalog: of, .. }) if *of == catalog);
                if is_of
                    && self.watched_keys(watch).binary_search(key).is_ok()
                    && let Some(known) = self.row.occurrences.get_mut(number)
                {
                    known.next = known.next.min(at);
                }
            }
        }
        let now = self.now;
        for segment in &loaded.index.concerns.segments {
            if let Some(standing) = self.row.segments.get_mut(segment.index()) {
                standing.until = standing.until.min(now);
            }
        }
        for number in 0..self.row.runs.len() {
            let run = &self.row.runs[number];
            let reads = self.loaded_of(run.plan).and_then(|loaded| loaded.index.concerns.journeys.get(run.journey.index()));
            if reads != Some(&true) {
                continue;
            }
            let run = &mut self.row.runs[number];
            run.guarded_until = run.guarded_until.min(now);
            if matches!(run.state, RunState::Waiting | RunState::Awaiting) {
                run.horizon = run.horizon.min(now);
            }
        }
    }
}
