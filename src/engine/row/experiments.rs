//! What a row keeps of experiments: which variants count this customer, and which measures are still open.
//!
//! In: exposures and what is measured. Out: the same, and its bytes. **Invariant:** a measure belongs to a run of the row, live or ended;
//! a customer (or the value after `by`) counts once in a variant, for ever.

use crate::calendar::Instant;

/// What counts once, of one customer; more is not counted.
pub const EXPOSED_MAX: usize = 1_000;

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Experiments {
    /// Open ones, older first.
    pub measures: Vec<Measure>,
    pub exposed: Vec<Exposed>,
}

/// A run came to an experiment, and what it is measured by did not happen yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Measure {
    pub run: u32,
    /// Position in the journey's experiments, of the plan of the run.
    pub experiment: u16,
    pub arm: u16,
    /// Number of the weights that it was drawn with; 0 for those that are written.
    pub weights: u32,
    /// When the customer came to it.
    pub at: Instant,
    /// The last instant that counts.
    pub until: Instant,
}

/// Somebody counts in a variant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exposed {
    /// Stable hash of the experiment's identity.
    pub experiment: u64,
    /// Stable hash of the value after `by`; 0 for the customer.
    pub unit: u64,
    pub arm: u16,
}

impl Experiments {
    pub fn clear(&mut self) {
        self.measures.clear();
        self.exposed.clear();
    }

    pub fn is_empty(&self) -> bool {
        self.measures.is_empty() && self.exposed.is_empty()
    }
}
