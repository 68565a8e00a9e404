//! The executable form of a project: flat steps with stable identity, content-addressed.
//!
//! In: a [`Checked`](crate::check::Checked) project without errors ([`build`]). Out: a [`Plan`], which is all that the engine knows: a
//! running journey needs no source text. **Invariant:** every position in a plan is valid in that plan; the same files give the same plan
//! and the same hash, byte for byte; what a step is called does not depend on its line.

pub mod build;
pub mod changes;
pub mod encode;
pub mod outline;
pub mod picture;
pub mod renumber;
pub mod table;

use crate::calendar::{Span, Zone, recurrence::Rule};
pub use crate::check::checked::{Again, BasisPoints, CapThen, CapWindow, ExperimentRule, How, PastBehaviour, PastEntry, Recipient, RunKey};
use crate::condition::{Expr, Happening, KeyMatch, Trigger, Until, What};
use crate::schema::{
    AudienceId, ChannelId, EventId, FieldId, JourneyId, ListId, LocalId, MessageId, Priority, RouteId, Schema, ScoreId, SegmentId,
    SegmentRole, SendId, StageId, StepIx, TopicId, TrackerId, WaitOrSkip, WhenInDoubt, WhileRunning,
};
use crate::template::Template;
use crate::value::{Decimal, Text, Type};
use chrono::{NaiveDateTime, NaiveTime};
use serde::{Deserialize, Serialize};

/// Version of the encoding; a newer one is refused.
pub const FORMAT: u16 = 1;

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Plan {
    pub format: u16,
    /// Of everything below but places: see [`encode::hash`].
    pub hash: Text,
    pub schema: Schema,
    pub policy: Policy,
    /// In an order in which each reads only earlier ones.
    pub segments: Vec<Segment>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scores: Vec<Score>,
    pub routes: Vec<Route>,
    pub messages: Vec<Message>,
    pub journeys: Vec<Journey>,
    pub trackers: Vec<Tracker>,
    /// Whether some condition asks for message history, and how far back (exact ms; `i64::MAX` for ever; 0 for not at all).
    pub message_history_ms: i64,
    /// Names of the source files, for [`Line`].
    pub files: Vec<Text>,
}

/// A line of a source file, for people: 1-based.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct Line {
    pub file: u16,
    pub line: u32,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Segment {
    pub name: Text,
    pub title: Option<String>,
    pub condition: Expr,
    #[serde(default, skip_serializing_if = "SegmentRole::is_written")]
    pub role: SegmentRole,
    pub depends: Depends,
    pub line: Line,
}

/// What can change the truth of a condition, besides time.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Depends {
    pub happenings: Vec<Happening>,
    pub fields: Vec<FieldId>,
    pub topics: Vec<TopicId>,
    pub segments: Vec<SegmentId>,
    pub journeys: Vec<JourneyId>,
    /// What gives them points is among the happenings.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scores: Vec<ScoreId>,
    /// Reads message history, or what is reachable.
    pub messages: bool,
    /// Reads `now`, `today` or a window: has a horizon.
    pub time: bool,
}

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Policy {
    pub zone: Zone,
    pub quiet_hours: Vec<QuietHours>,
    pub caps: Vec<Cap>,
    pub hold_out: BasisPoints,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct QuietHours {
    pub from: NaiveTime,
    pub to: NaiveTime,
    /// Empty: every channel that knows quiet hours.
    pub channels: Vec<ChannelId>,
    pub then: WaitOrSkip,
    pub line: Line,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cap {
    pub count: u32,
    pub window: CapWindow,
    pub about: Option<TopicId>,
    /// Empty: every channel.
    pub by: Vec<ChannelId>,
    pub then: CapThen,
    pub keep: Option<(u32, Priority)>,
    pub line: Line,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Route {
    pub name: Text,
    pub how: How,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Message {
    pub name: Text,
    pub params: Vec<(Text, Type)>,
    pub topic: TopicId,
    pub variants: Vec<Variant>,
    pub when_in_doubt: WhenInDoubt,
    /// The first that holds keeps it back: conditions over its parameters and the customer, each with the reason that people read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub skip_when: Vec<(Expr, Text)>,
    pub line: Line,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Variant {
    pub channel: ChannelId,
    pub language: Option<Text>,
    pub parts: Vec<(Text, Template)>,
}

/// A history that conditions look at, kept in every customer's row: totals over one kind of event, and the own times (and needed values)
/// of those that some window still reaches.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Tracker {
    /// Content hash of what is tracked: two plans share a tracker by it.
    pub hash: Text,
    pub of: Happening,
    /// Only events that meet it; asks nothing but the event (subject 0) and constants.
    pub condition: Option<Expr>,
    /// Properties of which totals are kept for ever (sum, smallest, largest, first and last value), ascending.
    pub totals: Vec<u16>,
    /// Properties whose values are kept with each entry, ascending.
    pub keeps: Vec<u16>,
    /// How far back entries are kept (exact ms): the longest window; `i64::MAX` for ever, 0 where totals answer everything.
    pub window_ms: i64,
    /// Entries are also kept from the begin of the oldest live run on, for `since entry`.
    pub since_entry: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Journey {
    pub name: Text,
    pub title: Option<String>,
    pub line: Line,
    /// Of this journey alone.
    pub hash: Text,
    pub entries: Vec<Entry>,
    pub again: Again,
    pub key: RunKey,
    pub while_running: WhileRunning,
    pub accept_late: bool,
    pub goals: Vec<Goal>,
    pub exit_on: Vec<Exit>,
    pub exit_when: Vec<Guard>,
    pub only_while: Vec<Guard>,
    pub hold_out: BasisPoints,
    /// In the project's zone.
    pub runs_from: Option<NaiveDateTime>,
    pub runs_to: Option<NaiveDateTime>,
    pub priority: Priority,
    /// Runs move to a newer version of it, instead of finishing as they started.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub continues: bool,
    pub quiet_hours: Vec<QuietHours>,
    pub caps: Vec<Cap>,
    pub entry_caps: Vec<EntryCap>,
    pub entry_fields: Vec<EntryField>,
    /// Number of parameters at the start of `entry_fields`.
    pub params: u16,
    pub locals: Vec<(Text, Type)>,
    pub sends: Vec<SendInfo>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub experiments: Vec<Experiment>,
    /// The first one is where a run begins; the last one is always an `Exit` at the end of the journey.
    pub steps: Vec<Step>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EntryCap {
    pub count: u32,
    pub window: CapWindow,
    pub then: WaitOrSkip,
    pub line: Line,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EntryField {
    pub name: Text,
    pub ty: Type,
    /// Per entry of the journey: the property of its event.
    pub from: Vec<Option<u16>>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SendInfo {
    pub name: Option<Text>,
    pub message: MessageId,
    /// Where it stands.
    pub step: StepIx,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    pub kind: EntryKind,
    pub condition: Option<Expr>,
    pub line: Line,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EntryKind {
    On(What),
    Moment(NaiveDateTime),
    Joins { segment: SegmentId, including: bool },
    Leaves { segment: SegmentId, including: bool },
    Every(Rule),
    Around { yearly: bool, field: FieldId, offset: Span, before: bool, at: Option<NaiveTime>, past: PastEntry },
    Requested,
    Changes { catalog: crate::schema::CatalogId, field: u16, test: crate::schema::ChangeTest, than: Option<Expr> },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Goal {
    pub what: What,
    pub key: KeyMatch,
    pub condition: Option<Expr>,
    pub within: Span,
    pub then_exit: bool,
    pub line: Line,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Exit {
    pub trigger: Trigger,
    pub line: Line,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Guard {
    pub condition: Expr,
    pub depends: Depends,
    pub line: Line,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// Survives edits elsewhere: what it is and where it stands (`split/"a"/send coupon`), with `#2` for the second alike.
    pub id: Text,
    /// As people read it: the source of its first line.
    pub label: String,
    pub line: Line,
    pub kind: StepKind,
    /// Where the flow goes on behind it; not used by `Branch`, `Split`, `Jump`, `Exit`.
    pub next: StepIx,
    /// Nesting, for tables: 0 at the top.
    pub depth: u8,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepKind {
    /// Goes to `next` when it is over, to `skip_to` where `or skip if …` says so.
    Wait {
        until: Until,
        if_past: PastBehaviour,
        if_missing: PastBehaviour,
        skip_to: StepIx,
    },
    Await {
        deadline: Until,
        if_past: PastBehaviour,
        if_missing: PastBehaviour,
        full: bool,
        arms: Vec<Arm>,
        otherwise: StepIx,
    },
    Branch {
        arms: Vec<(Expr, StepIx)>,
        otherwise: StepIx,
    },
    Let {
        local: LocalId,
        value: Expr,
    },
    /// Ends the run where the value is missing.
    LetOrExit {
        local: LocalId,
        value: Expr,
    },
    /// `identity` is what the bucket is drawn from, with the unit (the customer where `None`).
    Split {
        identity: Text,
        unit: Option<Expr>,
        paths: Vec<SplitPath>,
        /// Position in [`Journey::experiments`], where it is measured.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        experiment: Option<u16>,
    },
    Send(Send),
    Set {
        field: FieldId,
        value: Expr,
    },
    Clear(FieldId),
    AddTo {
        field: FieldId,
        value: Expr,
    },
    RemoveFrom {
        field: FieldId,
        value: Expr,
    },
    Increase {
        field: FieldId,
        by: Expr,
    },
    Subscribe(TopicId),
    Unsubscribe(TopicId),
    UnsubscribeFromEverything,
    Confirm(TopicId),
    Suppress {
        channel: ChannelId,
        reason: String,
    },
    OnList {
        list: ListId,
        add: bool,
    },
    InAudience {
        audience: AudienceId,
        add: bool,
    },
    MoveToStage(StageId),
    Emit {
        event: EventId,
        fields: Vec<Option<Expr>>,
    },
    Start {
        journey: JourneyId,
        args: Vec<Expr>,
    },
    /// Goes to `next` with an answer (`bind` holds it as a record), to `otherwise` without one.
    Call {
        hook: crate::schema::HookId,
        args: Vec<Expr>,
        bind: Option<LocalId>,
        otherwise: StepIx,
    },
    /// Goes to `next` with a code (`bind` holds it), to `otherwise` without one.
    Draw {
        pool: crate::schema::PoolId,
        bind: Option<LocalId>,
        otherwise: StepIx,
    },
    /// Counts its visits: to `body` until `times` rounds are done, then to `next`. The body's end and its start lead here; entering it
    /// from before resets the count, so `counter` is its own.
    Repeat {
        counter: LocalId,
        times: u32,
        body: StepIx,
        /// Of a `for each`: ends with the list, each round holds the next item.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        each: Option<Each>,
    },
    /// Sets a repeat's counter to 0 before it is entered.
    ResetCounter {
        counter: LocalId,
        /// Of a `for each`: the list as it is now.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        take: Option<(LocalId, Expr)>,
    },
    /// Takes what comes, until its time is over.
    Collect {
        trigger: Trigger,
        until: Until,
        first: Option<Expr>,
        list: LocalId,
        count: LocalId,
    },
    /// Flow only: the end of a block, `break`.
    Jump,
    /// `written`: an `exit` step; otherwise the end of the journey.
    Exit {
        reason: Option<String>,
        written: bool,
    },
}

/// A walk through a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Each {
    pub list: LocalId,
    pub item: LocalId,
}

/// Points that grow with what a customer does and fade with time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Score {
    pub name: Text,
    pub start: Decimal,
    pub rules: Vec<ScoreRule>,
    /// Exact; `None` where it does not fade.
    pub halve_ms: Option<i64>,
    pub line: Line,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScoreRule {
    pub what: What,
    pub condition: Option<Expr>,
    /// Negative where they are taken.
    pub points: Decimal,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Arm {
    pub kind: ArmKind,
    pub to: StepIx,
    pub line: Line,
    pub label: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ArmKind {
    On { trigger: Trigger, bind: Option<LocalId> },
    When { condition: Expr, depends: Depends },
}

/// What a split measures, and when it has learnt.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Experiment {
    pub name: Text,
    /// What buckets are drawn from and facts are kept under.
    pub identity: Text,
    pub step: StepIx,
    pub measure: Trigger,
    /// Civil, from when the customer came to it.
    pub within: Span,
    /// Position of the path that the others are compared with.
    pub control: Option<u16>,
    pub rule: ExperimentRule,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SplitPath {
    pub name: Text,
    pub share: BasisPoints,
    pub to: StepIx,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Send {
    pub id: SendId,
    pub message: MessageId,
    pub args: Vec<Expr>,
    pub to: Recipient,
    /// Another customer, of her own right.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub other: Option<Expr>,
    pub without_waiting: bool,
    pub ignoring_quiet_hours: bool,
    pub or_exit_if_not_sent: bool,
}

impl Plan {
    pub fn journey(&self, name: &str) -> Option<JourneyId> {
        self.journeys.iter().position(|journey| journey.name == name).map(|at| JourneyId(at as u16))
    }

    /// `file:line`, for people.
    pub fn locate(&self, line: Line) -> String {
        let file = self.files.get(usize::from(line.file)).map_or("?", Text::as_str);
        format!("{file}:{}", line.line)
    }
}

/// A name of a route that a send goes by, for reports.
pub fn route_name(plan: &Plan, route: Option<RouteId>) -> Option<&str> {
    route.and_then(|id| plan.routes.get(id.index())).map(|route| route.name.as_str())
}

/// Every tracker of a plan that an event of this kind feeds.
pub fn trackers_of(plan: &Plan, happening: Happening) -> impl Iterator<Item = (TrackerId, &Tracker)> {
    plan.trackers
        .iter()
        .enumerate()
        .filter(move |(_, tracker)| tracker.of == happening)
        .map(|(at, tracker)| (TrackerId(at as u16), tracker))
}
