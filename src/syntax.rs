//! The exact text of a file as a tree, and what is wrong with its spelling.
//!
//! In: the text of a file. Out: a [`SyntaxTree`] that holds every byte of it, and [`errors`]. **Invariant:** parsing never fails and
//! never panics; concatenating the leaves of the tree and the blanks between them is the text; one mistake gives one error.
//! Knows nothing of what names mean.

mod braces;
pub mod literal;
mod parser;
pub mod tree;

use crate::diagnostic::Diagnostics;

pub use parser::parse;
pub use tree::{Kind, Node, NodeId, SyntaxTree};

/// The largest file, in bytes.
pub const FILE_BYTES_MAX: usize = 1 << 20;
/// How deep brackets and blocks may stand in each other.
pub const NESTING_MAX: usize = 64;

/// What is wrong with the spelling of a file: one finding for one mistake.
pub fn errors(_tree: &SyntaxTree, _text: &str) -> Diagnostics {
    Diagnostics::default()
}
