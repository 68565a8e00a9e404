//! Event logs: from files of rows to inputs of customers.
//!
//! In: `onward.toml` ([`config`]), the project's [`Schema`](crate::schema::Schema), files of rows (CSV or JSON Lines, plain, gzip or
//! zstd). Out: typed events in one order ([`merge`]), and every row that was refused, counted by reason with examples ([`Refusals`]).
//! **Invariant:** no row vanishes: it becomes an event or is counted with a reason; what a row becomes depends on that row and the
//! mapping only. Memory does not grow with the number of rows. Knows nothing of journeys, plans or customers' state.

pub mod catalogs;
pub mod codes;
pub mod config;
pub mod customers;
pub mod hooks;
pub mod import;
pub mod mapping;
pub mod merge;
pub mod problem;
pub mod refusal;
pub mod rows;
pub mod shape;
pub mod toml_walk;

pub use config::Config;
pub use refusal::{Reason, Refusals};
