//! What commands write, and how they load a project.
//!
//! **Invariant:** a reader that goes away (`onward plan | head`) ends the writing quietly; it is nobody's mistake.
//! What several commands write in the same format is written below: SARIF and JUnit from [`item::Item`]s, whichever command found them.
//! An answer that could not be written for another reason (a full disk) is said and remembered: the command ends with exit code 3.

pub(super) mod item;
mod junit;
mod sarif;

use super::Exit;
use crate::check::Checked;
use crate::diagnostic::render::{self, Format, Style};
use crate::diagnostic::{Diagnostic, Diagnostics, Severity};
use crate::locale::{self, Locale};
use crate::pipeline::Compiled;
use crate::plan::Plan;
use crate::project::{self, Project};
use crate::scenario;
use crate::source::{FileId, Sources};
use item::Item;
use std::cell::Cell;
use std::io::{ErrorKind, Write as _};
use std::path::Path;

/// A project that may be run.
pub(super) struct Ready {
    pub project: Project,
    pub checked: Checked,
    pub plan: Plan,
}

/// A format that is a document of its own, made for another program, and which only some commands write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Document {
    Sarif,
    Junit,
    /// For people, where a host renders it.
    Markdown,
}

impl Document {
    /// For somebody who asked another command for it.
    pub fn who_writes_it(self) -> &'static str {
        match self {
            Document::Sarif => "`--format sarif` is written by `onward check`, `onward test` and `onward fmt --check`",
            Document::Junit => "`--format junit` is written by `onward check`, `onward test` and `onward fmt --check`",
            Document::Markdown => "`--format markdown` is written by `onward review`",
        }
    }
}

pub(super) struct Output {
    /// Where the answer is one; then `stdout` says how people are told.
    document: Option<Document>,
    stdout: Style,
    stderr: Style,
    deny_warnings: bool,
    /// Some of the answer could not be written.
    lost: Cell<bool>,
}

impl Output {
    pub fn new(document: Option<Document>, stdout: Style, stderr: Style, deny_warnings: bool) -> Output {
        Output { document, stdout, stderr, deny_warnings, lost: Cell::new(false) }
    }

    pub fn document(&self) -> Option<Document> {
        self.document
    }

    pub fn format(&self) -> Format {
        self.stdout.format
    }

    /// Whether standard output wants colours.
    pub fn color(&self) -> bool {
        self.stdout.color
    }

    /// The language of whoever reads.
    pub fn locale(&self) -> Locale {
        self.stdout.locale
    }

    /// Writes a report for people, in their language; in a format for programs as it is.
    pub fn report(&self, text: &str) {
        if self.format() == Format::Human { self.print(&locale::report::of(self.locale(), text)) } else { self.print(text) }
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
        self.ready(compiled, findings)
    }

    fn ready(&self, compiled: Compiled, findings: Diagnostics) -> Result<Ready, Exit> {
        let exit = self.findings_aside(findings, compiled.sources());
        match (exit, compiled.plan) {
            (Exit::Fine, Some(plan)) => Ok(Ready { project: compiled.project, checked: compiled.checked, plan }),
            (Exit::Fine, None) => Err(self.fail(Exit::Internal, "there is no plan though nothing was found; please report this")),
            (exit, _) => Err(exit),
        }
    }

    /// Like [`Output::compile`], for a command whose answer may be a document of findings: then errors of the project are that document, so
    /// that whoever takes it in never meets an empty file.
    pub fn compile_or_answer(&self, path: &Path, command: &str) -> Result<Ready, Exit> {
        if self.document.is_none() {
            return self.compile(path);
        }
        let (compiled, findings) = crate::check_project(self.load(path)?);
        if self.is_bad(findings.iter()) {
            return Err(self.findings_as_document(findings, &compiled.project, command));
        }
        self.ready(compiled, findings)
    }

    /// Writes findings as the document that was asked for.
    pub fn findings_as_document(&self, found: Diagnostics, project: &Project, command: &str) -> Exit {
        let found = found.into_sorted();
        let files: Vec<FileId> = project.journeys.iter().copied().chain(project.manifest).collect();
        let translated: Vec<Diagnostic> = found.iter().map(|one| one.translated(self.locale())).collect();
        let items = item::of_findings(&translated, &project.sources);
        self.items(&items, &files, &project.sources, command, "no findings").max(self.judge(&found))
    }

    /// Writes items as the document that was asked for; a file of which there is none passes as `none`.
    pub fn items(&self, items: &[Item], files: &[FileId], sources: &Sources, command: &str, none: &str) -> Exit {
        let text = match self.document {
            Some(Document::Junit) => {
                let cases = junit::of_items(items, files, sources, none, self.deny_warnings);
                match junit::document(&format!("onward {command}"), cases) {
                    Ok(text) => text,
                    Err(error) => return self.fail(Exit::Internal, &format!("the report cannot be written: {error}")),
                }
            }
            _ => sarif::document(items, sources, command),
        };
        self.print(&text);
        Exit::Fine
    }

    /// Says what went wrong and gives the exit code back.
    pub fn fail(&self, exit: Exit, message: &str) -> Exit {
        let locale = self.stderr.locale;
        complain(&format!("{}: {}", locale.text("error"), locale::report::of(locale, message)));
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
        if self.is_bad(found.iter()) { Exit::Findings } else { Exit::Fine }
    }

    fn is_bad<'d>(&self, mut found: impl Iterator<Item = &'d Diagnostic>) -> bool {
        found.any(|one| self.deny_warnings || one.severity() == Severity::Error)
    }
}

/// Scenarios as SARIF.
pub(super) fn scenarios_as_sarif(report: &scenario::Report, sources: &Sources, command: &str) -> String {
    sarif::document(&item::of_scenarios(report, sources), sources, command)
}

/// Scenarios as JUnit.
///
/// # Errors
/// Where the document cannot be written, with the reason.
pub(super) fn scenarios_as_junit(report: &scenario::Report, sources: &Sources) -> Result<String, String> {
    junit::document("onward test", junit::of_scenarios(report, sources))
}

/// How many cells wide the terminal is.
pub(super) fn terminal_width() -> Option<usize> {
    terminal_size::terminal_size().map(|(width, _)| usize::from(width.0))
}

/// A line on standard error.
pub(super) fn complain(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}
