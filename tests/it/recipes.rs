//! The recipes: every folder of `journeys/recipes` is a project without findings whose scenarios hold and reach every step.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn recipes() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("journeys/recipes")
}

/// The names of the folders, sorted.
fn folders() -> Vec<String> {
    let entries = fs::read_dir(recipes()).unwrap().flatten();
    let mut names: Vec<String> =
        entries.filter(|entry| entry.path().is_dir()).map(|entry| entry.file_name().into_string().unwrap()).collect();
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
    assert!(folders.len() >= 20, "{folders:?}");
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
fn the_page_names_every_folder_once_and_in_order() {
    let page = fs::read_to_string(recipes().join("README.md")).unwrap();
    let mut named: Vec<&str> = Vec::new();
    for row in page.lines().filter_map(|line| line.strip_prefix("| ")).filter(|row| row.contains("](")) {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let (number, folder) = (cells[0].to_lowercase(), cells[1].split_once("](").unwrap().1.trim_end_matches(')'));
        assert_eq!(cells[1], format!("[{folder}]({folder})"));
        let by_number = folder.starts_with(&format!("{number}-"));
        assert!(by_number || !folder.starts_with('r'), "the number and the folder differ: {row}");
        assert!(!cells[2].is_empty(), "{row}");
        named.push(folder);
    }
    let first = named.iter().position(|folder| !folder.starts_with('r')).unwrap();
    assert!(named[..first].is_sorted() && named[first..].is_sorted(), "the rows stand in the order of the folders: {named:?}");
    named.sort_unstable();
    assert_eq!(named, folders());
}

#[test]
fn a_project_begins_with_a_recipe() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("recipes");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    let run = |arguments: &[&str]| {
        let ran = Command::new(env!("CARGO_BIN_EXE_onward")).args(arguments).current_dir(&folder).output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        (ran.status.code().unwrap(), text(&ran.stdout), text(&ran.stderr))
    };
    // Every recipe is in the program with all its files, and what it shows.
    let (code, list, _) = run(&["init", "--list"]);
    let listed: Vec<(&str, &str)> = list.lines().map(|line| line.split_once(' ').unwrap()).collect();
    assert_eq!((code, listed.iter().map(|line| line.0).collect::<Vec<_>>()), (0, folders().iter().map(String::as_str).collect()));
    assert!(listed.iter().all(|line| !line.1.trim().is_empty()), "{list}");

    let (code, said, _) = run(&["init", "--from", "r15-checkout", "shop"]);
    let begin =
        "The recipe `r15-checkout` is in `shop`:\n  cart.journey\n  checkout.journey\n  shop.journey\n\nNext:\n  onward check shop\n";
    assert!(code == 0 && said.starts_with(begin), "{said}");
    for entry in fs::read_dir(recipes().join("r15-checkout")).unwrap().flatten() {
        assert_eq!(fs::read(entry.path()).unwrap(), fs::read(folder.join("shop").join(entry.file_name())).unwrap());
    }
    assert_eq!(run(&["test", "shop"]).1, "4 scenarios played, all as expected\n");
    // Nothing is ever overwritten; the number is enough; a folder is not needed.
    assert_eq!(run(&["init", "--from", "r01-welcome", "shop"]).0, 3);
    assert_eq!(run(&["init", "--from", "R09", "invitations"]).0, 0);
    assert!(folder.join("invitations/invite.journey").exists());

    let (code, said, wrong) = run(&["init", "--from", "r15-chekout", "other"]);
    assert_eq!((code, said.as_str()), (2, ""));
    assert!(wrong.starts_with("error: there is no recipe `r15-chekout`; did you mean `r15-checkout`?\n\nThe recipes:\n"), "{wrong}");
    assert!(wrong.contains("\nr01-welcome "), "{wrong}");
    let (code, _, wrong) = run(&["init", "--from", "knock", "other"]);
    assert!(code == 2 && wrong.starts_with("error: there is no recipe `knock`\n\nThe recipes:\n"), "{wrong}");
    assert!(!folder.join("other").exists());
}
