//! What must hold after every life, from the log and from what the provider knows.

use super::project::CUSTOMER_TOPIC;
use super::workers::Acceptance;
use super::world::{DAY, World};
use onward::calendar::Instant;
use onward::daemon::arrival::What;
use onward::daemon::desk::item_id;
use onward::engine::{Decision, Input, Record, RecordKind, SendKey};
use onward::record::from_bytes;
use onward::shard::Number;
use onward::shard::commit::{Batch, Change};
use std::collections::{BTreeMap, BTreeSet};

type Message = (Number, SendKey);

/// What the whole log says.
#[derive(Debug, Default)]
struct Told {
    /// By id: where it stands, and how often it counted.
    inputs: BTreeMap<u128, (usize, usize)>,
    planned: BTreeMap<Message, Option<Instant>>,
    finals: BTreeMap<Message, Vec<Decision>>,
    /// By run: until when it waits.
    waits: BTreeMap<(Number, u32), Instant>,
    entered: BTreeMap<Number, usize>,
    ended: BTreeMap<Number, usize>,
    gone: BTreeSet<Number>,
}

impl Told {
    fn read(world: &World) -> Result<Told, String> {
        let mut told = Told::default();
        let mut place = 0;
        let mut last: Option<(Number, u128)> = None;
        let keeper = &world.keeper;
        for batch in keeper.batches(keeper.store().log().first()).map_err(|error| error.to_string())? {
            let (_, payload) = batch.map_err(|error| error.to_string())?;
            let mut batch = Batch::read(&payload).map_err(|error| error.to_string())?;
            while let Some(change) = batch.read_next().map_err(|error| error.to_string())? {
                place += 1;
                match change {
                    Change::Input { number, bytes } => {
                        let input: Input = from_bytes(bytes).map_err(|error| error.to_string())?;
                        last = Some((number, input.id));
                        told.inputs.entry(input.id).or_insert((place, 0)).1 += 1;
                    }
                    Change::Records { number, bytes } => {
                        let records: Vec<Record> = from_bytes(bytes).map_err(|error| error.to_string())?;
                        for record in &records {
                            told.record(number, record, last);
                        }
                    }
                    Change::Gone { number } => drop(told.gone.insert(number)),
                    _ => {}
                }
            }
        }
        Ok(told)
    }

    fn record(&mut self, number: Number, record: &Record, last: Option<(Number, u128)>) {
        match &record.kind {
            RecordKind::Duplicate | RecordKind::Conflict => {
                let counted = last.filter(|(of, _)| *of == number).and_then(|(_, id)| self.inputs.get_mut(&id));
                if let Some((_, counted)) = counted {
                    *counted -= 1;
                }
            }
            RecordKind::Entered { .. } => *self.entered.entry(number).or_default() += 1,
            RecordKind::Ended(_) => *self.ended.entry(number).or_default() += 1,
            RecordKind::Waiting { until } => drop(self.waits.insert((number, record.run), *until)),
            RecordKind::Took { arm: Some(_) } => drop(self.waits.remove(&(number, record.run))),
            RecordKind::Message { key, decision, .. } => match decision {
                Decision::Planned => {
                    let wait = self.waits.get(&(number, record.run)).copied();
                    self.planned.insert((number, *key), wait);
                }
                Decision::Deferred { .. } => {}
                other => self.finals.entry((number, *key)).or_default().push(other.clone()),
            },
            _ => {}
        }
    }
}

impl World {
    /// All of them, once everything has come to its end.
    pub fn check(&mut self) {
        let told = match Told::read(self) {
            Ok(told) => told,
            Err(error) => return self.broke("O2", format!("the log cannot be read: {error}")),
        };
        self.check_items(&told);
        self.check_order(&told);
        self.check_messages(&told);
        self.check_runs(&told);
        self.check_caps();
        self.check_replay();
    }

    fn check_items(&mut self, told: &Told) {
        let mut found = Vec::new();
        let mut refused = 0;
        for (at, posted) in self.posted.iter().enumerate().filter(|(_, posted)| posted.acknowledged.is_some() && !posted.erases()) {
            if matches!(&posted.arrival.what, What::Event { name, .. } if name == "nonsense") {
                // What is about somebody who was erased is not even kept as a dead letter.
                refused += u64::from(!self.erased.contains(&posted.uid));
                continue;
            }
            match told.inputs.get(&item_id("shop", posted.arrival.id.as_deref())) {
                // Her words are not kept.
                None if self.erased.contains(&posted.uid) => {}
                None => found.push(("O1", format!("item {at} of {} was acknowledged and is not in the log", posted.uid))),
                Some((_, counted)) if *counted != 1 && !self.erased.contains(&posted.uid) => {
                    found.push(("O3", format!("item {at} of {} counts {counted} times", posted.uid)));
                }
                Some(_) => {}
            }
        }
        if self.core.others.dead_total < refused {
            found.push(("O1", format!("{refused} items were refused, {} stand on the list", self.core.others.dead_total)));
        }
        for (oracle, what) in found {
            self.broke(oracle, what);
        }
    }

    /// What was acknowledged before another item was sent stands before it.
    fn check_order(&mut self, told: &Told) {
        let mut found = Vec::new();
        let place = |at: usize| told.inputs.get(&item_id("shop", self.posted[at].arrival.id.as_deref())).map(|(place, _)| *place);
        for (at, first) in self.posted.iter().enumerate() {
            let Some(acknowledged) = first.acknowledged else { continue };
            let later = |(_, second): &(usize, &super::clients::Posted)| second.uid == first.uid && second.issued > acknowledged;
            for (other, _) in self.posted.iter().enumerate().skip(at + 1).filter(later) {
                if let (Some(first), Some(second)) = (place(at), place(other))
                    && first > second
                {
                    found.push(format!("item {other} stands before item {at}, which was acknowledged earlier"));
                }
            }
        }
        if let Some(what) = found.pop() {
            self.broke("O4", what);
        }
    }

    fn check_messages(&mut self, told: &Told) {
        let mut found = Vec::new();
        let mut times: BTreeMap<Message, usize> = BTreeMap::new();
        for one in &self.provider.accepted {
            *times.entry((one.number, one.key)).or_default() += 1;
        }
        for one in &self.provider.accepted {
            let message = (one.number, one.key);
            let most = self.rules.acceptances(&one.message, self.provider.keyed);
            if times[&message] > most {
                found.push(("O5", format!("{} to {} was taken {} times", one.message, one.uid, times[&message])));
            }
            if let Some(Some(until)) = told.planned.get(&message)
                && one.at < *until
            {
                found.push(("O11", format!("{} to {} left {} ms early", one.message, one.uid, until.since_ms(one.at))));
            }
            let decided = self.decided(told, message);
            let known = decided.iter().any(|decision| matches!(decision, Decision::Sent | Decision::Unknown));
            if !known && !told.gone.contains(&self.core.home(one.number)) {
                found.push(("O9", format!("{} to {} was taken, and the log says {decided:?}", one.message, one.uid)));
            }
        }
        for message in told.planned.keys().filter(|(number, _)| !told.gone.contains(&self.core.home(*number))) {
            let decided = self.decided(told, *message);
            if decided.len() != 1 {
                found.push(("O9", format!("{message:?} was planned, and decided as {decided:?}")));
            }
        }
        for (oracle, what) in found {
            self.broke(oracle, what);
        }
    }

    /// What was decided finally, under whatever numbers its run had.
    fn decided(&self, told: &Told, (number, key): Message) -> Vec<Decision> {
        let home = self.core.home_of_send(number, key);
        let all = told.finals.iter().filter(|((number, key), _)| self.core.home_of_send(*number, *key) == home);
        all.flat_map(|(_, decisions)| decisions.iter().cloned()).collect()
    }

    fn check_runs(&mut self, told: &Told) {
        let mut found = Vec::new();
        let (mut entered, mut ended): (BTreeMap<Number, usize>, BTreeMap<Number, usize>) = Default::default();
        for (number, count) in &told.entered {
            *entered.entry(self.core.home(*number)).or_default() += count;
        }
        for (number, count) in &told.ended {
            *ended.entry(self.core.home(*number)).or_default() += count;
        }
        for (number, entered) in entered.iter().filter(|(number, _)| !told.gone.contains(number)) {
            let live = self.core.shard(*number).and_then(|shard| shard.row(*number).ok().flatten()).map_or(0, |row| row.runs.len());
            let ended = ended.get(number).copied().unwrap_or(0);
            if *entered != ended + live {
                found.push(format!("{number:?}: {entered} runs began, {ended} ended, {live} are there"));
            }
        }
        for what in found {
            self.broke("O9", what);
        }
    }

    /// In no 24 hours more than the cap.
    fn check_caps(&mut self) {
        let Some(cap) = self.rules.cap else { return };
        let marketing = |one: &&Acceptance| one.message != "receipt";
        let mut by_customer: BTreeMap<Number, BTreeMap<SendKey, Instant>> = BTreeMap::new();
        for one in self.provider.accepted.iter().filter(marketing) {
            by_customer.entry(one.number).or_default().entry(one.key).or_insert(one.at);
        }
        let mut found = None;
        for (number, messages) in by_customer {
            let mut times: Vec<Instant> = messages.into_values().collect();
            times.sort_unstable();
            let over = times.windows(cap as usize + 1).find(|window| window[cap as usize].since_ms(window[0]) < DAY);
            if let Some(window) = over {
                found = Some(format!(
                    "{number:?} got {} messages about {CUSTOMER_TOPIC} in {} ms",
                    cap + 1,
                    window[cap as usize].since_ms(window[0])
                ));
            }
        }
        if let Some(what) = found {
            self.broke("O8", what);
        }
    }
}
