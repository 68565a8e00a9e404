//! Messages by LINE.
//!
//! In: an envelope with a `text`. Out: `POST /v2/bot/message/push`. **Invariant:** every attempt carries the same `X-Line-Retry-Key`, made of
//! the message's identity; LINE takes a key once, and answers `409` when it has. So a doubt is resolved by asking again, and no gate is needed.
//!
//! `5xx` is unknown, and the key resolves it. LINE answers `200` also where the contact has blocked the account.

use super::http::answer::{Answer, CREDENTIALS_AFTER, id};
use super::http::{Client, Question, Target};
use super::secret::{Secret, SecretRef};
use super::setup::{Ground, SetupError};
use super::{Adapter, Envelope, Gate, Task, Verdict};
use ring::digest;
use serde::Deserialize;
use serde_json::json;
use std::time::Duration;

/// LINE keeps a retry key for 24 hours.
pub const REMEMBERS: Duration = Duration::from_secs(24 * 3600);
/// The longest text of one message, in UTF-16 units.
pub const TEXT_UNITS_MAX: usize = 5000;

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The channel access token.
    pub token: SecretRef,
    /// Without a sound on the phone.
    #[serde(default)]
    pub silent: bool,
    pub api: Option<String>,
}

#[derive(Debug)]
pub struct Line {
    client: Client,
    target: Target,
    token: Secret,
    silent: bool,
}

impl Line {
    pub fn new(settings: &Settings, ground: Ground<'_>) -> Result<Line, SetupError> {
        let api = ground.api(settings.api.as_ref(), "https://api.line.me")?;
        Ok(Line {
            client: ground.client.clone(),
            target: api.at("/v2/bot/message/push"),
            token: ground.secret("token", &settings.token)?,
            silent: settings.silent,
        })
    }

    fn question(&self, envelope: &Envelope) -> Question {
        let body = json!({
            "to": envelope.address,
            "messages": [{ "type": "text", "text": envelope.part("text") }],
            "notificationDisabled": self.silent,
        });
        Question::post(self.target.clone(), "application/json", body.to_string())
            .with("authorization", format!("Bearer {}", self.token.reveal()))
            .with("x-line-retry-key", retry_key(&envelope.id))
    }
}

/// A UUID of our own making (version 8, RFC 9562) from an identity: the same for the same one.
pub fn retry_key(id: &str) -> String {
    let digest = digest::digest(&digest::SHA256, format!("onward line {id}").as_bytes());
    let mut bytes = [0u8; 16];
    bytes.copy_from_slice(&digest.as_ref()[..16]);
    bytes[6] = bytes[6] & 0x0f | 0x80;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex = super::signing::hex(&bytes);
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

fn judge(answer: &Answer) -> Verdict {
    let said = answer.json();
    match answer.status {
        200..=299 => Verdict::Accepted { provider_id: id(&said["sentMessages"][0]["id"]) },
        // It has taken this key before.
        409 => Verdict::Accepted { provider_id: id(&said["sentMessages"][0]["id"]) },
        // Too fast, or the month's messages are used up; the one passes by itself, the other when somebody buys more.
        429 => Verdict::NotSent { reason: "answered 429".to_owned(), retry_after: answer.retry_after().or(Some(CREDENTIALS_AFTER)) },
        _ => answer.verdict(""),
    }
}

impl Adapter for Line {
    fn name(&self) -> &'static str {
        "line"
    }

    fn remembers(&self) -> Option<Duration> {
        Some(REMEMBERS)
    }

    fn hand_over<'a>(&'a self, envelope: &'a Envelope, _gate: &'a dyn Gate) -> Task<'a, Verdict> {
        Box::pin(async move {
            if envelope.part("text").encode_utf16().count() > TEXT_UNITS_MAX {
                return Verdict::Refused { reason: format!("the text has more than {TEXT_UNITS_MAX} characters"), suppress: false };
            }
            match self.client.ask(&self.question(envelope), None).await {
                Ok(answer) => judge(&answer),
                Err(failure) => failure.into(),
            }
        })
    }
}
