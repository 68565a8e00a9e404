//! What the layout promises, held by a test: who may import whom, how files open, and that every code is explained and shown.

use onward::Project;
use onward::diagnostic::{Severity, explain};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Rooms that everybody may use: values, time, places and findings.
const BASE: [&str; 5] = ["calendar", "diagnostic", "locale", "source", "value"];

/// For each room what it may import beside itself and the base rooms; the page on architecture says why. The command may import all.
const EDGES: [(&str, &[&str]); 29] = [
    ("source", &[]),
    ("diagnostic", &[]),
    ("locale", &[]),
    ("calendar", &[]),
    ("value", &[]),
    ("syntax", &[]),
    ("format", &["syntax"]),
    ("record", &[]),
    ("ast", &["schema", "syntax"]),
    ("schema", &[]),
    ("condition", &["schema"]),
    ("template", &["condition", "schema", "syntax"]),
    ("check", &["ast", "condition", "schema", "syntax", "template"]),
    ("plan", &["check", "condition", "schema", "template"]),
    ("engine", &["condition", "plan", "record", "schema", "template"]),
    ("world", &["engine", "plan", "record", "schema"]),
    ("preview", &["ast", "engine", "plan", "schema", "template"]),
    ("project", &[]),
    ("pipeline", &["ast", "check", "plan", "project", "syntax"]),
    ("review", &["check", "format", "pipeline", "plan", "preview", "schema", "simulate"]),
    ("scenario", &["check", "condition", "engine", "plan", "schema", "world"]),
    ("ingest", &["check", "engine", "plan", "project", "schema"]),
    ("lsp", &["ast", "check", "format", "ingest", "pipeline", "plan", "preview", "project", "scenario", "simulate", "syntax"]),
    ("store", &[]),
    ("channel", &["schema"]),
    ("shard", &["engine", "plan", "record", "schema"]),
    (
        "daemon",
        &[
            "channel",
            "check",
            "condition",
            "engine",
            "ingest",
            "pipeline",
            "plan",
            "project",
            "record",
            "schema",
            "shard",
            "simulate",
            "store",
            "template",
            "world",
        ],
    ),
    (
        "dev",
        &[
            "ast", "check", "daemon", "format", "ingest", "pipeline", "plan", "preview", "project", "scenario", "schema", "simulate",
            "syntax",
        ],
    ),
    ("simulate", &["check", "condition", "engine", "ingest", "pipeline", "plan", "project", "record", "schema", "world"]),
];

/// Crates that only some rooms may name.
const CRATES: [(&str, &[&str]); 4] = [
    ("tokio", &["channel", "cli", "cluster", "daemon", "dev", "lsp"]),
    ("pest", &["syntax", "template"]),
    ("clap", &["cli"]),
    ("jiff", &["calendar"]),
];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn files_below(folder: &Path, extension: &str, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            files_below(&path, extension, found);
        } else if path.extension().is_some_and(|has| has == extension) {
            found.push(path);
        }
    }
    found.sort();
}

/// Every file of `src` with its name in the project.
fn sources() -> Vec<(String, String)> {
    let mut paths = Vec::new();
    files_below(&root().join("src"), "rs", &mut paths);
    paths.into_iter().map(|path| (path.strip_prefix(root()).unwrap().display().to_string(), fs::read_to_string(&path).unwrap())).collect()
}

/// The room of a file: `src/check/names.rs` is `check`.
fn room(name: &str) -> &str {
    let inside = name.strip_prefix("src/").unwrap();
    inside.split('/').next().unwrap().trim_end_matches(".rs")
}

/// The code of a file without comments and without its tests.
fn code(text: &str) -> String {
    let before_tests = text.split("#[cfg(test)]\nmod tests").next().unwrap();
    before_tests.lines().filter(|line| !line.trim_start().starts_with("//")).fold(String::new(), |all, line| all + line + "\n")
}

/// The rooms that a text names after `crate::`, in braces or not.
fn imports(code: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (at, _) in code.match_indices("crate::") {
        // `$crate::` and `my_crate::` are other things.
        if code[..at].chars().next_back().is_some_and(|before| before.is_alphanumeric() || before == '_') {
            continue;
        }
        let rest = &code[at + "crate::".len()..];
        let mut depth = 0;
        let mut word = String::new();
        let mut words = Vec::new();
        for letter in rest.chars() {
            match letter {
                '{' => depth += 1,
                '}' => {
                    words.push(std::mem::take(&mut word));
                    depth -= 1;
                    if depth == 0 {
                        break;
                    }
                }
                ',' if depth == 1 => words.push(std::mem::take(&mut word)),
                _ if depth <= 1 && (letter.is_alphanumeric() || letter == '_' || letter == ':' || letter.is_whitespace()) => {
                    word.push(letter)
                }
                _ if depth == 0 => break,
                _ => {}
            }
            if depth == 0 && (letter == ':' || letter.is_whitespace()) {
                break;
            }
        }
        words.push(word);
        found.extend(words.iter().map(|word| word.trim().split(':').next().unwrap().trim().to_owned()).filter(|word| !word.is_empty()));
    }
    found
}

#[test]
fn the_scanner_sees_every_spelling_of_an_import() {
    let seen =
        imports("use crate::plan::Plan;\nuse crate::{check::{Checked, names}, value};\nlet x: crate::schema::Id;\nmy_crate::other::x");
    assert_eq!(seen.into_iter().collect::<Vec<_>>(), ["check", "plan", "schema", "value"]);
}

#[test]
fn rooms_import_only_what_the_architecture_allows() {
    let allowed: BTreeMap<&str, &[&str]> = EDGES.into_iter().collect();
    let mut wrong = Vec::new();
    for (name, text) in sources() {
        let room = room(&name);
        if ["lib", "main", "cli"].contains(&room) {
            continue;
        }
        let Some(edges) = allowed.get(room) else {
            wrong.push(format!("{name}: say in tests/it/tidy.rs what `{room}` may import"));
            continue;
        };
        for import in imports(&code(&text)) {
            // Macros and what the library names at its root are no rooms.
            let is_room = allowed.contains_key(import.as_str()) || import == "cli";
            let base = BASE.contains(&import.as_str()) && (!BASE.contains(&room) || base_edge(room, &import));
            if is_room && import != room && !base && !edges.contains(&import.as_str()) {
                wrong.push(format!("{name}: `{room}` may not import `{import}`"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Among the base rooms: a value may be a time, a finding has a place and is told in a language.
fn base_edge(room: &str, import: &str) -> bool {
    matches!((room, import), ("value", "calendar") | ("diagnostic", "source" | "locale"))
}

#[test]
fn some_crates_have_one_home() {
    let mut wrong = Vec::new();
    for (name, text) in sources() {
        let code = code(&text);
        for (used, rooms) in CRATES {
            let named =
                code.contains(&format!("{used}::")) && code.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == used);
            if named && !rooms.contains(&room(&name)) {
                wrong.push(format!("{name}: `{used}` is only for {rooms:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_file_says_what_it_is_and_none_is_a_mod_rs() {
    let mut wrong = Vec::new();
    for (name, text) in sources() {
        if !text.starts_with("//!") {
            wrong.push(format!("{name}: opens without `//!`"));
        }
        if name.ends_with("/mod.rs") {
            wrong.push(format!("{name}: modules are `foo.rs` and `foo/`"));
        }
        if ["\"/tmp", "\"/home", "\"/work/", "\"/Users", "../../../.."].iter().any(|path| text.contains(path)) {
            wrong.push(format!("{name}: names a path outside the project"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Every code that the sources construct: number to slug and file.
fn emitted() -> BTreeMap<String, (String, String)> {
    let pattern = regex::Regex::new(r#""([EW]\d{4})",\s*"([a-z0-9]+(?:-[a-z0-9]+)*)""#).unwrap();
    let mut found = BTreeMap::new();
    for (name, text) in sources() {
        for hit in pattern.captures_iter(&code(&text)) {
            let (number, slug) = (hit[1].to_owned(), hit[2].to_owned());
            if let Some((other, file)) = found.insert(number.clone(), (slug.clone(), name.clone())) {
                assert_eq!((&other, &number), (&slug, &number), "{name} and {file} use {number} for different findings");
            }
        }
    }
    found
}

#[test]
fn every_code_is_explained_and_every_page_has_its_code() {
    let emitted = emitted();
    let mut wrong = Vec::new();
    for (number, (slug, file)) in &emitted {
        match explain::page(number) {
            None => wrong.push(format!("{number} {slug} ({file}): write src/diagnostic/explain/{number}.md")),
            Some(page) if page.slug != slug => wrong.push(format!("{number}: the page says `{}`, {file} says `{slug}`", page.slug)),
            Some(_) => {}
        }
    }
    for page in explain::pages() {
        if !emitted.contains_key(page.code) {
            wrong.push(format!("{} {}: nothing emits it", page.code, page.slug));
        }
    }
    let slugs: BTreeSet<&String> = emitted.values().map(|(slug, _)| slug).collect();
    if slugs.len() != emitted.len() {
        wrong.push("two codes have the same slug".to_owned());
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The ` ```journey ` block of a section of a page. A text may hold `## ` itself, so sections are told apart by their whole title.
fn block<'a>(page: &'a str, section: &str) -> Option<&'a str> {
    let from = page.find(&format!("\n## {section}\n"))?;
    let text = &page[from + 1..];
    let start = text.find("```journey\n")? + "```journey\n".len();
    let next = ["\n## Fails\n", "\n## Works\n"].iter().filter_map(|title| text.find(title)).min();
    if next.is_some_and(|next| next < start) {
        return None;
    }
    Some(&text[start..start + text[start..].find("\n```")? + 1])
}

/// Findings about files and logs cannot be shown in a journey, and a mail of more than 102 KB is no example to read; the tests of their
/// rooms show them.
fn about_files(code: &str) -> bool {
    code[1..].starts_with("06") || code == "W0933"
}

#[test]
fn what_a_page_says_fails_fails_with_its_code_and_the_other_passes() {
    let mut wrong = Vec::new();
    for page in explain::pages().filter(|page| !about_files(page.code)) {
        let (Some(fails), Some(works)) = (block(page.text, "Fails"), block(page.text, "Works")) else {
            wrong.push(format!("{}: needs a `journey` block under `## Fails` and one under `## Works`", page.code));
            continue;
        };
        let (_, found) = onward::check_project(Project::from_texts([("page.journey", fails)]));
        let found = found.into_sorted();
        let others = found.iter().filter(|one| one.severity() == Severity::Error && one.code.number != page.code);
        let others: Vec<String> = others.map(|one| format!("{one:?}")).collect();
        if !found.iter().any(|one| one.code.number == page.code) || !others.is_empty() {
            wrong.push(format!("{}: `## Fails` gives {found:?}", page.code));
        }
        let (_, found) = onward::check_project(Project::from_texts([("page.journey", works)]));
        if !found.is_empty() {
            wrong.push(format!("{}: `## Works` gives {:?}", page.code, found.into_sorted()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_code_has_a_corpus_file_that_gives_it() {
    let mut paths = Vec::new();
    files_below(&root().join("tests/corpus"), "journey", &mut paths);
    let mut wrong = Vec::new();
    for (number, (slug, _)) in emitted().iter().filter(|(number, _)| !about_files(number)) {
        let named = |path: &&PathBuf| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(&format!("{number}-")));
        let Some(path) = paths.iter().find(named) else {
            wrong.push(format!("{number} {slug}: write tests/corpus/…/{number}-….journey"));
            continue;
        };
        let text = fs::read_to_string(path).unwrap();
        let (_, found) = onward::check_project(Project::from_texts([("corpus.journey", text.as_str())]));
        if !found.iter().any(|one| one.code.number == number) {
            wrong.push(format!("{}: gives {:?}", path.display(), found.into_sorted()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
