//! The proof that laying files out does not change what their projects do.
//!
//! In: files and what they become. Out: nothing, or the exit code of a proof that failed. **Invariant:** every project with a file that
//! changes is compiled before and after; the hashes of the two plans, and the codes of all findings, are the same.
//! A file belongs to the nearest folder above it with an `onward.toml`; without one it is looked at alone.

#![allow(clippy::disallowed_methods, reason = "the command looks for the project of a file")]

use super::Entry;
use crate::cli::Exit;
use crate::cli::output::Output;
use crate::project::{MANIFEST, Project};
use crate::source::{FileId, SourceFile, Sources};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// What a project amounts to: the hash of its plan, if it has one, and the codes of its findings.
type Meaning = (Option<String>, Vec<&'static str>);

pub(super) fn prove(entries: &[Entry], sources: &Sources, output: &Output) -> Result<(), Exit> {
    let mut roots: BTreeMap<PathBuf, Vec<&Entry>> = BTreeMap::new();
    for entry in entries.iter().filter(|entry| entry.changes(sources)) {
        let Some(path) = &entry.path else { continue };
        roots.entry(root_of(path)).or_default().push(entry);
    }
    for (root, entries) in roots {
        let before = meaning(output.load(&root)?);
        let mut project = output.load(&root)?;
        for entry in &entries {
            if let Some(id) = find(&project, entry.path.as_deref()) {
                let name = project.sources.get(id).map_or_else(Default::default, |file| file.name.clone());
                project.sources.replace(id, SourceFile::new(name, entry.formatted.text.as_str()));
            }
        }
        if meaning(project) != before {
            let names: Vec<String> = entries.iter().map(|entry| format!("`{}`", sources.shown_name(entry.id))).collect();
            let message = format!("formatting {} would change the plan; no file was changed, please report this", names.join(", "));
            return Err(output.fail(Exit::Internal, &message));
        }
    }
    Ok(())
}

fn meaning(project: Project) -> Meaning {
    let (compiled, findings) = crate::check_project(project);
    let mut codes: Vec<&'static str> = findings.iter().map(|one| one.code.number).collect();
    codes.sort_unstable();
    (compiled.plan.map(|plan| plan.hash.to_string()), codes)
}

/// The folder of the project that a file belongs to, or the file itself.
fn root_of(path: &Path) -> PathBuf {
    let real = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let root = real.ancestors().skip(1).find(|folder| folder.join(MANIFEST).is_file()).map(Path::to_owned);
    root.unwrap_or(real)
}

/// A file among those of a project.
fn find(project: &Project, path: Option<&Path>) -> Option<FileId> {
    let real = fs::canonicalize(path?).ok()?;
    let root = project.root.as_deref()?;
    let is_it = |id: &FileId| project.sources.get(*id).is_some_and(|file| root.join(&*file.name) == real);
    project.journeys.iter().copied().find(is_it)
}
