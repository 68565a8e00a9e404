//! Entries on what happens to an item: `enter when product.stock rises above 0 where product.sku in customer.wishlist`.
//!
//! In: the path, the test and the `where`. Out: a checked entry. **Invariant:** the condition names the list, field or event of a customer
//! that makes an item matter to her, so that a change finds its customers without asking everybody.

use super::checked::EntryKind;
use super::expr::{Typer, a, fits};
use super::journey::Cx;
use super::names::Kind;
use super::path::UnknownProperty;
use super::problem::problems;
use super::recorder::{Owner, Symbol};
use super::scope::Scope;
use crate::ast::{self, ChangeTest, PathRef};
use crate::condition::Expr;
use crate::condition::watch::watch_of;
use crate::diagnostic::Code;
use crate::schema::CatalogId;
use crate::source::Place;
use crate::value::{Decimal, Type, Value};

problems! {
    /// `enter when product.stock rises above 0`, of which every customer would have to be asked.
    WhoseItem { catalog: String, key: String, example: String } = Code::new("E0810", "whose-item");
        "it is not said for whom an item of `{catalog}` matters", "every customer would have to be asked about every change",
        "name her list or what she did: `{example}`, or `where has product_viewed in the last 30 days where {key} is {catalog}.{key}`";

    /// `enter when stock rises above 0`
    NotAnItemsField { path: String, help: String } = Code::new("E0811", "not-an-items-field");
        "`{path}` is no field of a catalog's item", "customers enter when something about an item changes", "{help}";

    /// `enter when product.price drops by 120%`
    NoSuchShare { most: String } = Code::new("E0813", "share-of-a-change");
        "a price or a number cannot change by this share", "it is more than 0% and at most {most}%", "write for example `drops by 10%`";

    /// `enter when product.name rises above "M"`
    CannotRise { is: String, help: String } = Code::new("E0812", "cannot-rise-or-drop");
        "this cannot rise or drop", "it is {is}", "{help}";
}

/// Most percent that something can rise by: a thousand times of what it was.
const PERCENT_MAX: i64 = 100_000;

pub(super) fn check(cx: &mut Cx, path: &PathRef, test: Option<ChangeTest>, than: Option<&ast::Expr>) -> Option<EntryKind> {
    let dotted = super::header_entry::dotted(path);
    let [root, name] = path.parts.as_slice() else {
        not_a_field(cx, path, dotted);
        return None;
    };
    let Some(catalog) = cx.project.names.get(Kind::Catalog, &root.text).map(CatalogId) else {
        not_a_field(cx, path, dotted);
        return None;
    };
    cx.project.names.mark(Kind::Catalog, &root.text);
    cx.project.recorder().note(root.place, || Symbol::Declared(Kind::Catalog, root.text.clone()), None);
    let declared = cx.project.schema.catalogs.get(catalog.index())?;
    let owner = Owner::Catalog(declared.name.clone());
    cx.project.recorder().offer(name.place, || super::recorder::of_fields(&owner, &declared.fields));
    if let Some(at) = declared.field(&name.text) {
        cx.project.note_field(name, || owner.clone(), &declared.fields[usize::from(at)].ty);
    }
    let Some(field) = declared.field(&name.text) else {
        if declared.key == name.text {
            let help = format!("the key of an item never changes; name a field, for example `{}.{}`", root.text, example_field(declared));
            cx.found.push(NotAnItemsField { place: path.place, path: dotted, help });
        } else {
            let legal = declared.fields.iter().map(|field| field.name.as_str());
            let (help, near) = super::names::choose_from(&name.text, legal, "declare it in the catalog");
            let fix = super::names::changes(&near, name.place);
            let of = format!("an item of `{}`", root.text);
            cx.found.push(UnknownProperty { place: name.place, of, name: name.text.to_string(), help, fix });
        }
        return None;
    };
    let ty = declared.fields.get(usize::from(field))?.ty.required().clone();
    let (test, than) = threshold(cx, catalog, &ty, test?, path, than)?;
    Some(EntryKind::Changes { catalog, field, test, than })
}

/// What the field is compared with.
fn threshold(
    cx: &mut Cx,
    catalog: CatalogId,
    ty: &Type,
    test: ChangeTest,
    path: &PathRef,
    than: Option<&ast::Expr>,
) -> Option<(ChangeTest, Option<Expr>)> {
    if test == ChangeTest::Changes {
        return Some((test, None));
    }
    let ordered = match test {
        ChangeTest::RisesBy | ChangeTest::DropsBy => matches!(ty, Type::Number | Type::Money(_) | Type::Error),
        _ => matches!(ty, Type::Number | Type::Money(_) | Type::Duration | Type::Date | Type::Time | Type::DateTime | Type::Error),
    };
    if !ordered {
        let help = format!("write `when {} changes`", super::header_entry::dotted(path));
        cx.found.push(CannotRise { place: path.place, is: a(ty), help });
        return None;
    }
    if matches!(test, ChangeTest::Rises | ChangeTest::Drops) {
        return Some((test, None));
    }
    if let (ChangeTest::RisesBy | ChangeTest::DropsBy, ast::ExprKind::Percent(percent)) = (test, &than?.kind) {
        let (test, most) =
            if test == ChangeTest::RisesBy { (ChangeTest::RisesByShare, PERCENT_MAX) } else { (ChangeTest::DropsByShare, 100) };
        if *percent <= Decimal::ZERO || *percent > Decimal::from(most) {
            cx.found.push(NoSuchShare { place: than?.place, most: most.to_string() });
            return None;
        }
        return Some((test, Some(Expr::Const(Value::Number(*percent)))));
    }
    let mut scope = Scope::of_customer();
    let mut typer = Typer { project: cx.project, scope: &mut scope, found: cx.found };
    let name = typer.project.schema.catalogs[catalog.index()].name.clone();
    typer.scope.subjects.push(super::scope::Subject::Element(Type::Catalog(name)));
    let (value, is) = typer.expr(than?, Some(ty));
    if is.is_optional() && fits(is.required(), ty) {
        // A threshold that is missing is never passed.
        return Some((test, Some(value)));
    }
    typer.expect_type(than?, &is, ty).then_some((test, Some(value)))
}

fn not_a_field(cx: &mut Cx, path: &PathRef, dotted: String) {
    let catalogs = &cx.project.schema.catalogs;
    let help = match catalogs.first() {
        Some(catalog) => format!("name a catalog and a field, for example `{}.{}`", catalog.name, example_field(catalog)),
        None => "declare a catalog first: `catalog product by sku { stock number }`, and write `product.stock`".to_owned(),
    };
    cx.found.push(NotAnItemsField { place: path.place, path: dotted, help });
}

fn example_field(catalog: &crate::schema::Catalog) -> &str {
    catalog.fields.first().map_or("stock", |field| field.name.as_str())
}

/// The condition must say to whom an item matters.
pub(super) fn names_customers(cx: &mut Cx, catalog: CatalogId, enter: &ast::Enter, condition: Option<&Expr>, place: Place) {
    if condition.is_some_and(|condition| watch_of(condition).is_some()) {
        return;
    }
    let Some(declared) = cx.project.schema.catalogs.get(catalog.index()) else { return };
    let (catalog, key) = (declared.name.to_string(), declared.key.to_string());
    let keys = |ty: &Type| matches!(ty.required(), Type::List(element) if element.is_textual());
    let list = cx.project.schema.customer.iter().find(|field| keys(&field.ty)).map_or("wishlist", |field| field.name.as_str());
    let example = format!("where {catalog}.{key} in customer.{list}");
    let place = enter.condition.as_ref().map_or(place, |condition| condition.place);
    cx.found.push(WhoseItem { place, catalog, key, example });
}
