//! Channels: how a message leaves the house, one file per adapter, and the contract of the hand-over.
//!
//! In: an [`Envelope`], frozen at its claim. Out: a [`Verdict`]. **Invariant:** an adapter that cannot be asked again with a key opens the
//! [`Gate`] before the first byte that a provider could act on: what fails before it is surely not sent, what fails behind it is unknown,
//! and an adapter never guesses between the two. Knows no customer, no plan and no store.

pub mod callback;
pub mod clock;
pub mod fcm;
pub mod file;
pub mod guard;
pub mod http;
pub mod line;
pub mod mail;
pub mod pace;
pub mod retry;
pub mod sandbox;
pub mod secret;
pub mod sendgrid;
pub mod ses;
pub mod setup;
pub mod signing;
pub mod slack;
pub mod smtp;
pub mod twilio;
pub mod webhook;
pub mod whatsapp;

use crate::calendar::Instant;
use crate::schema::ChannelKind;
use std::fmt::Debug;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

/// A future behind a trait object.
pub type Task<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// One message as it leaves. All its attempts carry the same.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Envelope {
    /// The message's identity: stable over attempts and restarts, without personal data, at most 64 characters of `0-9a-z-`. The
    /// idempotency key at the provider, and what its reports come back with.
    pub id: String,
    /// The channel by its name in the project, and what kind it is.
    pub channel: String,
    pub kind: ChannelKind,
    /// The contact; for a team its name.
    pub address: String,
    /// As in the variant: `th`; empty where the message has no languages.
    pub language: String,
    /// Rendered, in the variant's order: `subject`, `html`, `text`, …
    pub parts: Vec<(String, String)>,
    /// Names in the project, for tags and logs.
    pub topic: String,
    pub message: String,
    pub journey: String,
    /// Neither consent nor caps were asked.
    pub transactional: bool,
    pub links: Links,
    /// From 1.
    pub attempt: u32,
}

impl Envelope {
    /// A part by its name; empty where the message has none.
    pub fn part(&self, name: &str) -> &str {
        self.parts.iter().find(|(part, _)| part == name).map_or("", |(_, text)| text.as_str())
    }
}

/// Pages of ours that belong to this very message; `None` where the deployment has no public address.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Links {
    /// A page, and for one-click (RFC 8058) a POST to the same address.
    pub unsubscribe: Option<String>,
    pub view: Option<String>,
    /// A picture that tells that the mail was opened; only where the deployment wants it.
    pub open: Option<String>,
    /// Where a provider reports to, where that is said per message.
    pub report: Option<String>,
}

/// What became of one attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The provider has taken it over; also when it says that it already had.
    Accepted {
        /// Its own id for it, for reports that carry nothing of ours.
        provider_id: Option<String>,
    },
    /// A definite no: another attempt would get the same.
    Refused {
        /// For people, without personal data.
        reason: String,
        /// The address is not to be written to again.
        suppress: bool,
    },
    /// Surely nothing left: to be tried again.
    NotSent { reason: String, retry_after: Option<Duration> },
    /// It may have left or not.
    Unknown { reason: String },
    /// The gate was closed: between the claim and the hand-over something decided that it must not leave.
    Withdrawn,
}

/// Stands before the first byte that a provider could act on. The core records the hand-over, durably, and says whether it may still happen.
pub trait Gate: Send + Sync {
    fn open(&self) -> Task<'_, Result<(), Closed>>;
}

/// It must not leave any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Closed;

/// One way out. Adapters bound their own connections and times: a call ends within [`ATTEMPT_MAX`].
pub trait Adapter: Send + Sync + Debug {
    /// For logs and figures: `smtp`, `twilio`.
    fn name(&self) -> &'static str;

    /// How long the provider knows a message by its identity, so that the same one can be handed over again without a second delivery.
    /// `None`: it does not, and the gate decides. With a key the gate is opened before the adapter is asked.
    fn remembers(&self) -> Option<Duration> {
        None
    }

    fn hand_over<'a>(&'a self, envelope: &'a Envelope, gate: &'a dyn Gate) -> Task<'a, Verdict>;
}

/// The longest that one attempt may take.
pub const ATTEMPT_MAX: Duration = Duration::from_secs(60);

/// What a provider tells later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The provider's id of this report: it counts once.
    pub id: Option<String>,
    pub about: About,
    pub what: Reported,
    /// When it happened, where the provider says it.
    pub at: Option<Instant>,
}

/// Which message, or which contact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum About {
    /// [`Envelope::id`]
    Message(String),
    /// The provider's own id of the message, by the adapter's name.
    Provider(&'static str, String),
    /// A contact on channels of this kind, whatever was sent: `STOP`, a block.
    Address(ChannelKind, String),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reported {
    Delivered,
    /// It was in front of her eyes: shown by the web channel, or read, where a provider tells so.
    Seen,
    /// She closed it: it is not to be shown again.
    Dismissed,
    /// `by_machine`: a scanner or a proxy, not a person, as far as the provider can tell.
    Opened {
        by_machine: bool,
    },
    Clicked {
        url: Option<String>,
        by_machine: bool,
    },
    /// `hard`: the address does not exist; it is suppressed.
    Bounced {
        hard: bool,
    },
    /// The provider took it, and says now that it did not go out.
    Failed,
    Complained,
    Replied(String),
    Unsubscribed,
    /// The contact wants nothing on this channel any more; or again.
    Suppressed(bool),
}

/// A request that a provider made to us, as it came.
#[derive(Debug, Clone, Copy)]
pub struct Incoming<'a> {
    /// The address that the provider called, as it knows it: signatures cover it.
    pub url: &'a str,
    /// Names in lower case.
    pub headers: &'a [(String, String)],
    pub body: &'a [u8],
    pub now: Instant,
}

impl Incoming<'_> {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(header, _)| header == name).map(|(_, value)| value.as_str())
    }
}

/// What a provider's request means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    Reports(Vec<Report>),
    /// The provider only wants to hear this back (a handshake).
    Echo(String),
    /// The provider wants this address visited once (a handshake of SNS); the adapter has checked whose it is.
    Visit(String),
}

/// Why a request is not believed. The answer is 401 with nothing in it; this is for the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disbelief(pub String);

/// The other direction of an adapter: reports of one provider. Verified on the raw body, in constant time, not older than 5 minutes where the
/// provider signs a time.
pub trait Callback: Send + Sync + Debug {
    /// The last part of its address: `twilio` for `/callbacks/twilio`.
    fn name(&self) -> &'static str;
    /// Fetches what is needed to judge the request (a certificate); called before [`Callback::hear`], which disbelieves where it is missing.
    fn prepare<'a>(&'a self, _request: &'a Incoming<'a>) -> Task<'a, ()> {
        Box::pin(std::future::ready(()))
    }
    fn hear(&self, request: &Incoming<'_>) -> Result<Heard, Disbelief>;
}
