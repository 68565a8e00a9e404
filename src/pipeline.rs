//! From the files of a project to its plan, in one call.
//!
//! In: a [`Project`]. Out: [`Compiled`] and every finding of every stage. **Invariant:** there is a plan exactly where there is no
//! error. A file that could not be read, or whose blocks cannot be told apart, stops the rest: what is missing from it would be reported
//! all over the others.

use crate::ast;
use crate::check::{self, Checked};
use crate::diagnostic::Diagnostics;
use crate::plan::{self, Plan};
use crate::project::Project;
use crate::source::Sources;
use crate::syntax;

/// Findings after which nobody knows which block a line belongs to: too large, too deep, a brace too many or too few.
const STRUCTURE_LOST: [&str; 4] = ["E0001", "E0002", "E0003", "E0004"];

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
pub fn check_project(project: Project) -> (Compiled, Diagnostics) {
    let (compiled, found, _) = compile(project, false);
    (compiled, found)
}

/// What an editor keeps beside: the shape of every file, and what its names mean. `None` for the latter where it cannot be known which block a
/// line belongs to.
#[derive(Debug, Default)]
pub struct Looked {
    pub files: Vec<ast::File>,
    pub resolved: Option<check::Resolved>,
}

/// As [`check_project`], and what an editor asks for.
pub fn look_at_project(project: Project) -> (Compiled, Diagnostics, Looked) {
    compile(project, true)
}

fn compile(mut project: Project, look: bool) -> (Compiled, Diagnostics, Looked) {
    let mut found = std::mem::take(&mut project.findings);
    if found.has_errors() {
        return (Compiled { project, ..Compiled::default() }, found, Looked::default());
    }
    let mut files = Vec::new();
    for id in project.journeys.iter().copied() {
        let Some(file) = project.sources.get(id) else { continue };
        let tree = syntax::parse(id, &file.text);
        found.extend(syntax::errors(&tree, &file.text));
        files.push(ast::lower(id, &tree, &file.text));
    }
    if found.iter().any(|one| STRUCTURE_LOST.contains(&one.code.number)) {
        return (Compiled { project, ..Compiled::default() }, found, Looked { files, resolved: None });
    }
    let whole = !found.has_errors();
    let (checked, findings, resolved) = if look {
        let (checked, findings, resolved) = check::check_resolving(&files, &project.sources, whole);
        (checked, findings, Some(resolved))
    } else {
        let (checked, findings) = check::check(&files, &project.sources, whole);
        (checked, findings, None)
    };
    found.extend(findings);
    check::accept(&files, &mut found);
    let plan = (!found.has_errors()).then(|| plan::build::build(&checked, &project.sources));
    (Compiled { project, checked, plan }, found, Looked { files, resolved })
}
