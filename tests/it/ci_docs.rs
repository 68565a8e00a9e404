//! `docs/ci.md` is true: its commands are run, its workflows are read.
//!
//! A block with `file=NAME` is a file; a `console` block is a command and what it prints, where a line `…` stands for any number of lines.

use super::ci_formats::{fresh, onward};
use serde_json::Value as Json;
use std::fs;

const PAGE: &str = include_str!("../../docs/ci.md");

/// What stands behind the ticks, and the text.
fn blocks() -> Vec<(&'static str, &'static str)> {
    let parts: Vec<&str> = PAGE.split("\n```").collect();
    // Before the first block, then block and text in turn.
    parts.iter().skip(1).step_by(2).map(|block| block.split_once('\n').unwrap()).collect()
}

/// Whether the lines are there in order, with nothing between two that no `…` stands for.
fn matches(expected: &str, printed: &str) -> bool {
    let lines = |text: &str| -> Vec<String> { text.trim_end().lines().map(|line| line.trim_end().to_owned()).collect() };
    let (expected, printed) = (lines(expected), lines(printed));
    let mut rest = &printed[..];
    for (at, piece) in expected.split(|line| line == "…").enumerate() {
        let found = if at == 0 {
            rest.starts_with(piece).then_some(0)
        } else {
            rest.windows(piece.len().max(1)).position(|window| window.starts_with(piece))
        };
        let Some(found) = found.or_else(|| piece.is_empty().then_some(rest.len())) else { return false };
        rest = &rest[found + piece.len().min(rest.len() - found)..];
    }
    rest.is_empty() || expected.last().is_some_and(|last| last == "…")
}

#[test]
fn a_cut_output_matches_only_where_it_is_cut() {
    assert!(matches("a\nb", "a\nb\n") && matches("a\n…\nc", "a\nb\nc") && matches("a\n…", "a\nb\nc"));
    assert!(!matches("a", "a\nb") && !matches("a\nc", "a\nb\nc") && !matches("a\n…\nd", "a\nb\nc") && !matches("b\n…", "a\nb"));
}

#[test]
fn every_command_of_the_page_prints_what_it_shows() {
    let folder = fresh("docs");
    let blocks = blocks();
    for (info, text) in &blocks {
        if let Some((_, name)) = info.split_once("file=") {
            let path = folder.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, format!("{text}\n")).unwrap();
        }
    }
    let mut count = 0;
    for (_, text) in blocks.iter().filter(|(info, _)| *info == "console") {
        let (command, shown) = text.split_once('\n').unwrap();
        let words: Vec<&str> = command.strip_prefix("$ onward ").unwrap().split(' ').collect();
        let ran = onward(&words, &folder);
        assert!(matches(shown, &format!("{}{}", ran.stdout, ran.stderr)), "{command} printed:\n{}{}", ran.stdout, ran.stderr);
        count += 1;
    }
    assert!(count >= 6, "only {count} commands are run");
}

#[test]
fn the_workflows_of_the_page_name_what_is_there() {
    let read = |name: &str| -> Json {
        serde_saphyr::from_str(&fs::read_to_string(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap()).unwrap()
    };
    let (action, hooks) = (read("action.yml"), read(".pre-commit-hooks.yaml"));
    let mut seen = Vec::new();
    for (info, text) in blocks() {
        let Some(kind) = info.strip_prefix("yaml ") else { continue };
        let yaml: Json = serde_saphyr::from_str(text).unwrap_or_else(|error| panic!("{error}:\n{text}"));
        match kind {
            "workflow" => {
                let steps = yaml["jobs"]["journeys"]["steps"].as_array().unwrap();
                let ours = steps.iter().find(|step| step["uses"].as_str().unwrap().contains("/onward@")).unwrap();
                for input in ours["with"].as_object().unwrap().keys() {
                    assert!(action["inputs"][input].is_object(), "the action has no input {input}");
                }
            }
            "pre-commit" => {
                for hook in yaml["repos"][0]["hooks"].as_array().unwrap() {
                    assert!(hooks.as_array().unwrap().iter().any(|known| known["id"] == hook["id"]), "there is no hook {hook}");
                }
            }
            "gitlab" => {
                for line in yaml["journeys"]["script"].as_array().unwrap() {
                    // Each is understood: what is missing is the project, not the command.
                    let words: Vec<&str> =
                        line.as_str().unwrap().split(" > ").next().unwrap().split(' ').skip(1).map(|word| word.trim_matches('"')).collect();
                    let ran = onward(&words, &fresh("docs-gitlab"));
                    assert!(!ran.stderr.contains("Usage:"), "{line}: {}", ran.stderr);
                }
            }
            other => panic!("what is a `{other}`?"),
        }
        seen.push(kind);
    }
    assert_eq!(seen, ["workflow", "gitlab", "pre-commit"]);
}
