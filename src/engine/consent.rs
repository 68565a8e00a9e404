//! Consent and attributes: what is newest by own time holds.
//!
//! In: a change with its own time. Out: the row changed, with everything that reads it judged again, and whether anything is new.
//! **Invariant:** of two consents of the same instant the withdrawal holds; each attribute is newest-wins on its own; the truth of segments
//! is up to date when a function returns, the news of it follow in the wave.

use super::RecordKind;
use super::row::{Consent, ConsentState, SeenWhat};
use super::turn::{Event, Turn, Wave};
use crate::calendar::{Instant, Zone};
use crate::condition::Happening;
use crate::schema::{ChannelId, FieldId, TopicId};
use crate::value::Value;
use std::sync::Arc;

impl Turn<'_> {
    /// Consent of own time `at`. The wave is what is new; `None` if nothing is.
    pub(super) fn set_consent(&mut self, topic: TopicId, state: ConsentState, at: Instant) -> Option<Wave> {
        let loaded = self.loaded;
        let before = self.row.is_subscribed(&loaded.plan, topic);
        let consent = Consent { topic, state, at };
        match self.row.consents.binary_search_by_key(&topic, |consent| consent.topic) {
            Ok(place) => {
                let known = &mut self.row.consents[place];
                let withdrawn = known.state == ConsentState::Unsubscribed && state != ConsentState::Unsubscribed;
                if known.at > at || (known.at == at && withdrawn) {
                    return None;
                }
                *known = consent;
            }
            Err(place) => self.row.consents.insert(place, consent),
        }
        let after = self.row.is_subscribed(&loaded.plan, topic);
        if before == after {
            return None;
        }
        let what = if after { Happening::SubscribedTo(topic) } else { Happening::UnsubscribedFrom(topic) };
        if self.attention.detail {
            self.record(if after { RecordKind::Subscribed(topic) } else { RecordKind::Unsubscribed(topic) });
        }
        let event = Event { what: SeenWhat::Happened(what), at, fields: Arc::default() };
        let mut wave = Wave { event: Some(event), topic: Some(topic), ..Wave::default() };
        if let Some(segments) = loaded.index.topic_segments.get(topic.index()) {
            self.refresh_segments(segments, &mut wave.flips);
        }
        Some(wave)
    }

    /// Consent that a step gives or takes: at once, its news follow.
    pub(super) fn cause_consent(&mut self, topic: TopicId, state: ConsentState) {
        if let Some(wave) = self.set_consent(topic, state, self.now) {
            self.cause(wave);
        }
    }

    /// One attribute of own time `at`, written to the row only. `true` if its value is another one now.
    pub(super) fn write_attribute(&mut self, field: FieldId, value: Value, at: Instant) -> bool {
        let count = self.loaded.plan.schema.customer.len();
        if field.index() >= count {
            return false;
        }
        if self.row.attributes.len() < count {
            self.row.attributes.resize(count, Value::Missing);
            self.row.attribute_times.resize(count, Instant::FIRST);
        }
        if self.row.attribute_times[field.index()] > at {
            return false;
        }
        self.row.attribute_times[field.index()] = at;
        if self.row.attributes[field.index()] == value {
            return false;
        }
        self.row.attributes[field.index()] = value;
        if self.attention.detail {
            self.record(RecordKind::Changed(field));
        }
        true
    }

    /// Everything that reads a field that was written, judged again; what is new is added to the wave.
    pub(super) fn follow_field(&mut self, field: FieldId, wave: &mut Wave) {
        let loaded = self.loaded;
        if loaded.plan.schema.timezone == Some(field) {
            self.follow_zone(wave);
        } else if let Some(segments) = loaded.index.field_segments.get(field.index()) {
            let mut flips = std::mem::take(&mut wave.flips);
            self.refresh_segments(segments, &mut flips);
            wave.flips = flips;
        }
        if self.any_index(|index| index.messages_asked) && loaded.index.contacts.get(field.index()).copied().unwrap_or(false) {
            // Who is reachable depends on it.
            let mut flips = std::mem::take(&mut wave.flips);
            self.refresh_segments(&loaded.index.message_segments, &mut flips);
            wave.flips = flips;
            wave.messages = true;
        }
        if self.any_index(|index| index.fields_matter.get(field.index()).copied().unwrap_or(false)) {
            wave.fields.push(field);
            if !self.row.occurrences.is_empty() {
                self.schedule_field(field);
            }
        }
    }

    fn follow_zone(&mut self, wave: &mut Wave) {
        let zone = read_zone(self);
        if zone == self.row.zone {
            return;
        }
        self.note_slept();
        self.row.zone = zone;
        self.zone = super::zone_of(&self.loaded.plan, self.row);
        wave.zone = true;
        let mut flips = std::mem::take(&mut wave.flips);
        self.refresh_all_segments(&mut flips);
        wave.flips = flips;
        if !self.row.occurrences.is_empty() {
            self.schedule_all(self.now.plus_ms(-1));
        }
    }

    /// A field that a step changes: its value holds at once, the news follow.
    pub(super) fn cause_attribute(&mut self, field: FieldId, value: Value) {
        if !self.write_attribute(field, value, self.now) {
            return;
        }
        let mut wave = Wave::default();
        self.follow_field(field, &mut wave);
        if wave.zone || wave.messages || !wave.fields.is_empty() || !wave.flips.is_empty() {
            self.cause(wave);
        }
    }

    /// Her address on a channel is suppressed, or is not any more.
    pub(super) fn set_suppression(&mut self, channel: ChannelId, suppressed: bool) -> Option<Wave> {
        let known = self.row.suppressions.iter().position(|known| *known == channel);
        match (known, suppressed) {
            (None, true) => self.row.suppressions.push(channel),
            (Some(at), false) => {
                self.row.suppressions.remove(at);
            }
            _ => return None,
        }
        Some(self.messages_changed(Wave::default()))
    }

    /// Message history or what is reachable changed: who asks about it is asked again.
    pub(super) fn messages_changed(&mut self, mut wave: Wave) -> Wave {
        let loaded = self.loaded;
        wave.messages = true;
        let mut flips = std::mem::take(&mut wave.flips);
        self.refresh_segments(&loaded.index.message_segments, &mut flips);
        wave.flips = flips;
        wave
    }
}

/// The zone that the timezone attribute names, if it names one.
pub(super) fn read_zone(turn: &Turn<'_>) -> Option<Zone> {
    let field = turn.loaded.plan.schema.timezone?;
    match turn.row.attribute(field) {
        Value::Text(name) => Zone::parse(name),
        _ => None,
    }
}
