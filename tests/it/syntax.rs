//! The grammar and its recovery: every example file, whole and damaged, and every typical mistake.

use onward::ast;
use onward::diagnostic::{Diagnostic, Fix};
use onward::source::FileId;
use onward::syntax::{SyntaxTree, errors, parse};
use std::path::{Path, PathBuf};

mod damage;
mod mistakes;
mod nesting;
mod soup;

/// Every `.journey` file of the repository whose spelling is right; what the checker says about it is another matter.
fn examples() -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    for folder in ["journeys", "tests/it/syntax", "tests/corpus/check"] {
        collect(Path::new(folder), &mut found);
    }
    // Its point is a name of two scripts, which the spelling warns about too.
    found.retain(|(path, _)| !path.ends_with("W0112-looks-alike.journey"));
    found.sort();
    found
}

fn collect(folder: &Path, found: &mut Vec<(PathBuf, String)>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "journey") {
            found.push((path.clone(), std::fs::read_to_string(&path).unwrap()));
        }
    }
}

/// The leaves of the tree and the blanks between them are the text.
fn assert_lossless(tree: &SyntaxTree, text: &str) {
    let blank = |gap: &str| gap.bytes().all(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n'));
    let mut at = 0;
    for id in tree.tokens().filter(|id| !tree.span(*id).is_empty()) {
        let span = tree.span(id);
        assert!(span.start as usize >= at, "overlap at {:?}", tree.node(id));
        let gap = &text[at..span.start as usize];
        assert!(blank(gap), "lost {gap:?} before {:?}", tree.node(id));
        at = span.end as usize;
    }
    assert!(blank(&text[at..]), "lost the end {:?}", &text[at..]);
}

/// Parses, looks that nothing is lost and nothing panics, and gives the findings.
fn findings(text: &str) -> Vec<Diagnostic> {
    let tree = parse(FileId(0), text);
    assert_lossless(&tree, text);
    let found = errors(&tree, text).into_sorted();
    for one in &found {
        let span = one.place.span;
        assert!(text.get(span.range()).is_some(), "{one:?} lies outside of the text");
    }
    let _ = ast::lower(FileId(0), &tree, text);
    found
}

/// The text with a fix applied.
fn mended(text: &str, fix: &Fix) -> String {
    let mut edits = fix.edits.clone();
    edits.sort_by_key(|edit| std::cmp::Reverse(edit.place.span));
    let mut text = text.to_owned();
    for edit in edits {
        text.replace_range(edit.place.span.range(), &edit.text);
    }
    text
}

fn line_of(text: &str, offset: u32) -> usize {
    text[..offset as usize].matches('\n').count() + 1
}

#[test]
fn every_example_parses_without_a_finding_and_without_loss() {
    let examples = examples();
    assert!(examples.len() >= 12, "the examples moved");
    for (path, text) in examples {
        let tree = parse(FileId(0), &text);
        for id in tree.ids() {
            let kind = tree.kind(id);
            assert!(!kind.is_missing() && !kind.is_foreign(), "{}: {kind:?} in {:?}", path.display(), tree.text(id, &text));
        }
        let found = findings(&text);
        assert!(found.is_empty(), "{}: {found:?}", path.display());
    }
}

#[test]
fn windows_line_ends_and_a_byte_order_mark_are_fine() {
    for (path, text) in examples() {
        let text = format!("\u{FEFF}{}", text.replace('\n', "\r\n"));
        let found = findings(&text);
        assert!(found.is_empty(), "{}: {found:?}", path.display());
    }
}

#[test]
fn every_beginning_of_an_example_is_read_without_a_panic() {
    for (_, text) in examples() {
        // Every prefix of the large files would take minutes; a step of a prime number meets every kind of place.
        let step = if text.len() > 4000 { 37 } else { 11 };
        for end in (0..text.len()).step_by(step).filter(|end| text.is_char_boundary(*end)) {
            findings(&text[..end]);
        }
    }
}
