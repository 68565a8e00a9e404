//! What can be wrong with a file before anybody reads what it says.

use crate::diagnostic::{Code, Problem};
use crate::source::Place;

macro_rules! at_place {
    ($problem:ty, $number:literal, $slug:literal) => {
        impl Problem for $problem {
            const CODE: Code = Code::new($number, $slug);

            fn place(&self) -> Place {
                self.place
            }
        }
    };
}

#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("the file is not UTF-8 text: byte {byte} belongs to no character")]
#[diagnostic(help("save the file as UTF-8; in most editors that is a choice beside `Save as`"))]
pub(super) struct NotText {
    /// From 1, as the message says it.
    pub byte: usize,
    #[label(primary, "after this the text cannot be read")]
    pub place: Place,
}
at_place!(NotText, "E0651", "not-text");

#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("the file is too large: {bytes} bytes, and {max} are allowed")]
#[diagnostic(help("split it into several `.journey` files; the order of declarations never matters"))]
pub(super) struct FileTooLarge {
    pub bytes: u64,
    pub max: u64,
    #[label(primary)]
    pub place: Place,
}
at_place!(FileTooLarge, "E0652", "oversized-file");

#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("the project is too large: with this file it has more than {max} bytes")]
#[diagnostic(help("split it into several projects, each a folder with its own `onward.toml`"))]
pub(super) struct ProjectTooLarge {
    pub max: u64,
    #[label(primary)]
    pub place: Place,
}
at_place!(ProjectTooLarge, "E0653", "project-too-large");

#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("the file is not read: {reason}")]
#[diagnostic(help("put an ordinary file inside the project's folder in its place"))]
pub(super) struct RefusedFile {
    pub reason: &'static str,
    #[label(primary)]
    pub place: Place,
}
at_place!(RefusedFile, "E0654", "refused-file");
