//! What the editors know of the language, against the grammar: a word that is added to the one and forgotten in another fails here.
//!
//! The editors themselves are started by `editors_clients`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The pieces of a text between two marks.
fn between<'a>(text: &'a str, mark: &'a str) -> impl Iterator<Item = &'a str> {
    text.split(mark).skip(1).step_by(2)
}

/// The body of one rule of the grammar.
fn body<'a>(grammar: &'a str, rule: &str) -> &'a str {
    let head = grammar.find(&format!("\n{rule} = ")).unwrap_or_else(|| panic!("the grammar has no rule {rule}"));
    let rest = &grammar[head + 1..];
    &rest[..rest.find('\n').unwrap_or(rest.len())]
}

/// Every word and phrase that means something: `'wait until'`, and the words of the rules that list some.
fn words() -> BTreeSet<String> {
    let grammar = read(&root().join("grammar/journey.pest"));
    let code: String = grammar.lines().filter(|line| !line.trim_start().starts_with("//")).flat_map(|line| ["\n", line]).collect();
    let is_phrase =
        |piece: &&str| piece.starts_with(|c: char| c.is_ascii_lowercase()) && piece.chars().all(|c| c.is_ascii_lowercase() || c == ' ');
    let mut words: BTreeSet<String> = code.lines().flat_map(|line| between(line, "'")).filter(is_phrase).map(str::to_owned).collect();
    for rule in ["reserved", "boolean", "day", "state"] {
        words.extend(between(body(&code, rule), "\"").filter(is_phrase).map(str::to_owned));
    }
    words.extend(between(body(&code, "unit_word"), "\"").filter(|unit| *unit != "s").map(str::to_owned));
    words
}

/// The words and phrases that stand in an editor's file, its notation for blanks and for an optional letter read as what they mean.
fn listed(text: &str) -> BTreeSet<String> {
    let plain = text.replace("[ \\\\t]+", " ").replace("\\s+", " ").replace("s?", "");
    plain.split(|c: char| !(c.is_ascii_lowercase() || c == ' ')).map(|piece| piece.trim().to_owned()).collect()
}

fn knows_every_word(file: &str) {
    let (words, listed) = (words(), listed(&read(&root().join(file))));
    assert!(words.len() > 240, "the words of the grammar are not found: {words:?}");
    // Days and the like may be written with an optional plural.
    let known = |word: &&String| listed.contains(*word) || word.strip_suffix('s').is_some_and(|single| listed.contains(single));
    let lacks: Vec<&String> = words.iter().filter(|word| !known(word)).collect();
    assert!(lacks.is_empty(), "{file} does not know {lacks:?}: add each to the list of its role there");
}

#[test]
fn the_textmate_grammar_knows_every_word() {
    knows_every_word("editors/textmate/onward.tmLanguage.json");
}

#[test]
fn the_syntax_of_vim_knows_every_word() {
    knows_every_word("editors/neovim/syntax/journey.vim");
}

#[test]
fn the_mode_of_emacs_knows_every_word() {
    knows_every_word("editors/emacs/onward-mode.el");
}

#[test]
fn the_tree_sitter_grammar_knows_every_word() {
    knows_every_word("editors/tree-sitter-onward/grammar.js");
}

/// Each pattern of the grammar, wherever it stands in the JSON.
fn patterns<'a>(value: &'a serde_json::Value, found: &mut Vec<&'a str>, included: &mut Vec<&'a str>) {
    match value {
        serde_json::Value::Object(fields) => {
            for (name, inner) in fields {
                match (name.as_str(), inner.as_str()) {
                    ("match" | "begin" | "end", Some(pattern)) => found.push(pattern),
                    ("include", Some(name)) => included.push(name),
                    _ => patterns(inner, found, included),
                }
            }
        }
        serde_json::Value::Array(items) => items.iter().for_each(|item| patterns(item, found, included)),
        _ => {}
    }
}

#[test]
fn the_textmate_grammar_is_whole() {
    let grammar: serde_json::Value = serde_json::from_str(&read(&root().join("editors/textmate/onward.tmLanguage.json"))).unwrap();
    let (mut found, mut included) = (Vec::new(), Vec::new());
    patterns(&grammar, &mut found, &mut included);
    assert!(found.len() > 60, "{found:?}");
    let rooms = grammar["repository"].as_object().unwrap();
    for name in &included {
        let room = name.strip_prefix('#').unwrap_or_else(|| panic!("{name}: what other extensions have is not always there"));
        assert!(rooms.contains_key(room), "{name} is included and not defined");
    }
    for room in rooms.keys() {
        assert!(included.iter().any(|name| name[1..] == **room), "{room} is defined and included by nothing");
    }
    assert_eq!(grammar["scopeName"], "source.journey");
}

fn strings(path: &Path) -> std::collections::BTreeMap<String, String> {
    serde_json::from_str(&read(path)).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// `{0}` and the like, and `command:…` of links: what a translation must keep.
fn kept(text: &str) -> BTreeSet<&str> {
    let holes = text.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(hole, _)| hole);
    holes.chain(text.split("(command:").skip(1).filter_map(|rest| rest.split_once(')')).map(|(command, _)| command)).collect()
}

#[test]
fn the_extension_speaks_thai_wherever_it_speaks_english() {
    let folder = root().join("editors/vscode");
    let (english, thai) = (strings(&folder.join("package.nls.json")), strings(&folder.join("package.nls.th.json")));
    let package = read(&folder.join("package.json"));
    let named: BTreeSet<&str> = package.split("\"%").skip(1).filter_map(|rest| rest.split_once("%\"")).map(|(key, _)| key).collect();
    assert!(named.len() > 25, "{named:?}");
    assert_eq!(named, english.keys().map(String::as_str).collect(), "package.json and package.nls.json");
    assert_eq!(named, thai.keys().map(String::as_str).collect(), "package.json and package.nls.th.json");
    for (key, text) in &english {
        assert_eq!(kept(text), kept(&thai[key]), "{key}");
    }
    let bundle = strings(&folder.join("l10n/bundle.l10n.th.json"));
    let mut said = BTreeSet::new();
    for file in ["extension.ts", "pane.ts", "program.ts"] {
        let source = read(&folder.join("src").join(file));
        said.extend(source.split("l10n.t(\"").skip(1).map(|rest| rest[..rest.find('"').unwrap()].replace("\\\\", "\\")));
    }
    assert!(said.len() > 15, "{said:?}");
    assert_eq!(said, bundle.keys().cloned().collect(), "what the code says and l10n/bundle.l10n.th.json");
    for (text, translated) in &bundle {
        assert_eq!(kept(text), kept(translated), "{text}");
    }
}

#[test]
fn nothing_that_is_built_or_fetched_is_kept() {
    let mut folders = vec![root().join("editors")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap().flatten() {
            let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
            if path.is_dir() {
                // What a developer has installed here is left out by .gitignore.
                if !["node_modules", "out", "dist", "build", "target"].contains(&name.as_str()) {
                    folders.push(path);
                }
            } else if name == "package-lock.json" {
                let lock = read(&path);
                let elsewhere = lock.lines().find(|line| line.contains("\"resolved\"") && !line.contains("https://registry.npmjs.org/"));
                assert!(elsewhere.is_none(), "{}: {elsewhere:?} is no address for everybody", path.display());
            }
        }
    }
}
