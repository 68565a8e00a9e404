//! `onward simulate`: runs a project over an event log.

use super::Exit;
use super::output::Output;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// A project's folder
    #[arg(default_value = ".")]
    path: PathBuf,
}

pub(super) fn run(arguments: &Arguments, output: &Output) -> Exit {
    output.fail(Exit::Usage, &format!("`{}` cannot be simulated yet: the simulator is not part of this version", arguments.path.display()))
}
