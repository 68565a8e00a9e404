//! Mail by SendGrid.
//!
//! In: an envelope of a mail. Out: `POST /v3/mail/send`. **Invariant:** SendGrid promises no retry key, so the gate is opened before the request.
//! What is sent is a mail that [`Writer`] finished and looked at, taken apart again, so a promotion never leaves without its way to unsubscribe. The
//! identity travels as a custom argument, which SendGrid's reports repeat; no other data of a customer is in arguments or categories.
//!
//! A `5xx` is unknown: SendGrid does not say that it took nothing.

use super::callback::IDENTITY;
use super::http::answer::Answer;
use super::http::{Client, Question, Target};
use super::mail::address::{Address, one_line};
use super::mail::{self, Writer, read};
use super::secret::{Secret, SecretRef};
use super::setup::{Ground, SetupError};
use super::{Adapter, Envelope, Gate, Task, Verdict};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::time::Duration;

/// Headers of the finished mail that go along; the others are SendGrid's own business.
const HEADERS: [&str; 5] = ["List-Unsubscribe", "List-Unsubscribe-Post", "Auto-Submitted", "Feedback-ID", "X-Onward-Id"];

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    pub key: SecretRef,
    /// `Shop <hello@shop.example>`; a message may say another.
    pub from: String,
    pub reply_to: Option<String>,
    /// `https://api.eu.sendgrid.com`
    pub api: Option<String>,
}

#[derive(Debug)]
pub struct Sendgrid {
    client: Client,
    target: Target,
    key: Secret,
    from: String,
    reply_to: Option<String>,
    writer: Writer,
}

impl Sendgrid {
    pub fn new(settings: &Settings, ground: Ground<'_>) -> Result<Sendgrid, SetupError> {
        let mail = mail::Settings { from: settings.from.clone(), reply_to: settings.reply_to.clone(), ..mail::Settings::default() };
        let api = ground.api(settings.api.as_ref(), "https://api.sendgrid.com")?;
        Ok(Sendgrid {
            client: ground.client.clone(),
            target: api.at("/v3/mail/send"),
            key: ground.secret("key", &settings.key)?,
            from: settings.from.clone(),
            reply_to: settings.reply_to.clone(),
            writer: Writer::new(mail, ground.client.clock().clone()).map_err(|why| SetupError::value("from", why))?,
        })
    }

    fn question(&self, envelope: &Envelope) -> Result<Question, Verdict> {
        let refused = |why: mail::Wrong| Verdict::Refused { reason: why.reason, suppress: why.suppress };
        let finished = self.writer.compose(envelope).map_err(refused)?;
        let finished = read::mail(&finished.bytes);
        let mut content = Vec::new();
        // SendGrid wants the plain text first.
        for kind in ["text/plain", "text/html"] {
            if let Some(part) = finished.part(kind) {
                content.push(json!({ "type": kind, "value": part.text() }));
            }
        }
        let headers: Map<String, Value> = HEADERS
            .iter()
            .filter_map(|name| Some(((*name).to_owned(), Value::from(finished.header(&name.to_ascii_lowercase())?))))
            .collect();
        let mut body = json!({
            // Of the whole mail its interface wants them as one text; of a recipient as they are.
            "personalizations": [{ "to": [{ "email": envelope.address }], "custom_args": { IDENTITY: envelope.id } }],
            "from": named(envelope.part("from"), &self.from)?,
            "subject": one_line(envelope.part("subject")),
            "content": content,
            "headers": headers,
            // Clicks and opens are counted by pages of ours; and the link to unsubscribe is not to be rewritten.
            "tracking_settings": {
                "click_tracking": { "enable": false, "enable_text": false },
                "open_tracking": { "enable": false },
                "subscription_tracking": { "enable": false },
            },
        });
        let reply_to = self.reply_to.as_deref().unwrap_or_default();
        if !envelope.part("reply to").trim().is_empty() || !reply_to.is_empty() {
            body["reply_to"] = named(envelope.part("reply to"), reply_to)?;
        }
        if envelope.message.is_ascii() && !envelope.message.is_empty() {
            body["categories"] = json!([envelope.message]);
        }
        Ok(Question::post(self.target.clone(), "application/json", body.to_string())
            .with("authorization", format!("Bearer {}", self.key.reveal())))
    }
}

/// What the message says, else what the settings say.
fn named(written: &str, else_: &str) -> Result<Value, Verdict> {
    let text = if written.trim().is_empty() { else_ } else { written };
    let (name, address) = Address::parse_named(text)
        .map_err(|why| Verdict::Refused { reason: format!("`from` or `reply to` is no address: {why}"), suppress: false })?;
    Ok(match name {
        Some(name) => json!({ "email": address.to_string(), "name": name }),
        None => json!({ "email": address.to_string() }),
    })
}

fn judge(answer: &Answer) -> Verdict {
    match answer.status {
        200..=299 => {
            let id = answer
                .header("x-message-id")
                .filter(|id| !id.is_empty() && id.len() <= 256 && id.bytes().all(|byte| byte.is_ascii_graphic()));
            Verdict::Accepted { provider_id: id.map(str::to_owned) }
        }
        429 => Verdict::NotSent { reason: "answered 429".to_owned(), retry_after: answer.retry_after().or_else(|| reset(answer)) },
        _ => answer.verdict(""),
    }
}

/// SendGrid says when its count begins anew, in seconds since 1970.
fn reset(answer: &Answer) -> Option<Duration> {
    let at = answer.header("x-ratelimit-reset")?.parse::<i64>().ok()?.checked_mul(1000)?;
    let wait = u64::try_from(at.saturating_sub(answer.at.0)).ok()?;
    Some(Duration::from_millis(wait).min(super::http::answer::RETRY_AFTER_MAX))
}

impl Adapter for Sendgrid {
    fn name(&self) -> &'static str {
        "sendgrid"
    }

    fn hand_over<'a>(&'a self, envelope: &'a Envelope, gate: &'a dyn Gate) -> Task<'a, Verdict> {
        Box::pin(async move {
            let question = match self.question(envelope) {
                Ok(question) => question,
                Err(verdict) => return verdict,
            };
            match self.client.ask(&question, Some(gate)).await {
                Ok(answer) => judge(&answer),
                Err(failure) => failure.into(),
            }
        })
    }
}
