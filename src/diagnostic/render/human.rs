//! Findings for people: the line itself, the place marked, why, and what to do next.
//!
//! Drawn by miette, with three things of our own: its header counts bytes, so it is given characters (Thai is three bytes a letter);
//! lines are never wrapped, for a wrapped code line misleads and the wrapper knows no Thai words; and labels are moved onto real
//! characters, for a mark behind the last line end is not drawn at all.

use super::{Style, clamp, seat, summary};
use crate::diagnostic::{Diagnostic, Severity};
use crate::locale::Locale;
#[cfg(feature = "cli")]
use crate::locale::wrap;
use crate::source::{FileId, SourceFile, Sources};
use miette::{GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteError, MietteSpanContents, SourceCode, SourceSpan, SpanContents};
use std::fmt::{Display, Write as _};

/// Most findings that are shown in full; the rest is counted.
pub const SHOWN_MAX: usize = 20;

pub(super) fn render(found: &[Diagnostic], sources: &Sources, style: Style) -> String {
    let theme = if style.color { GraphicalTheme::unicode() } else { GraphicalTheme::unicode_nocolor() };
    let handler = GraphicalReportHandler::new_themed(theme).with_links(false).with_wrap_lines(false).with_context_lines(1);
    let mut out = String::new();
    for one in found.iter().take(SHOWN_MAX) {
        let shown = Shown::of(one, sources, style);
        if handler.render_report(&mut out, &shown).is_err() {
            let _ = writeln!(out, "{}: {}", one.code, one.message());
        }
        if let Some(help) = shown.help.as_ref().filter(|_| style.locale != Locale::English) {
            out.push_str(&help_line(help, style));
        }
        for note in &shown.notes {
            let _ = writeln!(out, "{note}");
        }
        out.push('\n');
    }
    if found.len() > SHOWN_MAX {
        let more = format!("… and {} more; `--format short` lists them all", found.len() - SHOWN_MAX);
        let _ = writeln!(out, "{}", style.locale.text(&more));
    }
    if let Some(summary) = summary(found) {
        let _ = writeln!(out, "{}", style.locale.text(&summary));
    }
    out
}

/// What stands before a message, and before a help, in cells.
const MESSAGE_INDENT: usize = 4;
const HELP_INDENT: usize = 8;

/// The text in lines that fit the terminal, where its language has no blanks that a terminal could break it at.
#[cfg(feature = "cli")]
fn broken(text: &str, indent: usize, style: Style) -> String {
    match style.width {
        Some(width) if style.locale != Locale::English => wrap::lines(text, width.saturating_sub(indent)).join("\n"),
        _ => text.to_owned(),
    }
}

#[cfg(not(feature = "cli"))]
fn broken(text: &str, _: usize, _: Style) -> String {
    text.to_owned()
}

/// A help as miette writes it, behind another word than `help`.
fn help_line(help: &str, style: Style) -> String {
    let word = style.locale.text("help");
    let word = if style.color { format!("\u{1b}[36m{word}: \u{1b}[0m") } else { format!("{word}: ") };
    let indent = format!("\n{}", " ".repeat(HELP_INDENT));
    format!("  {word}{}\n", help.replace('\n', &indent))
}

/// A finding as miette is to see it.
struct Shown<'a> {
    of: &'a Diagnostic,
    code: String,
    message: String,
    help: Option<String>,
    /// miette writes the word `help` itself.
    english: bool,
    source: Option<FileView<'a>>,
    labels: Vec<LabeledSpan>,
    /// Places in other files.
    notes: Vec<String>,
}

impl<'a> Shown<'a> {
    fn of(one: &'a Diagnostic, sources: &'a Sources, style: Style) -> Shown<'a> {
        let home = one.place.file;
        let source = sources.get(home).map(|file| FileView { file, name: sources.shown_name(home) });
        let mut labels = Vec::new();
        let mut notes = Vec::new();
        if let Some(view) = &source {
            labels.extend(one.report.labels().into_iter().flatten().map(|label| view.seat(&label)));
        }
        for (place, text) in &one.elsewhere {
            match seat(sources, *place) {
                Some((_, span)) if place.file == home => {
                    labels.push(LabeledSpan::new_with_span(Some(text.clone()), (span.start as usize, span.range().len())));
                }
                Some((file, span)) => notes.push(note(sources, style, (place.file, file), span.start, text)),
                None => notes.push(format!("  {}: {text}", style.locale.text("note"))),
            }
        }
        let message = broken(&one.message(), MESSAGE_INDENT, style);
        let help = one.help().map(|help| broken(&help, HELP_INDENT, style));
        Shown { of: one, code: one.code.to_string(), message, help, english: style.locale == Locale::English, source, labels, notes }
    }
}

/// `  note: also declared here: shop.journey:3:7`, and that line.
fn note(sources: &Sources, style: Style, (id, file): (FileId, &SourceFile), at: u32, text: &str) -> String {
    let position = file.position(at);
    let line = file.line(file.line_index(at)).trim();
    let word = style.locale.text("note");
    format!("  {word}: {text}: {}:{}:{}\n        {line}", sources.shown_name(id), position.line, position.column)
}

impl std::fmt::Debug for Shown<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Debug::fmt(self.of, f)
    }
}

impl Display for Shown<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Shown<'_> {}

impl miette::Diagnostic for Shown<'_> {
    fn code<'a>(&'a self) -> Option<Box<dyn Display + 'a>> {
        Some(Box::new(&self.code))
    }

    fn severity(&self) -> Option<miette::Severity> {
        Some(match self.of.severity() {
            Severity::Error => miette::Severity::Error,
            Severity::Warning => miette::Severity::Warning,
        })
    }

    fn help<'a>(&'a self) -> Option<Box<dyn Display + 'a>> {
        self.help.as_ref().filter(|_| self.english).map(|help| Box::new(help) as Box<dyn Display + 'a>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.source.as_ref().map(|view| view as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(self.labels.iter().cloned()))
    }
}

/// One of our files in miette's eyes: columns in characters, lines by the file's own index.
struct FileView<'a> {
    file: &'a SourceFile,
    name: String,
}

impl FileView<'_> {
    fn seat(&self, label: &LabeledSpan) -> LabeledSpan {
        let start = label.offset() as u32;
        let span = clamp(self.file, crate::source::Span::new(start, start + label.len() as u32));
        let text = label.label().map(str::to_owned);
        let range = (span.start as usize, span.range().len());
        if label.primary() { LabeledSpan::new_primary_with_span(text, range) } else { LabeledSpan::new_with_span(text, range) }
    }
}

impl SourceCode for FileView<'_> {
    fn read_span<'a>(&'a self, span: &SourceSpan, before: usize, after: usize) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let text = self.file.text.as_bytes();
        if span.offset() + span.len() > text.len() {
            return Err(MietteError::OutOfBounds);
        }
        let start = span.offset() as u32;
        let last_byte = start + (span.len().saturating_sub(1)) as u32;
        let first_line = self.file.line_index(start).saturating_sub(before);
        let last_line = (self.file.line_index(last_byte) + after).min(self.file.line_count().saturating_sub(1));
        let from = self.file.line_start(first_line) as usize;
        let to = if last_line + 1 < self.file.line_count() { self.file.line_start(last_line + 1) as usize } else { text.len() };
        // miette asks without context for the header alone; there the column is that of the span.
        let column = if before == 0 { self.file.position(start).column as usize - 1 } else { 0 };
        let covered = (from, to - from).into();
        Ok(Box::new(MietteSpanContents::new_named(
            self.name.clone(),
            &text[from..to],
            covered,
            first_line,
            column,
            last_line - first_line + 1,
        )))
    }
}
