//! Amazon's signature of requests, version 4.
//!
//! In: a request's parts, a key, a time. Out: the header `authorization`. **Invariant:** exactly these bytes are signed: host, type, time, body;
//! the key leaves only as a tag. Our own, because it is a page of code over ring, and Amazon's crates bring a signer, a runtime and their own
//! HTTP types.

use crate::calendar::{Instant, local_of_ms};
use crate::channel::secret::Secret;
use crate::channel::signing::hex;
use ring::{digest, hmac};

/// Who signs, and for which service where.
pub struct Signer<'a> {
    pub key_id: &'a str,
    pub key: &'a Secret,
    pub region: &'a str,
    pub service: &'a str,
}

/// What is signed. Headers: names in lower case, sorted; `x-amz-date` among them.
pub struct Signed<'a> {
    pub method: &'a str,
    pub path: &'a str,
    pub query: &'a str,
    pub headers: &'a [(&'a str, &'a str)],
    pub body: &'a [u8],
}

/// `20150830T123600Z`
pub fn stamp(now: Instant) -> String {
    local_of_ms(now.0).format("%Y%m%dT%H%M%SZ").to_string()
}

impl Signer<'_> {
    /// `stamp`: as in `x-amz-date`.
    pub fn authorization(&self, signed: &Signed<'_>, stamp: &str) -> String {
        let names: Vec<&str> = signed.headers.iter().map(|(name, _)| *name).collect();
        let names = names.join(";");
        let headers: String = signed.headers.iter().map(|(name, value)| format!("{name}:{}\n", value.trim())).collect();
        let body = sha256(signed.body);
        let canonical = format!("{}\n{}\n{}\n{headers}\n{names}\n{body}", signed.method, signed.path, signed.query);
        let day = stamp.get(..8).unwrap_or(stamp);
        let scope = format!("{day}/{}/{}/aws4_request", self.region, self.service);
        let text = format!("AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{}", sha256(canonical.as_bytes()));
        let secret = zeroize::Zeroizing::new(format!("AWS4{}", self.key.reveal()));
        let key = [day, self.region, self.service, "aws4_request"].iter().fold(secret.as_bytes().to_vec(), |key, part| tag(&key, part));
        let signature = hex(&tag(&key, &text));
        format!("AWS4-HMAC-SHA256 Credential={}/{scope}, SignedHeaders={names}, Signature={signature}", self.key_id)
    }
}

fn sha256(bytes: &[u8]) -> String {
    hex(digest::digest(&digest::SHA256, bytes).as_ref())
}

fn tag(key: &[u8], text: &str) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text.as_bytes()).as_ref().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of Amazon's documentation.
    #[test]
    fn a_request_is_signed_as_amazon_shows() {
        let key = Secret::of("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY");
        let signer = Signer { key_id: "AKIDEXAMPLE", key: &key, region: "us-east-1", service: "iam" };
        let stamp = stamp(Instant(1_440_938_160_000));
        assert_eq!(stamp, "20150830T123600Z");
        let headers = [
            ("content-type", "application/x-www-form-urlencoded; charset=utf-8"),
            ("host", "iam.amazonaws.com"),
            ("x-amz-date", "20150830T123600Z"),
        ];
        let signed = Signed { method: "GET", path: "/", query: "Action=ListUsers&Version=2010-05-08", headers: &headers, body: b"" };
        assert_eq!(
            signer.authorization(&signed, &stamp),
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, SignedHeaders=content-type;host;x-amz-date, \
             Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7"
        );
    }
}
