//! What comes back: delivery reports (RFC 3464) and complaints (RFC 5965), given as raw mails.
//!
//! In: the bytes of a mail that came to the address for bounces. Out: [`Report`]s about our messages. **Invariant:** total; a mail that is no
//! report, or about no message of ours, gives none. Who may give us mails is decided before ([`Bounces`]).

use super::read::{self, Mail, Part};
use crate::channel::secret::Secret;
use crate::channel::smtp::{is_no_mailbox, parse_enhanced};
use crate::channel::{About, Callback, Disbelief, Heard, Incoming, Report, Reported};
use ring::hmac;
use sha2::{Digest, Sha256};
use std::fmt;

/// Recipients in one delivery report; ours have one.
const RECIPIENTS_MAX: usize = 32;
/// Shortest token, bytes.
const TOKEN_BYTES_MIN: usize = 16;

/// What a mail to the address for bounces means.
pub fn reports(bytes: &[u8]) -> Vec<Report> {
    let mail = read::mail(bytes);
    let status = mail.parts.iter().find(|part| matches!(part.kind.as_str(), "message/delivery-status" | "message/global-delivery-status"));
    let feedback = mail.part("message/feedback-report");
    let about = message(&mail);
    let Some(about) = about else { return Vec::new() };
    let whats = match (status, feedback) {
        (Some(status), _) => deliveries(status),
        (None, Some(feedback)) => complaint(feedback).into_iter().collect(),
        (None, None) => Vec::new(),
    };
    let digest: String = Sha256::digest(bytes).iter().take(12).map(|byte| format!("{byte:02x}")).collect();
    let report = |(at, what)| Report { id: Some(format!("mail-{digest}-{at}")), about: About::Message(about.clone()), what, at: None };
    whats.into_iter().enumerate().map(report).collect()
}

/// Which message of ours it is about: by the address that it was sent to or that the mail came from, else by the headers that were returned.
fn message(mail: &Mail) -> Option<String> {
    let feedback = mail.part("message/feedback-report").map(|part| read::fields(&part.body)).unwrap_or_default();
    let sent_to = mail.headers.iter().filter(|(name, _)| matches!(name.as_str(), "to" | "delivered-to" | "x-original-to" | "envelope-to"));
    let came_from = feedback.iter().filter(|(name, _)| name == "original-mail-from");
    let returned = |part: &Part| {
        if !matches!(part.kind.as_str(), "message/rfc822" | "text/rfc822-headers" | "message/global" | "message/global-headers") {
            return None;
        }
        let fields = read::fields(read::split(&part.body).0);
        fields.iter().find(|(name, _)| name == "x-onward-id").and_then(|(_, value)| id(value))
    };
    sent_to.chain(came_from).find_map(|(_, value)| verp(value)).or_else(|| mail.parts.iter().find_map(returned))
}

/// `bounce+ID@…` within a header's value.
fn verp(value: &str) -> Option<String> {
    value.split([',', ' ', '<', '>', ';']).find_map(|word| {
        let (local, _) = word.rsplit_once('@')?;
        id(local.split_once(super::VERP)?.1)
    })
}

fn id(text: &str) -> Option<String> {
    let text = text.trim().to_ascii_lowercase();
    let like = !text.is_empty() && text.len() <= 64 && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    like.then_some(text)
}

/// One for each recipient of whom something is said.
fn deliveries(status: &Part) -> Vec<Reported> {
    let text = status.text().replace("\r\n", "\n");
    // The first block is about the mail, the others about one recipient each; some servers put everything into one.
    let groups = text.split("\n\n").map(|group| read::fields(group.as_bytes()));
    groups
        .filter(|group| group.iter().any(|(name, _)| name == "action"))
        .take(RECIPIENTS_MAX)
        .filter_map(|group| delivery(&group))
        .collect()
}

fn delivery(group: &[(String, String)]) -> Option<Reported> {
    let get = |name: &str| group.iter().find(|(has, _)| has == name).map(|(_, value)| value.as_str());
    let action = get("action")?.split([' ', ';', '(']).next()?.to_ascii_lowercase();
    let code = |text: &str| text.split([' ', ';', '(', '-', '#']).find_map(parse_enhanced);
    // The server that refused says it best; the one that reports often says 5.0.0.
    let said = get("diagnostic-code").and_then(code).or_else(|| get("status").and_then(code));
    match action.as_str() {
        "failed" => Some(Reported::Bounced { hard: said.is_some_and(|(class, subject, detail)| is_no_mailbox(class, subject, detail)) }),
        "delivered" | "relayed" | "expanded" => Some(Reported::Delivered),
        // `delayed`: it is still being tried.
        _ => None,
    }
}

fn complaint(feedback: &Part) -> Option<Reported> {
    let fields = read::fields(&feedback.body);
    let kind = fields.iter().find(|(name, _)| name == "feedback-type").map(|(_, value)| value.to_ascii_lowercase())?;
    match kind.as_str() {
        "abuse" | "fraud" | "virus" | "other" => Some(Reported::Complained),
        "opt-out" | "opt-out-list" => Some(Reported::Unsubscribed),
        // `not-spam` takes a complaint back; nothing is sent again because of it.
        _ => None,
    }
}

/// `POST /callbacks/mail` with a raw mail, by the company's own mail server, which knows a token.
pub struct Bounces {
    token: Secret,
}

impl Bounces {
    pub fn new(token: Secret) -> Result<Bounces, String> {
        if token.reveal().len() < TOKEN_BYTES_MIN {
            return Err(format!("the token for bounces has {TOKEN_BYTES_MIN} characters or more"));
        }
        Ok(Bounces { token })
    }
}

impl Callback for Bounces {
    fn name(&self) -> &'static str {
        "mail"
    }

    fn hear(&self, request: &Incoming<'_>) -> Result<Heard, Disbelief> {
        let given = request.header("authorization").and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default().trim();
        // By their authentication codes, which are compared in constant time: not even the length can be measured.
        let key = hmac::Key::new(hmac::HMAC_SHA256, b"bounces");
        if hmac::verify(&key, self.token.reveal().as_bytes(), hmac::sign(&key, given.as_bytes()).as_ref()).is_err() {
            return Err(Disbelief("a mail without the token for bounces".to_owned()));
        }
        Ok(Heard::Reports(reports(request.body)))
    }
}

impl fmt::Debug for Bounces {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Bounces")
    }
}
