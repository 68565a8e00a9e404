//! One customer's machine: pure and deterministic.
//!
//! In: the world as this customer sees it ([`World`]), her row ([`row::Customer`]), one [`Input`] with its handling time. Out: the row
//! changed in place, and an [`Output`]: effects that the driver carries out after the row is durable, records of every decision, and the
//! next instant at which anything is due. **Invariant:** no clock, disk, network, thread or random source; the same four give the same
//! result byte for byte; `handle` is total: bad input is a record, never an error. Knows plans only, no source text.

mod agenda;
pub mod answers;
mod arms;
pub mod backfill;
mod calls;
mod caps;
pub mod catalogs;
mod codec;
mod concerns;
mod consent;
pub mod contact;
mod dates;
pub mod door;
mod draw;
mod draws;
mod entries;
mod erase;
pub mod evaluate;
mod exits;
mod gate;
pub mod given;
mod goals;
mod handle;
mod handover;
pub mod history;
pub mod index;
mod items;
mod measures;
mod members;
mod merge;
mod order;
mod others;
pub mod past;
mod reports;
pub mod row;
mod runs;
mod scores;
mod segments;
mod sending;
mod size;
mod step;
mod turn;
pub mod versions;
mod waits;
mod watching;

pub(crate) use calls::fits;
pub use handle::handle;
pub use index::{Loaded, PlanId};
pub use merge::merge;
pub use past::Past;
pub(crate) use sending::{is_markup, is_one_line};

use crate::calendar::{Instant, Zone};
use crate::plan::{BasisPoints, Plan};
use crate::schema::{
    AudienceId, CatalogId, ChannelId, EventId, FieldId, HookId, JourneyId, ListId, MessageId, MessageVerb, PoolId, SegmentId, SendId,
    StepIx, TopicId,
};
use crate::value::{Text, Value};
use std::sync::Arc;

/// Steps that one input may take in all, so that no plan can hold a worker.
pub const STEPS_MAX: u32 = 10_000;
/// Inputs that steps cause within one input.
pub const CHAIN_MAX: u32 = 100;
/// Live runs of one customer.
pub const RUNS_MAX: usize = 1_000;
/// Encoded size of a row, bytes; see `size`.
pub const ROW_BYTES_MAX: usize = 1 << 20;
/// How late something may be handled and still count as handled when it was due, ms.
pub const LATENESS_MS: i64 = 60_000;
/// Days for which a message id counts once.
pub const DEDUPE_DAYS: i64 = 30;

/// What all customers share, as `handle` sees it; the world, a scenario and a simulation each have one.
pub trait World {
    /// The plan that new runs start on, with its index.
    fn active(&self) -> &Loaded;
    /// The plan that a live run is pinned to: an older one as [`Loaded::pinned`] gives it. A run whose plan is not there stands still.
    fn pinned(&self, id: PlanId) -> Option<&Loaded> {
        Some(self.active()).filter(|loaded| loaded.id == id)
    }
    /// Number of this state of the world.
    fn number(&self) -> u64 {
        0
    }
    /// What the catalogs hold; nothing where there are none.
    fn catalogs(&self) -> &dyn catalogs::Catalogs {
        &catalogs::Empty
    }
    /// Settings of the deployment.
    fn limits(&self) -> &Limits;
    /// Whether time between a due instant and its handling was really lost: what is handled more than [`LATENESS_MS`] late then counts
    /// when it is handled. On virtual time (scenarios, simulations) everything counts when it was due, whenever the driver asks.
    fn loses_time(&self) -> bool {
        false
    }
    /// Whether a journey's cap on entries (`at most 500 entries in 1 day`), which is shared by all customers, leaves room. `taken`: how
    /// many of them this input has used already.
    fn entry_room(&self, _journey: JourneyId, _at: Instant, _taken: usize) -> Room {
        Room::Free
    }
    /// The shares of an experiment that hold at this instant, where they are not those that are written. What is shared changes at whole
    /// ticks only, so this is the same for every input of a tick.
    fn weights(&self, _identity: &str, _at: Instant) -> Option<&Weights> {
        None
    }
    /// By local hour, how often everybody answers on these channels (on any where none is named); `None` where nobody has counted. Changes at whole ticks only.
    fn answers_by_hour(&self, _channels: &[ChannelId], _at: Instant) -> Option<&answers::Hours> {
        None
    }
    /// A plan that is to become active once its histories are read back.
    fn building(&self) -> Option<&backfill::Building> {
        None
    }
    /// Whether the deployment holds a journey back by its name (numbers differ between plans), or what goes out by a channel: nothing of
    /// it is claimed or handed over, and where no channel is asked about, nobody enters. Waits go on.
    fn paused(&self, _journey: &str, _channel: Option<&str>) -> bool {
        false
    }
    /// Whether nothing at all may leave.
    fn on_hold(&self) -> bool {
        false
    }
    /// Forces a draw: the index of the path of a split, or `Some(1)`/`Some(0)` for held out or not. Scenarios pin with it.
    fn pinned_draw(&self, _identity: &str) -> Option<u16> {
        None
    }
}

/// What a cap on entries, which is shared by all customers, says to one who comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Room {
    Free,
    /// From then on, for her: she waits so long, and a place is kept for her.
    From(Instant),
    /// And the cap says `then skip`.
    Full,
}

/// Shares of an experiment's arms, as they were decided over all customers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Weights {
    /// From 1; what is written is 0.
    pub number: u32,
    /// By arm; together 10,000.
    pub shares: Vec<BasisPoints>,
}

/// Settings from `onward.toml` that decide about single customers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// An event older than that starts no journey unless it accepts late ones, ms.
    pub event_age_ms_max: i64,
    /// A message later than that through an outage or a pause is skipped, ms.
    pub late_ms_max: i64,
    /// Salt of every random choice of this project.
    pub salt: Text,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { event_age_ms_max: 48 * 3_600_000, late_ms_max: 6 * 3_600_000, salt: Text::default() }
    }
}

/// One thing that happens to a customer, with its place in the order.
#[derive(Debug, Clone, PartialEq)]
pub struct Input {
    /// Handling time: arrival, never before this customer's previous input (the engine raises it to the row's clock if it is).
    pub now: Instant,
    /// Hash of (source, message id); counts once. 0 for none.
    pub id: u128,
    pub kind: InputKind,
}

#[derive(Debug, Clone, PartialEq)]
pub enum InputKind {
    /// A declared event. `fields` by position in the event, already of the declared types, defaults applied.
    Event { event: EventId, at: Instant, fields: Arc<[Value]> },
    /// Attributes: newest wins by own time, one by one.
    Attributes { at: Instant, changes: Vec<(FieldId, Value)> },
    /// Consent given or withdrawn.
    Consent { at: Instant, topic: TopicId, subscribed: bool },
    /// An address of hers is suppressed (or released) on a channel.
    Suppress { channel: ChannelId, suppressed: bool },
    /// On a list, or not any more.
    List { list: ListId, on: bool },
    /// Another customer's journey sends her a message.
    Told(Box<Told>),
    /// `enter when requested`
    Requested { journey: JourneyId, at: Instant, args: Vec<Value> },
    /// Something is due.
    Touch,
    /// The worker that was given this message is connected and would send it now. Answered with [`Effect::HandOver`] or
    /// [`Effect::Withdraw`]. Attempts are numbered from 1 and go up.
    Ready {
        send: SendKey,
        attempt: u32,
        /// An earlier try may have left: the provider will be asked again with the same key.
        doubtful: bool,
    },
    /// What became of a hand-over.
    Outcome { send: SendKey, result: Outcome },
    /// What became of a call to a hook, or of a draw from a pool, by its number within the customer.
    Answer { call: u32, answer: Answer },
    /// An item of a catalog came, changed or went at that instant, which nobody knew before. What of hers reads it is due then.
    ItemChanged { catalog: CatalogId, key: Text, at: Instant },
    /// An event, attributes or a consent of before, which is kept and starts nothing.
    Past(Past),
    /// She is to be forgotten.
    Erase,
    /// A provider's report on a message.
    Report { send: SendKey, verb: MessageVerb, at: Instant, by_machine: bool, hard: bool },
}

/// A message of one customer's run to another customer. Her consent, contact, caps and quiet hours decide about it.
#[derive(Debug, Clone, PartialEq)]
pub struct Told {
    pub to: Text,
    pub from: Text,
    /// The run of the one who sends.
    pub run: u32,
    /// The plan, and where the send stands in it.
    pub plan: PlanId,
    pub journey: JourneyId,
    pub step: StepIx,
    /// By position of the message's parameters, as they were when it was sent.
    pub args: Vec<Value>,
    pub held_out: bool,
}

/// Identity of one message: unique within the customer, stable over retries, and (with her uid) the provider's idempotency key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SendKey {
    pub run: u32,
    pub send: SendId,
    /// Which visit of the step, from 0.
    pub visit: u32,
    pub channel: ChannelId,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Accepted,
    /// A definite no.
    Refused,
    /// Surely nothing left; after the retries.
    NotSent,
    Unknown,
}

/// What one input led to. Reused between inputs: `clear` keeps the memory.
#[derive(Debug, Default)]
pub struct Output {
    pub effects: Vec<Effect>,
    pub records: Vec<Record>,
    /// Earliest instant at which anything is due; `NEVER` for none. It may equal the input's own instant: what is due at exactly that
    /// instant comes after every input of it, so the driver sends a [`InputKind::Touch`] once it has no more inputs for it.
    pub wake: Instant,
    /// Memory that `handle` uses again.
    scratch: turn::Scratch,
}

impl Output {
    pub fn clear(&mut self) {
        self.effects.clear();
        self.records.clear();
        self.wake = Instant::NEVER;
    }
}

#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Hand this message over. The driver answers with an `Outcome`; where it does so in two steps, with [`InputKind::Ready`] before.
    Deliver(Delivery),
    /// Send what was claimed, now.
    HandOver(SendKey),
    /// What was claimed must not be sent any more.
    Withdraw(SendKey),
    /// Withdraw what was planned and not handed over, or a banner that is still shown.
    Cancel(SendKey),
    /// Ask a service of the house. The driver answers with an [`InputKind::Answer`], or never.
    CallHook(HookCall),
    /// Give a code of a pool. The driver answers with an [`InputKind::Answer`], or never; it never gives a code twice.
    DrawCode(CodeDraw),
    /// A message to another customer: an input of hers.
    Tell(Box<Told>),
    /// Into an audience at an advertising network, or out of it.
    Audience { audience: AudienceId, add: bool },
}

/// A question to a hook.
#[derive(Debug, Clone, PartialEq)]
pub struct HookCall {
    /// From 1; with the customer's uid it is the call's identity.
    pub call: u32,
    pub journey: JourneyId,
    pub hook: HookId,
    /// By position of the hook's parameters.
    pub args: Vec<Value>,
    /// What comes later is not waited for.
    pub deadline: Instant,
}

/// A wish for a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CodeDraw {
    /// Counted with the calls to hooks; with the customer's uid it is the draw's identity: asked again, the same code is given.
    pub call: u32,
    pub journey: JourneyId,
    pub pool: PoolId,
    /// What comes later is not waited for.
    pub deadline: Instant,
}

/// What a hook said, or a pool gave.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// By position in its answers, of the declared types.
    Fields(Arc<[Value]>),
    /// Of a pool.
    Code(Text),
    /// The pool is empty.
    NoneLeft,
    /// It could not be asked, or said that it failed.
    Failed,
    /// It said something that does not have the declared types.
    Unfit,
}

/// Why a call or a draw took its `otherwise`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NoAnswer {
    /// Its time was over.
    TimedOut,
    Failed,
    Unfit,
    NoneLeft,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Delivery {
    pub key: SendKey,
    pub journey: JourneyId,
    pub message: MessageId,
    pub channel: ChannelId,
    /// The contact; empty for `customer.id` channels and teams, and where [`Attention::render`] says that nobody looks.
    pub address: Text,
    pub language: Text,
    /// Rendered parts in the variant's order. Empty where [`Attention::render`] says that nobody looks.
    pub parts: Vec<(Text, String)>,
}

/// A decision, for reports, timelines and "why".
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// When it counts as decided.
    pub at: Instant,
    pub journey: Option<JourneyId>,
    /// Number of the run within the customer; 0 for none.
    pub run: u32,
    pub step: Option<StepIx>,
    pub kind: RecordKind,
}

#[derive(Debug, Clone, PartialEq)]
pub enum RecordKind {
    Entered {
        entry: u16,
        held_out: bool,
    },
    NotEntered(NotEntered),
    /// A cap on entries is full: she is let in then, unless the journey turns out not to be for her.
    AtTheDoor {
        until: Instant,
    },
    /// She is let in from the door: she enters.
    LetIn,
    /// The run is over: every run that entered gets exactly one.
    Ended(Ending),
    /// Goal number, reached by an event of that own time.
    GoalReached {
        goal: u16,
        at: Instant,
        /// The run is.
        held_out: bool,
    },
    /// A step was begun.
    Reached,
    /// `while running restart|update entry` happened.
    Restarted,
    EntryUpdated,
    /// A wait began; until when it lasts unless something comes first.
    Waiting {
        until: Instant,
    },
    /// An arm of the wait or branch was taken: its position, or `None` for otherwise / the deadline.
    Took {
        arm: Option<u16>,
    },
    /// A path of a split was drawn.
    Drew {
        path: u16,
    },
    /// A hook is asked; it answered; it did not, or nothing that could be used.
    Called(HookId),
    Answered(HookId),
    NotAnswered(HookId, NoAnswer),
    /// A code is asked for; it was given; there was none.
    AskedForCode(PoolId),
    GotCode(PoolId, Text),
    GotNoCode(PoolId, NoAnswer),
    /// A customer counts in an arm of an experiment from now on, until that instant included. `experiment` is its position in the journey.
    Exposed {
        experiment: u16,
        arm: u16,
        weights: u32,
        until: Instant,
    },
    /// What an experiment is measured by happened, at that own time; the rest as in [`RecordKind::Exposed`].
    Measured {
        experiment: u16,
        arm: u16,
        weights: u32,
        until: Instant,
        at: Instant,
    },
    Message {
        key: SendKey,
        message: MessageId,
        decision: Decision,
    },
    /// A provider's report moved a message on.
    Reported {
        key: SendKey,
        message: MessageId,
        verb: MessageVerb,
        by_machine: bool,
    },
    Joined(SegmentId),
    Left(SegmentId),
    Changed(FieldId),
    Subscribed(TopicId),
    Unsubscribed(TopicId),
    /// `add to audience`; held back where the run is held out.
    Audience {
        audience: AudienceId,
        add: bool,
        held_out: bool,
    },
    /// A message was passed on to another customer; what becomes of it is recorded of her.
    Told(MessageId),
    /// A message of another customer's run came in, under the number of this record.
    TakenFrom {
        run: u32,
    },
    /// A `collect` took the event.
    Collected,
    /// `suppress`
    Suppressed(ChannelId),
    Emitted(EventId),
    Started(JourneyId),
    /// Somebody else turned out to be her; by how much the numbers of that one's runs and calls moved.
    Merged {
        uid: Text,
        runs: u32,
        calls: u32,
    },
    /// The run goes on in the version that is active now: `when edited continue in the new version`.
    Moved,
    /// An input that was known already.
    Duplicate,
    /// Another body under a known id.
    Conflict,
    /// An event that came later than something this customer already did.
    Late,
    /// A chain of more than [`CHAIN_MAX`] was cut.
    ChainCut,
    /// A limit of the row was met; what was to begin did not.
    LimitMet(&'static str),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NotEntered {
    /// `where` did not hold. Recorded only where somebody looks.
    Condition,
    AlreadyRunning,
    EnteredBefore,
    TooSoon,
    NoKey,
    TooLate,
    /// An exit later than the begin was already known.
    AlreadyOver,
    /// `exit when` held or `only while` did not.
    NotForHer,
    OutsidePeriod,
    Capped,
    Past,
    TooManyRuns,
    /// The journey is.
    Paused,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Ending {
    /// The last step was done.
    Completed,
    /// An `exit` step; the step says which.
    ExitStep,
    /// `goal … then exit`, by number.
    Goal(u16),
    /// `exit on`, by number.
    ExitOn(u16),
    /// `exit when`, by number.
    ExitWhen(u16),
    /// `only while`, by number.
    OnlyWhile(u16),
    Restarted,
    /// `runs … to` was over.
    Over,
    /// `or exit if past|missing|not sent`, `let … or exit if missing`.
    OrExit,
    /// A cap's `then exit`.
    Capped,
    Erased,
    Merged,
    /// A limit was met.
    Limit,
    /// Its step is gone in a newer version, and people decided that it ends.
    Removed,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Decision {
    Planned,
    /// Accepted by the provider.
    Sent,
    Skipped(Skip),
    Deferred {
        until: Instant,
        because: Deferral,
    },
    Failed,
    Unknown,
    HeldOut,
    /// Claimed and called back before it was handed over; what was only planned is skipped, because the run ended.
    Cancelled,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Skip {
    NoConsent,
    Suppressed,
    NoContact,
    InvalidContact,
    /// By which cap: position in the policy, or (journey's) 1,000 + position.
    Capped(u16),
    QuietHours,
    NotForHer,
    /// `skip when`, by number in the message.
    Refused(u16),
    ContentLimit,
    /// It is about an item that is not in its catalog any more.
    ItemGone,
    Paused,
    Expired,
    RunEnded,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Deferral {
    QuietHours,
    Capped(u16),
    Rate,
    Paused,
}

/// What the driver wants of the output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Attention {
    /// Render messages (otherwise only what decides: whether content fits its limits is then not known).
    pub render: bool,
    /// Record also what is only of interest for one customer's timeline (conditions that did not hold, waits, joins, changes, lateness).
    /// Steps that are reached are always recorded, but those that only lead the flow.
    pub detail: bool,
    /// Nobody answers for the providers: what is handed over counts as accepted at the same instant, after everything else of the input,
    /// and no `Outcome` comes for it. (Simulations; it is as if each came as an input of its own.)
    pub accepted_at_once: bool,
    /// What is claimed is not yet handed over: an [`InputKind::Ready`] comes before, and until then it can be called back. Otherwise a
    /// claim is the hand-over. A message whose outcome is unknown then waits for a report before doubt decides.
    pub two_steps: bool,
}

/// The zone that a customer's civil times are in: hers, then the project's.
pub fn zone_of(plan: &Plan, customer: &row::Customer) -> Zone {
    customer.zone.unwrap_or(plan.policy.zone)
}
