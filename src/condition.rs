//! Typed conditions and values: names resolved, types fitting, nothing missing any more.
//!
//! Made by the checker, numbered by the plan (trackers), evaluated by the engine, also inside templates. One shape for all four, so that
//! what was checked is what runs. **Invariant:** two-valued: a comparison with a missing value is false. Evaluation needs no types.

pub mod walk;
pub mod watch;

use crate::calendar::Span;
use crate::schema::{
    CatalogId, ChannelId, EventId, FieldId, JourneyId, ListId, LocalId, MessageId, MessageVerb, ScoreId, SegmentId, SendId, StageId,
    TopicId, TrackerId,
};
use crate::value::{Text, Value};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Expr {
    Const(Value),
    Now,
    Today,
    CustomerId,
    Customer(FieldId),
    /// A score, as it is worth now.
    Score(ScoreId),
    /// When the run was entered.
    EntryAt,
    /// The local date of a date entry.
    EntryDate,
    /// A value of `plan::Journey::entry_fields`.
    Entry(u16),
    Local(LocalId),
    /// A parameter of the message that is rendered.
    Param(u16),
    /// A property of the subject of a `where`: 0 is the nearest one, 1 the one around it.
    Subject {
        depth: u8,
        field: u16,
    },
    /// The subject itself: `it`, an element of a list.
    It {
        depth: u8,
    },
    /// A field of a record.
    Field(Box<Expr>, u16),
    List(Vec<Expr>),
    Record(Vec<Expr>),
    And(Vec<Expr>),
    Or(Vec<Expr>),
    Not(Box<Expr>),
    IsMissing(Box<Expr>),
    Compare {
        op: Comparison,
        left: Box<Expr>,
        right: Box<Expr>,
        ignoring_case: bool,
    },
    /// The left value is an element of the right list.
    In {
        item: Box<Expr>,
        list: Box<Expr>,
        ignoring_case: bool,
    },
    /// Also `contains` of a text.
    Text {
        op: TextOp,
        left: Box<Expr>,
        right: Box<Expr>,
        ignoring_case: bool,
    },
    Matches {
        value: Box<Expr>,
        pattern: Pattern,
    },
    /// What the operands are (numbers, money, durations, moments, dates) decides what it does.
    Arithmetic {
        op: Arithmetic,
        left: Box<Expr>,
        right: Box<Expr>,
    },
    Negate(Box<Expr>),
    /// Functions over a list value.
    ListFn {
        function: ListFn,
        list: Box<Expr>,
        condition: Option<Box<Expr>>,
    },
    History(Box<History>),
    Messages(Box<MessageHistory>),
    /// `page is clicked by push`
    SendState {
        send: SendId,
        verb: MessageVerb,
        by: Option<ChannelId>,
    },
    InSegment(SegmentId),
    InJourney(JourneyId),
    /// In the run of a keyed journey that has this key.
    InJourneyFor {
        journey: JourneyId,
        key: Box<Expr>,
    },
    /// Only in the hidden segment of a list: everything else asks that segment.
    OnList(ListId),
    /// Only in the hidden segment of a stage.
    AtStage(StageId),
    SubscribedTo(TopicId),
    ReachableBy(ChannelId),
    /// The item of a catalog with this key: the key itself, missing where there is no such item now.
    Item {
        catalog: CatalogId,
        key: Box<Expr>,
    },
    /// A field of the item that a value refers to, as it is now.
    ItemField {
        catalog: CatalogId,
        item: Box<Expr>,
        field: u16,
    },
    /// The keys of the items that meet the condition (over the item as subject), the largest first; equal ones by key.
    Top {
        catalog: CatalogId,
        count: u16,
        condition: Option<Box<Expr>>,
        /// By position; without it items are ranked by key, the first one first.
        by: Option<u16>,
    },
    /// First choice whose condition holds, else the last.
    Choice {
        choices: Vec<(Expr, Expr)>,
        otherwise: Box<Expr>,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Comparison {
    Is,
    /// Exactly `not (x is y)`: true where one of them is missing.
    IsNot,
    Less,
    AtMost,
    Greater,
    AtLeast,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TextOp {
    Contains,
    StartsWith,
    EndsWith,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Arithmetic {
    Plus,
    Minus,
    Times,
    Divide,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ListFn {
    Count,
    Sum,
    Average,
    Smallest,
    Largest,
    First,
    Last,
    MostFrequent,
    /// With a condition over `it` or the element's fields.
    Any,
    None,
}

/// A regular expression, compiled once when it is made or read; equality and encoding are its text.
#[derive(Debug, Clone)]
pub struct Pattern {
    pub source: String,
    pub regex: regex::Regex,
}

impl Pattern {
    /// Compiled size at most 256 KiB; linear time by construction.
    pub fn new(source: &str) -> Result<Pattern, regex::Error> {
        let regex = regex::RegexBuilder::new(source).size_limit(256 * 1024).build()?;
        Ok(Pattern { source: source.to_owned(), regex })
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Pattern) -> bool {
        self.source == other.source
    }
}

impl Serialize for Pattern {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&self.source)
    }
}

impl<'de> Deserialize<'de> for Pattern {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Pattern, D::Error> {
        let source = String::deserialize(from)?;
        Pattern::new(&source).map_err(serde::de::Error::custom)
    }
}

/// Something that happened to this customer, other than a message: a declared event, or a change of consent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Happening {
    Event(EventId),
    SubscribedTo(TopicId),
    UnsubscribedFrom(TopicId),
}

/// What a customer did, looked at through a window: `has at least 2 order_completed in the last 30 days where (…)`,
/// `sum of order_completed.total since entry`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct History {
    pub of: Happening,
    pub function: HistoryFn,
    pub window: Window,
    /// Over the event as subject 0. The plan moves it into the tracker where it asks nothing but the event itself.
    pub condition: Option<Expr>,
    /// Given by the plan.
    pub tracker: TrackerId,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HistoryFn {
    /// A truth.
    Has(CountTest),
    Count,
    /// Of a property, by position in the event.
    Sum(u16),
    Average(u16),
    Smallest(u16),
    Largest(u16),
    MostFrequent(u16),
    /// The property of the earliest event by own time.
    Earliest(u16),
    Latest(u16),
    /// The own time itself (`earliest of E.at`).
    EarliestAt,
    LatestAt,
    TimeSinceLatest,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CountTest {
    AtLeast(u32),
    AtMost(u32),
    Exactly(u32),
}

impl CountTest {
    pub fn holds(self, count: u64) -> bool {
        match self {
            CountTest::AtLeast(n) => count >= u64::from(n),
            CountTest::AtMost(n) => count <= u64::from(n),
            CountTest::Exactly(n) => count == u64::from(n),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Window {
    Ever,
    /// `(now - D, now]`, exact.
    Last {
        ms: i64,
    },
    /// `in the 7 days before PATH`: `[moment - D, moment)`, the moment itself out.
    Before {
        ms: i64,
        moment: Box<Expr>,
    },
    /// From that moment on, the moment included.
    Since(Box<Expr>),
    /// After the run's begin, what began the run left out.
    SinceEntry,
}

/// `has clicked reminder in the last 7 days`, `has received at least 2 messages about T by C`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MessageHistory {
    pub verb: MessageVerb,
    pub which: WhichMessage,
    pub by: Option<ChannelId>,
    pub count: CountTest,
    pub window: Window,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WhichMessage {
    Any,
    About(TopicId),
    Message(MessageId),
    /// A send of the same journey that has a name.
    Send(SendId),
}

/// An event that a trigger waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    Happened(Happening),
    Message { verb: MessageVerb, which: WhichMessage, by: Option<ChannelId> },
}

/// How a trigger of a keyed journey finds its run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyMatch {
    /// The journey has no key, or the event is a message's.
    NotKeyed,
    /// The event's property equals the entry's value of the same name (`plan::Journey::entry_fields`).
    Same {
        property: u16,
        entry: u16,
    },
    Any,
}

/// `A for the same k or B since entry where …`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Trigger {
    pub targets: Vec<(What, KeyMatch)>,
    pub since: Option<Since>,
    /// Over the event as subject 0. With several targets, field positions are per target: one condition for each, in order.
    pub conditions: Vec<Option<Expr>>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Since {
    /// What came earlier in the run counts too.
    Entry,
    Moment(Box<Expr>),
}

/// When a wait ends, as written; kept in the run's row beside the instant that it means.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Until {
    /// `wait 2 days`
    After(Span),
    /// `wait 2 days, until 10:00`: after it, the next 10:00 (at exactly 10:00 at once).
    AfterUntil(Span, chrono::NaiveTime),
    /// The next time of day; at exactly that time at once.
    Time(chrono::NaiveTime),
    /// The next of these weekdays (bit 0 = monday) at a time.
    Weekday { days: u8, at: chrono::NaiveTime },
    /// A written moment, in the customer's zone.
    Moment(chrono::NaiveDateTime),
    /// A date or moment, some way before or after it, at a time of day. `value` is a date or a datetime, may be missing.
    Around { value: Box<Expr>, offset: Span, before: bool, at: Option<chrono::NaiveTime> },
    /// `it is 09:00 to 18:00 on weekdays`: at once inside.
    Window { from: chrono::NaiveTime, to: chrono::NaiveTime, days: u8 },
    /// When she answers most within that time, on these channels (all where none is named).
    BestTime { within: Span, channels: Vec<ChannelId> },
    /// As long as a value says, at most that long; the whole of it where the value is missing.
    Lasting { value: Box<Expr>, most: Span },
}

/// Where a binding's value comes from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Named {
    pub name: Text,
    pub value: Expr,
}
