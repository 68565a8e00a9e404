//! Leaving, by every way that there is; confirming; the preference centre.

use super::pages_fake::{House, NASTY, NOK, ask, run, well_made};
use onward::channel::{About, Reported};
use onward::daemon::tokens::Sealed;
use onward::daemon::{Busy, Said};
use onward::schema::ChannelKind;
use std::time::Duration;

fn off(topic: &str) -> Said {
    Said::Subscribe { topic: topic.into(), yes: false }
}

#[test]
fn whoever_only_looks_changes_nothing() {
    run(async {
        let house = House::new();
        let pages = house.pages();
        let (leave, confirm) = (house.leave_token(), house.seal(Sealed::Confirm { customer: NOK, topic: "letters".into() }));
        for address in [format!("/u/{leave}"), format!("/p/{leave}"), format!("/p/{leave}?left"), format!("/confirm/{confirm}")] {
            for method in ["GET", "HEAD"] {
                let answer = ask(&pages, &format!("{method} {address}")).await;
                assert_eq!(answer.status, 200, "{method} {address}");
                if method == "GET" {
                    well_made(&answer.body);
                }
            }
        }
        assert!(house.told().is_empty() && house.reported().is_empty());
    });
}

#[test]
fn one_click_needs_no_cookie_and_twice_is_fine() {
    run(async {
        let house = House::new();
        let pages = house.pages();
        let token = house.leave_token();
        let forms = [
            format!("POST /u/{token}\n\nList-Unsubscribe=One-Click"),
            format!("POST /u/{token}\nsec-fetch-site: cross-site\n\nList-Unsubscribe=One-Click"),
            format!(
                "POST /u/{token}\ncontent-type: multipart/form-data; boundary=x\n\n--x\r\nContent-Disposition: form-data; \
                 name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n--x--\r\n"
            ),
            // The button of the page.
            format!("POST /u/{token}\norigin: null"),
        ];
        for (times, form) in forms.iter().enumerate() {
            let answer = ask(&pages, form).await;
            assert_eq!(answer.status, 200, "{form}");
            assert_eq!(answer.header("set-cookie"), "");
            well_made(&answer.body);
            assert!(answer.body.contains("Promotions"), "by its title");
            assert_eq!(house.told().len(), times + 1);
        }
        assert!(house.told().iter().all(|told| *told == (NOK, off("promotions"))));
        let report = &house.reported()[0];
        assert_eq!((&report.about, &report.what), (&About::Message("m-1".into()), &Reported::Unsubscribed));
        assert_eq!(report.id.as_deref(), Some("page-leave-m-1"), "counts once");
    });
}

#[test]
fn what_could_not_be_saved_is_not_said_to_be() {
    run(async {
        let house = House::new();
        let pages = house.pages();
        let token = house.leave_token();
        for (out_of_room, status) in [(false, 429), (true, 503)] {
            house.desk.busy.lock().unwrap().push(Busy { retry_after: Duration::from_secs(7), out_of_room });
            let answer = ask(&pages, &format!("POST /u/{token}\n\nList-Unsubscribe=One-Click")).await;
            assert_eq!((answer.status.as_u16(), answer.header("retry-after")), (status, "7"));
            assert!(!answer.body.contains("You are unsubscribed"));
        }
        assert!(house.told().is_empty() && house.reported().is_empty());
    });
}

#[test]
fn a_token_that_does_not_open_leads_to_a_form_that_tells_nothing() {
    run(async {
        let house = House::new();
        let pages = house.pages();
        let token = house.leave_token();
        let click = house.seal(Sealed::Click { message: "m".into(), url: "https://a.example".into() });
        for bad in [&token[..token.len() - 1], &format!("{token}A"), "x", "%E0%B8%81", &click] {
            for method in ["GET", "POST"] {
                let answer = ask(&pages, &format!("{method} /u/{bad}")).await;
                assert_eq!(answer.status, 404, "{method} {bad}");
                assert!(answer.body.contains("action=\"/leave\""));
            }
            assert_eq!(ask(&pages, &format!("GET /p/{bad}")).await.status, 404);
            assert_eq!(ask(&pages, &format!("POST /p/{bad}\n\nleave-all=yes")).await.status, 404);
            assert_eq!(ask(&pages, &format!("POST /confirm/{bad}")).await.status, 404);
        }
        assert!(house.told().is_empty());

        assert_eq!(ask(&pages, "GET /leave").await.status, 200);
        // The page of an unknown address and of a known one are the same, byte for byte.
        let known = ask(&pages, "POST /leave\n\naddress=Nok%40Example.com").await;
        let unknown = ask(&pages, "POST /leave\n\naddress=nobody%40nowhere.example").await;
        assert_eq!((known.status.as_u16(), &known.body), (200, &unknown.body));
        ask(&pages, "POST /leave\n\naddress=%2B66+81+234+5678").await;
        let about: Vec<About> = house.reported().into_iter().map(|report| report.about).collect();
        assert_eq!(about[0], About::Address(ChannelKind::Email, "nok@example.com".into()));
        assert_eq!(about[2], About::Address(ChannelKind::Sms, "+66812345678".into()));
        assert_eq!(about[3], About::Address(ChannelKind::Whatsapp, "+66812345678".into()));
        assert!(house.reported().iter().all(|report| report.what == Reported::Suppressed(true)));

        for bad in ["address=", "address=nok", "address=081", "", &format!("address={}", "a".repeat(400)), "address=%3Cscript%3E"] {
            let answer = ask(&pages, &format!("POST /leave\ncontent-type: application/x-www-form-urlencoded\n\n{bad}")).await;
            assert_eq!(answer.status, 422, "{bad}");
            well_made(&answer.body);
        }
        let foreign = ask(&pages, "POST /leave\norigin: https://evil.example\n\naddress=a%40b.example").await;
        assert_eq!((foreign.status.as_u16(), house.reported().len()), (403, 4));
    });
}

#[test]
fn who_is_gone_gets_the_same_pages() {
    run(async {
        let house = House::new();
        *house.desk.reader.lock().unwrap() = None;
        let pages = house.pages();
        let token = house.leave_token();
        assert_eq!(ask(&pages, &format!("GET /u/{token}")).await.status, 200);
        assert_eq!(ask(&pages, &format!("POST /u/{token}")).await.status, 200);
        assert_eq!(ask(&pages, &format!("GET /p/{token}")).await.status, 404);
    });
}

#[test]
fn a_confirmation_is_a_button() {
    run(async {
        let house = House::new();
        let pages = house.pages();
        let token = house.seal(Sealed::Confirm { customer: NOK, topic: "letters".into() });
        let foreign = ask(&pages, &format!("POST /confirm/{token}\nsec-fetch-site: cross-site")).await;
        assert_eq!((foreign.status.as_u16(), house.told().len()), (403, 0));
        let answer = ask(&pages, &format!("POST /confirm/{token}\nsec-fetch-site: same-origin")).await;
        assert_eq!(answer.status, 200);
        assert!(answer.body.contains("You are subscribed"));
        assert_eq!(house.told(), [(NOK, Said::Confirm { topic: "letters".into() })]);
    });
}

#[test]
fn the_preference_centre_tells_only_what_differs() {
    run(async {
        let house = House::new();
        let pages = house.pages();
        let token = house.leave_token();
        let shown = "topic-shown=promotions&topic-shown=news&topic-shown=letters&channel-shown=email&channel-shown=sms";
        let same = format!("POST /p/{token}\n\n{shown}&topic=promotions&topic=news&channel=email&language=en");
        let answer = ask(&pages, &same).await;
        assert_eq!((answer.status.as_u16(), answer.header("location")), (303, format!("/p/{token}?saved").as_str()));
        assert!(house.told().is_empty());

        // News was not on the page when she opened it; French is none of the project's languages.
        let old = "topic-shown=promotions&topic-shown=letters&channel-shown=email&channel-shown=sms";
        ask(&pages, &format!("POST /p/{token}\n\n{old}&topic=letters&channel=sms&language=th&topic=unknown")).await;
        let said: Vec<Said> = house.told().into_iter().map(|(_, said)| said).collect();
        assert_eq!(
            said,
            [
                off("promotions"),
                Said::Subscribe { topic: "letters".into(), yes: true },
                Said::Suppress { channel: "email".into(), yes: true },
                Said::Suppress { channel: "sms".into(), yes: false },
                Said::Language("th".into()),
            ]
        );
        ask(&pages, &format!("POST /p/{token}\n\n{shown}&topic=promotions&topic=news&channel=email&language=fr")).await;
        assert_eq!(house.told().len(), 5);

        let all = ask(&pages, &format!("POST /p/{token}\n\nleave-all=yes")).await;
        assert_eq!((all.header("location"), house.told().last()), (format!("/p/{token}?left").as_str(), Some(&(NOK, Said::LeaveAll))));
        let foreign = ask(&pages, &format!("POST /p/{token}\nsec-fetch-site: cross-site\n\nleave-all=yes")).await;
        assert_eq!((foreign.status.as_u16(), house.told().len()), (403, 6));
        let large = ask(&pages, &format!("POST /p/{token}\n\nx={}", "a".repeat(70_000))).await;
        assert_eq!((large.status.as_u16(), house.told().len()), (400, 6));
    });
}

#[test]
fn pages_speak_her_language() {
    run(async {
        let house = House::new();
        house.desk.reader.lock().unwrap().as_mut().unwrap().language = Some("th".into());
        house.desk.reader.lock().unwrap().as_mut().unwrap().topics[0].title = "โปรโมชั่น".into();
        let pages = house.pages();
        let token = house.leave_token();
        let answer = ask(&pages, &format!("GET /u/{token}\naccept-language: en")).await;
        assert!(answer.body.contains("<html lang=\"th\">") && answer.body.contains("ยกเลิกรับ โปรโมชั่น?"), "{}", answer.body);
        let unknown = ask(&pages, "GET /u/x\naccept-language: th").await;
        assert!(unknown.body.contains("<html lang=\"th\">"));
    });
}

#[test]
fn names_from_the_project_are_text_on_every_page() {
    run(async {
        let house = House::new();
        {
            let mut reader = house.desk.reader.lock().unwrap();
            let reader = reader.as_mut().unwrap();
            reader.project = NASTY.into();
            reader.languages = vec![NASTY.into(), "th".into()];
            reader.topics.iter_mut().for_each(|topic| topic.title = NASTY.into());
            reader.topics[1].name = NASTY.into();
            reader.channels.iter_mut().for_each(|channel| (channel.title, channel.name) = (NASTY.into(), NASTY.into()));
        }
        let pages = house.pages();
        let token = house.leave_token();
        let unknown = house.seal(Sealed::Leave { customer: NOK, message: "m".into(), topic: NASTY.into() });
        let confirm = house.seal(Sealed::Confirm { customer: NOK, topic: "promotions".into() });
        for how in [
            format!("GET /u/{token}"),
            format!("GET /u/{unknown}"),
            format!("POST /u/{token}"),
            format!("GET /p/{token}"),
            format!("GET /confirm/{confirm}"),
            format!("POST /confirm/{confirm}"),
            "POST /leave\n\naddress=%3C%2Fscript%3E%3Cscript%3Ealert(1)%3C%2Fscript%3E%22%3E%3Cimg+src%3Dx+onerror%3Dalert(1)%3E"
                .to_owned(),
        ] {
            well_made(&ask(&pages, &how).await.body);
        }
    });
}
