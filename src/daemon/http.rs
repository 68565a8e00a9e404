//! The door for machines: requests become arrivals, and answers are what each client expects.
//!
//! In: HTTP. Out: calls of [`Intake`]. **Invariant:** `2xx` only after the intake has said that all is durable; a single bad item goes to the
//! dead-letter list and does not fail its batch; who has no key learns nothing. What is said in which protocol is `intake`'s, not known here.

mod answer;
mod body;
mod listen;
mod tls;
mod wire;

pub use listen::{Bound, ListenError, Listener, TlsFiles};

use super::intake::{self, Call, Item, Unreadable, segment, unpack};
use super::keys::{Caller, Denied, Guard, Kind, Need, bearer};
use super::{Busy, Intake, Taken};
use crate::calendar::Zone;
use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodFilter, on};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;

/// What a listener allows.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Until the head of a request is there, also on a connection that idles between two.
    pub head: Duration,
    /// Between two pieces of a body.
    pub body_pause: Duration,
    /// Until the whole body is there.
    pub body: Duration,
    /// Until a client takes what we send it.
    pub write_pause: Duration,
    /// Open connections in all, and from one address (IPv6: one /64).
    pub connections: usize,
    pub connections_per_address: usize,
    /// After the call to stop, for what is under way.
    pub drain: Duration,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            head: Duration::from_secs(10),
            body_pause: Duration::from_secs(10),
            body: Duration::from_secs(30),
            write_pause: Duration::from_secs(30),
            connections: 4_096,
            connections_per_address: 512,
            drain: Duration::from_secs(10),
        }
    }
}

/// Bodies that are read or handled at one time, KiB in all; beyond it the answer is `429`.
pub const BODIES_KIB_MAX: usize = 256 * 1024;
/// The name of the header that says which request it was, for logs.
pub const REQUEST_ID: &str = "x-request-id";

/// What the routes of the intake share.
pub struct Front {
    pub intake: Arc<dyn Intake>,
    pub guard: Guard,
    /// Of times that say none: the project's.
    pub zone: Zone,
    room: Semaphore,
}

impl Front {
    pub fn new(intake: Arc<dyn Intake>, guard: Guard, zone: Zone) -> Arc<Front> {
        Arc::new(Front { intake, guard, zone, room: Semaphore::new(BODIES_KIB_MAX) })
    }
}

/// Who speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    Segment,
    /// Of Customer.io: one thing in each call, or (version 2) many.
    Customer,
    CustomerBatch,
    CloudEvents,
    Plain,
}

/// An address of ours.
#[derive(Debug, Clone, Copy)]
pub struct Route {
    pub method: &'static str,
    /// As axum writes it.
    pub path: &'static str,
    pub protocol: Protocol,
    pub need: Need,
}

const fn route(method: &'static str, path: &'static str, protocol: Protocol, need: Need) -> Route {
    Route { method, path, protocol, need }
}

/// All addresses of the intake.
pub const ROUTES: &[Route] = &[
    route("POST", "/v1/batch", Protocol::Segment, Need::Send),
    route("POST", "/v1/b", Protocol::Segment, Need::Send),
    route("POST", "/v1/import", Protocol::Segment, Need::Send),
    route("POST", "/v1/track", Protocol::Segment, Need::Send),
    route("POST", "/v1/t", Protocol::Segment, Need::Send),
    route("POST", "/v1/identify", Protocol::Segment, Need::Send),
    route("POST", "/v1/i", Protocol::Segment, Need::Send),
    route("POST", "/v1/page", Protocol::Segment, Need::Send),
    route("POST", "/v1/p", Protocol::Segment, Need::Send),
    route("POST", "/v1/screen", Protocol::Segment, Need::Send),
    route("POST", "/v1/s", Protocol::Segment, Need::Send),
    route("POST", "/v1/group", Protocol::Segment, Need::Send),
    route("POST", "/v1/g", Protocol::Segment, Need::Send),
    route("POST", "/v1/alias", Protocol::Segment, Need::Send),
    route("POST", "/v1/a", Protocol::Segment, Need::Send),
    route("POST", "/v1/events", Protocol::Plain, Need::Send),
    route("POST", "/v1/cloudevents", Protocol::CloudEvents, Need::Send),
    route("PUT", "/api/v1/customers/{id}", Protocol::Customer, Need::Serve),
    route("DELETE", "/api/v1/customers/{id}", Protocol::Customer, Need::Serve),
    route("POST", "/api/v1/customers/{id}/events", Protocol::Customer, Need::Serve),
    route("POST", "/api/v1/customers/{id}/suppress", Protocol::Customer, Need::Serve),
    route("POST", "/api/v1/customers/{id}/unsuppress", Protocol::Customer, Need::Serve),
    route("PUT", "/api/v1/customers/{id}/devices", Protocol::Customer, Need::Serve),
    route("DELETE", "/api/v1/customers/{id}/devices/{token}", Protocol::Customer, Need::Serve),
    route("POST", "/api/v1/events", Protocol::Customer, Need::Serve),
    route("POST", "/api/v1/merge_customers", Protocol::Customer, Need::Serve),
    route("POST", "/api/v2/entity", Protocol::Customer, Need::Serve),
    route("POST", "/api/v2/batch", Protocol::CustomerBatch, Need::Serve),
];

/// The routes of the intake. Other rooms' routers are merged with it; [`Bound::serve`] adds what holds for all.
pub fn router(front: Arc<Front>) -> Router {
    let mut router = Router::new();
    for route in ROUTES {
        let filter = match route.method {
            "PUT" => MethodFilter::PUT,
            "DELETE" => MethodFilter::DELETE,
            _ => MethodFilter::POST,
        };
        router = router.route(route.path, on(filter, move |State(front), request| receive(front, route, request)));
        // From pages of others: the client library runs in them. A write key can be read there anyway, and no cookie is asked for.
        if route.protocol == Protocol::Segment {
            router = router.route(route.path, on(MethodFilter::OPTIONS, || async { answer::preflight() }));
        }
        if route.protocol == Protocol::CloudEvents {
            router = router.route(route.path, on(MethodFilter::OPTIONS, |headers: HeaderMap| async move { answer::handshake(&headers) }));
        }
    }
    router.with_state(front)
}

/// One request, from its key to its answer.
async fn receive(front: Arc<Front>, route: &'static Route, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let id = parts.extensions.get::<RequestId>().map_or_else(String::new, |id| id.0.clone());
    let answer = answer::Answer { protocol: route.protocol, request: &id };
    match front.read(route, &parts, body, &answer).await {
        Ok((caller, items, list)) => match front.hand_in(&caller, items.0).await {
            Ok(outcomes) => answer.taken(&outcomes, list),
            Err(busy) => answer.busy(busy),
        },
        Err(refusal) => *refusal,
    }
}

/// Items, with the room that their body takes up until the answer.
struct Held<'a>(Vec<Item>, #[allow(dead_code, reason = "held, not read")] tokio::sync::SemaphorePermit<'a>);

impl Front {
    /// Who calls, what is said, and whether the body was a list; or the answer that refuses it all.
    async fn read(
        &self,
        route: &'static Route,
        parts: &Parts,
        body: Body,
        answer: &answer::Answer<'_>,
    ) -> Result<(Caller, Held<'_>, bool), Box<Response>> {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0);
        let admit = |secrets: &[String]| self.guard.admit(secrets, route.need, &parts.headers, peer);
        let denied = |denied| Box::new(denied_at(route, answer, denied));
        let busy = |busy| Box::new(answer.busy(busy));
        let unreadable = |unreadable: Unreadable| Box::new(answer.unreadable(&unreadable));
        let mut caller = admit(&bearer(&parts.headers));
        // Only a browser's key may stand in the body; all others are refused before a byte of it is read.
        let may_be_inside = route.protocol == Protocol::Segment && !parts.headers.contains_key(header::AUTHORIZATION);
        let inside = may_be_inside && caller == Err(Denied::Unknown);
        if !inside {
            caller = Ok(caller.map_err(denied)?);
        }
        let mut room = self.room_for(announced(&parts.headers)).map_err(busy)?;
        let bytes = body::collect(body, &parts.headers, intake::BATCH_BYTES_MAX).await.map_err(unreadable)?;
        let encoding = parts.headers.get(header::CONTENT_ENCODING).map(|value| value.to_str().unwrap_or("?"));
        let text = unpack::unpack(&bytes, encoding).map_err(unreadable)?;
        room.merge(self.room_for(text.len().saturating_sub(bytes.len())).map_err(busy)?);
        if inside {
            caller = segment::write_key(&text).map_or(Err(Denied::Unknown), |secret| admit(&[secret]));
        }
        let caller = caller.map_err(denied)?;
        let headers = plain_headers(&parts.headers);
        let call = Call {
            method: parts.method.as_str(),
            path: parts.uri.path(),
            headers: &headers,
            body: &text,
            received: (self.guard.clock)(),
            source: &caller.name,
            trusted: matches!(caller.kind, Kind::Server | Kind::Admin),
            zone: self.zone,
            request: answer.request,
        };
        let items = match route.protocol {
            Protocol::Segment => segment::read(&call),
            Protocol::Customer | Protocol::CustomerBatch => intake::customerio::read(&call),
            Protocol::CloudEvents => intake::cloudevents::read(&call),
            Protocol::Plain => intake::plain::read(&call),
        };
        let items = items.map_err(unreadable)?;
        let list = intake::json::is_list(&text);
        Ok((caller, Held(items, room), list))
    }
}

/// Logged, without the key and without the address: both may be somebody's.
fn denied_at(route: &Route, answer: &answer::Answer<'_>, denied: Denied) -> Response {
    tracing::warn!(request = answer.request, route = route.path, why = denied.words(), "denied");
    answer.denied(denied)
}

/// What became of one item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Outcome {
    /// Its place in the body.
    pub at: usize,
    pub id: Option<String>,
    pub taken: Taken,
    /// Its sender is told that all went well, though a part of it stands on the dead-letter list.
    pub partly: bool,
    /// It said something; whether that counts is what `taken` says.
    pub read: bool,
}

impl Front {
    /// Room for a body of that many bytes, held until the answer.
    fn room_for(&self, bytes: usize) -> Result<tokio::sync::SemaphorePermit<'_>, Busy> {
        let busy = Busy { retry_after: Duration::from_secs(1), out_of_room: false };
        self.room.try_acquire_many(bytes.div_ceil(1024).min(BODIES_KIB_MAX) as u32).map_err(|_| busy)
    }

    /// What can be read goes in first; what cannot goes to the dead-letter list. Both are durable behind this.
    async fn hand_in(&self, caller: &Caller, items: Vec<Item>) -> Result<Vec<Outcome>, Busy> {
        let mut outcomes = Vec::with_capacity(items.len());
        let mut arrivals = Vec::with_capacity(items.len());
        let mut places = Vec::with_capacity(items.len());
        let mut refused = Vec::new();
        for item in items {
            match item.said {
                Ok(arrival) => {
                    places.push((item.at, arrival.id.clone()));
                    arrivals.push(arrival);
                }
                Err(wrong) => {
                    let taken = Taken::Refused(wrong.reason.clone());
                    outcomes.push(Outcome { at: item.at, id: None, taken, partly: wrong.partly, read: false });
                    refused.push(wrong);
                }
            }
        }
        if !arrivals.is_empty() {
            let taken = self.intake.take(arrivals).await?;
            let told = places.into_iter().zip(taken);
            outcomes.extend(told.map(|((at, id), taken)| Outcome { at, id, taken, partly: false, read: true }));
        }
        // All at once, so that they share a sync.
        let mut rest = refused.into_iter();
        loop {
            let some: Vec<_> =
                rest.by_ref().take(BURIED_AT_ONCE).map(|wrong| self.intake.bury(&caller.name, wrong.text, wrong.reason)).collect();
            if some.is_empty() {
                break;
            }
            for buried in body::all(some).await {
                buried?;
            }
        }
        outcomes.sort_by_key(|outcome| (outcome.at, outcome.partly));
        Ok(outcomes)
    }
}

/// Bad items that are handed over at one time.
const BURIED_AT_ONCE: usize = 256;

/// Bytes that a request says it has; the most that it may have where it does not say.
fn announced(headers: &HeaderMap) -> usize {
    let said = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()).and_then(|text| text.parse::<usize>().ok());
    said.unwrap_or(intake::BATCH_BYTES_MAX).min(intake::BATCH_BYTES_MAX)
}

fn plain_headers(headers: &HeaderMap) -> Vec<(String, String)> {
    let text = |value: &HeaderValue| String::from_utf8(value.as_bytes().to_vec()).ok();
    headers.iter().filter_map(|(name, value)| Some((name.as_str().to_owned(), text(value)?))).collect()
}

/// Which request it was.
#[derive(Debug, Clone)]
pub struct RequestId(pub String);

/// What holds for every answer of this server, whatever room it comes from.
fn harden(response: &mut Response, id: &RequestId, tls: bool) {
    let headers = response.headers_mut();
    let fixed = [
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("x-frame-options", "DENY"),
        ("cache-control", "no-store"),
        ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
        ("cross-origin-opener-policy", "same-origin"),
    ];
    for (name, value) in fixed {
        // A page says its own.
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    if tls {
        headers.entry("strict-transport-security").or_insert(HeaderValue::from_static("max-age=31536000"));
    }
    if let Ok(id) = HeaderValue::from_str(&id.0) {
        headers.insert(REQUEST_ID, id);
    }
}

/// For what no room knows.
async fn nothing_here() -> Response {
    (StatusCode::NOT_FOUND, [(header::CONTENT_TYPE, "application/json")], Body::from("{\"error\":\"there is nothing here\"}"))
        .into_response()
}

impl From<Unreadable> for StatusCode {
    fn from(unreadable: Unreadable) -> StatusCode {
        StatusCode::from_u16(unreadable.status).unwrap_or(StatusCode::BAD_REQUEST)
    }
}
