//! The grammar and its recovery, over every example file.

use onward::ast;
use onward::source::FileId;
use onward::syntax::{SyntaxTree, errors, parse};
use std::path::{Path, PathBuf};

/// Every `.journey` file of the repository that is not meant to fail.
fn examples() -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    for folder in ["journeys", "tests/it/syntax"] {
        collect(Path::new(folder), &mut found);
    }
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
    let mut at = 0;
    for id in tree.tokens() {
        let span = tree.span(id);
        let gap = &text[at..(span.start as usize).max(at)];
        assert!(gap.bytes().all(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n')), "lost {gap:?} before {:?}", tree.node(id));
        if !span.is_empty() {
            assert!(span.start as usize >= at, "overlap at {:?}", tree.node(id));
            at = span.end as usize;
        }
    }
    assert!(text[at..].bytes().all(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n')), "lost the end {:?}", &text[at..]);
}

#[test]
fn every_example_parses_without_a_finding_and_without_loss() {
    let examples = examples();
    assert!(examples.len() >= 12, "the examples moved");
    for (path, text) in examples {
        let tree = parse(FileId(0), &text);
        assert_lossless(&tree, &text);
        for id in tree.ids() {
            let kind = tree.kind(id);
            assert!(!kind.is_missing() && !kind.is_foreign(), "{}: {kind:?} in {:?}", path.display(), tree.text(id, &text));
        }
        let found = errors(&tree, &text).into_sorted();
        assert!(found.is_empty(), "{}: {found:?}", path.display());
        assert!(!ast::lower(FileId(0), &tree, &text).decls.is_empty());
    }
}
