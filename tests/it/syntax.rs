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

/// A text cut at its declarations: each begins in column 0, with what documents it.
fn declarations(text: &str) -> Vec<&str> {
    let mut starts = vec![0];
    let mut at = 0;
    let mut documented = None;
    for line in text.split_inclusive('\n') {
        let begins = line.starts_with(|c: char| c.is_alphabetic() || c == '`');
        if line.starts_with('#') {
            documented.get_or_insert(at);
        } else {
            if begins {
                starts.push(documented.unwrap_or(at));
            }
            documented = None;
        }
        at += line.len();
    }
    starts.push(text.len());
    starts.dedup();
    starts.windows(2).map(|part| &text[part[0]..part[1]]).collect()
}

/// On all cores: each of the texts on its own.
fn each(texts: &[String], test: impl Fn(&str) + Sync) {
    let next = std::sync::atomic::AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some(text) = texts.get(next.fetch_add(1, std::sync::atomic::Ordering::Relaxed)) {
                    test(text);
                }
            });
        }
    });
}

/// A file that is cut is whole declarations and the beginning of one. The first test goes through every beginning of every declaration, byte
/// by byte; the second shows that what stands before has no part in it: the whole declarations stay as they are, and all that is found lies in
/// the one that is cut. So together they are every beginning of every file, without reading each file as often as it has bytes.
#[test]
fn every_beginning_of_every_declaration_of_the_examples_is_read_without_a_panic() {
    let mut parts: Vec<String> = examples().iter().flat_map(|(_, text)| declarations(text)).map(str::to_owned).collect();
    parts.sort();
    parts.dedup();
    assert!(parts.len() > 300, "{}", parts.len());
    each(&parts, |part| {
        for end in (0..part.len()).filter(|end| part.is_char_boundary(*end)) {
            findings(&part[..end]);
        }
    });
}

#[test]
fn what_stands_before_the_declaration_that_is_cut_stays_whole() {
    let texts: Vec<String> = examples().into_iter().map(|(_, text)| text).collect();
    each(&texts, |text| {
        let mut from = 0;
        let parts = declarations(text);
        // Of the large files every seventh declaration; each is cut in its middle, in a quarter of it and before its end.
        let step = if text.len() > 4_000 { 7 } else { 1 };
        for (number, part) in parts.iter().enumerate() {
            for end in [part.len() / 4, part.len() / 2, part.len().saturating_sub(2)] {
                let end = (0..=end).rev().find(|end| part.is_char_boundary(*end)).unwrap_or(0);
                if number % step == 0 && !part[..end].trim().is_empty() {
                    let found = findings(&text[..from + end]);
                    assert!(found.iter().all(|one| one.place.span.end as usize >= from), "{found:?} in {:?}", &text[..from + end]);
                }
            }
            from += part.len();
        }
    });
}
