//! Ends of runs: exits, periods, goals.

use super::harness::{Story, moments};

// ---------------------------------------------------------------- exits

#[test]
fn an_exit_acts_at_once_and_cancels_what_was_not_handed_over() {
    for (exit, what) in [
        ("exit on ping", "ping"),
        ("exit when customer.plan is \"pro\"", "customer plan=pro"),
        ("only while customer.plan is \"free\"", "customer plan=gone"),
    ] {
        let mut story = Story::of(&format!(
            "policy {{ quiet hours 21:00 to 08:00 then wait }}\njourney j {{\n enter on bought\n enter again never\n {exit}\n send hello\n}}"
        ));
        story.at("2026-03-01 22:00", "bought").at("2026-03-01 23:00", what).until("2026-03-03 00:00");
        let lines = moments(&story, "2026-03-01 23:00");
        assert_eq!(lines[0], "2026-03-01 23:00 skipped hello: run ended");
        assert_eq!(lines.len(), 2);
        assert!(moments(&story, "sent").is_empty(), "nothing is sent in the morning");
    }
}

#[test]
fn an_exit_ends_a_wait_at_once() {
    let mut story = Story::of("journey j {\n enter on bought\n enter again never\n exit on ping\n wait 9 days\n send hello\n}");
    story.at("2026-03-01 10:00", "bought").at("2026-03-02 10:00", "ping").until("2026-03-20 00:00");
    story.expect(&["2026-03-01 10:00 entered", "2026-03-02 10:00 ended: exit on"]);
}

#[test]
fn an_exit_withdraws_banners() {
    let mut story = Story::of("journey j {\n enter on bought\n enter again never\n exit on ping\n send banner\n wait 9 days\n}");
    story.at("2026-03-01 10:00", "bought").at("2026-03-02 10:00", "ping");
    assert_eq!(story.cancelled.len(), 1);
}

#[test]
fn exit_when_acts_at_the_instant_at_which_only_time_makes_it_true() {
    let mut story =
        Story::of("journey j {\n enter on bought\n enter again never\n exit when has no viewed in the last 2 days\n wait 9 days\n}");
    story.at("2026-03-01 08:00", "viewed").at("2026-03-01 10:00", "bought").until("2026-03-20 00:00");
    story.expect(&["2026-03-01 10:00 entered", "2026-03-03 08:00 ended: exit when"]);
}

#[test]
fn only_while_and_exit_when_are_judged_again_before_each_send() {
    let mut story = Story::of(
        r#"journey j {
          enter on bought
          enter again never
          only while customer.plan is "free"
          set customer.plan to "pro"
          send hello
        }"#,
    );
    story.at("2026-03-01 10:00", "bought");
    assert!(moments(&story, "sent").is_empty());
    assert_eq!(moments(&story, " ended:"), ["2026-03-01 10:00 ended: only while"]);
}

#[test]
fn no_run_begins_outside_of_its_period_and_live_ones_end_with_it() {
    let mut story = Story::of(
        r#"journey j {
          enter on bought
          enter again always
          runs from 2026-03-01 to 2026-03-10
          wait 3 days
        }"#,
    );
    story.at("2026-02-28 23:59", "bought").at("2026-03-01 00:00", "bought").at("2026-03-08 10:00", "bought");
    story.at("2026-03-20 10:00", "bought");
    let end = story.records.iter().filter_map(|record| story.line(record)).find(|line| line.contains("over")).unwrap();
    story.expect(&[
        "2026-02-28 23:59 not entered: outside period",
        "2026-03-01 00:00 entered",
        "2026-03-04 00:00 ended: finished",
        "2026-03-08 10:00 #2 entered",
        &end,
        "2026-03-20 10:00 not entered: outside period",
    ]);
    // A date as the end of a period: to its last instant, or to its first; one of the two, and no other.
    assert!(["2026-03-10 00:00 #2 ended: over", "2026-03-11 00:00 #2 ended: over"].contains(&end.as_str()), "{end}");
}

#[test]
fn a_run_is_live_until_its_last_message_is_settled() {
    let mut story = Story::of(
        r#"policy { quiet hours 21:00 to 08:00 then wait }
        journey j {
          enter on bought
          enter again never
          exit on ping
          send hello without waiting
        }"#,
    );
    story.at("2026-03-01 22:00", "bought");
    assert_eq!(story.live(), 1);
    story.at("2026-03-01 23:00", "ping").until("2026-03-03 00:00");
    story.expect(&[
        "2026-03-01 22:00 entered",
        "2026-03-01 22:00 held hello until 2026-03-02 08:00: quiet hours",
        "2026-03-01 23:00 skipped hello: run ended",
        "2026-03-01 23:00 ended: exit on",
    ]);
}

// ---------------------------------------------------------------- goals

const GOAL: &str = "journey j {\n enter on ping\n enter again never\n goal bought within 7 days of entry\n wait 1 day\n}";

#[test]
fn a_goal_counts_once_in_a_run() {
    let mut story = Story::of(GOAL);
    story.at("2026-03-01 10:00", "ping").at("2026-03-01 11:00", "bought").at("2026-03-01 12:00", "bought");
    assert_eq!(moments(&story, "goal"), ["2026-03-01 11:00 goal 0 of 2026-03-01 11:00"]);
}

#[test]
fn a_goal_is_watched_after_the_run_ended_and_by_own_time() {
    let mut story = Story::of(GOAL);
    story.at("2026-03-01 10:00", "ping").at("2026-03-08 10:00", "bought");
    assert_eq!(moments(&story, "goal"), ["2026-03-08 10:00 goal 0 of 2026-03-08 10:00"]);
    // In time by its own time, and it arrived up to 48 hours late.
    let mut story = Story::of(GOAL);
    story.at("2026-03-01 10:00", "ping").late("2026-03-08 10:00", "2026-03-10 10:00", "bought");
    assert_eq!(moments(&story, "goal"), ["2026-03-10 10:00 goal 0 of 2026-03-08 10:00"]);
    let mut story = Story::of(GOAL);
    story.at("2026-03-01 10:00", "ping").at("2026-03-08 10:00:01", "bought");
    assert!(moments(&story, "goal").is_empty());
}

#[test]
fn goal_then_exit_ends_the_run() {
    let mut story =
        Story::of("journey j {\n enter on ping\n enter again never\n goal bought within 7 days of entry then exit\n wait 9 days\n}");
    story.at("2026-03-01 10:00", "ping").at("2026-03-02 10:00", "bought");
    story.expect(&["2026-03-01 10:00 entered", "2026-03-02 10:00 goal 0 of 2026-03-02 10:00", "2026-03-02 10:00 ended: goal"]);
}

#[test]
fn a_goal_of_a_keyed_journey_asks_for_the_key() {
    let mut story =
        Story::of("journey j {\n enter on bought\n one run per order\n goal returned within 7 days of entry for the same order\n}");
    story.at("2026-03-01 10:00", "bought order=a").at("2026-03-01 10:00", "bought order=b").at("2026-03-02 10:00", "returned order=b");
    assert_eq!(moments(&story, "goal"), ["2026-03-02 10:00 #2 goal 0 of 2026-03-02 10:00"]);
}

#[test]
fn a_click_may_be_the_goal_also_after_the_run_ended() {
    let mut story =
        Story::of("journey j {\n enter on bought\n enter again always\n goal clicked hello within 7 days of entry\n send hello\n}");
    story.at("2026-03-01 10:00", "bought").at("2026-03-02 10:00", "bought").at("2026-03-03 10:00", "clicked hello");
    // It was the second run that sent what she clicked.
    assert_eq!(moments(&story, "goal"), ["2026-03-03 10:00 #2 goal 0 of 2026-03-03 10:00"]);
}

#[test]
fn a_message_that_was_handed_over_is_settled_after_its_run_ended() {
    let mut story = Story::of("journey j {\n enter on bought\n enter again never\n exit on ping\n send hello\n}");
    story.answers("email", None).at("2026-03-01 10:00", "bought").at("2026-03-01 10:05", "ping").at("2026-03-01 10:06", "taken hello");
    story.expect(&["2026-03-01 10:00 entered", "2026-03-01 10:05 ended: exit on", "2026-03-01 10:06 sent hello"]);
    assert!(story.row.pending.is_empty());
}

#[test]
fn only_so_many_runs_are_live_at_once() {
    let mut story = Story::of("journey j {\n enter on bought\n one run per event\n wait 1 day\n}");
    let input = |story: &Story| story.kind("bought", story.moment("2026-03-01 10:00"));
    // Handled without the row being stored in between, which would take long for so many.
    let now = story.moment("2026-03-01 10:00");
    let mut out = onward::engine::Output::default();
    for _ in 0..=onward::engine::RUNS_MAX {
        let kind = input(&story);
        onward::engine::handle(
            &story.earth,
            onward::engine::Attention::default(),
            &mut story.row,
            onward::engine::Input { now, id: 0, kind },
            &mut out,
        );
    }
    story.records.append(&mut out.records);
    assert_eq!(story.live(), onward::engine::RUNS_MAX);
    assert_eq!(moments(&story, "not entered"), ["2026-03-01 10:00 not entered: too many runs"]);
}
