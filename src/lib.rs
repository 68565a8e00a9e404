//! Onward: customer journeys as code.
pub mod ast;
pub mod calendar;
pub mod check;
pub mod condition;
pub mod diagnostic;
pub mod engine;
pub mod plan;
pub mod schema;
pub mod source;
pub mod template;
pub mod value;
