//! Scores: points, halving in whole days, and conditions that turn at a known moment.

use super::{errors, fails, holds};

const SCORE: &str = r#"
score engagement "Engagement" {
  start 0
  on viewed where sku is not "bot" add 1
  on ordered where total >= 100 EUR add 8
  on clicked hello add 3
  on paid subtract 2
  halve every 10 days
}
"#;

#[test]
fn points_add_up_and_fade_in_whole_days() {
    holds(&format!(
        r#"{SCORE}
journey look {{ enter on ordered
  enter again never
  wait 100 days
}}
scenario "by what happens" for look {{
  at 2026-03-02 10:00 ordered {{ order_id: "1", total: 100 EUR }}
  expect customer.engagement is 8
  after 1 hour viewed {{ sku: "a" }}
  after 1 hour viewed {{ sku: "bot" }}
  expect customer.engagement is 9
  after 1 hour paid {{ order_id: "1" }}
  expect customer.engagement is 7
}}
scenario "a half after ten days, not a minute before, and a step every day" for look {{
  at 2026-03-02 10:00 ordered {{ order_id: "1", total: 100 EUR }}
  at 2026-03-03 09:59 viewed {{ sku: "bot" }}
  expect customer.engagement is 8
  at 2026-03-03 10:00 viewed {{ sku: "bot" }}
  expect customer.engagement < 7.5
  at 2026-03-12 09:59 viewed {{ sku: "bot" }}
  expect customer.engagement > 4
  at 2026-03-12 10:00 viewed {{ sku: "bot" }}
  expect customer.engagement is 4
  at 2026-04-01 11:00 viewed {{ sku: "a" }}
  expect customer.engagement is 2
}}
scenario "what was given before counts from its own time" for look {{
  starting 2026-03-02 10:00
  given has 4 viewed 10 days ago {{ sku: "a" }}
  at 2026-03-02 11:00 ordered {{ order_id: "1", total: 1 EUR }}
  expect customer.engagement is 2
}}
"#
    ));
}

#[test]
fn a_segment_over_a_score_is_joined_by_points_and_left_by_time_alone() {
    holds(&format!(
        r#"{SCORE}
segment keen {{ customer.engagement >= 4 }}
segment cold {{ 1 > customer.engagement }}
journey keen_now {{ enter when joins segment keen
  enter again always
  only while customer.engagement > 2
  send hello by email
  wait up to 60 days {{
    when customer.engagement > 20 {{ exit "very keen" }}
    otherwise {{ }}
  }}
}}
journey lost {{ enter when leaves segment keen
  enter again always
  exit "lost"
}}
journey gone {{ enter when joins segment cold
  enter again always
  exit "gone"
}}
scenario "left at the very moment" for lost {{
  at 2026-03-02 10:00 ordered {{ order_id: "1", total: 100 EUR }}
  at 2026-03-12 09:59 paid {{ order_id: "x" }}
  expect not in segment keen
  expect exit "lost" after 0 minutes
}}
scenario "by time alone" for lost {{
  at 2026-03-02 10:00 ordered {{ order_id: "1", total: 100 EUR }}
  at 2026-03-13 09:59 viewed {{ sku: "bot" }}
  expect in segment keen
  at 2026-03-13 10:01 viewed {{ sku: "bot" }}
  expect not in segment keen
  expect exit "lost"
}}
scenario "a guard turns at 2, two halves later and a day" for keen_now {{
  given customer {{ email: "a@example.com" }}
  given subscribed to news
  at 2026-03-02 10:00 ordered {{ order_id: "1", total: 100 EUR }}
  expect message hello by email
  expect exit when after 20 days
}}
scenario "a click gives points, too" for keen_now {{
  given customer {{ email: "a@example.com" }}
  given subscribed to news
  at 2026-03-02 10:00 ordered {{ order_id: "1", total: 100 EUR }}
  after 1 hour clicked hello
  expect customer.engagement is 11
  after 1 hour ordered {{ order_id: "2", total: 100 EUR }}
  after 1 hour ordered {{ order_id: "3", total: 100 EUR }}
  expect exit "very keen" after 3 hours
}}
scenario "cold again" for gone {{
  at 2026-03-02 10:00 ordered {{ order_id: "1", total: 100 EUR }}
  at 2026-04-02 10:59 viewed {{ sku: "bot" }}
  expect not in segment cold
  at 2026-04-02 11:01 viewed {{ sku: "bot" }}
  expect in segment cold
}}
"#
    ));
}

#[test]
fn a_score_is_read_and_never_set() {
    assert_eq!(
        errors(&format!("{SCORE}journey j {{ enter on viewed\n enter again never\n set customer.engagement to 5\n}}")),
        ["E0385 `customer.engagement` cannot be changed"]
    );
    assert_eq!(
        errors("score points { on viewed since entry add 1\n start 1\n start 2 }\n"),
        [
            "E0864 `customer.points` would be a field and a score",
            "E0866 a score has no run, so `since` means nothing in it",
            "E0865 `start` is said twice in this score"
        ]
    );
    let near = errors(&format!("{SCORE}segment s {{ customer.engagment > 1 }}"));
    assert_eq!(near, ["E0104 the customer has no `engagment`"]);
}

#[test]
fn a_message_may_show_a_score() {
    let said = fails(&format!(
        r#"{SCORE}
message status about orders {{ email {{ subject "Status", text "You have {{{{ customer.engagement }}}} points" }} }}
journey j {{ enter on ordered
  one run per event
  send status by email
}}
scenario "s" for j {{
  given customer {{ email: "a@example.com" }}
  at 2026-03-02 10:00 ordered {{ order_id: "1", total: 100 EUR }}
  expect message status by email containing "You have 9 points"
}}
"#
    ));
    assert!(said.contains("You have 8 points"), "{said}");
}

#[test]
fn points_come_back_from_their_bytes() {
    use onward::calendar::Instant;
    use onward::engine::row::{Customer, Points};
    let mut row = Customer::new("nok");
    row.scores = vec![
        Points { origin: Instant::NEVER, step: 0, value: "0".parse().unwrap() },
        Points { origin: Instant(1_700_000_000_000), step: -3, value: "-12.000000000001".parse().unwrap() },
    ];
    assert_eq!(onward::record::from_bytes::<Customer>(&onward::record::to_bytes(&row)), Ok(row));
}
