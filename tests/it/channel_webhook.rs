//! Webhooks out: Standard Webhooks, signed, at least once.

use super::channel_faults::{
    Counter, NOW, Server, answer, client, cut_at_every_byte, envelope, folder, hand_over, run, secret_file, strange_answers,
};
use onward::channel::secret::Secret;
use onward::channel::setup::Ground;
use onward::channel::signing::WebhookKey;
use onward::channel::webhook::{Settings, Webhook};
use onward::channel::{Adapter, Verdict};
use onward::schema::ChannelKind;
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;

const OLD: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const NEW: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";

fn webhook(server: &Server, name: &str) -> Webhook {
    let folder = folder(name);
    let secrets = vec![secret_file(&folder, "old", OLD), secret_file(&folder, "new", NEW)];
    let settings = Settings { url: format!("{}/hook?ก=1", server.url()), secrets, remembers_hours: 24 };
    let webhook = Webhook::new(&settings, Ground { folder: &folder, client: &client(server) }).unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
    webhook
}

fn hello() -> onward::channel::Envelope {
    envelope(ChannelKind::Webhook, "c-1", &[("name", "สวัสดี \"Nok\""), ("amount", "12.50")])
}

#[test]
fn it_is_signed_with_every_secret_and_says_what_the_message_is() {
    run(async {
        let server = Server::start(answer(204, "", "")).await;
        let webhook = webhook(&server, "signed");
        let gate = Counter::default();
        assert_eq!(webhook.hand_over(&hello(), &gate).await, Verdict::Accepted { provider_id: None });
        assert_eq!(gate.opened.load(SeqCst), 0, "the receiver has the key");
        assert_eq!(webhook.remembers(), Some(Duration::from_secs(24 * 3600)));
        let seen = server.last();
        assert_eq!(seen.path(), "/hook?%E0%B8%81=1");
        assert_eq!(seen.header("webhook-id"), Some(hello().id.as_str()));
        let seconds: i64 = seen.header("webhook-timestamp").unwrap().parse().unwrap();
        assert_eq!(seconds, NOW.0 / 1000);
        for secret in [OLD, NEW] {
            let key = WebhookKey::read(&Secret::of(secret)).unwrap();
            assert!(key.verify(&hello().id, seconds, &seen.body, seen.header("webhook-signature").unwrap()));
        }
        let json = seen.json();
        assert_eq!(json["type"], "message");
        assert_eq!(json["data"]["parts"]["name"], "สวัสดี \"Nok\"");
        assert_eq!(json["data"]["address"], "c-1");
    });
}

#[test]
fn what_is_not_taken_comes_again_and_410_ends_it() {
    run(async {
        let server = Server::start(answer(204, "", "")).await;
        let webhook = webhook(&server, "410");
        for status in [301, 302, 400, 401, 404, 409, 429, 500, 503] {
            server.says(status, "retry-after: 7\r\nlocation: http://169.254.169.254/\r\n", "{}");
            let verdict = hand_over(&webhook, &hello()).await;
            let Verdict::NotSent { retry_after, .. } = &verdict else { panic!("{status}: {verdict:?}") };
            assert_eq!(*retry_after, Some(Duration::from_secs(7)));
        }
        server.says(410, "", "");
        assert!(matches!(hand_over(&webhook, &hello()).await, Verdict::Refused { suppress: false, .. }));
        let before = server.book.seen.lock().unwrap().len();
        server.says(204, "", "");
        assert!(matches!(hand_over(&webhook, &hello()).await, Verdict::Refused { .. }));
        assert_eq!(server.book.seen.lock().unwrap().len(), before, "posted to who is gone");
    });
}

#[test]
fn no_cut_leads_to_a_wrong_verdict() {
    run(async {
        let server = Server::start(answer(200, "", "{\"ok\":true}")).await;
        let webhook = webhook(&server, "cut");
        cut_at_every_byte(&server, &webhook, &hello()).await;
        strange_answers(&server, &webhook, &hello()).await;
    });
}

#[test]
fn settings_that_cannot_work_are_refused() {
    run(async {
        let server = Server::start(answer(204, "", "")).await;
        let folder = folder("settings");
        let good = secret_file(&folder, "good", OLD);
        let short = secret_file(&folder, "short", "whsec_c2hvcnQ=");
        let client = client(&server);
        let wrong = |url: &str, secrets: Vec<_>, remembers_hours| {
            let settings = Settings { url: url.to_owned(), secrets, remembers_hours };
            Webhook::new(&settings, Ground { folder: &folder, client: &client }).unwrap_err().to_string()
        };
        assert!(wrong("http://crm.example/", vec![good.clone()], 24).contains("https"));
        assert!(wrong("https://169.254.169.254/", vec![good.clone()], 24).contains("not public"));
        assert!(wrong("https://crm.example:25/", vec![good.clone()], 24).contains("port 25"));
        assert!(wrong("https://u:p@crm.example/", vec![good.clone()], 24).contains("password"));
        assert!(wrong("https://crm.example/", vec![], 24).contains("1 to 4"));
        assert!(wrong("https://crm.example/", vec![good.clone(); 5], 24).contains("1 to 4"));
        assert!(wrong("https://crm.example/", vec![short], 24).contains("whsec_"));
        assert!(wrong("https://crm.example/", vec![good], 169).contains("168"));
        assert!(toml::from_str::<Settings>("url = \"https://a.example\"\nsecrets = [\"whsec_x\"]").unwrap_err().message().contains("env"));
        assert!(toml::from_str::<Settings>("url = \"https://a.example\"\nsecrets = []\ncolour = 1").is_err());
        std::fs::remove_dir_all(&folder).unwrap();
    });
}

/// A request of ours, for the libraries of Standard Webhooks to judge.
pub fn case_for_vendors() -> serde_json::Value {
    run(async {
        let server = Server::start(answer(204, "", "")).await;
        let folder = folder("vendor-case");
        let secrets = vec![secret_file(&folder, "old", OLD), secret_file(&folder, "new", NEW)];
        let settings = Settings { url: server.url(), secrets, remembers_hours: 24 };
        let egress = onward::channel::http::Egress { allow: vec![server.address.to_string()], ports: Vec::new() };
        let client = onward::channel::http::Client::new(&egress, onward::channel::clock::Clock::system()).unwrap();
        let webhook = Webhook::new(&settings, Ground { folder: &folder, client: &client }).unwrap();
        std::fs::remove_dir_all(&folder).unwrap();
        hand_over(&webhook, &hello()).await;
        let seen = server.last();
        let headers: serde_json::Map<String, serde_json::Value> = ["webhook-id", "webhook-timestamp", "webhook-signature"]
            .iter()
            .map(|name| ((*name).to_owned(), seen.header(name).unwrap().into()))
            .collect();
        serde_json::json!({ "vendor": "webhook", "url": server.url(), "headers": headers, "body": seen.text(), "secret": NEW, "believed": true, "right": true })
    })
}
