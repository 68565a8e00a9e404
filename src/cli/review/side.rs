//! One version of a project, compiled and run over the log that both versions share.
//!
//! In: where a version lies. Out: a [`Side`]. **Invariant:** both versions see the same log: that of the newer one; what git does not keep of
//! it is looked for beside the project as it lies there. Decides nothing about what the review says.

use crate::ingest::Config;
use crate::pipeline::{Compiled, check_project};
use crate::project;
use crate::review::Side;
use crate::simulate::Report;
use crate::simulate::run::{self, Request};
use crate::source::asset_name;
use std::path::{Path, PathBuf};

/// Where a version lies and how its files are called.
#[derive(Debug)]
pub(super) struct Version {
    pub name: String,
    /// `None` where it has no project.
    pub path: Option<PathBuf>,
    /// Before the names of files: the way to the project.
    pub shown_under: Option<String>,
}

/// Loads and compiles a version.
///
/// # Errors
/// Where it is there and cannot be read.
pub(super) fn load(version: &Version) -> Result<Side, String> {
    let mut side = Side { name: version.name.clone(), ..Side::default() };
    let Some(path) = &version.path else { return Ok(side) };
    let mut loaded = match project::load(path) {
        Ok(loaded) => loaded,
        // A folder without a journey is a version before the first one.
        Err(_) if path.is_dir() && holds_no_journey(path) => return Ok(side),
        Err(error) => return Err(error.to_string()),
    };
    if let Some(prefix) = &version.shown_under {
        loaded.sources.show_under(prefix.clone());
    }
    let (compiled, mut found) = check_project(loaded);
    if let Some(id) = compiled.project.manifest
        && let Some(file) = compiled.sources().get(id)
    {
        found.extend(Config::read(file, id).1);
    }
    side.findings = found.into_sorted();
    side.compiled = Some(compiled);
    Ok(side)
}

fn holds_no_journey(folder: &Path) -> bool {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    !entries.into_iter().any(|entry| {
        let path = entry.path();
        if path.is_dir() { !holds_no_journey(&path) } else { path.extension().is_some_and(|extension| extension == project::EXTENSION) }
    })
}

/// Puts the logs and lists that a version names and does not hold beside it, as they lie in the project's folder now.
pub(super) fn complete(side: &Side, beside: &Path) {
    let Some((config, root)) = settings(side) else { return };
    let logs = config.logs.iter().map(|log| log.file.text.to_string());
    let customers = config.customers.iter().filter_map(|one| Some(one.file.as_ref()?.0.text.to_string()));
    let catalogs = config.catalogs.iter().map(|one| one.file.text.to_string());
    for name in logs.chain(customers).chain(catalogs).filter_map(|name| asset_name(&name)) {
        let (here, there) = (root.join(&name), beside.join(&name));
        if here.exists() || !there.is_file() {
            continue;
        }
        let Ok(there) = std::fs::canonicalize(there) else { continue };
        if let Some(folder) = here.parent() {
            // Where this does not work the file is missing, and the simulation says so.
            let _ = std::fs::create_dir_all(folder);
        }
        #[cfg(unix)]
        let _ = std::os::unix::fs::symlink(there, here);
        #[cfg(not(unix))]
        let _ = std::fs::copy(there, here);
    }
}

fn settings(side: &Side) -> Option<(Config, PathBuf)> {
    let project = &side.compiled.as_ref()?.project;
    let (id, root) = (project.manifest?, project.root.clone()?);
    Some((Config::read(project.sources.get(id)?, id).0, root))
}

/// The logs that a version names.
pub(super) fn logs(side: &Side) -> Vec<PathBuf> {
    settings(side).map_or_else(Vec::new, |(config, root)| config.logs.iter().map(|log| root.join(&*log.file.text)).collect())
}

/// Runs a version over logs; over its own where none is named.
///
/// # Errors
/// In words, where it cannot be run.
pub(super) fn simulate(side: &mut Side, events: &[PathBuf]) -> Result<Report, String> {
    let Some(Compiled { project, plan: Some(plan), .. }) = &mut side.compiled else { return Err("it does not check".to_owned()) };
    let folder = project.root.clone().unwrap_or_default();
    let threads = std::thread::available_parallelism().map_or(1, |cores| cores.get() as u32);
    let request = Request { events: events.to_vec(), threads, ..Request::default() };
    let (outcome, found) = run::run(project, plan.clone(), &folder, &request, &mut |_| {});
    match outcome {
        Some(outcome) => Ok(outcome.report),
        None => {
            let first = found.into_sorted().into_iter().next();
            Err(first.map_or_else(|| "no reason given".to_owned(), |one| format!("{} {}", one.code.number, one.message())))
        }
    }
}
