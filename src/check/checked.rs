//! What the checker hands on: everything resolved and typed, nothing missing any more.
//!
//! **Invariant:** a [`Checked`] exists for every project, but is complete (and may be planned) only where no error was found.
//! Steps are still a tree, as written; the plan makes them flat.

use crate::calendar::Span;
use crate::calendar::Zone;
use crate::condition::{Expr, KeyMatch, Trigger, Until, What};
use crate::schema::{
    AudienceId, ChannelId, FieldId, JourneyId, ListId, LocalId, MessageId, PastRule, Priority, RouteId, Schema, SegmentId, SegmentRole,
    SendId, StageId, TeamId, TopicId, WaitOrSkip, WhenInDoubt, WhileRunning,
};
use crate::source::Place;
use crate::template::Template;
use crate::value::{Decimal, Text, Type, Value};
use chrono::{NaiveDateTime, NaiveTime};

/// A part of 10,000: 5% is 500.
pub type BasisPoints = u16;

#[derive(Debug, Clone, Default)]
pub struct Checked {
    pub schema: Schema,
    pub segments: Vec<Segment>,
    pub scores: Vec<Score>,
    pub policy: Policy,
    pub routes: Vec<Route>,
    pub messages: Vec<Message>,
    pub journeys: Vec<Journey>,
    pub scenarios: Vec<Scenario>,
}

#[derive(Debug, Clone)]
pub struct Segment {
    pub name: Text,
    pub title: Option<String>,
    pub docs: Option<String>,
    pub condition: Expr,
    pub role: SegmentRole,
    pub place: Place,
}

#[derive(Debug, Clone, Default)]
pub struct Policy {
    /// The project's zone; UTC where none is written.
    pub zone: Zone,
    pub quiet_hours: Vec<QuietHours>,
    pub caps: Vec<Cap>,
    pub hold_out: BasisPoints,
}

#[derive(Debug, Clone)]
pub struct QuietHours {
    pub from: NaiveTime,
    pub to: NaiveTime,
    /// Empty: every channel that knows quiet hours.
    pub channels: Vec<ChannelId>,
    pub then: WaitOrSkip,
    pub place: Place,
}

/// `at most N messages in D …`
#[derive(Debug, Clone)]
pub struct Cap {
    pub count: u32,
    pub window: CapWindow,
    pub about: Option<TopicId>,
    /// Empty: every channel.
    pub by: Vec<ChannelId>,
    pub then: CapThen,
    /// Slots held back from sends of a lower priority.
    pub keep: Option<(u32, Priority)>,
    pub place: Place,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CapWindow {
    /// Rolling and exact.
    Rolling { ms: i64 },
    /// The customer's local day.
    CalendarDay,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CapThen {
    Skip,
    /// Until a slot is free; at most that long.
    Wait {
        up_to_ms: Option<i64>,
    },
    Exit,
}

#[derive(Debug, Clone)]
pub struct Route {
    pub name: Text,
    pub how: How,
    pub place: Place,
}

#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// One message by each.
    Each(Vec<ChannelId>),
    /// One message by the first that consent, contact and suppression allow.
    FirstReachable(Vec<ChannelId>),
    /// One message by the channel that she answers most, of those that reach her. In a route: of what the message has content for.
    Preferred(Vec<ChannelId>),
    /// One message by each that a list of the customer names.
    ThoseOf { channels: Vec<ChannelId>, field: FieldId },
}

impl How {
    /// Every channel that it may go by, as written.
    pub fn channels(&self) -> &[ChannelId] {
        match self {
            How::Each(channels) | How::FirstReachable(channels) | How::Preferred(channels) | How::ThoseOf { channels, .. } => channels,
        }
    }
}

#[derive(Debug, Clone)]
pub struct Message {
    pub name: Text,
    pub docs: Option<String>,
    pub params: Vec<(Text, Type)>,
    pub topic: TopicId,
    pub variants: Vec<Variant>,
    pub when_in_doubt: Option<WhenInDoubt>,
    /// `skip when`: the first that holds keeps it back.
    pub skip_when: Vec<SkipWhen>,
    /// Declared inside this journey.
    pub journey: Option<JourneyId>,
    pub place: Place,
}

/// A condition under which a message refuses to be sent, over its parameters, the customer and constants.
#[derive(Debug, Clone)]
pub struct SkipWhen {
    pub condition: Expr,
    pub reason: String,
    pub place: Place,
}

/// The content for one channel in one language.
#[derive(Debug, Clone)]
pub struct Variant {
    pub channel: ChannelId,
    /// `None` is what everybody else gets.
    pub language: Option<Text>,
    pub parts: Vec<(Text, Template)>,
    pub place: Place,
}

#[derive(Debug, Clone)]
pub struct Journey {
    pub name: Text,
    pub title: Option<String>,
    pub docs: Option<String>,
    pub place: Place,
    pub entries: Vec<Entry>,
    pub again: Again,
    pub key: RunKey,
    pub while_running: WhileRunning,
    pub accept_late: bool,
    pub goals: Vec<Goal>,
    pub exit_on: Vec<(Trigger, Place)>,
    pub exit_when: Vec<(Expr, Place)>,
    pub only_while: Vec<(Expr, Place)>,
    pub hold_out: BasisPoints,
    /// In the project's zone.
    pub runs_from: Option<NaiveDateTime>,
    pub runs_to: Option<NaiveDateTime>,
    pub priority: Priority,
    /// `when edited continue in the new version`
    pub continues: bool,
    pub quiet_hours: Vec<QuietHours>,
    pub caps: Vec<Cap>,
    pub entry_cap: Vec<EntryCap>,
    /// Parameters first (name, type), then every entry value that the journey reads, then the key.
    pub entry_fields: Vec<EntryField>,
    /// Number of parameters at the start of `entry_fields`.
    pub params: u16,
    /// `let`, `as`: names and types, by [`LocalId`].
    pub locals: Vec<(Text, Type)>,
    /// Every send of the journey, in source order.
    pub sends: Vec<SendInfo>,
    pub steps: Block,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EntryCap {
    pub count: u32,
    pub window: CapWindow,
    pub then: WaitOrSkip,
    pub place: Place,
}

#[derive(Debug, Clone)]
pub struct EntryField {
    pub name: Text,
    pub ty: Type,
    /// For each entry of the journey, the property of its event that gives the value; `None` where it has none.
    pub from: Vec<Option<u16>>,
}

#[derive(Debug, Clone)]
pub struct SendInfo {
    /// Its `as` name.
    pub name: Option<Text>,
    pub message: MessageId,
    pub place: Place,
}

#[derive(Debug, Clone)]
pub struct Entry {
    pub kind: EntryKind,
    /// Over the event as subject 0 for event entries, over roots otherwise.
    pub condition: Option<Expr>,
    pub place: Place,
}

#[derive(Debug, Clone)]
pub enum EntryKind {
    On(What),
    Moment(NaiveDateTime),
    Joins {
        segment: SegmentId,
        including: bool,
    },
    Leaves {
        segment: SegmentId,
        including: bool,
    },
    Every(crate::calendar::recurrence::Rule),
    /// `yearly 3 days before customer.birthday at 09:00`, `2 days after customer.trial_ends`
    Around {
        yearly: bool,
        field: FieldId,
        offset: Span,
        before: bool,
        at: Option<NaiveTime>,
        past: PastEntry,
    },
    Requested,
    /// An item of a catalog changes, over which the condition is.
    Changes {
        catalog: crate::schema::CatalogId,
        field: u16,
        test: crate::schema::ChangeTest,
        /// Over the item, too.
        than: Option<Expr>,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PastEntry {
    #[default]
    Skip,
    EnterNow,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Again {
    #[default]
    Never,
    Always,
    AfterEntry {
        ms: i64,
    },
    AfterEnd {
        ms: i64,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunKey {
    /// At most one run of a customer at a time.
    #[default]
    Customer,
    PerEvent,
    PerRequest,
    /// A position in `entry_fields`.
    Value(u16),
}

#[derive(Debug, Clone)]
pub struct Goal {
    pub what: What,
    pub key: KeyMatch,
    pub condition: Option<Expr>,
    /// Civil, from the run's begin.
    pub within: Span,
    pub then_exit: bool,
    pub place: Place,
}

pub type Block = Vec<Step>;

#[derive(Debug, Clone)]
pub struct Step {
    pub place: Place,
    /// Its first line, for people.
    pub head: Place,
    pub docs: Option<String>,
    pub kind: StepKind,
}

#[derive(Debug, Clone)]
pub enum StepKind {
    Wait(Wait),
    /// `wait up to`, short and long form, and `wait until MOMENT { … }`
    Await(Await),
    If {
        arms: Vec<(Expr, Block)>,
        otherwise: Block,
    },
    Let {
        local: LocalId,
        value: Expr,
    },
    /// `let x be V or exit if missing`
    LetOrExit {
        local: LocalId,
        value: Expr,
    },
    Split {
        unit: Option<Expr>,
        paths: Vec<SplitPath>,
        experiment: Option<Box<Experiment>>,
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
    /// Also `decrease`, with a negated value.
    Increase {
        field: FieldId,
        by: Expr,
    },
    Subscribe(TopicId),
    Unsubscribe(TopicId),
    UnsubscribeFromEverything,
    /// Of a double opt-in topic: what is pending holds from now on.
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
    /// By position in the event; `None` stays missing.
    Emit {
        event: crate::schema::EventId,
        fields: Vec<Option<Expr>>,
    },
    /// By position of the journey's parameters.
    Start {
        journey: JourneyId,
        args: Vec<Expr>,
    },
    /// By position of the hook's parameters; `bind` is its answer as a record.
    Call {
        hook: crate::schema::HookId,
        args: Vec<Expr>,
        bind: Option<LocalId>,
        otherwise: Block,
    },
    /// `bind` is the code, a text.
    Draw {
        pool: crate::schema::PoolId,
        bind: Option<LocalId>,
        otherwise: Block,
    },
    Repeat {
        times: u32,
        block: Block,
    },
    /// At most that many rounds; the list is the one of when it begins.
    ForEach {
        item: LocalId,
        list: Expr,
        most: u32,
        block: Block,
    },
    Collect(Collect),
    Break,
    Exit {
        reason: Option<String>,
    },
}

#[derive(Debug, Clone)]
pub struct Collect {
    pub trigger: Trigger,
    pub until: Until,
    /// What began the run, where it is the first one.
    pub first: Option<Expr>,
    /// The list, and how many there were.
    pub list: LocalId,
    pub count: LocalId,
}

#[derive(Debug, Clone)]
pub struct Score {
    pub name: Text,
    pub title: Option<String>,
    pub start: Decimal,
    pub rules: Vec<ScoreRule>,
    /// Exact; `None` where it does not fade.
    pub halve_ms: Option<i64>,
    pub place: Place,
}

/// What gives or takes points.
#[derive(Debug, Clone)]
pub struct ScoreRule {
    pub what: What,
    /// Over the event as subject 0.
    pub condition: Option<Expr>,
    /// Negative where they are taken.
    pub points: Decimal,
}

#[derive(Debug, Clone)]
pub struct Wait {
    pub until: Until,
    pub if_past: PastBehaviour,
    pub if_missing: PastBehaviour,
    /// The steps that `or skip if …` skips; empty otherwise.
    pub skipped: Block,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PastBehaviour {
    /// Nothing is written: it cannot happen, or (a recomputed moment) it goes on at once.
    #[default]
    Continue,
    Exit,
    /// Skip the block that follows.
    Skip,
}

impl From<PastRule> for PastBehaviour {
    fn from(rule: PastRule) -> PastBehaviour {
        match rule {
            PastRule::Exit => PastBehaviour::Exit,
            PastRule::Continue => PastBehaviour::Continue,
        }
    }
}

#[derive(Debug, Clone)]
pub struct Await {
    pub deadline: Until,
    pub if_past: PastBehaviour,
    pub if_missing: PastBehaviour,
    /// `wait the full D, then first listed of`
    pub full: bool,
    pub arms: Vec<Arm>,
    pub otherwise: Block,
}

#[derive(Debug, Clone)]
pub struct Arm {
    pub kind: ArmKind,
    pub block: Block,
    pub place: Place,
}

#[derive(Debug, Clone)]
pub enum ArmKind {
    /// `as x`: the event as a record, its own fields in order.
    On {
        trigger: Trigger,
        bind: Option<LocalId>,
    },
    When(Expr),
}

/// A split that learns which of its paths is the best.
#[derive(Debug, Clone)]
pub struct Experiment {
    pub name: Text,
    pub measure: Trigger,
    /// Civil, from when the customer came to the experiment.
    pub within: Span,
    /// Position of the path that the others are compared with.
    pub control: Option<u16>,
    pub rule: ExperimentRule,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExperimentRule {
    /// The shares stay as written.
    Fixed,
    /// Everybody gets the best one as soon as it is known that surely, and not before that many customers are measured in each.
    Winner { sure: BasisPoints, each: u32 },
    /// The better a variant does, the larger its share.
    Adaptive,
}

#[derive(Debug, Clone)]
pub struct SplitPath {
    pub name: Text,
    pub share: BasisPoints,
    pub block: Block,
    pub place: Place,
}

#[derive(Debug, Clone)]
pub struct Send {
    pub id: SendId,
    pub message: MessageId,
    /// By position of the message's parameters.
    pub args: Vec<Expr>,
    pub to: Recipient,
    /// Another customer, of her own right.
    pub other: Option<Expr>,
    pub without_waiting: bool,
    pub ignoring_quiet_hours: bool,
    pub or_exit_if_not_sent: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Recipient {
    /// The customer of the run; the route is only a name for reports.
    Customer {
        how: How,
        route: Option<RouteId>,
    },
    Team(TeamId),
}

#[derive(Debug, Clone)]
pub struct Scenario {
    pub title: String,
    pub journey: JourneyId,
    pub lines: Vec<Scene>,
    pub place: Place,
}

#[derive(Debug, Clone)]
pub struct Scene {
    pub place: Place,
    pub kind: SceneKind,
}

#[derive(Debug, Clone)]
pub enum SceneKind {
    /// In the project's zone, as every moment of a scenario.
    Starting(NaiveDateTime),
    GivenHas {
        count: u32,
        what: What,
        ago: Span,
        fields: Vec<Value>,
    },
    GivenSubscribed(TopicId),
    /// Of another customer.
    GivenOther {
        who: Text,
        fields: Vec<(FieldId, Value)>,
        topic: Option<TopicId>,
    },
    GivenCustomer(Vec<(FieldId, Value)>),
    GivenItem(ItemChange),
    /// A code that the pool holds; without one, that it is empty but for those of other lines.
    GivenCode {
        pool: crate::schema::PoolId,
        code: Option<Text>,
    },
    At {
        moment: NaiveDateTime,
        happens: Happens,
    },
    /// After the line above.
    After {
        delay: Span,
        happens: Happens,
    },
    /// The name of a path, or `hold out`.
    Choosing(Text),
    InTheRunOf {
        key: Value,
        lines: Vec<Scene>,
    },
    Expect(Expect),
}

/// What becomes of an item of a catalog.
#[derive(Debug, Clone)]
pub struct ItemChange {
    pub catalog: crate::schema::CatalogId,
    pub key: Text,
    /// Fields with their new values, by position; `None`: the item is gone.
    pub fields: Option<Vec<(u16, Value)>>,
}

#[derive(Debug, Clone)]
pub enum Happens {
    /// Properties by position; what is not given takes its default or is missing.
    Event {
        event: crate::schema::EventId,
        fields: Vec<Value>,
    },
    SubscribedTo(TopicId),
    UnsubscribedFrom(TopicId),
    List {
        list: ListId,
        joins: bool,
    },
    Report {
        verb: crate::schema::MessageVerb,
        message: MessageId,
        by_machine: bool,
    },
    HardBounce(MessageId),
    Customer(Vec<(FieldId, Value)>),
    Item(ItemChange),
    Requested(Vec<Value>),
    Refuse {
        message: MessageId,
        by: ChannelId,
    },
    /// By position in the hook's answers.
    Answers {
        hook: crate::schema::HookId,
        fields: Vec<Value>,
    },
}

#[derive(Debug, Clone)]
pub enum Expect {
    NoMessages,
    Messages(u32),
    NoMessage {
        message: MessageId,
        by: Option<ChannelId>,
        because: Option<Text>,
    },
    NotEntered {
        because: Option<Text>,
    },
    Message {
        message: MessageId,
        by: Option<ChannelId>,
        when: Option<ExpectWhen>,
        containing: Option<String>,
    },
    Exit {
        cause: Option<ExpectExit>,
        after: Option<Span>,
    },
    /// The text of the line it waits at, or part of it.
    WaitingAt(String),
    /// Judged where the line stands; `entry` is that of the run.
    Condition(Expr),
}

#[derive(Debug, Clone)]
pub enum ExpectWhen {
    At(NaiveDateTime),
    Within(Span),
    After(Span),
}

#[derive(Debug, Clone)]
pub enum ExpectExit {
    On(What),
    When,
    Reason(String),
}
