//! Inputs as bytes.
//!
//! In: an [`Input`], or bytes. Out: bytes, or the same. **Invariant:** as in [`super`].

use super::*;
use crate::engine::{Answer, Input, InputKind, Outcome, Past, Told};

impl Encode for Input {
    fn encode(&self, out: &mut Writer) {
        open(out);
        self.now.encode(out);
        out.boolean(self.id != 0);
        if self.id != 0 {
            out.fixed(self.id as u64);
            out.fixed((self.id >> 64) as u64);
        }
        self.kind.encode(out);
    }
}

impl Decode for Input {
    fn decode(from: &mut Reader<'_>) -> Result<Input, DecodeError> {
        require(from, versioned::INPUT)?;
        let now = Instant::decode(from)?;
        let id = if from.boolean()? { u128::from(from.fixed()?) | (u128::from(from.fixed()?) << 64) } else { 0 };
        Ok(Input { now, id, kind: InputKind::decode(from)? })
    }
}

variants! {
    InputKind {
        0 Event { event, at, fields };
        1 Attributes { at, changes };
        2 Consent { at, topic, subscribed };
        3 Suppress { channel, suppressed };
        4 List { list, on };
        5 Told(told);
        6 Requested { journey, at, args };
        7 Touch;
        8 Outcome { send, result };
        9 Answer { call, answer };
        10 Report { send, verb, at, by_machine, hard };
        11 Ready { send, attempt, doubtful };
        12 Erase;
        13 ItemChanged { catalog, key, at };
        14 Past(past);
    }
    Past {
        0 Event { event, at, fields };
        1 Attributes { at, changes };
        2 Consent { at, topic, subscribed };
    }
    Answer {
        0 Fields(fields);
        1 Code(code);
        2 NoneLeft;
        3 Failed;
        4 Unfit;
    }
}

words! {
    Outcome { 0 Accepted 1 Refused 2 NotSent 3 Unknown }
}

standing_alone! {
    Told TOLD { to from run plan journey step args held_out }
}
