//! Items of catalogs in a story: given, new, changed, gone.
//!
//! In: `given product "A1" { … }`, `at … product "A1" { stock: 5 }`, `after … product "A1" is gone`. Out: checked [`ItemChange`]s.
//! **Invariant:** an item that was not there comes with everything that it must have; one that was there says only what changes.

use super::checked::ItemChange;
use super::names::Kind;
use super::problem::problems;
use super::recorder::Owner;
use super::scenario::Cx;
use super::scenario_happens::record;
use crate::ast::ItemScene;
use crate::diagnostic::Code;
use crate::schema::CatalogId;
use crate::source::Place;
use crate::value::{Text, Type};

/// Most characters of a key.
pub(crate) const KEY_CHARS_MAX: usize = 256;

problems! {
    /// `given product { … }`
    WhichItem { catalog: String } = Code::new("E0803", "which-item");
        "it is not said which item of `{catalog}` this is", "a story is exact", "write its key in quotes: `{catalog} \"A1\" {{ … }}`";

    /// `product "A1" is gone` where there is none.
    NotThere { key: String, catalog: String } = Code::new("E0804", "item-is-not-there");
        "there is no \"{key}\" in `{catalog}` here", "nothing above has put it there", "give it first: `given {catalog} \"{key}\" {{ … }}`";

    /// A key that nobody could look up.
    KeyUnusable { why: &'static str } = Code::new("E0805", "key-unusable");
        "this cannot be the key of an item", "{why}", "write the item's key as other systems know it, for example `\"A1\"`";
}

/// An item that is given, comes or changes.
pub(super) fn item(cx: &mut Cx, written: &ItemScene, place: Place) -> Option<ItemChange> {
    let (catalog, key) = which(cx, written, place)?;
    let is_new = !cx.items.contains(&(catalog, key.clone()));
    let project = cx.project;
    let declared = project.schema.catalogs.get(catalog.index())?;
    let shape: Vec<(Text, Type, bool)> =
        declared.fields.iter().map(|field| (field.name.clone(), field.ty.clone(), !is_new || !field.default.is_missing())).collect();
    cx.items.insert((catalog, key.clone()));
    project.recorder().next_braces(|| Owner::Catalog(declared.name.clone()));
    let values = record(cx, &shape, written.fields.as_ref(), place)?;
    let value = |(at, value): (usize, Option<crate::value::Value>)| match value {
        Some(value) => Some((at as u16, value)),
        None if is_new => Some((at as u16, declared.fields.get(at)?.default.clone())),
        None => None,
    };
    let fields = values.into_iter().enumerate().filter_map(value).collect();
    Some(ItemChange { catalog, key, fields: Some(fields) })
}

/// An item that is gone.
pub(super) fn gone(cx: &mut Cx, written: &ItemScene, place: Place) -> Option<ItemChange> {
    let (catalog, key) = which(cx, written, place)?;
    if !cx.items.remove(&(catalog, key.clone())) {
        let name = cx.project.schema.catalogs.get(catalog.index()).map_or(String::new(), |catalog| catalog.name.to_string());
        cx.found.push(NotThere { place, key: key.to_string(), catalog: name });
        return None;
    }
    Some(ItemChange { catalog, key, fields: None })
}

fn which(cx: &mut Cx, written: &ItemScene, place: Place) -> Option<(CatalogId, Text)> {
    let name = written.catalog.as_ref()?;
    let catalog = cx.project.names.find(Kind::Catalog, name, cx.found).map(CatalogId)?;
    let Some(key) = &written.key else {
        cx.found.push(WhichItem { place, catalog: name.text.to_string() });
        return None;
    };
    let why = match key.text.chars().count() {
        _ if key.text.trim().is_empty() => "it is empty",
        length if length > KEY_CHARS_MAX => "it has more than 256 characters",
        _ => return Some((catalog, Text::new(&key.text))),
    };
    cx.found.push(KeyUnusable { place: key.place, why });
    None
}
