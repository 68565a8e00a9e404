//! Catalogs: their declarations, the look-up of an item, and what can be read of one.
//!
//! In: `catalog product by sku { … }`, `product(entry.sku)`, `item.price`. Out: schema and typed expressions. **Invariant:** an item is
//! held as its key and read at each use; a look-up may always find nothing; nothing but a message's parameter and a name in a journey
//! holds an item: events and customers hold keys. Knows no items.

use super::declare::{TYPES, fields};
use super::expr::{Typer, a, broken};
use super::names::{self, Kind, Taken, choose_from};
use super::path::UnknownProperty;
use super::problem::problems;
use super::project::Project;
use super::scope::Subject;
use crate::ast::{self, Name, TypeRef};
use crate::condition::Expr;
use crate::diagnostic::{Code, Diagnostics, Fix};
use crate::schema::{Catalog, CatalogId};
use crate::source::Place;
use crate::value::{Text, Type};
use std::sync::Arc;

problems! {
    /// `catalog product by sku { sku text, … }`
    KeyIsThere { key: String, catalog: String } = Code::new("E0800", "key-is-there-already");
        "`{key}` need not be declared", "it is the key of `{catalog}`, which every item has", "take it out; a key is a text";

    /// `event liked { item product }`
    KeptItem { name: String, catalog: String } = Code::new("E0801", "item-is-kept");
        "`{name}` cannot hold an item of `{catalog}`", "what is kept or arrives is a text: the item's key",
        "declare the key, for example `{name} text`, and look the item up where it is needed: `{catalog}(…)`";

    /// `product()`, `product(a, b)`
    OneKey { catalog: String, key: String } = Code::new("E0802", "one-key");
        "an item of `{catalog}` is found by one key", "write its `{key}` here, and nothing else", "write for example `{catalog}(\"A1\")`";

    /// `top 3 of article by title`
    NoRank { field: String, is: String, help: String } = Code::new("E0806", "no-rank");
        "nothing is larger or smaller by `{field}`", "this is {is}", "{help}";
}

/// Most items of one `top`.
pub(crate) const TOP_MAX: u32 = 100;

/// `catalog product by sku { name text, price money THB }`
pub(super) fn declare(
    project: &mut Project,
    name: &Name,
    title: Option<&ast::TextLit>,
    key: Option<&Name>,
    written: &[ast::Field],
    found: &mut Diagnostics,
) {
    let mut fields = fields(project, written, false, found);
    if project.names.own(Kind::Catalog, name).is_none() {
        return;
    }
    // Both would be types: it would not be said which is meant.
    let taken = if TYPES.iter().any(|(word, _)| *word == name.text) {
        Some("this word is a type already")
    } else {
        project.names.get(Kind::Event, &name.text).map(|_| "an event has this name, and both can stand where a type is written")
    };
    if let Some(why) = taken {
        let help = format!("choose another name, for example `{}_item`", name.text);
        found.push(Taken { place: name.place, kind: "catalog", name: name.text.to_string(), why, help });
    }
    // A key that is not written is reported by the syntax.
    let key = key.map(|key| key.text.clone()).unwrap_or_default();
    if let Some(at) = fields.iter().position(|field| field.name == key)
        && let Some(twice) = written.iter().find(|field| field.name.text == key)
    {
        found.push(KeyIsThere { place: twice.name.place, key: key.to_string(), catalog: name.text.to_string() });
        fields.remove(at);
    }
    project.schema.catalogs.push(Catalog { name: name.text.clone(), title: title.map(|title| title.text.clone()), key, fields });
}

/// The type of something that is kept or arrives: no item of a catalog.
pub(super) fn kept(ty: Type, written: Option<&TypeRef>, name: &Name, found: &mut Diagnostics) -> Type {
    let Some(catalog) = catalog_in(&ty) else { return ty };
    let place = written.map_or(name.place, |written| written.place);
    found.push(KeptItem { place, name: name.text.to_string(), catalog: catalog.to_string() });
    Type::Error
}

fn catalog_in(ty: &Type) -> Option<&Text> {
    match ty {
        Type::Catalog(name) => Some(name),
        Type::Optional(inner) | Type::List(inner) => catalog_in(inner),
        _ => None,
    }
}

impl Typer<'_, '_, '_> {
    /// `product(entry.sku)`: there may be no such item.
    pub(super) fn lookup(&mut self, name: &Name, args: &[ast::Arg], place: Place) -> (Expr, Type) {
        let catalog = self.project.names.find(Kind::Catalog, name, self.found).map(CatalogId);
        let [ast::Arg { value: Some(key), name: said, .. }] = args else {
            args.iter().filter_map(|arg| arg.value.as_ref()).for_each(|value| drop(self.infer(value)));
            let broken_arg = args.iter().any(|arg| arg.value.is_none());
            if let Some(catalog) = catalog.filter(|_| !broken_arg) {
                self.one_key(catalog, place);
            }
            return broken();
        };
        // A key that may be missing finds nothing.
        let wanted = Type::Text.optional();
        let key = self.value(key, &wanted);
        let Some(catalog) = catalog else { return broken() };
        let declared = &self.project.schema.catalogs[catalog.index()];
        if let Some(said) = said
            && said.text != declared.key
        {
            self.one_key(catalog, said.place);
        }
        let ty = Type::Catalog(declared.name.clone()).optional();
        (Expr::Item { catalog, key: Box::new(key) }, ty)
    }

    /// A `where` over an item of a catalog.
    pub(super) fn condition_over_item(&mut self, catalog: CatalogId, written: &ast::Expr) -> Expr {
        let name = self.project.schema.catalogs[catalog.index()].name.clone();
        self.condition_in(Subject::Element(Type::Catalog(name)), written)
    }

    /// `top 3 of article where (topic in customer.interests) by published`: a list of items.
    pub(super) fn top(&mut self, top: &ast::Top) -> (Expr, Type) {
        let catalog = top.catalog.as_ref().and_then(|name| self.project.names.find(Kind::Catalog, name, self.found)).map(CatalogId);
        let name = catalog.map(|catalog| self.project.schema.catalogs[catalog.index()].name.clone());
        let subject = name.clone().map_or(Subject::Unknown, |name| Subject::Element(Type::Catalog(name)));
        let condition = top.condition.as_ref().map(|condition| Box::new(self.condition_in(subject, condition)));
        let count = top.count.as_ref().and_then(|count| super::amount::count(count, "the number of items", TOP_MAX, self.found));
        let (Some(catalog), Some(name)) = (catalog, name) else { return broken() };
        let by = match &top.by {
            Some(by) => match self.rank(catalog, by) {
                Some(rank) => rank,
                None => return broken(),
            },
            None => None,
        };
        let Some(count) = count else { return broken() };
        (Expr::Top { catalog, count: count as u16, condition, by }, Type::List(Arc::new(Type::Catalog(name))))
    }

    /// The field that items are ranked by; `Some(None)` for the key. `None` where it is reported.
    fn rank(&mut self, catalog: CatalogId, by: &Name) -> Option<Option<u16>> {
        let declared = &self.project.schema.catalogs[catalog.index()];
        let ty = Type::Catalog(declared.name.clone());
        self.offer_parts(&ty, by);
        self.note_part(&ty, by, &Type::Error);
        if by.text == declared.key {
            return Some(None);
        }
        let Some(at) = declared.field(&by.text) else {
            let name = declared.name.clone();
            self.item_property(Expr::It { depth: 0 }, &name, false, by);
            return None;
        };
        let ty = &declared.fields[usize::from(at)].ty;
        let ranked = |ty: &Type| {
            matches!(
                ty.required(),
                Type::Number | Type::Money(_) | Type::Date | Type::Time | Type::DateTime | Type::Duration | Type::Boolean | Type::Error
            )
        };
        if ranked(ty) {
            return Some(Some(at));
        }
        let others: Vec<&str> = declared.fields.iter().filter(|field| ranked(&field.ty)).map(|field| field.name.as_str()).collect();
        let help = match others.as_slice() {
            [] => "numbers, amounts, dates and times can be ranked; leave `by` out to take them by their keys".to_owned(),
            others => format!("numbers, amounts, dates and times can be ranked: {}", names::listed(others)),
        };
        self.found.push(NoRank { place: by.place, field: by.text.to_string(), is: a(ty), help });
        None
    }

    fn one_key(&mut self, catalog: CatalogId, place: Place) {
        let declared = &self.project.schema.catalogs[catalog.index()];
        let (catalog, key) = (declared.name.to_string(), declared.key.to_string());
        self.found.push(OneKey { place, catalog, key });
    }

    /// What `field` reads of an item of a catalog; reported where it has no such field.
    pub(super) fn item_property(&mut self, item: Expr, catalog: &str, optional: bool, field: &Name) -> (Expr, Type) {
        let of = Type::Catalog(Text::new(catalog));
        self.offer_parts(&of, field);
        if let Some((value, ty)) = self.own_property(item, catalog, &field.text) {
            self.note_part(&of, field, &ty);
            return (value, if optional { ty.optional() } else { ty });
        }
        let legal = self.item_properties(catalog);
        let none = "declare it in the catalog, for example `in_stock boolean`";
        let (help, near) = choose_from(&field.text, legal.iter().map(String::as_str), none);
        let fix: Vec<Fix> = names::changes(&near, field.place);
        let of = format!("an item of `{catalog}`");
        self.found.push(UnknownProperty { place: field.place, of, name: field.text.to_string(), help, fix });
        broken()
    }

    /// A field of an item, or its key.
    pub(super) fn own_property(&self, item: Expr, catalog: &str, field: &str) -> Option<(Expr, Type)> {
        let id = CatalogId(self.project.names.get(Kind::Catalog, catalog)?);
        let declared = &self.project.schema.catalogs[id.index()];
        if declared.key == field {
            return Some((item, Type::Text));
        }
        let at = declared.field(field)?;
        let ty = declared.fields[usize::from(at)].ty.clone();
        Some((Expr::ItemField { catalog: id, item: Box::new(item), field: at }, ty))
    }

    /// Names of everything that can be read of an item.
    pub(super) fn item_properties(&self, catalog: &str) -> Vec<String> {
        let Some(id) = self.project.names.get(Kind::Catalog, catalog) else { return Vec::new() };
        let declared = &self.project.schema.catalogs[usize::from(id)];
        std::iter::once(&declared.key).chain(declared.fields.iter().map(|field| &field.name)).map(Text::to_string).collect()
    }

    /// The catalog's own name inside a `where` over its items; with two of them the outer one.
    pub(super) fn own_item(&self, name: &str) -> Option<u8> {
        let subjects = &self.scope.subjects;
        let is_it = |subject: &Subject| matches!(subject, Subject::Element(Type::Catalog(catalog)) if catalog == name);
        let at = subjects.iter().position(is_it)?;
        Some((subjects.len() - 1 - at) as u8)
    }
}
