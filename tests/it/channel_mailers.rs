//! Mail by SendGrid and SES: what they say on the wire and what they make of the answers.

use super::channel_faults::{
    NOW, Server, answer, client, cut_at_every_byte, envelope, folder, hand_over, run, secret_file, strange_answers,
};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use onward::channel::mail::read;
use onward::channel::sendgrid::{self, Sendgrid};
use onward::channel::ses::{self, Ses};
use onward::channel::setup::Ground;
use onward::channel::{Adapter, Envelope, Links, Verdict};
use onward::schema::ChannelKind;
use std::time::Duration;

fn with<T>(server: &Server, name: &str, make: impl FnOnce(onward::channel::secret::SecretRef, Ground<'_>) -> T) -> T {
    let folder = folder(name);
    let secret = secret_file(&folder, "key", "key-canary");
    let made = make(secret, Ground { folder: &folder, client: &client(server) });
    std::fs::remove_dir_all(&folder).unwrap();
    made
}

fn sendgrid(server: &Server, name: &str) -> Sendgrid {
    with(server, name, |key, ground| {
        let settings = sendgrid::Settings {
            key,
            from: "ร้าน \"Shop\" <hello@shop.example>".to_owned(),
            reply_to: Some("care@shop.example".to_owned()),
            api: Some(server.url()),
        };
        Sendgrid::new(&settings, ground).unwrap()
    })
}

fn ses(server: &Server, name: &str) -> Ses {
    with(server, name, |key, ground| {
        let settings = ses::Settings {
            region: "eu-west-1".to_owned(),
            access_key_id: key.clone(),
            secret_access_key: key.clone(),
            session_token: Some(key),
            configuration_set: Some("events".to_owned()),
            from: "Shop <hello@shop.example>".to_owned(),
            reply_to: None,
            api: Some(server.url()),
        };
        Ses::new(&settings, ground).unwrap()
    })
}

fn mail() -> Envelope {
    let parts = [("subject", "สวัสดี Nok"), ("html", "<html><body><p>Hello &amp; welcome</p></body></html>"), ("text", "Hello & welcome")];
    envelope(ChannelKind::Email, "nok@example.com", &parts)
}

async fn means(server: &Server, adapter: &dyn Adapter, status: u16, headers: &str, body: &str) -> Verdict {
    server.says(status, headers, body);
    hand_over(adapter, &mail()).await
}

#[test]
fn sendgrid_is_given_the_finished_mail_in_its_parts() {
    run(async {
        let server = Server::start(answer(202, "x-message-id: 14c5d75ce93.dfd.64b469\r\n", "")).await;
        let adapter = sendgrid(&server, "sendgrid");
        let id = Some("14c5d75ce93.dfd.64b469".to_owned());
        assert_eq!(hand_over(&adapter, &mail()).await, Verdict::Accepted { provider_id: id });
        let seen = server.last();
        assert_eq!((seen.path(), seen.header("authorization")), ("/v3/mail/send", Some("Bearer key-canary")));
        let json = seen.json();
        assert_eq!(json["from"], serde_json::json!({ "email": "hello@shop.example", "name": "ร้าน \"Shop\"" }));
        assert_eq!(json["reply_to"]["email"], "care@shop.example");
        assert_eq!(json["subject"], "สวัสดี Nok");
        assert_eq!(json["personalizations"][0]["custom_args"]["onward"], mail().id);
        assert_eq!(json["headers"]["List-Unsubscribe"], "<https://shop.example/u/abc>");
        assert_eq!(json["headers"]["List-Unsubscribe-Post"], "List-Unsubscribe=One-Click");
        let content = json["content"].as_array().unwrap();
        assert_eq!(content.iter().map(|part| part["type"].as_str().unwrap()).collect::<Vec<_>>(), ["text/plain", "text/html"]);
        // The finished bytes: each body shows the way to unsubscribe.
        for part in content {
            let text = part["value"].as_str().unwrap();
            assert!(text.contains("https://shop.example/u/abc"), "{text}");
        }
        assert!(!format!("{adapter:?}").contains("canary"));
        let bare = Envelope { links: Links::default(), ..mail() };
        assert!(matches!(hand_over(&adapter, &bare).await, Verdict::Refused { suppress: false, .. }), "no way to unsubscribe");
        let nobody = Envelope { address: "nok@".to_owned(), ..mail() };
        assert!(matches!(hand_over(&adapter, &nobody).await, Verdict::Refused { .. }));
        for status in [400, 404, 413] {
            assert!(matches!(means(&server, &adapter, status, "", "{\"errors\":[]}").await, Verdict::Refused { suppress: false, .. }));
        }
        for status in [401, 403] {
            assert!(matches!(means(&server, &adapter, status, "", "").await, Verdict::NotSent { .. }));
        }
        for status in [500, 502, 503] {
            assert!(matches!(means(&server, &adapter, status, "", "").await, Verdict::Unknown { .. }));
        }
        let reset = format!("x-ratelimit-reset: {}\r\n", NOW.0 / 1000 + 42);
        let slow = means(&server, &adapter, 429, &reset, "").await;
        assert!(matches!(slow, Verdict::NotSent { retry_after: Some(wait), .. } if wait == Duration::from_secs(42)), "{slow:?}");
    });
}

#[test]
fn ses_is_given_the_finished_mail_in_its_bytes() {
    run(async {
        let server = Server::start(answer(200, "", r#"{"MessageId":"0102018e-abc"}"#)).await;
        let adapter = ses(&server, "ses");
        assert_eq!(hand_over(&adapter, &mail()).await, Verdict::Accepted { provider_id: Some("0102018e-abc".to_owned()) });
        let seen = server.last();
        assert_eq!(seen.path(), "/v2/email/outbound-emails");
        let json = seen.json();
        assert_eq!(json["Destination"]["ToAddresses"], serde_json::json!(["nok@example.com"]));
        assert_eq!(json["EmailTags"], serde_json::json!([{ "Name": "onward", "Value": mail().id }]));
        assert_eq!(json["ConfigurationSetName"], "events");
        let bytes = STANDARD.decode(json["Content"]["Raw"]["Data"].as_str().unwrap()).unwrap();
        let finished = read::mail(&bytes);
        assert_eq!(finished.header("list-unsubscribe"), Some("<https://shop.example/u/abc>"));
        assert_eq!(finished.parts.len(), 2);
        assert!(seen.header("authorization").unwrap().contains("SignedHeaders=content-type;host;x-amz-date;x-amz-security-token"));
        assert!(!format!("{adapter:?}").contains("canary"));
        for (status, kind, what) in [
            (400, "MessageRejected:http://x/", "refused"),
            (400, "BadRequestException", "refused"),
            (429, "TooManyRequestsException", "not sent"),
            (400, "LimitExceededException", "not sent"),
            (400, "SendingPausedException", "not sent"),
            (403, "InvalidSignatureException", "not sent"),
            (400, "MailFromDomainNotVerifiedException", "not sent"),
            (404, "NotFoundException", "not sent"),
            (500, "InternalFailure", "unknown"),
            (503, "ServiceUnavailable", "unknown"),
        ] {
            let verdict =
                means(&server, &adapter, status, &format!("x-amzn-errortype: {kind}\r\n"), "{\"message\":\"nok@example.com\"}").await;
            let (said, reason) = match &verdict {
                Verdict::Refused { reason, suppress: false } => ("refused", reason),
                Verdict::NotSent { reason, .. } => ("not sent", reason),
                Verdict::Unknown { reason } => ("unknown", reason),
                other => panic!("{other:?}"),
            };
            assert_eq!(said, what, "{kind}");
            assert!(!reason.contains("nok@"), "{reason}");
        }
    });
}

#[test]
fn no_cut_leads_to_a_wrong_verdict() {
    run(async {
        let server = Server::start(answer(202, "x-message-id: 1\r\n", "")).await;
        for adapter in [Box::new(sendgrid(&server, "cut-sendgrid")) as Box<dyn Adapter>, Box::new(ses(&server, "cut-ses"))] {
            server.says(200, "", r#"{"MessageId":"1"}"#);
            cut_at_every_byte(&server, adapter.as_ref(), &mail()).await;
            strange_answers(&server, adapter.as_ref(), &mail()).await;
        }
    });
}

/// A request to SES as it was signed, for botocore to sign again.
pub fn case_for_vendors() -> serde_json::Value {
    run(async {
        let server = Server::start(answer(200, "", "{}")).await;
        hand_over(&ses(&server, "ses-vendors"), &mail()).await;
        let seen = server.last();
        let headers: serde_json::Map<String, serde_json::Value> =
            ["content-type", "host", "x-amz-date", "x-amz-security-token", "authorization"]
                .iter()
                .map(|name| ((*name).to_owned(), seen.header(name).unwrap().into()))
                .collect();
        serde_json::json!({
            "vendor": "ses", "url": format!("{}/v2/email/outbound-emails", server.url()), "headers": headers, "body": seen.text(),
            "key_id": "key-canary", "secret": "key-canary", "token": "key-canary", "region": "eu-west-1", "believed": true, "right": true,
        })
    })
}

/// SendGrid's adapter and a mail, for its published interface.
pub fn sendgrid_for_vendors(ground: Ground<'_>, key: onward::channel::secret::SecretRef, api: String) -> (Sendgrid, Envelope) {
    let settings = sendgrid::Settings { key, from: "Shop <hello@shop.example>".to_owned(), reply_to: None, api: Some(api) };
    (Sendgrid::new(&settings, ground).unwrap(), mail())
}
