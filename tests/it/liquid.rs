//! The template language against Liquid: Shopify's cases where they are at hand, and our own.
//!
//! Shopify's "basics" cases are not part of the project. `ONWARD_LIQUID_CASES` names their folder; without it the test says that it was
//! skipped. `tests/corpus/liquid/differences.txt` lists every case that differs, and why: the test fails when that list is wrong in either
//! direction.

use onward::calendar::Instant;
use onward::template::untyped::{self, Options};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

#[derive(Debug, Deserialize)]
struct File {
    specs: Vec<Spec>,
}

#[derive(Debug, Deserialize)]
struct Spec {
    name: String,
    template: String,
    #[serde(default)]
    environment: Option<serde_json::Value>,
    #[serde(default)]
    filesystem: BTreeMap<String, String>,
    expected: Option<String>,
    expected_pattern: Option<String>,
    #[serde(default)]
    errors: BTreeMap<String, Vec<String>>,
}

fn corpus(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/liquid").join(name)
}

fn specs(path: &Path) -> Vec<Spec> {
    let text = std::fs::read_to_string(path).unwrap();
    // `y` is a text.
    let options = || serde_saphyr::options! { strict_booleans: true };
    // A file without a header is the list alone.
    match serde_saphyr::from_str_with_options::<File>(&text, options()) {
        Ok(file) => file.specs,
        Err(as_file) => serde_saphyr::from_str_with_options(&text, options())
            .unwrap_or_else(|as_list| panic!("{}: {as_file} / {as_list}", path.display())),
    }
}

/// What is wrong with a case, or nothing.
fn wrong(spec: &Spec) -> Option<String> {
    // Shopify's cases are run at 2024-01-01 00:01:58 UTC.
    let options = Options { partials: spec.filesystem.clone(), now: Some(Instant(1_704_067_318_000)), ..Options::default() };
    let data = spec.environment.clone().unwrap_or_default();
    let shown = untyped::render(&spec.template, &data, &options).unwrap_or_else(|refusal| refusal.to_string());
    let fits = match (&spec.expected, &spec.expected_pattern) {
        (Some(expected), _) => *expected == shown,
        (None, Some(pattern)) => regex::Regex::new(pattern).unwrap().is_match(&shown),
        (None, None) => spec.errors.values().flatten().all(|part| shown.contains(part.as_str())) && !spec.errors.is_empty(),
    };
    (!fits).then(|| format!("{}: {:?}\n  shows  {shown:?}\n  wanted {:?}", spec.name, spec.template, spec.expected))
}

#[test]
fn shopifys_cases_behave_the_same_but_for_those_that_are_listed() {
    let Some(folder) = std::env::var_os("ONWARD_LIQUID_CASES") else {
        eprintln!("SKIPPED: Shopify's cases of Liquid are not at hand; set ONWARD_LIQUID_CASES to their folder to run them");
        return;
    };
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().flatten().map(|entry| entry.path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "yml"));
    paths.sort();
    let listed = std::fs::read_to_string(corpus("differences.txt")).unwrap();
    let listed: BTreeSet<&str> =
        listed.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once(": ")).map(|(name, _)| name).collect();
    let mut count = 0;
    let mut found = BTreeMap::new();
    for path in &paths {
        for spec in specs(path) {
            count += 1;
            found.extend(wrong(&spec).map(|text| (spec.name, text)));
        }
    }
    assert!(count > 500, "only {count} cases in {} files", paths.len());
    let unlisted: Vec<&String> = found.iter().filter(|(name, _)| !listed.contains(name.as_str())).map(|(_, text)| text).collect();
    let settled: Vec<&&str> = listed.iter().filter(|name| !found.contains_key(**name)).collect();
    println!("{} of {count} cases behave as Shopify's Liquid", count - found.len());
    assert!(
        unlisted.is_empty(),
        "{} cases differ that are not listed:\n{}",
        unlisted.len(),
        unlisted.iter().map(|s| s.as_str()).collect::<Vec<_>>().join("\n")
    );
    assert!(settled.is_empty(), "listed, but the same by now: {settled:?}");
}

#[test]
fn our_own_cases_show_what_they_say() {
    let wrong: Vec<String> = specs(&corpus("cases.yml")).iter().filter_map(wrong).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
