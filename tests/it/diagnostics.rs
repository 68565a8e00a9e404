//! Findings as people, editors and build servers see them.

use onward::diagnostic::render::{Format, Style, render, summary};
use onward::diagnostic::{Code, Diagnostic, Fix, Problem};
use onward::source::{Place, SourceFile, Sources, Span};

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
    Style { format, color: false }
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
