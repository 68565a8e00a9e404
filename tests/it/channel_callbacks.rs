//! What providers report: believed with their signature only, and read as they mean it.

mod forge;
mod mutations;

pub use mutations::{Case, cases_for_vendors};

use forge::*;
use onward::channel::callback::{sendgrid, ses};
use onward::channel::{About, Callback, Heard, Report, Reported};
use onward::schema::ChannelKind;
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;

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
