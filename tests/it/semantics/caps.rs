//! Caps: rolling and exact, by priority, and what happens when they are full.

use super::harness::{Story, messages, sending};
use onward::engine::Outcome;

// ---------------------------------------------------------------- caps

#[test]
fn a_cap_is_rolling_and_exact() {
    let mut story = sending("at most 2 messages in 7 days then skip", "send hello");
    for moment in ["2026-03-01 10:00", "2026-03-04 10:00", "2026-03-08 09:59:59.999", "2026-03-08 10:00", "2026-03-08 10:01"] {
        story.at(moment, "bought");
    }
    assert_eq!(
        messages(&story),
        [
            "2026-03-01 10:00 sent hello",
            "2026-03-04 10:00 sent hello",
            "2026-03-08 09:59:59.999 skipped hello: capped",
            "2026-03-08 10:00 sent hello",
            "2026-03-08 10:01 skipped hello: capped",
        ]
    );
}

#[test]
fn a_day_of_a_cap_is_24_hours_also_when_the_clocks_change() {
    let mut story = sending("timezone \"Europe/Berlin\"\n at most 1 message in 1 day then skip", "send hello");
    for moment in ["2026-03-28 10:00", "2026-03-29 10:30", "2026-03-29 11:00"] {
        story.at(moment, "bought");
    }
    assert_eq!(messages(&story), ["2026-03-28 10:00 sent hello", "2026-03-29 10:30 skipped hello: capped", "2026-03-29 11:00 sent hello"]);
}

#[test]
fn a_cap_of_a_calendar_day_is_her_day() {
    let mut story = sending("at most 1 message in one calendar day then skip", "send hello");
    story.knows("timezone=Asia/Bangkok");
    // Her midnight is at 17:00 here.
    for moment in ["2026-03-01 10:00", "2026-03-01 16:59:59", "2026-03-01 17:00"] {
        story.at(moment, "bought");
    }
    assert_eq!(
        messages(&story),
        ["2026-03-01 10:00 sent hello", "2026-03-01 16:59:59 skipped hello: capped", "2026-03-01 17:00 sent hello"]
    );
}

#[test]
fn a_full_cap_may_wait_for_a_place_and_holds_the_run() {
    let mut story = sending("at most 1 message in 7 days then wait up to 3 days", "send hello\n wait 1 day\n set customer.points to 1");
    story.at("2026-03-01 10:00", "bought").at("2026-03-02 10:00", "bought");
    story.at("2026-03-05 10:00", "bought").until("2026-03-20 00:00");
    story.expect(&[
        "2026-03-01 10:00 entered",
        "2026-03-01 10:00 sent hello",
        "2026-03-02 10:00 not entered: already running",
        "2026-03-02 10:00 ended: finished",
        "2026-03-05 10:00 #2 entered",
        "2026-03-05 10:00 #2 held hello until 2026-03-08 10:00: capped",
        "2026-03-08 10:00 #2 sent hello",
        "2026-03-09 10:00 #2 ended: finished",
    ]);
}

#[test]
fn a_full_cap_waits_no_longer_than_it_says() {
    let mut story = sending("at most 1 message in 7 days then wait up to 2 days", "send hello");
    story.at("2026-03-01 10:00", "bought").at("2026-03-03 10:00", "bought").until("2026-03-20 00:00");
    assert_eq!(
        messages(&story),
        [
            "2026-03-01 10:00 sent hello",
            "2026-03-03 10:00 held hello until 2026-03-05 10:00: capped",
            "2026-03-05 10:00 skipped hello: capped",
        ]
    );
}

#[test]
fn a_full_cap_may_end_the_run() {
    let mut story = sending("at most 1 message in 7 days then exit", "send hello\n wait 1 day");
    story.at("2026-03-01 10:00", "bought").at("2026-03-03 10:00", "bought").until("2026-03-20 00:00");
    story.expect(&[
        "2026-03-01 10:00 entered",
        "2026-03-01 10:00 sent hello",
        "2026-03-02 10:00 ended: finished",
        "2026-03-03 10:00 #2 entered",
        "2026-03-03 10:00 #2 skipped hello: capped",
        "2026-03-03 10:00 #2 ended: capped",
    ]);
}

#[test]
fn a_deferred_message_holds_no_place() {
    let mut story = Story::of(
        r#"policy {
          quiet hours 21:00 to 08:00 for email then wait
          at most 1 message in 7 days then skip
        }
        journey night {
          enter on bought
          enter again never
          send hello
        }
        journey banners {
          enter on ping
          enter again never
          send banner
        }"#,
    );
    story.at("2026-03-01 22:00", "bought").at("2026-03-01 23:00", "ping").until("2026-03-03 00:00");
    assert_eq!(
        messages(&story),
        [
            "2026-03-01 22:00 night held hello until 2026-03-02 08:00: quiet hours",
            "2026-03-01 23:00 banners sent banner by web",
            "2026-03-02 08:00 night skipped hello: capped",
        ]
    );
}

#[test]
fn a_place_is_given_back_by_a_refusal_and_kept_by_an_unknown_outcome() {
    let mut story = sending("at most 1 message in 7 days then skip", "send hello");
    story.answers("email", Some(Outcome::Refused)).at("2026-03-01 10:00", "bought");
    story.answers("email", Some(Outcome::NotSent)).at("2026-03-01 11:00", "bought");
    story.answers("email", Some(Outcome::Unknown)).at("2026-03-01 12:00", "bought");
    story.answers("email", Some(Outcome::Accepted)).at("2026-03-01 13:00", "bought");
    assert_eq!(
        messages(&story),
        [
            "2026-03-01 10:00 failed hello",
            "2026-03-01 11:00 failed hello",
            "2026-03-01 12:00 unknown hello",
            "2026-03-01 13:00 skipped hello: capped",
        ]
    );
}

const THREE_JOURNEYS: &str = r#"journey a_low {
  enter on bought
  enter again always
  priority low
  send third
}
journey b_normal {
  enter on bought
  enter again always
  send second
}
journey c_high {
  enter on bought
  enter again always
  priority high
  send hello
}"#;

#[test]
fn of_several_ready_messages_the_higher_priority_claims_first() {
    let mut story = Story::of(&format!("policy {{ at most 1 message in 7 days then skip }}\n{THREE_JOURNEYS}"));
    story.at("2026-03-01 10:00", "bought");
    assert_eq!(
        messages(&story),
        [
            "2026-03-01 10:00 b_normal skipped second: capped",
            "2026-03-01 10:00 a_low skipped third: capped",
            "2026-03-01 10:00 c_high sent hello",
        ]
    );
}

#[test]
fn keep_one_for_high_priority_holds_places_back_from_lower_ones() {
    let mut story = Story::of(&format!("policy {{ at most 2 messages in 7 days then skip, keep 1 for high priority }}\n{THREE_JOURNEYS}"));
    // Two normal ones: only one of the two places is theirs.
    story.at("2026-03-01 10:00", "bought");
    let mut found = messages(&story);
    found.sort();
    assert_eq!(
        found,
        [
            "2026-03-01 10:00 a_low skipped third: capped",
            "2026-03-01 10:00 b_normal skipped second: capped",
            "2026-03-01 10:00 c_high sent hello",
        ]
    );
    let normal = "journey j {\n enter on bought\n enter again always\n send hello\n}\njourney k {\n enter on ping\n enter again always\n priority high\n send second\n}";
    let mut story = Story::of(&format!("policy {{ at most 2 messages in 7 days then skip, keep 1 for high priority }}\n{normal}"));
    story.at("2026-03-01 10:00", "bought").at("2026-03-01 11:00", "bought").at("2026-03-01 12:00", "ping");
    assert_eq!(
        messages(&story),
        ["2026-03-01 10:00 j sent hello", "2026-03-01 11:00 j skipped hello: capped", "2026-03-01 12:00 k sent second"]
    );
}

#[test]
fn a_cap_counts_the_topic_and_the_channels_that_it_names() {
    let mut story = sending(
        "at most 1 message in 7 days about promo then skip\n at most 1 message in 7 days by sms then skip",
        "send offer\n send hello\n send many by sms",
    );
    story.knows("phone=+66812345678").at("2026-03-01 09:00", "subscribed promo");
    story.at("2026-03-01 10:00", "bought").at("2026-03-02 10:00", "bought");
    assert_eq!(
        messages(&story),
        [
            "2026-03-01 10:00 sent offer",
            "2026-03-01 10:00 sent hello",
            "2026-03-01 10:00 sent many by sms",
            "2026-03-02 10:00 skipped offer: capped",
            "2026-03-02 10:00 sent hello",
            "2026-03-02 10:00 skipped many by sms: capped",
        ]
    );
}

#[test]
fn a_journeys_own_cap_counts_only_its_own_sends() {
    let journey = |name: &str, own: &str| format!("journey {name} {{\n enter on bought\n enter again always\n {own}\n send hello\n}}\n");
    let mut story = Story::of(&format!("{}{}", journey("a", "at most 1 message in 7 days from this journey then skip"), journey("b", "")));
    story.at("2026-03-01 10:00", "bought").at("2026-03-02 10:00", "bought");
    assert_eq!(
        messages(&story),
        [
            "2026-03-01 10:00 a sent hello",
            "2026-03-01 10:00 b sent hello",
            "2026-03-02 10:00 a skipped hello: capped",
            "2026-03-02 10:00 b sent hello",
        ]
    );
}

#[test]
fn transactional_messages_take_no_place_and_need_none() {
    let mut story = Story::of(
        r#"policy { at most 1 message in 7 days then skip }
        journey j {
          enter on bought
          one run per event
          send receipt
          send hello
          send receipt
        }"#,
    );
    story.at("2026-03-01 10:00", "bought").at("2026-03-02 10:00", "bought");
    assert_eq!(
        messages(&story),
        [
            "2026-03-01 10:00 sent receipt",
            "2026-03-01 10:00 sent hello",
            "2026-03-01 10:00 sent receipt",
            "2026-03-02 10:00 sent receipt",
            "2026-03-02 10:00 skipped hello: capped",
            "2026-03-02 10:00 sent receipt",
        ]
    );
}

#[test]
fn suppression_holds_for_transactional_messages_and_so_do_quiet_hours() {
    let text = |how: &str| {
        format!(
            "policy {{ quiet hours 21:00 to 08:00 then wait }}\njourney j {{\n enter on bought\n one run per event\n send receipt {how}\n}}"
        )
    };
    let mut story = Story::of(&text(""));
    story.at("2026-03-01 22:00", "bought").until("2026-03-02 08:00");
    story.at("2026-03-02 09:00", "suppressed email").at("2026-03-02 10:00", "bought");
    assert_eq!(
        messages(&story),
        [
            "2026-03-01 22:00 held receipt until 2026-03-02 08:00: quiet hours",
            "2026-03-02 08:00 sent receipt",
            "2026-03-02 10:00 skipped receipt: suppressed",
        ]
    );
    let mut story = Story::of(&text("ignoring quiet hours"));
    story.at("2026-03-01 22:00", "bought");
    assert_eq!(messages(&story), ["2026-03-01 22:00 sent receipt"]);
}

// ---------------------------------------------------------------- who comes first

#[test]
fn of_messages_that_were_held_the_higher_priority_takes_the_place_though_it_was_planned_later() {
    let mut story = Story::of(
        r#"policy {
          quiet hours 21:00 to 08:00 then wait
          at most 1 message in 7 days then skip
        }
        journey first {
          enter on bought
          enter again never
          send hello
        }
        journey second {
          enter on ping
          enter again never
          send second
        }
        journey urgent {
          enter on pong
          enter again never
          priority high
          send third
        }"#,
    );
    story.at("2026-03-01 22:00", "bought").at("2026-03-01 22:01", "ping").at("2026-03-01 23:00", "pong").until("2026-03-02 09:00");
    let morning: Vec<String> = messages(&story).into_iter().filter(|line| line.starts_with("2026-03-02")).collect();
    assert_eq!(
        morning,
        [
            "2026-03-02 08:00 first skipped hello: capped",
            "2026-03-02 08:00 second skipped second: capped",
            "2026-03-02 08:00 urgent sent third",
        ]
    );
}

#[test]
fn of_equal_priority_the_earlier_planned_claims_first() {
    let mut story = Story::of(
        r#"policy {
          quiet hours 21:00 to 08:00 then wait
          at most 1 message in 7 days then skip
        }
        journey a_later {
          enter on ping
          enter again never
          send hello
        }
        journey b_earlier {
          enter on bought
          enter again never
          send second
        }"#,
    );
    story.at("2026-03-01 22:00", "bought").at("2026-03-01 23:00", "ping").until("2026-03-02 09:00");
    let found = messages(&story);
    assert!(found.contains(&"2026-03-02 08:00 b_earlier sent second".to_owned()), "{found:?}");
    assert!(found.contains(&"2026-03-02 08:00 a_later skipped hello: capped".to_owned()), "{found:?}");
}

#[test]
fn a_place_that_becomes_free_goes_to_one_of_those_who_wait() {
    let mut story =
        Story::of("policy { at most 1 message in 1 day then wait }\njourney j {\n enter on bought\n one run per event\n send hello\n}");
    story.at("2026-03-01 10:00", "bought").at("2026-03-01 11:00", "bought").at("2026-03-01 12:00", "bought").until("2026-03-09 00:00");
    let sent: Vec<String> = messages(&story).into_iter().filter(|line| line.contains("sent")).collect();
    assert_eq!(sent, ["2026-03-01 10:00 sent hello", "2026-03-02 10:00 sent hello", "2026-03-03 10:00 sent hello"]);
}
