//! Onward: customer journeys as code.
pub mod ast;
pub mod calendar;
pub mod diagnostic;
pub mod source;
pub mod value;
