//! Custom channels: content is a record of the fields that the channel declares.
//!
//! In: the parts as written, the channel's fields. Out: a template for each. **Invariant:** every field that must be there has a value of
//! its type. Does not know what becomes of it.

use super::part;
use super::{PartTwice, PartUnknown};
use crate::ast::{self, ExprKind};
use crate::check::message::Cx;
use crate::check::names::listed;
use crate::check::problem::{after, problems};
use crate::diagnostic::{Code, Edit, Fix, suggest};
use crate::schema::Field;
use crate::source::Place;
use crate::template::Template;
use crate::value::{Text, Type};

problems! {
    /// `kiosk { title "…" }` where `kiosk` declares `amount money THB` too.
    FieldMissing { channel: String, field: String, ty: String, fix: Option<Fix> } = Code::new("E0433", "payload-incomplete");
        "this {channel} has no `{field}`", "the channel says that it must always be there", "add a line `{field} …`; it is {ty}";
}

pub(super) fn check(cx: &mut Cx, channel: &ast::Name, written: &[ast::Part], fields: &[Field]) -> Vec<(Text, Template)> {
    let mut seen: Vec<(&Text, Place)> = Vec::new();
    let mut checked = Vec::with_capacity(written.len());
    for one in written {
        let name = &one.name.text;
        let Some(field) = fields.iter().find(|field| field.name == *name) else {
            let legal = || fields.iter().map(|field| field.name.as_str());
            let fix = suggest::best(name, legal()).map(|near| Fix::replace(format!("change to `{near}`"), one.name.place, near));
            let parts = listed(&legal().collect::<Vec<_>>());
            cx.found.push(PartUnknown { place: one.name.place, channel: channel.text.to_string(), part: name.to_string(), parts, fix });
            continue;
        };
        if let Some((_, first)) = seen.iter().find(|(earlier, _)| *earlier == name) {
            let fix = Some(Fix::replace("take this one out", one.place, ""));
            cx.found.push(PartTwice { place: one.name.place, part: name.to_string(), other: Some((*first, "the first one")), fix });
            continue;
        }
        seen.push((name, one.name.place));
        if let Some(template) = value(cx, one, &field.ty) {
            checked.push((name.clone(), template));
        }
    }
    for field in fields.iter().filter(|field| !field.ty.is_optional()) {
        if !seen.iter().any(|(name, _)| **name == field.name) {
            if !field.default.is_missing() {
                checked.push((field.name.clone(), crate::check::template::of_constant(&field.default, &field.ty)));
                continue;
            }
            let fix = written.last().map(|last| Fix {
                title: format!("add `{}`", field.name),
                edits: vec![Edit { place: after(last.place), text: format!("\n    {} \"\"", field.name) }],
            });
            let fix = fix.filter(|_| field.ty == Type::Text);
            let ty = crate::check::expr::a(&field.ty);
            cx.found.push(FieldMissing { place: channel.place, channel: channel.text.to_string(), field: field.name.to_string(), ty, fix });
        }
    }
    checked
}

fn value(cx: &mut Cx, one: &ast::Part, ty: &Type) -> Option<Template> {
    let written = one.value.as_ref()?;
    if one.file || (matches!(written.kind, ExprKind::Text(_)) && *ty.required() == Type::Text) {
        return part::check(cx, one, super::parts::Holds::Text, true);
    }
    let before = cx.found.len();
    cx.typer().value(written, ty);
    if cx.found.len() > before {
        return None;
    }
    cx.value_as_template(written)
}
