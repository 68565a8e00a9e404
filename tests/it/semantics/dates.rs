//! Dates that begin runs: recurring, once, and around a date of hers.

use super::harness::Story;
use onward::engine::RecordKind;

// ---------------------------------------------------------------- dates that begin a run

fn entries(story: &Story) -> Vec<String> {
    story.records.iter().filter(|record| matches!(record.kind, RecordKind::Entered { .. })).map(|record| story.show(record.at)).collect()
}

#[test]
fn the_29_of_february_falls_on_the_28() {
    let mut story = Story::of("journey j {\n enter yearly on customer.birthday at 09:00\n enter again always\n}");
    story.at("2025-01-01 00:00", "customer birthday=2004-02-29").until("2028-12-31 00:00");
    assert_eq!(entries(&story), ["2025-02-28 09:00", "2026-02-28 09:00", "2027-02-28 09:00", "2028-02-29 09:00"]);
}

#[test]
fn a_month_without_the_day_takes_its_last_and_the_next_month_counts_from_the_anchor() {
    let mut story = Story::of("journey j {\n enter every month on day 31 at 10:00\n enter again always\n}");
    story.at("2026-01-01 00:00", "ping").until("2026-05-01 00:00");
    assert_eq!(entries(&story), ["2026-01-31 10:00", "2026-02-28 10:00", "2026-03-31 10:00", "2026-04-30 10:00"]);
}

#[test]
fn a_daily_rule_skips_a_date_that_does_not_exist() {
    // Samoa had no 30 December 2011.
    let mut story = Story::of("policy { timezone \"Pacific/Apia\" }\njourney j {\n enter every day at 09:00\n enter again always\n}");
    story.at("2011-12-28 12:00", "ping").until("2012-01-01 00:00");
    assert_eq!(entries(&story), ["2011-12-29 09:00", "2011-12-31 09:00"]);
}

#[test]
fn a_recurring_entry_happens_once_for_its_local_date_whatever_the_zone_does() {
    let mut story = Story::of("journey j {\n enter every day at 09:00\n enter again always\n}");
    story.knows("timezone=Asia/Bangkok");
    story.at("2026-03-01 12:00", "ping").until("2026-03-02 02:30");
    // 09:00 in Bangkok was at 02:00 here. In Berlin 09:00 of the same date is at 08:00 here: she had it already.
    story.at("2026-03-02 03:00", "customer timezone=Europe/Berlin").until("2026-03-03 12:00");
    assert_eq!(entries(&story), ["2026-03-02 02:00", "2026-03-03 08:00"]);
}

#[test]
fn of_several_missed_entries_only_the_latest_happens() {
    let mut story = Story::of("journey j {\n enter every day at 09:00\n enter again always\n}");
    story.at("2026-03-01 12:00", "ping").wakes_up_at("2026-03-05 12:00").until("2026-03-06 12:00");
    assert_eq!(entries(&story), ["2026-03-05 12:00", "2026-03-06 09:00"]);
}

#[test]
fn an_entry_before_a_date_moves_with_the_date() {
    let mut story = Story::of("journey j {\n enter 3 days before customer.ends at 09:00 if past skip\n enter again always\n}");
    story.at("2026-03-01 12:00", "customer ends=2026-03-20T12:00").at("2026-03-05 12:00", "customer ends=2026-03-15T12:00");
    story.until("2026-04-01 00:00");
    assert_eq!(entries(&story), ["2026-03-12 09:00"]);
}

#[test]
fn a_date_that_is_past_when_it_becomes_known_takes_its_rule() {
    let mut skip = Story::of("journey j {\n enter 3 days before customer.ends at 09:00 if past skip\n enter again always\n}");
    skip.at("2026-03-01 12:00", "customer ends=2026-03-03T12:00").until("2026-04-01 00:00");
    assert!(entries(&skip).is_empty());
    let mut now = Story::of("journey j {\n enter 3 days before customer.ends at 09:00 if past enter now\n enter again always\n}");
    now.at("2026-03-01 12:00", "customer ends=2026-03-03T12:00").until("2026-04-01 00:00");
    assert_eq!(entries(&now), ["2026-03-01 12:00"]);
}

#[test]
fn an_entry_at_a_moment_is_at_her_local_time_and_after_the_inputs_of_its_instant() {
    let mut story = Story::of(
        r#"journey j {
          enter on 2026-11-27 10:00 where customer.plan is "pro"
          enter again never
        }"#,
    );
    story.knows("timezone=Asia/Bangkok");
    story.at("2026-11-01 10:00", "ping").at("2026-11-27 03:00", "customer plan=pro").until("2026-12-01 00:00");
    assert_eq!(entries(&story), ["2026-11-27 03:00"]);
}

#[test]
fn yearly_entries_count_days_before_the_birthday() {
    let mut story = Story::of("journey j {\n enter yearly 3 days before customer.birthday at 09:00\n enter again always\n}");
    story.at("2026-01-01 00:00", "customer birthday=1990-03-02").until("2027-12-31 00:00");
    assert_eq!(entries(&story), ["2026-02-27 09:00", "2027-02-27 09:00"]);
}

#[test]
fn every_two_weeks_counts_from_the_begin_of_the_period() {
    // 2026-03-02 is a Monday; she comes in the week between.
    let mut story =
        Story::of("journey j {\n enter every 2 weeks on monday at 09:00\n enter again always\n runs from 2026-03-02 to 2026-04-20\n}");
    story.at("2026-03-10 00:00", "ping").until("2026-12-31 00:00");
    assert_eq!(entries(&story), ["2026-03-16 09:00", "2026-03-30 09:00", "2026-04-13 09:00"]);
}

#[test]
fn a_rule_for_weekdays_and_for_the_last_friday_of_a_month() {
    let mut story = Story::of("journey j {\n enter every weekday at 09:00\n enter again always\n}");
    story.at("2026-03-05 10:00", "ping").until("2026-03-10 10:00");
    assert_eq!(entries(&story), ["2026-03-06 09:00", "2026-03-09 09:00", "2026-03-10 09:00"]);
    let mut story = Story::of("journey j {\n enter every month on last friday at 09:00\n enter again always\n}");
    story.at("2026-01-01 10:00", "ping").until("2026-03-31 10:00");
    assert_eq!(entries(&story), ["2026-01-30 09:00", "2026-02-27 09:00", "2026-03-27 09:00"]);
}

#[test]
fn the_condition_of_a_recurring_entry_is_judged_at_its_moment() {
    let mut story = Story::of("journey j {\n enter every day at 09:00 where customer.plan is \"pro\"\n enter again always\n}");
    story.at("2026-03-01 10:00", "ping").at("2026-03-03 08:00", "customer plan=pro").at("2026-03-04 09:00", "customer plan=free");
    story.until("2026-03-06 00:00");
    // In the very instant of the 4th she had become another one before.
    assert_eq!(entries(&story), ["2026-03-03 09:00"]);
}

#[test]
fn an_entry_that_demands_a_segment_finds_who_is_in_it_at_that_moment() {
    let mut story = Story::of(
        r#"segment lapsed { has bought and has no bought in the last 2 days }
        journey j {
          enter every day at 09:00 where in segment lapsed
          enter again always
        }"#,
    );
    // She lapses on the 3rd at 09:00, in the very instant of the entry; is back on the 5th in the instant of another; lapses on the 7th.
    story.at("2026-03-01 09:00", "bought").at("2026-03-05 09:00", "bought").at("2026-03-07 08:00", "ping").until("2026-03-08 12:00");
    assert_eq!(entries(&story), ["2026-03-03 09:00", "2026-03-04 09:00", "2026-03-07 09:00", "2026-03-08 09:00"]);
}
