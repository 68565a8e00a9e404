//! A template that is ready to run: names are numbers, filters are known, texts are cut.
//!
//! In: nothing, these are shapes that `compile` fills. Out: what the machine runs, and what a plan keeps. **Invariant:** every number of a
//! name, partial or host value is below the length of its table.

use super::data::{Name, Value};
use super::filter::Filter;
use super::tree::{Junction, Operator};
use std::sync::Arc;

#[derive(Debug, Clone, PartialEq, Default, serde::Serialize, serde::Deserialize)]
pub struct Program {
    pub body: Vec<Op>,
    /// Names of variables, of all partials too.
    pub names: Vec<Name>,
    /// What `render` shows, in the order in which it was found; a partial that is shown twice is here once.
    pub partials: Vec<Partial>,
    /// How many places keep a state: `cycle`, `ifchanged`, loops that go on.
    pub states: u32,
    /// Whether it gives names to values, so that there must be room for them.
    #[serde(default)]
    pub binds: bool,
    /// Bytes that the author's texts have, to make room for what comes out.
    #[serde(default)]
    pub text_bytes: u32,
}

impl Program {
    /// The texts that the author wrote, in their order, those of partials behind.
    pub fn texts(&self) -> Vec<&str> {
        let mut found = Vec::new();
        let mut bodies: Vec<&[Op]> = self.partials.iter().rev().map(|partial| partial.body.as_slice()).collect();
        bodies.push(&self.body);
        while let Some(body) = bodies.pop() {
            let Some((op, rest)) = body.split_first() else { continue };
            bodies.push(rest);
            match op {
                Op::Text(text) => found.push(&**text),
                Op::If { arms, otherwise, .. } => {
                    bodies.push(otherwise);
                    bodies.extend(arms.iter().rev().map(|arm| arm.body.as_slice()));
                }
                Op::Case { arms, .. } => bodies.extend(arms.iter().rev().map(|arm| arm.body.as_slice())),
                Op::For(head) => bodies.extend([head.otherwise.as_slice(), &head.body]),
                Op::Capture { body, .. } | Op::IfChanged { body, .. } => bodies.push(body),
                _ => {}
            }
        }
        found
    }
}

#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Partial {
    pub name: Arc<str>,
    pub body: Vec<Op>,
}

#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Op {
    Text(Box<str>),
    /// `{{ … }}`; its line is for messages.
    Output {
        value: Pipe,
        line: u32,
    },
    If {
        arms: Vec<Arm>,
        otherwise: Vec<Op>,
        line: u32,
    },
    Case {
        subject: Expr,
        arms: Vec<Case>,
        line: u32,
    },
    For(Box<For>),
    Assign {
        name: u32,
        value: Pipe,
        line: u32,
    },
    Capture {
        name: u32,
        body: Vec<Op>,
    },
    Cycle {
        group: CycleGroup,
        values: Vec<Expr>,
        line: u32,
    },
    /// By 1 up, or down.
    Count {
        name: u32,
        up: bool,
    },
    IfChanged {
        state: u32,
        body: Vec<Op>,
    },
    Break,
    Continue,
    Render(Box<Render>),
    /// A mistake that is said where it is met.
    Fail {
        message: Box<str>,
        line: u32,
    },
}

impl Op {
    /// Where it stands, for messages; 0 for what can make no mistake.
    pub fn line(&self) -> u32 {
        match self {
            Op::Output { line, .. }
            | Op::If { line, .. }
            | Op::Case { line, .. }
            | Op::Assign { line, .. }
            | Op::Cycle { line, .. }
            | Op::Fail { line, .. } => *line,
            Op::For(head) => head.line,
            Op::Render(render) => render.line,
            _ => 0,
        }
    }
}

#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CycleGroup {
    /// All cycles with these values share a state.
    State(u32),
    /// Named by a value: those that have the same share a state.
    Named(Expr),
}

#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Arm {
    pub condition: Vec<(Junction, Test)>,
    pub negated: bool,
    pub body: Vec<Op>,
}

#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Test {
    pub left: Expr,
    pub right: Option<(Operator, Expr)>,
}

#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Case {
    /// Nothing for `else`.
    pub values: Option<Vec<Expr>>,
    pub body: Vec<Op>,
}

#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct For {
    pub variable: u32,
    /// `item-items`
    pub name: Arc<str>,
    pub list: Expr,
    pub reversed: bool,
    pub limit: Option<Expr>,
    pub offset: Option<Offset>,
    /// `tablerow`
    pub table: Option<Option<Expr>>,
    /// Where it is kept how far loops of this name have come.
    pub state: u32,
    pub body: Vec<Op>,
    pub otherwise: Vec<Op>,
    pub line: u32,
}

#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Offset {
    Continue,
    At(Expr),
}

#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Render {
    pub partial: Which,
    /// `include`: with the caller's names.
    pub shared: bool,
    /// The name that `with` and `for` give, the value, and whether it is `for`.
    pub with: Option<(u32, Expr, bool)>,
    pub args: Vec<(u32, Expr)>,
    pub line: u32,
}

/// What is shown.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Which {
    Partial(u32),
    /// `include` of a name that is only known then.
    Named(Expr),
}

/// A value and its filters.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Pipe {
    pub value: Expr,
    pub filters: Vec<Call>,
}

#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Call {
    pub filter: Filter,
    pub args: Vec<Expr>,
    pub named: Vec<(Arc<str>, Expr)>,
}

#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Expr {
    Const(Value),
    /// A variable by the number of its name.
    Name(u32, Vec<Step>),
    /// A value that the host computes, by its number.
    Host(u32, Vec<Step>),
    /// `['name']`
    Computed(Box<Expr>, Vec<Step>),
    Range(Box<Expr>, Box<Expr>),
}

#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    Field(Name),
    Index(Expr),
}
