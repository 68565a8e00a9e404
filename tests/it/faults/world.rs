//! One seed, one life: senders, workers, a provider, a disk and a clock around the production core and keeper.

use super::clients::{self, Posted};
use super::draw::{Draw, Trace};
use super::plant::Plant;
use super::project::Rules;
use super::workers::{Provider, Worker};
use onward::calendar::{Instant, Zone};
use onward::daemon::Taken;
use onward::daemon::arrival::What;
use onward::daemon::bind;
use onward::daemon::core::{After, Batch, Core, Item, Request};
use onward::daemon::desk::item_id;
use onward::daemon::keeper::Keeper;
use onward::engine::Limits;
use onward::plan::Plan;
use onward::shard::Number;
use onward::shard::commit::{Parcel, ParcelKey};
use onward::store::files::memory::Trouble;
use onward::store::{Disk, MemFiles, Settings, Store};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

pub const HOUR: i64 = 3_600_000;
pub const DAY: i64 = 24 * HOUR;

/// What an oracle saw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    pub oracle: &'static str,
    pub what: String,
}

/// An answer of the core that has reached who asked.
#[derive(Debug)]
pub enum Said {
    Taken { item: usize, taken: Taken },
    Ready { worker: u64, go: bool },
    Settled { worker: u64 },
}

pub struct World {
    pub draw: Draw,
    pub rules: Rules,
    pub plan: Arc<Plan>,
    pub plant: Option<Plant>,
    pub disk: MemFiles,
    pub core: Core,
    pub keeper: Keeper,
    pub now: Instant,
    pub begin: Instant,
    pub step: u64,
    /// Made, and not durable yet.
    pub waiting: Vec<Batch>,
    /// Number of the last batch that was made.
    pub made: u64,
    pub said: Arc<Mutex<Vec<Said>>>,
    pub posted: Vec<Posted>,
    pub customers: u64,
    pub workers: Vec<Worker>,
    pub next_worker: u64,
    pub provider: Provider,
    /// By uid: the step at which the core acknowledged that she has left the topic.
    pub left: BTreeMap<String, u64>,
    /// By uid: own time of the last subscription that was issued.
    pub came: BTreeMap<String, Instant>,
    /// By uid: the step at which the core acknowledged that nothing goes to her any more.
    pub suppressed: BTreeMap<String, u64>,
    /// By uid: the step in which that was taken back.
    pub released: BTreeMap<String, u64>,
    /// Whose erasure was asked for, and who was forgotten in which step.
    pub erased: BTreeSet<String>,
    pub gone: BTreeMap<Number, u64>,
    pub trace: Trace,
    pub broken: Vec<Broken>,
    pub crashes: u64,
    /// The provider takes everything, and nothing fails.
    pub calm: bool,
    /// The store could not be opened any more.
    pub is_dead: bool,
}

pub fn begin() -> Instant {
    let day = chrono::NaiveDate::from_ymd_opt(2026, 3, 1).unwrap();
    Zone::UTC.instant(day.and_hms_opt(10, 0, 0).unwrap())
}

impl World {
    pub fn new(seed: u64, plant: Option<Plant>) -> World {
        let mut draw = Draw::new(seed);
        let rules = Rules::of(draw.below(32));
        let plan = rules.plan();
        let disk = MemFiles::new(seed);
        let files: Disk = Arc::new(disk.clone());
        Store::create(&files, &files, Settings { segment_size: 1 << 16, ..Settings::default() }).unwrap();
        let (keeper, core) = Keeper::open(files, &plan, Limits::default()).unwrap();
        let keyed = draw.percent(50);
        let few = draw.percent(70);
        let customers = 1 + draw.below(if few { 5 } else { 30 });
        let mut world = World {
            draw,
            rules,
            plan,
            plant,
            disk,
            core,
            made: keeper.last(),
            keeper,
            now: begin(),
            begin: begin(),
            step: 0,
            waiting: Vec::new(),
            said: Arc::default(),
            posted: Vec::new(),
            customers,
            workers: Vec::new(),
            next_worker: 0,
            provider: Provider::new(keyed),
            left: BTreeMap::new(),
            came: BTreeMap::new(),
            suppressed: BTreeMap::new(),
            released: BTreeMap::new(),
            erased: BTreeSet::new(),
            gone: BTreeMap::new(),
            is_dead: false,
            trace: Trace::default(),
            broken: Vec::new(),
            crashes: 0,
            calm: false,
        };
        for customer in 0..customers {
            for arrival in clients::welcome(world.posted.len() as u64, customer, world.now) {
                world.issue(arrival);
            }
        }
        world
    }

    pub fn is(&self, plant: Plant) -> bool {
        self.plant == Some(plant)
    }

    pub fn broke(&mut self, oracle: &'static str, what: String) {
        if self.broken.len() < 20 {
            self.broken.push(Broken { oracle, what });
        }
    }

    /// One thing happens.
    pub fn act(&mut self) {
        self.step += 1;
        let what = self.draw.below(100);
        self.trace.count(what);
        match what {
            0..26 => {
                let number = self.posted.len() as u64;
                let arrival = clients::draw(&mut self.draw, number, self.customers, self.now);
                self.issue(arrival);
            }
            26..34 => self.repeat(),
            34..62 => self.work(),
            62..74 => self.close(),
            74..86 => {
                self.commit();
            }
            86..93 => self.pass(30 * 60_000),
            93..96 => self.pass(12 * HOUR as u64),
            96 => self.report_late(),
            97 => {
                self.snapshot();
            }
            98 => self.crash(),
            _ => self.crash_in_commit(),
        }
        self.hear();
    }

    /// A step of a life without chance in what is done: for losing power at every point of it. `false` where the disk failed.
    pub fn orderly(&mut self, step: usize) -> bool {
        self.step += 1;
        if step.is_multiple_of(2) {
            let number = self.posted.len() as u64;
            let arrival = clients::draw(&mut self.draw, number, self.customers, self.now);
            self.issue(arrival);
        }
        for at in (0..self.workers.len()).rev() {
            self.work_on(at);
        }
        self.now = self.now.plus_ms(HOUR / 2);
        self.close();
        let went_well = if step % 8 == 7 { self.snapshot_of(step as u16 * 31, 3, self.made) } else { self.commit() };
        self.hear();
        went_well
    }

    /// Time goes on, by so much at most.
    fn pass(&mut self, most: u64) {
        let ms = self.draw.below(most);
        self.now = self.now.plus_ms(ms as i64);
        self.trace.count(ms);
    }

    fn issue(&mut self, arrival: onward::daemon::arrival::Arrival) {
        let uid = clients::person(&arrival.who[0].value);
        self.posted.push(Posted { arrival, uid, issued: self.step, acknowledged: None, asked: false, forgets: None });
        let last = self.posted.len() - 1;
        if self.is(Plant::OrderSwapped) && last > 0 && self.draw.percent(50) {
            // It is told that it was taken, and given to the core later.
            self.posted[last].acknowledged = Some(self.step);
            return;
        }
        self.ask(last);
    }

    /// What is not acknowledged is sent again; or what was acknowledged, as broken senders do.
    fn repeat(&mut self) {
        let open: Vec<usize> =
            (0..self.posted.len()).filter(|at| self.posted[*at].acknowledged.is_none() && !self.posted[*at].asked).collect();
        let at = if open.is_empty() || self.draw.percent(30) {
            self.draw.below(self.posted.len() as u64) as usize
        } else {
            *self.draw.one_of(&open)
        };
        // A sender does not send an erasure twice: it would be another one.
        if !(self.posted[at].erases() && self.posted[at].acknowledged.is_some()) {
            self.ask(at);
        }
    }

    pub fn ask(&mut self, at: usize) {
        let said = Arc::clone(&self.said);
        let posted = &mut self.posted[at];
        if (self.plant == Some(Plant::UnsubscribeSwallowed) && posted.leaves())
            || (self.plant == Some(Plant::ErasureSwallowed) && posted.erases())
        {
            posted.forgets = self.core.find(&posted.arrival.who).filter(|_| posted.erases());
            said.lock().unwrap().push(Said::Taken { item: at, taken: Taken::Accepted });
            return;
        }
        posted.asked = true;
        if posted.erases() {
            self.erased.insert(posted.uid.clone());
            posted.forgets = self.core.find(&posted.arrival.who);
        }
        // Who was erased is somebody new, for whom everything counts again.
        let counts = posted.acknowledged.is_none() || self.erased.contains(&posted.uid);
        match posted.arrival.what {
            What::Consent { subscribed: true, .. } if counts => {
                // By own time: what is said again of an earlier day does not make it later.
                let came = self.came.entry(posted.uid.clone()).or_insert(Instant::FIRST);
                *came = (*came).max(posted.arrival.at.unwrap_or(self.now));
                self.left.remove(&posted.uid);
            }
            What::Suppress { suppressed: false, .. } if counts => {
                self.suppressed.remove(&posted.uid);
                self.released.insert(posted.uid.clone(), self.step);
            }
            _ => {}
        }
        let arrival = posted.arrival.clone();
        let id = if self.plant == Some(Plant::IdsIgnored) { 0 } else { item_id("shop", arrival.id.as_deref()) };
        let item = Item { bound: bind::bind(&self.plan, Zone::UTC, &arrival, self.now), id, raw: None, arrival };
        let reply = Box::new(move |mut taken: Vec<Taken>| {
            if let Some(taken) = taken.pop() {
                said.lock().unwrap().push(Said::Taken { item: at, taken });
            }
        });
        self.core.request(self.now, Request::Take { items: vec![item], reply });
    }

    /// As the core's thread does: what is due, and the batch goes to the log's thread.
    pub fn close(&mut self) {
        let until = if self.is(Plant::TooEarly) { self.now.plus_ms(DAY) } else { self.now };
        if !self.is(Plant::NothingDue) {
            self.core.due(until, 100);
        }
        if let Some(damaged) = &self.core.damaged {
            let what = damaged.to_string();
            self.broke("O2", what);
            self.core.damaged = None;
        }
        let Some(mut batch) = self.core.take_batch() else { return };
        self.made += u64::from(!batch.bytes.is_empty());
        self.trace.add(&batch.bytes);
        let early = self.is(Plant::AcknowledgeEarly) || self.is(Plant::GateBeforeCommit);
        if early {
            let after = std::mem::take(&mut batch.after);
            self.tell(after);
        }
        self.waiting.push(batch);
    }

    /// As the log's thread does: durable, then told. `false` where the disk failed.
    pub fn commit(&mut self) -> bool {
        let batches = std::mem::take(&mut self.waiting);
        let mut payloads: Vec<&[u8]> = batches.iter().map(|batch| batch.bytes.as_slice()).filter(|bytes| !bytes.is_empty()).collect();
        if self.plant == Some(Plant::BatchLost) && self.keeper.last() > 3 && self.draw.percent(10) {
            payloads.pop();
        }
        if self.plant == Some(Plant::BatchTwice) && self.keeper.last() > 3 && self.draw.percent(10) {
            payloads.extend(payloads.last().copied());
        }
        if !payloads.is_empty() && self.keeper.append(&payloads).is_err() {
            return false;
        }
        for batch in batches {
            self.tell(batch.after);
        }
        true
    }

    fn tell(&mut self, after: Vec<After>) {
        for after in after {
            match after {
                After::Reply(reply) => reply(),
                After::Dispatch(number, Parcel::Message(delivery)) => self.employ(number, delivery, None),
                After::Dispatch(..) => {}
                After::Withdraw(number, ParcelKey::Message(key)) => {
                    for worker in self.workers.iter_mut().filter(|worker| worker.number == number && worker.delivery.key == key) {
                        worker.withdrawn = true;
                    }
                }
                After::Withdraw(..) | After::Past(..) | After::Release(..) => {}
            }
        }
        self.hear();
    }

    /// Who asked hears the answers.
    pub fn hear(&mut self) {
        let all = std::mem::take(&mut *self.said.lock().unwrap());
        for said in all {
            match said {
                Said::Taken { item, taken } => self.taken(item, &taken),
                Said::Ready { worker, go } => self.gate_said(worker, go),
                Said::Settled { worker } => self.workers.retain(|one| one.id != worker),
            }
        }
    }

    fn taken(&mut self, item: usize, taken: &Taken) {
        let step = self.step;
        self.trace.count(item as u64);
        let posted = &mut self.posted[item];
        posted.asked = false;
        let again = posted.acknowledged.is_some();
        posted.acknowledged.get_or_insert(step);
        let (uid, at) = (posted.uid.clone(), posted.arrival.at.unwrap_or(self.now));
        if again {
            if *taken == Taken::Accepted && !posted.erases() && !self.erased.contains(&uid) {
                self.broke("O3", format!("item {item} of {uid} counts again"));
            }
            return;
        }
        let (forgets, is_certain, issued) = (posted.forgets, posted.is_certain(), posted.issued);
        match posted.arrival.what {
            What::Erase => drop(forgets.map(|number| self.gone.insert(number, step))),
            // Not what was asked for before it was taken back, and answered later.
            What::Suppress { suppressed: true, .. } if is_certain && self.released.get(&uid).is_none_or(|released| issued > *released) => {
                self.suppressed.insert(uid, step);
            }
            What::Consent { subscribed: false, .. } if is_certain && self.came.get(&uid).is_none_or(|came| at > *came) => {
                self.left.insert(uid, step);
            }
            _ => {}
        }
    }

    /// One or some shards go into snapshots, as of the last batch that was made.
    pub fn snapshot(&mut self) -> bool {
        self.close();
        if !self.is(Plant::SnapshotAhead) && !self.commit() {
            return false;
        }
        let all = self.draw.percent(30);
        let first = self.draw.below(257) as u16;
        let count = if all { 257 } else { 1 + self.draw.below(40) as u16 };
        let mut as_of = if self.is(Plant::SnapshotAhead) { self.keeper.last() } else { self.made };
        if self.is(Plant::SnapshotClaimsMore) {
            as_of += 4;
        }
        self.write_snapshots(first, count, as_of)
    }

    fn snapshot_of(&mut self, first: u16, count: u16, as_of: u64) -> bool {
        self.commit() && self.write_snapshots(first, count, as_of)
    }

    fn write_snapshots(&mut self, first: u16, count: u16, as_of: u64) -> bool {
        for shard in first..first + count {
            let entries = self.core.snapshot(shard % 257);
            if self.keeper.snapshot(shard % 257, as_of, entries).is_err() {
                return false;
            }
        }
        true
    }

    fn crash_in_commit(&mut self) {
        self.close();
        let far = self.draw.percent(30);
        let calls = 1 + self.draw.below(if far { 200 } else { 6 });
        self.disk.plan(Trouble::PowerAt(calls));
        let snapshot = calls > 6;
        let went_well = if snapshot { self.snapshot() } else { self.commit() };
        if went_well && self.draw.percent(50) {
            self.disk.plan(Trouble::None);
        } else {
            self.crash();
        }
    }
}
