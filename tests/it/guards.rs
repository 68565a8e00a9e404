//! What keeps one failure from being everybody's: a clock that leaps, a customer who cannot be handled.

use super::daemon::harness::plan_of;
use super::erasure::{Life, SHOP, at};
use onward::calendar::{HOUR_MS, Instant, MINUTE_MS};
use onward::daemon::arrival::{IdentifierKind, What};
use onward::daemon::clock::{Clock, GuardedClock};
use onward::engine::InputKind;
use onward::shard::Number;
use onward::store::files::memory::image::Image;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

/// A clock on the wall, and one that counts; both are turned by hand.
#[derive(Debug, Default)]
struct Turned {
    wall: AtomicI64,
    count: AtomicI64,
}

impl Turned {
    fn pass(&self, ms: i64) {
        self.wall.fetch_add(ms, Ordering::SeqCst);
        self.count.fetch_add(ms, Ordering::SeqCst);
    }
}

impl Clock for Turned {
    fn now(&self) -> Instant {
        Instant(self.wall.load(Ordering::SeqCst))
    }

    fn real(&self, ms: i64) -> Duration {
        Duration::from_millis(ms.max(0) as u64)
    }

    fn count(&self) -> Option<i64> {
        Some(self.count.load(Ordering::SeqCst))
    }
}

#[test]
fn everybody_in_the_daemon_asks_the_guarded_clock() {
    let turned = Arc::new(Turned::default());
    turned.wall.store(at(0).0, Ordering::SeqCst);
    let clock = GuardedClock::over(Arc::clone(&turned) as Arc<dyn Clock>, at(0));
    assert_eq!((clock.now(), clock.doubt()), (at(0), None));
    turned.wall.fetch_add(5 * HOUR_MS, Ordering::SeqCst);
    turned.pass(MINUTE_MS);
    assert_eq!(clock.now(), at(1), "a leap is no time that passed");
    assert!(clock.doubt().is_some_and(|doubt| doubt.step_ms == 5 * HOUR_MS));
    clock.believe();
    assert_eq!((clock.now(), clock.doubt()), (at(301), None));
    turned.wall.fetch_sub(2 * HOUR_MS, Ordering::SeqCst);
    assert_eq!(clock.now(), at(301), "time never goes back");
    assert!(clock.doubt().is_some());
    // One that makes time up is left alone.
    let sample = GuardedClock::over(Arc::new(onward::daemon::clock::FastClock::new(at(0), 1)), at(9_000));
    assert!(sample.doubt().is_none() && sample.now() < at(1));
}

#[test]
fn nothing_is_sent_while_the_clock_is_doubted_and_what_comes_is_taken() {
    let mut life = Life::begin();
    life.core.world.set_clock_doubt(true);
    life.lives("nok", "nok@example.com", "Nok", "o1");
    assert_eq!((life.dispatched, life.core.living()), (0, 1), "the event was taken");
    life.core.world.set_clock_doubt(false);
    life.now = at(5);
    while life.core.due(life.now, 100) > 0 {}
    life.commit();
    assert_eq!(life.dispatched, 1, "it leaves when the clock is believed again");
}

/// What a snapshot of one shard holds.
type Part = Vec<(Vec<u8>, Vec<u8>)>;

/// Where what two memories hold of customers differs. What is nobody's also has the time, which goes on without a batch.
fn differing(one: &[Part], other: &[Part]) -> Vec<String> {
    let differs = |(at, (one, other)): (usize, (&Part, &Part))| {
        let which = one.iter().zip(other).find(|(one, other)| one != other);
        (one != other).then(|| format!("shard {at}: {} entries and {}, first {which:?}", one.len(), other.len()))
    };
    one.iter().zip(other).enumerate().take(256).filter_map(differs).collect()
}

/// Whose events fail.
static POISONED: AtomicI64 = AtomicI64::new(-1);

fn trip(number: Number, kind: &InputKind) -> bool {
    number.0 as i64 == POISONED.load(Ordering::SeqCst) && matches!(kind, InputKind::Event { .. })
}

fn buys(life: &mut Life, who: &str, id: &str) -> String {
    life.take(&[(IdentifierKind::User, who)], Some(id), What::Event { name: "bought".to_owned(), properties: serde_json::Map::new() })
}

#[test]
fn who_cannot_be_handled_is_set_aside_and_everybody_else_goes_on() {
    let mut life = Life::begin();
    let mut attributes = serde_json::Map::new();
    attributes.insert("email".to_owned(), "nok@example.com".into());
    life.take(&[(IdentifierKind::User, "nok")], None, What::Attributes(attributes));
    life.take(&[(IdentifierKind::User, "nok")], None, What::Consent { topic: "promo".to_owned(), subscribed: true });
    life.lives("lek", "lek@example.com", "Lek", "o22");
    assert_eq!(life.dispatched, 1);
    let (nok, lek) = (life.core.find_user("nok").unwrap(), life.core.find_user("lek").unwrap());
    let before = life.memory();
    POISONED.store(nok.0 as i64, Ordering::SeqCst);
    life.core.trip_at(trip);
    assert_eq!(buys(&mut life, "nok", "o333"), "Accepted", "it was taken, and is not lost");
    assert_eq!(buys(&mut life, "nok", "o4444"), "Accepted");
    life.lives("noi", "noi@example.com", "Noi", "o55555");
    assert_eq!(life.dispatched, 2, "Lek's and Noi's, none of Nok's");
    let aside: Vec<_> = life.core.set_asides().collect();
    assert_eq!((aside.len(), aside[0].number, aside[0].waiting), (1, nok, 2));
    assert!(aside[0].reason.contains("told to fail"), "{}", aside[0].reason);
    assert_eq!(life.memory()[nok.shard()].iter().filter(|(key, _)| key[0] == b'e').count(), before[nok.shard()].len().min(1));
    // Nothing of hers is due while she waits, and nothing of hers leaves.
    life.now = at(90);
    while life.core.due(life.now, 100) > 0 {}
    life.commit();
    assert!(!life.core.is_aside(lek));

    // She is still set aside after a crash, from the log and from snapshots.
    let memory = life.memory();
    let mut life = life.again(Image::Nothing);
    assert_eq!(differing(&life.memory(), &memory), [""; 0]);
    life.snapshot_all();
    let mut life = life.again(Image::Nothing);
    assert_eq!(differing(&life.memory(), &memory), [""; 0]);
    life.core.trip_at(trip);
    life.now = at(91);
    // What failed fails again: she is back where she was, with everything that waited.
    assert_eq!(life.core.bring_back_for(at(91), "ops", nok, false), Some((0, true)));
    life.commit();
    assert_eq!(life.core.set_asides().next().map(|one| one.waiting), Some(2));
    // Without what failed the next one fails.
    assert_eq!(life.core.bring_back_for(at(91), "ops", nok, true), Some((0, true)));
    life.commit();
    assert_eq!(life.core.set_asides().next().map(|one| one.waiting), Some(1));
    POISONED.store(-1, Ordering::SeqCst);
    let sent = life.dispatched;
    assert_eq!(life.core.bring_back_for(at(92), "ops", nok, false), Some((1, false)));
    life.commit();
    assert!(life.dispatched > sent, "what waited is handled");
    assert_eq!(life.core.bring_back_for(at(92), "ops", nok, false), None, "she is not set aside any more");
    assert_eq!(buys(&mut life, "nok", "o4444"), "Duplicate", "it counted");
    let memory = life.memory();
    let life = life.again(Image::Nothing);
    assert_eq!(differing(&life.memory(), &memory), [""; 0]);
}

#[test]
fn an_entry_that_cannot_be_read_sets_its_customer_aside_and_she_can_be_erased() {
    let mut life = Life::begin();
    life.lives("nok", "nok@example.com", "Nok", "o1");
    let nok = life.core.find_user("nok").unwrap();
    let (key, value) = life.core.snapshot(nok.shard() as u16).into_iter().find(|(key, _)| key[0] == b'e').unwrap();
    let broken = [&value[..value.len() - 3], &[255, 255, 255]].concat();
    life.core.restore(nok.shard() as u16, &key, &broken).unwrap();
    assert_eq!(buys(&mut life, "nok", "o22"), "Accepted");
    assert!(life.core.is_aside(nok));
    life.erase("nok");
    assert!(!life.core.is_aside(nok) && life.core.find_user("nok").is_none());
    let life = life.again(Image::Nothing);
    assert_eq!((life.core.living(), life.core.set_asides().count()), (0, 0));
}

static FAILS_UNTIL_EDITED: AtomicI64 = AtomicI64::new(-1);

fn trip_until_edited(number: Number, kind: &InputKind) -> bool {
    number.0 as i64 == FAILS_UNTIL_EDITED.load(Ordering::SeqCst) && matches!(kind, InputKind::Event { .. })
}

#[test]
fn what_waited_under_an_earlier_version_stands_on_the_list_with_its_words() {
    let mut life = Life::begin();
    life.lives("nok", "nok@example.com", "Nok", "o1");
    let nok = life.core.find_user("nok").unwrap();
    FAILS_UNTIL_EDITED.store(nok.0 as i64, Ordering::SeqCst);
    life.core.trip_at(trip_until_edited);
    assert_eq!(buys(&mut life, "nok", "o22"), "Accepted");
    FAILS_UNTIL_EDITED.store(-1, Ordering::SeqCst);
    let edited = plan_of(&SHOP.replacen("event bought", "event viewed { }\nevent bought", 1));
    life.core.deploy(&edited, at(2)).unwrap();
    life.commit();
    assert_eq!(life.core.bring_back_for(at(3), "ops", nok, false), Some((0, false)));
    life.commit();
    let dead: Vec<_> = life.core.others.dead().filter(|dead| dead.source == "set aside").collect();
    assert_eq!(dead.len(), 1);
    assert!(dead[0].item.contains(r#""event":"bought""#), "{}", dead[0].item);
    assert!(dead[0].reason.contains("send it again"), "{}", dead[0].reason);
}
