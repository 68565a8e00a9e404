//! The one layout: what it keeps, what it changes, and that it proves itself.

use onward::format::format_text;
use std::fs;
use std::path::{Path, PathBuf};

fn collect(folder: &Path, found: &mut Vec<(PathBuf, String)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "journey") {
            found.push((path.clone(), fs::read_to_string(&path).unwrap()));
        }
    }
    found.sort();
}

/// Every journey file below a folder of the repository.
fn files(folder: &str) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    collect(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), &mut found);
    assert!(!found.is_empty(), "{folder} moved");
    found
}

#[test]
fn the_shipped_journeys_are_in_the_one_layout() {
    for (path, text) in files("journeys") {
        let formatted = format_text(&text).unwrap();
        assert!(formatted.left.is_empty(), "{}", path.display());
        assert_eq!(formatted.text, text, "{}: run `onward fmt journeys`", path.display());
    }
}
