//! Clicks and opens: where they lead, what is recorded, and how long anybody waits for it.

use super::pages_fake::{House, ask, run};
use onward::channel::{About, Reported};
use onward::daemon::Busy;
use onward::daemon::pages::click::target;
use onward::daemon::tokens::Sealed;
use std::time::Duration;

const PHONE: &str = "user-agent: Mozilla/5.0 (iPhone; CPU iPhone OS 19_1 like Mac OS X) Version/19.1 Mobile Safari/604.1";

fn click(house: &House, url: &str) -> String {
    house.seal(Sealed::Click { message: "m-1".into(), url: url.into() })
}

#[test]
fn a_click_leads_to_what_was_sealed_and_nowhere_else() {
    run(async {
        let house = House::new();
        let pages = house.pages();
        let url = "https://shop.example/สินค้า?a=1&b=2#x";
        let token = click(&house, url);
        for (how, by_machine) in [
            (format!("GET /c/{token}\n{PHONE}"), false),
            (format!("GET /c/{token}?url=https://evil.example&u=//evil.example\n{PHONE}"), false),
            (format!("HEAD /c/{token}\n{PHONE}"), true),
            (format!("GET /c/{token}"), true),
            (format!("GET /c/{token}\n{PHONE}\nsec-purpose: prefetch"), true),
        ] {
            let answer = ask(&pages, &how).await;
            assert_eq!(answer.status, 302, "{how}");
            let encoded = "https://shop.example/%E0%B8%AA%E0%B8%B4%E0%B8%99%E0%B8%84%E0%B9%89%E0%B8%B2?a=1&b=2#x";
            assert_eq!(answer.header("location"), encoded);
            let report = house.reported().pop().unwrap();
            assert_eq!(report.about, About::Message("m-1".into()));
            assert_eq!(report.what, Reported::Clicked { url: Some(url.into()), by_machine }, "{how}");
        }
        assert_eq!(house.reported().len(), 5);
        for bad in ["x", &token[1..], &click(&house, "javascript:alert(1)"), &click(&house, "https://"), &house.leave_token()] {
            let answer = ask(&pages, &format!("GET /c/{bad}?url=https://evil.example\n{PHONE}")).await;
            assert_eq!((answer.status.as_u16(), answer.header("location")), (404, ""), "{bad}");
        }
        assert_eq!(house.reported().len(), 5, "a link of nobody counts for nobody");
        assert_eq!(ask(&pages, &format!("POST /c/{token}")).await.status, 405);
    });
}

#[test]
fn only_the_web_is_a_target_and_no_header_is_split() {
    for (url, expected) in [
        ("https://a.example", Some("https://a.example")),
        ("HTTP://A.example:8080/x y", Some("HTTP://A.example:8080/x%20y")),
        ("https://a.example/\r\nset-cookie: x=1", Some("https://a.example/%0D%0Aset-cookie:%20x=1")),
        ("https://[::1]/", Some("https://[::1]/")),
        ("https://a.example/100%25?q=%20", Some("https://a.example/100%25?q=%20")),
        ("ftp://a.example", None),
        ("//a.example", None),
        ("https:///x", None),
        ("https://?x", None),
        ("https://a b.example/", None),
        ("https://\r\nx/", None),
        ("https://a.example\\@evil.example", Some("https://a.example%5C@evil.example")),
        ("javascript:alert(1)//https://a.example", None),
        ("data:text/html,x", None),
        ("", None),
        ("กhttps://a.example", None),
    ] {
        assert_eq!(target(url).as_ref().map(|value| value.to_str().unwrap()), expected, "{url}");
    }
}

#[test]
fn an_open_is_a_picture_whatever_happens() {
    run(async {
        let house = House::new();
        let pages = house.pages();
        let token = house.seal(Sealed::Open { message: "m-1".into() });
        let answer = ask(&pages, &format!("GET /o/{token}.gif\n{PHONE}")).await;
        assert_eq!((answer.status.as_u16(), answer.header("content-type"), answer.header("cache-control")), (200, "image/gif", "no-store"));
        assert!(answer.body.starts_with("GIF89a"));
        ask(&pages, &format!("GET /o/{token}.gif\nuser-agent: Mozilla/5.0")).await;
        let bad = ask(&pages, &format!("GET /o/x{token}.gif\n{PHONE}")).await;
        assert_eq!((bad.status.as_u16(), bad.header("content-type")), (404, "image/gif"));
        let what: Vec<Reported> = house.reported().into_iter().map(|report| report.what).collect();
        assert_eq!(what, [Reported::Opened { by_machine: false }, Reported::Opened { by_machine: true }], "Apple's proxy is none of us");
    });
}

#[test]
fn nobody_waits_for_a_slow_disk_and_the_click_is_recorded_all_the_same() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    runtime.block_on(async {
        let house = House::new();
        *house.desk.slow.lock().unwrap() = Duration::from_secs(5);
        // Full twice, then not.
        house.desk.busy.lock().unwrap().extend([Busy { retry_after: Duration::from_secs(1), out_of_room: true }; 2]);
        let pages = house.pages();
        let before = tokio::time::Instant::now();
        let answer = ask(&pages, &format!("GET /c/{}\n{PHONE}", click(&house, "https://a.example"))).await;
        assert_eq!(answer.status, 302);
        assert!(before.elapsed() <= Duration::from_millis(310), "{:?}", before.elapsed());
        assert_eq!((house.recorder.waiting(), house.reported().len()), (1, 0));
        assert_eq!(house.recorder.drain(Duration::from_secs(1)).await, 1, "not durable yet");
        assert_eq!(house.recorder.drain(Duration::from_secs(60)).await, 0);
        assert_eq!(house.reported().len(), 1);
    });
}
