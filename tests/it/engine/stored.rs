//! Rows as bytes, and laws that hold for every story: the engine is total, the same inputs give the same bytes, and how often it is
//! asked changes nothing.

use super::harness::Story;
use onward::calendar::Instant;
use onward::engine::row::Customer;
use onward::engine::{Attention, Input, InputKind, Output, handle};
use onward::record;

const EVERYTHING: &str = r#"
segment active { has at least 2 bought in the last 5 days }
segment quiet { has no viewed in the last 2 days }
journey a { enter on bought where total > 20
  one run per order_id
  goal paid within 3 days of entry for the same order_id
  exit on cancelled for the same order_id
  send offer by email and push as it_offer
  wait up to 2 days {
    on paid for the same order_id as payment { let order be payment.order_id
      exit "paid" }
    on clicked it_offer { wait 3 hours }
    when in segment quiet { exit "quiet" }
    otherwise { }
  }
  send offer by sms
}
journey b { enter when joins segment active
  enter again 2 days after entry
  only while not in segment quiet
  hold out 50%
  repeat up to 3 times {
    send hello without waiting
    wait 1 day, until 10:00
    increase customer.points by 1
  }
  split {
    path "one" 50% { emit pinged { n: 7 } }
    path "two" 50% { subscribe to deals }
  }
}
journey c { enter every day at 09:00 where customer.points > 0
  enter again always
  while running restart
  wait until it is 10:00 to 12:00 on weekdays
  wait up to 1 day for pinged since entry otherwise exit "no ping"
}
"#;

const POLICY: &str =
    "policy {\ntimezone \"Asia/Bangkok\"\nquiet hours 21:00 to 08:00 then wait\nat most 2 messages in 1 day then wait up to 1 day\n}";

/// Plain pseudo-random numbers: the same on every machine.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

/// A month of one customer. `touches`: how often time passes in between without an input.
fn month(seed: u64, touches: bool) -> Story {
    let mut story = Story::with_policy(POLICY, EVERYTHING);
    story.attributes("2026-03-01 00:00", &[("email", "nok@example.com"), ("phone", "+66812345678"), ("push_token", "p")]);
    let mut dice = Dice(seed);
    let mut at = story.moment("2026-03-01 08:00");
    for _ in 0..120 {
        let gap = dice.roll(14 * 3_600_000) as i64;
        if touches {
            for part in 1..4 {
                let between = at.plus_ms(gap * part / 4);
                while story.wake <= between {
                    story.raw(Input { now: story.wake, id: 0, kind: InputKind::Touch });
                }
                story.raw(Input { now: between, id: 0, kind: InputKind::Touch });
            }
        }
        at = at.plus_ms(gap);
        let order = format!("o{}", dice.roll(6));
        let total = dice.roll(60).to_string();
        let kind = match dice.roll(6) {
            0 | 1 => story.event_kind("bought", at, &[("order_id", &order), ("total", &total)]),
            2 => story.event_kind("paid", at, &[("order_id", &order)]),
            3 => story.event_kind("cancelled", at, &[("order_id", &order)]),
            _ => story.event_kind("viewed", at, &[]),
        };
        story.input(at, kind);
    }
    story
}

#[test]
fn the_same_inputs_give_the_same_bytes() {
    for seed in 1..6 {
        let (one, two) = (month(seed, false), month(seed, false));
        assert_eq!(record::to_bytes(&one.row), record::to_bytes(&two.row));
        assert_eq!(one.records, two.records);
        assert!(one.records.len() > 150, "the story is worth it: {}", one.records.len());
    }
}

#[test]
fn how_often_time_is_looked_at_changes_nothing() {
    for seed in 1..6 {
        let (one, two) = (month(seed, false), month(seed, true));
        assert_eq!(one.records, two.records);
        assert_eq!(one.row.runs, two.row.runs);
    }
}

#[test]
fn a_row_that_was_cut_or_damaged_is_refused_or_read_and_never_panics() {
    let story = month(3, false);
    let bytes = record::to_bytes(&story.row);
    for end in 0..bytes.len() {
        let _ = record::from_bytes::<Customer>(&bytes[..end]);
    }
    let mut dice = Dice(11);
    let mut read = 0;
    for _ in 0..4_000 {
        let mut damaged = bytes.clone();
        for _ in 0..=dice.roll(3) {
            let at = dice.roll(damaged.len() as u64) as usize;
            damaged[at] = dice.roll(256) as u8;
        }
        let Ok(mut row) = record::from_bytes::<Customer>(&damaged) else { continue };
        read += 1;
        // Whatever it says, the engine is total.
        let mut out = Output::default();
        let now = story.moment("2026-06-01 00:00");
        let kind = story.event_kind("bought", now, &[("order_id", "o1"), ("total", "50")]);
        row.clock = row.clock.min(now);
        row.wake = row.wake.max(story.moment("2026-05-31 00:00"));
        handle(&story.world, Attention::default(), &mut row, Input { now, id: 0, kind }, &mut out);
    }
    assert!(read > 100, "{read} damaged rows could be read");
}

#[test]
fn a_section_of_a_newer_version_is_refused() {
    let mut bytes = record::to_bytes(&Customer::new("nok"));
    bytes[1] += 1;
    assert!(record::from_bytes::<Customer>(&bytes).is_err());
    let mut unknown = record::to_bytes(&Customer::new("nok"));
    unknown.extend([200, 1, 0]);
    assert!(record::from_bytes::<Customer>(&unknown).is_err());
}

#[test]
fn a_typical_row_is_small() {
    let mut story = Story::with_policy(POLICY, EVERYTHING);
    story.attributes("2026-03-01 00:00", &[("email", "nok.jaidee@example.com"), ("phone", "+66812345678")]);
    for (time, order) in [("2026-03-01 10:00", "o1"), ("2026-03-02 11:00", "o2")] {
        story.event(time, "bought", &[("order_id", order), ("total", "30")]);
        story.event(time, "viewed", &[]);
    }
    let size = record::to_bytes(&story.row).len();
    assert!(story.row.runs.len() >= 2 && size < 600, "{size} bytes with {} runs", story.row.runs.len());
}

#[test]
fn a_fresh_customer_has_nothing_due() {
    let mut story = Story::with_policy(POLICY, EVERYTHING);
    let now = story.moment("2026-03-01 00:00");
    story.raw(Input { now, id: 0, kind: InputKind::Touch });
    assert_eq!((story.wake, story.records.len()), (Instant::NEVER, 0));
}
