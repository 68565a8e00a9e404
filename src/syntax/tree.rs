//! The lossless tree: an arena of nodes in the order of the text.
//!
//! **Invariant:** a node's descendants follow it directly and end at its `end`; a node's span is the hull of its tokens; tokens (nodes
//! without children) never overlap, and between them stand blanks and line ends only. What is missing is an empty token.

use crate::source::{FileId, Place, Span};

include!(concat!(env!("OUT_DIR"), "/kinds.rs"));

/// A node by its position in the arena.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub u32);

/// One node: its kind, the text that it covers, and where its descendants end in the arena.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Node {
    pub kind: Kind,
    pub span: Span,
    /// Position behind the last descendant.
    pub end: u32,
}

/// A file as a tree. Plain data: it can be kept, sent and shared.
#[derive(Debug, Clone)]
pub struct SyntaxTree {
    pub file: FileId,
    pub(super) nodes: Vec<Node>,
    /// The file was not parsed because it breaks a limit; its tree is one piece of junk.
    pub(super) beyond: Option<Limit>,
}

/// A limit that keeps a file from being parsed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// More than [`super::FILE_BYTES_MAX`] bytes.
    Size,
    /// Brackets and blocks deeper than [`super::NESTING_MAX`]; the place of the bracket that goes too far.
    Nesting(Span),
}

impl SyntaxTree {
    pub const ROOT: NodeId = NodeId(0);

    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.0 as usize]
    }

    pub fn kind(&self, id: NodeId) -> Kind {
        self.node(id).kind
    }

    pub fn span(&self, id: NodeId) -> Span {
        self.node(id).span
    }

    pub fn place(&self, id: NodeId) -> Place {
        self.node(id).span.at(self.file)
    }

    /// Without children: a token.
    pub fn is_token(&self, id: NodeId) -> bool {
        self.node(id).end == id.0 + 1
    }

    /// The direct children, in the order of the text.
    pub fn children(&self, id: NodeId) -> Children<'_> {
        Children { tree: self, next: id.0 + 1, end: self.node(id).end }
    }

    /// The first direct child of a kind.
    pub fn child(&self, id: NodeId, kind: Kind) -> Option<NodeId> {
        self.children(id).find(|child| self.kind(*child) == kind)
    }

    /// All nodes, in the order of the text, parents first.
    pub fn ids(&self) -> impl Iterator<Item = NodeId> + use<> {
        (0..self.nodes.len() as u32).map(NodeId)
    }

    /// All tokens, in the order of the text.
    pub fn tokens(&self) -> impl Iterator<Item = NodeId> {
        self.ids().filter(|id| self.is_token(*id))
    }

    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// The text of a node.
    pub fn text<'t>(&self, id: NodeId, text: &'t str) -> &'t str {
        text.get(self.span(id).range()).unwrap_or("")
    }
}

/// See [`SyntaxTree::children`].
#[derive(Debug, Clone)]
pub struct Children<'t> {
    tree: &'t SyntaxTree,
    next: u32,
    end: u32,
}

impl Iterator for Children<'_> {
    type Item = NodeId;

    fn next(&mut self) -> Option<NodeId> {
        if self.next >= self.end {
            return None;
        }
        let id = NodeId(self.next);
        self.next = self.tree.nodes[self.next as usize].end;
        Some(id)
    }
}
