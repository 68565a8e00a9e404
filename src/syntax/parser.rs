//! From text to tree, by the grammar in `grammar/journey.pest`. The only file that names pest.
//!
//! In: a text. Out: a [`SyntaxTree`]. **Invariant:** never fails: what breaks a limit becomes a tree of one junk token.

use super::braces;
use super::tree::{Kind, Limit, Node, SyntaxTree};
use super::{FILE_BYTES_MAX, NESTING_MAX};
use crate::source::{FileId, Span};
use pest::{Parser, Token};

include!(concat!(env!("OUT_DIR"), "/pest_parser.rs"));

/// Nodes inside each other: what [`NESTING_MAX`] brackets can need, and a little. Words nest too: `first of first of …`.
const DEPTH_MAX: usize = NESTING_MAX * 6;
/// Operators, signs and properties in one test: more than anybody reads.
const OPERATORS_MAX: u32 = 256;

/// The tree of a file's text. Never fails.
pub fn parse(file: FileId, text: &str) -> SyntaxTree {
    if text.len() > FILE_BYTES_MAX {
        return unparsed(file, text, Limit::Size);
    }
    let limits = match braces::too_deep(text, NESTING_MAX) {
        Some(place) => Err(place),
        None => tree(file, text, DEPTH_MAX, OPERATORS_MAX),
    };
    limits.unwrap_or_else(|place| unparsed(file, text, Limit::Nesting(place)))
}

/// The same without looking at the limits first; for tests of how time grows with nesting.
pub(crate) fn parse_unlimited(file: FileId, text: &str) -> SyntaxTree {
    tree(file, text, usize::MAX, u32::MAX).unwrap_or_else(|place| unparsed(file, text, Limit::Nesting(place)))
}

/// A node that is not finished: its place in the arena and how many children it has so far.
struct Unfinished {
    id: u32,
    children: u32,
}

/// The tree, or where it goes too deep.
fn tree(file: FileId, text: &str, depth_max: usize, operators_max: u32) -> Result<SyntaxTree, Span> {
    // The grammar takes every text: only the guard of the native stack can stop it.
    let pairs = JourneyParser::parse(Rule::file, text).map_err(|_| Span::new(0, 0))?;
    let mut nodes: Vec<Node> = Vec::with_capacity(text.len() / 4 + 8);
    let mut open: Vec<Unfinished> = Vec::with_capacity(DEPTH_MAX);
    // End of the last token that is not empty, so that a node ends with its last token and not with the blanks behind it.
    let mut text_end = 0;
    for token in pairs.tokens() {
        match token {
            Token::Start { rule: Rule::EOI, .. } | Token::End { rule: Rule::EOI, .. } => {}
            Token::Start { rule, pos } => {
                let start = pos.pos() as u32;
                if let Some(parent) = open.last_mut() {
                    parent.children += 1;
                    let flat = matches!(nodes[parent.id as usize].kind, Kind::Test | Kind::AggOperand | Kind::Path);
                    if flat && parent.children > operators_max || open.len() > depth_max {
                        return Err(Span::new(start, start));
                    }
                }
                open.push(Unfinished { id: nodes.len() as u32, children: 0 });
                nodes.push(Node { kind: kind_of(rule), span: Span::new(start, start), end: 0 });
            }
            Token::End { pos, .. } => {
                if let Some(Unfinished { id, .. }) = open.pop() {
                    finish(&mut nodes, id, pos.pos() as u32, &mut text_end);
                }
            }
        }
    }
    if let Some(root) = nodes.first_mut() {
        root.span = Span::new(0, text.len() as u32);
    }
    Ok(SyntaxTree { file, nodes, beyond: None })
}

/// Sets the end of a node, and its span: that of a token is as read, that of a node the hull of its tokens.
fn finish(nodes: &mut [Node], id: u32, pos: u32, text_end: &mut u32) {
    let end = nodes.len() as u32;
    let first_child = nodes.get(id as usize + 1).map(|child| child.span.start);
    let node = &mut nodes[id as usize];
    node.end = end;
    match first_child {
        None => {
            node.span.end = pos;
            if pos > node.span.start {
                *text_end = pos;
            }
        }
        // A rule that begins with a line break begins, for people, with its first token.
        Some(first) => node.span = Span::new(first, (*text_end).max(first)),
    }
}

/// A tree of one junk token.
fn unparsed(file: FileId, text: &str, limit: Limit) -> SyntaxTree {
    let span = Span::new(0, u32::try_from(text.len()).unwrap_or(u32::MAX));
    let nodes = vec![Node { kind: Kind::File, span, end: 2 }, Node { kind: Kind::Junk, span, end: 2 }];
    SyntaxTree { file, nodes, beyond: Some(limit) }
}
