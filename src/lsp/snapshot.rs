//! A project as it was when it was last checked: what requests are answered from.
//!
//! In: the project's files, unsaved ones over those of the disk. Out: findings, names, plan. **Invariant:** never changed once made; where
//! a project is too broken for names, those of the check before stay, with the texts that they point into. Knows no editor.

use crate::ast;
use crate::check::Resolved;
use crate::diagnostic::Diagnostic;
use crate::ingest::Config;
use crate::pipeline::{self, Compiled};
use crate::project::{self, Unsaved};
use crate::simulate::sizes::{self, Sizes};
use crate::source::{FileId, SourceFile, Sources};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What is checked together.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Root {
    /// The folder of a project.
    Folder(PathBuf),
    /// A file that belongs to no project.
    File(PathBuf),
    /// A file that nobody has saved yet, by its address.
    Nowhere(String),
}

impl Root {
    /// The path of a file of the project; `None` for what is nowhere.
    pub fn path_of(&self, name: &str) -> Option<PathBuf> {
        match self {
            Root::Folder(root) => Some(root.join(name)),
            Root::File(file) => Some(file.parent().unwrap_or(Path::new("")).join(name)),
            Root::Nowhere(_) => None,
        }
    }

    /// The name of a path in the project.
    pub fn name_of(&self, path: &Path) -> Option<String> {
        let folder = match self {
            Root::Folder(root) => root.as_path(),
            Root::File(file) => file.parent()?,
            Root::Nowhere(_) => return None,
        };
        let inside = path.strip_prefix(folder).ok()?;
        Some(inside.to_string_lossy().replace('\\', "/"))
    }
}

#[derive(Debug)]
pub struct Snapshot {
    pub root: Root,
    /// The count of changes that it has seen.
    pub revision: u64,
    pub compiled: Compiled,
    /// By place.
    pub findings: Vec<Diagnostic>,
    pub resolved: Arc<Resolved>,
    /// `resolved` is of this very text, not of one before.
    pub is_resolved: bool,
    /// The files that `resolved` points into.
    pub resolved_sources: Arc<Sources>,
    /// Of the last simulation.
    pub sizes: Sizes,
    /// Why nothing could be read.
    pub unreadable: Option<String>,
}

impl Snapshot {
    pub fn sources(&self) -> &Sources {
        &self.compiled.project.sources
    }

    /// A file by its name in the project.
    pub fn file(&self, name: &str) -> Option<(FileId, &SourceFile)> {
        find(self.sources(), name)
    }
}

pub fn find<'s>(sources: &'s Sources, name: &str) -> Option<(FileId, &'s SourceFile)> {
    sources.iter().find(|(_, file)| &*file.name == name)
}

/// Checks a project. The shapes of its files come beside, to be owned by whoever answers requests.
pub fn check(root: &Root, unsaved: &Unsaved, revision: u64, before: Option<&Snapshot>) -> (Snapshot, Vec<ast::File>) {
    let loaded = match root {
        Root::Folder(path) | Root::File(path) => match root_exists(path, unsaved) {
            true => project::load_with(path, unsaved).map_err(|error| error.to_string()),
            false => Ok(in_memory(unsaved)),
        },
        Root::Nowhere(_) => Ok(in_memory(unsaved)),
    };
    let (project, unreadable) = match loaded {
        Ok(project) => (project, None),
        Err(why) => (in_memory(unsaved), Some(why)),
    };
    let (compiled, mut found, looked) = pipeline::look_at_project(project);
    if let Some(id) = compiled.project.manifest
        && let Some(file) = compiled.sources().get(id)
    {
        found.extend(Config::read(file, id).1);
    }
    let is_resolved = looked.resolved.is_some();
    let (resolved, resolved_sources) = match (looked.resolved, before) {
        (Some(resolved), _) => (Arc::new(resolved), Arc::new(compiled.sources().clone())),
        (None, Some(before)) => (before.resolved.clone(), before.resolved_sources.clone()),
        (None, None) => (Arc::default(), Arc::new(compiled.sources().clone())),
    };
    let snapshot = Snapshot {
        root: root.clone(),
        revision,
        findings: found.into_sorted(),
        compiled,
        resolved,
        is_resolved,
        resolved_sources,
        sizes: sizes_of(root),
        unreadable,
    };
    (snapshot, looked.files)
}

/// What the last simulation has left.
#[allow(clippy::disallowed_methods, reason = "it lies in the project's folder")]
fn sizes_of(root: &Root) -> Sizes {
    let Root::Folder(folder) = root else { return Sizes::default() };
    let path = folder.join(sizes::FOLDER).join(sizes::FILE);
    let fits = std::fs::metadata(&path).is_ok_and(|about| about.len() <= sizes::BYTES_MAX);
    let text = if fits { std::fs::read_to_string(&path).ok() } else { None };
    text.and_then(|text| Sizes::read(&text)).unwrap_or_default()
}

#[allow(clippy::disallowed_methods, reason = "an editor's files are on a disk, or not yet")]
fn root_exists(path: &Path, unsaved: &Unsaved) -> bool {
    std::fs::metadata(path).is_ok() || unsaved.is_empty()
}

fn in_memory(unsaved: &Unsaved) -> project::Project {
    project::Project::from_texts(unsaved.iter().map(|(name, text)| (name.as_str(), &**text)))
}
