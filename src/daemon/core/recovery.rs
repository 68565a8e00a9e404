//! From what is on disk to memory, and back.
//!
//! In: snapshots of shards and of what is nobody's, then the batches of the log. Out: the core as it was. **Invariant:** stored changes are
//! applied, nothing is decided again; a batch older than a shard's snapshot does not touch that shard. What a snapshot says and what applying
//! the log from the start would give are the same.

use super::Core;
use super::merges::Gone;
use super::others::{self, Dead};
use super::people;
use super::world::{read_paused, write_paused};
use crate::calendar::Instant;
use crate::daemon::audit::{self, Audit};
use crate::engine::{SendKey, World as _};
use crate::plan::{Plan, encode};
use crate::record::{Decode as _, DecodeError, Encode as _, Reader, Writer, to_bytes};
use crate::shard::commit::{Batch, Change, Parcel, ParcelKey};
use crate::shard::entry::Entry;
use crate::shard::{Damaged, Number, SHARDS};
use crate::world::directory::Digest;
use std::collections::BTreeSet;
use std::sync::Arc;

/// The file of what is nobody's, among those of the shards.
pub const OTHERS: u16 = SHARDS;
/// The version of what stands in snapshots.
const VERSION: u8 = 2;

// First bytes of keys in a shard's snapshot.
const ENTRY: u8 = b'e';
const PARCEL: u8 = b'p';
const PLACES: u8 = b'n';
const WORKS: u8 = b'w';
const LETTER: u8 = b'd';
const ASIDE: u8 = b'a';

/// Why a store cannot be read into memory.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    #[error("{0}")]
    Damaged(#[from] Damaged),
    #[error("{what}: {fault}")]
    Bytes { what: &'static str, fault: DecodeError },
    #[error("{what} was written by a newer Onward (version {version}, known is {VERSION})")]
    Newer { what: &'static str, version: u8 },
    #[error("a plan cannot be read: {0}")]
    Plan(String),
    #[error("the audit log is broken at entry {0}: entries were taken out or changed")]
    Audit(u64),
}

/// While the log is read.
#[derive(Debug, Default)]
pub struct Recovery {
    /// By shard, and for what is nobody's: the number of the last batch that its snapshot holds.
    as_of: Vec<u64>,
    touched: BTreeSet<Number>,
}

impl Recovery {
    pub fn new(as_of: Vec<u64>) -> Recovery {
        Recovery { as_of, touched: BTreeSet::new() }
    }
}

impl Core {
    /// A shard as it is put into a snapshot: keys ascending.
    pub fn snapshot(&self, shard: u16) -> Vec<(Vec<u8>, Vec<u8>)> {
        if shard == OTHERS {
            let letters = self.others.letters().map(|(number, dead)| ([&[LETTER], &number.to_be_bytes()[..]].concat(), to_bytes(dead)));
            return letters.chain([(vec![b'o'], self.others_to_bytes()), (vec![WORKS], self.works_to_bytes())]).collect();
        }
        let Some(shard) = self.shards.get(usize::from(shard)) else { return Vec::new() };
        let mut all = Vec::new();
        for (number, wake, bytes) in shard.entries() {
            let mut value = Writer::default();
            value.instant(wake);
            let mut value = value.into_bytes();
            value.extend_from_slice(bytes);
            all.push((key(ENTRY, number.slot()), value));
        }
        let mut places = Writer::default();
        places.varint(u64::from(shard.places()));
        all.push((vec![PLACES], places.into_bytes()));
        for (number, aside) in shard.asides() {
            all.push((key(ASIDE, number.slot()), to_bytes(aside)));
        }
        for (number, name, parcel) in shard.parcels() {
            let mut key = Writer::onto(key(PARCEL, number.slot()));
            name.encode(&mut key);
            let mut value = Writer::default();
            parcel.encode(&mut value);
            all.push((key.into_bytes(), value.into_bytes()));
        }
        all.sort();
        all
    }

    /// One entry of a snapshot.
    pub fn restore(&mut self, shard: u16, key: &[u8], value: &[u8]) -> Result<(), Unreadable> {
        let bytes = |fault| Unreadable::Bytes { what: "a snapshot", fault };
        let mut name = Reader::new(key);
        let mut from = Reader::new(value);
        match name.byte().map_err(bytes)? {
            b'o' => self.others_from_bytes(value).map_err(bytes)?,
            WORKS => {
                self.works_from_bytes(value).map_err(bytes)?;
                let build = self.works.build.take();
                self.set_build(build)?;
            }
            LETTER => {
                let number = name.raw(8).map_err(bytes)?;
                let number = number.iter().fold(0, |number, byte| number << 8 | u64::from(*byte));
                self.others.bury_as(number, Dead::decode(&mut from).map_err(bytes)?);
            }
            ASIDE => {
                let number = Number::new(shard, slot(&mut name).map_err(bytes)?);
                let aside = crate::shard::aside::Aside::decode(&mut from).map_err(bytes)?;
                self.shards[usize::from(shard)].restore_aside(number, aside);
            }
            PLACES => {
                let places: u32 = from.narrow().map_err(bytes)?;
                self.shards[usize::from(shard)].restore_places(places);
            }
            ENTRY => {
                let number = Number::new(shard, slot(&mut name).map_err(bytes)?);
                let wake = from.instant().map_err(bytes)?;
                let entry = from.raw(from.remaining()).map_err(bytes)?;
                self.shards[usize::from(shard)].restore(number, wake, entry);
            }
            PARCEL => {
                let number = Number::new(shard, slot(&mut name).map_err(bytes)?);
                let parcel = Parcel::decode(&mut from).map_err(bytes)?;
                self.shards[usize::from(shard)].restore_parcel(number, parcel);
            }
            other => return Err(bytes(from.fault(crate::record::Fault::Kind(other)))),
        }
        Ok(())
    }

    /// A batch of the log, after all snapshots.
    pub fn apply(&mut self, recovery: &mut Recovery, batch_number: u64, bytes: &[u8]) -> Result<(), Unreadable> {
        let wrong = |fault| Unreadable::Bytes { what: "a batch of the log", fault };
        let mut batch = Batch::read(bytes).map_err(wrong)?;
        self.now = self.now.max(batch.head.at);
        let world = batch.head.world;
        while let Some(change) = batch.read_next().map_err(wrong)? {
            let (number, shard) = match &change {
                Change::Other { kind, bytes } => {
                    if recovery.as_of.get(usize::from(OTHERS)).copied().unwrap_or(0) < batch_number {
                        self.apply_other(*kind, bytes)?;
                    }
                    continue;
                }
                Change::Records { bytes, .. } => {
                    if recovery.as_of.get(usize::from(OTHERS)).copied().unwrap_or(0) < batch_number {
                        self.count_again(bytes).map_err(wrong)?;
                    }
                    continue;
                }
                Change::Input { .. } => continue,
                Change::Entry { number, .. }
                | Change::Row { number, .. }
                | Change::Gone { number }
                | Change::Closed { number }
                | Change::Aside { number, .. }
                | Change::Waiting { number, .. }
                | Change::Back { number }
                | Change::Parcel { number, .. }
                | Change::Settled { number, .. } => (*number, number.shard()),
            };
            if shard >= self.shards.len() {
                return Err(Damaged { number, fault: "there is no such shard".to_owned() }.into());
            }
            if recovery.as_of.get(shard).copied().unwrap_or(0) >= batch_number {
                continue;
            }
            self.shards[shard].apply(&change)?;
            recovery.touched.insert(number);
        }
        // What was changed in the world has counted, too.
        self.world.restore_number(world);
        Ok(())
    }

    /// After the last batch.
    pub fn recovered(&mut self, recovery: &Recovery) -> Result<(), Unreadable> {
        for number in &recovery.touched {
            self.shards[number.shard()].read_wake(*number)?;
        }
        for (at, shard) in self.shards.iter().enumerate() {
            self.wakes[at] = shard.wake();
            // Who has which identifier is read from what came out at the end: shards come from snapshots of different ages, so that on the way
            // somebody who was taken over may stand beside who took her over.
            for (number, _, entry) in shard.entries() {
                let entry = Entry::read(entry).map_err(|fault| Unreadable::Bytes { what: "an entry", fault })?;
                for (kind, value) in entry.identifiers {
                    self.directory.attach(people::digest(kind, value), number.0);
                }
            }
        }
        self.watch_all();
        // Rows may have been on their way to another plan.
        self.following = (self.plan_texts.len() > 1).then_some(Number(0));
        self.under_way = 0;
        for number in 0..self.shards.len() {
            let keys: Vec<ParcelKey> = self.shards[number].parcels().map(|(_, key, _)| *key).collect();
            for key in keys {
                let waits = matches!(key, ParcelKey::Message(send) if self.waits_for_her(send.channel));
                self.under_way += usize::from(!waits);
                if let ParcelKey::Audience(audience) = key {
                    self.next_audience = self.next_audience.max(audience);
                }
            }
        }
        Ok(())
    }

    fn apply_other(&mut self, kind: u8, bytes: &[u8]) -> Result<(), Unreadable> {
        let wrong = |fault| Unreadable::Bytes { what: "a change of the deployment", fault };
        let mut from = Reader::new(bytes);
        match kind {
            others::DEAD => self.others.bury(Dead::decode(&mut from).map_err(wrong)?),
            others::LETTER => {
                let number = from.varint().map_err(wrong)?;
                self.others.bury_as(number, Dead::decode(&mut from).map_err(wrong)?);
            }
            others::LETTERS_GONE => {
                let numbers = from.list(|from| from.varint()).map_err(wrong)?;
                self.others.drop_letters(&numbers);
            }
            others::ADDRESS => {
                let digest = read_digest(&mut from).map_err(wrong)?;
                let suppressed = from.boolean().map_err(wrong)?;
                self.directory.suppress(digest, suppressed);
            }
            others::PLAN => self.activate_text(&String::from_utf8_lossy(bytes), self.now)?,
            others::DECIDED => self.world.decide(Vec::decode(&mut from).map_err(wrong)?),
            others::FORECAST => self.forecast.restore(bytes).map_err(wrong)?,
            others::PAUSE => {
                let paused = from.boolean().map_err(wrong)?;
                let what = read_paused(&mut from).map_err(wrong)?;
                self.world.pause(&what, paused);
            }
            others::HOLD => {
                let hold = from.boolean().map_err(wrong)?;
                self.world.set_hold(hold);
            }
            others::AUDIT => {
                let entry = audit::Entry::decode(&mut from).map_err(wrong)?;
                if !self.others.audit.follow(&entry) {
                    return Err(Unreadable::Audit(entry.number));
                }
            }
            others::PROVIDER_ID => {
                let id = from.text().map_err(wrong)?.to_owned();
                let number = Number(from.varint().map_err(wrong)?);
                let send = SendKey::decode(&mut from).map_err(wrong)?;
                self.others.note_provider_id(&id, number, send);
            }
            others::ERASED => {
                for (digest, until) in from.list(|from| read_erased(from)).map_err(wrong)? {
                    self.directory.erase(digest, until);
                }
            }
            others::FACTS => self.decided_again(&mut from).map_err(wrong)?,
            others::BUILD_BEGUN | others::BUILD_AT | others::BUILD_DONE | others::BUILD_STOPPED => self.build_again(kind, bytes)?,
            others::ANSWERED => self.answered_again(&mut from).map_err(wrong)?,
            others::HOURS => self.counted_hours_again(&mut from).map_err(wrong)?,
            others::ITEM => self.item_again(&mut from).map_err(wrong)?,
            others::ITEM_SAID => self.said_again(&mut from).map_err(wrong)?,
            others::WORK => self.work_again(&mut from).map_err(wrong)?,
            others::IMPORTED => self.imported_again(&mut from).map_err(wrong)?,
            others::WORK_EARLY => self.early_again(&mut from).map_err(wrong)?,
            others::MERGED => self.others.note_gone(Gone::decode(&mut from).map_err(wrong)?),
            others::CODES_ADDED => {
                let pool = from.text().map_err(wrong)?.to_owned();
                let codes: Vec<String> = Vec::decode(&mut from).map_err(wrong)?;
                self.others.codes.add(&pool, codes);
            }
            others::CODE_GIVEN => {
                self.others.codes.give(&String::from_utf8_lossy(bytes));
            }
            other => return Err(wrong(from.fault(crate::record::Fault::Kind(other)))),
        }
        Ok(())
    }

    /// A store's first plan.
    pub fn begin_with_plan(&mut self, plan: &Arc<Plan>) -> Result<(), Unreadable> {
        let text = encode::to_json(plan).map_err(|error| Unreadable::Plan(error.to_string()))?;
        self.write_other(others::PLAN, text.as_bytes());
        self.plan_texts = vec![text];
        Ok(())
    }

    /// Another plan becomes active: its text is kept, for the store needs no project.
    pub(super) fn activate_text(&mut self, text: &str, at: Instant) -> Result<(), Unreadable> {
        let plan = Arc::new(encode::from_json(text).map_err(|error| Unreadable::Plan(error.to_string()))?);
        let before = Arc::clone(self.world.plan());
        self.world.activate(Arc::clone(&plan), at).map_err(|error| Unreadable::Plan(error.to_string()))?;
        self.renumber_works(&before, &plan);
        self.set_build(None)?;
        self.plan_texts.retain(|known| known != text);
        self.plan_texts.push(text.to_owned());
        Ok(())
    }

    fn others_to_bytes(&self) -> Vec<u8> {
        let mut out = Writer::default();
        out.byte(VERSION);
        out.instant(self.now);
        out.varint(self.world.number());
        self.plan_texts.encode(&mut out);
        out.instant(self.world.since());
        let suppressed = self.directory.suppressed();
        out.slice(&suppressed, |out, digest| out.raw(&digest.0.to_be_bytes()));
        out.slice(&self.directory.erased(), |out, (digest, until)| {
            out.raw(&digest.0.to_be_bytes());
            out.instant(*until);
        });
        out.slice(&self.world.pauses(), write_paused);
        out.boolean(self.world.is_on_hold());
        out.varint(self.others.audit.number);
        out.raw(&self.others.audit.hash);
        let pools: Vec<_> = self.others.codes.left().collect();
        out.slice(&pools, |out, (pool, codes)| {
            out.text(pool);
            let codes: Vec<String> = codes.iter().cloned().collect();
            codes.encode(out);
        });
        self.others.all_gone().encode(&mut out);
        // Dead letters are entries of their own, each under its own key.
        out.varint(self.others.dead_total);
        self.world.decisions().to_vec().encode(&mut out);
        out.bytes(self.forecast.kept());
        out.into_bytes()
    }

    fn others_from_bytes(&mut self, bytes: &[u8]) -> Result<(), DecodeError> {
        let mut from = Reader::new(bytes);
        let version = from.byte()?;
        if version == 0 || version > VERSION {
            return Err(from.fault(crate::record::Fault::Newer { section: 0, version, known: VERSION }));
        }
        self.now = self.now.max(from.instant()?);
        let number = from.varint()?;
        // The world was made from these.
        self.plan_texts = Vec::decode(&mut from)?;
        let since = from.instant()?;
        self.world.restore_since(since);
        for digest in from.list(|from| read_digest(from))? {
            self.directory.suppress(digest, true);
        }
        for (digest, until) in from.list(|from| read_erased(from))? {
            self.directory.erase(digest, until);
        }
        for paused in from.list(|from| read_paused(from))? {
            self.world.pause(&paused, true);
        }
        let hold = from.boolean()?;
        self.world.set_hold(hold);
        let mut hash = [0; 32];
        let count = from.varint()?;
        hash.copy_from_slice(from.raw(32)?);
        self.others.audit = Audit { number: count, hash };
        let pools = from.list(|from| Ok((from.text()?.to_owned(), Vec::<String>::decode(from)?)))?;
        for (pool, codes) in pools {
            self.others.codes.add(&pool, codes);
        }
        for gone in Vec::<Gone>::decode(&mut from)? {
            self.others.note_gone(gone);
        }
        let total = from.varint()?;
        if version == 1 {
            let dead = Vec::<Dead>::decode(&mut from)?;
            let first = total + 1 - dead.len().min(total as usize) as u64;
            for (number, dead) in (first..).zip(dead) {
                self.others.bury_as(number, dead);
            }
        }
        self.others.dead_total = self.others.dead_total.max(total);
        self.world.decide(Vec::decode(&mut from)?);
        self.forecast.restore(from.bytes()?)?;
        self.world.restore_number(number);
        from.finish()
    }
}

/// The plans that a snapshot of what is nobody's holds, the active one last.
pub fn plans_of(bytes: &[u8]) -> Result<Vec<String>, DecodeError> {
    let mut from = Reader::new(bytes);
    from.byte()?;
    from.instant()?;
    from.varint()?;
    Vec::decode(&mut from)
}

fn read_erased(from: &mut Reader<'_>) -> Result<(Digest, Instant), DecodeError> {
    Ok((read_digest(from)?, from.instant()?))
}

fn read_digest(from: &mut Reader<'_>) -> Result<Digest, DecodeError> {
    let mut bytes = [0; 16];
    bytes.copy_from_slice(from.raw(16)?);
    Ok(Digest(u128::from_be_bytes(bytes)))
}

fn key(kind: u8, slot: u32) -> Vec<u8> {
    let mut key = vec![kind];
    key.extend_from_slice(&slot.to_be_bytes());
    key
}

fn slot(from: &mut Reader<'_>) -> Result<u32, DecodeError> {
    let mut bytes = [0; 4];
    bytes.copy_from_slice(from.raw(4)?);
    Ok(u32::from_be_bytes(bytes))
}
