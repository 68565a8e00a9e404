//! Customers who are set aside: handling what came for them failed.
//!
//! In: that somebody's input cannot be handled, and what comes for her meanwhile. Out: all of it again, in its order, when a person lets her go on. **Invariant:**
//! while she is set aside nothing of hers changes and nothing is due; what comes for her is kept, so that nothing that was acknowledged is lost,
//! up to a limit that is told. Knows no reason but the words it is given.

use super::commit::Change;
use super::{Number, Shard};
use crate::calendar::Instant;
use crate::engine::PlanId;
use crate::record::{Decode, DecodeError, Encode, Reader, Writer};

/// Inputs that are kept for somebody who is set aside. More are lost, and counted.
pub const WAITING_MAX: usize = 1_000;
/// Characters of a reason.
const REASON_MAX: usize = 500;

/// Somebody who is set aside.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Aside {
    pub since: Option<Instant>,
    pub reason: String,
    /// What came for her: encoded inputs, each with the plan under which it came.
    pub waiting: Vec<(PlanId, Vec<u8>)>,
}

impl Encode for Aside {
    fn encode(&self, out: &mut Writer) {
        out.option(self.since, Writer::instant);
        out.text(&self.reason);
        out.slice(&self.waiting, |out, (plan, bytes)| {
            plan.encode(out);
            out.bytes(bytes);
        });
    }
}

impl Decode for Aside {
    fn decode(from: &mut Reader<'_>) -> Result<Aside, DecodeError> {
        Ok(Aside {
            since: from.option(|from| from.instant())?,
            reason: from.text()?.to_owned(),
            waiting: from.list(|from| Ok((PlanId::decode(from)?, from.bytes()?.to_vec())))?,
        })
    }
}

impl Shard {
    /// Who is set aside, by number.
    pub fn asides(&self) -> impl Iterator<Item = (Number, &Aside)> {
        self.aside.iter().map(|(slot, aside)| (Number::new(self.number, *slot), aside))
    }

    pub fn is_aside(&self, number: Number) -> bool {
        !self.aside.is_empty() && self.aside.contains_key(&number.slot())
    }

    /// Nothing of hers is handled any more.
    pub fn set_aside(&mut self, number: Number, since: Instant, reason: &str, writer: &mut Writer) {
        let reason = reason.chars().take(REASON_MAX).collect();
        let aside = Aside { since: Some(since), reason, waiting: Vec::new() };
        let bytes = crate::record::to_bytes(&aside);
        Change::Aside { number, bytes: &bytes }.write(writer);
        self.put_aside(number, aside);
    }

    /// What came for somebody who is set aside. `false` where too much waits already: it is lost.
    pub fn wait(&mut self, number: Number, plan: PlanId, input: &[u8], writer: &mut Writer) -> bool {
        let Some(aside) = self.aside.get_mut(&number.slot()).filter(|aside| aside.waiting.len() < WAITING_MAX) else { return false };
        let mut bytes = Writer::default();
        plan.encode(&mut bytes);
        bytes.bytes(input);
        Change::Waiting { number, bytes: bytes.as_bytes() }.write(writer);
        aside.waiting.push((plan, input.to_vec()));
        true
    }

    /// She goes on: what came for her.
    pub fn bring_back(&mut self, number: Number, writer: &mut Writer) -> Option<Aside> {
        let aside = self.aside.remove(&number.slot())?;
        Change::Back { number }.write(writer);
        // What is due of hers is due again; an entry that cannot be read is found when it is handled.
        let _unread = self.read_wake(number).is_err();
        Some(aside)
    }

    pub(super) fn put_aside(&mut self, number: Number, aside: Aside) {
        // A snapshot names her before her entry.
        self.restore_places(number.slot() + 1);
        self.set_wake(number, Instant::NEVER);
        self.aside.insert(number.slot(), aside);
    }

    /// What recovery does with these changes.
    pub(super) fn apply_aside(&mut self, change: &Change<'_>) -> Result<(), DecodeError> {
        match change {
            Change::Aside { number, bytes } => self.put_aside(*number, crate::record::from_bytes(bytes)?),
            Change::Waiting { number, bytes } => {
                let mut from = Reader::new(bytes);
                let waiting = (PlanId::decode(&mut from)?, from.bytes()?.to_vec());
                if let Some(aside) = self.aside.get_mut(&number.slot()) {
                    aside.waiting.push(waiting);
                }
            }
            Change::Back { number } => drop(self.aside.remove(&number.slot())),
            _ => {}
        }
        Ok(())
    }

    /// As a snapshot holds it.
    pub fn restore_aside(&mut self, number: Number, aside: Aside) {
        self.put_aside(number, aside);
    }
}
