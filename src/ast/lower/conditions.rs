//! Conditions and values.

use super::literals::decimal;
use super::{Lowerer, Parts};
use crate::ast::{
    Aggregate, Arg, BinaryOp, Expr, ExprKind, ForKey, Function, Has, HasCount, Join, MessageRef, MessageVerb, Since, Spanned, Target,
    TargetKind, Top, Trigger, Window,
};
use crate::syntax::{Kind as K, NodeId};
use rust_decimal::prelude::ToPrimitive;

/// How tight an operator binds; `not` is looser than all of them.
const COMPARES: u8 = 1;
const ADDS: u8 = 2;
const MULTIPLIES: u8 = 3;
const TIGHTEST: u8 = 4;

impl<'a> Lowerer<'a> {
    /// The first condition or value among the pieces of a node.
    pub(super) fn value_in(&'a self, node: NodeId) -> Option<Expr> {
        self.children(node).into_iter().find_map(|child| self.value_of(child))
    }

    /// A condition, a record, or a single test; `None` for anything else.
    pub(super) fn value_of(&'a self, node: NodeId) -> Option<Expr> {
        match self.kind(node) {
            K::Cond => Some(self.condition(node)),
            K::Test => Some(self.test(node)),
            K::Record => Some(self.record(node)),
            K::List => Some(self.list(node)),
            K::Paren => Some(self.paren(node)),
            _ => None,
        }
    }

    pub(super) fn record_in(&'a self, node: NodeId) -> Option<Expr> {
        self.child(node, K::Record).map(|record| self.record(record))
    }

    pub(super) fn record(&'a self, node: NodeId) -> Expr {
        let mut fields = Vec::new();
        for entry in self.children(node) {
            if self.kind(entry) != K::RecordEntry {
                continue;
            }
            let pieces = self.children(entry);
            let Some(key) = pieces.first().copied() else { continue };
            let name = match self.kind(key) {
                K::Name => self.name_of(key),
                _ => match self.text_of(key) {
                    Some(text) => crate::ast::Name { text: text.text.as_str().into(), place: text.place, quoted: true },
                    None => continue,
                },
            };
            let value = pieces.iter().skip(1).find_map(|piece| self.value_of(*piece));
            fields.push((name, value));
        }
        self.expr(node, ExprKind::Record(fields))
    }

    fn expr(&self, node: NodeId, kind: ExprKind) -> Expr {
        Expr { kind, place: self.place(node) }
    }

    pub(super) fn condition(&'a self, node: NodeId) -> Expr {
        let (mut tests, mut joins) = (Vec::new(), Vec::new());
        for child in self.children(node) {
            match self.kind(child) {
                K::Test => tests.push(self.test(child)),
                K::NoOperand => tests.push(self.expr(child, ExprKind::Broken)),
                K::KwAnd => joins.push(Spanned { value: Join::And, place: self.place(child) }),
                K::KwOr => joins.push(Spanned { value: Join::Or, place: self.place(child) }),
                K::ForeignJoin => {
                    let value = if self.text(child).starts_with('&') { Join::And } else { Join::Or };
                    joins.push(Spanned { value, place: self.place(child) });
                }
                _ => {}
            }
        }
        if tests.len() == 1
            && let Some(test) = tests.pop()
        {
            return test;
        }
        self.expr(node, ExprKind::Joined { tests, joins })
    }

    pub(super) fn test(&'a self, node: NodeId) -> Expr {
        let mut parts = self.parts(node);
        let first = self.operators(&mut parts, 0, node);
        first.unwrap_or_else(|| self.expr(node, ExprKind::Broken))
    }

    /// Precedence climbing over the flat pieces of a test.
    pub(super) fn operators(&'a self, parts: &mut Parts<'a>, loosest: u8, node: NodeId) -> Option<Expr> {
        let mut left = self.prefixed(parts, node)?;
        while let Some(next) = parts.peek() {
            match self.kind(next) {
                K::IsMissing | K::IsSet | K::IsState | K::ForeignNotMissing => {
                    if loosest > COMPARES {
                        break;
                    }
                    parts.next();
                    left = self.postfix(left, next);
                }
                K::KwIgnoringCase => {
                    if loosest > 0 {
                        break;
                    }
                    parts.next();
                    if let ExprKind::Binary { ignoring_case, .. } = &mut left.kind {
                        *ignoring_case = true;
                    }
                }
                kind => {
                    let Some((op, tight)) = infix(kind, self.text(next)) else { break };
                    if tight < loosest {
                        break;
                    }
                    parts.next();
                    let right = self.operators(parts, tight + 1, node).unwrap_or(Expr { kind: ExprKind::Broken, place: self.behind(next) });
                    let place = left.place.to(right.place);
                    left = Expr {
                        kind: ExprKind::Binary {
                            op: Spanned { value: op, place: self.place(next) },
                            left: Box::new(left),
                            right: Box::new(right),
                            ignoring_case: false,
                        },
                        place,
                    };
                }
            }
        }
        Some(left)
    }

    fn prefixed(&'a self, parts: &mut Parts<'a>, node: NodeId) -> Option<Expr> {
        let next = parts.peek()?;
        match self.kind(next) {
            K::KwNot | K::ForeignNot => {
                parts.next();
                let inner = self.operators(parts, 0, node)?;
                let place = self.place(next).to(inner.place);
                Some(Expr { kind: ExprKind::Not(Box::new(inner)), place })
            }
            K::Minus => {
                parts.next();
                let inner = self.operators(parts, TIGHTEST, node)?;
                let place = self.place(next).to(inner.place);
                Some(Expr { kind: ExprKind::Negate(Box::new(inner)), place })
            }
            K::NoOperand => {
                parts.next();
                Some(self.expr(next, ExprKind::Broken))
            }
            _ => {
                parts.next();
                let primary = self.primary(next);
                Some(self.with_fields(primary, parts))
            }
        }
    }

    fn with_fields(&'a self, mut value: Expr, parts: &mut Parts<'a>) -> Expr {
        while parts.skip(K::Dot) {
            match parts.take(K::Name) {
                Some(field) => {
                    let name = self.name_of(field);
                    let place = value.place.to(name.place);
                    value = Expr { kind: ExprKind::Field(Box::new(value), name), place };
                }
                None => {
                    parts.skip(K::NoName);
                    value = Expr { kind: ExprKind::Broken, place: value.place };
                }
            }
        }
        value
    }

    fn postfix(&'a self, left: Expr, node: NodeId) -> Expr {
        let place = left.place.to(self.place(node));
        let left = Box::new(left);
        let kind = match self.kind(node) {
            K::IsMissing => ExprKind::IsMissing(left),
            K::IsSet => ExprKind::IsSet { value: left, bind: self.child(node, K::Bind).and_then(|bind| self.name_in(bind)) },
            K::IsState => match self.child(node, K::State).and_then(|state| verb_of_word(self.text(state))) {
                Some(state) => ExprKind::State { send: left, negated: self.has(node, K::KwIsNot), state, by: self.name_in(node) },
                None => ExprKind::Broken,
            },
            // `is not missing` says `is set`, `is empty` says `is missing`; the syntax has said so.
            _ if self.text(node).contains("not") && !self.text(node).ends_with("set") => ExprKind::IsSet { value: left, bind: None },
            _ => ExprKind::IsMissing(left),
        };
        Expr { kind, place }
    }

    fn primary(&'a self, node: NodeId) -> Expr {
        let kind = match self.kind(node) {
            K::Text | K::LongText | K::OpenLongText | K::ForeignText => self.text_of(node).map(ExprKind::Text),
            // Where it ends is not known, so neither is what it says.
            K::OpenText => Some(ExprKind::Broken),
            K::Number => decimal(self.text(node)).map(ExprKind::Number),
            K::Percent => decimal(self.text(node).trim_end_matches('%')).map(ExprKind::Percent),
            K::Money => self.money_of(node).map(|(amount, currency)| ExprKind::Money(amount, currency)),
            K::Duration | K::ForeignDuration | K::WordedDuration => self.duration_of(node).map(|span| ExprKind::Duration(span.value)),
            K::Date => self.date_of(node).map(ExprKind::Date),
            K::Datetime => self.datetime_of(node).map(ExprKind::DateTime),
            K::Time | K::ForeignTime => self.time_of(node).map(|time| ExprKind::Time(time.value)),
            K::Boolean => Some(ExprKind::Boolean(self.text(node) == "true")),
            K::Paren => return self.paren(node),
            K::List => return self.list(node),
            K::Record => return self.record(node),
            K::Name => Some(ExprKind::Name(self.name_of(node))),
            K::NameCall => self.name_in(node).map(|name| ExprKind::Call(name, self.args_in(node).unwrap_or_default())),
            K::Has => Some(self.has_of(node)),
            K::Aggregate => self.aggregate(node),
            K::Member => self.member(node),
            K::Top => Some(self.top(node)),
            _ => None,
        };
        self.expr(node, kind.unwrap_or(ExprKind::Broken))
    }

    fn paren(&'a self, node: NodeId) -> Expr {
        match self.child(node, K::Cond) {
            Some(inner) => self.expr(node, ExprKind::Paren(Box::new(self.condition(inner)))),
            None => self.expr(node, ExprKind::Broken),
        }
    }

    fn list(&'a self, node: NodeId) -> Expr {
        let items = self.children(node).into_iter().filter_map(|child| self.value_of(child)).collect();
        self.expr(node, ExprKind::List(items))
    }

    /// The arguments in parentheses, if there are any parentheses.
    pub(super) fn args_in(&'a self, node: NodeId) -> Option<Vec<Arg>> {
        let args = self.child(node, K::Args)?;
        let arg = |node: NodeId| {
            let named = self.has(node, K::Colon) || self.has(node, K::ForeignArgAssign);
            Arg { name: if named { self.name_in(node) } else { None }, value: self.value_in(node), place: self.place(node) }
        };
        Some(self.children(args).into_iter().filter(|child| self.kind(*child) == K::Arg).map(arg).collect())
    }

    fn has_of(&'a self, node: NodeId) -> ExprKind {
        let mut parts = self.parts(node);
        parts.skip(K::KwHas);
        let target_place = parts.peek().map_or_else(|| self.place(node), |part| self.place(part));
        let verb = parts.kind().and_then(verb_of);
        if verb.is_some() {
            parts.next();
        }
        let mut count = None;
        if parts.skip(K::KwNo) || parts.skip(K::KwNot) {
            count = Some(HasCount::No);
        } else if let Some(form) = parts.kind().filter(|kind| is_count(*kind)) {
            let words = parts.next().map_or("", |part| self.text(part));
            let number = parts.next().and_then(|part| decimal(self.text(part))).and_then(|number| number.to_u32());
            count = number.map(|number| count_of(form, words, number));
        }
        let target = match (verb, self.child(node, K::Target)) {
            (Some(verb), None) => {
                let about = self.child(node, K::About).and_then(|about| self.name_in(about));
                let by = self.child(node, K::ByName).and_then(|by| self.name_in(by));
                Target { kind: TargetKind::Message { verb, message: MessageRef::Any { about }, by }, place: target_place }
            }
            (_, Some(target)) => self.target(target),
            (None, None) => Target { kind: TargetKind::Missing, place: self.place(node) },
        };
        let condition = self.child(node, K::HasWhere).and_then(|part| self.value_in(part)).map(Box::new);
        ExprKind::Has(Has { count, target, window: self.window_in(node), condition })
    }

    fn aggregate(&'a self, node: NodeId) -> Option<ExprKind> {
        let function_node = self.children(node).into_iter().next()?;
        let function = match self.kind(function_node) {
            K::KwCountOf => Function::Count,
            K::KwSumOf => Function::Sum,
            K::KwAverageOf => Function::Average,
            K::KwSmallestOf => Function::Smallest,
            K::KwLargestOf => Function::Largest,
            K::KwEarliestOf => Function::Earliest,
            K::KwLatestOf => Function::Latest,
            K::KwFirstOf => Function::First,
            K::KwLastOf => Function::Last,
            K::KwMostFrequentOf => Function::MostFrequent,
            K::KwAnyOf => Function::Any,
            K::KwNoneOf => Function::None,
            K::KwTimeSinceLatest => Function::TimeSinceLatest,
            _ => return None,
        };
        let operand = self.child(node, K::AggOperand).and_then(|operand| {
            let mut parts = self.parts(operand);
            let primary = self.primary(parts.next()?);
            Some(Box::new(self.with_fields(primary, &mut parts)))
        });
        let condition =
            self.child(node, K::AggWhere).or_else(|| self.child(node, K::BareWhere)).and_then(|part| self.value_in(part)).map(Box::new);
        Some(ExprKind::Aggregate(Aggregate {
            function,
            function_place: self.place(function_node),
            operand,
            window: self.window_in(node),
            condition,
        }))
    }

    fn top(&'a self, node: NodeId) -> ExprKind {
        let pieces = self.children(node);
        let by = pieces.iter().position(|piece| self.kind(*piece) == K::KwBy).unwrap_or(pieces.len());
        let (before, behind) = pieces.split_at(by);
        let name = |pieces: &[NodeId]| pieces.iter().find(|piece| self.kind(**piece) == K::Name).map(|name| self.name_of(*name));
        ExprKind::Top(Top {
            count: self.number_in(node),
            catalog: name(before),
            condition: self.child(node, K::AggWhere).and_then(|part| self.value_in(part)).map(Box::new),
            by: name(behind),
        })
    }

    fn member(&self, node: NodeId) -> Option<ExprKind> {
        let name = self.name_in(node);
        Some(match self.children(node).first().map(|word| self.kind(*word))? {
            K::KwInSegment => ExprKind::InSegment(name),
            K::KwInJourney => ExprKind::InJourney(name, self.child(node, K::ForKey).map(|key| self.for_key(key))),
            K::KwSubscribedTo => ExprKind::SubscribedTo(name),
            K::KwReachableBy => ExprKind::ReachableBy(name),
            K::KwInStage => ExprKind::InStage(name),
            K::KwInList => ExprKind::InList(name),
            _ => return None,
        })
    }

    // ------------------------------------------------------------------------------------------------------------ what happened

    pub(super) fn target_in(&self, node: NodeId) -> Option<Target> {
        self.child(node, K::Target).map(|target| self.target(target))
    }

    pub(super) fn target(&self, node: NodeId) -> Target {
        let place = self.place(node);
        let first = self.children(node).first().copied();
        let kind = match first.map(|first| self.kind(first)) {
            Some(K::Name) => first.map_or(TargetKind::Missing, |name| TargetKind::Event(self.name_of(name))),
            Some(K::KwSubscribedTo) => TargetKind::SubscribedTo(self.name_in(node)),
            Some(K::KwUnsubscribedFrom) => TargetKind::UnsubscribedFrom(self.name_in(node)),
            Some(K::KwAnswered) => TargetKind::Answered(self.name_in(node)),
            Some(kind) => match verb_of(kind) {
                Some(verb) => {
                    let message = if self.has(node, K::KwAnyMessage) {
                        MessageRef::Any { about: self.child(node, K::About).and_then(|about| self.name_in(about)) }
                    } else {
                        self.name_in(node).map_or(MessageRef::Missing, MessageRef::Named)
                    };
                    let by = self.child(node, K::ByName).and_then(|by| self.name_in(by));
                    TargetKind::Message { verb, message, by }
                }
                None => TargetKind::Missing,
            },
            None => TargetKind::Missing,
        };
        Target { kind, place }
    }

    pub(super) fn trigger_in(&'a self, node: NodeId) -> Option<Trigger> {
        self.child(node, K::Trigger).map(|trigger| self.trigger(trigger))
    }

    fn trigger(&'a self, node: NodeId) -> Trigger {
        let mut targets: Vec<(Target, Option<ForKey>)> = Vec::new();
        for child in self.children(node) {
            match self.kind(child) {
                K::Target => targets.push((self.target(child), None)),
                K::ForKey => {
                    if let Some((_, key)) = targets.last_mut() {
                        *key = Some(self.for_key(child));
                    }
                }
                _ => {}
            }
        }
        let since = self.child(node, K::Since).and_then(|since| self.since(since));
        let condition = self.where_in(node);
        Trigger { targets, since, condition, place: self.place(node) }
    }

    /// A trigger, and the name of what meets it. At the end of a `where` the name behind `is set as` is the trigger's, for what is bound
    /// inside of a `where` nobody could use.
    pub(super) fn named_trigger_in(&'a self, node: NodeId) -> (Option<Trigger>, Option<crate::ast::Name>) {
        let mut trigger = self.trigger_in(node);
        let bind = self.bind_in(node).or_else(|| trailing_bind(trigger.as_mut()?.condition.as_mut()?));
        (trigger, bind)
    }

    pub(super) fn where_in(&'a self, node: NodeId) -> Option<Expr> {
        self.child(node, K::Where).and_then(|part| self.value_in(part))
    }

    pub(super) fn for_key(&self, node: NodeId) -> ForKey {
        ForKey { same: self.has(node, K::KwForTheSame), key: self.name_in(node), place: self.place(node) }
    }

    pub(super) fn bind_in(&self, node: NodeId) -> Option<crate::ast::Name> {
        self.child(node, K::Bind).and_then(|bind| self.name_in(bind))
    }

    fn since(&self, node: NodeId) -> Option<Since> {
        self.moment_in(node).map(Since::Moment).or_else(|| self.path_in(node).map(Since::Path))
    }

    fn window_in(&self, node: NodeId) -> Option<Window> {
        self.children(node).into_iter().find_map(|child| match self.kind(child) {
            K::InTheLast => self.duration_in(child).map(Window::InTheLast),
            K::InTheBefore => self.duration_in(child).map(|length| Window::Before { length, path: self.path_in(child) }),
            K::Since => self.since(child).map(Window::Since),
            _ => None,
        })
    }
}

/// The verb of a message event, from its keyword.
pub(super) fn verb_of(kind: K) -> Option<MessageVerb> {
    Some(match kind {
        K::KwSent => MessageVerb::Sent,
        K::KwReceived => MessageVerb::Received,
        K::KwSeen => MessageVerb::Seen,
        K::KwOpened => MessageVerb::Opened,
        K::KwClicked => MessageVerb::Clicked,
        K::KwBounced => MessageVerb::Bounced,
        K::KwRepliedTo => MessageVerb::RepliedTo,
        K::KwDelivered => MessageVerb::Delivered,
        K::KwComplained => MessageVerb::Complained,
        _ => return None,
    })
}

fn verb_of_word(word: &str) -> Option<MessageVerb> {
    Some(match word {
        "sent" => MessageVerb::Sent,
        "received" => MessageVerb::Received,
        "seen" => MessageVerb::Seen,
        "opened" => MessageVerb::Opened,
        "clicked" => MessageVerb::Clicked,
        "replied" => MessageVerb::RepliedTo,
        "bounced" => MessageVerb::Bounced,
        _ => return None,
    })
}

fn is_count(kind: K) -> bool {
    matches!(kind, K::KwAtLeast | K::KwAtMost | K::KwExactly | K::ForeignCount)
}

fn count_of(form: K, words: &str, number: u32) -> HasCount {
    match form {
        K::KwAtLeast => HasCount::AtLeast(number),
        K::KwAtMost => HasCount::AtMost(number),
        K::KwExactly => HasCount::Exactly(number),
        // Other wordings are reported; meant is this.
        _ if words.starts_with("more") => HasCount::AtLeast(number.saturating_add(1)),
        _ if words.starts_with("less") || words.starts_with("fewer") => HasCount::AtMost(number.saturating_sub(1)),
        _ if words.starts_with("max") => HasCount::AtMost(number),
        _ => HasCount::AtLeast(number),
    }
}

fn infix(kind: K, text: &str) -> Option<(BinaryOp, u8)> {
    Some(match kind {
        K::KwIs => (BinaryOp::Is, COMPARES),
        K::KwIsNot => (BinaryOp::IsNot, COMPARES),
        K::Less => (BinaryOp::Less, COMPARES),
        K::LessEq => (BinaryOp::AtMost, COMPARES),
        K::Greater => (BinaryOp::Greater, COMPARES),
        K::GreaterEq => (BinaryOp::AtLeast, COMPARES),
        K::KwIn => (BinaryOp::In, COMPARES),
        K::KwNotIn => (BinaryOp::NotIn, COMPARES),
        K::KwContains => (BinaryOp::Contains, COMPARES),
        K::KwStartsWith => (BinaryOp::StartsWith, COMPARES),
        K::KwEndsWith => (BinaryOp::EndsWith, COMPARES),
        K::KwMatches => (BinaryOp::Matches, COMPARES),
        K::ForeignCompare => (foreign_compare(text), COMPARES),
        K::Plus => (BinaryOp::Plus, ADDS),
        K::Minus => (BinaryOp::Minus, ADDS),
        K::Times => (BinaryOp::Times, MULTIPLIES),
        K::Divide => (BinaryOp::Divide, MULTIPLIES),
        _ => return None,
    })
}

fn foreign_compare(text: &str) -> BinaryOp {
    match text {
        "!=" | "!==" | "<>" | "≠" => BinaryOp::IsNot,
        "=>" | "≥" => BinaryOp::AtLeast,
        "=<" | "≤" => BinaryOp::AtMost,
        _ => BinaryOp::Is,
    }
}

/// Takes the name behind an `is set as` that ends a condition.
pub(super) fn trailing_bind(condition: &mut Expr) -> Option<crate::ast::Name> {
    match &mut condition.kind {
        ExprKind::IsSet { bind, .. } => bind.take(),
        ExprKind::Joined { tests, .. } => trailing_bind(tests.last_mut()?),
        ExprKind::Not(inner) => trailing_bind(inner),
        _ => None,
    }
}
