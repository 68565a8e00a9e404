//! What each protocol means, bad input first: one server, one intake that remembers, bytes on a socket.

use super::intake_fake::{NOW, Server, run};
use onward::daemon::Busy;
use onward::daemon::arrival::{Identifier, IdentifierKind, What};
use onward::daemon::http::Limits;
use onward::daemon::intake::{BATCH_BYTES_MAX, EVENT_BYTES_MAX, ITEMS_MAX};
use onward::daemon::keys::Kind;
use serde_json::{Value, json};
use std::io::Write;
use std::time::Duration;

fn user(value: &str) -> Identifier {
    Identifier { kind: IdentifierKind::User, value: value.to_owned() }
}

fn anonymous(value: &str) -> Identifier {
    Identifier { kind: IdentifierKind::Anonymous, value: value.to_owned() }
}

fn gzip(plain: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(plain).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn a_batch_of_segment_is_taken_whole_but_for_its_bad_items() {
    run(async {
        let server = Server::start("segment", Limits::default(), None).await;
        let body = r#"{"sentAt":"2026-11-24T14:00:00Z","writeKey":"x","batch":[
            {"type":"track","messageId":"m1","userId":"u1","anonymousId":null,"timestamp":"2026-11-24T13:59:00Z","event":"Order Placed","properties":{"total":9007199254740993,"note":"\u0e01"}},
            {"type":"identify","messageId":"m2","userId":"u1","anonymousId":"a1","traits":{"email":"a@b.example","unsubscribed":false},"context":{"device":{"token":"tok"}}},
            {"type":"alias","messageId":"m3","userId":"u1","previousId":"a0"},
            {"type":"page","messageId":"m4","anonymousId":"a1","name":"Home","properties":{"url":"https://shop.example/"}},
            {"type":"group","messageId":"m5","userId":7,"groupId":"g1","traits":{"size":3}},
            {"type":"track","messageId":"m1","userId":"u1","event":"Order Placed"},
            {"type":"track","userId":"undefined","event":"x"},
            {"type":"track","userId":"u1","userId":"u2","event":"x"},
            {"type":"track","userId":"u1","event":"x","properties":{"a":"\u0000"}},
            {"type":"track","userId":"u1"},
            {"type":"dance","userId":"u1"},
            {"type":"track","event":"nobody"},
            {"type":"track","userId":"u1","event":"x","timestamp":"1970-01-01T00:00:00Z"},
            12, {"broken": tru}
        ]}"#;
        let answer = server.post(Kind::Write, "/v1/batch", body).await;
        assert_eq!((answer.status, answer.json()), (200, json!({"success": true})));
        let taken = server.recorder.taken.lock().unwrap().clone();
        assert_eq!(taken[0].who, [user("u1")]);
        assert_eq!(taken[0].source, "write");
        // The sender's clock is two hours ahead: a minute before it was sent.
        assert_eq!(taken[0].at, Some(NOW.plus_ms(-60_000)));
        let What::Event { name, properties } = &taken[0].what else { panic!("{taken:?}") };
        assert_eq!((name.as_str(), properties["total"].to_string().as_str()), ("Order Placed", "9007199254740993"));
        assert_eq!(taken[1].who, [user("u1"), anonymous("a1")]);
        assert_eq!(taken[1].what, What::Attributes(json!({"email": "a@b.example"}).as_object().unwrap().clone()));
        assert_eq!((&taken[2].id, &taken[2].what), (&Some("m2#1".to_owned()), &What::Device { token: "tok".to_owned(), there: true }));
        assert_eq!((&taken[3].who[..], &taken[3].what), (&[user("u1")][..], &What::SameAs(anonymous("a0"))));
        let What::Event { name, properties } = &taken[4].what else { panic!("{taken:?}") };
        assert_eq!((name.as_str(), &properties["name"]), ("page", &json!("Home")));
        assert_eq!((taken[5].who[0].value.as_str(), taken.len()), ("7", 6));
        let reasons = server.recorder.reasons();
        let expected = [
            "`unsubscribed` cannot be set",
            "strangers",
            "twice",
            "NUL",
            "`event` is missing",
            "`dance` is no call",
            "nobody is named",
            "1973",
            "object",
            "not JSON",
        ];
        for (reason, part) in reasons.iter().zip(expected) {
            assert!(reason.contains(part), "{reason:?} does not say {part:?}");
        }
        assert_eq!(reasons.len(), expected.len(), "{reasons:?}");
        assert_eq!(server.recorder.buried.lock().unwrap()[8].1, "12", "as it came");
    });
}

#[test]
fn browsers_and_wrong_headers_are_understood() {
    run(async {
        let server = Server::start("browsers", Limits::default(), None).await;
        let key = server.secret(Kind::Write).to_owned();
        let track = json!({"writeKey": key, "type": "track", "userId": "u1", "event": "x", "messageId": "b1"}).to_string();
        let text = [("content-type", "text/plain"), ("origin", "https://shop.example")];
        let answer = server.send("POST", "/v1/t", &text, track.as_bytes()).await;
        assert_eq!((answer.status, answer.header("access-control-allow-origin")), (200, Some("*")));
        let basic = |name: &str, password: &str| {
            use base64::Engine;
            format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(format!("{name}:{password}")))
        };
        let batch = json!({"batch": [{"type": "track", "userId": "u2", "event": "y", "messageId": "b2", "originalTimestamp": "2026-11-24T11:59:00Z", "sentAt": "2026-11-24T12:00:00Z"}]}).to_string();
        let wrong =
            [("content-type", "application/x-www-form-urlencoded"), ("content-encoding", "gzip"), ("authorization", &basic(&key, ""))];
        assert_eq!(server.send("POST", "/v1/batch", &wrong, &gzip(batch.as_bytes())).await.status, 200);
        let whats = server.recorder.whats();
        assert!(matches!(&whats[..], [What::Event { name: x, .. }, What::Event { name: y, .. }] if x == "x" && y == "y"), "{whats:?}");
        let preflight = server.send("OPTIONS", "/v1/t", &[("origin", "https://shop.example")], b"").await;
        assert_eq!((preflight.status, preflight.header("access-control-allow-methods")), (204, Some("post")));
        // A key in the body opens nothing where a wrong one stands in the header, nor on other addresses, nor in the address.
        let wrong = [("authorization", "Bearer ow_write_nothing")];
        assert_eq!(server.send("POST", "/v1/t", &wrong, track.as_bytes()).await.status, 401);
        assert_eq!(server.send("POST", "/v1/events", &[], track.as_bytes()).await.status, 401);
        assert_eq!(server.send("POST", &format!("/v1/t?writeKey={key}"), &[], b"{}").await.status, 401);
        let read = json!({"writeKey": server.secret(Kind::Read), "userId": "u1", "event": "x"}).to_string();
        assert_eq!(server.send("POST", "/v1/track", &[], read.as_bytes()).await.status, 403);
        assert_eq!(server.recorder.whats().len(), 2);
    });
}

#[test]
fn the_plain_endpoint_says_what_became_of_every_item() {
    run(async {
        let server = Server::start("plain", Limits::default(), None).await;
        let list = json!([
            {"customer": "u1", "event": "order placed", "properties": {"total": 5}, "id": "o1", "time": "2026-11-24T11:00:00Z"},
            {"customer": "u1", "event": "order placed", "id": "o1"},
            {"customer": "u1", "attributes": {"first_name": "นก", "held_out": true}},
            {"customer": "u1", "consent": {"news": true, "offers": false}, "id": "c1"},
            {"email": "Nok@Example.com", "list": {"vip": true}},
            {"customer": "u1", "request": "welcome", "arguments": {"code": "A"}},
            {"customer": "u1", "suppress": {"sms": true}},
            {"customer": "u1", "suppress": true},
            {"customer": "u1", "device": "tok", "there": false},
            {"customer": "u1", "same_as": {"anonymous": "a1"}},
            {"customer": "u1", "erase": true},
            {"customer": "u1", "event": "undeclared"},
            {"customer": "u1", "event": "x", "propertis": {}},
            {"customer": "u1", "event": "x", "attributes": {}},
            {"customer": "u1", "attributes": {}, "properties": {}},
            {"customer": "u1", "consent": {"news": "yes"}},
            {"customer": "u1"},
            {"event": "x"},
            {"customer": "u1", "erase": false},
        ]);
        let answer = server.post(Kind::Server, "/v1/events", list.to_string()).await;
        let told = answer.json();
        assert_eq!(
            (answer.status, &told["accepted"], &told["duplicates"], &told["refused"]),
            (207, &json!(11), &json!(1), &json!(8)),
            "{told:#}"
        );
        let items = told["items"].as_array().unwrap();
        let of = |at: u64| items.iter().filter(|item| item["item"] == json!(at)).collect::<Vec<_>>();
        assert_eq!((&of(0)[0]["what"], &of(0)[0]["id"]), (&json!("accepted"), &json!("o1")));
        assert_eq!(of(1)[0]["what"], json!("duplicate"));
        assert_eq!((&of(2)[0]["what"], &of(2)[1]["what"]), (&json!("accepted"), &json!("ignored")));
        assert!(of(2)[0]["id"].as_str().unwrap().ends_with("-2"), "an id is made and told: {told:#}");
        assert_eq!(of(3).iter().map(|item| item["id"].as_str().unwrap()).collect::<Vec<_>>(), ["c1", "c1#1"]);
        assert!(of(12)[0]["reason"].as_str().unwrap().contains("did you mean `properties`?"));
        assert!(of(13)[0]["reason"].as_str().unwrap().contains("two things"));
        assert_eq!(of(11)[0]["reason"], json!("no such event"));
        let whats = server.recorder.whats();
        assert!(whats.contains(&What::Consent { topic: "offers".to_owned(), subscribed: false }));
        assert!(whats.contains(&What::List { list: "vip".to_owned(), on: true }));
        assert!(whats.contains(&What::Suppress { channel: Some("sms".to_owned()), suppressed: true }));
        assert!(whats.contains(&What::Suppress { channel: None, suppressed: true }));
        assert!(whats.contains(&What::Device { token: "tok".to_owned(), there: false }));
        assert!(whats.contains(&What::SameAs(anonymous("a1"))) && whats.contains(&What::Erase));
        assert_eq!(server.recorder.taken.lock().unwrap()[4].who[0].value, "nok@example.com");
        // What the intake refuses stands on the list through the intake; what cannot be read goes there from here.
        assert_eq!(server.recorder.reasons().len(), 8, "{:?}", server.recorder.reasons());

        // One object: its answer is its status.
        let one = |body: Value| {
            let body = body.to_string();
            let server = &server;
            async move { server.post(Kind::Write, "/v1/events", body).await }
        };
        assert_eq!(one(json!({"anonymous": "a1", "event": "x"})).await.status, 200);
        let refused = one(json!({"customer": "u1", "consent": {"news": true}})).await;
        assert_eq!(refused.status, 400);
        assert!(refused.body.contains("key of a server"), "a write key says what happened, and nothing else: {refused:?}");
    });
}

#[test]
fn what_is_no_json_or_too_much_is_refused_as_a_whole() {
    run(async {
        let server = Server::start("limits", Limits::default(), None).await;
        let event = |bytes: usize| {
            let empty = json!({"customer": "u1", "event": "x", "properties": {"a": ""}}).to_string();
            empty.replace("\"a\":\"\"", &format!("\"a\":\"{}\"", "x".repeat(bytes - empty.len())))
        };
        assert_eq!(server.post(Kind::Write, "/v1/events", event(EVENT_BYTES_MAX)).await.status, 200);
        assert_eq!(server.post(Kind::Write, "/v1/events", event(EVENT_BYTES_MAX + 1)).await.status, 400);
        let buried = server.recorder.buried.lock().unwrap().pop().unwrap();
        assert_eq!(buried.1.len(), EVENT_BYTES_MAX, "cut");
        let spaces = |bytes: usize| format!("[{}]", " ".repeat(bytes - 2));
        assert_eq!(server.post(Kind::Write, "/v1/events", spaces(BATCH_BYTES_MAX)).await.status, 200);
        assert_eq!(server.post(Kind::Write, "/v1/events", spaces(BATCH_BYTES_MAX + 1)).await.status, 413);
        let many = |count: usize| format!("{{\"batch\":[{}]}}", vec!["0"; count].join(","));
        assert_eq!(server.post(Kind::Write, "/v1/batch", many(ITEMS_MAX)).await.status, 200);
        assert_eq!(server.recorder.buried.lock().unwrap().len(), ITEMS_MAX);
        assert_eq!(server.post(Kind::Write, "/v1/batch", many(ITEMS_MAX + 1)).await.status, 413);
        let name = |count: usize| json!({"customer": "u1", "event": "ก".repeat(count)}).to_string();
        assert_eq!(server.post(Kind::Write, "/v1/events", name(200)).await.status, 200);
        assert_eq!(server.post(Kind::Write, "/v1/events", name(201)).await.status, 400);
        server.recorder.buried.lock().unwrap().clear();
        let deep = format!("{{\"batch\":[{}1{}]}}", "[".repeat(100_000), "]".repeat(100_000));
        assert_eq!(server.post(Kind::Write, "/v1/batch", deep).await.status, 200, "one bad item");
        assert!(server.recorder.reasons()[0].contains("bytes"));
        for body in [
            "",
            "{",
            "NaN",
            "\u{feff}{\"batch\":[]}",
            "{\"batch\":[]} x",
            "{\"batch\":[],\"batch\":[]}",
            "{\"batch\":[1,]}",
            "{\"batch\":{}}",
            "{}",
            "[]",
            "\"x\"",
        ] {
            assert_eq!(server.post(Kind::Write, "/v1/batch", body).await.status, 400, "{body:?}");
        }
        assert_eq!(server.post(Kind::Write, "/v1/batch", [b'"', 0xc3, b'"']).await.status, 400);
        let key = format!("Bearer {}", server.secret(Kind::Write));
        let packed = [("authorization", key.as_str()), ("content-encoding", "gzip")];
        let bomb = gzip(&vec![b' '; 64 << 20]);
        assert!(bomb.len() < BATCH_BYTES_MAX);
        assert_eq!(server.send("POST", "/v1/batch", &packed, &bomb).await.status, 413);
        assert_eq!(server.send("POST", "/v1/batch", &packed, &gzip(&gzip(b"{\"batch\":[]}"))).await.status, 400);
    });
}

#[test]
fn who_is_busy_says_when_to_come_again_and_takes_nothing() {
    run(async {
        let server = Server::start("busy", Limits::default(), None).await;
        let good = r#"{"batch":[{"type":"track","userId":"u1","event":"x","messageId":"m1"},7]}"#;
        for (out_of_room, status) in [(false, 429), (true, 503)] {
            *server.recorder.busy.lock().unwrap() = Some(Busy { retry_after: Duration::from_millis(1_500), out_of_room });
            let answer = server.post(Kind::Write, "/v1/batch", good).await;
            assert_eq!((answer.status, answer.header("retry-after")), (status, Some("2")));
        }
        // Also where there are only bad items: they are not on the list yet.
        assert_eq!(server.post(Kind::Write, "/v1/batch", "{\"batch\":[7]}").await.status, 503);
        assert!(server.recorder.taken.lock().unwrap().is_empty() && server.recorder.buried.lock().unwrap().is_empty());
        *server.recorder.busy.lock().unwrap() = None;
        assert_eq!(server.post(Kind::Write, "/v1/batch", good).await.status, 200);
        assert_eq!(server.recorder.whats().len(), 1);
    });
}

#[test]
fn customer_io_in_both_versions() {
    run(async {
        let server = Server::start("customerio", Limits::default(), None).await;
        let key = {
            use base64::Engine;
            format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(format!("site:{}", server.secret(Kind::Server))))
        };
        let call = async |method: &str, path: &str, body: &str| {
            let headers = [("authorization", key.as_str()), ("content-type", "application/json")];
            server.send(method, path, &headers, body.as_bytes()).await
        };
        let person = "/api/v1/customers/u%2F1%E0%B8%81";
        let calls = [
            ("PUT", person.to_owned(), r#"{"email":"a@b.example","created_at":1795521600,"unsubscribed":false,"anonymous_id":"a1"}"#),
            ("PUT", person.to_owned(), r#"{"unsubscribed":true}"#),
            ("POST", format!("{person}/events"), r#"{"name":"buy","data":{"sku":"A"},"id":"e1","timestamp":1795521540}"#),
            ("POST", format!("{person}/events"), r#"{"type":"page","name":"/home","data":{}}"#),
            ("POST", "/api/v1/events".to_owned(), r#"{"anonymous_id":"a2","name":"look"}"#),
            ("PUT", format!("{person}/devices"), r#"{"device":{"id":"t/1","platform":"ios"}}"#),
            ("DELETE", format!("{person}/devices/t%2F1"), ""),
            ("POST", format!("{person}/suppress"), "{}"),
            ("POST", format!("{person}/unsuppress"), ""),
            ("POST", "/api/v1/merge_customers".to_owned(), r#"{"primary":{"id":"u1"},"secondary":{"email":"B@b.example"}}"#),
            ("DELETE", person.to_owned(), "{}"),
        ];
        for (method, path, body) in &calls {
            let answer = call(method, path, body).await;
            assert_eq!((answer.status, answer.body.as_str()), (200, "{}"), "{method} {path}");
        }
        let taken = server.recorder.taken.lock().unwrap().clone();
        assert_eq!(taken[0].who, [user("u/1ก"), anonymous("a1")]);
        assert_eq!(taken[0].what, What::Attributes(json!({"email": "a@b.example", "created_at": 1795521600}).as_object().unwrap().clone()));
        assert_eq!(taken[2].what, What::Suppress { channel: None, suppressed: true });
        assert_eq!((taken[3].at, taken[3].id.as_deref()), (Some(NOW.plus_ms(-60_000)), Some("e1")));
        assert_eq!(
            taken[4].what,
            What::Event { name: "page".to_owned(), properties: json!({"name": "/home"}).as_object().unwrap().clone() }
        );
        assert_eq!(taken[5].who, [anonymous("a2")]);
        assert_eq!(taken[6].what, What::Device { token: "t/1".to_owned(), there: true });
        assert_eq!(taken[7].what, What::Device { token: "t/1".to_owned(), there: false });
        assert_eq!(taken[9].what, What::Suppress { channel: None, suppressed: false });
        let email = Identifier { kind: IdentifierKind::Email, value: "b@b.example".to_owned() };
        assert_eq!((&taken[10].what, &taken[11].what, taken.len()), (&What::SameAs(email), &What::Erase, 12));
        assert_eq!(server.recorder.reasons().len(), 1, "`unsubscribed: false` is no consent");

        for (method, path, body, says) in [
            ("PUT", "/api/v1/customers/undefined", "{}", "strangers"),
            ("PUT", "/api/v1/customers/%ff", "{}", "percent"),
            ("PUT", "/api/v1/customers/%zz", "{}", "percent"),
            ("POST", "/api/v1/customers/u1/events", "{}", "`name` is missing"),
            ("POST", "/api/v1/customers/u1/events", r#"{"name":"x","timestamp":12}"#, "not a moment"),
            ("POST", "/api/v1/events", r#"{"name":"x"}"#, "nobody"),
            ("POST", "/api/v1/merge_customers", r#"{"primary":{"id":"u1"},"secondary":{"cio_id":"c"}}"#, "Customer.io"),
            ("PUT", "/api/v1/customers/u1/devices", "{}", "token"),
            ("POST", "/api/v1/customers/u1/events", "[", "JSON"),
        ] {
            let answer = call(method, path, body).await;
            assert!(answer.status == 400 && answer.json()["meta"]["error"].as_str().unwrap().contains(says), "{method} {path}: {answer:?}");
        }
        assert_eq!(
            call("POST", "/api/v1/customers/u1/events", r#"{"name":"undeclared"}"#).await.status,
            200,
            "on the list; no client stumbles"
        );
        assert_eq!(call("POST", "/api/v2/entity", r#"{"type":"person","identifiers":{"id":"u1"},"action":"delete"}"#).await.status, 200);
        assert_eq!(call("POST", "/api/v2/entity", r#"{"type":"object","identifiers":{"id":"u1"},"action":"delete"}"#).await.status, 400);

        let before = server.recorder.taken.lock().unwrap().len();
        let batch = json!({"batch": [
            {"type": "person", "identifiers": {"id": "u1"}, "action": "identify", "attributes": {"plan": "pro"}},
            {"type": "person", "identifiers": {"email": "a@b.example"}, "action": "event", "name": "buy", "attributes": {"sku": "A"}, "id": "e2"},
            {"type": "person", "identifiers": {"cio_id": "c"}, "action": "event", "name": "buy"},
            {"type": "person", "identifiers": {"id": "u1"}, "action": "page", "name": "/x"},
            {"type": "person", "identifiers": {"id": "u1"}, "action": "add_device", "device": {"token": "t", "platform": "android"}},
            {"type": "person", "action": "merge", "primary": {"id": "u1"}, "secondary": {"id": "u2"}},
            {"type": "person", "identifiers": {"id": "u1"}, "action": "add_relationships"},
            {"type": "person", "identifiers": {"id": "u1"}, "action": "event", "name": "undeclared"},
        ]});
        let answer = call("POST", "/api/v2/batch", &batch.to_string()).await;
        let errors = answer.json();
        let at: Vec<u64> = errors["errors"].as_array().unwrap().iter().map(|error| error["batch_index"].as_u64().unwrap()).collect();
        assert_eq!((answer.status, at), (207, vec![2, 6, 7]), "{errors}");
        assert_eq!(server.recorder.taken.lock().unwrap().len() - before, 6);
        assert_eq!(call("POST", "/api/v2/batch", r#"{"batch":[]}"#).await.body, "{}");
    });
}

#[test]
fn cloud_events_structured_batched_and_binary() {
    run(async {
        let server = Server::start("cloudevents", Limits::default(), None).await;
        let key = format!("Bearer {}", server.secret(Kind::Write));
        let one = json!({"specversion": "1.0", "id": "1", "source": "/shop", "type": "order.placed", "subject": "u1", "time": "2026-11-24T11:00:00Z",
            "datacontenttype": "application/json", "data": {"total": 5}});
        let post = async |body: &str, headers: &[(&str, &str)]| {
            let headers: Vec<(&str, &str)> = headers.iter().copied().chain([("authorization", key.as_str())]).collect();
            server.send("POST", "/v1/cloudevents", &headers, body.as_bytes()).await
        };
        let structured = [("content-type", "application/cloudevents+json; charset=utf-8")];
        assert_eq!(post(&one.to_string(), &structured).await.status, 200);
        let binary = [
            ("ce-specversion", "1.0"),
            ("ce-id", "1"),
            ("ce-source", "/other"),
            ("ce-type", "order.%E0%B8%81"),
            ("ce-customer", "u2"),
            ("content-type", "application/json"),
        ];
        assert_eq!(post("{\"total\":6}", &binary).await.status, 200);
        let mut bad = one.clone();
        let list = json!([
            one,
            {"specversion": "1.0", "id": "2", "source": "/shop", "type": "x", "anonymous": "a1"},
            {"specversion": "0.3", "id": "3", "source": "/shop", "type": "x", "subject": "u1"},
            {"specversion": "1.0", "source": "/shop", "type": "x", "subject": "u1"},
            {"specversion": "1.0", "id": "4", "type": "x", "subject": "u1"},
            {"specversion": "1.0", "id": "5", "source": "/shop", "type": "x"},
            {"specversion": "1.0", "id": "6", "source": "/shop", "type": "x", "subject": "u1", "data_base64": "AA=="},
            {"specversion": "1.0", "id": "7", "source": "/shop", "type": "x", "subject": "u1", "data": 5},
            {"specversion": "1.0", "id": "8", "source": "/shop", "type": "x", "subject": "null"},
        ]);
        let answer = post(&list.to_string(), &[("content-type", "application/cloudevents-batch+json")]).await;
        let told = answer.json();
        assert_eq!(
            (answer.status, &told["accepted"], &told["duplicates"], &told["refused"]),
            (207, &json!(1), &json!(1), &json!(7)),
            "{told:#}"
        );
        bad["specversion"] = json!("2.0");
        assert_eq!(post(&bad.to_string(), &structured).await.status, 400);
        assert_eq!(post("{\"total\":6", &binary).await.status, 400);
        let taken = server.recorder.taken.lock().unwrap().clone();
        assert_eq!(
            (taken[0].who[0].value.as_str(), taken[0].id.as_deref(), taken[0].at),
            ("u1", Some("/shop 1"), Some(NOW.plus_ms(-3_600_000)))
        );
        assert_eq!(
            (&taken[1].who[..], &taken[1].what),
            (&[user("u2")][..], &What::Event { name: "order.ก".to_owned(), properties: json!({"total": 6}).as_object().unwrap().clone() })
        );
        assert_eq!((&taken[2].who[..], taken.len()), (&[anonymous("a1")][..], 3));
        let asked = server.send("OPTIONS", "/v1/cloudevents", &[("webhook-request-origin", "events.example")], b"").await;
        assert_eq!((asked.status, asked.header("webhook-allowed-origin")), (200, Some("events.example")));
    });
}

#[test]
fn what_the_page_shows_is_taken() {
    let page = include_str!("../../docs/intake.md");
    let shown = |from: &str, to: &str| {
        let start = page.find(from).unwrap_or_else(|| panic!("the page does not show {from:?}")) + from.len();
        page[start..start + page[start..].find(to).unwrap()].to_owned()
    };
    run(async {
        let server = Server::start("page", Limits::default(), None).await;
        let curl = shown("-H \"Authorization: Bearer $KEY\" -d '", "'\n```");
        assert_eq!(server.post(Kind::Write, "/v1/events", &curl).await.status, 200, "{curl}");
        let event = format!("{{\"specversion\"{}", shown("{\"specversion\"", "\n```"));
        assert_eq!(server.post(Kind::Write, "/v1/cloudevents", &event).await.status, 200, "{event}");
        // Every row of the table of what can be said, as one item.
        let rows: Vec<&str> = page.lines().filter(|line| line.starts_with("| `") && line.contains("| `\"")).collect();
        assert_eq!(rows.len(), 9, "{rows:#?}");
        for row in rows {
            let cells: Vec<&str> = row.split('|').map(str::trim).collect();
            let examples = cells[2].replace(", with ", ", ").replace('…', "");
            let member = cells[1].trim_matches('`');
            // Two examples, or one with what stands beside it.
            let parts: Vec<String> = match examples.split("`, `").collect::<Vec<_>>().as_slice() {
                [first, second] if second.starts_with(&format!("\"{member}\"")) => vec![(*first).to_owned(), (*second).to_owned()],
                all => vec![all.join(", ")],
            };
            for part in parts {
                let item = format!("{{\"customer\": \"u1\", {}}}", part.replace('`', ""));
                let answer = server.post(Kind::Server, "/v1/events", &item).await;
                assert_eq!(answer.status, 200, "{item}: {answer:?}");
                let browsers = server.post(Kind::Write, "/v1/events", &item).await.status;
                assert_eq!(browsers == 200, cells[4] == "write", "{item} with a write key");
            }
        }
        let limits = shown("## Limits", "## Keys");
        for limit in [
            format!("{} KiB as text", EVENT_BYTES_MAX / 1024),
            format!("{} KiB on the wire", BATCH_BYTES_MAX / 1024),
            "5,000 items".to_owned(),
        ] {
            assert!(limits.contains(&limit), "the page does not say {limit:?}");
        }
    });
}
