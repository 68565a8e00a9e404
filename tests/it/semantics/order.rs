//! Order: what comes first of one instant, duplicates, late events, newest wins, chains.

use super::harness::{Story, text};
use onward::engine::{CHAIN_MAX, RecordKind};

// ---------------------------------------------------------------- duplicates

#[test]
fn a_message_id_counts_once_before_everything_else() {
    let mut story = Story::of("journey j {\n enter on bought\n enter again always\n}");
    story.identified("2026-03-01 10:00", "2026-03-01 10:00", 7, "bought order=a");
    story.identified("2026-03-01 10:00", "2026-03-01 11:00", 7, "bought order=a");
    story.expect(&["2026-03-01 10:00 entered", "2026-03-01 10:00 ended: finished", "2026-03-01 11:00 duplicate"]);
}

#[test]
fn a_duplicate_counts_in_no_history() {
    let mut story = Story::of("journey j {\n enter on ping\n enter again never\n if has exactly 1 bought {\n  exit \"one\"\n }\n}");
    story.identified("2026-03-01 10:00", "2026-03-01 10:00", 7, "bought");
    story.identified("2026-03-01 10:00", "2026-03-01 10:00", 7, "bought");
    story.at("2026-03-01 12:00", "ping");
    story.expect(&["2026-03-01 10:00 duplicate", "2026-03-01 12:00 entered", "2026-03-01 12:00 ended: one"]);
}

#[test]
fn of_two_bodies_under_one_id_the_first_stands_and_the_conflict_is_counted() {
    let mut story = Story::of("journey j {\n enter on bought\n enter again always\n}");
    story.identified("2026-03-01 10:00", "2026-03-01 10:00", 7, "bought total=5");
    story.identified("2026-03-01 10:00", "2026-03-01 10:00", 7, "bought total=6");
    story.expect(&["2026-03-01 10:00 entered", "2026-03-01 10:00 ended: finished", "2026-03-01 10:00 conflict"]);
}

#[test]
fn an_id_is_known_for_at_least_30_days() {
    let mut story = Story::of("journey j {\n enter on bought\n enter again always\n accept late\n}");
    story.identified("2026-03-01 10:00", "2026-03-01 10:00", 7, "bought");
    // Other ids in between, so that old ones could be let go.
    story.identified("2026-03-20 10:00", "2026-03-20 10:00", 8, "ping");
    story.identified("2026-03-31 10:00", "2026-03-31 10:00", 9, "ping");
    story.identified("2026-03-01 10:00", "2026-03-31 10:00", 7, "bought");
    story.expect(&["2026-03-01 10:00 entered", "2026-03-01 10:00 ended: finished", "2026-03-31 10:00 duplicate"]);
}

// ---------------------------------------------------------------- late events

#[test]
fn a_late_event_counts_where_it_belongs_and_rewinds_no_run() {
    let mut story = Story::of(
        r#"journey j {
          enter on ping
          enter again never
          if has bought in the last 1 day {
            exit "bought"
          }
          wait 3 hours
          if has exactly 2 bought in the last 1 day {
            exit "two"
          }
        }"#,
    );
    story.at("2026-03-01 10:00", "ping");
    // Both happened before the question was asked; it is not asked again.
    story.late("2026-03-01 09:00", "2026-03-01 11:00", "bought").late("2026-03-01 08:00", "2026-03-01 11:00", "bought");
    // This one lies too far back for the window.
    story.late("2026-02-28 12:00", "2026-03-01 11:00", "bought");
    story.until("2026-03-02 00:00").expect(&["2026-03-01 10:00 entered", "2026-03-01 13:00 ended: two"]);
}

#[test]
fn the_latest_is_the_latest_by_own_time() {
    let mut story = Story::of(
        r#"journey j {
          enter on ping
          enter again never
          if latest of bought.total is 2 and earliest of bought.total is 1 {
            exit "by own time"
          }
        }"#,
    );
    story.late("2026-03-01 09:00", "2026-03-01 10:00", "bought total=2").late("2026-03-01 08:00", "2026-03-01 11:00", "bought total=1");
    story.at("2026-03-01 12:00", "ping").expect(&["2026-03-01 12:00 entered", "2026-03-01 12:00 ended: by own time"]);
}

#[test]
fn an_event_older_than_48_hours_starts_no_journey() {
    let journey = "journey j {\n enter on bought\n enter again always\n}";
    let mut story = Story::of(journey);
    story.late("2026-03-01 10:00", "2026-03-03 10:00:00.001", "bought").expect(&["2026-03-03 10:00:00.001 not entered: too late"]);
    story.late("2026-03-01 10:01", "2026-03-03 10:01", "bought");
    story.expect(&["2026-03-03 10:01 entered", "2026-03-03 10:01 ended: finished"]);
}

#[test]
fn unless_the_journey_accepts_late_events() {
    let mut story = Story::of("journey j {\n enter on bought\n enter again always\n accept late\n}");
    story.late("2026-03-01 10:00", "2026-03-09 10:00", "bought");
    story.expect(&["2026-03-09 10:00 entered", "2026-03-09 10:00 ended: finished"]);
}

// ---------------------------------------------------------------- newest wins

const IDLE: &str = "journey j {\n enter on bought\n enter again never\n}";

#[test]
fn attributes_are_newest_wins_one_by_one() {
    let mut story = Story::of(IDLE);
    story.at("2026-03-01 10:00", "customer plan=pro points=1");
    story.late("2026-03-01 11:00", "2026-03-01 12:00", "customer points=2");
    story.late("2026-03-01 10:30", "2026-03-01 12:01", "customer plan=gone points=3");
    assert_eq!(story.attribute("plan"), &text("gone"));
    assert_eq!(story.attribute("points"), &onward::value::Value::Number(2.into()));
}

#[test]
fn consent_is_newest_wins_and_a_withdrawal_beats_a_consent_of_the_same_instant() {
    for order in [["subscribed promo", "unsubscribed promo"], ["unsubscribed promo", "subscribed promo"]] {
        let mut story = Story::of("journey j {\n enter on bought\n enter again always\n send offer\n}");
        story.at("2026-03-01 10:00", order[0]).at("2026-03-01 10:00", order[1]);
        story.at("2026-03-01 12:00", "bought");
        story.late("2026-03-01 09:00", "2026-03-01 12:30", "subscribed promo").at("2026-03-01 13:00", "bought");
        story.late("2026-03-01 10:01", "2026-03-01 13:30", "subscribed promo").at("2026-03-01 14:00", "bought");
        story.late("2026-03-01 09:59", "2026-03-01 14:30", "unsubscribed promo").at("2026-03-01 15:00", "bought");
        let sends: Vec<String> =
            story.records.iter().filter_map(|record| story.line(record)).filter(|line| line.contains("offer")).collect();
        assert_eq!(
            sends,
            [
                "2026-03-01 12:00 skipped offer: no consent",
                "2026-03-01 13:00 #2 skipped offer: no consent",
                "2026-03-01 14:00 #3 sent offer",
                "2026-03-01 15:00 #4 sent offer",
            ]
        );
    }
}

// ---------------------------------------------------------------- the order of one input, 1 to 10

#[test]
fn consent_holds_before_the_entry_that_it_causes() {
    let mut story = Story::of("journey j {\n enter on subscribed to promo\n enter again always\n send offer\n}");
    story.at("2026-03-01 10:00", "subscribed promo");
    story.expect(&["2026-03-01 10:00 entered", "2026-03-01 10:00 sent offer", "2026-03-01 10:00 ended: finished"]);
}

#[test]
fn history_holds_before_the_entry_that_it_causes() {
    let mut story = Story::of("journey j {\n enter on bought where has exactly 2 bought\n enter again always\n}");
    story.at("2026-03-01 10:00", "bought").at("2026-03-01 11:00", "bought").at("2026-03-01 12:00", "bought");
    story.expect(&["2026-03-01 11:00 entered", "2026-03-01 11:00 ended: finished"]);
}

#[test]
fn segments_change_before_goals_and_exits() {
    let mut story = Story::of(
        r#"segment loyal { has at least 2 bought }
        journey j {
          enter on ping
          enter again never
          exit when in segment loyal
          wait up to 10 days for bought otherwise exit "nothing"
          wait 1 day
        }"#,
    );
    story.at("2026-03-01 10:00", "ping").at("2026-03-01 11:00", "bought").at("2026-03-01 12:00", "bought");
    story.expect(&["2026-03-01 10:00 entered", "2026-03-01 12:00 ended: exit when"]);
}

#[test]
fn leaves_come_before_joins() {
    let mut story = Story::of(
        r#"segment a_new { customer.plan is "pro" }
        segment old { customer.plan is "free" }
        journey joins {
          enter when joins segment a_new
          enter again always
        }
        journey leaves {
          enter when leaves segment old
          enter again always
        }"#,
    );
    story.at("2026-03-01 10:00", "ping").at("2026-03-01 11:00", "customer plan=pro");
    story.expect(&[
        "2026-03-01 11:00 leaves entered",
        "2026-03-01 11:00 leaves ended: finished",
        "2026-03-01 11:00 joins entered",
        "2026-03-01 11:00 joins ended: finished",
    ]);
}

#[test]
fn goals_are_judged_before_exits() {
    let mut story = Story::of(
        "journey j {\n enter on ping\n enter again never\n goal bought within 7 days of entry\n exit on bought\n wait 10 days\n}",
    );
    story.at("2026-03-01 10:00", "ping").at("2026-03-02 10:00", "bought");
    story.expect(&["2026-03-01 10:00 entered", "2026-03-02 10:00 goal 0 of 2026-03-02 10:00", "2026-03-02 10:00 ended: exit on"]);
}

#[test]
fn exits_come_before_waiting_steps() {
    let mut story = Story::of(
        r#"journey j {
          enter on ping
          enter again never
          exit on bought where total > 5
          wait up to 10 days for bought otherwise exit "nothing"
          exit "bought"
        }"#,
    );
    story.at("2026-03-01 10:00", "ping").at("2026-03-02 10:00", "bought total=6");
    story.expect(&["2026-03-01 10:00 entered", "2026-03-02 10:00 ended: exit on"]);
}

#[test]
fn restarts_come_before_waiting_steps_and_those_before_entries() {
    // One event: it restarts one run, another one's wait ends and changes her plan, and the third begins because of that.
    let mut story = Story::of(
        r#"journey a_entry {
          enter on bought where customer.plan is "pro"
          enter again never
        }
        journey b_wait {
          enter on ping
          enter again never
          wait up to 10 days for bought otherwise exit "nothing"
          set customer.plan to "pro"
        }
        journey c_restart {
          enter on ping
          enter on bought
          enter again always
          while running restart
          wait 10 days
        }"#,
    );
    story.at("2026-03-01 10:00", "ping").at("2026-03-02 10:00", "bought");
    story.expect(&[
        "2026-03-01 10:00 b_wait entered",
        "2026-03-01 10:00 c_restart entered",
        "2026-03-02 10:00 c_restart ended: restarted",
        "2026-03-02 10:00 c_restart restarted",
        "2026-03-02 10:00 c_restart entered",
        "2026-03-02 10:00 b_wait ended: finished",
        "2026-03-02 10:00 a_entry entered",
        "2026-03-02 10:00 a_entry ended: finished",
    ]);
}

#[test]
fn what_steps_cause_comes_after_the_entries_first_caused_first() {
    let mut story = Story::of(
        r#"journey first {
          enter on bought
          enter again never
          emit ping
          emit pong
          set customer.points to 1
        }
        journey last {
          enter on bought
          enter again never
        }
        journey on_ping {
          enter on ping where customer.points is 1
          enter again never
        }
        journey on_pong {
          enter on pong
          enter again never
        }"#,
    );
    story.at("2026-03-01 10:00", "bought");
    story.expect(&[
        "2026-03-01 10:00 first entered",
        "2026-03-01 10:00 first ended: finished",
        "2026-03-01 10:00 last entered",
        "2026-03-01 10:00 last ended: finished",
        "2026-03-01 10:00 on_ping entered",
        "2026-03-01 10:00 on_ping ended: finished",
        "2026-03-01 10:00 on_pong entered",
        "2026-03-01 10:00 on_pong ended: finished",
    ]);
}

#[test]
fn messages_that_are_ready_come_after_what_steps_cause() {
    // The unsubscription was written behind the send; it still comes first.
    let mut story = Story::of(
        r#"journey j {
          enter on bought
          enter again never
          exit on ping
          send hello without waiting
          emit ping
          wait 1 day
        }"#,
    );
    story.at("2026-03-01 10:00", "bought");
    story.expect(&["2026-03-01 10:00 entered", "2026-03-01 10:00 skipped hello: run ended", "2026-03-01 10:00 ended: exit on"]);
}

#[test]
fn of_one_event_the_branch_that_is_written_first_is_taken() {
    let mut story = Story::of(
        r#"journey j {
          enter on ping
          enter again never
          wait up to 1 day {
            on viewed { exit "viewed" }
            on bought where total > 5 { exit "much" }
            on bought { exit "something" }
            otherwise { }
          }
        }"#,
    );
    story.at("2026-03-01 10:00", "ping").at("2026-03-01 11:00", "bought total=6");
    story.expect(&["2026-03-01 10:00 entered", "2026-03-01 11:00 ended: much"]);
}

#[test]
fn among_runs_the_higher_priority_comes_first_then_the_older_then_the_name() {
    let wait = "enter again never\n wait up to 10 days for pong otherwise exit \"none\"\n";
    let mut story = Story::of(&format!(
        "journey a_low {{\n enter on ping\n priority low\n {wait}}}
        journey b_younger {{\n enter on bought\n {wait}}}
        journey c_older {{\n enter on ping\n {wait}}}
        journey d_high {{\n enter on bought\n priority high\n {wait}}}"
    ));
    story.at("2026-03-01 10:00", "ping").at("2026-03-01 11:00", "bought").at("2026-03-01 12:00", "pong");
    story.expect(&[
        "2026-03-01 10:00 c_older entered",
        "2026-03-01 10:00 a_low entered",
        "2026-03-01 11:00 d_high entered",
        "2026-03-01 11:00 b_younger entered",
        "2026-03-01 12:00 d_high ended: finished",
        "2026-03-01 12:00 c_older ended: finished",
        "2026-03-01 12:00 b_younger ended: finished",
        "2026-03-01 12:00 a_low ended: finished",
    ]);
}

// ---------------------------------------------------------------- a run sees an event once

#[test]
fn what_began_a_run_does_not_also_satisfy_its_wait() {
    let mut story = Story::of(
        r#"journey j {
          enter on bought
          enter again never
          wait up to 1 day for bought since entry otherwise exit "once"
          exit "twice"
        }"#,
    );
    story.at("2026-03-01 10:00", "bought").until("2026-03-03 00:00");
    story.expect(&["2026-03-01 10:00 entered", "2026-03-02 10:00 ended: once"]);
}

#[test]
fn what_began_a_run_is_not_its_goal_and_does_not_end_it() {
    let mut story = Story::of(
        "journey j {\n enter on bought\n enter again never\n goal bought within 7 days of entry\n exit on bought\n wait 1 day\n}",
    );
    story.at("2026-03-01 10:00", "bought").until("2026-03-03 00:00");
    story.expect(&["2026-03-01 10:00 entered", "2026-03-02 10:00 ended: finished"]);
}

#[test]
fn what_restarted_or_updated_a_run_does_not_also_satisfy_its_wait() {
    for (how, expected) in [
        (
            "restart",
            &[
                "2026-03-01 10:00 entered",
                "2026-03-01 11:00 ended: restarted",
                "2026-03-01 11:00 #2 restarted",
                "2026-03-01 11:00 #2 entered",
                "2026-03-02 11:00 #2 ended: none",
            ][..],
        ),
        ("update entry", &["2026-03-01 10:00 entered", "2026-03-01 11:00 entry updated", "2026-03-02 10:00 ended: none"][..]),
    ] {
        let mut story = Story::of(&format!(
            "journey j {{\n enter on bought\n enter again never\n while running {how}\n wait up to 1 day for bought otherwise exit \"none\"\n}}"
        ));
        story.at("2026-03-01 10:00", "bought").at("2026-03-01 11:00", "bought").until("2026-03-04 00:00");
        story.expect(expected);
    }
}

#[test]
fn a_step_never_takes_the_same_event_twice() {
    let mut story = Story::of(
        r#"journey j {
          enter on ping
          enter again never
          wait 1 hour
          repeat up to 2 times {
            wait up to 1 day {
              on bought since entry { increase customer.points by 1 }
              otherwise { exit "no second" }
            }
          }
          exit "two"
        }"#,
    );
    story.at("2026-03-01 10:00", "ping").at("2026-03-01 10:30", "bought").until("2026-03-03 00:00");
    story.expect(&["2026-03-01 10:00 entered", "2026-03-02 11:00 ended: no second"]);
}

// ---------------------------------------------------------------- truth of the moment, chains

#[test]
fn conditions_read_what_the_run_has_just_set_and_the_joins_follow() {
    let mut story = Story::of(
        r#"segment pros { customer.plan is "pro" }
        journey setter {
          enter on bought
          enter again never
          set customer.plan to "pro"
          if in segment pros {
            exit "is a pro"
          }
        }
        journey welcome {
          enter when joins segment pros
          enter again never
        }"#,
    );
    story.at("2026-03-01 10:00", "ping").at("2026-03-01 11:00", "bought");
    story.expect(&[
        "2026-03-01 11:00 setter entered",
        "2026-03-01 11:00 setter ended: is a pro",
        "2026-03-01 11:00 welcome entered",
        "2026-03-01 11:00 welcome ended: finished",
    ]);
}

#[test]
fn a_chain_of_more_than_100_is_cut_and_what_happened_before_stays() {
    let mut story = Story::of(
        r#"journey ping_pong {
          enter on ping where customer.points < 1000
          one run per event
          increase customer.points by 1
          emit pong
        }
        journey pong_ping {
          enter on pong where customer.points < 1000
          one run per event
          increase customer.points by 1
          emit ping
        }"#,
    );
    story.at("2026-03-01 10:00", "ping");
    let cut = story.records.iter().filter(|record| record.kind == RecordKind::ChainCut).count();
    assert_eq!(cut, 1);
    // The first one came from outside.
    assert_eq!(story.attribute("points"), &onward::value::Value::Number((u64::from(CHAIN_MAX) + 1).into()));
}
