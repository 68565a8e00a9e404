//! What commands write, and how they load a project.
//!
//! **Invariant:** a reader that goes away (`onward plan | head`) ends the writing quietly; it is nobody's mistake.
//! An answer that could not be written for another reason (a full disk) is said and remembered: the command ends with exit code 3.

use super::Exit;
use crate::check::Checked;
use crate::diagnostic::render::{self, Format, Style};
use crate::diagnostic::{Diagnostic, Diagnostics, Severity};
use crate::plan::Plan;
use crate::project::{self, Project};
use crate::source::Sources;
use std::cell::Cell;
use std::io::{ErrorKind, Write as _};
use std::path::Path;

/// A project that may be run.
pub(super) struct Ready {
    pub project: Project,
    pub checked: Checked,
    pub plan: Plan,
}

pub(super) struct Output {
    stdout: Style,
    stderr: Style,
    deny_warnings: bool,
    /// Some of the answer could not be written.
    lost: Cell<bool>,
}

impl Output {
    pub fn new(stdout: Style, stderr: Style, deny_warnings: bool) -> Output {
        Output { stdout, stderr, deny_warnings, lost: Cell::new(false) }
    }

    pub fn format(&self) -> Format {
        self.stdout.format
    }

    /// Whether standard output wants colours.
    pub fn color(&self) -> bool {
        self.stdout.color
    }

    /// Writes the answer.
    pub fn print(&self, text: &str) {
        let mut out = std::io::stdout().lock();
        if let Err(error) = out.write_all(text.as_bytes()).and_then(|()| out.flush())
            && error.kind() != ErrorKind::BrokenPipe
            && !self.lost.replace(true)
        {
            complain(&format!("the answer cannot be written: {error}"));
        }
    }

    /// Whether some of the answer could not be written.
    pub fn is_lost(&self) -> bool {
        self.lost.get()
    }

    /// Loads a project, or says why not.
    pub fn load(&self, path: &Path) -> Result<Project, Exit> {
        project::load(path).map_err(|error| self.fail(Exit::InputOutput, &error.to_string()))
    }

    /// Loads and compiles a project for a command whose answer is something else: findings go to standard error, errors end it.
    pub fn compile(&self, path: &Path) -> Result<Ready, Exit> {
        let (compiled, findings) = crate::check_project(self.load(path)?);
        let exit = self.findings_aside(findings, compiled.sources());
        match (exit, compiled.plan) {
            (Exit::Fine, Some(plan)) => Ok(Ready { project: compiled.project, checked: compiled.checked, plan }),
            (Exit::Fine, None) => Err(self.fail(Exit::Internal, "there is no plan though nothing was found; please report this")),
            (exit, _) => Err(exit),
        }
    }

    /// Says what went wrong and gives the exit code back.
    pub fn fail(&self, exit: Exit, message: &str) -> Exit {
        complain(&format!("error: {message}"));
        exit
    }

    /// Writes findings as the answer of the command.
    pub fn findings(&self, found: Diagnostics, sources: &Sources) -> Exit {
        let found = found.into_sorted();
        self.print(&render::render(&found, sources, self.stdout));
        self.judge(&found)
    }

    /// Writes findings beside the answer of the command.
    pub fn findings_aside(&self, found: Diagnostics, sources: &Sources) -> Exit {
        let found = found.into_sorted();
        if !found.is_empty() {
            let text = render::render(&found, sources, self.stderr);
            let _ = std::io::stderr().lock().write_all(text.as_bytes());
        }
        self.judge(&found)
    }

    fn judge(&self, found: &[Diagnostic]) -> Exit {
        let bad = found.iter().any(|one| self.deny_warnings || one.severity() == Severity::Error);
        if bad { Exit::Findings } else { Exit::Fine }
    }
}

/// A line on standard error.
pub(super) fn complain(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}
