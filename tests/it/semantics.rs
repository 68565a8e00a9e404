//! What a journey means: for each rule of the language's meaning a test that is named by it.
//!
//! A test reads like the rule: a journey, what happens to one customer, and what came of it, line by line.

mod caps;
mod chance;
mod codes;
mod dates;
mod ends;
mod erase;
mod experiments;
mod handover;
mod harness;
mod hooks;
mod merge;
mod order;
mod quiet_hours;
mod runs;
mod segments;
mod sending;
mod time;
mod versions;
mod waits;
mod whole;
