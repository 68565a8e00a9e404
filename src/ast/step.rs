//! Steps.

use super::*;

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
    Experiment(Box<Experiment>),
    Call(Box<Call>),
    Draw(Draw),
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
    /// `for each x in LIST up to 5 { … }`
    ForEach {
        name: Option<Name>,
        list: Option<Expr>,
        most: Option<Spanned<Decimal>>,
        block: Block,
    },
    /// `collect comment_posted for 10 minutes with the first as comments`
    Collect {
        trigger: Option<Trigger>,
        length: Option<CollectFor>,
        /// `None` where it is not said.
        with_first: Option<bool>,
        bind: Option<Name>,
    },
    Break,
    Exit(Option<TextLit>),
    /// `add to list vip`, `remove from audience lookalike`
    Membership {
        of: MembershipOf,
        add: bool,
        name: Option<Name>,
    },
    MoveToStage(Option<Name>),
    /// `confirm news`
    Confirm(Option<Name>),
    /// `suppress email "asked on the phone"`
    Suppress {
        channel: Option<Name>,
        reason: Option<TextLit>,
    },
    /// Not a step; reported by the syntax. Its block, if it had one, is still checked.
    Broken {
        block: Option<Block>,
    },
}

#[derive(Debug, Clone)]
pub enum CollectFor {
    Fixed(Spanned<Duration>),
    /// `entry.pause up to 1 hour`
    UpTo {
        path: PathRef,
        most: Option<Spanned<Duration>>,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MembershipOf {
    List,
    Audience,
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
    /// `best time within 24 hours`
    BestTime(Option<Spanned<Duration>>),
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
    /// `to entry.owner`: another customer, of her own right.
    Customer(Option<PathRef>),
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
