//! Requests that are nearly right: none of them is believed.

use super::forge::*;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use onward::calendar::Instant;
use onward::channel::Callback;
use onward::channel::callback::twilio as forms;
use ring::signature::KeyPair;
use serde_json::json;

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
                let mut fields = forms::form(&request.body).unwrap_or_default();
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
