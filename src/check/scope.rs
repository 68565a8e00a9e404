//! What an expression may see at its place.
//!
//! In: what surrounds it (a journey's entry and bindings, a message's parameters, the `where`s around it). Out: for each name, what it
//! is. **Invariant:** the rules of `docs/language.md` ("Names"): a bare property exists only in the nearest `where`; nothing shadows
//! anything; a name that could be two things is reported, never chosen. Knows no files.

use super::names::{self, ROOTS};
use super::problem::problems;
use super::project::Project;
use super::recorder::{Offer, Symbol};
use crate::ast::Name;
use crate::condition::Expr;
use crate::diagnostic::{Code, Diagnostics, Fix};
use crate::schema::{EventId, LocalId, MessageId, Schema, SendId};
use crate::source::Place;
use crate::value::{Text, Type};

problems! {
    /// `let x be …` where `x` is known already.
    BoundTwice { name: String, other: Option<(Place, &'static str)> } = Code::new("E0120", "bound-twice");
        "`{name}` has a value here already", "a name keeps its value to the end of its block", "choose another name";

    /// `let customer be …`
    BindsTaken { name: String, fix: Option<Fix> } = Code::new("E0121", "word-is-taken");
        "nothing can be called `{name}`", "this word has a meaning of its own", "choose another name, for example `my_{name}`";
}

/// The values that a run takes along from what let it in, as an expression reads them.
pub(crate) trait EntryValues {
    /// Position in `Journey::entry_fields` and type of `entry.NAME`, which is read from now on.
    fn read(&mut self, schema: &Schema, name: &str) -> Result<(u16, Type), NoValue>;
    /// Every name that can be read, for suggestions.
    fn names(&self, schema: &Schema) -> Vec<String>;
    /// Whether there is `entry.date`: `Some(true)` where every entry has one, `None` where none has.
    fn date(&self) -> Option<bool>;
    /// What `entry.NAME` stands for, for an editor: a parameter, properties of events.
    fn origins(&self, project: &Project, name: &str) -> Vec<Symbol>;
    /// What can follow `entry.`, for an editor.
    fn offers(&self, project: &Project) -> Vec<Offer>;
}

/// Why `entry.x` cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum NoValue {
    /// No entry has it.
    Unknown,
    /// It is one thing in one entry and something else in another.
    Conflict(Type, Type),
}

/// What a bare name means in a `where`.
#[derive(Debug, Clone)]
pub(crate) enum Subject {
    /// An event: its properties.
    Event(EventId),
    /// Something without properties: a report about a message, a change of consent, with its words.
    Bare(&'static str),
    /// An element of a list: `it`, and the fields of a record.
    Element(Type),
    /// Not known because of a mistake that is reported: everything fits, silently.
    Unknown,
}

#[derive(Debug, Clone)]
pub(crate) enum Binding {
    Local(LocalId, Type),
    /// A named send, whose state can be asked.
    Send(SendId, MessageId),
}

#[derive(Debug, Clone)]
struct Bound {
    name: Text,
    place: Place,
    what: Binding,
}

/// The surroundings of an expression.
#[derive(Default)]
pub(crate) struct Scope<'a> {
    /// `customer`, `now` and history can be asked; not in constants and defaults.
    pub(crate) customer: bool,
    /// `entry`, where there is a run.
    pub(crate) entry: Option<&'a mut dyn EntryValues>,
    /// `since entry`; also where `entry` itself is not known.
    pub(crate) runs: bool,
    /// In a text of a message.
    pub(super) template: bool,
    /// Parameters of the message whose template this is.
    pub(crate) params: &'a [(Text, Type)],
    /// Whose parameters these are, for an editor.
    pub(crate) owner: Option<(names::Kind, Text)>,
    /// Every local so far, by number.
    pub(crate) locals: Vec<(Text, Type)>,
    /// Lists that a `collect` fills, each with the local that counts.
    pub(crate) collected: Vec<(LocalId, LocalId)>,
    /// What `is set as x` has bound since [`Scope::take_bound`]: the block begins by holding these values.
    bound: Vec<(LocalId, Expr)>,
    /// `is set as x` is possible: the condition of an `if` or `when`.
    pub(crate) may_bind: bool,
    /// The comparison that comes next stands behind `not`.
    pub(super) negated: bool,
    visible: Vec<Bound>,
    frames: Vec<usize>,
    pub(super) subjects: Vec<Subject>,
    /// What the condition around asks `is set` or `is missing`, as written: no warning about it.
    pub(super) known_set: Vec<String>,
}

impl<'a> Scope<'a> {
    /// Conditions about a customer without a run: segments, entries.
    pub(crate) fn of_customer() -> Scope<'a> {
        Scope { customer: true, ..Scope::default() }
    }

    /// Templates: parameters, `customer` and constants.
    pub(crate) fn of_template(params: &'a [(Text, Type)]) -> Scope<'a> {
        Scope { customer: true, template: true, params, ..Scope::default() }
    }

    /// Steps and header lines of a journey.
    pub(crate) fn of_run(entry: &'a mut dyn EntryValues) -> Scope<'a> {
        Scope { customer: true, entry: Some(entry), runs: true, ..Scope::default() }
    }

    /// A block begins: what is bound from here on is gone at [`Scope::close`].
    pub(crate) fn open(&mut self) {
        self.frames.push(self.visible.len());
    }

    pub(crate) fn close(&mut self) {
        let from = self.frames.pop().unwrap_or(0);
        self.visible.truncate(from);
    }

    /// A new local under this name, visible until its block ends. A name that is known already is reported.
    pub(crate) fn bind_local(&mut self, name: &Name, ty: Type, found: &mut Diagnostics) -> LocalId {
        let local = LocalId(u16::try_from(self.locals.len()).unwrap_or(u16::MAX));
        self.locals.push((name.text.clone(), ty.clone()));
        self.bind(name, Binding::Local(local, ty), found);
        local
    }

    /// A named send.
    pub(crate) fn bind_send(&mut self, name: &Name, send: SendId, message: MessageId, found: &mut Diagnostics) {
        self.bind(name, Binding::Send(send, message), found);
    }

    fn bind(&mut self, name: &Name, what: Binding, found: &mut Diagnostics) {
        if ROOTS.contains(&name.text.as_str()) {
            found.push(BindsTaken { place: name.place, name: name.text.to_string(), fix: None });
            return;
        }
        if let Some(first) = self.visible.iter().find(|bound| bound.name == name.text) {
            let other = Some((first.place, "it got its value here"));
            found.push(BoundTwice { place: name.place, name: name.text.to_string(), other });
            return;
        }
        self.visible.push(Bound { name: name.text.clone(), place: name.place, what });
    }

    pub(super) fn binding(&self, name: &str) -> Option<&Binding> {
        self.visible.iter().find(|bound| bound.name == name).map(|bound| &bound.what)
    }

    /// Where a visible name is bound.
    pub(super) fn bound_at(&self, name: &str) -> Option<Place> {
        self.visible.iter().find(|bound| bound.name == name).map(|bound| bound.place)
    }

    /// Everything that is bound and visible.
    pub(super) fn bindings(&self) -> impl Iterator<Item = (&Text, Place, &Binding)> {
        self.visible.iter().map(|bound| (&bound.name, bound.place, &bound.what))
    }

    /// A send that is visible under this name.
    pub(crate) fn send(&self, name: &str) -> Option<(SendId, MessageId)> {
        match self.binding(name) {
            Some(Binding::Send(send, message)) => Some((*send, *message)),
            _ => None,
        }
    }

    /// Names of the sends that are visible.
    pub(super) fn sends(&self) -> Vec<&str> {
        self.visible.iter().filter(|bound| matches!(bound.what, Binding::Send(..))).map(|bound| bound.name.as_str()).collect()
    }

    pub(super) fn param(&self, name: &str) -> Option<(u16, &Type)> {
        self.params.iter().position(|(param, _)| param == name).map(|at| (at as u16, &self.params[at].1))
    }

    pub(super) fn bound_here(&mut self, local: LocalId, value: Expr) {
        self.bound.push((local, value));
    }

    /// What the condition just checked has named by `is set as x`, with its values.
    pub(crate) fn take_bound(&mut self) -> Vec<(LocalId, Expr)> {
        std::mem::take(&mut self.bound)
    }

    /// Names of bindings and parameters, for suggestions.
    pub(super) fn visible_names(&self) -> Vec<&str> {
        self.visible.iter().map(|bound| bound.name.as_str()).chain(self.params.iter().map(|(name, _)| name.as_str())).collect()
    }
}

/// Every word that can begin an expression, for suggestions.
pub(super) fn heads<'s>(scope: &'s Scope, names: &'s names::Names) -> Vec<&'s str> {
    let mut heads = scope.visible_names();
    heads.extend(names.of_kind(names::Kind::Const));
    if scope.customer {
        heads.extend(["customer", "now", "today"]);
    }
    if scope.entry.is_some() {
        heads.push("entry");
    }
    if scope.template {
        heads.extend(names::GIVEN);
    }
    heads
}
