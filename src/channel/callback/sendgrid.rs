//! SendGrid: what became of a mail.
//!
//! In: a JSON list, signed by ECDSA (P-256, SHA-256) over time and body; the key is public. Out: reports. **Invariant:** the time is signed and
//! may be 5 minutes off; a report counts once by its `sg_event_id`; opens that a machine made are marked as such.

use super::{IDENTITY, REPORTS_MAX, disbelief, json, ours, recent};
use crate::calendar::Instant;
use crate::channel::setup::SetupError;
use crate::channel::signing::from_base64;
use crate::channel::{About, Callback, Disbelief, Heard, Incoming, Report, Reported};
use ring::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};
use serde::Deserialize;
use serde_json::Value;

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The verification keys, as SendGrid shows them; they are not secret.
    pub public_keys: Vec<String>,
}

/// Of a P-256 key in DER (SubjectPublicKeyInfo), what stands before the point itself.
const BEFORE_POINT: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01,
    0x07, 0x03, 0x42, 0x00,
];

#[derive(Debug)]
pub struct SendgridCallback {
    /// Uncompressed points.
    keys: Vec<Vec<u8>>,
}

impl SendgridCallback {
    pub fn new(settings: &Settings) -> Result<SendgridCallback, SetupError> {
        if settings.public_keys.is_empty() || settings.public_keys.len() > super::SECRETS_MAX {
            return Err(SetupError::value("public_keys", format!("name 1 to {} keys", super::SECRETS_MAX)));
        }
        let point = |key: &String| {
            let der = from_base64(key.trim())?;
            let point = der.strip_prefix(BEFORE_POINT.as_slice())?;
            (point.len() == 65 && point[0] == 4).then(|| point.to_vec())
        };
        let keys = settings.public_keys.iter().map(point).collect::<Option<_>>();
        Ok(SendgridCallback {
            keys: keys.ok_or_else(|| SetupError::value("public_keys", "write the key as SendGrid shows it: `MFkw…`"))?
        })
    }
}

impl Callback for SendgridCallback {
    fn name(&self) -> &'static str {
        "sendgrid"
    }

    fn hear(&self, request: &Incoming<'_>) -> Result<Heard, Disbelief> {
        let signature = request.header("x-twilio-email-event-webhook-signature").and_then(from_base64);
        let (Some(signature), Some(time)) = (signature, request.header("x-twilio-email-event-webhook-timestamp")) else {
            return disbelief("no signature");
        };
        let signed = [time.as_bytes(), request.body].concat();
        let is_of = |key: &Vec<u8>| UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, key).verify(&signed, &signature).is_ok();
        if !self.keys.iter().any(is_of) {
            return disbelief("the signature is not of this body and time");
        }
        recent(time.parse().map_err(|_| Disbelief("no time".to_owned()))?, request)?;
        let said = json(request)?;
        let events = said.as_array().map_or(&[][..], Vec::as_slice);
        Ok(Heard::Reports(events.iter().take(REPORTS_MAX).filter_map(event).collect()))
    }
}

fn event(event: &Value) -> Option<Report> {
    let what = match event["event"].as_str()? {
        "delivered" => Reported::Delivered,
        "open" => Reported::Opened { by_machine: event["sg_machine_open"].as_bool().unwrap_or(false) },
        "click" => Reported::Clicked { url: event["url"].as_str().map(str::to_owned), by_machine: false },
        // `blocked` passes: the receiver refused this mail, not the mailbox.
        "bounce" => Reported::Bounced { hard: event["type"].as_str() != Some("blocked") },
        // What SendGrid did not even try, because of what it knew.
        "dropped" => match event["reason"].as_str().unwrap_or_default() {
            "Bounced Address" | "Invalid" => Reported::Bounced { hard: true },
            "Unsubscribed Address" => Reported::Unsubscribed,
            "Spam Reporting Address" => Reported::Complained,
            _ => Reported::Failed,
        },
        "spamreport" => Reported::Complained,
        "unsubscribe" | "group_unsubscribe" => Reported::Unsubscribed,
        // On its way: processed, deferred.
        _ => return None,
    };
    // `sg_message_id` is the answer's id and the way that the mail took.
    let theirs = event["sg_message_id"].as_str().and_then(|id| id.split('.').next()).filter(|id| !id.is_empty());
    let about = event[IDENTITY].as_str().and_then(ours).or_else(|| theirs.map(|id| About::Provider("sendgrid", id.to_owned())))?;
    let at = event["timestamp"].as_i64().and_then(|seconds| seconds.checked_mul(1000)).map(Instant);
    Some(Report { id: event["sg_event_id"].as_str().map(str::to_owned), about, what, at })
}
