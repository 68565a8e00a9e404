//! Another version of the project becomes active.
//!
//! In: a plan. Out: the world under it, and how many customers are to follow. **Invariant:** what was due before belongs to the plan before, what is due then
//! or later to the new one; rows follow one by one, at their next input or when their turn comes, so a deploy takes no longer for many
//! customers than for few; the plan's text is in the log before anything is decided under it.

pub mod comparison;
pub mod decide;
pub mod survey;

use super::recovery::Unreadable;
use super::{Core, others};
use crate::calendar::Instant;
use crate::engine::{Input, InputKind, PlanId, World as _};
use crate::plan::{Plan, encode};
use crate::shard::Number;
use crate::shard::commit::{Parcel, ParcelKey};
use std::sync::Arc;

impl Core {
    /// Makes a plan active. What is due until now must have been handled.
    pub fn deploy(&mut self, plan: &Arc<Plan>, now: Instant) -> Result<(), Unreadable> {
        let now = self.advance(now);
        let before = Arc::clone(self.world.plan());
        if before.hash == plan.hash {
            return Ok(());
        }
        let text = encode::to_json(plan).map_err(|error| Unreadable::Plan(error.to_string()))?;
        self.activate_text(&text, now)?;
        self.write_other(others::PLAN, text.as_bytes());
        self.renumber_parcels(&before, plan);
        self.following = Some(Number(0));
        Ok(())
    }

    /// What is under way names its message, journey and channel by the new plan's numbers from now on.
    fn renumber_parcels(&mut self, before: &Plan, now: &Plan) {
        for shard in 0..self.shards.len() {
            let messages: Vec<(Number, ParcelKey, Parcel)> =
                self.shards[shard].parcels().map(|(number, key, parcel)| (number, *key, parcel.clone())).collect();
            for (number, key, parcel) in messages {
                let Parcel::Message(mut delivery) = parcel else { continue };
                let old = delivery.clone();
                if let Some(channel) = before.schema.channels.get(old.channel.index()).and_then(|one| now.schema.channel(&one.name)) {
                    (delivery.channel, delivery.key.channel) = (channel, channel);
                }
                let message = before.messages.get(old.message.index()).map(|one| one.name.clone());
                let found = message.and_then(|name| now.messages.iter().position(|one| one.name == name));
                if let Some(at) = found {
                    delivery.message = crate::schema::MessageId(at as u16);
                }
                if let Some(journey) = before.journeys.get(old.journey.index()).and_then(|one| now.journey(&one.name)) {
                    delivery.journey = journey;
                }
                if delivery != old {
                    self.shards[shard].renumber(number, key, Parcel::Message(delivery), &mut self.writer);
                }
            }
        }
    }

    /// The next customers follow to the active plan; `true` while some are left.
    pub fn follow(&mut self, now: Instant, max: usize) -> bool {
        let Some(mut number) = self.following else { return false };
        let now = self.advance(now);
        let active: PlanId = self.world.active().id;
        for _ in 0..max {
            if self.is_full() || self.damaged.is_some() {
                break;
            }
            let Some(shard) = self.shards.get(number.shard()) else {
                self.following = None;
                return false;
            };
            if number.slot() >= shard.places() {
                number = Number::new(number.shard() as u16 + 1, 0);
                continue;
            }
            match shard.plan_of(number) {
                Ok(Some(plan)) if plan != active => {
                    self.input(number, Input { now, id: 0, kind: InputKind::Touch });
                }
                Ok(_) => {}
                Err(damaged) => self.damaged = Some(damaged),
            }
            number = Number(number.0 + 1);
        }
        self.following = Some(number);
        true
    }
}
