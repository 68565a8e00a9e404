//! Hooks: an answer in time, one that is late, one that is none.

use super::harness::Story;
use onward::calendar::Instant;
use onward::engine::{Answer, Input, InputKind, NoAnswer, RecordKind};
use onward::value::Value;

const ASKS: &str = r#"hook stock(order text) {
  url "https://hooks.example.com/stock"
  timeout 30 seconds
  answers { left number, why text? }
}
journey j {
  enter on bought
  enter again always
  exit on returned
  call stock(order: entry.order) as answer otherwise { exit "none" }
  set customer.points to answer.left
  exit "answered"
}"#;

fn answer(story: &mut Story, at: &str, call: u32, answer: Answer) {
    let now = story.moment(at);
    story.feed(Input { now, id: 0, kind: InputKind::Answer { call, answer } });
}

fn left(number: i64) -> Answer {
    Answer::Fields([Value::Number(number.into()), Value::Missing].into())
}

fn why_not(story: &Story) -> Vec<NoAnswer> {
    let why = |kind: &RecordKind| match kind {
        RecordKind::NotAnswered(_, why) => Some(*why),
        _ => None,
    };
    story.records.iter().filter_map(|record| why(&record.kind)).collect()
}

#[test]
fn an_answer_at_the_last_instant_is_in_time_and_a_later_one_changes_nothing() {
    let mut story = Story::of(ASKS);
    story.at("2026-03-01 10:00", "bought");
    answer(&mut story, "2026-03-01 10:00:30", 1, left(7));
    story.expect(&["2026-03-01 10:00 entered", "2026-03-01 10:00:30 ended: answered"]);
    assert_eq!(story.attribute("points"), &Value::Number(7.into()));
    let mut story = Story::of(ASKS);
    story.at("2026-03-01 10:00", "bought");
    answer(&mut story, "2026-03-01 10:00:30.001", 1, left(7));
    story.expect(&["2026-03-01 10:00 entered", "2026-03-01 10:00:30 ended: none"]);
    assert_eq!((story.attribute("points"), why_not(&story)), (&Value::Number(0.into()), vec![NoAnswer::TimedOut]));
}

#[test]
fn what_failed_and_what_has_another_type_is_no_answer() {
    let wrong = [
        (Answer::Failed, NoAnswer::Failed),
        (Answer::Unfit, NoAnswer::Unfit),
        (Answer::Fields([Value::text("7"), Value::Missing].into()), NoAnswer::Unfit),
        (Answer::Fields([Value::Missing, Value::Missing].into()), NoAnswer::Unfit),
        (Answer::Fields([Value::Number(7.into())].into()), NoAnswer::Unfit),
    ];
    for (said, why) in wrong {
        let mut story = Story::of(ASKS);
        story.at("2026-03-01 10:00", "bought");
        answer(&mut story, "2026-03-01 10:00:01", 1, said);
        story.expect(&["2026-03-01 10:00 entered", "2026-03-01 10:00:01 ended: none"]);
        assert_eq!(why_not(&story), [why]);
    }
}

#[test]
fn a_call_is_settled_once_and_an_answer_never_reaches_another_one() {
    let mut story = Story::of(ASKS);
    story.at("2026-03-01 10:00", "bought").at("2026-03-01 10:00:05", "returned").at("2026-03-01 10:00:10", "bought");
    assert_eq!(story.row.calls.open.len(), 1);
    // That of the run that is over.
    answer(&mut story, "2026-03-01 10:00:11", 1, left(7));
    assert_eq!(story.live(), 1);
    answer(&mut story, "2026-03-01 10:00:12", 2, left(8));
    answer(&mut story, "2026-03-01 10:00:13", 2, left(9));
    assert_eq!((story.live(), story.attribute("points")), (0, &Value::Number(8.into())));
    assert!(story.row.calls.open.is_empty() && story.row.wake == Instant::NEVER);
}

#[test]
fn nobody_is_asked_about_somebody_who_is_held_out() {
    let mut story = Story::of(&ASKS.replace("enter on bought", "enter on bought\n  hold out 10%"));
    story.earth.pinned.insert("j".into(), 1);
    story.at("2026-03-01 10:00", "bought");
    story.expect(&["2026-03-01 10:00 entered, held out", "2026-03-01 10:00 ended: none"]);
    assert_eq!(story.row.calls.made, 0);
}
