//! Ways to a customer that depend on her: the channel that she prefers, those that she listed, her best time.

use super::{errors, holds};

const HER: &str = r#"
event told { wants list of text }
message both about news {
  email { subject "Both", text "Both" }
  sms "Both"
}
message by_sms about news { sms "Call" }
"#;

/// Clicks on `hello`, one a day at this time.
fn habit(days: u32, time: &str, by: &str) -> String {
    let line = |day: u32| {
        format!("  at 2026-03-{:02} 08:00 viewed {{ sku: \"{by}\" }}\n  at 2026-03-{:02} {time} clicked hello\n", day + 1, day + 1)
    };
    (0..days).map(line).collect()
}

const TEACH: &str = r#"
journey teach { enter on viewed where sku is "email"
  one run per event
  send hello by email
}
journey teach_sms { enter on viewed where sku is "sms"
  one run per event
  send hello by sms
}
"#;

#[test]
fn the_best_time_is_her_own_hour_once_she_answered_five_times() {
    let journey = r#"
journey best { enter on ordered
  one run per event
  wait until best time within 24 hours
  send hello by email
}
"#;
    let scenario = |title: &str, habit: &str, expected: &str| {
        format!(
            "scenario \"{title}\" for best {{\n  given customer {{ email: \"a@example.com\", phone: \"+66812345678\" }}\n  given subscribed to news\n{habit}  at 2026-03-20 12:30 ordered {{ order_id: \"1\", total: 1 EUR }}\n  {expected}\n}}\n"
        )
    };
    let stories = [
        scenario("five evenings", &habit(5, "20:40", "email"), "expect message hello by email at 2026-03-20 20:00"),
        scenario("four say nothing", &habit(4, "20:40", "email"), "expect message hello by email at 2026-03-20 12:30"),
        scenario("her hour is now", &habit(5, "12:10", "email"), "expect message hello by email at 2026-03-20 12:30"),
        scenario("her hour is behind, so tomorrow", &habit(6, "11:59", "email"), "expect message hello by email at 2026-03-21 11:00"),
        scenario("on the channel of the next message only", &habit(6, "20:40", "sms"), "expect message hello by email at 2026-03-20 12:30"),
    ];
    holds(&format!("{TEACH}{journey}{}", stories.concat()));
}

#[test]
fn an_hour_out_of_reach_is_no_best_time() {
    holds(&format!(
        "{TEACH}
journey best {{ enter on ordered
  one run per event
  wait until best time within 3 hours
  send hello by email
}}
scenario \"too far\" for best {{
  given customer {{ email: \"a@example.com\" }}
  given subscribed to news
{}{}  at 2026-03-20 12:30 ordered {{ order_id: \"1\", total: 1 EUR }}
  expect message hello by email at 2026-03-20 14:00
}}
",
        habit(6, "20:40", "email"),
        "  at 2026-03-08 08:00 viewed { sku: \"email\" }\n  at 2026-03-08 14:20 clicked hello\n"
    ));
}

#[test]
fn the_preferred_channel_is_the_one_that_she_answers() {
    holds(&format!(
        r#"{TEACH}{HER}
route liked preferred channel
journey ask {{ enter on ordered
  one run per event
  send both by preferred channel
}}
journey ask_by_route {{ enter on paid
  one run per event
  send both by liked
}}
scenario "as written, as long as she answered little" for ask {{
  given customer {{ email: "a@example.com", phone: "+66812345678" }}
  given subscribed to news
{few}  at 2026-03-20 12:30 ordered {{ order_id: "1", total: 1 EUR }}
  expect message both by email
  expect no message both by sms
}}
scenario "she answers texts" for ask {{
  given customer {{ email: "a@example.com", phone: "+66812345678" }}
  given subscribed to news
{many}  at 2026-03-20 12:30 ordered {{ order_id: "1", total: 1 EUR }}
  expect message both by sms
  expect no message both by email
}}
scenario "a refusal goes on to the next" for ask {{
  given customer {{ email: "a@example.com", phone: "+66812345678" }}
  given subscribed to news
{many}  at 2026-03-20 12:00 refuse both by sms
  at 2026-03-20 12:30 ordered {{ order_id: "1", total: 1 EUR }}
  expect message both by email
}}
scenario "who has no address there is reached elsewhere" for ask_by_route {{
  given customer {{ phone: "+66812345678" }}
  given subscribed to news
  at 2026-03-20 12:30 paid {{ order_id: "1" }}
  expect message both by sms
}}
"#,
        few = habit(4, "10:00", "sms"),
        many = habit(5, "10:00", "sms"),
    ));
}

#[test]
fn those_that_she_listed_and_no_other() {
    let shop = r#"
customer { email email?, phone phone?, channels list of one of "email", "sms" = [] }
event ordered { order_id text }
topic news "News" opt out
message both about news {
  email { subject "Both", text "Both" }
  sms "Both"
}
journey ask { enter on ordered
  enter again always
  send both by those of email, sms in customer.channels or exit if not sent
  exit "sent"
}
scenario "one" for ask {
  given customer { email: "a@example.com", phone: "+66812345678", channels: ["sms"] }
  at 2026-03-20 12:30 ordered { order_id: "1" }
  expect 1 message
  expect message both by sms
  expect exit "sent"
}
scenario "two" for ask {
  given customer { email: "a@example.com", phone: "+66812345678", channels: ["sms", "email"] }
  at 2026-03-20 12:30 ordered { order_id: "1" }
  expect message both by email
  expect message both by sms
}
scenario "none" for ask {
  given customer { email: "a@example.com", phone: "+66812345678" }
  at 2026-03-20 12:30 ordered { order_id: "1" }
  expect no message both because no_consent
  expect exit
}
"#;
    let (compiled, found) = onward::check_project(onward::Project::from_texts([("shop.journey", shop)]));
    assert!(!found.has_errors(), "{:#?}", found.into_sorted());
    let report = onward::scenario::run(&compiled.checked, compiled.sources(), None);
    assert_eq!(report.failed(), 0, "{}", onward::scenario::text(&report, compiled.sources(), false));
    let wrong = |path: &str| {
        errors(&format!("{HER}journey j {{ enter on told\n enter again never\n send both by those of email, sms in {path}\n}}"))
    };
    assert_eq!(wrong("customer.points"), ["E0872 `customer.points` does not say by which channels she wants to be reached"]);
    assert_eq!(wrong("entry.wants"), ["E0872 `entry.wants` does not say by which channels she wants to be reached"]);
}
