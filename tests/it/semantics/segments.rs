//! Segments: membership is the truth of the moment, and changes at the very instant at which it changes.

use super::harness::Story;
use onward::calendar::Instant;
use onward::engine::given::{self, Given};

const LAPSED: &str = r#"segment lapsed {
  has bought
  and has no bought in the last 42 days
}
journey win_back {
  enter when joins segment lapsed
  enter again always
  exit on bought
  wait 9 days
}
"#;

#[test]
fn a_segment_that_only_time_changes_flips_at_the_exact_instant() {
    let mut story = Story::of(LAPSED);
    story.at("2026-01-01 10:00:00.500", "bought").until("2026-02-12 10:00:00.499").expect(&[]);
    story.until("2026-02-12 10:00:00.500").expect(&["2026-02-12 10:00:00.500 entered"]);
}

#[test]
fn who_acts_in_the_instant_her_window_runs_out_neither_leaves_nor_joins() {
    let mut story = Story::of(LAPSED);
    story.at("2026-01-01 10:00", "bought").at("2026-02-12 10:00", "bought").until("2026-03-26 09:59:59").expect(&[]);
    story.until("2026-03-26 10:00").expect(&["2026-03-26 10:00 entered"]);
}

#[test]
fn a_window_counts_days_of_24_hours_also_when_the_clocks_change() {
    let mut story = Story::of(&format!("policy {{ timezone \"Europe/Berlin\" }}\n{LAPSED}"));
    story.at("2026-03-01 10:00", "bought").until("2026-06-01 00:00");
    story.expect(&["2026-04-12 11:00 entered", "2026-04-21 11:00 ended: finished"]);
}

#[test]
fn membership_joins_and_leaves_with_what_happens() {
    let mut story = Story::of(
        r#"segment big { sum of bought.total in the last 10 days >= 100 }
        journey joined {
          enter when joins segment big
          enter again always
        }
        journey left {
          enter when leaves segment big
          enter again always
        }"#,
    );
    story.at("2026-03-01 10:00", "bought total=60").at("2026-03-03 10:00", "bought total=60").until("2026-04-01 00:00");
    story.expect(&[
        "2026-03-03 10:00 joined entered",
        "2026-03-03 10:00 joined ended: finished",
        "2026-03-11 10:00 left entered",
        "2026-03-11 10:00 left ended: finished",
    ]);
}

#[test]
fn a_late_event_changes_membership_when_it_arrives() {
    let mut story = Story::of(LAPSED);
    story.at("2026-01-01 10:00", "bought").until("2026-02-12 10:00").expect(&["2026-02-12 10:00 entered"]);
    // It belongs to January, so she leaves now and lapses again 42 days after it; the run is older than it, and goes on.
    story.late("2026-01-10 10:00", "2026-02-13 10:00", "bought").until("2026-02-21 09:59");
    story.expect(&[]);
    story.until("2026-02-21 10:00").expect(&["2026-02-21 10:00 ended: finished", "2026-02-21 10:00 #2 entered"]);
}

#[test]
fn a_segment_reads_another_one_and_both_flip_in_the_same_instant() {
    let mut story = Story::of(
        r#"segment quiet { has no bought in the last 10 days }
        segment quiet_pro { in segment quiet and customer.plan is "pro" }
        journey j {
          enter when joins segment quiet_pro
          enter again always
        }"#,
    );
    story.knows("plan=pro");
    story.at("2026-03-01 10:00", "bought").until("2026-04-01 00:00");
    story.expect(&["2026-03-11 10:00 entered", "2026-03-11 10:00 ended: finished"]);
}

#[test]
fn a_segment_that_reads_the_date_flips_at_her_midnight() {
    let mut story = Story::of(
        r#"segment has_birthday_behind_her { customer.birthday < today }
        journey j {
          enter when joins segment has_birthday_behind_her
          enter again never
        }"#,
    );
    story.knows("timezone=Asia/Bangkok birthday=2026-03-10");
    story.at("2026-03-01 10:00", "ping").until("2026-04-01 00:00");
    story.expect(&["2026-03-10 17:00 entered", "2026-03-10 17:00 ended: finished"]);
}

#[test]
fn a_segment_that_compares_with_now_flips_at_that_moment() {
    let mut story = Story::of(
        r#"segment ends_soon { customer.ends < now + 3 days }
        journey j {
          enter when joins segment ends_soon
          enter again never
        }"#,
    );
    story.knows("ends=2026-03-20T10:00");
    story.at("2026-03-01 10:00", "ping").until("2026-04-01 00:00");
    // At 10:00 on the 17th it lies exactly three days ahead, and that is not yet less.
    story.expect(&["2026-03-17 10:00:00.001 entered", "2026-03-17 10:00:00.001 ended: finished"]);
}

#[test]
fn who_is_in_already_has_not_joined() {
    let mut story = Story::of(LAPSED);
    let event = story.plan().schema.event("bought").unwrap();
    let fields = story.plan().schema.events[event.index()].fields.iter().map(|field| field.default.clone()).collect();
    let happened = Given::Happened { what: onward::condition::Happening::Event(event), at: story.moment("2026-01-01 10:00"), fields };
    let start: Instant = story.moment("2026-03-01 10:00");
    given::begin(&story.earth, &mut story.row, start, &[happened]);
    story.at("2026-03-02 10:00", "ping").until("2026-03-10 00:00").expect(&[]);
    // She comes back, and lapses again: now she joins.
    story.at("2026-03-10 10:00", "bought").until("2026-04-21 10:00").expect(&["2026-04-21 10:00 entered"]);
}

#[test]
fn somebody_new_joins_what_she_is_in_after_her_first_input() {
    let mut story = Story::of(
        r#"segment free { customer.plan is "free" }
        journey j {
          enter when joins segment free
          enter again never
        }"#,
    );
    story.at("2026-03-01 10:00", "ping").expect(&["2026-03-01 10:00 entered", "2026-03-01 10:00 ended: finished"]);
}

#[test]
fn a_change_of_zone_is_asked_at_once() {
    let mut story = Story::of(
        r#"segment birthday { customer.birthday is today }
        journey j {
          enter when joins segment birthday
          enter again always
        }"#,
    );
    story.knows("timezone=Asia/Bangkok birthday=2026-03-10");
    // It is the 9th at 20:00 here, and the 10th in Auckland.
    story.at("2026-03-09 10:00", "ping").at("2026-03-09 12:00", "customer timezone=Pacific/Auckland");
    story.expect(&["2026-03-09 12:00 entered", "2026-03-09 12:00 ended: finished"]);
}
