//! What a project declares, numbered: customer fields, events, topics, channels, teams.
//!
//! Made by the checker, stored in the plan, read by engine, drivers and importers alike. **Invariant:** ids are positions in the
//! vectors of one [`Schema`]; names are unique within their kind.

use crate::value::{Decimal, Text, Type, Value};

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident)*) => { $(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, serde::Serialize, serde::Deserialize)]
        pub struct $name(pub u16);
        impl $name {
            pub fn index(self) -> usize {
                usize::from(self.0)
            }
        }
    )* };
}

ids! {
    /// A field of the customer.
    FieldId
    /// A declared event.
    EventId
    TopicId
    ChannelId
    TeamId
    /// A list of customers that people and steps keep.
    ListId
    /// A group of customers at an advertising network.
    AudienceId
    /// By position in `stages { … }`.
    StageId
    /// A question to a service of the house.
    HookId
    /// A pool of codes, each of which is given once.
    PoolId
    /// Points that grow with what a customer does and fade with time.
    ScoreId
    SegmentId
    CatalogId
    RouteId
    MessageId
    JourneyId
    /// A condition's window over one event's history; shared by equal ones.
    TrackerId
    /// A send step of a journey, by its position in `plan::Journey::sends`.
    SendId
    /// A value that a run holds: `let`, `as`.
    LocalId
    /// A step, by its position in `plan::Journey::steps`.
    StepIx
}

#[derive(Debug, Clone, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Schema {
    pub customer: Vec<Field>,
    pub events: Vec<Event>,
    pub topics: Vec<Topic>,
    pub channels: Vec<Channel>,
    pub teams: Vec<Team>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub surveys: Vec<Survey>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lists: Vec<List>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub audiences: Vec<Named>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hooks: Vec<Hook>,
    /// Their codes are kept where they were bought or made, and are no part of a plan.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pools: Vec<Named>,
    /// What their points are is the plan's.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scores: Vec<Named>,
    /// In source order: the last one whose condition holds is the customer's.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stages: Vec<Stage>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub catalogs: Vec<Catalog>,
    /// Positions of the customer's `timezone` and `language` fields: the first of that type.
    pub timezone: Option<FieldId>,
    pub language: Option<FieldId>,
}

impl Schema {
    pub fn event(&self, name: &str) -> Option<EventId> {
        self.events.iter().position(|event| event.name == name).map(|at| EventId(at as u16))
    }

    /// By the name on the wire.
    pub fn event_by_wire(&self, wire: &str) -> Option<EventId> {
        self.events.iter().position(|event| event.wire == wire).map(|at| EventId(at as u16))
    }

    pub fn field(&self, name: &str) -> Option<FieldId> {
        self.customer.iter().position(|field| field.name == name).map(|at| FieldId(at as u16))
    }

    pub fn topic(&self, name: &str) -> Option<TopicId> {
        self.topics.iter().position(|topic| topic.name == name).map(|at| TopicId(at as u16))
    }

    pub fn catalog(&self, name: &str) -> Option<CatalogId> {
        self.catalogs.iter().position(|catalog| catalog.name == name).map(|at| CatalogId(at as u16))
    }

    pub fn channel(&self, name: &str) -> Option<ChannelId> {
        self.channels.iter().position(|channel| channel.name == name).map(|at| ChannelId(at as u16))
    }
}

#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Field {
    pub name: Text,
    /// The name on the wire; the name itself where none is written.
    pub wire: Text,
    pub ty: Type,
    /// Used where a customer or an event comes without it.
    #[serde(default, skip_serializing_if = "Value::is_missing")]
    pub default: Value,
}

#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Event {
    pub name: Text,
    pub wire: Text,
    pub fields: Vec<Field>,
}

impl Event {
    pub fn field(&self, name: &str) -> Option<u16> {
        self.fields.iter().position(|field| field.name == name).map(|at| at as u16)
    }
}

/// Questions that a message carries. The answers arrive as an event of their own, one field for each question.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Survey {
    pub name: Text,
    pub title: Option<String>,
    pub event: EventId,
    /// By position in the event.
    pub questions: Vec<Question>,
}

#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Question {
    /// As the customer reads it.
    pub text: String,
    /// The least and the most that can be answered, both included.
    pub range: Option<(Decimal, Decimal)>,
}

/// A question to a service of the house, with an answer of declared types.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Hook {
    pub name: Text,
    pub params: Vec<(Text, Type)>,
    pub url: Text,
    /// How long an answer is waited for, ms.
    pub timeout_ms: i64,
    /// Empty: that it answers at all is all that counts.
    pub answers: Vec<Field>,
}

/// Items that all customers share: products, articles, shops.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Catalog {
    pub name: Text,
    pub title: Option<String>,
    /// What an item's key is called: a text, beside the fields.
    pub key: Text,
    pub fields: Vec<Field>,
}

impl Catalog {
    pub fn field(&self, name: &str) -> Option<u16> {
        self.fields.iter().position(|field| field.name == name).map(|at| at as u16)
    }
}

#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Topic {
    pub name: Text,
    pub title: Option<String>,
    pub kind: TopicKind,
}

#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TopicKind {
    /// Only who subscribed.
    OptIn,
    DoubleOptIn,
    /// Everybody who did not unsubscribe.
    OptOut,
    OnRequest,
    /// No consent needed, never capped or held out; with the reason why it is allowed.
    Transactional(String),
}

impl Topic {
    pub fn is_transactional(&self) -> bool {
        matches!(self.kind, TopicKind::Transactional(_))
    }
}

/// A channel that some message of the project has content for, or that the project declares.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Channel {
    pub name: Text,
    pub kind: ChannelKind,
    /// The contact field; `None` reaches `customer.id`, and for channels that nothing sends by.
    pub contact: Option<FieldId>,
    /// What a message for a custom channel is made of.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub payload: Vec<Field>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChannelKind {
    Email,
    Sms,
    Push,
    Line,
    Whatsapp,
    Web,
    Inbox,
    Webhook,
    Print,
    /// Messages to a team of ours.
    Task,
    /// Declared by the project, with a payload of its own.
    Custom,
}

impl ChannelKind {
    /// Web and inbox wait for the customer to come: quiet hours do not apply.
    pub fn knows_quiet_hours(self) -> bool {
        !matches!(
            self,
            ChannelKind::Web | ChannelKind::Inbox | ChannelKind::Webhook | ChannelKind::Task | ChannelKind::Print | ChannelKind::Custom
        )
    }
}

#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Team {
    pub name: Text,
    pub title: Option<String>,
}

/// Something with a name, and words for people.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Named {
    pub name: Text,
    pub title: Option<String>,
}

#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct List {
    pub name: Text,
    pub title: Option<String>,
    /// The hidden segment of its members.
    pub segment: SegmentId,
}

#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Stage {
    pub name: Text,
    pub title: Option<String>,
    /// The hidden segment of those for whom its `when` holds; `None` for `otherwise`.
    pub test: Option<SegmentId>,
    /// The hidden segment of those who are in it.
    pub segment: SegmentId,
}

/// What a segment is: most are written as such; the others make lists and stages ask, join and wake like any segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SegmentRole {
    #[default]
    Written,
    /// The members of a list.
    List(ListId),
    /// For whom a stage's condition holds.
    StageTest(StageId),
    /// Who is in a stage.
    Stage(StageId),
}

impl SegmentRole {
    pub fn is_written(&self) -> bool {
        *self == SegmentRole::Written
    }
}

// ---------------------------------------------------------------- words that mean the same in every room

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WaitOrSkip {
    Wait,
    Skip,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Priority {
    High,
    #[default]
    Normal,
    Low,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WhenInDoubt {
    Skip,
    Repeat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WhileRunning {
    #[default]
    Ignore,
    Restart,
    UpdateEntry,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MessageVerb {
    Sent,
    Received,
    Seen,
    Opened,
    Clicked,
    Bounced,
    RepliedTo,
    Delivered,
    Complained,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PastRule {
    Exit,
    Continue,
}

/// How a field of a catalog's item changes: `rises above 0`, `drops by 100 THB`, `drops by 10%`, `drops`, `changes`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeTest {
    RisesAbove,
    DropsBelow,
    RisesBy,
    DropsBy,
    Changes,
    /// At all.
    Rises,
    Drops,
    /// By so many percent of what it was.
    RisesByShare,
    DropsByShare,
}

impl MessageVerb {
    /// As it is written: `replied to`.
    pub fn words(self) -> &'static str {
        match self {
            MessageVerb::Sent => "sent",
            MessageVerb::Received => "received",
            MessageVerb::Seen => "seen",
            MessageVerb::Opened => "opened",
            MessageVerb::Clicked => "clicked",
            MessageVerb::Bounced => "bounced",
            MessageVerb::RepliedTo => "replied to",
            MessageVerb::Delivered => "delivered",
            MessageVerb::Complained => "complained",
        }
    }
}

// ---------------------------------------------------------------- words for reasons, as scenarios and reports write them

/// Why a message was not sent: `expect no message M because no_consent`. Closed; the engine's decisions are written with these.
pub const NOT_SENT: &[&str] = &[
    "no_consent",
    "suppressed",
    "no_contact",
    "invalid_contact",
    "capped",
    "quiet_hours",
    "not_for_her",
    "refused",
    "content_limit",
    "item_gone",
    "paused",
    "expired",
    "run_ended",
    "held_out",
    "cancelled",
    "failed",
    "unknown",
];

/// Why no run began: `expect not entered because already_running`. Closed, as above.
pub const NOT_ENTERED: &[&str] = &[
    "condition",
    "already_running",
    "entered_before",
    "too_soon",
    "no_key",
    "too_late",
    "already_over",
    "not_for_her",
    "outside_period",
    "capped",
    "past",
    "too_many_runs",
];
