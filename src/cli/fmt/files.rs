//! The files that a run is about: found, read, and replaced.
//!
//! In: paths. Out: entries, each file once. **Invariant:** what is written is a whole file under its own name: a reader sees the old
//! text or the new one, and a crash leaves one of them.

#![allow(clippy::disallowed_methods, reason = "the command reads and writes the files that it lays out")]

use super::{Entry, laid_out};
use crate::cli::Exit;
use crate::cli::output::Output;
use crate::diagnostic::Diagnostics;
use crate::diagnostic::render::Format;
use crate::source::{SourceFile, Sources};
use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// Reads and lays out every journey file of some paths. The exit code is that of files that are no text.
pub(super) fn entries(paths: &[PathBuf], sources: &mut Sources, output: &Output) -> Result<(Vec<Entry>, Exit), Exit> {
    let mut entries = Vec::new();
    let mut seen = BTreeSet::new();
    let mut exit = Exit::Fine;
    for path in paths {
        let mut project = output.load(path)?;
        let found = std::mem::take(&mut project.findings);
        let unreadable: BTreeSet<_> = found.iter().map(|one| one.place.file).collect();
        let about_journeys: Vec<_> = found.into_sorted().into_iter().filter(|one| project.journeys.contains(&one.place.file)).collect();
        let mut told = Diagnostics::default();
        about_journeys.into_iter().for_each(|one| told.push(one));
        exit = exit.max(output.findings_aside(told, &project.sources));
        for id in &project.journeys {
            let Some(file) = project.sources.get(*id).filter(|_| !unreadable.contains(id)) else { continue };
            let root = project.root.clone().unwrap_or_default();
            let place = root.join(&*file.name);
            let real = fs::canonicalize(&place).unwrap_or_else(|_| place.clone());
            if !seen.insert(real) {
                continue;
            }
            let id = sources.add(SourceFile::new(project.sources.shown_name(*id), file.text.clone()));
            entries.push(laid_out(Some(place), id, sources, output)?);
        }
    }
    Ok((entries, exit))
}

/// Replaces the files that change, and says which.
pub(super) fn write_all(entries: &[Entry], sources: &Sources, output: &Output) -> Exit {
    let mut changed = 0;
    for entry in entries.iter().filter(|entry| entry.changes(sources)) {
        let (Some(path), Some(file)) = (&entry.path, sources.get(entry.id)) else { continue };
        if let Err(error) = replace(path, &file.text, &entry.formatted.text) {
            return output.fail(Exit::InputOutput, &format!("cannot write `{}`: {error}", file.name));
        }
        changed += 1;
        if output.format() != Format::Json {
            output.print(&format!("formatted {}\n", file.name));
        }
    }
    match output.format() {
        Format::Human => {
            let counted = |count: usize| if count == 1 { "1 file".to_owned() } else { format!("{count} files") };
            let rest = entries.len() - changed;
            output.print(&match changed {
                0 => format!("{} looked at, nothing to change\n", counted(rest)),
                _ => format!("{} formatted, {rest} left unchanged\n", counted(changed)),
            });
        }
        Format::Json => output.print(&super::report::json(entries, sources)),
        Format::Short | Format::Github => {}
    }
    Exit::Fine
}

/// Replaces a file's text by another in one step, if it is still what was read.
fn replace(path: &Path, before: &str, after: &str) -> Result<(), String> {
    let said = |error: std::io::Error| error.to_string();
    if fs::read(path).map_err(said)? != before.as_bytes() {
        return Err("somebody changed it meanwhile; run the command again".to_owned());
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    // The name begins with a dot, so that nobody takes it for a journey file.
    let beside = folder.join(format!(".{name}.{}.onward-fmt", std::process::id()));
    let permissions = fs::metadata(path).map_err(said)?.permissions();
    if permissions.readonly() {
        return Err("it is read-only".to_owned());
    }
    let written =
        write_new(&beside, after).and_then(|()| fs::set_permissions(&beside, permissions)).and_then(|()| fs::rename(&beside, path));
    written.map_err(|error| {
        // What was begun is taken away; if that fails too, the first error says more.
        let _ = fs::remove_file(&beside);
        error.to_string()
    })
}

fn write_new(path: &Path, text: &str) -> std::io::Result<()> {
    let mut file = fs::OpenOptions::new().write(true).create_new(true).open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}
