//! Build step: expands `grammar/journey.pest` for pest, and gathers the explanation pages of `src/diagnostic/explain/` into one table.
//!
//! In the grammar `'wait until'` is a keyword token; it becomes a rule. Written besides: the parser's derive with the path of the expanded
//! grammar, and the enum of node kinds with the documentation of each rule.
//!
//! A page is `CODE.md` and opens with `# CODE slug`. A page that does not is a mistake of ours, so the build stops and says which. The
//! pages in Thai lie in `th/` beside them.
//!
//! The recipes of `journeys/recipes/` become a table of files, for `onward init --from`; what a recipe shows is said by its `README.md`.

#![allow(clippy::disallowed_methods, clippy::expect_used, clippy::panic, reason = "a build step reads files and stops at our own mistakes")]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    explanation_pages();
    thai_pages();
    recipes();
    grammar();
}

/// Writes `recipes.rs`: `&[Recipe { name, shows, files: &[(PATH, text), …] }, …]`, sorted by name, the files by path.
fn recipes() {
    let folder = Path::new(&std::env::var("CARGO_MANIFEST_DIR").expect("cargo names the package's folder")).join("journeys/recipes");
    println!("cargo::rerun-if-changed={}", folder.display());
    let page = std::fs::read_to_string(folder.join("README.md")).expect("the page of the recipes is there");
    let mut table = String::from("&[\n");
    for name in entries(&folder).into_iter().filter(|name| folder.join(name).is_dir()) {
        // A row is `| R01 | [folder](folder) | what it shows |`.
        let row = page.lines().find_map(|line| line.split_once(&format!("]({name}) | ")));
        let shows = row.map_or("", |(_, shows)| shows).trim_end_matches(" |").replace('`', "");
        write!(table, "    Recipe {{ name: {name:?}, shows: {shows:?}, files: &[").expect("a string takes what is written");
        let mut files = Vec::new();
        files_below(&folder.join(&name), "", &mut files);
        for file in files {
            let path = folder.join(&name).join(&file).display().to_string();
            write!(table, "({file:?}, include_str!({path:?})), ").expect("a string takes what is written");
        }
        table.push_str("] },\n");
    }
    table.push_str("]\n");
    let out = Path::new(&std::env::var("OUT_DIR").expect("cargo names the folder for what is built")).join("recipes.rs");
    std::fs::write(out, table).expect("the build folder is writable");
}

/// The names in a folder, sorted; hidden ones are left out.
fn entries(folder: &Path) -> Vec<String> {
    let names = std::fs::read_dir(folder).expect("the folder can be read").flatten();
    let mut names: Vec<String> = names.filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.retain(|name| !name.starts_with('.'));
    names.sort();
    names
}

/// The files of a folder and of those in it, each with its path from there on, parted by `/`.
fn files_below(folder: &Path, before: &str, files: &mut Vec<String>) {
    println!("cargo::rerun-if-changed={}", folder.display());
    for name in entries(folder) {
        let path = folder.join(&name);
        if path.is_dir() {
            files_below(&path, &format!("{before}{name}/"), files);
        } else {
            files.push(format!("{before}{name}"));
        }
    }
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

/// Writes `pages_th.rs`: `&[(CODE, page), …]`, sorted by code. A page opens with `# CODE slug: its title in Thai`.
fn thai_pages() {
    let folder =
        Path::new(&std::env::var("CARGO_MANIFEST_DIR").expect("cargo names the package's folder")).join("src/diagnostic/explain/th");
    println!("cargo::rerun-if-changed={}", folder.display());
    let mut table = String::from("&[\n");
    for (code, path) in entries(&folder).iter().filter_map(|name| Some((name.strip_suffix(".md")?, folder.join(name)))) {
        println!("cargo::rerun-if-changed={}", path.display());
        let text = std::fs::read_to_string(&path).expect("an explanation page is text");
        if !text.starts_with(&format!("# {code} ")) {
            panic!("{}: the first line must be `# {code} slug: title`", path.display());
        }
        writeln!(table, "    ({code:?}, include_str!({:?})),", path.display().to_string()).expect("a string takes what is written");
    }
    table.push_str("]\n");
    let out = Path::new(&std::env::var("OUT_DIR").expect("cargo names the folder for what is built")).join("pages_th.rs");
    std::fs::write(out, table).expect("the build folder is writable");
}

/// Writes `journey.pest` (expanded), `kinds.rs` and `pest_parser.rs`.
fn grammar() {
    println!("cargo::rerun-if-changed=grammar/journey.pest");
    println!("cargo::rerun-if-changed=grammar/template.pest");
    let out = std::env::var("OUT_DIR").expect("cargo names the folder for what is built");
    let out = Path::new(&out);
    let source = std::fs::read_to_string("grammar/journey.pest").expect("the grammar is there");
    let mut phrases = BTreeMap::new();
    let mut grammar: String = source.lines().map(|line| expand(line, &mut phrases) + "\n").collect();
    for (rule, phrase) in &phrases {
        let words: Vec<String> = phrase.split(' ').map(|word| format!("\"{word}\"")).collect();
        writeln!(grammar, "/// `{phrase}`\n{rule} = @{{ {} ~ word_end }}", words.join(" ~ blank+ ~ "))
            .expect("a string takes what is written");
    }
    let path = out.join("journey.pest");
    let rules = node_rules(&grammar);
    let write = |name: &str, text: &str| std::fs::write(out.join(name), text).expect("the build folder is writable");
    write("journey.pest", &grammar);
    write("kinds.rs", &kinds(&rules, &phrases));
    write("pest_parser.rs", &pest_parser(&rules, &path));
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
            let length = quoted[end..].chars().next().map(char::len_utf8);
            end += if quoted[end..].starts_with('\\') { 2 } else { length.expect("a quote is closed on its line") };
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

/// Rules that make a node (not the silent ones), with their documentation, in the order of the grammar.
fn node_rules(grammar: &str) -> Vec<(String, String)> {
    let mut rules = Vec::new();
    let mut docs = String::new();
    for line in grammar.lines() {
        if let Some(text) = line.strip_prefix("///") {
            text.trim().clone_into(&mut docs);
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
    rule.split('_').map(|word| word[..1].to_ascii_uppercase() + &word[1..]).collect()
}

/// The enum of node kinds and what can be asked of one.
fn kinds(rules: &[(String, String)], phrases: &BTreeMap<String, String>) -> String {
    let listed = |wanted: &dyn Fn(&str) -> bool| {
        let kinds: Vec<String> = rules.iter().filter(|(rule, _)| wanted(rule)).map(|(rule, _)| format!("Kind::{}", camel(rule))).collect();
        kinds.join(" | ")
    };
    let variants: String = rules.iter().map(|(rule, docs)| format!("    /// {docs}\n    {},\n", camel(rule))).collect();
    let words: String = phrases.iter().map(|(rule, phrase)| format!("            Kind::{} => {phrase:?},\n", camel(rule))).collect();
    let examples: String = rules
        .iter()
        .filter_map(|(rule, docs)| {
            let example = docs.strip_prefix('`')?.split_once('`')?.0;
            (!rule.starts_with("kw_") && !rule.starts_with("foreign_"))
                .then(|| format!("            Kind::{} => {example:?},\n", camel(rule)))
        })
        .collect();
    let missing = listed(&|rule| rule.starts_with("no_"));
    let foreign = listed(&|rule| rule.starts_with("foreign_") || rule == "bad_number" || rule == "worded_duration");
    format!(
        "/// What a node of the tree is: one kind for each rule of `grammar/journey.pest` that makes a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u16)]
pub enum Kind {{
{variants}}}

impl Kind {{
    /// The words of a keyword token.
    pub fn phrase(self) -> Option<&'static str> {{
        Some(match self {{
{words}            _ => return None,
        }})
    }}

    /// How such a thing is written, from the grammar's documentation.
    pub fn example(self) -> Option<&'static str> {{
        Some(match self {{
{examples}            _ => return None,
        }})
    }}

    /// An empty token where something must be and is not.
    pub fn is_missing(self) -> bool {{
        matches!(self, {missing})
    }}

    /// A spelling of another language.
    pub fn is_foreign(self) -> bool {{
        matches!(self, {foreign})
    }}
}}
"
    )
}

/// The parser that pest derives, and the kind of the node that each of its rules makes.
fn pest_parser(rules: &[(String, String)], grammar: &Path) -> String {
    let arms: String = rules.iter().map(|(rule, _)| format!("        Rule::r#{rule} => Kind::{},\n", camel(rule))).collect();
    format!(
        "/// The parser that pest makes of the grammar.
#[derive(pest_derive::Parser)]
#[grammar = {:?}]
struct JourneyParser;

/// The kind of the node that a rule makes.
fn kind_of(rule: Rule) -> Kind {{
    match rule {{
{arms}        _ => Kind::Junk,
    }}
}}
",
        grammar.display().to_string()
    )
}
