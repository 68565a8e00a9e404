//! From the lossless tree to the shape of a file.
//!
//! In: a [`SyntaxTree`] and its text. Out: an [`ast::File`](super::File). **Invariant:** total and silent: what is missing or broken has
//! been reported by the syntax, and is `None` or `Broken` here. Every place lies inside the file and ends behind its last letter.

mod brand;
mod conditions;
mod content;
mod declarations;
mod experiment;
mod header;
mod hook;
mod literals;
mod scenarios;
mod steps;

use super::{Allow, Docs, File, Name, PathRef};
use crate::source::{FileId, Place, Span};
use crate::syntax::{Kind as K, NodeId, SyntaxTree};
use crate::value::Text;
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

/// The shape of what was written.
pub fn lower(file: FileId, tree: &SyntaxTree, text: &str) -> File {
    let lowerer = Lowerer { file, tree, text };
    File { file, decls: lowerer.declarations(SyntaxTree::ROOT) }
}

struct Lowerer<'a> {
    file: FileId,
    tree: &'a SyntaxTree,
    text: &'a str,
}

/// The pieces of a node, read once from left to right.
struct Parts<'a> {
    lowerer: &'a Lowerer<'a>,
    nodes: Vec<NodeId>,
    at: usize,
}

impl<'a> Parts<'a> {
    fn peek(&self) -> Option<NodeId> {
        self.nodes.get(self.at).copied()
    }

    fn kind(&self) -> Option<K> {
        self.peek().map(|node| self.lowerer.kind(node))
    }

    fn next(&mut self) -> Option<NodeId> {
        let node = self.peek();
        self.at += 1;
        node
    }

    /// The next piece, if it is of this kind.
    fn take(&mut self, kind: K) -> Option<NodeId> {
        (self.kind() == Some(kind)).then(|| self.next()).flatten()
    }

    fn skip(&mut self, kind: K) -> bool {
        self.take(kind).is_some()
    }
}

impl<'a> Lowerer<'a> {
    fn kind(&self, node: NodeId) -> K {
        self.tree.kind(node)
    }

    /// The pieces of a node, without comments.
    fn children(&self, node: NodeId) -> Vec<NodeId> {
        self.tree.children(node).filter(|child| !matches!(self.kind(*child), K::Comment | K::Doc)).collect()
    }

    fn parts(&'a self, node: NodeId) -> Parts<'a> {
        Parts { lowerer: self, nodes: self.children(node), at: 0 }
    }

    fn child(&self, node: NodeId, kind: K) -> Option<NodeId> {
        self.tree.children(node).find(|child| self.kind(*child) == kind)
    }

    fn has(&self, node: NodeId, kind: K) -> bool {
        self.child(node, kind).is_some()
    }

    fn text(&self, node: NodeId) -> &'a str {
        self.text.get(self.tree.span(node).range()).unwrap_or("")
    }

    /// Where a node stands, without the blanks behind it.
    fn place(&self, node: NodeId) -> Place {
        let span = self.tree.span(node);
        let length = self.text(node).trim_end().len() as u32;
        Span::new(span.start, span.start + length).at(self.file)
    }

    /// A statement's first line without its block: what a message should underline, and what people call it.
    fn head(&self, node: NodeId) -> Place {
        let whole = self.place(node).span;
        let first_block = self
            .tree
            .children(node)
            .filter(|child| {
                matches!(self.kind(*child), K::Block | K::BranchBlock | K::SplitBlock | K::ArmBlock | K::JourneyBlock | K::SceneBlock)
            })
            .map(|child| self.tree.span(child).start)
            .min()
            .unwrap_or(whole.end);
        let text = self.text.get(whole.start as usize..first_block.min(whole.end) as usize).unwrap_or("");
        let line = text.lines().next().unwrap_or("").trim_end();
        Span::new(whole.start, whole.start + line.len() as u32).at(self.file)
    }

    fn name_of(&self, node: NodeId) -> Name {
        let written = self.text(node);
        let quoted = written.starts_with('`');
        let bare = written.trim_matches('`');
        let text = if matches!(is_nfc_quick(bare.chars()), IsNormalized::Yes) { Text::from(bare) } else { bare.nfc().collect() };
        Name { text, place: self.place(node), quoted }
    }

    /// The first name among the pieces of a node.
    fn name_in(&self, node: NodeId) -> Option<Name> {
        self.child(node, K::Name).map(|name| self.name_of(name))
    }

    fn path_of(&self, node: NodeId) -> PathRef {
        let parts = self.children(node).into_iter().filter(|part| self.kind(*part) == K::Name).map(|part| self.name_of(part)).collect();
        PathRef { parts, place: self.place(node) }
    }

    fn path_in(&self, node: NodeId) -> Option<PathRef> {
        self.child(node, K::Path).map(|path| self.path_of(path))
    }

    /// Walks a block: calls `each` for every node in it that is not a comment, with the `##` lines right above it.
    fn with_docs(&self, block: NodeId, mut each: impl FnMut(NodeId, Docs)) {
        let mut waiting: Vec<NodeId> = Vec::new();
        for node in self.tree.children(block) {
            match self.kind(node) {
                K::Doc => {
                    if waiting.last().is_some_and(|last| self.is_apart(*last, node)) {
                        waiting.clear();
                    }
                    waiting.push(node);
                }
                K::Comment => {}
                _ => {
                    if waiting.last().is_some_and(|last| self.is_apart(*last, node)) {
                        waiting.clear();
                    }
                    let docs = self.docs(&waiting);
                    waiting.clear();
                    each(node, docs);
                }
            }
        }
    }

    /// A blank line stands between two nodes.
    fn is_apart(&self, first: NodeId, second: NodeId) -> bool {
        let between = self.text.get(self.tree.span(first).end as usize..self.tree.span(second).start as usize).unwrap_or("");
        between.bytes().filter(|byte| *byte == b'\n').count() > 1 && between.trim().is_empty()
    }

    fn docs(&self, lines: &[NodeId]) -> Docs {
        let mut docs = Docs::default();
        let mut text: Vec<&str> = Vec::new();
        for node in lines {
            let line = self.text(*node).trim_start_matches('#').trim();
            match line.strip_prefix("allow ") {
                Some(rest) => {
                    let (code, why) = match rest.split_once(':') {
                        Some((code, why)) => (code.trim(), Some(why.trim().to_owned()).filter(|why| !why.is_empty())),
                        None => (rest.trim(), None),
                    };
                    docs.allow.push(Allow { code: code.into(), why, place: self.place(*node) });
                }
                None => text.push(line),
            }
        }
        if !text.is_empty() {
            docs.text = Some(text.join("\n"));
        }
        docs
    }
}
