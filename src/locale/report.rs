//! A report for people in their language.
//!
//! In: the report in English, in lines; some of them are rows of a table. Out: each line in the other language where the catalogue knows
//! it, else each cell of it. **Invariant:** what stands below each other still does, as far as the longer words leave room; figures,
//! names and places stay as they are. Not for formats that programs read.

use super::{Locale, catalog};
use unicode_width::UnicodeWidthStr;

/// The report in a language.
pub fn of(locale: Locale, english: &str) -> String {
    let catalog = match locale {
        Locale::English => return english.to_owned(),
        Locale::Thai => catalog::thai(),
    };
    english.split_inclusive('\n').map(|line| in_line(catalog, line)).collect()
}

fn in_line(catalog: &catalog::Catalog, line: &str) -> String {
    let text = line.trim();
    let at = line.len() - line.trim_start().len();
    let (before, behind) = (&line[..at], &line[(at + text.len()).max(at)..]);
    if text.is_empty() {
        return line.to_owned();
    }
    match catalog.known(text) {
        Some(other) => format!("{before}{other}{behind}"),
        None => format!("{before}{}{behind}", in_cells(catalog, text)),
    }
}

/// Two blanks or more part the cells of a row.
fn in_cells(catalog: &catalog::Catalog, row: &str) -> String {
    let mut out = String::new();
    let mut rest = row;
    while let Some(at) = rest.find("  ") {
        let cell = &rest[..at];
        let behind = rest[at..].trim_start_matches(' ');
        let room = cell.width() + (rest.len() - at - behind.len());
        let other = catalog.known(cell).unwrap_or_else(|| cell.to_owned());
        out.push_str(&other);
        out.push_str(&" ".repeat(room.saturating_sub(other.width()).max(2)));
        rest = behind;
    }
    out + &catalog.known(rest).unwrap_or_else(|| rest.to_owned())
}
