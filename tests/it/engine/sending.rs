//! Sending: the checks in their order, and every decision.

use super::harness::Story;
use onward::engine::{InputKind, Outcome};
use onward::schema::MessageVerb;

const ZONE: &str = "timezone \"Asia/Bangkok\"";

fn policy(lines: &str, journeys: &str) -> Story {
    let mut story = Story::with_policy(&format!("policy {{\n{ZONE}\n{lines}\n}}"), journeys);
    story.attributes("2026-03-01 00:00", &[("email", "nok@example.com"), ("phone", "+66812345678")]);
    story
}

fn sends(lines: &str, steps: &str) -> Story {
    policy(lines, &format!("journey j {{ enter on viewed\n one run per event\n {steps}\n exit \"x\" }}"))
}

#[test]
fn what_is_sent_says_so_with_address_and_content() {
    let mut story = sends("", "send hello");
    story.event("2026-03-01 10:00", "viewed", &[]);
    assert_eq!(story.sent(), ["2026-03-01 10:00 hello by email"]);
    let delivery = &story.delivered[0].1;
    assert_eq!(delivery.address, "nok@example.com");
    assert_eq!(delivery.parts, [("subject".into(), "Hello".to_owned()), ("text".into(), "Hi nok@example.com".to_owned())]);
}

#[test]
fn the_checks_come_in_their_order() {
    // Everything is wrong at once: the first check names the reason; mended, the next does.
    let mut story = sends("quiet hours 21:00 to 08:00 then skip\nat most 1 message in 1 day then skip", "send hello");
    let email = story.channel("email");
    story.event("2026-03-01 10:00", "viewed", &[]);
    story.attributes("2026-03-01 20:00", &[("email", "not an address")]);
    story.consent("2026-03-01 20:00", "news", false);
    let at = story.moment("2026-03-01 20:00");
    story.input(at, InputKind::Suppress { channel: email, suppressed: true });
    story.event("2026-03-01 22:00", "viewed", &[]);
    story.consent("2026-03-01 22:01", "news", true);
    story.event("2026-03-01 22:02", "viewed", &[]);
    let at = story.moment("2026-03-01 22:03");
    story.input(at, InputKind::Suppress { channel: email, suppressed: false });
    story.event("2026-03-01 22:04", "viewed", &[]);
    story.attributes("2026-03-01 22:05", &[("email", "-")]);
    story.event("2026-03-01 22:06", "viewed", &[]);
    story.attributes("2026-03-01 22:07", &[("email", "nok@example.com")]);
    story.event("2026-03-01 22:08", "viewed", &[]);
    story.event("2026-03-02 22:08", "viewed", &[]);
    story.event("2026-03-03 10:00", "viewed", &[]);
    let reasons: Vec<String> = story.decisions().iter().map(|line| line.split(" hello ").nth(1).unwrap().to_owned()).collect();
    assert_eq!(
        reasons,
        [
            "Sent",
            "Skipped(NoConsent)",
            "Skipped(Suppressed)",
            "Skipped(InvalidContact)",
            "Skipped(NoContact)",
            "Skipped(Capped(0))",
            "Skipped(QuietHours)",
            "Sent"
        ]
    );
}

#[test]
fn opt_in_needs_a_subscription_and_transactional_needs_none() {
    let mut story = policy(
        "",
        r#"
message ad about deals { sms "Ad" }
journey j { enter on viewed
  one run per event
  send ad
  send receipt by sms
  exit "x" }
"#,
    );
    story.consent("2026-03-01 09:00", "orders", false);
    story.event("2026-03-01 10:00", "viewed", &[]);
    story.consent("2026-03-01 11:00", "deals", true);
    story.event("2026-03-01 12:00", "viewed", &[]);
    assert_eq!(story.decisions()[0], "2026-03-01 10:00 ad Skipped(NoConsent)");
    assert_eq!(story.sent(), ["2026-03-01 10:00 receipt by sms", "2026-03-01 12:00 ad by sms", "2026-03-01 12:00 receipt by sms"]);
}

#[test]
fn caps_are_rolling_and_exact() {
    let mut story = sends("at most 2 messages in 1 day then skip", "send hello");
    for time in ["2026-03-01 10:00", "2026-03-01 18:00", "2026-03-02 09:59:59", "2026-03-02 10:00", "2026-03-02 10:01"] {
        story.event(time, "viewed", &[]);
    }
    assert_eq!(story.sent(), ["2026-03-01 10:00 hello by email", "2026-03-01 18:00 hello by email", "2026-03-02 10:00 hello by email"]);
}

#[test]
fn a_cap_by_calendar_day_begins_anew_at_midnight() {
    let mut story = sends("at most 1 message in one calendar day then skip", "send hello");
    for time in ["2026-03-01 10:00", "2026-03-01 23:59", "2026-03-02 00:00"] {
        story.event(time, "viewed", &[]);
    }
    assert_eq!(story.sent(), ["2026-03-01 10:00 hello by email", "2026-03-02 00:00 hello by email"]);
}

#[test]
fn a_cap_counts_its_channels_and_topics_only() {
    let mut story = sends("at most 1 message in 1 day by sms then skip", "send offer by email and sms\n send receipt by sms");
    story.event("2026-03-01 10:00", "viewed", &[]);
    story.event("2026-03-01 11:00", "viewed", &[]);
    assert_eq!(
        story.sent(),
        [
            "2026-03-01 10:00 offer by email",
            "2026-03-01 10:00 offer by sms",
            "2026-03-01 10:00 receipt by sms",
            "2026-03-01 11:00 offer by email",
            "2026-03-01 11:00 receipt by sms"
        ],
        "transactional messages take no slot and need none"
    );
}

#[test]
fn a_journeys_own_cap_counts_its_own_messages() {
    let mut story = policy(
        "",
        r#"
journey j { enter on viewed
  one run per event
  at most 1 message in 1 day from this journey then skip
  send hello
  exit "x" }
journey k { enter on pinged
  one run per event
  send hello
  exit "x" }
"#,
    );
    story.event("2026-03-01 09:00", "pinged", &[]);
    story.event("2026-03-01 10:00", "viewed", &[]);
    story.event("2026-03-01 11:00", "viewed", &[]);
    assert_eq!(story.decisions()[2..], ["2026-03-01 11:00 hello Skipped(Capped(1000))"]);
}

#[test]
fn a_full_cap_can_wait_for_a_slot_but_only_so_long() {
    let mut story = sends("at most 1 message in 1 day then wait up to 6 hours", "send hello");
    story.event("2026-03-01 10:00", "viewed", &[]);
    story.event("2026-03-02 05:00", "viewed", &[]);
    story.event("2026-03-02 12:00", "viewed", &[]);
    story.until("2026-03-05 00:00");
    assert_eq!(
        story.decisions(),
        [
            "2026-03-01 10:00 hello Sent",
            "2026-03-02 05:00 hello Deferred 2026-03-02 10:00 Capped(0)",
            "2026-03-02 10:00 hello Sent",
            "2026-03-02 12:00 hello Deferred 2026-03-02 18:00 Capped(0)",
            "2026-03-02 18:00 hello Skipped(Capped(0))",
        ]
    );
}

#[test]
fn a_full_cap_can_end_the_run() {
    let mut story = policy(
        "",
        "journey j { enter on viewed\n one run per event\n at most 1 message in 1 day from this journey then exit\n send hello\n exit \"x\" }",
    );
    story.event("2026-03-01 10:00", "viewed", &[]);
    story.event("2026-03-01 11:00", "viewed", &[]);
    assert_eq!(story.endings()[1..], ["2026-03-01 11:00 j#2 ended: Capped"]);
}

#[test]
fn a_refused_message_gives_its_slot_back_and_an_unknown_one_keeps_it() {
    let mut story = sends("at most 1 message in 1 day then skip", "send hello");
    story.outcomes = vec![Outcome::Refused, Outcome::Unknown];
    for time in ["2026-03-01 10:00", "2026-03-01 11:00", "2026-03-01 12:00"] {
        story.event(time, "viewed", &[]);
    }
    assert_eq!(
        story.decisions(),
        ["2026-03-01 10:00 hello Failed", "2026-03-01 11:00 hello Unknown", "2026-03-01 12:00 hello Skipped(Capped(0))"]
    );
}

const PRIORITIES: &str = r#"
journey a_low { enter on viewed
  enter again always
  priority low
  send hello
  exit "x" }
journey b_high { enter on viewed
  enter again always
  priority high
  send offer by sms
  exit "x" }
"#;

#[test]
fn of_several_messages_that_are_ready_the_higher_priority_claims_first() {
    let mut story = policy("at most 1 message in 1 day then skip", PRIORITIES);
    story.event("2026-03-01 10:00", "viewed", &[]);
    assert_eq!(story.sent(), ["2026-03-01 10:00 offer by sms"]);
    assert_eq!(story.decisions()[0], "2026-03-01 10:00 hello Skipped(Capped(0))", "decided while the other was under way");
}

#[test]
fn slots_can_be_kept_for_a_high_priority() {
    let mut story = policy("at most 2 messages in 1 day then skip, keep 1 for high priority", PRIORITIES);
    story.event("2026-03-01 10:00", "viewed", &[]);
    assert_eq!(story.sent(), ["2026-03-01 10:00 offer by sms"]);
}

const NIGHT: &str = "quiet hours 21:00 to 08:00 then wait";

#[test]
fn quiet_hours_hold_the_message_and_the_run_with_it() {
    let mut story = sends(NIGHT, "send hello\n wait 1 hour\n send offer by sms");
    story.event("2026-03-01 21:00", "viewed", &[]);
    story.until("2026-03-03 00:00");
    assert_eq!(story.sent(), ["2026-03-02 08:00 hello by email", "2026-03-02 09:00 offer by sms"]);
    assert_eq!(story.decisions()[0], "2026-03-01 21:00 hello Deferred 2026-03-02 08:00 QuietHours");
}

#[test]
fn without_waiting_the_run_goes_on() {
    let mut story = sends(NIGHT, "send hello without waiting\n wait 1 hour\n increase customer.points by 1");
    story.event("2026-03-01 22:00", "viewed", &[]);
    story.until("2026-03-01 23:00");
    assert_eq!(*story.attribute("points"), onward::value::Value::Number(1.into()));
    story.until("2026-03-03 00:00");
    assert_eq!(story.sent(), ["2026-03-02 08:00 hello by email"]);
}

#[test]
fn the_end_of_quiet_hours_is_out_of_them() {
    let mut story = sends(NIGHT, "send hello");
    story.event("2026-03-02 08:00", "viewed", &[]);
    story.event("2026-03-02 20:59:59", "viewed", &[]);
    assert_eq!(story.sent().len(), 2);
}

#[test]
fn the_policys_and_the_journeys_quiet_hours_both_hold() {
    let mut story =
        policy(NIGHT, "journey j { enter on viewed\n one run per event\n quiet hours 08:00 to 10:00 then wait\n send hello\n exit \"x\" }");
    story.event("2026-03-01 22:00", "viewed", &[]);
    story.until("2026-03-03 00:00");
    assert_eq!(story.sent(), ["2026-03-02 10:00 hello by email"]);
}

#[test]
fn quiet_hours_name_their_channels_and_can_be_ignored_by_what_is_transactional() {
    let mut story = sends(
        "quiet hours 21:00 to 08:00 for sms then wait",
        "send offer by email\n send receipt by sms ignoring quiet hours\n send receipt by sms",
    );
    story.event("2026-03-01 22:00", "viewed", &[]);
    story.until("2026-03-03 00:00");
    assert_eq!(story.sent(), ["2026-03-01 22:00 offer by email", "2026-03-01 22:00 receipt by sms", "2026-03-02 08:00 receipt by sms"]);
}

#[test]
fn after_a_deferral_the_checks_run_again_from_the_top() {
    let mut story = sends(NIGHT, "send hello");
    story.event("2026-03-01 22:00", "viewed", &[]);
    story.consent("2026-03-01 23:00", "news", false);
    story.until("2026-03-03 00:00");
    assert_eq!(story.decisions().last().unwrap(), "2026-03-02 08:00 hello Skipped(NoConsent)");
}

#[test]
fn a_zone_change_while_held_is_seen_at_the_next_check() {
    let mut story = sends(NIGHT, "send hello");
    story.event("2026-03-01 22:00", "viewed", &[]);
    // At 08:00 in Bangkok it is 01:00 in London.
    story.attributes("2026-03-01 23:00", &[("timezone", "Europe/London")]);
    story.until("2026-03-03 00:00");
    assert_eq!(story.sent(), ["2026-03-02 15:00 hello by email"]);
}

#[test]
fn only_while_is_judged_again_before_each_send() {
    let mut story = policy(
        NIGHT,
        "journey j { enter on viewed\n one run per event\n only while customer.points < 5\n set customer.points to 9\n send hello\n exit \"x\" }",
    );
    story.event("2026-03-01 10:00", "viewed", &[]);
    assert_eq!(story.sent().len(), 0);
    assert_eq!(story.endings(), ["2026-03-01 10:00 j#1 ended: OnlyWhile(0)"]);
}

const HELD_OUT: &str = r#"
journey j { enter on viewed
  enter again never
  hold out 50%
  send hello as greeting
  wait 1 day
  increase customer.points by 1
  start journey k
  if greeting is sent { exit "sent" }
  exit "not sent" }
journey k { enter when requested
  enter again never
  send offer by sms or exit if not sent
  exit "k" }
"#;

#[test]
fn a_held_out_run_walks_the_same_path_at_the_same_times_and_sends_nothing() {
    let tell = |held_out: u16| {
        let mut story = policy(NIGHT, HELD_OUT);
        story.world.draws.insert("j".to_owned(), held_out);
        story.event("2026-03-01 22:00", "viewed", &[]);
        story.until("2026-03-10 00:00");
        story
    };
    let (sent, held) = (tell(0), tell(1));
    assert_eq!(held.life(), sent.life());
    assert_eq!(held.exit_reasons(), ["2026-03-03 08:00 sent", "2026-03-03 08:00 k"]);
    assert_eq!(*held.attribute("points"), onward::value::Value::Number(1.into()), "inner steps happen");
    assert_eq!(sent.sent(), ["2026-03-02 08:00 hello by email", "2026-03-03 08:00 offer by sms"]);
    assert_eq!(held.decisions()[1..], ["2026-03-02 08:00 hello HeldOut", "2026-03-03 08:00 offer HeldOut"]);
    assert!(held.delivered.is_empty() && held.row.facts.iter().all(|fact| !fact.counts), "no slot is taken");
}

#[test]
fn held_out_means_that_everything_else_would_have_let_it_through() {
    let mut story = sends("hold out 5%", "send hello");
    story.world.draws.insert("hold out".to_owned(), 1);
    story.consent("2026-03-01 09:00", "news", false);
    story.event("2026-03-01 10:00", "viewed", &[]);
    assert_eq!(story.decisions(), ["2026-03-01 10:00 hello Skipped(NoConsent)"]);
}

#[test]
fn what_is_transactional_is_never_held_out() {
    let mut story = sends("hold out 5%", "send receipt by sms\n send hello");
    story.world.draws.insert("hold out".to_owned(), 1);
    story.event("2026-03-01 10:00", "viewed", &[]);
    assert_eq!(story.decisions(), ["2026-03-01 10:00 receipt Sent", "2026-03-01 10:00 hello HeldOut"]);
}

#[test]
fn a_larger_hold_out_keeps_everyone_who_was_held_out() {
    let held = |share: &str| -> Vec<usize> {
        (0..200)
            .filter(|at| {
                let mut story = Story::with_policy(
                    &format!("policy {{\n{ZONE}\nhold out {share}\n}}"),
                    "journey j { enter on viewed\n one run per event\n send receipt by sms\n exit \"x\" }",
                );
                story.row = onward::engine::row::Customer::new(format!("customer {at}"));
                story.event("2026-03-01 10:00", "viewed", &[]);
                story.records.iter().any(|record| matches!(record.kind, onward::engine::RecordKind::Entered { held_out: true, .. }))
            })
            .collect()
    };
    let (few, many) = (held("10%"), held("30%"));
    assert!(few.iter().all(|at| many.contains(at)));
    assert!((5..40).contains(&few.len()) && (30..90).contains(&many.len()), "{} and {}", few.len(), many.len());
}

const ROUTE: &str = "send offer by first reachable of push, sms, email";

#[test]
fn first_reachable_takes_the_first_that_contact_and_suppression_allow() {
    let mut story = sends("", ROUTE);
    story.event("2026-03-01 10:00", "viewed", &[]);
    let (at, channel) = (story.moment("2026-03-01 11:00"), story.channel("sms"));
    story.input(at, InputKind::Suppress { channel, suppressed: true });
    story.event("2026-03-01 12:00", "viewed", &[]);
    story.attributes("2026-03-01 13:00", &[("push_token", "p1")]);
    story.event("2026-03-01 14:00", "viewed", &[]);
    assert_eq!(story.sent(), ["2026-03-01 10:00 offer by sms", "2026-03-01 12:00 offer by email", "2026-03-01 14:00 offer by push"]);
}

#[test]
fn first_reachable_is_not_moved_by_caps_or_quiet_hours() {
    let mut story = sends("at most 1 message in 1 day by sms then skip\nquiet hours 21:00 to 08:00 for sms then wait", ROUTE);
    story.event("2026-03-01 10:00", "viewed", &[]);
    story.event("2026-03-01 11:00", "viewed", &[]);
    assert_eq!(story.decisions(), ["2026-03-01 10:00 offer Sent", "2026-03-01 11:00 offer Skipped(Capped(0))"]);
    story.event("2026-03-02 22:00", "viewed", &[]);
    assert_eq!(story.decisions()[2..], ["2026-03-02 22:00 offer Deferred 2026-03-03 08:00 QuietHours"]);
}

#[test]
fn first_reachable_falls_through_after_a_definite_no_only() {
    let mut story = sends("", ROUTE);
    story.attributes("2026-03-01 09:00", &[("push_token", "p1")]);
    story.outcomes = vec![Outcome::Refused, Outcome::NotSent, Outcome::Accepted];
    story.event("2026-03-01 10:00", "viewed", &[]);
    assert_eq!(story.sent(), ["2026-03-01 10:00 offer by email"]);
    story.outcomes = vec![Outcome::Unknown];
    story.event("2026-03-02 10:00", "viewed", &[]);
    assert_eq!(story.delivered.len(), 4, "an unknown outcome is no definite no");
    // A later bounce is an event, not a no.
    story.event("2026-03-03 10:00", "viewed", &[]);
    story.report("2026-03-03 11:00", 4, MessageVerb::Bounced);
    assert_eq!(story.delivered.len(), 5);
}

#[test]
fn by_several_channels_each_message_has_its_own_decision() {
    let mut story = sends("quiet hours 21:00 to 08:00 for sms then wait", "send offer by email and sms");
    story.event("2026-03-01 22:00", "viewed", &[]);
    story.until("2026-03-02 07:59");
    assert_eq!(story.sent(), ["2026-03-01 22:00 offer by email"]);
    assert!(story.endings().is_empty(), "the step is done when both are settled");
    story.until("2026-03-02 08:00");
    assert_eq!(story.endings(), ["2026-03-02 08:00 j#1 ended: ExitStep"]);
}

#[test]
fn or_exit_if_not_sent_ends_the_run_only_if_nothing_was_sent() {
    let mut story = sends("", "send offer by email and sms or exit if not sent");
    story.outcomes = vec![Outcome::Refused, Outcome::Accepted, Outcome::Refused, Outcome::Refused];
    story.event("2026-03-01 10:00", "viewed", &[]);
    story.event("2026-03-01 11:00", "viewed", &[]);
    assert_eq!(story.endings(), ["2026-03-01 10:00 j#1 ended: ExitStep", "2026-03-01 11:00 j#2 ended: OrExit"]);
}

#[test]
fn a_transactional_message_in_doubt_is_repeated_once_and_marketing_is_not() {
    let mut story = sends("", "send receipt by sms\n send hello");
    story.outcomes = vec![Outcome::Unknown, Outcome::Accepted, Outcome::Unknown];
    story.event("2026-03-01 10:00", "viewed", &[]);
    assert_eq!(story.decisions(), ["2026-03-01 10:00 receipt Sent", "2026-03-01 10:00 hello Unknown"]);
    assert_eq!(story.delivered[0].1.key, story.delivered[1].1.key, "with the same identity");
}

#[test]
fn a_message_later_than_the_late_limit_expires_but_not_behind_the_authors_own_hours() {
    let mut story = sends(NIGHT, "wait 1 hour\n send hello");
    story.world.loses_time = true;
    story.event("2026-03-01 09:00", "viewed", &[]);
    let now = story.moment("2026-03-01 16:00:01");
    story.raw(onward::engine::Input { now, id: 0, kind: InputKind::Touch });
    assert_eq!(story.decisions(), ["2026-03-01 16:00:01 hello Skipped(Expired)"]);
    // Eleven hours behind quiet hours are no lateness.
    story.event("2026-03-01 20:30", "viewed", &[]);
    for time in ["2026-03-01 21:30", "2026-03-02 08:00"] {
        let now = story.moment(time);
        story.raw(onward::engine::Input { now, id: 0, kind: InputKind::Touch });
    }
    assert_eq!(story.sent(), ["2026-03-02 08:00 hello by email"]);
}

#[test]
fn an_exit_cancels_what_is_held_but_not_what_is_on_its_way() {
    let mut story = policy(NIGHT, "journey j { enter on viewed\n enter again always\n exit on bought\n send hello\n wait 1 day }");
    story.event("2026-03-01 22:00", "viewed", &[]);
    story.event("2026-03-01 23:00", "bought", &[]);
    story.until("2026-03-03 00:00");
    assert_eq!(story.decisions().last().unwrap(), "2026-03-01 23:00 hello Skipped(RunEnded)");
    assert_eq!(story.delivered.len(), 0);
    story.silent = true;
    story.event("2026-03-03 10:00", "viewed", &[]);
    story.event("2026-03-03 11:00", "bought", &[]);
    let (now, send) = (story.moment("2026-03-03 12:00"), story.delivered[0].1.key);
    story.input(now, InputKind::Outcome { send, result: Outcome::Accepted });
    assert_eq!(story.sent(), ["2026-03-03 12:00 hello by email"]);
    assert_eq!(story.endings().len(), 2);
}

#[test]
fn banners_are_withdrawn_when_the_run_ends() {
    let mut story = policy(
        "",
        "message note about news { inbox {\n title \"Note\"\n body \"A note\"\n } }\njourney j { enter on viewed\n enter again always\n exit on bought\n send note\n wait 1 day }",
    );
    story.event("2026-03-01 10:00", "viewed", &[]);
    story.event("2026-03-01 11:00", "bought", &[]);
    assert_eq!(story.cancelled, 1);
}

#[test]
fn a_message_to_a_team_needs_no_consent_and_takes_no_slot() {
    let mut story = policy(
        "at most 1 message in 1 day then skip",
        "message call about deals { task {\n title \"Call her\"\n note \"Now\"\n } }\njourney j { enter on viewed\n one run per event\n send call to team sales\n send hello\n exit \"x\" }",
    );
    story.event("2026-03-01 10:00", "viewed", &[]);
    assert_eq!(story.sent(), ["2026-03-01 10:00 call by task", "2026-03-01 10:00 hello by email"]);
}

#[test]
fn the_message_is_in_her_language_else_in_what_everybody_gets() {
    let mut story = policy(
        "",
        "message note about news { sms \"ไทย\"\n sms in \"en\" \"English\"\n }\njourney j { enter on viewed\n one run per event\n send note\n exit \"x\" }",
    );
    for language in ["en", "th", "ja"] {
        story.attributes("2026-03-01 10:00", &[("language", language)]);
        story.event("2026-03-01 10:00", "viewed", &[]);
    }
    let texts: Vec<&str> = story.delivered.iter().map(|(_, delivery)| delivery.parts[0].1.as_str()).collect();
    assert_eq!(texts, ["English", "ไทย", "ไทย"]);
}

#[test]
fn hard_bounces_and_complaints_suppress_the_address() {
    let mut story = sends("", "send hello");
    story.event("2026-03-01 10:00", "viewed", &[]);
    let (at, send) = (story.moment("2026-03-01 11:00"), story.delivered[0].1.key);
    story.input(at, InputKind::Report { send, verb: MessageVerb::Bounced, at, by_machine: false, hard: true });
    story.event("2026-03-01 12:00", "viewed", &[]);
    assert_eq!(story.decisions().last().unwrap(), "2026-03-01 12:00 hello Skipped(Suppressed)");
}

#[test]
fn message_history_can_be_asked() {
    let mut story = policy(
        "",
        r#"
segment clickers { has clicked hello in the last 2 days }
journey j { enter on viewed where has received at most 1 message in the last 7 days
  one run per event
  send hello
  exit "x" }
journey k { enter on clicked hello
  enter again always
  exit "clicked" }
"#,
    );
    for time in ["2026-03-01 10:00", "2026-03-01 11:00", "2026-03-01 12:00"] {
        story.event(time, "viewed", &[]);
    }
    assert_eq!(story.sent().len(), 2);
    story.report("2026-03-01 13:00", 0, MessageVerb::Clicked);
    story.until("2026-03-10 00:00");
    assert_eq!(story.standings(), ["2026-03-01 13:00 joined clickers", "2026-03-03 13:00 left clickers"]);
    assert!(story.exit_reasons().contains(&"2026-03-01 13:00 clicked".to_owned()));
}

#[test]
fn every_planned_message_comes_to_exactly_one_end() {
    let mut story = sends(&format!("{NIGHT}\nat most 2 messages in 1 day then skip"), ROUTE);
    story.outcomes = vec![Outcome::Refused, Outcome::Accepted, Outcome::Unknown];
    for hour in 0..30 {
        let at = story.moment("2026-03-01 10:00").plus_ms(hour * 3_600_000);
        let kind = story.event_kind("viewed", at, &[]);
        story.input(at, kind);
    }
    story.until("2026-03-05 00:00");
    use onward::engine::{Decision, RecordKind};
    let count = |wanted: fn(&Decision) -> bool| {
        story.records.iter().filter(|record| matches!(&record.kind, RecordKind::Message { decision, .. } if wanted(decision))).count()
    };
    let planned = count(|decision| matches!(decision, Decision::Planned));
    let ends = count(|decision| !matches!(decision, Decision::Planned | Decision::Deferred { .. }));
    assert_eq!(planned, ends);
    assert!(story.row.pending.is_empty());
}
