//! The most that can happen, as `onward check --bounds` states it.

use onward::check::bounds::{Bounds, JourneyBounds, bounds};
use onward::{Project, check_project};

const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;

fn of(header: &str, steps: &str, policy: &str) -> Bounds {
    let text = format!(
        r#"customer {{ email email?, phone phone?, trial_ends datetime?, plan one of "free", "pro" = "free" }}
event order_completed {{ order_id text, total money THB }}
topic news "News" opt out
topic orders "Orders" transactional "asked for"
policy {{
  timezone "Asia/Bangkok"
  {policy}
}}
message hello about news {{
  email {{
    subject "Hello"
    text "Good to have you."
  }}
  sms "Good to have you."
}}
message receipt about orders {{
  sms "We have your order."
}}
journey example {{
  enter on order_completed
  {header}
  {steps}
}}
"#
    );
    let (compiled, found) = check_project(Project::from_texts([("a.journey", text.as_str())]));
    assert!(!found.has_errors(), "{:#?}\n{text}", found.into_sorted());
    bounds(&compiled.checked, compiled.sources())
}

fn journey(steps: &str) -> JourneyBounds {
    of("enter again never", steps, "").journeys.remove(0)
}

/// `(day, week, run)` of the marketing messages by e-mail.
fn mails(steps: &str) -> (u32, u32, u32) {
    let found = journey(steps);
    found.messages.iter().find(|one| one.channel == "email").map_or((0, 0, 0), |one| (one.day, one.week, one.run))
}

#[test]
fn the_worst_way_through_the_branches_counts() {
    assert_eq!(mails("wait 1 day"), (0, 0, 0));
    assert_eq!(mails("send hello by email"), (1, 1, 1));
    assert_eq!(mails("send hello by email\n send hello by email"), (2, 2, 2));
    assert_eq!(mails("send hello by email and sms"), (1, 1, 1));
    assert_eq!(mails("send hello by first reachable of sms, email"), (1, 1, 1));
    assert_eq!(mails("if customer.plan is \"pro\" { send hello by email } else { send hello by email\n send hello by email }"), (2, 2, 2));
    assert_eq!(mails("if customer.plan is \"pro\" { send hello by email\n exit }\n send hello by email"), (1, 1, 1));
    assert_eq!(mails("split {\n path \"a\" 50% { send hello by email }\n path \"b\" 50% { send hello by sms }\n }"), (1, 1, 1));
}

#[test]
fn what_lies_a_window_apart_is_not_in_one() {
    assert_eq!(mails("send hello by email\n wait 1 day\n send hello by email"), (1, 2, 2));
    assert_eq!(mails("send hello by email\n wait 23 hours\n send hello by email"), (2, 2, 2));
    assert_eq!(mails("repeat up to 10 times { send hello by email\n wait 2 days }"), (1, 4, 10));
    assert_eq!(mails("repeat up to 4 times { send hello by email\n wait 12 hours }"), (2, 4, 4));
    // Two rounds touch: the end of one and the begin of the next.
    assert_eq!(mails("repeat up to 3 times { send hello by email\n wait 2 days\n send hello by email }"), (2, 6, 6));
    // A branch may be met at once.
    let wait =
        "send hello by email\n wait up to 5 days {\n on order_completed { send hello by email }\n otherwise { } }\n send hello by email";
    assert_eq!(mails(wait), (3, 3, 3));
    let full =
        "send hello by email\n wait the full 5 days, then first listed of {\n on order_completed { send hello by email }\n otherwise { } }";
    assert_eq!(mails(full), (1, 2, 2));
    assert_eq!(
        mails("repeat up to 5 times { send hello by email\n if customer.plan is \"pro\" { break }\n wait 3 days }\n send hello by email"),
        (2, 4, 6)
    );
}

#[test]
fn caps_hold_down_what_is_marketing() {
    let many = "repeat up to 10 times { send hello by email\n send receipt\n wait 1 hour }";
    let found =
        of("one run per order_id", many, "at most 2 messages in 1 day then skip\n  at most 3 messages in 7 days by email then skip");
    let [email, sms] = found.journeys[0].messages.as_slice() else { panic!("{found:#?}") };
    assert_eq!((email.day, email.week, email.run), (2, 3, 10));
    assert!(email.limited_by.as_ref().is_some_and(|cap| cap.starts_with("at most 3 messages in 7 days")), "{email:?}");
    assert_eq!((sms.transactional, sms.day, sms.limited_by.as_deref()), (true, 10, None));
    let all: Vec<_> = found.together.iter().map(|one| (one.channel.as_deref(), one.day, one.week)).collect();
    assert_eq!(all, [(Some("email"), Some(2), Some(3)), (None, Some(2), Some(14))]);
    // Keyed runs stand side by side: without a cap nothing limits them together.
    let keyed = of("one run per order_id", "send hello by email", "");
    assert!(keyed.journeys[0].side_by_side);
    assert_eq!(keyed.together[0].day, None);
    assert!(keyed.together[0].limited_by.starts_with("nothing"), "{keyed:?}");
    // A day of the calendar touches two within 24 hours.
    let calendar = of("one run per order_id", "send hello by email", "at most 2 messages in one calendar day then skip");
    assert_eq!((calendar.together[0].day, calendar.together[0].week), (Some(4), Some(16)));
}

#[test]
fn the_longest_stay_takes_every_wait_to_its_end() {
    let stay = |steps: &str| journey(steps).stay.most_ms;
    assert_eq!(stay("send hello by email"), Some(0));
    assert_eq!(stay("wait 5 hours\n wait 30 minutes"), Some(5 * HOUR + HOUR / 2));
    // The clocks may go back in a day of the calendar.
    assert_eq!(stay("wait 2 days"), Some(2 * DAY + HOUR));
    assert_eq!(stay("if customer.plan is \"pro\" { wait 5 hours } else { wait 8 hours\n exit }"), Some(8 * HOUR));
    assert_eq!(stay("repeat up to 3 times { wait 5 hours\n if customer.plan is \"pro\" { break } }"), Some(15 * HOUR));
    assert_eq!(stay("wait up to 5 hours {\n on order_completed { wait 3 hours }\n otherwise { } }"), Some(8 * HOUR));
    assert_eq!(stay("wait until customer.trial_ends or exit if past or exit if missing"), None);
    let night = of("enter again never", "send hello by sms", "quiet hours 21:00 to 08:00 then wait");
    assert_eq!(night.journeys[0].stay.most_ms, Some(DAY));
    let ended = of(
        "enter again never\n  runs from 2026-06-01 to 2026-06-03",
        "wait until customer.trial_ends or exit if past or exit if missing",
        "",
    );
    assert_eq!(ended.journeys[0].stay.most_ms, Some(2 * DAY));
    let because = journey("wait 2 hours\n wait 9 hours").stay.because;
    assert!(because.contains("`wait 9 hours` (a.journey:"), "{because}");
}

#[test]
fn large_repeats_are_counted_quickly_and_never_too_low() {
    let deep = "repeat up to 1000 times { repeat up to 1000 times { send hello by email\n wait 1 hour } }";
    assert_eq!(mails(deep), (24, 168, 1_000_000));
}
