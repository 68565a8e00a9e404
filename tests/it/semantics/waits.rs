//! Waits with branches: what counts, what ends them, and which branch is taken.

use super::harness::{Story, moments};
use onward::engine::{Input, InputKind};
use onward::value::Value;

#[test]
fn an_event_counts_while_the_run_waits_here_and_since_entry_what_came_earlier() {
    for (since, ending) in [("", "2026-03-02 11:00 ended: nothing"), (" since entry", "2026-03-01 11:00 ended: bought")] {
        let mut story = Story::of(&format!(
            "journey j {{\n enter on ping\n enter again never\n wait 1 hour\n wait up to 1 day {{\n on bought{since} {{ exit \"bought\" }}\n otherwise {{ exit \"nothing\" }}\n }}\n}}"
        ));
        story.at("2026-03-01 10:00", "ping").at("2026-03-01 10:30", "bought").until("2026-03-05 00:00");
        story.expect(&["2026-03-01 10:00 entered", ending]);
    }
}

#[test]
fn a_when_that_is_already_true_goes_at_once() {
    let mut story = Story::of(
        "journey j {\n enter on ping\n enter again never\n wait up to 9 days until customer.plan is \"pro\", otherwise exit \"no\"\n exit \"pro\"\n}",
    );
    story.knows("plan=pro").at("2026-03-01 10:00", "ping");
    story.expect(&["2026-03-01 10:00 entered", "2026-03-01 10:00 ended: pro"]);
}

#[test]
fn a_when_that_becomes_true_goes_then_also_only_by_time() {
    let mut story = Story::of(
        "journey j {\n enter on ping\n enter again never\n wait up to 9 days {\n when customer.plan is \"pro\" { exit \"pro\" }\n when has no bought in the last 2 days { exit \"lapsed\" }\n otherwise { }\n }\n}",
    );
    story.at("2026-03-01 08:00", "bought").at("2026-03-01 10:00", "ping").until("2026-03-20 00:00");
    story.expect(&["2026-03-01 10:00 entered", "2026-03-03 08:00 ended: lapsed"]);
}

#[test]
fn without_a_match_by_the_deadline_otherwise_is_taken() {
    let mut story = Story::of(
        "journey j {\n enter on ping\n enter again never\n wait up to 2 days {\n on bought { }\n otherwise { exit \"nothing came\" }\n }\n}",
    );
    story.at("2026-03-01 10:00", "ping").until("2026-03-20 00:00");
    story.expect(&["2026-03-01 10:00 entered", "2026-03-03 10:00 ended: nothing came"]);
}

const FULL: &str = r#"journey j {
  enter on ping
  enter again never
  wait the full 3 days, then first listed of {
    on bought { exit "bought" }
    on viewed { exit "viewed" }
    on pong { exit "pong" }
    otherwise { exit "nothing" }
  }
}"#;

#[test]
fn a_full_wait_holds_to_the_deadline_and_takes_the_first_listed() {
    let mut story = Story::of(FULL);
    story.at("2026-03-01 10:00", "ping").at("2026-03-02 10:00", "pong").at("2026-03-03 10:00", "viewed").until("2026-03-20 00:00");
    story.expect(&["2026-03-01 10:00 entered", "2026-03-04 10:00 ended: viewed"]);
}

#[test]
fn a_full_wait_goes_at_once_only_when_its_first_branch_is_met() {
    let mut story = Story::of(FULL);
    story.at("2026-03-01 10:00", "ping").at("2026-03-02 10:00", "viewed").at("2026-03-03 10:00", "bought");
    story.expect(&["2026-03-01 10:00 entered", "2026-03-03 10:00 ended: bought"]);
}

#[test]
fn a_full_wait_without_any_takes_otherwise() {
    let mut story = Story::of(FULL);
    story.at("2026-03-01 10:00", "ping").until("2026-03-20 00:00");
    story.expect(&["2026-03-01 10:00 entered", "2026-03-04 10:00 ended: nothing"]);
}

#[test]
fn an_event_in_the_instant_of_a_full_deadline_still_counts() {
    let mut story = Story::of(FULL);
    story.at("2026-03-01 10:00", "ping").at("2026-03-02 10:00", "pong").at("2026-03-04 10:00", "viewed").until("2026-03-20 00:00");
    story.expect(&["2026-03-01 10:00 entered", "2026-03-04 10:00 ended: viewed"]);
}

#[test]
fn a_deadline_that_is_a_moment_may_be_past() {
    let mut story = Story::of(
        "journey j {\n enter on ping\n enter again always\n wait until 2026-03-05 10:00 or exit if past {\n on bought { exit \"in time\" }\n otherwise { exit \"moment came\" }\n }\n}",
    );
    story.at("2026-03-01 10:00", "ping").at("2026-03-05 10:00", "bought").at("2026-03-05 10:01", "ping");
    story.expect(&[
        "2026-03-01 10:00 entered",
        "2026-03-05 10:00 ended: in time",
        "2026-03-05 10:01 #2 entered",
        "2026-03-05 10:01 #2 ended: or exit",
    ]);
}

#[test]
fn since_entry_leaves_out_what_began_the_run() {
    let mut story = Story::of(
        r#"journey j {
          enter on bought
          enter again always
          wait 1 day
          if has bought since entry {
            exit "again"
          }
          exit "once"
        }"#,
    );
    story.at("2026-03-01 10:00", "bought").at("2026-03-05 10:00", "bought").at("2026-03-05 11:00", "bought").until("2026-03-07 00:00");
    story.expect(&[
        "2026-03-01 10:00 entered",
        "2026-03-02 10:00 ended: once",
        "2026-03-05 10:00 #2 entered",
        "2026-03-05 11:00 not entered: already running",
        "2026-03-06 10:00 #2 ended: again",
    ]);
}

#[test]
fn since_entry_counts_from_the_begin_also_after_an_update() {
    let mut story = Story::of(
        r#"journey j {
          enter on booked
          one run per order
          while running update entry
          wait 1 day
          if has viewed since entry {
            exit "viewed"
          }
        }"#,
    );
    story.at("2026-03-01 10:00", "booked").at("2026-03-01 11:00", "viewed").at("2026-03-01 12:00", "booked").until("2026-03-05 00:00");
    story.expect(&["2026-03-01 10:00 entered", "2026-03-01 12:00 entry updated", "2026-03-02 10:00 ended: viewed"]);
}

#[test]
fn the_days_before_the_entry_leave_the_entry_out() {
    let mut story = Story::of(
        r#"journey j {
          enter on bought
          enter again always
          if count of bought in the 2 days before entry.at is 1 {
            exit "one before"
          }
        }"#,
    );
    story.at("2026-03-01 10:00", "bought").at("2026-03-03 10:00", "bought").at("2026-03-05 10:00:01", "bought");
    story.expect(&[
        "2026-03-01 10:00 entered",
        "2026-03-01 10:00 ended: finished",
        "2026-03-03 10:00 #2 entered",
        "2026-03-03 10:00 #2 ended: one before",
        "2026-03-05 10:00:01 #3 entered",
        "2026-03-05 10:00:01 #3 ended: finished",
    ]);
}

#[test]
fn a_wait_with_branches_follows_the_zone_too() {
    let mut story = Story::of(
        "journey j {\n enter on bought\n enter again never\n wait until customer.ends at 09:00 or exit if past or exit if missing {\n on ping { exit \"ping\" }\n otherwise { exit \"time\" }\n }\n}",
    );
    story.knows("timezone=Asia/Bangkok ends=2026-03-10T12:00");
    story.at("2026-03-01 10:00", "bought").at("2026-03-02 10:00", "customer timezone=Europe/Berlin").until("2026-03-20 00:00");
    story.expect(&["2026-03-01 10:00 entered", "2026-03-10 08:00 ended: time"]);
}

#[test]
fn a_window_of_the_clock_follows_the_zone_too() {
    let mut story = Story::of("journey j {\n enter on bought\n enter again never\n wait until it is 09:00 to 18:00\n exit \"open\"\n}");
    story.knows("timezone=Asia/Bangkok");
    // 20:00 in Bangkok. In Berlin it is 14:30 then, which is inside.
    story.at("2026-03-01 13:00", "bought").at("2026-03-01 13:30", "customer timezone=Europe/Berlin").until("2026-03-20 00:00");
    story.expect(&["2026-03-01 13:00 entered", "2026-03-01 13:30 ended: open"]);
}

// ---------------------------------------------------------------- counted from an item

const SESSION: &str = "catalog session by id { starts datetime }\n\
    journey j {\n enter on viewed\n enter again always\n let talk be session(entry.item) or exit if missing\n";

/// The session begins then, as is known from that moment on; in a world that knows what will be, or in one that is told.
fn session(story: &mut Story, starts: &str, from: &str) {
    let (starts, from) = (story.moment(starts), story.moment(from));
    let catalog = story.plan().schema.catalog("session").unwrap();
    story.earth.catalogs.put(catalog, "s1", from, [Value::Instant(starts)].into()).unwrap();
}

#[test]
fn a_wait_that_is_counted_from_an_item_moves_with_it() {
    for wait in [
        "wait until 1 hour before talk.starts or continue if past\n exit \"now\"\n}",
        "wait until 1 hour before talk.starts or continue if past {\n on ping { exit \"ping\" }\n otherwise { exit \"now\" }\n }\n}",
    ] {
        let mut story = Story::of(&format!("{SESSION}{wait}"));
        session(&mut story, "2026-03-10 15:00", "2026-03-01 00:00");
        session(&mut story, "2026-03-05 15:00", "2026-03-02 00:00");
        session(&mut story, "2026-03-12 15:00", "2026-03-04 00:00");
        story.at("2026-03-01 10:00", "viewed item=s1").until("2026-03-20 00:00");
        assert_eq!(moments(&story, "ended"), ["2026-03-12 14:00 ended: now"]);
        // Moved to what is past by now.
        let mut story = Story::of(&format!("{SESSION}{wait}"));
        session(&mut story, "2026-03-10 15:00", "2026-03-01 00:00");
        session(&mut story, "2026-03-02 15:00", "2026-03-04 00:00");
        story.at("2026-03-01 10:00", "viewed item=s1").until("2026-03-20 00:00");
        assert_eq!(moments(&story, "ended"), ["2026-03-04 00:00 ended: now"]);
    }
}

#[test]
fn a_world_that_does_not_know_what_comes_moves_it_when_it_is_another_one() {
    let wait = "wait until 1 hour before talk.starts or continue if past\n exit \"now\"\n}";
    let mut story = Story::of(&format!("{SESSION}{wait}"));
    session(&mut story, "2026-03-10 15:00", "2026-03-01 00:00");
    story.at("2026-03-01 10:00", "viewed item=s1").until("2026-03-03 00:00");
    session(&mut story, "2026-03-05 15:00", "2026-03-03 00:00");
    story.earth.number += 1;
    let now = story.moment("2026-03-03 00:00:01");
    story.handle(Input { now, id: 0, kind: InputKind::Touch });
    story.until("2026-03-20 00:00");
    assert_eq!(moments(&story, "ended"), ["2026-03-05 14:00 ended: now"]);
}
