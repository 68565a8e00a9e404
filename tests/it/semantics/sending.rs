//! Sending: every check and every decision.

use super::harness::{PRELUDE, Story, messages, sending};
use onward::engine::Outcome;

// ---------------------------------------------------------------- consent, by kind of topic

#[test]
fn each_kind_of_topic_asks_for_its_own_consent() {
    let steps = "send offer\n send hello\n send notice";
    let mut story = sending("", steps);
    story.at("2026-03-01 10:00", "bought");
    assert_eq!(
        messages(&story),
        ["2026-03-01 10:00 skipped offer: no consent", "2026-03-01 10:00 sent hello", "2026-03-01 10:00 sent notice"]
    );
    let mut story = sending("", steps);
    for change in ["subscribed promo", "unsubscribed news", "unsubscribed notices"] {
        story.at("2026-03-01 09:00", change);
    }
    story.at("2026-03-01 10:00", "bought");
    assert_eq!(
        messages(&story),
        ["2026-03-01 10:00 sent offer", "2026-03-01 10:00 skipped hello: no consent", "2026-03-01 10:00 skipped notice: no consent"]
    );
}

#[test]
fn a_double_opt_in_is_pending_until_it_is_confirmed() {
    let mut story = Story::of(
        r#"message weekly about letter { email { subject "Weekly", text "Weekly" } }
        journey told {
          enter on subscribed to letter
          enter again always
        }
        journey j {
          enter on bought
          enter again always
          subscribe to letter
          send weekly
        }"#,
    );
    story.at("2026-03-01 10:00", "bought");
    // The confirmation comes from outside.
    story.at("2026-03-01 11:00", "subscribed letter").at("2026-03-01 12:00", "bought");
    story.expect(&[
        "2026-03-01 10:00 j entered",
        "2026-03-01 10:00 j skipped weekly: no consent",
        "2026-03-01 10:00 j ended: finished",
        "2026-03-01 11:00 told entered",
        "2026-03-01 11:00 told ended: finished",
        "2026-03-01 12:00 j entered",
        "2026-03-01 12:00 j sent weekly",
        "2026-03-01 12:00 j ended: finished",
    ]);
}

#[test]
fn unsubscribe_from_everything_holds_at_once() {
    let mut story =
        Story::of("journey j {\n enter on bought\n one run per event\n unsubscribe from everything\n send hello\n send receipt\n}");
    story.at("2026-03-01 10:00", "bought");
    assert_eq!(messages(&story), ["2026-03-01 10:00 skipped hello: no consent", "2026-03-01 10:00 sent receipt"]);
}

// ---------------------------------------------------------------- suppression, contact, and the order of the checks

#[test]
fn a_hard_bounce_or_a_complaint_suppresses_the_address() {
    for report in ["bounced hello hard", "complained hello"] {
        let mut story = sending("", "send hello");
        story.at("2026-03-01 10:00", "bought").at("2026-03-01 11:00", report).at("2026-03-01 12:00", "bought");
        assert_eq!(messages(&story), ["2026-03-01 10:00 sent hello", "2026-03-01 12:00 skipped hello: suppressed"]);
    }
    let mut story = sending("", "send hello");
    story.at("2026-03-01 10:00", "bought").at("2026-03-01 11:00", "bounced hello").at("2026-03-01 12:00", "bought");
    assert_eq!(messages(&story), ["2026-03-01 10:00 sent hello", "2026-03-01 12:00 sent hello"]);
}

#[test]
fn a_contact_must_be_there_and_valid() {
    let mut story = sending("", "send many by sms");
    story.at("2026-03-01 10:00", "bought");
    assert_eq!(messages(&story), ["2026-03-01 10:00 skipped many by sms: no contact"]);
    story.at("2026-03-01 11:00", "customer phone=+66812345678").at("2026-03-01 12:00", "bought");
    assert_eq!(messages(&story)[1], "2026-03-01 12:00 sent many by sms");
}

#[test]
fn the_checks_come_in_their_order() {
    // Everything says no; one obstacle after the other is taken away.
    let mut story = Story::stranger(
        r#"policy {
          quiet hours 21:00 to 08:00 then skip
          at most 1 message in 7 days about promo then skip
        }
        journey j {
          enter on bought
          enter again always
          send offer
        }"#,
    );
    story.at("2026-03-01 20:00", "suppressed email").at("2026-03-01 22:00", "bought");
    story.at("2026-03-01 22:01", "subscribed promo").at("2026-03-01 22:02", "bought");
    let found = messages(&story);
    assert_eq!(found, ["2026-03-01 22:00 skipped offer: no consent", "2026-03-01 22:02 skipped offer: suppressed"]);

    let mut story = Story::stranger(
        "policy {\n quiet hours 21:00 to 08:00 then skip\n at most 1 message in 7 days then skip\n}\njourney j {\n enter on bought\n enter again always\n send hello\n}",
    );
    story.at("2026-03-01 10:00", "bought").at("2026-03-01 10:01", "customer email=nok@example.com").at("2026-03-01 10:02", "bought");
    story.at("2026-03-01 22:00", "bought").at("2026-03-08 22:00", "bought");
    assert_eq!(
        messages(&story),
        [
            "2026-03-01 10:00 skipped hello: no contact",
            "2026-03-01 10:02 sent hello",
            // The cap comes before the quiet hours.
            "2026-03-01 22:00 skipped hello: capped",
            "2026-03-08 22:00 skipped hello: quiet hours",
        ]
    );
}

// ---------------------------------------------------------------- channels

const REACHABLE: &str = "send many by first reachable of push, sms, email";

#[test]
fn first_reachable_takes_the_first_channel_that_contact_and_suppression_allow() {
    let mut story = sending("", REACHABLE);
    story.knows("phone=+66812345678").at("2026-03-01 10:00", "bought");
    story.at("2026-03-01 11:00", "suppressed sms").at("2026-03-01 12:00", "bought");
    story.at("2026-03-01 13:00", "customer push_token=t").at("2026-03-01 14:00", "bought");
    assert_eq!(messages(&story), ["2026-03-01 10:00 sent many by sms", "2026-03-01 12:00 sent many", "2026-03-01 14:00 sent many by push"]);
}

#[test]
fn first_reachable_falls_through_on_a_definite_no_only() {
    for (outcome, expected) in [
        (Outcome::Refused, &["2026-03-01 10:00 failed many by push", "2026-03-01 10:00 sent many"][..]),
        (Outcome::NotSent, &["2026-03-01 10:00 failed many by push", "2026-03-01 10:00 sent many"][..]),
        (Outcome::Unknown, &["2026-03-01 10:00 unknown many by push"][..]),
    ] {
        let mut story = sending("", REACHABLE);
        story.knows("push_token=t").answers("push", Some(outcome)).at("2026-03-01 10:00", "bought");
        assert_eq!(messages(&story), expected);
    }
}

#[test]
fn a_cap_or_quiet_hours_never_move_a_message_to_another_channel() {
    for (policy, why) in
        [("quiet hours 21:00 to 08:00 for push then skip", "quiet hours"), ("at most 1 message in 7 days by push then skip", "capped")]
    {
        let mut story = sending(policy, REACHABLE);
        story.knows("push_token=t").at("2026-03-01 20:00", "bought").at("2026-03-01 22:00", "bought");
        assert_eq!(
            messages(&story),
            ["2026-03-01 20:00 sent many by push".to_owned(), format!("2026-03-01 22:00 skipped many by push: {why}")]
        );
    }
}

#[test]
fn by_email_and_push_is_two_messages_each_with_its_own_decision() {
    let mut story = sending("", "send many by email and push\n send second");
    story.at("2026-03-01 10:00", "bought");
    assert_eq!(
        messages(&story),
        ["2026-03-01 10:00 skipped many by push: no contact", "2026-03-01 10:00 sent many", "2026-03-01 10:00 sent second"]
    );
}

#[test]
fn the_step_is_done_when_both_are_settled() {
    let mut story = sending("quiet hours 21:00 to 08:00 for push then wait", "send many by email and push\n send second");
    story.knows("push_token=t").at("2026-03-01 22:00", "bought").until("2026-03-03 00:00");
    assert_eq!(
        messages(&story),
        [
            "2026-03-01 22:00 held many by push until 2026-03-02 08:00: quiet hours",
            "2026-03-01 22:00 sent many",
            "2026-03-02 08:00 sent many by push",
            "2026-03-02 08:00 sent second",
        ]
    );
}

#[test]
fn or_exit_if_not_sent_ends_the_run_and_otherwise_it_goes_on() {
    for (how, expected) in [("", "2026-03-01 10:00 ended: went on"), (" or exit if not sent", "2026-03-01 10:00 ended: or exit")] {
        let mut story = sending("", &format!("send offer{how}\n exit \"went on\""));
        story.at("2026-03-01 10:00", "bought");
        story.expect(&["2026-03-01 10:00 entered", "2026-03-01 10:00 skipped offer: no consent", expected]);
    }
    // One of two is enough.
    let mut story = sending("", "send many by email and push or exit if not sent\n exit \"went on\"");
    story.at("2026-03-01 10:00", "bought");
    assert!(story.records.iter().filter_map(|record| story.line(record)).any(|line| line.contains("went on")));
}

#[test]
fn a_run_is_held_until_the_provider_has_answered() {
    let mut story = sending("", "send hello\n wait 1 hour\n send second");
    story.answers("email", None).at("2026-03-01 10:00", "bought").until("2026-03-01 12:00");
    assert!(messages(&story).is_empty());
    story.answers("email", Some(Outcome::Accepted)).at("2026-03-01 12:30", "taken hello").until("2026-03-02 00:00");
    assert_eq!(messages(&story), ["2026-03-01 12:30 sent hello", "2026-03-01 13:30 sent second"]);
}

#[test]
fn an_outcome_counts_once() {
    let mut story = sending("", "send hello");
    story.at("2026-03-01 10:00", "bought").at("2026-03-01 11:00", "refused hello").at("2026-03-01 11:00", "taken hello");
    assert_eq!(messages(&story), ["2026-03-01 10:00 sent hello"]);
}

// ---------------------------------------------------------------- lateness, doubt

#[test]
fn a_message_later_than_the_limit_is_expired_and_the_run_goes_on() {
    let mut story = sending("", "wait 1 hour\n send hello\n wait 1 hour\n send second");
    story.at("2026-03-01 10:00", "bought").wakes_up_at("2026-03-01 17:00:01").until("2026-03-02 00:00");
    assert_eq!(messages(&story), ["2026-03-01 17:00:01 skipped hello: expired", "2026-03-01 18:00:01 sent second"]);
    let mut story = sending("", "wait 1 hour\n send hello");
    story.at("2026-03-01 10:00", "bought").wakes_up_at("2026-03-01 17:00").until("2026-03-02 00:00");
    assert_eq!(messages(&story), ["2026-03-01 17:00 sent hello"]);
}

#[test]
fn the_authors_own_hours_and_caps_make_no_message_late() {
    let mut story = sending("quiet hours 21:00 to 08:00 then wait\n at most 1 message in 2 days then wait", "send hello");
    story.at("2026-03-01 20:00", "bought").at("2026-03-01 22:00", "bought").until("2026-03-10 00:00");
    let found = messages(&story);
    assert!(found.last().unwrap().contains("sent hello"), "{found:?}");
    assert!(!found.iter().any(|line| line.contains("expired")), "{found:?}");
}

#[test]
fn in_doubt_marketing_is_skipped_and_transactional_is_repeated_once() {
    let mut story = Story::of("journey j {\n enter on bought\n one run per event\n send hello\n send receipt\n}");
    story.answers("email", Some(Outcome::Unknown)).at("2026-03-01 10:00", "bought");
    assert_eq!(messages(&story), ["2026-03-01 10:00 unknown hello", "2026-03-01 10:00 unknown receipt"]);
    let mut story = Story::of("journey j {\n enter on bought\n one run per event\n send receipt\n}");
    story.answers("email", None).at("2026-03-01 10:00", "bought").at("2026-03-01 10:20", "lost receipt");
    assert!(messages(&story).is_empty(), "it is handed over once more");
    story.at("2026-03-01 10:21", "taken receipt");
    assert_eq!(messages(&story), ["2026-03-01 10:21 sent receipt"]);
}

#[test]
fn a_message_says_itself_what_happens_in_doubt() {
    for (written, handed_over) in [("repeat", 2), ("skip", 1)] {
        let mut story = Story::of(&format!(
            "message m about news {{\n email {{ subject \"M\", text \"M\" }}\n when in doubt {written}\n}}\n\
             journey j {{\n enter on bought\n enter again never\n send m\n}}"
        ));
        story.answers("email", Some(Outcome::Unknown)).at("2026-03-01 10:00", "bought");
        assert_eq!(messages(&story), ["2026-03-01 10:00 unknown m"]);
        assert_eq!(story.sent.len(), handed_over, "{written}");
    }
}

// ---------------------------------------------------------------- reports

#[test]
fn a_machine_click_takes_no_branch() {
    let mut story = sending("", "send hello\n wait up to 1 day for clicked hello otherwise exit \"none\"\n exit \"clicked\"");
    story.at("2026-03-01 10:00", "bought").at("2026-03-01 10:01", "clicked hello by a machine");
    story.at("2026-03-01 11:00", "clicked hello");
    story.expect(&["2026-03-01 10:00 entered", "2026-03-01 10:00 sent hello", "2026-03-01 11:00 ended: clicked"]);
}

#[test]
fn a_machine_click_does_not_count_as_clicked_later() {
    let mut story = sending("", "send hello as mail\n wait 1 hour\n if mail is clicked {\n exit \"clicked\"\n }\n exit \"not clicked\"");
    story.at("2026-03-01 10:00", "bought").at("2026-03-01 10:01", "clicked hello by a machine").until("2026-03-02 00:00");
    story.expect(&["2026-03-01 10:00 entered", "2026-03-01 10:00 sent hello", "2026-03-01 11:00 ended: not clicked"]);
}

#[test]
fn received_is_accepted_and_not_bounced() {
    for (report, ending) in [("opened hello", "received"), ("bounced hello", "not received")] {
        let steps = "send hello\n wait 1 hour\n if has received hello {\n exit \"received\"\n }\n exit \"not received\"";
        let mut story = sending("", steps);
        story.at("2026-03-01 10:00", "bought").at("2026-03-01 10:30", report).until("2026-03-02 00:00");
        story.expect(&["2026-03-01 10:00 entered", "2026-03-01 10:00 sent hello", &format!("2026-03-01 11:00 ended: {ending}")]);
    }
}

#[test]
fn message_history_counts_in_exact_windows() {
    let mut story = Story::of(
        r#"journey j {
          enter on bought
          enter again always
          if has received at least 2 messages about news in the last 7 days {
            exit "enough"
          }
          send hello
        }"#,
    );
    for moment in ["2026-03-01 10:00", "2026-03-02 10:00", "2026-03-08 09:59:59", "2026-03-08 10:00"] {
        story.at(moment, "bought");
    }
    let ends: Vec<String> = story.records.iter().filter_map(|record| story.line(record)).filter(|line| line.contains("ended")).collect();
    assert_eq!(
        ends,
        [
            "2026-03-01 10:00 ended: finished",
            "2026-03-02 10:00 #2 ended: finished",
            "2026-03-08 09:59:59 #3 ended: enough",
            "2026-03-08 10:00 #4 ended: finished",
        ]
    );
}

#[test]
fn a_click_is_an_event_that_may_begin_a_journey() {
    let mut story = Story::of(
        "journey a {\n enter on bought\n enter again always\n send hello\n}\njourney b {\n enter on clicked hello\n enter again always\n}",
    );
    story.at("2026-03-01 10:00", "bought").at("2026-03-01 11:00", "clicked hello by a machine").at("2026-03-01 12:00", "clicked hello");
    let lines: Vec<String> = story.records.iter().filter_map(|record| story.line(record)).filter(|line| line.contains(" b ")).collect();
    assert_eq!(lines, ["2026-03-01 12:00 b entered", "2026-03-01 12:00 b ended: finished"]);
}

#[test]
fn a_message_to_a_team_needs_no_consent_and_takes_no_place() {
    assert!(!PRELUDE.contains("team"));
    let mut story = Story::of(
        r#"team sales "Sales"
        policy { at most 1 message in 7 days then skip }
        message call about promo { task { title "Call" } }
        journey j {
          enter on bought
          enter again never
          send call to team sales
          send hello
        }"#,
    );
    story.at("2026-03-01 10:00", "bought");
    assert_eq!(messages(&story), ["2026-03-01 10:00 sent call by task", "2026-03-01 10:00 sent hello"]);
}
