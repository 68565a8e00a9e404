//! Reasons, as scenarios write them (`because no_consent`) and as timelines say them.

use crate::engine::{Decision, Deferral, NotEntered, Skip};
use crate::plan::{Cap, Journey, Plan};
use crate::schema::MessageId;
use crate::source::Sources;

/// The word for what became of a message that was not sent; `None` where it was, or where it is still to come.
pub(super) fn not_sent(decision: &Decision) -> Option<&'static str> {
    Some(match decision {
        Decision::Skipped(skip) => match skip {
            Skip::NoConsent => "no_consent",
            Skip::Suppressed => "suppressed",
            Skip::NoContact => "no_contact",
            Skip::InvalidContact => "invalid_contact",
            Skip::Capped(_) => "capped",
            Skip::QuietHours => "quiet_hours",
            Skip::NotForHer => "not_for_her",
            Skip::Refused(_) => "refused",
            Skip::ContentLimit => "content_limit",
            Skip::ItemGone => "item_gone",
            Skip::Paused => "paused",
            Skip::Expired => "expired",
            Skip::RunEnded => "run_ended",
        },
        Decision::HeldOut => "held_out",
        Decision::Cancelled => "cancelled",
        Decision::Failed => "failed",
        Decision::Unknown => "unknown",
        Decision::Planned | Decision::Sent | Decision::Deferred { .. } => return None,
    })
}

/// The same for a reader.
fn skip_words(skip: Skip, plan: &Plan, sources: &Sources, journey: Option<&Journey>, topic: &str) -> String {
    match skip {
        Skip::NoConsent => format!("the customer is not subscribed to `{topic}`"),
        Skip::Suppressed => "the address is suppressed on this channel".to_owned(),
        Skip::NoContact => "the customer has no address for this channel".to_owned(),
        Skip::InvalidContact => "the customer's address for this channel is not valid".to_owned(),
        Skip::Capped(at) => format!("a limit is full{}", cap_words(at, plan, sources, journey)),
        Skip::QuietHours => "quiet hours".to_owned(),
        Skip::NotForHer => "`only while` does not hold".to_owned(),
        // Callers that know the message say why: see `refusal`.
        Skip::Refused(_) => "its `skip when` holds".to_owned(),
        Skip::ContentLimit => "the content is longer than the channel allows".to_owned(),
        Skip::ItemGone => "it is about an item that is not in its catalog any more".to_owned(),
        Skip::Paused => "paused".to_owned(),
        Skip::Expired => "it came too late".to_owned(),
        Skip::RunEnded => "the run was over by then".to_owned(),
    }
}

/// Why this message was skipped, for a reader; what it says itself where it refused itself.
pub(super) fn message_words(skip: Skip, plan: &Plan, sources: &Sources, journey: Option<&Journey>, message: MessageId) -> String {
    let message = plan.messages.get(message.index());
    if let Skip::Refused(at) = skip
        && let Some((_, reason)) = message.and_then(|message| message.skip_when.get(usize::from(at)))
    {
        return format!("it refused itself: {reason}");
    }
    let topic = message.and_then(|message| plan.schema.topics.get(message.topic.index()));
    skip_words(skip, plan, sources, journey, topic.map_or("?", |topic| topic.name.as_str()))
}

pub(super) fn deferral_words(because: Deferral, plan: &Plan, sources: &Sources, journey: Option<&Journey>) -> String {
    match because {
        Deferral::QuietHours => "quiet hours".to_owned(),
        Deferral::Capped(at) => format!("a limit is full{}", cap_words(at, plan, sources, journey)),
        Deferral::Rate => "the provider's rate".to_owned(),
        Deferral::Paused => "paused".to_owned(),
    }
}

/// ` (the policy's, shop.journey:30)`
fn cap_words(at: u16, plan: &Plan, sources: &Sources, journey: Option<&Journey>) -> String {
    let found: Option<(&str, &Cap)> = match at.checked_sub(1_000) {
        Some(at) => journey.and_then(|journey| journey.caps.get(usize::from(at))).map(|cap| ("the journey's", cap)),
        None => plan.policy.caps.get(usize::from(at)).map(|cap| ("the policy's", cap)),
    };
    found.map_or_else(String::new, |(whose, cap)| format!(" ({whose}, {})", super::locate(sources, cap.line)))
}

/// The word for why no run began.
pub(super) fn not_entered(why: NotEntered) -> &'static str {
    match why {
        NotEntered::Condition => "condition",
        NotEntered::AlreadyRunning => "already_running",
        NotEntered::EnteredBefore => "entered_before",
        NotEntered::TooSoon => "too_soon",
        NotEntered::NoKey => "no_key",
        NotEntered::TooLate => "too_late",
        NotEntered::AlreadyOver => "already_over",
        NotEntered::NotForHer => "not_for_her",
        NotEntered::OutsidePeriod => "outside_period",
        NotEntered::Capped => "capped",
        NotEntered::Past => "past",
        NotEntered::TooManyRuns => "too_many_runs",
        NotEntered::Paused => "paused",
    }
}

pub(super) fn not_entered_words(why: NotEntered) -> &'static str {
    match why {
        NotEntered::Condition => "the `where` of the entry does not hold",
        NotEntered::AlreadyRunning => "a run is already going on",
        NotEntered::EnteredBefore => "the customer was in it before, and `enter again never` holds",
        NotEntered::TooSoon => "too soon after the last time",
        NotEntered::NoKey => "the value that tells runs apart is missing",
        NotEntered::TooLate => "the event came too late",
        NotEntered::AlreadyOver => "something that ends the run had already happened",
        NotEntered::NotForHer => "`exit when` holds, or `only while` does not",
        NotEntered::OutsidePeriod => "outside the time in which the journey runs",
        NotEntered::Capped => "the journey's limit on entries is reached",
        NotEntered::Past => "the moment is already past",
        NotEntered::TooManyRuns => "the customer has too many runs",
        NotEntered::Paused => "the journey is paused",
    }
}
