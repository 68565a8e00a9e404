//! After an erasure nothing of her can be read any more: not in the store, not in a backup that was taken before.

use onward::calendar::{Instant, Zone};
use onward::daemon::arrival::{Arrival, Identifier, IdentifierKind, What};
use onward::daemon::bind;
use onward::daemon::core::others::Dead;
use onward::daemon::core::recovery::OTHERS;
use onward::daemon::core::{After, Core, Item, Request};
use onward::daemon::keeper::Keeper;
use onward::engine::Limits;
use onward::plan::Plan;
use onward::store::files::memory::image::Image;
use onward::store::{Disk, MemFiles, Settings, Store, backup};
use onward::{Project, check_project};
use std::sync::{Arc, Mutex};

pub const SHOP: &str = r#"
customer { email email?, name text?, ที่อยู่ text? }
event bought { order text = "-", ของขวัญ text = "-" }
topic promo "Promotions" opt in
message thanks about promo { email { subject "Thanks {customer.name or friend}", text "ขอบคุณ {customer.name or friend}" } }
journey after_order "After an order" {
  enter on bought
  enter again always
  send thanks
  wait 1 hour
  send thanks
}
"#;

/// What of her stood in what came in.
const HERS: [&str; 7] =
    ["kanya-8812", "kanya.secret@example.com", "กัญญา รักษ์ดี", "99/7 ถนนสุขุมวิท", "ตุ๊กตาหมีสีฟ้า", "order-kanya-1", "browser-kanya-55"];
const OTHER: &str = "lek-stays@example.com";

pub fn at(minute: i64) -> Instant {
    let day = chrono::NaiveDate::from_ymd_opt(2026, 3, 1).unwrap();
    Zone::UTC.instant(day.and_hms_opt(10, 0, 0).unwrap()).plus_ms(minute * 60_000)
}

/// Core and keeper over files in memory.
pub struct Life {
    plan: Arc<Plan>,
    pub memory: MemFiles,
    keeper: Option<Keeper>,
    pub core: Core,
    pub now: Instant,
    last: u64,
    /// Parcels that were handed out since it was opened.
    pub dispatched: usize,
}

impl Life {
    pub fn begin() -> Life {
        let (compiled, found) = check_project(Project::from_texts([("shop.journey", SHOP)]));
        assert!(!found.has_errors(), "{found:?}");
        let plan = Arc::new(compiled.plan.expect("a plan"));
        let memory = MemFiles::new(11);
        let files: Disk = Arc::new(memory.clone());
        Store::create(&files, &files, Settings { segment_size: 1 << 20, ..Settings::default() }).unwrap();
        Life::open(plan, memory)
    }

    pub fn open(plan: Arc<Plan>, memory: MemFiles) -> Life {
        let files: Disk = Arc::new(memory.clone());
        let (keeper, core) = Keeper::open(files, &plan, Limits::default()).unwrap();
        let last = keeper.last();
        let mut life = Life { plan, memory, keeper: Some(keeper), core, now: at(0), last, dispatched: 0 };
        life.commit();
        life
    }

    pub fn again(self, image: Image) -> Life {
        let memory = self.memory.after_crash(image);
        Life::open(self.plan, memory)
    }

    pub fn keeper(&mut self) -> &mut Keeper {
        self.keeper.as_mut().unwrap()
    }

    pub fn commit(&mut self) {
        assert!(self.core.damaged.is_none(), "{:?}", self.core.damaged);
        let Some(batch) = self.core.take_batch() else { return };
        if !batch.bytes.is_empty() {
            self.last = self.keeper.as_mut().unwrap().append(&[&batch.bytes]).unwrap();
        }
        for after in batch.after {
            match after {
                After::Reply(reply) => reply(),
                After::Past(reply) => reply(self.keeper.as_ref().unwrap().past().map_err(|error| error.to_string())),
                After::Dispatch(..) => self.dispatched += 1,
                _ => {}
            }
        }
    }

    fn item(&self, who: &[(IdentifierKind, &str)], id: Option<&str>, what: What) -> Item {
        let who = who.iter().map(|(kind, value)| Identifier { kind: *kind, value: (*value).to_owned() }).collect();
        let arrival = Arrival { who, source: "test".to_owned(), id: id.map(str::to_owned), at: Some(self.now), what };
        let raw = Some(format!("{:?}", arrival.who));
        Item { bound: bind::bind(&self.plan, Zone::UTC, &arrival, self.now), id: id.map_or(0, |id| id.len() as u128), raw, arrival }
    }

    pub fn take(&mut self, who: &[(IdentifierKind, &str)], id: Option<&str>, what: What) -> String {
        let item = self.item(who, id, what);
        let said = Arc::new(Mutex::new(String::new()));
        let tell = Arc::clone(&said);
        let reply = Box::new(move |taken: Vec<_>| *tell.lock().unwrap() = format!("{:?}", taken[0]));
        self.core.request(self.now, Request::Take { items: vec![item], reply });
        self.commit();
        said.lock().unwrap().clone()
    }

    pub fn lives(&mut self, user: &str, email: &str, name: &str, order: &str) {
        let who = [(IdentifierKind::User, user)];
        let mut attributes = serde_json::Map::new();
        attributes.insert("email".to_owned(), email.into());
        attributes.insert("name".to_owned(), name.into());
        attributes.insert("ที่อยู่".to_owned(), HERS[3].into());
        self.take(&who, None, What::Attributes(attributes));
        self.take(&who, None, What::Consent { topic: "promo".to_owned(), subscribed: true });
        let mut properties = serde_json::Map::new();
        properties.insert("order".to_owned(), order.into());
        properties.insert("ของขวัญ".to_owned(), HERS[4].into());
        self.take(&who, Some(order), What::Event { name: "bought".to_owned(), properties });
    }

    /// Kanya, who came as a browser first, and Lek. One of Kanya's items means nothing, one could not even be read.
    pub fn everybody(&mut self) {
        self.take(
            &[(IdentifierKind::Anonymous, HERS[6])],
            Some("b"),
            What::Event { name: "bought".to_owned(), properties: Default::default() },
        );
        self.lives(HERS[0], HERS[1], HERS[2], HERS[5]);
        self.take(&[(IdentifierKind::User, HERS[0]), (IdentifierKind::Anonymous, HERS[6])], None, What::Attributes(Default::default()));
        assert_eq!(self.core.living(), 1, "the browser was hers");
        self.take(&[(IdentifierKind::User, HERS[0])], Some("x"), What::Event { name: "bougth".to_owned(), properties: Default::default() });
        let broken = format!("{{\"email\": \"{}\", \"name\": \"{}\"", HERS[1], HERS[2]);
        for item in [broken.as_str(), "{\"email\": \"somebody@example.com\""] {
            let dead = Dead::new(self.now, "http", item.to_owned(), "it ends too early".to_owned());
            self.core.request(self.now, Request::Bury { dead, reply: Box::new(|()| {}) });
        }
        self.commit();
        assert_eq!(self.core.others.dead().count(), 3);
        self.lives("lek", OTHER, "เล็ก", "order-lek");
    }

    pub fn snapshot_all(&mut self) {
        for shard in 0..=OTHERS {
            let entries = self.core.snapshot(shard);
            let last = self.last;
            self.keeper().snapshot(shard, last, entries).unwrap();
        }
    }

    pub fn memory(&self) -> Vec<Vec<(Vec<u8>, Vec<u8>)>> {
        (0..=OTHERS).map(|shard| self.core.snapshot(shard)).collect()
    }

    pub fn erase(&mut self, user: &str) {
        self.take(&[(IdentifierKind::User, user)], None, What::Erase);
    }
}

/// In which files one of these texts can be read.
fn where_found(memory: &MemFiles, texts: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for name in memory.names() {
        let bytes = memory.bytes(&name).unwrap();
        found.extend(
            texts
                .iter()
                .filter(|text| bytes.windows(text.len()).any(|part| part == text.as_bytes()))
                .map(|text| format!("{text} in {name}")),
        );
    }
    found
}

fn find(core: &Core, user: &str) -> Option<onward::shard::Number> {
    core.find_user(user)
}

#[test]
fn nothing_personal_is_written_plain() {
    let mut life = Life::begin();
    life.everybody();
    life.snapshot_all();
    let last = life.last;
    life.keeper().archive_until(last).unwrap();
    assert!(life.memory.names().iter().any(|name| name.starts_with("archive/")));
    assert_eq!(where_found(&life.memory, &HERS), [""; 0]);
    assert_eq!(where_found(&life.memory, &[OTHER, "เล็ก", "somebody@example.com"]), [""; 0]);
}

#[test]
fn after_an_erasure_neither_the_store_nor_an_older_backup_can_read_her() {
    let mut life = Life::begin();
    life.everybody();
    life.snapshot_all();
    let last = life.last;
    life.keeper().archive_until(last).unwrap();
    let her = find(&life.core, HERS[0]).unwrap();
    assert!(life.keeper().history(her).unwrap().len() > 4, "the archive tells her story while she is there");
    let (copy, copied): (MemFiles, Disk) = {
        let copy = MemFiles::new(5);
        (copy.clone(), Arc::new(copy))
    };
    life.keeper().store().backup().unwrap().copy(&copied).unwrap();
    assert_eq!(where_found(&copy, &HERS), [""; 0]);
    assert!(copy.names().iter().all(|name| !name.starts_with("keys")), "{:?}", copy.names());

    life.now = at(5);
    life.erase(HERS[0]);
    let lek = find(&life.core, "lek").unwrap();
    assert_eq!(life.keeper().history(her).unwrap(), [], "her past cannot be read");
    assert!(!life.keeper().history(lek).unwrap().is_empty());
    let left: Vec<_> = life.core.others.dead().map(|dead| dead.item.clone()).collect();
    assert_eq!(left.len(), 1, "letters about her went with her: {left:?}");
    assert!(life.core.shards().iter().flat_map(|shard| shard.parcels()).all(|(number, ..)| number == lek));
    let memory = life.memory();
    let mut life = life.again(Image::Nothing);
    assert_eq!(memory, life.memory(), "recovery gives what was there, without her");
    assert!(find(&life.core, HERS[0]).is_none() && find(&life.core, "lek").is_some());
    assert_eq!(life.keeper().history(her).unwrap(), []);

    // The backup of before, with the keys of today.
    let (restored, files): (MemFiles, Disk) = {
        let files = MemFiles::new(6);
        (files.clone(), Arc::new(files))
    };
    backup::restore(&copied, &files).unwrap();
    let now: Disk = Arc::new(life.memory.clone());
    backup::copy_keys(&now, life.keeper().store().id(), &files).unwrap();
    let mut old = Life::open(Arc::clone(&life.plan), restored);
    assert!(old.core.world.is_on_hold());
    assert!(find(&old.core, HERS[0]).is_none() && find(&old.core, "lek").is_some());
    assert_eq!(old.keeper().history(her).unwrap(), []);
    assert_eq!(old.core.others.dead().count(), 1);
    // Whoever comes next gets no place whose key is gone.
    for user in 0..700 {
        old.lives(&format!("new-{user}"), "new@example.com", "ใหม่", &format!("o{user}"));
    }
    let old = old.again(Image::Nothing);
    assert_eq!(old.core.living(), 701);
}

#[test]
fn a_backup_without_its_keys_is_refused() {
    let mut life = Life::begin();
    life.everybody();
    let copied: Disk = Arc::new(MemFiles::new(5));
    life.keeper().store().backup().unwrap().copy(&copied).unwrap();
    let files: Disk = Arc::new(MemFiles::new(6));
    backup::restore(&copied, &files).unwrap();
    let error = Keeper::open(files, &life.plan, Limits::default()).map(|_| ()).unwrap_err();
    assert!(error.to_string().contains("keys/ring"), "{error}");
}

#[test]
fn power_may_be_lost_at_any_moment_of_an_erasure() {
    let mut life = Life::begin();
    life.everybody();
    let before = life.memory.calls();
    life.erase(HERS[0]);
    let calls = life.memory.calls() - before;
    assert!(calls >= 4, "the log and the ring were written and synced: {calls}");
    for call in 1..=calls {
        for image in [Image::Nothing, Image::Everything, Image::FirstHalf, Image::Random { seed: call, sector: 512 }] {
            let mut life = Life::begin();
            life.everybody();
            life.memory.plan(onward::store::files::memory::Trouble::PowerAt(life.memory.calls() + call));
            let item = life.item(&[(IdentifierKind::User, HERS[0])], None, What::Erase);
            life.core.request(life.now, Request::Take { items: vec![item], reply: Box::new(|_| {}) });
            let batch = life.core.take_batch().unwrap();
            let durable = life.keeper().append(&[&batch.bytes]).is_ok();
            let mut life = life.again(image);
            let is_there = find(&life.core, HERS[0]);
            assert!(!durable || is_there.is_none(), "call {call}, {image:?}: it was acknowledged");
            match is_there {
                // It never was: she is whole.
                Some(her) => assert!(life.keeper().history(her).unwrap().len() > 4, "call {call}, {image:?}"),
                None => {
                    let number = life.core.shards().iter().flat_map(|shard| shard.entries()).count();
                    assert_eq!(number, 1, "call {call}, {image:?}");
                }
            }
            life.lives("somebody", "new@example.com", "ใหม่", "o9");
        }
    }
}

#[test]
fn what_still_comes_for_who_was_erased_is_not_kept() {
    let mut life = Life::begin();
    life.everybody();
    life.erase(HERS[0]);
    let said =
        life.take(&[(IdentifierKind::User, HERS[0])], Some("y"), What::Event { name: "bougth".to_owned(), properties: Default::default() });
    assert!(said.contains("erased"), "{said}");
    assert_eq!(life.core.others.dead().count(), 1, "not even as a dead letter");
    let life = life.again(Image::Everything);
    assert_eq!(life.core.living(), 1);
}

#[test]
fn a_store_from_before_there_was_sealing_opens_and_its_archive_forgets_too() {
    // What the binary of then wrote: plain batches and plain entries.
    let sealed = Life::begin();
    let memory = MemFiles::new(12);
    let files: Disk = Arc::new(memory.clone());
    Store::create(&files, &files, Settings { segment_size: 1 << 20, ..Settings::default() }).unwrap();
    let mut store = Store::open(files.clone()).unwrap();
    let mut core = Core::new(onward::daemon::core::world::DaemonWorld::new(Arc::clone(&sealed.plan), Limits::default()));
    core.begin_with_plan(&sealed.plan).unwrap();
    let mut old = Life { plan: Arc::clone(&sealed.plan), memory: memory.clone(), keeper: None, core, now: at(0), last: 0, dispatched: 0 };
    let write = |old: &mut Life, store: &mut Store| old.last = store.append(&old.core.take_batch().unwrap().bytes).unwrap();
    write(&mut old, &mut store);
    for (user, email) in [(HERS[0], HERS[1]), ("lek", OTHER)] {
        let mut attributes = serde_json::Map::new();
        attributes.insert("email".to_owned(), email.into());
        let item = old.item(&[(IdentifierKind::User, user)], None, What::Attributes(attributes));
        old.core.request(at(1), Request::Take { items: vec![item], reply: Box::new(|_| {}) });
        write(&mut old, &mut store);
    }
    let her = find(&old.core, HERS[0]).unwrap();
    for shard in 0..OTHERS {
        let mut out = store.snapshots().write(&format!("shard-{shard:03}"), old.last).unwrap();
        for (key, value) in old.core.snapshot(shard) {
            out.push(&key, &value).unwrap();
        }
        out.finish().unwrap();
    }
    let mut archive = store.archive().write(&format!("{:020}-{:020}", 1, 1)).unwrap();
    archive.push(&her.0.to_be_bytes(), 1, HERS[1].as_bytes()).unwrap();
    archive.push(&u64::MAX.to_be_bytes(), 1, b"audit").unwrap();
    archive.seal().unwrap();
    store.close().unwrap();
    assert!(!where_found(&memory, &HERS).is_empty());

    let mut life = Life::open(sealed.plan, memory);
    assert_eq!(life.core.living(), 2);
    assert_eq!(life.core.uid_of(her).as_deref(), Some(HERS[0]));
    life.lives(HERS[0], HERS[1], HERS[2], HERS[5]);
    life.erase(HERS[0]);
    life.snapshot_all();
    let left = where_found(&life.memory, &HERS);
    assert!(left.iter().all(|place| place.contains(" in log/")), "only the old log is left, until it is cut: {left:?}");
    let mut life = life.again(Image::Nothing);
    assert_eq!(life.core.living(), 1);
    assert_eq!(life.keeper().history(her).unwrap(), []);
}
