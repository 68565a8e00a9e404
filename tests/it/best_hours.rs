//! Everybody's best hours in the daemon: counted from answers, applied from the next tick on, the same after a restart and an edit.

use super::daemon::harness::{Daemon, at, differing};
use onward::calendar::Instant;
use onward::daemon::core::Request;
use onward::engine::{InputKind, Outcome};
use onward::schema::MessageVerb;

const PROJECT: &str = r#"
customer { email email?, phone phone? }
event bought { order text = "-" }
event asked { what text = "-" }
topic promo "Promotions" opt in
message thanks about promo { email { subject "Thanks", text "Thank you" } }
message again about promo { email { subject "Again", text "Come again" } }
journey after_order {
  enter on bought
  enter again always
  send thanks
}
journey asking {
  enter on asked
  enter again always
  wait until best time within 24 hours
  send again by email
}
"#;

/// She buys, gets a message and clicks on it then.
fn clicks(daemon: &mut Daemon, who: &str, now: Instant, by_machine: bool) {
    daemon.subscribe(now, who, &format!("{who}@example.com"));
    daemon.event(now, who, "bought", &format!("{who}-{}", now.0));
    for sent in daemon.outgoing() {
        assert!(daemon.ready(&sent));
        daemon.outcome(&sent, Outcome::Accepted);
        let (number, send, at) = (sent.0, sent.1.key, daemon.now);
        let clicked = InputKind::Report { send, verb: MessageVerb::Clicked, at, by_machine, hard: false };
        daemon.ask(|reply| Request::Inputs { number, inputs: vec![clicked], id: 0, reply });
    }
}

/// Asks, and says at which hour her message comes.
fn asks(daemon: &mut Daemon, who: &str, now: Instant) -> Option<i64> {
    daemon.subscribe(now, who, &format!("{who}@example.com"));
    daemon.event(now, who, "asked", &format!("{who}-{}", now.0));
    for hour in 0..25 {
        daemon.touch(now.plus_ms(hour * 3_600_000));
        if let Some(sent) = daemon.outgoing().pop() {
            daemon.outcome(&sent, Outcome::Accepted);
            return Some(hour);
        }
    }
    None
}

#[test]
fn who_has_not_answered_gets_it_when_everybody_answers_from_the_next_tick_on() {
    let mut daemon = Daemon::new(PROJECT);
    for day in 1..=4 {
        for who in ["a", "b"] {
            clicks(&mut daemon, who, at(&format!("2026-03-0{day} 18:20")), false);
        }
    }
    // More, but machines.
    for who in ["c", "d", "e", "f", "g", "h", "i", "j", "k"] {
        clicks(&mut daemon, who, at("2026-03-05 07:20"), true);
    }
    assert_eq!(asks(&mut daemon, "n1", at("2026-03-05 08:00")), Some(10), "at 18:00");
    // What is answered within a tick counts from the next one on.
    for who in ["o1", "o2", "o3", "o4", "o5", "o6", "o7", "o8", "o9"] {
        clicks(&mut daemon, who, at("2026-03-07 12:03"), false);
    }
    assert_eq!(asks(&mut daemon, "n2", at("2026-03-07 12:05")), Some(6), "18:00 still");
    assert_eq!(asks(&mut daemon, "n3", at("2026-03-09 10:00")), Some(2), "at 12:00 now");
}

#[test]
fn hours_are_the_same_after_a_restart_and_kept_by_an_edit() {
    let mut daemon = Daemon::new(PROJECT);
    for who in ["a", "b", "c"] {
        clicks(&mut daemon, who, at("2026-03-01 18:20"), false);
    }
    daemon.touch(at("2026-03-01 18:31"));
    daemon.snapshot_all();
    for who in ["d", "e"] {
        clicks(&mut daemon, who, at("2026-03-01 18:35"), false);
    }
    daemon.touch(at("2026-03-01 18:41"));
    let memory = daemon.memory();
    daemon.crash();
    assert_eq!(
        differing(&memory, &daemon.memory()),
        [""; 0],
        "the snapshot and the log give what was counted, at the tick at which it was"
    );
    assert_eq!(asks(&mut daemon, "n1", at("2026-03-02 08:00")), Some(10));
    // Another channel stands before the one that was answered on, and both are asked about.
    let edited = PROJECT
        .replace("{ email { subject \"Thanks\"", "{ sms \"Thanks\"\n email { subject \"Thanks\"")
        .replace("{ email { subject \"Again\"", "{ sms \"Again\"\n email { subject \"Again\"")
        .replace("send thanks", "send thanks by email")
        .replace("send again by email", "send again by first reachable of sms, email");
    daemon.deploy(at("2026-03-04 07:00"), &edited);
    daemon.follow_all();
    assert_eq!(asks(&mut daemon, "n2", at("2026-03-04 08:00")), Some(10), "what was counted before the edit counts");
    let memory = daemon.memory();
    daemon.crash_with(&edited);
    assert_eq!(differing(&memory, &daemon.memory()), [""; 0]);
}
