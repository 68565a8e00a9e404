//! What a journey means: for each rule of the language's meaning a test that is named by it.
//!
//! A test reads like the rule: a journey, what happens to one customer, and what came of it, line by line.

mod chance;
mod harness;
mod order;
mod runs;
mod segments;
mod sending;
mod time;
mod whole;
