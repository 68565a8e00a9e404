//! Onward: customer journeys as code. A language for the conversations that a company has with its customers, and the engine that runs them.
//!
//! From text to result there are four representations, each made from the one before and ignorant of the ones after:
//!
//! ```text
//! text ──syntax──▶ SyntaxTree ──ast──▶ ast::File ──check──▶ Checked ──plan──▶ Plan ──engine──▶ records, effects
//!      exact, byte for byte    shape, places    resolved, typed   flat, numbered   one customer
//! ```
//!
//! [`check_project`] goes the whole way from a [`Project`] to a [`Plan`](plan::Plan) in one call; a test, an editor or the command need
//! no more. Two drivers run plans on virtual time: [`scenario`] plays stories, `simulate` a log of what really happened.
//!
//! | where | what |
//! |---|---|
//! | [`source`], [`diagnostic`] | files and places; findings, their codes, explanations and renderings |
//! | [`value`], [`calendar`] | exact decimals, types, normal forms; instants, zones, calendar steps |
//! | [`format`](mod@format) | the one layout of files, proved at every run |
//! | [`syntax`], [`ast`] | the lossless tree with recovery; what was written, nothing resolved |
//! | [`schema`], [`condition`], [`template`] | what a project declares, numbered; typed conditions; message texts |
//! | [`check`], [`plan`] | everything that can be known before a message is sent; what is executed |
//! | [`engine`], [`world`], [`record`] | one customer's machine; what customers share; the codec of everything durable |
//! | [`preview`] | what a customer would see of a message |
//! | [`project`], [`pipeline`] | the files that belong together; all stages in one call |
//! | [`scenario`], `ingest`, `simulate` | stories with an expected end; event logs; a project over a log |
//! | `review` | what an edit changes, for who reviews it |
//! | `store` | bytes that are still there after power was lost: log, snapshots, archive, keys |
//! | `channel`, `daemon` | how messages leave the house; real events in, real messages out |
//! | `lsp` | what an editor asks while journeys are typed |
//! | `dev` | a project watched while it is written: a local page, scenarios, a simulation |
//! | `cli` | the `onward` command: terminal, files, threads |
//!
//! What holds everywhere: passes over the language return a result **and** findings and never stop at the first error; one mistake gives
//! one message; the engine reads no clock, disk, network or random source; no result depends on the order of a hash map or on a number of
//! threads; everything has a limit with a name. Who may import whom is in `docs/architecture.md`, and a test holds it.

pub mod ast;
pub mod calendar;
#[cfg(feature = "daemon")]
pub mod channel;
pub mod check;
#[cfg(feature = "cli")]
pub mod cli;
pub mod condition;
#[cfg(feature = "daemon")]
pub mod daemon;
#[cfg(feature = "daemon")]
pub mod dev;
pub mod diagnostic;
pub mod engine;
pub mod format;
#[cfg(feature = "cli")]
pub mod ingest;
pub mod locale;
#[cfg(feature = "cli")]
pub mod lsp;
pub mod pipeline;
pub mod plan;
pub mod preview;
pub mod project;
pub mod record;
#[cfg(feature = "cli")]
pub mod review;
pub mod scenario;
pub mod schema;
#[cfg(feature = "daemon")]
pub mod shard;
#[cfg(feature = "cli")]
pub mod simulate;
pub mod source;
#[cfg(feature = "daemon")]
pub mod store;
pub mod syntax;
pub mod template;
pub mod value;
pub mod world;

pub use pipeline::{Compiled, check_project};
pub use project::Project;
