//! `onward test`: plays the scenarios of a project.

mod annotations;
mod report;

use super::Exit;
use super::output::{self, Document, Output};
use crate::diagnostic::render::Format;
use crate::scenario;
use std::path::PathBuf;

/// What it is called in documents.
const COMMAND: &str = "test";

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  onward test                                  this folder\n  onward test shop --filter \"within the hour\"   some scenarios\n  \
                        onward test shop --junit report.xml          for a build server"
)]
pub(super) struct Arguments {
    /// A project's folder, or one journey file
    #[arg(default_value = ".")]
    path: PathBuf,
    /// Only scenarios whose title or journey contains this
    #[arg(long, value_name = "TEXT")]
    filter: Option<String>,
    /// Also write a JUnit report
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
}

pub(super) fn run(arguments: &Arguments, output: &Output) -> Exit {
    let ready = match output.compile_or_answer(&arguments.path, COMMAND) {
        Ok(ready) => ready,
        Err(exit) => return exit,
    };
    let sources = &ready.project.sources;
    let report = scenario::run(&ready.checked, sources, arguments.filter.as_deref());
    if let Some(filter) = &arguments.filter
        && report.scenarios.is_empty()
    {
        return output.fail(Exit::Usage, &format!("no scenario has \"{filter}\" in its title or in the name of its journey"));
    }
    if let Some(path) = &arguments.junit {
        let written =
            output::scenarios_as_junit(&report, sources).and_then(|xml| std::fs::write(path, xml).map_err(|error| error.to_string()));
        if let Err(error) = written {
            return output.fail(Exit::InputOutput, &format!("cannot write `{}`: {error}", path.display()));
        }
    }
    let text = match (output.document(), output.format()) {
        (Some(Document::Sarif), _) => output::scenarios_as_sarif(&report, sources, COMMAND),
        (Some(Document::Junit), _) => match output::scenarios_as_junit(&report, sources) {
            Ok(text) => text,
            Err(error) => return output.fail(Exit::Internal, &format!("the report cannot be written: {error}")),
        },
        (_, Format::Human) => scenario::text(&report, sources, output.color()),
        (_, Format::Short) => annotations::short(&report, sources),
        (_, Format::Github) => annotations::github(&report, sources),
        (_, Format::Json) => report::json(&report, sources),
    };
    if output.document().is_none() {
        output.report(&text)
    } else {
        output.print(&text)
    }
    if report.failed() == 0 { Exit::Fine } else { Exit::Findings }
}
