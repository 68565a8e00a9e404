//! Forgetting somebody.
//!
//! In: her number. Out: a batch that says that she, and whoever went into her, are gone. **Invariant:** once that batch is durable, the keys of all of them are
//! destroyed, and dead letters that name her with theirs; her addresses stay suppressed by their digests alone. It destroys no key itself: who keeps
//! the batch does.

use super::people::digest;
use super::{Core, others};
use crate::calendar::{DAY_MS, Instant};
use crate::engine::{Input, InputKind};
use crate::shard::Number;

/// For so long nothing that comes under the identifiers of somebody who was erased makes her anew, ms.
pub const ERASED_MS: i64 = 30 * DAY_MS;

impl Core {
    /// The next customer of a shard gets no place before this: the keys of those before are gone.
    pub fn reserve_places(&mut self, shard: usize, places: u32) {
        if let Some(shard) = self.shards.get_mut(shard) {
            shard.restore_places(places);
        }
    }

    /// She is forgotten: nothing that can be read remains of her, and for 30 days nothing that comes under her identifiers makes her anew.
    pub fn erase(&mut self, number: Number, now: Instant) {
        let number = self.home(number);
        // Suppression is of the address, and outlives her.
        match self.shard(number).map_or(Ok(None), |shard| shard.row(number)) {
            Ok(row) => {
                for channel in row.into_iter().flat_map(|row| row.suppressions) {
                    self.suppress_her_address(number, channel, true);
                }
            }
            Err(damaged) => {
                tracing::error!(customer = number.0, "a damaged row is erased: {damaged}");
                self.note(now, "erasure", &format!("row of {} is damaged: suppressions of hers did not outlive her", number.0));
            }
        }
        let letters = self.letters_about(number);
        if !letters.is_empty() {
            others::write_letters_gone(&letters, &mut self.writer);
            self.others.drop_letters(&letters);
        }
        // Her runs end, and what has not left is called back.
        self.input(number, Input { now, id: 0, kind: InputKind::Erase });
        let all = self.others.all_taken_over(number);
        for one in all.iter().copied().chain([number]) {
            let left: Vec<_> = self.shard(one).into_iter().flat_map(|shard| shard.parcels_of(one)).map(|(key, _)| *key).collect();
            for key in left {
                self.settle(one, key);
            }
        }
        let until = now.plus_ms(ERASED_MS);
        let mut out = crate::record::Writer::default();
        let known = self.identifiers(number);
        out.slice(&known, |out, (kind, value)| {
            out.raw(&digest(*kind, value).0.to_be_bytes());
            out.instant(until);
        });
        self.write_other(others::ERASED, out.as_bytes());
        for (kind, value) in known {
            let digest = digest(kind, &value);
            self.directory.erase(digest, until);
            if self.directory.find(digest) == Some(number.0) {
                self.directory.detach(digest);
            }
        }
        // The keys of all of them are destroyed behind this.
        for one in all.into_iter().chain([number]) {
            let Some(shard) = self.shards.get_mut(one.shard()) else { continue };
            shard.forget(one, &mut self.writer);
            self.wakes[one.shard()] = shard.wake();
        }
        self.counts.erased += 1;
    }

    /// Dead letters in which one of her identifiers or addresses stands.
    fn letters_about(&self, number: Number) -> Vec<u64> {
        let mut hers: Vec<String> = self.identifiers(number).into_iter().map(|(_, value)| value).collect();
        if let Ok(Some(row)) = self.shard(number).map_or(Ok(None), |shard| shard.row(number)) {
            let plan = self.world.plan();
            for channel in 0..plan.schema.channels.len() {
                let channel = crate::schema::ChannelId(channel as u16);
                hers.extend(crate::engine::contact::address(plan, &row, channel).ok().map(str::to_owned));
            }
        }
        hers.retain(|one| !one.is_empty());
        let about = self.others.letters().filter(|(_, dead)| hers.iter().any(|one| dead.names(one)));
        about.map(|(number, _)| *number).collect()
    }
}
