//! A row follows when another plan becomes active.
//!
//! In: a row that was last handled under one plan, and the one that is active now. Out: the row under the newest numbers: what has the same
//! name or asks the same is carried over, memberships are as they are now without anybody joining or leaving, runs keep their plan, or move
//! where their journey says so. **Invariant:** nothing is lost that a later plan may have again: what has no place now is kept by its name; a
//! history that only pinned runs ask for is kept for them. What is due before is handled before, under the plan that it belongs to.

use super::super::history::{History, Total, Tracked};
use super::super::index::{Index, Loaded, PlanId};
use super::super::row::{Customer, Occurrence, SeenWhat, Standing};
use super::super::turn::{Event, Turn};
use super::super::{Attention, Output, SendKey, World};
use super::decisions::Decision;
use super::names::{park, unpark};
use super::rebase::{Maps, own_history, rebase, relaid};
use crate::calendar::Instant;
use crate::condition::Happening;
use crate::plan::renumber::renumber;
use crate::plan::{Plan, Tracker};
use crate::schema::{ChannelId, EventId, HookId, JourneyId, MessageId, PoolId, StageId, TopicId};
use crate::value::Text;

/// The way from one plan to another, found once for all rows.
#[derive(Debug, Clone)]
pub struct Migration {
    /// As pinned under the active one.
    from: Loaded,
    active: PlanId,
    /// The dates of `from`, as rows have them.
    from_index: Index,
    histories: Vec<Option<Source>>,
    plans: Vec<Known>,
    decisions: Vec<Decision>,
}

/// A plan that runs may be pinned to, and its numbers before and now.
#[derive(Debug, Clone)]
struct Known {
    id: PlanId,
    before: Maps,
    now: Loaded,
}

/// Where a tracker of the active plan finds its history.
#[derive(Debug, Clone)]
struct Source {
    tracker: usize,
    /// For each of the active one's, where it is in the other.
    totals: Vec<Option<usize>>,
    keeps: Vec<Option<usize>>,
    width: usize,
    /// It has everything that is asked for, as far back.
    is_whole: bool,
}

impl Migration {
    /// From the plan that was active before to the one that is now; `older` are the plans that the world knows beside the two.
    ///
    /// # Errors
    /// As [`Loaded::pinned`].
    pub fn new(from: &Loaded, active: &Loaded, older: &[&Loaded]) -> Result<Migration, serde_json::Error> {
        let original = from.original();
        let from = Loaded::pinned(original.clone(), active)?;
        let mut plans = vec![Known { id: active.id, before: rebase(active.original(), original)?.maps, now: active.clone() }];
        for plan in older.iter().filter(|plan| plan.id != from.id && plan.id != active.id) {
            let now = Loaded::pinned(plan.original().clone(), active)?;
            plans.push(Known { id: plan.id, before: rebase(plan.original(), original)?.maps, now });
        }
        let histories = sources(&from, &active.plan)?;
        Ok(Migration { from_index: Index::of(original), from, active: active.id, histories, plans, decisions: Vec::new() })
    }

    /// What becomes of who stands at a step that is gone.
    pub fn decide(&mut self, decisions: &[Decision]) {
        self.decisions = decisions.to_vec();
    }

    /// Trackers of the active plan whose history begins now, or is less than what is asked for: the plan before did not keep it.
    pub fn begins(&self) -> impl Iterator<Item = usize> {
        self.histories.iter().enumerate().filter(|(_, source)| source.as_ref().is_none_or(|source| !source.is_whole)).map(|(at, _)| at)
    }

    fn from(&self) -> &Plan {
        self.from.original()
    }

    /// The number that something has now, in a row whose run is pinned to `plan`.
    fn number(&self, kind: &'static str, id: u16, plan: Option<PlanId>) -> u16 {
        let known = plan.filter(|plan| *plan != self.from.id).and_then(|plan| self.plans.iter().find(|known| known.id == plan));
        match known {
            None => self.from.older.as_ref().map_or(id, |older| older.maps.get(kind, id)),
            Some(known) => {
                let Some(own) = known.before.before(kind, id) else { return u16::MAX };
                known.now.older.as_ref().map_or(own, |older| older.maps.get(kind, own))
            }
        }
    }

    fn key(&self, key: SendKey, plan: Option<PlanId>) -> SendKey {
        SendKey { channel: ChannelId(self.number("ChannelId", key.channel.0, plan)), ..key }
    }

    fn happening(&self, what: Happening, plan: Option<PlanId>) -> Happening {
        match what {
            Happening::Event(id) => Happening::Event(EventId(self.number("EventId", id.0, plan))),
            Happening::SubscribedTo(id) => Happening::SubscribedTo(TopicId(self.number("TopicId", id.0, plan))),
            Happening::UnsubscribedFrom(id) => Happening::UnsubscribedFrom(TopicId(self.number("TopicId", id.0, plan))),
        }
    }
}

/// For each tracker of the active plan the one before that took the same in.
fn sources(from: &Loaded, active: &Plan) -> Result<Vec<Option<Source>>, serde_json::Error> {
    let own = from.original();
    let maps = from.older.as_ref().map(|older| &older.maps);
    let mut found = Vec::with_capacity(active.trackers.len());
    let moved: Vec<Tracker> = own
        .trackers
        .iter()
        .map(|tracker| renumber(tracker, &|kind, id| maps.map_or(id, |maps| maps.get(kind, id))))
        .collect::<Result<_, _>>()?;
    for tracker in &active.trackers {
        let source = moved.iter().enumerate().find_map(|(at, before)| {
            if before.of != tracker.of {
                return None;
            }
            let position = |property: u16| properties(own.trackers.get(at)?.of, own, tracker.of, active, property);
            let condition = match &before.condition {
                Some(condition) => Some(relaid(condition, &|property| position(property))?),
                None => None,
            };
            let place = |list: &[u16], property: u16| list.iter().position(|known| position(*known) == Some(property));
            (condition == tracker.condition).then(|| {
                let totals: Vec<Option<usize>> = tracker.totals.iter().map(|property| place(&before.totals, *property)).collect();
                let keeps: Vec<Option<usize>> = tracker.keeps.iter().map(|property| place(&before.keeps, *property)).collect();
                let has_values = totals.iter().chain(&keeps).all(Option::is_some);
                let reaches = before.window_ms >= tracker.window_ms && (before.since_entry || !tracker.since_entry);
                Source { tracker: at, totals, keeps, width: before.keeps.len(), is_whole: has_values && reaches }
            })
        });
        found.push(source);
    }
    Ok(found)
}

/// Where a property of an event stands in the active plan.
fn properties(of: Happening, own: &Plan, now: Happening, active: &Plan, property: u16) -> Option<u16> {
    let (Happening::Event(of), Happening::Event(now)) = (of, now) else { return Some(property) };
    let name = &own.schema.events.get(of.index())?.fields.get(usize::from(property))?.name;
    active.schema.events.get(now.index())?.field(name)
}

/// Makes a row follow. `false` if there is nothing to follow: it was not handled under the plan before, or the world has gone on.
pub fn migrate(world: &dyn World, attention: Attention, row: &mut Customer, way: &Migration, now: Instant, out: &mut Output) -> bool {
    let active = world.active();
    if row.plan != Some(way.from.id) || active.id != way.active {
        return false;
    }
    let now = now.max(row.clock);
    let dates = std::mem::take(&mut row.occurrences);
    way.translate(row, &active.plan);
    let said = out.records.len();
    let mut turn = Turn::new(world, attention, row, out);
    (turn.now, turn.on_time, turn.in_moment) = (now, now, false);
    turn.row.turn += 1;
    turn.row.zone = super::super::consent::read_zone(&turn);
    turn.zone = super::super::zone_of(&active.plan, turn.row);
    turn.row.segments.clear();
    turn.row.segments.resize(active.plan.segments.len(), Standing { member: false, until: Instant::FIRST });
    turn.refresh_all_segments(&mut Vec::new());
    turn.forget_move();
    turn.carry_dates(way, dates);
    // Nobody joined, left or changed anything.
    turn.out.records.truncate(said);
    let live: Vec<u32> = turn.row.runs.iter().map(|run| run.number).collect();
    for number in live {
        turn.move_run(number, &way.decisions);
        turn.end_for_types(number, &way.decisions);
    }
    turn.settle();
    turn.finish(now);
    true
}

impl Migration {
    fn translate(&self, row: &mut Customer, active: &Plan) {
        // Taken down first, so that it can be put up again under the numbers that hold now.
        park(row, self.from(), active, |id| StageId(self.number("StageId", id.0, None)));
        self.translate_history(row, active);
        self.translate_messages(row);
        self.translate_runs(row);
        unpark(row, active);
    }

    fn translate_history(&self, row: &mut Customer, active: &Plan) {
        let mut before = std::mem::take(&mut row.history);
        let mut kept: Vec<(Text, Tracked)> = Vec::new();
        for plan in &row.plans {
            let known = self.plans.iter().find(|known| known.id == *plan);
            let now = if *plan == self.from.id {
                &self.from
            } else if let Some(known) = known {
                &known.now
            } else {
                continue;
            };
            let Some(older) = &now.older else { continue };
            for at in 0..older.original.trackers.len() {
                if usize::from(older.maps.get("TrackerId", at as u16)) < older.shared_trackers {
                    continue;
                }
                let name = own_history(&older.original, at);
                let there =
                    if *plan == self.from.id { Some(at) } else { known.map(|known| usize::from(known.before.get("TrackerId", at as u16))) };
                let tracked = there.and_then(|there| before.tracked.get(there)).filter(|tracked| tracked.count > 0).cloned();
                if let Some(tracked) = tracked.or_else(|| before.kept(&name).cloned()) {
                    kept.push((name, tracked));
                }
            }
        }
        let read_back = |at: usize| before.read_back(&own_history(active, at)).cloned();
        let tracked = self.histories.iter().enumerate().map(|(at, source)| match source {
            source if source.as_ref().is_none_or(|source| !source.is_whole) && read_back(at).is_some() => read_back(at).unwrap_or_default(),
            Some(source) => before.tracked.get(source.tracker).cloned().map(|tracked| source.laid_out(tracked)).unwrap_or_default(),
            // A plan that was active before finds what its runs have kept.
            None => before.kept(&own_history(active, at)).cloned().unwrap_or_default(),
        });
        let tracked = tracked.collect();
        before.clear();
        row.history = History::of_parts(tracked, kept);
        for recent in &mut row.recent {
            let event = Event { what: SeenWhat::Happened(self.happening(recent.what, None)), at: recent.at, fields: recent.fields.clone() };
            let event = self.from.laid_back(event);
            if let SeenWhat::Happened(what) = event.what {
                (recent.what, recent.fields) = (what, event.fields);
            }
        }
    }

    fn translate_messages(&self, row: &mut Customer) {
        let pinned: Vec<(u32, Option<PlanId>)> = row
            .runs
            .iter()
            .chain(&row.ended)
            .map(|run| (run.number, run.plan))
            .chain(row.guests.iter().map(|guest| (guest.number, guest.plan)))
            .map(|(number, plan)| (number, row.plans.get(usize::from(plan)).copied()))
            .collect();
        let plan_of = |run: u32| pinned.iter().find(|(number, _)| *number == run).and_then(|(_, plan)| *plan);
        for pending in &mut row.pending {
            let plan = plan_of(pending.key.run);
            pending.key = self.key(pending.key, plan);
            pending.journey = JourneyId(self.number("JourneyId", pending.journey.0, plan));
            pending.message = MessageId(self.number("MessageId", pending.message.0, plan));
        }
        for fact in &mut row.facts {
            let plan = plan_of(fact.key.run);
            fact.key = self.key(fact.key, plan);
            fact.channel = fact.key.channel;
            fact.journey = JourneyId(self.number("JourneyId", fact.journey.0, plan));
            fact.message = MessageId(self.number("MessageId", fact.message.0, plan));
            fact.topic = TopicId(self.number("TopicId", fact.topic.0, plan));
        }
        for open in &mut row.calls.open {
            open.hook = HookId(self.number("HookId", open.hook.0, plan_of(open.run)));
        }
        for open in &mut row.calls.draws {
            open.pool = PoolId(self.number("PoolId", open.pool.0, plan_of(open.run)));
        }
    }

    /// Runs under the numbers that hold now; the plans that none is pinned to any more are forgotten.
    fn translate_runs(&self, row: &mut Customer) {
        let before = std::mem::take(&mut row.plans);
        let mut plans: Vec<PlanId> = Vec::new();
        let mut position = |id: PlanId| {
            plans.iter().position(|known| *known == id).unwrap_or_else(|| {
                plans.push(id);
                plans.len() - 1
            }) as u16
        };
        for run in row.runs.iter_mut().chain(&mut row.ended) {
            let Some(plan) = before.get(usize::from(run.plan)).copied() else { continue };
            run.journey = JourneyId(self.number("JourneyId", run.journey.0, Some(plan)));
            for seen in &mut run.seen {
                seen.what = match seen.what {
                    SeenWhat::Happened(what) => SeenWhat::Happened(self.happening(what, Some(plan))),
                    SeenWhat::Message { key, message, topic, verb } => SeenWhat::Message {
                        key: self.key(key, Some(plan)),
                        message: MessageId(self.number("MessageId", message.0, Some(plan))),
                        topic: TopicId(self.number("TopicId", topic.0, Some(plan))),
                        verb,
                    },
                };
            }
            run.plan = position(if self.is_same(plan, run.journey) { self.active } else { plan });
        }
        for guest in &mut row.guests {
            if let Some(plan) = before.get(usize::from(guest.plan)) {
                guest.plan = position(*plan);
            }
        }
        row.plans = plans;
    }

    fn is_same(&self, plan: PlanId, journey: JourneyId) -> bool {
        let now =
            if plan == self.from.id { Some(&self.from) } else { self.plans.iter().find(|known| known.id == plan).map(|known| &known.now) };
        let older = now.and_then(|now| now.older.as_ref());
        older.is_some_and(|older| older.same.get(journey.index()).copied().unwrap_or(false))
    }
}

impl Source {
    fn laid_out(&self, mut tracked: Tracked) -> Tracked {
        let mut totals = Vec::new();
        if !tracked.totals.is_empty() && !self.totals.is_empty() {
            totals =
                self.totals.iter().map(|at| at.and_then(|at| tracked.totals.get(at)).cloned().unwrap_or_else(Total::default)).collect();
        }
        tracked.totals = totals;
        let entries = 0..tracked.entries.len();
        tracked.values = entries
            .flat_map(|entry| self.keeps.iter().map(move |at| (entry, at)))
            .map(|(entry, at)| at.and_then(|at| tracked.values.get(entry * self.width + at)).cloned().unwrap_or_default())
            .collect();
        tracked
    }
}

impl Turn<'_> {
    /// Date entries that are the same keep their next occurrence; all others begin now.
    fn carry_dates(&mut self, way: &Migration, before: Vec<Occurrence>) {
        let loaded = self.loaded;
        let after = self.now.plus_ms(-1);
        self.row.occurrences.resize(loaded.index.dates.len(), super::super::dates::never(None));
        for (at, entry) in loaded.index.dates.iter().enumerate() {
            let journey = loaded.plan.journeys.get(entry.at.journey.index());
            let written = |plan: &Plan| {
                let journey = plan.journeys.get(entry.at.journey.index())?;
                let written = journey.entries.get(usize::from(entry.at.entry))?;
                Some((journey.name.clone(), written.kind.clone(), written.condition.clone(), journey.runs_from, journey.runs_to))
            };
            let same = written(&way.from.plan) == written(&loaded.plan);
            let known = before.iter().zip(&way.from_index.dates).find(|(_, known)| {
                let named = way.from().journeys.get(known.at.journey.index());
                known.at.entry == entry.at.entry && named.map(|journey| &journey.name) == journey.map(|journey| &journey.name)
            });
            match known {
                Some((known, _)) if same => self.row.occurrences[at] = *known,
                known => {
                    self.row.occurrences[at].last = known.and_then(|(known, _)| known.last);
                    if entry.watch.is_some() {
                        self.row.occurrences[at].next = self.now;
                    }
                    self.schedule(at, after, false);
                }
            }
        }
    }
}
