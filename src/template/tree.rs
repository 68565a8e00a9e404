//! The tree of a template: tags inside each other, values with their filters, everything with its place.
//!
//! In: nothing, these are shapes. Out: what `syntax` builds, what the checker walks and what `compile` turns into a program.
//! **Invariant:** a place is a byte range of the template's text, on character boundaries; tags nest at most
//! [`DEPTH_MAX`](super::syntax::DEPTH_MAX) deep. Knows no types and no values.

use std::ops::Range;

/// A part of a text: where it begins and ends.
pub type At = Range<usize>;

#[derive(Debug, Clone, PartialEq)]
pub struct Name {
    /// In NFC, without backticks.
    pub text: String,
    pub at: At,
}

/// A whole template.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Tree {
    pub body: Vec<Node>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// Delimiters included; for a block, its opening tag.
    pub at: At,
    /// From 1.
    pub line: u32,
    pub kind: NodeKind,
}

#[derive(Debug, Clone, PartialEq)]
pub enum NodeKind {
    /// Plain text: what is left of it after white-space control.
    Text(At),
    /// The text between `raw` and `endraw`.
    Raw(At),
    /// `{{ … }}` and `{% echo … %}`
    Output(Piped),
    /// `if`, `elsif`, `else`; `unless` is an arm that is turned round.
    If {
        arms: Vec<Arm>,
        otherwise: Option<Vec<Node>>,
    },
    Case {
        subject: Term,
        arms: Vec<Case>,
    },
    For(Box<For>),
    Assign {
        name: Name,
        value: Piped,
    },
    Capture {
        name: Name,
        body: Vec<Node>,
    },
    Cycle {
        group: Option<Term>,
        values: Vec<Term>,
        at: At,
    },
    Increment(Name),
    Decrement(Name),
    IfChanged(Vec<Node>),
    Break,
    Continue,
    Render(Box<Render>),
}

/// One condition of an `if` and what it shows.
#[derive(Debug, Clone, PartialEq)]
pub struct Arm {
    pub condition: Condition,
    /// `unless`
    pub negated: bool,
    pub body: Vec<Node>,
}

/// `when …` and `else` of a `case`, in their order.
#[derive(Debug, Clone, PartialEq)]
pub struct Case {
    /// Nothing for `else`.
    pub values: Option<Vec<Term>>,
    pub body: Vec<Node>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct For {
    pub variable: Name,
    pub list: Term,
    /// The list as it is written: with the variable it names the loop.
    pub written: String,
    pub reversed: bool,
    pub limit: Option<Term>,
    pub offset: Option<Offset>,
    /// `tablerow`: how many in a row.
    pub table: Option<Option<Term>>,
    pub body: Vec<Node>,
    pub otherwise: Option<Vec<Node>>,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Offset {
    /// `offset: continue`: from where the last loop of this name ended.
    Continue,
    At(Term),
}

/// `render 'footer', shop: name`; `include` shows it with the caller's names.
#[derive(Debug, Clone, PartialEq)]
pub struct Render {
    pub template: Term,
    pub shared: bool,
    /// `with value` or `for list`, and whether it is `for`.
    pub with: Option<(Term, bool)>,
    pub alias: Option<Name>,
    pub args: Vec<(Name, Term)>,
}

/// Tests from left to right; `a and b or c` is `a and (b or c)`.
#[derive(Debug, Clone, PartialEq)]
pub struct Condition {
    pub at: At,
    /// Never empty. The junction stands before its test; that of the first says nothing.
    pub tests: Vec<(Junction, Test)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Junction {
    And,
    Or,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Test {
    pub left: Term,
    pub right: Option<(Operator, Term)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Operator {
    Equal,
    NotEqual,
    Less,
    Greater,
    LessOrEqual,
    GreaterOrEqual,
    Contains,
    /// There is none of this name: on the right stands what is written.
    Unknown,
}

/// A value and its filters from left to right.
#[derive(Debug, Clone, PartialEq)]
pub struct Piped {
    pub at: At,
    pub value: Term,
    pub filters: Vec<FilterCall>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct FilterCall {
    pub name: Name,
    pub args: Vec<Term>,
    pub named: Vec<(Name, Term)>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Term {
    pub at: At,
    pub kind: TermKind,
}

#[derive(Debug, Clone, PartialEq)]
pub enum TermKind {
    Nil,
    Boolean(bool),
    Integer(i64),
    Float(f64),
    Text(String),
    /// `empty`
    Empty,
    /// `blank`
    Blank,
    Range(Box<Term>, Box<Term>),
    Path {
        root: Root,
        steps: Vec<Step>,
    },
}

#[derive(Debug, Clone, PartialEq)]
pub enum Root {
    Name(Name),
    /// `['name']`
    Computed(Box<Term>),
}

#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    Field(Name),
    Index(Term),
}
