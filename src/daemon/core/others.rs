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
use crate::shard::commit::{Batch, Change};
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
/// A dead letter with its number; [`DEAD`] ones are older.
pub const LETTER: u8 = 40;
/// Letters about somebody who was erased.
pub const LETTERS_GONE: u8 = 41;
pub const ITEM: u8 = 13;
pub const ITEM_SAID: u8 = 14;
pub const WORK: u8 = 15;
pub const WORK_EARLY: u8 = 16;
pub const IMPORTED: u8 = 17;
/// Somebody answered by a channel, at a local hour of hers.
pub const ANSWERED: u8 = 18;
/// A tick at which everybody's best hours were counted again.
pub const HOURS: u8 = 19;
/// A plan whose histories are read back: that it began, how far it is, that all was read, that it was stopped.
pub const BUILD_BEGUN: u8 = 20;
pub const BUILD_AT: u8 = 21;
pub const BUILD_DONE: u8 = 22;
pub const BUILD_STOPPED: u8 = 23;

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

impl Dead {
    /// Whether this identifier or address stands in it, as a word of its own. JSON may have written letters as numbers.
    pub fn names(&self, text: &str) -> bool {
        let in_text = |all: &str| {
            all.match_indices(text).any(|(at, found)| {
                let beside = all[..at].chars().next_back().into_iter().chain(all[at + found.len()..].chars().next());
                beside.into_iter().all(|one| !one.is_alphanumeric())
            })
        };
        in_text(&self.item) || in_text(&self.reason) || (self.item.contains('\\') && in_text(&unescaped(&self.item)))
    }
}

/// Text of JSON with its `\u0e19` as letters. Half a pair, or what is cut off, stays as it is.
fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let unit = |text: &str| text.strip_prefix("\\u").and_then(|text| text.get(..4)).and_then(|hex| u16::from_str_radix(hex, 16).ok());
        let first = unit(rest);
        let second = rest.get(6..).and_then(unit);
        let pair = char::decode_utf16(first.into_iter().chain(second)).next();
        match (first, pair) {
            (Some(_), Some(Ok(letter))) => {
                out.push(letter);
                rest = &rest[6 * letter.len_utf16()..];
            }
            // `\"` and the like: what follows stands as it is.
            _ => {
                let mut next = rest.chars();
                next.next();
                out.extend(next.next());
                rest = next.as_str();
            }
        }
    }
    out.push_str(rest);
    out
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

/// The number of a change that is a dead letter.
pub fn letter_number(kind: u8, bytes: &[u8]) -> Option<u64> {
    if kind == LETTER { Reader::new(bytes).varint().ok() } else { None }
}

/// The numbers of letters that these changes, which are nobody's, take away.
pub fn letters_gone(changes: &[u8]) -> Result<Vec<u64>, DecodeError> {
    let mut gone = Vec::new();
    let mut batch = Batch::of_changes(Reader::new(changes));
    while let Some(change) = batch.read_next()? {
        if let Change::Other { kind: LETTERS_GONE, bytes } = change {
            gone.extend(Reader::new(bytes).list(|from| from.varint())?);
        }
    }
    Ok(gone)
}

pub fn write_letters_gone(numbers: &[u64], out: &mut Writer) {
    let mut list = Writer::default();
    list.slice(numbers, |out, number| out.varint(*number));
    Change::Other { kind: LETTERS_GONE, bytes: list.as_bytes() }.write(out);
}

/// Beside the customers.
#[derive(Debug, Default)]
pub struct Others {
    /// By number, ascending.
    dead: VecDeque<(u64, Dead)>,
    /// The number of the last: all there ever were, since the store began.
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

    /// Who went into her, also by way of others.
    pub fn all_taken_over(&self, number: Number) -> Vec<Number> {
        let mut all: Vec<Number> = self.taken_over(number).map(|gone| gone.loser).collect();
        let mut at = 0;
        while at < all.len() {
            all.extend(self.taken_over(all[at]).map(|gone| gone.loser));
            at += 1;
        }
        all
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
        self.bury_as(self.dead_total + 1, dead);
    }

    /// A letter that is read: under the number that it has.
    pub fn bury_as(&mut self, number: u64, dead: Dead) {
        self.dead_total = self.dead_total.max(number);
        if self.dead.len() == DEAD_MAX {
            self.dead.pop_front();
        }
        self.dead.push_back((number, dead));
    }

    /// These are there no longer.
    pub fn drop_letters(&mut self, numbers: &[u64]) {
        self.dead.retain(|(number, _)| !numbers.contains(number));
        self.dead_total = numbers.iter().copied().fold(self.dead_total, u64::max);
    }

    /// Newest first.
    pub fn dead(&self) -> impl Iterator<Item = &Dead> {
        self.dead.iter().rev().map(|(_, dead)| dead)
    }

    /// The same with their numbers, oldest first.
    pub fn letters(&self) -> impl Iterator<Item = &(u64, Dead)> {
        self.dead.iter()
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
    /// Customers who were set aside, and inputs for them that were too many to be kept.
    pub set_aside: u64,
    pub lost_aside: u64,
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

#[cfg(test)]
mod tests {
    use super::{Dead, Others};
    use crate::calendar::Instant;

    fn dead(item: &str) -> Dead {
        Dead::new(Instant(1), "http", item.to_owned(), "unknown event".to_owned())
    }

    #[test]
    fn a_letter_names_somebody_by_whole_words_also_where_json_wrote_numbers() {
        let letter = dead(r#"{"userId":"nok-7","email":"NOK@example.com","name":"\u0e19\u0e01","smile":"\ud83d\ude00"}"#);
        for hers in ["nok-7", "NOK@example.com", "\u{e19}\u{e01}", "😀"] {
            assert!(letter.names(hers), "{hers}");
        }
        for other in ["nok-77", "ok-7", "example.co"] {
            assert!(!letter.names(other), "{other}");
        }
        assert!(!dead(r"\u0e \ud83d \").names("นก"), "what is cut off harms nobody");
    }

    #[test]
    fn letters_keep_their_numbers_when_some_are_taken_out() {
        let mut others = Others::default();
        for item in ["a", "b", "c"] {
            others.bury(dead(item));
        }
        others.drop_letters(&[2, 9]);
        assert_eq!(others.letters().map(|(number, _)| *number).collect::<Vec<_>>(), [1, 3]);
        others.bury(dead("d"));
        assert_eq!(others.letters().last().map(|(number, _)| *number), Some(10), "a number is never used again");
    }
}
