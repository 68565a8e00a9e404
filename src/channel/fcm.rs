//! Push by Firebase Cloud Messaging (HTTP v1).
//!
//! In: an envelope with `title`, `body`, `link`. Out: `POST /v1/projects/{project}/messages:send`. **Invariant:** Google promises no retry key,
//! so the gate is opened before the request; the access token is fetched before the gate. The identity is the notification's tag and collapse
//! id: should one arrive twice, the second replaces the first on the phone.
//!
//! A `5xx` is unknown, `UNAVAILABLE` too: Google says "not in time", not "not at all".

mod account;

pub use account::ServiceAccount;

use super::http::answer::{Answer, code, id};
use super::http::{Client, Failure, Question, Target};
use super::secret::{Secret, SecretRef};
use super::setup::{Ground, SetupError, word};
use super::{Adapter, Envelope, Gate, Task, Verdict};
use crate::calendar::Instant;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::time::Duration;
use tokio::sync::Mutex;

/// What Google takes of the content, bytes; the names around it stay free.
pub const CONTENT_BYTES_MAX: usize = 4096 - 512;
/// A token is renewed so long before it ends.
const EARLY_MS: i64 = 5 * 60 * 1000;
/// So long after a token could not be had.
const TOKEN_AFTER: Duration = Duration::from_secs(30);

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The service account's JSON file, as Google gives it out.
    pub service_account: SecretRef,
    /// Where it is not the account's own project.
    pub project: Option<String>,
    pub api: Option<String>,
}

#[derive(Debug)]
pub struct Fcm {
    client: Client,
    target: Target,
    tokens: Target,
    account: ServiceAccount,
    /// The one in use, and when it ends. Behind a lock that is held while a new one is fetched, so that one request fetches it.
    token: Mutex<Option<(Secret, Instant)>>,
}

impl Fcm {
    pub fn new(settings: &Settings, ground: Ground<'_>) -> Result<Fcm, SetupError> {
        let secret = ground.secret("service_account", &settings.service_account)?;
        let account = ServiceAccount::read(&secret).map_err(|why| SetupError::value("service_account", why))?;
        let project = settings.project.clone().unwrap_or_else(|| account.project.clone());
        word("project", &project)?;
        let api = ground.api(settings.api.as_ref(), "https://fcm.googleapis.com")?;
        Ok(Fcm {
            client: ground.client.clone(),
            target: api.at(&format!("/v1/projects/{project}/messages:send")),
            tokens: ground.target("service_account", &account.token_uri)?,
            account,
            token: Mutex::new(None),
        })
    }

    /// An access token with some life left.
    async fn token(&self) -> Result<Secret, Verdict> {
        let mut kept = self.token.lock().await;
        let now = self.client.clock().now();
        if let Some((token, ends)) = kept.as_ref()
            && now.plus_ms(EARLY_MS) < *ends
        {
            return Ok(token.clone());
        }
        let not_sent = |why: &str| Verdict::NotSent { reason: format!("no access token: {why}"), retry_after: Some(TOKEN_AFTER) };
        let form = self.account.assertion(now).map_err(|why| not_sent(&why))?;
        let question = Question::post(self.tokens.clone(), "application/x-www-form-urlencoded", form);
        let answer = match self.client.ask(&question, None).await {
            Ok(answer) => answer,
            // A token more does no harm: whatever became of this request, nothing was sent.
            Err(Failure::NotSent(why) | Failure::Unknown(why)) => return Err(not_sent(&why)),
            Err(Failure::Withdrawn) => return Err(not_sent("withdrawn")),
        };
        let said = answer.json();
        let (Some(token), 200) = (said["access_token"].as_str(), answer.status) else {
            return Err(not_sent(&format!("answered {}, {}", answer.status, code(&said["error"]))));
        };
        let seconds = said["expires_in"].as_i64().unwrap_or(0).clamp(0, 86_400);
        let token = Secret::of(token);
        *kept = Some((token.clone(), now.plus_ms(seconds * 1000)));
        Ok(token)
    }

    async fn send(&self, envelope: &Envelope, gate: &dyn Gate) -> Verdict {
        let length = ["title", "body", "link"].iter().map(|part| envelope.part(part).len()).sum::<usize>();
        if length > CONTENT_BYTES_MAX {
            return Verdict::Refused { reason: format!("title, body and link have more than {CONTENT_BYTES_MAX} bytes"), suppress: false };
        }
        let token = match self.token().await {
            Ok(token) => token,
            Err(verdict) => return verdict,
        };
        let question = Question::post(self.target.clone(), "application/json", body(envelope))
            .with("authorization", format!("Bearer {}", token.reveal()));
        match self.client.ask(&question, Some(gate)).await {
            Ok(answer) => {
                if answer.status == 401 {
                    *self.token.lock().await = None;
                }
                judge(&answer)
            }
            Err(failure) => failure.into(),
        }
    }
}

fn body(envelope: &Envelope) -> String {
    let link = envelope.part("link");
    let data: Map<String, Value> = [("message", envelope.id.as_str()), ("topic", &envelope.topic), ("link", link)]
        .into_iter()
        .filter(|(_, text)| !text.is_empty())
        .map(|(name, text)| (name.to_owned(), Value::from(text)))
        .collect();
    let mut message = json!({
        "token": envelope.address,
        "notification": { "title": envelope.part("title"), "body": envelope.part("body") },
        "data": data,
        "android": { "notification": { "tag": envelope.id } },
        "apns": { "headers": { "apns-collapse-id": envelope.id } },
    });
    // Google takes only https here; links into apps go by `data`.
    if link.starts_with("https://") {
        message["webpush"] = json!({ "fcm_options": { "link": link } });
    }
    json!({ "message": message }).to_string()
}

fn judge(answer: &Answer) -> Verdict {
    let said = answer.json();
    if (200..300).contains(&answer.status) {
        return Verdict::Accepted { provider_id: id(&said["name"]) };
    }
    let details = said["error"]["details"].as_array();
    let code = details.into_iter().flatten().map(|detail| code(&detail["errorCode"])).find(|code| !code.is_empty()).unwrap_or_default();
    match (code.as_str(), answer.status) {
        (_, 500..) => answer.verdict(&code),
        // The app was removed, or the token is over.
        ("UNREGISTERED", _) => answer.refused(&code, true),
        // The token is of another project: of the settings or of the app, but not of the contact.
        ("SENDER_ID_MISMATCH", _) => answer.refused(&code, false),
        ("QUOTA_EXCEEDED", _) => answer.not_sent(&code),
        _ => answer.verdict(&code),
    }
}

impl Adapter for Fcm {
    fn name(&self) -> &'static str {
        "fcm"
    }

    fn hand_over<'a>(&'a self, envelope: &'a Envelope, gate: &'a dyn Gate) -> Task<'a, Verdict> {
        Box::pin(self.send(envelope, gate))
    }
}
