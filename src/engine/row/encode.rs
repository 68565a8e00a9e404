//! A row as bytes, section by section.
//!
//! In: a [`Customer`], or bytes. Out: bytes, or the same customer. **Invariant:** what is decoded equals what was encoded; garbage gives a
//! [`DecodeError`], never a panic; an empty section is not written; a section of a newer version, or one that is not known, is refused, for
//! what it says would be lost. Old versions of a section are read for ever.

use super::calls::{OpenCall, OpenDraw};
use super::experiments::{Experiments, Exposed, Measure};
use super::{
    Consent, ConsentState, Customer, Entered, Guest, KnownId, Merged, MessageFact, Moved, Occurrence, Parked, Pending, PendingState,
    Points, Recent, Reported, Run, RunState, Seen, SeenWhat, Standing,
};
use crate::calendar::Instant;
use crate::condition::Happening;
use crate::engine::SendKey;
use crate::engine::codec::{fields, kind, read_when, when, words};
use crate::engine::history::{Entry, Total, Tracked};
use crate::record::{Decode, DecodeError, Encode, Fault, Reader, Section, Writer};
use crate::schema::{EventId, MessageId, MessageVerb, TopicId};
use crate::value::{Text, Value};

/// Sections, in the order in which they stand; each has its own version.
pub mod section {
    pub const HEAD: u8 = 1;
    pub const CONSENT: u8 = 2;
    pub const PROFILE: u8 = 3;
    pub const HISTORY: u8 = 4;
    pub const STANDING: u8 = 5;
    pub const RUNS: u8 = 6;
    pub const MESSAGES: u8 = 7;
    pub const LEDGER: u8 = 8;
    pub const EXPERIMENTS: u8 = 20;
    pub const CALLS: u8 = 21;
    pub const DRAWS: u8 = 22;
    pub const MEMBERSHIP: u8 = 9;
    pub const SCORES: u8 = 10;
    pub const GUESTS: u8 = 11;
    pub const MERGED: u8 = 12;
    pub const PARKED: u8 = 13;
    pub const KEPT_HISTORY: u8 = 14;
}

/// The version of every section that this binary writes.
const VERSION: u8 = 1;
/// The head says since version 2 which plan its row was handled under.
const HEAD_VERSION: u8 = 2;

impl Encode for Customer {
    fn encode(&self, out: &mut Writer) {
        out.section(section::HEAD, HEAD_VERSION, |out| self.encode_head(out));
        if !self.consents.is_empty() || !self.suppressions.is_empty() {
            out.section(section::CONSENT, VERSION, |out| {
                self.consents.encode(out);
                self.suppressions.encode(out);
            });
        }
        if !self.attributes.is_empty() {
            out.section(section::PROFILE, VERSION, |out| {
                out.varint(self.attributes.len() as u64);
                for (value, at) in self.attributes.iter().zip(&self.attribute_times) {
                    value.encode(out);
                    when(out, *at);
                }
            });
        }
        if !self.history.tracked.is_empty() || !self.recent.is_empty() {
            out.section(section::HISTORY, VERSION, |out| {
                self.history.tracked.encode(out);
                self.recent.encode(out);
            });
        }
        if !self.segments.is_empty() || !self.entered.is_empty() || !self.occurrences.is_empty() {
            out.section(section::STANDING, VERSION, |out| {
                self.segments.encode(out);
                self.entered.encode(out);
                self.occurrences.encode(out);
            });
        }
        if !self.scores.is_empty() {
            out.section(section::SCORES, VERSION, |out| self.scores.encode(out));
        }
        if !self.lists.is_empty() || self.moved.is_some() {
            out.section(section::MEMBERSHIP, VERSION, |out| {
                self.lists.encode(out);
                self.moved.encode(out);
            });
        }
        if !self.plans.is_empty() || !self.runs.is_empty() || !self.ended.is_empty() {
            out.section(section::RUNS, VERSION, |out| {
                self.plans.encode(out);
                self.runs.encode(out);
                self.ended.encode(out);
            });
        }
        if !self.pending.is_empty() {
            out.section(section::MESSAGES, VERSION, |out| self.pending.encode(out));
        }
        if !self.guests.is_empty() {
            out.section(section::GUESTS, VERSION, |out| self.guests.encode(out));
        }
        if !self.facts.is_empty() || !self.ids.is_empty() {
            out.section(section::LEDGER, VERSION, |out| {
                self.facts.encode(out);
                self.ids.encode(out);
            });
        }
        if self.calls.made > 0 {
            out.section(section::CALLS, VERSION, |out| {
                self.calls.made.encode(out);
                self.calls.open.encode(out);
            });
        }
        if !self.calls.draws.is_empty() {
            out.section(section::DRAWS, VERSION, |out| self.calls.draws.encode(out));
        }
        if !self.parked.is_empty() {
            out.section(section::PARKED, VERSION, |out| self.parked.encode(out));
        }
        if !self.history.kept.is_empty() {
            out.section(section::KEPT_HISTORY, VERSION, |out| self.history.kept.encode(out));
        }
        if !self.merged.is_empty() {
            out.section(section::MERGED, VERSION, |out| self.merged.encode(out));
        }
        if !self.experiments.is_empty() {
            out.section(section::EXPERIMENTS, VERSION, |out| {
                self.experiments.measures.encode(out);
                self.experiments.exposed.encode(out);
            });
        }
    }
}

impl Decode for Customer {
    fn decode(from: &mut Reader<'_>) -> Result<Customer, DecodeError> {
        let mut row = Customer::default();
        while let Some(mut found) = from.section()? {
            found.require(if found.id == section::HEAD { HEAD_VERSION } else { VERSION })?;
            row.decode_section(&mut found)?;
            found.body.finish()?;
        }
        Ok(row)
    }
}

impl Customer {
    fn encode_head(&self, out: &mut Writer) {
        self.uid.encode(out);
        self.zone.encode(out);
        when(out, self.clock);
        when(out, self.known_since);
        when(out, self.wake);
        out.varint(self.world);
        self.next_run.encode(out);
        out.varint(self.turn);
        out.varint(self.measured);
        out.boolean(self.full);
        self.hold_out_bucket.encode(out);
        self.plan.encode(out);
    }

    fn decode_section(&mut self, found: &mut Section<'_>) -> Result<(), DecodeError> {
        let (id, version) = (found.id, found.version);
        let from = &mut found.body;
        match id {
            section::HEAD => {
                self.uid = Text::decode(from)?;
                self.zone = Option::decode(from)?;
                self.clock = read_when(from)?;
                self.known_since = read_when(from)?;
                self.wake = read_when(from)?;
                self.world = from.varint()?;
                self.next_run = u32::decode(from)?;
                self.turn = from.varint()?;
                self.measured = from.varint()?;
                self.full = from.boolean()?;
                self.hold_out_bucket = Option::decode(from)?;
                self.plan = if version < 2 { None } else { Option::decode(from)? };
            }
            section::CONSENT => {
                self.consents = Vec::decode(from)?;
                self.suppressions = Vec::decode(from)?;
            }
            section::PROFILE => {
                for _ in 0..from.count()? {
                    self.attributes.push(Value::decode(from)?);
                    self.attribute_times.push(read_when(from)?);
                }
            }
            section::HISTORY => {
                self.history.tracked = Vec::decode(from)?;
                self.recent = Vec::decode(from)?;
            }
            section::STANDING => {
                self.segments = Vec::decode(from)?;
                self.entered = Vec::decode(from)?;
                self.occurrences = Vec::decode(from)?;
            }
            section::PARKED => self.parked = Vec::decode(from)?,
            section::KEPT_HISTORY => self.history.kept = Vec::decode(from)?,
            section::MERGED => self.merged = Vec::decode(from)?,
            section::GUESTS => self.guests = Vec::decode(from)?,
            section::SCORES => self.scores = Vec::decode(from)?,
            section::MEMBERSHIP => {
                self.lists = Vec::decode(from)?;
                self.moved = Option::decode(from)?;
            }
            section::RUNS => {
                self.plans = Vec::decode(from)?;
                self.runs = Vec::decode(from)?;
                self.ended = Vec::decode(from)?;
            }
            section::MESSAGES => self.pending = Vec::decode(from)?,
            section::LEDGER => {
                self.facts = Vec::decode(from)?;
                self.ids = Vec::decode(from)?;
            }
            section::CALLS => {
                self.calls.made = u32::decode(from)?;
                self.calls.open = Vec::decode(from)?;
            }
            section::DRAWS => self.calls.draws = Vec::decode(from)?,
            section::EXPERIMENTS => {
                self.experiments = Experiments { measures: Vec::decode(from)?, exposed: Vec::decode(from)? };
            }
            unknown => return Err(kind(from, unknown)),
        }
        Ok(())
    }
}

words! {
    ConsentState { 0 Subscribed 1 Unsubscribed 2 Pending }
    RunState { 0 Moving 1 Waiting 2 Awaiting 3 Sending 4 Done 5 Ended 6 AtTheDoor }
    MessageVerb { 0 Sent 1 Received 2 Seen 3 Opened 4 Clicked 5 Bounced 6 RepliedTo 7 Delivered 8 Complained }
}

fields! {
    Consent { is topic is state when at }
    Recent { is what is at is fields }
    Standing { is member when until }
    Entered { is journey is key base begin when end }
    Occurrence { when next is date is last }
    Moved { is to is over }
    Guest { is number is plan is args is held_out }
    Merged { is uid is runs is count is calls }
    Parked { is kind is name is value when at }
    Points { when origin is step is value }
    Run {
        is number is journey is plan is entry_number base begin is entry_date is entry is locals is key is held_out is goals is begin_seq is turn
        is step is state when due when horizon when guarded_until when anchor is met is delivered is visits is seen
    }
    Seen { is what is at is fields is taken }
    SendKey { is run is send is visit is channel }
    Pending { is key is journey is message is step base planned_at is state when on_time is capped_since is doubts }
    MessageFact { is key is journey is message is topic is channel base claimed_at when sent_at is counts is held_out is reports }
    Reported { is verb is at is by_machine }
    Measure { is run is experiment is arm is weights base at when until }
    Exposed { is experiment is unit is arm }
    OpenCall { is number is run is hook }
    OpenDraw { is number is run is pool }
    KnownId { is id is body is day }
    Entry { is at is seq }
    Total { is count is sum is smallest is largest is first is last }
}

impl Encode for Happening {
    fn encode(&self, out: &mut Writer) {
        match self {
            Happening::Event(event) => {
                out.byte(0);
                event.encode(out);
            }
            Happening::SubscribedTo(topic) => {
                out.byte(1);
                topic.encode(out);
            }
            Happening::UnsubscribedFrom(topic) => {
                out.byte(2);
                topic.encode(out);
            }
        }
    }
}

impl Decode for Happening {
    fn decode(from: &mut Reader<'_>) -> Result<Happening, DecodeError> {
        match from.byte()? {
            0 => EventId::decode(from).map(Happening::Event),
            1 => TopicId::decode(from).map(Happening::SubscribedTo),
            2 => TopicId::decode(from).map(Happening::UnsubscribedFrom),
            other => Err(kind(from, other)),
        }
    }
}

impl Encode for SeenWhat {
    fn encode(&self, out: &mut Writer) {
        match self {
            SeenWhat::Happened(what) => {
                out.byte(0);
                what.encode(out);
            }
            SeenWhat::Message { key, message, topic, verb } => {
                out.byte(1);
                key.encode(out);
                message.encode(out);
                topic.encode(out);
                verb.encode(out);
            }
        }
    }
}

impl Decode for SeenWhat {
    fn decode(from: &mut Reader<'_>) -> Result<SeenWhat, DecodeError> {
        match from.byte()? {
            0 => Happening::decode(from).map(SeenWhat::Happened),
            1 => Ok(SeenWhat::Message {
                key: SendKey::decode(from)?,
                message: MessageId::decode(from)?,
                topic: TopicId::decode(from)?,
                verb: MessageVerb::decode(from)?,
            }),
            other => Err(kind(from, other)),
        }
    }
}

impl Encode for PendingState {
    fn encode(&self, out: &mut Writer) {
        match self {
            PendingState::Ready => out.byte(0),
            PendingState::Held { until } => {
                out.byte(1);
                when(out, *until);
            }
            PendingState::Claimed => out.byte(2),
            PendingState::HandedOver { attempt } => {
                out.byte(3);
                attempt.encode(out);
            }
            PendingState::InDoubt { until } => {
                out.byte(4);
                when(out, *until);
            }
            PendingState::Paused { until } => {
                out.byte(5);
                when(out, *until);
            }
        }
    }
}

impl Decode for PendingState {
    fn decode(from: &mut Reader<'_>) -> Result<PendingState, DecodeError> {
        match from.byte()? {
            0 => Ok(PendingState::Ready),
            1 => Ok(PendingState::Held { until: read_when(from)? }),
            2 => Ok(PendingState::Claimed),
            3 => Ok(PendingState::HandedOver { attempt: u32::decode(from)? }),
            4 => Ok(PendingState::InDoubt { until: read_when(from)? }),
            5 => Ok(PendingState::Paused { until: read_when(from)? }),
            other => Err(kind(from, other)),
        }
    }
}

impl Encode for Tracked {
    fn encode(&self, out: &mut Writer) {
        out.varint(self.count);
        if self.count == 0 {
            return;
        }
        self.first.encode(out);
        out.instant_from(self.first, self.last);
        self.totals.encode(out);
        // Entries are close to each other: each by its distance from the one before.
        out.varint(self.entries.len() as u64);
        let (mut at, mut seq) = (self.first, 0);
        for entry in &self.entries {
            out.instant_from(at, entry.at);
            out.zigzag(entry.seq.wrapping_sub(seq) as i64);
            (at, seq) = (entry.at, entry.seq);
        }
        self.values.encode(out);
        out.slice(&self.folded, |out, (hour, count)| {
            out.zigzag(*hour);
            count.encode(out);
        });
    }
}

impl Decode for Tracked {
    fn decode(from: &mut Reader<'_>) -> Result<Tracked, DecodeError> {
        let count = from.varint()?;
        if count == 0 {
            return Ok(Tracked::default());
        }
        let first = Instant::decode(from)?;
        let last = from.instant_from(first)?;
        let totals = Vec::decode(from)?;
        let (mut at, mut seq) = (first, 0u64);
        let entries = from.list(|from| {
            at = from.instant_from(at)?;
            seq = seq.wrapping_add(from.zigzag()? as u64);
            Ok(Entry { at, seq })
        })?;
        let values: Vec<Value> = Vec::decode(from)?;
        if entries.is_empty() && !values.is_empty() || !entries.is_empty() && !values.len().is_multiple_of(entries.len()) {
            // Every entry has the same number of values.
            return Err(DecodeError { fault: Fault::Range, ..kind(from, 0) });
        }
        let folded = from.list(|from| Ok((from.zigzag()?, u32::decode(from)?)))?;
        Ok(Tracked { count, first, last, totals, entries, values, folded })
    }
}
