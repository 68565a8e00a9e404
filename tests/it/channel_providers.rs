//! The adapters of providers: what they say on the wire, what they make of the answers, and what they say where a connection breaks.

use super::channel_faults::{
    Counter, NOW, Server, answer, client, cut_at_every_byte, envelope, folder, hand_over, run, secret_file, strange_answers,
};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use onward::channel::fcm::{self, Fcm};
use onward::channel::line::{self, Line, retry_key};
use onward::channel::setup::Ground;
use onward::channel::slack::{self, Slack};
use onward::channel::twilio::{self, Twilio};
use onward::channel::whatsapp::{self, Values, Whatsapp};
use onward::channel::{Adapter, Envelope, Verdict};
use onward::schema::ChannelKind;
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;

/// One at a time: they name files by the test, not by the case.
fn with<T>(server: &Server, secret: &str, make: impl FnOnce(onward::channel::secret::SecretRef, Ground<'_>) -> T) -> T {
    static FOLDER: Mutex<()> = Mutex::new(());
    let _one = FOLDER.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let folder = folder("providers");
    let reference = secret_file(&folder, "secret", secret);
    let made = make(reference, Ground { folder: &folder, client: &client(server) });
    std::fs::remove_dir_all(&folder).unwrap();
    made
}

fn twilio(server: &Server) -> Twilio {
    with(server, "tw-canary", |token, ground| {
        let settings = twilio::Settings {
            account: "AC1".to_owned(),
            token,
            key: None,
            from: Some("+15005550006".to_owned()),
            messaging_service: None,
            validity_seconds: Some(3600),
            api: Some(server.url()),
        };
        Twilio::new(&settings, ground).unwrap()
    })
}

fn line(server: &Server) -> Line {
    with(server, "line-canary", |token, ground| {
        Line::new(&line::Settings { token, silent: false, api: Some(server.url()) }, ground).unwrap()
    })
}

fn whatsapp(server: &Server, values: Values) -> Whatsapp {
    with(server, "wa-canary", |token, ground| {
        let settings = whatsapp::Settings {
            token,
            phone_number_id: "106540352242922".to_owned(),
            language: None,
            values,
            version: None,
            api: Some(server.url()),
        };
        Whatsapp::new(&settings, ground).unwrap()
    })
}

fn slack(server: &Server) -> Slack {
    with(server, &format!("{}/services/T0/B0/canary", server.url()), |url, ground| {
        Slack::new(&slack::Settings { teams: BTreeMap::from([("care".to_owned(), url)]) }, ground).unwrap()
    })
}

/// A 2,048 bit key that was made for this test and is used for nothing else.
const KEY: &str = include_str!("channel/rsa-test-key.pem");

fn fcm(messages: &Server, tokens: &Server) -> Fcm {
    let account = serde_json::json!({
        "type": "service_account", "project_id": "shop-1", "client_email": "push@shop-1.example",
        "private_key": KEY, "token_uri": format!("{}/token", tokens.url()),
    });
    let egress = onward::channel::http::Egress { allow: vec!["127.0.0.1".to_owned()], ports: Vec::new() };
    let clock = onward::channel::clock::Clock::by(|| NOW);
    let resolver = std::sync::Arc::new(onward::channel::http::SystemResolver);
    let client = onward::channel::http::Client::with(&egress, clock, resolver, rustls::RootCertStore::empty()).unwrap();
    let client = client.limited(super::channel_faults::limits());
    with(messages, &account.to_string(), |service_account, ground| {
        let settings = fcm::Settings { service_account, project: None, api: Some(messages.url()) };
        Fcm::new(&settings, Ground { client: &client, ..ground }).unwrap()
    })
}

fn sms() -> Envelope {
    envelope(ChannelKind::Sms, "+66812345678", &[("text", "สวัสดี Nok & co: 50% + more")])
}

fn line_text() -> Envelope {
    envelope(ChannelKind::Line, "U4af4980629", &[("text", "สวัสดี\n\"Nok\"")])
}

fn template() -> Envelope {
    let parts = [
        ("template", "order_ready"),
        ("first_name", "นก"),
        ("total", "99 THB"),
        ("button_0", "abc"),
        ("header_image", "https://shop.example/a.png"),
    ];
    envelope(ChannelKind::Whatsapp, "+66812345678", &parts)
}

fn push() -> Envelope {
    envelope(ChannelKind::Push, "token-1", &[("title", "พร้อมแล้ว"), ("body", "Come & see"), ("link", "https://shop.example/o/1")])
}

fn task() -> Envelope {
    envelope(ChannelKind::Task, "care", &[("title", "Call <!channel> & <https://evil.example|us>"), ("note", "VIP"), ("due", "2026-03-02")])
}

fn form(text: &str) -> BTreeMap<String, String> {
    let decode = |text: &str| {
        let mut bytes = Vec::new();
        let mut rest = text.as_bytes();
        while let [first, more @ ..] = rest {
            if *first == b'%' {
                bytes.push(u8::from_str_radix(std::str::from_utf8(&more[..2]).unwrap(), 16).unwrap());
                rest = &more[2..];
            } else {
                assert_ne!(*first, b'+');
                bytes.push(*first);
                rest = more;
            }
        }
        String::from_utf8(bytes).unwrap()
    };
    text.split('&').map(|pair| pair.split_once('=').unwrap()).map(|(name, value)| (decode(name), decode(value))).collect()
}

/// What one answer is taken for.
async fn means(server: &Server, adapter: &dyn Adapter, envelope: &Envelope, status: u16, headers: &str, body: &str) -> Verdict {
    server.says(status, headers, body);
    hand_over(adapter, envelope).await
}

fn accepted(id: &str) -> Verdict {
    Verdict::Accepted { provider_id: Some(id.to_owned()) }
}

#[test]
fn twilio_says_what_it_must() {
    run(async {
        let server = Server::start(answer(201, "", r#"{"sid":"SM1","status":"queued","error_code":null}"#)).await;
        let adapter = twilio(&server);
        assert_eq!(hand_over(&adapter, &sms()).await, accepted("SM1"));
        let seen = server.last();
        assert_eq!(seen.path(), "/2010-04-01/Accounts/AC1/Messages.json");
        assert_eq!(seen.header("authorization"), Some("Basic QUMxOnR3LWNhbmFyeQ=="));
        let form = form(&seen.text());
        assert_eq!(form["To"], "+66812345678");
        assert_eq!(form["From"], "+15005550006");
        assert_eq!(form["Body"], sms().part("text"));
        assert_eq!(form["StatusCallback"], format!("https://shop.example/callbacks/x?message={}", sms().id));
        assert_eq!(form["ValidityPeriod"], "3600");
        assert!(!format!("{adapter:?}").contains("canary"));
        let error = |code: u32| format!("{{\"code\":{code},\"message\":\"The number +66812345678 is bad\",\"status\":400}}");
        for (status, code, suppress) in
            [(400, 21610, true), (400, 21211, true), (400, 21614, true), (400, 21408, false), (404, 20404, false)]
        {
            let verdict = means(&server, &adapter, &sms(), status, "", &error(code)).await;
            assert_eq!(verdict, Verdict::Refused { reason: format!("answered {status}, {code}"), suppress });
        }
        for (status, code) in [(429, 20429), (400, 21611), (401, 20003), (400, 21606), (429, 0), (403, 20005)] {
            let verdict = means(&server, &adapter, &sms(), status, "retry-after: 3\r\n", &error(code)).await;
            assert!(matches!(verdict, Verdict::NotSent { retry_after: Some(_), .. }), "{code}: {verdict:?}");
        }
        for status in [500, 502, 503, 504] {
            assert!(matches!(means(&server, &adapter, &sms(), status, "", &error(21610)).await, Verdict::Unknown { .. }), "{status}");
        }
        let failed = means(&server, &adapter, &sms(), 201, "", r#"{"sid":"SM2","status":"failed","error_code":30007}"#).await;
        assert_eq!(failed, Verdict::Refused { reason: "answered 201, 30007".to_owned(), suppress: false });
        // An answer without the id is still an answer.
        for odd in ["", "{}", "{\"sid\":5}", "{\"sid\":\"a b\"}", "[", "<html>"] {
            assert_eq!(means(&server, &adapter, &sms(), 201, "", odd).await, Verdict::Accepted { provider_id: None }, "{odd}");
        }
        let mut long = sms();
        long.parts[0].1 = "ก".repeat(1600);
        assert!(matches!(hand_over(&adapter, &long).await, Verdict::Accepted { .. }));
        long.parts[0].1.push('ก');
        assert!(matches!(hand_over(&adapter, &long).await, Verdict::Refused { .. }));
    });
}

#[test]
fn line_carries_the_same_key_in_every_attempt_and_takes_409_for_a_yes() {
    run(async {
        let server = Server::start(answer(200, "", r#"{"sentMessages":[{"id":"461230966842064897","quoteToken":"x"}]}"#)).await;
        let adapter = line(&server);
        assert_eq!(adapter.remembers(), Some(Duration::from_secs(24 * 3600)));
        assert_eq!(hand_over(&adapter, &line_text()).await, accepted("461230966842064897"));
        let first = server.last();
        assert_eq!(first.path(), "/v2/bot/message/push");
        assert_eq!(first.header("authorization"), Some("Bearer line-canary"));
        let key = first.header("x-line-retry-key").unwrap().to_owned();
        assert_eq!(key, retry_key(&line_text().id));
        assert_eq!(first.json()["to"], "U4af4980629");
        assert_eq!(first.json()["messages"][0]["text"], "สวัสดี\n\"Nok\"");
        let verdict = means(
            &server,
            &adapter,
            &Envelope { attempt: 2, ..line_text() },
            409,
            "",
            r#"{"message":"The retry key is already accepted","sentMessages":[{"id":"4"}]}"#,
        )
        .await;
        assert_eq!(verdict, accepted("4"));
        assert_eq!((server.last().header("x-line-retry-key"), &server.last().body), (Some(key.as_str()), &first.body));
        assert_ne!(retry_key("another"), key);
        for status in [500, 502, 503] {
            assert!(matches!(means(&server, &adapter, &line_text(), status, "", "").await, Verdict::Unknown { .. }));
        }
        for status in [401, 403, 429] {
            assert!(matches!(means(&server, &adapter, &line_text(), status, "", "").await, Verdict::NotSent { retry_after: Some(_), .. }));
        }
        for status in [400, 404, 413] {
            assert!(matches!(means(&server, &adapter, &line_text(), status, "", "{}").await, Verdict::Refused { suppress: false, .. }));
        }
        let mut long = line_text();
        long.parts[0].1 = "😀".repeat(2501);
        assert!(matches!(means(&server, &adapter, &long, 200, "", "{}").await, Verdict::Refused { .. }));
    });
}

#[test]
fn whatsapp_sends_templates_with_what_meta_requires() {
    run(async {
        let server = Server::start(answer(200, "", r#"{"messages":[{"id":"wamid.A="}]}"#)).await;
        let adapter = whatsapp(&server, Values::Named);
        assert_eq!(hand_over(&adapter, &template()).await, accepted("wamid.A="));
        let seen = server.last();
        assert_eq!(seen.path(), "/v23.0/106540352242922/messages");
        let json = seen.json();
        assert_eq!(json["recipient_type"], "individual");
        assert_eq!(json["biz_opaque_callback_data"], template().id);
        assert_eq!(json["template"]["language"], serde_json::json!({ "code": "th", "policy": "deterministic" }));
        let components = serde_json::json!([
            { "type": "header", "parameters": [{ "type": "image", "image": { "link": "https://shop.example/a.png" } }] },
            { "type": "body", "parameters": [
                { "type": "text", "parameter_name": "first_name", "text": "นก" },
                { "type": "text", "parameter_name": "total", "text": "99 THB" },
            ] },
            { "type": "button", "sub_type": "url", "index": "0", "parameters": [{ "type": "text", "text": "abc" }] },
        ]);
        assert_eq!(json["template"]["components"], components);
        hand_over(&whatsapp(&server, Values::InOrder), &template()).await;
        assert_eq!(server.last().json()["template"]["components"][1]["parameters"][0], serde_json::json!({ "type": "text", "text": "นก" }));
        let silent = Envelope { language: String::new(), ..template() };
        assert!(matches!(hand_over(&adapter, &silent).await, Verdict::Refused { .. }));
        let error = |code: u32| format!("{{\"error\":{{\"message\":\"(#{code})\",\"code\":{code}}}}}");
        for (status, code, what) in [
            (400, 131_050, "suppress"),
            (400, 132_000, "refused"),
            (400, 131_026, "refused"),
            (400, 131_047, "refused"),
            (400, 131_049, "refused"),
            (400, 130_429, "not sent"),
            (400, 131_056, "not sent"),
            (429, 4, "not sent"),
            (401, 190, "not sent"),
            (403, 10, "not sent"),
            (400, 131_000, "unknown"),
            (500, 131_000, "unknown"),
            (503, 131_016, "unknown"),
            (400, 1, "unknown"),
            (500, 131_050, "unknown"),
        ] {
            let verdict = means(&server, &adapter, &template(), status, "", &error(code)).await;
            let said = match verdict {
                Verdict::Refused { suppress: true, .. } => "suppress",
                Verdict::Refused { .. } => "refused",
                Verdict::NotSent { .. } => "not sent",
                Verdict::Unknown { .. } => "unknown",
                other => panic!("{other:?}"),
            };
            assert_eq!(said, what, "{status}, {code}");
        }
    });
}

#[test]
fn fcm_fetches_one_token_before_the_gate_and_signs_for_it() {
    run(async {
        let tokens = Server::start(answer(200, "", r#"{"access_token":"ya29.canary","expires_in":3599,"token_type":"Bearer"}"#)).await;
        let server = Server::start(answer(200, "", r#"{"name":"projects/shop-1/messages/0:1500"}"#)).await;
        let adapter = fcm(&server, &tokens);
        for _ in 0..3 {
            assert_eq!(hand_over(&adapter, &push()).await, accepted("projects/shop-1/messages/0:1500"));
        }
        assert_eq!(tokens.taken(), 1);
        let asked = form(&tokens.last().text());
        assert_eq!(asked["grant_type"], "urn:ietf:params:oauth:grant-type:jwt-bearer");
        let jwt: Vec<&str> = asked["assertion"].split('.').collect();
        let claims: serde_json::Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(jwt[1]).unwrap()).unwrap();
        assert_eq!(claims["iss"], "push@shop-1.example");
        assert_eq!(claims["aud"], format!("{}/token", tokens.url()));
        assert_eq!((claims["iat"].as_i64(), claims["exp"].as_i64()), (Some(NOW.0 / 1000), Some(NOW.0 / 1000 + 3600)));
        let public = base64::engine::general_purpose::STANDARD.decode(include_str!("channel/rsa-test-public.b64").trim()).unwrap();
        let public = ring::signature::UnparsedPublicKey::new(&ring::signature::RSA_PKCS1_2048_8192_SHA256, public);
        public.verify(format!("{}.{}", jwt[0], jwt[1]).as_bytes(), &URL_SAFE_NO_PAD.decode(jwt[2]).unwrap()).unwrap();
        let seen = server.last();
        assert_eq!(seen.path(), "/v1/projects/shop-1/messages:send");
        assert_eq!(seen.header("authorization"), Some("Bearer ya29.canary"));
        let message = seen.json()["message"].clone();
        assert_eq!(message["token"], "token-1");
        assert_eq!(message["notification"]["title"], "พร้อมแล้ว");
        assert_eq!(message["apns"]["headers"]["apns-collapse-id"], push().id);
        assert_eq!(message["webpush"]["fcm_options"]["link"], "https://shop.example/o/1");

        let error = |code: &str| {
            format!("{{\"error\":{{\"code\":1,\"status\":\"X\",\"details\":[{{\"@type\":\"t\"}},{{\"errorCode\":\"{code}\"}}]}}}}")
        };
        assert_eq!(
            means(&server, &adapter, &push(), 404, "", &error("UNREGISTERED")).await,
            Verdict::Refused { reason: "answered 404, UNREGISTERED".to_owned(), suppress: true }
        );
        assert!(matches!(means(&server, &adapter, &push(), 404, "", "{}").await, Verdict::Refused { suppress: false, .. }));
        assert!(matches!(
            means(&server, &adapter, &push(), 400, "", &error("INVALID_ARGUMENT")).await,
            Verdict::Refused { suppress: false, .. }
        ));
        assert!(matches!(
            means(&server, &adapter, &push(), 403, "", &error("SENDER_ID_MISMATCH")).await,
            Verdict::Refused { suppress: false, .. }
        ));
        let slow = means(&server, &adapter, &push(), 429, "retry-after: 60\r\n", &error("QUOTA_EXCEEDED")).await;
        assert!(matches!(slow, Verdict::NotSent { retry_after: Some(wait), .. } if wait == Duration::from_secs(60)));
        assert!(matches!(
            means(&server, &adapter, &push(), 503, "retry-after: 9\r\n", &error("UNAVAILABLE")).await,
            Verdict::Unknown { .. }
        ));
        // A token that is not taken is fetched anew.
        assert!(matches!(means(&server, &adapter, &push(), 401, "", "{}").await, Verdict::NotSent { .. }));
        means(&server, &adapter, &push(), 200, "", "{}").await;
        assert_eq!(tokens.taken(), 2);
        // Without a token nothing was sent, whatever became of the request for it.
        means(&server, &adapter, &push(), 401, "", "{}").await;
        let before = server.book.seen.lock().unwrap().len();
        for (status, body) in [(400, r#"{"error":"invalid_grant"}"#), (500, ""), (200, "{}"), (200, "<html>")] {
            tokens.says(status, "", body);
            let gate = Counter::default();
            let verdict = adapter.hand_over(&push(), &gate).await;
            assert!(matches!(verdict, Verdict::NotSent { .. }), "{verdict:?}");
            assert_eq!(gate.opened.load(SeqCst), 0);
        }
        assert_eq!(server.book.seen.lock().unwrap().len(), before);
        assert!(!format!("{adapter:?}").contains("canary"));
    });
}

#[test]
fn slack_posts_to_the_team_and_calls_nobody() {
    run(async {
        let server = Server::start(answer(200, "", "ok")).await;
        let adapter = slack(&server);
        assert_eq!(hand_over(&adapter, &task()).await, Verdict::Accepted { provider_id: None });
        let seen = server.last();
        assert_eq!(seen.path(), "/services/T0/B0/canary");
        let text = seen.json()["text"].as_str().unwrap().to_owned();
        assert_eq!(text, "*Call &lt;!channel&gt; &amp; &lt;https://evil.example|us&gt;*\nVIP\nDue: 2026-03-02");
        assert!(!format!("{adapter:?}").contains("canary"), "the address is a secret");
        let other = Envelope { address: "sales".to_owned(), ..task() };
        assert!(matches!(hand_over(&adapter, &other).await, Verdict::NotSent { .. }));
        for status in [400, 404, 410] {
            assert!(matches!(means(&server, &adapter, &task(), status, "", "no_service").await, Verdict::Refused { suppress: false, .. }));
        }
        assert!(matches!(means(&server, &adapter, &task(), 429, "retry-after: 1\r\n", "").await, Verdict::NotSent { .. }));
        assert!(matches!(means(&server, &adapter, &task(), 500, "", "").await, Verdict::Unknown { .. }));
    });
}

#[test]
fn no_cut_leads_to_a_wrong_verdict() {
    run(async {
        let server = Server::start(answer(201, "", r#"{"sid":"SM1","status":"queued"}"#)).await;
        let tokens = Server::start(answer(200, "", r#"{"access_token":"ya29.canary","expires_in":3599}"#)).await;
        let adapters: [(Box<dyn Adapter>, Envelope, &str); 5] = [
            (Box::new(twilio(&server)), sms(), r#"{"sid":"SM1","status":"queued"}"#),
            (Box::new(line(&server)), line_text(), r#"{"sentMessages":[{"id":"1"}]}"#),
            (Box::new(whatsapp(&server, Values::Named)), template(), r#"{"messages":[{"id":"wamid.A"}]}"#),
            (Box::new(fcm(&server, &tokens)), push(), r#"{"name":"projects/shop-1/messages/1"}"#),
            (Box::new(slack(&server)), task(), "ok"),
        ];
        for (adapter, envelope, body) in adapters {
            server.says(200, "", body);
            cut_at_every_byte(&server, adapter.as_ref(), &envelope).await;
            strange_answers(&server, adapter.as_ref(), &envelope).await;
        }
    });
}
