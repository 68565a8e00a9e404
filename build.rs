//! Build step: gathers the explanation pages of `src/diagnostic/explain/` into one table that the library embeds.
//!
//! A page is `CODE.md` and opens with `# CODE slug`. A page that does not is a mistake of ours, so the build stops and says which.

#![allow(clippy::disallowed_methods, clippy::expect_used, clippy::panic, reason = "a build step reads files and stops at our own mistakes")]

use std::fmt::Write as _;
use std::path::Path;

fn main() {
    explanation_pages();
}

/// Writes `pages.rs`: `&[(CODE, slug, page), …]`, sorted by code.
fn explanation_pages() {
    let folder = Path::new(&std::env::var("CARGO_MANIFEST_DIR").expect("cargo names the package's folder")).join("src/diagnostic/explain");
    println!("cargo::rerun-if-changed={}", folder.display());
    let mut pages: Vec<(String, String, String)> = Vec::new();
    for entry in std::fs::read_dir(&folder).expect("the folder of explanation pages is there").flatten() {
        let path = entry.path();
        if path.extension().is_none_or(|extension| extension != "md") {
            continue;
        }
        println!("cargo::rerun-if-changed={}", path.display());
        let text = std::fs::read_to_string(&path).expect("an explanation page is text");
        let title = text.lines().next().unwrap_or("").strip_prefix("# ").and_then(|title| title.split_once(' '));
        let Some((code, slug)) = title else { panic!("{}: the first line must be `# CODE slug`", path.display()) };
        if path.file_stem().is_none_or(|stem| stem != code) {
            panic!("{}: the first line names {code}", path.display());
        }
        pages.push((code.to_owned(), slug.trim().to_owned(), path.display().to_string()));
    }
    pages.sort();
    let mut table = String::from("&[\n");
    for (code, slug, path) in pages {
        writeln!(table, "    ({code:?}, {slug:?}, include_str!({path:?})),").expect("a string takes what is written");
    }
    table.push_str("]\n");
    let out = Path::new(&std::env::var("OUT_DIR").expect("cargo names the folder for what is built")).join("pages.rs");
    std::fs::write(out, table).expect("the build folder is writable");
}
