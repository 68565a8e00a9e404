//! Sends to another customer: whom, and what cannot be asked of them.
//!
//! In: a send with `to PATH`. Out: who it is. **Invariant:** the path is a customer and never missing; what becomes of the message is known of
//! the other customer only, so nothing here waits for it. Consent, contact and caps are hers.

use super::expr::a;
use super::header_entry::dotted;
use super::journey::Cx;
use super::problem::problems;
use crate::ast::{self, SendTo};
use crate::condition::Expr;
use crate::diagnostic::Code;
use crate::value::Type;

problems! {
    /// `send hello to entry.order_id`
    NotACustomer { path: String, is: String } = Code::new("E0874", "not-a-customer");
        "`{path}` is {is}, not a customer", "a message goes to a customer or to a team", "declare the property as `customer`: `event shared {{ friend customer }}`";

    /// `send hello to entry.owner as note`
    HersToKnow { what: &'static str } = Code::new("E0875", "hers-to-know");
        "`{what}` cannot be said of a message to another customer", "what becomes of it is hers, and this run does not wait for it",
        "take it out; a journey of the other customer can wait for it";
}

/// `Some(None)` for a message to the customer of the run; `None` where the other one is not known.
pub(super) fn other(cx: &mut Cx, send: &ast::Send) -> Option<Option<Expr>> {
    let Some(SendTo::Customer(path)) = &send.to else { return Some(None) };
    if let Some(bind) = &send.bind {
        cx.found.push(HersToKnow { place: bind.place, what: "as …" });
    }
    let path = path.as_ref()?;
    if send.or_exit_if_not_sent {
        cx.found.push(HersToKnow { place: path.place, what: "or exit if not sent" });
    }
    let (value, ty) = cx.path(path)?;
    if !matches!(ty.required(), Type::Customer) {
        cx.found.push(NotACustomer { place: path.place, path: dotted(path), is: a(&ty) });
        return None;
    }
    if ty.is_optional() {
        cx.found.push(super::expr::MayBeMissing { place: path.place, text: dotted(path) });
        return None;
    }
    Some(Some(value))
}
