//! Two customers who turn out to be one.

use super::harness::{Story, messages, moments, sending};
use super::whole::{compiled, play};
use onward::calendar::Instant;
use onward::engine::row::{ConsentState, Customer};
use onward::engine::{Decision, Input, InputKind, Outcome, RecordKind};
use onward::value::Value;
use std::collections::BTreeMap;

/// Two customers in the same journeys.
fn two(text: &str) -> (Story, Story) {
    let story = Story::of(text);
    let other = story.of_somebody_else("visitor");
    (story, other)
}

#[test]
fn histories_unite_by_own_time_and_what_holds_then_is_joined() {
    let (mut story, mut other) = two("segment keen {\n has at least 3 bought in the last 5 days\n}\n\
         journey j {\n enter when joins segment keen\n enter again never\n exit \"keen\"\n}");
    story.at("2026-03-01 10:00", "bought").at("2026-03-04 10:00", "bought");
    other.at("2026-03-02 10:00", "bought");
    story.merges(other, "2026-03-05 09:00");
    story.expect(&["2026-03-05 09:00 entered", "2026-03-05 09:00 ended: keen"]);
    // The first of them leaves the window at its own time.
    assert_eq!(story.row.standing(onward::schema::SegmentId(0)).map(|standing| standing.until), Some(story.moment("2026-03-06 10:00")));
}

#[test]
fn a_segment_that_either_was_in_is_not_joined_again() {
    let text = "segment buyers {\n has bought\n}\njourney j {\n enter when joins segment buyers\n enter again always\n}";
    let (mut story, mut other) = two(text);
    story.at("2026-03-01 10:00", "viewed");
    other.at("2026-03-01 11:00", "bought");
    story.merges(other, "2026-03-02 10:00");
    assert!(moments(&story, "entered").is_empty());
    assert!(story.row.standing(onward::schema::SegmentId(0)).unwrap().member);
}

#[test]
fn totals_of_both_are_added() {
    let (mut story, mut other) = two("journey j {\n enter on ping\n enter again always\n set customer.points to sum of bought.total\n}");
    story.at("2026-03-02 10:00", "bought total=5");
    other.at("2026-03-01 10:00", "bought total=7").at("2026-03-03 10:00", "bought total=9");
    story.merges(other, "2026-03-04 10:00").at("2026-03-04 11:00", "ping");
    assert_eq!(story.attribute("points"), &Value::Number(21.into()));
}

#[test]
fn attributes_are_newest_wins_one_by_one_and_the_zone_follows() {
    let (mut story, mut other) = two("journey j {\n enter on bought\n enter again always\n wait until 09:00\n}");
    story.at("2026-03-01 10:00", "customer plan=pro").at("2026-03-03 10:00", "customer points=7");
    other.at("2026-03-02 10:00", "customer plan=gone points=1 timezone=America/New_York");
    story.at("2026-03-03 12:00", "bought").merges(other, "2026-03-03 13:00").until("2026-03-05 00:00");
    assert_eq!(story.attribute("plan"), &Value::text("gone"));
    assert_eq!(story.attribute("points"), &Value::Number(7.into()));
    // 09:00 in New York, which was still to come: the wait is computed again.
    assert_eq!(moments(&story, "ended"), ["2026-03-03 14:00 ended: finished"]);
}

#[test]
fn a_withdrawal_and_a_suppression_of_either_hold_and_of_two_consents_the_newer() {
    let (mut story, mut other) = two("journey j {\n enter on bought\n one run per event\n send hello\n send offer\n send many by sms\n}");
    story.at("2026-03-03 10:00", "subscribed news").at("2026-03-03 10:00", "customer phone=+66812345678");
    other.at("2026-03-01 10:00", "unsubscribed news").at("2026-03-02 10:00", "subscribed promo").at("2026-03-02 11:00", "suppressed sms");
    story.merges(other, "2026-03-04 10:00").at("2026-03-04 11:00", "bought");
    assert_eq!(
        messages(&story),
        ["2026-03-04 11:00 skipped hello: no consent", "2026-03-04 11:00 sent offer", "2026-03-04 11:00 skipped many by sms: no consent"]
    );
    assert!(story.row.suppressed(story.plan().schema.channel("sms").unwrap()));
    assert!(story.row.consents.iter().any(|consent| consent.state == ConsentState::Unsubscribed));
}

#[test]
fn caps_and_entries_count_for_both() {
    let text = "policy {\n at most 2 messages in 7 days then skip\n}\njourney j {\n enter on bought\n enter again 7 days after entry\n send hello\n}";
    let (mut story, mut other) = two(text);
    other.at("2026-03-02 10:00", "bought");
    story.at("2026-03-01 10:00", "bought").merges(other, "2026-03-03 10:00");
    story.at("2026-03-08 11:00", "bought").at("2026-03-09 10:00", "bought");
    assert_eq!(moments(&story, "not entered"), ["2026-03-08 11:00 not entered: too soon"]);
    let mut full = sending("at most 2 messages in 7 days then skip", "send hello");
    let mut other = full.of_somebody_else("visitor");
    other.at("2026-03-02 10:00", "bought");
    full.at("2026-03-01 10:00", "bought").merges(other, "2026-03-03 10:00").at("2026-03-04 10:00", "bought");
    assert_eq!(messages(&full).last().unwrap(), "2026-03-04 10:00 skipped hello: capped");
}

#[test]
fn of_two_live_runs_of_one_journey_the_one_that_entered_first_goes_on() {
    let text = "journey j {\n enter on bought\n enter again always\n wait 3 days\n exit \"on\"\n}";
    for (first, second, kept) in [("2026-03-01 10:00", "2026-03-02 10:00", 1), ("2026-03-02 10:00", "2026-03-01 10:00", 2)] {
        let (mut story, mut other) = two(text);
        story.at(first, "bought");
        other.at(second, "bought");
        story.merges(other, "2026-03-03 10:00");
        assert_eq!(moments(&story, "Merged").len(), 1);
        assert_eq!(story.row.runs.iter().map(|run| run.number).collect::<Vec<_>>(), [kept]);
        story.at("2026-03-03 11:00", "bought").until("2026-03-10 00:00");
        assert_eq!(moments(&story, "already running").len(), 1);
        assert_eq!(moments(&story, "ended: on").len(), 1, "the wait of the one that stayed went on");
        assert!(moments(&story, "ended: on")[0].starts_with("2026-03-04 10:00"));
    }
}

#[test]
fn runs_of_different_keys_go_on_and_what_was_not_handed_over_of_the_other_is_called_back() {
    let text = "policy {\n quiet hours 21:00 to 08:00 then wait\n}\njourney j {\n enter on bought\n one run per order\n enter again always\n send hello\n}";
    let (mut story, mut other) = two(text);
    story.at("2026-03-01 22:00", "bought order=a");
    other.at("2026-03-01 22:01", "bought order=a").at("2026-03-01 22:02", "bought order=b");
    story.merges(other, "2026-03-01 23:00").until("2026-03-02 09:00");
    let found = messages(&story);
    assert_eq!(
        found[1..],
        ["2026-03-01 23:00 skipped hello: run ended", "2026-03-02 08:00 sent hello", "2026-03-02 08:00 sent hello"],
        "{found:?}"
    );
}

#[test]
fn what_the_united_history_would_not_have_let_in_ends_as_merged() {
    // She had been in it before, as somebody else.
    let (mut story, mut other) = two("journey j {\n enter on bought\n enter again never\n exit on returned\n wait 3 days\n}");
    other.at("2026-03-01 10:00", "bought").at("2026-03-01 11:00", "returned");
    story.at("2026-03-02 10:00", "bought").merges(other, "2026-03-03 10:00");
    assert_eq!(moments(&story, "ended"), ["2026-03-03 10:00 ended: Merged"]);
    // What ends it had happened, to somebody else.
    let (mut story, mut other) = two("journey j {\n enter on bought\n enter again always\n exit on returned\n wait 3 days\n}");
    story.at("2026-03-01 10:00", "bought");
    other.at("2026-03-02 10:00", "returned");
    story.merges(other, "2026-03-02 12:00");
    assert_eq!(moments(&story, "ended"), ["2026-03-02 12:00 ended: Merged"]);
    // A guard that the united customer does not meet ends it as what it is.
    let (mut story, mut other) = two("journey j {\n enter on bought\n enter again always\n exit when has viewed\n wait 3 days\n}");
    story.at("2026-03-01 10:00", "bought");
    other.at("2026-02-28 10:00", "viewed");
    story.merges(other, "2026-03-02 12:00");
    assert_eq!(moments(&story, "ended"), ["2026-03-02 12:00 ended: exit when"]);
}

#[test]
fn a_wait_that_the_united_history_ends_is_over() {
    let text = "journey j {\n enter on ping\n enter again always\n wait up to 9 days {\n when has at least 2 bought in the last 9 days { exit \"two\" }\n otherwise { }\n }\n}";
    let (mut story, mut other) = two(text);
    story.at("2026-03-01 10:00", "ping").at("2026-03-01 11:00", "bought");
    other.at("2026-03-01 12:00", "bought");
    story.merges(other, "2026-03-02 12:00");
    assert_eq!(moments(&story, "ended"), ["2026-03-02 12:00 ended: two"]);
}

#[test]
fn identities_stay_unique_and_what_comes_for_the_old_ones_is_found() {
    let (mut story, mut other) = two("journey j {\n enter on bought\n one run per event\n send hello\n}");
    story.in_two_steps();
    other.in_two_steps();
    let mut third = story.of_somebody_else("tablet");
    third.in_two_steps();
    for story in [&mut story, &mut other, &mut third] {
        story.at("2026-03-01 10:00", "bought").at("2026-03-01 10:01", "ready hello");
    }
    let key = third.last_sent().unwrap();
    other.merges(third, "2026-03-01 10:02");
    other.at("2026-03-01 10:03", "bought");
    let others = other.last_sent().unwrap();
    story.merges(other, "2026-03-01 10:05");
    assert_eq!(story.row.runs.iter().map(|run| run.number).collect::<Vec<_>>(), [1, 2, 3, 4]);
    assert_eq!(story.row.next_run, 5);
    let found: Vec<(&str, u32)> = (1..=4).map(|run| story.row.first_identity(run)).collect();
    assert_eq!(found, [("c1", 1), ("visitor", 1), ("tablet", 1), ("visitor", 3)]);
    assert_eq!(others.run, 3);
    for (run, (uid, number)) in (1..=4).zip(found) {
        assert_eq!(story.row.number_here(uid, number), Some(run));
    }
    assert_eq!((story.row.number_here("nobody", 1), story.row.number_here("tablet", 2)), (None, None));
    let send = onward::engine::SendKey { run: story.row.number_here("tablet", key.run).unwrap(), ..key };
    let now = story.moment("2026-03-01 10:06");
    story.feed(Input { now, id: 0, kind: InputKind::Outcome { send, result: Outcome::Accepted } });
    assert_eq!(messages(&story), ["2026-03-01 10:06 sent hello"]);
    let merged = story.records.iter().filter(|record| matches!(record.kind, RecordKind::Merged { .. })).count();
    assert_eq!(merged, 1, "the other merge is on the other's record");
}

#[test]
fn somebody_of_whom_nothing_is_known_takes_everything_over_and_the_other_way_round_nothing() {
    let text = "segment buyers {\n has bought\n}\njourney j {\n enter on bought\n enter again never\n wait 1 day\n exit \"on\"\n}";
    let (mut story, mut other) = two(text);
    story.row = Customer::new("c1");
    other.at("2026-03-01 10:00", "bought");
    story.merges(other, "2026-03-01 12:00").until("2026-03-03 00:00").at("2026-03-03 10:00", "bought");
    assert_eq!(story.row.known_since, story.moment("2026-03-01 10:00"));
    assert_eq!(story.row.attribute(story.plan().schema.field("email").unwrap()), &Value::Missing, "of before the story");
    assert_eq!(moments(&story, "ended"), ["2026-03-02 10:00 ended: on"]);
    assert_eq!(moments(&story, "not entered"), ["2026-03-03 10:00 not entered: entered before"]);
    let (mut story, other) = two(text);
    story.at("2026-03-01 10:00", "bought");
    let before = story.row.clone();
    story.merges(other, "2026-03-01 10:00");
    assert_eq!(story.row, before);
}

#[test]
fn a_daily_occurrence_that_one_of_them_had_does_not_come_again() {
    let (mut story, mut other) = two("journey j {\n enter every day at 09:00\n enter again always\n}");
    story.at("2026-03-01 09:30", "viewed");
    other.at("2026-03-01 08:00", "viewed").at("2026-03-01 09:30", "customer timezone=America/New_York");
    story.merges(other, "2026-03-01 10:00").until("2026-03-01 23:00");
    // In New York it is 09:00 later that day; she has had that date.
    assert!(moments(&story, "entered").is_empty());
    story.until("2026-03-03 00:00");
    assert_eq!(moments(&story, "entered"), ["2026-03-02 14:00 #2 entered"]);
}

#[test]
fn whoever_is_merged_nothing_is_lost_counted_twice_or_mixed_up() {
    let mut merged = 0;
    for seed in 0..120 {
        let Some((story, text)) = compiled(seed) else { continue };
        let (_, mut one) = play(&story, seed, None);
        let (_, other) = play(&story, seed + 7_000, None);
        let (theirs, shift) = (other.records.clone(), one.row.next_run - 1);
        let known = other.row.known_since != Instant::NEVER;
        one.merges(other, "2026-05-01 00:00").until("2026-07-01 00:00");
        assert!(one.row.runs.windows(2).all(|pair| pair[0].number < pair[1].number), "seed {seed}\n{text}");
        let moved = theirs.into_iter().filter(|_| known).map(|mut record| {
            record.run += if record.run > 0 { shift } else { 0 };
            if let RecordKind::Message { key, .. } = &mut record.kind {
                key.run += shift;
            }
            record
        });
        let all: Vec<_> = one.records.iter().cloned().chain(moved).collect();
        let (mut planned, mut decided) = (0, 0);
        let mut runs: BTreeMap<u32, (u32, u32)> = BTreeMap::new();
        for record in &all {
            match &record.kind {
                RecordKind::Message { decision: Decision::Planned, .. } => planned += 1,
                RecordKind::Message { decision: Decision::Deferred { .. }, .. } => {}
                RecordKind::Message { .. } => decided += 1,
                RecordKind::Entered { .. } => runs.entry(record.run).or_default().0 += 1,
                RecordKind::Ended(_) => runs.entry(record.run).or_default().1 += 1,
                _ => {}
            }
        }
        assert_eq!(planned, decided + one.row.pending.len(), "seed {seed}\n{text}");
        assert!(runs.values().all(|(entered, ended)| *entered == 1 && *ended <= 1), "seed {seed}\n{text}");
        let live = runs.values().filter(|(_, ended)| *ended == 0).count();
        assert_eq!(live, one.live(), "seed {seed}\n{text}");
        merged += 1;
    }
    assert!(merged > 80, "only {merged}");
}
