//! The sandbox's inbox: what is listed, how a message looks, and what its buttons do.

use super::pages_fake::{House, NASTY, NOW, ask, envelope, run, well_made};
use onward::channel::sandbox::Caught;
use onward::channel::{About, Reported};
use onward::daemon::tokens::Sealed;
use onward::schema::ChannelKind;

fn caught(number: u64, kind: ChannelKind, parts: &[(&str, &str)]) -> Caught {
    Caught { number, at: NOW.plus_ms(number as i64 * 1000), instead_of: None, envelope: envelope(&format!("m-{number}"), kind, parts) }
}

#[test]
fn the_newest_message_is_on_top_and_the_list_can_be_narrowed() {
    run(async {
        let house = House::new();
        let mut all: Vec<Caught> = (1..=120).map(|n| caught(n, ChannelKind::Sms, &[("text", &format!("text {n}."))])).collect();
        all[4].envelope.address = "+66812345678".into();
        all.push(caught(121, ChannelKind::Email, &[("subject", "สวัสดี นก"), ("text", "x")]));
        let inbox = house.inbox(all);
        let page = ask(&inbox, "GET /sandbox").await;
        well_made(&page.body);
        assert!(page.body.find("สวัสดี นก").unwrap() < page.body.find("text 120.").unwrap());
        assert!(page.body.contains("121 kept") && !page.body.contains("text 71.") && page.body.contains("text 72."), "{}", page.body);
        // 2026-09-21 12:33:20 UTC, two minutes and a second later, in the zone of the project.
        assert!(page.body.contains("2026-09-21 21:15:21"), "{}", page.body);
        let older =
            page.body.split("<a href=\"").find(|part| part.contains("before=")).unwrap().split('"').next().unwrap().replace("&#38;", "&");
        let page = ask(&inbox, &format!("GET {older}")).await;
        assert!(page.body.contains("text 71.") && !page.body.contains("text 72."));
        let page = ask(&inbox, "GET /sandbox?channel=email&contact=").await;
        assert!(page.body.contains("สวัสดี นก") && !page.body.contains("text 120."));
        let page = ask(&inbox, "GET /sandbox?channel=&contact=%2B66812345678").await;
        assert!(page.body.contains("text 5.") && !page.body.contains("text 120."));
        for odd in ["?before=x", "?channel=%FF", "?before=-1", "?x=1"] {
            assert_eq!(ask(&inbox, &format!("GET /sandbox{odd}")).await.status, 200, "{odd}");
        }
    });
}

#[test]
fn a_list_that_is_the_same_is_not_sent_again() {
    run(async {
        let house = House::new();
        let inbox = house.inbox(vec![caught(1, ChannelKind::Sms, &[("text", "a")])]);
        let page = ask(&inbox, "GET /sandbox").await;
        assert_eq!(ask(&inbox, &format!("GET /sandbox\nif-none-match: {}", page.header("etag"))).await.status, 304);
        let more = house.inbox((1..=2).map(|n| caught(n, ChannelKind::Sms, &[("text", "a")])).collect());
        assert_eq!(ask(&more, &format!("GET /sandbox\nif-none-match: {}", page.header("etag"))).await.status, 200);
        assert!(ask(&house.inbox(vec![]), "GET /sandbox").await.body.contains("Nothing was caught yet"));
    });
}

#[test]
fn every_kind_of_message_is_shown_and_what_is_in_it_stays_text() {
    run(async {
        let house = House::new();
        let kinds = [
            ChannelKind::Email,
            ChannelKind::Sms,
            ChannelKind::Push,
            ChannelKind::Line,
            ChannelKind::Whatsapp,
            ChannelKind::Web,
            ChannelKind::Inbox,
            ChannelKind::Webhook,
            ChannelKind::Print,
            ChannelKind::Task,
            ChannelKind::Custom,
        ];
        let names = ["subject", "title", "headline", "text", "body", "html", "link", "note", "template", NASTY];
        let parts: Vec<(&str, &str)> = names.iter().map(|name| (*name, NASTY)).collect();
        let mut all: Vec<Caught> = kinds.iter().enumerate().map(|(at, kind)| caught(at as u64 + 1, *kind, &parts)).collect();
        for one in &mut all {
            let envelope = &mut one.envelope;
            for field in [
                &mut envelope.address,
                &mut envelope.message,
                &mut envelope.journey,
                &mut envelope.topic,
                &mut envelope.channel,
                &mut envelope.language,
            ] {
                *field = NASTY.into();
            }
            envelope.links.unsubscribe = Some(NASTY.into());
            one.instead_of = Some(NASTY.into());
        }
        let inbox = house.inbox(all);
        well_made(&ask(&inbox, "GET /sandbox").await.body);
        for number in 1..=kinds.len() {
            let page = ask(&inbox, &format!("GET /sandbox/m-{number}")).await;
            assert_eq!(page.status, 200);
            well_made(&page.body);
        }
        for bad in ["m-99", "%3Cscript%3E", "..%2F..%2Fetc"] {
            assert_eq!(ask(&inbox, &format!("GET /sandbox/{bad}")).await.status, 404);
            assert_eq!(ask(&inbox, &format!("GET /sandbox/{bad}/mail")).await.status, 404);
            assert_eq!(ask(&inbox, &format!("POST /sandbox/{bad}/act\n\nwhat=opened")).await.status, 404);
        }
    });
}

#[test]
fn a_mail_is_caged_and_looking_at_it_here_is_not_opening_it() {
    run(async {
        let house = House::new();
        let html = "<!doctype html><html><head></head><body><script>alert(1)</script><a href=\"https://a.example\">a</a><img src=\"https://m.example/o/x.gif\"></body></html>";
        let mut mail = caught(1, ChannelKind::Email, &[("subject", "a"), ("html", html)]);
        mail.envelope.links.open = Some("https://m.example/o/x.gif".into());
        let inbox = house.inbox(vec![mail]);
        let page = ask(&inbox, "GET /sandbox/m-1").await;
        assert!(page.body.contains("<iframe class=\"mail\" src=\"/sandbox/m-1/mail\"") && page.body.contains("sandbox=\"allow-popups"));
        let frame = ask(&inbox, "GET /sandbox/m-1/mail").await;
        let policy = frame.header("content-security-policy");
        assert!(
            policy.starts_with("sandbox allow-popups") && !policy.contains("allow-scripts") && !policy.contains("script-src"),
            "{policy}"
        );
        assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'self'"));
        assert!(!frame.body.contains("m.example/o/") && frame.body.contains("<base target=\"_blank\">"));
    });
}

#[test]
fn buttons_act_as_the_customer() {
    run(async {
        let house = House::new();
        let token = house.seal(Sealed::Click { message: "m-1".into(), url: "https://a.example/1?x=1&y".into() });
        let text = format!("see https://m.example/c/{token} or https://b.example.");
        let inbox = house.inbox(vec![caught(1, ChannelKind::Line, &[("text", &text)])]);
        let page = ask(&inbox, "GET /sandbox/m-1").await;
        assert!(
            page.body.contains("value=\"https://a.example/1?x=1&#38;y\"") && page.body.contains("value=\"https://b.example\""),
            "{}",
            page.body
        );
        for (form, what) in [
            ("what=opened", Reported::Opened { by_machine: false }),
            ("what=clicked&url=https%3A%2F%2Fb.example", Reported::Clicked { url: Some("https://b.example".into()), by_machine: false }),
            ("what=unsubscribed", Reported::Unsubscribed),
            ("what=replied&text=%E0%B8%AB%E0%B8%A2%E0%B8%B8%E0%B8%94", Reported::Replied("หยุด".into())),
            ("what=delivered", Reported::Delivered),
            ("what=bounced", Reported::Bounced { hard: true }),
            ("what=complained", Reported::Complained),
        ] {
            let answer = ask(&inbox, &format!("POST /sandbox/m-1/act\n\n{form}")).await;
            assert_eq!(answer.status, 303, "{form}");
            let report = house.reported().pop().unwrap();
            assert_eq!((report.about, report.what), (About::Message("m-1".into()), what));
            let page = ask(&inbox, &format!("GET {}", answer.header("location"))).await;
            assert!(page.body.contains("role=\"status\""));
        }
        let before = house.reported().len();
        for bad in ["what=clicked&url=javascript:alert(1)", "what=replied&text=", "what=deleted", "x=1"] {
            assert_eq!(ask(&inbox, &format!("POST /sandbox/m-1/act\n\n{bad}")).await.status, 400, "{bad}");
        }
        let foreign = ask(&inbox, "POST /sandbox/m-1/act\nsec-fetch-site: cross-site\n\nwhat=opened").await;
        assert_eq!((foreign.status.as_u16(), house.reported().len()), (403, before));
    });
}

#[test]
fn the_script_of_the_web_channel_can_be_tried_out() {
    run(async {
        let house = House::new();
        let inbox = house.inbox(vec![]);
        let page = ask(&inbox, "GET /sandbox/web").await;
        well_made(&page.body);
        assert!(!page.body.contains("onward.js"), "nobody visits yet");
        let page = ask(&inbox, "GET /sandbox/web?user=u-42&key=wk_1").await;
        let signature = page.body.split("data-signature=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
        let body = format!("{{\"key\":\"wk_1\",\"userId\":\"u-42\",\"signature\":\"{signature}\"}}");
        assert_eq!(ask(&house.pages(), &format!("POST /web/v1/show\n\n{body}")).await.status, 200, "what the page signs is taken");
        well_made(&ask(&inbox, "GET /sandbox/web?user=%22%3E%3Cscript%3Ealert(1)%3C/script%3E&key=%22%20onload=x").await.body);
    });
}
