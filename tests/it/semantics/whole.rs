//! What holds for every journey and every stream of events: found by chance, from a seed.
//!
//! Journeys are put together from steps and headers, events and their lateness are drawn, and the same is played in several ways.

use super::harness::{Story, shown_line};
use onward::calendar::{HOUR_MS, Instant};
use onward::engine::{Decision, Input, InputKind, Outcome, RecordKind, SendKey};
use std::collections::BTreeMap;

/// SplitMix64: small, and the same everywhere.
pub(super) struct Dice(pub(super) u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut hash = self.0;
        hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        hash ^ (hash >> 31)
    }

    pub(super) fn below(&mut self, count: usize) -> usize {
        (self.next() % count as u64) as usize
    }

    fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len())]
    }
}

const HEADERS: &[&str] = &[
    "enter again always",
    "enter again never",
    "enter again 3 days after entry",
    "enter again 2 days after the end",
    "enter again always\n while running restart",
    "enter again always\n while running update entry",
    "enter again always\n exit on returned",
    "enter again always\n exit when customer.plan is \"gone\"",
    "enter again always\n only while customer.plan is not \"gone\"",
    "enter again always\n goal viewed within 5 days of entry",
    "enter again always\n goal viewed within 5 days of entry then exit",
    "enter again always\n hold out 40%",
    "enter again always\n priority high\n accept late",
    "enter again always\n at most 1 message in 3 days from this journey then wait up to 1 day",
    "enter again always\n quiet hours 10:00 to 14:00 then wait",
    "enter again always\n runs from 2026-03-05 to 2026-03-20",
];

const STEPS: &[&str] = &[
    "send hello",
    "send second without waiting",
    "send offer or exit if not sent",
    "send many by first reachable of push, sms, email",
    "send many by email and sms",
    "send banner",
    "wait 5 hours",
    "wait 1 day",
    "wait until 09:00",
    "wait until it is 09:00 to 18:00 on weekdays",
    "wait until 1 day before customer.ends or continue if past or exit if missing",
    "set customer.plan to \"pro\"",
    "set customer.plan to \"gone\"",
    "increase customer.points by 1",
    "subscribe to promo",
    "unsubscribe from news",
    "emit pong",
    "split {\n path \"a\" 60% {\n send hello\n }\n path \"b\" 40% {\n wait 3 hours\n }\n }",
    "if in segment lapsed {\n send second\n } else {\n wait 2 hours\n }",
    "if has at least 2 bought in the last 3 days {\n exit \"enough\"\n }",
    "wait up to 2 days for viewed otherwise exit \"nothing\"",
    "wait up to 2 days {\n on returned or viewed since entry { send hello }\n when customer.points > 2 { exit \"points\" }\n otherwise { }\n }",
    "wait the full 1 day, then first listed of {\n on bought { exit \"bought\" }\n on viewed { send third }\n otherwise { }\n }",
    "wait up to 1 day {\n on clicked any message { exit \"clicked\" }\n otherwise { }\n }",
    "repeat up to 2 times {\n send third\n wait 20 hours\n }",
];

const ENTRIES: &[&str] = &[
    "enter on bought",
    "enter on bought where total > 1",
    "enter on ping\n enter on viewed",
    "enter when joins segment lapsed",
    "enter when leaves segment lapsed",
    "enter on subscribed to promo",
    "enter every day at 08:30",
    "enter 2 days before customer.ends at 10:00 if past enter now",
    "enter on clicked hello",
    "enter on pong where has no pong in the last 1 hour where item is \"x\"",
];

const POLICIES: &[&str] = &[
    "",
    "policy { timezone \"Europe/Berlin\"\n quiet hours 21:00 to 08:00 then wait\n at most 2 messages in 3 days then skip }",
    "policy { quiet hours 22:00 to 07:00 then skip\n at most 1 message in 1 day then wait up to 2 days, keep 0 for high priority }",
    "policy { timezone \"America/New_York\"\n hold out 30%\n at most 3 messages in one calendar day then exit }",
];

pub(super) fn project(dice: &mut Dice) -> String {
    let mut text = dice.one(POLICIES).replace(", keep 0 for high priority", "");
    text.push_str("\nsegment lapsed {\n has bought\n and has no bought in the last 2 days\n}\n");
    for name in ["a", "b", "c"] {
        let entry = dice.one(&ENTRIES[..9]);
        text.push_str(&format!("journey {name} {{\n {entry}\n {}\n", dice.one(HEADERS)));
        for _ in 0..=dice.below(4) {
            text.push_str(&format!(" {}\n", dice.one(STEPS)));
        }
        text.push_str("}\n");
    }
    text
}

/// What happens: own time, arrival, what, in the order of arrival.
pub(super) fn stream(dice: &mut Dice, start: Instant) -> Vec<(Instant, Instant, String)> {
    let mut now = start;
    let mut all = Vec::new();
    for _ in 0..30 {
        // Often the same instant, or a round hour, so that there are ties.
        now = match dice.below(4) {
            0 => now,
            1 => Instant((now.0 / HOUR_MS + 1 + dice.below(30) as i64) * HOUR_MS),
            _ => now.plus_ms((dice.next() % (30 * HOUR_MS as u64)) as i64),
        };
        let own = if dice.below(4) == 0 { now.plus_ms(-((dice.next() % (60 * HOUR_MS as u64)) as i64)) } else { now };
        let total = dice.below(4);
        let what = match dice.below(14) {
            0..4 => format!("bought total={total}"),
            4 | 5 => "viewed".to_owned(),
            6 => "returned".to_owned(),
            7 => "ping".to_owned(),
            8 => format!("customer plan={}", dice.one(&["free", "pro", "gone"])),
            9 => format!("customer timezone={}", dice.one(&["Asia/Bangkok", "Pacific/Auckland", "America/Los_Angeles"])),
            10 => format!("customer ends=2026-03-{:02}T12:00", 5 + dice.below(20)),
            11 => format!("{} {}", dice.one(&["subscribed", "unsubscribed"]), dice.one(&["promo", "news"])),
            12 => "customer phone=+66812345678".to_owned(),
            _ => "click".to_owned(),
        };
        all.push((own, now, what));
    }
    all
}

pub(super) fn compiled(seed: u64) -> Option<(Story, String)> {
    let text = project(&mut Dice(seed));
    Story::maybe(&text).map(|story| (story, text))
}

/// Plays a stream; `touches` draws when the machine is touched for nothing.
pub(super) fn play(story: &Story, seed: u64, touches: Option<u64>) -> (Vec<String>, Story) {
    let mut story = story.of_somebody_else(&format!("customer-{seed}"));
    let mut dice = Dice(seed ^ 0xa5a5);
    let mut idle = touches.map(Dice);
    if dice.below(3) == 0 {
        story.answers("email", Some(Outcome::Refused));
    }
    let start = story.moment("2026-03-01 10:00");
    let mut before = start;
    for (own, now, what) in stream(&mut dice, start) {
        if let Some(idle) = &mut idle {
            while idle.below(3) > 0 && now > before {
                let between = before.plus_ms((idle.next() % (now.since_ms(before) as u64)) as i64);
                story.touch_before(between);
                story.handle(Input { now: between, id: 0, kind: InputKind::Touch });
                before = between;
            }
        }
        before = now;
        story.touch_before(now);
        let kind = if what == "click" {
            match story.last_sent() {
                Some(send) => {
                    InputKind::Report { send, verb: onward::schema::MessageVerb::Clicked, at: own, by_machine: false, hard: false }
                }
                None => continue,
            }
        } else {
            story.kind(&what, own)
        };
        story.feed(Input { now, id: 0, kind });
    }
    story.until("2026-05-01 00:00");
    let lines = story.records.iter().map(|record| shown_line(&story, record)).collect();
    (lines, story)
}

#[test]
fn the_same_four_give_the_same_result() {
    for seed in 0..60 {
        let Some((story, text)) = compiled(seed) else { continue };
        assert_eq!(play(&story, seed, None).0, play(&story, seed, None).0, "seed {seed}\n{text}");
    }
}

/// Who is not in the segment that a recurring entry demands is not even woken for it; nothing else may come of that.
#[test]
fn an_entry_that_demands_a_segment_is_the_same_as_one_that_asks_for_it() {
    let mut entered = 0;
    for seed in 1_000..1_100 {
        let text = project(&mut Dice(seed));
        let demanded = "enter every day at 08:30 where in segment lapsed";
        let asked = "enter every day at 08:30 where in segment lapsed or customer.points < 0";
        let Some(place) = text.find("journey b {\n ").map(|at| at + "journey b {\n ".len()) else { continue };
        let rest = &text[place + text[place..].find("\n enter again").unwrap()..];
        let lines = |entry: &str| {
            let story = Story::maybe(&format!("{}{entry}{rest}", &text[..place]))?;
            let (_, story) = play(&story, seed, None);
            Some(story.records.iter().filter_map(|record| story.line(record)).collect::<Vec<String>>())
        };
        let (Some(one), Some(other)) = (lines(demanded), lines(asked)) else { continue };
        assert_eq!(one, other, "seed {seed}\n{text}");
        entered += one.iter().filter(|line| line.contains(" b entered")).count();
    }
    assert!(entered > 100, "only {entered} entries");
}

#[test]
fn touches_that_come_for_nothing_change_nothing() {
    let mut played = 0;
    for seed in 0..150 {
        let Some((story, text)) = compiled(seed) else { continue };
        let (plain, _) = play(&story, seed, None);
        for touches in 1..4 {
            let (touched, _) = play(&story, seed, Some(seed * 7 + touches));
            if let Some(at) = (0..plain.len().max(touched.len())).find(|at| plain.get(*at) != touched.get(*at)) {
                let (from, to) = (at.saturating_sub(3), at + 3);
                let near = |lines: &[String]| lines[from.min(lines.len())..to.min(lines.len())].join("\n");
                panic!("seed {seed}, touches {touches}, line {at}\n{text}\n{}\n\n{}", near(&plain), near(&touched));
            }
        }
        played += 1;
    }
    assert!(played > 75, "only {played} journeys could be played");
}

#[test]
fn planned_is_decided_and_pending_and_entered_is_active_and_ended() {
    let mut sent = 0;
    for seed in 0..150 {
        let Some((story, text)) = compiled(seed) else { continue };
        let (lines, story) = play(&story, seed, None);
        let mut messages: BTreeMap<SendKey, (u32, u32)> = BTreeMap::new();
        let mut runs: BTreeMap<u32, (u32, u32)> = BTreeMap::new();
        for record in &story.records {
            match &record.kind {
                RecordKind::Message { key, decision: Decision::Planned, .. } => messages.entry(*key).or_default().0 += 1,
                RecordKind::Message { decision: Decision::Deferred { .. }, .. } => {}
                RecordKind::Message { key, decision, .. } => {
                    sent += u32::from(*decision == Decision::Sent);
                    messages.entry(*key).or_default().1 += 1;
                }
                RecordKind::Entered { .. } => runs.entry(record.run).or_default().0 += 1,
                RecordKind::Ended(_) => runs.entry(record.run).or_default().1 += 1,
                _ => {}
            }
        }
        let planned: u32 = messages.values().map(|(planned, _)| planned).sum();
        let decided: u32 = messages.values().map(|(_, decided)| decided).sum();
        assert_eq!(planned, decided + story.row.pending.len() as u32, "seed {seed}\n{text}\n{lines:#?}");
        assert!(runs.values().all(|(entered, ended)| *entered == 1 && *ended <= 1), "seed {seed}\n{text}\n{lines:#?}");
        let live = runs.values().filter(|(_, ended)| *ended == 0).count();
        assert_eq!(live, story.live(), "seed {seed}\n{text}\n{lines:#?}");
        // One that nobody is in waits for nothing.
        let stuck = story.row.runs.iter().find(|run| run.due < story.row.clock);
        assert!(stuck.is_none(), "seed {seed}: {stuck:?}");
    }
    assert!(sent > 100, "only {sent} messages were sent");
}

#[test]
fn records_never_run_back_in_time() {
    for seed in 0..150 {
        let Some((story, text)) = compiled(seed) else { continue };
        let (lines, story) = play(&story, seed, None);
        let back = story.records.windows(2).find(|pair| pair[1].at < pair[0].at);
        assert!(back.is_none(), "seed {seed}: {back:?}\n{text}\n{lines:#?}");
    }
}
