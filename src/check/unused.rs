//! Declarations that nothing uses.
//!
//! In: the names of a project, after everything has asked for what it uses. Out: warnings. **Invariant:** only what has no effect of its
//! own: an event, a segment, a topic or a journey means something by being declared.

use super::names::{Kind, Names};
use super::problem::problems;
use crate::diagnostic::{Code, Diagnostics};

problems! {
    /// A message that nobody sends.
    NeverUsed { kind: &'static str, name: String, help: &'static str } = Code::new("W0160", "never-used");
        "the {kind} `{name}` is never used", "nothing in the project names it", "{help}";
}

pub(super) fn check(names: &Names, found: &mut Diagnostics) {
    let kinds = [
        (Kind::Message, "send it in a journey, or take it out"),
        (Kind::Route, "send a message by it, or take it out"),
        (Kind::Const, "use it in a condition or a text, or take it out"),
        (Kind::Survey, "let a message carry it, or take it out"),
        (Kind::Team, "send a task to it, or take it out"),
        (Kind::List, "ask for it by `in list`, add to it, or take it out"),
        (Kind::Codes, "draw a code from it in a journey, or take it out"),
        (Kind::Audience, "add to it in a journey, or take it out"),
    ];
    for (kind, help) in kinds {
        // Who begins with the messages has not forgotten to send them.
        if kind != Kind::Const && names.journeys.is_empty() {
            continue;
        }
        for (name, place) in names.unused(kind) {
            found.push(NeverUsed { place, kind: kind.word(), name: name.to_owned(), help });
        }
    }
}
