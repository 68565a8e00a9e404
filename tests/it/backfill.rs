//! What an edit asks for and was not kept is read back from archive and log before it becomes active.

use super::daemon::harness::{Daemon, at, differing, plan_of};
use onward::calendar::{HOUR_MS, Instant};
use onward::daemon::arrival::What;
use onward::daemon::backfill::{Order, Slice, read_back_in};
use onward::daemon::core::backfill::Begun;
use onward::daemon::core::deploy::Progress;

const BEFORE: &str = r#"
customer { email email? }
event bought { order text = "-", total number = 0 }
event viewed { sku text = "-" }
topic promo "Promotions" opt in
message thanks about promo { email { subject "Thanks", text "Thank you" } }
segment buyers { has bought }
journey after_order "After an order" {
  enter on viewed
  enter again always
  send thanks
}
"#;

/// A count in a window, a sum over a property, a condition over one, and an event of which nothing was kept.
const AFTER: &str = r#"
customer { email email? }
event bought { order text = "-", total number = 0 }
event viewed { sku text = "-" }
topic promo "Promotions" opt in
message thanks about promo { email { subject "Thanks", text "Thank you" } }
segment buyers { has bought }
segment regulars { has at least 11 bought in the last 30 days }
segment spenders { sum of bought.total >= 60 }
segment picky { has viewed in the last 60 days where sku is "A1" }
segment faithful { has subscribed to promo and has at least 2 viewed }
journey after_order "After an order" {
  enter on viewed
  enter again always
  send thanks
}
journey regular "A regular" {
  enter when joins segment regulars
  enter again always
  send thanks
}
"#;

/// Who does what, hour by hour; some of it is said twice.
fn life(daemon: &mut Daemon, from: Instant, hours: std::ops::Range<i64>, salt: u64) {
    for hour in hours {
        let now = from.plus_ms(hour * HOUR_MS);
        let who = format!("customer-{}", (hour as u64 * 7 + salt) % 12);
        if !daemon.knows(&who) {
            daemon.subscribe(now, &who, &format!("{who}@example.com"));
        }
        let (name, properties) = match (hour / 12 + hour) % 3 {
            0 => ("viewed", serde_json::json!({ "sku": if hour % 8 < 4 { "A1" } else { "B2" } })),
            _ => ("bought", serde_json::json!({ "order": format!("o{hour}"), "total": hour % 17 })),
        };
        let serde_json::Value::Object(properties) = properties else { unreachable!() };
        for _ in 0..1 + usize::from(hour % 5 == 0) {
            let what = What::Event { name: name.to_owned(), properties: properties.clone() };
            daemon.take(now, &who, Some(&format!("{salt}-{hour}")), what);
        }
        daemon.touch(now);
    }
}

/// The same life under the files that asked for it all along.
fn as_if_always(hours: i64) -> Vec<(String, String)> {
    let mut daemon = Daemon::new(AFTER);
    life(&mut daemon, at(BEGIN), 0..hours, 1);
    standing(&mut daemon)
}

/// Everybody's segments by name.
fn standing(daemon: &mut Daemon) -> Vec<(String, String)> {
    let plan = daemon.plan();
    let names: Vec<String> = (0..12).map(|at| format!("customer-{at}")).collect();
    names
        .into_iter()
        .filter_map(|name| {
            let number = daemon.core().find_user(&name)?;
            let row = daemon.core().shard(number)?.row(number).unwrap()?;
            let segments = plan.segments.iter().zip(&row.segments).filter(|(_, standing)| standing.member);
            let mut segments: Vec<String> = segments.map(|(segment, _)| segment.name.to_string()).collect();
            segments.sort();
            Some((name, segments.join(" ")))
        })
        .collect()
}

fn begin(daemon: &mut Daemon, text: &str) -> Begun {
    let (plan, over, now) = (plan_of(text), daemon.plan().hash.to_string(), daemon.now);
    let begun = daemon.core().begin_build(&plan, &[], &over, "test", now).unwrap();
    daemon.commit();
    begun
}

/// So many slices are read back, or all; each is durable. When from on nothing is missing, if it came to the end.
fn read(daemon: &mut Daemon, slices: usize, events: usize) -> Option<Instant> {
    let order = Order::of(daemon.core()).expect("something to read back");
    let daemon = std::cell::RefCell::new(daemon);
    let mut open = || Ok(daemon.borrow().past());
    let mut left = slices;
    let mut give = |slice: Slice, cursor| {
        let mut daemon = daemon.borrow_mut();
        if left == 0 {
            return false;
        }
        left -= 1;
        let filled = daemon.core().fill(order.begun, &slice, cursor);
        daemon.commit();
        filled
    };
    let end = read_back_in(&order, events, &mut open, &mut give).unwrap();
    let daemon = daemon.into_inner();
    if let Some(from) = end {
        daemon.core().built(order.begun, from);
        daemon.commit();
    }
    end
}

fn finish(daemon: &mut Daemon, text: &str) {
    let now = daemon.now;
    assert_eq!(daemon.core().finish_build(now).unwrap(), Some(Progress::Active));
    daemon.commit();
    daemon.edited(text);
    daemon.follow_all();
}

const BEGIN: &str = "2026-03-01 10:00";

#[test]
fn segments_are_as_if_they_had_been_asked_for_all_the_time_and_nobody_hears_of_it() {
    let mut daemon = Daemon::new(BEFORE);
    // Some lies in the archive, in two files, and some in the log.
    for (hours, archived) in [(0..120, true), (120..150, true), (150..200, false)] {
        life(&mut daemon, at(BEGIN), hours, 1);
        if archived {
            daemon.archive();
        }
    }
    assert_eq!(begin(&mut daemon, AFTER), Begun::Yes);
    assert_eq!(begin(&mut daemon, AFTER), Begun::Yes, "who asks again waits for the same");
    assert_eq!(begin(&mut daemon, &AFTER.replace(">= 60", ">= 61")), Begun::Another);
    assert!(read(&mut daemon, usize::MAX, 2_000).is_some());
    let entered = daemon.core().counts.entered;
    finish(&mut daemon, AFTER);
    let expected = as_if_always(200);
    assert!(
        expected.iter().any(|(_, segments)| segments.contains("regulars")) && expected.iter().any(|(_, all)| !all.contains("regulars"))
    );
    assert!(expected.iter().any(|(_, segments)| segments.contains("spenders") && segments.contains("picky")));
    assert_eq!(standing(&mut daemon), expected);
    assert_eq!(daemon.core().counts.entered, entered, "nobody joins by an edit");
    // The plain edit without reading back knows less.
    let mut other = Daemon::new(BEFORE);
    life(&mut other, at(BEGIN), 0..200, 1);
    other.deploy(other.now, AFTER);
    other.follow_all();
    assert_ne!(standing(&mut other), expected);
}

#[test]
fn it_goes_on_after_a_crash_at_every_slice_and_what_happens_meanwhile_counts_once() {
    let expected = as_if_always(160);
    for slices in 0..12 {
        let mut daemon = Daemon::new(BEFORE);
        life(&mut daemon, at(BEGIN), 0..100, 1);
        if slices % 3 == 1 {
            daemon.archive();
        }
        assert_eq!(begin(&mut daemon, AFTER), Begun::Yes);
        life(&mut daemon, at(BEGIN), 100..130, 1);
        let whole = read(&mut daemon, slices, 1).is_some();
        if slices % 2 == 0 {
            daemon.snapshot_all();
        }
        if slices % 4 == 3 && !whole {
            // The log went to the archive while it was read.
            daemon.archive();
        }
        let memory = daemon.memory();
        daemon.crash();
        assert_eq!(differing(&memory, &daemon.memory()), [""; 0]);
        life(&mut daemon, at(BEGIN), 130..160, 1);
        if !whole {
            assert!(read(&mut daemon, usize::MAX, 2_000).is_some());
        }
        finish(&mut daemon, AFTER);
        assert_eq!(standing(&mut daemon), expected, "after {slices} slices");
        let memory = daemon.memory();
        daemon.crash_with(AFTER);
        assert_eq!(differing(&memory, &daemon.memory()), [""; 0]);
    }
}

#[test]
fn who_applies_what_runs_stops_it_and_it_may_begin_again() {
    let mut daemon = Daemon::new(BEFORE);
    life(&mut daemon, at(BEGIN), 0..60, 1);
    assert_eq!(begin(&mut daemon, BEFORE), Begun::NotNeeded);
    assert_eq!(begin(&mut daemon, AFTER), Begun::Yes);
    assert!(read(&mut daemon, 3, 1).is_none());
    let now = daemon.now;
    assert!(daemon.core().stop_build(now, "test"));
    assert!(!daemon.core().stop_build(now, "test"));
    daemon.commit();
    assert_eq!(daemon.core().finish_build(now).unwrap(), None);
    assert!(Order::of(daemon.core()).is_none());
    daemon.crash();
    assert!(daemon.core().build().is_none());
    // What was read back the first time is not counted twice.
    daemon.touch(now.plus_ms(1));
    assert_eq!(begin(&mut daemon, AFTER), Begun::Yes);
    assert!(read(&mut daemon, usize::MAX, 2_000).is_some());
    finish(&mut daemon, AFTER);
    assert_eq!(standing(&mut daemon), as_if_always(60));
}

#[test]
fn an_archive_that_does_not_reach_back_says_from_when_on_it_is_complete() {
    let mut daemon = Daemon::new(BEFORE);
    life(&mut daemon, at(BEGIN), 0..40, 1);
    daemon.archive();
    life(&mut daemon, at(BEGIN), 40..80, 1);
    daemon.archive();
    assert_eq!(begin(&mut daemon, AFTER), Begun::Yes);
    let whole = read(&mut daemon, usize::MAX, 2_000).unwrap();
    assert!(whole <= at(BEGIN), "the store has everything since it began");
    assert_eq!(daemon.core().build().unwrap().complete_from, Some(whole), "a sum over all time asks for what was before the store, too");
    let now = daemon.now;
    daemon.core().stop_build(now, "test");
    daemon.commit();
    // Somebody took the first file away.
    daemon.lose_first_archive();
    daemon.touch(now.plus_ms(1));
    assert_eq!(begin(&mut daemon, AFTER), Begun::Yes);
    let later = read(&mut daemon, usize::MAX, 2_000).unwrap();
    assert!(later >= at(BEGIN).plus_ms(40 * HOUR_MS), "{later:?}");
    assert_eq!(daemon.core().build().unwrap().complete_from, Some(later));
    finish(&mut daemon, AFTER);
}

/// The whole of it: the real binary on both sides.
#[test]
fn an_edit_is_applied_once_all_is_read_back_also_at_a_start_with_other_files() {
    use super::ask::{Folder, Served};
    use std::process::{Command, Stdio};
    let folder = Folder::with_project("backfill");
    let write = |text: &str| std::fs::write(folder.0.join("shop.journey"), text).unwrap();
    write(BEFORE);
    let served = Served::start(&folder.0, &[]);
    for number in 0..25 {
        let event =
            serde_json::json!({ "customer": "nok", "event": "bought", "properties": { "order": format!("o{number}"), "total": 3 } });
        served.takes(&serde_json::json!([event]).to_string());
    }
    let later = AFTER.replace(">= 60", ">= 75");
    write(AFTER);
    let mut command = Command::new(env!("CARGO_BIN_EXE_onward"));
    command.args(["apply", ".", "--url", &served.url, "--yes"]).current_dir(&folder.0).stdin(Stdio::null());
    let done = command.output().unwrap();
    let text = String::from_utf8_lossy(&done.stdout);
    assert!(done.status.success(), "{text}{}", String::from_utf8_lossy(&done.stderr));
    assert!(
        text.contains("they are read back from the archive before this counts\n  bought, asked by segment buyers, segment regulars"),
        "{text}"
    );
    assert!(text.contains("applied: it is active, and durable"), "{text}");
    assert!(served.asked("GET /admin/v1/status", None, "").1.contains("\"building\":null"));
    let seen = served.asked("GET /admin/v1/customers/nok", None, "").1;
    assert!(seen.contains("spenders") && seen.contains("regulars"), "{seen}");
    served.stop();
    // Files with a history that was not kept until now: it starts once that is read back.
    write(&later.replace("segment picky", "segment many { has at least 25 bought where order is not \"-\" }\nsegment picky"));
    let served = Served::start(&folder.0, &[]);
    let seen = served.asked("GET /admin/v1/customers/nok", None, "").1;
    assert!(seen.contains("many") && seen.contains("spenders"), "{seen}");
    served.stop();
}
