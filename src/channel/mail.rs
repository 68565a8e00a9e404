//! Mails: an envelope as the bytes that a mail server takes; and back, what bounces say.
//!
//! In: an [`Envelope`], settings. Out: a [`Composed`] mail, signed. **Invariant:** no text of a customer can become a header, a second address or
//! an end of the mail; lines are at most 998 bytes; a mail that is not transactional leaves only if the finished bytes show the way to
//! unsubscribe, in the header and in every body. Knows no connection.

pub mod address;
mod body;
pub mod bounce;
pub mod dkim;
pub mod plain;
pub mod read;

pub use body::{BODY_BYTES_MAX, MJML_DEPTH_MAX, of_mjml};

use crate::channel::clock::Clock;
use crate::channel::{Envelope, Links};
use address::{Address, LOCAL_BYTES_MAX, one_line};
use lettre::message::header::{ContentTransferEncoding, ContentType, HeaderName, HeaderValue};
use lettre::message::{Body, MultiPart, SinglePart};
use sha2::{Digest, Sha256};
use std::time::{Duration, SystemTime};

/// Characters of a subject (RFC 5322 folds longer ones; people do not read them).
pub const SUBJECT_CHARS_MAX: usize = 255;
/// Bytes of a line without its ending (RFC 5322, 2.1.1).
pub const LINE_BYTES_MAX: usize = 998;
/// Longest address of a page of ours, bytes; it stands in one line of a header.
const URL_BYTES_MAX: usize = 900;
/// Within an address of ours that was not filled in.
const UNFILLED: &str = ".onward.invalid/";
/// Between the name of the mailbox for bounces and the id of the message.
const VERP: char = '+';

/// From whom mails are.
#[derive(Debug, Default)]
pub struct Settings {
    /// `Shop <hello@shop.example>`; a message may say another.
    pub from: String,
    pub reply_to: Option<String>,
    /// Where bounces go: `bounce@mail.shop.example` becomes `bounce+ID@mail.shop.example` for each message. Nothing: to `from`, and nobody
    /// hears of them.
    pub bounces: Option<String>,
    pub dkim: Vec<dkim::Key>,
}

/// A mail that can be handed over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Composed {
    pub bytes: Vec<u8>,
    /// For MAIL FROM.
    pub sender: String,
    /// For RCPT TO.
    pub recipient: String,
}

/// Why an envelope is no mail. Another attempt would find the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrong {
    /// For people, without personal data.
    pub reason: String,
    /// It is the address that is impossible.
    pub suppress: bool,
}

impl Wrong {
    fn new(reason: String) -> Wrong {
        Wrong { reason, suppress: false }
    }
}

/// Writes mails.
#[derive(Debug)]
pub struct Writer {
    settings: Settings,
    bounces: Option<Address>,
    clock: Clock,
}

impl Writer {
    /// Refuses settings with which no mail could be written.
    pub fn new(settings: Settings, clock: Clock) -> Result<Writer, String> {
        Address::parse_named(&settings.from).map_err(|why| format!("`from` is no address: {why}"))?;
        if let Some(reply_to) = &settings.reply_to {
            Address::parse_named(reply_to).map_err(|why| format!("`reply_to` is no address: {why}"))?;
        }
        let bounces = settings.bounces.as_deref().map(Address::parse).transpose();
        let bounces = bounces.map_err(|why| format!("`bounces` is no address: {why}"))?;
        Ok(Writer { settings, bounces, clock })
    }

    pub fn compose(&self, envelope: &Envelope) -> Result<Composed, Wrong> {
        let recipient = Address::parse(&envelope.address)
            .map_err(|why| Wrong { reason: format!("the address is none: {why}"), suppress: !why.contains("not supported") })?;
        let from = self.named(envelope.part("from"), &self.settings.from, "from")?;
        let unsubscribe = unsubscribe(envelope)?;
        let bodies = body::bodies(envelope)?;
        let unsigned = self.build(envelope, &recipient, &from, unsubscribe, bodies)?;
        let mut bytes = Vec::with_capacity(unsigned.len() + 2_048);
        for key in &self.settings.dkim {
            bytes.extend_from_slice(key.sign(&unsigned, self.clock.now()).map_err(Wrong::new)?.as_bytes());
        }
        bytes.extend_from_slice(&unsigned);
        check(&bytes, envelope, unsubscribe)?;
        Ok(Composed { sender: self.sender(envelope, &from.1), recipient: recipient.to_string(), bytes })
    }

    /// What the message says, else what the settings say.
    fn named(&self, written: &str, else_: &str, what: &str) -> Result<(Option<String>, Address), Wrong> {
        let text = if written.trim().is_empty() { else_ } else { written };
        Address::parse_named(text).map_err(|why| Wrong::new(format!("`{what}` is no address: {why}")))
    }

    /// `bounce+ID@…`, so that a bounce says by its address which message it is about.
    fn sender(&self, envelope: &Envelope, from: &Address) -> String {
        let Some(bounces) = &self.bounces else { return from.to_string() };
        let local = format!("{}{VERP}{}", bounces.local, envelope.id);
        // Too long for a mailbox: the returned headers say it as well.
        if local.len() > LOCAL_BYTES_MAX { bounces.to_string() } else { format!("{local}@{}", bounces.domain) }
    }

    fn build(
        &self,
        envelope: &Envelope,
        recipient: &Address,
        from: &(Option<String>, Address),
        unsubscribe: Option<&str>,
        bodies: body::Bodies,
    ) -> Result<Vec<u8>, Wrong> {
        let no_address = |why: &str| Wrong::new(format!("an address is none: {why}"));
        let subject = one_line(envelope.part("subject"));
        if subject.is_empty() || subject.chars().count() > SUBJECT_CHARS_MAX {
            return Err(Wrong::new(format!("a subject has 1 to {SUBJECT_CHARS_MAX} characters")));
        }
        let id = &envelope.id;
        if id.is_empty() || id.len() > 64 || !id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
            return Err(Wrong::new("the message's id is none".to_owned()));
        }
        let now = SystemTime::UNIX_EPOCH + Duration::from_millis(u64::try_from(self.clock.now().0).unwrap_or(0));
        let mut builder = lettre::Message::builder()
            .from(from.1.mailbox(from.0.clone()).map_err(no_address)?)
            .to(recipient.mailbox(None).map_err(no_address)?)
            .subject(subject)
            .date(now)
            .message_id(Some(format!("<{id}@{}>", from.1.domain)));
        let reply_to = self.settings.reply_to.as_deref().unwrap_or_default();
        if !reply_to.is_empty() || !envelope.part("reply to").trim().is_empty() {
            let (name, address) = self.named(envelope.part("reply to"), reply_to, "reply to")?;
            builder = builder.reply_to(address.mailbox(name).map_err(no_address)?);
        }
        for (name, value) in headers(envelope, unsubscribe) {
            builder = builder.raw_header(HeaderValue::new(HeaderName::new_from_ascii_str(name), value));
        }
        let text = part(ContentType::TEXT_PLAIN, bodies.text)?;
        let message = match bodies.html {
            None => builder.singlepart(text),
            Some(html) => {
                // No encoded body can hold it: `=_` is no quoted-printable, and base64 has no underscore.
                let boundary = format!("=_{}", hex(&Sha256::digest(id.as_bytes())[..16]));
                let both = MultiPart::alternative().boundary(boundary).singlepart(text).singlepart(part(ContentType::TEXT_HTML, html)?);
                builder.multipart(both)
            }
        };
        Ok(message.map_err(|error| Wrong::new(format!("the mail cannot be written: {error}")))?.formatted())
    }
}

/// Headers that lettre knows nothing of.
fn headers(envelope: &Envelope, unsubscribe: Option<&str>) -> Vec<(&'static str, String)> {
    let mut headers = vec![
        // RFC 3834: machines do not answer machines.
        ("Auto-Submitted", "auto-generated".to_owned()),
        ("X-Onward-Id", envelope.id.clone()),
        // Gmail's figures of complaints, by campaign.
        ("Feedback-ID", format!("{}:{}:{}:onward", token(&envelope.topic), token(&envelope.message), token(&envelope.journey))),
    ];
    let language = envelope.language.as_str();
    if !language.is_empty() && language.len() <= 35 && language.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
        headers.push(("Content-Language", language.to_owned()));
    }
    if let Some(url) = unsubscribe {
        headers.push(("List-Unsubscribe", format!("<{url}>")));
        headers.push(("List-Unsubscribe-Post", "List-Unsubscribe=One-Click".to_owned()));
    }
    headers
}

/// A name of the project as a word in ASCII; others by a hash of them.
fn token(name: &str) -> String {
    let plain = !name.is_empty() && name.len() <= 40 && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-".contains(&b));
    if plain { name.to_owned() } else { hex(&Sha256::digest(name.as_bytes())[..5]) }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Always encoded, so that what was written has no say over the lines on the wire.
fn part(kind: ContentType, text: String) -> Result<SinglePart, Wrong> {
    let foreign = text.bytes().filter(|byte| !byte.is_ascii()).count();
    let encoding = if foreign * 6 > text.len() { ContentTransferEncoding::Base64 } else { ContentTransferEncoding::QuotedPrintable };
    let body = Body::new_with_encoding(text, encoding).map_err(|_| Wrong::new("the mail cannot be encoded".to_owned()))?;
    Ok(SinglePart::builder().header(kind).body(body))
}

/// Where somebody unsubscribes; `Ok(None)` for transactional mail.
fn unsubscribe(envelope: &Envelope) -> Result<Option<&str>, Wrong> {
    let Links { unsubscribe, .. } = &envelope.links;
    match unsubscribe.as_deref() {
        _ if envelope.transactional => Ok(None),
        Some(url) if is_working(url) => Ok(Some(url)),
        Some(_) => Err(Wrong::new("the link to unsubscribe does not work: it must begin with https://".to_owned())),
        None => {
            let reason = "a mail that is not transactional needs a link to unsubscribe: give the deployment its public address";
            Err(Wrong::new(reason.to_owned()))
        }
    }
}

/// One click works over https only (RFC 8058, 3.1); on this machine, for trying out, also without.
fn is_working(url: &str) -> bool {
    let here =
        ["http://localhost", "http://127.0.0.1"].iter().any(|here| url.strip_prefix(here).is_some_and(|rest| rest.starts_with([':', '/'])));
    let safe = url.len() <= URL_BYTES_MAX && url.bytes().all(|b| b.is_ascii_graphic() && !b"<>\"',\\".contains(&b));
    safe && (here || url.strip_prefix("https://").is_some_and(|rest| rest.contains('/') && !rest.starts_with('/')))
}

/// The last look, at the finished bytes: what a receiver makes of them.
fn check(bytes: &[u8], envelope: &Envelope, unsubscribe: Option<&str>) -> Result<(), Wrong> {
    if bytes.split(|byte| *byte == b'\n').any(|line| line.len() > LINE_BYTES_MAX + 1) {
        return Err(Wrong::new(format!("a line of the mail has more than {LINE_BYTES_MAX} bytes")));
    }
    let mail = read::mail(bytes);
    let once = |name: &str| mail.headers.iter().filter(|(has, _)| has == name).count() == 1;
    if !["from", "to", "subject", "date", "message-id"].into_iter().all(once) || mail.header("x-onward-id") != Some(&envelope.id) {
        return Err(Wrong::new("the headers of the mail are not whole".to_owned()));
    }
    // What stands for an address until it is known, and is filled in before a message leaves.
    if mail.parts.iter().any(|part| part.text().contains(UNFILLED)) {
        return Err(Wrong::new("the mail shows a page of ours, and the deployment has no public address".to_owned()));
    }
    let Some(url) = unsubscribe else { return Ok(()) };
    let in_headers = mail.header("list-unsubscribe") == Some(&format!("<{url}>"))
        && mail.header("list-unsubscribe-post") == Some("List-Unsubscribe=One-Click");
    let shows = |part: &read::Part| match part.kind.as_str() {
        "text/html" => plain::text(&part.text()).contains(url),
        _ => part.text().contains(url),
    };
    if !in_headers || mail.parts.is_empty() || !mail.parts.iter().all(shows) {
        return Err(Wrong::new("the finished mail does not show the link to unsubscribe in every part of it".to_owned()));
    }
    Ok(())
}
