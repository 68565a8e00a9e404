//! What happened to the customer, moment by moment, with the reason of every decision.
//!
//! In: a played story. Out: lines for a reader, in order. **Invariant:** every line has its place in the source where it has one; what
//! belongs to another journey says so.

use super::drive::Story;
use super::reasons;
use super::{locate, locate_place};
use crate::calendar::{Instant, Zone};
use crate::engine::{Decision, Ending, NoAnswer, Record, RecordKind};
use crate::plan::{Journey, Step, StepKind};
use crate::schema::{MessageId, SegmentRole};
use crate::value::{Type, Value, show};
use chrono::Timelike as _;

/// One line of a timeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moment {
    /// In the project's zone: `2026-03-01 10:00`.
    pub at: String,
    /// The story itself says it; otherwise the journey did it.
    pub told: bool,
    /// The journey, where it is not the scenario's own.
    pub journey: Option<String>,
    pub text: String,
    /// `file:line`
    pub place: Option<String>,
}

pub(super) fn of(story: &Story) -> Vec<Moment> {
    let mut moments = Vec::new();
    let mut told = story.told.iter().peekable();
    for (at, record) in story.records.iter().enumerate() {
        while let Some(line) = told.next_if(|line| line.before <= at) {
            moments.push(told_line(story, line));
        }
        let next = story.records.get(at + 1);
        moments.extend(line(story, at, record, next));
    }
    moments.extend(told.map(|line| told_line(story, line)));
    moments
}

fn told_line(story: &Story, line: &super::drive::Told) -> Moment {
    let sources = story.stage.sources;
    Moment {
        at: moment(line.at, zone(story)),
        told: true,
        journey: None,
        text: without_moment(&one_line(sources.text(line.place))).to_owned(),
        place: Some(locate_place(sources, line.place)),
    }
}

fn line(story: &Story, at: usize, record: &Record, next: Option<&Record>) -> Option<Moment> {
    let plan = story.stage.plan;
    let journey = record.journey.and_then(|id| plan.journeys.get(id.index()));
    let step = journey.and_then(|journey| journey.steps.get(record.step?.index()));
    // A step that says in the same breath what it did needs no line of its own.
    let says_more = next.is_some_and(|next| {
        next.step == record.step && next.run == record.run && next.at == record.at && !matches!(next.kind, RecordKind::Reached)
    });
    if matches!(record.kind, RecordKind::Reached) && says_more {
        return None;
    }
    let own = record.journey.is_none_or(|id| id == story.stage.scenario.journey);
    // Everything that happens asks every journey; what another one makes of it is of no interest unless something follows.
    if !own && matches!(record.kind, RecordKind::NotEntered(_)) {
        return None;
    }
    let text = match &record.kind {
        RecordKind::Changed(field) => changed(story, at, *field),
        _ => words(story, record, journey, step)?,
    };
    let line = match &record.kind {
        RecordKind::Entered { entry, .. } => journey.and_then(|journey| journey.entries.get(usize::from(*entry))).map(|entry| entry.line),
        _ => step.map(|step| step.line).or(journey.map(|journey| journey.line)),
    };
    Some(Moment {
        at: moment(record.at, zone(story)),
        told: false,
        journey: journey.filter(|_| !own).map(|journey| journey.name.to_string()),
        text,
        place: line.map(|line| locate(story.stage.sources, line)),
    })
}

fn words(story: &Story, record: &Record, journey: Option<&Journey>, step: Option<&Step>) -> Option<String> {
    let plan = story.stage.plan;
    let label = step.map_or("", |step| step.label.as_str());
    let name = journey.map_or("?", |journey| journey.name.as_str());
    Some(match &record.kind {
        RecordKind::Entered { held_out: false, .. } => format!("enters {name}"),
        RecordKind::Entered { held_out: true, .. } => format!("enters {name}, held out: nothing is sent"),
        RecordKind::NotEntered(why) => format!("does not enter {name}: {}", reasons::not_entered_words(*why)),
        RecordKind::Ended(how) => ending(story, record, how),
        RecordKind::GoalReached { .. } => format!("reaches the goal of {name}"),
        RecordKind::Reached => {
            if step.is_none_or(|step| matches!(step.kind, StepKind::Jump | StepKind::ResetCounter { .. } | StepKind::Exit { .. })) {
                return None;
            }
            label.to_owned()
        }
        RecordKind::Restarted => "starts again from the top".to_owned(),
        RecordKind::AtTheDoor { until } => format!("waits for a place in {name} until {}", moment(*until, zone(story))),
        RecordKind::LetIn => return None,
        RecordKind::EntryUpdated => "takes the new entry".to_owned(),
        RecordKind::Waiting { until: Instant::NEVER } => label.to_owned(),
        RecordKind::Waiting { until } => format!("{label}: until {}", moment(*until, zone(story))),
        RecordKind::Took { arm } => took(step, *arm)?,
        RecordKind::Drew { path } => match step.map(|step| &step.kind) {
            Some(StepKind::Split { paths, experiment, .. }) => {
                let way = if experiment.is_some() { "variant" } else { "path" };
                format!("{label}: {way} \"{}\"", paths.get(usize::from(*path)).map_or("?", |path| path.name.as_str()))
            }
            _ => label.to_owned(),
        },
        RecordKind::Called(hook) => format!("asks {}", hook_name(plan, *hook)),
        // The story says it.
        RecordKind::Answered(_) => return None,
        RecordKind::NotAnswered(hook, why) => {
            let why = match why {
                NoAnswer::TimedOut => "does not answer in time",
                NoAnswer::Failed => "fails",
                NoAnswer::Unfit | NoAnswer::NoneLeft => "answers something of another type",
            };
            format!("{} {why}: takes otherwise", hook_name(plan, *hook))
        }
        // What comes of it says it.
        RecordKind::AskedForCode(_) => return None,
        RecordKind::GotCode(pool, code) => format!("draws the code \"{code}\" from {}", pool_name(plan, *pool)),
        RecordKind::GotNoCode(pool, NoAnswer::NoneLeft) => format!("no code is left in {}: takes otherwise", pool_name(plan, *pool)),
        RecordKind::GotNoCode(pool, _) => format!("{} gives no code in time: takes otherwise", pool_name(plan, *pool)),
        // What was drawn says it already.
        RecordKind::Exposed { .. } => return None,
        RecordKind::Measured { experiment, .. } => {
            let experiment = journey.and_then(|journey| journey.experiments.get(usize::from(*experiment)));
            format!("counts for experiment \"{}\" of {name}", experiment.map_or("?", |experiment| experiment.name.as_str()))
        }
        RecordKind::Message { key, message, decision } => {
            let how = plan.schema.channels.get(key.channel.index()).map_or("?", |channel| channel.name.as_str());
            let what = message_name(story, *message);
            match decision {
                Decision::Planned => return None,
                Decision::Sent => format!("sends {what} by {how}"),
                Decision::HeldOut => format!("holds {what} by {how} back: the customer is held out"),
                Decision::Cancelled => format!("takes back {what} by {how}"),
                Decision::Failed => format!("cannot send {what} by {how}: the provider refused it"),
                Decision::Unknown => format!("does not know whether {what} by {how} arrived"),
                Decision::Skipped(skip) => {
                    format!(
                        "does not send {what} by {how}: {}",
                        reasons::message_words(*skip, plan, story.stage.sources, journey, *message)
                    )
                }
                Decision::Deferred { until, because } => {
                    let because = reasons::deferral_words(*because, plan, story.stage.sources, journey);
                    format!("keeps {what} by {how} until {}: {because}", moment(*until, zone(story)))
                }
            }
        }
        RecordKind::Joined(segment) | RecordKind::Left(segment) => {
            belongs(plan.segments.get(segment.index())?, matches!(record.kind, RecordKind::Joined(_)))?
        }
        RecordKind::Audience { audience, add, held_out } => {
            let audience = plan.schema.audiences.get(audience.index()).map_or("?", |audience| audience.name.as_str());
            let verb = if *add { "adds her to" } else { "removes her from" };
            let but = if *held_out { ", held back: the customer is held out" } else { "" };
            format!("{verb} audience {audience}{but}")
        }
        RecordKind::TakenFrom { .. } => return None,
        RecordKind::Told(message) => format!("passes {} on to another customer", message_name(story, *message)),
        RecordKind::Collected => format!("{label}: takes one more"),
        RecordKind::Suppressed(channel) => {
            format!("suppresses {}", plan.schema.channels.get(channel.index()).map_or("?", |channel| channel.name.as_str()))
        }
        // The story itself says these.
        RecordKind::Reported { .. } => return None,
        RecordKind::Subscribed(_) | RecordKind::Unsubscribed(_) if record.run == 0 => return None,
        RecordKind::Subscribed(topic) => format!("subscribed to {}", topic_name(story, *topic)),
        RecordKind::Unsubscribed(topic) => format!("unsubscribed from {}", topic_name(story, *topic)),
        RecordKind::Emitted(event) => format!("emits {}", plan.schema.events.get(event.index()).map_or("?", |event| event.name.as_str())),
        RecordKind::Started(journey) => {
            format!("starts {}", plan.journeys.get(journey.index()).map_or("?", |journey| journey.name.as_str()))
        }
        RecordKind::LimitMet(what) => format!("a limit is met: {what}"),
        RecordKind::Moved => "goes on in the new version".to_owned(),
        RecordKind::Merged { uid, .. } => format!("{uid} turns out to be the same customer"),
        RecordKind::ChainCut => "what the steps cause goes on without end, and is cut here".to_owned(),
        RecordKind::Changed(_) | RecordKind::Duplicate | RecordKind::Conflict | RecordKind::Late => return None,
    })
}

/// A field and its new value.
fn changed(story: &Story, at: usize, field: crate::schema::FieldId) -> String {
    let Some(declared) = story.stage.plan.schema.customer.get(field.index()) else { return String::new() };
    let value = story.changed.get(&at).unwrap_or(&Value::Missing);
    format!("customer.{} is now {}", declared.name, value_words(value, Some(&declared.ty), zone(story)))
}

/// A value as a failure or a timeline says it.
pub(super) fn value_words(value: &Value, ty: Option<&Type>, zone: Zone) -> String {
    match (value, ty.map(Type::required)) {
        (Value::Missing, _) => "missing".to_owned(),
        (Value::Number(amount), Some(Type::Money(currency))) => show::money(*amount, *currency),
        (Value::Text(text), _) => format!("\"{text}\""),
        (value, _) => show::display(value, zone),
    }
}

fn took(step: Option<&Step>, arm: Option<u16>) -> Option<String> {
    let step = step?;
    Some(match (&step.kind, arm) {
        (StepKind::Await { arms, .. }, Some(arm)) => format!("goes on: {}", arms.get(usize::from(arm))?.label),
        (StepKind::Await { .. }, None) => format!("{}: nothing of it came, so otherwise", step.label),
        (_, Some(_)) => format!("{}: yes", step.label),
        (_, None) => format!("{}: no", step.label),
    })
}

fn ending(story: &Story, record: &Record, how: &Ending) -> String {
    let plan = story.stage.plan;
    let journey = record.journey.and_then(|id| plan.journeys.get(id.index()));
    let name = journey.map_or("?", |journey| journey.name.as_str());
    let by = |line: Option<crate::plan::Line>| line.map_or_else(String::new, |line| format!(" ({})", locate(story.stage.sources, line)));
    let line = match how {
        Ending::Goal(at) => by(journey.and_then(|journey| journey.goals.get(usize::from(*at))).map(|goal| goal.line)),
        Ending::ExitOn(at) => by(journey.and_then(|journey| journey.exit_on.get(usize::from(*at))).map(|exit| exit.line)),
        Ending::ExitWhen(at) => by(journey.and_then(|journey| journey.exit_when.get(usize::from(*at))).map(|guard| guard.line)),
        Ending::OnlyWhile(at) => by(journey.and_then(|journey| journey.only_while.get(usize::from(*at))).map(|guard| guard.line)),
        _ => String::new(),
    };
    format!("leaves {name}: {}{line}", ending_words(story, record.journey, how, record.step))
}

/// How a run ended.
pub(super) fn ending_words(
    story: &Story,
    journey: Option<crate::schema::JourneyId>,
    how: &Ending,
    step: Option<crate::schema::StepIx>,
) -> String {
    match how {
        Ending::Completed => "finished".to_owned(),
        Ending::ExitStep => match exit_reason(story, journey, step) {
            Some(reason) => format!("exit \"{reason}\""),
            None => "exit".to_owned(),
        },
        Ending::Goal(_) => "the goal is reached".to_owned(),
        Ending::ExitOn(_) => "`exit on`".to_owned(),
        Ending::ExitWhen(_) => "`exit when` holds".to_owned(),
        Ending::OnlyWhile(_) => "`only while` does not hold any more".to_owned(),
        Ending::Restarted => "a new run takes its place".to_owned(),
        Ending::Over => "the journey's time is over".to_owned(),
        Ending::OrExit => "`or exit`".to_owned(),
        Ending::Capped => "a limit's `then exit`".to_owned(),
        Ending::Erased => "the customer is erased".to_owned(),
        Ending::Merged => "the customer is merged".to_owned(),
        Ending::Limit => "a limit is met".to_owned(),
        Ending::Removed => "its step is gone in a newer version".to_owned(),
    }
}

/// What the `exit` step says.
pub(super) fn exit_reason<'a>(
    story: &'a Story,
    journey: Option<crate::schema::JourneyId>,
    step: Option<crate::schema::StepIx>,
) -> Option<&'a str> {
    let journey = story.stage.plan.journeys.get(journey?.index())?;
    match &journey.steps.get(step?.index())?.kind {
        StepKind::Exit { reason, .. } => reason.as_deref(),
        _ => None,
    }
}

pub(super) fn message_name<'a>(story: &'a Story, message: MessageId) -> &'a str {
    story.stage.plan.messages.get(message.index()).map_or("?", |message| message.name.as_str())
}

fn topic_name<'a>(story: &'a Story, topic: crate::schema::TopicId) -> &'a str {
    story.stage.plan.schema.topics.get(topic.index()).map_or("?", |topic| topic.name.as_str())
}

/// What a join or leave is called; `None` for what happens behind the scenes.
fn belongs(segment: &crate::plan::Segment, joined: bool) -> Option<String> {
    let word = crate::plan::table::role_word(segment.role);
    let verb = match (segment.role, joined) {
        (SegmentRole::StageTest(_), _) => return None,
        (SegmentRole::Stage(_), true) => "reaches",
        (_, true) => "joins",
        (_, false) => "leaves",
    };
    Some(format!("{verb} {word} {}", segment.name))
}

/// The zone in which a scenario is written and read.
pub(super) fn zone(story: &Story) -> Zone {
    story.stage.plan.policy.zone
}

/// `2026-03-01 10:00`, with seconds where it has some.
pub(super) fn moment(at: Instant, zone: Zone) -> String {
    let local = zone.local(at);
    let pattern = if local.second() == 0 { "%Y-%m-%d %H:%M" } else { "%Y-%m-%d %H:%M:%S" };
    local.format(pattern).to_string()
}

/// A line of a scenario without its comment and line breaks.
pub(super) fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// `at 2026-03-01 10:00 clicked page` is `clicked page`: the moment stands beside it.
fn without_moment(line: &str) -> &str {
    match line.strip_prefix("at ") {
        Some(rest) => rest.splitn(3, ' ').nth(2).unwrap_or(line),
        None => line,
    }
}

fn hook_name(plan: &crate::plan::Plan, hook: crate::schema::HookId) -> &str {
    plan.schema.hooks.get(hook.index()).map_or("?", |hook| hook.name.as_str())
}

fn pool_name(plan: &crate::plan::Plan, pool: crate::schema::PoolId) -> &str {
    plan.schema.pools.get(pool.index()).map_or("?", |pool| pool.name.as_str())
}
