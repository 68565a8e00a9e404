//! SMS by Twilio.
//!
//! In: an envelope with a `text`. Out: `POST /2010-04-01/Accounts/{Sid}/Messages.json`. **Invariant:** Twilio promises no retry key for new
//! messages, so the gate is opened before the request. Its reports come back to an address that holds the message's identity.
//!
//! A `5xx` is unknown: Twilio does not say that a message was not made before it failed. `429` (and a full queue) is said before anything is
//! made.

use super::http::answer::{Answer, code, id};
use super::http::target::encode_component;
use super::http::{Client, Question, Target};
use super::secret::{Secret, SecretRef};
use super::setup::{Ground, SetupError, word};
use super::signing::base64;
use super::{Adapter, Envelope, Gate, Task, Verdict};
use serde::Deserialize;

/// The longest text that Twilio takes.
pub const TEXT_CHARS_MAX: usize = 1600;
/// Twilio gives up after this: seconds, 1 to 36,000.
pub const VALIDITY_SECONDS_MAX: u32 = 36_000;

/// The parameter of the report's address that holds the identity.
pub const MESSAGE_PARAMETER: &str = "message";

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// `AC…`
    pub account: String,
    pub token: SecretRef,
    /// `SK…`, where `token` is of an API key instead of the account.
    pub key: Option<String>,
    /// A number (`+66…`) or a sender's name.
    pub from: Option<String>,
    /// `MG…`, instead of `from`.
    pub messaging_service: Option<String>,
    /// How long Twilio may try, in seconds.
    pub validity_seconds: Option<u32>,
    /// Another address of Twilio's: `https://api.dublin.ie1.twilio.com`.
    pub api: Option<String>,
}

#[derive(Debug)]
pub struct Twilio {
    client: Client,
    target: Target,
    user: String,
    token: Secret,
    sender: (&'static str, String),
    validity: Option<u32>,
}

impl Twilio {
    pub fn new(settings: &Settings, ground: Ground<'_>) -> Result<Twilio, SetupError> {
        word("account", &settings.account)?;
        if let Some(key) = &settings.key {
            word("key", key)?;
        }
        let sender = match (&settings.from, &settings.messaging_service) {
            (Some(from), None) => ("From", from.clone()),
            (None, Some(service)) => ("MessagingServiceSid", service.clone()),
            _ => return Err(SetupError::value("from", "write either `from` or `messaging_service`")),
        };
        if settings.validity_seconds.is_some_and(|seconds| !(1..=VALIDITY_SECONDS_MAX).contains(&seconds)) {
            return Err(SetupError::value("validity_seconds", "write 1 to 36000 seconds"));
        }
        let api = ground.api(settings.api.as_ref(), "https://api.twilio.com")?;
        Ok(Twilio {
            client: ground.client.clone(),
            target: api.at(&format!("/2010-04-01/Accounts/{}/Messages.json", settings.account)),
            user: settings.key.clone().unwrap_or_else(|| settings.account.clone()),
            token: ground.secret("token", &settings.token)?,
            sender,
            validity: settings.validity_seconds,
        })
    }

    fn question(&self, envelope: &Envelope) -> Question {
        let mut form =
            vec![("To", envelope.address.clone()), (self.sender.0, self.sender.1.clone()), ("Body", envelope.part("text").to_owned())];
        if let Some(report) = &envelope.links.report {
            let mark = if report.contains('?') { '&' } else { '?' };
            form.push(("StatusCallback", format!("{report}{mark}{MESSAGE_PARAMETER}={}", envelope.id)));
        }
        if let Some(seconds) = self.validity {
            form.push(("ValidityPeriod", seconds.to_string()));
        }
        let body: Vec<String> = form.iter().map(|(name, value)| format!("{name}={}", encode_component(value))).collect();
        let login = base64(format!("{}:{}", self.user, self.token.reveal()).as_bytes());
        Question::post(self.target.clone(), "application/x-www-form-urlencoded", body.join("&"))
            .with("accept", "application/json")
            .with("authorization", format!("Basic {login}"))
    }
}

/// What Twilio's numbers mean: <https://www.twilio.com/docs/api/errors>.
fn judge(answer: &Answer) -> Verdict {
    let said = answer.json();
    if (200..300).contains(&answer.status) {
        let failed = matches!(said["status"].as_str(), Some("failed" | "undelivered" | "canceled"));
        return if failed { by_code(answer, &code(&said["error_code"])) } else { Verdict::Accepted { provider_id: id(&said["sid"]) } };
    }
    by_code(answer, &code(&said["code"]))
}

fn by_code(answer: &Answer, code: &str) -> Verdict {
    match (code, answer.status) {
        (_, 500..) => answer.verdict(code),
        // Said STOP; not a number; not a mobile one.
        ("21610" | "21211" | "21217" | "21614", _) => answer.refused(code, true),
        // Too many, or a full queue.
        ("20429" | "14107" | "21611", _) => answer.not_sent(code),
        // Ours to mend: no sender, a sender that is not ours, a service without numbers.
        ("21603" | "21606" | "21659" | "21660" | "21701" | "21703" | "21705", _) => answer.not_sent(code),
        (_, 200..300) => answer.refused(code, false),
        _ => answer.verdict(code),
    }
}

impl Adapter for Twilio {
    fn name(&self) -> &'static str {
        "twilio"
    }

    fn hand_over<'a>(&'a self, envelope: &'a Envelope, gate: &'a dyn Gate) -> Task<'a, Verdict> {
        Box::pin(async move {
            if envelope.part("text").chars().count() > TEXT_CHARS_MAX {
                return Verdict::Refused { reason: format!("the text has more than {TEXT_CHARS_MAX} characters"), suppress: false };
            }
            match self.client.ask(&self.question(envelope), Some(gate)).await {
                Ok(answer) => judge(&answer),
                Err(failure) => failure.into(),
            }
        })
    }
}
