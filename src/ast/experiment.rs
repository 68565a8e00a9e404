//! Experiments.

use super::*;

/// `experiment "coupon" measured by order_completed within 5 days { … }`
#[derive(Debug, Clone)]
pub struct Experiment {
    pub name: Option<TextLit>,
    pub by: Option<PathRef>,
    pub measured_by: Option<Trigger>,
    pub within: Option<Spanned<Duration>>,
    /// Variants and controls, as written; a control is called `control`.
    pub arms: Vec<SplitPath>,
    /// Where `control` is written.
    pub controls: Vec<Place>,
    pub rules: Vec<WinnerRule>,
}

/// How an experiment learns.
#[derive(Debug, Clone)]
pub enum WinnerRule {
    /// `winner when 95% sure after 500 customers in each`
    Winner { sure: Option<Spanned<Decimal>>, each: Option<Spanned<Decimal>>, place: Place },
    /// `adaptive`
    Adaptive(Place),
}

impl WinnerRule {
    pub fn place(&self) -> Place {
        match self {
            WinnerRule::Winner { place, .. } | WinnerRule::Adaptive(place) => *place,
        }
    }
}
