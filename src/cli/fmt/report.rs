//! What `onward fmt --check` says, in every format.
//!
//! In: files and what they become. Out: text on standard output and an exit code. **Invariant:** one finding for one file, at the first
//! line that would change.

use super::Entry;
use crate::cli::Exit;
use crate::cli::output::Output;
use crate::cli::output::item::{FORMAT, Item};
use crate::diagnostic::render::{Annotation, Format, annotation};
use crate::format::difference;
use crate::source::{FileId, Place, Sources, Span};
use std::fmt::Write as _;

const MESSAGE: &str = "the file is not laid out as `onward fmt` writes it";

/// The first difference of a file.
struct Change<'a> {
    name: String,
    line: usize,
    before: &'a str,
    after: &'a str,
    place: Place,
}

/// Lists the files that would change.
pub(super) fn check(entries: &[Entry], sources: &Sources, diff: bool, output: &Output) -> Exit {
    let changes: Vec<(Change<'_>, &Entry)> = entries.iter().filter_map(|entry| Some((change(entry, sources)?, entry))).collect();
    let exit = if changes.is_empty() { Exit::Fine } else { Exit::Findings };
    if output.document().is_some() {
        let items: Vec<Item> = changes.iter().map(|(change, _)| item(change)).collect();
        let files: Vec<FileId> = entries.iter().map(|entry| entry.id).collect();
        return output.items(&items, &files, sources, "fmt", "formatted").max(exit);
    }
    let mut text = String::new();
    for (change, entry) in &changes {
        match output.format() {
            _ if diff && output.format() != Format::Json => {
                let before = sources.get(entry.id).map_or("", |file| &file.text);
                text.push_str(&difference::unified(&change.name, before, &entry.formatted.text));
            }
            Format::Human => {
                let _ = writeln!(text, "{}:{} {MESSAGE}", change.name, change.line);
                let _ = writeln!(text, "  - {}\n  + {}", visible(change.before), visible(change.after));
            }
            Format::Short => {
                let _ = writeln!(text, "{}: format: {MESSAGE}", sources.locate(change.place));
            }
            Format::Github => {
                let message = format!("{MESSAGE}; run `onward fmt`\n- {}\n+ {}", visible(change.before), visible(change.after));
                let one = Annotation { level: "error", place: Some(change.place), title: "not formatted", message: &message };
                text.push_str(&annotation(one, sources));
            }
            Format::Json => {}
        }
    }
    if output.format() == Format::Json {
        text = json(entries, sources);
    } else if output.format() == Format::Human && !diff {
        text.push_str(&summary(changes.len(), entries.len()));
    }
    output.print(&text);
    exit
}

fn summary(changed: usize, all: usize) -> String {
    let counted = |count: usize| if count == 1 { "1 file".to_owned() } else { format!("{count} files") };
    match changed {
        0 => format!("{} looked at, nothing to change\n", counted(all)),
        _ => format!("{} would change; `onward fmt` writes {}\n", counted(changed), if changed == 1 { "it" } else { "them" }),
    }
}

fn change<'a>(entry: &'a Entry, sources: &'a Sources) -> Option<Change<'a>> {
    let file = sources.get(entry.id)?;
    let (line, before, after) = difference::first_line(&file.text, &entry.formatted.text)?;
    let start = file.line_start(line - 1);
    let end = start + before.trim_end_matches(['\n', '\r']).len() as u32;
    Some(Change { name: sources.shown_name(entry.id), line, before, after, place: Span::new(start, end).at(entry.id) })
}

fn item(change: &Change<'_>) -> Item {
    Item {
        rule: FORMAT,
        message: MESSAGE.to_owned(),
        help: Some(format!("run `onward fmt`; its line would be `{}`", change.after.trim_end())),
        place: Some(change.place),
        related: Vec::new(),
        fixes: Vec::new(),
    }
}

/// The files of a run as JSON: which of them change, and where first.
pub(super) fn json(entries: &[Entry], sources: &Sources) -> String {
    let files: Vec<serde_json::Value> = entries
        .iter()
        .map(|entry| {
            let change = change(entry, sources);
            let name = sources.shown_name(entry.id);
            match change {
                Some(change) => {
                    serde_json::json!({ "file": name, "changes": true, "line": change.line, "before": change.before, "after": change.after })
                }
                None => serde_json::json!({ "file": name, "changes": false }),
            }
        })
        .collect();
    let left: Vec<String> =
        entries.iter().flat_map(|entry| entry.formatted.left.iter().map(|span| sources.locate(span.at(entry.id)))).collect();
    format!("{:#}\n", serde_json::json!({ "files": files, "left": left }))
}

/// A line with the blanks made visible that a person would not see: tabs, a carriage return, blanks at its end.
fn visible(line: &str) -> String {
    let line = line.trim_end_matches('\n');
    let shown = line.trim_end_matches([' ', '\t', '\r']);
    let tail: String = line.get(shown.len()..).unwrap_or("").chars().map(|blank| if blank == ' ' { '·' } else { blank }).collect();
    format!("{shown}{tail}").replace('\t', "→").replace('\r', "␍")
}
