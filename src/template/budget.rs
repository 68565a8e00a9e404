//! What one rendering may use up.
//!
//! In: charges. Out: whether they are allowed. **Invariant:** a charge comes before the work that it pays for; nothing is ever given back.

use std::cell::Cell;

/// Limits of one rendering.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Tags, values and filters, and parts of lists that filters look at.
    pub steps: u32,
    /// Rounds of all loops together.
    pub rounds: u32,
    /// Bytes of everything that filters and captures make on the way.
    pub live_bytes: usize,
    /// Bytes that come out.
    pub output_bytes: usize,
}

impl Limits {
    /// What a message gets.
    pub const MESSAGE: Limits = Limits { steps: 50_000, rounds: 10_000, live_bytes: 8 << 20, output_bytes: 1 << 20 };
}

/// The limit that was met.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Spent {
    #[error("it takes more than {0} steps")]
    Steps(u32),
    #[error("its loops take more than {0} rounds")]
    Rounds(u32),
    #[error("it needs more than {0} bytes on the way")]
    LiveBytes(usize),
    #[error("the content is larger than {0} bytes")]
    OutputBytes(usize),
}

/// What is left.
#[derive(Debug)]
pub struct Budget {
    limits: Limits,
    steps: Cell<u32>,
    rounds: Cell<u32>,
    live_bytes: Cell<usize>,
}

impl Budget {
    pub fn new(limits: Limits) -> Budget {
        Budget { limits, steps: Cell::new(0), rounds: Cell::new(0), live_bytes: Cell::new(0) }
    }

    pub fn limits(&self) -> Limits {
        self.limits
    }

    /// One step.
    pub fn step(&self) -> Result<(), Spent> {
        self.steps(1)
    }

    /// As many steps as a list has parts.
    pub fn steps(&self, count: usize) -> Result<(), Spent> {
        let steps = self.steps.get().saturating_add(u32::try_from(count).unwrap_or(u32::MAX));
        self.steps.set(steps);
        if steps > self.limits.steps { Err(Spent::Steps(self.limits.steps)) } else { Ok(()) }
    }

    /// One round of a loop.
    pub fn round(&self) -> Result<(), Spent> {
        let rounds = self.rounds.get() + 1;
        self.rounds.set(rounds);
        if rounds > self.limits.rounds { Err(Spent::Rounds(self.limits.rounds)) } else { Ok(()) }
    }

    /// A text or list of so many bytes is about to be made.
    pub fn bytes(&self, count: usize) -> Result<(), Spent> {
        let bytes = self.live_bytes.get().saturating_add(count);
        self.live_bytes.set(bytes);
        if bytes > self.limits.live_bytes { Err(Spent::LiveBytes(self.limits.live_bytes)) } else { Ok(()) }
    }
}
