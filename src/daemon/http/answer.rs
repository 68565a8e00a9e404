//! Answers, as each client expects them.
//!
//! In: what became of the items, or why nothing did. Out: a response. **Invariant:** generic: nothing of the machine, the store or other
//! customers is in it; a client that would drop a whole batch over one bad item is not told of it (the dead-letter list is).

use super::{Outcome, Protocol};
use crate::daemon::intake::Unreadable;
use crate::daemon::keys::Denied;
use crate::daemon::{Busy, Taken};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

/// In whose words, and to which request.
pub(super) struct Answer<'a> {
    pub protocol: Protocol,
    pub request: &'a str,
}

impl Answer<'_> {
    fn json(&self, status: StatusCode, body: &Value) -> Response {
        let mut response = (status, [(header::CONTENT_TYPE, "application/json")], body.to_string()).into_response();
        if self.protocol == Protocol::Segment {
            response.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        }
        response
    }

    fn error(&self, status: StatusCode, words: &str) -> Response {
        let body = match self.protocol {
            Protocol::Segment => json!({"success": false, "error": words, "request": self.request}),
            Protocol::Customer | Protocol::CustomerBatch => json!({"meta": {"error": words, "request": self.request}}),
            Protocol::Plain | Protocol::CloudEvents => json!({"error": words, "request": self.request}),
        };
        self.json(status, &body)
    }

    pub(super) fn denied(&self, denied: Denied) -> Response {
        let mut response = self.error(denied.status(), denied.words());
        if denied == Denied::Unknown {
            // Never `Basic`: a browser would ask its user for a password.
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }

    pub(super) fn busy(&self, busy: Busy) -> Response {
        let status = if busy.out_of_room { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::TOO_MANY_REQUESTS };
        let mut response = self.error(status, "nothing was taken; try again later");
        // Whole seconds, never 0, and no longer than clients wait.
        let seconds = busy.retry_after.as_millis().div_ceil(1000).clamp(1, 300) as u64;
        response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        response
    }

    pub(super) fn unreadable(&self, unreadable: &Unreadable) -> Response {
        let status = StatusCode::from(unreadable.clone());
        let mut response = self.error(status, &unreadable.reason);
        if matches!(status, StatusCode::PAYLOAD_TOO_LARGE | StatusCode::REQUEST_TIMEOUT) {
            // The rest of the body is not read.
            response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        response
    }

    /// `list`: the body was a list, so what became of each is told in a list too.
    pub(super) fn taken(&self, outcomes: &[Outcome], list: bool) -> Response {
        match self.protocol {
            Protocol::Segment => self.json(StatusCode::OK, &json!({"success": true})),
            Protocol::Customer => match unread(outcomes).next() {
                None => self.json(StatusCode::OK, &json!({})),
                Some((_, reason)) => self.error(StatusCode::BAD_REQUEST, reason),
            },
            Protocol::CustomerBatch => {
                let errors: Vec<Value> =
                    refused(outcomes).map(|(at, reason)| json!({"batch_index": at, "reason": "invalid", "message": reason})).collect();
                match errors.is_empty() {
                    true => self.json(StatusCode::OK, &json!({})),
                    false => self.json(StatusCode::MULTI_STATUS, &json!({"errors": errors})),
                }
            }
            Protocol::Plain | Protocol::CloudEvents => self.told(outcomes, list),
        }
    }

    fn told(&self, outcomes: &[Outcome], list: bool) -> Response {
        let count = |wanted: fn(&Taken) -> bool| outcomes.iter().filter(|outcome| !outcome.partly && wanted(&outcome.taken)).count();
        let refused = count(|taken| matches!(taken, Taken::Refused(_)));
        let body = json!({
            "accepted": count(|taken| *taken == Taken::Accepted),
            "duplicates": count(|taken| *taken == Taken::Duplicate),
            "refused": refused,
            "items": outcomes.iter().map(told_of).collect::<Vec<_>>(),
            "request": self.request,
        });
        let status = match (refused, list) {
            (0, _) => StatusCode::OK,
            (_, true) => StatusCode::MULTI_STATUS,
            (_, false) => StatusCode::BAD_REQUEST,
        };
        self.json(status, &body)
    }
}

/// Items that count for nothing.
fn refused(outcomes: &[Outcome]) -> impl Iterator<Item = (usize, &str)> {
    outcomes.iter().filter(|outcome| !outcome.partly).filter_map(|outcome| match &outcome.taken {
        Taken::Refused(reason) => Some((outcome.at, reason.as_str())),
        _ => None,
    })
}

/// Those of them that could not even be read. What only does not fit the project is no mistake in the call: its sender would stumble over
/// something that nobody there can mend.
fn unread(outcomes: &[Outcome]) -> impl Iterator<Item = (usize, &str)> {
    refused(outcomes).filter(|(at, _)| outcomes.iter().any(|outcome| outcome.at == *at && !outcome.read))
}

fn told_of(outcome: &Outcome) -> Value {
    let mut told = json!({"item": outcome.at});
    let (word, reason) = match &outcome.taken {
        Taken::Accepted => ("accepted", None),
        Taken::Duplicate => ("duplicate", None),
        Taken::Refused(reason) if outcome.partly => ("ignored", Some(reason)),
        Taken::Refused(reason) => ("refused", Some(reason)),
    };
    told["what"] = word.into();
    if let Some(reason) = reason {
        told["reason"] = reason.as_str().into();
    }
    if let Some(id) = &outcome.id {
        told["id"] = id.as_str().into();
    }
    told
}

/// Of a sender of CloudEvents that asks before it begins (its webhook specification).
pub(super) fn handshake(headers: &axum::http::HeaderMap) -> Response {
    let mut response = (StatusCode::OK, [(header::ALLOW, "POST")]).into_response();
    if let Some(origin) = headers.get("webhook-request-origin") {
        response.headers_mut().insert("webhook-allowed-origin", origin.clone());
    }
    response
}

/// Before a browser sends with a header of its own.
pub(super) fn preflight() -> Response {
    let headers = [
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
        (header::ACCESS_CONTROL_ALLOW_METHODS, "POST"),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, "authorization, content-type, content-encoding"),
        (header::ACCESS_CONTROL_MAX_AGE, "86400"),
    ];
    (StatusCode::NO_CONTENT, headers).into_response()
}
