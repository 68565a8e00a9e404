//! Time and order: what comes before what.

use super::harness::Story;
use onward::calendar::{HOUR_MS, MINUTE_MS};
use onward::engine::{InputKind, RecordKind};

const ONE_DAY: &str = r#"
journey j { enter on viewed
  enter again always
  wait up to 1 day for bought otherwise exit "too late"
  exit "in time"
}
"#;

#[test]
fn an_event_beats_every_deadline_of_its_instant() {
    let mut story = Story::shop(ONE_DAY);
    story.event("2026-03-01 10:00", "viewed", &[]);
    story.event("2026-03-02 10:00", "bought", &[]);
    story.until("2026-03-03 10:00");
    assert_eq!(story.exit_reasons(), ["2026-03-02 10:00 in time"]);
}

#[test]
fn a_deadline_a_millisecond_earlier_is_over_before_the_event() {
    let mut story = Story::shop(ONE_DAY);
    story.event("2026-03-01 10:00", "viewed", &[]);
    story.event("2026-03-02 10:00:00.001", "bought", &[]);
    assert_eq!(story.exit_reasons(), ["2026-03-02 10:00 too late"]);
}

#[test]
fn two_events_of_one_instant_both_beat_its_deadlines() {
    let mut story = Story::shop(ONE_DAY);
    story.event("2026-03-01 10:00", "viewed", &[]);
    story.event("2026-03-02 10:00", "pinged", &[]);
    story.event("2026-03-02 10:00", "bought", &[]);
    story.until("2026-03-03 10:00");
    assert_eq!(story.exit_reasons(), ["2026-03-02 10:00 in time"]);
}

#[test]
fn everything_due_before_an_input_is_handled_first_and_at_its_own_instant() {
    let mut story = Story::shop(
        r#"
journey j { enter on viewed
  enter again never
  wait 1 hour
  wait 1 hour
  exit "j" }
journey k { enter on viewed
  enter again never
  wait 90 minutes
  exit "k" }
"#,
    );
    story.event("2026-03-01 10:00", "viewed", &[]);
    // No touch in between: the next input comes a day later.
    story.wake = onward::calendar::Instant::NEVER;
    story.event("2026-03-02 10:00", "pinged", &[]);
    assert_eq!(story.exit_reasons(), ["2026-03-01 11:30 k", "2026-03-01 12:00 j"]);
}

const ACTIVE: &str = r#"
segment active { has bought in the last 30 days }
journey back { enter when joins segment active
  enter again always
  exit "in" }
journey gone { enter when leaves segment active
  enter again always
  exit "out" }
"#;

#[test]
fn a_segment_flips_at_the_very_instant_at_which_time_passes() {
    let mut story = Story::shop(ACTIVE);
    story.event("2026-03-01 10:00", "bought", &[]);
    story.until("2026-04-30 00:00");
    assert_eq!(story.standings(), ["2026-03-01 10:00 joined active", "2026-03-31 10:00 left active"]);
    assert_eq!(story.exit_reasons(), ["2026-03-01 10:00 in", "2026-03-31 10:00 out"]);
}

#[test]
fn who_acts_in_the_instant_her_window_runs_out_neither_leaves_nor_joins() {
    let mut story = Story::shop(ACTIVE);
    story.event("2026-03-01 10:00", "bought", &[]);
    story.event("2026-03-31 10:00", "bought", &[]);
    story.until("2026-04-29 00:00");
    assert_eq!(story.standings(), ["2026-03-01 10:00 joined active"]);
}

#[test]
fn what_lies_exactly_the_window_back_is_out() {
    let mut story = Story::shop(
        r#"
journey j { enter on viewed where has bought in the last 7 days
  enter again always
  exit "seen" }
"#,
    );
    story.event("2026-03-01 10:00", "bought", &[]);
    story.event("2026-03-08 09:59:59.999", "viewed", &[]);
    story.event("2026-03-08 10:00", "viewed", &[]);
    assert_eq!(story.entries().len(), 1);
}

#[test]
fn of_one_input_leaves_come_before_joins() {
    let mut story = Story::shop(
        r#"
segment free_plan { customer.plan is "free" }
segment a_pro_plan { customer.plan is "pro" }
journey j { enter on viewed
  enter again never
  wait 1 day }
"#,
    );
    story.attributes("2026-03-01 09:00", &[("points", "1")]);
    story.attributes("2026-03-01 10:00", &[("plan", "pro")]);
    assert_eq!(
        story.standings(),
        ["2026-03-01 09:00 joined free_plan", "2026-03-01 10:00 left free_plan", "2026-03-01 10:00 joined a_pro_plan"]
    );
}

#[test]
fn goals_come_before_exits_and_exits_before_waits_and_entries_last() {
    let mut story = Story::shop(
        r#"
journey a { enter on viewed
  enter again never
  goal bought within 7 days of entry
  exit on bought
  wait up to 2 days for bought otherwise exit "o"
  exit "the wait saw it"
}
journey b { enter on bought
  enter again never
  wait 1 day }
"#,
    );
    story.event("2026-03-01 10:00", "viewed", &[]);
    story.event("2026-03-01 11:00", "bought", &[]);
    let at = "2026-03-01 11:00";
    assert_eq!(story.life()[1..], [format!("{at} a#1 goal 0 by {at}"), format!("{at} a#1 ended: ExitOn(0)"), format!("{at} b#2 entered")]);
}

#[test]
fn among_runs_higher_priority_comes_first_then_the_older() {
    let mut story = Story::shop(
        r#"
journey low { enter on viewed
  enter again never
  priority low
  exit on bought
  wait 9 days }
journey normal_one { enter on pinged
  enter again never
  exit on bought
  wait 9 days }
journey high { enter on paid
  enter again never
  priority high
  exit on bought
  wait 9 days }
journey normal_two { enter on cancelled
  enter again never
  exit on bought
  wait 9 days }
"#,
    );
    story.event("2026-03-01 10:00", "viewed", &[]);
    story.event("2026-03-01 10:01", "cancelled", &[]);
    story.event("2026-03-01 10:02", "pinged", &[]);
    story.event("2026-03-01 10:03", "paid", &[("order_id", "1")]);
    story.event("2026-03-01 11:00", "bought", &[]);
    let order: Vec<String> = story.endings().iter().map(|line| line.split(' ').nth(2).unwrap().to_owned()).collect();
    assert_eq!(order, ["high#4", "normal_two#2", "normal_one#3", "low#1"]);
}

#[test]
fn among_entries_higher_priority_comes_first_then_the_name() {
    let mut story = Story::shop(
        r#"
journey b { enter on viewed
  enter again never
  exit "b" }
journey a { enter on viewed
  enter again never
  exit "a" }
journey z { enter on viewed
  enter again never
  priority high
  exit "z" }
"#,
    );
    story.event("2026-03-01 10:00", "viewed", &[]);
    let order: Vec<&str> = vec!["z", "a", "b"];
    let reasons = story.exit_reasons();
    assert_eq!(reasons.iter().map(|line| &line[17..]).collect::<Vec<_>>(), order);
}

#[test]
fn a_known_id_counts_once_and_another_body_is_a_conflict() {
    let mut story = Story::shop(
        r#"
journey j { enter on pinged
  enter again always
  exit "x" }
"#,
    );
    let at = story.moment("2026-03-01 10:00");
    let first = story.event_kind("pinged", at, &[("n", "1")]);
    let other = story.event_kind("pinged", at, &[("n", "2")]);
    story.input_with_id(at, 7, first.clone());
    story.input_with_id(at.plus_ms(MINUTE_MS), 7, first.clone());
    story.input_with_id(at.plus_ms(2 * MINUTE_MS), 7, other);
    assert_eq!(story.entries().len(), 1);
    assert_eq!((story.count(&RecordKind::Duplicate), story.count(&RecordKind::Conflict)), (1, 1));
    // 30 days later it still counts; long after, the id may be used again.
    story.input_with_id(at.plus_ms(30 * 24 * HOUR_MS), 7, first.clone());
    assert_eq!(story.entries().len(), 1);
    let later = at.plus_ms(40 * 24 * HOUR_MS);
    let again = story.event_kind("pinged", later, &[]);
    story.input_with_id(later, 7, again);
    assert_eq!(story.entries().len(), 2);
}

#[test]
fn a_late_event_counts_in_windows_and_never_rewinds_a_run() {
    let mut story = Story::shop(
        r#"
segment good { has at least 2 bought in the last 10 days }
journey j { enter on viewed
  enter again never
  wait up to 1 day for bought otherwise exit "no"
  exit "yes" }
"#,
    );
    story.event("2026-03-01 10:00", "viewed", &[]);
    story.event("2026-03-03 10:00", "bought", &[]);
    // Happened while the run still waited, and arrives when it is over.
    story.late_event("2026-03-03 11:00", "2026-03-01 12:00", "bought", &[]);
    story.until("2026-03-20 00:00");
    assert_eq!(story.exit_reasons(), ["2026-03-02 10:00 no"]);
    // Ten days from the older one's own time.
    assert_eq!(story.standings(), ["2026-03-03 11:00 joined good", "2026-03-11 12:00 left good"]);
}

#[test]
fn an_own_time_in_the_future_is_cut_to_the_arrival() {
    let mut story = Story::shop(ACTIVE);
    story.late_event("2026-03-01 10:00", "2026-03-05 10:00", "bought", &[]);
    story.until("2026-04-30 00:00");
    assert_eq!(story.standings(), ["2026-03-01 10:00 joined active", "2026-03-31 10:00 left active"]);
}

#[test]
fn handling_time_never_runs_back() {
    let mut story = Story::shop(ONE_DAY);
    story.event("2026-03-01 10:00", "viewed", &[]);
    story.until("2026-03-01 12:00");
    // A clock that was put back: it counts as now.
    story.event("2026-03-01 09:00", "pinged", &[]);
    assert_eq!(story.row.clock, story.moment("2026-03-01 12:00"));
}

#[test]
fn an_event_that_starts_too_late_starts_no_journey_unless_it_accepts_late_ones() {
    let mut story = Story::shop(
        r#"
journey strict { enter on viewed
  enter again always
  wait 1 hour }
journey patient { enter on viewed
  enter again always
  accept late
  wait 1 hour }
"#,
    );
    story.late_event("2026-03-03 10:00", "2026-03-01 10:00", "viewed", &[]);
    assert_eq!(story.entries().len(), 2, "48 hours are just in time");
    story.late_event("2026-03-13 10:00:01", "2026-03-11 10:00", "viewed", &[]);
    let last = story.life();
    assert!(last.contains(&"2026-03-13 10:00:01 strict not entered: TooLate".to_owned()), "{last:?}");
    assert!(last.contains(&"2026-03-13 10:00:01 patient#3 entered".to_owned()), "{last:?}");
}

#[test]
fn attributes_are_newest_wins_one_by_one() {
    let mut story = Story::shop("journey j { enter on viewed\n enter again never\n wait 1 day }");
    story.late_attributes("2026-03-02 10:00", "2026-03-02 09:00", &[("plan", "pro")]);
    story.late_attributes("2026-03-02 11:00", "2026-03-01 09:00", &[("plan", "old"), ("points", "5")]);
    assert_eq!(*story.attribute("plan"), onward::value::Value::text("pro"));
    assert_eq!(*story.attribute("points"), onward::value::Value::Number(5.into()));
}

#[test]
fn of_two_consents_of_one_instant_the_withdrawal_holds() {
    let mut story = Story::shop("journey j { enter on subscribed to deals\n enter again always\n wait 1 day }");
    let deals = story.plan().schema.topic("deals").unwrap();
    story.consent("2026-03-01 10:00", "deals", true);
    story.consent("2026-03-01 10:00", "deals", false);
    assert!(!story.row.is_subscribed(story.plan(), deals));
    story.consent("2026-03-01 10:00", "deals", true);
    assert!(!story.row.is_subscribed(story.plan(), deals));
    story.consent("2026-03-01 10:01", "deals", true);
    assert!(story.row.is_subscribed(story.plan(), deals));
    assert_eq!(story.entries().len(), 1, "the second subscription finds the first run live");
}

#[test]
fn a_consent_that_arrives_late_changes_nothing() {
    let mut story = Story::shop("journey j { enter on viewed\n enter again never\n wait 1 day }");
    let deals = story.plan().schema.topic("deals").unwrap();
    story.consent("2026-03-05 10:00", "deals", false);
    let (now, at) = (story.moment("2026-03-05 11:00"), story.moment("2026-03-04 11:00"));
    story.input(now, InputKind::Consent { at, topic: deals, subscribed: true });
    assert!(!story.row.is_subscribed(story.plan(), deals));
}

#[test]
fn what_steps_cause_is_taken_in_first_caused_first_after_everything_else_of_the_input() {
    let mut story = Story::shop(
        r#"
journey a { enter on viewed
  enter again never
  emit pinged { n: 1 }
  emit pinged { n: 2 }
  exit "a" }
journey b { enter on viewed
  enter again never
  exit "b" }
journey on_ping { enter on pinged
  enter again always
  exit "ping" }
"#,
    );
    story.event("2026-03-01 10:00", "viewed", &[]);
    let reasons: Vec<String> = story.exit_reasons().iter().map(|line| line[17..].to_owned()).collect();
    assert_eq!(reasons, ["a", "b", "ping", "ping"]);
}

#[test]
fn a_chain_of_more_than_a_hundred_is_cut_and_what_happened_before_stays() {
    let journey = "journey j { enter on pinged\n enter again always\n increase customer.points by 1\n emit viewed\n}";
    let mut story = Story::edited(journey, |plan| {
        let pinged = plan.schema.event("pinged").unwrap();
        for step in &mut plan.journeys[0].steps {
            if let onward::plan::StepKind::Emit { event, .. } = &mut step.kind {
                *event = pinged;
            }
        }
    });
    story.event("2026-03-01 10:00", "pinged", &[]);
    assert_eq!(story.count(&RecordKind::ChainCut), 1);
    assert_eq!(*story.attribute("points"), onward::value::Value::Number(101.into()));
    // The next input is a new chain.
    story.event("2026-03-01 11:00", "viewed", &[]);
    assert_eq!(story.count(&RecordKind::ChainCut), 1);
}

#[test]
fn a_journey_that_starts_itself_is_cut_after_a_hundred() {
    // The checker refuses it (E0352), so the plan is changed behind it.
    let text = "journey j { enter on pinged\n enter again always\n start journey k\n}\n\
        journey k { enter when requested\n enter again always\n increase customer.points by 1\n start journey l\n}\n\
        journey l { enter when requested\n enter again never\n exit \"l\"\n}";
    let mut story = Story::edited(text, |plan| {
        let k = plan.journeys.iter().position(|journey| journey.name == "k").unwrap();
        for step in &mut plan.journeys[k].steps {
            if let onward::plan::StepKind::Start { journey, .. } = &mut step.kind {
                *journey = onward::schema::JourneyId(k as u16);
            }
        }
    });
    story.event("2026-03-01 10:00", "pinged", &[]);
    assert_eq!(story.count(&RecordKind::ChainCut), 1);
    assert_eq!(*story.attribute("points"), onward::value::Value::Number(100.into()));
    assert!(story.row.runs.is_empty(), "every run that began is over");
    // The next input is a new chain, and is cut as well.
    story.event("2026-03-01 11:00", "pinged", &[]);
    assert_eq!(story.count(&RecordKind::ChainCut), 2);
    assert_eq!(*story.attribute("points"), onward::value::Value::Number(200.into()));
}

#[test]
fn a_condition_reads_what_the_run_has_just_set() {
    let mut story = Story::shop(
        r#"
segment pros { customer.plan is "pro" }
journey j { enter on viewed
  enter again never
  set customer.plan to "pro"
  if in segment pros { exit "truth of the moment" }
  exit "stale" }
journey news { enter when joins segment pros
  enter again never
  exit "news" }
"#,
    );
    story.event("2026-03-01 10:00", "viewed", &[]);
    let reasons: Vec<String> = story.exit_reasons().iter().map(|line| line[17..].to_owned()).collect();
    assert_eq!(reasons, ["truth of the moment", "news"]);
}

#[test]
fn membership_from_the_first_input_is_a_join() {
    let mut story = Story::shop(
        r#"
segment no_buyers { has no bought }
journey j { enter when joins segment no_buyers
  enter again never
  exit "x" }
"#,
    );
    story.event("2026-03-01 10:00", "viewed", &[]);
    assert_eq!(story.entries(), ["2026-03-01 10:00 j#1 entered"]);
}

#[test]
fn where_time_is_lost_what_is_a_minute_late_counts_when_it_was_due() {
    let journey = r#"
journey j { enter on viewed
  enter again never
  wait 1 hour
  wait 1 hour
  exit "x" }
"#;
    let mut story = Story::shop(journey);
    story.world.loses_time = true;
    story.event("2026-03-01 10:00", "viewed", &[]);
    story.raw(onward::engine::Input { now: story.moment("2026-03-01 11:01"), id: 0, kind: InputKind::Touch });
    story.until("2026-03-01 15:00");
    assert_eq!(story.exit_reasons(), ["2026-03-01 12:00 x"], "waits do not drift");

    let mut story = Story::shop(journey);
    story.world.loses_time = true;
    story.event("2026-03-01 10:00", "viewed", &[]);
    story.raw(onward::engine::Input { now: story.moment("2026-03-01 11:02"), id: 0, kind: InputKind::Touch });
    story.until("2026-03-01 15:00");
    assert_eq!(story.exit_reasons(), ["2026-03-01 12:02 x"], "what is later counts when it is really handled");
}
