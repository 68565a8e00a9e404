//! What can be shown of the place where somebody reads or writes.
//!
//! In: the tree of a file and a byte of it. Out: the name of a journey or a message. **Invariant:** also a broken file has an answer, as
//! long as its declarations have names.

use crate::ast::{self, DeclKind, JourneyItem};
use crate::value::Text;

/// What can be shown of the place where somebody reads or writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// By name: its picture.
    Journey(Text),
    /// By name: its texts.
    Message(Text),
}

/// The declaration that holds a byte of a file: a journey, a message (also one that a journey declares), or the journey that a scenario is for.
pub fn subject_at(file: &ast::File, byte: u32) -> Option<Subject> {
    let holds = |place: crate::source::Place| place.span.start <= byte && byte <= place.span.end;
    let decl = file.decls.iter().find(|decl| holds(decl.place))?;
    match &decl.kind {
        DeclKind::Message(message) => message.name.as_ref().map(|name| Subject::Message(name.text.clone())),
        DeclKind::Journey(journey) => {
            let inside = journey.items.iter().find_map(|item| match item {
                JourneyItem::Message(message) if holds(message.place) => message.name.as_ref(),
                _ => None,
            });
            let inside = inside.map(|name| Subject::Message(name.text.clone()));
            inside.or_else(|| journey.name.as_ref().map(|name| Subject::Journey(name.text.clone())))
        }
        DeclKind::Scenario(scenario) => scenario.journey.as_ref().map(|name| Subject::Journey(name.text.clone())),
        _ => None,
    }
}
