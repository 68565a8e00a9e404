//! What operators do to the deployment.
//!
//! In: decisions of people, with the name of the key they came with. Out: changes in the batch that is being made. **Invariant:** each leaves one
//! entry in the audit log, in the same batch as what it did, so that neither is there without the other.

use super::deploy::forecast::Strike;
use super::others;
use super::world::{Paused, write_paused};
use super::{After, Core, Reply};
use crate::calendar::Instant;
use crate::daemon::arrival::{Identifier, IdentifierKind};
use crate::daemon::keeper::Past;
use crate::engine::Record;
use crate::record::{Writer, to_bytes};
use crate::shard::Number;
use crate::shard::commit::Change;

/// Who pauses a journey that does far more than was foreseen, in the audit log.
pub const GUARD: &str = "forecast guard";

impl Core {
    /// One entry of the audit log.
    pub fn note(&mut self, now: Instant, who: &str, what: &str) {
        let entry = self.others.audit.enter(now, who, what);
        self.write_other(others::AUDIT, &to_bytes(&entry));
    }

    /// Holds back what is to be sent, or lets it go on. What was claimed is asked again before its first byte, so this counts at once.
    pub fn set_paused(&mut self, now: Instant, who: &str, what: &Paused, paused: bool) {
        let mut out = Writer::default();
        out.boolean(paused);
        write_paused(&mut out, what);
        self.write_other(others::PAUSE, out.as_bytes());
        self.world.pause(what, paused);
        if let (Paused::Journey(name), false) = (what, paused) {
            let zone = self.world.plan().policy.zone;
            self.forecast.excuse(name, now, zone);
            self.forecast.keep();
            self.save_forecast(now);
        }
        self.note(now, who, &format!("{} {}", if paused { "pause" } else { "resume" }, words(what)));
    }

    /// The store's hold is to end, because an operator has looked. Nothing is sent before [`Core::released`]; `false` where there is no hold.
    pub fn release(&mut self, now: Instant, who: &str, reply: Reply<()>) -> bool {
        if !self.world.is_on_hold() {
            return false;
        }
        self.note(now, who, "release");
        self.after.push(After::Release(reply));
        true
    }

    /// The hold has ended on the disk.
    pub fn released(&mut self) {
        self.world.set_hold(false);
    }

    /// Counts what was decided; a journey that does far more than was foreseen is paused at once.
    pub(super) fn watch(&mut self, records: &[Record]) {
        let now = self.now();
        let plan = std::sync::Arc::clone(self.world.plan());
        for Strike { journey, why } in self.forecast.count(&plan, now, records) {
            let what = Paused::Journey(journey);
            let mut out = Writer::default();
            out.boolean(true);
            write_paused(&mut out, &what);
            self.write_other(others::PAUSE, out.as_bytes());
            self.world.pause(&what, true);
            self.note(now, GUARD, &format!("pause {}: {why}", words(&what)));
            self.forecast.keep();
        }
        self.save_forecast(now);
    }

    /// What the guard has counted is durable with what it counted.
    pub fn keep_forecast(&mut self) {
        self.forecast.keep();
        self.save_forecast(self.now());
    }

    fn save_forecast(&mut self, now: Instant) {
        if let Some(bytes) = self.forecast.save(now) {
            Change::Other { kind: others::FORECAST, bytes }.write(&mut self.writer);
        }
    }

    /// She is forgotten, because an operator says so.
    pub fn erase_for(&mut self, now: Instant, who: &str, number: Number) {
        self.erase(number, now);
        self.note(now, who, &format!("erase {}", number.0));
    }

    /// Everything that happened, for another thread to read, once what is decided until now is durable.
    pub fn past(&mut self, reply: Reply<Result<Past, String>>) {
        self.after.push(After::Past(reply));
    }

    /// Her, and all who turned out to be her.
    pub fn all_of(&self, number: Number) -> Vec<Number> {
        let mut all = vec![number];
        let mut next = 0;
        while let Some(one) = all.get(next).copied() {
            next += 1;
            all.extend(self.others.taken_over(one).map(|gone| gone.loser).filter(|loser| *loser != one));
        }
        all
    }

    /// Somebody by what people have at hand: her own id, else that of a browser, else an address.
    pub fn find_by(&self, id: &str) -> Option<Number> {
        let kinds = [IdentifierKind::User, IdentifierKind::Anonymous, IdentifierKind::Email];
        self.find(&kinds.map(|kind| Identifier { kind, value: id.to_owned() }))
    }
}

/// `everything`, `journey welcome`, `channel email`
pub fn words(what: &Paused) -> String {
    match what {
        Paused::Everything => "everything".to_owned(),
        Paused::Journey(name) => format!("journey {name}"),
        Paused::Channel(name) => format!("channel {name}"),
    }
}
