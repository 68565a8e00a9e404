//! The process ends at any moment, the disk keeps what it may, and everything is opened again.

use super::plant::Plant;
use super::world::World;
use onward::daemon::core::Core;
use onward::daemon::core::recovery::{OTHERS, Recovery};
use onward::daemon::core::world::DaemonWorld;
use onward::daemon::keeper::Keeper;
use onward::engine::Limits;
use onward::shard::commit::Parcel;
use onward::store::files::memory::Trouble;
use onward::store::files::memory::image::Image;
use onward::store::{Disk, MemFiles};
use std::sync::Arc;

/// What a shard's snapshot would hold, by shard.
pub type Memory = Vec<Vec<(Vec<u8>, Vec<u8>)>>;

pub fn memory_of(core: &Core) -> Memory {
    (0..=OTHERS).map(|shard| core.snapshot(shard)).collect()
}

/// The four images that a loss of power may leave.
pub fn images(seed: u64) -> [Image; 4] {
    let sector = if seed.is_multiple_of(2) { 512 } else { 4096 };
    [Image::Nothing, Image::Everything, Image::FirstHalf, Image::Random { seed, sector }]
}

/// Everything that the log says, from its first batch on and without snapshots.
pub fn replay(keeper: &Keeper, world: &World) -> Result<Core, String> {
    let mut core = Core::new(DaemonWorld::new(Arc::clone(&world.plan), Limits::default()));
    let mut recovery = Recovery::new(vec![0; usize::from(OTHERS) + 1]);
    for batch in keeper.batches(keeper.store().log().first()).map_err(|error| error.to_string())? {
        let (number, payload) = batch.map_err(|error| error.to_string())?;
        core.apply(&mut recovery, number, &payload).map_err(|error| error.to_string())?;
    }
    core.recovered(&recovery).map_err(|error| error.to_string())?;
    Ok(core)
}

impl World {
    pub fn crash(&mut self) {
        self.crashes += 1;
        // Sometimes everything was durable, so that what comes back must be what was there.
        let before = (self.draw.percent(40) && self.settle()).then(|| (self.core.now(), memory_of(&self.core)));
        let seed = self.draw.number();
        let image = *self.draw.one_of(&images(seed));
        let disk = self.disk.after_crash(image);
        self.recover(disk);
        if self.is_dead {
            return;
        }
        if let Some((now, memory)) = before {
            self.core.advance(now);
            let after = memory_of(&self.core);
            self.compare("before and after a crash", &memory, &after);
        }
        if self.draw.percent(30) {
            self.check_replay();
        }
    }

    /// Everything that was decided is durable and told.
    pub fn settle(&mut self) -> bool {
        if self.disk_is_broken() {
            return false;
        }
        self.close();
        self.commit()
    }

    fn disk_is_broken(&self) -> bool {
        let files: &dyn onward::store::Files = &self.disk;
        files.list("").is_err()
    }

    /// Opens what a crash left; power may be lost again while it does.
    fn recover(&mut self, mut disk: MemFiles) {
        for _ in 0..3 {
            if !self.calm && self.draw.percent(25) {
                let calls = 1 + self.draw.below(400);
                disk.plan(Trouble::PowerAt(calls));
                let files: Disk = Arc::new(disk.clone());
                let opened = Keeper::open(files, &self.plan, Limits::default());
                disk.plan(Trouble::PowerAt(1));
                drop(opened);
                let seed = self.draw.number();
                disk = disk.after_crash(*self.draw.one_of(&images(seed)));
            }
        }
        self.live_again(disk);
    }

    /// The new life: memory from the disk, workers from the parcels; who had no answer will ask again.
    pub fn live_again(&mut self, disk: MemFiles) {
        let files: Disk = Arc::new(disk.clone());
        let (keeper, core) = match Keeper::open(files, &self.plan, Limits::default()) {
            Ok(opened) => opened,
            Err(error) => {
                self.broke("O2", format!("the store cannot be opened: {error}"));
                self.is_dead = true;
                return;
            }
        };
        self.trace.count(keeper.last());
        (self.disk, self.keeper, self.core) = (disk, keeper, core);
        self.made = self.keeper.last();
        self.waiting.clear();
        self.said = Arc::default();
        self.workers.clear();
        for posted in &mut self.posted {
            posted.asked = false;
        }
        if self.is(Plant::ForgottenAfterCrash) {
            return;
        }
        let mut under_way = Vec::new();
        for (number, _, parcel) in self.core.shards().iter().flat_map(|shard| shard.parcels()) {
            let Parcel::Message(delivery) = parcel else { continue };
            if self.core.is_with_worker(number, delivery.key) {
                under_way.push((number, delivery.clone(), self.core.handed_over(number, delivery.key)));
            }
        }
        for (number, delivery, handed_over) in under_way {
            self.employ(number, delivery, handed_over);
        }
    }

    /// Snapshots and log together, and the log alone, give the same memory.
    pub fn check_replay(&mut self) {
        // What the new life wrote first is in no batch yet.
        if !self.settle() {
            return;
        }
        match replay(&self.keeper, self) {
            Ok(mut core) => {
                core.advance(self.core.now());
                let (one, other) = (memory_of(&self.core), memory_of(&core));
                self.compare("memory and the whole log", &one, &other);
            }
            Err(error) => self.broke("O2", format!("the log cannot be replayed: {error}")),
        }
    }

    fn compare(&mut self, what: &str, one: &Memory, other: &Memory) {
        for (shard, (one, other)) in one.iter().zip(other).enumerate() {
            if one != other {
                let at = one.iter().zip(other).position(|(one, other)| one != other);
                self.broke("O2", format!("{what} differ in shard {shard}, entry {at:?} of {} and {}", one.len(), other.len()));
                return;
            }
        }
    }

    /// No more faults: everything has to come to its end.
    pub fn drain(&mut self) {
        self.calm = true;
        self.disk.plan(Trouble::None);
        for _ in 0..4_000 {
            self.step += 1;
            for at in 0..self.posted.len() {
                if self.posted[at].acknowledged.is_none() && !self.posted[at].asked {
                    self.ask(at);
                }
            }
            for at in (0..self.workers.len()).rev() {
                self.work_on(at);
            }
            if !self.settle() {
                self.broke("O10", "the log cannot be written without any fault".to_owned());
                return;
            }
            if self.all_done() {
                return;
            }
            let next = self.workers.iter().filter_map(|worker| match worker.phase {
                super::workers::Phase::Waiting(until) => Some(until),
                _ => None,
            });
            let busy =
                self.workers.iter().any(|worker| !matches!(worker.phase, super::workers::Phase::Waiting(_) | super::workers::Phase::Told));
            if !busy {
                let next = next.min().unwrap_or(self.core.wake()).min(self.core.wake());
                self.now = self.now.max(next.min(self.now.plus_ms(super::world::DAY)));
            }
        }
        let left = self.live_runs();
        let (workers, open) = (self.workers.len(), self.posted.iter().filter(|posted| posted.acknowledged.is_none()).count());
        let parcels = self.core.under_way();
        let there: Vec<_> = self.core.shards().iter().flat_map(|shard| shard.parcels()).map(|(number, key, _)| (number, *key)).collect();
        let what = format!("{left} runs, {parcels} parcels, {workers} workers and {open} items never come to an end; there are {there:?}");
        self.broke("O10", what);
    }

    fn all_done(&self) -> bool {
        self.workers.is_empty()
            && self.core.under_way() == 0
            && self.posted.iter().all(|posted| posted.acknowledged.is_some())
            && self.live_runs() == 0
    }

    pub fn live_runs(&self) -> usize {
        let rows = self.core.shards().iter().flat_map(|shard| shard.entries().map(|(number, ..)| number));
        rows.filter_map(|number| self.core.shard(number)?.row(number).ok().flatten()).map(|row| row.runs.len()).sum()
    }
}
