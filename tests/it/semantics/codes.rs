//! Pools of codes: a code, none left, one that is late, a hold-out.

use super::harness::Story;
use onward::calendar::Instant;
use onward::engine::{Answer, Input, InputKind, NoAnswer, RecordKind};
use onward::value::{Text, Value};

const DRAWS: &str = r#"codes spring "Spring codes"
journey j {
  enter on bought
  enter again always
  exit on returned
  draw code from spring as code otherwise { exit "none" }
  if code is "A2" { exit "it is A2" }
  exit "given"
}"#;

fn answer(story: &mut Story, at: &str, call: u32, answer: Answer) {
    let now = story.moment(at);
    story.feed(Input { now, id: 0, kind: InputKind::Answer { call, answer } });
}

fn code(text: &str) -> Answer {
    Answer::Code(Text::new(text))
}

fn why_not(story: &Story) -> Vec<NoAnswer> {
    let why = |kind: &RecordKind| match kind {
        RecordKind::GotNoCode(_, why) => Some(*why),
        _ => None,
    };
    story.records.iter().filter_map(|record| why(&record.kind)).collect()
}

#[test]
fn a_code_at_the_last_instant_is_in_time_and_a_later_one_changes_nothing() {
    let mut story = Story::of(DRAWS);
    story.at("2026-03-01 10:00", "bought");
    answer(&mut story, "2026-03-01 10:00:10", 1, code("A1"));
    story.expect(&["2026-03-01 10:00 entered", "2026-03-01 10:00:10 ended: given"]);
    let mut story = Story::of(DRAWS);
    story.at("2026-03-01 10:00", "bought");
    answer(&mut story, "2026-03-01 10:00:10.001", 1, code("A1"));
    story.expect(&["2026-03-01 10:00 entered", "2026-03-01 10:00:10 ended: none"]);
    assert_eq!(why_not(&story), [NoAnswer::TimedOut]);
}

#[test]
fn what_is_no_code_takes_otherwise() {
    let wrong = [
        (Answer::NoneLeft, NoAnswer::NoneLeft),
        (Answer::Failed, NoAnswer::Failed),
        (Answer::Unfit, NoAnswer::Unfit),
        (code(" "), NoAnswer::Unfit),
        (code(&"x".repeat(1_025)), NoAnswer::Unfit),
        (Answer::Fields([Value::text("A1")].into()), NoAnswer::Unfit),
    ];
    for (said, why) in wrong {
        let mut story = Story::of(DRAWS);
        story.at("2026-03-01 10:00", "bought");
        answer(&mut story, "2026-03-01 10:00:01", 1, said);
        story.expect(&["2026-03-01 10:00 entered", "2026-03-01 10:00:01 ended: none"]);
        assert_eq!(why_not(&story), [why]);
    }
}

#[test]
fn a_draw_is_settled_once_and_a_code_never_reaches_another_one() {
    let mut story = Story::of(DRAWS);
    story.at("2026-03-01 10:00", "bought").at("2026-03-01 10:00:05", "returned").at("2026-03-01 10:00:09", "bought");
    assert_eq!(story.row.calls.draws.len(), 1);
    // That of the run that is over.
    answer(&mut story, "2026-03-01 10:00:10", 1, code("A1"));
    assert_eq!(story.live(), 1);
    answer(&mut story, "2026-03-01 10:00:11", 2, code("A2"));
    answer(&mut story, "2026-03-01 10:00:12", 2, code("A3"));
    story.expect(&[
        "2026-03-01 10:00 entered",
        "2026-03-01 10:00:05 ended: exit on",
        "2026-03-01 10:00:09 #2 entered",
        "2026-03-01 10:00:11 #2 ended: it is A2",
    ]);
    assert!(story.row.calls.draws.is_empty() && story.row.wake == Instant::NEVER);
}

#[test]
fn no_code_is_spent_on_somebody_who_is_held_out() {
    let mut story = Story::of(&DRAWS.replace("enter on bought", "enter on bought\n  hold out 10%"));
    story.earth.pinned.insert("j".into(), 1);
    story.at("2026-03-01 10:00", "bought");
    story.expect(&["2026-03-01 10:00 entered, held out", "2026-03-01 10:00 ended: none"]);
    assert_eq!(story.row.calls.made, 0);
}
