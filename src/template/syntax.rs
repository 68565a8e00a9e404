//! The syntax of templates: Liquid's core, by the grammar in `grammar/template.pest`.
//!
//! In: the text of a template. Out: a [`Tree`] and what is wrong. **Invariant:** linear and total: whatever is written gives a tree, with the
//! mistakes beside it; nesting is limited. Knows no names, no filters and no types. The only file that names pest.

pub mod block;
pub mod cut;
mod lax;
mod markup;

pub use block::parse;

use super::tree::At;
use pest::Parser;
use pest::iterators::Pair;

/// Tags inside each other.
pub const DEPTH_MAX: usize = 100;
/// A value inside the brackets of another: more than anybody reads.
const TERM_DEPTH_MAX: usize = 32;

/// The parser that pest makes of the grammar.
#[derive(pest_derive::Parser)]
#[grammar = "../grammar/template.pest"]
struct TemplateParser;

/// What is wrong, with its place in the text. [`Wrong::shopify`] says it as Shopify's Liquid does.
#[derive(Debug, Clone, PartialEq)]
pub struct Wrong {
    pub at: At,
    /// From 1.
    pub line: u32,
    pub kind: WrongKind,
}

#[derive(Debug, Clone, PartialEq)]
pub enum WrongKind {
    /// `{{` without `}}`.
    OutputOpen(String),
    /// `{%` without `%}`.
    TagOpen(String),
    /// A tag that does not exist.
    UnknownTag(String),
    /// `endif` where no `if` is open, and what is open there.
    UnexpectedEnd { tag: String, open: Option<&'static str> },
    /// `else` where it may not stand.
    Misplaced { tag: String, open: Option<&'static str> },
    /// `if` without `endif`.
    NeverClosed(&'static str),
    /// What stands behind the name of a tag, and how it is written.
    Tag { tag: &'static str, valid: &'static str },
    /// What Liquid takes and reads oddly: something is skipped.
    Skipped(String),
    /// `{{ }}`
    Empty,
    /// Tags deeper than [`DEPTH_MAX`].
    TooDeep,
}

impl Wrong {
    /// Only read tolerantly: Liquid renders it all the same.
    pub fn is_tolerated(&self) -> bool {
        matches!(self.kind, WrongKind::Skipped(_) | WrongKind::Empty)
    }

    /// The words of Shopify's Liquid.
    pub fn shopify(&self) -> String {
        let what = match &self.kind {
            WrongKind::OutputOpen(token) => format!("Variable '{token}' was not properly terminated with regexp: /\\}}\\}}/"),
            WrongKind::TagOpen(token) => format!("Tag '{token}' was not properly terminated with regexp: /\\%\\}}/"),
            WrongKind::UnknownTag(tag) => format!("Unknown tag '{tag}'"),
            WrongKind::UnexpectedEnd { tag, open: Some(open) } => {
                format!("'{tag}' is not a valid delimiter for {open} tags. use end{open}")
            }
            WrongKind::UnexpectedEnd { tag, open: None } => format!("Unknown tag '{tag}'"),
            WrongKind::Misplaced { tag, open: None } => format!("Unexpected outer '{tag}' tag"),
            WrongKind::Misplaced { tag, open: Some(open) } => format!("{open} tag does not expect '{tag}' tag"),
            WrongKind::NeverClosed(tag) => format!("'{tag}' tag was never closed"),
            WrongKind::Tag { valid, .. } => (*valid).to_owned(),
            WrongKind::Skipped(text) => format!("Unexpected character {text}"),
            WrongKind::Empty => "nothing between the braces".to_owned(),
            WrongKind::TooDeep => return "Nesting too deep".to_owned(),
        };
        format!("Liquid syntax error (line {}): {what}", self.line)
    }
}

/// Parses a whole markup by a rule; nothing if it does not fit.
fn by_rule(rule: Rule, markup: &str) -> Option<Pair<'_, Rule>> {
    // What is nested deeper than anybody writes is left to the tolerant reading, which does not nest.
    if markup.bytes().filter(|byte| matches!(byte, b'[' | b'(')).count() > TERM_DEPTH_MAX {
        return None;
    }
    TemplateParser::parse(rule, markup).ok()?.next()
}
