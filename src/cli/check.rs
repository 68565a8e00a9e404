//! `onward check`: finds every mistake in a project.

mod table;

use super::Exit;
use super::output::Output;
use crate::check::bounds::bounds;
use crate::diagnostic::Diagnostics;
use crate::diagnostic::render::Format;
use crate::ingest::Config;
use crate::pipeline::Compiled;
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
    /// Also state the longest stay in each journey and the most messages from it, and what limits them
    #[arg(long)]
    bounds: bool,
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
    if output.document().is_some() {
        return match arguments.bounds {
            true => output.fail(Exit::Usage, "bounds are not findings: write them with `--format human` or `--format json`"),
            false => output.findings_as_document(findings, &result.project, "check"),
        };
    }
    let none = findings.is_empty();
    if arguments.bounds && !findings.has_errors() {
        return with_bounds(findings, &result, output);
    }
    let exit = output.findings(findings, result.sources());
    if none && output.format() == Format::Human {
        let counted = if files == 1 { "1 file".to_owned() } else { format!("{files} files") };
        output.report(&format!("{counted} checked, nothing to complain about\n"));
    }
    exit
}

/// The bounds are the answer; findings stand beside it, so that the answer can be piped.
fn with_bounds(findings: Diagnostics, result: &Compiled, output: &Output) -> Exit {
    let exit = output.findings_aside(findings, result.sources());
    let bounds = bounds(&result.checked, result.sources());
    if output.format() == Format::Json {
        match serde_json::to_string_pretty(&bounds) {
            Ok(text) => output.print(&format!("{text}\n")),
            Err(error) => return output.fail(Exit::Internal, &format!("the bounds cannot be written: {error}")),
        }
    } else {
        output.report(&table::table(&bounds));
    }
    exit
}
