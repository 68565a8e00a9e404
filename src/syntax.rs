//! The exact text of a file as a tree, and what is wrong with its spelling.
//!
//! In: the text of a file. Out: a [`SyntaxTree`] that holds every byte of it, and [`errors`]. **Invariant:** parsing never fails and
//! never panics; concatenating the leaves of the tree and the blanks between them is the text; one mistake gives one error.
//! Knows nothing of what names mean.

mod braces;
mod errors;
pub mod findings;
pub mod literal;
mod parser;
pub mod tree;

pub use errors::errors;
pub use parser::parse;
pub use tree::{Kind, Node, NodeId, SyntaxTree};

/// The largest file, in bytes.
pub const FILE_BYTES_MAX: usize = 1 << 20;
/// How deep brackets and blocks may stand in each other.
pub const NESTING_MAX: usize = 64;

/// Parses without looking at the limit of nesting, so that a test can see how time grows with it. The depth of what can be read is then
/// the native stack's.
#[doc(hidden)]
pub fn parse_whatever_its_nesting(text: &str) -> SyntaxTree {
    parser::parse_unlimited(crate::source::FileId(0), text)
}
