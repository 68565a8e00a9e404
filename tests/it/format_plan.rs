//! Formatting keeps the plan, byte for byte of its content; and the command, as a user meets it.

use onward::format::format_text;
use onward::{Project, check_project};
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// The hash of the plan of some files.
fn hash_of(files: &[(String, String)]) -> Option<String> {
    let project = Project::from_texts(files.iter().map(|(name, text)| (name.as_str(), text.as_str())));
    check_project(project).0.plan.map(|plan| plan.hash.to_string())
}

fn hash(text: &str) -> Option<String> {
    hash_of(&[("a.journey".to_owned(), text.to_owned())])
}

/// The text with all its lines at the left, but those of long texts.
fn squeezed(text: &str) -> String {
    let mut long = false;
    let mut out = String::new();
    for line in text.lines() {
        out.push_str(if long || line.starts_with(|c: char| c.is_alphabetic()) { line } else { line.trim_start() });
        out.push('\n');
        long ^= line.matches("\"\"\"").count() == 1;
    }
    out
}

#[test]
fn projects_that_are_badly_laid_out_keep_their_plans() {
    let mut with_plan = 0;
    for folder in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("journeys/recipes")).unwrap() {
        let folder = folder.unwrap().path();
        let names: Vec<PathBuf> = fs::read_dir(&folder).into_iter().flatten().map(|entry| entry.unwrap().path()).collect();
        let all: Vec<(String, String)> = names
            .iter()
            .map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), fs::read_to_string(path).unwrap()))
            .collect();
        let bad: Vec<_> = all.iter().map(|(name, text)| (name.clone(), squeezed(text))).collect();
        let good: Vec<_> = bad.iter().map(|(name, text)| (name.clone(), format_text(text).unwrap().text)).collect();
        assert!(all.is_empty() || bad != good, "{} is not shaken", folder.display());
        assert_eq!(good, all, "{}", folder.display());
        with_plan += usize::from(hash_of(&bad).is_some());
        assert_eq!(hash_of(&good), hash_of(&bad), "{}", folder.display());
    }
    assert!(with_plan > 20, "hardly a recipe has a plan: {with_plan}");
}

#[test]
fn every_file_of_the_corpus_that_has_a_plan_keeps_it() {
    let mut with_plan = 0;
    for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/check")).unwrap() {
        let text = fs::read_to_string(entry.unwrap().path()).unwrap();
        let before = hash(&text);
        with_plan += usize::from(before.is_some());
        assert_eq!(hash(&format_text(&text).unwrap().text), before, "{text}");
    }
    assert!(with_plan > 20, "hardly a file has a plan: {with_plan}");
}

/// A folder of this test's own with a project in it.
fn project(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("fmt").join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(folder.join("inner")).unwrap();
    fs::write(folder.join("onward.toml"), "").unwrap();
    fs::write(folder.join("a.journey"), "customer {email email?}\nteam sales\n").unwrap();
    fs::write(folder.join("inner/b.journey"), "event b { x text }\n").unwrap();
    folder
}

fn onward(folder: &Path, arguments: &[&str], input: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_onward"));
    command.arg("fmt").args(arguments).current_dir(folder).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

fn said(output: &Output) -> (Option<i32>, String) {
    (output.status.code(), String::from_utf8(output.stdout.clone()).unwrap())
}

#[test]
fn the_check_names_the_file_and_its_first_line_and_changes_nothing() {
    let folder = project("check");
    let (code, text) = said(&onward(&folder, &["--check"], ""));
    assert_eq!(code, Some(1));
    let expected = "a.journey:1 the file is not laid out as `onward fmt` writes it\n  - customer {email email?}\n  + customer { email email? }\n\
                    1 file would change; `onward fmt` writes it\n";
    assert_eq!(text, expected);
    let (_, diff) = said(&onward(&folder, &["--diff"], ""));
    let expected =
        "--- a.journey\n+++ a.journey (formatted)\n@@ -1,2 +1,2 @@\n-customer {email email?}\n+customer { email email? }\n team sales\n";
    assert_eq!(diff, expected);
    assert_eq!(fs::read_to_string(folder.join("a.journey")).unwrap(), "customer {email email?}\nteam sales\n");
    assert_eq!(onward(&folder, &["--check", "inner"], "").status.code(), Some(0));
}

#[test]
fn the_check_is_written_in_the_formats_of_other_programs() {
    let folder = project("formats");
    let (code, short) = said(&onward(&folder, &["--check", "--format", "short"], ""));
    assert_eq!((code, short.as_str()), (Some(1), "a.journey:1:1: format: the file is not laid out as `onward fmt` writes it\n"));
    let (code, github) = said(&onward(&folder, &["--check", "--format", "github"], ""));
    assert_eq!(code, Some(1));
    assert!(github.starts_with("::error file=a.journey,line=1,"), "{github}");
    let (_, json) = said(&onward(&folder, &["--check", "--format", "json"], ""));
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["files"][0]["line"], 1);
    assert_eq!(json["files"][1]["changes"], false);
    let (code, sarif) = said(&onward(&folder, &["--check", "--format", "sarif"], ""));
    let sarif: serde_json::Value = serde_json::from_str(&sarif).unwrap();
    assert_eq!((code, &sarif["runs"][0]["results"][0]["ruleId"]), (Some(1), &serde_json::json!("format")));
    let (_, junit) = said(&onward(&folder, &["--check", "--format", "junit"], ""));
    assert!(junit.contains("a.journey") && junit.contains("<failure"), "{junit}");
}

#[test]
fn files_are_written_in_place_once() {
    let folder = project("write");
    let (code, text) = said(&onward(&folder, &[".", "a.journey"], ""));
    assert_eq!((code, text.as_str()), (Some(0), "formatted a.journey\n1 file formatted, 1 left unchanged\n"));
    assert_eq!(fs::read_to_string(folder.join("a.journey")).unwrap(), "customer { email email? }\nteam sales\n");
    assert_eq!(said(&onward(&folder, &[], "")), (Some(0), "2 files looked at, nothing to change\n".to_owned()));
    let names: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names.len(), 3, "something was left behind: {names:?}");
}

#[test]
fn standard_input_goes_to_standard_output() {
    let folder = project("stdin");
    assert_eq!(said(&onward(&folder, &["-"], "team   ขาย\n")), (Some(0), "team ขาย\n".to_owned()));
    let broken = onward(&folder, &["-", "--stdin-filename", "x.journey"], "team   a\nevent b { y  z  text }\n");
    assert_eq!(said(&broken), (Some(0), "team a\nevent b { y  z  text }\n".to_owned()));
    let told = String::from_utf8(broken.stderr).unwrap();
    assert!(told.starts_with("x.journey:2:1: left as it is, because it is broken: `event b { y  z  text }`"), "{told}");
    assert_eq!(onward(&folder, &["-", "--check"], "team   a\n").status.code(), Some(1));
    assert_eq!(onward(&folder, &["-", "a.journey"], "").status.code(), Some(2));
    assert_eq!(onward(&folder, &["--stdin-filename", "x"], "").status.code(), Some(2));
}

#[test]
fn a_file_that_is_no_text_is_told_and_not_written() {
    let folder = project("bytes");
    fs::write(folder.join("c.journey"), b"team \xff\n").unwrap();
    let ran = onward(&folder, &[], "");
    assert_eq!(ran.status.code(), Some(1));
    assert!(String::from_utf8(ran.stderr).unwrap().contains("E0651"));
    assert_eq!(fs::read(folder.join("c.journey")).unwrap(), b"team \xff\n");
    assert_eq!(onward(&folder, &["nowhere"], "").status.code(), Some(3));
}
