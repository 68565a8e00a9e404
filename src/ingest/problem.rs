//! What can be wrong with `onward.toml` and with a log as a whole. (What is wrong with single rows is a [`super::refusal::Reason`].)

use crate::diagnostic::{Code, Fix, Problem};
use crate::source::Place;

/// The file is not TOML.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("`onward.toml` cannot be read here: {what}")]
pub struct BrokenToml {
    pub what: String,
    #[label(primary, "from here on it is unclear")]
    pub place: Place,
    #[help]
    pub help: String,
}

impl Problem for BrokenToml {
    const CODE: Code = Code::new("E0601", "broken-toml");

    fn place(&self) -> Place {
        self.place
    }
}

/// A setting that does not exist.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("there is no setting `{written}` {whereabouts}")]
pub struct UnknownSetting {
    pub written: String,
    /// `in [project]`, `at the top`
    pub whereabouts: String,
    #[label(primary, "not a setting")]
    pub place: Place,
    #[help]
    pub help: String,
    pub nearest: Option<String>,
}

impl Problem for UnknownSetting {
    const CODE: Code = Code::new("E0602", "unknown-setting");

    fn place(&self) -> Place {
        self.place
    }

    fn fixes(&self) -> Vec<Fix> {
        self.nearest.iter().map(|name| Fix::replace(format!("change to `{name}`"), self.place, name.clone())).collect()
    }
}

/// A setting with a value that it cannot have.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("`{setting}` must be {expected}, not {found}")]
pub struct BadSetting {
    pub setting: String,
    pub expected: String,
    pub found: String,
    #[label(primary, "this value")]
    pub place: Place,
    #[help]
    pub help: String,
}

impl Problem for BadSetting {
    const CODE: Code = Code::new("E0603", "bad-setting");

    fn place(&self) -> Place {
        self.place
    }
}

/// A setting that must be there.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("{block} does not say {what}")]
pub struct MissingSetting {
    /// `this [[log]]`
    pub block: String,
    pub what: String,
    #[label(primary, "here it is missing")]
    pub place: Place,
    #[help]
    pub help: String,
}

impl Problem for MissingSetting {
    const CODE: Code = Code::new("E0604", "missing-setting");

    fn place(&self) -> Place {
        self.place
    }
}

/// The mapping names something that no journey file declares.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("no journey file declares the {kind} `{written}`")]
pub struct UnknownInLog {
    /// `event`, `property of purchase`, `customer field`, `topic`
    pub kind: String,
    pub written: String,
    #[label(primary, "not declared")]
    pub place: Place,
    #[help]
    pub help: String,
    pub nearest: Option<String>,
}

impl Problem for UnknownInLog {
    const CODE: Code = Code::new("E0605", "unknown-in-log");

    fn place(&self) -> Place {
        self.place
    }

    fn fixes(&self) -> Vec<Fix> {
        self.nearest.iter().map(|name| Fix::replace(format!("change to `{name}`"), self.place, name.clone())).collect()
    }
}

/// A column that is needed is not in the file.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("`{file}` has no column `{column}`{purpose}")]
pub struct MissingColumn {
    pub file: String,
    pub column: String,
    /// ` for the property \`total\` of \`purchase\``, or nothing
    pub purpose: String,
    #[label(primary, "this column is not there")]
    pub place: Place,
    #[help]
    pub help: String,
}

impl Problem for MissingColumn {
    const CODE: Code = Code::new("E0606", "missing-column");

    fn place(&self) -> Place {
        self.place
    }
}

/// A file that cannot be opened or is nothing that can be read.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("`{file}` cannot be read: {what}")]
pub struct UnreadableFile {
    pub file: String,
    pub what: String,
    #[label(primary, "this file")]
    pub place: Place,
    #[help]
    pub help: String,
}

impl Problem for UnreadableFile {
    const CODE: Code = Code::new("E0607", "unreadable-file");

    fn place(&self) -> Place {
        self.place
    }
}

/// A file whose rows could be read in more than one way, or in none.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("`{file}` is not clear: {what}")]
pub struct UnclearFile {
    pub file: String,
    pub what: String,
    #[label(primary, "this file")]
    pub place: Place,
    #[help]
    pub help: String,
}

impl Problem for UnclearFile {
    const CODE: Code = Code::new("E0608", "unclear-file");

    fn place(&self) -> Place {
        self.place
    }
}

/// Not a single row of a log could be used.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("no row of `{file}` can be used: {rows} read, {rows} refused")]
pub struct NothingUsable {
    pub file: String,
    pub rows: u64,
    #[label(primary, "this log")]
    pub place: Place,
    /// The most frequent reason with its first example.
    #[help]
    pub help: String,
}

impl Problem for NothingUsable {
    const CODE: Code = Code::new("E0609", "nothing-usable");

    fn place(&self) -> Place {
        self.place
    }
}
