//! Mistakes that the world can make on purpose: each has to be caught, by an oracle that is named.

/// A mistake, and who catches it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Plant {
    /// Answers before the batch is durable.
    AcknowledgeEarly,
    /// Parcels go out before the batch is durable, and gates open so, too.
    GateBeforeCommit,
    /// Hands over without asking the gate.
    NoGate,
    /// Hands over although the gate said no.
    GateIgnored,
    /// A retry does not ask the gate again.
    RetryWithoutGate,
    /// An outcome is not told to the core.
    OutcomeDropped,
    /// A batch is acknowledged and not written.
    BatchLost,
    /// A batch is written twice.
    BatchTwice,
    /// After doubt, handed over again at once.
    RepeatedInDoubt,
    /// Every try has another key.
    NewKeyPerTry,
    /// Every try has other bytes.
    OtherBytesPerTry,
    /// A snapshot of what is not durable yet, as of what is.
    SnapshotAhead,
    /// A snapshot says that it holds more than it does.
    SnapshotClaimsMore,
    /// What was under way at a crash is not found again.
    ForgottenAfterCrash,
    /// What was handed over before a crash counts as new.
    FreshAfterCrash,
    /// The sender's ids are left out.
    IdsIgnored,
    /// Two items of one customer change places.
    OrderSwapped,
    /// An unsubscribe is acknowledged and not handled.
    UnsubscribeSwallowed,
    /// What is due tomorrow is handled today.
    TooEarly,
    /// What nobody knows is told as not sent.
    DoubtIsNotSent,
    /// An erasure is acknowledged and not done.
    ErasureSwallowed,
    /// What is due is not looked at.
    NothingDue,
}

impl Plant {
    /// Each with the oracles of which one has to see it.
    pub const ALL: [(Plant, &[&str]); 22] = [
        (Plant::AcknowledgeEarly, &["O1"]),
        (Plant::GateBeforeCommit, &["O5"]),
        (Plant::NoGate, &["O6", "O7", "O8", "O9"]),
        (Plant::GateIgnored, &["O6", "O7", "O8", "O9"]),
        (Plant::RetryWithoutGate, &["O6", "O7"]),
        (Plant::OutcomeDropped, &["O10"]),
        (Plant::BatchLost, &["O1", "O2"]),
        (Plant::BatchTwice, &["O2", "O3"]),
        (Plant::RepeatedInDoubt, &["O5"]),
        (Plant::NewKeyPerTry, &["O5"]),
        (Plant::OtherBytesPerTry, &["O5"]),
        (Plant::SnapshotAhead, &["O1", "O2"]),
        (Plant::SnapshotClaimsMore, &["O1", "O2"]),
        (Plant::ForgottenAfterCrash, &["O10"]),
        (Plant::FreshAfterCrash, &["O5"]),
        (Plant::IdsIgnored, &["O3", "O1"]),
        (Plant::OrderSwapped, &["O4"]),
        (Plant::UnsubscribeSwallowed, &["O1", "O6"]),
        (Plant::TooEarly, &["O11"]),
        (Plant::DoubtIsNotSent, &["O9"]),
        (Plant::ErasureSwallowed, &["O6"]),
        (Plant::NothingDue, &["O10"]),
    ];
}
