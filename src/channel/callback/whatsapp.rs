//! WhatsApp: what became of a message, what people answer, and what they want no more.
//!
//! In: JSON, signed with the app's secret (`X-Hub-Signature-256`: hex of HMAC-SHA256 over the body); once a GET with our own token, which is
//! echoed. Out: reports. **Invariant:** Meta signs no time and sends again what was not taken, so a replay is told by the message's id and
//! its state.

use super::twilio::form;
use super::{REPORTS_MAX, SECRETS_MAX, disbelief, json, key, ours, reply, signed_by_one};
use crate::calendar::Instant;
use crate::channel::secret::{Secret, SecretRef};
use crate::channel::setup::{Ground, SetupError};
use crate::channel::signing::from_hex;
use crate::channel::{About, Callback, Disbelief, Heard, Incoming, Report, Reported};
use crate::schema::ChannelKind;
use ring::hmac;
use serde::Deserialize;
use serde_json::Value;

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The app's secret.
    pub secrets: Vec<SecretRef>,
    /// The word of ours that Meta repeats when the address is set.
    pub verify_token: SecretRef,
}

#[derive(Debug)]
pub struct WhatsappCallback {
    keys: Vec<hmac::Key>,
    verify_token: Secret,
}

impl WhatsappCallback {
    pub fn new(settings: &Settings, ground: Ground<'_>) -> Result<WhatsappCallback, SetupError> {
        if settings.secrets.is_empty() || settings.secrets.len() > SECRETS_MAX {
            return Err(SetupError::value("secrets", format!("name 1 to {SECRETS_MAX} secrets")));
        }
        let secrets = ground.secrets("secrets", &settings.secrets)?;
        let keys = secrets.iter().map(|secret| key(hmac::HMAC_SHA256, secret)).collect();
        Ok(WhatsappCallback { keys, verify_token: ground.secret("verify_token", &settings.verify_token)? })
    }

    /// `hub.mode=subscribe&hub.verify_token=…&hub.challenge=…`
    fn handshake(&self, query: &str) -> Result<Heard, Disbelief> {
        let Some(pairs) = form(query.as_bytes()) else { return disbelief("no query") };
        let field = |name: &str| pairs.iter().find(|(field, _)| field == name).map_or("", |(_, value)| value.as_str());
        // Two texts are compared by tags under one key, so that the time tells nothing.
        let key = key(hmac::HMAC_SHA256, &self.verify_token);
        let tag = hmac::sign(&key, field("hub.verify_token").as_bytes());
        if hmac::verify(&key, self.verify_token.reveal().as_bytes(), tag.as_ref()).is_err() {
            return disbelief("the handshake has another `verify_token`");
        }
        let challenge = field("hub.challenge");
        let plain = !challenge.is_empty()
            && challenge.len() <= 256
            && challenge.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
        if plain && field("hub.mode") == "subscribe" { Ok(Heard::Echo(challenge.to_owned())) } else { disbelief("no handshake") }
    }
}

impl Callback for WhatsappCallback {
    fn name(&self) -> &'static str {
        "whatsapp"
    }

    fn hear(&self, request: &Incoming<'_>) -> Result<Heard, Disbelief> {
        if request.body.is_empty()
            && let Some((_, query)) = request.url.split_once('?')
        {
            return self.handshake(query);
        }
        let tag = request.header("x-hub-signature-256").and_then(|header| header.strip_prefix("sha256=")).and_then(from_hex);
        let Some(tag) = tag else { return disbelief("no signature") };
        if !signed_by_one(&self.keys, request.body, &tag) {
            return disbelief("the signature is not of this body");
        }
        let said = json(request)?;
        let changes = list(&said["entry"]).flat_map(|entry| list(&entry["changes"]));
        Ok(Heard::Reports(changes.flat_map(|change| change_of(&change["value"])).take(REPORTS_MAX).collect()))
    }
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().map_or(&[][..], Vec::as_slice).iter()
}

fn change_of(value: &Value) -> Vec<Report> {
    let statuses = list(&value["statuses"]).filter_map(status);
    let messages = list(&value["messages"]).flat_map(message);
    let wishes = list(&value["user_preferences"]).filter_map(wish);
    statuses.chain(messages).chain(wishes).collect()
}

/// Seconds, as a text or a number.
fn seconds(value: &Value) -> Option<Instant> {
    let seconds = value.as_str().map_or_else(|| value.as_i64(), |text| text.parse().ok())?;
    Some(Instant(seconds.checked_mul(1000)?))
}

/// Meta writes numbers without their `+`.
fn address(value: &Value) -> Option<About> {
    let digits = value.as_str().filter(|text| !text.is_empty() && text.len() <= 20 && text.bytes().all(|byte| byte.is_ascii_digit()))?;
    Some(About::Address(ChannelKind::Whatsapp, format!("+{digits}")))
}

fn status(status: &Value) -> Option<Report> {
    let (id, state) = (status["id"].as_str()?, status["status"].as_str()?);
    let code = status["errors"][0]["code"].as_i64();
    let what = match (state, code) {
        ("delivered", _) => Reported::Delivered,
        ("read", _) => Reported::Opened { by_machine: false },
        ("failed", Some(131_050)) => Reported::Suppressed(true),
        ("failed", Some(131_026)) => Reported::Bounced { hard: false },
        ("failed", _) => Reported::Failed,
        _ => return None,
    };
    let about = match what {
        Reported::Suppressed(_) => address(&status["recipient_id"])?,
        _ => status["biz_opaque_callback_data"].as_str().and_then(ours).unwrap_or_else(|| About::Provider("whatsapp", id.to_owned())),
    };
    Some(Report { id: Some(format!("{id}:{state}")), about, what, at: seconds(&status["timestamp"]) })
}

fn message(message: &Value) -> Vec<Report> {
    let (Some(id), Some(About::Address(kind, from))) = (message["id"].as_str(), address(&message["from"])) else { return Vec::new() };
    let kind_of = message["type"].as_str().filter(|kind| kind.len() <= 16).unwrap_or("message");
    let written = [&message["text"]["body"], &message["button"]["text"], &message["interactive"]["button_reply"]["title"]];
    let text = written.iter().find_map(|text| text.as_str()).map_or_else(|| format!("[{kind_of}]"), str::to_owned);
    reply(id, kind, &from, &text, seconds(&message["timestamp"]))
}

/// Marketing messages can be switched off in the app.
fn wish(wish: &Value) -> Option<Report> {
    let stop = match wish["value"].as_str()? {
        "stop" => true,
        "resume" => false,
        _ => return None,
    };
    let about = address(&wish["wa_id"])?;
    let id = format!("{}:{stop}:{}", wish["wa_id"].as_str()?, wish["timestamp"]);
    Some(Report { id: Some(id), about, what: Reported::Suppressed(stop), at: seconds(&wish["timestamp"]) })
}
