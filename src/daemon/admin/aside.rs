//! Customers who are set aside, and letting them go on.
//!
//! In: requests of operators. Out: who is set aside, since when and why; what became of who was brought back. **Invariant:** customers are named by their number
//! only; bringing back is in the audit log. Decides nothing.

use super::{Answer, Refused, fine, moment};
use crate::daemon::keys::Caller;
use crate::daemon::runner::Handle;
use crate::shard::Number;
use axum::body::Bytes;
use axum::extract::{Extension, State};
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value as Json, json};

/// Customers that one call brings back.
const BROUGHT_MAX: usize = 100;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Back {
    /// One of them by her number; without it, all.
    customer: Option<u64>,
    /// Without the input that failed.
    #[serde(default)]
    without_first: bool,
}

pub(super) async fn list(State(handle): State<Handle>) -> Answer {
    let found = handle.ask(|core, _| core.set_asides().take(super::LISTED_MAX).collect::<Vec<_>>()).await?;
    let listed: Vec<Json> = found
        .into_iter()
        .map(|one| json!({ "customer": one.number.0, "since": moment(one.since), "reason": one.reason, "waiting": one.waiting }))
        .collect();
    fine(&json!({ "set_aside": listed }))
}

pub(super) async fn bring_back(State(handle): State<Handle>, Extension(caller): Extension<Caller>, body: Bytes) -> Answer {
    let wrong = |error: serde_json::Error| {
        Refused(StatusCode::BAD_REQUEST, format!("{error}; say `{{\"customer\": 12}}`, `{{\"without_first\": true}}`, or `{{}}` for all"))
    };
    let asked: Back =
        if body.is_empty() { Back { customer: None, without_first: false } } else { serde_json::from_slice(&body).map_err(wrong)? };
    let wanted = asked.customer;
    let brought = handle.ask(move |core, now| {
        let all: Vec<Number> = core.set_asides().map(|one| one.number).filter(|number| wanted.is_none_or(|one| one == number.0)).collect();
        let back: Vec<_> =
            all.into_iter().take(BROUGHT_MAX).filter_map(|one| core.bring_back_for(now, &caller.name, one, asked.without_first)).collect();
        (back.len(), back.iter().map(|(handled, _)| handled).sum::<usize>(), back.iter().filter(|(_, again)| *again).count())
    });
    let (brought, handled, again) = brought.await?;
    if let (Some(number), 0) = (asked.customer, brought) {
        return Err(Refused(StatusCode::NOT_FOUND, format!("customer {number} is not set aside")));
    }
    fine(&json!({ "brought_back": brought - again, "set_aside_again": again, "inputs_handled": handled }))
}
