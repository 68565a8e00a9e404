//! Onward: customer journeys as code.
pub mod diagnostic;
pub mod source;
