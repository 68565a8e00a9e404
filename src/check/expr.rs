//! Conditions and values: from what is written to what is typed.
//!
//! In: an [`ast::Expr`] and its surroundings ([`Scope`]). Out: a [`condition::Expr`](crate::condition::Expr) and its [`Type`].
//! **Invariant:** a part with a mistake has the type `Error`, which fits everything and is silent: one mistake, one message. What comes out
//! beside an error is only there to go on checking. Does not evaluate anything, except [`super::constant`] what is constant.

use super::problem::problems;
use super::project::Project;
use super::scope::{Scope, Subject};
use crate::ast::{self, ExprKind, Join};
use crate::condition::{Expr, What};
use crate::diagnostic::{Code, Diagnostics, Edit, Fix};
use crate::source::{Place, Span};
use crate::value::{Decimal, Text, Type, Value};
use std::sync::Arc;

problems! {
    /// A value of another type than is needed.
    WrongType { is: String, needed: String, help: String } = Code::new("E0201", "wrong-type");
        "this is {is}, and {needed} is needed", "its type is {is}", "{help}";

    /// A value that may be missing where there must be one.
    MayBeMissing { text: String } = Code::new("E0202", "may-be-missing");
        "`{text}` may be missing, and a value is needed here", "what should happen without it?",
        "write `let x be {text} or exit if missing` before this step and use `x`, or put it into `if {text} is set as x {{ … }}`";

    /// `if customer.plan`
    NotACondition { is: String, help: String } = Code::new("E0203", "not-a-condition");
        "this is {is}, not something that is true or false", "a condition is needed here", "{help}";

    /// `a and b or c`
    AndOrMixed { first: String, second: String, fix: Vec<Fix> } = Code::new("E0211", "and-or-mixed");
        "`and` and `or` stand side by side, and there are two ways to read it", "what belongs together?",
        "add parentheses: `{first}` or `{second}`";

    /// `total > 5%`
    PercentHere {} = Code::new("E0229", "percentage-as-value");
        "a percentage is no value to calculate with", "percentages are shares of customers", "write a number, for example `0.05` for 5%";

    /// `[1, "a"]`
    ListMixed { first: String, this: String } = Code::new("E0223", "list-of-different-types");
        "a list holds values of one type", "this is {this}, the first one is {first}", "give all of them the same type";

    /// `x is set as y` where it cannot be named.
    NamedHere { why: &'static str, fix: Option<Fix> } = Code::new("E0230", "cannot-be-named-here");
        "this value cannot be given a name here", "{why}", "write `is set as …` in an `if`, alone or joined by `and`";

    /// A record where another shape is needed, or a field that it does not have.
    RecordField { name: String, help: String, fix: Vec<Fix> } = Code::new("E0226", "unknown-field-in-braces");
        "there is no `{name}` to give a value to", "not one of the fields here", "{help}";

    /// A field of a record without a value.
    RecordLacks { name: String, ty: String } = Code::new("E0227", "field-without-value");
        "`{name}` has no value here", "it must always have one", "add `{name}: …`, which is {ty}";
}

/// Types expressions in one scope; made anew wherever one is needed.
pub(crate) struct Typer<'t, 'p, 'e> {
    pub(crate) project: &'t Project<'p>,
    pub(crate) scope: &'t mut Scope<'e>,
    pub(crate) found: &'t mut Diagnostics,
}

/// Whether a value of type `is` can stand where `needed` is declared. A text with a form of its own (e-mail, one of …) is a text, not the
/// other way round.
pub(crate) fn fits(is: &Type, needed: &Type) -> bool {
    match (is, needed) {
        (Type::Error, _) | (_, Type::Error) => true,
        (_, Type::Optional(inner)) => fits(is.required(), inner),
        (Type::Optional(_), _) => false,
        (Type::OneOf(some), Type::OneOf(all)) => some.iter().all(|text| all.contains(text)),
        (_, Type::Text) => is.is_textual(),
        (Type::List(is), Type::List(needed)) => fits(is, needed),
        (Type::Record(is), Type::Record(needed)) => {
            is.len() == needed.len() && is.iter().zip(needed.iter()).all(|((a, is), (b, needed))| a == b && fits(is, needed))
        }
        _ => is == needed,
    }
}

/// What a field in a field is where it is not said.
fn default_of(shape: &crate::value::Record, at: usize, ty: &Type) -> Option<Value> {
    crate::value::parse::from_json(&shape.default(at)?, ty, &Default::default()).ok()
}

/// What comes of a mistake: nothing, silently.
pub(super) fn broken() -> (Expr, Type) {
    (Expr::Const(Value::Missing), Type::Error)
}

/// A type with its article, as it reads in a sentence.
pub(super) fn a(ty: &Type) -> String {
    match ty.required() {
        Type::Text => "a text".to_owned(),
        Type::Number => "a number".to_owned(),
        Type::Boolean => "true or false".to_owned(),
        Type::Money(currency) => format!("an amount in {}", currency.code()),
        Type::Date => "a date".to_owned(),
        Type::Time => "a time of day".to_owned(),
        Type::DateTime => "a moment (a date with a time of day)".to_owned(),
        Type::Duration => "a duration".to_owned(),
        Type::Email => "an e-mail address".to_owned(),
        Type::Phone => "a phone number".to_owned(),
        Type::Url => "a web address".to_owned(),
        Type::Country => "a country".to_owned(),
        Type::Language => "a language".to_owned(),
        Type::Timezone => "a time zone".to_owned(),
        Type::Customer => "a customer".to_owned(),
        Type::List(inner) => format!("a list of {inner}"),
        Type::Record(_) => "a group of fields in braces".to_owned(),
        Type::Event(name) => format!("the event `{name}`"),
        Type::Catalog(name) => format!("an item of the catalog `{name}`"),
        Type::OneOf(_) | Type::Optional(_) | Type::Error => ty.required().to_string(),
    }
}

impl<'p> Typer<'_, 'p, '_> {
    /// A condition: true or false.
    pub(crate) fn condition(&mut self, written: &ast::Expr) -> Expr {
        let (value, ty) = self.infer(written);
        self.expect_boolean(written, &ty);
        value
    }

    /// A condition in which `is set as x` may name a value: that of an `if` or `when` whose block follows. What it named is in
    /// [`Scope::take_bound`] afterwards; open the block's scope before.
    pub(crate) fn condition_binding(&mut self, written: &ast::Expr) -> Expr {
        self.scope.may_bind = true;
        let condition = self.condition(written);
        self.scope.may_bind = false;
        condition
    }

    /// A condition over an event (`where`); `None` for an event that is not known: bare names are silent then.
    pub(crate) fn condition_over(&mut self, what: Option<What>, written: &ast::Expr) -> Expr {
        let subject = what.map_or(Subject::Unknown, |what| self.subject_of(what));
        self.condition_in(subject, written)
    }

    pub(super) fn condition_in(&mut self, subject: Subject, written: &ast::Expr) -> Expr {
        let may_bind = std::mem::replace(&mut self.scope.may_bind, false);
        self.scope.subjects.push(subject);
        let condition = self.condition(written);
        self.scope.subjects.pop();
        self.scope.may_bind = may_bind;
        condition
    }

    /// A value of whatever type it has.
    pub(crate) fn infer(&mut self, written: &ast::Expr) -> (Expr, Type) {
        self.expr(written, None)
    }

    /// A value that must be of this type; what does not fit is reported.
    pub(crate) fn value(&mut self, written: &ast::Expr, needed: &Type) -> Expr {
        let (value, is) = self.expr(written, Some(needed));
        self.expect_type(written, &is, needed);
        value
    }

    /// Reports a value that does not fit. `true` where it does.
    pub(crate) fn expect_type(&mut self, written: &ast::Expr, is: &Type, needed: &Type) -> bool {
        if fits(is, needed) {
            return true;
        }
        if is.is_optional() && fits(is.required(), needed) {
            self.found.push(MayBeMissing { place: written.place, text: self.text(written.place) });
            return false;
        }
        let help = match (is.required(), needed.required()) {
            (Type::Money(_), Type::Money(_)) => "currencies never mix; give the amount in the other currency".to_owned(),
            (Type::Text, needed) if needed.is_textual() => {
                format!("any text might stand here; declare it as `{needed}` where it comes from")
            }
            (Type::Number, Type::Money(currency)) => format!("add the currency: `{} {}`", self.text(written.place), currency.code()),
            (Type::Date, Type::DateTime) => "add the time of day, for example `2026-03-01 09:00`".to_owned(),
            (_, Type::Text) => "write a text in quotes, for example `\"hello\"`".to_owned(),
            (_, needed) => format!("give a value of the type {needed}"),
        };
        self.found.push(WrongType { place: written.place, is: a(is), needed: a(needed), help });
        false
    }

    fn expect_boolean(&mut self, written: &ast::Expr, ty: &Type) {
        if matches!(ty.required(), Type::Boolean | Type::Error) {
            return;
        }
        let text = self.text(written.place);
        let help = match ty.required() {
            Type::OneOf(texts) if !texts.is_empty() => format!("compare it, for example `{text} is \"{}\"`", texts[0]),
            Type::Number => format!("compare it, for example `{text} > 0`"),
            Type::Money(currency) => format!("compare it, for example `{text} > 0 {}`", currency.code()),
            Type::List(_) => format!("ask for what is in it, for example `{text} contains …`"),
            _ if ty.is_optional() => format!("compare it, for example `{text} is set`"),
            _ => format!("compare it, for example `{text} is …`"),
        };
        self.found.push(NotACondition { place: written.place, is: a(ty), help });
    }

    /// The source text of a place, on one line and not too long.
    pub(super) fn text(&self, place: Place) -> String {
        let text = self.project.sources.text(place);
        let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
        if line.chars().count() > 60 { format!("{}…", line.chars().take(59).collect::<String>()) } else { line }
    }

    /// Types an expression; `expected` is what would fit, so that texts, lists and records take its form. Does not report what does not fit.
    pub(super) fn expr(&mut self, written: &ast::Expr, expected: Option<&Type>) -> (Expr, Type) {
        let expected = expected.map(Type::required);
        match &written.kind {
            ExprKind::Text(text) => self.text_literal(text, expected),
            ExprKind::Number(number) => (Expr::Const(Value::Number(*number)), Type::Number),
            ExprKind::Percent(_) => {
                self.found.push(PercentHere { place: written.place });
                broken()
            }
            ExprKind::Money(amount, currency) => (Expr::Const(Value::Number(*amount)), Type::Money(*currency)),
            ExprKind::Duration(span) => (Expr::Const(Value::Duration(*span)), Type::Duration),
            ExprKind::Date(date) => (Expr::Const(Value::Date(*date)), Type::Date),
            ExprKind::Time(time) => (Expr::Const(Value::Time(*time)), Type::Time),
            // A written moment is one and the same for everybody: in the project's zone.
            ExprKind::DateTime(local) => (Expr::Const(Value::Instant(self.project.zone.instant(*local))), Type::DateTime),
            ExprKind::Boolean(truth) => (Expr::Const(Value::Boolean(*truth)), Type::Boolean),
            ExprKind::List(items) => self.list(items, expected),
            ExprKind::Record(fields) => self.record(written.place, fields, expected),
            ExprKind::Name(name) => self.head_value(name, written.place),
            ExprKind::Field(..) => self.field_value(written),
            ExprKind::Call(name, args) => self.lookup(name, args, written.place),
            ExprKind::Joined { tests, joins } => self.joined(written, tests, joins),
            ExprKind::Paren(inner) => self.expr(inner, expected),
            ExprKind::Not(inner) => {
                let may_bind = std::mem::replace(&mut self.scope.may_bind, false);
                self.scope.negated = matches!(without_parentheses(inner).kind, ExprKind::Binary { .. });
                let inner = self.condition(inner);
                self.scope.negated = false;
                self.scope.may_bind = may_bind;
                (Expr::Not(Box::new(inner)), Type::Boolean)
            }
            ExprKind::Negate(inner) => self.negate(written, inner),
            ExprKind::Binary { op, left, right, ignoring_case } => self.binary(written, op, left, right, *ignoring_case),
            ExprKind::IsMissing(inner) => self.is_missing(inner),
            ExprKind::IsSet { value, bind } => self.is_set(value, bind.as_ref()),
            ExprKind::State { send, negated, state, by } => self.state(send, *negated, *state, by.as_ref()),
            ExprKind::Top(top) => self.top(top),
            ExprKind::Has(has) => (self.has(has), Type::Boolean),
            ExprKind::Aggregate(aggregate) => self.aggregate(aggregate, written.place),
            ExprKind::InSegment(name) => {
                self.known(name.as_ref(), |project, name, found| project.segment(name, found).map(Expr::InSegment))
            }
            ExprKind::InJourney(name, key) => self.in_journey(name.as_ref(), key.as_ref()),
            ExprKind::InList(name) => {
                self.known(name.as_ref(), |project, name, found| project.list_segment(name, found).map(Expr::InSegment))
            }
            ExprKind::InStage(name) => {
                self.known(name.as_ref(), |project, name, found| project.stage_segment(name, found).map(Expr::InSegment))
            }
            ExprKind::SubscribedTo(name) => {
                self.known(name.as_ref(), |project, name, found| project.topic(name, found).map(Expr::SubscribedTo))
            }
            ExprKind::ReachableBy(name) => {
                self.known(name.as_ref(), |project, name, found| project.channel(name, found).map(Expr::ReachableBy))
            }
            ExprKind::Broken => broken(),
        }
    }

    pub(super) fn known(
        &mut self,
        name: Option<&ast::Name>,
        find: impl Fn(&Project<'p>, &ast::Name, &mut Diagnostics) -> Option<Expr>,
    ) -> (Expr, Type) {
        let found = name.and_then(|name| find(self.project, name, self.found));
        (found.unwrap_or(Expr::Const(Value::Boolean(false))), Type::Boolean)
    }

    fn is_missing(&mut self, inner: &ast::Expr) -> (Expr, Type) {
        let (value, ty) = self.infer(inner);
        self.never_missing(inner, &ty, "never");
        (Expr::IsMissing(Box::new(value)), Type::Boolean)
    }

    fn is_set(&mut self, inner: &ast::Expr, bind: Option<&ast::Name>) -> (Expr, Type) {
        let (value, ty) = self.infer(inner);
        self.never_missing(inner, &ty, "always");
        if let Some(name) = bind {
            if self.scope.may_bind {
                self.project.recorder().note(name.place, || super::recorder::Symbol::Local(name.place), Some(ty.required()));
                let local = self.scope.bind_local(name, ty.required().clone(), self.found);
                self.scope.bound_here(local, value.clone());
            } else {
                let why = "the value might not be there where the name is used";
                self.found.push(NamedHere { place: name.place, why, fix: None });
            }
        }
        (Expr::Not(Box::new(Expr::IsMissing(Box::new(value)))), Type::Boolean)
    }

    fn list(&mut self, items: &[ast::Expr], expected: Option<&Type>) -> (Expr, Type) {
        let wanted = match expected {
            Some(Type::List(element)) => Some(element.clone()),
            _ => None,
        };
        let mut element: Option<Type> = None;
        let mut values = Vec::with_capacity(items.len());
        for item in items {
            let (value, ty) = self.expr(item, wanted.as_deref());
            values.push(value);
            match &element {
                None => element = Some(ty),
                Some(Type::Error) => {}
                Some(first) if fits(&ty, first) => {}
                Some(first) if fits(first, &ty) => element = Some(ty),
                Some(first) => {
                    self.found.push(ListMixed { place: item.place, first: a(first), this: a(&ty) });
                    element = Some(Type::Error);
                }
            }
        }
        let element = match (element, wanted) {
            (Some(element), _) => element,
            (None, Some(wanted)) => wanted.as_ref().clone(),
            (None, None) => Type::Error,
        };
        (fold_list(values), Type::List(Arc::new(element)))
    }

    fn record(&mut self, place: Place, fields: &[(ast::Name, Option<ast::Expr>)], expected: Option<&Type>) -> (Expr, Type) {
        let Some(Type::Record(shape)) = expected else {
            let mut types = Vec::with_capacity(fields.len());
            let mut values = Vec::with_capacity(fields.len());
            for (name, value) in fields {
                let (value, ty) = value.as_ref().map_or_else(broken, |value| self.infer(value));
                types.push((name.text.clone(), ty));
                values.push(value);
            }
            return (fold_record(values), Type::Record(types.into()));
        };
        let shape = shape.clone();
        let defaults: Vec<Option<Value>> = shape.iter().enumerate().map(|(at, (_, ty))| default_of(&shape, at, ty)).collect();
        let declared = shape.iter().zip(&defaults).map(|((name, ty), default)| (name.clone(), ty.clone(), default.is_some()));
        let given = self.fields(place, fields, &declared.collect::<Vec<_>>());
        let filled = given.into_iter().zip(defaults);
        let values = filled.map(|(value, default)| value.unwrap_or(Expr::Const(default.unwrap_or(Value::Missing)))).collect();
        (fold_record(values), Type::Record(shape))
    }

    /// Values in braces for declared fields (name, type, whether it may be left out although it is required), by position. What is unknown,
    /// given twice, lacking or of the wrong type is reported.
    pub(crate) fn fields(
        &mut self,
        place: Place,
        written: &[(ast::Name, Option<ast::Expr>)],
        shape: &[(Text, Type, bool)],
    ) -> Vec<Option<Expr>> {
        self.note_braces(written, shape);
        let mut given: Vec<Option<Expr>> = vec![None; shape.len()];
        let mut seen = vec![false; shape.len()];
        for (name, value) in written {
            let Some(at) = shape.iter().position(|(field, _, _)| *field == name.text) else {
                let (help, near) = super::names::choose_from(&name.text, shape.iter().map(|(field, _, _)| field.as_str()), "take it out");
                // Probably the one that lacks: not twice.
                if let Some(meant) = near.first().and_then(|near| shape.iter().position(|(field, _, _)| field == near)) {
                    seen[meant] = true;
                }
                let fix = super::names::changes(&near, name.place);
                self.found.push(RecordField { place: name.place, name: name.text.to_string(), help, fix });
                if let Some(value) = value {
                    self.infer(value);
                }
                continue;
            };
            if seen[at] {
                let help = "it has a value already; take one of the two out".to_owned();
                self.found.push(RecordField { place: name.place, name: name.text.to_string(), help, fix: Vec::new() });
            }
            seen[at] = true;
            given[at] = value.as_ref().map(|value| self.value(value, &shape[at].1));
        }
        for (at, (name, ty, may_lack)) in shape.iter().enumerate() {
            if !seen[at] && !may_lack && !ty.is_optional() && *ty != Type::Error {
                self.found.push(RecordLacks { place, name: name.to_string(), ty: a(ty) });
            }
        }
        given
    }

    fn joined(&mut self, written: &ast::Expr, tests: &[ast::Expr], joins: &[ast::Spanned<Join>]) -> (Expr, Type) {
        let all_and = joins.iter().all(|join| join.value == Join::And);
        let all_or = joins.iter().all(|join| join.value == Join::Or);
        if !all_and && !all_or {
            self.mixed(written, tests, joins);
        }
        let may_bind = self.scope.may_bind;
        self.scope.may_bind &= all_and;
        let asked = self.asked_before(tests);
        let before = self.scope.known_set.len();
        self.scope.known_set.extend(asked);
        let parts = tests.iter().map(|test| self.condition(test)).collect();
        self.scope.known_set.truncate(before);
        self.scope.may_bind = may_bind;
        (if all_and { Expr::And(parts) } else { Expr::Or(parts) }, Type::Boolean)
    }

    /// Texts of what a neighbour in the same condition asks for `is set` or `is missing`: there somebody thought of it.
    fn asked_before(&self, tests: &[ast::Expr]) -> Vec<String> {
        tests
            .iter()
            .filter_map(|test| match &test.kind {
                ExprKind::IsSet { value, .. } | ExprKind::IsMissing(value) => Some(self.text(value.place)),
                _ => None,
            })
            .collect()
    }

    fn mixed(&mut self, written: &ast::Expr, tests: &[ast::Expr], joins: &[ast::Spanned<Join>]) {
        let place = joins.iter().find(|join| join.value != joins[0].value).map_or(written.place, |join| join.place);
        let grouped = |tight: Join| -> (String, Fix) {
            let mut edits = Vec::new();
            let mut shown = String::new();
            let mut open = false;
            for (at, test) in tests.iter().enumerate() {
                let starts = joins.get(at).is_some_and(|join| join.value == tight) && !open;
                if starts {
                    edits.push(insert(test.place, test.place.span.start, "("));
                    shown.push('(');
                    open = true;
                }
                shown.push_str(&self.text(test.place));
                let ends = open && joins.get(at).is_none_or(|join| join.value != tight);
                if ends {
                    edits.push(insert(test.place, test.place.span.end, ")"));
                    shown.push(')');
                    open = false;
                }
                match joins.get(at).map(|join| join.value) {
                    Some(Join::And) => shown.push_str(" and "),
                    Some(Join::Or) => shown.push_str(" or "),
                    None => {}
                }
            }
            (shown.clone(), Fix { title: format!("write `{shown}`"), edits })
        };
        let (first, fix_first) = grouped(Join::And);
        let (second, fix_second) = grouped(Join::Or);
        self.found.push(AndOrMixed { place, first, second, fix: vec![fix_first, fix_second] });
    }
}

fn without_parentheses(written: &ast::Expr) -> &ast::Expr {
    match &written.kind {
        ExprKind::Paren(inner) => without_parentheses(inner),
        _ => written,
    }
}

fn insert(at: Place, offset: u32, text: &str) -> Edit {
    Edit { place: Place { span: Span::new(offset, offset), ..at }, text: text.to_owned() }
}

/// A list of constants is one constant.
fn fold_list(values: Vec<Expr>) -> Expr {
    match constants(&values) {
        Some(values) => Expr::Const(Value::List(values.into())),
        None => Expr::List(values),
    }
}

fn fold_record(values: Vec<Expr>) -> Expr {
    match constants(&values) {
        Some(values) => Expr::Const(Value::Record(values.into())),
        None => Expr::Record(values),
    }
}

fn constants(values: &[Expr]) -> Option<Vec<Value>> {
    values
        .iter()
        .map(|value| match value {
            Expr::Const(value) => Some(value.clone()),
            _ => None,
        })
        .collect()
}

/// The number of a whole constant, where it is one.
pub(super) fn constant_number(value: &Expr) -> Option<Decimal> {
    match value {
        Expr::Const(Value::Number(number)) => Some(*number),
        _ => None,
    }
}
