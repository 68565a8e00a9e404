//! What `onward fmt --check` found, for other programs.
//!
//! In: every file that was looked at, as it is and as it would be. Out: the answer in a format for programs. **Invariant:** every file is
//! told or counted, those that are laid out too; a format for people is left to the command.

use super::item::{self, Item};
use super::{Document, Exit, Output};
use crate::diagnostic::render::{Annotation, Format, annotation};
use crate::source::{FileId, SourceFile, Sources};
use serde_json::{Value as Json, json};

/// Raised when a field of the JSON changes its meaning or goes.
const VERSION: u32 = 1;

/// One file that was looked at.
#[derive(Debug, Clone, Copy)]
pub(in crate::cli) struct Looked<'a> {
    /// As it is shown: the way from where the command was started.
    pub name: &'a str,
    pub before: &'a str,
    /// As it would be laid out.
    pub after: &'a str,
}

/// Writes the answer where another program asked for it; `None` where the format is for people.
pub(in crate::cli) fn answer(looked: &[Looked<'_>], output: &Output) -> Option<Exit> {
    let mut sources = Sources::default();
    let mut files: Vec<FileId> = Vec::new();
    let mut items: Vec<Item> = Vec::new();
    for one in looked {
        let id = sources.add(SourceFile::new(one.name, one.before));
        files.push(id);
        if one.before != one.after {
            items.push(item::of_layout(id, one.before, one.after));
        }
    }
    match (output.document(), output.format()) {
        (Some(Document::Sarif | Document::Junit), _) => {
            let written = output.items(&items, &files, &sources, "fmt", "laid out");
            if written != Exit::Fine {
                return Some(written);
            }
        }
        (_, Format::Github) => output.print(&github(&items, &sources)),
        (_, Format::Json) => output.print(&format!("{:#}\n", document(&items, &files, &sources))),
        _ => return None,
    }
    Some(if items.is_empty() { Exit::Fine } else { Exit::Findings })
}

fn github(items: &[Item], sources: &Sources) -> String {
    let of = |item: &Item| {
        let message = format!("{}\n{}", item.message, item.help.as_deref().unwrap_or_default());
        annotation(Annotation { level: "error", place: item.place, title: "not laid out", message: &message }, sources)
    };
    items.iter().map(of).collect()
}

fn document(items: &[Item], files: &[FileId], sources: &Sources) -> Json {
    let told = files.iter().map(|file| {
        let item = items.iter().find(|item| item.place.is_some_and(|place| place.file == *file));
        let line = item.and_then(|item| Some(sources.get(*file)?.position(item.place?.span.start).line));
        json!({ "file": sources.shown_name(*file), "formatted": item.is_none(), "line": line })
    });
    json!({
        "version": VERSION,
        "files": told.collect::<Vec<_>>(),
        "summary": { "files": files.len(), "unformatted": items.len() },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::render::Style;

    fn sources(looked: &[Looked<'_>]) -> (Sources, Vec<FileId>, Vec<Item>) {
        let mut sources = Sources::default();
        let files: Vec<FileId> = looked.iter().map(|one| sources.add(SourceFile::new(one.name, one.before))).collect();
        let items = files.iter().zip(looked).filter(|(_, one)| one.before != one.after);
        let items = items.map(|(id, one)| item::of_layout(*id, one.before, one.after)).collect();
        (sources, files, items)
    }

    #[test]
    fn a_file_is_told_at_its_first_line_that_differs() {
        let looked = [
            Looked { name: "ก,:.journey", before: "a\n  b\nc\n", after: "a\nb\nc\n" },
            Looked { name: "b.journey", before: "a\n", after: "a\n" },
        ];
        let (sources, files, items) = sources(&looked);
        assert_eq!(
            github(&items, &sources),
            "::error file=ก%2C%3A.journey,line=2,col=1,endLine=2,endColumn=4,title=not laid out::this file is not laid out as `onward fmt` writes it%0Arun `onward fmt`\n"
        );
        let document = document(&items, &files, &sources);
        assert_eq!(document["summary"], json!({ "files": 2, "unformatted": 1 }));
        assert_eq!(document["files"][0], json!({ "file": "ก,:.journey", "formatted": false, "line": 2 }));
        assert_eq!(document["files"][1], json!({ "file": "b.journey", "formatted": true, "line": null }));
        let edit = &items[0].fixes[0].edits[0];
        assert_eq!((edit.place.span.start, edit.place.span.end, edit.text.as_str()), (2, 6, "b\n"));
        let for_people = Output::new(None, Style::default(), Style::default(), false);
        assert_eq!(answer(&looked, &for_people), None);
    }
}
