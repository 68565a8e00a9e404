//! Whether anybody can ever get what is sent: consent that nobody is able to give.
//!
//! In: a checked project. Out: findings only. **Invariant:** warns, never refuses: consent may also come from a form, an import or an
//! interface that no file knows of. Does not know single customers.

use super::checked::{Checked, Happens, Scene, SceneKind, StepKind};
use super::flow::each_step;
use super::problem::problems;
use crate::condition::{Expr, Happening};
use crate::diagnostic::{Code, Diagnostics};
use crate::schema::{TopicId, TopicKind};
use std::collections::BTreeSet;

problems! {
    /// A topic to opt in to, which nothing ever subscribes to.
    NobodySubscribes { topic: String, message: String } = Code::new("W0440", "nobody-subscribes");
        "nobody can get `{message}` as far as these files say", "it is about `{topic}`, which is `opt in`, and nothing subscribes to that",
        "write `subscribe to {topic}` in a journey, or `given subscribed to {topic}` in a scenario; consent from elsewhere counts too";
}

/// Says it once for every topic, at the first message about it that is sent.
pub fn check(project: &Checked, found: &mut Diagnostics) {
    let given = subscribed(project);
    let sent: BTreeSet<usize> = project.journeys.iter().flat_map(|journey| &journey.sends).map(|send| send.message.index()).collect();
    let mut told: BTreeSet<TopicId> = BTreeSet::new();
    for (_, message) in project.messages.iter().enumerate().filter(|(at, _)| sent.contains(at)) {
        let Some(topic) = project.schema.topics.get(message.topic.index()) else { continue };
        let needs = matches!(topic.kind, TopicKind::OptIn | TopicKind::DoubleOptIn);
        if needs && !given.contains(&message.topic) && told.insert(message.topic) {
            let (topic, message_name) = (topic.name.to_string(), message.name.to_string());
            found.push(NobodySubscribes { place: message.place, topic, message: message_name });
        }
    }
}

/// Topics that a step or a story subscribes to, or that some condition asks about: then somebody outside does.
fn subscribed(project: &Checked) -> BTreeSet<TopicId> {
    let mut given = BTreeSet::new();
    for journey in &project.journeys {
        each_step(&journey.steps, &mut |step| {
            if let StepKind::Subscribe(topic) = step.kind {
                given.insert(topic);
            }
        });
        let guards = journey.only_while.iter().chain(&journey.exit_when).map(|(condition, _)| condition);
        let entries = journey.entries.iter().filter_map(|entry| entry.condition.as_ref());
        for condition in guards.chain(entries) {
            asked(condition, &mut given);
        }
        for entry in &journey.entries {
            if let super::checked::EntryKind::On(crate::condition::What::Happened(Happening::SubscribedTo(topic))) = entry.kind {
                given.insert(topic);
            }
        }
    }
    for segment in &project.segments {
        asked(&segment.condition, &mut given);
    }
    for scenario in &project.scenarios {
        scenes(&scenario.lines, &mut given);
    }
    given
}

fn asked(condition: &Expr, given: &mut BTreeSet<TopicId>) {
    condition.walk(&mut |part| {
        if let Expr::SubscribedTo(topic) = part {
            given.insert(*topic);
        }
    });
}

fn scenes(lines: &[Scene], given: &mut BTreeSet<TopicId>) {
    for line in lines {
        match &line.kind {
            SceneKind::GivenSubscribed(topic) | SceneKind::GivenOther { topic: Some(topic), .. } => {
                given.insert(*topic);
            }
            SceneKind::At { happens: Happens::SubscribedTo(topic), .. }
            | SceneKind::After { happens: Happens::SubscribedTo(topic), .. } => {
                given.insert(*topic);
            }
            SceneKind::InTheRunOf { lines, .. } => scenes(lines, given),
            _ => {}
        }
    }
}
