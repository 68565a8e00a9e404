//! `onward dev`: a project that is watched while somebody writes it.
//!
//! In: a project as it is after each save. Out: what was found, the scenarios that the save touches, a simulation, pictures and messages, on a
//! local page and in the terminal. [`session`] and [`touched`] are pure: no clock, no file, no thread, so that a test drives them without
//! waiting; [`watch`], [`work`] and [`page`] are the edge. **Invariant:** what is shown of a broken project is its last good state, and is
//! marked as such; an answer of an older save never replaces one of a newer.

pub mod page;
pub mod session;
pub mod text;
pub mod touched;
pub mod watch;
pub mod work;

mod show;

/// A file as `onward fmt` lays it out.
fn lay_out(text: &str) -> Result<String, String> {
    crate::format::format_text(text).map(|laid| laid.text).map_err(|why| why.to_string())
}
