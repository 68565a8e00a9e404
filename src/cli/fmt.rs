//! `onward fmt`: journey files in the one layout.
//!
//! In: folders, files, or a text on standard input. Out: the files laid out in place, or what would change. **Invariant:** a file is
//! replaced whole or not at all, only once its text and the plan of its project are proved to be the same, and only if nobody changed it
//! meanwhile. A file that cannot be read as text is never written.

mod files;
mod plans;
mod report;

use super::Exit;
use super::output::{Output, complain};
use crate::format::{self, Formatted, Unproved};
use crate::source::{FileId, SourceFile, Sources, Span};
use std::io::Read as _;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  onward fmt                            this folder\n  onward fmt journeys/shop a.journey    another one, and a file\n  \
                        onward fmt --check                    in a workflow: fails where a file would change\n  \
                        onward fmt --diff                     what would change\n  \
                        onward fmt - --stdin-filename a.journey < a.journey\n\n\
                        There are no options for the layout: there is one. A declaration that is broken is left as it is."
)]
pub(super) struct Arguments {
    /// Folders and journey files; `-` is a text on standard input, laid out on standard output
    #[arg(default_value = ".", value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Change nothing: list the files that would change, and fail if there are any
    #[arg(long)]
    check: bool,
    /// Change nothing: show what would change, and fail if anything would
    #[arg(long)]
    diff: bool,
    /// How messages call the text on standard input
    #[arg(long, value_name = "NAME")]
    stdin_filename: Option<String>,
}

/// A file and what becomes of it.
struct Entry {
    /// Where it lies; `None` for standard input.
    path: Option<PathBuf>,
    /// In the sources of this run.
    id: FileId,
    formatted: Formatted,
}

impl Entry {
    fn changes(&self, sources: &Sources) -> bool {
        sources.get(self.id).is_some_and(|file| *file.text != *self.formatted.text)
    }
}

pub(super) fn run(arguments: &Arguments, output: &Output) -> Exit {
    let stdin = arguments.paths.iter().any(|path| path.as_os_str() == "-");
    if stdin && arguments.paths.len() > 1 {
        return output.fail(Exit::Usage, "`-` stands alone: standard input is one text");
    }
    if arguments.stdin_filename.is_some() && !stdin {
        return output.fail(Exit::Usage, "`--stdin-filename` names the text of standard input: write `onward fmt - --stdin-filename NAME`");
    }
    let only_look = arguments.check || arguments.diff;
    if output.document().is_some() && !only_look {
        return output.fail(Exit::Usage, "this format is a list of findings: write `onward fmt --check` with it");
    }
    let mut sources = Sources::default();
    let read = if stdin { from_stdin(arguments, &mut sources, output) } else { files::entries(&arguments.paths, &mut sources, output) };
    let (entries, unreadable) = match read {
        Ok(read) => read,
        Err(exit) => return exit,
    };
    for entry in &entries {
        tell_what_is_left(entry, &sources);
    }
    if !stdin && let Err(exit) = plans::prove(&entries, &sources, output) {
        return exit;
    }
    let exit = match (only_look, stdin) {
        (true, _) => report::check(&entries, &sources, arguments.diff, output),
        (false, true) => {
            output.print(entries.first().map_or("", |entry| &entry.formatted.text));
            Exit::Fine
        }
        (false, false) => files::write_all(&entries, &sources, output),
    };
    exit.max(unreadable)
}

/// Reads and lays out the text of standard input.
fn from_stdin(arguments: &Arguments, sources: &mut Sources, output: &Output) -> Result<(Vec<Entry>, Exit), Exit> {
    let name = arguments.stdin_filename.as_deref().unwrap_or("standard input");
    let mut bytes = Vec::new();
    let max = crate::project::FILE_BYTES_MAX;
    if let Err(error) = std::io::stdin().lock().take(max + 1).read_to_end(&mut bytes) {
        return Err(output.fail(Exit::InputOutput, &format!("cannot read standard input: {error}")));
    }
    if bytes.len() as u64 > max {
        return Err(output.fail(Exit::InputOutput, &format!("`{name}` is too large: more than {max} bytes")));
    }
    let Ok(text) = String::from_utf8(bytes) else {
        return Err(output.fail(Exit::InputOutput, &format!("`{name}` is not UTF-8 text")));
    };
    let id = sources.add(SourceFile::new(name, text));
    Ok((vec![laid_out(None, id, sources, output)?], Exit::Fine))
}

/// Lays a file out. A proof that fails is our mistake: nothing is written then.
fn laid_out(path: Option<PathBuf>, id: FileId, sources: &Sources, output: &Output) -> Result<Entry, Exit> {
    let text = sources.get(id).map_or("", |file| &file.text);
    match format::format_text(text) {
        Ok(formatted) => Ok(Entry { path, id, formatted }),
        Err(unproved) => Err(internal(&unproved, id, sources, output)),
    }
}

fn internal(unproved: &Unproved, id: FileId, sources: &Sources, output: &Output) -> Exit {
    let at = sources.locate(Span::new(unproved.at, unproved.at).at(id));
    let what = unproved.what;
    output.fail(
        Exit::Internal,
        &format!("{at}: formatting would change more than the layout: {what}; no file was changed, please report this"),
    )
}

/// What is broken is left as it is, and somebody should know.
fn tell_what_is_left(entry: &Entry, sources: &Sources) {
    for span in &entry.formatted.left {
        let place = span.at(entry.id);
        let line = sources.text(place).lines().next().unwrap_or("").trim().to_owned();
        let at = sources.locate(place);
        complain(&format!("{at}: left as it is, because it is broken: `{line}`; `onward check` says what is wrong"));
    }
}
