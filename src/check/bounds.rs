//! The most that can happen: how long a customer stays in a journey, and how many messages she gets from it and from all of them.
//!
//! In: a checked project. Out: [`Bounds`], for people and as data. **Invariant:** never less than what may happen to one run: of branches
//! the worst counts, a repeat goes to its end, a wait that may be met at once takes no time where messages crowd and its whole time where
//! somebody stays. What is held for the night goes out in the morning, and is counted when it was due. Does not know single customers.

mod crowd;
mod stay;

use super::checked::{Cap, CapWindow, Checked, How, Journey, Recipient, RunKey, Send};
use super::flow::each_step;
use crate::calendar::DAY_MS;
use crate::schema::{ChannelId, TopicId};
use crate::source::{Place, Sources};
use serde::Serialize;

const WEEK_MS: i64 = 7 * DAY_MS;

/// What holds for a project.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Bounds {
    pub journeys: Vec<JourneyBounds>,
    /// From all journeys together, marketing only: one for every channel that is sent by, and one for all of them.
    pub together: Vec<Together>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct JourneyBounds {
    pub name: String,
    pub title: Option<String>,
    /// `file:line:column`
    pub place: String,
    pub stay: Stay,
    /// A customer may be in several runs at once; what is counted is one of them.
    pub side_by_side: bool,
    /// One for each channel, marketing and transactional apart.
    pub messages: Vec<Messages>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Stay {
    /// `None`: nothing in the journey sets an end.
    pub most_ms: Option<i64>,
    /// What it is limited by, or what keeps it open.
    pub because: String,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Messages {
    pub channel: String,
    pub transactional: bool,
    /// In any 24 hours, any 7 days, and the whole run.
    pub day: u32,
    pub week: u32,
    pub run: u32,
    /// The cap that holds them down, where one does.
    pub limited_by: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Together {
    /// `None`: all of them.
    pub channel: Option<String>,
    /// `None`: nothing limits it.
    pub day: Option<u32>,
    pub week: Option<u32>,
    pub limited_by: String,
}

/// States the bounds of a project without errors.
pub fn bounds(project: &Checked, sources: &Sources) -> Bounds {
    let journeys: Vec<JourneyBounds> = project.journeys.iter().map(|journey| of_journey(project, sources, journey)).collect();
    let channels = project.schema.channels.iter().enumerate().map(|(at, _)| ChannelId(at as u16));
    let sent = channels.filter(|channel| project.journeys.iter().any(|journey| uses(project, journey, *channel)));
    let together = sent.map(Some).chain([None]).map(|channel| of_all(project, sources, &journeys, channel)).collect();
    Bounds { journeys, together }
}

/// Which sends are counted.
#[derive(Debug, Clone, Copy)]
struct Counted {
    channel: Option<ChannelId>,
    transactional: bool,
}

/// The channels that a send to the customer may go by, and how many messages it is at most.
fn channels_of(send: &Send) -> (&[ChannelId], u32) {
    match &send.to {
        Recipient::Customer { how: how @ (How::Each(_) | How::ThoseOf { .. }), .. } => (how.channels(), how.channels().len() as u32),
        Recipient::Customer { how, .. } => (how.channels(), 1),
        _ => (&[], 0),
    }
}

fn topic_of(project: &Checked, send: &Send) -> Option<(TopicId, bool)> {
    let topic = project.messages.get(send.message.index())?.topic;
    Some((topic, project.schema.topics.get(topic.index())?.is_transactional()))
}

/// How many messages of the counted kind a send is at most.
fn weight(project: &Checked, send: &Send, counted: Counted) -> u32 {
    let Some((_, transactional)) = topic_of(project, send) else { return 0 };
    let (channels, all) = channels_of(send);
    if transactional != counted.transactional {
        return 0;
    }
    match counted.channel {
        Some(channel) => channels.iter().filter(|one| **one == channel).count() as u32,
        None => all,
    }
}

fn uses(project: &Checked, journey: &Journey, channel: ChannelId) -> bool {
    let mut any = false;
    each_step(&journey.steps, &mut |step| {
        if let super::checked::StepKind::Send(send) = &step.kind {
            any |= weight(project, send, Counted { channel: Some(channel), transactional: false }) > 0;
        }
    });
    any
}

fn of_journey(project: &Checked, sources: &Sources, journey: &Journey) -> JourneyBounds {
    let mut messages = Vec::new();
    for transactional in [false, true] {
        for (at, channel) in project.schema.channels.iter().enumerate() {
            let id = ChannelId(at as u16);
            let counted = Counted { channel: Some(id), transactional };
            let run = crowd::most(project, &journey.steps, counted, i64::MAX);
            if run == 0 {
                continue;
            }
            let mut one = Messages {
                channel: channel.name.to_string(),
                transactional,
                day: crowd::most(project, &journey.steps, counted, DAY_MS),
                week: crowd::most(project, &journey.steps, counted, WEEK_MS),
                run,
                limited_by: None,
            };
            if !transactional {
                let caps = journey.caps.iter().chain(&project.policy.caps);
                for cap in caps.filter(|cap| holds(cap, id)) {
                    let (day, week) = (lets_through(cap, DAY_MS), lets_through(cap, WEEK_MS));
                    if day < one.day || week < one.week {
                        one.limited_by = Some(words(cap, sources));
                    }
                    (one.day, one.week) = (one.day.min(day), one.week.min(week));
                }
            }
            messages.push(one);
        }
    }
    JourneyBounds {
        name: journey.name.to_string(),
        title: journey.title.clone(),
        place: sources.locate(head(journey, sources)),
        stay: stay::of(project, sources, journey),
        side_by_side: journey.key != RunKey::Customer,
        messages,
    }
}

fn head(journey: &Journey, _sources: &Sources) -> Place {
    super::problem::before(journey.place)
}

/// Whether a cap counts every message by this channel.
fn holds(cap: &Cap, channel: ChannelId) -> bool {
    cap.about.is_none() && (cap.by.is_empty() || cap.by.contains(&channel))
}

/// The most messages that a cap lets through in a time: a rolling window begins anew each time it is over.
fn lets_through(cap: &Cap, ms: i64) -> u32 {
    let windows = match cap.window {
        CapWindow::Rolling { ms: window } => ms.saturating_add(window - 1) / window.max(1),
        // Twenty-four hours touch two days of the calendar, a week eight.
        CapWindow::CalendarDay => ms / DAY_MS + 1,
    };
    cap.count.saturating_mul(u32::try_from(windows).unwrap_or(u32::MAX))
}

fn words(cap: &Cap, sources: &Sources) -> String {
    let text = sources.text(cap.place).split_whitespace().collect::<Vec<_>>().join(" ");
    format!("{text} ({})", sources.locate(cap.place))
}

fn of_all(project: &Checked, sources: &Sources, journeys: &[JourneyBounds], channel: Option<ChannelId>) -> Together {
    let name = channel.and_then(|channel| project.schema.channels.get(channel.index())).map(|channel| channel.name.to_string());
    let counted = |of: fn(&Messages) -> u32| {
        let mut sum = Some(0u32);
        for journey in journeys {
            let own: u32 = journey
                .messages
                .iter()
                .filter(|one| !one.transactional && name.as_ref().is_none_or(|name| *name == one.channel))
                .map(of)
                .sum();
            // Of runs side by side there may be any number.
            sum = if own > 0 && journey.side_by_side { None } else { sum.and_then(|sum| sum.checked_add(own)) };
        }
        sum
    };
    let mut all = Together { channel: name.clone(), day: counted(|one| one.day), week: counted(|one| one.week), limited_by: String::new() };
    let mut limits: Vec<String> = Vec::new();
    for cap in &project.policy.caps {
        let fits = match channel {
            Some(channel) => holds(cap, channel),
            None => cap.about.is_none() && cap.by.is_empty(),
        };
        if !fits {
            continue;
        }
        let (day, week) = (lets_through(cap, DAY_MS), lets_through(cap, WEEK_MS));
        if all.day.is_none_or(|most| day < most) || all.week.is_none_or(|most| week < most) {
            limits.push(words(cap, sources));
        }
        all.day = Some(all.day.map_or(day, |most| most.min(day)));
        all.week = Some(all.week.map_or(week, |most| most.min(week)));
    }
    all.limited_by = match (limits.pop(), all.day) {
        (Some(limit), _) => limit,
        (None, Some(_)) => "what the journeys send".to_owned(),
        (None, None) => "nothing: runs stand side by side, and no cap of the policy counts them".to_owned(),
    };
    all
}
