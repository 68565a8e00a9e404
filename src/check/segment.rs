//! Segments: their conditions, in an order in which each reads only earlier ones.
//!
//! In: segment declarations. Out: [`Segment`]s by number. **Invariant:** no segment asks itself, also not through others. Knows no runs:
//! a segment sees the customer and her history only.

use super::checked::Segment;
use super::expr::Typer;
use super::names::Kind;
use super::problem::problems;
use super::project::Project;
use super::scope::Scope;
use super::tree;
use crate::ast::{self, DeclKind, ExprKind};
use crate::condition::Expr;
use crate::diagnostic::{Code, Diagnostics};
use crate::source::Place;
use crate::value::Value;

problems! {
    /// Segments that ask each other.
    SegmentCircle { name: String, circle: String, other: Option<(Place, &'static str)> } = Code::new("E0124", "segments-in-a-circle");
        "who is in `{name}` depends on who is in `{name}`", "{circle}", "let one of them ask for something else than a segment";
}

struct Written<'a> {
    decl: &'a ast::Decl,
    name: &'a ast::Name,
    title: Option<&'a ast::TextLit>,
    condition: Option<&'a ast::Expr>,
}

/// Numbers the segments, before anything asks for one.
pub(super) fn number(project: &mut Project, files: &[ast::File], found: &mut Diagnostics) {
    let written = written(project, files);
    let uses: Vec<Vec<usize>> =
        written.iter().map(|segment| segment.condition.map_or_else(Vec::new, |condition| asked(project, condition))).collect();
    let sorted = super::order::sort(&uses);
    for circle in &sorted.circles {
        let segment = &written[circle[0]];
        let mut path: Vec<String> = circle.iter().map(|at| format!("`{}`", written[*at].name.text)).collect();
        path.push(format!("`{}` again", segment.name.text));
        let other = circle.get(1).map(|at| (written[*at].name.place, "part of the circle"));
        found.push(SegmentCircle { place: segment.name.place, name: segment.name.text.to_string(), circle: path.join(" asks "), other });
    }
    let order: Vec<u16> = sorted.order.iter().map(|at| *at as u16).collect();
    project.names.number_segments(&order);
}

/// Every segment, by number.
pub(super) fn check(project: &Project, files: &[ast::File], found: &mut Diagnostics) -> Vec<Segment> {
    let mut written = written(project, files);
    written.sort_by_key(|segment| project.names.get(Kind::Segment, &segment.name.text));
    written
        .into_iter()
        .map(|segment| {
            let mut scope = Scope::of_customer();
            let condition = segment.condition.map(|condition| Typer { project, scope: &mut scope, found }.condition(condition));
            Segment {
                name: segment.name.text.clone(),
                title: segment.title.map(|title| title.text.clone()),
                docs: segment.decl.docs.text.clone(),
                condition: condition.unwrap_or(Expr::Const(Value::Boolean(false))),
                place: segment.decl.place,
            }
        })
        .collect()
}

fn written<'a>(project: &Project, files: &'a [ast::File]) -> Vec<Written<'a>> {
    files
        .iter()
        .flat_map(|file| &file.decls)
        .filter_map(|decl| match &decl.kind {
            DeclKind::Segment { name: Some(name), title, condition } => {
                project.names.own(Kind::Segment, name)?;
                Some(Written { decl, name, title: title.as_ref(), condition: condition.as_ref() })
            }
            _ => None,
        })
        .collect()
}

fn asked(project: &Project, condition: &ast::Expr) -> Vec<usize> {
    let mut asked = Vec::new();
    tree::walk(condition, &mut |part| {
        if let ExprKind::InSegment(Some(name)) = &part.kind
            && let Some(id) = project.names.get(Kind::Segment, &name.text)
        {
            asked.push(usize::from(id));
        }
    });
    asked
}
