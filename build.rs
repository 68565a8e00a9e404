//! Build steps. The explanation pages of `src/diagnostic/explain/` become one table that the library embeds; `grammar/journey.pest` is
//! expanded for pest (`'wait until'` becomes a keyword token), and the enum of node kinds is written with the documentation of each rule.
//!
//! A page is `CODE.md` and opens with `# CODE slug`. A page that does not is a mistake of ours, so the build stops and says which.

#![allow(clippy::disallowed_methods, clippy::expect_used, clippy::unwrap_used, clippy::panic, reason = "a build step reads files and stops at our own mistakes")]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

fn main() {
    explanation_pages();
    grammar();
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

/// Writes `journey.pest`, `kinds.rs` and `pest_parser.rs`.
fn grammar() {
    println!("cargo::rerun-if-changed=grammar/journey.pest");
    let out = std::env::var("OUT_DIR").unwrap();
    let out = Path::new(&out);
    let source = std::fs::read_to_string("grammar/journey.pest").unwrap();

    let mut phrases = BTreeMap::new();
    let mut grammar: String = source.lines().map(|line| expand(line, &mut phrases) + "\n").collect();
    for (rule, phrase) in &phrases {
        let words: Vec<String> = phrase.split(' ').map(|word| format!("\"{word}\"")).collect();
        let _ = writeln!(grammar, "/// `{phrase}`\n{rule} = @{{ {} ~ word_end }}", words.join(" ~ blank+ ~ "));
    }
    let path = out.join("journey.pest");
    std::fs::write(&path, &grammar).unwrap();

    let rules = token_rules(&grammar);
    std::fs::write(out.join("kinds.rs"), kinds(&rules, &phrases)).unwrap();
    std::fs::write(out.join("pest_parser.rs"), pest_parser(&rules, &path)).unwrap();
}

/// A line with its `'…'` phrases replaced by rule names; comments and strings are left alone.
fn expand(line: &str, phrases: &mut BTreeMap<String, String>) -> String {
    if line.trim_start().starts_with("//") {
        return line.to_owned();
    }
    let mut expanded = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(at) = rest.find(['"', '\'']) {
        let (before, quoted) = rest.split_at(at);
        expanded.push_str(before);
        let quote = &quoted[..1];
        let mut end = 1;
        while !quoted[end..].starts_with(quote) {
            end += if quoted[end..].starts_with('\\') { 2 } else { quoted[end..].chars().next().unwrap().len_utf8() };
        }
        let inner = &quoted[1..end];
        if quote == "'" {
            let rule = format!("kw_{}", inner.replace(' ', "_"));
            expanded.push_str(&rule);
            phrases.insert(rule, inner.to_owned());
        } else {
            expanded.push_str(&quoted[..=end]);
        }
        rest = &quoted[end + 1..];
    }
    expanded + rest
}

/// Rules that make a node, with their documentation, in the order of the grammar.
fn token_rules(grammar: &str) -> Vec<(String, String)> {
    let mut rules = Vec::new();
    let mut docs = String::new();
    for line in grammar.lines() {
        if let Some(text) = line.strip_prefix("///") {
            docs = text.trim().to_owned();
        } else if let Some((name, body)) = line.split_once(" = ")
            && !name.is_empty()
            && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_' || byte.is_ascii_digit())
        {
            if !body.starts_with('_') {
                rules.push((name.to_owned(), std::mem::take(&mut docs)));
            }
            docs.clear();
        }
    }
    rules
}

fn camel(rule: &str) -> String {
    rule.split('_')
        .map(|word| {
            let mut letters = word.chars();
            letters.next().map_or(String::new(), |first| first.to_ascii_uppercase().to_string() + letters.as_str())
        })
        .collect()
}

fn kinds(rules: &[(String, String)], phrases: &BTreeMap<String, String>) -> String {
    let mut code = String::from(
        "/// What a node of the tree is: one kind for each rule of `grammar/journey.pest` that makes a node.\n\
         #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]\n#[repr(u16)]\npub enum Kind {\n",
    );
    for (rule, docs) in rules {
        let _ = writeln!(code, "    /// {docs}\n    {},", camel(rule));
    }
    code.push_str("}\n\nimpl Kind {\n    /// The words of a keyword token.\n    pub fn phrase(self) -> Option<&'static str> {\n        Some(match self {\n");
    for (rule, phrase) in phrases {
        let _ = writeln!(code, "            Kind::{} => {phrase:?},", camel(rule));
    }
    code.push_str("            _ => return None,\n        })\n    }\n\n    /// An empty token where something must be and is not.\n    pub fn is_missing(self) -> bool {\n        matches!(self, ");
    let missing: Vec<String> = rules.iter().filter(|(rule, _)| rule.starts_with("no_")).map(|(rule, _)| format!("Kind::{}", camel(rule))).collect();
    let foreign: Vec<String> = rules
        .iter()
        .filter(|(rule, _)| rule.starts_with("foreign_") || rule.starts_with("bad_number") || rule.starts_with("worded_"))
        .map(|(rule, _)| format!("Kind::{}", camel(rule)))
        .collect();
    let _ = writeln!(code, "{})\n    }}\n\n    /// A spelling of another language.\n    pub fn is_foreign(self) -> bool {{\n        matches!(self, {})\n    }}\n}}", missing.join(" | "), foreign.join(" | "));
    code
}

fn pest_parser(rules: &[(String, String)], grammar: &Path) -> String {
    let mut code = format!(
        "/// The parser that pest makes of the grammar.\n#[derive(pest_derive::Parser)]\n#[grammar = {:?}]\nstruct JourneyParser;\n\n\
         /// The kind of the node that a rule makes.\nfn kind_of(rule: Rule) -> Kind {{\n    match rule {{\n",
        grammar.display().to_string()
    );
    for (rule, _) in rules {
        let _ = writeln!(code, "        Rule::r#{rule} => Kind::{},", camel(rule));
    }
    code.push_str("        _ => Kind::Junk,\n    }\n}\n");
    code
}
