//! Chance: buckets, splits and hold-outs, which are computed and not drawn.

use super::harness::Story;
use onward::engine::RecordKind;
use onward::plan::StepKind;
use sha2::{Digest, Sha256};

/// The rule, written down once more: the first 8 bytes (big-endian) of SHA-256 over identity, unit and salt, modulo 10,000.
fn bucket(identity: &str, unit: &str, salt: &str) -> u16 {
    let digest = Sha256::digest([identity, unit, salt].join("\0").as_bytes());
    (u64::from_be_bytes(digest[..8].try_into().unwrap()) % 10_000) as u16
}

const SPLIT: &str = r#"journey j {
  enter on bought
  enter again always
  split {
    path "a" 50% { exit "a" }
    path "b" 30% { exit "b" }
    path "c" 20% { exit "c" }
  }
}"#;

fn identity(story: &Story) -> String {
    let find = |kind: &StepKind| match kind {
        StepKind::Split { identity, .. } => Some(identity.to_string()),
        _ => None,
    };
    story.plan().journeys[0].steps.iter().find_map(|step| find(&step.kind)).unwrap()
}

fn path(story: &Story) -> u16 {
    let find = |kind: &RecordKind| match kind {
        RecordKind::Drew { path } => Some(*path),
        _ => None,
    };
    story.records.iter().rev().find_map(|record| find(&record.kind)).unwrap()
}

#[test]
fn a_bucket_is_the_head_of_a_sha_256() {
    // By Python: int.from_bytes(sha256(b"hold out\0c1\0").digest()[:8], "big") % 10000, and so on.
    assert_eq!(bucket("hold out", "c1", ""), 4034);
    assert_eq!(bucket("hold out", "c2", ""), 8225);
    assert_eq!(bucket("j", "ลูกค้า", "salt"), 9730);
}

#[test]
fn a_split_goes_by_the_bucket_with_ranges_in_source_order() {
    let mut first = Story::of(SPLIT);
    first.earth.limits.salt = "pepper".into();
    for number in 0..200 {
        let uid = format!("customer-{number}");
        let mut story = first.of_somebody_else(&uid);
        let bucket = bucket(&identity(&story), &uid, "pepper");
        story.at("2026-03-01 10:00", "bought");
        let expected = match bucket {
            0..5_000 => 0,
            5_000..8_000 => 1,
            _ => 2,
        };
        assert_eq!(path(&story), expected, "{uid} falls into {bucket}");
    }
}

#[test]
fn the_same_customer_takes_the_same_path_in_every_later_run() {
    let mut story = Story::of(SPLIT);
    story.at("2026-03-01 10:00", "bought");
    let first = path(&story);
    for day in 2..20 {
        story.at(&format!("2026-03-{day:02} 10:00"), "bought");
        assert_eq!(path(&story), first);
    }
}

#[test]
fn by_a_value_the_unit_is_the_value() {
    let journey = r#"journey j {
      enter on bought
      one run per event
      split by entry.order {
        path "a" 50% { exit "a" }
        path "b" 50% { exit "b" }
      }
    }"#;
    let mut paths = Vec::new();
    let first = Story::of(journey);
    for uid in ["c1", "c2", "c3"] {
        let mut story = first.of_somebody_else(uid);
        let mut own = Vec::new();
        for order in 0..20 {
            story.at("2026-03-01 10:00", &format!("bought order=o{order}"));
            own.push(path(&story));
            let expected = u16::from(bucket(&identity(&story), &format!("o{order}"), "") >= 5_000);
            assert_eq!(path(&story), expected);
        }
        paths.push(own);
    }
    assert_eq!(paths[0], paths[1]);
    assert!(paths[0].contains(&0) && paths[0].contains(&1));
}

// ---------------------------------------------------------------- hold-outs

/// Whom a journey with this header or policy holds out, of 300.
fn held_out(text: impl Fn(u32) -> String, share: u32) -> Vec<String> {
    let first = Story::of(&text(share));
    (0..300)
        .map(|number| format!("customer-{number}"))
        .filter(|uid| {
            let mut story = first.of_somebody_else(uid);
            story.at("2026-03-01 10:00", "bought");
            story.records.iter().any(|record| matches!(record.kind, RecordKind::Entered { held_out: true, .. }))
        })
        .collect()
}

#[test]
fn a_larger_hold_out_keeps_everyone_who_was_held_out_already() {
    let header = |share| format!("journey j {{\n enter on bought\n enter again never\n hold out {share}%\n send hello\n}}");
    let policy = |share| format!("policy {{ hold out {share}% }}\njourney j {{\n enter on bought\n enter again never\n send hello\n}}");
    for (small, large) in [(held_out(header, 10), held_out(header, 30)), (held_out(policy, 10), held_out(policy, 30))] {
        assert!(small.iter().all(|uid| large.contains(uid)));
        assert!((15..=45).contains(&small.len()), "{}", small.len());
        assert!((65..=115).contains(&large.len()), "{}", large.len());
    }
    assert_ne!(held_out(header, 10), held_out(policy, 10), "each is drawn on its own");
}

#[test]
fn a_hold_out_goes_by_the_bucket_of_its_name() {
    let header = |share| format!("journey j {{\n enter on bought\n enter again never\n hold out {share}%\n send hello\n}}");
    let found = held_out(header, 20);
    let expected: Vec<String> = (0..300).map(|number| format!("customer-{number}")).filter(|uid| bucket("j", uid, "") < 2_000).collect();
    assert_eq!(found, expected);
}

/// The same customer once held out and once not: the same lines but for what was held back.
#[test]
fn a_held_out_run_walks_the_same_path_at_the_same_times() {
    let journey = r#"policy {
      quiet hours 21:00 to 08:00 then wait
    }
    journey j {
      enter on bought
      enter again never
      hold out 10%
      send hello or exit if not sent
      wait 2 days
      send second
      set customer.points to 7
      wait up to 3 days for viewed otherwise exit "none"
    }"#;
    let walk = |held: u16| {
        let mut story = Story::of(journey);
        story.earth.pinned.insert("j".into(), held);
        story.at("2026-03-01 22:00", "bought").at("2026-03-05 09:00", "viewed").until("2026-03-20 00:00");
        let lines: Vec<String> = story.records.iter().filter_map(|record| story.line(record)).collect();
        (lines, story.attribute("points").clone())
    };
    let (sent, points) = walk(0);
    let (held, held_points) = walk(1);
    assert_eq!(points, held_points);
    assert_eq!(
        held,
        [
            "2026-03-01 22:00 entered, held out",
            "2026-03-01 22:00 held hello until 2026-03-02 08:00: quiet hours",
            "2026-03-02 08:00 held out hello",
            "2026-03-04 08:00 held out second",
            "2026-03-05 09:00 ended: finished",
        ]
    );
    let same: Vec<String> = held.iter().map(|line| line.replace("entered, held out", "entered").replace("held out", "sent")).collect();
    assert_eq!(sent, same);
}

#[test]
fn a_run_that_a_held_out_run_starts_is_held_out() {
    let mut story = Story::of(
        r#"journey a {
          enter on bought
          enter again never
          hold out 10%
          start journey b
        }
        journey b {
          enter when requested
          enter again never
          send hello
        }"#,
    );
    story.earth.pinned.insert("a".into(), 1);
    story.at("2026-03-01 10:00", "bought");
    story.expect(&[
        "2026-03-01 10:00 a entered, held out",
        "2026-03-01 10:00 a ended: finished",
        "2026-03-01 10:00 b entered, held out",
        "2026-03-01 10:00 b held out hello",
        "2026-03-01 10:00 b ended: finished",
    ]);
}

#[test]
fn the_hold_out_is_the_last_check_and_takes_no_place_under_a_cap() {
    let mut story = Story::of(
        r#"policy { at most 1 message in 7 days then skip }
        journey a {
          enter on bought
          enter again never
          hold out 10%
          send offer
          send hello
        }
        journey b {
          enter on ping
          enter again never
          send hello
        }"#,
    );
    story.earth.pinned.insert("a".into(), 1);
    story.at("2026-03-01 10:00", "bought").at("2026-03-01 11:00", "ping");
    story.expect(&[
        "2026-03-01 10:00 a entered, held out",
        "2026-03-01 10:00 a skipped offer: no consent",
        "2026-03-01 10:00 a held out hello",
        "2026-03-01 10:00 a ended: finished",
        "2026-03-01 11:00 b entered",
        "2026-03-01 11:00 b sent hello",
        "2026-03-01 11:00 b ended: finished",
    ]);
}

#[test]
fn transactional_messages_are_never_held_out() {
    let mut story = Story::of(
        "policy { hold out 10% }\njourney j {\n enter on bought\n one run per event\n hold out 10%\n send receipt\n send hello\n}",
    );
    story.earth.pinned.insert("hold out".into(), 1);
    story.at("2026-03-01 10:00", "bought");
    story.expect(&[
        "2026-03-01 10:00 entered, held out",
        "2026-03-01 10:00 sent receipt",
        "2026-03-01 10:00 held out hello",
        "2026-03-01 10:00 ended: finished",
    ]);
}
