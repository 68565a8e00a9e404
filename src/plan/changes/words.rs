//! What differs, in the words that every command uses for it.

use super::{Change, StepChange, StepWhat};

/// `new`, `removed`, `changed`
pub fn change(change: Change) -> &'static str {
    match change {
        Change::Added => "new",
        Change::Removed => "removed",
        Change::Changed => "changed",
    }
}

/// `new`, `removed`, `re-timed`, …
pub fn what(what: StepWhat) -> &'static str {
    match what {
        StepWhat::Added => "new",
        StepWhat::Removed => "removed",
        StepWhat::Retimed => "re-timed",
        StepWhat::Condition => "asks else",
        StepWhat::Text => "new text",
        StepWhat::Changed => "changed",
        StepWhat::Moved => "moved",
    }
}

/// One line for a terminal, its first word padded: ``re-timed  `wait 2 days`, was `wait 1 day` (shop.journey:12)``.
pub fn step(step: &StepChange) -> String {
    let was = step.was.as_ref().map_or_else(String::new, |was| format!(", was `{was}`"));
    format!("{:<9}  `{}`{was} ({})", what(step.what), step.label, step.place)
}
