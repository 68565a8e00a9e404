//! A customer's row: everything durable that is known of one customer.
//!
//! In: nothing but what `handle` and the `given` of scenarios write. Out: the row for conditions, `handle` and the encoding by section.
//! **Invariant:** everything due is derived from the row, so that no timer exists beside it; vectors are short and sorted where it says
//! so; what is kept of a plan (fields, topics, segments, journeys) is kept by position in the newest plan that the row was handled
//! under. Knows no world and no clock.

pub mod calls;
pub mod delta;
mod encode;
pub mod experiments;

pub use encode::section;

use super::history::History;
use super::{PlanId, SendKey};
use crate::calendar::{Instant, Zone};
use crate::condition::Happening;
use crate::plan::Plan;
use crate::schema::{ChannelId, FieldId, JourneyId, ListId, MessageId, MessageVerb, SegmentId, StageId, StepIx, TopicId, TopicKind};
use crate::value::{Decimal, Text, Value};
use chrono::NaiveDate;
use std::sync::Arc;

/// Everything that is known of one customer. Fields stand in the order of the row's sections.
#[derive(Debug, Clone, PartialEq)]
pub struct Customer {
    // ------------------------------------------------------------ head
    pub uid: Text,
    /// Read from her timezone attribute whenever that changes; the project's zone holds where it is missing.
    pub zone: Option<Zone>,
    /// Handling time of the last input; [`Instant::FIRST`] before the first.
    pub clock: Instant,
    /// Handling time of the first input; [`Instant::NEVER`] before it.
    pub known_since: Instant,
    /// The earliest instant at which anything is due.
    pub wake: Instant,
    /// Number of the world that the last input was handled under.
    pub world: u64,
    /// The plan whose numbers everything here has: the active one of the last input; `None` before the first.
    pub plan: Option<PlanId>,
    /// Number of the next run; the first one is 1.
    pub next_run: u32,
    /// Counts what was handled (inputs and what they caused), so that a run sees an event once; the arrival number of history.
    pub turn: u64,
    /// The turn in which its size was measured last, and whether it was larger than a row may be.
    pub measured: u64,
    pub full: bool,
    /// Where she falls for the policy's hold-out, once it was asked.
    pub hold_out_bucket: Option<u16>,
    // ------------------------------------------------------------ identity, consent
    /// Sorted by topic.
    pub consents: Vec<Consent>,
    /// Channels on which her address is suppressed.
    pub suppressions: Vec<ChannelId>,
    // ------------------------------------------------------------ profile
    /// By [`FieldId`]; shorter where the rest is missing.
    pub attributes: Vec<Value>,
    /// Own time of each; [`Instant::FIRST`] for a default.
    pub attribute_times: Vec<Instant>,
    // ------------------------------------------------------------ history
    pub history: History,
    /// Events of the last `max event age` that end runs of journeys which events begin: they may have come in reverse.
    pub recent: Vec<Recent>,
    // ------------------------------------------------------------ standing
    /// By [`SegmentId`]; empty until the first input was handled.
    pub segments: Vec<Standing>,
    /// What `enter again` asks.
    pub entered: Vec<Entered>,
    /// Date entries of the active plan, in the order of its index.
    pub occurrences: Vec<Occurrence>,
    /// Lists that she is on, ascending.
    pub lists: Vec<ListId>,
    /// By [`ScoreId`](crate::schema::ScoreId); shorter where the rest has no points yet.
    pub scores: Vec<Points>,
    /// Where a step moved her, until her stage changes by itself.
    pub moved: Option<Moved>,
    // ------------------------------------------------------------ runs
    /// Plans that runs are pinned to; a run holds the position.
    pub plans: Vec<PlanId>,
    /// Live ones, older first.
    pub runs: Vec<Run>,
    /// Runs that ended and have goals which are still watched.
    pub ended: Vec<Run>,
    // ------------------------------------------------------------ messages
    /// Planned and not settled.
    pub pending: Vec<Pending>,
    /// Messages of other customers' runs that are under way to her.
    pub guests: Vec<Guest>,
    // ------------------------------------------------------------ ledger
    /// Messages that were claimed, in that order: for caps, message history, and reports.
    pub facts: Vec<MessageFact>,
    /// Ids of inputs, for duplicates.
    pub ids: Vec<KnownId>,
    // ------------------------------------------------------------ experiments
    pub experiments: experiments::Experiments,
    pub calls: calls::Calls,
    // ------------------------------------------------------------ merged
    /// Who was merged into her, older first.
    pub merged: Vec<Merged>,
    // ------------------------------------------------------------ parked
    /// What the active plan has no place for, and a later one may have again.
    pub parked: Vec<Parked>,
}

/// Something of hers by its name.
#[derive(Debug, Clone, PartialEq)]
pub struct Parked {
    /// What it is: one of [`parked`].
    pub kind: u8,
    pub name: Text,
    pub value: Value,
    /// Own time, begin, origin.
    pub at: Instant,
}

/// Kinds of what is parked.
pub mod parked {
    pub const FIELD: u8 = 1;
    pub const TOPIC: u8 = 2;
    pub const CHANNEL: u8 = 3;
    pub const LIST: u8 = 4;
    pub const JOURNEY: u8 = 5;
    pub const SCORE: u8 = 6;
    /// So much is parked; beyond, the oldest goes.
    pub const MAX: usize = 1_000;
}

/// Notes of that many merges are kept.
pub const MERGED_MAX: usize = 256;

/// Somebody who turned out to be her.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Merged {
    pub uid: Text,
    /// That one's run 1 is here this number plus 1.
    pub runs: u32,
    /// How many runs that one had had.
    pub count: u32,
    /// The same for calls to hooks and draws.
    pub calls: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Consent {
    pub topic: TopicId,
    pub state: ConsentState,
    /// Own time of what decided it.
    pub at: Instant,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConsentState {
    Subscribed,
    Unsubscribed,
    /// Of a double opt-in topic, until it is confirmed.
    Pending,
}

/// An event as it came, kept for a while.
#[derive(Debug, Clone, PartialEq)]
pub struct Recent {
    pub what: Happening,
    /// Own time.
    pub at: Instant,
    pub fields: Arc<[Value]>,
}

/// Membership of one segment, and until when it holds if nothing happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    pub member: bool,
    pub until: Instant,
}

/// The last run of a journey and key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entered {
    pub journey: JourneyId,
    /// A stable hash of the key; 0 for journeys without one.
    pub key: u64,
    /// The run's begin.
    pub begin: Instant,
    /// [`Instant::NEVER`] while it is live.
    pub end: Instant,
}

/// A date entry's next occurrence for this customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Occurrence {
    /// [`Instant::NEVER`] where none is to come.
    pub next: Instant,
    /// The local date that names it.
    pub date: NaiveDate,
    /// The date of the last one that happened.
    pub last: Option<NaiveDate>,
}

/// What a score was worth when it last changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Points {
    /// Own time of the first points, where its grid of 24-hour steps begins; [`Instant::NEVER`] before them.
    pub origin: Instant,
    /// In that step of the grid.
    pub step: i64,
    pub value: Decimal,
}

/// A stage that a step put her in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moved {
    pub to: StageId,
    /// The stage that the conditions gave at that time.
    pub over: Option<StageId>,
}

/// One run of a journey.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    /// Within the customer, from 1.
    pub number: u32,
    pub journey: JourneyId,
    /// Position in [`Customer::plans`].
    pub plan: u16,
    /// Which entry of the journey began it.
    pub entry_number: u16,
    /// Own time of what began it.
    pub begin: Instant,
    /// Of a date entry: the local date that names the occurrence.
    pub entry_date: Option<NaiveDate>,
    /// By `plan::Journey::entry_fields`.
    pub entry: Vec<Value>,
    /// By `plan::Journey::locals`.
    pub locals: Vec<Value>,
    /// A stable hash of the key; 0 without one.
    pub key: u64,
    /// Everything that leaves the house is held back.
    pub held_out: bool,
    /// Goals that were reached, bit by bit.
    pub goals: u32,
    /// The [`Customer::turn`] in which it began: events of the same own time that arrived later count as `since entry`.
    pub begin_seq: u64,
    /// The turn in which it began, was restarted or updated: that one does not also satisfy its wait.
    pub turn: u64,
    /// Where it stands.
    pub step: StepIx,
    pub state: RunState,
    /// When the wait ends; [`Instant::NEVER`] where it has no end.
    pub due: Instant,
    /// First instant at which a `when` arm that it waits at could change by itself.
    pub horizon: Instant,
    /// First instant at which its `exit when` or `only while` could change by itself.
    pub guarded_until: Instant,
    /// When its wait began: what relative deadlines count from.
    pub anchor: Instant,
    /// Arms of a `wait the full` that were met, with what met them, in source order.
    pub met: Vec<(u16, Value)>,
    /// Some message of the send it stands at was sent, or would have been but for a hold-out.
    pub delivered: bool,
    /// How often each send was visited.
    pub visits: Vec<(crate::schema::SendId, u32)>,
    /// Events of this run that a later wait may ask for.
    pub seen: Vec<Seen>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RunState {
    /// Its step is to be done.
    #[default]
    Moving,
    /// At a `wait`.
    Waiting,
    /// At a wait with branches.
    Awaiting,
    /// At a send, until its messages of this visit are settled.
    Sending,
    /// Behind its last step; only messages are still to settle.
    Done,
    /// Over.
    Ended,
    /// A cap on entries is full: it has not entered yet.
    AtTheDoor,
}

/// An event that a run saw, for `since entry` and for messages that were answered before the wait began.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen {
    pub what: SeenWhat,
    /// Own time.
    pub at: Instant,
    pub fields: Arc<[Value]>,
    /// Steps that took it already.
    pub taken: Vec<StepIx>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SeenWhat {
    Happened(Happening),
    Message { key: SendKey, message: MessageId, topic: TopicId, verb: MessageVerb },
}

/// A message that is planned and not settled.
#[derive(Debug, Clone, PartialEq)]
pub struct Pending {
    pub key: SendKey,
    pub journey: JourneyId,
    pub message: MessageId,
    /// The step it stands at.
    pub step: StepIx,
    pub planned_at: Instant,
    pub state: PendingState,
    /// Lateness counts from here: when it was to be planned, or the end of the author's own hours and caps.
    pub on_time: Instant,
    /// A cap's `wait up to` counts from the first time that it was full.
    pub capped_since: Option<Instant>,
    /// Hand-overs so far whose outcome stayed unknown.
    pub doubts: u8,
}

/// A message of somebody else's run: its number stands for the run that she does not have.
#[derive(Debug, Clone, PartialEq)]
pub struct Guest {
    pub number: u32,
    /// Position in [`Customer::plans`].
    pub plan: u16,
    /// By position of the message's parameters.
    pub args: Vec<Value>,
    pub held_out: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PendingState {
    /// To be claimed as soon as a worker is free.
    Ready,
    /// Not before that instant.
    Held { until: Instant },
    /// A worker has it; where nobody hands over in two steps, the provider.
    Claimed,
    /// The bytes leave, or have left.
    HandedOver { attempt: u32 },
    /// Nobody knows whether it was sent; until then a report may tell.
    InDoubt { until: Instant },
    /// Held back by the deployment; asked again then, or once the world has changed.
    Paused { until: Instant },
}

impl PendingState {
    /// Its outcome is awaited.
    pub fn is_with_provider(&self) -> bool {
        matches!(self, PendingState::Claimed | PendingState::HandedOver { .. } | PendingState::InDoubt { .. })
    }

    /// Its name for people, and until when it lasts ([`Instant::NEVER`] where something else ends it).
    pub fn described(&self) -> (&'static str, Instant) {
        match *self {
            PendingState::Ready => ("ready", Instant::NEVER),
            PendingState::Held { until } => ("held", until),
            PendingState::Claimed => ("claimed", Instant::NEVER),
            PendingState::HandedOver { .. } => ("handed over", Instant::NEVER),
            PendingState::InDoubt { until } => ("in doubt", until),
            PendingState::Paused { until } => ("paused", until),
        }
    }
}

/// What is known of a message that was claimed.
#[derive(Debug, Clone, PartialEq)]
pub struct MessageFact {
    pub key: SendKey,
    pub journey: JourneyId,
    pub message: MessageId,
    pub topic: TopicId,
    pub channel: ChannelId,
    pub claimed_at: Instant,
    /// When the provider accepted it; [`Instant::NEVER`] as long as it has not.
    pub sent_at: Instant,
    /// Takes a slot of the caps: sent to the customer herself about a topic that is not transactional.
    pub counts: bool,
    /// Everything would have let it through, and it was held back for the comparison: it has the state of one that was sent, so that the
    /// run walks the same path, but nobody received anything.
    pub held_out: bool,
    /// What was reported, in the order of arrival.
    pub reports: Vec<Reported>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reported {
    pub verb: MessageVerb,
    /// Own time.
    pub at: Instant,
    pub by_machine: bool,
}

impl MessageFact {
    /// Whether a named send is in a state, as the run that sent it sees it.
    pub fn is(&self, verb: MessageVerb) -> bool {
        (self.held_out && matches!(verb, MessageVerb::Sent | MessageVerb::Received)) || self.when(verb).is_some()
    }

    /// The provider accepted it.
    pub fn is_sent(&self) -> bool {
        self.sent_at != Instant::NEVER
    }

    /// Own time of the latest time that this happened to it, by a person where a machine could have done it. `sent` is the acceptance;
    /// `received` too, unless it bounced.
    pub fn when(&self, verb: MessageVerb) -> Option<Instant> {
        match verb {
            MessageVerb::Sent => self.is_sent().then_some(self.sent_at),
            MessageVerb::Received => {
                (self.is_sent() && !self.reports.iter().any(|report| report.verb == MessageVerb::Bounced)).then_some(self.sent_at)
            }
            _ => self.reports.iter().filter(|report| report.verb == verb && !report.by_machine).map(|report| report.at).max(),
        }
    }
}

/// An input that was handled: its id counts once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownId {
    /// Folded from (source, message id).
    pub id: u64,
    /// Of the content, to tell a repetition from a conflict.
    pub body: u32,
    /// Days since 1970-01-01 of its handling.
    pub day: u32,
}

impl Default for Customer {
    fn default() -> Customer {
        Customer {
            uid: Text::default(),
            zone: None,
            clock: Instant::FIRST,
            known_since: Instant::NEVER,
            wake: Instant::NEVER,
            world: 0,
            plan: None,
            next_run: 1,
            turn: 0,
            measured: 0,
            full: false,
            hold_out_bucket: None,
            consents: Vec::new(),
            suppressions: Vec::new(),
            attributes: Vec::new(),
            attribute_times: Vec::new(),
            history: History::default(),
            recent: Vec::new(),
            segments: Vec::new(),
            entered: Vec::new(),
            occurrences: Vec::new(),
            lists: Vec::new(),
            scores: Vec::new(),
            moved: None,
            plans: Vec::new(),
            runs: Vec::new(),
            ended: Vec::new(),
            pending: Vec::new(),
            guests: Vec::new(),
            facts: Vec::new(),
            ids: Vec::new(),
            experiments: experiments::Experiments::default(),
            calls: calls::Calls::default(),
            merged: Vec::new(),
            parked: Vec::new(),
        }
    }
}

impl Customer {
    /// Somebody of whom nothing is known yet; attributes get their defaults with the first input.
    pub fn new(uid: impl Into<Text>) -> Customer {
        Customer { uid: uid.into(), ..Customer::default() }
    }

    /// Forgets everything and becomes somebody else, but keeps the memory.
    pub fn reset(&mut self, uid: &str) {
        self.uid.clear();
        self.uid.push_str(uid);
        self.zone = None;
        self.clock = Instant::FIRST;
        self.known_since = Instant::NEVER;
        self.wake = Instant::NEVER;
        self.world = 0;
        self.plan = None;
        self.next_run = 1;
        self.turn = 0;
        self.measured = 0;
        self.full = false;
        self.hold_out_bucket = None;
        self.consents.clear();
        self.suppressions.clear();
        self.attributes.clear();
        self.attribute_times.clear();
        self.history.clear();
        self.recent.clear();
        self.segments.clear();
        self.entered.clear();
        self.occurrences.clear();
        self.lists.clear();
        self.scores.clear();
        self.moved = None;
        self.plans.clear();
        self.runs.clear();
        self.ended.clear();
        self.pending.clear();
        self.guests.clear();
        self.facts.clear();
        self.ids.clear();
        self.experiments.clear();
        self.calls.made = 0;
        self.calls.open.clear();
        self.calls.draws.clear();
        self.merged.clear();
        self.parked.clear();
    }

    /// The number that a run of somebody has in this row; the uid may be hers or of somebody who was merged into her.
    pub fn number_here(&self, uid: &str, run: u32) -> Option<u32> {
        if uid == self.uid {
            return Some(run);
        }
        let merged = self.merged.iter().find(|merged| merged.uid == uid && (1..=merged.count).contains(&run))?;
        merged.runs.checked_add(run)
    }

    /// The same for a call or a draw.
    pub fn call_here(&self, uid: &str, call: u32) -> Option<u32> {
        if uid == self.uid {
            return Some(call);
        }
        self.merged.iter().find(|merged| merged.uid == uid)?.calls.checked_add(call)
    }

    /// Who a run began with, and its number there: an identity that a provider knows does not change when customers are merged.
    pub fn first_identity(&self, run: u32) -> (&str, u32) {
        // Of nested ones the inner stands first.
        let within = |merged: &&Merged| run > merged.runs && run - merged.runs <= merged.count;
        self.merged.iter().find(within).map_or((&self.uid, run), |merged| (&merged.uid, run - merged.runs))
    }

    /// An attribute; missing where it was never given.
    pub fn attribute(&self, field: FieldId) -> &Value {
        self.attributes.get(field.index()).unwrap_or(&Value::Missing)
    }

    pub fn consent(&self, topic: TopicId) -> Option<&Consent> {
        self.consents.binary_search_by_key(&topic, |consent| consent.topic).ok().and_then(|at| self.consents.get(at))
    }

    /// `subscribed to TOPIC`: who opted in, or for the kinds that need no opt-in, who did not unsubscribe.
    pub fn is_subscribed(&self, plan: &Plan, topic: TopicId) -> bool {
        let state = self.consent(topic).map(|consent| consent.state);
        match plan.schema.topics.get(topic.index()).map(|topic| &topic.kind) {
            Some(TopicKind::OptIn | TopicKind::DoubleOptIn) => state == Some(ConsentState::Subscribed),
            Some(TopicKind::OptOut | TopicKind::OnRequest | TopicKind::Transactional(_)) => state != Some(ConsentState::Unsubscribed),
            None => false,
        }
    }

    /// The number of the last attempt of a message that was handed over and has no outcome yet.
    pub fn handed_over(&self, key: SendKey) -> Option<u32> {
        match self.pending.iter().find(|pending| pending.key == key)?.state {
            PendingState::HandedOver { attempt } => Some(attempt),
            _ => None,
        }
    }

    /// Whether a worker has a message, or is to have it.
    pub fn is_with_worker(&self, key: SendKey) -> bool {
        let with_worker = |pending: &Pending| matches!(pending.state, PendingState::Claimed | PendingState::HandedOver { .. });
        self.pending.iter().any(|pending| pending.key == key && with_worker(pending))
    }

    /// Whether a message is not decided, and may have left: if it leaves again, then with the same bytes.
    pub fn may_have_left(&self, key: SendKey) -> bool {
        let doubtful = |pending: &Pending| pending.doubts > 0 || matches!(pending.state, PendingState::InDoubt { .. });
        self.pending.iter().any(|pending| pending.key == key && doubtful(pending))
    }

    pub fn suppressed(&self, channel: ChannelId) -> bool {
        self.suppressions.contains(&channel)
    }

    /// `reachable by CHANNEL`: her address for it is there, has a valid form, and is not suppressed. Consent is the topic's.
    pub fn is_reachable(&self, plan: &Plan, channel: ChannelId) -> bool {
        !self.suppressed(channel) && super::contact::address(plan, self, channel).is_ok()
    }

    /// Membership as it was last judged, and until when that holds by itself.
    pub fn standing(&self, segment: SegmentId) -> Option<Standing> {
        self.segments.get(segment.index()).copied()
    }

    /// A live run by its number.
    pub fn run(&self, number: u32) -> Option<&Run> {
        self.runs.binary_search_by_key(&number, |run| run.number).ok().and_then(|at| self.runs.get(at))
    }
}

impl Default for Run {
    fn default() -> Run {
        Run::new(0, JourneyId(0), Instant(0))
    }
}

impl Run {
    pub fn new(number: u32, journey: JourneyId, begin: Instant) -> Run {
        Run {
            number,
            journey,
            plan: 0,
            entry_number: 0,
            begin,
            entry_date: None,
            entry: Vec::new(),
            locals: Vec::new(),
            key: 0,
            held_out: false,
            goals: 0,
            begin_seq: 0,
            turn: 0,
            step: StepIx(0),
            state: RunState::Moving,
            due: Instant::NEVER,
            horizon: Instant::NEVER,
            guarded_until: Instant::NEVER,
            delivered: false,
            anchor: begin,
            met: Vec::new(),
            visits: Vec::new(),
            seen: Vec::new(),
        }
    }

    /// Becomes another run that begins, and keeps the memory.
    pub(super) fn renew(&mut self, journey: JourneyId, begin: Instant) {
        let (mut entry, mut locals) = (std::mem::take(&mut self.entry), std::mem::take(&mut self.locals));
        let (mut visits, mut seen) = (std::mem::take(&mut self.visits), std::mem::take(&mut self.seen));
        entry.clear();
        locals.clear();
        visits.clear();
        seen.clear();
        *self = Run { entry, locals, visits, seen, ..Run::new(0, journey, begin) };
    }

    /// It entered and did not end: it has steps to do or messages to settle. Ended ones are kept elsewhere, for their goals.
    pub fn is_live(&self) -> bool {
        !matches!(self.state, RunState::Ended | RunState::AtTheDoor)
    }
}
