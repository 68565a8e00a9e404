//! Limits of one customer: beyond them nothing breaks, and it is recorded.

use super::harness::Story;
use onward::engine::{ROW_BYTES_MAX, RecordKind};
use onward::record::{Encode, Writer};

/// Every sku is kept for a month.
const KEPT: &str = r#"
journey j { enter on bought
  enter again never
  only while subscribed to news
  wait 60 days
  if has viewed in the last 30 days where sku is "never" { exit "odd" } }
"#;

fn size(story: &Story) -> usize {
    let mut out = Writer::default();
    story.row.encode(&mut out);
    out.len()
}

fn refused(story: &Story) -> usize {
    story.records.iter().filter(|record| record.kind == RecordKind::LimitMet("row")).count()
}

#[test]
fn a_full_row_takes_no_more_events_but_consent_and_has_room_again_when_they_are_old() {
    let mut story = Story::shop(&KEPT.replace("is \"never\"", "is entry.order_id"));
    story.event("2026-03-01 10:00", "bought", &[("order_id", "o1")]);
    let large = "x".repeat(30_000);
    for at in 0..100 {
        story.event("2026-03-01 11:00", "viewed", &[("sku", &format!("{large}{at}"))]);
    }
    assert!(refused(&story) > 0);
    let full = size(&story);
    assert!((ROW_BYTES_MAX..3 * ROW_BYTES_MAX).contains(&full), "{full}");
    story.event("2026-03-02 10:00", "viewed", &[("sku", &large)]);
    assert!(size(&story).abs_diff(full) < 100, "nothing is kept any more");
    story.consent("2026-03-02 11:00", "news", false);
    assert_eq!(story.endings(), ["2026-03-02 11:00 j#1 ended: OnlyWhile(0)"], "consent applies at once");
    let before = refused(&story);
    for _ in 0..10 {
        story.event("2026-04-15 10:00", "viewed", &[("sku", "small")]);
    }
    assert!(refused(&story) - before < 10, "what no window reaches any more makes room");
    assert!(size(&story) < ROW_BYTES_MAX);
}

#[test]
fn a_row_below_the_limit_is_never_refused() {
    let mut story = Story::shop(&KEPT.replace("is \"never\"", "is entry.order_id"));
    let part = "x".repeat(5_000);
    for at in 0..150 {
        story.event("2026-03-01 11:00", "viewed", &[("sku", &format!("{part}{at}"))]);
    }
    assert_eq!(refused(&story), 0);
    assert!(size(&story) > 700_000);
}
