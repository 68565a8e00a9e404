//! Messages as requests to an address of the company's own: Standard Webhooks.
//!
//! In: an envelope of any kind. Out: one signed POST. **Invariant:** `webhook-id` and body are the same in all attempts; the signature is
//! new each time, because it covers the time. The receiver knows a message by `webhook-id`, which is the promise that it makes by taking part
//! in Standard Webhooks: at least once from here, once there.
//!
//! What answers mean is the specification's: `2xx` is taken; `410` ends it, nothing is posted to this address any more; everything else was
//! not taken and is tried again with the same `webhook-id`.

use super::http::answer::Answer;
use super::http::{Client, Question, Target};
use super::secret::SecretRef;
use super::setup::{Ground, SetupError};
use super::signing::WebhookKey;
use super::{Adapter, Envelope, Gate, Task, Verdict};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// So many secrets sign at the same time while one is exchanged for another.
pub const SECRETS_MAX: usize = 4;
/// The longest time that a receiver may be trusted to know a message.
pub const REMEMBERS_HOURS_MAX: u64 = 24 * 7;

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    pub url: String,
    /// `whsec_…`; each signs, so that one can be exchanged for another.
    pub secrets: Vec<SecretRef>,
    /// How long the receiver knows a `webhook-id`.
    #[serde(default = "one_day")]
    pub remembers_hours: u64,
}

fn one_day() -> u64 {
    24
}

#[derive(Debug)]
pub struct Webhook {
    client: Client,
    target: Target,
    keys: Vec<WebhookKey>,
    remembers: Duration,
    /// The receiver said that it is gone for good.
    gone: AtomicBool,
}

impl Webhook {
    pub fn new(settings: &Settings, ground: Ground<'_>) -> Result<Webhook, SetupError> {
        if settings.secrets.is_empty() || settings.secrets.len() > SECRETS_MAX {
            return Err(SetupError::value("secrets", format!("name 1 to {SECRETS_MAX} secrets")));
        }
        if !(1..=REMEMBERS_HOURS_MAX).contains(&settings.remembers_hours) {
            return Err(SetupError::value("remembers_hours", format!("write 1 to {REMEMBERS_HOURS_MAX} hours")));
        }
        let secrets = ground.secrets("secrets", &settings.secrets)?;
        let keys = secrets.iter().map(|secret| WebhookKey::read(secret).map_err(|why| SetupError::value("secrets", why)));
        Ok(Webhook {
            client: ground.client.clone(),
            target: ground.target("url", &settings.url)?,
            keys: keys.collect::<Result<_, _>>()?,
            remembers: Duration::from_secs(settings.remembers_hours * 3600),
            gone: AtomicBool::new(false),
        })
    }

    fn question(&self, envelope: &Envelope) -> Question {
        let body = body(envelope);
        let seconds = self.client.clock().now().0.div_euclid(1000);
        let signatures: Vec<String> = self.keys.iter().map(|key| key.sign(&envelope.id, seconds, body.as_bytes())).collect();
        Question::post(self.target.clone(), "application/json", body)
            .with("webhook-id", envelope.id.clone())
            .with("webhook-timestamp", seconds.to_string())
            .with("webhook-signature", signatures.join(" "))
    }

    fn judge(&self, answer: &Answer) -> Verdict {
        match answer.status {
            200..=299 => Verdict::Accepted { provider_id: None },
            410 => {
                self.gone.store(true, Ordering::SeqCst);
                gone()
            }
            // The specification: all but 2xx is not taken, and the same `webhook-id` comes again.
            status => Verdict::NotSent { reason: format!("answered {status}"), retry_after: answer.retry_after() },
        }
    }
}

fn gone() -> Verdict {
    Verdict::Refused { reason: "the receiver answered 410, gone: nothing is posted to it until the next start".to_owned(), suppress: false }
}

/// Its keys are sorted, so that the same envelope gives the same bytes.
fn body(envelope: &Envelope) -> String {
    let parts: Map<String, Value> = envelope.parts.iter().map(|(name, text)| (name.clone(), Value::from(text.as_str()))).collect();
    json!({
        "type": "message",
        "data": {
            "id": envelope.id,
            "channel": envelope.channel,
            "address": envelope.address,
            "language": envelope.language,
            "journey": envelope.journey,
            "message": envelope.message,
            "topic": envelope.topic,
            "transactional": envelope.transactional,
            "parts": parts,
        },
    })
    .to_string()
}

impl Adapter for Webhook {
    fn name(&self) -> &'static str {
        "webhook"
    }

    fn remembers(&self) -> Option<Duration> {
        Some(self.remembers)
    }

    fn hand_over<'a>(&'a self, envelope: &'a Envelope, _gate: &'a dyn Gate) -> Task<'a, Verdict> {
        Box::pin(async move {
            if self.gone.load(Ordering::SeqCst) {
                return gone();
            }
            match self.client.ask(&self.question(envelope), None).await {
                Ok(answer) => self.judge(&answer),
                Err(failure) => failure.into(),
            }
        })
    }
}
