//! Template messages by the WhatsApp Cloud API.
//!
//! In: an envelope with a `template`, a `language` and the template's values. Out: `POST /{version}/{phone number id}/messages`.
//! **Invariant:** Meta promises no retry key, so the gate is opened before the request. The identity travels as `biz_opaque_callback_data`,
//! which Meta's reports repeat.
//!
//! A `5xx` is unknown, and so are Meta's codes for "something went wrong". Limits of rates come before anything is sent.

use super::http::answer::{Answer, CREDENTIALS_AFTER, code, id};
use super::http::{Client, Question, Target};
use super::secret::{Secret, SecretRef};
use super::setup::{Ground, SetupError, word};
use super::{Adapter, Envelope, Gate, Task, Verdict};
use serde::Deserialize;
use serde_json::{Value, json};

/// The version of the interface that this was written for.
pub const VERSION: &str = "v23.0";
/// Values of one template, and the characters of one value.
pub const VALUES_MAX: usize = 64;
pub const VALUE_CHARS_MAX: usize = 1024;

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    pub token: SecretRef,
    /// Not the number itself, but its id: digits.
    pub phone_number_id: String,
    /// Where neither the message nor its variant says a language: `th`, `en_US`.
    pub language: Option<String>,
    /// How the templates name their values.
    #[serde(default)]
    pub values: Values,
    pub version: Option<String>,
    pub api: Option<String>,
}

/// `{{first_name}}` or `{{1}}`: a template has the one or the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Values {
    #[default]
    Named,
    /// In the order in which the message writes them.
    InOrder,
}

#[derive(Debug)]
pub struct Whatsapp {
    client: Client,
    target: Target,
    token: Secret,
    language: Option<String>,
    values: Values,
}

impl Whatsapp {
    pub fn new(settings: &Settings, ground: Ground<'_>) -> Result<Whatsapp, SetupError> {
        word("phone_number_id", &settings.phone_number_id)?;
        let version = settings.version.as_deref().unwrap_or(VERSION);
        if version.is_empty() || version.len() > 16 || !version.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'.') {
            return Err(SetupError::value("version", format!("write it as `{VERSION}`")));
        }
        let api = ground.api(settings.api.as_ref(), "https://graph.facebook.com")?;
        Ok(Whatsapp {
            client: ground.client.clone(),
            target: api.at(&format!("/{version}/{}/messages", settings.phone_number_id)),
            token: ground.secret("token", &settings.token)?,
            language: settings.language.clone(),
            values: settings.values,
        })
    }

    fn question(&self, envelope: &Envelope) -> Result<Question, Verdict> {
        let refused = |reason: &str| Verdict::Refused { reason: reason.to_owned(), suppress: false };
        let written = Some(envelope.part("language")).filter(|language| !language.is_empty());
        let variant = Some(envelope.language.as_str()).filter(|language| !language.is_empty());
        let language = written.or(variant).or(self.language.as_deref());
        let language = language.ok_or_else(|| refused("the template has no language: write one, or `language` in the settings"))?;
        let values: Vec<(&str, &str)> = values(envelope).collect();
        if values.len() > VALUES_MAX || values.iter().any(|(_, text)| text.chars().count() > VALUE_CHARS_MAX) {
            return Err(refused("more than 64 values, or one of more than 1,024 characters"));
        }
        let body = json!({
            "messaging_product": "whatsapp",
            "recipient_type": "individual",
            "to": envelope.address,
            "type": "template",
            "template": {
                "name": envelope.part("template"),
                "language": { "code": language, "policy": "deterministic" },
                "components": self.components(&values),
            },
            "biz_opaque_callback_data": envelope.id,
        });
        Ok(Question::post(self.target.clone(), "application/json", body.to_string())
            .with("authorization", format!("Bearer {}", self.token.reveal())))
    }

    /// `header…` belongs to the header, `button_0` to the address of the first button, everything else to the body.
    fn components(&self, values: &[(&str, &str)]) -> Vec<Value> {
        let (mut header, mut body, mut buttons) = (Vec::new(), Vec::new(), Vec::new());
        for (name, text) in values {
            if let Some(media @ ("image" | "video" | "document")) = name.strip_prefix("header_") {
                header.push(json!({ "type": media, media: { "link": text } }));
            } else if name.starts_with("header") {
                header.push(self.text(name, text));
            } else if let Some(index) =
                name.strip_prefix("button_").filter(|index| index.len() == 1 && index.as_bytes()[0].is_ascii_digit())
            {
                let parameters = [json!({ "type": "text", "text": text })];
                buttons.push(json!({ "type": "button", "sub_type": "url", "index": index, "parameters": parameters }));
            } else {
                body.push(self.text(name, text));
            }
        }
        let mut components = Vec::new();
        if !header.is_empty() {
            components.push(json!({ "type": "header", "parameters": header }));
        }
        if !body.is_empty() {
            components.push(json!({ "type": "body", "parameters": body }));
        }
        components.extend(buttons);
        components
    }

    fn text(&self, name: &str, text: &str) -> Value {
        match self.values {
            Values::Named => json!({ "type": "text", "parameter_name": name, "text": text }),
            Values::InOrder => json!({ "type": "text", "text": text }),
        }
    }
}

/// Every part but the template and its language is a value.
fn values(envelope: &Envelope) -> impl Iterator<Item = (&str, &str)> {
    let parts = envelope.parts.iter().map(|(name, text)| (name.as_str(), text.as_str()));
    parts.filter(|(name, _)| !matches!(*name, "template" | "language"))
}

/// Meta's codes: <https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes>.
fn judge(answer: &Answer) -> Verdict {
    let said = answer.json();
    if (200..300).contains(&answer.status) {
        return Verdict::Accepted { provider_id: id(&said["messages"][0]["id"]) };
    }
    let code = code(&said["error"]["code"]);
    match (code.as_str(), answer.status) {
        (_, 500..) => answer.verdict(&code),
        ("1" | "2" | "131000" | "131016", _) => Verdict::Unknown { reason: format!("answered {}, {code}", answer.status) },
        ("4" | "80007" | "130429" | "131048" | "131056" | "133016", _) => answer.not_sent(&code),
        // Ours to mend: the token, rights, the account, the payment, the registration of the number.
        ("0" | "3" | "10" | "190" | "200" | "131005" | "131031" | "131042" | "133010", _) => {
            Verdict::NotSent { reason: format!("answered {}, {code}", answer.status), retry_after: Some(CREDENTIALS_AFTER) }
        }
        // Wants no marketing of ours any more.
        ("131050", _) => answer.refused(&code, true),
        _ => answer.verdict(&code),
    }
}

impl Adapter for Whatsapp {
    fn name(&self) -> &'static str {
        "whatsapp"
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
