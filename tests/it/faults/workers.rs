//! Workers that bring messages to a provider, as the dispatcher does, and the provider, who keeps the truth.

use super::plant::Plant;
use super::world::{Said, World};
use onward::calendar::Instant;
use onward::daemon::core::Request;
use onward::engine::{Delivery, InputKind, Outcome, SendKey};
use onward::schema::MessageVerb;
use onward::shard::Number;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Attempts of a message that is surely not sent.
const ATTEMPTS: u32 = 5;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Until then.
    Waiting(Instant),
    Asked,
    /// The gate is open: the bytes go out next.
    Open,
    Telling(Outcome, bool),
    Told,
}

#[derive(Debug, Clone)]
pub struct Worker {
    pub id: u64,
    pub number: Number,
    pub delivery: Delivery,
    pub uid: String,
    pub attempt: u32,
    pub phase: Phase,
    pub withdrawn: bool,
    /// When it asked, and in which step the gate opened.
    pub asked_at: Instant,
    pub opened: u64,
    /// When it asked, this was the row of the known customer, not of somebody nameless.
    pub is_hers: bool,
    /// An earlier try may have left.
    pub doubtful: bool,
}

/// One message that a provider took.
#[derive(Debug, Clone)]
pub struct Acceptance {
    pub number: Number,
    pub key: SendKey,
    pub uid: String,
    pub message: String,
    pub at: Instant,
}

#[derive(Debug, Default)]
pub struct Provider {
    /// Recognises a message by its key.
    pub keyed: bool,
    pub accepted: Vec<Acceptance>,
    /// Keys that were seen, and the bytes of every message.
    keys: BTreeMap<String, ()>,
    bytes: BTreeMap<(Number, SendKey), String>,
}

impl Provider {
    pub fn new(keyed: bool) -> Provider {
        Provider { keyed, ..Provider::default() }
    }
}

impl World {
    pub fn employ(&mut self, number: Number, delivery: Delivery, handed_over: Option<u32>) {
        let id = self.next_worker;
        self.next_worker += 1;
        let uid = super::clients::person(&self.core.uid_of(number).unwrap_or_default());
        let handed_over = if self.is(Plant::FreshAfterCrash) { None } else { handed_over };
        let doubtful = handed_over.is_some();
        let in_doubt = handed_over.is_some() && !self.provider.keyed;
        let phase = if in_doubt { Phase::Telling(Outcome::Unknown, false) } else { Phase::Waiting(self.now) };
        // Another attempt than any the core has seen.
        let attempt = handed_over.unwrap_or(if self.is(Plant::FreshAfterCrash) { 100 * self.crashes as u32 } else { 0 });
        let worker =
            Worker { id, number, delivery, uid, attempt, phase, withdrawn: false, asked_at: self.now, opened: 0, is_hers: false, doubtful };
        self.workers.push(worker);
    }

    /// Some worker does its next step.
    pub fn work(&mut self) {
        if self.workers.is_empty() {
            return;
        }
        let at = self.draw.below(self.workers.len() as u64) as usize;
        self.work_on(at);
    }

    pub fn work_on(&mut self, at: usize) {
        let worker = self.workers[at].clone();
        self.trace.count(worker.id);
        match worker.phase {
            Phase::Waiting(until) if until <= self.now => {
                if worker.withdrawn && !self.is(Plant::GateIgnored) && !self.is(Plant::NoGate) {
                    self.workers.remove(at);
                    return;
                }
                self.workers[at].attempt += 1;
                self.workers[at].asked_at = self.now;
                self.workers[at].is_hers = self.core.find_user(&worker.uid) == Some(self.core.home(worker.number));
                if self.is(Plant::NoGate) || (self.is(Plant::RetryWithoutGate) && worker.attempt > 0) {
                    self.workers[at].phase = Phase::Open;
                    self.workers[at].opened = self.step;
                    return;
                }
                self.workers[at].phase = Phase::Asked;
                let (said, id) = (Arc::clone(&self.said), worker.id);
                let reply = Box::new(move |go| said.lock().unwrap().push(Said::Ready { worker: id, go }));
                let (number, send, attempt, doubtful) = (worker.number, worker.delivery.key, worker.attempt + 1, worker.doubtful);
                self.core.request(self.now, Request::Ready { number, send, attempt, doubtful, reply });
            }
            Phase::Open => self.hand_over(at),
            Phase::Telling(outcome, suppress) => {
                self.workers[at].phase = Phase::Told;
                if self.is(Plant::OutcomeDropped) && self.draw.percent(30) {
                    return;
                }
                let outcome = if self.is(Plant::DoubtIsNotSent) && outcome == Outcome::Unknown { Outcome::NotSent } else { outcome };
                let (said, id) = (Arc::clone(&self.said), worker.id);
                let reply = Box::new(move |()| said.lock().unwrap().push(Said::Settled { worker: id }));
                let (number, send) = (worker.number, worker.delivery.key);
                let provider_id = (outcome == Outcome::Accepted).then(|| format!("p{id}"));
                self.core.request(self.now, Request::Outcome { number, send, outcome, provider_id, suppress, reply });
            }
            Phase::Waiting(_) | Phase::Asked | Phase::Told => {}
        }
    }

    pub fn gate_said(&mut self, id: u64, go: bool) {
        let (step, ignored) = (self.step, self.is(Plant::GateIgnored));
        let Some(at) = self.workers.iter().position(|worker| worker.id == id) else { return };
        self.trace.count(u64::from(go));
        if go || ignored {
            self.workers[at].phase = Phase::Open;
            self.workers[at].opened = step;
        } else {
            self.workers.remove(at);
        }
    }

    /// The bytes go out; what comes back depends on the provider's day.
    fn hand_over(&mut self, at: usize) {
        let worker = self.workers[at].clone();
        // Who knows it by its key says the same again, or nothing.
        let is_known = self.provider.keyed && self.provider.keys.contains_key(&self.provider_key(&worker));
        let day = match self.draw.below(100) {
            _ if self.calm => 0,
            day @ 60..80 if is_known => day - 60,
            day => day,
        };
        let (taken, heard) = match day {
            0..60 => (true, Some(Outcome::Accepted)),
            60..68 => (false, Some(Outcome::Refused)),
            68..80 => (false, Some(Outcome::NotSent)),
            80..90 => (true, None),
            _ => (false, None),
        };
        if taken {
            self.accept(&worker);
        } else if heard.is_none() {
            self.see_bytes(&worker);
        }
        let suppress = day == 60 || day == 61;
        let later = self.now.plus_ms(self.draw.below(20 * 60_000) as i64);
        let keyed = self.provider.keyed;
        self.workers[at].doubtful |= heard.is_none();
        self.workers[at].phase = match heard {
            Some(Outcome::NotSent) if worker.attempt < ATTEMPTS => Phase::Waiting(later),
            // Asked again with the same key.
            None if keyed => Phase::Waiting(later),
            // And here without one, and without asking first: the core would say no.
            None if self.is(Plant::RepeatedInDoubt) => Phase::Open,
            None => Phase::Telling(Outcome::Unknown, false),
            // No more tries, and an earlier one may have left.
            Some(Outcome::NotSent) if worker.doubtful => Phase::Telling(Outcome::Unknown, false),
            Some(outcome) => Phase::Telling(outcome, suppress),
        };
    }

    /// Every try of a message that may have left has the same bytes. What surely did not is claimed, and rendered, anew after a deferral.
    fn see_bytes(&mut self, worker: &Worker) {
        let mut bytes = format!("{} {:?}", worker.delivery.address, worker.delivery.parts);
        if self.is(Plant::OtherBytesPerTry) {
            bytes += &worker.attempt.to_string();
        }
        let first = self.provider.bytes.entry((worker.number, worker.delivery.key)).or_insert_with(|| bytes.clone());
        if *first != bytes {
            let what = format!("{:?} had other bytes before: {first} and {bytes}", worker.delivery.key);
            self.broke("O5", what);
        }
    }

    fn provider_key(&self, worker: &Worker) -> String {
        let key = format!("{:?} {:?}", worker.number, worker.delivery.key);
        if self.is(Plant::NewKeyPerTry) { key + &worker.attempt.to_string() } else { key }
    }

    fn accept(&mut self, worker: &Worker) {
        self.see_bytes(worker);
        let key = self.provider_key(worker);
        let known = self.provider.keys.insert(key, ()).is_some();
        if known && self.provider.keyed {
            return;
        }
        let message = self.plan.messages[worker.delivery.message.index()].name.to_string();
        self.judge(worker, &message);
        self.provider.accepted.push(Acceptance {
            number: worker.number,
            key: worker.delivery.key,
            uid: worker.uid.clone(),
            message,
            at: worker.asked_at,
        });
    }

    /// What can be said of an acceptance at once.
    fn judge(&mut self, worker: &Worker, message: &str) {
        let of_day = worker.asked_at.since_ms(self.begin).rem_euclid(super::world::DAY) / super::world::HOUR;
        let hour = (of_day + 10) % 24;
        if self.rules.quiet && !(8..21).contains(&hour) {
            self.broke("O7", format!("{message} to {} at {hour} o'clock", worker.uid));
        }
        let stops = |since: Option<&u64>| since.is_some_and(|since| *since < worker.opened);
        let why = [
            ("she had left the topic", worker.is_hers && message != "receipt" && stops(self.left.get(&worker.uid))),
            ("her address was suppressed", worker.is_hers && stops(self.suppressed.get(&worker.uid))),
            ("she was erased", stops(self.gone.get(&worker.number))),
        ];
        for (why, _) in why.into_iter().filter(|(_, holds)| *holds) {
            self.broke("O6", format!("{message} to {} in step {}, although {why}", worker.uid, self.step));
        }
    }

    /// A provider reports on something that it took earlier.
    pub fn report_late(&mut self) {
        if self.provider.accepted.is_empty() {
            return;
        }
        let at = self.draw.below(self.provider.accepted.len() as u64) as usize;
        let verb = *self.draw.one_of(&[MessageVerb::Delivered, MessageVerb::Opened]);
        let one = &self.provider.accepted[at];
        let (number, send) = (one.number, one.key);
        let input = InputKind::Report { send, verb, at: self.now, by_machine: false, hard: false };
        self.core.request(self.now, Request::Inputs { number, inputs: vec![input], id: 0, reply: Box::new(|_| {}) });
    }
}
