//! One customer's whole story: what happened to her, what was decided, why, and where that is written.
//!
//! In: her inputs and the engine's records in order ([`Watch`](super::customer::Watch)). Out: lines. **Invariant:** every decision about her is one line with
//! its reason, its step and its place; times are those of her zone, named where it is not the project's.

use super::customer::Watch;
use super::report::{local, names};
use crate::calendar::{Instant, Zone};
use crate::engine::{Decision, Deferral, Delivery, Input, InputKind, Past, Record, RecordKind, Skip};
use crate::plan::{Journey, Plan, StepKind};
use crate::schema::{ChannelId, MessageId, SegmentRole};
use crate::value::{Value, show};
use serde::Serialize;
use std::sync::{Arc, Mutex};

/// Characters of a value or a message text that are shown.
const SHOWN_MAX: usize = 100;

/// One line of the story.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Line {
    /// Local, to the second.
    pub at: String,
    /// The journey and the number of the run: `win_back 3`; empty for what is hers alone.
    pub run: String,
    pub what: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
}

/// Collects the lines; shared with who wants them afterwards.
#[derive(Clone)]
pub struct Timeline<'p> {
    plan: &'p Plan,
    zone: Zone,
    lines: Arc<Mutex<Vec<Line>>>,
}

impl<'p> Timeline<'p> {
    pub fn new(plan: &'p Plan) -> Timeline<'p> {
        Timeline { plan, zone: plan.policy.zone, lines: Arc::default() }
    }

    /// In the times of another zone than the plan's.
    pub fn in_zone(plan: &'p Plan, zone: Zone) -> Timeline<'p> {
        Timeline { plan, zone, lines: Arc::default() }
    }

    pub fn lines(&self) -> Vec<Line> {
        self.lines.lock().map(|lines| lines.clone()).unwrap_or_default()
    }

    fn push(&self, line: Line) {
        if let Ok(mut lines) = self.lines.lock() {
            lines.push(line);
        }
    }

    fn hers(&self, at: Instant, what: String) {
        self.push(Line { at: self.time(at), run: String::new(), what, step: None, place: None });
    }

    /// What was imported as history.
    fn past(&self, past: &Past) {
        let schema = &self.plan.schema;
        match past {
            Past::Event { event, at, fields } => {
                let Some(declared) = schema.events.get(event.index()) else { return };
                let values = self.fields(declared.fields.iter().map(|field| field.name.as_str()), fields);
                self.hers(*at, format!("imported history: {}{values}", declared.name));
            }
            Past::Attributes { at, changes } => {
                let names = changes.iter().filter_map(|(field, _)| schema.customer.get(field.index())).map(|field| field.name.as_str());
                let values: Vec<Value> = changes.iter().map(|(_, value)| value.clone()).collect();
                let shown = self.fields(names, &values);
                self.hers(*at, format!("imported history: says{shown}"));
            }
            Past::Consent { at, topic, subscribed } => {
                let Some(topic) = schema.topics.get(topic.index()) else { return };
                let verb = if *subscribed { "subscribed to" } else { "unsubscribed from" };
                self.hers(*at, format!("imported history: {verb} {}", topic.name));
            }
        }
    }

    fn time(&self, at: Instant) -> String {
        local(self.zone, at, "%Y-%m-%d %H:%M:%S")
    }

    fn fields<'v>(&self, names: impl Iterator<Item = &'v str>, values: &[Value]) -> String {
        let mut shown = Vec::new();
        for (name, value) in names.zip(values) {
            if !value.is_missing() {
                shown.push(format!("{name}: {}", cut(&show::display(value, self.zone))));
            }
        }
        if shown.is_empty() { String::new() } else { format!(" {{ {} }}", shown.join(", ")) }
    }
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(SHOWN_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

impl Watch for Timeline<'_> {
    fn input(&mut self, input: &Input) {
        let schema = &self.plan.schema;
        match &input.kind {
            InputKind::Event { event, at, fields } => {
                let Some(declared) = schema.events.get(event.index()) else { return };
                let values = self.fields(declared.fields.iter().map(|field| field.name.as_str()), fields);
                self.hers(*at, format!("{}{values}", declared.name));
            }
            InputKind::ItemChanged { catalog, key, at } => {
                let Some(declared) = schema.catalogs.get(catalog.index()) else { return };
                self.hers(*at, format!("{} {key} changed", declared.name));
            }
            InputKind::Past(past) => self.past(past),
            InputKind::Attributes { at, changes } => {
                let names = changes.iter().filter_map(|(field, _)| schema.customer.get(field.index())).map(|field| field.name.as_str());
                let values: Vec<Value> = changes.iter().map(|(_, value)| value.clone()).collect();
                let shown = self.fields(names, &values);
                self.hers(*at, format!("says{shown}"));
            }
            _ => {}
        }
    }

    fn record(&mut self, record: &Record) {
        let journey = record.journey.and_then(|id| self.plan.journeys.get(id.index()));
        let Some(what) = words(self.plan, journey, record, |at| self.time(at)) else { return };
        let step = journey.zip(record.step).and_then(|(journey, step)| journey.steps.get(step.index()));
        let run = match journey {
            Some(journey) if record.run > 0 => format!("{} {}", journey.name, record.run),
            Some(journey) => journey.name.to_string(),
            None => String::new(),
        };
        // A step is named where it begins and where it decides, not at what is the whole run's.
        let named = !matches!(
            record.kind,
            RecordKind::Entered { .. }
                | RecordKind::NotEntered(_)
                | RecordKind::AtTheDoor { .. }
                | RecordKind::GoalReached { .. }
                | RecordKind::Ended(_)
        );
        let (shown, line) = match (&record.kind, journey) {
            (RecordKind::Ended(ending), Some(journey)) => {
                (None, names::ending(self.plan, journey, ending, record.step.map(|step| step.0)).1)
            }
            (RecordKind::GoalReached { goal, .. }, Some(journey)) => (None, journey.goals.get(usize::from(*goal)).map(|goal| goal.line)),
            (RecordKind::Entered { entry, .. }, Some(journey)) => (None, journey.entries.get(usize::from(*entry)).map(|entry| entry.line)),
            (RecordKind::NotEntered(_), Some(journey)) => (None, Some(journey.line)),
            _ => (step.filter(|_| named).map(|step| step.label.clone()), step.map(|step| step.line)),
        };
        self.push(Line { at: self.time(record.at), run, what, step: shown, place: line.map(|line| self.plan.locate(line)) });
    }

    fn delivery(&mut self, at: Instant, delivery: &Delivery) {
        let to = if delivery.address.is_empty() { String::new() } else { format!(" to {}", delivery.address) };
        let parts: Vec<String> =
            delivery.parts.iter().map(|(name, text)| format!("{name} \"{}\"", cut(&text.replace('\n', " ")))).collect();
        let name = message(self.plan, delivery.message);
        self.hers(at, format!("-> {name} by {}{to}: {}", channel(self.plan, delivery.channel), parts.join(", ")));
    }
}

fn message(plan: &Plan, id: MessageId) -> &str {
    plan.messages.get(id.index()).map_or("?", |message| message.name.as_str())
}

fn channel(plan: &Plan, id: ChannelId) -> &str {
    plan.schema.channels.get(id.index()).map_or("?", |channel| channel.name.as_str())
}

/// A record as a sentence; nothing for what says nothing more than its neighbours.
fn words(plan: &Plan, journey: Option<&Journey>, record: &Record, time: impl Fn(Instant) -> String) -> Option<String> {
    let step = journey.zip(record.step).and_then(|(journey, step)| journey.steps.get(step.index()));
    Some(match &record.kind {
        RecordKind::Entered { held_out, .. } => if *held_out { "enters, held out" } else { "enters" }.to_owned(),
        RecordKind::NotEntered(why) => format!("does not enter: {}", names::not_entered(*why)),
        RecordKind::Ended(ending) => {
            let cause = journey.map_or_else(String::new, |journey| names::ending(plan, journey, ending, record.step.map(|step| step.0)).0);
            format!("ends: {cause}")
        }
        RecordKind::GoalReached { goal, .. } => {
            let name = journey.and_then(|journey| journey.goals.get(usize::from(*goal)).map(|goal| names::what(plan, journey, goal.what)));
            format!("goal reached: {}", name.unwrap_or_default())
        }
        RecordKind::Reached => "at".to_owned(),
        RecordKind::Restarted => "restarts".to_owned(),
        RecordKind::AtTheDoor { until } => format!("waits for a place until {}", time(*until)),
        RecordKind::LetIn => return None,
        RecordKind::EntryUpdated => "its entry is updated".to_owned(),
        RecordKind::Waiting { until } if *until == Instant::NEVER => "waits".to_owned(),
        RecordKind::Waiting { until } => format!("waits until {}", time(*until)),
        RecordKind::Took { arm } => {
            let label = match (step.map(|step| &step.kind), arm) {
                (Some(StepKind::Await { arms, .. }), Some(at)) => arms.get(usize::from(*at)).map(|arm| arm.label.clone()),
                (Some(_), Some(at)) => Some(format!("branch {}", at + 1)),
                _ => None,
            };
            format!("takes {}", label.unwrap_or_else(|| "otherwise".to_owned()))
        }
        RecordKind::Drew { path } => {
            let name = step.and_then(|step| match &step.kind {
                StepKind::Split { paths, .. } => paths.get(usize::from(*path)).map(|path| path.name.to_string()),
                _ => None,
            });
            format!("draws \"{}\"", name.unwrap_or_default())
        }
        RecordKind::Called(id) => format!("asks {}", plan.schema.hooks.get(id.index())?.name),
        RecordKind::Answered(id) => format!("{} answers", plan.schema.hooks.get(id.index())?.name),
        RecordKind::NotAnswered(id, why) => {
            format!("{}: {}, takes otherwise", plan.schema.hooks.get(id.index())?.name, names::no_answer(*why))
        }
        // What comes of it says it.
        RecordKind::AskedForCode(_) => return None,
        RecordKind::GotCode(id, code) => format!("draws the code {code} from {}", plan.schema.pools.get(id.index())?.name),
        RecordKind::GotNoCode(id, why) => {
            format!("{}: {}, takes otherwise", plan.schema.pools.get(id.index())?.name, names::no_answer(*why))
        }
        // What it drew says it already.
        RecordKind::Exposed { .. } => return None,
        RecordKind::Measured { experiment, arm, .. } => {
            let experiment = journey?.experiments.get(usize::from(*experiment))?;
            let paths = match journey?.steps.get(experiment.step.index()).map(|step| &step.kind) {
                Some(StepKind::Split { paths, .. }) => paths.as_slice(),
                _ => &[],
            };
            let name = paths.get(usize::from(*arm)).map_or("?", |path| path.name.as_str());
            format!("counts for \"{name}\" of experiment \"{}\"", experiment.name)
        }
        RecordKind::Message { key, message: id, decision } => {
            let name = format!("{} by {}", message(plan, *id), channel(plan, key.channel));
            let reason = match decision {
                Decision::Skipped(Skip::Refused(at)) => {
                    plan.messages.get(id.index()).and_then(|message| message.skip_when.get(usize::from(*at)))
                }
                _ => None,
            };
            let reason = reason.map_or_else(String::new, |(_, reason)| format!(": {reason}"));
            format!("{name}: {}{reason}", decision_words(plan, journey, decision, time))
        }
        RecordKind::Reported { key, message: id, verb, by_machine } => {
            let machine = if *by_machine { " by a machine" } else { "" };
            format!("{} {} by {}{machine}", names::verb(*verb), message(plan, *id), channel(plan, key.channel))
        }
        RecordKind::Joined(id) | RecordKind::Left(id) => {
            let segment = plan.segments.get(id.index()).filter(|segment| !matches!(segment.role, SegmentRole::StageTest(_)))?;
            let verb = if matches!(record.kind, RecordKind::Joined(_)) { "joins" } else { "leaves" };
            format!("{verb} {}", names::segment(segment))
        }
        RecordKind::Audience { audience, add, held_out } => {
            let verb = if *add { "is added to" } else { "is removed from" };
            let but = if *held_out { ", held back" } else { "" };
            format!("{verb} audience {}{but}", plan.schema.audiences.get(audience.index())?.name)
        }
        RecordKind::TakenFrom { .. } => return None,
        RecordKind::Told(id) => format!("{} is passed on to another customer", message(plan, *id)),
        RecordKind::Collected => "collects it".to_owned(),
        RecordKind::Suppressed(id) => format!("{} is suppressed", channel(plan, *id)),
        RecordKind::Changed(id) => format!("customer.{} changes", plan.schema.customer.get(id.index())?.name),
        RecordKind::Subscribed(id) => format!("subscribes to {}", plan.schema.topics.get(id.index())?.name),
        RecordKind::Unsubscribed(id) => format!("unsubscribes from {}", plan.schema.topics.get(id.index())?.name),
        RecordKind::Emitted(id) => format!("emits {}", plan.schema.events.get(id.index())?.name),
        RecordKind::Started(id) => format!("starts {}", plan.journeys.get(id.index())?.name),
        RecordKind::Duplicate => "left out: its id had been seen".to_owned(),
        RecordKind::Conflict => "left out: its id had been seen with another content".to_owned(),
        RecordKind::Late => "came late".to_owned(),
        RecordKind::Moved => "goes on in the new version".to_owned(),
        RecordKind::Merged { uid, .. } => format!("{uid} turns out to be the same customer"),
        RecordKind::ChainCut => "a chain of steps that cause each other is cut".to_owned(),
        RecordKind::LimitMet(what) => format!("a limit is met: {what}"),
    })
}

fn decision_words(plan: &Plan, journey: Option<&Journey>, decision: &Decision, time: impl Fn(Instant) -> String) -> String {
    let cap = |at: u16| {
        let (caps, at) = if at >= 1_000 { (journey.map(|journey| &journey.caps), at - 1_000) } else { (Some(&plan.policy.caps), at) };
        let cap = caps.and_then(|caps| caps.get(usize::from(at)));
        cap.map_or_else(String::new, |cap| format!(" ({}, {})", names::cap(plan, cap), plan.locate(cap.line)))
    };
    match decision {
        Decision::Planned => "planned".to_owned(),
        Decision::Sent => "sent".to_owned(),
        Decision::Skipped(why @ Skip::Capped(at)) => format!("skipped, {}{}", names::skip(*why), cap(*at)),
        Decision::Skipped(why) => format!("skipped, {}", names::skip(*why)),
        Decision::Deferred { until, because: why @ Deferral::Capped(at) } => {
            format!("held until {}, {}{}", time(*until), names::deferral(*why), cap(*at))
        }
        Decision::Deferred { until, because } => format!("held until {}, {}", time(*until), names::deferral(*because)),
        Decision::Failed => "failed".to_owned(),
        Decision::Unknown => "unknown".to_owned(),
        Decision::HeldOut => "held out: everything else would have let it through".to_owned(),
        Decision::Cancelled => "cancelled".to_owned(),
    }
}

/// The story as text.
pub fn render(customer: &str, zone: &str, lines: &[Line]) -> String {
    let rows = lines.iter().map(|line| {
        let part = |part: &Option<String>, before: &str, after: &str| {
            part.as_ref().map_or_else(String::new, |text| format!("{before}{text}{after}"))
        };
        let told = format!("{}{}{}", line.what, part(&line.step, "  ", ""), part(&line.place, "  (", ")"));
        vec![line.at.clone(), line.run.clone(), told]
    });
    format!("{customer} ({zone})\n\n{}", super::text::table(&["", "", ""], 3, rows.collect()))
}
