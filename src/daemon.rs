//! The daemon: real events in, real messages out.
//!
//! In: a project, a store, sockets, a clock. Out: answers, messages, records. **Invariant:** nothing leaves before the write that decided it
//! is durable: a `2xx` means that every item reported accepted is on disk; what is decided is decided by [`crate::engine`] alone, the same
//! that simulates. This file holds the words in which its rooms speak with each other.

pub mod admin;
pub mod arrival;
pub mod audit;
pub mod backfill;
pub mod bind;
pub mod clock;
pub mod core;
pub mod desk;
pub mod dispatch;
pub mod hearing;
pub mod http;
pub mod import;
pub mod intake;
pub mod keeper;
pub mod keys;
pub mod own_links;
pub mod pages;
pub mod runner;
pub mod sample;
pub mod sealing;
pub mod serve;
pub mod settings;
pub mod stock;
pub mod tables;
pub mod tokens;
pub mod told;
pub mod ways;

use crate::channel::{Envelope, Report, Task};
use crate::value::Value;
use arrival::Arrival;
use std::time::Duration;

/// A customer within a store: assigned once, never used again; tells nothing about her.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CustomerNo(pub u64);

/// Too much is under way, or the disk is nearly full: nothing was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Busy {
    pub retry_after: Duration,
    /// The way back is not only a matter of moments (`503` instead of `429`).
    pub out_of_room: bool,
}

/// What became of one item; durable when it is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Taken {
    Accepted,
    /// Known already: it counts once.
    Duplicate,
    /// It will never be handled; it stands on the dead-letter list with this reason.
    Refused(String),
}

/// Where everything that arrives goes in. One answer per item, in their order.
pub trait Intake: Send + Sync {
    fn take(&self, arrivals: Vec<Arrival>) -> Task<'_, Result<Vec<Taken>, Busy>>;
    /// An item that cannot even be read, for the dead-letter list: as it came (cut to 32 KiB), and why. Durable when it returns.
    fn bury(&self, source: &str, item: String, reason: String) -> Task<'_, Result<(), Busy>>;
}

/// What the pages ask, and what people say on them.
pub trait Desk: Send + Sync {
    /// Everything the preference centre shows; `None` for somebody who is not there (any more).
    fn reader(&self, customer: CustomerNo) -> Task<'_, Option<Reader>>;
    /// What somebody said on a page of ours. Durable when it returns.
    fn tell(&self, customer: CustomerNo, said: Vec<Said>) -> Task<'_, Result<(), Busy>>;
    /// What providers report, and clicks and opens that we saw ourselves. Durable when it returns; what is about nobody is counted.
    fn report(&self, reports: Vec<Report>) -> Task<'_, Result<(), Busy>>;
    /// A message as it left, while it is kept (30 days).
    fn message(&self, id: &str) -> Task<'_, Option<(CustomerNo, Envelope)>>;
    /// What is to be shown on the web channels for this visitor now, the highest priority first; nobody known is shown nothing.
    fn showing(&self, visitor: Vec<arrival::Identifier>) -> Task<'_, Vec<Envelope>>;
}

/// A customer as the preference centre sees her.
#[derive(Debug, Clone, PartialEq)]
pub struct Reader {
    /// Her language where the project has a language field: `th`.
    pub language: Option<String>,
    /// Languages that the project writes in; empty where it has no language field.
    pub languages: Vec<String>,
    /// Topics that may be left, in the order of the project: name, title for people, whether she is subscribed.
    pub topics: Vec<TopicOf>,
    /// Channels on which she can be reached: name, whether it is suppressed.
    pub channels: Vec<ChannelOf>,
    /// The project's name, for the head of the page.
    pub project: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicOf {
    pub name: String,
    pub title: String,
    pub subscribed: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChannelOf {
    pub name: String,
    pub title: String,
    pub suppressed: bool,
}

/// What somebody says on a page.
#[derive(Debug, Clone, PartialEq)]
pub enum Said {
    Subscribe {
        topic: String,
        yes: bool,
    },
    /// Everything that can be left.
    LeaveAll,
    Suppress {
        channel: String,
        yes: bool,
    },
    Language(String),
    /// An answer to a survey, by the message that asked: a field of the survey and what was said.
    Answer {
        survey: String,
        message: String,
        answers: Vec<(String, Value)>,
    },
    /// A double opt-in is confirmed.
    Confirm {
        topic: String,
    },
}
