//! Civil time in waits: what the clock on the wall says.

use super::harness::Story;

/// In New York the clocks go forward on 2026-03-08 at 02:00 and back on 2026-11-01 at 02:00.
fn new_york(steps: &str) -> Story {
    Story::with_policy(
        "policy { timezone \"America/New_York\" }",
        &format!("journey j {{ enter on viewed\n enter again never\n {steps}\n exit \"x\" }}"),
    )
    .without_own_zone()
}

impl Story {
    fn without_own_zone(mut self) -> Story {
        self.attributes("2026-01-01 00:00", &[("timezone", "America/New_York")]);
        self
    }

    fn ends(&mut self, begin: &str) -> Vec<String> {
        self.event(begin, "viewed", &[]);
        self.until("2027-12-31 00:00");
        self.exit_reasons().iter().map(|line| line.trim_end_matches(" x").to_owned()).collect()
    }
}

#[test]
fn days_keep_the_local_time_and_hours_are_elapsed_across_daylight_saving() {
    assert_eq!(new_york("wait 1 day").ends("2026-03-07 10:00"), ["2026-03-08 10:00"]);
    assert_eq!(new_york("wait 24 hours").ends("2026-03-07 10:00"), ["2026-03-08 11:00"]);
    assert_eq!(new_york("wait 1 day 2 hours").ends("2026-03-07 00:30"), ["2026-03-08 03:30"], "calendar part first, then the hours");
}

#[test]
fn a_local_time_in_the_gap_becomes_the_first_instant_after_it() {
    assert_eq!(new_york("wait 1 day").ends("2026-03-07 02:30"), ["2026-03-08 03:00"]);
    assert_eq!(new_york("wait until 02:30").ends("2026-03-07 12:00"), ["2026-03-08 03:00"]);
}

#[test]
fn a_local_time_that_happens_twice_means_the_first() {
    let mut story = new_york("wait until 2026-11-01 01:30 or continue if past");
    story.event("2026-10-30 12:00", "viewed", &[]);
    let first = chrono::DateTime::parse_from_rfc3339("2026-11-01T01:30:00-04:00").unwrap().timestamp_millis();
    assert_eq!(story.wake.0, first);
}

#[test]
fn a_month_step_lands_on_the_last_day_where_the_day_is_missing() {
    assert_eq!(new_york("wait 1 month").ends("2026-01-31 10:00"), ["2026-02-28 10:00"]);
    assert_eq!(new_york("wait 2 months").ends("2026-01-31 10:00"), ["2026-03-31 10:00"]);
}

#[test]
fn at_exactly_the_time_a_wait_until_goes_at_once() {
    assert_eq!(new_york("wait until 09:00").ends("2026-02-01 09:00"), ["2026-02-01 09:00"]);
    assert_eq!(new_york("wait until 09:00").ends("2026-02-01 09:00:01"), ["2026-02-02 09:00"]);
    assert_eq!(new_york("wait until monday at 09:00").ends("2026-02-02 09:00"), ["2026-02-02 09:00"]);
    assert_eq!(new_york("wait 2 days, until 10:00").ends("2026-02-01 10:00"), ["2026-02-03 10:00"]);
    assert_eq!(new_york("wait 2 days, until 10:00").ends("2026-02-01 10:01"), ["2026-02-04 10:00"]);
}

#[test]
fn a_window_over_midnight_belongs_to_the_weekday_on_which_it_starts() {
    let window = "wait until it is 22:00 to 06:00 on weekdays";
    // Saturday 01:00 still belongs to Friday's window.
    assert_eq!(new_york(window).ends("2026-02-07 01:00"), ["2026-02-07 01:00"]);
    assert_eq!(new_york(window).ends("2026-02-07 06:00"), ["2026-02-09 22:00"], "its end is out; Monday night is next");
    // Monday 01:00 would be Sunday's.
    assert_eq!(new_york(window).ends("2026-02-09 01:00"), ["2026-02-09 22:00"]);
}

#[test]
fn a_zone_change_while_waiting_computes_the_wait_again() {
    let mut story = new_york("wait until 09:00");
    story.event("2026-02-01 13:00", "viewed", &[]);
    assert_eq!(story.wake, story.moment("2026-02-02 09:00"));
    // 09:00 in Los Angeles is three hours later.
    story.attributes("2026-02-01 14:00", &[("timezone", "America/Los_Angeles")]);
    assert_eq!(story.wake, story.moment("2026-02-02 12:00"));
    // In Tokyo the first 09:00 of her wait was at 19:00 in New York, which is past: it fires at once.
    story.attributes("2026-02-01 22:00", &[("timezone", "Asia/Tokyo")]);
    assert_eq!(story.exit_reasons(), ["2026-02-01 22:00 x"]);
}

#[test]
fn a_customers_own_zone_comes_before_the_projects() {
    let mut story = new_york("wait until 09:00");
    story.attributes("2026-02-01 10:00", &[("timezone", "Asia/Bangkok")]);
    // 21:00 in New York is 09:00 in Bangkok.
    assert_eq!(story.ends("2026-02-01 12:00"), ["2026-02-01 21:00"]);
}

#[test]
fn goals_and_deadlines_are_civil_too() {
    let mut story = Story::with_policy(
        "policy { timezone \"America/New_York\" }",
        "journey j { enter on viewed\n enter again never\n goal bought within 1 day of entry\n wait 1 hour }",
    );
    story.attributes("2026-01-01 00:00", &[("timezone", "America/New_York")]);
    story.event("2026-03-07 10:00", "viewed", &[]);
    // 23 hours later by elapsed time, and exactly a day by the calendar.
    story.event("2026-03-08 10:00", "bought", &[]);
    assert!(story.life().iter().any(|line| line.contains("goal 0")));
}

#[test]
fn backward_windows_and_cool_downs_are_exact() {
    let mut story = Story::with_policy(
        "policy { timezone \"America/New_York\" }",
        "journey j { enter on viewed where has bought in the last 1 day\n enter again 1 day after entry\n exit \"x\" }",
    );
    story.attributes("2026-01-01 00:00", &[("timezone", "America/New_York")]);
    story.event("2026-03-07 10:30", "bought", &[]);
    story.event("2026-03-07 10:30", "viewed", &[]);
    // Across the gap a day of 24 hours ends at 11:30.
    story.event("2026-03-08 11:29", "viewed", &[]);
    assert!(story.life().last().unwrap().ends_with("TooSoon"), "still in the window, and too soon");
    story.event("2026-03-08 11:29:30", "bought", &[]);
    story.event("2026-03-08 11:30", "viewed", &[]);
    assert_eq!(story.entries().len(), 2);
}
