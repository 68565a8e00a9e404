//! What is declared where, and everything that means it.
//!
//! In: files, and what the [`Recorder`] heard. Out: [`Resolved`] for a whole project, or the [`Offer`]s at one place. **Invariant:** a
//! definition stands at its name; uses are sorted by place, and the definition is not among them. Resolves nothing itself.

use super::names::{Kind, Names};
use super::recorder::{Offer, Owner, Recorder, Symbol, Use};
use crate::ast::{self, Answer, DeclKind, Docs, Field, JourneyItem, Name, Param, TextLit};
use crate::diagnostic::Diagnostics;
use crate::schema::Schema;
use crate::source::{Place, Sources};
use crate::value::{Text, Type};
use std::collections::BTreeMap;

/// Where something is declared, and what is said of it there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Definition {
    pub symbol: Symbol,
    /// The name.
    pub place: Place,
    /// All of it.
    pub whole: Place,
    pub docs: Option<String>,
    /// The name for people, or the name outside.
    pub title: Option<String>,
    /// The name outside is written beside it.
    pub wire: Option<Place>,
    pub ty: Option<Type>,
}

/// Every name of a project.
#[derive(Debug, Clone, Default)]
pub struct Resolved {
    /// By place.
    pub uses: Vec<Use>,
    pub definitions: BTreeMap<Symbol, Definition>,
}

impl Resolved {
    pub(super) fn new(files: &[ast::File], schema: &Schema, uses: Vec<Use>) -> Resolved {
        let mut resolved = Resolved { uses, definitions: BTreeMap::new() };
        let mut walk = Walk { schema, into: &mut resolved.definitions };
        for decl in files.iter().flat_map(|file| &file.decls) {
            walk.decl(decl);
        }
        for one in &resolved.uses {
            if let Symbol::Local(place) = one.symbol
                && place == one.place
            {
                let definition =
                    Definition { symbol: one.symbol.clone(), place, whole: place, docs: None, title: None, wire: None, ty: one.ty.clone() };
                resolved.definitions.entry(one.symbol.clone()).or_insert(definition);
            }
        }
        let definitions = &resolved.definitions;
        resolved.uses.retain(|one| definitions.get(&one.symbol).is_none_or(|definition| definition.place != one.place));
        resolved
    }

    /// What stands at a place: the definition's symbol, or those of a use. Several where one name means several things: `entry.total`.
    pub fn at(&self, place: Place) -> Vec<(Place, Symbol, Option<Type>)> {
        let touches = |at: Place| at.file == place.file && at.span.start <= place.span.start && place.span.end <= at.span.end;
        let own = self.definitions.values().filter(|one| touches(one.place)).map(|one| (one.place, one.symbol.clone(), one.ty.clone()));
        let from =
            self.uses.partition_point(|one| (one.place.file, one.place.span.end) < (place.file, place.span.start.saturating_sub(512)));
        let uses = self.uses[from..]
            .iter()
            .take_while(|one| one.place.file == place.file && one.place.span.start <= place.span.end)
            .filter(|one| touches(one.place));
        own.chain(uses.map(|one| (one.place, one.symbol.clone(), one.ty.clone()))).collect()
    }

    /// Places of everything that means this, the definition first.
    pub fn places(&self, symbol: &Symbol) -> Vec<Place> {
        let definition = self.definitions.get(symbol).map(|one| one.place);
        let uses = self.uses.iter().filter(|one| one.symbol == *symbol).map(|one| one.place);
        definition.into_iter().chain(uses).collect()
    }
}

/// What could stand at a name: the checker's own answer. Only the declarations of `here` are looked at; the others are declared.
pub fn offers(files: &[ast::File], here: &ast::File, sources: &Sources, cursor: Place) -> (Vec<Offer>, Vec<Use>) {
    let mut found = Diagnostics::default();
    let mut names = Names::collect(files, &mut found);
    names.recorder = Recorder::on(Some(cursor));
    let project = super::declared(names, files, sources, &mut found);
    let only = std::slice::from_ref(here);
    let has = |wanted: fn(&DeclKind) -> bool| here.decls.iter().any(|decl| wanted(&decl.kind));
    if has(|kind| matches!(kind, DeclKind::Segment { .. } | DeclKind::Stages { .. })) {
        super::segment::conditions(&project, only, &mut found);
    }
    if has(|kind| matches!(kind, DeclKind::Score { .. })) {
        super::score::check(&project, only, &mut found);
    }
    if has(|kind| matches!(kind, DeclKind::Policy { .. })) {
        super::policy::check(&project, only, &mut found);
    }
    if has(|kind| matches!(kind, DeclKind::Brand { .. })) {
        super::brand::check(&project, only, &mut found);
    }
    super::journey::some(&project, here, &mut found);
    let (uses, offers) = project.recorder().take();
    (offers, uses)
}

struct Walk<'a> {
    schema: &'a Schema,
    into: &'a mut BTreeMap<Symbol, Definition>,
}

impl Walk<'_> {
    fn add(&mut self, symbol: Symbol, name: &Name, whole: Place, docs: &Docs, title: Option<&TextLit>) -> &mut Definition {
        let definition = Definition {
            symbol: symbol.clone(),
            place: name.place,
            whole,
            docs: docs.text.clone(),
            title: title.map(|title| title.text.clone()),
            wire: None,
            ty: None,
        };
        self.into.entry(symbol).or_insert(definition)
    }

    fn declared(&mut self, kind: Kind, name: &Option<Name>, whole: Place, docs: &Docs, title: Option<&TextLit>) -> Option<Text> {
        let name = name.as_ref()?;
        self.add(Symbol::Declared(kind, name.text.clone()), name, whole, docs, title);
        Some(name.text.clone())
    }

    fn fields(&mut self, owner: &Owner, fields: &[Field]) {
        let known: Vec<(Text, Type)> = match owner {
            Owner::Customer => pairs(&self.schema.customer),
            Owner::Event(name) => {
                self.schema.events.iter().find(|event| event.name == *name).map_or(Vec::new(), |event| pairs(&event.fields))
            }
            Owner::Catalog(name) => {
                self.schema.catalogs.iter().find(|catalog| catalog.name == *name).map_or(Vec::new(), |catalog| pairs(&catalog.fields))
            }
            Owner::Answers(name) => {
                self.schema.hooks.iter().find(|hook| hook.name == *name).map_or(Vec::new(), |hook| pairs(&hook.answers))
            }
            Owner::Survey(_) | Owner::Channel(_) => Vec::new(),
        };
        for field in fields {
            let ty = known.iter().find(|(name, _)| *name == field.name.text).map(|(_, ty)| ty.clone());
            let one =
                self.add(Symbol::Field(owner.clone(), field.name.text.clone()), &field.name, field.place, &field.docs, field.wire.as_ref());
            one.wire = field.wire.as_ref().map(|wire| wire.place);
            one.ty = ty;
        }
    }

    fn params(&mut self, kind: Kind, owner: &Text, params: &[Param]) {
        for param in params {
            self.add(Symbol::Param(kind, owner.clone(), param.name.text.clone()), &param.name, param.place, &Docs::default(), None);
        }
    }

    fn message(&mut self, message: &ast::Message) {
        if let Some(name) = self.declared(Kind::Message, &message.name, message.place, &message.docs, None) {
            self.params(Kind::Message, &name, &message.params);
        }
    }

    fn decl(&mut self, decl: &ast::Decl) {
        let (place, docs) = (decl.place, &decl.docs);
        match &decl.kind {
            DeclKind::Customer { fields } => self.fields(&Owner::Customer, fields),
            DeclKind::Event { name, wire, fields } => {
                if let Some(text) = self.declared(Kind::Event, name, place, docs, wire.as_ref()) {
                    if let Some(one) = self.into.get_mut(&Symbol::Declared(Kind::Event, text.clone())) {
                        one.wire = wire.as_ref().map(|wire| wire.place);
                    }
                    self.fields(&Owner::Event(text), fields);
                }
            }
            DeclKind::Catalog { name, title, key, fields } => {
                if let Some(text) = self.declared(Kind::Catalog, name, place, docs, title.as_ref()) {
                    let owner = Owner::Catalog(text);
                    if let Some(key) = key {
                        self.add(Symbol::Field(owner.clone(), key.text.clone()), key, key.place, &Docs::default(), None).ty =
                            Some(Type::Text);
                    }
                    self.fields(&owner, fields);
                }
            }
            DeclKind::Topic { name, title, .. } => _ = self.declared(Kind::Topic, name, place, docs, title.as_ref()),
            DeclKind::Team { name, title } => _ = self.declared(Kind::Team, name, place, docs, title.as_ref()),
            DeclKind::Segment { name, title, .. } => _ = self.declared(Kind::Segment, name, place, docs, title.as_ref()),
            DeclKind::Route { name, .. } => _ = self.declared(Kind::Route, name, place, docs, None),
            DeclKind::Const { name, .. } => _ = self.declared(Kind::Const, name, place, docs, None),
            DeclKind::List { name, title } => _ = self.declared(Kind::List, name, place, docs, title.as_ref()),
            DeclKind::Audience { name, title } => _ = self.declared(Kind::Audience, name, place, docs, title.as_ref()),
            DeclKind::Score { name, title, .. } => _ = self.declared(Kind::Score, name, place, docs, title.as_ref()),
            DeclKind::Codes { name, title } => _ = self.declared(Kind::Codes, name, place, docs, title.as_ref()),
            DeclKind::CustomChannel { name, title, fields, .. } => {
                if let Some(text) = self.declared(Kind::Channel, name, place, docs, title.as_ref()) {
                    self.fields(&Owner::Channel(text), fields);
                }
            }
            DeclKind::Block { name, params, .. } => {
                if let Some(text) = self.declared(Kind::Block, name, place, docs, None) {
                    self.params(Kind::Block, &text, params);
                }
            }
            DeclKind::Survey { name, title, questions } => {
                if let Some(text) = self.declared(Kind::Survey, name, place, docs, title.as_ref()) {
                    self.questions(&text, questions);
                }
            }
            DeclKind::Stages { stages } => {
                for stage in stages {
                    self.declared(Kind::Stage, &stage.name, stage.place, &stage.docs, stage.title.as_ref());
                }
            }
            DeclKind::Hook(hook) => {
                if let Some(text) = self.declared(Kind::Hook, &hook.name, place, docs, None) {
                    self.params(Kind::Hook, &text, &hook.params);
                    for (fields, _) in &hook.answers {
                        self.fields(&Owner::Answers(text.clone()), fields);
                    }
                }
            }
            DeclKind::Message(message) => self.message(message),
            DeclKind::Journey(journey) => {
                if let Some(text) = self.declared(Kind::Journey, &journey.name, place, docs, journey.title.as_ref()) {
                    self.params(Kind::Journey, &text, &journey.params);
                }
                for item in &journey.items {
                    if let JourneyItem::Message(message) = item {
                        self.message(message);
                    }
                }
            }
            DeclKind::Policy { .. } | DeclKind::Channel { .. } | DeclKind::Brand { .. } | DeclKind::Scenario(_) => {}
        }
    }

    fn questions(&mut self, survey: &Text, questions: &[ast::Question]) {
        for question in questions {
            let symbol = Symbol::Field(Owner::Survey(survey.clone()), question.name.text.clone());
            let one = self.add(symbol, &question.name, question.place, &Docs::default(), question.text.as_ref());
            one.ty = matches!(question.answer, Answer::Range(..)).then_some(Type::Number);
        }
    }
}

fn pairs(fields: &[crate::schema::Field]) -> Vec<(Text, Type)> {
    fields.iter().map(|field| (field.name.clone(), field.ty.clone())).collect()
}
