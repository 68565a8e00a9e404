//! The one integration binary: every topic is a module.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::disallowed_methods)]

/// A crate root looks for its modules beside itself: this one puts them into `tests/it/`.
mod it {
    mod calendar;
    mod ingest;
    mod check_journeys;
    mod record;
    mod values;
    mod cli;
    mod diagnostics;
    mod lower;
    mod plan;
    mod syntax;
    mod tidy;
}
