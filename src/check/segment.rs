//! Segments, and the hidden ones of lists and stages: their conditions, in an order in which each reads only earlier ones.
//!
//! In: declarations of segments, lists and stages. Out: [`Segment`]s by number. **Invariant:** no segment asks itself, also not through others. Knows no runs:
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
use crate::schema::{ListId, SegmentId, SegmentRole, StageId};
use crate::source::Place;
use crate::value::Value;

problems! {
    /// Segments that ask each other.
    SegmentCircle { name: String, circle: String, other: Option<(Place, &'static str)> } = Code::new("E0124", "segments-in-a-circle");
        "who is in `{name}` depends on who is in `{name}`", "{circle}", "let one of them ask for something else than a segment";
}

/// A segment as written, or a hidden one.
struct Written<'a> {
    name: &'a ast::Name,
    title: Option<&'a ast::TextLit>,
    docs: Option<&'a String>,
    condition: Option<&'a ast::Expr>,
    role: SegmentRole,
    place: Place,
}

/// Numbers the segments, before anything asks for one.
pub(super) fn number(project: &mut Project, files: &[ast::File], found: &mut Diagnostics) {
    let written = written(project, files);
    let uses: Vec<Vec<usize>> = written.iter().map(|segment| asked(project, &written, segment)).collect();
    let sorted = super::order::sort(&uses);
    for circle in &sorted.circles {
        let segment = &written[circle[0]];
        let mut names: Vec<&str> = circle.iter().map(|at| written[*at].name.text.as_str()).collect();
        // A stage stands there twice: as its condition, and as who is in it.
        names.dedup();
        let mut path: Vec<String> = names.into_iter().map(|name| format!("`{name}`")).collect();
        path.push(format!("`{}` again", segment.name.text));
        let other = circle.get(1).map(|at| (written[*at].name.place, "part of the circle"));
        found.push(SegmentCircle { place: segment.name.place, name: segment.name.text.to_string(), circle: path.join(" asks "), other });
    }
    let order: Vec<u16> = sorted.order.iter().map(|at| *at as u16).collect();
    for (number, old) in sorted.order.iter().enumerate() {
        let number = SegmentId(number as u16);
        match written[*old].role {
            SegmentRole::Written => {}
            SegmentRole::List(list) => project.schema.lists[list.index()].segment = number,
            SegmentRole::StageTest(stage) => project.schema.stages[stage.index()].test = Some(number),
            SegmentRole::Stage(stage) => project.schema.stages[stage.index()].segment = number,
        }
    }
    project.names.number_segments(&order);
    project.segment_order = order;
}

/// Every segment, by number.
pub(super) fn check(project: &Project, files: &[ast::File], found: &mut Diagnostics) -> Vec<Segment> {
    let written = written(project, files);
    let mut checked: Vec<Option<Segment>> = written
        .iter()
        .map(|segment| {
            let condition = match segment.role {
                SegmentRole::List(list) => Expr::OnList(list),
                SegmentRole::Stage(stage) => Expr::AtStage(stage),
                SegmentRole::Written | SegmentRole::StageTest(_) => {
                    let mut scope = Scope::of_customer();
                    let condition = segment.condition.map(|condition| Typer { project, scope: &mut scope, found }.condition(condition));
                    condition.unwrap_or(Expr::Const(Value::Boolean(false)))
                }
            };
            Some(Segment {
                name: segment.name.text.clone(),
                title: segment.title.map(|title| title.text.clone()),
                docs: segment.docs.cloned(),
                condition,
                role: segment.role,
                place: segment.place,
            })
        })
        .collect();
    project.segment_order.iter().filter_map(|old| checked.get_mut(usize::from(*old)).and_then(Option::take)).collect()
}

/// The conditions of some files alone, for what an editor asks about their places.
pub(super) fn conditions(project: &Project, files: &[ast::File], found: &mut Diagnostics) {
    for condition in written(project, files).iter().filter_map(|segment| segment.condition) {
        let mut scope = Scope::of_customer();
        Typer { project, scope: &mut scope, found }.condition(condition);
    }
}

/// Those that are written first, in the order of their declaration; then those of lists and stages.
fn written<'a>(project: &Project, files: &'a [ast::File]) -> Vec<Written<'a>> {
    let (mut written, mut hidden) = (Vec::new(), Vec::new());
    for decl in files.iter().flat_map(|file| &file.decls) {
        match &decl.kind {
            DeclKind::Segment { name: Some(name), title, condition } if project.names.own(Kind::Segment, name).is_some() => {
                let (title, docs, condition) = (title.as_ref(), decl.docs.text.as_ref(), condition.as_ref());
                written.push(Written { name, title, docs, condition, role: SegmentRole::Written, place: decl.place });
            }
            DeclKind::List { name: Some(name), title } => {
                let Some(list) = project.names.own(Kind::List, name) else { continue };
                let (title, docs, role) = (title.as_ref(), decl.docs.text.as_ref(), SegmentRole::List(ListId(list)));
                hidden.push(Written { name, title, docs, condition: None, role, place: decl.place });
            }
            DeclKind::Stages { stages } => stages.iter().for_each(|stage| add_stage(project, stage, &mut hidden)),
            _ => {}
        }
    }
    written.extend(hidden);
    written
}

fn add_stage<'a>(project: &Project, stage: &'a ast::Stage, hidden: &mut Vec<Written<'a>>) {
    let Some(name) = &stage.name else { return };
    let Some(id) = project.names.own(Kind::Stage, name).map(StageId) else { return };
    let (title, docs, place) = (stage.title.as_ref(), stage.docs.text.as_ref(), stage.place);
    if let ast::StageWhen::Condition(condition) = &stage.when {
        hidden.push(Written { name, title, docs, condition: condition.as_ref(), role: SegmentRole::StageTest(id), place });
    }
    hidden.push(Written { name, title, docs, condition: None, role: SegmentRole::Stage(id), place });
}

/// Which others a segment reads, by position.
fn asked(project: &Project, written: &[Written], segment: &Written) -> Vec<usize> {
    let with_role = |wanted: SegmentRole| written.iter().position(|segment| segment.role == wanted);
    if let SegmentRole::Stage(_) = segment.role {
        let test = |(_, other): &(usize, &Written)| matches!(other.role, SegmentRole::StageTest(_));
        return written.iter().enumerate().filter(test).map(|(at, _)| at).collect();
    }
    let mut asked = Vec::new();
    let Some(condition) = segment.condition else { return asked };
    tree::walk(condition, &mut |part| match &part.kind {
        ExprKind::InSegment(Some(name)) => asked.extend(project.names.get(Kind::Segment, &name.text).map(usize::from)),
        ExprKind::InList(Some(name)) => {
            asked.extend(project.names.get(Kind::List, &name.text).and_then(|id| with_role(SegmentRole::List(ListId(id)))));
        }
        ExprKind::InStage(Some(name)) => {
            asked.extend(project.names.get(Kind::Stage, &name.text).and_then(|id| with_role(SegmentRole::Stage(StageId(id)))));
        }
        _ => {}
    });
    asked
}
