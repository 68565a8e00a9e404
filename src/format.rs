//! The one layout of journey files: `onward fmt`, and formatting in an editor.
//!
//! In: the text of a file. Out: the same file laid out, and which declarations were left as they are because they are broken.
//! **Invariant:** only blanks and line ends change, never what stands between them; texts, comments and broken declarations are kept
//! byte for byte. Every changed text has been read again: it has the same tree, and formatting it changes nothing.
//! Sees syntax only: what names mean, whether a plan stays the same, and what lies on a disk is the command's to know.

pub mod difference;
mod layout;
mod pieces;
mod proof;
mod role;

pub use proof::Unproved;

use crate::source::{FileId, Span};
use crate::syntax::{self, SyntaxTree};
use std::ops::Range;

/// The widest line, in columns of a terminal: longer ones are broken where the grammar allows it.
pub const COLUMNS_MAX: usize = 120;

/// A text in the one layout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Formatted {
    pub text: String,
    /// What was left byte for byte because it is broken, in the order of the text; places in the text that was given.
    pub left: Vec<Span>,
}

/// Lays a file out, and proves that nothing else has changed.
///
/// # Errors
/// Where the proof fails, which is a mistake of ours: the text must then be left as it is.
pub fn format_text(text: &str) -> Result<Formatted, Unproved> {
    format_tree(&syntax::parse(FileId(0), text), text)
}

/// The same for a text that has been parsed.
///
/// # Errors
/// See [`format_text`].
pub fn format_tree(tree: &SyntaxTree, text: &str) -> Result<Formatted, Unproved> {
    let formatted = unproved(tree, text).0;
    if formatted.text != text {
        proof::prove(tree, text, &formatted.text)?;
    }
    Ok(formatted)
}

/// What to put in the place of some of the text so that the declarations which the lines touch are laid out. Nothing where they are.
///
/// # Errors
/// See [`format_text`].
pub fn format_range(text: &str, wanted: Range<usize>) -> Result<Option<(Range<usize>, String)>, Unproved> {
    let whole = format_text(text)?;
    Ok(difference::hunks(text, &whole.text)
        .into_iter()
        .filter(|hunk| hunk.before.start <= wanted.end && wanted.start <= hunk.before.end)
        .reduce(|first, last| difference::Hunk { before: first.before.start..last.before.end, after: first.after.start..last.after.end })
        .and_then(|hunk| Some((hunk.before, whole.text.get(hunk.after)?.to_owned()))))
}

/// The layout without its proof, and how many pieces of text were looked at.
fn unproved(tree: &SyntaxTree, text: &str) -> (Formatted, u64) {
    let pieces = pieces::pieces(tree, text);
    let left = pieces.left.clone();
    let (text, work) = layout::lay_out(pieces, text);
    (Formatted { text, left }, work)
}

/// How many pieces of text are looked at to lay a text out; for tests of how the work grows.
#[doc(hidden)]
pub fn work(tree: &SyntaxTree, text: &str) -> u64 {
    unproved(tree, text).1
}
