//! What providers tell later: their requests to `/callbacks/NAME`, each verified before it is believed.
//!
//! In: `[callbacks.…]`, requests. Out: reports, durable before the answer. **Invariant:** who is not believed gets 401 and changes nothing; a report that
//! was taken already is not taken again; the answer is 2xx only when all reports are durable, so that the provider repeats what was lost.

use super::Desk;
use super::settings::{Block, Settings};
use super::ways::refused;
use crate::channel::callback::{line, replays::Replays, sendgrid, ses, twilio, webhook, whatsapp};
use crate::channel::clock::Clock;
use crate::channel::http::{Client, Question, Target};
use crate::channel::mail::bounce::Bounces;
use crate::channel::secret::SecretRef;
use crate::channel::setup::{Ground, SetupError};
use crate::channel::{Callback, Heard, Incoming};
use crate::diagnostic::{Diagnostics, suggest};
use crate::ingest::problem::UnknownSetting;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Bytes of a provider's request.
pub const BODY_MAX: usize = 4 << 20;
const PROVIDERS: [&str; 7] = ["line", "mail", "sendgrid", "ses", "twilio", "webhook", "whatsapp"];

/// `[callbacks.mail]`
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct MailSettings {
    token: SecretRef,
}

/// The providers that are listened to, by name.
pub fn callbacks(settings: &Settings, ground: Ground<'_>, found: &mut Diagnostics) -> BTreeMap<String, Arc<dyn Callback>> {
    let mut all: BTreeMap<String, Arc<dyn Callback>> = BTreeMap::new();
    for block in &settings.callbacks {
        let made = match block.name.as_str() {
            "line" => made(block, found, |settings| line::LineCallback::new(&settings, ground)),
            "twilio" => made(block, found, |settings| twilio::TwilioCallback::new(&settings, ground)),
            "whatsapp" => made(block, found, |settings| whatsapp::WhatsappCallback::new(&settings, ground)),
            "sendgrid" => made(block, found, |settings| sendgrid::SendgridCallback::new(&settings)),
            "webhook" => made(block, found, |settings| webhook::WebhookCallback::new(&settings, ground)),
            "ses" => made(block, found, |settings| ses::SesCallback::new(&settings, Arc::new(ses::Guarded(ground.client.clone())))),
            "mail" => made(block, found, |settings: MailSettings| {
                let token = ground.secret("token", &settings.token)?;
                Bounces::new(token).map_err(|why| SetupError::value("token", why))
            }),
            other => {
                let nearest = suggest::best(other, PROVIDERS);
                found.push(UnknownSetting {
                    written: other.to_owned(),
                    whereabouts: "in `[callbacks]`".to_owned(),
                    place: block.place,
                    help: match &nearest {
                        Some(near) => format!("did you mean `[callbacks.{near}]`?"),
                        None => format!("these providers are understood: {}", PROVIDERS.join(", ")),
                    },
                    nearest: nearest.map(|name| name.to_owned()),
                });
                None
            }
        };
        if let Some(callback) = made {
            all.insert(callback.name().to_owned(), callback);
        }
    }
    all
}

fn made<S: serde::de::DeserializeOwned, C: Callback + 'static>(
    block: &Block,
    found: &mut Diagnostics,
    make: impl FnOnce(S) -> Result<C, SetupError>,
) -> Option<Arc<dyn Callback>> {
    match make(block.read(found)?) {
        Ok(callback) => Some(Arc::new(callback)),
        Err(error) => {
            refused(block, &error, found);
            None
        }
    }
}

/// What the routes of providers share.
#[derive(Clone)]
pub struct Ears {
    pub callbacks: Arc<BTreeMap<String, Arc<dyn Callback>>>,
    pub desk: Arc<dyn Desk>,
    pub client: Client,
    pub clock: Clock,
    /// How providers know us: signatures cover it.
    pub public: String,
    pub replays: Arc<Replays>,
}

pub fn router(ears: Ears) -> Router {
    Router::new().route("/callbacks/{name}", any(hear)).layer(DefaultBodyLimit::max(BODY_MAX)).with_state(ears)
}

async fn hear(State(ears): State<Ears>, Path(name): Path<String>, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let Some(callback) = ears.callbacks.get(&name) else { return StatusCode::NOT_FOUND.into_response() };
    let headers: Vec<(String, String)> =
        headers.iter().filter_map(|(name, value)| Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))).collect();
    let url = format!("{}{}", ears.public, uri.path_and_query().map_or("", |path| path.as_str()));
    let incoming = Incoming { url: &url, headers: &headers, body: &body, now: ears.clock.now() };
    callback.prepare(&incoming).await;
    match callback.hear(&incoming) {
        Err(why) => {
            tracing::warn!(provider = %name, why = %why.0, "a callback is not believed");
            StatusCode::UNAUTHORIZED.into_response()
        }
        Ok(Heard::Echo(text)) => text.into_response(),
        Ok(Heard::Visit(address)) => visit(&ears, &address).await,
        Ok(Heard::Reports(reports)) => {
            let new = ears.replays.new_ones(&name, reports);
            if let Err(busy) = ears.desk.report(new.clone()).await {
                let wait = busy.retry_after.as_secs().max(1).to_string();
                return (StatusCode::SERVICE_UNAVAILABLE, [("retry-after", wait)]).into_response();
            }
            ears.replays.taken(&name, &new);
            StatusCode::OK.into_response()
        }
    }
}

/// The provider wants to see that the address is ours.
async fn visit(ears: &Ears, address: &str) -> Response {
    let question = match Target::parse(address) {
        Ok(target) => Question { target, method: hyper::Method::GET, headers: Vec::new(), body: Bytes::new() },
        Err(why) => {
            tracing::warn!(%why, "a provider wants an address visited that is none");
            return StatusCode::BAD_REQUEST.into_response();
        }
    };
    match ears.client.ask(&question, None).await {
        Ok(answer) if (200..300).contains(&answer.status) => StatusCode::OK.into_response(),
        other => {
            tracing::warn!(?other, "a provider's handshake failed");
            StatusCode::BAD_GATEWAY.into_response()
        }
    }
}
