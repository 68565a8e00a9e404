//! Pictures of a plan: Mermaid for pages that draw it themselves, SVG that needs nothing.

pub mod mermaid;
pub mod svg;

pub use mermaid::mermaid;
pub use svg::svg;

use super::{Step, StepKind};

/// What a step is, for its colour and shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    Wait,
    Question,
    Message,
    Change,
    End,
}

pub fn look(step: &Step) -> Look {
    match step.kind {
        StepKind::Wait { .. } | StepKind::Await { .. } | StepKind::Call { .. } | StepKind::Draw { .. } => Look::Wait,
        StepKind::Branch { .. } | StepKind::Split { .. } | StepKind::Repeat { .. } => Look::Question,
        StepKind::Send(_) => Look::Message,
        StepKind::Exit { .. } | StepKind::Jump => Look::End,
        _ => Look::Change,
    }
}
