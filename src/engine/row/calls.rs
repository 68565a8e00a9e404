//! What a row keeps of calls to hooks and of draws from pools.
//!
//! In: calls that were made. Out: the same, and its bytes. **Invariant:** an open call belongs to a live run that stands at its step; its
//! deadline is the run's; numbers are never used again, so a late answer cannot settle another call.

use crate::schema::{HookId, PoolId};

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Calls {
    /// How many this customer's runs have made, draws included.
    pub made: u32,
    pub open: Vec<OpenCall>,
    pub draws: Vec<OpenDraw>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenCall {
    /// From 1; with her uid it is the call's identity.
    pub number: u32,
    pub run: u32,
    pub hook: HookId,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenDraw {
    /// Counted with the calls.
    pub number: u32,
    pub run: u32,
    pub pool: PoolId,
}
