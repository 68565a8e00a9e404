//! Experiments: who counts in which variant, what is measured of her, and for how long.

use super::harness::Story;
use onward::engine::{RecordKind, World};
use onward::plan::StepKind;

/// Everything that an experiment said: `counts 0 until …`, `measured 0 at …`, with `#weights` where they are not those written.
fn said(story: &Story) -> Vec<String> {
    let weights = |number: u32| if number == 0 { String::new() } else { format!(" #{number}") };
    let line = |kind: &RecordKind| match kind {
        RecordKind::Exposed { arm, weights: number, until, .. } => {
            Some(format!("counts {arm}{} until {}", weights(*number), story.show(*until)))
        }
        RecordKind::Measured { arm, weights: number, at, .. } => Some(format!("measured {arm}{} at {}", weights(*number), story.show(*at))),
        _ => None,
    };
    story.records.iter().filter_map(|record| line(&record.kind)).collect()
}

fn pinned(journey: &str, arm: u16) -> Story {
    let mut story = Story::of(journey);
    for step in &story.plan().journeys[0].steps.clone() {
        if let StepKind::Split { identity, .. } = &step.kind {
            story.earth.pinned.insert(identity.to_string(), arm);
        }
    }
    story
}

const COUPON: &str = r#"policy { timezone "Europe/Berlin" }
journey j {
  enter on bought
  enter again always
  experiment "coupon" measured by returned within 2 days {
    variant "a" 50% { wait 1 hour }
    control 50%
  }
}"#;

#[test]
fn the_measure_is_the_first_event_from_then_to_the_end_of_its_window_also_after_the_run_ended() {
    let mut story = pinned(COUPON, 0);
    story.at("2026-03-01 10:00", "bought").at("2026-03-03 10:00", "returned").at("2026-03-03 10:00", "returned");
    assert_eq!(said(&story), ["counts 0 until 2026-03-03 10:00", "measured 0 at 2026-03-03 10:00"]);
    assert!(story.row.ended.is_empty() && story.row.experiments.measures.is_empty(), "nothing more is watched");
    let mut story = pinned(COUPON, 0);
    story.at("2026-03-01 10:00", "bought").at("2026-03-03 10:00:00.001", "returned");
    assert_eq!(said(&story), ["counts 0 until 2026-03-03 10:00"]);
    // The window is civil time: it is an hour shorter in the night of the change.
    let mut story = pinned(COUPON, 1);
    story.at("2026-03-28 10:00", "bought");
    assert_eq!(said(&story), ["counts 1 until 2026-03-30 10:00"]);
}

#[test]
fn what_arrives_late_counts_by_its_own_time() {
    let mut story = pinned(COUPON, 0);
    story.at("2026-03-01 10:00", "bought").late("2026-03-03 09:00", "2026-03-05 09:00", "returned");
    assert_eq!(said(&story), ["counts 0 until 2026-03-03 10:00", "measured 0 at 2026-03-03 09:00"]);
    let mut story = pinned(COUPON, 0);
    story.at("2026-03-01 10:00", "bought").late("2026-03-01 09:59", "2026-03-01 10:05", "returned");
    assert_eq!(said(&story).len(), 1, "what she did before says nothing about the variant");
}

#[test]
fn somebody_counts_once_in_a_variant_however_often_she_comes() {
    let mut story = pinned(COUPON, 0);
    for day in 1..5 {
        story.at(&format!("2026-03-0{day} 10:00"), "bought");
    }
    assert_eq!(said(&story), ["counts 0 until 2026-03-03 10:00"]);
    // By a value, each value counts.
    let mut story = pinned(&COUPON.replace("\"coupon\"", "\"coupon\" by entry.order"), 0);
    story.at("2026-03-01 10:00", "bought order=a").at("2026-03-02 10:00", "bought order=b").at("2026-03-03 11:00", "bought order=a");
    assert_eq!(said(&story), ["counts 0 until 2026-03-03 10:00", "counts 0 until 2026-03-04 10:00"]);
}

#[test]
fn what_brings_her_there_is_not_what_she_is_measured_by() {
    let mut story = pinned(&COUPON.replace("measured by returned", "measured by bought"), 0);
    story.at("2026-03-01 10:00", "bought");
    assert_eq!(said(&story).len(), 1);
    story.at("2026-03-01 10:00", "bought");
    assert_eq!(said(&story)[1..], ["measured 0 at 2026-03-01 10:00"]);
}

#[test]
fn the_measure_belongs_to_its_run_by_key_condition_and_message() {
    let keyed = r#"journey j {
      enter on bought
      one run per order
      let least be entry.total
      experiment "coupon" by entry.order measured by viewed for the same order where item is "x" within 2 days {
        variant "a" 50% { }
        variant "b" 50% { }
      }
    }"#;
    let mut story = pinned(keyed, 1);
    story.at("2026-03-01 10:00", "bought order=o1").at("2026-03-01 11:00", "bought order=o2");
    story.at("2026-03-01 12:00", "viewed item=y order=o1").at("2026-03-01 13:00", "viewed item=x order=o2");
    assert_eq!(said(&story)[2..], ["measured 1 at 2026-03-01 13:00"]);
    assert_eq!(story.row.experiments.measures.len(), 1, "that of o1 is open");
    let clicks = r#"journey j {
      enter on bought
      enter again always
      experiment "text" measured by clicked hello within 2 days {
        variant "a" 50% { send hello by email }
        variant "b" 50% { send second by email }
      }
    }"#;
    let mut story = pinned(clicks, 0);
    story.at("2026-03-01 10:00", "bought").at("2026-03-01 11:00", "clicked hello");
    assert_eq!(said(&story)[1..], ["measured 0 at 2026-03-01 11:00"]);
}

#[test]
fn who_is_held_out_walks_the_same_way_and_counts_nowhere() {
    let mut story = pinned(&COUPON.replace("enter on bought", "enter on bought\n  hold out 10%"), 0);
    story.earth.pinned.insert("j".into(), 1);
    story.at("2026-03-01 10:00", "bought").at("2026-03-01 10:30", "returned").until("2026-03-02 10:00");
    assert_eq!(said(&story), Vec::<String>::new());
    story.expect(&["2026-03-01 10:00 entered, held out", "2026-03-01 11:00 ended: finished"]);
}

#[test]
fn what_is_decided_over_all_moves_later_draws_only_and_is_recorded_with_its_number() {
    let mut story = Story::of(COUPON);
    story.at("2026-03-01 10:00", "bought");
    let first: u16 = said(&story)[0].split(' ').nth(1).unwrap().parse().unwrap();
    let shares = if first == 0 { vec![0, 10_000] } else { vec![10_000, 0] };
    let identity = story.plan().journeys[0].experiments[0].identity.to_string();
    let from = story.moment("2026-03-02 10:00");
    story.earth.weights.push((identity.clone(), from, onward::engine::Weights { number: 3, shares }));
    assert_eq!(story.earth.weights(&identity, from.plus_ms(-1)), None);
    story.at("2026-03-02 09:59", "bought").at("2026-03-02 10:00", "bought").at("2026-03-02 11:00", "returned");
    let other = 1 - first;
    let expected = [
        format!("counts {first} until 2026-03-03 10:00"),
        format!("counts {other} #3 until 2026-03-04 10:00"),
        format!("measured {first} at 2026-03-02 11:00"),
        format!("measured {other} #3 at 2026-03-02 11:00"),
    ];
    assert_eq!(said(&story), expected);
}
