//! `subscribe to`, `confirm`, `unsubscribe from`: holds at once, the news follow.

use super::Next;
use crate::engine::row::ConsentState;
use crate::engine::turn::Turn;
use crate::plan::StepKind;
use crate::schema::{StepIx, TopicId, TopicKind};

pub(super) fn perform(turn: &mut Turn<'_>, kind: &StepKind, next: StepIx) -> Next {
    let loaded = turn.loaded;
    let topics = &loaded.plan.schema.topics;
    match kind {
        StepKind::Subscribe(topic) => {
            let double = matches!(topics.get(topic.index()).map(|topic| &topic.kind), Some(TopicKind::DoubleOptIn));
            let subscribed = turn.row.is_subscribed(&loaded.plan, *topic);
            // Who is subscribed already does not become pending again.
            let state = if double && !subscribed { ConsentState::Pending } else { ConsentState::Subscribed };
            turn.cause_consent(*topic, state);
        }
        // Nobody is subscribed who did not ask for it.
        StepKind::Confirm(topic) if turn.row.consent(*topic).is_some_and(|consent| consent.state == ConsentState::Pending) => {
            turn.cause_consent(*topic, ConsentState::Subscribed);
        }
        StepKind::Unsubscribe(topic) => turn.cause_consent(*topic, ConsentState::Unsubscribed),
        StepKind::UnsubscribeFromEverything => {
            for (at, topic) in topics.iter().enumerate() {
                if !topic.is_transactional() {
                    turn.cause_consent(TopicId(at as u16), ConsentState::Unsubscribed);
                }
            }
        }
        _ => {}
    }
    Next::Go(next)
}
