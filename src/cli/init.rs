//! `onward init`: a first small project in a new folder, with comments. Never overwrites anything.

use super::Exit;
use super::output::Output;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// The files of the first project; a test checks and plays them.
pub const FILES: [(&str, &str); 2] =
    [("onward.toml", include_str!("init/onward.toml")), ("welcome.journey", include_str!("init/welcome.journey"))];

#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  onward init shop && onward test shop")]
pub(super) struct Arguments {
    /// The new folder; one that exists must be empty
    #[arg(default_value = ".")]
    folder: PathBuf,
}

pub(super) fn run(arguments: &Arguments, output: &Output) -> Exit {
    let folder = &arguments.folder;
    if let Err(message) = prepare(folder) {
        return output.fail(Exit::InputOutput, &message);
    }
    for (name, text) in FILES {
        let path = folder.join(name);
        // `create_new` refuses what is there, even if it came a moment ago.
        let written = fs::OpenOptions::new().write(true).create_new(true).open(&path).and_then(|mut file| file.write_all(text.as_bytes()));
        if let Err(error) = written {
            return output.fail(Exit::InputOutput, &format!("cannot write `{}`: {error}", path.display()));
        }
    }
    let shown = folder.display();
    output.print(&format!(
        "A first project is in `{shown}`:\n  welcome.journey   who the customers are, two messages, one journey, two scenarios\n  onward.toml       the project's settings\n\n\
         Next:\n  onward check {shown}\n  onward test {shown}\n  onward plan {shown}\n"
    ));
    Exit::Fine
}

/// The folder is there and holds nothing that a file of ours could replace.
fn prepare(folder: &Path) -> Result<(), String> {
    let shown = folder.display();
    fs::create_dir_all(folder).map_err(|error| format!("cannot make the folder `{shown}`: {error}"))?;
    for (name, _) in FILES {
        if folder.join(name).symlink_metadata().is_ok() {
            return Err(format!(
                "`{}` is already there, and nothing is ever overwritten; choose a new folder",
                folder.join(name).display()
            ));
        }
    }
    let journeys = fs::read_dir(folder).map_err(|error| format!("cannot read the folder `{shown}`: {error}"))?;
    let project = journeys.flatten().any(|entry| entry.path().extension().is_some_and(|extension| extension == crate::project::EXTENSION));
    if project {
        return Err(format!("`{shown}` already holds journeys; choose a new folder"));
    }
    Ok(())
}
