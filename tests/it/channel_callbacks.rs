//! What providers report: believed with their signature only, and read as they mean it.

use super::channel_faults::{Server, answer, client, folder, run, secret_file};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use onward::calendar::Instant;
use onward::channel::callback::{line, sendgrid, ses, twilio, webhook, whatsapp};
use onward::channel::secret::Secret;
use onward::channel::setup::Ground;
use onward::channel::signing::WebhookKey;
use onward::channel::{About, Callback, Heard, Incoming, Report, Reported, Task};
use onward::schema::ChannelKind;
use ring::hmac;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair};
use serde_json::json;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};

/// 2026-03-01T03:00:00Z
const NOW: Instant = Instant(1_772_334_000_000);
const SECONDS: i64 = NOW.0 / 1000;
const ID: &str = "0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9";
const SECRET: &str = "a-secret-of-32-letters-canary-00";
const WHSEC: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// A request that can be changed.
#[derive(Debug, Clone)]
struct Request {
    url: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    now: Instant,
}

impl Request {
    fn new(url: &str, headers: &[(&str, String)], body: impl Into<Vec<u8>>) -> Request {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        Request { url: url.to_owned(), headers, body: body.into(), now: NOW }
    }

    fn incoming(&self) -> Incoming<'_> {
        Incoming { url: &self.url, headers: &self.headers, body: &self.body, now: self.now }
    }
}

fn heard(callback: &dyn Callback, request: &Request) -> Vec<Report> {
    match callback.hear(&request.incoming()) {
        Ok(Heard::Reports(reports)) => reports,
        other => panic!("{other:?}"),
    }
}

fn with_secret<T>(secret: &str, make: impl FnOnce(onward::channel::secret::SecretRef, Ground<'_>) -> T) -> T {
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

fn twilio() -> twilio::TwilioCallback {
    with_secret(SECRET, |secret, ground| twilio::TwilioCallback::new(&twilio::Settings { secrets: vec![secret] }, ground).unwrap())
}

fn line() -> line::LineCallback {
    with_secret(SECRET, |secret, ground| line::LineCallback::new(&line::Settings { secrets: vec![secret] }, ground).unwrap())
}

fn whatsapp() -> whatsapp::WhatsappCallback {
    with_secret(SECRET, |secret, ground| {
        let settings = whatsapp::Settings { secrets: vec![secret.clone()], verify_token: secret };
        whatsapp::WhatsappCallback::new(&settings, ground).unwrap()
    })
}

fn webhook() -> webhook::WebhookCallback {
    with_secret(WHSEC, |secret, ground| webhook::WebhookCallback::new(&webhook::Settings { secrets: vec![secret] }, ground).unwrap())
}

fn mac(algorithm: hmac::Algorithm, text: &[u8]) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(algorithm, SECRET.as_bytes()), text).as_ref().to_vec()
}

/// As Twilio's page on security describes it.
fn from_twilio(url: &str, fields: &[(&str, &str)]) -> Request {
    let mut sorted = fields.to_vec();
    sorted.sort_unstable();
    let signed = sorted.iter().fold(url.to_owned(), |all, (name, value)| all + name + value);
    let tag = STANDARD.encode(mac(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, signed.as_bytes()));
    let body: Vec<String> =
        fields.iter().map(|(name, value)| format!("{name}={}", onward::channel::http::target::encode_component(value))).collect();
    Request::new(url, &[("x-twilio-signature", tag)], body.join("&").replace("%20", "+"))
}

fn from_line(body: &serde_json::Value) -> Request {
    let body = body.to_string();
    let tag = STANDARD.encode(mac(hmac::HMAC_SHA256, body.as_bytes()));
    Request::new("https://shop.example/callbacks/line", &[("x-line-signature", tag)], body)
}

fn from_meta(body: &serde_json::Value) -> Request {
    let body = body.to_string();
    let tag = onward::channel::signing::hex(&mac(hmac::HMAC_SHA256, body.as_bytes()));
    Request::new("https://shop.example/callbacks/whatsapp", &[("x-hub-signature-256", format!("sha256={tag}"))], body)
}

fn from_company(id: &str, seconds: i64, body: &serde_json::Value) -> Request {
    let body = body.to_string();
    let tag = WebhookKey::read(&Secret::of(WHSEC)).unwrap().sign(id, seconds, body.as_bytes());
    let headers = [("webhook-id", id.to_owned()), ("webhook-timestamp", seconds.to_string()), ("webhook-signature", tag)];
    Request::new("https://shop.example/callbacks/webhook", &headers, body)
}

/// SendGrid with a key of ours.
struct FromSendgrid(EcdsaKeyPair);

impl FromSendgrid {
    fn new() -> FromSendgrid {
        let random = SystemRandom::new();
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random).unwrap();
        FromSendgrid(EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, pkcs8.as_ref(), &random).unwrap())
    }

    fn callback(&self) -> sendgrid::SendgridCallback {
        let before = [48, 89, 48, 19, 6, 7, 42, 134, 72, 206, 61, 2, 1, 6, 8, 42, 134, 72, 206, 61, 3, 1, 7, 3, 66, 0];
        let key = STANDARD.encode([&before, self.0.public_key().as_ref()].concat());
        sendgrid::SendgridCallback::new(&sendgrid::Settings { public_keys: vec![key] }).unwrap()
    }

    fn request(&self, seconds: i64, body: &serde_json::Value) -> Request {
        let body = body.to_string();
        let signature = self.0.sign(&SystemRandom::new(), format!("{seconds}{body}").as_bytes()).unwrap();
        let headers = [
            ("x-twilio-email-event-webhook-signature", STANDARD.encode(signature.as_ref())),
            ("x-twilio-email-event-webhook-timestamp", seconds.to_string()),
        ];
        Request::new("https://shop.example/callbacks/sendgrid", &headers, body)
    }
}

const TOPIC: &str = "arn:aws:sns:eu-west-1:123456789012:mail";
const CERTIFICATE: &str = "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0123456789abcdef0123456789abcdef.pem";

/// Amazon with a key of ours.
#[derive(Debug)]
struct FromAmazon {
    key: RsaKeyPair,
    certificate: String,
    fetched: AtomicUsize,
    last: Mutex<String>,
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
    fn new() -> Arc<FromAmazon> {
        let pem = include_str!("channel/rsa-test-key.pem");
        let pair = rcgen::KeyPair::from_pem(pem).unwrap();
        let certificate = rcgen::CertificateParams::new(vec!["sns.amazonaws.com".to_owned()]).unwrap().self_signed(&pair).unwrap().pem();
        let key = RsaKeyPair::from_pkcs8(&onward::channel::signing::pem(pem).unwrap()).unwrap();
        Arc::new(FromAmazon { key, certificate, fetched: AtomicUsize::new(0), last: Mutex::default() })
    }

    fn callback(self: &Arc<Self>) -> ses::SesCallback {
        ses::SesCallback::new(&ses::Settings { topics: vec![TOPIC.to_owned()] }, Arc::clone(self) as _).unwrap()
    }

    fn message(&self, kind: &str, change: impl FnOnce(&mut serde_json::Value)) -> Request {
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

    fn event(&self, event: &serde_json::Value) -> Request {
        self.message("Notification", |said| said["Message"] = json!(event.to_string()))
    }
}

fn prepared(callback: &dyn Callback, request: &Request) {
    run(callback.prepare(&request.incoming()));
}

fn whats(reports: Vec<Report>) -> Vec<(About, Reported)> {
    reports.into_iter().map(|report| (report.about, report.what)).collect()
}

fn message() -> About {
    About::Message(ID.to_owned())
}

fn phone(kind: ChannelKind) -> About {
    About::Address(kind, "+66812345678".to_owned())
}

#[test]
fn twilio_tells_what_became_of_an_sms_and_who_said_stop() {
    let callback = twilio();
    let url = format!("https://shop.example/callbacks/twilio?message={ID}");
    let status = |status: &str, code: &str| {
        whats(heard(
            &callback,
            &from_twilio(&url, &[("MessageSid", "SM1"), ("MessageStatus", status), ("ErrorCode", code), ("To", "+66812345678")]),
        ))
    };
    assert_eq!(status("delivered", ""), [(message(), Reported::Delivered)]);
    assert_eq!(status("undelivered", "30005"), [(message(), Reported::Bounced { hard: true })]);
    assert_eq!(status("undelivered", "30003"), [(message(), Reported::Bounced { hard: false })]);
    assert_eq!(status("failed", "30007"), [(message(), Reported::Failed)]);
    assert_eq!(status("failed", "21610"), [(phone(ChannelKind::Sms), Reported::Suppressed(true))]);
    assert_eq!(status("sent", ""), []);
    let foreign =
        from_twilio("https://shop.example/callbacks/twilio?message=../etc", &[("MessageSid", "SM1"), ("MessageStatus", "delivered")]);
    assert_eq!(whats(heard(&callback, &foreign)), [(About::Provider("twilio", "SM1".to_owned()), Reported::Delivered)]);
    let said = |body: &str, extra: &str| {
        let fields = [("MessageSid", "SM2"), ("SmsStatus", "received"), ("From", "+66812345678"), ("Body", body), ("OptOutType", extra)];
        whats(heard(&callback, &from_twilio("https://shop.example/callbacks/twilio", &fields)))
    };
    let reply = |text: &str| (phone(ChannelKind::Sms), Reported::Replied(text.to_owned()));
    let stops = (phone(ChannelKind::Sms), Reported::Suppressed(true));
    assert_eq!(said("Is it ready? & when", ""), [reply("Is it ready? & when")]);
    assert_eq!(said("STOP pls", ""), [reply("STOP pls"), stops.clone()]);
    assert_eq!(said("หยุดค่ะ", ""), [reply("หยุดค่ะ"), stops.clone()]);
    assert_eq!(said("basta", "STOP"), [reply("basta"), stops]);
    let first = heard(&callback, &from_twilio(&url, &[("MessageSid", "SM1"), ("MessageStatus", "delivered")]));
    assert_eq!(first[0].id.as_deref(), Some("SM1:delivered"));
}

#[test]
fn line_tells_who_follows_and_what_they_write() {
    let callback = line();
    let event = |kind: &str, more: serde_json::Value| {
        let mut event = json!({ "type": kind, "webhookEventId": "01H", "timestamp": NOW.0, "source": { "type": "user", "userId": "U1" } });
        event.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        heard(&callback, &from_line(&json!({ "destination": "x", "events": [event] })))
    };
    let user = About::Address(ChannelKind::Line, "U1".to_owned());
    let follow = event("follow", json!({}));
    assert_eq!(follow, [Report { id: Some("01H".to_owned()), about: user.clone(), what: Reported::Suppressed(false), at: Some(NOW) }]);
    assert_eq!(whats(event("unfollow", json!({}))), [(user.clone(), Reported::Suppressed(true))]);
    let text = |text: &str| whats(event("message", json!({ "message": { "type": "text", "text": text } })));
    assert_eq!(text("ขอบคุณ"), [(user.clone(), Reported::Replied("ขอบคุณ".to_owned()))]);
    assert_eq!(text("หยุดส่งครับ").last().unwrap(), &(user.clone(), Reported::Suppressed(true)));
    assert_eq!(whats(event("message", json!({ "message": { "type": "sticker" } }))), [(user, Reported::Replied("[sticker]".to_owned()))]);
    assert_eq!(
        event(
            "message",
            json!({ "source": { "type": "group", "groupId": "C1", "userId": "U1" }, "message": { "type": "text", "text": "stop" } })
        ),
        []
    );
    assert_eq!(event("postback", json!({})), []);
    assert_eq!(heard(&callback, &from_line(&json!({ "destination": "x", "events": [] }))), []);
}

#[test]
fn whatsapp_tells_states_answers_and_wishes_and_shakes_hands() {
    let callback = whatsapp();
    let value = |value: serde_json::Value| {
        whats(heard(
            &callback,
            &from_meta(
                &json!({ "object": "whatsapp_business_account", "entry": [{ "id": "1", "changes": [{ "field": "messages", "value": value }] }] }),
            ),
        ))
    };
    let status = |state: &str, code: i64| {
        value(
            json!({ "statuses": [{ "id": "wamid.A", "status": state, "timestamp": "1772334000", "recipient_id": "66812345678", "biz_opaque_callback_data": ID, "errors": [{ "code": code }] }] }),
        )
    };
    assert_eq!(status("delivered", 0), [(message(), Reported::Delivered)]);
    assert_eq!(status("read", 0), [(message(), Reported::Opened { by_machine: false })]);
    assert_eq!(status("failed", 131_026), [(message(), Reported::Bounced { hard: false })]);
    assert_eq!(status("failed", 131_000), [(message(), Reported::Failed)]);
    assert_eq!(status("failed", 131_050), [(phone(ChannelKind::Whatsapp), Reported::Suppressed(true))]);
    assert_eq!(status("sent", 0), []);
    let foreign = value(json!({ "statuses": [{ "id": "wamid.A", "status": "read" }] }));
    assert_eq!(foreign, [(About::Provider("whatsapp", "wamid.A".to_owned()), Reported::Opened { by_machine: false })]);
    let text = |text: &str| {
        value(
            json!({ "messages": [{ "from": "66812345678", "id": "wamid.B", "timestamp": "1772334000", "type": "text", "text": { "body": text } }] }),
        )
    };
    assert_eq!(text("hi"), [(phone(ChannelKind::Whatsapp), Reported::Replied("hi".to_owned()))]);
    assert_eq!(text("Stop").last().unwrap(), &(phone(ChannelKind::Whatsapp), Reported::Suppressed(true)));
    let wish = value(
        json!({ "user_preferences": [{ "wa_id": "66812345678", "category": "marketing_messages", "value": "stop", "timestamp": 1_772_334_000 }] }),
    );
    assert_eq!(wish, [(phone(ChannelKind::Whatsapp), Reported::Suppressed(true))]);
    let hand = |query: &str| callback.hear(&Request::new(&format!("https://shop.example/callbacks/whatsapp?{query}"), &[], "").incoming());
    let right = format!("hub.mode=subscribe&hub.verify_token={SECRET}&hub.challenge=1158201444");
    assert_eq!(hand(&right), Ok(Heard::Echo("1158201444".to_owned())));
    for wrong in [
        right.replace("canary", "cannot"),
        right.replace("subscribe", "x"),
        right.replace("1158201444", "%3Cscript%3E"),
        String::new(),
        "hub.mode=subscribe&hub.challenge=1".to_owned(),
    ] {
        assert!(hand(&wrong).is_err(), "{wrong}");
    }
}

#[test]
fn sendgrid_tells_what_became_of_a_mail_and_which_opens_a_machine_made() {
    let sendgrid = FromSendgrid::new();
    let callback = sendgrid.callback();
    let event = |more: serde_json::Value| {
        let mut event = json!({ "sg_event_id": "e1", "sg_message_id": "abc.recvd-1", "timestamp": SECONDS, "onward": ID });
        event.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        heard(&callback, &sendgrid.request(SECONDS, &json!([event])))
    };
    let what = |more| event(more).pop().map(|report| report.what);
    let delivered = event(json!({ "event": "delivered" }));
    assert_eq!(delivered, [Report { id: Some("e1".to_owned()), about: message(), what: Reported::Delivered, at: Some(NOW) }]);
    assert_eq!(what(json!({ "event": "open", "sg_machine_open": true })), Some(Reported::Opened { by_machine: true }));
    assert_eq!(what(json!({ "event": "open", "sg_machine_open": false })), Some(Reported::Opened { by_machine: false }));
    assert_eq!(
        what(json!({ "event": "click", "url": "https://a.example/" })),
        Some(Reported::Clicked { url: Some("https://a.example/".to_owned()), by_machine: false })
    );
    assert_eq!(what(json!({ "event": "bounce", "type": "bounce" })), Some(Reported::Bounced { hard: true }));
    assert_eq!(what(json!({ "event": "bounce", "type": "blocked" })), Some(Reported::Bounced { hard: false }));
    assert_eq!(what(json!({ "event": "dropped", "reason": "Bounced Address" })), Some(Reported::Bounced { hard: true }));
    assert_eq!(what(json!({ "event": "dropped", "reason": "Spam Content" })), Some(Reported::Failed));
    assert_eq!(what(json!({ "event": "spamreport" })), Some(Reported::Complained));
    assert_eq!(what(json!({ "event": "group_unsubscribe" })), Some(Reported::Unsubscribed));
    assert_eq!(what(json!({ "event": "processed" })), None);
    assert_eq!(
        whats(event(json!({ "event": "delivered", "onward": null }))),
        [(About::Provider("sendgrid", "abc".to_owned()), Reported::Delivered)]
    );
    // 5 minutes are allowed, and not one second more.
    for (seconds, right) in [(SECONDS - 300, true), (SECONDS - 301, false), (SECONDS + 300, true), (SECONDS + 301, false)] {
        assert_eq!(callback.hear(&sendgrid.request(seconds, &json!([])).incoming()).is_ok(), right);
    }
    for wrong in ["", "MFkw", "AAAA"] {
        assert!(sendgrid::SendgridCallback::new(&sendgrid::Settings { public_keys: vec![wrong.to_owned()] }).is_err());
    }
}

#[test]
fn ses_is_believed_with_amazons_certificate_only() {
    let amazon = FromAmazon::new();
    let callback = amazon.callback();
    let delivery = json!({ "eventType": "Delivery", "mail": { "messageId": "0102", "tags": { "onward": [ID] } }, "delivery": { "timestamp": "2026-03-01T03:00:00.000Z" } });
    let request = amazon.event(&delivery);
    assert!(callback.hear(&request.incoming()).is_err(), "no certificate yet");
    prepared(&callback, &request);
    prepared(&callback, &request);
    assert_eq!((amazon.fetched.load(SeqCst), amazon.last.lock().unwrap().as_str()), (1, CERTIFICATE));
    let delivered =
        Report { id: Some("22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324".to_owned()), about: message(), what: Reported::Delivered, at: Some(NOW) };
    assert_eq!(heard(&callback, &request), [delivered]);
    let what = |event: serde_json::Value| heard(&callback, &amazon.event(&event)).pop().map(|report| (report.about, report.what));
    let theirs = About::Provider("ses", "0102".to_owned());
    let mail = json!({ "messageId": "0102" });
    assert_eq!(
        what(json!({ "notificationType": "Bounce", "mail": mail, "bounce": { "bounceType": "Permanent" } })),
        Some((theirs.clone(), Reported::Bounced { hard: true }))
    );
    assert_eq!(
        what(json!({ "eventType": "Bounce", "mail": mail, "bounce": { "bounceType": "Transient" } })),
        Some((theirs.clone(), Reported::Bounced { hard: false }))
    );
    assert_eq!(what(json!({ "eventType": "Complaint", "mail": mail })), Some((theirs.clone(), Reported::Complained)));
    assert_eq!(
        what(json!({ "eventType": "Click", "mail": mail, "click": { "link": "https://a.example/" } })),
        Some((theirs, Reported::Clicked { url: Some("https://a.example/".to_owned()), by_machine: false }))
    );
    assert_eq!(what(json!({ "eventType": "DeliveryDelay", "mail": mail })), None);

    let confirm = amazon.message("SubscriptionConfirmation", |_| {});
    assert!(
        matches!(callback.hear(&confirm.incoming()), Ok(Heard::Visit(url)) if url.starts_with("https://sns.eu-west-1.amazonaws.com/?Action"))
    );
    let elsewhere = amazon.message("SubscriptionConfirmation", |said| {
        said["SubscribeURL"] = json!("https://sns.eu-west-1.amazonaws.com.evil.example/?Action")
    });
    assert!(callback.hear(&elsewhere.incoming()).is_err());
    for (stamp, right) in [
        ("2026-03-01T01:55:00.000Z", true),
        ("2026-03-01T01:54:59.000Z", false),
        ("2026-03-01T03:05:00.000Z", true),
        ("2026-03-01T03:05:01.000Z", false),
        ("x", false),
    ] {
        let request = amazon.message("Notification", |said| said["Timestamp"] = json!(stamp));
        assert_eq!(callback.hear(&request.incoming()).is_ok(), right, "{stamp}");
    }
    let version_1 = amazon.message("Notification", |said| said["SignatureVersion"] = json!("1"));
    assert!(callback.hear(&version_1.incoming()).is_err());
}

#[test]
fn nobody_makes_us_fetch_a_certificate_from_elsewhere() {
    let amazon = FromAmazon::new();
    let callback = amazon.callback();
    let name = "SimpleNotificationService-0123456789abcdef0123456789abcdef.pem";
    for url in [
        format!("https://evil.example/{name}"),
        format!("https://sns.eu-west-1.amazonaws.com.evil.example/{name}"),
        format!("https://evil.example/sns.eu-west-1.amazonaws.com/{name}"),
        format!("http://sns.eu-west-1.amazonaws.com/{name}"),
        format!("https://s3.eu-west-1.amazonaws.com/{name}"),
        format!("https://sns.eu-west-1.amazonaws.com/bucket/{name}"),
        format!("https://sns.us-east-1.amazonaws.com/{name}"),
        format!("https://sns.eu-west-1.amazonaws.com@evil.example/{name}"),
        format!("https://sns.eu-west-1.amazonaws.com:444/{name}"),
        format!("https://sns.eu-west-1.amazonaws.com/{name}?x"),
        format!("https://sns.eu-west-1.amazonaws.com/{name}#.pem"),
        format!("https://SNS.eu-west-1.amazonaws.com/../{name}"),
        "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-../../x/aaaaaaaaaaaaaaaa.pem".to_owned(),
        String::new(),
    ] {
        let request = amazon.message("Notification", |said| said["SigningCertURL"] = json!(url));
        prepared(&callback, &request);
        assert!(callback.hear(&request.incoming()).is_err(), "{url}");
    }
    let foreign = amazon.message("Notification", |said| said["TopicArn"] = json!("arn:aws:sns:eu-west-1:999999999999:mail"));
    prepared(&callback, &foreign);
    assert!(callback.hear(&foreign.incoming()).is_err());
    assert_eq!(amazon.fetched.load(SeqCst), 0);
    // Another name of the right shape is asked for, but not all day.
    for name in 0..50 {
        let url = CERTIFICATE.replace("0123456789abcdef0123456789abcdef", &format!("{name:032x}"));
        prepared(&callback, &amazon.message("Notification", |said| said["SigningCertURL"] = json!(url)));
    }
    assert_eq!(amazon.fetched.load(SeqCst), 1);
    for wrong in [
        "",
        "arn:aws:sqs:eu-west-1:1:x",
        "arn:aws:sns:eu-west-1.evil.example/:1:x",
        "arn:evil:sns:eu-west-1:1:x",
        "arn:aws:sns:eu-west-1:1",
    ] {
        assert!(ses::SesCallback::new(&ses::Settings { topics: vec![wrong.to_owned()] }, Arc::clone(&amazon) as _).is_err(), "{wrong}");
    }
}

#[test]
fn the_companys_own_adapter_reports_by_standard_webhooks() {
    let callback = webhook();
    let what = |said: serde_json::Value| heard(&callback, &from_company("msg_1", SECONDS, &said)).pop();
    let bounced = what(json!({ "type": "bounced", "data": { "message": ID, "hard": true } }));
    assert_eq!(bounced, Some(Report { id: Some("msg_1".to_owned()), about: message(), what: Reported::Bounced { hard: true }, at: None }));
    let stop = what(json!({ "type": "suppressed", "data": { "channel": "sms", "address": "+66812345678" } })).unwrap();
    assert_eq!((stop.about, stop.what), (phone(ChannelKind::Sms), Reported::Suppressed(true)));
    assert_eq!(what(json!({ "type": "suppressed", "data": { "channel": "fax", "address": "1" } })), None);
    assert_eq!(what(json!({ "type": "exploded", "data": { "message": ID } })), None);
    for (seconds, right) in [(SECONDS - 300, true), (SECONDS - 301, false), (SECONDS + 300, true), (SECONDS + 301, false)] {
        assert_eq!(callback.hear(&from_company("msg_1", seconds, &json!({})).incoming()).is_ok(), right);
    }
}

/// A small generator (SplitMix64): the same mutations in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % below as u64).unwrap()
    }
}

/// One bit flipped, one byte taken out, put in or doubled, or the end cut off.
fn mutate(bytes: &mut Vec<u8>, dice: &mut Dice) {
    if bytes.is_empty() {
        bytes.push(b'x');
        return;
    }
    let at = dice.roll(bytes.len());
    match dice.roll(5) {
        0 => bytes[at] ^= 1 << dice.roll(7),
        1 => drop(bytes.remove(at)),
        2 => bytes.insert(at, b'!' + u8::try_from(dice.roll(90)).unwrap()),
        3 => bytes.insert(at, bytes[at]),
        _ => bytes.truncate(at),
    }
}

/// What of a request is signed, beside its body: the headers by which it proves itself, and the address where that is signed too.
fn mutated(request: &Request, signs_url: bool, dice: &mut Dice) -> Request {
    let mut other = request.clone();
    let places = other.headers.len() + 1 + usize::from(signs_url);
    match dice.roll(places) {
        0 => mutate(&mut other.body, dice),
        place if place <= other.headers.len() => {
            let mut value = std::mem::take(&mut other.headers[place - 1].1).into_bytes();
            mutate(&mut value, dice);
            other.headers[place - 1].1 = String::from_utf8_lossy(&value).into_owned();
        }
        _ => {
            let mut url = std::mem::take(&mut other.url).into_bytes();
            mutate(&mut url, dice);
            other.url = String::from_utf8_lossy(&url).into_owned();
        }
    }
    other
}

/// Bodies that say the same to who reads them: what is signed is the fields, not the bytes (forms, SNS), or the tag is written in another way.
fn same_meaning(callback: &dyn Callback, right: &Request, other: &Request) -> bool {
    match callback.name() {
        "twilio" => {
            // Twilio signs fields without a sign between them, so a field and its neighbour may be cut in another place.
            let signed = |request: &Request| {
                let mut fields = twilio::form(&request.body).unwrap_or_default();
                fields.sort();
                fields.iter().fold(request.url.clone(), |all, (name, value)| all + name + value)
            };
            signed(right) == signed(other)
        }
        "ses" => {
            let fields = |request: &Request| serde_json::from_slice::<serde_json::Value>(&request.body).ok();
            let (Some(right), Some(other)) = (fields(right), fields(other)) else { return false };
            let signed =
                ["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type", "SigningCertURL", "SignatureVersion", "Signature"];
            signed.iter().all(|name| right[name] == other[name])
        }
        _ => right.body == other.body,
    }
}

#[test]
fn of_a_hundred_thousand_mutations_none_is_believed() {
    let sendgrid = FromSendgrid::new();
    let amazon = FromAmazon::new();
    let ses = amazon.callback();
    let delivery = amazon.event(&json!({ "eventType": "Delivery", "mail": { "messageId": "0102", "tags": { "onward": [ID] } } }));
    prepared(&ses, &delivery);
    let url = format!("https://shop.example/callbacks/twilio?message={ID}");
    let cases: [(Box<dyn Callback>, Request, bool, usize); 6] = [
        (
            Box::new(twilio()),
            from_twilio(&url, &[("MessageSid", "SM1"), ("MessageStatus", "delivered"), ("To", "+66812345678")]),
            true,
            25_000,
        ),
        (
            Box::new(line()),
            from_line(&json!({ "events": [{ "type": "follow", "webhookEventId": "1", "source": { "type": "user", "userId": "U1" } }] })),
            false,
            25_000,
        ),
        (
            Box::new(whatsapp()),
            from_meta(&json!({ "entry": [{ "changes": [{ "value": { "statuses": [{ "id": "w", "status": "read" }] } }] }] })),
            false,
            25_000,
        ),
        (Box::new(webhook()), from_company("msg_1", SECONDS, &json!({ "type": "delivered", "data": { "message": ID } })), false, 25_000),
        (Box::new(sendgrid.callback()), sendgrid.request(SECONDS, &json!([{ "event": "delivered", "onward": ID }])), false, 5_000),
        (Box::new(ses), delivery, false, 5_000),
    ];
    let mut dice = Dice(20_260_301);
    let mut tried = 0;
    for (callback, right, signs_url, times) in &cases {
        assert_eq!(heard(callback.as_ref(), right).len(), 1, "{}: the right one is believed", callback.name());
        for _ in 0..*times {
            let other = mutated(right, *signs_url, &mut dice);
            if let Ok(heard) = callback.hear(&other.incoming()) {
                assert!(same_meaning(callback.as_ref(), right, &other), "{}: {other:?} gave {heard:?}", callback.name());
                // Hex in capitals, a second signature beside the right one, and what SNS says beside its body are the same too.
                assert!(right.headers == other.headers || ["whatsapp", "webhook", "ses"].contains(&callback.name()), "{other:?}");
                continue;
            }
            tried += 1;
        }
        // Nothing at all, and a signature for something else.
        for headers in [Vec::new(), right.headers.iter().map(|(name, _)| (name.clone(), String::new())).collect()] {
            let bare = Request { headers, ..right.clone() };
            assert!(callback.name() == "ses" || callback.hear(&bare.incoming()).is_err());
        }
    }
    assert!(tried > 100_000, "only {tried} of the mutations were wrong");
}

/// A request, and whether it was believed, for a vendor's own library to judge.
pub struct Case {
    vendor: &'static str,
    request: Request,
    /// What the library is given: a secret, or a public key.
    secret: String,
    pub believed: bool,
    /// It was not changed.
    right: bool,
}

impl Case {
    pub fn json(&self) -> serde_json::Value {
        let headers: serde_json::Map<String, serde_json::Value> =
            self.request.headers.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
        let body = String::from_utf8(self.request.body.clone()).unwrap();
        json!({ "vendor": self.vendor, "url": self.request.url, "headers": headers, "body": body, "secret": self.secret, "believed": self.believed, "right": self.right })
    }
}

/// For each vendor the right request and some hundred that are nearly right.
pub fn cases_for_vendors() -> Vec<Case> {
    let sendgrid = FromSendgrid::new();
    let seconds = onward::channel::clock::Clock::system().now().0 / 1000;
    let before = [48, 89, 48, 19, 6, 7, 42, 134, 72, 206, 61, 2, 1, 6, 8, 42, 134, 72, 206, 61, 3, 1, 7, 3, 66, 0];
    let public_key = STANDARD.encode([&before, sendgrid.0.public_key().as_ref()].concat());
    let url = format!("https://shop.example/callbacks/twilio?message={ID}");
    let vendors: [(Box<dyn Callback>, Request, bool, String); 5] = [
        (
            Box::new(twilio()),
            from_twilio(&url, &[("MessageSid", "SM1"), ("MessageStatus", "delivered"), ("Body", "สวัสดี & co +1"), ("To", "+66812345678")]),
            true,
            SECRET.to_owned(),
        ),
        (
            Box::new(line()),
            from_line(&json!({ "destination": "x", "events": [{ "type": "message", "message": { "text": "สวัสดี" } }] })),
            false,
            SECRET.to_owned(),
        ),
        (
            Box::new(whatsapp()),
            from_meta(&json!({ "entry": [{ "changes": [{ "value": { "messages": [{ "text": { "body": "สวัสดี" } }] } }] }] })),
            false,
            SECRET.to_owned(),
        ),
        (
            Box::new(webhook()),
            from_company("msg_1", seconds, &json!({ "type": "delivered", "data": { "message": ID } })),
            false,
            WHSEC.to_owned(),
        ),
        (Box::new(sendgrid.callback()), sendgrid.request(seconds, &json!([{ "event": "delivered", "onward": ID }])), false, public_key),
    ];
    let mut dice = Dice(7);
    let mut cases = Vec::new();
    for (callback, right, signs_url, secret) in vendors {
        let right = Request { now: Instant(seconds * 1000), ..right };
        let others = std::iter::repeat_with(|| mutated(&right, signs_url, &mut dice))
            .take(300)
            .filter(|other| String::from_utf8(other.body.clone()).is_ok());
        let requests: Vec<(Request, bool)> = std::iter::once((right.clone(), true)).chain(others.map(|other| (other, false))).collect();
        for (request, is_right) in requests {
            let believed = callback.hear(&request.incoming()).is_ok();
            assert!(believed || !is_right, "{}", callback.name());
            cases.push(Case { vendor: callback.name(), request, secret: secret.clone(), believed, right: is_right });
        }
    }
    cases
}
