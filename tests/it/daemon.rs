//! The daemon's core over a store in memory: what is acknowledged is there after a crash, and nothing twice.

pub mod harness;

use harness::{Daemon, SHOP, at, differing};
use onward::engine::Outcome;

#[test]
fn an_event_becomes_a_message_and_its_outcome_moves_the_run_on() {
    let mut daemon = Daemon::new(SHOP);
    daemon.subscribe(at("2026-03-01 10:00"), "nok", "nok@example.com");
    daemon.event(at("2026-03-01 10:01"), "nok", "bought", "m1");
    let sent = daemon.outgoing();
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0].1.address, "nok@example.com");
    assert!(daemon.ready(&sent[0]), "nothing speaks against it");
    daemon.outcome(&sent[0], Outcome::Accepted);
    // An hour later the second one is due.
    daemon.touch(at("2026-03-01 11:00"));
    assert!(daemon.outgoing().is_empty(), "not early");
    daemon.touch(at("2026-03-01 11:01"));
    let second = daemon.outgoing();
    assert_eq!(second.len(), 1);
    assert_ne!(second[0].1.message, sent[0].1.message);
}

#[test]
fn the_same_event_counts_once_also_after_a_restart() {
    let mut daemon = Daemon::new(SHOP);
    daemon.subscribe(at("2026-03-01 10:00"), "nok", "nok@example.com");
    assert_eq!(daemon.event(at("2026-03-01 10:01"), "nok", "bought", "m1"), "Accepted");
    assert_eq!(daemon.event(at("2026-03-01 10:02"), "nok", "bought", "m1"), "Duplicate");
    daemon.crash();
    assert_eq!(daemon.event(at("2026-03-01 10:03"), "nok", "bought", "m1"), "Duplicate");
    assert_eq!(daemon.outgoing().len(), 1);
}

#[test]
fn what_is_under_way_is_found_again_after_a_crash() {
    let mut daemon = Daemon::new(SHOP);
    daemon.subscribe(at("2026-03-01 10:00"), "nok", "nok@example.com");
    daemon.event(at("2026-03-01 10:01"), "nok", "bought", "m1");
    let before = daemon.outgoing();
    daemon.crash();
    let after = daemon.under_way();
    assert_eq!(before, after, "the same message with the same bytes");
    daemon.outcome(&after[0], Outcome::Accepted);
    daemon.crash();
    assert!(daemon.under_way().is_empty());
    daemon.touch(at("2026-03-01 11:01"));
    assert_eq!(daemon.outgoing().len(), 1, "the run went on from the outcome");
}

#[test]
fn snapshots_and_the_log_give_the_same_memory() {
    let mut daemon = Daemon::new(SHOP);
    for customer in 0..40 {
        let name = format!("customer-{customer}");
        daemon.subscribe(at("2026-03-01 10:00"), &name, &format!("{name}@example.com"));
        daemon.event(at("2026-03-01 10:01"), &name, "bought", &format!("m{customer}"));
        if customer == 20 {
            daemon.snapshot_all();
        }
    }
    let memory = daemon.memory();
    daemon.crash();
    assert_eq!(differing(&memory, &daemon.memory()), [""; 0]);
    daemon.snapshot_all();
    daemon.crash();
    assert_eq!(differing(&memory, &daemon.memory()), [""; 0]);
}

#[test]
fn an_unsubscribe_between_claim_and_hand_over_stops_the_message() {
    let mut daemon = Daemon::new(SHOP);
    daemon.subscribe(at("2026-03-01 10:00"), "nok", "nok@example.com");
    daemon.event(at("2026-03-01 10:01"), "nok", "bought", "m1");
    let sent = daemon.outgoing();
    daemon.unsubscribe(at("2026-03-01 10:01"), "nok");
    assert!(!daemon.ready(&sent[0]), "she has left between the claim and the hand-over");
    assert!(daemon.under_way().is_empty());
}

#[test]
fn a_suppressed_address_gets_nothing_whoever_has_it() {
    let mut daemon = Daemon::new(SHOP);
    daemon.subscribe(at("2026-03-01 10:00"), "nok", "Family@Example.com");
    daemon.subscribe(at("2026-03-01 10:00"), "lek", "family@example.com ");
    daemon.event(at("2026-03-01 10:01"), "nok", "bought", "m1");
    let first = daemon.outgoing();
    assert_eq!(first.len(), 1);
    daemon.refused_for_good(&first[0]);
    daemon.event(at("2026-03-01 10:02"), "lek", "bought", "m2");
    let second = daemon.outgoing();
    assert!(second.iter().all(|one| !daemon.ready(one)), "the address is suppressed, not only the customer");
}

#[test]
fn an_item_that_means_nothing_stands_on_the_dead_letter_list() {
    let mut daemon = Daemon::new(SHOP);
    let said = daemon.event(at("2026-03-01 10:00"), "nok", "bougth", "m1");
    assert!(said.contains("bougth") && said.contains("bought"), "{said}");
    daemon.crash();
    let dead = daemon.dead();
    assert_eq!(dead.len(), 1);
    assert!(dead[0].reason.contains("bougth"), "{:?}", dead[0]);
}

#[test]
fn an_erased_customer_is_gone_from_memory_and_directory() {
    let mut daemon = Daemon::new(SHOP);
    daemon.subscribe(at("2026-03-01 10:00"), "nok", "nok@example.com");
    daemon.event(at("2026-03-01 10:01"), "nok", "bought", "m1");
    daemon.erase(at("2026-03-01 10:02"), "nok");
    assert!(!daemon.knows("nok"));
    assert!(daemon.under_way().is_empty());
    daemon.crash();
    assert!(!daemon.knows("nok"));
}

#[test]
fn another_version_becomes_active_and_everybody_follows() {
    let mut daemon = Daemon::new(SHOP);
    daemon.subscribe(at("2026-03-01 10:00"), "nok", "nok@example.com");
    daemon.subscribe(at("2026-03-01 10:00"), "lek", "lek@example.com");
    daemon.event(at("2026-03-01 10:01"), "nok", "bought", "m1");
    let sent = daemon.outgoing();
    daemon.outcome(&sent[0], Outcome::Accepted);
    // Fields, messages and journeys stand elsewhere, the second mail is another, and there is more.
    let next = r#"
customer { nickname text?, email email? }
event looked { }
event bought { order text = "-" }
topic news "News" opt out
topic promo "Promotions" opt in
message fresh about promo { email { subject "Fresh", text "Something new" } }
message thanks about promo { email { subject "Thanks", text "Thank you so much" } }
journey aaa "First" {
  enter on looked
  enter again always
  send fresh
}
journey after_order "After an order" {
  enter on bought
  enter again always
  send thanks
  wait 2 hours
  send fresh
}
"#;
    daemon.deploy(at("2026-03-01 10:30"), next);
    daemon.crash_with(next);
    daemon.follow_all();
    // She who began under the version before goes on under it.
    daemon.touch(at("2026-03-01 11:01"));
    let old = daemon.outgoing();
    assert_eq!(subjects(&old), ["Again"]);
    daemon.outcome(&old[0], Outcome::Accepted);
    // Who begins now begins under the new one, with the address that was known before.
    daemon.event(at("2026-03-01 11:10"), "lek", "bought", "m2");
    let new = daemon.outgoing();
    assert_eq!(subjects(&new), ["Thanks"]);
    assert_eq!(new[0].1.address, "lek@example.com");
    daemon.outcome(&new[0], Outcome::Accepted);
    daemon.touch(at("2026-03-01 13:10"));
    assert_eq!(subjects(&daemon.outgoing()), ["Fresh"]);
    // And back: that is applying the old files.
    daemon.deploy(at("2026-03-01 14:00"), SHOP);
    daemon.follow_all();
    daemon.event(at("2026-03-01 14:10"), "nok", "bought", "m3");
    assert_eq!(subjects(&daemon.outgoing()), ["Thanks"]);
}

fn subjects(sent: &[harness::Sent]) -> Vec<String> {
    sent.iter().map(|(_, delivery)| delivery.parts.iter().find(|(name, _)| name == "subject").unwrap().1.clone()).collect()
}

#[test]
fn somebody_anonymous_who_signs_in_is_one_with_who_she_is() {
    let mut daemon = Daemon::new(SHOP);
    daemon.subscribe(at("2026-03-01 09:00"), "nok", "nok@example.com");
    // Two visits before she signs in, one of them with an address of her own.
    daemon.anonymous(at("2026-03-01 10:00"), "browser-1", "nok2@example.com");
    daemon.anonymous_event(at("2026-03-01 10:01"), "browser-1", "bought", "m1");
    let first = daemon.outgoing();
    assert_eq!(first.len(), 1);
    daemon.signs_in(at("2026-03-01 10:02"), "nok", "browser-1");
    assert_eq!(daemon.living(), 1, "they are one");
    // What was on its way before is settled under the number it was handed over with, and her run goes on.
    assert!(daemon.ready(&first[0]));
    daemon.crash();
    daemon.outcome(&first[0], Outcome::Accepted);
    daemon.touch(at("2026-03-01 11:05"));
    let second = daemon.outgoing();
    assert_eq!(subjects(&second), ["Again"]);
    assert!(daemon.ready(&second[0]));
    daemon.outcome(&second[0], Outcome::Accepted);
    assert!(daemon.under_way().is_empty());
    // The same id counts once, whoever of the two it came for.
    assert_eq!(daemon.event(at("2026-03-01 12:00"), "nok", "bought", "m1"), "Duplicate");
    // Erased, she is gone by both of her names.
    daemon.erase(at("2026-03-01 13:00"), "nok");
    assert_eq!(daemon.living(), 0);
    daemon.crash();
    assert_eq!(daemon.living(), 0);
}

#[test]
fn for_thirty_days_nothing_makes_somebody_erased_anew() {
    let mut daemon = Daemon::new(SHOP);
    daemon.subscribe(at("2026-03-01 09:00"), "nok", "nok@example.com");
    daemon.erase(at("2026-03-01 10:00"), "nok");
    daemon.snapshot_all();
    daemon.crash();
    let said = daemon.event(at("2026-03-31 09:59"), "nok", "bought", "m1");
    assert!(said.contains("erased"), "{said}");
    assert!(!daemon.knows("nok") && daemon.dead().is_empty(), "neither she nor her words are kept");
    assert_eq!(daemon.event(at("2026-03-31 10:00"), "nok", "bought", "m1"), "Accepted");
    assert!(daemon.knows("nok"));
}

#[test]
fn suppression_outlives_who_is_erased() {
    let mut daemon = Daemon::new(SHOP);
    daemon.subscribe(at("2026-03-01 09:00"), "nok", "nok@example.com");
    daemon.suppress(at("2026-03-01 09:30"), "nok");
    daemon.erase(at("2026-03-01 10:00"), "nok");
    daemon.subscribe(at("2026-03-02 09:00"), "lek", "nok@example.com");
    daemon.event(at("2026-03-02 10:00"), "lek", "bought", "m1");
    let sent = daemon.outgoing();
    assert!(sent.iter().all(|one| !daemon.ready(one)), "the address is suppressed, whoever has it");
}

#[test]
fn two_known_customers_stay_two() {
    let mut daemon = Daemon::new(SHOP);
    daemon.subscribe(at("2026-03-01 09:00"), "nok", "nok@example.com");
    daemon.subscribe(at("2026-03-01 09:00"), "lek", "lek@example.com");
    daemon.signs_in(at("2026-03-01 10:00"), "nok", "shared-browser");
    daemon.signs_in(at("2026-03-01 10:05"), "lek", "shared-browser");
    assert_eq!(daemon.living(), 2);
}
