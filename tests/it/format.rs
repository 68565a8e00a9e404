//! The one layout: what it keeps, what it changes, and that it proves itself.

use onward::format::{format_range, format_text, work};
use onward::source::{FileId, Span};
use onward::syntax::{NodeId, SyntaxTree, parse, parse_whatever_its_nesting};
use std::fs;
use std::path::{Path, PathBuf};

mod damage;
mod examples;
mod perturbed;

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

/// Random numbers that are the same in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, count: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % count.max(1)
    }
}

/// The tokens of a text, blanks inside of them not counted.
fn tokens(text: &str) -> Vec<String> {
    let tree = parse(FileId(0), text);
    tree.tokens()
        .map(|id| tree.text(id, text).split_whitespace().collect::<Vec<_>>().join(" ").replace(" %", "%"))
        .filter(|token| !token.is_empty())
        .collect()
}

/// The formatted text; the proof that every run carries is part of it.
fn formatted(text: &str) -> String {
    format_text(text).unwrap_or_else(|unproved| panic!("{unproved}\n{text}")).text
}

#[test]
fn the_shipped_journeys_are_in_the_one_layout() {
    for (path, text) in files("journeys") {
        let formatted = format_text(&text).unwrap();
        assert!(formatted.left.is_empty(), "{}", path.display());
        assert_eq!(formatted.text, text, "{}: run `onward fmt journeys`", path.display());
    }
}

#[test]
fn every_file_of_the_corpus_keeps_its_tokens_and_is_settled_after_one_run() {
    for (path, text) in [files("tests/corpus"), files("tests/it/syntax")].concat() {
        let once = formatted(&text);
        assert_eq!(tokens(&once), tokens(&text), "{}", path.display());
        assert_eq!(formatted(&once), once, "{}", path.display());
    }
}

#[test]
fn a_range_is_laid_out_without_the_rest() {
    let text = "event a {x text}\n\nevent b {x text}\n\nevent c {x text}\n";
    let second = text.find("event b").unwrap();
    let (range, new) = format_range(text, second..second + 3).unwrap().unwrap();
    let mut edited = text.to_owned();
    edited.replace_range(range, &new);
    assert_eq!(edited, "event a {x text}\n\nevent b { x text }\n\nevent c {x text}\n");
    assert_eq!(format_range(&formatted(text), 0..5).unwrap(), None);
}

#[test]
fn a_file_beyond_the_limits_is_left_as_it_is() {
    let text = format!("segment s {{{}a{}}}\n", "(".repeat(100), ")".repeat(100));
    let done = format_text(&text).unwrap();
    assert_eq!((done.text.as_str(), done.left), (text.as_str(), vec![Span::new(0, text.len() as u32 - 1)]));
}

/// Twice the input is at most twice the work and a little.
#[test]
fn the_work_grows_with_the_text_and_not_with_its_square() {
    let blocks = |count: usize| format!("journey j {{\n{}{}}}\n", "if a is b {\n".repeat(count), "}\n".repeat(count));
    let one_line = |count: usize| format!("journey j {{ {}exit{} }}\n", "if a { } else { ".repeat(count), " }".repeat(count));
    let list = |count: usize| format!("segment s {{ a in [{}\"z\"] }}\n", "\"some value\", ".repeat(count));
    let joined = |count: usize| format!("segment s {{ {}a }}\n", "customer.plan is \"pro\" and ".repeat(count));
    let fields = |count: usize| format!("customer {{\n{}}}\n", "  field_name text\n".repeat(count));
    let comments = |count: usize| format!("segment s {{\n{}a }}\n", "# why\n".repeat(count));
    let shapes: [(&str, &dyn Fn(usize) -> String); 6] =
        [("blocks", &blocks), ("one line", &one_line), ("list", &list), ("joined", &joined), ("fields", &fields), ("comments", &comments)];
    for (name, shape) in shapes {
        let count = |times: usize| {
            let text = shape(times);
            work(&parse_whatever_its_nesting(&text), &text)
        };
        let (once, twice) = (count(100), count(200));
        assert!(once > 0, "{name}");
        // Blocks in one line open up one after the other: each looks at what it holds. The limit of nesting bounds that.
        let most = if name == "one line" { 5 * once } else { 5 * once / 2 };
        assert!(twice <= most, "{name}: {once} became {twice}");
    }
    assert!(work(&parse_whatever_its_nesting(&blocks(400)), &blocks(400)) < 10_000);
}

/// What a declaration is, with the line it begins at.
fn declarations(text: &str) -> Vec<String> {
    let tree = parse(FileId(0), text);
    tree.children(SyntaxTree::ROOT).map(|id: NodeId| tree.text(id, text).to_owned()).filter(|text| !text.is_empty()).collect()
}
