//! The web channel: who is shown what, who may ask, and what is reported.

use super::pages_fake::{Answer, House, NASTY, SECRET, ask, envelope, run};
use axum::Router;
use onward::channel::{About, Reported};
use onward::daemon::arrival::{Identifier, IdentifierKind};
use onward::daemon::pages::web::{ORIGINS_MAX, SECRET_MIN, SHOWN_MAX, Web, secret};
use onward::schema::ChannelKind;
use std::sync::Arc;

const ANONYMOUS: &str = "0b54a3f2-1111-4222-8333-944445555666";
const SHOP: &str = "origin: https://shop.example\nhost: m.example";

fn signed(user: &str) -> String {
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, SECRET);
    ring::hmac::sign(&key, user.as_bytes()).as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

async fn show(pages: &Router, head: &str, body: &str) -> Answer {
    ask(pages, &format!("POST /web/v1/show\ncontent-type: text/plain\n{head}\n\n{body}")).await
}

#[test]
fn a_visitor_is_shown_what_is_for_her_and_reports_back() {
    run(async {
        let house = House::new();
        let parts = [("headline", "Sale <b>"), ("body", NASTY), ("link", "https://shop.example/sale"), ("form", "pop-up")];
        let mut bad = envelope("m-2", ChannelKind::Web, &[("headline", "x"), ("link", "javascript:alert(1)")]);
        bad.language = "th".into();
        *house.desk.shown.lock().unwrap() = vec![envelope("m-1", ChannelKind::Web, &parts), bad];
        let pages = house.pages();
        let answer = show(&pages, SHOP, &format!("{{\"key\":\"wk_1\",\"anonymousId\":\"{ANONYMOUS}\"}}")).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        assert_eq!(answer.header("access-control-allow-origin"), "https://shop.example");
        assert_eq!((answer.header("vary"), answer.header("content-type")), ("origin", "application/json"));
        let shown: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
        let first = &shown["show"][0];
        assert_eq!((&first["headline"], &first["form"], &first["body"]), (&"Sale <b>".into(), &"pop-up".into(), &NASTY.into()));
        assert_eq!((&shown["show"][1]["link"], &shown["show"][1]["form"]), (&serde_json::Value::Null, &"banner".into()));
        let who = Identifier { kind: IdentifierKind::Anonymous, value: ANONYMOUS.into() };
        assert_eq!(house.desk.asked.lock().unwrap().last(), Some(&vec![who]));

        let token = first["token"].as_str().unwrap();
        for (what, expected) in [
            ("seen", Reported::Seen),
            ("clicked", Reported::Clicked { url: Some("https://shop.example/sale".into()), by_machine: false }),
            ("dismissed", Reported::Dismissed),
        ] {
            let body = format!("{{\"key\":\"wk_1\",\"token\":\"{token}\",\"what\":\"{what}\",\"url\":\"https://shop.example/sale\"}}");
            let answer = ask(&pages, &format!("POST /web/v1/report\ncontent-type: text/plain\n{SHOP}\n\n{body}")).await;
            assert_eq!((answer.status.as_u16(), answer.header("access-control-allow-origin")), (204, "https://shop.example"), "{what}");
            let report = house.reported().pop().unwrap();
            assert_eq!((report.about, report.what), (About::Message("m-1".into()), expected));
        }
        for (token, what, status) in [("x", "seen", 404), (&house.leave_token(), "seen", 404), (token, "bought", 400)] {
            let body = format!("{{\"key\":\"wk_1\",\"token\":\"{token}\",\"what\":\"{what}\"}}");
            assert_eq!(ask(&pages, &format!("POST /web/v1/report\n{SHOP}\n\n{body}")).await.status, status);
        }
        assert_eq!(house.reported().len(), 3);
    });
}

#[test]
fn a_user_id_that_anybody_could_type_shows_nothing() {
    run(async {
        let house = House::new();
        *house.desk.shown.lock().unwrap() = vec![envelope("m-1", ChannelKind::Web, &[("headline", "x")]); SHOWN_MAX + 1];
        let pages = house.pages();
        let good = signed("u-42");
        for (body, status) in [
            ("{\"key\":\"wk_1\",\"userId\":\"u-42\"}".to_owned(), 403),
            (format!("{{\"key\":\"wk_1\",\"userId\":\"u-43\",\"signature\":\"{good}\"}}"), 403),
            (format!("{{\"key\":\"wk_1\",\"userId\":\"u-42\",\"signature\":\"{}\"}}", &good[..62]), 403),
            ("{\"key\":\"wk_1\",\"userId\":\"u-42\",\"signature\":\"ก\"}".to_owned(), 403),
            ("{\"key\":\"wk_1\",\"anonymousId\":\"1234567890\"}".to_owned(), 403),
            (format!("{{\"key\":\"wk_1\",\"anonymousId\":\"{}\"}}", "a".repeat(257)), 403),
            ("{\"key\":\"wk_1\"}".to_owned(), 403),
            ("{\"key\":\"wk_2\",\"anonymousId\":\"0123456789abcdef\"}".to_owned(), 401),
            ("{\"anonymousId\":\"0123456789abcdef\"}".to_owned(), 401),
            ("[".to_owned(), 400),
            ("\"x\"".to_owned(), 401),
            (format!("\"{}\"", "a".repeat(70_000)), 413),
        ] {
            assert_eq!(show(&pages, SHOP, &body).await.status, status, "{body}");
        }
        assert!(house.desk.asked.lock().unwrap().is_empty());
        let answer = show(&pages, SHOP, &format!("{{\"key\":\"wk_1\",\"userId\":\"u-42\",\"signature\":\"{good}\"}}")).await;
        assert_eq!(answer.status, 200);
        assert_eq!(serde_json::from_str::<serde_json::Value>(&answer.body).unwrap()["show"].as_array().unwrap().len(), SHOWN_MAX);
        let bearer = show(&pages, &format!("{SHOP}\nauthorization: Bearer wk_1"), &format!("{{\"anonymousId\":\"{ANONYMOUS}\"}}")).await;
        assert_eq!(bearer.status, 200);
    });
}

#[test]
fn only_websites_on_the_list_ask() {
    run(async {
        let house = House::new();
        let pages = house.pages();
        let body = format!("{{\"key\":\"wk_1\",\"anonymousId\":\"{ANONYMOUS}\"}}");
        for (head, status) in [
            ("origin: https://shop.example", 200),
            ("origin: https://m.example\nhost: m.example", 200),
            ("x-none: 1", 200),
            ("origin: https://shop.example.evil.example", 403),
            ("origin: http://shop.example", 403),
            ("origin: null", 403),
            ("origin: https://evil.example\nhost: m.example", 403),
        ] {
            let answer = show(&pages, head, &body).await;
            assert_eq!(answer.status, status, "{head}");
            assert!(status == 200 || answer.header("access-control-allow-origin").is_empty());
        }
        let preflight = ask(&pages, &format!("OPTIONS /web/v1/show\n{SHOP}\naccess-control-request-method: POST")).await;
        assert_eq!((preflight.status.as_u16(), preflight.header("access-control-allow-headers")), (204, "authorization, content-type"));
        assert_eq!(ask(&pages, "OPTIONS /web/v1/report\norigin: https://evil.example").await.status, 403);

        let none = onward::daemon::pages::router(onward::daemon::pages::Setup { web: None, ..house.setup() });
        assert_eq!(show(&none, SHOP, &body).await.status, 404);
    });
}

#[test]
fn a_configuration_that_would_open_more_than_is_meant_is_refused() {
    let web =
        |origins: &[&str], secret: Option<&[u8]>| Web::new(Arc::new(|_| true), origins.iter().map(|&one| one.to_owned()).collect(), secret);
    assert!(web(&["https://shop.example", "http://localhost:3000"], None).is_ok());
    for bad in ["*", "https://*.shop.example", "shop.example", "https://shop.example/", "https://Shop.example", "https://", "null", ""] {
        let error = web(&[bad], None).unwrap_err();
        assert!(error.contains(&format!("`{bad}`")), "{error}");
    }
    assert!(web(&vec!["https://a.example"; ORIGINS_MAX], None).is_ok());
    assert!(web(&vec!["https://a.example"; ORIGINS_MAX + 1], None).is_err());
    assert!(web(&[], Some(&[1; SECRET_MIN])).is_ok() && web(&[], Some(&[1; SECRET_MIN - 1])).is_err());
}

#[test]
fn the_script_is_small_and_careful() {
    run(async {
        let answer = ask(&House::new().pages(), "GET /web/onward.js").await;
        assert_eq!(
            (answer.header("content-type"), answer.header("cross-origin-resource-policy")),
            ("text/javascript; charset=utf-8", "cross-origin")
        );
        assert!(answer.body.len() < 3 * 1024, "{}", answer.body.len());
        for bad in ["innerHTML", "outerHTML", "eval(", "Function(", "document.write", "insertAdjacentHTML", ".style"] {
            assert!(!answer.body.contains(bad), "{bad}");
        }
    });
}

#[test]
fn the_secret_is_made_once_and_for_the_owner_only() {
    let folder = super::pages_tokens::Folder::new("web-secret");
    let first = secret::read_or_make(&folder.0).unwrap();
    assert!(first.len() >= SECRET_MIN && secret::read_or_make(&folder.0).unwrap() == first);
    let file = folder.0.join(secret::FILE);
    #[cfg(unix)]
    assert_eq!(std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&file).unwrap().permissions()) & 0o777, 0o600);
    std::fs::write(&file, "short\n").unwrap();
    assert!(secret::read_or_make(&folder.0).unwrap_err().to_string().contains("web-secret"));
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "short\n");
}
