//! Comparisons, tests of texts and lists, and arithmetic.
//!
//! In: two operands and what stands between them. Out: a typed expression. **Invariant:** both sides fit: currencies never mix, a date is
//! no moment, nothing is converted. An operand may be missing: the comparison is then false, and where that decides a `not` it is pointed
//! out.

use super::expr::{Typer, a, broken, fits};
use super::problem::problems;
use crate::ast::{self, BinaryOp, ExprKind, Spanned};
use crate::condition::{Arithmetic, Comparison, Expr, TextOp};
use crate::diagnostic::{Code, Edit, Fix};
use crate::source::{Place, Span};
use crate::value::{Decimal, Type, Value};

problems! {
    /// `customer.plan is 3`
    NeverEqual { left: String, right: String, help: String } = Code::new("E0204", "never-equal");
        "these two can never be equal", "one is {left}, the other {right}", "{help}";

    /// `customer.first_name < "M"`
    NoOrder { ty: String, help: String } = Code::new("E0205", "no-order");
        "there is no smaller and larger here", "this is {ty}", "{help}";

    /// `total > 5 USD` where the total is in THB.
    CurrenciesDiffer { left: String, right: String } = Code::new("E0206", "currencies-differ");
        "amounts in {left} and {right} cannot be put together", "currencies never mix", "write both in the same currency";

    /// `entry.at > 2026-03-01`
    DateAndMoment { help: String } = Code::new("E0207", "date-and-moment");
        "a date and a moment cannot be compared", "one has a time of day, the other has not", "{help}";

    /// `total * total`
    CannotCalculate { left: String, op: &'static str, right: String, help: String } = Code::new("E0210", "cannot-calculate");
        "this cannot be calculated", "{left} {op} {right}", "{help}";

    /// `a < b < c`
    Chained { fix: Vec<Fix>, example: String } = Code::new("E0212", "comparisons-in-a-row");
        "two comparisons stand in a row", "each has two sides", "join them by `and`: `{example}`";

    /// `x in customer.plan`, `customer.points contains 3`
    NotAListHere { is: String, help: String } = Code::new("E0224", "not-a-list-here");
        "a list is needed here", "this is {is}", "{help}";

    /// `total starts with "a"`
    NotATextHere { is: String } = Code::new("E0225", "not-a-text-here");
        "a text is needed here", "this is {is}", "compare it by `is`, `<` or `>`";

    /// `total > 5 ignoring case`
    CaseOfWhat {} = Code::new("E0228", "case-of-what");
        "only texts have capital letters", "neither side is a text", "take `ignoring case` out";

    /// `customer.plan is missing` where it never is.
    NeverMissing { text: String, always: &'static str } = Code::new("W0231", "never-missing");
        "`{text}` is never missing", "this is {always} true", "take the question out, or declare the value with `?` if it may be missing";

    /// `customer.city is not "Bangkok"` where the city may be missing.
    MissingDecides { text: String } = Code::new("W0232", "missing-decides");
        "this also holds for everybody whose `{text}` is missing", "a comparison with a missing value is false, and this turns it round",
        "if that is meant, add `or {text} is missing` or a line `## allow W0232: …`; if not, add `and {text} is set`";
}

impl Typer<'_, '_, '_> {
    pub(super) fn binary(
        &mut self,
        written: &ast::Expr,
        op: &Spanned<BinaryOp>,
        left: &ast::Expr,
        right: &ast::Expr,
        ignoring_case: bool,
    ) -> (Expr, Type) {
        let negated = std::mem::take(&mut self.scope.negated);
        if is_comparison(op.value) && self.chained(op, left, right) {
            return broken();
        }
        if matches!(op.value, BinaryOp::Is | BinaryOp::IsNot) && self.asks_send(left, right) {
            return broken();
        }
        let result = match op.value {
            BinaryOp::Is => self.equality(left, right, Comparison::Is, ignoring_case, negated),
            BinaryOp::IsNot => self.equality(left, right, Comparison::IsNot, ignoring_case, !negated),
            BinaryOp::Less => self.order(left, right, Comparison::Less, negated),
            BinaryOp::AtMost => self.order(left, right, Comparison::AtMost, negated),
            BinaryOp::Greater => self.order(left, right, Comparison::Greater, negated),
            BinaryOp::AtLeast => self.order(left, right, Comparison::AtLeast, negated),
            BinaryOp::In => self.member(left, right, false, ignoring_case, negated),
            BinaryOp::NotIn => self.member(left, right, true, ignoring_case, !negated),
            BinaryOp::Contains => self.contains(left, right, ignoring_case),
            BinaryOp::StartsWith => self.text_test(left, right, TextOp::StartsWith, ignoring_case),
            BinaryOp::EndsWith => self.text_test(left, right, TextOp::EndsWith, ignoring_case),
            BinaryOp::Matches => self.matches(left, right, ignoring_case),
            BinaryOp::Plus => return self.arithmetic(op.place, left, right, Arithmetic::Plus),
            BinaryOp::Minus => return self.arithmetic(op.place, left, right, Arithmetic::Minus),
            BinaryOp::Times => return self.arithmetic(op.place, left, right, Arithmetic::Times),
            BinaryOp::Divide => return self.arithmetic(op.place, left, right, Arithmetic::Divide),
        };
        if ignoring_case && matches!(op.value, BinaryOp::Less | BinaryOp::AtMost | BinaryOp::Greater | BinaryOp::AtLeast) {
            self.found.push(CaseOfWhat { place: written.place });
        }
        (result.unwrap_or(Expr::Const(Value::Boolean(false))), Type::Boolean)
    }

    /// Both sides with their types; a written text takes the form of the other side, whichever it is.
    fn sides(&mut self, left: &ast::Expr, right: &ast::Expr) -> ((Expr, Type), (Expr, Type)) {
        if is_text(left) && !is_text(right) {
            let right = self.infer(right);
            let left = self.expr(left, Some(&right.1));
            return (left, right);
        }
        let left = self.infer(left);
        let right = self.expr(right, Some(&left.1));
        (left, right)
    }

    fn equality(&mut self, left: &ast::Expr, right: &ast::Expr, op: Comparison, ignoring_case: bool, turned: bool) -> Option<Expr> {
        let ((left_value, left_ty), (right_value, right_ty)) = self.sides(left, right);
        let place = left.place.to(right.place);
        if !self.comparable(place, &left_ty, &right_ty) {
            return None;
        }
        if ignoring_case && !left_ty.is_textual() && left_ty != Type::Error {
            self.found.push(CaseOfWhat { place });
        }
        if turned {
            self.missing_decides(left, &left_ty);
            self.missing_decides(right, &right_ty);
        }
        Some(Expr::Compare { op, left: Box::new(left_value), right: Box::new(right_value), ignoring_case })
    }

    fn order(&mut self, left: &ast::Expr, right: &ast::Expr, op: Comparison, turned: bool) -> Option<Expr> {
        let ((left_value, left_ty), (right_value, right_ty)) = self.sides(left, right);
        let place = left.place.to(right.place);
        if !self.comparable(place, &left_ty, &right_ty) {
            return None;
        }
        let ty = if left_ty == Type::Error { right_ty.required() } else { left_ty.required() };
        let ordered = matches!(ty, Type::Number | Type::Money(_) | Type::Date | Type::Time | Type::DateTime | Type::Duration | Type::Error);
        if !ordered {
            let help = if ty.is_textual() {
                "compare texts by `is`, `starts with` or `in [\"a\", \"b\"]`".to_owned()
            } else {
                "compare it by `is`".to_owned()
            };
            self.found.push(NoOrder { place: left.place, ty: a(ty), help });
            return None;
        }
        if turned {
            self.missing_decides(left, &left_ty);
            self.missing_decides(right, &right_ty);
        }
        Some(Expr::Compare { op, left: Box::new(left_value), right: Box::new(right_value), ignoring_case: false })
    }

    /// Whether two values can be equal; reported where they cannot.
    fn comparable(&mut self, place: Place, left: &Type, right: &Type) -> bool {
        let (l, r) = (left.required(), right.required());
        if fits(l, r) || fits(r, l) {
            // An address compares in its normal form, which any other text does not have.
            let special = |ty: &Type| matches!(ty, Type::Email | Type::Phone | Type::Country);
            let plain = |ty: &Type| *ty == Type::Text;
            if (special(l) && plain(r)) || (special(r) && plain(l)) {
                let ty = if special(l) { l } else { r };
                let help = format!("declare the text as `{ty}` where it comes from: then both are compared in the same form");
                self.found.push(NeverEqual { place, left: a(l), right: a(r), help });
                return false;
            }
            return true;
        }
        match (l, r) {
            (Type::Money(one), Type::Money(two)) => {
                self.found.push(CurrenciesDiffer { place, left: one.code().to_owned(), right: two.code().to_owned() });
            }
            (Type::Date, Type::DateTime) | (Type::DateTime, Type::Date) => {
                let help = "compare a moment with a moment, for example `2026-03-01 00:00`, and a date with a date, for example `today`"
                    .to_owned();
                self.found.push(DateAndMoment { place, help });
            }
            // Both are one of a few texts, and share none or only some.
            (Type::OneOf(one), Type::OneOf(two)) if one.iter().any(|text| two.contains(text)) => return true,
            _ => {
                let help = match (l, r) {
                    (Type::Money(currency), Type::Number) | (Type::Number, Type::Money(currency)) => {
                        format!("an amount has its currency beside it, for example `500 {}`", currency.code())
                    }
                    (Type::Number, Type::Duration) | (Type::Duration, Type::Number) => {
                        "a duration has its unit beside it, for example `3 days`".to_owned()
                    }
                    (Type::List(_), _) | (_, Type::List(_)) => "ask for an element by `contains` or `in`".to_owned(),
                    (Type::Number, text) | (text, Type::Number) if text.is_textual() => {
                        "a text stands in quotes, a number does not".to_owned()
                    }
                    _ => "compare values of the same type".to_owned(),
                };
                self.found.push(NeverEqual { place, left: a(l), right: a(r), help });
            }
        }
        false
    }

    fn member(&mut self, left: &ast::Expr, right: &ast::Expr, negated: bool, ignoring_case: bool, turned: bool) -> Option<Expr> {
        let (item, item_ty) = self.infer(left);
        let wanted = Type::List(std::sync::Arc::new(item_ty.required().clone()));
        let (list, list_ty) = self.expr(right, Some(&wanted));
        let element = match list_ty.required() {
            Type::List(element) => element.clone(),
            Type::Error => return None,
            other => {
                let help = if other.is_textual() {
                    format!("put the texts into a list: `in [{}]`, or compare by `is`", self.text(right.place))
                } else {
                    "write a list, for example `in [\"a\", \"b\"]`".to_owned()
                };
                self.found.push(NotAListHere { place: right.place, is: a(other), help });
                return None;
            }
        };
        if !self.comparable(left.place.to(right.place), &item_ty, &element) {
            return None;
        }
        if turned {
            self.missing_decides(left, &item_ty);
        }
        let test = Expr::In { item: Box::new(item), list: Box::new(list), ignoring_case };
        Some(if negated { Expr::Not(Box::new(test)) } else { test })
    }

    fn contains(&mut self, left: &ast::Expr, right: &ast::Expr, ignoring_case: bool) -> Option<Expr> {
        let (value, ty) = self.infer(left);
        match ty.required() {
            Type::List(element) => {
                let (item, item_ty) = self.expr(right, Some(element));
                self.comparable(left.place.to(right.place), &item_ty, element).then(|| Expr::In {
                    item: Box::new(item),
                    list: Box::new(value),
                    ignoring_case,
                })
            }
            Type::Error => {
                self.infer(right);
                None
            }
            text if text.is_textual() => self.text_op(value, right, TextOp::Contains, ignoring_case),
            other => {
                self.infer(right);
                self.found.push(NotAListHere { place: left.place, is: a(other), help: "compare it by `is`, `<` or `>`".to_owned() });
                None
            }
        }
    }

    fn text_test(&mut self, left: &ast::Expr, right: &ast::Expr, op: TextOp, ignoring_case: bool) -> Option<Expr> {
        let value = self.text_operand(left);
        match value {
            Some(value) => self.text_op(value, right, op, ignoring_case),
            None => {
                self.infer(right);
                None
            }
        }
    }

    fn text_op(&mut self, left: Expr, right: &ast::Expr, op: TextOp, ignoring_case: bool) -> Option<Expr> {
        let right = self.text_operand(right)?;
        Some(Expr::Text { op, left: Box::new(left), right: Box::new(right), ignoring_case })
    }

    fn text_operand(&mut self, written: &ast::Expr) -> Option<Expr> {
        let (value, ty) = self.infer(written);
        if ty == Type::Error {
            return None;
        }
        if !ty.is_textual() {
            self.found.push(NotATextHere { place: written.place, is: a(&ty) });
            return None;
        }
        Some(value)
    }

    fn matches(&mut self, left: &ast::Expr, right: &ast::Expr, ignoring_case: bool) -> Option<Expr> {
        let value = self.text_operand(left);
        let pattern = self.pattern(right)?;
        let pattern = if ignoring_case { crate::condition::Pattern::new(&format!("(?i){}", pattern.source)).ok()? } else { pattern };
        Some(Expr::Matches { value: Box::new(value?), pattern })
    }

    pub(super) fn never_missing(&mut self, written: &ast::Expr, ty: &Type, always: &'static str) {
        if !ty.is_optional() && *ty != Type::Error {
            self.found.push(NeverMissing { place: written.place, text: self.text(written.place), always });
        }
    }

    /// A comparison turned round, `is not`, `not in`, `not (… < …)`, over something that may be missing, unless the condition around asks for that itself.
    fn missing_decides(&mut self, written: &ast::Expr, ty: &Type) {
        if !ty.is_optional() {
            return;
        }
        let text = self.text(written.place);
        if !self.scope.known_set.contains(&text) {
            self.found.push(MissingDecides { place: written.place, text });
        }
    }

    fn chained(&mut self, op: &Spanned<BinaryOp>, left: &ast::Expr, right: &ast::Expr) -> bool {
        let ExprKind::Binary { op: first, right: middle, .. } = &left.kind else { return false };
        if !is_comparison(first.value) {
            return false;
        }
        let (l, m, r, o) = (self.text(left.place), self.text(middle.place), self.text(right.place), self.text(op.place));
        let example = format!("{l} and {m} {o} {r}");
        let at = Place { span: Span::new(op.place.span.start, op.place.span.start), ..op.place };
        let fix = Fix { title: format!("write `{example}`"), edits: vec![Edit { place: at, text: format!("and {m} ") }] };
        self.found.push(Chained { place: op.place, fix: vec![fix], example });
        true
    }

    // ------------------------------------------------------------ arithmetic

    pub(super) fn negate(&mut self, written: &ast::Expr, inner: &ast::Expr) -> (Expr, Type) {
        let (value, ty) = self.infer(inner);
        match (ty.required(), value) {
            (Type::Error, _) => broken(),
            (Type::Number | Type::Money(_), Expr::Const(Value::Number(number))) => (Expr::Const(Value::Number(-number)), ty),
            (Type::Duration, Expr::Const(Value::Duration(span))) => (Expr::Const(Value::Duration(span.negated())), ty),
            (Type::Number | Type::Money(_) | Type::Duration, value) => (Expr::Negate(Box::new(value)), ty),
            (other, _) => {
                let help = "only numbers, amounts and durations can be negative".to_owned();
                self.found.push(CannotCalculate { place: written.place, left: "minus".to_owned(), op: "", right: a(other), help });
                broken()
            }
        }
    }

    fn arithmetic(&mut self, at: Place, left: &ast::Expr, right: &ast::Expr, op: Arithmetic) -> (Expr, Type) {
        let (left_value, left_ty) = self.infer(left);
        let (right_value, right_ty) = self.infer(right);
        let (l, r) = (left_ty.required(), right_ty.required());
        if *l == Type::Error || *r == Type::Error {
            return broken();
        }
        if let (Type::Money(one), Type::Money(two)) = (l, r)
            && one != two
        {
            self.found.push(CurrenciesDiffer { place: at, left: one.code().to_owned(), right: two.code().to_owned() });
            return broken();
        }
        let Some(ty) = result(l, op, r) else {
            self.found.push(CannotCalculate { place: at, left: a(l), op: sign(op), right: a(r), help: advice(l, op, r) });
            return broken();
        };
        if op == Arithmetic::Divide && super::expr::constant_number(&right_value) == Some(Decimal::ZERO) {
            let help = "divide by another number".to_owned();
            self.found.push(CannotCalculate { place: right.place, left: a(l), op: "divided by", right: "zero".to_owned(), help });
            return broken();
        }
        let ty = if left_ty.is_optional() || right_ty.is_optional() { ty.optional() } else { ty };
        (Expr::Arithmetic { op, left: Box::new(left_value), right: Box::new(right_value) }, ty)
    }
}

/// What comes out of a calculation; `None` where there is no such one.
fn result(left: &Type, op: Arithmetic, right: &Type) -> Option<Type> {
    use Arithmetic::{Divide, Minus, Plus, Times};
    Some(match (left, op, right) {
        (Type::Number, _, Type::Number) => Type::Number,
        (Type::Money(_), Plus | Minus, Type::Money(_)) => left.clone(),
        (Type::Money(_), Divide, Type::Money(_)) => Type::Number,
        (Type::Money(_), Times | Divide, Type::Number) => left.clone(),
        (Type::Number, Times, Type::Money(_)) => right.clone(),
        (Type::Duration, Plus | Minus, Type::Duration) => Type::Duration,
        (Type::Duration, Times | Divide, Type::Number) => Type::Duration,
        (Type::Number, Times, Type::Duration) => Type::Duration,
        (Type::Date | Type::DateTime, Plus | Minus, Type::Duration) => left.clone(),
        (Type::Duration, Plus, Type::Date | Type::DateTime) => right.clone(),
        (Type::Date, Minus, Type::Date) | (Type::DateTime, Minus, Type::DateTime) => Type::Duration,
        _ => return None,
    })
}

fn advice(left: &Type, op: Arithmetic, right: &Type) -> String {
    match (left, op, right) {
        (Type::Money(_), Arithmetic::Times, Type::Money(_)) => {
            "an amount can be multiplied by a number, for example `total * 2`".to_owned()
        }
        (Type::Money(currency), _, Type::Number) | (Type::Number, _, Type::Money(currency)) => {
            format!("give the number its currency, for example `100 {}`", currency.code())
        }
        (Type::Date | Type::DateTime, _, Type::Number) => "give the number its unit, for example `3 days`".to_owned(),
        (left, Arithmetic::Plus, _) if left.is_textual() => "texts are put together in a message: `\"{{ a }} {{ b }}\"`".to_owned(),
        _ => "numbers, amounts, dates and durations can be calculated with, for example `now - customer.joined`".to_owned(),
    }
}

fn sign(op: Arithmetic) -> &'static str {
    match op {
        Arithmetic::Plus => "plus",
        Arithmetic::Minus => "minus",
        Arithmetic::Times => "times",
        Arithmetic::Divide => "divided by",
    }
}

fn is_text(written: &ast::Expr) -> bool {
    match &written.kind {
        ExprKind::Text(_) => true,
        ExprKind::Paren(inner) => is_text(inner),
        _ => false,
    }
}

fn is_comparison(op: BinaryOp) -> bool {
    !matches!(op, BinaryOp::Plus | BinaryOp::Minus | BinaryOp::Times | BinaryOp::Divide)
}
