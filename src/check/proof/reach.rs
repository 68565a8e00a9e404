//! Waits for what nothing can bring about: events of a message that was never sent before.
//!
//! In: checked journeys. Out: findings only. **Invariant:** an event of the customer may come at any time, from wherever; only what the
//! engine itself makes (events about its own messages) can be ruled out. A message that another journey sends counts where the journey does
//! not send it itself: then only its own run's messages are meant.

use super::Proof;
use super::problems;
use crate::check::checked::{ArmKind, Block, Checked, EntryKind, Journey, Recipient, Send, StepKind};
use crate::check::flow::{each_block, each_step};
use crate::condition::{Trigger, What, WhichMessage};
use crate::diagnostic::Code;
use crate::schema::{ChannelId, MessageId};
use crate::source::Place;
use std::collections::{BTreeMap, BTreeSet};

problems! {
    /// `on clicked reminder` where no reminder was sent.
    NothingSends { what: String, why: String, proof: Vec<(Place, &'static str)> } = Code::new("W0910", "nothing-sends-this");
        "nothing can bring this about: {what}", "{why}", "send the message before, or wait for something else";
}

/// By which channels messages go, as far as steps have sent them.
type Sent = BTreeMap<MessageId, BTreeSet<ChannelId>>;

/// What the whole project sends.
pub(super) struct Everything {
    sent: Sent,
    /// First send of each.
    places: BTreeMap<MessageId, Place>,
}

impl Everything {
    pub(super) fn of(project: &Checked) -> Everything {
        let mut all = Everything { sent: Sent::new(), places: BTreeMap::new() };
        for journey in &project.journeys {
            each_step(&journey.steps, &mut |step| {
                if let StepKind::Send(send) = &step.kind {
                    note(&mut all.sent, send);
                    all.places.entry(send.message).or_insert(step.head);
                }
            });
        }
        all
    }
}

fn note(sent: &mut Sent, send: &Send) {
    let channels = sent.entry(send.message).or_default();
    // Of a message to a team nobody asks by which channel; every one would do.
    if let Recipient::Customer { how, .. } = &send.to {
        channels.extend(how.channels().iter().copied());
    }
}

pub(super) fn journey(proof: &mut Proof, everything: &Everything, journey: &Journey) {
    let mut own = Sent::new();
    each_step(&journey.steps, &mut |step| {
        if let StepKind::Send(send) = &step.kind {
            note(&mut own, send);
        }
    });
    let mut reach = Reach { proof, everything, own, journey };
    for entry in &journey.entries {
        if let EntryKind::On(what) = entry.kind {
            reach.possible(what, entry.place, None);
        }
    }
    for goal in &journey.goals {
        reach.possible(goal.what, goal.place, None);
    }
    for (trigger, place) in &journey.exit_on {
        reach.trigger(trigger, *place, None);
    }
    reach.block(&journey.steps, &mut Sent::new());
}

struct Reach<'a, 'f> {
    proof: &'a mut Proof<'f>,
    everything: &'a Everything,
    /// What the journey sends anywhere.
    own: Sent,
    journey: &'a Journey,
}

impl Reach<'_, '_> {
    fn block(&mut self, block: &Block, before: &mut Sent) {
        for step in block {
            match &step.kind {
                StepKind::Send(send) => note(before, send),
                StepKind::Await(wait) => {
                    for arm in &wait.arms {
                        if let ArmKind::On { trigger, .. } = &arm.kind {
                            self.trigger(trigger, arm.place, Some(before));
                        }
                    }
                }
                StepKind::Collect(collect) => self.trigger(&collect.trigger, step.head, Some(before)),
                // An earlier round may have sent what stands further down.
                StepKind::Repeat { block, .. } | StepKind::ForEach { block, .. } => each_step(block, &mut |step| {
                    if let StepKind::Send(send) = &step.kind {
                        note(before, send);
                    }
                }),
                _ => {}
            }
            let mut blocks = Vec::new();
            each_block(&step.kind, &mut |block| blocks.push(block));
            // Which branch was taken is not known: any of them may have sent.
            for block in blocks {
                self.block(block, before);
            }
        }
    }

    fn trigger(&mut self, trigger: &Trigger, place: Place, before: Option<&Sent>) {
        for (what, _) in &trigger.targets {
            self.possible(*what, place, before);
        }
    }

    /// Reports what cannot happen; `before`: what the run may have sent, where the order is known.
    fn possible(&mut self, what: What, place: Place, before: Option<&Sent>) {
        let What::Message { which: WhichMessage::Message(message), by, verb } = what else { return };
        let Some(name) = self.proof.checked.messages.get(message.index()).map(|message| message.name.to_string()) else { return };
        let told = format!("`{} {name}`", verb.words());
        let is_own = self.own.contains_key(&message);
        let sent = if is_own { before.unwrap_or(&self.own) } else { &self.everything.sent };
        let Some(channels) = sent.get(&message) else {
            let (why, proof) = match self.everything.places.get(&message) {
                Some(place) if is_own => (format!("`{}` sends `{name}` only further down", self.journey.name), vec![(*place, "here")]),
                _ => (format!("no journey sends `{name}`"), Vec::new()),
            };
            self.proof.found.push(NothingSends { place, what: told, why, proof });
            return;
        };
        let Some(by) = by else { return };
        if !channels.is_empty() && !channels.contains(&by) {
            let channel = self.proof.checked.schema.channels.get(by.index()).map_or("", |channel| channel.name.as_str());
            let why = format!("`{name}` is never sent by {channel} before");
            self.proof.found.push(NothingSends { place, what: format!("{told} by {channel}"), why, proof: Vec::new() });
        }
    }
}
