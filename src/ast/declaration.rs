//! Declarations and what messages say.

use super::*;

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
    /// `catalog product by sku { name text, price money THB }`
    Catalog {
        name: Option<Name>,
        title: Option<TextLit>,
        key: Option<Name>,
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
    /// `block footer(shop text) { text "…" }`
    Block {
        name: Option<Name>,
        params: Vec<Param>,
        contents: Vec<Content>,
    },
    /// `survey nps "How we do" { score "How likely…?" from 0 to 10 }`
    Survey {
        name: Option<Name>,
        title: Option<TextLit>,
        questions: Vec<Question>,
    },
    /// `custom channel kiosk "Kiosk" reaches customer.id { … }`
    CustomChannel {
        name: Option<Name>,
        title: Option<TextLit>,
        reaches: Option<PathRef>,
        fields: Vec<Field>,
    },
    Const {
        name: Option<Name>,
        value: Option<Expr>,
    },
    List {
        name: Option<Name>,
        title: Option<TextLit>,
    },
    Audience {
        name: Option<Name>,
        title: Option<TextLit>,
    },
    Score {
        name: Option<Name>,
        title: Option<TextLit>,
        rules: Vec<ScoreRule>,
    },
    /// In source order.
    Stages {
        stages: Vec<Stage>,
    },
    /// `brand { never say ["cheap"] }`
    Brand {
        rules: Vec<super::BrandRule>,
    },
    Message(Message),
    Journey(Journey),
    Hook(Box<Hook>),
    /// `codes spring "Spring codes"`
    Codes {
        name: Option<Name>,
        title: Option<TextLit>,
    },
    Scenario(Scenario),
}

/// A line of a score.
#[derive(Debug, Clone)]
pub struct ScoreRule {
    pub place: Place,
    pub kind: ScoreRuleKind,
}

#[allow(clippy::large_enum_variant, reason = "a file has few of them, each alone on its line")]
#[derive(Debug, Clone)]
pub enum ScoreRuleKind {
    /// `start 0`
    Start(Option<Spanned<Decimal>>),
    /// `on product_viewed add 1`
    On { trigger: Option<Trigger>, subtract: bool, points: Option<Spanned<Decimal>> },
    /// `halve every 30 days`
    HalveEvery(Option<Spanned<Duration>>),
}

/// `purchase "Bought" when has order_completed`, `awareness otherwise`
#[derive(Debug, Clone)]
pub struct Stage {
    pub docs: Docs,
    pub name: Option<Name>,
    pub title: Option<TextLit>,
    pub when: StageWhen,
    pub place: Place,
}

#[allow(clippy::large_enum_variant, reason = "a file has few of them, each alone on its line")]
#[derive(Debug, Clone)]
pub enum StageWhen {
    Otherwise,
    /// `None` where the condition is missing or broken.
    Condition(Option<Expr>),
}

/// `score "How likely…?" from 0 to 10`, `why "Why?" text`
#[derive(Debug, Clone)]
pub struct Question {
    pub name: Name,
    pub text: Option<TextLit>,
    pub answer: Answer,
    pub place: Place,
}

#[derive(Debug, Clone)]
pub enum Answer {
    /// A number between the two.
    Range(Option<Spanned<Decimal>>, Option<Spanned<Decimal>>),
    Type(Option<TypeRef>),
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

#[allow(clippy::large_enum_variant, reason = "a file has few of them, each alone on its line")]
#[derive(Debug, Clone)]
pub enum Content {
    Channel(Box<ChannelContent>),
    WhenInDoubt(Option<WhenInDoubt>, Place),
    /// `survey nps`
    Survey(Option<Name>, Place),
    /// `skip when customer.plan is "pro" "not for pros"`
    SkipWhen {
        condition: Option<Box<Expr>>,
        reason: Option<TextLit>,
        place: Place,
    },
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
    /// Of the channels that the message has content for.
    Preferred,
    /// `those of email, sms in customer.channels`
    ThoseOf {
        channels: Vec<Name>,
        path: Option<PathRef>,
    },
}
