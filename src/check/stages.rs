//! Stages: where a customer stands on the way, one stage at a time.
//!
//! In: `stages { … }`. Out: the stages in the schema, in source order. **Invariant:** at most one block and one `otherwise`. Their conditions are
//! checked as the hidden segments that they are ([`super::segment`]).

use super::names::Kind;
use super::problem::problems;
use super::project::Project;
use crate::ast::{self, StageWhen};
use crate::diagnostic::{Code, Diagnostics};
use crate::schema::{SegmentId, Stage};
use crate::source::Place;

problems! {
    /// A second `stages { … }`.
    StagesTwice { other: Option<(Place, &'static str)> } = Code::new("E0860", "stages-twice");
        "stages are declared twice", "a customer is in one stage at a time, so there is one list of them", "move these stages into the other block";

    /// A second `otherwise`.
    OtherwiseTwice { name: String, other: Option<(Place, &'static str)> } = Code::new("E0861", "two-stages-otherwise");
        "`{name}` is the second stage `otherwise`", "who is in no other stage can be in only one", "give one of the two a condition: `{name} when …`";
}

pub(super) fn declare(project: &mut Project, first: &mut Option<Place>, keyword: Place, written: &[ast::Stage], found: &mut Diagnostics) {
    if let Some(first) = *first {
        found.push(StagesTwice { place: keyword, other: Some((first, "the first block")) });
    }
    first.get_or_insert(keyword);
    let mut otherwise: Option<Place> = None;
    for stage in written {
        let Some(name) = &stage.name else { continue };
        if matches!(stage.when, StageWhen::Otherwise) {
            if let Some(first) = otherwise {
                found.push(OtherwiseTwice { place: name.place, name: name.text.to_string(), other: Some((first, "the first one")) });
            }
            otherwise.get_or_insert(name.place);
        }
        if project.names.own(Kind::Stage, name).is_none() {
            continue;
        }
        let title = stage.title.as_ref().map(|title| title.text.clone());
        project.schema.stages.push(Stage { name: name.text.clone(), title, test: None, segment: SegmentId::default() });
    }
}
