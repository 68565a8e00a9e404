//! From a delivery to what an adapter takes.
//!
//! In: a delivery as the engine rendered it, the plan. Out: an [`Envelope`] with its identity and its links. **Invariant:** the same delivery makes the
//! same envelope, whenever it is made: all attempts carry the same bytes. Looks nothing up about the customer.

use crate::channel::{Envelope, Links};
use crate::daemon::core::message_id::MessageIds;
use crate::engine::Delivery;
use crate::plan::Plan;
use crate::shard::Number;
use std::fmt::Debug;
use std::sync::Arc;

/// Gives a message its links: pages of ours in its parts, and in [`Envelope::links`].
pub trait LinkMaker: Send + Sync + Debug {
    fn dress(&self, number: Number, envelope: &mut Envelope);

    /// Another plan is active.
    fn follow(&self, _plan: &Arc<Plan>) {}
}

/// Makes envelopes.
#[derive(Debug, Clone)]
pub struct Envelopes {
    pub ids: MessageIds,
    /// `None` where messages carry no links of ours.
    pub links: Option<Arc<dyn LinkMaker>>,
}

impl Envelopes {
    /// `None` where the plan does not know the message any more.
    pub fn make(&self, plan: &Plan, number: Number, delivery: &Delivery) -> Option<Envelope> {
        let message = plan.messages.get(delivery.message.index())?;
        let topic = plan.schema.topics.get(message.topic.index())?;
        let channel = plan.schema.channels.get(delivery.channel.index())?;
        let id = self.ids.make(number, delivery.key, &channel.name);
        let mut envelope = Envelope {
            id,
            channel: channel.name.to_string(),
            kind: channel.kind,
            address: delivery.address.to_string(),
            language: delivery.language.to_string(),
            parts: delivery.parts.iter().map(|(name, text)| (name.to_string(), text.clone())).collect(),
            topic: topic.name.to_string(),
            message: message.name.to_string(),
            journey: plan.journeys.get(delivery.journey.index()).map(|journey| journey.name.to_string()).unwrap_or_default(),
            transactional: topic.is_transactional(),
            links: Links::default(),
            attempt: 1,
        };
        if let Some(maker) = &self.links {
            maker.dress(number, &mut envelope);
        }
        Some(envelope)
    }
}
