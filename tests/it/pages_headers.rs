//! The headers that every page has: what browsers may do with it.

use super::pages_fake::{House, NOW, ask, envelope, run};
use onward::channel::sandbox::Caught;
use onward::daemon::pages::assets::{INBOX_PATH, STYLE_PATH};
use onward::schema::ChannelKind;

const GUARDS: [&str; 8] = [
    "content-security-policy",
    "x-content-type-options",
    "referrer-policy",
    "x-frame-options",
    "cache-control",
    "cross-origin-resource-policy",
    "cross-origin-opener-policy",
    "x-robots-tag",
];

#[test]
fn every_answer_is_guarded() {
    run(async {
        let house = House::new();
        let token = house.leave_token();
        let mail = envelope("m-1", ChannelKind::Email, &[("subject", "a"), ("html", "<p>a")]);
        let inbox = house.inbox(vec![Caught { number: 1, at: NOW, instead_of: None, envelope: mail }]);
        let mut all = String::new();
        for (router, name, address) in [
            (&house.pages(), "unsubscribe", format!("/u/{token}")),
            (&house.pages(), "preferences", format!("/p/{token}")),
            (&house.pages(), "no such token", "/u/x".to_owned()),
            (&house.pages(), "no such page", "/nowhere".to_owned()),
            (&house.pages(), "style", STYLE_PATH.to_owned()),
            (&inbox, "inbox", "/sandbox".to_owned()),
            (&inbox, "message", "/sandbox/m-1".to_owned()),
            (&inbox, "mail", "/sandbox/m-1/mail".to_owned()),
        ] {
            let answer = ask(router, &format!("GET {address}")).await;
            all.push_str(&format!("{name} {}\n", answer.status.as_u16()));
            GUARDS.iter().for_each(|guard| all.push_str(&format!("  {guard}: {}\n", answer.header(guard))));
        }
        assert_eq!(ask(&house.pages(), &format!("GET {INBOX_PATH}")).await.header("content-type"), "text/javascript; charset=utf-8");
        insta::assert_snapshot!(all);
    });
}
