//! A daemon without threads and sockets: core and keeper over files in memory, driven step by step.

use onward::calendar::{Instant, Zone};
use onward::daemon::arrival::{Arrival, Identifier, IdentifierKind, What};
use onward::daemon::bind;
use onward::daemon::core::others::Dead;
use onward::daemon::core::recovery::OTHERS;
use onward::daemon::core::{After, Core, Item, Request};
use onward::daemon::desk::item_id;
use onward::daemon::keeper::Keeper;
use onward::engine::{Delivery, Limits, Outcome};
use onward::plan::Plan;
use onward::shard::Number;
use onward::shard::commit::Parcel;
use onward::store::{Disk, MemFiles, Settings, Store};
use onward::{Project, check_project};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

pub const SHOP: &str = r#"
customer { email email? }
event bought { order text = "-" }
topic promo "Promotions" opt in
message thanks about promo { email { subject "Thanks", text "Thank you" } }
message again about promo { email { subject "Again", text "Come again" } }
journey after_order "After an order" {
  enter on bought
  enter again always
  send thanks
  wait 1 hour
  send again
}
"#;

pub fn at(local: &str) -> Instant {
    let local = chrono::NaiveDateTime::parse_from_str(local, "%Y-%m-%d %H:%M").unwrap();
    Zone::UTC.instant(local)
}

pub fn plan_of(text: &str) -> Arc<Plan> {
    let (compiled, found) = check_project(Project::from_texts([("shop.journey", text)]));
    assert!(!found.has_errors(), "{found:?}");
    Arc::new(compiled.plan.expect("a plan"))
}

/// By shard: what its snapshot would hold.
pub type Memory = BTreeMap<u16, Vec<(Vec<u8>, Vec<u8>)>>;

/// Hers, and what goes to her.
pub type Sent = (Number, Delivery);

pub struct Daemon {
    plan: Arc<Plan>,
    memory: MemFiles,
    core: Core,
    keeper: Keeper,
    batches: u64,
    outgoing: Vec<Sent>,
    pub now: Instant,
}

impl Daemon {
    pub fn new(text: &str) -> Daemon {
        let plan = plan_of(text);
        let memory = MemFiles::new(7);
        let files: Disk = Arc::new(memory.clone());
        Store::create(&files, &files, Settings { segment_size: 1 << 20, ..Settings::default() }).unwrap();
        let (keeper, core) = Keeper::open(files, &plan, Limits::default()).unwrap();
        let mut daemon = Daemon { plan, memory, core, keeper, batches: 0, outgoing: Vec::new(), now: Instant::FIRST };
        daemon.commit();
        daemon
    }

    /// The process ends without a word; what was durable is there.
    pub fn crash(&mut self) {
        let memory = self.memory.after_crash(onward::store::files::memory::image::Image::Nothing);
        let files: Disk = Arc::new(memory.clone());
        let (keeper, core) = Keeper::open(files, &self.plan, Limits::default()).unwrap();
        (self.memory, self.keeper, self.core) = (memory, keeper, core);
        self.batches = self.keeper.last();
    }

    /// The same, and the files are these now.
    pub fn crash_with(&mut self, text: &str) {
        self.plan = plan_of(text);
        self.crash();
        assert_eq!(self.core.world.plan().hash, self.plan.hash, "the store knows which version is active");
    }

    pub fn deploy(&mut self, now: Instant, text: &str) {
        self.touch(now);
        self.plan = plan_of(text);
        self.core.deploy(&self.plan, self.now).unwrap();
        self.commit();
    }

    pub fn follow_all(&mut self) {
        while self.core.follow(self.now, 1) {}
        self.commit();
    }

    /// Makes durable what was decided, and tells everybody.
    pub fn commit(&mut self) {
        assert!(self.core.damaged.is_none(), "{:?}", self.core.damaged);
        let Some(batch) = self.core.take_batch() else { return };
        if !batch.bytes.is_empty() {
            self.batches = self.keeper.append(&[&batch.bytes]).unwrap();
        }
        for after in batch.after {
            match after {
                After::Reply(reply) => reply(),
                After::Dispatch(number, Parcel::Message(delivery)) => self.outgoing.push((number, delivery)),
                After::Dispatch(..) => {}
                After::Release(reply) => {
                    self.keeper.release().unwrap();
                    reply(());
                }
                After::Past(reply) => reply(self.keeper.past().map_err(|error| error.to_string())),
                After::Withdraw(number, key) => self
                    .outgoing
                    .retain(|(other, delivery)| *other != number || onward::shard::commit::ParcelKey::Message(delivery.key) != key),
            }
        }
    }

    pub fn ask<T: Send + 'static>(&mut self, make: impl FnOnce(Box<dyn FnOnce(T) + Send>) -> Request) -> T {
        let told = Arc::new(Mutex::new(None));
        let tell = Arc::clone(&told);
        let request = make(Box::new(move |value| *tell.lock().unwrap() = Some(value)));
        self.core.request(self.now, request);
        self.commit();
        told.lock().unwrap().take().expect("every request is answered")
    }

    /// The core itself, for what is asked of it on its own thread. What it writes is durable with [`Daemon::commit`].
    pub fn core(&mut self) -> &mut Core {
        &mut self.core
    }

    pub fn take(&mut self, now: Instant, who: &str, id: Option<&str>, what: What) -> String {
        self.take_of(now, vec![Identifier { kind: IdentifierKind::User, value: who.to_owned() }], id, what)
    }

    fn take_of(&mut self, now: Instant, who: Vec<Identifier>, id: Option<&str>, what: What) -> String {
        self.now = self.now.max(now);
        let arrival = Arrival { who, source: "test".to_owned(), id: id.map(str::to_owned), at: Some(now), what };
        let item = Item { bound: bind::bind(&self.plan, Zone::UTC, &arrival, self.now), id: item_id("test", id), raw: None, arrival };
        let taken = self.ask(|reply| Request::Take { items: vec![item], reply });
        format!("{:?}", taken[0])
    }

    pub fn subscribe(&mut self, now: Instant, who: &str, email: &str) {
        let mut attributes = serde_json::Map::new();
        attributes.insert("email".to_owned(), email.trim().into());
        self.take(now, who, None, What::Attributes(attributes));
        self.take(now, who, None, What::Consent { topic: "promo".to_owned(), subscribed: true });
    }

    pub fn unsubscribe(&mut self, now: Instant, who: &str) {
        self.take(now, who, None, What::Consent { topic: "promo".to_owned(), subscribed: false });
    }

    pub fn event(&mut self, now: Instant, who: &str, name: &str, id: &str) -> String {
        self.take(now, who, Some(id), What::Event { name: name.to_owned(), properties: serde_json::Map::new() })
    }

    /// The process ends before what it decided is durable. Whether anybody was told of it.
    pub fn event_and_crash(&mut self, now: Instant, who: &str, name: &str) -> bool {
        self.now = self.now.max(now);
        let who = vec![Identifier { kind: IdentifierKind::User, value: who.to_owned() }];
        let what = What::Event { name: name.to_owned(), properties: serde_json::Map::new() };
        let arrival = Arrival { who, source: "test".to_owned(), id: None, at: Some(now), what };
        let item = Item { bound: bind::bind(&self.plan, Zone::UTC, &arrival, self.now), id: 0, raw: None, arrival };
        let told = Arc::new(Mutex::new(false));
        let tell = Arc::clone(&told);
        let reply = Box::new(move |_| *tell.lock().unwrap() = true);
        self.core.request(self.now, Request::Take { items: vec![item], reply });
        self.crash();
        *told.lock().unwrap()
    }

    fn browser(who: &str) -> Identifier {
        Identifier { kind: IdentifierKind::Anonymous, value: who.to_owned() }
    }

    /// Somebody without a name, who agreed to promotions.
    pub fn anonymous(&mut self, now: Instant, who: &str, email: &str) {
        let mut attributes = serde_json::Map::new();
        attributes.insert("email".to_owned(), email.into());
        self.take_of(now, vec![Daemon::browser(who)], None, What::Attributes(attributes));
        self.take_of(now, vec![Daemon::browser(who)], None, What::Consent { topic: "promo".to_owned(), subscribed: true });
    }

    pub fn anonymous_event(&mut self, now: Instant, who: &str, name: &str, id: &str) -> String {
        let what = What::Event { name: name.to_owned(), properties: serde_json::Map::new() };
        self.take_of(now, vec![Daemon::browser(who)], Some(id), what)
    }

    pub fn signs_in(&mut self, now: Instant, who: &str, browser: &str) {
        let user = Identifier { kind: IdentifierKind::User, value: who.to_owned() };
        self.take_of(now, vec![user, Daemon::browser(browser)], None, What::Attributes(serde_json::Map::new()));
    }

    pub fn suppress(&mut self, now: Instant, who: &str) {
        self.take(now, who, None, What::Suppress { channel: None, suppressed: true });
    }

    pub fn living(&self) -> u64 {
        self.core.living()
    }

    pub fn erase(&mut self, now: Instant, who: &str) {
        self.take(now, who, None, What::Erase);
    }

    pub fn touch(&mut self, now: Instant) {
        self.now = self.now.max(now);
        while self.core.due(self.now, 1_000) > 0 {}
        self.commit();
    }

    /// What left the core since it was asked last.
    pub fn outgoing(&mut self) -> Vec<Sent> {
        std::mem::take(&mut self.outgoing)
    }

    /// Messages among the parcels.
    pub fn under_way(&self) -> Vec<Sent> {
        let of = |parcel: &Parcel| match parcel {
            Parcel::Message(delivery) => Some(delivery.clone()),
            _ => None,
        };
        self.core.shards().iter().flat_map(|shard| shard.parcels()).filter_map(|(number, _, parcel)| Some((number, of(parcel)?))).collect()
    }

    pub fn ready(&mut self, sent: &Sent) -> bool {
        let (number, send) = (sent.0, sent.1.key);
        self.ask(|reply| Request::Ready { number, send, attempt: 1, doubtful: false, reply })
    }

    pub fn outcome(&mut self, sent: &Sent, outcome: Outcome) {
        let (number, send) = (sent.0, sent.1.key);
        self.ask(|reply| Request::Outcome { number, send, outcome, provider_id: None, suppress: false, reply });
    }

    pub fn refused_for_good(&mut self, sent: &Sent) {
        let (number, send) = (sent.0, sent.1.key);
        self.ask(|reply| Request::Outcome { number, send, outcome: Outcome::Refused, provider_id: None, suppress: true, reply });
    }

    pub fn snapshot_all(&mut self) {
        for shard in 0..=OTHERS {
            let entries = self.core.snapshot(shard);
            self.keeper.snapshot(shard, self.batches, entries).unwrap();
        }
    }

    /// Everything that memory holds, to compare.
    pub fn memory(&self) -> Memory {
        (0..=OTHERS).map(|shard| (shard, self.core.snapshot(shard))).collect()
    }

    /// The log and the archive, as they are.
    pub fn past(&self) -> onward::daemon::keeper::Past {
        self.keeper.past().unwrap()
    }

    /// What the log says so far goes to the archive.
    pub fn archive(&mut self) {
        self.keeper.archive_until(self.batches).unwrap();
    }

    /// The files are these now; the store knows already.
    pub fn edited(&mut self, text: &str) {
        self.plan = plan_of(text);
        assert_eq!(self.core.world.plan().hash, self.plan.hash);
    }

    /// Somebody removes the oldest file of the archive.
    pub fn lose_first_archive(&mut self) {
        let archive = self.keeper.store().archive();
        let first = archive.parts().unwrap().remove(0);
        archive.rewrite(&first, |_| false).unwrap();
    }

    pub fn plan(&self) -> Arc<Plan> {
        Arc::clone(self.core.world.plan())
    }

    pub fn dead(&self) -> Vec<Dead> {
        self.core.others.dead().cloned().collect()
    }

    pub fn knows(&self, who: &str) -> bool {
        self.core.find_user(who).is_some()
    }
}

/// Where two memories differ, in short.
pub fn differing(one: &Memory, other: &Memory) -> Vec<String> {
    let mut found = Vec::new();
    for (shard, entries) in one {
        let there = &other[shard];
        if entries.len() != there.len() {
            found.push(format!("shard {shard}: {} entries and {}", entries.len(), there.len()));
        }
        for ((key, value), (other_key, other_value)) in entries.iter().zip(there) {
            if (key, value) != (other_key, other_value) {
                let at = value.iter().zip(other_value).position(|(a, b)| a != b);
                found.push(format!(
                    "shard {shard}, {:?}: {} and {} bytes, first at {at:?}",
                    String::from_utf8_lossy(key),
                    value.len(),
                    other_value.len()
                ));
            }
        }
    }
    found
}
