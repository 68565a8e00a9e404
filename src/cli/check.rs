//! `onward check`: finds every mistake in a project.

use super::Exit;
use super::output::Output;
use crate::diagnostic::render::Format;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  onward check                          this folder\n  onward check journeys/shop            another one\n  \
                        onward check --deny warnings --format github   in a workflow"
)]
pub(super) struct Arguments {
    /// A project's folder, or one journey file
    #[arg(default_value = ".")]
    path: PathBuf,
}

pub(super) fn run(arguments: &Arguments, output: &Output) -> Exit {
    let project = match output.load(&arguments.path) {
        Ok(project) => project,
        Err(exit) => return exit,
    };
    let files = project.journeys.len();
    let (result, findings) = crate::check_project(project);
    let none = findings.is_empty();
    let exit = output.findings(findings, result.sources());
    if none && output.format() == Format::Human {
        let counted = if files == 1 { "1 file".to_owned() } else { format!("{files} files") };
        output.print(&format!("{counted} checked, nothing to complain about\n"));
    }
    exit
}
