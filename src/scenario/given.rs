//! What is given before a story begins.
//!
//! In: the `given` lines. Out: the facts that the engine writes into the row. **Invariant:** given things start nothing and tell nobody.

use super::Stage;
use super::drive::with_defaults;
use super::script::Script;
use crate::calendar::civil;
use crate::check::checked::{Scene, SceneKind};
use crate::condition::{Happening, What, WhichMessage};
use crate::engine::given::Given;

pub(super) fn facts(stage: &Stage, script: &Script) -> Vec<Given> {
    script.given.iter().flat_map(|line| fact(stage, script, line)).collect()
}

fn fact(stage: &Stage, script: &Script, line: &Scene) -> Vec<Given> {
    match &line.kind {
        SceneKind::GivenCustomer(fields) => vec![Given::Attributes(fields.clone())],
        SceneKind::GivenSubscribed(topic) => vec![Given::Consent { topic: *topic, subscribed: true }],
        SceneKind::GivenHas { count, what: What::Happened(what), ago, fields } => {
            let at = civil::subtract(script.begin, *ago, stage.plan.policy.zone);
            let fields = match what {
                Happening::Event(event) => with_defaults(stage.plan, *event, fields),
                _ => [].into(),
            };
            let one = Given::Happened { what: *what, at, fields };
            let mut facts = vec![one; *count as usize];
            // That she subscribed is not only history: it also holds.
            match what {
                Happening::SubscribedTo(topic) => facts.push(Given::Consent { topic: *topic, subscribed: true }),
                Happening::UnsubscribedFrom(topic) => facts.push(Given::Consent { topic: *topic, subscribed: false }),
                Happening::Event(_) => {}
            }
            facts
        }
        SceneKind::GivenHas {
            count, what: What::Message { verb, which: WhichMessage::Message(message), by: Some(channel) }, ago, ..
        } => {
            let at = civil::subtract(script.begin, *ago, stage.plan.policy.zone);
            vec![Given::Message { message: *message, channel: *channel, verb: *verb, at }; *count as usize]
        }
        _ => Vec::new(),
    }
}
