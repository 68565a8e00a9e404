//! The engine is the same code that simulates: what a daemon took in, played by the simulator, leads to the same decisions, record by record.
//!
//! A life of a daemon is drawn from a seed: customers who come, act and answer, providers that accept, refuse or say nothing, hands that are
//! some seconds late, a restart in the middle. Its log and archive are read back and given to the simulator as they are.

use super::daemon::harness::{Daemon, at};
use onward::calendar::{DAY_MS, HOUR_MS, Instant};
use onward::daemon::arrival::What as Said;
use onward::daemon::core::Request;
use onward::daemon::keeper::What;
use onward::engine::{Delivery, Input, InputKind, Limits, Outcome, Record, RecordKind};
use onward::ingest::customers::Population;
use onward::ingest::mapping::Item;
use onward::plan::Plan;
use onward::schema::MessageVerb;
use onward::shard::Number;
use onward::simulate::customer::{Responses, Watch};
use onward::simulate::driver::Stream;
use onward::simulate::{Options, Simulation};
use onward::world::SmallWorld;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

const JOURNEYS: &str = r#"
customer { email email?, phone phone?, points number = 0 }
event bought { order text = "-", total number = 10 }
event cancelled { order text = "-" }
event viewed { sku text = "-" }
topic promo "Promotions" opt in
topic orders "Orders" transactional "what became of her order"
policy {
  timezone "Asia/Bangkok"
  quiet hours 21:00 to 08:00 then wait
  at most 2 messages in 3 days then skip
  hold out 20%
}
segment lapsed { has bought and has no bought in the last 4 days }
segment big { sum of bought.total in the last 10 days >= 25 }
message receipt about orders { email { subject "Receipt {{ customer.points }}", text "We have your order" } }
message thanks about promo { email { subject "Thanks", text "You have {{ customer.points }} points" } }
message again about promo {
  email { subject "Again", text "Come again" }
  sms "Come again"
}
journey order "An order" {
  enter on bought
  one run per order
  exit on cancelled for the same order
  goal viewed within 5 days of entry for any order
  send receipt
  wait 2 hours
  split {
    path "thank" 60% { send thanks }
    path "later" 40% { wait 9 hours }
  }
  increase customer.points by 1
  wait 1 day
  send again by first reachable of sms, email
}
journey looking "Looking around" {
  enter on viewed
  enter again always
  only while customer.points < 5
  wait 30 minutes
  send again by email or exit if not sent
  wait up to 1 day {
    on bought { exit "bought" }
    on clicked again { send thanks }
    otherwise { }
  }
}
journey back "Come back" {
  enter when joins segment lapsed
  enter again 2 days after the end
  wait until 10:00
  send again by email
  wait up to 2 days for bought otherwise exit "gone"
  send thanks
}
journey best "The big ones" {
  enter when joins segment big
  enter again always
  quiet hours 20:00 to 10:00 then wait
  send thanks
}
"#;

/// The same, with what is decided over all customers: a winner, caps on entries, everybody's best hours.
const SHARED: &str = r#"
customer { email email?, phone phone? }
event bought { order text = "-", total number = 10 }
event cancelled { order text = "-" }
event viewed { sku text = "-" }
topic promo "Promotions" opt in
message thanks about promo { email { subject "Thanks", text "Thank you" } }
message again about promo { email { subject "Again", text "Come again" } }
journey order "An order" {
  enter on bought
  one run per event
  experiment "thanks" measured by clicked thanks within 6 hours {
    variant "now" 50% {
      send thanks
      wait 1 hour
    }
    variant "later" 50% {
      wait 3 hours
      send thanks
    }
    adaptive
  }
}
journey looking "Looking around" {
  enter on viewed
  enter again always
  at most 3 entries in 1 day then wait
  wait until best time within 24 hours
  send again
}
"#;

/// SplitMix64.
struct Draw(u64);

impl Draw {
    fn below(&mut self, count: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut hash = self.0;
        hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (hash ^ (hash >> 31)) % count
    }
}

/// A daemon at work, with a provider that mostly accepts.
struct Life {
    daemon: Daemon,
    draw: Draw,
    clicks: u64,
}

impl Life {
    /// `days` of some customers.
    fn live(text: &str, seed: u64, customers: u64, days: i64) -> Life {
        let mut life = Life { daemon: Daemon::new(text), draw: Draw(seed), clicks: 0 };
        let begin = at("2026-03-01 10:00");
        let end = begin.plus_ms(days * DAY_MS);
        let mut now = begin;
        let mut number = 0;
        let (mut archived, mut crashed) = (false, false);
        while now < end {
            now = now.plus_ms(1 + life.draw.below((days * DAY_MS) as u64 / (customers * 12)) as i64);
            life.pass(now);
            number += 1;
            life.something(now, customers, number);
            life.deliver();
            let part = now.since_ms(begin) * 3 / (days * DAY_MS);
            if part >= 1 && !archived {
                life.daemon.archive();
                archived = true;
            }
            if part >= 2 && !crashed {
                life.daemon.snapshot_all();
                life.daemon.crash();
                crashed = true;
            }
        }
        life.pass(end.plus_ms(3 * DAY_MS));
        life
    }

    /// What is due until then is handled, each some seconds late.
    fn pass(&mut self, until: Instant) {
        while self.daemon.core().wake() <= until {
            let late = self.draw.below(40_000) as i64;
            let due = self.daemon.core().wake().max(self.daemon.now).plus_ms(late).min(until);
            self.daemon.touch(due);
            self.deliver();
        }
        self.daemon.now = self.daemon.now.max(until);
    }

    fn something(&mut self, now: Instant, customers: u64, number: u64) {
        let who = format!("customer-{}", self.draw.below(customers));
        if !self.daemon.knows(&who) {
            self.daemon.subscribe(now, &who, &format!("{who}@example.com"));
            let mut attributes = serde_json::Map::new();
            attributes.insert("phone".to_owned(), "+66812345678".into());
            self.daemon.take(now, &who, None, Said::Attributes(attributes));
        }
        let mut properties = serde_json::Map::new();
        match self.draw.below(20) {
            0..9 => {
                properties.insert("order".to_owned(), format!("o{number}").into());
                properties.insert("total".to_owned(), (1 + self.draw.below(20)).into());
                self.say(now, &who, number, "bought", properties);
            }
            9..16 => self.say(now, &who, number, "viewed", properties),
            16..18 => {
                properties.insert("order".to_owned(), format!("o{}", number - self.draw.below(number.min(30))).into());
                self.say(now, &who, number, "cancelled", properties);
            }
            18 => self.daemon.unsubscribe(now, &who),
            _ => drop(self.daemon.take(now, &who, None, Said::Consent { topic: "promo".to_owned(), subscribed: true })),
        }
    }

    fn say(&mut self, now: Instant, who: &str, number: u64, name: &str, properties: serde_json::Map<String, serde_json::Value>) {
        let what = Said::Event { name: name.to_owned(), properties };
        // One in ten is said twice.
        for _ in 0..if self.draw.below(10) == 0 { 2 } else { 1 } {
            self.daemon.take(now, who, Some(&format!("m{number}")), what.clone());
        }
    }

    /// Workers take what left the core, some seconds later.
    fn deliver(&mut self) {
        for _ in 0..100 {
            let all = self.daemon.outgoing();
            if all.is_empty() {
                return;
            }
            for sent in all {
                self.daemon.now = self.daemon.now.plus_ms(self.draw.below(500) as i64);
                if !self.daemon.ready(&sent) {
                    continue;
                }
                let outcome = match self.draw.below(30) {
                    0 => Outcome::Refused,
                    1 => Outcome::Unknown,
                    2 => Outcome::NotSent,
                    _ => Outcome::Accepted,
                };
                self.daemon.outcome(&sent, outcome);
                if outcome == Outcome::Accepted && self.draw.below(2) == 0 {
                    let (number, send, at) = (sent.0, sent.1.key, self.daemon.now);
                    self.clicks += 1;
                    let clicked = InputKind::Report { send, verb: MessageVerb::Clicked, at, by_machine: false, hard: false };
                    self.daemon.ask(|reply| Request::Inputs { number, inputs: vec![clicked], id: 0, reply });
                }
            }
        }
        panic!("messages without end");
    }

    /// What it took in, in order, and what it decided about each.
    fn read(&mut self) -> (Vec<Item>, BTreeMap<String, Vec<Record>>) {
        let past = self.daemon.past();
        let mut all = Vec::new();
        past.everything(|number, happened| {
            all.push((happened.order, number, happened.what));
            Ok::<(), onward::store::StoreError>(())
        })
        .unwrap();
        all.sort_by_key(|(order, _, _)| *order);
        let mut uids: BTreeMap<Number, String> = BTreeMap::new();
        let core = self.daemon.core();
        let mut uid = |number: Number| uids.entry(number).or_insert_with(|| core.uid_of(number).unwrap()).clone();
        let (mut items, mut decided) = (Vec::new(), BTreeMap::<String, Vec<Record>>::new());
        for (_, number, what) in all {
            match what {
                What::Input(input) => {
                    items.push(Item { customer: uid(number).as_str().into(), at: input.now, recorded: Some(input), ..Item::default() });
                }
                What::Records(records) => decided.entry(uid(number)).or_default().extend(records),
                _ => {}
            }
        }
        (items, decided)
    }
}

struct Given(std::vec::IntoIter<Item>, Item);

impl Stream for Given {
    fn next(&mut self) -> Option<&mut Item> {
        self.1 = self.0.next()?;
        Some(&mut self.1)
    }
}

struct Seen(Arc<Mutex<Vec<Record>>>);

impl Watch for Seen {
    fn input(&mut self, _: &Input) {}

    fn record(&mut self, record: &Record) {
        self.0.lock().unwrap().push(record.clone());
    }

    fn delivery(&mut self, _: Instant, _: &Delivery) {}
}

/// The simulator's decisions about one customer.
fn replay(plan: &Arc<Plan>, items: &[Item], uid: &str, until: Instant) -> Vec<Record> {
    let world = SmallWorld::new((**plan).clone(), Limits::default());
    let population = Population::default();
    let responses = Responses { as_recorded: true, ..Responses::default() };
    let simulation = Simulation::new(&world, &population, Options { to: Some(until), responses, ..Options::default() });
    let seen = Arc::new(Mutex::new(Vec::new()));
    let (done, known) =
        simulation.run_one(uid, &mut Given(Vec::from(items).into_iter(), Item::default()), Box::new(Seen(Arc::clone(&seen))));
    assert!(known && done.lost == 0, "{uid}");
    let seen = seen.lock().unwrap();
    seen.clone()
}

/// Where the two first differ, of everybody.
fn differing(plan: &Arc<Plan>, items: &[Item], decided: &BTreeMap<String, Vec<Record>>, until: Instant) -> Vec<String> {
    let mut found = Vec::new();
    for (uid, theirs) in decided {
        let ours = replay(plan, items, uid, until);
        let at = (0..theirs.len().max(ours.len())).find(|at| theirs.get(*at) != ours.get(*at));
        if let Some(at) = at {
            found.push(format!("{uid}, decision {at}: the daemon {:?}, the simulator {:?}", theirs.get(at), ours.get(at)));
        }
    }
    found
}

fn count(decided: &BTreeMap<String, Vec<Record>>, is: impl Fn(&RecordKind) -> bool) -> usize {
    decided.values().flatten().filter(|record| is(&record.kind)).count()
}

#[test]
fn a_daemons_life_in_the_simulator_is_the_same_decision_by_decision() {
    use onward::engine::{Decision, Deferral, NotEntered, Skip};
    let mut total = BTreeMap::new();
    for seed in [1, 2, 3] {
        let mut life = Life::live(JOURNEYS, seed, 8, 24);
        let (items, decided) = life.read();
        let plan = life.daemon.plan();
        assert_eq!(differing(&plan, &items, &decided, life.daemon.now), [""; 0], "seed {seed}");
        for (uid, records) in decided {
            total.insert(format!("{seed} {uid}"), records);
        }
    }
    // It was a life.
    let decisions =
        |is: &dyn Fn(&Decision) -> bool| count(&total, |kind| matches!(kind, RecordKind::Message { decision, .. } if is(decision)));
    assert!(decisions(&|one| *one == Decision::Sent) > 100);
    assert!(decisions(&|one| matches!(one, Decision::Skipped(Skip::Capped(_)))) > 10);
    assert!(decisions(&|one| matches!(one, Decision::Skipped(Skip::NoConsent))) > 3);
    assert!(decisions(&|one| matches!(one, Decision::Deferred { because: Deferral::QuietHours, .. })) > 10);
    assert!(decisions(&|one| *one == Decision::Unknown) > 0);
    assert!(decisions(&|one| *one == Decision::Failed) > 0);
    assert!(decisions(&|one| *one == Decision::HeldOut) > 0);
    assert!(count(&total, |kind| matches!(kind, RecordKind::Drew { .. })) > 30);
    assert!(count(&total, |kind| matches!(kind, RecordKind::Joined(_))) > 10);
    assert!(count(&total, |kind| matches!(kind, RecordKind::Took { .. })) > 10);
    assert!(count(&total, |kind| matches!(kind, RecordKind::GoalReached { .. })) > 3);
    assert!(count(&total, |kind| matches!(kind, RecordKind::NotEntered(NotEntered::AlreadyRunning))) > 3);
    assert!(count(&total, |kind| matches!(kind, RecordKind::Duplicate | RecordKind::Conflict)) > 3);
}

#[test]
fn what_is_decided_over_all_customers_is_the_same_too() {
    let mut life = Life::live(SHARED, 7, 300, 8);
    let (items, decided) = life.read();
    let plan = life.daemon.plan();
    assert!(life.clicks > 100);
    assert!(count(&decided, |kind| matches!(kind, RecordKind::Exposed { weights, .. } if *weights > 0)) > 10, "shares were moved");
    assert!(count(&decided, |kind| matches!(kind, RecordKind::AtTheDoor { .. })) > 5);
    let looking = plan.journeys.iter().position(|journey| journey.name == "looking").unwrap();
    let waits = |record: &&Record| {
        let is_long = matches!(record.kind, RecordKind::Waiting { until } if until.since_ms(record.at) > HOUR_MS);
        is_long && record.journey.is_some_and(|journey| journey.index() == looking)
    };
    assert!(decided.values().flatten().filter(waits).count() > 10, "everybody's best hours are waited for");
    let names: Vec<String> = decided.keys().step_by(decided.len() / 8).cloned().collect();
    let some: BTreeMap<String, Vec<Record>> = decided.into_iter().filter(|(uid, _)| names.contains(uid)).collect();
    assert_eq!(differing(&plan, &items, &some, life.daemon.now), [""; 0]);
}

/// A comparison that could not fail would say nothing.
#[test]
fn a_difference_is_found_whatever_it_is() {
    let mut life = Life::live(JOURNEYS, 1, 4, 12);
    let (items, decided) = life.read();
    let plan = life.daemon.plan();
    let until = life.daemon.now;
    assert_eq!(differing(&plan, &items, &decided, until), [""; 0]);
    let found = |items: &[Item]| differing(&plan, items, &decided, until);
    let first = |is: fn(&InputKind) -> bool| items.iter().position(|item| is(&item.recorded.as_ref().unwrap().kind)).unwrap();
    // One event is not there.
    let mut less = items.clone();
    let gone = less.remove(first(|kind| matches!(kind, InputKind::Event { .. })));
    let told = found(&less);
    assert!(told.len() == 1 && told[0].starts_with(gone.customer.as_str()), "{told:?}");
    // A provider said something else.
    let mut other = items.clone();
    let at = first(|kind| matches!(kind, InputKind::Outcome { result: Outcome::Accepted, .. }));
    let InputKind::Outcome { result, .. } = &mut other[at].recorded.as_mut().unwrap().kind else { unreachable!() };
    *result = Outcome::Refused;
    assert_eq!(found(&other).len(), 1);
    // Something came a second later.
    let mut later = items.clone();
    let at = first(|kind| matches!(kind, InputKind::Event { .. }));
    let InputKind::Event { at: own, .. } = &mut later[at].recorded.as_mut().unwrap().kind else { unreachable!() };
    *own = own.plus_ms(-1_000);
    assert!(!found(&later).is_empty());
    // The rules are not quite the same.
    for (before, after) in [("wait 2 hours", "wait 121 minutes"), ("at most 2 messages", "at most 3 messages"), ("60% {", "61% {")] {
        let edited =
            JOURNEYS.replace(before, after).replace("40% { wait 9", if after == "61% {" { "39% { wait 9" } else { "40% { wait 9" });
        let edited = super::daemon::harness::plan_of(&edited);
        let told = differing(&edited, &items, &decided, until);
        assert!(after == "61% {" || !told.is_empty(), "{after}");
    }
}
