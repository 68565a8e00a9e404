//! Templates with tags: every name, condition, loop and filter with its type.
//!
//! In: the tree of a text, in the scope of a message. Out: a program with the values that it asks of the customer. **Invariant:** a text
//! with a finding gives no program; what may be missing has a default, or stands where it was asked for; a block that is shown is checked
//! with the types of what it is given.

use super::wrong;
use super::{Template, place};
use crate::ast::TextLit;
use crate::check::expr::{Typer, a, fits};
use crate::check::names::{self, Kind};
use crate::check::problem::problems;
use crate::check::recorder::{Offer, Symbol};
use crate::check::scope::Scope;
use crate::diagnostic::{Code, Diagnostics, Fix, Severity, suggest};
use crate::source::Place;
use crate::template::compile::{Host, compile};
use crate::template::filter;
use crate::template::host::{HostValue, Hosted};
use crate::template::parse;
use crate::template::program::Call;
use crate::template::syntax;
use crate::template::tree::{At, Condition, For, Junction, Node, NodeKind, Offset, Operator, Render, Term, TermKind};
use crate::value::{Text, Type};
use std::collections::BTreeMap;

problems! {
    /// `{% if customer.plan > 3 %}`
    CannotCompareInText { left: String, right: String, help: String, fix: Vec<Fix> } = Code::new("E0705", "cannot-compare-in-text");
        "{left} cannot be compared with {right} like this", "it would never hold", "{help}";

    /// `{% for x in customer.points %}`
    NotAListInText { is: String } = Code::new("E0706", "not-a-list-in-text");
        "there is nothing here to go through", "it is {is}", "`for` goes through a list, or through numbers: `{{% for i in (1..3) %}}`";

    /// `{{ itme.sku }}` in a loop over `item`.
    UnknownInText { name: String, help: String, fix: Vec<Fix> } = Code::new("E0707", "unknown-name-in-text");
        "`{name}` is not known here", "this text has no such name", "{help}";

    /// `{{ item.nmae }}`
    NoSuchPart { name: String, is: String, help: String, fix: Vec<Fix> } = Code::new("E0708", "no-such-part-in-text");
        "this has no `{name}`", "it is {is}", "{help}";

    /// `{% render 'foter' %}`
    UnknownBlock { name: String, help: String, fix: Vec<Fix> } = Code::new("E0710", "block-in-text");
        "there is no block `{name}`", "nothing to show here", "{help}";

    /// `{% render 'footer', shp: 'x' %}`
    BlockArgument { block: String, help: String } = Code::new("E0710", "block-in-text");
        "what `{block}` is given does not fit", "it takes what it is declared with", "{help}";

    /// `{% include 'footer' %}`
    NotInTexts { tag: &'static str, help: &'static str } = Code::new("E0711", "not-in-texts");
        "`{tag}` is not used in messages", "it would reach into the text around it", "{help}";
}

/// A reusable piece of content: what it takes and its text.
#[derive(Debug, Clone)]
pub(crate) struct ContentBlock {
    pub(crate) params: Vec<(Text, Type)>,
    pub(crate) text: TextLit,
    /// `text`, `html` or `mjml`.
    pub(crate) form: Text,
}

/// What the walk over a template found out for the compiler. Keys: the partial (empty for the text itself) and the place in it.
#[derive(Default)]
pub(super) struct Typed {
    pub(super) values: Vec<HostValue>,
    pub(super) paths: BTreeMap<(String, usize, usize), (u32, usize)>,
    pub(super) filters: BTreeMap<(String, usize), filter::Filter>,
    pub(super) besides: BTreeMap<(String, usize, usize), Vec<(usize, Call)>>,
    /// Texts of blocks.
    blocks: BTreeMap<String, String>,
}

impl Host for Typed {
    fn partial(&self, name: &str) -> Option<String> {
        self.blocks.get(name).cloned()
    }

    fn value(&self, partial: &str, path: &At) -> Option<(u32, usize)> {
        self.paths.get(&(partial.to_owned(), path.start, path.end)).copied()
    }

    fn filter(&self, partial: &str, name: &At) -> Option<filter::Filter> {
        self.filters.get(&(partial.to_owned(), name.start)).cloned()
    }

    fn besides(&self, partial: &str, piped: &At) -> &[(usize, Call)] {
        self.besides.get(&(partial.to_owned(), piped.start, piped.end)).map_or(&[], Vec::as_slice)
    }
}

/// Names that the template has set, with what they are.
pub(super) type Locals = BTreeMap<String, Type>;

/// Blocks in blocks: more than anybody writes.
const BLOCKS_DEEP: usize = 8;

fn errors(found: &Diagnostics) -> usize {
    found.iter().filter(|one| one.severity() == Severity::Error).count()
}

/// One walk over a text or a block.
pub(super) struct Walk<'w, 't, 'p, 'e> {
    pub(super) typer: &'w mut Typer<'t, 'p, 'e>,
    pub(super) text: &'w TextLit,
    pub(super) partial: String,
    pub(super) typed: &'w mut Typed,
    pub(super) locals: Locals,
    /// What a condition around has asked for: it is there.
    pub(super) known: Vec<String>,
    /// Blocks that are being looked at, from the outermost.
    open: Vec<String>,
}

impl Typer<'_, '_, '_> {
    /// Compiles a template with tags, or with more than the common filters.
    pub(super) fn rich_template(&mut self, text: &TextLit, simple: Vec<parse::Wrong>) -> Template {
        let (tree, wrongs) = syntax::parse(&text.text);
        if !wrongs.is_empty() {
            let has_tags = text.text.contains("{%");
            if !has_tags && !simple.is_empty() {
                // Without tags, what is odd is known more exactly.
                simple.into_iter().for_each(|wrong| self.wrong_template(text, wrong));
            } else {
                wrong::report_all(text, &wrongs, self.found);
            }
            return Template::default();
        }
        let before = errors(self.found);
        let mut typed = Typed::default();
        let mut walk = Walk {
            typer: self,
            text,
            partial: String::new(),
            typed: &mut typed,
            locals: Locals::new(),
            known: Vec::new(),
            open: Vec::new(),
        };
        walk.body(&tree.body);
        if errors(self.found) > before {
            return Template::default();
        }
        let program = compile(&text.text, &tree, &typed);
        Template { pieces: Vec::new(), program: Some(Box::new(Hosted { program, values: typed.values })) }
    }
}

impl Walk<'_, '_, '_, '_> {
    pub(super) fn place(&self, at: &At) -> Place {
        place(self.text, at)
    }

    pub(super) fn body(&mut self, nodes: &[Node]) {
        for node in nodes {
            self.node(node);
        }
    }

    fn node(&mut self, node: &Node) {
        match &node.kind {
            NodeKind::Text(_) | NodeKind::Raw(_) | NodeKind::Break | NodeKind::Continue => {}
            NodeKind::Output(piped) => self.shown(piped),
            NodeKind::If { arms, otherwise } => {
                let mut ends = Vec::new();
                let mut known = Vec::new();
                for arm in arms {
                    let (there, absent) = self.condition(&arm.condition);
                    let (inside, after) = if arm.negated { (absent, there) } else { (there, absent) };
                    let inside: Vec<String> = known.iter().cloned().chain(inside).collect();
                    ends.push(self.branch(&inside, &arm.body));
                    known.extend(after);
                }
                ends.push(self.branch(&known, otherwise.as_deref().unwrap_or_default()));
                self.locals = joined(ends);
            }
            NodeKind::Case { subject, arms } => {
                let is = self.term(subject);
                let mut ends = Vec::new();
                for arm in arms {
                    for value in arm.values.iter().flatten() {
                        let other = self.term(value);
                        self.comparable(Operator::Equal, subject, &is, value, &other);
                    }
                    ends.push(self.branch(&[], &arm.body));
                }
                if arms.iter().all(|arm| arm.values.is_some()) {
                    ends.push(self.locals.clone());
                }
                self.locals = joined(ends);
            }
            NodeKind::For(head) => self.each(head),
            NodeKind::Assign { name, value } => {
                let ty = self.piped(value, false);
                self.forget(&name.text);
                self.locals.insert(name.text.clone(), ty);
            }
            NodeKind::Capture { name, body } => {
                self.body(body);
                self.locals.insert(name.text.clone(), Type::Text);
            }
            NodeKind::Cycle { group, values, .. } => {
                for value in group.iter().chain(values) {
                    let ty = self.term(value);
                    self.must_be_there(value, &ty);
                }
            }
            NodeKind::Increment(name) | NodeKind::Decrement(name) => {
                self.locals.entry(name.text.clone()).or_insert(Type::Number);
            }
            NodeKind::IfChanged(body) => self.body(body),
            NodeKind::Render(render) => self.render(render, &node.at),
        }
    }

    /// A value that is set anew is no longer what was asked for.
    fn forget(&mut self, name: &str) {
        self.known.retain(|known| known != name && !known.strip_prefix(name).is_some_and(|rest| rest.starts_with('.')));
    }

    /// Looks at a body that is shown only sometimes; gives what is set at its end.
    fn branch(&mut self, inside: &[String], body: &[Node]) -> Locals {
        let before = self.locals.clone();
        let known = self.known.len();
        self.known.extend_from_slice(inside);
        self.body(body);
        self.known.truncate(known);
        std::mem::replace(&mut self.locals, before)
    }

    fn each(&mut self, head: &For) {
        let list = self.term(&head.list);
        if let Some(term) = &head.limit {
            self.must_be_number(term);
        }
        if let Some(Offset::At(term)) = &head.offset {
            self.must_be_number(term);
        }
        let item = match list.required() {
            Type::List(item) => (**item).clone(),
            Type::Error => Type::Error,
            other => {
                let is = a(other);
                self.typer.found.push(NotAListInText { place: self.place(&head.list.at), is });
                Type::Error
            }
        };
        let before = self.locals.clone();
        self.forget(&head.variable.text);
        self.locals.insert(head.variable.text.clone(), item);
        let state = if head.table.is_some() { "tablerowloop" } else { "forloop" };
        let parent = before.get(state).cloned();
        self.locals.insert(state.to_owned(), loop_type(head.table.is_some(), parent));
        self.body(&head.body);
        for name in [head.variable.text.as_str(), state] {
            match before.get(name) {
                Some(ty) => _ = self.locals.insert(name.to_owned(), ty.clone()),
                None => _ = self.locals.remove(name),
            }
        }
        let after = std::mem::replace(&mut self.locals, before);
        let otherwise = self.branch(&[], head.otherwise.as_deref().unwrap_or_default());
        self.locals = joined(vec![after, otherwise]);
    }

    /// Checks a condition; gives what is there if it holds, and what is there if it does not.
    fn condition(&mut self, condition: &Condition) -> (Vec<String>, Vec<String>) {
        let all = condition.tests.iter().skip(1).all(|(junction, _)| *junction == Junction::And);
        let (mut there, mut absent) = (Vec::new(), Vec::new());
        let before = self.known.len();
        for (_, test) in &condition.tests {
            let left = self.term(&test.left);
            let name = self.written(&test.left);
            match &test.right {
                None => there.extend(name),
                Some((operator, right)) => {
                    let is = self.term(right);
                    self.comparable(*operator, &test.left, &left, right, &is);
                    let is_nothing = matches!(right.kind, TermKind::Nil | TermKind::Empty | TermKind::Blank);
                    // An empty text is something: only `nil` and `blank` ask whether it is there.
                    let asks = matches!(right.kind, TermKind::Nil | TermKind::Blank);
                    match operator {
                        Operator::Equal if asks => absent.extend(name),
                        Operator::Equal if !is_nothing => there.extend(name),
                        Operator::NotEqual if asks => there.extend(name),
                        Operator::Less | Operator::LessOrEqual | Operator::Greater | Operator::GreaterOrEqual | Operator::Contains => {
                            there.extend(name);
                        }
                        _ => {}
                    }
                }
            }
            if all {
                // What this test asked for holds in the next.
                self.known.truncate(before);
                self.known.extend(there.iter().cloned());
            }
        }
        self.known.truncate(before);
        if !all {
            there.clear();
        }
        if condition.tests.len() > 1 {
            absent.clear();
        }
        (there, absent)
    }

    /// Reports a comparison that can never hold.
    fn comparable(&mut self, operator: Operator, left: &Term, is: &Type, right: &Term, other: &Type) {
        let special = |term: &Term| matches!(term.kind, TermKind::Nil | TermKind::Empty | TermKind::Blank);
        let (is, other) = (is.required().clone(), other.required().clone());
        if special(left) || special(right) || is == Type::Error || other == Type::Error {
            return;
        }
        let help = match (&is, &other, operator) {
            (Type::List(item), other, Operator::Contains) if like(item, other) => return self.one_of(item, right),
            (is, other, Operator::Contains) if is.is_textual() && (other.is_textual() || *other == Type::Number) => return,
            (_, _, Operator::Contains) => "`contains` looks for a text in a text, or for a value in a list of such values",
            (is, other, Operator::Equal | Operator::NotEqual) if like(is, other) => {
                self.one_of(is, right);
                return self.one_of(other, left);
            }
            (Type::Number | Type::Money(_) | Type::Date | Type::DateTime, _, _) if like(&is, &other) => return,
            (Type::Date | Type::DateTime, Type::Text, _) | (Type::Text, Type::Date | Type::DateTime, _) => {
                "write the date as a text first: `{% assign day = … | date: '%F' %}`"
            }
            (is, other, _) if is.is_textual() && other.is_textual() => "texts have no order here; ask whether they are the same: `==`",
            _ => "compare values of the same kind",
        };
        let place = self.place(&(left.at.start.min(right.at.start)..left.at.end.max(right.at.end)));
        let (left, right) = (a(&is), a(&other));
        self.typer.found.push(CannotCompareInText { place, left, right, help: help.to_owned(), fix: Vec::new() });
    }

    /// A text that is written for a value that is one of some: it must be among them.
    fn one_of(&mut self, ty: &Type, written: &Term) {
        let (Type::OneOf(texts), TermKind::Text(text)) = (ty.required(), &written.kind) else { return };
        if texts.iter().any(|known| known == text) {
            return;
        }
        let place = self.place(&(written.at.start + 1..written.at.end - 1));
        let near = suggest::nearest(text, texts.iter().map(Text::as_str));
        let help = if near.is_empty() { format!("it is one of {}", names::listed(texts)) } else { names::did_you_mean(&near) };
        let fix = names::changes(&near, place);
        self.typer.found.push(CannotCompareInText { place, left: a(ty), right: format!("\"{text}\""), help, fix });
    }

    fn must_be_number(&mut self, term: &Term) {
        let ty = self.term(term);
        if !matches!(ty.required(), Type::Number | Type::Error) {
            let is = a(&ty);
            let (left, right) = (is, "a number of rounds".to_owned());
            let help = "write a whole number: `limit: 3`".to_owned();
            self.typer.found.push(CannotCompareInText { place: self.place(&term.at), left, right, help, fix: Vec::new() });
        }
        self.must_be_there(term, &ty);
    }

    /// Checks what a block is given, and the block with it.
    fn render(&mut self, render: &Render, at: &At) {
        let TermKind::Text(name) = &render.template.kind else { return };
        if render.shared {
            let help = "write `{% render 'footer', name: value %}`: a block sees only what it is given";
            self.typer.found.push(NotInTexts { place: self.place(at), tag: "include", help });
            return;
        }
        let project = self.typer.project;
        let place = self.place(&(render.template.at.start + 1..render.template.at.end - 1));
        project.recorder().offer(place, || project.offers_of(Kind::Block));
        let Some(block) = project.blocks.get(name.as_str()) else {
            let names: Vec<&str> = project.blocks.keys().map(Text::as_str).collect();
            let (help, near) = names::choose_from(name, names, "declare it: `block footer { … }`");
            let fix = names::changes(&near, place);
            self.typer.found.push(UnknownBlock { place, name: name.clone(), help, fix });
            return;
        };
        project.recorder().note(place, || Symbol::Declared(Kind::Block, Text::new(name)), None);
        let locals = self.block_arguments(name, block, render, at);
        if self.open.iter().any(|open| open == name) {
            let help = format!("`{name}` shows itself; take this out");
            self.typer.found.push(BlockArgument { place: self.place(at), block: name.clone(), help });
            return;
        }
        let (tree, wrongs) = syntax::parse(&block.text.text);
        // What is wrong in a block is said where it is declared.
        if !wrongs.is_empty() || self.open.len() > BLOCKS_DEEP {
            return;
        }
        self.typed.blocks.insert(name.clone(), block.text.text.clone());
        let mut silent = Diagnostics::default();
        let mut scope = Scope::of_template(&[]);
        let mut typer = Typer { project, scope: &mut scope, found: &mut silent };
        let mut open = self.open.clone();
        open.push(name.clone());
        let mut walk =
            Walk { typer: &mut typer, text: &block.text, partial: name.clone(), typed: self.typed, locals, known: Vec::new(), open };
        walk.body(&tree.body);
    }

    /// The names that a block begins with.
    fn block_arguments(&mut self, name: &str, block: &ContentBlock, render: &Render, at: &At) -> Locals {
        let mut given: Locals = Locals::new();
        for (arg, value) in &render.args {
            let ty = self.term(value);
            let (recorder, at) = (self.typer.project.recorder(), self.place(&arg.at));
            let symbol = |param: &str| Symbol::Param(Kind::Block, Text::new(name), Text::new(param));
            recorder.offer(at, || block.params.iter().map(|(param, ty)| Offer::new(param, symbol(param), Some(ty.clone()))).collect());
            if let Some((_, ty)) = block.params.iter().find(|(param, _)| param.as_str() == arg.text) {
                recorder.note(at, || symbol(&arg.text), Some(ty));
            }
            let Some((_, needed)) = block.params.iter().find(|(param, _)| param.as_str() == arg.text) else {
                let params: Vec<&str> = block.params.iter().map(|(param, _)| param.as_str()).collect();
                let (help, _) = names::choose_from(&arg.text, params, "it takes nothing");
                self.typer.found.push(BlockArgument { place: self.place(&arg.at), block: name.to_owned(), help });
                continue;
            };
            let written = needed.required() == &Type::Text && *ty.required() == Type::Number;
            if !written && !fits(ty.required(), needed.required()) {
                let help = format!("`{}` must be {}, and this is {}", arg.text, a(needed), a(&ty));
                self.typer.found.push(BlockArgument { place: self.place(&value.at), block: name.to_owned(), help });
            } else if !needed.is_optional() {
                self.must_be_there(value, &ty);
            }
            given.insert(arg.text.clone(), needed.clone());
        }
        for (param, needed) in &block.params {
            if given.contains_key(param.as_str()) {
                continue;
            }
            if !needed.is_optional() {
                let help = format!("give it `{param}`, which is {}: `{{% render '{name}', {param}: … %}}`", a(needed));
                self.typer.found.push(BlockArgument { place: self.place(at), block: name.to_owned(), help });
            }
            given.insert(param.to_string(), needed.clone());
        }
        given
    }
}

/// Values that can be equal.
fn like(left: &Type, right: &Type) -> bool {
    let is_amount = |ty: &Type| matches!(ty, Type::Number | Type::Money(_));
    match (left.required(), right.required()) {
        (Type::Error, _) | (_, Type::Error) => true,
        (Type::Money(a), Type::Money(b)) => a == b,
        (a, b) if is_amount(a) && is_amount(b) => true,
        (a, b) if a.is_textual() && b.is_textual() => true,
        (a, b) => a == b,
    }
}

/// The state of a loop.
fn loop_type(is_table: bool, parent: Option<Type>) -> Type {
    let number = |name: &'static str| (Text::const_new(name), Type::Number);
    let truth = |name: &'static str| (Text::const_new(name), Type::Boolean);
    let mut fields =
        vec![number("index"), number("index0"), number("rindex"), number("rindex0"), number("length"), truth("first"), truth("last")];
    if is_table {
        fields.extend([number("col"), number("col0"), number("row"), truth("col_first"), truth("col_last")]);
    }
    fields.extend(parent.map(|parent| (Text::const_new("parentloop"), parent)));
    Type::Record(fields.into())
}

/// What is set where several ways come together: what not every way sets may be missing.
fn joined(ends: Vec<Locals>) -> Locals {
    let count = ends.len();
    let mut all: BTreeMap<String, (Type, usize)> = BTreeMap::new();
    for (name, ty) in ends.into_iter().flatten() {
        let joined = match all.remove(&name) {
            None => (ty, 1),
            Some((other, times)) => (join(other, ty), times + 1),
        };
        all.insert(name, joined);
    }
    all.into_iter().map(|(name, (ty, times))| (name, if times < count { ty.optional() } else { ty })).collect()
}

fn join(a: Type, b: Type) -> Type {
    let optional = a.is_optional() || b.is_optional();
    let ty = match (a.required(), b.required()) {
        (a, b) if a == b => a.clone(),
        (Type::Money(currency), Type::Number) | (Type::Number, Type::Money(currency)) => Type::Money(*currency),
        (a, b) if a.is_textual() && b.is_textual() => Type::Text,
        // Now this and now that: nothing can be said of it.
        _ => Type::Error,
    };
    if optional { ty.optional() } else { ty }
}
