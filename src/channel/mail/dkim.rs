//! DKIM (RFC 6376, RFC 8463): signs a finished mail.
//!
//! In: the bytes of a mail, keys. Out: `DKIM-Signature` headers to stand before it. **Invariant:** relaxed/relaxed; everything that says who
//! writes to whom, when and about what is signed, and so are both headers of one-click unsubscribing (RFC 8058 demands it); `From` and
//! `Subject` are signed once more than they are there, so that a second one cannot be added.

use crate::calendar::Instant;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::rand::SystemRandom;
use ring::signature::{Ed25519KeyPair, RSA_PKCS1_SHA256, RsaKeyPair};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{PrivatePkcs1KeyDer, PrivatePkcs8KeyDer};
use sha2::{Digest, Sha256};
use std::fmt;

/// In the order in which they stand in `h=`; those that a mail does not have are left out.
const SIGNED: [&str; 15] = [
    "from",
    "to",
    "reply-to",
    "subject",
    "date",
    "message-id",
    "mime-version",
    "content-type",
    "content-transfer-encoding",
    "content-language",
    "list-unsubscribe",
    "list-unsubscribe-post",
    "auto-submitted",
    "feedback-id",
    "x-onward-id",
];
/// Once more than they are there.
const CLOSED: [&str; 2] = ["from", "subject"];
/// Longest line of our signature header.
const LINE_CHARS: usize = 76;

enum Pair {
    Rsa(Box<RsaKeyPair>),
    Ed25519(Ed25519KeyPair),
}

/// A key under a name in DNS: `<selector>._domainkey.<domain>`.
pub struct Key {
    domain: String,
    selector: String,
    pair: Pair,
}

impl Key {
    /// `pem`: RSA of 2,048 bits or more (PKCS #8 or #1), or Ed25519 (PKCS #8).
    pub fn new(domain: &str, selector: &str, pem: &str) -> Result<Key, String> {
        let named = |text: &str| {
            !text.is_empty()
                && text.len() <= 253
                && text.split('.').all(|label| !label.is_empty() && label.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b)))
        };
        if !named(domain) || !named(selector) {
            return Err("the domain and the selector of a DKIM key are names as in DNS: `shop.example`, `onward1`".to_owned());
        }
        Ok(Key { domain: domain.to_ascii_lowercase(), selector: selector.to_owned(), pair: pair(pem)? })
    }

    /// The header with its line ending.
    pub fn sign(&self, mail: &[u8], now: Instant) -> Result<String, String> {
        let (headers, body) = split(mail);
        let fields = fields(headers);
        let body_hash = STANDARD.encode(Sha256::digest(relaxed_body(body)));
        let mut names: Vec<&str> = Vec::new();
        let mut hashed = String::new();
        for name in SIGNED {
            // From below (RFC 6376, 5.4.2); none of ours comes twice.
            for (_, value) in fields.iter().rev().filter(|(field, _)| field == name) {
                names.push(name);
                hashed += &format!("{name}:{value}\r\n");
            }
        }
        names.extend(CLOSED);
        let algorithm = match self.pair {
            Pair::Rsa(_) => "rsa-sha256",
            Pair::Ed25519(_) => "ed25519-sha256",
        };
        let tags = [
            format!("v=1; a={algorithm}; c=relaxed/relaxed;"),
            format!("d={}; s={};", self.domain, self.selector),
            format!("t={};", now.0.div_euclid(1000)),
            format!("h={};", names.join(":")),
            format!("bh={body_hash};"),
            "b=".to_owned(),
        ];
        let unsigned = fold(&tags);
        hashed += &format!("dkim-signature:{}", relaxed_value(&unsigned));
        let signature = STANDARD.encode(self.signature(hashed.as_bytes())?);
        let pieces: Vec<&str> = signature.as_bytes().chunks(LINE_CHARS - 2).filter_map(|piece| std::str::from_utf8(piece).ok()).collect();
        Ok(format!("DKIM-Signature: {unsigned}{}\r\n", pieces.join("\r\n ")))
    }

    fn signature(&self, hashed: &[u8]) -> Result<Vec<u8>, String> {
        match &self.pair {
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public().modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), hashed, &mut signature)
                    .map_err(|_| "the mail cannot be signed".to_owned())?;
                Ok(signature)
            }
            // RFC 8463, 3: what is signed is the hash.
            Pair::Ed25519(pair) => Ok(pair.sign(&Sha256::digest(hashed)).as_ref().to_vec()),
        }
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Key").field("domain", &self.domain).field("selector", &self.selector).finish_non_exhaustive()
    }
}

fn pair(pem: &str) -> Result<Pair, String> {
    const HOW: &str = "a DKIM key is RSA of 2,048 bits or more, or Ed25519, in PEM: `openssl genpkey -algorithm ed25519`";
    if let Ok(key) = PrivatePkcs8KeyDer::from_pem_slice(pem.as_bytes()) {
        let der = key.secret_pkcs8_der();
        if let Ok(pair) = Ed25519KeyPair::from_pkcs8_maybe_unchecked(der) {
            return Ok(Pair::Ed25519(pair));
        }
        return RsaKeyPair::from_pkcs8(der).map(|pair| Pair::Rsa(Box::new(pair))).map_err(|_| HOW.to_owned());
    }
    let key = PrivatePkcs1KeyDer::from_pem_slice(pem.as_bytes()).map_err(|_| HOW.to_owned())?;
    RsaKeyPair::from_der(key.secret_pkcs1_der()).map(|pair| Pair::Rsa(Box::new(pair))).map_err(|_| HOW.to_owned())
}

/// The value of the header, its lines folded.
fn fold(tags: &[String]) -> String {
    let mut value = String::new();
    for (at, tag) in tags.iter().enumerate() {
        if at > 0 {
            value += "\r\n ";
        }
        // The list of headers is long; folding white space may stand around its colons.
        let mut length = 0;
        for piece in tag.split_inclusive(':') {
            if length > 0 && length + piece.len() > LINE_CHARS - 1 {
                value += "\r\n ";
                length = 0;
            }
            value += piece;
            length += piece.len();
        }
    }
    value
}

fn split(mail: &[u8]) -> (&[u8], &[u8]) {
    let end = mail.windows(4).position(|four| four == b"\r\n\r\n");
    end.map_or((mail, &[][..]), |end| (&mail[..end + 2], &mail[end + 4..]))
}

/// Names in lower case and relaxed values, in their order.
fn fields(headers: &[u8]) -> Vec<(String, String)> {
    let text = String::from_utf8_lossy(headers);
    let unfolded = text.replace("\r\n ", " ").replace("\r\n\t", "\t");
    let fields = unfolded.split("\r\n").filter_map(|line| line.split_once(':'));
    fields.map(|(name, value)| (name.trim().to_ascii_lowercase(), relaxed_value(value))).collect()
}

/// Unfolded, runs of white space as one space, none at the ends (RFC 6376, 3.4.2).
fn relaxed_value(value: &str) -> String {
    value.split([' ', '\t', '\r', '\n']).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// RFC 6376, 3.4.4.
fn relaxed_body(body: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(body.len());
    for line in body.split_inclusive(|byte| *byte == b'\n') {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let mut space = false;
        for &byte in line {
            match byte {
                b' ' | b'\t' => space = true,
                byte => {
                    if std::mem::take(&mut space) {
                        out.push(b' ');
                    }
                    out.push(byte);
                }
            }
        }
        out.extend_from_slice(b"\r\n");
    }
    while out.ends_with(b"\r\n\r\n") {
        out.truncate(out.len() - 2);
    }
    // A body of nothing but empty lines is empty.
    if out == b"\r\n" { Vec::new() } else { out }
}
