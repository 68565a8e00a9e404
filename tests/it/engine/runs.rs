//! Runs: goals, exits, guards, and what ends when.

use super::harness::Story;
use onward::engine::Outcome;

const GOAL: &str = r#"
journey j { enter on viewed
  enter again never
  goal bought within 7 days of entry where total >= 100
  wait 1 day }
"#;

#[test]
fn a_goal_counts_once_per_run_by_the_events_own_time_and_its_last_instant_is_in() {
    let mut story = Story::shop(GOAL);
    story.event("2026-03-01 10:00", "viewed", &[]);
    story.event("2026-03-01 11:00", "bought", &[("total", "50")]);
    story.event("2026-03-08 10:00", "bought", &[("total", "100")]);
    story.event("2026-03-08 10:00", "bought", &[("total", "200")]);
    assert_eq!(
        story.life(),
        ["2026-03-01 10:00 j#1 entered", "2026-03-02 10:00 j#1 ended: Completed", "2026-03-08 10:00 j#1 goal 0 by 2026-03-08 10:00",]
    );
}

#[test]
fn a_goal_is_watched_after_the_run_ended_and_max_event_age_longer() {
    let mut story = Story::shop(GOAL);
    story.event("2026-03-01 10:00", "viewed", &[]);
    story.event("2026-03-08 10:00:01", "bought", &[("total", "100")]);
    assert_eq!(story.life().len(), 2, "behind the window");
    story.late_event("2026-03-10 09:00", "2026-03-08 09:59", "bought", &[("total", "100")]);
    assert_eq!(story.life()[2..], ["2026-03-10 09:00 j#1 goal 0 by 2026-03-08 09:59"]);
    story.event("2026-03-20 10:00", "bought", &[]);
    assert!(story.row.ended.is_empty(), "what can no longer be reached is forgotten");
}

#[test]
fn a_goal_then_exit_ends_the_run_at_once() {
    let mut story =
        Story::shop("journey j { enter on viewed\n enter again never\n goal bought within 7 days of entry then exit\n wait 30 days }");
    story.event("2026-03-01 10:00", "viewed", &[]);
    story.event("2026-03-02 10:00", "bought", &[]);
    assert_eq!(story.endings(), ["2026-03-02 10:00 j#1 ended: Goal(0)"]);
}

#[test]
fn a_run_is_not_touched_by_events_from_before_its_begin() {
    let mut story = Story::shop(
        "journey j { enter on viewed\n enter again never\n goal bought within 7 days of entry\n exit on bought\n wait 30 days }",
    );
    story.event("2026-03-01 10:00", "viewed", &[]);
    story.late_event("2026-03-01 11:00", "2026-03-01 09:59", "bought", &[]);
    assert_eq!(story.life(), ["2026-03-01 10:00 j#1 entered"]);
}

#[test]
fn what_began_a_run_reaches_neither_its_goal_nor_its_wait() {
    let mut story = Story::shop(
        r#"
journey j { enter on bought
  enter again never
  goal bought within 7 days of entry
  wait up to 1 day for bought otherwise exit "no"
  exit "yes" }
"#,
    );
    story.event("2026-03-01 10:00", "bought", &[]);
    story.until("2026-03-05 00:00");
    assert_eq!(story.exit_reasons(), ["2026-03-02 10:00 no"]);
    assert!(!story.life().iter().any(|line| line.contains("goal")));
}

#[test]
fn exit_when_acts_at_once_whatever_the_run_waits_for() {
    let mut story = Story::shop("journey j { enter on viewed\n enter again never\n exit when customer.plan is \"pro\"\n wait 30 days }");
    story.event("2026-03-01 10:00", "viewed", &[]);
    story.attributes("2026-03-02 10:00", &[("plan", "basic")]);
    story.attributes("2026-03-03 10:00", &[("plan", "pro")]);
    assert_eq!(story.endings(), ["2026-03-03 10:00 j#1 ended: ExitWhen(0)"]);
}

#[test]
fn only_while_acts_when_time_alone_changes_it() {
    let mut story =
        Story::shop("journey j { enter on viewed\n enter again never\n only while has bought in the last 3 days\n wait 30 days }");
    story.event("2026-03-01 09:00", "bought", &[]);
    story.event("2026-03-01 10:00", "viewed", &[]);
    story.event("2026-03-02 09:00", "bought", &[]);
    story.until("2026-03-20 00:00");
    assert_eq!(story.endings(), ["2026-03-05 09:00 j#1 ended: OnlyWhile(0)"]);
}

#[test]
fn only_while_acts_on_consent_segments_and_other_journeys() {
    let mut story = Story::shop(
        r#"
segment pros { customer.plan is "pro" }
journey by_topic { enter on viewed
  enter again never
  only while subscribed to news
  wait 30 days }
journey by_segment { enter on viewed
  enter again never
  only while not in segment pros
  wait 30 days }
journey by_journey { enter on viewed
  enter again never
  exit when in journey care
  wait 30 days }
journey care { enter on paid
  enter again never
  wait 1 day }
"#,
    );
    story.event("2026-03-01 10:00", "viewed", &[]);
    story.consent("2026-03-02 10:00", "news", false);
    story.attributes("2026-03-03 10:00", &[("plan", "pro")]);
    story.event("2026-03-04 10:00", "paid", &[("order_id", "1")]);
    assert_eq!(
        story.endings(),
        [
            "2026-03-02 10:00 by_topic#3 ended: OnlyWhile(0)",
            "2026-03-03 10:00 by_segment#2 ended: OnlyWhile(0)",
            "2026-03-04 10:00 by_journey#1 ended: ExitWhen(0)",
        ]
    );
}

#[test]
fn a_run_is_live_until_its_last_message_is_settled() {
    let mut story = Story::with_policy(
        "policy {\n timezone \"Asia/Bangkok\"\n quiet hours 21:00 to 08:00 then wait\n}",
        "journey j { enter on viewed\n enter again always\n exit on bought\n send hello without waiting\n exit \"done\" }",
    );
    story.attributes("2026-03-01 09:00", &[("email", "nok@example.com")]);
    story.event("2026-03-01 22:00", "viewed", &[]);
    story.event("2026-03-01 22:30", "viewed", &[]);
    assert!(story.life().contains(&"2026-03-01 22:30 j not entered: AlreadyRunning".to_owned()));
    // An exit reaches what was sent without waiting.
    story.event("2026-03-01 23:00", "bought", &[]);
    assert_eq!(story.endings(), ["2026-03-01 23:00 j#1 ended: ExitOn(0)"]);
    assert_eq!(story.decisions().last().unwrap(), "2026-03-01 23:00 hello Skipped(RunEnded)");
    story.event("2026-03-02 22:00", "viewed", &[]);
    story.until("2026-03-03 12:00");
    assert_eq!(story.endings()[1..], ["2026-03-03 08:00 j#2 ended: ExitStep"]);
}

#[test]
fn every_step_that_changes_a_customer() {
    let mut story = Story::shop(
        r#"
journey j { enter on viewed
  enter again never
  set customer.plan to "pro"
  add "vip" to customer.tags
  add "vip" to customer.tags
  add "new" to customer.tags
  remove "vip" from customer.tags
  increase customer.points by 10
  decrease customer.points by 3
  clear customer.phone
  subscribe to deals
  unsubscribe from news
}
"#,
    );
    story.attributes("2026-03-01 09:00", &[("phone", "+66812345678")]);
    story.event("2026-03-01 10:00", "viewed", &[]);
    let values: Vec<String> = ["plan", "tags", "points", "phone"].iter().map(|name| format!("{:?}", story.attribute(name))).collect();
    assert_eq!(values, ["Text(\"pro\")", "List([Text(\"new\")])", "Number(7)", "Missing"]);
    let topic = |name: &str| story.plan().schema.topic(name).unwrap();
    assert!(story.row.is_subscribed(story.plan(), topic("deals")));
    assert!(!story.row.is_subscribed(story.plan(), topic("news")));
}

#[test]
fn unsubscribing_from_everything_leaves_what_needs_no_consent() {
    let mut story = Story::shop(
        "journey j { enter on viewed\n enter again never\n unsubscribe from everything\n wait 1 day }\njourney k { enter on unsubscribed from deals\n enter again never\n exit \"x\" }",
    );
    story.consent("2026-03-01 09:00", "deals", true);
    story.event("2026-03-01 10:00", "viewed", &[]);
    let subscribed = |name: &str| story.row.is_subscribed(story.plan(), story.plan().schema.topic(name).unwrap());
    assert_eq!([subscribed("news"), subscribed("deals"), subscribed("orders")], [false, false, true]);
    assert_eq!(story.entries().len(), 2, "the news of it follow");
}

#[test]
fn a_split_takes_the_same_path_in_every_run_and_its_bucket_is_the_written_one() {
    use sha2::{Digest, Sha256};
    let journey = r#"
journey j { enter on viewed
  enter again always
  split {
    path "a" 30% { exit "a" }
    path "b" 70% { exit "b" }
  }
}
"#;
    for uid in ["nok", "lek", "somchai", "malee", "x1", "x2", "x3"] {
        let mut story = Story::shop(journey);
        story.world.limits.salt = "salt".into();
        story.row = onward::engine::row::Customer::new(uid);
        story.event("2026-03-01 10:00", "viewed", &[]);
        story.event("2026-03-02 10:00", "viewed", &[]);
        let identity = story.plan().journeys[0]
            .steps
            .iter()
            .find_map(|step| match &step.kind {
                onward::plan::StepKind::Split { identity, .. } => Some(identity.clone()),
                _ => None,
            })
            .unwrap();
        let digest = Sha256::digest(format!("{identity}\0{uid}\0salt").as_bytes());
        let bucket = u64::from_be_bytes(digest[..8].try_into().unwrap()) % 10_000;
        let path = if bucket < 3_000 { "a" } else { "b" };
        let reasons = story.exit_reasons();
        assert_eq!(reasons, [format!("2026-03-01 10:00 {path}"), format!("2026-03-02 10:00 {path}")]);
    }
}

#[test]
fn a_split_by_a_value_draws_for_the_value() {
    let mut story = Story::shop(
        r#"
journey j { enter on paid
  one run per order_id
  split by entry.order_id {
    path "a" 50% { exit "a" }
    path "b" 50% { exit "b" }
  }
}
"#,
    );
    for order in 0..40 {
        story.event("2026-03-01 10:00", "paid", &[("order_id", &format!("o{order}"))]);
    }
    let a = story.exit_reasons().iter().filter(|line| line.ends_with('a')).count();
    assert!((8..=32).contains(&a), "{a} of 40 took path a");
}

#[test]
fn a_repeat_goes_round_at_most_so_often_and_break_leaves_it() {
    let mut story = Story::shop(
        r#"
journey j { enter on viewed
  enter again never
  repeat up to 5 times {
    increase customer.points by 1
    wait 1 day
    if customer.plan is "pro" { break }
  }
  exit "behind" }
"#,
    );
    story.event("2026-03-01 10:00", "viewed", &[]);
    story.until("2026-03-20 00:00");
    assert_eq!(story.exit_reasons(), ["2026-03-06 10:00 behind"]);
    assert_eq!(*story.attribute("points"), onward::value::Value::Number(5.into()));
}

#[test]
fn steps_of_one_input_are_limited() {
    let journey = "journey j { enter on viewed\n enter again never\n repeat up to 200 times {\n repeat up to 200 times { wait 1 day\n increase customer.points by 1 }\n }\n }";
    let mut story = Story::edited(journey, |plan| {
        for step in &mut plan.journeys[0].steps {
            if matches!(step.kind, onward::plan::StepKind::Wait { .. }) {
                step.kind = onward::plan::StepKind::Jump;
            }
        }
    });
    story.event("2026-03-01 10:00", "viewed", &[]);
    assert_eq!(story.endings(), ["2026-03-01 10:00 j#1 ended: Limit"]);
}

#[test]
fn live_runs_of_one_customer_are_limited() {
    let mut story = Story::shop("journey j { enter on viewed\n one run per event\n wait 1 day }");
    for second in 0..1_001 {
        let at = story.moment("2026-03-01 10:00").plus_ms(second);
        let kind = story.event_kind("viewed", at, &[]);
        story.input(at, kind);
    }
    assert_eq!(story.row.runs.len(), onward::engine::RUNS_MAX);
    assert!(story.life().last().unwrap().ends_with("not entered: TooManyRuns"));
}

#[test]
fn an_outcome_counts_once() {
    let mut story = Story::shop("journey j { enter on viewed\n enter again never\n send hello\n wait 1 day }");
    story.attributes("2026-03-01 09:00", &[("email", "nok@example.com")]);
    story.event("2026-03-01 10:00", "viewed", &[]);
    let send = story.delivered[0].1.key;
    let now = story.moment("2026-03-01 11:00");
    story.input(now, onward::engine::InputKind::Outcome { send, result: Outcome::Refused });
    assert_eq!(story.decisions(), ["2026-03-01 10:00 hello Sent"]);
}

#[test]
fn let_or_exit_ends_the_run_where_the_value_is_missing() {
    let mut story = Story::shop(
        "journey j { enter on bought\n enter again always\n let order be entry.order_id or exit if missing\n if order is \"a\" { exit \"a\" }\n exit \"other\" }",
    );
    story.event("2026-03-01 10:00", "bought", &[]);
    story.event("2026-03-01 11:00", "bought", &[("order_id", "a")]);
    assert_eq!(story.endings()[0], "2026-03-01 10:00 j#1 ended: OrExit");
    assert_eq!(story.exit_reasons(), ["2026-03-01 11:00 a"]);
}
