//! An edit becomes active: who stands where stays, moves or leaves as it was decided, through a crash at any place, and back again.

use super::super::daemon::harness::{Daemon, SHOP, Sent, at, differing, plan_of};
use onward::calendar::{Instant, Zone};
use onward::daemon::arrival::{Arrival, Identifier, IdentifierKind, What};
use onward::daemon::bind;
use onward::daemon::core::deploy::Progress;
use onward::daemon::core::deploy::decide::decide;
use onward::daemon::core::message_id::MessageIds;
use onward::daemon::core::{Item, Request};
use onward::daemon::dispatch::envelope::Envelopes;
use onward::engine::Outcome;

fn apply(daemon: &mut Daemon, now: Instant, text: &str, wishes: &[&str]) -> Progress {
    daemon.touch(now);
    let plan = plan_of(text);
    let (now, core) = (daemon.now, daemon.core());
    let wishes: Vec<String> = wishes.iter().map(|wish| (*wish).to_owned()).collect();
    let over = core.world.plan().hash.to_string();
    let decisions = decide(core.world.plan(), &plan, &wishes).unwrap();
    let progress = core.try_deploy(&plan, &decisions, &over, "ops", now).unwrap();
    daemon.commit();
    progress
}

fn subjects(sent: &[Sent]) -> Vec<String> {
    sent.iter().map(|(_, delivery)| delivery.parts.iter().find(|(name, _)| name == "subject").unwrap().1.clone()).collect()
}

/// Somebody who waits an hour since ten.
fn waiting(text: &str) -> Daemon {
    let mut daemon = Daemon::new(text);
    daemon.subscribe(at("2026-03-01 09:00"), "nok", "nok@example.com");
    daemon.event(at("2026-03-01 10:00"), "nok", "bought", "m1");
    let sent = daemon.outgoing();
    assert!(daemon.ready(&sent[0]));
    daemon.outcome(&sent[0], Outcome::Accepted);
    daemon
}

fn runs(daemon: &mut Daemon) -> usize {
    let core = daemon.core();
    let number = core.find_user("nok").unwrap();
    core.shard(number).unwrap().row(number).unwrap().unwrap().runs.len()
}

const WITHOUT_WAIT: fn() -> String = || SHOP.replace("  wait 1 hour\n", "");

#[test]
fn who_stays_finishes_as_she_began() {
    let mut daemon = waiting(SHOP);
    assert_eq!(apply(&mut daemon, at("2026-03-01 10:30"), &WITHOUT_WAIT(), &["stay"]), Progress::Active);
    daemon.crash_with(&WITHOUT_WAIT());
    daemon.follow_all();
    daemon.touch(at("2026-03-01 10:59"));
    assert!(daemon.outgoing().is_empty());
    daemon.touch(at("2026-03-01 11:00"));
    assert_eq!(subjects(&daemon.outgoing()), ["Again"]);
}

#[test]
fn who_leaves_gets_nothing_more_also_after_a_crash_before_her_turn() {
    for crash in [false, true] {
        for snapshot in [false, true] {
            let mut daemon = waiting(SHOP);
            apply(&mut daemon, at("2026-03-01 10:30"), &WITHOUT_WAIT(), &["exit"]);
            if snapshot {
                daemon.snapshot_all();
            }
            if crash {
                daemon.crash_with(&WITHOUT_WAIT());
            }
            assert_eq!(runs(&mut daemon), 1, "her row has not followed yet");
            daemon.follow_all();
            assert_eq!(runs(&mut daemon), 0, "crash {crash}, snapshot {snapshot}");
            daemon.touch(at("2026-03-02 11:00"));
            assert!(daemon.outgoing().is_empty());
            daemon.event(at("2026-03-02 11:00"), "lek", "bought", "m9");
            let (before, mut again) = (daemon.memory(), daemon);
            again.crash_with(&WITHOUT_WAIT());
            assert_eq!(differing(&before, &again.memory()), [""; 0]);
        }
    }
}

#[test]
fn who_moves_goes_on_at_the_step_that_was_named() {
    let mut daemon = waiting(SHOP);
    apply(&mut daemon, at("2026-03-01 10:30"), &WITHOUT_WAIT(), &["move:send again"]);
    daemon.crash_with(&WITHOUT_WAIT());
    daemon.follow_all();
    let sent = daemon.outgoing();
    assert_eq!(subjects(&sent), ["Again"]);
    assert!(daemon.ready(&sent[0]));
    daemon.outcome(&sent[0], Outcome::Accepted);
    assert_eq!(runs(&mut daemon), 0);
}

/// Where another message stands in the place of one that she got, it must not count as sent.
#[test]
fn who_moves_to_where_messages_are_numbered_anew_gets_them() {
    let mut daemon = waiting(SHOP);
    let text = SHOP.replace("  send thanks\n  wait 1 hour\n  send again\n", "  send again\n  wait 2 hours\n  send thanks\n");
    apply(
        &mut daemon,
        at("2026-03-01 10:30"),
        &text.replace("wait 2 hours", "if customer.email is set { wait 2 hours }"),
        &["move:send again"],
    );
    daemon.follow_all();
    let sent = daemon.outgoing();
    assert_eq!(subjects(&sent), ["Again"]);
    daemon.ready(&sent[0]);
    daemon.outcome(&sent[0], Outcome::Accepted);
    daemon.touch(at("2026-03-01 12:30"));
    assert_eq!(subjects(&daemon.outgoing()), ["Thanks"]);
}

#[test]
fn a_second_edit_waits_for_the_first_and_one_over_another_is_refused() {
    let mut daemon = waiting(SHOP);
    let longer = SHOP.replace("1 hour", "2 hours");
    let (plan, over) = (plan_of(&longer), plan_of(SHOP).hash.to_string());
    assert_eq!(apply(&mut daemon, at("2026-03-01 10:30"), &longer, &[]), Progress::Active);
    let now = daemon.now;
    assert_eq!(daemon.core().try_deploy(&plan, &[], &over, "ops", now).unwrap(), Progress::Changed);
    assert!(matches!(apply(&mut daemon, at("2026-03-01 10:31"), SHOP, &[]), Progress::NotYet(_)));
    daemon.follow_all();
    // Back to the files as they were.
    assert_eq!(apply(&mut daemon, at("2026-03-01 10:32"), SHOP, &[]), Progress::Active);
    daemon.follow_all();
    daemon.touch(at("2026-03-01 11:00"));
    assert_eq!(subjects(&daemon.outgoing()), ["Again"], "she waits as she began");
}

/// The edit puts another channel in front, and an event, a message, a topic and a journey, too; and takes a message out.
const TWO: &str = r#"
customer { email email? }
event bought { order text = "-" }
custom channel kiosk reaches customer.id { subject text }
topic promo "Promotions" opt out
message thanks about promo { kiosk { subject "Thanks" } }
message soon about promo { kiosk { subject "Soon" } }
journey after_order "After an order" {
  enter on bought
  enter again always
  send thanks
  wait 1 hour
  send soon
}
"#;

fn turned() -> String {
    let front = "event aaa { }\ncustom channel aaa reaches customer.id { subject text }\ntopic aa \"First\" opt out\nmessage aaa about aa { aaa { subject \"A\" } }\njourney aaa {\n  enter on aaa\n  enter again always\n  send aaa\n}\n";
    let (head, rest) = TWO.split_once("event bought").unwrap();
    format!("{head}{front}event bought{rest}")
        .replace("  send soon\n", "  send thanks\n")
        .replace("message soon about promo { kiosk { subject \"Soon\" } }\n", "")
}

#[test]
fn what_is_on_its_way_while_an_edit_becomes_active_is_settled() {
    let mut daemon = Daemon::new(TWO);
    daemon.subscribe(at("2026-03-01 09:00"), "nok", "nok@example.com");
    daemon.event(at("2026-03-01 10:00"), "nok", "bought", "m1");
    let sent = daemon.outgoing();
    let before = plan_of(TWO);
    let envelopes = Envelopes { ids: MessageIds::new(&[7; 32]), links: None };
    let id = envelopes.make(&before, sent[0].0, &sent[0].1).unwrap().id;
    // Bound under the version before, and taken under the one after.
    let now = at("2026-03-01 10:10");
    let who = vec![Identifier { kind: IdentifierKind::User, value: "lek".to_owned() }];
    let what = What::Event { name: "bought".to_owned(), properties: serde_json::Map::new() };
    let arrival = Arrival { who, source: "test".to_owned(), id: None, at: Some(now), what };
    let item = Item { bound: bind::bind(&before, Zone::UTC, &arrival, now), id: 0, raw: None, arrival };
    assert_eq!(apply(&mut daemon, now, &turned(), &[]), Progress::Active);
    let active = daemon.core().world.plan().clone();
    let under_way = daemon.under_way();
    let again = envelopes.make(&active, under_way[0].0, &under_way[0].1).unwrap();
    assert_eq!((again.id, again.channel, again.message), (id, "kiosk".to_owned(), "thanks".to_owned()), "the same message for ever");
    let (number, send) = (sent[0].0, sent[0].1.key);
    assert_ne!(under_way[0].1.key, send, "the channel has another number");
    let go = daemon.ask(|reply| Request::Ready { number, send, attempt: 1, doubtful: false, reply }.under(&before));
    assert!(go, "nothing speaks against it");
    daemon.ask(|reply| {
        let outcome = Outcome::Accepted;
        Request::Outcome { number, send, outcome, provider_id: None, suppress: false, reply }.under(&before)
    });
    assert!(daemon.under_way().is_empty());
    let taken = daemon.ask(|reply| Request::Take { items: vec![item], reply }.under(&before));
    assert_eq!(format!("{taken:?}"), "[Accepted]");
    let core = daemon.core();
    assert!(core.find_user("lek").is_some_and(|number| core.shard(number).unwrap().row(number).unwrap().unwrap().runs.len() == 1));
    // A message that only the version before has is found by the run that it belongs to.
    assert_eq!(subjects(&daemon.outgoing()), ["Thanks"]);
    daemon.follow_all();
    daemon.touch(at("2026-03-01 11:10"));
    let soon = daemon.outgoing();
    assert_eq!(subjects(&soon), ["Soon"]);
    assert!(envelopes.make(&active, soon[0].0, &soon[0].1).is_none());
    let older = daemon.core().plan_of_run(soon[0].0, soon[0].1.key.run).unwrap();
    assert_eq!(envelopes.make(&older, soon[0].0, &soon[0].1).unwrap().message, "soon");
}

#[test]
fn an_edit_of_a_journey_that_continues_moves_who_may_move() {
    let text = |wait: &str| {
        SHOP.replace("1 hour", wait).replace("enter again always\n", "enter again always\n  when edited continue in the new version\n")
    };
    let mut daemon = waiting(&text("1 hour"));
    apply(&mut daemon, at("2026-03-01 10:30"), &text("3 hours"), &[]);
    daemon.crash_with(&text("3 hours"));
    daemon.follow_all();
    daemon.touch(at("2026-03-01 12:59"));
    assert!(daemon.outgoing().is_empty());
    daemon.touch(at("2026-03-01 13:00"));
    assert_eq!(subjects(&daemon.outgoing()), ["Again"]);
}

#[test]
fn a_journey_that_is_gone_lets_its_people_finish_or_leave() {
    let without = SHOP.split("journey").next().unwrap().to_owned();
    for (wish, expected) in [("stay", 1), ("exit", 0)] {
        let mut daemon = waiting(SHOP);
        apply(&mut daemon, at("2026-03-01 10:30"), &without, &[wish]);
        daemon.crash_with(&without);
        daemon.follow_all();
        daemon.touch(at("2026-03-01 11:00"));
        assert_eq!(daemon.outgoing().len(), expected, "{wish}");
        let moved = decide(&plan_of(SHOP), &plan_of(&without), &["move:send again".to_owned()]).unwrap_err();
        assert!(moved.contains("the journey is gone"), "{moved}");
    }
}

const TYPED: &str = r#"
customer { email email?, points number = 0 }
event bought { order text = "-", total number = 0 }
topic promo "Promotions" opt in
message thanks about promo { email { subject "Thanks", text "Thank you" } }
message rich about promo { email { subject "Rich", text "You have many points" } }
journey after_order "After an order" {
  enter on bought
  enter again always
  send thanks
  wait 1 hour
  if customer.points > 5 { send rich }
}
"#;

#[test]
fn a_changed_type_that_an_older_run_reads_is_decided_about() {
    let edited = TYPED.replace("points number = 0", "points text = \"none\"").replace("if customer.points > 5 { send rich }", "send rich");
    let undecided = |daemon: &mut Daemon, text: &str, wishes: &[&str]| -> Vec<String> {
        let (plan, now, core) = (plan_of(text), daemon.now, daemon.core());
        let wishes: Vec<String> = wishes.iter().map(|wish| (*wish).to_owned()).collect();
        let decisions = decide(core.world.plan(), &plan, &wishes).unwrap();
        let mut survey = core.begin_survey(&plan, decisions).unwrap();
        while core.survey(&mut survey, now, 1).unwrap() {}
        let comparison = survey.comparison();
        let said = comparison.told_undecided();
        let all: Vec<String> =
            comparison.undecided().map(|one| format!("{}/{}: {}, {}", one.journey, one.step, one.label, one.people)).collect();
        assert_eq!(all.is_empty(), said.is_empty(), "{said}");
        all
    };
    let mut daemon = waiting(TYPED);
    let asked = ["after_order/type of customer.points: customer.points is text now, it was number, 1"];
    assert_eq!(undecided(&mut daemon, &edited, &[]), asked);
    assert_eq!(undecided(&mut daemon, &edited, &["after_order/type of customer.points=exit"]), [""; 0]);
    // What nobody reads under way needs no decision, nor does a run that moves along.
    assert_eq!(undecided(&mut daemon, &TYPED.replace("order text = \"-\", total number", "total number"), &[]), [""; 0]);
    let moves = edited.replace("  enter again always\n", "  enter again always\n  when edited continue in the new version\n");
    assert_eq!(undecided(&mut daemon, &moves, &[]), [""; 0]);
    // A journey that did not change goes along; one that did reads events as they were.
    let event = |text: &str| text.replace("total number = 0", "total text = \"-\"");
    assert_eq!(undecided(&mut daemon, &event(TYPED), &[]), [""; 0]);
    let reads = TYPED.replace("wait 1 hour", "wait up to 1 hour for bought where total > 5 otherwise exit \"nothing\"");
    let asked = ["after_order/type of bought.total: bought.total is text now, it was number, 1"];
    // The wait itself is gone, too.
    assert_eq!(undecided(&mut waiting(&reads), &event(TYPED), &[])[1..], asked);
    assert!(decide(&plan_of(TYPED), &plan_of(&edited), &["after_order/type of customer.points=move:wait".to_owned()]).is_err());

    // Decided: she finishes without it, or not at all.
    assert_eq!(apply(&mut daemon, at("2026-03-01 10:30"), &edited, &["stay"]), Progress::Active);
    daemon.follow_all();
    assert_eq!(runs(&mut daemon), 1);
    daemon.touch(at("2026-03-01 12:00"));
    assert!(daemon.outgoing().is_empty(), "points that are a text are not more than five");
    assert_eq!(runs(&mut daemon), 0);
    let mut daemon = waiting(TYPED);
    assert_eq!(apply(&mut daemon, at("2026-03-01 10:30"), &edited, &["exit"]), Progress::Active);
    daemon.crash_with(&edited);
    daemon.follow_all();
    assert_eq!(runs(&mut daemon), 0);
}
