//! The shape of a file: declarations, clauses, steps and conditions with their places, nothing resolved.
//!
//! In: a lossless tree ([`crate::syntax`]). Out: [`File`]. **Invariant:** lowering never fails and says nothing; a part that is missing
//! or broken is `None` (or [`ExprKind::Broken`]), and somebody has already reported it. Names are NFC.
//! What the design has and this version cannot do yet is a `NotYet` node with its keyword: the checker says so.

mod lower;

pub use lower::lower;

use crate::calendar::Span as Duration;
pub use crate::schema::{MessageVerb, PastRule, Priority, WaitOrSkip, WhenInDoubt, WhileRunning};
use crate::source::{FileId, Place};
use crate::value::{Currency, Decimal, Text};
use chrono::{NaiveDate, NaiveDateTime, NaiveTime};

/// A name as written, without backticks, in NFC.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Name {
    pub text: Text,
    pub place: Place,
    /// Written in backticks: never a taken word.
    pub quoted: bool,
}

/// Something with the place it was written at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spanned<T> {
    pub value: T,
    pub place: Place,
}

/// A text literal, escapes resolved, with its place (quotes included). `content` is the place between the quotes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextLit {
    pub text: String,
    pub place: Place,
    pub content: Place,
    /// `"""…"""`: common indent removed.
    pub long: bool,
    /// For each removed or shortened stretch: (offset in `text`, offset in the file) pairs, ascending, so that a place in the text can
    /// be found in the file. Starts with (0, start of content).
    pub map: Vec<(u32, u32)>,
}

/// `## …` lines above something.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Docs {
    pub text: Option<String>,
    pub allow: Vec<Allow>,
}

/// `## allow CODE: why`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allow {
    pub code: Text,
    pub why: Option<String>,
    pub place: Place,
}

#[derive(Debug, Clone, Default)]
pub struct File {
    pub file: FileId,
    pub decls: Vec<Decl>,
}

#[derive(Debug, Clone)]
pub struct Decl {
    pub docs: Docs,
    /// The whole declaration.
    pub place: Place,
    /// The leading keyword.
    pub keyword: Place,
    pub kind: DeclKind,
}

#[derive(Debug, Clone)]
pub enum DeclKind {
    Customer {
        fields: Vec<Field>,
    },
    Event {
        name: Option<Name>,
        wire: Option<TextLit>,
        fields: Vec<Field>,
    },
    Topic {
        name: Option<Name>,
        title: Option<TextLit>,
        kind: Option<TopicKind>,
        kind_place: Option<Place>,
    },
    Team {
        name: Option<Name>,
        title: Option<TextLit>,
    },
    Segment {
        name: Option<Name>,
        title: Option<TextLit>,
        condition: Option<Expr>,
    },
    Policy {
        rules: Vec<PolicyRule>,
    },
    Route {
        name: Option<Name>,
        how: Option<How>,
    },
    /// `channel sms reaches customer.phone`
    Channel {
        name: Option<Name>,
        reaches: Option<PathRef>,
    },
    Const {
        name: Option<Name>,
        value: Option<Expr>,
    },
    Message(Message),
    Journey(Journey),
    Scenario(Scenario),
    /// A declaration of the design that is not available yet: `catalog`, `stages`, `survey` …, with its name.
    NotYet {
        what: &'static str,
        name: Option<Name>,
    },
}

#[derive(Debug, Clone)]
pub struct Field {
    pub docs: Docs,
    pub name: Name,
    pub wire: Option<TextLit>,
    pub ty: Option<TypeRef>,
    pub default: Option<Expr>,
    pub place: Place,
}

#[derive(Debug, Clone)]
pub struct TypeRef {
    pub kind: TypeRefKind,
    pub optional: bool,
    pub place: Place,
}

#[derive(Debug, Clone)]
pub enum TypeRefKind {
    /// `text`, `number`, an event's name …
    Named(Name),
    Money(Option<Spanned<Currency>>),
    OneOf(Vec<TextLit>),
    List(Option<Box<TypeRef>>),
    Record(Vec<Field>),
}

/// `customer.trial_ends`, `entry.at`
#[derive(Debug, Clone)]
pub struct PathRef {
    pub parts: Vec<Name>,
    pub place: Place,
}

#[derive(Debug, Clone)]
pub enum TopicKind {
    OptIn,
    DoubleOptIn,
    OptOut,
    OnRequest,
    Transactional(Option<TextLit>),
}

#[derive(Debug, Clone)]
pub struct QuietHours {
    pub from: Option<Spanned<NaiveTime>>,
    pub to: Option<Spanned<NaiveTime>>,
    pub channels: Vec<Name>,
    pub then: Option<WaitOrSkip>,
    pub place: Place,
}

/// `at most 4 messages in 7 days by sms then skip`
#[derive(Debug, Clone)]
pub struct AtMost {
    pub count: Option<Spanned<Decimal>>,
    pub of: CapOf,
    pub window: Option<CapWindow>,
    pub from_this_journey: bool,
    pub about: Option<Name>,
    pub by: Vec<Name>,
    pub then: Option<CapThen>,
    /// `, keep 1 for high priority`
    pub keep: Option<(Spanned<Decimal>, Option<Priority>)>,
    pub place: Place,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CapOf {
    Messages,
    Entries,
}

#[derive(Debug, Clone)]
pub enum CapWindow {
    Rolling(Spanned<Duration>),
    CalendarDay,
}

#[derive(Debug, Clone)]
pub enum CapThen {
    Skip,
    /// `wait`, `wait up to D`
    Wait(Option<Spanned<Duration>>),
    Exit,
}

#[derive(Debug, Clone)]
pub enum PolicyRule {
    Timezone(Option<TextLit>, Place),
    QuietHours(QuietHours),
    AtMost(AtMost),
    /// Per cent, 0–100.
    HoldOut(Option<Spanned<Decimal>>, Place),
}

#[derive(Debug, Clone)]
pub struct Param {
    pub name: Name,
    pub ty: Option<TypeRef>,
    pub place: Place,
}

#[derive(Debug, Clone)]
pub struct Message {
    pub docs: Docs,
    pub name: Option<Name>,
    pub params: Vec<Param>,
    pub about: Option<Name>,
    pub contents: Vec<Content>,
    pub place: Place,
}

#[derive(Debug, Clone)]
pub enum Content {
    Channel(Box<ChannelContent>),
    WhenInDoubt(Option<WhenInDoubt>, Place),
    NotYet { what: &'static str, place: Place },
}

/// `email in "en" { subject "…" }`, `line "…"`
#[derive(Debug, Clone)]
pub struct ChannelContent {
    pub docs: Docs,
    pub channel: Name,
    pub language: Option<TextLit>,
    pub body: ContentBody,
    pub place: Place,
}

#[derive(Debug, Clone)]
pub enum ContentBody {
    Text(TextLit),
    Parts(Vec<Part>),
    Missing,
}

/// `subject "…"`, `mjml file "…"`, `reply to "…"` (its name is `reply to`)
#[derive(Debug, Clone)]
pub struct Part {
    pub name: Name,
    /// `file "…"`
    pub file: bool,
    /// For `file`, the text literal of the path.
    pub value: Option<Expr>,
    pub place: Place,
}

/// How a send finds its channel.
#[derive(Debug, Clone)]
pub enum How {
    /// `by email`, `by email and push`; also a route's name alone.
    Channels(Vec<Name>),
    FirstReachable(Vec<Name>),
    NotYet {
        what: &'static str,
        place: Place,
    },
}

#[derive(Debug, Clone)]
pub struct Journey {
    pub docs: Docs,
    pub name: Option<Name>,
    pub title: Option<TextLit>,
    pub params: Vec<Param>,
    /// In source order; the checker wants clauses before steps.
    pub items: Vec<JourneyItem>,
    pub place: Place,
}

#[derive(Debug, Clone)]
pub enum JourneyItem {
    Clause(Clause),
    Step(Step),
    Message(Message),
}

#[derive(Debug, Clone)]
pub struct Clause {
    pub docs: Docs,
    pub place: Place,
    pub kind: ClauseKind,
}

#[derive(Debug, Clone)]
pub enum ClauseKind {
    Enter(Enter),
    EnterAgain(Option<EnterAgain>),
    OneRunPer(Option<OneRunPer>),
    WhileRunning(Option<WhileRunning>),
    AcceptLate,
    Goal(Goal),
    ExitOn(Option<Trigger>),
    ExitWhen(Option<Expr>),
    OnlyWhile(Option<Expr>),
    HoldOut(Option<Spanned<Decimal>>),
    RunsFrom {
        from: Option<MomentLit>,
        to: Option<MomentLit>,
    },
    Priority(Option<Priority>),
    QuietHours(QuietHours),
    AtMost(AtMost),
    /// `when edited …`; only its default can be written yet.
    WhenEdited {
        continue_in_new: bool,
    },
    NotYet {
        what: &'static str,
    },
}

#[derive(Debug, Clone)]
pub struct Enter {
    pub entry: Option<Entry>,
    pub if_past: Option<IfPast>,
    pub condition: Option<Expr>,
    pub bind: Option<Name>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IfPast {
    EnterNow,
    Skip,
}

#[derive(Debug, Clone)]
pub enum Entry {
    /// `on EVENT`, `on subscribed to T`, `on clicked M`
    On(Target),
    /// `on 2026-11-27 10:00`
    OnMoment(MomentLit),
    JoinsSegment {
        segment: Option<Name>,
        including: bool,
    },
    LeavesSegment {
        segment: Option<Name>,
        including: bool,
    },
    Every(Every),
    /// `3 days before customer.birthday at 09:00`; yearly or once
    Around {
        yearly: bool,
        offset: Option<Spanned<Duration>>,
        before: bool,
        path: Option<PathRef>,
        at: Option<Spanned<NaiveTime>>,
    },
    WhenRequested,
    NotYet {
        what: &'static str,
    },
}

/// `every 2 weeks on monday at 09:00`
#[derive(Debug, Clone)]
pub struct Every {
    pub step: Option<EveryStep>,
    pub on: Option<EveryOn>,
    pub at: Option<Spanned<NaiveTime>>,
    pub place: Place,
}

#[derive(Debug, Clone)]
pub enum EveryStep {
    /// `every 2 weeks`; `every month` is one month.
    Units {
        count: u32,
        unit: Unit,
    },
    Days(Vec<Spanned<DayWord>>),
}

#[derive(Debug, Clone)]
pub enum EveryOn {
    DayOfMonth(Spanned<Decimal>),
    First(Vec<Spanned<DayWord>>),
    Last(Vec<Spanned<DayWord>>),
    Days(Vec<Spanned<DayWord>>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DayWord {
    /// 0 = monday … 6 = sunday
    Day(u8),
    Weekday,
    Weekend,
    /// `every day`, `every week`, `every month`, `every year`
    Unit(Unit),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Unit {
    Second,
    Minute,
    Hour,
    Day,
    Week,
    Month,
    Year,
}

#[derive(Debug, Clone)]
pub enum EnterAgain {
    Never,
    Always,
    AfterEntry(Spanned<Duration>),
    AfterEnd(Spanned<Duration>),
}

#[derive(Debug, Clone)]
pub enum OneRunPer {
    Event,
    Request,
    Key(Name),
}

#[derive(Debug, Clone)]
pub struct Goal {
    pub target: Option<Target>,
    pub within: Option<Spanned<Duration>>,
    pub for_key: Option<ForKey>,
    pub condition: Option<Expr>,
    pub then_exit: bool,
    pub place: Place,
}

/// A date or a date with a clock time, in the zone of whoever it is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MomentLit {
    pub value: NaiveDateTime,
    /// Only a date was written.
    pub date_only: bool,
    pub place: Place,
}

// ---------------------------------------------------------------- what happened

#[derive(Debug, Clone)]
pub struct Target {
    pub kind: TargetKind,
    pub place: Place,
}

#[derive(Debug, Clone)]
pub enum TargetKind {
    /// An event by name, also a name that does not exist.
    Event(Name),
    /// `clicked reminder`, `received any message about promotions by email`
    Message {
        verb: MessageVerb,
        message: MessageRef,
        by: Option<Name>,
    },
    SubscribedTo(Option<Name>),
    UnsubscribedFrom(Option<Name>),
    NotYet {
        what: &'static str,
    },
    Missing,
}

#[derive(Debug, Clone)]
pub enum MessageRef {
    Any {
        about: Option<Name>,
    },
    /// A message, or a send by its `as` name.
    Named(Name),
    Missing,
}

#[derive(Debug, Clone)]
pub struct ForKey {
    /// `for the same`; otherwise `for any`
    pub same: bool,
    pub key: Option<Name>,
    pub place: Place,
}

/// `on A for the same k or B since entry where …`
#[derive(Debug, Clone)]
pub struct Trigger {
    pub targets: Vec<(Target, Option<ForKey>)>,
    pub since: Option<Since>,
    pub condition: Option<Expr>,
    pub place: Place,
}

#[derive(Debug, Clone)]
pub enum Since {
    Moment(MomentLit),
    /// `entry`, or a path to a moment
    Path(PathRef),
}

#[derive(Debug, Clone)]
pub enum Window {
    InTheLast(Spanned<Duration>),
    Before { length: Spanned<Duration>, path: Option<PathRef> },
    Since(Since),
}

// ---------------------------------------------------------------- steps

pub type Block = Vec<Step>;

#[derive(Debug, Clone)]
pub struct Step {
    pub docs: Docs,
    /// The whole step, blocks included.
    pub place: Place,
    /// Its first line without a block: what a message should underline.
    pub head: Place,
    pub kind: StepKind,
}

#[derive(Debug, Clone)]
pub enum StepKind {
    /// `wait 2 days`, `wait 2 days, until 10:00`
    Wait {
        duration: Option<Spanned<Duration>>,
        until: Option<Spanned<NaiveTime>>,
    },
    /// `wait until …`, in all its forms
    WaitUntil(WaitUntil),
    /// `wait up to D for TRIGGER as x otherwise STEP` / `wait up to D until COND otherwise STEP`
    WaitUpToShort {
        duration: Option<Spanned<Duration>>,
        what: Option<ShortWait>,
        otherwise: Option<Box<Step>>,
    },
    /// `wait up to D { … }`
    WaitUpTo {
        duration: Option<Spanned<Duration>>,
        branches: Vec<Branch>,
    },
    /// `wait the full D, then first listed of { … }`
    WaitFull {
        duration: Option<Spanned<Duration>>,
        branches: Vec<Branch>,
    },
    If {
        arms: Vec<(Option<Expr>, Block)>,
        otherwise: Option<Block>,
    },
    Let {
        name: Option<Name>,
        value: Option<LetValue>,
    },
    Split {
        by: Option<PathRef>,
        paths: Vec<SplitPath>,
    },
    Send(Send),
    Set {
        path: Option<PathRef>,
        value: Option<Expr>,
    },
    Clear(Option<PathRef>),
    Add {
        value: Option<Expr>,
        path: Option<PathRef>,
    },
    Remove {
        value: Option<Expr>,
        path: Option<PathRef>,
    },
    Increase {
        path: Option<PathRef>,
        by: Option<Expr>,
    },
    Decrease {
        path: Option<PathRef>,
        by: Option<Expr>,
    },
    Subscribe(Option<Name>),
    Unsubscribe(Option<UnsubscribeFrom>),
    Emit {
        event: Option<Name>,
        fields: Option<Expr>,
    },
    StartJourney {
        journey: Option<Name>,
        args: Vec<Arg>,
        args_place: Option<Place>,
    },
    Repeat {
        times: Option<Spanned<Decimal>>,
        block: Block,
    },
    Break,
    Exit(Option<TextLit>),
    NotYet {
        what: &'static str,
    },
    /// Not a step; reported by the syntax. Its block, if it had one, is still checked.
    Broken {
        block: Option<Block>,
    },
}

#[derive(Debug, Clone)]
pub enum ShortWait {
    For { trigger: Trigger, bind: Option<Name> },
    Until(Expr),
}

#[derive(Debug, Clone)]
pub struct WaitUntil {
    pub until: Option<Until>,
    pub if_past: Option<PastRule>,
    pub if_missing: Option<PastRule>,
    /// A deadline with branches: `wait until MOMENT { on … otherwise … }`
    pub branches: Option<Vec<Branch>>,
    /// `or skip if past { … }`
    pub skip: Option<SkipBlock>,
}

#[derive(Debug, Clone)]
pub struct SkipBlock {
    pub past: bool,
    pub missing: bool,
    pub block: Block,
    pub place: Place,
}

#[derive(Debug, Clone)]
pub enum Until {
    /// `09:00`
    Time(Spanned<NaiveTime>),
    /// `monday at 09:00`
    Day {
        day: Spanned<DayWord>,
        at: Option<Spanned<NaiveTime>>,
    },
    Moment(MomentLit),
    /// `3 days before customer.trial_ends at 10:00`
    Around {
        offset: Spanned<Duration>,
        before: bool,
        path: Option<PathRef>,
        at: Option<Spanned<NaiveTime>>,
    },
    /// `customer.trial_ends at 10:00`
    Path {
        path: PathRef,
        at: Option<Spanned<NaiveTime>>,
    },
    /// `it is 09:00 to 18:00 on weekdays`
    Window {
        from: Option<Spanned<NaiveTime>>,
        to: Option<Spanned<NaiveTime>>,
        days: Vec<Spanned<DayWord>>,
    },
    NotYet {
        what: &'static str,
    },
}

#[derive(Debug, Clone)]
pub struct Branch {
    pub docs: Docs,
    pub kind: BranchKind,
    pub block: Block,
    pub place: Place,
    pub head: Place,
}

#[derive(Debug, Clone)]
pub enum BranchKind {
    On { trigger: Option<Trigger>, bind: Option<Name> },
    When(Option<Expr>),
    Otherwise,
}

#[derive(Debug, Clone)]
pub enum LetValue {
    Plain(Expr),
    /// `500 if C, 200 if D, otherwise 100`
    Choice {
        choices: Vec<(Expr, Option<Expr>)>,
        otherwise: Option<Expr>,
    },
    /// `x or exit if missing`
    OrExit(Expr),
}

#[derive(Debug, Clone)]
pub struct SplitPath {
    pub docs: Docs,
    pub name: Option<TextLit>,
    pub percent: Option<Spanned<Decimal>>,
    pub block: Block,
    pub place: Place,
    pub head: Place,
}

#[derive(Debug, Clone)]
pub struct Send {
    pub message: Option<Name>,
    pub args: Vec<Arg>,
    /// The parentheses, where written.
    pub args_place: Option<Place>,
    pub by: Option<Spanned<How>>,
    pub to: Option<SendTo>,
    pub without_waiting: Option<Place>,
    pub ignoring_quiet_hours: Option<Place>,
    pub bind: Option<Name>,
    pub or_exit_if_not_sent: bool,
}

#[derive(Debug, Clone)]
pub enum SendTo {
    Team(Option<Name>),
    NotYet { what: &'static str, place: Place },
}

/// `total: entry.total`, or a value alone.
#[derive(Debug, Clone)]
pub struct Arg {
    pub name: Option<Name>,
    pub value: Option<Expr>,
    pub place: Place,
}

#[derive(Debug, Clone)]
pub enum UnsubscribeFrom {
    Topic(Name),
    Everything(Place),
}

// ---------------------------------------------------------------- conditions and values

#[derive(Debug, Clone)]
pub struct Expr {
    pub kind: ExprKind,
    pub place: Place,
}

#[derive(Debug, Clone)]
pub enum ExprKind {
    Text(TextLit),
    Number(Decimal),
    /// As written: 5% is 5.
    Percent(Decimal),
    Money(Decimal, Currency),
    Duration(Duration),
    Date(NaiveDate),
    Time(NaiveTime),
    DateTime(NaiveDateTime),
    Boolean(bool),
    List(Vec<Expr>),
    Record(Vec<(Name, Option<Expr>)>),
    /// A head: root, binding, constant or bare property.
    Name(Name),
    /// `x.field`
    Field(Box<Expr>, Name),
    /// `product(x)`: only catalogs can be called; not available yet.
    Call(Name, Vec<Arg>),
    /// Two or more tests joined by `and`/`or` as written, flat. `joins[i]` stands between `tests[i]` and `tests[i + 1]`.
    Joined {
        tests: Vec<Expr>,
        joins: Vec<Spanned<Join>>,
    },
    Paren(Box<Expr>),
    Not(Box<Expr>),
    Negate(Box<Expr>),
    Binary {
        op: Spanned<BinaryOp>,
        left: Box<Expr>,
        right: Box<Expr>,
        ignoring_case: bool,
    },
    IsMissing(Box<Expr>),
    /// `x is set as y`
    IsSet {
        value: Box<Expr>,
        bind: Option<Name>,
    },
    /// `page is not clicked by push`
    State {
        send: Box<Expr>,
        negated: bool,
        state: MessageVerb,
        by: Option<Name>,
    },
    Has(Has),
    Aggregate(Aggregate),
    InSegment(Option<Name>),
    InJourney(Option<Name>),
    SubscribedTo(Option<Name>),
    ReachableBy(Option<Name>),
    NotYet {
        what: &'static str,
    },
    /// Reported by the syntax.
    Broken,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Join {
    And,
    Or,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BinaryOp {
    Is,
    IsNot,
    Less,
    AtMost,
    Greater,
    AtLeast,
    In,
    NotIn,
    Contains,
    StartsWith,
    EndsWith,
    Matches,
    Plus,
    Minus,
    Times,
    Divide,
}

#[derive(Debug, Clone)]
pub struct Has {
    pub count: Option<HasCount>,
    /// `has received at least 2 messages about T by C`: the target is a message verb with `Any`.
    pub target: Target,
    pub window: Option<Window>,
    /// One test, or a condition in parentheses.
    pub condition: Option<Box<Expr>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HasCount {
    /// `no`, or `not` before a message verb
    No,
    AtLeast(u32),
    AtMost(u32),
    Exactly(u32),
}

/// `sum of order_completed.total in the last 90 days where (…)`, `first of entry.skus`, `any of LIST where (…)`
#[derive(Debug, Clone)]
pub struct Aggregate {
    pub function: Function,
    pub function_place: Place,
    /// A name or a path: an event (with a property), or a list. The checker decides.
    pub operand: Option<Box<Expr>>,
    pub window: Option<Window>,
    pub condition: Option<Box<Expr>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Function {
    Count,
    Sum,
    Average,
    Smallest,
    Largest,
    Earliest,
    Latest,
    First,
    Last,
    MostFrequent,
    Any,
    None,
    TimeSinceLatest,
}

// ---------------------------------------------------------------- scenarios

#[derive(Debug, Clone)]
pub struct Scenario {
    pub docs: Docs,
    pub title: Option<TextLit>,
    pub journey: Option<Name>,
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
    /// `starting 2026-02-01 09:00`
    Starting(Option<MomentLit>),
    /// `given has 2 order_completed 3 days ago { … }`
    GivenHas {
        count: Option<Spanned<Decimal>>,
        target: Option<Target>,
        ago: Option<Spanned<Duration>>,
        fields: Option<Expr>,
    },
    GivenSubscribed(Option<Name>),
    /// `given customer { … }`
    GivenCustomer(Option<Expr>),
    At {
        moment: Option<MomentLit>,
        happens: Option<Happens>,
    },
    After {
        delay: Option<Spanned<Duration>>,
        happens: Option<Happens>,
    },
    Choosing(Option<TextLit>),
    /// `in the run of order_id "o2" { … }`
    InTheRunOf {
        key: Option<Name>,
        value: Option<Expr>,
        lines: Vec<Scene>,
    },
    Expect(Option<Expect>),
    NotYet {
        what: &'static str,
    },
}

#[derive(Debug, Clone)]
pub struct Happens {
    pub kind: HappensKind,
    pub place: Place,
}

#[derive(Debug, Clone)]
pub enum HappensKind {
    /// An event, a message report (`clicked reminder`), `subscribed to T`
    Target {
        target: Target,
        fields: Option<Expr>,
    },
    /// `customer { plan: "pro" }`
    Customer(Option<Expr>),
    /// `hard bounce of M`
    HardBounce(Option<Name>),
    /// `requested { … }`
    Requested(Option<Expr>),
    /// `clicked M by a machine`
    ByMachine {
        verb: MessageVerb,
        message: Option<Name>,
    },
    /// `refuse M by C`: the provider refuses the next hand-over
    Refuse {
        message: Option<Name>,
        by: Option<Name>,
    },
    NotYet {
        what: &'static str,
    },
}

#[derive(Debug, Clone)]
pub enum Expect {
    NoMessages,
    Messages(Spanned<Decimal>),
    NoMessage { message: Option<Name>, by: Option<Name>, because: Option<Name> },
    NotEntered { because: Option<Name> },
    Message { message: Option<Name>, by: Option<Name>, when: Option<ExpectWhen>, containing: Option<TextLit> },
    Exit { cause: Option<ExpectExit>, after: Option<Spanned<Duration>> },
    WaitingAt(Option<TextLit>),
    Condition(Expr),
}

#[derive(Debug, Clone)]
pub enum ExpectWhen {
    At(MomentLit),
    Within(Spanned<Duration>),
    After(Spanned<Duration>),
}

#[derive(Debug, Clone)]
pub enum ExpectExit {
    On(Target),
    When,
    Reason(TextLit),
}
