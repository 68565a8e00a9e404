//! Conditions and values, flat: nothing is resolved, and `and`/`or` are as written.

use super::*;

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
    /// `product(x)`: an item of a catalog.
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
    Top(Top),
    Has(Has),
    Aggregate(Aggregate),
    InSegment(Option<Name>),
    /// `in journey checkout for the same cart_id`
    InJourney(Option<Name>, Option<ForKey>),
    InList(Option<Name>),
    InStage(Option<Name>),
    SubscribedTo(Option<Name>),
    ReachableBy(Option<Name>),
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

/// `top 3 of article where (topic in customer.interests) by published`
#[derive(Debug, Clone)]
pub struct Top {
    pub count: Option<Spanned<Decimal>>,
    pub catalog: Option<Name>,
    pub condition: Option<Box<Expr>>,
    /// The field by which they are ranked.
    pub by: Option<Name>,
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
