//! What leaves the house, from the engine's effect to its outcome.
//!
//! In: effects of the engine, what workers say. Out: parcels that are dispatched once the batch is durable; inputs of the customers whose they
//! are. **Invariant:** a parcel is in the log before anybody sees it, and is settled in the write that holds its outcome; an address that is
//! suppressed gets nothing, whoever has it.

use super::others;
use super::people::address_digest;
use super::{After, Core};
use crate::engine::row::Customer;
use crate::engine::{Answer, CodeDraw, Decision, Effect, Input, InputKind, Outcome, Record, RecordKind, SendKey, Told};
use crate::schema::{ChannelId, ChannelKind};
use crate::shard::Number;
use crate::shard::commit::{Parcel, ParcelKey};

impl Core {
    pub(super) fn effect(&mut self, number: Number, effect: Effect) {
        match effect {
            Effect::Deliver(delivery) => self.post(number, Parcel::Message(delivery)),
            Effect::HandOver(key) => self.opened = Some(key),
            Effect::Withdraw(key) => {
                // What may have left is kept until its last word is spoken: it may leave once more.
                if !self.pending(number, key, Customer::may_have_left) {
                    let (number, key) = self.at_origin(number, key);
                    self.settle(number, key);
                }
            }
            Effect::Cancel(key) => {
                let (number, key) = self.at_origin(number, key);
                if self.settle(number, key) {
                    self.after.push(After::Withdraw(number, key));
                }
            }
            Effect::CallHook(call) => self.post(number, Parcel::Hook(call)),
            Effect::DrawCode(draw) => self.draw(number, draw),
            Effect::Tell(told) => self.tell_another(*told),
            Effect::Audience { audience, add } => {
                self.next_audience = self.next_audience.wrapping_add(1);
                self.post(number, Parcel::Audience { number: self.next_audience, audience, add });
            }
        }
    }

    fn post(&mut self, mut number: Number, mut parcel: Parcel) {
        if let Parcel::Message(delivery) = &mut parcel {
            // A run that began with somebody who was merged keeps that identity for all its messages.
            (number, delivery.key) = self.origin(number, delivery.key);
            // A message that is repeated in doubt is the same message: what was kept of it leaves again, byte for byte.
            let key = ParcelKey::Message(delivery.key);
            if let Some(kept) = self.shard(number).and_then(|shard| shard.parcel(number, &key)).cloned() {
                self.after.push(After::Dispatch(number, kept));
                return;
            }
        }
        self.shards[number.shard()].post(number, parcel.clone(), &mut self.writer);
        self.under_way += usize::from(!self.is_shown(&parcel.key()));
        self.after.push(After::Dispatch(number, parcel));
    }

    pub(super) fn settle(&mut self, number: Number, key: ParcelKey) -> bool {
        let Some(shard) = self.shards.get_mut(number.shard()) else { return false };
        let there = shard.settle(number, &key, &mut self.writer);
        if there && !self.is_shown(&key) {
            self.under_way = self.under_way.saturating_sub(1);
        }
        there
    }

    /// Waits for the customer to come: it counts as no work.
    fn is_shown(&self, key: &ParcelKey) -> bool {
        matches!(key, ParcelKey::Message(send) if self.waits_for_her(send.channel))
    }

    /// What waits for the customer to come (web, inbox) is no work for anybody, once it is accepted.
    pub fn waits(&self, channel: ChannelId) -> bool {
        self.waits_for_her(channel)
    }

    pub(super) fn waits_for_her(&self, channel: ChannelId) -> bool {
        self.kind_of(channel).is_some_and(|kind| matches!(kind, ChannelKind::Web | ChannelKind::Inbox))
    }

    pub(super) fn kind_of(&self, channel: ChannelId) -> Option<ChannelKind> {
        self.world.plan().schema.channels.get(channel.index()).map(|channel| channel.kind)
    }

    /// A code of a pool, at once: each is given once, for the write that takes it holds the answer too.
    fn draw(&mut self, number: Number, draw: CodeDraw) {
        let pool = self.world.plan().schema.pools.get(draw.pool.index()).map(|pool| pool.name.to_string()).unwrap_or_default();
        let answer = match self.others.codes.give(&pool) {
            Some(code) => {
                self.write_other(others::CODE_GIVEN, pool.as_bytes());
                Answer::Code(code.into())
            }
            None => Answer::NoneLeft,
        };
        let now = self.now;
        self.caused.push_back((number, Input { now, id: 0, kind: InputKind::Answer { call: draw.call, answer } }));
    }

    fn tell_another(&mut self, told: Told) {
        match self.find_user(&told.to) {
            Some(other) => {
                let now = self.now;
                self.caused.push_back((other, Input { now, id: 0, kind: InputKind::Told(Box::new(told)) }));
            }
            None => self.counts.told_nobody += 1,
        }
    }

    /// Whether a worker has a message, or is to have it.
    pub fn is_with_worker(&self, number: Number, send: SendKey) -> bool {
        self.pending(number, send, Customer::is_with_worker)
    }

    fn pending(&self, number: Number, send: SendKey, is: impl Fn(&Customer, SendKey) -> bool) -> bool {
        let (number, send) = self.home_of_send(number, send);
        self.shard(number).and_then(|shard| shard.row(number).ok().flatten()).is_some_and(|row| is(&row, send))
    }

    /// What was kept of a message goes once its last word is spoken: most often with its outcome already.
    pub(super) fn settle_decided(&mut self, number: Number, records: &[Record]) {
        for record in records {
            let RecordKind::Message { key, decision, .. } = &record.kind else { continue };
            let is_last = match decision {
                Decision::Planned | Decision::Deferred { .. } => false,
                Decision::Sent => !self.waits_for_her(key.channel),
                _ => true,
            };
            if is_last {
                let (number, key) = self.at_origin(number, *key);
                self.settle(number, key);
            }
        }
    }

    /// A worker is connected and the bytes come next: all checks again. `true` if they may.
    pub(super) fn ready(&mut self, number: Number, send: SendKey, attempt: u32, doubtful: bool) -> bool {
        let key = ParcelKey::Message(send);
        let Some(Parcel::Message(delivery)) = self.shard(number).and_then(|shard| shard.parcel(number, &key)) else { return false };
        let (address, channel) = (delivery.address.clone(), delivery.channel);
        if let Some(kind) = self.kind_of(channel)
            && self.directory.is_suppressed(address_digest(kind, &address))
        {
            let now = self.now;
            self.input(self.home(number), Input { now, id: 0, kind: InputKind::Suppress { channel, suppressed: true } });
        }
        self.opened = None;
        let now = self.now;
        let (home, key) = self.home_of_send(number, send);
        self.input(home, Input { now, id: 0, kind: InputKind::Ready { send: key, attempt, doubtful } });
        self.opened.take() == Some(key)
    }

    pub(super) fn outcome(&mut self, number: Number, send: SendKey, outcome: Outcome, provider_id: Option<String>, suppress: bool) {
        let key = ParcelKey::Message(send);
        let Some(Parcel::Message(delivery)) = self.shard(number).and_then(|shard| shard.parcel(number, &key)) else { return };
        let (address, channel) = (delivery.address.clone(), delivery.channel);
        let stays = outcome == Outcome::Accepted && self.waits_for_her(channel);
        // What is shown stays until it is withdrawn, and what is in doubt until that is over.
        if !stays && outcome != Outcome::Unknown {
            self.settle(number, key);
        }
        if let Some(id) = provider_id {
            self.note_provider_id(number, send, &id);
        }
        let now = self.now;
        let (number, send) = self.home_of_send(number, send);
        if suppress && let Some(kind) = self.kind_of(channel) {
            self.suppress_address(kind, &address, true);
            self.input(number, Input { now, id: 0, kind: InputKind::Suppress { channel, suppressed: true } });
        }
        self.input(number, Input { now, id: 0, kind: InputKind::Outcome { send, result: outcome } });
    }

    /// One input from a door, on the core's own thread.
    pub fn take_input(&mut self, number: Number, mut input: Input) {
        let number = match &mut input.kind {
            InputKind::Report { send, .. } => {
                let (home, key) = self.home_of_send(number, *send);
                *send = key;
                home
            }
            _ => self.home(number),
        };
        if self.entry_is_there(number) {
            self.input(number, input);
        } else {
            self.counts.strange_reports += 1;
        }
    }

    /// The address that a message went to gets nothing any more, whoever has it.
    pub fn suppress_address_of(&mut self, number: Number, send: SendKey) {
        let (number, send) = self.home_of_send(number, send);
        self.suppress_her_address(number, send.channel, true);
    }

    /// She closed what waited for her on a website: it is not shown again.
    pub fn dismiss(&mut self, number: Number, send: SendKey) {
        let key = ParcelKey::Message(send);
        if self.is_shown(&key) {
            self.settle(number, key);
        }
    }

    /// What is said of one of her channels is said of her address there, whoever has it.
    pub(super) fn suppress_her_address(&mut self, number: Number, channel: ChannelId, suppressed: bool) {
        let Ok(Some(row)) = self.shard(number).map_or(Ok(None), |shard| shard.row(number)) else { return };
        let plan = std::sync::Arc::clone(self.world.plan());
        if let Some(kind) = self.kind_of(channel)
            && let Ok(address) = crate::engine::contact::address(&plan, &row, channel)
            && !address.is_empty()
        {
            self.suppress_address(kind, address, suppressed);
        }
    }

    /// What a message was about.
    pub fn topic_of(&self, number: Number, send: SendKey) -> Option<crate::schema::TopicId> {
        let row = self.shard(number)?.row(number).ok().flatten()?;
        row.facts.iter().find(|fact| fact.key == send).map(|fact| fact.topic)
    }

    /// A message as it was rendered, while it is under way or shown.
    pub fn kept(&self, number: Number, send: SendKey) -> Option<crate::engine::Delivery> {
        match self.shard(number)?.parcel(number, &ParcelKey::Message(send))? {
            Parcel::Message(delivery) => Some(delivery.clone()),
            _ => None,
        }
    }

    fn note_provider_id(&mut self, number: Number, send: SendKey, id: &str) {
        use crate::record::Encode as _;
        let mut out = crate::record::Writer::default();
        out.text(id);
        out.varint(number.0);
        send.encode(&mut out);
        self.write_other(others::PROVIDER_ID, out.as_bytes());
        self.others.note_provider_id(id, number, send);
    }
}
