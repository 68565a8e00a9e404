//! What the deployment itself has to do and to remember, beside its customers: facts, codes that were given.
//!
//! In: a snapshot's bytes. Out: the same. **Invariant:** what is here and the customers' rows are changed by the same batches, so that neither is
//! ahead of the other after a crash. An older store has nothing of it, and that is what it means.

use super::Core;
use crate::record::{Decode as _, DecodeError, Encode as _, Reader, Writer};
use crate::world::facts::{Counters, Facts};

/// The version of its bytes in a snapshot.
const VERSION: u8 = 1;

/// Works that are open, and how far they are.
#[derive(Debug)]
pub struct Works {
    /// The last tick that was looked at.
    pub(super) ticked: i64,
}

impl Default for Works {
    fn default() -> Works {
        Works { ticked: i64::MIN }
    }
}

impl Core {
    pub(super) fn works_to_bytes(&self) -> Vec<u8> {
        let mut out = Writer::default();
        out.byte(VERSION);
        self.world.counters.encode(&mut out);
        self.world.facts.encode(&mut out);
        self.others.codes.given_to(&mut out);
        out.into_bytes()
    }

    pub(super) fn works_from_bytes(&mut self, bytes: &[u8]) -> Result<(), DecodeError> {
        let mut from = Reader::new(bytes);
        let version = from.byte()?;
        if version != VERSION {
            return Err(from.fault(crate::record::Fault::Newer { section: 0, version, known: VERSION }));
        }
        self.world.counters = Counters::decode(&mut from)?;
        self.world.facts = Facts::decode(&mut from)?;
        self.others.codes.given_from(&mut from)?;
        from.finish()
    }
}
