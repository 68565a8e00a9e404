//! The engine, rule by rule: each test is named after a sentence of what a journey means.

mod harness;

mod calendar;
mod entering;
mod limits;
mod order;
mod runs;
mod sending;
mod stored;
mod waiting;
