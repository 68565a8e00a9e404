//! Reads a project from a disk.
//!
//! In: a path to a folder, to its `onward.toml`, or to one journey file. Out: a [`Project`], or the path that could not be read and why.
//! Only ordinary files inside the folder are read: a link that leads out of it, a pipe or a device is a finding, never opened.
//! Links that stay inside are passed over, because what they lead to is read at its own place.

#![allow(clippy::disallowed_methods, reason = "reading a project's files is what this module is for")]

use super::assets;
use super::problem::{FileTooLarge, NotText, ProjectTooLarge, RefusedFile};
use super::{EXTENSION, FILE_BYTES_MAX, FOLDER_DEPTH_MAX, FOLDERS_SKIPPED, MANIFEST, PROJECT_BYTES_MAX, Project};
use crate::source::{FileId, Place, SourceFile, Span};
use std::collections::BTreeMap;
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A path that could not be read, and the reason in plain words.
#[derive(Debug, thiserror::Error)]
#[error("cannot read `{}`: {reason}", path.display())]
pub struct LoadError {
    pub path: PathBuf,
    pub reason: String,
}

impl LoadError {
    fn new(path: &Path, reason: impl Into<String>) -> LoadError {
        LoadError { path: path.to_owned(), reason: reason.into() }
    }

    fn io(path: &Path, error: &std::io::Error) -> LoadError {
        let reason = match error.kind() {
            std::io::ErrorKind::NotFound => "there is no such file or folder".to_owned(),
            std::io::ErrorKind::PermissionDenied => "you may not read it".to_owned(),
            _ => error.to_string(),
        };
        LoadError::new(path, reason)
    }
}

/// Loads the project at `path`. Names are relative to the project and are shown with the way to it, as it was given, before them.
///
/// # Errors
/// Where the path or something below it cannot be read, or where nothing there is a journey file.
pub fn load(path: &Path) -> Result<Project, LoadError> {
    load_with(path, &Unsaved::new())
}

/// Texts that are not on the disk yet, by their names in the project (`mail/welcome.mjml`): they win over the disk.
pub type Unsaved = BTreeMap<String, Arc<str>>;

/// As [`load`], with what an editor has open.
///
/// # Errors
/// As [`load`].
pub fn load_with(path: &Path, unsaved: &Unsaved) -> Result<Project, LoadError> {
    let found = fs::metadata(path).map_err(|error| LoadError::io(path, &error))?;
    if found.is_dir() {
        return load_folder(path, unsaved);
    }
    if path.file_name().is_some_and(|name| name == MANIFEST) {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        return load_folder(folder, unsaved);
    }
    if !found.is_file() {
        return Err(LoadError::new(path, "it is neither a folder nor an ordinary file"));
    }
    let mut reader = Reader { unsaved: unsaved.clone(), ..Reader::default() };
    let name = path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned());
    let id = reader.read(path, &name)?;
    reader.project.journeys.push(id);
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let real_root = fs::canonicalize(folder).map_err(|error| LoadError::io(folder, &error))?;
    assets::read(&mut reader.project, folder, &real_root, &mut reader.bytes, unsaved);
    reader.project.root = path.parent().map(Path::to_owned);
    reader.project.sources.show_under(shown_under(path.parent().unwrap_or(Path::new(""))));
    Ok(reader.project)
}

fn load_folder(root: &Path, unsaved: &Unsaved) -> Result<Project, LoadError> {
    let real_root = fs::canonicalize(root).map_err(|error| LoadError::io(root, &error))?;
    let mut entries = Vec::new();
    walk(root, "", &real_root, 0, &mut entries)?;
    for name in unsaved.keys() {
        let is_ours = name.ends_with(&format!(".{EXTENSION}")) || name == MANIFEST;
        if is_ours && !entries.iter().any(|entry| entry.name == *name) {
            entries.push(Entry { path: root.join(name), name: name.clone(), refused: None });
        }
    }
    // By name, with `/` between folders on every system: the order of findings must not depend on the disk.
    entries.sort_by(|a, b| a.name.cmp(&b.name));
    let mut reader = Reader { unsaved: unsaved.clone(), ..Reader::default() };
    reader.project.root = Some(root.to_owned());
    reader.project.sources.show_under(shown_under(root));
    for entry in entries {
        let id = match entry.refused {
            Some(reason) => reader.refuse(&entry.name, reason),
            None => reader.read(&entry.path, &entry.name)?,
        };
        if entry.name == MANIFEST {
            reader.project.manifest = Some(id);
        } else {
            reader.project.journeys.push(id);
        }
    }
    assets::read(&mut reader.project, root, &real_root, &mut reader.bytes, unsaved);
    if reader.project.journeys.is_empty() {
        return Err(LoadError::new(root, "it holds no `.journey` file; `onward init` writes a first project"));
    }
    Ok(reader.project)
}

/// The way from here to the project, as names are shown with it: empty for `.`, else ending in `/`.
fn shown_under(root: &Path) -> String {
    let shown = root.to_string_lossy().replace('\\', "/");
    let shown = shown.strip_prefix("./").unwrap_or(&shown).trim_end_matches('/');
    if shown.is_empty() || shown == "." { String::new() } else { format!("{shown}/") }
}

struct Entry {
    path: PathBuf,
    /// Relative to the project, with `/`.
    name: String,
    refused: Option<&'static str>,
}

fn walk(folder: &Path, prefix: &str, real_root: &Path, depth: usize, entries: &mut Vec<Entry>) -> Result<(), LoadError> {
    if depth > FOLDER_DEPTH_MAX {
        return Err(LoadError::new(folder, format!("folders are nested more than {FOLDER_DEPTH_MAX} deep")));
    }
    for entry in fs::read_dir(folder).map_err(|error| LoadError::io(folder, &error))? {
        let entry = entry.map_err(|error| LoadError::io(folder, &error))?;
        let path = entry.path();
        let plain = entry.file_name().to_string_lossy().into_owned();
        if plain.starts_with('.') {
            continue;
        }
        let name = format!("{prefix}{plain}");
        let kind = entry.file_type().map_err(|error| LoadError::io(&path, &error))?;
        if kind.is_dir() {
            if !FOLDERS_SKIPPED.contains(&plain.as_str()) {
                walk(&path, &format!("{name}/"), real_root, depth + 1, entries)?;
            }
            continue;
        }
        let wanted = name == MANIFEST || path.extension().is_some_and(|extension| extension == EXTENSION);
        if !wanted {
            continue;
        }
        let refused = if kind.is_symlink() {
            match fs::canonicalize(&path) {
                Ok(real) if real.starts_with(real_root) => continue,
                Ok(_) => Some("it is a link that leads out of the project"),
                Err(_) => Some("it is a link that leads nowhere"),
            }
        } else if !kind.is_file() {
            Some("it is not an ordinary file")
        } else {
            None
        };
        entries.push(Entry { path, name, refused });
    }
    Ok(())
}

#[derive(Default)]
struct Reader {
    project: Project,
    bytes: u64,
    unsaved: Unsaved,
}

impl Reader {
    /// Reads one file; what is wrong with it becomes a finding.
    fn read(&mut self, path: &Path, name: &str) -> Result<FileId, LoadError> {
        if let Some(text) = self.unsaved.get(name).cloned() {
            if text.len() as u64 > FILE_BYTES_MAX {
                return Ok(self.too_large(name, text.len() as u64));
            }
            self.bytes += text.len() as u64;
            return Ok(self.project.sources.add(SourceFile::new(name, text)));
        }
        let file = fs::File::open(path).map_err(|error| LoadError::io(path, &error))?;
        let size = file.metadata().map_err(|error| LoadError::io(path, &error))?.len();
        if size > FILE_BYTES_MAX {
            return Ok(self.too_large(name, size));
        }
        // A file may grow while it is read: never take more than is allowed.
        let mut bytes = Vec::with_capacity(size as usize);
        file.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(|error| LoadError::io(path, &error))?;
        if bytes.len() as u64 > FILE_BYTES_MAX {
            return Ok(self.too_large(name, bytes.len() as u64));
        }
        self.bytes += bytes.len() as u64;
        if self.bytes > PROJECT_BYTES_MAX {
            let id = self.empty(name);
            self.project.findings.push(ProjectTooLarge { max: PROJECT_BYTES_MAX, place: start_of(id) });
            return Ok(id);
        }
        match String::from_utf8(bytes) {
            Ok(text) => Ok(self.project.sources.add(SourceFile::new(name, text))),
            Err(error) => {
                let good = error.utf8_error().valid_up_to();
                // The readable beginning is kept so that the finding can show where it ends.
                let text = String::from_utf8_lossy(&error.as_bytes()[..good]).into_owned();
                let id = self.project.sources.add(SourceFile::new(name, text));
                let place = Span::new(good as u32, good as u32).at(id);
                self.project.findings.push(NotText { byte: good + 1, place });
                Ok(id)
            }
        }
    }

    fn refuse(&mut self, name: &str, reason: &'static str) -> FileId {
        let id = self.empty(name);
        self.project.findings.push(RefusedFile { reason, place: start_of(id) });
        id
    }

    fn too_large(&mut self, name: &str, bytes: u64) -> FileId {
        let id = self.empty(name);
        self.project.findings.push(FileTooLarge { bytes, max: FILE_BYTES_MAX, place: start_of(id) });
        id
    }

    fn empty(&mut self, name: &str) -> FileId {
        self.project.sources.add(SourceFile::new(name, ""))
    }
}

fn start_of(id: FileId) -> Place {
    Span::new(0, 0).at(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_shown_with_the_way_to_the_project() {
        assert_eq!(shown_under(Path::new(".")), "");
        assert_eq!(shown_under(Path::new("./journeys/shop/")), "journeys/shop/");
        assert_eq!(shown_under(Path::new("")), "");
    }
}
