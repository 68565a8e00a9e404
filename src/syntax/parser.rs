//! From text to tree, by the grammar in `grammar/journey.pest`. The only file that names pest.
//!
//! In: a text. Out: a [`SyntaxTree`]. **Invariant:** never fails: what breaks a limit becomes a tree of one junk token.

use super::braces;
use super::tree::{Kind, Limit, Node, SyntaxTree};
use super::{FILE_BYTES_MAX, NESTING_MAX};
use crate::source::{FileId, Span};
use pest::{Parser, Token};

include!(concat!(env!("OUT_DIR"), "/pest_parser.rs"));

/// The tree of a file's text. Never fails.
pub fn parse(file: FileId, text: &str) -> SyntaxTree {
    if text.len() > FILE_BYTES_MAX {
        return unparsed(file, text, Limit::Size);
    }
    match braces::too_deep(text, NESTING_MAX) {
        Some(place) => unparsed(file, text, Limit::Nesting(place)),
        None => parse_unlimited(file, text),
    }
}

/// The same without looking at the limits first; for tests of how time grows with nesting.
pub(crate) fn parse_unlimited(file: FileId, text: &str) -> SyntaxTree {
    let Ok(pairs) = JourneyParser::parse(Rule::file, text) else {
        // The grammar takes every text: only the guard of the native stack can stop it.
        return unparsed(file, text, Limit::Nesting(Span::new(0, 0)));
    };
    let mut nodes: Vec<Node> = Vec::with_capacity(text.len() / 4 + 8);
    let mut open: Vec<u32> = Vec::with_capacity(NESTING_MAX * 4);
    // End of the last token that is not empty, so that a node ends with its last token and not with the blanks behind it.
    let mut text_end = 0;
    for token in pairs.tokens() {
        match token {
            Token::Start { rule, pos } => {
                if rule == Rule::EOI {
                    continue;
                }
                open.push(nodes.len() as u32);
                let start = pos.pos() as u32;
                nodes.push(Node { kind: kind_of(rule), span: Span::new(start, start), end: 0 });
            }
            Token::End { rule, pos } => {
                if rule == Rule::EOI {
                    continue;
                }
                let Some(id) = open.pop() else { continue };
                let end = nodes.len() as u32;
                let node = &mut nodes[id as usize];
                if end == id + 1 {
                    let pos = pos.pos() as u32;
                    node.span.end = pos;
                    if pos > node.span.start {
                        text_end = pos;
                    }
                } else {
                    node.span.end = text_end.max(node.span.start);
                }
                node.end = end;
                if end > id + 1 {
                    // A rule that begins with a line break begins, for people, with its first token.
                    let first = nodes[id as usize + 1].span.start;
                    let node = &mut nodes[id as usize];
                    node.span = Span::new(first, node.span.end.max(first));
                }
            }
        }
    }
    if let Some(root) = nodes.first_mut() {
        root.span = Span::new(0, text.len() as u32);
    }
    SyntaxTree { file, nodes, beyond: None }
}

/// A tree of one junk token.
fn unparsed(file: FileId, text: &str, limit: Limit) -> SyntaxTree {
    let span = Span::new(0, u32::try_from(text.len()).unwrap_or(u32::MAX));
    let nodes = vec![Node { kind: Kind::File, span, end: 2 }, Node { kind: Kind::Junk, span, end: 2 }];
    SyntaxTree { file, nodes, beyond: Some(limit) }
}
