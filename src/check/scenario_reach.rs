//! Scenarios that prove nothing: no message is expected where none could have been sent anyhow.
//!
//! In: a checked project. Out: findings only. **Invariant:** warns only where no send of the journey could have reached this customer,
//! whatever the journey does: without consent, or without a contact. Runs nothing.

use super::checked::{Checked, Expect, Happens, Journey, Recipient, Scenario, Scene, SceneKind, Send, StepKind};
use super::flow::each_step;
use super::problem::problems;
use crate::diagnostic::{Code, Diagnostics};
use crate::schema::{FieldId, MessageId, TopicId, TopicKind};
use std::collections::BTreeSet;

problems! {
    /// `expect no messages` of a customer who can get none.
    NothingCouldBeSent { why: String, help: String } = Code::new("W0524", "nothing-could-be-sent");
        "no message could have been sent to this customer anyhow", "{why}", "{help}";
}

/// What the story and the steps may give to the customer.
#[derive(Default)]
struct Given {
    topics: BTreeSet<TopicId>,
    fields: BTreeSet<FieldId>,
}

/// Why a send cannot reach her.
enum Obstacle {
    Consent(TopicId),
    Contact(FieldId),
}

pub(super) fn check(project: &Checked, found: &mut Diagnostics) {
    for scenario in &project.scenarios {
        let Some(journey) = project.journeys.get(scenario.journey.index()) else { continue };
        let Some(given) = given(scenario, journey) else { continue };
        lines(project, journey, &given, &scenario.lines, found);
    }
}

/// `None` where another journey may act, too.
fn given(scenario: &Scenario, journey: &Journey) -> Option<Given> {
    let mut given = Given::default();
    story(&scenario.lines, &mut given);
    let mut alone = true;
    each_step(&journey.steps, &mut |step| match &step.kind {
        StepKind::Start { .. } | StepKind::Emit { .. } => alone = false,
        StepKind::Subscribe(topic) => {
            given.topics.insert(*topic);
        }
        StepKind::Set { field, .. } => {
            given.fields.insert(*field);
        }
        _ => {}
    });
    alone.then_some(given)
}

fn story(lines: &[Scene], given: &mut Given) {
    for line in lines {
        match &line.kind {
            SceneKind::GivenSubscribed(topic) => {
                given.topics.insert(*topic);
            }
            SceneKind::GivenCustomer(fields) => given.fields.extend(fields.iter().map(|(field, _)| *field)),
            SceneKind::At { happens, .. } | SceneKind::After { happens, .. } => match happens {
                Happens::SubscribedTo(topic) => {
                    given.topics.insert(*topic);
                }
                Happens::Customer(fields) => given.fields.extend(fields.iter().map(|(field, _)| *field)),
                _ => {}
            },
            SceneKind::InTheRunOf { lines, .. } => story(lines, given),
            _ => {}
        }
    }
}

fn lines(project: &Checked, journey: &Journey, given: &Given, scenes: &[Scene], found: &mut Diagnostics) {
    for line in scenes {
        let obstacle = match &line.kind {
            SceneKind::InTheRunOf { lines: inner, .. } => {
                lines(project, journey, given, inner, found);
                None
            }
            SceneKind::Expect(Expect::NoMessages) => all_blocked(project, journey, given, None),
            SceneKind::Expect(Expect::NoMessage { message, because: None, .. }) => all_blocked(project, journey, given, Some(*message)),
            _ => None,
        };
        let Some(obstacle) = obstacle else { continue };
        let (why, help) = match obstacle {
            Obstacle::Consent(topic) => {
                let topic = &project.schema.topics[topic.index()].name;
                (format!("she did not subscribe to `{topic}`"), format!("add `given subscribed to {topic}` above"))
            }
            Obstacle::Contact(field) => {
                let field = &project.schema.customer[field.index()].name;
                (format!("her `{field}` is missing"), format!("add `given customer {{ {field}: \"…\" }}` above"))
            }
        };
        found.push(NothingCouldBeSent { place: line.place, why, help });
    }
}

/// The first obstacle, where every send has one.
fn all_blocked(project: &Checked, journey: &Journey, given: &Given, only: Option<MessageId>) -> Option<Obstacle> {
    let mut first = None;
    let mut free = false;
    each_step(&journey.steps, &mut |step| {
        if let StepKind::Send(send) = &step.kind
            && only.is_none_or(|only| only == send.message)
        {
            match obstacle(project, given, send) {
                Some(obstacle) => {
                    first.get_or_insert(obstacle);
                }
                None => free = true,
            }
        }
    });
    first.filter(|_| !free)
}

fn obstacle(project: &Checked, given: &Given, send: &Send) -> Option<Obstacle> {
    // Of somebody else it is not known what is given.
    if send.other.is_some() {
        return None;
    }
    let Recipient::Customer { how, .. } = &send.to else { return None };
    let channels = how.channels();
    let topic = project.messages.get(send.message.index())?.topic;
    let kind = &project.schema.topics.get(topic.index())?.kind;
    if matches!(kind, TopicKind::OptIn | TopicKind::DoubleOptIn) && !given.topics.contains(&topic) {
        return Some(Obstacle::Consent(topic));
    }
    let mut missing = None;
    for channel in channels {
        let field = project.schema.channels.get(channel.index())?.contact?;
        let has_default = !project.schema.customer.get(field.index())?.default.is_missing();
        if has_default || given.fields.contains(&field) {
            return None;
        }
        missing.get_or_insert(field);
    }
    missing.map(Obstacle::Contact)
}
