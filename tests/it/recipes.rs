//! The recipes: every folder of `journeys/recipes` is a project without findings whose scenarios hold and reach every step.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn recipes() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("journeys/recipes")
}

/// The names of the folders, sorted. What the folder `real` holds are projects, too.
fn folders() -> Vec<String> {
    let inside = |folder: &Path| -> Vec<String> {
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        entries.filter(|entry| entry.path().is_dir()).map(|entry| entry.file_name().into_string().unwrap()).collect()
    };
    let mut names = inside(&recipes());
    names.retain(|name| name != "real");
    names.extend(inside(&recipes().join("real")).into_iter().map(|name| format!("real/{name}")));
    names.sort();
    names
}

/// What `onward ARGUMENTS` in the folder of the recipes prints, on both streams.
fn onward(arguments: &[&str]) -> String {
    let ran = Command::new(env!("CARGO_BIN_EXE_onward")).args(arguments).current_dir(recipes()).output().unwrap();
    format!("{}{}", String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr))
}

#[test]
fn every_recipe_checks_without_a_finding_and_plays_with_every_step_reached() {
    let folders = folders();
    assert!(folders.len() >= 8, "{folders:?}");
    let mut wrong = String::new();
    for folder in folders {
        let check = onward(&["check", &folder]);
        let fine = check.ends_with("checked, nothing to complain about\n") && check.lines().count() == 1;
        // A project without scenarios says so, and an unreached step is named above this line.
        let played = onward(&["test", &folder]);
        let all = played.lines().count() == 1 && played.contains(" played, all as expected") && !played.starts_with("0 ");
        if !fine {
            wrong.push_str(&format!("check {folder}:\n{check}\n"));
        } else if !all {
            wrong.push_str(&format!("test {folder}:\n{played}\n"));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn the_table_names_every_folder_once_and_in_order() {
    let page = fs::read_to_string(recipes().join("README.md")).unwrap();
    let rows: Vec<&str> = page.lines().filter_map(|line| line.strip_prefix("| ")).skip(1).collect();
    let named: Vec<String> = rows.iter().filter_map(|row| Some(row.split_once("](")?.1.split_once(')')?.0.to_owned())).collect();
    let mut sorted = named.clone();
    sorted.sort();
    assert_eq!(named, sorted, "the rows stand in the order of the folders");
    assert_eq!(named, folders());
    for row in rows {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let (number, folder) = (cells[0].to_lowercase(), cells[1]);
        assert!(folder.contains("real/") || folder.starts_with(&format!("[{number}-")), "the number and the folder differ: {row}");
        assert!(!cells[2].is_empty(), "{row}");
    }
}
