//! The one integration binary: every topic is a module.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::disallowed_methods)]

/// A crate root looks for its modules beside itself: this one puts them into `tests/it/`.
mod it {
    #[cfg(feature = "daemon")]
    mod admin;
    #[cfg(feature = "daemon")]
    mod ask;
    #[cfg(feature = "daemon")]
    mod backfill;
    #[cfg(feature = "daemon")]
    mod best_hours;
    mod bounds;
    mod brand;
    mod calendar;
    mod catalog;
    mod channel_callbacks;
    mod channel_faults;
    #[cfg(feature = "daemon")]
    mod channel_given;
    mod channel_guard;
    #[cfg(feature = "daemon")]
    mod channel_mail;
    #[cfg(feature = "daemon")]
    mod channel_mail_settings;
    #[cfg(feature = "daemon")]
    mod channel_mailers;
    mod channel_providers;
    #[cfg(feature = "daemon")]
    mod channel_sandbox;
    #[cfg(feature = "daemon")]
    mod channel_smtp;
    mod channel_vendors;
    #[cfg(feature = "daemon")]
    mod channel_ways;
    mod channel_webhook;
    mod check;
    mod check_journeys;
    mod ci_action;
    mod ci_docs;
    mod ci_formats;
    mod cli;
    mod codec;
    #[cfg(feature = "daemon")]
    mod daemon;
    mod dangers;
    #[cfg(feature = "daemon")]
    mod deploy;
    #[cfg(feature = "daemon")]
    mod dev;
    mod diagnostics;
    mod docs;
    mod editors;
    mod editors_clients;
    mod engine;
    #[cfg(feature = "daemon")]
    mod erasure;
    mod explain_th;
    #[cfg(feature = "daemon")]
    mod faults;
    mod flow;
    mod format;
    mod format_plan;
    #[cfg(feature = "daemon")]
    mod guards;
    mod import;
    mod ingest;
    mod inner_fields;
    #[cfg(feature = "daemon")]
    mod intake_bind;
    #[cfg(feature = "daemon")]
    mod intake_clients;
    #[cfg(feature = "daemon")]
    mod intake_fake;
    #[cfg(feature = "daemon")]
    mod intake_keys;
    #[cfg(feature = "daemon")]
    mod intake_protocols;
    #[cfg(feature = "daemon")]
    mod intake_sockets;
    #[cfg(feature = "daemon")]
    mod intake_tls;
    mod liquid;
    mod locale;
    mod lower;
    mod lsp;
    mod messages;
    mod newcomer;
    #[cfg(feature = "daemon")]
    mod openapi;
    #[cfg(feature = "daemon")]
    mod pages_click;
    #[cfg(feature = "daemon")]
    mod pages_fake;
    #[cfg(feature = "daemon")]
    mod pages_headers;
    #[cfg(feature = "daemon")]
    mod pages_leave;
    #[cfg(feature = "daemon")]
    mod pages_links;
    #[cfg(feature = "daemon")]
    mod pages_sandbox;
    #[cfg(feature = "daemon")]
    mod pages_survey;
    #[cfg(feature = "daemon")]
    mod pages_tokens;
    #[cfg(feature = "daemon")]
    mod pages_web;
    mod plan;
    mod proof;
    mod recipes;
    mod record;
    mod render;
    #[cfg(feature = "daemon")]
    mod replay;
    mod review;
    mod scenario;
    #[cfg(feature = "daemon")]
    mod security;
    mod semantics;
    #[cfg(feature = "daemon")]
    mod serve;
    mod simulate;
    mod simulate_doors;
    mod simulate_experiments;
    mod simulate_notes;
    #[cfg(feature = "daemon")]
    mod store;
    #[cfg(feature = "daemon")]
    mod store_cli;
    #[cfg(feature = "daemon")]
    mod store_export;
    mod syntax;
    mod templates;
    mod tidy;
    #[cfg(feature = "daemon")]
    mod told;
    mod values;
    #[cfg(feature = "daemon")]
    mod works;
}
