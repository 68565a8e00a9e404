//! A piece of the log in memory: what happened to whom, packed.
//!
//! In: items in the order of the log. Out: the same, by customer. **Invariant:** the items of one customer keep their order; about 24
//! bytes and the encoded values are held per item. A chunk that holds a whole log is a loaded log.

use super::needed::Needed;
use crate::calendar::Instant;
use crate::engine::{Input, InputKind};
use crate::ingest::mapping::{Item, ItemKind};
use crate::record::{DecodeError, Reader, Writer, from_bytes, to_bytes};
use crate::schema::{EventId, FieldId};
use crate::value::Value;
use std::sync::Arc;

/// Bytes of values that a chunk may hold, whatever the number of its items.
pub const BYTES_MAX: usize = 1 << 30;

/// Properties beyond are held as they come.
const MASK_BITS: usize = 64;

/// No event: a change of fields.
const ATTRIBUTES: u16 = u16::MAX;
/// No event either: an input as it was recorded.
const RECORDED: u16 = u16::MAX - 1;

#[derive(Debug, Clone, Copy)]
pub struct Head {
    pub at: Instant,
    pub customer: u32,
    offset: u32,
    event: u16,
    has_id: bool,
}

/// Memory that is used again from event to event.
#[derive(Debug, Default)]
pub struct Scratch {
    /// By event; several, for a row keeps some of them.
    events: Vec<[Arc<[Value]>; 3]>,
}

#[derive(Debug, Default)]
pub struct Chunk {
    heads: Vec<Head>,
    values: Writer,
    /// For each part, positions of its heads: by customer, then as in the log.
    groups: Vec<Vec<u64>>,
}

impl Chunk {
    /// `needed`: what of an event is kept. (What has an id is kept whole: its content tells a repetition from a conflict.)
    pub fn push(&mut self, customer: u32, item: &Item, needed: &Needed) {
        let offset = self.values.len() as u32;
        if let Some(input) = &item.recorded {
            self.values.bytes(&to_bytes(input.as_ref()));
            self.heads.push(Head { at: item.at, customer, offset, event: RECORDED, has_id: false });
            return;
        }
        if item.id != 0 {
            self.values.fixed(item.id as u64);
            self.values.fixed((item.id >> 64) as u64);
        }
        let event = match item.kind {
            ItemKind::Event(event) => event.0,
            ItemKind::Attributes => {
                self.values.varint(item.fields.len() as u64);
                for field in &item.fields {
                    self.values.varint(u64::from(field.0));
                }
                ATTRIBUTES
            }
        };
        let count = item.values.len();
        if event == ATTRIBUTES {
            item.values.iter().for_each(|value| self.values.value(value));
        } else if item.id != 0 || count > MASK_BITS {
            self.values.varint((count as u64) << 1);
            item.values.iter().for_each(|value| self.values.value(value));
        } else {
            let kept = |at: usize, value: &Value| needed.has(EventId(event), at) && !value.is_missing();
            let mask = item.values.iter().enumerate().fold(0u64, |mask, (at, value)| mask | (u64::from(kept(at, value)) << at));
            self.values.varint(((count as u64) << 1) | 1);
            self.values.varint(mask);
            item.values.iter().enumerate().filter(|(at, _)| mask & (1 << at) != 0).for_each(|(_, value)| self.values.value(value));
        }
        self.heads.push(Head { at: item.at, customer, offset, event, has_id: item.id != 0 });
    }

    pub fn len(&self) -> usize {
        self.heads.len()
    }

    pub fn is_empty(&self) -> bool {
        self.heads.is_empty()
    }

    pub fn bytes(&self) -> usize {
        self.values.len()
    }

    pub fn clear(&mut self) {
        self.heads.clear();
        self.values.clear();
        self.groups.iter_mut().for_each(Vec::clear);
    }

    /// Groups the items by customer, for a number of parts: customer `c` belongs to part `c % parts`.
    pub fn group(&mut self, parts: u32) {
        self.groups.resize_with(parts as usize, Vec::new);
        self.groups.iter_mut().for_each(Vec::clear);
        for (at, head) in self.heads.iter().enumerate() {
            let key = (u64::from(head.customer) << 32) | at as u64;
            self.groups[(head.customer % parts) as usize].push(key);
        }
    }

    /// The same items, those of one customer beside each other, for a number of parts; the keys of each part are then in the order of memory.
    pub fn regroup(&mut self, parts: u32) -> Vec<Vec<u64>> {
        self.group(parts);
        let (mut heads, mut values) = (Vec::with_capacity(self.heads.len()), Vec::with_capacity(self.values.len()));
        let mut groups = Vec::new();
        for part in 0..parts as usize {
            let mut group = self.take_group(part);
            group.sort_unstable();
            for key in &mut group {
                let at = *key as u32 as usize;
                let head = self.heads[at];
                let end = self.heads.get(at + 1).map_or(self.values.len(), |next| next.offset as usize);
                let offset = values.len() as u32;
                values.extend_from_slice(&self.values.as_bytes()[head.offset as usize..end]);
                *key = (u64::from(head.customer) << 32) | heads.len() as u64;
                heads.push(Head { offset, ..head });
            }
            groups.push(group);
        }
        self.heads = heads;
        self.values = Writer::onto(values);
        groups
    }

    /// The positions that belong to a part; to be sorted, then read with [`Chunk::head`].
    pub fn take_group(&mut self, part: usize) -> Vec<u64> {
        self.groups.get_mut(part).map(std::mem::take).unwrap_or_default()
    }

    pub fn head(&self, key: u64) -> Head {
        self.heads[key as u32 as usize]
    }

    /// The input that an item is; its handling time is its own time, and the engine raises it where the customer's clock is ahead.
    pub fn input(&self, head: Head, scratch: &mut Scratch) -> Result<Input, DecodeError> {
        let mut from = Reader::new(&self.values.as_bytes()[head.offset as usize..]);
        if head.event == RECORDED {
            return from_bytes(from.bytes()?);
        }
        let id = if head.has_id { u128::from(from.fixed()?) | (u128::from(from.fixed()?) << 64) } else { 0 };
        let count = from.varint()? as usize;
        let kind = if head.event == ATTRIBUTES {
            let mut fields = Vec::with_capacity(count);
            for _ in 0..count {
                fields.push(FieldId(from.narrow()?));
            }
            let changes = fields.into_iter().map(|field| Ok((field, from.value()?))).collect::<Result<Vec<_>, DecodeError>>()?;
            InputKind::Attributes { at: head.at, changes }
        } else {
            InputKind::Event { event: EventId(head.event), at: head.at, fields: scratch.read(head.event, &mut from, count)? }
        };
        Ok(Input { now: head.at, id, kind })
    }
}

impl Scratch {
    /// The values of an event, in memory that nobody else holds any more where there is such. `head`: their count, and whether only some
    /// are there.
    fn read(&mut self, event: u16, from: &mut Reader<'_>, head: usize) -> Result<Arc<[Value]>, DecodeError> {
        let at = usize::from(event);
        if self.events.len() <= at {
            self.events.resize_with(at + 1, Default::default);
        }
        let known = &mut self.events[at];
        // A customer's row may still hold the event before: the two take turns.
        known.rotate_left(1);
        let (count, some) = (head >> 1, head & 1 == 1);
        if Arc::get_mut(&mut known[0]).is_none_or(|values| values.len() != count) {
            known[0] = vec![Value::Missing; count].into();
        }
        if let Some(values) = Arc::get_mut(&mut known[0]) {
            let mut mask = if some { from.varint()? } else { u64::MAX };
            for value in values {
                if mask & 1 == 1 {
                    *value = from.value()?;
                } else if !value.is_missing() {
                    *value = Value::Missing;
                }
                mask = if some { mask >> 1 } else { mask };
            }
        }
        Ok(Arc::clone(&known[0]))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn what_was_packed_comes_back_by_customer_in_its_order() {
        let mut chunk = Chunk::default();
        let event = |at: i64, id: u128, value: &str| Item {
            at: Instant(at),
            id,
            kind: ItemKind::Event(EventId(3)),
            values: vec![Value::text(value), Value::Missing],
            ..Item::default()
        };
        let needed = Needed::all();
        chunk.push(5, &event(1, 0, "a"), &needed);
        chunk.push(4, &event(1, u128::MAX - 1, "b"), &needed);
        let change = Item { at: Instant(2), values: vec![Value::Boolean(true)], fields: vec![FieldId(7)], ..Item::default() };
        chunk.push(5, &change, &needed);
        chunk.push(5, &event(2, 0, "c"), &needed);
        let mut groups = chunk.regroup(2);
        let odd = groups.remove(1);
        let kinds: Vec<Input> = odd.iter().map(|key| chunk.input(chunk.head(*key), &mut Scratch::default()).unwrap()).collect();
        assert_eq!(kinds.len(), 3);
        assert_eq!(kinds[1].kind, InputKind::Attributes { at: Instant(2), changes: vec![(FieldId(7), Value::Boolean(true))] });
        let InputKind::Event { event, fields, .. } = &kinds[2].kind else { unreachable!() };
        assert_eq!((*event, &fields[..]), (EventId(3), &[Value::text("c"), Value::Missing][..]));
        let even = groups.remove(0);
        assert_eq!(chunk.input(chunk.head(even[0]), &mut Scratch::default()).unwrap().id, u128::MAX - 1);
    }
}
