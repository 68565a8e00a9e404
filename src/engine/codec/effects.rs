//! Effects as bytes: what the driver still has to do.
//!
//! In: an [`Effect`], or bytes. Out: bytes, or the same. **Invariant:** as in [`super`].

use super::*;
use crate::engine::{CodeDraw, Delivery, Effect, HookCall};

variants! {
    Effect {
        0 Deliver(delivery);
        1 Cancel(key);
        2 CallHook(call);
        3 DrawCode(draw);
        4 Tell(told);
        5 Audience { audience, add };
        6 HandOver(key);
        7 Withdraw(key);
    }
}

standing_alone! {
    Delivery DELIVERY { key journey message channel address language parts }
    HookCall HOOK_CALL { call journey hook args deadline }
    CodeDraw CODE_DRAW { call journey pool deadline }
}
