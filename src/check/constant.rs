//! Values that are known before anything runs: top-level `let`, defaults, the values in scenarios.
//!
//! In: expressions. Out: [`Value`]s. **Invariant:** constants may use each other in any order, never in a circle; what is not constant is
//! reported once. Calculates exactly as the engine does.

use super::expr::Typer;
use super::names::Kind;
use super::problem::problems;
use super::project::Project;
use super::scope::Scope;
use super::tree;
use crate::ast::{self, DeclKind, ExprKind};
use crate::calendar::{Span, civil};
use crate::condition::{Arithmetic, Expr};
use crate::diagnostic::{Code, Diagnostics};
use crate::source::Place;
use crate::value::{Decimal, Type, Value, number};

problems! {
    /// `let x be now`
    NotConstant {} = Code::new("E0246", "not-constant");
        "this is not known before the project runs", "a written value is needed here", "write the value itself, or use a constant";

    /// Constants that need each other.
    ConstantCircle { name: String, circle: String, other: Option<(Place, &'static str)> } = Code::new("E0123", "constants-in-a-circle");
        "`{name}` is made of itself", "{circle}", "write the value of one of them directly";

    /// A calculation whose result cannot be held.
    OutOfRange {} = Code::new("E0247", "result-out-of-range");
        "the result of this is too large, or not a number", "it cannot be calculated", "check the numbers";
}

/// Works out all constants of a project, each after those that it uses.
pub(super) fn constants(project: &mut Project, files: &[ast::File], found: &mut Diagnostics) {
    let mut written: Vec<(&ast::Name, Option<&ast::Expr>)> = Vec::new();
    for decl in files.iter().flat_map(|file| &file.decls) {
        if let DeclKind::Const { name: Some(name), value } = &decl.kind
            && project.names.own(Kind::Const, name).is_some()
        {
            written.push((name, value.as_ref()));
        }
    }
    project.constants = vec![(Value::Missing, Type::Error); written.len()];
    let uses: Vec<Vec<usize>> =
        written.iter().map(|(_, value)| value.map_or_else(Vec::new, |value| constants_in(project, value))).collect();
    let sorted = super::order::sort(&uses);
    for circle in &sorted.circles {
        let (name, _) = written[circle[0]];
        let mut path: Vec<String> = circle.iter().map(|at| format!("`{}`", written[*at].0.text)).collect();
        path.push(format!("`{}` again", name.text));
        let other = circle.get(1).map(|at| (written[*at].0.place, "part of the circle"));
        found.push(ConstantCircle { place: name.place, name: name.text.to_string(), circle: path.join(" needs "), other });
    }
    for at in sorted.order {
        let (_, value) = written[at];
        let Some(value) = value else { continue };
        if sorted.circles.iter().any(|circle| circle.contains(&at)) {
            continue;
        }
        let mut scope = Scope::default();
        let mut typer = Typer { project, scope: &mut scope, found };
        if let Some(constant) = typer.constant(value) {
            project.constants[at] = constant;
        }
    }
    project.constants_are_known = true;
}

fn constants_in(project: &Project, value: &ast::Expr) -> Vec<usize> {
    let mut uses = Vec::new();
    tree::walk(value, &mut |part| {
        if let ExprKind::Name(name) = &part.kind
            && let Some(id) = project.names.get(Kind::Const, &name.text)
        {
            uses.push(usize::from(id));
        }
    });
    uses
}

impl Typer<'_, '_, '_> {
    /// A constant and its type. `None` where it is reported.
    pub(crate) fn constant(&mut self, written: &ast::Expr) -> Option<(Value, Type)> {
        let (value, ty) = self.infer(written);
        if ty == Type::Error {
            return None;
        }
        self.fold_or_report(written, &value).map(|value| (value, ty))
    }

    /// A constant of a type. `None` where it is reported.
    pub(crate) fn constant_of(&mut self, written: &ast::Expr, needed: &Type) -> Option<Value> {
        let (value, is) = self.expr(written, Some(needed));
        if !self.expect_type(written, &is, needed) || is == Type::Error {
            return None;
        }
        self.fold_or_report(written, &value)
    }

    pub(super) fn fold_or_report(&mut self, written: &ast::Expr, value: &Expr) -> Option<Value> {
        match fold(value) {
            Ok(value) => Some(value),
            Err(Unknown::NotConstant) => {
                self.found.push(NotConstant { place: written.place });
                None
            }
            Err(Unknown::OutOfRange) => {
                self.found.push(OutOfRange { place: written.place });
                None
            }
        }
    }
}

enum Unknown {
    NotConstant,
    OutOfRange,
}

/// The value of an expression that asks nothing of the world.
fn fold(value: &Expr) -> Result<Value, Unknown> {
    match value {
        Expr::Const(value) => Ok(value.clone()),
        Expr::List(items) => Ok(Value::List(items.iter().map(fold).collect::<Result<_, _>>()?)),
        Expr::Record(items) => Ok(Value::Record(items.iter().map(fold).collect::<Result<_, _>>()?)),
        Expr::Negate(inner) => match fold(inner)? {
            Value::Number(number) => Ok(Value::Number(-number)),
            Value::Duration(span) => Ok(Value::Duration(span.negated())),
            _ => Err(Unknown::NotConstant),
        },
        Expr::Arithmetic { op, left, right } => calculate(*op, fold(left)?, fold(right)?),
        _ => Err(Unknown::NotConstant),
    }
}

fn calculate(op: Arithmetic, left: Value, right: Value) -> Result<Value, Unknown> {
    let number = |result: Option<Decimal>| result.map(Value::Number).ok_or(Unknown::OutOfRange);
    match (left, op, right) {
        (Value::Number(left), Arithmetic::Plus, Value::Number(right)) => number(number::plus(left, right)),
        (Value::Number(left), Arithmetic::Minus, Value::Number(right)) => number(number::minus(left, right)),
        (Value::Number(left), Arithmetic::Times, Value::Number(right)) => number(number::times(left, right)),
        (Value::Number(left), Arithmetic::Divide, Value::Number(right)) => number(number::divided(left, right)),
        (Value::Duration(left), Arithmetic::Plus, Value::Duration(right)) => Ok(Value::Duration(left.plus(right))),
        (Value::Duration(left), Arithmetic::Minus, Value::Duration(right)) => Ok(Value::Duration(left.plus(right.negated()))),
        (Value::Duration(span), Arithmetic::Times, Value::Number(times))
        | (Value::Number(times), Arithmetic::Times, Value::Duration(span)) => times_span(span, times).map(Value::Duration),
        (Value::Date(date), Arithmetic::Plus, Value::Duration(span)) | (Value::Duration(span), Arithmetic::Plus, Value::Date(date)) => {
            civil::add_to_date(date, span).map(Value::Date).ok_or(Unknown::OutOfRange)
        }
        (Value::Date(date), Arithmetic::Minus, Value::Duration(span)) => {
            civil::subtract_from_date(date, span).map(Value::Date).ok_or(Unknown::OutOfRange)
        }
        (Value::Date(left), Arithmetic::Minus, Value::Date(right)) => {
            Ok(Value::Duration(Span::of_days(civil::days_between(right, left) as i32)))
        }
        _ => Err(Unknown::NotConstant),
    }
}

fn times_span(span: Span, times: Decimal) -> Result<Span, Unknown> {
    let whole = times.normalize();
    match i32::try_from(whole.mantissa()) {
        Ok(times) if whole.scale() == 0 => Ok(span.times(times)),
        _ => Err(Unknown::OutOfRange),
    }
}
