//! Providers that we are ourselves: requests as they would sign them, with keys of ours.

use super::super::channel_faults::{Server, answer, client, folder, run, secret_file};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use onward::calendar::Instant;
use onward::channel::callback::{line, sendgrid, ses, twilio, webhook, whatsapp};
use onward::channel::secret::Secret;
use onward::channel::setup::Ground;
use onward::channel::signing::WebhookKey;
use onward::channel::{Callback, Heard, Incoming, Report, Task};
use ring::hmac;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair};
use serde_json::json;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};

/// 2026-03-01T03:00:00Z
pub(super) const NOW: Instant = Instant(1_772_334_000_000);
pub(super) const SECONDS: i64 = NOW.0 / 1000;
pub(super) const ID: &str = "0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9";
pub(super) const SECRET: &str = "a-secret-of-32-letters-canary-00";
pub(super) const WHSEC: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// A request that can be changed.
#[derive(Debug, Clone)]
pub(super) struct Request {
    pub(super) url: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
    pub(super) now: Instant,
}

impl Request {
    pub(super) fn new(url: &str, headers: &[(&str, String)], body: impl Into<Vec<u8>>) -> Request {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        Request { url: url.to_owned(), headers, body: body.into(), now: NOW }
    }

    pub(super) fn incoming(&self) -> Incoming<'_> {
        Incoming { url: &self.url, headers: &self.headers, body: &self.body, now: self.now }
    }
}

pub(super) fn heard(callback: &dyn Callback, request: &Request) -> Vec<Report> {
    match callback.hear(&request.incoming()) {
        Ok(Heard::Reports(reports)) => reports,
        other => panic!("{other:?}"),
    }
}

pub(super) fn with_secret<T>(secret: &str, make: impl FnOnce(onward::channel::secret::SecretRef, Ground<'_>) -> T) -> T {
    static FOLDER: Mutex<()> = Mutex::new(());
    let _one = FOLDER.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let folder = folder("callbacks");
    let made = run(async {
        let server = Server::start(answer(200, "", "")).await;
        make(secret_file(&folder, "secret", secret), Ground { folder: &folder, client: &client(&server) })
    });
    std::fs::remove_dir_all(&folder).unwrap();
    made
}

pub(super) fn twilio() -> twilio::TwilioCallback {
    with_secret(SECRET, |secret, ground| twilio::TwilioCallback::new(&twilio::Settings { secrets: vec![secret] }, ground).unwrap())
}

pub(super) fn line() -> line::LineCallback {
    with_secret(SECRET, |secret, ground| line::LineCallback::new(&line::Settings { secrets: vec![secret] }, ground).unwrap())
}

pub(super) fn whatsapp() -> whatsapp::WhatsappCallback {
    with_secret(SECRET, |secret, ground| {
        let settings = whatsapp::Settings { secrets: vec![secret.clone()], verify_token: secret };
        whatsapp::WhatsappCallback::new(&settings, ground).unwrap()
    })
}

pub(super) fn webhook() -> webhook::WebhookCallback {
    with_secret(WHSEC, |secret, ground| webhook::WebhookCallback::new(&webhook::Settings { secrets: vec![secret] }, ground).unwrap())
}

pub(super) fn mac(algorithm: hmac::Algorithm, text: &[u8]) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(algorithm, SECRET.as_bytes()), text).as_ref().to_vec()
}

/// As Twilio's page on security describes it.
pub(super) fn from_twilio(url: &str, fields: &[(&str, &str)]) -> Request {
    let mut sorted = fields.to_vec();
    sorted.sort_unstable();
    let signed = sorted.iter().fold(url.to_owned(), |all, (name, value)| all + name + value);
    let tag = STANDARD.encode(mac(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, signed.as_bytes()));
    let body: Vec<String> =
        fields.iter().map(|(name, value)| format!("{name}={}", onward::channel::http::target::encode_component(value))).collect();
    Request::new(url, &[("x-twilio-signature", tag)], body.join("&").replace("%20", "+"))
}

pub(super) fn from_line(body: &serde_json::Value) -> Request {
    let body = body.to_string();
    let tag = STANDARD.encode(mac(hmac::HMAC_SHA256, body.as_bytes()));
    Request::new("https://shop.example/callbacks/line", &[("x-line-signature", tag)], body)
}

pub(super) fn from_meta(body: &serde_json::Value) -> Request {
    let body = body.to_string();
    let tag = onward::channel::signing::hex(&mac(hmac::HMAC_SHA256, body.as_bytes()));
    Request::new("https://shop.example/callbacks/whatsapp", &[("x-hub-signature-256", format!("sha256={tag}"))], body)
}

pub(super) fn from_company(id: &str, seconds: i64, body: &serde_json::Value) -> Request {
    let body = body.to_string();
    let tag = WebhookKey::read(&Secret::of(WHSEC)).unwrap().sign(id, seconds, body.as_bytes());
    let headers = [("webhook-id", id.to_owned()), ("webhook-timestamp", seconds.to_string()), ("webhook-signature", tag)];
    Request::new("https://shop.example/callbacks/webhook", &headers, body)
}

/// SendGrid with a key of ours.
pub(super) struct FromSendgrid(pub(super) EcdsaKeyPair);

impl FromSendgrid {
    pub(super) fn new() -> FromSendgrid {
        let random = SystemRandom::new();
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random).unwrap();
        FromSendgrid(EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, pkcs8.as_ref(), &random).unwrap())
    }

    pub(super) fn callback(&self) -> sendgrid::SendgridCallback {
        let before = [48, 89, 48, 19, 6, 7, 42, 134, 72, 206, 61, 2, 1, 6, 8, 42, 134, 72, 206, 61, 3, 1, 7, 3, 66, 0];
        let key = STANDARD.encode([&before, self.0.public_key().as_ref()].concat());
        sendgrid::SendgridCallback::new(&sendgrid::Settings { public_keys: vec![key] }).unwrap()
    }

    pub(super) fn request(&self, seconds: i64, body: &serde_json::Value) -> Request {
        let body = body.to_string();
        let signature = self.0.sign(&SystemRandom::new(), format!("{seconds}{body}").as_bytes()).unwrap();
        let headers = [
            ("x-twilio-email-event-webhook-signature", STANDARD.encode(signature.as_ref())),
            ("x-twilio-email-event-webhook-timestamp", seconds.to_string()),
        ];
        Request::new("https://shop.example/callbacks/sendgrid", &headers, body)
    }
}

pub(super) const TOPIC: &str = "arn:aws:sns:eu-west-1:123456789012:mail";
pub(super) const CERTIFICATE: &str = "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0123456789abcdef0123456789abcdef.pem";

/// Amazon with a key of ours.
#[derive(Debug)]
pub(super) struct FromAmazon {
    pub(super) key: RsaKeyPair,
    pub(super) certificate: String,
    pub(super) fetched: AtomicUsize,
    pub(super) last: Mutex<String>,
}

impl ses::FetchCertificate for FromAmazon {
    fn fetch<'a>(&'a self, url: &'a str) -> Task<'a, Result<Vec<u8>, String>> {
        Box::pin(async move {
            self.fetched.fetch_add(1, SeqCst);
            url.clone_into(&mut self.last.lock().unwrap());
            Ok(self.certificate.clone().into_bytes())
        })
    }
}

impl FromAmazon {
    pub(super) fn new() -> Arc<FromAmazon> {
        let pem = include_str!("../channel/rsa-test-key.pem");
        let pair = rcgen::KeyPair::from_pem(pem).unwrap();
        let certificate = rcgen::CertificateParams::new(vec!["sns.amazonaws.com".to_owned()]).unwrap().self_signed(&pair).unwrap().pem();
        let key = RsaKeyPair::from_pkcs8(&onward::channel::signing::pem(pem).unwrap()).unwrap();
        Arc::new(FromAmazon { key, certificate, fetched: AtomicUsize::new(0), last: Mutex::default() })
    }

    pub(super) fn callback(self: &Arc<Self>) -> ses::SesCallback {
        ses::SesCallback::new(&ses::Settings { topics: vec![TOPIC.to_owned()] }, Arc::clone(self) as _).unwrap()
    }

    pub(super) fn message(&self, kind: &str, change: impl FnOnce(&mut serde_json::Value)) -> Request {
        let mut said = json!({
            "Type": kind, "MessageId": "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324", "TopicArn": TOPIC, "Timestamp": "2026-03-01T02:58:00.000Z",
            "SignatureVersion": "2", "SigningCertURL": CERTIFICATE, "Message": "{}",
        });
        if kind != "Notification" {
            said["Token"] = json!("2336412f37");
            said["SubscribeURL"] =
                json!(format!("https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn={TOPIC}&Token=2336412f37"));
        }
        change(&mut said);
        let fields = match kind {
            "Notification" => &["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"][..],
            _ => &["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"][..],
        };
        let signed: String = fields.iter().filter_map(|name| Some(format!("{name}\n{}\n", said[*name].as_str()?))).collect();
        let mut signature = vec![0; self.key.public().modulus_len()];
        self.key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature).unwrap();
        said["Signature"] = json!(STANDARD.encode(signature));
        Request::new("https://shop.example/callbacks/ses", &[("content-type", "text/plain; charset=UTF-8".to_owned())], said.to_string())
    }

    pub(super) fn event(&self, event: &serde_json::Value) -> Request {
        self.message("Notification", |said| said["Message"] = json!(event.to_string()))
    }
}

pub(super) fn prepared(callback: &dyn Callback, request: &Request) {
    run(callback.prepare(&request.incoming()));
}
