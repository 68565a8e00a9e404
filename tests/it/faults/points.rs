//! Every point of one life at which power may be lost: each call of the disk, with each image that the loss may leave, and in the recovery again.

use super::crash::images;
use super::world::World;
use onward::daemon::keeper::Keeper;
use onward::engine::Limits;
use onward::store::Disk;
use onward::store::files::memory::Trouble;
use std::sync::Arc;

/// Steps of the reference life.
const STEPS: usize = 24;

/// The life until power is lost at a call; what the disk then holds, and how many calls a life without a loss has.
fn until_power_is_lost(seed: u64, at: u64) -> (World, u64) {
    let mut world = World::new(seed, None);
    world.disk.plan(if at == 0 { Trouble::None } else { Trouble::PowerAt(at) });
    for step in 0..STEPS {
        let went_well = world.orderly(step);
        if !went_well {
            break;
        }
    }
    let calls = world.disk.calls();
    (world, calls)
}

/// Loses power at every `stride`-th call; in the recovery at every `again`-th. How many lives that were, and what broke.
pub fn every_point(seed: u64, stride: u64, again: u64) -> (u64, Vec<String>) {
    let (_, calls) = until_power_is_lost(seed, 0);
    let (mut lives, mut found) = (0, Vec::new());
    for at in (1..=calls).step_by(stride as usize) {
        for which in 0..4 {
            // The recovery is cut at its first call, at the second, and so on until it is through.
            for cut in std::iter::once(0).chain((at % again + 1..).step_by(again as usize)) {
                let (mut world, _) = until_power_is_lost(seed, at);
                let mut disk = world.disk.after_crash(images(at)[which]);
                let mut is_through = true;
                if cut > 0 {
                    disk.plan(Trouble::PowerAt(cut));
                    let files: Disk = Arc::new(disk.clone());
                    is_through = Keeper::open(files, &world.plan, Limits::default()).is_ok();
                    disk = disk.after_crash(images(cut)[which]);
                }
                world.live_again(disk);
                if !world.is_dead {
                    world.drain();
                    world.check();
                }
                lives += 1;
                if let Some(broken) = world.broken.first() {
                    found.push(format!("call {at}, image {which}, recovery {cut}: {} broken: {}", broken.oracle, broken.what));
                }
                if cut > 0 && is_through {
                    break;
                }
            }
        }
    }
    (lives, found)
}
