//! From a durable parcel to a provider, and back with its outcome.
//!
//! In: [`Errand`]s. Out: requests to the core: ready, outcome. **Invariant:** a message is handed over only after the core's yes (the [`Gate`]); every attempt ends in a verdict, and every parcel in an outcome; what was under way
//! when the process ended is found again among the parcels of the store. Decides nothing about whether a message may go: that is the core's.

pub mod audience;
pub mod envelope;
pub mod hooks;

use super::core::Request;
use super::runner::{Errand, Handle, answer};
use crate::channel::pace::Pace;
use crate::channel::{ATTEMPT_MAX, Adapter, Closed, Envelope, Gate, Task, Verdict, retry};
use crate::engine::{Delivery, Outcome, SendKey};
use crate::plan::Plan;
use crate::shard::Number;
use crate::shard::commit::{Parcel, ParcelKey};
use audience::Audiences;
use envelope::Envelopes;
use hooks::Hooks;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::{Semaphore, mpsc};

/// Hand-overs at a time on one channel where its settings say nothing: at most so many become unknown in a crash.
pub const IN_FLIGHT: usize = 64;
/// So long before a provider forgets a message by its key nobody asks with it any more.
const KEY_MARGIN: Duration = Duration::from_secs(3_600);

/// How messages of one channel leave.
#[derive(Debug, Clone)]
pub struct Route {
    pub adapter: Arc<dyn Adapter>,
    pub in_flight: Arc<Semaphore>,
    pace: Option<Arc<Mutex<Pace>>>,
}

impl Route {
    /// `per_second`: hand-overs a second at most; `None` for as many as go.
    pub fn new(adapter: Arc<dyn Adapter>, in_flight: usize, per_second: Option<u64>) -> Route {
        let pace = per_second.and_then(|rate| {
            let rate = u32::try_from(rate).unwrap_or(u32::MAX);
            Pace::new(rate, Duration::from_secs(1), rate).ok()
        });
        Route { adapter, in_flight: Arc::new(Semaphore::new(in_flight.max(1))), pace: pace.map(|pace| Arc::new(Mutex::new(pace))) }
    }

    /// Until the channel's pace allows the next hand-over.
    async fn wait_for_turn(&self, handle: &Handle) {
        let Some(pace) = &self.pace else { return };
        loop {
            let now = handle.now();
            let turn = match pace.lock() {
                Ok(mut pace) => pace.take(now),
                Err(poisoned) => poisoned.into_inner().take(now),
            };
            match turn {
                Ok(()) => return,
                Err(then) => tokio::time::sleep(handle.clock().real(then.since_ms(now).max(1))).await,
            }
        }
    }
}

/// Everything that a hand-over needs.
pub struct Dispatcher {
    pub handle: Handle,
    /// By name of the channel.
    pub routes: BTreeMap<String, Route>,
    /// For channels without a route of their own.
    pub fallback: Route,
    pub envelopes: Envelopes,
    pub hooks: Hooks,
    pub audiences: Audiences,
    /// How long a message that is surely not sent is tried again, real time.
    pub late: Duration,
    /// Hand-overs that must not happen any more.
    pub withdrawn: Mutex<BTreeSet<(Number, ParcelKey)>>,
}

impl Dispatcher {
    /// Until the last sender is gone.
    pub async fn run(self: Arc<Self>, mut errands: mpsc::UnboundedReceiver<Errand>) {
        let mut plan = self.handle.plan();
        while let Some(errand) = errands.recv().await {
            match errand {
                Errand::Dispatch(number, parcel) => {
                    let (this, plan) = (Arc::clone(&self), Arc::clone(&plan));
                    tokio::spawn(async move { this.deliver(&plan, number, parcel, None).await });
                }
                Errand::Activate(active) => {
                    if let Some(links) = &self.envelopes.links {
                        links.follow(&active);
                    }
                    plan = active;
                }
                Errand::Withdraw(number, key) => {
                    if let Ok(mut withdrawn) = self.withdrawn.lock() {
                        withdrawn.insert((number, key));
                    }
                }
            }
        }
    }

    /// What was under way when the process ended, with the last attempt of what was handed over.
    pub fn resume(self: &Arc<Self>, parcels: Vec<(Number, Parcel, Option<u32>)>) {
        let plan = self.handle.plan();
        for (number, parcel, handed_over) in parcels {
            let (this, plan) = (Arc::clone(self), Arc::clone(&plan));
            tokio::spawn(async move { this.deliver(&plan, number, parcel, handed_over).await });
        }
    }

    /// A parcel as the plan numbers it that was active when it was posted.
    async fn deliver(&self, plan: &Plan, number: Number, parcel: Parcel, handed_over: Option<u32>) {
        match &parcel {
            Parcel::Message(delivery) => {
                let to = To { plan, number, key: delivery.key };
                let envelope = match self.envelopes.make(plan, number, delivery) {
                    Some(envelope) => Some(envelope),
                    None => self.older_envelope(number, delivery).await,
                };
                let Some(envelope) = envelope else {
                    tracing::error!(
                        customer = number.0,
                        run = delivery.key.run,
                        "no version of the project that is known has this message: it is not sent"
                    );
                    self.outcome(to, Outcome::NotSent, None, false).await;
                    return;
                };
                self.message(to, envelope, handed_over).await;
            }
            Parcel::Hook(call) => {
                let id = format!("{:x}-call-{}", number.0, call.call);
                self.hooks.call(&self.handle, plan, number, id, call).await;
            }
            Parcel::Code(_) => {}
            Parcel::Audience { audience, add, .. } => {
                self.audiences.put(&self.handle, plan, number, *audience, *add).await;
                let key = parcel.key();
                self.handle.send_patiently(Request::Settled { number, key, input: None, reply: Box::new(|()| {}) }).await;
            }
        }
    }

    /// A message that only the plan has which her run is pinned to.
    async fn older_envelope(&self, number: Number, delivery: &Delivery) -> Option<Envelope> {
        let run = delivery.key.run;
        let plan = self.handle.ask(move |core, _| core.plan_of_run(number, run)).await.ok().flatten()?;
        self.envelopes.make(&plan, number, delivery)
    }

    async fn message(&self, to: To<'_>, mut envelope: Envelope, handed_over: Option<u32>) {
        let route = self.routes.get(&envelope.channel).unwrap_or(&self.fallback);
        let remembers = route.adapter.remembers();
        if handed_over.is_some() && remembers.is_none() {
            // The process ended between the gate and the answer.
            self.outcome(to, Outcome::Unknown, None, false).await;
            return;
        }
        let begun = tokio::time::Instant::now();
        // With a key it is asked again, and an earlier try may have left.
        let mut doubtful = handed_over.is_some();
        let first = handed_over.map_or(1, |attempt| attempt.saturating_add(1));
        for attempt in first.. {
            envelope.attempt = attempt;
            let verdict = {
                let Ok(_place) = route.in_flight.acquire().await else { return };
                route.wait_for_turn(&self.handle).await;
                if self.is_withdrawn(to.number, to.key) {
                    return;
                }
                self.attempt(to, route, &envelope, doubtful).await
            };
            let age = begun.elapsed();
            let (reason, retry_after) = match verdict {
                Verdict::Accepted { provider_id } => return self.outcome(to, Outcome::Accepted, provider_id, false).await,
                Verdict::Refused { reason, suppress } => {
                    tracing::info!(message = %envelope.id, channel = %envelope.channel, %reason, "refused");
                    return self.outcome(to, Outcome::Refused, None, suppress).await;
                }
                Verdict::Withdrawn => return,
                Verdict::Unknown { reason } => match remembers {
                    // Asked again with the same key while the key surely lives.
                    Some(life) if age + KEY_MARGIN < life => {
                        doubtful = true;
                        (reason, None)
                    }
                    _ => {
                        tracing::warn!(message = %envelope.id, channel = %envelope.channel, %reason, "in doubt");
                        return self.outcome(to, Outcome::Unknown, None, false).await;
                    }
                },
                Verdict::NotSent { reason, retry_after } => (reason, retry_after),
            };
            let wait = retry::wait(&envelope.id, attempt, retry_after);
            if age + wait > self.late {
                tracing::warn!(message = %envelope.id, channel = %envelope.channel, %reason, attempt, "given up");
                let outcome = if doubtful { Outcome::Unknown } else { Outcome::NotSent };
                return self.outcome(to, outcome, None, false).await;
            }
            tracing::info!(message = %envelope.id, channel = %envelope.channel, %reason, attempt, wait_ms = wait.as_millis() as u64, "tried again");
            tokio::time::sleep(wait).await;
        }
    }

    async fn attempt(&self, to: To<'_>, route: &Route, envelope: &Envelope, doubtful: bool) -> Verdict {
        let gate = CoreGate { handle: &self.handle, to, attempt: envelope.attempt, doubtful, open: AtomicBool::new(false) };
        // With a key the provider can be asked at any time, so the adapter need not stop before the first byte: the core says yes before it begins.
        if route.adapter.remembers().is_some() && gate.open().await.is_err() {
            return Verdict::Withdrawn;
        }
        match tokio::time::timeout(ATTEMPT_MAX, route.adapter.hand_over(envelope, &gate)).await {
            Ok(verdict) => verdict,
            Err(_) if gate.open.load(Ordering::Acquire) => Verdict::Unknown { reason: "no answer in time".to_owned() },
            Err(_) => Verdict::NotSent { reason: "no connection in time".to_owned(), retry_after: None },
        }
    }

    async fn outcome(&self, to: To<'_>, outcome: Outcome, provider_id: Option<String>, suppress: bool) {
        let (reply, answered) = answer();
        let (number, send) = (to.number, to.key);
        let request = Request::Outcome { number, send, outcome, provider_id, suppress, reply }.under(to.plan);
        if self.handle.send_patiently(request).await {
            // Without an answer the process is ending, and the parcel is still there.
            drop(answered.await);
        }
    }

    fn is_withdrawn(&self, number: Number, key: SendKey) -> bool {
        self.withdrawn.lock().is_ok_and(|mut withdrawn| withdrawn.remove(&(number, ParcelKey::Message(key))))
    }
}

/// A message, by the numbers of the plan that was active when it was decided.
#[derive(Clone, Copy)]
struct To<'p> {
    plan: &'p Plan,
    number: Number,
    key: SendKey,
}

/// The core stands at the gate.
struct CoreGate<'g> {
    handle: &'g Handle,
    to: To<'g>,
    attempt: u32,
    doubtful: bool,
    open: AtomicBool,
}

impl Gate for CoreGate<'_> {
    fn open(&self) -> Task<'_, Result<(), Closed>> {
        Box::pin(async move {
            let (reply, answered) = answer();
            let (number, send, attempt, doubtful) = (self.to.number, self.to.key, self.attempt, self.doubtful);
            let request = Request::Ready { number, send, attempt, doubtful, reply }.under(self.to.plan);
            if !self.handle.send_patiently(request).await {
                return Err(Closed);
            }
            match answered.await {
                Ok(true) => {
                    self.open.store(true, Ordering::Release);
                    Ok(())
                }
                _ => Err(Closed),
            }
        })
    }
}
