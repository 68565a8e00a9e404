//! What a template shows on every way through it.
//!
//! In: a compiled template and what is looked for. Out: whether nobody gets the text without it. **Invariant:** what stands in a loop or
//! in one branch of several does not count, for some customers would not see it. Knows no values.

use super::Template;
use super::host::Hosted;
use super::program::{Expr as Part, Op, Pipe, Which};
use crate::condition::Expr;
use std::collections::BTreeSet;

/// A piece of a template.
#[derive(Debug, Clone, Copy)]
pub enum Shown<'a> {
    /// What the author wrote.
    Text(&'a str),
    Value(&'a Expr),
    /// A block by its name.
    Block(&'a str),
}

/// Whether everybody who gets this text sees what is wanted.
pub fn surely(template: &Template, wanted: &dyn Fn(Shown) -> bool) -> bool {
    let simple = template.pieces.iter().any(|piece| match piece {
        super::Piece::Text(text) => wanted(Shown::Text(text)),
        super::Piece::Value { value, .. } => wanted(Shown::Value(value)),
    });
    simple || template.program.as_deref().is_some_and(|hosted| Walk { hosted, wanted, named: BTreeSet::new() }.body(&hosted.program.body))
}

struct Walk<'a> {
    hosted: &'a Hosted,
    wanted: &'a dyn Fn(Shown) -> bool,
    /// Variables that hold what is wanted.
    named: BTreeSet<u32>,
}

impl Walk<'_> {
    fn body(&mut self, ops: &[Op]) -> bool {
        let mut shown = false;
        for op in ops {
            shown |= self.op(op);
        }
        shown
    }

    fn op(&mut self, op: &Op) -> bool {
        match op {
            Op::Text(text) => (self.wanted)(Shown::Text(text)),
            Op::Output { value, .. } => self.holds(value),
            Op::If { arms, otherwise, .. } => {
                let arms: Vec<bool> = arms.iter().map(|arm| self.apart(&arm.body)).collect();
                self.apart(otherwise) && arms.into_iter().all(|shown| shown)
            }
            Op::Case { arms, .. } => {
                let has_else = arms.iter().any(|arm| arm.values.is_none());
                let arms: Vec<bool> = arms.iter().map(|arm| self.apart(&arm.body)).collect();
                has_else && arms.into_iter().all(|shown| shown)
            }
            Op::Assign { name, value, .. } => {
                let holds = self.holds(value);
                self.name(*name, holds);
                false
            }
            Op::Capture { name, body } => {
                let holds = self.body(body);
                self.name(*name, holds);
                false
            }
            Op::Render(render) => {
                let Which::Partial(at) = render.partial else { return false };
                let Some(partial) = self.hosted.program.partials.get(at as usize) else { return false };
                // Once for each of a list: perhaps never.
                if render.with.as_ref().is_some_and(|(_, _, each)| *each) {
                    return false;
                }
                if (self.wanted)(Shown::Block(&partial.name)) {
                    return true;
                }
                let outside = self.named.clone();
                self.named = render.args.iter().filter(|(_, value)| self.is_wanted(value)).map(|(name, _)| *name).collect();
                let shown = self.body(&partial.body);
                self.named = outside;
                shown
            }
            Op::For(_) | Op::Cycle { .. } | Op::Count { .. } | Op::IfChanged { .. } | Op::Break | Op::Continue | Op::Fail { .. } => false,
        }
    }

    /// A branch: what it names is not known behind it.
    fn apart(&mut self, ops: &[Op]) -> bool {
        let before = self.named.clone();
        let shown = self.body(ops);
        self.named = before;
        shown
    }

    fn name(&mut self, name: u32, holds: bool) {
        if holds {
            self.named.insert(name);
        } else {
            self.named.remove(&name);
        }
    }

    fn holds(&self, value: &Pipe) -> bool {
        self.is_wanted(&value.value)
    }

    fn is_wanted(&self, value: &Part) -> bool {
        match value {
            Part::Host(at, steps) if steps.is_empty() => {
                self.hosted.values.get(*at as usize).is_some_and(|value| (self.wanted)(Shown::Value(&value.expr)))
            }
            Part::Name(name, steps) if steps.is_empty() => self.named.contains(name),
            _ => false,
        }
    }
}
