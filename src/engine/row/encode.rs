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
use crate::engine::history::{Entry, History, Total, Tracked};
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
        row.decode_sections(from)?;
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

    /// Becomes the row that these bytes hold, in the memory that it has already: a daemon reads a row for every event.
    pub fn read_again(&mut self, bytes: &[u8]) -> Result<(), DecodeError> {
        self.reset("");
        self.decode_sections(&mut Reader::new(bytes))
    }

    fn decode_sections(&mut self, from: &mut Reader<'_>) -> Result<(), DecodeError> {
        while let Some(mut found) = from.section()? {
            found.require(if found.id == section::HEAD { HEAD_VERSION } else { VERSION })?;
            self.decode_section(&mut found)?;
            found.body.finish()?;
        }
        Ok(())
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
                from.refill(&mut self.consents, Decode::decode)?;
                from.refill(&mut self.suppressions, Decode::decode)?;
            }
            section::PROFILE => {
                for _ in 0..from.count()? {
                    self.attributes.push(Value::decode(from)?);
                    self.attribute_times.push(read_when(from)?);
                }
            }
            section::HISTORY => {
                let History { tracked, spare, .. } = &mut self.history;
                from.refill(tracked, |from| {
                    let mut one = spare.pop().unwrap_or_default();
                    one.read_again(from)?;
                    Ok(one)
                })?;
                from.refill(&mut self.recent, Decode::decode)?;
            }
            section::STANDING => {
                from.refill(&mut self.segments, Decode::decode)?;
                from.refill(&mut self.entered, Decode::decode)?;
                from.refill(&mut self.occurrences, Decode::decode)?;
            }
            section::PARKED => from.refill(&mut self.parked, Decode::decode)?,
            section::KEPT_HISTORY => from.refill(&mut self.history.kept, Decode::decode)?,
            section::MERGED => from.refill(&mut self.merged, Decode::decode)?,
            section::GUESTS => from.refill(&mut self.guests, Decode::decode)?,
            section::SCORES => from.refill(&mut self.scores, Decode::decode)?,
            section::MEMBERSHIP => {
                from.refill(&mut self.lists, Decode::decode)?;
                self.moved = Option::decode(from)?;
            }
            section::RUNS => {
                from.refill(&mut self.plans, Decode::decode)?;
                from.refill(&mut self.runs, Decode::decode)?;
                from.refill(&mut self.ended, Decode::decode)?;
            }
            section::MESSAGES => from.refill(&mut self.pending, Decode::decode)?,
            section::LEDGER => {
                from.refill(&mut self.facts, Decode::decode)?;
                from.refill(&mut self.ids, Decode::decode)?;
            }
            section::CALLS => {
                self.calls.made = u32::decode(from)?;
                from.refill(&mut self.calls.open, Decode::decode)?;
            }
            section::DRAWS => from.refill(&mut self.calls.draws, Decode::decode)?,
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
        let mut tracked = Tracked::default();
        tracked.read_again(from)?;
        Ok(tracked)
    }
}

impl Tracked {
    /// Into one that is empty, whose memory is used.
    fn read_again(&mut self, from: &mut Reader<'_>) -> Result<(), DecodeError> {
        self.count = from.varint()?;
        if self.count == 0 {
            return Ok(());
        }
        self.first = Instant::decode(from)?;
        self.last = from.instant_from(self.first)?;
        from.refill(&mut self.totals, Decode::decode)?;
        let (mut at, mut seq) = (self.first, 0u64);
        from.refill(&mut self.entries, |from| {
            at = from.instant_from(at)?;
            seq = seq.wrapping_add(from.zigzag()? as u64);
            Ok(Entry { at, seq })
        })?;
        from.refill(&mut self.values, Decode::decode)?;
        let (entries, values) = (self.entries.len(), self.values.len());
        if entries == 0 && values > 0 || entries > 0 && !values.is_multiple_of(entries) {
            // Every entry has the same number of values.
            return Err(DecodeError { fault: Fault::Range, ..kind(from, 0) });
        }
        from.refill(&mut self.folded, |from| Ok((from.zigzag()?, u32::decode(from)?)))
    }
}
