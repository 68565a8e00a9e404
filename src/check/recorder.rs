//! What every name resolved to, for an editor.
//!
//! In: the checker, at each place where it has resolved a name. Out: [`Use`]s, and [`Offer`]s: what could stand where the cursor is.
//! **Invariant:** off unless asked for, and then a look-up costs one test of an `Option`; it only listens: no finding, number or type
//! depends on it. Who resolves tells; nothing is resolved here. Knows no text and no editor.

use super::expr::Typer;
use super::names::{self, Kind};
use super::project::Project;
use super::scope::{self, Binding, Subject};
use crate::ast::Name;
use crate::schema::{EventId, Field};
use crate::source::Place;
use crate::value::{Text, Type};
use std::cell::RefCell;

/// Whose field it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Owner {
    Customer,
    Event(Text),
    Catalog(Text),
    /// The answers of a hook.
    Answers(Text),
    Survey(Text),
    Channel(Text),
}

/// What a name can mean. Two uses of equal symbols mean the same thing.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Symbol {
    Declared(Kind, Text),
    Field(Owner, Text),
    /// A parameter of a message, a journey, a hook or a block.
    Param(Kind, Text, Text),
    /// `let x`, `as x`, `for each x`: by the place where it is bound.
    Local(Place),
    /// A word of the language: `customer`, `entry`, `email` as a channel, a filter, a part of a content.
    Word(&'static str, Text),
}

/// A place where a name stands.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Use {
    pub place: Place,
    pub symbol: Symbol,
    /// Of the value, where it is one.
    pub ty: Option<Type>,
}

/// Something that could stand where the cursor is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Offer {
    pub name: Text,
    pub symbol: Symbol,
    pub ty: Option<Type>,
}

impl Offer {
    pub(crate) fn new(name: impl AsRef<str>, symbol: Symbol, ty: Option<Type>) -> Offer {
        Offer { name: Text::new(name.as_ref()), symbol, ty }
    }

    fn word(kind: &'static str, name: &str, ty: Option<Type>) -> Offer {
        Offer::new(name, Symbol::Word(kind, Text::new(name)), ty)
    }
}

#[derive(Debug, Default)]
struct Log {
    cursor: Option<Place>,
    braces: Option<Owner>,
    uses: Vec<Use>,
    offers: Vec<Offer>,
}

/// Listens, where it is on.
#[derive(Debug, Default)]
pub(crate) struct Recorder(Option<RefCell<Log>>);

impl Recorder {
    /// `cursor`: the name at which offers are wanted.
    pub(crate) fn on(cursor: Option<Place>) -> Recorder {
        Recorder(Some(RefCell::new(Log { cursor, ..Log::default() })))
    }

    pub(crate) fn is_on(&self) -> bool {
        self.0.is_some()
    }

    pub(crate) fn note(&self, place: Place, symbol: impl FnOnce() -> Symbol, ty: Option<&Type>) {
        if let Some(log) = &self.0
            && !place.span.is_empty()
        {
            let one = Use { place, symbol: symbol(), ty: ty.filter(|ty| **ty != Type::Error).cloned() };
            log.borrow_mut().uses.push(one);
        }
    }

    /// `offers` is only asked where the cursor is in this name.
    pub(crate) fn offer(&self, place: Place, offers: impl FnOnce() -> Vec<Offer>) {
        let Some(log) = &self.0 else { return };
        let is_here = log.borrow().cursor.is_some_and(|cursor| cursor == place);
        if is_here {
            let offers = offers();
            log.borrow_mut().offers.extend(offers);
        }
    }

    /// The fields in the braces that are looked at next are these.
    pub(crate) fn next_braces(&self, owner: impl FnOnce() -> Owner) {
        if let Some(log) = &self.0 {
            log.borrow_mut().braces = Some(owner());
        }
    }

    pub(crate) fn take_braces(&self) -> Option<Owner> {
        self.0.as_ref().and_then(|log| log.borrow_mut().braces.take())
    }

    pub(crate) fn take(&self) -> (Vec<Use>, Vec<Offer>) {
        let Some(log) = &self.0 else { return (Vec::new(), Vec::new()) };
        let mut log = log.borrow_mut();
        let (mut uses, mut offers) = (std::mem::take(&mut log.uses), std::mem::take(&mut log.offers));
        uses.sort();
        uses.dedup();
        let mut seen = std::collections::HashSet::new();
        offers.retain(|offer| seen.insert((offer.name.clone(), offer.symbol.clone())));
        (uses, offers)
    }
}

/// Fields as offers.
pub(crate) fn of_fields(owner: &Owner, fields: &[Field]) -> Vec<Offer> {
    fields.iter().map(|field| Offer::new(&field.name, Symbol::Field(owner.clone(), field.name.clone()), Some(field.ty.clone()))).collect()
}

impl Project<'_> {
    pub(crate) fn recorder(&self) -> &Recorder {
        &self.names.recorder
    }

    /// An event, or the answers of a survey.
    pub(crate) fn owner(&self, event: EventId) -> Owner {
        let survey = self.schema.surveys.iter().find(|survey| survey.event == event);
        let name = || self.schema.events.get(event.index()).map(|event| event.name.clone()).unwrap_or_default();
        survey.map_or_else(|| Owner::Event(name()), |survey| Owner::Survey(survey.name.clone()))
    }

    pub(crate) fn note_field(&self, name: &Name, owner: impl FnOnce() -> Owner, ty: &Type) {
        self.recorder().note(name.place, || Symbol::Field(owner(), name.text.clone()), Some(ty));
    }

    /// Names of a kind, with the types of constants.
    pub(crate) fn offers_of(&self, kind: Kind) -> Vec<Offer> {
        self.names.of_kind(kind).into_iter().map(|name| Offer::new(name, Symbol::Declared(kind, Text::new(name)), None)).collect()
    }

    /// The channels there are, those that the project declares, and routes.
    pub(crate) fn offers_of_channels(&self, routes: bool) -> Vec<Offer> {
        let mut offers: Vec<Offer> = names::CHANNELS.iter().map(|(name, _)| Offer::word("channel", name, None)).collect();
        offers.extend(self.offers_of(Kind::Channel));
        if routes {
            offers.extend(self.offers_of(Kind::Route));
        }
        offers
    }
}

impl Typer<'_, '_, '_> {
    /// What a head is; `own`: a bare property of the nearest `where`.
    pub(super) fn note_head(&mut self, name: &Name, own: bool, ty: Option<&Type>) {
        if !self.project.recorder().is_on() {
            return;
        }
        let symbols = if own { vec![self.subject_symbol(&name.text)] } else { vec![self.other_symbol(&name.text)] };
        for symbol in symbols.into_iter().flatten() {
            self.project.recorder().note(name.place, || symbol, ty);
        }
    }

    fn subject_symbol(&self, name: &str) -> Option<Symbol> {
        match self.scope.subjects.last()? {
            Subject::Event(event) => Some(Symbol::Field(self.project.owner(*event), Text::new(name))),
            Subject::Element(ty) => match ty.required() {
                Type::Catalog(catalog) => Some(Symbol::Field(Owner::Catalog(catalog.clone()), Text::new(name))),
                _ => Some(Symbol::Word("part", Text::new(name))),
            },
            _ => None,
        }
    }

    fn other_symbol(&self, name: &str) -> Option<Symbol> {
        if let Some(place) = self.scope.bound_at(name) {
            return Some(Symbol::Local(place));
        }
        if self.scope.param(name).is_some() {
            let (kind, owner) = self.scope.owner.clone()?;
            return Some(Symbol::Param(kind, owner, Text::new(name)));
        }
        for kind in [Kind::Const, Kind::Catalog, Kind::Event] {
            let is_item = kind != Kind::Catalog || self.own_item(name).is_some();
            if is_item && !names::ROOTS.contains(&name) && self.project.names.get(kind, name).is_some() {
                return Some(Symbol::Declared(kind, Text::new(name)));
            }
        }
        Some(Symbol::Word("value", Text::new(name)))
    }

    /// `entry.total`: a parameter, and the property of every event that brings it.
    pub(super) fn note_entry(&self, name: &Name, ty: &Type) {
        if !self.project.recorder().is_on() {
            return;
        }
        let origins = self.scope.entry.as_deref().map(|entry| entry.origins(self.project, &name.text)).unwrap_or_default();
        if origins.is_empty() {
            self.project.recorder().note(name.place, || Symbol::Word("value", name.text.clone()), Some(ty));
        }
        for symbol in origins {
            self.project.recorder().note(name.place, || symbol, Some(ty));
        }
    }

    /// Everything that can begin an expression here.
    pub(super) fn offer_heads(&self, name: &Name) {
        self.project.recorder().offer(name.place, || {
            let mut offers = match self.scope.subjects.last() {
                Some(Subject::Event(event)) => of_fields(&self.project.owner(*event), &self.project.schema.events[event.index()].fields),
                Some(Subject::Element(ty)) => self.offers_of_value(ty, true),
                _ => Vec::new(),
            };
            for (name, place, what) in self.scope.bindings() {
                let ty = match what {
                    Binding::Local(_, ty) => Some(ty.clone()),
                    Binding::Send(..) => None,
                };
                offers.push(Offer::new(name, Symbol::Local(place), ty));
            }
            if let Some((kind, owner)) = &self.scope.owner {
                let params = self.scope.params.iter();
                offers
                    .extend(params.map(|(name, ty)| Offer::new(name, Symbol::Param(*kind, owner.clone(), name.clone()), Some(ty.clone()))));
            }
            for head in scope::heads(self.scope, &self.project.names) {
                if let Some(id) = self.project.names.get(Kind::Const, head) {
                    let ty = self.project.constants.get(usize::from(id)).map(|(_, ty)| ty.clone());
                    offers.push(Offer::new(head, Symbol::Declared(Kind::Const, Text::new(head)), ty));
                } else if names::ROOTS.contains(&head) || names::GIVEN.contains(&head) {
                    offers.push(Offer::word("value", head, None));
                }
            }
            if self.scope.customer && !self.scope.template {
                offers.extend(self.project.offers_of(Kind::Catalog));
            }
            offers
        });
    }

    /// Messages, and sends above: what `on clicked …` can be about.
    pub(super) fn offer_messages(&self, name: &Name) {
        self.project.recorder().offer(name.place, || {
            let sends = self.scope.bindings().filter(|(_, _, what)| matches!(what, Binding::Send(..)));
            let mut offers: Vec<Offer> = sends.map(|(name, place, _)| Offer::new(name, Symbol::Local(place), None)).collect();
            offers.extend(self.project.offers_of(Kind::Message));
            offers
        });
    }

    /// Everything that can follow `customer.`
    pub(super) fn offer_customer(&self, field: &Name) {
        self.project.recorder().offer(field.place, || {
            let mut offers = of_fields(&Owner::Customer, &self.project.schema.customer);
            offers.push(Offer::word("value", "id", Some(Type::Text)));
            let scores = self.project.schema.scores.iter();
            offers
                .extend(scores.map(|score| Offer::new(&score.name, Symbol::Declared(Kind::Score, score.name.clone()), Some(Type::Number))));
            offers
        });
    }

    /// Everything that can follow `entry.`
    pub(super) fn offer_entry(&self, field: &Name) {
        self.project.recorder().offer(field.place, || {
            let mut offers = self.scope.entry.as_deref().map(|entry| entry.offers(self.project)).unwrap_or_default();
            offers.push(Offer::word("value", "at", Some(Type::DateTime)));
            if self.scope.entry.as_deref().is_some_and(|entry| entry.date().is_some()) {
                offers.push(Offer::word("value", "date", Some(Type::Date)));
            }
            offers
        });
    }

    pub(super) fn offer_event(&self, event: EventId, field: &Name) {
        self.project
            .recorder()
            .offer(field.place, || of_fields(&self.project.owner(event), &self.project.schema.events[event.index()].fields));
    }

    /// Everything that can follow a value and a dot.
    pub(super) fn offer_parts(&self, ty: &Type, field: &Name) {
        self.project.recorder().offer(field.place, || self.offers_of_value(ty, false));
    }

    fn offers_of_value(&self, ty: &Type, bare: bool) -> Vec<Offer> {
        match ty.required() {
            Type::Record(fields) => {
                fields.iter().map(|(name, ty)| Offer::new(name, Symbol::Word("part", name.clone()), Some(ty.clone()))).collect()
            }
            Type::Event(name) => {
                let event = self.project.event_named(name);
                event
                    .map(|event| of_fields(&self.project.owner(event), &self.project.schema.events[event.index()].fields))
                    .unwrap_or_default()
            }
            Type::Catalog(name) => {
                let catalog = self.project.schema.catalogs.iter().find(|catalog| catalog.name == *name);
                let Some(catalog) = catalog else { return Vec::new() };
                let owner = Owner::Catalog(name.clone());
                let mut offers = of_fields(&owner, &catalog.fields);
                offers.push(Offer::new(&catalog.key, Symbol::Field(owner, catalog.key.clone()), Some(Type::Text)));
                offers
            }
            other if bare => vec![Offer::word("value", "it", Some(other.clone()))],
            _ => Vec::new(),
        }
    }

    /// What `.field` of a value is.
    pub(super) fn note_part(&self, of: &Type, field: &Name, ty: &Type) {
        self.project.recorder().note(
            field.place,
            || match of.required() {
                Type::Event(name) => match self.project.event_named(name) {
                    Some(event) => Symbol::Field(self.project.owner(event), field.text.clone()),
                    None => Symbol::Word("part", field.text.clone()),
                },
                Type::Catalog(name) => Symbol::Field(Owner::Catalog(name.clone()), field.text.clone()),
                _ => Symbol::Word("part", field.text.clone()),
            },
            Some(ty),
        );
    }

    /// Filters of templates.
    pub(super) fn offer_filters(&self, place: Place) {
        self.project.recorder().offer(place, || {
            let all = crate::template::filter::NAMES.iter().copied().filter(|name| *name != "h").chain(["money"]);
            all.map(|name| Offer::word("filter", name, None)).collect()
        });
    }

    pub(super) fn note_filter(&self, name: &str, place: Place) {
        if name == "money" || crate::template::filter::NAMES.contains(&name) {
            self.project.recorder().note(place, || Symbol::Word("filter", Text::new(name)), None);
        }
    }

    /// Fields in braces: `{ order_id: … }`.
    pub(super) fn note_braces(&self, written: &[(Name, Option<crate::ast::Expr>)], shape: &[(Text, Type, bool)]) {
        let recorder = self.project.recorder();
        if !recorder.is_on() {
            return;
        }
        let owner = recorder.take_braces();
        let symbol = |name: &Text| match &owner {
            Some(owner) => Symbol::Field(owner.clone(), name.clone()),
            None => Symbol::Word("part", name.clone()),
        };
        for (name, _) in written {
            recorder.offer(name.place, || {
                let free = shape.iter().filter(|(field, _, _)| !written.iter().any(|(other, _)| other.text == *field));
                free.map(|(field, ty, _)| Offer::new(field, symbol(field), Some(ty.clone()))).collect()
            });
            if let Some((_, ty, _)) = shape.iter().find(|(field, _, _)| *field == name.text) {
                recorder.note(name.place, || symbol(&name.text), Some(ty));
            }
        }
    }
}
