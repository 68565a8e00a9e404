//! Time: instants, ties, civil time, zones, dates.

use super::harness::Story;
use onward::calendar::Zone;
use onward::engine::{Input, InputKind, RecordKind};

// ---------------------------------------------------------------- ties

#[test]
fn an_event_beats_the_deadline_of_its_instant() {
    let mut story = Story::of(
        r#"journey j {
          enter on bought
          enter again never
          wait up to 2 hours for viewed otherwise exit "too late"
          exit "in time"
        }"#,
    );
    story.at("2026-03-01 10:00", "bought").at("2026-03-01 12:00", "viewed").until("2026-03-01 12:00");
    story.expect(&["2026-03-01 10:00 entered", "2026-03-01 12:00 ended: in time"]);
}

#[test]
fn a_millisecond_after_the_deadline_is_too_late() {
    let mut story = Story::of(
        r#"journey j {
          enter on bought
          enter again never
          wait up to 2 hours for viewed otherwise exit "too late"
          exit "in time"
        }"#,
    );
    story.at("2026-03-01 10:00", "bought").at("2026-03-01 12:00:00.001", "viewed");
    story.expect(&["2026-03-01 10:00 entered", "2026-03-01 12:00 ended: too late"]);
}

#[test]
fn what_is_due_before_an_input_comes_first_in_due_order() {
    let mut story = Story::of(
        r#"journey slow {
          enter on bought
          enter again never
          wait 3 hours
          send third
        }
        journey quick {
          enter on bought
          enter again never
          wait 1 hour
          send hello
        }
        journey later {
          enter on ping
          enter again never
          send second
        }"#,
    );
    story.at("2026-03-01 10:00", "bought").at("2026-03-01 12:00", "ping").at("2026-03-01 14:00", "pong");
    story.expect(&[
        "2026-03-01 10:00 quick entered",
        "2026-03-01 10:00 slow entered",
        "2026-03-01 11:00 quick sent hello",
        "2026-03-01 11:00 quick ended: finished",
        "2026-03-01 12:00 later entered",
        "2026-03-01 12:00 later sent second",
        "2026-03-01 12:00 later ended: finished",
        "2026-03-01 13:00 slow sent third",
        "2026-03-01 13:00 slow ended: finished",
    ]);
}

#[test]
fn nothing_is_handled_early() {
    let mut story = Story::of(
        r#"journey j {
          enter on bought
          enter again never
          wait 2 hours
          send hello
        }"#,
    );
    story.at("2026-03-01 10:00", "bought");
    for early in ["2026-03-01 10:30", "2026-03-01 11:59:59", "2026-03-01 11:59:59.999"] {
        let now = story.moment(early);
        story.handle(Input { now, id: 0, kind: InputKind::Touch });
    }
    story.expect(&["2026-03-01 10:00 entered"]);
    story.until("2026-03-01 12:00").expect(&["2026-03-01 12:00 sent hello", "2026-03-01 12:00 ended: finished"]);
}

// ---------------------------------------------------------------- own time and handling time

#[test]
fn an_own_time_in_the_future_is_cut_to_the_arrival() {
    let mut story = Story::of(
        r#"journey j {
          enter on bought
          enter again never
          wait 1 hour
          if has bought in the last 1 hours {
            exit "just inside"
          }
        }"#,
    );
    story.late("2026-03-01 18:00", "2026-03-01 10:00", "bought");
    assert_eq!(story.row.runs[0].begin, story.moment("2026-03-01 10:00"));
    story.until("2026-03-01 20:00").expect(&["2026-03-01 10:00 entered", "2026-03-01 11:00 ended: finished"]);
}

#[test]
fn handling_time_never_runs_back() {
    let mut story = Story::of("journey j {\n enter on bought\n enter again never\n wait 1 hour\n send hello\n}");
    story.at("2026-03-01 10:00", "ping");
    let kind = InputKind::Event {
        event: story.plan().schema.event("bought").unwrap(),
        at: story.moment("2026-03-01 09:00"),
        fields: story.plan().schema.events[0].fields.iter().map(|field| field.default.clone()).collect(),
    };
    let now = story.moment("2026-03-01 09:00");
    story.handle(Input { now, id: 0, kind });
    story.until("2026-03-02 00:00");
    story.expect(&["2026-03-01 10:00 entered", "2026-03-01 11:00 sent hello", "2026-03-01 11:00 ended: finished"]);
}

#[test]
fn in_the_last_leaves_out_what_lies_exactly_that_far_back() {
    let mut story = Story::of(
        r#"journey j {
          enter on ping
          enter again always
          if has bought in the last 2 days {
            exit "in"
          }
          exit "out"
        }"#,
    );
    story.at("2026-03-01 10:00", "bought");
    story.at("2026-03-03 09:59:59.999", "ping").at("2026-03-03 10:00", "ping");
    story.expect(&[
        "2026-03-03 09:59:59.999 entered",
        "2026-03-03 09:59:59.999 ended: in",
        "2026-03-03 10:00 #2 entered",
        "2026-03-03 10:00 #2 ended: out",
    ]);
}

#[test]
fn within_includes_its_last_instant() {
    let journey = "journey j {\n enter on bought\n enter again never\n goal viewed within 2 days of entry\n wait 10 days\n}";
    let mut story = Story::of(journey);
    story.at("2026-03-01 10:00", "bought").at("2026-03-03 10:00", "viewed");
    story.expect(&["2026-03-01 10:00 entered", "2026-03-03 10:00 goal 0 of 2026-03-03 10:00"]);
    let mut story = Story::of(journey);
    story.at("2026-03-01 10:00", "bought").at("2026-03-03 10:00:00.001", "viewed");
    story.expect(&["2026-03-01 10:00 entered"]);
}

#[test]
fn since_a_moment_includes_the_moment() {
    let mut story = Story::of(
        r#"journey j {
          enter on ping
          enter again never
          if has exactly 1 bought since 2026-03-01 {
            exit "one"
          }
        }"#,
    );
    story.at("2026-02-28 23:59:59.999", "bought").at("2026-03-01 00:00", "bought").at("2026-03-05 10:00", "ping");
    story.expect(&["2026-03-05 10:00 entered", "2026-03-05 10:00 ended: one"]);
}

// ---------------------------------------------------------------- lateness

const TWO_WAITS: &str = "journey j {\n enter on bought\n enter again never\n wait 1 hour\n wait 1 hour\n exit \"there\"\n}";

#[test]
fn a_minute_late_counts_as_on_time_so_waits_do_not_drift() {
    let mut story = Story::of(TWO_WAITS);
    story.at("2026-03-01 10:00", "bought").wakes_up_at("2026-03-01 11:01").until("2026-03-01 13:00");
    story.expect(&["2026-03-01 10:00 entered", "2026-03-01 12:00 ended: there"]);
}

#[test]
fn later_than_a_minute_counts_when_it_is_handled() {
    let mut story = Story::of(TWO_WAITS);
    story.at("2026-03-01 10:00", "bought").wakes_up_at("2026-03-01 11:01:01").until("2026-03-01 13:00");
    story.expect(&["2026-03-01 10:00 entered", "2026-03-01 12:01:01 ended: there"]);
}

#[test]
fn after_an_outage_what_is_overdue_is_worked_off_oldest_first() {
    let mut story = Story::of(
        "journey a {\n enter on bought\n enter again never\n wait 3 hours\n send third\n}
        journey b {\n enter on bought\n enter again never\n wait 2 hours\n send hello\n}",
    );
    story.at("2026-03-01 10:00", "bought").wakes_up_at("2026-03-01 15:00");
    story.expect(&[
        "2026-03-01 10:00 a entered",
        "2026-03-01 10:00 b entered",
        "2026-03-01 15:00 b sent hello",
        "2026-03-01 15:00 b ended: finished",
        "2026-03-01 15:00 a sent third",
        "2026-03-01 15:00 a ended: finished",
    ]);
}

// ---------------------------------------------------------------- civil time

/// What becomes of a wait in Berlin, where clocks go forward on 29 March 2026 at 02:00 and back on 25 October at 03:00.
fn berlin(begin: &str, wait: &str) -> String {
    let mut story = Story::of(&format!(
        "policy {{ timezone \"Europe/Berlin\" }}\njourney j {{\n enter on bought\n enter again never\n {wait}\n exit \"there\"\n}}"
    ));
    story.at(begin, "bought");
    let due = story.row.wake;
    story.until("2027-12-31 00:00");
    let ended = story.records.iter().find(|record| matches!(record.kind, RecordKind::Ended(_))).unwrap().at;
    assert_eq!(ended, due);
    Zone::UTC.local(due).format("%m-%d %H:%MZ").to_string()
}

#[test]
fn days_keep_the_local_time_when_the_clocks_change_and_hours_are_elapsed() {
    assert_eq!(berlin("2026-03-28 10:00", "wait 1 day"), "03-29 08:00Z");
    assert_eq!(berlin("2026-03-28 10:00", "wait 24 hours"), "03-29 09:00Z");
    assert_eq!(berlin("2026-10-24 10:00", "wait 1 day"), "10-25 09:00Z");
    assert_eq!(berlin("2026-10-24 10:00", "wait 24 hours"), "10-25 08:00Z");
    assert_eq!(berlin("2026-03-28 10:00", "wait up to 1 day for viewed otherwise exit \"none\""), "03-29 08:00Z");
}

#[test]
fn a_local_time_in_the_gap_is_the_first_instant_after_it() {
    assert_eq!(berlin("2026-03-28 02:30", "wait 1 day"), "03-29 01:00Z");
    assert_eq!(berlin("2026-03-28 12:00", "wait until 02:30"), "03-29 01:00Z");
}

#[test]
fn a_local_time_that_comes_twice_is_the_first() {
    assert_eq!(berlin("2026-10-24 02:30", "wait 1 day"), "10-25 00:30Z");
    assert_eq!(berlin("2026-10-24 12:00", "wait until 02:30"), "10-25 00:30Z");
}

#[test]
fn a_clock_time_that_comes_twice_is_not_waited_for_again_between() {
    // 02:30 was there at 00:30Z; at 01:10Z the clocks say 02:10 once more, and the next 02:30 is tomorrow's.
    assert_eq!(berlin("2026-10-25 01:10Z", "wait until 02:30"), "10-26 01:30Z");
}

#[test]
fn the_calendar_part_comes_first_then_the_hours() {
    // Tomorrow 01:30, then two hours: the one from 02:00 to 03:00 is not there.
    assert_eq!(berlin("2026-03-28 01:30", "wait 1 day 2 hours"), "03-29 02:30Z");
    // A day after 10:00 is 10:00; hours first would have changed nothing here but in the night they do.
    assert_eq!(berlin("2026-03-28 23:30", "wait 1 day 3 hours"), "03-30 00:30Z");
}

#[test]
fn a_month_step_lands_on_the_last_day() {
    assert_eq!(berlin("2027-01-31 10:00", "wait 1 month"), "02-28 09:00Z");
    assert_eq!(berlin("2027-01-31 10:00", "wait 2 months"), "03-31 08:00Z");
}

#[test]
fn backward_windows_and_cool_downs_are_exact() {
    // The night is an hour short: at 10:30 only 23 and a half hours went by.
    let mut story = Story::of(
        r#"policy { timezone "Europe/Berlin" }
        journey again {
          enter on bought
          enter again 1 day after entry
        }
        journey window {
          enter on ping
          enter again always
          if has viewed in the last 1 day {
            exit "in"
          }
          exit "out"
        }"#,
    );
    story.at("2026-03-28 10:00", "bought").at("2026-03-28 10:00", "viewed");
    story.at("2026-03-29 10:30", "bought").at("2026-03-29 10:30", "ping");
    story.at("2026-03-29 11:00", "bought").at("2026-03-29 11:00", "ping");
    story.expect(&[
        "2026-03-28 10:00 again entered",
        "2026-03-28 10:00 again ended: finished",
        "2026-03-29 10:30 again not entered: too soon",
        "2026-03-29 10:30 window entered",
        "2026-03-29 10:30 window ended: in",
        "2026-03-29 11:00 again entered",
        "2026-03-29 11:00 again ended: finished",
        "2026-03-29 11:00 window entered",
        "2026-03-29 11:00 window ended: out",
    ]);
}

// ---------------------------------------------------------------- windows of the clock

fn goes_at(begin: &str, wait: &str) -> String {
    let mut story = Story::of(&format!("journey j {{\n enter on bought\n enter again never\n {wait}\n exit \"there\"\n}}"));
    story.at(begin, "bought").until("2027-12-31 00:00");
    let ended = story.records.iter().find(|record| matches!(record.kind, RecordKind::Ended(_))).unwrap().at;
    story.show(ended)
}

#[test]
fn an_overnight_window_belongs_to_the_weekday_on_which_it_starts() {
    // 2026-03-06 is a Friday.
    let wait = "wait until it is 22:00 to 06:00 on friday";
    assert_eq!(goes_at("2026-03-06 21:00", wait), "2026-03-06 22:00");
    assert_eq!(goes_at("2026-03-07 03:00", wait), "2026-03-07 03:00");
    assert_eq!(goes_at("2026-03-06 03:00", wait), "2026-03-06 22:00");
    assert_eq!(goes_at("2026-03-07 06:00", wait), "2026-03-13 22:00");
}

#[test]
fn a_window_takes_its_begin_and_not_its_end() {
    let wait = "wait until it is 09:00 to 18:00";
    assert_eq!(goes_at("2026-03-06 09:00", wait), "2026-03-06 09:00");
    assert_eq!(goes_at("2026-03-06 17:59:59", wait), "2026-03-06 17:59:59");
    assert_eq!(goes_at("2026-03-06 18:00", wait), "2026-03-07 09:00");
}

#[test]
fn a_clock_time_that_is_now_is_not_waited_for() {
    assert_eq!(goes_at("2026-03-06 09:00", "wait until 09:00"), "2026-03-06 09:00");
    assert_eq!(goes_at("2026-03-06 09:00:01", "wait until 09:00"), "2026-03-07 09:00");
    assert_eq!(goes_at("2026-03-06 09:00", "wait until monday at 09:00"), "2026-03-09 09:00");
    assert_eq!(goes_at("2026-03-06 09:30", "wait 2 days, until 10:00"), "2026-03-08 10:00");
    assert_eq!(goes_at("2026-03-06 10:30", "wait 2 days, until 10:00"), "2026-03-09 10:00");
}

#[test]
fn weekdays_are_the_customers_weekdays() {
    let mut story =
        Story::of("journey j {\n enter on bought\n enter again never\n wait until it is 00:00 to 12:00 on monday\n exit \"monday\"\n}");
    story.knows("timezone=Pacific/Auckland");
    // Sunday evening here is Monday morning there.
    story.at("2026-03-07 10:00", "bought").until("2026-03-20 00:00");
    story.expect(&["2026-03-07 10:00 entered", "2026-03-08 11:00 ended: monday"]);
}

// ---------------------------------------------------------------- what a wait reads may change

#[test]
fn a_wait_for_a_local_time_is_computed_again_when_the_zone_changes() {
    let mut story = Story::of("journey j {\n enter on bought\n enter again never\n wait until 09:00\n send hello\n}");
    story.at("2026-03-01 08:00", "bought").at("2026-03-01 08:10", "customer timezone=Asia/Bangkok").until("2026-03-05 00:00");
    // In Bangkok it was 15:00 when the wait began; the next 09:00 there is 02:00 here.
    story.expect(&["2026-03-01 08:00 entered", "2026-03-02 02:00 sent hello", "2026-03-02 02:00 ended: finished"]);
}

#[test]
fn what_is_past_after_the_zone_changed_fires_at_once() {
    let mut story = Story::of("journey j {\n enter on bought\n enter again never\n wait until 18:00\n send hello\n}");
    story.knows("timezone=Asia/Bangkok");
    // 15:00 in Bangkok, so 18:00 is at 11:00 here; in Tokyo it was 17:00 then, and 18:00 was at 09:00 here.
    story.at("2026-03-01 08:00", "bought").at("2026-03-01 10:00", "customer timezone=Asia/Tokyo").until("2026-03-05 00:00");
    story.expect(&["2026-03-01 08:00 entered", "2026-03-01 10:00 sent hello", "2026-03-01 10:00 ended: finished"]);
}

#[test]
fn days_of_a_wait_follow_the_zone_and_hours_do_not() {
    let mut story = Story::of(
        "journey days {\n enter on bought\n enter again never\n wait 2 days\n}
        journey hours {\n enter on bought\n enter again never\n wait 48 hours\n}",
    );
    // From Berlin to where there is no summer time: the second day ends at the local time at which the wait began, as it is there.
    story.knows("timezone=Europe/Berlin");
    story.at("2026-03-28 09:00", "bought").at("2026-03-28 12:00", "customer timezone=Asia/Bangkok").until("2026-04-05 00:00");
    story.expect(&[
        "2026-03-28 09:00 days entered",
        "2026-03-28 09:00 hours entered",
        "2026-03-30 09:00 days ended: finished",
        "2026-03-30 09:00 hours ended: finished",
    ]);
}

const BEFORE_THE_END: &str = r#"journey j {
  enter on bought
  enter again never
  wait until 3 days before customer.ends at 10:00 or exit if past or continue if missing
  send hello
}"#;

#[test]
fn a_wait_follows_the_value_that_it_reads() {
    let mut story = Story::of(BEFORE_THE_END);
    story.knows("ends=2026-03-20T15:00");
    story.at("2026-03-01 10:00", "bought").at("2026-03-02 10:00", "customer ends=2026-03-10T15:00").until("2026-04-01 00:00");
    story.expect(&["2026-03-01 10:00 entered", "2026-03-07 10:00 sent hello", "2026-03-07 10:00 ended: finished"]);
}

#[test]
fn a_value_that_moves_into_the_past_takes_its_rule() {
    let mut story = Story::of(BEFORE_THE_END);
    story.knows("ends=2026-03-20T15:00");
    story.at("2026-03-01 10:00", "bought").at("2026-03-12 10:00", "customer ends=2026-03-13T15:00").until("2026-04-01 00:00");
    story.expect(&["2026-03-01 10:00 entered", "2026-03-12 10:00 ended: or exit"]);
}

#[test]
fn a_value_that_goes_missing_takes_its_rule() {
    let mut story = Story::of(BEFORE_THE_END);
    story.knows("ends=2026-03-20T15:00");
    story.at("2026-03-01 10:00", "bought").at("2026-03-12 10:00", "customer ends=").until("2026-04-01 00:00");
    story.expect(&["2026-03-01 10:00 entered", "2026-03-12 10:00 sent hello", "2026-03-12 10:00 ended: finished"]);
}

#[test]
fn past_and_missing_are_judged_when_the_wait_begins() {
    let mut story = Story::of(BEFORE_THE_END);
    story.at("2026-03-01 10:00", "bought");
    story.expect(&["2026-03-01 10:00 entered", "2026-03-01 10:00 sent hello", "2026-03-01 10:00 ended: finished"]);
    let mut story = Story::of(BEFORE_THE_END);
    story.knows("ends=2026-03-03T15:00");
    story.at("2026-03-01 10:00", "bought");
    story.expect(&["2026-03-01 10:00 entered", "2026-03-01 10:00 ended: or exit"]);
}

#[test]
fn past_may_skip_a_block() {
    let mut story = Story::of(
        r#"journey j {
          enter on bought
          enter again never
          wait until 2026-03-01 09:00 or skip if past {
            send hello
          }
          send second
        }"#,
    );
    story.at("2026-03-01 10:00", "bought");
    story.expect(&["2026-03-01 10:00 entered", "2026-03-01 10:00 sent second", "2026-03-01 10:00 ended: finished"]);
}
