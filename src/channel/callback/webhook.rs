//! Reports of an adapter of the company's own: Standard Webhooks in.
//!
//! In: JSON, signed as Standard Webhooks says. Out: one report. **Invariant:** the time is signed and may be 5 minutes off; a report counts once
//! by its `webhook-id`, which is the same in all attempts.

use super::{REPLY_CHARS_MAX, SECRETS_MAX, disbelief, json, ours, recent};
use crate::channel::secret::SecretRef;
use crate::channel::setup::{Ground, SetupError};
use crate::channel::signing::WebhookKey;
use crate::channel::{About, Callback, Disbelief, Heard, Incoming, Report, Reported};
use crate::schema::ChannelKind;
use serde::Deserialize;
use serde_json::Value;

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// `whsec_…`
    pub secrets: Vec<SecretRef>,
}

#[derive(Debug)]
pub struct WebhookCallback {
    keys: Vec<WebhookKey>,
}

impl WebhookCallback {
    pub fn new(settings: &Settings, ground: Ground<'_>) -> Result<WebhookCallback, SetupError> {
        if settings.secrets.is_empty() || settings.secrets.len() > SECRETS_MAX {
            return Err(SetupError::value("secrets", format!("name 1 to {SECRETS_MAX} secrets")));
        }
        let secrets = ground.secrets("secrets", &settings.secrets)?;
        let keys = secrets.iter().map(|secret| WebhookKey::read(secret).map_err(|why| SetupError::value("secrets", why)));
        Ok(WebhookCallback { keys: keys.collect::<Result<_, _>>()? })
    }
}

impl Callback for WebhookCallback {
    fn name(&self) -> &'static str {
        "webhook"
    }

    fn hear(&self, request: &Incoming<'_>) -> Result<Heard, Disbelief> {
        let headers = ["webhook-id", "webhook-timestamp", "webhook-signature"].map(|name| request.header(name));
        let [Some(id), Some(time), Some(signature)] = headers else { return disbelief("no signature") };
        // As it is signed: a number in its one spelling.
        let Some(seconds) = time.parse::<i64>().ok().filter(|seconds| seconds.to_string() == time) else { return disbelief("no time") };
        // Every key is tried, so that the time tells nothing.
        if self.keys.iter().filter(|key| key.verify(id, seconds, request.body, signature)).count() == 0 {
            return disbelief("the signature is not of this body, id and time");
        }
        recent(seconds, request)?;
        let said = json(request)?;
        let report = meaning(&said).map(|(about, what)| Report { id: Some(id.to_owned()), about, what, at: None });
        Ok(Heard::Reports(report.into_iter().collect()))
    }
}

/// `{"type": "delivered", "data": {"message": "…"}}`, or with `channel` and `address` instead of the message.
fn meaning(said: &Value) -> Option<(About, Reported)> {
    let data = &said["data"];
    let flag = |name: &str| data[name].as_bool().unwrap_or(false);
    let what = match said["type"].as_str()? {
        "delivered" => Reported::Delivered,
        "opened" => Reported::Opened { by_machine: flag("by_machine") },
        "clicked" => Reported::Clicked { url: data["url"].as_str().map(str::to_owned), by_machine: flag("by_machine") },
        "bounced" => Reported::Bounced { hard: flag("hard") },
        "failed" => Reported::Failed,
        "complained" => Reported::Complained,
        "replied" => Reported::Replied(data["text"].as_str().unwrap_or_default().chars().take(REPLY_CHARS_MAX).collect()),
        "unsubscribed" => Reported::Unsubscribed,
        "suppressed" => Reported::Suppressed(true),
        "resumed" => Reported::Suppressed(false),
        _ => return None,
    };
    let about = match data["message"].as_str() {
        Some(message) => ours(message)?,
        None => {
            let kind = ChannelKind::deserialize(&data["channel"]).ok()?;
            About::Address(kind, data["address"].as_str().filter(|address| !address.is_empty())?.to_owned())
        }
    };
    Some((about, what))
}
