//! Reads the files that journeys name: `mjml file "mail/welcome.mjml"`.
//!
//! In: a project whose journey files are read. Out: every file that one of them names, or why it cannot be used, in
//! [`Sources`](crate::source::Sources). Only ordinary files inside the project are opened, whatever a path or a link says; nothing is
//! reported here, for the checker knows which line asked. A path in a comment is read too, and does no harm.

#![allow(clippy::disallowed_methods, reason = "reading a project's files is what this module is for")]

use super::load::Unsaved;
use super::{FILE_BYTES_MAX, PROJECT_BYTES_MAX, Project};
use crate::source::{Asset, SourceFile, asset_name};
use std::collections::BTreeSet;
use std::fs;
use std::io::Read as _;
use std::path::Path;

/// Files that one project may name.
const ASSETS_MAX: usize = 10_000;
/// Names of a folder that are kept for suggestions.
const BESIDE_MAX: usize = 1_000;

pub(super) fn read(project: &mut Project, root: &Path, real_root: &Path, bytes: &mut u64, unsaved: &Unsaved) {
    let mut names: BTreeSet<String> = BTreeSet::new();
    for (_, file) in project.sources.iter() {
        names.extend(named(&file.text).filter_map(asset_name));
    }
    for name in names.into_iter().take(ASSETS_MAX) {
        if let Some(text) = unsaved.get(&name).filter(|text| text.len() as u64 <= FILE_BYTES_MAX) {
            let id = project.sources.add(SourceFile::new(name.as_str(), text.clone()));
            project.sources.add_asset(name, Asset::Read(id));
            continue;
        }
        let asset = match text(&root.join(&name), &name, root, real_root, bytes) {
            Ok(text) => Asset::Read(project.sources.add(SourceFile::new(name.as_str(), text))),
            Err(asset) => asset,
        };
        project.sources.add_asset(name, asset);
    }
}

/// What stands in quotes behind the word `file`.
fn named(text: &str) -> impl Iterator<Item = &str> {
    text.match_indices("file").filter_map(|(at, word)| {
        let rest = text.get(at + word.len()..)?.trim_start_matches([' ', '\t']).strip_prefix('"')?;
        let end = rest.find(['"', '\n'])?;
        rest[end..].starts_with('"').then(|| &rest[..end])
    })
}

fn text(path: &Path, name: &str, root: &Path, real_root: &Path, bytes: &mut u64) -> Result<String, Asset> {
    let missing = || Asset::Missing { beside: beside(name, root) };
    let real = fs::canonicalize(path).map_err(|_| missing())?;
    if !real.starts_with(real_root) {
        return Err(Asset::Outside);
    }
    let about = fs::metadata(&real).map_err(|_| missing())?;
    if !about.is_file() {
        return Err(Asset::NotAFile);
    }
    // A file may grow while it is read: never take more than is allowed.
    let mut content = Vec::new();
    let file = fs::File::open(&real).map_err(|_| missing())?;
    file.take(FILE_BYTES_MAX + 1).read_to_end(&mut content).map_err(|_| missing())?;
    let size = about.len().max(content.len() as u64);
    *bytes = bytes.saturating_add(content.len() as u64);
    if size > FILE_BYTES_MAX || *bytes > PROJECT_BYTES_MAX {
        return Err(Asset::TooLarge { bytes: size, max: FILE_BYTES_MAX });
    }
    String::from_utf8(content).map_err(|error| Asset::NotText { byte: error.utf8_error().valid_up_to() + 1 })
}

/// What lies in the folder of a file that is not there, as it would be written.
fn beside(name: &str, root: &Path) -> Vec<String> {
    let (folder, prefix) = match name.rsplit_once('/') {
        Some((folder, _)) => (root.join(folder), format!("{folder}/")),
        None => (root.to_owned(), String::new()),
    };
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().take(BESIDE_MAX);
    let files = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_file()));
    let mut names: Vec<String> = files.map(|entry| format!("{prefix}{}", entry.file_name().to_string_lossy())).collect();
    names.sort_unstable();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_stand_behind_the_word_file() {
        let text = "mjml file \"mail/a.mjml\"\nhtml file   \"ข.html\" # file \"c\nprofile \"d\"";
        assert_eq!(named(text).collect::<Vec<_>>(), ["mail/a.mjml", "ข.html", "d"]);
    }
}
