//! LINE: who follows and who does not any more, and what people write.
//!
//! In: JSON, signed with the channel's secret (`x-line-signature`: base64 of HMAC-SHA256 over the body). Out: reports. **Invariant:** LINE signs
//! no time and sends again what was not taken, so a replay is told by `webhookEventId`.

use super::{REPORTS_MAX, SECRETS_MAX, disbelief, json, key, reply, signed_by_one};
use crate::calendar::Instant;
use crate::channel::secret::SecretRef;
use crate::channel::setup::{Ground, SetupError};
use crate::channel::signing::from_base64;
use crate::channel::{About, Callback, Disbelief, Heard, Incoming, Report, Reported};
use crate::schema::ChannelKind;
use ring::hmac;
use serde::Deserialize;
use serde_json::Value;

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The channel secret (not the access token).
    pub secrets: Vec<SecretRef>,
}

#[derive(Debug)]
pub struct LineCallback {
    keys: Vec<hmac::Key>,
}

impl LineCallback {
    pub fn new(settings: &Settings, ground: Ground<'_>) -> Result<LineCallback, SetupError> {
        if settings.secrets.is_empty() || settings.secrets.len() > SECRETS_MAX {
            return Err(SetupError::value("secrets", format!("name 1 to {SECRETS_MAX} secrets")));
        }
        let secrets = ground.secrets("secrets", &settings.secrets)?;
        Ok(LineCallback { keys: secrets.iter().map(|secret| key(hmac::HMAC_SHA256, secret)).collect() })
    }
}

impl Callback for LineCallback {
    fn name(&self) -> &'static str {
        "line"
    }

    fn hear(&self, request: &Incoming<'_>) -> Result<Heard, Disbelief> {
        let Some(tag) = request.header("x-line-signature").and_then(from_base64) else { return disbelief("no signature") };
        if !signed_by_one(&self.keys, request.body, &tag) {
            return disbelief("the signature is not of this body");
        }
        let said = json(request)?;
        // Empty where LINE only tries the address.
        let events = said["events"].as_array().map_or(&[][..], Vec::as_slice);
        Ok(Heard::Reports(events.iter().take(REPORTS_MAX).flat_map(event).collect()))
    }
}

fn event(event: &Value) -> Vec<Report> {
    // In groups and rooms nobody is ours.
    let ("user", Some(user)) = (event["source"]["type"].as_str().unwrap_or_default(), event["source"]["userId"].as_str()) else {
        return Vec::new();
    };
    let Some(id) = event["webhookEventId"].as_str() else { return Vec::new() };
    let at = event["timestamp"].as_i64().map(Instant);
    let about = About::Address(ChannelKind::Line, user.to_owned());
    match event["type"].as_str() {
        Some("follow") => vec![Report { id: Some(id.to_owned()), about, what: Reported::Suppressed(false), at }],
        Some("unfollow") => vec![Report { id: Some(id.to_owned()), about, what: Reported::Suppressed(true), at }],
        Some("message") => match event["message"]["text"].as_str() {
            Some(text) => reply(id, ChannelKind::Line, user, text, at),
            // A picture or a sticker is an answer too.
            None => {
                let kind = event["message"]["type"].as_str().filter(|kind| kind.len() <= 16).unwrap_or("message");
                vec![Report { id: Some(id.to_owned()), about, what: Reported::Replied(format!("[{kind}]")), at }]
            }
        },
        _ => Vec::new(),
    }
}
