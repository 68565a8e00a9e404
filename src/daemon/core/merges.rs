//! Two customers who turn out to be one.
//!
//! In: a known customer, and one who was anonymous. Out: one entry with what both were. **Invariant:** who was taken over stays reachable: what still
//! comes for her by her number (an outcome, a report, a page she opened) is the other's, under the numbers that her runs have there; what was on its
//! way keeps the identity that providers know.

use super::{Core, others};
use crate::calendar::Instant;
use crate::engine::{self, Input, InputKind, SendKey};
use crate::record::{Decode, DecodeError, Encode, Reader, Writer, to_bytes};
use crate::shard::Number;
use crate::shard::commit::ParcelKey;
use crate::shard::entry::{Entry, IDENTIFIERS_MAX};
use crate::world::directory::Digest;

/// Where somebody went, and by how much the numbers of her runs and calls moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gone {
    pub loser: Number,
    pub winner: Number,
    pub runs: u32,
    pub count: u32,
    pub calls: u32,
}

impl Encode for Gone {
    fn encode(&self, out: &mut Writer) {
        out.varint(self.loser.0);
        out.varint(self.winner.0);
        self.runs.encode(out);
        self.count.encode(out);
        self.calls.encode(out);
    }
}

impl Decode for Gone {
    fn decode(from: &mut Reader<'_>) -> Result<Gone, DecodeError> {
        let (loser, winner) = (Number(from.varint()?), Number(from.varint()?));
        Ok(Gone { loser, winner, runs: from.narrow()?, count: from.narrow()?, calls: from.narrow()? })
    }
}

impl Core {
    /// Whose it is now that was hers.
    pub fn home(&self, mut number: Number) -> Number {
        while let Some(gone) = self.others.gone(number) {
            number = gone.winner;
        }
        number
    }

    /// A message, where its run is now.
    pub fn home_of_send(&self, mut number: Number, mut send: SendKey) -> (Number, SendKey) {
        while let Some(gone) = self.others.gone(number) {
            number = gone.winner;
            send.run = send.run.saturating_add(gone.runs);
        }
        (number, send)
    }

    /// The same for a call.
    pub(super) fn home_of_call(&self, mut number: Number, mut call: u32) -> (Number, u32) {
        while let Some(gone) = self.others.gone(number) {
            number = gone.winner;
            call = call.saturating_add(gone.calls);
        }
        (number, call)
    }

    /// Where a message of hers was posted: with whom its run began.
    pub(super) fn origin(&self, mut number: Number, mut send: SendKey) -> (Number, SendKey) {
        while let Some(gone) = self.others.taken_over(number).find(|gone| send.run > gone.runs && send.run - gone.runs <= gone.count) {
            number = gone.loser;
            send.run -= gone.runs;
        }
        (number, send)
    }

    /// The last attempt of a message that was handed over and has no outcome yet.
    pub fn handed_over(&self, number: Number, send: SendKey) -> Option<u32> {
        let (number, send) = self.home_of_send(number, send);
        self.shard(number)?.row(number).ok().flatten()?.handed_over(send)
    }

    pub(super) fn merge(&mut self, winner: Number, loser: Number, now: Instant) {
        if self.is_aside(winner) || self.is_aside(loser) {
            // Both have to be whole.
            self.counts.merges_refused += 1;
            return;
        }
        // What is due is hers alone, and both are under the active plan then.
        for number in [loser, winner] {
            self.input(number, Input { now, id: 0, kind: InputKind::Touch });
        }
        let rows = self.shards[winner.shard()].row(winner).and_then(|one| Ok(one.zip(self.shards[loser.shard()].row(loser)?)));
        let (mut row, taken) = match rows {
            Ok(Some(rows)) => rows,
            Ok(None) => return,
            Err(damaged) => return self.damaged = Some(damaged),
        };
        let uid = taken.uid.clone();
        let mut identifiers = self.identifiers(winner);
        let hers = self.identifiers(loser);
        let mut out = engine::Output::default();
        engine::merge(&self.world, self.attention, &mut row, taken, now, &mut out);
        for identifier in hers {
            let digest = Digest::of(identifier.0, &identifier.1);
            if self.directory.find(digest) != Some(loser.0) {
                continue;
            }
            if identifiers.len() < IDENTIFIERS_MAX {
                self.directory.attach(digest, winner.0);
                identifiers.push(identifier);
            } else {
                self.directory.detach(digest);
                self.counts.refused_identifiers += 1;
            }
        }
        let known = row.merged.iter().rev().find(|merged| merged.uid == uid);
        let gone = Gone {
            loser,
            winner,
            runs: known.map_or(0, |merged| merged.runs),
            count: known.map_or(0, |merged| merged.count),
            calls: known.map_or(0, |merged| merged.calls),
        };
        self.write_other(others::MERGED, &to_bytes(&gone));
        self.others.note_gone(gone);
        let bytes = to_bytes(&row);
        let entry = Entry { identifiers: identifiers.iter().map(|(kind, value)| (*kind, value.as_str())).collect(), row: &bytes };
        self.shards[loser.shard()].close(loser, &mut self.writer);
        self.shards[winner.shard()].replace(winner, entry, row.wake, &mut self.writer);
        for number in [winner, loser] {
            self.wakes[number.shard()] = self.shards[number.shard()].wake();
        }
        self.watch_again(winner);
        self.counts.merges += 1;
        self.write_records(winner, &out.records);
        self.settle_decided(winner, &out.records);
        for effect in out.effects.drain(..) {
            self.effect(winner, effect);
        }
        self.handle_caused();
    }

    /// An effect about a message, at the place where the message was posted.
    pub(super) fn at_origin(&self, number: Number, send: SendKey) -> (Number, ParcelKey) {
        let (number, send) = self.origin(number, send);
        (number, ParcelKey::Message(send))
    }
}
