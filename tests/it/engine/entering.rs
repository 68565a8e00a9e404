//! Entering: who, how often, and at which moments.

use super::harness::Story;
use onward::value::Value;

#[test]
fn a_customer_is_in_a_journey_at_most_once_and_an_entry_while_running_is_ignored() {
    let mut story = Story::shop("journey j { enter on viewed\n enter again always\n wait 1 day }");
    story.event("2026-03-01 10:00", "viewed", &[]);
    story.event("2026-03-01 11:00", "viewed", &[]);
    story.event("2026-03-02 10:00:01", "viewed", &[]);
    assert_eq!(
        story.life(),
        [
            "2026-03-01 10:00 j#1 entered",
            "2026-03-01 11:00 j not entered: AlreadyRunning",
            "2026-03-02 10:00 j#1 ended: Completed",
            "2026-03-02 10:00:01 j#2 entered",
        ]
    );
}

#[test]
fn enter_again_never_counts_whatever_became_of_the_last_run() {
    let mut story = Story::shop("journey j { enter on viewed\n enter again never\n exit on bought\n wait 9 days }");
    story.event("2026-03-01 10:00", "viewed", &[]);
    story.event("2026-03-01 11:00", "bought", &[]);
    story.event("2026-03-01 12:00", "viewed", &[]);
    assert_eq!(story.life()[2..], ["2026-03-01 12:00 j not entered: EnteredBefore"]);
}

#[test]
fn exactly_the_cool_down_later_is_allowed() {
    let mut story = Story::shop("journey j { enter on viewed\n enter again 7 days after entry\n exit \"x\" }");
    story.event("2026-03-01 10:00", "viewed", &[]);
    story.event("2026-03-08 09:59:59", "viewed", &[]);
    story.event("2026-03-08 10:00", "viewed", &[]);
    assert_eq!(story.entries(), ["2026-03-01 10:00 j#1 entered", "2026-03-08 10:00 j#2 entered"]);
    assert!(story.life().contains(&"2026-03-08 09:59:59 j not entered: TooSoon".to_owned()));
}

#[test]
fn a_cool_down_after_the_end_counts_from_the_end() {
    let mut story = Story::shop("journey j { enter on viewed\n enter again 7 days after the end\n wait 2 days }");
    story.event("2026-03-01 10:00", "viewed", &[]);
    story.event("2026-03-10 09:00", "viewed", &[]);
    story.event("2026-03-10 10:00", "viewed", &[]);
    assert_eq!(story.entries(), ["2026-03-01 10:00 j#1 entered", "2026-03-10 10:00 j#2 entered"]);
}

const KEYED: &str = r#"
journey j { enter on bought
  one run per order_id
  exit on cancelled for the same order_id
  wait up to 5 days for paid for the same order_id otherwise exit "unpaid"
  exit "paid"
}
"#;

#[test]
fn with_a_key_several_runs_go_side_by_side_and_events_find_theirs() {
    let mut story = Story::shop(KEYED);
    for order in ["a", "b", "c"] {
        story.event("2026-03-01 10:00", "bought", &[("order_id", order)]);
    }
    story.event("2026-03-02 10:00", "paid", &[("order_id", "b")]);
    story.event("2026-03-02 11:00", "cancelled", &[("order_id", "c")]);
    story.event("2026-03-02 12:00", "cancelled", &[("order_id", "-")]);
    story.until("2026-03-10 00:00");
    assert_eq!(
        story.endings(),
        ["2026-03-02 10:00 j#2 ended: ExitStep", "2026-03-02 11:00 j#3 ended: ExitOn(0)", "2026-03-06 10:00 j#1 ended: ExitStep"]
    );
    // Without a word about it, a keyed journey is entered once per key.
    story.event("2026-03-11 10:00", "bought", &[("order_id", "a")]);
    assert!(story.life().contains(&"2026-03-11 10:00 j not entered: EnteredBefore".to_owned()));
}

#[test]
fn a_missing_key_starts_nothing() {
    let mut story = Story::shop(KEYED);
    story.event("2026-03-01 10:00", "bought", &[]);
    assert_eq!(story.life(), ["2026-03-01 10:00 j not entered: NoKey"]);
}

#[test]
fn one_run_per_event_runs_for_every_event() {
    let mut story = Story::shop("journey j { enter on viewed\n one run per event\n wait 1 day }");
    story.event("2026-03-01 10:00", "viewed", &[]);
    story.event("2026-03-01 10:00", "viewed", &[]);
    assert_eq!(story.row.runs.len(), 2);
}

#[test]
fn while_running_restart_ends_the_old_run_and_the_new_one_does_not_see_its_event() {
    let mut story = Story::shop(
        r#"
journey j { enter on viewed
  enter again never
  while running restart
  wait up to 1 day for viewed otherwise exit "quiet"
  exit "took its own event" }
"#,
    );
    story.event("2026-03-01 10:00", "viewed", &[]);
    story.event("2026-03-01 20:00", "viewed", &[]);
    story.until("2026-03-05 00:00");
    assert_eq!(
        story.life(),
        [
            "2026-03-01 10:00 j#1 entered",
            "2026-03-01 20:00 j#1 ended: Restarted",
            "2026-03-01 20:00 j#2 entered",
            "2026-03-02 20:00 j#2 ended: ExitStep",
        ]
    );
    assert_eq!(story.exit_reasons(), ["2026-03-02 20:00 quiet"]);
}

#[test]
fn while_running_update_replaces_the_entry_and_times_what_reads_it_again() {
    let mut story = Story::shop(
        r#"
journey j { enter on bought where total > 0
  enter again never
  while running update entry
  wait until 1 day before entry.due at 10:00 or exit if past or continue if missing
  if entry.total > 100 { exit "large" }
  exit "small" }
"#,
    );
    story.event("2026-03-01 10:00", "bought", &[("total", "50"), ("due", "2026-03-20")]);
    story.event("2026-03-02 10:00", "bought", &[("total", "500"), ("due", "2026-03-10")]);
    story.until("2026-03-31 00:00");
    assert_eq!(story.exit_reasons(), ["2026-03-09 10:00 large"]);
    assert_eq!(story.entries().len(), 1);
}

#[test]
fn a_run_begins_at_the_own_time_of_what_began_it_and_an_exit_known_to_be_later_lets_it_not_begin() {
    let journey = r#"
journey j { enter on viewed
  enter again never
  exit on bought
  wait 1 day }
"#;
    let mut story = Story::shop(journey);
    // They arrive in reverse: she bought after she viewed.
    story.event("2026-03-01 12:00", "bought", &[]);
    story.late_event("2026-03-01 12:05", "2026-03-01 11:00", "viewed", &[]);
    assert_eq!(story.life(), ["2026-03-01 12:05 j not entered: AlreadyOver"]);

    let mut story = Story::shop(journey);
    // She bought before: that does not touch the run.
    story.event("2026-03-01 10:00", "bought", &[]);
    story.late_event("2026-03-01 12:05", "2026-03-01 11:00", "viewed", &[]);
    story.late_event("2026-03-01 12:06", "2026-03-01 10:59", "bought", &[]);
    assert_eq!(story.life(), ["2026-03-01 12:05 j#1 entered"]);
}

#[test]
fn guards_are_judged_at_the_entry() {
    let mut story = Story::shop(
        r#"
journey a { enter on viewed
  enter again always
  exit when customer.plan is "pro"
  wait 1 day }
journey b { enter on viewed
  enter again always
  only while subscribed to deals
  wait 1 day }
"#,
    );
    story.attributes("2026-03-01 09:00", &[("plan", "pro")]);
    story.event("2026-03-01 10:00", "viewed", &[]);
    assert_eq!(story.life(), ["2026-03-01 10:00 a not entered: NotForHer", "2026-03-01 10:00 b not entered: NotForHer"]);
}

#[test]
fn outside_its_period_nobody_enters_and_at_its_end_runs_are_over() {
    let mut story = Story::shop("journey j { enter on viewed\n enter again always\n runs from 2026-03-02 to 2026-03-10\n wait 30 days }");
    story.event("2026-03-01 23:59:59", "viewed", &[]);
    story.event("2026-03-02 00:00", "viewed", &[]);
    story.until("2026-03-20 00:00");
    story.event("2026-03-20 10:00", "viewed", &[]);
    assert_eq!(
        story.life(),
        [
            "2026-03-01 23:59:59 j not entered: OutsidePeriod",
            "2026-03-02 00:00 j#1 entered",
            "2026-03-10 00:00 j#1 ended: Over",
            "2026-03-20 10:00 j not entered: OutsidePeriod",
        ]
    );
}

#[test]
fn a_recurring_entry_happens_at_the_customers_clock() {
    let mut story = Story::shop("journey j { enter every monday at 09:00\n enter again always\n exit \"x\" }");
    // A Sunday.
    story.attributes("2026-03-01 12:00", &[("timezone", "Asia/Tokyo")]);
    story.until("2026-03-20 00:00");
    // 09:00 in Tokyo is 07:00 in Bangkok.
    assert_eq!(story.entries(), ["2026-03-02 07:00 j#1 entered", "2026-03-09 07:00 j#2 entered", "2026-03-16 07:00 j#3 entered"]);
}

#[test]
fn a_recurring_entry_is_named_by_its_local_date_and_happens_once_whatever_the_zone_does() {
    let mut story = Story::shop("journey j { enter every day at 09:00\n enter again always\n exit \"x\" }");
    story.attributes("2026-03-01 12:00", &[("timezone", "Asia/Tokyo")]);
    story.until("2026-03-02 08:00");
    // In London it is still the small hours of 2 March, a date that she has had.
    story.attributes("2026-03-02 08:00", &[("timezone", "Europe/London")]);
    story.until("2026-03-03 20:00");
    assert_eq!(story.entries(), ["2026-03-02 07:00 j#1 entered", "2026-03-03 16:00 j#2 entered"]);
}

#[test]
fn a_recurring_entry_that_demands_a_segment_wakes_nobody_else() {
    let tell = |detail: bool| {
        let mut story = Story::shop(
            r#"
segment pros { customer.plan is "pro" }
journey j { enter every day at 09:00 where in segment pros and customer.points is 0
  enter again always
  exit "x" }
"#,
        );
        story.detail = detail;
        story.attributes("2026-03-01 12:00", &[("plan", "free")]);
        assert_eq!(story.wake == onward::calendar::Instant::NEVER, !detail);
        // In the instant of an occurrence she joins: it comes after the input.
        story.attributes("2026-03-05 09:00", &[("plan", "pro")]);
        story.until("2026-03-06 12:00");
        story.attributes("2026-03-07 08:00", &[("plan", "free")]);
        // 09:00 of 8 March went by in Bangkok while she was not in it: that date is used up in London, too.
        story.attributes("2026-03-08 10:00", &[("timezone", "Europe/London")]);
        story.attributes("2026-03-08 11:00", &[("plan", "pro")]);
        story.until("2026-03-09 20:00");
        story.entries()
    };
    let entries = ["2026-03-05 09:00 j#1 entered", "2026-03-06 09:00 j#2 entered", "2026-03-09 16:00 j#3 entered"];
    assert_eq!(tell(true), entries);
    assert_eq!(tell(false), entries);
}

#[test]
fn of_several_occurrences_missed_by_an_outage_only_the_latest_happens() {
    let mut story = Story::shop("journey j { enter every day at 09:00\n enter again always\n exit \"x\" }");
    story.world.loses_time = true;
    story.event("2026-03-01 12:00", "viewed", &[]);
    let now = story.moment("2026-03-05 12:00");
    story.raw(onward::engine::Input { now, id: 0, kind: onward::engine::InputKind::Touch });
    assert_eq!(story.entries(), ["2026-03-05 12:00 j#1 entered"]);
    assert_eq!(story.wake, story.moment("2026-03-06 09:00"));
}

#[test]
fn an_occurrence_of_the_instant_in_which_she_becomes_known_counts() {
    let mut story = Story::shop("journey j { enter every day at 09:00\n enter again always\n exit \"x\" }");
    story.event("2026-03-01 09:00", "viewed", &[]);
    story.until("2026-03-01 10:00");
    assert_eq!(story.entries(), ["2026-03-01 09:00 j#1 entered"]);
}

#[test]
fn a_moment_for_everybody_comes_once() {
    let mut story = Story::shop("journey j { enter on 2026-03-05 10:00 where customer.plan is \"pro\"\n enter again always\n exit \"x\" }");
    story.attributes("2026-03-01 12:00", &[("plan", "pro")]);
    story.until("2026-04-20 00:00");
    assert_eq!(story.entries(), ["2026-03-05 10:00 j#1 entered"]);
}

#[test]
fn a_date_of_hers_is_computed_again_when_it_changes() {
    let mut story =
        Story::shop("journey j { enter 3 days before customer.trial_ends at 10:00 if past skip\n enter again always\n exit \"x\" }");
    story.attributes("2026-03-01 12:00", &[("trial_ends", "2026-03-20")]);
    story.attributes("2026-03-02 12:00", &[("trial_ends", "2026-03-10")]);
    story.attributes("2026-03-08 12:00", &[("trial_ends", "2026-03-09")]);
    story.until("2026-04-20 00:00");
    assert_eq!(story.entries(), ["2026-03-07 10:00 j#1 entered"]);
}

#[test]
fn a_date_that_is_past_already_takes_its_rule() {
    let mut story =
        Story::shop("journey j { enter 3 days before customer.trial_ends at 10:00 if past enter now\n enter again always\n exit \"x\" }");
    story.attributes("2026-03-08 12:00", &[("trial_ends", "2026-03-09")]);
    story.until("2026-03-08 13:00");
    // The same date again is no news.
    story.attributes("2026-03-08 14:00", &[("trial_ends", "2026-03-09"), ("points", "3")]);
    story.until("2026-03-20 00:00");
    assert_eq!(story.entries(), ["2026-03-08 12:00 j#1 entered"]);
}

#[test]
fn a_birthday_on_29_february_falls_on_28_february() {
    let mut story = Story::shop("journey j { enter yearly on customer.birthday at 09:00\n enter again always\n exit \"x\" }");
    story.attributes("2026-01-01 12:00", &[("birthday", "2000-02-29")]);
    story.until("2028-12-31 00:00");
    assert_eq!(story.entries(), ["2026-02-28 09:00 j#1 entered", "2027-02-28 09:00 j#2 entered", "2028-02-29 09:00 j#3 entered"]);
}

#[test]
fn entered_on_request_with_its_parameters() {
    let mut story = Story::shop(
        r#"
journey j(name text, times number) { enter when requested
  enter again always
  if entry.times > 2 { exit "often" }
  exit "seldom" }
journey starter { enter on viewed
  enter again never
  start journey j(name: "x", times: 3)
  exit "started" }
"#,
    );
    story.request("2026-03-01 10:00", "j", vec![Value::text("Nok"), Value::Number(1.into())]);
    story.event("2026-03-01 11:00", "viewed", &[]);
    let reasons: Vec<String> = story.exit_reasons().iter().map(|line| line[17..].to_owned()).collect();
    assert_eq!(reasons, ["seldom", "started", "often"]);
}

#[test]
fn leaving_a_segment_begins_a_run_too() {
    let mut story = Story::shop(
        r#"
segment buyers { has bought in the last 2 days }
journey j { enter when leaves segment buyers where customer.plan is "free"
  enter again always
  exit "x" }
"#,
    );
    story.event("2026-03-01 10:00", "bought", &[]);
    story.until("2026-03-05 00:00");
    assert_eq!(story.entries(), ["2026-03-03 10:00 j#1 entered"]);
}

#[test]
fn those_already_in_a_segment_enter_only_where_it_is_asked_for() {
    let mut story = Story::shop(
        r#"
segment buyers { has bought in the last 9 days }
journey from_now_on { enter when joins segment buyers
  enter again always
  exit "x" }
journey everybody { enter when joins segment buyers including those already in
  enter again always
  exit "x" }
"#,
    );
    let (start, at) = (story.moment("2026-03-02 10:00"), story.moment("2026-03-01 10:00"));
    let onward::engine::InputKind::Event { event, fields, .. } = story.event_kind("bought", at, &[]) else { panic!("an event") };
    let what = onward::condition::Happening::Event(event);
    onward::engine::given::begin(&story.world, &mut story.row, start, &[onward::engine::given::Given::Happened { what, at, fields }]);
    let mut out = onward::engine::Output::default();
    onward::engine::given::activate(&story.world, onward::engine::Attention::default(), &mut story.row, start, &mut out);
    story.records.append(&mut out.records);
    assert_eq!(story.entries(), ["2026-03-02 10:00 everybody#1 entered"]);
}
