//! Time: instants, ties, civil time, zones, dates.

use super::harness::Story;

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
