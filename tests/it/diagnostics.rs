//! Findings as people, editors and build servers see them.

use onward::diagnostic::render::{Format, Style, render, summary};
use onward::diagnostic::{Code, Diagnostic, Fix, Problem};
use onward::project::Project;
use onward::source::{Place, SourceFile, Sources, Span};
use std::fs;
use std::path::{Path, PathBuf};

#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("there is no channel `{name}`")]
#[diagnostic(help("did you mean `email`? `send welcome by email`"))]
struct UnknownChannel {
    name: String,
    #[label(primary, "not a channel")]
    place: Place,
    also: Vec<(Place, String)>,
}

impl Problem for UnknownChannel {
    const CODE: Code = Code::new("E0203", "unknown-channel");

    fn place(&self) -> Place {
        self.place
    }

    fn fixes(&self) -> Vec<Fix> {
        vec![Fix::replace("change to `email`", self.place, "email")]
    }

    fn elsewhere(&self) -> Vec<(Place, String)> {
        self.also.clone()
    }
}

/// `send ต้อนรับ by emial` in a file of three lines, and a second file.
fn thai() -> (Sources, Vec<Diagnostic>) {
    let mut sources = Sources::default();
    sources.show_under("ร้าน/");
    let text = "# ร้าน\nsend ต้อนรับ by emial\nexit\n";
    let file = sources.add(SourceFile::new("ต้อนรับ.journey", text));
    let other = sources.add(SourceFile::new("b.journey", "\nchannel line reaches customer.line_id\n"));
    let start = text.find("emial").unwrap() as u32;
    let also = vec![(Span::new(9, 13).at(other), "channels are declared here".to_owned())];
    let one = UnknownChannel { name: "emial".to_owned(), place: Span::new(start, start + 5).at(file), also };
    (sources, vec![one.into()])
}

fn style(format: Format) -> Style {
    Style { format, ..Style::default() }
}

#[test]
fn the_human_format_counts_characters_and_aligns_thai() {
    let (sources, found) = thai();
    insta::assert_snapshot!(render(&found, &sources, style(Format::Human)));
}

#[test]
fn the_short_format_is_one_line_with_a_character_column() {
    let (sources, found) = thai();
    let expected = "ร้าน/ต้อนรับ.journey:2:17: error[E0203] there is no channel `emial`\n";
    assert_eq!(render(&found, &sources, style(Format::Short)), expected);
}

#[test]
fn the_json_format_counts_in_every_unit() {
    let (sources, found) = thai();
    insta::assert_snapshot!(render(&found, &sources, style(Format::Json)));
}

#[test]
fn the_github_format_escapes() {
    let (sources, found) = thai();
    let expected = "::error file=ร้าน/ต้อนรับ.journey,line=2,col=17,endLine=2,endColumn=22,title=E0203 unknown-channel\
                    ::there is no channel `emial`%0Adid you mean `email`? `send welcome by email`\n";
    assert_eq!(render(&found, &sources, style(Format::Github)), expected);
}

#[test]
fn a_place_at_the_end_of_a_file_is_drawn() {
    for text in ["journey x {\n", "journey x {", "journey x {\n\n\n", "รอ\n", ""] {
        let (sources, file) = Sources::of("end.journey", text);
        let end = text.len() as u32;
        let one = UnknownChannel { name: "x".to_owned(), place: Span::new(end, end).at(file), also: Vec::new() };
        let shown = render(&[one.into()], &sources, style(Format::Human));
        assert!(text.is_empty() || shown.contains("not a channel"), "nothing is marked in {text:?}:\n{shown}");
        assert!(!shown.contains("Failed to read"), "{shown}");
    }
}

#[test]
fn no_more_than_twenty_are_drawn_and_the_rest_is_counted() {
    let (sources, file) = Sources::of("many.journey", &"x\n".repeat(30));
    let found: Vec<Diagnostic> = (0..30)
        .map(|line| UnknownChannel { name: line.to_string(), place: Span::new(line * 2, line * 2 + 1).at(file), also: Vec::new() }.into())
        .collect();
    let shown = render(&found, &sources, style(Format::Human));
    assert_eq!(shown.matches("× there is no channel").count(), 20);
    assert!(shown.ends_with("… and 10 more; `--format short` lists them all\n30 errors\n"), "{shown}");
    assert_eq!(render(&found, &sources, style(Format::Short)).lines().count(), 30);
    assert_eq!(summary(&[]), None);
}

// ---------------------------------------------------------------- the corpus and the shipped journeys

/// Prefixes that are tried of one file; all of a short one.
const PREFIXES_MAX: usize = 24;

fn journeys_below(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            journeys_below(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "journey") {
            found.push(path);
        }
    }
    found.sort();
}

/// Every journey file of the repository, with its name in it.
fn every_file() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut paths = Vec::new();
    for folder in ["tests/corpus", "tests/it", "journeys", "src/cli/init"] {
        journeys_below(&root.join(folder), &mut paths);
    }
    let name = |path: &Path| path.strip_prefix(root).unwrap().to_string_lossy().replace('\\', "/");
    paths.into_iter().filter_map(|path| Some((name(&path), fs::read_to_string(&path).ok()?))).collect()
}

/// Everything that a text goes through, in all formats; the findings as a person sees them.
fn through_all_stages(name: &str, text: &str) -> String {
    let (compiled, found) = onward::check_project(Project::from_texts([(name, text)]));
    let sources = compiled.sources();
    let found = found.into_sorted();
    for one in &found {
        let Some(file) = sources.get(one.place.file) else { panic!("{name}: {one:?} is in no file") };
        assert!(file.text.get(one.place.span.range()).is_some(), "{name}: {one:?} lies outside of the text or cuts a character");
        for edit in one.fixes.iter().flat_map(|fix| &fix.edits) {
            let fits = sources.get(edit.place.file).is_some_and(|file| file.text.get(edit.place.span.range()).is_some());
            assert!(fits, "{name}: the fix of {one:?} lies outside of the text");
        }
    }
    let order: Vec<_> = found.iter().map(|one| (one.place, one.code)).collect();
    assert!(order.is_sorted(), "{name}: findings are not in order");
    for format in [Format::Short, Format::Json, Format::Github] {
        render(&found, sources, style(format));
    }
    if let Some(plan) = &compiled.plan {
        onward::plan::table::table(plan, None);
    }
    render(&found, sources, style(Format::Human))
}

#[test]
fn what_a_person_sees_of_each_mistake() {
    insta::glob!("../corpus", "{syntax,check}/**/*.journey", |path| {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let text = fs::read_to_string(path).unwrap();
        let shown = through_all_stages(&name, &text);
        insta::with_settings!({ omit_expression => true, description => "a journey file, and what is found in it" }, {
            insta::assert_snapshot!(format!("{text}\n────────\n{shown}"));
        });
    });
}

#[test]
fn no_beginning_of_a_file_makes_any_stage_panic() {
    for (name, text) in every_file() {
        let ends: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
        // Each file begins at another place, so that all kinds of places are cut.
        let step = (ends.len() / PREFIXES_MAX).max(1);
        for end in ends.iter().skip(name.len() % step).step_by(step) {
            through_all_stages(&name, &text[..*end]);
        }
    }
}

#[test]
fn a_lost_brace_is_one_finding_though_names_are_missing_behind_it() {
    let text = "journey a {\n  enter on nothing_like_it\n\nevent other { id text }\n";
    let (_, found) = onward::check_project(Project::from_texts([("a.journey", text), ("b.journey", "segment s { has unknown }\n")]));
    let codes: Vec<&str> = found.iter().map(|one| one.code.number).collect();
    assert_eq!(codes, ["E0003"]);
}

#[test]
fn the_same_text_gives_the_same_findings_and_the_same_plan() {
    for (name, text) in every_file() {
        let once = || {
            let (compiled, found) = onward::check_project(Project::from_texts([(name.as_str(), text.as_str())]));
            let plan = compiled.plan.as_ref().map(|plan| onward::plan::encode::to_json(plan).unwrap());
            (render(&found.into_sorted(), compiled.sources(), style(Format::Json)), plan)
        };
        assert_eq!(once(), once(), "{name}");
    }
}

#[test]
fn a_file_with_windows_line_ends_and_a_byte_order_mark_means_the_same() {
    for (name, text) in every_file().into_iter().filter(|(name, _)| name.starts_with("src/cli/init")) {
        let plan_of = |text: &str| {
            let (compiled, found) = onward::check_project(Project::from_texts([("x.journey", text)]));
            assert!(found.is_empty(), "{name}: {:#?}", found.into_sorted());
            compiled.plan.map(|plan| plan.hash)
        };
        let windows = format!("\u{feff}{}", text.replace('\n', "\r\n"));
        assert_eq!(plan_of(&text), plan_of(&windows), "{name}");
    }
}
