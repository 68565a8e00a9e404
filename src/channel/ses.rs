//! Mail by Amazon SES (version 2).
//!
//! In: an envelope of a mail. Out: `POST /v2/email/outbound-emails` with the finished mail. **Invariant:** SES has no retry key, so the gate is opened
//! before the request. What is sent are the bytes that [`Writer`] finished and looked at. The identity travels as a tag, which the reports of SES
//! repeat.
//!
//! A `5xx` is unknown: Amazon does not say that it took nothing.

pub mod sigv4;

use super::callback::IDENTITY;
use super::http::answer::{Answer, CREDENTIALS_AFTER, id};
use super::http::{Client, Question, Target};
use super::mail::{self, Writer};
use super::secret::{Secret, SecretRef};
use super::setup::{Ground, SetupError, word};
use super::signing::base64;
use super::{Adapter, Envelope, Gate, Task, Verdict};
use serde::Deserialize;
use serde_json::json;
use sigv4::{Signed, Signer, stamp};

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// `eu-west-1`
    pub region: String,
    /// `AKIA…`
    pub access_key_id: SecretRef,
    pub secret_access_key: SecretRef,
    pub session_token: Option<SecretRef>,
    /// Publishes the events to the topic that reports come from.
    pub configuration_set: Option<String>,
    /// `Shop <hello@shop.example>`; a message may say another.
    pub from: String,
    pub reply_to: Option<String>,
    pub api: Option<String>,
}

#[derive(Debug)]
pub struct Ses {
    client: Client,
    target: Target,
    region: String,
    key_id: Secret,
    key: Secret,
    session: Option<Secret>,
    configuration_set: Option<String>,
    writer: Writer,
}

impl Ses {
    pub fn new(settings: &Settings, ground: Ground<'_>) -> Result<Ses, SetupError> {
        word("region", &settings.region)?;
        if let Some(set) = &settings.configuration_set {
            word("configuration_set", set)?;
        }
        let mail = mail::Settings { from: settings.from.clone(), reply_to: settings.reply_to.clone(), ..mail::Settings::default() };
        let api = ground.api(settings.api.as_ref(), &format!("https://email.{}.amazonaws.com", settings.region))?;
        Ok(Ses {
            client: ground.client.clone(),
            target: api.at("/v2/email/outbound-emails"),
            region: settings.region.clone(),
            key_id: ground.secret("access_key_id", &settings.access_key_id)?,
            key: ground.secret("secret_access_key", &settings.secret_access_key)?,
            session: settings.session_token.as_ref().map(|token| ground.secret("session_token", token)).transpose()?,
            configuration_set: settings.configuration_set.clone(),
            writer: Writer::new(mail, ground.client.clock().clone()).map_err(|why| SetupError::value("from", why))?,
        })
    }

    fn question(&self, envelope: &Envelope) -> Result<Question, Verdict> {
        let refused = |why: mail::Wrong| Verdict::Refused { reason: why.reason, suppress: why.suppress };
        let finished = self.writer.compose(envelope).map_err(refused)?;
        let mut body = json!({
            "Destination": { "ToAddresses": [finished.recipient] },
            "Content": { "Raw": { "Data": base64(&finished.bytes) } },
            "EmailTags": [{ "Name": IDENTITY, "Value": envelope.id }],
        });
        if let Some(set) = &self.configuration_set {
            body["ConfigurationSetName"] = json!(set);
        }
        Ok(self.sign(body.to_string()))
    }

    fn sign(&self, body: String) -> Question {
        const JSON: &str = "application/json";
        let stamp = stamp(self.client.clock().now());
        let host = self.target.authority();
        let mut headers = vec![("content-type", JSON), ("host", host.as_str()), ("x-amz-date", stamp.as_str())];
        if let Some(token) = &self.session {
            headers.push(("x-amz-security-token", token.reveal()));
        }
        let signer = Signer { key_id: self.key_id.reveal(), key: &self.key, region: &self.region, service: "ses" };
        let signed = Signed { method: "POST", path: &self.target.path, query: "", headers: &headers, body: body.as_bytes() };
        let authorization = signer.authorization(&signed, &stamp);
        let mut question = Question::post(self.target.clone(), JSON, body).with("authorization", authorization).with("x-amz-date", stamp);
        if let Some(token) = &self.session {
            question = question.with("x-amz-security-token", token.reveal());
        }
        question
    }
}

/// `TooManyRequestsException:http://…` in a header.
fn error_type(answer: &Answer) -> String {
    let word = answer.header("x-amzn-errortype").and_then(|text| text.split(':').next()).unwrap_or_default();
    super::http::answer::code(&json!(word))
}

fn judge(answer: &Answer) -> Verdict {
    if (200..300).contains(&answer.status) {
        return Verdict::Accepted { provider_id: id(&answer.json()["MessageId"]) };
    }
    let kind = error_type(answer);
    match (kind.as_str(), answer.status) {
        (_, 500..) => answer.verdict(&kind),
        ("TooManyRequestsException" | "ThrottlingException" | "LimitExceededException", _) => answer.not_sent(&kind),
        // Ours to mend: the account, the domain, the set of events.
        ("SendingPausedException" | "AccountSuspendedException" | "MailFromDomainNotVerifiedException" | "NotFoundException", _) => {
            Verdict::NotSent { reason: format!("answered {}, {kind}", answer.status), retry_after: Some(CREDENTIALS_AFTER) }
        }
        _ => answer.verdict(&kind),
    }
}

impl Adapter for Ses {
    fn name(&self) -> &'static str {
        "ses"
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
