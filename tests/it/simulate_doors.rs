//! Caps on entries and messages to other customers in a simulation: decided over all customers, counted again by plain code, and the same
//! for any number of threads and any cutting.

use super::ingest::Folder;
use super::simulate::{fine, json, with};
use onward::simulate::report::{JourneyReport, Report};
use onward::simulate::run::Request;
use std::collections::BTreeMap;
use std::fmt::Write as _;

const PROJECT: &str = "customer { email email? }\nevent visited { page text }\nevent left {}\ntopic news opt out\n\
    message hello about news { email { subject \"Hello\", text \"Hello\" } }\n\
    journey brief {\n  enter on visited\n  enter again always\n  BRIEF\n  send hello by email\n}\n\
    journey queue {\n  enter on visited\n  enter again always\n  exit on left\n  QUEUE\n  send hello by email\n}\n";

const TOML: &str = "[project]\nname = \"p\"\ntimezone = \"Asia/Bangkok\"\n\
    [[log]]\nfile = \"visits.csv\"\nevent = \"visited\"\ncustomer = \"user\"\ntime = \"at\"\n\
    [[log]]\nfile = \"left.csv\"\nevent = \"left\"\ncustomer = \"user\"\ntime = \"at\"\n\
    [[customers]]\n[customers.everyone]\nemail = { template = \"{user}@example.com\" }\n";

const MINUTE: i64 = 60_000;
const DAY: i64 = 1_440 * MINUTE;
/// Midnight in Bangkok.
const START: i64 = 1_772_298_000_000;

/// Visits by whole minutes, so that many fall into the same instant; in the order of time, and of one instant not in that of the names.
fn visits() -> Vec<(i64, String)> {
    let mut random: u64 = 88_172_645_463_325_252;
    let mut draw = move |below: u64| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        random % below
    };
    let mut at = START;
    (0..900)
        .map(|_| {
            at += draw(3) as i64 * 7 * MINUTE;
            (at, format!("n{}", 9 - draw(10)))
        })
        .collect()
}

fn csv(rows: &[(i64, String)]) -> String {
    rows.iter().fold(String::from("user,at,page\n"), |mut text, (at, user)| {
        let when = onward::calendar::Zone::UTC.local(onward::calendar::Instant(*at)).format("%Y-%m-%dT%H:%M:%SZ");
        let _ = writeln!(text, "{user},{when},p");
        text
    })
}

fn folder(brief: &str, queue: &str, left: &[(i64, String)]) -> Folder {
    Folder::new()
        .with("p.journey", PROJECT.replace("BRIEF", brief).replace("QUEUE", queue))
        .with("onward.toml", TOML)
        .with("visits.csv", csv(&visits()))
        .with("left.csv", csv(left))
}

fn journey<'r>(report: &'r Report, name: &str) -> &'r JourneyReport {
    report.journeys.iter().find(|journey| journey.name == name).unwrap()
}

fn not_entered(journey: &JourneyReport, why: &str) -> u64 {
    journey.not_entered.iter().filter(|count| count.what == why).map(|count| count.count).sum()
}

/// In the order that is documented: by time, then customer, then as in the log.
fn in_order() -> Vec<(i64, String)> {
    let mut rows = visits();
    rows.sort();
    rows
}

#[test]
fn entries_over_a_cap_are_refused_as_plain_code_counts_them() {
    let whole =
        fine(&folder("at most 4 entries in 1 hour then skip", "at most 5 entries in one calendar day then skip", &[]).0, &with(1, 0));
    let (mut hour, mut day): (Vec<i64>, BTreeMap<i64, u64>) = (Vec::new(), BTreeMap::new());
    let (mut capped, mut capped_by_day) = (0, 0);
    for (at, _) in in_order() {
        // Exactly an hour later there is a place again.
        let full = hour.iter().filter(|taken| **taken > at - 60 * MINUTE).count() == 4;
        if full {
            capped += 1
        } else {
            hour.push(at)
        }
        let today = day.entry((at - START) / DAY).or_default();
        if *today == 5 { capped_by_day += 1 } else { *today += 1 }
    }
    let brief = journey(&whole.report, "brief");
    assert_eq!((brief.entered, not_entered(brief, "cap on entries")), (hour.len() as u64, capped));
    let queue = journey(&whole.report, "queue");
    assert_eq!((queue.entered, not_entered(queue, "cap on entries")), (day.values().sum(), capped_by_day));
    assert!(capped > 100 && brief.entered > 300 && capped_by_day > 700, "{capped} {} {capped_by_day}", brief.entered);
    let cap = whole.report.caps.iter().find(|cap| cap.cap == "at most 4 entries in 1 hour (brief)").unwrap();
    assert_eq!((cap.skipped, cap.deferred), (capped, 0));
    assert_eq!(whole.report.notes, ["left.csv: there is no row in it"]);
}

#[test]
fn who_waits_for_a_place_is_let_in_in_the_order_of_coming_as_plain_code_says() {
    let last = visits().last().unwrap().0;
    let left = [(START + 2 * DAY, "n3".to_owned()), (START + 3 * DAY, "n4".to_owned())];
    let whole = fine(&folder("accept late", "at most 2 entries in 45 minutes then wait", &left).0, &with(1, 0)).report;
    let mut inputs: Vec<(i64, String, bool)> = in_order().into_iter().map(|(at, user)| (at, user, true)).collect();
    inputs.extend(left.iter().cloned().map(|(at, user)| (at, user, false)));
    inputs.sort_by(|a, b| (a.0, &a.1, !a.2).cmp(&(b.0, &b.1, !b.2)));
    let mut taken: Vec<i64> = Vec::new();
    let mut door: BTreeMap<String, i64> = BTreeMap::new();
    let (mut entered, mut held, mut running, mut gone) = (0, 0, 0, 0);
    for (at, user, visit) in inputs {
        let before = door.len();
        // What is due at exactly this instant comes after it.
        door.retain(|_, until| *until >= at);
        entered += (before - door.len()) as u64;
        if !visit {
            gone += u64::from(door.remove(&user).is_some());
            continue;
        }
        if door.contains_key(&user) {
            running += 1;
            continue;
        }
        let free = taken.len().checked_sub(2).map_or(at, |second| at.max(taken[second] + 45 * MINUTE));
        taken.push(free);
        if free > at {
            held += 1;
            door.insert(user, free);
        } else {
            entered += 1;
        }
    }
    entered += door.values().filter(|until| **until <= last).count() as u64;
    let waiting = door.values().filter(|until| **until > last).count() as u64;
    let queue = journey(&whole, "queue");
    assert_eq!(
        (queue.entered, not_entered(queue, "already running"), not_entered(queue, "an exit was already known"), queue.at_the_door),
        (entered, running, gone, waiting)
    );
    let cap = whole.caps.iter().find(|cap| cap.cap.ends_with("(queue)")).unwrap();
    assert_eq!((cap.skipped, cap.deferred), (0, held));
    assert!(held > 100 && running > 50 && gone > 0 && waiting > 0, "{held} {running} {gone} {waiting}");
    assert_eq!(entered + gone + waiting, taken.len() as u64, "a place for each, and none twice");
}

#[test]
fn neither_threads_nor_pieces_have_a_say_in_who_gets_a_place() {
    let made = folder("at most 4 entries in 1 hour then skip", "at most 2 entries in 45 minutes then wait", &[]);
    let whole = json(&fine(&made.0, &with(1, 0)).report);
    for (threads, chunk) in [(2, 0), (1, 1), (3, 7), (2, 100)] {
        assert_eq!(json(&fine(&made.0, &with(threads, chunk)).report), whole, "{threads} threads, {chunk} at a time");
    }
    // The same rows in two files, every second one in each: the order of files is not that of the log.
    let rows = visits();
    let halves: Vec<Vec<(i64, String)>> =
        (0..2).map(|half| rows.iter().enumerate().filter(|(at, _)| at % 2 == half).map(|(_, row)| row.clone()).collect()).collect();
    let cut = Folder::new()
        .with("p.journey", std::fs::read_to_string(made.0.join("p.journey")).unwrap())
        .with("onward.toml", format!("{TOML}[[log]]\nfile = \"more.csv\"\nevent = \"visited\"\ncustomer = \"user\"\ntime = \"at\"\n"))
        .with("visits.csv", csv(&halves[1]))
        .with("more.csv", csv(&halves[0]))
        .with("left.csv", csv(&[]));
    let strip = |folder: &Folder| {
        let mut report = fine(&folder.0, &with(1, 0)).report;
        report.files.clear();
        report.notes.clear();
        json(&report)
    };
    assert_eq!(strip(&cut), strip(&made));
}

#[test]
fn the_timeline_of_one_customer_is_the_same_as_if_nobody_looked() {
    let made = folder("accept late", "at most 2 entries in 45 minutes then wait", &[]);
    let counted = journey(&fine(&made.0, &with(1, 0)).report, "queue").entered;
    let mut seen = 0;
    for at in 0..10 {
        let request = Request { customer: Some(format!("n{at}")), ..with(2, 5) };
        let story = fine(&made.0, &request).story.unwrap();
        assert!(story.iter().any(|line| line.what.starts_with("waits for a place until ")));
        seen += story.iter().filter(|line| line.what == "enters" && line.run.starts_with("queue")).count() as u64;
    }
    assert_eq!(seen, counted);
}

#[test]
fn a_cap_that_nobody_meets_changes_nothing() {
    let free = fine(&folder("accept late", "accept late", &[]).0, &with(2, 0)).report;
    let wide = fine(&folder("at most 900 entries in 1 day then wait", "accept late", &[]).0, &with(2, 0)).report;
    let numbers = |report: &Report| {
        let journeys: Vec<_> = report.journeys.iter().map(|one| (one.entered, one.active, one.ended.clone())).collect();
        (journeys, json(report).lines().filter(|line| line.contains("\"sent\"")).map(str::to_owned).collect::<Vec<_>>())
    };
    assert_eq!(numbers(&free), numbers(&wide));
}

#[test]
fn what_goes_to_another_customer_is_played_under_her_own_rules() {
    let project = "customer { email email? }\nevent shared { friend customer }\ntopic news opt out\n\
        policy { timezone \"Asia/Bangkok\"\n at most 1 message in 1 day then skip }\n\
        message tip about news { email { subject \"A tip\", text \"From a friend.\" } }\n\
        journey share {\n  enter on shared\n  one run per event\n  send tip to entry.friend by email\n}\n";
    let rows = "n1,2026-03-01 10:00,n2\nn3,2026-03-01 10:00,n2\nn1,2026-03-01 10:05,n9\nn9,2026-03-03 10:00,n2\nn2,2026-03-03 10:00,n1\n";
    let made = Folder::new().with("p.journey", project).with("log.csv", format!("user,at,friend\n{rows}")).with(
        "onward.toml",
        "[project]\nname = \"p\"\n[[log]]\nfile = \"log.csv\"\nevent = \"shared\"\ncustomer = \"user\"\ntime = \"at\"\n\
         [[customers]]\n[customers.everyone]\nemail = { template = \"{user}@example.com\" }\n",
    );
    let whole = fine(&made.0, &with(1, 0)).report;
    let tip = &whole.messages[0];
    assert_eq!((tip.planned, tip.sent, tip.skipped[0].what.as_str(), tip.skipped[0].count), (5, 4, "capped", 1));
    assert_eq!((whole.customers, whole.journeys[0].entered), (4, 5));
    assert!(whole.notes.iter().any(|note| note.starts_with("2 customers are known only because somebody sent them")), "{:?}", whole.notes);
    let story = |threads, chunk| fine(&made.0, &Request { customer: Some("n2".into()), ..with(threads, chunk) }).story.unwrap();
    let sent: Vec<String> = story(1, 0).into_iter().map(|line| line.what).filter(|what| what.contains("n2@example.com")).collect();
    assert_eq!(sent.len(), 2, "one of each day reached her: {sent:?}");
    assert_eq!(story(3, 1), story(1, 0));
    assert_eq!(json(&fine(&made.0, &with(3, 1)).report), json(&whole));
}
