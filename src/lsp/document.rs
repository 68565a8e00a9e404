//! A file that is open in the editor: its text as it is typed, and its trees.
//!
//! In: changes. Out: the text, and a tree for each of its pieces. **Invariant:** the text here wins over the disk; a piece that did not
//! change is not parsed again; whatever the editor sends, the text stays UTF-8 and the offsets valid.

use super::chunks;
use super::text::{Encoding, Lines};
use crate::ast;
use crate::source::{FileId, Span};
use crate::syntax::{self, NodeId, SyntaxTree};
use lsp_types::TextDocumentContentChangeEvent;
use std::collections::HashMap;
use std::sync::Arc;

/// Where a piece stands, and its tree, whose spans count from there.
#[derive(Debug, Clone)]
pub struct Piece {
    pub span: Span,
    pub tree: Arc<SyntaxTree>,
    /// Its shape; places count from the piece.
    pub shape: Arc<ast::File>,
}

impl Piece {
    /// A node's span in the file.
    pub fn span_of(&self, id: NodeId) -> Span {
        let span = self.tree.span(id);
        self.span_in(span)
    }

    /// A span of the piece in the file.
    pub fn span_in(&self, span: Span) -> Span {
        Span::new(span.start + self.span.start, span.end + self.span.start)
    }
}

#[derive(Debug)]
pub struct Document {
    pub version: i32,
    lines: Lines,
    /// By their text, of this version.
    trees: HashMap<Box<str>, (Arc<SyntaxTree>, Arc<ast::File>)>,
    /// Of this version, once somebody asked.
    pieces: Option<Arc<[Piece]>>,
}

impl Document {
    pub fn new(text: &str, version: i32) -> Document {
        Document { version, lines: Lines::new(text), trees: HashMap::new(), pieces: None }
    }

    pub fn lines(&self) -> &Lines {
        &self.lines
    }

    pub fn text(&self) -> &str {
        self.lines.text()
    }

    /// Applies changes in their order.
    pub fn change(&mut self, changes: Vec<TextDocumentContentChangeEvent>, version: i32, encoding: Encoding) {
        for change in changes {
            self.lines = match change.range {
                None => Lines::new(change.text),
                Some(range) => {
                    let span = self.lines.span(range, encoding);
                    let mut text = String::with_capacity(self.text().len() + change.text.len());
                    text.push_str(&self.text()[..span.start as usize]);
                    text.push_str(&change.text);
                    text.push_str(&self.text()[span.end as usize..]);
                    Lines::new(text)
                }
            };
        }
        self.version = version;
        self.pieces = None;
    }

    /// The trees of this version.
    pub fn pieces(&mut self) -> Arc<[Piece]> {
        if let Some(pieces) = &self.pieces {
            return pieces.clone();
        }
        let text = self.lines.text().clone();
        let mut before = std::mem::take(&mut self.trees);
        let mut pieces = Vec::new();
        for span in chunks::split(&text) {
            let piece = &text[span.range()];
            let (key, tree) = match before.remove_entry(piece) {
                Some(known) => known,
                None => match self.trees.get(piece) {
                    Some(twin) => (piece.into(), twin.clone()),
                    None => {
                        let tree = syntax::parse(FileId(0), piece);
                        let shape = ast::lower(FileId(0), &tree, piece);
                        (piece.into(), (Arc::new(tree), Arc::new(shape)))
                    }
                },
            };
            pieces.push(Piece { span, tree: tree.0.clone(), shape: tree.1.clone() });
            self.trees.insert(key, tree);
        }
        let pieces: Arc<[Piece]> = pieces.into();
        self.pieces = Some(pieces.clone());
        pieces
    }
}
