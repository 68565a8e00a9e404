//! Records of decisions as bytes.
//!
//! In: a [`Record`], or bytes. Out: bytes, or the same. **Invariant:** as in [`super`]. A limit is kept by its number in [`LIMITS`].

use super::*;
use crate::engine::{Decision, Deferral, Ending, NoAnswer, NotEntered, Record, RecordKind, Skip};

/// The names of limits, by number; new ones are added at the end.
const LIMITS: [&str; 8] = ["other", "row", "steps", "moments", "messages of others", "exposures", "calls", "draws"];

standing_alone! {
    Record RECORD { at journey run step kind }
}

/// The name of a limit that was met.
impl Encode for &'static str {
    fn encode(&self, out: &mut Writer) {
        out.byte(LIMITS.iter().position(|limit| limit == self).unwrap_or(0) as u8);
    }
}

impl Decode for &'static str {
    fn decode(from: &mut Reader<'_>) -> Result<&'static str, DecodeError> {
        let number = from.byte()?;
        LIMITS.get(usize::from(number)).copied().ok_or_else(|| kind(from, number))
    }
}

variants! {
    RecordKind {
        0 Entered { entry, held_out };
        1 NotEntered(why);
        2 Ended(ending);
        3 GoalReached { goal, at, held_out };
        4 Reached;
        5 Restarted;
        6 EntryUpdated;
        7 Waiting { until };
        8 Took { arm };
        9 Drew { path };
        10 Called(hook);
        11 Answered(hook);
        12 NotAnswered(hook, why);
        13 AskedForCode(pool);
        14 GotCode(pool, code);
        15 GotNoCode(pool, why);
        16 Exposed { experiment, arm, weights, until };
        17 Measured { experiment, arm, weights, until, at };
        18 Message { key, message, decision };
        19 Reported { key, message, verb, by_machine };
        20 Joined(segment);
        21 Left(segment);
        22 Changed(field);
        23 Subscribed(topic);
        24 Unsubscribed(topic);
        25 Audience { audience, add, held_out };
        26 Told(message);
        27 TakenFrom { run };
        28 Collected;
        29 Suppressed(channel);
        30 Emitted(event);
        31 Started(journey);
        32 Duplicate;
        33 Conflict;
        34 Late;
        35 ChainCut;
        36 LimitMet(limit);
        37 Merged { uid, runs, calls };
        38 AtTheDoor { until };
        39 LetIn;
        40 Moved;
    }
    Ending {
        0 Completed;
        1 ExitStep;
        2 Goal(number);
        3 ExitOn(number);
        4 ExitWhen(number);
        5 OnlyWhile(number);
        6 Restarted;
        7 Over;
        8 OrExit;
        9 Capped;
        10 Erased;
        11 Merged;
        12 Limit;
        13 Removed;
    }
    Decision {
        0 Planned;
        1 Sent;
        2 Skipped(why);
        3 Deferred { until, because };
        4 Failed;
        5 Unknown;
        6 HeldOut;
        7 Cancelled;
    }
    Skip {
        0 NoConsent;
        1 Suppressed;
        2 NoContact;
        3 InvalidContact;
        4 Capped(cap);
        5 QuietHours;
        6 NotForHer;
        7 Refused(number);
        8 ContentLimit;
        9 ItemGone;
        10 Paused;
        11 Expired;
        12 RunEnded;
    }
    Deferral {
        0 QuietHours;
        1 Capped(cap);
        2 Rate;
        3 Paused;
    }
}

words! {
    NotEntered {
        0 Condition 1 AlreadyRunning 2 EnteredBefore 3 TooSoon 4 NoKey 5 TooLate 6 AlreadyOver 7 NotForHer 8 OutsidePeriod 9 Capped 10 Past
        11 TooManyRuns 12 Paused
    }
    NoAnswer { 0 TimedOut 1 Failed 2 Unfit 3 NoneLeft }
}
