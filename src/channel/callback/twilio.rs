//! Twilio: what became of an SMS, and what people answer.
//!
//! In: forms, signed with the account's token (`X-Twilio-Signature`: base64 of HMAC-SHA1 over the address and the sorted fields). Out: reports.
//! **Invariant:** the address is the one that Twilio called, with its query. Twilio signs no time, so a replay is told by its id.

use super::{SECRETS_MAX, disbelief, key, ours, reply, signed_by_one};
use crate::channel::secret::SecretRef;
use crate::channel::setup::{Ground, SetupError};
use crate::channel::signing::from_base64;
use crate::channel::twilio::MESSAGE_PARAMETER;
use crate::channel::{About, Callback, Disbelief, Heard, Incoming, Report, Reported};
use crate::schema::ChannelKind;
use ring::hmac;
use serde::Deserialize;

/// Fields of a form.
pub const FIELDS_MAX: usize = 256;

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The account's auth token; two while one is exchanged for the other.
    pub secrets: Vec<SecretRef>,
}

#[derive(Debug)]
pub struct TwilioCallback {
    keys: Vec<hmac::Key>,
}

impl TwilioCallback {
    pub fn new(settings: &Settings, ground: Ground<'_>) -> Result<TwilioCallback, SetupError> {
        if settings.secrets.is_empty() || settings.secrets.len() > SECRETS_MAX {
            return Err(SetupError::value("secrets", format!("name 1 to {SECRETS_MAX} secrets")));
        }
        let secrets = ground.secrets("secrets", &settings.secrets)?;
        Ok(TwilioCallback { keys: secrets.iter().map(|secret| key(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret)).collect() })
    }
}

impl Callback for TwilioCallback {
    fn name(&self) -> &'static str {
        "twilio"
    }

    fn hear(&self, request: &Incoming<'_>) -> Result<Heard, Disbelief> {
        let Some(tag) = request.header("x-twilio-signature").and_then(from_base64) else { return disbelief("no signature") };
        let Some(form) = form(request.body) else { return disbelief("no form") };
        // Twilio signs names and values without a sign between them: at least a name has to look like one.
        if !form.iter().all(|(name, _)| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')) {
            return disbelief("a field without a name");
        }
        let mut sorted = form.clone();
        sorted.sort();
        sorted.dedup();
        let signed = sorted.iter().fold(request.url.to_owned(), |signed, (name, value)| signed + name + value);
        if !signed_by_one(&self.keys, signed.as_bytes(), &tag) {
            return disbelief("the signature is not of this body and address");
        }
        Ok(Heard::Reports(reports(request.url, &form)))
    }
}

/// Pairs of a form in their order; `None` where it is none.
pub fn form(body: &[u8]) -> Option<Vec<(String, String)>> {
    let text = std::str::from_utf8(body).ok()?;
    let pairs: Vec<&str> = text.split('&').filter(|pair| !pair.is_empty()).take(FIELDS_MAX + 1).collect();
    if pairs.len() > FIELDS_MAX {
        return None;
    }
    let pair = |pair: &str| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        Some((decode(name)?, decode(value)?))
    };
    pairs.into_iter().map(pair).collect()
}

fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let mut digit = || rest.next().and_then(|byte| char::from(byte).to_digit(16));
                u8::try_from(digit()? * 16 + digit()?).ok()?
            }
            byte => byte,
        });
    }
    String::from_utf8(bytes).ok()
}

fn reports(url: &str, form: &[(String, String)]) -> Vec<Report> {
    let field = |name: &str| form.iter().find(|(field, _)| field == name).map_or("", |(_, value)| value.as_str());
    let sid = if field("MessageSid").is_empty() { field("SmsSid") } else { field("MessageSid") };
    if sid.is_empty() {
        return Vec::new();
    }
    let status = if field("MessageStatus").is_empty() { field("SmsStatus") } else { field("MessageStatus") };
    if status == "received" {
        let mut reports = reply(sid, ChannelKind::Sms, field("From"), field("Body"), None);
        // Where Twilio keeps the list itself, it says what it did.
        if let (stop @ ("STOP" | "START"), 1) = (field("OptOutType"), reports.len()) {
            let about = About::Address(ChannelKind::Sms, field("From").to_owned());
            reports.push(Report { id: Some(format!("{sid}:word")), about, what: Reported::Suppressed(stop == "STOP"), at: None });
        }
        return reports;
    }
    let what = match (status, field("ErrorCode")) {
        ("delivered", _) => Reported::Delivered,
        ("read", _) => Reported::Opened { by_machine: false },
        // The number does not exist; it is a landline.
        ("undelivered" | "failed", "30005" | "30006") => Reported::Bounced { hard: true },
        ("undelivered" | "failed", "21610") => Reported::Suppressed(true),
        ("undelivered", _) => Reported::Bounced { hard: false },
        ("failed" | "canceled", _) => Reported::Failed,
        // On its way: accepted, queued, sending, sent.
        _ => return Vec::new(),
    };
    let about = match what {
        Reported::Suppressed(_) => About::Address(ChannelKind::Sms, field("To").to_owned()),
        _ => message(url).unwrap_or_else(|| About::Provider("twilio", sid.to_owned())),
    };
    vec![Report { id: Some(format!("{sid}:{status}")), about, what, at: None }]
}

/// The identity in the address of the report.
fn message(url: &str) -> Option<About> {
    let query = url.split_once('?')?.1;
    let value = query.split('&').find_map(|pair| pair.strip_prefix(MESSAGE_PARAMETER)?.strip_prefix('='))?;
    ours(value)
}
