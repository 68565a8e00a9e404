//! Onward: customer journeys as code.
pub mod ast;
pub mod calendar;
pub mod check;
#[cfg(feature = "cli")]
pub mod cli;
pub mod condition;
pub mod diagnostic;
pub mod engine;
#[cfg(feature = "cli")]
pub mod ingest;
pub mod pipeline;
pub mod plan;
pub mod project;
pub mod record;
pub mod scenario;
pub mod schema;
#[cfg(feature = "cli")]
pub mod simulate;
pub mod source;
pub mod syntax;
pub mod template;
pub mod value;
pub mod world;

pub use pipeline::{Compiled, check_project};
pub use project::Project;
