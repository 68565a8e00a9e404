//! A customer who is to be forgotten.

use super::harness::{Story, messages, moments};
use super::whole::{compiled, play};
use onward::calendar::Instant;
use onward::engine::row::Customer;
use onward::engine::{Ending, Input, InputKind, RecordKind};

fn erase(story: &mut Story, moment: &str) {
    let now = story.moment(moment);
    story.feed(Input { now, id: 0, kind: InputKind::Erase });
}

#[test]
fn runs_end_as_erased_what_was_not_handed_over_is_called_back_and_nobody_reacts() {
    let mut story = Story::of(
        "policy {\n quiet hours 21:00 to 08:00 then wait\n}\nsegment busy {\n in journey j\n}\n\
         journey j {\n enter on bought\n enter again always\n send banner\n send hello\n}\n\
         journey after {\n enter when leaves segment busy\n enter again always\n send second\n}",
    );
    story.at("2026-03-01 22:00", "bought");
    let shown = story.sent[0].1;
    erase(&mut story, "2026-03-01 23:00");
    story.until("2026-03-05 00:00");
    story.expect(&[
        "2026-03-01 22:00 j entered",
        "2026-03-01 22:00 j sent banner by web",
        "2026-03-01 22:00 j held hello until 2026-03-02 08:00: quiet hours",
        "2026-03-01 23:00 j skipped hello: run ended",
        "2026-03-01 23:00 j ended: Erased",
    ]);
    assert_eq!(story.cancelled, [shown], "the banner is withdrawn, once");
    let left =
        Customer { clock: story.row.clock, next_run: 2, turn: story.row.turn, world: 1, plan: story.row.plan, ..Customer::new("c1") };
    assert_eq!(story.row, left);
}

#[test]
fn what_a_worker_has_is_withdrawn_and_what_is_handed_over_is_unknown() {
    for ready in [false, true] {
        let mut story = Story::of("journey j {\n enter on bought\n enter again always\n send hello\n}");
        story.in_two_steps().at("2026-03-01 10:00", "bought");
        if ready {
            story.at("2026-03-01 10:01", "ready hello");
        }
        erase(&mut story, "2026-03-01 10:02");
        story.at("2026-03-01 10:03", "taken hello");
        let (expected, word) = if ready { ("unknown", "send") } else { ("cancelled", "withdraw") };
        assert_eq!(messages(&story), [format!("2026-03-01 10:02 {expected} hello")]);
        assert!(story.words.last().unwrap().contains(word), "{:?}", story.words);
    }
}

#[test]
fn who_comes_later_is_somebody_new_and_no_identity_is_used_twice() {
    let mut story = Story::of("journey j {\n enter on bought\n enter again never\n send banner\n}");
    story.at("2026-03-01 10:00", "bought");
    erase(&mut story, "2026-03-01 11:00");
    erase(&mut story, "2026-03-01 11:00");
    assert_eq!(story.row.known_since, Instant::NEVER);
    story.at("2026-03-01 12:00", "bought");
    assert_eq!(moments(&story, "entered"), ["2026-03-01 10:00 entered", "2026-03-01 12:00 #2 entered"]);
    assert_ne!(story.sent[0].1, story.sent[1].1);
    // Somebody who was never there is not erased.
    let mut nobody = Story::stranger("journey j {\n enter on bought\n enter again never\n}");
    erase(&mut nobody, "2026-03-01 11:00");
    assert_eq!((nobody.records.len(), nobody.row.clock), (0, Instant::FIRST));
}

#[test]
fn whoever_is_erased_everything_has_its_end() {
    let mut live = 0;
    for seed in 0..80 {
        let Some((story, text)) = compiled(seed) else { continue };
        let (_, mut story) = play(&story, seed, None);
        let (before, runs) = (story.records.len(), story.live());
        erase(&mut story, "2026-05-01 00:00");
        let ended = |kind: &RecordKind| matches!(kind, RecordKind::Ended(Ending::Erased));
        assert_eq!(story.records[before..].iter().filter(|record| ended(&record.kind)).count(), runs, "seed {seed}\n{text}");
        assert!(story.records[before..].iter().all(|record| ended(&record.kind) || matches!(record.kind, RecordKind::Message { .. })));
        assert_eq!(story.row.wake, Instant::NEVER);
        live += runs;
    }
    assert!(live > 10, "only {live} runs were erased");
}
