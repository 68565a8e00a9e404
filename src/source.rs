//! Source files and places in them.
//!
//! In: file names and texts, read by somebody else. Out: cheap ids, byte spans, and line and column numbers for people and editors.
//! **Invariant:** a [`Span`] is in bytes, lies on character boundaries, and never says which file it belongs to; a [`Place`] does.
//! Knows nothing of the language and reads no file.

use std::collections::BTreeMap;
use std::sync::Arc;

/// A file of a project, by its position in [`Sources`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, serde::Serialize, serde::Deserialize)]
pub struct FileId(pub u32);

/// A range of bytes `[start, end)` in one file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, serde::Serialize, serde::Deserialize)]
pub struct Span {
    pub start: u32,
    pub end: u32,
}

impl Span {
    pub const fn new(start: u32, end: u32) -> Span {
        Span { start, end }
    }

    /// The smallest span that covers both.
    #[must_use]
    pub fn to(self, other: Span) -> Span {
        Span { start: self.start.min(other.start), end: self.end.max(other.end) }
    }

    pub fn is_empty(self) -> bool {
        self.start == self.end
    }

    pub fn range(self) -> std::ops::Range<usize> {
        self.start as usize..self.end as usize
    }

    pub const fn at(self, file: FileId) -> Place {
        Place { file, span: self }
    }
}

/// A span in a named file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, serde::Serialize, serde::Deserialize)]
pub struct Place {
    pub file: FileId,
    pub span: Span,
}

impl Place {
    /// The smallest place that covers both; the other must lie in the same file.
    #[must_use]
    pub fn to(self, other: Place) -> Place {
        Place { file: self.file, span: self.span.to(other.span) }
    }
}

impl From<Place> for miette::SourceSpan {
    fn from(place: Place) -> Self {
        (place.span.start as usize, (place.span.end - place.span.start) as usize).into()
    }
}

/// A position for people: line and column, both from 1. The column counts characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    pub line: u32,
    pub column: u32,
}

/// One file: its name as people know it (relative to the project) and its text.
#[derive(Debug, Clone)]
pub struct SourceFile {
    pub name: Arc<str>,
    pub text: Arc<str>,
    /// Byte offset at which each line starts; the first is 0.
    line_starts: Arc<[u32]>,
}

impl SourceFile {
    pub fn new(name: impl Into<Arc<str>>, text: impl Into<Arc<str>>) -> SourceFile {
        let text: Arc<str> = text.into();
        let starts =
            std::iter::once(0).chain(text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at as u32 + 1)).collect();
        SourceFile { name: name.into(), text, line_starts: starts }
    }

    /// The text of a span; empty where the span does not fit this file.
    pub fn slice(&self, span: Span) -> &str {
        self.text.get(span.range()).unwrap_or("")
    }

    /// Zero-based number of the line that holds a byte offset.
    pub fn line_index(&self, offset: u32) -> usize {
        self.line_starts.partition_point(|start| *start <= offset).saturating_sub(1)
    }

    /// Line and column in characters, both from 1.
    pub fn position(&self, offset: u32) -> Position {
        let line = self.line_index(offset);
        let start = self.line_starts.get(line).copied().unwrap_or(0);
        let before = self.text.get(start as usize..offset.min(self.text.len() as u32) as usize).unwrap_or("");
        Position { line: line as u32 + 1, column: before.chars().count() as u32 + 1 }
    }

    /// Line from 1 and column in UTF-16 code units from 1, as editors and SARIF count.
    pub fn position_utf16(&self, offset: u32) -> Position {
        let line = self.line_index(offset);
        let start = self.line_starts.get(line).copied().unwrap_or(0);
        let before = self.text.get(start as usize..offset.min(self.text.len() as u32) as usize).unwrap_or("");
        Position { line: line as u32 + 1, column: before.encode_utf16().count() as u32 + 1 }
    }

    /// The text of a line (zero-based) without its line end.
    pub fn line(&self, index: usize) -> &str {
        let Some(start) = self.line_starts.get(index) else { return "" };
        let end = self.line_starts.get(index + 1).map_or(self.text.len(), |next| *next as usize);
        self.text.get(*start as usize..end).unwrap_or("").trim_end_matches(['\n', '\r'])
    }

    /// Byte offset at which a line (zero-based) starts; the end of the text where there is no such line.
    pub fn line_start(&self, index: usize) -> u32 {
        self.line_starts.get(index).copied().unwrap_or(self.text.len() as u32)
    }

    pub fn line_count(&self) -> usize {
        self.line_starts.len()
    }
}

/// What became of a file that a journey names (`mjml file "mail/welcome.mjml"`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asset {
    Read(FileId),
    /// With the names of what lies in its folder.
    Missing {
        beside: Vec<String>,
    },
    /// A link that leads out of the project.
    Outside,
    /// A folder, a pipe, a device.
    NotAFile,
    TooLarge {
        bytes: u64,
        max: u64,
    },
    /// The first byte, from 1, that belongs to no character.
    NotText {
        byte: usize,
    },
}

/// The name of a file inside the project, as it is kept; `None` for a path that leads out of it.
pub fn asset_name(path: &str) -> Option<String> {
    let is_absolute = path.starts_with('/') || path.contains(['\\', ':', '\0']);
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
    (!is_absolute && !parts.is_empty() && !parts.contains(&"..")).then(|| parts.join("/"))
}

/// All files of one project, in the order of their names.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    files: Vec<SourceFile>,
    /// Files that journeys name, by [`asset_name`].
    assets: BTreeMap<String, Asset>,
    /// Put before the names where they are shown: the way from here to the project.
    shown_under: String,
}

impl Sources {
    pub fn add(&mut self, file: SourceFile) -> FileId {
        self.files.push(file);
        FileId(self.files.len() as u32 - 1)
    }

    /// Puts another text into the place of a file, as an edit does that is not on the disk yet. Nothing where there is no such file.
    pub fn replace(&mut self, id: FileId, file: SourceFile) {
        if let Some(slot) = self.files.get_mut(id.0 as usize) {
            *slot = file;
        }
    }

    /// Notes what became of a file that a journey names.
    pub fn add_asset(&mut self, name: String, asset: Asset) {
        self.assets.insert(name, asset);
    }

    /// A file that a journey names, by [`asset_name`].
    pub fn asset(&self, name: &str) -> Option<&Asset> {
        self.assets.get(name)
    }

    /// A single file, as tests and the editor have it.
    pub fn of(name: &str, text: &str) -> (Sources, FileId) {
        let mut sources = Sources::default();
        let id = sources.add(SourceFile::new(name, text));
        (sources, id)
    }

    pub fn get(&self, id: FileId) -> Option<&SourceFile> {
        self.files.get(id.0 as usize)
    }

    /// Lets names be shown with the way to the project before them, so that an editor or a terminal can open them.
    /// `prefix` ends in `/` or is empty.
    pub fn show_under(&mut self, prefix: impl Into<String>) {
        self.shown_under = prefix.into();
    }

    /// The name of a file as it is shown to people.
    pub fn shown_name(&self, id: FileId) -> String {
        self.get(id).map_or_else(|| "unknown file".to_owned(), |file| format!("{}{}", self.shown_under, file.name))
    }

    pub fn text(&self, place: Place) -> &str {
        self.get(place.file).map_or("", |file| file.slice(place.span))
    }

    pub fn iter(&self) -> impl Iterator<Item = (FileId, &SourceFile)> {
        self.files.iter().enumerate().map(|(at, file)| (FileId(at as u32), file))
    }

    pub fn len(&self) -> usize {
        self.files.len()
    }

    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// `file:line:column`, for one-line messages.
    pub fn locate(&self, place: Place) -> String {
        match self.get(place.file) {
            Some(file) => {
                let at = file.position(place.span.start);
                format!("{}:{}:{}", self.shown_name(place.file), at.line, at.column)
            }
            None => "unknown place".to_owned(),
        }
    }
}
