//! What the last simulation of a project leaves for an editor: how many customers each segment held at its end.
//!
//! In: a report. Out: a small file in the project's own cache, and what it says when it is read again. **Invariant:** versioned; a file that
//! cannot be read says nothing. Knows no disk.

use super::report::Report;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Where it lies in a project. The folder hides itself from git.
pub const FOLDER: &str = ".onward";
pub const FILE: &str = "segments.json";

/// Raised when a field changes its meaning or goes.
const VERSION: u32 = 1;

/// Largest file that is read, bytes.
pub const BYTES_MAX: u64 = 1 << 20;

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sizes {
    version: u32,
    /// The end of the simulated time, local; empty where nothing was simulated.
    pub until: String,
    pub segments: BTreeMap<String, u64>,
}

impl Sizes {
    pub fn of(report: &Report) -> Sizes {
        let until = report.period.as_ref().map(|period| period.to.clone()).unwrap_or_default();
        let segments = report.segments.iter().map(|segment| (segment.name.clone(), segment.size)).collect();
        Sizes { version: VERSION, until, segments }
    }

    /// As the file holds it.
    pub fn to_text(&self) -> String {
        serde_json::to_string_pretty(self).unwrap_or_default() + "\n"
    }

    /// What a file says; `None` for one of another version, or none at all.
    pub fn read(text: &str) -> Option<Sizes> {
        serde_json::from_str::<Sizes>(text).ok().filter(|sizes| sizes.version == VERSION)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_and_nothing_else() {
        let sizes = Sizes { version: VERSION, until: "2026-03-01 00:00".into(), segments: [("กลุ่ม".to_owned(), 7)].into() };
        assert_eq!(Sizes::read(&sizes.to_text()), Some(sizes.clone()));
        let later = Sizes { version: VERSION + 1, ..sizes };
        assert_eq!(Sizes::read(&later.to_text()), None);
        assert_eq!(Sizes::read("{"), None);
    }
}
