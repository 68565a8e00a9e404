//! The proof that formatting has changed the layout and nothing else.
//!
//! In: the text before, its tree, the text after. Out: nothing, or where they differ. **Invariant:** what passes has the same nodes and
//! the same tokens but for blanks, and is laid out already. Trusts the parser, and nothing of the layout.

use crate::source::FileId;
use crate::syntax::{self, NodeId, SyntaxTree};

/// The proof has failed: a mistake of ours. The text is left as it was.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("formatting would have changed more than the layout, at byte {at}: {what}")]
pub struct Unproved {
    /// Byte of the text that was given.
    pub at: u32,
    pub what: &'static str,
}

/// Proves that `after` is `before` in the one layout.
pub(super) fn prove(tree: &SyntaxTree, before: &str, after: &str) -> Result<(), Unproved> {
    let again = syntax::parse(FileId(0), after);
    for (a, b) in tree.ids().zip(again.ids()) {
        let (a, b) = ((tree, before, a), (&again, after, b));
        if shape(a) != shape(b) {
            return Err(Unproved { at: tree.span(a.2).start, what: "what is written there would be read in another way" });
        }
        // A file with nothing in it is a node without children, and its blanks are nobody's.
        if tree.is_token(a.2) && a.2 != SyntaxTree::ROOT && !is_same(a.0.text(a.2, a.1), b.0.text(b.2, b.1)) {
            return Err(Unproved { at: tree.span(a.2).start, what: "a word or a text would have changed" });
        }
    }
    if tree.len() != again.len() {
        return Err(Unproved { at: before.len() as u32, what: "something would have been lost or added" });
    }
    let twice = super::unproved(&again, after).0.text;
    if twice != after {
        let at = super::difference::first(after, &twice).unwrap_or(0);
        return Err(Unproved { at: at as u32, what: "formatting it again would change it again" });
    }
    Ok(())
}

/// What a node is and how much it holds.
fn shape((tree, _, id): (&SyntaxTree, &str, NodeId)) -> (syntax::Kind, u32) {
    (tree.kind(id), tree.node(id).end)
}

/// The same text but for blanks: those of a text in quotes count, and tokens with line ends are kept whole.
fn is_same(a: &str, b: &str) -> bool {
    if a == b {
        return true;
    }
    let is_text = a.starts_with('"');
    let words = |text: &str| text.bytes().filter(|byte| !matches!(byte, b' ' | b'\t' | b'\r')).collect::<Vec<_>>();
    !is_text && if a.starts_with('#') { a.trim_end() == b.trim_end() } else { words(a) == words(b) }
}
