//! Scenarios: what is given, what happens, what is expected.

use super::*;

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
    /// `given customer "u2" { … }`, `given subscribed to news for "u2"`: another customer.
    GivenOther {
        who: Option<TextLit>,
        fields: Option<Expr>,
        topic: Option<Name>,
    },
    /// `given customer { … }`
    GivenCustomer(Option<Expr>),
    /// `given product "A1" { name: "Kettle" }`
    GivenItem(ItemScene),
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
}

/// An item of a catalog, with values for its fields.
#[derive(Debug, Clone)]
pub struct ItemScene {
    pub catalog: Option<Name>,
    pub key: Option<TextLit>,
    pub fields: Option<Expr>,
}

#[derive(Debug, Clone)]
pub struct Happens {
    pub kind: HappensKind,
    pub place: Place,
}

#[derive(Debug, Clone)]
pub enum HappensKind {
    /// An event, a message report (`clicked reminder`), `subscribed to T`
    Target { target: Target, fields: Option<Expr> },
    /// `customer { plan: "pro" }`
    Customer(Option<Expr>),
    /// `product "A1" { stock: 5 }`: the item is new or changes.
    Item(ItemScene),
    /// `product "A1" is gone`
    ItemGone(ItemScene),
    /// `hard bounce of M`
    HardBounce(Option<Name>),
    /// `requested { … }`
    Requested(Option<Expr>),
    /// `clicked M by a machine`
    ByMachine { verb: MessageVerb, message: Option<Name> },
    /// `joins list vip`, `leaves list vip`
    List { joins: bool, list: Option<Name> },
    /// `refuse M by C`: the provider refuses the next hand-over
    Refuse { message: Option<Name>, by: Option<Name> },
    /// `stock answers { left: 3 }`
    Answers { hook: Option<Name>, fields: Option<Expr> },
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
