//! Whether what a message is about is still there.
//!
//! In: a message that is about to leave. Out: nothing, or why it must not. **Invariant:** what is read of catalogs at the send is read of
//! items that are there; a message never leaves with the half of it missing.

use super::Skip;
use super::catalogs::key_of;
use super::evaluate::Context;
use super::row::Run;
use super::turn::Turn;
use crate::condition::Expr;
use crate::plan::{Message, Plan, Send};
use crate::schema::CatalogId;
use crate::value::{Type, Value};

impl Turn<'_> {
    /// Every item that a send names, or reads, is in its catalog now. `arguments` gives the values of the message's parameters; where the
    /// run is another customer's, what they read was read there.
    pub(super) fn items_are_there(
        &self,
        plan: &Plan,
        message: &Message,
        send: &Send,
        run: Option<&Run>,
        arguments: impl Fn() -> Vec<Value>,
    ) -> Result<(), Skip> {
        if plan.schema.catalogs.is_empty() || !reads_items(message, send) {
            return Ok(());
        }
        let context = self.context(plan);
        let all = arguments().iter().zip(&message.params).all(|(value, (_, ty))| are_there(&context, ty, value));
        let gone = run.is_some_and(|run| {
            let context = self.context_in(plan, run);
            send.args.iter().for_each(|arg| drop(context.value(arg)));
            context.gone.get()
        });
        if all && !gone { Ok(()) } else { Err(Skip::ItemGone) }
    }
}

fn reads_items(message: &Message, send: &Send) -> bool {
    let reads = |arg: &Expr| {
        let mut reads = false;
        arg.walk(&mut |part| reads |= matches!(part, Expr::ItemField { .. }));
        reads
    };
    message.params.iter().any(|(_, ty)| catalog_of(ty).is_some()) || send.args.iter().any(reads)
}

fn catalog_of(ty: &Type) -> Option<&str> {
    match ty {
        Type::Catalog(name) => Some(name),
        Type::Optional(inner) | Type::List(inner) => catalog_of(inner),
        _ => None,
    }
}

fn are_there(context: &Context<'_>, ty: &Type, value: &Value) -> bool {
    let Some(catalog) = catalog_of(ty).and_then(|name| context.plan.schema.catalog(name)) else { return true };
    match value {
        Value::List(items) => items.iter().all(|item| is_there(context, catalog, item)),
        item => is_there(context, catalog, item),
    }
}

/// What is missing was allowed to be: the type says so.
fn is_there(context: &Context<'_>, catalog: CatalogId, item: &Value) -> bool {
    key_of(item).is_none_or(|key| context.has_item(catalog, key))
}
