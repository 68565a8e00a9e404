//! Runs: who begins one, keys, exits, goals, waits with branches.

use super::harness::{Story, moments, text};
use onward::engine::Input;
use onward::engine::InputKind;

// ---------------------------------------------------------------- enter again

#[test]
fn without_a_key_a_customer_is_in_a_journey_at_most_once() {
    let mut story = Story::of("journey j {\n enter on bought\n enter again always\n wait 1 day\n}");
    story.at("2026-03-01 10:00", "bought").at("2026-03-01 11:00", "bought").at("2026-03-03 11:00", "bought");
    story.expect(&[
        "2026-03-01 10:00 entered",
        "2026-03-01 11:00 not entered: already running",
        "2026-03-02 10:00 ended: finished",
        "2026-03-03 11:00 #2 entered",
    ]);
}

#[test]
fn enter_again_never_is_never() {
    let mut story = Story::of("journey j {\n enter on bought\n enter again never\n}");
    story.at("2026-03-01 10:00", "bought").at("2036-03-01 10:00", "bought");
    story.expect(&["2026-03-01 10:00 entered", "2026-03-01 10:00 ended: finished", "2036-03-01 10:00 not entered: entered before"]);
}

#[test]
fn enter_again_exactly_that_long_after_the_entry_is_allowed() {
    let mut story = Story::of("journey j {\n enter on bought\n enter again 7 days after entry\n wait 2 days\n}");
    story.at("2026-03-01 10:00", "bought").at("2026-03-08 09:59:59.999", "bought").at("2026-03-08 10:00", "bought");
    story.expect(&[
        "2026-03-01 10:00 entered",
        "2026-03-03 10:00 ended: finished",
        "2026-03-08 09:59:59.999 not entered: too soon",
        "2026-03-08 10:00 #2 entered",
    ]);
}

#[test]
fn enter_again_exactly_that_long_after_the_end_is_allowed() {
    let mut story = Story::of("journey j {\n enter on bought\n enter again 7 days after the end\n exit on ping\n wait 2 days\n}");
    // However it ended.
    story.at("2026-03-01 10:00", "bought").at("2026-03-02 10:00", "ping");
    story.at("2026-03-09 09:59:59.999", "bought").at("2026-03-09 10:00", "bought");
    story.expect(&[
        "2026-03-01 10:00 entered",
        "2026-03-02 10:00 ended: exit on",
        "2026-03-09 09:59:59.999 not entered: too soon",
        "2026-03-09 10:00 #2 entered",
    ]);
}

#[test]
fn enter_again_counts_per_key() {
    let mut story = Story::of("journey j {\n enter on bought\n one run per order\n enter again 7 days after entry\n}");
    story.at("2026-03-01 10:00", "bought order=a").at("2026-03-02 10:00", "bought order=b").at("2026-03-03 10:00", "bought order=a");
    story.expect(&[
        "2026-03-01 10:00 entered",
        "2026-03-01 10:00 ended: finished",
        "2026-03-02 10:00 #2 entered",
        "2026-03-02 10:00 #2 ended: finished",
        "2026-03-03 10:00 not entered: too soon",
    ]);
}

#[test]
fn a_keyed_journey_lets_each_key_in_once() {
    let mut story = Story::of("journey j {\n enter on bought\n one run per order\n}");
    story.at("2026-03-01 10:00", "bought order=a").at("2026-03-02 10:00", "bought order=a");
    story.expect(&["2026-03-01 10:00 entered", "2026-03-01 10:00 ended: finished", "2026-03-02 10:00 not entered: entered before"]);
}

#[test]
fn one_run_per_event_begins_one_for_each() {
    let mut story = Story::of("journey j {\n enter on bought\n one run per event\n wait 1 day\n}");
    story.at("2026-03-01 10:00", "bought").at("2026-03-01 10:00", "bought");
    story.expect(&["2026-03-01 10:00 entered", "2026-03-01 10:00 #2 entered"]);
    assert_eq!(story.live(), 2);
}

#[test]
fn a_missing_key_starts_nothing() {
    let mut story = Story::of("journey j {\n enter on viewed\n one run per order\n wait 1 day\n}");
    story.at("2026-03-01 10:00", "viewed item=a").expect(&["2026-03-01 10:00 not entered: no key"]);
}

// ---------------------------------------------------------------- the begin

#[test]
fn a_run_begins_at_the_own_time_of_what_began_it() {
    let mut story = Story::of(
        r#"journey j {
          enter on bought
          enter again never
          goal viewed within 1 hour of entry
          wait 1 day
        }"#,
    );
    // The waits count from when the step is done, the goal from the begin.
    story.late("2026-03-01 09:00", "2026-03-01 10:00", "bought");
    story.at("2026-03-01 10:01", "viewed").late("2026-03-01 10:00", "2026-03-01 10:02", "viewed").until("2026-03-03 00:00");
    story.expect(&["2026-03-01 10:00 entered", "2026-03-01 10:02 goal 0 of 2026-03-01 10:00", "2026-03-02 10:00 ended: finished"]);
}

#[test]
fn what_happened_before_the_begin_does_not_touch_the_run() {
    let mut story = Story::of(
        r#"journey j {
          enter on bought
          enter again never
          goal viewed within 7 days of entry
          exit on returned
          wait up to 1 day {
            on ping since entry { exit "ping" }
            otherwise { }
          }
        }"#,
    );
    story.at("2026-03-01 10:00", "bought");
    for what in ["viewed", "returned", "ping"] {
        story.late("2026-03-01 09:59", "2026-03-01 11:00", what);
    }
    story.until("2026-03-03 00:00").expect(&["2026-03-01 10:00 entered", "2026-03-02 10:00 ended: finished"]);
}

#[test]
fn an_exit_that_is_known_already_and_later_than_the_begin_starts_no_run() {
    let mut story = Story::of("journey j {\n enter on bought\n enter again always\n exit on returned\n wait 1 day\n}");
    // They arrive in reverse.
    story.late("2026-03-01 10:10", "2026-03-01 10:20", "returned").late("2026-03-01 10:00", "2026-03-01 10:30", "bought");
    story.expect(&["2026-03-01 10:30 not entered: already over"]);
    // A purchase after the return is another story.
    story.late("2026-03-01 10:15", "2026-03-01 10:40", "bought").expect(&["2026-03-01 10:40 entered"]);
}

#[test]
fn a_known_exit_of_another_key_does_not_matter() {
    let mut story = Story::of("journey j {\n enter on bought\n one run per order\n exit on returned for the same order\n wait 1 day\n}");
    story.late("2026-03-01 10:10", "2026-03-01 10:20", "returned order=a");
    story.late("2026-03-01 10:00", "2026-03-01 10:30", "bought order=a").late("2026-03-01 10:00", "2026-03-01 10:30", "bought order=b");
    story.expect(&["2026-03-01 10:30 not entered: already over", "2026-03-01 10:30 entered"]);
}

#[test]
fn exit_when_and_only_while_are_judged_at_the_entry() {
    for guard in ["exit when customer.plan is \"pro\"", "only while customer.plan is not \"pro\""] {
        let mut story = Story::of(&format!("journey j {{\n enter on bought\n enter again always\n {guard}\n wait 1 day\n}}"));
        story.knows("plan=pro").at("2026-03-01 10:00", "bought").expect(&["2026-03-01 10:00 not entered: not for her"]);
    }
}

// ---------------------------------------------------------------- while a run is live

#[test]
fn while_running_restart_ends_the_run_cancels_its_messages_and_begins_anew() {
    let mut story = Story::of(
        r#"policy { quiet hours 21:00 to 08:00 then wait }
        journey j {
          enter on bought
          enter again never
          while running restart
          send points(points: entry.total)
        }"#,
    );
    story.at("2026-03-01 22:00", "bought total=1").at("2026-03-01 23:00", "bought total=2").until("2026-03-02 12:00");
    story.expect(&[
        "2026-03-01 22:00 entered",
        "2026-03-01 22:00 held points until 2026-03-02 08:00: quiet hours",
        "2026-03-01 23:00 skipped points: run ended",
        "2026-03-01 23:00 ended: restarted",
        "2026-03-01 23:00 #2 restarted",
        "2026-03-01 23:00 #2 entered",
        "2026-03-01 23:00 #2 held points until 2026-03-02 08:00: quiet hours",
        "2026-03-02 08:00 #2 sent points",
        "2026-03-02 08:00 #2 ended: finished",
    ]);
}

#[test]
fn while_running_update_entry_computes_again_what_reads_it_and_moves_nothing_else() {
    let mut story = Story::of(
        r#"journey j {
          enter on booked
          one run per order
          while running update entry
          goal viewed within 2 days of entry for any order
          wait until 1 day before entry.at_moment or exit if past or exit if missing
          exit "there"
        }"#,
    );
    story.at("2026-03-01 10:00", "booked at_moment=2026-03-20T12:00");
    story.at("2026-03-02 10:00", "booked at_moment=2026-03-10T12:00");
    // Still counted from the begin, not from the update.
    story.at("2026-03-03 10:00:01", "viewed").until("2026-04-01 00:00");
    story.expect(&["2026-03-01 10:00 entered", "2026-03-02 10:00 entry updated", "2026-03-09 12:00 ended: there"]);
}

#[test]
fn an_update_into_the_past_takes_the_rule_of_the_wait() {
    let mut story = Story::of(
        r#"journey j {
          enter on booked
          one run per order
          while running update entry
          wait until 1 day before entry.at_moment or exit if past or exit if missing
        }"#,
    );
    story.at("2026-03-01 10:00", "booked at_moment=2026-03-20T12:00").at("2026-03-02 10:00", "booked at_moment=2026-03-03T09:00");
    story.expect(&["2026-03-01 10:00 entered", "2026-03-02 10:00 entry updated", "2026-03-02 10:00 ended: or exit"]);
}

// ---------------------------------------------------------------- keys

#[test]
fn for_the_same_key_and_for_any_key() {
    let mut story = Story::of(
        r#"journey j {
          enter on bought
          one run per order
          exit on returned for the same order
          wait up to 9 days {
            on viewed for the same order { exit "same" }
            on ping for any order { exit "any" }
            otherwise { }
          }
        }"#,
    );
    story.at("2026-03-01 10:00", "bought order=a").at("2026-03-01 10:00", "bought order=b").at("2026-03-01 10:00", "bought order=c");
    // Without the key it matches no run.
    story.at("2026-03-02 10:00", "viewed");
    story.at("2026-03-03 10:00", "viewed order=b").at("2026-03-04 10:00", "returned order=a").at("2026-03-05 10:00", "ping");
    story.expect(&[
        "2026-03-01 10:00 entered",
        "2026-03-01 10:00 #2 entered",
        "2026-03-01 10:00 #3 entered",
        "2026-03-03 10:00 #2 ended: same",
        "2026-03-04 10:00 ended: exit on",
        "2026-03-05 10:00 #3 ended: any",
    ]);
}

#[test]
fn has_never_follows_the_key() {
    let mut story = Story::of(
        r#"journey j {
          enter on bought
          one run per order
          wait 1 day
          if has returned since entry {
            exit "any of hers"
          }
        }"#,
    );
    story.at("2026-03-01 10:00", "bought order=a").at("2026-03-01 11:00", "returned order=z").until("2026-03-03 00:00");
    story.expect(&["2026-03-01 10:00 entered", "2026-03-02 10:00 ended: any of hers"]);
}

#[test]
fn message_events_match_the_run_that_sent_the_message() {
    let mut story = Story::of(
        r#"journey j {
          enter on bought
          one run per order
          send hello
          wait up to 9 days {
            on clicked hello { exit "clicked" }
            otherwise { }
          }
        }"#,
    );
    story.at("2026-03-01 10:00", "bought order=a").at("2026-03-01 11:00", "bought order=b").at("2026-03-01 12:00", "clicked hello");
    story.expect(&[
        "2026-03-01 10:00 entered",
        "2026-03-01 10:00 sent hello",
        "2026-03-01 11:00 #2 entered",
        "2026-03-01 11:00 #2 sent hello",
        "2026-03-01 12:00 #2 ended: clicked",
    ]);
}

#[test]
fn has_clicked_looks_at_all_messages() {
    let mut story = Story::of(
        r#"journey j {
          enter on bought
          one run per order
          if has clicked hello {
            exit "clicked one"
          }
          send hello
        }"#,
    );
    story.at("2026-03-01 10:00", "bought order=a").at("2026-03-01 11:30", "clicked hello").at("2026-03-01 12:00", "bought order=b");
    assert_eq!(moments(&story, "clicked one"), ["2026-03-01 12:00 #2 ended: clicked one"]);
}

#[test]
fn messages_that_the_journey_never_sends_match_whatever_run_sent_them() {
    let mut story = Story::of(
        r#"journey sender {
          enter on bought
          enter again always
          send hello
        }
        journey named {
          enter on ping
          enter again never
          wait up to 9 days for clicked hello otherwise exit "none"
        }
        journey any {
          enter on ping
          enter again never
          wait up to 9 days for clicked any message otherwise exit "none"
        }"#,
    );
    story.at("2026-03-01 10:00", "ping").at("2026-03-01 11:00", "bought").at("2026-03-01 12:00", "clicked hello");
    assert_eq!(moments(&story, "12:00"), ["2026-03-01 12:00 any ended: finished", "2026-03-01 12:00 named ended: finished"]);
}

#[test]
fn events_about_a_send_count_from_that_send_and_others_from_when_the_wait_begins() {
    let mut story = Story::of(
        r#"journey j {
          enter on bought
          enter again never
          send hello
          wait 1 day
          wait up to 1 day {
            on viewed { exit "viewed" }
            on clicked hello { exit "clicked" }
            otherwise { exit "neither" }
          }
        }"#,
    );
    story.at("2026-03-01 10:00", "bought").at("2026-03-01 11:00", "viewed").at("2026-03-01 12:00", "clicked hello");
    story.until("2026-03-04 00:00");
    assert_eq!(moments(&story, "ended"), ["2026-03-02 10:00 ended: clicked"]);
}

// ---------------------------------------------------------------- entry and bindings

#[test]
fn let_is_a_copy_and_entry_is_what_began_the_run() {
    let mut story = Story::of(
        r#"journey j {
          enter on bought
          enter again never
          let before be customer.points
          set customer.points to 7
          if before is 3 and customer.points is 7 and entry.total is 5 {
            exit "a copy"
          }
        }"#,
    );
    story.knows("points=3").at("2026-03-01 10:00", "bought total=5");
    story.expect(&["2026-03-01 10:00 entered", "2026-03-01 10:00 ended: a copy"]);
}

#[test]
fn as_names_the_first_event_that_met_the_branch() {
    let mut story = Story::of(
        r#"journey j {
          enter on ping
          enter again never
          wait the full 1 day, then first listed of {
            on pong { exit "pong" }
            on bought as order {
              if order.total is 1 { exit "the first" }
              exit "a later one"
            }
            otherwise { }
          }
        }"#,
    );
    story.at("2026-03-01 10:00", "ping").at("2026-03-01 11:00", "bought total=1").at("2026-03-01 12:00", "bought total=2");
    story.until("2026-03-03 00:00").expect(&["2026-03-01 10:00 entered", "2026-03-02 10:00 ended: the first"]);
}

#[test]
fn let_or_exit_if_missing_ends_the_run() {
    let mut story =
        Story::of("journey j {\n enter on bought\n enter again never\n let number be customer.phone or exit if missing\n send hello\n}");
    story.at("2026-03-01 10:00", "bought").expect(&["2026-03-01 10:00 entered", "2026-03-01 10:00 ended: or exit"]);
}

// ---------------------------------------------------------------- what a run changes, and starts

#[test]
fn a_journey_that_is_started_begins_in_the_same_instant_with_its_parameters() {
    let mut story = Story::of(
        r#"journey starter {
          enter on bought
          enter again never
          start journey follow_up(amount: entry.total)
          set customer.plan to "pro"
        }
        journey follow_up(amount number) {
          enter when requested
          enter again always
          if entry.amount is 5 and customer.plan is "pro" {
            exit "five"
          }
        }"#,
    );
    story.at("2026-03-01 10:00", "bought total=5");
    story.expect(&[
        "2026-03-01 10:00 starter entered",
        "2026-03-01 10:00 starter ended: finished",
        "2026-03-01 10:00 follow_up entered",
        "2026-03-01 10:00 follow_up ended: five",
    ]);
    assert_eq!(story.attribute("plan"), &text("pro"));
}

#[test]
fn a_repeat_counts_afresh_whenever_it_is_entered() {
    let mut story = Story::of(
        r#"journey j {
          enter on bought
          enter again never
          repeat up to 2 times {
            repeat up to 3 times {
              increase customer.points by 1
              wait 1 hour
            }
          }
        }"#,
    );
    story.at("2026-03-01 10:00", "bought").until("2026-03-02 00:00");
    assert_eq!(story.attribute("points"), &onward::value::Value::Number(6.into()));
    story.expect(&["2026-03-01 10:00 entered", "2026-03-01 16:00 ended: finished"]);
}

#[test]
fn in_journey_is_true_while_a_run_is_live() {
    let mut story = Story::of(
        r#"segment inside { in journey long }
        journey long {
          enter on bought
          enter again never
          wait 2 days
        }
        journey told {
          enter when leaves segment inside
          enter again never
        }"#,
    );
    story.at("2026-03-01 10:00", "bought").until("2026-03-04 00:00");
    assert_eq!(moments(&story, "told entered"), ["2026-03-03 10:00 told entered"]);
}

#[test]
fn a_touch_that_comes_too_often_changes_nothing() {
    let mut story = Story::of("journey j {\n enter on bought\n enter again never\n wait 1 hour\n send hello\n}");
    story.at("2026-03-01 10:00", "bought");
    let now = story.moment("2026-03-01 11:00");
    for _ in 0..3 {
        story.handle(Input { now, id: 0, kind: InputKind::Touch });
    }
    story.expect(&["2026-03-01 10:00 entered", "2026-03-01 11:00 sent hello", "2026-03-01 11:00 ended: finished"]);
}
