//! `onward init`: a first small project in a new folder, with comments, or a recipe. Never overwrites anything.

pub mod recipes;

use super::Exit;
use super::output::Output;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// The files of the first project; a test checks and plays them.
pub const FILES: [(&str, &str); 2] =
    [("onward.toml", include_str!("init/onward.toml")), ("welcome.journey", include_str!("init/welcome.journey"))];

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  onward init shop && onward test shop\n  onward init --list                       the recipes there are\n  onward init --from r15-checkout shop     begin with one of them"
)]
pub(super) struct Arguments {
    /// The new folder; one that exists must hold no journeys
    #[arg(default_value = ".")]
    folder: PathBuf,
    /// Begin with this recipe
    #[arg(long, value_name = "RECIPE")]
    from: Option<String>,
    /// List the recipes
    #[arg(long, conflicts_with = "from")]
    list: bool,
}

pub(super) fn run(arguments: &Arguments, output: &Output) -> Exit {
    if arguments.list {
        output.print(&recipes::list());
        return Exit::Fine;
    }
    let folder = &arguments.folder;
    let shown = folder.display();
    let (files, said) = match arguments.from.as_deref().map(recipes::find) {
        Some(Err(message)) => return output.fail(Exit::Usage, &message),
        Some(Ok(recipe)) => {
            let paths: String = recipe.files.iter().map(|(path, _)| format!("  {path}\n")).collect();
            (recipe.files, format!("The recipe `{}` is in `{shown}`:\n{paths}", recipe.name))
        }
        None => (
            FILES.as_slice(),
            format!(
                "A first project is in `{shown}`:\n  welcome.journey   who the customers are, two messages, one journey, two scenarios\n  onward.toml       the project's settings\n"
            ),
        ),
    };
    if let Err(message) = prepare(folder, files).and_then(|()| write(folder, files)) {
        return output.fail(Exit::InputOutput, &message);
    }
    output.print(&format!("{said}\nNext:\n  onward check {shown}\n  onward test {shown}\n  onward plan {shown}\n"));
    Exit::Fine
}

fn write(folder: &Path, files: &[(&str, &str)]) -> Result<(), String> {
    for (name, text) in files {
        let path = folder.join(name);
        let shown = path.display();
        if let Some(above) = path.parent() {
            fs::create_dir_all(above).map_err(|error| format!("cannot make the folder `{}`: {error}", above.display()))?;
        }
        // `create_new` refuses what is there, even if it came a moment ago.
        let written = fs::OpenOptions::new().write(true).create_new(true).open(&path).and_then(|mut file| file.write_all(text.as_bytes()));
        written.map_err(|error| format!("cannot write `{shown}`: {error}"))?;
    }
    Ok(())
}

/// The folder is there and holds nothing that a file of ours could replace.
fn prepare(folder: &Path, files: &[(&str, &str)]) -> Result<(), String> {
    let shown = folder.display();
    if folder.is_file() {
        return Err(format!("`{shown}` is a file, and a project is a folder; choose a new folder"));
    }
    fs::create_dir_all(folder).map_err(|error| format!("cannot make the folder `{shown}`: {error}"))?;
    for (name, _) in files {
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
