//! A journey's header, and what its clauses wait for.

use super::*;

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
    /// `when edited …`
    WhenEdited {
        continue_in_new: bool,
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
    /// `when joins list vip`, `when leaves list vip`
    List {
        list: Option<Name>,
        joins: bool,
        including: bool,
    },
    ReachesStage(Option<Name>),
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
    /// `when product.stock rises above 0`
    Changes {
        path: Option<PathRef>,
        test: Option<ChangeTest>,
        than: Option<Expr>,
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
    /// `answered nps`
    Answered(Option<Name>),
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
