//! Values in templates with tags: names, paths, what may be missing.
//!
//! In: terms. Out: types, and for what the host computes, its number. **Invariant:** the longest part of a path that the language itself
//! knows is one value of the host; only lists, texts and records are looked into further.

use super::rich::{NoSuchPart, UnknownInText, Walk};
use super::{CannotBeShown, NeedsDefault};
use crate::ast::{Name, PathRef};
use crate::check::expr::{Typer, a};
use crate::check::names;
use crate::check::recorder::{Offer, Symbol};
use crate::condition::Expr;
use crate::diagnostic::{Diagnostics, Fix, suggest};
use crate::source::Place;
use crate::template::host::HostValue;
use crate::template::tree::{At, Root, Step, Term, TermKind};
use crate::value::{Text, Type};
use std::sync::Arc;

const COMMANDS: [&str; 3] = ["size", "first", "last"];

impl Walk<'_, '_, '_, '_> {
    /// The type of a value. What the conditions around have asked for is there.
    pub(super) fn term(&mut self, term: &Term) -> Type {
        match &term.kind {
            TermKind::Nil | TermKind::Empty | TermKind::Blank => Type::Error,
            TermKind::Boolean(_) => Type::Boolean,
            TermKind::Integer(_) | TermKind::Float(_) => Type::Number,
            TermKind::Text(_) => Type::Text,
            TermKind::Range(from, to) => {
                for end in [from, to] {
                    let ty = self.term(end);
                    self.must_be_there(end, &ty);
                }
                Type::List(Arc::new(Type::Number))
            }
            TermKind::Path { root, steps } => {
                let ty = match root {
                    Root::Name(name) => self.path(term, name, steps),
                    Root::Computed(_) => {
                        let at = self.place(&term.at);
                        let help = "name it directly, for example `customer.first_name`".to_owned();
                        self.typer.found.push(NoSuchPart {
                            place: at,
                            name: "[…]".to_owned(),
                            is: "a name that is worked out".to_owned(),
                            help,
                            fix: Vec::new(),
                        });
                        Type::Error
                    }
                };
                if ty.is_optional() && self.written(term).is_some_and(|written| self.known.contains(&written)) {
                    return ty.required().clone();
                }
                ty
            }
        }
    }

    /// `customer.first_name`, as conditions and texts name it.
    pub(super) fn written(&self, term: &Term) -> Option<String> {
        let TermKind::Path { root: Root::Name(name), steps } = &term.kind else { return None };
        let mut written = name.text.clone();
        for step in steps {
            written.push('.');
            match step {
                Step::Field(field) => written.push_str(&field.text),
                Step::Index(index) => match &index.kind {
                    TermKind::Text(text) => written.push_str(text),
                    _ => return None,
                },
            }
        }
        Some(written)
    }

    fn path(&mut self, term: &Term, root: &crate::template::tree::Name, steps: &[Step]) -> Type {
        let place = self.place(&root.at);
        self.typer.project.recorder().offer(place, || {
            self.locals.iter().map(|(name, ty)| Offer::new(name, Symbol::Word("part", Text::new(name)), Some(ty.clone()))).collect()
        });
        if let Some(ty) = self.locals.get(&root.text).cloned() {
            self.note_local(&root.text, place, &ty);
            return self.steps(ty, steps, root.text.clone());
        }
        let mut parts = vec![self.name(&root.text, &root.at)];
        for step in steps {
            match step {
                Step::Field(field) => parts.push(self.name(&field.text, &field.at)),
                Step::Index(index) => match &index.kind {
                    TermKind::Text(text) => parts.push(self.name(text, &(index.at.start + 1..index.at.end - 1))),
                    _ => break,
                },
            }
        }
        // A list or text is looked into by the template: `.size`, `.first`, `.last`.
        let mut covered = parts.len() - 1;
        let is_customer = matches!(root.text.as_str(), "customer" | "entry");
        for at in usize::from(is_customer)..covered {
            if COMMANDS.contains(&parts[at + 1].text.as_str()) && self.can_be_looked_into(&parts[..=at]) {
                covered = at;
                break;
            }
        }
        parts.truncate(covered + 1);
        let written = parts.iter().map(|part| part.text.as_str()).collect::<Vec<_>>().join(".");
        let Some((first, last)) = parts.first().zip(parts.last()) else { return Type::Error };
        let place = first.place.to(last.place);
        if parts.len() < 2 || !is_customer {
            // A name of this text that is only misspelt.
            let near = suggest::nearest(&root.text, self.locals.keys().map(String::as_str));
            if !near.is_empty() && self.silently(&parts[..1]).is_none() && self.silently(&parts).is_none() {
                let place = first.place;
                let (help, fix) = (names::did_you_mean(&near), names::changes(&near, place));
                self.typer.found.push(UnknownInText { place, name: root.text.clone(), help, fix });
                return Type::Error;
            }
        }
        let Some((expr, ty)) = self.typer.path(&PathRef { parts, place }) else { return Type::Error };
        let number = self.host(expr, &ty);
        self.typed.paths.insert((self.partial.clone(), term.at.start, term.at.end), (number, covered));
        self.steps(ty, &steps[covered..], written)
    }

    /// A name of this text: a parameter of the block that it is, or what it has set itself.
    fn note_local(&self, name: &str, place: Place, ty: &Type) {
        let of_block = self.typer.scope.owner.clone().filter(|_| self.typer.scope.param(name).is_some());
        let symbol = || match of_block {
            Some((kind, owner)) => Symbol::Param(kind, owner, Text::new(name)),
            None => Symbol::Word("part", Text::new(name)),
        };
        self.typer.project.recorder().note(place, symbol, Some(ty));
    }

    fn name(&self, text: &str, at: &At) -> Name {
        let quoted = self.text.text.get(at.clone()).is_some_and(|written| written.starts_with('`'));
        Name { text: Text::new(text), place: self.place(at), quoted }
    }

    /// Asks without reporting whether a path is a list or a text.
    fn can_be_looked_into(&mut self, parts: &[Name]) -> bool {
        let found = self.silently(parts);
        found.is_some_and(|(_, ty)| matches!(ty.required(), Type::List(_)) || ty.is_textual())
    }

    /// What a path is, without reporting that it is nothing.
    fn silently(&mut self, parts: &[Name]) -> Option<(Expr, Type)> {
        let (first, last) = parts.first().zip(parts.last())?;
        let mut silent = Diagnostics::default();
        let place: Place = first.place.to(last.place);
        let mut typer = Typer { project: self.typer.project, scope: self.typer.scope, found: &mut silent };
        typer.path(&PathRef { parts: parts.to_vec(), place })
    }

    /// The number of a value that the host computes.
    fn host(&mut self, expr: Expr, ty: &Type) -> u32 {
        let at = self.typed.values.iter().position(|value| value.expr == expr);
        at.unwrap_or_else(|| {
            self.typed.values.push(HostValue { expr, ty: ty.clone() });
            self.typed.values.len() - 1
        }) as u32
    }

    /// `written` is the path so far: what a condition around has asked for is there.
    fn steps(&mut self, mut ty: Type, steps: &[Step], mut written: String) -> Type {
        for step in steps {
            let optional = ty.is_optional() && !self.known.contains(&written);
            let next = self.step(ty.required(), step);
            ty = if optional { next.optional() } else { next };
            written.push('.');
            match step {
                Step::Field(field) => written.push_str(&field.text),
                Step::Index(index) => match &index.kind {
                    TermKind::Text(text) => written.push_str(text),
                    // A part by its number is not asked for by name.
                    _ => written.push_str("[]"),
                },
            }
        }
        ty
    }

    fn step(&mut self, ty: &Type, step: &Step) -> Type {
        let (name, at) = match step {
            Step::Field(name) => (name.text.as_str(), name.at.clone()),
            Step::Index(index) => match (&index.kind, ty) {
                (TermKind::Text(text), _) => (text.as_str(), index.at.start + 1..index.at.end - 1),
                (_, Type::List(item)) => {
                    self.term(index);
                    return (**item).clone().optional();
                }
                _ => ("[…]", index.at.clone()),
            },
        };
        let place = self.place(&at);
        self.typer.project.recorder().offer(place, || {
            let mut offers: Vec<Offer> = match ty {
                Type::List(_) => COMMANDS.iter().map(|name| Offer::new(name, Symbol::Word("part", Text::new(name)), None)).collect(),
                _ => Vec::new(),
            };
            if let Type::Record(fields) = ty {
                let parts = fields.iter();
                offers.extend(parts.map(|(name, ty)| Offer::new(name, Symbol::Word("part", name.clone()), Some(ty.clone()))));
            }
            offers
        });
        match (ty, name) {
            (Type::Error, _) => Type::Error,
            (Type::List(_), "size") => Type::Number,
            (Type::List(item), "first" | "last") => (**item).clone().optional(),
            (Type::Record(fields), name) if fields.iter().any(|(field, _)| field == name) => {
                fields.iter().find(|(field, _)| field == name).map_or(Type::Error, |(_, ty)| ty.clone())
            }
            (ty, "size") if ty.is_textual() => Type::Number,
            (ty, "first" | "last") if ty.is_textual() => Type::Text,
            (ty, name) => self.no_part(ty, name, &at),
        }
    }

    pub(super) fn no_part(&mut self, ty: &Type, name: &str, at: &At) -> Type {
        let place = self.place(at);
        let parts: Vec<&str> = match ty {
            Type::Record(fields) => fields.iter().map(|(field, _)| field.as_str()).collect(),
            Type::List(_) => COMMANDS.to_vec(),
            _ => Vec::new(),
        };
        let none = if matches!(ty, Type::List(_)) {
            "name one of its items: `items.first`, `items[0]`, or go through it with `for`"
        } else {
            "it has no parts"
        };
        let (help, near) = names::choose_from(name, parts, none);
        let fix = names::changes(&near, place);
        self.typer.found.push(NoSuchPart { place, name: name.to_owned(), is: a(ty), help, fix });
        Type::Error
    }

    /// Reports a value that may be missing where something must be.
    pub(super) fn must_be_there(&mut self, term: &Term, ty: &Type) {
        if ty.is_optional() {
            self.needs_a_default(ty, &term.at, &term.at);
        }
    }

    /// `whole`: with the filters that are there already.
    pub(super) fn needs_a_default(&mut self, ty: &Type, at: &At, whole: &At) {
        let default = match ty.required() {
            Type::Number => "0",
            _ => "'…'",
        };
        let written = self.text.text[at.clone()].to_owned();
        let example = format!("{{{{ {} | default: {default} }}}}", &self.text.text[at.start..whole.end]);
        let end = self.place(&(whole.end..whole.end));
        let fix = vec![Fix::replace(format!("add `| default: {default}`"), end, format!(" | default: {default}"))];
        let place = self.place(at);
        self.typer.found.push(NeedsDefault { place, text: written, example, fix });
    }

    /// Whether a value can stand in a text.
    pub(super) fn can_be_shown(&mut self, ty: &Type, at: &At) -> bool {
        let can = !matches!(ty.required(), Type::List(_) | Type::Record(_) | Type::Event(_) | Type::Customer);
        if !can {
            let place = self.place(at);
            self.typer.found.push(CannotBeShown { place, is: a(ty) });
        }
        can
    }
}
