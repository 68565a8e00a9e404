//! Signatures that both sides of a shared secret can make.
//!
//! In: keys and bytes. Out: tags, and whether a tag is right. **Invariant:** a tag is compared in constant time and on the bytes as they
//! came. [`WebhookKey`] is Standard Webhooks, for what goes out and what comes in.

use super::secret::Secret;
use crate::calendar::Instant;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::hmac;
use std::fmt;

/// A signed time may differ by so much from ours, in both directions.
pub const TIME_WINDOW_MS: i64 = 5 * 60 * 1000;

/// Of so many signatures in one header, each is looked at.
pub const SIGNATURES_MAX: usize = 16;

pub fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

pub fn from_base64(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |text, byte| text + &format!("{byte:02x}"))
}

pub fn from_hex(text: &str) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(2) || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(text.get(at..at + 2)?, 16).ok()).collect()
}

/// The first block of a PEM.
pub fn pem(text: &str) -> Option<Vec<u8>> {
    let inside = text.split_once("-----BEGIN ")?.1.split_once("-----")?.1.split_once("-----END ")?.0;
    from_base64(&inside.chars().filter(|letter| !letter.is_whitespace()).collect::<String>())
}

/// Within the window of time around now.
pub fn is_recent(seconds: i64, now: Instant) -> bool {
    seconds.checked_mul(1000).and_then(|ms| ms.checked_sub(now.0)).is_some_and(|apart| apart.saturating_abs() <= TIME_WINDOW_MS)
}

/// The secret of one webhook: `whsec_` and base64 of 24 to 64 bytes.
#[derive(Clone)]
pub struct WebhookKey(hmac::Key);

impl fmt::Debug for WebhookKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WebhookKey")
    }
}

impl WebhookKey {
    pub fn read(secret: &Secret) -> Result<WebhookKey, &'static str> {
        const SHAPE: &str = "a secret of a webhook is `whsec_` and base64 of 24 to 64 bytes";
        let text = secret.reveal().strip_prefix("whsec_").ok_or(SHAPE)?;
        let bytes = zeroize::Zeroizing::new(from_base64(text).ok_or(SHAPE)?);
        if !(24..=64).contains(&bytes.len()) {
            return Err(SHAPE);
        }
        Ok(WebhookKey(hmac::Key::new(hmac::HMAC_SHA256, &bytes)))
    }

    fn signed(id: &str, seconds: i64, body: &[u8]) -> Vec<u8> {
        [id.as_bytes(), b".", seconds.to_string().as_bytes(), b".", body].concat()
    }

    /// `v1,…`
    pub fn sign(&self, id: &str, seconds: i64, body: &[u8]) -> String {
        format!("v1,{}", base64(hmac::sign(&self.0, &WebhookKey::signed(id, seconds, body)).as_ref()))
    }

    /// Whether one of the signatures in a header is of this key.
    pub fn verify(&self, id: &str, seconds: i64, body: &[u8], header: &str) -> bool {
        let signed = WebhookKey::signed(id, seconds, body);
        let ours = |one: &str| {
            let tag = one.strip_prefix("v1,").and_then(from_base64);
            tag.is_some_and(|tag| hmac::verify(&self.0, &signed, &tag).is_ok())
        };
        header.split(' ').take(SIGNATURES_MAX).any(ours)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    /// The example of the specification's reference libraries.
    #[test]
    fn a_webhook_is_signed_as_the_specification_shows() {
        let key = WebhookKey::read(&Secret::of("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")).unwrap();
        let (id, at, body) = ("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, br#"{"test": 2432232314}"#);
        let signature = key.sign(id, at, body);
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        assert!(key.verify(id, at, body, &format!("v1,AAAA v2,x {signature}")));
        assert!(!key.verify(id, at + 1, body, &signature));
        assert!(!key.verify("msg_q", at, body, &signature));
        assert!(!key.verify(id, at, b"{}", &signature));
        for wrong in ["MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_MfKQ", "whsec_***", "whsec_"] {
            assert!(WebhookKey::read(&Secret::of(wrong)).is_err(), "{wrong}");
        }
    }

    #[test]
    fn five_minutes_are_recent_and_one_second_more_is_not() {
        let now = Instant(1_700_000_000_000);
        for (seconds, recent) in [
            (1_700_000_300, true),
            (1_700_000_301, false),
            (1_699_999_700, true),
            (1_699_999_699, false),
            (i64::MAX, false),
            (i64::MIN, false),
        ] {
            assert_eq!(is_recent(seconds, now), recent, "{seconds}");
        }
    }

    #[test]
    fn hex_is_read_and_written() {
        assert_eq!(hex(&[0, 10, 255]), "000aff");
        assert_eq!(from_hex("000aFF"), Some(vec![0, 10, 255]));
        for wrong in ["0", "0g", "+1", "ก"] {
            assert_eq!(from_hex(wrong), None);
        }
    }
}
