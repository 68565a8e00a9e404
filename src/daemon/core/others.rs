//! What is nobody's: dead letters, counters, and the kinds of changes that are not a customer's.
//!
//! In: items that mean nothing, records. Out: lists and figures. **Invariant:** bounded; what is dropped is counted. Counters start at zero with
//! the process: they are for watching, not for deciding.

use super::codes::Codes;
use super::merges::Gone;
use crate::calendar::Instant;
use crate::daemon::audit::Audit;
use crate::engine::{Decision, Record, RecordKind, SendKey};
use crate::record::{Decode, DecodeError, Encode, Reader, Writer};
use crate::shard::Number;
use crate::world::directory::Digest;
use std::collections::{BTreeMap, HashMap, VecDeque};

// Kinds of changes. Never change a number: it is stored.
pub const DEAD: u8 = 1;
pub const ADDRESS: u8 = 2;
pub const PLAN: u8 = 3;
pub const PAUSE: u8 = 4;
pub const HOLD: u8 = 5;
pub const AUDIT: u8 = 6;
pub const PROVIDER_ID: u8 = 7;
pub const CODES_ADDED: u8 = 8;
pub const CODE_GIVEN: u8 = 9;
pub const MERGED: u8 = 10;
pub const ERASED: u8 = 11;
pub const DECIDED: u8 = 60;
pub const FORECAST: u8 = 61;
pub const FACTS: u8 = 12;

/// Ids of providers that are remembered.
pub const PROVIDER_IDS_MAX: usize = 200_000;

/// Dead letters that are kept in memory; older ones are in the archive.
pub const DEAD_MAX: usize = 10_000;
/// Bytes of an item that are kept.
pub const DEAD_BYTES_MAX: usize = 32 << 10;

/// An item that was taken and will never be handled.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Dead {
    /// When it arrived.
    pub at: Instant,
    pub source: String,
    /// As it came, cut to [`DEAD_BYTES_MAX`].
    pub item: String,
    pub reason: String,
}

impl Dead {
    pub fn new(at: Instant, source: &str, mut item: String, reason: String) -> Dead {
        let mut end = item.len().min(DEAD_BYTES_MAX);
        while !item.is_char_boundary(end) {
            end -= 1;
        }
        item.truncate(end);
        Dead { at, source: source.to_owned(), item, reason }
    }
}

impl Encode for Dead {
    fn encode(&self, out: &mut Writer) {
        self.at.encode(out);
        out.text(&self.source);
        out.text(&self.item);
        out.text(&self.reason);
    }
}

impl Decode for Dead {
    fn decode(from: &mut Reader<'_>) -> Result<Dead, DecodeError> {
        Ok(Dead { at: from.instant()?, source: from.text()?.to_owned(), item: from.text()?.to_owned(), reason: from.text()?.to_owned() })
    }
}

/// Beside the customers.
#[derive(Debug, Default)]
pub struct Others {
    dead: VecDeque<Dead>,
    /// All there ever were, since the store began.
    pub dead_total: u64,
    pub codes: Codes,
    provider_ids: HashMap<Digest, (Number, SendKey)>,
    provider_order: VecDeque<Digest>,
    /// Who went into somebody else, by her number; and the other way round.
    gone: BTreeMap<u64, Gone>,
    taken: BTreeMap<u64, Vec<Gone>>,
    /// The last entry of the audit log: what the next one is chained to.
    pub audit: Audit,
}

impl Others {
    pub fn note_gone(&mut self, gone: Gone) {
        if self.gone.insert(gone.loser.0, gone).is_none() {
            self.taken.entry(gone.winner.0).or_default().push(gone);
        }
    }

    pub fn gone(&self, number: Number) -> Option<Gone> {
        self.gone.get(&number.0).copied()
    }

    /// Who went into her.
    pub fn taken_over(&self, number: Number) -> impl Iterator<Item = Gone> {
        self.taken.get(&number.0).into_iter().flatten().copied()
    }

    pub fn all_gone(&self) -> Vec<Gone> {
        self.gone.values().copied().collect()
    }

    pub fn note_provider_id(&mut self, id: &str, number: Number, send: SendKey) {
        let digest = Digest::of(200, id);
        if self.provider_ids.insert(digest, (number, send)).is_none() {
            self.provider_order.push_back(digest);
        }
        if self.provider_order.len() > PROVIDER_IDS_MAX
            && let Some(oldest) = self.provider_order.pop_front()
        {
            self.provider_ids.remove(&oldest);
        }
    }

    pub fn by_provider_id(&self, id: &str) -> Option<(Number, SendKey)> {
        self.provider_ids.get(&Digest::of(200, id)).copied()
    }

    pub fn bury(&mut self, dead: Dead) {
        self.dead_total += 1;
        if self.dead.len() == DEAD_MAX {
            self.dead.pop_front();
        }
        self.dead.push_back(dead);
    }

    /// Newest first.
    pub fn dead(&self) -> impl Iterator<Item = &Dead> {
        self.dead.iter().rev()
    }
}

/// What happened since the process began.
#[derive(Debug, Clone, Default)]
pub struct Counts {
    pub inputs: u64,
    pub born: u64,
    pub duplicates: u64,
    pub refused: u64,
    /// Parts of items that count for nothing, while the rest counts.
    pub ignored: u64,
    pub refused_identifiers: u64,
    pub erased: u64,
    /// Items about somebody who was erased not long ago.
    pub of_erased: u64,
    pub merges: u64,
    pub merges_refused: u64,
    pub entered: u64,
    pub ended: u64,
    pub planned: u64,
    pub sent: u64,
    pub skipped: u64,
    pub failed: u64,
    pub unknown: u64,
    pub held_out: u64,
    pub cancelled: u64,
    pub cut_chains: u64,
    /// Messages to another customer who is not known.
    pub told_nobody: u64,
    /// Reports about messages that nobody knows.
    pub strange_reports: u64,
    /// How late what was due was handled: the sum, how many, and the latest, ms.
    pub lateness_ms: u64,
    pub touches: u64,
    pub latest_ms: u64,
}

impl Counts {
    pub fn late(&mut self, ms: i64) {
        let ms = ms.max(0) as u64;
        self.lateness_ms += ms;
        self.touches += 1;
        self.latest_ms = self.latest_ms.max(ms);
    }

    pub fn add(&mut self, records: &[Record]) {
        for record in records {
            let counter = match &record.kind {
                RecordKind::Entered { .. } => &mut self.entered,
                RecordKind::Ended(_) => &mut self.ended,
                RecordKind::Duplicate | RecordKind::Conflict => &mut self.duplicates,
                RecordKind::Message { decision, .. } => match decision {
                    Decision::Planned => &mut self.planned,
                    Decision::Sent => &mut self.sent,
                    Decision::Skipped(_) => &mut self.skipped,
                    Decision::Failed => &mut self.failed,
                    Decision::Unknown => &mut self.unknown,
                    Decision::HeldOut => &mut self.held_out,
                    Decision::Cancelled => &mut self.cancelled,
                    _ => continue,
                },
                _ => continue,
            };
            *counter += 1;
        }
    }
}
