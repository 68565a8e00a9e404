//! Another version of the project becomes active.
//!
//! In: a plan. Out: the world under it, and how many customers are to follow. **Invariant:** what was due before belongs to the plan before, what is due then
//! or later to the new one; rows follow one by one, at their next input or when their turn comes, so a deploy takes no longer for many
//! customers than for few; the plan's text is in the log before anything is decided under it.

pub mod comparison;
pub mod decide;
pub mod forecast;
pub mod retyped;
pub mod survey;

use super::recovery::Unreadable;
use super::{Core, Item, Request, others};
use crate::calendar::Instant;
use crate::daemon::bind;
use crate::engine::versions::Decision;
use crate::engine::{Input, InputKind, PlanId, SendKey, World as _};
use crate::plan::{Plan, encode};
use crate::record::to_bytes;
use crate::schema::ChannelId;
use crate::shard::Number;
use crate::shard::commit::{Parcel, ParcelKey};
use std::sync::Arc;

/// Customers with something due that are handled before it is asked again whether all is.
const DUE_AT_ONCE: usize = 2_000;

/// How far an edit is on its way to be active.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    Active,
    /// Something has to be done before; to be asked again.
    NotYet(&'static str),
    /// What was compared is not what runs any more.
    Changed,
}

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
        self.renumber_parcels(PlanId::of(&before));
        self.watch_all();
        self.following = Some(Number(0));
        self.activated = Some((self.after.len(), Arc::clone(self.world.plan())));
        Ok(())
    }

    /// The same with what people decided, once everything before it is done.
    pub fn try_deploy(
        &mut self,
        plan: &Arc<Plan>,
        decisions: &[Decision],
        over: &str,
        who: &str,
        now: Instant,
    ) -> Result<Progress, Unreadable> {
        if self.world.plan().hash != over {
            return Ok(Progress::Changed);
        }
        if self.following.is_some() {
            // What was decided for the last edit is done by then, so that decisions never need a history.
            return Ok(Progress::NotYet("customers still follow to the version before"));
        }
        self.due(now, DUE_AT_ONCE);
        if self.wake() <= now {
            return Ok(Progress::NotYet("what is due belongs to the version before, and is handled first"));
        }
        self.deploy(plan, now)?;
        self.write_other(others::DECIDED, &to_bytes(&decisions.to_vec()));
        self.world.decide(decisions.to_vec());
        self.note(now, who, &format!("apply plan {} over {over}", plan.hash));
        Ok(Progress::Active)
    }

    /// The plan that a run of hers is pinned to, under the active one's numbers: what only an older plan has is found there.
    pub fn plan_of_run(&self, number: Number, run: u32) -> Option<Arc<Plan>> {
        let number = self.home(number);
        let row = self.shard(number)?.row(number).ok().flatten()?;
        let run = row.runs.iter().chain(&row.ended).find(|known| known.number == run)?;
        let loaded = row.plans.get(usize::from(run.plan)).and_then(|id| self.world.loaded(*id))?;
        Some(Arc::clone(&loaded.plan))
    }

    /// Whether rows are still on their way to the active plan.
    pub fn is_following(&self) -> bool {
        self.following.is_some()
    }

    /// What is under way has the new plan's numbers from now on.
    fn renumber_parcels(&mut self, before: PlanId) {
        let Some(before) = self.world.loaded(before) else { return };
        let mut renumbered = Vec::new();
        for shard in &self.shards {
            for (number, key, parcel) in shard.parcels() {
                let mut now = parcel.clone();
                match &mut now {
                    Parcel::Message(delivery) => {
                        delivery.channel.0 = before.number_now("ChannelId", delivery.channel.0);
                        delivery.key.channel.0 = before.number_now("ChannelId", delivery.key.channel.0);
                        delivery.message.0 = before.number_now("MessageId", delivery.message.0);
                        delivery.journey.0 = before.number_now("JourneyId", delivery.journey.0);
                    }
                    Parcel::Hook(call) => {
                        call.hook.0 = before.number_now("HookId", call.hook.0);
                        call.journey.0 = before.number_now("JourneyId", call.journey.0);
                    }
                    Parcel::Code(draw) => {
                        draw.pool.0 = before.number_now("PoolId", draw.pool.0);
                        draw.journey.0 = before.number_now("JourneyId", draw.journey.0);
                    }
                    Parcel::Audience { audience, .. } => audience.0 = before.number_now("AudienceId", audience.0),
                }
                if now != *parcel {
                    renumbered.push((number, *key, now));
                }
            }
        }
        for (number, key, parcel) in renumbered {
            self.shards[number.shard()].renumber(number, key, parcel, &mut self.writer);
        }
    }

    /// A request with the active plan's numbers.
    pub(super) fn renumbered(&self, plan: PlanId, request: Request, now: Instant) -> Request {
        let active = self.world.active().id;
        let Some(older) = self.world.loaded(plan).filter(|_| plan != active) else { return request };
        let key = |send: SendKey| SendKey { channel: ChannelId(older.number_now("ChannelId", send.channel.0)), ..send };
        match request {
            Request::Take { items, reply } => {
                let (plan, zone) = (self.world.plan(), self.world.plan().policy.zone);
                let bound = |item: Item| Item { bound: bind::bind(plan, zone, &item.arrival, now), ..item };
                Request::Take { items: items.into_iter().map(bound).collect(), reply }
            }
            Request::Ready { number, send, attempt, doubtful, reply } => {
                Request::Ready { number, send: key(send), attempt, doubtful, reply }
            }
            Request::Outcome { number, send, outcome, provider_id, suppress, reply } => {
                Request::Outcome { number, send: key(send), outcome, provider_id, suppress, reply }
            }
            Request::Settled { number, key: ParcelKey::Message(send), input, reply } => {
                Request::Settled { number, key: ParcelKey::Message(key(send)), input, reply }
            }
            other => other,
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
            if shard.is_aside(number) {
                // She follows when she is handled again.
                number = Number(number.0 + 1);
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
