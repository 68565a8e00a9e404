//! `onward check`: finds every mistake in a project.

use super::Exit;
use super::output::Output;
use crate::diagnostic::render::Format;
use crate::ingest::Config;
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
    let (result, mut findings) = crate::check_project(project);
    // What the project file says is looked at here, too: whoever checks wants to know before anybody simulates.
    if let Some(id) = result.project.manifest
        && let Some(file) = result.sources().get(id)
    {
        findings.extend(Config::read(file, id).1);
    }
    let none = findings.is_empty();
    let exit = output.findings(findings, result.sources());
    if none && output.format() == Format::Human {
        let counted = if files == 1 { "1 file".to_owned() } else { format!("{files} files") };
        output.print(&format!("{counted} checked, nothing to complain about\n"));
    }
    exit
}
