//! What a provider answered.
//!
//! In: status, headers, the begin of the body. Out: the same, and what all providers mean by some of it. **Invariant:** an [`Answer`] exists
//! only where the whole head was read; the body may have been cut, and is never unpacked. Reasons are made of codes, never of a provider's
//! text, which may repeat an address.

use crate::calendar::Instant;
use crate::channel::Verdict;
use chrono::DateTime;
use hyper::HeaderMap;
use serde_json::Value;
use std::time::Duration;

/// So much of a body is read.
pub const BODY_BYTES_MAX: usize = 64 * 1024;
/// A provider that asks for more patience is asked again after this.
pub const RETRY_AFTER_MAX: Duration = Duration::from_secs(3600);
/// Where credentials are not accepted, so long until the next try: somebody has to mend them.
pub const CREDENTIALS_AFTER: Duration = Duration::from_secs(60);

#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
    /// When it came.
    pub at: Instant,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The body as JSON; `Null` where it is none.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    /// Seconds, or a date (RFC 9110).
    pub fn retry_after(&self) -> Option<Duration> {
        let text = self.header("retry-after")?.trim();
        let wait = match text.parse::<u64>() {
            Ok(seconds) => Duration::from_secs(seconds),
            Err(_) => {
                let until = DateTime::parse_from_rfc2822(text).ok()?.timestamp_millis();
                Duration::from_millis(u64::try_from(until.saturating_sub(self.at.0)).unwrap_or(0))
            }
        };
        Some(wait.min(RETRY_AFTER_MAX))
    }

    /// What holds for every provider where it said nothing of its own: `code` is its own word for it.
    pub fn verdict(&self, code: &str) -> Verdict {
        let reason = if code.is_empty() { format!("answered {}", self.status) } else { format!("answered {}, {code}", self.status) };
        match self.status {
            // Whoever limits rates does so before anything else.
            429 => Verdict::NotSent { reason, retry_after: self.retry_after() },
            // Nothing is done for a stranger. Another attempt succeeds once somebody has mended the credentials.
            401 | 403 => Verdict::NotSent {
                reason: format!("the provider does not accept our credentials: {reason}"),
                retry_after: Some(CREDENTIALS_AFTER),
            },
            // The request did not come whole, as far as this machine could tell; it says nothing of those behind it.
            408 => Verdict::Unknown { reason },
            200..=299 => Verdict::Accepted { provider_id: None },
            300..=399 => Verdict::Refused { reason: format!("{reason}: redirects are not followed"), suppress: false },
            400..=499 => Verdict::Refused { reason, suppress: false },
            _ => Verdict::Unknown { reason },
        }
    }

    pub fn not_sent(&self, code: &str) -> Verdict {
        Verdict::NotSent { reason: format!("answered {}, {code}", self.status), retry_after: self.retry_after() }
    }

    pub fn refused(&self, code: &str, suppress: bool) -> Verdict {
        Verdict::Refused { reason: format!("answered {}, {code}", self.status), suppress }
    }
}

/// A code of a provider for a reason: letters, digits and a few signs, at most 64 of them. Anything else is not a code, and not repeated.
pub fn code(value: &Value) -> String {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => return String::new(),
    };
    let sign = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-' | '.');
    if text.len() <= 64 && text.chars().all(sign) { text } else { String::new() }
}

/// An id of a provider: printable ASCII without spaces, at most 256 of them.
pub fn id(value: &Value) -> Option<String> {
    let text = value.as_str()?;
    let fine = !text.is_empty() && text.len() <= 256 && text.bytes().all(|byte| byte.is_ascii_graphic());
    fine.then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn answer(status: u16, retry_after: &str) -> Answer {
        let mut headers = HeaderMap::new();
        headers.insert("retry-after", retry_after.parse().unwrap());
        // 2015-10-21 07:27:00 UTC
        Answer { status, headers, body: Vec::new(), at: Instant(1_445_412_420_000) }
    }

    #[test]
    fn patience_is_asked_for_in_seconds_or_until_a_date() {
        assert_eq!(answer(429, "7").retry_after(), Some(Duration::from_secs(7)));
        assert_eq!(answer(429, "Wed, 21 Oct 2015 07:28:00 GMT").retry_after(), Some(Duration::from_secs(60)));
        assert_eq!(answer(429, "Wed, 21 Oct 2015 07:26:00 GMT").retry_after(), Some(Duration::ZERO));
        assert_eq!(answer(429, "999999999999").retry_after(), Some(RETRY_AFTER_MAX));
        for wrong in ["soon", "-1", "1.5", "99999999999999999999999"] {
            assert_eq!(answer(429, wrong).retry_after(), None, "{wrong}");
        }
    }

    #[test]
    fn what_is_no_code_is_not_repeated() {
        assert_eq!(code(&Value::from(21610)), "21610");
        assert_eq!(code(&Value::from("UNREGISTERED")), "UNREGISTERED");
        assert_eq!(code(&Value::from("The number +66812345678 is not valid")), "");
        assert_eq!(id(&Value::from("SM1\r\nx: y")), None);
    }
}
