//! The other direction: what providers report, believed only with their signature.
//!
//! In: requests as they came. Out: reports. **Invariant:** the signature is checked over the raw bytes, in constant time, before anything of
//! them is read; what cannot be read says nothing and changes nothing. Who replays a report within the memory of [`Replays`] changes nothing
//! either; the ids in the reports make them count once behind it too.

pub mod line;
pub mod replays;
pub mod sendgrid;
pub mod ses;
pub mod stop;
pub mod twilio;
pub mod webhook;
pub mod whatsapp;

pub use replays::Replays;

use super::secret::Secret;
use super::signing::is_recent;
use super::{About, Disbelief, Incoming, Report, Reported};
use crate::schema::ChannelKind;
use ring::hmac;
use serde_json::Value;

/// Reports in one request; providers send at most some hundreds.
pub const REPORTS_MAX: usize = 10_000;
/// Secrets of one provider at the same time, while one is exchanged for another.
pub const SECRETS_MAX: usize = 4;
/// The name under which SendGrid and SES carry the identity of a message, and repeat it.
pub const IDENTITY: &str = "onward";
/// What is kept of a reply.
pub const REPLY_CHARS_MAX: usize = 1600;

fn disbelief<T>(why: impl Into<String>) -> Result<T, Disbelief> {
    Err(Disbelief(why.into()))
}

fn key(algorithm: hmac::Algorithm, secret: &Secret) -> hmac::Key {
    hmac::Key::new(algorithm, secret.reveal().as_bytes())
}

/// Whether the tag is of one of the keys; every comparison takes the same time.
fn signed_by_one(keys: &[hmac::Key], signed: &[u8], tag: &[u8]) -> bool {
    keys.iter().filter(|key| hmac::verify(key, signed, tag).is_ok()).count() > 0
}

/// The body, after its signature was found right.
fn json(request: &Incoming<'_>) -> Result<Value, Disbelief> {
    serde_json::from_slice(request.body).map_err(|_| Disbelief("signed, but not JSON".to_owned()))
}

fn recent(seconds: i64, request: &Incoming<'_>) -> Result<(), Disbelief> {
    if is_recent(seconds, request.now) { Ok(()) } else { disbelief("signed more than 5 minutes from now") }
}

/// An identity of ours, as it went out: everything else came from somewhere else.
fn ours(id: &str) -> Option<About> {
    let letter = |byte: u8| byte.is_ascii_digit() || byte.is_ascii_lowercase() || byte == b'-';
    (!id.is_empty() && id.len() <= 64 && id.bytes().all(letter)).then(|| About::Message(id.to_owned()))
}

/// What a person wrote, and whether it says that nothing more is to come.
fn reply(id: &str, kind: ChannelKind, address: &str, text: &str, at: Option<crate::calendar::Instant>) -> Vec<Report> {
    let text: String = text.trim().chars().take(REPLY_CHARS_MAX).collect();
    let about = About::Address(kind, address.to_owned());
    let word = stop::meaning(&text).map(|stop| Report {
        id: Some(format!("{id}:word")),
        about: about.clone(),
        what: Reported::Suppressed(stop),
        at,
    });
    [Some(Report { id: Some(id.to_owned()), about, what: Reported::Replied(text), at }), word].into_iter().flatten().collect()
}
