//! What the engine's decisions are called: the words of the language, the same in reports, timelines and documentation.

use crate::calendar::{DAY_MS, HOUR_MS, MINUTE_MS};
use crate::condition::{Happening, Trigger, What, WhichMessage};
use crate::engine::{Deferral, Ending, NoAnswer, NotEntered, Skip};
use crate::plan::{Cap, CapWindow, EntryCap, Journey, Line, Plan, StepKind};
use crate::schema::{EventId, MessageVerb, TopicId};

pub fn skip(why: Skip) -> &'static str {
    match why {
        Skip::NoConsent => "no consent",
        Skip::Suppressed => "suppressed",
        Skip::NoContact => "no contact",
        Skip::InvalidContact => "invalid contact",
        Skip::Capped(_) => "capped",
        Skip::QuietHours => "quiet hours",
        Skip::NotForHer => "not for her",
        Skip::Refused(_) => "refused itself",
        Skip::ContentLimit => "content limit",
        Skip::ItemGone => "item gone",
        Skip::Paused => "paused",
        Skip::Expired => "expired",
        Skip::RunEnded => "run ended",
    }
}

pub fn deferral(why: Deferral) -> &'static str {
    match why {
        Deferral::QuietHours => "quiet hours",
        Deferral::Capped(_) => "capped",
        Deferral::Rate => "rate",
        Deferral::Paused => "paused",
    }
}

pub fn not_entered(why: NotEntered) -> &'static str {
    match why {
        NotEntered::Condition => "`where` did not hold",
        NotEntered::AlreadyRunning => "already running",
        NotEntered::EnteredBefore => "entered before",
        NotEntered::TooSoon => "too soon again",
        NotEntered::NoKey => "no key",
        NotEntered::TooLate => "event too old",
        NotEntered::AlreadyOver => "an exit was already known",
        NotEntered::NotForHer => "not for her",
        NotEntered::OutsidePeriod => "outside its period",
        NotEntered::Capped => "cap on entries",
        NotEntered::Past => "date already past",
        NotEntered::TooManyRuns => "too many runs",
        NotEntered::Paused => "paused",
    }
}

pub fn no_answer(why: NoAnswer) -> &'static str {
    match why {
        NoAnswer::TimedOut => "no answer in time",
        NoAnswer::Failed => "it failed",
        NoAnswer::Unfit => "an answer of another type",
        NoAnswer::NoneLeft => "no code is left",
    }
}

pub fn verb(verb: MessageVerb) -> &'static str {
    match verb {
        MessageVerb::Sent => "sent",
        MessageVerb::Received => "received",
        MessageVerb::Seen => "seen",
        MessageVerb::Opened => "opened",
        MessageVerb::Clicked => "clicked",
        MessageVerb::Bounced => "bounced",
        MessageVerb::RepliedTo => "replied to",
        MessageVerb::Delivered => "delivered",
        MessageVerb::Complained => "complained",
    }
}

fn event(plan: &Plan, id: EventId) -> &str {
    plan.schema.events.get(id.index()).map_or("?", |event| event.name.as_str())
}

fn topic(plan: &Plan, id: TopicId) -> &str {
    plan.schema.topics.get(id.index()).map_or("?", |topic| topic.name.as_str())
}

pub fn happening(plan: &Plan, of: Happening) -> String {
    match of {
        Happening::Event(id) => event(plan, id).to_owned(),
        Happening::SubscribedTo(id) => format!("subscribed to {}", topic(plan, id)),
        Happening::UnsubscribedFrom(id) => format!("unsubscribed from {}", topic(plan, id)),
    }
}

pub fn what(plan: &Plan, journey: &Journey, what: What) -> String {
    match what {
        What::Happened(of) => happening(plan, of),
        What::Message { verb: happened, which, .. } => {
            let message = |id: crate::schema::MessageId| plan.messages.get(id.index()).map_or("?", |message| message.name.as_str());
            let name = match which {
                WhichMessage::Any => "any message".to_owned(),
                WhichMessage::About(id) => format!("a message about {}", topic(plan, id)),
                WhichMessage::Message(id) => message(id).to_owned(),
                WhichMessage::Send(id) => match journey.sends.get(id.index()) {
                    Some(send) => send.name.as_ref().map_or_else(|| message(send.message).to_owned(), ToString::to_string),
                    None => "?".to_owned(),
                },
            };
            format!("{} {name}", verb(happened))
        }
    }
}

pub fn trigger(plan: &Plan, journey: &Journey, trigger: &Trigger) -> String {
    let targets: Vec<String> = trigger.targets.iter().map(|(target, _)| what(plan, journey, *target)).collect();
    targets.join(" or ")
}

/// What ended a run, and the line that says so.
pub fn ending(plan: &Plan, journey: &Journey, ending: &Ending, step: Option<u16>) -> (String, Option<Line>) {
    match ending {
        Ending::Completed => ("finished".to_owned(), None),
        Ending::ExitStep => {
            let step = step.and_then(|at| journey.steps.get(usize::from(at)));
            let reason = step.and_then(|step| match &step.kind {
                StepKind::Exit { reason, .. } => reason.as_ref(),
                _ => None,
            });
            (reason.map_or_else(|| "exit".to_owned(), |reason| format!("exit \"{reason}\"")), step.map(|step| step.line))
        }
        Ending::Goal(at) => {
            let goal = journey.goals.get(usize::from(*at));
            (goal.map_or_else(|| "goal".to_owned(), |goal| format!("goal {}", what(plan, journey, goal.what))), goal.map(|goal| goal.line))
        }
        Ending::ExitOn(at) => {
            let exit = journey.exit_on.get(usize::from(*at));
            let name = exit.map_or_else(String::new, |exit| format!(" {}", trigger(plan, journey, &exit.trigger)));
            (format!("exit on{name}"), exit.map(|exit| exit.line))
        }
        Ending::ExitWhen(at) => ("exit when".to_owned(), journey.exit_when.get(usize::from(*at)).map(|guard| guard.line)),
        Ending::OnlyWhile(at) => ("only while".to_owned(), journey.only_while.get(usize::from(*at)).map(|guard| guard.line)),
        Ending::Restarted => ("restarted".to_owned(), None),
        Ending::Over => ("its period was over".to_owned(), None),
        Ending::OrExit => ("or exit".to_owned(), None),
        Ending::Capped => ("cap".to_owned(), None),
        Ending::Erased => ("erased".to_owned(), None),
        Ending::Merged => ("merged".to_owned(), None),
        Ending::Limit => ("limit".to_owned(), None),
        Ending::Removed => ("its step was removed".to_owned(), None),
    }
}

/// `at most 3 messages in 7 days by sms`
pub fn cap(plan: &Plan, cap: &Cap) -> String {
    let window = window(cap.window);
    let noun = if cap.count == 1 { "message" } else { "messages" };
    let about = cap.about.map_or_else(String::new, |id| format!(" about {}", topic(plan, id)));
    let channels: Vec<&str> =
        cap.by.iter().filter_map(|id| plan.schema.channels.get(id.index())).map(|channel| channel.name.as_str()).collect();
    let by = if channels.is_empty() { String::new() } else { format!(" by {}", channels.join(", ")) };
    format!("at most {} {noun}{about} in {window}{by}", cap.count)
}

/// `at most 500 entries in 1 day`
pub fn entry_cap(cap: &EntryCap) -> String {
    let noun = if cap.count == 1 { "entry" } else { "entries" };
    format!("at most {} {noun} in {}", cap.count, window(cap.window))
}

fn window(window: CapWindow) -> String {
    match window {
        CapWindow::Rolling { ms } => duration(ms),
        CapWindow::CalendarDay => "one calendar day".to_owned(),
    }
}

/// An exact length in the largest unit that fits.
pub fn duration(ms: i64) -> String {
    let (count, unit) = [(DAY_MS, "day"), (HOUR_MS, "hour"), (MINUTE_MS, "minute")]
        .into_iter()
        .find(|(length, _)| ms % length == 0)
        .map_or((ms / 1_000, "second"), |(length, unit)| (ms / length, unit));
    if count == 1 { format!("1 {unit}") } else { format!("{count} {unit}s") }
}

/// A segment by its name; a list or a stage says that it is one.
pub fn segment(segment: &crate::plan::Segment) -> String {
    match segment.role {
        crate::schema::SegmentRole::Written => segment.name.to_string(),
        role => format!("{} {}", crate::plan::table::role_word(role), segment.name),
    }
}
