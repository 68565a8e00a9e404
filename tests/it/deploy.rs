//! What an edit would change, and what it changes: over a core without threads, with every kind of edit.

mod applied;
mod binary;
mod compared;
mod forecast;
mod together;
