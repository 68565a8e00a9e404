//! From the tree of a template to a program.
//!
//! In: a tree and its text, where its partials come from, and which paths the host computes. Out: a [`Program`]. **Invariant:** a partial
//! is compiled once, also if it shows itself. Does not report: what is wrong was said before.

use super::data::{Name, Value};
use super::filter;
use super::program::{Arm, Call, Case, CycleGroup, Expr, For, Offset, Op, Partial, Pipe, Program, Render, Step, Test, Which};
use super::syntax;
use super::tree::{self, At, Node, NodeKind, Piped, Root, Term, TermKind, Tree};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What a template is compiled with.
pub trait Host {
    /// The text of a partial, or nothing if there is none.
    fn partial(&self, name: &str) -> Option<String>;
    /// The names of all partials, where any may be asked for by a name that is worked out.
    fn partials(&self) -> Vec<String> {
        Vec::new()
    }
    /// The number of the value that the host computes for a path, and how many of its steps that value covers. `partial` is the name of the
    /// partial in which the path stands, empty for the template itself.
    fn value(&self, partial: &str, path: &At) -> Option<(u32, usize)>;
    /// What a filter is here, by the place of its name, if that is not what its name says.
    fn filter(&self, _partial: &str, _name: &At) -> Option<filter::Filter> {
        None
    }
    /// Filters that a value gets besides those that are written: before which of them.
    fn besides(&self, _partial: &str, _piped: &At) -> &[(usize, Call)] {
        &[]
    }
}

/// Partials of a program, and partials in partials: more than anybody writes.
const PARTIALS_MAX: usize = 200;
const TOO_DEEP: &str = "Nesting too deep";

/// Compiles a template.
pub fn compile(text: &str, tree: &Tree, host: &dyn Host) -> Program {
    let mut compiler = Compiler {
        host,
        program: Program::default(),
        names: BTreeMap::new(),
        states: BTreeMap::new(),
        partials: BTreeMap::new(),
        open: Vec::new(),
        depth: 0,
    };
    compiler.program.body = compiler.body(text, &tree.body);
    compiler.program.states = compiler.states.len() as u32;
    compiler.program
}

struct Compiler<'h> {
    host: &'h dyn Host,
    program: Program,
    names: BTreeMap<Arc<str>, u32>,
    /// Places that keep a state, by what they are and how they are written.
    states: BTreeMap<String, u32>,
    partials: BTreeMap<String, u32>,
    /// Partials that are being compiled, from the outermost.
    open: Vec<String>,
    /// Tags and partials inside each other.
    depth: usize,
}

impl Compiler<'_> {
    fn name(&mut self, name: &str) -> u32 {
        if let Some(number) = self.names.get(name) {
            return *number;
        }
        let number = self.program.names.len() as u32;
        self.names.insert(name.into(), number);
        self.program.names.push(Name::new(name));
        number
    }

    fn state(&mut self, what: String) -> u32 {
        let next = self.states.len() as u32;
        *self.states.entry(what).or_insert(next)
    }

    fn body(&mut self, text: &str, nodes: &[Node]) -> Vec<Op> {
        let mut ops = Vec::with_capacity(nodes.len());
        self.depth += 1;
        if self.depth > syntax::DEPTH_MAX + 1 {
            ops.push(Op::Fail { message: TOO_DEEP.into(), line: nodes.first().map_or(1, |node| node.line) });
        } else {
            for node in nodes {
                ops.extend(self.op(text, node));
            }
        }
        self.depth -= 1;
        ops
    }

    fn op(&mut self, text: &str, node: &Node) -> Option<Op> {
        let line = node.line;
        self.program.binds |=
            matches!(node.kind, NodeKind::Assign { .. } | NodeKind::Capture { .. } | NodeKind::For(_) | NodeKind::Render(_));
        Some(match &node.kind {
            NodeKind::Text(at) | NodeKind::Raw(at) if at.is_empty() => return None,
            NodeKind::Text(at) | NodeKind::Raw(at) => {
                self.program.text_bytes = self.program.text_bytes.saturating_add(at.len() as u32);
                Op::Text(text[at.clone()].into())
            }
            NodeKind::Output(value) => Op::Output { value: self.pipe(value), line },
            NodeKind::If { arms, otherwise } => Op::If {
                arms: arms
                    .iter()
                    .map(|arm| Arm { condition: self.condition(&arm.condition), negated: arm.negated, body: self.body(text, &arm.body) })
                    .collect(),
                otherwise: self.body(text, otherwise.as_deref().unwrap_or_default()),
                line,
            },
            NodeKind::Case { subject, arms } => Op::Case {
                subject: self.term(subject),
                arms: arms
                    .iter()
                    .map(|arm| Case {
                        values: arm.values.as_ref().map(|values| values.iter().map(|value| self.term(value)).collect()),
                        body: self.body(text, &arm.body),
                    })
                    .collect(),
                line,
            },
            NodeKind::For(head) => Op::For(Box::new(self.each(text, head, line))),
            NodeKind::Assign { name, value } => Op::Assign { name: self.name(&name.text), value: self.pipe(value), line },
            NodeKind::Capture { name, body } => Op::Capture { name: self.name(&name.text), body: self.body(text, body) },
            NodeKind::Cycle { group, values, .. } => {
                let group = match group {
                    Some(group) => CycleGroup::Named(self.term(group)),
                    None => {
                        let written: Vec<&str> = values.iter().map(|value| &text[value.at.clone()]).collect();
                        CycleGroup::State(self.state(format!("cycle {}", written.join(", "))))
                    }
                };
                Op::Cycle { group, values: values.iter().map(|value| self.term(value)).collect(), line }
            }
            NodeKind::Increment(name) => Op::Count { name: self.name(&name.text), up: true },
            NodeKind::Decrement(name) => Op::Count { name: self.name(&name.text), up: false },
            NodeKind::IfChanged(body) => Op::IfChanged { state: self.state("ifchanged".to_owned()), body: self.body(text, body) },
            NodeKind::Break => Op::Break,
            NodeKind::Continue => Op::Continue,
            NodeKind::Render(render) => self.render(render, line),
        })
    }

    fn each(&mut self, text: &str, head: &tree::For, line: u32) -> For {
        let name = format!("{}-{}", head.variable.text, head.written);
        // The name keeps the loop's variable apart from others only in its body; it is found by its number.
        For {
            variable: self.name(&head.variable.text),
            state: self.state(format!("for {name}")),
            name: name.into(),
            list: self.term(&head.list),
            reversed: head.reversed,
            limit: head.limit.as_ref().map(|limit| self.term(limit)),
            offset: head.offset.as_ref().map(|offset| match offset {
                tree::Offset::Continue => Offset::Continue,
                tree::Offset::At(term) => Offset::At(self.term(term)),
            }),
            table: head.table.as_ref().map(|columns| columns.as_ref().map(|columns| self.term(columns))),
            body: self.body(text, &head.body),
            otherwise: self.body(text, head.otherwise.as_deref().unwrap_or_default()),
            line,
        }
    }

    fn condition(&mut self, condition: &tree::Condition) -> Vec<(tree::Junction, Test)> {
        condition
            .tests
            .iter()
            .map(|(junction, test)| {
                let right = test.right.as_ref().map(|(operator, right)| (*operator, self.term(right)));
                (*junction, Test { left: self.term(&test.left), right })
            })
            .collect()
    }

    fn render(&mut self, render: &tree::Render, line: u32) -> Op {
        let fail = |message: &str| Op::Fail { message: message.into(), line };
        let (partial, name) = match &render.template.kind {
            TermKind::Text(name) => match self.partial(name) {
                Ok(partial) => (Which::Partial(partial), name.as_str()),
                Err(message) => return fail(&message),
            },
            _ => {
                for name in self.host.partials() {
                    // One that cannot be read is missing where it is asked for.
                    _ = self.partial(&name);
                }
                (Which::Named(self.term(&render.template)), "")
            }
        };
        let given = match &render.alias {
            Some(alias) => alias.text.clone(),
            None => name.rsplit('/').next().unwrap_or(name).to_owned(),
        };
        let with = match &render.with {
            Some((term, each)) => Some((self.name(&given), self.term(term), *each)),
            // `include` shows a variable of its own name.
            None if render.shared => {
                let number = self.name(&given);
                Some((number, Expr::Name(number, Vec::new()), false))
            }
            None => None,
        };
        let args = render.args.iter().map(|(name, value)| (self.name(&name.text), self.term(value))).collect();
        Op::Render(Box::new(Render { partial, shared: render.shared, with, args, line }))
    }

    fn partial(&mut self, name: &str) -> Result<u32, String> {
        if let Some(number) = self.partials.get(name) {
            return Ok(*number);
        }
        let Some(text) = self.host.partial(name) else { return Err(format!("Could not find asset {name}")) };
        if self.partials.len() >= PARTIALS_MAX {
            return Err(TOO_DEEP.to_owned());
        }
        let (tree, wrong) = syntax::parse(&text);
        if let Some(wrong) = wrong.iter().find(|wrong| !wrong.is_tolerated()) {
            return Err(wrong.shopify());
        }
        let number = self.program.partials.len() as u32;
        self.program.partials.push(Partial { name: name.into(), body: Vec::new() });
        // One that shows itself finds itself here; how deep that goes is limited when it runs.
        self.partials.insert(name.to_owned(), number);
        self.open.push(name.to_owned());
        let body = self.body(&text, &tree.body);
        self.open.pop();
        self.program.partials[number as usize].body = body;
        Ok(number)
    }

    fn pipe(&mut self, piped: &Piped) -> Pipe {
        let mut filters = Vec::with_capacity(piped.filters.len());
        let host = self.host;
        let part = self.open.last().cloned().unwrap_or_default();
        let besides = host.besides(&part, &piped.at);
        let insert = |before: usize, filters: &mut Vec<Call>| {
            filters.extend(besides.iter().filter(|(at, _)| *at == before).map(|(_, call)| call.clone()));
        };
        for (at, call) in piped.filters.iter().enumerate() {
            insert(at, &mut filters);
            let given = call.args.len() + usize::from(!call.named.is_empty());
            filters.push(Call {
                filter: host.filter(&part, &call.name.at).unwrap_or_else(|| filter::by_name(&call.name.text, given)),
                args: call.args.iter().map(|arg| self.term(arg)).collect(),
                named: call.named.iter().map(|(name, value)| (name.text.as_str().into(), self.term(value))).collect(),
            });
        }
        insert(piped.filters.len(), &mut filters);
        Pipe { value: self.term(&piped.value), filters }
    }

    fn term(&mut self, term: &Term) -> Expr {
        match &term.kind {
            TermKind::Nil => Expr::Const(Value::Nil),
            TermKind::Boolean(truth) => Expr::Const(Value::Boolean(*truth)),
            TermKind::Integer(whole) => Expr::Const(Value::Integer(*whole)),
            TermKind::Float(float) => Expr::Const(Value::Float(*float)),
            TermKind::Text(text) => Expr::Const(Value::text(text)),
            TermKind::Empty => Expr::Const(Value::Empty),
            TermKind::Blank => Expr::Const(Value::Blank),
            TermKind::Range(from, to) => Expr::Range(Box::new(self.term(from)), Box::new(self.term(to))),
            TermKind::Path { root, steps } => {
                let known = self.host.value(self.open.last().map_or("", String::as_str), &term.at);
                let (number, covered) = known.map_or((None, 0), |(number, covered)| (Some(number), covered));
                let steps: Vec<Step> = steps
                    .iter()
                    .skip(covered)
                    .map(|step| match step {
                        tree::Step::Field(name) => Step::Field(Name::new(name.text.as_str())),
                        tree::Step::Index(term) => Step::Index(self.term(term)),
                    })
                    .collect();
                match (number, root) {
                    (Some(number), _) => Expr::Host(number, steps),
                    (None, Root::Name(name)) => Expr::Name(self.name(&name.text), steps),
                    (None, Root::Computed(term)) => Expr::Computed(Box::new(self.term(term)), steps),
                }
            }
        }
    }
}
