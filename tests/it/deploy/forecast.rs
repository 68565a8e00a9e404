//! A journey that does far more than was foreseen pauses itself, says so, and is let go on by a person.

use super::super::daemon::harness::{Daemon, SHOP, at};
use onward::daemon::core::deploy::forecast::{DAYS_MIN, ENTRIES_MIN, SETTLED_MIN};
use onward::daemon::core::world::Paused;
use onward::engine::Outcome;

fn buy(daemon: &mut Daemon, day: u32, from: u64, number: u64) {
    for one in from..from + number {
        let moment = at(&format!("2026-03-{day:02} 10:00"));
        daemon.event(moment, &format!("c{one}"), "bought", &format!("{day}-{one}"));
    }
}

fn paused(daemon: &mut Daemon) -> Vec<(String, String)> {
    daemon.core().forecast.paused().map(|(journey, why)| (journey.to_owned(), why.to_owned())).collect()
}

fn runs_of(daemon: &mut Daemon, who: &str) -> usize {
    let core = daemon.core();
    let number = core.find_user(who).unwrap();
    core.shard(number).unwrap().row(number).unwrap().unwrap().runs.len()
}

#[test]
fn twice_what_the_project_expects_is_the_limit() {
    let mut daemon = Daemon::new(SHOP);
    daemon.core().forecast.expect([("after_order".to_owned(), 4)].into());
    buy(&mut daemon, 1, 0, 8);
    assert!(paused(&mut daemon).is_empty());
    buy(&mut daemon, 1, 8, 1);
    let why = "9 entered it today, 4 were foreseen for a day".to_owned();
    assert_eq!(paused(&mut daemon), [("after_order".to_owned(), why.clone())]);
    assert_eq!(daemon.core().world.pauses(), [Paused::Journey("after_order".to_owned())]);
    buy(&mut daemon, 1, 20, 1);
    assert_eq!(runs_of(&mut daemon, "c20"), 0, "nobody enters any more");
    // Also after a crash, and it is in the audit log.
    let entries = daemon.core().others.audit.number;
    assert_eq!(entries, 1);
    daemon.crash();
    assert_eq!(paused(&mut daemon), [("after_order".to_owned(), why)]);
    daemon.core().forecast.expect([("after_order".to_owned(), 4)].into());
    // A person lets it go on: not again on the same day, but on the next.
    let now = daemon.now;
    daemon.core().set_paused(now, "ops", &Paused::Journey("after_order".to_owned()), false);
    daemon.commit();
    buy(&mut daemon, 1, 30, 20);
    assert!(paused(&mut daemon).is_empty());
    buy(&mut daemon, 2, 40, 8);
    assert!(paused(&mut daemon).is_empty());
    buy(&mut daemon, 2, 60, 1);
    assert_eq!(paused(&mut daemon).len(), 1);
}

#[test]
fn the_busiest_of_its_own_days_is_foreseen_once_there_are_enough() {
    let mut daemon = Daemon::new(SHOP);
    // Without a forecast nothing is too much.
    buy(&mut daemon, 1, 0, 2 * ENTRIES_MIN + 5);
    for day in 2..=DAYS_MIN as u32 {
        buy(&mut daemon, day, 0, 3);
    }
    assert!(paused(&mut daemon).is_empty());
    let busiest = 2 * ENTRIES_MIN + 5;
    let day = DAYS_MIN as u32 + 3;
    buy(&mut daemon, day, 1_000, busiest - 1);
    // A minute later what was counted is kept.
    daemon.event(at(&format!("2026-03-{day:02} 10:01")), "last", "bought", "last");
    daemon.snapshot_all();
    daemon.crash();
    buy(&mut daemon, day, 3_000, busiest);
    assert!(paused(&mut daemon).is_empty(), "twice the busiest day is not more than twice");
    buy(&mut daemon, day, 5_000, 1);
    assert_eq!(paused(&mut daemon).len(), 1);
}

#[test]
fn more_than_one_of_a_hundred_refused_within_five_minutes_is_too_much() {
    for (refused, struck) in [(1, false), (2, true)] {
        let mut daemon = Daemon::new(SHOP);
        for one in 0..SETTLED_MIN {
            let who = format!("c{one}");
            daemon.subscribe(at("2026-03-01 09:00"), &who, &format!("{who}@example.com"));
            daemon.event(at("2026-03-01 10:00"), &who, "bought", &who);
        }
        let sent = daemon.outgoing();
        assert_eq!(sent.len() as u64, SETTLED_MIN);
        for (at, one) in sent.iter().enumerate() {
            assert!(daemon.ready(one));
            daemon.outcome(one, if at < refused { Outcome::Refused } else { Outcome::Accepted });
        }
        let why = format!("{refused} of its {SETTLED_MIN} messages of the last 5 minutes were refused or are in doubt");
        let expected = if struck { vec![("after_order".to_owned(), why)] } else { Vec::new() };
        assert_eq!(paused(&mut daemon), expected);
    }
}
