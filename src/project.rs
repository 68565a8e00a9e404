//! A project: the journey files that belong together, and the project file beside them.
//!
//! In: a folder, one file, or texts in memory. Out: [`Project`], with the files in the order of their names, whatever order the disk
//! gives them in. **Invariant:** every text is valid UTF-8 within the limits below; a file that is not appears as a finding and with an
//! empty text, so places in it stay valid. Knows file names and sizes, and nothing of what the texts say.

#[cfg(feature = "cli")]
mod assets;
#[cfg(feature = "cli")]
mod load;
#[cfg(feature = "cli")]
mod problem;

#[cfg(feature = "cli")]
pub use load::{LoadError, Unsaved, load, load_with};

use crate::diagnostic::Diagnostics;
use crate::source::{Asset, FileId, SourceFile, Sources};
use std::path::PathBuf;

/// The project file's name; its folder is the project.
pub const MANIFEST: &str = "onward.toml";

/// The extension of a journey file.
pub const EXTENSION: &str = "journey";

/// Largest file that is read, in bytes.
pub const FILE_BYTES_MAX: u64 = 1024 * 1024;

/// Largest project, in bytes of all its files together.
pub const PROJECT_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// Extensions of files that contents may come from; in memory they tell those from journeys.
pub const ASSET_EXTENSIONS: [&str; 5] = ["mjml", "html", "htm", "txt", "liquid"];

/// Deepest folder inside a project that is looked into.
pub const FOLDER_DEPTH_MAX: usize = 32;

/// Folders that never hold journeys: what a build leaves behind, and event logs.
pub const FOLDERS_SKIPPED: [&str; 2] = ["data", "target"];

#[derive(Debug, Default)]
pub struct Project {
    /// The folder, where the project lies on a disk.
    pub root: Option<PathBuf>,
    pub sources: Sources,
    /// The `.journey` files of `sources`.
    pub journeys: Vec<FileId>,
    /// `onward.toml`, where there is one; it is in `sources` so that findings can point into it.
    pub manifest: Option<FileId>,
    /// What is wrong with the files themselves.
    pub findings: Diagnostics,
}

impl Project {
    /// A project in memory. A file named `onward.toml` is its project file.
    pub fn from_texts<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> Project {
        let mut files: Vec<(&str, &str)> = files.into_iter().collect();
        files.sort_unstable();
        let mut project = Project::default();
        for (name, text) in files {
            let id = project.sources.add(SourceFile::new(name, text));
            let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
            if name == MANIFEST {
                project.manifest = Some(id);
            } else if ASSET_EXTENSIONS.contains(&extension) {
                project.sources.add_asset(name.to_owned(), Asset::Read(id));
            } else {
                project.journeys.push(id);
            }
        }
        project
    }

    /// The text of `onward.toml`, if there is one.
    pub fn manifest_text(&self) -> Option<&str> {
        Some(&*self.sources.get(self.manifest?)?.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_files_is_that_of_their_names() {
        let project = Project::from_texts([("b.journey", ""), ("onward.toml", "[project]"), ("a.journey", "")]);
        let names: Vec<String> = project.journeys.iter().map(|id| project.sources.shown_name(*id)).collect();
        assert_eq!(names, ["a.journey", "b.journey"]);
        assert_eq!(project.manifest_text(), Some("[project]"));
    }
}
