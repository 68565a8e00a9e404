//! The values that a step gives to a message or a journey.
//!
//! In: arguments as written, and parameters. Out: one expression for each parameter, by position. **Invariant:** what comes out has the
//! parameters' types; each parameter that lacks a value, and each value that has no parameter, is told once.

use super::journey::Cx;
use super::names::Kind;
use super::problem::{after, problems};
use super::recorder::{Offer, Symbol};
use crate::ast;
use crate::condition::Expr;
use crate::diagnostic::{Code, Edit, Fix, suggest};
use crate::source::{Place, Span};
use crate::value::{Text, Type, Value};

problems! {
    /// A parameter without a value.
    ArgMissing { of: String, param: String, ty: String, fix: Option<Fix> } = Code::new("E0410", "argument-missing");
        "`{of}` needs a value for `{param}`", "nothing is given for it here", "add `{param}: …`, which is {ty}";

    /// A value for a parameter that is not there.
    ArgUnknown { of: String, param: String, has: String, fix: Option<Fix> } = Code::new("E0411", "argument-unknown");
        "`{of}` takes no `{param}`", "{has}", "take it out, or add the parameter to `{of}`";

    /// More values than parameters.
    ArgTooMany { of: String, has: String } = Code::new("E0412", "too-many-arguments");
        "there is a value too many for `{of}`", "{has}", "take it out";

    /// Two values for one parameter.
    ArgTwice { param: String } = Code::new("E0413", "argument-twice");
        "`{param}` is given twice", "only one can hold", "take one of the two out";
}

/// Puts arguments in the order of the parameters.
pub(super) fn arguments(
    cx: &mut Cx,
    kind: Kind,
    of: &ast::Name,
    params: &[(Text, Type)],
    args: &[ast::Arg],
    args_place: Option<Place>,
) -> Option<Vec<Expr>> {
    let name = of.text.to_string();
    // `M(entry)` fills by name from the entry.
    let from_entry = matches!(args, [ast::Arg { name: None, value: Some(ast::Expr { kind: ast::ExprKind::Name(root), .. }), .. }] if root.text == "entry");
    let mut given: Vec<Option<Expr>> = vec![None; params.len()];
    if !from_entry {
        place_args(cx, &name, params, args, &mut given);
    }
    for arg in args {
        // Half a name is a value so far.
        let bare = arg.value.as_ref().and_then(|value| match &value.kind {
            ast::ExprKind::Name(name) => Some(name),
            _ => None,
        });
        let Some(name) = arg.name.as_ref().or(bare) else { continue };
        let is_named = arg.name.is_some();
        let recorder = cx.project.recorder();
        let symbol = |param: &Text| Symbol::Param(kind, of.text.clone(), param.clone());
        recorder.offer(name.place, || {
            let free = params.iter().filter(|(param, _)| !args.iter().any(|arg| arg.name.as_ref().is_some_and(|name| name.text == *param)));
            free.map(|(param, ty)| Offer::new(param, symbol(param), Some(ty.clone()))).collect()
        });
        if let Some((_, ty)) = params.iter().find(|(param, _)| is_named && *param == name.text) {
            recorder.note(name.place, || symbol(&name.text), Some(ty));
        }
    }
    let mut whole = true;
    let mut values = Vec::with_capacity(params.len());
    for ((param, ty), value) in params.iter().zip(given) {
        let value = match value {
            Some(value) => Some(value),
            None if from_entry => {
                let value = cx.entry_value(param, ty);
                if value.is_none() && !ty.is_optional() {
                    let param = param.to_string();
                    cx.found.push(ArgMissing { place: args[0].place, of: name.clone(), param, ty: ty.to_string(), fix: None });
                }
                value.or_else(|| ty.is_optional().then_some(Expr::Const(Value::Missing)))
            }
            // What may be missing may be left out.
            None if ty.is_optional() => Some(Expr::Const(Value::Missing)),
            None => {
                let fix = insert_arg(cx, param, ty, args, args_place, of.place);
                let at = args_place.unwrap_or(of.place);
                cx.found.push(ArgMissing { place: at, of: name.clone(), param: param.to_string(), ty: ty.to_string(), fix });
                None
            }
        };
        match value {
            Some(value) => values.push(value),
            None => whole = false,
        }
    }
    whole.then_some(values)
}

fn place_args(cx: &mut Cx, of: &str, params: &[(Text, Type)], args: &[ast::Arg], given: &mut [Option<Expr>]) {
    for (at, arg) in args.iter().enumerate() {
        let slot = match &arg.name {
            None => Some(at).filter(|at| *at < params.len()),
            Some(name) => params.iter().position(|(param, _)| *param == name.text),
        };
        let Some(slot) = slot else {
            if let Some(value) = &arg.value {
                cx.infer(value);
            }
            unknown_arg(cx, of, params, arg);
            continue;
        };
        let value = match &arg.value {
            Some(value) => cx.value(value, &params[slot].1),
            // Reported by the syntax; the parameter counts as given.
            None => Expr::Const(Value::Missing),
        };
        if given[slot].replace(value).is_some() {
            cx.found.push(ArgTwice { place: arg.place, param: params[slot].0.to_string() });
        }
    }
}

fn unknown_arg(cx: &mut Cx, of: &str, params: &[(Text, Type)], arg: &ast::Arg) {
    let has = takes(params);
    match &arg.name {
        None => cx.found.push(ArgTooMany { place: arg.place, of: of.to_owned(), has }),
        Some(name) => {
            let near = suggest::best(&name.text, params.iter().map(|(param, _)| param.as_str()));
            let fix = near.map(|near| Fix::replace(format!("change to `{near}`"), name.place, near));
            cx.found.push(ArgUnknown { place: name.place, of: of.to_owned(), param: name.text.to_string(), has, fix });
        }
    }
}

/// What it does take, for the label.
fn takes(params: &[(Text, Type)]) -> String {
    match params {
        [] => "it takes no values".to_owned(),
        params => {
            let list: Vec<String> = params.iter().map(|(name, ty)| format!("`{name}` ({ty})")).collect();
            format!("it takes {}", list.join(", "))
        }
    }
}

/// The entry's value of the same name, where there is one: most often it is what is meant.
fn insert_arg(cx: &mut Cx, param: &str, ty: &Type, args: &[ast::Arg], args_place: Option<Place>, name: Place) -> Option<Fix> {
    cx.entry_value(param, ty)?;
    let given = format!("{param}: entry.{param}");
    let title = format!("add `{given}`");
    let (place, text) = match args_place {
        None => (after(name), format!("({given})")),
        Some(all) => {
            let end = all.span.end.checked_sub(1)?;
            let place = Place { span: Span::new(end, end), ..all };
            (place, if args.is_empty() { given } else { format!(", {given}") })
        }
    };
    Some(Fix { title, edits: vec![Edit { place, text }] })
}
