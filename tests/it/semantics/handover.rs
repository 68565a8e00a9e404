//! The hand-over in two steps: between a claim and the bytes everything that could still stop a message does; doubt; pauses.

use super::harness::{Story, messages, moments, sending};
use onward::engine::{Input, InputKind, Outcome, SendKey};
use onward::schema::{ChannelId, SendId};
use onward::value::Value;

fn two_steps(policy: &str, steps: &str) -> Story {
    let mut story = sending(policy, steps);
    story.in_two_steps();
    story
}

#[test]
fn a_claim_is_no_hand_over_and_a_worker_that_is_ready_gets_the_word() {
    let mut story = two_steps("", "send hello\n send second");
    story.at("2026-03-01 10:00", "bought");
    assert!(messages(&story).is_empty() && story.words.is_empty());
    story.at("2026-03-01 10:01", "ready hello").at("2026-03-01 10:02", "taken hello");
    assert_eq!(story.words, ["2026-03-01 10:01 send hello"]);
    assert_eq!(messages(&story), ["2026-03-01 10:02 sent hello"]);
    assert_eq!(story.sent.len(), 2, "the next one is claimed");
}

#[test]
fn every_worker_that_is_ready_gets_exactly_one_word() {
    let mut story = two_steps("", "send hello");
    story.at("2026-03-01 10:00", "bought").at("2026-03-01 10:01", "ready hello").at("2026-03-01 10:01", "ready hello");
    story.at("2026-03-01 10:02", "again hello").at("2026-03-01 10:03", "taken hello").at("2026-03-01 10:04", "again hello");
    assert_eq!(
        story.words,
        [
            "2026-03-01 10:01 send hello",
            // An attempt counts once; a later one is asked about anew.
            "2026-03-01 10:01 withdraw hello",
            "2026-03-01 10:02 send hello",
            "2026-03-01 10:04 withdraw hello",
        ]
    );
    let send = SendKey { run: 9, send: SendId(0), visit: 0, channel: ChannelId(0) };
    let now = story.moment("2026-03-01 10:05");
    let mut stranger = Story::stranger("journey j {\n enter on bought\n one run per event\n send hello\n}");
    for story in [&mut story, &mut stranger] {
        story.feed(Input { now, id: 0, kind: InputKind::Ready { send, attempt: 1, doubtful: false } });
        assert!(story.words.last().unwrap().contains("10:05 withdraw"));
    }
}

#[test]
fn an_exit_between_claim_and_hand_over_calls_the_message_back_and_gives_its_slot_back() {
    let journey = "policy {\n at most 1 message in 7 days then skip\n}\n\
                   journey j {\n enter on bought\n enter again always\n exit on returned\n send hello\n}";
    let mut story = Story::of(journey);
    story.in_two_steps().at("2026-03-01 10:00", "bought").at("2026-03-01 10:01", "returned").at("2026-03-01 10:02", "ready hello");
    story.expect(&["2026-03-01 10:00 entered", "2026-03-01 10:01 cancelled hello", "2026-03-01 10:01 ended: exit on"]);
    assert_eq!(story.words, ["2026-03-01 10:01 withdraw hello", "2026-03-01 10:02 withdraw hello"]);
    story.at("2026-03-01 11:00", "bought").at("2026-03-01 11:01", "ready hello").at("2026-03-01 11:02", "taken hello");
    assert_eq!(messages(&story).last().unwrap(), "2026-03-01 11:02 sent hello", "its slot was free again");
}

#[test]
fn what_is_handed_over_is_not_called_back() {
    let mut story = Story::of("journey j {\n enter on bought\n enter again always\n exit on returned\n send hello\n}");
    story.in_two_steps().at("2026-03-01 10:00", "bought").at("2026-03-01 10:01", "ready hello").at("2026-03-01 10:02", "returned");
    story.at("2026-03-01 10:03", "taken hello");
    story.expect(&["2026-03-01 10:00 entered", "2026-03-01 10:02 ended: exit on", "2026-03-01 10:03 sent hello"]);
    assert_eq!(story.words, ["2026-03-01 10:01 send hello"]);
}

#[test]
fn consent_suppression_contact_and_guards_are_asked_again_at_the_hand_over() {
    for (change, why) in [
        ("unsubscribed news", "no consent"),
        ("suppressed email", "suppressed"),
        ("no address", "no contact"),
        ("customer plan=gone", "not for her"),
    ] {
        let mut story =
            Story::of("journey j {\n enter on bought\n enter again always\n only while customer.plan is not \"gone\"\n send hello\n}");
        story.in_two_steps().at("2026-03-01 10:00", "bought");
        if change == "no address" {
            let (now, field) = (story.moment("2026-03-01 10:01"), story.plan().schema.field("email").unwrap());
            let kind = InputKind::Attributes { at: now, changes: vec![(field, Value::Missing)] };
            story.feed(Input { now, id: 0, kind });
        } else {
            story.at("2026-03-01 10:01", change);
        }
        story.at("2026-03-01 10:02", "ready hello");
        if why == "not for her" {
            // The guard acts at once; nobody waits for the worker.
            assert_eq!(messages(&story), ["2026-03-01 10:01 cancelled hello"], "{change}");
        } else {
            assert_eq!(messages(&story), [format!("2026-03-01 10:02 skipped hello: {why}")], "{change}");
        }
        assert!(story.words.last().unwrap().ends_with("withdraw hello"));
        assert!(story.row.facts.is_empty(), "its slot is free");
        assert!(story.row.pending.is_empty() && story.row.runs.is_empty());
    }
}

#[test]
fn quiet_hours_that_have_begun_defer_the_message_and_it_is_claimed_anew() {
    let mut story = two_steps("quiet hours 21:00 to 08:00 then wait", "send hello");
    story.at("2026-03-01 20:59", "bought").at("2026-03-01 21:00", "ready hello");
    assert!(story.row.facts.is_empty(), "a deferred message holds no slot");
    story.until("2026-03-02 08:00").at("2026-03-02 08:01", "ready hello").at("2026-03-02 08:02", "taken hello");
    assert_eq!(messages(&story), ["2026-03-01 21:00 held hello until 2026-03-02 08:00: quiet hours", "2026-03-02 08:02 sent hello"]);
    assert_eq!(story.words, ["2026-03-01 21:00 withdraw hello", "2026-03-02 08:01 send hello"]);
    assert_eq!(story.sent.len(), 2);
}

#[test]
fn its_own_slot_does_not_stand_in_its_way() {
    let mut story = two_steps("at most 1 message in 7 days then skip", "send hello");
    story.at("2026-03-01 10:00", "bought").at("2026-03-01 10:01", "ready hello").at("2026-03-01 10:02", "taken hello");
    story.at("2026-03-02 10:00", "bought");
    assert_eq!(messages(&story), ["2026-03-01 10:02 sent hello", "2026-03-02 10:00 skipped hello: capped"]);
}

#[test]
fn a_channel_that_is_lost_before_the_hand_over_gives_way_to_the_next() {
    let mut story = two_steps("", "send many by first reachable of push, email");
    story.knows("push_token=t").at("2026-03-01 10:00", "bought").at("2026-03-01 10:01", "suppressed push");
    let send = story.last_sent().unwrap();
    let now = story.moment("2026-03-01 10:02");
    story.feed(Input { now, id: 0, kind: InputKind::Ready { send, attempt: 1, doubtful: false } });
    story.at("2026-03-01 10:03", "ready many").at("2026-03-01 10:04", "taken many");
    assert_eq!(story.words, ["2026-03-01 10:02 withdraw many by push", "2026-03-01 10:03 send many"]);
    assert_eq!(messages(&story), ["2026-03-01 10:04 sent many"]);
    assert_eq!(story.row.facts.len(), 1);
}

#[test]
fn a_hand_over_later_than_the_limit_is_expired() {
    let mut story = two_steps("", "send hello");
    story.at("2026-03-01 10:00", "bought").at("2026-03-01 16:00:01", "ready hello");
    assert_eq!(messages(&story), ["2026-03-01 16:00:01 skipped hello: expired"]);
    let mut story = two_steps("", "send hello");
    story.at("2026-03-01 10:00", "bought").at("2026-03-01 16:00", "ready hello");
    assert_eq!(story.words, ["2026-03-01 16:00 send hello"]);
}

#[test]
fn a_definite_no_gives_the_slot_back_before_and_after_the_hand_over() {
    for outcome in ["refused hello", "unsent hello"] {
        for ready in [false, true] {
            let mut story = two_steps("at most 1 message in 7 days then skip", "send hello");
            story.at("2026-03-01 10:00", "bought");
            if ready {
                story.at("2026-03-01 10:01", "ready hello");
            }
            story.at("2026-03-01 10:02", outcome).at("2026-03-01 10:03", "taken hello");
            assert_eq!(messages(&story), ["2026-03-01 10:02 failed hello"], "an outcome counts once");
            assert!(story.row.facts.is_empty() && story.row.runs.is_empty());
        }
    }
}

// ---------------------------------------------------------------- doubt

#[test]
fn an_unknown_outcome_waits_a_quarter_of_an_hour_for_a_report() {
    for (report, expected) in [
        ("delivered hello", "2026-03-01 10:16 sent hello"),
        ("opened hello by a machine", "2026-03-01 10:16 sent hello"),
        ("bounced hello", "2026-03-01 10:16 sent hello"),
        ("refused hello", "2026-03-01 10:16 failed hello"),
        ("unsent hello", "2026-03-01 10:16 failed hello"),
        ("taken hello", "2026-03-01 10:16 sent hello"),
    ] {
        let mut story = two_steps("", "send hello\n exit \"on\"");
        story.at("2026-03-01 10:00", "bought").at("2026-03-01 10:01", "ready hello").at("2026-03-01 10:01", "lost hello");
        assert!(messages(&story).is_empty() && story.live() == 1, "the run is held");
        // A report beats the deadline of its instant.
        story.at("2026-03-01 10:16", report).until("2026-03-01 11:00");
        assert_eq!(messages(&story), [expected], "{report}");
        assert_eq!(moments(&story, "ended"), ["2026-03-01 10:16 ended: on"]);
    }
}

#[test]
fn without_a_report_marketing_stays_unknown_and_keeps_its_slot() {
    let mut story = two_steps("at most 1 message in 7 days then skip", "send hello");
    story.at("2026-03-01 10:00", "bought").at("2026-03-01 10:01", "lost hello").at("2026-03-01 10:05", "lost hello");
    story.until("2026-03-01 12:00").at("2026-03-02 10:00", "bought");
    assert_eq!(messages(&story), ["2026-03-01 10:16 unknown hello", "2026-03-02 10:00 skipped hello: capped"]);
}

#[test]
fn without_a_report_transactional_is_repeated_once_after_all_checks() {
    let journey = "journey j {\n enter on bought\n one run per event\n send receipt\n}";
    let mut story = Story::of(journey);
    story.in_two_steps().at("2026-03-01 10:00", "bought").at("2026-03-01 10:01", "ready receipt").at("2026-03-01 10:02", "lost receipt");
    story.until("2026-03-01 10:17");
    assert_eq!(story.sent.len(), 2, "claimed again");
    assert_eq!(story.sent[0], story.sent[1], "under the same identity");
    story.at("2026-03-01 10:18", "ready receipt").at("2026-03-01 10:19", "lost receipt").until("2026-03-01 12:00");
    assert_eq!(messages(&story), ["2026-03-01 10:34 unknown receipt"]);
    assert_eq!((story.sent.len(), story.row.facts.len()), (2, 1));

    // What the checks say now cannot unmake the first try.
    let mut story = Story::of(journey);
    story.in_two_steps().at("2026-03-01 10:00", "bought").at("2026-03-01 10:02", "lost receipt");
    story.at("2026-03-01 10:10", "suppressed email").until("2026-03-01 12:00");
    assert_eq!(messages(&story), ["2026-03-01 10:17 unknown receipt"]);
    assert_eq!(story.row.facts.len(), 1);

    // Nor can it that the second try surely did not leave.
    let mut story = Story::of(journey);
    story.in_two_steps().at("2026-03-01 10:00", "bought").at("2026-03-01 10:02", "lost receipt").until("2026-03-01 10:17");
    story.at("2026-03-01 10:18", "unsent receipt");
    assert_eq!(messages(&story), ["2026-03-01 10:18 unknown receipt"]);
}

#[test]
fn what_is_in_doubt_is_not_called_back_and_not_repeated_for_a_run_that_is_over() {
    let mut story = Story::of("journey j {\n enter on bought\n one run per event\n exit when customer.plan is \"gone\"\n send receipt\n}");
    story
        .in_two_steps()
        .at("2026-03-01 10:00", "bought")
        .at("2026-03-01 10:02", "lost receipt")
        .at("2026-03-01 10:03", "customer plan=gone");
    story.until("2026-03-01 12:00");
    story.expect(&["2026-03-01 10:00 entered", "2026-03-01 10:03 ended: exit when", "2026-03-01 10:17 unknown receipt"]);
    assert_eq!((story.sent.len(), story.words.len()), (1, 0));
}

#[test]
fn where_a_claim_is_the_hand_over_doubt_decides_at_once() {
    let mut story = sending("", "send hello");
    story.answers("email", Some(Outcome::Unknown)).at("2026-03-01 10:00", "bought");
    assert_eq!(messages(&story), ["2026-03-01 10:00 unknown hello"]);
}

// ---------------------------------------------------------------- pauses

#[test]
fn what_is_paused_is_held_and_said_once_and_goes_on_when_the_world_changes() {
    for pause in ["j", "email", "hold"] {
        let begin = |story: &mut Story, on: bool| {
            story.earth.paused = if on && pause != "hold" { vec![pause] } else { Vec::new() };
            story.earth.hold = on && pause == "hold";
            story.earth.number += 1;
        };
        let mut story = sending("", "wait 1 hour\n send hello");
        story.at("2026-03-01 09:00", "bought");
        begin(&mut story, true);
        story.until("2026-03-01 11:00:30");
        assert_eq!(messages(&story), ["2026-03-01 10:00 held hello until 2026-03-01 10:01: paused"], "{pause}");
        begin(&mut story, false);
        // Any input will do, also one that says nothing.
        let now = story.moment("2026-03-01 11:00:31");
        story.handle(Input { now, id: 0, kind: InputKind::Touch });
        assert_eq!(messages(&story).last().unwrap(), "2026-03-01 11:00:31 sent hello", "{pause}");
    }
}

#[test]
fn without_a_word_a_pause_that_is_over_is_seen_within_a_minute() {
    let mut story = sending("", "wait 1 hour\n send hello");
    story.at("2026-03-01 09:00", "bought");
    story.earth.hold = true;
    story.until("2026-03-01 10:30:30");
    story.earth.hold = false;
    story.until("2026-03-01 11:00");
    assert_eq!(messages(&story).last().unwrap(), "2026-03-01 10:31 sent hello");
}

#[test]
fn a_pause_longer_than_the_late_limit_expires_what_it_holds_and_the_run_goes_on() {
    let mut story = sending("", "wait 1 hour\n send hello\n exit \"on\"");
    story.at("2026-03-01 09:00", "bought");
    story.earth.hold = true;
    story.until("2026-03-01 20:00");
    assert_eq!(messages(&story).last().unwrap(), "2026-03-01 16:01 skipped hello: expired");
    assert_eq!(moments(&story, "ended"), ["2026-03-01 16:01 ended: on"]);
}

#[test]
fn a_pause_between_claim_and_hand_over_stops_the_message() {
    let mut story = two_steps("at most 1 message in 7 days then skip", "send hello");
    story.at("2026-03-01 10:00", "bought");
    story.earth.hold = true;
    story.at("2026-03-01 10:01", "ready hello");
    assert_eq!(story.words, ["2026-03-01 10:01 withdraw hello"]);
    assert!(story.row.facts.is_empty());
    story.earth.hold = false;
    story.until("2026-03-01 10:02").at("2026-03-01 10:03", "ready hello");
    assert_eq!(story.words.last().unwrap(), "2026-03-01 10:03 send hello");
}

#[test]
fn nobody_enters_a_paused_journey_and_who_is_in_it_waits_on() {
    let mut story = sending("", "wait 1 hour\n exit \"on\"");
    story.at("2026-03-01 09:00", "bought");
    story.earth.paused = vec!["j"];
    story.until("2026-03-01 10:30").at("2026-03-01 11:00", "bought");
    story.expect(&["2026-03-01 09:00 entered", "2026-03-01 10:00 ended: on", "2026-03-01 11:00 not entered: paused"]);
    // A paused channel is no reason.
    story.earth.paused = vec!["email"];
    story.at("2026-03-01 12:00", "bought");
    story.expect(&["2026-03-01 12:00 #2 entered"]);
}
