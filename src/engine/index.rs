//! What of a plan can react to what: looked up once when a plan is loaded, so that an event touches only what listens to it.
//!
//! In: a [`Plan`]. Out: an [`Index`] beside it. **Invariant:** derived, never stored; the index lists everything that may react, so what it
//! leaves out cannot; entries and dates stand in the order in which they are taken (higher priority, then name). Knows no customer.

use super::gate::Gate;
use super::row::SeenWhat;
use super::turn::Event;
use crate::calendar::recurrence::Every;
use crate::calendar::{DAY_MS, Instant, Span};
use crate::condition::watch::{Watch, watch_of};
use crate::condition::{Expr, Happening, Trigger, Until, What};
use crate::plan::{ArmKind, CapWindow, Depends, EntryKind, Guard, Journey, Plan, StepKind};
use crate::schema::{ChannelKind, FieldId, JourneyId, Priority, ScoreId, SegmentId, TopicId, TrackerId, WhileRunning};
use std::sync::Arc;

/// A plan that is ready to run.
#[derive(Debug, Clone)]
pub struct Loaded {
    pub id: PlanId,
    pub plan: Arc<Plan>,
    pub index: Index,
    /// Of a plan that is not active any more; see [`super::versions`].
    pub(super) older: Option<Arc<super::versions::Older>>,
}

impl Loaded {
    pub fn new(plan: impl Into<Arc<Plan>>) -> Loaded {
        let plan = plan.into();
        Loaded { id: PlanId::of(&plan), index: Index::of(&plan), plan, older: None }
    }
}

/// A plan's content hash as a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PlanId(pub u128);

impl PlanId {
    pub fn of(plan: &Plan) -> PlanId {
        // Only a plan that was put together by hand has another hash than 32 hexadecimal digits.
        PlanId(u128::from_str_radix(&plan.hash, 16).unwrap_or_default())
    }
}

/// What listens.
#[derive(Debug, Clone, Default)]
pub struct Index {
    /// By [`Index::slot`].
    pub(super) listeners: Vec<Listeners>,
    /// Entries on message events.
    pub(super) message_entries: Vec<EntryRef>,
    /// Scores that message events give points to.
    pub(super) message_scores: Vec<(ScoreId, u16)>,
    /// Entries on joins and leaves of a segment.
    pub(super) segment_entries: Vec<(SegmentId, bool, EntryRef)>,
    /// Entries at moments.
    pub(super) dates: Vec<DateEntry>,
    pub(super) journeys: Vec<JourneyIndex>,
    /// For each segment, it and those that read it, ascending.
    pub(super) segments_over: Vec<Vec<SegmentId>>,
    /// Segments that can change with a field, a topic, a journey's runs, or messages; each ascending.
    pub(super) field_segments: Vec<Vec<SegmentId>>,
    pub(super) topic_segments: Vec<Vec<SegmentId>>,
    pub(super) journey_segments: Vec<Vec<SegmentId>>,
    pub(super) message_segments: Vec<SegmentId>,
    /// Fields that some run or date entry looks at.
    pub(super) fields_matter: Vec<bool>,
    /// Verbs of message events that somebody waits for, bit by bit.
    pub(super) verbs: u16,
    /// Some segment, guard or `when` arm asks about messages.
    pub(super) messages_asked: bool,
    /// Fields that are an address of some channel.
    pub(super) contacts: Vec<bool>,
    /// Messages are remembered for at least that long after they were claimed, ms.
    pub(super) facts_ms: i64,
    /// What is read of catalogs while nobody asks.
    pub(super) concerns: super::concerns::Concerns,
    events: usize,
}

/// What listens to one kind of happening.
#[derive(Debug, Clone, Default)]
pub(super) struct Listeners {
    pub(super) trackers: Vec<TrackerId>,
    /// Scores that it gives points to, by the position of the rule.
    pub(super) scores: Vec<(ScoreId, u16)>,
    /// Segments whose truth it can change, ascending.
    pub(super) segments: Vec<SegmentId>,
    pub(super) entries: Vec<(EntryRef, Gate)>,
    /// Those of them that restart or update a live run.
    pub(super) restarts: Vec<(EntryRef, Gate)>,
    /// Journeys some run of which reacts: [`reacts`] bits by journey.
    pub(super) runs: Vec<u8>,
    /// Some run reacts at all.
    pub(super) any_run: bool,
    /// It makes items matter to her.
    pub(super) watched: bool,
    /// It ends runs that events begin: kept for a while, in case both come in reverse.
    pub(super) recent: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct EntryRef {
    pub(super) journey: JourneyId,
    pub(super) entry: u16,
}

/// A date entry, with its moment as a wait would write it where it hangs on a field.
#[derive(Debug, Clone)]
pub(super) struct DateEntry {
    pub(super) at: EntryRef,
    pub(super) field: Option<FieldId>,
    pub(super) until: Option<Until>,
    /// Of a recurring entry: the segment that its `where` demands. Who is not in it need not be woken.
    pub(super) driver: Option<SegmentId>,
    /// Of an entry on a catalog's changes: where the keys of the items are that matter to her.
    pub(super) watch: Option<Watching>,
}

/// Where a customer's row holds the keys of items that matter to her.
#[derive(Debug, Clone, Copy)]
pub(super) enum Watching {
    Field(FieldId),
    /// A property among those that a tracker keeps.
    Events {
        tracker: TrackerId,
        property: u16,
    },
}

/// How runs of a journey react to a happening.
pub(super) mod reacts {
    pub(in crate::engine) const GOAL: u8 = 1;
    pub(in crate::engine) const EXIT: u8 = 2;
    pub(in crate::engine) const GUARD: u8 = 4;
    /// An arm waits for it, or a `when` arm asks about it.
    pub(in crate::engine) const WAIT: u8 = 8;
    /// A later wait may ask for it.
    pub(in crate::engine) const SEEN: u8 = 16;
}

#[derive(Debug, Clone, Default)]
pub(super) struct JourneyIndex {
    /// 0 is the highest priority.
    pub(super) rank: u8,
    /// In the project's zone: begin (included) and end (not included).
    pub(super) from: Instant,
    pub(super) to: Instant,
    /// What its `exit when` and `only while` ask.
    pub(super) guards: Depends,
    pub(super) has_guards: bool,
    /// What some `when` arm of it asks.
    pub(super) arms: Depends,
    /// [`reacts`] bits for message events.
    pub(super) messages: u8,
    /// Some condition asks `in journey` of it.
    pub(super) watched: bool,
}

impl Index {
    pub fn of(plan: &Plan) -> Index {
        let events = plan.schema.events.len();
        let slots = events + 2 * plan.schema.topics.len();
        let mut index = Index {
            listeners: vec![Listeners { runs: vec![0; plan.journeys.len()], ..Listeners::default() }; slots],
            journeys: plan.journeys.iter().map(|journey| journey_index(plan, journey)).collect(),
            segments_over: segments_over(plan),
            facts_ms: facts_ms(plan),
            events,
            ..Index::default()
        };
        for (at, tracker) in plan.trackers.iter().enumerate() {
            if let Some(listeners) = index.listeners_mut(tracker.of) {
                listeners.trackers.push(TrackerId(at as u16));
            }
        }
        index.add_scores(plan);
        index.add_segments(plan);
        let mut order: Vec<usize> = (0..plan.journeys.len()).collect();
        order.sort_by_key(|at| (rank(plan.journeys[*at].priority), plan.journeys[*at].name.clone()));
        for at in order {
            index.add_journey(JourneyId(at as u16), &plan.journeys[at]);
        }
        index.note_watched(plan);
        index.concerns = super::concerns::Concerns::of(plan, &index.dates);
        index
    }

    /// The place of a happening in the tables.
    pub(super) fn slot(&self, what: Happening) -> usize {
        match what {
            Happening::Event(event) => event.index(),
            Happening::SubscribedTo(topic) => self.events + 2 * topic.index(),
            Happening::UnsubscribedFrom(topic) => self.events + 2 * topic.index() + 1,
        }
    }

    pub(super) fn listeners(&self, what: Happening) -> Option<&Listeners> {
        self.listeners.get(self.slot(what))
    }

    /// How runs of a journey react to an event.
    pub(super) fn bits(&self, journey: JourneyId, event: &Event) -> u8 {
        match event.what {
            SeenWhat::Happened(what) => {
                self.listeners(what).and_then(|listeners| listeners.runs.get(journey.index())).copied().unwrap_or(0)
            }
            SeenWhat::Message { .. } => self.journeys.get(journey.index()).map_or(0, |journey| journey.messages),
        }
    }

    fn listeners_mut(&mut self, what: Happening) -> Option<&mut Listeners> {
        let slot = self.slot(what);
        self.listeners.get_mut(slot)
    }

    fn add_scores(&mut self, plan: &Plan) {
        for (at, score) in plan.scores.iter().enumerate() {
            for (number, rule) in score.rules.iter().enumerate() {
                let here = (ScoreId(at as u16), number as u16);
                match rule.what {
                    What::Happened(what) => {
                        if let Some(listeners) = self.listeners_mut(what) {
                            listeners.scores.push(here);
                        }
                    }
                    What::Message { verb, .. } => {
                        self.verbs |= 1 << verb as u16;
                        self.message_scores.push(here);
                    }
                }
            }
        }
    }

    fn add_segments(&mut self, plan: &Plan) {
        for (at, segment) in plan.segments.iter().enumerate() {
            for what in &segment.depends.happenings {
                let over = self.segments_over[at].clone();
                if let Some(listeners) = self.listeners_mut(*what) {
                    listeners.segments.extend(over);
                }
            }
        }
        for listeners in &mut self.listeners {
            listeners.segments.sort_unstable();
            listeners.segments.dedup();
        }
        let over = |asks: &dyn Fn(&Depends) -> bool| {
            let mut found: Vec<SegmentId> = Vec::new();
            for (at, segment) in plan.segments.iter().enumerate() {
                if asks(&segment.depends) {
                    found.extend(&self.segments_over[at]);
                }
            }
            found.sort_unstable();
            found.dedup();
            found
        };
        let ids = |count: usize| 0..count as u16;
        self.field_segments = ids(plan.schema.customer.len()).map(|at| over(&|depends| depends.fields.contains(&FieldId(at)))).collect();
        self.topic_segments = ids(plan.schema.topics.len()).map(|at| over(&|depends| depends.topics.contains(&TopicId(at)))).collect();
        self.journey_segments = ids(plan.journeys.len()).map(|at| over(&|depends| depends.journeys.contains(&JourneyId(at)))).collect();
        self.message_segments = over(&|depends| depends.messages);
        self.messages_asked |= !self.message_segments.is_empty();
        self.contacts = vec![false; plan.schema.customer.len()];
        for contact in plan.schema.channels.iter().filter_map(|channel| channel.contact) {
            if let Some(is_one) = self.contacts.get_mut(contact.index()) {
                *is_one = true;
            }
        }
        self.fields_matter = vec![false; plan.schema.customer.len()];
    }

    /// A field that guards, arms, waits or dates read.
    fn field_matters(&mut self, field: FieldId) {
        if let Some(matters) = self.fields_matter.get_mut(field.index()) {
            *matters = true;
        }
    }

    fn add_watch(&mut self, at: EntryRef, condition: Option<&Expr>) {
        let (field, watch) = match condition.and_then(watch_of) {
            Some(Watch::Field(field)) => {
                self.field_matters(field);
                (Some(field), Some(Watching::Field(field)))
            }
            Some(Watch::Events(history, property)) => {
                if let Some(listeners) = self.listeners_mut(history.of) {
                    listeners.watched = true;
                }
                (None, Some(Watching::Events { tracker: history.tracker, property }))
            }
            // The checker lets none through.
            None => (None, None),
        };
        self.dates.push(DateEntry { at, field, until: None, driver: None, watch });
    }

    fn add_journey(&mut self, id: JourneyId, journey: &Journey) {
        let begun_by_events = journey.entries.iter().any(|entry| matches!(entry.kind, EntryKind::On(_) | EntryKind::Requested));
        for (at, entry) in journey.entries.iter().enumerate() {
            let here = EntryRef { journey: id, entry: at as u16 };
            match &entry.kind {
                EntryKind::On(What::Happened(what)) => {
                    if let Some(listeners) = self.listeners_mut(*what) {
                        let gated = (here, Gate::of(entry.condition.as_ref()));
                        if journey.while_running != WhileRunning::Ignore {
                            listeners.restarts.push(gated.clone());
                        }
                        listeners.entries.push(gated);
                    }
                }
                EntryKind::On(What::Message { verb, .. }) => {
                    self.message_entries.push(here);
                    self.verbs |= 1 << *verb as u16;
                }
                EntryKind::Joins { segment, .. } => self.segment_entries.push((*segment, true, here)),
                EntryKind::Leaves { segment, .. } => self.segment_entries.push((*segment, false, here)),
                EntryKind::Moment(_) => self.dates.push(DateEntry { at: here, field: None, until: None, driver: None, watch: None }),
                EntryKind::Every(rule) => {
                    let driver =
                        entry.condition.as_ref().and_then(driving_segment).filter(|_| !matches!(rule.every, Every::Elapsed { .. }));
                    self.dates.push(DateEntry { at: here, field: None, until: None, driver, watch: None });
                }
                EntryKind::Around { field, offset, before, at, .. } => {
                    self.field_matters(*field);
                    self.dates.push(DateEntry {
                        at: here,
                        field: Some(*field),
                        driver: None,
                        watch: None,
                        until: Some(Until::Around { value: Box::new(Expr::Customer(*field)), offset: *offset, before: *before, at: *at }),
                    });
                }
                EntryKind::Changes { .. } => self.add_watch(here, entry.condition.as_ref()),
                EntryKind::Requested => {}
            }
        }
        for goal in &journey.goals {
            self.react(id, goal.what, reacts::GOAL, goal.then_exit && begun_by_events);
        }
        for experiment in &journey.experiments {
            for (what, _) in &experiment.measure.targets {
                self.react(id, *what, reacts::GOAL, false);
            }
        }
        for exit in &journey.exit_on {
            for (what, _) in &exit.trigger.targets {
                self.react(id, *what, reacts::EXIT, begun_by_events);
            }
        }
        for guard in journey.exit_when.iter().chain(&journey.only_while) {
            self.add_question(id, &guard.depends, reacts::GUARD);
        }
        for step in &journey.steps {
            if let StepKind::Wait { until, .. } | StepKind::Await { deadline: until, .. } = &step.kind
                && let Until::Around { value, .. } = until
            {
                value.walk(&mut |part| {
                    if let Expr::Customer(field) = part {
                        self.field_matters(*field);
                    }
                });
            }
            if let StepKind::Collect { trigger, .. } = &step.kind {
                for (what, _) in &trigger.targets {
                    self.react(id, *what, reacts::WAIT, false);
                }
            }
            let StepKind::Await { arms, .. } = &step.kind else { continue };
            for arm in arms {
                match &arm.kind {
                    ArmKind::On { trigger, .. } => self.add_arm(id, trigger),
                    ArmKind::When { depends, .. } => self.add_question(id, depends, reacts::WAIT),
                }
            }
        }
    }

    /// A condition that runs are asked again when something changes it.
    fn add_question(&mut self, journey: JourneyId, depends: &Depends, bit: u8) {
        for what in &depends.happenings {
            self.react(journey, What::Happened(*what), bit, false);
        }
        for field in &depends.fields {
            self.field_matters(*field);
        }
        self.messages_asked |= depends.messages;
    }

    fn add_arm(&mut self, journey: JourneyId, trigger: &Trigger) {
        for (what, _) in &trigger.targets {
            // Message events count from the send on, also before the wait began.
            let seen = trigger.since.is_some() || matches!(what, What::Message { .. });
            self.react(journey, *what, reacts::WAIT | if seen { reacts::SEEN } else { 0 }, false);
        }
    }

    fn react(&mut self, journey: JourneyId, what: What, bits: u8, recent: bool) {
        match what {
            What::Happened(what) => {
                if let Some(listeners) = self.listeners_mut(what) {
                    listeners.any_run = true;
                    listeners.recent |= recent;
                    if let Some(runs) = listeners.runs.get_mut(journey.index()) {
                        *runs |= bits;
                    }
                }
            }
            What::Message { verb, .. } => {
                self.verbs |= 1 << verb as u16;
                if let Some(index) = self.journeys.get_mut(journey.index()) {
                    index.messages |= bits;
                }
            }
        }
    }

    fn note_watched(&mut self, plan: &Plan) {
        let watched: Vec<JourneyId> = plan.segments.iter().flat_map(|segment| segment.depends.journeys.iter().copied()).collect();
        let more: Vec<JourneyId> =
            self.journeys.iter().flat_map(|journey| journey.guards.journeys.iter().chain(&journey.arms.journeys).copied()).collect();
        for id in watched.into_iter().chain(more) {
            if let Some(journey) = self.journeys.get_mut(id.index()) {
                journey.watched = true;
            }
        }
    }
}

pub(super) fn rank(priority: Priority) -> u8 {
    match priority {
        Priority::High => 0,
        Priority::Normal => 1,
        Priority::Low => 2,
    }
}

fn journey_index(plan: &Plan, journey: &Journey) -> JourneyIndex {
    let mut arms = Depends::default();
    for step in &journey.steps {
        let StepKind::Await { arms: found, .. } = &step.kind else { continue };
        for arm in found {
            if let ArmKind::When { depends, .. } = &arm.kind {
                union(&mut arms, depends);
            }
        }
    }
    let mut guards = Depends::default();
    journey.exit_when.iter().chain(&journey.only_while).for_each(|guard: &Guard| union(&mut guards, &guard.depends));
    let zone = plan.policy.zone;
    JourneyIndex {
        rank: rank(journey.priority),
        from: journey.runs_from.map_or(Instant::FIRST, |local| zone.instant(local)),
        to: journey.runs_to.map_or(Instant::NEVER, |local| zone.instant(local)),
        guards,
        has_guards: !journey.exit_when.is_empty() || !journey.only_while.is_empty(),
        arms,
        messages: 0,
        watched: false,
    }
}

/// A segment without which a condition cannot hold.
fn driving_segment(condition: &Expr) -> Option<SegmentId> {
    match condition {
        Expr::InSegment(segment) => Some(*segment),
        Expr::And(tests) => tests.iter().find_map(driving_segment),
        _ => None,
    }
}

fn union(all: &mut Depends, more: &Depends) {
    all.happenings.extend(&more.happenings);
    all.fields.extend(&more.fields);
    all.topics.extend(&more.topics);
    all.segments.extend(&more.segments);
    all.journeys.extend(&more.journeys);
    all.messages |= more.messages;
    all.time |= more.time;
}

/// For each segment, it and everything that reads it, directly or through others.
fn segments_over(plan: &Plan) -> Vec<Vec<SegmentId>> {
    let count = plan.segments.len();
    (0..count)
        .map(|at| {
            let mut over = vec![SegmentId(at as u16)];
            // Each reads only earlier ones, so one pass finds all.
            for (later, segment) in plan.segments.iter().enumerate().skip(at + 1) {
                if segment.depends.segments.iter().any(|read| over.contains(read)) {
                    over.push(SegmentId(later as u16));
                }
            }
            over
        })
        .collect()
}

/// How long messages are remembered: the longest cap, what conditions ask, and a month where somebody reacts to reports.
fn facts_ms(plan: &Plan) -> i64 {
    let caps = plan.policy.caps.iter().chain(plan.journeys.iter().flat_map(|journey| &journey.caps));
    let longest = caps
        .map(|cap| match cap.window {
            CapWindow::Rolling { ms } => ms,
            // A local day may have 25 hours.
            CapWindow::CalendarDay => 2 * DAY_MS,
        })
        .max()
        .unwrap_or(0);
    let reacting = plan.journeys.iter().any(|journey| {
        journey.entries.iter().any(|entry| matches!(entry.kind, EntryKind::On(What::Message { .. })))
            || journey.goals.iter().any(|goal| matches!(goal.what, What::Message { .. }))
    });
    let answers = if super::answers::is_asked(plan) { super::answers::BACK_MS } else { 0 };
    longest.max(plan.message_history_ms).max(answers).max(if reacting { 31 * DAY_MS } else { 0 })
}

/// Banners and inbox items are still there after they were handed over, and can be withdrawn.
pub(super) fn stays(kind: ChannelKind) -> bool {
    matches!(kind, ChannelKind::Web | ChannelKind::Inbox)
}

/// A length that is certainly not exceeded by a span, and one that certainly is, in ms: between them the calendar decides.
pub(super) fn span_bounds_ms(span: Span) -> (i64, i64) {
    if !span.is_civil() {
        return (span.ms, span.ms);
    }
    let months = i64::from(span.months);
    let days = i64::from(span.days);
    let slack = 25 * 3_600_000;
    ((months * 28 + days).saturating_mul(DAY_MS) + span.ms - slack, (months * 31 + days).saturating_mul(DAY_MS) + span.ms + slack)
}
