//! `onward plan --against` and `onward apply`: an edit, compared with what runs, and made active.
//!
//! In: a project that checks, where its daemon or its store is. Out: what would change, in sentences or as JSON; or that it is active. **Invariant:**
//! nothing is made active that was not shown and agreed to; what is told is what the daemon said.

mod compare;

use super::Exit;
use super::output::Output;
use crate::daemon::core::deploy::comparison::Comparison;
use crate::diagnostic::render::Format;
use crate::plan::Plan;
use serde_json::json;
use std::path::Path;

/// `onward plan --against`.
pub(super) fn plan_against(against: &str, plan: Plan, wishes: &[String], output: &Output) -> Exit {
    match compare::with_store(Path::new(against), plan, wishes, output) {
        Ok(comparison) => {
            tell(&comparison, output);
            Exit::Fine
        }
        Err(exit) => exit,
    }
}

fn tell(comparison: &Comparison, output: &Output) {
    if output.format() == Format::Json {
        output.print(&format!("{}\n", json!({ "comparison": comparison })));
    } else {
        output.print(&comparison.text());
    }
}
